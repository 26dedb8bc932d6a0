"""A batch of repairs as plain lines: all of it for a person, or its changes alone as a diff."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from workbench.model.batch import Batch, BatchStep
from workbench.model.plan import proof
from workbench.report.lines import wrapped
from workbench.text import visible


def as_text(batch: Batch) -> str:
    """The whole batch: every step with its changes, and what is left out and why."""
    return "\n".join(visible(line) for line in _lines(batch)) + "\n"


def as_diff(batch: Batch) -> str:
    """Each change as a comment and its unified diff, secrets redacted. A new mode is in the comment."""
    lines: list[str] = []
    for step in batch.steps:
        for change in step.changes:
            lines += [f"# {change.words}", *(change.diff.split("\n") if change.diff else ())]
    return "\n".join(visible(line) for line in lines) + "\n" if lines else ""


def _lines(batch: Batch) -> Iterator[str]:
    many = len(batch.steps)
    yield f"Every repair that is safe, can be undone in full and asks nothing: {many}"
    for number, step in enumerate(batch.steps, 1):
        yield ""
        yield from _step(number, step)
    if batch.left_out:
        yield ""
        yield f"Left out ({len(batch.left_out)})"
        # One reason often is that of many: each reason once, with whose it is.
        for why, count in Counter(each.why for each in batch.left_out).items():
            named = [each.finding for each in batch.left_out if each.why == why]
            whose = f"{named[0].summary}" + (f" (and {count - 1} more)" if count > 1 else "")
            yield from wrapped(f"{named[0].identity} {whose}: {why}", "  - ", "    ")
    yield ""
    if not many:
        yield "There is nothing to apply."
        return
    yield "Each is a run of its own, verified and undone by itself; the first that is not applied ends it."
    yield "Nothing was changed. To apply exactly this, give the same command with --json > plan.json, then:"
    yield f"  workbench apply plan.json --digest {batch.digest}"


def _step(number: int, step: BatchStep) -> Iterator[str]:
    plan, finding = step.plan, step.finding
    yield from wrapped(plan.title, f"{number} ", "  ")
    yield from wrapped(f"{finding.severity.upper()} {finding.summary}", "  because   ", "            ")
    yield f"  finding   {plan.finding}   {plan.check}"
    yield f"  fix       {plan.fix}"
    for other in step.resolves:
        yield from wrapped(f"{other.identity} {other.summary}", "  also      ", "            ")
    for warning in step.warnings:
        yield from wrapped(warning, "  FIRST     ", "            ")
    if plan.consequences:
        yield from wrapped(plan.consequences, "  may stop  ", "            ")
    yield from wrapped(proof(plan.check, plan.later), "  proven    ", "            ")
    for change in step.changes:
        yield from wrapped(change.words, "  - ", "    ")
        yield from (f"    {line}" for line in change.diff.split("\n") if change.diff)
