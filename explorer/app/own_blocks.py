"""The blocks that the user saved, each as a network file with one group in it."""

from pathlib import Path

from PySide6.QtCore import QObject, Signal

from explorer import folders
from explorer.catalog import check
from explorer.catalog.roles import GROUP
from explorer.graph import file
from explorer.graph.file import SUFFIX, FileError
from explorer.graph.graph import INPUT, OUTPUT, Graph, Node, Shape, Wire
from explorer.text import _

LONGEST = 60
REMOVED = "removed"  # the folder of removed blocks: one key must lose nothing
_SAMPLE: Shape = (64, 28, 28)
_FORBIDDEN = '/\\:*?"<>|'


class NameRefused(ValueError):
    """A block cannot have this name; the message says why and what is allowed."""


def folder() -> Path:
    """The folder of the blocks."""
    return folders.data() / "blocks"


class OwnBlocks(QObject):
    """The saved blocks by name. changed: one was added, removed or renamed."""

    changed = Signal()

    def names(self) -> list[str]:
        """The names of the blocks in alphabetical order."""
        files = [path.name for path in folder().glob(f"*{SUFFIX}")]
        names = [name.removesuffix(SUFFIX) for name in files if not name.startswith(".")]
        return sorted(names, key=str.casefold)

    def read(self, name: str) -> Node:
        """The group that was saved under that name. Raises FileError."""
        return group_in(check.read(_path(name)), name)

    def save(self, node: Node, shape: Shape | None) -> str:
        """Save a group under its id, with a number if that is taken; returns its name.

        shape: of the feature maps that it is for, (C, H, W). Raises OSError.
        """
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
            raise NameRefused(_("There is already a block {name}").format(name=new))
        graph = check.read(_path(old))
        _path(old).rename(_path(new))
        file.write(as_network(group_in(graph, old), new, graph.input), _path(new))
        self.changed.emit()

    def remove(self, name: str) -> Path:
        """Move a block to the folder `REMOVED`; returns the path of its file there. Raises OSError."""
        kept = folder() / REMOVED / f"{name}{SUFFIX}"
        kept.parent.mkdir(exist_ok=True)
        _path(name).replace(kept)
        self.changed.emit()
        return kept


def fault(name: str) -> str | None:
    """Why a block cannot have this name, as a sentence; None if it can."""
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
    """A network that consists of the group alone; shape: of its input, (C, H, W) or (C,)."""
    shape = shape or _SAMPLE
    shape = shape if len(shape) == 3 else (shape[0], 1, 1)
    group = Node("block", GROUP.name, node.params, inner=node.inner)
    return Graph(name, shape, {group.id: group}, (Wire(INPUT, group.id), Wire(group.id, OUTPUT)))


def group_in(graph: Graph, name: str) -> Node:
    """The only node of a network, a group. Raises FileError if the network is not made of one."""
    nodes = list(graph.nodes.values())
    if len(nodes) != 1 or nodes[0].inner is None:
        raise FileError(_("{name} is not a saved block: it must hold one Group").format(name=name))
    return nodes[0]


def _path(name: str) -> Path:
    return folder() / f"{name}{SUFFIX}"
