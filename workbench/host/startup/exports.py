"""What a startup file exports to the programs that a shell starts, and which files it reads besides."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import field

from workbench.expressions import expression
from workbench.host.startup.shell import UNKNOWN, Command, commands
from workbench.model.record import draft, record
from workbench.model.session import StartupDialect
from workbench.secrets.names import words

_ASSIGNMENT = expression(r"(?P<name>[A-Za-z_]\w*)\+?=(?P<value>.*)\Z", re.DOTALL)
_NAME = expression(r"[A-Za-z_]\w*\Z")
_KEYWORDS = words("if then else elif do while until ! time builtin command and or not begin -")
_DECLARING = ("declare", "typeset", "local", "readonly", "integer", "float")
_WORDS = _KEYWORDS | words("{ }")
_FISH_WORDS = _KEYWORDS | words("for switch end")
_BEGIN_BLOCK = words("{ if while begin for switch")
_ENV_FILE = expression(r"(?<![^\s\"'<=])(?P<path>[^\s\"'<>|;()=]*\.env(?:\.[\w.-]+)?)(?![^\s\"'|;)>])")
_LINE = expression(r"[ \t]*(?:export[ \t]+)?(?P<name>[A-Za-z_]\w*)[ \t]*=[ \t]*(?P<value>[^\r\n]*)")
_PAM_LINE = expression(r"[ \t]*(?P<name>[A-Za-z_]\w*)[ \t]+(?P<rest>(?:DEFAULT|OVERRIDE)=[^\r\n]*)")
_PAM_VALUE = expression(r"(?:DEFAULT|OVERRIDE)=(?:\"([^\"]*)\"|(\S*))")
_UNIVERSAL = expression(r"SETUVAR (?:--\w+ )*--export (?:--\w+ )*(?P<name>\w+):(?P<value>[^\r\n]*)")
_FISH_ESCAPE = expression(r"\\x([0-9a-fA-F]{2})|\\u([0-9a-fA-F]{4})|\\(.)")


@record
class Export:
    """A variable that is handed on, with the value as far as the file says it. ``line`` counts from 1."""

    name: str
    value: str
    line: int


@record
class Source:
    """A file that is read besides. ``exporting``: what it assigns is exported too."""

    path: str
    dialect: StartupDialect
    exporting: bool = False


@draft
class Script:
    """What a startup file does to the environment."""

    exports: list[Export] = field(default_factory=list)
    sources: list[Source] = field(default_factory=list)
    umasks: list[tuple[int, str]] = field(default_factory=list)


def read_script(text: str, dialect: StartupDialect, exporting: bool = False) -> Script:
    """What a file exports and sources. ``exporting``: it is read while every assignment is exported (``set -a``)."""
    if dialect == "lines":
        return Script(_lines(text))
    if dialect == "fish-variables":
        found = ((number, _UNIVERSAL.match(line)) for number, line in enumerate(text.split("\n"), 1))
        return Script([Export(m["name"], _FISH_ESCAPE.sub(_unescaped, m["value"]), n) for n, m in found if m])
    state = _State(exporting, fish=dialect == "fish")
    for command in commands(text, fish=state.fish):
        state.take(command)
    return state.outcome()


def _unescaped(match: re.Match[str]) -> str:
    return chr(int(match[1] or match[2], 16)) if match[1] or match[2] else match[3]


def _lines(text: str) -> list[Export]:
    """The assignments of environment.d(5), of pam_env and of a .env file: no shell, one a line."""
    found = []
    for number, line in enumerate(text.split("\n"), 1):
        of_pam = _PAM_LINE.match(line)
        if of_pam:
            values = [quoted or bare for quoted, bare in _PAM_VALUE.findall(of_pam["rest"])]
            found += [Export(of_pam["name"], value, number) for value in values[-1:]]
        elif match := _LINE.match(line):
            value = match["value"].strip()
            quote = value[:1]
            if quote in ("'", '"') and (end := value.find(quote, 1)) > 0:
                value = value[1:end]
            else:
                value = re.split(r"\s#", value, maxsplit=1)[0].rstrip()
            found.append(Export(match["name"], value, number))
    return found


class _State:
    """What is known while the commands of a script go by: assigned values, exported names, functions."""

    def __init__(self, exporting: bool, fish: bool) -> None:
        self.fish = fish
        self.exporting = exporting
        self.assigned: dict[str, Export] = {}
        self.exported: set[str] = set()
        # By the function they stand in, "" for none: a function's body counts only where the function is called.
        # All of a name count: which branch of an "if" is taken is not known.
        self.exports: dict[tuple[str, str], list[Export]] = {}
        self.sources: list[tuple[str, Source]] = []
        self.calls: dict[str, list[str]] = {}
        self.umasks: list[tuple[int, str]] = []
        self.blocks: list[str] = []
        self.defined = ""

    def outcome(self) -> Script:
        """What is exported and sourced in all, the bodies of functions that nothing calls left out."""
        running: set[str] = set()
        pending = [""]
        while pending:
            name = pending.pop()
            if name not in running:
                running.add(name)
                pending += self.calls.get(name, ())
        return Script(
            [
                export
                for (inside, _), exports in self.exports.items()
                if inside in running
                for export in dict.fromkeys(exports)
            ],
            list(dict.fromkeys(source for inside, source in self.sources if inside in running)),
            self.umasks,
        )

    @property
    def inside(self) -> str:
        """The function whose body this is, or ""."""
        return self.blocks[-1] if self.blocks else ""

    def take(self, command: Command) -> None:
        """Note what the next command does."""
        words = self._without_keywords(command)
        if not words:
            return
        first, rest = words[0], words[1:]
        if first == "export" or (first in _DECLARING and any(word[0] == "-" and "x" in word for word in rest if word)):
            self._export(rest, command)
        elif self.fish and first == "set":
            self._set_of_fish(rest, command.line)
        elif first == "set":
            self._set(rest)
        elif first in ("source", ".") and rest:
            self._source(rest[0], "fish" if self.fish else "sh")
        elif first in ("source_env", "source_env_if_exists") and rest:
            self._source(rest[0], "sh")
        elif first in ("dotenv", "dotenv_if_exists"):
            self._source(rest[0] if rest else ".env", "lines")
        elif first == "umask" and rest not in ([], ["-S"], ["-p"]):
            self.umasks.append((command.line, " ".join(words)))
        elif first == "unset":
            self._forget(rest)
        elif all(_ASSIGNMENT.match(word) for word in words):
            self._assign(words, command.line)
        elif first == "eval" and any("export" in inside for inside in command.inside):
            self._env_files(command)
        else:
            self.calls.setdefault(self.inside, []).append(first)

    def _without_keywords(self, command: Command) -> list[str]:
        """The words of the command itself. Blocks and functions that begin or end before it are noted."""
        words, at = command.words, 0
        if words and words[0] == "function" and len(words) > 1:
            self.defined, at = words[1], 2
            if self.fish:
                self._begin_block()
                return []
        while at < len(words) and words[at] in (_FISH_WORDS if self.fish else _WORDS):
            word = words[at]
            if word in ("}", "end") and self.blocks:
                self.blocks.pop()
            elif word in _BEGIN_BLOCK and (self.fish or word == "{"):
                self._begin_block()
            at += 2 if self.fish and words[at : at + 2] == ["else", "if"] else 1
        words = words[at:]
        if len(words) == 1 and command.ended_by.startswith("()"):
            self.defined = words[0]
            return []
        return words

    def _begin_block(self) -> None:
        self.blocks.append(self.defined or self.inside)
        self.defined = ""

    def _export(self, words: Sequence[str], command: Command) -> None:
        if any(word in ("-n", "-f") for word in words):
            self._forget(words)
            return
        for word in words:
            match = _ASSIGNMENT.match(word)
            if match:
                self._add(Export(match["name"], match["value"], command.line))
            elif _NAME.match(word):
                self.exported.add(word)
                if word in self.assigned:
                    self._add(self.assigned[word])
            elif UNKNOWN in word:
                self._env_files(command)

    def _assign(self, words: Sequence[str], line: int) -> None:
        for word in words:
            match = _ASSIGNMENT.match(word)
            if match:
                export = Export(match["name"], match["value"], line)
                self.assigned[export.name] = export
                if self.exporting or export.name in self.exported:
                    self._add(export)

    def _add(self, export: Export) -> None:
        self.exported.add(export.name)
        self.assigned[export.name] = export
        self.exports.setdefault((self.inside, export.name), []).append(export)

    def _set(self, words: Sequence[str]) -> None:
        text = "" if words[:1] == ["--"] else " ".join(words)
        if re.search(r"(?:^| )-[a-zA-Z]*a|-o allexport", text):
            self.exporting = True
        elif re.search(r"(?:^| )\+[a-zA-Z]*a|\+o allexport", text):
            self.exporting = False

    def _set_of_fish(self, words: Sequence[str], line: int) -> None:
        options = [word for word in words if word.startswith("-")]
        rest = [word for word in words if not word.startswith("-")]
        if any(word in ("-e", "--erase") for word in options):
            self._forget(rest)
        elif rest and any(word == "--export" or re.match(r"-[a-zA-Z]*x", word) for word in options):
            self._add(Export(rest[0], " ".join(rest[1:]), line))

    def _forget(self, words: Sequence[str]) -> None:
        for word in words:
            self.exported.discard(word)
            self.exports.pop((self.inside, word), None)

    def _source(self, path: str, dialect: StartupDialect) -> None:
        if UNKNOWN not in path:
            self.sources.append((self.inside, Source(path, dialect, self.exporting)))

    def _env_files(self, command: Command) -> None:
        """``export $(grep -v '^#' .env | xargs)``: the file's lines are exported."""
        for inside in command.inside:
            for match in _ENV_FILE.finditer(inside):
                self._source(match["path"], "lines")
