"""Every repair on offer on a host where everything is wrong: applied, proven, refused a second time, undone again.

Each is judged by the whole report before and after, as a person would see it, not by its own check alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live import support
from tests.live.staged_host import OWNER, StagedHost, staged_host
from tests.plugins.loading import plugins
from tests.repair.support import tree
from workbench.engine import Workbench
from workbench.host.context import Context
from workbench.model.plan import Plan, Refusal, Safety
from workbench.model.run import RunState
from workbench.repair.prepare import Prepared
from workbench.verifying import Before

pytestmark = [pytest.mark.live, pytest.mark.xdist_group("processes")]

ELSEWHERE = {
    "clients/move-secret",  # of an entry whose arguments hold secrets too, nothing is moved
    "clients/pin-version",  # a package that is installed
    "containers/harden-compose",  # a container that compose made
    "containers/recreate",  # a running container
    "session/private-umask",  # a login shell
    "sockets/private-umask",  # the same entry
    "sudoers/tighten-rule",  # the policy of a machine
    "systemd/harden-unit",  # units of a machine, as the next two
    "systemd/repair-directive",
    "systemd/runtime-directory",
}
"""The fixes that need what is not staged in this home: each is proven alike by tests of its own."""
MACHINE = {
    "audit/install-rules",
    "clients/dedicated-account",
    "systemd/harden-unit",
    "systemd/repair-directive",
    "systemd/runtime-directory",
}
"""What changes the machine itself, and not this home. Each is proven alike, in a place of its own."""
STARTS = {"clients/sandbox-launcher", "containers/harden-run", "containers/install-seccomp-profile"}
"""What starts the server first, and those that are staged answer nothing: ``test_sandbox_launcher_live`` has such, and
``test_harden_run_live`` those of containers.
"""


@pytest.fixture(scope="module")
def host() -> Iterator[StagedHost]:
    support.require_root()
    with staged_host() as made:
        yield made


@pytest.fixture
def bench(host: StagedHost, tmp_path: Path) -> Workbench:
    context = Context("linux", host.home, OWNER, {"HOME": str(host.home), "PATH": "/usr/bin:/bin"}, host.home)
    return Workbench(context, plugins(), tmp_path / "state")


def test_every_repair_on_offer(host: StagedHost, bench: Workbench) -> None:
    snapshot = bench.look()
    report = bench.judge(snapshot)
    found = {each.identity: each for each in report.findings()}
    left_out = STARTS | MACHINE | {fix.id for fix in plugins().fixes.values() if fix.safety is Safety.GUIDE}
    offered = [(each, fix) for each in found.values() for fix in bench.fixes_for(each) if fix.id not in left_out]
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
        run = bench.apply(prepared, None, Before(report))
        if run.state is not RunState.APPLIED:
            problems.append(f"{what}: {run.state.value}: {run.message}")
            continue
        left = {each.identity: each for each in bench.judge(bench.look()).findings()}
        if finding.identity in left and not made.later:
            problems.append(f"{what}: still found")
        # Servers come and go beside this host: what counts is what is said of its own files.
        new = [each for key, each in left.items() if key not in found and str(host.home) in each.subject.key]
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
    missing = {fix for fix in plugins().fixes if fix not in done} - ELSEWHERE - left_out
    assert missing == set(), {fix: refused.get(fix, ["nothing that it repairs was found"]) for fix in missing}
