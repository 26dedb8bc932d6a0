"""What each command of the command line does. Standard output holds the answer and nothing else."""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import replace
from pathlib import Path

from workbench.engine import Workbench
from workbench.exits import Exit, Unusable, complain
from workbench.model.report import Report
from workbench.model.run import Run, RunState
from workbench.model.severity import Severity
from workbench.model.snapshot import Snapshot
from workbench.options import context_of, put, replayed, state_folder
from workbench.plugins import Plugins, load, user_folder
from workbench.text import visible


def headless(options: argparse.Namespace) -> int:
    """Print the report of this host, or of a snapshot file, and exit by what was found."""
    workbench = workbench_of(options)
    snapshot = replayed(options) or look(workbench, options)
    report = workbench.judge(snapshot)
    if options.json:
        from workbench.report.document import as_json

        print(as_json(report))
    else:
        from workbench.report.text import as_text

        if options.demo:
            from workbench.demo import WORDS

            put(f"{WORDS}\n\n")
        put(as_text(report))
        if not snapshot.servers.servers:
            _welcome(snapshot, report)
    return _verdict(report, options.fail_on, options.min_coverage)


def open_tui(options: argparse.Namespace) -> int:
    """Open the terminal app."""
    workbench = workbench_of(options)
    snapshot = replayed(options)
    from workbench.tui.app import run

    return run(workbench, snapshot)


def list_plugins(options: argparse.Namespace) -> int:
    """Print one line a plugin: its id, how bad or how safe, and its title."""
    plugins = _plugins(options)
    if options.kind == "checks":
        for check in plugins.checks.values():
            severities = "/".join(severity.value for severity in check.severities)
            put(f"{check.id:<36} {severities:<16} {check.title}\n")
    else:
        for fix in plugins.fixes.values():
            put(f"{fix.id:<28} {fix.safety.value:<7} undo: {fix.reversal.value:<8} {fix.title}\n")
    return Exit.CLEAN


def explain(options: argparse.Namespace) -> int:
    """Print the lesson of one check or fix."""
    plugins = _plugins(options)
    plugin = plugins.checks.get(options.id) or plugins.fixes.get(options.id)
    if plugin is None:
        from difflib import get_close_matches

        near = get_close_matches(options.id, [*plugins.checks, *plugins.fixes], 3)
        hint = f"; did you mean {' or '.join(near)}?" if near else "; see: workbench list checks"
        complain(f"there is no check or fix {visible(options.id, 100)}{hint}")
        return Exit.USAGE
    put(f"{plugin.id}\n\n{plugin.lesson}\n")
    repairs = plugins.repairs_of(plugin.id)
    if repairs:
        put(f"\nRepairs on offer: {', '.join(repairs)}\n")
    return Exit.CLEAN


def print_snapshot(options: argparse.Namespace) -> int:
    """Print the Snapshot of this host as JSON."""
    from workbench.report.snapshot_file import to_json

    print(to_json(look(workbench_of(options), options)))
    return Exit.CLEAN


def history(options: argparse.Namespace) -> int:
    """Print every run, newest first."""
    runs = workbench_of(options).history()
    for run in runs:
        put(f"{run.identity}  {run.state.value:<15} {visible(run.plan.title)}\n")
    if not runs:
        print("no repairs were made yet", file=sys.stderr)
    return Exit.CLEAN


def undo(options: argparse.Namespace) -> int:
    """Undo one run."""
    try:
        run = workbench_of(options).undo(options.run)
    except LookupError as error:
        complain(visible(str(error.args[0] if error.args else error), 300))
        return Exit.USAGE
    return told(run)


def recover(options: argparse.Namespace) -> int:
    """Recover every interrupted run."""
    runs = workbench_of(options).recover()
    if not runs:
        print("no repair was interrupted", file=sys.stderr)
    return max((told(run) for run in runs), default=Exit.CLEAN)


def told(run: Run, *, quiet: bool = False) -> int:
    """Say how a run ended, unless ``quiet``, and give the exit status of it."""
    if not quiet:
        put(f"{run.identity}  {run.state.value}: {run.message or visible(run.plan.title)}\n")
    good = run.state in (RunState.APPLIED, RunState.UNDONE, RunState.RECOVERED)
    return Exit.CLEAN if good else Exit.REFUSED


def _welcome(snapshot: Snapshot, report: Report) -> None:
    # At the end, where the eye is: above it stands a long list of what does not apply.
    from workbench.first_run import first_run
    from workbench.report.first_run_text import as_text

    told = first_run(snapshot, report)
    if told is not None:
        put(f"\n{as_text(told)}")


def _verdict(report: Report, fail_on: str, least: float) -> int:
    if fail_on != "never" and any(finding.severity.at_least(Severity(fail_on)) for finding in report.findings()):
        return Exit.FINDINGS
    if report.grade.coverage < least:
        complain(f"only {report.grade.coverage:.0%} of what applies could be assessed; {least:.0%} was asked for")
        return Exit.COVERAGE
    return Exit.CLEAN


def look(workbench: Workbench, options: argparse.Namespace) -> Snapshot:
    """Look at this host, as root too where the options ask for it."""
    if not options.sudo:
        return workbench.look()
    from workbench.asking_root import look_with_sudo

    return look_with_sudo(lambda privileged: workbench.look(privileged=privileged), agreed=options.yes)


def workbench_of(options: argparse.Namespace) -> Workbench:
    """The workbench for the host that the options name. Raises Unusable."""
    context = context_of(options)
    workbench = Workbench(context, _plugins(options), state_folder(Path.home()), options.read_only)
    from workbench.installation import other_hand

    other = other_hand()
    if not other:
        return workbench
    # Too late for this start, but nothing more is to be done as root by what another account may have written.
    complain(
        f"this workbench runs as root, and {other}: what runs here could be that account's, so it changes nothing."
        " Run it as yourself (what needs root is then done by exact commands through sudo), or install it where only"
        " root can write"
    )
    return replace(workbench, read_only=True)


def _plugins(options: argparse.Namespace) -> Plugins:
    folders = []
    own = user_folder(os.environ, Path(os.path.expanduser("~")))  # noqa: PTH111 - does not fail without a home
    if own.is_dir():
        folders.append(own)
    for folder in options.plugins:
        if not folder.is_dir():
            raise Unusable(f"--plugins: {visible(str(folder))} is not a folder")
        folders.append(folder)
    plugins = load(folders)
    for broken in plugins.broken:
        complain(f"plugin not loaded: {broken.file}: {broken.reason}")
    return plugins
