"""The blocks that a person saved: each a network file with one group in it."""

from pathlib import Path

from PySide6.QtCore import QObject, Signal

from explorer.app import folders
from explorer.catalog import check
from explorer.catalog.roles import GROUP
from explorer.graph import file
from explorer.graph.file import SUFFIX, FileError
from explorer.graph.graph import INPUT, OUTPUT, Graph, Node, Shape, Wire
from explorer.text import _

LONGEST = 60
REMOVED = "removed"  # the folder for what was removed, so that nothing is lost by one key
_SAMPLE: Shape = (64, 28, 28)
_FORBIDDEN = '/\\:*?"<>|'


class NameRefused(ValueError):
    """A block cannot be called that; the sentence says why and what is allowed."""


def folder() -> Path:
    """Where the blocks lie."""
    return folders.data() / "blocks"


class OwnBlocks(QObject):
    """The saved blocks by name. changed: there are others now, or one has another name."""

    changed = Signal()

    def names(self) -> list[str]:
        """What the blocks are called, in the order of the alphabet."""
        try:
            found = [
                path.name.removesuffix(SUFFIX)
                for path in folder().iterdir()
                if path.name.endswith(SUFFIX) and not path.name.startswith(".")
            ]
        except OSError:
            return []
        return sorted(found, key=str.casefold)

    def read(self, name: str) -> Node:
        """The group that was saved under that name. Raises FileError."""
        return group_in(check.read(_path(name)), name)

    def save(self, node: Node, shape: Shape | None) -> str:
        """Save a group for maps like `shape` under its own id, or that with a number if this is
        taken; the name it got. Raises OSError."""
        taken = {name.casefold() for name in self.names()}
        name, number = node.id, 1
        while name.casefold() in taken or fault(name):
            number += 1
            name = _("{name} {number}").format(name=node.id, number=number)
        _path(name).parent.mkdir(parents=True, exist_ok=True)
        file.write(as_network(node, name, shape), _path(name))
        self.changed.emit()
        return name

    def rename(self, old: str, new: str) -> None:
        """Give a block another name. Raises NameRefused, FileError, OSError."""
        new = new.strip()
        if new == old:
            return
        if reason := fault(new):
            raise NameRefused(reason)
        if new.casefold() in {name.casefold() for name in self.names()} - {old.casefold()}:
            raise NameRefused(_("There is a block {name} already").format(name=new))
        graph = check.read(_path(old))
        _path(old).rename(_path(new))
        file.write(as_network(group_in(graph, old), new, graph.input), _path(new))
        self.changed.emit()

    def remove(self, name: str) -> Path:
        """Take a block out of the palette; where its file is kept. Raises OSError."""
        kept = folder() / REMOVED / f"{name}{SUFFIX}"
        kept.parent.mkdir(exist_ok=True)
        _path(name).replace(kept)
        self.changed.emit()
        return kept


def fault(name: str) -> str | None:
    """Why a block cannot be called that, in one sentence; None if it can."""
    if (
        not name
        or len(name) > LONGEST
        or not name.isprintable()
        or name.startswith(".")
        or name != name.strip()
        or set(name) & set(_FORBIDDEN)
    ):
        return _(
            "{name!r} cannot name a block; allowed: 1 to {longest} characters, none of {forbidden}"
        ).format(name=name[:LONGEST], longest=LONGEST, forbidden=" ".join(_FORBIDDEN))
    return None


def as_network(node: Node, name: str, shape: Shape | None) -> Graph:
    """A network that consists of the group alone, for maps like `shape`."""
    shape = shape or _SAMPLE
    shape = shape if len(shape) == 3 else (shape[0], 1, 1)
    group = Node("block", GROUP.name, node.params, inner=node.inner)
    return Graph(name, shape, {group.id: group}, (Wire(INPUT, group.id), Wire(group.id, OUTPUT)))


def group_in(graph: Graph, name: str) -> Node:
    """The one group of a network. Raises FileError if it is not made of just one."""
    nodes = list(graph.nodes.values())
    if len(nodes) != 1 or nodes[0].inner is None:
        raise FileError(_("{name} is not a saved block: it must hold one Group").format(name=name))
    return nodes[0]


def _path(name: str) -> Path:
    return folder() / f"{name}{SUFFIX}"
