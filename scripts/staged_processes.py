"""What runs on the staged host, and what it listens on."""

from __future__ import annotations

from dataclasses import replace

from scripts.staged_clients import REPORTS
from scripts.staged_parts import (
    BOXED,
    CODE,
    CONTAINER,
    CURSOR,
    DESKTOP,
    GROUPS,
    OPEN,
    WINDSURF,
    WORKSPACE,
    entry_of,
    running,
    secret,
    secret_variable,
)
from tests import builders
from workbench.model.facts import EnvironmentEntry, SectionState, Unread
from workbench.model.processes import ProcessFacts, ServerProcess
from workbench.model.sockets import PortFact, SocketFacts
from workbench.model.sources import SourceFact
from workbench.secrets import mark_of

_MEMORY = "1000:@modelcontextprotocol/server-memory"
_NPX = "/home/dev/.npm/_npx"


def processes() -> ProcessFacts:
    """The running servers, as somebody who is not root sees them."""
    unread = Unread("environment", "the environment of mcp-server-git", "it could not be read", "look as root")
    servers = (*_of_claude_desktop(), *_of_cursor(), *_of_windsurf(), _notes(), _memory(), _git())
    return ProcessFacts(SectionState("partial", unread=(unread,)), servers, seen=214)


def _of_claude_desktop() -> tuple[ServerProcess, ...]:
    files = builders.process(
        label="server-filesystem",
        groups=GROUPS,
        environment=(EnvironmentEntry("HOME"), EnvironmentEntry("PATH"), secret_variable("OPENAI_API_KEY")),
        entry=entry_of(DESKTOP, "files"),
        client="Claude Desktop",
        started=1773470000.0,
        isolation=OPEN,
        program=(builders.path("/usr/bin/node", 0o755, uid=0, gid=0),),
        source=_npm("a3f1", "@modelcontextprotocol/server-filesystem", "2025.8.21"),
    )
    github = running(
        "github",
        4310,
        ("node", f"{_NPX}/77d0/node_modules/.bin/mcp-server-github"),
        groups=GROUPS,
        entry=entry_of(DESKTOP, "github"),
        client="Claude Desktop",
        environment=(EnvironmentEntry("PATH"), secret_variable("GITHUB_PERSONAL_ACCESS_TOKEN", "github-classic", 40)),
        outdated="it runs version 2025.4.8; its config has named another since it was started",
        isolation=OPEN,
        program=(builders.path("/usr/bin/node", 0o755, uid=0, gid=0),),
        source=_npm("77d0", "@modelcontextprotocol/server-github", "2025.4.8"),
    )
    mail = running(
        "mail",
        4402,
        ("/opt/mcp/bin/mail-mcp",),
        executable="/opt/mcp/bin/mail-mcp",
        uid=990,
        gid=990,
        groups=(990,),
        account="mcp",
        umask=0o077,
        no_new_privileges=True,
        entry=entry_of(DESKTOP, "mail"),
        client="Claude Desktop",
        environment=None,
        isolation=replace(OPEN, homes_readable=(), homes_writable=(), uids=(990, 990, 990)),
        program=(builders.path("/opt/mcp/bin/mail-mcp", 0o755, uid=0, gid=0),),
        source=SourceFact("program", "/opt/mcp/bin/mail-mcp"),
    )
    return files, github, mail


def _of_cursor() -> tuple[ServerProcess, ...]:
    database = running(
        "database",
        5121,
        ("node", "/app/index.js"),
        executable="/usr/local/bin/node",
        uid=100,
        gid=100,
        groups=(100,),
        account="100",
        entry=entry_of(CURSOR, "database"),
        client="Cursor",
        container=CONTAINER,
        own_namespaces=("mnt", "pid", "net"),
        no_new_privileges=True,
        isolation=BOXED,
        source=SourceFact("container", "docker.io/mcp/postgres:1.2"),
    )
    workspace = running(
        "workspace",
        5233,
        ("node", "/app/dist/index.js", "/work"),
        executable="/usr/local/bin/node",
        uid=0,
        gid=0,
        groups=(0,),
        account="root",
        entry=entry_of(CURSOR, "workspace"),
        client="Cursor",
        container=WORKSPACE,
        own_namespaces=("mnt", "net"),
        isolation=replace(BOXED, homes_hidden=(), host_proc=True, filters_added=0, syscalls=()),
        source=SourceFact("container", "docker.io/mcp/filesystem"),
    )
    return database, workspace


def _of_windsurf() -> tuple[ServerProcess, ...]:
    reports = running(
        "reports",
        4519,
        (REPORTS, "--index", "/srv/reports"),
        executable=REPORTS,
        groups=GROUPS,
        entry=entry_of(WINDSURF, "reports"),
        client="Windsurf",
        isolation=replace(OPEN, capabilities_effective=("CAP_SYS_PTRACE",), capabilities_permitted=("CAP_SYS_PTRACE",)),
        program=(builders.path(REPORTS, 0o755, uid=0, gid=0, directories={"/opt/tools/bin": (0o777, 0, 0)}),),
        source=SourceFact("program", REPORTS),
    )
    cloud = running(
        "awslabs.aws-api-mcp-server",
        4533,
        ("python3", "-m", "awslabs.aws_api_mcp_server.server", "--secret-key", mark_of("an AWS key", 40)),
        groups=GROUPS,
        entry=entry_of(WINDSURF, "cloud"),
        client="Windsurf",
        isolation=OPEN,
        program=(builders.path("/usr/bin/python3", 0o755, uid=0, gid=0),),
        argument_secrets=(secret("AWS_SECRET_ACCESS_KEY", "an AWS key", "args[3] of python3", 40),),
        orphaned=True,
        source=SourceFact(
            "uv cache", "/home/dev/.cache/uv/archive-v0/b1c9", "pypi", "awslabs.aws-api-mcp-server", "1.0.2"
        ),
    )
    return reports, cloud


def _notes() -> ServerProcess:
    return running(
        "notes",
        4300,
        ("node", "/home/dev/notes/server.js"),
        entry=entry_of(CODE, "notes"),
        client="Claude Code",
        own_namespaces=("mnt", "pid"),
        no_new_privileges=True,
        umask=0o077,
        isolation=BOXED,
        program=(builders.path("/usr/bin/node", 0o755, uid=0, gid=0),),
        source=SourceFact("checkout", "/home/dev/notes", "npm", "notes-server", "0.3.0"),
    )


def _memory() -> ServerProcess:
    """Started by hand, weeks ago, and forgotten."""
    return running(
        "server-memory",
        6001,
        ("node", f"{_NPX}/c41e/node_modules/.bin/mcp-server-memory", "--http"),
        key=_MEMORY,
        groups=GROUPS,
        isolation=OPEN,
        program=(builders.path("/usr/bin/node", 0o755, uid=0, gid=0),),
        recognised_by="its package.json depends on @modelcontextprotocol/sdk",
        source=_npm("c41e", "@modelcontextprotocol/server-memory", "2025.9.25"),
    )


def _git() -> ServerProcess:
    """Root's: of what root runs not everything is told."""
    return builders.process(
        key="0:mcp-server-git",
        label="mcp-server-git",
        pid=812,
        chain=(812,),
        command=("/opt/mcp/bin/mcp-server-git", "--repository", "/srv/repo"),
        executable="/opt/mcp/bin/python3",
        working_directory="/srv/repo",
        uid=0,
        gid=0,
        groups=(0,),
        account="root",
        started=1773380000.0,
        recognised_by="the unit mcp-git.service starts it",
        unit="mcp-git.service",
        capabilities_effective=0x1FFFFFFFFFF,
        environment=None,
    )


def _npm(folder: str, name: str, version: str) -> SourceFact:
    return SourceFact("npx cache", f"{_NPX}/{folder}/node_modules/{name}", "npm", name, version)


def sockets() -> SocketFacts:
    """What they listen on: open to all, in a shared folder, without a file, and as it should be."""
    files = builders.socket(builders.path("/tmp/mcp-files.sock", 0o777, kind="socket"))
    private = builders.socket(
        builders.path("/run/user/1000/mcp/notes.sock", 0o600, kind="socket"),
        inode=78,
        server="1000:notes",
        pids=(4300,),
        peers=(1000,),
    )
    shared = builders.socket(
        builders.path(
            "/srv/share/mcp/reports.sock", 0o660, kind="socket", directories={"/srv/share/mcp": (0o777, 0, 0)}
        ),
        inode=80,
        server="1000:reports",
        pids=(4519,),
        peers=(1000, 1001),
    )
    abstract = replace(
        files, name="mcp-memory", abstract=True, inode=81, path=None, server=_MEMORY, pids=(6001,), bound_inode=0
    )
    left_over = builders.path("/tmp/mcp-search.sock", 0o755, kind="socket")
    ports = (
        PortFact("127.0.0.1", 3001, 79, "host", _MEMORY, pids=(6001,), uid=1000),
        PortFact("0.0.0.0", 7100, 82, "network", "1000:reports", pids=(4519,), uid=1000),
    )
    found = (files, private, shared, abstract)
    return SocketFacts(builders.COMPLETE, found, "sock_diag", seen=61, ports=ports, stale=(left_over,))
