"""Where something stands in a file of JavaScript, in the words of the model."""

from __future__ import annotations

from workbench.host.code.javascript_syntax import FUNCTIONS, Node
from workbench.host.code.javascript_texts import key_name
from workbench.model.code import Site
from workbench.secrets import redact
from workbench.text import visible

_SHOWN = 100


class Sites:
    """The places of the files of a package."""

    def of(self, node: Node) -> Site:
        """The place of a node: line, column, and the functions and classes around it by their names."""
        line, column = node.home.place(node)
        return Site(visible(node.home.path), line, column, told(self._inside(node)))

    def line(self, node: Node) -> int:
        """The line of a node."""
        return node.home.place(node)[0]

    def _inside(self, node: Node) -> str:
        names = []
        for above in node.above():
            if above.kind in FUNCTIONS or above.kind.startswith("class"):
                name = _name_of(above)
                if name:
                    names.append(name)
            if len(names) >= 4:
                break
        return ".".join(reversed(names))


def told(text: str, limit: int = _SHOWN) -> str:
    """A name or an address out of the code, as it may be told: nothing in it acts, and no secret is left in it."""
    return visible(redact(text), limit)


def _name_of(function: Node) -> str:
    name = function["name"]
    if name is not None:
        return name.text
    around = function.parent
    if around is None:
        return ""
    if around.kind == "variable_declarator" and (name := around["name"]) is not None:
        return name.text
    return key_name(around) if around.kind == "pair" else ""
