"""A running server is in a group that is as good as root.

What it looks at
----------------
The group ids of every running MCP server as the kernel holds them (the line "Groups:" of /proc/PID/status), by their
names on this machine. These groups count:

- docker, lxd, incus-admin, libvirt: whoever may talk to the engine may start a container or a machine that has the
  host's disk, as root.
- disk, kmem: they read and write the raw disk or memory, below every file mode.
- shadow: it reads the password hashes of every account.
- sudo, wheel, admin: they may become root through sudo. A process that has given up new privileges cannot use sudo any
  more, so these do not count for it.

Groups such as adm, video or plugdev are not counted: they show logs and devices, which is not the machine. A server
whose root is a file system of its own is in order, since neither the engine's socket nor the disks are in it. Groups
that come from the account are one finding, whatever the number of servers; others are one for each configuration.

Why it matters
--------------
A group is not given up when a program is started: what you may do through docker, every server that your client starts
may do too. With it, one injected prompt is not limited to your account any longer: it is root.

How an attacker uses it
-----------------------
A tool that runs commands, or any server with a hole, is made to run ``docker run -v /:/host alpine chroot /host``: a
root shell without a password. For sudo the attacker plants an alias in ~/.bashrc and waits until you type your
password.

How to fix it by hand
---------------------
Best, put a sandbox around the server (bwrap, a container without the socket, an account of its own): then the group
does not matter. Or leave the group, where you can do without: ``sudo gpasswd -d you docker`` and use rootless Docker or
podman; log in again. For the sudo group, start the server with ``setpriv --no-new-privs COMMAND``. Look again with
``grep Groups /proc/PID/status``.

References
----------
- credentials(7), group(5), setpriv(1)
- Docker documentation: Docker daemon attack surface; Rootless mode
- CWE-250: Execution with Unnecessary Privileges
- CWE-269: Improper Privilege Management
"""

from __future__ import annotations

from collections.abc import Iterator

from workbench.api import (
    Evidence,
    Finding,
    NotApplicable,
    NotAssessed,
    Passed,
    ServerProcess,
    Severity,
    Snapshot,
    Subject,
    Verdict,
    behind_a_tool,
    by_cause,
    check,
    listed,
    process_subject,
    short_name,
)

_THROUGH_SUDO = {"sudo": "sudo", "wheel": "sudo", "admin": "sudo"}
_WAYS = {
    "docker": "a container",
    "lxd": "a container",
    "incus-admin": "a container",
    "libvirt": "a virtual machine",
    "disk": "the raw disk",
    "kmem": "raw memory",
    "shadow": "the password hashes",
    **_THROUGH_SUDO,
}
_SHOWN = 5


@check(
    title="A running server is in a group that is as good as root",
    severities=(Severity.HIGH,),
    needs=("processes:hidden", "accounts:groups"),
)
def privileged_groups(snapshot: Snapshot) -> Iterator[Verdict]:
    """Judge the groups of every server; those of one account are one finding."""
    if snapshot.host.platform != "linux":
        yield NotApplicable("only on Linux do these groups stand for root")
        return
    if not snapshot.processes.servers:
        yield NotApplicable("no MCP server is running")
        return
    names = dict(snapshot.accounts.groups)
    of_accounts: dict[int, set[int]] = {}
    for known in snapshot.accounts.accounts:
        of_accounts.setdefault(known.uid, set()).update(known.groups)
    found: dict[Subject, list[tuple[ServerProcess, tuple[str, ...]]]] = {}
    lent: dict[str, tuple[ServerProcess, tuple[str, ...]]] = {}
    for server in snapshot.processes.servers:
        behind = behind_a_tool(server, "the groups")
        if behind is not None:
            yield behind
            continue
        if server.gid < 0:
            yield NotAssessed(f"the groups of {server.label}", "the system does not tell them", "look as root")
            continue
        held = _held(server, names)
        if not held:
            yield Passed(process_subject(server))
            continue
        inherited = {names.get(group) for group in of_accounts.get(server.uid, ())}
        if server.account and inherited.issuperset(held):
            subject = Subject("account", server.account, f"the account {server.account}")
            found.setdefault(subject, []).append((server, held))
        else:
            lent[server.key] = (server, held)
    # What the account does not have (any more) came from what started the server: its session, its launcher, its unit.
    for cause in by_cause((server for server, _ in lent.values()), snapshot):
        found.setdefault(cause.subject, []).extend(lent[server.key] for server in cause.servers)
    for subject, members in found.items():
        yield _finding(subject, members)


def _held(server: ServerProcess, names: dict[int, str]) -> tuple[str, ...]:
    if server.uid == 0 or (server.isolation is not None and server.isolation.root == "own"):
        return ()  # root needs no group, and what the groups open is not in a file system of its own
    held = {names[group] for group in (server.gid, *server.groups) if names.get(group) in _WAYS}
    return tuple(sorted(name for name in held if not (server.no_new_privileges and name in _THROUGH_SUDO)))


def _finding(subject: Subject, members: list[tuple[ServerProcess, tuple[str, ...]]]) -> Finding:
    groups = sorted({group for _, held in members for group in held})
    ways = list(dict.fromkeys(_WAYS[group] for group in groups))
    named = listed(list(dict.fromkeys(short_name(server) for server, _ in members)))
    word = "groups" if len(groups) > 1 else "group"
    return Finding(
        subject=subject,
        severity=Severity.HIGH,
        summary=f"{named} can become root through {listed(ways)}, by the {word} {listed(groups)}",
        evidence=tuple(
            Evidence(
                expected="no group that is as good as root",
                actual=f"{server.label} is in {listed(list(held))}",
                command=("grep", "Groups", f"/proc/{server.pid}/status"),
            )
            for server, held in members[:_SHOWN]
        ),
        also=tuple(each for each in (process_subject(server) for server, _ in members) if each != subject),
    )
