"""The fix systemd/runtime-directory: the socket moves where nobody can be first, and the command stays what it was."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests import builders
from tests.plugins.loading import make_plan, run_check
from tests.plugins.systemd_units import NAME, USER_FILE, host, unit
from workbench.model.finding import Finding
from workbench.model.operations import CreateFile, CreateRootFile, OwnDropIn, Restart
from workbench.model.plan import Plan, Refusal
from workbench.model.processes import ProcessFacts
from workbench.model.snapshot import Snapshot
from workbench.model.sockets import SocketFacts
from workbench.model.units import UnitFact, UnitRun, UnitSetting

FIX, CHECK, OLD = "systemd/runtime-directory", "sockets/predictable-path", "/tmp/mcp-files.sock"
RUNNING = UnitRun(NAME, "active", main_pid=7)
COMMAND = ("/usr/bin/python3", "/opt/server.py", f"--socket={OLD}", "--quiet")


def _unit(service: str = "ExecStart=x\n", **more: object) -> UnitFact:
    return replace(unit(service, command=COMMAND), **{"runs": (RUNNING,), **more})  # type: ignore[arg-type]


def _seen(made: UnitFact, *, served: bool = True) -> Snapshot:
    server = builders.process(unit=made.name)
    directories = {"/tmp": (0o1777, 0, 0)}
    socket = builders.socket(builders.path(OLD, 0o755, kind="socket", directories=directories), server=server.key)
    processes = ProcessFacts(builders.COMPLETE, (server,) if served else ())
    return host(made, processes=processes, sockets=SocketFacts(builders.COMPLETE, (socket,)))


def _finding(snapshot: Snapshot) -> Finding:
    return builders.findings(run_check(CHECK, snapshot))[0]


def _planned(snapshot: Snapshot) -> Plan | Refusal:
    return make_plan(FIX, _finding(snapshot), snapshot)


def _operation(snapshot: Snapshot) -> CreateRootFile:
    made = _planned(snapshot)
    assert isinstance(made, Plan), made
    (operation,) = made.operations
    assert isinstance(operation, CreateRootFile)
    return operation


def test_the_service_gets_a_folder_of_its_own() -> None:
    operation = _operation(_seen(_unit()))
    new = "/run/mcp-files/mcp-files.sock"
    assert operation.content == (
        "[Service]\nRuntimeDirectory=mcp-files\nRuntimeDirectoryMode=0700\n"
        f"ExecStart=\nExecStart=/usr/bin/python3 /opt/server.py --socket={new} --quiet\n"
    )
    assert operation.restarts == Restart(NAME)
    made = _planned(_seen(_unit()))
    assert isinstance(made, Plan) and new in made.consequences and "restarted" in made.consequences


def test_a_folder_that_it_has_already_is_taken() -> None:
    operation = _operation(_seen(_unit("ExecStart=x\nRuntimeDirectory=mcp\nRuntimeDirectoryMode=0755\n", prefix="-")))
    assert operation.content.startswith("[Service]\nRuntimeDirectoryMode=0700\n")
    assert "ExecStart=-/usr/bin/python3 " in operation.content and "/run/mcp/mcp-files.sock" in operation.content


def test_clients_that_name_the_old_path_are_listed() -> None:
    snapshot = _seen(_unit())
    config = builders.config([builders.server("bridge", ("socat", "-", f"UNIX-CONNECT:{OLD}"))])
    made = _planned(replace(snapshot, clients=replace(snapshot.clients, configs=(config,))))
    assert isinstance(made, Plan) and "bridge" in made.consequences


def test_where_systemd_listens_its_socket_moves() -> None:
    settings = tuple(
        UnitSetting("Socket", key, value, "/etc/systemd/system/x.socket", 2)
        for key, value in (("ListenStream", OLD), ("Accept", "yes"))
    )
    template = _unit(name="x@.service", socket="x.socket", settings=settings, runs=())
    operation = _operation(_seen(template, served=False))
    assert operation.path == "/etc/systemd/system/x.socket.d/90-workbench-runtime-directory.conf"
    assert operation.content == "[Socket]\nListenStream=\nListenStream=/run/x/mcp-files.sock\nDirectoryMode=0755\n"
    assert operation.restarts == Restart("x.socket", seconds=3)


def test_a_unit_of_ones_own_manager_gets_a_folder_below_the_runtime_directory() -> None:
    own = _unit(manager="user", owner=1000, path=builders.path(USER_FILE, 0o644, uid=1000))
    made = _planned(_seen(own))
    assert isinstance(made, Plan), made
    (operation,) = made.operations
    assert isinstance(operation, CreateFile)
    assert operation.path == f"{USER_FILE}.d/90-workbench-runtime-directory.conf"
    assert "--socket=/run/user/1000/mcp-files/mcp-files.sock" in operation.content
    assert operation.drop_in == OwnDropIn(NAME, Restart(NAME, manager="user"))
    assert "only dev and root" in made.consequences


@pytest.mark.parametrize("listens", [OLD, "%T/mcp-files.sock"])
def test_a_socket_of_ones_own_manager_moves_there_too(listens: str) -> None:
    where = "/home/dev/.config/systemd/user"
    settings = tuple(
        UnitSetting("Socket", key, value, f"{where}/x.socket", 2)
        for key, value in (("ListenStream", listens), ("Accept", "yes"))
    )
    file = builders.path(f"{where}/x@.service", 0o644, uid=1000)
    own = _unit(name="x@.service", socket="x.socket", settings=settings, runs=(), manager="user", owner=1000, path=file)
    made = _planned(_seen(own, served=False))
    assert isinstance(made, Plan), made
    (operation,) = made.operations
    assert isinstance(operation, CreateFile)
    assert operation.path == f"{where}/x.socket.d/90-workbench-runtime-directory.conf"
    new = "/run/user/1000/x/mcp-files.sock"
    assert operation.content == f"[Socket]\nListenStream=\nListenStream={new}\nDirectoryMode=0700\n"
    assert operation.drop_in == OwnDropIn("x.socket", Restart("x.socket", seconds=3, manager="user"))
    two = replace(own, settings=(*settings, replace(settings[0], value="%i.sock")))
    assert isinstance(_planned(_seen(two, served=False)), Refusal)


@pytest.mark.parametrize(
    "made",
    [
        _unit(command=("/usr/bin/python3", "/opt/server.py")),
        _unit(command=("/usr/bin/python3", OLD, OLD)),
        _unit(command=("/usr/bin/python3", OLD, "a b")),
        _unit(command=("/usr/bin/python3", OLD, "$HOME")),
        _unit(command=("/usr/bin/python3", OLD, "<secret: token, 40 characters>")),
        _unit("ExecStart=x\nExecStart=y\n"),
        _unit(prefix="@"),
        _unit(name="x@.service"),
        _unit(runs=()),
        _unit(manager="user", owner=1001, path=builders.path(USER_FILE, 0o644)),
        _unit(manager="user", owner=1000, path=builders.path(f"/run/user/1000/systemd/transient/{NAME}", 0o644)),
        _unit(settings=(*_unit().settings, UnitSetting("Service", "ExecStart", "…", f"{NAME}.d/override.conf", 2))),
    ],
)
def test_where_it_cannot_be_said_again_the_steps_are_named(made: UnitFact) -> None:
    told = _planned(_seen(made))
    assert isinstance(told, Refusal) and told.instead


def test_what_no_unit_starts() -> None:
    told = _planned(_seen(_unit(), served=False))
    assert isinstance(told, Refusal) and "XDG_RUNTIME_DIR" in told.instead
