"""The manual, in a window beside the main one: the pages of resources/help, and a search over them."""

import re
from dataclasses import dataclass
from functools import cache

from PySide6.QtCore import QSignalBlocker, Qt, QUrl
from PySide6.QtGui import (
    QColor,
    QKeySequence,
    QShortcut,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextFormat,
    QTextFrameFormat,
    QTextLength,
    QTextTable,
)
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QTextBrowser,
    QTextEdit,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from explorer import resource
from explorer.app import theme
from explorer.app.side_window import SideWindow
from explorer.text import _

CONTENTS = "index.md"
LINE_HEIGHT = 140  # per cent
PARAGRAPH = 8  # pixels between two
_KEEP = QTextCursor.MoveMode.KeepAnchor
_LINK = re.compile(r"\[[^]]+\]\(([^)\s]+)\)")


@dataclass(frozen=True)
class Page:
    """One page. name: of its file. title: its first heading. text: without markup."""

    name: str
    title: str
    text: str


@cache
def pages() -> tuple[Page, ...]:
    """The table of contents, then the pages to which it links, in that order."""
    folder = resource.path("help")
    pages = []
    for name in (CONTENTS, *_LINK.findall((folder / CONTENTS).read_text("utf-8"))):
        document = QTextDocument()
        document.setMarkdown((folder / name).read_text("utf-8"))
        pages.append(Page(name, document.firstBlock().text(), document.toPlainText()))
    return tuple(pages)


class ManualWindow(SideWindow):
    """A list of the pages, and beside it the open one. A search reduces the list to the pages that
    contain all of its words, and marks the words on the open one.

    page: the name of the open one.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(_("Manual"), (1040, 720), parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)  # the open page is kept
        self.page = ""
        self._listed: list[str] = []  # names of pages
        self.search = QLineEdit()
        self.search.setPlaceholderText(_("Search all pages"))
        self.search.setAccessibleName(_("Search the manual"))
        self.search.textChanged.connect(self._find)
        self.search.returnPressed.connect(self.show_next)
        self.list = QListWidget()
        self.list.setAccessibleName(_("Pages of the manual"))
        self.none = QLabel(_("No page contains all of these words."))
        self.none.setProperty("role", "muted")
        self.none.setWordWrap(True)
        self.text = PageView()
        self.back = self._button("‹", _("Back"), QKeySequence.StandardKey.Back)
        self.forward = self._button("›", _("Forward"), QKeySequence.StandardKey.Forward)
        self.back.clicked.connect(self.text.backward)
        self.forward.clicked.connect(self.text.forward)
        self.text.backwardAvailable.connect(self.back.setEnabled)
        self.text.forwardAvailable.connect(self.forward.setEnabled)
        self.text.sourceChanged.connect(self._on_source_changed)
        self.list.currentRowChanged.connect(self._open_row)
        theme.changed.connect(self.text.reload)  # the page contains the colours
        QShortcut(QKeySequence.StandardKey.Find, self, self.search.setFocus)
        top = QHBoxLayout()
        top.addWidget(self.back)
        top.addWidget(self.forward)
        top.addWidget(self.search, 1)
        side = QWidget()
        side.setFixedWidth(256)
        left = QVBoxLayout(side)
        left.setContentsMargins(0, 0, 0, 0)
        left.setSpacing(8)
        left.addLayout(top)
        left.addWidget(self.none)
        left.addWidget(self.list, 1)
        row = QHBoxLayout()
        row.setSpacing(12)
        row.addWidget(side)
        row.addWidget(self.text, 1)
        self.column.addLayout(row)
        self.show_page(CONTENTS)
        self._find()
        self.search.setFocus()

    def _button(self, sign: str, tip: str, keys: QKeySequence.StandardKey) -> QToolButton:
        button = QToolButton()
        button.setText(sign)
        button.setEnabled(False)
        button.setAccessibleName(tip)
        button.setToolTip(f"{tip} ({QKeySequence(keys).toString()})")
        button.setShortcut(keys)
        return button

    def show_page(self, name: str) -> None:
        """Show the page of that name."""
        self.text.setSource(QUrl.fromLocalFile(str(resource.path("help") / name)))

    def show_next(self) -> None:
        """Select the next occurrence of the words; after the last of a page, the first of the next
        page in the list, and after the last page that of the first."""
        if self.text.show_next() or not self.list.count():
            return
        if self.list.count() > 1:
            self.list.setCurrentRow((self.list.currentRow() + 1) % self.list.count())
        else:
            self._follow()
            self.text.show_next()

    def _words(self) -> list[str]:
        return self.search.text().casefold().split()

    def _find(self) -> None:
        """List the pages that have all words, and stay on the open one if it is among them."""
        words = self._words()
        listed = [page for page in pages() if all(word in page.text.casefold() for word in words)]
        self._listed = [page.name for page in listed]
        with QSignalBlocker(self.list):
            self.list.clear()
            self.list.addItems([page.title for page in listed])
        self.none.setVisible(not listed)
        if listed and self.page not in self._listed:
            self.show_page(listed[0].name)
        else:
            self._follow()
        if words:
            self.text.show_next()

    def _on_source_changed(self, source: QUrl) -> None:
        self.page = source.fileName()
        self.text.style_page()
        self._follow()

    def _follow(self) -> None:
        """Select the open page in the list, and mark the words on it."""
        row = self._listed.index(self.page) if self.page in self._listed else -1
        with QSignalBlocker(self.list):
            self.list.setCurrentRow(row)
        self.text.mark(self._words())

    def _open_row(self, row: int) -> None:
        if row >= 0:
            self.show_page(self._listed[row])
            self.text.show_next()


class PageView(QTextBrowser):
    """A page in the fonts and colours of the theme, with the words of the search marked.

    places: where they are, in order.
    """

    def __init__(self) -> None:
        super().__init__()
        self.setOpenExternalLinks(True)
        self.setAccessibleName(_("Page of the manual"))
        self.setFont(theme.sans(13))
        self.document().setDocumentMargin(20)
        self.places: list[QTextCursor] = []

    def style_page(self) -> None:
        """Set spacing and fonts of the paragraphs, code and tables of the page just loaded."""
        code = QTextCharFormat()
        code.setFontFamilies([theme.MONO])
        code.setProperty(QTextFormat.Property.FontPixelSize, 12)
        cursor = QTextCursor(self.document())
        block = self.document().begin()
        while block.isValid():
            cursor.setPosition(block.position())
            is_code = block.blockFormat().hasProperty(QTextFormat.Property.BlockCodeFence)
            if cursor.currentTable() is None:
                cursor.mergeBlockFormat(_layout(block.blockFormat(), is_code))
            for span in block.textFormats():
                if is_code or span.format.fontFixedPitch():
                    cursor.setPosition(block.position() + span.start)
                    cursor.setPosition(cursor.position() + span.length, _KEEP)
                    cursor.mergeCharFormat(code)
            block = block.next()
        for frame in self.document().rootFrame().childFrames():
            if isinstance(frame, QTextTable):
                form = frame.format()
                form.setWidth(QTextLength(QTextLength.Type.PercentageLength, 100))
                form.setBorderBrush(theme.color("line"))
                form.setBorderStyle(QTextFrameFormat.BorderStyle.BorderStyle_Solid)
                form.setBorderCollapse(True)
                form.setCellPadding(6)
                form.setBottomMargin(PARAGRAPH)
                frame.setFormat(form)

    def mark(self, words: list[str]) -> None:
        """Mark all occurrences of these words on the page; select none of them."""
        cursor = self.textCursor()
        cursor.clearSelection()
        self.setTextCursor(cursor)
        self.places = []
        for word in words:
            place = self.document().find(word)
            while not place.isNull():
                self.places.append(place)
                place = self.document().find(word, place)
        self.places.sort(key=QTextCursor.selectionStart)
        colour = QColor(theme.color("accent"))
        colour.setAlpha(90)
        marks = []
        for place in self.places:
            mark = QTextEdit.ExtraSelection()
            mark.cursor = place
            mark.format.setBackground(colour)
            marks.append(mark)
        self.setExtraSelections(marks)

    def show_next(self) -> bool:
        """Select the first marked place after the one that is selected; False if there is none."""
        here = self.textCursor().selectionEnd() if self.textCursor().hasSelection() else -1
        place = next((each for each in self.places if each.selectionStart() >= here), None)
        if place is None:
            return False
        self.setTextCursor(place)
        return True


def _layout(block: QTextBlockFormat, is_code: bool) -> QTextBlockFormat:
    """The spacing of a block, and the background of code."""
    layout = QTextBlockFormat()
    if is_code:
        layout.setBackground(theme.color("canvas"))
        layout.setNonBreakableLines(False)
        return layout
    layout.setLineHeight(LINE_HEIGHT, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
    layout.setTopMargin(2 * PARAGRAPH if block.headingLevel() else PARAGRAPH)
    layout.setBottomMargin(PARAGRAPH)
    return layout
