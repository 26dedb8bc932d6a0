"""``workbench servers``: the document, its schema, and the text."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from tests import builders
from tests.unit.test_cli import workbench
from workbench import audit_trail
from workbench.launch import understand
from workbench.model.clients import ClientFacts, ConfigProblem, EntryReference
from workbench.model.facts import SectionState, Unread
from workbench.model.processes import ProcessFacts
from workbench.model.servers import Server, ServerFacts
from workbench.model.snapshot import Snapshot
from workbench.model.sockets import SocketFacts
from workbench.model.sources import SourceFact
from workbench.report import servers
from workbench.report.servers_text import as_text, headline
from workbench.report.snapshot_file import to_json

CONFIG = "/home/dev/.config/Claude/claude_desktop_config.json"
COMMAND = ("npx", "-y", "@modelcontextprotocol/server-filesystem@2026.8.31", "/home/dev/ws")


def running(**more: Any) -> Server:
    made: dict[str, Any] = {
        "key": f"{CONFIG}#mcpServers/files",
        "name": "files",
        "presence": "running",
        "configured": True,
        "transport": "stdio",
        "clients": ("Claude Desktop",),
        "entry": EntryReference(CONFIG, ("mcpServers", "files"), "files"),
        "command": COMMAND,
        "launch": understand(COMMAND, "/home/dev"),
        "pids": (4242,),
        "accounts": ("dev",),
        "ports": ("127.0.0.1:3001",),
        "sockets": (77,),
        "sources": (SourceFact("npx cache", "/home/dev/.npm/_npx/a", "npm", "files", "2026.8.31", deleted=True),),
        "outdated": "it was started with /home/dev/old",
    }
    return Server(**{**made, **more})


def host(*found: Server, **more: Any) -> Snapshot:
    entry = builders.server("files", COMMAND, line=4)
    more.setdefault("clients", ClientFacts(builders.COMPLETE, (builders.config([entry]),), ("/a", "/b")))
    socket = builders.socket(builders.path("/run/user/1000/mcp.sock", 0o600, kind="socket"))
    return builders.snapshot(
        servers=ServerFacts(builders.COMPLETE, found),
        sockets=SocketFacts(builders.COMPLETE, (socket,)),
        **more,
    )


@pytest.mark.parametrize(("name", "module"), [("servers-v1.json", servers), ("audit-trail-v1.json", audit_trail)])
def test_the_published_schema_is_that_of_the_types(name: str, module: Any) -> None:
    published = Path(servers.__file__).parent / "schema" / name
    assert json.loads(published.read_text()) == module.schema(), "run: make catalogue"


def test_the_document_is_of_its_schema() -> None:
    document = json.loads(servers.as_json(host(running(), running(key="x", entry=None, launch=None))))
    TypeAdapter(servers.InventoryDocument).validate_python(document)
    (first, _) = document["servers"]
    assert first["config"] == {
        "path": CONFIG,
        "pointer": ["mcpServers", "files"],
        "line": 4,
        "scope": "user",
        "kind": "config",
        "confirmed": True,
    }
    assert first["launch"]["package"]["pin"] == "exact" and first["launch"]["roots"] == ["/home/dev/ws"]
    assert first["sockets"] == ["/run/user/1000/mcp.sock"] and first["sources"][0]["deleted"] is True
    with pytest.raises(ValidationError):
        TypeAdapter(servers.InventoryDocument).validate_python({**document, "servers": [{}]})


def test_thousands_of_servers_of_one_config_take_no_time() -> None:
    names = [f"server-{number}" for number in range(4000)]
    entries = [builders.server(name, COMMAND, line=number) for number, name in enumerate(names, 1)]
    clients = ClientFacts(builders.COMPLETE, (builders.config(entries),))
    references = [EntryReference(CONFIG, ("mcpServers", name), name) for name in names]
    found = host(*(running(key=each.name, name=each.name, entry=each) for each in references), clients=clients)
    began = time.thread_time()
    text = servers.as_json(found)
    used = time.thread_time() - began
    assert [each["config"]["line"] for each in json.loads(text)["servers"]] == list(range(1, 4001))
    assert used < 1.0, f"{used:.2f} s of processor time"


def test_the_text_says_what_was_joined() -> None:
    text = as_text(host(running()))
    for words in (
        "1 MCP server: 1 running, 1 older than its config",
        "running        files (Claude Desktop)",
        "~/.config/Claude/claude_desktop_config.json:4",
        "(pinned exactly)",
        "4242 as dev",
        "nothing that can be seen stands around it",
        "127.0.0.1:3001",
        "/run/user/1000/mcp.sock",
        "which is no longer on disk",
        "it was started with /home/dev/old",
    ):
        assert words in text


def test_what_needs_a_look_stands_first() -> None:
    found = [
        running(key="1", name="off", presence="switched off", pids=(), outdated=""),
        running(key="2", name="plain", outdated=""),
        running(key="3", name="still", presence="not running", pids=(), outdated=""),
        running(key="4", name="older"),
        running(key="5", name="stray", configured=False, entry=None, clients=(), outdated=""),
        running(key="6", name="far", presence="remote", pids=(), outdated=""),
    ]
    lines = as_text(host(*found)).splitlines()
    names = [line[15:].split(" ")[0].strip(",") for line in lines[1:] if line[:1].strip()]
    assert names == ["stray", "older", "plain", "far", "still", "off"]
    assert [server.name for server in servers.document(host(*found)).servers] == [server.name for server in found]


def test_each_place_that_could_not_be_read_is_told_once_with_where_and_what_its_client_does() -> None:
    problem = ConfigProblem("a comma is missing", 3, 7, "Claude Desktop starts none of the servers")
    state = SectionState("partial", unread=(Unread("content", CONFIG, "it cannot be parsed", "correct the file"),))
    broken = builders.config(problem=problem)
    gap = Unread("hidden", "2 processes of other accounts", "access denied", "look as root")
    snapshot = host(
        clients=ClientFacts(state, (broken,)),
        processes=ProcessFacts(SectionState("partial", unread=(gap, gap))),
    )
    (first, second) = servers.document(snapshot).problems
    assert (first.line, first.column, first.client_behaviour) == (3, 7, problem.client_behaviour)
    assert second.unlock == "look as root"
    text = as_text(snapshot)
    assert "line 3, column 7: a comma is missing" in text and "starts none of the servers" in text


def test_nothing_found_says_what_was_looked_at() -> None:
    text = as_text(host())
    assert text.startswith("0 MCP servers\n") and "2 places" in text and "--home DIR" in text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"presence": "remote"}, "1 remote"),
        ({"presence": "unknown"}, "1 not known whether running"),
        ({"configured": False}, "1 in no config"),
    ],
)
def test_the_headline_counts(changes: dict[str, Any], words: str) -> None:
    assert words in headline([running(**changes)])


def test_a_snapshot_file_is_replayed(tmp_path: Path) -> None:
    file = tmp_path / "host.json"
    file.write_text(to_json(host(running())))
    done = workbench("servers", "--json", "--replay", str(file), home=tmp_path)
    assert done.returncode == 0 and json.loads(done.stdout)["servers"][0]["name"] == "files"
    assert "running        files" in workbench("servers", "--replay", str(file), home=tmp_path).stdout


def test_the_clients_of_a_named_home_are_inspected(tmp_path: Path) -> None:
    home = tmp_path / "other"
    (home / ".cursor").mkdir(parents=True)
    (home / ".cursor" / "mcp.json").write_text('{"mcpServers": {"here": {"command": "true"}}}')
    own = tmp_path / "own"
    own.mkdir()
    done = workbench("servers", "--json", "--home", str(home), home=own)
    assert [server["name"] for server in json.loads(done.stdout)["servers"] if server["config"]] == ["here"]
    assert workbench("servers", "--json", home=own).stdout.count('"here"') == 0


@pytest.mark.parametrize("where", ["missing", "file"])
def test_a_home_that_is_none_is_an_error_with_its_reason(where: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = workbench("servers", "--home", str(tmp_path / where), home=tmp_path)
    assert done.returncode == 2 and "--home" in done.stderr and "Traceback" not in done.stderr


def test_home_and_all_users_exclude_each_other(tmp_path: Path) -> None:
    done = workbench("servers", "--home", str(tmp_path), "--all-users", home=tmp_path)
    assert done.returncode == 2 and "not allowed with" in done.stderr
