"""A journal is the person's own: what it may have root do to files of root's, whoever wrote it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from workbench.model.operations import CreateRootFile, RepairUnit, Restart, RootFile, UnitLine
from workbench.repair.creating import ABSENT
from workbench.repair.fingerprint import Fingerprint
from workbench.repair.publish import sha256
from workbench.repair.root_commands import BACKUPS
from workbench.repair.soundness import sound
from workbench.repair.staged import StagedRootFile

UNITS = "/etc/systemd/system"
FOLDER = f"{UNITS}/x.service.d"
TEXT = "[Service]\nUMask=0077\n"
DROP_IN = CreateRootFile(f"{FOLDER}/90-workbench-umask.conf", TEXT, "unit-drop-in", Restart("x.service"))
RULES = CreateRootFile("/etc/audit/rules.d/10-mcp-denied.rules", "-w /etc/x -p wa -k mcp_config\n", "audit-rules")
UNIT = RepairUnit(f"{UNITS}/x.service", (UnitLine(2, "User", "dev"),), Restart("x.service"))
THERE = Fingerprint("file", 1, 2, 0o644, 0, 0, 1, 3, 4, sha256(b"old"))


def comes(wanted: CreateRootFile, *folders: str) -> StagedRootFile:
    return StagedRootFile(wanted.path, wanted.path, ABSENT, sha256(wanted.content.encode()), wanted, folders)


def goes(wanted: CreateRootFile, *folders: str) -> StagedRootFile:
    made = comes(wanted, *folders)
    return replace(made, before=replace(THERE, sha256=made.after), after="")


def changes(wanted: RootFile) -> StagedRootFile:
    return StagedRootFile(wanted.path, wanted.path, THERE, sha256(b"new"), wanted)


def restarting(restart: Restart) -> StagedRootFile:
    return comes(replace(DROP_IN, restarts=restart), FOLDER)


SOUND = {
    "a drop-in": comes(DROP_IN, FOLDER),
    "a drop-in in a folder that is there": comes(DROP_IN),
    "its undo": goes(DROP_IN, FOLDER),
    "its redo": replace(comes(DROP_IN), source=f"{BACKUPS}/{'a' * 32}"),
    "audit rules": comes(RULES),
    "a unit": changes(UNIT),
    "its undo again": replace(changes(UNIT), source=f"{BACKUPS}/{'a' * 32}"),
}
UNSOUND = {
    "a drop-in of the administrator's": goes(replace(DROP_IN, path=f"{FOLDER}/override.conf")),
    "a folder of root's that is closed": goes(RULES, "/etc/audit/rules.d"),
    "all folders above it": goes(DROP_IN, UNITS, FOLDER),
    "the folder of all units": comes(DROP_IN, UNITS),
    "a whole unit that goes": replace(changes(UNIT), before=ABSENT),
    "a unit that is made": replace(changes(UNIT), after=""),
    "a unit with a folder": replace(changes(UNIT), folders=(UNITS,)),
    "another content than the plan's": replace(comes(DROP_IN), after=sha256(b"theirs")),
    "a file in the place of another": replace(comes(DROP_IN), before=THERE),
    "bytes of anybody's": replace(changes(UNIT), source="/home/dev/x.service"),
    "bytes beside the backups": replace(changes(UNIT), source=f"{BACKUPS}/../x"),
    "no bytes": replace(changes(UNIT), source=f"{BACKUPS}/.."),
    "a restart of another unit": restarting(Restart("debug-shell.service")),
    "a start of a target": restarting(Restart("poweroff.target")),
    "an instance with words of theirs": restarting(Restart("x@words.service")),
    "a look that never ends": restarting(Restart("x.service", seconds=10**9)),
    "a unit of another manager": restarting(Restart("x.service", manager="user")),
    "a unit that restarts another": changes(replace(UNIT, restarts=Restart("ssh.service"))),
}


@pytest.mark.parametrize("case", sorted(SOUND))
def test_what_a_journal_says_of_files_of_roots(case: str) -> None:
    assert sound(SOUND[case])


@pytest.mark.parametrize("case", sorted(UNSOUND))
def test_g15_what_no_journal_has_root_do(case: str) -> None:
    assert not sound(UNSOUND[case])
