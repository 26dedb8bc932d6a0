"""Find where a server in Python listens on a unix socket, and who that lets in."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from workbench.host.code.python_addresses import UNKNOWN, Address, address_of
from workbench.host.code.python_module import Module, Scope
from workbench.host.code.python_peers import peer_check
from workbench.host.code.python_uses import assigned_from
from workbench.host.code.python_values import new_run
from workbench.model.code import Restriction, UnixListener
from workbench.model.record import record

_OTHERS = 0o022
"""Whoever may write to a socket's file may connect to it."""
_PRIVATE = 0o077
_MOST = 50
_REMOVING = frozenset(("os.unlink", "os.remove"))
_SERVERS = ("UnixStreamServer", "UnixDatagramServer", "ThreadingUnixStreamServer", "ThreadingUnixDatagramServer")


@record
class _Call:
    node: ast.Call
    scope: Scope
    name: str
    address: ast.expr | None
    begins: bool
    """Whether connections are taken from this very call on, and not only from a later ``listen()``."""


def listeners_of(module: Module) -> Iterator[UnixListener]:
    """Every unix socket that a module listens on."""
    calls = list(_calls(module))
    if not calls:
        return
    if len(calls) > _MOST:
        module.left = -1  # nobody writes so many: the rest is said not to have been followed
    own = {call.scope for call in calls}
    peers, peers_at = peer_check(module)
    for call in calls[:_MOST]:
        address = address_of(module, call.address, call.scope) if call.address is not None else UNKNOWN
        restriction, line = _restriction(module, call, address, own)
        yield UnixListener(
            module.site(call.node, call.scope),
            call.name,
            address.kind,
            address.text,
            address.unless,
            restriction,
            line,
            _removed(module, call),
            peers,
            peers_at,
        )


def _calls(module: Module) -> Iterator[_Call]:
    for scope, nodes in module.nodes.items():
        for node in nodes:
            if isinstance(node, ast.Call):
                call = _call(module, node, scope)
                if call is not None:
                    yield call


def _call(module: Module, node: ast.Call, scope: Scope) -> _Call | None:
    name = module.dotted(node.func)
    last = node.func.attr if isinstance(node.func, ast.Attribute) else name.rpartition(".")[2]
    named = {keyword.arg: keyword.value for keyword in node.keywords}
    if last in ("start_unix_server", "create_unix_server"):
        path = named.get("path", node.args[1] if len(node.args) > 1 else None)
        return _Call(node, scope, name or last, path, True) if path is not None and "sock" not in named else None
    if last == "create_unix_listener":
        return _Call(node, scope, name, named.get("path", node.args[0] if node.args else None), True)
    if name in ("uvicorn.run", "uvicorn.Config") and "uds" in named:
        return _Call(node, scope, name, named["uds"], True)
    if name == "aiohttp.web.UnixSite" and len(node.args) > 1:
        return _Call(node, scope, name, node.args[1], True)
    if name == "multiprocessing.connection.Listener":
        path = named.get("address", node.args[0] if node.args else None)
        family = named.get("family", node.args[1] if len(node.args) > 1 else None)
        unix = isinstance(family, ast.Constant) and family.value == "AF_UNIX"
        known = address_of(module, path, scope) if path is not None else UNKNOWN
        return _Call(node, scope, name, path, True) if unix or known.text.startswith(("/", "~")) else None
    made = module.class_of(node.func, scope)
    bases = module.bases(made) if made is not None else {name}
    if node.args and any(base.startswith("socketserver.") and base.endswith(_SERVERS) for base in bases):
        return _Call(node, scope, name, node.args[0], True)
    if (
        last == "bind"
        and isinstance(node.func, ast.Attribute)
        and node.args
        and not isinstance(node.args[0], ast.Tuple)
        and _is_unix(module, node.func.value, scope)
    ):
        return _Call(node, scope, "socket.bind", node.args[0], False)
    return None


def _is_unix(module: Module, node: ast.expr, scope: Scope) -> bool:
    """Whether what a name stands for was made by ``socket.socket(socket.AF_UNIX, …)``."""
    name = node.id if isinstance(node, ast.Name) else ""
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self":
        name = f"self.{node.attr}"
    if not name or "socket.socket" not in assigned_from(new_run(module, ""), node, scope):
        return False
    owner = scope
    while not isinstance(owner, ast.ClassDef | ast.Module):
        owner = module.above[owner]
    for each in (*module.scopes(scope), owner):
        for value in module.assigned[each].get(name, ())[:20]:
            if isinstance(value, ast.Call) and module.dotted(value.func) == "socket.socket":
                family = (
                    value.args[0] if value.args else next((k.value for k in value.keywords if k.arg == "family"), None)
                )
                return module.dotted(family).endswith("AF_UNIX")
    return False


def _restriction(module: Module, call: _Call, address: Address, own: set[Scope]) -> tuple[Restriction, int | None]:
    if address.kind == "private folder":
        return "private folder", None
    named = {keyword.arg: keyword.value for keyword in call.node.keywords}
    if call.name.endswith("create_unix_listener") and "mode" in named:
        mode = _number(named["mode"])
        return ("unknown" if mode is None else "chmod before" if not mode & _OTHERS else "widened"), call.node.lineno
    line = call.node.lineno
    masks = [(each, _number(each.args[0])) for each in _named(module, call.scope, "os.umask") if each.args]
    before = [(each, mask) for each, mask in masks if each.lineno < line]
    if before:
        each, mask = before[-1]
        if mask is None:
            return "unknown", each.lineno
        if mask & _OTHERS == _OTHERS:
            return "umask", each.lineno
        if not mask & 0o002:
            return "widened", each.lineno
    listens = line if call.begins else _listens(module, call)
    modes = _modes(module, call)
    for at, mode in modes:
        if mode is not None and mode & _OTHERS:
            return "widened", at
        if at >= line:
            return ("unknown" if mode is None else "chmod before" if at < listens else "chmod after"), at
    if any(mode is not None and not mode & _PRIVATE for mode in _folders(module, call)):
        return "private folder", None
    if call.name.startswith("uvicorn."):
        return "widened", None  # it sets 0666 itself
    return ("unknown" if _elsewhere(module, own) else "none"), None


def _elsewhere(module: Module, own: set[Scope]) -> bool:
    """Whether another function of the file narrows something: which comes first is not told by the lines.

    What a function narrows that listens itself is for its own socket.
    """
    for node in (node for scope, nodes in module.nodes.items() if scope not in own for node in nodes):
        if not isinstance(node, ast.Call):
            continue
        name = module.dotted(node.func)
        last = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        if name == "os.umask" and node.args:
            mask = _number(node.args[0])
            if mask is None or mask & _OTHERS == _OTHERS:
                return True
        elif last in ("chmod", "fchmod") and node.args:
            mode = _number(node.args[-1])
            if mode is None or not mode & _PRIVATE:
                return True
        elif last in ("mkdir", "makedirs"):
            given = [each.value for each in node.keywords if each.arg == "mode"]
            if any(not (_number(each) or 0) & _PRIVATE for each in given):
                return True
    return False


def _modes(module: Module, call: _Call) -> list[tuple[int, int | None]]:
    """Each line where the mode of a file is set in the function that listens, and the mode."""
    found = []
    for node in _within(module, call.scope):
        if not isinstance(node, ast.Call):
            continue
        name = module.dotted(node.func)
        if name in ("os.chmod", "os.fchmod") and len(node.args) > 1:
            if name == "os.chmod" and not _same(module, node.args[0], call):
                continue
            # On Linux the mode of the socket itself, set before it is bound, becomes the file's.
            at = call.node.lineno if name == "os.fchmod" and node.lineno < call.node.lineno else node.lineno
            found.append((at, _mode(module, node.args[1], call.scope)))
        elif (
            isinstance(node.func, ast.Attribute)
            and node.func.attr == "chmod"
            and len(node.args) == 1
            and _same(module, node.func.value, call)
        ):
            found.append((node.lineno, _mode(module, node.args[0], call.scope)))
    return sorted(found, key=lambda each: each[0])


def _folders(module: Module, call: _Call) -> Iterator[int | None]:
    """The modes of the folders that the function makes or narrows before it listens."""
    for node in _within(module, call.scope):
        if not isinstance(node, ast.Call) or node.lineno >= call.node.lineno:
            continue
        name = module.dotted(node.func)
        last = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        if name in ("os.mkdir", "os.makedirs") or last == "mkdir":
            mode = next((each.value for each in node.keywords if each.arg == "mode"), None)
            if mode is None and name == "os.mkdir" and len(node.args) > 1:
                mode = node.args[1]
            yield _number(mode) if mode is not None else None
        elif name == "os.chmod" and len(node.args) > 1 and not _same(module, node.args[0], call):
            yield _number(node.args[1])


def _listens(module: Module, call: _Call) -> int:
    lines = [
        node.lineno
        for node in _within(module, call.scope)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "listen"
    ]
    return next((line for line in sorted(lines) if line >= call.node.lineno), call.node.lineno + 1_000_000)


def _removed(module: Module, call: _Call) -> int | None:
    for node in _within(module, call.scope):
        if not isinstance(node, ast.Call) or node.lineno > call.node.lineno:
            continue
        named = module.dotted(node.func) in _REMOVING and bool(node.args) and _same(module, node.args[0], call)
        method = isinstance(node.func, ast.Attribute) and node.func.attr == "unlink"
        if named or (method and _same(module, node.func.value, call)):  # type: ignore[attr-defined]
            return node.lineno
    return None


def _same(module: Module, node: ast.expr, call: _Call) -> bool:
    """Whether an expression names the file of the socket: in the same words, or by the same address."""
    if call.address is None:
        return False
    if ast.dump(_bare(module, node, call.scope)) == ast.dump(_bare(module, call.address, call.scope)):
        return True
    here = address_of(module, node, call.scope)
    return here.kind == "fixed" and here == address_of(module, call.address, call.scope)


def _bare(module: Module, node: ast.expr, scope: Scope) -> ast.expr:
    values = module.assigned[scope].get(node.id, []) if isinstance(node, ast.Name) else []
    if len(values) == 1 and isinstance(values[0], ast.Name | ast.Attribute | ast.Call):
        node = values[0]
    while isinstance(node, ast.Call) and module.dotted(node.func) in ("str", "os.fspath", "pathlib.Path") and node.args:
        node = node.args[0]
    return node


def _within(module: Module, scope: Scope) -> Iterator[ast.AST]:
    """What stands in a function itself, in the order in which it is written."""
    return iter(module.nodes[scope])


def _named(module: Module, scope: Scope, name: str) -> list[ast.Call]:
    """The calls of a function in this scope, and in those around it."""
    own = [
        node
        for each in module.scopes(scope)
        for node in module.nodes[each]
        if isinstance(node, ast.Call) and module.dotted(node.func) == name
    ]
    return sorted(own, key=lambda node: node.lineno)


def _mode(module: Module, node: ast.expr, scope: Scope) -> int | None:
    """The number that an expression gives, or that a name was given once in the same function."""
    values = module.assigned[scope].get(node.id, []) if isinstance(node, ast.Name) else []
    return _number(values[0] if len(values) == 1 else node)


def _number(node: ast.expr) -> int | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, int):
        return node.value
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        left, right = _number(node.left), _number(node.right)
        return left | right if left is not None and right is not None else None
    if isinstance(node, ast.Attribute) and node.attr.startswith("S_I"):
        import stat

        value = getattr(stat, node.attr, None)
        return value if isinstance(value, int) else None
    return None
