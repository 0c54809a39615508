"""Which tensor of a foreign state dict belongs where in a network, and how that is known."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from explorer.engine import weight_pairing
from explorer.engine.checkpoint import shape_text
from explorer.engine.failure import EngineError
from explorer.engine.weight_pairing import COUNTER, NAME, ORDER, SHAPE, TAIL, last_of, module_of
from explorer.graph.graph import Shape
from explorer.text import _, ngettext

AUXILIARY = ("aux1", "aux2", "AuxLogits")
"""Heads of GoogLeNet and Inception v3 that only their training needs (Szegedy et al. 2014, section 5);
torchvision's files hold them. A network without such a head does without its weights."""


class ForeignWeights(EngineError):
    """The weights are another network's. `match` says what fits and what does not."""

    def __init__(self, sentence: str, match: "Match") -> None:
        super().__init__(sentence)
        self.match = match


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
    ours and of theirs without one. shapes: of ours. aside: those of theirs that belong to auxiliary
    heads. prefix: the text before all their names. how: by what each of ours was paired, see
    `explorer.engine.weight_pairing`. alike: layers of ours that only an order could tell apart, where
    there is none to use; crossed: the file has an order, but another than this network. wild: those
    of theirs with numbers that are not finite."""

    pairs: tuple[tuple[str, str], ...]
    missing: tuple[tuple[str, tuple[int, ...]], ...]
    unused: tuple[tuple[str, tuple[int, ...]], ...]
    shapes: Mapping[str, tuple[int, ...]]
    prefix: str = ""
    aside: tuple[tuple[str, tuple[int, ...]], ...] = ()
    how: Mapping[str, str] = field(default_factory=dict)
    alike: tuple[str, ...] = ()
    crossed: bool = False
    wild: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        """Every tensor of ours has a partner, and none of theirs is left over."""
        return not self.missing and not self.unused and not self.alike

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
        if not self.complete:
            return self._refusal()
        parts = [self._success()]
        if self.aside:
            parts.append(
                ngettext(
                    "{count} of auxiliary heads, which only training needs, was left out.",
                    "{count} of auxiliary heads, which only training needs, were left out.",
                    len(self.aside),
                ).format(count=len(self.aside))
            )
        if self.wild:
            parts.append(
                ngettext(
                    "{count} of them has numbers that are not finite (NaN, infinity): {name}.",
                    "{count} of them have numbers that are not finite (NaN, infinity), first {name}.",
                    len(self.wild),
                ).format(count=len(self.wild), name=self.wild[0][:80])
            )
        return " ".join(parts)

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
        return _("All {count} tensors match: {parts}.").format(
            count=count,
            parts=", ".join(
                _BY[how].format(count=number) for how, number in found.items() if number
            ),
        )

    def _refusal(self) -> str:
        if self.alike:
            first = ", ".join(self.alike[:3])
            layers = (
                first
                if len(self.alike) <= 3
                else _("{first} and {count} more").format(first=first, count=len(self.alike) - 3)
            )
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
            ).format(layers=layers)
        same = self._same_layer()
        if same:
            ours, theirs = same
            return _(
                "Nothing was loaded: all layers fit but one, whose {name} is {ours} in this network "
                "and {theirs} in the file."
            ).format(name=ours[0], ours=shape_text(ours[1]), theirs=shape_text(theirs[1]))
        parts = [_("Nothing was loaded: these are another network's weights.")]
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
        alike = [pair for pair in self.pairs if module_of(pair[0]) in self.alike]
        rows = [
            *((_("no partner"), name, "", shape) for name, shape in self.missing),
            *((_("left over"), "", name, shape) for name, shape in self.unused),
            *((_("auxiliary"), "", name, shape) for name, shape in self.aside),
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


def adopt(net: nn.Module, tensors: Mapping[str, Tensor], ordered: bool) -> Match:
    """Copies `tensors` (a state dict, see `Weights`) into `net`, all or none; returns the match.

    Raises ForeignWeights if a tensor of either side has no partner: then nothing has changed.
    """
    ours = net.state_dict()
    matched = match(ours, tensors, ordered)
    if not matched.complete:
        raise ForeignWeights(matched.sentence, matched)
    with torch.no_grad():
        for name, theirs in matched.pairs:
            ours[name].copy_(tensors[theirs])
        for name in ours:
            if last_of(name) == COUNTER:
                ours[name].zero_()
    return matched


def match(ours: Mapping[str, Tensor], theirs: Mapping[str, Tensor], ordered: bool = True) -> Match:
    """The partner of each tensor of `ours` in `theirs`, and the tensors without one.

    Partners are found by name, by the tail of the name and by a shape that occurs only once (see
    `explorer.engine.weight_pairing`); the rest by order: that of both state dicts, if `ordered` and if
    the pairs found so far agree with it; else that of the numbers, where the names of all layers of a
    shape differ in nothing else. Layers that remain are `alike`. Counters of batches and auxiliary
    heads need no partner.
    """
    prefix = _prefix(ours, theirs)
    names = {name[len(prefix) :]: name for name in theirs}
    heads = set(AUXILIARY) - {_first(name) for name in ours}
    aside = [name for name in names if _first(name) in heads]
    for name in aside:
        del names[name]
    aside = [f"{prefix}{name}" for name in aside if last_of(name) != COUNTER]
    left = weight_pairing.modules(
        {name: theirs[full] for name, full in names.items()}, sort=not ordered
    )
    right = weight_pairing.modules(ours)
    needed = [name for name in ours if last_of(name) != COUNTER]
    given = [name for layer in left.values() for name, _tensor in layer.values()]
    found, alike, crossed = _paired(right, left, needed, given, ordered)
    taken = {name for name, _how in found.values()}
    return Match(
        tuple((name, names[found[name][0]]) for name in needed if name in found),
        tuple((name, tuple(ours[name].shape)) for name in needed if name not in found),
        tuple(
            (names[name], tuple(theirs[names[name]].shape)) for name in given if name not in taken
        ),
        {name: tuple(tensor.shape) for name, tensor in ours.items()},
        prefix,
        tuple((name, tuple(theirs[name].shape)) for name in aside),
        {name: how for name, (_their, how) in found.items()},
        alike,
        crossed,
        tuple(names[name] for name in given if name in taken and not _finite(theirs[names[name]])),
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
        found = weight_pairing.certain(right, left)
        added = weight_pairing.ordered(right, left, found, ordered)
        right_order = (
            weight_pairing.in_order(needed, given, found | added)
            if ordered
            else weight_pairing.numbered(needed, given, added)
        )
        if len(found) + len(added if right_order else ()) == len(needed):
            return found | added, (), False
        likely = weight_pairing.likely(right, left)
        if len(likely) == len(needed):
            certain = found | added if right_order else found
            alike = [module_of(name) for name in needed if name not in certain]
            return likely, tuple(dict.fromkeys(alike)), not right_order
    return weight_pairing.likely(right, left), (), False


def _finite(tensor: Tensor) -> bool:
    return not tensor.is_floating_point() or bool(tensor.float().isfinite().all())


def _first(name: str) -> str:
    return name.partition(".")[0]


def _prefix(ours: Iterable[str], theirs: Iterable[str]) -> str:
    """The prefix that a wrapper put before every name, such as “module.”; "" where ours start with it
    too."""
    names, known, prefix = list(theirs), {_first(name) for name in ours}, ""
    while True:
        first, dot, _rest = names[0][len(prefix) :].partition(".")
        longer = f"{prefix}{first}."
        if not dot or first in known or not all(name.startswith(longer) for name in names):
            return prefix
        prefix = longer
