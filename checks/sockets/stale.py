"""A socket file is left over: nobody listens on it.

What it looks at
----------------
Socket files that are named like an MCP server's, in ``/tmp``, ``/run``, your run-time folder and the folders of living
sockets. One is stale when no network namespace that may be looked into holds a listener that bound it. Nothing is
connected to.

Why it matters
--------------
A server that ended without cleaning up leaves its file behind; handlers for the end of a program do not run when it is
killed. The next start finds the name taken, and what servers do then (remove whatever is there, then bind) is the
moment in which somebody else can be quicker. In a folder that others can write, the name is an invitation.

How an attacker uses it
-----------------------
They wait for the file to be removed and bind the name first. The server fails to start, or picks another place, and the
client, which knows only the name, connects to them.

How to fix it by hand
---------------------
Look that nobody listens, then remove it, and let the server use a folder of its own that goes away with it::

    ss -xl src FILE
    rm FILE
    RuntimeDirectory=mcp          # systemd removes it when the server stops
    mktemp -d                     # mode 0700; its name cannot be guessed

References
----------
- unix(7); systemd.exec(5): RuntimeDirectory=
- CWE-459: Incomplete Cleanup
- CWE-379: Creation of Temporary File in Directory with Insecure Permissions
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
    Subject,
    Verdict,
    check,
)


@check(
    title="A socket file is left over: nobody listens on it",
    severities=(Severity.LOW,),
    needs=("sockets",),
)
def stale(snapshot: Snapshot) -> Iterator[Verdict]:
    """One finding a file; a pass for every socket that is listened on."""
    living = [socket.path for socket in snapshot.sockets.sockets if socket.path is not None]
    if not living and not snapshot.sockets.stale:
        yield NotApplicable("no socket file of an MCP server was found")
    if snapshot.sockets.stale and snapshot.sockets.source != "sock_diag":
        yield NotAssessed(
            "which socket files are listened on", "the kernel's socket diagnosis was refused", "look as root"
        )
        return
    for path in living:
        yield Passed(Subject("socket", path.asked, path.asked))
    for path in snapshot.sockets.stale:
        yield Finding(
            subject=Subject("socket", path.asked, path.asked),
            severity=Severity.LOW,
            summary=f"{path.asked} is left over: nobody listens on it",
            evidence=(
                Evidence(
                    expected="a socket that is removed when its server ends",
                    actual=f"a socket file of uid {path.file.uid} without a listener",
                    command=("ss", "-x", "-l", "src", path.asked) if path.file.exact else (),
                ),
            ),
        )
