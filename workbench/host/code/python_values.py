"""What is known of a value while a function is followed: where it came from, and what was done with it."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from typing import Literal

from workbench.host.code.python_module import Function, Module, Scope
from workbench.model.code import CommandUse, Containment, PathUse, Site, Unpickling
from workbench.model.record import draft, record

Form = Literal["raw", "absolute", "normal", "resolved"]
Origin = Literal["argument", "arguments", "message", "reader"]
FORMS: tuple[Form, ...] = ("raw", "absolute", "normal", "resolved")
STRENGTH: tuple[Containment, ...] = (
    "none", "prefix without separator", "not resolved", "text only", "checked before resolved", "unknown", "sound"
)  # fmt: skip


@record
class Label:
    """Where a value came from: an argument of a tool, all its arguments, a message, or what messages are read from."""

    origin: Origin
    name: str


@record
class Value:
    """A value that came from elsewhere. ``form`` is what was done to it as a path.

    ``whole``: it is the argument itself, nothing was put around it. ``model`` is the class it is one of.
    ``chosen``: it is what a message chose by its name, to be called.
    """

    labels: frozenset[Label]
    form: Form = "raw"
    is_path: bool = False
    whole: bool = True
    model: ast.ClassDef | None = None
    chosen: bool = False


@draft
class Handling:
    """What a function does with what it receives."""

    node: ast.expr
    scope: Scope
    channel: str
    validator: str
    acts: list[str]
    dispatch: str


@draft
class Run:
    """One function that is followed, with what it calls. ``checks`` are what stood before; ``lost`` are the places in
    which a value was handed to what cannot be followed. ``receives`` where it may come upon messages on its way.
    """

    module: Module
    tool: str
    checks: dict[Label, tuple[Containment, int]]
    validated: dict[Label, str]
    active: list[Function]
    paths: list[PathUse]
    commands: list[CommandUse]
    unpicklings: list[Unpickling]
    handled: dict[Label, Handling]
    lost: dict[Label, Site]
    receives: bool = False


def new_run(module: Module, tool: str, *, receives: bool = False) -> Run:
    """A run that has seen nothing yet."""
    return Run(module, tool, {}, {}, [], [], [], [], {}, {}, receives)


def together(values: Iterable[Value | None], *, whole: bool = False) -> Value | None:
    """What several values give when they are put into one: the weakest form of all, from all their places."""
    found = [value for value in values if value is not None]
    if not found:
        return None
    if len(found) == 1 and whole:
        return found[0]
    labels = frozenset[Label]().union(*(value.labels for value in found))
    form = min((value.form for value in found), key=FORMS.index)
    return Value(labels, form, any(value.is_path for value in found), whole and all(each.whole for each in found))


def checked(run: Run, value: Value, how: Containment, line: int) -> None:
    """Note that a value was checked; the best of several checks counts."""
    for label in value.labels:
        known = run.checks.get(label)
        if known is None or STRENGTH.index(how) > STRENGTH.index(known[0]):
            run.checks[label] = (how, line)
