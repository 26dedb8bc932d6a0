"""The clients collector on everything that is not a well-formed config of the account's own. It never raises."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from tests.live.support import require_root
from workbench.host.clients import gather
from workbench.host.clients.places import MATCH_LIMIT
from workbench.host.context import Context
from workbench.model.clients import ClientConfig, ClientFacts
from workbench.model.facts import Unread
from workbench.text import is_visible

TOKEN = "ghp_" + "aB3dE5gH7jK9mN1pQ3sT5vX7zB9dF1hJ3lN5"
GOOD = {"command": "npx", "args": ["-y", "some-server"]}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / ".cursor").mkdir()
    return tmp_path


@pytest.fixture(autouse=True)
def _never_hangs() -> Iterator[None]:
    signal.alarm(20)
    yield
    signal.alarm(0)


def _facts(home: Path, **more: Any) -> ClientFacts:
    values: dict[str, Any] = {"environment": {}, "working_directory": home, "managed_root": home / "system"}
    values["proc"] = home / "no-proc"
    return gather(Context("linux", home, os.getuid(), **{**values, **more}))


def _with(home: Path, content: bytes | object) -> tuple[ClientFacts, ClientConfig]:
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    (home / ".cursor/mcp.json").write_bytes(raw)
    facts = _facts(home)
    (config,) = facts.configs
    return facts, config


def _unread(facts: ClientFacts, facet: str) -> list[Unread]:
    return [unread for unread in facts.state.unread if unread.facet == facet]


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _strings(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _strings(item)


@pytest.mark.parametrize(
    ("raw", "line"),
    [
        (b'{"mcpServers": {\n  "a": {"command": "x",, }\n}}', 2),
        (b'{"mcpServers": {"a": {"command": "x"', 1),
        (b"not json", 1),
        (b'{"mcpServers": {"a": {"env": {"T": "' + TOKEN.encode() + b'"}} oops', 1),
        (b"\xff\xfe\x00\x01garbage", None),
        (b"\x80\x81\x82", None),
        (b"[" * 100_000, None),
        (b'{"a":' * 3000 + b"1" + b"}" * 3000, None),
        (b'{"mcpServers": {"a": NaN}}', None),
    ],
)
def test_malformed(home: Path, raw: bytes, line: int | None) -> None:
    facts, config = _with(home, raw)
    assert config.problem is not None
    assert config.servers == ()
    assert line is None or config.problem.line == line
    assert _unread(facts, "content")[0].what == str(home / ".cursor/mcp.json")
    assert not _unread(facts, "mode")
    assert TOKEN not in repr(facts)
    assert facts.state.status == "partial"


def test_malformed_says_what_the_client_does(home: Path) -> None:
    (home / ".config/Claude").mkdir(parents=True)
    (home / ".config/Claude/claude_desktop_config.json").write_text("{")
    (config,) = _facts(home).configs
    assert config.problem is not None
    assert "starts none of the servers" in config.problem.client_behaviour


@pytest.mark.parametrize(
    "raw",
    [
        b'{ // mine\n "mcpServers": {"a": {"command": "x"}}}',
        b'{"mcpServers": {"a": {"command": "x",},},}',
        b'{"mcpServers": /* here */ {"a": {"command": "x"}}}',
    ],
)
def test_comments_where_none_are_allowed_hide_no_server(home: Path, raw: bytes) -> None:
    facts, config = _with(home, raw)
    assert [server.name for server in config.servers] == ["a"]
    assert config.problem is not None
    assert config.problem.line is not None
    assert config.format == "jsonc"
    assert facts.state.status == "complete"


def test_an_empty_file_names_no_server(home: Path) -> None:
    for raw in (b"", b" \n\n"):
        facts, config = _with(home, raw)
        assert config.problem is not None
        assert config.problem.message == "it is empty"
        assert facts.state.status == "complete"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_files_of_powershell(home: Path, encoding: str) -> None:
    _, config = _with(home, json.dumps({"mcpServers": {"a": GOOD}}).replace(",", ",\r\n").encode(encoding))
    assert [server.name for server in config.servers] == ["a"]
    assert config.problem is None


@pytest.mark.parametrize("document", [None, [], "x", 3, True])
def test_a_document_that_is_no_table(home: Path, document: object) -> None:
    facts, config = _with(home, document)
    assert config.problem is not None
    assert "not a table" in config.problem.message
    assert _unread(facts, "content")


@pytest.mark.parametrize("table", [[GOOD], "x", 3, True, [{"env": {"GITHUB_TOKEN": TOKEN}}]])
def test_servers_that_are_no_table(home: Path, table: object) -> None:
    facts, config = _with(home, {"mcpServers": table})
    assert config.servers == ()
    assert config.problem is not None
    assert config.problem.message.startswith("mcpServers: it is ")
    assert _unread(facts, "content")[0].what.endswith("mcp.json: mcpServers")
    assert bool(config.secrets) is (TOKEN in json.dumps(table))
    assert TOKEN not in repr(facts)


def test_null_and_missing_servers_are_no_servers(home: Path) -> None:
    documents: list[dict[str, Any]] = [{"mcpServers": None}, {}, {"mcpServers": {}}, {"other": {"command": "x"}}]
    for document in documents:
        facts, config = _with(home, document)
        assert (config.servers, config.problem, facts.state.status) == ((), None, "complete")


@pytest.mark.parametrize("wrong", ["npx -y x", 3, None, ["npx"], True])
def test_an_entry_of_the_wrong_shape_does_not_take_the_others_with_it(home: Path, wrong: object) -> None:
    facts, config = _with(home, {"mcpServers": {"good": GOOD, "wrong": wrong, "also": GOOD}})
    assert [server.name for server in config.servers] == ["good", "also"]
    assert config.problem is not None
    assert config.problem.message.startswith("mcpServers.wrong")
    assert [unread.what for unread in _unread(facts, "content")] == [f"{home}/.cursor/mcp.json: mcpServers.wrong"]


@pytest.mark.parametrize(
    ("change", "command", "lost"),
    [
        ({"args": None}, ("npx",), False),
        ({"args": "-y x"}, ("npx", "-y x"), True),
        ({"args": {"a": 1}}, ("npx",), True),
        ({"args": ["-p", 8080, 1.5, True]}, ("npx", "-p", "8080", "1.5", "true"), False),
        ({"args": ["a", None, {"b": 1}, ["c"], "d"]}, ("npx", "a", "d"), True),
        ({"args": []}, ("npx",), False),
        ({"env": None}, ("npx", "-y", "some-server"), False),
        ({"env": []}, ("npx", "-y", "some-server"), True),
        ({"env": "A=b"}, ("npx", "-y", "some-server"), True),
        ({"env": {"PORT": 8080, "ON": True, "NOT": None}}, ("npx", "-y", "some-server"), False),
        ({"env": {"LIST": ["a"]}}, ("npx", "-y", "some-server"), True),
        ({"headers": ["Authorization: x"]}, ("npx", "-y", "some-server"), True),
        ({"command": 3}, ("-y", "some-server"), True),
        ({"command": None}, ("-y", "some-server"), False),
        ({"command": ["npx", "-y"]}, ("npx", "-y", "-y", "some-server"), False),
        ({"command": {"path": "node", "args": ["a"]}, "args": None}, ("node", "a"), False),
        ({"url": 3, "type": ["x"]}, ("npx", "-y", "some-server"), False),
        ({"disabled": 1, "enabled": None}, ("npx", "-y", "some-server"), False),
    ],
)
def test_parts_of_the_wrong_shape(home: Path, change: dict[str, Any], command: tuple[str, ...], lost: bool) -> None:
    facts, config = _with(home, {"mcpServers": {"x": {**GOOD, **change}, "good": GOOD}})
    entry, good = config.servers
    assert entry.command == command
    assert len(entry.argument_pointers) == len(entry.command)
    assert bool(_unread(facts, "content")) is lost
    assert good.command == ("npx", "-y", "some-server")
    assert not entry.disabled


def test_an_argument_that_is_no_text_cannot_be_edited(home: Path) -> None:
    _, config = _with(home, {"mcpServers": {"x": {"command": "npx", "args": ["-p", 8080]}}})
    assert config.servers[0].argument_pointers == (("mcpServers", "x", "command"), ("mcpServers", "x", "args", 0), ())
    assert config.problem is not None


def test_a_number_can_be_a_password(home: Path) -> None:
    _, config = _with(home, {"mcpServers": {"x": {**GOOD, "env": {"DB_PASSWORD": 8273645190}}}})
    assert [secret.place for secret in config.servers[0].secrets] == ["env.DB_PASSWORD"]
    assert "8273645190" not in repr(config)


HOSTILE = "\x1b]0;owned\x07[@click=app.quit]x[/]\u202e\u200b"


def test_names_that_would_act_are_made_visible(home: Path) -> None:
    entry = {"command": HOSTILE, "args": [HOSTILE], "env": {HOSTILE: HOSTILE}, "headers": {HOSTILE: TOKEN}}
    _, config = _with(home, {"mcpServers": {HOSTILE: entry, "\ud800": {**entry, "url": HOSTILE}}})
    assert len(config.servers) == 2
    assert all(is_visible(text) for text in _strings(asdict(config)))
    assert all(pointer == () for pointer in config.servers[0].argument_pointers)
    json.dumps(asdict(config)).encode("utf-8")


def test_wrong_shapes_under_hostile_names_are_made_visible(home: Path) -> None:
    facts, config = _with(home, {"mcpServers": {HOSTILE: 3, "a": {"args": {HOSTILE: 1}, "env": {HOSTILE: []}}}})
    assert config.problem is not None
    assert all(is_visible(text) for text in _strings(asdict(facts)))


def test_keys_that_look_like_ways_through_the_document(home: Path) -> None:
    names = ["", "*", "a.b", "a/b", "..", "__proto__", "0", "#", "mcpServers"]
    _, config = _with(home, {"mcpServers": {name: GOOD for name in names}})
    assert [server.pointer for server in config.servers] == [("mcpServers", name) for name in names]


def test_of_duplicate_keys_the_last_counts(home: Path) -> None:
    _, config = _with(home, b'{"mcpServers": {"a": {"command": "x"}}, "mcpServers": {"a": {"command": "y"}}}')
    assert config.servers[0].command == ("y",)


def test_a_directory_a_fifo_and_a_socket(home: Path) -> None:
    import socket

    (home / ".cursor/mcp.json").mkdir()
    os.mkfifo(home / ".claude.json")
    (home / ".config/Claude").mkdir(parents=True)
    folder = os.open(home / ".config/Claude", os.O_RDONLY)
    listener = socket.socket(socket.AF_UNIX)
    try:
        # Through the open folder: the whole path may be too long for a socket's name.
        listener.bind(f"/proc/self/fd/{folder}/claude_desktop_config.json")
    finally:
        listener.close()
        os.close(folder)
    facts = _facts(home)
    kinds = {config.path.file.kind: config.problem for config in facts.configs}
    assert set(kinds) == {"directory", "fifo", "socket"}
    assert all(problem is not None and "not a regular file" in problem.message for problem in kinds.values())
    assert len(_unread(facts, "content")) == 3
    assert not _unread(facts, "mode")


def test_a_link_that_leads_nowhere(home: Path) -> None:
    (home / ".cursor/mcp.json").symlink_to(home / "gone.json")
    facts = _facts(home)
    assert facts.configs == ()
    assert [unread.facet for unread in facts.state.unread] == ["content", "mode"]
    assert "symbolic link to something that does not exist" in facts.state.unread[0].why


def test_links_in_a_circle(home: Path) -> None:
    (home / ".cursor/mcp.json").symlink_to(home / ".cursor/other.json")
    (home / ".cursor/other.json").symlink_to(home / ".cursor/mcp.json")
    facts = _facts(home)
    assert {unread.facet for unread in facts.state.unread} == {"content", "mode"}


def test_a_file_too_large(home: Path) -> None:
    with (home / ".cursor/mcp.json").open("wb") as file:
        file.truncate(21 * 1024 * 1024)
    facts = _facts(home)
    (config,) = facts.configs
    assert config.problem is not None
    assert "larger than 20 MiB" in config.problem.message
    assert _unread(facts, "content")


def test_hostile_project_folders(home: Path) -> None:
    keys = ["relative/x", "", "/x\0y", "/" + "n" * 300, "/\ud800", f"{home}/../{home.name}", HOSTILE, "C:\\x", "~/x"]
    document = {"mcpServers": {}, "projects": {key: {"mcpServers": {"a": GOOD}} for key in keys}}
    (home / ".claude.json").write_text(json.dumps(document))
    facts = _facts(home)
    assert len(facts.configs[0].servers) == len(keys)
    assert all(is_visible(text) for text in _strings(asdict(facts)))


def test_projects_that_are_no_table(home: Path) -> None:
    shapes: list[Any] = [[], "x", None, {"/a": None, "/b": [], "/c": {"mcpServers": 3}}]
    for projects in shapes:
        (home / ".claude.json").write_text(json.dumps({"mcpServers": {"a": GOOD}, "projects": projects}))
        assert [server.name for server in _facts(home).configs[0].servers] == ["a"]


def test_more_projects_than_are_looked_into_is_said(home: Path) -> None:
    projects: dict[str, Any] = {f"{home}/gone/{number}": {} for number in range(MATCH_LIMIT + 10)}
    (home / ".claude.json").write_text(json.dumps({"projects": projects}))
    facts = _facts(home)
    assert any("looked into" in unread.why for unread in facts.state.unread)


def test_a_cursor_home_with_characters_of_patterns(tmp_path: Path) -> None:
    home = tmp_path / "[a]*?"
    (home / ".config/Code/User/profiles/p1").mkdir(parents=True)
    (home / ".config/Code/User/profiles/p1/mcp.json").write_text(json.dumps({"servers": {"a": GOOD}}))
    assert [server.name for config in _facts(home).configs for server in config.servers] == ["a"]


def test_nothing_is_started(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import subprocess

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("something was started")

    for module, name in ((subprocess, "Popen"), (os, "fork"), (os, "posix_spawn"), (os, "system")):
        monkeypatch.setattr(module, name, refuse)
    _, config = _with(home, {"mcpServers": {"a": GOOD}})
    assert config.servers


def _as_nobody(home: Path) -> ClientFacts:
    """What an account without any right on the files sees."""
    require_root()
    old = os.geteuid()
    groups = os.getgroups()
    try:
        os.setgroups([])
        os.seteuid(65534)
        return _facts(home)
    finally:
        os.seteuid(old)
        os.setgroups(groups)


@pytest.fixture
def shared_home() -> Iterator[Path]:
    import shutil
    import tempfile

    folder = Path(tempfile.mkdtemp(dir="/tmp", prefix="clients-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.mark.live
def test_a_file_that_may_not_be_read_is_a_config_all_the_same(shared_home: Path) -> None:
    (shared_home / ".cursor").mkdir()
    (shared_home / ".cursor/mcp.json").write_text("{}")
    (shared_home / ".cursor/mcp.json").chmod(0o600)
    facts = _as_nobody(shared_home)
    (config,) = facts.configs
    assert config.path.file.mode == 0o600
    assert config.problem is not None
    (gap,) = facts.state.unread
    assert (gap.facet, gap.why) == ("content", "permission denied")
    assert gap.unlock


@pytest.mark.live
def test_a_directory_that_may_not_be_searched_hides_content_and_mode(shared_home: Path) -> None:
    (shared_home / ".cursor").mkdir()
    (shared_home / ".cursor/mcp.json").write_text("{}")
    (shared_home / ".cursor").chmod(0o700)
    facts = _as_nobody(shared_home)
    assert facts.configs == ()
    path = str(shared_home / ".cursor/mcp.json")
    assert {(gap.facet, gap.what) for gap in facts.state.unread} >= {("content", path), ("mode", path)}


@pytest.mark.live
def test_a_folder_of_profiles_that_may_not_be_listed_is_said(shared_home: Path) -> None:
    profiles = shared_home / ".config/Code/User/profiles"
    profiles.mkdir(parents=True)
    profiles.chmod(0o711)
    facts = _as_nobody(shared_home)
    assert ("content", str(profiles)) in {(gap.facet, gap.what) for gap in facts.state.unread}


def test_a_project_folder_as_deep_as_the_system_allows(home: Path) -> None:
    folder = f"{home}/" + "/".join("d" * ((4000 - len(str(home))) // 2))
    inner = os.open(home, os.O_RDONLY)
    for part in folder.removeprefix(f"{home}/").split("/"):
        os.mkdir(part, dir_fd=inner)
        outer, inner = inner, os.open(part, os.O_RDONLY, dir_fd=inner)
        os.close(outer)
    with open(os.open(".mcp.json", os.O_WRONLY | os.O_CREAT, dir_fd=inner), "w") as file:
        json.dump({"mcpServers": {"deep": GOOD}}, file)
    os.close(inner)
    try:
        (home / ".claude.json").write_text(json.dumps({"projects": {folder: {}}}))
        assert [server.name for config in _facts(home).configs for server in config.servers] == ["deep"]
    finally:
        # Python itself cannot remove what lies so deep.
        subprocess.run(["rm", "-rf", "--", str(home / "d")], check=True)


def test_more_arguments_than_anyone_gives_are_left_out_and_said_so(home: Path) -> None:
    facts, config = _with(home, {"mcpServers": {"long": {"command": "npx", "args": ["-y"] * 200_000}, "good": GOOD}})
    assert [(server.name, len(server.command)) for server in config.servers] == [("long", 4097), ("good", 3)]
    (gap,) = _unread(facts, "content")
    assert gap.what.endswith("/.cursor/mcp.json: mcpServers.long.args")
    assert gap.why == "of its 200000 items only the first 4096 were read"


def test_what_takes_too_long_costs_only_itself(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(1_000_000))
    monkeypatch.setattr("workbench.host.clients.survey.time.monotonic", lambda: float(next(clock)))
    monkeypatch.setattr("workbench.host.clients.survey._SECONDS", 1000.0)
    (home / ".claude.json").write_text(json.dumps({"mcpServers": {"first": GOOD}}))
    facts, config = _with_many(home)
    assert config.client == "cursor" and 0 < len(config.servers) < 5000
    where, rest = _unread(facts, "content")
    assert where.what.endswith("/.cursor/mcp.json")
    assert where.why == f"there are too many servers to be read in time; only the first {len(config.servers)} were"
    assert rest.what == "the configs of clients"
    assert rest.why.startswith("the others took more than 1000 s; ") and rest.why.endswith("were not looked at")


def _with_many(home: Path) -> tuple[ClientFacts, ClientConfig]:
    many = {f"server-{number}": GOOD for number in range(5000)}
    (home / ".cursor/mcp.json").write_text(json.dumps({"mcpServers": many}))
    facts = _facts(home)
    first, config = facts.configs
    assert [server.name for server in first.servers] == ["first"]
    return facts, config
