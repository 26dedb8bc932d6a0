"""Whether a unit that was restarted does its work again: it runs on, and answers where it answered before."""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Callable

from workbench.host.command import find_program, run
from workbench.host.files import CannotLook
from workbench.host.privileged import Vector
from workbench.model.operations import OwnDropIn, RepairOwnUnit, Restart, RootFile
from workbench.repair.exchange import HELLO
from workbench.repair.paths import Refused
from workbench.text import visible

Tell = Callable[[str], None]
_File = RootFile | OwnDropIn | RepairOwnUnit
RESTS = "rests"
"""How a unit does that does not run, and is not to be started either."""
_RUNS, _ANSWERS = "runs", "answers"
_PROPERTIES = "ActiveState,SubState,MainPID,Result,ExecMainStatus,ExecMainCode,NRestarts"
_DEADLINE = 5.0
_NAP = 0.2
_ANSWER_SECONDS = 5.0
_LIMIT = 1 << 20
# What systemd says of a start that it could not make ready, in words (systemd.exec, "Process Exit Codes").
_CODES = {
    "200": "its working directory cannot be entered",
    "203": "its program cannot be run",
    "217": "its account does not exist",
    "226": "a path that it is given does not exist, or its namespace cannot be made",
    "228": "its filter of system calls cannot be set up",
}


def known(wanted: _File, forward: bool) -> str:
    """How the unit does before anything is changed: it ``answers``, ``runs`` or ``rests``; "" where it is left alone.

    Raises Refused where it is to be repaired (``forward``) and does not run, so that nothing would be proven.
    """
    restart = wanted.restarts
    if restart is None:
        return ""
    if "@." in restart.unit:
        return _ANSWERS if _answers(restart.socket) else RESTS
    if _state(restart).get("ActiveState") != "active":
        if forward:
            raise Refused(f"{visible(restart.unit)} does not run any more; nothing was changed", "look again")
        return RESTS
    return _ANSWERS if restart.socket and _answers(restart.socket) else _RUNS


def has_failed(restart: Restart) -> bool:
    """Whether the unit was started and ended as it should not, once or again and again. Raises Refused."""
    now = _state(restart)
    return now.get("ActiveState") == "failed" or now.get("SubState") == "auto-restart"


def require_up(wanted: _File, before: str, tell: Tell) -> None:
    """Refuse where a unit that ran does not run on, or one that answered does not answer any more.

    ``before`` is what was ``known``, "" where it is only to run.
    """
    restart = wanted.restarts
    if restart is None or before == RESTS:
        return
    if "@." not in restart.unit:
        tell(f"watching {visible(restart.unit)} for {restart.seconds} seconds")
        _require_running(restart, tell)
    if before == _ANSWERS:
        answered, shown = _answers(restart.socket), visible(restart.socket)
        if answered is False:
            raise Refused(f"{visible(restart.unit)} does not answer on {shown} any more")
        # Its new umask may have closed it to this account.
        tell(f"{visible(restart.unit)} {'answers on' if answered else 'lets this account no longer ask on'} {shown}")


def _require_running(restart: Restart, tell: Tell) -> None:
    end = time.monotonic() + restart.seconds
    first = ""
    while True:
        now = _state(restart)
        active, pid = now.get("ActiveState"), now.get("MainPID", "0")
        if active == "active":
            first = first or pid
        if active in ("failed", "inactive") or now.get("SubState") == "auto-restart" or (first and pid != first):
            raise Refused(f"{visible(restart.unit)} does not run with it: {_why(now)}")
        if time.monotonic() > end:
            break
        time.sleep(_NAP)
    if active != "active":
        raise Refused(f"{visible(restart.unit)} did not come up within {restart.seconds} seconds")
    tell(f"{visible(restart.unit)} runs, for {restart.seconds} seconds now")


def _why(now: dict[str, str]) -> str:
    status = now.get("ExecMainStatus", "")
    if now.get("ExecMainCode", "0") == "0":
        return "it ends soon after its start, and systemd starts it again and again"
    by_signal = now.get("ExecMainCode") in ("2", "3")
    ended = f"ended by signal {status}" if by_signal else f"ended with status {status}"
    if by_signal and status == "31":
        ended += ", a system call that its filter does not allow"
    return visible(f"{ended}: {_CODES[status]}" if status in _CODES and not by_signal else ended)


def asking(manager: str) -> Vector:
    """What a program needs in front of it to reach the manager of this account's own units; empty for the system's."""
    return (find_program("env"), f"XDG_RUNTIME_DIR=/run/user/{os.geteuid()}") if manager == "user" else ()


def _state(restart: Restart) -> dict[str, str]:
    of_user = ("--user",) if restart.manager == "user" else ()
    try:
        show = (find_program("systemctl"), *of_user, "show", f"--property={_PROPERTIES}", "--", restart.unit)
        said = run((*asking(restart.manager), *show), _DEADLINE)
    except CannotLook as why:
        raise Refused(why.why, why.unlock) from why
    return dict(line.partition("=")[::2] for line in said.out.split("\n") if line)


def _answers(path: str) -> bool | None:
    """Whether what listens on a Unix socket answers the first request of MCP; None where we may not ask."""
    end = time.monotonic() + _ANSWER_SECONDS
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as link:
            link.settimeout(_ANSWER_SECONDS)
            link.connect(path)
            link.sendall(json.dumps(HELLO).encode() + b"\n")
            got = b""
            while b"\n" not in got and len(got) < _LIMIT and time.monotonic() < end:
                part = link.recv(65536)
                if not part:
                    break
                got += part
    except PermissionError:
        return None
    except OSError:
        return False
    try:
        said = json.loads(got.split(b"\n")[0])
    except (ValueError, RecursionError):
        return False
    return isinstance(said, dict) and said.get("id") == 1 and isinstance(said.get("result"), dict)
