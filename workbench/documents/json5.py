"""Parse JSON5 as its reference parser does: linear in the length of the text, and with the place of what is wrong."""

from __future__ import annotations

import re
import unicodedata
from typing import Any, Literal

from workbench.documents.model import DEPTH_LIMIT, TOO_DEEP, Malformed, integer, place_of

_BLANK = "\t\n\v\f\r \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
_TOKEN = re.compile(
    rf"[{_BLANK}]*+(?:"
    r"([{}\[\]:,])"
    r'|("[^"\\\r\n]*+(?:\\(?:\r\n|.)[^"\\\r\n]*+)*+"|' + r"'[^'\\\r\n]*+(?:\\(?:\r\n|.)[^'\\\r\n]*+)*+')"
    rf"|([^{_BLANK}{{}}\[\]:,\"'/]++)"
    r"|(//[^\r\n\u2028\u2029]*+|/\*.*?\*/)"
    r")",
    re.DOTALL,
)
_KNOWN = (
    r'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
    r"|'[^'\\]*+(?:\\.[^'\\]*+)*+'"
    r"|//[^\r\n\u2028\u2029]*+|/\*.*?\*/"
)
# To find places in a text that is known to parse: its tokens, comments included, and all up to the next bracket.
SCAN_TOKEN = re.compile(rf"{_KNOWN}|[{{}}\[\],]|[^{_BLANK}{{}}\[\]:,\"'/]++", re.DOTALL)
SCAN_UP_TO_BRACKET = re.compile(rf"(?:[^\"'/{{}}\[\]]++|{_KNOWN})*+", re.DOTALL)
_MARK, _STRING, _WORD, _COMMENT = 1, 2, 3, 4
_BLANKS = re.compile(rf"[{_BLANK}]*+")
_ESCAPE = re.compile(r"\\(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|(\r\n|.))", re.DOTALL)
_NAME_ESCAPE = re.compile(r"\\u([0-9A-Fa-f]{4})")
_HALF = re.compile(r"[\ud800-\udfff]")
_NUMBER = re.compile(r"[+-]?(?:(0|[1-9][0-9]*+)|(?:(?:0|[1-9][0-9]*+)(?:\.[0-9]*+)?|\.[0-9]++)(?:[eE][+-]?[0-9]++)?)")
_HEXADECIMAL = re.compile(r"([+-]?)0[xX]([0-9A-Fa-f]++)")
_PLAIN_NAME = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*+")
_SINGLE = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "0": "\0"}
_CONTINUED = {"\n", "\r", "\r\n", "\u2028", "\u2029"}
_LETTERS = {"Lu", "Ll", "Lt", "Lm", "Lo", "Nl"}
_INSIDE_NAMES = {*_LETTERS, "Mn", "Mc", "Nd", "Pc"}
_LONGEST_HEXADECIMAL = 256
_CONSTANTS: dict[str, Any] = {"true": True, "false": False, "null": None}
for _sign in ("", "+", "-"):
    _CONSTANTS[f"{_sign}Infinity"] = float(f"{_sign}inf")
    _CONSTANTS[f"{_sign}NaN"] = float("nan")

_Next = Literal["value", "first value", "key", "colon", "comma", "end"]
_EXPECTED: dict[_Next, str] = {
    "value": "a value is expected here",
    "first value": "a value or ']' is expected here",
    "key": "a name or '}' is expected here",
    "colon": "a ':' is expected here",
    "comma": "a ',' or a closing bracket is expected here",
    "end": "something follows the end of the document",
}


def parse(text: str) -> Any:
    """The data of a JSON5 text. Of duplicate keys the last one wins. Raises Malformed."""
    containers: list[Any] = []
    keys: list[str] = []  # of the objects that are open, the key that is being read
    result: Any = None
    following: _Next = "value"
    at = 0
    while (match := _TOKEN.match(text, at)) is not None:
        at = match.end()
        kind = match.lastindex
        if kind == _COMMENT:
            continue
        token = match[kind or 0]
        start = at - len(token)
        if following == "key":
            if kind == _MARK and token == "}":
                result = containers.pop()
                keys.pop()
            else:
                keys[-1] = _key(text, start, token, kind)
                following = "colon"
                continue
        elif following in ("value", "first value"):
            if kind == _STRING:
                result = string(token) if "\\" not in token else _escaped(text, start, token)
            elif kind == _WORD:
                result = _word(text, start, token)
            elif token == "]" and following == "first value":
                result = containers.pop()
            elif token in "{[":
                if len(containers) == DEPTH_LIMIT:
                    raise Malformed(TOO_DEEP, *place_of(text, start))
                containers.append({} if token == "{" else [])
                following = "key" if token == "{" else "first value"
                if token == "{":
                    keys.append("")
                continue
            else:
                raise _unexpected(text, start, following)
        elif following == "colon" and token == ":":
            following = "value"
            continue
        elif following == "comma" and token == ",":
            following = "key" if type(containers[-1]) is dict else "first value"
            continue
        elif following == "comma" and token == ("}" if type(containers[-1]) is dict else "]"):
            result = containers.pop()
            if type(result) is dict:
                keys.pop()
        else:
            raise _unexpected(text, start, following)
        # A value is complete.
        following = "end"
        if containers:
            following = "comma"
            holder = containers[-1]
            if type(holder) is dict:
                holder[keys[-1]] = result
            else:
                holder.append(result)
    return _at_the_end(text, at, following, result)


def string(token: str) -> str:
    """What a string or a name of a text that is known to parse stands for."""
    body = token[1:-1] if token[0] in "\"'" else token
    if "\\" not in body:
        return body
    unescaped = _ESCAPE.sub(_character, body)
    if _HALF.search(unescaped):
        # Two halves of a character, each written as an escape, are one character.
        return unescaped.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
    return unescaped


def _character(escape: re.Match[str]) -> str:
    digits = escape[1] or escape[2]
    if digits:
        return chr(int(digits, 16))
    letter = escape[3]
    return "" if letter in _CONTINUED else _SINGLE.get(letter, letter)


def _escaped(text: str, start: int, token: str) -> str:
    for escape in _ESCAPE.finditer(token):
        letter = escape[3]
        after = token[escape.end() : escape.end() + 1]
        digit_follows = "0" <= after <= "9"
        if letter is not None and (letter in "xu123456789" or (letter == "0" and digit_follows)):
            raise Malformed("an escape that JSON5 does not know", *place_of(text, start + escape.start()))
    return string(token)


def _key(text: str, start: int, token: str, kind: int | None) -> str:
    if kind == _STRING:
        return string(token) if "\\" not in token else _escaped(text, start, token)
    if kind == _MARK:
        raise _unexpected(text, start, "key")
    if _PLAIN_NAME.fullmatch(token):
        return token
    name = _NAME_ESCAPE.sub(lambda escape: chr(int(escape[1], 16)), token)
    first_is_fine = unicodedata.category(name[0]) in _LETTERS or name[0] in "$_"
    if first_is_fine and all(
        unicodedata.category(letter) in _INSIDE_NAMES or letter in "$_\u200c\u200d" for letter in name
    ):
        return name
    raise Malformed("a name that must stand in quotes", *place_of(text, start))


def _word(text: str, start: int, token: str) -> Any:
    if token in _CONSTANTS:
        return _CONSTANTS[token]
    number = _NUMBER.fullmatch(token)
    if number:
        return integer(token) if number[1] else float(token)
    hexadecimal = _HEXADECIMAL.fullmatch(token)
    if hexadecimal:
        digits = hexadecimal[2].lstrip("0")
        size = float("inf") if len(digits) > _LONGEST_HEXADECIMAL else int(digits or "0", 16)
        return -size if hexadecimal[1] == "-" else size
    raise Malformed("this is neither a number nor a word that JSON5 knows", *place_of(text, start))


def _unexpected(text: str, start: int, following: _Next) -> Malformed:
    return Malformed(_EXPECTED[following], *place_of(text, start))


def _at_the_end(text: str, at: int, following: _Next, result: Any) -> Any:
    blanks = _BLANKS.match(text, at)
    at = blanks.end() if blanks else at
    if at < len(text):
        if text.startswith("/*", at):
            raise Malformed("a comment that begins here never ends", *place_of(text, at))
        if text[at] in "\"'":
            raise Malformed("a string that begins here does not end on its line", *place_of(text, at))
        raise _unexpected(text, at, following)
    if following != "end":
        raise Malformed(f"{_EXPECTED[following]} (the file seems to be cut off)", *place_of(text, at))
    return result
