from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from workbench.host import units
from workbench.host.command import Output
from workbench.host.context import Context
from workbench.host.files import CannotLook, read_bounded
from workbench.host.units import analysis
from workbench.host.units.folders import find, folders_of
from workbench.host.units.recognition import _KNOWN_PROGRAMS, may_say_mcp, recognise, says_mcp
from workbench.host.units.unit_file import assignment_at, assignments, start_command
from workbench.launch import understand
from workbench.model.units import IgnoredLine, UnitFacts

DATA = Path(__file__).parents[1] / "data" / "units"
SERVER = "[Service]\nExecStart=/usr/local/bin/mcp-filesystem-server /srv\n"
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="unit files are looked for on Linux only")


def command_of(line: str) -> tuple[str, ...]:
    return start_command([f"[Service]\nExecStart={line}\n"])


class TestUnitFile:
    def test_continued_lines_keep_their_place_and_skip_comments(self) -> None:
        content = "[Service]\nExecStart=/bin/a \\\n  --one \\\n  # not here\n  --two\nUser=x"
        found = list(assignments(content))
        assert [(item.key, item.first, item.last) for item in found] == [("ExecStart", 2, 5), ("User", 6, 6)]
        assert start_command([content]) == ("/bin/a", "--one", "--two")
        whole = assignment_at(found, 5)
        assert whole is not None
        assert whole.key == "ExecStart"
        assert assignment_at(found, 1) is None

    def test_a_comment_behind_a_value_is_part_of_the_value(self) -> None:
        (found,) = assignments("[Service]\nProtectHome=true # no homes")
        assert found.value == "true # no homes"

    def test_an_empty_value_clears_and_a_drop_in_replaces(self) -> None:
        assert start_command([SERVER, "[Service]\nExecStart=\nExecStart=/bin/other"]) == ("/bin/other",)

    @pytest.mark.parametrize(
        ("line", "words"),
        [
            ("-/bin/a b", ("/bin/a", "b")),
            ("!!/bin/a", ("/bin/a",)),
            ("@/bin/a own-name b", ("/bin/a", "b")),
            ('/bin/a "b c"', ("/bin/a", "b c")),
            ('/bin/a "b c', ("/bin/a", '"b', "c")),
        ],
    )
    def test_prefixes_and_quotes(self, line: str, words: tuple[str, ...]) -> None:
        assert command_of(line) == words


class TestRecognition:
    @pytest.mark.parametrize(
        "line",
        [
            "/usr/bin/npx -y @modelcontextprotocol/server-filesystem /srv",
            "/usr/bin/uvx mcp-server-git",
            "/usr/bin/docker run -i --rm mcp/filesystem /projects",
            "/usr/bin/python3 -m my_mcp.server",
            "/usr/bin/node /opt/weather-mcp/dist/index.js",
            "/usr/bin/node /usr/lib/node_modules/@modelcontextprotocol/server-memory/dist/index.js",
            "/srv/venv/bin/python /srv/weather-mcp/src/server.py",
            '/bin/sh -c "exec npx -y some-mcp"',
            "/usr/bin/sudo -n -u x /usr/local/bin/mcp-filesystem-server /srv",
            "/usr/bin/env A=1 /usr/local/bin/fastmcp run",
        ],
    )
    def test_what_it_starts_says_so(self, line: str) -> None:
        command = command_of(line)
        assert recognise("tools.service", command, understand(command, "/root")).startswith("it starts ")

    @pytest.mark.parametrize(
        "line",
        [
            "/usr/sbin/nginx -c /etc/mcp.conf",
            "/usr/bin/rsync /home/mcp/x /srv/mcp",
            "/usr/bin/mcp23017d",
            "/opt/mcp/venv/bin/celery worker",
            "/usr/sbin/dhcpmcpd",
            "/usr/bin/node /home/mcp/blog/server.js",
            "/usr/bin/docker run --name mcp-proxy nginx",
        ],
    )
    def test_others_are_left_alone(self, line: str) -> None:
        command = command_of(line)
        assert recognise("tools.service", command, understand(command, "/root")) == ""

    def test_the_name_of_the_unit_is_enough(self) -> None:
        assert recognise("my-mcp@.service", (), None) == "its name is my-mcp@.service"
        assert not says_mcp("dhcpmcpd")


class TestFolders:
    def test_the_first_folder_wins_and_drop_ins_come_from_all(self, tmp_path: Path) -> None:
        strong, weak = tmp_path / "etc", tmp_path / "lib"
        for folder in (strong, weak):
            (folder / "mcp-a.service.d").mkdir(parents=True)
            (folder / "mcp-a.service").write_text(SERVER)
            (folder / "mcp-a.service.d/50-own.conf").write_text("[Service]\nUser=x\n")
        (weak / "mcp-a.service.d/10-vendor.conf").write_text("[Service]\nUser=y\n")
        (weak / "mcp-.service.d").mkdir()
        (weak / "mcp-.service.d/70-all.conf").write_text("[Service]\nUser=z\n")
        found = find("system", (strong, weak, tmp_path / "absent"))
        (unit,) = found.units
        assert unit.file == strong / "mcp-a.service"
        assert unit.drop_ins == (
            weak / "mcp-a.service.d/10-vendor.conf",
            strong / "mcp-a.service.d/50-own.conf",
            weak / "mcp-.service.d/70-all.conf",
        )
        assert found.seen == 2

    def test_masked_units_do_not_run(self, tmp_path: Path) -> None:
        strong, weak = tmp_path / "etc", tmp_path / "lib"
        strong.mkdir()
        weak.mkdir()
        for name in ("mcp-null.service", "mcp-empty.service", "mcp-on.service"):
            (weak / name).write_text(SERVER)
        (strong / "mcp-null.service").symlink_to("/dev/null")
        (strong / "mcp-empty.service").write_text("")
        assert [unit.name for unit in find("system", (strong, weak)).units] == ["mcp-on.service"]

    def test_an_alias_is_not_a_second_unit_and_a_linked_unit_is_one(self, tmp_path: Path) -> None:
        folder, elsewhere = tmp_path / "etc", tmp_path / "opt"
        folder.mkdir()
        elsewhere.mkdir()
        (folder / "mcp-a.service").write_text(SERVER)
        (folder / "mcp-alias.service").symlink_to(folder / "mcp-a.service")
        (elsewhere / "mcp-b.service").write_text(SERVER)
        (folder / "mcp-b.service").symlink_to(elsewhere / "mcp-b.service")
        assert [unit.name for unit in find("system", (folder,)).units] == ["mcp-a.service", "mcp-b.service"]

    def test_the_standard_folders_know_both_managers(self, tmp_path: Path) -> None:
        context = Context("linux", tmp_path, 1000, {"XDG_CONFIG_HOME": "/elsewhere"}, tmp_path)
        folders = folders_of(context)
        assert Path("/etc/systemd/system") in folders["system"]
        assert Path("/elsewhere/systemd/user") in folders["user"]
        assert tmp_path / ".local/share/systemd/user" in folders["user"]


class Systemd:
    """Answers as systemd-analyze does, from what a test says, and keeps what it was asked."""

    def __init__(self, verify: str = "", overall: str = "", error: str = "") -> None:
        self.verify, self.overall, self.error = verify, overall, error
        self.asked: list[tuple[str, ...]] = []

    def run(self, arguments: Sequence[str], deadline: float) -> Output:
        assert deadline > 0
        self.asked.append(tuple(arguments))
        if "verify" in arguments:
            return Output(0, "", self.verify)
        return Output(0, self.overall, self.error)


class TestGather:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        folder = tmp_path / "system"
        folder.mkdir()
        return folder

    def gather(self, folder: Path, monkeypatch: pytest.MonkeyPatch, systemd: Systemd | None = None) -> UnitFacts:
        answering = systemd or Systemd()
        monkeypatch.setattr(analysis, "run", answering.run)
        monkeypatch.setattr(analysis, "find_program", lambda name: f"/usr/bin/{name}")
        context = Context(
            "linux", folder.parent, os.getuid(), {}, folder.parent, unit_folders=(folder, folder.parent / "user")
        )
        return units.gather(context)

    def test_other_platforms_have_no_systemd(self, folder: Path) -> None:
        context = Context("darwin", folder, os.getuid(), {}, folder, unit_folders=(folder,))
        assert units.gather(context).state.status == "not applicable"

    def test_without_unit_files_there_is_no_systemd(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        assert self.gather(folder, monkeypatch).state.status == "not applicable"

    def test_only_servers_become_facts_and_all_files_are_counted(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (folder / "cron.service").write_text("[Service]\nExecStart=/usr/sbin/cron -f\n")
        (folder / "mcp-a.service").write_text(SERVER)
        said = "  NAME     DESCRIPTION                EXPOSURE\n"
        said += "✓ P=       Service has its own        \n✗ A=~x|(y) what a is about             0.1\n"
        said += "✗ B=       b\x1b, as (it) is        0.5\n  C=       c does not apply           \n"
        said += "✗ D=       nothing                0.0\n\n→ Overall exposure level for mcp-a.service: 3.7 OK 🙂\n"
        systemd = Systemd("", said)
        facts = self.gather(folder, monkeypatch, systemd)
        assert (facts.seen, facts.state.status) == (2, "complete")
        (unit,) = facts.units
        assert (unit.exposure, unit.measured, unit.ignored) == (3.7, "offline", ())
        assert [(item.name, item.description, item.exposure) for item in unit.items] == [
            ("B=", "b\\x1b, as (it) is", 0.5),
            ("A=~x|(y)", "what a is about", 0.1),
        ]
        assert unit.launch is not None
        assert unit.launch.program == "/usr/local/bin/mcp-filesystem-server"
        assert len(systemd.asked) == 2
        assert all("--man=no" in asked for asked in systemd.asked if "verify" in asked)

    def test_units_are_assessed_in_one_go_and_told_apart(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (folder / "mcp-a.service").write_text(SERVER)
        (folder / "mcp-b@.service").write_text(SERVER)
        overall = "for the reader\n✗ A= a 0.3\n→ Overall exposure level for mcp-a.service: 9.6 UNSAFE\n"
        overall += "✗ B= b 0.2\n→ Overall exposure level for mcp-b@i.service: 1.0 OK\n"
        systemd = Systemd("", overall)
        facts = self.gather(folder, monkeypatch, systemd)
        assert [(unit.name, unit.exposure, unit.items[0].name) for unit in facts.units] == [
            ("mcp-a.service", 9.6, "A="),
            ("mcp-b@.service", 1.0, "B="),
        ]
        assert len(systemd.asked) == 2

    def test_a_table_of_another_form_is_left_out_and_the_total_stays(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (folder / "mcp-a.service").write_text(SERVER)
        said = "A= | a | much\nOverall exposure level for other.service: 1.0 x\n"
        said += "x= Overall exposure level for mcp-a.service: 0.1 x\nOverall exposure level for mcp-a.service: 9.6 x\n"
        facts = self.gather(folder, monkeypatch, Systemd("", said))
        assert [(unit.exposure, unit.items) for unit in facts.units] == [(9.6, ())]

    def test_an_instance_beside_its_template_keeps_its_own_total(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name in ("mcp-a@.service", "mcp-a@1.service"):
            (folder / name).write_text(SERVER)
        said = "Overall exposure level for mcp-a@1.service: 1.0 x\nOverall exposure level for mcp-a@x.service: 9.0 x\n"
        facts = self.gather(folder, monkeypatch, Systemd("", said))
        assert [(unit.name, unit.exposure) for unit in facts.units] == [
            ("mcp-a@.service", 9.0),
            ("mcp-a@1.service", 1.0),
        ]

    def test_a_unit_systemd_does_not_load_is_unread_not_safe(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (folder / "mcp-a.service").write_text(SERVER)
        refused = "mcp-a.service: Unit configuration has fatal error, unit will not be started.\n"
        facts = self.gather(folder, monkeypatch, Systemd(refused))
        assert (facts.units[0].exposure, facts.units[0].ignored) == (None, None)
        assert {(unread.facet, unread.what) for unread in facts.state.unread} == {
            ("exposure", "mcp-a.service"),
            ("ignored", "mcp-a.service"),
        }

    def test_an_old_systemd_is_named_as_the_reason(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (folder / "mcp-a.service").write_text(SERVER)
        old = Systemd(error="systemd-analyze: unrecognized option '--offline=true'\n")
        facts = self.gather(folder, monkeypatch, old)
        assert "250" in next(unread.why for unread in facts.state.unread if unread.facet == "exposure")
        assert facts.units[0].ignored == ()

    @pytest.mark.parametrize("failing", ["missing", "hanging"])
    def test_without_systemd_analyze_units_are_still_listed(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch, failing: str
    ) -> None:
        (folder / "mcp-a.service").write_text(SERVER)

        def fail(*asked: object) -> Output:
            raise CannotLook(f"it is {failing}", "install it")

        monkeypatch.setattr(analysis, "find_program", fail if failing == "missing" else lambda name: f"/usr/bin/{name}")
        monkeypatch.setattr(analysis, "run", fail)
        context = Context("linux", folder.parent, os.getuid(), {}, folder, unit_folders=(folder,))
        facts = units.gather(context)
        assert [unit.name for unit in facts.units] == ["mcp-a.service"]
        assert (facts.units[0].exposure, facts.units[0].ignored) == (None, None)
        assert {(unread.facet, unread.why) for unread in facts.state.unread} == {
            ("exposure", f"it is {failing}"),
            ("ignored", f"it is {failing}"),
        }

    def test_only_lines_of_the_units_own_files_count(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (folder / "mcp-a.service").write_text("[Service]\nExecStart=/usr/local/bin/mcp-x\nProtectHome=maybe\n")
        (folder / "mcp-a.service.d").mkdir()
        (folder / "mcp-a.service.d/50-x.conf").write_text("[Service]\nPrivateTmp=true # yes, sk-ant-secret\n")
        verify = f"{folder}/mcp-a.service:3: Failed to parse protect home value, ignoring: maybe\n"
        verify += f"{folder}/mcp-a.service.d/50-x.conf:2: Failed to parse boolean value, ignoring: true # yes\n"
        verify += "/usr/lib/systemd/system/other.service:7: Failed to parse boolean value, ignoring: x\n"
        verify += f"{folder}/mcp-a.service:2: Unit uses MemoryLimit=; please use MemoryMax= instead.\n"
        verify += "mcp-a.service: Command /usr/local/bin/mcp-x is not executable: No such file or directory\n"
        facts = self.gather(folder, monkeypatch, Systemd(verify, "Overall exposure level for mcp-a.service: 5.0 x"))
        assert facts.units[0].ignored == (
            IgnoredLine(
                f"{folder}/mcp-a.service",
                3,
                "Failed to parse protect home value, ignoring: maybe",
                "ProtectHome=maybe",
            ),
            IgnoredLine(
                f"{folder}/mcp-a.service.d/50-x.conf",
                2,
                "Failed to parse boolean value, ignoring: true # …",
                "PrivateTmp=true # …",
            ),
        )
        assert facts.units[0].drop_ins == (f"{folder}/mcp-a.service.d/50-x.conf",)

    def test_values_that_may_be_secret_are_never_shown(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        content = "[Service]\nExecStart=/usr/local/bin/mcp-x\nEnvironment=KEY hunter2-hunter2\n"
        content += "SetCredential=hunter2-hunter2\nToken=hunter2-hunter2\nhunter2-hunter2\n"
        (folder / "mcp-a.service").write_text(content)
        place = f"{folder}/mcp-a.service"
        verify = f"{place}:3: Invalid environment assignment, ignoring: KEY\n"
        verify += f"{place}:3: Invalid environment assignment, ignoring: hunter2-hunter2\n"
        verify += f"{place}:4: Failed to resolve specifiers in hunter2-hunter2, ignoring: Invalid slot\n"
        verify += f"{place}:5: Unknown key 'Token' in section [Service], ignoring.\n"
        verify += f"{place}:6: Missing '=', ignoring line.\n"
        facts = self.gather(folder, monkeypatch, Systemd(verify, "Overall exposure level for mcp-a.service: 5.0 x"))
        assert "hunter2" not in repr(facts)
        assert [(line.line, line.text) for line in facts.units[0].ignored or ()] == [
            (3, "Environment=…"),
            (4, "SetCredential=…"),
            (5, "Token=…"),
            (6, ""),
        ]

    def test_a_secret_in_the_command_never_enters_the_facts(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        secret = "ghp_" + "Zk3vQ9xLw7Rt2Yb8Nc4Md6Pf1Hs5Jg0Kq3V"
        (folder / "mcp-a.service").write_text(f"[Service]\nExecStart=/usr/bin/npx -y mcp-x \\\n  --token {secret}\n")
        facts = self.gather(folder, monkeypatch)
        assert facts.units[0].command[:4] == ("/usr/bin/npx", "-y", "mcp-x", "--token")
        assert secret not in repr(facts)

    def test_user_units_are_asked_for_as_user_units(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        of_user = folder.parent / "user"
        of_user.mkdir()
        (of_user / "mcp-a.service").write_text("[Service]\nExecStart=%h/bin/mcp-x\n")
        systemd = Systemd("", "Overall exposure level for mcp-a.service: 9.8 x")
        facts = self.gather(folder, monkeypatch, systemd)
        assert [(unit.manager, unit.exposure) for unit in facts.units] == [("user", 9.8)]
        assert facts.units[0].command == (f"{folder.parent}/bin/mcp-x",)
        assert all("--user" in asked for asked in systemd.asked)

    def test_a_part_that_may_not_be_read_is_not_assessed(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (folder / "mcp-a.service").write_text(SERVER)
        (folder / "mcp-a.service.d").mkdir()
        (folder / "mcp-a.service.d/50-x.conf").write_text("[Service]\nUser=x\n")

        def closed(path: Path, limit: int) -> bytes:
            if path.name == "50-x.conf":
                raise CannotLook("permission denied")
            return read_bounded(path, limit)

        monkeypatch.setattr("workbench.host.units.reading.read_bounded", closed)
        systemd = Systemd("", "Overall exposure level for mcp-a.service: 1.0 OK")
        facts = self.gather(folder, monkeypatch, systemd)
        assert [unit.exposure for unit in facts.units] == [None]
        assert [unread.facet for unread in facts.state.unread] == ["content"]
        assert systemd.asked == []


def test_the_published_unit_is_read_with_its_command() -> None:
    content = (DATA / "as-published/mcp-filesystem.service").read_text()
    assert start_command([content]) == ("/usr/local/bin/mcp-filesystem-server", "--root", "/var/mcp/workspace")
    behind = [item.key for item in assignments(content) if " #" in item.value]
    assert len(behind) == 11
    moved = (DATA / "comments-moved/mcp-filesystem.service").read_text()
    assert not any(" #" in item.value for item in assignments(moved))
    assert [(item.key, item.value.split(" #")[0].strip()) for item in assignments(content)] == [
        (item.key, item.value) for item in assignments(moved)
    ]


def test_more_unit_files_than_anyone_has_is_a_failure_not_a_hang(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workbench.host.units.folders._MOST_FILES", 3)
    for number in range(5):
        (tmp_path / f"u{number}.service").write_text("")
    context = replace(Context("linux", tmp_path, 1, {}, tmp_path), unit_folders=(tmp_path,))
    assert units.gather(context).state.status == "failed"


@pytest.mark.parametrize("name", [*sorted(_KNOWN_PROGRAMS), "@modelcontextprotocol/server-git", "my-MCP", "a.mcp.b"])
def test_what_says_mcp_is_never_passed_over_by_the_quick_look(name: str) -> None:
    assert says_mcp(name)
    assert may_say_mcp(f"notes.service /usr/bin/env {name} --port 1")
    assert not may_say_mcp("ssh.service /usr/sbin/sshd -D $SSHD_OPTS")
