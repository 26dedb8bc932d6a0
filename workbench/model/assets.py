"""What an injected prompt would go for, and which server can open it."""

from __future__ import annotations

from typing import Literal

from workbench.model.facts import PathFact, SectionState
from workbench.model.record import record

AssetKind = Literal[
    "private key",
    "cloud credential",
    "package credential",
    "code host credential",
    "browser profile",
    "password store",
    "container engine",
    "key agent",
    "shell history",
    "client config",
    "database",
    "system secret",
]
Verdict = Literal["yes", "no", "unknown"]
Basis = Literal["tried", "computed", "predicted"]


@record
class AssetFact:
    """One thing worth stealing that is really there. ``name`` is its path, or ``127.0.0.1:5432`` for a port.

    ``file`` is None for a port. ``holder`` is the uid of the home it lies in, None for what is the whole machine's.
    """

    kind: AssetKind
    name: str
    file: PathFact | None = None
    port: int = 0
    holder: int | None = None


@record
class Reach:
    """Whether servers (``Server.key``) can open one asset (``AssetFact.name``), and why. Those alike share one.

    ``tried``: it was opened and closed with the server's own account and mounts, nothing was read. ``computed``: from
    its account, groups and mounts, and the rights on the way. ``predicted``: it does not run; as it would be started.
    What confines a program from inside (Landlock) cannot be seen: a "yes" says that nothing visible stands in the way.
    """

    servers: tuple[str, ...]
    asset: str
    verdict: Verdict
    why: str
    basis: Basis


@record
class AssetFacts:
    """The assets of the inspected accounts, and the reach of every server."""

    state: SectionState
    assets: tuple[AssetFact, ...] = ()
    reaches: tuple[Reach, ...] = ()
