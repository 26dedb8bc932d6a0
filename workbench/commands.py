"""What each command of the command line does. Standard output holds the answer and nothing else."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.engine import Workbench
from workbench.exits import Exit, Unusable, complain
from workbench.model.report import Report
from workbench.model.run import Run, RunState
from workbench.model.severity import Severity
from workbench.model.snapshot import Snapshot
from workbench.model.waiver import EXPIRED, WAIVERS, WaiverFile
from workbench.options import context_of, put, replayed, state_folder
from workbench.plugins import KINDS, LatePlugins, Plugins, load, user_folder
from workbench.text import visible

if TYPE_CHECKING:
    from workbench.host.command import Output
    from workbench.host.privileged import Vector
    from workbench.repair.prepare import Prepared


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
    return verdict(report, options.fail_on, options.min_coverage)


def open_tui(options: argparse.Namespace) -> int:
    """Open the terminal app."""
    if options.demo:
        from workbench.demo.playing import demo

        accepted = accepted_by(options)
        workbench: Workbench = demo(plugins_of(options, late=True), read_only=options.read_only, accepted=accepted)
        snapshot = None
    else:
        workbench = workbench_of(options, late=True)
        # A file may be none, which is told before the app is opened.
        snapshot = replayed(options)
        if snapshot is None:
            settle(workbench)
    from workbench.tui.app import run

    status = run(workbench, snapshot)
    if isinstance(workbench.plugins, LatePlugins) and workbench.plugins.ready:
        _complain_of(workbench.plugins)
    return status


def list_plugins(options: argparse.Namespace) -> int:
    """Print one line a plugin: its id, how bad or how safe, and its title. Of keys: one line an act of the app."""
    if options.kind == "keys":
        from workbench.tui.key_list import list_keys

        return list_keys()
    plugins = plugins_of(options)
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
    plugins = plugins_of(options)
    from workbench.waivers.expired import CHECK

    plugin = plugins.checks.get(options.id) or plugins.fixes.get(options.id) or {CHECK.id: CHECK}.get(options.id)
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
    """Print every run, newest first, and which of them are no longer in place."""
    workbench = workbench_of(options)
    runs = workbench.history()
    lost = {}
    if any(run.state is RunState.APPLIED for run in runs):
        from workbench.repair.lasting import said

        lost = {each.run.identity: said(each) for each in workbench.lasting()}
    if options.json:
        from workbench.report.history_document import history_as_json

        print(history_as_json(runs, lost))
        return Exit.CLEAN
    for run in runs:
        of = f"  ({run.batch})" if run.batch else ""
        put(f"{run.identity}  {run.state.value:<15} {visible(run.plan.title)}{of}\n")
        if run.confirm_by:
            put(f"    waits: workbench confirm {run.identity} before {run.confirm_by}, or it is undone by itself\n")
        if run.identity in lost:
            put(f"    {visible(lost[run.identity])}\n")
    if not runs:
        print("no repairs were made yet", file=sys.stderr)
    return Exit.CLEAN


def undo(options: argparse.Namespace) -> int:
    """Undo one run, or what stands of a batch."""
    workbench = workbench_of(options)
    settle(workbench)
    try:
        with sudo_may_ask():
            if options.run.startswith("batch-"):
                return max(told(run) for run in workbench.undo_batch(options.run))
            run = workbench.undo(options.run, on_plan=show_commands)
    except LookupError as error:
        complain(visible(str(error.args[0] if error.args else error), 300))
        return Exit.USAGE
    return told(run)


def settle(workbench: Workbench) -> None:
    """Undo what nobody confirmed in time, such as before this machine was started, and say so."""
    from workbench.repair.watched import any_watched

    if not any_watched(workbench.state):
        return
    with sudo_may_ask():
        runs = workbench.revert_overdue(show_commands)
    for run in runs:
        complain(visible(f"{run.identity} was not confirmed in time: {run.state.value}: {run.message}", 1000))


@contextmanager
def sudo_may_ask() -> Iterator[None]:
    """Let sudo ask for its password on the terminal, if there is one, where a repair needs root."""
    from workbench.elevation import prompt
    from workbench.repair.root_commands import asking

    with asking(lambda: prompt(interactive=sys.stdin.isatty())):
        yield


def show_commands(prepared: Prepared) -> None:
    """Say which commands run as root to bring a repair back, before they do."""
    commands = [command for change in prepared.changes for command in change.commands]
    if commands:
        print(f"To bring it back, these {len(commands)} commands run as root:", file=sys.stderr)
    for command in commands:
        print(f"  {visible(shlex.join(command))}", file=sys.stderr)


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


def verdict(report: Report, fail_on: str, least: float) -> int:
    """The exit status of a report: its findings that nobody accepted, else an expired waiver, else its coverage."""
    if fail_on != "never" and any(finding.severity.at_least(Severity(fail_on)) for finding in report.standing()):
        return Exit.FINDINGS
    if fail_on != "never" and any(finding.check == EXPIRED for finding in report.standing()):
        return Exit.EXPIRED
    if report.grade.coverage < least:
        complain(f"only {report.grade.coverage:.0%} of what applies could be assessed; {least:.0%} was asked for")
        return Exit.COVERAGE
    return Exit.CLEAN


def look(workbench: Workbench, options: argparse.Namespace, answers: dict[Vector, Output] | None = None) -> Snapshot:
    """Look at this host, as root too where the options ask for it; what was read so is added to ``answers``."""
    if not options.sudo:
        return workbench.look()
    from workbench.asking_root import look_with_sudo

    return look_with_sudo(lambda privileged: workbench.look(privileged=privileged), agreed=options.yes, answers=answers)


def workbench_of(options: argparse.Namespace, *, waivers_may_be_missing: bool = False, late: bool = False) -> Workbench:
    """The workbench for the host that the options name, with the waivers that hold there. Raises Unusable.

    For ``late`` see ``plugins_of``.
    """
    context = context_of(options)
    accepted = accepted_by(options, waivers_may_be_missing)
    workbench = Workbench(
        context, plugins_of(options, late=late), state_folder(Path.home()), options.read_only, accepted
    )
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


def accepted_by(options: argparse.Namespace, may_be_missing: bool = False) -> WaiverFile | None:
    """The waivers of the named file, else the person's own; None where there is no file. Raises Unusable.

    A snapshot file gives the same report on every machine, so what this person accepted is left out of one.
    """
    named: Path | None = options.waivers
    if named is None and (options.replay is not None or options.demo):
        return None
    own = user_folder(os.environ, Path(os.path.expanduser("~"))) / WAIVERS  # noqa: PTH111 - does not fail without a home
    if (named is None or may_be_missing) and not os.path.lexists(named or own):
        return None
    from workbench.waivers.file import read, read_usual

    if named is not None:
        return read(named)
    usual = read_usual(own)
    if usual is not None and usual.problem:
        complain(f"THE WAIVERS ARE IGNORED: {usual.problem}")
    return usual


def plugins_of(options: argparse.Namespace, *, late: bool = False) -> Plugins:
    """The checks and fixes, built in and the person's own. Raises Unusable.

    With ``late`` they are loaded when one is asked for, which is a tenth of a second that nobody waits for; but never
    those of the person, which may do anything while they are loaded, and on the terminal too.
    """
    folders = []
    own = user_folder(os.environ, Path(os.path.expanduser("~")))  # noqa: PTH111 - does not fail without a home
    if own.is_dir():
        folders.append(own)
    for folder in options.plugins:
        if not folder.is_dir():
            raise Unusable(f"--plugins: {visible(str(folder))} is not a folder")
        folders.append(folder)
    if late and not any(os.path.lexists(folder / kind) for folder in folders for kind in KINDS):
        return LatePlugins()
    plugins = load(folders)
    _complain_of(plugins)
    return plugins


def _complain_of(plugins: Plugins) -> None:
    for broken in plugins.broken:
        complain(f"plugin not loaded: {broken.file}: {broken.reason}")
