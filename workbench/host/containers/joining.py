"""Tell which container belongs to which running server.

A container is no child of the ``docker run`` that asked for it. What ties the two, surest first: the control group of
a process inside; the process id that the engine tells; the name or the id that the command line gives; and last the
image, the arguments behind it and the moment, where only one of each fits.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Literal

from workbench.host.processes.programs import program_name
from workbench.launch.images import normal_image
from workbench.model.containers import ContainerFact
from workbench.model.processes import ServerProcess
from workbench.model.record import record

Tie = Literal["control group", "process id", "name", "id file", "moment"]

_TOOLS = frozenset(("docker", "podman", "nerdctl"))
_START_SECONDS = 60.0
_SAME_MOMENT = 10.0
_ID_PREFIX = re.compile(r"[0-9a-f]{4,64}\Z")


@record
class Pair:
    """A server, by its key, and the container, by its id, that it runs in; ``tie`` is what told so.

    ``main``: the server is the container's own main process or was started by it, or its command-line tool.
    """

    server: str
    container: str
    tie: Tie
    main: bool = True


def pairs(
    servers: Sequence[ServerProcess], containers: Sequence[ContainerFact], id_files: Mapping[str, str] | None = None
) -> tuple[Pair, ...]:
    """The container of every server that runs in one, in the order of the servers.

    ``id_files`` are the contents of the files that ``--cidfile`` names, by their path. A server has one container at
    most; several servers may share one.
    """
    found: dict[str, Pair] = {}
    for server in servers:
        pair = _by_process(server, containers) or _by_name(server, containers, id_files or {})
        if pair is not None:
            found[server.key] = pair
    left = [server for server in servers if server.key not in found]
    taken = {pair.container for pair in found.values()}
    free = [container for container in containers if container.id not in taken and container.running]
    found.update({pair.server: pair for pair in _by_moment(left, free)})
    return tuple(found[server.key] for server in servers if server.key in found)


def id_files_of(servers: Sequence[ServerProcess]) -> tuple[str, ...]:
    """The absolute paths that ``--cidfile`` names on the command lines of running tools."""
    named = [_option(_tool(server)[1], "--cidfile") for server in servers]
    return tuple(dict.fromkeys(path for path in named if path.startswith("/")))


def _by_process(server: ServerProcess, containers: Sequence[ContainerFact]) -> Pair | None:
    pids = {server.pid, *server.chain, *server.workers}
    if server.container:
        inside = next((container for container in containers if container.id == server.container), None)
        return Pair(server.key, inside.id, "control group", inside.pid in pids) if inside is not None else None
    for container in containers:
        # An engine in a virtual machine tells the numbers of that machine: the moment must agree.
        if container.pid > 1 and container.pid in pids and abs(container.started - server.started) < _SAME_MOMENT:
            return Pair(server.key, container.id, "process id")
    return None


def _by_name(server: ServerProcess, containers: Sequence[ContainerFact], id_files: Mapping[str, str]) -> Pair | None:
    verb, words = _tool(server)
    if verb == "run":
        told = id_files.get(_option(words, "--cidfile"), "").strip()
        name = _option(words, "--name")
        for container in containers:
            if told and container.id == told:
                return Pair(server.key, container.id, "id file")
            if name and container.name == name:
                return Pair(server.key, container.id, "name")
    elif verb in ("exec", "start", "attach"):
        for word in words:
            named = [container for container in containers if _is_named(container, word)]
            if len(named) == 1:
                return Pair(server.key, named[0].id, "name", verb != "exec")
    return None


def _is_named(container: ContainerFact, word: str) -> bool:
    return bool(word) and (
        container.name == word or bool(_ID_PREFIX.match(word) and len(word) >= 12 and container.id.startswith(word))
    )


def _by_moment(servers: Sequence[ServerProcess], containers: Sequence[ContainerFact]) -> list[Pair]:
    fitting = {server.key: [each.id for each in containers if _fits(server, each)] for server in servers}
    wanted = Counter(each for ids in fitting.values() for each in ids)
    return [
        Pair(server.key, fitting[server.key][0], "moment")
        for server in servers
        if len(fitting[server.key]) == 1 and wanted[fitting[server.key][0]] == 1
    ]


def _fits(server: ServerProcess, container: ContainerFact) -> bool:
    verb, words = _tool(server)
    image = server.launch.image.text if server.launch is not None and server.launch.image is not None else ""
    if verb != "run" or image not in words or normal_image(image) != normal_image(container.image):
        return False
    tail = words[words.index(image) + 1 :]
    in_time = -1.0 <= container.created - server.started <= _START_SECONDS
    return in_time and (not tail or container.command[-len(tail) :] == tail)


def _tool(server: ServerProcess) -> tuple[str, tuple[str, ...]]:
    """The verb of a running ``docker`` and the words behind it; "" where the process is no such tool."""
    if not server.command or program_name(server.command[0]) not in _TOOLS:
        return "", ()
    for place, word in enumerate(server.command[1:8], 1):
        if word in ("run", "exec", "start", "attach"):
            return word, server.command[place + 1 :]
    return "", ()


def _option(words: Sequence[str], name: str) -> str:
    """The value of an option with a long name, or ""."""
    for place, word in enumerate(words):
        if word.startswith(f"{name}="):
            return word.removeprefix(f"{name}=")
        if word == name and place + 1 < len(words):
            return words[place + 1]
    return ""
