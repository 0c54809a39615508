"""The status line: the network's totals, its problems, its file, the engine."""

from PySide6.QtCore import QObject, QPoint, Qt, Signal
from PySide6.QtWidgets import QLabel, QSizePolicy, QStatusBar

from explorer.analysis.problem import problems
from explorer.app import theme
from explorer.app.number import bytes_text, grouped, short
from explorer.app.session import Change, Session
from explorer.app.widgets.line_label import LineLabel
from explorer.text import _, ngettext

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

    memory_asked(point): the memory was clicked; its top left corner on the screen.
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
        session.run.grown.connect(self._on_grown)
        session.memory.changed.connect(self._show_memory)
        theme.changed.connect(self._show_memory)
        run, link = session.run, session.link
        for signal in (
            session.advice.changed,
            run.state_changed,
            run.recipe_changed,
            link.started,
            link.hello_said,
            link.died,
            theme.changed,
        ):
            signal.connect(self.refresh)
        self.refresh()
        self._show_memory()

    def _follow(self, change: Change) -> None:
        if change.network or change.files:
            self.refresh()

    @property
    def _cost(self) -> str:
        """The share of the time that watching takes, while a run is active."""
        record = self.session.run.record
        if record is None or not record.active or record.progress is None:
            return ""
        return _(" · watching {share:.1%} of time").format(share=record.progress.watching)

    def _on_grown(self) -> None:
        if self._cost not in self.state.text():
            self.refresh()

    def refresh(self, *_change: object) -> None:
        """Show the current figures."""
        session, colours = self.session, theme.current()
        report, document, run = session.report, session.document, session.run
        params = _("{params} parameters") if report.known else _("at least {params} parameters")
        macs = _("{macs} MACs").format(macs=short(report.macs))
        self.totals.show_parts((params.format(params=grouped(report.params)), macs))
        count, advice = len(problems(report)), len(session.advice.shown)
        trouble = ngettext("{count} problem", "{count} problems", count).format(count=count)
        pieces = ngettext("{count} piece of advice", "{count} pieces of advice", advice)
        saved = (
            _("unsaved changes")
            if document.modified
            else _("saved")
            if document.path
            else _("not saved yet")
        )
        engine = (
            _("no engine · F5 starts it")
            if session.link.given_up
            else ENGINE_WORDS[run.state]
            if session.link.hello or run.state == "died"
            else _("engine starting")
        )
        words = (
            f'<span style="color:{colours.problem if count else colours.muted}">'
            f"{trouble if count else _('no problems')}</span>"
        )
        if advice:
            dot = f'<span style="color:{colours.warning}">●</span>'
            words += f" · {dot}&nbsp;{pieces.format(count=advice)}"
        self.state.setText(f"{words} · {saved} · {engine}{self._cost}")

    def _show_memory(self) -> None:
        memory = self.session.memory
        needed, place = memory.forecast, memory.place
        if needed is None:
            words = _("memory: not known yet")
        elif place is None:
            words = _("training takes {size} at batch {batch}")
        else:
            words = _("training takes {size} of {room} at batch {batch}")
        color = theme.current().muted if memory.fits else theme.current().warning
        words = words.format(
            size=bytes_text(needed.training) if needed else "",
            batch=grouped(memory.batch),
            room=bytes_text(place.memory) if place else "",
        )
        self.memory.setText(
            f'<a href="memory" style="color:{color}; text-decoration:none">{words}</a>'
        )
        # No status tip: it would hide the label itself.
        self.memory.setToolTip(
            memory.warning or _("What makes it up, and the largest batch that fits")
        )
