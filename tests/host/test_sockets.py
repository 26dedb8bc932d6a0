from __future__ import annotations

import os
import socket
import struct
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests import builders
from tests.host.fake_proc import FakeProc, deny, listening
from workbench.host import sockets
from workbench.host.processes.roots import Mount, mounts, path_out_here, resolve_inside
from workbench.host.sockets import diag
from workbench.host.sockets.table import listening_in
from workbench.model.processes import ProcessFacts, ServerProcess
from workbench.model.sockets import SocketFact, SocketFacts

KEY = "1000:@modelcontextprotocol/server-filesystem"


@pytest.fixture
def proc(tmp_path: Path) -> FakeProc:
    return FakeProc(tmp_path / "proc")


@pytest.fixture
def short(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder whose path is short enough for the name of a socket."""
    import tempfile

    with tempfile.TemporaryDirectory(prefix="sk") as folder:
        yield Path(folder)


def bind(path: Path, mode: int = 0o755) -> Path:
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(str(path))
    path.chmod(mode)
    return path


def look(proc: FakeProc, tmp_path: Path, *servers: ServerProcess) -> SocketFacts:
    found = {"processes": ProcessFacts(builders.COMPLETE, servers)}
    return sockets.gather(proc.context(tmp_path, found=found))


def only(facts: SocketFacts) -> SocketFact:
    (fact,) = facts.sockets
    return fact


def running(proc: FakeProc, *inodes: int, pid: int = 50, **more: object) -> ServerProcess:
    held = {0: "pipe:[1]", **{number: f"socket:[{inode}]" for number, inode in enumerate(inodes, 3)}}
    proc.add(pid, ["node", "x.js"], descriptors=held, **more)  # type: ignore[arg-type]
    return builders.process(pid=pid, chain=(pid,))


class TestWhich:
    def test_the_socket_of_a_server_whatever_its_name(self, proc: FakeProc, tmp_path: Path, short: Path) -> None:
        path = bind(short / "a.sock", 0o700)
        server = running(proc, 77)
        proc.unix([listening(str(path), 77), listening("/run/dbus/system_bus_socket", 78)])
        facts = look(proc, tmp_path, server)
        fact = only(facts)
        assert (fact.server, fact.pids, fact.name, fact.inode) == (KEY, (50,), str(path), 77)
        assert fact.path is not None and fact.path.file.mode == 0o700 and fact.path.file.kind == "socket"
        assert (facts.source, facts.seen, facts.state.status) == ("/proc/net/unix", 2, "complete")

    @pytest.mark.parametrize(
        ("name", "chosen"),
        [("mcp.sock", True), ("my-mcp-server", True), ("MCP", True), ("tcmcpx.sock", False), ("amcp.sock", False)],
    )
    def test_others_are_chosen_by_the_word_alone(
        self, proc: FakeProc, tmp_path: Path, short: Path, name: str, chosen: bool
    ) -> None:
        proc.unix([listening(str(bind(short / name)), 80)])
        facts = look(proc, tmp_path)
        assert [fact.server for fact in facts.sockets] == ([""] if chosen else [])

    def test_a_socket_that_does_not_listen_is_none(self, proc: FakeProc, tmp_path: Path, short: Path) -> None:
        server = running(proc, 77)
        proc.unix([listening(str(bind(short / "mcp")), 77, flags="00000000")])
        assert look(proc, tmp_path, server).sockets == ()

    def test_the_whole_chain_counts(self, proc: FakeProc, tmp_path: Path, short: Path) -> None:
        server = replace(running(proc, 77), chain=(49, 50))
        proc.add(49, ["npm"], descriptors={5: "socket:[76]"})
        proc.unix([listening(str(bind(short / "a")), 76), listening(str(bind(short / "b")), 77)])
        assert [fact.pids for fact in look(proc, tmp_path, server).sockets] == [(49,), (50,)]

    def test_abstract_names_lose_their_padding(self, proc: FakeProc, tmp_path: Path) -> None:
        server = running(proc, 77)
        proc.unix([listening("@mcp-1" + "@" * 101, 77)])
        fact = only(look(proc, tmp_path, server))
        assert (fact.name, fact.abstract, fact.path) == ("mcp-1", True, None)


class TestWhere:
    def test_a_relative_name_is_resolved_from_its_servers_folder(
        self, proc: FakeProc, tmp_path: Path, short: Path
    ) -> None:
        bind(short / "a.sock")
        server = running(proc, 77, cwd=str(short))
        proc.unix([listening("a.sock", 77)])
        fact = only(look(proc, tmp_path, server))
        assert fact.name == "a.sock"
        assert fact.path is not None and fact.path.asked == f"{short}/a.sock"

    def test_a_relative_name_of_an_unknown_process_is_a_stated_gap(self, proc: FakeProc, tmp_path: Path) -> None:
        proc.unix([listening("mcp.sock", 77)])
        facts = look(proc, tmp_path)
        assert only(facts).path is None
        assert [gap.facet for gap in facts.state.unread] == ["mode"]

    def test_a_file_that_is_gone_is_a_stated_gap(self, proc: FakeProc, tmp_path: Path, short: Path) -> None:
        proc.unix([listening(f"{short}/mcp.sock", 77)])
        facts = look(proc, tmp_path)
        (gap,) = facts.state.unread
        assert (gap.facet, "gone" in gap.why, only(facts).path) == ("mode", True, None)

    def test_hostile_names_are_visible_and_still_found(self, proc: FakeProc, tmp_path: Path, short: Path) -> None:
        proc.unix([listening(str(bind(short / "mcp\x1b[2J")), 77)])
        fact = only(look(proc, tmp_path))
        assert fact.name == f"{short}/mcp\\x1b[2J"
        assert fact.path is not None and not fact.path.file.exact

    def test_a_private_folder_of_its_own_is_found_out_here(self, proc: FakeProc, tmp_path: Path, short: Path) -> None:
        # What PrivateTmp= and bind mounts do: the server's path is a folder of a file system that is mounted here too.
        rootfs = short / "private"
        (rootfs / "tmp").mkdir(parents=True)
        bind(rootfs / "tmp" / "mcp.sock", 0o777)
        rootfs.chmod(0o700)
        server = running(proc, 77, root=str(rootfs), namespaces={"mnt": "mnt:[9]"})
        (proc.root / "50" / "mountinfo").write_text(f"27 1 8:1 {rootfs} / rw - ext4 /dev/sda1 rw\n")
        proc.unix([listening("/tmp/mcp.sock", 77)])
        fact = only(look(proc, tmp_path, server))
        assert (fact.name, fact.foreign_namespace) == ("/tmp/mcp.sock", False)
        assert fact.path is not None and fact.path.asked == f"{rootfs}/tmp/mcp.sock"
        assert fact.path.directories[-2].mode == 0o700

    def test_a_file_system_of_its_own_is_looked_at_from_inside(
        self, proc: FakeProc, tmp_path: Path, short: Path
    ) -> None:
        rootfs = short / "rootfs"
        (rootfs / "run" / "a").mkdir(parents=True)
        (rootfs / "run" / "a").chmod(0o700)
        bind(rootfs / "run" / "a" / "s", 0o666)
        (rootfs / "link").symlink_to("/run/a")
        server = running(proc, 77, root=str(rootfs), namespaces={"mnt": "mnt:[9]"})
        (proc.root / "50" / "mountinfo").write_text("27 1 0:77 / / rw - overlay overlay rw\n")
        proc.unix([listening("/link/s", 77)])
        fact = only(look(proc, tmp_path, server))
        assert fact.foreign_namespace
        assert fact.path is not None
        assert fact.path.file.path == "/run/a/s" and fact.path.file.mode == 0o666
        assert [(step.path, oct(step.mode)[-3:]) for step in fact.path.directories][-1] == ("/run/a", "700")
        assert fact.path.directories[0].path == "/"

    def test_a_root_that_may_not_be_entered_is_a_stated_gap(
        self, proc: FakeProc, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        server = running(proc, 77, root="/nowhere", namespaces={"mnt": "mnt:[9]"})
        proc.unix([listening("/run/s", 77)])
        facts = look(proc, tmp_path, server)
        assert only(facts).path is None
        assert [gap.facet for gap in facts.state.unread] == ["mode"]

    def test_open_files_that_may_not_be_listed_are_a_stated_gap(
        self, proc: FakeProc, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        server = running(proc, 77)
        proc.unix([listening("/run/s", 77)])
        deny(monkeypatch, "/50/fd")
        facts = look(proc, tmp_path, server)
        assert facts.sockets == ()
        gaps = [(gap.facet, gap.unlock) for gap in facts.state.unread]
        assert gaps == [("owner", "look as root"), ("ports", "look as root")]

    def test_another_network_has_sockets_of_its_own(self, proc: FakeProc, tmp_path: Path, short: Path) -> None:
        path = bind(short / "a.sock")
        server = replace(running(proc, 77, namespaces={"net": "net:[5]"}), own_namespaces=("net",))
        (proc.root / "50" / "net").mkdir()
        (proc.root / "50" / "net" / "unix").write_text(listening(str(path), 77) + listening("@mcp", 79))
        facts = look(proc, tmp_path, server)
        assert {(fact.name, fact.server) for fact in facts.sockets} == {(str(path), KEY), ("mcp", "")}
        assert facts.seen == 2


def test_without_a_list_the_section_has_failed(proc: FakeProc, tmp_path: Path) -> None:
    (proc.root / "net" / "unix").unlink()
    assert look(proc, tmp_path).state.status == "failed"


def test_other_systems(proc: FakeProc, tmp_path: Path) -> None:
    assert sockets.gather(proc.context(tmp_path, platform="win32")).state.status == "not applicable"
    state = sockets.gather(proc.context(tmp_path, platform="darwin")).state
    assert state.status == "failed" and "not built" in state.reason


class TestTable:
    def test_lines(self, tmp_path: Path) -> None:
        file = tmp_path / "unix"
        file.write_bytes(
            b"Num       RefCount Protocol Flags    Type St Inode Path\n"
            + listening("/run/with space", 5).encode()
            + listening("@abs@@", 6).encode()
            + b"ffff: 00000003 00000000 00000000 0001 03 7\n"
            + b"ffff: 00000002 00000000 00010000 0001 01 8 /run/\xff\n"
        )
        assert [(each.inode, each.name) for each in listening_in(str(file))] == [
            (5, b"/run/with space"),
            (6, b"\0abs"),
            (8, b"/run/\xff"),
        ]

    def test_a_name_with_a_line_break_cannot_speak_for_another_socket(self, tmp_path: Path) -> None:
        file = tmp_path / "unix"
        forged = listening("/tmp/x\n" + listening("/forged/mcp.sock", 42).rstrip(), 41)
        file.write_text(listening("/real/mcp.sock", 42) + forged)
        assert [each.inode for each in listening_in(str(file))] == [41]


class TestDiagnosis:
    @staticmethod
    def attribute(kind: int, value: bytes) -> bytes:
        return struct.pack("=HH", 4 + len(value), kind) + value + b"\0" * (-len(value) % 4)

    @staticmethod
    def message(kind: int, body: bytes, flags: int = 0) -> bytes:
        return struct.pack("=IHHII", 16 + len(body), kind, flags, 1, 0) + body + b"\0" * (-len(body) % 4)

    def answer(self, monkeypatch: pytest.MonkeyPatch, *packets: bytes) -> None:
        waiting = list(packets)

        class Netlink:
            def __init__(self, *_: object) -> None: ...

            def __enter__(self) -> Netlink:
                return self

            def __exit__(self, *_: object) -> None: ...

            def settimeout(self, _: float) -> None: ...

            def send(self, _: bytes) -> None: ...

            def recv(self, _: int) -> bytes:
                return waiting.pop(0)

        monkeypatch.setattr(socket, "socket", Netlink)

    def test_every_attribute(self, monkeypatch: pytest.MonkeyPatch) -> None:
        entry = struct.pack("=BBBBIII", 1, 1, 10, 0, 4711, 0, 0)
        body = (
            entry
            + self.attribute(0, b"/run/x\0")
            + self.attribute(99, b"future")
            + self.attribute(1, struct.pack("=II", 9, (8 << 20) | 17))
            + self.attribute(7, struct.pack("=I", 1000))
        )
        self.answer(monkeypatch, self.message(20, body) + self.message(20, entry), self.message(3, b"\0" * 4))
        one, two = diag.listening()
        assert one == diag.Listening(4711, b"/run/x\0", 1000, os.makedev(8, 17), 9)
        assert two == diag.Listening(4711, b"")

    def test_a_refusal_is_an_error(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.answer(monkeypatch, self.message(2, struct.pack("=i", -1)))
        with pytest.raises(PermissionError):
            diag.listening()

    @pytest.mark.parametrize("length", [0, 3, 4000])
    def test_an_answer_that_is_cut_short_is_an_error(self, monkeypatch: pytest.MonkeyPatch, length: int) -> None:
        self.answer(monkeypatch, struct.pack("=IHHII", length, 20, 0, 1, 0))
        with pytest.raises(OSError, match="cut short"):
            diag.listening()

    def test_an_interrupted_list_is_asked_for_again(self, monkeypatch: pytest.MonkeyPatch) -> None:
        entry = struct.pack("=BBBBIII", 1, 1, 10, 0, 1, 0, 0)
        done = self.message(3, b"\0" * 4)
        self.answer(monkeypatch, self.message(20, entry, 0x10), done, self.message(20, entry) * 2 + done)
        assert len(diag.listening()) == 2


class TestRoots:
    def test_links_are_followed_as_inside(self, tmp_path: Path) -> None:
        root = tmp_path / "root"
        (root / "real").mkdir(parents=True)
        (root / "real" / "f").touch()
        (root / "a").symlink_to("/real")
        (root / "b").symlink_to("../../../../real")
        (root / "loop").symlink_to("loop")
        for name in ("/a/f", "/b/f", "/real/./f", "/real/../a/f", "//a//f"):
            assert resolve_inside(str(root), name) == f"{root}/real/f"
        with pytest.raises(OSError, match=r"[Tt]oo many"):
            resolve_inside(str(root), "/loop")
        with pytest.raises(FileNotFoundError):
            resolve_inside(str(root), "/a/none")

    def test_a_path_is_found_in_another_mount_namespace(self) -> None:
        ours = (Mount("8:1", "/", "/"), Mount("0:5", "/", "/run"), Mount("8:2", "/", "/data"))
        private = (Mount("8:1", "/", "/"), Mount("8:1", "/tmp/private/tmp", "/tmp"), Mount("0:9", "/", "/dev/shm"))
        assert path_out_here("/tmp/mcp.sock", private, ours) == "/tmp/private/tmp/mcp.sock"
        assert path_out_here("/etc/x", private, ours) == "/etc/x"
        assert path_out_here("/dev/shm/x", private, ours) is None
        bound = (Mount("0:30", "/", "/"), Mount("8:2", "/sockets", "/s"), Mount("0:5", "/mcp", "/m"))
        assert path_out_here("/s/a", bound, ours) == "/data/sockets/a"
        assert path_out_here("/m/a", bound, ours) == "/run/mcp/a"
        assert path_out_here("/other", bound, ours) is None

    def test_what_is_mounted_over_is_no_way(self) -> None:
        ours = (Mount("8:1", "/", "/"), Mount("0:5", "/", "/run"))
        assert path_out_here("/s/a", (Mount("8:1", "/run", "/s"),), ours) is None

    def test_spaces_in_a_mount_table(self, tmp_path: Path) -> None:
        (tmp_path / "m").write_text("1 0 8:1 / / rw - ext4 x rw\n2 1 8:2 /a\\040b /c\\134d rw - ext4 x rw\nshort\n")
        assert mounts(str(tmp_path / "m"))[1] == Mount("8:2", "/a b", "/c\\d")
