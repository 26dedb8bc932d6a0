"""What runs is compared with what the unit says: stale processes, settings without effect, root, rights, secrets."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.live.lab import Machine, systemd_container
from tests.live.support_systemd import (
    finding_of,
    install,
    install_program,
    judge,
    properties,
    see,
    until,
)
from workbench.model.severity import Severity
from workbench.model.snapshot import Snapshot

pytestmark = [pytest.mark.live, pytest.mark.xdist_group("systemd")]
SERVER = "/usr/local/bin/mcp-waits"
SECRET = "ghp_" + "Zk3vQ9xLw7Rt2Yb8Nc4Md6Pf1Hs5Jg0Kq3V1"


@pytest.fixture(scope="module")
def machine() -> Iterator[Machine]:
    with systemd_container() as booted:
        install_program(booted, SERVER, "#!/usr/bin/python3\nimport time\ntime.sleep(600)\n")
        booted.run("useradd", "--create-home", "--shell", "/bin/bash", "dev")
        booted.run("useradd", "--system", "--no-create-home", "mcp-server")
        yield booted


def start(machine: Machine, name: str, text: str) -> str:
    """Install and start a unit; the process id of its main process, in the container."""
    install(machine, name, text)
    assert machine.run("systemctl", "daemon-reload").returncode == 0
    assert machine.run("systemctl", "restart", name).returncode == 0
    return properties(machine, name, "MainPID")["MainPID"]


def test_a_drop_in_that_is_read_but_not_in_force(machine: Machine) -> None:
    name = "mcp-stale.service"
    machine.path("/home/dev").chmod(0o755)
    pid = start(machine, name, f"[Service]\nExecStart={SERVER}\nUser=mcp-server\n")
    assert finding_of(judge("systemd/stale-process", see(machine)), name) is None
    time.sleep(2.1)
    hard = "[Service]\nNoNewPrivileges=yes\nProtectSystem=strict\nProtectHome=yes\nPrivateTmp=yes\n"
    install(machine, "50-hard.conf", hard, f"/etc/systemd/system/{name}.d")
    machine.run("systemctl", "daemon-reload")
    assert properties(machine, name, "NeedDaemonReload")["NeedDaemonReload"] == "no"
    snapshot = see(machine, home="/home/dev")
    (unit,) = [each for each in snapshot.units.units if each.name == name]
    praised = machine.run("systemd-analyze", "security", "--no-pager", name).stdout
    assert f"{unit.exposure}" in praised
    assert "NoNewPrivs:\t0" in machine.path(f"/proc/{pid}/status").read_text()
    found = finding_of(judge("systemd/stale-process", snapshot), name)
    assert found is not None
    assert "NoNewPrivileges=yes, ProtectSystem=strict, ProtectHome=yes, PrivateTmp=yes" in found.summary
    assert any("changed" in each.actual for each in found.evidence)
    machine.run("systemctl", "restart", name)
    assert finding_of(judge("systemd/stale-process", see(machine, home="/home/dev")), name) is None


def test_a_change_that_the_manager_did_not_read(machine: Machine) -> None:
    name = "mcp-unread.service"
    start(machine, name, f"[Service]\nExecStart={SERVER}\nUser=mcp-server\n")
    time.sleep(1.1)
    install(machine, name, f"[Service]\nExecStart={SERVER}\nUser=mcp-server\nNoNewPrivileges=yes\n")
    found = finding_of(judge("systemd/stale-process", see(machine)), name)
    assert found is not None
    assert any("NeedDaemonReload=yes" in each.actual for each in found.evidence)


# Name: a setting in a user unit, and how it ends without PrivateUsers=yes ("" where it starts, and does nothing).
OF_USERS = {
    "home": ("ProtectHome=tmpfs", ""),
    "system": ("ProtectSystem=strict", ""),
    "tmp": ("PrivateTmp=yes", ""),
    "network": ("PrivateNetwork=yes", ""),
    "ipc": ("PrivateIPC=yes", ""),
    "mounts": ("PrivateMounts=yes", ""),
    "tunables": ("ProtectKernelTunables=yes", ""),
    "groups": ("ProtectControlGroups=yes", ""),
    "paths": ("InaccessiblePaths=/srv", ""),
    "bound": ("BindPaths=/srv", ""),
    "missing": ("ReadWritePaths=/opt/none", ""),
    "over": ("TemporaryFileSystem=/srv", "226/NAMESPACE"),
    "moved": ("BindPaths=/srv:/mnt", "226/NAMESPACE"),
    "root": ("RootDirectory=/srv", "226/NAMESPACE"),
    "capabilities": ("CapabilityBoundingSet=CAP_CHOWN", "218/CAPABILITIES"),
    "devices": ("PrivateDevices=yes", "218/CAPABILITIES"),
    "account": ("User=dev", "216/GROUP"),
    "dynamic": ("DynamicUser=yes", "217/USER"),
}


@pytest.fixture(scope="module")
def manager(machine: Machine) -> Machine:
    """The machine, with a manager of the account dev."""
    assert machine.run("loginctl", "enable-linger", "dev").returncode == 0
    uid = machine.run("id", "-u", "dev").stdout.strip()
    assert until(lambda: machine.path(f"/run/user/{uid}/systemd/private").exists(), 20)
    folder = "/home/dev/.config/systemd/user"
    for name, more in (("mcp-inert.service", ""), ("mcp-closed.service", "PrivateUsers=yes\n")):
        install(machine, name, f"[Service]\nExecStart={SERVER}\nProtectHome=yes\n{more}", folder)
    for name, (line, _) in OF_USERS.items():
        install(machine, f"mcp-of-{name}.service", f"[Service]\nExecStart={SERVER}\n{line}\n", folder)
    machine.run("chown", "-R", "dev:", "/home/dev")
    for action in (("daemon-reload",), ("start", "mcp-inert.service", "mcp-closed.service")):
        done = machine.run(*as_dev(machine), "systemctl", "--user", *action)
        assert done.returncode == 0, done.stderr
    return machine


def as_dev(machine: Machine) -> tuple[str, ...]:
    uid = machine.run("id", "-u", "dev").stdout.strip()
    become = ("setpriv", "--reuid=dev", "--regid=dev", "--init-groups", "--", "env", "HOME=/home/dev")
    return (*become, f"XDG_RUNTIME_DIR=/run/user/{uid}")


def sees_home(machine: Machine, name: str) -> bool:
    shown = machine.run(*as_dev(machine), "systemctl", "--user", "show", "--property=MainPID", "--value", name)
    listed = machine.run("ls", f"/proc/{shown.stdout.strip()}/root/home/dev/.config")
    return listed.returncode == 0


def test_a_setting_without_a_namespace_really_hides_nothing(manager: Machine) -> None:
    assert sees_home(manager, "mcp-inert.service")
    assert not sees_home(manager, "mcp-closed.service")
    snapshot = see(manager, home="/home/dev", account="dev")
    units = {unit.name: unit for unit in snapshot.units.units if unit.manager == "user"}
    assert all(units[name].runs[0].state == "active" for name in ("mcp-inert.service", "mcp-closed.service"))
    assert {unit.measured for unit in units.values()} == {"live"}
    result = judge("systemd/inert-user-setting", snapshot)
    found = finding_of(result, "mcp-inert.service")
    if snapshot.units.version >= 254:
        pytest.skip("this systemd adds the namespace itself")
    assert found is not None
    assert finding_of(result, "mcp-closed.service") is None
    # It is credited all the same.
    assert units["mcp-inert.service"].exposure is not None
    assert not any(item.name == "ProtectHome=" for item in units["mcp-inert.service"].items)


@pytest.fixture(scope="module")
def before(manager: Machine) -> Snapshot:
    """What is seen before any of them was started."""
    return see(manager, home="/home/dev", account="dev")


@pytest.mark.parametrize("name", OF_USERS)
def test_what_a_users_manager_may_not_do_is_passed_over_or_fails_as_told(
    manager: Machine, before: Snapshot, name: str
) -> None:
    if before.units.version >= 254:
        pytest.skip("this systemd adds PrivateUsers=yes itself")
    unit, (_, code) = f"mcp-of-{name}.service", OF_USERS[name]
    manager.run(*as_dev(manager), "systemctl", "--user", "start", unit)
    query = ("systemctl", "--user", "show", "--property=ActiveState,MainPID,ExecMainStatus", unit)

    def ended() -> dict[str, str]:
        said = manager.run(*as_dev(manager), *query).stdout
        return dict(line.partition("=")[::2] for line in said.split("\n") if line)

    inert, failing = (
        finding_of(judge(f"systemd/{check}", before), unit) for check in ("inert-user-setting", "cannot-start")
    )
    if code:
        assert until(lambda: ended()["ActiveState"] == "failed")
        assert ended()["ExecMainStatus"] == code.partition("/")[0]
        assert failing is not None
        assert code in failing.evidence[0].actual
        assert inert is None
    else:
        pid = ended()["MainPID"]
        shared = [
            manager.run("readlink", f"/proc/{one}/ns/{kind}").stdout
            for one in (pid, 1)
            for kind in ("mnt", "net", "ipc")
        ]
        assert shared[:3] == shared[3:]
        assert inert is not None
        assert failing is None


def test_it_is_neither_root_nor_stale(manager: Machine) -> None:
    snapshot = see(manager, home="/home/dev", account="dev")
    for check in ("systemd/runs-as-root", "systemd/stale-process"):
        result = judge(check, snapshot)
        assert finding_of(result, "mcp-inert.service") is None
        assert finding_of(result, "mcp-closed.service") is None


@pytest.mark.parametrize(
    ("service", "prefix", "root"),
    [
        ("", "", True),
        ("User=mcp-server\n", "", False),
        ("DynamicUser=yes\n", "", False),
        ("DynamicUser=yes\nUser=root\n", "", True),
        ("User=mcp-server\n", "+", True),
        ("User=mcp-server\n", "!", True),
        ("User=mcp-server\n", "!!", False),
        ("User=mcp-server\nUser=\n", "", True),
    ],
)
def test_who_it_is_said_to_be_is_who_it_is(machine: Machine, service: str, prefix: str, root: bool) -> None:
    name = "mcp-who.service"
    pid = start(machine, name, f"[Service]\nExecStart={prefix}{SERVER}\n{service}")
    uid = machine.run("grep", "^Uid:", f"/proc/{pid}/status").stdout.split()[1]
    found = finding_of(judge("systemd/runs-as-root", see(machine)), name)
    assert (uid == "0", found is not None) == (root, root)


def test_every_account_is_told_the_environment_of_a_closed_unit(machine: Machine) -> None:
    name = "mcp-secret.service"
    file = install(machine, name, f"[Service]\nExecStart={SERVER}\nEnvironment=GITHUB_TOKEN={SECRET}\n")
    file.chmod(0o600)
    machine.run("systemctl", "daemon-reload")
    become = ("setpriv", "--reuid=dev", "--regid=dev", "--init-groups", "--")
    told = machine.run(*become, "systemctl", "show", "--property=Environment", name).stdout
    assert SECRET in told
    snapshot = see(machine)
    assert SECRET not in repr(snapshot)
    assert finding_of(judge("systemd/secret-in-unit", snapshot), name) is not None
    # An account that may not read it is told so, and of no pass.
    result = judge("systemd/secret-in-unit", see(machine, home="/home/dev", account="dev"))
    assert any(name in gap.what for gap in result.not_assessed)


@pytest.mark.parametrize(
    ("service", "lost"),
    [
        ("StandardInput=socket\nStandardOutput=socket\n", True),
        ("StandardInput=socket\nStandardOutput=socket\nStandardError=journal\n", False),
        ("StandardInput=socket\n", True),
    ],
)
def test_where_the_log_of_a_socket_server_goes(machine: Machine, service: str, lost: bool) -> None:
    program = "/usr/local/bin/mcp-speaks"
    install_program(machine, program, "#!/bin/sh\necho from-the-log >&2\nexec sleep 5\n")
    install(machine, "mcp-speaks.socket", "[Socket]\nListenStream=/run/mcp-speaks.sock\nAccept=yes\n")
    install(machine, "mcp-speaks@.service", f"[Service]\nExecStart={program}\n{service}")
    machine.run("systemctl", "daemon-reload")
    machine.run("systemctl", "restart", "mcp-speaks.socket")
    reads = "import socket; s = socket.socket(socket.AF_UNIX); s.settimeout(2); s.connect('/run/mcp-speaks.sock')\n"
    reads += "try:\n    print(s.recv(100))\nexcept TimeoutError:\n    print('nothing')\n"
    heard = "from-the-log" in machine.run("python3", "-c", reads).stdout
    found = finding_of(judge("systemd/no-audit-trail", see(machine)), "mcp-speaks@.service")
    assert (heard, found is not None) == (lost, lost)


def test_a_unit_that_was_named_is_judged_whatever_it_runs(machine: Machine) -> None:
    install(machine, "weather.service", "[Service]\nExecStart=/bin/sleep 600\n")
    assert "weather.service" not in {unit.name for unit in see(machine).units.units}
    snapshot = see(machine, "weather", "none-such")
    (unit,) = [each for each in snapshot.units.units if each.name == "weather.service"]
    assert unit.recognised_by == "you named it"
    assert finding_of(judge("systemd/runs-as-root", snapshot), "weather.service") is not None
    assert [gap.what for gap in snapshot.units.state.unread] == ["none-such"]


def test_limits_are_those_that_the_kernel_has(machine: Machine) -> None:
    install(machine, "mcp.slice", "[Slice]\nMemoryMax=200M\nTasksMax=50\nCPUQuota=40%\n")
    start(machine, "mcp-free.service", f"[Service]\nExecStart={SERVER}\n")
    start(machine, "mcp-held.service", f"[Service]\nExecStart={SERVER}\nSlice=mcp.slice\n")
    result = judge("systemd/no-resource-limits", see(machine))
    found = finding_of(result, "mcp-free.service")
    assert found is not None
    assert found.severity is Severity.LOW
    assert finding_of(result, "mcp-held.service") is None


def test_a_drop_in_folder_that_others_write(machine: Machine) -> None:
    name = "mcp-open.service"
    install(machine, name, f"[Service]\nExecStart={SERVER}\nUser=mcp-server\n")
    folder = machine.path(f"/etc/systemd/system/{name}.d")
    folder.mkdir()
    assert not judge("systemd/unit-writable-by-others", see(machine)).findings
    folder.chmod(0o777)
    become = ("setpriv", "--reuid=dev", "--regid=dev", "--init-groups", "--")
    text = "printf '[Service]\\nUser=root\\n' > /etc/systemd/system/mcp-open.service.d/10.conf"
    assert machine.run(*become, "sh", "-c", text).returncode == 0
    start(machine, "mcp-open.service", f"[Service]\nExecStart={SERVER}\nUser=mcp-server\n")
    pid = properties(machine, name, "MainPID")["MainPID"]
    assert machine.run("grep", "^Uid:", f"/proc/{pid}/status").stdout.split()[1] == "0"
    result = judge("systemd/unit-writable-by-others", see(machine))
    assert {finding.subject.kind for finding in result.findings} == {"unit", "directory"}
