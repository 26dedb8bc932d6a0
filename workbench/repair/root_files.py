"""Make a file of root's, change one, or take it away again, as a transaction, and have its reader take that up.

New bytes come through our own pipe into a staged file that the reader passes over. Its own parser accepts them before
the file gets its name, in one step and never in the place of another. What we made is removed only as we made it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace

from workbench.host.command import Output
from workbench.host.files import CannotLook, read_bounded
from workbench.model.operations import CreateRootFile, RepairUnit, RootFile
from workbench.model.run import Change
from workbench.repair import root_commands as commands
from workbench.repair.consumer import Consumer
from workbench.repair.creating import ABSENT
from workbench.repair.fingerprint import Fingerprint, drift
from workbench.repair.paths import Refused, Untouched, require_plain
from workbench.repair.publish import sha256
from workbench.repair.root_consumers import require_place
from workbench.repair.root_listing import keeping, publishing, staging
from workbench.repair.root_places import digests, file_of_roots, is_there, status, way
from workbench.repair.staged import Intent, StagedRootFile
from workbench.text import visible

Tell = Callable[[str], None]
Note = Callable[[Intent], None]


def prepared(wanted: RootFile) -> tuple[StagedRootFile, Change, bytes]:
    """Work it out against the system as it is now, and have the reader's parser accept it. Raises Refused."""
    from workbench.repair.root_preview import shown

    consumer = require_place(wanted)
    require_plain(wanted.path)
    folders = way(wanted.path, consumer)
    if isinstance(wanted, RepairUnit):
        from workbench.repair.unit_lines import repaired

        before, old = file_of_roots(wanted.path)
        content = repaired(old, wanted)
        folders = ()
    else:
        if is_there(wanted.path):
            raise Refused(f"{visible(wanted.path)} is there already, and no file is put in the place of another")
        before, old, content = ABSENT, b"", wanted.content.encode()
    said = consumer.proves(wanted, content)
    staged = StagedRootFile(wanted.path, wanted.path, before, sha256(content), wanted, folders)
    return staged, shown(staged, old, content, said), content


def taken_back(operation: StagedRootFile, gone: list[str]) -> tuple[StagedRootFile, Change, bytes] | None:
    """What undoes an operation, worked out against the system as it is now; None where that is so already.

    Why it need not be done is added to ``gone``. Raises Refused where the file was changed since.
    """
    from workbench.repair.root_preview import shown

    path, name = operation.real, visible(operation.real)
    consumer = require_place(operation.wanted)
    if operation.after and not operation.comes:
        kept = commands.backup_of(operation)
        now = digests(path, kept)
        if now.get(path) == operation.before.sha256:
            gone.append(f"{name} is as it was already")
            return None
        if now.get(path) != operation.after:
            raise Refused(f"{name} was changed since, so it was left as it is; the old one is kept as {kept} (root's)")
        if now.get(kept) != operation.before.sha256:
            raise Refused(f"the backup {kept} is not there, or is not what was kept")
        before = replace(status(path), sha256=operation.after)
        back = StagedRootFile(path, path, before, operation.before.sha256, operation.wanted, (), kept)
        return back, shown(back, b"", b"", ""), b""
    if not operation.after:
        return _made_again(operation, consumer)
    if not is_there(path):
        gone.append(f"{name} is gone")
        return None
    before = _as_made(operation, consumer)
    back = replace(operation, before=before, after="")
    return back, shown(back, b"", b"", ""), b""


def _made_again(operation: StagedRootFile, consumer: Consumer) -> tuple[StagedRootFile, Change, bytes]:
    """What makes a file again that an undo took away: from the copy of root's, for the journal is not root's alone."""
    from workbench.repair.root_preview import shown

    path, kept, content = operation.real, commands.backup_of(operation), _content(operation.wanted)
    if is_there(path):
        raise Refused(f"{visible(path)} is there already, and no file is put in the place of another")
    if sha256(content) != operation.before.sha256 or digests(kept).get(kept) != operation.before.sha256:
        raise Refused(f"the copy {kept} is not there, or is not what was taken away", "plan the repair again")
    said, folders = consumer.proves(operation.wanted, content), way(path, consumer)
    again = StagedRootFile(path, path, ABSENT, operation.before.sha256, operation.wanted, folders, kept)
    return again, shown(again, b"", content, said), b""


def ready(operation: StagedRootFile) -> None:
    """Refuse where the file, or what lies on the way to it, is not what it was when it was shown."""
    consumer, name = require_place(operation.wanted), visible(operation.real)
    folders = way(operation.real, consumer)
    if operation.comes:
        if is_there(operation.real):
            raise Refused(f"{name} is there already", "look at the plan again")
        if folders != operation.folders:
            raise Refused(f"the folders on the way to {name} are not what they were", "look at the plan again")
        return
    now = replace(status(operation.real), sha256=operation.before.sha256)
    changed = drift(operation.before, now)
    if changed:
        raise Refused(f"{name} changed since it was shown: {changed}", "look at the plan again")


def carry_out(number: int, operation: StagedRootFile, content: bytes, note: Note, tell: Tell) -> None:
    """Do it. Raises Untouched where nothing of it is in force, and else Refused."""
    consumer, wanted = require_place(operation.wanted), operation.wanted
    note(Intent(number, commands.staged_name(operation)))
    goes, back = not operation.after, operation.brings_back
    try:
        known = consumer.known(wanted, not back)
        if goes:
            _require_digest(operation.real, operation.before.sha256)
            _keep(operation)
        else:
            _stage(operation, consumer, content, tell)
    except Refused as why:
        if operation.comes:
            _remove_folders(operation)
        raise Untouched(why.reason, why.instead) from why
    if goes:
        _take_away(operation, operation.before.sha256)
        tell(f"removed {visible(operation.real)}")
    elif operation.comes:
        _publish_new(operation)
        tell(f"made {visible(operation.real)}")
    else:
        commands.done(commands.move(commands.staged_path(operation), operation.real))
        commands.done(commands.flush(operation.real, os.path.dirname(operation.real)))
        tell(f"published {visible(operation.real)}")
    try:
        for vector in (consumer.deactivates if back else consumer.activates)(wanted):
            commands.done(vector)
            tell(f"ran {visible(' '.join(vector))}")
    except Refused:
        consumer.comes_up(wanted, known, tell)  # it knows better why
        raise
    consumer.comes_up(wanted, known, tell)


def in_place(operation: StagedRootFile) -> str:
    """Why the operation's effect is not there now ("" when it is). Asks as root."""
    return _said_of(operation, digests(operation.real).get(operation.real, ""))


def seen_in_place(operation: StagedRootFile) -> str:
    """As ``in_place``, asking no sudo. Raises Refused where this account may not read the file."""
    try:
        return _said_of(operation, sha256(read_bounded(operation.real)))
    except CannotLook as why:
        if not why.absent:
            raise Refused(f"{visible(operation.real)} is root's, and sudo is not run for that") from why
        return _said_of(operation, "")


def _said_of(operation: StagedRootFile, now: str) -> str:
    return "" if now == operation.after else f"{visible(operation.real)} was changed by another program meanwhile"


def require_root(operations: Sequence[object]) -> None:
    """Refuse where such a file is among them and sudo does not let us reach it now."""
    for operation in operations:
        if isinstance(operation, StagedRootFile):
            require_place(operation.wanted)
            digests(operation.real)


def put_back(number: int, operation: StagedRootFile, note: Note, tell: Tell) -> bool:
    """Bring back what was before the operation, and have the reader take that up; False where nothing was changed.

    Raises Refused where somebody changed the file since, or where what reads it does not come up as it was.
    """
    consumer, wanted, path = require_place(operation.wanted), operation.wanted, operation.real
    kept, name = commands.backup_of(operation), visible(operation.real)
    now = digests(path, kept)
    changed = False
    if now.get(path, "") == operation.after:
        changed = True
        missing = tuple(folder for folder in operation.folders if not os.path.isdir(folder))
        returning = replace(operation, before=ABSENT, after=operation.before.sha256, folders=missing, source=kept)
        staged = commands.staged_name(operation if operation.after else returning)
        note(Intent(number, staged, back=True))
        if operation.comes:
            _take_away(operation, operation.after)
        elif not operation.after:
            _stage(returning, consumer, b"", tell)
            _publish_new(returning)
        else:
            if now.get(kept) != operation.before.sha256:
                raise Refused(f"the backup {kept} is not there, or is not what was kept")
            beside = commands.staged_path(operation)
            commands.done(commands.copy(kept, beside))
            commands.done(commands.flush(beside))
            _require_digest(beside, operation.before.sha256)
            commands.done(commands.move(beside, path))
            commands.done(commands.flush(path, os.path.dirname(path)))
    elif now.get(path, "") != operation.before.sha256:
        kept_as = "" if operation.comes else f"; the old one is kept as {kept} (root's)"
        raise Refused(f"{name} was changed by another program since; it was left as it is{kept_as}")
    commands.done(commands.remove(commands.staged_path(operation)))
    if operation.comes:
        _remove_folders(operation)
    if changed:
        tell(f"put {name} back as it was" if not operation.comes else f"removed {name}")
    if not (changed or operation.comes or now.get(kept) == operation.before.sha256):
        return False  # nothing of root's was kept, so nothing was begun: whatever reads the file heard nothing of it
    # Also where the file is as it was: what read it may have been told of the new one before a sudden end.
    last = consumer.activates if operation.brings_back else consumer.deactivates
    was, undoes = "", last
    if consumer.rolls_back is not None:
        # What does not run is started only where it was this that ended it: nobody asked for anything else.
        if (changed and not operation.brings_back) or consumer.has_failed(wanted):
            undoes = consumer.rolls_back
        elif operation.brings_back:
            was = consumer.known(wanted, False)
    for vector in undoes(wanted):
        commands.done(vector)
    consumer.comes_up(wanted, was, tell)
    return changed


def clear_away(operation: StagedRootFile, intent: Intent) -> str:
    """Remove what was staged; what was kept and where, in words ("" for nothing)."""
    require_place(operation.wanted)
    staged = f"{os.path.dirname(operation.real)}/{intent.temporary}"
    if intent.back if operation.comes else not operation.after and not intent.back:
        # It was being taken away, so that what lies there was the file, maybe with what somebody wrote meanwhile.
        left = digests(staged).get(staged, "")
        if left not in ("", operation.before.sha256, operation.after):
            return f"a file of unknown content was kept as {visible(staged)}"
    commands.done(commands.remove(staged))
    if operation.comes:
        _remove_folders(operation)
    return ""


def _keep(operation: StagedRootFile) -> None:
    for vector in keeping(operation):
        answer = commands.done(vector)
    _require_same(answer, commands.backup_of(operation), operation.before.sha256)


def _stage(operation: StagedRootFile, consumer: Consumer, content: bytes, tell: Tell) -> None:
    """Put the new bytes beside the file, and have them accepted. Raises Refused."""
    name, staged = visible(operation.real), commands.staged_path(operation)
    if not operation.source:
        if sha256(content) != operation.after:
            raise Refused(f"the new bytes of {name} are not what was shown; nothing was changed")
        consumer.proves(operation.wanted, content)
    kept = commands.backup_of(operation)
    # What the file is was asked right before the journal was begun.
    for vector in staging(operation, consumer)[0 if operation.comes else 1 :]:
        answer = commands.done(vector, content if vector == commands.fill(staged) else b"")
        if vector == commands.digests(operation.real, kept):
            found = commands.read_digests(answer)
            if found.get(operation.real) != operation.before.sha256:
                raise Refused(f"{name} changed since it was shown; it was left as it is now")
            if found.get(kept) != operation.before.sha256:
                raise Refused(f"the backup {kept} does not read back as it was written; nothing was changed")
            tell(f"kept {name} as {kept}, where only root reaches it")
        elif vector == commands.digests(staged) and commands.read_digests(answer).get(staged) != operation.after:
            raise Refused(f"the staged copy of {name} is not what was shown; nothing was changed")
        elif vector == commands.digests(operation.real):
            _require_same(answer, operation.real, operation.before.sha256)
    tell(f"staged {name}, and {consumer.name} accepts it")


def _publish_new(operation: StagedRootFile) -> None:
    named, *rest = publishing(operation)
    try:
        commands.done(named)
    except Refused as why:
        if digests(operation.real).get(operation.real) != operation.after:
            commands.done(commands.remove(commands.staged_path(operation)))
            _remove_folders(operation)
            raise Untouched(f"{visible(operation.real)} could not be made: {why.reason}; nothing was changed") from why
        raise
    for vector in rest:
        commands.done(vector)


def _take_away(operation: StagedRootFile, known: str) -> None:
    path, aside = operation.real, commands.staged_path(operation)
    _require_digest(path, known)
    # Out of the way first, and looked at there: a write in the last moment must not be lost.
    commands.done(commands.move(path, aside))
    if digests(aside).get(aside) != known:
        commands.done(commands.move(aside, path))
        raise Refused(f"{visible(path)} changed the moment it was to be removed; it was left as it is now")
    commands.done(commands.remove(aside))
    _remove_folders(operation)
    if not operation.folders:
        commands.done(commands.flush(os.path.dirname(path)))


def _remove_folders(operation: StagedRootFile) -> None:
    for folder in reversed(operation.folders):
        if os.path.isdir(folder):
            commands.done(commands.without_folder(folder))


def _require_digest(path: str, digest: str) -> None:
    _require_same(commands.run(commands.digests(path)), path, digest)


def _require_same(answer: Output, path: str, digest: str) -> None:
    if commands.read_digests(answer).get(path) != digest:
        raise Refused(f"{visible(path)} changed since it was shown; it was left as it is now")


def _as_made(operation: StagedRootFile, consumer: Consumer) -> Fingerprint:
    now = replace(status(operation.real), sha256=digests(operation.real).get(operation.real, ""))
    if (now.kind, now.sha256, now.mode, now.uid, now.links) != ("file", operation.after, consumer.mode, 0, 1):
        raise Refused(
            f"{visible(operation.real)} was changed since it was made; it was left as it is",
            "look at it, and remove it by hand if you do not need it",
        )
    return now


def _content(wanted: RootFile) -> bytes:
    if not isinstance(wanted, CreateRootFile):
        raise Refused("what the file held is not known")
    return wanted.content.encode()
