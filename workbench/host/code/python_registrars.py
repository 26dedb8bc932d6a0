"""Find what an MCP server in Python makes its tools with, where that is a function of its own."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from workbench.host.code.python_module import Function, Module, Scope
from workbench.host.code.python_objects import function_of

_PACKAGES = ("mcp", "fastmcp")
_FARTHEST = 2


def makes_a_tool(module: Module, decorator: ast.expr, scope: Scope) -> bool:
    """Whether a decorator of the package itself hands what it decorates to the server."""
    target = decorator.func if isinstance(decorator, ast.Call) else decorator
    function = function_of(module, target, scope)
    if function is None:
        return False
    if function not in module.makers:
        module.makers[function] = _registers(module.owners.get(function, module), function)
    return module.makers[function]


def registrations(nodes: list[ast.AST]) -> Iterator[tuple[ast.Call, ast.expr]]:
    """The calls that hand a function to a server, with that function: ``mcp.add_tool(f)``, ``mcp.tool()(f)``."""
    for node in nodes:
        if not isinstance(node, ast.Call) or not node.args:
            continue
        called = node.func
        wraps = isinstance(called, ast.Call) and isinstance(called.func, ast.Attribute) and called.func.attr == "tool"
        if wraps or (isinstance(called, ast.Attribute) and called.attr == "add_tool"):
            yield node, node.args[0]


def _registers(module: Module, function: Function, depth: int = 0) -> bool:
    if not module.uses(*_PACKAGES) or depth > _FARTHEST:
        return False
    nodes = list(ast.walk(function))
    if any(True for _ in registrations(nodes)):
        return True
    for node in nodes:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node is not function:
            if any(_is_tool(each) for each in node.decorator_list):
                return True
        elif isinstance(node, ast.Return) and isinstance(node.value, ast.Call):
            inner = function_of(module, node.value.func, function)
            if inner is not None and inner is not function:
                return _registers(module.owners.get(inner, module), inner, depth + 1)
    return False


def _is_tool(decorator: ast.expr) -> bool:
    target = decorator.func if isinstance(decorator, ast.Call) else decorator
    return isinstance(target, ast.Attribute) and target.attr == "tool"
