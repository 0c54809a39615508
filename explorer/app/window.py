"""The main window: bar, canvas, the panels around it, status line."""

from collections.abc import Callable
from typing import TypeVar

from PySide6.QtCore import Qt
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDragMoveEvent, QDropEvent
from PySide6.QtWidgets import (
    QApplication,
    QDockWidget,
    QMainWindow,
    QMessageBox,
    QToolBar,
    QWidget,
)

from explorer.analysis.form import FORMS
from explorer.analysis.problem import problems
from explorer.app import docks, settings
from explorer.app.canvas.actions import CanvasActions
from explorer.app.canvas.canvas import Canvas
from explorer.app.document_tabs import DocumentTabs
from explorer.app.files import Files
from explorer.app.menus import Menus
from explorer.app.notice import Notice
from explorer.app.panels.code.code import Code
from explorer.app.panels.gradients.gradients import GradientsPanel
from explorer.app.panels.inspector.inspector import Inspector
from explorer.app.panels.layers.layers import Layers
from explorer.app.panels.maps.feature_maps import FeatureMapsPanel
from explorer.app.panels.palette.palette import Palette
from explorer.app.panels.problems.problems import Problems
from explorer.app.panels.run.memory_view import MemoryPanel
from explorer.app.panels.run.run_bar import RunBar
from explorer.app.panels.training.training import TrainingPanel
from explorer.app.session import Change, Session
from explorer.app.status import Status
from explorer.app.weights_report import WeightsReport
from explorer.catalog.datasets import PICTURES
from explorer.protocol.messages import Hello
from explorer.text import _, ngettext

PanelWidget = TypeVar("PanelWidget", bound=QWidget)
SIZE = (1440, 900)
ROOM_FOR_PHOTO = 460  # pixels of the feature maps' width, with the answer beside a photo


def _copy(event: QDropEvent) -> None:
    """Accept what is dragged as a copy: a file manager would delete what it moved."""
    event.setDropAction(Qt.DropAction.CopyAction)
    event.accept()


class Window(QMainWindow):
    """The main window of a session."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.session: Session = session
        self.closed = False  # by the person, who was asked about unsaved changes
        self.setObjectName("window")
        self.setAcceptDrops(True)
        self.canvas = Canvas(session)
        self.canvas.setMinimumSize(320, 180)
        self.setCentralWidget(self.canvas)
        self.actions_of_canvas = CanvasActions(self.canvas)
        self.files: Files = Files(self)
        self.run_bar: RunBar = RunBar()
        self.memory = MemoryPanel(session.memory)
        self.tabs: DocumentTabs = DocumentTabs(session, self.files)
        self._build_panels()
        self.menus = Menus(self)
        self._build_bar()
        self.status = Status(session, self.statusBar())
        self.notice = Notice(self.canvas, session)
        self._wire_run()
        session.changed.connect(self._follow)
        self._retitle()
        self.resize(*SIZE)
        self._initial = self.saveState(docks.LAYOUT_VERSION)
        self._restore()
        room = self.screen().availableSize()
        if room.width() <= SIZE[0] or room.height() <= SIZE[1]:
            self.setWindowState(Qt.WindowState.WindowMaximized)
        self.canvas.setFocus()

    # Building ---------------------------------------------------------------------------------

    def _build_panels(self) -> None:
        self.docks: dict[str, QDockWidget] = docks.build(self)
        self.palette_panel = self._panel(Palette)
        self.inspector = self._panel(Inspector)
        self.training = self._panel(TrainingPanel)
        self.feature_maps = self._panel(FeatureMapsPanel)
        self.gradients = self._panel(GradientsPanel)
        self.layers = self._panel(Layers)
        self.problems = self._panel(Problems)
        self.code = self._panel(Code)
        self.palette_panel.placed.connect(self.canvas.put)
        self.palette_panel.group_placed.connect(self.canvas.put_group)
        self.problems.count_changed.connect(self._count_problems)
        self.problems.advice_counted.connect(self._count_problems)
        self.code.export_asked.connect(lambda: self.files.export(FORMS["pytorch"].entry))
        self._count_problems()

    def _panel(self, kind: type[PanelWidget]) -> PanelWidget:
        """The one panel of a class."""
        return next(
            widget for dock in self.docks.values() if isinstance(widget := dock.widget(), kind)
        )

    def _build_bar(self) -> None:
        bar = QToolBar(_("Bar"))
        bar.setObjectName("bar")
        bar.setMovable(False)
        bar.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        bar.addWidget(self.menus.button)
        bar.addWidget(self.tabs)
        bar.addWidget(self.run_bar)
        self.addToolBar(bar)

    def _wire_run(self) -> None:
        run, bar, link = self.session.run, self.run_bar, self.session.link
        bar.run_asked.connect(run.start)
        bar.pause_asked.connect(run.pause)
        bar.step_asked.connect(run.step)
        bar.stop_asked.connect(run.stop)
        bar.resume_asked.connect(run.resume)
        bar.device_chosen.connect(run.choose_device)
        bar.data_chosen.connect(lambda name: self.session.choose_data(PICTURES[name]))
        bar.recipe_wanted.connect(run.change_recipe)
        run.recipe_changed.connect(bar.settings.show_recipe)
        bar.settings.show_recipe(run.recipe)
        bar.settings.add_section(self.memory)
        self.memory.batch_wanted.connect(lambda batch: run.change_recipe({"batch_size": batch}))
        self.status.memory_asked.connect(bar.settings_menu.open_above)
        for signal in (run.state_changed, run.grown, run.wait_changed, link.started, link.died):
            signal.connect(self._show_run)
        run.emptied.connect(self._show_network)
        link.modes_measured.connect(bar.set_modes)
        link.hello_said.connect(self._show_devices)
        self._show_run()
        self.canvas.menu_wanted.connect(self.menus.context)
        self.session.weights_io.reported.connect(self._report_weights)
        self.session.weights_io.asked.connect(self._ask_for_part)
        self.feature_maps.photo_wanted.connect(self.files.open_photo)

    # Following ----------------------------------------------------------------------------------

    def _follow(self, change: Change) -> None:
        if change.data:
            self.run_bar.choose_data(self.session.data.name)
            self._show_network()
        if change.files:
            self._retitle()

    def _show_run(self, *_what: str) -> None:
        """Show the state of the run and the engine in the run bar."""
        run, link, bar = self.session.run, self.session.link, self.run_bar
        state = run.state
        if link.hello is None and state == "idle":
            state = "absent" if link.given_up else "waiting"
        if link.hello is None:
            bar.set_devices([], link.given_up)
        record = run.record
        progress, test = (record.progress, record.test) if record else (None, None)
        bar.show_run(state, run.resumable, progress, run.title, test)
        if link.hello is None and run.active:
            bar.progress.say(_("engine is starting"))

    def _show_devices(self, hello: Hello) -> None:
        self.run_bar.set_devices(hello.devices)
        self.run_bar.choose_device(self.session.run.device)
        self._show_run()

    def _show_network(self) -> None:
        """Show the run bar for the network in view, without an ended run of another network."""
        run = self.session.run
        self._show_run()
        if run.document is not self.session.document and not run.active:
            self.run_bar.say_ready()

    def _report_weights(self, title: str, sentence: str, rows: list[list[str]], fits: bool) -> None:
        """Notify the result of an import, with a button that shows the report on each tensor."""
        self.notice.say(
            sentence,
            _("Show all {count} tensors").format(count=len(rows)),
            lambda: WeightsReport(title, sentence, rows, fits, self).show(),
        )

    def _ask_for_part(
        self, title: str, sentence: str, rows: list[list[str]], part: int, load: Callable[[], None]
    ) -> None:
        """Show what fits of weights that do not, and ask whether to load that."""
        words = ngettext(
            "Load the {count} tensor that fits", "Load the {count} tensors that fit", part
        ).format(count=part)
        question = _("{sentence} Load what fits, and draw the rest at random?").format(
            sentence=sentence
        )
        WeightsReport(title, question, rows, False, self, (words, load)).show()

    def show_example(self, name: str) -> None:
        """Open a network with its published weights, and bring its answers into view."""
        self.session.example(name)
        maps = self.docks["maps"]
        docks.bring_to_front(maps)
        if maps.width() < ROOM_FOR_PHOTO and not maps.isFloating():
            training, gradients = self.docks["training"], self.docks["gradients"]
            rest = training.width() + maps.width() - ROOM_FOR_PHOTO
            self.resizeDocks(
                [training, maps, gradients],
                [max(rest, 160), ROOM_FOR_PHOTO, gradients.width()],
                Qt.Orientation.Horizontal,
            )

    def _count_problems(self, *_count: object) -> None:
        count = len(problems(self.session.report)) + len(self.session.misfits)
        advice = len(self.session.advice.shown)
        title = (
            _("Problems {count} · advice {advice}") if count else _("Problems · advice {advice}")
        )
        if not advice:
            title = _("Problems {count}") if count else _("Problems")
        self.docks["problems"].setWindowTitle(title.format(count=count, advice=advice))

    def _retitle(self) -> None:
        document = self.session.document
        self.setWindowTitle(_("{name}[*] – CNN Explorer").format(name=self.session.title(document)))
        self.setWindowModified(document.modified)

    # Remembering --------------------------------------------------------------------------------

    def _restore(self) -> None:
        # The panels first: Qt 6.11 restores the state of a maximised window once more at the next
        # resize, and crashes if the panels were moved in between.
        self.restoreState(settings.PANELS.get(), docks.LAYOUT_VERSION)
        self.restoreGeometry(settings.GEOMETRY.get())

    def _may_end_run(self) -> bool:
        """No run is active, or the person lets it end."""
        if not self.session.run.active:
            return True
        buttons = QMessageBox.StandardButton
        answer = QMessageBox.question(
            self,
            _("A run is active"),
            _("End the run and close the window?"),
            buttons.Yes | buttons.Cancel,
            buttons.Cancel,
        )
        return answer == buttons.Yes

    def reset_layout(self) -> None:
        """Put the panels back in their first places, unless a mouse button is held: Qt 6.11 crashes when
        the layout is restored while a panel is dragged by its title."""
        if QApplication.mouseButtons() == Qt.MouseButton.NoButton:
            self.restoreState(self._initial, docks.LAYOUT_VERSION)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        self.dragMoveEvent(event)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        if event.mimeData().hasUrls():
            _copy(event)

    def dropEvent(self, event: QDropEvent) -> None:
        _copy(event)
        for url in event.mimeData().urls():
            if url.isLocalFile():
                self.files.take(url.toLocalFile())
            else:
                self.session.notified.emit(
                    _("{address} is not a file of this machine; save it, and drop the file").format(
                        address=url.toDisplayString()[:80]
                    )
                )

    def closeEvent(self, event: QCloseEvent) -> None:
        if not (self._may_end_run() and self.files.may_close_all()):
            event.ignore()
            return
        settings.GEOMETRY.set(self.saveGeometry())
        settings.PANELS.set(self.saveState(docks.LAYOUT_VERSION))
        self.session.link.close()
        self.closed = True
        event.accept()
