"""Find what a server in Python does with the messages of its own other processes, and which secrets it sends them."""

from __future__ import annotations

import ast
import re
from collections import deque
from collections.abc import Iterator

from workbench.host.code.python_flow import run_function, run_module
from workbench.host.code.python_module import Function, Module, Scope, shown
from workbench.host.code.python_objects import imported_by
from workbench.host.code.python_uses import assigned_from
from workbench.host.code.python_values import Label, Run, Value, new_run
from workbench.model.code import MessageHandler, SecretSend
from workbench.secrets.names import kind_of_name, words
from workbench.secrets.recognition import recognise

_SENDING = frozenset(("send", "put", "put_nowait"))
_CHANNELS = ("Pipe", "Queue", "SimpleQueue", "JoinableQueue", "Client", "Listener")
# Words that name a secret, and much else: the key of a table, a pass over the data.
_AMBIGUOUS = words("key pass auth cookie pat pwd keys dsn bearer")
# What a model says comes token by token.
_TOKEN = ("token", "tokens")
_ABOUT_SECRETS = re.compile(r"credential|auth|login|secret", re.IGNORECASE)
_CARRYING = words("str dict list tuple bytes json.dumps orjson.dumps repr os.fsencode")
_CARRYING_METHODS = words("encode format strip copy model_dump")
_SPEAKING = ("socket", "multiprocessing", "socketserver", "asyncio")
_SERVING = ("start_unix_server", "start_server")


def may_receive(module: Module) -> bool:
    """Whether a file, or one that it takes something from, imports what messages come through."""
    return any(each.uses(*_SPEAKING) for each in (module, *imported_by(module)))


def runs_of(module: Module) -> Iterator[Run]:
    """Follow every function of a module for the messages that it receives itself, and the file's own level."""
    readers = _callbacks(module)
    for scope in module.functions:
        run = new_run(module, "", receives=True)
        if isinstance(scope, ast.Module):
            run_module(run, scope)
        elif isinstance(scope, ast.FunctionDef | ast.AsyncFunctionDef):
            run_function(run, scope, readers.get(scope, {}))
        else:
            continue
        yield run


def handlers_of(run: Run) -> Iterator[MessageHandler]:
    """What one function does with each kind of message that it receives."""
    for handling in run.handled.values():
        site = run.module.site(handling.node, handling.scope)
        acts = tuple(shown(each) for each in handling.acts)
        yield MessageHandler(site, handling.channel, "unknown", handling.validator, acts, handling.dispatch)


def sends_of(module: Module) -> Iterator[SecretSend]:
    """The messages over pipes and queues of processes with a secret in them, by what its name says."""
    if not module.uses("multiprocessing"):
        return
    run = new_run(module, "")
    for scope, nodes in module.nodes.items():
        for node in nodes:
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or not node.args:
                continue
            if node.func.attr not in _SENDING:
                continue
            made_by = assigned_from(run, node.func.value, scope)
            if not any(name.startswith("multiprocessing") and name.endswith(_CHANNELS) for name in made_by):
                continue
            found = _secret_in(module, node.args[0])
            if found is not None:
                owner = module.dotted(node.func.value) or "…"
                channel = shown(f"{owner}.{node.func.attr}")
                yield SecretSend(module.site(node, scope), channel, found[0], found[1])


def _secret_in(module: Module, node: ast.expr) -> tuple[str, bool] | None:
    """The name that says of something in a message that it is a secret, and whether its value stands there."""
    parts = list(_sent(module, node))
    about = any(
        isinstance(each, ast.Constant) and isinstance(each.value, str) and _ABOUT_SECRETS.search(each.value)
        for each in parts
    )
    for each in parts:
        found = _secret(module, each, about=about)
        if found is not None:
            return found
    return None


def _sent(module: Module, node: ast.expr) -> Iterator[ast.expr]:
    """What is in a message as it is: not what was only asked about it (``bool(key)``), nor what was made of it."""
    left: deque[ast.AST] = deque([node])
    while left:
        each = left.popleft()
        if isinstance(each, ast.expr):
            yield each
        if isinstance(each, ast.Compare | ast.UnaryOp | ast.Attribute | ast.Subscript):
            continue
        if isinstance(each, ast.Call):
            if _carries(module, each):
                left += [*each.args, *(keyword.value for keyword in each.keywords)]
                left += [each.func.value] if isinstance(each.func, ast.Attribute) else []
            continue
        left.extend(ast.iter_child_nodes(each))


def _carries(module: Module, node: ast.Call) -> bool:
    method = node.func.attr if isinstance(node.func, ast.Attribute) else ""
    return module.dotted(node.func) in _CARRYING or method in _CARRYING_METHODS


def _secret(module: Module, node: ast.expr, *, about: bool) -> tuple[str, bool] | None:
    if isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            name = key.value if isinstance(key, ast.Constant) else None
            if not isinstance(name, str) or not _tells(name, about=about):
                continue
            if not isinstance(value, ast.Constant):
                asked = isinstance(value, ast.Call) and not _carries(module, value) and not _variable(module, value)
                if not asked and not isinstance(value, ast.Compare | ast.UnaryOp):
                    return shown(name), False
            elif isinstance(value.value, str) and (kind := recognise(name, value.value)) is not None:
                return kind, True
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        found = recognise("", node.value)
        return (found, True) if found is not None else None
    elif isinstance(node, ast.Name | ast.Attribute):
        name = node.id if isinstance(node, ast.Name) else node.attr
        if _tells(name, about=about):
            return shown(module.dotted(node) or name), False
    elif isinstance(node, ast.Subscript | ast.Call):
        name = _variable(module, node)
        if name and _tells(name, about=True):
            return shown(f"os.environ[{name}]"), False
    return None


def _variable(module: Module, node: ast.Subscript | ast.Call) -> str:
    if isinstance(node, ast.Subscript) and module.dotted(node.value) == "os.environ":
        wanted: ast.expr | None = node.slice
    elif isinstance(node, ast.Call) and module.dotted(node.func) in ("os.getenv", "os.environ.get"):
        wanted = node.args[0] if node.args else None
    else:
        return ""
    return wanted.value if isinstance(wanted, ast.Constant) and isinstance(wanted.value, str) else ""


def _tells(name: str, *, about: bool) -> bool:
    if name.lower() in _AMBIGUOUS or (name.lower() in _TOKEN and not about):
        return False
    return bool(kind_of_name(name))


def _callbacks(module: Module) -> dict[Scope, dict[str, Value]]:
    """The functions that a stream server calls with each connection, and what they read from."""
    found: dict[Scope, dict[str, Value]] = {}
    for scope, nodes in module.nodes.items():
        for node in nodes:
            if isinstance(node, ast.Call) and node.args and module.dotted(node.func).endswith(_SERVING):
                function: Function | None = module.function(node.args[0], scope)
                if function is not None:
                    names = [each.arg for each in function.args.args if each.arg not in ("self", "cls")]
                    reader = Value(frozenset({Label("reader", names[0])})) if names else None
                    if reader is not None:
                        found[function] = {names[0]: reader}
    return found
