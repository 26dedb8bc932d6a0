"""macOS and Windows, simulated: psutil's processes are made up here."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from tests import builders
from tests.host.fake_proc import FakeProc
from tests.plugins.loading import run_check
from workbench.host import processes
from workbench.model.finding import NotApplicable
from workbench.model.processes import ProcessFacts

TOKEN = "ghp_" + "9aZ3kQ7wLm2Xp8Rt5Vb1Nc6Yd4Hs0JfGeUiB"


class Process:
    """One of psutil's processes. An answer that is an exception is raised."""

    def __init__(self, pid: int, cmdline: Any, parent: int = 1, **answers: Any) -> None:
        self.pid = pid
        self._answers: dict[str, Any] = {
            "cmdline": cmdline,
            "ppid": parent,
            "create_time": 1767000000.0 + pid,
            "name": "x",
            "uids": SimpleNamespace(real=501, effective=501),
            "gids": SimpleNamespace(effective=20),
            "exe": "/usr/local/bin/node",
            "cwd": "/Users/dev",
            "environ": {"HOME": "/Users/dev"},
            "username": "dev",
            **answers,
        }

    def __getattr__(self, name: str) -> Any:
        def answer() -> Any:
            value = self._answers[name]
            if isinstance(value, Exception):
                raise value
            return value

        return answer


@pytest.fixture
def running(monkeypatch: pytest.MonkeyPatch) -> list[Process]:
    found: list[Process] = []

    def process_iter(*_: object, **__: object) -> Iterator[Process]:
        return iter(found)

    monkeypatch.setattr(psutil, "process_iter", process_iter)
    return found


@pytest.fixture
def script(tmp_path: Path) -> str:
    (tmp_path / "package.json").write_text(json.dumps({"name": "@x/files", "mcpName": "x/files"}))
    (tmp_path / "index.js").write_text("")
    return str(tmp_path / "index.js")


def look(tmp_path: Path, platform: str) -> ProcessFacts:
    return processes.gather(FakeProc(tmp_path / "proc").context(tmp_path, platform=platform))


def test_macos_tells_the_process_and_states_what_it_does_not(
    running: list[Process], tmp_path: Path, script: str
) -> None:
    running += [
        Process(40, ["/Applications/Claude.app/Contents/MacOS/Claude"], name="Claude"),
        Process(50, ["npm exec @x/files /ws"], 40),
        Process(51, ["node", script, "/ws"], 50, environ={"GITHUB_TOKEN": TOKEN}),
    ]
    facts = look(tmp_path, "darwin")
    (server,) = facts.servers
    assert (server.pid, server.chain, server.client) == (51, (50, 51), "claude")
    assert (server.uid, server.gid, server.account) == (501, 20, "dev")
    assert (server.umask, server.no_new_privileges, server.seccomp) == (None, None, None)
    assert server.environment is not None and server.environment[0].secret is not None
    assert TOKEN not in repr(facts)
    assert [(gap.facet, gap.why) for gap in facts.state.unread] == [
        ("status", "macOS does not tell another process's umask")
    ]


def test_what_macos_denies_is_a_stated_gap(running: list[Process], tmp_path: Path, script: str) -> None:
    denied = psutil.AccessDenied(51)
    running += [
        Process(50, psutil.AccessDenied(50)),
        Process(51, ["node", script], environ=denied, exe=denied),
        Process(52, psutil.ZombieProcess(52)),
        Process(53, psutil.NoSuchProcess(53)),
    ]
    facts = look(tmp_path, "darwin")
    (server,) = facts.servers
    assert server.environment is None
    assert {gap.facet for gap in facts.state.unread} == {"status", "environment", "executable", "hidden"}


def test_a_process_that_ends_meanwhile_is_left_out(running: list[Process], tmp_path: Path, script: str) -> None:
    running.append(Process(51, ["node", script], environ=psutil.NoSuchProcess(51)))
    assert look(tmp_path, "darwin").servers == ()


def test_windows(running: list[Process], tmp_path: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    node = "C:\\Program Files\\nodejs\\node.exe"
    denied = psutil.AccessDenied(60)
    running += [
        Process(40, ["C:\\Users\\dev\\AppData\\Local\\AnthropicClaude\\Claude.exe"], name="Claude.exe"),
        Process(50, ["C:\\WINDOWS\\system32\\cmd.exe", "/c", "npx", "@x/files"], 40),
        Process(51, [node, script], 50, username="DESK\\dev"),
        Process(60, ["C:\\tools\\notion-mcp.exe"], username="NT AUTHORITY\\SYSTEM", environ=denied),
    ]
    monkeypatch.delattr("os.getuid")
    facts = look(tmp_path, "win32")
    one, two = facts.servers
    assert (one.pid, one.chain, one.client, one.uid, one.account) == (51, (50, 51), "claude", -1, "DESK\\dev")
    assert (two.label, two.confidence) == ("notion-mcp", "medium")
    assert [(gap.facet, gap.unlock) for gap in facts.state.unread] == [("environment", "look as administrator")]
    from workbench.model.facts import HostFacts

    snapshot = builders.snapshot(processes=facts, host=HostFacts("win32", "10", -1, "dev", "C:\\"))
    assert [found.subject.label for found in builders.findings(run_check("processes/runs-as-root", snapshot))] == [
        "notion-mcp"
    ]
    assert builders.kinds(run_check("processes/umask", snapshot)) == {NotApplicable}
