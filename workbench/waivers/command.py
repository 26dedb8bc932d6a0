"""``workbench waive`` and ``workbench waivers``: accept a finding for a while, and see what was accepted."""

from __future__ import annotations

import argparse
import os
import re
from datetime import date, timedelta
from pathlib import Path

from workbench.commands import look, workbench_of
from workbench.exits import Exit, Unusable, complain
from workbench.model.finding import Finding
from workbench.model.report import Report
from workbench.model.waiver import LONGEST_WAIVER, Waiver, WaiverState
from workbench.options import put, replayed
from workbench.report.lines import wrapped
from workbench.text import visible
from workbench.waivers.applying import day_of, seen_of
from workbench.waivers.expired import CHECK
from workbench.waivers.file import bytes_of, usual_file


def waive(options: argparse.Namespace) -> int:
    """Accept one finding of this host until a day: one more entry in the waivers file."""
    from workbench.repairing import named

    if options.read_only:
        complain("the waivers file was not changed: the workbench was started with --read-only")
        return Exit.REFUSED
    path: Path = options.waivers or usual_file()
    workbench = workbench_of(options, waivers_may_be_missing=True)
    if workbench.accepted is not None and workbench.accepted.problem:
        raise Unusable(workbench.accepted.problem)
    snapshot = replayed(options) or look(workbench, options)
    finding = named(options.finding, workbench.judge(snapshot))
    if finding.check == CHECK.id:
        raise Unusable(f"an expired waiver is not waived; renew it: workbench waive {finding.subject.key} …")
    waiver = _made(finding, options, snapshot.taken_at, snapshot.host.user)
    _write(path, waiver)
    renewed = "accepted again" if finding.waiver is not None else "accepted"
    put(f"{finding.identity}  {renewed} until {waiver.expires} in {visible(str(path))}: {visible(finding.summary)}\n")
    return Exit.CLEAN


def print_waivers(options: argparse.Namespace) -> int:
    """Print every waiver and what became of it on this host, or in a snapshot file."""
    path = options.waivers or usual_file()
    if options.replay is not None and os.path.lexists(path):
        options.waivers = path
    workbench = workbench_of(options)
    report = workbench.judge(replayed(options) or look(workbench, options))
    if report.waivers is None:
        put(f"nothing is waived: there is no {visible(str(path))}\n")
        return Exit.CLEAN
    if report.waivers.problem:
        return Exit.USAGE
    for line in _listed(report):
        put(f"{line}\n")
    return Exit.EXPIRED if has_expired(report) else Exit.CLEAN


def has_expired(report: Report) -> bool:
    """Whether a waiver of a finding that still stands has run out."""
    made = report.waivers
    return made is not None and any(outcome.state is WaiverState.EXPIRED for outcome in made.outcomes)


def _listed(report: Report) -> list[str]:
    made = report.waivers
    if made is None or not made.outcomes:
        return ["nothing is waived"]
    found = {finding.identity: finding for finding in report.findings()}
    lines: list[str] = []
    for outcome in made.outcomes:
        waiver = outcome.waiver
        finding = found.get(waiver.finding)
        lines.append(f"{waiver.finding}  {outcome.state.value:<13} until {waiver.expires}  {waiver.check}")
        lines += wrapped(f"{finding.severity.upper()} {finding.summary}", "    ", "    ") if finding else []
        lines += wrapped(f"{waiver.owner}: {waiver.reason}", "    accepted by ", "    ")
        lines += wrapped(outcome.note, "    ", "    ") if outcome.note else []
    return lines


def _made(finding: Finding, options: argparse.Namespace, taken_at: str, user: str) -> Waiver:
    from pydantic import ValidationError

    from workbench.waivers.entry import Entry

    today = day_of(taken_at)
    if today is None:
        raise Unusable("the snapshot does not say on which day it was taken, so nothing can be accepted from it")
    until = _day(options.until, today)
    try:
        entry = Entry(
            check=finding.check,
            finding=finding.identity,
            reason=options.reason,
            owner=options.owner or user,
            accepted=today.isoformat(),
            expires=until.isoformat(),
            severity=finding.severity,
            seen=list(seen_of(finding)),
        )
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name = f"--{first['loc'][0]}: " if first["loc"] else ""
        raise Unusable(f"{name}{visible(first['msg'].removeprefix('Value error, '), 200)}") from error
    return entry.waiver(None)


def _day(text: str, today: date) -> date:
    try:
        if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            raise ValueError
        until = date.fromisoformat(text)
    except ValueError as error:
        raise Unusable(f"--until: {visible(text, 40)!r} is no day, such as {today + timedelta(days=90)}") from error
    last = today + timedelta(days=LONGEST_WAIVER)
    if not today <= until <= last:
        raise Unusable(f"--until: a waiver holds for at most {LONGEST_WAIVER} days; name a day from {today} to {last}")
    return until


def _write(path: Path, waiver: Waiver) -> None:
    from workbench.repair.own_file import make_own_folder, write_own_file
    from workbench.repair.paths import Refused
    from workbench.waivers.writing import with_waiver

    place = Path(os.path.abspath(path))  # noqa: PTH100 - links must stay, to be refused
    before = bytes_of(place) if os.path.lexists(place) else b""
    content = with_waiver(before, waiver, visible(str(path)))
    try:
        if place == usual_file():
            make_own_folder(place.parent)
        write_own_file(place, content, instead_of=before)
    except Refused as why:
        raise Unusable(f"{why.reason}; nothing was accepted") from why
