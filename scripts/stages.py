"""The workbenches that the scenes are played on: the staged host, and what seldom happens there.

Every one is a context: while it lasts, nothing of the machine that shows it can be seen in the app.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar
from unittest.mock import patch

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts.staged_audit import audit_as_root
from scripts.staged_facts import TAKEN_AT, snapshot
from tests import builders
from workbench.demo.files import files
from workbench.demo.playing import PlayedWorkbench, played
from workbench.demo.playing import demo as played_demo
from workbench.demo.stage import Stage
from workbench.engine import Progress, Workbench
from workbench.host.privileged import Privileged
from workbench.model.clients import ClientFacts
from workbench.model.facts import SectionState
from workbench.model.processes import ProcessFacts
from workbench.model.run import Run
from workbench.model.session import SessionFacts
from workbench.model.snapshot import SECTIONS, Snapshot
from workbench.model.waiver import WaiverFile
from workbench.plugins import load
from workbench.tui.app import WorkbenchApp
from workbench.waivers.accepting import made

Played = TypeVar("Played", bound=PlayedWorkbench)
LEFT = 287
"""Seconds that are left of every wait."""


class HeldWorkbench(PlayedWorkbench):
    """Its looks, or its repairs, stop half-way until the gate is opened."""

    gate: threading.Event
    holds: str

    def look(self, progress: Progress | None = None, privileged: Privileged | None = None) -> Snapshot:
        """Half of the sections, then the gate."""
        if self.holds == "look":
            for number, section in enumerate(SECTIONS):
                if progress is not None:
                    progress(section, "started")
                    if number < len(SECTIONS) // 2:
                        progress(section, getattr(self.stage.began, section).state.status)
            self.gate.wait(60)
        return super().look(progress, privileged)

    def apply(self, prepared: Any, on_step: Callable[[str], None] | None = None, before: Any = None) -> Run:
        """The first step, then the gate."""
        if on_step is not None:
            on_step("keeping a backup of what is replaced")
            on_step(prepared.changes[0].words)
        self.gate.wait(60)
        return super().apply(prepared, None, before)


class WaitingWorkbench(PlayedWorkbench):
    """What is applied there is undone by itself unless it is kept."""

    def apply(self, prepared: Any, on_step: Callable[[str], None] | None = None, before: Any = None) -> Run:
        """As on the staged host, with a wait."""
        run = replace(super().apply(prepared, on_step, before), confirm_by="2026-03-14T09:32:10+00:00")
        self.stage.made[-1] = replace(self.stage.made[-1], run=run)
        return run

    def waiting(self) -> tuple[tuple[Run, float], ...]:
        """That run."""
        return tuple((each, float(LEFT)) for each in self.history() if each.confirm_by)


class FailingWorkbench(PlayedWorkbench):
    """Cannot look."""

    def look(self, progress: Progress | None = None, privileged: Privileged | None = None) -> Snapshot:
        """Fail."""
        raise OSError("[Errno 24] Too many open files: '/proc'")


def _over(kind: type[Played], seen: Snapshot | None = None, **more: Any) -> Played:
    stage = Stage(seen or snapshot(audit_as_root()), files())
    base = played(stage, load())
    return kind(base.context, base.plugins, base.state, **more, plays_on=base.plays_on, demonstrates=base.demonstrates)


@contextmanager
def staged(*, read_only: bool = False) -> Iterator[WorkbenchApp]:
    """The staged host."""
    yield WorkbenchApp(_over(PlayedWorkbench, read_only=read_only))


@contextmanager
def read_only() -> Iterator[WorkbenchApp]:
    """The staged host, on which nothing may be changed."""
    with staged(read_only=True) as app:
        yield app


@contextmanager
def held(holds: str) -> Iterator[WorkbenchApp]:
    """A look or a repair that is under way."""
    made = _over(HeldWorkbench)
    gate = threading.Event()
    object.__setattr__(made, "gate", gate)
    object.__setattr__(made, "holds", holds)
    yield WorkbenchApp(made)


def release(made: Workbench) -> None:
    """Let what is held come to its end."""
    if isinstance(made, HeldWorkbench):
        made.gate.set()


@contextmanager
def looking() -> Iterator[WorkbenchApp]:
    """The first look, under way."""
    with held("look") as app:
        yield app


@contextmanager
def applying() -> Iterator[WorkbenchApp]:
    """A repair, under way once it is agreed to."""
    with held("apply") as app:
        yield app


@contextmanager
def waiting() -> Iterator[WorkbenchApp]:
    """A repair that waits to be kept; its clock stands still."""
    with (
        patch("workbench.tui.screens.result.Result._left", LEFT),
        patch("workbench.tui.past.Past.left", lambda _, run: LEFT if run.confirm_by else 0),
    ):
        yield WorkbenchApp(_over(WaitingWorkbench))


@contextmanager
def failing() -> Iterator[WorkbenchApp]:
    """A host that cannot be looked at."""
    yield WorkbenchApp(_over(FailingWorkbench))


class DeniedWorkbench(PlayedWorkbench):
    """May not read the audit trail either."""

    def look(self, progress: Progress | None = None, privileged: Privileged | None = None) -> Snapshot:
        """As on the staged host, without it."""
        return replace(super().look(progress, privileged), audit=self.stage.began.audit)


@contextmanager
def denied() -> Iterator[WorkbenchApp]:
    """The staged host, of which whole sections could not be looked at."""
    why = SectionState("failed", "permission denied", "run: sudo workbench")
    seen = snapshot()
    closed = {name: replace(getattr(seen, name), state=why) for name in ("sockets", "units", "sudoers", "containers")}
    audit = replace(seen.audit, state=why, accounts=(), events=())
    yield WorkbenchApp(_over(DeniedWorkbench, replace(seen, audit=audit, **closed)))


def _bare(umask: int) -> PlayedWorkbench:
    """A machine on which no client was ever installed, and nothing was repaired."""
    places = tuple(f"/home/dev/place-{number}" for number in range(64))
    seen = builders.snapshot(
        clients=ClientFacts(builders.COMPLETE, looked_at=places),
        processes=ProcessFacts(builders.COMPLETE, seen=212),
        session=SessionFacts(builders.COMPLETE, umask),
    )
    bare = _over(PlayedWorkbench, replace(seen, taken_at=TAKEN_AT))
    bare.stage.past.clear()
    return bare


@contextmanager
def newcomer() -> Iterator[WorkbenchApp]:
    """A machine without an MCP client."""
    yield WorkbenchApp(_bare(0o022))


@contextmanager
def clean() -> Iterator[WorkbenchApp]:
    """A machine without an MCP client, on which nothing is wrong."""
    yield WorkbenchApp(_bare(0o077))


@contextmanager
def demo() -> Iterator[WorkbenchApp]:
    """What ``--demo`` opens."""
    yield WorkbenchApp(played_demo(load()))


@contextmanager
def replay() -> Iterator[WorkbenchApp]:
    """A snapshot of another day."""
    yield WorkbenchApp(_over(PlayedWorkbench), snapshot())


@contextmanager
def waived() -> Iterator[WorkbenchApp]:
    """Findings that were accepted: one for a while, one until a day that is over."""
    base = _over(PlayedWorkbench)
    seen = base.look()
    first, second, *_ = base.judge(seen).findings()
    over = replace(made(first, seen, "this machine has one account", "2026-04-30"), accepted="2026-02-01")
    waivers = (replace(over, expires="2026-03-10"), made(second, seen, "it is a test machine", "2026-04-30"))
    yield WorkbenchApp(_over(PlayedWorkbench, accepted=WaiverFile("/home/dev/.config/workbench/waivers.yaml", waivers)))


_ENVIRONMENT = {
    "TEXTUAL_ANIMATIONS": "none",
    "XDG_CONFIG_HOME": "/nowhere",
    "HOME": "/nowhere",
    "COLUMNS": "",
    "LINES": "",
}
_UNSET = ("NO_COLOR", "TEXTUAL_THEME", "TEXTUAL_COLOR_SYSTEM", "TEXTUAL_DRIVER", "COLORTERM")


@contextmanager
def apart() -> Iterator[None]:
    """Nothing of this machine, of whoever runs this, or of the time of day."""

    async def nothing_changes(*_: object) -> tuple[()]:
        await asyncio.Event().wait()
        return ()

    left_out = {name: value for name, value in os.environ.items() if name not in _UNSET}
    with (
        patch.dict(os.environ, {**left_out, **_ENVIRONMENT}, clear=True),
        patch("workbench.tui.host_watch.HostWatch.change", nothing_changes),
        patch("workbench.tui.looking._now", lambda: TAKEN_AT),
        patch("workbench.tui.app.WorkbenchApp.suspend", lambda _: nullcontext()),
        patch("workbench.tui.exporting._folder", lambda: Path("/home/dev")),
    ):
        yield
