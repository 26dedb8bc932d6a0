"""Run a read-only system program: exact arguments, a deadline, bounded output, nothing left behind."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.activity import began, note_run
from workbench.host.files import CannotLook
from workbench.model.record import record

if TYPE_CHECKING:
    import subprocess

_FOLDERS = ("/usr/sbin", "/usr/bin", "/sbin", "/bin")
_OUTPUT_LIMIT = 32 * 1024 * 1024


@record
class Output:
    """What a program printed, decoded with every undecodable byte kept as a surrogate, and its exit status."""

    status: int
    out: str
    err: str


def find_program(name: str) -> str:
    """The absolute path of a system program, from root's own folders only. Raises CannotLook where it is missing."""
    for folder in _FOLDERS:
        path = f"{folder}/{name}"
        if os.access(path, os.X_OK) and Path(path).is_file():
            return path
    raise CannotLook(f"{name} is not installed", f"install the package that provides {name}")


def run(arguments: Sequence[str], deadline: float, limit: int = _OUTPUT_LIMIT, *, own_session: bool = True) -> Output:
    """Run a program with an empty environment and no input, for at most ``deadline`` seconds. Raises CannotLook.

    The whole process group is killed at the deadline or when it has printed more than ``limit`` bytes.
    Without a session of its own it keeps the terminal: sudo remembers by terminal whose password it has heard.
    """
    begun = began()
    try:
        output = _run(arguments, deadline, limit, own_session)
    except CannotLook as why:
        note_run(arguments, begun, why.why)
        raise
    note_run(arguments, begun, output.status)
    return output


def _run(arguments: Sequence[str], deadline: float, limit: int, own_session: bool) -> Output:
    import subprocess

    try:
        process = subprocess.Popen(
            list(arguments),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd="/",
            env={"PATH": ":".join(_FOLDERS), "LC_ALL": "C.UTF-8"},
            start_new_session=own_session,
            process_group=None if own_session else 0,
        )
    except OSError as error:
        raise CannotLook(f"{arguments[0]} could not be started: {error.strerror}") from error
    pieces: tuple[list[bytes], list[bytes]] = ([], [])
    flooded = threading.Event()
    readers = [
        threading.Thread(target=_drain, args=(stream, pieces[place], limit, process, flooded), daemon=True)
        for place, stream in enumerate((process.stdout, process.stderr))
    ]
    for reader in readers:
        reader.start()
    try:
        process.wait(deadline)
    except subprocess.TimeoutExpired as error:
        raise CannotLook(f"{arguments[0]} did not answer within {deadline:g} s") from error
    finally:
        _kill_group(process)
        for reader in readers:
            reader.join(1.0)
    if flooded.is_set():
        raise CannotLook(f"{arguments[0]} printed more than {limit // (1024 * 1024)} MiB")
    out, err = (b"".join(part).decode("utf-8", "surrogateescape") for part in pieces)
    return Output(process.returncode, out, err)


def _drain(
    stream: object, into: list[bytes], limit: int, process: subprocess.Popen[bytes], full: threading.Event
) -> None:
    total = 0
    while part := stream.read1(65536):  # type: ignore[attr-defined]
        total += len(part)
        if total > limit:
            full.set()
            _kill_group(process)
            return
        into.append(part)


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    import subprocess

    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass
    try:
        process.wait(1.0)
    except subprocess.TimeoutExpired:
        pass
