"""A server listens on an abstract socket, which any account of the machine may connect to.

What it looks at
----------------
Every abstract unix socket (a name without a file, shown as ``@name``) that an MCP server listens on, or that is named
like one. The kernel asks nobody for a right: whoever is in the same network namespace connects. A server with a network
namespace of its own (a container, ``bwrap --unshare-net``) passes, because the name does not exist outside of it. It is
high where other people have accounts on this machine, medium where only services have.

Why it matters
--------------
A file in ``/run/user/1000`` has a mode and a directory around it; an abstract name has neither, it is as open as mode
0777. That it does not show in the file system is no protection: every account reads the names in ``/proc/net/unix``.
Some guides recommend abstract sockets as the safer kind. They are the less safe one.

How an attacker uses it
-----------------------
A service that was broken into, or a colleague on the same machine, lists ``/proc/net/unix``, connects, and calls the
server's tools with your rights. Only a check of the peer's account in the server itself (``SO_PEERCRED``) could stop
it.

How to fix it by hand
---------------------
Listen on a file in a directory that is yours alone::

    $XDG_RUNTIME_DIR/mcp-files.sock          # mode 0700 on the directory
    RuntimeDirectory=mcp                     # systemd: /run/mcp, with RuntimeDirectoryMode=0700

Where the abstract name has to stay, let the server compare the uid of the peer, or give it a network namespace of its
own (``PrivateNetwork=yes``, ``docker run --network none``).

References
----------
- unix(7): abstract sockets, SO_PEERCRED; network_namespaces(7)
- CWE-732: Incorrect Permission Assignment for Critical Resource
- CWE-306: Missing Authentication for Critical Function
"""

from __future__ import annotations

from collections.abc import Iterator

from workbench.api import (
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
)

_FIRST_PERSON = 1000
_LAST_PERSON = 60000


@check(
    title="A server listens on an abstract socket, open to any account",
    severities=(Severity.HIGH, Severity.MEDIUM),
    needs=("sockets:owner", "processes:namespaces", "accounts"),
)
def abstract(snapshot: Snapshot) -> Iterator[Verdict]:
    """Judge every abstract socket by the network namespace it is in."""
    sockets = [socket for socket in snapshot.sockets.sockets if socket.abstract]
    if not sockets:
        yield NotApplicable("no MCP server listens on an abstract socket")
    alone = {server.key for server in snapshot.processes.servers if "net" in server.own_namespaces}
    for socket in sockets:
        if socket.server in alone:
            yield Passed(_subject(socket))
        elif not socket.server and socket.foreign_namespace:
            yield NotAssessed(f"the socket @{socket.name}", "which network namespace it is in is not known")
        else:
            yield _finding(socket, snapshot)


def _finding(socket: SocketFact, snapshot: Snapshot) -> Finding:
    own = {snapshot.host.uid, socket.uid}
    people = [
        account.name
        for account in snapshot.accounts.accounts
        if _FIRST_PERSON <= account.uid < _LAST_PERSON and account.uid not in own
    ]
    whom = f"any account of this machine ({', '.join(people[:3])} among them)" if people else "any service's account"
    return Finding(
        subject=_subject(socket),
        severity=Severity.HIGH if people else Severity.MEDIUM,
        summary=f"@{socket.name} has no mode: {whom} can connect to it",
        evidence=(
            Evidence(
                expected="a socket file in a directory of its owner's alone, or a network namespace of its own",
                actual=f"an abstract name in this network namespace, bound by uid {socket.uid}"
                if socket.uid is not None
                else "an abstract name in this network namespace",
                command=("grep", "-F", f"@{socket.name}", "/proc/net/unix"),
            ),
        ),
    )


def _subject(socket: SocketFact) -> Subject:
    return Subject("socket", f"@{socket.name}", f"@{socket.name}")
