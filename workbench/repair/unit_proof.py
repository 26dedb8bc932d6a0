"""Prove a new file of a unit before it is there: systemd's own parser reads a copy of it, with all else as it is."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from workbench.host.command import Output, find_program, run
from workbench.host.files import CannotLook
from workbench.host.units.places import version
from workbench.repair.paths import Refused
from workbench.text import visible

Manager = Literal["system", "user"]

_SYSTEM = ("/etc/systemd/system", "/run/systemd/system", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system")
_USER = (
    "~/.config/systemd/user",
    "/etc/systemd/user",
    "/run/systemd/user",
    "~/.local/share/systemd/user",
    "/usr/local/share/systemd/user",
    "/usr/share/systemd/user",
    "/usr/local/lib/systemd/user",
    "/usr/lib/systemd/user",
)
_DEADLINE = 10.0
_ASSESSES_FILES = 250
_MESSAGE = re.compile(r"^(.+?):(\d+): (.*)$")
_IGNORES = re.compile(r"\bignor(?:ing|ed)\b", re.IGNORECASE)
_OVERALL = re.compile(r"Overall exposure level for \S+: (\d+(?:\.\d+)?)")
_FATAL = re.compile(r"Unit configuration has fatal error|has a bad unit file setting|failed to load properly")
_FAILED = re.compile(
    r"^(?:Failed to (?:initialize|lookup|set ?up|start|prepare)|systemd-analyze: )|unrecogni[sz]ed option", re.MULTILINE
)
_SECURITY = ("security", "--offline=true", "--no-pager")


def proven(name: str, place: str, content: bytes, manager: Manager) -> str:
    """What systemd says of the unit ``name`` with a new file in it, in words. Raises Refused where it drops a line.

    ``place`` is where the file is to lie below the folder of units, such as ``x.service.d/a.conf``.
    """
    file = _unit_file(name, manager)
    with _copy(place, content) as (folder, copy):
        of_unit = copy if place == name else file
        alone = ("--recursive-errors=no",) if version() >= _ASSESSES_FILES else ()
        said, before = (
            _analyze(each, manager, "verify", "--man=no", *alone, path)
            for each, path in ((folder, of_unit), ("", file))
        )
        if _FAILED.search(said.err):
            raise Refused("systemd-analyze could not read the unit, so nothing is proven of the file")
        messages = [match for line in said.err.splitlines() if (match := _MESSAGE.match(line)) and match[1] == copy]
        lines = ", ".join(dict.fromkeys(match[2] for match in messages if _IGNORES.search(match[3])))
        if lines:
            raise Refused(
                f"systemd would not take all of the new file of {visible(name)} as it is meant (line {lines})"
            )
        if _FATAL.search(said.err) and not _FATAL.search(before.err):
            raise Refused(f"systemd would not load {visible(name)} with that file; nothing was changed")
        told = f"systemd's parser takes every line of it for {name}"
        if not name.endswith(".service"):
            return told
        now, then = (
            _exposure(_analyze(each, manager, *_SECURITY, path)) for each, path in (("", file), (folder, of_unit))
        )
    if now is None or then is None:
        return told
    return f"{told}, and says of the exposure of that unit: {now:.1f} now, {then:.1f} with it (of 10.0)"


def _exposure(said: Output) -> float | None:
    found = _OVERALL.search(said.out)
    return float(found[1]) if found else None


def _analyze(folder: str, manager: Manager, *arguments: str) -> Output:
    """Ask systemd-analyze, which starts and loads nothing. Raises Refused.

    What lies in ``folder`` counts as well ("" for none), before what the manager itself would find.
    """
    with tempfile.TemporaryDirectory(prefix="workbench-") as runtime:
        variables = [f"SYSTEMD_UNIT_PATH={folder}:"] if folder else []
        # For units of an account it insists on a runtime folder, and makes one in there.
        variables += [f"HOME={Path.home()}", f"XDG_RUNTIME_DIR={runtime}"] if manager == "user" else []
        of_user = ("--user",) if manager == "user" else ()
        try:
            program = (find_program("systemd-analyze"), *of_user, *arguments)
            return run((find_program("env"), *variables, *program), _DEADLINE)
        except CannotLook as why:
            raise Refused(why.why, why.unlock) from why


def _unit_file(name: str, manager: Manager) -> str:
    for folder in map(os.path.expanduser, _SYSTEM if manager == "system" else _USER):
        if os.path.isfile(f"{folder}/{name}"):
            return f"{folder}/{name}"
    raise Refused(f"the file of {visible(name)} is not found", "look with: systemctl cat UNIT")


@contextmanager
def _copy(place: str, content: bytes) -> Iterator[tuple[str, str]]:
    """A folder of units that has the new file, and its path there."""
    with tempfile.TemporaryDirectory(prefix="workbench-unit-") as folder:
        path = Path(folder) / place
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        yield folder, str(path)
