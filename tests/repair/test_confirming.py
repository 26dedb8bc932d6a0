"""What nobody confirms in time is undone by itself, whatever becomes of the workbench that applied it."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.repair.support import edit, mode, plan, prepared, records, tree, values, written
from workbench.model.operations import Operation
from workbench.model.plan import Plan
from workbench.model.run import Run, RunState
from workbench.repair import arming
from workbench.repair.confirming import confirm, revert, revert_overdue, waiting
from workbench.repair.deadline import is_watched
from workbench.repair.history import history
from workbench.repair.prepare import Prepared, prepare
from workbench.repair.recovering import recover
from workbench.repair.transaction import apply
from workbench.repair.undo import undo
from workbench.repair.watched import WATCHED

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="repairs are made on Linux only")
LONG = 3600
SOON = 30.0
"""Seconds that something which takes a moment may take on a machine with other things to do."""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir(mode=0o700)
    return folder


@pytest.fixture
def state(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "state"
    yield folder
    for watched in folder.glob(f"runs/*/{WATCHED}"):
        watched.unlink()  # whoever waits for it ends


@pytest.fixture
def nobody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """As after a restart of the machine: the file is there, and no process."""

    def start(writer: Any) -> str:
        (writer.folder / WATCHED).touch(0o600)
        return ""

    monkeypatch.setattr(arming, "start_process", start)


def to_confirm(seconds: int, *operations: Operation) -> Prepared:
    made = prepare(replace(plan(*operations), confirm=seconds))
    assert isinstance(made, Prepared), made
    return made


def risky(state: Path, home: Path, seconds: int = LONG) -> Run:
    return apply(to_confirm(seconds, edit(written(home))), state, lambda: "")


def eventually(happened: Callable[[], bool]) -> None:
    until = time.monotonic() + SOON
    while not happened():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.05)


def told(state: Path, run: Run) -> Run:
    return next(each for each in history(state) if each.identity == run.identity)


def rewrite_deadline(state: Path, run: Run, **fields: Any) -> None:
    journal = state / "runs" / run.identity / "journal.jsonl"
    lines = []
    for line in journal.read_text().splitlines():
        record = json.loads(line)
        if record["record"] == "confirm-by":
            record |= fields
            record = {name: value for name, value in record.items() if value is not None}
        lines.append(json.dumps(record) + "\n")
    journal.write_text("".join(lines))


def over(state: Path, run: Run) -> None:
    rewrite_deadline(state, run, by=time.time() - 1, running=0.5)


def test_it_is_undone_when_nobody_confirms_it(home: Path, state: Path) -> None:
    file = written(home)
    before = tree(home)
    run = apply(to_confirm(1, edit(file)), state, lambda: "")
    assert run.state is RunState.APPLIED and run.confirm_by
    assert f"workbench confirm {run.identity}" in run.message
    assert tree(home) != before
    eventually(lambda: not (state / "runs" / run.identity / WATCHED).exists())
    assert tree(home) == before
    assert told(state, run).state is RunState.UNDONE
    assert "nobody confirmed it in time" in told(state, run).message
    assert waiting(state) == ()


def test_what_is_confirmed_stays_and_nothing_waits_any_more(home: Path, state: Path) -> None:
    run = risky(state, home)
    folder = state / "runs" / run.identity
    assert is_watched(folder)
    ((same, left),) = waiting(state)
    assert same == run and LONG - SOON < left <= LONG
    kept = confirm(state, run.identity[:20])
    assert kept.state is RunState.APPLIED and kept.message.endswith("; confirmed") and not kept.confirm_by
    assert waiting(state) == () and not (folder / WATCHED).exists()
    assert revert(state, run.identity) is None
    again = confirm(state, run.identity)
    assert again.state is RunState.REFUSED and "confirmed already" in again.message
    assert undo(state, run.identity).state is RunState.UNDONE
    assert "undone" in confirm(state, run.identity).message


def test_a_plan_that_needs_none_starts_nothing(home: Path, state: Path) -> None:
    run = apply(prepared(edit(written(home))), state, lambda: "")
    assert not (state / "runs" / run.identity / WATCHED).exists() and waiting(state) == ()
    assert "does not wait" in confirm(state, run.identity).message
    with pytest.raises(LookupError):
        confirm(state, "2026-nothing")


def test_without_what_would_undo_it_nothing_stays(home: Path, state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = written(home)
    before = tree(home)
    monkeypatch.setattr(sys, "executable", "/nonexistent/python")
    run = apply(to_confirm(LONG, edit(file)), state, lambda: "")
    assert run.state is RunState.ROLLED_BACK and "could not be started" in run.message
    assert tree(home) == before
    monkeypatch.setattr(sys, "executable", "/bin/true")
    assert "ended at once" in apply(to_confirm(LONG, edit(file)), state, lambda: "").message
    assert tree(home) == before


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGINT, signal.SIGKILL])
def test_g14_it_is_undone_though_the_workbench_and_its_terminal_are_gone(
    number: signal.Signals, home: Path, state: Path
) -> None:
    file = written(home)
    before = tree(home)
    made = to_confirm(2, edit(file))
    child = os.fork()
    if child == 0:
        try:
            os.setsid()
            run = apply(made, state, lambda: "")
            assert run.state is RunState.APPLIED
            os.killpg(0, number)  # as a terminal that closes does to all that runs in it
            time.sleep(SOON)
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    assert history(state)[0].state in (RunState.APPLIED, RunState.UNDONE)
    eventually(lambda: tree(home) == before)
    eventually(lambda: history(state)[-1].state is RunState.UNDONE)


def test_the_lock_is_waited_for_at_the_deadline(home: Path, state: Path) -> None:
    run = risky(state, home, 1)
    with (state / "lock").open("r+b") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        time.sleep(2.5)
        assert told(state, run).state is RunState.APPLIED
    eventually(lambda: told(state, run).state is RunState.UNDONE)


@pytest.mark.usefixtures("nobody_waits")
def test_of_confirming_and_reverting_at_one_moment_exactly_one_happens(home: Path, state: Path) -> None:
    for turn in range(8):
        name = f"{turn}.json"
        file = written(home, name)
        before = file.read_bytes()
        run = apply(to_confirm(LONG, edit(file)), state, lambda: "")
        moment = time.clock_gettime(time.CLOCK_BOOTTIME) + 0.15
        rewrite_deadline(state, run, running=moment)
        reverted: list[Run | None] = []

        def at_the_deadline(run: Run = run, reverted: list[Run | None] = reverted, moment: float = moment) -> None:
            time.sleep(max(0.0, moment - time.clock_gettime(time.CLOCK_BOOTTIME)))
            reverted.append(revert(state, run.identity))

        thread = threading.Thread(target=at_the_deadline)
        thread.start()
        time.sleep(max(0.0, moment - time.clock_gettime(time.CLOCK_BOOTTIME) - 0.004 + turn * 0.001))
        kept = confirm(state, run.identity)
        thread.join()
        now = told(state, run)
        if kept.state is RunState.APPLIED:
            assert now.state is RunState.APPLIED and reverted == [None] and file.read_bytes() != before
        else:
            assert now.state is RunState.UNDONE and file.read_bytes() == before, (kept, now)
            assert "is over" in kept.message or "undone" in kept.message


@pytest.mark.usefixtures("nobody_waits")
def test_after_a_restart_the_next_start_undoes_what_is_overdue(home: Path, state: Path) -> None:
    file = written(home)
    before = tree(home)
    run = apply(to_confirm(LONG, edit(file)), state, lambda: "")
    rewrite_deadline(state, run, boot="another", by=time.time() - 1)
    assert [left for _, left in waiting(state)] == [0.0]
    late = confirm(state, run.identity)
    assert late.state is RunState.REFUSED and "time to confirm" in late.message
    assert revert_overdue(state, read_only=True) == () and tree(home) != before
    (done,) = revert_overdue(state)
    assert (done.identity, done.state) == (run.identity, RunState.UNDONE)
    assert tree(home) == before and revert_overdue(state) == ()


def test_after_a_restart_what_is_not_overdue_is_waited_for_again(home: Path, state: Path) -> None:
    run = risky(state, home)
    folder = state / "runs" / run.identity
    (folder / WATCHED).unlink()
    eventually(lambda: not _watchers(run))
    (folder / WATCHED).touch(0o600)
    assert not is_watched(folder)
    assert revert_overdue(state) == ()
    assert is_watched(folder)
    assert revert_overdue(state) == () and len(_watchers(run)) == 1, "one is enough"


def _watchers(run: Run) -> list[int]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if run.identity.encode() in (folder / "cmdline").read_bytes():
                found.append(int(folder.name))
        except OSError:
            continue
    return found


def test_who_waits_has_no_terminal_and_is_a_session_of_its_own(home: Path, state: Path) -> None:
    run = risky(state, home)
    (watcher,) = _watchers(run)
    fields = (Path("/proc") / str(watcher) / "stat").read_text().rpartition(")")[2].split()
    session, terminal = int(fields[3]), int(fields[4])
    assert session != os.getsid(0) and terminal == 0
    assert {os.readlink(f"/proc/{watcher}/fd/{number}") for number in (0, 1, 2)} == {"/dev/null"}
    maps = (Path("/proc") / str(watcher) / "maps").read_text()
    assert "textual" not in maps and os.readlink(f"/proc/{watcher}/cwd") == "/"
    os.kill(watcher, signal.SIGHUP)
    time.sleep(0.1)
    assert is_watched(state / "runs" / run.identity)


@pytest.mark.parametrize(
    "fields",
    [
        {"running": float("nan")},
        {"running": -5},
        {"running": 1e300},
        {"running": "soon"},
        {"running": None},
        {"running": True},
        {"running": 10**400},
        {"boot": "another", "by": float("inf")},
        {"boot": "another", "by": time.time() + 10 * 365 * 86400},
        {"boot": ["a"], "by": None},
    ],
)
@pytest.mark.usefixtures("nobody_waits")
def test_a_deadline_that_cannot_be_has_passed(fields: dict[str, Any], home: Path, state: Path) -> None:
    file = written(home)
    before = tree(home)
    run = apply(to_confirm(60, edit(file)), state, lambda: "")
    rewrite_deadline(state, run, **fields)
    assert [left for _, left in waiting(state)] == [0.0]
    assert history(state)[0].state is RunState.APPLIED
    assert confirm(state, run.identity).state is RunState.REFUSED
    (done,) = revert_overdue(state)
    assert done.state is RunState.UNDONE and tree(home) == before


@pytest.mark.parametrize("seconds", [-1, 86401, 10**9])
def test_a_time_to_confirm_that_cannot_be_is_refused(seconds: int, home: Path, state: Path) -> None:
    file = written(home)
    before = tree(home)
    run = apply(to_confirm(seconds, edit(file)), state, lambda: "")
    assert run.state is RunState.REFUSED and tree(home) == before and history(state) == ()


@pytest.mark.usefixtures("nobody_waits")
def test_what_cannot_be_undone_is_said_and_not_tried_for_ever(home: Path, state: Path) -> None:
    file = written(home)
    run = apply(to_confirm(60, edit(file)), state, lambda: "")
    file.write_bytes(b'{"mine": true}')
    over(state, run)
    (done,) = revert_overdue(state)
    assert done.state is RunState.REFUSED
    assert file.read_bytes() == b'{"mine": true}'
    assert "not-reverted" in records(state, run.identity)
    assert "NOBODY CONFIRMED IT" in told(state, run).message
    assert revert_overdue(state) == () and waiting(state) == ()


@pytest.mark.usefixtures("nobody_waits")
def test_doing_it_again_has_to_be_confirmed_again(home: Path, state: Path) -> None:
    run = risky(state, home)
    assert undo(state, run.identity).state is RunState.UNDONE
    assert waiting(state) == ()
    undoing = history(state)[0]
    assert undoing.plan.confirm == 0
    again = undo(state, undoing.identity)
    assert again.state is RunState.UNDONE
    assert [each.plan.title for each, _ in waiting(state)] == ["Redo: Repair it"]


@pytest.mark.usefixtures("nobody_waits")
def test_killed_at_any_line_of_a_revert_the_next_start_finishes_it(home: Path, state: Path) -> None:
    from tests.repair.test_crash import _STRIDE, _killed, _lines

    def overdue(folder: Path) -> tuple[Path, Path, dict[str, Any], Run]:
        place = folder / "home"
        place.mkdir(mode=0o700, parents=True)
        file, other = written(place), written(place, "other.json", mode=0o664)
        before = tree(place)
        run = apply(to_confirm(60, edit(file), *values(written(place, "third.json")), mode(other)), folder, lambda: "")
        before |= {"third.json": before["mcp.json"]}
        rewrite_deadline(folder, run, by=time.time() - 1, running=0.5)
        return folder, place, before, run

    def work(folder: Path) -> Callable[[], Run]:
        return lambda: revert_overdue(folder)[0]

    work(overdue(home / "warming")[0])()
    lines = _lines(work(overdue(home / "rehearsal")[0]))
    for at_line in range(1, lines + 1, 2 * _STRIDE):
        folder, place, before, run = overdue(home / str(at_line))
        assert _killed(work(folder), at_line), at_line
        recover(folder)
        revert_overdue(folder)
        assert tree(place) == before, at_line
        assert told(folder, run).state is RunState.UNDONE, at_line
        assert waiting(folder) == ()


@pytest.mark.usefixtures("nobody_waits")
def test_killed_at_any_line_of_an_apply_nothing_stays_that_does_not_wait(home: Path) -> None:
    from tests.repair.test_crash import _STRIDE, _killed, _lines

    def bench(folder: Path) -> tuple[Path, Path, Prepared]:
        place = folder / "home"
        place.mkdir(mode=0o700, parents=True)
        return folder, place, to_confirm(60, edit(written(place)))

    def work(folder: Path, _: Path, made: Prepared) -> Callable[[], Run]:
        return lambda: apply(made, folder, lambda: "")

    work(*bench(home / "warming"))()
    lines = _lines(work(*bench(home / "rehearsal")))
    stood = 0
    for at_line in range(1, lines + 1, _STRIDE):
        folder, place, made = bench(home / str(at_line))
        before = tree(place)
        assert _killed(work(folder, place, made), at_line), at_line
        recover(folder)
        for run in history(folder):
            if run.state is RunState.APPLIED:
                stood += 1
                assert [each for each, _ in waiting(folder)] == [run], at_line
                over(folder, run)
                revert_overdue(folder)
        assert tree(place) == before, at_line
    assert stood


@pytest.mark.parametrize("number", [0, 1, 2, 3])
def test_what_waits_may_be_killed_as_well(number: int, home: Path, state: Path) -> None:
    file = written(home)
    before = tree(home)
    run = apply(to_confirm(1, edit(file)), state, lambda: "")
    time.sleep(0.3 * number)
    for watcher in _watchers(run):
        os.kill(watcher, signal.SIGKILL)
    eventually(lambda: not any(left for _, left in waiting(state)))
    recover(state)
    revert_overdue(state)
    assert tree(home) == before
    assert told(state, run).state is RunState.UNDONE


def test_a_plan_without_it_has_the_digest_it_always_had() -> None:
    without: Plan = plan()
    assert (
        without.digest == "c3cf92a4a82ad9e4f2db33bbd15095128877aee80981207203f08db6c3ffef5d"
        and replace(without, confirm=5).digest != without.digest
    )


def test_the_strategy_is_chosen_by_the_operations(home: Path, state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def chosen(operations: Any) -> Any:
        asked.extend(operations)
        return lambda writer: "nothing here can"

    monkeypatch.setattr(arming, "arming", chosen)
    run = risky(state, home)
    assert run.state is RunState.ROLLED_BACK and "nothing here can" in run.message and len(asked) == 1
