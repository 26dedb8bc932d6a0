"""A server's code removes a socket in a shared folder and then listens in its place.

What it looks at
----------------
In the code of servers: an ``unlink`` of the very path that is listened on a moment later, in a folder in which every
account may make entries (/tmp, /var/tmp, /dev/shm). In a folder of the server's own the same lines are in order: nobody
else can put anything there in between.

Why it matters
--------------
Between the two calls the name is free. What stood there is not known either: the ``unlink`` removes whatever has the
name, and where it may not, its error is nearly always swallowed (``catch {}``, ``except OSError: pass``).

How an attacker uses it
-----------------------
In a loop it binds the name as soon as it is free. The server's ``listen`` then fails with EADDRINUSE; it does not take
over the attacker's socket, as is sometimes written. But clients that only know the name connect to the attacker. If the
attacker was there before the server, the ``unlink`` fails already, for the folder is sticky, and the end is the same.

How to fix it by hand
---------------------
Do without the name that has to be cleared: a new folder at every start has nothing in it. ::

    folder = tempfile.mkdtemp(prefix="mcp-")          # 0700, the server's alone
    server = await asyncio.start_unix_server(serve, f"{folder}/server.sock")

Or use ``$XDG_RUNTIME_DIR``, where only you can make entries, and where ``unlink`` before ``listen`` does no harm. Do
not count on ``process.on('exit')`` to tidy up: it does not run when the server is ended by a signal, which is how
clients end it; handle SIGTERM and SIGINT as well. End with an error when ``listen`` fails.

References
----------
- unix(7), unlink(2); inode(7): the sticky bit
- CWE-367: Time-of-check Time-of-use Race Condition
- CWE-377: Insecure Temporary File
"""

from __future__ import annotations

from collections.abc import Iterator

from workbench.api import (
    Flawed,
    NotAssessed,
    Passed,
    Severity,
    Snapshot,
    UnixListener,
    Verdict,
    check,
    code_subject,
    guessable_name,
    judge_code,
    unjudged,
)


@check(
    title="A server's code removes a shared socket, then listens in its place",
    severities=(Severity.MEDIUM,),
    needs=("code:files", "code:python", "code:javascript"),
)
def unlink_then_listen(snapshot: Snapshot) -> Iterator[Verdict]:
    """Judge every listener whose file is removed before."""
    removing = [each for each in snapshot.code.observed.listeners if each.unlinked_at is not None]
    return judge_code(snapshot, removing, _judge, "removes a socket before it listens")


def _judge(listener: UnixListener) -> Flawed | Passed | NotAssessed:
    if listener.kind == "unknown":
        return unjudged(listener.site, "where the socket is that is removed", "its code does not say it")
    name = guessable_name(listener)
    if not name:
        return Passed(code_subject(listener.site))
    return Flawed(
        Severity.MEDIUM,
        f"between its removal and listen, any account can take {name}",
        "a folder of its own, in which nobody else makes entries",
        f"{listener.call} on {name}, which was removed in line {listener.unlinked_at}",
    )
