"""The process of root's that brings its files back: its very commands, run by this account on files of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.repair.support import plan, records
from workbench.host.command import Output
from workbench.host.privileged import Vector
from workbench.model.operations import EditRootFile
from workbench.model.run import Change, RunState
from workbench.repair import arming, root_commands, root_timer, root_waiting
from workbench.repair.arming import arm
from workbench.repair.confirming import confirm, revert_overdue, waiting
from workbench.repair.fingerprint import Fingerprint
from workbench.repair.folder import locked
from workbench.repair.history import history
from workbench.repair.journal import Writer, begin, new_identity
from workbench.repair.lasting import lasting
from workbench.repair.paths import Refused
from workbench.repair.publish import sha256
from workbench.repair.staged import StagedMode, StagedRoot
from workbench.repair.undo import undo
from workbench.repair.watched import WATCHED

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="repairs are made on Linux only")
OLD, NEW = b"bob ALL=(ALL) NOPASSWD: ALL\n", b"bob ALL=(ALL) ALL\n"
LONG = 3600


class Desk:
    """A file of root's that was changed, its backup, and what is asked of root."""

    def __init__(self, folder: Path) -> None:
        self.state, self.run = folder / "state", folder / "run"
        self.file, self.backups = folder / "sudoers.d" / "wb", folder / "backups"
        for each in (self.run, self.file.parent, self.backups):
            each.mkdir()
        self.file.write_bytes(NEW)
        self.asked: list[str] = []
        self.denied = False

    @property
    def operation(self) -> StagedRoot:
        edit = EditRootFile(str(self.file), "sudoers", 1, (OLD.decode().strip(),), (NEW.decode().strip(),), (), ())
        before = Fingerprint("file", 1, 2, 0o440, 0, 0, 1, len(OLD), 3, sha256(OLD))
        return StagedRoot(str(self.file), str(self.file), before, sha256(NEW), edit)

    def applied(self, seconds: int = LONG) -> str:
        """A run that was applied and waits to be confirmed: its identity."""
        kept = Path(root_commands.backup_of(self.operation))
        kept.write_bytes(OLD)
        wanted = replace(plan(self.operation.edit), confirm=seconds)
        with locked(self.state) as real:
            writer = begin(real, new_identity(), wanted, (Change(str(self.file), "x"),), (self.operation,), "")
            self.why = arm(writer)
            writer.note("verified")
            writer.note("ended", at="2026-01-01", state="applied", message="applied")
        return writer.planned.identity

    def over(self, run: str) -> None:
        """Let the deadline have passed."""
        writer = Writer(self.state / "runs" / run, None)  # type: ignore[arg-type]
        writer.note("confirm-by", by=time.time() - 1, boot="", running=0.5)

    def stop(self) -> None:
        """End the timers, as a restart of the machine does: nothing of them is left."""
        for file in self.run.iterdir():
            file.unlink()
        eventually(lambda: not self.processes())

    def processes(self) -> list[int]:
        """The timers that wait."""
        found = subprocess.run(["pgrep", "-f", f"{self.run}/workbench-"], capture_output=True, text=True, check=False)
        return [int(word) for word in found.stdout.split()]

    def answer(self, vector: Vector, content: bytes) -> Output:
        """What root's command answers."""
        self.asked.append(os.path.basename(vector[0]))
        if self.denied:
            return Output(1, "", "sudo: a password is required")
        # A shell cannot heed what was ignored when it began, as the tests' own terminal going away may be.
        heeding = ("env", "--default-signal=HUP", *vector)
        done = subprocess.run(heeding, input=content, capture_output=True, check=False, timeout=10)
        return Output(done.returncode, done.stdout.decode(), done.stderr.decode())


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    if not shutil.which("pgrep") or not shutil.which("flock") or not shutil.which("setsid"):
        pytest.skip("pgrep, flock or setsid is not installed")
    made = Desk(tmp_path)
    monkeypatch.setattr(root_commands, "POLICY", str(tmp_path / "sudoers"))
    monkeypatch.setattr(root_commands, "BACKUPS", str(made.backups))
    monkeypatch.setattr(root_commands, "_once", made.answer)
    monkeypatch.setattr(root_commands, "_is_denied", lambda answer: answer.err.startswith("sudo:"))
    monkeypatch.setattr(root_timer, "RUN", str(made.run))
    monkeypatch.setattr(root_timer, "_OWNER", os.geteuid())
    monkeypatch.setattr(root_timer, "_SYSTEMD", tmp_path / "none")
    for module in (root_timer, arming):
        monkeypatch.setattr(module, "is_roots_own", lambda _: True)
    monkeypatch.setattr(
        root_timer, "covers", lambda operations: any(isinstance(each, StagedRoot) for each in operations)
    )
    monkeypatch.setattr(root_waiting, "_AT_WORK", 0.5)
    yield made
    made.stop()


def eventually(happened: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not happened():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


def timer(desk: Desk) -> str:
    return root_timer.state_of([desk.operation])


def test_what_nobody_confirms_is_brought_back_and_nobody_is_asked(desk: Desk) -> None:
    run = desk.applied(1)
    assert desk.why == "" and timer(desk) == "armed"
    desk.denied = True
    desk.asked.clear()
    eventually(lambda: timer(desk) == "undone")
    assert desk.file.read_bytes() == OLD and not desk.processes()
    (told,) = history(desk.state)
    assert told.state is RunState.UNDONE, told.message
    assert "undone by root's timer" in told.message and told.ended_at
    assert waiting(desk.state) == () and revert_overdue(desk.state) == ()
    assert "reverted" in records(desk.state, run) and not (desk.state / "runs" / run / WATCHED).exists()
    desk.stop()  # a restart takes what the timer left, and the journal has it
    assert history(desk.state)[0].state is RunState.UNDONE
    refused = undo(desk.state, run)
    assert refused.state is RunState.REFUSED and "undone already, by root's timer" in refused.message
    assert confirm(desk.state, run).state is RunState.REFUSED
    assert desk.asked == []


def test_what_is_confirmed_stays(desk: Desk) -> None:
    run = desk.applied()
    kept = confirm(desk.state, run)
    assert kept.state is RunState.APPLIED and kept.message.endswith("confirmed")
    eventually(lambda: not desk.processes())
    assert desk.file.read_bytes() == NEW and timer(desk) == ""


def test_where_sudo_refuses_it_is_not_confirmed_and_the_timer_goes_on(desk: Desk) -> None:
    run = desk.applied(3)
    desk.denied = True
    refused = confirm(desk.state, run)
    assert refused.state is RunState.REFUSED and "it was not confirmed, and is undone by itself" in refused.message
    eventually(lambda: desk.file.read_bytes() == OLD)
    eventually(lambda: history(desk.state)[0].state is RunState.UNDONE)


def test_of_confirming_and_undoing_exactly_one_happens(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workbench.repair.confirming.seconds_left", lambda entry: 1.0)
    seen = set()
    for turn in range(6):
        desk.file.write_bytes(NEW)
        run = desk.applied(0 if turn % 2 else 1)
        if not turn % 2:
            with open("/proc/uptime") as file:
                up = float(file.read().split()[0])
            time.sleep(max(0.0, 1.95 - up % 1) + turn * 0.02)
        kept = confirm(desk.state, run) if records(desk.state, run).count("confirm-by") else None
        eventually(lambda: not desk.processes())
        if kept is None:
            continue
        confirmed = kept.state is RunState.APPLIED
        seen.add(confirmed)
        assert (desk.file.read_bytes() == NEW) is confirmed, kept.message
        assert (timer(desk) == "undone") is not confirmed
        shutil.rmtree(desk.state)
        desk.stop()
    assert seen


def test_an_undo_cancels_the_timer(desk: Desk) -> None:
    desk.applied()
    assert root_timer.tidy([desk.operation]) == ""
    eventually(lambda: not desk.processes())
    assert timer(desk) == "" and desk.file.read_bytes() == NEW
    assert root_timer.tidy([desk.operation]) == "" and desk.asked[-1] == "rm"


def test_after_a_restart_it_is_said_loudly_where_sudo_does_not_agree(desk: Desk) -> None:
    run = desk.applied()
    desk.stop()
    (said,) = revert_overdue(desk.state)
    assert (
        said.identity == run and f"workbench confirm {run}" in said.message and f"workbench undo {run}" in said.message
    )
    desk.over(run)
    desk.denied = True
    for _ in range(2):
        (said,) = revert_overdue(desk.state)
        assert said.state is RunState.REFUSED and said.identity == run
        assert "THE REPAIR STANDS" in said.message and f"workbench undo {run}" in said.message
    assert "not-reverted" not in records(desk.state, run), "it is tried again at the next start"


def test_after_a_restart_it_can_be_confirmed_where_sudo_agrees(desk: Desk) -> None:
    run = desk.applied()
    desk.stop()
    desk.denied = True
    refused = confirm(desk.state, run)
    assert refused.state is RunState.REFUSED and "by itself" not in refused.message
    desk.denied = False
    assert confirm(desk.state, run).state is RunState.APPLIED


@pytest.mark.parametrize("number", [15, 1])
def test_told_to_end_it_undoes_at_once(desk: Desk, number: int) -> None:
    desk.applied()
    os.kill(desk.processes()[0], number)
    eventually(lambda: timer(desk) == "undone")
    assert desk.file.read_bytes() == OLD


def test_killed_it_is_not_taken_for_one_that_waits(desk: Desk) -> None:
    desk.applied()
    os.kill(desk.processes()[0], 9)
    eventually(lambda: timer(desk) == "stopped")


@pytest.mark.parametrize("spoilt", ["file", "backup"])
def test_nothing_is_put_over_what_somebody_wrote_or_from_what_was_not_kept(desk: Desk, spoilt: str) -> None:
    other = b"# by hand\n"
    desk.applied(1)
    (desk.file if spoilt == "file" else Path(root_commands.backup_of(desk.operation))).write_bytes(other)
    eventually(lambda: not desk.processes())
    assert timer(desk) == "stopped"
    assert desk.file.read_bytes() == (other if spoilt == "file" else NEW)


def test_what_is_as_it_was_needs_nothing(desk: Desk) -> None:
    desk.applied(1)
    desk.file.write_bytes(OLD)
    eventually(lambda: timer(desk) == "undone")
    assert [file.name for file in desk.file.parent.iterdir()] == ["wb"]


def test_a_second_one_for_the_same_files_waits_while_none_else_does(desk: Desk) -> None:
    desk.applied()
    first = desk.processes()
    desk.applied()
    eventually(lambda: desk.processes() == first)  # the other finds the files guarded, and the first is left alone
    root_timer.tidy([desk.operation])
    desk.file.write_bytes(NEW)
    run = desk.applied(1)
    eventually(lambda: timer(desk) == "undone")
    desk.file.write_bytes(NEW)
    desk.applied()
    assert "reverted" in records(desk.state, run), "what an earlier one left was noted before it was taken away"
    assert timer(desk) == "armed" and history(desk.state)[0].state is RunState.APPLIED


def test_one_that_does_not_start_is_no_timer(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arming, "_ROOTS_START", 0.3)
    monkeypatch.setattr(root_timer, "_SCRIPT", "exit 0")
    desk.applied()
    assert "did not start" in desk.why
    desk.denied = True
    desk.applied()
    assert "sudo" in desk.why
    monkeypatch.setattr(root_timer, "is_roots_own", lambda _: False)
    desk.applied()
    assert "is not root's alone" in desk.why


def test_a_file_that_is_not_roots_is_no_word_of_its(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    run = desk.applied()
    root_timer.tidy([desk.operation])
    Path(root_timer.armed_file(desk.operation).replace(".armed", ".undone")).touch()
    monkeypatch.setattr(root_timer, "_OWNER", os.geteuid() + 1)
    assert (
        timer(desk) == ""
        and history(desk.state)[0].state is RunState.APPLIED
        and history(desk.state)[0].identity == run
    )


def test_every_command_is_shown_beforehand(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(root_commands, "as_run", lambda vector: ("/usr/bin/sudo", "-n", "--", *vector))
    before = Change("x", "change it", commands=(("first",), ("last",)))
    (change,) = root_timer.shown((before,), (desk.operation,), 120)
    first, starting, last = change.commands
    assert (first, last) == (("first",), ("last",))
    assert starting[:6] == ("/usr/bin/sudo", "-n", "--", root_commands.program("setsid"), "--fork", "/usr/bin/sh")
    assert starting[3:] == root_timer.arming((desk.operation,), 120) and not any("\n" in word for word in starting)
    assert f"that runs: /usr/bin/sudo -n -- /usr/bin/rm -- {root_timer.armed_file(desk.operation)}" in change.words
    assert root_timer.shown((before,), (desk.operation,), 0) == (before,)
    monkeypatch.setattr(root_timer, "_SYSTEMD", tmp_path)
    starting = root_timer.arming((desk.operation,), 120)
    token = root_commands.token(desk.operation)
    assert starting[1:4] == ("--quiet", "--collect", "--property=KillMode=mixed")
    assert starting[4:6] == (f"--unit=workbench-revert-{token}", "--")
    assert not any("${" in word or "$$" in word for word in starting), "systemd would take these for its own"


def test_what_no_one_process_could_undo_is_refused(desk: Desk) -> None:
    before = Fingerprint("file", 1, 9, 0o644, 1000, 1000, 1, 1, 1)
    other = StagedMode("/home/a/file", "/home/a/file", before, 0o600)
    with pytest.raises(Refused, match="no one process could undo both"):
        root_timer.shown((Change("x", "x"), Change("y", "y")), (desk.operation, other), 60)


def test_whether_a_repair_lasts_is_never_asked_of_sudo(desk: Desk) -> None:
    desk.applied()
    desk.asked.clear()
    desk.denied = True
    (lost,) = lasting(desk.state)
    assert not desk.asked
    assert not lost.seen and lost.why == f"{desk.file} is root's, and sudo is not run for that"
