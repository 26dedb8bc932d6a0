"""What a file of JavaScript gives to the others of its package, by the names under which they take it."""

from __future__ import annotations

from workbench.host.code.javascript_scopes import Binding, Scopes, Value, targets
from workbench.host.code.javascript_syntax import Node, Syntax
from workbench.host.code.javascript_texts import INTEROPERATION, REQUIRING, key_name, literal, option, property_name
from workbench.model.record import draft

ALL = "*"
"""The name of all that a file gives, as one."""
_MOST_STARS = 100


@draft
class Exports:
    """The names of a file that others may take, and the other files of which it gives all names on."""

    names: dict[str, Binding]
    stars: list[str]


def exports_of(syntax: Syntax, scopes: Scopes) -> Exports:
    """What a file gives: by ``export``, by ``module.exports``, and by what compilers make of these."""
    made = Exports({}, [])
    for node in syntax.nodes:
        if node.kind == "export_statement":
            _exported(node, scopes, made)
        elif node.kind == "assignment_expression":
            _assigned(node, scopes, made)
        elif node.kind == "call_expression":
            _called(node, scopes, made)
    return made


def required(node: Node | None) -> str:
    """The file that an expression takes in whole (``require("./x")``, ``await import("./x")``), "" for none."""
    for _ in range(4):
        if node is None:
            return ""
        if node.kind == "await_expression" and node.children:
            node = node.children[0]
            continue
        function = node["function"] if node.kind == "call_expression" else None
        if function is None or not node.arguments:
            return ""
        name = _last(function)
        if function.kind == "import" or name in REQUIRING:
            return literal(node.arguments[0]) or ""
        if not INTEROPERATION.match(name):
            return ""
        node = node.arguments[0]
    return ""


def is_of_exports(node: Node | None, scopes: Scopes) -> bool:
    """Whether an expression is what the file gives: ``exports``, ``module.exports``."""
    if node is None:
        return False
    if node.kind == "identifier":
        return node.text == "exports" and scopes.binding(node) is None
    of = node["object"] if node.kind == "member_expression" else None
    return of is not None and of.text == "module" and property_name(node) == "exports" and scopes.binding(of) is None


def _exported(node: Node, scopes: Scopes, made: Exports) -> None:
    declared, value, source = node["declaration"], node["value"], node["source"]
    module = "".join(part.text for part in source.children) if source is not None else ""
    if value is not None:
        made.names["default"] = _binding(value, scopes)
    elif declared is not None:
        if node.home.content[node.start : declared.start].split()[-1:] == [b"default"]:
            name = declared["name"]
            made.names["default"] = _binding(name if name is not None else declared, scopes)
            return
        names = [declared["name"]] if declared["name"] is not None else []
        for child in declared.children:
            if child.kind == "variable_declarator" and (pattern := child["name"]) is not None:
                names += [target for target, _, _ in targets(pattern)]
        for name in names:
            if name is not None and (binding := scopes.binding(name)) is not None:
                made.names[name.text] = binding
    elif module and not node.children[:-1]:
        _star(module, made)
    for child in node.children:
        if child.kind == "namespace_export" and child.children:
            made.names[_text(child.children[-1])] = _taken(child, module, ALL)
        for each in child.children if child.kind == "export_clause" else ():
            name = each["name"]
            if name is not None:
                binding = _taken(name, module, _text(name)) if module else _binding(name, scopes)
                made.names[_text(each["alias"] or name)] = binding


def _assigned(node: Node, scopes: Scopes, made: Exports) -> None:
    left, right = node["left"], node["right"]
    while right is not None and right.kind == "assignment_expression":
        right = right["right"]
    if left is None or right is None or left.kind != "member_expression" or right.kind == "unary_expression":
        return
    if is_of_exports(left["object"], scopes):
        _add(property_name(left), right, scopes, made)
    elif is_of_exports(left, scopes):
        _add(ALL, right, scopes, made)
        for child in right.children if right.kind == "object" else ():
            if child.kind == "shorthand_property_identifier":
                _add(child.text, child, scopes, made)
            elif child.kind == "pair" and (value := child["value"]) is not None:
                _add(key_name(child), value, scopes, made)
            elif child.kind == "method_definition" and (name := child["name"]) is not None:
                _add(name.text, child, scopes, made)
            elif child.kind == "spread_element" and child.children:
                _star(required(child.children[0]), made)


def _called(node: Node, scopes: Scopes, made: Exports) -> None:
    function, arguments = node["function"], node.arguments
    if function is None or len(arguments) < 2:
        return
    name = _last(function)
    if name == "__exportStar":
        _star(required(arguments[0]), made)
    elif name == "__export" and arguments[1].kind == "object":
        for child in arguments[1].children:
            value = child["value"]
            if value is not None and value.kind == "arrow_function" and (body := value["body"]) is not None:
                _add(key_name(child), body, scopes, made)
    elif name == "defineProperty" and len(arguments) > 2 and is_of_exports(arguments[0], scopes):
        getter = option(arguments[2], "get")
        for inner in getter.home.inside(getter)[:20] if getter is not None else ():
            if inner.kind == "return_statement" and inner.children:
                _add(literal(arguments[1]) or "", inner.children[0], scopes, made)


def _add(name: str, value: Node, scopes: Scopes, made: Exports) -> None:
    if not name:
        return
    if name in made.names and len(made.names[name].values) > 1:
        return
    if name in made.names:
        # What is given twice is one thing or the other.
        both = Binding(name, "let", value)
        both.values = [*made.names[name].values, Value(value)]
        made.names[name] = both
    else:
        made.names[name] = _binding(value, scopes)


def _binding(value: Node, scopes: Scopes) -> Binding:
    known = scopes.binding(value)
    if known is not None:
        return known
    made = Binding(value.text, "const", value)
    made.values.append(Value(value))
    if value.kind.startswith("class"):
        made.function = value
    return made


def _taken(node: Node, module: str, name: str) -> Binding:
    made = Binding(name, "import", node)
    made.module, made.imported = module, name
    return made


def _star(module: str, made: Exports) -> None:
    if module and len(made.stars) < _MOST_STARS:
        made.stars.append(module)


def _text(node: Node) -> str:
    return literal(node) or node.text


def _last(function: Node) -> str:
    if function.kind == "sequence_expression" and function.children:
        function = function.children[-1]
    return property_name(function) if function.kind == "member_expression" else function.text
