"""From an engine's answers to facts: the engine, one container, its image."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from workbench.host.containers.confinement import with_confinement
from workbench.host.containers.engines import Place
from workbench.host.containers.values import MOST, flag, items, number, pairs, raw, raws, seconds, shown, text, texts
from workbench.model.containers import ContainerFact, ContainerMount, EngineFact, PublishedPort
from workbench.secrets import environment_entry, redact_arguments, shown_name
from workbench.text import visible

_COMPOSE = "com.docker.compose."
_COMPOSE_FILES = ("com.docker.compose.project.config_files", "io.podman.compose.config-files")


def engine_fact(place: Place, version: Any, info: Any) -> EngineFact:
    """The engine, from its answers to ``/version`` and ``/info`` (None where that was not told)."""
    names = " ".join([raw(version, "Platform", "Name"), *(raw(each, "Name") for each in items(version, "Components"))])
    kind = "podman" if "podman" in names.lower() else "docker" if "engine" in names.lower() else ""
    options = [dict(part.partition("=")[::2] for part in option.split(",")) for option in raws(info, "SecurityOptions")]
    by_name = {option.get("name", ""): option for option in options}
    profile = by_name.get("seccomp", {}).get("profile", "builtin" if "seccomp" in by_name else "")
    return EngineFact(
        socket=visible(place.path),
        found_by=place.named,
        kind=kind or text(version, "Platform", "Name"),
        version=text(version, "Version"),
        api=text(version, "ApiVersion"),
        rootless="rootless" in by_name,
        userns_remap="userns" in by_name,
        # What older engines call "default" newer ones call "builtin".
        seccomp="builtin" if profile == "default" else shown(profile),
        no_new_privileges="no-new-privileges" in by_name,
        mandatory=tuple(name for name in ("apparmor", "selinux") if name in by_name),
        architecture=text(version, "Arch"),
        settings_told=info is not None,
    )


def container_fact(inspected: Any, engine: EngineFact, version: Any, *, same_host: bool) -> ContainerFact:
    """One container from its inspection. ``same_host``: the engine's process ids are those of this host."""
    labels = dict(pairs(inspected, "Config", "Labels"))
    running = flag(inspected, "State", "Running")
    command, secrets = redact_arguments(_command(inspected))
    fact = ContainerFact(
        id=visible(raw(inspected, "Id"), 64),
        name=text(inspected, "Name").removeprefix("/"),
        image=text(inspected, "Config", "Image"),
        image_id=text(inspected, "Image"),
        command=command,
        running=running,
        pid=max(number(inspected, "State", "Pid"), 0) if running and same_host else 0,
        created=seconds(inspected, "Created"),
        started=seconds(inspected, "State", "StartedAt"),
        engine=engine.socket,
        user=text(inspected, "Config", "User"),
        networks=tuple(shown(name) for name, _ in pairs(inspected, "NetworkSettings", "Networks")),
        ports=_ports(inspected, running=running),
        mounts=_mounts(inspected),
        open_stdin=flag(inspected, "Config", "OpenStdin"),
        tty=flag(inspected, "Config", "Tty"),
        secrets=secrets,
        environment=tuple(environment_entry(name, value) for name, value in environment(inspected).items()),
        labels=tuple(shown_name(name) for name in labels),
        compose_project=text(labels, f"{_COMPOSE}project"),
        compose_service=text(labels, f"{_COMPOSE}service"),
        compose_file=next((text(labels, key) for key in _COMPOSE_FILES if raw(labels, key)), ""),
    )
    return with_confinement(fact, inspected, engine, version)


def with_image(fact: ContainerFact, image: Any) -> ContainerFact:
    """The container with what its image says."""
    return replace(fact, digests=texts(image, "RepoDigests"), image_user=text(image, "Config", "User"))


def is_user_defined(network: str) -> bool:
    """Whether a network's name is none that every engine has."""
    return network not in ("", "bridge", "host", "none", "podman", "default")


def with_networks(fact: ContainerFact, told: Any) -> ContainerFact:
    """The container with where its networks lead, from the engine's answer to ``/networks``."""
    listed = told[:MOST] if isinstance(told, list) else []
    internal = {text(each, "Name"): flag(each, "Internal") for each in listed}
    if not fact.networks or not all(name in internal for name in fact.networks):
        return fact
    return replace(fact, internal=all(internal[name] for name in fact.networks))


def environment(inspected: Any) -> dict[str, str]:
    """The variables with their values, for the collector alone. Of two of one name the last holds."""
    found: dict[str, str] = {}
    for item in raws(inspected, "Config", "Env"):
        name, _, value = item.partition("=")
        if name:
            found[name] = value
    return {name: found[name] for name in sorted(found)}


def _command(inspected: Any) -> tuple[str, ...]:
    told = (raw(inspected, "Path"), *raws(inspected, "Args"))
    configured = (*raws(inspected, "Config", "Entrypoint"), *raws(inspected, "Config", "Cmd"))
    # Podman tells a program without arguments as its own argument.
    return told[:1] if len(configured) == 1 and told == (*configured, *configured) else told


def _mounts(inspected: Any) -> tuple[ContainerMount, ...]:
    return tuple(
        ContainerMount(
            kind=text(each, "Type") or "bind",
            source=text(each, "Source"),
            destination=text(each, "Destination"),
            writable=flag(each, "RW"),
            propagation=text(each, "Propagation"),
            name=text(each, "Name"),
        )
        for each in items(inspected, "Mounts")
        if raw(each, "Type") != "tmpfs"
    )


def _ports(inspected: Any, *, running: bool) -> tuple[PublishedPort, ...]:
    found: list[PublishedPort] = []
    told = pairs(inspected, "NetworkSettings", "Ports") if running else []
    for inside, bindings in told or pairs(inspected, "HostConfig", "PortBindings"):
        for each in bindings if isinstance(bindings, list) else []:
            found.append(_port(inside, text(each, "HostIp"), raw(each, "HostPort")))
    if not running and flag(inspected, "HostConfig", "PublishAllPorts"):
        bound = {(port.inside, port.protocol) for port in found}
        exposed = [_port(inside, "", "") for inside, _ in pairs(inspected, "Config", "ExposedPorts")]
        found += [port for port in exposed if (port.inside, port.protocol) not in bound]
    return tuple(dict.fromkeys(found))


def _port(inside: str, address: str, port: str) -> PublishedPort:
    number_inside, _, protocol = inside.partition("/")
    return PublishedPort(address, _number(port), _number(number_inside), shown(protocol) or "tcp")


def _number(digits: str) -> int:
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 6 else 0
