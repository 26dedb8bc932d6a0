"""What every trial start of a server shares: as whom it is started, with which variables, and what is told of it."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from typing import Any

from workbench.documents.proof import value_or_nothing
from workbench.model.finding import Pointer
from workbench.repair.exchange import Outcome
from workbench.repair.paths import Refused
from workbench.secrets import redact, redact_arguments, redact_values
from workbench.text import visible

BY_HAND = "write the launcher by hand, as the lesson of the fix says"
REFERENCE = re.compile(r"\$\{|\{(?:env|file|input):")
_TABLES: tuple[Pointer, ...] = (("env",), ("environment",), ("envs",), ("command", "env"))
_LINES = 4
_CHATTER = re.compile(
    r"\s*(?:npm (?:notice|warn)|\(node:\d+\)|Downloading|Installed|Prepared|Resolved)\b", re.IGNORECASE
)
_TELLING = re.compile(r"error|cannot|can't|denied|no such|not found|failed|bwrap:", re.IGNORECASE)
_SAID = 400


def home_of(uid: int) -> tuple[str, ...]:
    """The home of an account, none where that is not known."""
    import pwd

    try:
        home = pwd.getpwuid(uid).pw_dir.rstrip("/")
    except KeyError:
        return ()
    return (home,) if home.startswith("/") else ()


def variable(entry: Any, name: str, shown: str) -> str:
    """The value that an entry gives a variable. Raises Refused where that is not one text of its own."""
    found = [value_or_nothing(entry, (*table, name)) for table in _TABLES]
    texts = [value for value in found if isinstance(value, (str, int, float)) and not isinstance(value, bool)]
    if len(texts) != 1 or "\0" in str(texts[0]):
        raise Refused(f"{shown} does not give {visible(name, 100)} one text", "scan again")
    value = str(texts[0])
    if REFERENCE.search(value):
        raise Refused(
            f"the value of {visible(name, 100)} in {shown} refers to something that only its client can put in",
            BY_HAND,
        )
    return value


def account_of(uid: int, gid: int) -> tuple[int, int, tuple[int, ...]] | None:
    """Whom root becomes before anything of theirs is started; None where it is one's own account already."""
    if os.geteuid() != 0 or uid == 0:
        return None
    import pwd

    try:
        known = pwd.getpwuid(uid)
    except KeyError:
        return uid, gid, ()
    return uid, known.pw_gid, tuple(os.getgrouplist(known.pw_name, known.pw_gid))


def secret_words(command: Sequence[str]) -> list[str]:
    """What of a command line is not to be told, and its parts that may be told alone."""
    shown = redact_arguments(list(command))[0]
    words = [text for text, each in zip(command, shown, strict=True) if text != each]
    return [part for word in words for part in (word, word.partition("=")[2]) if part]


def complaint(outcome: Outcome, secrets: Sequence[str]) -> str:
    """What it complained of, as the end of a sentence; "" for nothing."""
    lines = [line.strip() for line in outcome.complaint.splitlines() if line.strip() and not _CHATTER.match(line)]
    said = _harmless(" / ".join(_telling(lines)), secrets)
    return f"; it said: {said}" if said else ""


def _telling(lines: Sequence[str]) -> Sequence[str]:
    """The lines that say what went wrong: the first of them and what follows, of a trace of Python the end."""
    first = next((number for number, line in enumerate(lines) if _TELLING.search(line)), len(lines))
    if len(lines) - first <= _LINES or any(line.startswith("Traceback") for line in lines):
        return lines[-_LINES:]
    return lines[first : first + _LINES]


def answered(outcome: Outcome, secrets: Sequence[str]) -> str:
    """What is told of a server that answered."""
    name = _harmless(f"{outcome.name} {outcome.version}".strip(), secrets) or "a server without a name"
    tools = f", with {outcome.tools} tool{'' if outcome.tools == 1 else 's'}" if outcome.tools is not None else ""
    return f"it answered, as {name}{tools}; it was ended again"


def _harmless(text: str, secrets: Sequence[str]) -> str:
    """Text of the server's, without any value that it was given and without what looks like a secret."""
    return visible(redact(redact_values(text, secrets)), _SAID)
