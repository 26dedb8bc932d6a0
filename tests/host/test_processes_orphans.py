"""Servers whose client is gone, and all that only looks like one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.host.fake_proc import FakeProc, deny
from workbench.host import processes
from workbench.host.processes.channels import OpenFile, inputs

SERVER = ["/usr/local/bin/acme-mcp-server"]
PIPE: Mapping[int, str] = {0: "pipe:[70]", 1: "pipe:[71]"}


@pytest.fixture
def proc(tmp_path: Path) -> FakeProc:
    return FakeProc(tmp_path / "proc")


def orphaned(proc: FakeProc, tmp_path: Path) -> list[bool]:
    return [server.orphaned for server in processes.gather(proc.context(tmp_path)).servers]


def test_nobody_holds_its_input(proc: FakeProc, tmp_path: Path) -> None:
    proc.add(50, SERVER, descriptors=PIPE)
    assert orphaned(proc, tmp_path) == [True]


def test_its_launcher_still_holds_it(proc: FakeProc, tmp_path: Path) -> None:
    proc.add(49, ["sh", "-c", "acme-mcp-server; true"], descriptors=PIPE)
    proc.add(50, SERVER, parent=49, descriptors=PIPE)
    assert orphaned(proc, tmp_path) == [True]


def test_its_parent_is_the_accounts_own_service_manager(proc: FakeProc, tmp_path: Path) -> None:
    proc.add(30, ["/lib/systemd/systemd", "--user"], comm="systemd")
    proc.add(50, SERVER, parent=30, descriptors=PIPE)
    assert orphaned(proc, tmp_path) == [True]


@pytest.mark.parametrize(
    "more",
    [
        {"parent": 40},
        {"parent": 0},
        {"descriptors": {0: "/dev/null", 1: "/dev/null"}},
        {"descriptors": {0: "/dev/pts/1"}},
        {"descriptors": {}},
        {"descriptors": {0: "socket:[90]"}},
        {"cgroup": "0::/system.slice/acme.service"},
        {"cgroup": f"0::/docker/{'a' * 64}"},
    ],
)
def test_what_is_none_or_is_not_certain(proc: FakeProc, tmp_path: Path, more: dict[str, Any]) -> None:
    proc.add(40, ["/opt/client"])
    proc.add(50, SERVER, **{"descriptors": PIPE, **more})
    assert orphaned(proc, tmp_path) == [False]


def test_somebody_holds_the_other_end(proc: FakeProc, tmp_path: Path) -> None:
    proc.add(40, ["/opt/client"], descriptors={7: "pipe:[70]"})
    proc.add(50, SERVER, descriptors=PIPE)
    assert orphaned(proc, tmp_path) == [False]


def test_somebody_who_may_not_be_asked_might(proc: FakeProc, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    proc.add(40, ["/opt/client"], uid=0)
    proc.add(50, SERVER, descriptors=PIPE)
    deny(monkeypatch, "/40/fd")
    facts = processes.gather(proc.context(tmp_path))
    assert [server.orphaned for server in facts.servers] == [False]
    assert [(gap.facet, gap.unlock) for gap in facts.state.unread] == [("client", "look as root")]


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("tcp", "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 90 1\n"),
        ("unix", "ffff8881: 00000002 00000000 00010000 0001 01 90 /run/acme.sock\n"),
    ],
)
def test_what_listens_was_started_to_stay(proc: FakeProc, tmp_path: Path, name: str, line: str) -> None:
    proc.add(50, SERVER, descriptors={**PIPE, 5: "socket:[90]"})
    assert orphaned(proc, tmp_path) == [False]
    net = proc.root / "50" / "net"
    net.mkdir()
    for each in ("tcp", "unix"):
        (net / each).write_text("header\n")
    assert orphaned(proc, tmp_path) == [True]
    (net / name).write_text("header\n" + line)
    assert orphaned(proc, tmp_path) == [False]


def readable(number: int, target: str) -> OpenFile:
    return OpenFile(number, target, readable=True, writable=False)


def writable(number: int, target: str) -> OpenFile:
    return OpenFile(number, target, readable=False, writable=True)


@pytest.mark.parametrize(
    ("files", "peers", "expected"),
    [
        ((readable(0, "pipe:[1]"), readable(5, "pipe:[2]")), {}, ["pipe:[1]"]),
        ((readable(0, "/dev/null"), readable(6, "pipe:[2]"), writable(7, "pipe:[3]")), {}, ["pipe:[2]"]),
        ((readable(0, "/dev/null"), readable(6, "pipe:[2]"), writable(7, "pipe:[2]")), {}, []),
        ((readable(6, "socket:[8]"), readable(7, "socket:[9]")), {8: 9, 9: 8}, []),
        ((readable(6, "socket:[8]"), readable(7, "socket:[10]")), {8: 9, 9: 8}, ["socket:[8]"]),
        ((readable(6, "socket:[8]"),), {8: 0}, ["socket:[8]"]),
        ((readable(6, "anon_inode:[eventpoll]"),), {}, []),
        ((), {}, []),
    ],
)
def test_which_of_its_files_lead_outside(
    files: tuple[OpenFile, ...], peers: dict[int, int], expected: list[str]
) -> None:
    assert inputs(files, peers) == expected
