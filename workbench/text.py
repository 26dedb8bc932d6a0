"""Make text from the host visible and harmless. Everything a server, file or account can name passes through here."""

from __future__ import annotations

import unicodedata

_DANGEROUS = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_LIMIT = 4096
_NOTE = 32


def visible(text: str, limit: int = _LIMIT) -> str:
    r"""The text with every character that could act on a terminal or mislead a reader spelled out.

    Control characters, escape sequences, bidirectional overrides, zero-width and other format characters, private-use
    and unassigned code points become ``\x1b``, ``\u202e``, ``\U000e0041``; a byte that was not UTF-8 (a lone
    surrogate of ``surrogateescape``) becomes ``\x80``. Text longer than ``limit`` characters is cut and says so.
    """
    shown = text if len(text) <= limit else text[:limit]
    if not (shown.isascii() and shown.isprintable()):
        shown = "".join(_spelled(character) for character in shown)
    if len(text) <= limit and len(shown) <= limit:
        return shown
    # Shorter than the limit with its note, so that what was cut once is not cut again.
    kept = shown[: max(0, limit - _NOTE)]
    return f"{kept}… (+{len(text) - min(len(text), len(kept))} characters)"


def is_visible(text: str) -> bool:
    """Whether ``visible`` leaves the text as it is, so that what is shown can be used to open the thing named."""
    return visible(text) == text


def _spelled(character: str) -> str:
    if character.isprintable() and unicodedata.category(character) not in _DANGEROUS:
        return _without_stacking(character)
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    if code <= 0xFF:
        return f"\\x{code:02x}"
    if code <= 0xFFFF:
        return f"\\u{code:04x}"
    return f"\\U{code:08x}"


def _without_stacking(character: str) -> str:
    # Hangul fillers and the braille blank are letters and symbols to Unicode and empty space to a reader.
    if character in "\u115f\u1160\u3164\uffa0\u2800\u034f\u17b4\u17b5":
        return f"\\u{ord(character):04x}"
    return character
