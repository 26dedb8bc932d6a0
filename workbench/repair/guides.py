"""The steps of a guide as a person is shown them: nothing of it is ever done by the workbench."""

from __future__ import annotations

from workbench.model.plan import Plan, Refusal, Safety
from workbench.model.run import Change
from workbench.secrets import redact
from workbench.text import visible


def steps_told(plan: Plan) -> tuple[Change, ...] | Refusal:
    """One change for each step, with the text to copy in the place of a diff."""
    if plan.operations or plan.safety is not Safety.GUIDE:
        return Refusal("the plan has steps for the person and changes something itself, which no plan may")
    texts = [text for step in plan.steps for text in (step.words, step.text)]
    if any(redact(text) != text for text in texts):
        return Refusal("a step of the plan looks like a secret, which no plan may hold")
    return tuple(
        Change(visible(step.place), visible(step.words, 2000), "\n".join(map(visible, step.text.split("\n"))))
        for step in plan.steps
    )
