"""The figures of a run that a person may set."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from explorer.text import _


@dataclass(frozen=True)
class Figure:
    """One figure: title, default, range, decimals (0: whole), step, unit, and one sentence."""

    title: str
    default: float
    low: float
    high: float
    decimals: int
    step: float
    unit: str
    doc: str

    @property
    def automatic(self) -> bool:
        """The engine chooses it where none is given."""
        return self.default == self.low == 0 and self.decimals > 0

    def takes(self, value: object) -> bool:
        """Whether the figure can have this value; None stands for automatic."""
        if value is None:
            return self.automatic
        if isinstance(value, bool) or not isinstance(value, int | float if self.decimals else int):
            return False
        return self.low <= value <= self.high


FIGURES = MappingProxyType(
    {
        "epochs": Figure(
            _("Epochs"), 5, 1, 10_000, 0, 1, "", _("Times that all training pictures are seen.")
        ),
        "batch_size": Figure(
            _("Batch size"),
            128,
            1,
            65_536,
            0,
            32,
            _("pictures"),
            _("Pictures whose gradients are averaged in one step."),
        ),
        "learning_rate": Figure(
            _("Learning rate"),
            0,
            0,
            100,
            6,
            0.005,
            "",
            _("The highest; automatic chooses it by whether the network normalises."),
        ),
        "weight_decay": Figure(
            _("Weight decay"),
            0.0005,
            0,
            1,
            6,
            0.0001,
            "",
            _("How strongly weights are drawn to 0 in each step."),
        ),
        "seed": Figure(
            _("Seed"),
            0,
            0,
            2**31 - 1,
            0,
            1,
            "",
            _("Decides the first weights and the order of the pictures."),
        ),
    }
)


def sound(figures: object) -> dict[str, float | None]:
    """Those of the figures that have a name and a value that there can be. Raises TypeError for
    what is no mapping."""
    if not isinstance(figures, Mapping):
        raise TypeError(f"figures are a mapping, not {type(figures).__name__}")
    return {
        name: figures[name]
        for name, figure in FIGURES.items()
        if name in figures and figure.takes(figures[name])
    }
