"""A running server sees your home folder, or the whole file system of this machine.

What it looks at
----------------
The mount table of every running MCP server on Linux, compared with this one: where the host's root file system and
your home folder are mounted for the server, under whatever path, and whether they are writable there. Then whether
its account is let into your home. A mount namespace of its own proves nothing (systemd makes one for many settings
that hide nothing), so it is not asked for; what is seen through it is.

- it may write in your home: high.
- it may only list your home, or your home is hidden and the rest is as writable as it is for you: medium.
- it sees neither (a file system of its own, or another account whose way into your home is closed): in order.

A folder inside your home that is mounted into a sandbox is the server's workspace and is not counted. Servers that one
configuration starts are one finding.

Why it matters
--------------
The working folder that a server is given is a promise of its code; the mount table is what the kernel holds it to. With
your home in it, ``~/.ssh``, ``~/.aws``, the browser's profile and ``~/.bashrc`` are one path-check mistake away.

How an attacker uses it
-----------------------
An injected prompt asks a file server for ``workspace/../../.ssh/id_ed25519``, or for a link to it that the attacker put
into the repository. Where the home folder is not mounted, every such trick ends in "no such file".

How to fix it by hand
---------------------
Nearly every client starts its servers with the whole machine in view; its configuration is where to change that. Show
each server only what it needs::

    bwrap --unshare-all --die-with-parent --ro-bind /usr /usr --symlink usr/bin /bin --symlink usr/lib /lib
      --symlink usr/lib64 /lib64 --proc /proc --dev /dev --tmpfs /tmp --bind /home/you/workspace /workspace
      --chdir /workspace COMMAND

The workbench's sandbox launcher does this and tests the server in it. In a unit: ``ProtectSystem=strict`` and
``ProtectHome=tmpfs`` with ``BindPaths=/home/you/workspace`` (in a user unit also ``PrivateUsers=yes``, else it has no
effect). In a container: mount the one folder. Restart it; ``findmnt --task PID`` shows what it sees.

References
----------
- mount_namespaces(7), proc_pid_mountinfo(5), bwrap(1)
- systemd.exec(5): ProtectSystem=, ProtectHome=, BindPaths=
- CWE-22: Path Traversal; CWE-552: Files or Directories Accessible to External Parties
"""

from __future__ import annotations

from collections.abc import Iterator

from workbench.api import (
    Cause,
    Evidence,
    Finding,
    Location,
    NotApplicable,
    NotAssessed,
    Passed,
    ServerProcess,
    Severity,
    Snapshot,
    Verdict,
    behind_a_tool,
    by_cause,
    check,
    developers,
    listed,
    process_subject,
)

_SHOWN = 5
_ROOTS = {"host": "writable", "host read-only": "read-only", "own": "not there"}


@check(
    title="A running server sees your home folder or the whole file system",
    severities=(Severity.HIGH, Severity.MEDIUM),
    needs=("processes:isolation", "processes:hidden", "accounts"),
)
def sees_whole_filesystem(snapshot: Snapshot) -> Iterator[Verdict]:
    """Judge what every server sees; one finding for each config or unit and severity."""
    if not snapshot.processes.servers:
        yield NotApplicable("no MCP server is running")
        return
    yours = developers(snapshot)
    open_ones: dict[Severity, list[ServerProcess]] = {Severity.HIGH: [], Severity.MEDIUM: []}
    for server in snapshot.processes.servers:
        behind = behind_a_tool(server, "the file system")
        isolation = server.isolation
        if behind is not None:
            yield behind
        elif isolation is None:
            yield NotAssessed(f"which files {server.label} can see", "this system does not tell it from outside")
        elif isolation.root == "unknown":
            continue  # the collector has said so, and the scan says it for this check
        elif isolation.homes_writable:
            open_ones[Severity.HIGH].append(server)
        elif isolation.homes_readable or (isolation.root == "host" and server.uid in yours | {0}):
            open_ones[Severity.MEDIUM].append(server)
        else:
            yield Passed(process_subject(server))
    for severity, servers in open_ones.items():
        for cause in by_cause(servers, snapshot):
            yield _finding(cause, severity)


def _finding(cause: Cause, severity: Severity) -> Finding:
    isolations = [server.isolation for server in cause.servers if server.isolation is not None]
    writable = sorted({home for isolation in isolations for home in isolation.homes_writable})
    readable = sorted({home for isolation in isolations for home in isolation.homes_readable})
    if writable:
        reach = f"can change everything in {listed(writable)}"
    elif readable:
        reach = f"can look into {listed(readable)}"
    else:
        reach = "can write wherever you can outside of your home"
    one = len(cause.servers) == 1
    return Finding(
        subject=cause.subject,
        severity=severity,
        summary=f"{cause.names} {reach}: a sandbox launcher shows {'it' if one else 'them'} only"
        f" {'its' if one else 'their'} workspace",
        evidence=tuple(_evidence(server) for server in cause.servers[:_SHOWN]),
        location=Location(cause.config) if cause.config else None,
        also=cause.also,
        detail=str(severity),
    )


def _evidence(server: ServerProcess) -> Evidence:
    isolation = server.isolation
    root = _ROOTS.get(isolation.root, "unknown") if isolation is not None else "unknown"
    homes = isolation.homes_readable if isolation is not None else ()
    written = isolation.homes_writable if isolation is not None else ()
    seen = [f"{home} {'writable' if home in written else 'readable'}" for home in sorted({*homes, *written})]
    return Evidence(
        expected="a mount table without your home, and nothing of the host writable but its workspace",
        actual=f"{server.label}: the host's root {root}, {', '.join(seen) or 'no home folder seen'}",
        command=("findmnt", "--task", str(server.pid), "--output", "TARGET,SOURCE,OPTIONS"),
    )
