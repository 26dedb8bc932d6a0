"""The preview: what a repair will do, exactly, before it does it. Nothing has been changed while this is shown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Button

from workbench.model.finding import Finding
from workbench.model.plan import Plan, Reversal, proof
from workbench.model.run import Change
from workbench.tui.base_app import BaseApp
from workbench.tui.keys import bound, hint
from workbench.tui.plain import entitle, hanging, plain, stacked
from workbench.tui.screens.base import SCROLLING, Scrolled, plugins_of
from workbench.tui.widgets.changes import described
from workbench.tui.widgets.footer import Foot
from workbench.tui.widgets.pages import Page
from workbench.tui.widgets.room import TooSmall
from workbench.tui.wording import ATTENTION, MUTED, clock, counted, heading, reversal, safety

__all__ = ["Preview", "described", "preview"]

SPLIT_WIDTH = 120
"""Cells. Two columns of less are too narrow for a line of a config."""


class Preview(Scrolled, Screen[bool]):
    """Shows a prepared repair; its result says whether to apply it. The cursor is on Cancel."""

    app: BaseApp
    CSS_PATH = "preview.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        bound("apply", "apply"),
        Binding("escape", "leave", "Cancel"),
        bound("split", "split"),
        bound("code", "code"),
        bound("close", "leave", words=""),
        *SCROLLING,
    ]

    def __init__(
        self,
        finding: Finding,
        plan: Plan,
        changes: Sequence[Change],
        read_only: bool,
        warnings: Sequence[str] = (),
    ) -> None:
        super().__init__()
        self._finding, self._plan, self._changes, self._read_only = finding, plan, tuple(changes), read_only
        self._warnings = tuple(warnings)

    def compose(self) -> ComposeResult:
        """The plan, and the two ways to go on."""
        page = Page("", id="plan")
        subtitle = "read-only: applying it will be refused" if self._read_only else "nothing has been changed yet"
        entitle(page, "Preview", subtitle)
        yield page
        with Horizontal(classes="buttons"):
            yield Button("Cancel", id="cancel", compact=True)
            yield Button(plain(f"Apply ({hint('apply')})"), id="apply", variant="success", compact=True)
        yield Foot()
        yield TooSmall()

    def on_mount(self) -> None:
        """Show the plan; the button that changes nothing is the one under the cursor."""
        self.query_one("#plan", Page).write(self._text)
        self.query_one("#cancel", Button).focus()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Two columns need room, and something to show in them."""
        if action == "split" and not self._splits:
            return False
        if action == "code" and not plugins_of(self._plan, self.app.workbench.plugins):
            return False
        return super().check_action(action, parameters)

    def on_resize(self) -> None:
        """There may be room for two columns now."""
        self.refresh_bindings()

    def action_split(self) -> None:
        """Show the diffs in two columns, or in one again."""
        self.app.side_by_side = not self.app.side_by_side
        self.query_one("#plan", Page).write(self._text)

    def action_code(self) -> None:
        """Show what would run: the code of the fix, and of the check that must pass after it."""
        from workbench.tui.screens.code import Code

        self.app.push_screen(Code(plugins_of(self._plan, self.app.workbench.plugins)))

    @property
    def _splits(self) -> bool:
        return self.app.size.width >= SPLIT_WIDTH and any(change.diff for change in self._changes)

    def _text(self, width: int) -> Content:
        split = self.app.side_by_side and self._splits
        return stacked(preview(self._finding, self._plan, self._changes, width, warnings=self._warnings, split=split))

    @on(Button.Pressed, "#cancel")
    def action_leave(self) -> None:
        """Change nothing."""
        self.dismiss(False)

    @on(Button.Pressed, "#apply")
    def action_apply(self) -> None:
        """Apply what is shown."""
        self.dismiss(True)


def preview(
    finding: Finding,
    plan: Plan,
    changes: Sequence[Change],
    width: int,
    *,
    warnings: Sequence[str] = (),
    split: bool = False,
) -> Iterator[Content]:
    """The text of the preview, wrapped to ``width`` cells; with ``split`` the diffs stand in two columns."""
    yield hanging(Content(""), plain(plan.title, "bold"), width)
    yield hanging(plain("because   ", MUTED), plain(finding.summary), width)
    yield hanging(plain("safety    ", MUTED), plain(safety(plan.safety)), width)
    yield hanging(plain("undo      ", MUTED), plain(reversal(plan.reversal).removeprefix("undo ")), width)
    for warning in warnings:
        yield hanging(plain("!         ", ATTENTION), plain(warning, ATTENTION), width)
    yield Content("")
    yield heading(f"What will be done ({counted(len(changes), 'step')})")
    for number, change in enumerate(changes, 1):
        yield from described(change, number, width, split=split)
    yield Content("")
    yield heading("What may stop working")
    yield hanging(Content("  "), plain(plan.consequences or "Nothing is known that would."), width)
    yield Content("")
    yield heading("What undo brings back")
    yield hanging(Content("  "), plain(_undo(plan)), width)
    yield Content("")
    yield heading("How it is proven")
    yield hanging(Content("  "), plain(proof(plan.check, plan.later)), width)
    if plan.confirm:
        yield Content("")
        yield heading("You confirm it afterwards")
        words = f"It is undone by itself unless you confirm within {clock(plan.confirm)} that all still works."
        yield hanging(Content("  "), plain(words, ATTENTION), width)


def _undo(plan: Plan) -> str:
    if plan.reversal is Reversal.NONE:
        return "Nothing: there is no undo for this."
    said = reversal(plan.reversal)
    kept = f" It does not bring back: {plan.keeps}" if plan.keeps else ""
    return f"{said[0].upper()}{said[1:]} as it is now, byte for byte.{kept}"
