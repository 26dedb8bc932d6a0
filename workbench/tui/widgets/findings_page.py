"""The page of the findings: what is being looked at, then the list, or words where nothing was found."""

from __future__ import annotations

from collections.abc import Iterable

from textual.app import ComposeResult
from textual.widgets import ContentSwitcher, Static

from workbench.first_run import FirstRun
from workbench.model.finding import Finding
from workbench.tui.plain import hanging, paragraphs, plain, stacked
from workbench.tui.widgets.findings import MOST, FindingsList
from workbench.tui.widgets.progress import LookPane
from workbench.tui.wording import counted


class FindingsPage(ContentSwitcher):
    """Shows one of three: the progress of the first look, the list, a sentence."""

    def __init__(self, home: str, **more: str) -> None:
        super().__init__(initial="look", **more)  # type: ignore[arg-type]
        self._home = home

    def compose(self) -> ComposeResult:
        """All three, and the words for a machine without a server."""
        yield LookPane(id="look")
        yield FindingsList(self._home, id="list")
        yield Static(id="said")
        yield Static(id="first-run")

    def welcome(self, told: FirstRun | None) -> None:
        """Show below the list, whatever it holds, what to say where there is no server; None for nothing."""
        shown = self.query_one("#first-run", Static)
        shown.display = told is not None
        self.set_class(told is not None, "-first-run")
        if told is not None:
            widest = max(len(way) for way, _ in told.ways)
            width = max(self.size.width - 4, 30)
            ways = (hanging(plain(f"{way:<{widest}}  ", "bold"), plain(why), width) for way, why in told.ways)
            shown.update(stacked((*(plain(sentence) for sentence in told.said), plain(""), *ways)))

    def show_progress(self, sections: dict[str, str], checked: int, checks: int, last: str) -> None:
        """Show how far the first look is; what it has found already stays in view."""
        self.query_one(LookPane).show(sections, checked, checks, last)
        if not checked:
            self.current = "look"

    def show(self, findings: Iterable[Finding], *, stay_first: bool = False) -> None:
        """List the findings; see ``FindingsList.show``."""
        listed = self.query_one(FindingsList)
        listed.show(findings, stay_first=stay_first)
        if listed.findings and self.current != "list":
            self.current = "list"

    def say(self, words: str) -> None:
        """Show words instead of a list."""
        self.query_one("#said", Static).update(paragraphs(words))
        self.current = "said"

    def focus_inside(self) -> None:
        """Put the cursor into the list."""
        self.query_one(FindingsList).focus()


def tab_label(findings: int) -> str:
    """How many findings there are; where the list is cut, how many it shows."""
    return f"Findings {findings}" if findings <= MOST else f"Findings {MOST} of {findings}"


def nothing_found(unseen: int) -> str:
    """What is said instead of a list; ``unseen`` things could not be assessed."""
    found = "Nothing is wrong here, as far as it could be assessed."
    if unseen:
        return f"{found}\n\n{counted(unseen, 'thing')} could not be assessed: press 5 to see what would unlock them."
    return f"{found}\n\nEverything that applies was assessed."
