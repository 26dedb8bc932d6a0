"""Ask one engine through the Docker SDK's own transport: by its socket alone, bounded, and never for longer than told.

Not through the SDK's client: that reads the account's docker configuration and sends headers and credentials from it,
follows redirects, and reads an answer of any size. What listens at a socket need not be an engine.
"""

from __future__ import annotations

import errno
import json
import math
import socket
import threading
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from workbench.activity import began, note
from workbench.host.containers.engines import Place
from workbench.host.files import AS_ROOT, CannotLook, reason
from workbench.model.record import record

if TYPE_CHECKING:
    from docker.transport.unixconn import UnixHTTPConnectionPool

_LIMIT = 32 * 1024 * 1024
_PIECE = 1 << 16
_THREADS = 4
_OLDEST = (1, 24)
_NO_ENGINE = CannotLook("what answers there is no container engine", "look at what listens at this socket")
_SILENT = CannotLook("it does not answer", "start the engine again, then scan again")

_Item = TypeVar("_Item")
_Answer = TypeVar("_Answer")


@record
class Engine:
    """An engine that answered. ``end`` is when (of the monotonic clock) nothing more is asked of it."""

    pool: UnixHTTPConnectionPool
    end: float
    version: Any = None
    prefix: str = ""

    def ask(self, path: str) -> Any:
        """The JSON that the engine answers to a GET. Raises CannotLook, ``absent`` where it knows no such thing."""
        return _get(self.pool, self.prefix + path, self.end)


def connect(place: Place, seconds: float) -> Engine:
    """Find out what answers at a socket and agree on a version of the API. Raises CannotLook."""
    end = time.monotonic() + seconds
    _knock(place, seconds)
    # Only now: it takes a tenth of a second, and most hosts have no engine.
    from docker.constants import DEFAULT_DOCKER_API_VERSION
    from docker.transport.unixconn import UnixHTTPConnectionPool

    pool = UnixHTTPConnectionPool("http+docker://localhost", place.path, timeout=math.ceil(seconds), maxsize=_THREADS)
    try:
        version = _get(pool, "/version", end)
    except CannotLook as why:
        raise _NO_ENGINE if why.absent else why from why
    highest, lowest = _numbers(version, "ApiVersion"), _numbers(version, "MinAPIVersion")
    if highest is None:
        raise _NO_ENGINE
    if highest < _OLDEST:
        raise CannotLook(f"its API is older than {_written(_OLDEST)}", "update the engine")
    known = tuple(int(part) for part in DEFAULT_DOCKER_API_VERSION.split("."))
    agreed = max(min(highest, known), lowest or _OLDEST)
    return Engine(pool, end, version, f"/v{_written(agreed)}")


def all_at_once(act: Callable[[_Item], _Answer], over: Sequence[_Item], end: float) -> list[_Answer | CannotLook]:
    """What ``act`` answers for each, in their order; what is not there by ``end`` is a CannotLook in its place."""
    answers: list[_Answer | CannotLook] = [_SILENT] * len(over)
    turns = iter(range(len(over)))
    lock = threading.Lock()

    def work() -> None:
        while time.monotonic() < end:
            with lock:
                turn = next(turns, None)
            if turn is None:
                return
            try:
                answers[turn] = act(over[turn])
            except CannotLook as why:
                answers[turn] = why
            except Exception as error:  # noqa: BLE001, RUF100 - an answer that nobody thought of is a gap, not a crash
                kind = type(error).__name__
                answers[turn] = CannotLook(f"its answer could not be understood ({kind})", "look at the engine itself")

    # Daemons, not a pool's threads: one that waits for an engine must not keep the program from ending.
    workers = [threading.Thread(target=work, daemon=True) for _ in range(min(_THREADS, len(over)))]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(max(end - time.monotonic(), 0.0))
    return list(answers)


def _knock(place: Place, seconds: float) -> None:
    begun = began()
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as knocking:
        knocking.settimeout(seconds)
        try:
            knocking.connect(place.path)
        except TimeoutError as error:
            raise _SILENT from error
        except OSError as error:
            if error.errno in (errno.EACCES, errno.EPERM):
                raise CannotLook("permission denied", _unlock(place)) from error
            if error.errno == errno.ECONNREFUSED:
                raise CannotLook("nobody listens at it", "start the engine") from error
            if error.errno == errno.EAGAIN:
                raise _SILENT from error
            raise reason(error) from error
        finally:
            note("connected", place.path, begun)


def _unlock(place: Place) -> str:
    # Not "join the group": whoever is in it is root of this host.
    if not place.status.st_mode & 0o020 or place.status.st_gid == 0:
        return "look as root or as its owner" if place.status.st_uid else AS_ROOT
    try:
        import grp

        return f"look as root or as a member of the group {grp.getgrgid(place.status.st_gid).gr_name}"
    except (ImportError, KeyError):
        return f"look as root or as a member of the group {place.status.st_gid}"


def _get(pool: UnixHTTPConnectionPool, path: str, end: float) -> Any:
    from urllib3.exceptions import HTTPError

    left = end - time.monotonic()
    if left <= 0:
        raise _SILENT
    begun = began()
    try:
        response = pool.request(
            "GET", path, preload_content=False, redirect=False, retries=False, timeout=left, headers={"Host": "docker"}
        )
        try:
            if response.status == 404:
                raise CannotLook("the engine does not know it", absent=True)
            if response.status in (401, 403):
                raise CannotLook("the engine does not permit it", "look as an account that it permits")
            if response.status != 200:
                why = f"the engine answers with status {int(response.status)}"
                raise CannotLook(why, "look at the engine's own log")
            body = _body(response, end)
        finally:
            response.close()
            note("connected", f"{pool.socket_path}: GET {path}", begun)
    except (HTTPError, OSError) as error:
        raise _SILENT if _timed_out(error) else _NO_ENGINE from error
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise _NO_ENGINE from error


def _body(response: Any, end: float) -> bytes:
    parts: list[bytes] = []
    size = 0
    for part in response.stream(_PIECE):
        size += len(part)
        if size > _LIMIT:
            raise CannotLook(f"its answer is larger than {_LIMIT // (1024 * 1024)} MiB", "look at the engine itself")
        if time.monotonic() > end:
            raise _SILENT
        parts.append(part)
    return b"".join(parts)


def _timed_out(error: BaseException | None) -> bool:
    from urllib3.exceptions import TimeoutError as Late

    for _ in range(8):
        if isinstance(error, (Late, TimeoutError)):
            return True
        if error is None:
            return False
        error = error.__cause__ or error.__context__
    return False


def _numbers(version: Any, name: str) -> tuple[int, ...] | None:
    told = version.get(name) if isinstance(version, dict) else None
    parts = told.split(".") if isinstance(told, str) else []
    if len(parts) != 2 or not all(part.isascii() and part.isdigit() and len(part) < 4 for part in parts):
        return None
    return tuple(map(int, parts))


def _written(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))
