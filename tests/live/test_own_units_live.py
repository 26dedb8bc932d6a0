"""The repairs of units of one's own manager, by an account that may do nothing as root: lines, drop-ins, sockets.

The manager is a real one, of an account of the container that is allowed to linger.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.live.lab import Machine, systemd_container
from tests.live.support_bench import applied, bench, command, found, install_workbench, planned
from tests.live.support_systemd import install_program, until
from tests.live.test_systemd_fixes_live import LISTENS, called, mode

pytestmark = [pytest.mark.live, pytest.mark.xdist_group("systemd")]
FOLDER = "/home/dev/.config/systemd/user"
DROPPED, REPAIR = "systemd/ignored-directive", "systemd/repair-directive"
EXPOSURE, HARDEN = "systemd/exposure", "systemd/harden-unit"
PREDICTABLE, MOVE = "sockets/predictable-path", "systemd/runtime-directory"
OPEN, PRIVATE = "sockets/connectable-by-others", "sockets/private-umask"
ONCE = """\
#!/usr/bin/python3
import sys
sys.stdin.readline()
print('{"jsonrpc":"2.0","id":1,"result":{}}', flush=True)
"""


@pytest.fixture(scope="module")
def machine() -> Iterator[Machine]:
    with systemd_container() as booted:
        install_workbench(booted)
        booted.run("useradd", "--create-home", "--shell", "/bin/bash", "dev")
        install_program(booted, "/usr/local/bin/mcp-listens", LISTENS)
        install_program(booted, "/usr/local/bin/mcp-once", ONCE)
        booted.run("install", "-d", "-o", "dev", "-g", "dev", "/srv/open", "/home/dev/work")
        booted.run("install", "-d", "-o", "dev", "-g", "dev", *reversed([str(each) for each in _above(FOLDER)]), FOLDER)
        booted.run("loginctl", "enable-linger", "dev")
        assert until(lambda: booted.path(f"{runtime(booted)}/systemd/private").exists())
        yield booted


def _above(folder: str) -> list[Path]:
    return [each for each in Path(folder).parents if str(each).startswith("/home/dev/")]


def runtime(machine: Machine) -> str:
    """$XDG_RUNTIME_DIR of the account."""
    return f"/run/user/{machine.run('id', '-u', 'dev').stdout.strip()}"


def control(machine: Machine, *words: str) -> subprocess.CompletedProcess[str]:
    """Ask the account's own manager, as the account."""
    become = ("setpriv", "--reuid=dev", "--regid=dev", "--init-groups", "--", "env")
    return machine.run(*become, f"XDG_RUNTIME_DIR={runtime(machine)}", "systemctl", "--user", *words)


def shown(machine: Machine, name: str, what: str) -> str:
    """What the account's own manager says of a unit."""
    return control(machine, "show", f"--property={what}", "--value", name).stdout.strip()


def write(machine: Machine, name: str, text: str, folder: str = FOLDER) -> None:
    """Write a unit, as the account where it is in its home."""
    place = machine.path(f"{folder}/{name}")
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text)
    if folder == FOLDER:
        machine.run("chown", "-R", "dev:dev", folder)


def start(machine: Machine, name: str, text: str) -> None:
    """Install a unit of the account and start it."""
    write(machine, name, text)
    control(machine, "daemon-reload")
    said = control(machine, "start", name)
    assert said.returncode == 0, said.stderr


def tree(machine: Machine) -> dict[str, tuple[bytes, int, int]]:
    """Every file of the account's units: what it holds, its mode and its owner."""
    root = machine.path(FOLDER)
    found = {}
    for each in root.rglob("*"):
        status = each.lstat()
        content = each.read_bytes() if each.is_file() else b""
        found[str(each.relative_to(root))] = (content, status.st_mode, status.st_uid)
    return found


def listens(path: str, *lines: str) -> str:
    """A unit of a server that answers on a socket."""
    more = "".join(f"{line}\n" for line in lines)
    return f"[Service]\n{more}ExecStart=/usr/bin/python3 /usr/local/bin/mcp-listens {path}\n"


def answers(machine: Machine, path: str) -> bool:
    """Whether a server answers on a socket."""
    return "result" in called(machine, path, "")


def repaired(machine: Machine, check: str, unit: str, fix: str, *given: str) -> dict[str, Any]:
    """Repair the finding of a check about a unit, as the account: the run."""
    finding = found(machine, check, unit, "dev")
    assert finding is not None
    planned(machine, finding, fix, *given, account="dev")
    return applied(machine, "dev")


def undo(machine: Machine, run: dict[str, Any]) -> None:
    """Undo a run, as the account."""
    done = bench(machine, "undo", run["run"], account="dev")
    assert done.returncode == 0, done.stdout + done.stderr


def status(machine: Machine, name: str, what: str) -> str:
    """What the kernel says of the main process of a unit, "" where it has none."""
    try:
        lines = machine.path(f"/proc/{shown(machine, name, 'MainPID')}/status").read_text().splitlines()
    except OSError:
        return ""
    return next(line.split()[1] for line in lines if line.startswith(what))


def test_lines_of_a_unit_are_restored_and_come_back_byte_for_byte(machine: Machine) -> None:
    name, path = "mcp-lines.service", f"{runtime(machine)}/mcp-lines/x.sock"
    # A secret stands beside it, and a line of another kind of end.
    told = ("RuntimeDirectory=mcp-lines", "Environment=API_KEY=sk-ant-api03-abcdefghij", "NoNewPrivileges=yes # none")
    start(machine, name, listens(path, *told, "SystemCallFilter=~@exec", "UMask=0077\r"))
    assert until(lambda: answers(machine, path))
    before, pid = tree(machine), shown(machine, name, "MainPID")

    later = repaired(machine, DROPPED, name, REPAIR)
    assert later["state"] == "applied", later["message"]
    assert shown(machine, name, "MainPID") == pid and status(machine, name, "NoNewPrivs") == "0"
    assert "systemctl --user restart" in later["message"] and "sk-ant" not in str(later)
    assert shown(machine, name, "NoNewPrivileges") == "yes", "the manager has read it"
    undo(machine, later)
    assert tree(machine) == before and shown(machine, name, "NoNewPrivileges") == "no"

    run = repaired(machine, DROPPED, name, REPAIR, "restart=yes")
    assert run["state"] == "applied", run["message"]
    assert found(machine, DROPPED, name, "dev") is None
    assert status(machine, name, "NoNewPrivs") == "1" and answers(machine, path)
    again = bench(machine, "apply", "plan.json", "--json", account="dev")
    assert again.returncode != 0, "a second time there is nothing to restore"
    undo(machine, run)
    assert tree(machine) == before
    assert until(lambda: answers(machine, path)) and status(machine, name, "NoNewPrivs") == "0"
    control(machine, "stop", name)


def test_g9_restored_lines_that_end_the_server_go_back(machine: Machine) -> None:
    name, path = "mcp-ends.service", f"{runtime(machine)}/mcp-ends/x.sock"
    text = listens(
        f"{path} /srv/open/made", "RuntimeDirectory=mcp-ends", "PrivateUsers=yes", "ProtectSystem=strict # all"
    )
    start(machine, name, text)
    assert until(lambda: answers(machine, path))
    before = tree(machine)
    run = repaired(machine, DROPPED, name, REPAIR, "restart=yes")
    assert run["state"] == "rolled back", run["message"]
    assert tree(machine) == before and until(lambda: answers(machine, path))
    control(machine, "stop", name)


def test_a_unit_of_roots_is_not_touched(machine: Machine) -> None:
    name, folder = "mcp-given-out.service", "/etc/systemd/user"
    text = listens("/home/dev/work/x.sock", "NoNewPrivileges=yes # none")
    write(machine, name, text, folder)
    control(machine, "daemon-reload")
    before = tree(machine)
    run = repaired(machine, DROPPED, name, REPAIR)
    assert run["state"] == "applied", run["message"]
    assert machine.path(f"{folder}/{name}").read_text() == text
    assert set(tree(machine)) - set(before) == {f"{name}.d", f"{name}.d/90-workbench-restored.conf"}
    assert shown(machine, name, "NoNewPrivileges") == "yes"
    undo(machine, run)
    assert tree(machine) == before and shown(machine, name, "NoNewPrivileges") == "no"
    machine.path(f"{folder}/{name}").unlink()


def test_a_linked_unit_is_left_to_a_person(machine: Machine) -> None:
    name = "mcp-linked.service"
    write(machine, name, listens("/home/dev/work/x.sock", "NoNewPrivileges=yes # none"), "/home/dev/work")
    machine.run("chown", "-R", "dev:dev", "/home/dev/work")
    assert control(machine, "link", f"/home/dev/work/{name}").returncode == 0
    finding = found(machine, DROPPED, name, "dev")
    assert finding is not None
    done = bench(machine, "plan", finding["identity"], "--fix", REPAIR, account="dev")
    assert done.returncode != 0 and f"/home/dev/work/{name}" in done.stderr
    machine.path(f"{FOLDER}/{name}").unlink()


def test_a_socket_moves_out_of_tmp_into_a_folder_that_only_this_account_enters(machine: Machine) -> None:
    name, old = "mcp-own-shared.service", "/tmp/mcp-own.sock"
    new = f"{runtime(machine)}/mcp-own-shared/mcp-own.sock"
    start(machine, name, listens(old))
    assert until(lambda: answers(machine, old))
    before = tree(machine)
    run = repaired(machine, PREDICTABLE, old, MOVE)
    assert run["state"] == "applied", run["message"]
    assert until(lambda: answers(machine, new)) and not answers(machine, old)
    assert mode(machine, os.path.dirname(new)) == "0700"
    undo(machine, run)
    assert tree(machine) == before and until(lambda: answers(machine, old))
    control(machine, "stop", name)
    machine.path(old).unlink()


def test_what_ones_own_manager_listens_on_moves_out_of_tmp(machine: Machine) -> None:
    name, old = "mcp-own-given.socket", "/tmp/mcp-own-given.sock"
    new = f"{runtime(machine)}/mcp-own-given/mcp-own-given.sock"
    write(machine, "mcp-own-given@.service", "[Service]\nExecStart=/usr/local/bin/mcp-once\nStandardInput=socket\n")
    start(machine, name, f"[Socket]\nListenStream={old}\nAccept=yes\n")
    assert answers(machine, old)
    before = tree(machine)
    run = repaired(machine, PREDICTABLE, old, MOVE)
    assert run["state"] == "applied", run["message"]
    assert answers(machine, new) and shown(machine, name, "ActiveState") == "active"
    undo(machine, run)
    assert tree(machine) == before and answers(machine, old)
    control(machine, "stop", name)
    machine.path(old).unlink()


def test_what_ones_own_manager_makes_is_for_this_account_alone(machine: Machine) -> None:
    name, path = "mcp-own-every.socket", "/srv/open/mcp-every.sock"
    write(machine, "mcp-own-every@.service", "[Service]\nExecStart=/usr/local/bin/mcp-once\nStandardInput=socket\n")
    start(machine, name, f"[Socket]\nListenStream={path}\nAccept=yes\n")
    assert mode(machine, path) == "0666"
    before = tree(machine)
    run = repaired(machine, OPEN, path, PRIVATE)
    assert run["state"] == "applied", run["message"]
    assert mode(machine, path) == "0600" and shown(machine, name, "ActiveState") == "active"
    undo(machine, run)
    assert tree(machine) == before and mode(machine, path) == "0666"
    control(machine, "stop", name)


def test_what_a_unit_of_ones_own_makes_is_for_this_account_alone(machine: Machine) -> None:
    name, path = "mcp-own-open.service", "/srv/open/mcp-own.sock"
    start(machine, name, listens(path, "UMask=0000"))
    assert until(lambda: answers(machine, path)) and mode(machine, path) == "0777"
    before = tree(machine)
    run = repaired(machine, OPEN, path, PRIVATE)
    assert run["state"] == "applied", run["message"]
    assert mode(machine, path) == "0700"
    undo(machine, run)
    assert tree(machine) == before and until(lambda: mode(machine, path) == "0777")
    write(machine, "override.conf", "[Service]\nUMask=0000\n", f"{FOLDER}/{name}.d")
    machine.run("chown", "-R", "dev:dev", FOLDER)
    control(machine, "daemon-reload")
    finding = found(machine, OPEN, path, "dev")
    assert finding is not None
    done = bench(machine, "plan", finding["identity"], "--fix", PRIVATE, account="dev")
    assert done.returncode != 0 and "override.conf" in done.stderr, "it is read after the drop-in and would count"
    control(machine, "stop", name)
    machine.run("rm", "-r", f"{FOLDER}/{name}.d")


def test_only_what_works_in_such_a_unit_confines_it(machine: Machine) -> None:
    name, path = "mcp-own-confined.service", f"{runtime(machine)}/mcp-own-confined/x.sock"
    # Without a user namespace it does little and no harm; with one it ends the unit.
    told = ("RuntimeDirectory=mcp-own-confined", "StateDirectory=mcp-own-confined", "ProtectKernelLogs=yes")
    start(machine, name, listens(f"{path} %S/mcp-own-confined/made", *told))
    assert until(lambda: answers(machine, path))
    before = tree(machine)
    run = repaired(machine, EXPOSURE, name, HARDEN, "folders=/home/dev/work", "network=no")
    assert run["state"] == "applied", run["message"]
    made = machine.path(f"{FOLDER}/{name}.d/95-workbench-hardening.conf").read_text()
    assert not [each for each in ("DevicePolicy", "IPAddressDeny", "ProtectProc", "RemoveIPC") if each in made]
    pid = shown(machine, name, "MainPID")
    kernel = {each: status(machine, name, each) for each in ("NoNewPrivs", "Seccomp:", "CapBnd")}
    assert kernel == {"NoNewPrivs": "1", "Seccomp:": "2", "CapBnd": "0" * 16}
    root = next(
        line for line in machine.path(f"/proc/{pid}/mountinfo").read_text().splitlines() if line.split()[4] == "/"
    )
    assert root.split()[5].startswith("ro")
    seen = set(os.listdir(machine.path(f"/proc/{pid}/root/home/dev")))
    assert "work" in seen and seen <= {"work", ".config", ".local"}, "what was made for it, and no other"
    assert not machine.path(f"/proc/{pid}/root/{runtime(machine)}/systemd").exists(), "no way to its own manager"
    assert os.readlink(machine.path(f"/proc/{pid}/ns/net")) != os.readlink(machine.path("/proc/1/ns/net"))
    undo(machine, run)
    assert tree(machine) == before and until(lambda: answers(machine, path))
    control(machine, "stop", name)


def test_a_template_of_ones_own_that_is_handed_connections_is_confined(machine: Machine) -> None:
    name, path = "mcp-own-hands@.service", f"{runtime(machine)}/mcp-own-hands.sock"
    write(machine, name, "[Service]\nExecStart=/usr/local/bin/mcp-once\nStandardInput=socket\nStandardError=journal\n")
    start(machine, "mcp-own-hands.socket", "[Socket]\nListenStream=%t/mcp-own-hands.sock\nAccept=yes\n")
    assert answers(machine, path)
    before = tree(machine)
    run = repaired(machine, EXPOSURE, name, HARDEN)
    assert run["state"] == "applied", run["message"]
    assert answers(machine, path)
    undo(machine, run)
    assert tree(machine) == before and answers(machine, path)
    control(machine, "stop", "mcp-own-hands.socket")


@pytest.mark.parametrize(
    ("check", "fix", "given"), [(DROPPED, REPAIR, ("restart=yes",)), (EXPOSURE, HARDEN, ("folders=/home/dev/work",))]
)
def test_g10_a_repair_that_is_killed_while_it_watches_is_recovered(
    machine: Machine, check: str, fix: str, given: tuple[str, ...]
) -> None:
    name, path = "mcp-own-killed.service", f"{runtime(machine)}/mcp-own-killed/x.sock"
    start(machine, name, listens(path, "RuntimeDirectory=mcp-own-killed", "NoNewPrivileges=yes # none"))
    assert until(lambda: answers(machine, path))
    before = tree(machine)
    finding = found(machine, check, name, "dev")
    assert finding is not None
    planned(machine, finding, fix, *given, account="dev")
    inside = ("nsenter", "-t", str(machine.pid), "-m", "-u", "-i", "-n", "-p", "--")
    script = ("sh", "-c", 'echo $$ > /home/dev/pid; exec "$@"', "sh")
    words = command("dev")
    at = words.index("python3")
    repairing = subprocess.Popen(
        [*inside, *words[:at], *script, *words[at:], "apply", "plan.json"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        assert until(lambda: status(machine, name, "NoNewPrivs") == "1", 60)
        assert machine.run("kill", "-KILL", machine.path("/home/dev/pid").read_text().strip()).returncode == 0
    finally:
        repairing.wait(60)
    assert tree(machine) != before
    recovered = bench(machine, "recover", account="dev")
    assert recovered.returncode == 0, recovered.stderr
    assert tree(machine) == before
    assert until(lambda: answers(machine, path)) and status(machine, name, "NoNewPrivs") == "0"
    control(machine, "stop", name)


@pytest.mark.parametrize(("check", "fix"), [(DROPPED, REPAIR), (EXPOSURE, HARDEN)])
def test_where_ones_own_manager_rests_the_files_change_and_nothing_is_called_proven(
    machine: Machine, check: str, fix: str
) -> None:
    name, path = "mcp-own-asleep.service", f"{runtime(machine)}/mcp-own-asleep/x.sock"
    write(machine, name, listens(path, "RuntimeDirectory=mcp-own-asleep", "NoNewPrivileges=yes # none"))
    machine.run("loginctl", "disable-linger", "dev")
    machine.run("loginctl", "terminate-user", "dev")
    assert until(lambda: not machine.path(f"/run/user/{path.split('/')[3]}/systemd/private").exists(), 30)
    try:
        before = tree(machine)
        run = repaired(machine, check, name, fix)
        assert run["state"] == "applied", run["message"]
        assert "when the manager of your own units starts" in run["message"] and "verified" not in run["message"]
        assert tree(machine) != before
        undo(machine, run)
        assert tree(machine) == before
        repaired(machine, check, name, fix)
    finally:
        machine.run("loginctl", "enable-linger", "dev")
    assert until(lambda: machine.path(f"{runtime(machine)}/systemd/private").exists())
    assert until(lambda: control(machine, "start", name).returncode == 0)
    assert until(lambda: status(machine, name, "NoNewPrivs") == "1"), "the manager has read it at its start"
    control(machine, "stop", name)
    machine.run("rm", "-r", FOLDER)
    machine.run("install", "-d", "-o", "dev", "-g", "dev", FOLDER)
