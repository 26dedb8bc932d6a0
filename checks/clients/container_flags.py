"""A server's container is started with options that open it to the host, or without those that close it.

What it looks at
----------------
Every enabled server that is started with ``docker run``, ``podman run`` or ``nerdctl run``, also behind ``sudo`` or
``sh -c``, each option read with the values that it really takes. What gives the host away is high or critical:
``--privileged``, the engine's socket, the host's root or a system folder as a mount, the host's namespaces,
capabilities such as ``SYS_ADMIN``, devices of disks and memory, seccomp, AppArmor or masked paths switched off. What is
missing is medium or low: ``--cap-drop ALL``, ``no-new-privileges`` (``no-new-privileges:false`` is off), a numeric
``--user``, ``--read-only``, ``--pids-limit``, ``--memory``, and ``-i``, without which the server reads the end of its
input at once. Secrets given with ``-e`` are judged by ``secrets/in-config``, the image by ``clients/unpinned-image``.

Why it matters
--------------
A container is only as much of a wall as its options leave standing. With the engine's socket or ``--privileged`` the
server is root on the host, or under rootless Podman you: that is worse than no container, because it looks like one.
Without the options that are missing here the wall stands, but root inside with fourteen capabilities and every file
writable is the best place from which to look for a hole in it.

How an attacker uses it
-----------------------
With the socket one request starts a second container that mounts ``/`` and writes a key for root. With ``SYS_ADMIN`` or
``--pid host`` and ``SYS_PTRACE`` known scripts leave the container within seconds. Without a limit on processes a
single line of shell stops the whole machine.

How to fix it by hand
---------------------
Take the option out that is named, and start the server like this, with only the folder it needs::

    docker run -i --rm --init --read-only --tmpfs /tmp --cap-drop ALL --security-opt no-new-privileges
        --network none --user 1000:1000 --pids-limit 100 --memory 512m
        -v /home/you/project:/work:ro IMAGE@sha256:DIGEST

Use the number of an account (``id -u``), not a name: a name is looked up inside of the image. A server that needs the
network has its own bridge network instead of ``none``; one that manages containers belongs to a rootless engine.

References
----------
* docker-run(1), podman-run(1); Docker documentation: Docker security, seccomp security profiles
* CIS Docker Benchmark, section 5: Container Runtime
* CWE-250: Execution with Unnecessary Privileges; CWE-653: Improper Isolation or Compartmentalization
* MITRE ATT&CK T1611: Escape to Host
"""

import re
from collections.abc import Iterator

from workbench.api import (
    ClientConfig,
    ContainerOption,
    ContainerOptions,
    Evidence,
    Finding,
    Launch,
    LaunchMount,
    Location,
    NotApplicable,
    NotAssessed,
    Passed,
    ServerEntry,
    Severity,
    Snapshot,
    Verdict,
    check,
    server_subject,
    started_servers,
)

_Fault = tuple[Severity, str, str, str]
"""How bad it is, what it means, what was expected, and the option as given ("" for one that is missing)."""
_MOUNT = "--volume "

_C, _H, _M, _L = Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM, Severity.LOW
_SOCKET = re.compile(r"/(?:docker|podman|containerd|crio|buildkitd)\.sock/?\Z")
# Who can write there, and is root inside, is root on the host.
_SYSTEM = re.compile(
    r"/(?:(?:bin|boot|dev|etc|lib|lib64|proc|root|run|sbin|sys|usr|var|var/run|var/lib|var/lib/(?:docker|containers)"
    r"|etc/(?:cron[\w.]*|sudoers(?:\.d)?|shadow|passwd|systemd|ssh|ld\.so\.preload|profile\.d|pam\.d)"
    r"|usr/(?:bin|sbin|lib|local|local/bin)|proc/sys|sys/fs/cgroup|root/\.ssh)/?)?\Z"
)
# Read alone, these hold keys or password hashes, or lead to all the rest.
_TELLING = re.compile(r"/(?:(?:dev|etc|root|proc|var|var/lib|var/lib/docker|etc/shadow|etc/ssh|root/\.ssh)/?)?\Z")
_DEVICE = re.compile(r"/dev/(?:mem|kmem|port|sd[a-z]|nvme|vd[a-z]|xvd|dm-|mapper|disk|loop)")
_WORST_CAPABILITIES = frozenset(("ALL", "SYS_ADMIN", "SYS_MODULE", "SYS_RAWIO", "DAC_READ_SEARCH"))
_BAD_CAPABILITIES = frozenset(
    ("SYS_PTRACE", "BPF", "PERFMON", "NET_ADMIN", "SYS_BOOT", "SYSLOG", "MAC_ADMIN", "MAC_OVERRIDE", "SYS_TIME")
)
_NAMESPACES = {"--network": _H, "--pid": _H, "--ipc": _H, "--userns": _H, "--uts": _M, "--cgroupns": _M}
_OPEN = {
    "seccomp=unconfined": "allows every system call",
    "apparmor=unconfined": "is not confined by AppArmor",
    "label=disable": "is not confined by SELinux",
    "systempaths=unconfined": "sees the masked parts of /proc and /sys",
    "unmask=ALL": "sees the masked parts of /proc and /sys",
}
_NO = ("false", "f", "0")
_ENGINE = "is given the engine's socket, and so every container and mount that the engine can make"


@check(
    title="A server's container is open to the host, or not closed",
    severities=(Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM, Severity.LOW),
    needs=("clients:content",),
)
def run(snapshot: Snapshot) -> Iterator[Verdict]:
    """One verdict for each enabled server that a container engine starts."""
    seen = False
    for config, entry, launch in started_servers(snapshot):
        if launch.container is not None:
            seen = True
            yield _judged(config, entry, launch, launch.container)
    if not seen:
        yield NotApplicable("no enabled server is started with docker run or its like")


def _judged(config: ClientConfig, entry: ServerEntry, launch: Launch, container: ContainerOptions) -> Verdict:
    subject = server_subject(config, entry)
    faults = [*_opened(container)]
    # An option that is not known may be followed by a value, and what stands behind a variable is not known either.
    whole = launch.understood and not (launch.image is not None and re.search(r"[${}%]", launch.image.text))
    if whole:
        faults += _missing(container)
    if not faults:
        if not whole:
            return NotAssessed(subject.label, "an option of its launcher is not known, so nor is what it lacks")
        return Passed(subject)
    if container.engine == "podman" and launch.account not in ("root", "#0"):
        # Without root's rights outside, nothing inside has more than the account that started it.
        faults = [(_H if fault[0] is _C else fault[0], *fault[1:]) for fault in faults]
    faults.sort(key=lambda fault: -fault[0].rank)
    worst = faults[0][0]
    told = [meaning for severity, meaning, _, _ in faults if severity is worst][:3]
    more = f" (and {len(faults) - len(told)} more)" if len(faults) > len(told) else ""
    return Finding(
        subject=subject,
        severity=worst,
        summary=f"the container of {entry.name} {', '.join(told)}{more}",
        evidence=tuple(_evidence(config, container, fault) for fault in faults),
        location=Location(config.path.asked, entry.line, pointer=entry.pointer),
    )


def _opened(container: ContainerOptions) -> Iterator[_Fault]:
    """What gives away something of the host."""
    if _on(container, "--privileged"):
        yield _C, "is privileged: no wall is left around it", "no --privileged", "--privileged"
    if _on(container, "--use-api-socket"):
        yield _C, _ENGINE, "no socket of the engine", "--use-api-socket"
    for mount in container.mounts:
        yield from _of_mount(mount)
    for option in container.options:
        name, value = option.name, option.value
        if name in _NAMESPACES and value == "host":
            what = f"shares the host's {name.lstrip('-').removesuffix('ns')} namespace"
            yield _NAMESPACES[name], what, f"no {name} host", f"{name} host"
        elif name == "--cap-add":
            yield from _of_capabilities(option)
        elif name == "--security-opt" and value.replace(":", "=", 1) in _OPEN:
            yield _H, _OPEN[value.replace(":", "=", 1)], "the profile of the engine", f"{name} {value}"
        elif name == "--device" and _DEVICE.match(value):
            yield _C, f"may write the device {value.partition(':')[0]}", "no device of the host", f"{name} {value}"
        elif name == "--device-cgroup-rule" and re.match(r"a|[bc] \*:\*", value):
            yield _H, "may open any device", "no rule for all devices", f"{name} {value}"
    if _on(container, "--all-devices"):
        yield _C, "is given all devices of the host", "no device of the host", "--all-devices"


def _of_mount(mount: LaunchMount) -> Iterator[_Fault]:
    given = f"{_MOUNT}{mount.host}:{mount.inside}{':ro' if mount.read_only else ''}"
    if _SOCKET.search(mount.host):
        # The socket of a rootless engine gives what its account has, no more.
        yield _H if "/user/" in mount.host else _C, _ENGINE, "no socket of the engine", given
    elif mount.host.startswith("/") and _SYSTEM.match(mount.host):
        what = "all of the host's files" if not mount.host.strip("/") else f"the host's {mount.host}"
        if not mount.read_only:
            yield _C, f"may write {what}", "only the folders it needs", given
        elif _TELLING.match(mount.host):
            yield _H, f"may read {what}", "only the folders it needs", given


def _of_capabilities(option: ContainerOption) -> Iterator[_Fault]:
    names = {name.strip().upper().removeprefix("CAP_") for name in option.value.split(",")}
    for name in sorted(names & (_WORST_CAPABILITIES | _BAD_CAPABILITIES)):
        what = "has every capability" if name == "ALL" else f"has the capability {name}"
        yield _C if name in _WORST_CAPABILITIES else _H, what, f"no --cap-add {name}", f"--cap-add {option.value}"


def _missing(container: ContainerOptions) -> Iterator[_Fault]:
    """What would close it and is not there."""
    dropped = {name.strip().upper() for value in _values(container, "--cap-drop") for name in value.split(",")}
    if "ALL" not in dropped:
        yield _M, "keeps the capabilities that the engine gives", "--cap-drop ALL", ""
    # The last one counts; "no-new-privileges" alone, ":true" and "=true" are on.
    rules = [
        value for value in _values(container, "--security-opt") if re.match(r"no-new-privileges(?:[:=]|\Z)", value)
    ]
    if not rules or re.split(r"[:=]", rules[-1] + ":")[1].lower() in _NO:
        given = f"--security-opt {rules[-1]}" if rules else ""
        yield _M, "can gain privileges through setuid programs", "--security-opt no-new-privileges", given
    yield from _of_user(container)
    if not _on(container, "--read-only"):
        yield _L, "can change its own files", "--read-only", ""
    if not _limited(container, "--pids-limit"):
        yield _L, "may start any number of processes", "--pids-limit 100", ""
    if not _limited(container, "--memory"):
        yield _L, "may use all memory", "--memory 512m", ""
    if not _on(container, "--interactive"):
        yield _L, "reads the end of its input at once and ends", "-i", ""


def _of_user(container: ContainerOptions) -> Iterator[_Fault]:
    user = (_values(container, "--user") or [""])[-1]
    name = user.partition(":")[0]
    if not name:
        yield _M, "runs as whom the image says, which is root in most", "--user with a number, such as 1000:1000", ""
    elif name in ("root", "0"):
        yield _M, "runs as root", "--user with a number other than 0, such as 1000:1000", f"--user {user}"
    elif not (name.isdigit() or re.search(r"[$%{<]", name)):
        what = f"runs as {name}, a name that is looked up in the image"
        yield _L, what, "--user with a number, such as 1000:1000", f"--user {user}"


def _values(container: ContainerOptions, name: str) -> list[str]:
    return [option.value for option in container.options if option.name == name]


def _on(container: ContainerOptions, switch: str) -> bool:
    values = _values(container, switch)
    return bool(values) and values[-1].lower() not in _NO


def _limited(container: ContainerOptions, name: str) -> bool:
    values = _values(container, name)
    return bool(values) and values[-1] not in ("", "0", "-1")


def _evidence(config: ClientConfig, container: ContainerOptions, fault: _Fault) -> Evidence:
    _, meaning, expected, given = fault
    return Evidence(
        expected=expected,
        actual=f"{given}: it {meaning}" if given else f"not among the options of {container.engine} run: it {meaning}",
        # -o prints nothing else of the line, which may hold a secret.
        command=("grep", "-n", "-o", "-F", "-e", _searched(given), "--", config.path.asked),
    )


def _searched(given: str) -> str:
    """What stands in the file of an option, whichever of its names and forms was used."""
    value = given.partition(" ")[2]
    if given.startswith(_MOUNT):
        host = value.partition(":")[0]
        return host if len(host) > 1 else "/:"
    return value or given or "run"
