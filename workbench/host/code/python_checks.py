"""Recognise what keeps a path in its folder: comparisons of paths, and checks that were not understood."""

from __future__ import annotations

import ast

from workbench.host.code.python_module import Module, Scope
from workbench.host.code.python_values import Form, Run, Value, checked
from workbench.model.code import Containment

_SEPARATORS = ("os.sep", "os.path.sep", "os.altsep")
_WITHOUT_END = frozenset(
    ("os.path.abspath", "os.path.realpath", "os.path.normpath", "os.path.expanduser", "os.getcwd", "str", "os.fspath")
)
_DEPTH = 6
# Of the name of a list: it holds what may be.
_ALLOWING = (
    "allow",
    "permit",
    "valid",
    "safe",
    "known",
    "white",
    "support",
    "approved",
    "trusted",
    "choices",
    "enabled",
)


def by_form(form: Form) -> Containment:
    """What a comparison of whole parts of a path is worth, by what was done to the path before."""
    return {"resolved": "sound", "normal": "text only"}.get(form, "not resolved")  # type: ignore[return-value]


def compared(run: Run, node: ast.Compare, values: dict[ast.expr, Value | None], scope: Scope) -> None:
    """Note the checks in a comparison. ``values`` are those of its operands."""
    left, operator, right = node.left, node.ops[0], node.comparators[0]
    here, there = values.get(left), values.get(right)
    if isinstance(operator, ast.In | ast.NotIn):
        if there is not None and isinstance(right, ast.Attribute) and right.attr == "parents":
            checked(run, there, by_form(there.form), node.lineno)
        elif there is not None and isinstance(left, ast.Constant) and left.value in ("..", "../"):
            checked(run, there, "text only", node.lineno)
        elif here is not None and there is None and not isinstance(right, ast.Constant) and not _says_nothing(right):
            how: Containment = "sound" if _is_known_beforehand(run.module, right) else "unknown"
            checked(run, here, how, node.lineno)
    elif isinstance(operator, ast.Eq | ast.NotEq):
        for one, other in ((left, right), (right, left)):
            value = values.get(one)
            if value is None:
                continue
            if isinstance(one, ast.Call) and run.module.dotted(one.func) == "os.path.commonpath":
                checked(run, value, by_form(value.form), node.lineno)
            elif isinstance(one, ast.Call) and run.module.dotted(one.func) == "os.path.commonprefix":
                checked(run, value, "prefix without separator", node.lineno)
            elif isinstance(other, ast.Constant) and other.value == "..":
                checked(run, value, "text only", node.lineno)
            elif isinstance(one, ast.Attribute) and one.attr in ("parent", "parts"):
                checked(run, value, "unknown", node.lineno)


def _is_known_beforehand(module: Module, node: ast.expr) -> bool:
    """Whether a list holds what somebody wrote down as allowed: what was seen so far, in a cache, is none of these."""
    if isinstance(node, ast.Call):
        return _is_known_beforehand(module, node.func)
    if isinstance(node, ast.Tuple | ast.List | ast.Set | ast.Dict):
        return True
    name = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
    if name.isupper() or any(word in name.lower() for word in _ALLOWING):
        return True
    written = module.assigned[module.tree].get(name, []) if isinstance(node, ast.Name) else []
    return any(
        each.args if isinstance(each, ast.Call) else getattr(each, "elts", getattr(each, "keys", None))
        for each in written[:4]
    )


def _says_nothing(node: ast.expr) -> bool:
    """Whether a list holds only what stands for nothing, such as ``("", ".", None)``."""
    if not isinstance(node, ast.Tuple | ast.List | ast.Set):
        return False
    return all(isinstance(each, ast.Constant) and each.value in ("", ".", "/", "./", "~", None) for each in node.elts)


def begins(run: Run, node: ast.Call, value: Value, scope: Scope) -> None:
    """Note what ``path.startswith(…)`` is worth: nothing against an option or a scheme, little without a separator."""
    if len(node.args) != 1:
        return
    for beginning in node.args[0].elts if isinstance(node.args[0], ast.Tuple) else (node.args[0],):
        how = _ends(run.module, beginning, scope)
        if how == "separator":
            # ``x + os.sep`` compared with ``root + os.sep`` is compared in whole parts, too.
            checked(run, value, by_form(value.form), node.lineno)
        elif how == "none":
            form = value.form
            checked(run, value, "prefix without separator" if form != "raw" else "not resolved", node.lineno)
        elif how == "unknown":
            checked(run, value, "unknown", node.lineno)


def _ends(module: Module, node: ast.expr, scope: Scope, depth: int = 0) -> str:
    """How the text of a folder ends: with a ``separator``, with ``none``, ``unknown``; ``other`` for no folder."""
    module.left -= 1
    if depth > _DEPTH or module.left < 0:
        return "unknown"
    if isinstance(node, ast.Constant):
        text = node.value
        if not isinstance(text, str) or not text.startswith("/") or len(text) < 2:
            return "other"
        return "separator" if text.endswith("/") else "none"
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _separator(module, node.right) or _ends(module, node.right, scope, depth + 1)
    if isinstance(node, ast.JoinedStr) and node.values:
        last = node.values[-1]
        if isinstance(last, ast.FormattedValue):
            return _separator(module, last.value) or _ends(module, last.value, scope, depth + 1)
        return "separator" if isinstance(last, ast.Constant) and str(last.value).endswith("/") else "unknown"
    if isinstance(node, ast.Call):
        return _ends_call(module, node, scope, depth)
    if isinstance(node, ast.BoolOp):
        return _ends(module, node.values[-1], scope, depth + 1)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
        return "none"
    assigned = [
        value
        for each in module.scopes(scope)
        for value in module.assigned[each].get(node.id if isinstance(node, ast.Name) else "", ())
    ]
    ways = {_ends(module, value, scope, depth + 1) for value in assigned[:4]}
    return ways.pop() if len(ways) == 1 else "unknown"


def _ends_call(module: Module, node: ast.Call, scope: Scope, depth: int) -> str:
    name = module.dotted(node.func)
    if name in ("os.getenv", "os.environ.get") and len(node.args) == 2:
        return _ends(module, node.args[1], scope, depth + 1)
    if name == "os.path.join" and node.args:
        last = node.args[-1]
        return "separator" if isinstance(last, ast.Constant) and last.value == "" else "none"
    if name in ("str", "os.fspath") and node.args and isinstance(node.args[0], ast.Name):
        inner = _ends(module, node.args[0], scope, depth + 1)
        return "none" if inner in ("none", "unknown") else inner
    if name in _WITHOUT_END or name.startswith("pathlib."):
        return "none"  # none of them leaves a separator at the end
    attribute = node.func.attr if isinstance(node.func, ast.Attribute) else ""
    if attribute in ("rstrip",) or attribute in ("resolve", "absolute", "expanduser", "as_posix"):
        return "none"
    return "unknown"


def _separator(module: Module, node: ast.expr) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.endswith("/"):
        return "separator"
    return "separator" if module.dotted(node) in _SEPARATORS else ""
