"""Whether a unit that was restarted does its work again: it runs on, and answers where it answered before."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable

from workbench.host.command import find_program, run
from workbench.host.files import CannotLook
from workbench.model.plan import Restart, RootFile
from workbench.repair.paths import Refused
from workbench.text import visible

Tell = Callable[[str], None]
_RUNS, _ANSWERS, _RESTS = "runs", "answers", "rests"
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
_HELLO = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "workbench", "version": "1"},
    },
}


def known(wanted: RootFile, forward: bool) -> str:
    """How the unit does before anything is changed: it ``answers``, ``runs`` or ``rests``; "" where it is left alone.

    Raises Refused where it is to be repaired (``forward``) and does not run, so that nothing would be proven.
    """
    restart = wanted.restarts
    if restart is None:
        return ""
    if _state(restart.unit).get("ActiveState") != "active":
        if forward:
            raise Refused(f"{visible(restart.unit)} does not run any more; nothing was changed", "look again")
        return _RESTS
    return _ANSWERS if restart.socket and _answers(restart.socket) else _RUNS


def require_up(wanted: RootFile, before: str, tell: Tell) -> None:
    """Refuse where a unit that ran does not run on, or one that answered does not answer any more.

    ``before`` is what was ``known``, "" where it is only to run.
    """
    restart = wanted.restarts
    if restart is None or before == _RESTS:
        return
    tell(f"watching {visible(restart.unit)} for {restart.seconds} seconds")
    _require_running(restart, tell)
    if before == _ANSWERS:
        if not _answers(restart.socket):
            raise Refused(f"{visible(restart.unit)} does not answer on {visible(restart.socket)} any more")
        tell(f"{visible(restart.unit)} answers on {visible(restart.socket)}")


def _require_running(restart: Restart, tell: Tell) -> None:
    end = time.monotonic() + restart.seconds
    first = ""
    while True:
        now = _state(restart.unit)
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
    by_signal = now.get("ExecMainCode") in ("2", "3")
    ended = f"ended by signal {status}" if by_signal else f"ended with status {status}"
    if by_signal and status == "31":
        ended += ", a system call that its filter does not allow"
    return visible(f"{ended}: {_CODES[status]}" if status in _CODES and not by_signal else ended)


def _state(unit: str) -> dict[str, str]:
    try:
        said = run((find_program("systemctl"), "show", f"--property={_PROPERTIES}", "--", unit), _DEADLINE)
    except CannotLook as why:
        raise Refused(why.why, why.unlock) from why
    return dict(line.partition("=")[::2] for line in said.out.split("\n") if line)


def _answers(path: str) -> bool:
    """Whether what listens on a Unix socket answers the first request of MCP."""
    end = time.monotonic() + _ANSWER_SECONDS
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as link:
            link.settimeout(_ANSWER_SECONDS)
            link.connect(path)
            link.sendall(json.dumps(_HELLO).encode() + b"\n")
            got = b""
            while b"\n" not in got and len(got) < _LIMIT and time.monotonic() < end:
                part = link.recv(65536)
                if not part:
                    break
                got += part
    except OSError:
        return False
    try:
        said = json.loads(got.split(b"\n")[0])
    except (ValueError, RecursionError):
        return False
    return isinstance(said, dict) and said.get("id") == 1 and isinstance(said.get("result"), dict)
