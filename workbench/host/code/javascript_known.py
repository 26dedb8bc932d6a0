"""What is known of the expressions of a file of JavaScript while it is followed, and what can be asked of them."""

from __future__ import annotations

from abc import ABC, abstractmethod

from workbench.host.code.javascript_links import Links
from workbench.host.code.javascript_scopes import Binding
from workbench.host.code.javascript_syntax import Node, Syntax
from workbench.host.code.javascript_texts import literal, property_name
from workbench.host.code.javascript_values import Exhausted

_MOST_WORK = 200_000


class Known(ABC):
    """What was found out of one file's expressions so far: of which classes objects are asks for more of it."""

    def __init__(self, syntax: Syntax, scopes: Links) -> None:
        self.syntax = syntax
        self.scopes = scopes
        self.callbacks: dict[Binding, Node] = {}
        """The functions that parameters stand for, where they were followed to."""
        self.objects: dict[Binding, list[Node]] = {}
        """The classes of the objects that parameters stand for, where that is known."""
        self.grown = 0
        """How often more became known of these."""
        self.classes: dict[tuple[int, int], list[Node]] = {}
        """What was found out of expressions, by the expression and what was known of parameters."""
        self.overridden: dict[tuple[int, str, int], bool] = {}
        """What was found out of the members of classes, by the class, the name and how many files were read."""
        self._known: dict[int, str] = {}
        self._work = 0

    @abstractmethod
    def value(self, node: Node | None) -> Node | None:
        """What a name stands for where it is set once and whole; any other expression is itself."""

    @abstractmethod
    def function(self, node: Node | None, deep: int = 0) -> Node | None:
        """The function of the package that an expression is, None where that is not known."""

    def spend(self, work: int) -> None:
        """Count work done to find out what objects are. Raises Exhausted when it is too much for one file."""
        self._work += work
        if self._work > _MOST_WORK:
            raise Exhausted

    def last(self, node: Node | None) -> str:
        """The last part of an expression's name, as it stands here."""
        while node is not None and node.kind == "sequence_expression" and node.children:
            node = node.children[-1]
        if node is None:
            return ""
        if node.kind == "member_expression":
            return property_name(node)
        if node.kind == "subscript_expression":
            return literal(node["index"]) or ""
        return node.text if node.kind in ("identifier", "shorthand_property_identifier") else ""
