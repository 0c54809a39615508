"""Templates by family: resnet18 to resnet152 are "resnet"."""

import re

from explorer.catalog import templates

_SIZES = ("tiny", "small", "medium", "base", "large", "huge")


def family(name: str) -> str:
    """The family of a template: its name without figures, versions and sizes."""
    words: list[str] = []
    for word in name.split("_"):
        begin = re.findall(r"^[a-z]*", word)[0]
        if words and (len(begin) < 2 or word in _SIZES):
            break
        words.append(begin or word)
        if begin != word:
            break
    return "_".join(words)


def families() -> list[tuple[str, list[str]]]:
    """Every family with its templates, in the order of the catalogue."""
    found: dict[str, list[str]] = {}
    for name in templates.names():
        found.setdefault(family(name), []).append(name)
    return list(found.items())
