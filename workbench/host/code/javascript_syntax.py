"""The syntax of JavaScript and TypeScript as a tree of plain nodes, made without recursion and within bounds."""

from __future__ import annotations

import itertools
import time
from bisect import bisect_right
from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from tree_sitter import Node as SitterNode
    from tree_sitter import TreeCursor

HIGHEST_SIZE = 2 * 1024 * 1024
HIGHEST_NODES = 200_000
HIGHEST_DEPTH = 2000
_SECONDS = 10.0
_CHUNK = 256 * 1024
# The nodes of several files are told from each other by their numbers: each file's begin where no other's are.
_BASES = itertools.count(0, 4 * HIGHEST_NODES)

# What stands around an expression and does not change its value.
_WRAPPERS = {"parenthesized_expression", "as_expression", "satisfies_expression", "non_null_expression"}
# What exists for people and for the type checker alone, and is gone when the code runs.
_ERASED = {
    "comment",
    "html_comment",
    "optional_chain",
    "type_annotation",
    "type_arguments",
    "type_parameters",
    "type_predicate_annotation",
    "asserts_annotation",
    "interface_declaration",
    "type_alias_declaration",
    "implements_clause",
    "accessibility_modifier",
    "override_modifier",
    "function_signature",
    "method_signature",
    "abstract_method_signature",
    "ambient_declaration",
}
FUNCTIONS = frozenset(
    {
        "function_declaration",
        "function_expression",
        "arrow_function",
        "method_definition",
        "generator_function",
        "generator_function_declaration",
    }
)


class CannotParse(Exception):  # noqa: N818 - it is an answer, not an error
    """The file is beyond the bounds, or no JavaScript at all; the message says why, in words for a person."""


class Node:
    """One node. ``children`` are the named ones, ``fields`` those that the grammar names, ``word`` an operator's text
    or a declaration's keyword, ``text`` that of a leaf. ``index`` counts nodes from the file's start and ``last`` is
    the index of the last node inside: no node of another file has the same. ``home`` is the file's tree.
    """

    __slots__ = ("children", "end", "fields", "home", "index", "kind", "last", "parent", "start", "text", "word")

    def __init__(self, home: Syntax, kind: str, start: int, end: int, parent: Node | None) -> None:
        self.home = home
        self.kind = kind
        self.start = start
        self.end = end
        self.parent = parent
        self.children: list[Node] = []
        self.fields: dict[str, Node] = {}
        self.index = 0
        self.last = 0
        self.text = ""
        self.word = ""

    def __getitem__(self, field: str) -> Node | None:
        return self.fields.get(field)

    def holds(self, other: Node) -> bool:
        """Whether the other node is this one or inside it."""
        return self.index <= other.index <= self.last

    def above(self) -> Iterator[Node]:
        """Its parent and all above, nearest first."""
        node = self.parent
        while node is not None:
            yield node
            node = node.parent

    @property
    def arguments(self) -> list[Node]:
        """Those of a call, in order."""
        given = self.fields.get("arguments")
        return given.children if given is not None and given.kind == "arguments" else []


class Syntax:
    """A file's tree: every node in the order of the text, and where it was not understood."""

    def __init__(self, path: str, content: bytes) -> None:
        self.path = path
        self.content = content
        self.base = next(_BASES)
        self.nodes: list[Node] = []
        self.broken: list[Node] = []
        self._lines: list[int] = []

    @property
    def root(self) -> Node:
        """The whole file."""
        return self.nodes[0]

    def inside(self, node: Node) -> list[Node]:
        """A node and all in it, in the order of the text."""
        return self.nodes[node.index - self.base : node.last + 1 - self.base]

    def text(self, node: Node, limit: int = 200) -> str:
        """The text of a node, cut at a number of bytes."""
        return self.content[node.start : min(node.end, node.start + limit)].decode("utf-8", "replace")

    def place(self, node: Node) -> tuple[int, int]:
        """The line and column of a node, counted from 1, the column in characters."""
        row = self.line_at(node.start)
        start = max(self._lines[row - 1], node.start - 4096)
        return row, len(self.content[start : node.start].decode("utf-8", "replace")) + 1

    def line_at(self, position: int) -> int:
        """The line of a byte, counted from 1."""
        if not self._lines:
            self._lines = [0]
            found = self.content.find(b"\n")
            while found >= 0:
                self._lines.append(found + 1)
                found = self.content.find(b"\n", found + 1)
        return bisect_right(self._lines, position)


def parse(path: str, content: bytes) -> Syntax:
    """The tree of a file; its name says which grammar. Raises CannotParse, and ImportError without the parser."""
    if len(content) > HIGHEST_SIZE:
        raise CannotParse(f"it is larger than {HIGHEST_SIZE // (1024 * 1024)} MiB")
    return _converted(Syntax(path, content), _sitter_root(path, content))


def _sitter_root(path: str, content: bytes) -> SitterNode:
    from tree_sitter import Language, Parser

    if path.endswith((".ts", ".mts", ".cts", ".tsx")):
        import tree_sitter_typescript

        typed = tree_sitter_typescript
        language = typed.language_tsx() if path.endswith(".tsx") else typed.language_typescript()
    else:
        import tree_sitter_javascript

        language = tree_sitter_javascript.language()
    try:
        parser = Parser(Language(language))
    except ValueError as reason:
        # A grammar of another time than the parser: as good as none.
        raise ImportError from reason
    deadline = time.monotonic() + _SECONDS
    try:
        tree = parser.parse(
            lambda offset, _: content[offset : offset + _CHUNK],
            progress_callback=lambda _offset, _error: time.monotonic() > deadline,
        )
    except ValueError:
        raise CannotParse(f"the parser was not done with it after {_SECONDS:.0f} seconds") from None
    root = tree.root_node
    if root.descendant_count > 2 * HIGHEST_NODES:
        raise CannotParse("it holds more code than is read in one file")
    return root


def _converted(syntax: Syntax, root: SitterNode) -> Syntax:
    content = syntax.content
    cursor = root.walk()
    # One for each level below the root: the node that was entered, or None for a wrapper, of which one child is read.
    entered: list[Node | None] = []
    parent: Node | None = None
    field: str | None = None
    while True:
        given = _at(cursor)
        field = cursor.field_name or field
        if _is_wrapper(given.type):
            if _to_wrapped(cursor):
                entered.append(None)
                _within(entered, syntax)
                continue
        elif not given.is_named:
            if parent is not None and field in ("operator", "kind"):
                parent.word = given.type
        elif given.type not in _ERASED:
            made = _added(syntax, given, parent, field)
            field = None
            if given.child_count and given.type != "regex" and cursor.goto_first_child():
                entered.append(made)
                parent = made
                _within(entered, syntax)
                continue
            made.text = content[made.start : made.end].decode("utf-8", "replace")
        field = None
        while entered and (entered[-1] is None or not cursor.goto_next_sibling()):
            cursor.goto_parent()
            done = entered.pop()
            if done is not None:
                done.last = syntax.base + len(syntax.nodes) - 1
                parent = done.parent
        if not entered:
            return syntax


def _at(cursor: TreeCursor) -> SitterNode:
    # A cursor always stands on a node; the parser's own types allow for none.
    return cast("SitterNode", cursor.node)


def _within(entered: list[Node | None], syntax: Syntax) -> None:
    if len(entered) > HIGHEST_DEPTH:
        raise CannotParse("it is nested too deeply")
    if len(syntax.nodes) > HIGHEST_NODES:
        raise CannotParse("it holds more code than is read in one file")


def _is_wrapper(kind: str) -> bool:
    return kind in _WRAPPERS or kind == "type_assertion"


def _to_wrapped(cursor: TreeCursor) -> bool:
    """Go to what a wrapper stands around: its first part, and in ``<type>value`` the last."""
    if _at(cursor).type == "type_assertion":
        return cursor.goto_last_child()
    if not cursor.goto_first_child():
        return False
    while not (child := _at(cursor)).is_named or child.type == "comment":
        if not cursor.goto_next_sibling():
            cursor.goto_parent()
            return False
    return True


def _added(syntax: Syntax, given: SitterNode, parent: Node | None, field: str | None) -> Node:
    # Older compilers write ``await`` as ``yield``, in a function that is taken on step by step.
    made = Node(
        syntax,
        "await_expression" if given.type == "yield_expression" else given.type,
        given.start_byte,
        given.end_byte,
        parent,
    )
    made.index = made.last = syntax.base + len(syntax.nodes)
    syntax.nodes.append(made)
    if parent is not None:
        parent.children.append(made)
        if field is not None:
            parent.fields.setdefault(field, made)
    if given.type == "ERROR" or given.is_missing:
        syntax.broken.append(made)
    return made
