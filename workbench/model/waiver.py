"""A waiver: "accepted, because …, until DATE", and what became of it in one scan."""

from __future__ import annotations

from enum import StrEnum

from workbench.model.record import record
from workbench.model.severity import Severity

LONGEST_WAIVER = 180
"""Days from the day a waiver is accepted to the last day it holds."""

WAIVERS = "waivers.yaml"
"""The name of the file in the person's own folder of the workbench."""

EXPIRED = "waivers/expired"
"""The id of the one check that is not a plugin: what it judges is in no Snapshot."""


@record
class Waiver:
    """One entry of the waivers file: what was accepted, why, by whom and for how long.

    ``finding`` is the identity of one finding of ``check``. ``accepted`` and ``expires`` are ISO dates, both included.
    ``severity`` and ``seen`` (digests) say how bad it was then, so that a worse state is not accepted with it.
    ``line`` counts from 1.
    """

    check: str
    finding: str
    reason: str
    owner: str
    accepted: str
    expires: str
    severity: Severity
    seen: tuple[str, ...]
    line: int | None = None


class WaiverState(StrEnum):
    """What became of one waiver. Only one that is in force keeps a finding out of the grade."""

    IN_FORCE = "in force"
    EXPIRED = "expired"
    WORSE = "worse now"
    CHANGED = "changed since"
    NOT_YET = "not yet"
    STALE = "stale"
    NOT_SEEN = "not seen"


@record
class WaiverOutcome:
    """One waiver in one scan, and why it is in that state, in words ("" where there is nothing to add)."""

    waiver: Waiver
    state: WaiverState
    note: str = ""


@record
class WaiverFile:
    """What a waivers file holds. With a ``problem`` it was not relied on, and no waiver of it is in force."""

    path: str
    waivers: tuple[Waiver, ...] = ()
    problem: str = ""


@record
class Waivers:
    """A waivers file in one scan."""

    path: str
    problem: str
    outcomes: tuple[WaiverOutcome, ...]
