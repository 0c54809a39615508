"""The open documents as tabs, and a button to open another one."""

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, QSize, Qt
from PySide6.QtWidgets import QHBoxLayout, QMenu, QSizePolicy, QTabBar, QToolButton, QWidget

from explorer.app.session import EMPTY, Change, Session
from explorer.catalog import templates
from explorer.text import _

if TYPE_CHECKING:
    from explorer.app.files import Files

LEAST_TAB, LEAST = 112, 204  # pixels of width


class Tabs(QTabBar):
    """Tabs that elide their names before they scroll."""

    def minimumTabSizeHint(self, index: int) -> QSize:
        size = self.tabSizeHint(index)
        return QSize(min(size.width(), LEAST_TAB), size.height())


class DocumentTabs(QWidget):
    """One tab for each document, with a dot where there are unsaved changes, and a turning arrow where
    they were restored. They take the width that the rest of the bar leaves."""

    def __init__(self, session: Session, files: "Files") -> None:
        super().__init__()
        self.session, self.files = session, files
        self.bar = Tabs()
        self.bar.setObjectName("documents")
        self.bar.setDrawBase(False)
        self.bar.setExpanding(False)
        self.bar.setTabsClosable(True)
        self.bar.setElideMode(Qt.TextElideMode.ElideMiddle)
        self.bar.setUsesScrollButtons(True)
        self.bar.currentChanged.connect(self._switch)
        self.bar.tabCloseRequested.connect(files.close)
        self.bar.setAccessibleName(_("Open networks"))
        more = QToolButton()
        more.setText("+")
        more.setAutoRaise(True)
        more.setStatusTip(_("Open a template"))
        more.setAccessibleName(_("Open another network"))
        more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        more.setMenu(self.new_menu(more))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 8, 0)
        row.setSpacing(2)
        row.addWidget(self.bar)
        row.addWidget(more)
        row.addStretch(1)
        self._row = row
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        session.changed.connect(self._follow)
        self.refresh()

    def sizeHint(self) -> QSize:
        return self.minimumSizeHint()

    def minimumSizeHint(self) -> QSize:
        return QSize(LEAST, self._row.sizeHint().height())

    def new_menu(self, parent: QWidget) -> QMenu:
        """A menu of an empty network and all templates, with a submenu for each family of several."""
        menu = QMenu(_("&New from template"), parent)
        menu.addAction(_("Empty network"), partial(self.session.new, EMPTY)).setStatusTip(
            _("An input and an output, to build between them")
        )
        menu.addSeparator()
        for family, names in templates.families().items():
            place = menu if len(names) == 1 else menu.addMenu(family)
            for name in names:
                action = place.addAction(name, partial(self.session.new, name))
                action.setStatusTip(templates.template(name).doc)
        return menu

    def _follow(self, change: Change) -> None:
        if change.files:
            self.refresh()

    def refresh(self) -> None:
        """Show the documents as they are."""
        documents = self.session.documents
        with QSignalBlocker(self.bar):
            while self.bar.count() > len(documents):
                self.bar.removeTab(self.bar.count() - 1)
            while self.bar.count() < len(documents):
                self.bar.addTab("")
            for number, document in enumerate(documents):
                text = self.session.title(document) + (" ●" if document.modified else "")
                self.bar.setTabText(number, f"↻ {text}" if document.recovered else text)
                lines = [text, str(document.path or _("not saved yet"))]
                if document.recovered:
                    lines.append(_("restored after CNN Explorer ended unexpectedly"))
                self.bar.setTabToolTip(number, "\n".join(lines))
            self.bar.setCurrentIndex(documents.index(self.session.document))

    def _switch(self, index: int) -> None:
        if index >= 0:
            self.session.switch(index)
