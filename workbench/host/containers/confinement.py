"""What a container was told about its confinement, from the engine's ``HostConfig``."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from workbench.host.containers.seccomp import Machine, summarise
from workbench.host.containers.values import at, flag, items, number, pairs, raw, raws, shown, text, texts
from workbench.model.containers import ContainerFact, EngineFact, SeccompProfile
from workbench.secrets.names import words

_UNCONFINED = "unconfined"
# What Docker gives a container that asks for nothing.
_DEFAULT_CAPABILITIES = words(
    "CAP_AUDIT_WRITE CAP_CHOWN CAP_DAC_OVERRIDE CAP_FOWNER CAP_FSETID CAP_KILL CAP_MKNOD CAP_NET_BIND_SERVICE"
    " CAP_NET_RAW CAP_SETFCAP CAP_SETGID CAP_SETPCAP CAP_SETUID CAP_SYS_CHROOT"
)
_DEFAULT_OF_PODMAN = words(
    "CHOWN DAC_OVERRIDE FOWNER FSETID KILL NET_BIND_SERVICE SETFCAP SETGID SETPCAP SETUID SYS_CHROOT"
)
_ALL_CAPABILITIES = _DEFAULT_CAPABILITIES | words(
    "CAP_AUDIT_CONTROL CAP_AUDIT_READ CAP_BLOCK_SUSPEND CAP_BPF CAP_CHECKPOINT_RESTORE CAP_DAC_READ_SEARCH CAP_IPC_LOCK"
    " CAP_IPC_OWNER CAP_LEASE CAP_LINUX_IMMUTABLE CAP_MAC_ADMIN CAP_MAC_OVERRIDE CAP_NET_ADMIN CAP_NET_BROADCAST"
    " CAP_PERFMON CAP_SYSLOG CAP_SYS_ADMIN CAP_SYS_BOOT CAP_SYS_MODULE CAP_SYS_NICE CAP_SYS_PACCT CAP_SYS_PTRACE"
    " CAP_SYS_RAWIO CAP_SYS_RESOURCE CAP_SYS_TIME CAP_SYS_TTY_CONFIG CAP_WAKE_ALARM"
)


def with_confinement(fact: ContainerFact, inspected: Any, engine: EngineFact, version: Any) -> ContainerFact:
    """The container with what its ``HostConfig`` says. ``version`` is the engine's answer about itself."""
    host = at(inspected, "HostConfig")
    fact = replace(
        fact,
        groups=texts(host, "GroupAdd"),
        privileged=flag(host, "Privileged"),
        cap_add=_capabilities(host, "CapAdd"),
        cap_drop=_dropped(host, engine),
        readonly_root=flag(host, "ReadonlyRootfs"),
        masked_paths=_paths(host, "MaskedPaths"),
        readonly_paths=_paths(host, "ReadonlyPaths"),
        pid_mode=text(host, "PidMode"),
        ipc_mode=text(host, "IpcMode"),
        network_mode=text(host, "NetworkMode"),
        uts_mode=text(host, "UTSMode"),
        userns_mode=text(host, "UsernsMode"),
        cgroupns_mode=text(host, "CgroupnsMode"),
        devices=tuple(
            (text(each, "PathOnHost"), text(each, "PathInContainer"), text(each, "CgroupPermissions"))
            for each in items(host, "Devices")
        ),
        device_rules=texts(host, "DeviceCgroupRules"),
        tmpfs=_tmpfs(host),
        sysctls=tuple(shown(name) for name, _ in pairs(host, "Sysctls")),
        pids_limit=_limit(number(host, "PidsLimit")),
        memory=_limit(number(host, "Memory")),
        cpus=_cpus(host),
        ulimits=tuple(
            (_ulimit(raw(each, "Name")), number(each, "Soft"), number(each, "Hard")) for each in items(host, "Ulimits")
        ),
        restart=text(host, "RestartPolicy", "Name"),
        runtime=text(host, "Runtime"),
    )
    return _with_security_options(fact, raws(host, "SecurityOpt"), inspected, engine, version)


def _with_security_options(
    fact: ContainerFact, options: tuple[str, ...], inspected: Any, engine: EngineFact, version: Any
) -> ContainerFact:
    apparmor = text(inspected, "AppArmorProfile")
    no_new_privileges, profile, labels = engine.no_new_privileges, "", []
    for option in options:
        name, value = _split(option)
        if name == "no-new-privileges":
            # Spelled alone it is on; its value is read as Go reads one, and ``false`` is off.
            no_new_privileges = value in ("", "1", "t", "T", "TRUE", "true", "True")
        elif name == "seccomp":
            profile = value
        elif name == "apparmor":
            apparmor = shown(value)
        elif name == "label":
            labels.append(shown(value))
        elif name in ("unmask", "systempaths") and value.lower() in ("all", _UNCONFINED):
            fact = replace(fact, masked_paths=(), readonly_paths=())
    fact = replace(fact, no_new_privileges=no_new_privileges, apparmor=apparmor, label=tuple(labels))
    if profile == _UNCONFINED:
        return replace(fact, seccomp="unconfined")
    if profile in ("", "builtin", "default"):
        # A privileged container gets no filter unless it names one.
        return replace(fact, seccomp="unconfined" if fact.privileged else "default")
    return replace(fact, seccomp="profile", seccomp_profile=_profile(profile, fact, version))


def _split(option: str) -> tuple[str, str]:
    # Both were valid once, and what was accepted stays as it was written. A profile's JSON holds both characters.
    at_equals, at_colon = option.find("="), option.find(":")
    places = [place for place in (at_equals, at_colon) if place >= 0]
    if not places:
        return option, ""
    return option[: min(places)], option[min(places) + 1 :]


def _profile(text_of_it: str, fact: ContainerFact, version: Any) -> SeccompProfile:
    if not text_of_it.lstrip().startswith("{"):
        return SeccompProfile("denied", problem="the engine tells the path of the profile only")
    machine = Machine(_held(fact), raw(version, "Arch"), raw(version, "KernelVersion"))
    return summarise(text_of_it, machine)


def _held(fact: ContainerFact) -> frozenset[str]:
    """The capabilities that the container's root has."""
    if fact.privileged or ("ALL" in fact.cap_add and not fact.cap_drop):
        return frozenset(_ALL_CAPABILITIES)
    added = _ALL_CAPABILITIES if "ALL" in fact.cap_add else {f"CAP_{name}" for name in fact.cap_add}
    dropped = {f"CAP_{name}" for name in fact.cap_drop}
    kept = frozenset() if "ALL" in fact.cap_drop else _DEFAULT_CAPABILITIES - dropped
    return kept | (added if "ALL" not in fact.cap_add else added - dropped)


def _capabilities(host: Any, key: str) -> tuple[str, ...]:
    return tuple(shown(name.upper().removeprefix("CAP_")) for name in raws(host, key))


def _dropped(host: Any, engine: EngineFact) -> tuple[str, ...]:
    dropped = _capabilities(host, "CapDrop")
    # Podman keeps no ALL: it tells every capability of its default one by one.
    return ("ALL",) if engine.kind == "podman" and _DEFAULT_OF_PODMAN.issubset(dropped) else dropped


def _ulimit(name: str) -> str:
    return shown(name.lower().removeprefix("rlimit_"))


def _paths(host: Any, key: str) -> tuple[str, ...] | None:
    if isinstance(at(host, key), list):
        return texts(host, key)
    # Of a privileged container the engine tells none and covers none.
    return () if flag(host, "Privileged") else None


def _tmpfs(host: Any) -> tuple[tuple[str, str], ...]:
    told = pairs(host, "Tmpfs")
    short = [(shown(path), shown(options) if isinstance(options, str) else "") for path, options in told]
    long = [
        (text(each, "Target"), "ro" if flag(each, "ReadOnly") else "")
        for each in items(host, "Mounts")
        if raw(each, "Type") == "tmpfs"
    ]
    return tuple(short + long)


def _limit(value: int) -> int | None:
    return value if value > 0 else None


def _cpus(host: Any) -> float | None:
    if number(host, "NanoCpus") > 0:
        return number(host, "NanoCpus") / 1e9
    quota, period = number(host, "CpuQuota"), number(host, "CpuPeriod") or 100_000
    return quota / period if quota > 0 and period > 0 else None
