"""What of this host the program of a configured server needs to be started: what a fix shows of it in a sandbox."""

from __future__ import annotations

from posixpath import basename, dirname

from workbench.launch.sandbox_script import FOLDER, too_much
from workbench.model.clients import ServerEntry
from workbench.model.facts import PathFact
from workbench.model.snapshot import Snapshot
from workbench.text import is_visible

_SYSTEM = ("/usr/", "/bin/", "/sbin/", "/lib/", "/lib64/")
_BUILT = frozenset(("dist", "build", "src", "lib", "out", "cjs", "esm", "server"))
_PACKAGES = "/node_modules"
_SEARCH = ("/usr/local/bin", "/usr/bin", "/bin")
_SECRETS = f"/{FOLDER.rpartition('/')[0]}/secrets/"


def program_places(entry: ServerEntry, snapshot: Snapshot, home: str) -> tuple[str, ...]:
    """The folders and files, outside of the system's own, that hold the program of a server and what runs it."""
    known = {fact.asked: fact for fact in snapshot.clients.files}
    script = entry.launch.script if entry.launch is not None else ""
    places: list[str] = []
    for path in entry.runs:
        fact = known.get(path)
        for each in _names(path, fact):
            if not each.startswith(_SYSTEM):
                places.append(_around(each, home, is_script=path == script or path.endswith(f"/{script}")))
        if basename(path) == "uvx":
            places += [place for place in (f"{dirname(path)}/uv",) if not place.startswith(_SYSTEM)]
    started_in = entry.launch.directory if entry.launch is not None else ""
    places += [folder for folder in (started_in, entry.working_directory) if folder]
    # The launcher of clients/move-secret reads this inside.
    places += [word for word in entry.command if word.startswith(f"{home}{_SECRETS}")]
    own = f"{home}{_SECRETS}"
    return outermost([each for each in places if each.startswith(own) or not too_much(each, home)])


def search_path(entry: ServerEntry, reads: tuple[str, ...]) -> str:
    """The PATH inside: where the programs lie that are shown, and the system's."""
    folders = [dirname(path) for path in entry.runs if any(_holds(place, path) for place in reads)]
    folders += [f"{place}/bin" for place in reads if basename(place) in (".venv", "venv")]
    return ":".join(dict.fromkeys([*folders, *_SEARCH]))


def outermost(paths: list[str]) -> tuple[str, ...]:
    """The paths once each, without those that lie in another one."""
    unique = list(dict.fromkeys(paths))
    return tuple(path for path in unique if not any(other != path and _holds(other, path) for other in unique))


def _names(path: str, fact: PathFact | None) -> list[str]:
    """The path, and what it finally names where links lead there: a program may look for its parts at both."""
    found = [path]
    if fact is not None and fact.file.exact and fact.file.path != path:
        found.append(fact.file.path)
    return [each for each in found if is_visible(each)]


def _around(path: str, home: str, *, is_script: bool) -> str:
    """The folder that a program or a script needs with it; the file alone where that would show too much."""
    before, packages, _ = path.partition(f"{_PACKAGES}/")
    folder = dirname(path)
    if packages:
        candidate = before + _PACKAGES
    elif basename(folder) in ("bin", "sbin"):
        candidate = dirname(folder)
    elif is_script:
        candidate = folder
        while basename(candidate) in _BUILT:
            candidate = dirname(candidate)
    else:
        return path
    return path if too_much(candidate, home) else candidate


def _holds(folder: str, path: str) -> bool:
    return path == folder or path.startswith(f"{folder}/")
