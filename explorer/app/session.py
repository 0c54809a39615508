"""What the window works on: the open documents, the selection, the data, the engine's answers."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from PySide6.QtCore import QObject, QTimer, Signal

from explorer.analysis.facts import Facts
from explorer.analysis.layout import placed, placed_inside, unplaced
from explorer.analysis.problem import problems
from explorer.analysis.report import Report, analyse
from explorer.analysis.scope import NoInside, Scope, scope
from explorer.app.advice import Advice
from explorer.app.document import Document
from explorer.app.engine_link import EngineLink
from explorer.app.own_blocks import OwnBlocks
from explorer.app.run_control import Held, RunControl, same_network
from explorer.app.run_memory import RunMemory
from explorer.app.weights_io import WeightsIO
from explorer.catalog import check, published, templates
from explorer.catalog.check import KindError
from explorer.catalog.datasets import FASHION_MNIST, PHOTOS, DataSet
from explorer.catalog.layers import text_of
from explorer.catalog.roles import GROUP
from explorer.graph import edits, file
from explorer.graph.edits import Edit, EditError
from explorer.graph.graph import INPUT, OUTPUT, Graph, Node, Shape, Wire
from explorer.graph.path import NodePath
from explorer.text import _

FIRST, EMPTY = "cifar_resnet8", "empty"


class State(NamedTuple):
    """What views are told of a session. files: of each document its name, file and whether it has
    changes that the file lacks."""

    document: Document
    graph: Graph
    data: DataSet
    view: tuple[str, ...]
    selection: frozenset[str]
    files: tuple[tuple[Document, str, Path | None, bool], ...]


@dataclass(frozen=True)
class Change:
    """What became another, all at once."""

    before: State
    after: State

    @property
    def document(self) -> bool:
        """Another document is the current one."""
        return self.before.document is not self.after.document

    @property
    def data(self) -> bool:
        return self.before.data != self.after.data

    @property
    def network(self) -> bool:
        """The graph, or the data that it is checked against: there is another report."""
        return self.before.graph is not self.after.graph or self.document or self.data

    @property
    def view(self) -> bool:
        """Another block is open."""
        return self.before.view != self.after.view or self.document

    @property
    def selection(self) -> bool:
        return self.before.selection != self.after.selection or self.view

    @property
    def files(self) -> bool:
        """Which documents are open, how they are called, or what is saved of them."""
        return self.before.files != self.after.files or self.document


class Session(QObject):
    """The state of the window. Views read it and subscribe; they change it only by its methods.

    changed(change): what is another since it was last emitted, a `Change`; the report is already
    that of the present graph. notified(sentence): something for the person to read.
    """

    changed = Signal(object)
    notified = Signal(str)

    def __init__(self, link: EngineLink | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.link = link if link is not None else EngineLink(self)
        self.own_blocks = OwnBlocks(self)
        self.documents: list[Document] = []
        self.document = self._adopt(_fitted(FIRST, FASHION_MNIST), None, FASHION_MNIST)
        self.report: Report = self._analysed(self.graph)
        self._levels: tuple[Report, dict[NodePath, Scope]] = self.report, {}
        self._told = self._state()
        self.engine_holds: Held | None = None
        self.advice = Advice(self)
        self.run = RunControl(self)
        self.memory = RunMemory(self)
        self.weights_io = WeightsIO(self)
        self._rebuild = QTimer(self, singleShot=True, interval=150)
        self._rebuild.timeout.connect(self.run.build)

    # What there is ----------------------------------------------------------------------------

    @property
    def graph(self) -> Graph:
        """The whole network of the current document."""
        return self.document.graph

    @property
    def data(self) -> DataSet:
        """What the current document looks at."""
        return self.document.data

    @property
    def view(self) -> NodePath:
        """The path of the block that is open, () for the whole network."""
        return self.document.view

    @property
    def selection(self) -> frozenset[str]:
        """The ids selected in the block that is open."""
        return self.document.selection

    @property
    def selected(self) -> NodePath:
        """The path of the selected node, if there is just one, else that of the open block."""
        return NodePath((*self.view, *self.selection)) if len(self.selection) == 1 else self.view

    def facts_of(self, path: NodePath) -> Facts | None:
        """What is known of the node at a path, None if there is no such node."""
        return self._level(path.scope).facts.get(path[-1]) if path else None

    @property
    def scope(self) -> Scope:
        """What the canvas shows: the whole network, or the inside of the open block."""
        return self._level(self.view)

    @property
    def shown(self) -> Graph:
        """The graph that the canvas shows: the whole, or the inside of the open block."""
        return self.scope.graph

    @property
    def shown_facts(self) -> dict[str, Facts]:
        """What is known of each node that the canvas shows."""
        return self.scope.facts

    @property
    def shown_input(self) -> Shape | None:
        """The shape that enters the graph that the canvas shows."""
        return self.scope.input

    @property
    def editable(self) -> bool:
        """What the canvas shows can be edited: it is not the inside of a declared block."""
        return self.scope.own

    def _level(self, view: NodePath) -> Scope:
        """The scope of the present report at that path; an empty one where there is nothing."""
        if self._levels[0] is not self.report:
            self._levels = self.report, {}
        known = self._levels[1]
        if view not in known:
            try:
                known[view] = scope(self.report, view)
            except NoInside:
                known[view] = Scope(view, own=False)
        return known[view]

    @property
    def first_problem(self) -> str:
        """The message of the network's first problem; "" if it has none."""
        return next((each.message for each in problems(self.report)), "")

    @property
    def holds_document(self) -> bool:
        """The engine holds a network of the current document, or an earlier one of it that can still
        be shown in its place."""
        held = self.engine_holds
        return (
            held is not None
            and (held.document, held.data) == (self.document, self.data)
            and (self.run.active or self.report.ok)
        )

    def holds_drawn(self, path: str = "") -> bool:
        """The engine holds the very network that is drawn; with a path, the node there is the same in
        both."""
        held = self.engine_holds
        if held is None or not self.holds_document:
            return False
        id = path.partition(".")[0]
        return same_network(held.report.graph, self.graph) or (
            bool(id) and held.report.facts.get(id) is self.report.facts.get(id)
        )

    # Edits ------------------------------------------------------------------------------------

    def edit(self, label: str, edit: Edit, burst: str | None = None, whole: bool = False) -> bool:
        """Do an edit of the graph in view (of the whole network, if `whole`) as one undo step.

        False, and a sentence through `notified`, if it makes no sense.
        """
        if not whole and not self.editable:
            block = self.facts_of(self.view)
            assert block is not None  # it is open
            self.notified.emit(
                _("The inside of {kind} is given; “Edit inside” makes it your own").format(
                    kind=block.kind.name
                )
            )
            return False
        try:
            self.document.edit(label, edit if whole else edits.inside(self.view, edit), burst)
        except (EditError, KindError) as error:
            self.notified.emit(str(error))
            return False
        return True

    def edit_inside(self, path: NodePath) -> None:
        """Make the inside of a declared block, and of those around it, custom groups; open it."""

        def own(graph: Graph, depth: int = 1) -> Graph:
            node, facts = graph.nodes[path[depth - 1]], self.facts_of(NodePath(path[:depth]))
            if node.inner is None:
                assert facts is not None and facts.expansion is not None
                node = replace(
                    node,
                    kind=GROUP.name,
                    params={"inline": True} if facts.inline else {},
                    inner=placed_inside(facts.expansion),
                )
            if depth < len(path):
                assert node.inner is not None  # it was just given one, if it had none
                node = replace(node, inner=own(node.inner, depth + 1))
            return edits.replace_node(graph, node)

        if self.edit(_("Edit inside {id}").format(id=path), own, whole=True):
            self.open(path)

    def keep_block(self, path: NodePath) -> None:
        """Save the custom group at a path to the palette, and say under which name."""
        facts = self.facts_of(path)
        if facts is None or facts.inner is None:
            self.notified.emit(
                _("Select one group of your own to save it; “Edit inside” makes one of a block")
            )
            return
        id = path[-1]
        group = Node(id, GROUP.name, {"inline": True} if facts.inline else {}, inner=facts.inner)
        try:
            name = self.own_blocks.save(group, facts.ins[0] if facts.ins else None)
        except OSError as error:
            self.notified.emit(
                _("{block} could not be saved: {reason}").format(
                    block=id, reason=error.strerror or error
                )
            )
            return
        self.notified.emit(
            _(
                "{name} is in the palette now, under My blocks; F2 there gives it another name"
            ).format(name=name)
        )

    def _changed(self) -> None:
        """The graph of the current document is another: so is what can be open and selected."""
        self.report = self._analysed(self.graph)
        document, view = self.document, self.view
        while view:
            block = self.facts_of(view)
            if block is not None and block.kind.composite:
                break
            view = view.scope
        if view != self.view:
            document.view, document.selection = view, frozenset()
        document.selection &= {*self.shown.nodes, INPUT, OUTPUT}
        self._tell()

    def _state(self) -> State:
        document = self.document
        files = tuple((each, each.graph.name, each.path, each.modified) for each in self.documents)
        view, selection = document.view, document.selection
        return State(document, document.graph, document.data, view, selection, files)

    def _tell(self) -> None:
        """Let the views know what is another since they were last told."""
        change = Change(self._told, self._state())
        self._told = change.after
        if change.network:
            self._rebuild.start()
        if change.network or change.selection or change.files:
            self.changed.emit(change)

    # View and selection -----------------------------------------------------------------------

    def open(self, view: Iterable[str]) -> None:
        """Show the inside of the block at that path; () shows the whole network."""
        self.document.view, self.document.selection = NodePath(view), frozenset()
        self._tell()

    def select(self, ids: Iterable[str]) -> None:
        """Select these nodes of the graph in view."""
        self.document.selection = frozenset(ids)
        self._tell()

    def lead_to(self, path: NodePath) -> None:
        """Open the block in which the node at `path` lies, and select the node."""
        self.document.view, self.document.selection = path.scope, frozenset({path[-1]})
        self._tell()

    # Documents --------------------------------------------------------------------------------

    def _analysed(self, graph: Graph) -> Report:
        """The report on a graph; photos fit any."""
        return analyse(graph, self.data if self.data.labelled else None)

    def _adopt(self, graph: Graph, path: Path | None, data: DataSet) -> Document:
        document = Document(graph, path, data, self._changed)
        self.documents.append(document)
        return document

    def new(self, name: str = FIRST) -> None:
        """Open a template as a new document, fitted to the data set, or as published for photos;
        EMPTY is a network of an input and an output."""
        self._show(Document(_fitted(name, self.data), None, self.data, self._changed))
        if name == EMPTY:
            self.notified.emit(
                _("An empty network: drag layers and blocks from the palette into the wire")
            )
            return
        if not self.data.labelled:
            self.notified.emit(
                _(
                    "{name} as published: {input}. It looks at photos; choose a data "
                    "set to train it"
                ).format(name=name, input=text_of(self.graph.input))
            )
            return
        self.notified.emit(
            _("{name} takes the pictures of {data}: {input}, {count} classes").format(
                name=name,
                data=self.data.title,
                input=text_of(self.data.input),
                count=len(self.data.classes),
            )
        )

    def example(self, name: str) -> None:
        """Open a template with the weights that were published for it, looking at the photos."""
        document = Document(_fitted(name, PHOTOS), None, PHOTOS, self._changed)
        document.weights = str(published.weights(name))
        self._show(document)
        self.notified.emit(
            _(
                "{name} with its published weights: what it takes the photo for stands "
                "beside the photo; drop one of your own onto the window"
            ).format(name=name)
        )

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
        document = Document(graph, path, self.data, self._changed)
        self.weights_io.recall(document)
        self._show(document)

    def _show(self, document: Document) -> None:
        only = self.documents[0]
        self.documents.append(document)
        self.switch(len(self.documents) - 1)
        if len(self.documents) == 2 and only.path is None and only.undo.count() == 0:
            self.close(0)

    def title(self, document: Document) -> str:
        """The name of a document's network, with a number if others that are open have it too."""
        name = document.graph.name
        same = [other for other in self.documents if other.graph.name == name]
        number = same.index(document) + 1 if document in same else 1
        return name if number == 1 else f"{name} ({number})"

    def show_document(self, document: Document) -> None:
        """Make this open document the current one."""
        if document is not self.document:
            self.switch(self.documents.index(document))

    def switch(self, index: int) -> None:
        """Make another open document the current one."""
        self.document = self.documents[index]
        self.report = self._analysed(self.graph)
        self._tell()

    def close(self, index: int) -> None:
        """Close a document, unsaved changes and all; the last one gives way to the first template."""
        closing = self.documents[index]
        if len(self.documents) == 1:
            data = self.data if self.data.labelled else FASHION_MNIST
            self._adopt(_fitted(FIRST, data), None, data)
        self.documents.remove(closing)
        if closing is self.document:
            self.switch(min(index, len(self.documents) - 1))
        self._tell()

    def save(self, path: str | Path) -> None:
        """Write the current document to a file. Raises OSError: then the old file is whole."""
        path = Path(path)
        file.write(self.graph, path)
        self.document.path = path
        self.document.undo.setClean()
        self.weights_io.remember(self.document)
        self._tell()

    def choose_data(self, data: DataSet) -> None:
        """Look at another data set, against which the network is checked, or at photos."""
        if data != self.data:
            self.document.data, self.document.image = data, 0
            self.report = self._analysed(self.graph)
            self._tell()


def _fitted(name: str, data: DataSet) -> Graph:
    """A template for the pictures and classes of a data set; as published, for photos."""
    if name == EMPTY:
        return Graph(input=data.input, wires=(Wire(INPUT, OUTPUT),))
    if not data.labelled:
        return placed(templates.build(name))
    return placed(templates.build(name, data.input, len(data.classes)))
