"""Connect to a socket as some account, in a process of its own, and see how one is treated."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from typing import Literal

from workbench.activity import began, note_run
from workbench.elevation import is_roots_own
from workbench.model.record import record

PATIENCE = 0.4
"""Seconds that a server has to close a connection, and again to answer a message."""

_DEADLINE = 5.0
_INTERPRETERS = ("/usr/bin/python3", "/usr/local/bin/python3", "/bin/python3")
PROGRAM = f"""\
import errno, json, socket, sys
s = socket.socket(socket.AF_UNIX)
s.settimeout({PATIENCE})
def hear():
    try: return "reply" if s.recv(4096) else "closed"
    except socket.timeout: return "silence"
    except OSError: return "closed"
def ask():
    try: s.connect(bytes.fromhex(sys.argv[1]))
    except socket.timeout: return "ETIMEDOUT", False, "silence"
    except OSError as e: return errno.errorcode.get(e.errno, "EIO"), False, "silence"
    if hear() == "closed": return "", True, "closed"
    try: s.sendall(b'{{"jsonrpc":"2.0","id":"workbench-probe","method":"ping"}}\\n')
    except OSError: return "", False, "closed"
    return "", False, hear()
print(json.dumps(ask()))
"""
"""All that runs as another account, and the name of the socket in hexadecimal after it.

It is handed over as text, so that nothing an ordinary account can write is read.
"""

After = Literal["reply", "closed", "silence"]


@record
class Answer:
    """How one account was treated. ``refused`` is the name of the error that kept it from connecting, or "".

    ``closed`` when the connection ended before a word was said; ``after`` is what followed the first message.
    """

    refused: str = ""
    closed: bool = False
    after: After = "silence"


def command(name: bytes, uid: int) -> tuple[str, ...]:
    """The exact argument vector that connects as that account: through sudo where it is not one's own and not root's.

    Raises OSError where no Python of the system's is there to run it.
    """
    vector = (_interpreter(), "-I", "-S", "-c", PROGRAM, name.hex())
    if os.geteuid() in (0, uid):
        return vector
    return ("/usr/bin/sudo", "-u", f"#{uid}", "--", *vector)


def ask(name: bytes, uid: int, gid: int) -> Answer:
    """Connect to the socket of that name as that account and say one harmless word of the protocol (``ping``).

    Where sudo asks for a password it asks on the terminal. Raises OSError where it could not be done.
    """
    vector = command(name, uid)
    try:
        account = {"user": uid, "group": gid, "extra_groups": []} if os.geteuid() == 0 and uid != 0 else {}
        done = _run(vector, **account)
    except subprocess.TimeoutExpired as error:
        raise OSError(errno.ETIMEDOUT, "the probe did not come back in time") from error
    try:
        refused, closed, after = json.loads(done.stdout)
    except (ValueError, TypeError) as error:
        raise OSError(errno.EPROTO, "the probe could not act as that account") from error
    return Answer(str(refused), bool(closed), after if after in ("reply", "closed") else "silence")


def _run(vector: Sequence[str], **account: object) -> subprocess.CompletedProcess[bytes]:
    begun = began()
    done: subprocess.CompletedProcess[bytes] = subprocess.run(  # type: ignore[call-overload]
        vector,
        stdin=None if vector[0].endswith("sudo") else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=None if vector[0].endswith("sudo") else subprocess.DEVNULL,
        timeout=None if vector[0].endswith("sudo") else _DEADLINE,
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
        cwd="/",
        check=False,
        **account,
    )
    note_run(vector, begun, done.returncode)
    return done


def _interpreter() -> str:
    for path in _INTERPRETERS:
        real = shutil.which(path)
        if real is not None and is_roots_own(real):
            return real
    raise OSError(errno.ENOENT, "the system has no Python of its own (/usr/bin/python3) to act as another account with")
