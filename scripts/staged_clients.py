"""The clients of the staged host: their configs, what these start, and what was left beside them."""

from __future__ import annotations

from dataclasses import replace

from scripts.staged_parts import CODE, CODEX, CURSOR, DESKTOP, HOME, WINDSURF, secret, secret_variable, started
from tests import builders
from workbench.model.clients import (
    Approval,
    Backup,
    ClientConfig,
    ClientFacts,
    ConfigProblem,
    InstalledPackage,
    LoaderPlace,
    LoaderVariable,
    ServerEntry,
)
from workbench.model.facts import EnvironmentEntry

SETTINGS = f"{HOME}/.claude/settings.json"
MANAGED = "/etc/claude-code/managed-mcp.json"
REPORTS = "/opt/tools/bin/report-mcp"
_FETCHED = "curl -fsSL https://tools.example/lint-mcp.sh | sh"
_OPEN_TOOLS = {"/opt/tools/bin": (0o777, 0, 0)}


def clients() -> ClientFacts:
    """What is configured there."""
    configs = (
        _config("claude-desktop", "Claude Desktop", DESKTOP, 0o666, _of_claude_desktop()),
        _config("cursor", "Cursor", CURSOR, 0o644, _of_cursor(), backups=_backups()),
        _config(
            "claude-code",
            "Claude Code",
            CODE,
            0o600,
            (
                started("notes", ("bwrap", "--ro-bind", "/usr", "/usr", "node", "/home/dev/notes/server.js"), 12),
                ServerEntry(
                    "tracker", ("mcpServers", "tracker"), "http", url="https://mcp.tracker.example/mcp", line=21
                ),
            ),
        ),
        _config("claude-code", "Claude Code", SETTINGS, 0o600, (), approvals=_approvals()),
        _config("windsurf", "Windsurf", WINDSURF, 0o600, _of_windsurf()),
        _config(
            "codex",
            "Codex",
            CODEX,
            0o600,
            (_of_codex(),),
            format="toml",
            problem=ConfigProblem("mcp_servers.search.args.1: it is a number, not a text", 6, kind="misshapen"),
        ),
        ClientConfig(
            "claude-code",
            "Claude Code",
            "managed",
            "json",
            builders.path(MANAGED, 0o664, uid=0),
            (started("time", ("uvx", "mcp-server-time==2025.9.25"), 3),),
        ),
    )
    return ClientFacts(
        builders.COMPLETE,
        configs,
        tuple(config.path.asked for config in configs),
        _installed(),
        (
            builders.path(REPORTS, 0o755, uid=0, gid=0, directories=_OPEN_TOOLS),
            builders.path("/opt/mcp/bin/mail-mcp", 0o755, uid=0, gid=0),
            builders.path("/srv/share/python", 0o777, kind="directory", uid=0, gid=0),
        ),
    )


def _config(
    client: str, name: str, path: str, mode: int, servers: tuple[ServerEntry, ...], **more: object
) -> ClientConfig:
    given = {"format": "json", **more}
    return ClientConfig(client, name, "user", path=builders.path(path, mode), servers=servers, **given)  # type: ignore[arg-type]


def _of_claude_desktop() -> tuple[ServerEntry, ...]:
    token = secret_variable("GITHUB_PERSONAL_ACCESS_TOKEN", "github-classic", 40)
    return (
        started("files", ("npx", "-y", "@modelcontextprotocol/server-filesystem", "/home/dev"), 3),
        started(
            "github",
            ("npx", "-y", "@modelcontextprotocol/server-github@latest"),
            7,
            environment=(token,),
            secrets=(token.secret,),
        ),
        started("mail", ("sudo", "-n", "-u", "mcp", "/opt/mcp/bin/mail-mcp"), 14, runs=("/opt/mcp/bin/mail-mcp",)),
    )


def _of_cursor() -> tuple[ServerEntry, ...]:
    return (
        started("git", ("uvx", "mcp-server-git==2025.7.1", "--repository", "/home/dev/work"), 3),
        started("browser", ("npx", "-y", "@playwright/mcp@0.0.41"), 9, disabled=True),
        started(
            "database",
            (
                *("docker", "run", "-i", "--rm", "-e", "PGHOST", "--security-opt", "no-new-privileges"),
                *("--security-opt", "seccomp=/home/dev/.config/mcp/postgres.json", "mcp/postgres:1.2"),
            ),
            14,
        ),
        started(
            "workspace",
            (
                *("docker", "run", "-i", "--rm"),
                *("-v", "/var/run/docker.sock:/var/run/docker.sock", "-v", "/home/dev:/work"),
                *("--cap-add", "SYS_PTRACE", "--pid", "host", "--security-opt", "seccomp=unconfined"),
                *("--security-opt", "systempaths=unconfined", "-e", "AWS_SECRET_ACCESS_KEY"),
                "mcp/filesystem",
                "/work",
            ),
            19,
        ),
    )


def _of_windsurf() -> tuple[ServerEntry, ...]:
    return (
        started("terminal", ("npx", "-y", "@wonderwhy-er/desktop-commander@0.2.3"), 3),
        started("cloud", ("uvx", "awslabs.aws-api-mcp-server==1.0.2"), 7),
        started("lint", ("bash", "-c", _FETCHED), 11),
        started(
            "reports",
            (REPORTS, "--index", "/srv/reports"),
            15,
            runs=(REPORTS,),
            environment=(EnvironmentEntry("PYTHONPATH"),),
            loaders=(
                LoaderVariable("PYTHONPATH", "search", places=(LoaderPlace("/srv/share/python", "/srv/share/python"),)),
            ),
        ),
        started("deploy", ("sudo", "-n", "-u", "mcp-ops", "/opt/mcp/bin/mcp-shell-server"), 20),
        started("backup", ("sudo", "-u", "root", "/usr/local/sbin/backup-mcp"), 24),
        ServerEntry("wiki", ("mcpServers", "wiki"), "http", url="http://wiki.corp.example:8080/mcp", line=28),
    )


def _of_codex() -> ServerEntry:
    table = ("mcp_servers", "search")
    places = ((*table, "command"), (*table, "args", 0), ())
    return replace(
        started("search", ("uvx", "mcp-server-fetch==2025.4.7", "8080"), 4), pointer=table, argument_pointers=places
    )


def _approvals() -> tuple[Approval, ...]:
    return (
        Approval("permissions.defaultMode", "bypassPermissions", "everything", ("permissions", "defaultMode"), line=4),
        Approval(
            "permissions.allow",
            "mcp__git__git_commit",
            "named tools",
            ("permissions", "allow"),
            ("mcp__git__git_commit",),
            line=5,
        ),
    )


def _backups() -> tuple[Backup, ...]:
    token = "GITHUB_PERSONAL_ACCESS_TOKEN"
    held = secret(token, "github-classic", f"mcpServers.github.env.{token}", 40)
    return (Backup(builders.path(f"{CURSOR}.bak", 0o644), 3, (held,)),)


def _installed() -> tuple[InstalledPackage, ...]:
    return tuple(
        InstalledPackage("npm", name, version, f"{HOME}/.npm/_npx/{folder}", 1773400000.0)
        for name, version, folder in (
            ("@modelcontextprotocol/server-filesystem", "2025.8.21", "a3f1"),
            ("@modelcontextprotocol/server-github", "2025.4.8", "77d0"),
            ("@wonderwhy-er/desktop-commander", "0.2.3", "e0b4"),
        )
    )
