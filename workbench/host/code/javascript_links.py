"""What the names of a file of JavaScript stand for in the other files of its package."""

from __future__ import annotations

from collections.abc import Sequence

from workbench.host.code.javascript_exports import ALL, is_of_exports, required
from workbench.host.code.javascript_files import File, Files
from workbench.host.code.javascript_scopes import Binding
from workbench.host.code.javascript_syntax import Node, Syntax
from workbench.host.code.javascript_texts import literal, property_name

_FARTHEST = 6


class Links:
    """The names of one file, and of those that it is followed into: none without ``files``."""

    def __init__(self, own: File, files: Files | None = None) -> None:
        self._files = files
        self._own = own
        self._of: dict[Syntax, File] = {own.syntax: own}
        self._targets: dict[Binding, Binding] = {}
        self._members: dict[int, Binding | None] = {}
        self._exports: dict[tuple[Syntax, str], Binding | None] = {}

    def binding(self, node: Node | None) -> Binding | None:
        """What a name, or a member of what a file gives (``lib.read``), refers to; None for anything else and for a
        name from outside.
        """
        if node is None:
            return None
        own = self._of[node.home].scopes.of.get(node.index)
        if own is not None:
            return self._target(own)
        if node.kind not in ("member_expression", "subscript_expression"):
            return None
        if node.index not in self._members:
            self._members[node.index] = None
            self._members[node.index] = self._member(node)
        return self._members[node.index]

    def member(self, node: Node, name: str) -> list[Node]:
        """What ``this.name`` may be at a place: the method of its class, or what is assigned to it in there."""
        return self._of[node.home].scopes.member(node, name)

    def members_of(self, made: Node) -> dict[str, list[Node]]:
        """The members of a class, with all that each may be."""
        return self._of[made.home].scopes.members.get(made.index, {})

    def parameters_of(self, function: Node) -> Sequence[Binding]:
        """The parameters of a function, each name by itself."""
        return self._of[function.home].scopes.parameters.get(function.index, ())

    def heirs(self, name: str) -> list[Node]:
        """The classes of the files that were read which are made from another and have a member of that name."""
        found = []
        for file in list(self._of.values()):
            members = file.scopes.members
            found += [each for each in file.heirs if name in members.get(each.index, ())]
        return found

    def is_taken(self, node: Node | None) -> bool:
        """Whether a name is taken from another file of the package."""
        own = self._of[node.home].scopes.of.get(node.index) if node is not None else None
        taken = _taken(own) if own is not None else None
        return taken is not None and taken[1].startswith(".")

    def trees(self) -> list[Syntax]:
        """The trees of the files that were read."""
        return list(self._of)

    def given_by(self, node: Node) -> list[Binding]:
        """All that a file gives, where a name stands for the file as a whole."""
        own = self._of[node.home].scopes.of.get(node.index)
        taken = _taken(own) if own is not None else None
        file = self._file(*taken[:2]) if taken is not None and taken[2] == ALL else None
        return [self._target(each) for name, each in file.exports.names.items() if name != ALL] if file else []

    def _target(self, binding: Binding) -> Binding:
        known = self._targets.get(binding)
        if known is None:
            # What leads back to itself stands for itself.
            self._targets[binding] = binding
            known = self._targets[binding] = self._followed(binding)
        return known

    def _followed(self, binding: Binding) -> Binding:
        taken = _taken(binding)
        if taken is None:
            return binding
        home, module, name = taken
        if name != ALL:
            return self._exported(home, module, name) or binding
        file = self._file(home, module)
        whole = file.exports.names.get(ALL) if file is not None else None
        return self._target(whole) if whole is not None else binding

    def _member(self, node: Node) -> Binding | None:
        of = node["object"]
        name = property_name(node) if node.kind == "member_expression" else literal(node["index"]) or ""
        if of is None or not name:
            return None
        file = self._of[node.home]
        if is_of_exports(of, file.scopes):
            found = file.exports.names.get(name)
            return self._target(found) if found is not None else None
        if module := required(of):
            return self._exported(node.home, module, name)
        own = file.scopes.of.get(of.index)
        for binding in (own, self.binding(of)):
            taken = _taken(binding) if binding is not None else None
            if taken is not None and taken[2] == ALL and (found := self._exported(taken[0], taken[1], name)):
                return found
        return None

    def _exported(self, home: Syntax, module: str, name: str, deep: int = 0) -> Binding | None:
        file = self._file(home, module)
        if file is None or deep > _FARTHEST:
            return None
        key = (file.syntax, name)
        if key not in self._exports:
            self._exports[key] = None
            names = file.exports.names
            found = names.get(name) or (names.get(ALL) if name == "default" else None)
            if found is not None:
                self._exports[key] = self._target(found)
            elif name != "default":
                ways = (self._exported(file.syntax, each, name, deep + 1) for each in file.exports.stars)
                self._exports[key] = next((each for each in ways if each is not None), None)
        return self._exports[key]

    def _file(self, home: Syntax, module: str) -> File | None:
        file = self._files.other(home.path, module) if self._files is not None else None
        if file is not None:
            self._of[file.syntax] = file
        return file


def _taken(binding: Binding) -> tuple[Syntax, str, str] | None:
    """Where a name is taken from: the file that takes it, the other one, and its name there; None for its own."""
    if binding.kind == "import":
        return binding.node.home, binding.module, binding.imported
    if binding.kind == "parameter" or binding.function is not None or len(binding.values) != 1:
        return None
    value = binding.values[0]
    module = required(value.expression) if not value.added and len(value.path) < 2 else ""
    return (value.expression.home, module, value.path[0] if value.path else ALL) if module else None
