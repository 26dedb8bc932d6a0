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
    Evidence,
    Finding,
    NotApplicable,
    NotAssessed,
    Passed,
    ServerProcess,
    Severity,
    Snapshot,
    Verdict,
    check,
    process_subject,
)

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
    for server in snapshot.processes.servers:
        if server.launch is not None and server.launch.image and not server.container:
            why = "what runs here is the command-line tool; the container it started could not be told from the others"
            yield NotAssessed(f"the umask of {server.label} in its container", why)
        elif server.umask is not None:
            yield _judge(server, snapshot)
        elif not said:
            yield NotAssessed(f"the umask of {server.label}", "this system does not tell it")


def _judge(server: ServerProcess, snapshot: Snapshot) -> Verdict:
    mask = server.umask or 0
    subject = process_subject(server)
    shared_group = any(
        account.uid not in (0, server.uid) and server.gid in account.groups for account in snapshot.accounts.accounts
    )
    others_write = not mask & _OTHERS_WRITE
    others_read = not mask & _OTHERS_READ
    group_writes = not mask & _GROUP_WRITE and shared_group
    if not (others_write or others_read or group_writes):
        return Passed(subject)
    listens = [
        socket.name for socket in snapshot.sockets.sockets if socket.server == server.key and not socket.abstract
    ]
    shared = _shared_place(server)
    if others_write:
        severity, who = Severity.HIGH, "every account change"
    else:
        severity = Severity.MEDIUM if listens or shared else Severity.LOW
        who = "every account read" if others_read else "its group change"
    why = f"; it listens on {listens[0]}" if listens else ""
    if shared and not listens:
        why = f"; it works below {shared}, where accounts meet"
    return Finding(
        subject=subject,
        severity=severity,
        summary=f"{server.label} runs with umask {mask:03o}, which lets {who} the files it makes{why}",
        evidence=(
            Evidence(
                expected="umask 077 (or 027)",
                actual=f"umask {mask:03o}: new files {0o666 & ~mask:04o}, directories and sockets {0o777 & ~mask:04o}",
                command=("grep", "Umask", f"/proc/{server.pid}/status"),
            ),
        ),
    )


def _shared_place(server: ServerProcess) -> str:
    roots = [root.path for root in server.launch.roots] if server.launch is not None else []
    for place in (server.working_directory, *roots):
        for shared in _SHARED:
            if place == shared or place.startswith(f"{shared}/"):
                return shared
    return ""
