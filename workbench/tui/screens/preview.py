"""The preview: what a repair will do, exactly, before it does it. Nothing has been changed while this is shown."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Button, Footer

from workbench.model.finding import Finding
from workbench.model.plan import Plan, Reversal, proof
from workbench.model.run import Change
from workbench.text import visible
from workbench.tui.plain import entitle, hanging, plain, stacked, together
from workbench.tui.screens.base import Roomy
from workbench.tui.widgets.diff import diff
from workbench.tui.widgets.pages import Page
from workbench.tui.widgets.room import TooSmall
from workbench.tui.wording import MUTED, counted, heading, mode, reversal, safety


class Preview(Roomy, Screen[bool]):
    """Shows a prepared repair; its result says whether to apply it. The cursor is on Cancel."""

    CSS_PATH = "preview.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "apply", "Apply"),
        Binding("escape", "leave", "Cancel"),
        Binding("q", "leave", show=False),
        Binding("down,j", "scroll('scroll_down')", "Down", key_display="↓", show=True),
        Binding("up,k", "scroll('scroll_up')", "Up", key_display="↑", show=True),
        Binding("pagedown,space", "scroll('scroll_page_down')", show=False),
        Binding("pageup", "scroll('scroll_page_up')", show=False),
        Binding("g,home", "scroll('scroll_home')", show=False),
        Binding("G,end", "scroll('scroll_end')", show=False),
    ]

    def __init__(self, finding: Finding, plan: Plan, changes: Sequence[Change], read_only: bool) -> None:
        super().__init__()
        self._finding, self._plan, self._changes, self._read_only = finding, plan, tuple(changes), read_only

    def compose(self) -> ComposeResult:
        """The plan, and the two ways to go on."""
        page = Page("", id="plan")
        subtitle = "read-only: applying it will be refused" if self._read_only else "nothing has been changed yet"
        entitle(page, "Preview", subtitle)
        yield page
        with Horizontal(classes="buttons"):
            yield Button("Cancel", id="cancel", compact=True)
            yield Button("Apply (a)", id="apply", variant="success", compact=True)
        yield Footer(show_command_palette=False)
        yield TooSmall()

    def on_mount(self) -> None:
        """Show the plan; the button that changes nothing is the one under the cursor."""
        self.query_one("#plan", Page).write(
            lambda width: stacked(preview(self._finding, self._plan, self._changes, width))
        )
        self.query_one("#cancel", Button).focus()

    @on(Button.Pressed, "#cancel")
    def action_leave(self) -> None:
        """Change nothing."""
        self.dismiss(False)

    @on(Button.Pressed, "#apply")
    def action_apply(self) -> None:
        """Apply what is shown."""
        self.dismiss(True)

    def action_scroll(self, how: str) -> None:
        """Scroll the plan while the cursor stays on the button."""
        getattr(self.query_one("#plan", Page), how)(animate=False)


def preview(finding: Finding, plan: Plan, changes: Sequence[Change], width: int) -> Iterator[Content]:
    """The text of the preview, wrapped to ``width`` cells."""
    yield hanging(Content(""), plain(plan.title, "bold"), width)
    yield hanging(plain("because   ", MUTED), plain(finding.summary), width)
    yield hanging(plain("safety    ", MUTED), plain(safety(plan.safety)), width)
    yield Content("")
    yield heading(f"What will be done ({counted(len(changes), 'step')})")
    for number, change in enumerate(changes, 1):
        yield from described(change, number, width)
    yield Content("")
    yield heading("What may stop working")
    yield hanging(Content("  "), plain(plan.consequences or "Nothing is known that would."), width)
    yield Content("")
    yield heading("What undo brings back")
    yield hanging(Content("  "), plain(_undo(plan)), width)
    yield Content("")
    yield heading("How it is proven")
    yield hanging(Content("  "), plain(proof(plan.check, plan.later)), width)


def described(change: Change, number: int, width: int) -> Iterator[Content]:
    """One step: its words, its file, the modes and the exact diff."""
    yield hanging(plain(f"{number:>2}  ", "bold"), plain(change.words), width)
    yield hanging(plain("    file  ", MUTED), plain(change.path, "$text-accent"), width)
    if change.mode_after is not None:
        before = mode(change.mode_before) if change.mode_before is not None else "none"
        arrow = together((before, "$text-error"), "  →  ", (mode(change.mode_after), "$text-success"))
        yield hanging(plain("    mode  ", MUTED), arrow, width)
    if change.diff:
        yield from (Content("    ") + line for line in diff(change.diff, width - 4).split("\n"))
    if change.commands:
        yield hanging(plain("    root  ", MUTED), plain(f"exactly these {len(change.commands)} commands run:"), width)
        for command in change.commands:
            yield hanging(Content("          "), plain(visible(shlex.join(command)), "$text-accent"), width)


def _undo(plan: Plan) -> str:
    if plan.reversal is Reversal.NONE:
        return "Nothing: there is no undo for this."
    said = reversal(plan.reversal)
    kept = f" It does not bring back: {plan.keeps}" if plan.keeps else ""
    return f"{said[0].upper()}{said[1:]} as it is now, byte for byte.{kept}"
