"""The languages that are read, and what each reader of one is: the interface between the collector and the readers."""

from __future__ import annotations

import importlib
import re
from typing import Protocol

from workbench.model.code import Language, Observations
from workbench.model.facts import Unread
from workbench.model.record import record

MINIFIED_LINE = 5000
"""From this many characters in one line, code is a bundle that a program wrote: nobody repairs it there."""


@record
class Analysis:
    """What one file gave: what was seen, and what could not be read in it (its facet is the language's).

    ``read`` are the other files that it was followed into.
    """

    observations: Observations = Observations()
    gaps: tuple[Unread, ...] = ()
    read: tuple[str, ...] = ()


class Reader(Protocol):
    """A module that reads one language. It is imported only once there is a file for it."""

    def missing(self) -> Unread | None:
        """What has to be installed before it can read, None where it can."""

    def analyse(self, path: str, content: bytes) -> Analysis:
        """What a file gives: its path as a person reads it, and its bytes.

        It runs nothing, raises nothing, and takes time in proportion to the bytes.
        """


@record
class LanguageFiles:
    """The files of a language by their endings, and words of which one stands in every file worth reading closely.

    ``facet`` names the gaps of its reader.
    """

    language: Language
    facet: str
    suffixes: tuple[str, ...]
    module: str
    concerns: re.Pattern[bytes]


# A file is read closely for its tools, its sockets and its messages. What it does with files and commands matters only
# where there are tools: it is these that are followed, into other files where that has to be.
_PYTHON = re.compile(
    rb"AF_UNIX|unix_server|unix_listener|UnixStream|UnixDatagram|UnixSite|\buds\b|multiprocessing|\bsocket\b|socketserver|"
    rb"start_server|open_connection|open_unix_connection|\.tool\b|call_tool|add_tool|\btools\s*=|@\w*tools?\b"
)
_SCRIPT = re.compile(
    rb"child_process|worker_threads|\bfork\(|['\"](?:node:)?net['\"]|\.listen\(|\bipc\b|['\"]message['\"]|postMessage|"
    rb"\.tool\(|[rR]egisterTool|addTool|setRequestHandler|CallTool|tools/call|inputSchema|MCPTool"
)

LANGUAGES = (
    LanguageFiles(
        "python",
        "python",
        (".py",),
        "workbench.host.code.python",
        _PYTHON,
    ),
    LanguageFiles(
        "javascript", "javascript", (".js", ".mjs", ".cjs", ".jsx"), "workbench.host.code.javascript", _SCRIPT
    ),
    LanguageFiles(
        "typescript", "javascript", (".ts", ".mts", ".cts", ".tsx"), "workbench.host.code.javascript", _SCRIPT
    ),
)


def language_of(name: str) -> LanguageFiles | None:
    """The language of a file by its name; None for any other, and for declarations of types alone."""
    if name.endswith((".d.ts", ".d.mts", ".d.cts")):
        return None
    return next((language for language in LANGUAGES if name.endswith(language.suffixes)), None)


def language_by_first_line(content: bytes) -> LanguageFiles | None:
    """The language of a program by the interpreter that its first line names, None for any other."""
    first = content[:200].partition(b"\n")[0]
    if not first.startswith(b"#!"):
        return None
    words = {part.rpartition(b"/")[2] for part in first[2:].split()}
    if any(word.startswith(b"python") for word in words):
        return LANGUAGES[0]
    return LANGUAGES[1] if words & {b"node", b"nodejs", b"bun", b"deno"} else None


def reader_of(language: LanguageFiles) -> Reader:
    """The reader of a language. Raises ImportError where this workbench has none."""
    module: Reader = importlib.import_module(language.module)
    return module
