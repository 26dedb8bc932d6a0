"""What the checks of systemd units have in common: one unit after the other, and what is said of one read in part."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from workbench.model.finding import NotApplicable, NotAssessed, Verdict
from workbench.model.snapshot import Snapshot
from workbench.model.units import UnitFact


def judge_units(snapshot: Snapshot, judge: Callable[[UnitFact], Verdict | None]) -> Iterator[Verdict]:
    """What ``judge`` says of each unit; None where the collector has said already that it was not seen."""
    if not snapshot.units.units:
        yield NotApplicable("no systemd unit here runs an MCP server")
    for unit in snapshot.units.units:
        verdict = judge(unit)
        if verdict is not None:
            yield verdict


def read_in_part(unit: UnitFact) -> NotAssessed:
    """That a unit which is not ``whole`` may say more than was read."""
    return NotAssessed(unit.name, "a part of the unit could not be read", "run the scan as root")
