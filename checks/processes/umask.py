"""An MCP server's umask opens the files it makes to other accounts.

What it looks at
----------------
The umask of the main process of every running MCP server (the line "Umask:" of /proc/PID/status), the sockets it
listens on, and whether it works in a place that is shared. The umask names the rights that are taken away from every
new file, directory and socket; a file starts at 0666, a directory or socket at 0777.

How it is judged:

- others may write (000, 020 and the like): high.
- others may read, or a group that has other members may write (022, 002, 007): medium where the server listens on a
  unix socket or works in a shared place such as /tmp, else low.
- others get nothing, and the group nothing but reading (027, 037, 077): in order. A group in which the server's account
  is alone admits nobody, so its rights do not count.

Servers that one configuration starts with the same umask are one finding.

Why it matters
--------------
A server writes what it works on: fetched pages, exports, caches, logs, at times tokens. It rarely says which mode it
wants, so the umask decides, and the umask is inherited from whatever started the client. With 000 any account may
change those files; with the usual 022 any account may read them. A unix socket made under 000 accepts connections from
every account, under 002 from the group. (Under 022 it is 0755, which admits nobody else: connecting needs the write
right.)

How an attacker uses it
-----------------------
Another account on the machine, or a service that was broken into, lists /tmp, reads the server's export of the private
issue tracker, or under 000 replaces a cached script that the server later runs.

How to fix it by hand
---------------------
Set it where the server is started, since a process passes its umask on:

- systemd: UMask=0077 in a drop-in (systemctl edit NAME), then restart.
- a client's configuration: start it as sh -c 'umask 077; exec COMMAND ARGUMENTS'
- your login shell: umask 077 in ~/.profile, then log in again and restart the client.

Files that exist already keep their mode: chmod go= FILE. Look again: grep Umask /proc/PID/status.

References
----------
- umask(2), proc_pid_status(5), unix(7) "Pathname socket ownership and permissions"
- systemd.exec(5): UMask=
- CWE-276: Incorrect Default Permissions
- CWE-732: Incorrect Permission Assignment for Critical Resource
"""

from __future__ import annotations

from collections.abc import Iterator

from workbench.api import (
    Cause,
    Evidence,
    Finding,
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
    process_subject,
)

_SHOWN = 5
_OTHERS_WRITE, _OTHERS_READ, _GROUP_WRITE = 0o002, 0o004, 0o020
_SHARED = ("/tmp", "/var/tmp", "/dev/shm", "/srv", "/mnt", "/media", "/Users/Shared", "/private/tmp")  # noqa: S108


@check(
    title="A server's umask opens its files to other accounts",
    severities=(Severity.HIGH, Severity.MEDIUM, Severity.LOW),
    needs=("processes:status", "processes:hidden", "accounts"),
)
def umask(snapshot: Snapshot) -> Iterator[Verdict]:
    """Judge the umask of every server."""
    if snapshot.host.platform == "win32":
        yield NotApplicable("Windows has no umask: a new file gets the access list of its folder")
        return
    if not snapshot.processes.servers:
        yield NotApplicable("no MCP server is running")
    said = any(gap.facet == "status" for gap in snapshot.processes.state.unread)
    open_ones: dict[tuple[Severity, int], list[ServerProcess]] = {}
    for server in snapshot.processes.servers:
        behind = behind_a_tool(server, "the umask")
        if behind is not None:
            yield behind
        elif server.umask is not None:
            severity = _judge(server, server.umask, snapshot)
            if severity is None:
                yield Passed(process_subject(server))
            else:
                open_ones.setdefault((severity, server.umask), []).append(server)
        elif not said:
            yield NotAssessed(f"the umask of {server.label}", "this system does not tell it")
    for (severity, mask), servers in open_ones.items():
        for cause in by_cause(servers, snapshot):
            yield _finding(cause, severity, mask, snapshot)


def _judge(server: ServerProcess, mask: int, snapshot: Snapshot) -> Severity | None:
    """How bad the umask of a server is; None for one in order."""
    shared_group = any(
        account.uid not in (0, server.uid) and server.gid in account.groups for account in snapshot.accounts.accounts
    )
    if not mask & _OTHERS_WRITE:
        return Severity.HIGH
    if not mask & _OTHERS_READ or (not mask & _GROUP_WRITE and shared_group):
        return Severity.MEDIUM if _meets(server, snapshot) else Severity.LOW
    return None


def _meets(server: ServerProcess, snapshot: Snapshot) -> str:
    """Where others meet what the server makes, in words; "" for nowhere known."""
    for socket in snapshot.sockets.sockets:
        if socket.server == server.key and not socket.abstract:
            return f"it listens on {socket.name}"
    shared = _shared_place(server)
    return f"it works below {shared}, where accounts meet" if shared else ""


def _finding(cause: Cause, severity: Severity, mask: int, snapshot: Snapshot) -> Finding:
    if not mask & _OTHERS_WRITE:
        who = "every account change"
    else:
        who = "its group change" if mask & _OTHERS_READ else "every account read"
    where = _meets(cause.servers[0], snapshot) if len(cause.servers) == 1 else ""
    return Finding(
        subject=cause.subject,
        severity=severity,
        summary=f"the umask {mask:03o} of {cause.names} lets {who} the files made under it{where and f'; {where}'}",
        evidence=tuple(_evidence(server, snapshot) for server in cause.servers[:_SHOWN]),
        also=cause.also,
        detail=f"{severity} {mask:03o}" if cause.config else "",
    )


def _evidence(server: ServerProcess, snapshot: Snapshot) -> Evidence:
    mask = server.umask or 0
    where = _meets(server, snapshot)
    return Evidence(
        expected="umask 077 (or 027)",
        actual=f"{server.label}: umask {mask:03o}, so new files {0o666 & ~mask:04o}, directories and sockets"
        f" {0o777 & ~mask:04o}{where and f'; {where}'}",
        command=("grep", "Umask", f"/proc/{server.pid}/status"),
    )


def _shared_place(server: ServerProcess) -> str:
    roots = [root.path for root in server.launch.roots] if server.launch is not None else []
    for place in (server.working_directory, *roots):
        for shared in _SHARED:
            if place == shared or place.startswith(f"{shared}/"):
                return shared
    return ""
