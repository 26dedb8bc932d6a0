"""Ask the engines that were found, all at once and each for no longer than its deadline; nothing is changed by it."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from workbench.host.containers.asking import Engine, all_at_once, connect
from workbench.host.containers.describing import (
    container_fact,
    engine_fact,
    is_user_defined,
    with_image,
    with_networks,
)
from workbench.host.containers.engines import FACET, Place
from workbench.host.containers.joining import Pair, id_files_of, pairs
from workbench.host.containers.ourselves import is_own, own_container
from workbench.host.containers.recognition import is_named, recognise
from workbench.host.containers.values import raw, shown
from workbench.host.context import Context
from workbench.host.files import CannotLook, read_bounded
from workbench.launch.images import normal_image
from workbench.model.clients import ClientFacts
from workbench.model.containers import ContainerFact, EngineFact
from workbench.model.facts import Unread
from workbench.model.processes import ProcessFacts, ServerProcess
from workbench.model.record import record
from workbench.model.recreation import RECREATED
from workbench.text import visible

DEADLINE = 3.0
"""Seconds that one engine has for all of its answers."""

_MOST_CONTAINERS = 2000
_ID = re.compile(r"[0-9a-f]{64}\Z")
_IMAGE_ID = re.compile(r"(?:sha256:)?[0-9a-f]{64}\Z")
_DETAILS = "details"
_NETWORKS = "networks"
_ID_FILE_LIMIT = 4096


@record
class Told:
    """What one engine told: the containers that run a server, how many there are, and what it did not tell."""

    fact: EngineFact
    containers: tuple[ContainerFact, ...]
    seen: int
    unread: tuple[Unread, ...]


def ask_all(places: Sequence[Place], context: Context) -> list[Told | CannotLook]:
    """What each engine told, or why it told nothing, in the order of their places."""
    late = CannotLook(f"it did not answer within {DEADLINE:g} s", "start the engine again, then scan again")
    answers: list[Told | CannotLook] = [late] * len(places)

    def ask(turn: int) -> None:
        try:
            answers[turn] = _ask(places[turn], context)
        except CannotLook as why:
            answers[turn] = why
        except Exception as error:  # noqa: BLE001, RUF100 - one odd engine must not take the others with it
            answers[turn] = CannotLook(f"its answers could not be understood ({type(error).__name__})", "report it")

    threads = [threading.Thread(target=ask, args=(turn,), daemon=True) for turn in range(len(places))]
    end = time.monotonic() + DEADLINE + 0.2
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(end - time.monotonic(), 0.0))
    return list(answers)


def _ask(place: Place, context: Context) -> Told:
    engine = connect(place, DEADLINE)
    listed, info = all_at_once(engine.ask, ("/containers/json?all=1", "/info"), engine.end)
    if isinstance(listed, CannotLook):
        raise listed
    unread: list[Unread] = []
    if isinstance(info, CannotLook):
        unread.append(Unread(FACET, f"the settings of the engine at {visible(place.path)}", info.why, info.unlock))
        info = None
    fact = engine_fact(place, engine.version, info)
    ids = [raw(each, "Id") for each in listed] if isinstance(listed, list) else None
    if ids is None or not all(_ID.match(each) for each in ids):
        raise CannotLook("what answers there is no container engine", "look at what listens at this socket")
    if len(ids) > _MOST_CONTAINERS:
        left = f"{len(ids) - _MOST_CONTAINERS} of the containers at {fact.socket}"
        unread.append(Unread(_DETAILS, left, "there are too many", "remove containers that are no longer needed"))
    # One that the engine hangs on must leave time to ask for the images of the others.
    until = engine.end - DEADLINE / 6
    inspected = all_at_once(engine.ask, [f"/containers/{each}/json" for each in ids[:_MOST_CONTAINERS]], until)
    same_host = _same_kernel(engine.version, context)
    containers: list[tuple[ContainerFact, Any]] = []
    for each, answer in zip(ids, inspected, strict=False):
        if not isinstance(answer, CannotLook) and raw(answer, "Id") == each:
            containers.append((container_fact(answer, fact, engine.version, same_host=same_host), answer))
        elif isinstance(answer, CannotLook) and answer.absent:
            continue  # it was removed meanwhile
        else:
            why = answer.why if isinstance(answer, CannotLook) else "the engine's answer is of another container"
            unread.append(Unread(_DETAILS, f"the container {each[:12]} of {fact.socket}", why, "scan again"))
    found = _with_images(_recognised(containers, context), engine, unread)
    found = _with_networks(found, engine, unread)
    return Told(fact, tuple(found), len(ids), tuple(unread))


def _recognised(containers: Sequence[tuple[ContainerFact, Any]], context: Context) -> list[ContainerFact]:
    own = own_container(context)
    # What a repair stopped and put aside is nobody's server; the moment that it runs it is told again.
    anew = {raw(inspected, "Config", "Labels", RECREATED) for _, inspected in containers}
    kept = {fact.id for fact, _ in containers if fact.id in anew and not fact.running and fact.restart in ("", "no")}
    kept -= {fact.id for fact, _ in containers if is_named(fact, context.named_containers)}
    others = [(fact, inspected) for fact, inspected in containers if not is_own(fact, own) and fact.id not in kept]
    joined = _joined([fact for fact, _ in others], context)
    entries = _entries(context)
    found = []
    for fact, inspected in others:
        why = joined.get(fact.id) or recognise(fact, inspected, entries, str(context.home))
        why = why or ("you named it" if is_named(fact, context.named_containers) else "")
        if why:
            found.append(replace(fact, recognised_by=visible(why)))
    return found


def _joined(containers: Sequence[ContainerFact], context: Context) -> dict[str, str]:
    """Why a container is a server's, by its id, where a running server says so."""
    processes = context.found.get("processes")
    servers = processes.servers if isinstance(processes, ProcessFacts) else ()
    labels = {server.key: server.label for server in servers}
    return {
        pair.container: f"{_RUNS[pair.tie]} {labels[pair.server]}"
        for pair in pairs(servers, containers, _id_files(servers))
        if _is_its_own(pair)
    }


_RUNS = {
    "control group": "its main process is the server",
    "process id": "its main process is the server",
    "name": "it is named by the command line of the server",
    "id file": "its id is in the file that is named by the command line of the server",
    "moment": "it was started by the command line of the server",
}


def _is_its_own(pair: Pair) -> bool:
    # A server that somebody started inside of a container for work is that server's matter, not the container's.
    return pair.main or pair.tie == "name"


def _id_files(servers: Sequence[ServerProcess]) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for path in id_files_of(servers):
        try:
            content = read_bounded(path, _ID_FILE_LIMIT).decode("ascii", "replace").strip()
        except CannotLook:
            continue  # the other ties are left
        if _ID.match(content):
            found[path] = content
    return found


def _entries(context: Context) -> dict[str, str]:
    """The entries of the clients' configs by the image that they start."""
    clients = context.found.get("clients")
    if not isinstance(clients, ClientFacts):
        return {}
    return {
        normal_image(entry.launch.image.text): entry.name
        for config in clients.configs
        for entry in config.servers
        if entry.launch is not None and entry.launch.image is not None
    }


def _with_images(found: Sequence[ContainerFact], engine: Engine, unread: list[Unread]) -> list[ContainerFact]:
    ids = list(dict.fromkeys(fact.image_id for fact in found if _IMAGE_ID.match(fact.image_id)))
    answers = dict(zip(ids, all_at_once(engine.ask, [f"/images/{each}/json" for each in ids], engine.end), strict=True))
    complete = []
    for fact in found:
        image = answers.get(fact.image_id, CannotLook("its id is none"))
        if not isinstance(image, CannotLook):
            fact = with_image(fact, image)
        elif not image.absent:
            unread.append(Unread(_DETAILS, f"the image of the container {fact.name}", image.why, image.unlock))
        complete.append(fact)
    return complete


def _with_networks(found: list[ContainerFact], engine: Engine, unread: list[Unread]) -> list[ContainerFact]:
    if not any(is_user_defined(name) for fact in found for name in fact.networks):
        return found
    (told,) = all_at_once(engine.ask, ("/networks",), engine.end)
    if isinstance(told, CannotLook):
        unread.append(Unread(_NETWORKS, f"the networks of the engine at {found[0].engine}", told.why, told.unlock))
        return found
    return [with_networks(fact, told) for fact in found]


def _same_kernel(version: Any, context: Context) -> bool:
    """Whether the engine runs on this host itself and not in a virtual machine, whose process ids say nothing here."""
    try:
        release = read_bounded(context.proc / "sys" / "kernel" / "osrelease", _ID_FILE_LIMIT).decode("utf-8", "replace")
    except CannotLook:
        return False
    return shown(raw(version, "KernelVersion")) == shown(release.strip())
