"""A server can open your keys, your credentials and your browser's passwords.

What it looks at
----------------
What is worth stealing on this machine, as far as it is really there (private keys, cloud and package credentials,
browser profiles, password stores, shell history, the sockets of container engines and key agents, the configurations of
other clients, databases on the loopback), and for every server whether it could open it, given its account, groups,
capabilities and what it sees mounted. For a running server this is worked out from the live process; looked at as root
it is tried, by a child that takes on the server's account and mounts, opens each file and closes it, and reads nothing.
For a server that does not run it is what its launch would give it: all that is yours, or what its container is shown;
what another sandbox would show it is not assessed before it runs. What a program denies itself from inside (Landlock)
cannot be seen from outside.

Why it matters
--------------
This is the damage one prompt can do through this server. Its tools may promise to touch one folder only; the kernel
knows nothing of that promise, and one flaw, one poisoned dependency or one option too many leaves the kernel as the
only wall.

How an attacker uses it
-----------------------
The text of an issue makes the model read ``~/.aws/credentials`` "to find the region", and put it into the next web
request. Or a malicious release of a dependency reads everything on this list in its first second, as the worms of 2025
and 2026 did.

How to fix it by hand
---------------------
Take the files out of the server's sight: start it in bubblewrap or a container with its own folder only, or as an
account of its own. Then look again; what is left on the list is what it still can open::

    bwrap --unshare-all --ro-bind /usr /usr --symlink usr/lib /lib --symlink usr/lib64 /lib64 --proc /proc --dev /dev
          --bind ~/workspace /workspace --tmpfs /tmp --clearenv /usr/bin/node /srv/index.js /workspace

A key with a passphrase, or in an agent that asks, is worth less to whoever reads it. The group ``docker`` is root.

References
----------
* path_resolution(7), credentials(7), mount_namespaces(7), landlock(7)
* CWE-552: Files or Directories Accessible to External Parties
* CWE-250: Execution with Unnecessary Privileges
* MITRE ATT&CK T1552.001: Credentials In Files; T1555: Credentials from Password Stores
"""

from collections import Counter
from collections.abc import Iterator, Sequence

from workbench.api import (
    AssetFact,
    Evidence,
    Finding,
    NotApplicable,
    NotAssessed,
    Passed,
    Reach,
    Server,
    Severity,
    Snapshot,
    Verdict,
    check,
    inventory_subject,
)

_SHOWN = 4
# A history or another client's list of servers tells an attacker something; it opens no door by itself.
_WORTH_LITTLE = frozenset(("shell history", "client config"))


@check(
    title="A server can open your keys, your credentials and your browser's passwords",
    severities=(Severity.HIGH,),
    needs=("assets:content", "servers", "processes:hidden"),
)
def run(snapshot: Snapshot) -> Iterator[Verdict]:
    """One finding for all servers that reach the same things, one verdict for each other."""
    assets = {asset.name: asset for asset in snapshot.assets.assets}
    servers = {server.key: server for server in snapshot.servers.servers}
    reaches: dict[str, list[Reach]] = {}
    for reach in snapshot.assets.reaches:
        for key in reach.servers if reach.asset in assets else ():
            if key in servers:
                reaches.setdefault(key, []).append(reach)
    untold = [each for each in servers.values() if assets and each.key not in reaches and _would_start_here(each)]
    for server in untold:
        yield NotAssessed(
            inventory_subject(server).label,
            "what would stand around it shows only while it runs",
            "start it and look again",
        )
    if not reaches and not untold:
        yield NotApplicable(
            "no server is started on this host" if assets else "nothing worth stealing was found on this host"
        )
    alike: dict[tuple[str, ...], list[Server]] = {}
    for key, each in reaches.items():
        opened = tuple(reach.asset for reach in each if reach.verdict == "yes")
        unknown = sum(reach.verdict == "unknown" for reach in each)
        if unknown:
            label = servers[key].name
            why = f"what it sees of {unknown} of {len(each)} things worth stealing may not be looked up"
            yield NotAssessed(label, why, "look as root")
        if any(assets[name].kind not in _WORTH_LITTLE for name in opened):
            alike.setdefault(opened, []).append(servers[key])
        elif not unknown:
            yield Passed(inventory_subject(servers[key]))
    for opened, those in alike.items():
        yield _finding(those, [assets[name] for name in opened], reaches[those[0].key])


def _would_start_here(server: Server) -> bool:
    """Whether it is a program that a client starts, and is not switched off."""
    return server.presence in ("not running", "unknown") and server.launch is not None and not server.units


def _finding(servers: Sequence[Server], assets: Sequence[AssetFact], reaches: Sequence[Reach]) -> Finding:
    counts = Counter(asset.kind for asset in assets)
    worst = sorted(counts, key=lambda kind: (kind in _WORTH_LITTLE, -counts[kind], kind))
    said = [_counted(counts[kind], kind) for kind in worst[:_SHOWN]]
    more = len(worst) - _SHOWN
    said += [f"{more} other kind{'s' if more > 1 else ''}"] if more > 0 else []
    others = len(servers) - 1
    names = f"{servers[0].name} and {others} more server{'s' if others > 1 else ''}" if others else servers[0].name
    could = "could open" if all(reach.basis == "predicted" for reach in reaches) else "can open"
    return Finding(
        subject=inventory_subject(servers[0]),
        severity=Severity.HIGH,
        summary=f"{names} {could} {_joined(said)}",
        evidence=tuple(_evidence(kind, assets, reaches) for kind in worst),
        also=tuple(inventory_subject(server) for server in servers[1:]),
    )


def _evidence(kind: str, assets: Sequence[AssetFact], reaches: Sequence[Reach]) -> Evidence:
    those = [asset for asset in assets if asset.kind == kind]
    first = those[0]
    why = next((reach.why for reach in reaches if reach.asset == first.name), "")
    names = ", ".join(asset.name for asset in those[:_SHOWN])
    more = f" and {len(those) - _SHOWN} more" if len(those) > _SHOWN else ""
    exact = first.file is not None and first.file.file.exact
    return Evidence(
        expected=f"no {kind} within its reach",
        actual=f"{names}{more}: {why}",
        command=("ls", "-ld", first.name) if exact else (),
    )


def _joined(parts: list[str]) -> str:
    return " and ".join(part for part in (", ".join(parts[:-1]), parts[-1]) if part)


def _counted(count: int, kind: str) -> str:
    if count == 1:
        return f"a {kind}"
    return f"{count} {kind[:-1]}ies" if kind.endswith("y") and kind[-2] not in "aeiou" else f"{count} {kind}s"
