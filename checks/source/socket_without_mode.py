"""A server's code leaves the mode of its unix socket to chance.

What it looks at
----------------
In the code of servers: every unix socket that it listens on, and what narrows it: a umask that is set before, a private
folder (``mkdtemp``, ``$XDG_RUNTIME_DIR``, a folder made with mode 0700), a chmod between ``bind`` and ``listen``. It is
high where there is nothing, or where the code itself opens the socket to all (``writableAll``, mode 0666), and medium
where the mode is narrowed only after it listens: that leaves a window. Abstract sockets have no mode at all; see
``source/no-peer-check``. Nothing is said where the path comes out of a configuration: its folder may be private.

Why it matters
--------------
Without one of these the mode is 0777 less the umask of whoever starts the server. To connect one needs the right to
*write*: with umask 022 it is 0755, and nobody else gets in, whatever is said about 0755; with 002 the group does, with
000, as many containers and services have it, everybody does. A socket is not safe because it was on one machine.

How an attacker uses it
-----------------------
Another account connects, or waits in a loop for the moment between listen and chmod: a connection that was made in it
stays open when the mode is narrowed. It then calls the server's tools with your rights.

How to fix it by hand
---------------------
Make the folder private, and the mode does not matter any more::

    const folder = fs.mkdtempSync(path.join(process.env.XDG_RUNTIME_DIR ?? os.tmpdir(), "mcp-"));   // mode 0700
    server.listen(path.join(folder, "server.sock"));

Or set the umask for exactly as long as it is needed. The socket is made inside of ``listen()``, so restore it on the
next line, not in the callback: until that runs, everything else that is made has the narrow mode as well::

    const before = process.umask(0o177);
    server.listen(file);
    process.umask(before);

In Python: ``before = os.umask(0o177)``, ``sock.bind(file)``, ``os.umask(before)``. As a service: ``UMask=0077`` or
``RuntimeDirectoryMode=0700`` in the unit.

References
----------
- unix(7), umask(2), mkdtemp(3)
- Node.js documentation: server.listen, process.umask
- CWE-276: Incorrect Default Permissions
- CWE-362: Race Condition
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

_EXPECTED = "a private folder, or a umask that is set before it listens"


@check(
    title="A server's code leaves the mode of its socket to chance",
    severities=(Severity.HIGH, Severity.MEDIUM),
    needs=("code:files", "code:python", "code:javascript"),
)
def socket_without_mode(snapshot: Snapshot) -> Iterator[Verdict]:
    """Judge every listener on a socket that has a file."""
    return judge_code(snapshot, snapshot.code.observed.listeners, _judge, "listens on a unix socket with a file")


def _judge(listener: UnixListener) -> Flawed | Passed | NotAssessed | None:
    if listener.kind == "abstract":
        return None
    if listener.restriction == "unknown":
        why = "it is set elsewhere, and perhaps not in time"
        return unjudged(listener.site, "what narrows the mode of the socket", why, UNSEEN_SOCKET)
    if is_kept_to_one(listener):
        return Passed(code_subject(listener.site))
    if listener.kind == "unknown" and listener.restriction != "widened":
        why = "its code does not say where it is, and that folder may well be private"
        return unjudged(listener.site, "who may connect to the socket", why, UNSEEN_SOCKET)
    socket = listener.address or "the socket"
    if listener.restriction == "widened":
        summary = f"the code itself lets every account connect to {socket}"
        return Flawed(Severity.HIGH, summary, _EXPECTED, f"{listener.call}, and a mode that lets others in")
    if listener.restriction == "chmod after":
        summary = f"whoever connects to {socket} before its mode is narrowed stays connected"
        actual = f"{listener.call}, and chmod only after it, in line {listener.restricted_at}"
        return Flawed(Severity.MEDIUM, summary, _EXPECTED, actual)
    summary = f"who may connect to {socket} depends on the umask of whoever starts the server"
    return Flawed(Severity.HIGH, summary, _EXPECTED, f"{listener.call}, with nothing that narrows the mode")
