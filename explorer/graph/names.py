"""Which ids a node may have: they become attributes and variables of the PyTorch source."""

import keyword
import re
from collections.abc import Container, Iterator
from itertools import count

from explorer.graph.graph import ENDS
from explorer.text import _

LONGEST = 64

# A submodule with one of these names would hide what the generated class needs.
_OF_SOURCE = frozenset("self super torch nn x range print len".split())
_OF_MODULE = frozenset(  # attributes of torch.nn.Module, torch 2.6 to 2.13
    """T_destination add_module apply bfloat16 buffers
    call_super_init children compile cpu cuda double dump_patches eval extra_repr float forward
    get_buffer get_extra_state get_parameter get_submodule half ipu load_state_dict modules mtia
    named_buffers named_children named_modules named_parameters parameters
    register_backward_hook register_buffer register_forward_hook register_forward_pre_hook
    register_full_backward_hook register_full_backward_pre_hook
    register_load_state_dict_post_hook register_load_state_dict_pre_hook register_module
    register_parameter register_state_dict_post_hook register_state_dict_pre_hook
    requires_grad_ set_extra_state set_submodule share_memory state_dict to to_empty train
    training type xpu zero_grad""".split()
)
_IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z0-9_]*(-[0-9]+)?|[0-9]+", re.ASCII)


def fault(name: object) -> str | None:
    """Why `name` cannot be a node's id, in one sentence; None if it can."""
    if not isinstance(name, str) or not _IDENTIFIER.fullmatch(name) or len(name) > LONGEST:
        return _(
            "{name!r} cannot name a node; allowed: a letter, then letters, digits and _, "
            "optionally ending in - and a number; or a number alone; at most {longest} characters"
        ).format(name=_cut(name), longest=LONGEST)
    reason = (
        _("every network has an end of this name")
        if name in ENDS
        else _("the generated source uses it for the tensor of its forward pass")
        if name == "x"
        else _("the generated source uses this name itself")
        if name in _OF_SOURCE
        else _("a module of PyTorch has an attribute of this name")
        if name in _OF_MODULE
        else _("it is a keyword of Python")
        if keyword.iskeyword(name) or keyword.issoftkeyword(name)
        else None
    )
    return reason and _("{name!r} cannot name a node: {reason}").format(name=name, reason=reason)


def _cut(name: object) -> object:
    return name[:LONGEST] + "…" if isinstance(name, str) and len(name) > LONGEST else name


def free(wanted: str, taken: Container[str]) -> str:
    """`wanted`, or if it is taken or no valid id, the first free one that ends in a number."""
    return FreeNames(taken).take(wanted)


class FreeNames:
    """Hands out valid ids that differ from all `taken` and from one another."""

    def __init__(self, taken: Container[str]) -> None:
        self._taken = taken
        self._given: set[str] = set()
        self._numbers: dict[str, Iterator[str]] = {}  # by stem: stem1, stem2 … not yet tried

    def take(self, wanted: str) -> str:
        """`wanted`, or if it is taken or no valid id, the first free one that ends in a number."""
        name = wanted
        if wanted in self._given or wanted in self._taken or fault(wanted):
            stem = wanted.rstrip("0123456789")[: LONGEST - 10]
            stem = stem if stem and fault(f"{stem}1") is None else "node"
            if stem not in self._numbers:
                self._numbers[stem] = numbered(stem, self._taken)
            name = next(name for name in self._numbers[stem] if name not in self._given)
        self._given.add(name)
        return name


def numbered(stem: str, taken: Container[str]) -> Iterator[str]:
    """The ids stem1, stem2 … that are valid and not in `taken`."""
    for number in count(1):
        if f"{stem}{number}" not in taken and not fault(f"{stem}{number}"):
            yield f"{stem}{number}"
