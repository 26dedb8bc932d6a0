"""A server of a systemd unit runs without what its unit says now.

What it looks at
----------------
Every systemd service that starts an MCP server and runs: whether its unit file, a drop-in or its file of variables was
changed after its main process started, whether the manager says that it has not read the change yet, and whether the
process itself has what the unit promises. Promised and missing is told of `NoNewPrivileges=`, `ProtectSystem=strict`
(the root is still writable), `ProtectHome=`, `PrivateTmp=`, `PrivateNetwork=`, `SystemCallFilter=` and of `User=`,
where the process is root. For that the process is looked at in /proc.

Why it matters
--------------
`systemctl daemon-reload` reads units and restarts nothing. `systemd-analyze security` then praises the unit, while the
process that takes your prompts is the one from before. `systemctl` does not warn either: it does not notice the first
drop-in of a unit.

How an attacker uses it
-----------------------
They use yesterday's server: the hole that the drop-in was to close is open for as long as it runs, which on a server is
until the next reboot.

How to fix it by hand
---------------------
1. `sudo systemctl daemon-reload`, then `sudo systemctl restart UNIT` (`systemctl --user …` for your own).
2. See that the new process has it: `grep NoNewPrivs /proc/PID/status` says 1, `grep ' / / ' /proc/PID/mountinfo` says
   `ro`. Where it still has not, the setting cannot work there (a container, an old kernel) or was dropped: see
   systemd/ignored-directive and systemd/inert-user-setting.

References
----------
* systemctl(1), "daemon-reload": https://www.freedesktop.org/software/systemd/man/latest/systemctl.html
* proc_pid_status(5), proc_pid_mountinfo(5)
* CWE-665, Improper Initialization: https://cwe.mitre.org/data/definitions/665.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

from workbench.api import (
    Evidence,
    FileFact,
    Finding,
    Location,
    NotApplicable,
    Passed,
    ServerProcess,
    Severity,
    Snapshot,
    UnitFact,
    UnitRun,
    Verdict,
    check,
    read_in_part,
    unit_subject,
)

# The manager tells the start to the second.
_MARGIN = 1.0
_INSTANCE = re.compile(r"@.*(?=\.service\Z)")
_ESCAPED = re.compile(r"\\x([0-9a-f]{2})")


@check(
    title="A server of a systemd unit runs without what its unit says now",
    severities=(Severity.MEDIUM,),
    needs=("units:state", "units:content", "processes:hidden"),
)
def stale_process(snapshot: Snapshot) -> Iterator[Verdict]:
    """Judge each unit of which something runs."""
    judged = False
    for unit in snapshot.units.units:
        processes = _processes(unit, snapshot)
        runs = [run for run in unit.runs if run.main_pid and run.started]
        if not processes and not runs:
            continue
        judged = True
        older, lacking = list(_older(unit, runs, processes)), list(_lacking(unit, processes))
        if older or lacking:
            yield _finding(unit, older, lacking)
        elif not unit.whole:
            yield read_in_part(unit)
        else:
            yield Passed(unit_subject(unit))
    if not judged:
        yield NotApplicable("no systemd unit that runs an MCP server is running here")


def _processes(unit: UnitFact, snapshot: Snapshot) -> list[ServerProcess]:
    """The running servers of a unit: by its main process where the manager tells it, else by the unit's name."""
    # What runs in a container is not the unit's own process.
    servers = [process for process in snapshot.processes.servers if not process.container]
    mains = {run.main_pid for run in unit.runs if run.main_pid}
    if mains:
        return [process for process in servers if mains & {process.pid, *process.chain}]
    if unit.runs or unit.manager == "user":
        return []
    return [process for process in servers if _is_of(process, unit.name)]


def _is_of(process: ServerProcess, name: str) -> bool:
    own = _ESCAPED.sub(lambda match: chr(int(match[1], 16)), process.unit)
    wanted = _ESCAPED.sub(lambda match: chr(int(match[1], 16)), name)
    # A unit of an account's own manager may bear the same name: its processes are that account's.
    return bool(own) and (own == wanted or _INSTANCE.sub("@", own) == wanted) and "user@" not in own


def _older(unit: UnitFact, runs: list[UnitRun], processes: list[ServerProcess]) -> Iterator[Evidence]:
    started = [(run.name, run.started + _MARGIN, run.main_pid) for run in runs]
    started = started or [(unit.name, process.started + _MARGIN, process.pid) for process in processes]
    for name, moment, pid in started:
        for file in _files(unit):
            if file.modified > moment:
                yield Evidence(
                    expected=f"{name} started after the last change of {file.path}",
                    actual=f"started {_shown(moment - _MARGIN)}, changed {_shown(file.modified)}",
                    command=("sh", "-c", 'ps -o lstart= -p "$1"; stat -c "%y %n" "$2"', "sh", str(pid), file.path),
                )
    manager = ("--user",) if unit.manager == "user" else ()
    for run in runs:
        if run.needs_reload:
            yield Evidence(
                expected="the manager has read what the files say",
                actual=f"{run.name}: it has not (NeedDaemonReload=yes)",
                command=("systemctl", *manager, "show", "--property=NeedDaemonReload", run.name),
            )


def _files(unit: UnitFact) -> Iterator[FileFact]:
    for path in unit.files:
        if path.file.kind == "file" and not path.asked.endswith(".socket"):
            yield path.file


def _lacking(unit: UnitFact, processes: list[ServerProcess]) -> Iterator[Evidence]:
    if "+" in unit.prefix:
        return  # a command with "+" is given none of it
    # In a user unit these take a user namespace; what has no effect there is systemd/inert-user-setting.
    mounts = unit.manager == "system" or unit.on("PrivateUsers")
    for process in processes:
        status, mountinfo = f"/proc/{process.pid}/status", f"/proc/{process.pid}/mountinfo"
        seen = process.isolation
        if unit.on("NoNewPrivileges") and process.no_new_privileges is False:
            yield Evidence("NoNewPrivileges=yes", "NoNewPrivs: 0", ("grep", "NoNewPrivs", status))
        if unit.values("SystemCallFilter") and process.seccomp == 0:
            yield Evidence("SystemCallFilter= in force", "Seccomp: 0", ("grep", "Seccomp", status))
        if unit.value("User") not in ("", "root", "0") and process.uid == 0 and not _switches(unit):
            yield Evidence(f"User={unit.value('User')}", "it runs as root", ("grep", "Uid", status))
        if seen is None or not mounts:
            continue
        writable = "/" in unit.words("ReadWritePaths")
        if unit.chosen("ProtectSystem", ("strict", "full")) == "strict" and seen.root == "host" and not writable:
            yield Evidence("ProtectSystem=strict", "its root is writable", ("grep", " / / ", mountinfo))
        if unit.chosen("ProtectHome", ("tmpfs", "read-only")) in ("yes", "tmpfs") and _sees_homes(unit, process):
            homes = ", ".join(seen.homes_readable)
            yield Evidence("ProtectHome=yes", f"it can list {homes}", ("grep", " /home", mountinfo))
        if unit.on("PrivateTmp") and seen.private_tmp is False:
            yield Evidence("PrivateTmp=yes", "its /tmp is everyone's", ("grep", " /tmp ", mountinfo))
        if unit.on("PrivateNetwork") and seen.network == "host":
            yield Evidence(
                "PrivateNetwork=yes", "it has the host's network", ("readlink", f"/proc/{process.pid}/ns/net")
            )


def _sees_homes(unit: UnitFact, process: ServerProcess) -> bool:
    bound = (*unit.words("BindPaths"), *unit.words("BindReadOnlyPaths"))
    return bool(process.isolation and process.isolation.homes_readable) and not bound


def _switches(unit: UnitFact) -> bool:
    return "!" in unit.prefix or (unit.launch is not None and bool(unit.launch.account))


def _finding(unit: UnitFact, older: list[Evidence], lacking: list[Evidence]) -> Finding:
    promised = ", ".join(dict.fromkeys(each.expected for each in lacking))
    what = f"lacks what its unit promises ({promised})" if lacking else "is older than its unit"
    return Finding(
        subject=unit_subject(unit),
        severity=Severity.MEDIUM,
        summary=f"the running process of {unit.name} {what}: restart it",
        evidence=tuple(dict.fromkeys((*lacking, *older))),
        location=Location(unit.path.asked),
    )


def _shown(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
