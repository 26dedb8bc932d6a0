"""Read unit files, as oneself or, where the person agreed to that, through sudo.

Only the system's own units are read through sudo: where an account's own units lead, that account chooses.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from workbench.host.context import Context
from workbench.host.files import CannotLook, read_bounded
from workbench.host.privileged import Privileged
from workbench.host.units.folders import UnitFile
from workbench.model.facts import Unread
from workbench.model.record import record
from workbench.text import visible

FILE_LIMIT = 1024 * 1024
_AS_ROOT = "run the scan as root"


@record
class Content:
    """A unit with what stands in its files: (file, text) in the order systemd applies them.

    ``whole`` is false where a part could not be read. ``as_root`` where a part was read through sudo. ``absent`` where
    its own file is gone.
    """

    unit: UnitFile
    texts: tuple[tuple[str, str], ...]
    whole: bool = True
    as_root: bool = False
    absent: bool = False


def read(unit: UnitFile, context: Context, unread: list[Unread]) -> Content:
    """The content of a unit and of its drop-ins; what could not be read goes to ``unread``."""
    unit, gaps = _with_hidden_drop_ins(unit, context)
    texts: list[tuple[str, str]] = []
    as_root = False
    for file in (unit.file, *unit.drop_ins):
        try:
            raw, privileged = _bytes(file, context if unit.manager == "system" else replace(context, privileged=None))
        except CannotLook as why:
            if why.absent and file == unit.file:
                return Content(unit, (), absent=True)  # a link to a file that is gone starts nothing
            if not why.absent:
                gaps.append(Unread("content", visible(str(file)), why.why, why.unlock or _AS_ROOT))
            continue
        as_root = as_root or privileged
        texts.append((str(file), raw.decode("utf-8", "surrogateescape")))
    unread += gaps
    return Content(unit, tuple(texts), whole=not gaps, as_root=as_root)


def _bytes(file: Path, context: Context) -> tuple[bytes, bool]:
    try:
        return read_bounded(file, FILE_LIMIT), False
    except CannotLook as why:
        if why.absent or why.why != "permission denied" or context.privileged is None:
            raise
    raw = context.privileged.read(str(file))
    if raw is None:
        raise CannotLook("it may be read through sudo, when you agree", "workbench --sudo")
    return raw, True


def _with_hidden_drop_ins(unit: UnitFile, context: Context) -> tuple[UnitFile, list[Unread]]:
    """The unit with the drop-ins of folders that only root may list, and the folders that stay closed."""
    gaps: list[Unread] = []
    more: dict[str, Path] = {}
    for folder, said in unit.unread:
        asked = context.privileged if unit.manager == "system" else None
        listed = _listed(folder, asked) if asked is not None else None
        if listed is None:
            unlock = _AS_ROOT if asked is None else "workbench --sudo"
            where = f"the unit files in {visible(str(Path(folder)))}"
            gaps.append(Unread("content", where, visible(said), unlock))
        else:
            more |= {path.name: path for path in listed if path.name not in more}
    if not more:
        return unit, gaps
    known = {**more, **{path.name: path for path in unit.drop_ins}}
    return replace(unit, drop_ins=tuple(path for _, path in sorted(known.items()))), gaps


def _listed(folder: str, privileged: Privileged) -> list[Path] | None:
    try:
        answer = privileged.run(
            "find", folder, "-maxdepth", "1", "-name", "*.conf", "!", "-type", "d", "-printf", r"%p\0"
        )
    except CannotLook:
        return None
    if answer is None or answer.status != 0:
        return None
    return [Path(path) for path in sorted(answer.out.split("\0")) if path]
