"""What a plain YAML scalar stands for, as PyYAML resolves it, but for what is better kept as the text it is.

Dates and sexagesimal numbers stay text: most clients read text there, and so nothing of what was written is lost.
"""

from __future__ import annotations

import re
from typing import Any

from workbench.documents.model import integer

_NULLS = {"", "~", "null", "Null", "NULL"}
_TRUE = {"yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"}
_FALSE = {"no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"}
_WORDS: dict[str, Any] = dict.fromkeys(_NULLS) | dict.fromkeys(_TRUE, True) | dict.fromkeys(_FALSE, False)
_DECIMAL = re.compile(r"[-+]?(?:0|[1-9][0-9_]*+)")
_BASED = re.compile(r"([-+]?)0(?:b([01_]++)|x([0-9a-fA-F_]++)|([0-7_]++))")
_FLOAT = re.compile(r"[-+]?[0-9][0-9_]*+\.[0-9_]*+(?:[eE][-+][0-9]++)?|\.[0-9][0-9_]*+(?:[eE][-+][0-9]++)?")
_SPECIAL = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_LONGEST = 400

# Text that every parser of YAML 1.1 and 1.2 reads as itself, wherever a scalar may stand.
_SAFE = re.compile(r"[A-Za-z_/](?:[A-Za-z0-9_./@=+-]++|:(?=[A-Za-z0-9_./]))*", re.ASCII)
_AMBIGUOUS = {"y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf", "infinity"}


def resolved(text: str) -> Any:
    """None, a boolean, a number or the text. Never raises."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in "-+.0123456789":
        return text
    if _DECIMAL.fullmatch(text):
        return integer(text.replace("_", ""))
    based = _BASED.fullmatch(text)
    if based:
        return _based(based, text)
    if _FLOAT.fullmatch(text):
        return float(text.replace("_", ""))
    if _SPECIAL.fullmatch(text):
        return float(text.replace(".", "").lower())
    return text


def stays_text(text: str) -> bool:
    """Whether the text may be written without quotes."""
    return bool(_SAFE.fullmatch(text)) and text.lower() not in _AMBIGUOUS


def _based(match: re.Match[str], text: str) -> int | str:
    for base, digits in ((2, match[2]), (16, match[3]), (8, match[4])):
        digits = (digits or "").replace("_", "")
        if digits:
            size = int(digits, base) if len(digits) <= _LONGEST else None
            return text if size is None else -size if match[1] == "-" else size
    return text
