"""The status line: the network's totals, its problems, its file, the engine."""

from PySide6.QtCore import QObject, QPoint, Qt, Signal
from PySide6.QtWidgets import QLabel, QSizePolicy, QStatusBar

from explorer.analysis.problem import problems
from explorer.app import theme
from explorer.app.number import bytes_text, grouped, short
from explorer.app.session import Change, Session
from explorer.app.widgets.line_label import LineLabel
from explorer.text import _

ENGINE_WORDS = {
    "idle": _("engine ready"),
    "measuring": _("engine: measuring"),
    "running": _("engine: training"),
    "paused": _("engine: paused"),
    "stopped": _("run stopped"),
    "finished": _("run finished"),
    "died": _("run interrupted"),
}


class Status(QObject):
    """Fills a window's status bar.

    memory_asked(place): the person wants to know more of the memory; where they clicked.
    """

    memory_asked = Signal(object)

    def __init__(self, session: Session, bar: QStatusBar) -> None:
        super().__init__(bar)
        self.session = session
        self.totals, self.state = LineLabel(), QLabel()
        self.totals.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        self.totals.setAccessibleName(_("Totals"))
        self.state.setAccessibleName(_("State"))
        self.memory = QLabel()
        self.memory.setAccessibleName(_("Memory"))
        self.memory.setTextInteractionFlags(
            Qt.TextInteractionFlag.LinksAccessibleByMouse
            | Qt.TextInteractionFlag.LinksAccessibleByKeyboard
        )
        self.memory.linkActivated.connect(
            lambda _link: self.memory_asked.emit(self.memory.mapToGlobal(QPoint(0, 0)))
        )
        bar.addWidget(self.totals)
        bar.addWidget(self.memory)
        bar.addPermanentWidget(self.state)
        bar.setSizeGripEnabled(False)
        session.changed.connect(self._follow)
        session.advice.changed.connect(self.refresh)
        session.memory.changed.connect(self._show_memory)
        session.run.state_changed.connect(self.refresh)
        session.run.grown.connect(self._on_grown)
        session.run.recipe_changed.connect(self.refresh)
        session.link.started.connect(self.refresh)
        session.link.hello_said.connect(self.refresh)
        session.link.died.connect(self.refresh)
        theme.changed.connect(self.refresh)
        theme.changed.connect(self._show_memory)
        self.refresh()
        self._show_memory()

    def _follow(self, change: Change) -> None:
        if change.network or change.files:
            self.refresh()

    @property
    def _cost(self) -> str:
        """What watching takes, while a run goes on."""
        record = self.session.run.record
        if record is None or not record.active or record.progress is None:
            return ""
        return _(" · watching {share:.1%} of time").format(share=record.progress.watching)

    def _on_grown(self) -> None:
        if self._cost not in self.state.text():
            self.refresh()

    def refresh(self, *_change: object) -> None:
        """Show the present figures."""
        report, run = self.session.report, self.session.run
        least = "" if report.known else _("at least ")
        self.totals.show_parts(
            (
                least + _("{params} parameters").format(params=grouped(report.params)),
                _("{macs} MACs").format(macs=short(report.macs)),
            )
        )
        count = len(problems(report))
        trouble = (
            _("no problems")
            if not count
            else _("1 problem")
            if count == 1
            else _("{count} problems").format(count=count)
        )
        advice = len(self.session.advice.shown)
        pieces = (
            _("1 piece of advice")
            if advice == 1
            else _("{count} pieces of advice").format(count=advice)
        )
        document = self.session.document
        saved = (
            _("unsaved changes")
            if document.modified
            else _("saved")
            if document.path
            else _("not saved yet")
        )
        hello = self.session.link.hello
        engine = (
            _("no engine · F5 starts it")
            if self.session.link.given_up
            else ENGINE_WORDS[run.state]
            if hello or run.state == "died"
            else _("engine starting")
        )
        color = theme.current().problem if count else theme.current().muted
        words = f'<span style="color:{color}">{trouble}</span>'
        if advice:
            words += f' · <span style="color:{theme.current().warning}">●</span>&nbsp;{pieces}'
        self.state.setText(f"{words} · {saved} · {engine}{self._cost}")

    def _show_memory(self) -> None:
        memory = self.session.memory
        found, place = memory.forecast, memory.place
        if found is None:
            words = _("memory: not known yet")
        elif place is None:
            words = _("training takes {size} at batch {batch}")
        else:
            words = _("training takes {size} of {room} at batch {batch}")
        color = theme.current().muted if memory.fits else theme.current().warning
        words = words.format(
            size=bytes_text(found.training) if found else "",
            batch=grouped(memory.batch),
            room=bytes_text(place.memory) if place else "",
        )
        self.memory.setText(
            f'<a href="memory" style="color:{color}; text-decoration:none">{words}</a>'
        )
        # No status tip: that would take the place of the very button.
        self.memory.setToolTip(
            memory.warning or _("What makes it up, and the largest batch that fits")
        )
