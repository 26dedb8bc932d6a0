"""What is known of a value that comes from outside: by which ways it got to a place in JavaScript, and how changed."""

from __future__ import annotations

from typing import Any, Literal

from workbench.host.code.javascript_scopes import Binding, Path
from workbench.host.code.javascript_syntax import Node
from workbench.model.record import record

StepKind = Literal["bound", "resolved", "joined", "child", "real", "text", "checked", "base"]

GuardKind = Literal["prefix", "relative", "equal", "unknown"]

_MOST_STEPS = 40
_MOST_WAYS = 16


class Exhausted(Exception):  # noqa: N818 - it is an answer, not an error
    """Following the values of this file takes more work than is spent on one."""


@record
class Step:
    """What became of a value: it was given a name, or something was done with it at a node. ``taken`` is how much of
    the way from its parameter lay behind it.
    """

    kind: StepKind
    node: Node
    binding: Binding | None = None
    taken: int = 0


@record
class Taint:
    """A value from outside. ``path`` is the way to it from the parameter it came in by; ``steps`` what became of it
    since. ``lost`` when something was done with it that is not understood: of such a value nothing can be said.
    ``schema`` describes what it may be from ``described`` names into its path on, where the code says so.
    """

    path: Path = ()
    steps: tuple[Step, ...] = ()
    lost: bool = False
    schema: Node | None = None
    described: int = 0
    wrapped: bool = False

    @property
    def bindings(self) -> tuple[Binding, ...]:
        """The names that it had, in order."""
        return tuple(step.binding for step in self.steps if step.binding is not None)


Ways = tuple[Taint, ...]
"""The ways by which values from outside get somewhere: none for a value that is the program's own."""

LOST: Ways = (Taint(lost=True),)


class Call:
    """One call of a function: what its parameters are, and what was worked out within it. ``sites`` are the calls that
    led to it, the last one first; ``depth`` counts those that are only asked for what they give back.
    """

    __slots__ = ("depth", "given", "known", "sites")

    def __init__(self, given: dict[Binding, Ways], depth: int = 0, sites: tuple[Node, ...] = ()) -> None:
        self.given = given
        self.depth = depth
        self.sites = sites
        self.known: dict[tuple[Binding, tuple[int, ...]], Ways] = {}


@record
class Guard:
    """A check of a value. ``stage`` is how many of its steps lie before the check; ``resolved`` and ``real`` tell
    whether what is compared had ``..`` and links taken out by then. ``separated``: what it must begin with ends at a
    separator; None where that is not told.
    """

    kind: GuardKind
    node: Node
    stage: int
    resolved: bool = False
    real: bool = False
    separated: bool | None = None


def stepped(ways: Ways, kind: StepKind, node: Node, binding: Binding | None = None) -> Ways:
    """The same ways, one step on."""
    found = []
    for taint in ways:
        if taint.lost:
            found.append(taint)
        elif len(taint.steps) >= _MOST_STEPS:
            return lost(ways)
        else:
            found.append(replaced(taint, steps=(*taint.steps, Step(kind, node, binding, len(taint.path)))))
    return tuple(found)


def either(alternatives: list[Ways]) -> Ways:
    """A value that is one of several: where one of them is not understood, none of it is."""
    found = [taint for ways in alternatives for taint in ways]
    if len(found) > 1:
        # By another branch, but by the same names and through the same changes: one way is as good as both.
        found = list({(each.path, each.lost, _shape(each)): each for each in found}.values())
    bad = next((taint for taint in found if taint.lost), None)
    if bad is not None or len(found) > _MOST_WAYS:
        return lost((bad or found[0],))
    return tuple(found)


def together(parts: list[Ways]) -> Ways:
    """A value made of several parts: it is enough that one of them comes from outside."""
    found = [taint for ways in parts for taint in ways]
    understood = [taint for taint in found if not taint.lost]
    return tuple(understood[:_MOST_WAYS]) if understood else lost(tuple(found))


def _shape(taint: Taint) -> tuple[tuple[StepKind, int], ...]:
    return tuple((step.kind, id(step.binding)) for step in taint.steps)


def lost(*parts: Ways) -> Ways:
    """What is not understood from here on: of a value from outside it is still told where it came from."""
    for ways in parts:
        for taint in ways:
            return (replaced(taint, lost=True),)
    return ()


def replaced(taint: Taint, **changes: Any) -> Taint:
    """A value with some of what is known of it changed."""
    return Taint(**{name: changes.get(name, getattr(taint, name)) for name in Taint.__dataclass_fields__})
