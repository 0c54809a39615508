"""Translation: every sentence for a person passes through one of these functions."""

import gettext
from collections.abc import Collection

from explorer import resource

_translation = gettext.translation("explorer", resource.path("locale"), fallback=True)


def _(sentence: str) -> str:
    """The sentence in the reader's language; the sentence itself where there is no translation."""
    return _translation.gettext(sentence)


def ngettext(one: str, many: str, count: int) -> str:
    """The sentence for `count` things in the reader's language: `one` or `many` in English."""
    return _translation.ngettext(one, many, count)


def printable(text: str) -> str:
    """The text with a sign in place of each control character: names in files must not send a
    terminal commands."""
    return "".join(sign if sign.isprintable() else "\ufffd" for sign in text)


def listed(words: Collection[str]) -> str:
    """The words as a list within a sentence: "a", "a and b", "a, b and c"."""
    *first, last = words or [""]
    return _("{first} and {last}").format(first=", ".join(first), last=last) if first else last
