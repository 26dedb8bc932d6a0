"""Follow a value through the code of a JavaScript file: from a tool's argument or a message to where it is used."""

from __future__ import annotations

import re
from collections.abc import Iterable

from workbench.host.code.javascript_answers import stepwise
from workbench.host.code.javascript_branches import is_certain
from workbench.host.code.javascript_names import Names
from workbench.host.code.javascript_schemas import Schemas, is_schema_check
from workbench.host.code.javascript_scopes import EACH, Binding
from workbench.host.code.javascript_syntax import FUNCTIONS, Node
from workbench.host.code.javascript_texts import literal, option, property_name
from workbench.host.code.javascript_values import (
    LOST,
    Call,
    Exhausted,
    StepKind,
    Ways,
    either,
    lost,
    replaced,
    stepped,
    together,
)

DEEPEST_CALLS = 4
_DEEPEST = 40
_MOST_VALUES = 50
_MOST_WORK = 400_000

_EACH_METHODS = {"map", "forEach", "filter", "some", "every", "find", "flatMap", "then"}
_SAME_TEXT = {
    "trim", "trimStart", "trimEnd", "toString", "toLowerCase", "toUpperCase", "slice", "substring", "substr", "concat",
    "normalize", "valueOf", "padStart", "padEnd", "at", "reverse", "flat", "shift", "pop", "splice",
}  # fmt: skip
_SAME_VALUE = {
    "path.dirname", "path.toNamespacedPath", "String", "Promise.all", "Promise.resolve", "Array.from", "JSON.parse",
    "structuredClone", "Object.freeze",
}  # fmt: skip
_NO_TEXT = {"Number", "parseInt", "parseFloat", "Boolean", "BigInt", "Number.parseInt", "Number.parseFloat"}
# What may be taken out of a path without keeping it anywhere: backslashes, a home's sign, a scheme, quotes around it.
_REPLACED = {"\\", "~", "file://"}
_REPLACED_BY_FORM = re.compile(r"""^/(?:\\\\\+?|\^~|\^file:(?:\\/)+|\^\[?['"]+\]?(?:\|\[?['"]+\]?\$)?)/[a-z]*$""")


class Flow:
    """Answers, for the expressions of one file, what of them comes from outside."""

    def __init__(self, names: Names, schemas: Schemas) -> None:
        self.names = names
        self.schemas = schemas
        self._work = 0

    def of(self, node: Node | None, call: Call, deep: int = 0) -> Ways:
        """How values from outside get into an expression."""
        self.spend(1)
        if node is None:
            return ()
        if deep > _DEEPEST:
            return LOST
        kind = node.kind
        deep += 1
        if kind in ("identifier", "shorthand_property_identifier"):
            return self._of_name(node, call, deep)
        if kind == "member_expression" and self.names.scopes.binding(node) is not None:
            return self._of_name(node, call, deep)
        if kind == "member_expression":
            return self.part(self.of(node["object"], call, deep), property_name(node))
        if kind == "subscript_expression":
            return self.part(self.of(node["object"], call, deep), literal(node["index"]) or EACH)
        if kind in ("await_expression", "spread_element", "sequence_expression", "template_substitution"):
            return self.of(node.children[-1], call, deep) if node.children else ()
        if kind == "template_string":
            holes = [child for child in node.children if child.kind == "template_substitution"]
            found = together([self.of(hole, call, deep) for hole in holes[:20]])
            return found if len(node.children) == 1 else stepped(found, "text", node)
        if kind == "binary_expression":
            return self._of_operation(node, call, deep)
        if kind == "ternary_expression":
            return either([self.of(node["consequence"], call, deep), self.of(node["alternative"], call, deep)])
        if kind == "assignment_expression":
            return self.of(node["right"], call, deep)
        if kind == "array":
            return together([self.of(child, call, deep) for child in node.children[:40]])
        if kind == "object":
            return self._of_object(node, call, deep)
        if kind == "call_expression":
            return self._of_call(node, call, deep)
        if kind == "new_expression":
            if self.names.called(node) == "Promise" and node.arguments:
                return self._of_promise(node.arguments[0], call, deep)
            return lost(*[self.of(given, call, deep) for given in node.arguments[:20]])
        return ()

    def spend(self, work: int) -> None:
        """Count work done. Raises Exhausted when it is too much for one file."""
        self._work += work
        if self._work > _MOST_WORK:
            raise Exhausted

    def part(self, ways: Ways, name: str) -> Ways:
        """What of a value from outside one of its properties is."""
        found = []
        for taint in ways:
            if name == "length":
                continue
            if taint.lost:
                found.append(taint)
            elif taint.wrapped:
                if name in ("data", "value", "output"):
                    found.append(replaced(taint, wrapped=False))
            elif len(taint.path) < 8:
                found.append(replaced(taint, path=(*taint.path, name)))
            else:
                return lost(ways)
        return tuple(found)

    def entered(
        self,
        function: Node,
        arguments: list[Node],
        given: list[Ways],
        call: Call,
        site: Node | None = None,
        deep: int = 0,
    ) -> Call:
        """The call of a function of this file with these arguments, and what of them comes from outside."""
        inside = dict(call.given)
        for parameter in self.names.scopes.parameters_of(function):
            position, path = parameter.position, parameter.path
            ways = given[position] if position < len(given) else ()
            named = option(arguments[position], path[0]) if path and ways and arguments else None
            if named is not None:
                # An object that is written down in the call and taken apart in the function: each name by itself.
                ways, path = self.of(named, call, deep), path[1:]
            for name in path:
                ways = self.part(ways, name)
            inside[parameter] = stepped(ways, "bound", parameter.node, parameter)
        if site is not None:
            return Call(inside, call.depth, (site, *call.sites))
        return Call(inside, call.depth + 1, call.sites)

    def answers(self, function: Node, call: Call, deep: int = 0) -> Ways:
        """What a function gives back."""
        body = function["body"]
        if body is None:
            return ()
        if body.kind != "statement_block":
            return self.of(body, call, deep)
        found = []
        for statement in self.own(function):
            if statement.kind == "return_statement" and statement.children:
                found.append(self.of(statement.children[0], call, deep))
        return either(found)

    def own(self, function: Node) -> Iterable[Node]:
        """The nodes of a function, without those of the functions in it."""
        nodes, base = function.home.nodes, function.home.base
        index = function.index + 1
        while index <= function.last:
            self.spend(1)
            node = nodes[index - base]
            yield node
            index = node.last + 1 if node.kind in FUNCTIONS else index + 1

    def _of_name(self, node: Node, call: Call, deep: int) -> Ways:
        binding = self.names.scopes.binding(node)
        if binding is None or (binding.function is not None and binding.kind != "parameter"):
            return ()
        if len(binding.values) > _MOST_VALUES:
            return LOST
        reaching = self._reaching(binding, node)
        key = (binding, reaching)
        if key in call.known:
            return call.known[key]
        # While it is worked out it is nothing: what refers to itself adds nothing to itself.
        call.known[key] = ()
        ways: list[Ways] = []
        for index in reaching:
            if index < 0:
                ways.append(self._at_first(binding, call, deep))
                continue
            value = binding.values[index]
            found = self.of(value.expression, call, deep)
            for name in value.path:
                found = self.part(found, name)
            ways.append(stepped(found, "bound", value.expression, binding))
        answer = call.known[key] = either(ways)
        return answer

    def _at_first(self, binding: Binding, call: Call, deep: int) -> Ways:
        if binding in call.given:
            return call.given[binding]
        if binding.kind != "parameter":
            return ()
        return stepped(self._of_element(binding, call, deep), "bound", binding.node, binding)

    def _reaching(self, binding: Binding, use: Node) -> tuple[int, ...]:
        """Which of a name's values it may have at a place, by their position; -1 for what it is given at first."""
        before = []
        for index in sorted(range(len(binding.values)), key=lambda index: -binding.values[index].expression.start):
            value = binding.values[index]
            self.spend(1)
            if value.expression.holds(use) or _is_default(binding, value.expression):
                continue
            if value.expression.start < use.start:
                before.append(index)
                if not value.added and is_certain(value.expression, use):
                    return tuple(before)
        if not before and binding.kind != "parameter":
            return tuple(range(len(binding.values)))
        return (*before, -1)

    def _of_element(self, binding: Binding, call: Call, deep: int) -> Ways:
        """What a callback's parameter is: in ``list.map(each => …)`` one element of the list."""
        function = binding.function
        given = function.parent if function is not None else None
        outer = given.parent if given is not None and given.kind == "arguments" else None
        if outer is None or outer.kind != "call_expression" or binding.position != 0:
            return ()
        method = self.names.method(outer)
        receiver = self.names.receiver(outer)
        if receiver is None or method not in _EACH_METHODS or given is None or given.children[0] is not function:
            return ()
        ways = self.of(receiver, call, deep)
        if method != "then":
            ways = self.part(ways, EACH)
        for name in binding.path:
            ways = self.part(ways, name)
        return ways

    def _of_operation(self, node: Node, call: Call, deep: int) -> Ways:
        left, right = node["left"], node["right"]
        if node.word == "+":
            # A long sum leans to the left: go down its side, not into it.
            terms = [right]
            while left is not None and left.kind == "binary_expression" and left.word == "+" and len(terms) < 40:
                terms.append(left["right"])
                left = left["left"]
            terms.append(left)
            return stepped(together([self.of(term, call, deep) for term in reversed(terms)]), "text", node)
        if node.word in ("||", "??"):
            return either([self.of(left, call, deep), self.of(right, call, deep)])
        return self.of(right, call, deep) if node.word == "&&" else ()

    def _of_object(self, node: Node, call: Call, deep: int) -> Ways:
        spread = []
        for child in node.children[:40]:
            value = child["value"] if child.kind == "pair" else child
            found = self.of(value, call, deep) if child.kind != "method_definition" else ()
            if child.kind == "spread_element":
                spread.append(found)
            elif found:
                return lost(found)
        return either(spread)

    def _of_call(self, node: Node, call: Call, deep: int) -> Ways:
        name, method, arguments = self.names.called(node), self.names.method(node), node.arguments
        if name in _NO_TEXT:
            return ()
        if (inner := stepwise(node)) is not None:
            return self.answers(inner, call, deep)
        given = [self.of(argument, call, deep) for argument in arguments[:20]]
        if name in ("path.resolve", "path.join", "path.normalize"):
            # What is put behind a value from outside does not take it anywhere else.
            joined: StepKind = "joined" if any(given[1:]) else "child"
            return stepped(together(given), joined if name == "path.join" else "resolved", node)
        if name in ("path.basename", "path.extname"):
            return stepped(together(given[:1]), "base", node)
        if name in _SAME_VALUE:
            return together(given[:1])
        if name.startswith("fs.realpath"):
            return stepped(together(given[:1]), "real", node)
        receiver = self.names.receiver(node)
        on = self.of(receiver, call, deep) if receiver is not None else ()
        check = is_schema_check(name, method, receiver, self.names)
        if check and any(given):
            return self._checked(node, check, given) if check != "asked" else lost(*given)
        if on:
            return self._of_method(node, method, on)
        function = self.names.function(node["function"])
        if function is not None and (any(given) or _closes_over(function, call)):
            if call.depth >= DEEPEST_CALLS:
                return lost(*given)
            return self.answers(function, self.entered(function, arguments, given, call, deep=deep), deep)
        return lost(*given)

    def _of_method(self, node: Node, method: str, on: Ways) -> Ways:
        if method in _SAME_TEXT:
            return on
        if method in ("split", "values"):
            return self.part(on, EACH)
        if method == "join":
            return stepped(on, "text", node)
        if method in ("replace", "replaceAll") and node.arguments:
            first = node.arguments[0]
            if literal(first) in _REPLACED or (first.kind == "regex" and _REPLACED_BY_FORM.match(first.text)):
                return on
        return lost(on)

    def _of_promise(self, executor: Node, call: Call, deep: int) -> Ways:
        """What a promise holds in the end: what is given to the first parameter of its function."""
        parameters = self.names.scopes.parameters_of(executor)
        resolve = next((each for each in parameters if each.position == 0 and not each.path), None)
        found = []
        for use in resolve.uses[:_MOST_VALUES] if resolve is not None else ():
            around = use.parent
            outer = around.parent if around is not None and around.kind == "arguments" else around
            if outer is None or outer.kind != "call_expression":
                continue
            if outer["function"] is use:
                found += [self.of(argument, call, deep) for argument in outer.arguments[:1]]
            elif self.names.method(outer) == "then":
                found.append(self.of(self.names.receiver(outer), call, deep))
            else:
                found.append(lost(*[self.of(argument, call, deep) for argument in outer.arguments[:20]]))
        return either(found)

    def _checked(self, node: Node, check: str, given: list[Ways]) -> Ways:
        ways = next(each for each in given if each)
        schema = self.schemas.of_check(node)
        found = []
        for taint in stepped(ways, "checked", node):
            here = schema if schema is not None else taint.schema
            found.append(
                taint
                if taint.lost
                else replaced(taint, schema=here, described=len(taint.path), wrapped=check == "wrapped")
            )
        return tuple(found)


def _closes_over(function: Node, call: Call) -> bool:
    """Whether a function stands in another that was given something, and so may use it without being given it."""
    return any(
        ways and binding.function is not None and binding.function.holds(function) and binding.function is not function
        for binding, ways in call.given.items()
    )


def _is_default(binding: Binding, expression: Node) -> bool:
    function = binding.function
    listed = function["parameters"] if function is not None else None
    return listed is not None and listed.holds(expression)
