"""Which layers of two state dicts are the same: found by name, by the name's tail, by shape, by order.

A layer has the tensors of one prefix: "layer1.0.bn1" has weight, bias, running_mean … All four rules
pair only layers whose tensors have the same last names and shapes. Sides of 1 do not count, as where one
has a Linear and the other a 1×1 convolution; but where shapes decide, equal ones go first.
"""

import re
from bisect import bisect
from collections.abc import Iterable, Mapping

from torch import Tensor

COUNTER = "num_batches_tracked"
"""A BatchNorm's count of batches. Files from before PyTorch 0.4.1 have none, and no output depends on
it."""

NAME, TAIL, SHAPE, ORDER = "name", "tail", "shape", "order"
"""How two were paired: by the whole name; by its tail, where the same words and numbers end both names;
by a shape that occurs only once; by the order in which both state dicts have those of a shape."""

_CROSSED = 1 / 3
"""Of all pairs of tensors, the share that may be in reversed order in a file whose order is used: as in
the file of a class that registers its parts in another order than it calls them. In a shuffled file it
is about a half, in a reversed one all."""

_SPELT = {
    "gamma": "weight",
    "beta": "bias",
    "moving_mean": "running_mean",
    "moving_var": "running_var",
    "moving_variance": "running_var",
}
"""The names of other programs for the tensors of a normalisation."""

Signature = tuple[tuple[str, tuple[int, ...], bool], ...]
Modules = dict[str, dict[str, tuple[str, Tensor]]]
Tokens = tuple[str, ...]
Paired = dict[str, tuple[str, str]]
"""Our name: (their name, by what)."""


def module_of(name: str) -> str:
    """The module of a tensor: "layer1.conv1" of "layer1.conv1.weight"."""
    return name.rpartition(".")[0]


def last_of(name: str) -> str:
    """A tensor's name in its module: "weight" of "layer1.conv1.weight"."""
    return name.rpartition(".")[2]


def spelt(names: Iterable[str], lasts: Iterable[str]) -> dict[str, str]:
    """Each name, by how PyTorch would write it: "conv1/weight" and "conv1_weight" as "conv1.weight",
    "bn1.gamma" as "bn1.weight". lasts: what tensors are called in their modules. Names are as they are
    where two would be the same."""
    lasts = {*lasts, COUNTER}
    ends = "|".join(map(re.escape, sorted(lasts | _SPELT.keys(), key=len, reverse=True)))
    end = re.compile(rf"(.*[^\W_])[\W_]*({ends})", re.DOTALL)
    names, found = list(names), {}
    for name in names:
        parts = None if last_of(name) in lasts else end.fullmatch(name)
        if parts:
            last = parts[2] if parts[2] in lasts else _SPELT[parts[2]]
            found[re.sub(r"[^\w.]+", ".", parts[1]) + f".{last}"] = name
        else:
            found[name] = name
    return found if len(found) == len(names) else {name: name for name in names}


def loose(shape: Iterable[int]) -> tuple[int, ...]:
    """The shape without sides of 1."""
    return tuple(side for side in shape if side != 1)


def modules(tensors: Mapping[str, Tensor], sort: bool = False) -> Modules:
    """The tensors (name and value by their last name) by the module that they belong to; sorted by
    name, with numbers as numbers, if asked."""
    found: Modules = {}
    for name in sorted(tensors, key=natural) if sort else tensors:
        if last_of(name) != COUNTER:
            found.setdefault(module_of(name), {})[last_of(name)] = (name, tensors[name])
    return found


def natural(name: str) -> list[tuple[int, str]]:
    """A key by which conv10 comes after conv2."""
    return [
        (int(digits), "") if digits else (-1, word)
        for digits, word in re.findall(r"([0-9]{1,18})|([^0-9]+)", name)
    ]


def signatures(layers: Modules, exact: bool = False) -> dict[str, Signature]:
    """The properties that two layers must share to be the same: names, shapes and types. Unless
    `exact`, sides of 1 do not count."""
    return {
        name: tuple(
            sorted(
                (
                    last,
                    tuple(tensor.shape) if exact else loose(tensor.shape),
                    tensor.is_floating_point(),
                )
                for last, (_name, tensor) in tensors.items()
            )
        )
        for name, tensors in layers.items()
    }


def singles(layers: Modules, taken: Iterable[str]) -> Modules:
    """Every tensor that is not yet taken, as a layer of its own."""
    taken = set(taken)
    return {
        name: {last: (name, tensor)}
        for tensors in layers.values()
        for last, (name, tensor) in tensors.items()
        if name not in taken
    }


def groups(kinds: Mapping[str, Signature], taken: Iterable[str] = ()) -> dict[Signature, list[str]]:
    """The layers of each signature that are not taken, in order."""
    found: dict[Signature, list[str]] = {}
    taken = set(taken)
    for name, kind in kinds.items():
        if name not in taken:
            found.setdefault(kind, []).append(name)
    return found


class Naming:
    """The names of one side's layers, as words and numbers.

    A family is all names with one head whose tails differ only in numbers: with the head "layer",
    "layer1.0.bn1" and "layer1.1.bn2" are the family "#.#.bn#" with the numbers (1, 0, 1) and (1, 1, 2).
    """

    def __init__(self, kinds: Mapping[str, Signature]) -> None:
        self.kinds = kinds
        self.tokens = {name: _tokens(name) for name in kinds}
        self.families: dict[tuple[Tokens, Tokens], dict[Tokens, list[str]]] = {}
        self.endings: dict[tuple[Tokens, Signature], list[str]] = {}
        for name, tokens in self.tokens.items():
            for cut in range(len(tokens) + (not tokens)):
                tail = tokens[cut:]
                family = self.families.setdefault((tokens[:cut], _skeleton(tail)), {})
                family.setdefault(tuple(filter(str.isdecimal, tail)), []).append(name)
                self.endings.setdefault((tail, kinds[name]), []).append(name)

    def nearest(self, other: "Naming", agree: "_Agreement") -> dict[str, list[str]]:
        """For each layer, those of the other side that share the longest tail with it, where their
        whole families agree."""
        found = {}
        for name, tokens in self.tokens.items():
            for cut in range(len(tokens) + (not tokens)):
                near = [
                    each
                    for each in other.endings.get((tokens[cut:], self.kinds[name]), ())
                    if agree(
                        self,
                        tokens[:cut],
                        other,
                        other.tokens[each][: len(other.tokens[each]) - len(tokens) + cut],
                        _skeleton(tokens[cut:]),
                    )
                ]
                if near:
                    found[name] = near
                    break
        return found


class _Agreement:
    """Whether two families have the same numbers, and layers of the same shapes for each number: then
    one is the other with another head. Sequences that start at 0 and at 1 are not."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, Tokens, Tokens, Tokens], bool] = {}

    def __call__(
        self, one: Naming, head: Tokens, two: Naming, other: Tokens, skeleton: Tokens
    ) -> bool:
        key = id(one), head, other, skeleton
        if key not in self._known:
            first, second = one.families[head, skeleton], two.families[other, skeleton]
            self._known[key] = first.keys() == second.keys() and all(
                len(names) == len(second[numbers]) == 1
                and one.kinds[names[0]] == two.kinds[second[numbers][0]]
                for numbers, names in first.items()
            )
        return self._known[key]


def _tokens(name: str) -> Tokens:
    return tuple(re.findall(r"[0-9]+|[^\W\d_]+", name))


def _skeleton(tokens: Tokens) -> Tokens:
    return tuple("#" if token.isdecimal() else token for token in tokens)


def by_tail(ours: Mapping[str, Signature], theirs: Mapping[str, Signature]) -> dict[str, str]:
    """Layers whose names end alike, if each is the other's only choice."""
    right, left, agree = Naming(ours), Naming(theirs), _Agreement()
    nearest, back = right.nearest(left, agree), left.nearest(right, agree)
    return {
        name: near[0]
        for name, near in nearest.items()
        if len(near) == 1 and back.get(near[0]) == [name]
    }


def certain(ours: Modules, theirs: Modules, known: Paired) -> Paired:
    """`known` and the pairs of layers found without an order: by name or its tail, then those left that
    are the only ones of their shape."""
    found: Paired = dict(known)
    right, left = _rest(ours, theirs, found, False)
    # Where all names are the same, conv1 and conv_1 in one network cannot be confused.
    pairs = {name: name for name in right} if right == left else by_tail(right, left)
    for name, other in pairs.items():
        _take(found, ours[name], theirs[other], NAME if name == other else TAIL)
    for exact in (True, False):
        right, left = _rest(ours, theirs, found, exact)
        for name, other in _alone(groups(right), groups(left)).items():
            _take(found, ours[name], theirs[other], NAME if name == other else SHAPE)
    return found


def certain_singles(ours: Modules, theirs: Modules, known: Paired) -> Paired:
    """`known` and the pairs of single tensors left that are the only ones of their shape."""
    found: Paired = dict(known)
    for exact in (True, False):
        rest, others = singles(ours, found), singles(theirs, _theirs(found))
        alone = _alone(groups(signatures(rest, exact)), groups(signatures(others, exact)))
        for name, other in alone.items():
            _take(found, rest[name], others[other], NAME if name == other else SHAPE)
    return found


def same_names(ours: Modules, theirs: Modules) -> Paired:
    """The layers of two networks with the same name and shapes; none, unless these are more than half
    of either: numbers can agree by chance."""
    right, left = signatures(ours), signatures(theirs)
    same = [name for name, kind in right.items() if left.get(name) == kind]
    found: Paired = {}
    if 2 * len(same) > min(len(right), len(left)):
        for name in same:
            _take(found, ours[name], theirs[name], NAME)
    return found


def ordered(
    ours: Modules, theirs: Modules, found: Paired, every: bool, single: bool = True
) -> Paired:
    """Pairs that `found` lacks, in order: layer by layer, then, if asked, each `single` tensor. If not
    `every`, only layers whose names differ in nothing but their numbers, in the order of these."""
    added: Paired = {}
    for alone in (False, True)[: 1 + single]:
        for exact in (True, False):
            taken = {**found, **added}
            right = singles(ours, taken) if alone else _whole(ours, taken)
            left = singles(theirs, _theirs(taken)) if alone else _whole(theirs, _theirs(taken))
            rest = groups(signatures(left, exact))
            for kind, names in groups(signatures(right, exact)).items():
                others = rest.get(kind, [])
                if len(names) == len(others) and (
                    every or len({_skeleton(_tokens(name)) for name in others}) == 1
                ):
                    for name, other in zip(names, others):
                        _take(added, right[name], left[other], ORDER)
    return added


def in_sequence(ours: Modules, theirs: Modules) -> Paired:
    """All pairs, in order, where the shapes of both state dicts are the same from first to last, and no
    tensor of theirs is named as ours are: "p0", "p1", or the numbers of a list."""
    right, left = (
        [entry for layer in side.values() for entry in layer.values()] for side in (ours, theirs)
    )
    shapes, others = (
        [(loose(tensor.shape), tensor.is_floating_point()) for _name, tensor in side]
        for side in (right, left)
    )
    lasts = {last_of(name) for name, _tensor in right} & {last_of(name) for name, _tensor in left}
    if lasts or shapes != others:
        return {}
    return {name: (other, ORDER) for (name, _ours), (other, _theirs) in zip(right, left)}


def in_order(ours: Iterable[str], theirs: Iterable[str], found: Paired) -> bool:
    """Whether the pairs are in about the same order in both state dicts."""
    place = {name: number for number, name in enumerate(theirs)}
    before: list[int] = []  # the places so far, sorted
    crossed = 0
    for number in (place[found[name][0]] for name in ours if name in found):
        at = bisect(before, number)
        crossed += len(before) - at
        before.insert(at, number)
    return crossed <= _CROSSED * len(before) * (len(before) - 1) / 2


def numbered(ours: Iterable[str], theirs: Iterable[str], found: Paired) -> bool:
    """`in_order`, for each group of names that differ in nothing but their numbers."""
    ours, theirs = list(ours), list(theirs)
    kinds: dict[Tokens, Paired] = {}
    for name, pair in found.items():
        kinds.setdefault(_skeleton(_tokens(module_of(pair[0]))), {})[name] = pair
    return all(in_order(ours, theirs, each) for each in kinds.values())


def _take(
    found: Paired,
    ours: Mapping[str, tuple[str, Tensor]],
    theirs: Mapping[str, tuple[str, Tensor]],
    how: str,
) -> None:
    for last, (name, _tensor) in ours.items():
        found[name] = theirs[last][0], how


def _theirs(found: Paired) -> set[str]:
    return {name for name, _how in found.values()}


def _rest(
    ours: Modules, theirs: Modules, found: Paired, exact: bool
) -> tuple[dict[str, Signature], dict[str, Signature]]:
    """The signatures of the layers of which nothing is paired."""
    return (
        signatures(_whole(ours, found), exact),
        signatures(_whole(theirs, _theirs(found)), exact),
    )


def _whole(layers: Modules, taken: Iterable[str]) -> Modules:
    taken = set(taken)
    return {
        name: tensors
        for name, tensors in layers.items()
        if not any(full in taken for full, _tensor in tensors.values())
    }


def _alone(ours: dict[Signature, list[str]], theirs: dict[Signature, list[str]]) -> dict[str, str]:
    return {
        names[0]: theirs[kind][0]
        for kind, names in ours.items()
        if len(names) == 1 == len(theirs.get(kind, ()))
    }


# Likely pairs of two different networks, for the report only --------------------------------------


def likely(ours: Modules, theirs: Modules) -> Paired:
    """Pairs by equal names and by order, also where tensors are left over on either side."""
    found: Paired = {}
    for single in (False, True):
        right = singles(ours, found) if single else ours
        left = singles(theirs, _theirs(found)) if single else theirs
        rest = groups(signatures(left))
        for kind, names in groups(signatures(right)).items():
            others = rest.get(kind, [])
            equal = set(names) & set(others)
            spare = iter([name for name in others if name not in equal])
            for name in names:
                other = name if name in equal else next(spare, None)
                if other is not None:
                    _take(found, right[name], left[other], NAME if name == other else ORDER)
    return found
