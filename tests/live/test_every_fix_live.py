"""Every repair on offer on a host where everything is wrong: applied, proven, refused a second time, undone again.

Each is judged by the whole report before and after, as a person would see it, not by its own check alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.live import support
from tests.live.staged_host import OWNER, StagedHost, staged_host
from tests.plugins.loading import plugins
from tests.repair.support import tree
from workbench.engine import Workbench
from workbench.host.context import Context
from workbench.model.finding import Finding
from workbench.model.plan import Plan, Refusal
from workbench.model.run import RunState
from workbench.repair.prepare import Prepared

pytestmark = [pytest.mark.live, pytest.mark.xdist_group("processes")]

ELSEWHERE: set[str] = set()
"""The fixes that need what cannot be staged in a home: each is proven by tests of its own."""


@pytest.fixture(scope="module")
def host() -> Iterator[StagedHost]:
    support.require_root()
    with staged_host() as made:
        yield made


@pytest.fixture
def bench(host: StagedHost, tmp_path: Path) -> Workbench:
    context = Context("linux", host.home, OWNER, {"HOME": str(host.home), "PATH": "/usr/bin:/bin"}, host.home)
    return Workbench(context, plugins(), tmp_path / "state")


def _seen(bench: Workbench) -> tuple[Any, dict[str, Finding]]:
    snapshot = bench.look()
    return snapshot, {each.identity: each for each in bench.judge(snapshot).findings()}


def test_every_repair_on_offer(host: StagedHost, bench: Workbench) -> None:
    snapshot, found = _seen(bench)
    offered = [(each, fix) for each in found.values() for fix in bench.fixes_for(each)]
    done: dict[str, int] = {}
    refused: dict[str, list[str]] = {}
    problems: list[str] = []
    for finding, fix in offered:
        what = f"{fix.id} on {finding.check} of {finding.subject.key}"
        before = tree(host.home)
        made = bench.plan(fix, finding, snapshot)
        prepared = made if isinstance(made, Refusal) else bench.prepare(made)
        assert tree(host.home) == before, what
        if isinstance(prepared, Refusal):
            refused.setdefault(fix.id, []).append(prepared.reason)
            continue
        assert isinstance(made, Plan)
        assert isinstance(prepared, Prepared)
        run = bench.apply(prepared)
        if run.state is not RunState.APPLIED:
            problems.append(f"{what}: {run.state.value}: {run.message}")
            continue
        _, left = _seen(bench)
        if finding.identity in left and not made.later:
            problems.append(f"{what}: still found")
        new = [each for identity, each in left.items() if identity not in found]
        problems += [f"{what}: new: {each.check}: {each.summary}" for each in new]
        again = bench.plan(fix, finding, snapshot)
        second = again if isinstance(again, Refusal) else bench.prepare(again)
        if not isinstance(second, Refusal):
            problems.append(f"{what}: a second time it would do something")
        undone = bench.undo(run.identity)
        if undone.state is not RunState.UNDONE:
            problems.append(f"{what}: {undone.state.value}: {undone.message}")
        elif tree(host.home) != before:
            problems.append(f"{what}: undo left a trace")
        done[fix.id] = done.get(fix.id, 0) + 1
    assert problems == []
    missing = {fix for fix in plugins().fixes if fix not in done} - ELSEWHERE
    assert missing == set(), {fix: refused.get(fix, ["nothing that it repairs was found"]) for fix in missing}
