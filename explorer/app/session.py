"""The state of one window: its documents, what is in view and selected, its link to the engine."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from PySide6.QtCore import QObject, QTimer, Signal

from explorer.analysis.facts import Facts
from explorer.analysis.layout import placed, placed_inside, unplaced
from explorer.analysis.misfits import misfits
from explorer.analysis.problem import Problem, problems
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
from explorer.catalog.datasets import DATASETS, FASHION_MNIST, PHOTOS, DataSet
from explorer.catalog.layers import text_of
from explorer.catalog.roles import GROUP
from explorer.graph import edits, file
from explorer.graph.edits import Edit, EditError
from explorer.graph.graph import ENDS, INPUT, OUTPUT, Graph, Node, Shape, Wire
from explorer.graph.path import NodePath
from explorer.runs import folder
from explorer.text import _

FIRST, EMPTY = "cifar_resnet8", "empty"


class State(NamedTuple):
    """The state of a session, of which views follow the changes.

    files: each document with its network's name, its file and whether it has unsaved changes.
    """

    document: Document
    graph: Graph
    data: DataSet
    view: tuple[str, ...]
    selection: frozenset[str]
    files: tuple[tuple[Document, str, Path | None, bool], ...]


@dataclass(frozen=True)
class Change:
    """Everything that changed at one time."""

    before: State
    after: State

    @property
    def document(self) -> bool:
        """Another document is current."""
        return self.before.document is not self.after.document

    @property
    def data(self) -> bool:
        return self.before.data != self.after.data

    @property
    def network(self) -> bool:
        """The graph or its data, and so the report."""
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
        """Which documents are open, their names, or what of them is saved."""
        return self.before.files != self.after.files or self.document


class Session(QObject):
    """The state of a window. Views read it and subscribe; they change it only by its methods.

    changed(change): what changed since it was last emitted, a `Change`; the report is already
    that of the current graph. notified(sentence): for the person to read.
    """

    changed = Signal(object)
    notified = Signal(str)

    def __init__(self, link: EngineLink | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.link = link if link is not None else EngineLink(self)
        self.own_blocks = OwnBlocks(self)
        self.document = self._made(_fitted(FIRST, FASHION_MNIST), None, FASHION_MNIST)
        self.documents = [self.document]
        self.report: Report = self._analysed(self.graph)
        self._scopes: tuple[Report, dict[NodePath, Scope]] = self.report, {}
        self._emitted = self._state()
        self.engine_holds: Held | None = None
        self.advice = Advice(self)
        self.run = RunControl(self)
        self.memory = RunMemory(self)
        self.weights_io = WeightsIO(self)
        self._rebuild = QTimer(self, singleShot=True, interval=150)
        self._rebuild.timeout.connect(self.run.build)

    # State ------------------------------------------------------------------------------------

    @property
    def graph(self) -> Graph:
        """The whole network of the current document."""
        return self.document.graph

    @property
    def data(self) -> DataSet:
        """The data set of the current document, or the photos."""
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
        """The path of the selected node if there is just one, else that of the open block."""
        return NodePath((*self.view, *self.selection)) if len(self.selection) == 1 else self.view

    def facts_of(self, path: NodePath) -> Facts | None:
        """The facts of the node at a path, None if there is no such node."""
        return self._scope_at(path.scope).facts.get(path[-1]) if path else None

    @property
    def scope(self) -> Scope:
        """What the canvas shows: the whole network, or the inside of the open block."""
        return self._scope_at(self.view)

    @property
    def shown(self) -> Graph:
        """The graph of the scope that the canvas shows."""
        return self.scope.graph

    @property
    def shown_facts(self) -> dict[str, Facts]:
        """The facts of each node that the canvas shows, by id."""
        return self.scope.facts

    @property
    def shown_input(self) -> Shape | None:
        """The input shape of the graph that the canvas shows."""
        return self.scope.input

    @property
    def editable(self) -> bool:
        """The canvas does not show the inside of a declared block, which cannot be edited."""
        return self.scope.own

    def _scope_at(self, view: NodePath) -> Scope:
        """The scope at that path of the current report; an empty one if there is no such block."""
        if self._scopes[0] is not self.report:
            self._scopes = self.report, {}
        scopes = self._scopes[1]
        if view not in scopes:
            try:
                scopes[view] = scope(self.report, view)
            except NoInside:
                scopes[view] = Scope(view, own=False)
        return scopes[view]

    @property
    def first_problem(self) -> str:
        """The message of the network's first problem; "" if it has none."""
        return next((each.message for each in problems(self.report)), "")

    @property
    def misfits(self) -> tuple[Problem, ...]:
        """What does not fit between the network, its data set and the recipe of the next run."""
        return misfits(self.report, self.data if self.data.labelled else None, self.run.recipe)

    @property
    def holds_document(self) -> bool:
        """The engine holds the current document's network, or an earlier one of it whose answers can
        still be shown."""
        held = self.engine_holds
        return (
            held is not None
            and (held.document, held.data) == (self.document, self.data)
            and (self.run.active or self.report.ok)
        )

    def holds_drawn(self, path: str = "") -> bool:
        """The engine holds the network that is drawn; with a path, at least the same top node of that
        path."""
        held = self.engine_holds
        if held is None or not self.holds_document:
            return False
        id = path.partition(".")[0]
        return same_network(held.report.graph, self.graph) or (
            bool(id) and held.report.facts.get(id) is self.report.facts.get(id)
        )

    # Edits ------------------------------------------------------------------------------------

    def edit(self, label: str, edit: Edit, burst: str | None = None, whole: bool = False) -> bool:
        """Do an edit of the graph in view, or of the whole network, as one undo step.

        Edits of one burst that follow one another are one step. Returns False, and notifies why, if
        the edit is refused.
        """
        if not whole and not self.editable:
            block = self.facts_of(self.view)
            assert block is not None  # it is open
            self.notified.emit(
                _("The inside of {kind} is fixed; “Edit inside” makes it your own").format(
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
        """Turn a declared block, and those around it, into groups, and open it."""

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
                assert node.inner is not None  # a group now, if it was none before
                node = replace(node, inner=own(node.inner, depth + 1))
            return edits.replace_node(graph, node)

        if self.edit(_("Edit inside {id}").format(id=path), own, whole=True):
            self.open(path)

    def keep_block(self, path: NodePath) -> None:
        """Save the group at a path to the palette, and notify under which name."""
        facts = self.facts_of(path)
        if facts is None or facts.inner is None:
            self.notified.emit(
                _("Select one group of your own to save it; “Edit inside” turns a block into one")
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

    def _on_edited(self) -> None:
        """Analyse the edited graph; close the open block and deselect what it no longer has."""
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
        self._emit_changed()

    def _state(self) -> State:
        document = self.document
        files = tuple((each, each.graph.name, each.path, each.modified) for each in self.documents)
        view, selection = document.view, document.selection
        return State(document, document.graph, document.data, view, selection, files)

    def _emit_changed(self) -> None:
        """Let the views follow what has changed since."""
        change = Change(self._emitted, self._state())
        self._emitted = change.after
        if change.network:
            self._rebuild.start()
        if change.network or change.selection or change.files:
            self.changed.emit(change)

    # View and selection -----------------------------------------------------------------------

    def open(self, view: Iterable[str]) -> None:
        """Show the inside of the block at that path; () shows the whole network."""
        self.document.view, self.document.selection = NodePath(view), frozenset()
        self._emit_changed()

    def select(self, ids: Iterable[str]) -> None:
        """Select these nodes of the graph in view, as far as it has them."""
        self.document.selection = frozenset(ids) & {*self.shown.nodes, INPUT, OUTPUT}
        self._emit_changed()

    def lead_to(self, path: NodePath) -> None:
        """Open the block in which the node at `path` lies, and select the node, if there still is such
        a node."""
        if self.facts_of(path) is None and path[-1] not in ENDS:
            return
        self.document.view, self.document.selection = path.scope, frozenset({path[-1]})
        self._emit_changed()

    # Documents --------------------------------------------------------------------------------

    def _analysed(self, graph: Graph) -> Report:
        """The report on a graph for the current data; photos fit any."""
        return analyse(graph, self.data if self.data.labelled else None)

    def _made(self, graph: Graph, path: Path | None, data: DataSet) -> Document:
        return Document(graph, path, data, self._on_edited)

    def new(self, name: str = FIRST) -> None:
        """Open a template as a new document, fitted to the data set, or as published for photos;
        EMPTY is a network of an input and an output."""
        self._show(self._made(_fitted(name, self.data), None, self.data))
        data = self.data
        if name == EMPTY:
            sentence = _("An empty network: drag layers and blocks from the palette into the wire")
        elif not data.labelled:
            sentence = _(
                "{name} as published: {input}. It is applied to photos; choose a data set to train it"
            )
        else:
            sentence = _("{name} now takes the pictures of {data}: {input}, {count} classes")
        self.notified.emit(
            sentence.format(
                name=name,
                data=data.title,
                input=text_of(self.graph.input),
                count=len(data.classes),
            )
        )

    def example(self, name: str) -> None:
        """Open a template with the weights published for it, looking at photos."""
        document = self._made(_fitted(name, PHOTOS), None, PHOTOS)
        document.weights = str(published.weights(name))
        self._show(document)
        self.notified.emit(
            _(
                "{name} with its published weights: its answer stands beside the photo; drop a "
                "photo of your own onto the window"
            ).format(name=name)
        )

    def read(self, path: str | Path) -> None:
        """Open a file, or show its document if it is open already. Raises FileError: then nothing has
        changed."""
        path = Path(path)
        for document in self.documents:
            if document.path == path:
                self.show_document(document)
                return
        content = file.content(path)
        graph = _parsed(content, path)
        document = self._made(graph, path, _fitting(graph))
        document.digest = file.digest(content)
        self.weights_io.recall(document)
        self._show(document)

    def open_run(self, path: Path) -> None:
        """Open the run in a folder, with its network and curves, or show its document if it is open.
        Raises RunError: then nothing has changed."""
        for document in self.documents:
            if document.record is not None and document.record.folder == str(path):
                self.show_document(document)
                return
        record = folder.read(path)
        graph = placed(record.graph) if unplaced(record.graph) else record.graph
        document = self._made(graph, None, record.data)
        document.record, document.weights = record, record.weights
        self._show(document)
        self.run.show(record)

    def open_copy(self, content: bytes, path: Path) -> None:
        """Open what was in a file as a document of no file. Raises FileError."""
        graph = _parsed(content, path)
        self._show(self._made(graph, None, _fitting(graph)))

    def reload(self, content: bytes, path: Path) -> bool:
        """Take what is in the current document's file, as one step that can be undone. Raises
        FileError."""
        graph = _parsed(content, path)
        if not self.edit(
            _("Reload {name}").format(name=path.name), lambda _mine: graph, whole=True
        ):
            return False
        self.document.mark_saved(path, file.digest(content))
        self._emit_changed()
        return True

    def blank(self) -> Document:
        """A document that is not open yet, for a graph that is still to come."""
        return self._made(Graph(), None, self.data)

    def restore(self, documents: list[Document], current: Document | None) -> None:
        """Open documents that were open before, and show the one that was current."""
        for document in documents:
            self._show(document)
        if current is not None:
            self.show_document(current)

    def _show(self, document: Document) -> None:
        """Show a new document, in place of a single one that is untouched."""
        only = self.documents[0]
        self.documents.append(document)
        self.switch(len(self.documents) - 1)
        if len(self.documents) == 2 and only.path is None and only.undo.count() == 0:
            self.close(0)

    def title(self, document: Document) -> str:
        """The name of a document's network, with a number if one before it has the same name."""
        name = document.graph.name
        before = self.documents[: self.documents.index(document)]
        same = sum(other.graph.name == name for other in before)
        return f"{name} ({same + 1})" if same else name

    def show_document(self, document: Document) -> None:
        """Make this open document the current one."""
        if document is not self.document:
            self.switch(self.documents.index(document))

    def switch(self, index: int) -> None:
        """Make another open document the current one."""
        self.document = self.documents[index]
        self.report = self._analysed(self.graph)
        self._emit_changed()

    def close(self, index: int) -> None:
        """Close a document with its unsaved changes; the last one gives way to the first template."""
        closing = self.documents[index]
        if len(self.documents) == 1:
            data = self.data if self.data.labelled else FASHION_MNIST
            self.documents.append(self._made(_fitted(FIRST, data), None, data))
        self.documents.remove(closing)
        if closing is self.document:
            self.switch(min(index, len(self.documents) - 1))
        self._emit_changed()

    def save(self, path: str | Path) -> None:
        """Write the current document to a file. Raises OSError: then the old file is unchanged."""
        path, content = Path(path), file.dumps(self.graph).encode("utf-8")
        file.replace_bytes(path, content)
        self.document.mark_saved(path, file.digest(content))
        self.weights_io.remember(self.document)
        self._emit_changed()

    def choose_data(self, data: DataSet) -> None:
        """Train on another data set, for which the network is checked then, or look at photos."""
        if data != self.data:
            self.document.data, self.document.image = data, 0
            self.report = self._analysed(self.graph)
            self._emit_changed()


def _parsed(content: bytes, path: Path) -> Graph:
    """The graph in the content of a file, its nodes placed if they are not. Raises FileError."""
    graph = check.parsed(content, path)
    return placed(graph) if unplaced(graph) else graph


def _fitting(graph: Graph) -> DataSet:
    """The data set whose pictures the network takes, else photos, which are adapted to any."""
    return next((data for data in DATASETS.values() if data.input == graph.input), PHOTOS)


def _fitted(name: str, data: DataSet) -> Graph:
    """A template for the pictures and classes of a data set, or as published for photos."""
    if name == EMPTY:
        return Graph(input=data.input, wires=(Wire(INPUT, OUTPUT),))
    if not data.labelled:
        return placed(templates.build(name))
    return placed(templates.build(name, data.input, len(data.classes)))
