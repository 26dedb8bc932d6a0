"""How a string is written in each format, in the style of the one that it replaces."""

from __future__ import annotations

import json
import re

from workbench.documents.model import Format

_TOML_ESCAPES = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r"}
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
# What a parser may take for the end of a line, or refuse, where it is not spelled out.
_SPELLED_IN_YAML = re.compile("[\x7f-\xa0\u2028\u2029\ufeff\ufffe\uffff]")


def literal(value: str, old: str, format: Format) -> str:  # noqa: A002 - it is the word for it
    """The text of the new value. ``old`` is the text of the one it replaces."""
    if format == "toml":
        return _toml(value, old)
    if format == "yaml":
        return _yaml(value, old)
    written = json.dumps(value, ensure_ascii=bool(_SURROGATE.search(value)))
    if format != "json5":
        return written
    written = written.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    if old.startswith("'"):
        return "'" + written[1:-1].replace('\\"', '"').replace("'", "\\'") + "'"
    return written


def _yaml(value: str, old: str) -> str:
    from workbench.documents.yaml_scalars import stays_text

    if not old.startswith(("'", '"')) and stays_text(value):
        return value
    if old.startswith("'") and not _CONTROL.search(value) and not _SPELLED_IN_YAML.search(value):
        return "'" + value.replace("'", "''") + "'"
    written = json.dumps(value, ensure_ascii=False)
    return _SPELLED_IN_YAML.sub(lambda letter: f"\\u{ord(letter.group()):04x}", written)


def _toml(value: str, old: str) -> str:
    if old.startswith("'") and not old.startswith("'''") and "'" not in value and not _CONTROL.search(value):
        return f"'{value}'"
    return '"' + "".join(_toml_character(character) for character in value) + '"'


def _toml_character(character: str) -> str:
    if character in _TOML_ESCAPES:
        return _TOML_ESCAPES[character]
    return f"\\u{ord(character):04x}" if _CONTROL.match(character) else character
