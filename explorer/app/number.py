"""How numbers are written for a person: counts, shapes, amounts of memory, times."""

from explorer.analysis.memory_table import bytes_text
from explorer.catalog.layers import text_of as shape_text
from explorer.text import _

__all__ = [
    "NBSP",
    "bytes_text",
    "grouped",
    "limit_text",
    "percent",
    "setting_text",
    "shape_or_unknown",
    "shape_text",
    "short",
    "time_text",
    "value_text",
]

NBSP = "\N{NO-BREAK SPACE}"
_STEPS = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))


def shape_or_unknown(shape: tuple[int, ...] | None) -> str:
    """The text of a shape; "?" if it is unknown."""
    return shape_text(shape) if shape else "?"


def grouped(count: int) -> str:
    """11689512 → "11,689,512"."""
    return f"{count:,}"


def limit_text(number: float) -> str:
    """A bound of a value, a whole number in full: "65,536", "1e-08"."""
    return f"{int(number):,}" if number == int(number) else f"{number:g}"


def short(count: float) -> str:
    """A count in three figures: "176", "14.1k", "205k", "10.5M", "1.81G"."""
    if abs(count) < 999.5:
        return str(count) if isinstance(count, int) else _three(count)
    # What would round to 1000k is written as 1M.
    step, suffix = next(each for each in _STEPS if abs(count) >= each[0] * 0.9995)
    figures = _three(count / step)
    return (figures.rstrip("0").rstrip(".") if "." in figures else figures) + suffix


def _three(value: float) -> str:
    size = abs(value)
    digits = 0 if size >= 99.95 else 1 if size >= 9.995 else 2
    return f"{value:.{digits}f}"


def percent(share: float, digits: int = 1) -> str:
    """0.884 → "88.4 %"."""
    return f"{share * 100:.{digits}f} %"


def time_text(seconds: float) -> str:
    """A duration: "9 s", "1:12", "2:03:40"."""
    whole = max(0, round(seconds))
    if whole < 60:
        return _("{seconds} s").format(seconds=whole)
    hours, minutes = divmod(whole // 60, 60)
    clock = f"{minutes:02d}:{whole % 60:02d}" if hours else f"{minutes}:{whole % 60:02d}"
    return f"{hours}:{clock}" if hours else clock


def value_text(value: float) -> str:
    """A measured value in three figures: "0.312", "12.5", "3.1e-05"; never "-0.00"."""
    if value == 0:
        return "0"
    size = abs(value)
    if size >= 10_000 or size < 0.001:
        return f"{value:.1e}"
    return f"{value:.3f}" if size < 1 else _three(value)


def setting_text(value: int | float | bool | str | tuple[int, ...]) -> str:
    """A parameter's value: "3", "3×5", "1e-05", "same", "yes"."""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, tuple):
        return shape_text(value)
    return f"{value:g}" if isinstance(value, float) else str(value)
