"""Let only your account connect to the socket.

Connecting to a unix socket takes the right to write it, so the socket gets the mode 0600: from now on the kernel turns
every other account away. It takes effect at once, for new connections, and the server need not be restarted.
Connections that are open already stay open.

It lasts until the server restarts: the server then makes a new socket, with the mode that its umask gives. To make it
last, start the server with ``umask 077``, set ``UMask=0077`` in its service unit or ``SocketMode=0600`` in its socket
unit, or let it listen in a directory of mode 0700 such as one below ``$XDG_RUNTIME_DIR``.

It is refused where it would not help or would hit the wrong thing: an abstract socket has no file and so no mode, the
socket of another container or network namespace is not the one of that path here, and where the file was replaced since
the server bound its socket, the file belongs to somebody else's socket.

Undo gives back the old mode, as long as it is the same socket. To do it by hand: ``chmod 600 SOCKET``. See unix(7),
chmod(1), umask(2), systemd.socket(5) and CWE-732.
"""

import shlex

from workbench.api import FileFact, Finding, Plan, Refusal, Reversal, Safety, SetMode, Snapshot, SocketFact, fix

_LASTING = "set UMask=0077 (a service) or SocketMode=0600 (a socket unit), or start the server with umask 077"


@fix(
    title="Let only your account connect to the socket",
    repairs=("sockets/connectable-by-others",),
    safety=Safety.SAFE,
    reversal=Reversal.FULL,
)
def plan(finding: Finding, snapshot: Snapshot, answers: None) -> Plan | Refusal:
    """The mode 0600 for the socket."""
    socket = next((each for each in snapshot.sockets.sockets if _names(each, finding)), None)
    if socket is None:
        return Refusal("the socket of this finding is not in the snapshot", "scan again")
    if socket.abstract:
        return Refusal(
            "an abstract socket has no file, so no mode can keep anybody out",
            "let the server listen on a path in a directory of mode 0700, or check the peer's credentials",
        )
    if socket.foreign_namespace:
        return Refusal(
            "the server lives in another namespace, where its path may name another file than here",
            "change the mode where the server runs, inside its container",
        )
    if socket.path is None:
        return Refusal("the file of the socket could not be examined", "scan again as the account that owns it")
    file = socket.path.file
    if not file.exact:
        return Refusal(
            f"the name {file.path} holds characters that cannot be shown, so it cannot be named safely", _LASTING
        )
    if file.kind != "socket" or _is_replaced(socket, file):
        return Refusal(
            f"{file.path} is not the socket that the server listens on: it was replaced since",
            "find out who replaced it, then restart the server",
        )
    if snapshot.host.uid not in (0, file.uid):
        owner = next((known.name for known in snapshot.accounts.accounts if known.uid == file.uid), f"uid {file.uid}")
        return Refusal(
            f"{file.path} belongs to {owner}, and only its owner or root may change its mode",
            f"run as root: chmod 0600 {shlex.quote(file.path)}",
        )
    if file.mode == 0o600:
        return Refusal(f"{file.path} already has the mode 0600", "scan again")
    return Plan(
        fix="sockets/restrict-mode",
        check=finding.check,
        finding=finding.identity,
        title=f"Let only its owner connect to {file.path}",
        safety=Safety.SAFE,
        reversal=Reversal.FULL,
        operations=(SetMode(file.path, 0o600, file.mode, file.device, file.inode),),
        consequences=(
            "clients that run as other accounts can no longer connect; it lasts until the server restarts"
            f" (to make it last, {_LASTING})"
        ),
    )


def _names(socket: SocketFact, finding: Finding) -> bool:
    places = {socket.name} | ({socket.path.asked, socket.path.file.path} if socket.path is not None else set())
    named = {finding.subject.key} | ({finding.location.path} if finding.location is not None else set())
    return bool(places & named)


def _is_replaced(socket: SocketFact, file: FileFact) -> bool:
    # The kernel keeps 32 bits of the inode; on some file systems its device is not the one that stat tells.
    if not socket.bound_inode or socket.bound_device != file.device:
        return False
    return socket.bound_inode != file.inode & 0xFFFFFFFF
