"""The menu that holds the form for a run's figures."""

from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QMenu, QWidget, QWidgetAction

from explorer.app.panels.run.run_settings import RunSettings


class SettingsMenu(QMenu):
    """Shows a form as a menu that grows and shrinks with the form. Opened above a place, it keeps
    its lower edge there."""

    def __init__(self, form: RunSettings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._form = QWidgetAction(self)
        self._form.setDefaultWidget(form)
        self._above: QPoint | None = None
        self.addAction(self._form)
        self.aboutToHide.connect(self._forget)
        form.resized.connect(self._resize)

    def open_above(self, place: QPoint) -> None:
        """Open with the lower left corner at a place of the screen."""
        self._above = place
        self._resize()
        self.popup(place - QPoint(0, self.sizeHint().height()))

    def _resize(self) -> None:
        # A menu asks a widget for its size only when its action has changed.
        self._form.setData(not self._form.data())
        if self._above is not None and self.isVisible():
            self.move(self._above - QPoint(0, self.height()))

    def _forget(self) -> None:
        self._above = None

    def focusNextPrevChild(self, forward: bool) -> bool:
        # In a menu Tab goes to the next entry; here it goes to the next field of the form.
        return QWidget.focusNextPrevChild(self, forward)
