"""What every name in a file of JavaScript stands for: its declaration, what it is set to, and where it is used."""

from __future__ import annotations

import re
from collections.abc import Iterator

from workbench.host.code.javascript_syntax import FUNCTIONS, CannotParse, Node, Syntax

_HIGHEST_SCOPES = 200
_SCOPES = FUNCTIONS | {
    "program",
    "statement_block",
    "for_statement",
    "for_in_statement",
    "catch_clause",
    "class_body",
    "class_static_block",
    "switch_body",
    "class",
}
_CLASSES = ("class_declaration", "class", "abstract_class_declaration")
_OF_THE_CLASS = re.compile(rb"(?:(?:public|private|protected|override|readonly)[ \t]+)+[A-Za-z_$]")
EACH = "*"
"""In the path of a destructured value: one element of a list, whichever."""

Path = tuple[str, ...]


class Value:
    """What a name is set to: an expression, and the way into it where it is taken apart (``{a: [b]} = …``)."""

    __slots__ = ("added", "expression", "path")

    def __init__(self, expression: Node, path: Path = (), added: bool = False) -> None:
        self.expression = expression
        self.path = path
        self.added = added


class Binding:
    """A declared name. A parameter knows its function, position and path, an imported name its module and its name
    there (``*`` for all of it); ``function`` of a function's or class's own name is the declaration itself.
    """

    __slots__ = ("function", "imported", "kind", "module", "name", "node", "path", "position", "uses", "values")

    def __init__(self, name: str, kind: str, node: Node) -> None:
        self.name = name
        self.kind = kind
        self.node = node
        self.values: list[Value] = []
        self.uses: list[Node] = []
        self.function: Node | None = None
        self.position = 0
        self.path: Path = ()
        self.module = ""
        self.imported = ""


class Scopes:
    """The names of a file. ``of`` is the binding that a use of a name refers to, by the node's index; a name that the
    file does not declare has none.
    """

    def __init__(self, syntax: Syntax) -> None:
        self.syntax = syntax
        self.of: dict[int, Binding] = {}
        self.parameters: dict[int, list[Binding]] = {}
        self.members: dict[int, dict[str, list[Node]]] = {}
        self._declared: set[int] = set()
        self._names: dict[int, dict[str, Binding]] = {}
        self._declare()
        self._resolve()

    def binding(self, node: Node | None) -> Binding | None:
        """What an identifier refers to, None for anything else and for a name from outside the file."""
        return None if node is None else self.of.get(node.index)

    def member(self, node: Node, name: str) -> list[Node]:
        """What ``this.name`` may be at a place: the method of its class, or what is assigned to it in there."""
        for above in node.above():
            if above.kind in _CLASSES:
                return self.members.get(above.index, {}).get(name, [])
        return []

    def _declare(self) -> None:
        for node, scopes in _walk(self.syntax):
            if not scopes:
                continue
            block = scopes[-1]
            kind = node.kind
            if kind == "variable_declarator":
                self._declare_variable(node, scopes)
            elif kind in FUNCTIONS:
                self._declare_function(node, scopes)
            elif kind in _CLASSES:
                if (name := node["name"]) is not None:
                    self._add(node if kind == "class" else block, name, "class").function = node
            elif kind in ("import_statement", "import_clause"):
                self._declare_imports(node)
            elif kind == "catch_clause" and (parameter := node["parameter"]) is not None:
                for name, _path, _default in targets(parameter):
                    self._add(node, name, "catch")
            elif kind == "for_in_statement" and node.word and (left := node["left"]) is not None:
                right = node["right"]
                for name, path, _default in targets(left):
                    made = self._add(_function_scope(scopes) if node.word == "var" else node, name, node.word)
                    # ``for (key in object)`` gives names, ``for (value of list)`` what is in it: the words are alike.
                    if right is not None and self.syntax.content[left.end : right.start].strip() == b"of":
                        made.values.append(Value(right, (EACH, *path)))
            elif kind in ("field_definition", "public_field_definition"):
                name = node["property"] or node["name"]
                if name is not None and (value := node["value"]) is not None:
                    self._add_member(node, name.text, value)

    def _declare_variable(self, node: Node, scopes: list[Node]) -> None:
        pattern, value = node["name"], node["value"]
        word = node.parent.word if node.parent is not None and node.parent.word else "var"
        place = _function_scope(scopes) if word == "var" else scopes[-1]
        for name, path, default in targets(pattern) if pattern is not None else ():
            made = self._add(place, name, word)
            if value is not None:
                made.values.append(Value(value, path))
            if default is not None:
                made.values.append(Value(default))

    def _declare_function(self, node: Node, scopes: list[Node]) -> None:
        name = node["name"]
        if node.kind == "method_definition":
            if name is not None:
                self._add_member(node, name.text, node)
        elif name is not None:
            outside = node.kind.endswith("_declaration")
            self._add(scopes[-1] if outside else node, name, "function").function = node
        listed = node["parameters"]
        parameters = listed.children if listed is not None else [node.fields["parameter"]] if node["parameter"] else []
        found = self.parameters.setdefault(node.index, [])
        for position, parameter in enumerate(parameters):
            for target, path, default in targets(parameter):
                made = self._add(node, target, "parameter")
                made.function, made.position, made.path = node, position, path
                if default is not None:
                    made.values.append(Value(default))
                found.append(made)
                if not path and _OF_THE_CLASS.match(self.syntax.content, parameter.start):
                    # ``constructor(private readonly files: Files)`` sets ``this.files`` as well.
                    self._add_member(node, target.text, target)

    def _declare_imports(self, node: Node) -> None:
        if node.kind == "import_statement":
            source = node["source"]
            required = next((child for child in node.children if child.kind == "import_require_clause"), None)
            if required is not None:
                source = required["source"]
                for child in required.children:
                    if child.kind == "identifier":
                        self._import(child, source, "*")
            return
        statement = node.parent
        source = statement["source"] if statement is not None else None
        for child in node.children:
            if child.kind == "identifier":
                self._import(child, source, "default")
            elif child.kind == "namespace_import" and child.children:
                self._import(child.children[-1], source, "*")
            elif child.kind == "named_imports":
                for each in child.children:
                    name = each["name"]
                    if name is not None:
                        self._import(each["alias"] or name, source, name.text)
                        self._declared.add(name.index)

    def _import(self, node: Node, source: Node | None, imported: str) -> None:
        made = self._add(self.syntax.root, node, "import")
        made.module = "".join(part.text for part in source.children) if source is not None else ""
        made.imported = imported

    def _add(self, place: Node, node: Node, kind: str) -> Binding:
        self._declared.add(node.index)
        names = self._names.setdefault(place.index, {})
        known = names.get(node.text)
        # A name that is declared twice, which only ``var`` and functions may be, is one name with several values.
        if known is None or kind not in ("var", "const", "let"):
            known = names[node.text] = Binding(node.text, kind, node)
        self.of[node.index] = known
        return known

    def _add_member(self, node: Node, name: str, value: Node) -> None:
        for above in node.above():
            if above.kind in _CLASSES:
                self.members.setdefault(above.index, {}).setdefault(name, []).append(value)
                return
            if above.kind == "object":
                return

    def _resolve(self) -> None:
        for node, scopes in _walk(self.syntax):
            kind = node.kind
            if kind in ("identifier", "shorthand_property_identifier") and node.index not in self._declared:
                found = self._find(node.text, scopes)
                if found is not None:
                    self.of[node.index] = found
                    found.uses.append(node)
            elif kind in ("assignment_expression", "augmented_assignment_expression"):
                self._resolve_assignment(node, scopes)

    def _resolve_assignment(self, node: Node, scopes: list[Node]) -> None:
        left, right = node["left"], node["right"]
        if left is None or right is None:
            return
        if left.kind == "member_expression":
            of, name = left["object"], left["property"]
            if of is not None and of.kind == "this" and name is not None:
                self._add_member(node, name.text, right)
            return
        for target, path, default in targets(left):
            found = self._find(target.text, scopes)
            if found is not None:
                found.values.append(Value(right, path, added=node.kind.startswith("augmented")))
                self._declared.add(target.index)
                self.of[target.index] = found
                if default is not None:
                    found.values.append(Value(default))

    def _find(self, name: str, scopes: list[Node]) -> Binding | None:
        for scope in reversed(scopes):
            names = self._names.get(scope.index)
            if names is not None and name in names:
                return names[name]
        return None


def targets(pattern: Node) -> Iterator[tuple[Node, Path, Node | None]]:
    """The names that a pattern sets, each with its way into the value and its default."""
    waiting: list[tuple[Node, Path, Node | None]] = [(pattern, (), None)]
    while waiting:
        node, path, default = waiting.pop()
        kind = node.kind
        if kind in ("identifier", "shorthand_property_identifier_pattern"):
            yield node, path if kind == "identifier" else (*path, node.text), default
        elif kind in ("required_parameter", "optional_parameter"):
            if (inner := node["pattern"]) is not None:
                waiting.append((inner, path, node["value"]))
        elif kind in ("assignment_pattern", "object_assignment_pattern"):
            if (inner := node["left"]) is not None:
                waiting.append((inner, path, node["right"]))
        elif kind == "object_pattern":
            waiting += [(child, path, None) for child in node.children]
        elif kind == "pair_pattern":
            key, inner = node["key"], node["value"]
            if key is not None and inner is not None:
                name = key.text or "".join(part.text for part in key.children if part.kind == "string_fragment")
                waiting.append((inner, (*path, name), None))
        elif kind == "rest_pattern":
            waiting += [(child, path, None) for child in node.children]
        elif kind == "array_pattern":
            waiting += [(child, (*path, EACH), None) for child in node.children]


def _walk(syntax: Syntax) -> Iterator[tuple[Node, list[Node]]]:
    """Every node with the scopes that it stands in, the file's first; a function stands outside its own."""
    scopes: list[Node] = []
    for node in syntax.nodes:
        while scopes and node.index > scopes[-1].last:
            scopes.pop()
        yield node, scopes
        if node.kind in _SCOPES:
            scopes.append(node)
            if len(scopes) > _HIGHEST_SCOPES:
                raise CannotParse("its functions are nested too deeply")


def _function_scope(scopes: list[Node]) -> Node:
    return next((scope for scope in reversed(scopes) if scope.kind in FUNCTIONS or scope.kind == "program"), scopes[0])
