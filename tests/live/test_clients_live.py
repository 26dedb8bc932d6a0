"""Real packages, real configs, real rights: from the file on disk to the repaired file on disk."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import builders
from tests.live import support
from tests.live.support_clients import npm_environment, run, start_with_npx, start_with_uvx, uv_environment, uvx
from tests.plugins.loading import make_plan, run_check
from workbench.documents import replace_string
from workbench.host.clients import gather
from workbench.host.context import Context
from workbench.model.clients import ClientFacts
from workbench.model.facts import Account, AccountFacts, HostFacts
from workbench.model.finding import Finding, Passed
from workbench.model.operations import EditValue
from workbench.model.plan import Plan
from workbench.model.snapshot import Snapshot

pytestmark = [pytest.mark.live, pytest.mark.xdist_group("clients")]  # they share a cache of packages

FILES = "@modelcontextprotocol/server-filesystem"
CONFIG = ".config/Claude/claude_desktop_config.json"
NOBODY = Account(65534, "nobody", 65534, (65534,), "/nonexistent")
ACCOUNTS = AccountFacts(builders.COMPLETE, (builders.ROOT, NOBODY), ((0, "root"), (65534, "nobody")))


def _look(home: Path, environment: dict[str, str] | None = None) -> ClientFacts:
    context = Context("linux", home, os.getuid(), environment or {}, home, managed_root=home / "system")
    return gather(context)


def _snapshot(home: Path, clients: ClientFacts, accounts: AccountFacts = ACCOUNTS) -> Snapshot:
    host = HostFacts("linux", "live", os.getuid(), "me", str(home))
    return builders.snapshot(clients=clients, host=host, accounts=accounts)


def _write(path: Path, content: dict[str, Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=2) + "\n")
    path.chmod(0o600)
    return path


def _pin(home: Path, config: Path, environment: dict[str, str]) -> str:
    """Find the unpinned package, plan the repair, carry it out, look again. Gives the new argument."""
    before = _snapshot(home, _look(home, environment))
    (finding,) = builders.findings(run_check("clients/unpinned-package", before))
    plan = make_plan("clients/pin-version", finding, before)
    assert isinstance(plan, Plan), plan
    (edit,) = plan.operations
    assert isinstance(edit, EditValue)
    assert edit.path == str(config)
    old = config.read_bytes()
    new = replace_string(old, edit.format, edit.pointer, edit.expect, edit.value)
    assert new == old.replace(f'"{edit.expect}"'.encode(), f'"{edit.value}"'.encode(), 1)
    config.write_bytes(new)
    after = _snapshot(home, _look(home, environment))
    assert builders.kinds(run_check("clients/unpinned-package", after)) == {Passed}
    return edit.value


def test_a_real_npm_server_is_found_unpinned_pinned_and_starts_from_its_pin(tmp_path: Path) -> None:
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    start_with_npx(FILES, tmp_path, str(workspace))
    environment = npm_environment(tmp_path)
    entry = {"command": "npx", "args": ["-y", FILES, str(workspace)]}
    config = _write(tmp_path / CONFIG, {"mcpServers": {"files": entry}})

    facts = _look(tmp_path, environment)
    (server,) = facts.configs[0].servers
    assert server.launch is not None
    assert server.launch.package is not None
    assert (server.launch.package.name, server.launch.package.pin) == (FILES, "none")
    assert [root.path for root in server.launch.roots] == [os.path.realpath(workspace)]
    versions = {item.version for item in facts.installed if item.name == FILES}
    manifest = next(Path(environment["npm_config_cache"]).glob(f"_npx/*/node_modules/{FILES}/package.json"))
    assert json.loads(manifest.read_text())["version"] in versions

    pinned = _pin(tmp_path, config, environment)
    assert pinned.removeprefix(f"{FILES}@") in versions
    offline = {**environment, "npm_config_offline": "true"}
    done = run([support.require_program("npx"), "-y", pinned, str(workspace)], offline)
    assert done.returncode == 0, done.stderr


def test_a_real_python_server_is_found_unpinned_pinned_and_starts_from_its_pin(tmp_path: Path) -> None:
    start_with_uvx("mcp-server-time", tmp_path, "--help")
    environment = uv_environment(tmp_path)
    entry = {"command": "uvx", "args": ["mcp-server-time"]}
    config = _write(tmp_path / ".cursor/mcp.json", {"mcpServers": {"time": entry}})
    pinned = _pin(tmp_path, config, environment)
    name, _, version = pinned.partition("@")
    assert name == "mcp-server-time"
    assert version[0].isdigit()
    done = run([uvx(tmp_path), "--offline", pinned, "--help"], environment)
    assert done.returncode == 0, done.stderr


def test_the_spelling_behind_from_starts_too(tmp_path: Path) -> None:
    start_with_uvx("mcp-server-time", tmp_path, "--help")
    environment = uv_environment(tmp_path)
    entry = {"command": "uvx", "args": ["--from", "mcp-server-time", "mcp-server-time"]}
    config = _write(tmp_path / ".cursor/mcp.json", {"mcpServers": {"time": entry}})
    pinned = _pin(tmp_path, config, environment)
    assert pinned.startswith("mcp-server-time==")
    done = run([uvx(tmp_path), "--offline", "--from", pinned, "mcp-server-time", "--help"], environment)
    assert done.returncode == 0, done.stderr


@pytest.fixture
def home() -> Iterator[Path]:
    """A home that other accounts reach, as pytest's own folders are not."""
    support.require_root()
    support.require_program("setfacl")
    support.require_program("setpriv")
    folder = Path(tempfile.mkdtemp(dir="/tmp", prefix="clients-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def _others_may(test: str, path: Path) -> bool:
    """Whether the account that the ACLs name, or one that nothing names, may do it: the kernel's answer."""
    command = ["--clear-groups", "test", test, str(path)]
    return any(
        subprocess.run(["setpriv", f"--reuid={uid}", f"--regid={uid}", *command], check=False).returncode == 0
        for uid in (65534, 54321)
    )


def _found(home: Path, check: str) -> list[Finding]:
    return builders.findings(run_check(check, _snapshot(home, _look(home))))


@pytest.mark.parametrize("folder_mode", [0o755, 0o700, 0o711, 0o777])
@pytest.mark.parametrize("mode", [0o600, 0o644, 0o622, 0o640, 0o666])
@pytest.mark.parametrize("acl", ["", "u:65534:rw", "u:65534:r", "g:65534:w"])
def test_findings_agree_with_what_another_account_can_do(home: Path, mode: int, folder_mode: int, acl: str) -> None:
    config = _write(home / CONFIG, {"mcpServers": {}})
    config.chmod(mode)
    if acl:
        subprocess.run(["setfacl", "-m", acl, str(config)], check=True)
    config.parent.chmod(folder_mode)
    written = [f for f in _found(home, "clients/config-writable-by-others") if f.subject.kind == "config"]
    replaced = [f for f in _found(home, "clients/config-writable-by-others") if f.subject.kind == "directory"]
    assert bool(written) is _others_may("-w", config)
    assert bool(replaced) is _others_may("-w", config.parent)
    assert bool(_found(home, "clients/config-readable-by-others")) is _others_may("-r", config)


def test_a_home_of_the_kind_the_workbench_asks_for_passes_every_check(home: Path) -> None:
    home.chmod(0o700)
    entry = {
        "command": "bwrap",
        "args": [
            "--unshare-all",
            "--ro-bind",
            "/usr",
            "/usr",
            "--bind",
            f"{home}/work",
            "/work",
            "npx",
            "-y",
            "a@1.2.3",
        ],
        "env": {"API_TOKEN": "${env:API_TOKEN}"},
    }
    _write(home / ".cursor/mcp.json", {"mcpServers": {"a": entry}})
    snapshot = _snapshot(home, _look(home))
    for check in (
        "clients/config-writable-by-others",
        "clients/config-readable-by-others",
        "clients/broad-root",
        "clients/unpinned-package",
        "clients/no-isolation",
        "secrets/in-config",
    ):
        assert not builders.findings(run_check(check, snapshot)), check
    assert snapshot.clients.state.status == "complete"


LOADERS = {
    # program: what it runs to load a module by a name that only the working directory has
    "python3": ("zzz.py", "open('loaded', 'w')\n", "import zzz\n"),
    "node": ("zzz.js", "require('fs').writeFileSync('loaded', '')\n", "require('zzz')\n"),
    "perl": ("zzz.pm", "open(my $f, '>', 'loaded'); 1;\n", "use lib (); require zzz;\n"),
}


@pytest.mark.parametrize(
    ("program", "variable", "value", "loads"),
    [
        ("python3", "PYTHONPATH", "/usr/lib:", True),
        ("python3", "PYTHONPATH", ".", True),
        ("python3", "PYTHONPATH", "", False),
        ("node", "NODE_PATH", ":/usr/lib:", False),
        ("node", "NODE_PATH", ".", True),
        ("node", "NODE_OPTIONS", "--require ./zzz.js", True),
        ("node", "NODE_OPTIONS", "--max-old-space-size=512", False),
        ("perl", "PERL5LIB", "/usr/lib::", False),
        ("perl", "PERL5LIB", ".", True),
        ("perl", "PERL5OPT", "-w", False),
    ],
)
def test_what_a_variable_really_loads(program: str, variable: str, value: str, loads: bool, tmp_path: Path) -> None:
    support.require_program(program)
    name, module, script = LOADERS[program]
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / name).write_text(module)
    (tmp_path / "script").write_text(script)
    environment = {"PATH": os.environ["PATH"], variable: value}
    command = [program, str(tmp_path / "script")]
    subprocess.run(command, cwd=tmp_path / "here", env=environment, capture_output=True, timeout=60, check=False)
    assert (tmp_path / "here/loaded").exists() is loads
    # The workbench says the same of it, where it does not know the working directory.
    entry = {"command": program, "args": [str(tmp_path / "script")], "env": {variable: value}}
    _write(tmp_path / ".cursor/mcp.json", {"mcpServers": {"a": entry}})
    (found,) = _look(tmp_path, {"PATH": os.environ["PATH"]}).configs[0].servers[0].loaders
    assert (found.effect == "code" or found.relative > 0) is loads


@pytest.mark.parametrize(("value", "finds"), [("/usr/bin:", True), ("/usr/bin::/bin", True), ("/usr/bin:/bin", False)])
def test_an_empty_name_in_a_path_is_the_working_directory(value: str, finds: bool, tmp_path: Path) -> None:
    tool = tmp_path / "a-tool-of-no-system"
    tool.write_text("#!/bin/sh\nexit 42\n")
    tool.chmod(0o755)
    done = subprocess.run(["/bin/sh", "-c", tool.name], cwd=tmp_path, env={"PATH": value}, check=False, timeout=60)
    assert (done.returncode == 42) is finds


def test_bash_runs_what_its_variable_names(tmp_path: Path) -> None:
    support.require_program("bash")
    (tmp_path / "first").write_text("exit 42\n")
    environment = {"PATH": os.environ["PATH"], "BASH_ENV": str(tmp_path / "first")}
    assert subprocess.run(["bash", "-c", "exit 0"], env=environment, check=False, timeout=60).returncode == 42


def test_a_program_that_another_account_really_replaces(open_folder: Path) -> None:
    program = open_folder / "shared/server"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\necho mine\n")
    program.chmod(0o755)
    config = _write(open_folder / ".cursor/mcp.json", {"mcpServers": {"a": {"command": str(program)}}})

    def said() -> list[Finding]:
        found = _look(open_folder)
        return [
            finding
            for finding in builders.findings(
                run_check("clients/program-writable-by-others", _snapshot(open_folder, found))
            )
            if any(str(program.parent) in evidence.actual for evidence in finding.evidence)
        ]

    assert config.exists() and not said()
    assert not _replaced_by_nobody(program)
    program.parent.chmod(0o777)
    assert said()
    assert _replaced_by_nobody(program)


def _replaced_by_nobody(program: Path) -> bool:
    script = f"rm -f {program} && echo evil > {program}"
    done = subprocess.run(
        ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "sh", "-c", script],
        capture_output=True,
        check=False,
        timeout=60,
    )
    return done.returncode == 0


@pytest.fixture
def open_folder() -> Iterator[Path]:
    support.require_root()
    support.require_program("setpriv")
    folder = Path(tempfile.mkdtemp(dir="/tmp", prefix="programs-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)
