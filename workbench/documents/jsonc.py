"""Turn JSON with comments and trailing commas into JSON of the same length, so that every offset and line stays."""

from __future__ import annotations

import re

from workbench.expressions import expression
from workbench.model.record import record

_STRING = r'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)'
# Found one after the other, so that a file of any content is read once. No group that can fail halfway is repeated
# possessively: Python before 3.11.5 then goes on from the wrong place.
_STRING_OR_COMMENT = expression(rf"{_STRING}|//[^\r\n]*+|/\*(?:.*?\*/|.*)", re.DOTALL)
_STRING_OR_LAST_COMMA = expression(rf"{_STRING}|,(?=[ \t\r\n]*+[}}\]])", re.DOTALL)
_COMMA_AND_BRACKET = expression(r",[ \t\r\n]*+[}\]]")
_VISIBLE = expression(r"[^\r\n]")
_BLANK = " \t\r\n"


@record
class Plain:
    """The text as plain JSON of the same length. ``extra`` is the offset of the first thing that JSON does not allow
    (None when there is none) and ``extra_kind`` its name. ``unclosed`` is the offset of a comment without an end.
    """

    text: str
    extra: int | None = None
    extra_kind: str = ""
    unclosed: int | None = None


def plain(text: str) -> Plain:
    """Blank out comments and trailing commas. Linear in the length of the text."""
    comments, unclosed = _comments(text)
    cleaned = _blanked(text, comments)
    commas = _trailing_commas(cleaned)
    cleaned = _blanked(cleaned, [(comma, comma + 1) for comma in commas])
    first_comment = comments[0][0] if comments else len(text)
    first_comma = commas[0] if commas else len(text)
    if first_comment == first_comma:
        return Plain(cleaned, unclosed=unclosed)
    if first_comment < first_comma:
        return Plain(cleaned, first_comment, "a comment", unclosed)
    return Plain(cleaned, first_comma, "a trailing comma", unclosed)


def _comments(text: str) -> tuple[list[tuple[int, int]], int | None]:
    spans: list[tuple[int, int]] = []
    for token in _STRING_OR_COMMENT.finditer(text):
        start, end = token.span()
        if text[start] == "/":
            spans.append((start, end))
            if text.startswith("/*", start) and (end - start < 4 or not text.endswith("*/", start, end)):
                return spans, start
    return spans, None


def _trailing_commas(text: str) -> list[int]:
    commas: list[int] = []
    if not _COMMA_AND_BRACKET.search(text):
        return commas  # nothing to tell from text in strings, as in nearly every file
    for token in _STRING_OR_LAST_COMMA.finditer(text):
        at = token.start()
        if text[at] != ",":
            continue
        before = at - 1
        while before >= 0 and text[before] in _BLANK:
            before -= 1
        # A comma after nothing (``[,]``) is a mistake to every parser: it stays, to be reported.
        if before >= 0 and text[before] not in "{[,:":
            commas.append(at)
    return commas


def _blanked(text: str, spans: list[tuple[int, int]]) -> str:
    if not spans:
        return text
    parts: list[str] = []
    kept = 0
    for start, end in spans:
        parts.append(text[kept:start])
        parts.append(_VISIBLE.sub(" ", text[start:end]))
        kept = end
    parts.append(text[kept:])
    return "".join(parts)
