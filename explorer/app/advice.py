"""The advice on the current network: looked for after each edit in small steps, so that the window
never waits; and what of it the person has set aside."""

from collections.abc import Generator
from hashlib import sha256
from time import perf_counter
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from explorer.analysis.advice import RULES, steps
from explorer.analysis.problem import Problem
from explorer.app import settings
from explorer.app.document import Document

if TYPE_CHECKING:
    from explorer.app.session import Change, Session

AT_ONCE = 1500  # layers; so small a network's advice is there before the edit is shown
BUDGET = 3e-3  # s; what one go may take
PAUSE = 60  # ms of quiet before a larger network is looked at


class Advice(QObject):
    """What a good colleague would say of the session's network.

    changed: other advice is there, or some was set aside or brought back. found: all of it, of the
    network as it was when it was last looked at.
    """

    changed = Signal()

    def __init__(self, session: "Session") -> None:
        super().__init__(session)
        self._session = session
        self.found: tuple[Problem, ...] = ()
        self._document: Document | None = None
        self._here: dict[Document, set[tuple[str, str]]] = {}
        self._work: Generator[bool | None, None, tuple[Problem, ...]] | None = None
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(lambda: self._go_on())
        session.changed.connect(self._follow)
        self._look_again()

    # Looking ----------------------------------------------------------------------------------

    @property
    def ready(self) -> bool:
        """`found` is about the network as it is now."""
        return self._work is None

    def _follow(self, change: "Change") -> None:
        if change.files:
            self._remember()
        if change.network:
            self._look_again()

    def _look_again(self) -> None:
        session = self._session
        if session.document is not self._document:
            self._document, self.found = session.document, ()
            self.changed.emit()
        self._work = steps(session.report)
        if session.report.size <= AT_ONCE:
            self._go_on(trying=False)
        else:
            self._timer.start(PAUSE)

    def _go_on(self, trying: bool = True) -> None:
        """Go on for some ms; up to where a fix has to be tried, unless `trying`."""
        assert self._work is not None
        end = perf_counter() + BUDGET
        while perf_counter() < end:
            try:
                if next(self._work) and not trying:
                    break
            except StopIteration as done:
                self._timer.stop()
                self._work = None
                if done.value != self.found:
                    self.found = done.value
                    self.changed.emit()
                return
        self._timer.start(0)

    # Setting aside ----------------------------------------------------------------------------

    @property
    def shown(self) -> tuple[Problem, ...]:
        """The advice that was not set aside."""
        rules, here = self.rules_aside, self._aside_here()
        return tuple(
            [
                advice
                for advice in self.found
                if advice.rule not in rules and (advice.rule, str(advice.path)) not in here
            ]
        )

    @property
    def aside(self) -> int:
        """How many pieces of advice on this network were set aside."""
        return len(self.found) - len(self.shown)

    @property
    def rules_aside(self) -> frozenset[str]:
        """The rules that the person does not want to hear of, in any network."""
        return settings.RULES_ASIDE.get() & RULES.keys()

    def ignore_here(self, advice: Problem) -> None:
        """Say no more of this rule about this node; remembered with the network's file."""
        self._aside_here().add((advice.rule, str(advice.path)))
        self._remember()
        self.changed.emit()

    def ignore_rule(self, rule: str) -> None:
        """Say no more of this rule about any network."""
        settings.RULES_ASIDE.set(self.rules_aside | {rule})
        self.changed.emit()

    def bring_back(self) -> None:
        """Say again all that was set aside: about this network, and all rules."""
        settings.RULES_ASIDE.forget()
        self._aside_here().clear()
        self._remember()
        self.changed.emit()

    def _aside_here(self) -> set[tuple[str, str]]:
        document = self._session.document
        if document not in self._here:
            kept = _aside_in(document).get() if document.path else ()
            pieces = [each.partition(" ") for each in kept]
            self._here[document] = {(rule, path) for rule, space, path in pieces if space}
        return self._here[document]

    def _remember(self) -> None:
        """Write down what was set aside, as far as the networks have a file."""
        for document in list(self._here):
            if document not in self._session.documents:
                del self._here[document]
            elif document.path:
                lines = frozenset(" ".join(each) for each in self._here[document])
                if lines != _aside_in(document).get():
                    _aside_in(document).set(lines)


def _aside_in(document: Document) -> settings.Setting[frozenset[str]]:
    """The setting that keeps what was set aside of a network."""
    assert document.path is not None
    file = str(document.path.absolute()).encode()
    return settings.ADVICE_ASIDE.part(sha256(file).hexdigest()[:16])
