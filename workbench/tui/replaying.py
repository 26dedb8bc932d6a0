"""What the app says where a snapshot is shown and there is no live host to act on."""

from __future__ import annotations

from workbench.demo import is_demo
from workbench.model.plan import Refusal
from workbench.model.snapshot import Snapshot
from workbench.tui.keys import hint

DEMO = "demo: nothing here is real"
"""What a newcomer is told at the border of every page."""


def invitation() -> str:
    """What is said when the demo opens."""
    return (
        f"This is a demo: a host that does not exist. Repair what you like ({hint('repair')}) and undo it"
        f" ({hint('undo')}): nothing of this machine is looked at or changed."
    )


def mark(replay: Snapshot | None, *, demo: bool = False) -> str:
    """The words at the border for what is shown: a demo (played or replayed), a replay, or "" for this host."""
    if demo or is_demo(replay):
        return DEMO
    return "" if replay is None else "replay"


def nothing_live(replay: Snapshot | None, consequence: str) -> str:
    """Why something cannot be done with it, ``consequence`` being a whole clause that follows "so"."""
    if is_demo(replay):
        return f"This is a demo: a host that does not exist, so {consequence}."
    return f"This is the replay of a snapshot. There is no live host here, so {consequence}."


def no_repair(replay: Snapshot | None) -> Refusal:
    """Why nothing is repaired or undone in it, and what to do instead."""
    option = "--demo" if is_demo(replay) else "--replay"
    return Refusal(
        nothing_live(replay, "nothing can be repaired or undone"),
        f"start workbench without {option} on the host itself.",
    )
