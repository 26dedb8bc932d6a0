"""The timer of root's under a real systemd: a unit of its own, which ends as it should and outlives who started it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live.lab import Machine, systemd_container
from tests.live.support_systemd import install, until
from workbench.model.operations import EditRootFile
from workbench.repair import root_commands, root_timer
from workbench.repair.fingerprint import Fingerprint
from workbench.repair.publish import sha256
from workbench.repair.staged import StagedRoot

pytestmark = [pytest.mark.live, pytest.mark.xdist_group("systemd")]
OLD, NEW = "bob ALL=(ALL) NOPASSWD: ALL\n", "bob ALL=(ALL) ALL\n"


@pytest.fixture(scope="module")
def machine() -> Iterator[Machine]:
    with systemd_container() as made:
        yield made


@pytest.mark.parametrize("ending", ["nobody confirms", "confirmed", "stopped"])
def test_it_waits_as_a_unit_of_its_own(machine: Machine, ending: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(root_timer, "_SYSTEMD", Path("/"))
    name = ending.replace(" ", "-")
    edit = EditRootFile(f"/etc/sudoers.d/{name}", "sudoers", 1, (OLD.strip(),), (NEW.strip(),))
    before = Fingerprint("file", 1, 2, 0o440, 0, 0, 1, len(OLD), 3, sha256(OLD.encode()))
    operation = StagedRoot(edit.path, edit.path, before, sha256(NEW.encode()), edit)
    file = install(machine, name, NEW, "/etc/sudoers.d")
    install(machine, root_commands.token(operation), OLD, root_commands.BACKUPS)
    vector = root_timer.arming([operation], 3 if ending == "nobody confirms" else 600)
    unit = vector[4].removeprefix("--unit=")
    started = machine.run(*vector)
    assert started.returncode == 0, started.stderr
    armed = machine.path(root_timer.armed_file(operation))
    undone = machine.path(root_timer.armed_file(operation).replace(".armed", ".undone"))
    assert until(armed.exists) and until(lambda: root_timer._held(str(armed)) is True)
    assert machine.run("systemctl", "is-active", unit).stdout == "active\n"
    machine.run("systemctl", "daemon-reload")
    if ending == "confirmed":
        assert machine.run(*root_timer.cancelling([operation])).returncode == 0
    elif ending == "stopped":
        assert machine.run("systemctl", "stop", unit).returncode == 0
    assert until(lambda: machine.run("systemctl", "is-active", unit).stdout != "active\n")
    assert file.read_text() == (NEW if ending == "confirmed" else OLD)
    assert undone.exists() is (ending != "confirmed") and not armed.exists()
