from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests import builders
from tests.plugins.loading import run_check
from tests.plugins.systemd_units import USER_FILE, host, place, unit
from workbench.model.finding import Finding, NotApplicable, NotAssessed, Passed
from workbench.model.severity import Severity
from workbench.model.units import UnitFact, UnitPlace, UnitRun

CHECK = "systemd/cannot-start"
NODE: dict[str, Any] = {"runtime": "node", "command": ("/usr/bin/node", "/opt/mcp/index.js")}
OTHER = ("/usr/local/bin/mcp-web", "--http")
RUN = UnitRun("mcp-files.service", "active", main_pid=5, started=9.0)


def judged(service: str, **more: Any) -> UnitFact:
    return unit(service, **{"command": OTHER, **more})


def only_finding(made: UnitFact) -> Finding:
    (found,) = builders.findings(run_check(CHECK, host(made)))
    return found


def passes(made: UnitFact) -> bool:
    return builders.kinds(run_check(CHECK, host(made))) == {Passed}


@pytest.mark.parametrize(
    ("service", "key", "code"),
    [
        ("", "ExecStart", "203/EXEC"),
        ("", "ReadWritePaths", "226/NAMESPACE"),
        ("ProtectSystem=strict", "ReadWritePaths", "226/NAMESPACE"),
        ("", "ReadOnlyPaths", "226/NAMESPACE"),
        ("", "InaccessiblePaths", "226/NAMESPACE"),
        ("", "BindPaths", "226/NAMESPACE"),
        ("", "WorkingDirectory", "200/CHDIR"),
        ("", "EnvironmentFile", "resources"),
        ("", "LoadCredential", "243/CREDENTIALS"),
    ],
)
def test_vulnerable_a_path_that_is_missing(service: str, key: str, code: str) -> None:
    found = only_finding(judged(service, places=(place(key, "/opt/none", exists=False),)))
    assert found.severity is Severity.MEDIUM
    assert code in found.evidence[0].actual
    assert found.evidence[0].command == ("ls", "-ld", "/opt/none")


@pytest.mark.parametrize(
    ("service", "missing"),
    [
        ("", place("ReadWritePaths", "/opt/none", exists=False, optional=True)),
        ("", place("ReadWritePaths", "/opt/none", exists=None)),
        ("ProtectSystem=strict", place("ReadOnlyPaths", "/opt/none", exists=False)),
        ("StateDirectory=mcp", place("ReadWritePaths", "/var/lib/mcp/cache", exists=False)),
        ("RuntimeDirectory=mcp", place("WorkingDirectory", "/run/mcp", exists=False)),
        ("RootDirectory=/srv/root", place("ExecStart", "/bin/mcp", exists=False)),
        ("BindPaths=/srv:/opt/none", place("WorkingDirectory", "/opt/none", exists=False)),
    ],
)
def test_hardened_a_path_that_is_forgiven_or_made(service: str, missing: UnitPlace) -> None:
    assert passes(judged(service, places=(missing,)))


@pytest.mark.parametrize(
    ("service", "key", "code"),
    [
        ("ProtectHome=yes", "WorkingDirectory", "200/CHDIR"),
        ("ProtectHome=yes", "ExecStart", "203/EXEC"),
        ("ProtectHome=yes", "ReadWritePaths", "out of reach"),
        ("ProtectHome=yes", "root", "out of reach"),
        ("ProtectHome=tmpfs", "WorkingDirectory", "200/CHDIR"),
        ("ProtectHome=yes\nBindPaths=/home/x/ws", "WorkingDirectory", "200/CHDIR"),
    ],
)
def test_vulnerable_a_workspace_that_protect_home_hides(service: str, key: str, code: str) -> None:
    assert code in only_finding(judged(service, places=(place(key, "/home/x/ws"),))).evidence[0].actual


@pytest.mark.parametrize(
    "service",
    [
        "ProtectHome=no",
        "ProtectHome=yes # dropped, so not in force",
        "ProtectHome=read-only",
        "ProtectHome=tmpfs\nBindPaths=/home/x/ws",
        "ProtectHome=tmpfs\nBindPaths=/srv/ws:/home/x/ws:rbind",
    ],
)
def test_hardened_a_workspace_that_is_bound_in(service: str) -> None:
    assert passes(judged(service, places=(place("WorkingDirectory", "/home/x/ws"), place("root", "/home/x/ws/a"))))


def test_hardened_a_command_with_a_plus_goes_without_all_of_it() -> None:
    text = "ProtectHome=yes\nSystemCallFilter=~execve\nMemoryDenyWriteExecute=yes"
    at = (place("WorkingDirectory", "/home/x/ws"), place("ReadWritePaths", "/opt/none", exists=False))
    assert passes(judged(text, prefix="+", runtime="node", places=at))


def test_hardened_in_a_user_unit_protect_home_hides_nothing_without_a_namespace() -> None:
    at = place("WorkingDirectory", "/home/x/ws")
    assert passes(judged("ProtectHome=yes", file=USER_FILE, places=(at,)))
    assert not passes(judged("ProtectHome=yes\nPrivateUsers=yes", file=USER_FILE, places=(at,)))


def test_vulnerable_a_workspace_in_a_private_tmp() -> None:
    at = place("WorkingDirectory", "/tmp/ws")
    assert "200/CHDIR" in only_finding(judged("PrivateTmp=yes", places=(at,))).summary
    assert passes(judged("PrivateTmp=no", places=(at,)))


@pytest.mark.parametrize(
    ("service", "code"),
    [
        ("SystemCallFilter=~execve", "31/SYS"),
        ("SystemCallFilter=~execve\nSystemCallErrorNumber=EPERM", "203/EXEC"),
        ("SystemCallFilter=~execve:EPERM", "203/EXEC"),
        ("SystemCallFilter=@system-service\nSystemCallFilter=~execve\nSystemCallErrorNumber=EPERM", "203/EXEC"),
        ("SystemCallFilter=~@default", "31/SYS"),
    ],
)
def test_vulnerable_a_filter_without_execve(service: str, code: str) -> None:
    assert only_finding(judged(service)).evidence[0].actual.startswith(code)


@pytest.mark.parametrize(
    "service",
    [
        "SystemCallFilter=@system-service",
        "SystemCallFilter=~@exec",
        "SystemCallFilter=~execve\nSystemCallFilter=execve",
    ],
)
def test_hardened_a_filter_that_lets_execve_through(service: str) -> None:
    assert passes(judged(service))


@pytest.mark.parametrize(
    ("service", "code"),
    [
        ("MemoryDenyWriteExecute=yes", "5/TRAP"),
        ("SystemCallFilter=@system-service", "31/SYS"),
        ("User=mcp\nLimitNPROC=64", "6/ABRT"),
    ],
)
def test_vulnerable_what_ends_node(service: str, code: str) -> None:
    assert only_finding(judged(service, **NODE)).evidence[0].actual.startswith(code)
    assert passes(judged(service, runtime="python"))


@pytest.mark.parametrize(
    "service",
    [
        "MemoryDenyWriteExecute=no",
        "SystemCallFilter=@system-service\nSystemCallErrorNumber=EPERM",
        "SystemCallFilter=@system-service @pkey",
        "SystemCallFilter=~@mount",
        "User=mcp\nLimitNPROC=512",
        "LimitNPROC=64",  # root is not counted
        "User=mcp\nTasksMax=64",
    ],
)
def test_hardened_what_node_survives(service: str) -> None:
    assert passes(judged(service, **NODE))
    assert passes(judged("MemoryDenyWriteExecute=yes", runtime="node", command=("/usr/bin/node", "--jitless", "x.js")))


@pytest.mark.parametrize(("paths", "missing"), [("/usr/lib /lib", "/usr/bin/node"), ("/usr/bin/node", "/usr/lib")])
def test_vulnerable_exec_paths_that_leave_out_what_is_needed(paths: str, missing: str) -> None:
    made = judged(f"NoExecPaths=/\nExecPaths={paths}", **NODE, places=(place("ExecStart", "/usr/bin/node"),))
    assert f"203/EXEC: NoExecPaths=/ covers {missing}" in only_finding(made).summary


@pytest.mark.parametrize("paths", ["/usr/bin/node /usr/lib /lib", "/bin/node /lib", "/usr", "/opt/node20 /usr/lib"])
def test_hardened_exec_paths_by_any_of_its_names(paths: str) -> None:
    at = (place("ExecStart", "/usr/bin/node"), place("program", "/opt/node20/bin/node"))
    assert passes(judged(f"NoExecPaths=/ /tmp\nExecPaths={paths}", **NODE, places=at))


@pytest.mark.parametrize(
    ("service", "more"),
    [
        ("Type=simple", {}),
        ("StandardInput=null", {"socket": "mcp-files.socket"}),
        ("", {"command": ("/usr/bin/npx", "-y", "@modelcontextprotocol/server-filesystem", "/srv")}),
        ("", {"command": ("/usr/bin/python3", "-m", "mcp_server_git")}),
    ],
)
def test_vulnerable_a_server_without_an_input(service: str, more: dict[str, Any]) -> None:
    made = unit(service, **more)
    assert "exits, which systemd takes for success" in only_finding(made).summary


@pytest.mark.parametrize(
    ("service", "more"),
    [
        ("StandardInput=socket", {"socket": "mcp-files.socket"}),
        ("StandardInput=file:/run/mcp/in", {}),
        ("StandardInputText=hello", {}),
        ("", {"command": OTHER}),
        ("", {"command": ("/usr/bin/npx", "-y", "supergateway", "--stdio", "npx mcp-server-git")}),
        ("", {"runs": (RUN,)}),
    ],
)
def test_hardened_a_server_with_an_input_or_without_the_need(service: str, more: dict[str, Any]) -> None:
    assert passes(unit(service, **more))


def test_vulnerable_an_account_that_does_not_exist_and_a_unit_that_is_refused() -> None:
    found = only_finding(judged("User=$USER", missing_accounts=("User",)))
    assert "217/USER: User=$USER is not expanded" in found.summary
    assert "216/GROUP" in only_finding(judged("Group=none", missing_accounts=("Group",))).summary
    assert "a setting in it is fatal" in only_finding(judged("", refused=True)).summary


@pytest.mark.parametrize(
    ("service", "code"),
    [
        ("User=dev", "216/GROUP"),
        ("SupplementaryGroups=docker", "216/GROUP"),
        ("DynamicUser=yes", "217/USER"),
        ("TemporaryFileSystem=/srv", "226/NAMESPACE"),
        ("BindPaths=/a:/b", "226/NAMESPACE"),
        ("CapabilityBoundingSet=", "218/CAPABILITIES"),
        ("PrivateDevices=yes", "218/CAPABILITIES"),
    ],
)
def test_vulnerable_what_a_users_manager_may_not_do(service: str, code: str) -> None:
    assert only_finding(judged(service, file=USER_FILE)).evidence[0].actual.startswith(code)
    assert passes(judged(service))
    assert passes(judged(service, file=USER_FILE, owner=0))
    if code.startswith(("226", "218")):
        assert passes(judged(f"{service}\nPrivateUsers=yes", file=USER_FILE))
        made = judged(service, file=USER_FILE)
        assert builders.kinds(run_check(CHECK, host(made, version=254))) == {Passed}


def test_hardened_what_runs_as_it_stands_did_start() -> None:
    missing = (place("ExecStart", "/opt/none", exists=False),)
    assert passes(judged("", places=missing, runs=(RUN,)))
    assert not passes(judged("", places=missing, runs=(replace(RUN, needs_reload=True),)))
    assert not passes(judged("", places=missing, runs=(replace(RUN, state="failed", main_pid=0),)))


def test_not_applicable_without_a_unit_that_runs_a_server() -> None:
    assert builders.kinds(run_check(CHECK, host())) == {NotApplicable}


def test_not_assessed_where_a_part_could_not_be_read() -> None:
    assert builders.kinds(run_check(CHECK, host(judged("", whole=False)))) == {NotAssessed}
