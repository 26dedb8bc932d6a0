"""A system account of a server's own: made with nothing to log in with, removed again only as it was made."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence

from workbench.host.privileged import Vector
from workbench.model.acts import CreateAccount
from workbench.repair import root_commands as commands
from workbench.repair.paths import Refused
from workbench.text import visible

COMMENT = "MCP server account made by workbench"
"""By this an account is known to be one that was made here."""
_NAME = re.compile(r"mcp[a-z0-9_-]{0,28}")
_HOME = "/nonexistent"
_PATIENCE = 5.0
"""Seconds that a process of the account has to end: what was tried as it may still be on its way."""


def parts(wanted: CreateAccount) -> tuple[str, ...]:
    """The name. Raises Refused where it is taken."""
    import grp
    import pwd

    name = wanted.name
    if not _NAME.fullmatch(name):
        raise Refused(f"{visible(name, 60)} is no name for the account of a server", "answer one that begins with mcp-")
    for kind, look in (("an account", pwd.getpwnam), ("a group", grp.getgrnam)):
        try:
            look(name)
        except KeyError:
            continue
        raise Refused(f"there is {kind} {name} already, and nothing of it is changed", "answer another name")
    return (name,)


def there(wanted: CreateAccount, names: Sequence[str]) -> tuple[str, ...]:
    """The account where it is there. Raises Refused where it is not what was made: then it is somebody's."""
    import grp
    import pwd

    try:
        known = pwd.getpwnam(wanted.name)
    except KeyError:
        return ()
    groups = [each.gr_name for each in grp.getgrall() if wanted.name in each.gr_mem]
    if (known.pw_gecos, known.pw_dir) != (COMMENT, _HOME) or known.pw_uid == 0 or groups:
        raise Refused(
            f"the account {wanted.name} is not as it was made any more; it was left as it is",
            f"look at it, and remove it by hand if nothing needs it: sudo userdel {wanted.name}",
        )
    return tuple(names)


def require_idle(wanted: CreateAccount) -> None:
    """Refuse while a process of the account runs: nobody can remove it then. One that is just ending is waited for."""
    import pwd
    import time

    uid = pwd.getpwnam(wanted.name).pw_uid
    until = time.monotonic() + _PATIENCE
    while found := _process_of(uid):
        if time.monotonic() > until:
            raise Refused(
                f"a process of {wanted.name} still runs ({found}), so the account cannot be removed",
                "end the client that started the server, and undo it then",
            )
        time.sleep(0.1)


def _process_of(uid: int) -> str:
    """A process of the account, by its number and its name; not one that has ended and is only not collected yet."""
    for number in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.stat(f"/proc/{number}").st_uid != uid:
                continue
            with open(f"/proc/{number}/stat", encoding="utf-8", errors="replace") as file:
                name, _, rest = file.read().partition("(")[2].rpartition(")")
        except OSError:
            continue  # it has ended meanwhile
        if rest.split()[:1] != ["Z"]:
            return f"number {number}, {visible(name, 60)}"
    return ""


def before(wanted: CreateAccount, names: Sequence[str], *, comes: bool) -> tuple[Vector, ...]:
    """Everybody may look whether there is such an account."""
    return ()


def making(wanted: CreateAccount, name: str) -> Vector:
    """The command that makes it: no password, no shell, no home."""
    return (
        *(commands.program("useradd"), "--system", "--user-group", "--no-create-home", "--home-dir", _HOME),
        *("--shell", commands.program("nologin"), "--comment", COMMENT, "--", name),
    )


def taking(wanted: CreateAccount, name: str) -> Vector:
    """The command that removes it, and its group. No file is removed."""
    return (commands.program("userdel"), "--", name)


def failed(wanted: CreateAccount, name: str) -> str:
    """What it means that such a command failed."""
    return (
        f"the account {name} could not be changed: a process of it may be running (end the client that started the"
        " server), or another program changes accounts right now"
    )


def said(wanted: CreateAccount, names: Sequence[str], *, comes: bool) -> str:
    """What a person is told of it."""
    if comes:
        return f"make the system account {wanted.name}, with a group of its own: no password, no shell, no home"
    return f"remove the account {wanted.name}, which the repair made; what belongs to it keeps its number"


def shown(wanted: CreateAccount, names: Sequence[str]) -> tuple[str, ...]:
    """The commands say it all."""
    return ()


def sound(wanted: CreateAccount, names: Sequence[str]) -> bool:
    """Whether this is an account that may be made and removed."""
    return _NAME.fullmatch(wanted.name) is not None and tuple(names) == (wanted.name,)
