"""What keeps a path in its folder, judged by the checks on its way."""

from __future__ import annotations

from collections.abc import Sequence

from workbench.host.code.javascript_syntax import Node
from workbench.host.code.javascript_values import Guard, Taint
from workbench.model.code import Containment

_CHANGING = {"resolved", "joined"}
# The best of several checks counts.
_ORDER: tuple[Containment, ...] = (
    "sound",
    "unknown",
    "text only",
    "checked before resolved",
    "not resolved",
    "prefix without separator",
    "none",
)


def containment(taint: Taint, guards: Sequence[Guard]) -> tuple[Containment, Node | None]:
    """What keeps a value that is used as a path in its folder, and the check that is the best of those there are."""
    if taint.lost or any(guard.kind == "unknown" for guard in guards):
        return "unknown", None
    checks = [guard for guard in guards if guard.kind in ("prefix", "relative")]
    if not checks:
        step = next((step for step in taint.steps if step.kind in _CHANGING), None)
        return ("not resolved", step.node) if step is not None else ("none", None)
    judged = sorted(((_judged(taint, guard), guard) for guard in checks), key=lambda each: _ORDER.index(each[0]))
    return judged[0][0], judged[0][1].node


def _judged(taint: Taint, guard: Guard) -> Containment:
    if guard.separated is None:
        return "unknown"
    if not guard.separated:
        return "prefix without separator"
    if guard.real:
        return "sound"
    after = {step.kind for step in taint.steps[guard.stage :]}
    if guard.resolved or guard.kind == "relative":
        return "checked before resolved" if "real" in after else "text only"
    return "checked before resolved" if after & {"resolved", "joined", "real"} else "not resolved"


def worst(judged: Sequence[tuple[Containment, Node | None]]) -> tuple[Containment, Node | None]:
    """Of several ways to one use: not understood if one is not, sound only if all are, else the first that is not."""
    for each in judged:
        if each[0] == "unknown":
            return each
    return next((each for each in judged if each[0] != "sound"), judged[0])
