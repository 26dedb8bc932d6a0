"""What is checked of a value on its way through JavaScript: every use of the names it had, and what that use does."""

from __future__ import annotations

import re

from workbench.host.code.javascript_branches import denies, is_compared, is_elsewhere
from workbench.host.code.javascript_flow import DEEPEST_CALLS, Flow
from workbench.host.code.javascript_harmless import (
    HARMLESS_BEGINNING,
    HARMLESS_CALL,
    PASSIVE_METHODS,
    TAKING_METHODS,
    TEXT_METHODS,
    is_logging,
)
from workbench.host.code.javascript_schemas import is_schema_check
from workbench.host.code.javascript_scopes import EACH, Binding, Path, targets
from workbench.host.code.javascript_separators import Separators
from workbench.host.code.javascript_syntax import FUNCTIONS, Node
from workbench.host.code.javascript_texts import literal, property_name
from workbench.host.code.javascript_values import Call, Guard, GuardKind, Step, Taint, Ways
from workbench.model.record import record

_DEEPEST = 6
_MOST_USES = 400
_CLIMB = 60
_FOLDER = re.compile(r"[/\\]")


@record
class _Place:
    """Where a check is looked for: the value under one of its names, and what was made of it there."""

    stage: int
    resolved: bool
    real: bool
    rest: Path
    relative: bool = False
    arguments: tuple[tuple[Binding, Node], ...] = ()


class Guards:
    """Finds the checks of a value before it is used."""

    def __init__(self, flow: Flow) -> None:
        self._flow = flow
        self._names = flow.names
        self._scopes = flow.names.scopes
        self._separators = Separators(flow.names)
        self._given_back: dict[tuple[int, int], bool] = {}

    def of(self, taint: Taint, sink: Node, sites: tuple[Node, ...] = ()) -> list[Guard]:
        """Every check on the way of a value to its use, and every use that may be one. ``sites`` are the calls that led
        to where it is used: what a function does behind them, or in another branch, comes too late or never.
        """
        found: list[Guard] = []
        seen: set[Binding] = set()
        for binding in taint.bindings:
            if binding not in seen:
                seen.add(binding)
                self._of_binding(binding, taint, (sink, *sites), found)
        return found

    def _of_binding(self, binding: Binding, taint: Taint, reached: tuple[Node, ...], found: list[Guard]) -> None:
        own = _function_of(binding.node)
        here = next((each for each in reached if own is None or own.holds(each)), None)
        if len(binding.uses) > _MOST_USES:
            found.append(Guard("unknown", reached[0], 0))
            return
        for use in binding.uses:
            same = here is not None and use.home is here.home
            if here is not None and same and (use.start >= here.start or is_elsewhere(use, here)):
                continue
            stage = _stage(taint.steps, binding, use)
            kinds = {step.kind for step in taint.steps[:stage]}
            place = _Place(
                stage,
                bool(kinds & {"resolved", "joined", "real"}),
                "real" in kinds,
                _rest(taint, binding),
            )
            self._of_use(use, place, found, {binding, *taint.bindings}, 0)

    def _of_use(self, use: Node, place: _Place, found: list[Guard], seen: set[Binding], deep: int) -> None:
        node, rest = use, list(place.rest)
        resolved, real, relative = place.resolved, place.real, place.relative
        for _ in range(_CLIMB):
            self._flow.spend(1)
            parent = node.parent
            if parent is None:
                return
            here = _Place(place.stage, resolved, real, tuple(rest), relative, place.arguments)
            kind = parent.kind
            if kind in ("member_expression", "subscript_expression") and parent["object"] is node:
                outer = parent.parent
                name = property_name(parent) if kind == "member_expression" else literal(parent["index"]) or EACH
                if outer is not None and outer.kind == "call_expression" and outer["function"] is parent:
                    if rest and rest[0] not in (EACH, "0"):
                        return
                    made = self._of_method(outer, name, here, found, seen, deep)
                    if made is None:
                        return
                    node = made
                    continue
                if outer is not None and outer.kind == "assignment_expression" and outer["left"] is parent:
                    if not rest or rest[0] == name or name == EACH:
                        found.append(Guard("unknown", outer, place.stage))
                    return
                if name == "length":
                    return
                # The result of ``safeParse`` holds the value under a name of its own.
                if name == "data" and rest[:1] != ["data"]:
                    node = parent
                    continue
                if rest:
                    if rest[0] != name and EACH not in (rest[0], name):
                        return
                    rest.pop(0)
                node = parent
            elif kind == "subscript_expression":
                if not rest and not relative:
                    found.append(Guard("unknown", parent, place.stage))
                return
            elif kind == "arguments":
                outer = parent.parent
                if outer is None:
                    return
                made, resolved, real, relative = self._of_argument(outer, node, here, found, seen, deep)
                if made is None:
                    return
                node = made
            elif kind in ("await_expression", "spread_element", "template_substitution", "template_string", "object"):
                node = parent
            elif kind in ("sequence_expression", "array", "pair", "ternary_expression"):
                if kind == "ternary_expression" and parent["condition"] is node:
                    return
                if kind == "pair":
                    node = parent
                    # A value put under a name of an object: what is asked of the object is not told by this way.
                    rest = []
                else:
                    node = parent
            elif kind == "binary_expression":
                if parent.word in ("+", "||", "??", "&&"):
                    node = parent
                    continue
                if relative:
                    self._of_relative(
                        parent, parent["right"] if parent["left"] is node else parent["left"], here, found
                    )
                elif parent.word == "in":
                    found.append(Guard("unknown", parent, place.stage))
                elif not rest and parent.word in ("===", "==", "!==", "!="):
                    other = parent["right"] if parent["left"] is node else parent["left"]
                    if literal(other):
                        found.append(Guard("equal", parent, place.stage))
                return
            elif kind in ("variable_declarator", "assignment_expression", "for_in_statement"):
                self._of_derived(parent, node, here, found, seen, deep)
                return
            elif kind == "switch_statement":
                if not rest:
                    found.append(Guard("equal", parent, place.stage))
                return
            else:
                return

    def _of_derived(
        self, parent: Node, node: Node, place: _Place, found: list[Guard], seen: set[Binding], deep: int
    ) -> None:
        """The names that are set to something made of the value: they may be what is checked."""
        left = parent["name"] or parent["left"]
        if left is None or deep >= _DEEPEST:
            return
        for target, path, _default in targets(left):
            binding = self._scopes.binding(target)
            if binding is None or binding in seen:
                continue
            rest = place.rest
            if path and rest and path[0] != rest[0] and EACH not in (path[0], rest[0]):
                continue
            inner = _Place(place.stage, place.resolved, place.real, rest[len(path) :], place.relative, place.arguments)
            for use in binding.uses[:_MOST_USES]:
                self._of_use(use, inner, found, seen | {binding}, deep + 1)

    def _of_method(
        self, call: Node, name: str, place: _Place, found: list[Guard], seen: set[Binding], deep: int
    ) -> Node | None:
        """A method of the value itself: a check, or something made of it, from where the way goes on."""
        argument = call.arguments[0] if call.arguments else None
        if name in TEXT_METHODS:
            return call
        if name in ("forEach", "map", "flatMap"):
            function = self._names.function(argument)
            if function is not None:
                self._of_parameters(
                    function, 0, _Place(place.stage, place.resolved, place.real, place.rest[1:]), found, seen, deep
                )
            return call
        if name in PASSIVE_METHODS:
            return None
        if name in ("startsWith", "indexOf", "includes"):
            text = literal(argument)
            if place.relative:
                self._of_relative(call, argument, place, found)
                return None
            if name == "startsWith" and text is not None and HARMLESS_BEGINNING.match(text):
                return None
            if argument is not None and (name == "startsWith" or (name == "indexOf" and is_compared(call))):
                if denies(call) or (text is not None and (text.startswith("..") or not _FOLDER.search(text))):
                    # What must not be is no folder that it must be in.
                    found.append(Guard("unknown", call, place.stage))
                else:
                    separated = self._separators.ends(argument, place.arguments)
                    found.append(self._guard("prefix", call, place, separated))
                return None
            if text != "\0":
                asks_for_parent = text is not None and ".." in text
                found.append(Guard("unknown" if asks_for_parent else "equal", call, place.stage))
            return None
        found.append(Guard("unknown", call, place.stage))
        return None

    def _of_relative(self, asked: Node, other: Node | None, place: _Place, found: list[Guard]) -> None:
        """A question to ``path.relative``'s answer: whether it leads up is the check, whether it is empty is none."""
        begins = other.home.text(other, 4)[1:] if other is not None else ""
        if begins.startswith(".."):
            found.append(self._guard("relative", asked, place))
        elif literal(other) is None:
            found.append(Guard("unknown", asked, place.stage))

    def _of_argument(
        self, call: Node, node: Node, place: _Place, found: list[Guard], seen: set[Binding], deep: int
    ) -> tuple[Node | None, bool, bool, bool]:
        """The value as an argument: of something that makes another of it, of a check, of a function of the file."""
        name, method = self._names.called(call), self._names.method(call)
        resolved, real, relative = place.resolved, place.real, place.relative
        stop = (None, resolved, real, relative)
        if name in ("path.resolve", "path.join", "path.normalize"):
            return call, True, real, relative
        if name.startswith("fs.realpath"):
            return call, True, True, relative
        if name == "path.relative":
            return (call, True, real, True) if len(call.arguments) > 1 and call.arguments[1] is node else stop
        if name == "path.isAbsolute":
            if relative:
                found.append(self._guard("relative", call, place))
            return stop
        if name in (
            "path.dirname",
            "path.basename",
            "String",
            "Promise.all",
            "Promise.resolve",
            "path.toNamespacedPath",
        ):
            return call, resolved, real, relative
        if name in ("fs.lstat", "fs.lstatSync", "fs.readlink", "fs.readlinkSync"):
            found.append(Guard("unknown", call, place.stage))
            return stop
        if HARMLESS_CALL.match(name) or is_logging(name or method) or call.kind == "new_expression":
            if call.kind == "new_expression" and not (name.endswith("Error") or method.endswith("Error")):
                found.append(Guard("unknown", call, place.stage))
            return stop
        check = is_schema_check(name, method, self._names.receiver(call), self._names)
        if check in ("plain", "wrapped"):
            return stop
        function = self._names.function(call["function"])
        if function is not None and function.kind in FUNCTIONS:
            self._of_function(function, call, node, place, found, seen, deep)
            return (call, resolved, real, relative) if self._gives_back(function, call, node) else stop
        receiver = self._names.receiver(call)
        if receiver is not None and method in TAKING_METHODS and not name:
            return stop
        found.append(Guard("unknown", call, place.stage))
        return stop

    def _of_function(
        self, function: Node, call: Node, node: Node, place: _Place, found: list[Guard], seen: set[Binding], deep: int
    ) -> None:
        """A function of the file that is given the value: what it does with its parameter may be the check."""
        if deep >= _DEEPEST:
            found.append(Guard("unknown", call, place.stage))
            return
        arguments = call.arguments
        position = next((index for index, given in enumerate(arguments) if given.holds(node)), -1)
        parameters = self._scopes.parameters_of(function)
        given = tuple(
            (each, arguments[each.position])
            for each in parameters
            if each.position < len(arguments) and not each.path and each.position != position
        )
        inner = _Place(
            place.stage, place.resolved, place.real, place.rest, place.relative, (*given, *place.arguments)[:16]
        )
        self._of_parameters(function, position, inner, found, seen, deep)

    def _gives_back(self, function: Node, call: Node, node: Node) -> bool:
        """Whether what a function gives back is made of the argument."""
        position = next((index for index, given in enumerate(call.arguments) if given.holds(node)), -1)
        known = self._given_back.get((function.index, position))
        if known is None:
            self._given_back[function.index, position] = True
            parameters = self._scopes.parameters_of(function)
            given: dict[Binding, Ways] = {each: (Taint(),) for each in parameters if each.position == position}
            known = bool(self._flow.answers(function, Call(given, depth=DEEPEST_CALLS - 1)))
            self._given_back[function.index, position] = known
        return known

    def _of_parameters(
        self, function: Node, position: int, place: _Place, found: list[Guard], seen: set[Binding], deep: int
    ) -> None:
        if deep >= _DEEPEST:
            found.append(Guard("unknown", function, place.stage))
            return
        for parameter in self._scopes.parameters_of(function):
            if parameter.position != position or parameter in seen:
                continue
            path, rest = parameter.path, place.rest
            if path and rest and path[0] != rest[0] and EACH not in (path[0], rest[0]):
                continue
            inner = _Place(place.stage, place.resolved, place.real, rest[len(path) :], place.relative, place.arguments)
            for use in parameter.uses[:_MOST_USES]:
                self._of_use(use, inner, found, seen | {parameter}, deep + 1)

    def _guard(self, kind: GuardKind, node: Node, place: _Place, separated: bool | None = True) -> Guard:
        return Guard(kind, node, place.stage, place.resolved, place.real, separated)


def _stage(steps: tuple[Step, ...], binding: Binding, use: Node) -> int:
    """How many steps lie before a use of one of the names: a name that is set again stands for what it was set to."""
    stage = 0
    for index, step in enumerate(steps):
        if step.binding is binding and (stage == 0 or step.node.start <= use.start):
            stage = index + 1
    return stage


def _rest(taint: Taint, binding: Binding) -> Path:
    """The way from what a name stands for to the value that is used in the end."""
    for step in taint.steps:
        if step.binding is binding:
            return taint.path[step.taken :]
    return ()


def _function_of(node: Node) -> Node | None:
    return next((above for above in node.above() if above.kind in FUNCTIONS), None)
