"""Processes whose command line, title or environment is out to leak, to mislead or to have no name at all."""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.host.fake_proc import FakeProc
from workbench.host import processes
from workbench.model.clients import ClientFacts
from workbench.model.facts import SectionState
from workbench.model.processes import ServerProcess
from workbench.text import is_visible

TOKEN = "ghp_" + "aB3dE5gH7jK9mN1pQ3sT5vX7zB9dF1hJ3lN5"
HEX32 = "9f3a1c7be05d428896ab31e4d07c5f21"


@pytest.fixture
def proc(tmp_path: Path) -> FakeProc:
    return FakeProc(tmp_path / "proc")


def only(proc: FakeProc, tmp_path: Path) -> ServerProcess:
    (server,) = processes.gather(proc.context(tmp_path)).servers
    return server


@pytest.mark.parametrize(
    ("argv", "secret"),
    [
        ([f"/usr/bin/mcp-server --token {TOKEN} --port 3"], TOKEN),
        (["mcp-server --password hunt8r!x --port 3"], "hunt8r!x"),
        ([f"/opt/mcp-server-{TOKEN}"], TOKEN),
        (["deno", "run", "-A", "https://bob:Zz9xYy8w@h.example/my-mcp-server.ts"], "Zz9xYy8w"),
        (["deno", "run", "-A", f"https://h.example/my-mcp-server.ts?key={HEX32}"], HEX32),
        (["npx", "-y", f"git+https://{HEX32}@github.com/o/mcp-server-y.git"], HEX32),
        (["sh", "-c", f"exec mcp-server --api-key {HEX32}"], HEX32),
    ],
)
def test_no_secret_of_a_command_becomes_a_name(
    proc: FakeProc, tmp_path: Path, argv: Sequence[str], secret: str
) -> None:
    proc.add(100, argv, cwd="/srv")
    facts = processes.gather(proc.context(tmp_path))
    assert secret not in repr(facts)


def test_a_secret_in_the_name_of_a_variable_is_hidden_and_told(proc: FakeProc, tmp_path: Path) -> None:
    proc.add(100, ["mcp-server-x"], environment={TOKEN: "1", "HOME": "/root"})
    server = only(proc, tmp_path)
    assert TOKEN not in repr(server)
    assert [entry.secret.kind for entry in server.environment or () if entry.secret] == ["github-classic"]


def test_a_secret_is_told_where_the_server_itself_has_it(proc: FakeProc, tmp_path: Path) -> None:
    proc.add(100, ["npm", "exec", "mcp-server-x"])
    proc.add(101, ["sh", "-c", f"mcp-server-x --token {TOKEN}"], parent=100)
    proc.add(102, ["node", "/srv/node_modules/.bin/mcp-server-x", "--token", TOKEN], parent=101)
    server = only(proc, tmp_path)
    assert server.pid == 102 and [secret.place for secret in server.argument_secrets] == ["args[3] of node"]


def test_configs_that_could_not_be_gathered_leave_servers_unrecognised_and_that_is_said(
    proc: FakeProc, tmp_path: Path
) -> None:
    failed = ClientFacts(SectionState("failed", "it was not gathered within 10 s"))
    state = processes.gather(proc.context(tmp_path, found={"clients": failed})).state
    assert [unread.facet for unread in state.unread] == ["hidden"]
    assert processes.gather(proc.context(tmp_path)).state.status == "complete"


def test_a_process_without_a_name_of_its_own_goes_by_the_kernels(proc: FakeProc, tmp_path: Path) -> None:
    proc.add(100, ["", "mcp-server"], comm="tool")
    server = only(proc, tmp_path)
    assert (server.label, server.key) == ("tool", "1000:tool")


def test_a_name_with_escape_sequences_is_made_visible(proc: FakeProc, tmp_path: Path) -> None:
    proc.add(100, ["mcp-server-\x1b]0;owned\x07\u202e"], environment={"A\x1b[31m": "1"})
    server = only(proc, tmp_path)
    assert is_visible(server.label)
    assert is_visible(server.key)
    assert all(is_visible(entry.name) for entry in server.environment or ())


def test_a_process_that_cannot_be_asked_has_not_ended(
    proc: FakeProc, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    proc.add(100, ["mcp-server-x"])
    opened = os.open

    def exhausted(path: str, flags: int, *more: int) -> int:
        if path.endswith("/100/cmdline"):
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
        return opened(path, flags, *more)

    monkeypatch.setattr(os, "open", exhausted)
    facts = processes.gather(proc.context(tmp_path))
    assert facts.servers == ()
    assert [unread.facet for unread in facts.state.unread] == ["hidden"]
