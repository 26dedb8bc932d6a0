"""What is done from the history with a run or a backup, each a story told from top to bottom."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from textual.content import Content

from workbench.model.run import Run, RunState
from workbench.tui import flow
from workbench.tui.base_app import BaseApp
from workbench.tui.batch import undo_batch
from workbench.tui.past import Past, purgeable
from workbench.tui.plain import hanging, plain, stacked, together
from workbench.tui.screens.agree import Agree
from workbench.tui.screens.dialogs import Confirm, Notice
from workbench.tui.under_way import is_read_only, tried
from workbench.tui.widgets.history_table import HOLDS, age, size
from workbench.tui.wording import ATTENTION, MUTED, counted

if TYPE_CHECKING:
    from workbench.repair.backups import KeptBackup


async def review(app: BaseApp, past: Past, run: Run | None, backup: KeptBackup | None, wish: str) -> None:
    """Do what was asked for with the run or the backup that is selected, or with all that are kept."""
    if wish == "purge" and backup is not None:
        await purge(app, backup, past.backups)
    elif wish == "purge secrets":
        await purge_secrets(app, past.backups)
    elif wish == "undo batch" and run is not None:
        await undo_batch(app, past.standing_of_batch(run))
    elif run is not None:
        await act(app, run, wish)


async def act(app: BaseApp, run: Run, wish: str) -> None:
    """Do with a run what was asked for; whatever changes something is shown and asked for first."""
    if wish == "undo":
        await flow.undo(app, run)
    elif wish == "redo":
        await redo(app, run)
    elif wish == "confirm":
        await flow.confirm(app, run)
    elif wish == "recover":
        from workbench.tui.recovering import offer_recovery

        await offer_recovery(app)


async def redo(app: BaseApp, run: Run) -> None:
    """Make a run again that was undone, by undoing its undo."""
    runs = await tried(app, "The history could not be read", app.workbench.history)
    undoing = next((each for each in runs or () if each.identity == run.undone_by), None)
    if undoing is None or undoing.state is not RunState.APPLIED:
        words = "The undo of this repair does not stand any more, so it cannot be made again from here."
        await app.push_screen_wait(Notice("It cannot be made again", words, "repair the finding, if it is there."))
        return
    await flow.undo(app, undoing)


async def purge(app: BaseApp, backup: KeptBackup, kept: Sequence[KeptBackup]) -> None:
    """Ask, and delete for good what is kept of a run; ``kept`` is everything that is kept of any."""
    if await is_read_only(app, "nothing can be purged"):
        return
    mine = [each for each in kept if each.run == backup.run]
    if not await app.push_screen_wait(purge_question(mine)):
        return
    await _purged(app, (backup.run,))


async def purge_secrets(app: BaseApp, kept: Sequence[KeptBackup]) -> None:
    """Ask, and delete for good what is kept of every run of which any backup holds a secret, or may."""
    if await is_read_only(app, "nothing can be purged"):
        return
    chosen = purgeable(kept)
    needed = {each.run: each for each in kept if each.secret is not False and each.needed}
    if not await app.push_screen_wait(purge_all_question(list(chosen.values()), list(needed.values()))):
        return
    # By name, so that what was listed is deleted and nothing that has come meanwhile.
    await _purged(app, tuple(chosen))


async def _purged(app: BaseApp, runs: Sequence[str]) -> None:
    done = await tried(app, "It could not be purged", lambda: app.workbench.purge(runs))
    if done is None:
        return
    why = "; ".join(filter(None, (done.refused, *done.kept)))
    if why:
        await app.push_screen_wait(Notice("Not everything was purged", why))
    if done.backups:
        app.tell(f"{counted(done.backups, 'backup')} purged, {size(done.size)}.")


def purge_question(mine: Sequence[KeptBackup]) -> Confirm:
    """The question whether the backups of one run are to be deleted."""
    from workbench.repair.backups import MEANING

    lines = [together((mine[0].title, "bold"), (f"  {age(mine[0].age)} ago", MUTED)), plain("")]
    for each in mine:
        words, style = HOLDS[each.secret]
        lines.append(together((f"{words:<13}", style), f"{size(each.size):>10}  ", (each.file, "$text-accent")))
    lines += [plain(""), plain(f"Purged, {MEANING}."), plain("What the repair changed stays as it is.")]
    if mine[0].needed:
        lines += [plain(""), plain(f"Mind: {mine[0].needed}", ATTENTION)]
    return Confirm("Purge the backups of this repair?", stacked(lines), "Purge them")


def purge_all_question(runs: Sequence[Sequence[KeptBackup]], needed: Sequence[KeptBackup]) -> Agree:
    """The question whether all backups of these runs are to be deleted; ``needed`` are of runs that keep theirs."""
    subtitle = "nothing has been deleted yet"
    return Agree(
        "Purge every backup that holds a secret?",
        subtitle,
        lambda width: stacked(_purge_all(runs, needed, width)),
        "Purge them all",
    )


def _purge_all(runs: Sequence[Sequence[KeptBackup]], needed: Sequence[KeptBackup], width: int) -> Iterator[Content]:
    from workbench.repair.backups import MEANING

    every = [each for mine in runs for each in mine]
    yield plain(f"{counted(len(every), 'backup')} of {counted(len(runs), 'repair')}, {_of(every)}", "bold")
    yield hanging(Content(""), plain(_secrets_of(every), ATTENTION), width)
    yield Content("")
    yield hanging(Content(""), plain(f"Purged, {MEANING}."), width)
    yield plain("What the repairs changed stays as it is.")
    yield Content("")
    for mine in runs:
        yield hanging(plain("  "), plain(mine[0].title, "bold"), width)
        about = f"{mine[0].run}, {age(mine[0].age)} ago, {counted(len(mine), 'backup')}, {_of(mine)}"
        yield hanging(plain("  "), plain(about, MUTED), width)
    for each in needed:
        yield Content("")
        yield hanging(plain("  "), plain(f"Kept: {each.title}: {each.needed}", ATTENTION), width)


def _secrets_of(backups: Sequence[KeptBackup]) -> str:
    held, unknown = (sum(each.secret is said for each in backups) for said in (True, None))
    unseen = f"; {unknown} could not be looked into" if unknown else ""
    together = "; the backups of one repair go together" if held + unknown < len(backups) else ""
    return f"{counted(held, 'holds', 'hold')} a secret in plain text{unseen}{together}."


def _of(backups: Sequence[KeptBackup]) -> str:
    return size(sum(each.size for each in backups))
