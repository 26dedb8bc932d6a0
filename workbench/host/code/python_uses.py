"""Note where values from elsewhere end: at a file, in a shell, in a reader that runs code; and where messages begin."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from workbench.host.code import python_names as names
from workbench.host.code.python_frame import Frame
from workbench.host.code.python_module import Function, Scope, shown
from workbench.host.code.python_values import Handling, Label, Run, Value, together
from workbench.model.code import CommandKind, CommandUse, Containment, PathUse, Unpickling

_RECEIVING = frozenset(["recv", "recv_bytes", "recvfrom", "recvmsg"])
_READING = frozenset(["read", "readline", "readexactly", "readuntil", "readlines", "recv", "recvfrom"])
_TAKING = frozenset(("get", "get_nowait"))
_QUEUES = ("Queue", "SimpleQueue", "JoinableQueue")
_HANDLERS = ("StreamRequestHandler", "BaseRequestHandler", "DatagramRequestHandler")
_FIRST = frozenset(("file", "path", "name", "src", "args", "command", "cmd"))
_MOST_ACTS = 8
_MOST_VALUES = 20


def note_call(
    frame: Frame, node: ast.Call, name: str, positional: list[Value | None], named: dict[str, Value | None]
) -> None:
    """Note what a function from elsewhere does with the values that it is given."""
    first = next((each for each in node.keywords if each.arg in _FIRST), None) if not node.args else None
    if first is not None:
        # What would stand first may be given by its name: ``open(file=path)``.
        rest = [each for each in node.keywords if each is not first]
        node = ast.copy_location(ast.Call(node.func, [first.value], rest), node)
        positional = [named[first.arg or ""]]
    for place in names.PATH_ARGUMENTS.get(name, ()):
        value = positional[place] if place < len(positional) else None
        if value is not None:
            _path(frame, node, name, value)
    if name in names.SHELLS and positional and positional[0] is not None:
        _command(frame, node, name, "shell", positional[0])
    elif name in names.STARTING:
        _started(frame, node, name, positional, named)
    elif name in names.EVALUATING and positional and positional[0] is not None:
        _command(frame, node, name, "evaluated", positional[0])
    elif positional and positional[0] is not None and _runs_code(frame, node, name):
        _unpickled(frame, node, name, positional[0])


def note_method(frame: Frame, node: ast.Call, method: str, owner: Value) -> None:
    """Note what a method does with the path that it is a method of."""
    if owner.is_path and method in names.PATH_METHODS:
        _path(frame, node, f"Path.{method}", owner)


def dispatched(frame: Frame, value: Value) -> None:
    """Note that a message chose what is called here, unless its name is one of those that are allowed."""
    for label in value.labels:
        if frame.run.checks.get(label, ("none", 0))[0] not in ("sound", "unknown"):
            for handling in _open(frame.run, Value(frozenset({label}))):
                handling.dispatch = f"a name in what {handling.channel} gives"


def lost(frame: Frame, node: ast.Call, name: str, value: Value) -> None:
    """Note that an argument goes on into what is not followed, and may be used as a path or a command there."""
    last = name.rpartition(".")[2] or getattr(node.func, "attr", "")
    followed = (names.PATH_ARGUMENTS, names.SHELLS, names.STARTING, names.EVALUATING)
    if (
        last in names.LEADING_NOWHERE
        or name.startswith(names.LEADING_ELSEWHERE)
        or any(name in each for each in followed)
    ):
        return
    for label in _arguments(value):
        frame.run.lost.setdefault(label, frame.run.module.site(node, frame.scope))


def lost_in(run: Run, function: Function, given: Iterable[Value]) -> None:
    """Note that arguments go on into a function that is not followed any more."""
    home = run.module.owners.get(function, run.module)
    scope: Scope = function if function in home.above else home.tree
    for value in given:
        for label in _arguments(value):
            run.lost.setdefault(label, home.site(function, scope))


def received(run: Run, node: ast.expr, scope: Scope, owner: Value | None = None) -> Value | None:
    """The message that an expression gives, or what messages are read from; None where it gives neither."""
    if isinstance(node, ast.Attribute):
        if node.attr in ("request", "rfile") and isinstance(node.value, ast.Name) and node.value.id == "self":
            made = _class_around(run, scope)
            bases = run.module.bases(made) if made is not None else set()
            if any(base.startswith("socketserver.") and base.endswith(_HANDLERS) for base in bases):
                return Value(frozenset({Label("reader", f"self.{node.attr}")}))
        return None
    if not isinstance(node, ast.Call):
        return None
    if run.module.dotted(node.func) in ("asyncio.open_unix_connection", "asyncio.open_connection"):
        return Value(frozenset({Label("reader", "StreamReader")}))
    if not isinstance(node.func, ast.Attribute):
        return None
    method = node.func.attr
    if owner is not None and any(label.origin == "reader" for label in owner.labels) and method in _READING:
        name = next(label.name for label in owner.labels if label.origin == "reader")
        return _message(run, node, scope, f"{name}.{method}")
    if method in _RECEIVING and run.module.uses("socket", "multiprocessing", "socketserver"):
        made_by = assigned_from(run, node.func.value, scope)
        if method == "recv" and "multiprocessing.connection.Listener" in made_by:
            _unauthenticated(run, node, scope)
        return _message(run, node, scope, f"{_shown(node.func.value)}.{method}")
    if method in _TAKING and any(
        name.startswith("multiprocessing") and name.endswith(_QUEUES)
        for name in assigned_from(run, node.func.value, scope)
    ):
        return _message(run, node, scope, f"{_shown(node.func.value)}.{method}")
    return None


def with_message(run: Run, value: Value, validator: str, made: ast.ClassDef | None) -> Value | None:
    """What is left of a value after something checked it as a whole: a message counts as checked from here on."""
    for label in value.labels:
        if label.origin == "message":
            run.validated.setdefault(label, validator)
            if label in run.handled and not run.handled[label].acts:
                run.handled[label].validator = validator
    left = frozenset(label for label in value.labels if label.origin != "message")
    return Value(left, whole=value.whole, model=made) if left else None


def assigned_from(run: Run, node: ast.expr, scope: Scope) -> set[str]:
    """The full names of the functions that made what a name stands for, through ``accept()`` and the like."""
    found: set[str] = set()
    left: list[ast.expr] = [node]
    for _ in range(4):
        if not left:
            break
        each = left.pop()
        name = each.id if isinstance(each, ast.Name) else ""
        if isinstance(each, ast.Attribute) and isinstance(each.value, ast.Name) and each.value.id == "self":
            name = f"self.{each.attr}"
        if not name:
            continue
        owner = _class_around(run, scope)
        scopes = [*run.module.scopes(scope), *([owner] if owner is not None else [])]
        for value in (value for within in scopes for value in run.module.assigned[within].get(name, ())[:_MOST_VALUES]):
            if isinstance(value, ast.Call):
                found.add(run.module.dotted(value.func))
                if isinstance(value.func, ast.Attribute) and value.func.attr == "accept":
                    left.append(value.func.value)
    return found


def _message(run: Run, node: ast.expr, scope: Scope, channel: str) -> Value:
    label = Label("message", shown(channel))
    if label not in run.handled:
        run.handled[label] = Handling(node, scope, label.name, "", [], "")
    return Value(frozenset({label}))


def _unauthenticated(run: Run, node: ast.Call, scope: Scope) -> None:
    """``Connection.recv`` unpickles what whoever connected sent, unless both sides had to know a key first."""
    for _, each in run.module.calls.get("Listener", ())[:_MOST_VALUES]:
        if run.module.dotted(each.func) != "multiprocessing.connection.Listener":
            continue
        if len(each.args) > 3 or any(keyword.arg in ("authkey", None) for keyword in each.keywords):
            return
    call = "multiprocessing.connection.Connection.recv"
    run.unpicklings.append(Unpickling(run.module.site(node, scope), call, "Listener.accept"))


def _path(frame: Frame, node: ast.Call, use: str, value: Value) -> None:
    run = frame.run
    for label in _arguments(value):
        containment, line = run.checks.get(label, ("none", 0))
        how: Containment = containment
        if how == "none" and value.form in ("absolute", "normal"):
            how = "not resolved"
        run.paths.append(
            PathUse(run.module.site(node, frame.scope), run.tool, shown(label.name), use, how, line or None)
        )
    _acted(run, value, use)


def _started(
    frame: Frame, node: ast.Call, name: str, positional: list[Value | None], named: dict[str, Value | None]
) -> None:
    if not node.args or all(value is None for value in positional):
        return
    shell = any(
        keyword.arg == "shell" and isinstance(keyword.value, ast.Constant) and keyword.value.value is True
        for keyword in node.keywords
    )
    first = positional[0]
    if shell:
        if first is not None:
            _command(frame, node, f"{name}(shell=True)", "shell", first)
        return
    words: Iterable[ast.expr] = node.args if name.startswith("asyncio.") else _words(frame, node.args[0])
    every = list(words)
    if len(every) > 2 and _is_shell(every[0], every[1]):
        value = _value(frame, every[2])
        if value is not None:
            _command(frame, node, f"{name}(sh -c)", "shell", value)
    elif every:
        value = _value(frame, every[0])
        if value is not None:
            _command(frame, node, name, "program", value, alone=not isinstance(every[0], ast.Starred))
        elif (word := together(positional)) is not None:
            _command(frame, node, name, "argument", word)
    elif first is not None and first.whole:
        _command(frame, node, name, "program", first)


def _words(frame: Frame, node: ast.expr) -> list[ast.expr]:
    """The words of a command that stands as a list in the code, at the call or where its name is given its value."""
    if isinstance(node, ast.List | ast.Tuple):
        return node.elts
    if isinstance(node, ast.BinOp):
        return _words(frame, node.left)
    if isinstance(node, ast.Name):
        values = frame.run.module.assigned[frame.scope].get(node.id, [])
        if len(values) == 1 and isinstance(values[0], ast.List | ast.Tuple):
            return values[0].elts
    return []


def _value(frame: Frame, node: ast.expr) -> Value | None:
    return frame.evaluate(frame, node)


def _is_shell(program: ast.expr, option: ast.expr) -> bool:
    if not isinstance(program, ast.Constant) or not isinstance(option, ast.Constant):
        return False
    return str(program.value).rpartition("/")[2] in names.SHELL_PROGRAMS and option.value in names.SHELL_OPTIONS


def _command(frame: Frame, node: ast.Call, use: str, kind: CommandKind, value: Value, *, alone: bool = True) -> None:
    run = frame.run
    for label in _arguments(value):
        check = run.checks.get(label, ("none", 0))[0]
        if check == "sound" and kind in ("program", "argument") and alone:
            continue  # it is one of those that are allowed
        # A list of what is allowed says nothing of the rest of a line, of which only one word may have been looked up.
        site, guarded = run.module.site(node, frame.scope), check in ("sound", "unknown")
        run.commands.append(CommandUse(site, run.tool, shown(label.name), use, kind, value.whole, guarded))
    if kind != "argument":
        _acted(run, value, use)


def _unpickled(frame: Frame, node: ast.Call, name: str, value: Value) -> None:
    for label in value.labels:
        if label.origin == "message":
            frame.run.unpicklings.append(Unpickling(frame.run.module.site(node, frame.scope), name, label.name))


def _runs_code(frame: Frame, node: ast.Call, name: str) -> bool:
    """Whether a reader runs code that what it reads tells it to."""
    given = [keyword.value for keyword in node.keywords if keyword.arg == "Loader"] + node.args[1:2]
    unsafe = bool(given) and frame.run.module.dotted(given[0]) in names.UNSAFE_LOADERS
    return name in names.UNPICKLING or (name in names.YAML and unsafe)


def _acted(run: Run, value: Value, use: str) -> None:
    for handling in _open(run, value):
        if use not in handling.acts and len(handling.acts) < _MOST_ACTS:
            handling.acts.append(use)


def _open(run: Run, value: Value) -> list[Handling]:
    """The messages in a value that nothing has checked."""
    return [
        run.handled[label]
        for label in value.labels
        if label.origin == "message" and label not in run.validated and label in run.handled
    ]


def _arguments(value: Value) -> list[Label]:
    return sorted(
        (label for label in value.labels if label.origin in ("argument", "arguments")), key=lambda label: label.name
    )


def _class_around(run: Run, scope: Scope) -> ast.ClassDef | None:
    while not isinstance(scope, ast.ClassDef | ast.Module):
        scope = run.module.above[scope]
    return scope if isinstance(scope, ast.ClassDef) else None


def _shown(node: ast.expr) -> str:
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    parts.append(node.id if isinstance(node, ast.Name) else "…")
    return ".".join(reversed(parts))
