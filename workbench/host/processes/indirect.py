"""What a process runs where its script does not say it: inline code, a module of its folder, an application server."""

from __future__ import annotations

import re
from collections.abc import Sequence

from workbench.expressions import expression
from workbench.host.processes.programs import Script
from workbench.host.processes.table import Table

SDK_NAMES = {"mcp", "fastmcp"}
"""The MCP libraries for Python. Each installs a program of its name that can run a server."""

_WEB_RUNNERS = {"uvicorn", "hypercorn", "gunicorn", "granian", "daphne"}
_CODE_LIMIT = 64 * 1024
_NODE_IMPORT = expression(r"""(?:\bfrom|\bimport|\brequire)\s{0,9}\(?\s{0,9}["'`]([^"'`\n]{1,500})["'`]""")
_PYTHON_IMPORT = expression(r"(?:^|[;:])[ \t]*(?:from|import)[ \t]+([A-Za-z_][\w.]{0,200})", re.M)
_PYTHON_RUN = expression(r"\b(?:run_module|import_module)\(\s{0,9}[\"']([A-Za-z_][\w.]{0,200})[\"']")
_APPLICATION = expression(r"([A-Za-z_][\w.]{0,200}):[A-Za-z_][\w.()]{0,200}\Z")
_SERVED_FILE = expression(r"(?!-).*\.(?:py|json)(?=:|\Z)")
_PACKAGE = expression(r"(?:@[^/]+/)?[^/]+")
_SPAWNED = expression(r"\bfrom multiprocessing\.\w+ import ")
_MODULE_FILES = ("{}.py", "{}/__main__.py", "{}/server.py", "{}/__init__.py")


def node_imports(code: str) -> tuple[str, ...]:
    """What inline JavaScript imports, as it names it: packages and paths."""
    return tuple(dict.fromkeys(_NODE_IMPORT.findall(code[:_CODE_LIMIT])))


def python_imports(code: str) -> tuple[str, ...]:
    """The modules that inline Python imports or runs, the MCP library itself left out."""
    code = code[:_CODE_LIMIT]
    names = [*_PYTHON_IMPORT.findall(code), *_PYTHON_RUN.findall(code)]
    return tuple(dict.fromkeys(name for name in names if name.split(".")[0] not in SDK_NAMES))


def package_of_import(name: str) -> str:
    """The npm package of what an import names: ``@a/b`` of ``@a/b/dist/x.js``; "" for a path."""
    match = None if name.startswith((".", "/", "node:")) else _PACKAGE.match(name)
    return match[0] if match else ""


def package_of_path(path: str) -> str:
    """The npm package in whose folder a path lies, by the path alone, or ""."""
    _, found, rest = f"/{path}".replace("\\", "/").rpartition("/node_modules/")
    match = _PACKAGE.match(rest) if found and not rest.startswith(".") else None
    return match[0] if match else ""


def served_module(script: Script) -> str:
    """The module that an application server for Python was given (``uvicorn package.module:app``), or ""."""
    if re.split(r"[\\/]", script.text)[-1] not in _WEB_RUNNERS:
        return ""
    matches = (_APPLICATION.match(item) for item in script.arguments)
    return next((match[1] for match in matches if match), "")


def run_by_library(script: Script) -> str:
    """The file that ``mcp run FILE`` or ``fastmcp run FILE:OBJECT`` serves, or ""."""
    for item in script.arguments[1:]:
        file = _SERVED_FILE.match(item)
        if file is not None:
            return file[0]
    return ""


def module_file(table: Table, pid: int, module: str) -> str | None:
    """The file of a module that lies in the working directory, the one that starts it before others.

    Raises Hidden and Gone.
    """
    place = module.replace(".", "/")
    for form in _MODULE_FILES:
        file = table.locate(pid, form.format(place))
        if file is not None:
            return file
    return None


def is_spawned_by_python(argv: Sequence[str], script: Script) -> bool:
    """Whether this is a process that Python's multiprocessing started for the program above it."""
    return script.kind == "inline" and ("--multiprocessing-fork" in argv or bool(_SPAWNED.match(script.code)))
