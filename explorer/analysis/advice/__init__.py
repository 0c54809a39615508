"""What a good colleague would say of a network that runs: problems of a lower grade, each with its
reason and its source, and an edit that follows it where there is one."""

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
from explorer.text import _


class Rule(NamedTuple):
    """One kind of advice. title: what it is about. reason: why, with its source. about: the kinds of
    layers that `look` is asked about; without it, it is asked once, about the whole network.
    everywhere: the label of a fix that follows it in all {count} places at once, where the first
    fix of each place sets parameters."""

    name: str
    title: str
    reason: str
    look: Callable[..., Any]
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


class _Told(NamedTuple):
    """A piece of advice before its fixes are known. times: in which places the rule saw it."""

    rule: Rule
    finding: Finding
    path: NodePath
    own: NodePath
    times: list[NodePath]


def steps(report: Report) -> Generator[bool | None, None, tuple[Problem, ...]]:
    """The advice on a network, in order of execution. It stops after each little piece of the work,
    some ms at most, for whoever has other things to do: with True where the next piece is to try a
    fix, which takes as long as the analysis of the network. Returns the whole; nothing while two
    layers have one name, for then it is open which of them is meant."""
    found: dict[tuple[str, NodePath], _Told] = {}
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
                finding = rule.look(context, layer)
                if finding:
                    path, own = context.place(layer)
                    told = found.setdefault((rule.name, own), _Told(rule, finding, path, own, []))
                    told.times.append(path)
    for rule in RULES.values():
        if rule.about is None:
            for finding in rule.look(context):
                if finding is None:
                    yield None
                else:
                    found[rule.name, finding.path] = _Told(
                        rule, finding, finding.path, finding.path, [finding.path]
                    )
            yield None
    order = {id: number for number, id in enumerate(report.facts)}
    problems = []
    for told in sorted(found.values(), key=lambda told: order.get(told.path[0], -1)):
        fixes = []
        for fix in told.finding.fixes():
            if isinstance(fix, Fix):
                fixes.append(fix)
                yield None
            else:
                yield fix
        problems.append((told.rule, _problem(context, told, fixes)))
        yield None
    return tuple(_everywhere(problems))


def advise(report: Report) -> tuple[Problem, ...]:
    """The advice on a network, in order of execution."""
    work = steps(report)
    while True:
        try:
            next(work)
        except StopIteration as done:
            told: tuple[Problem, ...] = done.value
            return told


def _problem(context: RuleContext, told: _Told, fixes: list[Fix]) -> Problem:
    message = _counted(context, told)
    return Problem(
        told.path,
        told.rule.name,
        message,
        ADVICE,
        reason=told.rule.reason,
        tried=tuple(fixes),
    )


def _counted(context: RuleContext, told: _Told) -> str:
    """The finding in words, with the number of times that it holds in the same node."""
    message = told.finding.message
    if len(told.times) == 1:
        return message
    blocks = len({path[len(told.own)] for path in told.times if len(path) > len(told.own) + 1})
    if KINDS[context.node(told.own).kind].category == "stage" and blocks > 1:
        return _("{finding} (in {count} blocks of {node})").format(
            finding=message, count=blocks, node=told.own
        )
    return _("{finding} ({count} times in {node})").format(
        finding=message, count=len(told.times), node=told.own
    )


def _everywhere(problems: list[tuple[Rule, Problem]]) -> Iterator[Problem]:
    """The advice, and with it, where a rule says so, one fix that follows it in all places."""
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
                    set_all, settings=[e.edit for e in fixes if isinstance(e.edit, SetParameters)]
                ),
                sum(added) if len(added) == len(fixes) else None,
            )
    for rule, problem in problems:
        if problem.tried and rule.name in whole:
            problem = replace(problem, tried=(*problem.tried, whole[rule.name]))
        yield problem


__all__ = ["RULES", "Rule", "advise", "steps"]
