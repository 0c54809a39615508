"""The value that everything else is about: nodes and the wires between them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType

Shape = tuple[int, ...]
Value = int | float | bool | str | tuple[int, int]
Meaning = tuple[str, tuple[tuple[str, Value], ...], "Graph | None"]
"""What a node computes: its kind, its parameters in the order of their names, its inner graph."""

INPUT = "input"
OUTPUT = "output"
ENDS = (INPUT, OUTPUT)
PORT = "x"


class CycleError(ValueError):
    """The wires run in a cycle. path: the ids of its nodes, in order, the first one again at the end."""

    def __init__(self, path: list[str]):
        super().__init__(" → ".join(path))
        self.path = path


@dataclass(frozen=True)
class Node:
    """One use of a kind. `params` holds what was set; the kind knows the defaults.

    position: centre on the canvas, in scene units. inner: the graph inside a custom group.
    meaning: what the node computes, hashable: kind, parameters, inner graph; not id nor place.
    """

    id: str
    kind: str
    params: Mapping[str, Value] = field(default_factory=dict)
    position: tuple[float, float] = (0.0, 0.0)
    inner: "Graph | None" = None
    meaning: Meaning = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        params = dict(self.params)
        vars(self)["params"] = MappingProxyType(params)
        vars(self)["meaning"] = self.kind, tuple(sorted(params.items())), self.inner

    def __hash__(self) -> int:
        return hash((self.id, self.meaning, self.position))


@dataclass(frozen=True)
class Wire:
    """The output of `source` goes to the input `port` of `target`."""

    source: str
    target: str
    port: str = PORT


@dataclass(frozen=True)
class Graph:
    """A network, or the inside of a block. Never changed; edits make new ones.

    input: shape (channels, height, width) of one picture, without the batch dimension.
    The ids "input" and "output" stand for the two ends and are not among `nodes`.
    """

    name: str = "network"
    input: Shape = ()
    nodes: Mapping[str, Node] = field(default_factory=dict)
    wires: tuple[Wire, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "nodes", MappingProxyType(dict(self.nodes)))

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _hash(self) -> int:
        return hash((self.name, self.input, tuple(self.nodes.values()), self.wires))

    @cached_property
    def _wires_into(self) -> dict[str, dict[str, Wire]]:
        wires: dict[str, dict[str, Wire]] = {}
        for wire in self.wires:
            wires.setdefault(wire.target, {})[wire.port] = wire
        return wires

    @cached_property
    def _wires_from(self) -> dict[str, list[Wire]]:
        wires: dict[str, list[Wire]] = {}
        for wire in self.wires:
            wires.setdefault(wire.source, []).append(wire)
        return wires

    def into(self, node: str) -> dict[str, Wire]:
        """The wires that end at `node`, by port."""
        return self._wires_into.get(node, {})

    def out_of(self, node: str) -> list[Wire]:
        """The wires that start at `node`."""
        return self._wires_from.get(node, [])

    @cached_property
    def order(self) -> tuple[str, ...]:
        """The nodes' ids, each after all that feed it; otherwise in the order of `nodes`.

        Raises CycleError.
        """
        place = {id: number for number, id in enumerate((INPUT, *self.nodes, OUTPUT))}
        if all([place[wire.source] < place[wire.target] for wire in self.wires]):
            return tuple(self.nodes)
        return self._sorted()

    @cached_property
    def places(self) -> dict[str, int]:
        """The position of every node and both ends in that order, by id."""
        return {id: number for number, id in enumerate((INPUT, *self.order, OUTPUT))}

    def _sorted(self) -> tuple[str, ...]:
        waiting = {
            id: sum(1 for wire in self.into(id).values() if wire.source != INPUT)
            for id in self.nodes
        }
        ready = [id for id, count in reversed(waiting.items()) if count == 0]
        order: list[str] = []
        while ready:
            id = ready.pop()
            order.append(id)
            freed = []
            for wire in self.out_of(id):
                if wire.target in waiting:
                    waiting[wire.target] -= 1
                    if waiting[wire.target] == 0:
                        freed.append(wire.target)
            ready.extend(reversed(freed))
        if len(order) < len(self.nodes):
            raise CycleError(self._cycle({id for id, count in waiting.items() if count > 0}))
        return tuple(order)

    def _cycle(self, among: set[str]) -> list[str]:
        """One cycle inside `among`, every node of which waits for another of them."""
        # A dict keeps the order, and its lookup takes constant time.
        path: dict[str, None] = {min(among): None}
        while True:
            before = next(
                wire.source
                for wire in self.into(next(reversed(path))).values()
                if wire.source in among
            )
            if before in path:
                ids = list(path)
                return [before, *ids[: ids.index(before) : -1], before]
            path[before] = None

    def reaches(self, start: str, goal: str) -> list[str] | None:
        """The ids along a path of wires from `start` to `goal`, or None."""
        came: dict[str, str] = {start: ""}
        stack = [start]
        while stack:
            id = stack.pop()
            if id == goal:
                path = [id]
                while came[path[-1]]:
                    path.append(came[path[-1]])
                return path[::-1]
            for wire in self.out_of(id):
                if wire.target not in came:
                    came[wire.target] = id
                    stack.append(wire.target)
        return None

    def downstream(self, id: str) -> set[str]:
        """The ids that a path of wires leads to from a node, its own among them."""
        reached, stack = {id}, [id]
        while stack:
            targets = {wire.target for wire in self.out_of(stack.pop())} - reached
            reached |= targets
            stack += targets
        return reached
