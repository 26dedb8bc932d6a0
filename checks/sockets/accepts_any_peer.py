"""A server talks to whoever connects to its socket.

What it looks at
----------------
Every unix socket of an MCP server that another account could reach, and two kinds of proof that the server does not
look at who connects: a living connection whose other end belongs to a foreign account, and the answer of a probe that
you asked for (``workbench probe SOCKET``), which connects once as the owner and once as a stranger. Without either it
cannot be known from outside, and is not assessed. A socket whose mode or folder keeps every other account out passes:
there is nobody to be looked at.

Why it matters
--------------
Modes and folders are set once and change by accident: another umask, a start by systemd, a chmod in a hurry. A server
that compares the account of its peer (``SO_PEERCRED``) is still safe then. One that does not serves everyone who gets
there, with the rights of its owner.

How an attacker uses it
-----------------------
They connect and speak the protocol, as any client does: ``initialize``, ``tools/list``, ``tools/call``. A server that
turns strangers away only when they speak has read their first message already, with whatever flaw its parser has.

How to fix it by hand
---------------------
Let the server compare the peer's uid with its own, before it reads a byte::

    # Python
    pid, uid, gid = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    if uid != os.getuid():
        connection.close()

Node has no call for it of its own; keep the socket in a folder with mode 0700 instead, and say so in its
documentation. A container that mounts the socket can hold an account of the same number: it passes this check.

References
----------
- unix(7): SO_PEERCRED; getsockopt(2)
- CWE-306: Missing Authentication for Critical Function
- CWE-862: Missing Authorization
"""

from __future__ import annotations

from collections.abc import Iterator

from workbench.api import (
    WRITE,
    Evidence,
    Finding,
    NotApplicable,
    NotAssessed,
    Passed,
    Severity,
    Snapshot,
    SocketFact,
    Subject,
    Verdict,
    check,
    developers,
    meant_for,
    who_can,
)

_SAYS = {
    "open": "answers a stranger as it answers its owner",
    "lazy": "lets a stranger in, and turns it away only when it speaks",
}


@check(
    title="A server talks to whoever connects to its socket",
    severities=(Severity.HIGH,),
    needs=("sockets:owner", "accounts"),
)
def accepts_any_peer(snapshot: Snapshot) -> Iterator[Verdict]:
    """Judge every socket by what was really seen of its server."""
    if not snapshot.sockets.sockets:
        yield NotApplicable("no MCP server listens on a unix socket")
    alone = {server.key for server in snapshot.processes.servers if "net" in server.own_namespaces}
    for socket in snapshot.sockets.sockets:
        yield _judged(socket, snapshot, isolated=socket.abstract and socket.server in alone)


def _judged(socket: SocketFact, snapshot: Snapshot, *, isolated: bool) -> Verdict:
    name = f"@{socket.name}" if socket.abstract else socket.path.asked if socket.path is not None else socket.name
    subject = Subject("socket", name, name)
    owner = socket.uid if socket.uid is not None else snapshot.host.uid
    # Whoever looks is a stranger too, unless it is a service's: that is there for its developers.
    own = {0, owner} if owner in developers(snapshot) else meant_for(owner, snapshot)
    foreign = sorted(set(socket.peers or ()) - own)
    if foreign:
        return _finding(
            subject,
            f"{name} has accepted a connection from {_names(foreign, snapshot)}",
            Evidence(
                expected=f"connections of uid {socket.uid} alone",
                actual=f"connected: uid {', '.join(map(str, foreign))}",
                command=("ss", "-x", "-p", "-e", "state", "connected", "src", name),
            ),
        )
    if socket.peer_check in _SAYS:
        return _finding(
            subject,
            f"the server of {name} {_SAYS[socket.peer_check]}",
            Evidence(
                expected="a stranger's connection is closed before it says a word",
                actual=f"probed: {socket.peer_check}",
                command=("workbench", "probe", name),
            ),
        )
    if socket.peer_check == "validating" or isolated or _keeps_out(socket, snapshot):
        return Passed(subject)
    why = "whether its server looks at who connects cannot be seen from outside"
    return NotAssessed(f"the socket {name}", why, f"workbench probe {name}")


def _keeps_out(socket: SocketFact, snapshot: Snapshot) -> bool:
    """Whether its mode, its access list or a folder on the way lets nobody else connect."""
    if socket.path is None or socket.path.file.kind != "socket" or socket.foreign_namespace:
        return False
    own = meant_for(socket.uid if socket.uid is not None else socket.path.file.uid, snapshot) | {socket.path.file.uid}
    return not who_can(socket.path, WRITE, snapshot.accounts, own)


def _finding(subject: Subject, summary: str, evidence: Evidence) -> Finding:
    return Finding(subject=subject, severity=Severity.HIGH, summary=summary, evidence=(evidence,))


def _names(uids: list[int], snapshot: Snapshot) -> str:
    known = {account.uid: account.name for account in snapshot.accounts.accounts}
    return ", ".join(known.get(uid, f"uid {uid}") for uid in uids)
