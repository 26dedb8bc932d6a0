"""What an expression of JavaScript names: a function of a module, a function of the file, a literal text."""

from __future__ import annotations

from workbench.host.code.javascript_known import Known
from workbench.host.code.javascript_objects import DEEPEST, class_around, class_of, inherited, is_overridden, members
from workbench.host.code.javascript_syntax import FUNCTIONS, Node
from workbench.host.code.javascript_texts import INTEROPERATION, REQUIRING, literal, option, property_name

_DEEPEST = 24
_SHORT = 400
_MODULES = {
    "fs/promises": "fs",
    "fs-extra": "fs",
    "graceful-fs": "fs",
    "path/posix": "path",
    "path/win32": "path",
    "upath": "path",
    "pathe": "path",
    "cross-spawn": "child_process.spawn",
    "timers/promises": "timers",
}
# Parts of a name that change nothing: what compilers put between, and the promise forms of the same functions.
_SILENT = {"default", "promises", "posix", "win32"}


class Names(Known):
    """The names of one file's expressions, each worked out once."""

    def of(self, node: Node | None) -> str:
        """The dotted name of a function or value of a module or of the language (``fs.readFile``, ``process.env.X``),
        whatever it is called here; "" for what the file itself makes.
        """
        return self._of(node, 0)

    def called(self, call: Node) -> str:
        """The name of what a call calls; for ``new X()`` that of ``X``."""
        return self.of(call["function"] or call["constructor"])

    def method(self, call: Node) -> str:
        """The last part of what is called: ``listen`` in ``this.server.listen()``, ``start`` in ``start()``."""
        return self.last(call["function"] or call["constructor"])

    def receiver(self, call: Node) -> Node | None:
        """What a method is called on: ``this.server`` in ``this.server.listen()``."""
        function = call["function"]
        return function["object"] if function is not None and function.kind == "member_expression" else None

    def shown(self, node: Node | None, deep: int = 0) -> str:
        """An expression as it is told: its names alone, for a text in it may be a secret."""
        if node is None or deep > 6:
            return "…"
        if node.kind in ("identifier", "this", "shorthand_property_identifier"):
            return node.text
        if node.kind == "member_expression":
            return f"{self.shown(node['object'], deep + 1)}.{property_name(node)}"
        if node.kind == "subscript_expression":
            return f"{self.shown(node['object'], deep + 1)}[{self.shown(node['index'], deep + 1)}]"
        if node.kind in ("call_expression", "new_expression"):
            return f"{self.shown(node['function'] or node['constructor'], deep + 1)}(…)"
        return "…"

    def function(self, node: Node | None, deep: int = 0) -> Node | None:
        """The function of the package that an expression is: itself, by its name, or a method of ``this`` or of an
        object that is made here; None for one in which something was not understood.
        """
        found = self._function(node, deep)
        if found is not None and any(found.holds(broken) for broken in found.home.broken[:_SHORT]):
            return None
        return found

    def is_broken(self, node: Node | None) -> bool:
        """Whether an expression is a function of another file in which something was not understood."""
        found = self._function(node, 0)
        return found is not None and found.home is not self.syntax and self.function(found) is None

    def _function(self, node: Node | None, deep: int) -> Node | None:
        if node is None or deep > DEEPEST:
            return None
        if node.kind in FUNCTIONS:
            return node
        if node.kind == "sequence_expression" and node.children:
            return self._function(node.children[-1], deep + 1)
        binding = self.scopes.binding(node)
        if binding is not None or node.kind in ("identifier", "shorthand_property_identifier"):
            if binding is not None and binding.kind == "parameter":
                return self.callbacks.get(binding)
            if binding is None or len(binding.values) + (binding.function is not None) != 1:
                return None
            if binding.function is not None:
                return binding.function if binding.function.kind in FUNCTIONS else None
            value = binding.values[0]
            return self._function(value.expression, deep + 1) if not value.path else None
        if node.kind == "member_expression":
            found = self._members(node, deep)
            return self._function(found[0], deep + 1) if len(found) == 1 else None
        if node.kind == "call_expression":
            function = node["function"]
            if function is not None and function.kind == "member_expression" and property_name(function) == "bind":
                return self._function(function["object"], deep + 1)
        return None

    def _members(self, node: Node, deep: int) -> list[Node]:
        """What a member of ``this``, of an object of a class, or of an object that is written down may be."""
        of, name = node["object"], property_name(node)
        if of is None:
            return []
        if of.kind == "this":
            around = class_around(node)
            if around is None or is_overridden(around, name, self):
                return []
            return members(around, name, self)
        if of.kind == "super":
            return inherited(node, name, self)
        written = option(self.value(of), name)
        if written is not None:
            return [written]
        made = class_of(of, self, deep)
        return members(made, name, self) if made is not None else []

    def answer(self, function: Node) -> Node | None:
        """What a function gives back, where there is one such place alone and the function is a short one."""
        body = function["body"]
        if body is None or body.kind != "statement_block":
            return body
        if body.last - body.index > _SHORT:
            return None
        returns = [node for node in body.home.inside(body) if node.kind == "return_statement"]
        return returns[0].children[0] if len(returns) == 1 and returns[0].children else None

    def value(self, node: Node | None) -> Node | None:
        """What a name stands for where it is set once and whole; any other expression is itself."""
        for _ in range(_DEEPEST):
            if node is None:
                return None
            if node.kind == "await_expression" and node.children:
                node = node.children[0]
                continue
            binding = self.scopes.binding(node)
            if binding is None and node.kind == "member_expression":
                of = node["object"]
                found = self._members(node, 0) if of is not None and of.kind == "this" else []
                if len(found) != 1:
                    return node
                node = found[0]
                continue
            if binding is None or binding.kind == "parameter" or len(binding.values) != 1 or binding.values[0].path:
                return node
            if binding.values[0].added:
                return node
            node = binding.values[0].expression
        return node

    def _of(self, node: Node | None, deep: int) -> str:
        if node is None or deep > _DEEPEST:
            return ""
        known = self._known.get(node.index)
        if known is None:
            known = self._known[node.index] = ""
            known = self._known[node.index] = self._worked_out(node, deep + 1)
        return known

    def _worked_out(self, node: Node, deep: int) -> str:
        kind = node.kind
        if kind in ("identifier", "shorthand_property_identifier") or self.scopes.binding(node) is not None:
            return self._of_identifier(node, deep)
        if kind == "member_expression":
            return _joined(self._of(node["object"], deep), property_name(node))
        if kind == "subscript_expression":
            return _joined(self._of(node["object"], deep), literal(node["index"]) or "")
        if kind in ("sequence_expression", "await_expression") and node.children:
            return self._of(node.children[-1], deep)
        if kind == "call_expression":
            return self._of_call(node, deep)
        return ""

    def _of_identifier(self, node: Node, deep: int) -> str:
        binding = self.scopes.binding(node)
        if binding is None:
            return node.text
        if binding.kind == "import":
            module = _module(binding.module)
            return module if binding.imported in ("*", "default") else _joined(module, binding.imported)
        if binding.kind == "parameter" or len(binding.values) != 1 or binding.function is not None:
            return ""
        value = binding.values[0]
        name = self._of(value.expression, deep)
        for part in value.path:
            name = _joined(name, part)
        return name

    def _of_call(self, node: Node, deep: int) -> str:
        function, arguments = node["function"], node.arguments
        if function is None:
            return ""
        if arguments and (function.kind == "import" or self.last(function) in REQUIRING):
            module = literal(arguments[0])
            return _module(module) if module else ""
        if function.kind == "member_expression" and property_name(function) == "bind":
            return self._of(function["object"], deep)
        wrapper = self.last(function)
        if not arguments:
            # What webpack makes of a default import: ``fs_default().readFile``.
            return self._of(function, deep) if wrapper.endswith("_default") else ""
        if wrapper == "n" and self.last(function["object"]) == "__webpack_require__":
            return self._of(arguments[0], deep)
        if INTEROPERATION.match(wrapper) or self._of(function, deep) in ("util.promisify", "promisify"):
            return self._of(arguments[0], deep)
        return ""


def _module(name: str) -> str:
    name = name.removeprefix("node:")
    return _MODULES.get(name, name)


def _joined(base: str, part: str) -> str:
    if not base or not part:
        return ""
    return base if part in _SILENT else f"{base}.{part}"
