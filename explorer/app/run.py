"""What the window asks of the engine: the still network's pictures, and training runs."""

import shutil
import uuid
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from explorer.analysis.problem import problems
from explorer.analysis.report import Report
from explorer.app import folders, settings
from explorer.app.document import Document
from explorer.catalog.datasets import DataSet
from explorer.graph.diff import diff
from explorer.graph.file import to_dict
from explorer.graph.graph import Graph
from explorer.graph.path import NodePath
from explorer.protocol.looks import all_of
from explorer.protocol.messages import (
    Build,
    Hello,
    Pause,
    Resume,
    Saved,
    State,
    Step,
    Stop,
    Train,
    Watch,
)
from explorer.text import _

if TYPE_CHECKING:
    from explorer.app.session import Session

KEPT_RUNS = 4
ACTIVE = ("measuring", "running", "paused")


class Run(QObject):
    """The engine as one session uses it.

    state: "idle", "measuring", "running", "paused", "stopped", "finished" or "died". While a run
    is active the engine keeps its network; an edit reaches it when the run is over. emptied: what
    the live views show is not of the network in view, and nothing will be soon. wait_changed: so
    is why (`wait`).
    """

    state_changed = Signal(str)
    emptied = Signal()
    wait_changed = Signal()
    watched_changed = Signal(str, object)
    recipe_changed = Signal(object)

    def __init__(self, session: "Session") -> None:
        super().__init__(session)
        self.session, self.link = session, session.link
        self.state = "idle"
        self.device = settings.DEVICE.get()
        self.mode = "auto"
        self.recipe: dict[str, float | None] = dict(settings.RECIPE.get())
        self.watched = ""
        self.checkpoint: str | None = None
        self.report: Report | None = None  # of the network that the engine holds
        self._trained: Report | None = None  # of the network that is, or was, in the run
        self.document: Document | None = None  # the one whose network is in the run
        # The document whose network the engine was told to build, and its data.
        self._holds: tuple[Document | None, DataSet] | None = None
        self._shown = session.document, session.document.data
        self._trouble = ""  # why the engine could not build
        self._told_of_edit = False
        self._request: Train | None = None  # of the run, without what may change when it resumes
        self._waits = False  # for the engine to start, so that the run can be asked for
        self._folder = folders.data() / "runs"
        session.selection_changed.connect(self._select)
        session.changed.connect(self._follow)
        self.link.started.connect(self._await_hello)
        self.link.hello_said.connect(self._greet)
        self.link.saved.connect(self._keep)
        self.link.state_changed.connect(self._hear)
        self.link.died.connect(self._mourn)
        self.link.failed.connect(self._fail)

    @property
    def active(self) -> bool:
        """A run is under way, or paused."""
        return self.state in ACTIVE

    @property
    def image(self) -> int | str:
        """The picture that the current document looks at: its number, or the path of a photo."""
        return self.session.document.image

    @property
    def resumable(self) -> bool:
        """A run was stopped, or the engine died in it, and there is a checkpoint to go on from."""
        return self.state in ("stopped", "died") and self.checkpoint is not None

    def build(self) -> None:
        """Let the engine build the current network and show the watched picture, unless a run is
        active or the network has problems."""
        report = self.session.report
        if self.active or not report.ok or self.link.hello is None:
            return
        self.report = report
        self._holds = self.session.document, self.session.data
        self._trouble = ""
        if self.state == "died":
            self._enter("idle")
        self.watched = self._watchable(str(self.session.selected)) or self._first()
        self.link.send(
            Build(
                graph=to_dict(report.graph),
                data=self.session.data.name,
                device=self.device,
                seed=int(self.recipe.get("seed") or 0),
                weights=self.session.document.weights,
                looks=all_of(self.watched, self.image),
            )
        )
        self.watched_changed.emit(self.watched, self.image)
        self.wait_changed.emit()

    def watch(self, path: str, image: int | str) -> None:
        """Let the live views show the node at `path` for test picture number `image`, or for the
        photo in that file."""
        path = self._watchable(path) or self.watched or self._first()
        document = self.session.document
        document.image = image if isinstance(image, str) else image % document.data.test
        if not self.active and self.report is not self.session.report:
            return  # the network is about to be built, and is then shown at what is selected
        if self.report is not None and self.shows_document and self.state != "died":
            self.watched = path
            self.link.send(Watch(looks=all_of(path, self.image)))
            self.watched_changed.emit(path, self.image)

    @property
    def shows_document(self) -> bool:
        """What the engine tells is of the current document's network, or of an earlier one of it
        that can still be shown in its place."""
        session = self.session
        return self._holds == (session.document, session.data) and (
            self.active or session.report.ok
        )

    @property
    def wait(self) -> str:
        """Why there is nothing to show of the current document yet, in words."""
        if self.active and self.document is not None and not self.shows_document:
            return _(
                "The engine is training {name}; this network is built when that run has ended"
            ).format(name=self.session.title(self.document))
        if not self.session.report.ok:
            return _("The engine builds the network as soon as it has no problems")
        if self._trouble:
            return self._trouble
        if self.link.given_up:
            return _("There is no engine; F5 starts it")
        if self.link.hello is None:
            return _("The engine is starting …")
        return _("Building {name} …").format(name=self.session.title(self.session.document))

    def _follow(self, before: Graph, after: Graph) -> None:
        """Let the views forget what is not of the network in view, and tell of an edit."""
        now = self.session.document, self.session.data
        edited = now == self._shown
        self._shown = now
        if not edited:
            self._trouble = ""
        if not edited or not self.shows_document:
            self.emptied.emit()
        if edited:
            self._tell_of_edit(before, after)

    def _tell_of_edit(self, before: Graph, after: Graph) -> None:
        """Say once a run that what is drawn is no longer what runs."""
        if (
            self.active
            and self.shows_document
            and not self._told_of_edit
            and before is not after
            and not diff(before, after).only_moved
        ):
            self._told_of_edit = True
            self.session.notified.emit(
                _(
                    "The run goes on with the network as it was when it "
                    "began; stop it and run again to train the edited one"
                )
            )

    def _select(self, path: NodePath) -> None:
        if self._watchable(str(path)) and str(path) != self.watched:
            self.watch(str(path), self.image)

    def _watchable(self, path: str) -> str:
        """The path, if the engine's network has it, else ""."""
        report = self.report if self.active else self.session.report
        try:
            return path if report is not None and report.producer(NodePath.of(path)) else ""
        except KeyError:
            return ""

    def _first(self) -> str:
        """What to show while nothing is selected: what comes out of the first stage or node."""
        facts = self.report.facts if self.report else self.session.report.facts
        stages = [id for id in facts if facts[id].kind.category == "stage"]
        return (stages or [id for id in facts if self._watchable(id)] or ["input"])[0]

    # A run ------------------------------------------------------------------------------------

    def start(self) -> None:
        """Train the current network, from fresh weights or from those that were imported; starts
        the engine where there is none."""
        if hindrance := self._hindrance():
            self.link.start()  # the views need it all the same
            self.session.notified.emit(hindrance)
            return
        if self.session.memory.warning:  # the forecast may be wrong: the run begins all the same
            self.session.notified.emit(self.session.memory.warning)
        self._trained, self.document = self.session.report, self.session.document
        self._data = self.session.data
        self.checkpoint = None
        self._told_of_edit = False
        self._prune()
        self._request = Train(
            graph=to_dict(self._trained.graph),
            data=self.session.data.name,
            weights=self.document.weights,
            checkpoint=str(self._folder / uuid.uuid4().hex),
        )
        self._send(resume=None)

    def _hindrance(self) -> str:
        """Why the current network cannot be trained; "" if it can."""
        if not self.session.data.labelled:
            return _(
                "Photos have no labels to learn from; choose a data set beside the run's buttons"
            )
        if not self.session.report.ok:
            first = problems(self.session.report)[0]
            return _("The network cannot run yet: {problem}").format(problem=first.message)
        return ""

    def _prune(self) -> None:
        """Throw away the checkpoints of all runs but the last few."""
        runs = [each for each in self._folder.glob("*") if each.is_dir()]
        for old in sorted(runs, key=lambda each: each.stat().st_mtime)[:-KEPT_RUNS]:
            shutil.rmtree(old, ignore_errors=True)

    def resume(self) -> None:
        """Go on: with a paused run, or from the last checkpoint of one that ended, whose network
        the engine then holds again, whatever was drawn since."""
        if self.state == "paused":
            self.link.send(Resume())
        elif self.resumable:
            if self.document in self.session.documents:
                self.session.show_document(self.document)
            self._told_of_edit = False
            self._send(resume=self.checkpoint)
            assert self._trained is not None
            self._tell_of_edit(self._trained.graph, self.session.graph)

    def _send(self, resume: str | None) -> None:
        assert self._request is not None
        self.report = self._trained
        self._request = replace(self._request, resume=resume)
        self._holds, self._trouble = (self.document, self._data), ""
        self._waits = self.link.hello is None
        self._enter("measuring")  # first, for what can be watched is now a node of this network
        if not self._waits:
            self.watched = self._watchable(self.watched) or self._first()
            self.link.send(
                replace(
                    self._request,
                    recipe={**self.recipe, "mode": self.mode},
                    device=self.device,
                    looks=all_of(self.watched, self.image),
                )
            )
        else:
            self.link.start()  # last, for it may fail at once

    def pause(self) -> None:
        """Hold the run after the present step."""
        self.link.send(Pause())

    def step(self) -> None:
        """Do one training step of a paused run."""
        self.link.send(Step())

    def stop(self) -> None:
        """End the run; its last checkpoint is kept."""
        if self._waits:
            self._waits = False
            self._enter("stopped")
        self.link.send(Stop())

    def choose_device(self, device: str) -> None:
        """Use another device from the next build or run on, and remember it."""
        self.device = device
        settings.DEVICE.set(device)
        self.recipe_changed.emit(self.recipe)
        self.build()

    def choose_mode(self, mode: str) -> None:
        """Number format and memory layout of the next run; "auto" measures which is fastest."""
        self.mode = mode
        self.recipe_changed.emit(self.recipe)

    def set_recipe(self, recipe: Mapping[str, float | None]) -> None:
        """The figures of the next run: epochs, batch_size, learning_rate, weight_decay, seed."""
        self.recipe = dict(recipe)
        settings.RECIPE.set(self.recipe)
        self.recipe_changed.emit(self.recipe)

    # What the engine says -----------------------------------------------------------------------

    def _await_hello(self) -> None:
        self._trouble = ""
        self.wait_changed.emit()

    def _greet(self, hello: Hello) -> None:
        known = [device.id for device in hello.devices]
        if self.device not in known:
            self.device = known[0]
        if self._waits:
            self._send(self._request.resume if self._request else None)
        elif not self.resumable:  # else what the run showed stays, until it is resumed or edited
            self.build()

    def _keep(self, saved: Saved) -> None:
        self.checkpoint = saved.path
        if not self.active:  # the last word of a run that was stopped: now it can be resumed
            self.state_changed.emit(self.state)

    def _hear(self, message: State) -> None:
        self._enter(message.state)
        if not self.active and self.report is not self.session.report:
            self.build()

    def _mourn(self, sentence: str) -> None:
        self._trouble = "" if self.link.restarting else sentence
        if self._waits and self.link.restarting:
            pass  # it is asked for the run as soon as it is there
        elif self.active:
            self._waits = False
            if self.checkpoint:
                sentence = _("{sentence} The run can be resumed from its last checkpoint.").format(
                    sentence=sentence
                )
            self._enter("died")
        self.session.notified.emit(sentence)
        self.wait_changed.emit()

    def _fail(self, sentence: str) -> None:
        self._trouble = sentence
        self.session.notified.emit(sentence)
        image = self.image
        if isinstance(image, str) and str(Path(image)) in sentence:  # it is the photo's fault
            self.session.document.image = 0
        if self.state == "measuring":
            self._enter("idle")
        self.wait_changed.emit()

    def _enter(self, state: str) -> None:
        if state != self.state:
            self.state = state
            self.state_changed.emit(state)
            self.wait_changed.emit()
