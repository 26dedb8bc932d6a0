"""The TCP ports of servers: whose, where, and who reaches them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests import builders
from tests.host.fake_proc import FakeProc, deny
from workbench.host import sockets
from workbench.host.sockets.tcp import ListeningPort, ports_in
from workbench.model.processes import ProcessFacts, ServerProcess
from workbench.model.sockets import SocketFacts

HEADER = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
pytestmark = pytest.mark.skipif(sys.byteorder != "little", reason="the samples are of a little-endian machine")


def line(address: str, inode: int, state: str = "0A", uid: int = 1000) -> str:
    rest = f"{state} 00000000:00000000 00:00000000 00000000 {uid:5}        0 {inode} 1 0000 100 0 0 10 0\n"
    return f"   0: {address} 00000000:0000 {rest}"


@pytest.fixture
def proc(tmp_path: Path) -> FakeProc:
    return FakeProc(tmp_path / "proc")


def write(proc: FakeProc, *lines: str, name: str = "tcp", of: str = "") -> None:
    folder = proc.root / of / "net"
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(HEADER + "".join(lines))


def running(proc: FakeProc, *inodes: int, pid: int = 50, network: str = "", **more: object) -> ServerProcess:
    held = {number: f"socket:[{inode}]" for number, inode in enumerate(inodes, 3)}
    proc.add(pid, ["node", "x.js"], descriptors=held, namespaces={"net": network} if network else None)
    return builders.process(**{"pid": pid, "chain": (pid,), **more})


def look(proc: FakeProc, tmp_path: Path, *servers: ServerProcess) -> SocketFacts:
    return sockets.gather(proc.context(tmp_path, found={"processes": ProcessFacts(builders.COMPLETE, servers)}))


@pytest.mark.parametrize(
    ("raw", "name", "shown", "reach"),
    [
        ("0100007F:0BB9", "tcp", "127.0.0.1:3001", "host"),
        ("3500007F:1F90", "tcp", "127.0.0.53:8080", "host"),
        ("00000000:0BB9", "tcp", "0.0.0.0:3001", "network"),
        ("0501A8C0:0050", "tcp", "192.168.1.5:80", "network"),
        ("00000000000000000000000001000000:0BB9", "tcp6", "[::1]:3001", "host"),
        ("00000000000000000000000000000000:0BB9", "tcp6", "[::]:3001", "network"),
        ("0000000000000000FFFF00000100007F:0BB9", "tcp6", "127.0.0.1:3001", "host"),
        ("0000000000000000FFFF00000501A8C0:0BB9", "tcp6", "192.168.1.5:3001", "network"),
        ("000080FE00000000FF005450ABCDEF12:0BB9", "tcp6", "[fe80::5054:ff:12ef:cdab]:3001", "network"),
    ],
)
def test_an_address(proc: FakeProc, tmp_path: Path, raw: str, name: str, shown: str, reach: str) -> None:
    server = running(proc, 77)
    write(proc, line(raw, 77), line("00000000:0016", 78), name=name)
    facts = look(proc, tmp_path, server)
    (fact,) = facts.ports
    assert (fact.shown, fact.reach, fact.server, fact.pids, fact.uid) == (shown, reach, server.key, (50,), 1000)
    assert facts.state.status == "complete"


def test_a_connection_is_no_port(proc: FakeProc, tmp_path: Path) -> None:
    server = running(proc, 77)
    write(proc, line("0100007F:0BB9", 77, state="01"))
    assert look(proc, tmp_path, server).ports == ()


def test_what_workers_share_is_one(proc: FakeProc, tmp_path: Path) -> None:
    server = running(proc, 77, workers=(51, 52))
    proc.add(51, ["node", "x.js"], parent=50, descriptors={3: "socket:[77]"})
    proc.add(52, ["node", "x.js"], parent=50, descriptors={3: "socket:[78]"})
    write(proc, line("0100007F:0BB9", 77), line("0100007F:0BB9", 78))
    facts = look(proc, tmp_path, server)
    assert [(fact.inode, fact.pids) for fact in facts.ports] == [(77, (50, 51)), (78, (52,))]


def test_a_network_of_its_own(proc: FakeProc, tmp_path: Path) -> None:
    server = running(proc, 77, network="net:[9]", own_namespaces=("mnt", "net"))
    write(proc, line("00000000:0050", 78))
    write(proc, line("00000000:0BB9", 77), line("0100007F:0016", 79), of="50")
    facts = look(proc, tmp_path, server)
    assert [(fact.shown, fact.reach) for fact in facts.ports] == [("0.0.0.0:3001", "namespace")]


def test_the_systems_network_where_this_looks_from_another(proc: FakeProc, tmp_path: Path) -> None:
    server = running(proc, 77, network="net:[9]")
    write(proc)
    write(proc, line("00000000:0BB9", 77), of="50")
    assert [fact.reach for fact in look(proc, tmp_path, server).ports] == ["network"]


class TestGaps:
    def test_open_files_that_are_hidden(self, proc: FakeProc, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        server = running(proc, 77)
        write(proc, line("0100007F:0BB9", 77))
        deny(monkeypatch, "/50/fd")
        facts = look(proc, tmp_path, server)
        assert facts.ports == ()
        assert {gap.facet for gap in facts.state.unread} == {"owner", "ports"}

    def test_a_network_that_is_hidden(self, proc: FakeProc, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        server = running(proc, 77, own_namespaces=("net",))
        deny(monkeypatch, "/50/ns/net")
        facets = {gap.facet for gap in look(proc, tmp_path, server).state.unread}
        assert facets == {"owner", "ports"}

    def test_a_list_that_may_not_be_read(self, proc: FakeProc, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        server = running(proc, 77)
        write(proc)
        deny(monkeypatch, "/net/tcp")
        assert [gap.facet for gap in look(proc, tmp_path, server).state.unread] == ["ports"]

    def test_a_kernel_without_ipv6_is_none(self, proc: FakeProc, tmp_path: Path) -> None:
        server = running(proc, 77)
        write(proc, line("0100007F:0BB9", 77))
        facts = look(proc, tmp_path, server)
        assert (len(facts.ports), facts.state.status) == (1, "complete")

    def test_one_that_has_ended(self, proc: FakeProc, tmp_path: Path) -> None:
        facts = look(proc, tmp_path, builders.process(pid=99, chain=(98, 99), own_namespaces=("net",)))
        assert (facts.ports, facts.state.status) == ((), "complete")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no header",
        HEADER + "   0: 0100007F 00000000:0000 0A\n",
        HEADER + line("XYZ:0BB9", 7),
        HEADER + line("01:0BB9", 7),
        HEADER + line("0100007F01:0BB9", 7),
        HEADER + line("0100007F:", 7),
        HEADER + line("0100007F:0BB9", 7).replace(" 7 ", " x "),
    ],
)
def test_lines_that_make_no_sense(tmp_path: Path, text: str) -> None:
    (tmp_path / "tcp").write_text(text)
    assert ports_in(str(tmp_path / "tcp")) == ()


def test_lines_around_a_bad_one_are_read(tmp_path: Path) -> None:
    (tmp_path / "tcp").write_bytes((HEADER + "\xff\n" + line("0100007F:0BB9", 7)).encode("latin-1"))
    assert ports_in(str(tmp_path / "tcp")) == (ListeningPort("127.0.0.1", 3001, 7, 1000),)
