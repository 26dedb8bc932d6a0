"""What this process read, ran, connected to and wrote, so that a person can see it. The last of it is kept, in memory.

Only paths and argument vectors are noted, never what was read. They are noted as they are, for that costs least; they
are made harmless, and secrets are taken out of them, where they are shown.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Sequence
from typing import Literal

Kind = Literal["read", "ran", "ran as root", "connected", "wrote"]
MOST = 5000
_LONGEST = 8192  # twice what is shown, so that no secret is cut where it is shown: half of one is not recognised
_ARGUMENTS = 200
_TOGETHER = 10.0  # seconds; what is read of each process in one look is one line


class Act:
    """One thing that was done. ``at`` is in Unix seconds, ``seconds`` how long it took, all ``times`` together.

    ``outcome`` is "" where it went well, or says why not; of a program it is the exit status, of a file read its size.
    """

    __slots__ = ("_shown", "at", "kind", "number", "outcome", "seconds", "times", "what")

    def __init__(self, kind: Kind, what: str | tuple[str, ...], outcome: str | int, seconds: float) -> None:
        self.number, self.at, self.times = 0, time.time(), 1
        self.kind, self.what, self.outcome, self.seconds = kind, what, outcome, seconds
        self._shown = ""

    @property
    def shown(self) -> str:
        """What it was done to, for a person: visible, and with no secret in it."""
        if not self._shown:
            self._shown = _shown(self.what)
        return self._shown

    @property
    def ended(self) -> str:
        """The outcome in words."""
        if isinstance(self.outcome, str):
            from workbench.text import visible

            return visible(self.outcome, 200) or "done"
        if self.kind in ("ran", "ran as root"):
            return f"exit {self.outcome}"
        return f"{self.outcome:,} bytes"


_acts: deque[Act] = deque(maxlen=MOST)
_open: dict[str, Act] = {}
_lock = threading.Lock()
_count = 0
_changes = 0


def began() -> float:
    """The moment that something begins, to be handed to ``note``."""
    return time.perf_counter()


def note(kind: Kind, what: str | Sequence[str], begun: float, outcome: str | int = "") -> None:
    """Note what was done; ``what`` is a path, or an argument vector. Never raises."""
    seconds = time.perf_counter() - begun
    if isinstance(what, str):
        if what.startswith("/proc/") and what[6:7].isdigit():
            _note_of_process(kind, what, outcome, seconds)
            return
        made = Act(kind, what[:_LONGEST], outcome, seconds)
    else:
        made = Act(kind, tuple(each[:_LONGEST] for each in what[:_ARGUMENTS]), outcome, seconds)
    keep(made)


def note_of_each(what: str, begun: float, times: int = 1) -> None:
    """Note that a file of every process was read; ``what`` names it with ``[pid]`` in the place of the number."""
    _together("read", what, "", time.perf_counter() - begun, times)


def note_run(vector: Sequence[str], begun: float, outcome: str | int) -> None:
    """Note a program that was run; through sudo it was run as root."""
    program = vector[0].rpartition("/")[2] if vector else ""
    note("ran as root" if program == "sudo" and "-u" not in vector[:3] else "ran", vector, begun, outcome)


def keep(act: Act) -> None:
    """Keep one more act, as it is, and number it."""
    with _lock:
        _keep(act)


def acts(after: int = 0) -> tuple[Act, ...]:
    """What was done, oldest first; of it what came after the act of that number."""
    with _lock:
        kept = tuple(_acts)
    return tuple(act for act in kept if act.number > after) if after else kept


def total() -> int:
    """How many acts there were in all, those that are no longer kept included."""
    return _count


def changes() -> int:
    """A number that grows with everything that is noted, also where it only makes a line of each process grow."""
    return _changes


def forget() -> None:
    """Forget everything."""
    global _count, _changes
    with _lock:
        _changes += 1
        _acts.clear()
        _open.clear()
        _count = 0


def _note_of_process(kind: Kind, what: str, outcome: str | int, seconds: float) -> None:
    rest = what[6:].partition("/")[2]
    # How each of a thousand ended says nothing: processes come and go.
    _together(kind, f"/proc/[pid]/{rest}"[:_LONGEST], outcome if isinstance(outcome, str) else "", seconds, 1)


def _together(kind: Kind, what: str, outcome: str, seconds: float, times: int) -> None:
    global _changes
    with _lock:
        known = _open.get(what)
        if known is not None and time.time() - known.at < _TOGETHER:
            known.times += times
            known.seconds += seconds
            _changes += 1
            return
        if len(_open) > 100:
            _open.clear()
        made = _open[what] = Act(kind, what, outcome, seconds)
        made.times = times
        _keep(made)


def _keep(made: Act) -> None:
    global _count, _changes
    _count += 1
    _changes += 1
    made.number = _count
    _acts.append(made)


def _shown(what: str | tuple[str, ...]) -> str:
    import shlex

    from workbench.secrets import redact, redact_arguments
    from workbench.text import visible

    if isinstance(what, str):
        return visible(redact(what))
    return visible(" ".join(map(shlex.quote, redact_arguments(what)[0])))
