"""A home with startup files of shells: looked at, repaired and undone, whole."""

from __future__ import annotations

import os
from pathlib import Path

from tests import builders
from tests.host.client_homes import context_of
from tests.plugins.loading import get_fix, plugins
from tests.plugins.repairing import findings
from tests.repair.support import tree
from workbench.host.startup import startup_files
from workbench.model.facts import Account, AccountFacts, HostFacts
from workbench.model.plan import Plan, Refusal
from workbench.model.run import Run, RunState
from workbench.model.session import SessionFacts
from workbench.model.snapshot import Snapshot
from workbench.planning import plan, still_found
from workbench.repair.prepare import Prepared, prepare
from workbench.repair.transaction import apply
from workbench.repair.undo import undo


def looked_at(home: Path, shell: str = "/bin/bash", umask: int = 0o022) -> Snapshot:
    """The startup files of a home whose account has this shell, in a session with this umask."""
    me = Account(os.getuid(), "me", os.getgid(), (os.getgid(),), str(home), shell)
    files, unread = startup_files(context_of(home))
    assert not unread
    return builders.snapshot(
        host=HostFacts("linux", "6.1", os.getuid(), "me", str(home)),
        accounts=AccountFacts(builders.COMPLETE, (me,)),
        session=SessionFacts(builders.COMPLETE, umask, startup=files),
    )


def planned(fix: str, check: str, snapshot: Snapshot) -> Plan | Refusal:
    """What the fix plans for the first finding of the check."""
    (finding, *_) = findings(check, snapshot)
    assert fix in finding.repairs
    return plan(get_fix(fix), finding, snapshot, {})


def refusal(fix: str, check: str, snapshot: Snapshot) -> Refusal:
    """Why the fix, or what works its plan out, refuses."""
    made = planned(fix, check, snapshot)
    if isinstance(made, Plan):
        worked_out = prepare(made)
        assert isinstance(worked_out, Refusal), worked_out
        made = worked_out
    assert made.reason and made.instead
    return made


def repaired(home: Path, state: Path, fix: str, check: str, shell: str = "/bin/bash") -> tuple[Run, Prepared]:
    """Apply, find that a second time is refused, undo to the last byte, and do it again for good."""
    before = tree(home)
    made = planned(fix, check, looked_at(home, shell))
    assert isinstance(made, Plan), made
    prepared = prepare(made)
    assert isinstance(prepared, Prepared), prepared
    assert tree(home) == before
    run = apply(prepared, state, lambda: still_found(made, plugins(), looked_at(home, shell)))
    assert run.state is RunState.APPLIED, run.message
    for operation, content in zip(prepared.operations, prepared.contents, strict=True):
        assert Path(operation.real).read_bytes() == content
    after = tree(home)
    assert isinstance(prepare(made), Refusal)
    assert tree(home) == after
    undone = undo(state, run.identity)
    assert undone.state is RunState.UNDONE, undone.message
    assert tree(home) == before
    redone = undo(state, undone.message.rpartition(" ")[2].rstrip(")"))
    assert redone.state is RunState.UNDONE, redone.message
    assert tree(home).keys() == after.keys()
    assert [Path(operation.real).read_bytes() for operation in prepared.operations] == list(prepared.contents)
    assert undo(state, redone.message.rpartition(" ")[2].rstrip(")")).state is RunState.UNDONE
    assert tree(home) == before
    again = prepare(made)
    assert isinstance(again, Prepared)
    assert apply(again, state, lambda: "").state is RunState.APPLIED
    return run, prepared
