"""A server's code does not look at who connects to its unix socket.

What it looks at
----------------
In the code of servers: whether the account at the other end of a unix socket is read (``SO_PEERCRED``, its number 17,
``getpeereid``, ``LOCAL_PEERCRED``) and compared with anything. It is found where the account is read and only logged,
and where it is not read and nothing else keeps other accounts out: no private folder, no umask, or an abstract name. A
socket in a folder of mode 0700 passes, for there the kernel has looked already. What the running server does is asked
by ``sockets/accepts-any-peer``.

Why it matters
--------------
A unix socket is not private by being local. Every program that runs here under any account can try to connect, a
container that has the socket mounted can as well, and the server does what it is asked with your rights.

How an attacker uses it
-----------------------
An account that only a small service has, broken into over the network, connects to the server of the person at the
machine and calls its tools: it reads files that the service could never read.

How to fix it by hand
---------------------
The folder first: ``$XDG_RUNTIME_DIR`` or ``mkdtemp``, mode 0700. Then, where others are let in on purpose, or the name
is abstract (which admits every account of the network namespace, and nothing but this check protects it)::

    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    pid, uid, gid = struct.unpack("3i", credentials)
    if uid != os.getuid():
        connection.close()

Return
Compare, and close on every other answer and on every error: reading and logging protects nobody. Do not compare the
process id: it is used again, and in another namespace it is 0. Node.js has no such call; it takes a native addon, or a
folder that makes it unnecessary. It tells accounts apart, not programs: whatever runs as you passes, and so does a
container's process with your user id.

References
----------
- unix(7): SO_PEERCRED; getpeereid(3)
- CWE-306: Missing Authentication for Critical Function
"""

from __future__ import annotations

from collections.abc import Iterator

from workbench.api import (
    UNSEEN_SOCKET,
    Flawed,
    NotAssessed,
    Passed,
    Severity,
    Snapshot,
    UnixListener,
    Verdict,
    check,
    code_subject,
    is_kept_to_one,
    judge_code,
    unjudged,
)

_EXPECTED = "a private folder, or the account at the other end compared before anything is read"


@check(
    title="A server's code does not look at who connects",
    severities=(Severity.HIGH,),
    needs=("code:files", "code:python", "code:javascript"),
)
def no_peer_check(snapshot: Snapshot) -> Iterator[Verdict]:
    """Judge every listener on a unix socket."""
    return judge_code(snapshot, snapshot.code.observed.listeners, _judge, "listens on a unix socket")


def _judge(listener: UnixListener) -> Flawed | Passed | NotAssessed:
    if listener.peers == "unknown":
        return unjudged(listener.site, "whether the account of whoever connects is compared", "it is done elsewhere")
    if listener.peers == "compared":
        return Passed(code_subject(listener.site))
    if listener.peers == "not compared":
        return Flawed(
            Severity.HIGH,
            "the account of whoever connects is read and compared with nothing",
            _EXPECTED,
            f"{listener.call}; the peer is read in line {listener.peers_at}, and that is all",
        )
    if listener.kind == "abstract":
        summary = f"every account here can connect to @{listener.address}, and nothing looks at who does"
        return Flawed(Severity.HIGH, summary, _EXPECTED, f"{listener.call} on an abstract name, without SO_PEERCRED")
    if is_kept_to_one(listener):
        return Passed(code_subject(listener.site))
    if listener.restriction == "unknown" or (listener.kind == "unknown" and listener.restriction != "widened"):
        why = "where the socket is, or what narrows its mode, does not stand in its code"
        return unjudged(listener.site, "whether a folder keeps others from the socket", why, UNSEEN_SOCKET)
    summary = f"nothing looks at who connects to {listener.address or 'the socket'}, and no folder keeps others out"
    return Flawed(Severity.HIGH, summary, _EXPECTED, f"{listener.call}, without SO_PEERCRED")
