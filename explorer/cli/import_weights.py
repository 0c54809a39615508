"""import: matches the weights in a file with a network's."""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from explorer.cli import network
from explorer.cli.parser import UsageError, engine_errors
from explorer.cli.terminal import say
from explorer.text import _, ngettext


def declare(parser: ArgumentParser) -> None:
    """Adds its arguments."""
    network.declare(parser)
    parser.add_argument(
        "weights",
        type=Path,
        metavar="WEIGHTS",
        help=_("a file of weights: safetensors, or what torch.save wrote, under any suffix"),
    )
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="OUT",
        help=_("write the weights to this .safetensors file, under the network's names"),
    )
    parser.add_argument(
        "--report",
        action="store_true",
        help=_("print what became of each tensor, even if the weights do not fit"),
    )
    parser.add_argument(
        "--set",
        default="",
        metavar="NAME",
        help=_("of several sets of tensors in the file, take this one, such as model_ema"),
    )
    parser.add_argument(
        "--partial",
        action="store_true",
        help=_("load what fits, and draw the rest at random"),
    )


def run(given: Namespace) -> int:
    """Matches the weights, prints the result and writes them under the network's names; 1 if the
    network has problems."""
    from explorer.analysis.report import analyse

    graph = network.load(given.network, weights=given.weights)
    if network.print_problems(analyse(graph)):
        return 1
    with engine_errors():
        from explorer.engine import transfer
        from explorer.engine.weight_import import ForeignWeights

        try:
            model, match = transfer.load(graph, given.weights, given.set, given.partial)
        except ForeignWeights as fault:
            if given.report:
                say(*fault.match.lines())
            if fits := len(fault.part.pairs):
                raise UsageError(
                    ngettext(
                        "{sentence} With --partial, the {count} tensor that fits is loaded.",
                        "{sentence} With --partial, the {count} tensors that fit are loaded.",
                        fits,
                    ).format(sentence=fault, count=fits)
                ) from None
            raise
        if given.output is not None:
            transfer.save(model, "safetensors", given.output, given.weights)
    if given.report:
        say(*match.lines())
    say(match.sentence)
    if match.renamed and not given.report:
        print(_("--report shows how each tensor was matched"))
    if given.output is not None:
        say(given.output)
    return 0
