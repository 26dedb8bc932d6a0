"""Servers that still run as an earlier version of their config started them."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests import builders
from tests.host.fake_proc import FakeProc
from tests.host.test_processes_recognition import environment, node_package
from workbench.host import processes
from workbench.launch import understand
from workbench.model.clients import ClientConfig, ClientFacts, ServerEntry
from workbench.model.facts import EnvironmentEntry
from workbench.model.processes import ServerProcess
from workbench.secrets import redact_arguments

BOOTED = 1767000000
STARTED = BOOTED + 10.0
FILES = "@x/files"
CLAUDE, CLIENT = 40, 41


@pytest.fixture
def proc(tmp_path: Path) -> FakeProc:
    made = FakeProc(tmp_path / "proc")
    made.add(CLAUDE, ["/usr/bin/claude-desktop"])
    made.add(CLIENT, ["/opt/some-client"])
    return made


@pytest.fixture
def script(tmp_path: Path) -> str:
    return str(node_package(tmp_path / "p", name=FILES, mcpName="x/files", version="1.0.0"))


def entry(name: str, *command: str, **more: Any) -> ServerEntry:
    shown = redact_arguments(command)[0]
    return replace(builders.server(name, shown), launch=understand(shown, "/home/dev"), **more)


def config(*entries: ServerEntry, changed: float = STARTED + 60, **more: Any) -> ClientConfig:
    where = builders.path("/home/dev/.config/Claude/claude_desktop_config.json", 0o600)
    where = replace(where, file=replace(where.file, modified=changed))
    return replace(builders.config(entries, path=where, owner=1000), **more)


def look(proc: FakeProc, tmp_path: Path, *configs: ClientConfig) -> tuple[ServerProcess, ...]:
    found = {"clients": ClientFacts(builders.COMPLETE, configs)}
    return processes.gather(proc.context(tmp_path, found=found)).servers


def told(servers: Sequence[ServerProcess]) -> list[tuple[str | None, str]]:
    return [(server.entry.name if server.entry else None, server.outdated) for server in servers]


def test_another_argument(proc: FakeProc, tmp_path: Path, script: str) -> None:
    proc.add(50, ["node", script, "/old"], parent=CLAUDE)
    now = entry("files", "npx", "-y", FILES, "/new")
    text = "it was started with /old; the config now gives /new"
    assert told(look(proc, tmp_path, config(now))) == [("files", text)]


def test_the_label_and_the_reference_are_those_of_the_entry(proc: FakeProc, tmp_path: Path, script: str) -> None:
    proc.add(50, ["node", script, "/old"], parent=CLAUDE)
    (server,) = look(proc, tmp_path, config(entry("files", "node", script, "/new")))
    assert server.entry is not None
    assert (server.label, server.entry.pointer) == ("files", ("mcpServers", "files"))


@pytest.mark.parametrize("changed", [0.0, STARTED - 100, STARTED, STARTED + 0.9])
def test_a_config_that_was_not_changed_since(proc: FakeProc, tmp_path: Path, script: str, changed: float) -> None:
    proc.add(50, ["node", script, "/old"], parent=CLAUDE)
    now = entry("files", "npx", "-y", FILES, "/new")
    assert told(look(proc, tmp_path, config(now, changed=changed))) == [(None, "")]


@pytest.mark.parametrize(
    ("was", "now", "text"),
    [
        (["/a"], ["/a", "--read-only"], "the config now also gives --read-only"),
        (["/a", "/b"], ["/a"], "it was started with /b, which the config gives no more"),
        (["/a", "x" * 200], ["/a"], f"it was started with {'x' * 79}…, which the config gives no more"),
        (["/a"], ["${HOME}/x"], "it was started with /a; the config now gives ${HOME}/x"),
        (
            ["--token", "ghp_" + "9aZ3kQ7wLm2Xp8Rt5Vb1Nc6Yd4Hs0JfGeUiB"],
            [],
            "its arguments are others than those that the config now gives",
        ),
    ],
)
def test_what_differs(proc: FakeProc, tmp_path: Path, script: str, was: list[str], now: list[str], text: str) -> None:
    proc.add(50, ["node", script, *was], parent=CLAUDE)
    assert told(look(proc, tmp_path, config(entry("files", "npx", "-y", FILES, *now)))) == [("files", text)]


def test_what_the_client_fills_in_is_no_difference(proc: FakeProc, tmp_path: Path, script: str) -> None:
    proc.add(50, ["node", script, "/home/dev/x", "/old"], parent=CLAUDE)
    now = entry("files", "npx", "-y", FILES, "${HOME}/x", "/new")
    assert told(look(proc, tmp_path, config(now)))[0][1] == "it was started with /old; the config now gives /new"


def test_a_program_that_only_its_entry_tells_from_others(proc: FakeProc, tmp_path: Path) -> None:
    proc.add(50, ["/opt/acme/agentd", "--old"], parent=CLAUDE)
    proc.add(51, ["/opt/other/agentd", "--old"], parent=CLAUDE)
    servers = look(proc, tmp_path, config(entry("acme", "/opt/acme/agentd", "--new")))
    assert told(servers) == [("acme", "it was started with --old; the config now gives --new")]
    assert servers[0].pid == 50
    assert look(proc, tmp_path, config(entry("acme", "/opt/acme/agentd", "--new"), changed=0.0)) == ()


def test_a_script_that_only_its_entry_tells_from_others(proc: FakeProc, tmp_path: Path) -> None:
    (tmp_path / "tool.py").write_text("print()\n")
    proc.add(50, ["python3", "tool.py", "--old"], cwd=str(tmp_path), parent=CLAUDE)
    proc.add(51, ["python3", "other.py", "--old"], cwd=str(tmp_path), parent=CLAUDE)
    now = entry("tool", "python3", str(tmp_path / "tool.py"), "--new")
    assert told(look(proc, tmp_path, config(now))) == [
        ("tool", "it was started with --old; the config now gives --new")
    ]


@pytest.mark.parametrize(
    ("running", "configured"),
    [
        (["/v/bin/python", "/v/bin/mcp-server-git"], ["/v/bin/mcp-server-git"]),
        (["/v/bin/python", "/v/bin/mcp-server-git"], ["mcp-server-git"]),
        (["node", "/p/node_modules/.bin/mcp-server-files"], ["/p/node_modules/.bin/mcp-server-files"]),
        (["/v/bin/python", "-m", "mcp_server_git"], ["/v/bin/python", "-m", "mcp_server_git"]),
        (["python3", "-m", "mcp_server_git"], ["sudo", "-u", "dev", "python3", "-m", "mcp_server_git"]),
    ],
)
def test_what_a_package_installs_as_a_program(
    proc: FakeProc, tmp_path: Path, running: list[str], configured: list[str]
) -> None:
    proc.add(50, [*running, "--repository", "/one"], parent=CLAUDE)
    now = config(entry("git", *configured, "--repository", "/two"))
    assert told(look(proc, tmp_path, now)) == [("git", "it was started with /one; the config now gives /two")]
    assert told(look(proc, tmp_path, replace(now, path=config(changed=0.0).path))) == [(None, "")]


def test_an_image(proc: FakeProc, tmp_path: Path) -> None:
    proc.add(50, ["docker", "run", "-i", "acme/mcp-server", "/old"], parent=CLAUDE)
    now = entry("box", "docker", "run", "-i", "--read-only", "acme/mcp-server", "/old")
    assert told(look(proc, tmp_path, config(now))) == [("box", "the config now also gives --read-only")]


class TestWhoseItIs:
    def test_an_exact_match_keeps_its_entry(self, proc: FakeProc, tmp_path: Path, script: str) -> None:
        proc.add(50, ["node", script, "/old"], parent=CLIENT)
        proc.add(51, ["node", script, "/new"], parent=CLIENT, started=2000)
        now = entry("files", "npx", "-y", FILES, "/new")
        assert told(look(proc, tmp_path, config(now))) == [(None, ""), ("files", "")]

    def test_in_its_own_client_two_may_run(self, proc: FakeProc, tmp_path: Path, script: str) -> None:
        proc.add(50, ["node", script, "/old"], parent=CLAUDE)
        proc.add(51, ["node", script, "/new"], parent=CLAUDE, started=9000)
        now = entry("files", "npx", "-y", FILES, "/new")
        text = "it was started with /old; the config now gives /new"
        assert told(look(proc, tmp_path, config(now))) == [("files", text), ("files", "")]

    def test_another_client_did_not_start_it(self, proc: FakeProc, tmp_path: Path, script: str) -> None:
        proc.add(42, ["/usr/bin/cursor"])
        proc.add(50, ["node", script, "/old"], parent=42)
        assert told(look(proc, tmp_path, config(entry("files", "npx", "-y", FILES, "/new")))) == [(None, "")]

    def test_the_inspector_did_not_start_it_from_a_config(self, proc: FakeProc, tmp_path: Path, script: str) -> None:
        inspector = "/usr/lib/node_modules/@modelcontextprotocol/inspector/cli/build/cli.js"
        proc.add(42, ["node", inspector])
        proc.add(50, ["node", script, "/old"], parent=42)
        assert told(look(proc, tmp_path, config(entry("files", "npx", "-y", FILES, "/new")))) == [(None, "")]

    def test_another_account_did_not(self, proc: FakeProc, tmp_path: Path, script: str) -> None:
        proc.add(42, ["/usr/bin/claude-desktop"], uid=1001)
        proc.add(50, ["node", script, "/old"], parent=42, uid=1001)
        assert told(look(proc, tmp_path, config(entry("files", "npx", "-y", FILES, "/new")))) == [(None, "")]

    def test_by_a_client_that_is_not_known_only_when_driven(self, proc: FakeProc, tmp_path: Path, script: str) -> None:
        now = config(entry("files", "npx", "-y", FILES, "/new"))
        proc.add(50, ["node", script, "/old"], descriptors={0: "/dev/pts/1"})
        assert told(look(proc, tmp_path, now)) == [(None, "")]
        proc.add(51, ["node", script, "/older"], parent=CLIENT, started=2000)
        proc.add(52, ["node", script, "/oldest"], parent=CLIENT, started=1500)
        text = "it was started with /older; the config now gives /new"
        assert told(look(proc, tmp_path, now)) == [(None, ""), (None, ""), ("files", text)]

    def test_of_two_entries_the_one_that_differs_less(self, proc: FakeProc, tmp_path: Path, script: str) -> None:
        proc.add(50, ["node", script, "/old", "--x", "--y"], parent=CLAUDE)
        near = entry("near", "npx", "-y", FILES, "/new", "--x", "--y")
        far = entry("far", "npx", "-y", FILES, "/else")
        assert told(look(proc, tmp_path, config(far, near)))[0][0] == "near"

    def test_of_two_that_differ_alike_neither(self, proc: FakeProc, tmp_path: Path, script: str) -> None:
        proc.add(50, ["node", script, "/old"], parent=CLAUDE)
        one, two = entry("one", "npx", "-y", FILES, "/1"), entry("two", "npx", "-y", FILES, "/2")
        assert told(look(proc, tmp_path, config(one, two))) == [(None, "")]


class TestExactMatches:
    def test_a_variable_that_it_was_not_given(self, proc: FakeProc, tmp_path: Path, script: str) -> None:
        given = (EnvironmentEntry("API_BASE"), EnvironmentEntry("API_KEY"))
        proc.add(50, ["node", script], parent=CLAUDE, environment={"PATH": "/bin", "API_BASE": "x"})
        now = entry("files", "npx", "-y", FILES, environment=given)
        text = "it was started without API_KEY, which the config now sets"
        assert told(look(proc, tmp_path, config(now))) == [("files", text)]
        assert told(look(proc, tmp_path, config(now, changed=0.0))) == [("files", "")]

    @pytest.mark.parametrize("wrapper", [["sudo", "-n", "-u", "root"], ["env", "-i"]])
    def test_what_a_wrapper_drops_is_no_difference(
        self, proc: FakeProc, tmp_path: Path, script: str, wrapper: list[str]
    ) -> None:
        command = [*wrapper, "node", script]
        proc.add(50, command, parent=CLAUDE)
        proc.add(51, ["node", script], parent=50, uid=0 if wrapper[0] == "sudo" else 1000)
        now = entry("files", *command, environment=(EnvironmentEntry("API_KEY"),))
        assert told(look(proc, tmp_path, config(now))) == [("files", "")]

    @pytest.mark.parametrize(
        ("spec", "text"),
        [
            (f"{FILES}@2.0.0", "it runs version 1.0.0; the config now names 2.0.0"),
            (f"{FILES}@1.0.0", ""),
            (f"{FILES}@latest", ""),
            (FILES, ""),
        ],
    )
    def test_another_version(self, proc: FakeProc, tmp_path: Path, script: str, spec: str, text: str) -> None:
        proc.add(50, ["node", script], parent=CLAUDE)
        assert told(look(proc, tmp_path, config(entry("files", "npx", "-y", spec)))) == [("files", text)]

    @pytest.mark.parametrize(
        ("wanted", "text"),
        [("2.0", "it runs version 1.0; the config now names 2.0"), ("1.0.0", ""), ("1", ""), ("01.0", "")],
    )
    def test_another_version_of_a_python_package(self, proc: FakeProc, tmp_path: Path, wanted: str, text: str) -> None:
        folder = environment(tmp_path / "v", "mcp-1.9.0", "mcp_server_time-1.0")
        (folder / "mcp-server-time").write_text("")
        site = tmp_path / "v" / "lib" / "python3.11" / "site-packages" / "mcp_server_time-1.0.dist-info"
        os.utime(site, (BOOTED, BOOTED))
        proc.add(50, [str(folder / "python"), str(folder / "mcp-server-time")], parent=CLAUDE)
        now = entry("time", "uvx", f"mcp-server-time=={wanted}")
        assert told(look(proc, tmp_path, config(now))) == [("time", text)]

    def test_a_sandbox_that_the_config_has_only_now(self, proc: FakeProc, tmp_path: Path, script: str) -> None:
        proc.add(50, ["node", script, "/srv"], parent=CLAUDE)
        boxed = ["bwrap", "--unshare-all", "--ro-bind", "/", "/", "node", script, "/srv"]
        text = "it was started without bwrap, in which the config now starts it"
        assert told(look(proc, tmp_path, config(entry("files", *boxed)))) == [("files", text)]

    def test_and_the_twin_that_runs_in_it(self, proc: FakeProc, tmp_path: Path, script: str) -> None:
        boxed = ["bwrap", "--unshare-all", "--ro-bind", "/", "/", "node", script, "/srv"]
        proc.add(50, boxed, parent=CLAUDE)
        proc.add(51, ["node", script, "/srv"], parent=50)
        assert told(look(proc, tmp_path, config(entry("files", *boxed)))) == [("files", "")]

    def test_an_account_that_the_config_names_only_now(self, proc: FakeProc, tmp_path: Path, script: str) -> None:
        proc.add(50, ["node", script, "/srv"], parent=CLAUDE)
        now = entry("files", "sudo", "-n", "-u", "#990", "node", script, "/srv")
        text = "it runs as another account than #990, which the config now names"
        assert told(look(proc, tmp_path, config(now))) == [("files", text)]


def test_no_secret_is_told(proc: FakeProc, tmp_path: Path, script: str) -> None:
    old, new = "ghp_" + "9aZ3kQ7wLm2Xp8Rt5Vb1Nc6Yd4Hs0JfGeUiB", "ghp_" + "aB3dE5gH7jK9mN1pQ3sT5vX7zB9dF1hJ3lN5"
    proc.add(50, ["node", script, "--token", old, "/old"], parent=CLAUDE)
    servers = look(proc, tmp_path, config(entry("files", "npx", "-y", FILES, "--token", new, "/new")))
    assert servers[0].outdated
    assert old not in repr(servers) and new not in repr(servers)


def test_text_of_the_host_is_made_visible(proc: FakeProc, tmp_path: Path, script: str) -> None:
    proc.add(50, ["node", script, "/\x1b[2J\u202e"], parent=CLAUDE)
    (server,) = look(proc, tmp_path, config(entry("files", "npx", "-y", FILES, "/new")))
    assert server.outdated == "it was started with /\\x1b[2J\\u202e; the config now gives /new"


def test_thousands_of_arguments_are_compared_in_time(proc: FakeProc, tmp_path: Path, script: str) -> None:
    many = [f"--option-{number}" for number in range(3000)]
    proc.add(50, ["node", script, *many], parent=CLAUDE)
    now = config(entry("files", "npx", "-y", FILES, *(f"/x${{X}}{number}" for number in range(3000))))
    began = time.thread_time()
    (server,) = look(proc, tmp_path, now)
    assert time.thread_time() - began < 0.5
    assert server.outdated
    assert len(json.dumps(server.outdated)) < 400
