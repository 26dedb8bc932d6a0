"""Audit rules that a repair loads and keeps: in the real kernel, next to rules of others, and gone again exactly."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests import builders
from tests.live.test_audit_live import ACCOUNT, UID, Daemon, auditctl, clean, context, daemon, listed, machine
from tests.plugins.loading import get_check, get_fix, plugins
from tests.repair.support import plan as planned
from workbench.audit_rules import FOLDER
from workbench.elevation import is_roots_own
from workbench.host.audit import Places, gathered
from workbench.host.audit.access import AsOneself
from workbench.host.command import Output
from workbench.host.privileged import Vector
from workbench.model.acts import LoadAuditRules
from workbench.model.finding import Finding
from workbench.model.operations import CreateRootFile
from workbench.model.plan import Plan, Refusal
from workbench.model.run import Run, RunState
from workbench.model.snapshot import Snapshot
from workbench.planning import plan, still_found
from workbench.repair import root_commands
from workbench.repair.history import history
from workbench.repair.lasting import lasting
from workbench.repair.prepare import Prepared, prepare
from workbench.repair.recovering import recover
from workbench.repair.transaction import apply
from workbench.repair.undo import undo
from workbench.scan import run_check

__all__ = ["clean", "daemon", "machine"]  # pytest finds fixtures by their names
pytestmark = [pytest.mark.live, pytest.mark.xdist_group("audit")]
FIX, CHECK = "audit/install-rules", "audit/not-watching-files"
FILE = Path(f"{FOLDER}/10-mcp-denied-{UID}.rules")
COMPANY = ("-w", "/etc/hosts", "-p", "wa", "-k", "company")


@pytest.fixture
def state(tmp_path: Path, clean: None) -> Iterator[Path]:
    """The journal's folder; a rule of somebody else is loaded, and no file of ours stays."""
    assert not list(Path(FOLDER).glob("10-mcp-*")), "a file of an earlier test, or of a person, is there"
    assert auditctl(*COMPANY).returncode == 0
    try:
        yield tmp_path / "state"
    finally:
        for file in Path(FOLDER).glob("10-mcp-*"):
            file.unlink()


def see() -> Snapshot:
    facts = gathered(context(), AsOneself(), Places(), 0.0)
    return builders.snapshot(audit=replace(facts, accounts=(replace(ACCOUNT, commands=True),)))


def found(check: str = CHECK) -> list[Finding]:
    return list(run_check(get_check(check), see(), plugins().repairs_of(check)).findings)


def made(check: str = CHECK) -> Prepared:
    (finding,) = found(check)
    ready = plan(get_fix(FIX), finding, see(), {})
    assert isinstance(ready, Plan), ready
    prepared = prepare(ready)
    assert isinstance(prepared, Prepared), prepared
    return prepared


def applied(prepared: Prepared, state: Path) -> Run:
    return apply(prepared, state, lambda: still_found(prepared.plan, plugins(), see()))


def test_the_rules_are_loaded_kept_and_gone_again(state: Path) -> None:
    before = listed()
    prepared = made()
    shown = [vector for change in prepared.changes for vector in change.commands]
    assert all(is_roots_own(vector[0]) for vector in shown)
    assert listed() == before and not FILE.exists()
    run = applied(prepared, state)
    assert run.state is RunState.APPLIED, run.message
    assert listed()[:1] == before and len(listed()) == 5
    status = FILE.stat()
    assert (status.st_mode & 0o7777, status.st_uid, status.st_gid) == (0o640, 0, 0)
    assert found() == []
    rules = [rule for rule in see().audit.rules if rule.keys == ("mcp_denied",)]
    assert len(rules) == 4 and all(rule.loaded and rule.file == str(FILE) for rule in rules)
    assert lasting(state) == ()
    again = prepare(prepared.plan)
    assert isinstance(again, Refusal) and "is there already" in again.reason

    undone = undo(state, run.identity)
    assert undone.state is RunState.UNDONE, undone.message
    assert listed() == before and not FILE.exists()
    assert [finding.identity for finding in found()] == [prepared.plan.finding]
    redone = undo(state, history(state)[0].identity)
    assert redone.state is RunState.UNDONE, redone.message
    assert len(listed()) == 5 and FILE.exists()


def test_a_denied_open_is_recorded_by_them(daemon: Daemon, state: Path) -> None:
    assert applied(made(), state).state is RunState.APPLIED
    daemon.act("cat < notes; cat ../key")
    events = [(event.outcome, event.what) for event in daemon.settled(1).events or ()]
    assert events == [("denied", f"{daemon.place}/key")]


def test_what_a_shell_server_starts_is_recorded_by_them(daemon: Daemon, state: Path) -> None:
    run = applied(made("audit/not-watching-commands"), state)
    assert run.state is RunState.APPLIED, run.message
    daemon.act("/usr/bin/env --version")
    assert "/usr/bin/env" in {event.what for event in daemon.settled(2).events or ()}
    assert undo(state, run.identity).state is RunState.UNDONE
    assert len(listed()) == 1


def test_rules_that_are_only_loaded_are_written_down(state: Path) -> None:
    before = listed()
    prepared = made("audit/not-persistent")
    assert [type(each) for each in prepared.plan.operations] == [CreateRootFile]
    run = applied(prepared, state)
    assert run.state is RunState.APPLIED, run.message
    assert before[0] in Path(f"{FOLDER}/10-mcp-kept.rules").read_text() and listed() == before
    assert undo(state, run.identity).state is RunState.UNDONE
    assert listed() == before and not list(Path(FOLDER).glob("10-mcp-*"))


def test_the_file_is_one_that_the_audit_system_loads(state: Path) -> None:
    assert applied(made(), state).state is RunState.APPLIED
    rules = listed()[1:]
    auditctl("-D")
    assert auditctl("-R", str(FILE)).returncode == 0
    assert listed() == rules


def _loading(*rules: str) -> Prepared:
    prepared = prepare(planned(LoadAuditRules(rules)))
    assert isinstance(prepared, Prepared), prepared
    return prepared


def test_g9_where_the_kernel_refuses_one_the_others_are_deleted_again(state: Path) -> None:
    before = listed()
    good = f"-a always,exit -F arch=b64 -S openat -F exit=-EACCES -F uid={UID} -k mcp_denied"
    wrong = "-w /nonexistent/folder/file -p wa -k mcp_config"
    run = apply(_loading(good, wrong), state, lambda: "")
    assert run.state is RunState.ROLLED_BACK and "does not take the rule" in run.message
    assert listed() == before


def test_g8_what_did_not_help_is_taken_back(state: Path) -> None:
    before = listed()
    run = apply(made(), state, lambda: "it did not help")
    assert run.state is RunState.ROLLED_BACK, run.message
    assert listed() == before and not FILE.exists()


def test_rules_that_were_loaded_before_stay_when_it_is_undone(state: Path) -> None:
    rule = f"-a always,exit -F arch=b64 -S openat -F exit=-EACCES -F uid={UID} -k mcp_denied"
    other = rule.replace("EACCES", "EPERM")
    assert auditctl(*rule.split(" ")).returncode == 0
    before = listed()
    run = apply(_loading(rule, other), state, lambda: "")
    assert run.state is RunState.APPLIED and len(listed()) == 3
    assert undo(state, run.identity).state is RunState.UNDONE
    assert listed() == before


def test_g12_what_somebody_deleted_since_is_not_missed(state: Path) -> None:
    before = listed()
    run = applied(made(), state)
    auditctl("-D")
    auditctl(*COMPANY)
    (lost,) = lasting(state)
    assert lost.seen and "changed by another program" in lost.why
    undone = undo(state, run.identity)
    assert undone.state is RunState.UNDONE, undone.message
    assert listed() == before and not FILE.exists()


def test_g2_what_was_loaded_meanwhile_is_drift(state: Path) -> None:
    rule = f"-a always,exit -F arch=b64 -S openat -F exit=-EACCES -F uid={UID} -k mcp_denied"
    prepared = _loading(rule)
    auditctl(*rule.split(" "))
    before = listed()
    run = apply(prepared, state, lambda: "")
    assert run.state is RunState.REFUSED and "changed since the plan was shown" in run.message
    assert listed() == before


def test_g15_a_forged_journal_deletes_no_rule_of_others(state: Path) -> None:
    run = applied(made(), state)
    (journal,) = state.rglob("journal.jsonl")
    now, text = listed(), journal.read_text()
    mine = f"-a always,exit -F arch=b64 -S open,openat,openat2 -F exit=-EACCES -F uid={UID} -k mcp_denied"
    for forged in ("-w /etc/hosts -p wa -k company", "-D", "-R /tmp/evil"):
        wrong = text.replace(mine, forged)
        assert wrong != text
        journal.write_text(wrong)
        try:
            assert undo(state, run.identity).state is not RunState.UNDONE, forged
        except LookupError:
            pass
        assert listed() == now, forged
    journal.write_text(text)
    assert undo(state, run.identity).state is RunState.UNDONE


def _killed(work: Callable[[], Run], at: int, *, after: bool) -> bool:
    """Do the work in a child that kills itself before or after its so manyth command of root's."""
    child = os.fork()
    if child == 0:
        count, once = 0, root_commands._once

        def counted(vector: Vector, content: bytes) -> Output:
            nonlocal count
            count += 1
            if count == at and not after:
                os.kill(os.getpid(), signal.SIGKILL)
            answer = once(vector, content)
            if count == at:
                os.kill(os.getpid(), signal.SIGKILL)
            return answer

        root_commands._once = counted
        try:
            work()
        finally:
            os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("what", ["apply", "undo"])
def test_g10_killed_between_every_two_commands(state: Path, what: str, after: bool) -> None:
    before, at = listed(), 0
    while True:
        at += 1
        shutil.rmtree(state, ignore_errors=True)
        auditctl("-D")
        auditctl(*COMPANY)
        FILE.unlink(missing_ok=True)
        prepared = made()
        if what == "undo":
            run = apply(prepared, state, lambda: "")
            repaired = listed()
            killed = _killed(lambda run=run: undo(state, run.identity), at, after=after)  # type: ignore[misc]
        else:
            killed = _killed(lambda made=prepared: apply(made, state, lambda: ""), at, after=after)  # type: ignore[misc]
        assert all(each.state is RunState.RECOVERED for each in recover(state)), at
        assert recover(state) == ()
        first = history(state)[-1].state if history(state) else None
        if what == "undo":
            assert (listed(), FILE.exists()) == (
                {RunState.APPLIED: (repaired, True), RunState.UNDONE: (before, False)}[first or RunState.STARTED]
            ), at
        elif first is not RunState.APPLIED:
            assert (listed(), FILE.exists()) == (before, False), at
        assert not list(Path(FOLDER).glob(".*workbench")), at
        if not killed:
            break
    assert at > 6
