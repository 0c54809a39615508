"""One open network: its graph, its history, its file, and what of it is in view."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtGui import QUndoCommand, QUndoStack

from explorer.catalog import check
from explorer.catalog.datasets import DataSet
from explorer.graph.edits import Edit
from explorer.graph.graph import Graph
from explorer.graph.path import NodePath
from explorer.runs.record import RunRecord


class Change(QUndoCommand):
    """The one undo command: a graph before, a graph after, and what happened in between.

    Two changes of the same `burst` (say, of one number being typed) undo as one.
    """

    def __init__(
        self, document: "Document", label: str, before: Graph, after: Graph, burst: str | None
    ) -> None:
        super().__init__(label)
        self.document, self.before, self.after, self.burst = document, before, after, burst

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
        return True


class Document:
    """A network that is open. `view` is the path of the block that is opened, () for the
    whole; `selection` the ids selected there. `data` is what it looks at, `image` the number of a
    picture of that or the path of a photo; `weights` the file that it begins with, if any, under
    its own names; `record` the run that it was last in. `on_change()` is called when
    an edit, an undo or a redo is complete, the stack included."""

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
        self._on_change = on_change

    @property
    def modified(self) -> bool:
        """There are changes that no file holds."""
        return not self.undo.isClean()

    def edit(self, label: str, edit: Edit, burst: str | None = None) -> None:
        """Do an edit of the whole graph so that it can be undone.

        Raises EditError, KindError: then nothing has changed.
        """
        after = check.graph(edit(self.graph), self.graph)
        if after != self.graph:
            self._step(lambda: self.undo.push(Change(self, label, self.graph, after, burst)))

    def step_back(self) -> None:
        """Undo the last edit."""
        self._step(self.undo.undo)

    def step_forward(self) -> None:
        """Redo the edit last undone."""
        self._step(self.undo.redo)

    def _step(self, step: Callable[[], None]) -> None:
        before = self.graph
        step()
        if self.graph is not before:
            self._on_change()
