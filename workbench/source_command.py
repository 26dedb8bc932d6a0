"""``workbench source``: the code that somebody names, read and judged by the checks of code alone."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import replace

from workbench.commands import accepted_by, plugins_of, verdict
from workbench.exits import Unusable
from workbench.host.code import named
from workbench.host.files import CannotLook
from workbench.host.gather import gather
from workbench.model.plan import Refusal
from workbench.model.report import Report
from workbench.model.snapshot import Snapshot
from workbench.options import context_of, put
from workbench.planning import plan
from workbench.plugins import Plugins
from workbench.scan import scan
from workbench.text import visible

AREA = "source"
_LANGUAGES = {"python": "Python", "javascript": "JavaScript", "typescript": "TypeScript"}


def source(options: argparse.Namespace) -> int:
    """Print the report on the code in a folder or a file, and exit by what was found. It runs nothing of it."""
    snapshot = snapshot_of(options)
    plugins = plugins_of(options)
    report = scan(snapshot, of_code(plugins), accepted=accepted_by(options))
    if options.json:
        from workbench.report.document import as_json

        print(as_json(report))
    else:
        from workbench.report.text import as_text

        (root,) = snapshot.code.roots
        counted = ", ".join(f"{count} of {_LANGUAGES[language]}" for language, count in root.files)
        total = sum(count for _, count in root.files)
        files = "1 file" if total == 1 else f"{total} files"
        put(f"Code in {root.path}: {files} looked through ({counted}), {root.parsed} of them closely\n\n")
        put(as_text(report))
        if options.suggest:
            put("".join(f"{line}\n" for line in suggested(report, snapshot, plugins)))
        elif any(True for _ in report.standing()):
            put(f"\nThe corrected code for each: workbench source --suggest {root.path}\n")
    return verdict(report, options.fail_on, options.min_coverage)


def snapshot_of(options: argparse.Namespace) -> Snapshot:
    """A Snapshot of nothing but the code at the path that the options name. Raises Unusable."""
    shown = visible(str(options.path))
    try:
        code = named(str(options.path))
    except CannotLook as why:
        raise Unusable(f"{shown} cannot be read: {why.why}") from why
    if not code.roots:
        gap = code.state.unread[0] if code.state.unread else None
        reason = gap.why if gap is not None else "there is no Python, JavaScript or TypeScript in it"
        raise Unusable(f"{shown}: {reason}")
    return replace(gather(context_of(options), only=()), code=code)


def of_code(plugins: Plugins) -> Plugins:
    """The checks of code alone, and every fix."""
    checks = {identity: check for identity, check in plugins.checks.items() if check.area == AREA}
    return Plugins(checks, plugins.fixes, plugins.broken)


def suggested(report: Report, snapshot: Snapshot, plugins: Plugins) -> Iterator[str]:
    """For each finding the steps that its repairs ask of the person, with the code to copy."""
    from workbench.repair.guides import steps_told
    from workbench.report.lines import wrapped

    for finding in report.standing():
        for fix in plugins.fixes.values():
            if finding.check not in fix.repairs:
                continue
            yield ""
            yield from wrapped(f"{finding.identity}  {finding.summary}", "", "  ")
            made = plan(fix, finding, snapshot, {})
            told = made if isinstance(made, Refusal) else steps_told(made)
            if isinstance(told, Refusal):
                yield from wrapped(f"{fix.id}: {told.reason}", "  ", "  ")
                continue
            for number, step in enumerate(told, 1):
                yield from wrapped(f"{step.path}: {step.words}", f"  {number} ", "    ")
                yield from (f"    {line}".rstrip() for line in step.diff.split("\n") if step.diff)
