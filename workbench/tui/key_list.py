"""``workbench list keys``: every act of the app that a key can be chosen for, with the keys that hold."""

from __future__ import annotations

from workbench.exits import Exit, complain
from workbench.options import put
from workbench.tui.keys import ACTS, FIXED, shown
from workbench.tui.own_keys import chosen_by, usual_file


def list_keys() -> int:
    """Print one line an act: its id, its keys and what it does; then the keys that always do the same."""
    keys = chosen_by(usual_file())
    for act in ACTS.values():
        names = " ".join(shown(key) for key in keys.of(act.id))
        usual = f" (usually {shown(act.key)})" if keys.of(act.id) != (act.key,) else ""
        put(f"{act.id:<20} {names:<10} {act.does}{usual}\n")
    put("\nThese cannot be chosen:\n")
    for key, does in FIXED.items():
        put(f"{key:<31} {does}\n")
    for complaint in keys.complaints:
        complain(f"{keys.path}: {complaint}")
    return Exit.USAGE if keys.complaints else Exit.CLEAN
