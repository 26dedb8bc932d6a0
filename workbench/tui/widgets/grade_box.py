"""The head of the main screen: the letter, the rule that caps it, how sure it is, and every area's letter."""

from __future__ import annotations

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Static

from workbench.model.report import CheckResult, Report
from workbench.tui.coverage import assessed, sudo_unlocks, worst_first
from workbench.tui.keys import hint
from workbench.tui.plain import entitle, plain, stacked, together
from workbench.tui.pressable import pressable
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
    "–": ("    ", "▀▀▀▀", "    "),
    "…": ("    ", "▄ ▄ ", "    "),
}
_AROUND = 4  # cells that the border and its margins take
_BESIDE = 13  # cells that the letter, the border and the margins take
_AREA_LINES = 2
_GROUNDS = {"-good": "$success", "-middling": "$warning", "-bad": "$error", "-none": "$panel"}


class GradeBox(Horizontal):
    """The letter in a block of its colour, and the lines beside it; where height is short, the rule and no more."""

    _report: Report | None = None
    _sudo = False
    _drawn_at = 0

    def compose(self) -> ComposeResult:
        """The letter and the lines, and what takes their place. The styles of the screen say which is shown."""
        yield Static(id="letter", classes="-none")
        yield Static(id="verdict")
        yield Static(id="brief")

    def on_mount(self) -> None:
        """Start without a grade."""
        self.waiting("Looking at this host")

    def on_resize(self, event: events.Resize) -> None:
        """Put the lines anew where they fit, when the width is another: with every page the height is."""
        if self._report is not None and event.size.width != self._drawn_at:
            self.show(self._report, sudo=self._sudo)
            # Where the lines were hidden before, they are laid out as high as they were at the last width.
            self.call_after_refresh(self.query_one("#verdict").refresh, layout=True)

    def waiting(self, words: str) -> None:
        """Show that there is no grade yet, and why."""
        self._say("…", words, "The grade comes when every check has spoken.")

    def failed(self) -> None:
        """Show that there is no grade, and what to do."""
        self._say("–", "This host could not be looked at", "There is no grade before a look has succeeded.")

    def show(self, report: Report, *, sudo: bool = False) -> None:
        """Show the grade of a report; ``sudo`` says that a look with sudo would see more."""
        self._report, self._sudo = report, sudo
        self._drawn_at = self.size.width
        grade = report.grade
        self._show_letter(grade.letter, letter_class(grade.letter))
        title = "Ungraded" if grade.letter == "U" else f"Grade {grade.letter}"
        rule = together((title, "bold"), "  ", _without_letter(grade.rule, grade.letter))
        room = max(self.size.width - _BESIDE, 30)
        unlocked = sudo_unlocks(report).total() if sudo else 0
        lines = [rule, plain(coverage(report, unlocked, room)), *areas(report, room)]
        if report.next_step:
            step = together(("next: ", MUTED), report.next_step)
            if report.next_step[0].isdigit():
                step += Content("  ") + pressable(
                    plain(f"({hint('repair.marked')} shows them)", MUTED), "repair_marked"
                )
            together_on_one = lines[1] + Content("   ") + step
            if together_on_one.cell_length <= room:
                lines[1] = together_on_one
            else:
                lines.insert(2, step)
        self.query_one("#verdict", Static).update(stacked(lines))
        self.query_one("#brief", Static).update(brief(report, unlocked, self.size.width - _AROUND))

    def status(self, words: str) -> None:
        """Show on the border what is going on, or whose report this is."""
        entitle(self, "MCP hardening workbench", words)

    def _say(self, sign: str, words: str, more: str) -> None:
        self._report = None
        self._show_letter(sign, "-none")
        self.query_one("#verdict", Static).update(stacked((plain(words, "bold"), plain(more, MUTED))))
        self.query_one("#brief", Static).update(together((words, "bold"), "  ", (more, MUTED)))

    def _show_letter(self, value: str, style: str) -> None:
        shown = self.query_one("#letter", Static)
        shown.remove_class(*_GROUNDS)
        shown.add_class(style)
        shown.update(Content("\n".join(_SHAPES.get(value, (" ", value, " ")))))


def brief(report: Report, unlocked: int, width: int) -> Content:
    """The letter, the rule and how sure it is, on one line of ``width`` cells, or on two where that is too much."""
    grade = report.grade
    block = plain(f" {grade.letter} ", f"bold auto on {_GROUNDS[letter_class(grade.letter)]}")
    title = "Ungraded" if grade.letter == "U" else f"Grade {grade.letter}"
    first = block + together(" ", (title, "bold"), "  ", _without_letter(grade.rule, grade.letter))
    line = first + plain(f"  ·  {coverage(report, unlocked)}")
    if line.cell_length <= width:
        return line
    return stacked((first, plain(f"    {coverage(report, unlocked, width - 4)}")))


def marks_of(report: Report, replayed: str, read_only: bool, as_root: str, watch: str = "", width: int = 200) -> str:
    """Whose report this is, and what is to be known about it; ``as_root`` is when sudo was last asked, "" for never.

    ``replayed`` is the word for what is shown instead of this host, ``watch`` says whether it is watched, "" for
    nothing. Where it is wider than ``width`` cells, the day is left out, and then what explains
    the word.
    """
    taken = moment(report.taken_at)
    marks = [
        f"{report.user} on {report.platform}",
        taken,
        f"read with sudo {_clock(as_root)}" if as_root else "",
        replayed,
        "read-only" if read_only else "",
        f"{watch} ({hint('watch')})" if watch.endswith("watching") else watch,
    ]
    said = " · ".join(mark for mark in marks if mark)
    if len(said) > width:
        said = said.replace(taken, _clock(report.taken_at), 1)
    if len(said) > width:
        said = said.replace(replayed, replayed.partition(":")[0], 1)
    return said


def areas(report: Report, width: int) -> list[Content]:
    """Every area with its letter, the worst first, on lines of at most ``width`` cells.

    Where two lines hold it, each that is not assessed in full says how many of its checks are.
    """
    told = _lines(report, width, shares=True)
    return told if len(told) <= _AREA_LINES else _lines(report, width, shares=False)


def _lines(report: Report, width: int, *, shares: bool) -> list[Content]:
    by_area: dict[str, list[CheckResult]] = {}
    for result in report.results:
        by_area.setdefault(result.area, []).append(result)
    lines: list[Content] = []
    for area in worst_first(report.areas):
        mark = Content.styled("–", MUTED) if area.grade.letter == "U" else letter(area.grade.letter)
        some, every = assessed(by_area.get(area.area, ()))
        share = f" {some}/{every}" if shares and some < every else ""
        part = together((area.area, MUTED), " ", mark, (share, MUTED))
        if lines and lines[-1].cell_length + 2 + part.cell_length <= width:
            lines[-1] = together(lines[-1], "  ", part)
        else:
            lines.append(part)
    return lines


def _clock(taken_at: str) -> str:
    return moment(taken_at).split(" ", 1)[-1]


def _without_letter(rule: str, value: str) -> str:
    return rule.removesuffix(f": {value}").removesuffix(": ungraded")
