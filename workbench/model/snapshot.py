"""The Snapshot: everything the workbench knows of a host, gathered once, immutable, redacted and serialisable."""

from __future__ import annotations

from workbench.model.assets import AssetFacts
from workbench.model.audit import AuditFacts
from workbench.model.clients import ClientFacts
from workbench.model.code import CodeFacts
from workbench.model.containers import ContainerFacts
from workbench.model.facts import AccountFacts, HostFacts, SectionState
from workbench.model.processes import ProcessFacts
from workbench.model.record import record
from workbench.model.servers import ServerFacts
from workbench.model.session import SessionFacts
from workbench.model.sockets import SocketFacts
from workbench.model.sudoers import SudoersFacts
from workbench.model.units import UnitFacts

SNAPSHOT_VERSION = 1


@record
class Snapshot:
    """Everything known of a host at one moment. ``taken_at`` is ISO 8601 in UTC."""

    version: int
    taken_at: str
    workbench: str
    host: HostFacts
    accounts: AccountFacts
    clients: ClientFacts
    processes: ProcessFacts
    sockets: SocketFacts
    session: SessionFacts
    sudoers: SudoersFacts
    units: UnitFacts
    containers: ContainerFacts
    servers: ServerFacts
    assets: AssetFacts
    audit: AuditFacts
    code: CodeFacts = CodeFacts(SectionState("not applicable", "this snapshot was made before code was read"))


SECTIONS = (
    "accounts",
    "clients",
    "processes",
    "sockets",
    "session",
    "sudoers",
    "units",
    "containers",
    "servers",
    "assets",
    "audit",
    "code",
)
