"""The window of every kind against PyTorch: which places of the output change when one place of the
input does."""

import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from torch import nn

from explorer.catalog import KINDS
from explorer.catalog.kind import Mismatch
from explorer.catalog.layer_window import SAME_PLACE, WHOLE, LayerWindow

pytestmark = pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel:UserWarning")

# The mean of a group goes over all places, but what a unit answers to is what the layers below
# show it: by convention a normalisation widens no receptive field (Araujo, Norris, Sim 2019).
STATISTICS = {"GroupNorm"}
# The axes change places, so that no place of the output stands for one of the input.
TURNED = {"Permute"}
SAME = [
    name
    for name, kind in KINDS.items()
    if not kind.composite and kind.window is None and name not in STATISTICS | TURNED
]


def seen(layer, name: str, params: dict, shape, axis: int) -> list[set[int]]:
    """For every place of the output along `axis` (1 height, 2 width), the places of the input that
    it sees: those that change it when all numbers there change."""
    made = layer.made(name, params, (shape,) * len(KINDS[name].inputs))
    if isinstance(made, nn.Module):
        made.eval().double()
        for weight in made.parameters():
            nn.init.uniform_(weight, 0.5, 1.5)  # no two terms cancel out
    elif made is not None:
        made = nn.Parameter(made.double())
    random = torch.Generator().manual_seed(0)
    pictures = torch.rand((1, *shape), dtype=torch.float64, generator=random) - 0.5
    others = [
        torch.rand((1, *shape), dtype=torch.float64, generator=random)
        for _port in KINDS[name].inputs[1:]
    ]
    with torch.no_grad():
        before = layer.run(name, params, made, pictures, *others)[0]
        found = [set() for _place in range(before.shape[axis])]
        for place in range(shape[axis]):
            changed = pictures.clone()
            at = changed.select(axis + 1, place)
            at += 1 + torch.rand(at.shape, dtype=at.dtype, generator=random)
            after = layer.run(name, params, made, changed, *others)[0]
            apart = (after - before).abs().movedim(axis, 0).flatten(1).amax(1)
            for out in (apart > 1e-12).nonzero().flatten().tolist():
                found[out].add(place)
    return found


def told(window: LayerWindow, out: int) -> tuple[int, int] | None:
    """The first and the last place that output place `out` sees, without regard to the borders."""
    step, place = divmod(out, window.period)
    span = window.spans[place]
    return span and (step * window.step + span[0], step * window.step + span[1])


def assert_agrees(layer, name: str, params: dict, axis: int, side: int) -> None:
    """The other axis has room, so that there are places there whose window lies all on the map."""
    kind = KINDS[name]
    settings = kind.settings(params)
    shape = (1, side, ROOM) if axis == 1 else (1, ROOM, side)
    try:
        out = kind.shape(settings, (shape,))
    except Mismatch:
        assume(False)
    window = kind.window(settings, (shape,), out)[axis - 1]
    found = seen(layer, name, params, shape, axis)
    for place, places in enumerate(found):
        if window.whole:
            assert places == set(range(side))
            continue
        span = told(window, place)
        if span is None:
            assert not places
        elif span[0] >= 0 and span[1] < side:
            assert (min(places), max(places)) == span, (axis, place)
        else:
            assert all(span[0] <= each <= span[1] for each in places), (axis, place)


def numbers(low: int, high: int):
    return st.integers(low, high) | st.tuples(st.integers(low, high), st.integers(low, high))


ROOM = 14
sides, axes = st.integers(1, ROOM), st.sampled_from([1, 2])
DRAWN = {
    "Conv2d": {
        "kernel_size": numbers(1, 5),
        "stride": numbers(1, 4),
        "padding": numbers(0, 3),
        "dilation": numbers(1, 3),
    },
    "ConvTranspose2d": {
        "kernel_size": numbers(1, 5),
        "stride": numbers(1, 4),
        "padding": numbers(0, 3),
        "dilation": numbers(1, 3),
        "output_padding": st.integers(0, 1),
    },
    "MaxPool2d": {
        "kernel_size": numbers(1, 5),
        "stride": numbers(1, 4),
        "padding": numbers(0, 2),
        "ceil_mode": st.booleans(),
    },
    "AvgPool2d": {
        "kernel_size": numbers(1, 5),
        "stride": numbers(1, 4),
        "padding": numbers(0, 2),
        "ceil_mode": st.booleans(),
        "count_include_pad": st.booleans(),
    },
    "AdaptiveAvgPool2d": {"output_size": numbers(1, 16)},
    "AdaptiveMaxPool2d": {"output_size": numbers(1, 16)},
    "Upsample": {
        "scale_factor": st.integers(1, 9),
        "mode": st.sampled_from(["nearest", "bilinear"]),
    },
    "ZeroPad2d": {side: st.integers(-1, 3) for side in ("left", "right", "top", "bottom")},
    "Flatten": None,
}


def test_every_kind_that_reaches_is_drawn():
    assert DRAWN.keys() == {name for name, kind in KINDS.items() if kind.window}


@pytest.mark.parametrize("name", [name for name, drawn in DRAWN.items() if drawn])
@given(data=st.data())
def test_reach(layer, name, data):
    params = {key: data.draw(values) for key, values in DRAWN[name].items()}
    if "out_channels" in vars(KINDS[name].settings({})):
        params["out_channels"] = 1
    assert_agrees(layer, name, params, data.draw(axes), data.draw(sides))


@given(kernel=numbers(1, 5), dilation=numbers(1, 3), axis=axes, side=sides)
def test_reach_of_same_padding(layer, kernel, dilation, axis, side):
    params = {"kernel_size": kernel, "dilation": dilation, "padding": "same", "out_channels": 1}
    assert_agrees(layer, "Conv2d", params, axis, side)


@pytest.mark.parametrize("name", SAME)
def test_the_same_place(layer, name):
    """A kind that states no window: every place of the output sees that of the input, alone."""
    params = {
        key: value
        for key, value in (("per_place", True), ("value", 0.5))
        if hasattr(KINDS[name].settings({}), key)
    }
    shape = (4, 5, 6)
    for axis in (1, 2):
        if name in ("Linear", "LayerNorm"):  # they work on the last axis, behind Permute
            assert axis == 2 or seen(layer, name, params, shape, 1) == [{n} for n in range(5)]
            continue
        assert seen(layer, name, params, shape, axis) == [{n} for n in range(shape[axis])]


def test_whole_maps():
    """What sees all of the input is said to, and only where there is more than one place."""

    def of(name, shape, **params):
        kind = KINDS[name]
        settings = kind.settings(params)
        return kind.window(settings, (shape,), kind.shape(settings, (shape,)))

    assert of("AdaptiveAvgPool2d", (3, 7, 7)) == (WHOLE, WHOLE)
    assert of("AdaptiveAvgPool2d", (3, 1, 7), output_size=1) == (SAME_PLACE, WHOLE)
    assert of("AdaptiveMaxPool2d", (3, 7, 7), output_size=(1, 7)) == (
        WHOLE,
        LayerWindow(7, 7, tuple((n, n) for n in range(7))),
    )
    assert of("AvgPool2d", (3, 7, 7), kernel_size=7) == (WHOLE, WHOLE)
    assert of("AvgPool2d", (3, 8, 7), kernel_size=7) != (WHOLE, WHOLE)
    assert of("MaxPool2d", (3, 2, 2), padding=1, stride=3) != (WHOLE, WHOLE), "only the first row"
    assert of("AvgPool2d", (3, 1, 1), kernel_size=1) == (LayerWindow(1, 2, ((0, 0),)),) * 2
    assert of("Flatten", (3, 7, 7)) == (WHOLE, WHOLE)
    assert of("Flatten", (3, 1, 1)) == of("Flatten", (3,)) == (SAME_PLACE, SAME_PLACE)
