from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from tests import builders
from tests.host.fake_proc import FakeProc, deny
from workbench.host import processes
from workbench.host.processes.entries import shown
from workbench.launch import understand
from workbench.model.clients import ClientFacts, ServerEntry
from workbench.model.processes import ProcessFacts, ServerProcess

SERVER = "import { Server } from '@modelcontextprotocol/sdk/server/index.js'\n"


@pytest.fixture
def proc(tmp_path: Path) -> FakeProc:
    return FakeProc(tmp_path / "proc")


def look(proc: FakeProc, tmp_path: Path, *entries: ServerEntry) -> ProcessFacts:
    config = builders.config(entries, path=builders.path("/home/dev/claude.json", 0o600), owner=1000)
    found = {"clients": ClientFacts(builders.COMPLETE, (config,))}
    return processes.gather(proc.context(tmp_path, found=found))


def only(facts: ProcessFacts) -> ServerProcess:
    (server,) = facts.servers
    return server


def entry(command: Sequence[str], name: str = "files", **more: object) -> ServerEntry:
    return replace(builders.server(name, command), launch=understand(command, "/home/dev"), **more)  # type: ignore[arg-type]


def node_package(folder: Path, **manifest: object) -> Path:
    script = folder / "dist" / "index.js"
    script.parent.mkdir(parents=True)
    script.write_text(str(manifest.pop("code", "")))
    (folder / "dist" / "package.json").write_text('{"type": "module"}')
    (folder / "package.json").write_text(json.dumps(manifest))
    return script


def environment(folder: Path, *distributions: str, needs: Sequence[str] = ()) -> Path:
    site = folder / "lib" / "python3.11" / "site-packages"
    (folder / "bin").mkdir(parents=True)
    for name in distributions:
        (site / f"{name}.dist-info").mkdir(parents=True)
        requires = "".join(f"Requires-Dist: {need}\n" for need in needs)
        (site / f"{name}.dist-info" / "METADATA").write_text(f"Name: {name}\n{requires}\nText\n")
    (folder / "bin" / "python").symlink_to("/usr/bin/python3")
    return folder / "bin"


class TestNode:
    def test_a_published_server_is_certain(self, proc: FakeProc, tmp_path: Path) -> None:
        script = node_package(tmp_path / "p", name="@x/files", mcpName="io.github.x/files")
        proc.add(50, ["node", str(script), "/srv"])
        server = only(look(proc, tmp_path))
        assert (server.confidence, server.key, server.label) == ("high", "1000:@x/files", "files")
        assert "io.github.x/files" in server.recognised_by

    def test_a_link_in_bin_leads_to_its_package(self, proc: FakeProc, tmp_path: Path) -> None:
        node_package(tmp_path / "node_modules" / "p", name="p-mcp", dependencies={"@modelcontextprotocol/sdk": "1"})
        link = tmp_path / "node_modules" / ".bin" / "tool"
        link.parent.mkdir()
        link.symlink_to("../p/dist/index.js")
        proc.add(50, ["node", str(link)])
        assert only(look(proc, tmp_path)).key == "1000:p-mcp"

    def test_a_relative_script_is_found_from_its_working_directory(self, proc: FakeProc, tmp_path: Path) -> None:
        node_package(tmp_path / "p", name="thing", dependencies={"@modelcontextprotocol/sdk": "1"}, code=SERVER)
        proc.add(50, ["node", "dist/index.js"], cwd=str(tmp_path / "p"))
        assert only(look(proc, tmp_path)).confidence == "high"

    def test_code_that_builds_a_server_needs_no_package(self, proc: FakeProc, tmp_path: Path) -> None:
        (tmp_path / "s.mjs").write_text(SERVER)
        proc.add(50, ["node", str(tmp_path / "s.mjs")])
        server = only(look(proc, tmp_path))
        assert (server.confidence, server.key) == ("high", f"1000:{tmp_path}/s.mjs")

    def test_a_package_that_only_needs_the_library_is_weaker(self, proc: FakeProc, tmp_path: Path) -> None:
        script = node_package(tmp_path / "p", name="thing", dependencies={"@modelcontextprotocol/sdk": "1"})
        proc.add(50, ["node", str(script), "--stdio"], descriptors={0: "socket:[9]"})
        assert only(look(proc, tmp_path)).confidence == "medium"

    @pytest.mark.parametrize("stdin", ["/dev/pts/3", "/dev/null"])
    def test_and_is_none_when_no_client_drives_it(self, proc: FakeProc, tmp_path: Path, stdin: str) -> None:
        script = node_package(tmp_path / "p", name="web", dependencies={"@modelcontextprotocol/sdk": "1"})
        proc.add(50, ["node", str(script)], descriptors={0: stdin})
        assert look(proc, tmp_path).servers == ()

    def test_a_tool_with_subcommands_is_a_server_only_with_that_one(self, proc: FakeProc, tmp_path: Path) -> None:
        script = node_package(tmp_path / "p", name="@angular/cli", dependencies={"@modelcontextprotocol/sdk": "1"})
        proc.add(50, ["node", str(script), "build"])
        assert look(proc, tmp_path).servers == ()
        proc.add(51, ["node", str(script), "mcp"])
        assert only(look(proc, tmp_path)).pid == 51

    @pytest.mark.parametrize("name", ["@google/gemini-cli", "@modelcontextprotocol/inspector"])
    def test_a_client_is_no_server(self, proc: FakeProc, tmp_path: Path, name: str) -> None:
        script = node_package(tmp_path / "p", name=name, dependencies={"@modelcontextprotocol/sdk": "1"})
        proc.add(50, ["node", str(script)])
        assert look(proc, tmp_path).servers == ()

    @pytest.mark.parametrize(
        "argv",
        [
            ["node", "-e", "require('http').createServer().listen()"],
            ["node", "/usr/lib/node_modules/typescript-language-server/lib/cli.mjs", "--stdio"],
            ["/usr/share/code/code", "--type=utility", "/home/dev/mcp-project"],
            ["vim", "mcp-server.py"],
            ["tail", "-f", "/var/log/mcp-server.log"],
            ["grep", "-r", "mcp", "."],
            ["python3", "-m", "pytest", "tests/test_mcp.py"],
            ["git", "clone", "https://example.org/mcp-server"],
        ],
    )
    def test_ordinary_programs_are_left_alone(self, proc: FakeProc, tmp_path: Path, argv: list[str]) -> None:
        proc.add(50, argv, descriptors={0: "socket:[9]"})
        facts = look(proc, tmp_path)
        assert facts.servers == ()
        assert facts.state.status == "complete"

    def test_an_express_application_is_left_alone(self, proc: FakeProc, tmp_path: Path) -> None:
        script = node_package(tmp_path / "mcp-demo" / "web", name="web", dependencies={"express": "4"})
        proc.add(50, ["node", str(script)])
        assert look(proc, tmp_path).servers == ()


class TestPython:
    def test_a_module_of_an_installed_server(self, proc: FakeProc, tmp_path: Path) -> None:
        folder = environment(tmp_path / "v", "mcp-1.9.0", "mcp_server_git-2025.1.1")
        proc.add(50, [str(folder / "python"), "-m", "mcp_server_git"], exe="/usr/bin/python3.11")
        server = only(look(proc, tmp_path))
        assert (server.confidence, server.key) == ("high", "1000:mcp-server-git")

    def test_a_console_script(self, proc: FakeProc, tmp_path: Path) -> None:
        folder = environment(tmp_path / "v", "mcp-2.3.0", "mcp_server_time-2026.10.19")
        argv = [str(folder / "python"), str(folder / "mcp-server-time"), "--x"]
        (folder / "mcp-server-time").write_text("from mcp_server_time import main\n")
        proc.add(50, argv, comm="mcp-server-time")
        assert only(look(proc, tmp_path)).key == "1000:mcp-server-time"

    def test_the_loaded_libraries_tell_when_the_arguments_do_not(self, proc: FakeProc, tmp_path: Path) -> None:
        environment(tmp_path / "v", "mcp-1.9.0", "duck_mcp-1.0")
        site = tmp_path / "v" / "lib" / "python3.11" / "site-packages"
        maps = f"7f00-7f01 r-xp 00000000 08:01 5    {site}/pydantic_core/_core.so\n"
        proc.add(50, ["python3", "-m", "duck_mcp"], maps=maps)
        assert only(look(proc, tmp_path)).confidence == "high"

    def test_a_script_that_builds_one(self, proc: FakeProc, tmp_path: Path) -> None:
        (tmp_path / "server.py").write_text("import os\nfrom mcp.server.fastmcp import FastMCP\n")
        proc.add(50, ["python3", "server.py"], cwd=str(tmp_path))
        server = only(look(proc, tmp_path))
        assert (server.confidence, server.label) == ("high", "server.py")

    def test_a_package_that_needs_the_library_and_is_driven(self, proc: FakeProc, tmp_path: Path) -> None:
        folder = environment(tmp_path / "v", "mcp-1.9.0", "serena-1.0", needs=["mcp>=1", "rich"])
        (folder / "serena").write_text("from serena import main\n")
        proc.add(50, [str(folder / "python"), str(folder / "serena")], descriptors={0: "pipe:[4]"})
        assert only(look(proc, tmp_path)).confidence == "medium"

    def test_others_of_the_same_environment_are_left_alone(self, proc: FakeProc, tmp_path: Path) -> None:
        folder = environment(tmp_path / "v", "mcp-1.9.0", "jupyter-1.0", needs=["rich", "mcp-like"])
        (folder / "jupyter").write_text("import jupyter\n")
        proc.add(50, [str(folder / "python"), str(folder / "jupyter")])
        proc.add(51, [str(folder / "python"), "-c", "import mcp"])
        assert look(proc, tmp_path).servers == ()

    def test_a_client_named_so_is_left_alone(self, proc: FakeProc, tmp_path: Path) -> None:
        folder = environment(tmp_path / "v", "mcp-1.9.0")
        proc.add(50, [str(folder / "python"), "-m", "mcp_client"])
        assert look(proc, tmp_path).servers == ()


class TestNames:
    @pytest.mark.parametrize(
        ("argv", "confidence"),
        [
            (["/usr/local/bin/github-mcp-server", "stdio"], "medium"),
            (["/opt/mcp-filesystem-server-with-a-long-name"], "medium"),
            (["/opt/old-mcp-thing"], "low"),
            (["claude", "mcp", "serve"], "medium"),
            (["codex", "mcp-server"], "medium"),
        ],
    )
    def test_a_program_named_so_is_only_a_guess(
        self, proc: FakeProc, tmp_path: Path, argv: list[str], confidence: str
    ) -> None:
        proc.add(50, argv)
        assert only(look(proc, tmp_path)).confidence == confidence

    def test_a_clients_own_subcommand_about_servers_is_none(self, proc: FakeProc, tmp_path: Path) -> None:
        proc.add(50, ["claude", "mcp", "list"])
        proc.add(51, ["claude", "--mcp-config", "x.json"])
        assert look(proc, tmp_path).servers == ()

    @pytest.mark.parametrize(
        "argv",
        [
            ["/x/mcp-hardening-workbench/.venv/bin/python", "/x/mcp-hardening-workbench/.venv/bin/workbench"],
            ["python3", "-m", "workbench"],
            ["uv", "tool", "uvx", "mcp-hardening-workbench"],
            ["/home/dev/.local/bin/workbench"],
        ],
    )
    def test_a_workbench_is_none(self, proc: FakeProc, tmp_path: Path, argv: list[str]) -> None:
        proc.add(50, argv)
        assert look(proc, tmp_path).servers == ()

    def test_a_deleted_program_is_still_seen_for_what_it_is(self, proc: FakeProc, tmp_path: Path) -> None:
        proc.add(50, ["/usr/local/bin/mcp-server-x"], exe="/usr/local/bin/mcp-server-x (deleted)")
        assert only(look(proc, tmp_path)).executable == "/usr/local/bin/mcp-server-x (deleted)"


class TestEntries:
    def test_an_entry_makes_any_program_a_server(self, proc: FakeProc, tmp_path: Path) -> None:
        proc.add(50, ["/opt/acme/agentd", "--stdio"])
        server = only(look(proc, tmp_path, entry(["/opt/acme/agentd", "--stdio"], "acme")))
        assert (server.confidence, server.label) == ("high", "acme (agentd)")
        assert server.entry is not None
        assert (server.entry.name, server.entry.pointer) == ("acme", ("mcpServers", "acme"))

    @pytest.mark.parametrize(
        "argv",
        [
            ["/opt/acme/agentd"],
            ["/opt/acme/agentd", "--stdio", "--more"],
            ["/opt/other/agentd", "--stdio"],
            ["/opt/acme/agentd", "--http"],
        ],
    )
    def test_other_arguments_are_another_start(self, proc: FakeProc, tmp_path: Path, argv: list[str]) -> None:
        proc.add(50, argv)
        assert look(proc, tmp_path, entry(["/opt/acme/agentd", "--stdio"])).servers == ()

    def test_what_the_client_fills_in_fits_anything(self, proc: FakeProc, tmp_path: Path) -> None:
        proc.add(50, ["/opt/agentd", "--root=/home/dev/x", "k"])
        assert only(look(proc, tmp_path, entry(["/opt/agentd", "--root=${workspaceFolder}/x", "k"]))).entry
        assert look(proc, tmp_path, entry(["/opt/agentd", "--root=${workspaceFolder}/y", "k"])).servers == ()

    def test_a_script_with_a_first_line_of_its_own(self, proc: FakeProc, tmp_path: Path) -> None:
        proc.add(50, ["/usr/bin/ruby", "/opt/agent", "--stdio"])
        assert only(look(proc, tmp_path, entry(["/opt/agent", "--stdio"]))).entry

    def test_two_entries_of_one_package_are_told_apart_by_their_arguments(self, proc: FakeProc, tmp_path: Path) -> None:
        script = node_package(tmp_path / "p", name="@x/files", mcpName="x/files")
        proc.add(50, ["node", str(script), "/b"])
        proc.add(51, ["node", str(script), "/a"], started=2000)
        proc.add(52, ["node", str(script), "/c"], started=3000)
        one, two = entry(["npx", "-y", "@x/files", "/a"], "a"), entry(["npx", "-y", "@x/files", "/b"], "b")
        servers = look(proc, tmp_path, one, two).servers
        assert [server.entry.name if server.entry else None for server in servers] == ["b", "a", None]
        assert [server.key for server in servers] == ["1000:@x/files", "1000:@x/files#2", "1000:@x/files#3"]

    def test_a_bare_interpreter_is_no_entry(self, proc: FakeProc, tmp_path: Path) -> None:
        proc.add(50, ["bash"])
        assert look(proc, tmp_path, entry(["bash"])).servers == ()

    def test_the_same_command_of_an_unrelated_account_is_not_joined(self, proc: FakeProc, tmp_path: Path) -> None:
        proc.add(40, ["/usr/bin/claude"], uid=1001)
        proc.add(50, ["/opt/acme/agentd", "--stdio"], uid=1001, parent=40)
        assert look(proc, tmp_path, entry(["/opt/acme/agentd", "--stdio"])).servers == ()

    def test_an_account_of_its_own_is_joined_through_its_client(self, proc: FakeProc, tmp_path: Path) -> None:
        proc.add(40, ["/usr/bin/claude"], uid=1000)
        proc.add(50, ["/opt/acme/agentd", "--stdio"], uid=990, parent=40)
        server = only(look(proc, tmp_path, entry(["/opt/acme/agentd", "--stdio"])))
        assert (server.uid, server.client) == (990, "claude")

    def test_of_two_entries_with_one_inner_command_the_account_decides(self, proc: FakeProc, tmp_path: Path) -> None:
        inner = ["node", "/opt/x.js", "/ws"]
        plain = entry(inner, "plain")
        other = entry(["setpriv", "--reuid=990", "--clear-groups", *inner], "other")
        odd = entry(["/opt/confine", "--as", "990", *inner], "odd")
        proc.add(40, ["/usr/bin/claude"])
        proc.add(50, inner, parent=40)
        proc.add(51, inner, parent=40, uid=990, started=2000)

        def joined(*entries: ServerEntry) -> list[str | None]:
            return [server.entry.name if server.entry else None for server in look(proc, tmp_path, *entries).servers]

        assert joined(plain, other) == ["plain", "other"]
        assert joined(other, plain) == ["plain", "other"]
        assert joined(plain, odd) == ["plain", "odd"]
        assert joined(other) == ["other"]

    def test_a_secret_in_the_arguments_is_matched_and_not_kept(self, proc: FakeProc, tmp_path: Path) -> None:
        token = "ghp_" + "9aZ3kQ7wLm2Xp8Rt5Vb1Nc6Yd4Hs0JfGeUiB"
        proc.add(50, ["/opt/acme/agentd", "--token", token])
        redacted = entry(["/opt/acme/agentd", "--token", token])
        redacted = replace(redacted, command=shown(redacted.command))
        facts = look(proc, tmp_path, redacted)
        assert only(facts).entry
        assert token not in repr(facts)


class TestGaps:
    def test_another_accounts_environment_is_a_stated_gap(
        self, proc: FakeProc, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        proc.add(50, ["/opt/notion-mcp"], uid=1001)
        deny(monkeypatch, "/50/environ", "/50/exe", "/50/cwd", *(f"/50/ns/{kind}" for kind in ("cgroup", "mnt")))
        facts = look(proc, tmp_path)
        server = only(facts)
        assert (server.environment, server.executable, server.umask) == (None, "", 0o022)
        assert facts.state.status == "partial"
        assert {gap.facet for gap in facts.state.unread} == {"environment", "executable", "namespaces"}
        assert all(gap.unlock == "look as root" for gap in facts.state.unread)

    def test_hidden_processes_are_a_stated_gap(self, proc: FakeProc, tmp_path: Path) -> None:
        (proc.root / "1" / "cmdline").unlink()
        (gap,) = look(proc, tmp_path).state.unread
        assert (gap.facet, "hidepid" in gap.why) == ("hidden", True)

    def test_command_lines_that_are_refused_are_a_stated_gap(
        self, proc: FakeProc, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        proc.add(50, ["x"])
        deny(monkeypatch, "/50/cmdline")
        (gap,) = look(proc, tmp_path).state.unread
        assert gap.facet == "hidden"

    def test_a_program_that_may_be_one_and_cannot_be_looked_into(
        self, proc: FakeProc, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        proc.add(50, ["node", "index.js"], uid=1001)
        deny(monkeypatch, "/50/cwd")
        facts = look(proc, tmp_path)
        assert facts.servers == ()
        assert [gap.facet for gap in facts.state.unread] == ["hidden"]

    def test_a_process_that_ends_meanwhile_is_left_out(
        self, proc: FakeProc, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        proc.add(50, ["/opt/notion-mcp"])
        (proc.root / "50" / "status").unlink()
        facts = look(proc, tmp_path)
        assert (facts.servers, facts.state.status) == ((), "complete")

    def test_without_proc_the_section_has_failed(self, tmp_path: Path) -> None:
        context = FakeProc(tmp_path / "proc").context(tmp_path)
        assert processes.gather(replace(context, proc=tmp_path / "none")).state.status == "failed"
