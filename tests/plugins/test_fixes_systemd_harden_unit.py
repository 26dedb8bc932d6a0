"""The fix systemd/harden-unit: every setting that this server is known to survive, and none that it is known not to."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests import builders
from tests.plugins.loading import get_fix, run_check
from tests.plugins.systemd_units import FILE, NAME, USER_FILE, host, place, unit
from workbench.model.facts import SectionState
from workbench.model.finding import Finding
from workbench.model.operations import CreateFile, CreateRootFile, OwnDropIn, Restart
from workbench.model.plan import Plan, Refusal, Reversal, Safety
from workbench.model.processes import ProcessFacts
from workbench.model.snapshot import Snapshot
from workbench.model.sockets import PortFact, SocketFacts
from workbench.model.units import UnitFact, UnitRun, UnitSetting
from workbench.planning import answered, plan

FIX, CHECK = "systemd/harden-unit", "systemd/exposure"
NODE = (
    "/usr/bin/node",
    "/usr/local/lib/mcp/node_modules/@modelcontextprotocol/server-filesystem/dist/index.js",
    "/srv/ws",
)
RUNNING = UnitRun(NAME, "active", main_pid=7, started=1.0)
ROOT = place("root", "/srv/ws")


def _unit(service: str = "User=mcp\n", **more: Any) -> UnitFact:
    made: dict[str, Any] = {
        "command": NODE,
        "runtime": "node",
        "exposure": 9.2,
        "measured": "offline",
        "runs": (RUNNING,),
        "places": (place("ExecStart", NODE[0]), place("script", NODE[1]), ROOT),
    }
    return unit(service, **{**made, **more})


def _finding(snapshot: Snapshot) -> Finding:
    return builders.findings(run_check(CHECK, snapshot))[0]


def _planned(made: UnitFact, snapshot: Snapshot | None = None, **answers: str) -> Plan | Refusal:
    seen = snapshot or host(made)
    return plan(get_fix(FIX), _finding(seen), seen, answers)


def _lines(made: UnitFact, **answers: str) -> list[str]:
    snapshot = host(made)
    planned = plan(get_fix(FIX), _finding(snapshot), snapshot, answers)
    assert isinstance(planned, Plan), planned
    (operation,) = planned.operations
    assert isinstance(operation, CreateRootFile)
    return operation.content.splitlines()


def test_node_gets_what_it_survives() -> None:
    made = _planned(_unit())
    assert isinstance(made, Plan), made
    (operation,) = made.operations
    assert isinstance(operation, CreateRootFile)
    assert operation.path == f"/etc/systemd/system/{NAME}.d/95-workbench-hardening.conf"
    assert operation.restarts == Restart(NAME)
    assert (made.safety, made.reversal) == (Safety.REVIEW, Reversal.FULL)
    assert "is restarted" in made.consequences
    lines = operation.content.splitlines()
    for line in (
        "ProtectHome=yes",
        "ReadWritePaths=-/srv/ws",
        "PrivateNetwork=yes",
        "SystemCallErrorNumber=EPERM",
        "NoExecPaths=/ -/tmp -/var/tmp -/dev/shm -/srv/ws",
    ):
        assert line in lines
    assert next(line for line in lines if line.startswith("ExecPaths=")).startswith("ExecPaths=/usr/bin/node ")
    assert not any(line.startswith(("MemoryDenyWriteExecute", "LimitNPROC")) or "#" in line[1:] for line in lines)
    assert not any("@exec" in line or "execve" in line for line in lines)


def test_python_may_have_no_writable_code() -> None:
    assert "MemoryDenyWriteExecute=yes" in _lines(_unit(runtime="python"))
    assert "MemoryDenyWriteExecute=yes" not in _lines(_unit(runtime=""))


@pytest.mark.parametrize("program", ["/opt/a b/node", '/opt/"x/node', "/opt/%h/node", "/opt/x\n[Service]/node"])
def test_a_program_with_an_odd_name_is_not_named(program: str) -> None:
    lines = _lines(_unit(places=(place("ExecStart", program), ROOT)), programs="no")
    assert not any(program.split()[0] in line or "ExecPaths" in line for line in lines)


def test_of_an_unknown_server_network_and_programs_stay() -> None:
    other = _unit(command=("/opt/thing/bin/server",), runtime="", places=(place("ExecStart", "/opt/thing/bin/server"),))
    snapshot = host(other)
    asked = answered(get_fix(FIX), _finding(snapshot), snapshot, {})
    assert not isinstance(asked, Refusal)
    assert (asked.profile, asked.network, asked.programs, asked.folders) == ("other", "yes", "yes", "")
    lines = _lines(other)
    assert "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6" in lines
    assert not any(line.startswith(("PrivateNetwork", "IPAddressDeny", "NoExecPaths")) for line in lines)


def test_a_workspace_in_a_home_is_bound_into_an_empty_one() -> None:
    script = "/home/dev/tools/node_modules/x/dist/index.js"
    places = (
        place("ExecStart", "/home/dev/.nvm/versions/node/v20/bin/node"),
        place("script", script),
        place("root", "/home/dev/ws"),
    )
    lines = _lines(_unit(places=places))
    assert "ProtectHome=tmpfs" in lines and "BindPaths=-/home/dev/ws" in lines
    assert "BindReadOnlyPaths=-/home/dev/tools/node_modules" in lines
    assert "BindReadOnlyPaths=-/home/dev/.nvm/versions/node/v20" in lines
    assert not any("ReadWritePaths=-/home" in line for line in lines)


def test_what_lies_in_tmp_keeps_its_tmp() -> None:
    made = _planned(_unit(places=(place("ExecStart", NODE[0]), place("root", "/tmp/ws"))))
    assert isinstance(made, Plan) and "/tmp of its own" in made.consequences
    assert isinstance(made.operations[0], CreateRootFile) and "PrivateTmp" not in made.operations[0].content


@pytest.mark.parametrize(
    ("service", "missing"),
    [
        ("UMask=0027\n", "UMask="),
        ("TasksMax=10\n", "TasksMax="),
        ("MemoryMax=2G\n", "MemoryMax="),
        ("CapabilityBoundingSet=CAP_NET_BIND_SERVICE\n", "CapabilityBoundingSet="),
        ("AmbientCapabilities=CAP_NET_BIND_SERVICE\n", "AmbientCapabilities="),
        ("SystemCallFilter=@system-service @mount\n", "SystemCallFilter=@system-service"),
    ],
)
def test_what_the_administrator_chose_is_kept(service: str, missing: str) -> None:
    assert not any(line.startswith(missing) for line in _lines(_unit(service)))
    assert any(line.startswith(missing) for line in _lines(_unit()))


def test_what_its_socket_hands_over_is_not_restarted() -> None:
    settings = (
        UnitSetting("Socket", "ListenStream", "/run/x.sock", "/etc/systemd/system/x.socket", 2),
        UnitSetting("Socket", "Accept", "yes", "/etc/systemd/system/x.socket", 3),
    )
    made = _planned(replace(_unit(runs=()), name="x@.service", socket="x.socket", settings=settings))
    assert isinstance(made, Plan), made
    assert isinstance(made.operations[0], CreateRootFile)
    assert made.operations[0].restarts == Restart("x@.service", socket="/run/x.sock")
    assert "IPAddressDeny=any" in made.operations[0].content
    tcp = replace(settings[0], value="127.0.0.1:3000")
    made = _planned(replace(_unit(runs=()), name="x@.service", socket="x.socket", settings=(tcp, settings[1])))
    assert isinstance(made, Plan) and isinstance(made.operations[0], CreateRootFile)
    assert "IPAddressDeny" not in made.operations[0].content


def test_what_does_not_run_is_not_proven() -> None:
    made = _planned(_unit(runs=()))
    assert isinstance(made, Plan) and "nothing proves that it starts" in made.consequences
    assert isinstance(made.operations[0], CreateRootFile) and made.operations[0].restarts is None


def test_the_socket_that_it_listens_on_is_asked() -> None:
    server = builders.process(unit=NAME)
    where = builders.path("/run/mcp/x.sock", 0o700, kind="socket")
    made = _unit()
    sockets = SocketFacts(builders.COMPLETE, (builders.socket(where, server=server.key),))
    snapshot = host(made, processes=ProcessFacts(builders.COMPLETE, (server,)), sockets=sockets)
    planned = _planned(made, snapshot)
    assert isinstance(planned, Plan) and isinstance(planned.operations[0], CreateRootFile)
    assert planned.operations[0].restarts == Restart(NAME, socket="/run/mcp/x.sock")
    assert "ReadWritePaths=-/run/mcp" in planned.operations[0].content


def test_one_that_listens_on_the_network_keeps_it() -> None:
    server, made = builders.process(unit=NAME), _unit()
    listening = SocketFacts(builders.COMPLETE, ports=(PortFact("127.0.0.1", 3000, 1, "host", server.key),))
    snapshot = host(made, processes=ProcessFacts(builders.COMPLETE, (server,)), sockets=listening)
    planned = _planned(made, snapshot)
    assert isinstance(planned, Plan) and isinstance(planned.operations[0], CreateRootFile)
    assert "PrivateNetwork" not in planned.operations[0].content
    assert isinstance(_planned(made, snapshot, network="no"), Refusal)


@pytest.mark.parametrize(
    "folders",
    ["/", "/etc/x", "/home/dev", "srv", "/srv/../etc", "/srv/a b", "/srv/x\nExecStart=/bin/sh", "/usr", "/tmp"],
)
def test_a_folder_that_is_no_workspace_is_refused(folders: str) -> None:
    assert isinstance(_planned(_unit(), folders=folders), Refusal)


def test_a_unit_of_ones_own_manager_gets_a_file_of_ones_own() -> None:
    made = _planned(_unit("", file=USER_FILE))
    assert isinstance(made, Plan), made
    (operation,) = made.operations
    assert isinstance(operation, CreateFile)
    assert operation.path == f"{USER_FILE}.d/95-workbench-hardening.conf"
    assert operation.drop_in == OwnDropIn(NAME, Restart(NAME, manager="user"))
    assert "PrivateUsers=yes" in operation.content and not made.later


def _own_lines(service: str, **more: Any) -> list[str]:
    made = _planned(_unit(service, file=USER_FILE, **more))
    assert isinstance(made, Plan), made
    (operation,) = made.operations
    assert isinstance(operation, CreateFile)
    return operation.content.splitlines()


def test_only_what_works_there_confines_a_unit_of_ones_own_manager() -> None:
    keys = {line.partition("=")[0] for line in _own_lines("")}
    assert not keys & {"DevicePolicy", "IPAddressDeny", "ProtectProc", "ProcSubset", "RemoveIPC", "ProtectKernelLogs"}
    of_system = _planned(_unit(""))
    assert isinstance(of_system, Plan) and isinstance(of_system.operations[0], CreateRootFile)
    assert "DevicePolicy=closed" in of_system.operations[0].content
    # With a user namespace it would end the unit.
    assert "ProtectKernelLogs=no" in _own_lines("ProtectKernelLogs=yes\n")
    assert "ProtectKernelLogs=no" not in _own_lines("ProtectKernelLogs=yes\nPrivateUsers=yes\n")


@pytest.mark.parametrize(
    ("service", "hidden"), [("", "yes"), ("RuntimeDirectory=x\n", "tmpfs"), ("StateDirectory=x\n", "tmpfs")]
)
def test_what_its_manager_makes_for_it_stays_in_its_sight(service: str, hidden: str) -> None:
    assert f"ProtectHome={hidden}" in _own_lines(service)


def test_where_ones_own_manager_rests_it_takes_effect_later() -> None:
    made = _planned(_unit("", file=USER_FILE, runs=()))
    assert isinstance(made, Plan) and "manager of your own units starts" in made.later
    assert "nothing proves" in made.consequences
    assert isinstance(of_system := _planned(_unit("", runs=())), Plan) and not of_system.later


def test_a_template_that_is_handed_connections_is_proven_by_one() -> None:
    settings = tuple(
        UnitSetting("Socket", key, value, f"{USER_FILE}.socket", 2)
        for key, value in (("ListenStream", "%t/x.sock"), ("Accept", "yes"))
    )
    made = _planned(_unit("", file=USER_FILE, name="x@.service", socket="x.socket", settings=settings, runs=()))
    assert isinstance(made, Plan), made
    assert isinstance(made.operations[0], CreateFile)
    restart = Restart("x@.service", socket="/run/user/1000/x.sock", manager="user")
    assert made.operations[0].drop_in == OwnDropIn("x@.service", restart)


def test_what_listens_beside_the_way_to_its_manager_is_refused() -> None:
    server = builders.process(unit=NAME)
    made = _unit("", file=USER_FILE)
    for path, refused in (("/run/user/1000/x.sock", True), ("/run/user/1000/x/x.sock", False)):
        socket = builders.socket(builders.path(path, 0o700, kind="socket"), server=server.key)
        listening = SocketFacts(builders.COMPLETE, (socket,))
        snapshot = host(made, processes=ProcessFacts(builders.COMPLETE, (server,)), sockets=listening)
        told = _planned(made, snapshot)
        assert isinstance(told, Refusal) is refused, told
    for folders in ("/run/user/1000", "/run/user/1000/bus", "/run/user/1000/systemd/private"):
        assert isinstance(_planned(made, folders=folders), Refusal)


@pytest.mark.parametrize(
    "made",
    [
        _unit(file=USER_FILE, owner=1001),
        _unit(file=USER_FILE, places=(place("WorkingDirectory", "/home/dev"),)),
        _unit(file=USER_FILE, name="x@.service"),
        _unit(prefix="+"),
        _unit(command=("/usr/bin/sudo", "-u", "mcp", "mcp-server-time")),
        _unit(command=("/usr/bin/docker", "run", "-i", "mcp/time")),
        _unit("WorkingDirectory=/home/dev\n"),
        _unit(runs=(RUNNING, replace(RUNNING, name="other"))),
        _unit(drop_ins=(f"{FILE}.d/95-workbench-hardening.conf",)),
    ],
)
def test_where_it_cannot_help(made: UnitFact) -> None:
    from workbench.launch import understand

    told = _planned(replace(made, launch=understand(made.command, "/home/dev")))
    assert isinstance(told, Refusal) and told.instead


def test_it_asks_nothing_of_a_gone_unit() -> None:
    finding = _finding(host(_unit()))
    assert isinstance(plan(get_fix(FIX), finding, host(state=SectionState("complete")), {}), Refusal)
