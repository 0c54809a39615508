"""export: the network as source, diagram, table, weights or ONNX."""

import os
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from explorer.analysis.form import FORMS, Form, Maker
from explorer.catalog import Param, published
from explorer.cli import network
from explorer.cli.parser import Noted, UsageError, engine_errors, figure, refuse_unused, shape
from explorer.cli.terminal import say
from explorer.graph.file import replace_bytes
from explorer.graph.graph import Graph
from explorer.runs.recipe import FIELDS
from explorer.text import _

if TYPE_CHECKING:
    from explorer.analysis.report import Report
    from explorer.engine.model import Model

SIZE = Param("size", 1.0, _("Width in pixels, or times natural size."), 0.01, 1_000_000)


def _text(given: Namespace, form: Form, report: "Report") -> bytes:
    assert form.text is not None  # of one that the report makes
    return form.text(report).encode("utf-8")


def _diagram(given: Namespace, form: Form, report: "Report") -> bytes:
    from explorer.analysis.layout import GAP, unplaced
    from explorer.analysis.print_layout import opened, problems_on, roomy_gap, spread
    from explorer.analysis.scope import NoInside, scope
    from explorer.graph.path import NodePath

    try:
        shown = opened(scope(report, NodePath.of(given.inside)), given.depth)
    except NoInside as error:
        raise UsageError(str(error)) from None
    gap = GAP
    if unplaced(report.graph) or given.depth or not shown.own:  # else as the person placed it
        gap = roomy_gap(shown)
        shown = spread(shown, gap)
    if sys.platform.startswith("linux"):
        os.environ["QT_QPA_PLATFORM"] = "offscreen"  # elsewhere there is always a screen
    try:
        from explorer.app.canvas.picture import Picture, TooLarge, application
    except ImportError as error:
        raise UsageError(
            _("the diagram needs Qt, which cannot be loaded: {error}").format(error=error)
        ) from None
    application()
    picture = Picture(shown, problems_on(report, shown), given.theme, report.graph.name, gap)
    scale = picture.scale_to(given.width) if given.width else given.scale
    try:
        return picture.written(form.id, scale)
    except TooLarge as error:
        raise UsageError(str(error)) from None


def _with_weights(given: Namespace, form: Form, report: "Report") -> None:
    with engine_errors():
        from explorer.engine import transfer
        from explorer.engine.predict import of_run

        weights = given.weights
        if weights is None and given.seed is None and os.path.isdir(given.network):
            weights = of_run(given.network)[1]
        model, source, which = _weighted(report.graph, weights, given.seed)
        made = transfer.save(model, form.id, given.output, source)
    say(*(made.files if made else [given.output]), which)
    if made is None:
        return
    print(
        (
            _(
                "onnxruntime's outputs differ by at most {difference:.1e}, of outputs up to "
                "{largest:.3g}; any number of pictures at a time"
            )
            if made.dynamic
            else _(
                "onnxruntime's outputs differ by at most {difference:.1e}, of outputs up to "
                "{largest:.3g}; one picture at a time"
            )
        ).format(difference=made.difference, largest=made.largest)
    )


def _weighted(
    graph: Graph, file: Path | None, seed: int | None
) -> "tuple[Model, Path | None, str]":
    """The network with the weights of `file`, else with those published for it, unless a seed is
    given, else with random ones; the file that they came from, and a line that describes them."""
    from explorer.engine import transfer
    from explorer.engine.model import build
    from explorer.engine.predict import CPU
    from explorer.engine.weight_import import ForeignWeights

    if file is not None:
        model, match = transfer.load(graph, file)
        return (
            model,
            file,
            _("with the weights of {file}: {sentence}").format(
                file=file.name, sentence=match.sentence
            ),
        )
    known = published.weights(graph.name) if seed is None else None
    if known is not None:
        try:
            return transfer.load(graph, known)[0], known, _("with its published weights")
        except ForeignWeights:  # the template's name, but no longer its layers
            pass
    return (
        build(graph, CPU, seed or 0),
        None,
        _("with random weights from seed {seed}").format(seed=seed or 0),
    )


MAKERS: Mapping[
    Maker, tuple[Callable[[Namespace, Form, "Report"], bytes | None], tuple[str, ...]]
] = MappingProxyType(
    {
        Maker.REPORT: (_text, ()),
        Maker.PICTURE: (_diagram, ("--scale", "--width", "--theme", "--inside", "--depth")),
        Maker.ENGINE: (_with_weights, ("--weights", "--seed")),
    }
)
"""The function that returns the content of a file, or None if it wrote the file itself; its options."""
TO = MappingProxyType(
    {
        to: tuple(form for form in FORMS.values() if (form.to or form.id) == to)
        for to in (form.to or form.id for form in FORMS.values())
    }
)
"""The forms by their names for --to; among several, --format or the file's name chooses."""


def _made_by(maker: Maker) -> str:
    return ", ".join(form.id for form in FORMS.values() if form.maker is maker)


def _form(given: Namespace) -> Form:
    """The form that the command line asks for; the first of several, if it is printed. Raises
    UsageError."""
    forms = TO[given.to]
    if len(forms) == 1 or given.format:
        return FORMS[given.format or forms[0].id]
    suffix = given.output.suffix.lower() if given.output else forms[0].suffix
    for form in forms:
        if form.suffix == suffix:
            return form
    raise UsageError(
        _("{file} does not end in one of {suffixes}; change the name or use --format").format(
            file=given.output, suffixes=", ".join(form.suffix for form in forms)
        )
    )


def declare(parser: ArgumentParser) -> None:
    """Adds its arguments."""
    network.declare(parser)
    parser.add_argument("--to", choices=TO, required=True, metavar="FORM", help=", ".join(TO))
    parser.add_argument(
        "--input", type=shape, metavar="CxHxW", help=_("shape of the input picture")
    )
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="FILE",
        help=_("file to write; without it, text is printed"),
    )
    picture = parser.add_argument_group(
        _("diagram ({forms})").format(forms=_made_by(Maker.PICTURE))
    )
    size = picture.add_mutually_exclusive_group()
    size.add_argument(
        "--scale",
        action=Noted,
        type=partial(figure, SIZE),
        metavar="N",
        help=_("scale factor (2 for png, otherwise 1)"),
    )
    size.add_argument(
        "--width",
        action=Noted,
        type=partial(figure, SIZE),
        metavar="PX",
        help=_("width in pixels; in svg and pdf, 96 pixels are an inch"),
    )
    picture.add_argument(
        "--theme",
        action=Noted,
        choices=("light", "dark"),
        default="light",
        help=_("colour theme (%(default)s)"),
    )
    picture.add_argument(
        "--inside",
        action=Noted,
        metavar="PATH",
        help=_("draw the inside of this block, for example layer2.0"),
    )
    picture.add_argument(
        "--depth",
        action=Noted,
        type=int,
        choices=range(4),
        default=0,
        help=_("expand groups (1), stages too (2), blocks too (3) (%(default)s)"),
    )
    weights = parser.add_argument_group(_("weights ({forms})").format(forms=_made_by(Maker.ENGINE)))
    weights.add_argument(
        "--weights",
        action=Noted,
        type=Path,
        metavar="FILE",
        help=_(
            "a .safetensors or .pth file (default: those of the run or of the template, else random ones)"
        ),
    )
    weights.add_argument(
        "--seed",
        action=Noted,
        type=partial(figure, FIELDS["seed"]),
        help=_("seed of random weights (0)"),
    )
    several = {form.id: form.suffix for form in FORMS.values() if form.to}
    parser.add_argument_group(_("table")).add_argument(
        "--format",
        action=Noted,
        choices=several,
        help=_("by default chosen by FILE's suffix, {suffixes}; {first} when printed").format(
            suffixes=_(" or ").join(several.values()), first=next(iter(several))
        ),
    )


def run(given: Namespace) -> int:
    """Writes the network in a form; 1 if it has problems."""
    from explorer.analysis.report import analyse

    write, options = MAKERS[TO[given.to][0].maker]
    if len(TO[given.to]) > 1:
        options = (*options, "--format")
    refuse_unused(
        given,
        options,
        (
            _("{{option}} has no effect here; --to {form} takes {options}")
            if options
            else _("{{option}} has no effect here; --to {form} takes no options of its own")
        ).format(form=given.to, options=", ".join(options)),
    )
    form = _form(given)
    if form.binary and given.output is None:
        raise UsageError(
            _("--to {form} needs a file: -o FILE{suffix}").format(form=given.to, suffix=form.suffix)
        )
    report = analyse(network.load(given.network, given.input, weights=given.weights))
    if network.print_problems(report) and form.sound:
        return 1
    content = write(given, form, report)
    if content is None:
        return 0
    if given.output is None:
        print(content.decode("utf-8"), end="")
    else:
        try:
            replace_bytes(given.output, content)
        except (OSError, ValueError) as error:  # ValueError: a name with a null character
            reason = getattr(error, "strerror", None) or error
            raise UsageError(f"{given.output}: {reason}") from None
    return 0 if report.ok else 1
