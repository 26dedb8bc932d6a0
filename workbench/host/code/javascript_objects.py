"""The classes of JavaScript: of which one an object is, and what its methods are, from whichever class it has them."""

from __future__ import annotations

from workbench.host.code.javascript_answers import answers_of, size_of
from workbench.host.code.javascript_known import Known
from workbench.host.code.javascript_syntax import Node

# Expressions that give back one or the other of their parts.
_EITHER = {
    "ternary_expression": ("consequence", "alternative"),
    "binary_expression": ("left", "right"),
    "assignment_expression": ("right",),
    "augmented_assignment_expression": ("right",),
}
_MOST_BASES = 6
_MOST_CLASSES = 8
_MOST_HEIRS = 50
DEEPEST = 8


def class_of(node: Node | None, names: Known, deep: int = 0) -> Node | None:
    """The class whose method is called on an expression, where there is but one: see ``classes_of``."""
    found = classes_of(node, names, deep)
    return found[0] if len(found) == 1 else None


def classes_of(node: Node | None, names: Known, deep: int = 0) -> list[Node]:
    """The classes of one of which an expression is an object, or the class itself; none where one is not known."""
    if node is None or deep > DEEPEST:
        return []
    if deep:
        return _worked_out(node, names, deep)
    # What is known of parameters may grow, and nothing else.
    key = (node.index, names.grown)
    if key not in names.classes:
        names.classes[key] = _worked_out(node, names, deep)
    return names.classes[key]


def _worked_out(expression: Node, names: Known, deep: int) -> list[Node]:
    names.spend(1)
    node = names.value(expression)
    if node is None:
        return []
    binding = names.scopes.binding(node)
    if binding is not None and binding.kind == "parameter":
        return names.objects.get(binding, [])
    if node.kind == "new_expression":
        made = class_named(node["constructor"], names)
        if made is not None:
            for each in members(made, "constructor", names)[:1]:
                given(each, node.arguments, names, deep + 1)
        ways: list[Node | None] = [made]
    elif node.kind == "call_expression":
        ways = _given_back(node, names, deep)
    elif node.kind in _EITHER:
        parts = [node[field] for field in _EITHER[node.kind]]
        ways = _each([each for each in parts if each is not None], names, deep)
    elif node.kind in ("identifier", "member_expression") and (values := set_to(node, names)):
        ways = _each(values, names, deep)
    else:
        ways = [class_named(node, names)]
    found = [each for each in dict.fromkeys(ways) if each is not None]
    return found if len(found) == len(dict.fromkeys(ways)) <= _MOST_CLASSES else []


def _given_back(call: Node, names: Known, deep: int) -> list[Node | None]:
    function = call["function"]
    if function is not None and names.last(function) == "getInstance":
        made: Node | None = class_of(function["object"], names, deep + 1)
        return [made]
    called = names.function(function, deep + 1)
    names.spend(size_of(called))
    answers = answers_of(called)[: _MOST_CLASSES + 1] if called is not None else []
    return _each(answers, names, deep) or [None]


def _each(ways: list[Node], names: Known, deep: int) -> list[Node | None]:
    """The classes of several expressions, with None for each of which it is not known."""
    found: list[Node | None] = []
    for each in ways:
        found += classes_of(each, names, deep + 1) or [None]
    return found


def set_to(node: Node, names: Known) -> list[Node]:
    """What a name, or a member of ``this``, is set to besides nothing: ``let notes = null; notes ??= new Notes();``."""
    of = node["object"]
    binding = names.scopes.binding(node)
    if binding is not None and binding.kind != "parameter" and binding.function is None:
        if any(value.path for value in binding.values):
            return []
        found = [value.expression for value in binding.values]
    elif of is not None and of.kind == "this" and (around := class_around(node)) is not None:
        found = members(around, names.last(node), names)
    else:
        return []
    names.spend(len(found))
    found = [each for each in found if each.kind not in ("null", "undefined") and each.text != "undefined"]
    return found if len(found) <= _MOST_CLASSES and node not in found else []


def given(function: Node, arguments: list[Node], names: Known, deep: int = 0) -> None:
    """Note of which classes the objects are that a function is given: its parameters stand for these from then on."""
    for parameter in names.scopes.parameters_of(function):
        if parameter.path or parameter.position >= len(arguments):
            continue
        known = names.objects.get(parameter, [])
        found = classes_of(arguments[parameter.position], names, deep + 1)
        together = list(dict.fromkeys([*known, *found]))
        if len(known) < len(together) <= _MOST_CLASSES:
            names.objects[parameter] = together
            names.grown += 1


def class_named(node: Node | None, names: Known) -> Node | None:
    """The class that a name stands for, or that stands there itself."""
    value = names.value(node)
    if value is not None and value.kind.startswith("class"):
        return value
    binding = names.scopes.binding(value)
    made = binding.function if binding is not None and not binding.values else None
    return made if made is not None and "class" in made.kind else None


def members(made: Node, name: str, names: Known) -> list[Node]:
    """What a member of a class may be: its own, or that of the first class it is made from which has one."""
    each: Node | None = made
    for _ in range(_MOST_BASES):
        if each is None:
            break
        found = names.scopes.members_of(each).get(name)
        if found:
            return found
        each = _base(each, names)
    return []


def inherited(node: Node, name: str, names: Known) -> list[Node]:
    """What ``super.name`` may be at a place."""
    around = class_around(node)
    base = _base(around, names) if around is not None else None
    return members(base, name, names) if base is not None else []


def unknown_base(node: Node, names: Known) -> Node | None:
    """What the class around a place is made from in the end, where that is no class that is known."""
    each = class_around(node)
    expression = None
    for _ in range(_MOST_BASES):
        expression = _heritage(each) if each is not None else None
        if expression is None:
            return None
        each = class_named(expression, names)
        if each is None:
            return expression
    return expression


def is_overridden(made: Node, name: str, names: Known) -> bool:
    """Whether a class that is made from this one has a member of that name of its own, so that ``this`` may mean it."""
    key = (made.index, name, len(names.scopes.trees()))
    if key not in names.overridden:
        names.overridden[key] = False
        heirs = names.scopes.heirs(name)
        names.spend(len(heirs))
        names.overridden[key] = any(_comes_from(heir, made, names) for heir in heirs[:_MOST_HEIRS])
    return names.overridden[key]


def _comes_from(heir: Node, made: Node, names: Known) -> bool:
    each: Node | None = heir
    for _ in range(_MOST_BASES):
        each = _base(each, names) if each is not None else None
        if each is made:
            return True
    return False


def class_around(node: Node) -> Node | None:
    """The class that an expression stands in, where ``this`` is an object of it."""
    return next((above for above in node.above() if "class" in above.kind and above["body"] is not None), None)


def _base(made: Node, names: Known) -> Node | None:
    base = _heritage(made)
    return class_named(base, names) if base is not None else None


def _heritage(made: Node) -> Node | None:
    heritage = next((child for child in made.children if child.kind == "class_heritage"), None)
    base = heritage.children[0] if heritage is not None and heritage.children else None
    return base["value"] if base is not None and base.kind == "extends_clause" else base
