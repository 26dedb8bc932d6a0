"""Bytes to text and back, whatever wrote them: UTF-8, with or without a byte order mark, or PowerShell's UTF-16."""

from __future__ import annotations

import codecs

from workbench.documents.model import Encoding, Malformed

_MARKS: tuple[tuple[bytes, Encoding], ...] = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def decode(raw: bytes) -> tuple[str, Encoding, bool]:
    """The text without its byte order mark, the encoding, and whether there was a mark. Raises Malformed."""
    encoding, mark = _encoding(raw)
    body = raw[len(mark) :]
    try:
        return body.decode(encoding), encoding, bool(mark)
    except UnicodeDecodeError as error:
        good = body[: error.start].decode(encoding, "replace")
    # Raised outside of the handler: the decoder's exception holds the whole document.
    line = good.count("\n") + 1
    name = "UTF-8" if encoding == "utf-8" else "UTF-16"
    raise Malformed(f"the bytes here are not {name} text", line, len(good) - good.rfind("\n"))


def encode(text: str, encoding: Encoding, byte_order_mark: bool) -> bytes:
    """The bytes of a text as ``decode`` found them. Raises UnicodeEncodeError for a lone surrogate."""
    mark = next(mark for mark, name in _MARKS if name == encoding) if byte_order_mark else b""
    return mark + text.encode(encoding)


def _encoding(raw: bytes) -> tuple[Encoding, bytes]:
    if raw.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        raise Malformed("the file is UTF-32 text, which no client reads", 1, 1)
    for mark, encoding in _MARKS:
        if raw.startswith(mark):
            return encoding, mark
    # No config begins with a NUL character: without a mark, a NUL in the first two bytes is half of a UTF-16 letter.
    if len(raw) % 2 == 0 and len(raw) >= 2 and (raw[0] == 0) != (raw[1] == 0):
        return ("utf-16-be" if raw[0] == 0 else "utf-16-le"), b""
    return "utf-8", b""
