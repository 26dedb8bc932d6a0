from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from tests.host.fake_proc import FakeProc
from workbench.host import session
from workbench.host.context import Context

TOKEN = "ghp_" + "9aZ3kQ7wLm2Xp8Rt5Vb1Nc6Yd4Hs0JfGeUiB"


@pytest.fixture
def proc(tmp_path: Path) -> FakeProc:
    return FakeProc(tmp_path / "proc")


def test_the_umask_is_read_and_not_set(proc: FakeProc, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "umask", lambda mask: pytest.fail("another thread could make a file just now"))
    (proc.root / "self" / "status").write_text("Name:\tx\nUmask:\t0027\n")
    assert session.gather(proc.context(tmp_path)).umask == 0o027


def test_it_agrees_with_the_system(tmp_path: Path) -> None:
    if not Path("/proc/self/status").exists():
        pytest.skip("there is no /proc here")
    before = os.umask(0o037)
    try:
        assert session.gather(Context("linux", tmp_path, 0, {}, tmp_path)).umask == 0o037
    finally:
        os.umask(before)


def test_a_kernel_that_does_not_tell_is_a_stated_gap(proc: FakeProc, tmp_path: Path) -> None:
    (proc.root / "self" / "status").write_text("Name:\tx\n")
    facts = session.gather(proc.context(tmp_path))
    assert facts.umask is None
    assert facts.state.status == "partial"
    assert facts.state.unread[0].facet == "umask"


def test_a_missing_proc_is_a_stated_gap(proc: FakeProc, tmp_path: Path) -> None:
    (proc.root / "self" / "status").unlink()
    facts = session.gather(proc.context(tmp_path))
    assert (facts.umask, facts.state.unread[0].facet) == (None, "umask")


def test_elsewhere_the_umask_is_asked_for_and_put_back(proc: FakeProc, tmp_path: Path) -> None:
    before = os.umask(0o026)
    try:
        found: list[int | None] = []
        context = proc.context(tmp_path, platform="darwin")
        threads = [threading.Thread(target=lambda: found.append(session.gather(context).umask)) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert found == [0o026] * 20
        assert os.umask(0o026) == 0o026
    finally:
        os.umask(before)


def test_windows_has_no_umask_and_that_is_no_gap(proc: FakeProc, tmp_path: Path) -> None:
    facts = session.gather(proc.context(tmp_path, platform="win32"))
    assert (facts.umask, facts.state.status) == (None, "complete")


def test_names_are_kept_and_values_are_not(proc: FakeProc, tmp_path: Path) -> None:
    environment = {"HOME": "/home/dev", "GITHUB_TOKEN": TOKEN, "ODD\x1b[2J": "plainvalue"}
    facts = session.gather(proc.context(tmp_path, environment=environment))
    entries = {entry.name: entry.secret for entry in facts.environment}
    assert set(entries) == {"HOME", "GITHUB_TOKEN", "ODD\\x1b[2J"}
    token = entries["GITHUB_TOKEN"]
    assert token is not None
    assert (token.place, token.length) == ("environment GITHUB_TOKEN", len(TOKEN))
    assert entries["HOME"] is None
    for value in (TOKEN, "plainvalue", "/home/dev"):
        assert value not in repr(facts)
