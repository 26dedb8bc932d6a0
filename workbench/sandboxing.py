"""What of this host a configured server needs to be started, and the sandbox that shows it just that."""

from __future__ import annotations

from posixpath import basename, dirname

from workbench.launch.sandbox_script import FOLDER, Sandbox, too_much, wrong_with
from workbench.model.clients import ServerEntry
from workbench.model.facts import PathFact
from workbench.model.plan import Refusal
from workbench.model.snapshot import Snapshot
from workbench.text import is_visible

_SYSTEM = ("/usr/", "/bin/", "/sbin/", "/lib/", "/lib64/")
_BUILT = frozenset(("dist", "build", "src", "lib", "out", "cjs", "esm", "server"))
_PACKAGES = "/node_modules"
# What lies beside a program there has nothing to do with it.
_OF_A_PERSON = ("Desktop", "Documents", "Downloads", "Music", "Pictures", "Public", "Templates", "Videos")
_SEARCH = ("/usr/local/bin", "/usr/bin", "/bin")
_LANGUAGE = ("LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "LC_MESSAGES", "TZ")
_PROXY = tuple(
    spelled
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
    for spelled in (name, name.upper())
)  # fmt: skip
# Where the certificates of a company's own authority lie.
_CERTIFICATES = (
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"),
    *("UV_NATIVE_TLS", "UV_SYSTEM_CERTS", "NODE_USE_SYSTEM_CA"),
)
_PYTHONS = ".local/share/uv/python"
_AGAIN = "give absolute paths such as /home/you/work, several separated by a colon"
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


def sandbox_for(
    entry: ServerEntry,
    home: str,
    *,
    folders: str,
    writable: bool,
    network: bool,
    filtered: bool,
    programs: str,
    own_home: str,
) -> Sandbox | Refusal:
    """The sandbox of a server as a person answers it: ``folders`` and ``programs`` are paths separated by colons, each
    absolute or from ``~/``; ``own_home`` is one, or "" for an empty home at each start.
    """
    asked = [_paths(each, home) for each in (folders, programs, own_home)]
    refusal = next((each for each in asked if isinstance(each, Refusal)), None)
    if refusal is not None:
        return refusal
    shown, parts, kept = (list(each) for each in asked if not isinstance(each, Refusal))
    if len(kept) > 1:
        return Refusal("its home is one folder", "answer one, or nothing for an empty one")
    shown = list(outermost(shown))
    writes = tuple(shown) if writable else ()
    # What lies in a folder that it may use is there with that.
    beside = [each for each in parts if not any(_holds(folder, each) for folder in shown)]
    reads = outermost([*beside, *(() if writable else shown)])
    names = [each.name for each in entry.environment]
    more = [*_LANGUAGE, *((*_PROXY, *_CERTIFICATES) if network else ())]
    directory = entry.working_directory.rstrip("/")
    seen = any(_holds(each, directory) for each in (*writes, *reads))
    pythons = f"{home}/{_PYTHONS}"
    sandbox = Sandbox(
        home=home,
        reads=reads,
        tries=() if any(_holds(each, pythons) for each in (*reads, *writes)) else (pythons,),
        writes=writes,
        names=tuple(dict.fromkeys([*names, *more])),
        network=network,
        filtered=filtered,
        search="" if "PATH" in names else _search_path(entry, (*reads, *writes)),
        sets_home="HOME" not in names,
        kept=kept[0] if kept else "",
        directory=directory if seen else "",
    )
    why = wrong_with(sandbox)
    return Refusal(f"that would be no sandbox: {why}", "answer folders made for this work") if why else sandbox


def _paths(answer: str, home: str) -> tuple[str, ...] | Refusal:
    """The answer as absolute paths, once each."""
    paths: list[str] = []
    for part in filter(None, (each.strip() for each in answer.split(":"))):
        path = f"{home}/{part[2:]}" if part.startswith("~/") else part
        if not path.startswith("/") or not path.isprintable() or {".", ".."} & set(path.split("/")):
            return Refusal("what was answered holds a path that is not plain and absolute", _AGAIN)
        paths.append("/" + "/".join(step for step in path.split("/") if step))
    return tuple(dict.fromkeys(paths))


def _search_path(entry: ServerEntry, reads: tuple[str, ...]) -> str:
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
        while basename(candidate) in _BUILT and not _holds_more(dirname(candidate), home):
            candidate = dirname(candidate)
    else:
        return path
    return path if _holds_more(candidate, home) else candidate


def _holds_more(folder: str, home: str) -> bool:
    """Whether a folder holds more than a program and what belongs to it."""
    return folder in {f"{home}/{name}" for name in _OF_A_PERSON} or bool(too_much(folder, home))


def _holds(folder: str, path: str) -> bool:
    return path == folder or path.startswith(f"{folder}/")
