"""Running read-only programs: deadlines, floods, nothing left behind, nothing handed over."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from workbench.host.command import find_program, run
from workbench.host.files import CannotLook


def test_output_and_status() -> None:
    done = run(["/bin/sh", "-c", "printf out; printf err >&2; exit 3"], 5)
    assert (done.status, done.out, done.err) == (3, "out", "err")


def test_the_environment_is_not_handed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "canary")
    assert "canary" not in run(["/usr/bin/env"], 5).out


def test_g19_a_program_that_hangs_is_ended_with_all_it_started(tmp_path: Path) -> None:
    script = f"sleep 60 & echo $! > {tmp_path}/pid; sleep 60"
    began = time.monotonic()
    with pytest.raises(CannotLook, match=r"did not answer within 0\.5 s"):
        run(["/bin/sh", "-c", script], 0.5)
    assert time.monotonic() - began < 5
    child = int((tmp_path / "pid").read_text())
    for _ in range(50):
        try:
            state = Path(f"/proc/{child}/stat").read_text().split()[2]
        except FileNotFoundError:
            return
        if state == "Z":
            return
        time.sleep(0.05)
    pytest.fail("the child is still running")


def test_g19_a_flood_is_stopped() -> None:
    with pytest.raises(CannotLook, match="printed more than"):
        run(["/bin/sh", "-c", "yes"], 10, limit=1 << 20)


def test_a_child_that_keeps_the_pipe_open_does_not_hold_us() -> None:
    began = time.monotonic()
    assert run(["/bin/sh", "-c", "echo here; sleep 30 &"], 10).out == "here\n"
    assert time.monotonic() - began < 5


def test_bytes_that_are_no_text_survive() -> None:
    assert run(["/usr/bin/printf", r"\xff"], 5).out == "\udcff"


def test_what_cannot_be_started() -> None:
    with pytest.raises(CannotLook, match="could not be started"):
        run(["/nonexistent/program"], 5)
    with pytest.raises(CannotLook, match="is not installed"):
        find_program("no-such-program-here")
    assert find_program("sh").endswith("/sh")


def test_programs_come_only_from_the_systems_own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = tmp_path / "sudo-replay-fake"
    fake.write_text("#!/bin/sh\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CannotLook):
        find_program("sudo-replay-fake")
