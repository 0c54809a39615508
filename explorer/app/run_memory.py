"""What memory the next run will take, on the device that it will take it of."""

from collections.abc import Generator
from time import perf_counter
from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtCore import QObject, QTimer, Signal

from explorer.analysis.memory_forecast import Forecast, forecast, largest_batch, room_on, steps
from explorer.analysis.memory_table import bytes_text
from explorer.analysis.report import Report
from explorer.protocol.messages import Modes, Rows
from explorer.runs.recipe import AUTO, MOST_PICTURES, Recipe
from explorer.text import _

if TYPE_CHECKING:
    from explorer.app.session import Change, Session

BUDGET = 3e-3  # s; what one go may take
PAUSE = 60  # ms of quiet before the network is looked at


class Device(NamedTuple):
    """A device as the engine told of it. memory, free: bytes, 0 where unknown."""

    id: str
    memory: int
    free: int

    @property
    def others(self) -> int:
        """Bytes that others use; 0 where that is unknown."""
        return self.memory - self.free if self.free else 0

    @property
    def room(self) -> int:
        """Bytes that tensors of ours can take."""
        return room_on(self.free or self.memory)


class RunMemory(QObject):
    """The forecast for the session's network with the run's batch, number format and device.

    changed: the forecast or what was measured is another. forecast: None while it is not known, or
    the network cannot run; forecast_of: the report that it is of. largest: the batch that fits and
    that a run may have. measured: bytes of the peak of
    the last run on a device that tells, with `expected`, what had been forecast for just that run.
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
        self._work: Generator[None, None, None] | None = None
        self._report: Report | None = None
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self._go_on)
        run, link = session.run, session.link
        session.changed.connect(self._follow)
        for signal in (run.recipe_changed, link.hello_said):
            signal.connect(self._look_again)
        link.modes_measured.connect(self._hear_modes)
        link.rows_arrived.connect(self._hear_rows)
        run.state_changed.connect(self._hear_state)
        self._look_again()

    # What counts ------------------------------------------------------------------------------

    @property
    def batch(self) -> int:
        """Pictures in a batch of the next run."""
        return min(int(self._session.run.recipe.get("batch_size") or Recipe.batch_size), self._most)

    @property
    def _most(self) -> int:
        return min(MOST_PICTURES, self._session.data.train or MOST_PICTURES)

    @property
    def precision(self) -> str:
        """Of the next run's products; float32, which takes the most, while "auto" may choose."""
        mode = self._session.run.mode
        return ((self._chosen or "") if mode == AUTO else mode).partition(" ")[0] or "float32"

    @property
    def place(self) -> Device | None:
        """The device of the next run; None until the engine told of it, or where its memory is
        unknown."""
        run = self._session.run
        hello = self._session.link.hello
        devices = hello.devices if hello is not None else ()
        found = [each for each in devices if each.id == run.device]
        device = next(iter(found or (devices if run.device == AUTO else ())), None)
        if device is None or not device.memory:
            return None
        return Device(device.id, device.memory, device.free)

    @property
    def _kind(self) -> str:
        device = self.place.id if self.place else self._session.run.device
        return "cpu" if device == "cpu" else "cuda"

    @property
    def fits(self) -> bool:
        """Nothing says that the next run would take more than its device has."""
        place = self.place
        return self.forecast is None or place is None or self.forecast.training <= place.room

    @property
    def warning(self) -> str:
        """What is wrong and what would help, in words; "" if the run fits."""
        place = self.place
        if self.forecast is None or place is None or self.fits:
            return ""
        words = _(
            "A step needs about {need}, but {device} has {room} for it: the run would stop "
            "for want of memory."
        ).format(
            need=bytes_text(self.forecast.training),
            device=place.id,
            room=bytes_text(place.room),
        )
        if self.largest:
            return words + " " + _("A batch of {batch:,} fits.").format(batch=self.largest)
        return (
            words
            + " "
            + _("Not even one picture fits: the network must be narrower, or its pictures smaller.")
        )

    # Looking ----------------------------------------------------------------------------------

    @property
    def ready(self) -> bool:
        """The forecast is of the network and the settings as they are now."""
        return self._work is None

    def _follow(self, change: "Change") -> None:
        if change.network:
            self._look_again()

    def _look_again(self, *_change: object) -> None:
        """The network or the run's settings changed: at once if all is known, else soon."""
        report = self._session.report
        known, self._report = report is self._report, report
        self._work = self._looking(report)
        if known:
            self._go_on()
        else:
            self._timer.start(PAUSE)

    def _looking(self, report: Report) -> Generator[None, None, None]:
        if report.ok:
            yield from steps(report, self.precision, self._kind)
        self._settle(report)

    def _go_on(self) -> None:
        assert self._work is not None
        end = perf_counter() + BUDGET
        while perf_counter() < end:
            try:
                next(self._work)
            except StopIteration:
                self._timer.stop()
                self._work = None
                return
        self._timer.start(0)

    def _settle(self, report: Report) -> None:
        precision, device = self.precision, self._kind
        self.forecast_of = report
        self.forecast = forecast(report, self.batch, precision, device=device)
        place = self.place
        fits = largest_batch(report, place.room, precision=precision, device=device) if place else 0
        self.largest = min(fits, self._most)
        self.changed.emit()

    # What the engine says ---------------------------------------------------------------------

    def _hear_modes(self, modes: Modes) -> None:
        self._chosen = modes.chosen
        self._look_again()
        self._hear_state(self._session.run.state)

    def _hear_state(self, state: str) -> None:
        """A run begins: what is measured from now on is of it."""
        held = self._session.engine_holds
        if state == "measuring":
            self.measured = None
        if state in ("measuring", "running") and held is not None and self.measured is None:
            found = forecast(held.report, self.batch, self.precision, device=self._kind)
            self.expected = found.training if found else None

    def _hear_rows(self, rows: Rows) -> None:
        measured = rows.memory
        if measured is not None and measured != self.measured:
            self.measured = measured
            self.changed.emit()
