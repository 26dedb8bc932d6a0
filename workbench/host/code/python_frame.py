"""One call of one function that is followed, and what its parameters are given."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from workbench.host.code.python_module import Function, Scope
from workbench.host.code.python_values import Label, Run, Value
from workbench.model.record import draft
from workbench.secrets.names import words

_PLAIN_TYPES = frozenset(
    words(
        "int float bool complex datetime.datetime datetime.date uuid.UUID decimal.Decimal datetime.timedelta"
        " mcp.server.fastmcp.Context fastmcp.Context Context"
    )
)


@draft
class Frame:
    """One call of one function: its names, and the functions inside it that see them.

    ``evaluate`` gives the value of an expression in it; ``follow`` what a function gives that is called with these
    values and sees those frames. They are handed in, for an expression may call a function, which is expressions again.
    ``deciding`` while a condition is looked at; ``swallowed`` while what a check raises is caught and forgotten.
    """

    run: Run
    scope: Scope
    values: dict[str, Value]
    closures: dict[Function, Frame]
    returned: list[Value | None]
    evaluate: Callable[[Frame, ast.expr], Value | None]
    follow: Callable[[Run, Function, dict[str, Value], dict[Function, Frame]], Value | None]
    deciding: bool = False
    swallowed: bool = False


@contextmanager
def in_its_file(run: Run, made: Function | ast.ClassDef) -> Iterator[None]:
    """What stands in another file has that file's names."""
    caller = run.module
    run.module = caller.owners.get(made, caller)
    try:
        yield
    finally:
        run.module = caller


def parameters(function: Function) -> list[str]:
    """The names of what a function takes, without those that take any number."""
    return [each.arg for each in _arguments(function)]


def bound(
    run: Run, function: Function, positional: list[Value | None], named: dict[str, Value | None]
) -> dict[str, Value]:
    """The values of a function's parameters, by those that a call gives."""
    names = [each.arg for each in (*function.args.posonlyargs, *function.args.args)]
    if names and names[0] in ("self", "cls"):
        names = names[1:]
    given = dict(zip(names, positional, strict=False))
    given.update({name: value for name, value in named.items() if name in parameters(function)})
    every = named.get("**")
    if every is not None:
        # ``f(**arguments)``: each parameter is the argument of that name.
        for name in parameters(function):
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
    if name in _PLAIN_TYPES or _is_narrowed(run, name) or name.rpartition(".")[2] == "Context":
        return True
    made = run.module.class_of(annotation, scope)
    return made is not None and any(base.rpartition(".")[2].endswith("Enum") for base in run.module.bases(made))


def is_patterned(node: ast.expr) -> bool:
    """Whether a field says which texts it takes, ``Field(pattern=…)``, or what checks them, ``AfterValidator(…)``:
    whether that is enough is not known.
    """
    if not isinstance(node, ast.Call):
        return False
    name = getattr(node.func, "attr", getattr(node.func, "id", ""))
    return name.endswith("Validator") or any(each.arg in ("pattern", "regex") for each in node.keywords)


def _is_narrowed(run: Run, name: str) -> bool:
    """Whether a name for a type, of its file or of another of the package, says which texts it takes or what checks
    them: ``Inside = Annotated[str, AfterValidator(inside)]``.
    """
    home = run.module.other(name) if "." in name else run.module
    values = home.assigned[home.tree].get(name.rpartition(".")[2], []) if home is not None else []
    only = values[0] if len(values) == 1 else None
    if home is None or not isinstance(only, ast.Subscript):
        return False
    kind, inner = home.dotted(only.value).rpartition(".")[2], only.slice
    return kind == "Literal" or (
        kind == "Annotated" and isinstance(inner, ast.Tuple) and any(map(is_patterned, inner.elts[1:]))
    )


def _arguments(function: Function) -> list[ast.arg]:
    return [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
