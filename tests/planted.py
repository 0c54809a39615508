"""One fault planted in a network: a parameter that does not fit, a layer too many or too few, a wire
that is cut; at the top or inside a group made of a declared block."""

import random
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import NamedTuple

from explorer.analysis.facts import Facts
from explorer.analysis.fixes import blamed, fixes
from explorer.analysis.problem import problems
from explorer.analysis.report import Report, analyse
from explorer.catalog import check, roles, templates
from explorer.catalog.layers.window import pair
from explorer.graph import edits
from explorer.graph.graph import Graph, Node, Value
from explorer.graph.path import NodePath

SETTINGS = ("stride", "padding", "channels", "kernel", "large kernel", "groups")
"""The faults that are a parameter of one node."""


class Planted(NamedTuple):
    """A network with one fault. where: the node that is at fault, or that the wire led to. setting:
    whether one of its parameters is."""

    name: str
    where: NodePath
    graph: Graph
    setting: bool

    @property
    def text(self) -> str:
        return f"{self.name} at {self.where} of {self.graph.name}"


def opened(graph: Graph, path: NodePath) -> Graph:
    """The graph with the declared block at a path, and those around it, made groups, as "Edit
    inside" makes them."""
    id, *within = path
    node, facts = graph.nodes[id], analyse(graph).facts[id]
    if node.inner is None:
        params = {"inline": True} if facts.inline else {}
        node = replace(node, kind=roles.GROUP.name, params=params, inner=facts.expansion)
    if within:
        inner = opened(replace(node.inner, input=facts.ins[0]), NodePath(within))
        node = replace(node, inner=replace(inner, input=()))
    return edits.replace_node(graph, node)


def scopes(graph: Graph) -> Iterator[tuple[NodePath, Graph]]:
    """The top, and the inside of every block, each with the network in which that is a group; of
    blocks that are equal the first two."""
    yield NodePath(), graph
    seen: dict[object, int] = {}

    def blocks(facts_of: dict[str, Facts], scope: NodePath) -> Iterator[NodePath]:
        for id, facts in facts_of.items():
            if facts.expansion is not None:
                seen[facts] = seen.get(facts, 0) + 1
                if seen[facts] <= 2:
                    yield scope / id
                    yield from blocks({each.id: each.facts for each in facts.children}, scope / id)

    for path in blocks(analyse(graph).facts, NodePath()):
        yield path, opened(graph, path)


def _settings(facts: Facts) -> Iterator[tuple[str, dict[str, Value]]]:
    """Parameters that may not fit, with the name of the fault."""
    settings, names = facts.settings, facts.kind.names
    if "stride" in names:
        yield "stride", {"stride": 1 if pair(settings.stride) != (1, 1) else 2}
    if "padding" in names and settings.padding != 0:
        yield "padding", {"padding": 0}
    for key in ("out_channels", "width"):
        if key in names:
            yield "channels", {key: 2 * getattr(settings, key)}
    if "kernel_size" in names:
        yield "kernel", {"kernel_size": max(pair(settings.kernel_size)) + 1}
        yield "large kernel", {"kernel_size": 255}
    if "groups" in names:
        yield "groups", {"groups": 7}


def plants(report: Report) -> Iterator[tuple[str, str, edits.Edit]]:
    """The faults that can be planted in a graph: name, node, edit."""
    graph = report.graph
    for id, facts in report.facts.items():
        for name, params in _settings(facts):
            yield name, id, lambda g, id=id, p=params: edits.set_params(g, id, p)
        if facts.kind in (roles.FLATTEN, roles.PROJECTION, roles.GLOBAL_POOLING):
            yield f"{facts.kind.name} left out", id, lambda g, id=id: edits.remove(g, [id], True)
        for port, wire in graph.into(id).items():
            shape = facts.ins[sorted(graph.into(id)).index(port)]
            yield "wire cut", id, lambda g, id=id, port=port: edits.disconnect(g, id, port)
            if len(shape) != 3:
                continue
            for kind in (roles.FLATTEN, roles.POOLING):
                if shape[1:] != (1, 1) or kind is roles.FLATTEN:
                    node = Node("planted", kind.name)
                    yield (
                        f"{kind.name} too many",
                        "planted",
                        lambda g, node=node, wire=wire: edits.insert(g, node, wire),
                    )


def planted(name: str, most: int, seed: int = 0) -> Iterator[Planted]:
    """Networks made of a template by one fault each: of every sort of fault up to `most`, drawn from
    all places."""
    drawn: dict[str, list[tuple[NodePath, str, edits.Edit, Graph]]] = {}
    whole = templates.build(name)
    for scope, graph in scopes(whole):
        report = analyse(graph)
        for id in scope:
            report = report.inside(id)
        for fault, id, edit in plants(report):
            drawn.setdefault(fault, []).append((scope, id, edit, graph))
    chance = random.Random(seed)
    chance = random.Random(seed)
    for fault, places in drawn.items():
        chance.shuffle(places)
        wrong = (
            Planted(fault, scope / id, edits.inside(scope, edit)(graph), fault in SETTINGS)
            for scope, id, edit, graph in places
        )
        yield from islice((each for each in wrong if _is_wrong(each.graph)), most)


def _is_wrong(graph: Graph) -> bool:
    """Whether the network may be drawn, and has a fault."""
    try:
        return not analyse(check.graph(graph)).ok
    except check.KindError:
        return False


def check_mended(fault: Planted) -> None:
    """At least one fix other than a removal leaves no fault, and each removes its problem. Of a wrong
    parameter, one sets that of the node itself; of wrong channels, some node: either side of a sum
    may be the wrong one."""
    report = analyse(fault.graph)
    sound, setting_sound = 0, set()
    for problem in problems(report):
        offered = fixes(report, problem)
        after = [analyse(fix.edit(fault.graph)) for fix in offered]
        sound += sum(each.ok and not fix.removes for fix, each in zip(offered, after))
        setting_sound |= {path for fix, each in zip(offered, after) if each.ok for path in fix.sets}
        assert all(
            (each.path, each.rule) != (problem.path, problem.rule)
            for mended in after
            for each in problems(mended)
        ), fault.text
        setting = [fix.sets for fix in offered if fix.sets]
        assert blamed(report, problem) == (setting[0] if setting else (problem.path,))
    assert sound, (fault.text, [each.message for each in problems(report)])
    if fault.setting:
        assert setting_sound, fault.text
    if fault.setting and fault.name != "channels":
        assert fault.where in setting_sound, (fault.text, setting_sound)
