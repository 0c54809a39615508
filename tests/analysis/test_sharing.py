"""What a convolution would need if it did not share its kernels."""

import pytest
import torch

from explorer.analysis.report import analyse
from explorer.analysis.sharing import unshared


def only(draw, kind, params, input=(3, 6, 8)):
    return analyse(draw(("a", kind, params), input=input)).facts["a"]


@pytest.mark.parametrize("bias", [True, False])
def test_a_convolution_against_its_rivals(draw, bias):
    facts = only(draw, "Conv2d", {"out_channels": 4, "kernel_size": 3, "stride": 2, "bias": bias})
    assert facts.out == (4, 2, 3)
    found = unshared(facts)
    assert found.local == 2 * 3 * (4 * 3 * 9 + 4 * bias) == 6 * facts.params
    linear = torch.nn.Linear(3 * 6 * 8, 4 * 2 * 3, bias=bias)
    assert found.full == sum(weight.numel() for weight in linear.parameters())


def test_groups_stay_groups_but_not_when_fully_connected(draw):
    plain = unshared(only(draw, "Conv2d", {"out_channels": 6, "bias": False, "padding": 1}))
    depthwise = unshared(
        only(draw, "Conv2d", {"out_channels": 6, "bias": False, "padding": 1, "groups": 3})
    )
    assert depthwise.local * 3 == plain.local and depthwise.full == plain.full


def test_a_transposed_convolution_has_a_kernel_for_every_place_that_comes_in(draw):
    facts = only(draw, "ConvTranspose2d", {"out_channels": 4, "kernel_size": 2, "stride": 2})
    assert facts.out == (4, 12, 16)
    assert unshared(facts).local == 6 * 8 * (3 * 4 * 4) + 4 * 12 * 16


@pytest.mark.parametrize(
    ("kind", "params"),
    [
        ("BatchNorm2d", {}),
        ("ReLU", {}),
        ("MaxPool2d", {}),
        ("Upsample", {}),
        ("CifarStem", {}),
        ("Conv2d", {"kernel_size": 99}),
    ],
)
def test_nothing_else_shares_kernels(draw, kind, params):
    assert unshared(only(draw, kind, params)) is None
