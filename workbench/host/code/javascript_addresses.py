"""The address of a unix socket, as far as the code of JavaScript tells it."""

from __future__ import annotations

import re
from typing import Literal

from workbench.host.code.javascript_names import Names
from workbench.host.code.javascript_scopes import Binding
from workbench.host.code.javascript_syntax import Node
from workbench.host.code.javascript_texts import literal, number, option, property_name, unescaped
from workbench.model.code import AddressKind
from workbench.model.record import record

Gap = Literal["private", "random", "guessable", "pipe", "unknown"]

_DEEPEST = 24
_MOST = 24
_STEPS = 500
_PRIVATE = re.compile(
    r"(?:^|\.)(?:mkdtemp|mkdtempSync|dirSync|temporaryDirectory(?:Task)?|mkdtempDisposable(?:Sync)?)$"
)
_RANDOM = re.compile(
    r"(?:^|\.)(?:randomUUID|randomBytes|randomInt|getRandomValues|uuid(?:v?[14])?|v[14]|nanoid|random)$"
)
_GUESSABLE = re.compile(
    r"^process\.(?:pid|ppid|getuid|geteuid|title|platform|version)$|^os\.(?:userInfo|hostname|platform)\b"
)
_GUESSABLE_NAME = re.compile(
    r"(?i)(?:^|_)(?:p?pid|uid|user(?:name)?|port|name|host(?:name)?|service|project|version|app|env|index)$"
    r"|(?:Name|Pid|Uid|User|Port|Service|Project|Version)$"
)
# Methods that change a text without adding anything to it.
_SHAPING = {"toString", "toLowerCase", "toUpperCase", "slice", "substring", "substr", "replace", "replaceAll", "trim"}


@record
class Address:
    """What is known of it (see ``UnixListener``); ``is_path`` where it is a path beyond doubt, not a port or a name."""

    kind: AddressKind
    text: str = ""
    unless: str = ""
    is_path: bool = False


class _Pieces:
    """An address in pieces: texts, and gaps of one kind or another."""

    __slots__ = ("pieces", "unless")

    def __init__(self, *pieces: str | tuple[Gap], unless: str = "") -> None:
        self.pieces: list[str | tuple[Gap]] = list(pieces[:_MOST])
        if len(pieces) > _MOST:
            self.pieces[-1] = ("unknown",)
        self.unless = unless

    def starts(self, gap: Gap) -> bool:
        return bool(self.pieces) and self.pieces[0] == (gap,)

    @property
    def text(self) -> str:
        """What is known of the beginning."""
        known = []
        for piece in self.pieces:
            if not isinstance(piece, str):
                break
            known.append(piece)
        return "".join(known)

    @property
    def is_private(self) -> bool:
        return ("private",) in self.pieces


_UNKNOWN = _Pieces(("unknown",))


class Addresses:
    """Reads the addresses of one file."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._steps = 0

    def of(self, node: Node | None) -> Address:
        """What is known of an address by its expression."""
        self._steps = 0
        made = self._pieces(node, 0)
        pieces, text = made.pieces, made.text
        if made.starts("pipe") or text.startswith(("\\\\.\\", "\\\\?\\")):
            return Address("unknown")
        if text.startswith("\0"):
            return Address("abstract", text[1:], made.unless, is_path=True)
        gaps = {piece[0] for piece in pieces if not isinstance(piece, str)}
        whole = "".join(piece for piece in pieces if isinstance(piece, str))
        is_path = "/" in whole or whole.endswith((".sock", ".socket")) or "private" in gaps
        if "private" in gaps:
            return Address("private folder", "", made.unless, is_path)
        if "random" in gaps:
            return Address("random", "", made.unless, is_path)
        if not gaps:
            return Address("fixed", text, made.unless, is_path)
        if text and gaps == {"guessable"}:
            return Address("partly fixed", text, made.unless, is_path)
        return Address("unknown", is_path=is_path)

    def _pieces(self, node: Node | None, deep: int) -> _Pieces:
        self._steps += 1
        if node is None or deep > _DEEPEST or self._steps > _STEPS:
            return _UNKNOWN
        kind = node.kind
        if kind == "string":
            return _Pieces(literal(node) or "")
        if kind == "template_string":
            return self._template(node, deep)
        if kind == "number":
            return _UNKNOWN
        if kind == "binary_expression":
            left, right = node["left"], node["right"]
            if node.word == "+":
                return _together(self._pieces(left, deep + 1), self._pieces(right, deep + 1))
            if node.word in ("||", "??"):
                return self._either(left, self._pieces(left, deep + 1), self._pieces(right, deep + 1))
            return _UNKNOWN
        if kind == "ternary_expression":
            return self._chosen(node, deep)
        if kind == "await_expression" and node.children:
            return self._pieces(node.children[0], deep + 1)
        if kind in ("call_expression", "new_expression"):
            return self._called(node, deep)
        return self._named(node, deep)

    def _template(self, node: Node, deep: int) -> _Pieces:
        made = _Pieces()
        for part in node.children[:_MOST]:
            if part.kind == "template_substitution":
                inner = self._pieces(part.children[0], deep + 1) if part.children else _UNKNOWN
            else:
                inner = _Pieces(unescaped(part.text) if part.kind == "escape_sequence" else part.text)
            made = _together(made, inner)
        return made

    def _named(self, node: Node, deep: int) -> _Pieces:
        name = self._names.of(node)
        if name.startswith("process.env."):
            return _Pieces(("private",)) if name == "process.env.XDG_RUNTIME_DIR" else _UNKNOWN
        if _GUESSABLE.search(name):
            return _Pieces(("guessable",))
        value = self._names.value(node)
        if value is not None and value is not node:
            found = self._pieces(value, deep + 1)
            return found if found.pieces != [("unknown",)] else self._by_name(node)
        binding = self._names.scopes.binding(node)
        if binding is not None and (binding.kind == "parameter" or len(binding.values) > 1):
            found = self._of_values(binding, deep)
            if found.pieces != [("unknown",)]:
                return found
        return self._by_name(node)

    def _of_values(self, binding: Binding, deep: int) -> _Pieces:
        values = [value for value in binding.values if not value.path and not value.added]
        if len(values) != len(binding.values) or not values or len(values) > 4:
            return _UNKNOWN
        found = [self._pieces(value.expression, deep + 1) for value in values]
        if binding.kind == "parameter":
            return _Pieces(*found[0].pieces, unless=binding.name) if len(found) == 1 else _UNKNOWN
        return found[0] if all(each.pieces == found[0].pieces for each in found) else _UNKNOWN

    def _by_name(self, node: Node) -> _Pieces:
        return _Pieces(("guessable",)) if _GUESSABLE_NAME.search(self._names.last(node)) else _UNKNOWN

    def _called(self, node: Node, deep: int) -> _Pieces:
        name, arguments = self._names.called(node), node.arguments
        method = self._names.method(node)
        if _PRIVATE.search(name):
            return _Pieces(("private",))
        if _RANDOM.search(name):
            return _Pieces(("random",))
        if _GUESSABLE.search(name):
            return _Pieces(("guessable",))
        if name in ("path.join", "path.resolve", "path.normalize"):
            return self._joined(arguments, deep)
        if name == "path.dirname" and arguments:
            inside = self._pieces(arguments[0], deep + 1)
            whole = all(isinstance(piece, str) for piece in inside.pieces)
            return _Pieces(inside.text.rpartition("/")[0], unless=inside.unless) if whole else inside
        if name in ("os.tmpdir", "tmpdir"):
            return _Pieces("/tmp")  # noqa: S108 - what the code asks for, not a place of ours
        if name in ("os.homedir", "homedir"):
            return _Pieces("~")
        if name == "String" and arguments:
            return self._pieces(arguments[0], deep + 1)
        function = node["function"]
        if function is not None and function.kind == "member_expression" and method in _SHAPING:
            inside = self._pieces(function["object"], deep + 1)
            if inside.starts("random") or inside.starts("guessable"):
                return inside
            return _Pieces(("guessable",)) if all(isinstance(piece, str) for piece in inside.pieces) else _UNKNOWN
        made = self._names.function(function)
        if made is not None and (answer := self._names.answer(made)) is not None:
            return self._pieces(answer, deep + 4)
        return _UNKNOWN

    def _joined(self, arguments: list[Node], deep: int) -> _Pieces:
        made = _Pieces()
        for argument in arguments[:_MOST]:
            inner = self._pieces(argument, deep + 1)
            if made.pieces:
                last, first = made.pieces[-1], inner.pieces[0] if inner.pieces else ""
                if not (isinstance(last, str) and last.endswith("/")) and not (
                    isinstance(first, str) and first.startswith("/")
                ):
                    made = _together(made, _Pieces("/"))
            made = _together(made, inner)
        return made

    def _either(self, setting: Node | None, first: _Pieces, second: _Pieces) -> _Pieces:
        """``first || second``: the second where the first is a setting that need not be there."""
        if setting is None or (first.pieces and isinstance(first.pieces[0], str)):
            return first
        name = property_name(setting) if setting.kind == "member_expression" else self._names.last(setting)
        unless = self._setting(setting) or name
        return _Pieces(*second.pieces, unless=second.unless or unless) if unless else _UNKNOWN

    def _chosen(self, node: Node, deep: int) -> _Pieces:
        one = self._pieces(node["consequence"], deep + 1)
        other = self._pieces(node["alternative"], deep + 1)
        for pipe, path in ((one, other), (other, one)):
            if pipe.text.startswith(("\\\\.\\", "\\\\?\\")):
                return path
        if one.is_private != other.is_private:
            condition = node["condition"]
            unless = self._setting(condition) if condition is not None else ""
            without = other if one.is_private else one
            return _Pieces(*without.pieces, unless=unless) if unless else _UNKNOWN
        return one if one.pieces == other.pieces else _UNKNOWN

    def _setting(self, node: Node) -> str:
        """The environment variable that an expression asks for, by way of a name or not."""
        inside = node
        for _ in range(4):
            for part in inside.home.inside(inside)[:20]:
                name = self._names.of(part) if part.kind in ("member_expression", "identifier") else ""
                if name.startswith("process.env."):
                    return name.removeprefix("process.env.")
            value = self._names.value(inside)
            if value is None or value is inside:
                break
            inside = value
        return ""


def private_folders(names: Names, addresses: Addresses, calls: list[Node]) -> tuple[str, ...]:
    """The folders that the code makes, or sets, to be its own account's alone: their text, as far as it is fixed."""
    found = []
    for call in calls:
        name, arguments = names.called(call), call.arguments
        if not arguments:
            continue
        mode: int | None = None
        if name in ("fs.mkdirSync", "fs.mkdir") and len(arguments) > 1:
            mode = number(names.value(option(names.value(arguments[1]), "mode") or arguments[1]))
        elif name in ("fs.chmodSync", "fs.chmod") and len(arguments) > 1:
            mode = number(names.value(arguments[1]))
        if mode is not None and mode & 0o100 and not mode & 0o077:
            address = addresses.of(arguments[0])
            if address.text and address.kind in ("fixed", "partly fixed"):
                found.append(address.text)
    return tuple(found)


def _together(first: _Pieces, second: _Pieces) -> _Pieces:
    return _Pieces(*first.pieces, *second.pieces, unless=first.unless or second.unless)
