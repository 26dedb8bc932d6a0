"""Whether the beginning that a path is compared with ends at a separator, so that a neighbour does not share it."""

from __future__ import annotations

from workbench.host.code.javascript_names import Names
from workbench.host.code.javascript_scopes import EACH, Binding
from workbench.host.code.javascript_syntax import Node
from workbench.host.code.javascript_texts import literal, property_name

_DEEPEST = 12
# What these give back never ends with a separator, the root folder aside.
_BARE = {"path.resolve", "path.dirname", "process.cwd", "os.homedir", "os.tmpdir", "fs.realpathSync", "fs.realpath"}
_SAME_END = {"toLowerCase", "toUpperCase", "trim", "toString"}

Arguments = tuple[tuple[Binding, Node], ...]


class Separators:
    """Answers by the expression: True, False, or None where the code does not tell."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._work = 0

    def ends(self, node: Node | None, arguments: Arguments = ()) -> bool | None:
        """Whether a text ends with a separator, given what the parameters of the functions around it stand for."""
        self._work = 0
        return self._ends(node, arguments, 0)

    def _ends(self, node: Node | None, arguments: Arguments, deep: int) -> bool | None:
        self._work += 1
        if node is None or deep > _DEEPEST or self._work > 200:
            return None
        deep += 1
        name = self._names.of(node)
        if name in ("path.sep", "sep"):
            return True
        if name == "__dirname" or name == "import.meta.dirname":
            return False
        if node.kind in ("string", "template_string"):
            return self._of_text(node, arguments, deep)
        if node.kind == "binary_expression":
            if node.word == "+":
                return self._ends(node["right"], arguments, deep)
            if node.word in ("||", "??"):
                return _both(self._ends(node["left"], arguments, deep), self._ends(node["right"], arguments, deep))
            return None
        if node.kind == "ternary_expression":
            first = self._ends(node["consequence"], arguments, deep)
            second = self._ends(node["alternative"], arguments, deep)
            # ``root.endsWith(sep) ? root : root + sep``: made to end with one, whatever the root is.
            condition = node["condition"]
            if condition is not None and condition.kind in ("call_expression", "unary_expression"):
                asked = condition if condition.kind == "call_expression" else condition["argument"]
                if asked is not None and self._names.last(asked["function"]) == "endsWith" and True in (first, second):
                    return True
            return _both(first, second)
        if node.kind == "await_expression" and node.children:
            return self._ends(node.children[0], arguments, deep)
        if node.kind == "call_expression":
            return self._of_call(node, arguments, deep)
        return self._of_name(node, arguments, deep)

    def _of_text(self, node: Node, arguments: Arguments, deep: int) -> bool | None:
        text = literal(node)
        if text is not None:
            return text.endswith(("/", "\\")) if text else None
        last = node.children[-1] if node.children else None
        if last is None:
            return None
        if last.kind == "template_substitution":
            return self._ends(last.children[0], arguments, deep) if last.children else None
        return last.text.endswith(("/", "\\"))

    def _of_call(self, node: Node, arguments: Arguments, deep: int) -> bool | None:
        name = self._names.called(node)
        if name in _BARE:
            return False
        if name in ("path.join", "path.normalize") and node.arguments:
            return self._ends(node.arguments[-1], arguments, deep)
        function = node["function"]
        if function is not None and function.kind == "member_expression" and property_name(function) in _SAME_END:
            return self._ends(function["object"], arguments, deep)
        made = self._names.function(function)
        if made is None:
            return None
        given = tuple(
            (parameter, node.arguments[parameter.position])
            for parameter in self._names.scopes.parameters_of(made)
            if parameter.position < len(node.arguments) and not parameter.path
        )
        return self._ends(self._names.answer(made), (*given, *arguments)[:16], deep)

    def _of_name(self, node: Node, arguments: Arguments, deep: int) -> bool | None:
        binding = self._names.scopes.binding(node)
        if binding is not None and binding.kind == "parameter":
            for parameter, given in arguments:
                if parameter is binding:
                    return self._ends(given, arguments, deep)
            return self._of_element(binding, arguments, deep)
        if binding is not None and len(binding.values) == 1 and binding.values[0].path == (EACH,):
            return self._of_list(binding.values[0].expression, arguments, deep)
        value = self._names.value(node)
        return self._ends(value, arguments, deep) if value is not node else None

    def _of_element(self, binding: Binding, arguments: Arguments, deep: int) -> bool | None:
        """``roots.some(root => path.startsWith(root))``: each of the list."""
        function = binding.function
        given = function.parent if function is not None else None
        outer = given.parent if given is not None else None
        if outer is None or outer.kind != "call_expression" or binding.position != 0 or binding.path:
            return None
        if self._names.method(outer) not in ("some", "every", "find", "filter", "forEach", "map"):
            return None
        return self._of_list(self._names.receiver(outer), arguments, deep)

    def _of_list(self, node: Node | None, arguments: Arguments, deep: int) -> bool | None:
        self._work += 1
        node = self._names.value(node)
        if node is None or deep > _DEEPEST or self._work > 200:
            return None
        binding = self._names.scopes.binding(node)
        for parameter, given in arguments:
            if binding is not None and parameter is binding:
                return self._of_list(given, arguments, deep + 1)
        if binding is not None and 1 < len(binding.values) <= 8 and binding.kind != "parameter":
            # A list that is empty at first and filled later: what it is filled with counts.
            listed = [value.expression for value in binding.values if not value.path and not value.added]
            filled = [each for each in listed if each.kind != "array" or each.children]
            found = {self._of_list(each, arguments, deep + 1) for each in filled}
            return found.pop() if len(found) == 1 and len(listed) == len(binding.values) else None
        if node.kind == "array":
            ends = {self._ends(child, arguments, deep + 1) for child in node.children[:10]}
            return ends.pop() if len(ends) == 1 else None
        if node.kind == "call_expression":
            if self._names.called(node) == "Promise.all" and node.arguments:
                return self._of_list(node.arguments[0], arguments, deep + 1)
            method = self._names.method(node)
            if method == "map" and node.arguments:
                made = self._names.function(node.arguments[0])
                return self._ends(self._names.answer(made), arguments, deep + 1) if made is not None else None
            if method in ("filter", "slice", "concat"):
                return self._of_list(self._names.receiver(node), arguments, deep + 1)
        return None


def _both(first: bool | None, second: bool | None) -> bool | None:
    return first if first is second else None
