"""What a server can reach: mount tables compared, rights, labels and limits, against a /proc of one's own."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from pathlib import Path

import pytest

from tests import builders
from tests.host.fake_proc import FakeProc, deny
from workbench.host.context import Context
from workbench.host.isolation import comparing, reference
from workbench.host.isolation.capabilities import capability_names
from workbench.host.isolation.labels import label_of
from workbench.host.isolation.limits import GroupLimits, own_limits
from workbench.host.isolation.mounts import Mount, MountTable
from workbench.host.processes import details
from workbench.host.processes.linux import LinuxTable
from workbench.host.processes.table import Gaps
from workbench.model.processes import ProcessFacts, ServerProcess
from workbench.report.snapshot_file import from_json, to_json

HOST = b"""\
22 27 0:21 / /proc rw,relatime - proc proc rw
23 27 0:22 / /sys rw,relatime - sysfs sysfs rw
27 1 254:0 / / rw,relatime - ext4 /dev/vda rw,discard
30 27 0:27 / /tmp rw,relatime - tmpfs tmpfs rw
33 27 254:5 / /home rw,relatime - ext4 /dev/vdb rw
"""
SANDBOX = b"""\
110 95 0:66 /newroot / rw,nosuid,nodev,relatime - tmpfs tmpfs rw
111 110 254:0 /usr /usr ro,nosuid,nodev,relatime - ext4 /dev/vda rw,discard
112 110 0:67 / /proc rw,nosuid,nodev,noexec,relatime - proc proc rw
125 110 0:70 / /tmp rw,nosuid,nodev,relatime - tmpfs tmpfs rw
126 110 254:5 /dev/ws /workspace rw,nosuid,nodev,relatime - ext4 /dev/vdb rw
"""
CONTAINER = b"""\
500 400 0:90 / / rw,relatime - overlay overlay rw,lowerdir=/a,upperdir=/b,workdir=/c
501 500 0:91 / /proc rw,nosuid - proc proc rw
502 500 254:0 /var/lib/docker/containers/x/hosts /etc/hosts rw,relatime - ext4 /dev/vda rw
"""


class Look:
    """One server of a /proc of one's own, described."""

    def __init__(self, proc: FakeProc, home: Path) -> None:
        self.proc = proc
        self.home = home
        self.gaps = Gaps()

    def __call__(self, pid: int = 50, **more: object) -> ServerProcess:
        table = LinuxTable(str(self.proc.root))
        server = builders.process(pid=pid, chain=(pid,), **more)
        return details.describe(table, server, self.gaps, self.proc.context(self.home))


@pytest.fixture
def proc(tmp_path: Path) -> FakeProc:
    return FakeProc(tmp_path / "proc")


@pytest.fixture
def look(proc: FakeProc, tmp_path: Path) -> Look:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    return Look(proc, home)


def host_with(proc: FakeProc, raw: bytes = HOST) -> None:
    (proc.root / "self" / "mountinfo").write_bytes(raw)


def server_with(proc: FakeProc, raw: bytes, pid: int = 50, **more: object) -> None:
    proc.add(pid, ["/opt/notion-mcp"], **more)  # type: ignore[arg-type]
    (proc.root / str(pid) / "mountinfo").write_bytes(raw)


def home_on(home: Path) -> bytes:
    """A host with one file system, and the home on another."""
    return f"27 1 8:1 / / rw - ext4 /dev/sda1 rw\n40 27 8:2 / {home} rw - ext4 /dev/sdb1 rw\n".encode()


class TestMountTable:
    def test_the_deepest_mount_covers_a_path(self) -> None:
        table = MountTable(HOST)
        assert table.place("/home/dev") == ("254:5", "/dev")
        assert table.place("/etc/passwd") == ("254:0", "/etc/passwd")
        assert table.place("/home") == ("254:5", "/")
        assert table.place("/homework") == ("254:0", "/homework")

    def test_a_mount_over_another_hides_it_and_all_below(self) -> None:
        over = HOST + b"50 33 0:99 / /home rw - tmpfs tmpfs rw\n"
        table = MountTable(over)
        assert table.place("/home/dev") == ("0:99", "/dev")
        assert list(table.showing("254:5", "/dev")) == []

    def test_a_mount_below_one_that_was_covered_later_is_not_seen(self) -> None:
        hidden = HOST + b"50 33 254:9 / /home/dev rw - ext4 x rw\n51 33 0:99 / /home rw - tmpfs tmpfs rw\n"
        assert list(MountTable(hidden).showing("254:9", "/")) == []

    def test_a_folder_inside_is_not_the_folder(self) -> None:
        table = MountTable(SANDBOX)
        assert list(table.showing("254:5", "/dev")) == []
        assert [mount.point for mount in table.showing("254:5", "/dev/ws/src")] == ["/workspace"]

    def test_the_way_back_to_this_host(self) -> None:
        inside = MountTable(SANDBOX).place("/usr/bin/node")
        assert inside is not None
        assert MountTable(HOST).path_of(*inside) == "/usr/bin/node"
        workspace = MountTable(SANDBOX).place("/workspace/x")
        assert workspace is not None
        assert MountTable(HOST).path_of(*workspace) == "/home/dev/ws/x"
        own = MountTable(SANDBOX).place("/tmp/x")
        assert own is not None
        assert MountTable(HOST).path_of(*own) is None

    def test_names_with_spaces_are_read(self) -> None:
        raw = HOST + rb"60 27 8:9 /a\040b /mnt/my\040disk ro - ext4 /dev/x rw" + b"\n"
        assert MountTable(raw).place("/mnt/my disk/c") == ("8:9", "/a b/c")

    @pytest.mark.parametrize("options", [b"ro,relatime - ext4 x rw", b"rw,relatime - ext4 x ro,discard"])
    def test_read_only_by_the_mount_or_by_the_file_system(self, options: bytes) -> None:
        covering = MountTable(b"27 1 8:1 / / " + options + b"\n").covering("/")
        assert covering is not None and not covering.writable

    @pytest.mark.parametrize(
        "raw",
        [
            b"",
            b"\n\n",
            b"garbage",
            b"1 2 3 4 5 6 7",
            b"x y 8:1 / / rw - ext4 a rw",
            b"27 1 8:1 / / rw - ext4",
            b"\xff\xfe" * 100,
            b"27 27 8:1 / / rw - ext4 a rw",
            b"1 2 8:1 / / rw - ext4 a rw\n2 1 8:1 / / rw - ext4 a rw",
        ],
    )
    def test_what_no_kernel_writes_is_passed_over_and_does_not_loop(self, raw: bytes) -> None:
        table = MountTable(raw)
        covering = table.covering("/home/dev")
        assert covering is None or covering.point == "/"
        assert len(list(table.showing("8:1", "/x"))) <= 2

    def test_a_chroot_into_a_plain_folder_has_no_root_mount(self) -> None:
        assert MountTable(b"22 27 0:21 / /proc rw - proc proc rw\n").place("/home") is None

    def test_a_crowd_of_mounts_takes_no_longer_than_its_length(self) -> None:
        crowd = b"".join(b"%d 27 254:0 / /m/%d rw - ext4 /dev/vda rw\n" % (at, at) for at in range(100, 30_100))
        began = time.process_time()
        table = MountTable(HOST + crowd)
        assert len(list(table.showing("254:0", "/etc"))) == 30_001
        assert time.process_time() - began < 5


class TestView:
    def test_a_plain_server_sees_everything(self, proc: FakeProc, look: Look) -> None:
        raw = home_on(look.home)
        host_with(proc, raw)
        server_with(proc, raw)
        isolation = look(uid=look.home.stat().st_uid).isolation
        assert isolation is not None
        assert (isolation.root, isolation.homes_hidden, isolation.private_tmp) == ("host", (), False)
        assert isolation.homes_writable == isolation.homes_readable == (str(look.home),)
        assert isolation.barriers == ()

    def test_a_sandbox_shows_nothing_of_the_home(self, proc: FakeProc, look: Look) -> None:
        host_with(proc, HOST)
        server_with(proc, SANDBOX, namespaces={"mnt": "mnt:[9]", "net": "net:[9]"})
        isolation = look(uid=0).isolation
        assert isolation is not None
        assert (isolation.root, isolation.private_tmp, isolation.network) == ("own", True, "own")
        assert (isolation.host_proc, isolation.host_sys) == (False, False)
        assert isolation.homes_hidden == (str(look.home),)
        assert isolation.barriers == ("a file system of its own", "a network of its own")

    def test_a_container_has_a_root_of_its_own_although_it_is_writable(self, proc: FakeProc, look: Look) -> None:
        host_with(proc, HOST)
        server_with(proc, CONTAINER)
        isolation = look(uid=0).isolation
        assert isolation is not None and isolation.root == "own"

    def test_a_container_that_mounts_the_hosts_root_has_it(self, proc: FakeProc, look: Look) -> None:
        host_with(proc, b"27 1 254:0 / / rw - ext4 /dev/vda rw\n")
        server_with(proc, CONTAINER + b"510 500 254:0 / /host ro - ext4 /dev/vda rw\n")
        isolation = look(uid=0).isolation
        assert isolation is not None
        assert (isolation.root, isolation.homes_readable, isolation.homes_writable) == (
            "host read-only",
            (str(look.home),),
            (),
        )

    def test_a_home_mounted_into_a_container_is_seen_whatever_it_is_called(self, proc: FakeProc, look: Look) -> None:
        host_with(proc, home_on(look.home))
        server_with(proc, CONTAINER + b"510 500 8:2 / /data rw - ext4 /dev/sdb1 rw\n")
        isolation = look(uid=look.home.stat().st_uid).isolation
        assert isolation is not None
        assert (isolation.root, isolation.homes_writable) == ("own", (str(look.home),))
        assert isolation.file_barriers == ()

    @pytest.mark.parametrize(
        ("mode", "readable", "writable"), [(0o700, 0, 0), (0o755, 1, 0), (0o711, 0, 0), (0o777, 1, 1), (0o733, 0, 1)]
    )
    def test_another_account_reaches_what_the_mode_lets_it(
        self, proc: FakeProc, look: Look, mode: int, readable: int, writable: int
    ) -> None:
        look.home.chmod(mode)
        raw = home_on(look.home)
        host_with(proc, raw)
        server_with(proc, raw, uid=64242)
        for directory in look.home.parents:
            if directory.stat().st_mode & 0o005 != 0o005 and directory != Path("/tmp"):
                directory.chmod(directory.stat().st_mode | 0o055)
        isolation = look(uid=64242, gid=64242, groups=()).isolation
        assert isolation is not None
        assert (len(isolation.homes_readable), len(isolation.homes_writable)) == (readable, writable)

    def test_a_read_only_system_with_the_home_hidden(self, proc: FakeProc, look: Look) -> None:
        host_with(proc, home_on(look.home))
        table = f"90 80 8:1 / / ro - ext4 /dev/sda1 rw\n91 90 0:9 / {look.home} ro - tmpfs tmpfs rw\n"
        server_with(proc, table.encode())
        isolation = look(uid=0).isolation
        assert isolation is not None
        assert isolation.root == "host read-only"
        assert isolation.file_barriers == ("a read-only system", "hidden home folders")

    def test_a_mount_namespace_of_its_own_proves_nothing(self, proc: FakeProc, look: Look) -> None:
        raw = home_on(look.home)
        host_with(proc, raw)
        server_with(proc, raw.replace(b"27 1", b"77 1").replace(b"40 27", b"90 77"), namespaces={"mnt": "mnt:[9]"})
        isolation = look(uid=look.home.stat().st_uid).isolation
        assert isolation is not None
        assert (isolation.root, isolation.file_barriers) == ("host", ())

    @pytest.mark.parametrize(
        ("options", "hides"), [(b"rw", ""), (b"rw,hidepid=0", ""), (b"rw,hidepid=invisible", "invisible")]
    )
    def test_how_proc_hides_others(self, proc: FakeProc, look: Look, options: bytes, hides: str) -> None:
        server_with(proc, HOST.replace(b"proc proc rw", b"proc proc " + options))
        isolation = look().isolation
        assert isolation is not None and isolation.hidepid == hides

    def test_mounts_that_may_not_be_read_are_a_stated_gap(
        self, proc: FakeProc, look: Look, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        server_with(proc, HOST)
        deny(monkeypatch, "/50/mountinfo")
        isolation = look().isolation
        assert isolation is not None and isolation.root == "unknown"
        assert [(gap.facet, gap.unlock) for gap in look.gaps.unread] == [("isolation", "look as root")]

    def test_a_chroot_without_a_mount_in_it_has_a_root_of_its_own(self, proc: FakeProc, look: Look) -> None:
        host_with(proc, HOST)
        server_with(proc, b"", root="/srv/jail")
        isolation = look().isolation
        assert isolation is not None and (isolation.root, isolation.homes_hidden) == ("own", (str(look.home),))

    def test_a_chroot_around_a_home_is_a_stated_gap(self, proc: FakeProc, look: Look) -> None:
        host_with(proc, HOST)
        server_with(proc, b"", root=str(look.home.parent))
        isolation = look().isolation
        assert isolation is not None and isolation.root == "unknown"
        assert [gap.facet for gap in look.gaps.unread] == ["isolation"]

    def test_too_many_mounts_are_a_stated_gap(self, proc: FakeProc, look: Look) -> None:
        server_with(proc, b"1 2 8:1 / /x rw - ext4 a rw\n" * 200_000)
        isolation = look().isolation
        assert isolation is not None and isolation.root == "unknown"
        assert [gap.facet for gap in look.gaps.unread] == ["isolation"]


@pytest.mark.parametrize(
    ("place", "assess", "uid", "expected"),
    [("/proc", True, 0, True), ("/proc/", True, 0, True), ("/proc", False, 0, False), ("/proc", True, 1000, False)],
)
def test_servers_are_stopped_by_root_and_where_it_is_wanted_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str, assess: bool, uid: int, expected: bool
) -> None:
    monkeypatch.setattr(comparing, "_is_filtered", lambda: False)
    monkeypatch.setattr(os, "geteuid", lambda: uid)
    context = replace(Context.of_this_host(), home=tmp_path, assess=assess)
    assert reference(LinuxTable(place), context).read_filters is expected
    assert reference(LinuxTable(str(tmp_path)), context).read_filters is False
    assert reference(LinuxTable(place), None).read_filters is False


class TestRights:
    def test_capabilities_by_name(self) -> None:
        assert capability_names(0) == ()
        assert capability_names(1 << 21 | 1 << 10) == ("CAP_NET_BIND_SERVICE", "CAP_SYS_ADMIN")
        assert capability_names(1 << 40 | 1 << 41 | 1 << 63) == ("CAP_CHECKPOINT_RESTORE", "CAP_41", "CAP_63")

    def test_what_the_status_says(self, proc: FakeProc, look: Look) -> None:
        status = (
            "Uid:\t1000\t1001\t0\t1001\nGid:\t1000\t1000\t1000\t1000\nGroups:\t27 \nCapPrm:\t0000000000000400\n"
            "CapEff:\t0000000000000000\nCapAmb:\tnonsense\nCapBnd:\t0000000000200000\nNoNewPrivs:\t1\nSeccomp:\t2\n"
            "Seccomp_filters:\t3\n"
        )
        proc.add(40, ["client"], seccomp_filters=2)
        proc.add(50, ["/opt/notion-mcp"], parent=40, status=status)
        isolation = look().isolation
        assert isolation is not None
        assert isolation.uids == (1000, 1001, 0)
        assert isolation.capabilities_permitted == ("CAP_NET_BIND_SERVICE",)
        assert (isolation.capabilities_effective, isolation.capabilities_ambient) == ((), ())
        assert isolation.capabilities_bounding == ("CAP_SYS_ADMIN",)
        assert isolation.inherited_no_new_privileges is False
        assert isolation.filters_added == 1

    @pytest.mark.parametrize(
        ("mine", "above", "added"),
        [
            ("Seccomp:\t0\nSeccomp_filters:\t0\n", "Seccomp:\t0\nSeccomp_filters:\t0\n", 0),
            ("Seccomp:\t2\nSeccomp_filters:\t5\n", "Seccomp:\t2\nSeccomp_filters:\t5\n", 0),
            ("Seccomp:\t2\nSeccomp_filters:\t36\n", "Seccomp:\t0\nSeccomp_filters:\t0\n", 36),
            ("Seccomp:\t2\nSeccomp_filters:\t1\n", "Seccomp:\t2\nSeccomp_filters:\t4\n", 0),
            ("Seccomp:\t1\n", "Seccomp:\t0\n", 1),
            ("Seccomp:\t2\n", "Seccomp:\t0\n", 1),
            ("Seccomp:\t2\n", "Seccomp:\t2\n", None),
            ("Name:\tx\n", "Name:\ty\n", None),
        ],
    )
    def test_filters_are_counted_against_what_started_it(
        self, proc: FakeProc, look: Look, mine: str, above: str, added: int | None
    ) -> None:
        proc.add(40, ["client"], status="Uid:\t1\t1\t1\t1\n" + above)
        proc.add(50, ["/opt/notion-mcp"], parent=40, status="Uid:\t1\t1\t1\t1\nGid:\t1\t1\t1\t1\n" + mine)
        isolation = look().isolation
        assert isolation is not None and isolation.filters_added == added

    def test_where_what_started_it_has_gone_the_first_process_is_the_measure(self, proc: FakeProc, look: Look) -> None:
        proc.add(50, ["/opt/notion-mcp"], parent=49, seccomp_filters=0)
        isolation = look().isolation
        assert isolation is not None and isolation.inherited_no_new_privileges is False

    @pytest.mark.parametrize(
        ("raw", "enforcing", "expected"),
        [
            (b"unconfined\n", True, ("", False)),
            (b"", True, ("", False)),
            (b"_\0", True, ("", False)),
            (b"docker-default (enforce)\n", False, ("docker-default (enforce)", True)),
            (b"/usr/bin/mcp (complain)\n", False, ("/usr/bin/mcp (complain)", False)),
            (b"bwrap//&unpriv_bwrap (enforce)\n", False, ("bwrap//&unpriv_bwrap (enforce)", False)),
            (b"bwrap//&mcp (enforce)\n", False, ("bwrap//&mcp (enforce)", True)),
            (b"vscode (unconfined)\n", False, ("vscode (unconfined)", False)),
            (b"a (b) (enforce)\n", False, ("a (b) (enforce)", True)),
            (b"unconfined_u:unconfined_r:unconfined_t:s0-s0:c0.c1023\0", True, None),
            (b"system_u:system_r:container_t:s0:c1,c2\0", True, ("system_u:system_r:container_t:s0:c1,c2", True)),
            (b"system_u:system_r:container_t:s0:c1,c2\0", False, ("system_u:system_r:container_t:s0:c1,c2", False)),
            (b"evil\x1b[2J (enforce)\n", False, (r"evil\x1b[2J (enforce)", True)),
        ],
    )
    def test_labels(self, raw: bytes, enforcing: bool, expected: tuple[str, bool] | None) -> None:
        label, confines = label_of(raw, enforcing=enforcing)
        assert (label, confines) == expected if expected else (bool(label), confines) == (True, False)

    def test_a_label_is_a_barrier(self, proc: FakeProc, look: Look) -> None:
        raw = home_on(look.home)
        host_with(proc, raw)
        server_with(proc, raw)
        (proc.root / "50" / "attr").mkdir()
        (proc.root / "50" / "attr" / "current").write_text("mcp (enforce)\n")
        isolation = look(uid=look.home.stat().st_uid).isolation
        assert isolation is not None
        assert isolation.file_barriers == ("the security profile mcp (enforce)",)


class TestLimits:
    LIMITS = (
        b"Limit                     Soft Limit           Hard Limit           Units     \n"
        b"Max core file size        0                    unlimited            bytes     \n"
        b"Max processes             96365                96365                processes \n"
        b"Max open files            unlimited            524288               files     \n"
    )

    def test_its_own(self) -> None:
        assert own_limits(self.LIMITS) == (("core size", 0), ("processes", 96365), ("open files", -1))

    @pytest.mark.parametrize("raw", [b"", b"Max open files\n", b"Max open files            x y z\n", b"\xff" * 99])
    def test_what_is_not_told_is_left_out(self, raw: bytes) -> None:
        assert own_limits(raw) == ()

    def test_the_tightest_group_of_version_2_counts(self, tmp_path: Path) -> None:
        inner = tmp_path / "system.slice" / "mcp.service"
        inner.mkdir(parents=True)
        (inner / "pids.max").write_text("max\n")
        (inner / "memory.max").write_text("536870912\n")
        (tmp_path / "system.slice" / "pids.max").write_text("64\n")
        groups = GroupLimits([mounted(tmp_path, "cgroup2", ())])
        assert dict(groups.of(b"0::/system.slice/mcp.service\n")) == {
            "group processes": 64,
            "group memory": 536870912,
        }

    def test_version_1_says_unlimited_with_a_number(self, tmp_path: Path) -> None:
        (tmp_path / "docker").mkdir()
        (tmp_path / "docker" / "memory.limit_in_bytes").write_text("9223372036854771712\n")
        groups = GroupLimits([mounted(tmp_path, "cgroup", ("rw", "memory"))])
        assert groups.of(b"4:memory:/docker\n1:name=systemd:/x\n") == (("group memory", -1),)

    @pytest.mark.parametrize("raw", [b"", b"junk", b"0::/../escaped\n", b"0::/gone\n", b"0::" + b"/a" * 500])
    def test_a_group_that_is_not_shown_is_left_out(self, tmp_path: Path, raw: bytes) -> None:
        assert GroupLimits([mounted(tmp_path, "cgroup2", ())]).of(raw) == ()


def mounted(where: Path, kind: str, options: tuple[str, ...]) -> Mount:
    return Mount(1, 0, "0:1", "/", str(where), True, kind, options)


def test_what_is_known_survives_the_journey_through_a_file(proc: FakeProc, look: Look) -> None:
    server_with(proc, SANDBOX, exe="/usr/bin/env")
    server = look()
    assert server.isolation is not None
    server = replace(server, isolation=replace(server.isolation, syscalls=(("execve", "EPERM"),)))
    snapshot = builders.snapshot(processes=ProcessFacts(builders.COMPLETE, (server,)))
    assert from_json(to_json(snapshot).encode(), "x") == snapshot


class TestProgram:
    def test_the_script_and_the_executable_with_all_that_leads_there(
        self, proc: FakeProc, look: Look, tmp_path: Path
    ) -> None:
        program, script = tmp_path / "node", tmp_path / "index.js"
        program.touch()
        script.touch()
        proc.add(50, [str(program), "index.js"], cwd=str(tmp_path), exe=str(program))
        found = look().program
        assert [path.asked for path in found] == [str(program), str(script)]
        assert found[0].directories[0].path == "/"

    def test_a_replaced_program_is_looked_at_by_its_old_name(self, proc: FakeProc, look: Look, tmp_path: Path) -> None:
        program = tmp_path / "mcp-server-x"
        program.touch()
        proc.add(50, ["mcp-server-x"], exe=f"{program} (deleted)")
        server = look()
        assert server.executable.endswith(" (deleted)")
        assert [path.asked for path in server.program] == [str(program)]

    def test_in_a_sandbox_the_file_is_found_by_the_name_it_has_here(
        self, proc: FakeProc, look: Look, tmp_path: Path
    ) -> None:
        inside = tmp_path / "inside"
        (inside / "srv").mkdir(parents=True)
        (inside / "srv" / "server").touch()
        real = tmp_path / "code"
        real.mkdir()
        (real / "server").touch()
        host_with(proc, b"27 1 8:1 / / rw - ext4 /dev/sda1 rw\n")
        table = b"90 80 0:9 / / rw - tmpfs t rw\n91 90 8:1 " + str(real).encode() + b" /srv ro - ext4 x rw\n"
        server_with(proc, table, root=str(inside), exe="/srv/server", namespaces={"mnt": "mnt:[9]"})
        assert [path.asked for path in look().program] == [str(real / "server")]

    def test_in_a_container_it_can_be_replaced_by_nobody_here(self, proc: FakeProc, look: Look, tmp_path: Path) -> None:
        (tmp_path / "inside").mkdir()
        (tmp_path / "inside" / "server").touch()
        host_with(proc, HOST)
        server_with(proc, CONTAINER, root=str(tmp_path / "inside"), exe="/server", namespaces={"mnt": "mnt:[9]"})
        assert look().program == ()
        assert look.gaps.unread == []

    def test_a_path_with_a_secret_is_a_stated_gap(self, proc: FakeProc, look: Look, tmp_path: Path) -> None:
        token = "ghp_" + "aB3dE5gH7jK9mN1pQ3sT5vX7zB9dF1hJ3lN5"
        program = tmp_path / f"mcp-{token}"
        program.touch()
        proc.add(50, ["mcp-server-x"], exe=str(program))
        server = look()
        assert server.program == ()
        assert token not in repr((server, look.gaps))
        assert [gap.facet for gap in look.gaps.unread] == ["program"]

    def test_whose_path_it_is_must_be_known(
        self, proc: FakeProc, look: Look, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "index.js").touch()
        proc.add(50, ["node", str(tmp_path / "index.js")], uid=1001)
        deny(monkeypatch, "/50/ns/mnt", "/50/exe", "/50/cwd")
        assert look().program == ()
        assert {gap.facet for gap in look.gaps.unread} == {"executable", "namespaces"}
