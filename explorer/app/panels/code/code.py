"""The network as PyTorch source: what the engine runs and what export saves."""

import re
from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import (
    QColor,
    QGuiApplication,
    QSyntaxHighlighter,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextFormat,
)
from PySide6.QtWidgets import (
    QHBoxLayout,
    QPlainTextEdit,
    QPushButton,
    QTextEdit,
    QVBoxLayout,
    QWidget,
)

from explorer.analysis.problem import problems
from explorer.analysis.report import Report
from explorer.analysis.source import Source, source
from explorer.app import theme
from explorer.app.number import grouped
from explorer.app.session import Change, Session
from explorer.app.widgets.label import label
from explorer.app.widgets.live_panel import Redraw
from explorer.app.widgets.small_button import small_button
from explorer.text import _, ngettext

_TOKENS = re.compile(
    r"(?P<comment>#.*)|(?P<string>\"[^\"]*\"|'[^']*')"
    r"|(?P<keyword>\b(?:class|def|return|import|from|if|for|in|range|True|False|None|super|self)\b)"
    r"|(?P<module>\bnn\.\w+|\btorch\.\w+)|(?P<number>\b\d[\d.e-]*\b)|(?P<name>(?<=class )\w+)"
)
_COLOURS = {
    "comment": "faint",
    "string": "good",
    "keyword": "block",
    "module": "convolution",
    "number": "head",
    "name": "stage",
}
_QUOTES = '"""'
PAUSE_MS = 60


class Code(QWidget):
    """The source of the network, read-only; the lines of the selected node are marked.

    export_asked: the person wants to save it as a file.
    """

    export_asked = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMinimumWidth(240)
        self._session = session
        self._shown_report: Report | None = None
        self._source: Source | None = None
        self.marked: Sequence[int] = ()  # the lines of the selected node
        self._build()
        self.redraw = Redraw(self, self.refresh, PAUSE_MS)  # a burst of edits is written once
        session.changed.connect(self._on_change)
        theme.changed.connect(self._apply_theme)
        self._apply_theme()

    def _build(self) -> None:
        self.note = label("", "small")
        self.copy_button = small_button(_("Copy"), _("Copy the whole source"))
        self.copy_button.clicked.connect(self.copy)
        self.export_button = small_button(_("Export…"), _("Save the source as a Python file"))
        self.export_button.clicked.connect(self.export_asked)
        self.text = QPlainTextEdit()
        self.text.setReadOnly(True)
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.text.setFrameShape(QPlainTextEdit.Shape.NoFrame)
        self.text.setStyleSheet("QPlainTextEdit { border: none; border-radius: 0; padding: 0; }")
        self.text.setAccessibleName(_("PyTorch source"))
        self.text.document().setDocumentMargin(12)
        self._highlighter = Highlighter(self.text.document())
        self.problem = label("", "problem", wrap=True)
        self.problem.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.problem.setTextFormat(Qt.TextFormat.PlainText)
        self.problem_button = QPushButton()
        self.problem_button.clicked.connect(self._show_problem)
        self._problem_page = QWidget()
        middle = QVBoxLayout(self._problem_page)
        middle.setContentsMargins(24, 16, 24, 16)
        middle.addStretch(1)
        middle.addWidget(self.problem)
        middle.addWidget(self.problem_button, 0, Qt.AlignmentFlag.AlignCenter)
        middle.addStretch(1)
        top = QHBoxLayout()
        top.setContentsMargins(12, 6, 12, 6)
        top.setSpacing(8)
        top.addWidget(self.note, 1)
        top.addWidget(self.copy_button)
        top.addWidget(self.export_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(top)
        column.addWidget(self.text, 1)
        column.addWidget(self._problem_page, 1)

    # Following --------------------------------------------------------------------------------

    def _on_change(self, change: Change) -> None:
        if change.network or change.selection:
            self.redraw.mark()

    def refresh(self) -> None:
        """Show the source as it is now, or the first problem if there is none."""
        report = self._session.report
        if report is not self._shown_report:
            self._shown_report, self._source = report, None
            if report.ok:
                self._source = source(report)
                self._show_text(self._source.text)
            else:
                problem = problems(report)[0]
                self.problem.setText(problem.message)
                self.problem_button.setText(_("Show {path}").format(path=problem.path))
                self.note.setText(_("A network with problems has no source"))
            for widget in (self.text, self.copy_button, self.export_button):
                widget.setVisible(report.ok)
            self._problem_page.setVisible(not report.ok)
        self._mark_lines()

    def _show_text(self, text: str) -> None:
        if text == self.text.toPlainText():
            return
        top = self.text.verticalScrollBar().value()
        self.text.setPlainText(text)
        self.text.verticalScrollBar().setValue(top)
        count = text.count("\n")
        sentence = ngettext(
            "PyTorch, {count} line; imports only torch",
            "PyTorch, {count} lines; imports only torch",
            count,
        )
        self.note.setText(sentence.format(count=grouped(count)))

    def _mark_lines(self) -> None:
        """Mark the lines of the selected node."""
        if self._source is None:
            return
        self.marked = lines = self._source.lines(self._session.selected)
        marks = []
        for line in lines:
            mark = QTextEdit.ExtraSelection()
            mark.cursor = QTextCursor(self.text.document().findBlockByNumber(line))
            mark.format.setBackground(theme.mixed("accent", "card", 0.22))
            mark.format.setProperty(QTextFormat.Property.FullWidthSelection, True)
            marks.append(mark)
        self.text.setExtraSelections(marks)
        if len(lines):
            cursor = QTextCursor(self.text.document().findBlockByNumber(lines[0]))
            self.text.setTextCursor(cursor)
            self.text.centerCursor()

    # Actions ------------------------------------------------------------------------------------

    def copy(self) -> None:
        """Copy the whole source."""
        QGuiApplication.clipboard().setText(self.text.toPlainText())

    def _show_problem(self) -> None:
        self._session.lead_to(problems(self._session.report)[0].path)

    def _apply_theme(self) -> None:
        self.text.setFont(theme.mono(12))
        self._highlighter.apply_theme()
        self.redraw.mark()


class Highlighter(QSyntaxHighlighter):
    """Colours Python, as far as the source of a network uses it."""

    def __init__(self, document: QTextDocument) -> None:
        super().__init__(document)
        self._formats: dict[str, QTextCharFormat] = {}

    def apply_theme(self) -> None:
        """Take the colours of the current theme."""
        self._formats = {kind: _format(theme.color(token)) for kind, token in _COLOURS.items()}
        self.rehighlight()

    def highlightBlock(self, text: str) -> None:
        # Block state 1: the next line begins inside a docstring.
        inside = self.previousBlockState() == 1
        if inside or text.lstrip().startswith(_QUOTES):
            closes = text.count(_QUOTES) + inside == 2 or (inside and _QUOTES in text)
            self.setFormat(0, len(text), self._formats["string"])
            self.setCurrentBlockState(0 if closes else 1)
            return
        self.setCurrentBlockState(0)
        for token in _TOKENS.finditer(text):
            kind = token.lastgroup or ""
            self.setFormat(token.start(), token.end() - token.start(), self._formats[kind])


def _format(colour: QColor) -> QTextCharFormat:
    char_format = QTextCharFormat()
    char_format.setForeground(colour)
    return char_format
