"""Every trap that systemd/cannot-start names really ends the unit, with the code it says; its twin really starts."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import pytest

from tests.live.lab import Machine, systemd_container
from tests.live.support_systemd import (
    finding_of,
    install,
    install_node,
    install_program,
    judge,
    properties,
    see,
    until,
)
from workbench.model.report import CheckResult

pytestmark = [pytest.mark.live, pytest.mark.xdist_group("systemd")]
CHECK = "systemd/cannot-start"
SLEEP = "ExecStart=/bin/sleep 600\n"
NODE = "ExecStart=/usr/local/bin/node -e setTimeout(()=>{},600000)\n"
HOME = "/home/someone/ws"
# Name: the trap, the code systemd ends it with, the twin that starts.
TRAPS = {
    "program": ("ExecStart=/opt/none\n", "203/EXEC", SLEEP),
    "writable": (f"{SLEEP}ReadWritePaths=/opt/none\n", "226/NAMESPACE", f"{SLEEP}ReadWritePaths=-/opt/none\n"),
    "readable": (
        f"{SLEEP}ReadOnlyPaths=/opt/none\n",
        "226/NAMESPACE",
        f"{SLEEP}ProtectSystem=strict\nReadOnlyPaths=/opt/none\n",
    ),
    "hidden": (f"{SLEEP}InaccessiblePaths=/opt/none\n", "226/NAMESPACE", f"{SLEEP}InaccessiblePaths=-/opt/none\n"),
    "bound": (f"{SLEEP}BindPaths=/opt/none\n", "226/NAMESPACE", f"{SLEEP}BindPaths=-/opt/none\n"),
    "executed": (f"{SLEEP}ExecPaths=/opt/none\n", "226/NAMESPACE", f"{SLEEP}ExecPaths=-/opt/none\n"),
    "runtime": (
        f"{SLEEP}ReadWritePaths=/run/mcp-x\n",
        "226/NAMESPACE",
        f"{SLEEP}RuntimeDirectory=mcp-y\nReadWritePaths=/run/mcp-y\n",
    ),
    "folder": (f"{SLEEP}WorkingDirectory=/opt/none\n", "200/CHDIR", f"{SLEEP}WorkingDirectory=-/opt/none\n"),
    "home": (
        f"{SLEEP}ProtectHome=yes\nWorkingDirectory={HOME}\n",
        "200/CHDIR",
        f"{SLEEP}ProtectHome=tmpfs\nBindPaths={HOME}\nWorkingDirectory={HOME}\n",
    ),
    "home-bound": (
        f"{SLEEP}ProtectHome=yes\nBindPaths={HOME}\nWorkingDirectory={HOME}\n",
        "200/CHDIR",
        f"{SLEEP}ProtectHome=read-only\nWorkingDirectory={HOME}\n",
    ),
    "home-program": (f"ExecStart={HOME}/program\nProtectHome=yes\n", "203/EXEC", f"ExecStart={HOME}/program\n"),
    "tmp": (f"{SLEEP}PrivateTmp=yes\nWorkingDirectory=/tmp/ws\n", "200/CHDIR", f"{SLEEP}WorkingDirectory=/tmp/ws\n"),
    "variables": (f"{SLEEP}EnvironmentFile=/opt/none\n", "resources", f"{SLEEP}EnvironmentFile=-/opt/none\n"),
    "credential": (
        f"{SLEEP}LoadCredential=x:/opt/none\n",
        "243/CREDENTIALS",
        f"{SLEEP}LoadCredential=x:/etc/hostname\n",
    ),
    "account": (f"{SLEEP}User=$USER\n", "217/USER", f"{SLEEP}User=daemon\n"),
    "group": (f"{SLEEP}Group=none-such\n", "216/GROUP", f"{SLEEP}Group=daemon\n"),
    "execve": (f"{SLEEP}SystemCallFilter=~execve\n", "31/SYS", f"{SLEEP}SystemCallFilter=~@exec\n"),
    "execve-refused": (
        f"{SLEEP}SystemCallFilter=@system-service\nSystemCallFilter=~execve\nSystemCallErrorNumber=EPERM\n",
        "203/EXEC",
        f"{SLEEP}SystemCallFilter=@system-service\nSystemCallErrorNumber=EPERM\n",
    ),
    "exec-paths": (
        f"{SLEEP}NoExecPaths=/\nExecPaths=/usr/lib /lib /lib64\n",
        "203/EXEC",
        f"{SLEEP}NoExecPaths=/\nExecPaths=/usr/bin/sleep /usr/lib /lib /lib64\n",
    ),
    "node-memory": (
        f"{NODE}MemoryDenyWriteExecute=yes\n",
        "5/TRAP",
        f"{NODE.replace('node ', 'node --jitless ')}MemoryDenyWriteExecute=yes\n",
    ),
    "node-filter": (
        f"{NODE}SystemCallFilter=@system-service\n",
        "31/SYS",
        f"{NODE}SystemCallFilter=@system-service\nSystemCallErrorNumber=EPERM\n",
    ),
    "node-libraries": (
        f"{NODE}NoExecPaths=/\nExecPaths=/usr/local/bin/node\n",
        "203/EXEC",
        f"{NODE}NoExecPaths=/\nExecPaths=/usr/local/bin/node /usr/lib /lib /lib64\n",
    ),
}


@pytest.fixture(scope="module")
def machine() -> Iterator[Machine]:
    with systemd_container() as booted:
        install_node(booted)
        install_program(booted, "/usr/local/bin/mcp-filesystem-server", "#!/bin/sh\nexec cat\n")
        install_program(booted, f"{HOME}/program", "#!/bin/sh\nexec sleep 600\n")
        booted.path("/tmp/ws").mkdir()
        for name, (trap, _, twin) in TRAPS.items():
            install(booted, f"mcp-{name}-trap.service", f"[Service]\n{trap}")
            install(booted, f"mcp-{name}-twin.service", f"[Service]\n{twin}")
        command = "ExecStart=/usr/local/bin/mcp-filesystem-server /srv\n"
        install(booted, "mcp-silent.service", f"[Service]\nType=simple\n{command}Restart=on-failure\n")
        install(booted, "mcp-heard.socket", "[Socket]\nListenStream=/run/mcp-heard.sock\nAccept=yes\n")
        install(booted, "mcp-heard@.service", f"[Service]\n{command}StandardInput=socket\nStandardError=journal\n")
        booted.run("systemctl", "daemon-reload")
        yield booted


@pytest.fixture(scope="module")
def before(machine: Machine) -> CheckResult:
    """What the check says before anything was started."""
    return judge(CHECK, see(machine))


@pytest.fixture(scope="module")
def after(machine: Machine, before: CheckResult) -> CheckResult:
    """What the check says once all was started."""
    units = [f"mcp-{name}-{kind}.service" for name in TRAPS for kind in ("trap", "twin")]
    machine.run("systemctl", "start", "--no-block", *units, "mcp-silent.service", "mcp-heard.socket")
    until(lambda: all(_ended(machine, unit) for unit in units if unit.endswith("-trap.service")))
    time.sleep(1)
    return judge(CHECK, see(machine))


def _ended(machine: Machine, unit: str) -> bool:
    return properties(machine, unit, "ActiveState")["ActiveState"] == "failed"


def _code(machine: Machine, unit: str) -> str:
    said = properties(machine, unit, "ActiveState", "Result", "ExecMainCode", "ExecMainStatus")
    if said["ActiveState"] != "failed":
        return said["ActiveState"]
    return "resources" if said["Result"] == "resources" else said["ExecMainStatus"]


@pytest.mark.parametrize("name", TRAPS)
def test_the_trap_is_told_before_it_is_started_and_ends_as_told(
    machine: Machine, before: CheckResult, after: CheckResult, name: str
) -> None:
    unit = f"mcp-{name}-trap.service"
    _, code, _ = TRAPS[name]
    for result in (before, after):
        found = finding_of(result, unit)
        assert found is not None
        assert code in found.evidence[0].actual
    assert _code(machine, unit) == code.partition("/")[0]


@pytest.mark.parametrize("name", TRAPS)
def test_the_twin_is_not_accused_and_really_runs(
    machine: Machine, before: CheckResult, after: CheckResult, name: str
) -> None:
    unit = f"mcp-{name}-twin.service"
    for result in (before, after):
        assert finding_of(result, unit) is None
    assert _code(machine, unit) == "active"


def test_a_server_without_an_input_ends_and_systemd_calls_it_a_success(
    machine: Machine, before: CheckResult, after: CheckResult
) -> None:
    said = properties(machine, "mcp-silent.service", "ActiveState", "Result", "ExecMainStatus", "NRestarts")
    assert said == {"ActiveState": "inactive", "Result": "success", "ExecMainStatus": "0", "NRestarts": "0"}
    for result in (before, after):
        found = finding_of(result, "mcp-silent.service")
        assert found is not None
        assert "takes for success" in found.summary


def test_its_twin_answers_over_its_socket(machine: Machine, before: CheckResult, after: CheckResult) -> None:
    assert finding_of(before, "mcp-heard@.service") is None
    assert finding_of(after, "mcp-heard@.service") is None
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(10)
        client.connect(str(machine.path("/run/mcp-heard.sock")))
        client.sendall(b"hello\n")
        assert client.recv(100) == b"hello\n"


def test_the_sixth_node_of_an_account_ends_where_threads_are_counted(machine: Machine) -> None:
    # A server that has read one directory has its four threads for files.
    script = "require('fs').promises.readdir('/etc').then(() => setTimeout(() => {}, 600000))\n"
    machine.path("/usr/local/lib/crowd.js").write_text(script)
    command = "ExecStart=/usr/local/bin/node /usr/local/lib/crowd.js\n"
    text = f"[Service]\nUser=games\n{command}LimitNPROC=64\n"
    names = [f"mcp-crowd{number}.service" for number in range(8)]
    for name in names:
        install(machine, name, text)
    machine.run("systemctl", "daemon-reload")
    for name in names:
        machine.run("systemctl", "start", name)
        time.sleep(0.7)
    assert until(lambda: any(_ended(machine, name) for name in names))
    first = next(number for number, name in enumerate(names, 1) if _ended(machine, name))
    assert first == 6
    assert properties(machine, names[first - 1], "ExecMainStatus")["ExecMainStatus"] == "6"
    found = finding_of(judge(CHECK, see(machine)), names[0])
    assert found is not None
    assert "6/ABRT" in found.summary
    machine.run("systemctl", "stop", *names)


def test_what_runs_as_it_stands_is_not_accused(machine: Machine) -> None:
    install_program(machine, "/opt/mcp-gone", "#!/bin/sh\nexec sleep 601\n")
    install(machine, "mcp-gone.service", "[Service]\nExecStart=/opt/mcp-gone\n")
    machine.run("systemctl", "daemon-reload")
    machine.run("systemctl", "start", "mcp-gone.service")
    # The start is done before the program is: it must not be gone too early.
    name = ("pgrep", "-f", "sleep 601")
    assert until(lambda: machine.run(*name).returncode == 0)
    machine.path("/opt/mcp-gone").unlink()
    assert finding_of(judge(CHECK, see(machine)), "mcp-gone.service") is None
    machine.run("systemctl", "stop", "mcp-gone.service")
    assert finding_of(judge(CHECK, see(machine)), "mcp-gone.service") is not None
