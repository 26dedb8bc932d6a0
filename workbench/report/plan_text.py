"""A plan as plain lines: all of it for a person, or its changes alone as a diff."""

from __future__ import annotations

import json
import shlex
from collections.abc import Collection, Iterator

from workbench.model.finding import Finding
from workbench.model.plan import Reversal, Safety, proof
from workbench.report.lines import wrapped
from workbench.report.plan_file import PlanDocument
from workbench.text import visible

_SAFETY = {
    Safety.SAFE: "safe: it changes nothing that a server needs",
    Safety.REVIEW: "review: it may change what a server can do; read the plan",
    Safety.GUIDE: "guide: steps for you to take",
}
_UNDO = {
    Reversal.FULL: "full: it brings back the previous bytes and mode",
    Reversal.PARTIAL: "partial",
    Reversal.NONE: "none: there is no undo for this",
}


def as_text(plan: PlanDocument, finding: Finding, given: Collection[str]) -> str:
    """The whole plan. ``given`` are the names of the answers that were given; the others are as the fix suggests."""
    return "\n".join(visible(line) for line in _lines(plan, finding, given)) + "\n"


def as_diff(plan: PlanDocument) -> str:
    """Each change as a comment and its unified diff, secrets redacted. A new mode is in the comment."""
    lines: list[str] = []
    for change in plan.changes:
        lines += [f"# {change.words}", *(change.diff.split("\n") if change.diff else ())]
    return "\n".join(visible(line) for line in lines) + "\n"


def _lines(plan: PlanDocument, finding: Finding, given: Collection[str]) -> Iterator[str]:
    yield from wrapped(plan.title, "", "  ")
    yield from wrapped(f"{finding.severity.upper()} {finding.summary}", "  because   ", "            ")
    yield f"  finding   {plan.finding}   {plan.check}"
    yield f"  fix       {plan.fix}"
    yield from wrapped(_SAFETY[plan.safety], "  class     ", "            ")
    kept = f"; it does not bring back: {plan.keeps}" if plan.keeps else ""
    yield from wrapped(_UNDO[plan.reversal] + kept, "  undo      ", "            ")
    for name, answer in plan.answers.items():
        said = answer if isinstance(answer, str) else json.dumps(answer)
        suggested = "" if name in given else "   (suggested; another one with --answer)"
        yield from wrapped(f"{name}={said}{suggested}", "  answer    ", "            ")
    yield ""
    guide = plan.safety is Safety.GUIDE
    done = "What you do" if guide else "What will be done"
    yield f"{done} ({len(plan.changes)} {'step' if len(plan.changes) == 1 else 'steps'})"
    for number, change in enumerate(plan.changes, 1):
        yield from wrapped(change.words, f"  {number} ", "    ")
        yield from (f"    {line}" for line in change.diff.split("\n") if change.diff)
        if change.commands:
            yield f"    exactly these {len(change.commands)} commands run, one after the other:"
            for command in change.commands:
                yield from wrapped(shlex.join(command), "      ", "        ")
    for warning in plan.warnings:
        yield ""
        yield from wrapped(warning, "FIRST: ", "  ")
    yield ""
    yield "What may stop working"
    yield from wrapped(plan.consequences or "Nothing is known that would.", "  ", "  ")
    yield ""
    yield "How it is proven"
    yield from wrapped(proof(plan.check, plan.later, guide=guide), "  ", "  ")
    if plan.confirm:
        within = f"Then you have {plan.confirm} seconds to confirm it, or all of it is undone by itself."
        yield from wrapped(within, "  ", "  ")
    yield ""
    if guide:
        yield "Nothing was changed, and nothing is: the steps are yours to take."
        return
    yield "Nothing was changed. To apply exactly this, give the same command with --json > plan.json, then:"
    yield f"  workbench apply plan.json --digest {plan.digest}"
    yield "To read it as a shell script that does the same and takes it back: --script"
