"""``workbench waive`` and ``workbench waivers``: accept a finding for a while, and see what was accepted."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from workbench.commands import look, workbench_of
from workbench.exits import Exit, Unusable, complain
from workbench.model.report import Report
from workbench.model.waiver import WaiverState
from workbench.options import put, replayed
from workbench.report.lines import wrapped
from workbench.text import visible
from workbench.waivers.accepting import keep, made, take_back
from workbench.waivers.file import read, usual_file


def waive(options: argparse.Namespace) -> int:
    """Accept one finding of this host until a day: one more entry in the waivers file. Or take that entry out."""
    from workbench.repairing import named

    if options.read_only:
        complain("the waivers file was not changed: the workbench was started with --read-only")
        return Exit.REFUSED
    path: Path = options.waivers or usual_file()
    if options.remove:
        return _take_back(options, path)
    missing = [name for name in ("reason", "until") if getattr(options, name) is None]
    if missing:
        words = " and ".join(f"--{name}" for name in missing)
        raise Unusable(f"{words}: say why it is accepted and until which day; --remove takes a waiver back")
    workbench = workbench_of(options, waivers_may_be_missing=True)
    if workbench.accepted is not None and workbench.accepted.problem:
        raise Unusable(workbench.accepted.problem)
    snapshot = replayed(options) or look(workbench, options)
    finding = named(options.finding, workbench.judge(snapshot))
    waiver = made(finding, snapshot, options.reason, options.until, options.owner)
    keep(waiver, path)
    renewed = "accepted again" if finding.waiver is not None else "accepted"
    put(f"{finding.identity}  {renewed} until {waiver.expires} in {visible(str(path))}: {visible(finding.summary)}\n")
    return Exit.CLEAN


def _take_back(options: argparse.Namespace, path: Path) -> int:
    """Take a waiver out of the file. The host is not looked at: the finding may be gone, and its waiver still there."""
    given = [name for name in ("reason", "until", "owner", "replay") if getattr(options, name) is not None]
    if given:
        raise Unusable(f"--remove takes a waiver back; --{given[0]} says nothing about that")
    shown = visible(str(path))
    if not os.path.lexists(path):
        raise Unusable(f"nothing is waived: there is no {shown}")
    wanted = options.finding
    found = [each for each in read(path).waivers if wanted and each.finding.startswith(wanted)]
    if len(found) != 1:
        why = "no waiver" if not found else "more than one waiver"
        raise Unusable(
            f"{why} in {shown} is of a finding that begins with {visible(wanted, 40)!r}; see: workbench waivers"
        )
    take_back(found[0].finding, path)
    put(f"{found[0].finding}  not accepted any more, taken out of {shown}: {found[0].check}\n")
    return Exit.CLEAN


def print_waivers(options: argparse.Namespace) -> int:
    """Print every waiver and what became of it on this host, or in a snapshot file, as text or as one document."""
    path = options.waivers or usual_file()
    if options.replay is not None and os.path.lexists(path):
        options.waivers = path
    workbench = workbench_of(options)
    report = workbench.judge(replayed(options) or look(workbench, options))
    if options.json:
        from workbench.report.waivers_document import waivers_as_json

        print(waivers_as_json(report, visible(str(path))))
    if report.waivers is None:
        if options.json:
            return Exit.CLEAN
        put(f"nothing is waived: there is no {visible(str(path))}\n")
        return Exit.CLEAN
    if report.waivers.problem:
        return Exit.USAGE
    for line in () if options.json else _listed(report):
        put(f"{line}\n")
    return Exit.EXPIRED if has_expired(report) else Exit.CLEAN


def has_expired(report: Report) -> bool:
    """Whether a waiver of a finding that still stands has run out."""
    file = report.waivers
    return file is not None and any(outcome.state is WaiverState.EXPIRED for outcome in file.outcomes)


def _listed(report: Report) -> list[str]:
    file = report.waivers
    if file is None or not file.outcomes:
        return ["nothing is waived"]
    found = {finding.identity: finding for finding in report.findings()}
    lines: list[str] = []
    for outcome in file.outcomes:
        waiver = outcome.waiver
        finding = found.get(waiver.finding)
        lines.append(f"{waiver.finding}  {outcome.state.value:<13} until {waiver.expires}  {waiver.check}")
        lines += wrapped(f"{finding.severity.upper()} {finding.summary}", "    ", "    ") if finding else []
        lines += wrapped(f"{waiver.owner}: {waiver.reason}", "    accepted by ", "    ")
        lines += wrapped(outcome.note, "    ", "    ") if outcome.note else []
    return lines
