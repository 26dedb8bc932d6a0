"""The join: every server once, with all that belongs to it, and nothing twice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests import builders
from workbench.host.servers.joining import Facts, join
from workbench.launch import understand
from workbench.model.clients import ClientFacts, EntryReference, InstalledPackage
from workbench.model.containers import ContainerFact, ContainerFacts, PublishedPort
from workbench.model.launch import Launch
from workbench.model.processes import ProcessFacts, ServerProcess
from workbench.model.servers import Server
from workbench.model.sockets import PortFact, SocketFacts
from workbench.model.sources import SourceFact
from workbench.model.units import UnitFact, UnitFacts

CONFIG = "/home/dev/.config/Claude/claude_desktop_config.json"
REFERENCE = EntryReference(CONFIG, ("mcpServers", "files"), "files")
CONTAINER = "c" * 64


def joined(**found: Any) -> tuple[Server, ...]:
    complete = builders.COMPLETE
    clients = ClientFacts(complete, tuple(found.pop("configs", ())), installed=tuple(found.pop("installed", ())))
    return join(
        Facts(
            clients,
            ProcessFacts(found.pop("processes_state", complete), tuple(found.pop("processes", ()))),
            SocketFacts(complete, tuple(found.pop("sockets", ())), ports=tuple(found.pop("ports", ()))),
            UnitFacts(complete, tuple(found.pop("units", ()))),
            ContainerFacts(complete, tuple(found.pop("containers", ()))),
            found.pop("id_files", {}),
        )
    )


def unit(name: str = "mcp-files.service") -> UnitFact:
    return UnitFact(name, builders.path(f"/etc/systemd/system/{name}", 0o644), "system", recognised_by="its name")


def container(**more: Any) -> ContainerFact:
    return ContainerFact(
        CONTAINER,
        "mcp-git",
        "mcp/git:1",
        engine="/run/docker.sock",
        running=True,
        pid=900,
        recognised_by="image",
        **more,
    )


def local_server(url: str) -> Any:
    return builders.server("web", (), url=url, transport="http", launch=None)


def test_an_entry_and_its_process_are_one() -> None:
    source = SourceFact("npx cache", "/home/dev/.npm/_npx/a/node_modules/x", "npm", "x", "1.0.0")
    process = builders.process(entry=REFERENCE, source=source)
    socket = builders.socket(builders.path("/run/user/1000/mcp.sock", 0o600, kind="socket"), server=process.key)
    port = PortFact("127.0.0.1", 3001, 5, "host", process.key)
    other = PortFact("127.0.0.1", 3002, 6, "host", "another")
    (server,) = joined(
        configs=[builders.config([builders.server("files")])],
        processes=[process],
        sockets=[socket, builders.socket(builders.path("/tmp/x", 0o600), server="another", inode=9)],
        ports=[port, other],
    )
    assert (server.key, server.presence, server.configured) == (f"{CONFIG}#mcpServers/files", "running", True)
    assert (server.pids, server.accounts, server.clients) == ((4242,), ("dev",), ("Claude Desktop",))
    assert (server.sockets, server.ports, server.sources) == ((77,), ("127.0.0.1:3001",), (source,))
    assert server.isolation == () and server.entry == REFERENCE


def test_two_copies_of_an_entry_are_one_server() -> None:
    first = builders.process(entry=REFERENCE, started=1.0)
    second = builders.process(entry=REFERENCE, key=f"{first.key}#2", pid=5000, started=2.0)
    (server,) = joined(configs=[builders.config([builders.server("files")])], processes=[second, first])
    assert server.pids == (4242, 5000) and server.processes == (first.key, second.key)


@pytest.mark.parametrize(
    ("entry", "presence"),
    [
        (builders.server("files"), "not running"),
        (builders.server("files", disabled=True), "switched off"),
        (local_server("https://mcp.example.com/mcp"), "remote"),
        (local_server("http://localhost:3001/mcp"), "not running"),
        (local_server("http://[::1]:3001/mcp"), "not running"),
        (local_server("http://[::1"), "remote"),
    ],
)
def test_what_does_not_run_says_so(entry: Any, presence: str) -> None:
    (server,) = joined(configs=[builders.config([entry])])
    assert server.presence == presence and server.pids == ()


def test_what_runs_although_it_is_switched_off_says_so() -> None:
    for off, told in ((True, "it runs, although Claude Desktop has it switched off"), (False, "")):
        configs = [builders.config([builders.server("files", disabled=off)])]
        (server,) = joined(configs=configs, processes=[builders.process(entry=REFERENCE)])
        assert (server.presence, server.outdated) == ("running", told)


def test_the_package_that_a_script_belongs_to(tmp_path: Path) -> None:
    folder = tmp_path / "node_modules/@acme/files"
    (folder / "dist").mkdir(parents=True)
    (folder / "package.json").write_text('{"name": "@acme/files", "version": "1.2.3"}')
    (folder / "dist/index.js").write_text("")
    (tmp_path / "node_modules/.bin").mkdir()
    (tmp_path / "node_modules/.bin/files").symlink_to("../@acme/files/dist/index.js")
    for script in ("@acme/files/dist/index.js", ".bin/files"):
        launch = understand(("node", f"{tmp_path}/node_modules/{script}"), "/home/dev")
        (server,) = joined(configs=[builders.config([builders.server("files", launch=launch)])])
        assert server.sources == (SourceFact("node_modules", str(folder), "npm", "@acme/files", "1.2.3"),)


@pytest.mark.parametrize(("name", "presence"), [("files", "unknown"), ("off", "switched off")])
def test_what_may_not_be_seen_is_not_said_to_be_stopped(name: str, presence: str) -> None:
    (server,) = joined(
        configs=[builders.config([builders.server(name, disabled=name == "off")])],
        processes_state=builders.unread("hidden", "the processes of other accounts"),
    )
    assert server.presence == presence


def test_a_remote_server_is_remote_whatever_may_be_seen_here() -> None:
    (server,) = joined(
        configs=[builders.config([local_server("https://mcp.example.com")])],
        processes_state=builders.unread("hidden", "the processes of other accounts"),
    )
    assert server.presence == "remote"


def test_an_entry_that_names_a_port_of_this_host_is_joined_to_who_listens() -> None:
    process = builders.process(key="1000:everything", pid=700)
    ports = [PortFact("127.0.0.1", 3001, 5, "host", process.key)]
    configs = [builders.config([local_server("http://127.0.0.1:3001/mcp"), local_server("http://localhost:3002/")])]
    first, second = joined(configs=configs, processes=[process], ports=ports)
    assert (first.presence, first.pids, first.transport) == ("running", (700,), "http")
    assert (second.presence, second.pids) == ("not running", ())


def test_a_port_of_another_network_is_not_this_hosts() -> None:
    process = builders.process(key="1000:everything", pid=700)
    ports = [PortFact("127.0.0.1", 3001, 5, "namespace", process.key)]
    servers = joined(
        configs=[builders.config([local_server("http://localhost:3001/")])], processes=[process], ports=ports
    )
    assert [server.configured for server in servers] == [True, False]


def test_a_server_that_an_entry_started_is_not_given_to_another_by_its_port() -> None:
    process = builders.process(entry=REFERENCE)
    ports = [PortFact("127.0.0.1", 3001, 5, "host", process.key)]
    entries = [local_server("http://localhost:3001/"), builders.server("files")]
    web, files = joined(configs=[builders.config(entries)], processes=[process], ports=ports)
    assert web.pids == () and files.pids == (4242,)


def test_what_nothing_configures_is_shown_once_however_often_it_runs() -> None:
    first = builders.process(client="claude")
    second = builders.process(key=f"{first.key}#2", pid=5000)
    (server,) = joined(processes=[first, second])
    assert not server.configured and server.presence == "running"
    assert server.pids == (4242, 5000) and server.clients == ("claude",) and server.key == f"process {first.key}"


@pytest.mark.parametrize(
    ("named", "running"),
    [
        ("mcp-files.service", "mcp-files.service"),
        ("mcp@.service", "mcp@0-1000.service"),
        ("mcp\\x2dgit.service", "mcp-git.service"),
    ],
)
def test_a_unit_and_its_process_are_one(named: str, running: str) -> None:
    (server,) = joined(units=[unit(named)], processes=[builders.process(unit=running, account="mcp", uid=990)])
    assert server.configured and server.presence == "running" and server.accounts == ("mcp",)


def test_a_unit_that_does_not_run_is_there_too() -> None:
    (server,) = joined(units=[unit()], processes=[])
    assert (server.presence, server.units, server.configured) == ("not running", ("mcp-files.service",), True)


def test_a_container_belongs_to_its_process() -> None:
    process = builders.process(container=CONTAINER, entry=REFERENCE, own_namespaces=("mnt", "net", "pid"))
    (server,) = joined(
        configs=[builders.config([builders.server("files")])], processes=[process], containers=[container()]
    )
    assert server.containers == (CONTAINER,) and server.isolation == ("container",)


def test_a_container_belongs_to_the_command_that_names_it() -> None:
    tool = builders.process(
        command=("docker", "run", "-i", "--name", "mcp-git", "mcp/git:1"), entry=REFERENCE, own_namespaces=()
    )
    published = PublishedPort("", 8080, 80, "tcp")
    (server,) = joined(
        configs=[builders.config([builders.server("files")])],
        processes=[tool],
        containers=[container(ports=(published,))],
    )
    assert server.containers == (CONTAINER,) and server.ports == ("0.0.0.0:8080",)


def test_a_container_belongs_to_the_command_whose_id_file_holds_it() -> None:
    tool = builders.process(command=("docker", "run", "-i", "--cidfile=/tmp/id", "mcp/git:1"))
    (server,) = joined(processes=[tool], containers=[container()], id_files={"/tmp/id": f"{CONTAINER}\n"})
    assert server.containers == (CONTAINER,)


def test_a_container_without_a_process_is_a_server() -> None:
    (server,) = joined(containers=[container()])
    assert (server.presence, server.pids, server.containers) == ("running", (900,), (CONTAINER,))


@pytest.mark.parametrize(
    ("command", "around"),
    [
        (("npx", "-y", "x"), ()),
        (("sudo", "-n", "-u", "mcp", "/usr/bin/x"), ("account mcp",)),
        (("bwrap", "--ro-bind", "/usr", "/usr", "/usr/bin/x"), ("bwrap",)),
        (("docker", "run", "-i", "mcp/git"), ("docker",)),
    ],
)
def test_isolation_of_a_launch(command: tuple[str, ...], around: tuple[str, ...]) -> None:
    entry = builders.server("files", command, launch=understand(command, "/home/dev"))
    (server,) = joined(configs=[builders.config([entry])])
    assert server.isolation == around


def test_isolation_that_no_launch_tells() -> None:
    (server,) = joined(processes=[builders.process(own_namespaces=("mnt", "uts"), launch=Launch("x"))])
    assert server.isolation == ("namespaces of its own (mnt)",)


@pytest.mark.parametrize(
    ("version", "pin", "expected"),
    [("", "none", "2.0.0"), ("1.0.0", "exact", "1.0.0"), ("9.9.9", "exact", ""), ("", "source", "")],
)
def test_the_source_of_what_does_not_run_is_what_would_be_started(version: str, pin: str, expected: str) -> None:
    copies = [
        InstalledPackage("npm", "x", "2.0.0", "/home/dev/.npm/_npx/b/node_modules/x", 2.0),
        InstalledPackage("npm", "x", "1.0.0", "/usr/lib/node_modules/x", 1.0),
        InstalledPackage("pypi", "x", "3.0.0", "/home/dev/.cache/uv/archive-v0/q/lib/x", 3.0),
    ]
    launch = Launch("npx", ("-y", "x"), package=builders.package("x", version, pin))
    (server,) = joined(configs=[builders.config([builders.server(launch=launch)])], installed=copies)
    assert [source.version for source in server.sources] == ([expected] if expected else [])
    if expected:
        assert server.sources[0].kind == {"2.0.0": "npx cache", "1.0.0": "npm global"}[expected]


def test_nothing_is_lost_and_nothing_is_twice() -> None:
    processes: list[ServerProcess] = [
        builders.process(entry=REFERENCE),
        builders.process(key="1000:loose", pid=2),
        builders.process(key="990:unit", pid=3, unit="mcp-files.service"),
        builders.process(key="0:gone", pid=4, entry=EntryReference("/elsewhere", (), "gone")),
    ]
    servers = joined(
        configs=[builders.config([builders.server("files"), builders.server("other")])],
        processes=processes,
        units=[unit()],
        containers=[container()],
    )
    assert sorted(pid for server in servers for pid in server.pids) == [2, 3, 4, 900, 4242]
    assert len({server.key for server in servers}) == len(servers) == 6
