"""Requests to build, watch and train the current network, and the newest answers to them."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, Signal

from explorer import folders
from explorer.analysis.report import Report, analyse
from explorer.app import settings
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
from explorer.runs.folder import folder_name
from explorer.runs.history import LOSS
from explorer.runs.record import Progress, RunRecord
from explorer.text import _

if TYPE_CHECKING:
    from explorer.app.session import Change, Session


@dataclass(frozen=True, eq=False)
class Held:
    """The network that the engine holds since the last request to build or train one.

    document: where it comes from, None if that is closed. record: its run, None without one.
    """

    document: Document | None
    data: DataSet
    report: Report
    record: RunRecord | None = None


class RunControl(QObject):
    """A session's requests to the engine, and its answers.

    record: the newest run, of whichever document. While it is active the engine keeps its network;
    an edit is built when the run has ended. recipe: of the next run. watched: the path of the node
    that the live views show. grown: the record has more rows or scores. looked: `seen` has a new
    answer. emptied: the live views must drop what they show, which is of another network.
    wait_changed: `wait` has changed.
    """

    state_changed = Signal(str)
    grown = Signal()
    looked = Signal()
    emptied = Signal()
    wait_changed = Signal()
    recipe_changed = Signal(object)

    def __init__(self, session: "Session") -> None:
        super().__init__(session)
        self.session, self.link = session, session.link
        self.device = settings.DEVICE.get()
        self.recipe = settings.RECIPE.get()
        self.record: RunRecord | None = None
        self._seen: dict[type[Look], Seen] = {}
        self.watched = ""
        self._trouble = ""  # why the engine could not build
        self._forgotten = False  # the engine that held the network died
        self._unused = ""  # why the engine cannot use a GPU that is there
        self._waits = False  # the run is requested when the engine has started
        session.changed.connect(self._follow)
        self.link.started.connect(self._on_started)
        self.link.hello_said.connect(self._on_hello)
        self.link.seen.connect(self._on_seen)
        self.link.rows_arrived.connect(self._on_rows)
        self.link.validated.connect(self._on_validated)
        self.link.saved.connect(self._on_saved)
        self.link.state_changed.connect(self._on_state)
        self.link.died.connect(self._on_died)
        self.link.failed.connect(self._on_failed)

    @property
    def state(self) -> str:
        """The state of the newest run; "idle" before the first."""
        return self.record.state if self.record else "idle"

    @property
    def active(self) -> bool:
        """A run is under way, or paused."""
        return self.record is not None and self.record.active

    @property
    def resumable(self) -> bool:
        """The newest run ended before its last step and has a checkpoint."""
        return self.record is not None and self.record.resumable

    @property
    def document(self) -> Document | None:
        """The document of the newest run, if it is still open."""
        documents = self.session.documents if self.record else ()
        return next((each for each in documents if each.record is self.record), None)

    @property
    def title(self) -> str:
        """The name of the newest run's network; "" if it is the one that is drawn."""
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
        """The paths of the layers of the network that the engine holds, and the newest L2 norms of
        their weights' gradients, (layers,): in a run of the batch's mean loss, else of the picture's
        loss."""
        held = self.session.engine_holds
        seen = self.seen.get(Gradients)
        if self.session.holds_document and held and held.record and held.record.gradients.layers:
            return held.record.gradients.layers, held.record.gradients.newest
        return (tuple(seen.figures["layers"]), seen.arrays["norms"]) if seen else ((), np.empty(0))

    @property
    def loss(self) -> tuple[float, int]:
        """The newest loss of the network that the engine holds, in a run that of the last step, else
        that of the picture; and the number of its classes. 0 where it is not known."""
        held, seen = self.session.engine_holds, self.seen.get(Gradients)
        if held is None or not self.session.holds_document:
            return 0.0, 0
        classes = held.report.output[0] if held.report.output else 0
        if held.record is not None and len(held.record.history):
            return float(held.record.history.points[-1, LOSS]), classes
        return (float(seen.arrays["loss"][0]) if seen else 0.0), classes

    def build(self) -> None:
        """Request that the current network is built and looked at, unless a run is active or the
        network has problems."""
        session = self.session
        report = session.report
        if self.active or not report.ok or self.link.hello is None:
            return
        session.engine_holds = Held(session.document, session.data, report)
        self._trouble, self._forgotten = "", False
        self.watched = self._watchable(str(session.selected)) or self._first()
        self.link.send(
            Build(
                graph=to_dict(report.graph),
                data=session.data.name,
                device=self.device,
                seed=self.recipe.seed,
                weights=session.document.current_weights,
                looks=all_of(self.watched, self.image),
            )
        )
        self.wait_changed.emit()

    def watch(self, path: str, image: int | str) -> None:
        """Show the node at `path` in the live views.

        image: the number of a test picture, modulo how many there are, or the path of a photo.
        """
        session = self.session
        path = self._watchable(path) or self.watched or self._first()
        session.document.image = image if isinstance(image, str) else image % session.data.test
        if not self.active and not session.holds_drawn():
            return  # the network is about to be built, and watched at the selected node
        if session.holds_document and not self._forgotten:
            self.watched = path
            self.link.send(Watch(looks=all_of(path, self.image)))

    def describes_drawn(self, path: str = "") -> bool:
        """The engine's answers describe the node at `path`, or the whole network, as it is drawn; in a
        run they do not once that was edited."""
        return self.session.holds_drawn(path) if self.active else self.session.holds_document

    @property
    def wait(self) -> str:
        """Why the live views have nothing to show of the current document yet, as a sentence."""
        session = self.session
        if self.active and self.title:
            return (
                _(
                    "The engine is training {name} as it was before it was edited; what is drawn "
                    "now is built when that run has ended"
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
        """Empty the views of another network's answers, and watch what is selected."""
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
                self._notify_of_edit()
            self.wait_changed.emit()

    def _notify_of_edit(self) -> None:
        """Notify the person if the network that is drawn is not the one in training."""
        if not self.session.holds_drawn():
            self.session.notified.emit(
                _(
                    "The run continues with the network as it was when it started; stop it and run again "
                    "to train the edited network"
                )
            )

    def _watchable(self, path: str) -> str:
        """The path, if the network that is built or trained has such a node, else ""."""
        held = self.session.engine_holds
        report = held.report if self.active and held else self.session.report
        try:
            return path if report.producer(NodePath.of(path)) else ""
        except KeyError:
            return ""

    def _first(self) -> str:
        """The path to watch while nothing is selected: that of the first stage, or else node."""
        held = self.session.engine_holds
        facts = (held or self.session).report.facts
        stages = [id for id in facts if facts[id].kind.category == "stage"]
        return (stages or [id for id in facts if self._watchable(id)] or ["input"])[0]

    # A run ------------------------------------------------------------------------------------

    def start(self) -> None:
        """Train the current network, from fresh or imported weights; starts the engine if there is
        none."""
        if refusal := self._refusal():
            self.link.start()  # the views need it all the same
            self.session.notified.emit(refusal)
            return
        if self.session.memory.warning:  # the forecast may be wrong: the run starts all the same
            self.session.notified.emit(self.session.memory.warning)
        document, last = self.session.document, self.record
        self.record = document.record = RunRecord(
            graph=document.graph,
            data=document.data,
            recipe=self.recipe,
            weights=document.weights,
            before=(last.history if len(last.history) else last.before) if last else None,
            state="idle",
        )
        self._request(self.record)

    def show(self, record: RunRecord) -> None:
        """Make a run that was read from its folder the newest one, unless one is active."""
        if not self.active:
            self.record = record
            self.state_changed.emit(record.state)
            self.grown.emit()

    def _refusal(self) -> str:
        """Why the current network cannot be trained; "" if it can."""
        if not self.session.data.labelled:
            return _(
                "Photos have no labels to learn from; choose a data set beside the run's buttons"
            )
        if problem := self.session.first_problem:
            return _("The network cannot run yet: {problem}").format(problem=problem)
        if unfit := self.session.misfits:
            return _("The network cannot be trained like this: {problem}").format(
                problem=unfit[0].message
            )
        return ""

    def resume(self) -> None:
        """Go on with a paused run, or with one that ended from its last checkpoint: with its network,
        even if that was edited since."""
        if self.state == "paused":
            self.link.send(Resume())
        elif self.record is not None and self.record.resumable:
            if self.document is not None:
                self.session.show_document(self.document)
            self._request(self.record)
            self._notify_of_edit()

    def _request(self, record: RunRecord) -> None:
        """Request the run of this record, from its checkpoint if it has one."""
        report = analyse(record.graph, record.data)
        self.session.engine_holds = Held(self.document, record.data, report, record)
        self._trouble, self._forgotten, record.trained, record.reason = "", False, None, ""
        self._waits = self.link.hello is None
        self._enter("measuring")  # first: it decides which nodes can be watched
        if self._waits:
            self.link.start()  # last: it may fail at once
        else:
            self.watched = self._watchable(self.watched) or self._first()
            self.link.send(
                Train(
                    graph=to_dict(record.graph),
                    data=record.data.name,
                    weights=record.weights,
                    recipe=record.recipe,
                    out=_wanted_folder(record.graph),
                    resume=record.checkpoint,
                    device=self.device,
                    looks=all_of(self.watched, self.image),
                )
            )

    def pause(self) -> None:
        """Pause the run after the current step."""
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
        """Use another device for the next builds and runs, and remember it."""
        self.device = device
        settings.DEVICE.set(device)
        self.recipe_changed.emit(self.recipe)
        self.build()

    def change_recipe(self, figures: Mapping[str, float | str | None]) -> None:
        """Change these figures of the next run's recipe, as far as they are allowed, and remember
        them."""
        self.recipe = self.recipe.updated(figures)
        settings.RECIPE.set(self.recipe)
        self.recipe_changed.emit(self.recipe)

    # Answers of the engine ----------------------------------------------------------------------

    def _on_started(self) -> None:
        self._trouble = ""
        self.wait_changed.emit()

    def _on_hello(self, hello: Hello) -> None:
        if hello.unused and hello.unused != self._unused:  # once, not at every start
            self.session.notified.emit(hello.unused)
        self._unused = hello.unused
        known = [device.id for device in hello.devices]
        if self.device not in known:
            self.device = known[0]
        if self._waits and self.record is not None:
            self._request(self.record)
        elif not (self.resumable and self.seen):  # else that stays in view until it is resumed
            self.build()

    def _on_seen(self, seen: Seen) -> None:
        if self.session.holds_document:
            self._seen[type(seen.look)] = seen
        self.looked.emit()

    def _on_rows(self, rows: Rows) -> None:
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

    def _on_validated(self, score: Validated) -> None:
        if self.record is not None:
            self.record.validate(score.step, score.loss, score.accuracy, score.confusion)
            self.grown.emit()

    def _on_saved(self, saved: Saved) -> None:
        if self.record is not None:
            self.record.checkpoint = saved.path
        if not self.active:  # a run that was stopped can now be resumed
            self.state_changed.emit(self.state)

    def _on_state(self, message: State) -> None:
        if self.record is not None and message.folder is not None:
            self.record.folder = message.folder
        if self.record is not None and message.accuracy is not None:
            self.record.test = message.accuracy
        self._enter(message.state)
        if not self.active and not self.session.holds_drawn():
            self.build()

    def _on_died(self, sentence: str) -> None:
        self._trouble, self._forgotten = "" if self.link.restarting else sentence, True
        if self.active and not (self._waits and self.link.restarting):
            self._waits = False
            if self.record is not None and self.record.checkpoint:
                sentence = _("{sentence} The run can be resumed from its last checkpoint.").format(
                    sentence=sentence
                )
            if self.record is not None:
                self.record.reason = sentence
            self._enter("died")
        self.session.notified.emit(sentence)
        self.wait_changed.emit()

    def _on_failed(self, sentence: str) -> None:
        self._trouble = sentence
        if self.record is not None and self.active:
            self.record.reason = sentence
        self.session.notified.emit(sentence)
        image = self.image
        if isinstance(image, str) and str(Path(image)) in sentence:  # the photo is the cause
            self.session.document.image = 0
        if self.state == "measuring":
            self._enter("idle")
        self.wait_changed.emit()

    def _enter(self, state: str) -> None:
        if self.record is not None and state != self.state:
            self.record.state = state
            self.state_changed.emit(state)
            self.wait_changed.emit()


def _wanted_folder(graph: Graph) -> str:
    """The folder that a run of this network should have, in the user's folder of runs; a relative path
    lies in that of an engine on another machine."""
    name = folder_name(graph.name)
    return name if settings.ENGINE.get() else str(folders.runs() / name)


def same_network(held: Graph, drawn: Graph) -> bool:
    """The two graphs are equal but for the positions of their nodes."""
    return held is drawn or diff(held, drawn).only_moved
