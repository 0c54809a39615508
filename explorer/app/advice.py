"""The advice on the current network, and what of it the person has set aside."""

from hashlib import sha256
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from explorer.analysis.advice import RULES, steps
from explorer.analysis.problem import Problem
from explorer.app import settings
from explorer.app.background_work import BackgroundWork
from explorer.app.document import Document

if TYPE_CHECKING:
    from explorer.app.session import Change, Session

AT_ONCE = 1500  # layers; the advice on a network as small as this is there with the edit


class Advice(QObject):
    """The advice on the session's network; after an edit, the old advice stays until there is new.

    changed: there is other advice, or some was set aside or brought back.
    """

    changed = Signal()

    def __init__(self, session: "Session") -> None:
        super().__init__(session)
        self._session = session
        self._all: tuple[Problem, ...] = ()
        self._document: Document | None = None  # that `_all` is about
        self._aside: dict[Document, set[tuple[str, str]]] = {}  # (rule, path)
        self._work = BackgroundWork(self, self._take)
        session.changed.connect(self._follow)
        self._restart()

    @property
    def ready(self) -> bool:
        """The advice is about the network as it is now."""
        return self._work.ready

    def _follow(self, change: "Change") -> None:
        if change.files:
            self._store()
        if change.network:
            self._restart()

    def _restart(self) -> None:
        session = self._session
        if session.document is not self._document:
            self._document = session.document
            self._all = ()
            self.changed.emit()
        self._work.run(steps(session.report), at_once=session.report.size <= AT_ONCE)

    def _take(self, advice: tuple[Problem, ...]) -> None:
        if advice != self._all:
            self._all = advice
            self.changed.emit()

    # Setting aside ----------------------------------------------------------------------------

    @property
    def shown(self) -> tuple[Problem, ...]:
        """The advice that was not set aside."""
        rules, here = self.rules_aside, self._aside_here()
        return tuple(
            advice
            for advice in self._all
            if advice.rule not in rules and (advice.rule, str(advice.path)) not in here
        )

    @property
    def aside(self) -> int:
        """How many pieces of advice on this network were set aside."""
        return len(self._all) - len(self.shown)

    @property
    def rules_aside(self) -> frozenset[str]:
        """The rules set aside for all networks."""
        return settings.RULES_ASIDE.get() & RULES.keys()

    def ignore_here(self, advice: Problem) -> None:
        """Set this rule aside for this node; remembered with the network's file."""
        self._aside_here().add((advice.rule, str(advice.path)))
        self._store()
        self.changed.emit()

    def ignore_rule(self, rule: str) -> None:
        """Set this rule aside for all networks."""
        settings.RULES_ASIDE.set(self.rules_aside | {rule})
        self.changed.emit()

    def bring_back(self) -> None:
        """Bring back all that was set aside: for this network, and all rules."""
        settings.RULES_ASIDE.forget()
        self._aside_here().clear()
        self._store()
        self.changed.emit()

    def _aside_here(self) -> set[tuple[str, str]]:
        document = self._session.document
        if document not in self._aside:
            lines = _aside_in(document).get() if document.path else ()
            pairs = [line.partition(" ") for line in lines]
            self._aside[document] = {(rule, path) for rule, space, path in pairs if space}
        return self._aside[document]

    def _store(self) -> None:
        """Remember what was set aside of each network that has a file; forget closed documents."""
        for document in list(self._aside):
            if document not in self._session.documents:
                del self._aside[document]
            elif document.path:
                lines = frozenset(" ".join(pair) for pair in self._aside[document])
                if lines != _aside_in(document).get():
                    _aside_in(document).set(lines)


def _aside_in(document: Document) -> settings.Setting[frozenset[str]]:
    """The setting that remembers what was set aside for the network in a document's file."""
    assert document.path is not None
    file = str(document.path.absolute()).encode()
    return settings.ADVICE_ASIDE.part(sha256(file).hexdigest()[:16])
