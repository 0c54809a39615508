"""The search of the palette: "conv 3x5 64 s2" finds a Conv2d and sets those parameters."""

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from types import MappingProxyType

from explorer.app.number import setting_text
from explorer.app.panels.palette.entries import OWN_BLOCKS, SECTIONS, Entry
from explorer.catalog import KINDS, Kind, Param
from explorer.graph.graph import Value

_DEPTHWISE = "dw depthwise separable"
# The parameters that a lone number may mean, in order of preference.
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
_SIZES = ("kernel_size", "output_size", "padding")  # what a pair such as 3x5 may mean
# The parameters that a letter before a number may mean.
_LETTERS = {
    "s": ("stride", "scale_factor"),
    "k": ("kernel_size",),
    "p": ("padding", "p"),
    "g": ("groups", "num_groups"),
    "d": ("dilation",),
    "x": ("depth",),
    "×": ("depth",),
}
_LARGEST_KERNEL = 7  # a lone number up to this is a kernel size, a larger one a count of channels

Number = tuple[str, tuple[str, ...], Value]  # as typed, the parameters that it may mean, value


def matching(among: list[Entry], query: str) -> list[Entry]:
    """The entries that match a query, the best first; the numbers of the query become parameters of
    the best one."""
    words, numbers = _parsed(query)
    whole = "".join(query.lower().split())
    ranked = [
        ((entry.title.lower().removesuffix("2d") != whole.removesuffix("2d"), *rank), entry)
        for entry in among
        if (rank := _rank(entry, words, numbers)) is not None
    ]
    matches = [entry for _rank, entry in sorted(ranked, key=lambda each: each[0])]
    if matches and matches[0].kind in KINDS and not matches[0].is_own and numbers:
        matches[0] = _with_numbers(matches[0], numbers)
    return matches


# Reading a query --------------------------------------------------------------------------------


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
    """The words that can take the place of a number, with the parameters that accept them."""
    names: dict[str, set[str]] = {}
    for kind in KINDS.values():
        for param in kind.params:
            for word in param.words:
                names.setdefault(word, set()).add(param.name)
    return {word: tuple(params) for word, params in names.items()}


# How well an entry matches ----------------------------------------------------------------------


@cache
def _searched_texts(
    kind_name: str, title: str, section: str, depthwise: bool, doc: str
) -> tuple[str, ...]:
    """The texts that are searched, in order of weight: name, synonyms, section, sentence,
    parameters."""
    kind = KINDS.get(kind_name) if section != OWN_BLOCKS else None
    if kind is None:
        texts = title.replace("_", " ") + f" {title}", "", dict(SECTIONS)[section], doc, ""
    else:
        # "max pool" finds MaxPool2d too, and "convnext block" ConvNeXtBlock.
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
def _name_words(kind_name: str, title: str) -> frozenset[str]:
    """The words of an entry's name; the fewer of them a query leaves out, the better it matches."""
    text = f"{title} {kind_name.replace('NeXt', 'next')}".replace("2d", "")
    text = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", text).lower()
    return frozenset(re.findall(r"(?<![×a-z0-9])[a-z][a-z&]*", text))


def _rank(
    entry: Entry, words: list[str], numbers: list[Number]
) -> tuple[int, int, int, bool, bool] | None:
    """How well an entry matches, lower is better; None if a part of the query does not match."""
    texts = _searched_texts(entry.kind, entry.title, entry.section, entry.depthwise, entry.doc)
    synonyms = texts[1].split()
    ranks = [rank for word in words if (rank := _word_rank(word, texts)) is not None]
    if len(ranks) < len(words):
        return None
    used = 0
    known = _used_params(KINDS[entry.kind], entry.params) if entry.kind else {}
    for text, meant, _value in numbers:
        if not known.keys().isdisjoint(meant) or (meant is _CHANNELS and "kernel_size" in known):
            used += 1
        elif text not in texts[0] and text not in synonyms:
            return None
    name = _name_words("" if entry.is_own or entry.depthwise else entry.kind, entry.title)
    left_out = sum(not any(part.startswith(word) for word in words) for part in name)
    if any(word in synonyms for word in words):  # a synonym stands for the whole name
        left_out = 0
    return max(1, *ranks, 1), -used, sum(ranks) + left_out, not entry.common, entry.depthwise


def _word_rank(word: str, texts: tuple[str, ...]) -> int | None:
    """How well a word of the query matches, lower is better; None if it does not. A whole word of
    the name beats a synonym or the beginning of a word, and these beat a part of a word."""
    name, synonyms, section, doc, params = texts
    if word in name.split():
        return 0
    if word in synonyms.split() or f" {word}" in f" {name}":
        return 1
    if f" {word}" in f" {synonyms}" or f" {word}" in f" {section}":
        return 2
    if len(word) > 2 and (word in name or word in synonyms):
        return 3
    if re.search(rf"\b{re.escape(word)}", doc):
        return 4
    return 5 if len(word) > 2 and re.search(rf"\b{re.escape(word)}", params) else None


def _used_params(kind: Kind, params: Mapping[str, Value]) -> dict[str, Param]:
    """The parameters that a kind uses, given these values: a stage, those of its block."""
    block = getattr(kind.settings(params), "block", None)
    return {param.name: param for param in kind.params if not param.of or block in param.of}


# Numbers as parameters --------------------------------------------------------------------------


def _with_numbers(entry: Entry, numbers: list[Number]) -> Entry:
    """The entry with the numbers as parameters, as far as its kind has them and allows the values."""
    kind = KINDS[entry.kind]
    known = _used_params(kind, entry.params)
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
    """The numbers, with a lone one as the kernel size where that is likely meant: "pool 3",
    "convt 4 s2", "conv 3 64"."""
    lone = [number for number in numbers if number[1] is _CHANNELS]
    if (
        "kernel_size" not in known
        or not lone
        or any("kernel_size" in meant for _text, meant, _value in numbers)
    ):
        return numbers
    least = min(lone, key=_whole_value)
    has_channels = any(name in known for name in _CHANNELS[:2])
    if has_channels and len(lone) == 1 and _whole_value(least) > _LARGEST_KERNEL:
        return numbers
    return [
        (number[0], ("kernel_size",), number[2]) if number is least else number
        for number in numbers
    ]


def _whole_value(number: Number) -> int:
    value = number[2]
    assert isinstance(value, int)  # a lone number is read as one
    return value


def _keep_size(kind: Kind, known: Mapping[str, Param], params: dict[str, Value]) -> None:
    """Set the padding if the query gives none, so that a convolution keeps the size, a transposed one
    multiplies it by its stride, and a pooling halves it, which a 2×2 kernel does without padding."""
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
