"""Bytes to text and back, whatever wrote them: UTF-8, with or without a byte order mark, or PowerShell's UTF-16."""

from __future__ import annotations

import codecs
import re

from workbench.documents.model import Encoding, Malformed

_MARKS: tuple[tuple[bytes, Encoding], ...] = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)

_DECLARED = re.compile(rb"<\?xml\s[^>]{0,200}?\sencoding\s*=\s*[\"']([A-Za-z0-9._-]{1,40})[\"']")
# Any other is refused: Python's codecs do far more than JetBrains ever writes.
_DECLARABLE: dict[str, Encoding] = {
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "us-ascii": "us-ascii",
    "ascii": "us-ascii",
    "iso-8859-1": "iso-8859-1",
    "latin1": "iso-8859-1",
    "windows-1252": "windows-1252",
    "cp1252": "windows-1252",
}
_NAMES: dict[Encoding, str] = {"utf-8": "UTF-8", "utf-16-le": "UTF-16", "utf-16-be": "UTF-16"}


def decode(raw: bytes) -> tuple[str, Encoding, bool]:
    """The text without its byte order mark, the encoding, and whether there was a mark. Raises Malformed."""
    encoding, mark = _encoding(raw)
    return _decoded(raw[len(mark) :], encoding), encoding, bool(mark)


def decode_declared(raw: bytes) -> tuple[str, Encoding, bool]:
    """Like ``decode``, of an XML document: where no mark says more, in the encoding that its first line declares."""
    encoding, mark = _encoding(raw)
    declared = _DECLARED.match(raw) if encoding == "utf-8" and not mark else None
    if declared:
        known = _DECLARABLE.get(declared[1].decode("ascii").lower())
        if known is None:
            raise Malformed("the first line declares an encoding that is not read or that the bytes are not in", 1, 1)
        encoding = known
    return _decoded(raw[len(mark) :], encoding), encoding, bool(mark)


def _decoded(body: bytes, encoding: Encoding) -> str:
    try:
        return body.decode(encoding)
    except UnicodeDecodeError as error:
        good = body[: error.start].decode(encoding, "replace")
    # Raised outside of the handler: the decoder's exception holds the whole document.
    line = good.count("\n") + 1
    raise Malformed(f"the bytes here are not {_NAMES.get(encoding, encoding)} text", line, len(good) - good.rfind("\n"))


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
