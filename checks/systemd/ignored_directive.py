"""systemd drops lines of a unit that runs an MCP server.

What it looks at
----------------
Every systemd service, of the system or of your own user manager, that starts an MCP server, as systemd's own parser
reads it: `systemd-analyze verify` names each line of the unit and its drop-ins that it cannot use. Its exit status says
nothing (it is 0 as long as the program exists), so the messages are read. A line is not lost where another file of the
unit says that setting so that systemd takes it. A dropped line that should protect, a misspelt protection and a
misspelt `[Service]` are high; any other dropped line is low.

Why it matters
--------------
systemd writes one line to the journal and starts the service without the setting. The unit looks hardened to everyone
who reads it, and is not. The usual causes:

* a comment behind a value. `ProtectHome=true # no homes` sets ProtectHome to `true # no homes`, which is no boolean:
  a comment must stand on a line of its own;
* a system call group that does not exist, such as `@exec`;
* a key that is misspelt, stands in the wrong section, or is newer than this systemd;
* a path that is not absolute, a value that is none of the known words.

How an attacker uses it
-----------------------
They need do nothing: the injected prompt asks the server for `~/.ssh/id_ed25519`, and the `ProtectHome=` that should
have hidden it was never in force. Whoever reviewed the unit had counted on it.

How to fix it by hand
---------------------
1. See the lines: `systemd-analyze verify --man=no FILE` (run it on the file; on a template too).
2. Move each comment to a line of its own, above the setting. Correct the key, the word or the path. `@exec` has no
   replacement of that kind: a filter that refuses `execve` stops every unit from starting. What keeps a server from
   starting other programs is `NoExecPaths=/ /tmp /var/tmp /dev/shm WORKSPACE` with `ExecPaths=` for the runtime and its
   libraries: `/` alone leaves out what is mounted on its own, as each `ReadWritePaths=` and a `PrivateTmp=` is.
3. `systemctl daemon-reload` and restart the unit. Restored lines confine the server from then on: see that it answers.
4. Verify again, until systemd names no line.

References
----------
* systemd.syntax(7), where comments may stand: https://www.freedesktop.org/software/systemd/man/latest/systemd.syntax.html
* systemd-analyze(1), "verify": https://www.freedesktop.org/software/systemd/man/latest/systemd-analyze.html
* systemd.exec(5), "Sandboxing" and "System call filtering":
  https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html
* CWE-1188, Initialization of a Resource with an Insecure Default: https://cwe.mitre.org/data/definitions/1188.html
* CWE-693, Protection Mechanism Failure: https://cwe.mitre.org/data/definitions/693.html
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from workbench.api import (
    Evidence,
    Finding,
    IgnoredLine,
    Location,
    NotAssessed,
    Passed,
    Severity,
    Snapshot,
    Subject,
    UnitFact,
    Verdict,
    check,
    judge_units,
    unit_subject,
)

_NAMES = (
    "AmbientCapabilities AppArmorProfile BindPaths BindReadOnlyPaths CPUQuota CapabilityBoundingSet DeviceAllow"
    " DevicePolicy DynamicUser ExecPaths Group IPAddressAllow IPAddressDeny InaccessiblePaths KeyringMode"
    " LimitNOFILE LimitNPROC LockPersonality MemoryDenyWriteExecute MemoryHigh MemoryMax NoExecPaths"
    " NoNewPrivileges PrivateDevices PrivateIPC PrivateMounts PrivateNetwork PrivateTmp PrivateUsers ProcSubset"
    " ProtectClock ProtectControlGroups ProtectHome ProtectHostname ProtectKernelLogs ProtectKernelModules"
    " ProtectKernelTunables ProtectProc ProtectSystem ReadOnlyPaths ReadWritePaths RemoveIPC"
    " RestrictAddressFamilies RestrictFileSystems RestrictNamespaces RestrictNetworkInterfaces RestrictRealtime"
    " RestrictSUIDSGID RootDirectory RootImage RuntimeDirectoryMode SELinuxContext SecureBits SmackProcessLabel"
    " SocketBindAllow SocketBindDeny SupplementaryGroups SystemCallArchitectures SystemCallErrorNumber"
    " SystemCallFilter TasksMax TemporaryFileSystem UMask User"
)
_PROTECTIONS = tuple(_NAMES.split())
_LIKE = 0.85


@check(
    title="systemd drops lines of a unit that runs an MCP server",
    severities=(Severity.HIGH, Severity.LOW),
    needs=("units:ignored", "units:content"),
)
def ignored_directive(snapshot: Snapshot) -> Iterator[Verdict]:
    """Judge each unit by the lines that systemd's parser refuses."""
    unseen = any(gap.facet == "ignored" for gap in snapshot.units.state.unread)

    def judge(unit: UnitFact) -> Verdict | None:
        subject = unit_subject(unit)
        if unit.ignored is None:
            return None if unseen else NotAssessed(unit.name, "its lines were not verified")
        lost = tuple(line for line in unit.ignored if not _said_elsewhere(line, unit))
        return _finding(unit, lost, subject) if lost else Passed(subject)

    return judge_units(snapshot, judge)


def _said_elsewhere(line: IgnoredLine, unit: UnitFact) -> bool:
    """Whether another file of the unit, such as a drop-in over a package's, says it so that systemd takes it."""
    dropped = {(each.path, each.line) for each in unit.ignored or ()}
    return any(
        each.key == _key(line) and each.path != line.path and each.value and (each.path, each.line) not in dropped
        for each in unit.settings
    )


def _finding(unit: UnitFact, ignored: tuple[IgnoredLine, ...], subject: Subject) -> Finding:
    protecting = [line for line in ignored if _protects(line)]
    lines = "1 line" if len(ignored) == 1 else f"{len(ignored)} lines"
    if protecting:
        keys = ", ".join(dict.fromkeys(_key(line) or "a whole section" for line in protecting))
        summary = f"systemd drops {lines} of {unit.name}, so it runs without {keys}"
    else:
        summary = f"systemd drops {lines} of {unit.name}; no protection is among them"
    first = (protecting or list(ignored))[0]
    manager = "--user " if unit.manager == "user" else ""
    # systemd repeats the value that it drops, behind the third colon; of Environment= that may be a secret.
    verify = f'systemd-analyze {manager}verify --man=no "$1" 2>&1 | cut -d: -f1-3'
    command = ("sh", "-c", verify, "sh", unit.path.asked)
    return Finding(
        subject=subject,
        severity=Severity.HIGH if protecting else Severity.LOW,
        summary=summary,
        evidence=tuple(
            Evidence(
                expected="a line that systemd can use",
                actual=f"{line.path}:{line.line}: {line.text + ': ' if line.text else ''}{line.reason}",
                command=command,
            )
            for line in ignored
        ),
        location=Location(first.path, first.line),
    )


def _key(line: IgnoredLine) -> str:
    return line.text.partition("=")[0] if not line.text.startswith("[") else ""


def _protects(line: IgnoredLine) -> bool:
    if line.text.startswith("["):
        # Of other sections nothing protects: this is [Service], misspelt, with all that stands in it.
        return bool(difflib.get_close_matches(line.text.strip("[]"), ("Service",), 1, _LIKE))
    key = _key(line)
    return key in _PROTECTIONS or bool(difflib.get_close_matches(key, _PROTECTIONS, 1, _LIKE))
