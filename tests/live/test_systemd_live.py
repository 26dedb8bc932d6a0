"""systemd itself judges the units: from their files on this machine, and as PID 1 of a container."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import builders
from tests.live.lab import Machine, systemd_container
from tests.live.support import missing, require_program
from tests.plugins.loading import run_check
from workbench.host import units
from workbench.host.context import Context
from workbench.model.finding import Finding, Passed, Verdict
from workbench.model.severity import Severity
from workbench.model.units import UnitFact, UnitFacts

pytestmark = [pytest.mark.live, pytest.mark.xdist_group("systemd")]
DATA = Path(__file__).parents[1] / "data" / "units"
LOST_BY_COMMENTS = [
    "PrivateTmp",
    "PrivateDevices",
    "ProtectHome",
    "ProtectSystem",
    "ProtectKernelTunables",
    "ProtectKernelModules",
    "ProtectKernelLogs",
    "ProtectControlGroups",
    "ProtectHostname",
    "ProtectClock",
    "PrivateUsers",
]
LOOK = """
import dataclasses, json, sys
sys.path.insert(0, "/opt/checkout")
from pathlib import Path
from workbench.host import units
from workbench.host.context import Context
context = dataclasses.replace(Context.of_this_host(), home=Path(sys.argv[1]))
print(json.dumps(dataclasses.asdict(units.gather(context))))
"""


def analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    program = require_program("systemd-analyze")
    return subprocess.run([program, *arguments], capture_output=True, text=True, timeout=20, check=False)


def overall(text: str) -> float:
    """The number in systemd's own last line."""
    found = re.search(r"Overall exposure level for \S+: (\d+\.\d)", text)
    assert found, text
    return float(found[1])


def gather(tmp_path: Path, *folders: Path) -> UnitFacts:
    require_program("systemd-analyze")
    if "--offline" not in analyze("--help").stdout:
        missing("this systemd-analyze is older than 250 and cannot assess unit files")
    return units.gather(Context("linux", tmp_path, 0, {}, tmp_path, unit_folders=folders))


def judge(check: str, facts: UnitFacts) -> list[Verdict]:
    return run_check(check, builders.snapshot(units=facts))


class TestFromFiles:
    def test_the_published_unit_loses_eleven_directives_and_a_group(self, tmp_path: Path) -> None:
        facts = gather(tmp_path, DATA / "as-published")
        (unit,) = facts.units
        assert unit.ignored is not None
        file = DATA / "as-published/mcp-filesystem.service"
        said = analyze("verify", "--man=no", str(file)).stderr
        by_systemd = re.findall(r":(\d+): ([^,]+, ignoring: [^#\n]*)", said)
        assert [(line.line, line.reason.split(" #")[0]) for line in unit.ignored] == [
            (int(number), reason.strip()) for number, reason in by_systemd
        ]
        keys = [line.text.partition("=")[0] for line in unit.ignored]
        assert keys == [*LOST_BY_COMMENTS, "SystemCallFilter"]
        assert unit.ignored[-1].reason == "Unknown system call group, ignoring: @exec"
        lines = file.read_text().splitlines()
        assert all(lines[line.line - 1].startswith(line.text.partition("=")[0]) for line in unit.ignored)
        (found,) = builders.findings(judge("systemd/ignored-directive", facts))
        assert found.severity is Severity.HIGH
        assert len(found.evidence) == 12

    def test_the_exit_status_of_verify_would_not_have_told(self, tmp_path: Path) -> None:
        program = shutil.which("true")
        text = (DATA / "as-published/mcp-filesystem.service").read_text()
        started = text.replace("/usr/local/bin/mcp-filesystem-server", str(program))
        (tmp_path / "mcp-filesystem.service").write_text(started)
        done = analyze("verify", "--man=no", str(tmp_path / "mcp-filesystem.service"))
        assert done.returncode == 0
        assert len(gather(tmp_path, tmp_path).units[0].ignored or ()) == 12

    @pytest.mark.parametrize(
        ("folder", "score", "severity"),
        [("as-published", 3.7, Severity.LOW), ("comments-moved", 1.8, None), ("hardened", 0.2, None)],
    )
    def test_the_exposure_is_systemds_own(
        self, tmp_path: Path, folder: str, score: float, severity: Severity | None
    ) -> None:
        facts = gather(tmp_path, DATA / folder)
        (unit,) = facts.units
        own = analyze("security", "--offline=true", "--no-pager", str(next((DATA / folder).iterdir())))
        assert unit.exposure == overall(own.stdout)
        assert unit.exposure == pytest.approx(score, abs=0.3)  # releases weigh a setting or two anew
        assert unit.measured == "offline"
        costs = [item.exposure for item in unit.items]
        assert costs
        assert costs == sorted(costs, reverse=True)
        assert min(costs) > 0
        (said,) = judge("systemd/exposure", facts)
        if severity is None:
            assert isinstance(said, Passed)
        else:
            assert isinstance(said, Finding)
            assert said.severity is severity

    def test_the_twin_keeps_all_but_the_group_that_does_not_exist(self, tmp_path: Path) -> None:
        (unit,) = gather(tmp_path, DATA / "comments-moved").units
        assert [line.text for line in unit.ignored or ()] == ["SystemCallFilter=~@exec"]

    def test_the_hardened_template_loses_nothing(self, tmp_path: Path) -> None:
        facts = gather(tmp_path, DATA / "hardened")
        assert [(unit.name, unit.ignored) for unit in facts.units] == [("mcp-workspace@.service", ())]
        assert builders.kinds(judge("systemd/ignored-directive", facts)) == {Passed}
        assert builders.kinds(judge("systemd/exposure", facts)) == {Passed}

    def test_units_are_assessed_together_as_they_are_alone(self, tmp_path: Path) -> None:
        everything = tmp_path / "system"
        everything.mkdir()
        names = {
            "as-published": "mcp-one.service",
            "comments-moved": "mcp-two.service",
            "hardened": "mcp-three@.service",
        }
        for folder, name in names.items():
            shutil.copy(next((DATA / folder).iterdir()), everything / name)
        together = {unit.name: unit for unit in gather(tmp_path, everything).units}
        for folder, name in names.items():
            (alone,) = gather(tmp_path, DATA / folder).units
            assert (together[name].exposure, together[name].items) == (alone.exposure, alone.items)
            lost = [(line.line, line.reason) for line in together[name].ignored or ()]
            assert lost == [(line.line, line.reason) for line in alone.ignored or ()]

    def test_drop_ins_count_in_whatever_folder_they_lie(self, tmp_path: Path) -> None:
        strong, weak = tmp_path / "etc", tmp_path / "lib"
        (strong / "mcp-a.service.d").mkdir(parents=True)
        weak.mkdir()
        (weak / "mcp-a.service").write_text("[Service]\nExecStart=/bin/true\n")
        (bare,) = gather(tmp_path, weak).units
        drop_in = strong / "mcp-a.service.d/50-own.conf"
        drop_in.write_text("[Service]\nUser=nobody\nNoNewPrivileges=yes\nCapabilityBoundingSet=\nPrivateTmp=perhaps\n")
        (confined,) = gather(tmp_path, strong, weak).units
        assert bare.exposure is not None
        assert confined.exposure is not None
        assert bare.exposure > 9
        assert confined.exposure < bare.exposure - 2
        assert [(line.path, line.line, line.text) for line in confined.ignored or ()] == [
            (str(drop_in), 5, "PrivateTmp=perhaps")
        ]
        assert (bare.ignored, confined.drop_ins) == ((), (str(drop_in),))

    def test_a_broken_unit_beside_others_is_not_assessed_and_spoils_none(self, tmp_path: Path) -> None:
        (tmp_path / "mcp-a.service").write_text("[Service]\nExecStart=/bin/true\n")
        (tmp_path / "mcp-b.service").write_text("[Service]\nExecStart=/bin/true\nWorkingDirectory=relative\n")
        facts = gather(tmp_path, tmp_path)
        assert [(unit.name, unit.exposure is None) for unit in facts.units] == [
            ("mcp-a.service", False),
            ("mcp-b.service", True),
        ]
        assert {(unread.facet, unread.what) for unread in facts.state.unread} == {
            ("exposure", "mcp-b.service"),
            ("ignored", "mcp-b.service"),
        }

    def test_user_units_are_assessed_as_user_units(self, tmp_path: Path) -> None:
        folder = tmp_path / "user"
        folder.mkdir()
        shutil.copy(DATA / "as-published/mcp-filesystem.service", folder)
        (unit,) = gather(tmp_path, folder).units
        assert unit.manager == "user"
        assert unit.exposure is not None
        assert len(unit.ignored or ()) == 12

    def test_looking_takes_no_longer_for_many_units(self, tmp_path: Path) -> None:
        for number in range(50):
            shutil.copy(DATA / "as-published/mcp-filesystem.service", tmp_path / f"mcp-{number}.service")
        started = time.monotonic()
        facts = gather(tmp_path, tmp_path)
        assert all(unit.exposure is not None and len(unit.ignored or ()) == 12 for unit in facts.units)
        assert len(facts.units) == 50
        assert time.monotonic() - started < 10


@pytest.fixture(scope="module")
def machine() -> Iterator[Machine]:
    with systemd_container() as booted:
        python = booted.run("python3", "-c", "import sys; print(sys.version_info >= (3, 11))")
        if python.stdout.strip() != "True":
            missing("the container has no Python 3.11")
        yield booted


def look(machine: Machine, home: str = "/root") -> dict[str, Any]:
    """What the collector says when it runs in the container, by unit name."""
    done = machine.run("python3", "-c", LOOK, home)
    assert done.returncode == 0, done.stderr
    facts: dict[str, Any] = json.loads(done.stdout)
    return facts


def install(machine: Machine, name: str, text: str, folder: str = "/etc/systemd/system") -> None:
    place = machine.path(folder)
    place.mkdir(parents=True, exist_ok=True)
    (place / name).write_text(text)


class TestUnderPid1:
    def test_the_running_manager_is_asked(self, machine: Machine) -> None:
        for folder, name in (("as-published", "mcp-published.service"), ("comments-moved", "mcp-moved.service")):
            install(machine, name, (DATA / folder / "mcp-filesystem.service").read_text())
        install(machine, "mcp-workspace@.service", (DATA / "hardened/mcp-workspace@.service").read_text())
        assert machine.run("systemctl", "daemon-reload").returncode == 0
        facts = look(machine)
        assert facts["state"]["status"] == "complete"
        found = {unit["name"]: unit for unit in facts["units"]}
        assert set(found) == {"mcp-published.service", "mcp-moved.service", "mcp-workspace@.service"}
        assert facts["seen"] > 20
        for name in ("mcp-published.service", "mcp-moved.service"):
            own = overall(machine.run("systemd-analyze", "security", "--no-pager", name).stdout)
            assert (found[name]["measured"], found[name]["exposure"]) == ("live", own)
            assert found[name]["items"]
        assert found["mcp-published.service"]["exposure"] >= 2.0 > found["mcp-moved.service"]["exposure"]
        assert len(found["mcp-published.service"]["ignored"]) == 12
        assert len(found["mcp-moved.service"]["ignored"]) == 1
        template = found["mcp-workspace@.service"]
        assert (template["measured"], template["ignored"]) == ("offline", [])
        assert template["exposure"] < 2.0

    def test_a_drop_in_counts_once_the_manager_has_read_it(self, machine: Machine) -> None:
        install(machine, "mcp-dropped.service", "[Service]\nExecStart=/bin/sleep 600\n", "/usr/lib/systemd/system")
        assert machine.run("systemctl", "daemon-reload").returncode == 0
        before = {unit["name"]: unit for unit in look(machine)["units"]}["mcp-dropped.service"]
        drop_ins = "/etc/systemd/system/mcp-dropped.service.d"
        install(machine, "50-own.conf", "[Service]\nNoNewPrivileges=yes\nProtectSystem=strict\nUser=nobody\n", drop_ins)
        assert machine.run("systemctl", "daemon-reload").returncode == 0
        after = {unit["name"]: unit for unit in look(machine)["units"]}["mcp-dropped.service"]
        assert after["exposure"] < before["exposure"]
        assert after["drop_ins"] == [f"{drop_ins}/50-own.conf"]
        assert machine.run("systemctl", "mask", "mcp-dropped.service").returncode == 0
        assert "mcp-dropped.service" not in {unit["name"] for unit in look(machine)["units"]}

    def test_what_systemd_drops_is_really_not_in_force(self, machine: Machine) -> None:
        """The proof that the finding is one: the same setting, with and without the comment, in a running process."""
        for name, value in (("mcp-commented", "true # no new privileges"), ("mcp-plain", "true")):
            # Of Type=exec, for the start of a simple unit ends before its settings are in force.
            unit = f"[Service]\nType=exec\nExecStart=/bin/sleep 600\nNoNewPrivileges={value}\nProtectHome={value}\n"
            install(machine, f"{name}.service", unit)
        assert machine.run("systemctl", "daemon-reload").returncode == 0
        in_force = {}
        for name in ("mcp-commented", "mcp-plain"):
            assert machine.run("systemctl", "start", name).returncode == 0
            pid = machine.run("systemctl", "show", "--property=MainPID", "--value", name).stdout.strip()
            status = machine.path(f"/proc/{pid}/status").read_text()
            found = re.search(r"NoNewPrivs:\s+(\d)", status)
            assert found
            in_force[name] = found[1] == "1"
        assert in_force == {"mcp-commented": False, "mcp-plain": True}
        found_units = {unit["name"]: unit for unit in look(machine)["units"]}
        lost = [line["text"] for line in found_units["mcp-commented.service"]["ignored"]]
        assert lost == ["NoNewPrivileges=true # …", "ProtectHome=true # …"]
        assert found_units["mcp-plain.service"]["ignored"] == []

    def test_a_unit_the_manager_refuses_spoils_no_other(self, machine: Machine) -> None:
        install(machine, "mcp-refused.service", "[Service]\nExecStart=/bin/sleep 9\nWorkingDirectory=relative\n")
        install(machine, "mcp-sound.service", "[Service]\nExecStart=/bin/sleep 9\n")
        assert machine.run("systemctl", "daemon-reload").returncode == 0
        facts = look(machine)
        found = {unit["name"]: unit for unit in facts["units"]}
        assert (found["mcp-refused.service"]["exposure"], found["mcp-sound.service"]["measured"]) == (None, "live")
        assert {unread["what"] for unread in facts["state"]["unread"]} == {"mcp-refused.service"}
        machine.path("/etc/systemd/system/mcp-refused.service").unlink()

    def test_a_unit_of_the_users_own_manager_is_found(self, machine: Machine) -> None:
        text = "[Service]\nExecStart=%h/bin/mcp-notes\nPrivateTmp=yes # private\n"
        install(machine, "notes.service", text, "/root/.config/systemd/user")
        found = {unit["name"]: unit for unit in look(machine)["units"]}["notes.service"]
        assert (found["manager"], found["command"]) == ("user", ["/root/bin/mcp-notes"])
        assert found["exposure"] is not None
        assert [line["text"] for line in found["ignored"]] == ["PrivateTmp=yes # …"]


def test_the_facts_are_those_the_checks_take(tmp_path: Path) -> None:
    (unit,) = gather(tmp_path, DATA / "as-published").units
    assert isinstance(unit, UnitFact)
    assert unit.path.file.kind == "file"
    assert unit.recognised_by == "it starts mcp-filesystem-server"
