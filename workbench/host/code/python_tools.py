"""Find the tools of an MCP server in Python, and what becomes of their arguments."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from workbench.host.code.python_flow import run_function
from workbench.host.code.python_frame import in_its_file, is_patterned, is_plain
from workbench.host.code.python_module import Function, Module, Scope, shown
from workbench.host.code.python_objects import class_named, function_of
from workbench.host.code.python_registrars import makes_a_tool, registrations
from workbench.host.code.python_values import Label, Run, Value, new_run
from workbench.model.code import Site
from workbench.model.record import record
from workbench.secrets.names import words

_SERVERS = frozenset(("mcp", "server", "app", "srv", "mcp_server"))
_PACKAGES = ("mcp", "fastmcp")
_CONTEXTS = ("ctx", "context")
_LEADING = words(
    "path paths file files filename filenames filepath filepaths directory directories dir dirs folder folders"
    " command commands cmd script shell executable program uri uris"
)
_PARTS = re.compile(r"[a-z]+")


@record
class Tool:
    """A function that clients call. ``raw``: it is every tool at once, and is given all arguments in one parameter."""

    name: str
    function: Function
    raw: bool = False


def runs_of(module: Module) -> Iterator[Run]:
    """Follow every tool of a module, each by itself."""
    for tool in tools_of(module):
        run = new_run(module, tool.name)
        with in_its_file(run, tool.function):
            given = _given(run, tool)
        run_function(run, tool.function, given)
        yield run


def tools_of(module: Module) -> Iterator[Tool]:
    """The tools of a module: those that are decorated, and those that are handed to the server."""
    of_mcp = module.uses(*_PACKAGES)
    for functions in module.functions.values():
        for function in functions.values():
            for decorator in function.decorator_list:
                tool = _decorated(module, function, decorator, of_mcp=of_mcp)
                if tool is not None:
                    yield tool
                    break
                if makes_a_tool(module, decorator, module.above[function]):
                    yield Tool(shown(function.name), function)
                    break
    if of_mcp:
        yield from _handed(module)


def _decorated(module: Module, function: Function, decorator: ast.expr, *, of_mcp: bool) -> Tool | None:
    call = decorator if isinstance(decorator, ast.Call) else None
    target = call.func if call is not None else decorator
    if not isinstance(target, ast.Attribute) or target.attr not in ("tool", "call_tool"):
        return None
    owner = target.value.attr if isinstance(target.value, ast.Attribute) else getattr(target.value, "id", "")
    if not of_mcp and owner not in _SERVERS:
        return None
    if target.attr == "call_tool":
        return Tool("", function, raw=True)
    named = next((each.value for each in call.keywords if each.arg == "name"), None) if call is not None else None
    if named is None and call is not None and call.args:
        named = call.args[0]
    name = named.value if isinstance(named, ast.Constant) and isinstance(named.value, str) else function.name
    return Tool(shown(name), function)


def _handed(module: Module) -> Iterator[Tool]:
    """``mcp.add_tool(f)``, ``mcp.tool()(f)``, ``FastMCP(tools=[f])``, ``Server(on_call_tool=f)``."""
    for scope, nodes in module.nodes.items():
        for node in nodes:
            if not isinstance(node, ast.Call):
                continue
            given = [function for _, function in registrations([node])]
            for keyword in node.keywords:
                if keyword.arg == "tools" and isinstance(keyword.value, ast.List):
                    given = [*given, *keyword.value.elts]
                elif keyword.arg == "on_call_tool":
                    function = function_of(module, keyword.value, scope)
                    if function is not None:
                        yield Tool("", function, raw=True)
            for each in given:
                function = _meant(module, each, scope)
                if function is not None:
                    yield Tool(shown(function.name), function)


def lost_by(run: Run) -> Iterator[Site]:
    """Where arguments go that are used nowhere that was looked at, though their names say that they lead somewhere."""
    used = {each.parameter for each in run.paths} | {each.parameter for each in run.commands}
    for label, site in run.lost.items():
        if label in run.checks or shown(label.name) in used:
            continue
        if label.origin == "arguments" or not _LEADING.isdisjoint(_PARTS.findall(label.name.lower())):
            yield site


def hidden(module: Module) -> Iterator[Site]:
    """Where functions are handed to the server that cannot be told, and are not those that a decorator is given."""
    if not module.uses(*_PACKAGES):
        return
    for scope, nodes in module.nodes.items():
        for node, given in registrations(nodes):
            if _meant(module, given, scope) is None and not _decorates(module, given, scope):
                yield module.site(node, scope)


def _meant(module: Module, given: ast.expr, scope: Scope) -> Function | None:
    """The function that is handed on, alone or in what is made of it: ``logged(f)``, ``Tool.from_function(f)``."""
    if not isinstance(given, ast.Call):
        return function_of(module, given, scope)
    inner = (function_of(module, each, scope) for each in given.args[:4])
    return next((each for each in inner if each is not None), None)


def _decorates(module: Module, given: ast.expr, scope: Scope) -> bool:
    """Whether what is handed on is the parameter of a function: who calls that is looked at for itself."""
    named = {node.id for node in ast.walk(given) if isinstance(node, ast.Name)}
    around = [each for each in module.scopes(scope) if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)]
    return any(each.arg in named for function in around for each in [*function.args.posonlyargs, *function.args.args])


def _given(run: Run, tool: Tool) -> dict[str, Value]:
    arguments = tool.function.args
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    if every and every[0].arg in ("self", "cls"):
        every = every[1:]
    if tool.raw:
        every = every[1:2]  # the first is the tool's name, or the context
    scope = run.module.above[tool.function]
    positional = [*arguments.posonlyargs, *arguments.args]
    defaults = dict(zip([each.arg for each in positional[::-1]], arguments.defaults[::-1], strict=False))
    given = {}
    for each in every:
        if is_plain(run, each.annotation, scope) or (each.annotation is None and each.arg in _CONTEXTS):
            continue
        if each.arg in defaults and is_patterned(defaults[each.arg]):
            continue
        label = Label("arguments", "arguments") if tool.raw else Label("argument", shown(each.arg))
        is_path = run.module.dotted(each.annotation) in ("pathlib.Path", "pathlib.PurePath")
        home, made = class_named(run.module, each.annotation, scope) or (run.module, None)
        if made is not None:
            run.module.owners[made] = home
        given[each.arg] = Value(frozenset({label}), is_path=is_path, model=made)
    return given
