"""What can be done on the canvas by menu or key, each with a shortcut and a status tip."""

from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QKeySequence
from PySide6.QtWidgets import QInputDialog

from explorer.analysis.facts import names_in
from explorer.analysis.layout import placed, placed_inside
from explorer.app.canvas.canvas import Canvas
from explorer.app.command import Command, CommandAction
from explorer.catalog import check
from explorer.graph import edits, file
from explorer.graph.file import FileError
from explorer.graph.graph import Graph
from explorer.graph.path import NodePath
from explorer.text import _, ngettext


class CanvasActions:
    """The canvas's actions by id. They act on the selection of the graph in view."""

    def __init__(self, canvas: Canvas) -> None:
        self.canvas, self.session = canvas, canvas.session
        self.by_name: dict[str, CommandAction] = {}
        for command in CANVAS:
            made = self.by_name[command.id] = CommandAction(command, self, canvas)
            made.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            if command.id != "open":  # Return is the canvas's own key
                canvas.addAction(made)

    @property
    def _chosen(self) -> list[str]:
        """The selected nodes, in order of execution."""
        selection = self.session.selection
        return [id for id in self._graph.order if id in selection]

    @property
    def _graph(self) -> Graph:
        return self.canvas.network.graph

    def copy(self) -> None:
        """Put the selected nodes on the clipboard, as the text of a network file."""
        if self._chosen:
            part = edits.excerpt(self._graph, self._chosen)
            text = file.dumps(Graph("clipboard", (1, 1, 1), part.nodes, part.wires))
            QGuiApplication.clipboard().setText(text)

    def cut(self) -> None:
        self.copy()
        self.delete(bridge=False)

    def paste(self) -> None:
        try:
            part = check.graph(file.loads(QGuiApplication.clipboard().text()))
        except (FileError, check.KindError):
            self.session.notified.emit(_("The clipboard holds no nodes"))
            return
        self._add(_("Paste"), part)

    def duplicate(self) -> None:
        if self._chosen:
            self._add(_("Duplicate"), edits.excerpt(self._graph, self._chosen))

    def _add(self, label: str, part: Graph) -> None:
        count = len(self._graph.nodes)
        if self.session.edit(label, partial(edits.paste, part=part, taken=names_in(self._graph))):
            self.session.select(list(self._graph.nodes)[count:])

    def delete(self, bridge: bool = True) -> None:
        """Remove the selected wire or nodes. bridge: what fed them then feeds what they fed."""
        if self.canvas.selected_wire is not None:
            self.canvas.disconnect_wire(self.canvas.selected_wire)
        elif chosen := self._chosen:
            count = len(chosen)
            label = (
                _("Delete {id}").format(id=chosen[0])
                if count == 1
                else ngettext("Delete {count} node", "Delete {count} nodes", count).format(
                    count=count
                )
            )
            self.session.edit(label, partial(edits.remove, ids=chosen, bridge=bridge))

    def select_all(self) -> None:
        self.session.select(self._graph.nodes)

    def connect(self) -> None:
        network, selection = self.canvas.network, self.session.selection
        if len(selection) != 2:
            self.session.notified.emit(_("Select the two nodes that a wire is to connect"))
            return
        source, target = sorted(selection, key=lambda id: network.cards[id].pos().x())
        self.canvas.connect_nodes(source, target, network.free_port(target))

    def rename(self) -> None:
        if len(self._chosen) != 1 or not self.session.editable:
            return
        old = self._chosen[0]
        new, accepted = QInputDialog.getText(
            self.canvas, _("Rename"), _("Name of the node:"), text=old
        )
        if (
            accepted
            and new != old
            and self.session.edit(
                _("Rename {old} to {new}").format(old=old, new=new),
                partial(edits.rename, old=old, new=new),
            )
        ):
            self.session.select({new})

    def can_open(self) -> bool:
        """Whether one block is selected and its inside is known."""
        facts = self.session.facts_of(self.session.selected)
        return (
            len(self.session.selection) == 1
            and facts is not None
            and (facts.inner is not None or len(facts.children) > 0)
        )

    def open(self) -> None:
        if len(self._chosen) == 1:
            self.canvas.open_card(self._chosen[0])

    def up(self) -> None:
        if self.session.view:
            self.session.lead_to(self.session.view)

    def can_edit_inside(self) -> bool:
        """Whether one block is selected, or none and the open block cannot be edited yet."""
        return self.can_open() or not (self.session.selection or self.session.editable)

    def edit_inside(self) -> None:
        """Make the inside of the selected block, or of the open one, the user's own, and open it."""
        session = self.session
        facts = session.facts_of(session.selected)
        if session.editable and facts is not None and facts.inner is not None:
            self.open()
        else:
            session.edit_inside(session.selected)

    def keep(self) -> None:
        """Save the selected group (or the open one, if nothing is selected) to the palette."""
        several = len(self._chosen) > 1
        self.session.keep_block(
            NodePath() if several else NodePath((*self.session.view, *self._chosen))
        )

    def compare(self) -> None:
        if self._chosen:
            self.canvas.overlays.compare(tuple(self._chosen))
        elif self.canvas.overlays.comparison is not None:
            self.canvas.overlays.end_comparison()
        else:
            self.session.notified.emit(_("Select the nodes to compare"))

    def tidy(self) -> None:
        self.session.edit(_("Tidy up"), placed_inside if self.session.view else placed)
        self.canvas.fit()


_KEY = QKeySequence.StandardKey
CANVAS: tuple[Command[CanvasActions], ...] = (
    Command(
        "cut", _("Cu&t"), _KEY.Cut, _("Move the selected nodes to the clipboard"), CanvasActions.cut
    ),
    Command("copy", _("&Copy"), _KEY.Copy, _("Copy the selected nodes"), CanvasActions.copy),
    Command(
        "paste", _("&Paste"), _KEY.Paste, _("Add the nodes of the clipboard"), CanvasActions.paste
    ),
    Command(
        "duplicate",
        _("&Duplicate"),
        "Ctrl+D",
        _("Add the selected nodes once more"),
        CanvasActions.duplicate,
    ),
    Command(
        "delete",
        _("De&lete"),
        _KEY.Delete,
        _("Remove what is selected; a gap in a chain closes"),
        CanvasActions.delete,
    ),
    Command(
        "cut_out",
        _("Delete with wires"),
        "Shift+Del",
        _("Remove the selected nodes and their wires; the gap stays open"),
        partial(CanvasActions.delete, bridge=False),
    ),
    Command(
        "select_all",
        _("Select &all"),
        _KEY.SelectAll,
        _("Select every node in view"),
        CanvasActions.select_all,
    ),
    Command(
        "connect",
        _("Co&nnect"),
        "C",
        _("Wire the left one of two selected nodes to the right one"),
        CanvasActions.connect,
    ),
    Command(
        "rename",
        _("&Rename…"),
        "F2",
        _("Give the selected node another name"),
        CanvasActions.rename,
    ),
    Command(
        "open",
        _("&Open block"),
        "Return",
        _("Show the inside of the selected block"),
        CanvasActions.open,
        can=CanvasActions.can_open,
    ),
    Command("up", _("&Up"), "Alt+Up", _("Leave the open block"), CanvasActions.up),
    Command(
        "edit_inside",
        _("&Edit inside"),
        "Ctrl+E",
        _("Make the block's inside your own, to change it"),
        CanvasActions.edit_inside,
        can=CanvasActions.can_edit_inside,
    ),
    Command(
        "keep",
        _("&Save to palette"),
        "Ctrl+Shift+G",
        _("Offer the selected group in the palette, as a block of your own"),
        CanvasActions.keep,
    ),
    Command(
        "compare",
        _("Co&mpare with one layer"),
        "Ctrl+K",
        _("Show the selected nodes beside one convolution of the same receptive field"),
        CanvasActions.compare,
    ),
    Command(
        "tidy",
        _("&Tidy up"),
        "Ctrl+L",
        _("Lay the nodes out from left to right"),
        CanvasActions.tidy,
    ),
    Command(
        "fit", _("&Fit"), "F", _("Show the whole network"), lambda actions: actions.canvas.fit()
    ),
    Command(
        "zoom_in",
        _("Zoom &in"),
        _KEY.ZoomIn,
        _("Show the network larger"),
        lambda actions: actions.canvas.zoom(1.25),
    ),
    Command(
        "zoom_out",
        _("Zoom &out"),
        _KEY.ZoomOut,
        _("Show the network smaller"),
        lambda actions: actions.canvas.zoom(0.8),
    ),
)
