"""Calls of JavaScript that check nothing: they write down, measure, shape or open what they are given."""

from __future__ import annotations

import re

HARMLESS_BEGINNING = re.compile(r"^(?:~/?|/|\./?|-|--|@|#|[a-z][a-z0-9+.-]*:/*|[A-Za-z]:|\\\\+|)$")
_LOGGING = re.compile(
    r"^(?:console|process\.(?:stderr|stdout))\.|(?:^|[._])(?:[lL]ogger|[lL]og|telemetry|metrics)\."
    r"|(?:^|\.)(?:log(?:[A-Z_]\w*|ger)?|debug|info|warn(?:ing)?|error|trace|verbose|notice|fatal|print(?:[A-Z_]\w*)?"
    r"|track(?:[A-Z_]\w*)?|telemetry|capture(?:[A-Z_]\w*)?|sendLoggingMessage|reportProgress)$"
)
HARMLESS_CALL = re.compile(
    r"^(?:(?:fs|child_process|JSON|Buffer|Promise|Date|os|crypto|zlib|vm|execa|zx|shelljs|mime|mime-types|diff)(?:\.|$)"
    r"|Array\.(?:isArray|from|of)$|Object\.(?:keys|values|entries|assign|freeze)$|path\.(?:extname|parse|format)$"
    r"|util\.(?:inspect|format)$|process\.(?:chdir|cwd)$|encodeURI(?:Component)?$"
    r"|(?:String|Number|Boolean|parseInt|parseFloat|structuredClone|setTimeout|isNaN|eval|Function|require|import)$"
    r"|(?:\w+\.)?\w*Error$)"
)
TEXT_METHODS = {
    "trim", "trimStart", "trimEnd", "toString", "toLowerCase", "toUpperCase", "slice", "substring", "substr",
    "normalize", "replace", "replaceAll", "split", "join", "concat", "at", "valueOf", "shift", "pop",
}  # fmt: skip
PASSIVE_METHODS = {
    "endsWith", "charAt", "charCodeAt", "codePointAt", "localeCompare", "keys", "entries", "values",
    "push", "lastIndexOf",
}  # fmt: skip
TAKING_METHODS = {"push", "set", "add", "write", "emit", "join", "unshift", "append", "concat", "end", "resolve"}


def is_logging(name: str) -> bool:
    """Whether a function's name says that it only writes something down for people."""
    return bool(_LOGGING.search(name))
