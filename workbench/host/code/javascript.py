"""Read JavaScript and TypeScript: what it does with sockets, with messages, with the arguments of tools."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbench.host.code.languages import Analysis
from workbench.model.code import Observations
from workbench.model.facts import Unread
from workbench.text import visible

if TYPE_CHECKING:
    from workbench.host.code.javascript_files import File, Files
    from workbench.host.code.javascript_syntax import Node, Syntax

FACET = "javascript"
TOOLS = "tools"
INSTALL = "pip install 'mcp-hardening-workbench[source]'"
_MOST_BROKEN = 200
_MOST_OF_A_KIND = 200
_MODULES = ("tree_sitter", "tree_sitter_javascript", "tree_sitter_typescript")


def missing() -> Unread | None:
    """The parser, where it is not installed: it is an extra of its own."""
    from importlib.util import find_spec

    if all(find_spec(name) is not None for name in _MODULES):
        return None
    return Unread(FACET, "code in JavaScript and TypeScript", "the parser for it is not installed", INSTALL)


def analyse(path: str, content: bytes) -> Analysis:
    """What one file of JavaScript or TypeScript gives; its name tells which of them it is."""
    from workbench.host.code.javascript_files import Files, parsed
    from workbench.host.code.javascript_syntax import CannotParse
    from workbench.host.code.javascript_values import Exhausted

    try:
        file = parsed(path, content)
        try:
            return _analysed(file, Files(path))
        except (Exhausted, RecursionError):
            alone = _analysed(file, None)
        why = "following its values into other files takes more work than is spent on one: they are not followed there"
        return Analysis(alone.observations, (*alone.gaps, Unread(FACET, visible(path), why)))
    except ImportError:
        gap = missing() or Unread(FACET, visible(path), "the parser for it could not be loaded", INSTALL)
    except CannotParse as reason:
        gap = Unread(FACET, visible(path), str(reason))
    except (Exhausted, RecursionError):
        gap = Unread(FACET, visible(path), "following its values takes more work than is spent on one file")
    return Analysis(gaps=(gap,))


def _analysed(file: File, files: Files | None) -> Analysis:
    from workbench.host.code.javascript_flow import Flow
    from workbench.host.code.javascript_links import Links
    from workbench.host.code.javascript_listeners import Listeners
    from workbench.host.code.javascript_messages import Messages
    from workbench.host.code.javascript_names import Names
    from workbench.host.code.javascript_schemas import Schemas
    from workbench.host.code.javascript_sites import Sites
    from workbench.host.code.javascript_tools import Tools

    syntax = file.syntax
    path = syntax.path
    calls = [node for node in syntax.nodes if node.kind == "call_expression"]
    sites = Sites()
    # What is done with sockets and messages is told of the file by itself: what another file does before is not known.
    alone = Names(syntax, Links(file))
    messages = Messages(Flow(alone, Schemas(alone)), sites, calls)
    names = Names(syntax, Links(file, files))
    tools = Tools(Flow(names, Schemas(names)), sites, calls)
    paths, commands = tools.uses()
    observed = Observations(
        handlers=messages.handlers(),
        sends=messages.sends(),
        listeners=Listeners(alone, sites, calls).listeners(),
        paths=paths,
        commands=commands,
    )
    gaps = []
    if syntax.broken:
        observed = _without(observed, visible(path), _not_understood(syntax))
        line = syntax.place(syntax.broken[0])[0]
        gaps.append(f"something in line {line} was not understood; nothing is said of the code around it")
    kinds = {kind: getattr(observed, kind) for kind in Observations.__dataclass_fields__}
    if any(len(each) > _MOST_OF_A_KIND for each in kinds.values()):
        observed = Observations(**{kind: each[:_MOST_OF_A_KIND] for kind, each in kinds.items()})
        gaps.append(f"there is more in it than is told: of each kind the first {_MOST_OF_A_KIND}")
    unread = [Unread(FACET, visible(path), why) for why in gaps]
    for left in tools.left[:1]:
        why = "arguments of its tools are not followed everywhere: they go into other files that are not read, or"
        why = f"{why} through what wraps or chooses a tool's function{_at(left, syntax)}"
        unread.append(Unread(TOOLS, visible(path), why))
    for unclear in tools.unclear:
        why = f"an argument of its tools gets into a command in a way that is not understood{_at(unclear, syntax)}"
        unread.append(Unread(TOOLS, visible(path), why))
    if files is not None and files.cut:
        unread.append(Unread(FACET, visible(path), "it takes in more files than are read for one: it was read in part"))
    return Analysis(observed, tuple(unread), tuple(files.read) if files is not None else ())


def _at(node: Node, own: Syntax) -> str:
    where = f" of {visible(node.home.path)}" if node.home is not own else ""
    return f" (first in line {node.home.place(node)[0]}{where})"


def _not_understood(syntax: Syntax) -> list[tuple[int, int]]:
    """The first and last lines of the file's own statements in which something was not understood."""
    lines = []
    for statement in syntax.root.children:
        if any(statement.holds(broken) for broken in syntax.broken[:_MOST_BROKEN]):
            lines.append((syntax.line_at(statement.start), syntax.line_at(statement.end)))
    if len(syntax.broken) > _MOST_BROKEN or syntax.root in syntax.broken:
        lines.append((0, syntax.line_at(syntax.root.end)))
    return lines


def _without(observed: Observations, path: str, lines: list[tuple[int, int]]) -> Observations:
    kept: dict[str, Any] = {}
    for kind in Observations.__dataclass_fields__:
        kept[kind] = tuple(
            each
            for each in getattr(observed, kind)
            if each.site.path != path or not any(first <= each.site.line <= last for first, last in lines)
        )
    return Observations(**kept)
