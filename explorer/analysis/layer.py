"""The layers of a network: its primitives in order of execution, with the names of their
modules."""

from functools import lru_cache
from typing import Any, NamedTuple

from explorer.analysis.facts import Facts
from explorer.graph.graph import INPUT, Shape
from explorer.graph.path import NodePath


class Layer(NamedTuple):
    """A primitive at its place in the network. path: the name of its module there. sources: the
    paths of the layers that feed it; "input" is the picture."""

    path: str
    facts: Facts
    sources: tuple[str, ...]

    @property
    def kind(self) -> str:
        return self.facts.kind.name

    @property
    def settings(self) -> dict[str, Any]:
        """All its parameters."""
        return vars(self.facts.settings)

    @property
    def ins(self) -> tuple[Shape | None, ...]:
        return self.facts.ins

    @property
    def out(self) -> Shape | None:
        return self.facts.out

    @property
    def params(self) -> int:
        return self.facts.params

    @property
    def macs(self) -> int:
        return self.facts.macs


@lru_cache(maxsize=4096)
def layers_of(path: str, facts: Facts, sources: tuple[str, ...]) -> tuple[list[Layer], str]:
    """The layers of the node at `path`, and the path of the layer whose output is the node's
    output.

    sources: the paths of the layers that feed the node. Cached, because an edit leaves most nodes
    unchanged.
    """
    return _layers_of(path, facts, sources)


def _layers_of(path: str, facts: Facts, sources: tuple[str, ...]) -> tuple[list[Layer], str]:
    if not facts.kind.composite:
        return [Layer(path, facts, sources)], path
    prefix = path.rpartition(".")[0] if facts.inline else path
    if prefix:
        prefix += "."
    layers: list[Layer] = []
    paths = {INPUT: sources[0] if sources else INPUT}
    for id, inner, feeding in facts.children:
        fed = (
            (paths[feeding[0]],)
            if len(feeding) == 1
            else tuple([paths[source] for source in feeding])
        )
        if inner.kind.composite:
            own, paths[id] = _layers_of(prefix + id, inner, fed)
            layers += own
        else:
            paths[id] = inner_path = prefix + id
            layers.append(Layer(inner_path, inner, fed))
    return layers, paths.get(facts.result, paths[INPUT])


@lru_cache(maxsize=1024)
def paths_of(path: NodePath, facts: Facts) -> tuple[NodePath, ...]:
    """The node paths of the primitives at and inside a node, in the order of `layers_of`. Cached,
    because an edit leaves most nodes unchanged."""
    if not facts.kind.composite:
        return (path,)
    return tuple(
        [inner for child in facts.children for inner in paths_of(path / child.id, child.facts)]
    )


def producers(id: str, facts: Facts, sources: tuple[str, ...]) -> dict[NodePath, str]:
    """For a node and every node inside it, by its path: the path of the layer whose output is its
    output. sources: the paths of the layers that feed the node."""
    producer_of: dict[NodePath, str] = {}
    path = NodePath((id,))
    prefix = "" if facts.inline else f"{id}."
    producer_of[path] = _trace(producer_of, prefix, path, facts, sources)
    return producer_of


def _trace(
    producer_of: dict[NodePath, str],
    prefix: str,
    path: NodePath,
    facts: Facts,
    sources: tuple[str, ...],
) -> str:
    """The producer of the node at `path`; those of the nodes inside are entered. prefix: of the
    names of the modules inside."""
    if not facts.kind.composite:
        return prefix[:-1]
    paths = {INPUT: sources[0] if sources else INPUT}
    for child in facts.children:
        inner, inner_path = child.facts, path / child.id
        paths[child.id] = producer_of[inner_path] = _trace(
            producer_of,
            prefix if inner.inline else f"{prefix}{child.id}.",
            inner_path,
            inner,
            tuple(paths[source] for source in child.sources),
        )
    return paths.get(facts.result, paths[INPUT])
