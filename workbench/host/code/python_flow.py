"""Follow values through a function and what it calls in the same file: where they end, and what stands before."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from workbench.host.code.python_module import Function, Scope
from workbench.host.code.python_values import Label, Run, Value, new_run, together
from workbench.model.record import draft
from workbench.secrets.names import words

__all__ = ["Frame", "execute", "new_run", "run_function"]

_DEEPEST = 8
_PLAIN_TYPES = frozenset(
    words(
        "int float bool complex datetime.datetime datetime.date uuid.UUID decimal.Decimal datetime.timedelta"
        " mcp.server.fastmcp.Context fastmcp.Context Context"
    )
)
_LOGGING = frozenset(["debug", "info", "warning", "error", "exception", "critical", "log"])


@draft
class Frame:
    """One call of one function: its names, and the functions inside it that see them.

    ``deciding`` while a condition is looked at; ``swallowed`` while what a check raises is caught and forgotten.
    """

    run: Run
    scope: Scope
    values: dict[str, Value]
    closures: dict[Function, Frame]
    returned: list[Value | None]
    deciding: bool = False
    swallowed: bool = False


@contextmanager
def in_its_file(run: Run, function: Function) -> Iterator[None]:
    """What stands in another file has that file's names."""
    caller = run.module
    run.module = caller.owners.get(function, caller)
    try:
        yield
    finally:
        run.module = caller


def run_function(
    run: Run, function: Function, given: dict[str, Value], closures: dict[Function, Frame] | None = None
) -> Value | None:
    """Follow one call, and give what it returns."""
    if function in run.active or len(run.active) >= _DEEPEST:
        return None
    outer = (closures or {}).get(function)
    if not given and not run.receives and (outer is None or not outer.values):
        return None  # nothing that came from elsewhere can be in it
    values = {**outer.values, **given} if outer is not None else dict(given)
    for name in _parameters(function):
        if name not in given:
            values.pop(name, None)
    frame = Frame(run, function, values, dict(closures or {}), [])
    run.active.append(function)
    try:
        with in_its_file(run, function):
            execute(frame, function.body)
    finally:
        run.active.pop()
    return together(frame.returned, whole=True)


def bound(
    run: Run, function: Function, positional: list[Value | None], named: dict[str, Value | None]
) -> dict[str, Value]:
    """The values of a function's parameters, by those that a call gives."""
    names = [each.arg for each in (*function.args.posonlyargs, *function.args.args)]
    if names and names[0] in ("self", "cls"):
        names = names[1:]
    given = dict(zip(names, positional, strict=False))
    given.update({name: value for name, value in named.items() if name in _parameters(function)})
    every = named.get("**")
    if every is not None:
        # ``f(**arguments)``: each parameter is the argument of that name.
        for name in _parameters(function):
            given.setdefault(name, part_of(every, name))
    types = {each.arg: each.annotation for each in _arguments(function)}
    found = {}
    with in_its_file(run, function):
        for name, value in given.items():
            if value is not None and not is_plain(run, types.get(name), function):
                found[name] = value
    return found


def part_of(value: Value, name: str) -> Value:
    """A named part of a value: of all the arguments of a tool, the one of that name."""
    labels = frozenset(
        Label("argument", name) if label.origin == "arguments" and name not in ("arguments", "params") else label
        for label in value.labels
    )
    return Value(labels, value.form, whole=value.whole)


def is_plain(run: Run, annotation: ast.expr | None, scope: Scope) -> bool:
    """Whether a type says that a value is no text that anybody can choose: a number, a list of words, the context."""
    if annotation is None:
        return False
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        return annotation.value in _PLAIN_TYPES
    if isinstance(annotation, ast.BinOp):
        sides = [each for each in (annotation.left, annotation.right) if not isinstance(each, ast.Constant)]
        return bool(sides) and all(is_plain(run, each, scope) for each in sides)
    if isinstance(annotation, ast.Subscript):
        name = run.module.dotted(annotation.value).rpartition(".")[2]
        inner = annotation.slice
        if name in ("Literal", "Context"):
            return True
        if name == "Annotated" and isinstance(inner, ast.Tuple) and inner.elts:
            return is_plain(run, inner.elts[0], scope) or any(map(is_patterned, inner.elts[1:]))
        return name in ("Optional", "list", "List", "Sequence") and is_plain(run, inner, scope)
    name = run.module.dotted(annotation)
    if name in _PLAIN_TYPES or name.rpartition(".")[2] == "Context":
        return True
    made = run.module.class_of(annotation, scope)
    return made is not None and any(base.rpartition(".")[2].endswith("Enum") for base in run.module.bases(made))


def is_patterned(node: ast.expr) -> bool:
    """Whether a field says which texts it takes, ``Field(pattern=…)``: whether that is enough is not known."""
    return isinstance(node, ast.Call) and any(each.arg in ("pattern", "regex") for each in node.keywords)


def execute(frame: Frame, body: Iterable[ast.stmt]) -> None:
    """Follow statements in the order in which they are written."""
    for statement in body:
        frame.run.module.left -= 1
        if frame.run.module.left < 0:
            return
        _statement(frame, statement)


def _statement(frame: Frame, node: ast.stmt) -> None:
    from workbench.host.code.python_values_of import evaluate

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
    from workbench.host.code.python_values_of import evaluate

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
    from workbench.host.code.python_values_of import evaluate

    before, frame.deciding = frame.deciding, True
    evaluate(frame, test)
    frame.deciding = before


def assign(frame: Frame, target: ast.expr, value: Value | None, source: ast.expr | None = None) -> None:
    """Bind a name, or several, to a value; what is no name is forgotten."""
    from workbench.host.code.python_values_of import evaluate

    if isinstance(target, ast.Name):
        if value is None:
            frame.values.pop(target.id, None)
        else:
            frame.values[target.id] = value
    elif isinstance(target, ast.Tuple | ast.List):
        parts = source.elts if isinstance(source, ast.Tuple | ast.List) else []
        for place, inner in enumerate(target.elts):
            each = evaluate(frame, parts[place]) if len(parts) == len(target.elts) else value
            assign(frame, inner, each)
    elif isinstance(target, ast.Starred):
        assign(frame, target.value, value)
    elif isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name) and target.value.id == "self":
        assign(frame, ast.Name(f"self.{target.attr}"), value)
    elif isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name) and value is not None:
        assign(frame, target.value, together((frame.values.get(target.value.id), value)))


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


def _arguments(function: Function) -> list[ast.arg]:
    return [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]


def _parameters(function: Function) -> list[str]:
    return [each.arg for each in _arguments(function)]
