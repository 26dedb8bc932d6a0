"""Stop it anywhere: what was begun can be brought back, and what was finished stands."""

from __future__ import annotations

import errno
import os
import signal
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from tests.repair.support import edit, mode, prepared, tree, values, written
from workbench.model.operations import EditLine
from workbench.model.run import Run, RunState
from workbench.repair.history import history
from workbench.repair.prepare import Prepared
from workbench.repair.recovering import recover
from workbench.repair.transaction import apply
from workbench.repair.undo import undo

_HERE = f"{os.sep}workbench{os.sep}repair{os.sep}"
_STRIDE = int(os.environ.get("WORKBENCH_CRASH_STRIDE", "31"))
"""Every so manyth line of the code is where it stops. With WORKBENCH_CRASH_STRIDE=1 every line is; that takes long."""


class _Line(Exception):  # noqa: N818
    pass


def _at_line(number: int, act: Callable[[], None]) -> Callable[[FrameType, str, Any], Any]:
    """A trace function that acts at the so manyth line executed in the package that repairs."""
    left = number

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal left
        if _HERE not in frame.f_code.co_filename:
            return None
        if event == "line":
            left -= 1
            if left == 0:
                sys.settrace(None)
                act()
        return trace

    return trace


def _traced(number: int, act: Callable[[], None], work: Callable[[], Run]) -> Run:
    previous = sys.gettrace()
    sys.settrace(_at_line(number, act))
    try:
        return work()
    finally:
        sys.settrace(previous)


def _lines(work: Callable[[], Run]) -> int:
    """How many lines the work executes."""
    seen = 0

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal seen
        if _HERE not in frame.f_code.co_filename:
            return None
        seen += event == "line"
        return trace

    previous = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(previous)
    return seen


class Bench:
    """A home with four files, and a plan that changes each in another way."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        self.state = folder / "state"
        self.home.mkdir(mode=0o700, parents=True)
        file, other = written(self.home), written(self.home, "other.json", mode=0o664)
        third = written(self.home, "third.json")
        profile = self.home / ".profile"
        profile.write_bytes(b"umask 022\nexport EDITOR=vi\n")
        self.before = tree(self.home)
        line = EditLine(str(profile), "bash", 1, "umask 022", "umask 077")
        self.made: Prepared = prepared(edit(file), mode(other), *values(third), line)

    def apply(self, answer: str = "") -> Run:
        return apply(self.made, self.state, lambda: answer)

    def undo(self) -> Run:
        return undo(self.state, history(self.state)[-1].identity)


def _killed(work: Callable[[], Run], at_line: int) -> bool:
    """Do the work in a child that kills itself without mercy. Whether it did not get to the end."""
    child = os.fork()
    if child == 0:
        try:
            _traced(at_line, lambda: os.kill(os.getpid(), signal.SIGKILL), work)
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


@pytest.mark.parametrize("answer", ["", "it did not help"])
def test_g10_killed_at_any_line_of_an_apply(answer: str, tmp_path: Path) -> None:
    Bench(tmp_path / "warming").apply(answer)  # what is done once a process must not count
    rehearsal = Bench(tmp_path / "rehearsal")
    lines = _lines(lambda: rehearsal.apply(answer))
    assert lines > 200
    states = set()
    for at_line in range(1, lines + 1, _STRIDE):
        bench = Bench(tmp_path / str(at_line))
        killed = _killed(lambda bench=bench: bench.apply(answer), at_line)  # type: ignore[misc]
        assert killed, at_line
        recovered = recover(bench.state)
        assert all(run.state is RunState.RECOVERED for run in recovered), (at_line, recovered)
        told = history(bench.state)
        now = tree(bench.home)
        states |= {run.state for run in told}
        if told and told[0].state is RunState.APPLIED:
            assert now.keys() == bench.before.keys() and now != bench.before, at_line
            assert bench.undo().state is RunState.UNDONE
            now = tree(bench.home)
        assert now == bench.before, at_line
        assert recover(bench.state) == (), "a second recovery has nothing to do"
        again = prepared(edit(bench.home / "mcp.json"), mode(bench.home / "other.json"))
        assert apply(again, bench.state, lambda: "").state is RunState.APPLIED, at_line
    assert RunState.RECOVERED in states


def test_killed_at_any_line_of_an_undo(tmp_path: Path) -> None:
    for name in ("warming", "rehearsal"):
        rehearsal = Bench(tmp_path / name)
        rehearsal.apply()
        if name == "warming":
            rehearsal.undo()
    lines = _lines(rehearsal.undo)
    for at_line in range(2, lines + 1, _STRIDE):
        bench = Bench(tmp_path / str(at_line))
        assert bench.apply().state is RunState.APPLIED
        repaired = tree(bench.home)
        assert _killed(bench.undo, at_line), at_line
        assert all(run.state is RunState.RECOVERED for run in recover(bench.state)), at_line
        first = history(bench.state)[-1]
        wanted = {RunState.APPLIED: repaired, RunState.UNDONE: bench.before}[first.state]
        assert tree(bench.home) == wanted, at_line


def test_killed_at_any_line_of_a_recovery(tmp_path: Path) -> None:
    def interrupted(folder: Path) -> Bench:
        bench = Bench(folder)

        def die(words: str) -> None:
            if words.startswith("checking"):
                os.kill(os.getpid(), signal.SIGKILL)

        child = os.fork()
        if child == 0:
            try:
                apply(bench.made, bench.state, lambda: "", die)
            finally:
                os._exit(0)
        assert os.WIFSIGNALED(os.waitpid(child, 0)[1])
        assert history(bench.state)[0].state is RunState.STARTED
        return bench

    recover(interrupted(tmp_path / "warming").state)
    rehearsal = interrupted(tmp_path / "rehearsal")
    lines = _lines(lambda: recover(rehearsal.state)[0])
    for at_line in range(3, lines + 1, _STRIDE):
        bench = interrupted(tmp_path / str(at_line))
        assert _killed(lambda bench=bench: recover(bench.state)[0], at_line), at_line  # type: ignore[misc]
        assert all(run.state is RunState.RECOVERED for run in recover(bench.state)), at_line
        assert history(bench.state)[0].state is RunState.RECOVERED, at_line
        assert tree(bench.home) == bench.before, at_line


def _failing(at_line: int, error: BaseException, work: Callable[[], Run]) -> Run:
    """Do the work in a thread, with that error at that line.

    What is raised inside of a handler stays the context of all that its thread raises from then on.
    """

    def fail() -> None:
        raise error

    with ThreadPoolExecutor(1) as one:
        return one.submit(_traced, at_line, fail, work).result()


@pytest.mark.parametrize(
    "error", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt(), _Line(), MemoryError()]
)
def test_a_failure_at_any_line_of_an_apply(error: BaseException, tmp_path: Path) -> None:
    rehearsal = Bench(tmp_path / "rehearsal")
    lines = _lines(rehearsal.apply)
    for at_line in range(1 + _STRIDE // 2, lines + 1, _STRIDE):
        bench = Bench(tmp_path / str(at_line))
        ended: Run | None = None
        try:
            ended = _failing(at_line, error, bench.apply)
        except BaseException as raised:
            if raised is not error:
                raise
        assert all(run.state is RunState.RECOVERED for run in recover(bench.state)), at_line
        told = history(bench.state)
        now = tree(bench.home)
        if told and told[0].state is RunState.APPLIED:
            assert ended is None or ended.state is RunState.APPLIED, at_line
            assert now != bench.before and now.keys() == bench.before.keys(), at_line
        else:
            assert now == bench.before, (at_line, ended)
            assert ended is None or ended.state is not RunState.APPLIED, (at_line, ended)


def test_an_interrupted_run_is_shown_and_blocks_the_next(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    child = os.fork()
    if child == 0:
        try:
            apply(bench.made, bench.state, lambda: os._exit(9) or "")
        finally:
            os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9

    (told,) = history(bench.state)
    assert told.state is RunState.STARTED and "workbench recover" in told.message
    next_one = apply(prepared(mode(written(bench.home, "fourth", mode=0o644))), bench.state, lambda: "")
    assert next_one.state is RunState.REFUSED and "was interrupted" in next_one.message
    assert undo(bench.state, told.identity).state is RunState.REFUSED

    (left,) = recover(bench.state, read_only=True)
    assert left.state is RunState.STARTED
    (bench.home / "fourth").unlink()
    assert tree(bench.home) != bench.before

    (done,) = recover(bench.state)
    assert (done.identity, done.state) == (told.identity, RunState.RECOVERED)
    assert tree(bench.home) == bench.before
    assert history(bench.state)[0].state is RunState.RECOVERED
    assert recover(bench.state) == ()


def test_what_was_written_after_the_crash_is_not_lost_by_recovering(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    child = os.fork()
    if child == 0:
        try:
            apply(bench.made, bench.state, lambda: os._exit(9) or "")
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    file = bench.home / "mcp.json"
    file.write_bytes(b'{"mine": true}')

    (done,) = recover(bench.state)

    assert done.state is RunState.ROLLBACK_FAILED
    assert "backups are in" in done.message
    assert file.read_bytes() == b'{"mine": true}'
    assert (bench.home / "other.json").stat().st_mode & 0o777 == 0o664
    assert recover(bench.state) == ()
