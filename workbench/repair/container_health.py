"""Whether a container that was just started works: its own health check, that it stays up, that it still answers."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Sequence
from typing import Any

from workbench.host.containers.asking import Engine
from workbench.host.containers.values import at, flag, items, number, pairs, raw, raws
from workbench.repair import container_engine
from workbench.repair.exchange import HELLO
from workbench.repair.paths import Refused
from workbench.text import visible

Tell = Callable[[str], None]
_NAP = 0.25
_LONGEST_SECONDS = 300.0
_ANSWER_SECONDS, _COMES_UP_SECONDS = 3.0, 20.0
_PLACES = ("/mcp", "/mcp/", "/")
_LIMIT = 1 << 16
_MOST_PORTS = 8
_PORT = re.compile(r"[1-9][0-9]{0,4}")
_ADVICE = (
    (r"Read-only file system|EROFS|ENOSPC", "it writes somewhere else in its image: answer writable with it as well"),
    (
        r"EACCES|EPERM|[Pp]ermission denied|[Oo]peration not permitted|can't set groups|setgid|chown",
        "as that account it may not: answer user with the number that its image or its folders are made for",
    ),
    (
        r"ENOTFOUND|EAI_AGAIN|ENETUNREACH|getaddrinfo|name resolution|Network is unreachable|ECONNREFUSED",
        "it asks for the network: answer network=yes",
    ),
    (r"out of memory|OOM|heap limit|[Rr]esource temporarily unavailable", "answer memory or processes with more"),
)


def require_up(engine: Engine, container: str, seconds: float, secrets: Sequence[str], tell: Tell) -> None:
    """Wait until a container works. Raises Refused, with the end of what it printed, where it does not."""
    told = container_engine.inspected(engine, container)
    test = raws(told, "Config", "Healthcheck", "Test")
    if test and test[0] != "NONE":
        longest = _patience(told)
        tell(f"waiting for its health check, for at most {longest:.0f} seconds")
        _until(engine, container, longest, secrets, healthy=True)
    else:
        tell(f"it has no health check: watching whether it stays up for {seconds:g} seconds")
        _until(engine, container, seconds, secrets, healthy=False)
    tell("the new container works")


def _until(engine: Engine, container: str, seconds: float, secrets: Sequence[str], *, healthy: bool) -> None:
    end = time.monotonic() + seconds
    while True:
        told = container_engine.inspected(engine, container)
        health = raw(told, "State", "Health", "Status")
        why = ""
        if not flag(told, "State", "Running") or flag(told, "State", "Restarting") or number(told, "RestartCount"):
            status = number(told, "State", "ExitCode")
            why = f"it ended with status {status}" if status else "it ends soon after its start"
            why += ", for it needed more memory" if flag(told, "State", "OOMKilled") else ""
        elif healthy and health == "unhealthy":
            why = "its health check fails"
        elif healthy and health == "healthy":
            return
        elif time.monotonic() > end:
            if not healthy:
                return
            why = f"its health check did not pass within {seconds:.0f} seconds"
        if why:
            said = container_engine.last_words(engine, container, secrets)
            advice = next((told for pattern, told in _ADVICE if re.search(pattern, said)), "")
            more = advice or "start it by hand with these settings and look what it needs; then answer that"
            raise Refused(
                f"the new container does not work, {why}{f'; it said: {said}' if said else ''}. To try: {more}"
            )
        time.sleep(_NAP)


def _patience(told: Any) -> float:
    """Seconds until a health check must have told: its start, and its tries with the time between them."""
    check = at(told, "Config", "Healthcheck")
    interval = number(check, "Interval") / 1e9 or 30.0
    timeout = number(check, "Timeout") / 1e9 or 30.0
    tries = number(check, "Retries") or 3
    return min(number(check, "StartPeriod") / 1e9 + (tries + 1) * (interval + timeout), _LONGEST_SECONDS)


def answering(told: Any) -> tuple[tuple[str, str], ...]:
    """The published ports at which a server of MCP answers its first request: as they are inside, and the path."""
    found = []
    for inside, (address, port) in _published(told).items():
        place = next((each for each in _PLACES if _answers(address, port, each)), "")
        if place:
            found.append((inside, place))
    return tuple(found)


def _published(told: Any) -> dict[str, tuple[str, int]]:
    """The address and port out here of each port inside that is published."""
    found = {}
    for inside, bindings in pairs(told, "NetworkSettings", "Ports")[:_MOST_PORTS]:
        ports = [each for each in items({"all": bindings}, "all") if _PORT.fullmatch(raw(each, "HostPort"))]
        if inside.endswith("/tcp") and ports:
            host = raw(ports[0], "HostIp")
            address = "127.0.0.1" if host in ("", "0.0.0.0", "::") else host  # noqa: S104
            found[inside] = (address, int(raw(ports[0], "HostPort")))
    return found


def require_answers(told: Any, places: Sequence[tuple[str, str]], tell: Tell) -> None:
    """Refuse where a server that answered does not answer any more, within some seconds of its start.

    ``told`` is the new container: where nobody chose the port out here, its engine chose another one.
    """
    end = time.monotonic() + _COMES_UP_SECONDS
    published = _published(told)
    for inside, place in places:
        if inside not in published:
            raise Refused(f"it answered MCP at its port {visible(inside, 20)}, and the new one does not publish that")
        host, port = published[inside]
        while not _answers(host, port, place):
            if time.monotonic() > end:
                raise Refused(f"it answered MCP before, and the new one does not, at port {port}")
            time.sleep(_NAP)
        tell(f"it answers MCP at port {port}, as before")


def _answers(host: str, port: int, path: str) -> bool:
    """Whether what listens there answers the first request of MCP over HTTP."""
    import http.client

    end = time.monotonic() + _ANSWER_SECONDS
    link = http.client.HTTPConnection(host, port, timeout=_ANSWER_SECONDS)
    try:
        headers = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
        link.request("POST", path, json.dumps(HELLO), headers)
        answer = link.getresponse()
        if answer.status != 200:
            return False
        body = b""
        # A stream of events stays open: its first line that says something is enough.
        while len(body) < _LIMIT and b'"jsonrpc"' not in body and time.monotonic() < end:
            part = answer.read1(4096)
            if not part:
                break
            body += part
    except (OSError, OverflowError, http.client.HTTPException, ValueError):
        return False
    finally:
        link.close()
    return b'"jsonrpc"' in body
