"""Command lines inside of a string: ``sh -c "…"``, ``cmd /c "…"``, ``env -S "…"``."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence

from workbench.launch.step import Step
from workbench.launch.words import Word, arity, basename, read_options

_OPERATORS = frozenset(";&|<>()\n")
_PREPARATIONS = frozenset((
    "cd", "source", ".", "export", "set", "umask", "ulimit", "unset", "nvm", "fnm", "mise", "asdf", "alias", "shopt",
))  # fmt: skip
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")
# What redaction leaves in the place of a secret is one word, although it holds blanks.
_MARK = re.compile(r"<secret: [\w-]+, \d+ characters>")
_HOLD = re.compile("\ue000(\\d+)\ue001")


def unwrap_shell(words: Sequence[Word]) -> Step | None:
    """``sh -c "one command"``. A shell that runs a script, or more than one command, is the program itself."""
    name = basename(words[0].text)
    at = 1
    string: Word | None = None
    while at < len(words) and words[at].text[:1] in ("-", "+") and len(words[at].text) > 1:
        text = words[at].text
        at += 1
        if text == "--":
            break
        if text.startswith("--"):
            at += text in ("--rcfile", "--init-file")
            continue
        at += text.endswith(("o", "O"))
        if "c" in text and text.startswith("-"):
            string = words[at] if at < len(words) else None
            at += 1
            break
    if string is None:
        return None
    split = split_command(string.text, [word.text for word in words[at:]])
    if split is None:
        return Step(name, (), understood=False)
    # Positional parameters keep the place they were given at, so that a root handed on by "$@" can be edited.
    rest = tuple(string.part(text) if place is None else words[at + place] for text, place in split)
    return Step(name, rest)


def split_command(text: str, parameters: Sequence[str] = ()) -> list[tuple[str, int | None]] | None:
    """The words of the one command that a shell string runs, or None when it is more than a simple command.

    Preparations before it (``cd x &&``, ``source y;``, ``export A=b;``), ``exec``, assignments and redirections are
    taken off. ``"$@"`` is replaced by the parameters after ``$0``; those come with their place.
    """
    marks: list[str] = []

    def hold(match: re.Match[str]) -> str:
        marks.append(match.group())
        return f"\ue000{len(marks) - 1}\ue001"

    held = _MARK.sub(hold, text)
    if "`" in held or "$(" in held or "<<" in held:
        return None
    tokens = _tokens(held)
    command = _last_command(tokens) if tokens is not None else None
    if not command:
        return None
    words: list[tuple[str, int | None]] = []
    for token in command:
        if token in ("$@", "${@}", "$*"):
            words.extend((parameter, place) for place, parameter in enumerate(parameters) if place > 0)
        else:
            words.append((_HOLD.sub(lambda match: marks[int(match[1])], token), None))
    return words


def _tokens(text: str) -> list[str] | None:
    lexer = shlex.shlex(text.strip(), posix=True, punctuation_chars=";&|<>()\n")
    lexer.whitespace = " \t\r"
    lexer.whitespace_split = True
    lexer.commenters = ""
    try:
        return list(lexer)
    except ValueError:
        return None


def _last_command(tokens: list[str]) -> list[str] | None:
    commands: list[list[str]] = [[]]
    for token in tokens:
        if token in ("&&", ";", "\n") or (token and set(token) <= {"\n", ";"}):
            commands.append([])
        else:
            commands[-1].append(token)
    plain = [command for raw in commands if (command := _without_redirections(raw))]
    if not plain or any(token and set(token) <= _OPERATORS for command in plain for token in command):
        return None
    if any(command[0] not in _PREPARATIONS and not _only_assigns(command) for command in plain[:-1]):
        return None
    last = plain[-1]
    while last and (last[0] in ("exec", "command") or _ASSIGNMENT.match(last[0])):
        last = last[1:]
    if not last or last[0] in _PREPARATIONS or last[0] in ("if", "for", "while", "until", "case", "{", "!", "["):
        return None
    return last


def _only_assigns(command: list[str]) -> bool:
    return all(_ASSIGNMENT.match(token) for token in command)


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


def unwrap_cmd(words: Sequence[Word]) -> Step | None:
    """``cmd /d /s /c npx …`` or with all of it in one string."""
    at = 1
    while at < len(words) and words[at].text.startswith("/"):
        switch = words[at].text.lower()
        at += 1
        if switch[:2] in ("/c", "/k"):
            rest = list(words[at:])
            if len(switch) > 2:
                rest.insert(0, words[at - 1].part(words[at - 1].text[2:]))
            if len(rest) == 1 and " " in rest[0].text:
                rest = [rest[0].part(text) for text in windows_words(rest[0].text)]
            while rest and rest[0].text.lower() in ("call", "@call"):
                rest = rest[1:]
            if any(re.search(r"[&|<>]", word.text) for word in rest if not _MARK.fullmatch(word.text)):
                return Step("cmd", (), understood=False)
            return Step("cmd", tuple(rest))
    return None


def windows_words(text: str) -> list[str]:
    """Split as Windows does: double quotes hold words together, backslashes are letters."""
    return [match.replace('"', "") for match in re.findall(r'(?:[^\s"]|"[^"]*"?)+', text)]


def unwrap_powershell(words: Sequence[Word]) -> Step | None:
    """``powershell -NoProfile -Command npx …``."""
    valued = ("-executionpolicy", "-ep", "-ex", "-version", "-windowstyle", "-w", "-workingdirectory", "-wd")
    at = 1
    while at < len(words) and words[at].text.startswith("-"):
        switch = words[at].text.lower()
        at += 1
        if switch in ("-command", "-c"):
            rest = list(words[at:])
            if len(rest) == 1:
                rest = [rest[0].part(text) for text in windows_words(rest[0].text)]
            if rest and rest[0].text == "&":
                rest = rest[1:]
            simple = rest and not any(re.search(r"[;|&<>{}()]", word.text) for word in rest)
            return Step("powershell", tuple(rest)) if simple else Step("powershell", (), understood=False)
        if switch in ("-file", "-f"):
            return Step("powershell", tuple(words[at:]))
        at += switch in valued
    return None


def unwrap_env(words: Sequence[Word]) -> Step | None:
    """``env -i -u NAME -C DIR A=b -S "…" command``."""
    known = arity(
        "-i -0 -v --ignore-environment --null --debug --block-signal --default-signal --ignore-signal"
        " --list-signal-handling",
        "-u --unset -C --chdir -S --split-string -a --argv0",
    )
    after = list(words[1:])
    if after and after[0].text == "-":
        after = after[1:]
    options = read_options(after, known)
    rest = list(options.rest)
    string = options.value("-S", "--split-string")
    if string is not None:
        split = _tokens(string.text)
        if split is None:
            return Step("env", (), understood=False)
        rest = [string.part(text) for text in split] + rest
        return unwrap_env([words[0], *rest]) or Step("env", ())
    while rest and _ASSIGNMENT.match(rest[0].text):
        rest = rest[1:]
    return Step("env", tuple(rest), understood=options.understood) if rest else None
