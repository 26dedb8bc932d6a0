"""What starts servers of the staged host besides clients: systemd's units, and the rules of sudo."""

from __future__ import annotations

from dataclasses import replace

from scripts.staged_parts import secret
from tests import builders
from workbench.launch import understand
from workbench.model.facts import PathFact
from workbench.model.sudoers import SudoCommand, SudoDefault, SudoEntry, SudoersFacts, SudoRule
from workbench.model.units import ExposureItem, IgnoredLine, UnitFact, UnitFacts, UnitRun, UnitSecret, UnitSetting

_GIT = "/etc/systemd/system/mcp-git.service"
_SEARCH = "/home/dev/.config/systemd/user/mcp-search.service"
_INDEX = "/etc/systemd/system/mcp-index.service"
_SUDOERS = "/etc/sudoers.d"


def units() -> UnitFacts:
    """The units that run servers."""
    return UnitFacts(builders.COMPLETE, (_git(), _search(), _index()), seen=148, version=252)


def _git() -> UnitFact:
    command = ("/opt/mcp/bin/mcp-server-git", "--repository", "/srv/repo")
    where = builders.path(_GIT, 0o644, uid=0, gid=0)
    return UnitFact(
        "mcp-git.service",
        where,
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
                _GIT,
                14,
                "Failed to parse boolean value, ignoring: yes # …",
                "NoNewPrivileges=yes # …",
            ),
        ),
        recognised_by="ExecStart names mcp-server-git",
        command=command,
        files=(_changed(where, 1773460000.0),),
        settings=(UnitSetting("Service", "StandardError", "null", _GIT, 16),),
        secrets=(UnitSecret("Environment", secret("GITLAB_TOKEN", "a GitLab token", "GITLAB_TOKEN", 26), _GIT, 12),),
        variables=("GITLAB_TOKEN",),
        runs=(UnitRun("mcp-git.service", "active", 812, 1773380000.0),),
    )


def _search() -> UnitFact:
    """In a user's own manager, where half of what it says has no effect."""
    settings = (("ProtectHome", "yes"), ("ProtectSystem", "strict"), ("LimitNPROC", "16"), ("TasksMax", "64"))
    where = builders.path(_SEARCH, 0o644)
    return UnitFact(
        "mcp-search.service",
        where,
        "user",
        exposure=6.1,
        measured="offline",
        ignored=(),
        recognised_by="ExecStart names mcp",
        command=("/usr/bin/node", "/opt/search/mcp-search.js"),
        launch=understand(("/usr/bin/node", "/opt/search/mcp-search.js"), "/home/dev"),
        owner=1000,
        files=(where,),
        settings=tuple(
            UnitSetting("Service", key, value, _SEARCH, line) for line, (key, value) in enumerate(settings, 7)
        ),
        runtime="node",
    )


def _index() -> UnitFact:
    """As it should be, but for who may write it."""
    settings = (
        ("User", "mcp"),
        ("NoNewPrivileges", "yes"),
        ("ProtectSystem", "strict"),
        ("TasksMax", "64"),
        ("MemoryMax", "512M"),
        ("CPUQuota", "50%"),
    )
    where = builders.path(_INDEX, 0o664, uid=0, gid=2000)
    return UnitFact(
        "mcp-index.service",
        where,
        "system",
        exposure=2.3,
        measured="live",
        ignored=(),
        recognised_by="ExecStart names mcp",
        command=("/opt/mcp/bin/index-mcp",),
        launch=understand(("/opt/mcp/bin/index-mcp",), "/var/lib/mcp"),
        files=(where,),
        settings=tuple(
            UnitSetting("Service", key, value, _INDEX, line) for line, (key, value) in enumerate(settings, 7)
        ),
    )


def _changed(path: PathFact, modified: float) -> PathFact:
    return replace(path, file=replace(path.file, modified=modified))


def sudoers() -> SudoersFacts:
    """The rules of sudo: none for the servers that need one, and those that permit too much."""
    node = SudoCommand("/usr/bin/node *", target=builders.path("/usr/bin/node", 0o755, uid=0, gid=0), interpreter="")
    restart = SudoCommand(
        "/home/dev/bin/mcp-restart", target=builders.path("/home/dev/bin/mcp-restart", 0o755), interpreter="/bin/sh"
    )
    sync = SudoCommand(
        "/opt/mcp/bin/sync-mcp",
        target=builders.path("/opt/mcp/bin/sync-mcp", 0o755, uid=0, gid=0),
        interpreter="/usr/bin/python3",
    )
    status = SudoCommand(
        "/usr/bin/systemctl status mcp-git.service",
        target=builders.path("/usr/bin/systemctl", 0o755, uid=0, gid=0),
        interpreter="",
    )
    mail = SudoCommand(
        '/opt/mcp/bin/mail-mcp ""',
        target=builders.path("/opt/mcp/bin/mail-mcp", 0o755, uid=0, gid=0),
        interpreter="",
    )
    shell = SudoCommand(
        '/opt/mcp/bin/mcp-shell-server ""',
        target=builders.path("/opt/mcp/bin/mcp-shell-server", 0o755, uid=0, gid=0),
        interpreter="",
    )
    rules = tuple(
        SudoRule(("dev",), ("ALL",), (target,), (), (command,), passwordless=True, file=f"{_SUDOERS}/mcp", line=line)
        for line, (target, command) in enumerate(
            (("root", node), ("root", restart), ("mcp", sync), ("mcp", mail), ("mcp-ops", shell), ("root", status)), 2
        )
    )
    entries = tuple(
        SudoEntry(rule.users, rule.hosts, rule.runas_users, (), (rule.commands[0].text,), ("authenticate=false",))
        for rule in rules
    )
    leftover = replace(builders.entry(f"{_SUDOERS}/mcp.old", 0o440, uid=0, gid=0), size=212)
    file = builders.entry(f"{_SUDOERS}/mcp", 0o440, uid=0, gid=0)
    return SudoersFacts(
        builders.COMPLETE,
        rules,
        (file,),
        entries,
        (SudoDefault("everyone", (), "env_keep", "add", ("PYTHONPATH",)),),
        (builders.entry(_SUDOERS, 0o750, "directory", uid=0, gid=0),),
        (file, leftover),
    )
