"""The head of the main screen: the letter, the rule that caps it, how sure it is, and every area's letter."""

from __future__ import annotations

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Static

from workbench.model.report import Report
from workbench.tui.plain import entitle, plain, stacked, together
from workbench.tui.wording import MUTED, coverage, letter, letter_class, moment

# Three rows of half blocks a letter: as large as a head of five rows allows.
_SHAPES = {
    "A": ("▄▀▀▄", "█▀▀█", "▀  ▀"),
    "B": ("█▀▀▄", "█▀▀▄", "▀▀▀ "),
    "C": ("▄▀▀▀", "█   ", " ▀▀▀"),
    "D": ("█▀▀▄", "█  █", "▀▀▀ "),
    "E": ("█▀▀▀", "█▀▀ ", "▀▀▀▀"),
    "F": ("█▀▀▀", "█▀▀ ", "▀   "),
    "U": ("█  █", "█  █", " ▀▀ "),
    "…": ("    ", "▄ ▄ ", "    "),
}
_BESIDE = 13  # cells that the letter, the border and the margins take
_CLASSES = ("-good", "-middling", "-bad", "-none")


class GradeBox(Horizontal):
    """The letter in a block of its colour, and the lines beside it."""

    _report: Report | None = None

    def compose(self) -> ComposeResult:
        """The letter and the lines."""
        yield Static(id="letter", classes="-none")
        yield Static(id="verdict")

    def on_mount(self) -> None:
        """Start without a grade."""
        self.waiting("Looking at this host")

    def on_resize(self, event: events.Resize) -> None:
        """Put the lines anew where they fit."""
        if self._report is not None:
            self.show(self._report)

    def waiting(self, words: str) -> None:
        """Show that there is no grade yet, and why."""
        self._report = None
        self._show_letter("…", "-none")
        lines = (plain(words, "bold"), plain("The grade comes when every check has spoken.", MUTED))
        self.query_one("#verdict", Static).update(stacked(lines))

    def show(self, report: Report) -> None:
        """Show the grade of a report."""
        self._report = report
        grade = report.grade
        self._show_letter(grade.letter, letter_class(grade.letter))
        title = "Ungraded" if grade.letter == "U" else f"Grade {grade.letter}"
        rule = together((title, "bold"), "  ", _without_letter(grade.rule, grade.letter))
        lines = [rule, plain(coverage(report)), _areas(report)]
        if report.next_step:
            step = together(("next: ", MUTED), report.next_step)
            together_on_one = lines[1] + Content("   ") + step
            if together_on_one.cell_length <= self.size.width - _BESIDE:
                lines[1] = together_on_one
            else:
                lines.insert(2, step)
        self.query_one("#verdict", Static).update(stacked(lines))

    def status(self, words: str) -> None:
        """Show on the border what is going on, or whose report this is."""
        entitle(self, "MCP hardening workbench", words)

    def _show_letter(self, value: str, style: str) -> None:
        shown = self.query_one("#letter", Static)
        shown.remove_class(*_CLASSES)
        shown.add_class(style)
        shown.update(Content("\n".join(_SHAPES.get(value, (" ", value, " ")))))


def marks_of(report: Report, replayed: str, read_only: bool, as_root: str) -> str:
    """Whose report this is, and what is to be known about it; ``as_root`` is when sudo was last asked, "" for never.

    ``replayed`` is the word for what is shown instead of this host, "" for nothing.
    """
    marks = (
        f"{report.user} on {report.platform}",
        moment(report.taken_at),
        f"read with sudo {moment(as_root).split(' ', 1)[-1]}" if as_root else "",
        replayed,
        "read-only" if read_only else "",
    )
    return " · ".join(mark for mark in marks if mark)


def _areas(report: Report) -> Content:
    parts: list[str | Content] = []
    for area in report.areas:
        parts += ["  "] if parts else []
        mark = Content.styled("–", MUTED) if area.grade.letter == "U" else letter(area.grade.letter)
        parts.append(together((area.area, MUTED), Content(" "), mark))
    return together(*parts)


def _without_letter(rule: str, value: str) -> str:
    return rule.removesuffix(f": {value}").removesuffix(": ungraded")
