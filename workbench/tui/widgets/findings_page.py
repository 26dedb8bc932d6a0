"""The page of the findings: what is being looked at, then the list with its filter, or words where there is none."""

from __future__ import annotations

from collections.abc import Iterable

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import ContentSwitcher, Static

from workbench.finding_filter import Judged, parse
from workbench.first_run import FirstRun
from workbench.model.finding import Finding
from workbench.model.report import Report, Status
from workbench.tui.finding_rows import Heading, Listed, Row
from workbench.tui.keys import hint
from workbench.tui.plain import hanging, paragraphs, plain, stacked, together
from workbench.tui.pressable import pressable
from workbench.tui.widgets.filter_line import FilterInput, FilterLine
from workbench.tui.widgets.findings import MOST, FindingsList
from workbench.tui.widgets.progress import LookPane
from workbench.tui.wording import counted


class FindingsPage(Vertical):
    """Shows one of three below the filter: the progress of the first look, the list, a sentence."""

    def __init__(self, home: str, **more: str) -> None:
        super().__init__(**more)  # type: ignore[arg-type]
        self._home = home
        self._areas: tuple[str, ...] = ()

    def compose(self) -> ComposeResult:
        """The filter, all three, and the words for a machine without a server."""
        yield FilterLine(id="filter-line")
        with ContentSwitcher(initial="look", id="findings-shown"):
            yield LookPane(id="look")
            yield FindingsList(self._home, id="list")
            yield Static(id="said")
        yield Static(id="first-run")

    @property
    def _shown(self) -> ContentSwitcher:
        return self.query_one("#findings-shown", ContentSwitcher)

    def welcome(self, told: FirstRun | None) -> None:
        """Show below the list, whatever it holds, what to say where there is no server; None for nothing."""
        shown = self.query_one("#first-run", Static)
        shown.display = told is not None
        self.set_class(told is not None, "-first-run")
        if told is not None:
            widest = max(len(way) for way, _ in told.ways)
            width = max(self.size.width - 4, 30)
            ways = (hanging(plain(f"{way:<{widest}}  ", "bold"), plain(why), width) for way, why in told.ways)
            first, *rest = (plain(sentence) for sentence in told.said)
            shown.update(stacked((first, plain(""), *ways, plain(""), *rest)))

    def show_progress(self, sections: dict[str, str], checked: int, checks: int, last: str) -> None:
        """Show how far the first look is; what it has found already stays in view."""
        self.query_one(LookPane).show(sections, checked, checks, last)
        if not checked:
            self._shown.current = "look"

    def show(
        self, findings: Iterable[Finding | Judged | Listed], areas: Iterable[str], *, stay_first: bool = False
    ) -> None:
        """List the findings; see ``FindingsList.show``. ``areas`` are those of the checks there are."""
        self._areas = tuple(areas)
        table = self.query_one(FindingsList)
        table.show(findings, stay_first=stay_first)
        if table.total and self._shown.current != "list":
            self._shown.current = "list"

    def say(self, words: str) -> None:
        """Show words instead of a list."""
        self.query_one("#said", Static).update(paragraphs(words))
        self._shown.current = "said"

    def focus_inside(self) -> None:
        """Put the cursor into the list."""
        self.query_one(FindingsList).focus()

    def action_unmark(self) -> None:
        """Take every mark away."""
        self.query_one(FindingsList).action_unmark()

    @on(FindingsList.FilterAsked)
    def open_filter(self) -> None:
        """Let a filter be typed."""
        self.query_one(FilterLine).open()
        self._say()

    @on(FindingsList.FilterDropped)
    @on(FilterInput.Dropped)
    def drop_filter(self) -> None:
        """Clear the filter and go to the list."""
        self.query_one(FilterLine).input.value = ""
        self._filter()
        self.focus_inside()

    @on(FilterInput.Kept)
    def keep_filter(self) -> None:
        """Go to the list."""
        self.focus_inside()

    @on(FilterLine.Changed)
    def _filter(self) -> None:
        text = self.query_one(FilterLine).input.value
        self.query_one(FindingsList).filter(parse(text, self._areas))
        self._say()

    @on(FindingsList.Rearranged)
    def _say(self) -> None:
        table, line = self.query_one(FindingsList), self.query_one(FilterLine)
        problem = parse(line.input.value, self._areas).problem
        line.say(problem, table.found, table.total, _marks(len(table.marked)))

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Show or hide the hint of what can be typed."""
        self._say()

    def on_descendant_blur(self, event: events.DescendantBlur) -> None:
        """Show or hide the hint of what can be typed."""
        self.call_after_refresh(self._say)


def tab_label(findings: int) -> str:
    """How many findings there are; where the list is cut, how many it shows."""
    return f"Findings {findings}" if findings <= MOST else f"Findings {MOST} of {findings}"


def nothing_found(report: Report, unseen: int) -> str:
    """What is said instead of a list; ``unseen`` things could not be assessed."""
    found = "Nothing is wrong here, as far as it could be assessed."
    if unseen and not any(result.status is Status.PASSED for result in report.results):
        found = "Nothing could be assessed: what is wrong here is not known."
    if unseen:
        see = f"press {hint('page.gaps')} to see what would unlock them."
        return f"{found}\n\n{counted(unseen, 'thing')} could not be assessed: {see}"
    return f"{found}\n\nEverything that applies was assessed."


def in_place_of_a_finding(row: Row | None) -> str:
    """What is said beside the list where no finding is under the cursor."""
    if isinstance(row, Heading):
        found = counted(sum(row.found.values()), "finding")
        what = "unfolds" if row.folded else "folds"
        return f"{row.name}: {found}. Enter {what} this group; {hint('findings.mark')} marks all of it."
    return "No finding is listed. Escape clears the filter."


def _marks(count: int) -> Content:
    if not count:
        return Content("")
    repairs = pressable(plain(f"{hint('repair.marked')} shows their repairs"), "repair_marked")
    clears = pressable(plain(f"{hint('findings.unmark')} clears the marks"), "unmark")
    return together(f"{count} marked: ", repairs, " · ", clears)
