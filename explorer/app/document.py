"""One open network: its graph, its undo stack, its file, and what of it is in view."""

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
    """The only undo command: the graph before and after an edit.

    Changes of one `burst` that follow one another, such as the digits of a number being typed, are
    undone as one.
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
    """A network that is open.

    data: what it is trained on or looks at; image: the number of one of its test pictures, or the
    path of a photo. weights: the path of the file with its initial weights, None for random ones.
    record: its last run. view: the path of the open block, () for the whole network; selection: the
    ids selected there. undo: its changes; clean as it is in the file. `on_change()` is called after
    an edit, an undo or a redo.
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
        self._on_change = on_change

    @property
    def modified(self) -> bool:
        """There are unsaved changes."""
        return not self.undo.isClean()

    def edit(self, label: str, edit: Edit, burst: str | None = None) -> None:
        """Do an edit of the whole graph as a step that can be undone.

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
