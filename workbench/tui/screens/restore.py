"""What an undo will restore, exactly, before it restores it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from textual.content import Content

from workbench.model.run import Run
from workbench.tui.plain import hanging, plain, stacked
from workbench.tui.screens.agree import Agree
from workbench.tui.widgets.changes import described
from workbench.tui.wording import MUTED, counted, heading, moment

if TYPE_CHECKING:
    from workbench.repair.restoring import Restoring


def undo_question(run: Run, restoring: Restoring) -> Agree:
    """The screen that shows what undoing the run restores, and asks."""

    def text(width: int) -> Content:
        return stacked(restoring_lines(run, restoring, width))

    again = run.plan.title.startswith("Undo: ")
    title = "Make this repair again?" if again else "Undo this repair?"
    return Agree(title, "nothing has been changed yet", text, "Make it again" if again else "Undo it")


def restoring_lines(run: Run, restoring: Restoring, width: int) -> Iterator[Content]:
    """The whole text, wrapped to ``width`` cells."""
    yield hanging(Content(""), plain(run.plan.title, "bold"), width)
    yield hanging(plain("applied   ", MUTED), plain(moment(run.started_at)), width)
    yield Content("")
    yield heading(f"What is restored ({counted(len(restoring.changes), 'step')})")
    for number, change in enumerate(restoring.changes, 1):
        yield from described(change, number, width)
    if restoring.note:
        yield hanging(Content("  "), plain(restoring.note), width)
    if run.plan.keeps:
        yield Content("")
        yield heading("What it does not bring back")
        yield hanging(Content("  "), plain(run.plan.keeps), width)
    yield Content("")
    yield heading("What comes of it")
    words = "The host is looked at again. What the repair closed is open again. An undo can itself be undone."
    if run.plan.title.startswith("Undo: "):
        words = "The host is looked at again. It can be undone once more, from the history."
    yield hanging(Content("  "), plain(words), width)
