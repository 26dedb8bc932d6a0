"""The facts of the staged host, written by hand: what its clients start, what runs, what it listens on."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from scripts.staged_audit import audit
from tests import builders
from workbench.host.servers.joining import Facts, join
from workbench.model.assets import AssetFact, AssetFacts, AssetKind, Basis, Reach, Verdict
from workbench.model.clients import (
    ClientConfig,
    ClientFacts,
    ConfigProblem,
    EntryReference,
    InstalledPackage,
    ServerEntry,
)
from workbench.model.containers import ContainerFact, ContainerFacts, EngineFact
from workbench.model.facts import EnvironmentEntry, SecretFact, SectionState, Unread
from workbench.model.launch import Ability, ImageSpec, Launch, PackageSpec, RootArgument, SetVariable
from workbench.model.processes import ProcessFacts, ServerProcess
from workbench.model.servers import Server, ServerFacts
from workbench.model.session import SessionFacts
from workbench.model.snapshot import Snapshot
from workbench.model.sockets import PortFact, SocketFacts
from workbench.model.sources import SourceFact
from workbench.model.sudoers import SudoCommand, SudoersFacts, SudoRule
from workbench.model.units import ExposureItem, IgnoredLine, UnitFact, UnitFacts

TAKEN_AT = "2026-03-14T09:26:53+00:00"
DESKTOP = "/home/dev/.config/Claude/claude_desktop_config.json"
CURSOR = "/home/dev/.cursor/mcp.json"
CODE = "/home/dev/.claude.json"
CODEX = "/home/dev/.codex/config.toml"
CONTAINER = "9f2c" * 16
_PORT, _SHARED = "127.0.0.1:5432", "it shares this host's network"
_WORTH: tuple[tuple[AssetKind, str], ...] = (
    ("browser profile", "/home/dev/.mozilla/firefox/a1b2.default/logins.json"),
    ("client config", CODE),
    ("cloud credential", "/home/dev/.aws/credentials"),
    ("code host credential", "/home/dev/.config/gh/hosts.yml"),
    ("container engine", "/var/run/docker.sock"),
    ("package credential", "/home/dev/.npmrc"),
    ("private key", "/home/dev/.ssh/id_ed25519"),
    ("private key", "/home/dev/.ssh/id_rsa_work"),
    ("shell history", "/home/dev/.bash_history"),
)


def snapshot() -> Snapshot:
    """The facts of the host."""
    clients, processes, sockets, units = _clients(), _processes(), _sockets(), _units()
    containers = _containers()
    servers = ServerFacts(builders.COMPLETE, join(Facts(clients, processes, sockets, units, containers)))
    made = builders.snapshot(
        clients=clients,
        processes=processes,
        sockets=sockets,
        session=SessionFacts(builders.COMPLETE, 0o002, (EnvironmentEntry("PATH"), _secret_variable("OPENAI_API_KEY"))),
        sudoers=_sudoers(),
        units=units,
        containers=containers,
        servers=servers,
        assets=_assets(servers),
        audit=audit(),
    )
    return replace(made, taken_at=TAKEN_AT, workbench="0")


def _secret_variable(name: str, kind: str = "an OpenAI key", length: int = 51) -> EnvironmentEntry:
    return EnvironmentEntry(name, SecretFact(kind, f"env.{name}", length, "5f2c9a417d3e"))


def _package(name: str, version: str, pin: Any, argument: int, runner: str = "npx") -> PackageSpec:
    text = f"{name}@{version}" if version else name
    return PackageSpec("npm" if runner == "npx" else "pypi", name, version, pin, runner, text, argument)


def _server(name: str, command: tuple[str, ...], package: PackageSpec | None, line: int, **more: Any) -> ServerEntry:
    places = tuple(
        ("mcpServers", name, "args", at - 1) if at else ("mcpServers", name, "command") for at in range(len(command))
    )
    launch = more.pop("launch", None) or Launch(
        command[0], command[1:], package=package, roots=more.pop("roots", ()), abilities=more.pop("abilities", ())
    )
    return ServerEntry(name, ("mcpServers", name), "stdio", command, places, launch=launch, line=line, **more)


def _clients() -> ClientFacts:
    files = _server(
        "files",
        ("npx", "-y", "@modelcontextprotocol/server-filesystem", "/home/dev"),
        _package("@modelcontextprotocol/server-filesystem", "", "none", 2),
        3,
        roots=(RootArgument("/home/dev", "/home/dev", 3),),
        abilities=(Ability("files", "@modelcontextprotocol/server-filesystem reads and writes files", 2),),
    )
    github = _server(
        "github",
        ("npx", "-y", "@modelcontextprotocol/server-github@latest"),
        _package("@modelcontextprotocol/server-github", "latest", "tag", 2),
        7,
        environment=(_secret_variable("GITHUB_PERSONAL_ACCESS_TOKEN", "a GitHub token", 40),),
    )
    git = _server(
        "git",
        ("uvx", "mcp-server-git==2025.7.1", "--repository", "/home/dev/work"),
        _package("mcp-server-git", "2025.7.1", "exact", 1, "uvx"),
        3,
        roots=(RootArgument("/home/dev/work", "/home/dev/work", 3),),
    )
    notes = _server(
        "notes",
        ("bwrap", "--ro-bind", "/usr", "/usr", "node", "/home/dev/notes/server.js"),
        None,
        12,
        launch=Launch(
            "node",
            ("/home/dev/notes/server.js",),
            wrappers=("bwrap",),
            sandbox="bwrap",
            script="/home/dev/notes/server.js",
            sandbox_argument=0,
        ),
    )
    mail = _server(
        "mail",
        ("sudo", "-n", "-u", "mcp", "/opt/mcp/bin/mail-mcp"),
        None,
        14,
        launch=Launch("/opt/mcp/bin/mail-mcp", wrappers=("sudo",), account="mcp", account_argument=3),
    )
    browser = _server(
        "browser",
        ("npx", "-y", "@playwright/mcp@0.0.41"),
        _package("@playwright/mcp", "0.0.41", "exact", 2),
        9,
        disabled=True,
        abilities=(Ability("browser", "@playwright/mcp drives a browser", 2),),
    )
    database = _server(
        "database",
        ("docker", "run", "-i", "--rm", "-e", "PGHOST", "mcp/postgres:1.2"),
        None,
        14,
        launch=Launch(
            "docker",
            wrappers=("docker run",),
            sandbox="docker",
            image=ImageSpec("mcp/postgres:1.2", "docker.io/mcp/postgres", "1.2", argument=6),
            environment=(SetVariable("PGHOST", 5),),
            abilities=(Ability("database", "its image is mcp/postgres", 6),),
            sandbox_argument=0,
        ),
    )
    tracker = ServerEntry("tracker", ("mcpServers", "tracker"), "http", url="https://mcp.tracker.example/mcp", line=21)
    configs = (
        ClientConfig(
            "claude-desktop", "Claude Desktop", "user", "json", builders.path(DESKTOP, 0o666), (files, github, mail)
        ),
        ClientConfig("cursor", "Cursor", "user", "json", builders.path(CURSOR, 0o644), (git, browser, database)),
        ClientConfig("claude-code", "Claude Code", "user", "json", builders.path(CODE, 0o600), (notes, tracker)),
        ClientConfig(
            "codex",
            "Codex",
            "user",
            "toml",
            builders.path(CODEX, 0o600),
            problem=ConfigProblem("a string is not closed", 7, 11, "Codex does not start until it is corrected"),
        ),
    )
    installed = (
        InstalledPackage(
            "npm", "@modelcontextprotocol/server-filesystem", "2025.8.21", "/home/dev/.npm/_npx/a3f1", 1773400000.0
        ),
        InstalledPackage(
            "npm", "@modelcontextprotocol/server-github", "2025.4.8", "/home/dev/.npm/_npx/77d0", 1773400000.0
        ),
    )
    unread = Unread("content", CODEX, "a string is not closed", "correct the file")
    state = SectionState("partial", unread=(unread,))
    return ClientFacts(state, configs, (DESKTOP, CURSOR, CODE, CODEX), installed)


def _processes() -> ProcessFacts:
    files = builders.process(
        key="1000:@modelcontextprotocol/server-filesystem",
        label="server-filesystem",
        environment=(EnvironmentEntry("HOME"), EnvironmentEntry("PATH"), _secret_variable("OPENAI_API_KEY")),
        entry=EntryReference(DESKTOP, ("mcpServers", "files"), "files"),
        client="Claude Desktop",
        started=1773470000.0,
        source=SourceFact(
            "npx cache",
            "/home/dev/.npm/_npx/a3f1/node_modules/@modelcontextprotocol/server-filesystem",
            "npm",
            "@modelcontextprotocol/server-filesystem",
            "2025.8.21",
        ),
    )
    github = _running(
        "github",
        4310,
        ("node", "/home/dev/.npm/_npx/77d0/node_modules/.bin/mcp-server-github"),
        entry=EntryReference(DESKTOP, ("mcpServers", "github"), "github"),
        client="Claude Desktop",
        environment=(EnvironmentEntry("PATH"), _secret_variable("GITHUB_PERSONAL_ACCESS_TOKEN", "a GitHub token", 40)),
        outdated="it runs version 2025.4.8; its config has named another since it was started",
        source=SourceFact(
            "npx cache",
            "/home/dev/.npm/_npx/77d0/node_modules/@modelcontextprotocol/server-github",
            "npm",
            "@modelcontextprotocol/server-github",
            "2025.4.8",
        ),
    )
    notes = _running(
        "notes",
        4300,
        ("node", "/home/dev/notes/server.js"),
        entry=EntryReference(CODE, ("mcpServers", "notes"), "notes"),
        client="Claude Code",
        own_namespaces=("mnt", "pid"),
        no_new_privileges=True,
        source=SourceFact("checkout", "/home/dev/notes", "npm", "notes-server", "0.3.0"),
    )
    mail = _running(
        "mail",
        4402,
        ("/opt/mcp/bin/mail-mcp",),
        executable="/opt/mcp/bin/mail-mcp",
        uid=990,
        gid=990,
        groups=(990,),
        account="mcp",
        entry=EntryReference(DESKTOP, ("mcpServers", "mail"), "mail"),
        client="Claude Desktop",
        environment=None,
        source=SourceFact("program", "/opt/mcp/bin/mail-mcp"),
    )
    database = _running(
        "database",
        5121,
        ("node", "/app/index.js"),
        uid=100,
        gid=100,
        groups=(100,),
        account="100",
        entry=EntryReference(CURSOR, ("mcpServers", "database"), "database"),
        client="Cursor",
        container=CONTAINER,
        own_namespaces=("mnt", "pid", "net"),
        no_new_privileges=True,
        source=SourceFact("container", "docker.io/mcp/postgres:1.2"),
    )
    memory = _running(
        "server-memory",
        6001,
        ("node", "/home/dev/.npm/_npx/c41e/node_modules/.bin/mcp-server-memory", "--http"),
        key="1000:@modelcontextprotocol/server-memory",
        recognised_by="its package.json depends on @modelcontextprotocol/sdk",
        source=SourceFact(
            "npx cache",
            "/home/dev/.npm/_npx/c41e/node_modules/@modelcontextprotocol/server-memory",
            "npm",
            "@modelcontextprotocol/server-memory",
            "2025.9.25",
        ),
    )
    git = builders.process(
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
    unread = Unread(
        "environment",
        "the environment of mcp-server-git",
        "it could not be read",
        "look as root",
    )
    servers = (files, github, notes, mail, database, memory, git)
    return ProcessFacts(SectionState("partial", unread=(unread,)), servers, seen=214)


def _running(label: str, pid: int, command: tuple[str, ...], **more: Any) -> ServerProcess:
    given: dict[str, Any] = {
        "key": f"1000:{label}",
        "chain": (pid,),
        "started": 1773472000.0,
        "environment": (EnvironmentEntry("PATH"),),
        "recognised_by": "a client's config starts it",
    }
    return builders.process(**{**given, "label": label, "pid": pid, "command": command, **more})


def _sockets() -> SocketFacts:
    where = builders.path("/tmp/mcp-files.sock", 0o777, kind="socket")
    files = builders.socket(where)
    private = builders.socket(
        builders.path("/run/user/1000/mcp/notes.sock", 0o600, kind="socket"),
        inode=78,
        server="1000:notes",
        pids=(4300,),
    )
    memory = PortFact("127.0.0.1", 3001, 79, "host", "1000:@modelcontextprotocol/server-memory", pids=(6001,), uid=1000)
    return SocketFacts(builders.COMPLETE, (files, private), "sock_diag", seen=61, ports=(memory,))


def _sudoers() -> SudoersFacts:
    rule = SudoRule(
        ("dev",),
        ("ALL",),
        ("root",),
        (),
        (SudoCommand("/usr/bin/node *", target=builders.path("/usr/bin/node", 0o755, uid=0, gid=0)),),
        passwordless=True,
        file="/etc/sudoers.d/mcp",
        line=2,
    )
    file = builders.entry("/etc/sudoers.d/mcp", 0o440, uid=0, gid=0)
    return SudoersFacts(builders.COMPLETE, (rule,), (file,))


def _units() -> UnitFacts:
    git = UnitFact(
        "mcp-git.service",
        builders.path("/etc/systemd/system/mcp-git.service", 0o644, uid=0, gid=0),
        "system",
        exposure=9.2,
        measured="live",
        items=(
            ExposureItem("User=", "Service runs as root user", 0.4),
            ExposureItem("CapabilityBoundingSet=~CAP_SYS_ADMIN", "Service has administrator privileges", 0.3),
            ExposureItem("RestrictNamespaces=~user", "Service may create user namespaces", 0.3),
            ExposureItem("PrivateNetwork=", "Service has access to the host's network", 0.5),
        ),
        ignored=(
            IgnoredLine(
                "/etc/systemd/system/mcp-git.service",
                14,
                "Failed to parse boolean value, ignoring: yes  # no escalation",
                "NoNewPrivileges=yes  # no escalation",
            ),
        ),
        recognised_by="ExecStart names mcp-server-git",
        command=("/opt/mcp/bin/mcp-server-git", "--repository", "/srv/repo"),
    )
    return UnitFacts(builders.COMPLETE, (git,), seen=148)


def _containers() -> ContainerFacts:
    database = ContainerFact(
        CONTAINER,
        "brave_hopper",
        "mcp/postgres:1.2",
        command=("node", "/app/index.js"),
        running=True,
        pid=5121,
        started=1773472000.0,
        engine="/var/run/docker.sock",
        recognised_by="its image is mcp/postgres",
    )
    return ContainerFacts(
        builders.COMPLETE, (database,), (EngineFact("/var/run/docker.sock", "the usual place"),), seen=3
    )


def _assets(servers: ServerFacts) -> AssetFacts:
    """What is worth stealing there, and who could open it, as somebody who is not root can tell."""
    found = (
        *(
            AssetFact(kind, name, builders.path(name, 0o600, kind="socket" if name.endswith(".sock") else "file"))
            for kind, name in _WORTH
        ),
        AssetFact("database", _PORT, port=5432),
    )
    reaches = (
        Reach((server.key,), asset.name, *_reach(server, asset))
        for server in servers.servers
        if server.presence not in ("remote", "switched off")
        for asset in found
    )
    return AssetFacts(builders.COMPLETE, found, tuple(reaches))


def _reach(server: Server, asset: AssetFact) -> tuple[Verdict, str, Basis]:
    if server.presence == "not running":
        why = "nothing would stand around it" if asset.port else "it would run as dev, who may open it"
        return "yes", why, "predicted"
    if server.accounts == ("root",):
        why = "its network may not be seen" if asset.port else "which files it sees may not be looked up"
        return "unknown", why, "computed"
    if asset.port:
        alone = "container" in server.isolation
        return ("no", "it has a network of its own", "computed") if alone else ("yes", _SHARED, "computed")
    if server.accounts == ("mcp",):
        return "no", "the account mcp has no right to it", "computed"
    if server.isolation:
        return "no", "it does not see that place", "computed"
    return "yes", "the account dev may open it", "computed"
