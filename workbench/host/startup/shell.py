"""Take a shell script apart into its simple commands: words without their quotes, and the line each command begins on.

It reads what the shells of people read at their start (sh, bash, zsh, fish), far enough to tell what is exported and
what is sourced. It never runs anything. What a substitution would give is not known: it is shown as ``$()``, and
a variable as ``${NAME}``.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import field

from workbench.expressions import expression
from workbench.model.record import draft

_TOKEN = expression(
    r"""
      (?P<blank>[ \t\r\f\v]+)
    | (?P<joined>\\\n)
    | (?P<newline>\n)
    | (?P<plain>[^\s'"\\$`;&|()<>\#]+)
    | (?P<single>'[^']*')
    | (?P<ansi>\$'[^'\\]*(?:\\.[^'\\]*)*')
    | (?P<double>\$?")
    | (?P<variable>\$[A-Za-z_]\w*)
    | (?P<opening>\$\(|\$\{)
    | (?P<ticks>`[^`\\]*(?:\\.[^`\\]*)*`)
    | (?P<escaped>\\.)
    | (?P<here><<-?(?!<)[ \t]*(?:'(?P<quoted>[^'\n]*)'|"(?P<doubled>[^"\n]*)"|\\?(?P<bare>[^\s;&|<>()'"]+)))
    | (?P<redirection>[<>]+(?:&[\d-]+|[|&])?)
    | (?P<comment>\#)
    | (?P<end>[;&|()]+)
    | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_IN_DOUBLE = expression(r"[^\"\\$`]+|\$[A-Za-z_]\w*|\\.|\"|\$\(|\$\{|`[^`\\]*(?:\\.[^`\\]*)*`|.", re.DOTALL)
_FISH_SINGLE = expression(r"'[^'\\]*(?:\\.[^'\\]*)*'", re.DOTALL)
_NESTING = expression(r"\\.|\$\(|\$\{|[(){}'\"]", re.DOTALL)
_CLOSES = {"$(": ")", "(": ")", "${": "}", "'": "'", '"': '"'}
UNKNOWN = "$()"


@draft
class Command:
    """A simple command. ``inside`` are the texts of its substitutions, ``ended_by`` what stands behind it."""

    line: int
    words: list[str] = field(default_factory=list)
    inside: list[str] = field(default_factory=list)
    ended_by: str = ""


def commands(text: str, *, fish: bool = False) -> Iterator[Command]:
    """Every simple command of a script, in order. Linear in its length, also where it is no script at all."""
    return _Reader(text, fish).commands()


class _Reader:
    """A place in the text, and the command that is being read there."""

    def __init__(self, text: str, fish: bool) -> None:
        self.text = text
        self.fish = fish
        self.at = 0
        self.newlines = [match.start() for match in re.finditer("\n", text)]
        self.command: Command | None = None
        self.word: list[str] | None = None
        self.to_drop = False
        self.delimiters: list[str] = []

    def commands(self) -> Iterator[Command]:
        while (token := _TOKEN.match(self.text, self.at)) is not None:
            kind = str(token.lastgroup)
            if kind in ("quoted", "doubled", "bare"):
                kind = "here"
            begun = self.at
            self.at = token.end()
            if kind in ("blank", "newline", "end"):
                self._end_word()
                if kind != "blank" and (ended := self._end_command(token[0])) is not None:
                    yield ended
                if kind == "newline":
                    self._skip_documents()
            elif kind == "joined":
                continue
            elif kind == "comment" and self.word is None:
                end = self.text.find("\n", self.at)
                self.at = end if end >= 0 else len(self.text)
            elif kind == "here" and not self.fish:
                self.delimiters.append(token["quoted"] or token["doubled"] or token["bare"] or "")
            elif kind == "redirection":
                self._end_word()
                self.to_drop = "&" not in token[0]
            else:
                self._add(self._meant(kind, token[0], begun), begun)
        self._end_word()
        if (ended := self._end_command("")) is not None:
            yield ended

    def _meant(self, kind: str, token: str, begun: int) -> str:
        if kind == "single":
            longer = _FISH_SINGLE.match(self.text, begun) if self.fish else None
            if longer is None:
                return token[1:-1]
            self.at = longer.end()
            return re.sub(r"\\([\\'])", r"\1", longer[0][1:-1])
        if kind == "ansi":
            return token[2:-1].replace("\\'", "'")
        if kind == "double":
            return self._double(begun)
        if kind == "variable":
            return f"${{{token[1:]}}}"
        if kind == "opening":
            return self._substitution(token, begun, quoted=False)
        if kind == "ticks" and not self.fish:
            self._noted(token[1:-1], begun)
            return UNKNOWN
        return token[1] if kind == "escaped" else token

    def _double(self, begun: int) -> str:
        parts: list[str] = []
        while (piece := _IN_DOUBLE.match(self.text, self.at)) is not None:
            start = self.at
            self.at = piece.end()
            text = piece[0]
            if text == '"':
                break
            if text in ("$(", "${"):
                text = self._substitution(text, start, quoted=True)
            elif text[0] == "$" and len(text) > 1:
                text = f"${{{text[1:]}}}"
            elif text[0] == "`" and len(text) > 1 and not self.fish:
                self._noted(text[1:-1], begun)
                text = UNKNOWN
            elif text[0] == "\\" and len(text) == 2:
                text = text[1] if text[1] in '"\\$`' else "" if text[1] == "\n" else text
            parts.append(text)
        return "".join(parts)

    def _substitution(self, opening: str, begun: int, *, quoted: bool) -> str:
        self.at = _closing(self.text, self.at, _CLOSES[opening], quoted)
        if opening == "$(":
            self._noted(self.text[begun + 2 : self.at - 1], begun)
            return UNKNOWN
        return self.text[begun : self.at]

    def _noted(self, inside: str, begun: int) -> None:
        self._begin(begun).inside.append(inside)

    def _begin(self, begun: int) -> Command:
        if self.command is None:
            self.command = Command(bisect_left(self.newlines, begun) + 1)
        return self.command

    def _add(self, text: str, begun: int) -> None:
        self._begin(begun)
        if self.word is None:
            self.word = []
        self.word.append(text)

    def _end_word(self) -> None:
        if self.word is None:
            return
        if not self.to_drop and self.command is not None:
            self.command.words.append("".join(self.word))
        self.word = None
        self.to_drop = False

    def _end_command(self, by: str) -> Command | None:
        ended, self.command = self.command, None
        self.to_drop = False
        if ended is None or not (ended.words or ended.inside):
            return None
        ended.ended_by = by
        return ended

    def _skip_documents(self) -> None:
        for delimiter in self.delimiters:
            ended = False
            while not ended and self.at < len(self.text):
                end = self.text.find("\n", self.at)
                end = end if end >= 0 else len(self.text)
                ended = self.text[self.at : end].lstrip("\t") == delimiter
                self.at = end + 1
        self.delimiters = []


def _closing(text: str, at: int, closes: str, quoted: bool) -> int:
    """Where what was opened before ``at`` ends: behind its bracket, or at the end of the text."""
    stack = [closes]
    for match in _NESTING.finditer(text, at):
        piece = match[0]
        inside = stack[-1]
        if piece == inside:
            stack.pop()
            if not stack:
                return match.end()
        elif inside == "'" or piece[0] == "\\":
            continue
        elif piece in ("$(", "${") or (inside != '"' and (piece == '"' or (piece == "(" and inside == ")"))):
            stack.append(_CLOSES[piece])
        elif piece == "'" and inside != '"' and not (quoted and len(stack) == 1 and closes == "}"):
            stack.append("'")
    return len(text)
