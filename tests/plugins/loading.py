"""Reach the built-in plugins as the workbench does: through the loader, by id."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from workbench import scan
from workbench.model.check import Check, Fix
from workbench.model.finding import Finding, Verdict
from workbench.model.plan import Plan, Refusal
from workbench.model.report import Status
from workbench.model.snapshot import Snapshot
from workbench.plugins import Plugins, load


@lru_cache(maxsize=1)
def plugins() -> Plugins:
    """Every built-in plugin."""
    return load()


def get_check(identity: str) -> Check:
    """A built-in check by id; the reason it is broken when it could not be loaded."""
    assert identity in plugins().checks, plugins().broken
    return plugins().checks[identity]


def get_fix(identity: str) -> Fix:
    """A built-in fix by id; the reason it is broken when it could not be loaded."""
    assert identity in plugins().fixes, plugins().broken
    return plugins().fixes[identity]


def run_check(identity: str, snapshot: Snapshot) -> list[Verdict]:
    """Everything a check says of a snapshot, its findings signed as the scan signs them."""
    check = get_check(identity)
    repairs = plugins().repairs_of(identity)
    said = list(check.run(snapshot))
    return [verdict.of_check(identity, repairs) if isinstance(verdict, Finding) else verdict for verdict in said]


def status(identity: str, snapshot: Snapshot) -> Status:
    """How the scan sorts what a check says, gaps in what it needs included."""
    return scan.run_check(get_check(identity), snapshot).status


def make_plan(identity: str, finding: Finding, snapshot: Snapshot, answers: Any = None) -> Plan | Refusal:
    """The plan a fix makes, with its suggested answers where it asks and none were given."""
    fix = get_fix(identity)
    if answers is None and fix.suggest is not None:
        answers = fix.suggest(finding, snapshot)
        if isinstance(answers, Refusal):
            return answers
    return fix.plan(finding, snapshot, answers)
