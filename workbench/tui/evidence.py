"""The evidence of a finding as plain text, to paste into a message: what is known of it, and no secret."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from workbench.model.finding import Finding, Location
from workbench.secrets import redact
from workbench.text import visible

_LABEL = 10
_MOST = 50
_LONGEST = 2000


def evidence_text(finding: Finding) -> str:
    """The finding in lines. A finding holds no secret; what looks like one all the same is replaced."""
    return "\n".join(redact(visible(line, _LONGEST)) for line in _lines(finding)) + "\n"


def where(location: Location) -> str:
    """The place in words: path, line, column, and the way into the document."""
    line = f", line {location.line}" if location.line else ""
    column = f", column {location.column}" if location.line and location.column else ""
    inside = " › ".join(str(step) for step in location.pointer)
    return f"{location.path}{line}{column}" + (f" ({inside})" if inside else "")


def _lines(finding: Finding) -> Iterator[str]:
    yield f"{finding.severity.value}: {finding.summary}"
    yield _labelled("check", finding.check)
    yield _labelled("finding", finding.identity)
    yield _labelled("subject", f"{finding.subject.kind} {finding.subject.label}")
    if finding.location is not None:
        yield _labelled("where", where(finding.location))
    for other in finding.also[:_MOST]:
        yield _labelled("also", f"{other.kind} {other.label}")
    for evidence in finding.evidence[:_MOST]:
        yield _labelled("expected", evidence.expected)
        yield _labelled("actual", evidence.actual)
        if evidence.command:
            yield _labelled("see it", shlex.join(evidence.command))
    left = max(len(finding.also), len(finding.evidence)) - _MOST
    if left > 0:
        yield f"and {left} more"


def _labelled(label: str, text: str) -> str:
    return label.ljust(_LABEL) + text
