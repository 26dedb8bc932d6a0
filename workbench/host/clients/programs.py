"""The files of this host that a server runs, found as its client finds them, each looked at once."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field

from workbench.host.clients.places import gap, is_absolute
from workbench.host.clients.ways import fact_below
from workbench.host.files import CannotLook
from workbench.model.facts import PathFact, Unread
from workbench.model.launch import Launch
from workbench.model.record import draft, record

# Where programs are looked for when it is not known what the client sees.
_USUAL = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_ELSEWHERE = re.compile(
    r"(?:docker|podman|nerdctl|finch|docker-compose|podman-compose|wsl|chroot|nsjail|bwrap|unshare)\b"
)
_HOME = re.compile(r"(?:~|\$HOME|\$\{(?:env:)?HOME\}|\$\{userHome\})(?=/|\Z)")
_LONGEST = 4096


@draft
class Files:
    """Files of this host by path. ``known`` holds None for what does not exist or could not be looked at; ``folders``
    are those on the way, shared with whoever else looks.
    """

    folders: dict[str, PathFact] = field(default_factory=dict)
    known: dict[str, PathFact | None] = field(default_factory=dict)
    located: dict[tuple[str, str], str] = field(default_factory=dict)
    unread: list[Unread] = field(default_factory=list)

    @property
    def found(self) -> tuple[PathFact, ...]:
        """Every file that is there, each once."""
        return tuple({fact.asked: fact for fact in self.known.values() if fact is not None}.values())

    def look(self, path: str) -> str:
        """Look at an absolute path. Its ``PathFact.asked``, "" where it is not there or could not be looked at."""
        if path not in self.known:
            self.known[path] = self._fact(path)
        fact = self.known[path]
        return fact.asked if fact is not None else ""

    def nearest(self, path: str) -> str:
        """Look at an absolute path or, where it does not exist, at the nearest folder above it that does."""
        here = path
        for _ in range(path.count(os.sep) + 1):
            seen = self.look(here)
            if seen:
                return seen
            here = os.path.dirname(here)
        return ""

    def locate(self, name: str, search: str) -> str:
        """The absolute path of a program by name, "" where none of the folders holds it."""
        key = (name, search)
        if key not in self.located:
            folders = (folder for folder in search.split(os.pathsep) if os.path.isabs(folder))
            self.located[key] = next((path for path in _in_each(folders, name) if _is_program(path)), "")
        return self.located[key]

    def _fact(self, path: str) -> PathFact | None:
        if len(path) > _LONGEST:
            return None
        try:
            return fact_below(path, self.folders)
        except CannotLook as why:
            if not why.absent:
                self.unread += gap(path, why, "program")
        except ValueError:
            pass  # no file can have such a name
        return None


@record
class Start:
    """Where and how a client starts a server: its home, the folder, and where programs are looked for. ``folder`` is
    absolute, "" when it is not known.
    """

    home: str
    folder: str
    search: str

    def absolute(self, path: str) -> str:
        """The path on this host, "" where it is relative to a folder that is not known."""
        path = _HOME.sub(lambda _: self.home, path, count=1)
        if not os.path.isabs(path):
            if not self.folder or "$" in path:
                return ""
            path = os.path.join(self.folder, path)
        # A ".." is the kernel's to take off: it may stand behind a link.
        return path if os.pardir in path else os.path.normpath(path)


def start_of(
    directory: str, project: str, home: str, given: str, environment: Mapping[str, str], platform: str
) -> Start:
    """Where a server is started: ``directory`` as its entry says, ``given`` is the PATH of the entry, "" for none."""
    base = Start(home, project, "")
    folder = base.absolute(directory) if directory else project
    search = given if given and "$" not in given and "%" not in given else environment.get("PATH", "")
    return Start(home, folder if is_absolute(folder, platform) else "", search or _USUAL)


def run_by(texts: Sequence[str], launch: Launch | None, start: Start, files: Files) -> tuple[str, ...]:
    """The files that a server runs on this host: its first word, its program and its script, as far as they exist."""
    if launch is None or not texts:
        return ()
    paths = [_program(texts[0], start, files)]
    if not is_elsewhere(launch):
        inner = Start(start.home, start.absolute(launch.directory), start.search) if launch.directory else start
        paths.append(_program(launch.program, inner, files))
        # A module has no path of its own; of a script without a folder only one that exists can be meant.
        paths.append(inner.absolute(launch.script) if launch.script else "")
    return tuple(dict.fromkeys(seen for path in paths if path and (seen := files.look(path))))


def is_elsewhere(launch: Launch) -> bool:
    """Whether the program's paths are not those of this host: it runs in a container, or in a sandbox's own view."""
    return launch.image is not None or any(_ELSEWHERE.match(wrapper) for wrapper in launch.wrappers)


def _program(name: str, start: Start, files: Files) -> str:
    if os.sep in name or name.startswith(("~", "$")):
        return start.absolute(name)
    return files.locate(name, start.search) if name and len(name) < 256 else ""


def _in_each(folders: Iterator[str], name: str) -> Iterator[str]:
    return (os.path.join(folder, name) for folder in folders)


def _is_program(path: str) -> bool:
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return False
    return stat.S_ISREG(status.st_mode) and bool(status.st_mode & 0o111)
