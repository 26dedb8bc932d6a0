"""Change a file of root's as a transaction: kept, staged, accepted by its parser, proven, and only then in its place.

Until all is verified a command of root's waits beside it that brings the old file back the moment our pipe to it
closes: when the repair fails, when the workbench is killed, and when sudo, under the new policy, no longer lets us.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from workbench.host.privileged import Vector
from workbench.host.sudoers.place import shown_line
from workbench.model.operations import EditRootFile
from workbench.model.run import Change
from workbench.model.sudoers import SudoersFacts
from workbench.repair import policy, root_timer, waiting
from workbench.repair import root_commands as commands
from workbench.repair.fingerprint import drift
from workbench.repair.paths import Refused, Untouched
from workbench.repair.publish import sha256
from workbench.repair.root_places import digests, status
from workbench.repair.staged import Intent, StagedRoot
from workbench.text import visible

if TYPE_CHECKING:
    from workbench.repair.journal import Entry

Tell = Callable[[str], None]
Note = Callable[[Intent], None]


def prepared(edit: EditRootFile) -> tuple[StagedRoot, Change, bytes]:
    """Work an edit out against the file as it is now, and prove what it comes to. Reads as root. Raises Refused."""
    commands.require_policy_file(edit.path)
    _require_shown(edit)
    shown = visible(edit.path)
    files = policy.files_of_policy()
    if edit.path not in files:
        raise Refused(f"{shown} does not exist any more", "scan again")
    before = replace(status(edit.path), sha256=sha256(files[edit.path][1]))
    if before.kind != "file" or before.links > 1:
        raise Refused(f"{shown} is not a plain file with one name", f"change it by hand: sudo visudo -f {shown}")
    if before.uid != 0:
        raise Refused(f"{shown} belongs to another account (uid {before.uid})", "sudo passes it over; give it to root")
    after = _edited(files[edit.path][1], edit)
    strict = policy.require_promised(files, after, edit)
    staged = StagedRoot(edit.path, edit.path, before, sha256(after), edit, strict=strict)
    return staged, _change(staged), after


def taken_back(operation: StagedRoot) -> tuple[StagedRoot, Change] | None:
    """What brings back the file as it was before the operation, from the backup of root's; None where it is so now.

    Raises Refused where it was changed since, or where the backup is not what it was.
    """
    commands.require_policy_file(operation.real)
    shown, kept = visible(operation.real), commands.backup_of(operation)
    now = digests(operation.real, kept)
    if now.get(operation.real) == operation.before.sha256:
        return None
    if now.get(operation.real) != operation.after:
        raise Refused(f"{shown} was changed since, so it was left as it is; the old one is kept as {kept} (root's)")
    if now.get(kept) != operation.before.sha256:
        raise Refused(f"the backup {kept} is not there, or is not what was kept")
    edit = operation.edit
    back = replace(edit, expect=edit.value, value=edit.expect, loses=edit.gains, gains=edit.loses)
    before = replace(status(operation.real), sha256=operation.after)
    staged = StagedRoot(operation.path, operation.real, before, operation.before.sha256, back, kept)
    return staged, _change(staged)


def listed(operation: StagedRoot) -> tuple[Vector, ...]:
    """Every command that carries the operation out, in order and as it is run, where nothing goes wrong."""
    file, kept, staged = operation.real, commands.backup_of(operation), commands.staged_path(operation)
    spare = commands.spare_path(operation)
    waits, copies = _through_sudo(), _copies(operation)
    vectors = (
        commands.status(file),
        *commands.reading(),
        commands.backup_folder(),
        commands.copy(file, kept),
        commands.flush(kept, commands.BACKUPS),
        commands.digests(*_originals(operation)),
        commands.copy(operation.source or file, staged),
        *(() if operation.source else (commands.fill(staged),)),
        commands.accepted(staged, strict=operation.strict),
        commands.digests(file, staged),
        *((commands.copy(kept, spare),) if waits else ()),
        *((commands.flush(*copies),) if copies else ()),
        *((commands.waiting(operation),) if waits else ()),
        commands.move(staged, file),
        commands.flush(file, os.path.dirname(file)),
        commands.accepted(commands.POLICY, strict=False),
        *commands.reading(),
        commands.digests(file),
        *((commands.remove(spare),) if waits else ()),
    )
    return tuple(map(commands.as_run, vectors))


def reverting(entry: Entry) -> tuple[Vector, ...]:
    """What brings the files of root's back that a run changed, last first, as commands for root itself.

    They look at nothing: whatever else was written into these files since the run is lost. Raises Refused.
    """
    found: list[Vector] = []
    for operation in reversed(entry.planned.operations):
        if isinstance(operation, StagedRoot):
            commands.require_policy_file(operation.real)
            staged, file = commands.staged_path(operation), operation.real
            found += [
                commands.copy(commands.backup_of(operation), staged),
                commands.flush(staged),
                commands.move(staged, file),
                commands.flush(file, os.path.dirname(file)),
            ]
    return tuple(found)


def ready(operation: StagedRoot) -> None:
    """Refuse where the file is not what it was when it was shown."""
    commands.require_policy_file(operation.real)
    now = replace(status(operation.real), sha256=operation.before.sha256)
    changed = drift(operation.before, now)
    if changed:
        raise Refused(f"{visible(operation.real)} changed since it was shown: {changed}", "look at the plan again")


def carry_out(number: int, operation: StagedRoot, content: bytes, note: Note, tell: Tell) -> None:
    """Do it. Raises Untouched where the old file stands in its place, and else Refused."""
    note(Intent(number, commands.staged_name(operation)))
    shown, staged = visible(operation.real), commands.staged_path(operation)
    before = _before(operation)
    try:
        _keep(operation, tell)
        commands.done(commands.copy(operation.source or operation.real, staged))
        if not operation.source:
            commands.done(commands.fill(staged), content)
        commands.done(commands.accepted(staged, strict=operation.strict))
        tell(f"staged the new {shown}, and sudo's own parser accepts it")
        now = digests(operation.real, staged)
        if now.get(staged) != operation.after:
            raise Refused(f"the staged copy of {shown} is not what was shown; nothing was changed")
        if now.get(operation.real) != operation.before.sha256:
            raise Refused(f"{shown} changed since it was shown; it was left as it is now")
        if _through_sudo():
            commands.done(commands.copy(commands.backup_of(operation), commands.spare_path(operation)))
        if copies := _copies(operation):
            commands.done(commands.flush(*copies))
        if _through_sudo():
            waiting.arm(operation)
    except Refused as why:
        raise Untouched(why.reason, why.instead) from why
    commands.done(commands.move(staged, operation.real))
    commands.done(commands.flush(operation.real, os.path.dirname(operation.real)))
    tell(f"published {shown}")
    commands.done(commands.accepted(commands.POLICY, strict=False))
    policy.require_difference(before, policy.live(), operation.edit)
    tell("sudo reads the policy, and exactly what the plan says has changed in it")


def in_place(operation: StagedRoot) -> str:
    """Why the operation's effect is not there now ("" when it is)."""
    there = digests(operation.real).get(operation.real) == operation.after
    return "" if there else f"{visible(operation.real)} was changed by another program meanwhile"


def require_root(operations: Sequence[object]) -> None:
    """Refuse where a file of root's is among them and sudo does not let us reach it now."""
    for operation in operations:
        if isinstance(operation, StagedRoot):
            commands.require_policy_file(operation.real)
            digests(operation.real)


def settle(operations: Sequence[object]) -> None:
    """All is verified: what waits to bring the old files back is told so, and its copies are removed."""
    for operation in operations:
        if isinstance(operation, StagedRoot) and waiting.is_armed(operation):
            waiting.disarm(operation)
            commands.done(commands.remove(commands.spare_path(operation)))


def put_back(number: int, operation: StagedRoot, note: Note, tell: Tell) -> bool:
    """Bring the file back from the backup of root's; False where it never changed. Raises Refused."""
    commands.require_policy_file(operation.real)
    file, kept, staged = operation.real, commands.backup_of(operation), commands.staged_path(operation)
    let_go = waiting.let_go(operation)
    now = digests(file, kept)
    back = now.get(file) == operation.after
    if back:
        if now.get(kept) != operation.before.sha256:
            raise Refused(f"the backup {kept} is not there, or is not what was kept")
        note(Intent(number, commands.staged_name(operation), back=True))
        commands.done(commands.copy(kept, staged))
        commands.done(commands.flush(staged))
        if digests(staged).get(staged) != operation.before.sha256:
            raise Refused(f"the copy of {kept} is not what was kept; it was not put in place")
        commands.done(commands.move(staged, file))
        commands.done(commands.flush(file, os.path.dirname(file)))
    elif now.get(file) != operation.before.sha256:
        raise Refused(f"{visible(file)} was changed by another program since; the old one is kept as {kept} (root's)")
    commands.done(commands.remove(staged, commands.spare_path(operation), root_timer.armed_file(operation)))
    if back or let_go:
        tell(f"put {visible(file)} back as it was")
    return back or let_go


def clear_away(operation: StagedRoot) -> None:
    """Remove what was staged. While a command waits to bring the old file back, its copy stays."""
    commands.require_policy_file(operation.real)
    if not waiting.is_armed(operation):
        commands.done(commands.remove(commands.staged_path(operation), commands.spare_path(operation)))


def _before(operation: StagedRoot) -> SudoersFacts:
    try:
        return policy.live()
    except Refused as why:
        raise Untouched(why.reason, why.instead) from why


def _keep(operation: StagedRoot, tell: Tell) -> None:
    kept = commands.backup_of(operation)
    commands.done(commands.backup_folder())
    commands.done(commands.copy(operation.real, kept))
    commands.done(commands.flush(kept, commands.BACKUPS))
    now = digests(*_originals(operation))
    if now.get(operation.real) != operation.before.sha256:
        raise Refused(f"{visible(operation.real)} changed since it was shown; it was left as it is now")
    if now.get(kept) != operation.before.sha256:
        raise Refused(f"the backup {kept} does not read back as it was written; nothing was changed")
    if operation.source and now.get(operation.source) != operation.after:
        raise Refused(f"the backup {operation.source} is not what was kept; nothing was changed")
    tell(f"kept {visible(operation.real)} as {kept}, where only root reaches it")


def _originals(operation: StagedRoot) -> tuple[str, ...]:
    kept = (operation.real, commands.backup_of(operation))
    return (*kept, operation.source) if operation.source else kept


def _copies(operation: StagedRoot) -> tuple[str, ...]:
    """What was copied beside the file, and has to be on the disk before it takes its place."""
    staged = (commands.staged_path(operation),) if operation.source else ()
    return (*staged, commands.spare_path(operation)) if _through_sudo() else staged


def _through_sudo() -> bool:
    return os.geteuid() != 0


def _edited(raw: bytes, edit: EditRootFile) -> bytes:
    lines = raw.split(b"\n")
    expect, value = ([line.encode("utf-8", "surrogateescape") for line in each] for each in (edit.expect, edit.value))
    first, last = edit.line - 1, edit.line - 1 + len(expect)
    shown = visible(edit.path)
    if edit.line < 1 or not expect:
        raise Refused("the plan does not say which lines it means")
    if lines[first:last] != expect:
        if value and lines[first : first + len(value)] == value:
            raise Refused(f"{shown} already is as the plan wants it")
        raise Refused(f"line {edit.line} of {shown} is not what it was when the file was looked at", "scan again")
    return b"\n".join([*lines[:first], *value, *lines[last:]])


def _require_shown(edit: EditRootFile) -> None:
    for line in (*edit.expect, *edit.value):
        if "\n" in line or shown_line(line) != line:
            raise Refused(f"a line to change in {visible(edit.path)} looks like a secret, or cannot be shown as it is")


def _change(operation: StagedRoot) -> Change:
    shown, edit = visible(operation.real), operation.edit
    last = edit.line + len(edit.expect) - 1
    said = f"change {f'line {edit.line}' if last == edit.line else f'lines {edit.line} to {last}'} of {shown}"
    if operation.source:
        said = f"bring back {shown} byte for byte as it was, from {operation.source}, which only root reaches"
    said += "; of who may do what, this goes: " + ("; ".join(edit.loses) or "nothing")
    said += "; and this comes: " + ("; ".join(edit.gains) or "nothing")
    lines = [
        f"--- {shown}",
        f"+++ {shown}",
        f"@@ -{edit.line},{len(edit.expect)} +{edit.line},{len(edit.value)} @@",
        *(f"-{line}" for line in edit.expect),
        *(f"+{line}" for line in edit.value),
    ]
    return Change(shown, visible(said), "\n".join(line.expandtabs(4) for line in lines), commands=listed(operation))
