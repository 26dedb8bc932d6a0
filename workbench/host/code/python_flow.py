"""Follow values through a function and what it calls in the same file: where they end, and what stands before."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from workbench.host.code.python_frame import Frame, in_its_file, parameters
from workbench.host.code.python_module import Function
from workbench.host.code.python_uses import lost_in
from workbench.host.code.python_values import Run, Value, together
from workbench.host.code.python_values_of import assign, evaluate

_DEEPEST = 8
_LOGGING = frozenset(["debug", "info", "warning", "error", "exception", "critical", "log"])


def run_function(
    run: Run, function: Function, given: dict[str, Value], closures: dict[Function, Frame] | None = None
) -> Value | None:
    """Follow one call, and give what it returns."""
    if function in run.active:
        return None
    if len(run.active) >= _DEEPEST:
        lost_in(run, function, given.values())
        return None
    outer = (closures or {}).get(function)
    if not given and not run.receives and (outer is None or not outer.values):
        return None  # nothing that came from elsewhere can be in it
    values = {**outer.values, **given} if outer is not None else dict(given)
    for name in parameters(function):
        if name not in given:
            values.pop(name, None)
    frame = Frame(run, function, values, dict(closures or {}), [], evaluate, run_function)
    run.active.append(function)
    try:
        with in_its_file(run, function):
            execute(frame, function.body)
    finally:
        run.active.pop()
    return together(frame.returned, whole=True)


def run_module(run: Run, module: ast.Module) -> None:
    """Follow what a file does when it is read, outside of its functions."""
    execute(Frame(run, module, {}, {}, [], evaluate, run_function), module.body)


def execute(frame: Frame, body: Iterable[ast.stmt]) -> None:
    """Follow statements in the order in which they are written."""
    for statement in body:
        frame.run.module.left -= 1
        if frame.run.module.left < 0:
            return
        _statement(frame, statement)


def _statement(frame: Frame, node: ast.stmt) -> None:
    if isinstance(node, ast.Assign):
        value = evaluate(frame, node.value)
        for target in node.targets:
            assign(frame, target, value, node.value)
    elif isinstance(node, ast.AnnAssign) and node.value is not None:
        assign(frame, node.target, evaluate(frame, node.value), node.value)
    elif isinstance(node, ast.AugAssign):
        assign(frame, node.target, together((evaluate(frame, node.target), evaluate(frame, node.value))))
    elif isinstance(node, ast.Expr):
        evaluate(frame, node.value, statement=True)
    elif isinstance(node, ast.Return):
        frame.returned.append(evaluate(frame, node.value) if node.value is not None else None)
    elif isinstance(node, ast.If):
        _condition(frame, node.test)
        _branches(frame, (node.body, node.orelse))
    elif isinstance(node, ast.While):
        _condition(frame, node.test)
        execute(frame, node.body)
        execute(frame, node.orelse)
    elif isinstance(node, ast.Assert):
        _condition(frame, node.test)
    elif isinstance(node, ast.For | ast.AsyncFor):
        value = evaluate(frame, node.iter)
        assign(frame, node.target, value, node.iter)
        execute(frame, node.body)
        execute(frame, node.orelse)
    elif isinstance(node, ast.With | ast.AsyncWith):
        for item in node.items:
            value = evaluate(frame, item.context_expr)
            if item.optional_vars is not None:
                # What a context gives (an open file) is not what it was given (a path), except from a message.
                assign(frame, item.optional_vars, value if value is not None and _received(value) else None)
        execute(frame, node.body)
    elif isinstance(node, ast.Try | ast.TryStar):
        before = frame.swallowed
        frame.swallowed = before or (bool(node.handlers) and not any(map(_leaves, node.handlers)))
        execute(frame, node.body)
        frame.swallowed = before
        for handler in node.handlers:
            execute(frame, handler.body)
        execute(frame, node.orelse)
        execute(frame, node.finalbody)
    elif isinstance(node, ast.Match):
        _match(frame, node)
    elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        frame.closures[node] = frame
    elif isinstance(node, ast.Raise | ast.Delete):
        pass


def _branches(frame: Frame, bodies: Iterable[list[ast.stmt]]) -> None:
    """Follow each way from the same beginning; what a name may be after all of them comes from any that goes on."""
    before = frame.values
    ended: list[dict[str, Value]] = []
    for body in bodies:
        frame.values = dict(before)
        execute(frame, body)
        if not body or not isinstance(body[-1], ast.Raise | ast.Return | ast.Continue | ast.Break):
            ended.append(frame.values)
    frame.values = ended[0] if ended else before
    for other in ended[1:]:
        for name, value in other.items():
            known = frame.values.get(name)
            if known != value:
                merged = together((known, value), whole=True)
                if merged is not None:
                    frame.values[name] = merged


def _match(frame: Frame, node: ast.Match) -> None:
    subject = evaluate(frame, node.subject)
    for case in node.cases:
        for inner in ast.walk(case.pattern):
            name = getattr(inner, "name", None) or getattr(inner, "rest", None)
            if isinstance(name, str):
                assign(frame, ast.Name(name), subject)
        if case.guard is not None:
            _condition(frame, case.guard)
        execute(frame, case.body)


def _condition(frame: Frame, test: ast.expr) -> None:
    before, frame.deciding = frame.deciding, True
    evaluate(frame, test)
    frame.deciding = before


def _received(value: Value) -> bool:
    return any(label.origin in ("message", "reader") for label in value.labels)


def _leaves(handler: ast.ExceptHandler) -> bool:
    """Whether what was caught ends the function or the round, as far as that can be told."""
    for node in ast.walk(ast.Module(handler.body, [])):
        if isinstance(node, ast.Raise | ast.Return | ast.Continue | ast.Break):
            return True
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call | ast.Await):
            call = node.value.value if isinstance(node.value, ast.Await) else node.value
            function = call.func if isinstance(call, ast.Call) else None
            name = getattr(function, "attr", getattr(function, "id", ""))
            if name not in _LOGGING and name != "print":
                return True
    return False
