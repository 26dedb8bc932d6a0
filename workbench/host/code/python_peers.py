"""Whether a server in Python looks at the account at the other end of its unix socket."""

from __future__ import annotations

import ast

from workbench.host.code.python_module import Module, Scope
from workbench.model.code import PeerCheck

_PEERS = ("socket.SO_PEERCRED", "socket.LOCAL_PEERCRED", "socket.SCM_CREDENTIALS")
_PEERCRED = 17
_UIDS = ("uid", "peer_uid", "peeruid", "euid")


def peer_check(module: Module) -> tuple[PeerCheck, int | None]:
    """Whether the accounts of those who connect are read, and compared with anything."""
    for scope, nodes in module.nodes.items():
        for node in nodes:
            if isinstance(node, ast.Call) and _reads_peer(module, node):
                return _judged(module, scope), node.lineno
    elsewhere = ("peercred", "peer_cred", "getpeereid", "verify_peer", "check_peer")
    if any(word in name.lower() for name in module.imports.values() for word in elsewhere):
        return "unknown", None
    return "not read", None


def _reads_peer(module: Module, node: ast.Call) -> bool:
    if not isinstance(node.func, ast.Attribute):
        return False
    if node.func.attr == "getpeereid":
        return True
    if node.func.attr not in ("getsockopt", "get_extra_info") or len(node.args) < 2:
        return False
    asked = node.args[1]
    return module.dotted(asked) in _PEERS or (
        isinstance(asked, ast.Constant)
        and asked.value == _PEERCRED
        and module.dotted(node.args[0]) == "socket.SOL_SOCKET"
    )


def _judged(module: Module, scope: Scope) -> PeerCheck:
    unpacked = {"uid"}
    for name, values in module.assigned[scope].items():
        if any(isinstance(value, ast.Call) and _unpacks(module, value) for value in values):
            unpacked.add(name)
    nodes = [node for each in module.nodes.values() for node in each]
    for node in nodes:
        if isinstance(node, ast.Compare):
            for each in ast.walk(node):
                name = getattr(each, "id", getattr(each, "attr", ""))
                if name in unpacked or name in _UIDS:
                    return "compared"
    returned = any(isinstance(node, ast.Return) and node.value is not None for node in module.nodes[scope])
    handed = any(
        isinstance(node, ast.Call) and not _logs(node) and not _unpacks(module, node)
        and any(isinstance(each, ast.Name) and each.id in unpacked for each in node.args)
        for node in module.nodes[scope]
    )  # fmt: skip
    return "unknown" if returned or handed else "not compared"


def _unpacks(module: Module, node: ast.Call) -> bool:
    return module.dotted(node.func) in ("struct.unpack", "struct.unpack_from") or _reads_peer(module, node)


def _logs(node: ast.Call) -> bool:
    name = getattr(node.func, "attr", getattr(node.func, "id", ""))
    return name in ("print", "debug", "info", "warning", "error", "log", "str", "format")
