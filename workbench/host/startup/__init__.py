"""The files that a shell or a login reads at its start: which of the variables they export hold a secret."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from workbench.host.context import Context, Home
from workbench.host.files import CannotLook, read_bounded
from workbench.host.startup.exports import Export, Source, read_script
from workbench.model.facts import Unread
from workbench.model.session import StartupDialect, StartupFile, StartupSecret
from workbench.secrets import capture, redact, shown_name
from workbench.text import visible

_SIZE_LIMIT = 1024 * 1024
_DEPTH_LIMIT = 8
_FILE_LIMIT = 200
# Of one home, and of the system: it takes a second or two.
_CLOSELY_READ_LIMIT = 2 * 1024 * 1024
_SECRETS_OF_A_FILE = 100
_UMASKS_OF_A_FILE = 20
_PATH_LIMIT = 4096
# Above it a file is read closely only where it holds anything that looks like a secret at all.
_LONG = 64 * 1024
_SHELL = (".bashrc", ".bash_profile", ".bash_login", ".profile", ".xprofile", ".xsessionrc")
_ZSH = (".zshenv", ".zprofile", ".zshrc", ".zlogin")
_OF_ALL: tuple[tuple[str, StartupDialect], ...] = (
    ("etc/environment", "lines"),
    ("etc/environment.d/*.conf", "lines"),
    ("etc/profile", "sh"),
    ("etc/profile.d/*.sh", "sh"),
    ("etc/bash.bashrc", "sh"),
    ("etc/bashrc", "sh"),
    *((f"etc/{folder}{name}", "sh") for folder in ("zsh/", "") for name in ("zshenv", "zprofile", "zshrc", "zlogin")),
    ("etc/fish/config.fish", "fish"),
)


def startup_files(context: Context) -> tuple[tuple[StartupFile, ...], tuple[Unread, ...]]:
    """The startup files of every inspected home and of the system, with what they source, and what was not read."""
    look = _Look()
    for home in context.inspected:
        look.begin(home, home.uid)
        for path, dialect in _of_home(home):
            look.at(path, dialect)
        if home.path == context.home:
            for path in _nearest_envrc(context.working_directory, home):
                look.at(path, "sh")
    if context.platform != "win32":
        look.begin(context.inspected[0], None)
        for pattern, dialect in _OF_ALL:
            for path in _matching(context.managed_root, pattern):
                look.at(path, dialect)
    return tuple(look.files), tuple(look.unread)


def _of_home(home: Home) -> Iterator[tuple[Path, StartupDialect]]:
    settings = Path(home.environment.get("XDG_CONFIG_HOME") or home.path / ".config")
    for name in _SHELL:
        yield home.path / name, "sh"
    folders = dict.fromkeys((home.path, Path(home.environment.get("ZDOTDIR") or home.path)))
    for folder in folders:
        for name in _ZSH:
            yield folder / name, "sh"
    yield home.path / ".envrc", "sh"
    yield home.path / ".pam_environment", "lines"
    for path in _matching(settings, "environment.d/*.conf"):
        yield path, "lines"
    yield settings / "fish/config.fish", "fish"
    for path in _matching(settings, "fish/conf.d/*.fish"):
        yield path, "fish"
    yield settings / "fish/fish_variables", "fish-variables"


def _matching(folder: Path, pattern: str) -> list[Path]:
    if "*" not in pattern:
        return [folder / pattern]
    where, _, form = pattern.rpartition("/")
    try:
        names = sorted(os.listdir(folder / where))
    except OSError:
        return []  # no such folder; one that is closed to us names nothing that could be asked for
    return [folder / where / name for name in names if name.endswith(form[1:])][:_FILE_LIMIT]


def _nearest_envrc(start: Path, home: Home) -> list[Path]:
    """The account's own .envrc that direnv takes in a folder: of it, or of the nearest one above."""
    for folder in (start, *start.parents):
        try:
            owner = os.stat(folder / ".envrc").st_uid
        except OSError:
            continue
        return [folder / ".envrc"] if owner == home.uid else []
    return []


class _Look:
    """A pass over the files: each is read once, in the order in which it is come upon."""

    def __init__(self) -> None:
        self.files: list[StartupFile] = []
        self.unread: list[Unread] = []
        self.seen: set[tuple[str, bool]] = set()

    def begin(self, home: Home, owner: int | None) -> None:
        """Go on with another home, or with the system's files (no owner). Each has limits of its own."""
        self.home = home
        self.owner = owner
        self.left = _FILE_LIMIT
        self.characters = _CLOSELY_READ_LIMIT

    def at(self, path: Path, dialect: StartupDialect) -> None:
        """Read one file and then, in their order, all that it sources."""
        pending = deque([(Source(os.fspath(path), dialect), "", 0)])
        while pending:
            source, read_by, depth = pending.popleft()
            if self.left <= 0:
                self._gap(source.path, f"more than {_FILE_LIMIT} files are read at the start")
                return
            pending += [
                (Source(found, each.dialect, each.exporting), source.path, depth + 1)
                for each in self._read(source, read_by, depth)
                if (found := self._path(each.path, source.path)) is not None
            ]

    def _read(self, source: Source, read_by: str, depth: int) -> list[Source]:
        key = (os.path.realpath(source.path), source.exporting)
        if key in self.seen:
            return []
        self.seen.add(key)
        self.left -= 1
        try:
            if depth > _DEPTH_LIMIT:
                raise CannotLook(f"it is sourced by more than {_DEPTH_LIMIT} files in a row")
            text = read_bounded(source.path, _SIZE_LIMIT).decode("utf-8", "surrogateescape")
        except CannotLook as error:
            if not error.absent:
                self._gap(source.path, error.why, error.unlock)
            return []
        told = (_shown(source.path), self.owner, _shown(read_by))
        if len(text) > _LONG and redact(text) == text:
            self.files.append(StartupFile(*told, dialect=source.dialect))
            return []
        if len(text) > self.characters:
            self._gap(source.path, f"more than {_CLOSELY_READ_LIMIT // (1024 * 1024)} MiB are read at the start")
            return []
        self.characters -= len(text)
        script = read_script(text, source.dialect, source.exporting)
        secrets = (found for export in script.exports if (found := _secret(export)) is not None)
        kept = tuple(islice(secrets, _SECRETS_OF_A_FILE))
        umasks = tuple((line, visible(redact(words), 100)) for line, words in script.umasks[:_UMASKS_OF_A_FILE])
        self.files.append(StartupFile(*told, kept, umasks, source.dialect))
        return script.sources

    def _gap(self, path: str, why: str, unlock: str = "") -> None:
        self.unread.append(Unread("startup", _shown(path), why, unlock))

    def _path(self, asked: str, read_by: str) -> str | None:
        """Where a sourced path leads, or None where it hangs on more than the home folder."""
        home = os.fspath(self.home.path)
        for beginning in ("~/", "${HOME}/", "$HOME/"):
            if asked.startswith(beginning):
                asked = f"{home}/{asked.removeprefix(beginning)}"
        if not asked or len(asked) > _PATH_LIMIT or any(letter in asked for letter in "$*?[\n\0"):
            return None
        if asked.startswith(("/dev/", "/proc/")):
            return None  # what another program writes
        if os.path.isabs(asked):
            return asked
        # Without a slash a shell searches PATH; otherwise it starts from the folder it was started in.
        if "/" not in asked and not asked.startswith("."):
            return None
        folder = os.path.dirname(read_by) if os.path.basename(read_by) == ".envrc" else home
        return os.path.join(folder, asked)


def _secret(export: Export) -> StartupSecret | None:
    name = shown_name(export.name)
    secret = capture(export.name, export.value, f"line {export.line}")
    return StartupSecret(name, export.line, secret) if secret is not None else None


def _shown(path: str) -> str:
    return visible(redact(path))


def startup_places(home: Home, root: Path = Path("/")) -> tuple[Path, ...]:
    """Where the startup files of one home and of the system would lie, whether there are any or not."""
    of_all = (path for pattern, _ in _OF_ALL for path in _matching(root, pattern))
    return (*(path for path, _ in _of_home(home)), *of_all)
