"""Words that do something when they are clicked: what a key does is within reach of the mouse where it is named."""

from __future__ import annotations

from textual.content import Content
from textual.style import Style

_DOES = "does"


def pressable(words: Content, action: str) -> Content:
    """The words, which run an action of a widget around them when they are clicked. What a host says is never given."""
    return words.stylize(Style.from_meta({_DOES: action}))


def pressed(meta: dict[str, object]) -> str:
    """The action of the words that were clicked, "" for words that do nothing."""
    return str(meta.get(_DOES, ""))
