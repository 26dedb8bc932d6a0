"""Find the copies that editors, clients and people leave beside a config, and what they hold."""

from __future__ import annotations

import math
import os
import re
import time
from collections.abc import Callable, Iterable
from dataclasses import field

from workbench.documents import Malformed
from workbench.expressions import expression
from workbench.host.clients.places import gap
from workbench.host.clients.ways import fact_below
from workbench.host.files import CannotLook, read_bounded, reason
from workbench.model.clients import Backup
from workbench.model.facts import PathFact, SecretFact, Unread
from workbench.model.record import draft
from workbench.secrets import capture

_NAME_LIMIT = 20_000
_BACKUP_LIMIT = 32  # of one config
_SIZE_LIMIT = 4 << 20
_SLOW_LIMIT = 512 << 10  # of formats that are not read by a parser in C
_TEXT_LIMIT = 1 << 20
_WORD = "bak|backup|back|old|orig|original|save|saved|sav|tmp|temp|copy|prev|previous|corrupted|sw[a-p]"
# After the whole name: "~", ".~1~", ".bak", ".bak2", ".backup.1764102935", "-old", ".1", ".20251126", ".12345.tmp".
_AFTER = expression(
    rf"~|\.~\d+~|[._ -]\d[\d._:TZ-]*(?:[._-](?:{_WORD}))?|[._ -]?(?:{_WORD})(?:[\d._ -][\w.:+ -]*)?", re.IGNORECASE
)
# Between the name and its extension: " (1)", " copy 2", ".bak", "-backup-2025-11-26", "_20251126".
_BETWEEN = expression(rf" \(\d+\)|[._ -]\d{{6,}}[\d._:TZ-]*|[._ -](?:{_WORD})(?:[\d._ -][\w.:+ -]*)?", re.IGNORECASE)

Read = Callable[[bytes], tuple[int, tuple[SecretFact, ...]]]
"""How many servers the bytes of a config name, and its secrets. Raises Malformed, ValueError or RecursionError."""


@draft
class Folders:
    """The names in the folders of configs, each listed once, and what kept from it.

    ``until`` is when to stop reading copies, by ``time.monotonic``.
    """

    ways: dict[str, PathFact]
    until: float = math.inf
    names: dict[str, tuple[str, ...]] = field(default_factory=dict)
    unread: list[Unread] = field(default_factory=list)

    def listed(self, folder: str) -> tuple[str, ...]:
        """The names in a folder; none where it may not be listed, which is then said."""
        if folder not in self.names:
            names: list[str] = []
            try:
                with os.scandir(folder) as entries:
                    for entry in entries:
                        names.append(entry.name)
                        if len(names) >= _NAME_LIMIT:
                            why = CannotLook("it holds too many names to look for copies of a config among all of them")
                            self.unread += gap(folder, why, "backup")
                            break
            except OSError as error:
                refused = reason(error)
                if not refused.absent:
                    self.unread += gap(folder, refused, "backup")
            self.names[folder] = tuple(names)
        return self.names[folder]


def backups_of(path: str, config: PathFact, folders: Folders, known: Iterable[str], read: Read) -> tuple[Backup, ...]:
    """The copies beside one config that hold servers or secrets. ``known`` are paths that are configs themselves."""
    folder, base = os.path.split(path)
    listed = folders.listed(folder)
    if len(listed) < 2:
        return ()
    stem = os.path.splitext(base)[0]
    derived = [name for name in listed if stem in name and is_derived(name, base)]
    found: list[Backup] = []
    for name in sorted(derived)[:_BACKUP_LIMIT]:
        if time.monotonic() > folders.until:
            folders.unread += gap(path, CannotLook("not all copies beside it could be read in time"), "backup")
            break
        there = os.path.join(folder, name)
        if there not in known:
            limit = _SIZE_LIMIT if base.endswith(".json") else _SLOW_LIMIT
            backup = _looked_at(there, config, folders, read, limit)
            if backup is not None:
                found.append(backup)
    if len(derived) > _BACKUP_LIMIT:
        why = CannotLook(f"{len(derived)} copies of it lie beside it, of which {_BACKUP_LIMIT} were read")
        folders.unread += gap(path, why, "backup")
    return tuple(found)


def is_derived(name: str, base: str) -> bool:
    """Whether a name is that of a copy of ``base``."""
    if name == base or len(name) > 255:
        return False
    if name.startswith(base):
        return _AFTER.fullmatch(name, len(base)) is not None
    if name[0] in ".#" and name in (f"#{base}#", f".{base}.swp", f".{base}.swo", f".{base}.swn"):
        return True
    stem, extension = os.path.splitext(base)
    if not (extension and name.startswith(stem) and name.endswith(extension)):
        return False
    return _BETWEEN.fullmatch(name[len(stem) : len(name) - len(extension)]) is not None


def _looked_at(path: str, config: PathFact, folders: Folders, read: Read, limit: int) -> Backup | None:
    try:
        fact = fact_below(path, folders.ways)
        file = fact.file
        if file.kind != "file" or not file.size:
            return None
        if (file.device, file.inode) == (config.file.device, config.file.inode) and file.inode:
            return None  # the config by another name
        raw = read_bounded(path, limit)
    except CannotLook as why:
        if not why.absent:
            folders.unread += gap(path, why, "backup")
        return None
    except ValueError:
        return None
    try:
        servers, secrets = read(raw)
        parsed = True
    except (Malformed, ValueError, RecursionError):
        # The swap file of an editor, or a copy that was cut off.
        servers, secrets, parsed = 0, _in_text(raw), False
    return Backup(fact, servers, secrets, parsed) if servers or secrets else None


def _in_text(raw: bytes) -> tuple[SecretFact, ...]:
    """The first secret of each line of a text that could not be parsed."""
    secrets: list[SecretFact] = []
    for line in re.findall(rb"[^\x00-\x08\x0a-\x1f]{8,}", raw[:_TEXT_LIMIT]):
        text = line.decode("utf-8", "replace")
        secret = capture("", text, "its text") if len(text) < 1 << 16 else None
        if secret is not None:
            secrets.append(secret)
            if len(secrets) >= 100:
                break
    return tuple(dict.fromkeys(secrets))
