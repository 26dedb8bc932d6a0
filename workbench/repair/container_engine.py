"""Ask a Docker engine and have it do things, by its socket alone: bounded, and each for no longer than told."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from workbench.activity import began, note
from workbench.host.containers.asking import Engine, connect
from workbench.host.containers.engines import Place
from workbench.host.containers.values import items, pairs, raw, raws
from workbench.host.files import CannotLook
from workbench.repair.paths import Refused
from workbench.secrets import redact, redact_arguments, redact_values
from workbench.text import visible

_SECONDS = 15.0
_LIMIT = 1 << 20
_LOGGED = 1 << 16
_LAST_LINES = 4
_SHORTEST = 4  # what is shorter in options is a size or a number, of which a message may be full


def reach(path: str) -> Engine:
    """The Docker engine at a socket that belongs to root or to this account. Raises Refused."""
    shown = visible(path)
    try:
        status = os.stat(path)
        if status.st_uid not in (0, os.geteuid()):
            raise Refused(f"the engine at {shown} is another account's", "run the workbench as that account")
        engine = connect(Place(path, "the plan", status), _SECONDS)
    except OSError as error:
        raise Refused(f"there is no engine at {shown} any more: {error.strerror}", "start the engine") from error
    except CannotLook as why:
        raise Refused(f"the engine at {shown} cannot be asked: {why.why}", why.unlock) from why
    names = [
        raw(engine.version, "Platform", "Name"),
        *(raw(each, "Name") for each in items(engine.version, "Components")),
    ]
    if "podman" in " ".join(names).lower():
        raise Refused("it is known of Docker alone how a container is made again exactly", "make it anew by hand")
    return engine


def asked(engine: Engine, path: str) -> Any:
    """What the engine answers, None where it knows no such thing. Raises Refused."""
    try:
        return replace(engine, end=time.monotonic() + _SECONDS).ask(path)
    except CannotLook as why:
        if why.absent:
            return None
        raise Refused(f"the engine does not tell: {why.why}", why.unlock) from why


def inspected(engine: Engine, container: str) -> Any:
    """A container as the engine tells it, None where there is none of that id or name. Raises Refused."""
    return asked(engine, f"/containers/{quote(container, safe='')}/json")


def image_of(engine: Engine, name: str) -> Any:
    """An image as the engine tells it, None where it has none of that name. Raises Refused."""
    return asked(engine, f"/images/{quote(name, safe='/:@')}/json")


def made_of(engine: Engine, label: str, container: str) -> tuple[str, ...]:
    """The ids of the containers that were made anew of that one, by their label. Raises Refused."""
    wanted = quote(json.dumps({"label": [f"{label}={container}"]}, separators=(",", ":")))
    told = asked(engine, f"/containers/json?all=1&filters={wanted}")
    return tuple(raw(each, "Id") for each in told) if isinstance(told, list) else ()


def order(
    engine: Engine, path: str, body: Mapping[str, Any] | None = None, *, method: str = "POST", seconds: float = _SECONDS
) -> tuple[int, Any]:
    """Have the engine do something: the status it answers, and its JSON. Raises Refused where it does not answer."""
    from urllib3.exceptions import HTTPError

    begun = began()
    headers = {"Host": "docker", **({"Content-Type": "application/json"} if body is not None else {})}
    try:
        response = engine.pool.request(
            method,
            engine.prefix + path,
            body=None if body is None else json.dumps(body).encode(),
            headers=headers,
            preload_content=False,
            redirect=False,
            retries=False,
            timeout=seconds,
        )
        try:
            status, raw_answer = int(response.status), response.read(_LIMIT)
        finally:
            response.close()
    except (HTTPError, OSError) as error:
        raise Refused("the engine does not answer any more", "look whether it runs") from error
    note("connected", f"{engine.pool.socket_path}: {method} {path}", begun)
    try:
        return status, json.loads(raw_answer) if raw_answer else None
    except (ValueError, RecursionError):
        return status, None


def done(
    engine: Engine,
    path: str,
    what: str,
    secrets: Sequence[str],
    body: Mapping[str, Any] | None = None,
    *,
    method: str = "POST",
    seconds: float = _SECONDS,
) -> Any:
    """Have the engine do something that must be done, or be so already. Raises Refused, which says ``what`` failed."""
    status, answer = order(engine, path, body, method=method, seconds=seconds)
    if status not in (200, 201, 204, 304):
        said = harmless(raw(answer, "message"), secrets)
        raise Refused(f"{what}: the engine says {said or f'{status} and nothing else'}")
    return answer


def last_words(engine: Engine, container: str, secrets: Sequence[str]) -> str:
    """The end of what a container printed, freed of every value that it was given; "" for nothing."""
    from urllib3.exceptions import HTTPError

    path = f"{engine.prefix}/containers/{container}/logs?stdout=1&stderr=1&tail=20"
    try:
        response = engine.pool.request(
            "GET", path, preload_content=False, redirect=False, retries=False, timeout=5.0, headers={"Host": "docker"}
        )
        try:
            told: bytes = response.read(_LOGGED) if response.status == 200 else b""
        finally:
            response.close()
    except (HTTPError, OSError):
        return ""
    text = b""
    while len(told) >= 8:  # each part has a head of eight bytes, of which the last four are its length
        size = int.from_bytes(told[4:8], "big")
        text, told = text + told[8 : 8 + size], told[8 + size :]
    # Before it is taken apart: a value may have several lines.
    told_of = redact_values(text.decode("utf-8", "replace"), secrets)
    lines = [line.strip() for line in told_of.splitlines() if line.strip()]
    return harmless(" / ".join(lines[-_LAST_LINES:]), secrets)


def secrets_of(told: Any) -> tuple[str, ...]:
    """Every value that a container was given and that must not be said again: of its variables, labels and words."""
    words = [*raws(told, "Config", "Entrypoint"), *raws(told, "Config", "Cmd")]
    shown = redact_arguments(words)[0]
    hidden = [word for word, each in zip(words, shown, strict=True) if word != each]
    config = told.get("Config") if isinstance(told, dict) else None
    labels = config.get("Labels") if isinstance(config, dict) else None
    given = [each.partition("=")[2] for each in raws(told, "Config", "Env")]
    given += [each for each in labels.values() if isinstance(each, str)] if isinstance(labels, dict) else []
    # A log or a volume elsewhere may need a password, which its engine names where that is wrong.
    options = [each for _, each in pairs(told, "HostConfig", "LogConfig", "Config")]
    for mount in items(told, "HostConfig", "Mounts"):
        options += [each for _, each in pairs(mount, "VolumeOptions", "DriverConfig", "Options")]
    for each in options:
        told_of = (each, *(part.partition("=")[2] for part in each.split(","))) if isinstance(each, str) else ()
        given += [part for part in told_of if len(part) >= _SHORTEST]
    known = (*given, *hidden, *(word.partition("=")[2] for word in hidden))
    # What was printed may begin in the middle of a value that has several lines.
    return tuple(dict.fromkeys(part for each in known for part in (each, *each.splitlines()) if part.strip()))


def harmless(text: str, secrets: Sequence[str]) -> str:
    """Text of the engine's or of a server's, without any value that a container was given."""
    return visible(redact(redact_values(text, secrets)), 300)
