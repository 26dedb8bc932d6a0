"""From what an engine tells of a container to what it is to be made anew with: exactly the same, but for what is meant.

Nothing is asked here. Whatever could not be the same afterwards is refused, with what to do instead.
"""

from __future__ import annotations

import copy
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from posixpath import basename, normpath
from typing import Any

from workbench.container_hardening import ENGINE_SOCKET, GIVEN_BY_DOCKER, UNCONFINED
from workbench.host.containers.values import at, flag, items, number, pairs, raw, raws
from workbench.model.recreation import RECREATED, RecreateContainer
from workbench.repair.container_networks import in_networks
from workbench.repair.paths import Refused
from workbench.secrets import redact
from workbench.text import visible

_UNITS = {"": 1, "b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}
_HELD = re.compile(r"no-new-privileges(?:[:=](?:1|t|T|TRUE|true|True))?")
_LONGEST_STOP = 120
# What an engine may tell in other words; what of it matters is compared besides.
_TOLD_OTHERWISE = ("SecurityOpt", "Mounts", "MaskedPaths", "ReadonlyPaths", "NetworkMode")
# What it fills in by itself where it is not asked for.
_FILLED_IN = ("IpcMode", "CgroupnsMode", "MemorySwap", "Runtime", "ShmSize")
_BY_OTHERS = (
    (("com.docker.compose.", "io.podman.compose."), "compose made it", "containers/harden-compose closes it"),
    (("com.docker.swarm.", "com.docker.stack."), "swarm made it, and would make it again", "docker service update"),
    (("io.kubernetes.",), "it is of a pod of Kubernetes", "write it into the manifest: securityContext"),
    (("com.hashicorp.nomad.",), "Nomad made it, and would make it again", "write it into its job"),
    (("toolhive", "docker-mcp"), "a gateway of MCP servers made it, and would again", "set it in the gateway"),
    (("devcontainer.", "dev.containers."), "an editor made it to work in", "write it into devcontainer.json"),
)


def require_exact(told: Any) -> None:
    """Refuse what could not be made again exactly, or what somebody would miss while it is."""
    for prefixes, why, instead in _BY_OTHERS:
        if any(name.startswith(prefixes) for name, _ in pairs(told, "Config", "Labels")):
            raise Refused(why, instead)
    host, config = at(told, "HostConfig"), at(told, "Config")
    if not flag(told, "State", "Running") or flag(told, "State", "Paused") or flag(told, "State", "Restarting"):
        raise Refused(
            "it does not run, so it could not be seen whether a new one works",
            "start it first; or remove it, if nothing needs it",
        )
    if flag(host, "AutoRemove"):
        raise Refused(
            "it was started with --rm: when it is stopped it is gone, and there would be nothing to go back to",
            "stop it, and start it again with the options that you want",
        )
    if any(flag(config, key) for key in ("OpenStdin", "Tty", "AttachStdin")):
        raise Refused("a client or a terminal may hold its input and would lose it", "change how it is started")
    if flag(config, "AttachStdout") or flag(config, "AttachStderr"):
        raise Refused(
            "it was made to be watched by what started it (a terminal, a unit, docker create), which would see it end",
            "change it where it is started, or start it once with docker run --detach",
        )
    joined = [raw(host, key) for key in ("NetworkMode", "PidMode", "IpcMode")]
    if any(mode.startswith("container:") for mode in joined):
        raise Refused("it lives in a namespace of another container", "make both anew by hand, that one first")
    links = items(host, "Links") or [
        each for _, net in pairs(told, "NetworkSettings", "Networks") for each in items(net, "Links")
    ]
    for found, what in (
        (links, "links to other containers (--link)"),
        (items(host, "VolumesFrom"), "the volumes of another container (--volumes-from)"),
        (items(host, "Devices") or items(host, "DeviceRequests") or items(host, "DeviceCgroupRules"), "devices"),
        (raw(host, "ContainerIDFile"), "a file that names its id (--cidfile)"),
    ):
        if found:
            raise Refused(f"it has {what}, and it is not certain that a new one would have the same", "make it by hand")
    if not 0 <= number(config, "StopTimeout") <= _LONGEST_STOP:
        given = number(config, "StopTimeout")
        said = f"{given} seconds" if given > 0 else "all the time it wants"
        raise Refused(f"it is given {said} to stop, which is too long to wait for", "make it by hand")
    kinds = {raw(each, "Type") for each in items(told, "Mounts")} - {"bind", "volume", "tmpfs"}
    if kinds:
        raise Refused(f"something of the kind {visible(', '.join(sorted(kinds)), 60)} is mounted", "make it by hand")


def wanted_settings(told: Any, wanted: RecreateContainer, image: str) -> dict[str, Any]:
    """What the engine is to make the new one of, networks besides the first one left out. Raises Refused."""
    config, host = copy.deepcopy(at(told, "Config")), copy.deepcopy(at(told, "HostConfig"))
    if not isinstance(config, dict) or not isinstance(host, dict):
        raise Refused("the engine does not tell how the container was made")
    identity = raw(told, "Id")
    if raw(config, "Hostname") == identity[:12]:
        del config["Hostname"]  # it was none of anybody's choice, but the beginning of its id
    config["Image"] = image
    if not config.get("Entrypoint"):
        config["Entrypoint"] = [""]  # or it would be given that of its image
    config["Labels"] = {**(config.get("Labels") or {}), RECREATED: identity}
    _keep_volumes(told, host)
    if not _is_numbered(raw(config, "User")):
        config["User"] = wanted.user
    if wanted.take_out:
        _take_out(host, wanted.engine)
    _close(told, host, wanted)
    if not wanted.network and raw(host, "NetworkMode") != "none":
        if at(host, "PortBindings") or flag(host, "PublishAllPorts"):
            raise Refused("it publishes ports, which takes a network", "answer network=yes")
        host["NetworkMode"] = "none"
    return {**config, "HostConfig": host}


def difference(told: Any, settings: Mapping[str, Any]) -> list[str]:
    """What is different, line by line, for a person: never a variable, a label or a word of the command."""
    lines: list[str] = []
    now = {**_shown(at(told, "HostConfig")), "User": raw(told, "Config", "User")}
    then = {**_shown(at(settings, "HostConfig")), "User": raw(settings, "User")}
    now["Image"], then["Image"] = raw(told, "Config", "Image"), raw(settings, "Image")
    for key in sorted({*now, *then}):
        before, after = now.get(key), then.get(key)
        if _empty(before) == _empty(after):
            continue
        lines += [visible(redact(f"-{key}: {json.dumps(before)}"), 500)]
        lines += [visible(redact(f"+{key}: {json.dumps(after)}"), 500)]
    return lines


def unlike(made: Any, told: Any, settings: Mapping[str, Any]) -> str:
    """In what a new container is not what it was to be, in words that tell no value; "" where it is."""
    for key in ("Path", "Args", "Image"):
        if at(made, key) != at(told, key):
            return {"Path": "its program", "Args": "its arguments", "Image": "its image"}[key]
    for key, what in (("Env", "its variables"), ("Labels", "its labels"), ("User", "its account")):
        if _empty(at(made, "Config", key)) != _empty(settings.get(key)):
            return what
    for key in ("WorkingDir", "Healthcheck", "StopSignal", "StopTimeout", "ExposedPorts", "Domainname", "MacAddress"):
        if _empty(at(made, "Config", key)) != _empty(at(told, "Config", key)):
            return f"its {key}"
    asked, given = at(settings, "HostConfig") or {}, at(made, "HostConfig") or {}
    rules = {each for each in raws(given, "SecurityOpt") if each != "label=disable"}
    if rules != {each for each in raws(asked, "SecurityOpt") if each != "label=disable"}:
        return "its SecurityOpt"
    for key in sorted({*asked, *given} - {*_TOLD_OTHERWISE}):
        before, after = _as_set(asked.get(key)), _as_set(given.get(key))
        if before != after and not (before is None and key in _FILLED_IN):
            return f"its {visible(key, 60)}"
    if not in_networks(made, told, settings):
        return "the networks that it is in"
    if not mounts_of(made) >= mounts_of(told) - _gone(told, settings) or mounts_of(made) - mounts_of(told):
        return "what is mounted into it"
    return ""


def mounts_of(told: Any) -> set[tuple[str, str, str, bool]]:
    """What is mounted: kind, name or source, destination, whether it may be written. What is in memory left out."""
    return {
        (raw(each, "Type"), raw(each, "Name") or raw(each, "Source"), raw(each, "Destination"), flag(each, "RW"))
        for each in items(told, "Mounts")
        if raw(each, "Type") != "tmpfs"
    }


def state_of(told: Any) -> str:
    """SHA-256 over what can change of a container after it was made. Nothing of its variables or command is in it."""
    host = dict(pairs(told, "HostConfig"))
    for key in ("LogConfig", "Mounts"):
        host.pop(key, None)  # they may hold passwords, and cannot change
    nets = [
        (name, raw(each, "NetworkID"), at(each, "IPAMConfig"), raws(each, "Aliases"))
        for name, each in pairs(told, "NetworkSettings", "Networks")
    ]
    said = [raw(told, "Id"), raw(told, "Name"), raw(told, "Image"), flag(told, "State", "Running"), host, nets]
    return hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest()


def _keep_volumes(told: Any, host: dict[str, Any]) -> None:
    """Name the volumes that nobody named, so that the new one is given the very same."""
    held = _bound(host)
    named = [each for each in items(host, "Mounts") if raw(each, "Type") != "volume" or raw(each, "Source")]
    held |= {normpath(raw(each, "Target")) for each in named}
    new = []
    for each in items(told, "Mounts"):
        place = raw(each, "Destination")
        if raw(each, "Type") != "volume" or normpath(place) in held:
            continue
        if ":" in place or not raw(each, "Name"):
            raise Refused("a volume of it cannot be named", "make it anew by hand")
        new.append(f"{raw(each, 'Name')}:{place}:{'' if flag(each, 'RW') else 'ro,'}nocopy")
    if len(named) != len(items(host, "Mounts")):
        host["Mounts"] = named
    if new:
        host["Binds"] = [*raws(host, "Binds"), *new]


def _take_out(host: dict[str, Any], engine: str) -> None:
    """Take out what opens a container to its host."""
    host["Privileged"] = False
    # Not that of control groups: where the kernel has the old ones, "host" is what every container gets.
    for key in ("PidMode", "IpcMode", "UTSMode", "UsernsMode"):
        if raw(host, key) == "host":
            host[key] = ""
    # Without them the engine covers what it always does; an empty list is what systempaths=unconfined leaves.
    for key in ("MaskedPaths", "ReadonlyPaths"):
        if not host.get(key):
            host.pop(key, None)
    kept = [each for each in raws(host, "SecurityOpt") if each.replace(":", "=", 1) not in UNCONFINED]
    host["SecurityOpt"] = kept
    host["CapAdd"] = [each for each in raws(host, "CapAdd") if each.upper().removeprefix("CAP_") in GIVEN_BY_DOCKER]
    host["Binds"] = [
        each for each in raws(host, "Binds") if not _is_engine(each.split(":")[0], each.split(":")[1:2], engine)
    ]
    if host.get("Mounts"):
        host["Mounts"] = [
            each for each in items(host, "Mounts") if not _is_engine(raw(each, "Source"), [raw(each, "Target")], engine)
        ]


def _is_engine(source: str, destination: Sequence[str], engine: str) -> bool:
    """Whether what is mounted is the socket of an engine."""
    return source == engine or any(
        ENGINE_SOCKET.search(f"/{basename(path)}") for path in (source, *destination) if path
    )


def _close(told: Any, host: dict[str, Any], wanted: RecreateContainer) -> None:
    """Add what is missing of what closes it."""
    host["ReadonlyRootfs"] = True
    held = {normpath(raw(each, "Destination")) for each in items(told, "Mounts")}
    held |= {normpath(path) for path, _ in pairs(host, "Tmpfs")}
    missing = {path: "" for path in wanted.writable if normpath(path) not in held}
    if missing:
        host["Tmpfs"] = {**(host.get("Tmpfs") or {}), **missing}
    if "ALL" not in {each.upper() for each in raws(host, "CapDrop")}:
        host["CapDrop"] = ["ALL"]
    rules = raws(host, "SecurityOpt")
    if not any(_HELD.fullmatch(each) for each in rules):
        others = [each for each in rules if not each.startswith("no-new-privileges")]
        host["SecurityOpt"] = [*others, "no-new-privileges"]
    if number(host, "PidsLimit") <= 0:
        host["PidsLimit"] = wanted.processes
    if number(host, "Memory") <= 0:
        host["Memory"] = in_bytes(wanted.memory)


def in_bytes(memory: str) -> int:
    """An amount of memory as Docker writes it (``512m``), in bytes."""
    digits = memory.rstrip("bkmgBKMG")
    return int(digits) * _UNITS[memory[len(digits) :].lower()]


def _is_numbered(user: str) -> bool:
    """Whether a container runs as a number that is not root's."""
    name = user.partition(":")[0]
    return name.isascii() and name.isdigit() and bool(name.strip("0"))


def _gone(told: Any, settings: Mapping[str, Any]) -> set[tuple[str, str, str, bool]]:
    """The mounts that are meant to go: those whose place nothing names any more."""
    named = _bound(at(settings, "HostConfig"))
    named |= {normpath(raw(each, "Target")) for each in items(settings, "HostConfig", "Mounts")}
    return {each for each in mounts_of(told) if normpath(each[2]) not in named}


def _bound(host: Any) -> set[str]:
    """The places inside that ``-v`` names."""
    return {normpath(part[1]) for each in raws(host, "Binds") if len(part := each.split(":")) > 1}


def _shown(host: Any) -> dict[str, Any]:
    """What of a container's settings may be shown: none of them holds a value that somebody gave a server."""
    told = {key: value for key, value in pairs(host) if key not in ("LogConfig", "Mounts", "Annotations", "Sysctls")}
    told["SecurityOpt"] = [each if len(each) < 60 else f"{each[:8]}(a profile)" for each in raws(host, "SecurityOpt")]
    for key in ("MaskedPaths", "ReadonlyPaths"):
        off = isinstance(at(host, key), list) or flag(host, "Privileged")
        told[key] = at(host, key) or ("none" if off else "what the engine covers by itself")
    told["Mounts"] = [f"{raw(each, 'Source')}:{raw(each, 'Target')}" for each in items(host, "Mounts")]
    return told


def _empty(value: Any) -> Any:
    """One form for what engines write as null, false, 0, an empty text, list or object."""
    return value if value else None


def _as_set(value: Any) -> Any:
    """One form for lists whose order does not matter, and for capabilities, which are told with and without CAP_."""
    if isinstance(value, list):
        return {json.dumps(each, sort_keys=True).upper().replace('"CAP_', '"') for each in value} or None
    return _empty(value)
