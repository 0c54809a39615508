"""A network as a value: nodes and the wires between them."""

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
    """The wires form a cycle. path: the ids of its nodes in order, the first repeated at the
    end."""

    def __init__(self, path: list[str]):
        super().__init__(" → ".join(path))
        self.path = path


@dataclass(frozen=True)
class Node:
    """One use of a kind. params: those that were set; the kind knows the defaults.

    position: of the card's centre on the canvas, in scene units. inner: the graph inside a custom
    group. meaning: what the node computes, hashable; neither its id nor its position.
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
    """A connection from the output of `source` to the input `port` of `target`, both by id."""

    source: str
    target: str
    port: str = PORT


@dataclass(frozen=True)
class Graph:
    """A network, or the inside of a block. Immutable; edits return new graphs.

    input: shape (channels, height, width) of one picture, in pixels, without the batch dimension.
    nodes: by id, without the two ends, which have the ids "input" and "output". more: what else the
    network's file states, as the text of a JSON object, "" if nothing: how pictures are preprocessed
    (`explorer/catalog/preprocess.py`), and keys that this version does not know.
    """

    name: str = "network"
    input: Shape = ()
    nodes: Mapping[str, Node] = field(default_factory=dict)
    wires: tuple[Wire, ...] = ()
    more: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "nodes", MappingProxyType(dict(self.nodes)))

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _hash(self) -> int:
        return hash((self.name, self.input, tuple(self.nodes.values()), self.wires, self.more))

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
        """The nodes' ids, each after all nodes that feed it, otherwise in the order of `nodes`.

        Raises CycleError.
        """
        ranks = {id: rank for rank, id in enumerate((INPUT, *self.nodes, OUTPUT))}
        if all([ranks[wire.source] < ranks[wire.target] for wire in self.wires]):
            return tuple(self.nodes)
        return self._sorted()

    @cached_property
    def ranks(self) -> dict[str, int]:
        """The index of every node and of both ends in `order`, by id. Raises CycleError."""
        return {id: rank for rank, id in enumerate((INPUT, *self.order, OUTPUT))}

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
        """One cycle within the nodes `among`, each of which is fed by another of them."""
        # A dict keeps its order and is searched in constant time.
        path: dict[str, None] = {min(among): None}
        while True:
            source = next(
                wire.source
                for wire in self.into(next(reversed(path))).values()
                if wire.source in among
            )
            if source in path:
                ids = list(path)
                return [source, *ids[: ids.index(source) : -1], source]
            path[source] = None

    def reaches(self, start: str, goal: str) -> list[str] | None:
        """The ids along a path of wires from `start` to `goal`, both included; None if there is no
        path."""
        previous: dict[str, str] = {start: ""}
        stack = [start]
        while stack:
            id = stack.pop()
            if id == goal:
                path = [id]
                while previous[path[-1]]:
                    path.append(previous[path[-1]])
                return path[::-1]
            for wire in self.out_of(id):
                if wire.target not in previous:
                    previous[wire.target] = id
                    stack.append(wire.target)
        return None

    def downstream(self, id: str) -> set[str]:
        """The ids of the node and of all nodes and ends to which a path of wires leads from it."""
        reached, stack = {id}, [id]
        while stack:
            targets = {wire.target for wire in self.out_of(stack.pop())} - reached
            reached |= targets
            stack += targets
        return reached
