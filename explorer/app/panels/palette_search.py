"""Which entries of the palette a query means: "conv 3x5 64 s2" is a Conv2d with those parameters."""

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from types import MappingProxyType

from explorer.app.number import setting_text
from explorer.app.panels.palette_entries import SECTIONS, Entry
from explorer.catalog import KINDS, Kind, Param
from explorer.graph.graph import Value

_DEPTHWISE = "dw depthwise separable"
_CHANNELS = (
    "out_channels",
    "width",
    "out_features",
    "classes",
    "output_size",
    "scale_factor",
    "depth",
    "num_groups",
    "chunks",
    "groups",
    "size",
    "growth_rate",
)
_SIZES = ("kernel_size", "output_size", "padding")
# One letter before a number: which parameter it means.
_LETTERS = {
    "s": ("stride", "scale_factor"),
    "k": ("kernel_size",),
    "p": ("padding", "p"),
    "g": ("groups", "num_groups"),
    "d": ("dilation",),
    "x": ("depth",),
    "×": ("depth",),
}
_LARGEST_KERNEL = 7  # a lone number up to this is a kernel's size, a larger one a count of channels

Number = tuple[str, tuple[str, ...], Value]  # as written, the parameters it may mean, value


def matching(among: list[Entry], query: str) -> list[Entry]:
    """The entries that a query means, the best first; the best with the query's numbers as its
    parameters."""
    words, numbers = _parsed(query)
    whole = "".join(query.lower().split())
    ranked = [
        ((entry.title.lower().removesuffix("2d") != whole.removesuffix("2d"), *rank), place, entry)
        for place, entry in enumerate(among)
        if (rank := _rank(entry, words, numbers)) is not None
    ]
    found = [entry for _rank, _place, entry in sorted(ranked, key=lambda each: each[:2])]
    if found and found[0].kind in KINDS and not found[0].is_own and numbers:
        found[0] = _with_numbers(found[0], numbers)
    return found


# What a query says ------------------------------------------------------------------------------


def _parsed(query: str) -> tuple[list[str], list[Number]]:
    """The words and the numbers of a query."""
    words: list[str] = []
    numbers: list[Number] = []
    for word in query.lower().replace("×", "x").split():
        if size := re.fullmatch(r"([skpd]?)=?(\d+)x(\d+)", word):
            pair = int(size[2]), int(size[3])
            meant = _LETTERS[size[1]] if size[1] else _SIZES
            numbers.append((word, meant, pair if pair[0] != pair[1] else pair[0]))
        elif letter := re.fullmatch(r"([skpgdx])=?(\d+)", word):
            numbers.append((word, _LETTERS[letter[1]], int(letter[2])))
        elif depth := re.fullmatch(r"(\d+)x", word):
            numbers.append((word, ("depth",), int(depth[1])))
        elif word.isdecimal():
            numbers.append((word, _CHANNELS, int(word)))
        elif re.fullmatch(r"(p=?)?0?\.\d+", word):
            numbers.append(
                (
                    word,
                    ("p", "dropout", "drop_path", "negative_slope", "momentum"),
                    float(word.lstrip("p=")),
                )
            )
        elif word in _words_of_params():
            numbers.append((word, _words_of_params()[word], word))
        else:
            words.append(word)
    return words, numbers


@cache
def _words_of_params() -> dict[str, tuple[str, ...]]:
    """The words that may stand in place of a number, and for which parameters."""
    found: dict[str, set[str]] = {}
    for kind in KINDS.values():
        for param in kind.params:
            for word in param.words:
                found.setdefault(word, set()).add(param.name)
    return {word: tuple(params) for word, params in found.items()}


# How well an entry fits -------------------------------------------------------------------------


@cache
def _places(kind_name: str, title: str, section: str, depthwise: bool, doc: str) -> tuple[str, ...]:
    """What is searched, the best place first: name, synonyms, section, sentence, parameters."""
    kind = KINDS.get(kind_name) if section != "mine" else None
    if kind is None:
        texts = title.replace("_", " ") + f" {title}", "", dict(SECTIONS)[section], doc, ""
    else:
        # "MaxPool2d" is found as max pool too, "ConvNeXtBlock" as convnext block.
        parts = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", kind_name.replace("NeXt", "next"))
        parts = parts.replace("2d", "")
        short = KINDS[kind_name].stem  # bn, fc, maxpool
        texts = (
            title if depthwise else f"{title} {kind_name} {parts} {short}",
            _DEPTHWISE if depthwise else kind.searched,
            f"{dict(SECTIONS)[section]} {kind.category}",
            doc,
            " ".join(f"{param.name} {param.doc}" for param in kind.params),
        )
    return tuple(text.lower().replace("×", "x") for text in texts)


@cache
def _name(kind_name: str, title: str) -> frozenset[str]:
    """The words of an entry's name, of which a query should leave few unsaid."""
    text = f"{title} {kind_name.replace('NeXt', 'next')}".replace("2d", "")
    text = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", text).lower()
    return frozenset(re.findall(r"(?<![×a-z0-9])[a-z][a-z&]*", text))


def _rank(
    entry: Entry, words: list[str], numbers: list[Number]
) -> tuple[int, int, int, bool, bool] | None:
    """How well a query fits, the least the best; None if a part of it does not."""
    places = _places(entry.kind, entry.title, entry.section, entry.depthwise, entry.doc)
    found = [_fit(word, places) for word in words]
    fits = [fit for fit in found if fit is not None]
    if len(fits) < len(found):
        return None
    used = 0
    known = _read(KINDS[entry.kind], entry.params) if entry.kind else {}
    for text, meant, _value in numbers:
        if not known.keys().isdisjoint(meant) or (meant is _CHANNELS and "kernel_size" in known):
            used += 1
        elif text not in places[0] and text not in places[1].split():
            return None
    name = _name("" if entry.is_own or entry.depthwise else entry.kind, entry.title)
    unsaid = sum(not any(part.startswith(word) for word in words) for part in name)
    if any(word in places[1].split() for word in words):  # a synonym stands for the whole name
        unsaid = 0
    return max(1, *fits, 1), -used, sum(fits) + unsaid, not entry.common, entry.depthwise


def _fit(word: str, places: tuple[str, ...]) -> int | None:
    """Where a word of the query stands, the least the best; None if nowhere. A whole word of a
    name counts more than a synonym or the beginning of one, that more than a part."""
    name, also, section, doc, params = places
    if word in name.split():
        return 0
    if word in also.split() or f" {word}" in f" {name}":
        return 1
    if f" {word}" in f" {also}" or f" {word}" in f" {section}":
        return 2
    if len(word) > 2 and (word in name or word in also):
        return 3
    if re.search(rf"\b{re.escape(word)}", doc):
        return 4
    return 5 if len(word) > 2 and re.search(rf"\b{re.escape(word)}", params) else None


def _read(kind: Kind, params: Mapping[str, Value]) -> dict[str, Param]:
    """The parameters of a kind that are read, given these: a stage's by its block."""
    block = getattr(kind.settings(params), "block", None)
    return {param.name: param for param in kind.params if not param.of or block in param.of}


# The numbers as parameters ----------------------------------------------------------------------


def _with_numbers(entry: Entry, numbers: list[Number]) -> Entry:
    """The entry with the numbers as parameters, as far as its kind has such and allows them."""
    kind = KINDS[entry.kind]
    known = _read(kind, entry.params)
    params = dict(entry.params)
    if entry.depthwise and any(meant is _SIZES for _text, meant, _value in numbers):
        del params["padding"]
    given = set()
    for _text, meant, value in _kernels_first(known, numbers):
        name = next(
            (
                name
                for name in meant
                if name in known
                and known[name].fault(value) is None
                and not (meant is _CHANNELS and name in given)
            ),
            "",
        )
        if name:
            params[name] = value
            given.add(name)
    _keep_size(kind, known, params)
    label = kind.label(kind.settings(params)) if kind.label and params != entry.params else ""
    if entry.depthwise and "out_channels" not in params:
        label = label.replace(f", {known['out_channels'].default}", "", 1)
    note = label.removeprefix(entry.title).lstrip(", ")
    if params.get("padding") == "same" and label:
        note += f", {setting_text(params['padding'])}"
    return replace(entry, params=MappingProxyType(params), note=note)


def _kernels_first(known: Mapping[str, Param], numbers: list[Number]) -> list[Number]:
    """The numbers, a bare one made the kernel's size where it is likely meant: "pool 3",
    "convt 4 s2", "conv 3 64"."""
    bare = [number for number in numbers if number[1] is _CHANNELS]
    if (
        "kernel_size" not in known
        or not bare
        or any("kernel_size" in meant for _text, meant, _value in numbers)
    ):
        return numbers
    least = min(bare, key=_bare)
    channels = any(name in known for name in _CHANNELS[:2])
    if channels and len(bare) == 1 and _bare(least) > _LARGEST_KERNEL:
        return numbers
    return [
        (number[0], ("kernel_size",), number[2]) if number is least else number
        for number in numbers
    ]


def _bare(number: Number) -> int:
    value = number[2]
    assert isinstance(value, int)
    return value


def _keep_size(kind: Kind, known: Mapping[str, Param], params: dict[str, Value]) -> None:
    """Set the padding, if none is given: a convolution keeps the size, a transposed one multiplies
    it by its stride, and a pooling of 2×2 needs no border to halve it."""
    if "kernel_size" not in params or "padding" not in known or "padding" in params:
        return
    dilation, stride = params.get("dilation", 1), params.get("stride", 1)
    sides = [
        (kernel - 1) * step + 1
        for kernel, step in zip(_pair(params["kernel_size"]), _pair(dilation))
    ]
    if kind.spreads:
        pads = [max(0, -(-(side - step) // 2)) for side, step in zip(sides, _pair(stride))]
        more = [
            max(0, step - side + 2 * pad) for side, step, pad in zip(sides, _pair(stride), pads)
        ]
        if "output_padding" in known and any(more):
            params["output_padding"] = _single(more)
    else:
        pads = [side // 2 if kind.category == "convolution" else (side - 1) // 2 for side in sides]
    if known["padding"].fault(_single(pads)) is None:
        params["padding"] = _single(pads)


def _pair(value: Value) -> tuple[int, int]:
    return value if isinstance(value, tuple) else (int(value), int(value))


def _single(sides: list[int]) -> Value:
    return sides[0] if sides[0] == sides[1] else (sides[0], sides[1])
