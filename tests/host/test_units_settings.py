"""What is kept of a unit: the settings that count, no secret, the paths it names, its socket, its slice, its state."""

from __future__ import annotations

import base64
import os
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from workbench.host import units
from workbench.host.command import Output
from workbench.host.context import Context
from workbench.host.files import CannotLook, read_bounded
from workbench.host.privileged import Privileged
from workbench.host.units import filters, places, settings, state
from workbench.host.units.folders import UnitFile
from workbench.host.units.unit_file import effective
from workbench.model.facts import Unread
from workbench.model.units import UnitFact, UnitFacts, UnitRun, UnitSetting

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="unit files are looked for on Linux only")
TOKEN = "ghp_" + "Zk3vQ9xLw7Rt2Yb8Nc4Md6Pf1Hs5Jg0Kq3V1"
GROUPS = {
    "@default": frozenset(("execve", "read")),
    "@system-service": frozenset(("read", "write")),
    "@pkey": frozenset(("pkey_alloc",)),
}
SERVER = "[Service]\nExecStart=/usr/local/bin/mcp-filesystem-server /srv\n"


def context(folder: Path, **more: object) -> Context:
    made = Context("linux", folder, os.getuid(), {}, folder, unit_folders=(folder / "system", folder / "user"))
    return replace(made, assess=False, **more)  # type: ignore[arg-type]


def write(folder: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def look(folder: Path, files: Mapping[str, str], **more: object) -> UnitFacts:
    write(folder, files)
    return units.gather(context(folder, **more))


def only(folder: Path, files: Mapping[str, str], **more: object) -> UnitFact:
    (unit,) = look(folder, files, **more).units
    return unit


def of(text: str) -> UnitFact:
    """A unit of which only its settings are looked at."""
    kept = settings.kept(effective([("/x.service", text)]))
    return replace(UnitFact("x.service", None, "system"), settings=kept)  # type: ignore[arg-type]


class TestSettings:
    def test_a_drop_in_adds_to_a_list_and_an_empty_value_clears(self, tmp_path: Path) -> None:
        unit = only(
            tmp_path,
            {
                "system/mcp-a.service": f"{SERVER}ReadWritePaths=/a\nReadWritePaths=/b\nUser=x\nGroup=g\n",
                "system/mcp-a.service.d/10.conf": "[Service]\nReadWritePaths=/c\nUser=\n",
            },
        )
        assert unit.words("ReadWritePaths") == ("/a", "/b", "/c")
        assert (unit.value("User"), unit.value("Group")) == ("", "g")
        cleared = unit.setting("User")
        assert cleared is not None
        assert (cleared.value, cleared.path.endswith("10.conf"), cleared.line) == ("", True, 3)

    @pytest.mark.parametrize(
        ("lines", "chosen"),
        [
            ("ProtectHome=TRUE", "yes"),
            ("ProtectHome=tmpfs", "tmpfs"),
            ("ProtectHome=yes\nProtectHome=maybe", "yes"),
            ("ProtectHome=true # no homes", ""),
            ("ProtectHome=1\nProtectHome=off", "no"),
            ("ProtectHome=yes\nProtectHome=", ""),
        ],
    )
    def test_a_value_that_systemd_drops_does_not_count(self, lines: str, chosen: str) -> None:
        assert of(f"[Service]\n{lines}").chosen("ProtectHome", ("tmpfs", "read-only")) == chosen

    def test_an_empty_set_of_capabilities_is_known_from_none(self) -> None:
        assert of("[Service]\nCapabilityBoundingSet=").setting("CapabilityBoundingSet") is not None
        assert of("[Service]\nUser=x").setting("CapabilityBoundingSet") is None

    @pytest.mark.parametrize(
        "line",
        [
            f"Environment=TOKEN={TOKEN}",
            f"SetCredential=a:{TOKEN}",
            f"PrivatePassword={TOKEN}",
            f"X-Token={TOKEN}",
            f"User={TOKEN}",
            f"WorkingDirectory=/srv/{TOKEN}",
            f"ExecStartPre=/bin/login --token {TOKEN}",
            f"{TOKEN}=yes",
            f"StandardInputText={TOKEN}",
        ],
    )
    def test_no_secret_is_kept_wherever_it_stands(self, tmp_path: Path, line: str) -> None:
        facts = look(tmp_path, {"system/mcp-a.service": f"{SERVER}{line}\n"})
        assert facts.units
        assert TOKEN not in repr(facts)

    def test_a_hostile_unit_takes_no_long_look(self, tmp_path: Path) -> None:
        lines = "User=\nWorkingDirectory=/a\nReadWritePaths=/b\nEnvironment=\n" * 15_000
        started = time.monotonic()
        unit = only(tmp_path, {"system/mcp-a.service": f"{SERVER}{lines}"})
        assert time.monotonic() - started < 10
        assert unit.value("WorkingDirectory") == "/a"
        assert not unit.whole  # what was cut off may say anything

    def test_a_huge_unit_is_cut(self) -> None:
        made = of("[Service]\n" + "User=x\n" * 5000)
        assert len(made.settings) == 2000


class TestSecrets:
    @pytest.mark.parametrize(
        ("text", "key", "line"),
        [
            (f"Environment=GITHUB_TOKEN={TOKEN}", "Environment", 3),
            (f'Environment="A=b c" "GITHUB_TOKEN={TOKEN}"', "Environment", 3),
            (f"ExecStartPre=/bin/true \\\n  --token {TOKEN}", "ExecStartPre", 3),
            (f"SetCredential=token:{TOKEN}", "SetCredential", 3),
        ],
    )
    def test_one_is_told_by_its_place(self, tmp_path: Path, text: str, key: str, line: int) -> None:
        (secret,) = only(tmp_path, {"system/mcp-a.service": f"{SERVER}{text}\n"}).secrets
        assert (secret.key, secret.line, secret.secret.length) == (key, line, len(TOKEN))
        assert secret.path.endswith("mcp-a.service")

    @pytest.mark.parametrize(
        "text",
        [
            "LoadCredential=mcp-token:/etc/mcp/token\nEnvironment=MCP_AUTH_TOKEN=%d/mcp-token",
            "Environment=GITHUB_TOKEN=${GITHUB_TOKEN} NODE_ENV=production",
            "PassEnvironment=GITHUB_TOKEN",
            f"Environment=GITHUB_TOKEN={TOKEN}\nEnvironment=",
        ],
    )
    def test_a_reference_or_what_was_cleared_is_none(self, tmp_path: Path, text: str) -> None:
        assert only(tmp_path, {"system/mcp-a.service": f"{SERVER}{text}\n"}).secrets == ()

    def test_a_file_of_variables_is_read_by_name(self, tmp_path: Path) -> None:
        write(tmp_path, {"env": f"# a comment\n; GITHUB_TOKEN={TOKEN}\nNODE_ENV=x\nGITHUB_TOKEN='{TOKEN}'\n"})
        unit = only(tmp_path, {"system/mcp-a.service": f"{SERVER}EnvironmentFile=-{tmp_path}/env\n"})
        (secret,) = unit.secrets
        assert (secret.key, secret.line) == ("EnvironmentFile", 4)
        assert unit.variables == ("NODE_ENV", "GITHUB_TOKEN")
        assert f"{tmp_path}/env" in [path.asked for path in unit.files]
        assert TOKEN not in repr(unit)

    def test_of_a_file_that_holds_no_variables_nothing_is_kept(self, tmp_path: Path) -> None:
        key = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7=\nabc+/==\n$x$=1\n"
        write(tmp_path, {"key": key})
        unit = only(tmp_path, {"system/mcp-a.service": f"{SERVER}EnvironmentFile={tmp_path}/key\n"})
        assert unit.variables == ()
        assert "MIIEvQ" not in repr(unit)

    @pytest.mark.parametrize(("mode", "gaps"), [(0o600, []), (0o640, ["variables"]), (0o644, ["variables"])])
    def test_a_file_of_variables_that_is_closed_to_us_is_a_gap_where_others_may_read_it(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: int, gaps: list[str]
    ) -> None:
        write(tmp_path, {"env": "A=b\n"})
        (tmp_path / "env").chmod(mode)

        def refuse(path: str, limit: int) -> bytes:
            raise CannotLook("permission denied", "look as root or as its owner")

        monkeypatch.setattr("workbench.host.units.describing.read_bounded", refuse)
        facts = look(tmp_path, {"system/mcp-a.service": f"{SERVER}EnvironmentFile={tmp_path}/env\n"})
        assert [gap.facet for gap in facts.state.unread] == gaps


class TestPlaces:
    def test_every_path_with_whether_it_is_there(self, tmp_path: Path) -> None:
        (tmp_path / "ws").mkdir()
        text = f"{SERVER}ReadWritePaths={tmp_path}/ws -{tmp_path}/none +{tmp_path}/no\nBindPaths={tmp_path}/ws:/mnt\n"
        text += f"WorkingDirectory=-{tmp_path}/none\nReadOnlyPaths=/srv/%i\nEnvironmentFile=/etc/mcp/*.env\n"
        unit = only(tmp_path, {"system/mcp-a.service": text})
        found = {(place.key, place.path): (place.exists, place.optional) for place in unit.places}
        assert found[("ReadWritePaths", f"{tmp_path}/ws")] == (True, False)
        assert found[("ReadWritePaths", f"{tmp_path}/none")] == (False, True)
        assert found[("ReadWritePaths", f"{tmp_path}/no")] == (False, False)
        assert found[("BindPaths", f"{tmp_path}/ws")] == (True, False)
        assert found[("WorkingDirectory", f"{tmp_path}/none")] == (False, True)
        assert found[("ReadOnlyPaths", "/srv/%i")] == (None, False)
        assert found[("EnvironmentFile", "/etc/mcp/*.env")] == (None, False)
        assert found[("ExecStart", "/usr/local/bin/mcp-filesystem-server")][1] is False

    @pytest.mark.parametrize(
        ("content", "runtime"),
        [
            ("#!/usr/bin/env node\n", "node"),
            ("#!/usr/bin/python3 -I\n", "python"),
            ("#!/bin/sh\n", ""),
            ("\x7fELF", ""),
            ("", ""),
        ],
    )
    def test_what_runs_a_program_is_read_from_its_first_line(self, tmp_path: Path, content: str, runtime: str) -> None:
        write(tmp_path, {"mcp-x": content})
        text = f"[Service]\nExecStart={tmp_path}/mcp-x\n"
        assert only(tmp_path, {"system/mcp-a.service": text}).runtime == runtime

    @pytest.mark.parametrize(
        ("command", "runtime"),
        [
            ("/usr/bin/node /opt/mcp/index.js", "node"),
            ("/usr/bin/npx -y mcp-x", "node"),
            ("/usr/bin/uvx mcp-server-git", "python"),
            ("/usr/bin/docker run -i mcp/node", ""),
            ("relative-mcp", ""),
        ],
    )
    def test_or_from_its_name(self, tmp_path: Path, command: str, runtime: str) -> None:
        unit = only(tmp_path, {"system/mcp-a.service": f"[Service]\nExecStart={command}\n"})
        assert unit.runtime == runtime

    @pytest.mark.parametrize(
        ("lines", "missing"),
        [
            ("User=root\nGroup=root", ()),
            ("User=no-such-account\nGroup=no-such-group", ("User", "Group")),
            ("User=$USER", ("User",)),
            ("User=no-such-account\nDynamicUser=yes", ()),
            ("User=4711", ()),
            ("User=%i", ()),
        ],
    )
    def test_an_account_that_is_not_there(self, tmp_path: Path, lines: str, missing: tuple[str, ...]) -> None:
        assert only(tmp_path, {"system/mcp-a.service": f"{SERVER}{lines}\n"}).missing_accounts == missing

    def test_an_account_that_was_made_since_is_known_at_the_next_look(self, tmp_path: Path) -> None:
        files = {"system/mcp-a.service": f"{SERVER}User=no-such-account\n"}
        look(tmp_path, files)
        assert places.is_known.cache_info().currsize == 1
        look(tmp_path, {"system/mcp-a.service": SERVER})
        assert places.is_known.cache_info().currsize == 0

    @pytest.mark.parametrize(("prefix", "kept"), [("+", "+"), ("-!", "-!"), ("", "")])
    def test_what_stands_before_the_program(self, tmp_path: Path, prefix: str, kept: str) -> None:
        text = f"[Service]\nExecStart={prefix}/usr/local/bin/mcp-x\n"
        assert only(tmp_path, {"system/mcp-a.service": text}).prefix == kept


class TestAround:
    @pytest.mark.parametrize(
        ("socket", "service"),
        [
            ("ListenStream=/run/a\nAccept=yes", "mcp-a@.service"),
            ("ListenStream=/run/a", "mcp-a.service"),
            ("ListenStream=/run/a\nService=mcp-b.service", "mcp-b.service"),
        ],
    )
    def test_the_socket_that_starts_a_service_is_its_own(self, tmp_path: Path, socket: str, service: str) -> None:
        text = f"[Socket]\n{socket}\nSocketMode=0660\n"
        unit = only(tmp_path, {f"system/{service}": SERVER, "system/mcp-a.socket": text})
        assert unit.socket == "mcp-a.socket"
        assert unit.value("SocketMode", "Socket") == "0660"
        assert unit.value("ListenStream", "Socket") == "/run/a"
        assert any(path.asked.endswith("mcp-a.socket") for path in unit.files)

    def test_another_services_socket_is_not(self, tmp_path: Path) -> None:
        text = "[Socket]\nListenStream=/run/a\nAccept=yes\n"
        assert only(tmp_path, {"system/mcp-a.service": SERVER, "system/mcp-a.socket": text}).socket == ""

    def test_a_slice_and_those_above_it(self, tmp_path: Path) -> None:
        unit = only(
            tmp_path,
            {
                "system/mcp-a.service": f"{SERVER}Slice=mcp-small.slice\n",
                "system/mcp.slice": "[Slice]\nMemoryMax=1G\n",
                "system/mcp-small.slice": "[Slice]\nTasksMax=64\n",
                "system/mcp-small.slice.d/10.conf": "[Slice]\nTasksMax=32\n",
                "system/other.slice": "[Slice]\nCPUQuota=1%\n",
            },
        )
        assert unit.value("MemoryMax", "Slice") == "1G"
        assert unit.value("TasksMax", "Slice") == "32"
        assert unit.value("CPUQuota", "Slice") == ""

    def test_drop_ins_of_all_services_count(self, tmp_path: Path) -> None:
        files = {"system/mcp-a.service": SERVER, "system/service.d/10.conf": "[Service]\nNoNewPrivileges=yes\n"}
        assert only(tmp_path, files).on("NoNewPrivileges")

    def test_the_folders_that_take_a_drop_in_are_looked_at(self, tmp_path: Path) -> None:
        write(tmp_path, {"system/mcp-a.service": SERVER})
        (tmp_path / "system/mcp-a.service.d").mkdir()
        facts = units.gather(context(tmp_path))
        assert [folder.path.asked for folder in facts.folders] == [f"{tmp_path}/system"]
        assert f"{tmp_path}/system/mcp-a.service.d" in [path.asked for path in facts.units[0].files]

    @pytest.mark.parametrize("asked", ["weather", "weather.service"])
    def test_a_unit_that_was_named_is_there_whatever_it_runs(self, tmp_path: Path, asked: str) -> None:
        files = {"system/weather.service": "[Service]\nExecStart=/bin/sleep 9\n"}
        assert look(tmp_path, files).units == ()
        unit = only(tmp_path, files, units=(asked,))
        assert unit.recognised_by == "you named it"

    def test_an_instance_names_its_template_and_what_is_not_there_is_said(self, tmp_path: Path) -> None:
        files = {"system/weather@.service": "[Service]\nExecStart=/bin/sleep 9\n"}
        facts = look(tmp_path, files, units=("weather@1", "none"))
        assert [unit.name for unit in facts.units] == ["weather@.service"]
        assert [gap.what for gap in facts.state.unread] == ["none"]


class TestFilters:
    @pytest.mark.parametrize(
        ("values", "number", "execve", "key"),
        [
            (["@system-service"], "", "allowed", "killed"),
            (["@system-service"], "EPERM", "allowed", "refused"),
            (["@system-service"], "kill", "allowed", "killed"),
            (["@system-service", "@pkey"], "", "allowed", "allowed"),
            (["@system-service", "~execve"], "EPERM", "refused", "refused"),
            (["~execve"], "", "killed", "allowed"),
            (["~execve:EPERM"], "", "refused", "allowed"),
            (["~execve:kill"], "EPERM", "killed", "allowed"),
            (["~execve", "execve"], "", "allowed", "allowed"),
            (["~@exec"], "", "allowed", "allowed"),
            (["~@default"], "", "killed", "allowed"),
            (["@system-service pkey_alloc:EPERM"], "", "allowed", "refused"),
        ],
    )
    def test_what_it_answers(self, values: list[str], number: str, execve: str, key: str) -> None:
        assert filters.answers(values, number, GROUPS) == (("execve", execve), ("pkey_alloc", key))

    def test_without_the_groups_only_what_is_sure_is_said(self) -> None:
        assert filters.answers(["@system-service"], "", {}) == (("execve", "allowed"),)
        assert filters.answers(["~@default"], "", {}) == (("execve", "killed"), ("pkey_alloc", "allowed"))
        assert filters.answers([], "", {}) == ()

    def test_the_groups_are_systemds_own_and_hold_each_other(self, monkeypatch: pytest.MonkeyPatch) -> None:
        said = "@default\n    # always\n    execve\n\n@outer\n    # two\n    @default\n    write\n    @outer\n"
        said += "\n# Ungrouped System Calls:\n"
        monkeypatch.setattr(filters, "find_program", lambda name: f"/usr/bin/{name}")
        monkeypatch.setattr(filters, "run", lambda vector, deadline: Output(0, said, ""))
        assert filters.groups() == {"@default": frozenset(("execve",)), "@outer": frozenset(("execve", "write"))}

        def fail(*asked: object) -> Output:
            raise CannotLook("it hangs")

        monkeypatch.setattr(filters, "run", fail)
        assert filters.groups() == {}


class TestState:
    SAID = """MainPID=55
Result=success
ExecMainStartTimestamp=Thu 2026-11-26 06:10:01 UTC
ExecMainCode=0
ExecMainStatus=0
TasksMax=28909
MemoryMax=infinity
Id=mcp-a.service
ActiveState=active
NeedDaemonReload=yes

MainPID=0
Result=signal
ExecMainStartTimestamp=
ExecMainCode=2
ExecMainStatus=31
Id=mcp-b@1.service
ActiveState=failed
NeedDaemonReload=no
"""

    def ask(
        self, monkeypatch: pytest.MonkeyPatch, said: Output
    ) -> tuple[dict[str, tuple[UnitRun, ...]], tuple[Unread, ...], list[str]]:
        asked: list[str] = []

        def run(vector: tuple[str, ...], deadline: float) -> Output:
            asked.extend(vector)
            return said

        monkeypatch.setattr(state, "run", run)
        monkeypatch.setattr(state, "find_program", lambda name: f"/usr/bin/{name}")
        monkeypatch.setattr(Path, "is_dir", lambda self: True)
        own = [UnitFile(name, "system", Path(name)) for name in ("mcp-a.service", "mcp-b@.service")]
        found, unread = state.ask("system", own, Context("linux", Path("/"), 0, {}, Path("/")))
        return found, unread, asked

    def test_each_unit_and_each_instance(self, monkeypatch: pytest.MonkeyPatch) -> None:
        found, unread, asked = self.ask(monkeypatch, Output(0, self.SAID, ""))
        (first,), (second,) = found["mcp-a.service"], found["mcp-b@.service"]
        assert (first.main_pid, first.started, first.needs_reload) == (55, 1795673401.0, True)
        assert (first.tasks_max, first.memory_max, first.state) == ("28909", "infinity", "active")
        assert (second.name, second.code, second.status, second.result) == ("mcp-b@1.service", "killed", 31, "signal")
        assert unread == ()
        assert asked[-2:] == ["mcp-a.service", "mcp-b@*.service"]
        assert "TZ=UTC" in asked
        assert not any("Environment" in word for word in asked)

    def test_a_manager_that_does_not_answer_is_a_gap(self, monkeypatch: pytest.MonkeyPatch) -> None:
        found, unread, _ = self.ask(monkeypatch, Output(1, "", "Failed to connect to bus"))
        assert found == {}
        assert {gap.facet for gap in unread} == {"state"}

    def test_what_makes_no_sense_is_left_out(self, monkeypatch: pytest.MonkeyPatch) -> None:
        said = "Id=mcp-a.service\nMainPID=many\nExecMainStartTimestamp=soon\nActiveState=\x1b[31mred\n"
        found, _, _ = self.ask(monkeypatch, Output(0, said, ""))
        (run,) = found["mcp-a.service"]
        assert (run.main_pid, run.started, run.state) == (0, 0.0, "\\x1b[31mred")


class TestClosedFiles:
    """A unit that only root may read."""

    def closed(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        write(tmp_path, {"system/mcp-a.service": f"{SERVER}User=mcp\n"})
        file = tmp_path / "system/mcp-a.service"

        def refuse(path: Path, limit: int) -> bytes:
            if Path(path) == file:
                raise CannotLook("permission denied", "look as root or as its owner")
            return read_bounded(path, limit)

        monkeypatch.setattr("workbench.host.units.reading.read_bounded", refuse)
        monkeypatch.setattr("workbench.host.privileged.find_program", lambda name: f"/usr/bin/{name}")
        return file

    @staticmethod
    def answer(vector: tuple[str, ...]) -> Output:
        if vector[0].endswith("base64"):
            return Output(0, base64.b64encode(Path(vector[-1]).read_bytes()).decode(), "")
        if "verify" in vector:
            return Output(0, "", f"{vector[-1]}:3: Failed to parse boolean value, ignoring: perhaps\n")
        return Output(0, "→ Overall exposure level for mcp-a.service: 3.7 OK\n", "")

    def test_is_a_gap(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.closed(tmp_path, monkeypatch)
        facts = units.gather(context(tmp_path))
        assert [gap.facet for gap in facts.state.unread] == ["content"]
        assert [(unit.whole, unit.settings) for unit in facts.units] == [(False, ())]

    def test_of_an_accounts_own_manager_is_never_read_through_sudo(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.closed(tmp_path, monkeypatch)
        (tmp_path / "system").rename(tmp_path / "user")
        monkeypatch.setattr(
            "workbench.host.units.reading.read_bounded",
            lambda path, limit: (_ for _ in ()).throw(CannotLook("permission denied")),
        )
        offer = Privileged()
        facts = units.gather(context(tmp_path, privileged=offer))
        assert offer.wanted == {}
        assert [gap.facet for gap in facts.state.unread] == ["content"]

    def test_is_read_through_sudo_once_that_was_agreed_to(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        file = self.closed(tmp_path, monkeypatch)
        offer = Privileged()
        facts = units.gather(context(tmp_path, privileged=offer))
        assert [(gap.facet, gap.unlock) for gap in facts.state.unread] == [("content", "workbench --sudo")]
        (vector,) = offer.wanted
        assert vector[1:] == ("-w0", "--", str(file))
        answers: dict[tuple[str, ...], Output] = {}
        for _ in range(3):
            asking = Privileged(answers)
            facts = units.gather(replace(context(tmp_path, privileged=asking), assess=True))
            answers |= {wanted: self.answer(wanted) for wanted in asking.wanted}
        assert all(vector[0].startswith("/usr/bin/") for vector in answers)
        (unit,) = facts.units
        assert (unit.whole, unit.value("User")) == (True, "mcp")
        assert facts.state.status == "complete"
        assert [line.text for line in unit.ignored or ()] == ["User=mcp"]
        assert (unit.exposure, unit.measured) == (3.7, "offline")


def test_the_older_names_of_lists_of_paths_are_known() -> None:
    assert of("[Service]\nReadOnlyDirectories=/a").settings == (
        UnitSetting("Service", "ReadOnlyPaths", "/a", "/x.service", 2),
    )


def test_the_version_is_that_of_its_library(tmp_path: Path) -> None:
    (tmp_path / "libsystemd-shared-257.9-1.so").write_text("")
    assert places.version((str(tmp_path),)) == 257
