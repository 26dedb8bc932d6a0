"""Everything about one run, or one backup: how it stands, what it changed to the letter, and what can be done."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.content import Content

from workbench.model.run import Run
from workbench.tui.keys import hint
from workbench.tui.past import Past, Standing
from workbench.tui.plain import entitle, hanging, plain, stacked, together
from workbench.tui.widgets.changes import described
from workbench.tui.widgets.history_keys import Asking
from workbench.tui.widgets.history_table import HOLDS, age, size, standing
from workbench.tui.widgets.pages import Page
from workbench.tui.wording import ATTENTION, MUTED, clock, counted, heading, moment, reversal

if TYPE_CHECKING:
    from workbench.repair.backups import KeptBackup

_MEANINGS: dict[Standing, str] = {
    "applied": "It stands. Press {undo} to undo it: what would be restored is shown first.",
    "waits": "It stands and waits for you. Press {keep} to keep it; otherwise it is undone by itself.",
    "not in place": (
        "Another program has taken it back, wholly or in part. The finding may be there again: press {rescan}."
    ),
    "undone": "It was undone. Press {redo} to do it again: that is shown first, too.",
    "refused": "It was refused. Nothing was changed.",
    "rolled back": "It did not hold and was taken back. Everything is as it was.",
    "rollback failed": "It could neither be finished nor be taken back. Act on the words below.",
    "recovered": "It had been interrupted, and was taken back. Everything is as it was.",
    "interrupted": "It was interrupted. Press {recover} to bring every file back to how it was before.",
}


_SECRETS: dict[bool | None, str] = {
    True: "It holds a secret in plain text, as the file did before the repair. Only your account and root can read it.",
    False: "No secret was recognised in it.",
    None: "It could not be looked into, so whether it holds a secret is not known.",
}


class HistoryText(Page):
    """The text about a run or a backup."""


class HistoryPane(Asking):
    """The text, with the keys of the page."""

    def compose(self) -> ComposeResult:
        """One text."""
        yield HistoryText("There is no run to show.", id="history-text")

    def on_mount(self) -> None:
        """Nothing is shown yet."""
        self._of = ""

    def show_run(self, run: Run, past: Past, position: str) -> None:
        """Show a run; ``position`` says which of how many."""
        self._show(f"run {run.identity}", lambda width: stacked(run_lines(run, past, width)), "Run", position)

    def show_backup(self, backup: KeptBackup, position: str) -> None:
        """Show a backup."""
        of = f"backup {backup.run} {backup.file}"
        self._show(of, lambda width: stacked(backup_lines(backup, width)), "Backup", position)

    def focus_next(self) -> None:
        """Put the cursor into the text."""
        self.query_one(HistoryText).focus()

    def _show(self, of: str, text: object, title: str, position: str) -> None:
        page = self.query_one(HistoryText)
        page.write(text)  # type: ignore[arg-type]
        entitle(page, title, position)
        if of != self._of:
            self._of = of
            page.scroll_home(animate=False)


def run_lines(run: Run, past: Past, width: int) -> Iterator[Content]:
    """The whole text about a run, wrapped to ``width`` cells."""
    stands = past.standing(run)
    yield hanging(standing(past, run) + Content("  "), plain(run.plan.title, "bold"), width)
    yield hanging(Content("  "), plain(_meaning(stands)), width)
    if stands == "waits":
        words = f"It is undone by itself in {clock(past.left(run))} unless you press {hint('keep')}."
        yield hanging(Content("  "), plain(words, ATTENTION), width)
    if run.identity in past.lost:
        yield hanging(Content("  "), plain(past.lost[run.identity], ATTENTION), width)
    if run.message:
        yield hanging(Content("  "), plain(run.message, "bold" if stands == "rollback failed" else ""), width)
    yield Content("")
    ended = f" to {moment(run.ended_at)}" if run.ended_at and run.ended_at != run.started_at else ""
    yield hanging(_label("when"), plain(f"{moment(run.started_at)}{ended}"), width)
    yield hanging(_label("fix"), together(run.plan.fix, ("  for  ", MUTED), run.plan.check), width)
    yield hanging(_label("run"), plain(run.identity), width)
    others = past.of_batch(run)
    if others:
        said = f"{run.batch}, of {counted(len(others), 'repair')} that were applied together"
        yield hanging(_label("batch"), plain(said), width)
    if run.undone_by and run.undone_by not in run.message:
        yield hanging(_label("undone by"), plain(run.undone_by), width)
    kept = f" It does not bring back: {run.plan.keeps}" if run.plan.keeps else ""
    yield hanging(_label("undo"), plain(f"{reversal(run.plan.reversal)}.{kept}"), width)
    if run.plan.consequences:
        yield hanging(_label("what may stop"), plain(run.plan.consequences), width)
    yield Content("")
    if not run.changes:
        yield plain("It names no change.", MUTED)
        return
    yield heading(f"What it {_verb(stands)} ({counted(len(run.changes), 'step')})")
    for number, change in enumerate(run.changes, 1):
        yield from described(change, number, width)


def backup_lines(backup: KeptBackup, width: int) -> Iterator[Content]:
    """The whole text about a backup, wrapped to ``width`` cells."""
    yield hanging(Content(""), plain(backup.file or "a file that its journal does not name", "bold"), width)
    sign, _, _ = HOLDS[backup.secret][0].partition(" ")
    yield hanging(plain(f"{sign} ", HOLDS[backup.secret][1]), plain(_SECRETS[backup.secret]), width)
    yield Content("")
    yield hanging(_label("kept for"), plain(f"{age(backup.age)}, {size(backup.size)}"), width)
    yield hanging(_label("repair"), plain(backup.title), width)
    yield hanging(_label("run"), plain(backup.run), width)
    yield Content("")
    if backup.needed:
        yield hanging(_label("needed"), plain(backup.needed, ATTENTION), width)
    else:
        from workbench.repair.backups import MEANING

        yield hanging(
            Content(""),
            plain(f"Press {hint('history.purge')} to purge what is kept of this run; it is asked for first."),
            width,
        )
        every = f"{hint('history.purge_secrets')} purges every backup that holds a secret, at once."
        yield hanging(Content(""), plain(every), width)
        yield hanging(Content(""), plain(f"Then {MEANING}.", MUTED), width)


def _meaning(stands: Standing) -> str:
    return _MEANINGS[stands].format(
        undo=hint("undo"),
        keep=hint("keep"),
        rescan=hint("rescan"),
        redo=hint("history.redo"),
        recover=hint("history.recover"),
    )


def _verb(stands: Standing) -> str:
    return "would have changed" if stands == "refused" else "changed"


def _label(words: str) -> Content:
    return plain(words.ljust(15), MUTED)
