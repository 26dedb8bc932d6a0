"""Start a program once, complete the first exchange of MCP with it over its pipes, and end it with all that it started.

It may be anything: what it prints is bounded, what it says is nobody's to believe, and it has so many seconds.
"""

from __future__ import annotations

import json
import os
import selectors
import signal
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from workbench.activity import began, note

if TYPE_CHECKING:
    import subprocess

_PRINTED = 4 * 1024 * 1024
_COMPLAINT = 16_384
_MORE_SECONDS = 5.0
_END_SECONDS = 2.0
HELLO = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "workbench", "version": "1"},
    },
}
_READY = {"jsonrpc": "2.0", "method": "notifications/initialized"}
_TOOLS = {"jsonrpc": "2.0", "id": 2, "method": "tools/list"}


@dataclass(frozen=True, slots=True)
class Start:
    """What is started, where, and as whom: ``account`` is a uid, a gid and further groups, None for one's own."""

    command: tuple[str, ...] = field(repr=False)
    environment: Mapping[str, str] = field(repr=False)
    directory: str
    account: tuple[int, int, tuple[int, ...]] | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """How it went. ``failure`` is "" where the exchange was completed, else why not, in words of our own.

    ``name``, ``version`` and ``tools`` (None where it did not say) are what it says of itself, and ``complaint`` the
    end of what it printed to its standard error: text of the server's, to be made visible and free of secrets.
    """

    failure: str
    name: str = ""
    version: str = ""
    tools: int | None = None
    complaint: str = ""


def exchange(start: Start, seconds: float) -> Outcome:
    """Start it, ask, and end it, whatever happens. Raises OSError or ValueError where it cannot be started at all."""
    import subprocess

    begun = began()
    account = start.account
    process = subprocess.Popen(
        list(start.command),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=start.directory,
        env=dict(start.environment),
        start_new_session=True,
        user=account[0] if account else None,
        group=account[1] if account else None,
        extra_groups=list(account[2]) if account else None,
    )
    try:
        outcome = _Talk(process).held(time.monotonic() + seconds, seconds)
    finally:
        _end(process)
        note("ran", start.command, begun, process.returncode if process.returncode is not None else "")
    return outcome


class _Talk:
    """One conversation over the pipes of a process."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._line = b""
        self._printed = 0
        self._complaint = b""
        self._ended = False
        self._answers: dict[int, dict[str, Any]] = {}
        self._selector = selectors.DefaultSelector()
        for stream in (process.stdout, process.stderr):
            assert stream is not None  # noqa: S101 - both are pipes
            os.set_blocking(stream.fileno(), False)
            self._selector.register(stream, selectors.EVENT_READ)

    def held(self, until: float, seconds: float) -> Outcome:
        with self._selector:
            failure = self._said(HELLO) or self._waited(1, until, seconds)
            if failure:
                rest = time.monotonic() + 0.2
                while self._listen(rest):
                    pass  # the rest of what it complains of
                return Outcome(failure, complaint=self._complained())
            answer = self._answers[1]
            told = answer.get("result")
            if not isinstance(told, dict) or not isinstance(told.get("protocolVersion"), str):
                return Outcome(
                    "it answered initialize with an error" if "error" in answer else "its answer is none of MCP",
                    complaint=_message(answer) or self._complained(),
                )
            whose = told.get("serverInfo")
            named = whose if isinstance(whose, dict) else {}
            return Outcome("", _text(named.get("name")), _text(named.get("version")), self._tools(told))

    def _tools(self, told: dict[str, Any]) -> int | None:
        """How many tools it offers, where it says so without delay."""
        able = told.get("capabilities")
        wait = time.monotonic() + _MORE_SECONDS
        if self._said(_READY) or not isinstance(able, dict) or "tools" not in able:
            return None
        if self._said(_TOOLS) or self._waited(2, wait, _MORE_SECONDS):
            return None
        listed = self._answers[2].get("result")
        tools = listed.get("tools") if isinstance(listed, dict) else None
        return len(tools) if isinstance(tools, list) else None

    def _said(self, message: dict[str, Any]) -> str:
        stream = self._process.stdin
        assert stream is not None  # noqa: S101 - it is a pipe
        try:
            # Less than a pipe holds, so that this never waits.
            stream.write(json.dumps(message).encode("ascii") + b"\n")
            stream.flush()
        except OSError:
            self._listen(time.monotonic() + 1.0)
            return self._how_ended() or "it closed its standard input"
        return ""

    def _waited(self, identity: int, until: float, seconds: float) -> str:
        while identity not in self._answers:
            if self._printed > _PRINTED:
                return "it prints without end, and no answer"
            if self._ended:
                return self._how_ended() or "it closed its standard output without an answer"
            if not self._listen(until):
                return f"it did not answer within {seconds:g} seconds"
        return ""

    def _listen(self, until: float) -> bool:
        """Take in what comes next. False where the time is over, or nothing more can come."""
        left = until - time.monotonic()
        if left <= 0 or not self._selector.get_map():
            return False
        for key, _ in self._selector.select(left):
            part = os.read(key.fd, 65_536)
            if not part:
                self._selector.unregister(key.fileobj)
            is_answer = key.fileobj is self._process.stdout
            if is_answer:
                self._ended = not part
                self._take(part)
            else:
                self._complaint = (self._complaint + part)[-_COMPLAINT - 1 :]
        return True

    def _take(self, part: bytes) -> None:
        self._printed += len(part)
        *lines, self._line = (self._line + part).split(b"\n")
        for line in lines:
            try:
                answer = json.loads(line)
            except (ValueError, RecursionError):
                continue  # people print greetings where they must not
            if isinstance(answer, dict) and type(answer.get("id")) is int and ("result" in answer or "error" in answer):
                self._answers[answer["id"]] = answer

    def _complained(self) -> str:
        """The end of what it complained of. A line whose beginning is gone could end with a part of a secret."""
        kept = self._complaint
        if len(kept) > _COMPLAINT:
            kept = kept.partition(b"\n")[2]
        return kept.decode("utf-8", "replace")

    def _how_ended(self) -> str:
        import subprocess

        try:
            status = self._process.wait(1.0)
        except subprocess.TimeoutExpired:
            return ""
        return f"it ended with the exit status {status}" if status >= 0 else f"it was ended by the signal {-status}"


def _message(answer: dict[str, Any]) -> str:
    error = answer.get("error")
    text = error.get("message") if isinstance(error, dict) else None
    return _text(text)


def _text(said: object) -> str:
    """What it said, where that is text: not so much of it that it takes long to look through."""
    return said[:_COMPLAINT] if isinstance(said, str) else ""


def _end(process: subprocess.Popen[bytes]) -> None:
    """As a client does: first its input is closed. Then all that is left of its process group is killed."""
    import subprocess

    try:
        if process.stdin is not None:
            process.stdin.close()
    except OSError:
        pass
    try:
        process.wait(_END_SECONDS)
    except subprocess.TimeoutExpired:
        pass
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass
    try:
        process.wait(_END_SECONDS)
    except subprocess.TimeoutExpired:
        pass
    for stream in (process.stdout, process.stderr):
        if stream is not None:
            stream.close()
