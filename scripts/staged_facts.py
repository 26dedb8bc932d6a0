"""The facts of the staged host, written by hand, and what the workbench's own code makes of them together."""

from __future__ import annotations

from dataclasses import replace

from scripts.staged_audit import audit
from scripts.staged_clients import clients
from scripts.staged_code import code
from scripts.staged_containers import containers
from scripts.staged_parts import ACCOUNTS, CODE, HOME, secret_variable
from scripts.staged_processes import processes, sockets
from scripts.staged_services import sudoers, units
from tests import builders
from workbench.host.servers.joining import Facts, join
from workbench.model.assets import AssetFact, AssetFacts, AssetKind, Basis, Reach, Verdict
from workbench.model.audit import AuditFacts
from workbench.model.facts import EnvironmentEntry
from workbench.model.servers import Server, ServerFacts
from workbench.model.session import SessionFacts, StartupFile, StartupSecret
from workbench.model.snapshot import Snapshot

_ACCOUNTS = {"backup": "root", "fleet-monitor": "root", "mcp-index.service": "mcp", "deploy": "mcp-ops"}
"""Whom servers that do not run would run as, where that is not the developer."""
TAKEN_AT = "2026-03-14T09:26:53+00:00"
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


def snapshot(audited: AuditFacts | None = None) -> Snapshot:
    """The facts of the host. Without ``audited``, its audit as somebody who is not root sees it."""
    facts = Facts(clients(), processes(), sockets(), units(), containers())
    servers = ServerFacts(builders.COMPLETE, join(facts))
    made = builders.snapshot(
        accounts=ACCOUNTS,
        clients=facts.clients,
        processes=facts.processes,
        sockets=facts.sockets,
        session=_session(),
        sudoers=sudoers(),
        units=facts.units,
        containers=facts.containers,
        servers=servers,
        assets=_assets(servers),
        audit=audited or audit(),
        code=code(servers),
    )
    return replace(made, taken_at=TAKEN_AT, workbench="0")


def _session() -> SessionFacts:
    key = secret_variable("OPENAI_API_KEY")
    assert key.secret is not None
    startup = (
        StartupFile(
            f"{HOME}/.bashrc",
            1000,
            secrets=(StartupSecret("OPENAI_API_KEY", 15, replace(key.secret, place="line 15")),),
        ),
        StartupFile(f"{HOME}/.profile", 1000, umasks=((9, "umask 002"),)),
    )
    return SessionFacts(builders.COMPLETE, 0o002, (EnvironmentEntry("PATH"), key), False, startup)


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
        account = _ACCOUNTS.get(server.name, "dev")
        if asset.port:
            return "yes", "nothing would stand around it", "predicted"
        if account in ("dev", "root"):
            return "yes", f"it would run as {account}, who may open it", "predicted"
        return "no", f"it would run as {account}, which has no right to it", "predicted"
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
