"""A secret is moved out of a configuration, the server starts as before, and undo brings every byte back."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from tests.host.client_homes import TOKEN, servers, write
from tests.plugins.loading import get_fix
from tests.plugins.repairing import findings, repaired, seen
from tests.repair.support import tree
from workbench.documents import parse
from workbench.model.plan import Plan, Refusal, Reversal, Safety
from workbench.model.run import Run, RunState
from workbench.planning import plan
from workbench.repair.prepare import Prepared, prepare
from workbench.repair.staged import StagedFile, moves_secrets
from workbench.repair.transaction import apply
from workbench.repair.undo import undo

FIX, CHECK = "clients/move-secret", "secrets/in-config"
SECOND = "sk-ant-api03-" + "Zq7Xw2Lm9Pk4Rt6Yv1Bn8Kd3Hs5Jf0Gc2Ae4Ui6Op8-AA"
ARGS = ["-y", "some-server@1.2.3", "/srv/data"]
# Each config with the place of its secret, and the entry that is left.
SCRIPT = '. "$0" && export API_KEY && exec "$@"'


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "home").mkdir(mode=0o755)
    return tmp_path / "home"


def _kept(home: Path) -> Path:
    (file,) = (home / ".config/workbench/secrets").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    for folder in (file.parent, file.parent.parent):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    return file


def _planned(home: Path, **answers: str) -> Plan | Refusal:
    snapshot = seen(home)
    (finding, *_) = findings(CHECK, snapshot)
    return plan(get_fix(FIX), finding, snapshot, answers)


def _refused(home: Path, **answers: str) -> Refusal:
    """Why the fix, or what works its plan out, refuses; nothing is changed by that."""
    before = tree(home)
    made = _planned(home, **answers)
    worked_out = prepare(made) if isinstance(made, Plan) else made
    assert isinstance(worked_out, Refusal), worked_out
    assert worked_out.instead
    assert TOKEN not in worked_out.reason + worked_out.instead
    assert tree(home) == before
    return worked_out


def _prepared(home: Path, **answers: str) -> Prepared:
    made = _planned(home, **answers)
    assert isinstance(made, Plan), made
    worked_out = prepare(made)
    assert isinstance(worked_out, Prepared), worked_out
    return worked_out


def _applied(home: Path, state: Path, **answers: str) -> Run:
    run = apply(_prepared(home, **answers), state, lambda: "")
    assert run.state is RunState.APPLIED, run.message
    return run


def _secrets_in(folder: Path, secret: str = TOKEN) -> set[str]:
    """The files below a folder that hold the secret."""
    return {
        str(place.relative_to(folder))
        for place in folder.rglob("*")
        if place.is_file() and secret.encode() in place.read_bytes()
    }


JSON = {"mcpServers": {"files": {"command": "npx", "args": ARGS, "env": {"API_KEY": TOKEN, "LEVEL": "3"}}}}
JSONC = """{
  // what I use
  "servers": {
    "files": { "type": "stdio", "command": "npx", "args": ["-y", "some-server@1.2.3", "/srv/data"],
      "env": { "LEVEL": "3", "API_KEY": "%s" }, // mine
    },
  },
}
"""
TOML = """# tools
[mcp_servers.files]
command = "npx"
args = ["-y", "some-server@1.2.3", "/srv/data"]  # pinned

[mcp_servers.files.env]
LEVEL = "3"
API_KEY = "%s"
"""
GOOSE = """extensions:
  files:
    type: stdio
    cmd: npx
    args:
      - -y
      - some-server@1.2.3
      - /srv/data  # mine
    envs:
      LEVEL: "3"
      API_KEY: %s
"""
CONTINUE = """mcpServers:
  - name: files
    command: npx
    args: ["-y", "some-server@1.2.3", "/srv/data"]
    env:
      API_KEY: %s
      LEVEL: "3"
"""
ZED = """{"context_servers": {"files": {"command": {"path": "npx", "args": ["-y", "some-server@1.2.3", "/srv/data"],
  "env": {"API_KEY": "%s", "LEVEL": "3"}}}}}"""
OPENCODE = """{"mcp": {"files": {"type": "local", "command": ["npx", "-y", "some-server@1.2.3", "/srv/data"],
  "environment": {"API_KEY": "%s", "LEVEL": "3"}}}}"""
OPENCLAW = """{mcp: {servers: {files: {command: 'npx', args: ['-y', 'some-server@1.2.3', '/srv/data'],
  env: {API_KEY: '%s', LEVEL: '3'}}}}}"""
PLACES = [
    (".config/Claude/claude_desktop_config.json", json.dumps(JSON, indent=2).replace(TOKEN, "%s")),
    (".claude.json", json.dumps(JSON).replace(TOKEN, "%s")),
    (".cursor/mcp.json", json.dumps(JSON, indent="\t").replace(TOKEN, "%s")),
    (".config/Code/User/mcp.json", JSONC),
    (".codex/config.toml", TOML),
    (".config/goose/config.yaml", GOOSE),
    (".continue/config.yaml", CONTINUE),
    (".config/zed/settings.json", ZED),
    (".config/opencode/opencode.json", OPENCODE),
    (".openclaw/openclaw.json", OPENCLAW),
]


@pytest.mark.parametrize(("place", "text"), PLACES, ids=[place for place, _ in PLACES])
def test_the_launcher_serves_every_client_and_format(home: Path, tmp_path: Path, place: str, text: str) -> None:
    file = write(home / place, text.replace("%s", TOKEN))
    snapshot = seen(home)
    before = servers(snapshot.clients)["files"]
    found = {each.identity for check in _checks() for each in findings(check, snapshot)}
    run, prepared = repaired(home, tmp_path / "state", FIX, CHECK, way="launcher")
    assert (prepared.plan.safety, prepared.plan.reversal) == (Safety.REVIEW, Reversal.FULL)
    assert "can still read it" in run.message
    kept = _kept(home)
    assert kept.read_text() == f"API_KEY={TOKEN}\n" or kept.read_text() == f"API_KEY='{TOKEN}'\n"
    assert _secrets_in(home) == {str(kept.relative_to(home))}
    assert parse(file.read_bytes(), servers_format(snapshot)).value is not None
    after_snapshot = seen(home)
    after = servers(after_snapshot.clients)["files"]
    assert after.command == ("/bin/sh", "-c", SCRIPT, str(kept), *before.command)
    assert [variable.name for variable in after.environment] == ["LEVEL"]
    # It is the same server to every check: the same package, version, folders and program.
    assert before.launch is not None and after.launch is not None
    assert after.launch.package is not None and before.launch.package is not None
    assert (after.launch.package.name, after.launch.package.version) == ("some-server", "1.2.3")
    assert after.launch.package.pin == before.launch.package.pin
    assert [root.path for root in after.launch.roots] == [root.path for root in before.launch.roots]
    assert after.launch.understood == before.launch.understood and after.launch.program == before.launch.program
    assert [each.name for each in after.launch.environment] == ["API_KEY"]
    now = {each.identity for check in _checks() for each in findings(check, after_snapshot)}
    assert now < found


@pytest.mark.parametrize("way", ["launcher", "env file", "reference"])
@pytest.mark.parametrize(("place", "text"), PLACES, ids=[place for place, _ in PLACES])
def test_undo_keeps_what_was_written_since(home: Path, tmp_path: Path, place: str, text: str, way: str) -> None:
    file = write(home / place, text.replace("%s", TOKEN))
    snapshot = seen(home)
    form = servers_format(snapshot)
    before = parse(file.read_bytes(), form).value
    made = _planned(home, way=way)
    if isinstance(made, Refusal):
        assert way != "launcher"
        return
    run = _applied(home, tmp_path / "state", way=way)
    file.write_bytes(file.read_bytes() + b"\n")
    undone = undo(tmp_path / "state", run.identity)
    assert undone.state is RunState.UNDONE, undone.message
    assert parse(file.read_bytes(), form).value == before and file.read_bytes().endswith(b"\n")
    assert not (home / ".config/workbench").exists()
    file.write_bytes(file.read_bytes() + b"\n")
    redone = undo(tmp_path / "state", undone.message.rpartition(" ")[2].rstrip(")"))
    assert redone.state is RunState.UNDONE, redone.message
    assert TOKEN not in file.read_text() and _secrets_in(home) == {str(_kept(home).relative_to(home))}


def servers_format(snapshot: Any) -> Any:
    (config,) = snapshot.clients.configs
    return config.format


def _checks() -> list[str]:
    """Every check of a client, a server and a secret."""
    from tests.plugins.loading import plugins

    return [name for name in plugins().checks if name.partition("/")[0] in ("clients", "secrets")]


HOSTILE = [
    "pa'ss\"wo$rd`id`\\n#9x7Qz",
    "line one 9x\nline two' 7Q\n",
    "tab\there$9x7QzLm2Pk",
    "grün🔑ключ9x7Q'",
    "'''''9x7QzLm2",
    "-n 9x7QzLm2Pk \\c",
    "\\\\ends with a backslash 9x\\",
    "a=b;rm -rf /;9x7Qz & !!",
    "9x7Qz\r\nCRLF",
]


@pytest.mark.parametrize("secret", HOSTILE)
@pytest.mark.parametrize("shell", ["sh", "dash", "bash", "busybox", "zsh", "ksh"])
def test_any_value_reaches_the_server_as_it_was(home: Path, tmp_path: Path, secret: str, shell: str) -> None:
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"{shell} is not installed")
    show = ["/usr/bin/python3", "-c", "import os, sys; sys.stdout.buffer.write(os.environb[b'DB_PASSWORD'])"]
    entry = {"command": show[0], "args": show[1:], "env": {"DB_PASSWORD": secret}}
    file = write(home / ".cursor/mcp.json", {"mcpServers": {"files": entry}})
    _applied(home, tmp_path / "state")
    new = json.loads(file.read_text())["mcpServers"]["files"]
    assert new["command"] == "/bin/sh" and "env" not in new
    start = [program, *(["sh"] if shell == "busybox" else []), *new["args"]]
    done = subprocess.run(start, capture_output=True, check=True, env={"PATH": os.environ["PATH"]})
    assert done.stdout == secret.encode() and done.stderr == b""
    assert secret not in " ".join(start)


def test_the_secret_is_in_its_file_and_in_the_backup_alone(home: Path, tmp_path: Path) -> None:
    write(home / ".cursor/mcp.json", JSON)
    state, told = tmp_path / "state", list[str]()
    prepared = _prepared(home)
    shown = [repr(prepared), repr(prepared.plan), json.dumps(asdict(prepared.plan)), repr(prepared.changes)]
    run = apply(prepared, state, lambda: "", told.append)
    undone = undo(state, run.identity, on_step=told.append)
    redone = undo(state, undone.message.rpartition(" ")[2].rstrip(")"), on_step=told.append)
    assert redone.state is RunState.UNDONE, redone.message
    for text in (*shown, *told, *(repr(each) for each in (run, undone, redone))):
        assert TOKEN not in text
    assert any("API_KEY=<secret: " in change.diff for change in prepared.changes)
    holding = _secrets_in(state)
    assert holding and all(Path(name).name.startswith("backup-") for name in holding)
    assert all(stat.S_IMODE((state / name).stat().st_mode) == 0o600 for name in holding)
    assert moves_secrets(prepared.operations)
    assert _secrets_in(home) == {str(_kept(home).relative_to(home))}


def test_the_order_never_leaves_the_secret_nowhere(home: Path, tmp_path: Path) -> None:
    write(home / ".cursor/mcp.json", JSON)
    prepared = _prepared(home)
    first, second = prepared.operations
    assert isinstance(first, StagedFile) and first.comes and second.path.endswith("mcp.json")
    run = apply(prepared, tmp_path / "state", lambda: "")
    seen_in: list[int] = []
    undo(tmp_path / "state", run.identity, on_step=lambda _: seen_in.append(len(_secrets_in(home))))
    assert min(seen_in) >= 1


def test_several_secrets_of_one_server_go_together_and_those_of_another_apart(home: Path, tmp_path: Path) -> None:
    entry = {"command": "npx", "args": ARGS, "env": {"API_KEY": TOKEN, "ANTHROPIC_API_KEY": SECOND}}
    file = write(home / ".cursor/mcp.json", {"mcpServers": {"files": entry, "other": entry}})
    for _ in range(2):
        _applied(home, tmp_path / "state")
    assert not findings(CHECK, seen(home))
    assert TOKEN not in file.read_text() and SECOND not in file.read_text()
    kept = list((home / ".config/workbench/secrets").iterdir())
    assert len(kept) == 2
    for each in kept:
        assert each.read_text() == f"API_KEY='{TOKEN}'\nANTHROPIC_API_KEY='{SECOND}'\n"


def test_a_secret_that_is_added_later_joins_the_launcher_that_is_there(home: Path, tmp_path: Path) -> None:
    file = write(home / ".cursor/mcp.json", JSON)
    _applied(home, tmp_path / "state")
    document = json.loads(file.read_text())
    document["mcpServers"]["files"]["env"]["ANTHROPIC_API_KEY"] = SECOND
    file.write_text(json.dumps(document))
    before = tree(home)
    repaired(home, tmp_path / "state", FIX, CHECK)
    kept = _kept(home)
    assert kept.read_text() == f"API_KEY='{TOKEN}'\nANTHROPIC_API_KEY='{SECOND}'\n"
    args = json.loads(file.read_text())["mcpServers"]["files"]["args"]
    assert args[1] == '. "$0" && export API_KEY ANTHROPIC_API_KEY && exec "$@"' and args[2] == str(kept)
    assert tree(home).keys() == before.keys()


def test_docker_passes_on_by_name(home: Path, tmp_path: Path) -> None:
    args = ["run", "-i", "--rm", "-e", f"GITHUB_TOKEN={TOKEN}", "-e", "LEVEL=3", "ghcr.io/acme/server:1.0.0", "stdio"]
    file = write(home / ".cursor/mcp.json", {"mcpServers": {"files": {"command": "docker", "args": args}}})
    before = servers(seen(home).clients)["files"].launch
    found = {each.identity for check in _checks() for each in findings(check, seen(home))}
    repaired(home, tmp_path / "state", FIX, CHECK)
    assert {each.identity for check in _checks() for each in findings(check, seen(home))} < found
    new = json.loads(file.read_text())["mcpServers"]["files"]
    assert new["command"] == "/bin/sh"
    assert new["args"][1] == '. "$0" && export GITHUB_TOKEN && exec "$@"'
    assert new["args"][3:] == ["docker", *args[:4], "GITHUB_TOKEN", *args[5:]]
    assert _kept(home).read_text() == f"GITHUB_TOKEN='{TOKEN}'\n"
    after = servers(seen(home).clients)["files"].launch
    assert before is not None and after is not None and after.image is not None
    assert before.image is not None and after.image.text == before.image.text


def test_a_server_without_arguments(home: Path, tmp_path: Path) -> None:
    given: tuple[dict[str, list[str]], ...] = ({}, {"args": []})
    for args in given:
        entry = {"command": "/srv/run", **args, "env": {"API_KEY": TOKEN}}
        file = write(home / ".cursor/mcp.json", {"mcpServers": {"a": entry}})
        run = _applied(home, tmp_path / "state")
        assert json.loads(file.read_text())["mcpServers"]["a"]["args"][3:] == ["/srv/run"]
        assert undo(tmp_path / "state", run.identity).state is RunState.UNDONE


def test_vs_code_reads_an_env_file_of_its_own(home: Path, tmp_path: Path) -> None:
    file = write(home / ".config/Code/User/mcp.json", JSONC.replace("%s", TOKEN))
    repaired(home, tmp_path / "state", FIX, CHECK)
    kept = _kept(home)
    entry = parse(file.read_bytes(), "jsonc").value["servers"]["files"]
    assert (entry["command"], entry["envFile"], entry["env"]) == ("npx", str(kept), {"LEVEL": "3"})
    # Without a quote: what readers of such files take for one differs.
    assert kept.read_text() == f"API_KEY={TOKEN}\n"
    assert "// mine" in file.read_text()


def test_opencode_reads_each_secret_from_a_file_of_its_own(home: Path, tmp_path: Path) -> None:
    entry = {"type": "remote", "url": "https://mcp.example.org/mcp", "headers": {"X-Api-Key": TOKEN, "X-Token": SECOND}}
    file = write(home / ".config/opencode/opencode.json", {"mcp": {"there": entry}})
    repaired(home, tmp_path / "state", FIX, CHECK)
    headers = json.loads(file.read_text())["mcp"]["there"]["headers"]
    for header, secret in (("X-Api-Key", TOKEN), ("X-Token", SECOND)):
        kept = Path(headers[header].removeprefix("{file:").removesuffix("}"))
        assert kept.read_text() == secret and stat.S_IMODE(kept.stat().st_mode) == 0o600


@pytest.mark.parametrize(("place", "program"), [(".gemini/settings.json", "gemini"), ("project/.mcp.json", "claude")])
def test_a_client_of_the_command_line_is_started_with_the_variable(
    home: Path, tmp_path: Path, place: str, program: str
) -> None:
    key = {"url": "https://mcp.example.org/mcp", "type": "http", "headers": {"Authorization": f"Bearer {TOKEN}"}}
    file = write(home / place, {"mcpServers": {"there": key}})
    write(home / ".claude.json", {"projects": {str(home / "project"): {}}})
    repaired(home, tmp_path / "state", FIX, CHECK)
    headers = json.loads(file.read_text())["mcpServers"]["there"]["headers"]
    assert headers == {"Authorization": "${MCP_THERE_AUTHORIZATION}"}
    kept = _kept(home)
    assert kept.read_text() == f"MCP_THERE_AUTHORIZATION='Bearer {TOKEN}'\n"
    write(home / ".cursor/mcp.json", JSON)
    made = _planned(home)
    assert isinstance(made, Plan)
    assert f"exec {program}" not in made.consequences


def test_it_says_how_to_start_the_client(home: Path, tmp_path: Path) -> None:
    key = {"httpUrl": "https://mcp.example.org/mcp", "headers": {"X-Key": TOKEN}}
    write(home / ".gemini/settings.json", {"mcpServers": {"there": key}})
    made = _planned(home)
    assert isinstance(made, Plan)
    script = made.consequences.partition("start it with sh -c ")[2]
    assert "exec gemini" in script and "export MCP_THERE_X_KEY" in script


REMOTE = {"url": "https://mcp.example.org/mcp", "headers": {"X-Key": TOKEN}}


@pytest.mark.parametrize(
    ("place", "entry", "answers", "why"),
    [
        (".cursor/mcp.json", {"command": "npx", "args": ["s", "--token", TOKEN]}, {}, "sees in ps"),
        (".cursor/mcp.json", {"command": "npx", "args": ["s", f"--token={TOKEN}"]}, {}, "sees in ps"),
        (".cursor/mcp.json", {"command": "npx", "args": ["s", "postgres://u:Xk9dLq2mZp7@db/x"]}, {}, "sees in ps"),
        (".cursor/mcp.json", {"command": "npx", "args": ["s"], "env": {"my-key": TOKEN}}, {}, "shell could set"),
        (".cursor/mcp.json", {"command": "npx", "args": ["s"], "env": {TOKEN: "1"}}, {}, "shell could set"),
        (".cursor/mcp.json", {"command": f"npx s --key {TOKEN}"}, {}, "no variable"),
        (".cursor/mcp.json", {"command": "npx -y s", "env": {"API_KEY": TOKEN}}, {}, "changed safely"),
        (".cursor/mcp.json", {"command": "npx", "args": ["s", 3], "env": {"API_KEY": TOKEN}}, {}, "changed safely"),
        (".cursor/mcp.json", {"command": "~/run", "args": ["s"], "env": {"API_KEY": TOKEN}}, {}, "changed safely"),
        (".cursor/mcp.json", {"command": "cmd", "args": ["/c", "npx"], "env": {"API_KEY": TOKEN}}, {}, "of Windows"),
        (".cursor/mcp.json", {"command": "npx", "args": ["s"], "env": {"API_KEY": f"${{A}}{TOKEN}"}}, {}, "refers to"),
        (".cursor/mcp.json", REMOTE, {}, "would find the variable"),
        (".cursor/mcp.json", REMOTE, {"way": "launcher"}, "no launcher can be"),
        (".claude.json", REMOTE, {}, "would find the variable"),
        (".cursor/mcp.json", {**REMOTE, "url": f"https://h/mcp?api_key={TOKEN}", "headers": {}}, {}, "no variable"),
        (".config/crush/crush.json", None, {}, "dollar sign"),
        (".config/Claude/claude_desktop_config.json", None, {"way": "env file"}, "not known"),
        (".config/Claude/claude_desktop_config.json", None, {"way": "reference"}, "would find the variable"),
        (".config/Claude/claude_desktop_config.json", None, {"file": "relative"}, "plain absolute path"),
        (".config/Claude/claude_desktop_config.json", None, {"file": "/a/../b"}, "plain absolute path"),
        (".config/Claude/claude_desktop_config.json", None, {"file": "/a/$(id)"}, "plain absolute path"),
    ],
)
def test_what_cannot_be_right_is_refused(
    home: Path, place: str, entry: dict[str, Any] | None, answers: dict[str, str], why: str
) -> None:
    key = "mcp" if "crush" in place else "mcpServers"
    known = {"command": "npx", "args": ARGS, "env": {"API_KEY": TOKEN}}
    write(home / place, {key: {"files": entry if entry is not None else known}})
    assert why in _refused(home, **answers).reason


def test_a_value_that_readers_take_in_different_ways_goes_through_the_launcher(home: Path) -> None:
    write(home / ".config/Code/User/mcp.json", JSONC.replace("API_KEY", "DB_PASSWORD").replace("%s", "pa ss#9x'7Qz"))
    refused = _refused(home)
    assert "different ways" in refused.reason and "launcher" in refused.instead
    assert isinstance(_prepared(home, way="launcher"), Prepared)


def test_a_file_that_is_there_already(home: Path, tmp_path: Path) -> None:
    write(home / ".cursor/mcp.json", JSON)
    kept = tmp_path / "kept.env"
    cases = [
        ("API_KEY='another'\n", 0o600, "another value of API_KEY"),
        ("# mine\n", 0o600, "not as the workbench writes it"),
        ("OTHER=1", 0o600, "not as the workbench writes it"),
        ("OTHER=1\n", 0o644, "not for its owner alone"),
    ]
    for text, mode, why in cases:
        kept.write_text(text)
        kept.chmod(mode)
        assert why in _refused(home, file=str(kept)).reason
    kept.unlink()
    kept.symlink_to(tmp_path / "nowhere")
    assert _refused(home, file=str(kept))
    kept.unlink()
    kept.write_text("OTHER='a\nAPI_KEY=b'\n")
    kept.chmod(0o600)
    run = _applied(home, tmp_path / "state", file=str(kept))
    assert kept.read_text() == f"OTHER='a\nAPI_KEY=b'\nAPI_KEY='{TOKEN}'\n"
    with kept.open("a") as more:
        more.write("LATER=1\n")
    assert undo(tmp_path / "state", run.identity).state is RunState.UNDONE
    assert kept.read_text() == "OTHER='a\nAPI_KEY=b'\nLATER=1\n"


def test_a_secret_that_was_replaced_in_its_file_is_not_thrown_away(home: Path, tmp_path: Path) -> None:
    file = write(home / ".cursor/mcp.json", JSON)
    run = _applied(home, tmp_path / "state")
    kept = _kept(home)
    kept.write_text(f"API_KEY='{SECOND}'\n")
    before = tree(home)
    refused = undo(tmp_path / "state", run.identity)
    assert refused.state is RunState.REFUSED and "was changed since" in refused.message
    assert tree(home) == before and TOKEN not in file.read_text()


def test_what_changed_since_it_was_shown_is_refused(home: Path, tmp_path: Path) -> None:
    file = write(home / ".cursor/mcp.json", JSON)
    prepared = _prepared(home)
    file.write_text(json.dumps(JSON).replace(TOKEN, "ghp_" + "Q" * 5 + TOKEN[9:]))
    before = tree(home)
    run = apply(prepared, tmp_path / "state", lambda: "")
    assert run.state is RunState.REFUSED and "changed since it was shown" in run.message
    assert tree(home) == before


def test_a_configuration_of_a_project_says_who_else_is_concerned(home: Path) -> None:
    write(home / "project/.cursor/mcp.json", JSON)
    write(home / ".claude.json", {"projects": {str(home / "project"): {}}})
    made = _planned(home)
    assert isinstance(made, Plan) and "whoever else uses it" in made.consequences
