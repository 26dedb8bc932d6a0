"""The list of repairs before any of it is done: for each finding the exact change, or why there is none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Button

from workbench.model.run import Run
from workbench.tui.keys import bound, hint
from workbench.tui.plain import entitle, hanging, plain, stacked, together
from workbench.tui.screens.base import SCROLLING, Scrolled
from workbench.tui.screens.dialogs import Confirm
from workbench.tui.widgets.changes import described
from workbench.tui.widgets.footer import Foot
from workbench.tui.widgets.pages import Page
from workbench.tui.widgets.room import TooSmall
from workbench.tui.wording import ATTENTION, MUTED, counted, heading, reversal, safety, severity

if TYPE_CHECKING:
    from workbench.model.batch import Batch, BatchStep, LeftOut

_MOST = 200


class BatchReview(Scrolled, Screen[bool]):
    """Shows the list; its result says whether to apply it. The cursor is on Cancel."""

    CSS_PATH = "batch.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        bound("apply", "apply", words="Apply all"),
        Binding("escape", "leave", "Cancel"),
        bound("close", "leave", words=""),
        *SCROLLING,
    ]

    def __init__(self, batch: Batch, marked: bool, read_only: bool) -> None:
        super().__init__()
        self._batch, self._marked, self._read_only = batch, marked, read_only

    def compose(self) -> ComposeResult:
        """The list, and the two ways to go on."""
        page = Page("", id="steps")
        subtitle = "read-only: applying it will be refused" if self._read_only else "nothing has been changed yet"
        entitle(page, "Repair what is marked" if self._marked else "Repair everything that is safe", subtitle)
        yield page
        with Horizontal(classes="buttons"):
            yield Button("Cancel", id="cancel", compact=True)
            if self._batch.steps:
                said = counted(len(self._batch.steps), "repair")
                yield Button(plain(f"Apply {said} ({hint('apply')})"), id="apply", variant="success", compact=True)
        yield Foot()
        yield TooSmall()

    def on_mount(self) -> None:
        """Show the list; the button that changes nothing is the one under the cursor."""
        self.query_one("#steps", Page).write(lambda width: stacked(review(self._batch, width)))
        self.query_one("#cancel", Button).focus()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """There may be nothing to apply."""
        if action == "apply" and not self._batch.steps:
            return False
        return super().check_action(action, parameters)

    @on(Button.Pressed, "#cancel")
    def action_leave(self) -> None:
        """Change nothing."""
        self.dismiss(False)

    @on(Button.Pressed, "#apply")
    def action_apply(self) -> None:
        """Apply what is shown."""
        self.dismiss(True)


def review(batch: Batch, width: int) -> Iterator[Content]:
    """The text of the list, wrapped to ``width`` cells."""
    steps, left = batch.steps, batch.left_out
    if steps:
        repaired = len(steps) + sum(len(step.resolves) for step in steps)
        words = f"{counted(len(steps), 'repair')} of {counted(repaired, 'finding')}, in this order. Each is verified by"
        yield from plain(f"{words} its check; the first that does not hold is rolled back, and stops the rest.").wrap(
            width
        )
    else:
        yield from plain("Nothing here can be repaired in one go.", "bold").wrap(width)
    for number, step in enumerate(steps, 1):
        yield Content("")
        yield from _step(step, number, width)
    if left:
        yield Content("")
        yield heading(f"Left as it is ({len(left)})")
        for each in left[:_MOST]:
            yield from _left(each, width)
        if len(left) > _MOST:
            yield plain(f"and {len(left) - _MOST} more", MUTED)


def _step(step: BatchStep, number: int, width: int) -> Iterator[Content]:
    yield hanging(plain(f"{number}. ", "bold $text-primary"), plain(step.plan.title, "bold $text-primary"), width)
    found = severity(step.finding.severity) + plain(step.finding.summary)
    yield hanging(plain("   finding        ", MUTED), found, width)
    for other in step.resolves:
        yield hanging(plain("   as well        ", MUTED), plain(other.summary), width)
    yield hanging(
        plain("   safety         ", MUTED), plain(f"{safety(step.plan.safety)}; {reversal(step.plan.reversal)}"), width
    )
    if step.plan.consequences:
        yield hanging(plain("   what may stop  ", MUTED), plain(step.plan.consequences), width)
    for warning in step.warnings:
        yield hanging(plain("   ! ", ATTENTION), plain(warning), width)
    for place, change in enumerate(step.changes, 1):
        yield from described(change, place, width)


def _left(left: LeftOut, width: int) -> Iterator[Content]:
    yield hanging(Content("   ") + severity(left.finding.severity), plain(left.finding.summary), width)
    yield hanging(Content("   ") + plain("because     ", MUTED), plain(left.why, MUTED), width)


def undo_question(runs: Sequence[Run]) -> Confirm:
    """Whether to undo all of these."""
    lines = [together((run.plan.title, "bold")) for run in runs[:_MOST]]
    said = "The newest is undone first. It stops at the first that cannot be."
    return Confirm(f"Undo {counted(len(runs), 'repair')}?", stacked([*lines, plain(""), plain(said)]), "Undo all")
