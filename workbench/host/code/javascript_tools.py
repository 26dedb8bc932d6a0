"""MCP tools in JavaScript: where their arguments are used as paths and as commands."""

from __future__ import annotations

from collections.abc import Iterator

from workbench.host.code.javascript_answers import size_of
from workbench.host.code.javascript_containment import containment, worst
from workbench.host.code.javascript_elsewhere import NAMING, Elsewhere
from workbench.host.code.javascript_flow import Flow
from workbench.host.code.javascript_guards import Guards
from workbench.host.code.javascript_handlers import RUNNING, Handlers
from workbench.host.code.javascript_objects import class_named, classes_of, members
from workbench.host.code.javascript_scopes import EACH, Path
from workbench.host.code.javascript_sinks import commands_of, paths_of, uses_what_it_holds
from workbench.host.code.javascript_sites import Sites, told
from workbench.host.code.javascript_syntax import FUNCTIONS, Node
from workbench.host.code.javascript_texts import key_name, literal
from workbench.host.code.javascript_values import Call, Taint, Ways
from workbench.model.code import CommandKind, CommandUse, PathUse

_MOST_IN_TABLE = 200
_FARTHEST = 16
# Names of arguments that are texts, where a schema elsewhere says what they are.
_TEXTS = {
    "command", "cmd", "commandline", "script", "code", "path", "file", "filename", "filepath", "file_path", "dir",
    "directory", "cwd", "url", "uri", "message", "query", "pattern", "text", "content", "input", "expression", "args",
    "arguments", "name", "branch", "repo", "repository", "source", "destination", "target", "host", "hostname",
}  # fmt: skip


class Tools:
    """Looks through the handlers of one file's tools."""

    def __init__(self, flow: Flow, sites: Sites, calls: list[Node]) -> None:
        self._flow = flow
        self._names = flow.names
        self._sites = sites
        self._handlers = Handlers(flow.names, calls)
        self._elsewhere = Elsewhere(flow.names, flow.schemas)
        self._guards = Guards(flow)
        self._prefix: Path = ()
        self._paths: dict[tuple[int, str, str], PathUse] = {}
        self._commands: dict[tuple[int, str, str], CommandUse] = {}
        self._seen: set[tuple[int, str, tuple[tuple[Path, bool], ...], tuple[int, ...]]] = set()
        self._dispatched: Node | None = None
        self.left: list[Node] = []
        """Where arguments of tools go on to what is not followed: a file that is not read, a function that is chosen by
        a name, what wraps a tool's function; the first of them.
        """
        self.unclear: list[Node] = []
        """Where a tool's argument gets into a command in a way that is not understood; the first of them."""

    def uses(self) -> tuple[tuple[PathUse, ...], tuple[CommandUse, ...]]:
        """Every use of a tool's argument as a path or as a command, each place and argument once; of those that are not
        understood one of each argument.
        """
        for tool in self._handlers.tools():
            self._prefix = tool.prefix
            start = (Taint(schema=tool.schema, described=len(tool.prefix)),)
            call = self._flow.entered(tool.handler, [], [start], Call({}))
            self._look(tool.handler, call, tool.name)
        for handler in self._handlers.missed:
            self._note(handler)
        if self._dispatched is not None and not self._handlers.are_described():
            self.left.append(self._dispatched)
        unknown: set[tuple[str, str]] = set()
        paths = []
        for use in self._paths.values():
            if use.containment == "unknown":
                if (use.tool, use.parameter) in unknown:
                    continue
                unknown.add((use.tool, use.parameter))
            paths.append(use)
        return tuple(paths), tuple(self._commands.values())

    def _look(self, function: Node, call: Call, tool: str) -> None:
        given = tuple(
            (taint.path, taint.lost)
            for parameter in self._names.scopes.parameters_of(function)
            for taint in call.given.get(parameter, ())
        )
        called = tuple(self._names.callbacks.get(each) for each in self._names.scopes.parameters_of(function))
        key = (function.index, tool, given, tuple(each.index if each is not None else -1 for each in called))
        if key in self._seen:
            return
        self._seen.add(key)
        for node in function.home.inside(function):
            self._flow.spend(1)
            if node.kind not in ("call_expression", "new_expression"):
                continue
            self._look_at(node, call, tool)
            if node.kind == "call_expression" and node.arguments:
                self._enter(node, function, call, tool)
            elif node.kind == "new_expression" and not self.left and self._is_kept(node, call):
                self.left.append(node)

    def _enter(self, node: Node, function: Node, call: Call, tool: str) -> None:
        """Go on to the functions that a call calls with something from outside."""
        arguments = node.arguments[:20]
        called = list(self._called(node, self._case(node, tool)))
        if called and len(call.sites) < _FARTHEST:
            ways = [self._flow.of(argument, call) for argument in arguments]
            if any(ways) or any(argument.kind == "object" for argument in arguments):
                for inner, name in called:
                    if inner is not function:
                        self._handlers.bind(inner, arguments)
                        self._look(inner, self._flow.entered(inner, node.arguments, ways, call, node), name)
        elif (
            not self.left
            and (called or self._elsewhere.leads(node))
            and any(self._is_argument(taint) for argument in arguments for taint in self._flow.of(argument, call))
        ):
            if self._prefix and not called and self._names.method(node) in RUNNING:
                self._dispatched = self._dispatched or node
            else:
                self.left.append(node)

    def _is_kept(self, made: Node, call: Call) -> bool:
        """Whether an argument of a tool goes into an object that uses what it holds as a path or a command."""
        if not any(self._is_argument(taint) for given in made.arguments[:20] for taint in self._flow.of(given, call)):
            return False
        of = class_named(made["constructor"], self._names)
        if of is None:
            return False
        self._flow.spend(size_of(of))
        return uses_what_it_holds(of, self._names)

    def _is_argument(self, taint: Taint) -> bool:
        """Whether it is a tool's argument, or what holds all of them: the tool's own name is none."""
        path = taint.path
        while path[:1] == (EACH,):
            path = path[1:]
        return all(one == other for one, other in zip(path, self._prefix, strict=False))

    def _note(self, handler: Node) -> None:
        value = self._names.value(handler)
        if not self.left and value is not None and value.kind in NAMING:
            self.left.append(handler)

    def _called(self, node: Node, tool: str) -> Iterator[tuple[Node, str]]:
        """The functions of the file that a call may call, each with the tool it is of: one, or in a table of them
        (``handlers[name](arguments)``) each under its own name.
        """
        made = self._names.function(node["function"])
        if made is not None:
            yield made, tool
            return
        value = self._names.value(node["function"])
        if value is not None and value.kind == "member_expression":
            for each in classes_of(value["object"], self._names):
                methods = members(each, self._names.last(value), self._names)
                inner = self._names.function(methods[0]) if len(methods) == 1 else None
                if inner is not None:
                    yield inner, tool
            return
        if value is not None and value.kind == "call_expression":
            made = self._handlers.wrapped(value)
            if made is not None:
                yield made, tool
            return
        if value is None or value.kind != "subscript_expression" or literal(value["index"]) is not None:
            return
        table = self._names.value(value["object"])
        if table is not None and table.kind == "identifier":
            for binding in self._names.scopes.given_by(table)[:_MOST_IN_TABLE]:
                inner = self._names.function(binding.node)
                if inner is not None:
                    yield inner, tool or binding.name
            return
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
            path = taint.path
            while path[:1] == (EACH,):
                # All arguments of a function as one list: ``(...args) => handler(...args)``.
                path = path[1:]
            if path[: len(self._prefix)] == self._prefix:
                rest = path[len(self._prefix) :]
                if rest and self._flow.schemas.field(taint.schema, taint.path[taint.described :]) == "no text":
                    continue
                name = rest[0] if rest else ""
                found[name] = (*found.get(name, ()), taint)
        return found

    def _path_used(self, node: Node, name: str, tool: str, parameter: str, ways: Ways, call: Call) -> None:
        ways = tuple(taint for taint in ways if not any(step.kind == "base" for step in taint.steps))
        if not ways:
            return
        judged, check = worst([containment(taint, self._guards.of(taint, node, call.sites)) for taint in ways])
        if any(self._kind(taint) == "checked" for taint in ways):
            judged, check = "unknown", None
        known = self._paths.get((node.index, tool, parameter))
        if known is not None and (
            known.containment == "unknown" or known.containment != "sound" != judged != "unknown"
        ):
            return
        self._paths[node.index, tool, parameter] = PathUse(
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
        guards = [guard for taint in ways for guard in self._guards.of(taint, node, call.sites)]
        if guards or any(taint.lost for taint in ways):
            understood = guards and not any(guard.kind == "unknown" for guard in guards)
            if not understood and not self.unclear and kind != "argument":
                self.unclear.append(node)
            return
        if not all(self._is_text(taint) for taint in ways):
            return
        whole = not any(step.kind in ("text", "joined", "resolved") for taint in ways for step in taint.steps)
        self._commands.setdefault(
            (node.index, tool, parameter),
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
