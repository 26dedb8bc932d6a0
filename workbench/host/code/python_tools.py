"""Find the tools of an MCP server in Python, and what becomes of their arguments."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from workbench.host.code.python_flow import run_function
from workbench.host.code.python_frame import in_its_file, is_patterned, is_plain
from workbench.host.code.python_module import Function, Module, shown
from workbench.host.code.python_values import Label, Run, Value, new_run
from workbench.model.record import record

_SERVERS = frozenset(("mcp", "server", "app", "srv", "mcp_server"))
_PACKAGES = ("mcp", "fastmcp")
_CONTEXTS = ("ctx", "context")


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
            called = node.func
            adds = isinstance(called, ast.Attribute) and called.attr == "add_tool"
            wraps = (
                isinstance(called, ast.Call) and isinstance(called.func, ast.Attribute) and called.func.attr == "tool"
            )
            given = node.args[:1] if adds or wraps else []
            for keyword in node.keywords:
                if keyword.arg == "tools" and isinstance(keyword.value, ast.List):
                    given = [*given, *keyword.value.elts]
                elif keyword.arg == "on_call_tool":
                    function = module.function(keyword.value, scope)
                    if function is not None:
                        yield Tool("", function, raw=True)
            for each in given:
                function = module.function(each, scope)
                if function is not None:
                    yield Tool(shown(function.name), function)


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
        made = run.module.class_of(each.annotation, scope)
        given[each.arg] = Value(frozenset({label}), is_path=is_path, model=made)
    return given
