"""Calls of JavaScript that check nothing: they write down, measure, shape or open what they are given."""

from __future__ import annotations

import re

HARMLESS_BEGINNING = re.compile(r"^(?:~/?|/|\./?|\.\.?/|-|--|@|#|[a-z][a-z0-9+.-]*:/*|[A-Za-z]:|\\\\+|)$")
LOGGING = re.compile(
    r"(?i)^(?:console\.|process\.(?:stderr|stdout)\.)|(?:^|\.)(?:log\w*|debug|info|warn(?:ing)?|error|trace|verbose|"
    r"notice|fatal|print\w*|track\w*|telemetry|capture\w*|audit\w*|sendLoggingMessage|reportProgress)$|"
    r"(?:^|[._])(?:logger|log|telemetry|metrics)\."
)
HARMLESS_CALL = re.compile(
    r"^(?:fs\.|child_process\.|JSON\.|String|Number|Boolean|parseInt|parseFloat|Array\.|Object\.(?:keys|values|entries"
    r"|assign|freeze)|Buffer\.|Promise\.|Date|Error|TypeError|RangeError|path\.(?:isAbsolute|extname|parse|format)"
    r"|structuredClone|setTimeout|isNaN|encodeURI|util\.(?:inspect|format)|os\.|process\.(?:chdir|cwd)|crypto\.|zlib\."
    r"|eval|Function|vm\.|execa|zx|shelljs|mime|mime-types|diff|require|import)"
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
    return bool(LOGGING.search(name))
