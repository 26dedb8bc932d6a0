"""Command lines inside of a string: ``sh -c "…"``, ``env -S "…"``."""

from __future__ import annotations

import re
from collections.abc import Sequence

from workbench.expressions import expression
from workbench.launch.step import Step
from workbench.launch.words import ASSIGNMENT, Word, arity, basename, names_set, read_options
from workbench.model.record import record

# The kernel starts no program with a longer argument (MAX_ARG_STRLEN).
LONGEST = 131_072
_NESTING = 24
_OPERATORS = frozenset(";&|<>()\n")
_PREPARATIONS = frozenset((
    "cd", "source", ".", "export", "set", "umask", "ulimit", "unset", "nvm", "fnm", "mise", "asdf", "alias", "shopt",
))  # fmt: skip
# The last of them may start something: ``mise exec``.
_RUN_NOTHING = _PREPARATIONS - {"mise"}
_PARAMETER = expression(r"\$(?:(\d)|\{(\d{1,3})\})\Z")
# What redaction leaves in the place of a secret is one word, although it holds blanks.
MARK = expression(r"<secret: [\w-]+, \d+ characters>")
_HOLD = expression("\ue000(\\d+)\ue001")


@record
class Command:
    """The one command that a string runs. ``words`` come with the place of the parameter they are, None for none.

    ``names`` are the variables set for it, ``directory`` is where it is started, "" where the string does not say.
    """

    words: tuple[tuple[str, int | None], ...]
    names: tuple[str, ...] = ()
    directory: str = ""

    def as_words(self, string: Word, parameters: Sequence[Word] = ()) -> tuple[Word, ...]:
        """The words of the command. Parameters keep the place they were given at, so that they can be edited."""
        return tuple(string.part(text) if place is None else parameters[place] for text, place in self.words)


def unwrap_shell(words: Sequence[Word]) -> Step | None:
    """``sh -c "one command"``. A shell that runs a script, or more than one command, is the program itself."""
    name = basename(words[0].text)
    at = 1
    from_string = False
    while at < len(words) and words[at].text[:1] in ("-", "+") and len(words[at].text) > 1:
        text = words[at].text
        at += 1
        if text == "--":
            break
        if text.startswith("--"):
            at += text in ("--rcfile", "--init-file")
            continue
        at += text.endswith(("o", "O"))
        from_string = from_string or ("c" in text and text.startswith("-"))
    if not from_string or at >= len(words):
        return None
    string, parameters = words[at], words[at + 1 :]
    command = split_command(string.text, [word.text for word in parameters])
    if command is None:
        return Step(name, (), understood=False)
    return Step(
        name,
        command.as_words(string, parameters),
        environment=tuple(string.part(each) for each in command.names),
        directory=string.part(command.directory) if command.directory else None,
    )


def split_command(text: str, parameters: Sequence[str] = ()) -> Command | None:
    """The one command that a shell string runs, or None when it is more than a simple command.

    Preparations before it (``cd x &&``, ``source y;``, ``export A=b;``), ``exec``, assignments and redirections are
    taken off. ``"$@"`` and ``$1`` are replaced by the parameters; those come with their place.
    """
    if len(text) > LONGEST:
        return None
    marks: list[str] = []

    def hold(match: re.Match[str]) -> str:
        marks.append(match.group())
        return f"\ue000{len(marks) - 1}\ue001"

    held = MARK.sub(hold, text) if "<" in text else text
    if "`" in held or "$(" in held or "<<" in held:
        return None
    tokens = split_words(held)
    command = _last_command(tokens) if tokens is not None else None
    if command is None:
        return None
    words: list[tuple[str, int | None]] = []
    handed_on = False
    for token, _ in command.words:
        parameter = _PARAMETER.match(token)
        if token in ("$@", "${@}", "$*"):
            if handed_on:
                return None  # twice over, again and again, would be more words than there is memory
            handed_on = True
            words.extend((each, place) for place, each in enumerate(parameters) if place > 0)
        elif parameter is not None and int(parameter[1] or parameter[2]) < len(parameters):
            place = int(parameter[1] or parameter[2])
            words.append((parameters[place], place))
        else:
            words.append((_HOLD.sub(lambda match: _held(match, marks), token) if marks else token, None))
    return Command(tuple(words), command.names, command.directory)


def _held(match: re.Match[str], marks: Sequence[str]) -> str:
    # The signs of a held mark may stand in the string itself, with any number between them.
    place = int(match[1]) if len(match[1]) < 9 else len(marks)
    return marks[place] if place < len(marks) else match.group()


def split_words(text: str) -> list[str] | None:
    """The words of a string as a shell reads them, its operators on their own; None when a quote is not closed."""
    if len(text) > LONGEST:
        return None
    words: list[str] = []
    parts: list[str] | None = None
    at, end = 0, len(text)
    while at < end:
        piece = _PIECE.match(text, at)
        if piece is None:
            return None
        at = piece.end()
        kind = piece.lastgroup
        if kind in ("blank", "operator"):
            if parts is not None:
                words.append("".join(parts))
                parts = None
            if kind == "operator":
                words.append(piece.group())
            continue
        parts = [] if parts is None else parts
        if kind == "double":
            inside = piece["double"]
            parts.append(_ESCAPED.sub(r"\1", inside) if "\\" in inside else inside)
        elif kind is not None:
            parts.append(piece[kind])
    if parts is not None:
        words.append("".join(parts))
    return words


_PIECE = expression(
    r"(?P<plain>[^ \t\r\n\"'\\;&|<>()]+)|(?P<blank>(?:[ \t\r]|\\\n)+)|(?P<operator>[;&|<>()\n]+)"
    r"|\"(?P<double>[^\"\\]*(?:\\.[^\"\\]*)*)\"|'(?P<single>[^']*)'|\\(?P<escaped>.)",
    re.DOTALL,
)
_ESCAPED = expression(r"\\(?:\n|([$`\"\\]))")


def _last_command(tokens: list[str]) -> Command | None:
    commands: list[list[str]] = [[]]
    for token in tokens:
        if token in ("&&", ";", "\n") or (token and set(token) <= {"\n", ";"}):
            commands.append([])
        else:
            commands[-1].append(token)
    plain = [command for raw in commands if (command := _without_redirections(raw))]
    if not plain or any(token and set(token) <= _OPERATORS for command in plain for token in command):
        return None
    names: list[str] = []
    directory = ""
    for command in plain[:-1]:
        if command[0] == "export":
            names += [name for token in command[1:] if (name := _exported(token))]
        elif command[0] == "cd":
            directory = _changed(directory, command[1:])
        elif command[0] not in _PREPARATIONS and not _only_assigns(command):
            return None
    last = plain[-1]
    start = 0
    while start < len(last) and (last[start] in ("exec", "command") or ASSIGNMENT.match(last[start])):
        assigned = ASSIGNMENT.match(last[start])
        names += [assigned[1]] if assigned else []
        start += 1
    last = last[start:]
    if not last or last[0] in _RUN_NOTHING or last[0] in _COMPOUND:
        return None
    return Command(tuple((token, None) for token in last), tuple(names), directory)


_COMPOUND = ("if", "for", "while", "until", "case", "{", "!", "[")


def _exported(token: str) -> str:
    name = token.partition("=")[0].removesuffix("+")
    return name if re.fullmatch(r"[A-Za-z_]\w*", name) else ""


def _changed(directory: str, operands: Sequence[str]) -> str:
    target = next((each for each in operands if not each.startswith("-") or each == "-"), "~")
    if target == "-" or not directory or target.startswith(("/", "~", "$")):
        return "" if target == "-" else target
    return f"{directory.rstrip('/')}/{target}"


def _only_assigns(command: list[str]) -> bool:
    return all(ASSIGNMENT.match(token) for token in command)


def _without_redirections(tokens: list[str]) -> list[str]:
    kept: list[str] = []
    at = 0
    while at < len(tokens):
        token = tokens[at]
        if token in ("<", ">", ">>", ">&", "&>", "&>>", "<>", ">|"):
            if kept and kept[-1].isdigit():
                kept.pop()
            at += 2
            continue
        kept.append(token)
        at += 1
    return kept


_ENV = arity(
    "-i -0 -v --ignore-environment --null --debug --block-signal --default-signal --ignore-signal"
    " --list-signal-handling",
    "-u --unset -C --chdir -S --split-string -a --argv0",
)


def unwrap_env(words: Sequence[Word]) -> Step | None:
    """``env -i -u NAME -C DIR A=b -S "…" command``."""
    after = list(words[1:])
    directory: Word | None = None
    understood, from_string = True, False
    for _ in range(_NESTING):
        if after and after[0].text == "-":
            after = after[1:]
        options = read_options(after, _ENV)
        understood = understood and options.understood
        directory = options.value("-C", "--chdir") or directory
        string = options.value("-S", "--split-string")
        if string is None:
            break
        split = split_words(string.text)
        if split is None:
            return Step("env", (), understood=False)
        from_string = True
        after = [*(string.part(text) for text in split), *options.rest]
    else:
        return Step("env", (), understood=False)
    start = 0
    while start < len(options.rest) and ASSIGNMENT.match(options.rest[start].text):
        start += 1
    names = names_set(options.rest[:start])
    rest = options.rest[start:]
    if not rest and not from_string:
        return None
    return Step("env", rest, understood=understood, environment=names, directory=directory)
