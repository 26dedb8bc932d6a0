"""How the values of the model look and read: severities, letters, states, modes."""

from __future__ import annotations

import re
import stat
from collections.abc import Sequence
from datetime import UTC, datetime

from textual.content import Content

from workbench.model.finding import Finding
from workbench.model.plan import Reversal, Safety
from workbench.model.report import Grade, Report, Status
from workbench.model.run import RunState
from workbench.model.servers import Presence
from workbench.model.severity import Severity
from workbench.tui.keys import hint
from workbench.tui.plain import plain, together

SEVERITY_WIDTH = 12
PRESENCE_WIDTH = 16
MUTED = "$foreground 65%"
HEADING = "bold $text-primary"

_SEVERITY_STYLES = {
    Severity.CRITICAL: "bold $text on $error",
    Severity.HIGH: "bold $text-warning",
    Severity.MEDIUM: "$text-primary",
    Severity.LOW: "$foreground",
    Severity.INFO: MUTED,
}
ATTENTION = "bold $text-warning"
PRESENCES: dict[Presence, tuple[str, str]] = {
    "running": ("●", "it runs on this host now"),
    "not running": ("○", "a client or a unit would start it"),
    "switched off": ("⊘", "its client is told not to start it"),
    "remote": ("↗", "it runs elsewhere; its client connects to it"),
    "unknown": ("?", "whether it runs could not be looked at"),
}
"""The sign of each presence, and what it means."""

_PRESENCE_STYLES: dict[Presence, str] = {
    "running": "$text-success",
    "remote": "$text-primary",
    "unknown": "$text-warning",
}
_GOOD = {RunState.APPLIED, RunState.UNDONE, RunState.RECOVERED}
_SAFETY = {
    Safety.SAFE: "safe: changes nothing that a server needs",
    Safety.REVIEW: "review: may change what a server can do",
    Safety.GUIDE: "guide: steps for you to take",
}
_REVERSAL = {
    Reversal.FULL: "undo brings back everything",
    Reversal.PARTIAL: "undo brings back a part",
    Reversal.NONE: "there is no undo",
}


def severity(value: Severity, *, dim: bool = False) -> Content:
    """Symbol and word in the severity's colour, or ``dim`` without it, padded to one width."""
    words = f"{value.symbol} {value.value}"
    return Content.styled(words, MUTED if dim else _SEVERITY_STYLES[value]) + Content(
        " " * (SEVERITY_WIDTH - len(words))
    )


def tally(value: Severity, count: int) -> Content:
    """How many findings are that bad, in its colour; a dot for none."""
    style = "bold $text-error" if value is Severity.CRITICAL else _SEVERITY_STYLES[value]
    return Content.styled(f"{count:>3}", style) if count else Content.styled("  ·", "$foreground 40%")


def presence(value: Presence) -> Content:
    """Symbol and word of whether a server runs, padded to one width."""
    words = f"{PRESENCES[value][0]} {value}"
    return Content.styled(words, _PRESENCE_STYLES.get(value, MUTED)) + Content(" " * (PRESENCE_WIDTH - len(words)))


def found(findings: Sequence[Finding], *, short: bool = False) -> Content:
    """How many findings there are, with the symbol and the colour of the worst; nothing for none."""
    if not findings:
        return Content("")
    worst = max((finding.severity for finding in findings), key=lambda value: value.rank)
    style = "bold $text-error" if worst is Severity.CRITICAL else _SEVERITY_STYLES[worst]
    many = str(len(findings)) if short else counted(len(findings), "finding")
    return Content.styled(f"{worst.symbol} {many}", style)


def found_of(value: Severity, count: int) -> Content:
    """How many findings are that bad: symbol and number in its colour."""
    style = "bold $text-error" if value is Severity.CRITICAL else _SEVERITY_STYLES[value]
    return Content.styled(f"{value.symbol} {count}", style)


def letter_style(letter: str) -> str:
    """The colour of a grade's letter."""
    if letter in "AB":
        return "bold $text-success"
    if letter in "CD":
        return "bold $text-warning"
    return f"bold {MUTED}" if letter == "U" else "bold $text-error"


def letter_class(letter: str) -> str:
    """The style class of a grade's letter."""
    if letter in "AB":
        return "-good"
    if letter in "CD":
        return "-middling"
    return "-none" if letter == "U" else "-bad"


def letter(value: str) -> Content:
    """A grade's letter in its colour; a word for the one that is no letter of the scale."""
    return Content.styled("ungraded" if value == "U" else value, letter_style(value))


def coverage(report: Report, unlocked: int = 0, width: int = 200) -> str:
    """How many of the checks that apply could be assessed, and the letter if the rest were bad, where it is another.

    ``unlocked`` is for how many of them a look with sudo would show more. Of what does not fit into ``width`` cells,
    what is missed least goes first: without those that were assessed in part, what sudo unlocks would not add up.
    """
    applicable = [result for result in report.results if result.status is not Status.NOT_APPLICABLE]
    assessed = [result for result in applicable if result.status in (Status.FOUND, Status.PASSED)]
    in_part = sum(bool(result.not_assessed) for result in assessed)
    share = f"{len(assessed)} of {len(applicable)}"
    parts = f", {in_part} in part" if in_part else ""
    sudo = f"; sudo ({hint('sudo')}) unlocks {unlocked}" if unlocked else ""
    worst = f"; at worst {at_worst(report.grade)}" if report.grade.at_worst != report.grade.letter else ""
    said = (
        f"{share} checks assessed{parts}{sudo}{worst}",
        f"{share} assessed{parts}{sudo}{worst}",
        f"{share} checks assessed{sudo}{worst}",
        f"{share} checks assessed{worst}",
    )
    return next((each for each in said if len(each) <= width), said[-1])


def at_worst(grade: Grade) -> str:
    """The letter if everything that could not be assessed were as bad as it can be."""
    return "ungraded" if grade.at_worst == "U" else grade.at_worst


def safety(value: Safety) -> str:
    """What a fix asks of the person, with the word first."""
    return _SAFETY[value]


def reversal(value: Reversal) -> str:
    """How much undo brings back."""
    return _REVERSAL[value]


def state_style(state: RunState) -> str:
    """The colour of how a run ended."""
    if state in _GOOD:
        return "bold $text-success"
    return "bold $text-error" if state is RunState.ROLLBACK_FAILED else "bold $text-warning"


def state(value: RunState) -> Content:
    """How a run ended, in its colour."""
    return plain(value.value, state_style(value))


def moment(text: str) -> str:
    """An ISO 8601 time in UTC, for a person: ``2026-01-02 03:04 UTC``."""
    date, _, clock = text.partition("T")
    return f"{date} {clock[:5]} UTC" if clock else text


def since(seconds: float) -> str:
    """A time in Unix seconds, for a person; "" for one that no clock shows."""
    try:
        return moment(datetime.fromtimestamp(seconds, UTC).isoformat())
    except (ValueError, OverflowError, OSError):
        return ""


def mode(bits: int) -> str:
    """Permission bits as ``0640 rw-r-----``."""
    return f"{bits:04o} {stat.filemode(bits)[1:]}"


def counted(count: int, word: str, words: str = "") -> str:
    """``1 finding``, ``2 findings``."""
    return f"{count} {word if count == 1 else words or word + 's'}"


def at_home(text: str, home: str) -> str:
    """The text with ``~`` for the home folder, where it stands at the start of a path: shorter, and still exact."""
    if len(home) < 2:
        return text
    return re.sub(rf"(?<![\w/.~-]){re.escape(home)}(?=/)", "~", text)


def clock(seconds: int) -> str:
    """``42 s`` or ``4:02``."""
    return f"{seconds} s" if seconds < 60 else f"{seconds // 60}:{seconds % 60:02}"


def heading(text: str) -> Content:
    """The heading of a part of a page."""
    return together((text, HEADING))
