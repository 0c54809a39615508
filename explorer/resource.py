"""Where the files that come with the program lie."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_INSTALLED, _CHECKOUT = _PACKAGE / "resources", _PACKAGE.parent / "resources"


def path(name: str) -> Path:
    """The file or folder `name` below resources/, in an installation as in a checkout."""
    return (_INSTALLED if _INSTALLED.is_dir() else _CHECKOUT) / name
