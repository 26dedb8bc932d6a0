"""Which of several fixes is meant where none is named: by a stated order, and never by chance.

First what is safest, then what can be undone in full, then what takes no root. A fix that would refuse here, or that
asks nothing of what was answered, is not meant; one that takes the server away only where it is named. Where two come
out alike, nobody but the person can say.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any, get_args

from workbench.model.acts import Act
from workbench.model.check import Fix
from workbench.model.finding import Finding
from workbench.model.operations import CreateRootFile, EditRootFile, RepairUnit
from workbench.model.plan import Plan, Reversal, Safety
from workbench.model.snapshot import Snapshot

if TYPE_CHECKING:
    from workbench.engine import Workbench

ORDER = "the safest, then what is undone in full, then what takes no root"
_ONLY_NAMED = ("clients/remove-server",)
_SAFETY = (Safety.SAFE, Safety.REVIEW, Safety.GUIDE)
_REVERSAL = (Reversal.FULL, Reversal.PARTIAL, Reversal.NONE)
_OF_ROOT = (EditRootFile, CreateRootFile, RepairUnit, *get_args(Act))


def recommended(
    workbench: Workbench, offered: Sequence[Fix], finding: Finding, snapshot: Snapshot, given: Mapping[str, Any]
) -> tuple[Fix, ...]:
    """The fixes that are meant: one, or several that come out alike. Where all refuse, the first of those that fit.

    None where none is left, or none asks all that is answered in ``given``.
    """
    fitting = [fix for fix in offered if set(given) <= _asks(fix) and fix.id not in _ONLY_NAMED]
    ranked = {}
    for fix in fitting:
        made = workbench.plan(fix, finding, snapshot, given)
        if isinstance(made, Plan):
            ranked[fix.id] = _rank(made)
    if not ranked:
        return tuple(fitting[:1])
    best = min(ranked.values())
    return tuple(fix for fix in fitting if ranked.get(fix.id) == best)


def _rank(plan: Plan) -> tuple[int, int, bool]:
    as_root = any(isinstance(operation, _OF_ROOT) for operation in plan.operations)
    return _SAFETY.index(plan.safety), _REVERSAL.index(plan.reversal), as_root


def _asks(fix: Fix) -> set[str]:
    return {each.name for each in fields(fix.answers)} if fix.answers is not None else set()
