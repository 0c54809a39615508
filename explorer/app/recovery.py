"""What brings the documents of a window back after a crash: their journals, in a folder that is locked
while the window lives."""

import contextlib
import json
import logging
import shutil
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QLockFile, QObject, QTimer

from explorer.app import folders, journal
from explorer.app.document import Document
from explorer.app.journal import Journal
from explorer.catalog.check import KindError
from explorer.graph.file import FileError, replace_bytes
from explorer.text import _, ngettext

if TYPE_CHECKING:
    from explorer.app.session import Change, Session

SYNC_SECONDS = 0.5  # between two syncs to disk
RETRY_MS = 5000
_LOCK, _TABS = "lock", "tabs.json"
_log = logging.getLogger(__name__)


class Recovery(QObject):
    """Keeps a journal of each open document of a session, and restores those of windows that died.

    A folder that is not locked is that of a window that died. What was appended to a journal
    survives the end of the process at once, and a power failure once a thread has synced it.
    """

    def __init__(self, session: "Session") -> None:
        super().__init__(session)
        self._session = session
        self._journals: dict[Document, Journal] = {}
        self._folder = _windows() / uuid.uuid4().hex
        self._lock = _lock_of(self._folder)
        self._restored: list[
            tuple[Path, QLockFile]
        ] = []  # until the documents are in journals here
        self._tabs = ""
        self._notified = False  # that edits are not kept
        self._retry = QTimer(self, singleShot=True, interval=RETRY_MS)
        self._retry.timeout.connect(self._append_again)
        self._unsynced: set[Journal] = set()
        self._wake, self._over = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._sync, name="journal", daemon=True)

    # Restoring --------------------------------------------------------------------------------

    def restore(self) -> None:
        """Open the documents of all windows that died, with their undo stacks."""
        changed = 0
        for folder in sorted(_windows().glob("*")):
            lock = _lock_of(folder)
            if not lock.tryLock(0):
                continue  # its window is alive
            self._restored.append((folder, lock))
            current, documents = None, []
            for path, is_current in _tabs_in(folder):
                if document := self._restored_from(path):
                    documents.append(document)
                    current = document if is_current else current
                    changed += document.modified
            self._session.restore(documents, current)
        if changed:
            self._session.notified.emit(
                ngettext(
                    "CNN Explorer ended unexpectedly; a network with unsaved changes is restored",
                    "CNN Explorer ended unexpectedly; {count} networks with unsaved changes are "
                    "restored",
                    changed,
                ).format(count=changed)
            )

    def _restored_from(self, path: Path) -> Document | None:
        """The document of a journal; one that cannot be read is put aside, and the person notified."""
        document = self._session.blank()
        try:
            lost = journal.read(path, document)
        except (FileError, KindError, OSError) as error:
            _log.warning("the journal %s cannot be read: %s", path, error)
            lost = None
        if lost != 0:
            aside = folders.state() / "damaged" / path.name
            with contextlib.suppress(OSError):
                aside.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, aside)
            self._session.notified.emit(
                _("The journal of a network is damaged; no change of it can be restored")
                if lost is None
                else ngettext(
                    "The journal of {name} is damaged; its last change cannot be restored",
                    "The journal of {name} is damaged; its last {count} changes cannot be restored",
                    lost,
                ).format(name=document.graph.name, count=lost)
            )
        document.recovered = document.modified
        return None if lost is None else document

    # Keeping ----------------------------------------------------------------------------------

    def start(self) -> None:
        """Keep journals from now on."""
        self._thread.start()
        self._session.changed.connect(self._follow)
        self._follow()
        if not self._notified:  # all that was restored is in the new journals
            for folder, lock in self._restored:
                shutil.rmtree(folder, ignore_errors=True)
                lock.unlock()
            self._restored.clear()

    def close(self, keep: bool = False) -> None:
        """End; unless the journals are to be kept for the next start, the documents were closed."""
        if self._thread.is_alive():
            self._session.changed.disconnect(self._follow)
            self._over.set()
            self._wake.set()
            self._thread.join()
        for each in self._journals.values():
            each.close()
            if keep:
                each.sync()
        if not keep:
            shutil.rmtree(self._folder, ignore_errors=True)
        self._lock.unlock()

    def _follow(self, _change: "Change | None" = None) -> None:
        """Follow which documents are open, and what of them is not in their graph."""
        documents = self._session.documents
        for closed in self._journals.keys() - set(documents):
            self._journals.pop(closed).discard()
        for document in documents:
            if document not in self._journals:
                path = self._folder / f"{uuid.uuid4().hex}{journal.SUFFIX}"
                document.journal = self._journals[document] = Journal(
                    document, path, self._on_write
                )
            self._journals[document].follow()
        names = [self._journals[document].path.name for document in documents]
        current = self._journals[self._session.document].path.name
        tabs = json.dumps({"tabs": names, "current": current})
        if tabs != self._tabs:
            with contextlib.suppress(OSError):  # the journals told of it
                replace_bytes(self._folder / _TABS, tabs.encode(), sync=False)
                self._tabs = tabs

    def _on_write(self, written: Journal, error: OSError | None) -> None:
        if error is None:
            self._lock.tryLock(0)
            self._notified = False
            self._unsynced.add(written)
            self._wake.set()
            return
        self._retry.start()
        if not self._notified:
            self._notified = True
            self._session.notified.emit(
                _("Changes are not kept for the case of a crash: {reason}").format(
                    reason=error.strerror or error
                )
            )

    def _append_again(self) -> None:
        for each in self._journals.values():
            each.append_waiting()

    def _sync(self) -> None:
        while not self._over.is_set():
            self._wake.wait()
            self._wake.clear()
            while self._unsynced:
                self._unsynced.pop().sync()
            self._over.wait(SYNC_SECONDS)


def _windows() -> Path:
    return folders.state() / "windows"


def _lock_of(folder: Path) -> QLockFile:
    """The lock of a window's folder, which only the end of its process makes stale."""
    lock = QLockFile(str(folder / _LOCK))
    lock.setStaleLockTime(0)
    return lock


def _tabs_in(folder: Path) -> Iterator[tuple[Path, bool]]:
    """The journals in a window's folder in the order of its tabs, and whether each was current."""
    try:
        tabs = json.loads((folder / _TABS).read_bytes())
    except (OSError, ValueError):
        tabs = None
    names, current = [], None
    if isinstance(tabs, dict) and isinstance(tabs.get("tabs"), list):
        names, current = tabs["tabs"], tabs.get("current")
    files = {path.name: path for path in sorted(folder.glob(f"*{journal.SUFFIX}"))}
    for name in sorted(files, key=lambda name: names.index(name) if name in names else len(names)):
        yield files[name], name == current
