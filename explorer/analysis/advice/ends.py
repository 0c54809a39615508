"""Advice about where a network ends, and what in it leads nowhere."""

from collections.abc import Iterator, Mapping
from functools import partial

from explorer.analysis.advice.ground import Ground, Place, Seen, Way, lift
from explorer.analysis.facts import Facts, all_known, needed, sweep
from explorer.analysis.problem import Fix
from explorer.catalog import KINDS
from explorer.graph import edits
from explorer.graph.graph import Graph
from explorer.text import _

_LAST = {
    "Softmax": _(
        "{node} makes probabilities at the end, but the cross-entropy that trains the "
        "network takes scores and contains a softmax"
    ),
    "Dropout": _("{node} sets scores of classes to 0 at random, at the very end"),
    "DropPath": _("{node} sets the scores of whole pictures to 0 at random, at the very end"),
    "": _(
        "{node} bends the scores of the classes at the very end: they should be free to take "
        "any value"
    ),
}


def last(ground: Ground) -> Iterator[Seen]:
    """Scores that do not reach the loss as they are."""
    if ground.report.output is None or len(ground.report.output) != 1:
        return  # a map for each picture is no vector of scores
    end = next((layer for layer in reversed(ground.layers) if layer.path not in ground.uses), None)
    while end is not None and end.kind in ("Identity", "Flatten"):
        end = ground.source(end)
    if end is None:
        return
    if end.kind in _LAST or end.facts.kind.category == "activation":
        yield Seen(
            _LAST.get(end.kind, _LAST[""]).format(node=ground.name(end)),
            partial(_removed, ground, ground.place(end)),
            ground.place(end).way,
        )


def _removed(ground: Ground, place: Place) -> Iterator[Fix]:
    if place.way == place.own:
        yield ground.removing(place.own)


# Dead ends ------------------------------------------------------------------------------------


def dead(ground: Ground) -> Iterator[Seen]:
    """Nodes from which no way leads to the output: they are neither counted nor trained."""
    yield from _dead(ground, ground.report.graph, ground.report.facts, ())


def _dead(ground: Ground, graph: Graph, facts: Mapping[str, Facts], where: Way) -> Iterator[Seen]:
    alive = needed(graph)
    told: set[str] = set()
    for id in reversed(list(graph.nodes)):
        if id in alive or graph.out_of(id) or facts[id].fault or facts[id].out is None:
            continue
        branch = [id]
        for node in branch:  # what leads only here
            branch += [
                wire.source
                for wire in graph.into(node).values()
                if wire.source in graph.nodes
                and wire.source not in alive
                and wire.source not in branch
                and all(leaving.target in branch for leaving in graph.out_of(wire.source))
            ]
        if not told.isdisjoint(branch):
            continue
        told.update(branch)
        name = ".".join((*where, id))
        message = (
            _("{node} leads nowhere: it is not counted, and nothing can train it").format(node=name)
            if len(branch) == 1
            else _(
                "{node} leads nowhere: it and the {count} nodes that only lead to it are not "
                "counted, and nothing can train them"
            ).format(node=name, count=len(branch) - 1)
        )
        yield Seen(message, partial(_cut, graph, facts, where, id, tuple(branch)), (*where, id))
    for id, found in facts.items():
        if found.inner is not None and found.ins and found.ins[0] is not None:
            inner = {child.id: child.facts for child in sweep(found.inner, found.ins[0])}
            yield from _dead(ground, found.inner, inner, (*where, id))


def _cut(
    graph: Graph, facts: Mapping[str, Facts], where: Way, id: str, branch: tuple[str, ...]
) -> Iterator[Fix]:
    joins = [
        join
        for join in graph.nodes
        if KINDS[graph.nodes[join].kind].variadic
        and join not in branch
        and _fits(graph, facts, id, join)
    ]
    if len(joins) == 1:
        port = next(
            port
            for port in KINDS[graph.nodes[joins[0]].kind].all_ports
            if port not in graph.into(joins[0])
        )
        yield Fix(
            _("Connect {source} to {target}").format(source=id, target=joins[0]),
            lift(where, partial(edits.connect, source=id, target=joins[0], port=port)),
        )
    yield Fix(
        _("Remove {node}").format(node=".".join((*where, id)))
        if len(branch) == 1
        else _("Remove these {count} nodes").format(count=len(branch)),
        lift(where, partial(edits.remove, ids=branch)),
    )


def _fits(graph: Graph, facts: Mapping[str, Facts], id: str, join: str) -> bool:
    """The join can take the node's output as one branch more."""
    have, ins = facts[id].known_out, facts[join].ins
    if not ins or not all_known(ins) or facts[join].fault or edits.refusal(graph, id, join):
        return False
    if graph.nodes[join].kind == "Add":
        return have == ins[0]
    return len(have) == len(ins[0]) and have[1:] == ins[0][1:]
