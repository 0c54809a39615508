"""Something wrong with a network, and what would mend it."""

from dataclasses import dataclass

from explorer.graph.edits import Edit
from explorer.text import _

FAULT, ADVICE = "fault", "advice"


@dataclass(frozen=True)
class Fix:
    """A named edit of the whole network that makes a problem right.

    added: how many parameters it adds; None where that is not known beforehand.
    """

    label: str
    edit: Edit
    added: int | None = None

    @property
    def cost(self) -> str:
        """What it adds, in words: "+8,448 parameters", or nothing."""
        return "" if self.added is None else _("{count:+,} parameters").format(count=self.added)


@dataclass(frozen=True)
class Problem:
    """Something wrong: the path of the layer, the rule, the sentence, and what would mend it.

    node: the id of the node on the canvas of the whole network in which it lies. grade: "fault",
    the network cannot run; "advice", it can, but a good colleague would say something. reason: of
    advice, why, with its source.
    """

    path: str
    rule: str
    message: str
    node: str
    fixes: tuple[Fix, ...] = ()
    grade: str = FAULT
    reason: str = ""
