"""``workbench report``: the report of this host, or of a snapshot file, for somebody else to read."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

from workbench.commands import look, verdict, workbench_of
from workbench.exits import Unusable
from workbench.model.report import Report
from workbench.options import put, replayed
from workbench.report.exporting import Format, export, format_of, render


def report(options: argparse.Namespace) -> int:
    """Write the report to the named file, or to standard output, and exit by what was found."""
    path: Path | None = options.output if options.output != Path("-") else None
    format: Format = options.format or format_of(path)  # noqa: A001 - it is the word for it
    if options.baseline is not None and format != "sarif":
        raise Unusable("--baseline is for SARIF; for the other formats: workbench compare OLD NEW")
    workbench = workbench_of(options)
    snapshot = replayed(options) or look(workbench, options)
    made = workbench.judge(snapshot)
    states = _states(options.baseline, made)
    fixes = None
    if format == "sarif" and options.replay is None and not options.demo:
        from workbench.report.sarif_fixes import fixes_of

        fixes = fixes_of(workbench, made, snapshot)
    if path is None:
        put(render(made, snapshot, workbench.plugins, format, states, fixes))
    else:
        export(made, snapshot, workbench.plugins, format, path, states, fixes)
    return verdict(made, options.fail_on, options.min_coverage)


def _states(baseline: Path | None, made: Report) -> Mapping[str, str] | None:
    if baseline is None:
        return None
    from workbench.report.comparing import baseline_states
    from workbench.report.document import document
    from workbench.report.report_file import read

    return baseline_states(read(baseline), document(made))
