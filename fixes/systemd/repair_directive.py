"""Restore the lines of a unit that systemd drops, so that it has the settings that everyone reads in it.

A comment behind a value is part of the value for systemd, which then drops the whole line: here the comment moves to a
line of its own above it, and the value stands alone. A group of system calls that does not exist (``@exec``) is taken
out of its list, and a list that is empty by that becomes a comment, as which systemd has read it all along. A key that
is misspelt gets the one name that it can only mean. Nothing else in the file changes, and nothing is guessed: a value
that is no value for another reason is named, to be written by hand.

A unit in ``/etc/systemd/system`` is edited. One that belongs to a package is never: there a drop-in says the lost
settings once more, in ``/etc/systemd/system/UNIT.d``, which every update leaves alone. For your own manager the files
are yours, in ``~/.config/systemd/user``, and no root is needed: a unit of root's there is never edited either, and a
link is not followed to what may be a project's.

systemd's own parser reads the new file before it is published, and must drop nothing of it. What is restored confines
the server from its next start on; answer ``restart=yes`` to restart it at once. It is then watched for some seconds,
and everything is put back, with another restart, where it does not run on or no longer answers. Restored lines that are
known to keep this server from starting (``ProtectHome=`` with its workspace in a home, ``ProtectKernelLogs=`` with
``PrivateUsers=`` in a unit of your own manager) are refused. Where your own manager does not run, the files change, and
it reads them when it starts.

To do it by hand: move each comment to its own line, ``sudo systemctl daemon-reload`` (``systemctl --user
daemon-reload``), then ``systemd-analyze verify --man=no FILE`` until it names no line. See systemd.syntax(7) and
systemd.exec(5).
"""

from __future__ import annotations

import dataclasses
import difflib
import re
from dataclasses import dataclass, replace
from typing import Literal

from workbench.api import (
    ADMINISTRATORS,
    AT_THE_NEXT_START,
    CreateFile,
    CreateRootFile,
    Finding,
    IgnoredLine,
    Plan,
    Refusal,
    RepairOwnUnit,
    RepairUnit,
    Restart,
    Reversal,
    Safety,
    Snapshot,
    UnitFact,
    UnitLine,
    UnitSetting,
    drop_in,
    ends_own,
    fix,
    hands_over,
    not_yours,
    of_system,
    own_drop_in,
    own_folder,
    restart_of,
    rests,
    unit_of,
    would_find,
)

_BY_HAND = "repair it by hand, as the lesson of the check says: systemd-analyze verify --man=no FILE names each line"
_COMMENT = " # …"
_NO_VALUE = "…"
_UNKNOWN_CALL = re.compile(r"Unknown (?:system call(?: group)?|syscall(?: group)?), ignoring: (\S+)")
_UNKNOWN_KEY = re.compile(r"Unknown (?:key(?: name)?|lvalue) '([A-Za-z]+)'(?: in section '?\[?([A-Za-z]+)\]?'?)?")
_NAMES = (
    "AmbientCapabilities BindPaths BindReadOnlyPaths CPUQuota CapabilityBoundingSet DynamicUser ExecPaths"
    " IPAddressAllow IPAddressDeny InaccessiblePaths KeyringMode LimitNOFILE LimitNPROC LockPersonality"
    " MemoryDenyWriteExecute MemoryHigh MemoryMax NoExecPaths NoNewPrivileges PrivateDevices PrivateIPC PrivateMounts"
    " PrivateNetwork PrivateTmp PrivateUsers ProcSubset ProtectClock ProtectControlGroups ProtectHome ProtectHostname"
    " ProtectKernelLogs ProtectKernelModules ProtectKernelTunables ProtectProc ProtectSystem ReadOnlyPaths"
    " ReadWritePaths RemoveIPC RestrictAddressFamilies RestrictNamespaces RestrictRealtime RestrictSUIDSGID"
    " RuntimeDirectory RuntimeDirectoryMode SupplementaryGroups SystemCallArchitectures SystemCallErrorNumber"
    " SystemCallFilter TasksMax TemporaryFileSystem UMask"
)
_SETTINGS = tuple(_NAMES.split())
_LIKE = 0.85
_Operation = RepairUnit | CreateRootFile | RepairOwnUnit | CreateFile


@dataclass(frozen=True, slots=True)
class RepairDirective:
    """What the fix asks: whether the unit is restarted, so that its process has the restored settings at once."""

    restart: Literal["no", "yes"] = dataclasses.field(
        default="no",
        metadata={
            "label": "Restart the unit now",
            "help": "yes: it stops for a moment, is watched, and all is put back if it does not run on. no: later.",
        },
    )


@dataclass(frozen=True, slots=True)
class _Restored:
    """One line: where it stands, and what becomes of it."""

    path: str
    line: UnitLine


def _suggest(finding: Finding, snapshot: Snapshot) -> RepairDirective | Refusal:
    return RepairDirective()


@fix(
    title="Restore the lines of the unit that systemd drops",
    repairs=("systemd/ignored-directive",),
    safety=Safety.SAFE,
    reversal=Reversal.FULL,
    answers=RepairDirective,
    suggest=_suggest,
)
def plan(finding: Finding, snapshot: Snapshot, answers: RepairDirective) -> Plan | Refusal:
    """One edit of each file of the unit, or a drop-in where the file is a package's."""
    unit = unit_of(finding, snapshot)
    if isinstance(unit, Refusal):
        return unit
    refusal = of_system(unit, _BY_HAND) if unit.manager == "system" else not_yours(unit, snapshot, _BY_HAND)
    if refusal is not None:
        return refusal
    restored = _all_restored(unit)
    if isinstance(restored, Refusal):
        return restored
    refusal = _would_not_start(unit, restored, snapshot)
    if refusal is not None:
        return refusal
    restarts = restart_of(unit, snapshot)
    if isinstance(restarts, Refusal):
        return restarts
    runs = restarts is not None
    wanted = restarts if answers.restart == "yes" else None
    if wanted is not None and unit.name.endswith("@.service") and unit.manager == "user" and not hands_over(unit):
        return Refusal(f"{unit.name} is a template, and its instances are others than it", "answer restart=no")
    operations = _operations(unit, restored, wanted, snapshot)
    if isinstance(operations, Refusal):
        return operations
    count = "1 line" if len(restored) == 1 else f"{len(restored)} lines"
    return Plan(
        fix="systemd/repair-directive",
        check=finding.check,
        finding=finding.identity,
        title=f"Restore {count} of {unit.name} that systemd drops",
        safety=Safety.SAFE,
        reversal=Reversal.FULL,
        operations=operations,
        consequences=_consequences(unit, restored, runs=runs, restarts=wanted is not None),
        later=AT_THE_NEXT_START if rests(unit, snapshot) else "",
    )


def _all_restored(unit: UnitFact) -> tuple[_Restored, ...] | Refusal:
    lines: dict[tuple[str, int], list[IgnoredLine]] = {}
    for each in unit.ignored or ():
        lines.setdefault((each.path, each.line), []).append(each)
    if not lines:
        return Refusal("systemd drops no line of this unit any more", "look again")
    restored: list[_Restored] = []
    for (path, number), found in sorted(lines.items()):
        made = _restored(number, found)
        if made is None:
            return Refusal(
                f"what was meant by line {number} of {path} is not known: {found[0].text or found[0].reason}", _BY_HAND
            )
        restored.append(_Restored(path, made))
    return tuple(restored)


def _restored(number: int, found: list[IgnoredLine]) -> UnitLine | None:
    """What becomes of a line; None where that would be a guess."""
    key, equals, value = found[0].text.partition("=")
    if not equals or not key or _NO_VALUE in value.removesuffix(_COMMENT) or "<secret: " in value:
        return None
    commented = value.endswith(_COMMENT)
    value = value.removesuffix(_COMMENT).rstrip()
    if value.endswith("\\"):
        return None  # it would take the next line into it
    calls = [match[1] for each in found if (match := _UNKNOWN_CALL.search(each.reason))]
    unknown = next((match for each in found if (match := _UNKNOWN_KEY.search(each.reason))), None)
    if unknown is not None:
        # A setting in the wrong section is no misspelt one.
        close = difflib.get_close_matches(key, _SETTINGS, 2, _LIKE) if unknown[2] == "Service" else []
        return UnitLine(number, key, value, close[0]) if len(close) == 1 and close[0] != key and value else None
    if calls and not commented:
        if len(calls) != len(found):
            return None
        turned = "~" if value.startswith("~") else ""
        left = [word for word in value.removeprefix("~").split() if word not in calls]
        return UnitLine(number, key, turned + " ".join(left) if left else "")
    return UnitLine(number, key, value) if commented and value else None


def _would_not_start(unit: UnitFact, restored: tuple[_Restored, ...], snapshot: Snapshot) -> Refusal | None:
    """Why the unit is known not to start, or not to do its work, with the restored lines."""
    values = {(each.path, each.line.line): each.line for each in restored}
    settings = tuple(
        _as_meant(each, values[each.path, each.line]) if (each.path, each.line) in values else each
        for each in unit.settings
    )
    # As it would be started: what runs just as it stands is not held to what ends units at their start.
    asleep = replace(unit, runs=())
    known = set(_traps(unit, asleep, snapshot))
    new = [each for each in _traps(unit, replace(asleep, settings=settings), snapshot) if each not in known]
    if not new:
        return None
    return Refusal(
        f"restored, the unit would not start or not do its work: {new[0]}",
        "change that first, as the lesson of systemd/cannot-start says (workbench explain systemd/cannot-start)",
    )


def _traps(unit: UnitFact, changed: UnitFact, snapshot: Snapshot) -> list[str]:
    """What is known to keep a unit from its work, were it as it is ``changed``."""
    units = replace(snapshot.units, units=tuple(changed for each in snapshot.units.units if each is unit))
    found = would_find("systemd/cannot-start", replace(snapshot, units=units))
    said = [evidence.actual for each in found for evidence in each.evidence]
    ends = ends_own(changed, snapshot.units.version)
    return [*said, ends] if ends else said


def _as_meant(setting: UnitSetting, line: UnitLine) -> UnitSetting:
    return replace(setting, key=line.name or setting.key, value=line.value or setting.value)


def _operations(
    unit: UnitFact, restored: tuple[_Restored, ...], restarts: Restart | None, snapshot: Snapshot
) -> tuple[_Operation, ...] | Refusal:
    own = unit.manager == "user"
    folder = own_folder(snapshot) if own else ADMINISTRATORS
    files: dict[str, list[UnitLine]] = {}
    lost: list[UnitLine] = []
    for each in restored:
        if each.path.startswith(f"{folder}/"):
            files.setdefault(each.path, []).append(each.line)
        else:
            lost.append(each.line)
    linked = own and any(link.path == unit.path.asked for link in unit.path.links)
    if linked and unit.path.asked in files:
        return Refusal(
            f"{unit.path.asked} is a link to {unit.path.file.path}, which may be a project's", f"{_BY_HAND}, there"
        )
    # Each restarts it: put back one after the other, the last of them has to leave it as it was.
    made: list[_Operation] = [
        RepairOwnUnit(path, tuple(lines), unit.name, restarts) if own else RepairUnit(path, tuple(lines), restarts)
        for path, lines in files.items()
    ]
    if lost:
        edit = f"{'systemctl --user' if own else 'sudo systemctl'} edit {unit.name}"
        if any(line.name or not line.value for line in lost):
            return Refusal(
                f"the line is in a file of a package, {unit.path.asked}, and a drop-in could not take it out of that",
                f"tell those who made the package, and set what it meant yourself: {edit}",
            )
        settings = [f"{line.key}={line.value}" for line in lost]
        head = [f"# Lines that systemd drops in {unit.path.asked}, said once more so that it takes them.", "[Service]"]
        name, said = "90-workbench-restored", [*head, *settings]
        new = own_drop_in(unit, name, said, restarts, snapshot) if own else drop_in(unit, name, said, restarts)
        if isinstance(new, Refusal):
            return new
        made.append(new)
    return tuple(made)


def _consequences(unit: UnitFact, restored: tuple[_Restored, ...], *, runs: bool, restarts: bool) -> str:
    control = "systemctl --user" if unit.manager == "user" else "sudo systemctl"
    keys = ", ".join(dict.fromkeys(each.line.name or each.line.key for each in restored if each.line.value))
    said = [f"the restored lines confine the server: {keys}"] if keys else []
    if any(not each.line.value for each in restored):
        said.append("a line that meant nothing to systemd becomes a comment and goes on meaning nothing")
    if restarts:
        said.append(f"{unit.name} is restarted: what it is doing at that moment is lost")
    elif runs:
        said.append(
            f"the running server keeps its old settings until you restart it: {control} restart {unit.name}, or"
            " answer restart=yes, which watches it and puts everything back if it does not come up"
        )
    return ". ".join(said)
