"""What is asked before the demo plays to look with sudo or to probe a socket, and what it would be told."""

from __future__ import annotations

from workbench.host.privileged import Vector
from workbench.model.plan import Refusal
from workbench.model.snapshot import Snapshot
from workbench.model.sockets import SocketFact
from workbench.probe.asking import PROGRAM, Answer
from workbench.probe.planned import PlannedProbe, Probed
from workbench.probe.target import Target
from workbench.probe.verdict import compare

_ETC = "/etc/sudoers"
WANTED: tuple[Vector, ...] = (
    ("/usr/bin/cvtsudoers", "-c", "/dev/null", "-e", "-f", "json", _ETC),
    ("/usr/sbin/visudo", "-c", "-f", _ETC),
    ("/usr/bin/tar", "-c", "-P", "-f", "-", "--", _ETC, f"{_ETC}.d"),
    *(
        vector
        for pid in (812, 4402)
        for vector in (
            (
                "/usr/bin/find",
                *(f"/proc/{pid}/{place}" for place in ("exe", "cwd", "root", "ns", "fd")),
                *("-maxdepth", "1", "-type", "l", "-printf", r"%p\0%l\0"),
            ),
            ("/usr/bin/base64", "-w0", "--", f"/proc/{pid}/environ"),
        )
    ),
    ("/usr/sbin/auditctl", "-s"),
    ("/usr/sbin/auditctl", "-l"),
    ("/usr/bin/tar", "-c", "-P", "-f", "-", "--", "/etc/audit"),
)
"""What would be read through sudo there."""
_STRANGER = 65534


def plan_probe(name: str, seen: Snapshot) -> PlannedProbe | Refusal:
    """What probing a socket of the demo's host would come to."""
    socket = _socket(name, seen)
    inode = socket.inode if socket is not None else 77
    target = Target(name.encode(), name, 1000, 1000, inode, "node")
    interpreter = ("/usr/bin/python3", "-I", "-S", "-c", PROGRAM, name.encode().hex())
    stranger = ("/usr/bin/sudo", "-u", f"#{_STRANGER}", "--", *interpreter)
    commands = ((1000, interpreter), (_STRANGER, stranger))
    return PlannedProbe(target, (_STRANGER, _STRANGER), commands, through_sudo=True)


def answer(planned: PlannedProbe, seen: Snapshot) -> Probed:
    """What a probe of it would be told: a stranger is kept out by the mode, else by what its server is known to do."""
    name = planned.target.shown
    socket = _socket(name, seen)
    owner, stranger = Answer(after="reply"), Answer(after="reply")
    if socket is not None and socket.path is not None and not socket.path.file.mode & 0o002:
        stranger = Answer("EACCES")
    elif socket is not None and socket.peer_check == "validating":
        stranger = Answer(closed=True)
    elif socket is not None and socket.peer_check == "lazy":
        stranger = Answer(after="closed")
    return Probed(name, compare(owner, stranger), owner, stranger)


def _socket(name: str, seen: Snapshot) -> SocketFact | None:
    return next((each for each in seen.sockets.sockets if name == _asked(each)), None)


def _asked(socket: SocketFact) -> str:
    if socket.abstract:
        return f"@{socket.name}"
    return socket.path.asked if socket.path is not None else socket.name
