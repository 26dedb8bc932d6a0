"""The words of a command line, each with the place it came from, and a reader of options that knows their arity."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import field, replace

from workbench.expressions import expression
from workbench.model.record import record


@record
class Word:
    """One word. ``index`` is its place in the original argument vector; ``whole`` whether it is that argument, or what
    follows ``--option=`` in it. It is not when it stands inside of a longer string, as of ``sh -c "…"``.
    """

    text: str
    index: int
    whole: bool = True

    @property
    def argument(self) -> int | None:
        """Its index where it can be edited as one value, None where it stands inside of a longer string."""
        return self.index if self.whole else None

    def part(self, text: str) -> Word:
        """A part of this word."""
        return Word(text, self.index, whole=False)

    def attached(self, text: str) -> Word:
        """The value that is attached to an option in this word."""
        return Word(text, self.index, self.whole)


@record
class Arity:
    """Which options of a program take how many values. ``flags`` take none, ``valued`` one, ``more`` several.

    Flags may have a value attached (``--option=value``). With ``lenient`` an unknown option is taken for a flag and
    does not make the launch less understood.
    """

    flags: frozenset[str]
    valued: frozenset[str] = frozenset()
    more: dict[str, int] = field(default_factory=dict)
    lenient: bool = False


@record
class Option:
    """One option as given: its name with dashes, its values, and the word that its name stands in."""

    name: str
    values: tuple[Word, ...] = ()
    word: Word | None = None


@record
class Options:
    """The options before the first operand, what follows them, and whether every one of them was known."""

    given: tuple[Option, ...]
    rest: tuple[Word, ...]
    understood: bool = True

    def value(self, *names: str) -> Word | None:
        """The value that counts, the last one given under any of the names."""
        return next(
            (option.values[-1] for option in reversed(self.given) if option.name in names and option.values), None
        )

    def has(self, *names: str) -> bool:
        """Whether any of the names was given."""
        return any(option.name in names for option in self.given)

    def all(self, *names: str) -> tuple[Word, ...]:
        """Every value given under any of the names, in order."""
        return tuple(value for option in self.given if option.name in names for value in option.values)


def arity(flags: str = "", valued: str = "", more: dict[str, int] | None = None, *, lenient: bool = False) -> Arity:
    """An Arity from names separated by blanks."""
    return Arity(frozenset(flags.split()), frozenset(valued.split()), more or {}, lenient)


def read_options(words: Sequence[Word], known: Arity) -> Options:
    """Read options up to the first operand or ``--``."""
    given: list[Option] = []
    understood = True
    at = 0
    while at < len(words):
        word = words[at]
        text = word.text
        if text == "--":
            at += 1
            break
        if not text.startswith("-") or text == "-":
            break
        at += 1
        name, equals, attached = text.partition("=")
        if text in known.more:
            count = known.more[text]
            given.append(Option(text, tuple(words[at : at + count]), word))
            at += count
        elif equals and (name.startswith("--") or name in known.valued):
            given.append(Option(name, (word.attached(attached),), word))
            understood = understood and (known.lenient or name in known.valued or name in known.flags)
        elif text in known.valued:
            given.append(Option(text, tuple(words[at : at + 1]), word))
            at += 1
        elif text in known.flags:
            given.append(Option(text, (), word))
        elif not text.startswith("--") and len(text) > 2:
            options, takes_next, clear = _cluster(word, known)
            if takes_next:
                options[-1] = replace(options[-1], values=tuple(words[at : at + 1]))
                at += 1
            given.extend(options)
            understood = understood and (clear or known.lenient)
        else:
            given.append(Option(text, (), word))
            understood = understood and known.lenient
    return Options(tuple(given), tuple(words[at:]), understood)


def _cluster(word: Word, known: Arity) -> tuple[list[Option], bool, bool]:
    """Short options written together (``-it``, ``-e=K``, ``-p8080:80``). Whether the last one takes the next word."""
    options: list[Option] = []
    letters = word.text[1:]
    for place, letter in enumerate(letters):
        name = f"-{letter}"
        if name in known.valued:
            rest = letters[place + 1 :].removeprefix("=")
            options.append(Option(name, (word.attached(rest),) if rest else (), word))
            return options, not rest, True
        if name not in known.flags:
            return [*options, Option(word.text, (), word)], False, False
        options.append(Option(name, (), word))
    return options, False, True


ASSIGNMENT = expression(r"([A-Za-z_]\w*)\+?=")


def names_set(words: Iterable[Word]) -> tuple[Word, ...]:
    """The names of variables in words of the form ``NAME=value`` or, to pass one on, ``NAME``."""
    return tuple(word.part(name) for word in words if (name := word.text.partition("=")[0].strip()))


_EXTENSION = expression(r"\.(?:exe|cmd|bat|ps1|com)\Z", re.IGNORECASE)


def basename(text: str) -> str:
    r"""The name of a program without its folder and, as on Windows, its extension: ``C:\nodejs\npx.cmd`` is ``npx``."""
    if text.isalnum():
        return text
    name = text.replace("\\", "/").rstrip("/").rpartition("/")[2]
    plain = _EXTENSION.sub("", name)
    return plain.lower() if plain != name else name
