"""MCP tools in JavaScript: where their arguments are used as paths and as commands."""

from __future__ import annotations

from collections.abc import Iterator

from workbench.host.code.javascript_containment import containment, worst
from workbench.host.code.javascript_flow import DEEPEST_CALLS, Flow
from workbench.host.code.javascript_guards import Guards
from workbench.host.code.javascript_harmless import is_logging
from workbench.host.code.javascript_names import key_name, literal, option
from workbench.host.code.javascript_scopes import Path
from workbench.host.code.javascript_sinks import commands_of, paths_of
from workbench.host.code.javascript_sites import Sites, told
from workbench.host.code.javascript_syntax import FUNCTIONS, Node
from workbench.host.code.javascript_values import Call, Taint, Ways
from workbench.model.code import CommandKind, CommandUse, PathUse
from workbench.model.record import record

_MOST_IN_TABLE = 200
# How an import begins that names a file of the package itself: by its place, or by a short name for a folder.
_OWN_FILES = (".", "#", "@/", "~/")
# Names of arguments that are texts, where a schema elsewhere says what they are.
_TEXTS = {
    "command", "cmd", "commandline", "script", "code", "path", "file", "filename", "filepath", "file_path", "dir",
    "directory", "cwd", "url", "uri", "message", "query", "pattern", "text", "content", "input", "expression", "args",
    "arguments", "name", "branch", "repo", "repository", "source", "destination", "target", "host", "hostname",
}  # fmt: skip


@record
class _Tool:
    """A tool's handler. What comes from outside is its first parameter's part at ``prefix``."""

    name: str
    handler: Node
    prefix: Path = ()
    schema: Node | None = None


class Tools:
    """Looks through the handlers of one file's tools."""

    def __init__(self, flow: Flow, sites: Sites, calls: list[Node]) -> None:
        self._flow = flow
        self._names = flow.names
        self._sites = sites
        self._calls = calls
        self._guards = Guards(flow)
        self._prefix: Path = ()
        self._paths: dict[tuple[int, str], PathUse] = {}
        self._commands: dict[tuple[int, str], CommandUse] = {}
        self._seen: set[tuple[int, str, tuple[tuple[Path, bool], ...]]] = set()
        self.leads_elsewhere = False
        """Whether arguments of the tools get into another file of the package, or a tool's function is in one, or is
        wrapped.
        """

    def uses(self) -> tuple[tuple[PathUse, ...], tuple[CommandUse, ...]]:
        """Every use of a tool's argument as a path or as a command, each place and argument once; of those that are not
        understood one of each argument.
        """
        for tool in self._tools():
            self._prefix = tool.prefix
            start = (Taint(schema=tool.schema, described=len(tool.prefix)),)
            call = self._flow.entered(tool.handler, [], [start], Call({}))
            self._look(tool.handler, call, tool.name)
        unknown: set[tuple[str, str]] = set()
        paths = []
        for use in self._paths.values():
            if use.containment == "unknown":
                if (use.tool, use.parameter) in unknown:
                    continue
                unknown.add((use.tool, use.parameter))
            paths.append(use)
        return tuple(paths), tuple(self._commands.values())

    def _tools(self) -> Iterator[_Tool]:
        seen = set()
        for tool in self._found():
            if tool.handler.index not in seen:
                seen.add(tool.handler.index)
                yield tool

    def _found(self) -> Iterator[_Tool]:
        names = self._names
        for call in self._calls:
            method, arguments = names.method(call), call.arguments
            if method == "setRequestHandler" and len(arguments) == 2:
                kind = literal(arguments[0]) or names.last(arguments[0]).rstrip("0123456789")
                handler = names.function(arguments[1])
                if kind not in ("CallToolRequestSchema", "tools/call"):
                    continue
                if handler is not None:
                    yield _Tool("", handler, ("params", "arguments"))
                else:
                    self._note(arguments[1])
            elif method in ("tool", "registerTool") and len(arguments) >= 2:
                name = literal(names.value(arguments[0]))
                handler = names.function(arguments[-1])
                self._note(arguments[-1])
                if handler is None or (name is None and arguments[0].kind in ("string", "object")):
                    continue
                yield _Tool(name or "", handler, schema=self._schema(method, arguments[1:-1]))
            elif method == "addTool" and arguments:
                yield from self._described(names.value(arguments[0]))
        for node in self._flow.names.syntax.nodes:
            if node.kind == "object" and option(node, "inputSchema") is not None:
                yield from self._described(node)
            elif node.kind == "class_heritage" and node.parent is not None:
                yield from self._class(node, node.parent)

    def _class(self, heritage: Node, made: Node) -> Iterator[_Tool]:
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
            yield _Tool(name or "", each, schema=self._names.value(schema))

    def _schema(self, method: str, between: list[Node]) -> Node | None:
        if method == "registerTool":
            config = self._names.value(between[0]) if between else None
            return self._names.value(option(config, "inputSchema"))
        made = [self._names.value(each) for each in between]
        return next((each for each in made if each is not None and each.kind in ("object", "call_expression")), None)

    def _described(self, node: Node | None) -> Iterator[_Tool]:
        """A tool that is written down as one object with its name, its schema and its function."""
        name = literal(self._names.value(option(node, "name")))
        if name is None:
            return
        for key in ("execute", "handler", "run", "callback", "cb"):
            handler = self._names.function(option(node, key))
            self._note(option(node, key))
            if handler is not None:
                schema = option(node, "parameters") or option(node, "inputSchema")
                yield _Tool(name, handler, schema=_shape(self._names.value(schema)))

    def _look(self, function: Node, call: Call, tool: str) -> None:
        given = tuple(
            (taint.path, taint.lost)
            for parameter in self._names.scopes.parameters_of(function)
            for taint in call.given.get(parameter, ())
        )
        if (function.index, tool, given) in self._seen:
            return
        self._seen.add((function.index, tool, given))
        for node in function.home.inside(function):
            self._flow.spend(1)
            if node.kind not in ("call_expression", "new_expression"):
                continue
            self._look_at(node, call, tool)
            if node.kind != "call_expression" or call.depth >= DEEPEST_CALLS or not node.arguments:
                continue
            called = list(self._called(node, self._case(node, tool)))
            if not self.leads_elsewhere and not called and self._goes_elsewhere(node):
                self.leads_elsewhere = any(self._flow.of(argument, call) for argument in node.arguments[:20])
            ways = [self._flow.of(argument, call) for argument in node.arguments[:20]] if called else []
            if any(ways) or any(argument.kind == "object" for argument in node.arguments):
                for inner, name in called:
                    if inner is not function:
                        self._look(inner, self._flow.entered(inner, node.arguments, ways, call, node), name)

    def _note(self, handler: Node | None) -> None:
        if handler is not None and self._names.function(handler) is None:
            self.leads_elsewhere = self.leads_elsewhere or self._is_elsewhere(self._names.value(handler))

    def _goes_elsewhere(self, call: Node) -> bool:
        """Whether a call hands on what it is given to another file, for more than to write it down or to check it."""
        if not self._is_elsewhere(call["function"]) or self._flow.schemas.library(call):
            return False
        return not is_logging(self._names.called(call) or self._names.method(call))

    def _is_elsewhere(self, function: Node | None) -> bool:
        """Whether a function stands in another file of the package, or is a method of what a class there makes."""
        if function is None:
            return False
        if function.kind == "call_expression":
            # What wraps the function of a tool, and may check its arguments: withErrors(async (request) => …).
            return any(argument.kind in FUNCTIONS for argument in function.arguments) or self._is_elsewhere(
                function["function"]
            )
        if self._names.of(function).startswith(_OWN_FILES):
            return True
        of = self._names.value(function["object"]) if function.kind == "member_expression" else None
        made = of["constructor"] if of is not None and of.kind == "new_expression" else None
        return self._names.of(made).startswith(_OWN_FILES)

    def _called(self, node: Node, tool: str) -> Iterator[tuple[Node, str]]:
        """The functions of the file that a call may call, each with the tool it is of: one, or in a table of them
        (``handlers[name](arguments)``) each under its own name.
        """
        made = self._names.function(node["function"])
        if made is not None:
            yield made, tool
            return
        value = self._names.value(node["function"])
        if value is None or value.kind != "subscript_expression" or literal(value["index"]) is not None:
            return
        table = self._names.value(value["object"])
        if table is None or table.kind != "object":
            return
        for child in table.children[:_MOST_IN_TABLE]:
            self._flow.spend(4)
            name = child["name"] if child.kind == "method_definition" else None
            key = name.text if name is not None else key_name(child) or child.text
            inner = self._names.function(child["value"] if child.kind == "pair" else child)
            if inner is not None:
                yield inner, tool or key

    def _look_at(self, node: Node, call: Call, tool: str) -> None:
        name = self._names.called(node)
        if not name:
            return
        for path in paths_of(name, node):
            for parameter, ways in self._arguments(path, call).items():
                self._path_used(node, name, self._case(node, tool), parameter, ways, call)
        for kind, parts in commands_of(name, node, self._names):
            for part in parts:
                for parameter, ways in self._arguments(part, call).items():
                    self._command_used(node, name, kind, self._case(node, tool), parameter, ways, call)

    def _arguments(self, node: Node, call: Call) -> dict[str, Ways]:
        """The tool's arguments that get into an expression, by their names."""
        found: dict[str, Ways] = {}
        for taint in self._flow.of(node, call):
            if taint.path[: len(self._prefix)] == self._prefix:
                rest = taint.path[len(self._prefix) :]
                if rest and self._flow.schemas.field(taint.schema, taint.path[taint.described :]) == "no text":
                    continue
                name = rest[0] if rest else ""
                found[name] = (*found.get(name, ()), taint)
        return found

    def _path_used(self, node: Node, name: str, tool: str, parameter: str, ways: Ways, call: Call) -> None:
        if any(step.kind == "base" for taint in ways for step in taint.steps):
            return
        judged, check = worst([containment(taint, self._guards.of(taint, node, call.sites)) for taint in ways])
        if any(self._kind(taint) == "checked" for taint in ways):
            judged, check = "unknown", None
        known = self._paths.get((node.index, parameter))
        if known is not None and (known.containment == "unknown" or judged != "unknown"):
            return
        self._paths[node.index, parameter] = PathUse(
            self._sites.of(node),
            told(tool),
            told(parameter),
            told(name),
            judged,
            self._sites.line(check) if check is not None else None,
        )

    def _command_used(
        self, node: Node, name: str, kind: CommandKind, tool: str, parameter: str, ways: Ways, call: Call
    ) -> None:
        if any(taint.lost or self._guards.of(taint, node, call.sites) for taint in ways):
            return
        if not all(self._is_text(taint) for taint in ways):
            return
        whole = not any(step.kind in ("text", "joined", "resolved") for taint in ways for step in taint.steps)
        self._commands.setdefault(
            (node.index, parameter),
            CommandUse(
                self._sites.of(node),
                told(tool),
                told(parameter),
                told(name),
                kind,
                whole,
            ),
        )

    def _kind(self, taint: Taint) -> str:
        return self._flow.schemas.field(taint.schema, taint.path[taint.described :])

    def _is_text(self, taint: Taint) -> bool:
        kind = self._kind(taint)
        if kind != "unknown":
            return kind == "text"
        described = taint.schema is not None or any(step.kind == "checked" for step in taint.steps) or not self._prefix
        # A schema that is written elsewhere may say that it is a number: the name has to tell.
        return not described or any(name.lower() in _TEXTS for name in taint.path[len(self._prefix) :])

    def _case(self, node: Node, tool: str) -> str:
        """The tool whose branch a place stands in, where one handler serves them all: ``case "read_file":``."""
        if tool:
            return tool
        for above in node.above():
            if above.kind == "switch_case":
                return literal(above["value"]) or ""
            condition = above["condition"] if above.kind == "if_statement" else None
            if condition is not None and condition.word in ("===", "=="):
                name = literal(condition["right"]) or literal(condition["left"])
                if name:
                    return name
            if above.kind in FUNCTIONS:
                return ""
        return ""


def _shape(node: Node | None) -> Node | None:
    """The fields of a schema: of JSON's ``{type: "object", properties: {…}}`` what is under ``properties``."""
    properties = option(node, "properties")
    return properties if properties is not None and properties.kind == "object" else node
