"""The one door through which every sentence that a person reads passes."""

import gettext

from explorer import resource

_translation = gettext.translation("explorer", resource.path("locale"), fallback=True)


def _(sentence: str) -> str:
    """The sentence in the reader's language; the sentence itself where there is no translation."""
    return _translation.gettext(sentence)


def ngettext(one: str, many: str, count: int) -> str:
    """The sentence for `count` things in the reader's language: `one` or `many` in English."""
    return _translation.ngettext(one, many, count)
