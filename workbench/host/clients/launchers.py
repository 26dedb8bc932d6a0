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

    One that cannot be read, or is not as the workbench writes them, is left out: it is a program like any other, of
    which nothing is known.
    """
    paths = [text for text in dict.fromkeys(texts) if _FOLDER in text and text.startswith("/")]
    found: dict[str, tuple[str, ...]] = {}
    for path in paths[:_MOST]:
        from workbench.launch.sandbox_script import read_script, words_of

        try:
            sandbox = read_script(read_bounded(path, _LONGEST).decode("utf-8", "replace"), home)
        except CannotLook:
            continue
        if sandbox is not None:
            found[path] = words_of(sandbox)
    return found
