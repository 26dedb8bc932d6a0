"""A home of real files that is looked at, repaired, verified and undone as the workbench does it."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests import builders
from tests.host.client_homes import context_of
from tests.plugins.loading import get_check, get_fix, plugins
from tests.repair.support import tree
from workbench import scan
from workbench.host.clients import gather
from workbench.host.servers import DEPENDS
from workbench.host.servers import gather as join
from workbench.model.facts import AccountFacts, HostFacts, SectionState
from workbench.model.finding import Finding
from workbench.model.plan import Plan, Refusal
from workbench.model.run import Run, RunState
from workbench.model.snapshot import Snapshot
from workbench.planning import plan, still_found
from workbench.repair.prepare import Prepared, prepare
from workbench.repair.transaction import apply
from workbench.repair.undo import undo


def seen(home: Path, **more: Any) -> Snapshot:
    """The facts of the clients and servers of a home, and of nothing else of this machine."""
    context = context_of(home, **more)
    host = HostFacts("linux", "6.1", os.getuid(), "me", str(home))
    accounts = AccountFacts(SectionState("complete"))
    made = builders.snapshot(host=host, accounts=accounts, clients=gather(context))
    found = {section: getattr(made, section) for section in DEPENDS}
    return replace(made, servers=join(replace(context, found=found)))


def findings(check: str, snapshot: Snapshot) -> list[Finding]:
    """What a check finds, signed as the scan signs it."""
    return list(scan.run_check(get_check(check), snapshot, plugins().repairs_of(check)).findings)


def repaired(home: Path, state: Path, fix: str, check: str, **answers: Any) -> tuple[Run, Prepared]:
    """Repair the one finding of the check for good, prove that undo brings every byte back, and do it again.

    The test fails where the repair does not verify, where a second one is possible, or where undo leaves a trace.
    """
    before = tree(home)
    snapshot = seen(home)
    (finding, *_) = findings(check, snapshot)
    assert fix in finding.repairs
    made = plan(get_fix(fix), finding, snapshot, answers)
    assert isinstance(made, Plan), made
    prepared = prepare(made)
    assert isinstance(prepared, Prepared), prepared
    assert tree(home) == before
    run = apply(prepared, state, lambda: still_found(made, plugins(), seen(home)))
    assert run.state is RunState.APPLIED, run.message
    after = tree(home)
    assert finding.identity not in {each.identity for each in findings(check, seen(home))}
    assert isinstance(prepare(made), Refusal)
    assert undo(state, run.identity).state is RunState.UNDONE
    assert tree(home) == before
    assert [each.identity for each in findings(check, seen(home))].count(finding.identity) == 1
    again = prepare(made)
    assert isinstance(again, Prepared)
    assert apply(again, state, lambda: "").state is RunState.APPLIED
    assert tree(home).keys() == after.keys()
    return run, prepared
