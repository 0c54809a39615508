"""One open network: its graph, its undo stack, its file, and what of it is in view."""

from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtGui import QUndoCommand, QUndoStack

from explorer.catalog import check
from explorer.catalog.datasets import DataSet
from explorer.graph.delta import delta
from explorer.graph.edits import Edit
from explorer.graph.graph import Graph
from explorer.graph.path import NodePath
from explorer.runs.record import RunRecord

if TYPE_CHECKING:
    from explorer.app.journal import Journal


class Change(QUndoCommand):
    """The only undo command: the graph before and after an edit.

    Changes of one `burst` that follow one another, such as the digits of a number being typed, are
    undone as one.
    """

    def __init__(
        self, document: "Document", label: str, before: Graph, after: Graph, burst: str | None
    ) -> None:
        super().__init__(label)
        self.document, self.before, self.after, self.burst = document, before, after, burst

    @cached_property
    def line(self) -> Mapping[str, Any]:
        """The change as a line of the journal."""
        return {
            "edit": self.text(),
            "burst": self.burst,
            "delta": delta(self.before, self.after),
        }

    def redo(self) -> None:
        self.document.graph = self.after

    def undo(self) -> None:
        self.document.graph = self.before

    def id(self) -> int:
        return 1 if self.burst else -1

    def mergeWith(self, other: QUndoCommand) -> bool:
        assert isinstance(other, Change)  # there is no other command
        if other.burst != self.burst or other.before is not self.after:
            return False
        self.after = other.after
        vars(self).pop("line", None)
        return True


class Document:
    """A network that is open.

    data: what it is trained on or looks at; image: the number of one of its test pictures, or the
    path of a photo. weights: the path of the file with its initial weights, None for random ones.
    record: its last run. view: the path of the open block, () for the whole network; selection: the
    ids selected there. undo: its changes; clean as it is in the file. digest: of that file when it was
    last read or written. journal: None where no edits are kept. recovered: it came back after the
    program had ended without closing it, and was not saved since. `on_change()` is called after an
    edit, an undo or a redo.
    """

    def __init__(
        self,
        graph: Graph,
        path: Path | None,
        data: DataSet,
        on_change: Callable[[], None],
    ) -> None:
        self.graph = graph
        self.path = path
        self.data = data
        self.image: int | str = 0
        self.weights: str | None = None
        self.record: RunRecord | None = None
        self.view = NodePath()
        self.selection: frozenset[str] = frozenset()
        self.undo = QUndoStack()
        self.digest: str | None = None
        self.journal: Journal | None = None
        self.recovered = False
        self._on_change = on_change

    @property
    def modified(self) -> bool:
        """There are unsaved changes."""
        return not self.undo.isClean()

    @property
    def current_weights(self) -> str | None:
        """The file with the weights to look at: the newest of a run that was opened, or the initial."""
        return self.record.trained or self.weights if self.record else self.weights

    @property
    def changes(self) -> list[Change]:
        """All steps on the undo stack, those that were undone last."""
        steps = [self.undo.command(place) for place in range(self.undo.count())]
        return [step for step in steps if isinstance(step, Change)]  # there is no other kind

    def edit(self, label: str, edit: Edit, burst: str | None = None) -> None:
        """Do an edit of the whole graph as a step that can be undone.

        Raises EditError, KindError: then nothing has changed.
        """
        after = check.graph(edit(self.graph), self.graph)
        if after != self.graph:
            change = Change(self, label, self.graph, after, burst)
            line = change.line if self.journal else {}
            self._step(lambda: self.undo.push(change), line)

    def step_back(self) -> None:
        """Undo the last edit."""
        self._step(self.undo.undo, {"undo": True})

    def step_forward(self) -> None:
        """Redo the edit last undone."""
        self._step(self.undo.redo, {"redo": True})

    def _step(self, step: Callable[[], None], line: Mapping[str, Any]) -> None:
        before = self.graph
        step()
        if self.graph is not before:
            if self.journal is not None:
                self.journal.append(line)
            self._on_change()

    def mark_saved(self, path: Path, digest: str) -> None:
        """The file at `path` holds the graph as it is now."""
        self.path, self.digest, self.recovered = path, digest, False
        self.undo.setClean()
        if self.journal is not None:
            self.journal.follow()
            self.journal.append({"saved": True})
