"""What follows from an answer in JavaScript: which branch a place stands in, and what is refused."""

from __future__ import annotations

from workbench.host.code.javascript_syntax import FUNCTIONS, Node


def denies(call: Node) -> bool:
    """Whether what a check finds is refused: ``if (path.startsWith("/etc")) throw …``."""
    node = call
    for above in call.above():
        if above.kind == "if_statement" and above["condition"] is node:
            then = above["consequence"]
            last = then.children[-1] if then is not None and then.kind == "statement_block" and then.children else then
            return last is not None and last.kind == "throw_statement"
        if above.kind != "binary_expression" or above.word not in ("&&", "||", "===", "=="):
            return False
        if above.word in ("===", "=="):
            # ``indexOf(root) === 0`` is a beginning as well.
            other = above["right"] if above["left"] is node else above["left"]
            if other is None or other.text != "0":
                return False
        node = above
    return False


def is_compared(call: Node) -> bool:
    """Whether a position is compared with the beginning: ``path.indexOf(root) === 0``."""
    around = call.parent
    return around is not None and around.kind == "binary_expression" and around.word in ("===", "!==", "==", "!=")


def is_elsewhere(use: Node, here: Node) -> bool:
    """Whether a use stands in another case or in a branch that ends there, so that what follows is never reached."""
    for above in use.above():
        if above.holds(here) or above.kind in FUNCTIONS:
            return False
        if above.kind in ("switch_case", "switch_default"):
            return True
        around = above.parent
        if around is None or around.kind not in ("if_statement", "else_clause") or around["condition"] is above:
            continue
        last = above.children[-1] if above.kind == "statement_block" and above.children else above
        if last.kind in ("return_statement", "throw_statement", "continue_statement", "break_statement"):
            return True
    return False


def is_certain(expression: Node, use: Node) -> bool:
    """Whether what is set there is set whenever the use is reached: no condition stands between."""
    for above in expression.above():
        if above.kind in ("statement_block", "program", "switch_case", "switch_default"):
            return above.holds(use)
        if above.kind in ("if_statement", "else_clause", "ternary_expression", "for_statement", "while_statement"):
            return False
        if above.kind == "binary_expression" or above.kind in FUNCTIONS:
            return False
    return False
