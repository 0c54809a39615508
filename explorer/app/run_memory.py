"""The memory that the next run will take on its device."""

from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtCore import QObject, Signal

from explorer.analysis.memory_forecast import Forecast, forecast, largest_batch, room_on, steps
from explorer.analysis.memory_table import bytes_text
from explorer.analysis.report import Report
from explorer.app.background_work import BackgroundWork
from explorer.protocol.messages import Modes, Rows
from explorer.runs.recipe import AUTO, MOST_PICTURES
from explorer.text import _

if TYPE_CHECKING:
    from explorer.app.session import Change, Session


class Device(NamedTuple):
    """A device of the engine. memory, free: bytes, 0 where unknown."""

    id: str
    memory: int
    free: int

    @property
    def others(self) -> int:
        """Bytes that other processes use, 0 where unknown."""
        return self.memory - self.free if self.free else 0

    @property
    def room(self) -> int:
        """Bytes that our tensors can take."""
        return room_on(self.free or self.memory)


class RunMemory(QObject):
    """The forecast for the session's network with the run's batch, number format and device.

    changed: there is another forecast or measured value. forecast: None while it is not known, or
    the network cannot run; forecast_of: the report that it is of. largest: the largest batch that
    fits and that a run may have. measured: the peak of the last run in bytes, validation included,
    None where the device does not report it; expected: the forecast for that run.
    """

    changed = Signal()

    def __init__(self, session: "Session") -> None:
        super().__init__(session)
        self._session = session
        self.forecast: Forecast | None = None
        self.forecast_of: Report | None = None
        self.largest = 0
        self.measured: int | None = None
        self.expected: int | None = None
        self._chosen: str | None = None  # the mode that "auto" took last
        self._report: Report | None = None
        self._work = BackgroundWork(self, self._settle)
        run, link = session.run, session.link
        session.changed.connect(self._follow)
        for signal in (run.recipe_changed, link.hello_said):
            signal.connect(self._restart)
        link.modes_measured.connect(self._on_modes)
        link.rows_arrived.connect(self._on_rows)
        run.state_changed.connect(self._on_state)
        self._restart()

    # What the forecast depends on -------------------------------------------------------------

    @property
    def batch(self) -> int:
        """Pictures in a batch of the next run."""
        return min(self._session.run.recipe.batch_size, self._most)

    @property
    def _most(self) -> int:
        return min(MOST_PICTURES, self._session.data.train or MOST_PICTURES)

    @property
    def precision(self) -> str:
        """The number format of the next run; float32, which takes the most, until "auto" has chosen."""
        mode = self._session.run.recipe.mode
        return ((self._chosen or "") if mode == AUTO else mode).partition(" ")[0] or "float32"

    @property
    def place(self) -> Device | None:
        """The device of the next run; None until the engine has reported it, or where its memory is
        unknown."""
        wanted, hello = self._session.run.device, self._session.link.hello
        for device in hello.devices if hello is not None else ():
            if wanted in (device.id, AUTO):
                return Device(device.id, device.memory, device.free) if device.memory else None
        return None

    @property
    def _kind(self) -> str:
        device = self.place.id if self.place else self._session.run.device
        return "cpu" if device == "cpu" else "cuda"

    @property
    def fits(self) -> bool:
        """The next run takes no more than its device has, as far as is known."""
        return self.forecast is None or self._room is None or self.forecast.training <= self._room

    @property
    def _room(self) -> int | None:
        """Bytes that the run's tensors can take beside the data set; None where unknown."""
        return None if self.place is None else max(0, self.place.room - self._session.data.bytes)

    @property
    def warning(self) -> str:
        """Why the next run does not fit and what would help; "" if it fits."""
        place, free = self.place, self._room
        if self.forecast is None or place is None or free is None or self.fits:
            return ""
        sentence = (
            _(
                "A step needs about {need}, but {device} has {room} for it: the run would stop "
                "because memory runs out. A batch of {batch:,} fits."
            )
            if self.largest
            else _(
                "A step needs about {need}, but {device} has {room} for it: the run would stop "
                "because memory runs out. Not even one picture fits: the network must be narrower, or "
                "its pictures smaller."
            )
        )
        return sentence.format(
            need=bytes_text(self.forecast.training),
            device=place.id,
            room=bytes_text(free),
            batch=self.largest,
        )

    # The forecast -----------------------------------------------------------------------------

    @property
    def ready(self) -> bool:
        """The forecast is of the network and the settings as they are now."""
        return self._work.ready

    def _follow(self, change: "Change") -> None:
        if change.network:
            self._restart()

    def _restart(self, *_change: object) -> None:
        """Make a new forecast, at once if only the settings have changed."""
        report = self._session.report
        known, self._report = report is self._report, report
        work = steps(report, self.precision, self._kind) if report.ok else iter(())
        self._work.run(work, at_once=known)

    def _settle(self, _result: None) -> None:
        report, precision, device, room = self._report, self.precision, self._kind, self._room
        assert report is not None
        self.forecast_of = report
        self.forecast = forecast(report, self.batch, precision, device=device, room=room)
        fits = largest_batch(report, room, precision=precision, device=device) if room else 0
        self.largest = min(fits, self._most)
        self.changed.emit()

    # Answers of the engine --------------------------------------------------------------------

    def _on_modes(self, modes: Modes) -> None:
        self._chosen = modes.chosen
        self._restart()
        self._on_state(self._session.run.state)

    def _on_state(self, state: str) -> None:
        """When a run starts, forget what was measured and note what is expected of it."""
        held = self._session.engine_holds
        if state == "measuring":
            self.measured = None
        if state in ("measuring", "running") and held is not None and self.measured is None:
            expected = forecast(
                held.report, self.batch, self.precision, device=self._kind, room=self._room
            )
            self.expected = expected.peak if expected else None

    def _on_rows(self, rows: Rows) -> None:
        if rows.memory not in (None, self.measured):
            self.measured = rows.memory
            self.changed.emit()
