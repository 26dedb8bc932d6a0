"""``workbench --headless --watch``: the report once, then a line for each thing that changed in it."""

from __future__ import annotations

import argparse
import sys
import threading

from workbench.commands import look, workbench_of
from workbench.exits import Exit, Unusable, complain
from workbench.model.report import Report
from workbench.model.snapshot import Snapshot
from workbench.options import put
from workbench.text import visible
from workbench.watching import Change, Difference
from workbench.watching import watch as watch_for


def watch(options: argparse.Namespace) -> int:
    """Print the report, then what changes, until Ctrl+C. Raises Unusable."""
    if not (options.headless or options.json):
        raise Unusable("--watch goes with --headless: workbench --headless --watch")
    if options.replay is not None or options.demo:
        raise Unusable("--watch looks at this host, so it does not go with --replay or --demo")
    if options.sudo:
        raise Unusable("--watch does not go with --sudo, which would ask again at each look: run it as root")
    workbench = workbench_of(options)

    def once() -> tuple[Snapshot, Report]:
        snapshot = look(workbench, options)
        return snapshot, workbench.judge(snapshot)

    first = once()
    _begin(first[1], as_json=options.json)
    complain("waiting for changes; Ctrl+C ends it")
    watch_for(
        once,
        first,
        lambda changes, difference, report: _tell(changes, difference, report, as_json=options.json),
        threading.Event(),
        options.watch,
    )
    return Exit.CLEAN


def _begin(report: Report, *, as_json: bool) -> None:
    if as_json:
        from workbench.report.watch_document import report_line

        print(report_line(report))
    else:
        from workbench.report.text import as_text

        put(as_text(report))
    sys.stdout.flush()


def _tell(changes: tuple[Change, ...], difference: Difference, report: Report, *, as_json: bool) -> None:
    if as_json:
        from workbench.report.watch_document import changed_line

        print(changed_line(changes, difference, report))
    else:
        for words in difference.words:
            put(f"{visible(f'{report.taken_at}  {words}')}\n")
    sys.stdout.flush()
