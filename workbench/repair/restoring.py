"""What an undo would restore, worked out against the files as they are now. Nothing is written here."""

from __future__ import annotations

from pathlib import Path

from workbench.model.plan import Refusal
from workbench.model.record import record
from workbench.model.run import Change


@record
class Restoring:
    """What an undo would do. ``note`` says what needs no undoing any more, "" where all does."""

    changes: tuple[Change, ...]
    note: str = ""


def restoring(state: Path, run: str) -> Restoring | Refusal:
    """What undoing this run, named by its identity, would restore; or why it cannot be undone. It never raises."""
    from workbench.repair.history import find
    from workbench.repair.journal import entries
    from workbench.repair.paths import Refused, words
    from workbench.repair.undo import worked_out

    try:
        known = entries(state)
        prepared, gone = worked_out(find(run, known), known)
    except Refused as why:
        return Refusal(why.reason, why.instead)
    except LookupError as why:
        return Refusal(str(why))
    except OSError as error:
        return Refusal(f"it could not be looked at: {words(error)}")
    return Restoring(prepared.changes, gone)
