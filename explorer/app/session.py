"""What the window works on: the open documents, the selection, the data, the engine's answers."""

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from explorer.analysis.facts import Facts
from explorer.analysis.layout import FULL_ROW_INSIDE, placed, unplaced
from explorer.analysis.level import Level, NoInside, level
from explorer.analysis.report import Report, analyse
from explorer.app.advice import Advice
from explorer.app.document import Document, Edit, lifted
from explorer.app.engine_link import EngineLink
from explorer.app.own_blocks import OwnBlocks
from explorer.app.run import Run
from explorer.catalog import check, templates
from explorer.catalog.check import KindError
from explorer.catalog.datasets import FASHION_MNIST, DataSet
from explorer.catalog.layers import text_of
from explorer.graph import edits, file
from explorer.graph.edits import EditError
from explorer.graph.graph import INPUT, OUTPUT, Graph, Node, Shape
from explorer.text import _

FIRST = "cifar_resnet8"


class Session(QObject):
    """The state of the window. Views read it and subscribe; they change it only by its methods.

    changed(before, after): the graph in view became another; the report is already that of the
    new one. view_changed(path): another block is open. selection_changed(path): the path of what
    is selected, "" for nothing. notified(sentence): something for the person to read.
    """

    changed = Signal(object, object)
    view_changed = Signal(object)
    selection_changed = Signal(str)
    documents_changed = Signal()
    data_changed = Signal(object)
    notified = Signal(str)

    def __init__(self, link: EngineLink | None = None, parent: QObject | None = None):
        super().__init__(parent)
        self.link = link if link is not None else EngineLink(self)
        self.own_blocks = OwnBlocks(self)
        self.data: DataSet = FASHION_MNIST
        self.documents: list[Document] = []
        self.document = self._adopt(self._fitted(FIRST), None)
        self.report: Report = analyse(self.graph, self.data)
        self._levels: tuple[Report, dict[tuple[str, ...], Level]] = self.report, {}
        self.advice = Advice(self)
        self.run = Run(self)
        self._rebuild = QTimer(self, singleShot=True, interval=150)
        self._rebuild.timeout.connect(self.run.build)

    # What there is ----------------------------------------------------------------------------

    @property
    def graph(self) -> Graph:
        """The whole network of the current document."""
        return self.document.graph

    @property
    def view(self) -> tuple[str, ...]:
        """The way of ids to the block that is open."""
        return self.document.view

    @property
    def selection(self) -> frozenset[str]:
        """The ids selected in the block that is open."""
        return self.document.selection

    @property
    def selected(self) -> str:
        """The path of the selected node, if there is just one, else that of the open block."""
        if len(self.selection) == 1:
            return ".".join((*self.view, *self.selection))
        return ".".join(self.view)

    def facts_of(self, path: str) -> Facts | None:
        """What is known of the node at a path, None if there is no such node."""
        view, _dot, id = path.rpartition(".")
        return self._level(tuple(view.split(".")) if view else ()).facts.get(id)

    @property
    def level(self) -> Level:
        """What the canvas shows: the whole network, or the inside of the open block."""
        return self._level(self.view)

    @property
    def shown(self) -> Graph:
        """The graph that the canvas shows: the whole, or the inside of the open block."""
        return self.level.graph

    @property
    def shown_facts(self) -> dict[str, Facts]:
        """What is known of each node that the canvas shows."""
        return self.level.facts

    @property
    def shown_input(self) -> Shape | None:
        """The shape that enters the graph that the canvas shows."""
        return self.level.input

    @property
    def editable(self) -> bool:
        """What the canvas shows can be edited: it is not the inside of a declared block."""
        return self.level.own

    def _level(self, view: tuple[str, ...]) -> Level:
        """The level of the present report at that way; an empty one where there is nothing."""
        if self._levels[0] is not self.report:
            self._levels = self.report, {}
        known = self._levels[1]
        if view not in known:
            try:
                known[view] = level(self.report, view)
            except NoInside:
                known[view] = Level(view, own=False)
        return known[view]

    # Edits ------------------------------------------------------------------------------------

    def edit(self, label: str, edit: Edit, burst: str | None = None, whole: bool = False) -> bool:
        """Do an edit of the graph in view (of the whole network, if `whole`) as one undo step.

        False, and a sentence through `notified`, if it makes no sense.
        """
        if not whole and not self.editable:
            self.notified.emit(_("The inside of {kind} is given; “Edit inside” makes it your own")
                               .format(kind=self.facts_of(".".join(self.view)).kind.name))
            return False
        try:
            self.document.edit(label, edit if whole else lifted(edit, self.view), burst)
        except (EditError, KindError) as error:
            self.notified.emit(str(error))
            return False
        return True

    def edit_inside(self, path: str) -> None:
        """Make the inside of a declared block, and of those around it, custom groups; open it."""
        ids = tuple(path.split("."))

        def own(graph: Graph, depth: int = 1) -> Graph:
            node, facts = graph.nodes[ids[depth - 1]], self.facts_of(".".join(ids[:depth]))
            if node.inner is None:
                node = replace(node, kind="Group", params={"inline": True} if facts.inline else {},
                               inner=placed(facts.expansion, FULL_ROW_INSIDE))
            if depth < len(ids):
                node = replace(node, inner=own(node.inner, depth + 1))
            return edits.replace_node(graph, node)

        if self.edit(_("Edit inside {id}").format(id=path), own, whole=True):
            self.open(ids)

    def keep_block(self, path: str) -> None:
        """Save the custom group at a path to the palette, and say under which name."""
        facts = self.facts_of(path) if path else None
        if facts is None or facts.inner is None:
            self.notified.emit(_("Select one group of your own to save it; “Edit inside” makes one "
                                 "of a block"))
            return
        id = path.rpartition(".")[2]
        group = Node(id, "Group", {"inline": True} if facts.inline else {}, inner=facts.inner)
        try:
            name = self.own_blocks.save(group, facts.ins[0] if facts.ins else None)
        except OSError as error:
            self.notified.emit(_("{block} could not be saved: {reason}").format(
                block=id, reason=error.strerror or error))
            return
        self.notified.emit(_("{name} is in the palette now, under My blocks; F2 there gives it "
                             "another name").format(name=name))

    def _changed(self, before: Graph, after: Graph) -> None:
        self.report = analyse(after, self.data)
        view = self.view
        while view and (self.facts_of(".".join(view)) is None
                        or not self.facts_of(".".join(view)).kind.composite):
            view = view[:-1]
        if view != self.view:
            self.open(view)
        gone = self.selection - set(self.shown.nodes) - {INPUT, OUTPUT}
        if gone:
            self.select(self.selection - gone)
        self.changed.emit(before, after)
        self.documents_changed.emit()
        self._rebuild.start()

    # View and selection -----------------------------------------------------------------------

    def open(self, view: tuple[str, ...]) -> None:
        """Show the inside of the block at that way of ids; () shows the whole network."""
        self.document.view, self.document.selection = tuple(view), frozenset()
        self.view_changed.emit(self.view)
        self.selection_changed.emit(self.selected)

    def select(self, ids) -> None:
        """Select these nodes of the graph in view."""
        ids = frozenset(ids)
        if ids != self.selection:
            self.document.selection = ids
            self.selection_changed.emit(self.selected)

    def lead_to(self, path: str) -> None:
        """Open the block in which the node at `path` lies, and select the node."""
        *view, id = path.split(".")
        if tuple(view) != self.view:
            self.open(tuple(view))
        self.select({id})

    # Documents --------------------------------------------------------------------------------

    def _fitted(self, name: str) -> Graph:
        return placed(templates.build(name, self.data.input, len(self.data.classes)))

    def _adopt(self, graph: Graph, path: Path | None) -> Document:
        document = Document(graph, path, self._changed)
        self.documents.append(document)
        return document

    def new(self, name: str = FIRST) -> None:
        """Open a template, fitted to the data set, as a new document."""
        self._show(self._fitted(name), None)
        self.notified.emit(_("{name} takes the pictures of {data}: {input}, {count} classes").format(
            name=name, data=self.data.title, input=text_of(self.data.input),
            count=len(self.data.classes)))

    def read(self, path: str | Path) -> None:
        """Open a file as a new document. Raises FileError: then nothing has changed."""
        path = Path(path)
        for document in self.documents:
            if document.path == path:
                self.switch(self.documents.index(document))
                return
        graph = check.read(path)
        if unplaced(graph):
            graph = placed(graph)
        self._show(graph, path)

    def _show(self, graph: Graph, path: Path | None) -> None:
        only = self.documents[0]
        self._adopt(graph, path)
        self.switch(len(self.documents) - 1)
        if len(self.documents) == 2 and only.path is None and only.undo.count() == 0:
            self.close(0)

    def show_document(self, document: Document) -> None:
        """Make this open document the current one."""
        if document is not self.document:
            self.switch(self.documents.index(document))

    def switch(self, index: int) -> None:
        """Make another open document the current one."""
        before = self.graph
        self.document = self.documents[index]
        self.report = analyse(self.graph, self.data)
        self.view_changed.emit(self.view)
        self.changed.emit(before, self.graph)
        self.selection_changed.emit(self.selected)
        self.documents_changed.emit()
        self._rebuild.start()

    def close(self, index: int) -> None:
        """Close a document, unsaved changes and all; the last one gives way to the first template.
        """
        closing = self.documents[index]
        if len(self.documents) == 1:
            self._adopt(self._fitted(FIRST), None)
        self.documents.remove(closing)
        if closing is self.document:
            self.switch(min(index, len(self.documents) - 1))
        self.documents_changed.emit()

    def save(self, path: str | Path) -> None:
        """Write the current document to a file. Raises OSError: then the old file is whole."""
        path = Path(path)
        file.write(self.graph, path)
        self.document.path = path
        self.document.undo.setClean()
        self.documents_changed.emit()

    def choose_data(self, data: DataSet) -> None:
        """Use another data set; the network is checked against it."""
        if data != self.data:
            self.data = data
            self.report = analyse(self.graph, data)
            self.data_changed.emit(data)
            self.changed.emit(self.graph, self.graph)
            self._rebuild.start()

    # The engine -------------------------------------------------------------------------------

    def watch(self, path: str, image: int) -> None:
        """Show another node or another picture in the live views."""
        self.run.watch(path, image)
