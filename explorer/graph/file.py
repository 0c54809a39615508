"""The file format of a network: .cnn.json, version 1."""

import errno
import glob
import hashlib
import json
import math
import os
import re
import stat
import time
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

from explorer.graph import foreign, names
from explorer.graph.graph import ENDS, INPUT, OUTPUT, PORT, CycleError, Graph, Node, Shape, Wire
from explorer.text import _, printable

FORMAT = "cnn-explorer"
VERSION = 1
SUFFIX = ".cnn.json"
MOST_NODES = 20_000
MOST_BYTES = 16 * 2**20
MOST_MORE = 4 * 2**20  # characters of further keys
DEEPEST = 16  # groups, or values of further keys, inside one another
_KEYS = {"format", "version", "name", "input", "nodes", "wires"}
LARGEST_SIDE = 65_536
"""The largest height and width of a picture, in pixels, and its most channels."""
LONGEST_NAME = 200  # characters
OLD_SECONDS = 10
"""A temporary file that is older was left by a process that was killed."""


class FileError(ValueError):
    """The file cannot be opened as a network; the sentence says why."""

    def __init__(self, sentence: str):
        super().__init__(printable(sentence))


def to_dict(graph: Graph) -> dict[str, Any]:
    """The graph as JSON's values, the keys in the order of the file."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "name": graph.name,
        "input": list(graph.input),
        **json.loads(graph.more or "{}"),
        **_inside(graph),
    }


def _inside(graph: Graph) -> dict[str, Any]:
    return {
        "nodes": [node_to_dict(node) for node in graph.nodes.values()],
        "wires": [wire_to_list(wire) for wire in graph.wires],
    }


def wire_to_list(wire: Wire) -> list[str]:
    """The wire as JSON's values."""
    return [wire.source, wire.target] + ([] if wire.port == PORT else [wire.port])


def node_to_dict(node: Node) -> dict[str, Any]:
    """The node, and what is inside it, as JSON's values."""
    x, y = node.position
    fields = {
        "id": node.id,
        "kind": node.kind,
        "params": dict(node.params),
        "position": [_rounded(x), _rounded(y)],
    }
    return fields if node.inner is None else fields | _inside(node.inner)


def _rounded(number: float) -> int | float:
    rounded = round(number, 2)
    return int(rounded) if rounded == int(rounded) else rounded


def dumps(graph: Graph) -> str:
    """The text of the file: one node or wire a line, so that a diff in version control reads
    well."""
    whole = to_dict(graph)
    lines = [
        f"{_json(key)}: {_json(value)}"
        for key, value in whole.items()
        if key not in ("nodes", "wires")
    ]
    lines += [
        f'"{key}": [' + ",".join(f"\n  {_json(item)}" for item in whole[key]) + "\n]"
        for key in ("nodes", "wires")
    ]
    return "{" + ",\n".join(lines) + "}\n"


def _json(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return json.dumps(value) if re.search("[\ud800-\udfff]", text) else text  # half a character


def loads(text: str) -> Graph:
    """The graph in a file's text. Raises FileError."""
    try:
        content = json.loads(text, object_pairs_hook=_object)
    except FileError:
        raise
    except RecursionError:
        raise FileError(
            _("This is not a network file: it is not JSON (nested too deeply)")
        ) from None
    except ValueError as error:
        raise FileError(
            _("This is not a network file: it is not JSON ({reason})").format(
                reason=str(error)[:120]
            )
        ) from None
    return from_dict(content)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        keys = [key for key, _value in pairs]
        twice = next(key for key in values if keys.count(key) > 1)
        raise FileError(_('One object has the key "{key}" twice').format(key=_cut(twice)))
    return values


def from_dict(content: object) -> Graph:
    """The graph in JSON's values. Raises FileError.

    Checked here is the form alone; `catalog.check` checks kinds, parameters and ports.
    """
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise FileError(
            _('This is not a network file: its "format" is not "{format}"').format(format=FORMAT)
        )
    version = content.get("version")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise FileError(
            _('"version" is {value}; allowed: 1 to {newest}').format(
                value=_shown(version), newest=VERSION
            )
        )
    if version > VERSION:
        raise FileError(
            _(
                "This file has version {version}, made by a newer CNN Explorer; this "
                "one reads up to {newest}"
            ).format(version=version, newest=VERSION)
        )
    name, shape = network_name(content.get("name", "network")), input_shape(content.get("input"))
    graph = _graph(content, name, shape, [MOST_NODES], 0)
    more = further_keys({key: value for key, value in content.items() if key not in _KEYS})
    return replace(graph, more=more)


def further_keys(values: object) -> str:
    """`values`, if they can be the further keys of a file, as `Graph.more`. Raises FileError."""
    if not isinstance(values, dict) or not values.keys().isdisjoint(_KEYS):
        raise FileError(_("The further keys are {value}").format(value=_shown(values)))
    level: list[dict[str, Any] | list[Any]] = [values]
    for _depth in range(DEEPEST):
        within = (each.values() if isinstance(each, dict) else each for each in level)
        level = [value for each in within for value in each if isinstance(value, dict | list)]
    if level:
        raise FileError(_("Keys are nested more than {most} deep").format(most=DEEPEST))
    text = json.dumps(values) if values else ""
    if len(text) > MOST_MORE:
        raise FileError(
            _("The further keys take more than {most} MiB").format(most=MOST_MORE // 2**20)
        )
    return text


def network_name(name: object) -> str:
    """`name`, if it can be that of a network. Raises FileError."""
    if (
        not isinstance(name, str)
        or not name.strip()
        or len(name) > LONGEST_NAME
        or not name.isprintable()
    ):
        raise FileError(
            _('"name" is {value}; allowed: 1 to {most} printable characters').format(
                value=_shown(name), most=LONGEST_NAME
            )
        )
    return name


def input_shape(shape: object) -> Shape:
    """`shape`, if it can be that of a picture (channels, height, width). Raises FileError."""
    if (
        not isinstance(shape, list)
        or len(shape) != 3
        or not all(_whole(side) and 1 <= side <= LARGEST_SIDE for side in shape)
    ):
        raise FileError(
            _('"input" is {value}; allowed: [channels, height, width], each 1 to {most}').format(
                value=_shown(shape), most=LARGEST_SIDE
            )
        )
    return tuple(shape)


def _graph(
    content: Mapping[str, Any], name: str, shape: Shape, budget: list[int], depth: int
) -> Graph:
    """The network or the inside of a group. budget: how many more nodes the file may have."""
    if depth > DEEPEST:
        raise FileError(_("Groups are nested more than {most} deep").format(most=DEEPEST))
    nodes, wires = content.get("nodes"), content.get("wires")
    if not isinstance(nodes, list) or not isinstance(wires, list):
        raise FileError(_('"nodes" and "wires" must both be lists'))
    budget[0] -= len(nodes)
    if budget[0] < 0 or len(wires) > 4 * MOST_NODES:
        raise FileError(
            _(
                "This file holds more than {most:,} nodes, the most that one network "
                "may have; a Stage repeats a block without repeating the node"
            ).format(most=MOST_NODES)
        )
    by_id: dict[str, Node] = {}
    for item in nodes:
        node = node_from_dict(item, budget, depth)
        if node.id in by_id:
            raise FileError(_("Two nodes are called {id}").format(id=node.id))
        by_id[node.id] = node
    return without_cycle(Graph(name, shape, by_id, tuple(wires_from_lists(wires, by_id))))


def without_cycle(graph: Graph) -> Graph:
    """`graph`, if its wires form no cycle. Raises FileError."""
    try:
        graph.order  # noqa: B018  a cached property, which raises
    except CycleError as error:
        cycle = error.path if len(error.path) <= 12 else [*error.path[:6], "…", *error.path[-5:]]
        raise FileError(
            _("The wires run in a cycle: {cycle}").format(cycle=" → ".join(cycle))
        ) from None
    return graph


def node_from_dict(item: object, budget: list[int], depth: int = 0) -> Node:
    """The node in JSON's values. Raises FileError.

    budget: how many more nodes there may be; those inside it are subtracted. depth: the number of
    groups that it is in.
    """
    if not isinstance(item, dict):
        raise FileError(
            _("A node is {value}; it must be an object with id and kind").format(value=_shown(item))
        )
    id, kind, params = item.get("id"), item.get("kind"), item.get("params", {})
    if reason := names.fault(id):
        raise FileError(reason)
    assert isinstance(id, str)  # names.fault allows nothing else
    if not isinstance(kind, str):
        raise FileError(
            _("The kind of {id} is {value}; it must be a word").format(id=id, value=_shown(kind))
        )
    if not isinstance(params, dict):
        raise FileError(
            _('"params" of {id} is {value}; it must be an object').format(
                id=id, value=_shown(params)
            )
        )
    for key, value in params.items():
        if not isinstance(value, int | float | str) and not _pair(value):
            raise FileError(
                _(
                    "{id}: {key} is {value}; a parameter must be a number, two whole "
                    "numbers, a word, or true or false"
                ).format(id=id, key=_cut(key), value=_shown(value))
            )
    params = {
        key: tuple(value) if isinstance(value, list) else value for key, value in params.items()
    }
    position = item.get("position", [0, 0])
    if (
        not isinstance(position, list)
        or len(position) != 2
        or not all(_number(number) and abs(number) <= 1e7 for number in position)
    ):
        raise FileError(
            _('"position" of {id} is {value}; it must be two numbers').format(
                id=id, value=_shown(position)
            )
        )
    inner = _graph(item, "", (), budget, depth + 1) if "nodes" in item else None
    return Node(id, kind, params, (float(position[0]), float(position[1])), inner)


def wires_from_lists(items: Iterable[object], nodes: Container[str]) -> Iterator[Wire]:
    """The wires in JSON's values. nodes: the ids that they may connect. Raises FileError."""
    for item in items:
        if (
            not isinstance(item, list)
            or len(item) not in (2, 3)
            or not all(isinstance(word, str) for word in item)
        ):
            raise FileError(
                _(
                    'A wire is {value}; it must be ["source", "target"] or ["source", '
                    '"target", "port"], where kinds that join have the ports "a", "b", '
                    "…"
                ).format(value=_shown(item))
            )
        wire = Wire(*item)
        for id, other in ((wire.source, OUTPUT), (wire.target, INPUT)):
            if id == other or (id not in nodes and id not in ENDS):
                raise FileError(
                    _("The wire from {source} to {target} cannot be connected at {id}").format(
                        source=_cut(wire.source), target=_cut(wire.target), id=_cut(id)
                    )
                )
        yield wire


def _pair(value: object) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(map(_whole, value))


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _number(value: object) -> bool:
    return _whole(value) or (isinstance(value, float) and math.isfinite(value))


def _cut(word: str) -> str:
    return word if len(word) <= 60 else word[:60] + "…"


def _shown(value: object) -> str:
    return _cut(json.dumps(value, default=str, ensure_ascii=False))


def content(path: str | os.PathLike[str]) -> bytes:
    """The bytes of the file at `path`. Raises FileError if it cannot be read, is too large for a
    network file, or is a device, a pipe, or a file of another sort that is known."""
    path = Path(path)
    try:
        with open_regular(path) as file:
            told = foreign.no_network(file, path.name)
            data = file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: a name with a null character
        raise FileError(f"{path}: {getattr(error, 'strerror', None) or error}") from None
    if told:
        raise FileError(told)
    if len(data) > MOST_BYTES:
        raise FileError(
            _("{name} is larger than {most} MiB, so it is not a network file").format(
                name=path.name, most=MOST_BYTES // 2**20
            )
        )
    return data


def open_regular(path: Path) -> BinaryIO:
    """The file at `path`, open for reading. Raises OSError, also for a device or a pipe, which
    might never end."""
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    try:
        kind = os.fstat(handle).st_mode
        if stat.S_ISDIR(kind):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if not stat.S_ISREG(kind):
            raise OSError(errno.EINVAL, _("it is a device or a pipe, not a file"))
        return os.fdopen(handle, "rb")
    except BaseException:
        os.close(handle)
        raise


def digest(content: bytes) -> str:
    """A hash of the content, by which a change of it is noticed."""
    return hashlib.sha256(content).hexdigest()


def parsed(content: bytes, path: str | os.PathLike[str]) -> Graph:
    """The graph in the content of a file. path: of the file, for messages. Raises FileError."""
    name = Path(path).name
    try:
        return loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise FileError(
            _("{name} is not a network file: it is not text").format(name=name)
        ) from None
    except FileError as error:
        raise FileError(f"{name}: {error}") from None


def read(path: str | os.PathLike[str]) -> Graph:
    """The graph in the file at `path`. Raises FileError, also when the file cannot be read."""
    return parsed(content(path), path)


def write(graph: Graph, path: str | os.PathLike[str]) -> None:
    """Write the graph to the file at `path`; after a crash the old file is still whole.

    Raises OSError.
    """
    replace_bytes(Path(path), dumps(graph).encode("utf-8"))


def replace_bytes(path: Path, content: bytes, sync: bool = True) -> None:
    """Write `content` to a temporary file beside `path`, then rename it to `path`. Raises OSError.

    A link is followed, permissions are kept, and a write-protected file is not replaced. Temporary
    files that were left by a process that was killed are deleted. sync: wait until the content
    would survive a power failure.
    """
    path = path.resolve()
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    for left in path.parent.glob(f".{glob.escape(path.name)}.*.tmp"):
        if time.time() - left.stat().st_mtime > OLD_SECONDS:
            left.unlink(missing_ok=True)
    try:
        with open(temporary, "wb") as file:
            if path.exists():
                if not os.access(path, os.W_OK):
                    raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
                os.chmod(temporary, stat.S_IMODE(path.stat().st_mode))
            file.write(content)
            file.flush()
            if sync:
                os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
