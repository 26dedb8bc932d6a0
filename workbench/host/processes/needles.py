"""Tell whether a text holds any of many words: thousands of them, in every command line of a host."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

_FEW = 50
_END = 4


def holds_any(words: Iterable[bytes]) -> Callable[[bytes], bool]:
    """A function that says whether a text holds one of the words, none of which is empty.

    Few words make one expression. To compile one of thousands takes longer than the rest of the scan: these are
    found by their last bytes.
    """
    wanted = set(words)
    if len(wanted) <= _FEW:
        search = re.compile(b"|".join(sorted(map(re.escape, wanted)))).search
        return lambda text: search(text) is not None
    short = [word for word in wanted if len(word) < _END]
    lengths: dict[bytes, set[int]] = {}
    for word in wanted:
        if len(word) >= _END:
            lengths.setdefault(word[-_END:], set()).add(len(word))

    def holds(text: bytes) -> bool:
        if any(word in text for word in short):
            return True
        for end in range(_END, len(text) + 1):
            for length in lengths.get(text[end - _END : end], ()):
                if length <= end and text[end - length : end] in wanted:
                    return True
        return False

    return holds
