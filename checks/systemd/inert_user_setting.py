"""A protection in a user unit has no effect.

What it looks at
----------------
Every service of an account's own manager that starts an MCP server: settings that take a mount table or a network of
its own (`ProtectHome=`, `ProtectSystem=`, `PrivateTmp=`, `ReadOnlyPaths=`, `PrivateNetwork=` …) without
`PrivateUsers=yes`. Before systemd 254 such a setting does nothing in a user unit: the manager has no right to it, goes
on without a word, and the service starts. From 254 on systemd adds `PrivateUsers=yes` itself, and the check passes.
What the manager insists on and cannot have (`TemporaryFileSystem=`, `PrivateDevices=`) fails: systemd/cannot-start.

Why it matters
--------------
`systemd-analyze security` counts the setting, the unit reads as hardened, the service runs, and your home is as open to
it as before. Nothing fails and nothing is logged.

How an attacker uses it
-----------------------
The injected prompt asks for `~/.ssh/id_ed25519`, and the server reads it: `ProtectHome=yes` was in the unit, and was
never in force.

How to fix it by hand
---------------------
1. `systemctl --user edit UNIT`, and write `[Service]` and `PrivateUsers=yes`. It makes a user namespace, in which the
   manager may do the rest. In it only your own account has a name: files of others belong to `nobody`.
2. With `ProtectHome=yes` the server's own workspace below /home is gone too: use `ProtectHome=tmpfs` with
   `BindPaths=` for the workspace and `BindReadOnlyPaths=` for its program.
3. `systemctl --user daemon-reload`, restart, and see that it holds: `grep ' /home ' /proc/PID/mountinfo` shows a line.
4. Where your distribution forbids user namespaces to accounts (`kernel.unprivileged_userns_clone=0`, AppArmor on
   Ubuntu 24.04), run it as a system service with `User=`, where none of this is needed.

References
----------
* systemd.exec(5), "Sandboxing" and `PrivateUsers=`:
  https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html
* systemd, NEWS of version 254: https://github.com/systemd/systemd/blob/main/NEWS
* CWE-693, Protection Mechanism Failure: https://cwe.mitre.org/data/definitions/693.html
"""

from __future__ import annotations

from collections.abc import Iterator

from workbench.api import (
    Evidence,
    Finding,
    Location,
    NotApplicable,
    NotAssessed,
    Passed,
    Severity,
    Snapshot,
    UnitFact,
    UnitSetting,
    Verdict,
    check,
    unit_subject,
)

_IMPLIED_SINCE = 254
# Each needs a mount table or a network of its own, and a user's manager may make neither without a user namespace.
_CHOICES = {
    "ProtectHome": ("read-only", "tmpfs"),
    "ProtectSystem": ("full", "strict"),
    "PrivateTmp": ("disconnected",),
    "PrivateMounts": (),
    "PrivateNetwork": (),
    "PrivateIPC": (),
    "ProtectKernelTunables": (),
    "ProtectControlGroups": (),
}
_LISTS = ("ReadWritePaths", "ReadOnlyPaths", "InaccessiblePaths", "ExecPaths", "NoExecPaths")
_BINDS = ("BindPaths", "BindReadOnlyPaths")
_INSISTED_ON = ("TemporaryFileSystem", "RootDirectory", "RootImage")


@check(
    title="A protection in a user unit has no effect",
    severities=(Severity.MEDIUM,),
    needs=("units:content",),
)
def inert_user_setting(snapshot: Snapshot) -> Iterator[Verdict]:
    """Judge the units of the account's own manager."""
    # root's own manager may do all of it.
    units = [unit for unit in snapshot.units.units if unit.manager == "user" and unit.owner != 0]
    if not units:
        yield NotApplicable("no unit of an account's own manager runs an MCP server here")
    for unit in units:
        inert = _inert(unit)
        if not inert or snapshot.units.version >= _IMPLIED_SINCE:
            yield Passed(unit_subject(unit))
        elif not unit.whole:
            yield NotAssessed(unit.name, "a part of the unit could not be read", "look as its owner")
        elif not snapshot.units.version:
            yield NotAssessed(unit.name, "the version of systemd is not known", "systemctl --version")
        else:
            yield _finding(unit, inert, snapshot.units.version)


def _inert(unit: UnitFact) -> list[UnitSetting]:
    # "self" and "identity" are of later versions, and are a user namespace too.
    if unit.chosen("PrivateUsers", ("self", "identity")) not in ("", "no") or _fails(unit):
        return []
    found = []
    for key, among in _CHOICES.items():
        said = unit.setting(key)
        if said is not None and unit.chosen(key, among) not in ("", "no"):
            found.append(said)
    found += [said for key in (*_LISTS, *_BINDS) if unit.words(key) and (said := unit.setting(key)) is not None]
    return found


def _fails(unit: UnitFact) -> bool:
    """Whether the manager insists on a mount table: then the unit fails aloud, which is systemd/cannot-start."""
    bound = [word.lstrip("-+").split(":") for key in _BINDS for word in unit.words(key)]
    return any(unit.value(key) for key in _INSISTED_ON) or any(
        len(parts) > 1 and parts[1] != parts[0] for parts in bound
    )


def _finding(unit: UnitFact, inert: list[UnitSetting], version: int) -> Finding:
    names = ", ".join(f"{each.key}=" for each in inert)
    return Finding(
        subject=unit_subject(unit),
        severity=Severity.MEDIUM,
        summary=f"{unit.name} is a user unit without PrivateUsers=yes, so {names} has no effect",
        evidence=tuple(
            Evidence(
                expected="PrivateUsers=yes beside it",
                actual=f"{each.path}:{each.line}: {each.key}={each.value}, and systemd {version} goes on without it",
                command=("grep", "-HnE", rf"^[[:space:]]*({each.key}|PrivateUsers)[[:space:]]*=", each.path),
            )
            for each in inert
        ),
        location=Location(inert[0].path, inert[0].line),
    )
