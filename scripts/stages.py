"""The workbenches that the scenes are played on: the staged host, and what seldom happens there.

Every one is a context: while it lasts, nothing of the machine that shows it can be seen in the app.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts.staged_facts import TAKEN_AT, snapshot
from scripts.staged_host import DOCUMENT, StagedWorkbench, with_mode, workbench
from tests import builders
from workbench.demo import demonstrated
from workbench.engine import Progress, Workbench
from workbench.host.command import Output
from workbench.host.files import CannotLook
from workbench.host.privileged import Privileged, Vector
from workbench.model.batch import Batch, BatchStep, LeftOut
from workbench.model.clients import ClientFacts
from workbench.model.facts import SectionState
from workbench.model.plan import Plan, Refusal, Safety, SetMode
from workbench.model.processes import ProcessFacts
from workbench.model.report import Report
from workbench.model.run import Run, RunState
from workbench.model.session import SessionFacts
from workbench.model.snapshot import SECTIONS, Snapshot
from workbench.model.waiver import WaiverFile
from workbench.probe.asking import Answer
from workbench.probe.planned import PlannedProbe, Probed
from workbench.tui.app import WorkbenchApp
from workbench.waivers.accepting import made

LEFT = 287
"""Seconds that are left of every wait."""


class ScenicWorkbench(StagedWorkbench):
    """The staged host, on which also what asks root or starts a program comes to an end."""

    def ask_root(self, *, interactive: bool) -> str:
        """Sudo agrees."""
        return ""

    def read_as_root(
        self, wanted: Iterable[Vector], tell: Callable[[Vector], None] | None = None
    ) -> Mapping[Vector, Output]:
        """What it reads says nothing new."""
        return {vector: Output(0, "", "") for vector in wanted}

    def probe(self, planned: PlannedProbe) -> Probed | Refusal:
        """The server answers anybody."""
        answer = Answer(after="reply")
        return Probed(planned.target.shown, "open", answer, answer)

    def plan_safe(self, snapshot: Snapshot, report: Report) -> Batch:
        """The safe repairs, worked out from the facts instead of the disk."""
        steps: list[BatchStep] = []
        left: list[LeftOut] = []
        for finding in report.standing():
            fix = next(iter(self.fixes_for(finding)), None)
            if fix is None or fix.safety is not Safety.SAFE or fix.answers is not None:
                why = "its repair is to be looked at by itself" if fix is not None else "no repair of it is on offer"
                left.append(LeftOut(finding, why))
                continue
            plan = self.plan(fix, finding, snapshot)
            if not isinstance(plan, Plan):
                continue
            same = next((place for place, each in enumerate(steps) if each.plan.title == plan.title), None)
            if same is None:
                steps.append(BatchStep(finding, plan, self.prepare(plan).changes, ""))
            else:
                steps[same] = replace(steps[same], resolves=(*steps[same].resolves, finding))
        return Batch(tuple(steps), tuple(left), "")

    def apply_batch(
        self, batch: Any, on_progress: Callable[[int, str], None] | None = None, before: Any = None
    ) -> tuple[Run, ...]:
        """Change the facts, step by step."""
        return tuple(self._step(number, step, on_progress) for number, step in enumerate(batch.steps))

    def _step(self, number: int, step: Any, on_progress: Callable[[int, str], None] | None) -> Run:
        if on_progress is not None:
            on_progress(number, step.plan.title)
        for operation in step.plan.operations:
            if isinstance(operation, SetMode):
                object.__setattr__(self, "seen", with_mode(self.seen, operation.path, operation.mode))
        return replace(self._noted(RunState.APPLIED, step.plan, step.changes), batch="staged")


class HeldWorkbench(ScenicWorkbench):
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
                        progress(section, getattr(self.seen, section).state.status)
            self.gate.wait(60)
        return super().look(progress, privileged)

    def apply(self, prepared: Any, on_step: Callable[[str], None] | None = None, before: Any = None) -> Run:
        """The first step, then the gate."""
        if on_step is not None:
            on_step("keeping a backup of what is replaced")
            on_step(prepared.changes[0].words)
        self.gate.wait(60)
        return super().apply(prepared, None, before)


class WaitingWorkbench(ScenicWorkbench):
    """What is applied there is undone by itself unless it is kept."""

    def apply(self, prepared: Any, on_step: Callable[[str], None] | None = None, before: Any = None) -> Run:
        """As on the staged host, with a wait."""
        self.runs[:1] = [replace(super().apply(prepared, on_step, before), confirm_by="2026-03-14T09:32:10+00:00")]
        return self.runs[0]

    def waiting(self) -> tuple[tuple[Run, float], ...]:
        """That run."""
        return tuple((each, float(LEFT)) for each in self.runs if each.confirm_by)


class FailingWorkbench(ScenicWorkbench):
    """Cannot look."""

    def look(self, progress: Progress | None = None, privileged: Privileged | None = None) -> Snapshot:
        """Fail."""
        raise OSError("[Errno 24] Too many open files: '/proc'")


def _over(kind: type[StagedWorkbench], seen: Snapshot | None = None, **more: Any) -> StagedWorkbench:
    base = workbench()
    made = kind(base.context, base.plugins, base.state, **more)
    object.__setattr__(made, "seen", seen or base.seen)
    object.__setattr__(made, "runs", base.runs)
    return made


@contextmanager
def staged(*, read_only: bool = False) -> Iterator[WorkbenchApp]:
    """The staged host."""
    yield WorkbenchApp(_over(ScenicWorkbench, read_only=read_only))


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


@contextmanager
def denied() -> Iterator[WorkbenchApp]:
    """The staged host, of which whole sections could not be looked at."""
    why = SectionState("failed", "permission denied", "run: sudo workbench")
    seen = snapshot()
    closed = {name: replace(getattr(seen, name), state=why) for name in ("sockets", "units", "sudoers", "containers")}
    audit = replace(seen.audit, state=why, accounts=(), events=())
    yield WorkbenchApp(_over(ScenicWorkbench, replace(seen, audit=audit, **closed)))


def _bare(umask: int) -> StagedWorkbench:
    """A machine on which no client was ever installed, and nothing was repaired."""
    places = tuple(f"/home/dev/place-{number}" for number in range(64))
    seen = builders.snapshot(
        clients=ClientFacts(builders.COMPLETE, looked_at=places),
        processes=ProcessFacts(builders.COMPLETE, seen=212),
        session=SessionFacts(builders.COMPLETE, umask),
    )
    bare = _over(ScenicWorkbench, replace(seen, taken_at=TAKEN_AT))
    bare.runs.clear()
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
    yield WorkbenchApp(_over(ScenicWorkbench), demonstrated())


@contextmanager
def replay() -> Iterator[WorkbenchApp]:
    """A snapshot of another day."""
    yield WorkbenchApp(_over(ScenicWorkbench), snapshot())


@contextmanager
def waived() -> Iterator[WorkbenchApp]:
    """Findings that were accepted: one for a while, one until a day that is over."""
    base = _over(ScenicWorkbench)
    first, second, *_ = base.judge(base.seen).findings()
    over = replace(made(first, base.seen, "this machine has one account", "2026-04-30"), accepted="2026-02-01")
    waivers = (replace(over, expires="2026-03-10"), made(second, base.seen, "it is a test machine", "2026-04-30"))
    yield WorkbenchApp(_over(ScenicWorkbench, accepted=WaiverFile("/home/dev/.config/workbench/waivers.yaml", waivers)))


def _read(path: str, limit: int) -> bytes:
    if not path.endswith("claude_desktop_config.json"):
        raise CannotLook("permission denied", "run: sudo workbench")
    return json.dumps(DOCUMENT, indent=2).encode()


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
        patch("workbench.excerpt.read_bounded", _read),
        patch("workbench.tui.looking._now", lambda: TAKEN_AT),
        patch("workbench.excerpt._changed", lambda *_: False),
        patch("workbench.tui.app.WorkbenchApp.suspend", lambda _: nullcontext()),
        patch("workbench.tui.exporting._folder", lambda: Path("/home/dev")),
    ):
        yield
