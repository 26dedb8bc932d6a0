"""Small windows: a notice, a question, a choice between fixes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, OptionList, Static
from textual.widgets.option_list import Option

from workbench.model.check import Fix
from workbench.model.finding import Finding
from workbench.model.plan import Refusal
from workbench.tui.keys import bound, hint
from workbench.tui.plain import entitle, paragraphs, plain, stacked, together
from workbench.tui.screens.base import Roomy, ScrolledWindow
from workbench.tui.widgets.findings import VI_KEYS
from workbench.tui.widgets.options import Options
from workbench.tui.widgets.room import TooSmall
from workbench.tui.wording import MUTED, reversal, safety, severity


class Notice(ScrolledWindow[None]):
    """Says something and waits to be closed."""

    LEAVES_OUTSIDE = True
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Close", show=False),
        bound("close", "leave", words="Close", show=False),
    ]

    def __init__(self, title: str, text: str, instead: str = "") -> None:
        super().__init__()
        self._title, self._text, self._instead = title, text, instead

    def compose(self) -> ComposeResult:
        """The text, what to do instead, and a button."""
        with Vertical(classes="window") as window:
            entitle(window, self._title)
            with VerticalScroll(classes="text", can_focus=False):
                yield Static(paragraphs(self._text))
                if self._instead:
                    yield Static(together(("Instead: ", "bold"), paragraphs(self._instead)), classes="apart")
            with Horizontal(classes="buttons"):
                yield Button("Close", id="close", compact=True)
        yield TooSmall()

    def on_mount(self) -> None:
        """Enter closes it."""
        self.query_one("#close", Button).focus()

    @on(Button.Pressed)
    def action_leave(self) -> None:
        """Close it."""
        self.dismiss()


def refusal(answer: Refusal) -> Notice:
    """Why there is no plan, and what to do instead."""
    return Notice("Refused: nothing was changed", answer.reason, answer.instead)


class Confirm(ScrolledWindow[bool]):
    """Asks before something is done. Enter and Escape do nothing; only the key named on the button does it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Cancel", show=False),
        bound("close", "leave", words="Cancel", show=False),
        bound("refuse", "leave", words="Cancel", show=False),
        bound("agree", "agree", words="Yes", show=False),
    ]

    def __init__(self, title: str, text: Content, agree: str, leave: str = "Cancel") -> None:
        super().__init__()
        self._title, self._text, self._labels = title, text, (leave, f"{agree} ({hint('agree')})")

    def compose(self) -> ComposeResult:
        """The question and its two answers."""
        leave, agree = self._labels
        with Vertical(classes="window") as window:
            entitle(window, self._title)
            with VerticalScroll(classes="text", can_focus=False):
                yield Static(self._text)
            with Horizontal(classes="buttons"):
                yield Button(plain(leave), id="leave", compact=True)
                yield Button(plain(agree), id="agree", variant="warning", compact=True)
        yield TooSmall()

    def on_mount(self) -> None:
        """The answer that changes nothing is the one under the cursor."""
        self.query_one("#leave", Button).focus()

    @on(Button.Pressed, "#leave")
    def action_leave(self) -> None:
        """Do nothing."""
        self.dismiss(False)

    @on(Button.Pressed, "#agree")
    def action_agree(self) -> None:
        """Do it."""
        self.dismiss(True)


class Choose(Roomy, ModalScreen[int | None]):
    """Lets the person choose one of several; its result is the number of the choice, counted from 0."""

    LEAVES_OUTSIDE = True
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Cancel", show=False),
        bound("close", "leave", words="Cancel", show=False),
    ]

    def __init__(self, title: str, choices: Sequence[Content], told: Content | None = None) -> None:
        super().__init__()
        self._title, self._choices, self._told = title, tuple(choices), told

    def compose(self) -> ComposeResult:
        """The choices."""
        with Vertical(classes="window") as window:
            entitle(window, self._title, "enter chooses · escape cancels")
            if self._told is not None:
                yield Static(self._told, classes="told")
            options = (Option(words, id=str(place)) for place, words in enumerate(self._choices))
            yield Choices(*options, markup=False, compact=True)
            with Horizontal(classes="buttons"):
                yield Button("Cancel", id="cancel", compact=True)
        yield TooSmall()

    def on_mount(self) -> None:
        """Start on the first."""
        self.query_one(Choices).focus()

    @on(OptionList.OptionSelected)
    def choose(self, event: OptionList.OptionSelected) -> None:
        """Take the one under the cursor."""
        self.dismiss(event.option_index)

    @on(Button.Pressed)
    def action_leave(self) -> None:
        """Take none."""
        self.dismiss(None)


def choose_fix(fixes: Sequence[Fix], finding: Finding) -> Choose:
    """The fixes of one finding, the safest first, and what each asks."""
    return Choose("Choose a repair", [_fix(fix) for fix in fixes], about(finding))


def about(finding: Finding) -> Content:
    """Which finding is asked about: one of many is easily taken for another."""
    return together(severity(finding.severity), (finding.summary, "bold"))


class Choices(Options):
    """A list with the keys of vi besides the arrows."""

    BINDINGS: ClassVar[list[BindingType]] = [*VI_KEYS]


def _fix(fix: Fix) -> Content:
    about = f"{safety(fix.safety)}; {reversal(fix.reversal)}"
    return stacked((plain(fix.title, "bold"), plain(about, MUTED)))
