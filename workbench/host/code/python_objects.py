"""Which class something is an object of, by what makes it or by how it is declared; and which function a call means."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from workbench.host.code.python_module import Function, Module, Scope

_FARTHEST = 6
_MOST = 40
_Made = tuple[Module, ast.ClassDef]


def function_of(module: Module, node: ast.expr, scope: Scope) -> Function | None:
    """The function that an expression names, also as a method of an object whose class is declared elsewhere."""
    if node not in module.meant:
        found = module.function(node, scope)
        if found is None and isinstance(node, ast.Attribute):
            made = made_by(module, node.value, scope)
            found = _method(module, made, node.attr) if made is not None else None
        module.meant[node] = found
    return module.meant[node]


def functions_named(module: Module, node: ast.expr, scope: Scope) -> list[Function]:
    """Every function that a call may mean which is decided while it runs.

    One of a table, ``handlers[name]``, or the method of that name of every class of the package.
    """
    if isinstance(node, ast.Subscript):
        return [each for value in _held(module, node.value, scope) for each in _own(module, value, scope)][:_MOST]
    if not isinstance(node, ast.Attribute):
        return [each for value in _given(module, node, scope) for each in functions_named(module, value, scope)][:_MOST]
    found: list[Function] = []
    if _is_foreign(module, node):
        return found
    for other in (module, *imported_by(module)):
        for functions in (other.functions[made] for made in _classes(other)):
            module.left -= 1
            if module.left < 0:
                return found
            method = functions.get(node.attr)
            if method is not None and len(found) < _MOST:
                found.append(method)
                if other is not module:
                    module.owners[method] = other
    return found


def _is_foreign(module: Module, node: ast.expr) -> bool:
    """Whether an expression begins with what is imported from elsewhere than the package: ``json.dumps``."""
    while isinstance(node, ast.Attribute):
        node = node.value
    name = module.imports.get(node.id, "") if isinstance(node, ast.Name) else ""
    return bool(name) and module.other(name) is None and module.other(f"{name}.*") is None


def made_by(module: Module, node: ast.expr, scope: Scope, depth: int = 0) -> _Made | None:
    """The class that an expression is an object of, with the module in which the class stands."""
    module.left -= 1
    if depth > _FARTHEST or module.left < 0:
        return None
    if isinstance(node, ast.Call):
        return class_named(module, node.func, scope)
    if isinstance(node, ast.IfExp):
        return made_by(module, node.body, scope, depth + 1) or made_by(module, node.orelse, scope, depth + 1)
    if isinstance(node, ast.BoolOp):
        made = (made_by(module, each, scope, depth + 1) for each in node.values)
        return next((each for each in made if each is not None), None)
    if isinstance(node, ast.Name):
        return _of_name(module, node, scope, depth)
    if isinstance(node, ast.Attribute):
        owner = made_by(module, node.value, scope, depth + 1)
        return _of_attribute(owner, node.attr, depth) if owner is not None else None
    return None


def class_named(module: Module, node: ast.expr | None, scope: Scope, depth: int = 0) -> _Made | None:
    """The class that an expression or an annotation names: ``Workspace``, ``"Workspace"``, ``Workspace | None``."""
    if depth > _FARTHEST:
        return None
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.isidentifier():
        node = ast.Name(node.value)
    if isinstance(node, ast.BinOp):
        sides = (class_named(module, each, scope, depth + 1) for each in (node.left, node.right))
        return next((each for each in sides if each is not None), None)
    if isinstance(node, ast.Subscript):
        inner = node.slice.elts[0] if isinstance(node.slice, ast.Tuple) and node.slice.elts else node.slice
        kept = module.dotted(node.value).rpartition(".")[2] in ("Optional", "Annotated", "Final", "ClassVar")
        return class_named(module, inner, scope, depth + 1) if kept else None
    own = module.class_of(node, scope)
    if own is not None:
        return module, own
    name = module.dotted(node)
    return _imported(module, name, depth) if name else None


def _imported(module: Module, name: str, depth: int) -> _Made | None:
    other, last = module.other(name), name.rpartition(".")[2]
    if other is None or depth > _FARTHEST:
        return None
    made = other.classes[other.tree].get(last)
    if made is not None:
        return other, made
    return _imported(other, other.imports[last], depth + 1) if last in other.imports else None


def _of_name(module: Module, node: ast.Name, scope: Scope, depth: int) -> _Made | None:
    around = _class_around(module, scope)
    if node.id in ("self", "cls") and around is not None:
        return module, around
    for each in module.scopes(scope):
        if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef):
            declared = next((one.annotation for one in _parameters(each) if one.arg == node.id), None)
            if declared is not None:
                return class_named(module, declared, each)
        values = module.assigned[each].get(node.id, [])
        if values:
            return made_by(module, values[0], each, depth + 1) if len(values) == 1 else None
    name = module.imports.get(node.id, "")
    other, last = module.other(name) if name else None, name.rpartition(".")[2]
    if other is not None and last in other.assigned[other.tree]:
        return made_by(other, ast.Name(last), other.tree, depth + 1)
    return None


def _of_attribute(owner: _Made, name: str, depth: int) -> _Made | None:
    module, made = owner
    for each in made.body:
        if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name) and each.target.id == name:
            return class_named(module, each.annotation, made)
    for value in module.assigned[made].get(f"self.{name}", [])[:4]:
        begin = module.functions[made].get("__init__", made)
        found = made_by(module, value, begin, depth + 1)
        if found is not None:
            return found
    return None


def _method(module: Module, owner: _Made, name: str, depth: int = 0) -> Function | None:
    other, made = owner
    method = other.functions[made].get(name)
    if method is not None:
        if other is not module:
            module.owners[method] = other
        return method
    for base in made.bases[:4] if depth < 4 else []:
        above = class_named(other, base, other.tree)
        method = _method(module, above, name, depth + 1) if above is not None else None
        if method is not None:
            return method
    return None


def _held(module: Module, node: ast.expr, scope: Scope) -> Iterator[ast.expr]:
    """What a table that stands in the code holds."""
    for table in (node, *_given(module, node, scope)):
        if isinstance(table, ast.Dict):
            yield from table.values[:_MOST]


def _given(module: Module, node: ast.expr, scope: Scope) -> list[ast.expr]:
    name = module.dotted(node)
    around = _class_around(module, scope)
    scopes = [*module.scopes(scope), *([around] if around is not None else [])]
    found = next((module.assigned[each][name] for each in scopes if name in module.assigned[each]), []) if name else []
    return [each for each in found[:4] if not isinstance(each, ast.Name)]


def _own(module: Module, node: ast.expr, scope: Scope) -> list[Function]:
    found = function_of(module, node, scope)
    return [found] if found is not None else []


def _classes(module: Module) -> Iterator[ast.ClassDef]:
    return (made for classes in list(module.classes.values()) for made in classes.values())


def imported_by(module: Module) -> list[Module]:
    """The files of the package that this one imports something from."""
    found: dict[str, Module] = {}
    for name in list(module.imports.values())[:200]:
        module.left -= 1
        for other in (module.other(name), module.other(f"{name}.*")):
            if other is not None and other is not module:
                found.setdefault(other.path, other)
    return list(found.values())


def _class_around(module: Module, scope: Scope) -> ast.ClassDef | None:
    while not isinstance(scope, ast.ClassDef | ast.Module):
        scope = module.above[scope]
    return scope if isinstance(scope, ast.ClassDef) else None


def _parameters(function: Function) -> list[ast.arg]:
    return [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
