"""Clients that keep their config in memory and may write it again from there, over a repair."""

from __future__ import annotations

from workbench.model.clients import ClientConfig
from workbench.model.plan import Plan
from workbench.model.snapshot import Snapshot
from workbench.text import visible


def warnings(plan: Plan, snapshot: Snapshot) -> tuple[str, ...]:
    """A sentence for each running client whose config the plan writes: what may happen, and what to do first."""
    from workbench.model.operations import SetMode

    written = {operation.path for operation in plan.operations if not isinstance(operation, SetMode)}
    said = [
        f"{visible(config.client_name)} is running and may write {visible(path)} again from memory: quit it, repair,"
        " start it again"
        for config in snapshot.clients.configs
        for path in (config.path.file.path,)
        if written & {config.path.asked, path} and _runs(config, snapshot)
    ]
    return tuple(dict.fromkeys(said))


def _runs(config: ClientConfig, snapshot: Snapshot) -> bool:
    from workbench.host.processes.outdated import APPLICATIONS

    owner = config.owner if config.owner is not None else config.path.file.uid
    # A program named claude is Claude Code where repairs are made; only a server's parent may be either.
    known = {**APPLICATIONS, "claude-desktop": ("claude-desktop",)}
    applications = known.get(config.client, (config.client,))
    return any(
        name in applications and (uid == owner or config.scope == "project") for name, uid in snapshot.processes.clients
    )
