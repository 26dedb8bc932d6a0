"""What an expression gives, and what it does on the way: paths that are opened, commands, checks, messages."""

from __future__ import annotations

import ast
from dataclasses import replace

from workbench.host.code import python_names as names
from workbench.host.code.python_checks import begins, by_form, compared
from workbench.host.code.python_frame import Frame, bound, in_its_file, is_patterned, is_plain, part_of
from workbench.host.code.python_objects import class_named, function_of, functions_named
from workbench.host.code.python_uses import dispatched, lost, note_call, note_method, received, with_message
from workbench.host.code.python_values import Value, checked, together


def evaluate(frame: Frame, node: ast.expr, *, statement: bool = False) -> Value | None:
    """The value of an expression where it came from elsewhere, None for any other."""
    frame.run.module.left -= 1
    if isinstance(node, ast.Constant) or frame.run.module.left < 0:
        return None
    if isinstance(node, ast.Name):
        return frame.values.get(node.id)
    if isinstance(node, ast.Call):
        return _call(frame, node, statement=statement)
    if isinstance(node, ast.Await):
        return evaluate(frame, node.value, statement=statement)
    if isinstance(node, ast.Attribute):
        return _attribute(frame, node)
    if isinstance(node, ast.Subscript):
        return _subscript(frame, node)
    if isinstance(node, ast.BinOp):
        value = together((evaluate(frame, node.left), evaluate(frame, node.right)))
        if value is not None and isinstance(node.op, ast.Div):
            return replace(value, is_path=True, form="raw")
        return value
    if isinstance(node, ast.Compare):
        operands = [node.left, *node.comparators]
        values = {each: evaluate(frame, each) for each in operands}
        compared(frame.run, node, values, frame.scope)
        return None
    if isinstance(node, ast.BoolOp):
        return together([evaluate(frame, each) for each in node.values], whole=True)
    if isinstance(node, ast.IfExp):
        before, frame.deciding = frame.deciding, True
        evaluate(frame, node.test)
        frame.deciding = before
        return together((evaluate(frame, node.body), evaluate(frame, node.orelse)), whole=True)
    return _compound(frame, node)


def assign(frame: Frame, target: ast.expr, value: Value | None, source: ast.expr | None = None) -> None:
    """Bind a name, or several, to a value; what is no name is forgotten."""
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


def _compound(frame: Frame, node: ast.expr) -> Value | None:
    if isinstance(node, ast.JoinedStr):
        parts = [evaluate(frame, each.value) for each in node.values if isinstance(each, ast.FormattedValue)]
        return together(parts, whole=len(node.values) == 1)
    if isinstance(node, ast.NamedExpr):
        value = evaluate(frame, node.value)
        assign(frame, node.target, value)
        return value
    if isinstance(node, ast.List | ast.Tuple | ast.Set):
        return together([evaluate(frame, each) for each in node.elts])
    if isinstance(node, ast.Dict):
        return together([evaluate(frame, each) for each in node.values])
    if isinstance(node, ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp):
        for each in node.generators:
            assign(frame, each.target, evaluate(frame, each.iter))
            for test in each.ifs:
                evaluate(frame, test)
        if isinstance(node, ast.DictComp):
            return together((evaluate(frame, node.key), evaluate(frame, node.value)))
        return evaluate(frame, node.elt)
    if isinstance(node, ast.UnaryOp):
        evaluate(frame, node.operand)
        return None
    if isinstance(node, ast.Starred | ast.YieldFrom):
        return evaluate(frame, node.value)
    if isinstance(node, ast.Yield) and node.value is not None:
        frame.returned.append(evaluate(frame, node.value))
    return None


def _attribute(frame: Frame, node: ast.Attribute) -> Value | None:
    if isinstance(node.value, ast.Name) and node.value.id == "self":
        own = frame.values.get(f"self.{node.attr}")
        if own is not None:
            return own
    value = evaluate(frame, node.value)
    if value is None:
        return received(frame.run, node, frame.scope)
    if value.is_path:
        return None if node.attr in names.NAMES_ONLY else value
    if value.model is not None:
        fields = {
            each.target.id: each
            for each in value.model.body
            if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name)
        }
        field = fields.get(node.attr)
        with in_its_file(frame.run, value.model):
            if field is not None and (
                is_plain(frame.run, field.annotation, value.model)
                or (field.value is not None and is_patterned(field.value))
            ):
                return None
        if any("validator" in name for name in _decorators(value.model)):
            return None  # what a model checks itself is not known
    return part_of(value, node.attr)


def _decorators(made: ast.ClassDef) -> list[str]:
    """The names of what stands before the functions of a class."""
    every = [
        each for function in made.body if isinstance(function, ast.FunctionDef) for each in function.decorator_list
    ]
    called = [each.func if isinstance(each, ast.Call) else each for each in every]
    return [getattr(each, "attr", getattr(each, "id", "")) for each in called]


def _subscript(frame: Frame, node: ast.Subscript) -> Value | None:
    value = evaluate(frame, node.value)
    index = evaluate(frame, node.slice) if not isinstance(node.slice, ast.Slice) else None
    if value is None:
        # What a table holds was there before, unless the table is everything that this file defines.
        if index is not None and isinstance(node.value, ast.Call):
            name = frame.run.module.dotted(node.value.func)
            if name in ("globals", "locals", "vars"):
                return replace(index, chosen=True)
        return None
    if isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str):
        return part_of(value, node.slice.value)
    return value


def _call(frame: Frame, node: ast.Call, *, statement: bool) -> Value | None:
    run = frame.run
    name = run.module.dotted(node.func)
    place = names.RUNNING_LATER.get(name, 1 if name.endswith(".run_in_executor") else None)
    if place is not None and len(node.args) > place:
        # Somebody else calls it with the arguments that follow: as if it stood here.
        inner = ast.Call(node.args[place], node.args[place + 1 :], node.keywords)
        return _call(frame, ast.copy_location(inner, node), statement=statement)
    # Once each: a chain of calls would else be followed over and over.
    owner = evaluate(frame, node.func.value) if isinstance(node.func, ast.Attribute) else None
    called = evaluate(frame, node.func) if not isinstance(node.func, ast.Attribute) else None
    if called is not None and called.chosen:
        dispatched(frame, called)
    positional = [evaluate(frame, each) for each in node.args]
    named = {each.arg or "**": evaluate(frame, each.value) for each in node.keywords}
    function = function_of(run.module, node.func, frame.scope)
    if function is not None:
        return frame.follow(run, function, bound(run, function, positional, named), frame.closures)
    _called_back(frame, node)
    message = received(run, node, frame.scope, owner)
    if message is not None:
        return message
    _collected(frame, node, positional)
    if isinstance(node.func, ast.Attribute) and owner is not None:
        return _method(frame, node, node.func.attr, owner, positional)
    value = together((*positional, *named.values()), whole=True)
    if value is None:
        return None
    if any(label.origin == "arguments" for label in value.labels) and _chosen_later(frame, node, positional, named):
        return None
    if isinstance(node.func, ast.Attribute) and node.func.attr in ("format", "join") and not name:
        return replace(value, whole=False)  # a text of the code, with the value put into it
    if name == "getattr" and len(positional) > 1 and positional[1] is not None:
        return replace(positional[1], chosen=True)
    note_call(frame, node, name, positional, named)
    return _result(frame, node, name, value, statement=statement)


def _chosen_later(frame: Frame, node: ast.Call, positional: list[Value | None], named: dict[str, Value | None]) -> bool:
    """Follow what all arguments of a tool are handed to where that is chosen while it runs, each that it may be."""
    found = functions_named(frame.run.module, node.func, frame.scope)
    for function in found:
        frame.follow(frame.run, function, bound(frame.run, function, positional, named), frame.closures)
    return bool(found)


def _collected(frame: Frame, node: ast.Call, positional: list[Value | None]) -> None:
    """A list that a value is put into holds it from here on."""
    if not isinstance(node.func, ast.Attribute) or node.func.attr not in names.COLLECTING:
        return
    value, into = together(positional), node.func.value
    if value is not None and isinstance(into, ast.Name):
        frame.values[into.id] = together((frame.values.get(into.id), value)) or value


def _called_back(frame: Frame, node: ast.Call) -> None:
    """A function from inside this one that is handed on is called there, and sees the same names."""
    for each in node.args:
        function = frame.run.module.function(each, frame.scope) if isinstance(each, ast.Name) else None
        if function is not None and function in frame.closures:
            frame.follow(frame.run, function, {}, frame.closures)


def _result(frame: Frame, node: ast.Call, name: str, value: Value, *, statement: bool) -> Value | None:
    run = frame.run
    validator = names.VALIDATING.get(name) or (
        names.VALIDATING_METHODS.get(node.func.attr) if isinstance(node.func, ast.Attribute) else None
    )
    module, made = class_named(run.module, node.func, frame.scope) or (run.module, None)
    if made is not None and any(base.rpartition(".")[2] == "BaseModel" for base in module.bases(made)):
        validator = validator or "pydantic"
    if validator is not None:
        return with_message(run, value, validator, made)
    if name in names.PATHS:
        return replace(value, is_path=True, form="raw" if len(node.args) > 1 else value.form)
    if name == "os.path.join":
        return replace(value, form="raw", whole=False)
    if name in names.RESOLVING:
        _resolved(frame, value)
        return replace(value, form="resolved")
    if name in names.NORMALISING:
        return replace(value, form=value.form if value.form == "resolved" else "normal")
    if name in names.CARRYING or name in ("os.path.commonpath", "os.path.commonprefix"):
        return replace(value, is_path=False)
    if name == "isinstance":
        with_message(run, value, "written by hand", None)
        return None
    if name not in names.HARMLESS:
        _unknown_check(frame, node, name, value, statement=statement)
        lost(frame, node, name, value)
    return None


def _method(frame: Frame, node: ast.Call, method: str, owner: Value, positional: list[Value | None]) -> Value | None:
    run = frame.run
    value = together((owner, *positional)) or owner
    note_method(frame, node, method, owner)
    if method == "is_relative_to":
        checked(run, owner, by_form(owner.form), node.lineno)
        return None
    if method == "startswith":
        begins(run, node, owner, frame.scope)
        return None
    if method == "relative_to":
        if not frame.swallowed:
            checked(run, owner, by_form(owner.form), node.lineno)
        return owner
    if method in ("get", "pop") and node.args and isinstance(node.args[0], ast.Constant):
        return part_of(owner, str(node.args[0].value))
    if method == "resolve" or method == "readlink":
        _resolved(frame, owner)
        return replace(owner, form="resolved", is_path=True)
    if method == "absolute":
        return replace(owner, form=owner.form if owner.form == "resolved" else "absolute", is_path=True)
    if method in ("joinpath", "with_name"):
        return replace(value, form="raw", is_path=True)
    if method == "replace" and not owner.is_path and node.args and _text(node.args[0]) in ("..", "../", "..\\"):
        checked(run, owner, "unknown", node.lineno)
    if method in names.CARRYING_METHODS:
        return replace(value, is_path=owner.is_path and method in ("expanduser", "with_suffix"))
    if method in names.PLAIN_TEXT:
        checked(run, owner, "sound", node.lineno)
    return None


def _resolved(frame: Frame, value: Value) -> None:
    """Links are followed here; a check that was made before did not see where they lead."""
    for label in value.labels:
        known = frame.run.checks.get(label)
        if known is not None and known[0] in ("not resolved", "text only"):
            frame.run.checks[label] = ("checked before resolved", known[1])


def _unknown_check(frame: Frame, node: ast.Call, name: str, value: Value, *, statement: bool) -> None:
    """A function from elsewhere that is given the path, and may well decide whether it is allowed."""
    last = name.rpartition(".")[2] or getattr(node.func, "attr", "")
    if last in names.HARMLESS_METHODS and "check" not in last:
        return
    telling = any(word in last.lower() for word in names.CHECKING_WORDS)
    known = name in names.PATH_ARGUMENTS or name in names.STARTING or name in names.SHELLS or name in names.EVALUATING
    if telling or (not known and (frame.deciding or statement)):
        checked(frame.run, value, "unknown", node.lineno)


def _text(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
