"""What a check and a fix are to the workbench."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import Any

from workbench.model.finding import Finding, Verdict
from workbench.model.plan import Plan, Refusal, Reversal, Safety
from workbench.model.record import record
from workbench.model.severity import Severity
from workbench.model.snapshot import Snapshot


class Origin(StrEnum):
    """Where a plugin came from."""

    BUILT_IN = "built-in"
    USER = "user"


@record
class Check:
    """One check. ``id``, ``lesson``, ``file`` and ``origin`` are filled in by the loader.

    ``needs`` names the sections (``sockets``) or facets of sections (``processes:environment``) that the check reads,
    that of its subjects first. Where one of them could not be gathered, the scan says "not assessed" for the check, so
    that it need not; where the first is of no meaning on a platform, "not applicable".
    """

    title: str
    severities: tuple[Severity, ...]
    needs: tuple[str, ...]
    run: Callable[[Snapshot], Iterable[Verdict]]
    id: str = ""
    lesson: str = ""
    file: str = ""
    origin: Origin = Origin.BUILT_IN

    @property
    def area(self) -> str:
        """The first part of the id."""
        return self.id.partition("/")[0]

    @property
    def worst(self) -> Severity:
        """The worst severity it can give."""
        return max(self.severities, key=lambda severity: severity.rank)


@record
class Fix:
    """One fix. ``repairs`` are the ids of the checks whose findings it repairs.

    ``plan`` is pure: (finding, snapshot, answers) to a Plan, or a Refusal that says why and what to do instead.
    ``answers`` is a frozen dataclass of what the fix asks, or None; ``suggest`` gives sensible defaults for a finding.
    """

    title: str
    repairs: tuple[str, ...]
    safety: Safety
    reversal: Reversal
    plan: Callable[[Finding, Snapshot, Any], Plan | Refusal]
    answers: type[Any] | None = None
    suggest: Callable[[Finding, Snapshot], Any | Refusal] | None = None
    id: str = ""
    lesson: str = ""
    file: str = ""
    origin: Origin = Origin.BUILT_IN
