"""Advice: what an experienced colleague would object to in a network that runs. Each piece is a
problem of the lower grade, with its reason, the source of that, and fixes where there are any."""

from collections.abc import Callable, Generator, Iterator
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

from explorer.analysis.advice import chain, ends, window
from explorer.analysis.advice.rule_context import STEP, Finding, RuleContext, SetParameters, set_all
from explorer.analysis.problem import ADVICE, Fix, Problem
from explorer.analysis.report import Report
from explorer.catalog import KINDS, Kind
from explorer.graph.path import NodePath
from explorer.text import _, ngettext


class Rule(NamedTuple):
    """One rule of advice.

    title: what it is about. reason: why, with its source. check: the function that returns what it
    finds. about: whether `check` is asked about layers of a kind; without it, `check` is asked
    once, about the whole network. everywhere: the label of a fix that applies the first fix of all
    {count} findings at once, if these set parameters.
    """

    name: str
    title: str
    reason: str
    check: Callable[..., Any]
    about: Callable[[Kind], bool] | None = None
    everywhere: str = ""


RULES = {
    rule.name: rule
    for rule in (
        Rule(
            "linear",
            _("Two linear layers in a row"),
            _(
                "Two linear layers equal one: without a non-linearity between them, the second can "
                "compute nothing that the first could not compute alone. BatchNorm2d and average "
                "pooling do not help, because they are linear in evaluation mode (Goodfellow, Bengio, "
                "Courville 2016, section 6.1)."
            ),
            chain.linear,
            lambda kind: kind.weighted,
        ),
        Rule(
            "bias",
            _("A bias before BatchNorm2d"),
            _(
                "BatchNorm2d subtracts the mean of each channel, and the bias with it; its own β "
                "takes the place of the bias (Ioffe and Szegedy 2015, section 3.2)."
            ),
            chain.bias,
            lambda kind: kind.weighted and kind.window is not None,
            _("Turn off all {count} biases before BatchNorm2d"),
        ),
        Rule(
            "plain",
            _("A deep stack without normalisation"),
            _(
                "Signals and gradients shrink or grow with every layer. {deep} layers could be trained from "
                "a random start; the deeper VGG nets began with weights of shallower ones (Simonyan and "
                "Zisserman 2014, section 3.1). With BatchNorm2d they train as they are (Ioffe and Szegedy "
                "2015), and shortcuts let a hundred layers train (He et al. 2015)."
            ).format(deep=chain.DEEP),
            chain.plain,
        ),
        Rule(
            "sum",
            _("An activation before a residual sum"),
            _(
                "F(x) must be able to correct x in both directions. After a ReLU it is never "
                "negative, so the sum can only grow from block to block, and the error rises: 7.84 % "
                "against 6.61 % for a ResNet-110 on CIFAR-10 (He et al. 2016, figure 4c and table 2)."
            ),
            chain.residual,
            lambda kind: kind.joins == "sum",
        ),
        Rule(
            "stride",
            _("A stride larger than its window"),
            _(
                "Between one window and the next there are pixels that no weight ever sees, so they "
                "cannot affect the result. A window at least as large as its stride sees all pixels "
                "(Dumoulin and Visin 2016)."
            ),
            window.stride,
            lambda kind: not kind.spreads and {"kernel_size", "stride"} <= kind.names,
        ),
        Rule(
            "small",
            _("A window larger than its map"),
            _(
                "Where the map is as small as one pixel, all but one of the weights see only the "
                "zeros of the padding: they cost memory and never learn. The picture is too small for "
                "so many strides, or the layer could be 1×1 (for dilation: Chen et al. 2017, section "
                "3.3)."
            ),
            window.small,
        ),
        Rule(
            "narrow",
            _("A receptive field smaller than the object"),
            _(
                "Global pooling only takes a mean: none of the positions that it averages has seen a "
                "whole object, so the network knows parts but not how they fit together (Brendel and "
                "Bethge 2019). More layers, an earlier stride or dilation enlarge the field (Araujo, "
                "Norris, Sim 2019)."
            ),
            window.narrow,
            lambda kind: kind.category == "pooling",
        ),
        Rule(
            "wide",
            _("A receptive field far larger than the picture"),
            _(
                "A layer that can only add context adds nothing once the whole picture is seen. Such "
                "layers cost time and hardly change the result. What helps: fewer of them, fewer "
                "strides before them, a larger picture, or shortcuts around them (Richter et al. "
                "2021, arXiv 2106.12307)."
            ),
            window.wide,
        ),
        Rule(
            "last",
            _("A last layer that hinders the loss"),
            _(
                "Training uses the cross-entropy, which contains softmax and logarithm and expects "
                "the raw scores of the last linear layer. A second softmax flattens the gradient "
                "(PyTorch documentation, torch.nn.CrossEntropyLoss)."
            ),
            ends.last,
        ),
        Rule(
            "dead",
            _("A dead end"),
            _(
                "Only what leads to the output is used: a dead end is not counted in any total, and "
                "no gradient reaches it."
            ),
            ends.dead,
        ),
    )
}

_BY_KIND = {
    kind.name: rules
    for kind in KINDS.values()
    if not kind.composite
    and (rules := [rule for rule in RULES.values() if rule.about and rule.about(kind)])
}


class _NodeFinding(NamedTuple):
    """What a rule found in one node. finding: the first one there. path: of the layer that it is
    about. node_path: of the node. paths: of all layers there for which the rule found something."""

    rule: Rule
    finding: Finding
    path: NodePath
    node_path: NodePath
    paths: list[NodePath]


def steps(report: Report) -> Generator[bool | None, None, tuple[Problem, ...]]:
    """Works out the advice on a network, and returns it in order of execution.

    Yields after each small piece of the work, a few ms at most, so that the caller can do other
    things: True before a fix is tried, which takes as long as the analysis of the network. There is
    no advice while two layers have the same name, because it could be about either.
    """
    findings: dict[tuple[str, NodePath], _NodeFinding] = {}
    if not report.size or report.too_large:
        return ()
    context = RuleContext(report)
    yield None
    yield from context.read()
    if context.clash:
        return ()
    for kind, rules in _BY_KIND.items():
        for number, layer in enumerate(context.kinds.get(kind, ())):
            if number % STEP == STEP - 1:
                yield None
            if None in layer.facts.ins:
                continue
            for rule in rules:
                if finding := rule.check(context, layer):
                    path, node_path = context.place(layer)
                    findings.setdefault(
                        (rule.name, node_path), _NodeFinding(rule, finding, path, node_path, [])
                    ).paths.append(path)
    for rule in RULES.values():
        if rule.about is None:
            for finding in rule.check(context):
                if finding is None:
                    yield None
                else:
                    findings[rule.name, finding.path] = _NodeFinding(
                        rule, finding, finding.path, finding.path, [finding.path]
                    )
            yield None
    problems = []
    ranks = report.graph.ranks
    for each in sorted(findings.values(), key=lambda each: ranks.get(each.path[0], -1)):
        fixes = []
        for fix in each.finding.fixes():
            if isinstance(fix, Fix):
                fixes.append(fix)
                yield None
            else:
                yield fix
        problems.append(
            (
                each.rule,
                Problem(
                    each.path,
                    each.rule.name,
                    _counted(context, each),
                    ADVICE,
                    reason=each.rule.reason,
                    tried=tuple(fixes),
                ),
            )
        )
        yield None
    return tuple(_everywhere(problems))


def advise(report: Report) -> tuple[Problem, ...]:
    """The advice on a network, in order of execution."""
    work = steps(report)
    while True:
        try:
            next(work)
        except StopIteration as done:
            advice: tuple[Problem, ...] = done.value
            return advice


def _counted(context: RuleContext, node_finding: _NodeFinding) -> str:
    """The sentence of a finding, with the number of times that it holds in the same node."""
    _rule, finding, _path, node_path, paths = node_finding
    if len(paths) == 1:
        return finding.message
    blocks = len({path[len(node_path)] for path in paths if len(path) > len(node_path) + 1})
    if KINDS[context.node(node_path).kind].category == "stage" and blocks > 1:
        return ngettext(
            "{finding} (in {count} block of {node})",
            "{finding} (in {count} blocks of {node})",
            blocks,
        ).format(finding=finding.message, count=blocks, node=node_path)
    return ngettext(
        "{finding} ({count} time in {node})", "{finding} ({count} times in {node})", len(paths)
    ).format(finding=finding.message, count=len(paths), node=node_path)


def _everywhere(problems: list[tuple[Rule, Problem]]) -> Iterator[Problem]:
    """The advice; to that of rules with `everywhere` a fix is added that applies the first fix of
    each."""
    firsts: dict[str, list[Fix]] = {}
    for rule, problem in problems:
        if rule.everywhere and problem.tried:
            firsts.setdefault(rule.name, []).append(problem.tried[0])
    whole: dict[str, Fix] = {}
    for name, fixes in firsts.items():
        if len(fixes) > 1:
            added = [fix.added for fix in fixes if fix.added is not None]
            whole[name] = Fix(
                RULES[name].everywhere.format(count=len(fixes)),
                partial(
                    set_all,
                    settings=[fix.edit for fix in fixes if isinstance(fix.edit, SetParameters)],
                ),
                sum(added) if len(added) == len(fixes) else None,
            )
    for rule, problem in problems:
        if problem.tried and rule.name in whole:
            problem = replace(problem, tried=(*problem.tried, whole[rule.name]))
        yield problem


__all__ = ["RULES", "Rule", "advise", "steps"]
