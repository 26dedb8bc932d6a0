"""The launchers of the workbench's own that a server's command names, and what they put around it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from workbench.host.files import CannotLook, read_bounded

_FOLDER = "/workbench/launchers/"
_LONGEST = 65_536
_MOST = 4
"""Launchers of one command: nobody nests more, and each is a file to be read."""


def launchers_among(texts: Sequence[str], home: str) -> Mapping[str, tuple[str, ...]]:
    """The launchers by path, each with the command line that it becomes.

    None where it cannot be read, or is not as the workbench writes them: what it puts around a server is not known.
    """
    paths = [text for text in dict.fromkeys(texts) if _FOLDER in text and text.startswith("/")]
    found: dict[str, tuple[str, ...]] = {}
    for path in paths[:_MOST]:
        from workbench.launch.sandbox_script import read_script, words_of

        try:
            sandbox = read_script(read_bounded(path, _LONGEST).decode("utf-8", "replace"), home)
        except CannotLook:
            sandbox = None
        found[path] = words_of(sandbox) if sandbox is not None else ()
    return found
