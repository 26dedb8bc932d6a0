"""Which running server can open which asset: by its account, its groups, its capabilities and what it sees mounted."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

from workbench.access import READ, WRITE, can
from workbench.host.processes.linux import LinuxTable
from workbench.host.processes.roots import resolve_inside
from workbench.host.processes.table import Gone, Hidden
from workbench.model.assets import AssetFact, Reach, Verdict
from workbench.model.facts import Account, PathFact
from workbench.model.processes import ServerProcess
from workbench.model.servers import Server

_READS_ALL = 1 << 1 | 1 << 2  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
_WRITES_ALL = 1 << 1
Visible = Callable[[AssetFact], bool | None]


def of_process(server: Server, process: ServerProcess, assets: Sequence[AssetFact], table: LinuxTable) -> list[Reach]:
    """The reach of one running server, asset by asset."""
    sees = _sight(process, table)
    return [_reach(server, process, asset, sees(asset)) for asset in assets]


def _reach(server: Server, process: ServerProcess, asset: AssetFact, seen: bool | None) -> Reach:
    verdict: Verdict
    if seen is False:
        verdict = "no"
        why = "it has a network of its own" if asset.port else "it does not see that place"
    elif asset.file is None:
        verdict, why = ("yes", "it shares this host's network") if seen else ("unknown", "its network may not be seen")
    elif not _may(process, asset.file):
        verdict, why = "no", f"the account {process.account or process.uid} has no right to it"
    elif seen is None:
        verdict, why = "unknown", "which files it sees may not be looked up"
    else:
        verdict, why = "yes", f"the account {process.account or process.uid} may open it"
    return Reach((server.key,), asset.name, verdict, why, "computed")


def _may(process: ServerProcess, path: PathFact) -> bool:
    connects = path.file.kind == "socket"
    if process.capabilities_effective & (_WRITES_ALL if connects else _READS_ALL):
        return True
    if process.uid == 0:
        # Root without that capability is an owner like any other; it is not judged by being root.
        return all(step.uid == 0 or step.mode & 0o001 for step in path.directories) and (
            path.file.uid == 0 or bool(path.file.mode & (0o002 if connects else 0o004))
        )
    account = Account(process.uid, process.account, process.gid, process.groups)
    return can(account, path, WRITE if connects else READ)


def _sight(process: ServerProcess, table: LinuxTable) -> Visible:
    """Whether the process sees an asset at all; None where that may not be looked up."""
    root = f"{table.proc}/{process.pid}/root"
    shares = _shares(process, table, "mnt")
    network = _shares(process, table, "net")

    def sees(asset: AssetFact) -> bool | None:
        if asset.file is None:
            return network
        if shares:
            return True
        return _sees_inside(root, asset.file)

    return sees


def _shares(process: ServerProcess, table: LinuxTable, kind: str) -> bool | None:
    try:
        if kind == "mnt":
            # A process that was given another root by chroot shares the mounts and not the files.
            return table.shares_our_files(process.pid) if table.link(process.pid, "ns/mnt") else None
        return table.link(process.pid, f"ns/{kind}") == os.readlink(f"{table.proc}/self/ns/{kind}")
    except (Gone, Hidden, OSError):
        return None


def _sees_inside(root: str, path: PathFact) -> bool | None:
    want = (path.file.device, path.file.inode)
    try:
        # Where the same file lies under another name there (a bind mount elsewhere), it is found only by its own name
        # and by those of the folders above that are mounted as they are.
        status = os.stat(resolve_inside(root, path.asked))
    except PermissionError:
        return None
    except (OSError, ValueError):
        return False
    return (status.st_dev, status.st_ino) == want
