"""A probe as it is shown, agreed to and carried out: the command line and the terminal app both go this way."""

from __future__ import annotations

import sys
from pathlib import Path

from workbench.exits import Unusable
from workbench.model.probe import PeerVerdict
from workbench.model.record import record
from workbench.probe.asking import Answer, ask, command
from workbench.probe.memory import remember
from workbench.probe.refusing import why_not
from workbench.probe.target import Target, find
from workbench.probe.verdict import compare
from workbench.repair.paths import Refused

BAD = ("open", "lazy")
"""The verdicts after which a stranger gets in."""


@record
class PlannedProbe:
    """A socket to probe, the stranger's uid and gid, and the exact commands as (uid, argument vector).

    ``through_sudo``: one of them asks sudo, which may ask for a password on the terminal.
    """

    target: Target
    stranger: tuple[int, int]
    commands: tuple[tuple[int, tuple[str, ...]], ...]
    through_sudo: bool = False


@record
class Probed:
    """What came of a probe. ``unkept`` says why the verdict could not be kept for the next look, "" where it was."""

    shown: str
    verdict: PeerVerdict
    owner: Answer
    stranger: Answer
    unkept: str = ""


def plan(name: str) -> PlannedProbe:
    """What probing the socket at a path, or of an abstract name written ``@name``, comes to. Connects to nothing.

    Raises Unusable where it is not probed, with the reason.
    """
    if sys.platform != "linux":
        raise Unusable("probe: connecting as other accounts is built for Linux only")
    target = find(name)
    refusal = why_not(target.shown, target.program)
    if refusal:
        raise Unusable(f"{target.shown} is not probed: {refusal}")
    stranger = _stranger(target.uid)
    try:
        commands = tuple((uid, command(target.name, uid)) for uid in (target.uid, stranger[0]))
    except OSError as error:
        raise _failed(target, error) from error
    through_sudo = any(vector[0].endswith("sudo") for _, vector in commands)
    return PlannedProbe(target, stranger, commands, through_sudo)


def told(planned: PlannedProbe) -> tuple[str, ...]:
    """What will be done, in sentences for the person who agrees to it."""
    target = planned.target
    holder = f", which {target.program} listens on" if target.program else ""
    return (
        f"Two real connections will be made to {target.shown}{holder}: one as its owner (uid {target.uid}), one as a "
        f"stranger (uid {planned.stranger[0]}). Each waits a moment, says one harmless word (a JSON-RPC ping) and "
        "hangs up.",
        "The server may log them; a socket that starts a program for each connection starts two.",
    )


def carry_out(planned: PlannedProbe, state: Path) -> Probed:
    """Connect as both, compare how they were treated, and keep the verdict for the looks that follow.

    Where sudo asks for a password it asks on the terminal. Raises Unusable where it could not be done.
    """
    target = planned.target
    try:
        owner = ask(target.name, target.uid, target.gid)
        stranger = ask(target.name, *planned.stranger)
    except OSError as error:
        raise _failed(target, error) from error
    verdict = compare(owner, stranger)
    return Probed(target.shown, verdict, owner, stranger, _kept(target, verdict, state))


def in_words(answer: Answer) -> str:
    """How one account was treated."""
    if answer.refused:
        return f"could not connect ({answer.refused})"
    if answer.closed:
        return "was let in and closed at once"
    return f"was let in; after its first word: {answer.after}"


def shown_account(uid: int, vector: tuple[str, ...]) -> str:
    """As whom a command runs, where that does not stand in the command itself."""
    return "" if vector[0].endswith("sudo") else f"as uid {uid}: "


def _kept(target: Target, verdict: PeerVerdict, state: Path) -> str:
    if not target.inode:
        return "the kernel does not tell which socket it is"
    try:
        remember(state, target.inode, verdict)
    except (Refused, OSError) as error:
        return error.reason if isinstance(error, Refused) else error.strerror or type(error).__name__
    return ""


def _failed(target: Target, error: OSError) -> Unusable:
    return Unusable(f"{target.shown} could not be probed: {error.strerror or type(error).__name__}")


def _stranger(owner: int) -> tuple[int, int]:
    import pwd

    try:
        nobody = pwd.getpwnam("nobody")
        uid, gid = nobody.pw_uid, nobody.pw_gid
    except KeyError:
        uid, gid = 65534, 65534
    return (uid, gid) if uid != owner else (uid - 1, gid - 1)
