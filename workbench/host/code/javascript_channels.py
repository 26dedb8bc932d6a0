"""The channels between the processes of a JavaScript program: which expression is the other end, and who is there."""

from __future__ import annotations

from typing import Literal

from workbench.host.code.javascript_names import Names
from workbench.host.code.javascript_syntax import Node
from workbench.host.code.javascript_texts import literal, option
from workbench.model.record import record

_FORKS = {"child_process.fork", "fork", "cluster.fork"}
_SPAWNS = {"child_process.spawn", "spawn", "execa", "execa.execaNode"}
_WORKERS = {"worker_threads.Worker", "Worker"}
_PARENT_PORTS = {"worker_threads.parentPort", "parentPort"}


@record
class Channel:
    """The other end of a channel. ``thread``: it is a thread of the same process, which has the same rights."""

    sender: Literal["child", "parent"]
    thread: bool = False
    position: int = 0


def channel_of(node: Node | None, names: Names) -> Channel | None:
    """The channel that an expression is an end of, None where it is none or the file does not tell."""
    name = names.of(node)
    if name == "process":
        return Channel("parent")
    if name in _PARENT_PORTS:
        return Channel("parent", thread=True)
    if name == "cluster":
        return Channel("child", position=1)
    for made in _made(node, names):
        if made.kind not in ("call_expression", "new_expression"):
            continue
        called = names.called(made)
        if called in _FORKS:
            return Channel("child")
        if called in _WORKERS and made.kind == "new_expression":
            return Channel("child", thread=True)
        if called in _SPAWNS and _speaks(made, names):
            return Channel("child")
    return None


def _made(node: Node | None, names: Names) -> list[Node]:
    """The expressions that a name, or a member of ``this``, is ever set to."""
    if node is None:
        return []
    scopes = names.scopes
    found = [node]
    if node.kind == "member_expression" and (of := node["object"]) is not None and of.kind == "this":
        found = list(scopes.member(node, names.last(node)))
    elif (binding := scopes.binding(node)) is not None:
        found = [value.expression for value in binding.values if not value.path and not value.added]
    answer = []
    for each in found[:20]:
        value = names.value(each)
        if value is None:
            continue
        answer.append(value)
        made = names.function(value["function"]) if value.kind == "call_expression" else None
        if made is not None and (given := names.value(names.answer(made))) is not None:
            answer.append(given)
    return answer


def _speaks(call: Node, names: Names) -> bool:
    """Whether a child that is spawned has a channel for messages: ``stdio: [..., "ipc"]``."""
    for argument in call.arguments[1:]:
        stdio = names.value(option(names.value(argument), "stdio"))
        if stdio is not None and stdio.kind == "array":
            return any(literal(names.value(child)) == "ipc" for child in stdio.children[:16])
    return False
