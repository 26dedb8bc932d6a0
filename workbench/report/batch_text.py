"""A batch of repairs as plain lines: all of it for a person, or its changes alone as a diff."""

from __future__ import annotations

from collections.abc import Iterator

from workbench.model.batch import Batch, BatchStep
from workbench.model.plan import proof
from workbench.report.lines import wrapped
from workbench.text import visible

_LABEL = 17
"""How wide the words before what they are about are, and the edge."""


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
        # One reason often is that of many: it is said once, over all of them.
        for why in dict.fromkeys(each.why for each in batch.left_out):
            yield from wrapped(f"{why}:", "  ", "  ")
            for each in batch.left_out:
                if each.why == why:
                    yield from wrapped(f"{each.finding.identity} {each.finding.summary}", "  - ", "    ")
        yield "  Look at one by itself: workbench plan FINDING; by hand: workbench explain CHECK"
    yield ""
    if not many:
        yield "There is nothing to apply."
        return
    yield "Each is a run of its own, verified on its own; the first that does not help is rolled back and ends it."
    yield "Nothing was changed. To apply exactly this, give the same command with --json > plan.json, then:"
    yield f"  workbench apply plan.json --digest {batch.digest}"


def _step(number: int, step: BatchStep) -> Iterator[str]:
    plan, finding = step.plan, step.finding
    yield from wrapped(plan.title, f"{number} ", "  ")
    yield from wrapped(f"{finding.severity.upper()} {finding.summary}", "  because        ", " " * _LABEL)
    yield f"  {'finding':<15}{plan.finding}   {plan.check}"
    yield f"  {'fix':<15}{plan.fix}"
    for other in step.resolves:
        yield from wrapped(f"{other.identity} {other.summary}", "  also           ", " " * _LABEL)
    for warning in step.warnings:
        yield from wrapped(warning, "  FIRST          ", " " * _LABEL)
    if plan.consequences:
        yield from wrapped(plan.consequences, "  what may stop  ", " " * _LABEL)
    yield from wrapped(proof(plan.check, plan.later), "  proven         ", " " * _LABEL)
    for change in step.changes:
        yield from wrapped(change.words, "  - ", "    ")
        yield from (f"    {line}" for line in change.diff.split("\n") if change.diff)
