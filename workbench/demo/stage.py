"""The demo's host while somebody plays with it: its files and modes as they are now, and the repairs that were played.

All of it is in memory. What is to be known of the host follows from the files, so that nothing can disagree with them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import PurePosixPath

from workbench.demo.facts import Changes, as_account, changed, status
from workbench.demo.past import runs
from workbench.model.probe import PeerVerdict
from workbench.model.run import Run, RunState
from workbench.model.snapshot import Snapshot
from workbench.repair.creating import ABSENT
from workbench.repair.fingerprint import Fingerprint
from workbench.repair.publish import sha256
from workbench.repair.staged import Staged, StagedMode


@dataclass(frozen=True, slots=True)
class Made:
    """One repair that was played. ``backups`` are the bytes that each operation replaced; ``undoes`` is the identity of
    the run that it undid, "" for none.
    """

    run: Run
    operations: tuple[Staged, ...]
    backups: tuple[bytes, ...] = field(repr=False)
    undoes: str = ""


@dataclass(slots=True)
class Stage:
    """``began`` is the host as root saw it at the start, with its ``files`` by path. ``pause`` is how long each step
    of a repair is shown, in seconds.
    """

    began: Snapshot
    began_with: Mapping[str, bytes] = field(repr=False)
    pause: float = 0.0
    files: dict[str, bytes] = field(default_factory=dict, repr=False)
    modes: dict[str, int] = field(default_factory=dict)
    verdicts: dict[int, PeerVerdict] = field(default_factory=dict)
    made: list[Made] = field(default_factory=list)
    past: list[Run] = field(default_factory=runs)
    purged: set[str] = field(default_factory=set)
    listens: bool = True

    def __post_init__(self) -> None:
        self.files = dict(self.began_with)

    def seen(self, *, as_root: bool) -> Snapshot:
        """What is to be known of the host now."""
        files = {path: raw for path, raw in self.files.items() if self.began_with.get(path) != raw}
        now = changed(self.began, Changes(files, self.modes, self.verdicts))
        return now if as_root else as_account(now)

    def before(self, path: str) -> Fingerprint:
        """The file as it is now; absent where there is none."""
        known = status(self.began, path)
        content = self.files.get(path)
        if known is None and content is None:
            return ABSENT
        mode = self.modes.get(path, known.mode if known is not None else 0o644)
        uid, gid = (known.uid, known.gid) if known is not None else (1000, 1000)
        inode = known.inode if known is not None else int(hashlib.sha256(path.encode()).hexdigest()[:6], 16)
        kind = known.kind if known is not None else "file"
        size, digest = (len(content), sha256(content)) if content is not None else (0, "")
        return Fingerprint(kind, known.device if known is not None else 1, inode, mode, uid, gid, 1, size, 0, digest)

    def missing(self, path: str) -> tuple[str, ...]:
        """The folders that are not there yet on the way to a path, outermost first."""
        there = {parent for each in self.files for parent in PurePosixPath(each).parents}
        return tuple(str(each) for each in reversed(PurePosixPath(path).parents) if each not in there)

    def carry_out(self, operations: Sequence[Staged], contents: Sequence[bytes]) -> None:
        """Make the files and modes what the operations say."""
        for operation, content in zip(operations, contents, strict=True):
            if isinstance(operation, StagedMode):
                self.modes[operation.real] = operation.mode
            elif getattr(operation, "after", ""):
                self.files[operation.real] = content
            else:
                self.files.pop(operation.real, None)

    def moment(self, seconds: int = 0) -> str:
        """The time there, in ISO 8601: it goes on with every repair."""
        began = datetime.fromisoformat(self.began.taken_at)
        return (began + timedelta(seconds=17 + 20 * len(self.made) + seconds)).isoformat()

    def identity(self) -> str:
        """A name for the next run."""
        stamp = datetime.fromisoformat(self.moment()).strftime("%Y%m%dT%H%M%S")
        return f"{stamp}118240Z-{hashlib.sha256(stamp.encode()).hexdigest()[:8]}"

    def find(self, run: str) -> Made | None:
        """The repair that was played under that identity."""
        return next((each for each in self.made if each.run.identity == run), None)

    def history(self) -> tuple[Run, ...]:
        """Every run, newest first, with what became of it."""
        undone: dict[str, Run] = {}
        for each in reversed(self.made):
            if each.undoes and each.run.identity not in undone:
                undone.setdefault(each.undoes, each.run)
        played = (_as_it_stands(each.run, undone.get(each.run.identity)) for each in reversed(self.made))
        return (*played, *self.past)


def _as_it_stands(run: Run, by: Run | None) -> Run:
    if by is None:
        return run
    message = f"undone by {by.identity}: {by.message}"
    return replace(run, state=RunState.UNDONE, ended_at=by.ended_at, message=message, undone_by=by.identity)
