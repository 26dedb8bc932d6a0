"""Ask systemd-analyze: how exposed a unit is, and which of its lines systemd drops. Nothing is started or loaded."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import field
from pathlib import Path
from typing import Literal

from workbench.host.command import Output, find_program, run
from workbench.host.context import Context
from workbench.host.files import CannotLook
from workbench.host.privileged import Privileged
from workbench.host.units.folders import Manager, UnitFile
from workbench.host.units.later import Later
from workbench.host.units.places import version
from workbench.host.units.state import live_environment
from workbench.model.facts import Unread
from workbench.model.record import draft, record
from workbench.model.units import ExposureItem
from workbench.text import visible

_DEADLINE = 4.0
_ASSESSES_FILES = 250
_FACETS = ("exposure", "ignored")
_OVERALL = re.compile(r"\W*Overall exposure level for (\S+): (\d+(?:\.\d+)?)")
_COST = re.compile(r"\d\.\d\Z")
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


@record
class Exposure:
    """systemd's assessment of one unit. ``items`` are what costs, the most costly first."""

    overall: float
    items: tuple[ExposureItem, ...]
    measured: Literal["live", "offline"]


@record
class Message:
    """What systemd says of a line that it drops, not yet safe to show: it may quote a value."""

    path: str
    line: int
    text: str


@draft
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
            vector = _verify_vector(prefix, ordered)
            verifying = Later(lambda: run(vector, _DEADLINE))
            live = _live_prefix(manager, context)
            loadable = [unit for unit in ordered if not _is_template(unit)]
            if live and loadable:
                _assess_live(live, loadable, found)
            rest = [unit for unit in ordered if unit.name not in found.exposures]
            try:
                if rest:
                    _assess_offline(prefix, rest, found)
            finally:
                verified = verifying.outcome()
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
    import tempfile

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
    said = run((*base, *named), _DEADLINE)
    _take_assessed(said, tuple(named.values()), measured, found)
    return said


def _take_assessed(
    said: Output, units: Sequence[UnitFile], measured: Literal["live", "offline"], found: Analysis
) -> None:
    # The text and not --json: only the text has the total, and only it says which unit a table is of.
    names = {unit.name for unit in units}
    rows: list[ExposureItem] = []
    for line in said.out.split("\n"):
        total = _OVERALL.match(line) if "Overall" in line else None
        if total is None:
            rows += _row(line)
            continue
        name = total[1] if total[1] in names else _assessed_as(total[1])
        if name in names:
            rows.sort(key=lambda item: (-item.exposure, item.name))
            found.exposures[name] = Exposure(float(total[2]), tuple(rows), measured)
        rows = []


def _row(line: str) -> Iterator[ExposureItem]:
    """What one row of a table says costs something: a mark, the setting, what it is about, what it costs."""
    said, _, cost = line.rstrip().rpartition(" ")
    if len(cost) != 3 or not _COST.match(cost) or cost == "0.0":
        return
    words = said.split(None, 2)
    if words and "=" not in words[0]:
        del words[0]
    about = said.partition(words[0])[2].strip() if words else ""
    if words and "=" in words[0] and about:
        yield ExposureItem(visible(words[0]), visible(about), float(cost))


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


def analyse_as_root(manager: Manager, units: Sequence[UnitFile], privileged: Privileged, found: Analysis) -> None:
    """Assess units that only root may read, through sudo. What was not asked yet is unread, with what unlocks it."""
    of_user = ("--user",) if manager == "user" else ()
    for unit in units:
        file = str(unit.file)
        try:
            security = (*of_user, "security", "--offline=true", "--no-pager")
            overall = privileged.run("systemd-analyze", *security, file)
            verified = privileged.run("systemd-analyze", *of_user, "verify", "--man=no", file)
            if overall is None or verified is None:
                raise CannotLook("systemd may be asked about it through sudo, when you agree", "workbench --sudo")
            _take_verified(verified, [unit], found)
        except CannotLook as why:
            found.unread += [Unread(facet, visible(unit.name), why.why, why.unlock) for facet in _FACETS]
            continue
        _take_assessed(overall, [unit], "offline", found)
        if unit.name not in found.exposures:
            found.unread.append(_not_assessed(unit, overall))


def _verify_vector(prefix: tuple[str, ...], units: Sequence[UnitFile]) -> tuple[str, ...]:
    # --man=no: it would otherwise run man for every Documentation=man:… line.
    # What a unit depends on is not asked about, and to load it too takes twice the time.
    alone = ("--recursive-errors=no",) if version() >= _ASSESSES_FILES else ()
    return (*prefix, "verify", "--man=no", *alone, *(str(unit.file) for unit in units))


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
        # Behind a link systemd tells another path than the one by which the file is known, and it is one file.
        own = {os.path.realpath(path): str(path) for path in reversed((unit.file, *unit.drop_ins))}
        messages = [
            Message(known, message.line, message.text)
            for path, known in reversed(own.items())
            for message in by_real.get(path, ())
        ]
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
