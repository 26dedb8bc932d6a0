"""Ask systemd-analyze: how exposed a unit is, and which of its lines systemd drops. Nothing is started or loaded."""

from __future__ import annotations

import json
import os
import re
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Literal

from workbench.host.command import Output, find_program, run
from workbench.host.context import Context
from workbench.host.files import CannotLook
from workbench.host.privileged import Privileged
from workbench.host.units.folders import Manager, UnitFile
from workbench.host.units.state import live_environment
from workbench.model.facts import Unread
from workbench.model.units import ExposureItem
from workbench.text import visible

_DEADLINE = 4.0
_FACETS = ("exposure", "ignored")
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


class _Asked:
    """A program that runs while others do."""

    def __init__(self, vector: tuple[str, ...]) -> None:
        self._vector = vector
        self._said: Output | CannotLook | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._said = run(self._vector, _DEADLINE)
        except CannotLook as why:
            self._said = why

    def answer(self) -> Output:
        """What it printed, waited for. Raises CannotLook."""
        self._thread.join()
        if isinstance(self._said, Output):
            return self._said
        raise self._said or CannotLook(f"{self._vector[0]} could not be run")


@dataclass(slots=True)
class Analysis:
    """What was found out, by unit name, and what was not. ``refused`` are units that systemd will not start."""

    exposures: dict[str, Exposure] = field(default_factory=dict)
    ignored: dict[str, tuple[Message, ...]] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
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
            verifying = _Asked(_verify_vector(prefix, ordered))
            live = _live_prefix(manager, context)
            loadable = [unit for unit in ordered if not _is_template(unit)]
            if live and loadable:
                _assess_live(live, loadable, found)
            rest = [unit for unit in ordered if unit.name not in found.exposures]
            try:
                if rest:
                    _assess_offline(prefix, rest, found)
            finally:
                verified = verifying.answer()
            _take_verified(verified, ordered, found)
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
    variables = live_environment(manager, context)
    if variables is None:
        return ()
    program = find_program("systemd-analyze")
    return (program,) if manager == "system" else (find_program("env"), *variables, program, "--user")


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
    # Both at once, as if every unit could be assessed; where one cannot, the table is asked for again without it.
    whole = _Asked((*base, "--json=short", *named))
    try:
        said = run((*base, *named), _DEADLINE)
    finally:
        table = whole.answer()

    def ask(given: Sequence[str]) -> Output:
        return table if len(given) == len(named) else run((*base, "--json=short", *given), _DEADLINE)

    _take_assessed(said, ask, named, measured, found)
    return said


def _take_assessed(
    said: Output,
    ask: Callable[[Sequence[str]], Output],
    named: Mapping[str, UnitFile],
    measured: Literal["live", "offline"],
    found: Analysis,
) -> None:
    overalls: dict[str, float] = {}
    by_name: dict[str, list[str]] = {}
    for place, unit in named.items():
        by_name.setdefault(unit.name, []).append(place)
    for name, overall in _OVERALL.findall(said.out):
        for place in by_name.get(name) or by_name.get(_assessed_as(name)) or ():
            overalls[place] = float(overall)
    if overalls:
        # The tables carry no name: they come in the order asked, so only what has an overall is asked for.
        given = [name for name in named if name in overalls]
        tables = _tables(ask(given).out)
        if len(tables) != len(given):
            tables = [()] * len(given)
        for name, items in zip(given, tables, strict=True):
            found.exposures[named[name].name] = Exposure(overalls[name], items, measured)


def _not_assessed(unit: UnitFile, said: Output) -> Unread:
    if "unrecognized option" in said.err:
        why, unlock = "this systemd cannot assess a unit file (it takes 250 or newer)", "update systemd"
    else:
        why, unlock = "systemd does not load it", _MANUAL.format(visible(str(unit.file)))
    return Unread("exposure", visible(unit.name), why, unlock)


def _assessed_as(name: str) -> str:
    """The name without the instance that systemd made up for a template."""
    stem, at, _ = name.partition("@")
    return f"{stem}@.{name.rpartition('.')[2]}" if at else name


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


def analyse_as_root(manager: Manager, units: Sequence[UnitFile], privileged: Privileged, found: Analysis) -> None:
    """Assess units that only root may read, through sudo. What was not asked yet is unread, with what unlocks it."""
    of_user = ("--user",) if manager == "user" else ()
    for unit in units:
        file = str(unit.file)
        try:
            security = (*of_user, "security", "--offline=true", "--no-pager")
            overall = privileged.run("systemd-analyze", *security, file)
            table = privileged.run("systemd-analyze", *security, "--json=short", file)
            verified = privileged.run("systemd-analyze", *of_user, "verify", "--man=no", file)
            if overall is None or table is None or verified is None:
                raise CannotLook("systemd may be asked about it through sudo, when you agree", "workbench --sudo")
            _take_verified(verified, [unit], found)
        except CannotLook as why:
            found.unread += [Unread(facet, visible(unit.name), why.why, why.unlock) for facet in _FACETS]
            continue
        _take_assessed(overall, partial(_answer, table), {file: unit}, "offline", found)
        if unit.name not in found.exposures:
            found.unread.append(_not_assessed(unit, overall))


def _answer(table: Output, given: Sequence[str]) -> Output:
    """The table of one unit, whatever of it is asked for."""
    del given
    return table


def _verify_vector(prefix: tuple[str, ...], units: Sequence[UnitFile]) -> tuple[str, ...]:
    # --man=no: it would otherwise run man for every Documentation=man:… line.
    return (*prefix, "verify", "--man=no", *(str(unit.file) for unit in units))


def _take_verified(said: Output, units: Sequence[UnitFile], found: Analysis) -> None:
    lines = said.err.splitlines()
    failure = next((line for line in lines if _NOT_STARTED.match(line)), "")
    if failure:
        raise CannotLook(f"systemd-analyze could not start: {visible(failure, 200)}")
    matches = [match for line in lines if (match := _REFUSED.match(line))]
    refused = {name for match in matches for name in match.groups() if name}
    fatal = {match[1] or match[2] for match in matches if "fatal error" in match[0] or "bad unit file" in match[0]}
    by_file: dict[str, list[Message]] = {}
    for line in lines:
        if (match := _MESSAGE.match(line)) and _IGNORES.search(match[3]):
            by_file.setdefault(match[1], []).append(Message(match[1], int(match[2]), match[3]))
    by_real: dict[str, list[Message]] = {}
    for path, messages in by_file.items():
        by_real.setdefault(os.path.realpath(path), []).extend(messages)
    for unit in units:
        own = dict.fromkeys(os.path.realpath(path) for path in (unit.file, *unit.drop_ins))
        messages = [message for path in own for message in by_real.get(path, ())]
        whole = not _is_among(unit.name, refused)
        if _is_among(unit.name, fatal):
            found.refused.add(unit.name)
        if messages or whole:
            found.ignored[unit.name] = tuple(dict.fromkeys(messages))
        if not whole:
            why = "systemd refuses the unit before it has read all of it"
            found.unread.append(Unread("ignored", visible(unit.name), why, _MANUAL.format(visible(str(unit.file)))))


def _is_among(unit: str, said: set[str]) -> bool:
    """Whether systemd said something of a unit, by its name or, of a template, by that of an instance."""
    return unit in said or ("@." in unit and any(_assessed_as(name) == unit for name in said))
