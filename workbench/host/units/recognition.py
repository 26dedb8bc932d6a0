"""Tell the units that run an MCP server from all others, by names that say so."""

from __future__ import annotations

import re
from collections.abc import Sequence

from workbench.expressions import expression
from workbench.model.launch import Launch

_WORD = expression(r"(?<![A-Za-z0-9])mcp(?![A-Za-z0-9])", re.IGNORECASE)
_KNOWN_PROGRAMS = frozenset(("fastmcp", "mcpo", "mcphost", "supergateway", "mcp-proxy", "mcp-remote"))
_SCOPE = "@modelcontextprotocol"
_ANY_OF = ("mcp", _SCOPE, "supergateway")
_PACKAGE_FOLDERS = ("node_modules", "site-packages", "dist-packages")
# What a project calls its own entry point says nothing; the folder of the project does.
_ENTRY = expression(
    r"(?:index|main|__main__|server|app|cli|run|start|entrypoint)(?:\.(?:js|mjs|cjs|ts|py|sh))?\Z", re.IGNORECASE
)
_INTERPRETER = expression(
    r"(?:node|nodejs|deno|bun|tsx|python|pypy|ruby|perl|php|sh|bash|dash|java)[\d.]*\Z", re.IGNORECASE
)
_INNER_FOLDERS = frozenset(("dist", "build", "src", "out", "lib", "bin", ".bin", "venv", ".venv", "target", "release"))


def recognise(unit: str, command: Sequence[str], launch: Launch | None) -> str:
    """Why a unit is taken to run an MCP server, in words; "" when nothing says so."""
    if launch is not None:
        if launch.package is not None and says_mcp(launch.package.name):
            return f"it starts the package {launch.package.name}"
        if launch.image is not None and says_mcp(launch.image.text):
            return f"it starts the image {launch.image.text}"
        inner = (launch.program, *launch.arguments)
    else:
        inner = tuple(command)
    for program in _programs(inner):
        name = named_by(program)
        if name:
            return f"it starts {name}"
    if says_mcp(unit.rpartition(".")[0]):
        return f"its name is {unit}"
    return ""


def says_mcp(name: str) -> bool:
    """Whether a name holds the word mcp: ``mcp-server-git``, ``my_mcp``, not ``mcp23017`` or ``dhcpmcpd``."""
    return bool(_WORD.search(name)) or _SCOPE in name or name in _KNOWN_PROGRAMS


def may_say_mcp(text: str) -> bool:
    """Whether a part of a text can be a name that says so: where this is false, ``recognise`` finds nothing in it."""
    lowered = text.lower()
    return any(word in lowered for word in _ANY_OF)


def named_by(program: str) -> str:
    """The part of a program's or script's path that says MCP, or ""."""
    parts = [part for part in program.split("/") if part]
    if not parts:
        return ""
    if says_mcp(parts[-1]):
        return parts[-1]
    for place, part in enumerate(parts):
        if part in _PACKAGE_FOLDERS:
            package = "/".join(parts[place + 1 : place + 3])
            if says_mcp(package):
                return package
    if _ENTRY.match(parts[-1]):
        for folder in reversed(parts[:-1]):
            if folder not in _INNER_FOLDERS:
                return folder if says_mcp(folder) else ""
    return ""


def _programs(command: Sequence[str]) -> list[str]:
    """The program, and the script or module that an interpreter is given first."""
    found = list(command[:1])
    words = iter(command[1:])
    for word in words:
        if word == "-m":
            return [*found, next(words, "").replace(".", "/")]
        if not word.startswith("-"):
            # Only a path or a script's name; what a program is told to work on says nothing of the program.
            return [*found, word] if _is_interpreter(command[0]) else found
    return found


def _is_interpreter(program: str) -> bool:
    return bool(_INTERPRETER.match(program.rpartition("/")[2]))
