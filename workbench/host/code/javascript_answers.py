"""What a function of JavaScript may give back."""

from __future__ import annotations

from workbench.host.code.javascript_syntax import FUNCTIONS, Node


def answers_of(function: Node) -> list[Node]:
    """All that a function itself may give back, however much stands before it."""
    body = function["body"]
    if body is None or body.kind != "statement_block":
        return [body] if body is not None else []
    found: list[Node] = []
    index, nodes = body.index, body.home.nodes
    while index <= body.last:
        node = nodes[index - body.home.base]
        if node.kind == "return_statement" and node.children:
            inner = stepwise(node.children[0])
            found += answers_of(inner) if inner is not None else node.children[:1]
        index = node.last + 1 if node.kind in FUNCTIONS else index + 1
    return found


def size_of(function: Node | None) -> int:
    """What it costs to look through a function, in steps."""
    return (function.last - function.index) // 40 if function is not None else 0


def stepwise(call: Node) -> Node | None:
    """The function that older compilers put an async function's body into: ``__awaiter(this, …, function* () {…})``."""
    function = call["function"] if call.kind == "call_expression" else None
    if function is None or not call.arguments or not (function.text or _last(function)).endswith("__awaiter"):
        return None
    return call.arguments[-1] if call.arguments[-1].kind in FUNCTIONS else None


def _last(function: Node) -> str:
    name = function["property"]
    return name.text if name is not None else ""
