"""What stands in the text of JavaScript: strings, numbers, the names of properties and keys."""

from __future__ import annotations

import re

from workbench.host.code.javascript_syntax import Node

REQUIRING = {"require", "__require", "__webpack_require__"}
INTEROPERATION = re.compile(r"^(?:__import(?:Default|Star)|__toESM|_?_?interopRequire\w*)\d*$")
"""The names of what compilers put around a module that is taken in."""
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "0": "\0", "\n": "", "\r": ""}


def property_name(node: Node) -> str:
    """The property that a member expression takes, "" for none."""
    name = node["property"]
    return name.text if name is not None else ""


def literal(node: Node | None) -> str | None:
    """The text of a string that stands there as it is, None for anything else."""
    if node is None or node.kind not in ("string", "template_string"):
        return None
    parts = []
    for part in node.children:
        if part.kind == "string_fragment":
            parts.append(part.text)
        elif part.kind == "escape_sequence":
            parts.append(unescaped(part.text))
        else:
            return None
    return "".join(parts)


def unescaped(text: str) -> str:
    r"""The character that an escape sequence (``\n``, ``\x00``, ``\u{0}``) stands for."""
    body = text[1:]
    if body[:1] in ("x", "u"):
        try:
            return chr(int(body[1:].strip("{}"), 16))
        except (ValueError, OverflowError):
            return ""
    if body.isdigit() and len(body) <= 3:
        # An octal escape of old: \000 is as good a NUL as \0.
        try:
            return chr(int(body, 8))
        except ValueError:
            return body
    return _ESCAPES.get(body, body)


def number(node: Node | None) -> int | None:
    """The whole number that a literal is (``0o600``, ``384``, ``"600"`` as a mode), None for anything else."""
    if node is None:
        return None
    try:
        if node.kind == "number":
            text = node.text.replace("_", "").lower()
            if len(text) > 1 and text[0] == "0" and text.isdigit():
                return int(text, 8)
            return int(text, 0)
        text = literal(node) or ""
        return int(text.removeprefix("0o"), 8) if 0 < len(text) <= 8 else None
    except ValueError:
        return None


def option(node: Node | None, name: str) -> Node | None:
    """The value of a key of an object literal; for ``{name}`` the name itself."""
    if node is None or node.kind != "object":
        return None
    for child in node.children:
        if child.kind == "shorthand_property_identifier" and child.text == name:
            return child
        if child.kind == "pair" and key_name(child) == name:
            return child["value"]
        if child.kind == "method_definition" and (of := child["name"]) is not None and of.text == name:
            return child
    return None


def key_name(pair: Node) -> str:
    """The key of a pair of an object literal, "" for one that is worked out."""
    key = pair["key"]
    if key is None:
        return ""
    return key.text if key.kind in ("property_identifier", "number") else literal(key) or ""
