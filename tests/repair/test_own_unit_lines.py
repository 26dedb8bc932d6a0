"""Lines of a unit of the account's own are restored as a transaction: told to its manager, or everything as it was."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.repair.support import prepared, refusal, tree
from tests.repair.test_crash import _STRIDE, _killed, _lines
from workbench.host.privileged import Vector
from workbench.model.operations import RepairOwnUnit, Restart, UnitLine
from workbench.model.run import Run, RunState
from workbench.repair import own_units, unit_health, unit_proof
from workbench.repair.history import history
from workbench.repair.lasting import lasting
from workbench.repair.paths import Refused
from workbench.repair.prepare import Prepared
from workbench.repair.recovering import recover, recovering
from workbench.repair.staged import StagedWrite, moves_secrets
from workbench.repair.transaction import apply
from workbench.repair.undo import undo
from workbench.report.script.forms import step

NAME = "mcp-files.service"
TEXT = b"[Service]\r\nExecStart=/usr/bin/mcp\nProtectHome=true # none\nEnvironment=API_KEY=sk-ant-api03-abcdefgh\n"
RESTORED = TEXT.replace(b"ProtectHome=true # none\n", b"# none\nProtectHome=true\n")
RESTART = Restart(NAME, seconds=0, manager="user")


class Manager:
    """Stands in for the account's own systemd: what it was asked, whether it runs, how the unit does."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, ...]] = []
        self.runs = True
        self.state = "active"
        self.fails_with: Callable[[], bool] = lambda: False

    def run_all(self, vectors: list[Vector], _: object) -> None:
        self.asked += [tuple(vector) for vector in vectors]

    def show(self, _: Restart) -> dict[str, str]:
        return {"ActiveState": "failed" if self.fails_with() else self.state, "MainPID": "7"}


@pytest.fixture
def manager(monkeypatch: pytest.MonkeyPatch) -> Manager:
    made = Manager()
    monkeypatch.setattr(own_units, "_manager_runs", lambda: made.runs)
    monkeypatch.setattr(own_units, "_control", lambda *words: words)
    monkeypatch.setattr(own_units, "_run_all", made.run_all)
    monkeypatch.setattr(unit_health, "_state", made.show)
    monkeypatch.setattr(unit_proof, "proven", lambda *_: "systemd takes it")
    return made


class Bench:
    """A home with a unit of which a line is lost."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.home, self.state = folder / "home", folder / "state"
        units = self.home / ".config/systemd/user"
        units.mkdir(mode=0o700, parents=True)
        self.home.chmod(0o700)
        monkeypatch.setenv("HOME", str(self.home))
        self.file = units / NAME
        self.file.write_bytes(TEXT)
        self.file.chmod(0o640)
        self.before = tree(self.home)

    def wanted(self, restart: Restart | None = RESTART, **more: Any) -> RepairOwnUnit:
        said = {"path": str(self.file), "lines": (UnitLine(3, "ProtectHome", "true"),), "unit": NAME, **more}
        return RepairOwnUnit(restarts=restart, **said)

    def apply(self, answer: str = "", restart: Restart | None = RESTART) -> Run:
        return apply(prepared(self.wanted(restart)), self.state, lambda: answer)

    def undo(self) -> Run:
        return undo(self.state, history(self.state)[0].identity)


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    return Bench(tmp_path, monkeypatch)


def test_the_line_is_restored_and_comes_back_byte_for_byte(bench: Bench, manager: Manager) -> None:
    made = prepared(bench.wanted())
    (change,) = made.changes
    assert "+ProtectHome=true" in change.diff and "sk-ant" not in change.diff
    assert "daemon-reload; try-restart -- mcp-files.service" in change.words and "rolled back" in change.words
    assert isinstance(made.operations[0], StagedWrite) and not moves_secrets(made.operations)
    assert manager.asked == [], "to look at it runs nothing"

    run = apply(made, bench.state, lambda: "")
    assert run.state is RunState.APPLIED, run.message
    assert bench.file.read_bytes() == RESTORED
    assert manager.asked == [("daemon-reload",), ("try-restart", "--", NAME)]

    manager.asked.clear()
    assert bench.undo().state is RunState.UNDONE
    assert tree(bench.home) == bench.before
    assert manager.asked == [("daemon-reload",), ("try-restart", "--", NAME)]
    assert bench.undo().state is RunState.UNDONE, "done again"
    assert bench.file.read_bytes() == RESTORED


def test_g13_a_second_time_there_is_nothing_to_do(bench: Bench, manager: Manager) -> None:
    assert bench.apply().state is RunState.APPLIED
    assert refusal(bench.wanted()).reason


def test_without_a_restart_the_manager_reads_it_and_nothing_is_restarted(bench: Bench, manager: Manager) -> None:
    assert bench.apply(restart=None).state is RunState.APPLIED
    assert manager.asked == [("daemon-reload",)]


@pytest.mark.parametrize("why", ["the check", "the unit"])
def test_g9_where_it_does_not_help_or_the_unit_ends_all_goes_back(why: str, bench: Bench, manager: Manager) -> None:
    if why == "the unit":
        manager.fails_with = lambda: bench.file.read_bytes() != TEXT
    run = bench.apply("it did not help" if why == "the check" else "")
    assert run.state is RunState.ROLLED_BACK, run.message
    assert tree(bench.home) == bench.before
    assert manager.asked[-3:] == [("daemon-reload",), ("reset-failed", "--", NAME), ("restart", "--", NAME)]


def test_a_unit_that_ended_meanwhile_is_not_touched(bench: Bench, manager: Manager) -> None:
    made = prepared(bench.wanted())
    manager.state = "inactive"
    run = apply(made, bench.state, lambda: "")
    assert run.state is RunState.REFUSED and "does not run any more" in run.message
    assert tree(bench.home) == bench.before and manager.asked == []


def test_where_the_manager_rests_nothing_is_run(bench: Bench, manager: Manager) -> None:
    manager.runs = False
    assert "does not run" in refusal(bench.wanted()).reason, "nothing could be restarted"
    made = prepared(bench.wanted(None))
    assert "reads this when it starts" in made.changes[0].words
    assert apply(made, bench.state, lambda: "").state is RunState.APPLIED
    assert bench.undo().state is RunState.UNDONE
    assert tree(bench.home) == bench.before and manager.asked == []


def test_an_undo_needs_no_manager(bench: Bench, manager: Manager) -> None:
    assert bench.apply().state is RunState.APPLIED
    manager.runs, manager.state = False, ""
    assert bench.undo().state is RunState.UNDONE
    assert tree(bench.home) == bench.before


def test_a_manager_that_ended_meanwhile_is_no_proof(bench: Bench, manager: Manager) -> None:
    made = prepared(bench.wanted())

    def ends() -> bool:
        manager.runs = False
        return False

    manager.fails_with = ends
    run = apply(made, bench.state, lambda: "")
    assert run.state is RunState.ROLLED_BACK, run.message
    assert tree(bench.home) == bench.before


def test_an_undo_does_not_start_what_rests(bench: Bench, manager: Manager) -> None:
    assert bench.apply().state is RunState.APPLIED
    manager.state, manager.asked = "inactive", []
    assert bench.undo().state is RunState.UNDONE
    assert manager.asked == [("daemon-reload",), ("try-restart", "--", NAME)]


def test_g12_what_was_written_since_is_kept(bench: Bench, manager: Manager) -> None:
    assert bench.apply().state is RunState.APPLIED
    written = RESTORED.replace(b"[Service]", b"[Unit]\r\n[Service]") + b"UMask=0077\n"
    bench.file.write_bytes(written)
    assert lasting(bench.state) == (), "the restored line still stands"
    assert bench.undo().state is RunState.UNDONE
    assert bench.file.read_bytes() == TEXT.replace(b"[Service]", b"[Unit]\r\n[Service]") + b"UMask=0077\n"
    assert bench.undo().state is RunState.UNDONE, "done again"
    assert bench.file.read_bytes() == written


@pytest.mark.parametrize(
    "since", [RESTORED.replace(b"ProtectHome=true", b"ProtectHome=no"), RESTORED + b"# none\nProtectHome=true\n"]
)
def test_g12_a_restored_line_that_was_changed_since_is_left(since: bytes, bench: Bench, manager: Manager) -> None:
    assert bench.apply().state is RunState.APPLIED
    bench.file.write_bytes(since)
    told = bench.undo()
    assert told.state is RunState.REFUSED and "changed" in told.message
    assert bench.file.read_bytes() == since
    assert bool(lasting(bench.state)) is (b"ProtectHome=no" in since)


def test_what_is_no_file_of_such_a_unit_is_refused(
    bench: Bench, manager: Manager, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = bench.home / "x.service"
    elsewhere.write_bytes(TEXT)
    assert "own folder of units" in refusal(bench.wanted(path=str(elsewhere))).reason
    assert "own folder of units" in refusal(bench.wanted(unit="other.service")).reason
    for restart in (Restart("other.service", manager="user"), Restart(NAME)):
        assert "another unit" in refusal(bench.wanted(restart)).reason
    bench.file.unlink()
    bench.file.symlink_to(elsewhere)
    assert "is a link to" in refusal(bench.wanted()).reason and elsewhere.read_bytes() == TEXT
    bench.file.unlink()
    bench.file.hardlink_to(elsewhere)
    assert "hard links" in refusal(bench.wanted()).reason
    bench.file.unlink()
    assert "not exist" in refusal(bench.wanted()).reason
    bench.file.write_bytes(TEXT.replace(b"ProtectHome", b"ProtectClock"))
    assert "ProtectHome any more" in refusal(bench.wanted()).reason

    def drops(*_: object) -> str:
        raise Refused("systemd would not take all of the new file (line 4)")

    bench.file.write_bytes(TEXT)
    monkeypatch.setattr(unit_proof, "proven", drops)
    assert "line 4" in refusal(bench.wanted()).reason


@pytest.mark.parametrize("doing", ["apply", "apply that does not help", "undo"])
def test_g10_killed_at_any_line(doing: str, tmp_path: Path, manager: Manager, monkeypatch: pytest.MonkeyPatch) -> None:
    def begun(folder: str) -> tuple[Bench, Callable[[], Run]]:
        bench = Bench(tmp_path / folder, monkeypatch)
        if doing == "undo":
            assert bench.apply().state is RunState.APPLIED
            return bench, bench.undo
        made: Prepared = prepared(bench.wanted())
        answer = "it did not help" if doing.endswith("help") else ""
        return bench, lambda: apply(made, bench.state, lambda: answer)

    begun("warming")[1]()
    lines = _lines(begun("rehearsal")[1])
    for at_line in range(1, lines + 1, _STRIDE):
        bench, work = begun(str(at_line))
        before = bench.file.read_bytes()
        assert _killed(work, at_line), at_line
        manager.asked.clear()
        there = bench.file.read_bytes()
        assert there in (TEXT, RESTORED), (at_line, "never half of one and half of the other")
        found = recovering(bench.state)
        assert isinstance(found, tuple)
        recovered = recover(bench.state, agreed=found)
        shown = " ".join(change.words for each in found for change in each.changes)
        assert all(shlex.join(vector) in shown for vector in manager.asked), (at_line, shown, manager.asked)
        assert all(run.state is RunState.RECOVERED for run in recovered), (at_line, recovered)
        told = history(bench.state)
        finished = told and told[0].state in (RunState.APPLIED, RunState.UNDONE) and not recovered
        assert bench.file.read_bytes() == (there if finished else before), at_line
        assert sorted(each.name for each in bench.file.parent.iterdir()) == [NAME], at_line
        if recovered and there != before:
            assert manager.asked[0] == ("daemon-reload",), (at_line, "its manager may have read the other one")
        assert recover(bench.state) == ()


def test_no_script_is_made_of_it(bench: Bench, manager: Manager) -> None:
    made = prepared(bench.wanted())
    with pytest.raises(Refused, match="comes up again"):
        step(0, made.operations[0], made.contents[0])
