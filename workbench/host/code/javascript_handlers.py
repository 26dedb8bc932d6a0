"""Find the tools of an MCP server in a file of JavaScript, each with the function that is given its arguments."""

from __future__ import annotations

from collections.abc import Iterator

from workbench.host.code.javascript_answers import answers_of, size_of
from workbench.host.code.javascript_names import Names
from workbench.host.code.javascript_objects import given
from workbench.host.code.javascript_scopes import Path
from workbench.host.code.javascript_syntax import FUNCTIONS, Node
from workbench.host.code.javascript_texts import literal, option
from workbench.model.record import record

_MOST_WRAPPERS = 3
RUNNING = ("execute", "handler", "run", "callback", "cb")


@record
class Tool:
    """A tool's handler. What comes from outside is its first parameter's part at ``prefix``."""

    name: str
    handler: Node
    prefix: Path = ()
    schema: Node | None = None


class Handlers:
    """Looks for the tools of one file. ``missed`` are places where one's function is not found."""

    def __init__(self, names: Names, calls: list[Node]) -> None:
        self._names = names
        self._calls = calls
        self.missed: list[Node] = []
        self._described_here = False

    def tools(self) -> Iterator[Tool]:
        """Every tool, each function once under each name."""
        seen: set[tuple[int, str, int]] = set()
        for tool, by in self._found():
            key = (tool.handler.index, tool.name if by else "", by)
            if key not in seen:
                seen.add(key)
                yield tool

    def are_described(self) -> bool:
        """Whether tools are written down with their functions, in this file or in one that it is followed into: where
        one is chosen by its name, these are what is chosen from, and they are followed by themselves.
        """
        return self._described_here or any(
            option(node, "inputSchema") is not None
            and any(self._handler(option(node, key))[0] is not None for key in RUNNING)
            for syntax in self._names.scopes.trees()
            for node in syntax.nodes
            if node.kind == "object"
        )

    def wrapped(self, call: Node | None, deep: int = 0) -> Node | None:
        """The function that another of the package makes of one that it is given: ``withErrors(async (args) => …)``.

        What it calls by the name of its parameter is from then on the one that it was given.
        """
        wrapper = self._names.function(call["function"]) if call is not None and deep < _MOST_WRAPPERS else None
        if call is None or wrapper is None:
            return None
        self._names.spend(size_of(wrapper))
        answers = answers_of(wrapper)
        made = self._names.function(answers[0]) if len(answers) == 1 else None
        return made if made is not None and self.bind(wrapper, call.arguments, deep) else None

    def bind(self, function: Node, arguments: list[Node], deep: int = 0) -> bool:
        """Note the functions and objects that a function is given by its arguments; whether there is a function."""
        found = False
        given(function, arguments, self._names)
        for parameter in self._names.scopes.parameters_of(function):
            if parameter.path or parameter.position >= len(arguments):
                continue
            handler, _ = self._handler(arguments[parameter.position], deep + 1)
            if handler is not None:
                self._names.callbacks[parameter] = handler
                found = True
        return found

    def _handler(self, node: Node | None, deep: int = 0) -> tuple[Node | None, int]:
        """The function that an expression is, and the number of what wraps it, 0 for nothing."""
        self._names.spend(1)
        handler = self._names.function(node)
        if handler is not None or node is None:
            return handler, 0
        value = self._names.value(node)
        if value is None or value.kind != "call_expression":
            return None, 0
        return self.wrapped(value, deep), value.index

    def _found(self) -> Iterator[tuple[Tool, int]]:
        for call in self._calls:
            yield from self._registered(call)
        for node in self._names.syntax.nodes:
            if node.kind == "object" and option(node, "inputSchema") is not None:
                yield from self._described(node)
            elif node.kind == "class_heritage" and node.parent is not None:
                yield from self._class(node, node.parent)

    def _registered(self, call: Node) -> Iterator[tuple[Tool, int]]:
        names = self._names
        method, arguments = names.method(call), call.arguments
        if method == "setRequestHandler" and len(arguments) == 2:
            kind = literal(arguments[0]) or names.last(arguments[0]).rstrip("0123456789")
            if kind not in ("CallToolRequestSchema", "tools/call"):
                return
            handler, by = self._handler(arguments[1])
            if handler is None:
                self.missed.append(arguments[1])
            else:
                yield Tool("", handler, ("params", "arguments")), by
        elif method in ("tool", "registerTool") and len(arguments) >= 2:
            name = literal(names.value(arguments[0]))
            handler, by = self._handler(arguments[-1])
            if handler is None and (method == "registerTool" or len(arguments) > 2):
                self.missed.append(arguments[-1])
            if handler is None or (name is None and arguments[0].kind in ("string", "object")):
                return
            yield Tool(name or "", handler, schema=self._schema(method, arguments[1:-1])), by
        elif method == "addTool" and arguments:
            yield from self._described(names.value(arguments[0]))

    def _class(self, heritage: Node, made: Node) -> Iterator[tuple[Tool, int]]:
        """A tool that is a class of its own: ``class Read extends MCPTool`` with a name, a schema and ``execute``."""
        base = heritage.children[-1] if heritage.children else None
        if base is not None and base.kind == "extends_clause":
            base = base["value"]
        if self._names.last(base) != "MCPTool":
            return
        members = self._names.scopes.members_of(made)
        name = next((literal(each) for each in members.get("name", ())), None)
        for each in members.get("execute", ())[:1]:
            schema = next(iter(members.get("schema", ())), None)
            if each.kind in FUNCTIONS:
                yield Tool(name or "", each, schema=self._names.value(schema)), 0

    def _schema(self, method: str, between: list[Node]) -> Node | None:
        if method == "registerTool":
            config = self._names.value(between[0]) if between else None
            return self._names.value(option(config, "inputSchema"))
        made = [self._names.value(each) for each in between]
        return next((each for each in made if each is not None and each.kind in ("object", "call_expression")), None)

    def _described(self, node: Node | None) -> Iterator[tuple[Tool, int]]:
        """A tool that is written down as one object with its name, its schema and its function."""
        name = literal(self._names.value(option(node, "name")))
        if name is None:
            return
        for key in RUNNING:
            written = option(node, key)
            handler, by = self._handler(written)
            if handler is not None:
                self._described_here = True
                schema = option(node, "parameters") or option(node, "inputSchema")
                yield Tool(name, handler, schema=_shape(self._names.value(schema))), by
            elif written is not None:
                self.missed.append(written)


def _shape(node: Node | None) -> Node | None:
    """The fields of a schema: of JSON's ``{type: "object", properties: {…}}`` what is under ``properties``."""
    properties = option(node, "properties")
    return properties if properties is not None and properties.kind == "object" else node
