"""The analysis as a whole. The work grows with the layers, whatever the network looks like: twice
the layers take no more than some twice as many calls of functions. All that follows from an edit,
or that a command prints, is done on networks of many forms, on a very deep one, and on such whose
layers share a name."""

from contextlib import suppress
from dataclasses import replace

import pytest

from explorer.analysis import (
    compare,
    facts,
    fixes,
    layout,
    memory_forecast,
    print_layout,
    scope,
    source,
    table,
)
from explorer.analysis.advice import advise
from explorer.analysis.problem import problems
from explorer.analysis.report import Report, analyse
from explorer.catalog import templates
from explorer.graph import edits
from explorer.graph.graph import INPUT, OUTPUT, Graph, Node, Wire
from explorer.graph.path import NodePath

MOST = 2.3  # times the calls for twice the layers
CONV = {"kernel_size": 3, "padding": 1, "out_channels": 8}


def network(nodes: list[Node], wires: list[Wire], input=(8, 8, 8)) -> Graph:
    return Graph("net", input, {node.id: node for node in nodes}, tuple(wires))


def row(nodes: list[Node], input=(8, 8, 8)) -> Graph:
    ids = [INPUT, *(node.id for node in nodes), OUTPUT]
    return network(nodes, list(map(Wire, ids, ids[1:])), input)


def group(id: str, inner: Graph, **params) -> Node:
    return Node(id, "Group", params, inner=replace(inner, name="", input=()))


def of_kinds(count: int, *kinds: str, **params) -> Graph:
    given = {"Conv2d": CONV, "Linear": {"out_features": 8}}
    return row(
        [
            Node(f"n{n}", kind := kinds[n % len(kinds)], {**given.get(kind, {}), **params})
            for n in range(count)
        ]
    )


def ladder(count: int, join: str, nested: bool) -> Graph:
    """A row of convolutions, then joins in a row, each with a shortcut from far back."""
    half = count // 2
    base = of_kinds(half, "Conv2d")
    nodes, wires, last = [], list(base.wires[:-1]), f"n{half - 1}"
    for n in range(half - 1):
        nodes.append(Node(f"join{n}", join))
        far = half - 2 - n if nested else n
        wires += [Wire(last, f"join{n}", "a"), Wire(f"n{far}", f"join{n}", "b")]
        last = f"join{n}"
    return network([*base.nodes.values(), *nodes], [*wires, Wire(last, OUTPUT)])


def nested_branches(count: int) -> Graph:
    """As a U-Net: what is joined last left first, each with a layer on its way."""
    graph = ladder(count * 2 // 3, "Add", True)
    for id in [id for id in graph.nodes if id.startswith("join")]:
        skip = Node(f"skip{id[4:]}", "Conv2d", CONV)
        wire = graph.into(id)["b"]
        graph = replace(
            graph,
            nodes={**graph.nodes, skip.id: skip},
            wires=(
                *(Wire(skip.id, id, "b") if each is wire else each for each in graph.wires),
                Wire(wire.source, skip.id),
            ),
        )
    return graph


def residual(count: int) -> Graph:
    """Blocks whose branches have an activation before the sum."""
    nodes, wires, last = [], [], INPUT
    for n in range(count // 3):
        nodes += [Node(f"c{n}", "Conv2d", CONV), Node(f"r{n}", "ReLU"), Node(f"a{n}", "Add")]
        wires += [Wire(last, f"c{n}"), Wire(f"c{n}", f"r{n}"), Wire(f"r{n}", f"a{n}", "a")]
        wires.append(Wire(last, f"a{n}", "b"))
        last = f"a{n}"
    return network(nodes, [*wires, Wire(last, OUTPUT)])


def dead_ends(count: int) -> Graph:
    """A residual network, and behind every second node a dead end that fits each of its sums."""
    base = residual(count // 2)
    ids = list(base.nodes)
    nodes = [Node(f"dead{n}", "Conv2d", CONV) for n in range(count // 2)]
    wires = [Wire(ids[n % len(ids)], node.id) for n, node in enumerate(nodes)]
    return network([*base.nodes.values(), *nodes], [*base.wires, *wires])


def one_dead_end(count: int) -> Graph:
    base = of_kinds(count, "Conv2d")
    return replace(base, wires=(*base.wires[:-1], Wire("n0", OUTPUT)))


def unconnected(count: int) -> Graph:
    return replace(of_kinds(count, "Conv2d", "Add"), wires=(Wire(INPUT, "n0"), Wire("n0", OUTPUT)))


def branches_that_differ(count: int) -> Graph:
    graph = residual(count)
    return edits.set_each(graph, {f"c{n}": {"out_channels": 8 + n % 2} for n in range(count // 3)})


def pools(count: int) -> Graph:
    """Means of fields that are too small, each spread over the map again."""
    nodes = []
    for n in range(count // 3):
        nodes += [
            Node(f"c{n}", "Conv2d", CONV),
            Node(f"p{n}", "AdaptiveAvgPool2d", {"output_size": 1}),
            Node(f"u{n}", "Upsample", {"scale_factor": 8}),
        ]
    return row(nodes)


def squares(count: int) -> Graph:
    """Each multiplied by itself, so that twice as many ways lead through each: then 1×1."""
    nodes, wires, last = [Node("c", "Conv2d", CONV)], [Wire(INPUT, "c")], "c"
    for n in range(count):
        nodes.append(Node(f"m{n}", "Multiply"))
        wires += [Wire(last, f"m{n}", "a"), Wire(last, f"m{n}", "b")]
        last = f"m{n}"
    point = {"kernel_size": 1, "out_channels": 8}
    nodes += [Node("d", "Conv2d", point), Node("e", "Conv2d", CONV)]
    return network(nodes, [*wires, Wire(last, "d"), Wire("d", "e"), Wire("e", OUTPUT)])


def stages(count: int) -> Graph:
    return row(
        [Node(f"s{n}", "Stage", {"depth": 4, "width": 8 + 8 * n}) for n in range(count // 20)]
    )


def blocks_that_differ(count: int) -> Graph:
    return row([Node(f"b{n}", "BasicBlock", {"width": 8 + n}) for n in range(count // 8)])


def unlike_groups(count: int) -> Graph:
    """Two uses of one class, that differ in every layer."""

    def one(seed: int) -> Graph:
        inner = of_kinds(count // 2, "Conv2d")
        inner = edits.set_each(
            inner, {f"n{n}": {"out_channels": 8 + (n * 7 + seed) % 50} for n in range(count // 2)}
        )
        inner = edits.disconnect(inner, OUTPUT)
        inner = edits.add(inner, Node("join", "Concat"))
        wires = (Wire(f"n{count // 2 - 1}", "join", "a"), Wire(INPUT, "join", "b"))
        return replace(inner, wires=(*inner.wires, *wires, Wire("join", OUTPUT)))

    return row([group("g0", one(0)), group("g1", one(3))])


def deep_groups(count: int) -> Graph:
    """As deep as a file may have them."""
    graph = of_kinds(count // 16, "Conv2d", "ReLU")
    for _depth in range(15):
        inner = of_kinds(count // 16, "Conv2d", "ReLU")
        first = {**inner.nodes, "g": group("g", graph)}
        graph = replace(
            inner,
            nodes=first,
            wires=(
                *(wire for wire in inner.wires if wire.target != OUTPUT),
                Wire(list(inner.nodes)[-1], "g"),
                Wire("g", OUTPUT),
            ),
        )
    return graph


def equal_names(count: int) -> Graph:
    """Inline groups that all use the same names."""
    inner = of_kinds(2, "Conv2d", "ReLU")
    return row([group(f"g{n}", inner, inline=True) for n in range(count // 2)])


FORMS = {
    "convolutions": lambda count: of_kinds(count, "Conv2d"),
    "convolutions and ReLU": lambda count: of_kinds(count, "Conv2d", "ReLU"),
    "biases before BatchNorm2d": lambda count: of_kinds(count, "Conv2d", "BatchNorm2d"),
    "linear layers": lambda count: of_kinds(count, "Linear"),
    "identities": lambda count: of_kinds(count, "Identity"),
    "strides": lambda count: of_kinds(count, "Conv2d", stride=2),
    "strides past pixels": lambda count: of_kinds(
        count, "Conv2d", kernel_size=2, stride=3, padding=127
    ),
    "sums in each other": lambda count: ladder(count, "Add", True),
    "concatenations in each other": lambda count: ladder(count, "Concat", True),
    "sums across each other": lambda count: ladder(count, "Add", False),
    "windows too large": lambda count: of_kinds(count, "Conv2d", kernel_size=31),
    "one large group": lambda count: row([group("g", of_kinds(count, "Conv2d", "ReLU"))]),
    **{
        build.__name__.replace("_", " "): build
        for build in (
            nested_branches,
            residual,
            dead_ends,
            one_dead_end,
            unconnected,
            branches_that_differ,
            pools,
            squares,
            stages,
            blocks_that_differ,
            unlike_groups,
            deep_groups,
            equal_names,
        )
    },
}


def fields(report: Report) -> None:
    for id, found in report.facts.items():
        report.fields.of(NodePath.of(id))
        for child in found.children:
            report.fields.of(NodePath.of(f"{id}.{child.id}"))


def compared(report: Report) -> None:
    with suppress(compare.NotComparable):
        compare.compared(report.graph, report.facts, report.graph.input, report.facts)


def written(report: Report) -> None:
    if report.ok:
        source.source(report)


def middle(report: Report) -> list[str]:
    """The ids of half of the nodes, in a row."""
    ids = list(report.facts)
    return ids[len(ids) // 4 : len(ids) * 3 // 4]


WORK = {
    "problems": lambda report: problems(report),
    "layers": lambda report: (
        report.layers(),
        report.layer_fields,
        report.producer(NodePath.of(INPUT)),
    ),
    "advice": lambda report: advise(report),
    "memory": lambda report: memory_forecast.forecast(report),
    "source": written,
    "fields": fields,
    "layout": lambda report: layout.placed(report.graph),
    "tables": lambda report: (
        table.as_text(report),
        table.as_json(report),
        table.as_csv(report),
        table.as_markdown(report),
    ),
    "levels": lambda report: (scope.scope(report), scope.first_problems(report)),
    "page": lambda report: print_layout.problems_on(
        report, print_layout.opened(scope.scope(report), 3)
    ),
    "comparison": compared,
    "copies": lambda report: edits.paste(report.graph, edits.excerpt(report.graph, report.facts)),
    "removal": lambda report: edits.remove(report.graph, middle(report), bridge=True),
}


def work(graph: Graph, operations) -> dict[str, int]:
    """How many calls each takes."""
    facts.forget()
    reports = []
    found = {"analysis": operations(lambda: reports.append(analyse(graph)))}
    for name, do in WORK.items():
        found[name] = operations(lambda do=do: do(reports[0]))
    return found


@pytest.mark.parametrize("form", FORMS)
def test_twice_the_layers_take_twice_the_work(form, operations):
    once, twice = (work(FORMS[form](count), operations) for count in (128, 256))
    grown = {name: twice[name] / once[name] for name in once if twice[name] > 2000}
    assert {name: times for name, times in grown.items() if times > MOST} == {}


def test_the_deepest_network_that_a_file_may_hold_ends():
    report = analyse(of_kinds(20_000, "Conv2d", "ReLU"))
    assert len(report.layers()) == 20_000
    assert [advice.rule for advice in advise(report)] == ["plain", "wide"]
    assert memory_forecast.forecast(report).training > 0
    assert source.source(report).text.count("\n") > 20_000
    assert len(layout.layout(report.graph)) == 20_002


def broken_chain(count: int) -> Graph:
    """Convolutions in a row, with a sum of unequal branches in the middle."""
    graph = of_kinds(count, "Conv2d")
    middle = f"n{count // 2}"
    graph = edits.insert(graph, Node("add", "Add"), graph.into(middle)["x"], "a")
    graph = edits.set_params(graph, f"n{count // 2 - 1}", {"padding": 0})
    return edits.connect(graph, f"n{count // 2 - 3}", "add", "b")


def cut_chain(count: int) -> Graph:
    return edits.disconnect(of_kinds(count, "Conv2d"), f"n{count // 2}")


def flattened_chain(count: int) -> Graph:
    graph = of_kinds(count, "Conv2d")
    return edits.insert(graph, Node("flat", "Flatten"), graph.into(f"n{count // 2}")["x"])


LONG = [broken_chain, cut_chain, flattened_chain, equal_names]


def first_fixes(report: Report) -> int:
    """How many fixes the first problem has; those of all others are made too."""
    first, *_others = [fixes.fixes(report, problem) for problem in problems(report)]
    return len(first)


@pytest.mark.parametrize("build", LONG)
def test_the_fixes_of_a_very_long_network_take_a_few_trials(build, monkeypatch):
    tried = []
    monkeypatch.setattr(fixes, "analyse", lambda *given: tried.append(given) or analyse(*given))
    assert 0 < first_fixes(analyse(build(20_000))) <= fixes.MOST_OFFERED
    assert len(tried) < 10


@pytest.mark.parametrize("build", LONG)
def test_the_fixes_of_twice_the_layers_take_twice_the_work(build, operations):
    counts = []
    for count in (1_000, 2_000):
        report = analyse(build(count))
        facts.forget()
        counts.append(operations(lambda report=report: first_fixes(report)))
    assert counts[1] < MOST * counts[0]


# Layers of one name ---------------------------------------------------------------------------


def vgg_with_one_layer_more() -> Graph:
    graph = templates.build("vgg11")
    features = graph.nodes["features"]
    inner = edits.set_params(features.inner, "group2", {"depth": 2})
    return edits.replace_node(graph, replace(features, inner=inner))


def inline_within_inline() -> Graph:
    """A Sequential-like group, and the same once more inside it."""
    inner = of_kinds(2, "Conv2d", "ReLU")
    outer = row([Node("n0", "Conv2d", CONV), group("same", inner, inline=True)])
    return row([group("same", outer, inline=True), group("other", inner, inline=True)])


@pytest.mark.parametrize(
    "build", [vgg_with_one_layer_more, inline_within_inline, lambda: equal_names(40)]
)
def test_two_layers_of_one_name_are_a_problem_and_no_circle(build):
    report = analyse(build())
    paths = [layer.path for layer in report.layers()]
    assert len(paths) == report.size > len(set(paths))
    assert {problem.rule for problem in problems(report)} == {"names"}
    for do in WORK.values():
        do(report)
    assert advise(report) == () and memory_forecast.forecast(report) is None
    assert len(report.layer_fields) == len(paths) and None not in report.layer_fields
    with pytest.raises(source.NotRunnable):
        source.source(report)
