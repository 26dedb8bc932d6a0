"""Find the unit files that count: the first folder wins, a link to nothing masks, drop-ins come from every folder."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field, replace
from pathlib import Path
from typing import Literal

from workbench.host.context import Context
from workbench.host.files import CannotLook
from workbench.model.record import record

Manager = Literal["system", "user"]
_NAME = re.compile(r"[A-Za-z0-9:_.\\@-]{1,255}(?:\.d)?")
_MOST_FILES = 5000
_OTHERS = (".socket", ".slice")
_SYSTEM = (
    "/etc/systemd/system.control",
    "/run/systemd/system.control",
    "/run/systemd/transient",
    "/run/systemd/generator.early",
    "/etc/systemd/system",
    "/etc/systemd/system.attached",
    "/run/systemd/system",
    "/run/systemd/system.attached",
    "/run/systemd/generator",
    "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
    "/run/systemd/generator.late",
)


@record
class UnitFile:
    """A unit's own file and its drop-ins, in the order systemd applies them.

    ``unread`` are the folders of drop-ins that could not be listed, and why. ``folders`` are all of its own name.
    """

    name: str
    manager: Manager
    file: Path
    drop_ins: tuple[Path, ...] = ()
    unread: tuple[tuple[str, str], ...] = ()
    folders: tuple[Path, ...] = ()


@record
class Found:
    """The services of one manager, how many unit files were seen, and the folders that could not be listed.

    ``others`` are its sockets and slices, by name.
    """

    units: tuple[UnitFile, ...] = ()
    seen: int = 0
    unread: tuple[tuple[str, str], ...] = ()
    others: Mapping[str, UnitFile] = field(default_factory=dict)


def folders_of(context: Context) -> dict[Manager, tuple[Path, ...]]:
    """The folders of the system's manager and of the inspected account's own, strongest first."""
    if context.unit_folders is not None:
        of_user = tuple(folder for folder in context.unit_folders if folder.name == "user")
        return {"system": tuple(f for f in context.unit_folders if f not in of_user), "user": of_user}
    return {"system": tuple(map(Path, _SYSTEM)), "user": _user_folders(context)}


def _user_folders(context: Context) -> tuple[Path, ...]:
    config = _base(context, "XDG_CONFIG_HOME", ".config")
    data = _base(context, "XDG_DATA_HOME", ".local/share")
    runtime = Path(f"/run/user/{context.uid}/systemd")
    return (
        config / "user.control",
        runtime / "user.control",
        runtime / "transient",
        runtime / "generator.early",
        config / "user",
        Path("/etc/systemd/user"),
        runtime / "user",
        Path("/run/systemd/user"),
        runtime / "generator",
        data / "user",
        Path("/usr/local/share/systemd/user"),
        Path("/usr/share/systemd/user"),
        Path("/usr/local/lib/systemd/user"),
        Path("/usr/lib/systemd/user"),
        runtime / "generator.late",
    )


def _base(context: Context, variable: str, usual: str) -> Path:
    configured = context.environment.get(variable, "")
    return (Path(configured) if configured.startswith("/") else context.home / usual) / "systemd"


def find(manager: Manager, folders: Sequence[Path]) -> Found:
    """The services that a manager would load from its folders."""
    winners: dict[str, Path] = {}
    others: dict[str, Path] = {}
    drop_folders: dict[str, list[Path]] = {}
    unread: list[tuple[str, str]] = []
    seen = 0
    visited: set[str] = set()
    for folder in folders:
        real = os.path.realpath(folder)
        if real in visited:
            continue  # /lib is /usr/lib on most machines
        visited.add(real)
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            unread.append((str(folder), error.strerror or "it cannot be listed"))
            continue
        for entry in entries:
            if not _NAME.fullmatch(entry.name):
                continue  # systemd loads nothing of such a name, and its tools give up at the sight of it
            if entry.name.endswith(".service"):
                seen += 1
                if seen > _MOST_FILES:
                    raise CannotLook(f"there are more than {_MOST_FILES} unit files")
                winners.setdefault(entry.name, Path(entry.path))
            elif entry.name.endswith(_OTHERS):
                if len(others) < _MOST_FILES:
                    others.setdefault(entry.name, Path(entry.path))
            elif entry.name.endswith(".d"):
                drop_folders.setdefault(entry.name, []).append(Path(entry.path))
    units = [UnitFile(name, manager, file) for name, file in sorted(winners.items()) if not _is_masked(file)]
    units = [unit for unit in units if not _is_alias(unit, winners)]
    return Found(
        tuple(_with_drop_ins(unit, drop_folders) for unit in units),
        seen,
        tuple(unread),
        {
            name: _with_drop_ins(UnitFile(name, manager, file), drop_folders)
            for name, file in others.items()
            if not _is_masked(file)
        },
    )


def _is_masked(file: Path) -> bool:
    try:
        return os.path.realpath(file) == os.devnull or file.stat().st_size == 0
    except OSError:
        return False  # what cannot be examined is read later, and said to be unread then


def _is_alias(unit: UnitFile, winners: dict[str, Path]) -> bool:
    """Whether a unit is only another name of a unit that is listed under its own."""
    if not unit.file.is_symlink():
        return False
    target = Path(os.path.realpath(unit.file))
    own = winners.get(target.name)
    return target.name != unit.name and own is not None and os.path.realpath(own) == str(target)


def _with_drop_ins(unit: UnitFile, folders: dict[str, list[Path]]) -> UnitFile:
    """Drop-ins by file name over all folders; of equal names the strongest folder's counts."""
    chosen: dict[str, Path] = {}
    unread: list[tuple[str, str]] = []
    for name in _drop_in_names(unit.name):
        for folder in folders.get(name, ()):
            try:
                entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
            except NotADirectoryError:
                continue
            except OSError as error:
                unread.append((str(folder), error.strerror or "it cannot be listed"))
                continue
            for entry in entries:
                if entry.name.endswith(".conf"):
                    chosen.setdefault(entry.name, Path(entry.path))
    files = tuple(file for _, file in sorted(chosen.items()) if not _is_masked(file))
    own = tuple(folder for name in _drop_in_names(unit.name) for folder in folders.get(name, ()))
    return replace(unit, drop_ins=files, unread=tuple(unread), folders=own)


def _drop_in_names(unit: str) -> Iterator[str]:
    """``a-b@x.service.d``, ``a-b@.service.d``, ``a-.service.d``, ``service.d``: the more exact, the stronger."""
    yield f"{unit}.d"
    stem, _, kind = unit.rpartition(".")
    template, at, instance = stem.partition("@")
    if instance:
        yield f"{template}@.{kind}.d"
    parts = template.split("-")
    for kept in range(len(parts) - 1, 0, -1):
        yield f"{'-'.join(parts[:kept])}-{at}.{kind}.d" if at else f"{'-'.join(parts[:kept])}-.{kind}.d"
    yield f"{kind}.d"
