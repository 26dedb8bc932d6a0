"""The drop-in that confines a server of systemd's as far as it survives, from what is known of the server.

What each setting does to a server of Node or Python was measured: ``MemoryDenyWriteExecute=`` ends Node,
``SystemCallFilter=`` without an error number ends it too, ``ProtectHome=yes`` hides a workspace below /home even where
it is in ``ReadWritePaths=``, and ``NoExecPaths=/`` leaves out what is mounted on its own. So was what each does under a
manager of an account's own: some do nothing there, and one ends the unit.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from posixpath import basename, dirname, normpath

from workbench.model.plan import Refusal
from workbench.model.record import record
from workbench.model.snapshot import Snapshot
from workbench.model.units import UnitFact
from workbench.unit_changes import listens_on
from workbench.unit_own import listen_paths, runtime_folder

HOMES = ("/home/", "/root/", "/run/user/")
"""What ``ProtectHome=`` hides."""

_SHARED = ("/tmp", "/var/tmp", "/dev/shm")  # noqa: S108 - what stands there is what is looked for
_LIBRARIES = ("/usr/lib", "/usr/lib64", "/usr/local/lib", "/lib", "/lib64")
_SYSTEMS = ("/bin", "/boot", "/dev", "/etc", "/lib", "/lib64", "/proc", "/sbin", "/sys", "/usr")
_WHOLE = ("/", "/home", "/root", "/opt", "/run", "/run/user", "/srv", "/var", "/var/lib", *_SHARED)
_SESSION = re.compile(r"/run/user/[0-9]+")
_TO_MANAGER = re.compile(r"/run/user/[0-9]+(?:/(?:bus|systemd)(?:/.*)?)?")
_PATH = re.compile(r"/[A-Za-z0-9_./@+,=-]+")
_BUILT = frozenset(("dist", "build", "src", "lib", "out", "cjs", "esm", "server"))
_INTERPRETERS = re.compile(r"(?:node|nodejs|bun|deno|python[0-9.]*)\Z")
_ALWAYS = (
    "NoNewPrivileges=yes",
    "ProtectSystem=strict",
    "PrivateDevices=yes",
    "DevicePolicy=closed",
    "PrivateMounts=yes",
    "PrivateUsers=yes",
    "ProtectKernelTunables=yes",
    "ProtectKernelModules=yes",
    "ProtectKernelLogs=yes",
    "ProtectControlGroups=yes",
    "ProtectHostname=yes",
    "ProtectClock=yes",
    "ProtectProc=invisible",
    "ProcSubset=pid",
    "RestrictNamespaces=yes",
    "RestrictRealtime=yes",
    "RestrictSUIDSGID=yes",
    "RemoveIPC=yes",
    "LockPersonality=yes",
    "KeyringMode=private",
    "SystemCallArchitectures=native",
)
# An account's own manager may neither load a program for the kernel (the devices and addresses of a cgroup) nor mount
# another /proc, and makes no accounts whose objects could be removed: it goes on without a word, and all that would be
# gained is a better mark. What covers the log of the kernel, which is root's anyway, ends the unit with 226/NAMESPACE.
_NOT_OF_ITS_OWN = ("DevicePolicy", "IPAddressDeny", "ProtectProc", "ProcSubset", "RemoveIPC", "ProtectKernelLogs")
_MADE = ("RuntimeDirectory", "StateDirectory", "CacheDirectory", "LogsDirectory", "ConfigurationDirectory")
# What an administrator has chosen for a reason is left as it is.
_UNLESS_SET = ("UMask=0077", "TasksMax=128", "MemoryMax=1G")


@record
class Wanted:
    """What the server needs. ``profile`` is ``node``, ``python`` or ``other``; ``folders`` are those it may write."""

    profile: str
    folders: tuple[str, ...]
    network: bool
    programs: bool


def folders_of(unit: UnitFact, snapshot: Snapshot) -> tuple[str, ...]:
    """The folders that the server is known to write: its roots, what the unit says, where its sockets are."""
    found = [
        place.path for place in unit.places if place.key in ("root", "ReadWritePaths") and place.exists is not False
    ]
    own = [path for path in listens_on(unit, snapshot) if path not in listen_paths(unit, snapshot)]
    made = [f"{runtime_folder(unit)}/{word}" for word in unit.words("RuntimeDirectory")]
    found += [folder for folder in map(dirname, own) if folder not in made]
    return tuple(dict.fromkeys(normpath(path) for path in found if path not in _WHOLE and not _SESSION.fullmatch(path)))


def listens_in_session(unit: UnitFact, snapshot: Snapshot) -> bool:
    """Whether it makes a socket right in /run/user/UID, where the way to the account's own manager is as well."""
    own = set(listens_on(unit, snapshot)) - set(listen_paths(unit, snapshot))
    return any(_SESSION.fullmatch(dirname(path)) for path in own)


def folders_answered(text: str) -> tuple[str, ...] | Refusal:
    """The folders of an answer, separated by colons, or why they cannot be those."""
    paths = tuple(dict.fromkeys(filter(None, (each.strip() for each in text.split(":")))))
    for path in paths:
        if not _PATH.fullmatch(path) or normpath(path) != path:
            return Refusal(f"{path} is no plain absolute path", "write it as /srv/workspace, a colon between two")
        if path in _WHOLE or any(_inside(path, system) for system in _SYSTEMS):
            return Refusal(
                f"{path} is no workspace: that is far more, or the system's own", "name a folder of the server's"
            )
        if path.startswith("/home/") and path.count("/") == 2:
            return Refusal(f"{path} is a whole home", "name the folder in it that the server works in")
        if _TO_MANAGER.fullmatch(path):
            return Refusal(
                f"{path} holds the way to the manager of the account, which would start anything unconfined",
                "let the server have a folder of its own there: RuntimeDirectory=NAME, and its socket in %t/NAME",
            )
    return paths


def lines_of(unit: UnitFact, wanted: Wanted) -> tuple[str, ...] | Refusal:
    """The settings of the drop-in, in order; or why this unit cannot be confined so."""
    reads = _reads(unit)
    started_in = [place.path for place in unit.places if place.key == "WorkingDirectory"]
    started_in.append(unit.value("WorkingDirectory").removeprefix("-"))
    if any(path == "~" or (path.startswith("/home/") and path.rstrip("/").count("/") == 2) for path in started_in):
        return Refusal(
            f"{unit.name} is started in a whole home, which would have to stay in its sight",
            "set WorkingDirectory= to the folder that it needs",
        )
    confined = (*_files(unit, wanted, reads), *_network(unit, wanted), *_rights(unit), *_code(unit, wanted, reads))
    if unit.manager == "system":
        return (*_ALWAYS, *confined)
    own = [line for line in (*_ALWAYS, *confined) if line.partition("=")[0] not in _NOT_OF_ITS_OWN]
    # Its filter has done something before: with a user namespace the rest of it would end the unit.
    if unit.on("ProtectKernelLogs") and not unit.on("PrivateUsers"):
        own.append("ProtectKernelLogs=no")
    return tuple(own)


def _files(unit: UnitFact, wanted: Wanted, reads: Sequence[str]) -> Iterator[str]:
    writes = wanted.folders
    in_homes = any(path.startswith(HOMES) for path in (*writes, *reads))
    # What the account's own manager makes for a unit lies in /run/user and in the home; "yes" would hide that as well.
    made = unit.manager == "user" and any(unit.words(key) for key in _MADE)
    yield f"ProtectHome={'tmpfs' if in_homes or made else 'yes'}"
    for path in writes:
        # In a home that is hidden, ReadWritePaths= would open nothing.
        yield f"BindPaths=-{path}" if path.startswith(HOMES) else f"ReadWritePaths=-{path}"
    for path in reads:
        if path.startswith(HOMES) and not any(_inside(path, folder) for folder in writes):
            yield f"BindReadOnlyPaths=-{path}"
    if not in_shared_folders(unit, wanted):
        yield "PrivateTmp=yes"
    yield from (line for line in _UNLESS_SET if unit.setting(line.partition("=")[0]) is None)


def in_shared_folders(unit: UnitFact, wanted: Wanted) -> bool:
    """Whether it has something in /tmp, which a /tmp of its own would hide."""
    paths = [*wanted.folders, *(place.path for place in unit.places)]
    return any(_inside(path, folder) for path in paths for folder in _SHARED)


def _network(unit: UnitFact, wanted: Wanted) -> Iterator[str]:
    if wanted.network:
        yield "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6"
        return
    yield "PrivateNetwork=yes"
    yield "RestrictAddressFamilies=AF_UNIX"
    # A connection that its socket unit hands over may be one of the network.
    if all(value.startswith("/") for value in unit.values("ListenStream", "Socket")):
        yield "IPAddressDeny=any"


def _rights(unit: UnitFact) -> Iterator[str]:
    if not unit.words("AmbientCapabilities") and not [
        word for word in unit.words("CapabilityBoundingSet") if not word.startswith("~")
    ]:
        yield "CapabilityBoundingSet="
        yield "AmbientCapabilities="


def _code(unit: UnitFact, wanted: Wanted, reads: Sequence[str]) -> Iterator[str]:
    if not any(not word.startswith("~") for word in unit.values("SystemCallFilter")):
        yield "SystemCallFilter=@system-service"
    yield "SystemCallFilter=~@privileged @resources"
    yield "SystemCallErrorNumber=EPERM"
    if wanted.profile == "python":
        yield "MemoryDenyWriteExecute=yes"
    if not wanted.programs and runs_alone(unit):
        # What is mounted on its own is not covered by the root.
        yield " ".join(("NoExecPaths=/", *(f"-{path}" for path in (*_SHARED, *wanted.folders))))
        programs = _programs(unit)
        paths = dict.fromkeys((*programs, *reads, *_LIBRARIES))
        yield " ".join(
            ("ExecPaths=" + next(iter(programs)), *(f"-{path}" for path in paths if path not in programs[:1]))
        )


def runs_alone(unit: UnitFact) -> bool:
    """Whether the program that is started is the interpreter itself, so that nothing else has to be run."""
    programs = _programs(unit)
    # A path with a blank or a quote in it would be read as others.
    return bool(programs and _INTERPRETERS.match(basename(programs[0])) and all(map(_PATH.fullmatch, programs)))


def _programs(unit: UnitFact) -> list[str]:
    """The program that is started, and what it is when every link is followed."""
    return [place.path for key in ("ExecStart", "program") for place in unit.places if place.key == key]


def _reads(unit: UnitFact) -> tuple[str, ...]:
    """The folders outside of the system's own that hold its program, what runs it, and where it is started."""
    found = [_around(place.path) for place in unit.places if place.key in ("ExecStart", "program", "script")]
    found += [place.path for place in unit.places if place.key == "WorkingDirectory"]
    found += [word.lstrip("-+").partition(":")[0] for key in ("BindReadOnlyPaths",) for word in unit.words(key)]
    unusual = [
        path for path in found if not any(_inside(path, system) for system in _SYSTEMS) and _PATH.fullmatch(path)
    ]
    return tuple(dict.fromkeys(unusual))


def _around(path: str) -> str:
    """The folder that has to be there with a program or script."""
    before, packages, _ = path.partition("/node_modules/")
    if packages:
        return f"{before}/node_modules"
    folder = dirname(path)
    if basename(folder) == "bin":
        above = dirname(folder)
        # ~/bin and ~/.local/bin hold what has nothing to do with it.
        return path if basename(above) == ".local" or (above.startswith(HOMES) and above.count("/") <= 2) else above
    while basename(folder) in _BUILT and folder.count("/") > 3:
        folder = dirname(folder)
    return path if folder in _WHOLE or (folder.startswith("/home/") and folder.count("/") == 2) else folder


def _inside(path: str, folder: str) -> bool:
    return path == folder or path.startswith(f"{folder}/")
