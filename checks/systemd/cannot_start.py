"""A systemd unit for an MCP server cannot start, or cannot do its work.

What it looks at
----------------
Every systemd service that starts an MCP server, for settings that are known to end it: a program or path that is not
there (203/EXEC, 226/NAMESPACE, 200/CHDIR; a `-` before the path forgives it), a workspace or program below /home that
`ProtectHome=` hides, an account that does not exist (217/USER, `User=$USER` too), a filter that refuses `execve`,
`MemoryDenyWriteExecute=` with Node, a filter that kills Node for want of `SystemCallErrorNumber=`, `ExecPaths=` without
the program, a server that talks over its input and has none, a `LimitNPROC=` that a few servers use up, and in a user
unit what only root's manager may do (`User=`, `DynamicUser=`, `CapabilityBoundingSet=` without `PrivateUsers=yes`). A
unit that runs as it stands is not accused. `~@exec` is not among them: there is no such group, so systemd drops the
word.

Why it matters
--------------
A server that does not come up after it was hardened is soon started without all of it. Most of these fail with a number
that says little, and one not at all: a server without an input ends at once, and systemd calls that a success.

How an attacker uses it
-----------------------
They wait. What does not work is taken back, usually the whole drop-in and not the one line, and the server then runs as
open as it was before.

How to fix it by hand
---------------------
See how it ended: `systemctl status UNIT`, `journalctl -u UNIT -n 20`. Then, one by one:

* a workspace below /home: `ProtectHome=tmpfs` with `BindPaths=/home/you/workspace`; `ReadWritePaths=` does not open it;
* a path that may be missing: a `-` before it; one that must be there: make it, or `StateDirectory=`;
* no new programs: not by `SystemCallFilter=~execve`, but by `NoExecPaths=/ /tmp /var/tmp /dev/shm WORKSPACE` with
  `ExecPaths=` for the program, its interpreter, `/usr/lib`, `/lib` and `/lib64`;
* Node: leave `MemoryDenyWriteExecute=` out, or start it with `--jitless`; with any filter that lists what is allowed
  set `SystemCallErrorNumber=EPERM`;
* a server that talks over its input: a socket unit with `Accept=yes` and a template `NAME@.service` with
  `StandardInput=socket`, `StandardError=journal`; or start it from the client with `systemd-run --pipe`;
* processes: `TasksMax=`, which counts this service, in place of `LimitNPROC=`, which counts the account.

References
----------
* systemd.exec(5), "Process Exit Codes" and "Sandboxing":
  https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html
* systemd.socket(5), `Accept=`: https://www.freedesktop.org/software/systemd/man/latest/systemd.socket.html
* CWE-693, Protection Mechanism Failure: https://cwe.mitre.org/data/definitions/693.html
"""

from __future__ import annotations

from collections.abc import Iterator

from workbench.api import (
    Evidence,
    Finding,
    Location,
    Passed,
    Severity,
    Snapshot,
    UnitFact,
    UnitPlace,
    Verdict,
    check,
    judge_units,
    read_in_part,
    unit_subject,
)

_HOMES = ("/home/", "/root/", "/run/user/")
_NAMESPACE = ("ReadWritePaths", "InaccessiblePaths", "ExecPaths", "NoExecPaths", "BindPaths", "BindReadOnlyPaths")
_MADE = {
    "RuntimeDirectory": ("/run/", "/run/user/"),
    "StateDirectory": ("/var/lib/",),
    "CacheDirectory": ("/var/cache/",),
    "LogsDirectory": ("/var/log/",),
    "ConfigurationDirectory": ("/etc/",),
}
# Servers that talk over their input and nothing else.
_NAMES = (
    "mcp-filesystem-server mcp-server-filesystem server-filesystem server-memory mcp-server-memory mcp-server-git"
    " mcp-server-time mcp-server-fetch mcp-server-sqlite server-sequential-thinking mcp-server-sequential-thinking"
    " server-github server-gitlab server-postgres server-brave-search server-puppeteer server-slack"
)
_STDIO = frozenset(_NAMES.split())
_NODE_TASKS = 11
_IMPLIED_SINCE = 254


@check(
    title="A systemd unit for an MCP server cannot start, or cannot do its work",
    severities=(Severity.MEDIUM,),
    needs=("units:content",),
)
def cannot_start(snapshot: Snapshot) -> Iterator[Verdict]:
    """Judge each unit by the settings that are known to end its program."""

    def judge(unit: UnitFact) -> Verdict:
        traps = list(_at_work(unit)) + ([] if _runs(unit) else list(_at_start(unit, snapshot)))
        if traps:
            return _finding(unit, traps)
        return Passed(unit_subject(unit)) if unit.whole else read_in_part(unit)

    return judge_units(snapshot, judge)


def _runs(unit: UnitFact) -> bool:
    """Whether it runs just as it stands: what is known to end it then did not."""
    changed = max((path.file.modified for path in unit.files if path.file.kind == "file"), default=0.0)
    return any(
        # The start is told to the second.
        run.state == "active" and run.main_pid and not run.needs_reload and run.started + 1 >= changed
        for run in unit.runs
    )


def _at_start(unit: UnitFact, snapshot: Snapshot) -> Iterator[Evidence]:
    yield from _refused(unit)
    if unit.manager == "user" and unit.owner != 0:
        yield from _without_rights(unit, snapshot.units.version)
    yield from _paths(unit)
    yield from _filters(unit)
    yield from _input(unit)


def _refused(unit: UnitFact) -> Iterator[Evidence]:
    if unit.refused:
        manager = "--user " if unit.manager == "user" else ""
        # Of what systemd says only the places: it repeats values.
        verify = f'systemd-analyze {manager}verify --man=no "$1" 2>&1 | cut -d: -f1-3'
        command = ("sh", "-c", verify, "sh", unit.path.asked)
        yield Evidence("a unit that systemd loads", "systemd refuses it: a setting in it is fatal", command)
    for key in unit.missing_accounts:
        code, database = ("217/USER", "passwd") if key == "User" else ("216/GROUP", "group")
        value = unit.value(key)
        why = f"{code}: {key}={value} is not expanded" if "$" in value else f"{code}: there is no {key.lower()} {value}"
        yield Evidence("an account that exists", why, ("getent", database, value))


def _without_rights(unit: UnitFact, version: int) -> Iterator[Evidence]:
    """What an account's own manager may not do, and does not pass over either: see systemd/inert-user-setting."""
    for key, code in (("User", "216/GROUP"), ("SupplementaryGroups", "216/GROUP")):
        if unit.value(key):
            yield Evidence(f"no {key}= in a user unit", f"{code}: {key}={unit.value(key)}", _grep(unit, key))
    if unit.on("DynamicUser"):
        yield Evidence("no DynamicUser= in a user unit", "217/USER: DynamicUser=yes", _grep(unit, "DynamicUser"))
    # From 254 on systemd adds PrivateUsers=yes, and with it the right to the rest.
    if unit.on("PrivateUsers") or not 0 < version < _IMPLIED_SINCE:
        return
    other = [word for word in _bound(unit) if ":" in word and word.split(":")[1] != word.split(":")[0]]
    found = [(key, "226/NAMESPACE") for key in ("TemporaryFileSystem", "RootDirectory", "RootImage") if unit.value(key)]
    found += [("BindPaths", "226/NAMESPACE")] if other else []
    found += [("CapabilityBoundingSet", "218/CAPABILITIES")] if unit.setting("CapabilityBoundingSet") else []
    found += [("PrivateDevices", "218/CAPABILITIES")] if unit.on("PrivateDevices") else []
    for key, code in found:
        yield Evidence("PrivateUsers=yes beside it", f"{code}: {key}= in a user unit", _grep(unit, key, "PrivateUsers"))


def _paths(unit: UnitFact) -> Iterator[Evidence]:
    # With a root of its own, or below what is mounted over, a path is not the one that this host sees.
    covered = [word.partition(":")[0] for word in unit.words("TemporaryFileSystem")]
    covered += [word.split(":")[1] for word in _bound(unit) if ":" in word]
    other_root = bool(unit.value("RootDirectory") or unit.value("RootImage"))
    strict = unit.chosen("ProtectSystem", ("strict", "full")) == "strict"
    lists = _mounts(unit)
    for place in unit.places:
        if place.exists is not False or place.optional or other_root or _made(place, unit):
            continue
        if any(_inside(place.path, path) for path in covered):
            continue
        if (place.key in _NAMESPACE and lists) or (place.key == "ReadOnlyPaths" and lists and not strict):
            yield _missing(place, "226/NAMESPACE")
        elif place.key == "ExecStart":
            yield _missing(place, "203/EXEC")
        elif place.key == "WorkingDirectory":
            yield _missing(place, "200/CHDIR")
        elif place.key == "EnvironmentFile":
            yield _missing(place, "it fails with the result 'resources'")
        elif place.key in ("LoadCredential", "LoadCredentialEncrypted"):
            yield _missing(place, "243/CREDENTIALS")
    for place in _hidden(unit):
        if place.key == "ExecStart":
            yield _hides(unit, place, "203/EXEC")
        elif place.key == "WorkingDirectory" and not place.optional:
            yield _hides(unit, place, "200/CHDIR")
    yield from _private_tmp(unit)
    yield from _not_executable(unit)


def _private_tmp(unit: UnitFact) -> Iterator[Evidence]:
    if not unit.on("PrivateTmp") or not _mounts(unit):
        return
    codes = {"ExecStart": "203/EXEC", "WorkingDirectory": "200/CHDIR"}
    for place in unit.places:
        if place.key in codes and not place.optional and place.path.startswith(("/tmp/", "/var/tmp/")):  # noqa: S108
            actual = f"{codes[place.key]}: PrivateTmp=yes hides {place.path} ({place.key})"
            yield Evidence(f"{place.path} is outside of /tmp", actual, _grep(unit, "PrivateTmp", place.key))


def _mounts(unit: UnitFact) -> bool:
    """Whether it gets a mount table as it says: see systemd/inert-user-setting, and "+" goes without all of that."""
    return "+" not in unit.prefix and (unit.manager == "system" or unit.on("PrivateUsers"))


def _made(place: UnitPlace, unit: UnitFact) -> bool:
    """Whether systemd makes the path before it starts the program."""
    if place.key in ("EnvironmentFile", "LoadCredential", "LoadCredentialEncrypted"):
        return False
    for key, folders in _MADE.items():
        for word in unit.words(key):
            if any(place.path.startswith(folder) and f"/{word}" in place.path for folder in folders):
                return True
            if unit.manager == "user" and f"/{word}" in place.path:
                return True
    return False


def _missing(place: UnitPlace, code: str) -> Evidence:
    forgiving = place.key not in ("ExecStart", "LoadCredential", "LoadCredentialEncrypted")
    expected = f"{place.path} is there{', or has a - before it' if forgiving else ''}"
    return Evidence(expected, f"{code}: {place.key}= names {place.path}, which is missing", ("ls", "-ld", place.path))


def _hidden(unit: UnitFact) -> Iterator[UnitPlace]:
    """The places below home folders that ProtectHome= hides from the program."""
    how = unit.chosen("ProtectHome", ("tmpfs", "read-only"))
    if how not in ("yes", "tmpfs") or not _mounts(unit):
        return
    bound = [next(iter(word.split(":")[1:2]), word) for word in _bound(unit)]
    for place in unit.places:
        opened = how == "tmpfs" and any(_inside(place.path, path) for path in bound)
        if place.path.startswith(_HOMES) and not opened:
            yield place


def _bound(unit: UnitFact) -> list[str]:
    return [word.lstrip("-+") for key in ("BindPaths", "BindReadOnlyPaths") for word in unit.words(key)]


def _hides(unit: UnitFact, place: UnitPlace, code: str) -> Evidence:
    how = unit.value("ProtectHome")
    return Evidence(
        f"{place.path} is outside of what ProtectHome= hides, or bound into ProtectHome=tmpfs",
        f"{code}: ProtectHome={how} hides {place.path} ({place.key})",
        _grep(unit, "ProtectHome", "BindPaths", "ReadWritePaths", "WorkingDirectory"),
    )


def _not_executable(unit: UnitFact) -> Iterator[Evidence]:
    if "/" not in [word.lstrip("-+") for word in unit.words("NoExecPaths")] or not _mounts(unit):
        return
    allowed = [word.lstrip("-+") for word in unit.words("ExecPaths")]
    program = [place.path for place in unit.places if place.key in ("ExecStart", "program")]
    # What is linked statically needs no library; of these two it is known that they do.
    needed = [program, ["/usr/lib/x", "/lib/x"]] if unit.runtime else [program]
    for paths in needed:
        if paths and not any(_inside(name, opened) for path in paths for name in _names(path) for opened in allowed):
            shown = paths[0].removesuffix("/x")
            actual = f"203/EXEC: NoExecPaths=/ covers {shown}"
            yield Evidence(f"ExecPaths= with {shown}", actual, _grep(unit, "NoExecPaths", "ExecPaths"))


def _names(path: str) -> tuple[str, str]:
    # /bin and /lib are links to /usr/bin and /usr/lib on most machines.
    return path, path.removeprefix("/usr") if path.startswith("/usr/") else f"/usr{path}"


def _filters(unit: UnitFact) -> Iterator[Evidence]:
    if "+" in unit.prefix:
        return
    answers = dict(unit.syscalls)
    command = _grep(unit, "SystemCallFilter", "SystemCallErrorNumber", "MemoryDenyWriteExecute")
    execve = answers.get("execve", "allowed")
    if execve != "allowed":
        code = "203/EXEC" if execve == "refused" else "31/SYS"
        yield Evidence("a filter that lets execve through", f"{code}: SystemCallFilter= refuses execve", command)
    if unit.runtime != "node":
        return
    if unit.on("MemoryDenyWriteExecute") and "--jitless" not in unit.command:
        yield Evidence("no MemoryDenyWriteExecute= for Node", "5/TRAP: Node's compiler needs such memory", command)
    if answers.get("pkey_alloc") == "killed" and execve == "allowed":
        why = "31/SYS: the filter kills Node 20 and later at its first pkey_alloc"
        yield Evidence("SystemCallErrorNumber=EPERM", why, command)


def _input(unit: UnitFact) -> Iterator[Evidence]:
    if not _talks_over_its_input(unit) or unit.value("StandardInput") not in ("", "null"):
        return
    if unit.value("StandardInputText") or unit.value("StandardInputData"):
        return
    if unit.on("Accept", "Socket"):
        why = f"{unit.socket} hands over the connection, and StandardInput= does not take it"
    elif unit.socket:
        why = f"{unit.socket} listens, and the server knows only its input"
    else:
        why = "its input is /dev/null"
    actual = f"status 0: {why}: the server reads the end and exits, which systemd takes for success"
    yield Evidence("Accept=yes with StandardInput=socket", actual, _grep(unit, "StandardInput", "Type", "Sockets"))


def _talks_over_its_input(unit: UnitFact) -> bool:
    launch = unit.launch
    if launch is None or launch.image is not None or set(launch.wrappers) - {"env", "npx", "uvx"}:
        return False
    names = [launch.package.name] if launch.package is not None else [launch.program, launch.script]
    words = {part for name in names for part in name.replace("_", "-").split("/")}
    return bool(words & _STDIO) and not any(word in ("http", "sse", "streamableHttp") for word in unit.command)


def _at_work(unit: UnitFact) -> Iterator[Evidence]:
    """What lets the program start and fail later."""
    for place in _hidden(unit):
        if place.key in ("root", "ReadWritePaths", "script"):
            yield _hides(unit, place, "out of reach at the first use")
    limit = unit.value("LimitNPROC").rpartition(":")[0] or unit.value("LimitNPROC")
    few = 2 * _NODE_TASKS if unit.on("DynamicUser") else 10 * _NODE_TASKS
    by_root = unit.manager == "system" and unit.value("User") in ("", "root", "0") and not unit.on("DynamicUser")
    if unit.runtime == "node" and limit.isdecimal() and int(limit) < few and not by_root:
        # Measured: at 64 the sixth server of one account is the first that cannot make its threads.
        number = int(limit) // _NODE_TASKS + 1
        why = f"6/ABRT: LimitNPROC={limit} counts the account's threads: its Node server number {number} aborts"
        yield Evidence("TasksMax= in place of LimitNPROC=", why, _grep(unit, "LimitNPROC", "TasksMax"))


def _inside(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def _grep(unit: UnitFact, *keys: str) -> tuple[str, ...]:
    return ("grep", "-HnE", rf"^[[:space:]]*({'|'.join(keys)})[[:space:]]*=", unit.path.asked, *unit.drop_ins)


def _finding(unit: UnitFact, traps: list[Evidence]) -> Finding:
    unique = tuple(dict.fromkeys(traps))
    more = f", and {len(unique) - 1} more" if len(unique) > 1 else ""
    return Finding(
        subject=unit_subject(unit),
        severity=Severity.MEDIUM,
        summary=f"{unit.name} cannot start or work: {unique[0].actual}{more}",
        evidence=unique,
        location=Location(unit.path.asked),
    )
