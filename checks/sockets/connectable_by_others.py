r"""Another account can connect to an MCP server's unix socket.

What it looks at
----------------
Every unix socket that a running MCP server listens on, and every listening one whose path holds the word mcp: the
mode, owner and access list of the socket file and of every directory on its path. It works out, for each local account
and for an account without any group in common, what the kernel would say to connect(2). That needs two things: the
write right on the socket for the first class that fits (owner, else named ACL entries and groups, else others), and
the search right (x) on every directory.

So 0755, which a socket gets under the usual umask 022, lets nobody else in; 0775 admits the group; 0777 and 0666 admit
everyone. With an access list (a "+" in ls -l) the group digits of the mode are only its mask, and 0660 may admit a
named account. A private directory protects whatever mode the socket has.

An abstract name (one that starts with "@") has no file, so no mode: ``sockets/abstract`` judges those.

Why it matters
--------------
Who connects speaks to the server as its client does: lists its tools and calls them, with the server's rights and the
credentials it holds. Few servers look at who is on the other end.

How an attacker uses it
-----------------------
From any account on the machine, a service that was broken into for example:

    printf '%s\n' '{"jsonrpc":"2.0","id":1,"method":"tools/list"}' | socat - UNIX-CONNECT:/srv/mcp/server.sock

and then tools/call to read files as the account that runs the server.

How to fix it by hand
---------------------
chmod 0600 SOCKET works at once, on the live socket, for every connection from then on; setfacl -b SOCKET removes an
access list first. It lasts until the server binds again, so make it last: UMask=0077 in the unit of the server, or
SocketMode=0600 in a .socket unit, or "umask 077" in what starts it, or put the socket into a directory that only its
owner may search (mode 0700, such as $XDG_RUNTIME_DIR). chmod after listen() in the server's code leaves a moment in
which others can connect; setting the umask before listen() does not.

References
----------
- unix(7) "Pathname socket ownership and permissions", connect(2), acl(5), path_resolution(7)
- systemd.socket(5): SocketMode=, SocketUser=, DirectoryMode=
- CWE-732: Incorrect Permission Assignment for Critical Resource
"""

from __future__ import annotations

from collections.abc import Iterator

from workbench.api import (
    WRITE,
    Audience,
    Evidence,
    Finding,
    NotApplicable,
    NotAssessed,
    Passed,
    PathFact,
    Severity,
    Snapshot,
    SocketFact,
    Subject,
    Verdict,
    check,
    is_replaced_socket,
    meant_for,
    who_can,
)


@check(
    title="Another account can connect to a server's socket",
    severities=(Severity.CRITICAL, Severity.MEDIUM),
    needs=("sockets:mode", "sockets:owner", "processes:hidden", "accounts"),
)
def connectable_by_others(snapshot: Snapshot) -> Iterator[Verdict]:
    """Judge every socket by what the kernel would answer each account."""
    sockets = [socket for socket in snapshot.sockets.sockets if not socket.abstract]
    if not sockets:
        yield NotApplicable("no MCP server listens on a unix socket with a file")
    for socket in sockets:
        if socket.path is None:
            if not any(gap.facet == "mode" for gap in snapshot.sockets.state.unread):
                yield NotAssessed(f"the socket {socket.name}", "its file could not be examined")
        else:
            yield _judge(socket, socket.path, snapshot)


def _judge(socket: SocketFact, path: PathFact, snapshot: Snapshot) -> Verdict:
    if path.file.kind != "socket" or is_replaced_socket(socket, path):
        return NotAssessed(f"the socket {socket.name}", "another file stands in the place of the one that was bound")
    own = meant_for(socket.uid if socket.uid is not None else path.file.uid, snapshot) | {path.file.uid}
    audience = who_can(path, WRITE, snapshot.accounts, own)
    subject = Subject("socket", path.asked, path.asked)
    if not audience:
        return Passed(subject)
    if socket.foreign_namespace:
        why = "it lies in a file system of its server's own; whether other accounts get there is not known"
        return NotAssessed(f"the socket {socket.name}", why)
    return Finding(
        subject=subject,
        severity=Severity.CRITICAL if audience.everyone else Severity.MEDIUM,
        summary=f"{path.asked} accepts connections from {audience}",
        evidence=(_mode(path, audience), *_acl(path)),
    )


def _mode(path: PathFact, audience: Audience) -> Evidence:
    return Evidence(
        expected="the write right for its owner alone, or a directory on the way that only its owner may search",
        actual=f"mode {path.file.mode:04o}, owner {path.file.uid}:{path.file.gid}: {audience} may write to it",
        command=("stat", "-c", "%a %U:%G %n", path.asked) if path.file.exact else (),
    )


def _acl(path: PathFact) -> tuple[Evidence, ...]:
    if path.file.acl is None:
        return ()
    named = ", ".join(f"{entry.tag} {entry.id}: {_rights(entry.permissions)}" for entry in path.file.acl.entries)
    return (
        Evidence(
            expected="no access list",
            actual=named or "an access list",
            command=("getfacl", "-p", "-n", path.asked) if path.file.exact else (),
        ),
    )


def _rights(permissions: int) -> str:
    return "".join(letter if permissions & bit else "-" for letter, bit in (("r", 4), ("w", 2), ("x", 1)))
