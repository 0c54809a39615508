"""Which tensor of a foreign state dict belongs where in a network, and how that is known."""

import re
import sys
from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor, nn

from explorer.engine import weight_pairing
from explorer.engine.checkpoint import shape_text
from explorer.engine.failure import EngineError
from explorer.engine.weight_pairing import (
    COUNTER,
    NAME,
    ORDER,
    SHAPE,
    TAIL,
    last_of,
    loose,
    module_of,
)
from explorer.engine.weights import Weights
from explorer.graph.graph import Shape
from explorer.text import _, listed, ngettext

AUXILIARY = ("aux1", "aux2", "AuxLogits")
"""Heads of GoogLeNet and Inception v3 that only their training needs (Szegedy et al. 2014, section 5);
torchvision's files hold them. A network without such a head does without its weights."""

_AUXILIARY, _COUNT, _LOSS, _IN_FRONT, _ELSEWHERE = (
    "auxiliary",
    "count",
    "loss",
    "front",
    "elsewhere",
)
"""What tensors are for that need no partner: auxiliary heads; counters, also those of an average of
weights and of a profiler; a loss; a normalisation of the pictures before the network; what else is in
the file."""
_COUNTERS = ("total_ops", "total_params", "n_averaged", "num_updates", "decay", "initted", "step")
"""Single numbers that are no weights, by the last part of their names; those of thop, of PyTorch's
AveragedModel and of other averages. A single whole number is a counter by any name."""
_LOSS_WORDS = ("loss", "losses", "lossfn", "criterion", "criterions", "criteria")
_LOSS_VECTORS = ("ce", "bce", "nll", "pos", "class")
"""Words in the names of vectors with a weight for each class: "bce.pos_weight", "class_weights"."""
_OF_COLOURS = 9
"""The most numbers that a normalisation of pictures has: of three colours, as a 1×1 convolution."""
_MOST_COMPARED, _MOST_TRIED = 24, 8
"""Sets of tensors in one file whose shapes are compared with those of a network, the nearest in number
first; and that are matched with it, the most similar first."""


class ForeignWeights(EngineError):
    """The weights are another network's. `match` says what fits and what does not; `part`, what would
    be loaded if only what fits is asked for."""

    def __init__(self, match: "Match", part: "Match") -> None:
        super().__init__(match.sentence)
        self.match, self.part = match, part


_BY = {
    NAME: _("{count} by name"),
    TAIL: _("{count} by the tail of the name"),
    SHAPE: _("{count} as the only ones of their shape"),
    ORDER: _("{count} by order and shape"),
}


@dataclass(frozen=True)
class Match:
    """Which tensors of the network ("ours") and of the file ("theirs") belong together.

    pairs: (our name, their name) of each tensor with a partner. missing, unused: name and shape of
    ours and of theirs without one. shapes: of ours. aside: those of theirs that need no partner, with
    what they are for. prefix: the text before all their names. how: by what each of ours was paired,
    see `explorer.engine.weight_pairing`. alike: layers of ours that only an order could tell apart,
    where there is none to use; crossed: the file has an order, but another than this network. wild:
    those of theirs with numbers that are not finite. whole: name and type of unused ones of whole
    numbers. partial: the networks differ, and the pairs are loaded. part: the prefix of the set of
    tensors that was taken of a file; others: the names of other sets that fit too."""

    pairs: tuple[tuple[str, str], ...]
    missing: tuple[tuple[str, tuple[int, ...]], ...]
    unused: tuple[tuple[str, tuple[int, ...]], ...]
    shapes: Mapping[str, tuple[int, ...]]
    prefix: str = ""
    aside: tuple[tuple[str, tuple[int, ...], str], ...] = ()
    how: Mapping[str, str] = field(default_factory=dict)
    alike: tuple[str, ...] = ()
    crossed: bool = False
    wild: tuple[str, ...] = ()
    whole: tuple[tuple[str, str], ...] = ()
    partial: bool = False
    part: str = ""
    others: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        """Every tensor of ours has a partner, and none of theirs is left over."""
        return not self.missing and not self.unused and not self.alike

    @property
    def loadable(self) -> bool:
        """All of it fits, or what fits is asked for."""
        return self.complete or (self.partial and bool(self.pairs))

    @property
    def random(self) -> tuple[str, ...]:
        """Those of ours that nothing is loaded into, with the counters of their layers."""
        left = {module_of(name) for name, _shape in self.missing}
        counters = (f"{module}.{COUNTER}" for module in left)
        return (*(name for name, _shape in self.missing), *counters)

    @property
    def ordered(self) -> tuple[tuple[str, str], ...]:
        """The pairs that were found by order and shape alone."""
        return tuple(pair for pair in self.pairs if self.how[pair[0]] == ORDER)

    @property
    def renamed(self) -> bool:
        """Whether any pair was found by anything but its name."""
        return any(how != NAME for how in self.how.values())

    @property
    def sentence(self) -> str:
        """The result for a person."""
        if not self.loadable:
            return self._refusal()
        parts = [self._partly() if self.partial else self._success()]
        if self.others:
            parts.append(
                _(
                    "They are those of “{part}” in the file; {others} would fit too, and “import --set "
                    "NAME” takes another."
                ).format(
                    part=_named(self.part), others=listed([f"“{name}”" for name in self.others])
                )
            )
        for kind in dict.fromkeys(kind for _name, _shape, kind in self.aside):
            names = [name for name, _shape, each in self.aside if each == kind]
            parts.append(_left_out(kind, len(names)).format(count=len(names), name=names[0][:80]))
        if self.wild:
            parts.append(
                ngettext(
                    "{count} of them has numbers that are not finite (NaN, infinity): {name}.",
                    "{count} of them have numbers that are not finite (NaN, infinity), first {name}.",
                    len(self.wild),
                ).format(count=len(self.wild), name=self.wild[0][:80])
            )
        return " ".join(parts)

    def _partly(self) -> str:
        """The result where only a part was loaded."""
        parts = [
            ngettext(
                "{count} of {all} tensors was loaded: {parts}.",
                "{count} of {all} tensors were loaded: {parts}.",
                len(self.pairs),
            ).format(
                count=len(self.pairs), all=len(self.pairs) + len(self.missing), parts=self._ways()
            )
        ]
        if self.missing:
            names = [name for name, _shape in self.missing]
            parts.append(_("Drawn at random: {names}.").format(names=_few(names)))
        if self.unused:
            names = [name for name, _shape in self.unused]
            parts.append(_("Not used of the file: {names}.").format(names=_few(names)))
        return " ".join(parts)

    def _ways(self) -> str:
        found = {how: sum(each == how for each in self.how.values()) for how in _BY}
        return ", ".join(_BY[how].format(count=number) for how, number in found.items() if number)

    def _success(self) -> str:
        count = len(self.pairs)
        found = {how: sum(each == how for each in self.how.values()) for how in _BY}
        if found[NAME] == count:
            if self.prefix:
                return _(
                    "All {count} tensors match by name, “{prefix}” before each left out."
                ).format(count=count, prefix=self.prefix)
            return _("All {count} tensors match by name.").format(count=count)
        if found[ORDER] == count:
            return _("All {count} tensors match by order and shape; no name is the same.").format(
                count=count
            )
        return _("All {count} tensors match: {parts}.").format(count=count, parts=self._ways())

    def _refusal(self) -> str:
        if self.alike:
            return (
                _(
                    "Nothing was loaded: only their order could tell {layers} apart, and the order of "
                    "the file is another than this network's; use a .pth file, which keeps the order, "
                    "or this network's names."
                )
                if self.crossed
                else _(
                    "Nothing was loaded: only their order could tell {layers} apart, and the file is "
                    "sorted by name; use a .pth file, which keeps the order, or this network's names."
                )
            ).format(layers=_few(self.alike))
        shapes = Counter(loose(shape) for _name, shape in self.missing)
        sizes = dict(self.unused)
        sorts = [(name, sort) for name, sort in self.whole if loose(sizes[name]) in shapes]
        if sorts:
            return _(
                "Nothing was loaded: {name} is of whole numbers ({sort}) in the file, as quantised "
                "weights are, and this network's are floating-point."
            ).format(name=sorts[0][0][:80], sort=sorts[0][1])
        same = self._same_layer()
        if same:
            ours, theirs = same
            return _(
                "Nothing was loaded: all layers fit but one, whose {name} is {ours} in this network "
                "and {theirs} in the file."
            ).format(name=ours[0], ours=shape_text(ours[1]), theirs=shape_text(theirs[1]))
        if not self.unused:
            first = _("Nothing was loaded: the file has only a part of this network's weights.")
        elif not self.missing:
            first = _("Nothing was loaded: the file has more than this network's weights.")
        else:
            first = _("Nothing was loaded: these are another network's weights.")
        parts = [first]
        for sentence, tensors in (
            (
                _("This network's tensors with no partner: {count}, first {name}, {shape}."),
                self.missing,
            ),
            (_("The file's tensors left over: {count}, first {name}, {shape}."), self.unused),
        ):
            if tensors:
                name, shape = tensors[0]
                parts.append(
                    sentence.format(count=len(tensors), name=name[:80], shape=shape_text(shape))
                )
        return " ".join(parts)

    def _same_layer(self) -> tuple[tuple[str, Shape], tuple[str, Shape]] | None:
        """The first tensors left on both sides, if these are of one layer each with the same names
        in another shape: the last layer, of a network with another number of classes."""
        ours, theirs = (
            {module_of(name) for name, _shape in self.missing},
            {module_of(name) for name, _shape in self.unused},
        )
        if len(ours) != 1 or len(theirs) != 1 or len(self.missing) != len(self.unused):
            return None
        if {last_of(name) for name, _shape in self.missing} != {
            last_of(name) for name, _shape in self.unused
        }:
            return None
        others = {last_of(name): (name, shape) for name, shape in self.unused}
        return self.missing[0], others[last_of(self.missing[0][0])]

    def rows(self) -> list[tuple[str, str, str, str]]:
        """The report, a row for each tensor, those that do not fit first: what became of it, its name
        in this network and in the file ("" where it has none), its shape."""
        words = {NAME: _("by name"), TAIL: _("by tail"), SHAPE: _("by shape"), ORDER: _("by order")}
        aside = {
            _AUXILIARY: _("auxiliary"),
            _COUNT: _("counter"),
            _LOSS: _("loss"),
            _IN_FRONT: _("in front"),
            _ELSEWHERE: _("elsewhere"),
        }
        missing = _("random") if self.partial and self.pairs else _("no partner")
        alike = [pair for pair in self.pairs if module_of(pair[0]) in self.alike]
        rows = [
            *((missing, name, "", shape) for name, shape in self.missing),
            *((_("left over"), "", name, shape) for name, shape in self.unused),
            *((aside[kind], "", name, shape) for name, shape, kind in self.aside),
            *((_("alike"), ours, "", self.shapes[ours]) for ours, _theirs in alike),
            *((_("alike"), "", theirs, self.shapes[ours]) for ours, theirs in alike),
            *(
                (
                    _("not finite") if theirs in self.wild else words[self.how[ours]],
                    ours,
                    theirs,
                    self.shapes[ours],
                )
                for ours, theirs in self.pairs
                if module_of(ours) not in self.alike
            ),
        ]
        return [(what, ours, theirs, shape_text(shape)) for what, ours, theirs, shape in rows]

    def lines(self) -> list[str]:
        """The report as text: a line for each tensor, “ours ← theirs” where the names differ."""
        rows = self.rows()
        first, second = (max((len(row[column]) for row in rows), default=0) for column in (0, 1))
        return [
            f"{what:{first}}  {ours:{second}}  "
            + (f"← {theirs}  " if theirs not in ("", ours) else "")
            + shape
            for what, ours, theirs, shape in rows
        ]


def _few(names: Sequence[str]) -> str:
    """The first of the names, and how many more there are."""
    first = ", ".join(name[:80] for name in names[:3])
    if len(names) <= 3:
        return first
    return _("{first} and {count} more").format(first=first, count=len(names) - 3)


def _left_out(kind: str, count: int) -> str:
    """The sentence on `count` tensors that need no partner, with {count} and {name}, the first's."""
    if kind == _AUXILIARY:
        return ngettext(
            "{count} of auxiliary heads, which only training needs, was left out.",
            "{count} of auxiliary heads, which only training needs, were left out.",
            count,
        )
    if kind == _COUNT:
        return ngettext(
            "{count} counter was left out, {name}.",
            "{count} counters were left out, first {name}.",
            count,
        )
    if kind == _LOSS:
        return ngettext(
            "{count} tensor of a loss was left out, {name}.",
            "{count} tensors of a loss were left out, first {name}.",
            count,
        )
    if kind == _IN_FRONT:
        return ngettext(
            "{count} tensor that normalises the pictures was left out, {name}.",
            "{count} tensors that normalise the pictures were left out, first {name}.",
            count,
        )
    return ngettext(
        "{count} tensor elsewhere in the file was left out, {name}.",
        "{count} tensors elsewhere in the file were left out, first {name}.",
        count,
    )


def adopt(
    net: nn.Module, tensors: Mapping[str, Tensor], ordered: bool, partial: bool = False
) -> Match:
    """Copies `tensors` (a state dict, see `Weights`) into `net`, all or none; or all that fit, if
    `partial`. Returns the match.

    Raises ForeignWeights if a tensor of either side has no partner, and with `partial` if none has:
    then nothing has changed.
    """
    ours = net.state_dict()
    matched = match(ours, tensors, ordered, partial)
    if not matched.loadable:
        raise ForeignWeights(matched, match(ours, tensors, ordered, partial=True))
    return _copied(ours, tensors, matched)


def adopt_file(net: nn.Module, weights: Weights, wanted: str = "", partial: bool = False) -> Match:
    """As `adopt`, with the tensors of a file: of several sets in it, such as "model" and "model_ema",
    those of the first that fits, or of the one that is `wanted`."""
    ours = net.state_dict()
    matched = match_file(ours, weights, wanted, partial)
    if not matched.loadable:
        raise ForeignWeights(matched, match_file(ours, weights, wanted, partial=True))
    return _copied(ours, weights.part(matched.part), matched)


def _copied(ours: Mapping[str, Tensor], tensors: Mapping[str, Tensor], matched: Match) -> Match:
    with torch.no_grad():
        for name, theirs in matched.pairs:
            ours[name].copy_(tensors[theirs].reshape(ours[name].shape))
        for name in ours:
            if last_of(name) == COUNTER:
                ours[name].zero_()
    return matched


def match_file(
    ours: Mapping[str, Tensor], weights: Weights, wanted: str = "", partial: bool = False
) -> Match:
    """The match with one of the sets of tensors in a file: the one that is `wanted`, else the first of
    those that fit, else the nearest.

    Raises EngineError if no set is called so.
    """
    parts = _parts(ours, weights, wanted)
    shapes, kept = _shapes(ours, set()), _kinds(ours)
    differing = {}
    for part in parts:
        given = _shapes(weights.part(part), {_COUNT, _LOSS, _IN_FRONT} - kept)
        differing[part] = (shapes - given).total() + (given - shapes).total()
    matches = {}
    for part in sorted(parts, key=differing.__getitem__)[:_MOST_TRIED]:
        theirs = weights.part(part)
        matches[part] = match(ours, theirs, weights.in_order(theirs), partial)
    fitting = [part for part in parts if part in matches and matches[part].complete]
    taken = (fitting or list(matches))[0]
    # A set within the one that is taken, or around it, is no other choice.
    others = [part for part in fitting if not part.startswith(taken) and not taken.startswith(part)]
    elsewhere = [
        (name, tuple(tensor.shape), _ELSEWHERE)
        for name, tensor in weights.whole.items()
        if not name.startswith((taken, *others)) and last_of(name) != COUNTER
    ]
    return replace(
        matches[taken],
        part=taken,
        others=tuple(map(_named, others)),
        aside=(*matches[taken].aside, *elsewhere),
    )


def _parts(ours: Mapping[str, Tensor], weights: Weights, wanted: str) -> list[str]:
    """The prefixes of the sets of tensors in a file that may be the network's: those of its mappings,
    and those after which more than half of the network's names follow."""
    names = sorted(weights.whole)

    def size(part: str) -> int:
        return bisect_left(names, f"{part}{chr(sys.maxunicode)}") - bisect_left(names, part)

    follow = Counter(
        part for name in weights.whole for part in _prefixes(name) if name[len(part) :] in ours
    )
    mappings = dict.fromkeys(weights.parts)
    inner = [
        part
        for part, count in follow.items()
        if 2 * count > len(ours)
        and not any(
            outer in mappings and size(outer) == size(part) for outer in _prefixes(part[:-1])
        )
    ]
    parts = [*mappings, *(part for part in inner if part not in mappings)]
    near = {*sorted(parts, key=lambda part: abs(size(part) - len(ours)))[:_MOST_COMPARED]}
    parts = [part for part in parts if part in near]
    if not wanted:
        return parts
    called = f".{wanted}."
    chosen = [part for part in parts if f".{part}".endswith(called)] or [
        *dict.fromkeys(
            part
            for name in weights.whole
            for part in _prefixes(name)
            if f".{part}".endswith(called)
        )
    ][:_MOST_COMPARED]
    if not chosen:
        known = [_named(part) for part in parts if part][:_MOST_TRIED]
        raise EngineError(
            (
                _("There is no set of tensors “{wanted}” in {path}; there are: {names}.")
                if known
                else _("There is no set of tensors “{wanted}” in {path}, which holds only one.")
            ).format(wanted=wanted[:80], path=weights.path, names=", ".join(known))
        )
    return chosen


def _prefixes(name: str) -> list[str]:
    """The beginnings of a name up to each dot, and the empty one."""
    return ["", *(name[: found.end()] for found in re.finditer(r"\.", name))]


def _named(part: str) -> str:
    """What a person calls the set with that prefix."""
    return part.removesuffix(".")


def _shapes(tensors: Mapping[str, Tensor], left_out: Collection[str]) -> Counter[Shape]:
    """How often the tensors have each shape, without counters of batches and what is left out."""
    return Counter(
        loose(tensor.shape)
        for name, tensor in tensors.items()
        if last_of(name) != COUNTER and _kind(name, tensor) not in left_out
    )


def _kinds(ours: Mapping[str, Tensor]) -> set[str]:
    """The kinds of tensors that are left out elsewhere, but that this network has."""
    return {_kind(name, tensor) for name, tensor in ours.items()}


def _kind(name: str, tensor: Tensor) -> str:
    """What a tensor beside a network's is for; "" if it may be a weight."""
    words = re.findall(r"[a-z]+", name.lower())
    last = last_of(name)
    if tensor.numel() == 1 and not last.endswith(COUNTER):
        if not tensor.is_floating_point() or last in _COUNTERS:
            return _COUNT
    vector = tensor.dim() == 1 and last.rpartition("_")[2] in ("weight", "weights")
    if any(word in _LOSS_WORDS or (vector and word in _LOSS_VECTORS) for word in words):
        return _LOSS
    if {"mean", "std"} & set(words) and "running" not in words and tensor.numel() <= _OF_COLOURS:
        return _IN_FRONT
    return ""


def match(
    ours: Mapping[str, Tensor],
    theirs: Mapping[str, Tensor],
    ordered: bool = True,
    partial: bool = False,
) -> Match:
    """The partner of each tensor of `ours` in `theirs`, and the tensors without one.

    Partners are found by name, by the tail of the name and by a shape that occurs only once (see
    `explorer.engine.weight_pairing`); the rest by order: that of both state dicts, if `ordered` and if
    the pairs found so far agree with it; else that of the numbers, where the names of all layers of a
    shape differ in nothing else. Layers that remain are `alike`. Counters, weights of a loss, a
    normalisation of the pictures and auxiliary heads need no partner. With `partial`, the pairs of two
    networks that differ are those that are more than a guess.
    """
    kept = _kinds(ours)
    aside = {name: kind for name, tensor in theirs.items() if (kind := _kind(name, tensor))}
    aside = {name: kind for name, kind in aside.items() if kind not in kept}
    names = weight_pairing.spelt((name for name in theirs if name not in aside), map(last_of, ours))
    prefix = _prefix(ours, names)
    names = {name[len(prefix) :]: full for name, full in names.items()}
    heads = set(AUXILIARY) - {_first(name) for name in ours}
    for name in [name for name in names if _first(name) in heads]:
        full = names.pop(name)
        if last_of(name) != COUNTER:
            aside[full] = _AUXILIARY
    left = weight_pairing.modules(
        {name: theirs[full] for name, full in names.items()}, sort=not ordered
    )
    right = weight_pairing.modules(ours)
    needed = [name for name in ours if last_of(name) != COUNTER]
    given = [name for layer in left.values() for name, _tensor in layer.values()]
    found, alike, crossed = _paired(right, left, needed, given, ordered)
    differ = bool(alike) or not len(found) == len(needed) == len(given)
    if partial and differ:
        found, alike = _fitting(right, left, needed, given, ordered), ()
    taken = {name for name, _how in found.values()}
    return Match(
        pairs=tuple((name, names[found[name][0]]) for name in needed if name in found),
        missing=tuple((name, tuple(ours[name].shape)) for name in needed if name not in found),
        unused=tuple(
            (names[name], tuple(theirs[names[name]].shape)) for name in given if name not in taken
        ),
        shapes={name: tuple(tensor.shape) for name, tensor in ours.items()},
        prefix=prefix,
        aside=tuple((name, tuple(theirs[name].shape), kind) for name, kind in aside.items()),
        how={name: how for name, (_their, how) in found.items()},
        alike=alike,
        crossed=crossed,
        wild=tuple(
            names[name] for name in given if name in taken and not _finite(theirs[names[name]])
        ),
        whole=tuple(
            (names[name], str(theirs[names[name]].dtype).removeprefix("torch."))
            for name in given
            if name not in taken and not theirs[names[name]].is_floating_point()
        ),
        partial=partial and differ,
    )


def _paired(
    right: weight_pairing.Modules,
    left: weight_pairing.Modules,
    needed: list[str],
    given: list[str],
    ordered: bool,
) -> tuple[weight_pairing.Paired, tuple[str, ...], bool]:
    """The pairs; the layers that nothing tells apart; whether the file has another order."""
    if len(needed) == len(given):
        if ordered and (sequence := weight_pairing.in_sequence(right, left)):
            return sequence, (), False
        found = weight_pairing.certain_singles(right, left, weight_pairing.certain(right, left, {}))
        added = _in_order(right, left, needed, given, ordered, found, True)
        crossed = added is None
        found |= added or {}
        if len(found) == len(needed):
            return found, (), False
        likely = weight_pairing.likely(right, left)
        if len(likely) == len(needed):
            alike = [module_of(name) for name in needed if name not in found]
            return likely, tuple(dict.fromkeys(alike)), crossed
    return weight_pairing.likely(right, left), (), False


def _fitting(
    right: weight_pairing.Modules,
    left: weight_pairing.Modules,
    needed: list[str],
    given: list[str],
    ordered: bool,
) -> weight_pairing.Paired:
    """The pairs of layers of two networks that differ, without guesses."""
    found = weight_pairing.certain(right, left, weight_pairing.same_names(right, left))
    return found | (_in_order(right, left, needed, given, ordered, found, False) or {})


def _in_order(
    right: weight_pairing.Modules,
    left: weight_pairing.Modules,
    needed: list[str],
    given: list[str],
    ordered: bool,
    found: weight_pairing.Paired,
    single: bool,
) -> weight_pairing.Paired | None:
    """The pairs that an order adds to `found`; None, if the file has another order."""
    added = weight_pairing.ordered(right, left, found, ordered, single)
    right_order = (
        weight_pairing.in_order(needed, given, found | added)
        if ordered
        else weight_pairing.numbered(needed, given, added)
    )
    return added if right_order else None


def _finite(tensor: Tensor) -> bool:
    return not tensor.is_floating_point() or bool(tensor.float().isfinite().all())


def _first(name: str) -> str:
    return name.partition(".")[0]


def _prefix(ours: Iterable[str], theirs: Iterable[str]) -> str:
    """The prefix that a wrapper put before every name, such as “module.”; "" where ours start with it
    too."""
    names, known, prefix = list(theirs), {_first(name) for name in ours}, ""
    while names:
        first, dot, _rest = names[0][len(prefix) :].partition(".")
        longer = f"{prefix}{first}."
        if not dot or first in known or not all(name.startswith(longer) for name in names):
            return prefix
        prefix = longer
    return ""
