"""Where the code of a running server lies, and which version of it really runs."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from tests.host.fake_proc import FakeProc, deny
from tests.host.test_processes_recognition import environment, look, node_package, only
from workbench.host.sources import environment_of, node_kind, project_of, python_kind
from workbench.model.sources import SourceFact

STARTED = 1767000000 + 10.0


@pytest.fixture
def proc(tmp_path: Path) -> FakeProc:
    return FakeProc(tmp_path / "proc")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


def old(folder: Path) -> None:
    """Make a folder as old as the machine."""
    os.utime(folder, (STARTED - 1000, STARTED - 1000))


def source(proc: FakeProc, home: Path) -> SourceFact:
    found = only(look(proc, home)).source
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/home/dev/.npm/_npx/a1b2/node_modules/@x/files", "npx cache"),
        ("C:\\Users\\dev\\AppData\\Local\\npm-cache\\_npx\\a1\\node_modules\\files", "npx cache"),
        ("/usr/lib/node_modules/files", "npm global"),
        ("/usr/local/lib/node_modules/@x/files", "npm global"),
        ("/home/dev/.nvm/versions/node/v20.1.0/lib/node_modules/files", "npm global"),
        ("/home/dev/.bun/install/global/node_modules/files", "npm global"),
        ("/home/dev/.local/share/pnpm/global/5/node_modules/files", "npm global"),
        ("C:\\Users\\dev\\AppData\\Roaming\\npm\\node_modules\\files", "npm global"),
        ("/home/dev/project/node_modules/files", "node_modules"),
        ("/home/dev/project", None),
        ("/home/dev/node_modules_of_mine/x", None),
    ],
)
def test_the_place_of_an_npm_package(folder: str, kind: str | None) -> None:
    assert node_kind(folder) == kind


@pytest.mark.parametrize(
    ("environment", "marker", "kind"),
    [
        (".cache/uv/archive-v0/a1b2c3", "pyvenv.cfg", "uv cache"),
        (".cache/uv/environments-v2/tool-1", "pyvenv.cfg", "uv cache"),
        (".local/share/uv/tools/mcp-server-time", "uv-receipt.toml", "uv tool"),
        ("elsewhere/tools/time", "uv-receipt.toml", "uv tool"),
        (".local/share/pipx/venvs/time", "pipx_metadata.json", "pipx"),
        ("elsewhere/venvs/time", "pipx_metadata.json", "pipx"),
        ("project/.venv", "pyvenv.cfg", "virtual environment"),
        ("usr", "", "system"),
    ],
)
def test_the_place_of_a_python_package(tmp_path: Path, environment: str, marker: str, kind: str) -> None:
    site = tmp_path / environment / "lib" / "python3.12" / "site-packages"
    site.mkdir(parents=True)
    if marker:
        (tmp_path / environment / marker).write_text("")
    assert environment_of(str(site)) == str(tmp_path / environment)
    assert python_kind(str(site)) == kind


def test_debians_own_packages_are_the_systems(tmp_path: Path) -> None:
    assert environment_of("/usr/lib/python3/dist-packages") == "/usr"
    assert environment_of("/opt/v/Lib/site-packages") == "/opt/v"


class TestNode:
    def test_a_package(self, proc: FakeProc, home: Path) -> None:
        folder = home / "node_modules" / "@x" / "files"
        script = node_package(folder, name="@x/files", mcpName="x/files", version="1.2.3")
        old(folder)
        proc.add(50, ["node", str(script)])
        assert source(proc, home) == SourceFact("node_modules", str(folder), "npm", "@x/files", "1.2.3")

    def test_one_that_was_replaced_since_it_was_started(self, proc: FakeProc, home: Path) -> None:
        folder = home / "node_modules" / "files-mcp"
        script = node_package(folder, name="files-mcp", mcpName="x/files", version="2.0.0")
        proc.add(50, ["node", str(script)])
        assert source(proc, home) == SourceFact("node_modules", str(folder), "npm", "files-mcp", "", deleted=True)

    def test_one_that_keeps_data_in_its_folder_is_not_replaced(self, proc: FakeProc, home: Path) -> None:
        folder = home / "node_modules" / "files-mcp"
        script = node_package(folder, name="files-mcp", mcpName="x/files", version="2.0.0")
        later = time.time() + 1000
        os.utime(folder, (later + 1000, later + 1000))
        proc.add(50, ["node", str(script)], started=int(later - 1767000000) * os.sysconf("SC_CLK_TCK"))
        assert source(proc, home).version == "2.0.0"

    def test_a_project_that_is_worked_on_is_not_replaced(self, proc: FakeProc, home: Path) -> None:
        script = node_package(home / "work", name="files-mcp", mcpName="x/files", version="0.0.1")
        proc.add(50, ["node", str(script)])
        assert source(proc, home) == SourceFact("checkout", str(home / "work"), "npm", "files-mcp", "0.0.1")

    def test_in_a_mount_namespace_of_its_own_paths_are_its_own(self, proc: FakeProc, home: Path) -> None:
        folder = home / "root" / "opt" / "node_modules" / "files-mcp"
        node_package(folder, name="files-mcp", mcpName="x", version="1.0")
        old(folder)
        script = "/opt/node_modules/files-mcp/dist/index.js"
        proc.add(50, ["node", script], namespaces={"mnt": "mnt:[9]"}, root=str(home / "root"))
        wanted = SourceFact("node_modules", "/opt/node_modules/files-mcp", "npm", "files-mcp", "1.0")
        assert source(proc, home) == wanted

    def test_a_compiled_program_of_a_package(self, proc: FakeProc, home: Path) -> None:
        folder = home / "node_modules" / "@x" / "mcp-linux-x64"
        program = folder / "bin" / "x-mcp"
        program.parent.mkdir(parents=True)
        program.write_text("")
        (folder / "package.json").write_text(json.dumps({"name": "@x/mcp-linux-x64", "version": "3.0.0"}))
        old(folder)
        proc.add(50, [str(program)])
        assert source(proc, home) == SourceFact("node_modules", str(folder), "npm", "@x/mcp-linux-x64", "3.0.0")


class TestPython:
    def test_a_distribution(self, proc: FakeProc, home: Path) -> None:
        folder = environment(home / "v", "mcp-1.9.0", "mcp_server_git-2025.1.1")
        (home / "v" / "pyvenv.cfg").write_text("")
        info = folder.parent / "lib" / "python3.11" / "site-packages" / "mcp_server_git-2025.1.1.dist-info"
        old(info)
        proc.add(50, [str(folder / "python"), "-m", "mcp_server_git"])
        wanted = SourceFact("virtual environment", str(info), "pypi", "mcp-server-git", "2025.1.1")
        assert source(proc, home) == wanted

    def test_one_that_is_only_a_link_to_a_project(self, proc: FakeProc, home: Path) -> None:
        folder = environment(home / "v", "mcp-1.9.0", "mcp_server_mine-0.1.0")
        info = folder.parent / "lib" / "python3.11" / "site-packages" / "mcp_server_mine-0.1.0.dist-info"
        document = {"url": "file:///home/dev/my%20server", "dir_info": {"editable": True}}
        (info / "direct_url.json").write_text(json.dumps(document))
        proc.add(50, [str(folder / "python"), "-m", "mcp_server_mine"])
        assert source(proc, home) == SourceFact("checkout", "/home/dev/my server", "pypi", "mcp-server-mine", "0.1.0")

    @pytest.mark.parametrize(
        "text", ["[]", "{}", '{"url": 7}', "{", '{"url": "https://x", "dir_info": {"editable": 1}}']
    )
    def test_a_link_that_makes_no_sense(self, proc: FakeProc, home: Path, text: str) -> None:
        folder = environment(home / "v", "mcp-1.9.0", "mcp_server_mine-0.1.0")
        info = folder.parent / "lib" / "python3.11" / "site-packages" / "mcp_server_mine-0.1.0.dist-info"
        (info / "direct_url.json").write_text(text)
        proc.add(50, [str(folder / "python"), "-m", "mcp_server_mine"])
        assert source(proc, home).path == str(info)

    def test_a_script_of_a_git_tree(self, proc: FakeProc, home: Path) -> None:
        script = home / "work" / "src" / "server.py"
        script.parent.mkdir(parents=True)
        script.write_text("from mcp.server import Server\n")
        (home / "work" / ".git").mkdir()
        proc.add(50, ["python3", str(script)])
        assert source(proc, home) == SourceFact("checkout", str(home / "work"))

    def test_a_script_of_its_own(self, proc: FakeProc, home: Path) -> None:
        script = home / "server.py"
        script.write_text("from mcp.server import Server\n")
        (home / ".git").mkdir()
        proc.add(50, ["python3", str(script)])
        assert source(proc, home) == SourceFact("program", str(script))


class TestScripts:
    def test_one_that_is_gone(self, proc: FakeProc, home: Path) -> None:
        proc.add(50, ["python3", "/opt/gone/mcp-listens"], environment={"MCP_TRANSPORT": "http"})
        servers = look(proc, home).servers
        assert [server.source for server in servers] == [SourceFact("program", "/opt/gone/mcp-listens", deleted=True)]

    def test_one_that_may_be_in_another_file_system_is_not_called_gone(
        self, proc: FakeProc, home: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """As one in a container, which only root may tell from one of this host."""
        proc.add(50, ["python3", "/opt/gone/mcp-listens"], environment={"MCP_TRANSPORT": "http"})
        deny(monkeypatch, "/50/ns/mnt")
        assert [server.source for server in look(proc, home).servers] == [None]


class TestPrograms:
    def test_of_the_system_and_of_ones_own(self, proc: FakeProc, home: Path) -> None:
        proc.add(50, ["/usr/bin/acme-mcp-server"])
        assert source(proc, home) == SourceFact("system", "/usr/bin/acme-mcp-server")
        proc.add(51, ["/opt/acme-mcp"], exe="/opt/acme-mcp (deleted)", started=2000)
        found = look(proc, home).servers[1].source
        assert found == SourceFact("program", "/opt/acme-mcp", deleted=True)

    def test_another_accounts_is_not_told(self, proc: FakeProc, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        proc.add(50, ["/opt/acme-mcp-server"], uid=1001)
        deny(monkeypatch, "/50/exe")
        assert only(look(proc, home)).source is None

    def test_a_launcher_whose_server_is_not_there_yet_has_none(self, proc: FakeProc, home: Path) -> None:
        proc.add(50, ["npm"], title=b"npm exec @x/files-mcp /srv")
        assert only(look(proc, home)).source is None

    def test_text_of_the_host_is_made_visible(self, proc: FakeProc, home: Path) -> None:
        folder = home / "node_modules" / "files-mcp"
        script = node_package(folder, name="files-mcp", mcpName="x", version="1.0\x1b[2J")
        old(folder)
        proc.add(50, ["node", str(script)])
        assert source(proc, home).version == "1.0\\x1b[2J"


def test_the_project_of_a_file(tmp_path: Path) -> None:
    home = tmp_path / "home"
    deep = home / "tree" / "packages" / "one" / "src"
    deep.mkdir(parents=True)
    assert project_of(f"{deep}/x.py", str(home)) == ""
    (home / "tree" / ".git").write_text("gitdir: /elsewhere")
    assert project_of(f"{deep}/x.py", str(home)) == f"{home}/tree"
    (deep.parent / "pyproject.toml").write_text("")
    assert project_of(f"{deep}/x.py", str(home)) == f"{home}/tree/packages/one"
    (home / "package.json").write_text("{}")
    assert project_of(f"{home}/x.py", str(home)) == ""
