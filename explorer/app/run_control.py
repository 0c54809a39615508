"""What the window asks of the engine: the still network's pictures, and training runs."""

import shutil
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, Signal

from explorer.analysis.report import Report, analyse
from explorer.app import folders, settings
from explorer.app.document import Document
from explorer.catalog.datasets import DataSet
from explorer.graph.diff import diff
from explorer.graph.file import to_dict
from explorer.graph.graph import Graph
from explorer.graph.path import NodePath
from explorer.protocol.looks import Gradients, Look, all_of
from explorer.protocol.messages import (
    Build,
    Hello,
    Pause,
    Resume,
    Rows,
    Saved,
    Seen,
    State,
    Step,
    Stop,
    Train,
    Validated,
    Watch,
)
from explorer.runs.record import Progress, RunRecord
from explorer.text import _

if TYPE_CHECKING:
    from explorer.app.session import Change, Session

KEPT_RUNS = 4


@dataclass(frozen=True, eq=False)
class Held:
    """The network that the engine holds, as it was last told to build or to train it.

    document: that it is of. record: of the run that it is in; None where it is only looked at.
    """

    document: Document | None
    data: DataSet
    report: Report
    record: RunRecord | None = None


class RunControl(QObject):
    """The engine as one session uses it: what it is asked, and what it told.

    record: the newest run, whichever document it is of. While it is active the engine keeps its
    network; an edit reaches it when the run is over. grown: the record has more to show. looked:
    there is another answer in `seen`. emptied: what the live views show is not of the network in
    view, and nothing will be soon. wait_changed: so is why (`wait`).
    """

    state_changed = Signal(str)
    grown = Signal()
    looked = Signal()
    emptied = Signal()
    wait_changed = Signal()
    watched_changed = Signal(str, object)
    recipe_changed = Signal(object)

    def __init__(self, session: "Session") -> None:
        super().__init__(session)
        self.session, self.link = session, session.link
        self.device = settings.DEVICE.get()
        self.mode = "auto"
        self.recipe: dict[str, float | None] = dict(settings.RECIPE.get())
        self.record: RunRecord | None = None
        self._seen: dict[type[Look], Seen] = {}
        self.watched = ""
        self._trouble = ""  # why the engine could not build
        self._waits = False  # for the engine to start, so that the run can be asked for
        self._folder = folders.data() / "runs"
        session.changed.connect(self._follow)
        self.link.started.connect(self._await_hello)
        self.link.hello_said.connect(self._greet)
        self.link.seen.connect(self._see)
        self.link.rows_arrived.connect(self._add)
        self.link.validated.connect(self._validate)
        self.link.saved.connect(self._keep)
        self.link.state_changed.connect(self._hear)
        self.link.died.connect(self._mourn)
        self.link.failed.connect(self._fail)

    @property
    def state(self) -> str:
        """That of the newest run; "idle" before the first."""
        return self.record.state if self.record else "idle"

    @property
    def active(self) -> bool:
        """A run is under way, or paused."""
        return self.record is not None and self.record.active

    @property
    def resumable(self) -> bool:
        """The newest run ended before its last step, and there is a checkpoint to go on from."""
        return self.record is not None and self.record.resumable

    @property
    def document(self) -> Document | None:
        """The one that the newest run is of, if it is still open."""
        record = self.record
        return next(
            (each for each in self.session.documents if record and each.record is record), None
        )

    @property
    def title(self) -> str:
        """What the network of the newest run is called where it is not the one that is drawn."""
        record, document = self.record, self.document
        if record is None:
            return ""
        if document is not self.session.document:
            return self.session.title(document) if document else record.graph.name
        if record.active and not self.session.holds_drawn():
            return _("{name} as it was").format(name=record.graph.name)
        return ""

    @property
    def seen(self) -> Mapping[type[Look], Seen]:
        """The newest answer to each kind of look at the current document's network."""
        return self._seen if self.session.holds_document else {}

    @property
    def image(self) -> int | str:
        """The picture that the current document looks at: its number, or the path of a photo."""
        return self.session.document.image

    @property
    def gradients(self) -> tuple[tuple[str, ...], np.ndarray]:
        """The layers of the network that the engine holds, and the newest L2 norms of the gradients of
        their weights, (layers,): in a run means over a batch, else those of the picture."""
        held = self.session.engine_holds
        seen = self.seen.get(Gradients)
        if self.session.holds_document and held and held.record and held.record.gradients.layers:
            return held.record.gradients.layers, held.record.gradients.newest
        return (tuple(seen.figures["layers"]), seen.arrays["norms"]) if seen else ((), np.empty(0))

    def build(self) -> None:
        """Let the engine build the current network and show the watched picture, unless a run is
        active or the network has problems."""
        session = self.session
        report = session.report
        if self.active or not report.ok or self.link.hello is None:
            return
        session.engine_holds = Held(session.document, session.data, report)
        self._trouble = ""
        if self.state == "died":
            self._enter("idle")
        self.watched = self._watchable(str(session.selected)) or self._first()
        self.link.send(
            Build(
                graph=to_dict(report.graph),
                data=session.data.name,
                device=self.device,
                seed=int(self.recipe.get("seed") or 0),
                weights=session.document.weights,
                looks=all_of(self.watched, self.image),
            )
        )
        self.watched_changed.emit(self.watched, self.image)
        self.wait_changed.emit()

    def watch(self, path: str, image: int | str) -> None:
        """Let the live views show the node at `path` for test picture number `image`, or for the
        photo in that file."""
        session = self.session
        path = self._watchable(path) or self.watched or self._first()
        session.document.image = image if isinstance(image, str) else image % session.data.test
        if not self.active and not session.holds_drawn():
            return  # the network is about to be built, and is then shown at what is selected
        if session.holds_document and self.state != "died":
            self.watched = path
            self.link.send(Watch(looks=all_of(path, self.image)))
            self.watched_changed.emit(path, self.image)

    def tells_of(self, path: str = "") -> bool:
        """What the engine tells of the node at `path`, or of the whole, can stand where it is drawn:
        not while a run goes on whose network is another there."""
        return self.session.holds_drawn(path) if self.active else self.session.holds_document

    @property
    def wait(self) -> str:
        """Why there is nothing to show of the current document yet, in words."""
        session = self.session
        if self.active and self.title:
            return (
                _(
                    "The engine trains {name}, before it was edited; what is drawn now is built "
                    "when that run has ended"
                ).format(name=session.graph.name)
                if self.document is session.document
                else _(
                    "The engine is training {name}; this network is built when that run has ended"
                ).format(name=self.title)
            )
        if not session.report.ok:
            return _("The engine builds the network as soon as it has no problems")
        if self._trouble:
            return self._trouble
        if self.link.given_up:
            return _("There is no engine; F5 starts it")
        if self.link.hello is None:
            return _("The engine is starting …")
        return _("Building {name} …").format(name=session.title(session.document))

    def _follow(self, change: "Change") -> None:
        """Let the views forget what is not of the network in view, tell of an edit, and look at what
        is selected."""
        session = self.session
        if change.network:
            self._follow_network(change)
        path = self._watchable(str(session.selected))
        if change.selection and path and path != self.watched:
            self.watch(path, self.image)

    def _follow_network(self, change: "Change") -> None:
        session = self.session
        other = change.document or change.data
        if other:
            self._trouble = ""
        if other or not session.holds_document:
            self._seen.clear()
            self.emptied.emit()
        elif self.active:
            assert session.engine_holds is not None
            if same_network(session.engine_holds.report.graph, change.before.graph):
                self._tell_of_edit()
            self.wait_changed.emit()

    def _tell_of_edit(self) -> None:
        """Say that what is drawn is not, or no longer, what runs."""
        if not self.session.holds_drawn():
            self.session.notified.emit(
                _(
                    "The run goes on with the network as it was when it "
                    "began; stop it and run again to train the edited one"
                )
            )

    def _watchable(self, path: str) -> str:
        """The path, if the engine's network has it, else ""."""
        held = self.session.engine_holds
        report = held.report if self.active and held else self.session.report
        try:
            return path if report.producer(NodePath.of(path)) else ""
        except KeyError:
            return ""

    def _first(self) -> str:
        """What to show while nothing is selected: what comes out of the first stage or node."""
        held = self.session.engine_holds
        facts = (held or self.session).report.facts
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
        self._prune()
        document, last = self.session.document, self.record
        self.record = document.record = RunRecord(
            graph=document.graph,
            data=document.data,
            recipe={**self.recipe, "mode": self.mode},
            weights=document.weights,
            folder=str(self._folder / uuid.uuid4().hex),
            before=(last.history if len(last.history) else last.before) if last else None,
            state="idle",
        )
        self._send(self.record)

    def _hindrance(self) -> str:
        """Why the current network cannot be trained; "" if it can."""
        if not self.session.data.labelled:
            return _(
                "Photos have no labels to learn from; choose a data set beside the run's buttons"
            )
        if problem := self.session.first_problem:
            return _("The network cannot run yet: {problem}").format(problem=problem)
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
        elif self.record is not None and self.record.resumable:
            if self.document is not None:
                self.session.show_document(self.document)
            self._send(self.record)
            self._tell_of_edit()

    def _send(self, record: RunRecord) -> None:
        """Ask for the run of this record, from its checkpoint if it has one."""
        report = analyse(record.graph, record.data)
        self.session.engine_holds = Held(self.document, record.data, report, record)
        self._trouble = ""
        self._waits = self.link.hello is None
        self._enter("measuring")  # first, for what can be watched is now a node of this network
        if not self._waits:
            self.watched = self._watchable(self.watched) or self._first()
            self.link.send(
                Train(
                    graph=to_dict(record.graph),
                    data=record.data.name,
                    weights=record.weights,
                    recipe=record.recipe,
                    checkpoint=record.folder,
                    resume=record.checkpoint,
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
        if self._waits and self.record is not None:
            self._send(self.record)
        elif not self.resumable:  # else what the run showed stays, until it is resumed or edited
            self.build()

    def _see(self, seen: Seen) -> None:
        if self.session.holds_document:
            self._seen[type(seen.look)] = seen
        self.looked.emit()

    def _add(self, rows: Rows) -> None:
        if self.record is None or not len(rows.rows):
            return
        steps, losses, accuracies = (
            rows.rows[:, rows.columns.index(name)] for name in ("step", "loss", "accuracy")
        )
        progress = Progress(
            rows.step,
            rows.steps,
            rows.epochs,
            rows.images_per_second,
            rows.seconds_left,
            rows.watching,
            rows.memory,
        )
        self.record.add(steps, losses, accuracies, progress)
        self.record.add_gradients(rows.layers, rows.gradient_steps, rows.gradients)
        self.grown.emit()

    def _validate(self, score: Validated) -> None:
        if self.record is not None:
            self.record.validate(score.step, score.loss, score.accuracy, score.confusion)
            self.grown.emit()

    def _keep(self, saved: Saved) -> None:
        if self.record is not None:
            self.record.checkpoint = saved.path
        if not self.active:  # the last word of a run that was stopped: now it can be resumed
            self.state_changed.emit(self.state)

    def _hear(self, message: State) -> None:
        self._enter(message.state)
        if not self.active and not self.session.holds_drawn():
            self.build()

    def _mourn(self, sentence: str) -> None:
        self._trouble = "" if self.link.restarting else sentence
        if self._waits and self.link.restarting:
            pass  # it is asked for the run as soon as it is there
        elif self.active:
            self._waits = False
            if self.record is not None and self.record.checkpoint:
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
        if self.record is not None and state != self.state:
            self.record.state = state
            self.state_changed.emit(state)
            self.wait_changed.emit()


def same_network(held: Graph, drawn: Graph) -> bool:
    """Whether two graphs are one network, wherever its nodes stand."""
    return held is drawn or diff(held, drawn).only_moved
