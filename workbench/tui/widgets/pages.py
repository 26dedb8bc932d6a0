"""Which pages there are, and the two that are only text: the report card, and what could not be assessed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import ClassVar, NamedTuple

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from workbench.model.record import record
from workbench.model.report import AreaGrade, CheckResult, Report, Status
from workbench.model.severity import Severity
from workbench.tui.coverage import ROOTS, assessed, sudo_unlocks, worst_first
from workbench.tui.keys import bound, hint
from workbench.tui.plain import hanging, plain, stacked, together
from workbench.tui.pressable import pressable
from workbench.tui.wording import MUTED, at_worst, counted, heading, letter_style, tally


class PageName(NamedTuple):
    """A page of the main screen: its name, its title, a shorter title, and how a sentence names it.

    The act ``page.NAME`` shows it.
    """

    name: str
    title: str
    short: str = ""
    spoken: str = ""


PAGES = (
    PageName("findings", "Findings", spoken="the findings"),
    PageName("servers", "Servers", spoken="the servers"),
    PageName("reach", "Reach", spoken="the reach"),
    PageName("card", "Report card", "Card", "the report card"),
    PageName("gaps", "Not assessed", "Gaps", "what was not assessed"),
    PageName("trail", "Audit trail", "Trail", "the audit trail"),
    PageName("history", "History", spoken="the history"),
    PageName("activity", "Activity", spoken="the activity"),
)
"""In the order of their usual keys."""


_EXPORTS = "writes this report to a file: HTML, Markdown, SARIF or JSON"


class Page(VerticalScroll):
    """A text that is wrapped to the width of its place and scrolls."""

    BINDINGS: ClassVar[list[BindingType]] = [
        bound("move.down", "scroll_down", show=False),
        bound("move.up", "scroll_up", show=False),
        bound("move.first", "scroll_home", words="To the top", show=False),
        bound("move.last", "scroll_end", words="To the end", show=False),
    ]

    def __init__(self, empty: str, **more: str) -> None:
        super().__init__(**more)  # type: ignore[arg-type]
        self._empty = empty
        self._text: Callable[[int], Content] = lambda width: stacked(plain(empty, MUTED).wrap(width))

    def compose(self) -> ComposeResult:
        """One text."""
        yield Static(classes="page")

    def write(self, text: Callable[[int], Content]) -> None:
        """Show a text that is made for a width in cells."""
        self._text = text
        self._write()

    def wait(self) -> None:
        """Say what will be here, as at first."""
        self.say(self._empty, MUTED)

    def say(self, words: str, style: str = "") -> None:
        """Show a sentence."""
        self.write(lambda width: stacked(plain(words, style).wrap(width)))

    def on_resize(self, event: events.Resize) -> None:
        """Wrap the text anew."""
        self._write()

    def _write(self) -> None:
        # Before it is laid out it has no width. It most often fills the screen: for another it would be seen broken.
        width = self.scrollable_content_region.width or self.app.size.width - self.gutter.width
        self.query_one(".page", Static).update(self._text(max(width - 1, 30)))


class ReportPage(Page):
    """A page of the whole report. Its keys are those that its text names."""

    BINDINGS: ClassVar[list[BindingType]] = [bound("sudo", "sudo"), bound("export", "export")]

    _unlocks = False

    def offer(self, *, sudo: bool) -> None:
        """Say whether a look with sudo would see more."""
        if sudo != self._unlocks:
            self._unlocks = sudo
            self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Sudo is asked for only where there is something that it unlocks."""
        return self._unlocks if action == "sudo" else True

    async def action_sudo(self) -> None:
        """Look with sudo."""
        await self.run_action("screen.sudo")

    async def action_export(self) -> None:
        """Write the report to a file."""
        await self.run_action("screen.export")


@record
class Gap:
    """Something that could not be looked at, and the checks that it stops."""

    what: str
    why: str
    unlock: str
    checks: tuple[str, ...] = ()


def gaps(report: Report) -> tuple[Gap, ...]:
    """What could not be looked at, each cause once: one cause often stops many checks."""
    causes: dict[tuple[str, str, str], list[str]] = {}
    for result in report.results:
        if result.status is Status.ERROR:
            causes.setdefault((result.check, result.reason, "report it to the author of the check"), [])
        for gap in result.not_assessed:
            causes.setdefault((gap.what, gap.why, gap.unlock), []).append(result.check)
    for section, state in report.sections.items():
        for unread in state.unread:
            causes.setdefault((unread.what, unread.why, unread.unlock), [])
        if state.status == "failed":
            causes.setdefault((section, state.reason, state.unlock), [])
    return tuple(Gap(*cause, tuple(checks)) for cause, checks in causes.items())


def gaps_page(report: Report, wanted: int = 0) -> Callable[[int], Content]:
    """The text about what could not be assessed, and which plugins could not be loaded.

    ``wanted`` is how many commands could be run through sudo to look at more.
    """
    return lambda width: stacked(_gaps_lines(report, wanted, width))


def _gaps_lines(report: Report, wanted: int, width: int) -> Iterator[Content]:
    found = gaps(report)
    if wanted:
        roots = sum(bool(ROOTS.search(gap.unlock)) for gap in found)
        some = f"{counted(roots, 'of these asks', 'of these ask')} for root. " if roots else ""
        commands = counted(wanted, "command that only reads", "commands that only read")
        words = f"{some}Press {hint('sudo')} to look with sudo: you see {commands}, and agree, before anything runs."
        yield pressable(hanging(plain(f"{hint('sudo')} ", "bold $text-accent"), plain(words), width), "sudo")
        yield Content("")
    if not found and not report.broken_plugins:
        yield from plain("Everything that applies to this host was assessed.", MUTED).wrap(width)
    for gap in found:
        yield hanging(Content.styled("? ", "bold $text-warning"), together((gap.what, "bold"), ": ", gap.why), width)
        if gap.unlock:
            yield hanging(plain("  to unlock  ", MUTED), plain(gap.unlock), width)
        if gap.checks:
            yield hanging(plain("  stops      ", MUTED), plain(", ".join(gap.checks), MUTED), width)
        yield Content("")
    if report.broken_plugins:
        yield heading("Plugins that were not loaded")
        for broken in report.broken_plugins:
            yield hanging(Content.styled("! ", "bold $text-error"), plain(broken.file, "bold"), width)
            yield hanging(Content("  "), plain(broken.reason), width)


def card_page(report: Report, wanted: int = 0) -> Callable[[int], Content]:
    """The report card: every area with its letter, the worst first, the rule behind it and what its checks said.

    ``wanted`` is how many commands could be run through sudo to look at more.
    """
    return lambda width: stacked(_card_lines(report, wanted, width))


def _card_lines(report: Report, wanted: int, width: int) -> Iterator[Content]:
    if not report.areas:
        yield from plain("There is no check to report on.", MUTED).wrap(width)
        return
    yield pressable(hanging(plain(f"{hint('export')} ", "bold $text-accent"), plain(_EXPORTS, MUTED), width), "export")
    yield Content("")
    signs = "".join(f"  {value.symbol}" for value in Severity)
    yield plain(f"    {'area':<11}{signs}  assessed", MUTED)
    unlocked = sudo_unlocks(report) if wanted else Counter()
    for area in worst_first(report.areas):
        results = [result for result in report.results if result.area == area.area]
        yield from _area(area, results, unlocked[area.area], width)
    yield Content("")
    yield plain("    " + "   ".join(f"{value.symbol} {value.value}" for value in Severity), MUTED)
    inapplicable = [result for result in report.results if result.status is Status.NOT_APPLICABLE]
    if inapplicable:
        yield Content("")
        yield heading(f"Not applicable here ({len(inapplicable)})")
        for result in inapplicable:
            yield hanging(Content("  "), together(result.check, (f"  {result.reason}", MUTED)), width)


def _area(area: AreaGrade, results: list[CheckResult], unlocked: int, width: int) -> Iterator[Content]:
    grade = area.grade
    found = Counter(finding.severity for result in results for finding in result.findings)
    some, every = assessed(results)
    if not every:
        yield together((f" –  {area.area:<11}", MUTED), ("  nothing of its kind is here", MUTED))
        return
    row = Content.assemble(
        (f" {'–' if grade.letter == 'U' else grade.letter}  ", letter_style(grade.letter)),
        plain(f"{area.area:<11}", "bold"),
        *(tally(value, found[value]) for value in Severity),
        plain(f"  {some} of {every}".ljust(12)),
    )
    unsure = grade.at_worst not in (grade.letter, "U")
    more = f"; sudo ({hint('sudo')}) unlocks {unlocked}" if unlocked else ""
    rule = plain(grade.rule + more + (f"; at worst {at_worst(grade)}" if unsure else ""), MUTED)
    if row.cell_length + rule.cell_length <= width:
        yield row + rule
    else:
        yield row
        if unsure or more or grade.letter == "U":
            yield hanging(Content(" " * 4), rule, width)
