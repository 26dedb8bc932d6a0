"""The classes of JavaScript: of which one an object is, and what its methods are, from whichever class it has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.host.code.javascript_syntax import Node

if TYPE_CHECKING:
    from workbench.host.code.javascript_names import Names

_MOST_BASES = 6
_MOST_HEIRS = 50
DEEPEST = 8


def class_of(node: Node | None, names: Names, deep: int = 0) -> Node | None:
    """The class whose method is called on an expression: of an object that is made of it, or the class itself."""
    node = names.value(node)
    if node is None or deep > DEEPEST:
        return None
    if node.kind == "new_expression":
        return class_named(node["constructor"], names)
    if node.kind != "call_expression":
        return class_named(node, names)
    function = node["function"]
    if function is not None and names.last(function) == "getInstance":
        return class_of(function["object"], names, deep + 1)
    made = names.function(function, deep + 1)
    return class_of(names.answer(made), names, deep + 1) if made is not None else None


def class_named(node: Node | None, names: Names) -> Node | None:
    """The class that a name stands for, or that stands there itself."""
    value = names.value(node)
    if value is not None and value.kind.startswith("class"):
        return value
    binding = names.scopes.binding(value)
    made = binding.function if binding is not None and not binding.values else None
    return made if made is not None and "class" in made.kind else None


def members(made: Node, name: str, names: Names) -> list[Node]:
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


def is_overridden(made: Node, name: str, names: Names) -> bool:
    """Whether a class that is made from this one has a member of that name of its own, so that ``this`` may mean it."""
    for heir in names.scopes.heirs(name)[:_MOST_HEIRS]:
        each: Node | None = heir
        for _ in range(_MOST_BASES):
            each = _base(each, names) if each is not None else None
            if each is made:
                return True
    return False


def class_around(node: Node) -> Node | None:
    """The class that an expression stands in, where ``this`` is an object of it."""
    return next((above for above in node.above() if "class" in above.kind and above["body"] is not None), None)


def _base(made: Node, names: Names) -> Node | None:
    heritage = next((child for child in made.children if child.kind == "class_heritage"), None)
    base = heritage.children[0] if heritage is not None and heritage.children else None
    if base is not None and base.kind == "extends_clause":
        base = base["value"]
    return class_named(base, names) if base is not None else None
