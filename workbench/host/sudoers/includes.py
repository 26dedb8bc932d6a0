"""The folders a sudo policy includes, and every file in them, also those that sudo leaves out.

sudo's own tools list only what they read, so the include lines are taken from the text. They serve to find files to
look at, never to tell what a rule means.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from workbench.host.files import CannotLook, file_fact, path_fact
from workbench.model.facts import FileFact, Unread
from workbench.model.record import record
from workbench.text import visible

_INCLUDE = re.compile(r'^[ \t]*[#@]includedir[ \t]+(?:"([^"\n]+)"|((?:\\.|[^\s\\"#])+))', re.MULTILINE)
_ESCAPE = re.compile(r"\\(.)")
_MOST = 1000


@record
class Listing:
    """The included folders, the files in them, and what could not be listed."""

    folders: tuple[FileFact, ...] = ()
    files: tuple[FileFact, ...] = ()
    unread: tuple[Unread, ...] = ()


def folders(file: str, content: str, host: str) -> Iterator[str]:
    """The folders that a policy file includes, as absolute paths."""
    for found in _INCLUDE.finditer(content):
        named = found[1] or _ESCAPE.sub(r"\1", found[2])
        named = named.replace("%h", host.partition(".")[0])
        yield os.path.normpath(os.path.join(os.path.dirname(file), named))


def listing(paths: Sequence[str], known: Sequence[FileFact] | None) -> Listing:
    """What stands in the folders. ``known`` are the facts that were read through sudo, None where one looks oneself."""
    found: list[FileFact] = []
    files: list[FileFact] = []
    unread: list[Unread] = []
    for path in dict.fromkeys(paths):
        if known is None:
            try:
                found.append(path_fact(path).file)
                names = sorted(os.listdir(path))
            except CannotLook as why:
                if not why.absent:
                    unread.append(_gap(path, why.why))
                continue
            except OSError as error:
                unread.append(_gap(path, error.strerror or "it cannot be listed"))
                continue
            if len(names) > _MOST:
                unread.append(_gap(path, f"it holds more than {_MOST} files"))
            for name in names[:_MOST]:
                try:
                    files.append(_followed(f"{path}/{name}"))
                except CannotLook:
                    continue
            continue
        folder = next((fact for fact in known if fact.path == visible(path) and fact.kind == "directory"), None)
        if folder is None:
            unread.append(_gap(path, "it was not among what was read through sudo"))
            continue
        found.append(folder)
        files += [fact for fact in known if fact.path.rpartition("/")[0] == folder.path]
    return Listing(tuple(found), tuple(files), tuple(unread))


def _followed(path: str) -> FileFact:
    """The fact of what sudo opens under that name: it follows links."""
    fact = file_fact(path)
    if fact.kind != "link":
        return fact
    return replace(path_fact(path).file, path=fact.path, exact=fact.exact)


def _gap(path: str, why: str) -> Unread:
    shown = visible(path)
    return Unread("files", f"the files in {shown}", why, f"run the scan as root, or look with: sudo ls -la {shown}")
