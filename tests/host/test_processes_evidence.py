"""What tells a server from the clients, language servers and web servers that look like one, and what is its own."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.host.fake_proc import FakeProc, deny
from tests.host.test_processes_recognition import SERVER, environment, look, node_package, only
from workbench.host.processes.indirect import (
    node_imports,
    package_of_import,
    package_of_path,
    python_imports,
    run_by_library,
    served_module,
)
from workbench.host.processes.programs import script_of

SDK = {"@modelcontextprotocol/sdk": "1"}
PYTHON_SERVER = "from mcp.server.fastmcp import FastMCP\n"


@pytest.fixture
def proc(tmp_path: Path) -> FakeProc:
    return FakeProc(tmp_path / "proc")


class TestInlineCode:
    @pytest.mark.parametrize(
        "code",
        ["from mcp_server_git import main; main()", "import sys;import mcp_server_git as m\nm.main()"],
    )
    def test_a_python_server_that_is_imported(self, proc: FakeProc, tmp_path: Path, code: str) -> None:
        folder = environment(tmp_path / "v", "mcp-1.9.0", "mcp_server_git-2025.1.1")
        proc.add(50, [str(folder / "python"), "-c", code], exe="/usr/bin/python3.11")
        server = only(look(proc, tmp_path))
        assert (server.confidence, server.key) == ("high", "1000:mcp-server-git")

    @pytest.mark.parametrize(
        "code",
        [
            "import mcp",
            "import time; time.sleep(60)  # mcp_server_git",
            "import mcp_client; mcp_client.main()",
            "import rich; rich.print('mcp_server_git')",
        ],
    )
    def test_what_only_mentions_one_or_is_a_client(self, proc: FakeProc, tmp_path: Path, code: str) -> None:
        folder = environment(tmp_path / "v", "mcp-1.9.0", "mcp_server_git-2025.1.1", "mcp_client-1.0", "rich-1.0")
        proc.add(50, [str(folder / "python"), "-c", code])
        assert look(proc, tmp_path).servers == ()

    def test_code_that_builds_one_itself(self, proc: FakeProc, tmp_path: Path) -> None:
        proc.add(50, ["python3", "-c", "from mcp.server import Server; Server('x')"])
        proc.add(51, ["node", "-e", "const {Server} = require('@modelcontextprotocol/sdk/server/index.js')"])
        assert [server.confidence for server in look(proc, tmp_path).servers] == ["high", "high"]

    def test_a_node_server_that_is_imported(self, proc: FakeProc, tmp_path: Path) -> None:
        script = node_package(tmp_path / "node_modules" / "x-mcp", name="x-mcp", dependencies=SDK)
        proc.add(50, ["node", "--input-type=module", "-e", f"await import('{script}')"])
        proc.add(51, ["node", "-e", "require('x-mcp/dist/index.js')"], cwd=str(tmp_path))
        servers = look(proc, tmp_path).servers
        assert [(server.confidence, server.key) for server in servers] == [
            ("high", "1000:x-mcp"),
            ("high", "1000:x-mcp#2"),
        ]

    def test_a_node_program_that_mentions_one(self, proc: FakeProc, tmp_path: Path) -> None:
        proc.add(50, ["node", "-e", "console.log('npx -y @modelcontextprotocol/server-memory')"])
        proc.add(51, ["node", "-e", "require('http').createServer().listen(1)"])
        assert look(proc, tmp_path).servers == ()


class TestModulesOfAFolder:
    def test_a_module_that_is_not_installed(self, proc: FakeProc, tmp_path: Path) -> None:
        package = tmp_path / "weather"
        package.mkdir()
        (package / "server.py").write_text(PYTHON_SERVER)
        proc.add(50, ["python3", "-m", "weather.server"], cwd=str(tmp_path))
        (package / "__main__.py").write_text(PYTHON_SERVER)
        proc.add(51, ["python3", "-m", "weather"], cwd=str(tmp_path))
        assert [server.confidence for server in look(proc, tmp_path).servers] == ["high", "high"]

    def test_an_ordinary_module_beside_it(self, proc: FakeProc, tmp_path: Path) -> None:
        (tmp_path / "web.py").write_text("import flask\n")
        proc.add(50, ["python3", "-m", "web"], cwd=str(tmp_path))
        proc.add(51, ["python3", "-m", "http.server", "8000"], cwd=str(tmp_path))
        assert look(proc, tmp_path).servers == ()

    def test_an_application_server_is_what_it_serves(self, proc: FakeProc, tmp_path: Path) -> None:
        (tmp_path / "tools.py").write_text(PYTHON_SERVER + "app = FastMCP('x').streamable_http_app()\n")
        (tmp_path / "shop.py").write_text("from fastapi import FastAPI\n")
        proc.add(50, ["python3", "-m", "uvicorn", "tools:app", "--port", "8000"], cwd=str(tmp_path))
        proc.add(51, ["python3", "/usr/bin/uvicorn", "shop:app"], cwd=str(tmp_path))
        proc.add(52, ["python3", "/usr/bin/gunicorn", "-w", "4", "shop:app"], cwd=str(tmp_path))
        assert only(look(proc, tmp_path)).pid == 50

    def test_the_librarys_own_program(self, proc: FakeProc, tmp_path: Path) -> None:
        folder = environment(tmp_path / "v", "mcp-1.9.0")
        python, mcp = str(folder / "python"), str(folder / "mcp")
        Path(mcp).write_text("from mcp.cli import app\n")
        (tmp_path / "tools.py").write_text(PYTHON_SERVER)
        proc.add(50, [python, mcp, "run", "tools.py"], cwd=str(tmp_path))
        proc.add(51, [python, mcp, "dev", "tools.py"], cwd=str(tmp_path))
        proc.add(52, [python, mcp, "version"], cwd=str(tmp_path))
        server = only(look(proc, tmp_path))
        assert server.confidence == "high"
        assert (server.pid, server.label) == (50, "tools.py")
        assert server.source is not None and server.source.path == str(tmp_path / "tools.py")


class TestWhatIsNone:
    @pytest.mark.parametrize(
        "name",
        [
            "@anthropic-ai/claude-code",
            "@openai/codex",
            "opencode-ai",
            "cline",
            "@github/copilot",
            "@modelcontextprotocol/inspector-server",
            "@modelcontextprotocol/inspector-cli",
            "@github/copilot-language-server",
            "some-language-server",
            "@vue/language-server",
            "pyright-langserver",
            "vscode-lsp",
        ],
    )
    def test_clients_inspectors_and_language_servers(self, proc: FakeProc, tmp_path: Path, name: str) -> None:
        script = node_package(tmp_path / "p", name=name, dependencies=SDK, code=SERVER)
        proc.add(50, ["node", str(script), "--stdio"], descriptors={0: "socket:[9]"})
        assert look(proc, tmp_path).servers == ()

    @pytest.mark.parametrize(
        "argv",
        [
            ["claude"],
            ["/usr/bin/codex", "--model", "x"],
            ["gemini", "mcp", "list"],
            ["opencode"],
            ["/usr/bin/gopls", "serve"],
            ["copilot-language-server", "--stdio"],
            ["mcp-inspector"],
            ["node", "/x/node_modules/.bin/mcp-inspector"],
            ["/usr/share/code/code", "--type=renderer", "mcp.json"],
            ["nvim", "mcp_server.py"],
            ["nginx: master process /usr/sbin/nginx -c /etc/mcp-server/nginx.conf"],
        ],
    )
    def test_by_their_command_alone(self, proc: FakeProc, tmp_path: Path, argv: Sequence[str]) -> None:
        proc.add(50, argv, descriptors={0: "pipe:[9]"})
        assert look(proc, tmp_path).servers == ()

    def test_a_client_that_names_servers_in_its_help(self, proc: FakeProc, tmp_path: Path) -> None:
        (tmp_path / "cli.mjs").write_text("const help = 'npx -y @modelcontextprotocol/server-memory'\n")
        proc.add(50, ["node", str(tmp_path / "cli.mjs")], descriptors={0: "pipe:[9]"})
        assert look(proc, tmp_path).servers == ()

    def test_a_server_for_language_servers_is_one(self, proc: FakeProc, tmp_path: Path) -> None:
        proc.add(50, ["/usr/local/bin/mcp-language-server", "--lsp", "gopls"])
        proc.add(51, ["gopls"], parent=50)
        assert only(look(proc, tmp_path)).pid == 50


class TestHiddenTransport:
    """Newer servers point their standard descriptors at /dev/null."""

    def start(self, proc: FakeProc, tmp_path: Path, pid: int, **descriptors: str) -> None:
        script = node_package(tmp_path / f"p{pid}", name="thing", dependencies=SDK)
        held = {0: "/dev/null", **{number: target for number, target in enumerate(descriptors.values(), 6)}}
        proc.add(pid, ["node", str(script)], parent=40, descriptors=held)

    def test_a_pipe_that_its_parent_holds(self, proc: FakeProc, tmp_path: Path) -> None:
        proc.add(40, ["/opt/client"], descriptors={0: "/dev/null", 9: "pipe:[70]"})
        self.start(proc, tmp_path, 50, transport="pipe:[70]")
        assert only(look(proc, tmp_path)).confidence == "medium"

    def test_a_pipe_of_its_own(self, proc: FakeProc, tmp_path: Path) -> None:
        proc.add(40, ["/opt/client"], descriptors={0: "/dev/null", 9: "pipe:[70]"})
        self.start(proc, tmp_path, 50, reading="pipe:[71]", writing="pipe:[71]")
        assert look(proc, tmp_path).servers == ()


class TestWhatIsGone:
    def test_a_package_is_known_by_its_path(self, proc: FakeProc, tmp_path: Path) -> None:
        gone = "/home/dev/.npm/_npx/a1/node_modules/@modelcontextprotocol/server-memory/dist/index.js"
        proc.add(50, ["node", gone])
        server = only(look(proc, tmp_path))
        assert (server.confidence, server.key) == ("medium", "1000:@modelcontextprotocol/server-memory")
        assert server.source is not None
        assert (server.source.kind, server.source.path, server.source.deleted) == ("npx cache", gone, True)

    def test_one_that_may_not_be_looked_at_too(
        self, proc: FakeProc, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        proc.add(50, ["node", "node_modules/acme-mcp/index.js"], uid=1001)
        deny(monkeypatch, "/50/cwd")
        facts = look(proc, tmp_path)
        assert only(facts).confidence == "medium"
        assert not any("may be MCP servers" in gap.what for gap in facts.state.unread)

    def test_others_of_that_folder_are_none(self, proc: FakeProc, tmp_path: Path) -> None:
        proc.add(50, ["node", "/home/dev/mcp/node_modules/vite/bin/vite.js"])
        assert look(proc, tmp_path).servers == ()


class TestWorkers:
    def test_another_script_of_the_same_package(self, proc: FakeProc, tmp_path: Path) -> None:
        script = node_package(tmp_path / "p", name="@x/files", mcpName="x/files")
        (tmp_path / "p" / "worker.js").write_text("")
        proc.add(50, ["node", str(script), "/srv"])
        proc.add(51, ["node", str(tmp_path / "p" / "worker.js")], parent=50)
        proc.add(52, ["node", "/usr/lib/node_modules/prettier/index.js"], parent=50)
        proc.add(53, ["git", "status"], parent=50)
        server = only(look(proc, tmp_path))
        assert (server.pid, server.chain, server.workers) == (50, (50,), (51,))

    def test_those_of_multiprocessing(self, proc: FakeProc, tmp_path: Path) -> None:
        (tmp_path / "tools.py").write_text(PYTHON_SERVER)
        proc.add(50, ["python3", "/usr/bin/uvicorn", "tools:app", "--workers", "2"], cwd=str(tmp_path))
        spawn = "from multiprocessing.spawn import spawn_main; spawn_main(tracker_fd=5, pipe_handle=7)"
        proc.add(51, ["python3", "-c", spawn, "--multiprocessing-fork"], parent=50)
        tracker = "from multiprocessing.resource_tracker import main;main(4)"
        proc.add(52, ["python3", "-c", tracker], parent=50)
        proc.add(53, ["python3", "-c", tracker], parent=1)
        assert only(look(proc, tmp_path)).workers == (51, 52)

    def test_a_program_that_forks(self, proc: FakeProc, tmp_path: Path) -> None:
        proc.add(50, ["/usr/local/bin/acme-mcp-server", "--http"])
        proc.add(51, ["/usr/local/bin/acme-mcp-server", "--http"], parent=50)
        proc.add(52, ["/usr/local/bin/acme-mcp-server", "--http"], parent=51)
        server = only(look(proc, tmp_path))
        assert (server.pid, server.workers) == (50, (51, 52))

    def test_two_servers_of_one_client_are_not_each_others(self, proc: FakeProc, tmp_path: Path) -> None:
        script = node_package(tmp_path / "p", name="@x/files", mcpName="x/files")
        proc.add(40, ["/usr/bin/claude"])
        proc.add(50, ["node", str(script), "/a"], parent=40)
        proc.add(51, ["node", str(script), "/b"], parent=40, started=2000)
        assert [(server.pid, server.workers) for server in look(proc, tmp_path).servers] == [(50, ()), (51, ())]


class TestContainers:
    CONTAINER = "a" * 60 + "beef"

    def run(self, proc: FakeProc, tmp_path: Path, argv: Sequence[str]) -> None:
        proc.add(60, ["/usr/bin/containerd-shim-runc-v2", "-id", self.CONTAINER], uid=0, comm="containerd-shim")
        proc.add(
            61, argv, parent=60, uid=0, cgroup=f"0::/docker/{self.CONTAINER}", cwd="/app",
            namespaces={"mnt": "mnt:[9]"}, root=str(tmp_path / "image"),
        )  # fmt: skip

    def test_its_package_is_looked_up_inside(self, proc: FakeProc, tmp_path: Path) -> None:
        node_package(tmp_path / "image" / "app", name="acme-mcp", version="1.2.3", dependencies=SDK)
        self.run(proc, tmp_path, ["node", "dist/index.js"])
        server = only(look(proc, tmp_path))
        assert (server.confidence, server.container) == ("high", self.CONTAINER)
        source = server.source
        assert source is not None
        assert (source.kind, source.path, source.package, source.version) == ("container", "/app", "acme-mcp", "1.2.3")

    def test_its_python_packages_too(self, proc: FakeProc, tmp_path: Path) -> None:
        environment(tmp_path / "image" / "usr" / "local", "mcp-1.9.0", "mcp_server_git-2025.1.1")
        self.run(proc, tmp_path, ["/usr/local/bin/python", "-m", "mcp_server_git"])
        source = only(look(proc, tmp_path)).source
        assert source is not None
        assert (source.kind, source.package, source.version) == ("container", "mcp-server-git", "2025.1.1")
        assert source.path == "/usr/local/lib/python3.11/site-packages/mcp_server_git-2025.1.1.dist-info"

    def test_a_container_that_may_not_be_entered_is_not_judged_by_our_files(
        self, proc: FakeProc, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        script = node_package(tmp_path / "here", name="acme-mcp", dependencies=SDK)
        self.run(proc, tmp_path, ["node", str(script)])
        deny(monkeypatch, "/61/root", "/61/ns/mnt")
        facts = look(proc, tmp_path)
        assert facts.servers == ()
        assert any("may be MCP servers" in gap.what for gap in facts.state.unread)


def test_what_inline_code_imports() -> None:
    assert node_imports("import('a'); const x = require(\"@b/c/d.js\"); import e from 'node:fs'") == (
        "a", "@b/c/d.js", "node:fs",
    )  # fmt: skip
    assert python_imports("import os; from a.b import c\nimport runpy; runpy.run_module('d')") == (
        "os", "a.b", "runpy", "d",
    )  # fmt: skip
    assert python_imports("import mcp; from mcp.client import x") == ()
    assert [package_of_import(name) for name in ("a/b", "@a/b/c", "./x", "/x", "node:fs")] == ["a", "@a/b", "", "", ""]
    assert [package_of_path(path) for path in ("/x/node_modules/@a/b/c.js", "/x/node_modules/.bin/a", "/x/a.js")] == [
        "@a/b", "", "",
    ]  # fmt: skip


def test_hostile_code_is_read_in_no_time() -> None:
    for text in ("import " * 200_000, "from\t" * 200_000, "import('" * 200_000, "\n" * 1_000_000):
        node_imports(text)
        python_imports(text)


def test_what_a_runner_serves() -> None:
    def served(*argv: str) -> str:
        return served_module(script_of(argv))

    assert served("python", "-m", "uvicorn", "--host", "0.0.0.0", "a.b:app") == "a.b"
    assert served("python", "/v/bin/gunicorn", "-w", "2", "a:make()") == "a"
    assert served("python", "-m", "http.server", "a:b") == ""
    assert run_by_library(script_of(["python", "/v/bin/fastmcp", "run", "-t", "http", "x/s.py:mcp"])) == "x/s.py"
    assert run_by_library(script_of(["python", "/v/bin/fastmcp", "run", "fastmcp.json"])) == "fastmcp.json"
    assert run_by_library(script_of(["python", "/v/bin/fastmcp", "run", "--with", "x"])) == ""


def test_a_manifest_that_is_no_object(proc: FakeProc, tmp_path: Path) -> None:
    script = node_package(tmp_path / "p", name="acme-mcp", dependencies=SDK)
    (tmp_path / "p" / "package.json").write_text(json.dumps({"name": "acme-mcp", "version": 7, "mcpName": ["x"]}))
    proc.add(50, ["node", str(script)])
    source = only(look(proc, tmp_path)).source
    assert source is not None and source.version == ""
