"""Another account can put its own socket in the place of a server's.

What it looks at
----------------
Every unix socket file of an MCP server: each directory on its path in which another account could rename or remove what
is there, whether the file that stands there now is the one that the server bound, and whether the socket's file belongs
to somebody else than the server. The sticky bit of ``/tmp`` protects what is there, so a socket in ``/tmp`` itself is
not replaceable while it exists; that its name can be taken beforehand is ``sockets/predictable-path``.

Why it matters
--------------
A client finds its server by the path. Whoever can put a socket there is the server for every client that connects next:
it is handed the tokens and the requests, and its answers go to the model as if the server had given them.

How an attacker uses it
-----------------------
``mv server.sock old.sock`` and a listener of their own under the old name, passing everything on to the real one.
Nothing fails and nobody notices. A file that is not the one the server bound, or that belongs to another account, can
be the trace that it has already happened.

How to fix it by hand
---------------------
Move the socket to a directory that is the server's alone, and start it again::

    install -d -m 0700 "$XDG_RUNTIME_DIR/mcp"
    chmod go-w DIRECTORY      # where the directory has to stay

Find out who bound the file that stands there now before you trust it: ``ss -xlp``, ``ls -li``.

References
----------
- unix(7), path_resolution(7), inode(7) on the sticky bit
- CWE-732: Incorrect Permission Assignment for Critical Resource
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
    PathFact,
    Severity,
    Snapshot,
    SocketFact,
    Subject,
    Verdict,
    check,
    is_replaced_socket,
    unit_of_socket,
    who_can_replace,
)


@check(
    title="Another account can put its own socket in the place of a server's",
    severities=(Severity.HIGH,),
    needs=("sockets:mode", "sockets:owner", "accounts"),
)
def replaceable(snapshot: Snapshot) -> Iterator[Verdict]:
    """Judge every socket file by its directories, its inode and its owner."""
    sockets = [socket for socket in snapshot.sockets.sockets if not socket.abstract]
    if not sockets:
        yield NotApplicable("no MCP server listens on a unix socket with a file")
    for socket in sockets:
        if socket.path is None:
            if not any(gap.facet == "mode" for gap in snapshot.sockets.state.unread):
                yield NotAssessed(f"the socket {socket.name}", "its file could not be examined")
        elif socket.foreign_namespace:
            why = "it lies in a file system of its server's own; who else gets there is not known"
            yield NotAssessed(f"the socket {socket.name}", why)
        else:
            yield _judged(socket, socket.path, snapshot)


def _judged(socket: SocketFact, path: PathFact, snapshot: Snapshot) -> Verdict:
    subject = Subject("socket", path.asked, path.asked)
    own = {0, snapshot.host.uid, path.file.uid} | ({socket.uid} if socket.uid is not None else set())
    says: list[str] = []
    evidence: list[Evidence] = []
    foreign = socket.uid is not None and path.file.uid not in (0, socket.uid, _given_to(path, snapshot))
    if foreign and not is_replaced_socket(socket, path):
        says.append(f"belongs to uid {path.file.uid}, not to its server")
        evidence.append(_seen("a socket file of the server's own account", path, f"owner uid {path.file.uid}"))
        own.discard(path.file.uid)
    if path.file.kind != "socket" or is_replaced_socket(socket, path):
        says.append("is not the file that its server bound: another stands in its place")
        what = f"{path.file.kind}, inode {path.file.inode}; the server bound inode {socket.bound_inode}"
        evidence.append(_seen("the file that the server bound", path, what))
    audience = who_can_replace(path, snapshot.accounts, frozenset(own))
    if audience:
        says.append(f"can be replaced by {audience}")
        evidence += [
            Evidence(
                expected="directories in which only the server's account can rename and remove",
                actual=f"{step.path}: mode {step.mode:04o}, owner uid {step.uid}",
                command=("namei", "-l", path.asked) if path.file.exact else (),
            )
            for step in path.directories
            if step.uid not in {0, *own} or (step.mode & 0o022 and not step.mode & 0o1000) or step.acl is not None
        ]
    if not says:
        return Passed(subject)
    return Finding(
        subject=subject,
        severity=Severity.HIGH,
        summary=f"{path.asked} {' and '.join(says)}",
        evidence=tuple(evidence),
    )


def _given_to(path: PathFact, snapshot: Snapshot) -> int | None:
    """The account that systemd gives the socket to (``SocketUser=``), where it makes it."""
    unit = unit_of_socket(path.asked, snapshot)
    name = unit.value("SocketUser", "Socket") if unit is not None else ""
    uids = [each.uid for each in snapshot.accounts.accounts if name in (each.name, str(each.uid))]
    return uids[0] if uids else None


def _seen(expected: str, path: PathFact, actual: str) -> Evidence:
    command = ("stat", "-c", "%i %F %U:%G %n", path.asked) if path.file.exact else ()
    return Evidence(expected, actual, command)
