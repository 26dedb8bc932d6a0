"""The repairs of units of one's own manager where the files lie or look as somebody's odd ones do."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.live.lab import Machine, systemd_container
from tests.live.support_bench import applied, bench, found, install_workbench, planned
from tests.live.support_systemd import install_program, until
from tests.live.test_own_units_live import (
    DROPPED,
    EXPOSURE,
    FOLDER,
    HARDEN,
    REPAIR,
    answers,
    control,
    listens,
    repaired,
    runtime,
    status,
    undo,
)
from tests.live.test_systemd_fixes_live import LISTENS

pytestmark = [pytest.mark.live, pytest.mark.xdist_group("systemd")]
ELSEWHERE = "/home/dev/my settings"


@pytest.fixture(scope="module")
def machine() -> Iterator[Machine]:
    with systemd_container() as booted:
        install_workbench(booted)
        booted.run("useradd", "--create-home", "--shell", "/bin/bash", "dev")
        install_program(booted, "/usr/local/bin/mcp-listens", LISTENS)
        # Kept in another folder, as those do who have their configuration under version control.
        booted.run("install", "-d", "-o", "dev", "-g", "dev", ELSEWHERE, f"{ELSEWHERE}/user", "/home/dev/.config")
        booted.run("install", "-d", "-o", "dev", "-g", "dev", "/home/dev/.config/systemd")
        booted.run("ln", "-s", f"{ELSEWHERE}/user", FOLDER)
        booted.run("chown", "-h", "dev:dev", FOLDER)
        booted.run("loginctl", "enable-linger", "dev")
        assert until(lambda: booted.path(f"{runtime(booted)}/systemd/private").exists())
        yield booted


def kept(machine: Machine) -> dict[str, tuple[bytes, int, int]]:
    """All that lies where the link leads."""
    root = machine.path(f"{ELSEWHERE}/user")
    return {
        str(each.relative_to(root)): (each.read_bytes() if each.is_file() else b"", each.lstat().st_mode, 0)
        for each in root.rglob("*")
    }


def served(machine: Machine, name: str, *lines: str, windows: bool = False) -> str:
    """Start a unit of a server; gives the path that it listens on."""
    folder = name.removesuffix(".service")
    path = f"{runtime(machine)}/{folder}/x.sock"
    text = listens(path, f"RuntimeDirectory={folder}", *lines)
    place = machine.path(f"{ELSEWHERE}/user/{name}")
    place.write_bytes((text.rstrip("\n").replace("\n", "\r\n") if windows else text).encode())
    machine.run("chown", "dev:dev", f"{ELSEWHERE}/user/{name}")
    control(machine, "daemon-reload")
    assert control(machine, "start", name).returncode == 0
    assert until(lambda: answers(machine, path))
    return path


def remove(machine: Machine, name: str) -> None:
    """Stop a unit and remove all of it."""
    control(machine, "stop", name)
    machine.run("rm", "-rf", f"{ELSEWHERE}/user/{name}", f"{ELSEWHERE}/user/{name}.d")
    control(machine, "daemon-reload")


def test_what_lies_behind_a_link_is_repaired_there_and_said(machine: Machine) -> None:
    name = "mcp-odd-linked.service"
    path = served(machine, name, "NoNewPrivileges=yes # none")
    before = kept(machine)
    finding = found(machine, DROPPED, name, "dev")
    assert finding is not None
    document = planned(machine, finding, REPAIR, "restart=yes", account="dev")
    assert f"which is {ELSEWHERE}/user/{name}" in str(document)
    run = applied(machine, "dev")
    assert run["state"] == "applied", run["message"]
    assert machine.path(f"{ELSEWHERE}/user/{name}").is_file() and status(machine, name, "NoNewPrivs") == "1"
    undo(machine, run)
    assert kept(machine) == before and until(lambda: answers(machine, path))
    run = repaired(machine, EXPOSURE, name, HARDEN, "folders=")
    assert run["state"] == "applied", run["message"]
    undo(machine, run)
    assert kept(machine) == before and until(lambda: answers(machine, path))
    remove(machine, name)


def test_lines_with_another_kind_of_end_and_none_at_the_last(machine: Machine) -> None:
    name = "mcp-odd-ends.service"
    path = served(machine, name, "NoNewPrivileges=yes # none", "SystemCallFilter=~@exec", windows=True)
    before = kept(machine)
    run = repaired(machine, DROPPED, name, REPAIR, "restart=yes")
    assert run["state"] == "applied", run["message"]
    assert found(machine, DROPPED, name, "dev") is None and status(machine, name, "NoNewPrivs") == "1"
    written = machine.path(f"{ELSEWHERE}/user/{name}").read_bytes()
    assert written.count(b"\n") == written.count(b"\r\n") and not written.endswith(b"\n")
    undo(machine, run)
    assert kept(machine) == before and until(lambda: answers(machine, path))
    remove(machine, name)


def test_a_drop_in_of_an_odd_name_and_a_unit_of_the_same_name_elsewhere(machine: Machine) -> None:
    name = "mcp-odd-names.service"
    path = served(machine, name)
    hidden = machine.path(f"/etc/systemd/user/{name}")
    hidden.write_text("[Service]\nExecStart=/bin/false\nLockPersonality=yes # none\n")
    odd = machine.path(f"{ELSEWHERE}/user/{name}.d/my own, äöü.conf")
    odd.parent.mkdir()
    odd.write_text("[Service]\nNoNewPrivileges=yes # none\n")
    machine.run("chown", "-R", "dev:dev", f"{ELSEWHERE}/user")
    control(machine, "daemon-reload")
    before = kept(machine)
    run = repaired(machine, DROPPED, name, REPAIR, "restart=yes")
    assert run["state"] == "applied", run["message"]
    assert status(machine, name, "NoNewPrivs") == "1" and "LockPersonality" not in str(run)
    undo(machine, run)
    assert kept(machine) == before and until(lambda: answers(machine, path))
    hidden.unlink()
    remove(machine, name)


def test_a_manager_that_hangs_is_not_waited_for_for_ever(machine: Machine) -> None:
    name = "mcp-odd-hangs.service"
    path = served(machine, name, "NoNewPrivileges=yes # none")
    before = kept(machine)
    finding = found(machine, DROPPED, name, "dev")
    assert finding is not None
    planned(machine, finding, REPAIR, "restart=yes", account="dev")
    account = runtime(machine).rpartition("/")[2]
    pid = machine.run("systemctl", "show", "--property=MainPID", "--value", f"user@{account}").stdout.strip()
    assert machine.run("kill", "-STOP", pid).returncode == 0
    try:
        done = bench(machine, "apply", "plan.json", "--json", account="dev", timeout=300)
        assert done.returncode != 0 and json.loads(done.stdout)["state"] == "refused", done.stdout
    finally:
        machine.run("kill", "-CONT", pid)
    assert kept(machine) == before and until(lambda: answers(machine, path))
    remove(machine, name)
