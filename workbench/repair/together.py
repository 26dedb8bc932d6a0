"""Work several plans out as one list: each against the files as the ones before it will have left them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from workbench.model.operations import SetMode
from workbench.model.plan import Plan, Refusal
from workbench.model.run import Change
from workbench.repair.edits import edited
from workbench.repair.paths import Refused
from workbench.repair.prepare import Prepared, prepare
from workbench.repair.preview import diff
from workbench.repair.publish import sha256
from workbench.repair.staged import Staged, StagedMode, StagedWrite


@dataclass(frozen=True, slots=True)
class Shown:
    """One plan of the list: what a person is shown of it, and the digest by which it is known again."""

    changes: tuple[Change, ...]
    digest: str


@dataclass(slots=True)
class _Now:
    """A file as the plans so far leave it: its bytes, None where they are as they were, and its mode."""

    mode: int
    content: bytes | None = None


class Files:
    """The files of the plans that were taken into the list so far, as these leave them. Nothing is written.

    ``prepare`` works one plan out by itself.
    """

    def __init__(self, prepare: Callable[[Plan], Prepared | Refusal] = prepare) -> None:
        self._prepare = prepare
        self._files: dict[str, _Now] = {}

    def take(self, plan: Plan) -> Shown | Refusal:
        """Take a plan into the list. A Refusal leaves the list as it is."""
        made = self._prepare(plan)
        if isinstance(made, Refusal):
            return made
        steps: list[tuple[str, _Now, Change, list[Any]]] = []
        try:
            for number, staged in enumerate(made.operations):
                steps.append(self._step(staged, made.contents[number], made.changes[number]))
        except Refused as why:
            return Refusal(why.reason, why.instead)
        for path, now, _, _ in steps:
            self._files[path] = now
        return Shown(tuple(change for _, _, change, _ in steps), _digest(plan, [part for *_, part in steps]))

    def _step(self, staged: Staged, content: bytes, change: Change) -> tuple[str, _Now, Change, list[Any]]:
        if not isinstance(staged, StagedMode | StagedWrite):
            raise Refused("it makes a file or takes root's rights, so it is to be looked at by itself")
        path, before = staged.real, staged.before
        known = self._files.get(path)
        mode = known.mode if known is not None else before.mode
        if isinstance(staged, StagedMode):
            if known is not None:
                raise Refused("a step before it changes the same file", "plan again once that is done")
            return path, _Now(staged.mode), change, _mode_part(staged)
        if known is None or known.content is None:
            part = _write_part(staged, mode)
            return path, _Now(mode, content), change, part
        after = edited(known.content, staged.edits)
        if after == known.content:
            raise Refused("a step before it does the same")
        shown = replace(change, diff=diff(path, known.content, after, staged.edits))
        before = replace(before, sha256=sha256(known.content))
        return path, _Now(mode, after), shown, _write_part(replace(staged, before=before, after=sha256(after)), mode)


def digest_of(prepared: Prepared) -> str:
    """What ``Shown.digest`` is of a plan that is prepared right before it is applied."""
    parts = [
        _mode_part(staged) if isinstance(staged, StagedMode) else _write_part(staged, staged.before.mode)
        for staged in prepared.operations
        if isinstance(staged, StagedMode | StagedWrite)  # no other is ever one of a list
    ]
    return _digest(prepared.plan, parts)


def digest_of_all(digests: Sequence[str]) -> str:
    """SHA-256 over the digests of the steps of a list, in order."""
    return hashlib.sha256("\n".join(digests).encode("ascii")).hexdigest()


def in_order(plans: Sequence[Plan]) -> list[int]:
    """The places of the plans in the order in which they can be applied: modes before what replaces the file.

    Of modes the narrowest come first: it does what the others of the same file would.
    """

    def key(place: int) -> tuple[bool, int]:
        modes = [each.mode for each in plans[place].operations if isinstance(each, SetMode)]
        only = len(modes) == len(plans[place].operations)
        return not only, sum(mode.bit_count() for mode in modes) if only else 0

    return sorted(range(len(plans)), key=key)


def _mode_part(staged: StagedMode) -> list[Any]:
    before = staged.before
    return [staged.path, staged.real, before.kind, before.device, before.inode, before.mode, before.uid, staged.mode]


def _write_part(staged: StagedWrite, mode: int) -> list[Any]:
    # Not which file it is: a step before it that writes the file puts another one there.
    before = staged.before
    return [staged.path, staged.real, before.kind, mode, before.uid, before.gid, before.sha256, staged.after]


def _digest(plan: Plan, parts: list[list[Any]]) -> str:
    return hashlib.sha256(json.dumps([plan.digest, *parts], separators=(",", ":")).encode("ascii")).hexdigest()
