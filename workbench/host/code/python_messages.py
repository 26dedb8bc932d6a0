"""Find what a server in Python does with the messages of its own other processes, and which secrets it sends them."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from workbench.host.code.python_flow import Frame, execute, run_function
from workbench.host.code.python_module import Function, Module, Scope
from workbench.host.code.python_uses import assigned_from
from workbench.host.code.python_values import Label, Run, Value, new_run
from workbench.model.code import MessageHandler, SecretSend
from workbench.secrets.names import kind_of_name
from workbench.secrets.recognition import recognise
from workbench.text import visible

_SENDING = frozenset(("send", "put", "put_nowait"))
_CHANNELS = ("Pipe", "Queue", "SimpleQueue", "JoinableQueue", "Client", "Listener")
_LONGEST = 100
# Words that name a secret, and much else: the key of a table, a pass over the data.
_AMBIGUOUS = frozenset(["key", "pass", "auth", "cookie", "pat", "pwd", "keys", "dsn", "bearer"])
_SERVING = ("start_unix_server", "start_server")


def runs_of(module: Module) -> Iterator[Run]:
    """Follow every function of a module for the messages that it receives itself, and the file's own level."""
    readers = _callbacks(module)
    for scope in module.functions:
        run = new_run(module, "")
        if isinstance(scope, ast.Module):
            execute(Frame(run, scope, {}, {}, []), scope.body)
        elif isinstance(scope, ast.FunctionDef | ast.AsyncFunctionDef):
            run_function(run, scope, readers.get(scope, {}))
        else:
            continue
        yield run


def handlers_of(run: Run) -> Iterator[MessageHandler]:
    """What one function does with each kind of message that it receives."""
    for handling in run.handled.values():
        site = run.module.site(handling.node, handling.scope)
        acts = tuple(visible(each, _LONGEST) for each in handling.acts)
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
                channel = visible(f"{owner}.{node.func.attr}", _LONGEST)
                yield SecretSend(module.site(node, scope), channel, found[0], found[1])


def _secret_in(module: Module, node: ast.expr) -> tuple[str, bool] | None:
    """The name that says of something in a message that it is a secret, and whether its value stands there."""
    for each in ast.walk(node):
        if isinstance(each, ast.Dict):
            for key, value in zip(each.keys, each.values, strict=True):
                if isinstance(key, ast.Constant) and isinstance(key.value, str) and _tells(key.value):
                    if isinstance(value, ast.Constant):
                        kind = recognise(key.value, value.value) if isinstance(value.value, str) else None
                        if kind is not None:
                            return kind, True
                    else:
                        return visible(key.value, _LONGEST), False
        elif isinstance(each, ast.Name | ast.Attribute):
            name = each.id if isinstance(each, ast.Name) else each.attr
            if _tells(name):
                return visible(module.dotted(each) or name, _LONGEST), False
        elif isinstance(each, ast.Subscript | ast.Call):
            name = _variable(module, each)
            if name and _tells(name):
                return visible(f"os.environ[{name}]", _LONGEST), False
    return None


def _variable(module: Module, node: ast.Subscript | ast.Call) -> str:
    if isinstance(node, ast.Subscript) and module.dotted(node.value) == "os.environ":
        wanted: ast.expr | None = node.slice
    elif isinstance(node, ast.Call) and module.dotted(node.func) in ("os.getenv", "os.environ.get"):
        wanted = node.args[0] if node.args else None
    else:
        return ""
    return wanted.value if isinstance(wanted, ast.Constant) and isinstance(wanted.value, str) else ""


def _tells(name: str) -> bool:
    return name.lower() not in _AMBIGUOUS and bool(kind_of_name(name))


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
