"""A Plan: what a repair will do, as an ordered list of operations from a closed set, or why there is none."""

from __future__ import annotations

import json
from dataclasses import asdict
from enum import StrEnum

from workbench.model.operations import Operation
from workbench.model.record import record


class Safety(StrEnum):
    """How much a fix asks of the person."""

    SAFE = "safe"
    REVIEW = "review"
    GUIDE = "guide"


class Reversal(StrEnum):
    """How much of it undo brings back."""

    FULL = "full"
    PARTIAL = "partial"
    NONE = "none"


@record
class Step:
    """One step that a guide asks of the person: where, what to do, and the text to copy for it ("" for none)."""

    place: str
    words: str
    text: str = ""


@record
class Plan:
    """One repair of one finding. ``finding`` is the finding's identity, ``check`` the check that must pass afterwards.

    A guide has ``steps`` for the person and no operation: nothing of it is ever done by the workbench.
    ``consequences`` says in plain words what may stop working; ``keeps`` what undo does not bring back ("" for all).
    ``later`` says when it takes effect ("" for at once), such as "at your next login": until then the check goes on
    finding what it found, and all that is verified is that the change is in place.
    ``confirm`` is how many seconds the person has to confirm it before all of it is undone by itself (0: none needed).
    """

    fix: str
    check: str
    finding: str
    title: str
    safety: Safety
    reversal: Reversal
    operations: tuple[Operation, ...]
    consequences: str = ""
    keeps: str = ""
    later: str = ""
    confirm: int = 0
    steps: tuple[Step, ...] = ()

    @property
    def digest(self) -> str:
        """SHA-256 over the whole plan, in hexadecimal: what was shown is what may be applied."""
        import hashlib

        said = asdict(self)
        if not self.confirm:
            del said["confirm"]  # the journals and plan files of before know no such thing
        if not self.steps:
            del said["steps"]
        for each in said["operations"]:
            if each.get("drop_in", ...) is None:
                del each["drop_in"]  # nor do they this
        text = json.dumps(said, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def proof(check: str, later: str, *, guide: bool = False) -> str:
    """How a plan is proven afterwards, and what happens where that fails, in words. Of its ``check`` and ``later``."""
    if guide:
        return f"Look again when you have done it: {check} then says whether it helped."
    if not later:
        return (
            f"The host is looked at again and every check runs again. If {check} still finds this, or the change made"
            " something else worse, all of it is rolled back."
        )
    return (
        "The host is looked at again: the change must be in place, or all of it is rolled back. It takes effect"
        f" {later}; {check} finds this until then."
    )


@record
class Refusal:
    """Why there is no plan, and what the person can do instead."""

    reason: str
    instead: str = ""
