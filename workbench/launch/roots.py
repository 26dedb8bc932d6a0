"""Which directories a server is given: by position to a file server, by a telling option to any server."""

from __future__ import annotations

import ntpath
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

from workbench.expressions import expression
from workbench.launch.step import Mount
from workbench.launch.words import Word
from workbench.model.launch import RootArgument
from workbench.secrets import redact
from workbench.text import visible

_FILE_SERVER = expression(
    r"file[-_]?system|file[-_]?server|(?:\A|[-_/@.])(?:files?|fs|obsidian)(?:[-_/@.]|\Z)", re.IGNORECASE
)
_GENERIC = expression(
    r"(?:index|main|server|cli|app|start|run|__main__)\.(?:[cm]?[jt]s|py)\Z|(?:dist|build|src|lib|bin|out|cjs|esm)\Z"
)
# Options of which the next word is a value, and that value no directory that is served.
_TAKES_ANOTHER_VALUE = expression(
    r"path|file|db|database|log|conf|port|host|url|key|token|transport|out|cache|ignore|exclude"
)
_OPTIONS = frozenset((
    "root", "roots", "root-dir", "root-path", "root-directory",
    "directory", "directories", "dir", "dirs", "base-dir", "basedir", "base-path", "base-directory",
    "allowed-dir", "allowed-dirs", "allowed-directory", "allowed-directories", "allowed-path", "allowed-paths",
    "allowed-root", "allowed-roots", "allow-dir", "allow-path",
    "workspace", "workspaces", "workspace-dir", "workspace-root", "workspace-path", "workspace-folder",
    "repository", "repositories", "repo", "repo-path", "path", "paths", "folder", "folders", "vault", "vault-path",
))  # fmt: skip
_FILE = expression(
    r"\.(?:db|sqlite3?|duckdb|json[c5]?|ya?ml|toml|ini|conf|env|txt|log|md|pem|key|sock|py|m?[jt]s|cjs|csv|xml)\Z", re.I
)
_DRIVE = expression(r"[A-Za-z]:(?:[\\/]|\Z)")
_HOME = expression(
    r"\$\{(?:env:)?HOME\}|\$HOME(?![A-Za-z0-9_])|\$\{userHome\}|\$\{env:USERPROFILE\}|%USERPROFILE%|%HOME%"
)


def expand(text: str, home: str) -> str | None:
    r"""The absolute path that a text names, links resolved, or None when it names no path that can be known here.

    ``~`` and the ways to write the home directory are resolved. Windows paths are kept as they are; a relative path,
    and one with any other variable in it (``${workspaceFolder}``), depend on what is not known.
    """
    path = _HOME.sub(lambda _: home, text)
    if path == "~" or path.startswith(("~/", "~\\")):
        path = home + path[1:]
    if _DRIVE.match(path) or path.startswith("\\\\"):
        return None if "${" in path or "%" in path else path
    if not path.startswith("/") or "$" in path or "://" in path:
        return None
    try:
        return os.path.realpath(path)
    except (OSError, ValueError):
        return os.path.normpath(path)


def within(directory: str, text: str) -> str | None:
    """The path that a relative path names in a directory, or None when it is no relative path that can be known."""
    if not directory or not text or text.startswith(("/", "\\", "~", "-")) or re.search(r"[:$%]", text):
        return None
    if _DRIVE.match(directory) or directory.startswith("\\"):
        return ntpath.normpath(ntpath.join(directory, text))
    return os.path.normpath(f"{directory}/{text}")


def is_file_server(names: Iterable[str]) -> bool:
    """Whether one of the names a server goes by is that of a server whose operands are directories.

    Of ``…/filesystem/dist/index.js`` it is the folder that says what the script does.
    """
    return any(_FILE_SERVER.search(name if name.startswith("@") else telling_part(name)) for name in names)


def telling_part(name: str) -> str:
    """The part of a program's name or path that says what it is: of ``…/time/dist/index.js`` it is ``time``."""
    if "/" not in name and "\\" not in name:
        return "" if _GENERIC.match(name) else name
    parts = name.replace("\\", "/").split("/")
    return next((part for part in reversed(parts) if part and not _GENERIC.match(part)), "")


def roots_of(
    names: Iterable[str], arguments: Sequence[Word], home: str, mounts: Sequence[Mount] | None, directory: str = ""
) -> tuple[RootArgument, ...]:
    """The directories among a server's arguments. With ``mounts`` they are paths inside of a sandbox.

    Relative ones are in ``directory``, where that is known.
    """
    found: list[RootArgument] = []
    positional = is_file_server(names)
    for word in _candidates(arguments, positional):
        path = expand(word.text, home)
        if path is None and directory and mounts is None and (relative := within(directory, word.text)) is not None:
            path = expand(relative, home)
        if path is not None and mounts is not None:
            path = on_host(path, mounts, home)
        if path is not None and not (_FILE.search(path) and not positional):
            found.append(_root(word, path))
    return tuple(found)


def roots_of_mounts(mounts: Sequence[Mount], home: str) -> tuple[RootArgument, ...]:
    """The directories of the host that a container is given."""
    found: list[RootArgument] = []
    for mount in mounts:
        path = expand(mount.host.text, home) if mount.host is not None else None
        if mount.host is not None and path is not None and not _FILE.search(path):
            found.append(_root(mount.host, path))
    return tuple(found)


def _root(word: Word, path: str) -> RootArgument:
    shown = visible(redact(word.text))
    return RootArgument(shown, shown if path == word.text else visible(redact(path)), word.index)


def _candidates(arguments: Sequence[Word], positional: bool) -> Iterator[Word]:
    expects: Literal["", "one", "many", "other"] = ""
    for word in arguments:
        text = word.text
        if text.startswith("-") and len(text) > 1:
            name, equals, _ = text.lstrip("-").lower().replace("_", "-").partition("=")
            known = name in _OPTIONS
            if equals:
                expects = ""
                if known:
                    yield from _parts(word, text.partition("=")[2])
            elif known:
                expects = "many" if name.endswith("s") else "one"
            else:
                expects = "other" if _TAKES_ANOTHER_VALUE.search(name) else ""
            continue
        if expects in ("one", "many") or (positional and expects != "other"):
            yield from _parts(word, text)
        expects = "many" if expects == "many" else ""


def _parts(word: Word, text: str) -> Iterator[Word]:
    pieces = [piece for piece in text.split(",") if piece]
    if len(pieces) > 1 and all(_is_rooted(piece) for piece in pieces):
        yield from (word.part(piece) for piece in pieces)
    else:
        yield word if text == word.text else word.part(text)


def _is_rooted(text: str) -> bool:
    r"""Whether a text is written as a path from a root: ``/x``, ``~/x``, ``$HOME/x``, ``C:\x``."""
    return text.startswith(("/", "~", "$HOME", "${")) or bool(_DRIVE.match(text))


def on_host(path: str, mounts: Sequence[Mount], home: str) -> str | None:
    """What a path inside of a sandbox is on the host: the last mount over it counts. None: nothing of the host."""
    for mount in reversed(mounts):
        inside = mount.inside.rstrip("/")
        if path == inside or path.startswith(inside + "/"):
            host = expand(mount.host.text, home) if mount.host is not None else None
            return None if host is None else os.path.normpath(f"{host.rstrip('/')}/{path[len(inside) :].lstrip('/')}")
    return None
