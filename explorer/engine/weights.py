"""Files of weights from any program, read as plain tensors; no code in them is run."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from explorer.analysis.form import SAFETENSORS
from explorer.engine import checkpoint, unpickling
from explorer.engine.failure import EngineError
from explorer.graph import foreign
from explorer.graph.file import open_regular
from explorer.text import _

_DEEPEST = 32
"""Mappings and lists inside one another."""
_LONGEST_NAME = 500  # characters
_OPTIMISER = {"state", "param_groups"}
"""The keys of every optimiser's state dict in PyTorch; the tensors in it are no weights."""
_MODULE = {"_parameters", "_buffers", "_modules"}
"""The attributes of a pickled module that hold what its state dict holds."""


@dataclass(frozen=True)
class Weights:
    """The tensors in a file, on the CPU.

    whole: all of them, by their names in the file. parts: the prefixes of the mappings in it that may
    each be a state dict, such as "model." and "model_ema.", and "" for the whole, the outermost first.
    pickled: the tensors are in the order in which they were saved; safetensors files are sorted by
    name. about: the description in a file that this program wrote.
    """

    path: Path
    whole: dict[str, Tensor]
    parts: tuple[str, ...] = ("",)
    pickled: bool = False
    about: dict[str, Any] = field(default_factory=dict)

    def part(self, prefix: str) -> dict[str, Tensor]:
        """The tensors whose names begin so, by the rest of their names."""
        return {
            name[len(prefix) :]: tensor
            for name, tensor in self.whole.items()
            if name.startswith(prefix)
        }

    @cached_property
    def tensors(self) -> dict[str, Tensor]:
        """Those of the outermost part."""
        return self.part(self.parts[0])

    @property
    def ordered(self) -> bool:
        """The tensors are in the order in which their modules were registered."""
        return self.in_order(self.tensors)

    def in_order(self, part: Mapping[str, Tensor]) -> bool:
        """As `ordered`, for the tensors of a part."""
        return self.pickled and not _sorted(part)


def read(path: Path) -> Weights:
    """The tensors in a .safetensors file or in one that torch.save wrote; the file's first bytes
    decide which it is.

    The latter is a pickle, in which any nesting of mappings, lists and pickled modules may hold the
    tensors; nothing in it is run (see `unpickling`). Raises EngineError with one sentence for a file
    that is damaged, of another sort or too large, or that holds no tensors.
    """
    try:
        with open_regular(path) as file:
            head = file.read(16)
            sort = foreign.sentence(file, str(path))
    except FileNotFoundError:
        raise EngineError(_("There is no file {path}.").format(path=path)) from None
    except IsADirectoryError:
        raise EngineError(
            _("{path} is a folder, not a file of weights.").format(path=path)
        ) from None
    except (OSError, ValueError) as fault:
        raise EngineError(
            _("{path} cannot be read: {fault}.").format(
                path=path, fault=getattr(fault, "strerror", None) or fault
            )
        ) from None
    if sort:
        raise EngineError(sort)
    if head.startswith((foreign.ZIP, foreign.PICKLE)) and not foreign.is_safetensors(head):
        return _pickled(path)
    if foreign.is_safetensors(head) or path.suffix == SAFETENSORS:
        content = checkpoint.read(path)
        tensors = content.tensors
        if content.about.get("format") == checkpoint.FORMAT:  # of a run: the network is part of it
            tensors = {
                name: tensor
                for name, tensor in tensors.items()
                if name.partition(".")[0] not in ("optimiser", "random", "history")
            }
        return Weights(path, _plain(path, tensors), about=content.about)
    raise EngineError(
        _(
            "{path} holds no weights: it is neither a safetensors file nor one that "
            "torch.save wrote."
        ).format(path=path)
    )


def _pickled(path: Path) -> Weights:
    found = unpickling.load(path)
    if isinstance(found, Tensor):
        raise EngineError(
            _("{path} holds one tensor without a name, not a state dict.").format(path=path)
        )
    tree = _Tree(path)
    tensors = _plain(path, tree.tensors(found))
    return Weights(path, tensors, tuple(tree.parts), pickled=True)


class _Tree:
    """Finds the tensors in a nesting of mappings, lists and objects.

    parts: see `Weights`; one for each that has tensors of its own, or several things with tensors.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.parts: list[str] = []
        self._seen: set[int] = set()

    def tensors(self, found: object, prefix: str = "", depth: int = 0) -> dict[str, Tensor]:
        """The tensors in `found`, by their names in the file; `prefix` is that of all of them."""
        tensors: dict[str, Tensor] = {}
        own, branches, at = False, 0, len(self.parts)
        for key, value in self._children(found, depth):
            name = prefix + key
            if isinstance(value, Tensor):
                tensors.setdefault(name, value)
                own = True
            elif inner := self.tensors(value, f"{name}.", depth + 1):
                for each, tensor in inner.items():
                    tensors.setdefault(each, tensor)
                branches += 1
        if own or branches > 1:
            self.parts.insert(at, prefix)
        return tensors

    def _children(self, found: object, depth: int) -> Iterator[tuple[str, object]]:
        """What is in a container, by its name; of a pickled module, the tensors of its state dict."""
        if isinstance(found, unpickling.Placeholder):
            found = found.state
        if not isinstance(found, Mapping | list | tuple) or id(found) in self._seen:
            return
        self._seen.add(id(found))
        if depth > _DEEPEST:
            raise EngineError(
                _("{path} is not read: more than {most} mappings lie inside one another.").format(
                    path=self.path, most=_DEEPEST
                )
            )
        if not isinstance(found, Mapping):
            yield from ((str(number), value) for number, value in enumerate(found))
        elif found.keys() >= _MODULE:
            yield from self._state_dict(found, depth)
        elif not found.keys() >= _OPTIMISER:
            yield from ((_printable(str(key)), value) for key, value in found.items())

    def _state_dict(self, module: Mapping[Any, Any], depth: int) -> Iterator[tuple[str, Tensor]]:
        passing = module.get("_non_persistent_buffers_set", ())
        for name, value in (*_items(module["_parameters"]), *_items(module["_buffers"])):
            if isinstance(value, Tensor) and not (isinstance(passing, set) and name in passing):
                yield _printable(str(name)), value
        for name, child in _items(module["_modules"]):
            for inner, value in self._children(child, depth + 1):
                if isinstance(value, Tensor):
                    yield f"{_printable(str(name))}.{inner}", value


def _items(found: object) -> Iterable[tuple[Any, Any]]:
    return found.items() if isinstance(found, Mapping) else ()


def _printable(name: str) -> str:
    return "".join(sign if sign.isprintable() else "\ufffd" for sign in name)


def _plain(path: Path, found: Mapping[str, Tensor]) -> dict[str, Tensor]:
    for name, tensor in found.items():
        if len(name) > _LONGEST_NAME:
            raise EngineError(
                _("{path} is not read: the name of a tensor has {count} characters.").format(
                    path=path, count=len(name)
                )
            )
        if tensor.is_meta:
            raise EngineError(
                _(
                    "{path} holds the shapes of tensors without their numbers: {name} was on PyTorch's "
                    "meta device when it was saved."
                ).format(path=path, name=name[:80])
            )
        if sort := _sort(tensor):
            raise EngineError(
                _("{path} holds no state dict: {name} is not a plain tensor, but {sort}.").format(
                    path=path, name=name[:80], sort=sort
                )
            )
    if not found:
        raise EngineError(_("{path} holds no tensors.").format(path=path))
    return {_printable(name): tensor.detach() for name, tensor in found.items()}


def _sort(tensor: Tensor) -> str:
    if tensor.is_quantized:
        return _("a quantised one")
    if tensor.is_complex():
        return _("one of complex numbers")
    return "" if tensor.layout == torch.strided else _("a sparse one")


def _sorted(state: Mapping[str, Tensor]) -> bool:
    """Whether it was read from a safetensors file and written again: a weight is registered before
    its bias, but comes after it in the alphabet."""
    names = [name for name, tensor in state.items() if tensor.is_floating_point()]
    return names == sorted(names)
