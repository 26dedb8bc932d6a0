"""Each kind of staged operation as a step of a script: one function a kind. A kind without one has no script form.

A step is a shell function that sets the variables which the functions of its ``kind`` work with. They stand in
``library.sh`` and ``new_file.sh``: ``KIND_state`` (prints ``old``, ``new``, ``gone`` or why it is none of them),
``KIND_keep`` (back it up), ``KIND_make``, ``KIND_undoable``, ``KIND_undo`` and ``KIND_tidy`` (remove what a sudden end
left behind).
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import Any

from workbench.repair.fingerprint import Fingerprint
from workbench.repair.operations import ready
from workbench.repair.paths import Refused, Spot, spot, trusted_accounts, writable_by_others
from workbench.repair.publish import sha256
from workbench.repair.staged import (
    StagedAct,
    StagedContainer,
    StagedFile,
    StagedMode,
    StagedRoot,
    StagedRootFile,
    StagedWrite,
)
from workbench.report.script.pieces import pieces
from workbench.report.script.shell import assigned, printed, quoted
from workbench.text import visible

_KINDS = {"file": 0o100000, "directory": 0o040000, "socket": 0o140000}
_ACL, _DEFAULT_ACL, _LABEL = "system.posix_acl_access", "system.posix_acl_default", "security.selinux"
# What tells an object of each kind from another one in its place. A socket is never written, so its time is its own.
_TOLD_BY = {"file": ":%h", "directory": "", "socket": ":%Y"}
_BY_ITSELF = "apply it with the workbench instead"
# As the workbench asks them: the file is read and not run, and no file of the account's besides.
_PARSERS = {
    "sh": ("sh", "sh -n"),
    "bash": ("bash", "bash --norc --noprofile -n"),
    "zsh": ("zsh", "zsh -f -n"),
    "fish": ("fish", "fish --no-config --no-execute"),
    "json": ("python3", "python3 -I -c 'import json, sys; json.load(sys.stdin.buffer)'"),
}


def step(number: int, operation: Any, content: bytes) -> list[str]:
    """The functions of one step. ``content`` are the bytes that a file will hold. Raises Refused."""
    form = _FORMS.get(type(operation))
    if form is None:
        said = visible(getattr(operation, "path", "") or type(operation).__name__)
        raise Refused(f"this plan has no script form: what it does with {said} cannot be written as one", _BY_ITSELF)
    return form(number, operation, content)


def _mode(number: int, operation: StagedMode, _: bytes) -> list[str]:
    before = operation.before
    ready(operation)
    with spot(operation.real) as place:
        held = _held(place, before)
    told = _TOLD_BY[before.kind]
    last = {"": "", ":%h": f":{before.links}", ":%Y": f":{before.modified // 1_000_000_000}"}[told]
    return _function(
        number,
        operation.real,
        "mode",
        {
            "held": held,
            "format": f"%d:%i:%f:%u:%g{told}",
            "before": f"{before.device}:{before.inode}:{_shape(before, before.mode)}{last}",
            "after": f"{before.device}:{before.inode}:{_shape(before, operation.mode)}{last}",
            # Five digits: with four, chmod leaves a directory its set-group-ID bit.
            "mode": f"0{operation.mode:04o}",
            "old_mode": f"0{before.mode:04o}",
            "ends": "yes" if before.kind == "socket" else "no",
        },
    )


def _write(number: int, operation: StagedWrite, content: bytes) -> list[str]:
    if operation.of_unit is not None:
        raise Refused(f"a script could not see whether {visible(operation.of_unit.unit)} comes up again", _BY_ITSELF)
    there = ready(operation)
    made = pieces(there, content, operation.edits)
    with spot(operation.real) as place:
        held = _held(place, operation.before)
        keep = _keeping(place)
    lines = _function(
        number,
        operation.real,
        "edit",
        {
            "held": held,
            "before": operation.before.sha256,
            "after": operation.after,
            "shape": f"{_shape(operation.before, operation.before.mode)}:{operation.before.links}",
            "mode": f"0{operation.before.mode:04o}",
            "keep": keep,
        },
        staged=_beside(operation),
    )
    lines.append(f"bytes_{number}() {{")
    for piece in made:
        if isinstance(piece, bytes):
            lines += [f"    {each}" for each in printed(piece)]
        else:
            lines.append(f"    part {piece[0] + 1} {piece[1] - piece[0]}")
    if not made:
        lines.append("    :")
    return [*lines, "}", f"accepts_{number}() {{", *_accepting(operation, content), "}"]


def _file(number: int, operation: StagedFile, content: bytes) -> list[str]:
    shown = visible(operation.real)
    if not operation.comes:
        raise Refused(f"it takes {shown} away, and a script could not bring it back", _BY_ITSELF)
    if operation.drop_in is not None:
        raise Refused(f"a script could not see whether {visible(operation.drop_in.unit)} comes up again", _BY_ITSELF)
    if operation.secret:
        raise Refused(f"{shown} is to hold a secret, which no script may hold", _BY_ITSELF)
    if operation.uid != os.geteuid():
        raise Refused(f"{shown} is to belong to another account (uid {operation.uid})", _BY_ITSELF)
    ready(operation)
    # What is there of the way to the file is where the script begins: the rest is its own to make.
    outermost = operation.folders[0] if operation.folders else operation.real
    with spot(outermost) as place:
        held = _held(place, operation.before)
        if _DEFAULT_ACL in _attributes(f"/proc/self/fd/{place.folder}"):
            where = visible(place.path.rpartition("/")[0] or "/")
            raise Refused(f"{where} gives what is new in it an access list, which a script cannot take off", _BY_ITSELF)
    lines = _function(
        number,
        operation.real,
        "new",
        {
            "held": held,
            "after": operation.after,
            "shape": f"{_KINDS['file'] | operation.mode:x}:{operation.uid}:{operation.gid}:1",
            "mode": f"0{operation.mode:04o}",
            "levels": f"{len(operation.folders)}",
        },
        staged=_beside(operation),
        folder=outermost.rpartition("/")[0] or "/",
    )
    return [
        *lines,
        f"bytes_{number}() {{",
        *(f"    {each}" for each in printed(content)),
        *([] if content else ["    :"]),
        "}",
    ]


def _root(_: int, operation: StagedRoot, __: bytes) -> list[str]:
    raise Refused(
        f"{visible(operation.real)} is root's, and no script could bring it back should sudo let nobody in any more;"
        " the workbench has a command of root's wait for that",
        _BY_ITSELF,
    )


def _root_file(_: int, operation: StagedRootFile, __: bytes) -> list[str]:
    raise Refused(
        f"{visible(operation.real)} is root's, and a script could not see whether what reads it comes up again",
        _BY_ITSELF,
    )


def _act(_: int, operation: StagedAct, __: bytes) -> list[str]:
    raise Refused(
        f"{operation.wanted.operation} is no change of a file, and a script could not take back what came of it",
        _BY_ITSELF,
    )


def _container(_: int, operation: StagedContainer, __: bytes) -> list[str]:
    raise Refused(
        f"{visible(operation.wanted.name)} is a container, and a script would have to name the values of its variables",
        _BY_ITSELF,
    )


_FORMS: dict[type, Callable[[int, Any, bytes], list[str]]] = {
    StagedMode: _mode,
    StagedWrite: _write,
    StagedFile: _file,
    StagedRoot: _root,
    StagedRootFile: _root_file,
    StagedAct: _act,
    StagedContainer: _container,
}


def _function(
    number: int, path: str, kind: str, values: dict[str, str], staged: str = "", folder: str = ""
) -> list[str]:
    """``folder`` is where the step begins, the one of the path if it is not given; the name goes on from there."""
    start = os.fsencode(folder or path.rpartition("/")[0] or "/")
    name = os.fsencode(path)[len(start) :].removeprefix(b"/")
    lines = [f"number={number}", assigned("folder", start), assigned("name", name)]
    if staged:
        lines.append(assigned("staged", os.fsencode(staged)))
    lines += [f"shown={quoted(path)}", f"kind={kind}", *(f"{each}='{value}'" for each, value in values.items())]
    return [f"step_{number}() {{", *(f"    {line}" for line in lines), "}"]


def _beside(operation: StagedWrite | StagedFile) -> str:
    """The name of the staged file, always the same, so that what a sudden end left behind is found again."""
    told = f"{operation.real}\n{operation.before.sha256}\n{operation.after}".encode("utf-8", "surrogateescape")
    return f".{operation.real.rpartition('/')[2][:40]}.{sha256(told)[:16]}.workbench"


def _shape(before: Fingerprint, mode: int) -> str:
    return f"{_KINDS[before.kind] | mode:x}:{before.uid}:{before.gid}"


def _held(place: Spot, before: Fingerprint) -> str:
    """What tells the folder from another one.

    Raises Refused where another account could lead the names in it elsewhere, for a script's commands go by names.
    """
    status = os.fstat(place.folder)
    sticky = bool(status.st_mode & 0o1000) and before.uid in trusted_accounts()
    if status.st_uid not in trusted_accounts() or (writable_by_others(place.folder) and not sticky):
        shown = visible(place.path.rpartition("/")[0] or "/")
        raise Refused(f"other accounts can write {shown}, so the names in it cannot be relied on", _BY_ITSELF)
    return f"{status.st_dev}:{status.st_ino}:{status.st_uid}"


def _keeping(place: Spot) -> str:
    """How ``cp`` is told to keep what the file has. Raises Refused where it has what cp would lose."""
    names = _attributes(f"/proc/self/fd/{place.folder}/{place.name}")
    own = {name for name in names if name != _LABEL and name != _ACL}
    lost = sorted(name for name in own if not name.startswith("user."))
    if lost:
        raise Refused(f"the attribute {visible(lost[0])} of {visible(place.path)} would be lost", _BY_ITSELF)
    inherits = _DEFAULT_ACL in _attributes(f"/proc/self/fd/{place.folder}")
    if not names and not inherits:
        return "-p"
    # Only the cp of GNU knows these words: another one stops there, and loses nothing.
    more = [*(["xattr"] if own else []), *(["context"] if _LABEL in names else [])]
    return f"--preserve={','.join(['mode', 'ownership', *more])}"


def _attributes(path: str) -> set[str]:
    try:
        names = set(os.listxattr(path))
    except OSError:
        names = set()
    for name in (_ACL, _DEFAULT_ACL):
        try:
            os.getxattr(path, name)
            names.add(name)
        except OSError:
            pass
    return names


def _accepting(operation: StagedWrite, content: bytes) -> list[str]:
    """Ask the program that reads such a file, where it is on the system."""
    form: str = operation.edits[0].format if operation.edits else ""
    if form == "json" and not _is_strict(content):
        form = ""
    if form not in _PARSERS:
        return ["    # No program of the system reads this; the workbench's parser accepted these very bytes.", "    :"]
    program, command = _PARSERS[form]
    return [
        f"    if command -v {program} >/dev/null 2>&1; then",
        f'        env -i PATH="$PATH" LC_ALL=C.UTF-8 HOME=/nonexistent {command} <"./$staged" >/dev/null 2>&1',
        "    fi",
    ]


def _is_strict(content: bytes) -> bool:
    try:
        json.loads(content)
    except (ValueError, RecursionError):
        return False
    return True
