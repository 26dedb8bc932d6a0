"""A Batch: every safe repair of a host as one list that is reviewed once, and what is left out of it."""

from __future__ import annotations

from workbench.model.finding import Finding
from workbench.model.plan import Plan
from workbench.model.record import record
from workbench.model.run import Change


@record
class BatchStep:
    """One repair of the list. ``changes`` are what a person is shown: the files as the steps before it leave them.

    ``digest`` is SHA-256 over the plan, what each file is before this step, and what it is after it. ``resolves`` are
    the further findings whose own repair would do no more than this. ``warnings`` are sentences to read before.
    """

    finding: Finding
    plan: Plan
    changes: tuple[Change, ...]
    digest: str
    resolves: tuple[Finding, ...] = ()
    warnings: tuple[str, ...] = ()


@record
class LeftOut:
    """A finding that no step of the list is for, and why."""

    finding: Finding
    why: str


@record
class Batch:
    """The steps in the order in which they are applied. ``digest`` is SHA-256 over the steps, in hexadecimal."""

    steps: tuple[BatchStep, ...]
    left_out: tuple[LeftOut, ...]
    digest: str
