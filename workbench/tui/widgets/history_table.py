"""The table of every run, newest first, and the one of the backups that are kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content

from workbench.model.run import Run
from workbench.text import visible
from workbench.tui.past import Past, Standing
from workbench.tui.plain import plain, shortened, together
from workbench.tui.widgets.rows import RowsView
from workbench.tui.wording import ATTENTION, MUTED, at_home, clock, moment

if TYPE_CHECKING:
    from workbench.repair.backups import KeptBackup

STANDINGS: Mapping[Standing, tuple[str, str]] = {
    "applied": ("✓", "bold $text-success"),
    "waits": ("◷", "bold $text-warning"),
    "not in place": ("!", "bold $text-warning"),
    "undone": ("↶", "$foreground"),
    "refused": ("⊘", MUTED),
    "rolled back": ("↩", "bold $text-warning"),
    "rollback failed": ("✖", "bold $text-error"),
    "recovered": ("↩", "$text-success"),
    "interrupted": ("…", "bold $text-error"),
}
"""The sign and the colour of how a run stands."""

_STANDING, _WHEN = 19, 18
_ROOMY = 100
_LONGEST = 400
_HOLDS, _SIZE, _AGE = 15, 11, 12
HOLDS: Mapping[bool | None, tuple[str, str]] = {
    True: ("▲ a secret", ATTENTION),
    False: ("· no secret", MUTED),
    None: ("? not known", ATTENTION),
}
"""Whether a backup holds a secret, as sign, words and colour."""


class HistoryTable(RowsView):
    """A line a run."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "Open", show=False, tooltip="Everything about this run"),
    ]

    @dataclass
    class Opened(RowsView.Opened):
        """The person wants to see everything about a run."""

    @dataclass
    class Moved(RowsView.Moved):
        """The cursor is on another run."""

    def __init__(self, home: str, **more: str) -> None:
        super().__init__(**more)
        self._home = home
        self._past = Past()
        self._wanted = (0, 0)

    @property
    def selected(self) -> Run | None:
        """The run under the cursor."""
        return self._past.runs[self._at] if self._past.runs else None

    def show(self, past: Past) -> None:
        """Show these runs. The cursor stays on its run; a new one that comes in above does not move it, at the top."""
        before, at = self.selected, self._at
        self._past = past
        titles = (self._words(number).cell_length for number in range(len(past.runs)))
        paths = (plain(self._paths(run)).cell_length for run in past.runs)
        self._wanted = max(titles, default=0), max(paths, default=0)
        if before is not None and at:
            at = next((place for place, run in enumerate(past.runs) if run.identity == before.identity), at)
        self.fill(at)

    def choose(self, identity: str) -> None:
        """Put the cursor on a run."""
        places = [place for place, run in enumerate(self._past.runs) if run.identity == identity]
        if places:
            self.go(places[0])

    def count(self) -> int:
        """See RowsView."""
        return len(self._past.runs)

    def heads(self, width: int) -> Sequence[Content]:
        """See RowsView."""
        when, title, paths = self._columns(width)
        line = "state".ljust(_STANDING) + "when (UTC)".ljust(when) + "repair".ljust(title) + "file"[: max(paths, 0)]
        return (plain(line, "bold $text-primary"),)

    def line(self, number: int, width: int) -> Content:
        """See RowsView."""
        run = self._past.runs[number]
        when, title, paths = self._columns(width)
        words = self._words(number).truncate(max(title - 2, 4), ellipsis=True)
        return together(
            standing(self._past, run, _STANDING),
            (moment(run.started_at)[:16][_WHEN - when :].ljust(when), MUTED),
            words.pad_right(max(title - words.cell_length, 0)),
            shortened(self._paths(run), paths - 1) if paths > 8 else "",
        )

    def _words(self, number: int) -> Content:
        runs = self._past.runs
        return plain(batch_sign(runs, number), MUTED) + plain(visible(runs[number].plan.title, _LONGEST))

    def _paths(self, run: Run) -> str:
        return at_home(visible(paths_of(run), _LONGEST), self._home)

    def _columns(self, width: int) -> tuple[int, int, int]:
        """How wide the time, the title and the files are."""
        when = _WHEN if width >= _ROOMY else _WHEN - 5
        room = max(width - _STANDING - when, 12)
        if width < _ROOMY:
            return when, room, 0
        title, paths = self._wanted[0] + 2, self._wanted[1] + 1
        # A path that is cut still says the most, at its end: what the titles need goes first, but not all of the room.
        title = title if title + paths <= room else max(min(title, room - max(room // 5, 12)), room - paths)
        return when, title, room - title


class BackupsTable(RowsView):
    """A line a backup."""

    @dataclass
    class Opened(RowsView.Opened):
        """The person wants to see everything about a backup."""

    @dataclass
    class Moved(RowsView.Moved):
        """The cursor is on another backup."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "Open", show=False, tooltip="Everything about this backup"),
    ]

    def __init__(self, home: str, **more: str) -> None:
        super().__init__(**more)
        self._home = home
        self._backups: Sequence[KeptBackup] = ()

    @property
    def selected(self) -> KeptBackup | None:
        """The backup under the cursor."""
        return self._backups[self._at] if self._backups else None

    def show(self, backups: Sequence[KeptBackup]) -> None:
        """Show these."""
        self._backups = backups
        self.fill(self._at)

    def count(self) -> int:
        """See RowsView."""
        return len(self._backups)

    def heads(self, width: int) -> Sequence[Content]:
        """See RowsView."""
        return (plain("holds".ljust(_HOLDS) + "kept for".ljust(_AGE) + "size".rjust(_SIZE - 2) + "  file", HEAD),)

    def line(self, number: int, width: int) -> Content:
        """See RowsView."""
        backup = self._backups[number]
        room = max(width - _HOLDS - _AGE - _SIZE - 1, 8)
        return together(
            (HOLDS[backup.secret][0].ljust(_HOLDS), HOLDS[backup.secret][1]),
            (age(backup.age).ljust(_AGE), MUTED),
            f"{size(backup.size):>{_SIZE - 2}}  ",
            shortened(at_home(visible(backup.file or backup.title, _LONGEST), self._home), room),
        )


HEAD = "bold $text-primary"


def standing(past: Past, run: Run, width: int = 0) -> Content:
    """How a run stands, as sign, word and colour; where it waits, for how many seconds."""
    stands = past.standing(run)
    sign, style = STANDINGS[stands]
    words = f"waits {clock(past.left(run))}" if stands == "waits" else stands
    return plain(f"{sign} {words}".ljust(width), style)


def batch_sign(runs: Sequence[Run], number: int) -> str:
    """The line that holds the runs of one batch together, "" for a run of none."""
    batch = runs[number].batch
    if not batch:
        return ""
    above = number > 0 and runs[number - 1].batch == batch
    below = number + 1 < len(runs) and runs[number + 1].batch == batch
    return {(False, True): "┌ ", (True, True): "│ ", (True, False): "└ "}.get((above, below), "· ")


def paths_of(run: Run) -> str:
    """Which files a run changed: the first, and how many more."""
    paths = list(dict.fromkeys(change.path for change in run.changes))
    return "" if not paths else paths[0] + (f" and {len(paths) - 1} more" if len(paths) > 1 else "")


def age(seconds: float) -> str:
    """How long ago: ``5 min``, ``3 h``, ``12 days``."""
    for unit, words in ((86400, "day"), (3600, "h"), (60, "min")):
        if seconds >= unit:
            count = int(seconds // unit)
            return f"{count} {words}" + ("s" if words == "day" and count != 1 else "")
    return "just now"


def size(count: int) -> str:
    """``812 B``, ``3.4 KiB``."""
    if count < 1024:
        return f"{count} B"
    return f"{count / 1024:,.1f} KiB" if count < 1024 * 1024 else f"{count / 1024 / 1024:,.1f} MiB"
