"""Ask systemd-analyze: how exposed a unit is, and which of its lines systemd drops. Nothing is started or loaded."""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from workbench.host.command import Output, find_program, run
from workbench.host.context import Context
from workbench.host.files import CannotLook
from workbench.host.units.folders import Manager, UnitFile
from workbench.model.facts import Unread
from workbench.model.units import ExposureItem
from workbench.text import visible

_DEADLINE = 4.0
_OVERALL = re.compile(r"Overall exposure level for (\S+): (\d+(?:\.\d+)?)")
_MESSAGE = re.compile(r"^(.+?):(\d+): (.*)$")
_IGNORES = re.compile(r"\bignor(?:ing|ed)\b", re.IGNORECASE)
_REFUSED = re.compile(
    r"^(?:(\S+): Unit configuration has fatal error"
    r"|Unit (\S+) (?:has a bad unit file setting|failed to load properly|not found))"
)
_NOT_STARTED = re.compile(
    r"^(?:Failed to (?:initialize|lookup|set ?up|start|prepare)|systemd-analyze: |Unknown (?:operation|command))"
)
_MANUAL = "look at it with: systemd-analyze verify {}"


@dataclass(frozen=True, slots=True)
class Exposure:
    """systemd's assessment of one unit. ``items`` are what costs, the most costly first."""

    overall: float
    items: tuple[ExposureItem, ...]
    measured: Literal["live", "offline"]


@dataclass(frozen=True, slots=True)
class Message:
    """What systemd says of a line that it drops, not yet safe to show: it may quote a value."""

    path: str
    line: int
    text: str


@dataclass(slots=True)
class Analysis:
    """What was found out, by unit name, and what was not."""

    exposures: dict[str, Exposure] = field(default_factory=dict)
    ignored: dict[str, tuple[Message, ...]] = field(default_factory=dict)
    unread: list[Unread] = field(default_factory=list)


def analyse(manager: Manager, units: Sequence[UnitFile], folders: Sequence[Path], context: Context) -> Analysis:
    """Assess the units of one manager."""
    found = Analysis()
    if not units:
        return found
    # systemd-analyze puts the folders of the files first in its search, in the order the files are named.
    places = {str(folder): place for place, folder in enumerate(folders)}
    ordered = sorted(units, key=lambda unit: places.get(str(unit.file.parent), len(places)))
    try:
        with _prefix(manager, folders, context) as prefix:
            _verify(prefix, ordered, found)
            live = _live_prefix(manager, context)
            loadable = [unit for unit in ordered if not _is_template(unit)]
            if live and loadable:
                _assess_live(live, loadable, found)
            rest = [unit for unit in ordered if unit.name not in found.exposures]
            if rest:
                _assess_offline(prefix, rest, found)
    except CannotLook as why:
        for unit in units:
            for facet, facts in (("exposure", found.exposures), ("ignored", found.ignored)):
                if unit.name not in facts:
                    found.unread.append(Unread(facet, unit.name, why.why, why.unlock))
    return found


@contextmanager
def _prefix(manager: Manager, folders: Sequence[Path], context: Context) -> Iterator[tuple[str, ...]]:
    """The start of a command line that looks at files only."""
    program = find_program("systemd-analyze")
    settings = [find_program("env")]
    if context.unit_folders is not None:
        settings.append(f"SYSTEMD_UNIT_PATH={':'.join(map(str, folders))}:")
    if manager == "system":
        yield (*settings, program) if len(settings) > 1 else (program,)
        return
    # It insists on a runtime folder of the account and makes a folder there; it gets one that goes away again.
    with tempfile.TemporaryDirectory(prefix="workbench-") as runtime:
        yield (*settings, f"HOME={context.home}", f"XDG_RUNTIME_DIR={runtime}", program, "--user")


def _live_prefix(manager: Manager, context: Context) -> tuple[str, ...]:
    """The start of a command line that asks the running manager; empty where there is none to ask."""
    if context.unit_folders is not None or not Path("/run/systemd/system").is_dir():
        return ()
    program = find_program("systemd-analyze")
    if manager == "system":
        return (program,)
    runtime = Path(f"/run/user/{context.uid}")
    if context.uid != os.getuid() or not (runtime / "systemd/private").exists():
        return ()
    return (find_program("env"), f"XDG_RUNTIME_DIR={runtime}", program, "--user")


def _is_template(unit: UnitFile) -> bool:
    return "@." in unit.name


def _assess_live(prefix: tuple[str, ...], units: Sequence[UnitFile], found: Analysis) -> None:
    try:
        _assess((*prefix, "security", "--no-pager"), {unit.name: unit for unit in units}, "live", found)
    except CannotLook:
        pass  # a manager that does not answer is not asked again: the files can still be assessed


def _assess_offline(prefix: tuple[str, ...], units: Sequence[UnitFile], found: Analysis) -> None:
    base = (*prefix, "security", "--offline=true", "--no-pager")
    said = _assess(base, {str(unit.file): unit for unit in units}, "offline", found)
    found.unread += [_not_assessed(unit, said) for unit in units if unit.name not in found.exposures]


def _assess(
    base: tuple[str, ...], named: Mapping[str, UnitFile], measured: Literal["live", "offline"], found: Analysis
) -> Output:
    """Assess units in one go, each ``named`` by what systemd-analyze is told: its name or its file."""
    said = run((*base, *named), _DEADLINE)
    overalls: dict[str, float] = {}
    for name, overall in _OVERALL.findall(said.out):
        overalls.update({given: float(overall) for given, unit in named.items() if _same_unit(unit.name, name)})
    if overalls:
        # The tables carry no name: they come in the order asked, so only what has an overall is asked for.
        given = [name for name in named if name in overalls]
        tables = _tables(run((*base, "--json=short", *given), _DEADLINE).out)
        if len(tables) != len(given):
            tables = [()] * len(given)
        for name, items in zip(given, tables, strict=True):
            found.exposures[named[name].name] = Exposure(overalls[name], items, measured)
    return said


def _not_assessed(unit: UnitFile, said: Output) -> Unread:
    if "unrecognized option" in said.err:
        why, unlock = "this systemd cannot assess a unit file (it takes 250 or newer)", "update systemd"
    else:
        why, unlock = "systemd does not load it", _MANUAL.format(visible(str(unit.file)))
    return Unread("exposure", visible(unit.name), why, unlock)


def _same_unit(own: str, assessed: str) -> bool:
    """Whether a name is the unit's, or an instance that systemd made up for a template."""
    stem, at, kind = own.partition("@.")
    return own == assessed or (bool(at) and assessed.startswith(f"{stem}@") and assessed.endswith(f".{kind}"))


def _tables(text: str) -> list[tuple[ExposureItem, ...]]:
    """The tables of one or more units: JSON arrays, one behind the other."""
    decoder = json.JSONDecoder()
    tables: list[tuple[ExposureItem, ...]] = []
    at = 0
    try:
        while (at := _next(text, at)) < len(text):
            rows, at = decoder.raw_decode(text, at)
            # Asked for several units, a running manager adds a summary of all; its rows name units, not settings.
            if not any("unit" in row for row in rows):
                tables.append(_items(rows))
    except (ValueError, TypeError, KeyError):
        return []
    return tables


def _next(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    return at


def _items(rows: Sequence[dict[str, object]]) -> tuple[ExposureItem, ...]:
    items = [
        ExposureItem(visible(str(row["name"])), visible(str(row["description"])), float(str(row["exposure"])))
        for row in rows
        if row.get("exposure") is not None
    ]
    costly = [item for item in items if item.exposure > 0]
    return tuple(sorted(costly, key=lambda item: (-item.exposure, item.name)))


def _verify(prefix: tuple[str, ...], units: Sequence[UnitFile], found: Analysis) -> None:
    # --man=no: it would otherwise run man for every Documentation=man:… line.
    said = run((*prefix, "verify", "--man=no", *(str(unit.file) for unit in units)), _DEADLINE)
    lines = said.err.splitlines()
    failure = next((line for line in lines if _NOT_STARTED.match(line)), "")
    if failure:
        raise CannotLook(f"systemd-analyze could not start: {visible(failure, 200)}")
    refused = {name for line in lines if (match := _REFUSED.match(line)) for name in match.groups() if name}
    for unit in units:
        own = {os.path.realpath(path) for path in (unit.file, *unit.drop_ins)}
        said_of_it = (match for line in lines if (match := _MESSAGE.match(line)) and _IGNORES.search(match[3]))
        messages = [
            Message(match[1], int(match[2]), match[3]) for match in said_of_it if os.path.realpath(match[1]) in own
        ]
        whole = not any(_same_unit(unit.name, name) for name in refused)
        if messages or whole:
            found.ignored[unit.name] = tuple(dict.fromkeys(messages))
        if not whole:
            why = "systemd refuses the unit before it has read all of it"
            found.unread.append(Unread("ignored", visible(unit.name), why, _MANUAL.format(visible(str(unit.file)))))
