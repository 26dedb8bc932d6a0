"""The repairs of systemd units against a real systemd: the lines are restored, the server survives, or all goes back.

The whole workbench runs in the container: it looks, plans, applies, verifies and undoes there.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.live.lab import CHECKOUT, Machine, systemd_container
from tests.live.support import missing, require_program
from tests.live.support_bench import applied, bench, command, found, install_workbench, planned
from tests.live.support_systemd import install, install_node, install_program, properties, until

pytestmark = [pytest.mark.live, pytest.mark.xdist_group("systemd")]
UNITS = "/etc/systemd/system"
DROPPED, EXPOSURE = "systemd/ignored-directive", "systemd/exposure"
REPAIR, HARDEN = "systemd/repair-directive", "systemd/harden-unit"
SERVER = "server-filesystem@2026.8.31"
INDEX = "/usr/local/lib/mcp/node_modules/@modelcontextprotocol/server-filesystem/dist/index.js"
# A published unit, word for word: eleven of its lines are lost to the comments behind them, one to a group of system
# calls that does not exist.
PUBLISHED = """\
[Unit]
Description=MCP Filesystem Server
After=network.target
StartLimitIntervalSec=60
StartLimitBurst=3

[Service]
Type=simple
User=mcp-server
Group=mcp-server

# Filesystem access: only the workspace is writable
ReadWritePaths=/var/mcp/workspace
ReadOnlyPaths=/usr/local/lib/mcp /usr/local/bin
PrivateTmp=true            # /tmp and /var/tmp are private to this service
PrivateDevices=true        # No access to raw device nodes
ProtectHome=true           # /home, /root, /run/user are inaccessible
ProtectSystem=strict       # /usr, /boot, /etc are read-only
ProtectKernelTunables=true # /proc/sys and /sys are read-only
ProtectKernelModules=true  # Cannot load kernel modules
ProtectKernelLogs=true     # Cannot access kernel ring buffer
ProtectControlGroups=true  # /sys/fs/cgroup is read-only
ProtectHostname=true       # Cannot change hostname
ProtectClock=true          # Cannot change system clock
PrivateUsers=true          # User namespace isolation (UIDs remapped)

NoNewPrivileges=true
PrivateNetwork=false
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
CapabilityBoundingSet=
AmbientCapabilities=
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources @raw-io @reboot @swap @clock
SystemCallErrorNumber=EPERM

# Prevent the service from executing arbitrary binaries
SystemCallFilter=~@exec
RestrictNamespaces=true
RestrictRealtime=true
LockPersonality=true
MemoryDenyWriteExecute=true
LimitNOFILE=1024
LimitNPROC=64
MemoryMax=256M
CPUQuota=50%

ExecStart=/usr/local/bin/mcp-filesystem-server --root /var/mcp/workspace
Restart=on-failure
RestartSec=5s

[Install]
WantedBy=multi-user.target
"""
# Answers the first request on its Unix socket; with a second argument it first writes that file.
LISTENS = """\
#!/usr/bin/python3
import os, socket, sys
if len(sys.argv) > 2:
    open(sys.argv[2], "w").close()
try:
    os.unlink(sys.argv[1])
except FileNotFoundError:
    pass
server = socket.socket(socket.AF_UNIX)
server.bind(sys.argv[1])
server.listen()
while True:
    link, _ = server.accept()
    link.makefile().readline()
    link.sendall(b'{"jsonrpc":"2.0","id":1,"result":{}}\\n')
    link.close()
"""


@pytest.fixture(scope="module")
def machine() -> Iterator[Machine]:
    with systemd_container() as booted:
        install_workbench(booted)
        booted.run("useradd", "--system", "--no-create-home", "mcp-server")
        booted.run("useradd", "--create-home", "--shell", "/bin/bash", "dev")
        install(booted, "dev", "dev ALL=(ALL) NOPASSWD: ALL\n", "/etc/sudoers.d").chmod(0o440)
        install_program(booted, "/usr/local/bin/mcp-filesystem-server", "#!/bin/sh\nexec cat\n")
        install_program(booted, "/usr/local/bin/mcp-listens", LISTENS)
        booted.path("/usr/local/lib/mcp").mkdir(parents=True, exist_ok=True)
        booted.path("/var/mcp/workspace").mkdir(parents=True)
        booted.run("chown", "mcp-server:", "/var/mcp/workspace")
        yield booted


def start(machine: Machine, name: str, text: str) -> Path:
    """Install a unit and start it."""
    place = install(machine, name, text)
    machine.run("systemctl", "daemon-reload")
    said = machine.run("systemctl", "start", name)
    assert said.returncode == 0, said.stderr
    return place


def listens(path: str, writes: str = "") -> str:
    """The unit of a server that answers on a socket."""
    command = f"ExecStart=/usr/bin/python3 /usr/local/bin/mcp-listens {path} {writes}".rstrip()
    return f"[Service]\nUser=mcp-server\nRuntimeDirectory={Path(path).parent.name}\n{command}\n"


def tree(machine: Machine) -> dict[str, bytes]:
    """Every file of the administrator's units, and what it holds."""
    root = machine.path(UNITS)
    return {str(each.relative_to(root)): each.read_bytes() for each in root.rglob("*") if each.is_file()}


def dropped(machine: Machine, name: str) -> int:
    """How many lines systemd itself says that it ignores."""
    said = machine.run("systemd-analyze", "verify", "--man=no", f"{UNITS}/{name}").stderr
    return sum("ignoring" in line for line in said.splitlines() if f"{UNITS}/{name}" in line)


def repaired(machine: Machine, check: str, unit: str, fix: str, *answers: str, account: str = "") -> dict[str, Any]:
    """Repair the finding of a check about a unit: the run."""
    finding = found(machine, check, unit, account)
    assert finding is not None
    planned(machine, finding, fix, *answers, account=account)
    return applied(machine, account)


def score(machine: Machine, unit: str) -> float:
    """The exposure that the running manager says."""
    said = machine.run("systemd-analyze", "security", "--no-pager", unit).stdout
    return float(next(line for line in said.splitlines() if "Overall" in line).split(": ")[1].split()[0])


@pytest.mark.parametrize("account", ["", "dev"])
def test_every_line_of_a_published_unit_is_restored(machine: Machine, account: str) -> None:
    name = "mcp-published.service"
    place = install(machine, name, PUBLISHED)
    machine.run("systemctl", "daemon-reload")
    before = tree(machine)
    assert dropped(machine, name) == 12

    run = repaired(machine, DROPPED, name, REPAIR, account=account)

    assert run["state"] == "applied", run["message"]
    assert dropped(machine, name) == 0
    assert found(machine, DROPPED, name, account) is None
    assert "# /home, /root, /run/user are inaccessible\nProtectHome=true\n" in place.read_text()
    assert properties(machine, name, "ProtectHome") == {"ProtectHome": "yes"}
    assert score(machine, name) < 2.0
    undone = bench(machine, "undo", run["run"], account=account)
    assert undone.returncode == 0, undone.stderr
    assert tree(machine) == before
    place.unlink()


def test_a_restored_unit_is_restarted_and_serves(machine: Machine) -> None:
    name = "mcp-repaired.service"
    text = listens("/run/mcp-repaired/x.sock") + "NoNewPrivileges=yes # no setuid\nProtectHome=yes # none\n"
    start(machine, name, text)
    pid = properties(machine, name, "MainPID")["MainPID"]

    later = repaired(machine, DROPPED, name, REPAIR)
    assert later["state"] == "applied", later["message"]
    assert properties(machine, name, "MainPID")["MainPID"] == pid and "restart=yes" in later["message"]
    assert bench(machine, "undo", later["run"]).returncode == 0

    run = repaired(machine, DROPPED, name, REPAIR, "restart=yes")
    assert run["state"] == "applied", run["message"]
    now = properties(machine, name, "MainPID", "ActiveState")
    assert now["MainPID"] != pid and now["ActiveState"] == "active"
    assert "NoNewPrivs:\t1" in machine.path(f"/proc/{now['MainPID']}/status").read_text()
    assert answers(machine, "/run/mcp-repaired/x.sock")
    machine.run("systemctl", "stop", name)


def test_a_unit_of_a_package_is_not_edited(machine: Machine) -> None:
    name, folder = "mcp-packaged.service", "/usr/lib/systemd/system"
    install(machine, name, listens("/run/mcp-packaged/x.sock") + "ProtectHome=yes # none\n", folder)
    machine.run("systemctl", "daemon-reload")
    before = tree(machine)
    run = repaired(machine, DROPPED, name, REPAIR)
    assert run["state"] == "applied", run["message"]
    assert properties(machine, name, "ProtectHome") == {"ProtectHome": "yes"}
    assert set(tree(machine)) - set(before) == {f"{name}.d/90-workbench-restored.conf"}
    assert "# none" in machine.path(f"{folder}/{name}").read_text()
    assert bench(machine, "undo", run["run"]).returncode == 0
    assert tree(machine) == before and properties(machine, name, "ProtectHome") == {"ProtectHome": "no"}


def test_restored_lines_that_would_end_it_are_refused(machine: Machine) -> None:
    name = "mcp-homely.service"
    install(machine, name, listens("/run/x/x.sock") + "WorkingDirectory=/home/dev\nProtectHome=yes # none\n")
    machine.run("systemctl", "daemon-reload")
    finding = found(machine, DROPPED, name)
    assert finding is not None
    done = bench(machine, "plan", finding["identity"], "--fix", REPAIR)
    assert done.returncode != 0 and "200/CHDIR" in done.stderr
    machine.path(f"{UNITS}/{name}").unlink()


def test_a_plain_unit_of_node_is_confined_and_serves(machine: Machine) -> None:
    install_node(machine)
    shutil.copytree(node_modules(), machine.path("/usr/local/lib/mcp/node_modules"), symlinks=True)
    machine.path("/var/mcp/workspace/note.txt").write_text("a note")
    name, path = "mcp-files@.service", "/run/mcp-files.sock"
    command = f"ExecStart=/usr/local/bin/node {INDEX} /var/mcp/workspace\n"
    install(machine, name, f"[Service]\nUser=mcp-server\nStandardInput=socket\nStandardError=journal\n{command}")
    start(machine, "mcp-files.socket", f"[Socket]\nListenStream={path}\nAccept=yes\n")
    before = tree(machine)
    assert found(machine, EXPOSURE, name) is not None

    run = repaired(machine, EXPOSURE, name, HARDEN)

    assert run["state"] == "applied", run["message"]
    assert score(machine, "mcp-files@1.service") <= 0.3
    note, outside = (called(machine, path, at) for at in ("/var/mcp/workspace/note.txt", "/etc/passwd"))
    assert "a note" in note and "root:" not in outside
    assert bench(machine, "undo", run["run"]).returncode == 0
    assert tree(machine) == before


@pytest.mark.parametrize("account", ["", "dev"])
def test_a_unit_of_python_is_confined_and_serves(machine: Machine, account: str) -> None:
    name, path = "mcp-listens.service", "/run/mcp-listens/x.sock"
    start(machine, name, listens(path))
    assert until(lambda: answers(machine, path))
    before = tree(machine)
    run = repaired(machine, EXPOSURE, name, HARDEN, account=account)
    assert run["state"] == "applied", run["message"]
    assert score(machine, name) < 2.0 and answers(machine, path)
    pid = properties(machine, name, "MainPID")["MainPID"]
    assert "NoNewPrivs:\t1" in machine.path(f"/proc/{pid}/status").read_text()
    assert bench(machine, "undo", run["run"], account=account).returncode == 0
    assert tree(machine) == before and answers(machine, path)
    pid = properties(machine, name, "MainPID")["MainPID"]
    assert "NoNewPrivs:\t0" in machine.path(f"/proc/{pid}/status").read_text()
    machine.run("systemctl", "stop", name)


@pytest.mark.parametrize("how", ["fails", "starts again and again", "no longer answers"])
def test_g9_a_unit_that_does_not_survive_is_put_back(machine: Machine, how: str) -> None:
    name, path = f"mcp-{how.replace(' ', '-')}.service", "/run/mcp-dies/x.sock"
    # It writes where it may not any more, and its folder of sockets is one that nobody tells of.
    text = listens(path, "/var/log/mcp-dies").replace("User=mcp-server\n", "")
    text += "Restart=always\n" if how == "starts again and again" else ""
    if how == "no longer answers":
        # Its own program lives on when the one that answers has died.
        text = text.replace("/usr/bin/python3", '/bin/sh -c "/usr/bin/python3 $0 $1 $2; exec sleep 600"')
    start(machine, name, text)
    assert until(lambda: answers(machine, path))
    before = tree(machine)

    run = repaired(machine, EXPOSURE, name, HARDEN, "programs=yes")

    assert run["state"] == "rolled back", run["message"]
    assert tree(machine) == before
    assert properties(machine, name, "ActiveState") == {"ActiveState": "active"}
    assert until(lambda: answers(machine, path))
    machine.run("systemctl", "stop", name)
    machine.path(f"{UNITS}/{name}").unlink()


def test_a_workspace_in_a_home_stays_in_reach(machine: Machine) -> None:
    name, path, work = "mcp-home.service", "/run/mcp-home/x.sock", "/home/dev/work"
    machine.run("install", "-d", "-o", "dev", "-g", "dev", work)
    machine.path("/home/dev/secret").write_text("s")
    text = listens(path, f"{work}/made").replace("User=mcp-server", "User=dev")
    start(machine, name, text)
    assert until(lambda: answers(machine, path))
    machine.path(f"{work}/made").unlink()
    run = repaired(machine, EXPOSURE, name, HARDEN, f"folders={work}")
    assert run["state"] == "applied", run["message"]
    pid = properties(machine, name, "MainPID")["MainPID"]
    assert machine.path(f"{work}/made").exists() and answers(machine, path)
    assert sorted(os.listdir(machine.path(f"/proc/{pid}/root/home/dev"))) == ["work"]
    assert bench(machine, "undo", run["run"]).returncode == 0
    machine.run("systemctl", "stop", name)


def answers(machine: Machine, path: str) -> bool:
    """Whether a server of the container answers on a socket."""
    return "result" in called(machine, path, "")


def called(machine: Machine, path: str, file: str) -> str:
    """What a server answers to the first request, or, of a file, to the call that reads it."""
    talk = (
        "import json, socket, sys\n"
        "link = socket.socket(socket.AF_UNIX)\nlink.settimeout(10)\nlink.connect(sys.argv[1])\n"
        "stream = link.makefile('rw')\n"
        "def say(**said):\n    stream.write(json.dumps({'jsonrpc': '2.0', **said}) + chr(10)); stream.flush()\n"
        "client = {'name': 't', 'version': '1'}\n"
        "say(id=1, method='initialize', params={'protocolVersion': '2025-06-18', 'capabilities': {},"
        " 'clientInfo': client})\n"
        "print(stream.readline())\n"
        "if sys.argv[2]:\n"
        "    say(method='notifications/initialized')\n"
        "    say(id=2, method='tools/call', params={'name': 'read_text_file', 'arguments': {'path': sys.argv[2]}})\n"
        "    print(stream.readline())\n"
    )
    return machine.run("python3", "-c", talk, path, file).stdout


def node_modules() -> Path:
    """The server of npm's, installed once below the cache of the tests."""
    npm = require_program("npm")
    cache = Path(os.environ.get("WORKBENCH_TEST_CACHE") or CHECKOUT / ".cache") / "live" / "systemd-node"
    cache.mkdir(parents=True, exist_ok=True)
    with (cache.parent / "systemd-node.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        package = cache / "node_modules/@modelcontextprotocol/server-filesystem/package.json"
        if not package.exists() or json.loads(package.read_text())["version"] != SERVER.partition("@")[2]:
            command = (npm, "install", "--no-audit", "--no-fund", f"@modelcontextprotocol/{SERVER}")
            done = subprocess.run(command, cwd=cache, capture_output=True, text=True, check=False, timeout=300)
            if done.returncode != 0:
                missing(f"the server cannot be installed: {done.stderr[-300:]}")
    return cache / "node_modules"


def mode(machine: Machine, path: str) -> str:
    """The permission bits of a path of the container."""
    return f"{machine.path(path).lstat().st_mode & 0o7777:04o}"


def test_a_socket_moves_out_of_tmp(machine: Machine) -> None:
    name, old, new = "mcp-shared.service", "/tmp/mcp-shared.sock", "/run/mcp-shared/mcp-shared.sock"
    start(machine, name, listens(old).replace("RuntimeDirectory=tmp\n", "").replace("[Service]", "[Service]\nUMask=0"))
    assert until(lambda: answers(machine, old))
    before = tree(machine)
    run = repaired(machine, "sockets/predictable-path", old, "systemd/runtime-directory")
    assert run["state"] == "applied", run["message"]
    assert until(lambda: answers(machine, new)) and not answers(machine, old)
    assert mode(machine, "/run/mcp-shared") == "0700"
    assert bench(machine, "undo", run["run"]).returncode == 0
    assert tree(machine) == before and until(lambda: answers(machine, old))
    machine.run("systemctl", "stop", name)
    machine.path(old).unlink()


def test_what_systemd_listens_on_moves_out_of_tmp(machine: Machine) -> None:
    name, old, new = "mcp-given.socket", "/tmp/mcp-given.sock", "/run/mcp-given/mcp-given.sock"
    command = "ExecStart=/usr/local/bin/mcp-filesystem-server /srv\nStandardInput=socket\n"
    install(machine, "mcp-given@.service", f"[Service]\nUser=mcp-server\n{command}")
    start(machine, name, f"[Socket]\nListenStream={old}\nAccept=yes\n")
    before = tree(machine)
    run = repaired(machine, "sockets/predictable-path", old, "systemd/runtime-directory")
    assert run["state"] == "applied", run["message"]
    assert machine.path(new).is_socket()
    assert bench(machine, "undo", run["run"]).returncode == 0
    assert tree(machine) == before and machine.path(old).is_socket()
    machine.run("systemctl", "stop", name)
    machine.path(old).unlink()


def test_what_a_unit_makes_is_for_its_account_alone(machine: Machine) -> None:
    name, path = "mcp-open.service", "/run/mcp-open/x.sock"
    start(machine, name, listens(path).replace("[Service]", "[Service]\nUMask=0000"))
    assert until(lambda: answers(machine, path)) and mode(machine, path) == "0777"
    before = tree(machine)
    run = repaired(machine, "sockets/connectable-by-others", path, "sockets/private-umask")
    assert run["state"] == "applied", run["message"]
    assert mode(machine, path) == "0700" and answers(machine, path)
    assert bench(machine, "undo", run["run"]).returncode == 0
    assert tree(machine) == before and until(lambda: mode(machine, path) == "0777")
    machine.run("systemctl", "stop", name)


def test_what_systemd_makes_is_for_one_account_alone(machine: Machine) -> None:
    name, path = "mcp-every.socket", "/run/mcp-every.sock"
    command = "ExecStart=/usr/local/bin/mcp-filesystem-server /srv\nStandardInput=socket\n"
    install(machine, "mcp-every@.service", f"[Service]\nUser=mcp-server\n{command}")
    start(machine, name, f"[Socket]\nListenStream={path}\nAccept=yes\n")
    before = tree(machine)
    assert mode(machine, path) == "0666"
    run = repaired(machine, "sockets/connectable-by-others", path, "sockets/private-umask", account="dev")
    assert run["state"] == "applied", run["message"]
    assert mode(machine, path) == "0600"
    assert machine.run("stat", "-c", "%U", path).stdout == "dev\n"
    assert bench(machine, "undo", run["run"], account="dev").returncode == 0
    assert tree(machine) == before and mode(machine, path) == "0666"
    machine.run("systemctl", "stop", name)


@pytest.mark.parametrize("survives", [True, False])
def test_a_unit_of_ones_own_manager_is_confined_without_root(machine: Machine, survives: bool) -> None:
    name = f"mcp-own-{'lives' if survives else 'dies'}.service"
    uid = machine.run("id", "-u", "dev").stdout.strip()
    path, work = f"/run/user/{uid}/{name}/x.sock", "/home/dev/own"
    machine.run("loginctl", "enable-linger", "dev")
    assert until(lambda: machine.path(f"/run/user/{uid}/systemd/private").exists())
    machine.run("install", "-d", "-o", "dev", "-g", "dev", work, "/home/dev/deep")
    writes = f"{work}/made" if survives else "/home/dev/deep/made"
    command = f"ExecStart=/usr/bin/python3 /usr/local/bin/mcp-listens {path} {writes}\n"
    folder = "/home/dev/.config/systemd/user"
    machine.run("install", "-d", "-o", "dev", "-g", "dev", "/home/dev/.config", "/home/dev/.config/systemd", folder)
    install(machine, name, f"[Service]\nRuntimeDirectory={name}\n{command}", folder)
    manage = ("setpriv", "--reuid=dev", "--regid=dev", "--init-groups", "--", "env", f"XDG_RUNTIME_DIR=/run/user/{uid}")
    control = (*manage, "systemctl", "--user")
    machine.run(*control, "daemon-reload")
    assert machine.run(*control, "start", name).returncode == 0
    assert until(lambda: answers(machine, path))
    before = sorted(each.name for each in machine.path(folder).rglob("*"))

    run = repaired(machine, EXPOSURE, name, HARDEN, f"folders={work}", account="dev")

    assert machine.run(*control, "is-active", name).stdout == "active\n"
    assert until(lambda: answers(machine, path))
    if survives:
        assert run["state"] == "applied", run["message"]
        pid = machine.run(*control, "show", "--property=MainPID", "--value", name).stdout.strip()
        assert "NoNewPrivs:\t1" in machine.path(f"/proc/{pid}/status").read_text()
        assert sorted(os.listdir(machine.path(f"/proc/{pid}/root/home/dev"))) == ["own"]
        assert bench(machine, "undo", run["run"], account="dev").returncode == 0
    else:
        assert run["state"] == "rolled back", run["message"]
    assert sorted(each.name for each in machine.path(folder).rglob("*")) == before
    assert until(lambda: answers(machine, path))
    machine.run(*control, "stop", name)


def test_g10_a_repair_that_is_killed_while_it_watches_is_recovered(machine: Machine) -> None:
    name, path = "mcp-killed.service", "/run/mcp-killed/x.sock"
    start(machine, name, listens(path))
    before = tree(machine)
    finding = found(machine, EXPOSURE, name)
    assert finding is not None
    planned(machine, finding, HARDEN)
    script = 'echo $$ > /root/pid; exec "$@"'
    inside = ("nsenter", "-t", str(machine.pid), "-m", "-u", "-i", "-n", "-p", "--")
    repairing = subprocess.Popen(
        [*inside, "sh", "-c", script, "sh", *command(), "apply", "plan.json"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        assert until(lambda: machine.path(f"{UNITS}/{name}.d/95-workbench-hardening.conf").exists(), 60)
        assert until(lambda: no_new_privileges(machine, name) == "1")
        assert machine.run("kill", "-KILL", machine.path("/root/pid").read_text().strip()).returncode == 0
    finally:
        repairing.wait(60)
    assert tree(machine) != before
    recovered = bench(machine, "recover")
    assert recovered.returncode == 0, recovered.stderr
    assert tree(machine) == before
    assert until(lambda: answers(machine, path)) and no_new_privileges(machine, name) == "0"
    machine.run("systemctl", "stop", name)


def no_new_privileges(machine: Machine, name: str) -> str:
    """What the kernel says of the main process of a unit, "" where it has none."""
    pid = properties(machine, name, "MainPID")["MainPID"]
    try:
        status = machine.path(f"/proc/{pid}/status").read_text()
    except OSError:
        return ""
    return next(line.split()[1] for line in status.splitlines() if line.startswith("NoNewPrivs"))
