"""Weights that were published and come with the program."""

from pathlib import Path
from typing import Any

from explorer import resource
from explorer.catalog.preprocess import KEY, imagenet

_FILES = {"squeezenet1_1": "squeezenet1_1/squeezenet1_1.safetensors"}


def weights(name: str) -> Path | None:
    """The file of weights for the template of that name, None if there is none."""
    return resource.path(_FILES[name]) if name in _FILES else None


def about(file: Path) -> dict[str, Any]:
    """What a file of published weights would state of itself; nothing for another file."""
    if file in map(resource.path, _FILES.values()):
        return {KEY: imagenet().as_dict()}
    return {}


def names() -> tuple[str, ...]:
    """The templates that have weights."""
    return tuple(_FILES)
