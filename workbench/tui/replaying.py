"""What the app says where a snapshot is shown and there is no live host to act on."""

from __future__ import annotations

import threading
from collections.abc import Callable

from workbench.demo import HOME, demonstrated, is_demo
from workbench.model.plan import Refusal
from workbench.model.snapshot import Snapshot


class Replay:
    """A Snapshot that is shown instead of this host, read by the first who asks for it; the others wait.

    ``home`` is known beforehand: the home folder of that host.
    """

    def __init__(self, home: str, read: Callable[[], Snapshot]) -> None:
        self.home = home
        self._read = read
        self._made: Snapshot | None = None
        self._lock = threading.Lock()

    @staticmethod
    def of(snapshot: Snapshot) -> Replay:
        """The same of one that is read already."""
        return Replay(snapshot.host.home, lambda: snapshot)

    @property
    def snapshot(self) -> Snapshot:
        """The Snapshot itself. To read it takes a tenth of a second the first time."""
        with self._lock:
            if self._made is None:
                self._made = self._read()
            return self._made


def demo() -> Replay:
    """The demo's."""
    return Replay(HOME, demonstrated)


def mark(replay: Snapshot | None) -> str:
    """The word at the border for what is shown: ``demo``, ``replay``, or "" for this host."""
    return "" if replay is None else "demo" if is_demo(replay) else "replay"


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
