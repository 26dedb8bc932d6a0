"""What in a message of JavaScript its name or its form says is a secret."""

from __future__ import annotations

import re

from workbench.host.code.javascript_names import Names
from workbench.host.code.javascript_syntax import FUNCTIONS, Node
from workbench.host.code.javascript_texts import key_name, literal
from workbench.secrets import recognise
from workbench.secrets.names import kind_of_name

_MOST = 200
# Names of things that programs count, compare and page by.
_NO_SECRET = re.compile(
    r"(?i)^(?:key|keys|auth|pass|cookie|bearer)$|^(?:next|prev|page|progress|cancel|abort|sync|continuation|cursor)\w*"
    r"|^(?:has|is|use|needs?|requires?|show|num|max|min|count|total|csrf|input|output|prompt|completion|public|cache|map"
    r"|sort|group|row|object|primary|foreign|registry|react|list|item|event|message|job|task|request|response)_?"
    r"(?:key|token|auth)"
    r"|(?:token|key)(?:count|s?used|usage|limit|id|name|type|ize\w*)$"
)
_TRIVIAL = {"true", "false", "null", "undefined", "number", "unary_expression"}
_SAYING = {"type", "kind", "event", "action", "cmd", "command", "op"}
_SAID = re.compile(r"(?i)^(?:set[-_:]?)?(?:credentials?|secrets?|api[-_]?keys?)$")


def secret_in(message: Node, names: Names) -> tuple[str, bool] | None:
    """The name of a secret in a message, and whether the secret itself stands there; None for none."""
    value = names.value(message)
    if value is None:
        return None
    if value.kind != "object":
        return _named(message, names)
    waiting, looked = [value], 0
    said = ""
    while waiting and looked < _MOST:
        node = waiting.pop()
        for child in node.children[:_MOST]:
            looked += 1
            if child.kind == "shorthand_property_identifier":
                if (found := _named(child, names)) is not None:
                    return found
            elif child.kind == "pair" and (inner := child["value"]) is not None:
                key = key_name(child)
                if inner.kind in ("object", "array"):
                    waiting.append(inner)
                    continue
                text = literal(inner)
                if key in _SAYING and text is not None and _SAID.match(text) and len(node.children) > 1:
                    said = text
                if (found := _paired(key, inner, text, names)) is not None:
                    return found
            elif child.kind == "spread_element" and (found := _named(child.children[-1], names)) is not None:
                return found
    return (said, False) if said else None


def _paired(key: str, value: Node, text: str | None, names: Names) -> tuple[str, bool] | None:
    if text is not None:
        kind = recognise(key, text)
        return (kind, True) if kind else None
    if value.kind in _TRIVIAL or value.kind in FUNCTIONS or value.kind in ("binary_expression", "template_string"):
        return None
    if kind_of_name(key) and not _is_secret(key):
        return None
    if (found := _named(value, names)) is not None:
        return found
    if _is_secret(key) and value.kind in ("identifier", "member_expression", "call_expression", "await_expression"):
        stands = names.value(value)
        return (key, False) if stands is None or stands.kind not in _TRIVIAL else None
    return None


def _named(node: Node, names: Names) -> tuple[str, bool] | None:
    """A value whose own name says it: ``process.env.OPENAI_API_KEY``, ``apiKey``, ``this.token``."""
    if node.kind not in ("identifier", "member_expression", "subscript_expression", "shorthand_property_identifier"):
        return None
    name = names.of(node)
    if name.startswith("process.env."):
        return (name, False) if kind_of_name(name.removeprefix("process.env.")) else None
    last = names.last(node)
    if not _is_secret(last) and not re.fullmatch(r"(?i)credentials|creds|secrets", last):
        return None
    value = names.value(node)
    if value is not None and (
        value.kind in _TRIVIAL or ((text := literal(value)) is not None and not recognise(last, text))
    ):
        return None
    return last, False


def _is_secret(name: str) -> bool:
    return bool(kind_of_name(name)) and not _NO_SECRET.search(name)
