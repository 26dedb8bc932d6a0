"""A container with an MCP server is given far more of this machine than a workspace.

What it looks at
----------------
The mounts and devices of every container that runs an MCP server. A finding is: the whole file system or a disk; the
system's own folders (``/etc``, ``/usr``, ``/boot``, ``/var/lib/docker``, ``/proc``, …); ``/run``, where services and
the container engine listen; a home or a folder above it; the folders and files of keys in a home (``~/.ssh``,
``~/.aws``, ``~/.gnupg``, ``~/.kube``, ``~/.config`` as a whole, …); the sockets of your session; a client's
configuration. A writable one of the system, and ``/run`` in any case, is critical where the server runs as root of this
machine; everything else is high. A workspace passes, and so do volumes and the public halves of keys. The engine's
socket alone is the matter of ``containers/docker-socket``.

Why it matters
--------------
A mount is a hole in the container, as wide as the folder. What is in it is read and written with the server's own user
id, and root in the container is root on those files. With ``/etc`` writable the rest of the confinement counts for
nothing; with a home readable the keys in it are the attacker's.

How an attacker uses it
-----------------------
An injected prompt asks a file server for ``/host/home/you/.ssh/id_ed25519``, an ordinary call inside of what it was
given. Or it writes a line into the mounted ``/etc/cron.d``, and the machine runs it as root a minute later.

How to fix it by hand
---------------------
Mount the one folder that the work is about, read-only where that is enough, and make the container again::

    docker run -i --rm -v "$HOME/mcp-workspace:/workspace" IMAGE
    docker run -i --rm -v "$HOME/reports:/reports:ro" IMAGE

A server that needs one credential is given that one (an ``--env-file`` of mode 0600), not the folder of all of them.

References
----------
- docker-run(1): --volume, --mount, --device
- CIS Docker Benchmark 5.5: ensure sensitive host system directories are not mounted on containers
- CWE-552: Files or Directories Accessible to External Parties
- CWE-668: Exposure of Resource to Wrong Sphere
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from posixpath import basename, normpath

from workbench.api import (
    ContainerFact,
    EngineFact,
    Evidence,
    Finding,
    Passed,
    Severity,
    Snapshot,
    Verdict,
    check,
    container_subject,
    inspect_command,
    judge_containers,
    mounts_command,
    rules_the_host,
)

_SYSTEM = frozenset((
    "/etc", "/usr", "/bin", "/sbin", "/lib", "/lib64", "/boot", "/usr/bin", "/usr/sbin", "/usr/lib", "/usr/local",
    "/usr/local/bin", "/usr/local/sbin", "/lib/modules", "/proc", "/sys", "/dev", "/var", "/var/lib",
    "/etc/cron.d", "/etc/cron.daily", "/etc/crontab", "/etc/sudoers", "/etc/sudoers.d", "/etc/systemd",
    "/etc/systemd/system", "/etc/passwd", "/etc/group", "/etc/shadow", "/etc/pam.d", "/etc/profile.d", "/etc/ssh",
    "/etc/ld.so.preload", "/var/spool/cron", "/var/spool/cron/crontabs",
    "/var/lib/docker", "/var/lib/containerd", "/var/lib/containers", "/System", "/Library", "/private/etc",
))  # fmt: skip
# Everybody may read the programs of a machine; these hold what is secret, or other people's files.
_SECRET = frozenset((
    "/etc", "/etc/shadow", "/etc/sudoers", "/etc/sudoers.d", "/etc/ssh", "/proc", "/dev", "/var", "/var/lib",
    "/var/lib/docker", "/var/lib/containerd", "/var/lib/containers", "/private/etc",
))  # fmt: skip
_DISK = re.compile(
    r"/dev/(?:(?:sd|hd|vd|xvd|nvme|mmcblk|dm-|md|loop)[a-z0-9]{0,12}|mapper(?:/.*)?|disk(?:/.*)?|mem|kmem|port|nbd\d+)\Z"
)
_ANY_DISK = re.compile(r"(?:a|b \*:)")
_DRIVE = re.compile(r"(?:/mnt/[a-z]|/run/desktop/mnt/host/[a-z]|[A-Za-z]:[\\/]*|/Volumes/[^/]+)\Z")
_KEYS = frozenset((
    ".ssh", ".aws", ".gnupg", ".kube", ".docker", ".azure", ".password-store", ".netrc", ".npmrc", ".pypirc",
    ".git-credentials", ".mozilla", ".config/gcloud", ".config/gh", ".config/google-chrome", ".config/chromium",
    ".local/share/keyrings", "Library/Keychains",
))  # fmt: skip
_WHOLE_ONLY = frozenset((".config", "Library", ".local", ".local/share", ".local/bin"))
_STARTUP = frozenset((".bashrc", ".zshrc", ".profile", ".bash_profile", ".zprofile", ".zshenv", ".config/autostart"))
_PUBLIC = re.compile(r"(?:known_hosts.*|.*\.pub|config)\Z")
_DOTFILES = frozenset((".dotfiles", "dotfiles"))
_SESSION = re.compile(r"/run/user/\d+(?:/(?:bus|systemd|keyring|gnupg|gcr|ssh-agent)\b.*)?\Z")
_SERVICES = re.compile(r"/run/(?:dbus(?:/system_bus_socket)?|systemd(?:/private)?)\Z")
_AGENT = re.compile(r"/tmp/ssh-[A-Za-z0-9]{4,16}(?:/agent\.\d+)?\Z")  # noqa: S108


@check(
    title="A container is given far more of this machine than a workspace",
    severities=(Severity.CRITICAL, Severity.HIGH),
    needs=("containers:engines", "containers:details", "accounts"),
)
def broad_mount(snapshot: Snapshot) -> Iterator[Verdict]:
    """Judge the mounts and devices of every container."""

    def judge(container: ContainerFact, engine: EngineFact | None) -> Verdict:
        return _judge(container, engine, snapshot)

    return judge_containers(snapshot, judge)


def _judge(container: ContainerFact, engine: EngineFact | None, snapshot: Snapshot) -> Verdict:
    as_root = rules_the_host(container, engine)
    seen: list[tuple[bool, str, Evidence]] = []
    for mount in container.mounts:
        why, decisive = _why(_plain(mount.source), mount.writable, snapshot) if mount.kind == "bind" else ("", False)
        if why:
            how = "" if mount.writable else ", read-only"
            actual = f"{mount.source} is mounted at {mount.destination}{how}: {why}"
            command = mounts_command(container, engine)
            seen.append((decisive and as_root, why, Evidence("the folders of its work alone", actual, command)))
    for why, actual, template in _devices(container):
        evidence = Evidence("no disk of this machine", actual, inspect_command(container, engine, template))
        seen.append((as_root, why, evidence))
    if not seen:
        return Passed(container_subject(container))
    seen.sort(key=lambda each: not each[0])
    return Finding(
        subject=container_subject(container),
        severity=Severity.CRITICAL if seen[0][0] else Severity.HIGH,
        summary=f"{container.name} is given {', '.join(dict.fromkeys(why for _, why, _ in seen))}",
        evidence=tuple(evidence for _, _, evidence in seen),
    )


def _devices(container: ContainerFact) -> Iterator[tuple[str, str, str]]:
    """A disk that is given: what it is, what was seen, and the template that shows it."""
    if container.privileged:
        return  # then it has them all, and that is said
    for outside, _, rights in container.devices:
        if _DISK.match(outside):
            yield f"the device {outside}", f"{outside} ({rights})", "{{json .HostConfig.Devices}}"
    for rule in container.device_rules:
        if _ANY_DISK.match(rule):
            yield "every disk", f"the device rule {rule}", "{{json .HostConfig.DeviceCgroupRules}}"


def _why(here: str, writable: bool, snapshot: Snapshot) -> tuple[str, bool]:
    """Why a folder is more than a workspace, in words, or ""; and whether root on it is root of the machine."""
    if not here:
        return "", False
    if here == "/":
        return "the whole file system", writable
    if _DRIVE.match(here):
        return "a whole drive", False
    if here == "/run":
        return "the sockets of this machine's services and of its container engine", True
    if here == "/run/user" or _SESSION.match(here) or _AGENT.match(here):
        return "sockets of your session", False
    if _SERVICES.match(here):
        return "sockets of this machine's services", True
    if here in _SYSTEM and (writable or here in _SECRET):
        return f"{here} of this machine", writable
    return _of_homes(here, writable, snapshot), False


def _of_homes(here: str, writable: bool, snapshot: Snapshot) -> str:
    for home, whose in _homes(snapshot).items():
        if here == home:
            return whose
        if home.startswith(f"{here}/"):
            return "a folder above homes"
        if here.startswith(f"{home}/"):
            inside = here[len(home) + 1 :]
            if inside in _WHOLE_ONLY or (writable and inside in _STARTUP) or set(inside.split("/")) & _DOTFILES:
                return f"~/{inside}"
            # A key, or the folder of keys: not the public half, nor the settings beside them.
            of_keys = any(inside == kept or inside.startswith(f"{kept}/") for kept in _KEYS)
            if of_keys and (inside in _KEYS or not _PUBLIC.match(basename(inside))):
                return f"~/{inside}"
    for config in snapshot.clients.configs:
        file = config.path.file.path
        folder = file.rpartition("/")[0]
        if config.scope == "user" and folder not in _homes(snapshot) and here in (file, folder):
            return f"the configuration of {config.client_name}"
    return ""


def _homes(snapshot: Snapshot) -> dict[str, str]:
    """The homes of this machine's people, and whose each is in words."""
    found = {snapshot.host.home: "your whole home", "/root": "the home of root"}
    first = 500 if snapshot.host.platform == "darwin" else 1000
    for account in snapshot.accounts.accounts:
        # Accounts of services live in places that are nobody's home, such as / or /var/www.
        if account.uid >= first and account.uid != 65534 and account.home.count("/") >= 2:
            found.setdefault(account.home, f"the home of {account.name}")
    return {normpath(home): whose for home, whose in found.items() if home.startswith("/")}


def _plain(path: str) -> str:
    """The path without the link that /var/run is, and without what Docker Desktop puts in front."""
    plain = normpath(path.removeprefix("/host_mnt") or "/") if path else ""
    return plain.removeprefix("/var") if plain.startswith("/var/run/") or plain == "/var/run" else plain
