"""What an undo or a recovery will restore, exactly, before it restores it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from textual.content import Content

from workbench.model.run import Run
from workbench.tui.plain import hanging, plain, stacked
from workbench.tui.screens.agree import Agree
from workbench.tui.widgets.changes import described
from workbench.tui.wording import MUTED, counted, heading, moment

if TYPE_CHECKING:
    from workbench.repair.recovering import Recovering
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


def recovery_question(found: Sequence[Recovering]) -> Agree:
    """The screen that shows what bringing interrupted runs back does, and asks."""

    def text(width: int) -> Content:
        return stacked(recovering_lines(found, width))

    title = "A repair was interrupted" if len(found) == 1 else f"{len(found)} repairs were interrupted"
    return Agree(title, "nothing has been changed yet", text, "Recover", "Later")


def recovering_lines(found: Sequence[Recovering], width: int) -> Iterator[Content]:
    """The whole text, wrapped to ``width`` cells."""
    for each in found:
        yield hanging(Content(""), plain(each.run.plan.title, "bold"), width)
        yield hanging(plain("begun     ", MUTED), plain(moment(each.run.started_at)), width)
        yield Content("")
        yield heading(f"What is put back as it was ({counted(len(each.changes), 'step')})")
        for number, change in enumerate(each.changes, 1):
            yield from described(change, number, width)
        if not each.changes and not each.unseen:
            yield hanging(Content("  "), plain("Nothing has to be: it had not begun anything."), width)
        if each.unseen:
            said = f"It cannot be shown, so it is not done and stays interrupted: {each.unseen}"
            yield hanging(Content("  "), plain(said, "$text-warning"), width)
        if each.note:
            yield hanging(Content("  "), plain(f"What stays as it is: {each.note}", "$text-warning"), width)
        yield Content("")
    yield heading("What comes of it")
    words = "The host is looked at again. Until it is recovered, no other repair is made."
    yield hanging(Content("  "), plain(words), width)
