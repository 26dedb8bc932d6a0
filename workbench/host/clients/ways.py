"""What is at the end of a path, for many paths that share their folders."""

from __future__ import annotations

import os

from workbench.host.files import file_fact, path_fact
from workbench.model.facts import PathFact

_DEEP = 100


def fact_below(path: str, folders: dict[str, PathFact]) -> PathFact:
    """What ``path_fact`` says, asking about each folder once: many files lie in few. Raises CannotLook."""
    folder = os.path.dirname(path)
    if os.pardir in path or folder == path or path.count(os.sep) > _DEEP or not os.path.isabs(path):
        return path_fact(path)
    above = folders.get(folder)
    if above is None:
        above = folders[folder] = fact_below(folder, folders)
    if above.links:
        return path_fact(path)
    file = file_fact(path)
    if file.kind == "link":
        return path_fact(path)
    directories = (*above.directories, above.file) if above.file != above.directories[-1] else above.directories
    return PathFact(file.path, file, directories)
