"""What recovering would do is told before it is done, is what is then done, and is done only as it was told."""
# ruff: noqa: F811 - fixtures are named as what they give

from __future__ import annotations

import json
import os
import pty
import shlex
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from tests.repair.support import SECRET, edit, mode, prepared, tree, written
from tests.repair.test_plan_and_apply import Command, config, home, workbench  # noqa: F401
from workbench.host.command import Output
from workbench.model.acts import CreateAccount, LoadAuditRules
from workbench.model.operations import CreateFile, CreateRootFile, EditRootFile, Operation, RepairUnit, UnitLine
from workbench.model.plan import Refusal
from workbench.model.run import RunState
from workbench.repair import operations, root_acts, root_commands, root_recovering, rooted
from workbench.repair.creating import ABSENT
from workbench.repair.fingerprint import Fingerprint
from workbench.repair.history import history
from workbench.repair.paths import Refused
from workbench.repair.publish import sha256
from workbench.repair.recovering import Recovering, recover, recovering
from workbench.repair.staged import Intent, Staged, StagedAct, StagedRoot, StagedRootFile
from workbench.repair.transaction import apply

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="repairs are made on Linux only")


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "files"
    made.mkdir(mode=0o700)
    return made


def interrupted(state: Path, *wanted: Operation) -> str:
    """A run that was killed when all of it was in place and nothing was proven yet; its identity."""
    state.parent.mkdir(parents=True, exist_ok=True)
    made = prepared(*wanted)
    child = os.fork()
    if child == 0:
        try:
            apply(made, state, lambda: os._exit(9) or "")
        finally:
            os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    return next(run.identity for run in history(state) if run.state is RunState.STARTED)


def told(state: Path) -> tuple[Recovering, ...]:
    found = recovering(state)
    assert not isinstance(found, Refusal)
    return found


def test_it_tells_every_step_and_writes_nothing(folder: Path, state: Path) -> None:
    file, other, made = written(folder), written(folder, "other.json", mode=0o664), folder / "sub" / "new"
    whole = tree(folder)
    name = interrupted(state, edit(file), mode(other), CreateFile(str(made), "hello\n", 0o600))
    before, journal = tree(folder), tree(state)
    (found,) = told(state)
    assert (tree(folder), tree(state)) == (before, journal)
    assert found.run.identity == name and not found.note and not found.unseen
    gone, back, value = found.changes
    assert f"remove {made}" in gone.words and str(made.parent) in gone.words
    assert (back.mode_before, back.mode_after) == (0o600, 0o664)
    assert "byte for byte" in value.words and "\n-" in value.diff and SECRET not in value.diff
    (done,) = recover(state, agreed=(found,))
    assert (done.identity, done.state) == (name, RunState.RECOVERED)
    assert tree(folder) == whole and told(state) == ()


def test_what_is_as_it_was_already_is_no_step(folder: Path, state: Path) -> None:
    file, other = written(folder), written(folder, "other.json", mode=0o664)
    interrupted(state, edit(file), mode(other))
    other.chmod(0o664)
    (found,) = told(state)
    assert [change.path for change in found.changes] == [str(file)]


def test_what_somebody_else_changed_stays_and_that_is_said(folder: Path, state: Path) -> None:
    other = written(folder, mode=0o664)
    interrupted(state, mode(other))
    other.chmod(0o640)
    (found,) = told(state)
    assert found.changes == () and "0640" in found.note


@pytest.mark.parametrize("what", ["a file", "the journal", "another run"])
def test_g2_what_would_be_something_else_by_now_is_not_done(folder: Path, state: Path, what: str) -> None:
    file = written(folder, mode=0o664)
    name = interrupted(state, mode(file))
    found = told(state)
    if what == "a file":
        file.chmod(0o640)
    elif what == "the journal":
        journal = state / "runs" / name / "journal.jsonl"
        first, *rest = journal.read_text().splitlines(keepends=True)
        record = json.loads(first)
        record["run"]["operations"][0]["before"]["mode"] = 0o777
        journal.write_text(f"{json.dumps(record)}\n{''.join(rest)}")
    else:
        found = ()
    before = tree(folder)
    (done,) = recover(state, agreed=found)
    assert done.state is RunState.REFUSED and "not what was shown" in done.message
    assert tree(folder) == before and history(state)[0].state is RunState.STARTED


def test_a_journal_that_cannot_be_trusted_is_told_of(state: Path, folder: Path) -> None:
    interrupted(state, mode(written(folder, mode=0o664)))
    state.chmod(0o777)
    assert isinstance(recovering(state), Refusal)


# The commands that are shown are those that run: each kind of root's, as far as it may have come.

KEPT = "/var/lib/workbench-backups"
FILE, UNIT = "/etc/sudoers.d/mcp", "/etc/systemd/system/mcp.service"
RULE = "-a always,exit -F arch=b64 -S openat -F exit=-EACCES -F uid=990 -k mcp_denied"
LISTED = RULE.replace("-k ", "-F key=")
OLD, NEW, THEIRS = sha256(b"old"), sha256(b"new"), sha256(b"theirs")
THERE = Fingerprint("file", 1, 2, 0o440, 0, 0, 1, 3, 4, OLD)
DROP_IN = CreateRootFile(f"{UNIT}.d/90-workbench-umask.conf", "[Service]\nUMask=0077\n", "unit-drop-in")
COMES = StagedRootFile(DROP_IN.path, DROP_IN.path, ABSENT, NEW, DROP_IN)
CHANGES = StagedRootFile(UNIT, UNIT, THERE, NEW, RepairUnit(UNIT, (UnitLine(2, "User", "dev"),)))
GOES = replace(COMES, before=replace(THERE, sha256=NEW), after="")
POLICY = StagedRoot(FILE, FILE, THERE, NEW, EditRootFile(FILE, "sudoers", 1, ("a",), ("b",), (), ()))
RULES = StagedAct(LoadAuditRules((RULE,)).path, LoadAuditRules((RULE,)).path, ABSENT, LoadAuditRules((RULE,)), (RULE,))
ACCOUNT = StagedAct("/etc/passwd", "/etc/passwd", ABSENT, CreateAccount("wbnobody"), ("wbnobody",))


class Root:
    """Root's files as digests, and what was run on them."""

    def __init__(self, files: dict[str, str], rules: tuple[str, ...] = ()) -> None:
        self.files, self.rules = files, list(rules)
        self.ran: list[tuple[str, ...]] = []

    def once(self, vector: tuple[str, ...], content: bytes) -> Output:
        """Carry a command out on them."""
        self.ran.append(vector)
        name, words = vector[0].rpartition("/")[2], [each for each in vector[1:] if not each.startswith("--")]
        out = ""
        if name == "sha256sum":
            out = "".join(f"{self.files[each]}  {each}\n" for each in words if each in self.files)
        elif name in ("cp", "ln"):
            self.files[words[-1]] = self.files[words[-2]]
        elif name == "mv":
            self.files[words[-1]] = self.files.pop(words[-2])
        elif name == "rm":
            for each in words:
                self.files.pop(each, None)
        elif name == "auditctl" and words == ["-l"]:
            out = "\n".join(self.rules)
        elif name == "auditctl":
            self.rules = [LISTED] if vector[1] == "-a" else []
        return Output(0, out, "")


def _kept(operation: StagedRoot | StagedRootFile) -> str:
    return root_commands.backup_of(operation)


CASES: dict[str, tuple[Staged, dict[str, str], tuple[str, ...]]] = {
    "a policy file with the new bytes": (POLICY, {FILE: NEW, _kept(POLICY): OLD}, ()),
    "a policy file as it was": (POLICY, {FILE: OLD}, ()),
    "a policy file of somebody else": (POLICY, {FILE: THEIRS, _kept(POLICY): OLD}, ()),
    "a policy file without its backup": (POLICY, {FILE: NEW}, ()),
    "a drop-in that was made": (COMES, {COMES.real: NEW}, ()),
    "a drop-in that was not": (COMES, {}, ()),
    "a drop-in of somebody else": (COMES, {COMES.real: THEIRS}, ()),
    "a unit with the new bytes": (CHANGES, {UNIT: NEW, _kept(CHANGES): OLD}, ()),
    "a unit as it was, begun": (CHANGES, {UNIT: OLD, _kept(CHANGES): OLD}, ()),
    "a unit as it was, never begun": (CHANGES, {UNIT: OLD}, ()),
    "a unit without its backup": (CHANGES, {UNIT: NEW}, ()),
    "a drop-in that an undo took": (GOES, {_kept(GOES): NEW}, ()),
    "a drop-in that an undo left": (GOES, {GOES.real: NEW, _kept(GOES): NEW}, ()),
    "rules that were loaded": (RULES, {}, (LISTED,)),
    "rules that were not": (RULES, {}, ()),
    "rules that an undo deleted": (replace(RULES, comes=False), {}, ()),
    "an account that is not there": (ACCOUNT, {}, ()),
}


@pytest.mark.parametrize("case", sorted(CASES))
def test_g2_every_command_of_roots_is_shown_before_it_runs(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    operation, files, rules = CASES[case]
    monkeypatch.setattr("workbench.repair.unit_files.unit_health.require_up", lambda *_: None)
    system = Root(dict(files), rules)
    monkeypatch.setattr(root_commands, "_once", system.once)
    staged = root_commands.staged_name(operation) if isinstance(operation, StagedRoot | StagedRootFile) else ""
    intent = Intent(0, staged)
    notes: list[str] = []
    assert isinstance(operation, StagedRoot | StagedRootFile | StagedAct)
    shown = root_recovering.change(operation, [intent], notes)
    looked = set(system.ran)
    assert all(vector[0].rpartition("/")[2] in ("sha256sum", "true", "auditctl") for vector in looked), "it only looks"
    assert system.files == files and tuple(system.rules) == rules
    system.ran.clear()
    again: list[Intent] = []
    rooted.require_root((operation,))
    if isinstance(operation, StagedRootFile):
        root_commands.run(root_commands.digests(operation.real))
    root_acts.require_root((operation,))
    operations.clear_away(operation, intent)
    try:
        operations.put_back(0, operation, bytes, again.append, lambda _: None)
    except Refused:
        assert notes, "what stays as it is was said"
    for each in again:
        operations.clear_away(operation, each)
    assert [root_commands.as_run(vector) for vector in system.ran] == list(shown.commands)


def test_g15_a_unit_of_which_root_kept_nothing_is_not_restarted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only a repair that was begun has a copy of root's: a journal that somebody made up has none."""
    system = Root({UNIT: OLD})
    monkeypatch.setattr(root_commands, "_once", system.once)
    assert not operations.put_back(0, CHANGES, bytes, lambda _: None, lambda _: None)
    assert not any("systemctl" in vector[0] for vector in system.ran)


# The command.


def place(home: Path) -> Path:
    return home / ".local" / "state" / "workbench"


def test_recover_says_what_it_does_first_and_does_it_without_a_terminal(
    workbench: Command, config: Path, home: Path
) -> None:
    name = interrupted(place(home), mode(config))
    done = workbench("recover")
    assert done.status == 0 and f"{name}  recovered" in done.out
    assert str(config) in done.err and "from 0600 to 0666" in done.err and "[y/N]" not in done.err
    assert workbench("recover").err == "no repair was interrupted\n"


@contextmanager
def terminal(monkeypatch: pytest.MonkeyPatch, answer: bytes) -> Iterator[None]:
    main, other = pty.openpty()
    try:
        with open(other, closefd=False) as typed:
            monkeypatch.setattr(sys, "stdin", typed)
            monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
            typing = threading.Timer(0.2, lambda: os.write(main, answer))
            typing.start()
            yield
            typing.join()
    finally:
        os.close(main)
        os.close(other)


@pytest.mark.parametrize(("answer", "status", "bits"), [(b"y\n", 0, 0o666), (b"n\n", 5, 0o600), (b"\n", 5, 0o600)])
def test_on_a_terminal_it_asks(
    answer: bytes, status: int, bits: int, workbench: Command, config: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupted(place(home), mode(config))
    with terminal(monkeypatch, answer):
        done = workbench("recover")
    assert done.status == status and "Recover it? [y/N]" in done.err
    assert done.err.index("from 0600 to 0666") < done.err.index("[y/N]")
    assert config.stat().st_mode & 0o777 == bits
    left = [run["state"] for run in json.loads(workbench("history", "--json").out)["runs"]]
    assert left == (["recovered"] if status == 0 else ["started"])


def test_agreed_to_beforehand_it_does_not_ask(
    workbench: Command, config: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupted(place(home), mode(config))
    with terminal(monkeypatch, b""):
        done = workbench("recover", "--yes")
    assert done.status == 0 and "[y/N]" not in done.err and "from 0600 to 0666" in done.err


def test_a_journal_that_somebody_made_up_is_shown_with_its_commands(
    workbench: Command, config: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says that audit rules were loaded which were not by us: whoever agrees has seen which are to be deleted."""
    name = interrupted(place(home), mode(config))
    journal = place(home) / "runs" / name / "journal.jsonl"
    lines = [json.loads(line) for line in journal.read_text().splitlines()]
    lines[0]["run"]["operations"] = [json.loads(json.dumps(asdict(RULES)))]
    journal.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    system = Root({}, (LISTED,))
    monkeypatch.setattr(root_commands, "_once", system.once)
    with terminal(monkeypatch, b"n\n"):
        done = workbench("recover")
    asked: Any = done.err.partition("Recover it?")
    assert done.status == 5 and asked[1]
    delete = root_commands.as_run((root_commands.program("auditctl"), "-d", *shlex.split(RULE)[1:]))
    assert shlex.join(delete) in asked[0]
    assert system.rules == [LISTED]
