"""Which tensor of a foreign state dict belongs where in a network: by name, else by order and shape."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from explorer.engine.failure import EngineError
from explorer.text import _

COUNTER = "num_batches_tracked"
"""Of a BatchNorm: counts what it saw. Files from before PyTorch 0.4.1 have none, and nothing that is
computed needs it."""

AUXILIARY = ("aux1", "aux2", "AuxLogits")
"""Heads of GoogLeNet and Inception v3 that only their training needs (Szegedy et al. 2014, section 5);
torchvision's files hold them. A network without such a head does without its weights."""

Signature = tuple[tuple[str, tuple[int, ...], bool], ...]


class ForeignWeights(EngineError):
    """The weights are another network's. `match` says what fits and what does not."""

    def __init__(self, sentence: str, match: "Match") -> None:
        super().__init__(sentence)
        self.match = match


@dataclass(frozen=True)
class Match:
    """pairs: (our name, their name) of each tensor that found a partner. missing, unused: name and
    shape of what found none, of ours and of theirs. aside: those of theirs that belong to auxiliary
    heads. prefix: what stood before all their names."""

    pairs: tuple[tuple[str, str], ...]
    missing: tuple[tuple[str, tuple[int, ...]], ...]
    unused: tuple[tuple[str, tuple[int, ...]], ...]
    shapes: Mapping[str, tuple[int, ...]]
    prefix: str = ""
    aside: tuple[tuple[str, tuple[int, ...]], ...] = ()

    @property
    def complete(self) -> bool:
        """Every tensor of ours has a partner, and none of theirs is left over."""
        return not self.missing and not self.unused

    @property
    def ordered(self) -> tuple[tuple[str, str], ...]:
        """The pairs of different names, found by order and shape."""
        return tuple(pair for pair in self.pairs if self.prefix + pair[0] != pair[1])

    @property
    def sentence(self) -> str:
        """What came of it."""
        if not self.complete:
            return self._refusal()
        if not self.aside:
            return self._success()
        return _("{found} {count} of auxiliary heads, which only training needs, were left out."
                 ).format(found=self._success(), count=len(self.aside))

    def _success(self) -> str:
        count, ordered = len(self.pairs), len(self.ordered)
        if not ordered:
            if self.prefix:
                return _("All {count} tensors match by name, “{prefix}” before each left out.").format(
                    count=count, prefix=self.prefix)
            return _("All {count} tensors match by name.").format(count=count)
        if ordered == count:
            return _("All {count} tensors match by order and shape; no name is the same.").format(
                count=count)
        return _("All {count} tensors match: {named} by name, {ordered} by order and shape.").format(
            count=count, named=count - ordered, ordered=ordered)

    def _refusal(self) -> str:
        same = self._same_layer()
        if same:
            ours, theirs = same
            return _("Nothing was loaded: all fits but one layer, {name}, which is {ours} in this "
                     "network and {theirs} in the file.").format(
                         name=ours[0], ours=text_of(ours[1]), theirs=text_of(theirs[1]))
        parts = []
        if self.missing:
            parts.append(_("{count} of this network's tensors find no partner (first {name}, {shape})")
                         .format(count=len(self.missing), name=self.missing[0][0],
                                 shape=text_of(self.missing[0][1])))
        if self.unused:
            parts.append(_("{count} of the file's are left over (first {name}, {shape})").format(
                count=len(self.unused), name=self.unused[0][0][:80],
                shape=text_of(self.unused[0][1])))
        return _("Nothing was loaded, for these are another network's weights: {what}.").format(
            what=_(" and ").join(parts))

    def _same_layer(self):
        """What is left on both sides, if it is one layer of the same sort and of other shape: the
        last, of a network for other classes."""
        ours, theirs = {_module(name) for name, _shape in self.missing}, {
            _module(name) for name, _shape in self.unused}
        if len(ours) != 1 or len(theirs) != 1 or len(self.missing) != len(self.unused):
            return None
        if {_last(name) for name, _shape in self.missing} != {
                _last(name) for name, _shape in self.unused}:
            return None
        return self.missing[0], self.unused[0]

    def rows(self) -> list[tuple[str, str, str, str]]:
        """The report, a row a tensor, what does not fit first: what became of it, its name in this
        network and in the file ("" where it has none), its shape."""
        found = [(_("no partner"), name, "", text_of(shape)) for name, shape in self.missing]
        found += [(_("left over"), "", name, text_of(shape)) for name, shape in self.unused]
        found += [(_("auxiliary"), "", name, text_of(shape)) for name, shape in self.aside]
        by_order = set(self.ordered)
        found += [(_("by order") if pair in by_order else _("by name"), *pair,
                   text_of(self.shapes[pair[0]])) for pair in self.pairs]
        return found

    def lines(self) -> list[str]:
        """The report as text: a line a tensor, “ours ← theirs” where the names differ."""
        rows = self.rows()
        first, second = (max((len(row[column]) for row in rows), default=0) for column in (0, 1))
        return [f"{what:{first}}  {ours:{second}}  "
                + (f"← {theirs}  " if theirs not in ("", ours) else "") + shape
                for what, ours, theirs, shape in rows]


def adopt(net: nn.Module, tensors: Mapping[str, Tensor], ordered: bool) -> Match:
    """Copies `tensors` (a state dict, see `Weights`) into `net`, all or none.

    Raises ForeignWeights if a tensor of either side has no partner: then nothing has changed.
    """
    ours = net.state_dict()
    found = match(ours, tensors, ordered)
    if not found.complete:
        raise ForeignWeights(found.sentence, found)
    with torch.no_grad():
        for name, theirs in found.pairs:
            ours[name].copy_(tensors[theirs])
        for name in ours:
            if _last(name) == COUNTER:
                ours[name].zero_()
    return found


def match(ours: Mapping[str, Tensor], theirs: Mapping[str, Tensor], ordered: bool = True) -> Match:
    """Finds each tensor's partner.

    Where the names and shapes are those of ours, by name. Else layer by layer: a layer's partner is
    the next one whose tensors have the same last names (weight, bias, running_mean …) and shapes,
    in the order in which both state dicts have them; layers whose names agree are each other's
    partners, if that crosses no others. A file that is not `ordered` is taken in the order of
    its names, with numbers as numbers. What is left is paired tensor by tensor, by the same rule.
    Counters of batches need no partner, nor do auxiliary heads.
    """
    prefix = _prefix(ours, theirs)
    names = {name[len(prefix):]: name for name in theirs}
    heads = set(AUXILIARY) - {_first(name) for name in ours}
    aside = [name for name in names if _first(name) in heads]
    for name in aside:
        del names[name]
    aside = [f"{prefix}{name}" for name in aside if _last(name) != COUNTER]
    left = _modules({name: theirs[full] for name, full in names.items()}, sort=not ordered)
    right = _modules(ours)
    pairs: list[tuple[str, str]] = []
    for module, partner in _partners(_by_signature(right), _by_signature(left), ordered):
        pairs += [(name, left[partner][last][0]) for last, (name, _tensor) in right[module].items()]
    matched, taken = {name for name, _their in pairs}, {their for _name, their in pairs}
    rest = _by_tensor(right, matched)
    for name, their in _partners(rest, _by_tensor(left, taken), ordered):
        pairs.append((name, their))
    partner_of = dict(pairs)
    taken = set(partner_of.values())
    order = [name for name in ours if name in partner_of]
    return Match(
        tuple((name, names[partner_of[name]]) for name in order),
        tuple((name, tuple(tensor.shape)) for name, tensor in ours.items()
              if name not in partner_of and _last(name) != COUNTER),
        tuple((names[name], tuple(tensor.shape)) for module in left.values()
              for name, tensor in module.values() if name not in taken),
        {name: tuple(tensor.shape) for name, tensor in ours.items()}, prefix,
        tuple((name, tuple(theirs[name].shape)) for name in aside))


def text_of(shape: Iterable[int]) -> str:
    """A tensor's shape: 64×3×3×3."""
    return "×".join(map(str, shape)) or _("one number")


def _module(name: str) -> str:
    return name.rpartition(".")[0]


def _first(name: str) -> str:
    return name.partition(".")[0]


def _last(name: str) -> str:
    return name.rpartition(".")[2]


def _prefix(ours: Iterable[str], theirs: Iterable[str]) -> str:
    """What a wrapper put before every name, as “module.”; "" where ours begin so too."""
    names, known, prefix = list(theirs), {_first(name) for name in ours}, ""
    while True:
        first, dot, _rest = names[0][len(prefix):].partition(".")
        longer = f"{prefix}{first}."
        if not dot or first in known or not all(name.startswith(longer) for name in names):
            return prefix
        prefix = longer


Modules = dict[str, dict[str, tuple[str, Tensor]]]


def _modules(tensors: Mapping[str, Tensor], sort: bool = False) -> Modules:
    """The tensors (name and value by their last name) by the module that they belong to."""
    found: Modules = {}
    for name in sorted(tensors, key=_natural) if sort else tensors:
        if _last(name) != COUNTER:
            found.setdefault(_module(name), {})[_last(name)] = (name, tensors[name])
    return found


def _natural(name: str) -> list[tuple[int, str]]:
    """A key by which conv10 comes after conv2."""
    return [(int(digits), "") if digits else (-1, word)
            for digits, word in re.findall(r"([0-9]{1,18})|([^0-9]+)", name)]


def _by_signature(modules: Modules) -> dict[Signature, list[str]]:
    found: dict[Signature, list[str]] = {}
    for module, tensors in modules.items():
        signature = tuple(sorted((last, tuple(tensor.shape), tensor.is_floating_point())
                                 for last, (_name, tensor) in tensors.items()))
        found.setdefault(signature, []).append(module)
    return found


def _by_tensor(modules: Modules, taken: set[str]) -> dict[Signature, list[str]]:
    """As `_by_signature`, of single tensors that are not yet taken."""
    found: dict[Signature, list[str]] = {}
    for tensors in modules.values():
        for last, (name, tensor) in tensors.items():
            if name not in taken:
                signature = ((last, tuple(tensor.shape), tensor.is_floating_point()),)
                found.setdefault(signature, []).append(name)
    return found


def _partners(ours: dict[Signature, list[str]], theirs: dict[Signature, list[str]], ordered: bool
              ) -> Iterable[tuple[str, str]]:
    for signature, names in ours.items():
        others = theirs.get(signature, [])
        if set(names) == set(others):
            yield from ((name, name) for name in names)
            continue
        tries = [names] if ordered else [names, sorted(names, key=_natural)]
        yield from max((_paired(each, others) for each in tries), key=_agreeing)


def _paired(ours: list[str], theirs: list[str]) -> list[tuple[str, str]]:
    """Equal names with each other and the rest in order; all in order, where equal names would
    cross others and so are equal by chance, as the numbers of a sequence that lacks a layer."""
    equal = set(ours) & set(theirs)
    rest = iter([name for name in theirs if name not in equal])
    found = [(name, name if name in equal else next(rest, None)) for name in ours]
    pairs = [(name, their) for name, their in found if their is not None]
    places = {name: place for place, name in enumerate(theirs)}
    order = [places[their] for _name, their in pairs]
    if order == sorted(order) or len(ours) != len(theirs):
        return pairs
    return list(zip(ours, theirs))


def _agreeing(pairs: list[tuple[str, str]]) -> int:
    return sum(name == their for name, their in pairs)
