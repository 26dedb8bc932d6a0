"""One module of Python as a tree: what its names mean, and which functions and classes it defines."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Callable, Iterator
from dataclasses import field

from workbench.model.code import Site
from workbench.model.record import draft
from workbench.secrets import redact
from workbench.text import visible

Function = ast.FunctionDef | ast.AsyncFunctionDef
Scope = Function | ast.ClassDef | ast.Module
_NAME = "<code of a server>"
_STEPS = 400_000
_LONGEST = 200
_FARTHEST = 3
# The parser warns of other people's code on standard error, which is the terminal that the app draws on.
warnings.filterwarnings("ignore", category=SyntaxWarning, module=_NAME)


@draft
class Measure:
    """How many more steps are followed, so that nothing takes for ever. The files of a package share theirs: each of a
    hundred with its own would take a hundred times as long.
    """

    left: int


@draft
class Module:
    """A parsed file. ``imports`` are full names by the names they have here; ``above`` is what each scope stands in.

    ``functions`` and ``classes`` are those of a scope by name; ``assigned`` are the values of its own names, in order.
    ``calls`` are those of functions by the last part of their names. ``measure`` is how much is followed in it, or in
    it and others. ``beside`` gives another module of the same package by its name as it is imported here, and
    ``owners`` are the modules of the functions and classes that were found in these. ``meant`` are the functions that
    were asked for by an expression, and ``makers`` say whether one makes tools.
    """

    path: str
    tree: ast.Module
    imports: dict[str, str]
    above: dict[Scope, Scope]
    functions: dict[Scope, dict[str, Function]]
    classes: dict[Scope, dict[str, ast.ClassDef]]
    assigned: dict[Scope, dict[str, list[ast.expr]]]
    nodes: dict[Scope, list[ast.AST]]
    calls: dict[str, list[tuple[Scope, ast.Call]]]
    measure: Measure = field(default_factory=lambda: Measure(_STEPS))
    beside: Callable[[str], Module | None] | None = None
    owners: dict[Function | ast.ClassDef, Module] = field(default_factory=dict)
    meant: dict[ast.expr, Function | None] = field(default_factory=dict)
    makers: dict[Function, bool] = field(default_factory=dict)

    @property
    def left(self) -> int:
        """How many more steps are followed in it."""
        return self.measure.left

    @left.setter
    def left(self, steps: int) -> None:
        self.measure.left = steps

    def site(self, node: ast.expr | ast.stmt, scope: Scope) -> Site:
        """Where a node stands."""
        return Site(self.path, node.lineno, node.col_offset + 1, self.qualified(scope))

    def qualified(self, scope: Scope) -> str:
        """The qualified name of a scope, "" for the module."""
        parts = []
        while not isinstance(scope, ast.Module):
            parts.append(scope.name)
            scope = self.above[scope]
        return shown(".".join(reversed(parts)))

    def scopes(self, scope: Scope) -> Iterator[Scope]:
        """A scope and those around it, as a name is looked up in them: a method does not see its class's names."""
        yield scope
        while not isinstance(scope, ast.Module):
            scope = self.above.get(scope, self.tree)
            if not isinstance(scope, ast.ClassDef):
                yield scope

    def function(self, node: ast.expr, scope: Scope) -> Function | None:
        """The function that an expression names: a name, a method of ``self``, a class or its object, or one that is
        imported from another file of the package.
        """
        own = self._own_function(node, scope) or self.imported(self.dotted(node))
        return own or (self._imported_method(node, scope) if isinstance(node, ast.Attribute) else None)

    def imported(self, name: str, depth: int = 0) -> Function | None:
        """The function of another file of the package, by its full name as it is imported here."""
        found, last = self.other(name) if depth <= _FARTHEST else None, name.rpartition(".")[2]
        if found is None:
            return None
        function = found.functions[found.tree].get(last)
        if function is not None:
            self.owners[function] = found
        elif last in found.imports:
            function = found.imported(found.imports[last], depth + 1)
            if function is not None:
                self.owners[function] = found.owners[function]
        return function

    def _imported_method(self, node: ast.Attribute, scope: Scope) -> Function | None:
        """A method of an object of a class of another file."""
        if isinstance(node.value, ast.Call):
            maker: ast.expr | None = node.value.func
        else:
            name = self.dotted(node.value)
            around = [each for each in self._around(scope) if isinstance(each, ast.ClassDef)]
            scopes = around[:1] if name.startswith("self.") else list(self.scopes(scope))
            values = next((self.assigned[each][name] for each in scopes if name in self.assigned[each]), [])
            maker = values[0].func if len(values) == 1 and isinstance(values[0], ast.Call) else None
        name = self.dotted(maker)
        found = self.other(name) if name else None
        made = found.classes[found.tree].get(name.rpartition(".")[2]) if found is not None else None
        method = found.functions[made].get(node.attr) if found is not None and made is not None else None
        if method is not None and found is not None:
            self.owners[method] = found
        return method

    def other(self, name: str) -> Module | None:
        """The file of the package in which something is defined, by its full name as it is imported here."""
        within = name.rpartition(".")[0]
        if name.startswith(".") and not within.strip("."):
            within = name[: len(name) - len(name.lstrip("."))]
        return self.beside(within) if self.beside is not None and within else None

    def _own_function(self, node: ast.expr, scope: Scope) -> Function | None:
        if isinstance(node, ast.Name):
            return next(
                (self.functions[each][node.id] for each in self.scopes(scope) if node.id in self.functions[each]), None
            )
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            owner: ast.ClassDef | None
            if node.value.id in ("self", "cls"):
                owner = next((each for each in self._around(scope) if isinstance(each, ast.ClassDef)), None)
            else:
                owner = self.class_of(node.value, scope) or self._class_of_instance(node.value.id, scope)
            return self.functions[owner].get(node.attr) if owner is not None else None
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Call):
            owner = self.class_of(node.value.func, scope)
            return self.functions[owner].get(node.attr) if owner is not None else None
        if isinstance(node, ast.Attribute) and self.dotted(node.value).startswith("self."):
            around = next((each for each in self._around(scope) if isinstance(each, ast.ClassDef)), None)
            made = self._made_by(self.assigned[around].get(self.dotted(node.value), []), scope) if around else None
            return self.functions[made].get(node.attr) if made is not None else None
        return None

    def class_of(self, node: ast.expr | None, scope: Scope) -> ast.ClassDef | None:
        """The class of this file that an expression names."""
        if not isinstance(node, ast.Name):
            return None
        # A class of another file is no scope of this one: of its annotations only common names are known here.
        known = (self.classes.get(each, {}) for each in self.scopes(scope))
        return next((classes[node.id] for classes in known if node.id in classes), None)

    def bases(self, made: ast.ClassDef) -> set[str]:
        """The full names of the classes that a class of this file is made from, through others of this file."""
        found: set[str] = set()
        left, seen = [made], {made}
        while left:
            for base in left.pop().bases:
                found.add(self.dotted(base))
                own = self.classes[self.tree].get(base.id) if isinstance(base, ast.Name) else None
                if own is not None and own not in seen:
                    seen.add(own)
                    left.append(own)
        return found

    def dotted(self, node: ast.expr | None) -> str:
        """The full name of ``a.b.c`` by the imports of this file (``os.path.join``), "" for anything else."""
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name):
            return ""
        parts.append(self.imports.get(node.id, node.id))
        return ".".join(reversed(parts))

    def uses(self, *packages: str) -> bool:
        """Whether one of these packages is imported, whole or in part."""
        return any(name == each or name.startswith(f"{each}.") for name in self.imports.values() for each in packages)

    def _class_of_instance(self, name: str, scope: Scope) -> ast.ClassDef | None:
        """The class of this file that a name is an instance of, where it is given a value once."""
        values = next((self.assigned[each][name] for each in self.scopes(scope) if name in self.assigned[each]), [])
        return self._made_by(values, scope)

    def _made_by(self, values: list[ast.expr], scope: Scope) -> ast.ClassDef | None:
        if len(values) != 1 or not isinstance(values[0], ast.Call):
            return None
        return self.class_of(values[0].func, scope)

    def _around(self, scope: Scope) -> Iterator[Scope]:
        while not isinstance(scope, ast.Module):
            yield scope
            scope = self.above[scope]


def shown(text: str) -> str:
    """A text of the code as a person may read it: without a secret, harmless, short."""
    return visible(redact(text), _LONGEST)


def parsed(path: str, content: bytes) -> Module:
    """The module. Raises SyntaxError, ValueError, RecursionError and MemoryError, as Python's own parser does."""
    tree = ast.parse(content, _NAME)
    module = Module(path, tree, {}, {}, {}, {}, {}, {}, {})
    left: list[tuple[ast.AST, Scope]] = [(tree, tree)]
    _begin(module, tree)
    while left:
        node, scope = left.pop()
        _note(module, node, scope)
        inner = scope
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            module.above[node] = scope
            _begin(module, node)
            if isinstance(node, ast.ClassDef):
                module.classes[scope][node.name] = node
            else:
                module.functions[scope][node.name] = node
            inner = node
        left.extend((child, inner) for child in reversed(list(ast.iter_child_nodes(node))))
    return module


def _begin(module: Module, scope: Scope) -> None:
    module.functions[scope], module.classes[scope], module.assigned[scope], module.nodes[scope] = {}, {}, {}, []


def _note(module: Module, node: ast.AST, scope: Scope) -> None:
    module.nodes[scope].append(node)
    if isinstance(node, ast.Call):
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        module.calls.setdefault(name, []).append((scope, node))
    elif isinstance(node, ast.Import):
        for name in node.names:
            module.imports[name.asname or name.name.partition(".")[0]] = (
                name.name if name.asname else name.name.partition(".")[0]
            )
    elif isinstance(node, ast.ImportFrom):
        for name in node.names:
            within = f"{'.' * node.level}{node.module}." if node.module else "." * node.level
            module.imports[name.asname or name.name] = f"{within}{name.name}"
    elif isinstance(node, ast.Assign):
        for target in node.targets:
            _assign(module, target, node.value, scope)
    elif isinstance(node, ast.AnnAssign | ast.NamedExpr) and node.value is not None:
        _assign(module, node.target, node.value, scope)
    elif isinstance(node, ast.With | ast.AsyncWith):
        for item in node.items:
            if item.optional_vars is not None:
                _assign(module, item.optional_vars, item.context_expr, scope)


def _assign(module: Module, target: ast.expr, value: ast.expr, scope: Scope) -> None:
    if isinstance(target, ast.Name):
        module.assigned[scope].setdefault(target.id, []).append(value)
    elif isinstance(target, ast.Tuple | ast.List):
        if isinstance(value, ast.Tuple | ast.List) and len(value.elts) == len(target.elts):
            for inner, each in zip(target.elts, value.elts, strict=True):
                _assign(module, inner, each, scope)
        else:
            for inner in target.elts:
                _assign(module, inner, value, scope)
    elif isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name) and target.value.id == "self":
        # What one method keeps, another one reads: it belongs to the class.
        owner = scope
        while not isinstance(owner, ast.ClassDef | ast.Module):
            owner = module.above[owner]
        module.assigned[owner].setdefault(f"self.{target.attr}", []).append(value)
