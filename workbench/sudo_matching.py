"""Whether an item of a sudo policy matches, as sudo matches it: True, False, or None where that cannot be told."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from workbench.model.facts import Account, AccountFacts

Answer = bool | None
EVERYONE = "ALL"
NO_ARGUMENTS = '""'
_WORK = 4_000_000
_REGEX_TEXT, _MOST_QUANTIFIERS, _MOST_GROUPS, _MOST_CHOICES = 512, 3, 4, 16
# The part of POSIX expressions that means the same in Python, and cannot take exponential time: no repeated group.
_ATOM = r"(?:[A-Za-z0-9_/@%:,=~\- \"'!#&;<>]|\\[.*+?()\[\]{}^$|/\\-]|\.|\[\^?[A-Za-z0-9_./@%:, =+~-]+\])"
_PLAIN_REGEX = re.compile(rf"\^(?:{_ATOM}(?:[*+?]|\{{\d{{1,3}}(?:,\d{{0,3}})?\}})?|[()|])*\$")
_REPEATED_GROUP = re.compile(r"(?<!\\)\)[*+?{]")
_QUANTIFIER = re.compile(r"(?<!\\)[*+?{]")
_META = re.compile(r"[\\*?\[]")
_MERGED = ("/bin/", "/sbin/", "/lib/", "/lib64/")


def both(answers: Iterable[Answer]) -> Answer:
    """Whether all of them hold."""
    told = list(answers)
    return False if False in told else None if None in told else True


def listed(items: Sequence[str], matches: Callable[[str], Answer]) -> Answer:
    """What a list says, decided from its end: True for a match, False for one with ``!`` before it or none at all."""
    possible: set[bool] = set()
    for item in reversed(items):
        answer = matches(item.removeprefix("!"))
        if answer is False:
            continue
        possible.add(not item.startswith("!"))
        if answer:
            break
    else:
        possible.add(False)
    return possible.pop() if len(possible) == 1 else None


def is_caller(item: str, account: Account, accounts: AccountFacts) -> Answer:
    """Whether one item of a user list means an account."""
    if item in (EVERYONE, account.name):
        return True
    if item.startswith(("+", "%:")):
        return None
    if item.startswith("%#"):
        return item[2:].isdigit() and int(item[2:]) in account.groups
    if item.startswith("%"):
        return any(name == item[1:] and identity in account.groups for identity, name in accounts.groups)
    return item.startswith("#") and item[1:] == str(account.uid)


def is_program(pattern: str, program: str) -> Answer:
    """Whether the program of a rule means the program at a path, which may reach the same file by another name."""
    if pattern == EVERYONE:
        return True
    if pattern.startswith("^"):
        return by_expression(pattern, program)
    if not pattern.startswith("/"):
        return False  # "sudoedit" and "list" are no programs
    folder, _, name = program.rpartition("/")
    if pattern.endswith("/"):
        pattern += "*"
    pattern_folder, _, pattern_name = pattern.rpartition("/")
    named = by_wildcard(pattern_name, name) if _META.search(pattern_name) else pattern_name == name
    if not named:
        return named
    if _unmerged(pattern_folder) == _unmerged(folder):
        return True
    parts, steps = pattern_folder.split("/"), folder.split("/")
    if _META.search(pattern_folder) and len(parts) == len(steps):
        inside = both(by_wildcard(part, step) for part, step in zip(parts, steps, strict=True))
        return inside or None
    # The same name in another folder: sudo compares the files, and a folder can be a link.
    return None


def _unmerged(folder: str) -> str:
    return next((f"/usr{folder}" for old in _MERGED if f"{folder}/".startswith(old)), folder)


def are_arguments(pattern: str | None, arguments: Sequence[str]) -> Answer:
    """Whether the arguments of a rule (None for a rule without any) permit these: joined by blanks, as sudo does."""
    if pattern is None:
        return True
    if pattern == NO_ARGUMENTS:
        return not arguments
    text = " ".join(arguments)
    if pattern.startswith("^") and pattern.endswith("$"):
        return by_expression(pattern, text)
    return by_wildcard(pattern, text)


def by_wildcard(pattern: str, text: str) -> Answer:
    """fnmatch(3) without flags: a wildcard also matches blanks and slashes."""
    if len(pattern) * len(text) > _WORK:
        return None
    tokens = _tokens(pattern)
    if tokens is None:
        return None
    at = place = 0
    star, resumed = -1, 0
    while place < len(text):
        token = tokens[at] if at < len(tokens) else None
        if token == "*":
            star, resumed, at = at, place, at + 1
        elif token is not None and _matches(token, text[place]):
            at, place = at + 1, place + 1
        elif star >= 0:
            resumed += 1
            at, place = star + 1, resumed
        else:
            return False
    return all(token == "*" for token in tokens[at:])


def _tokens(pattern: str) -> list[str] | None:
    """The pattern taken apart: a wildcard, a set in brackets, or a backslash and a literal; None where unclear."""
    found: list[str] = []
    at = 0
    while at < len(pattern):
        letter = pattern[at]
        if letter == "\\":
            if at + 1 >= len(pattern):
                return None
            found.append(pattern[at : at + 2])
            at += 2
        elif letter == "[":
            end = pattern.find("]", at + 3 if pattern[at + 1 : at + 2] in ("!", "^") else at + 2)
            if end < 0:
                return None
            inside = pattern[at : end + 1]
            if "[" in inside[1:] or "\\" in inside:
                return None
            found.append(inside)
            at = end + 1
        else:
            found.append(letter if letter in "*?" else f"\\{letter}")
            at += 1
    return found


def _matches(token: str, letter: str) -> bool:
    if token == "?":
        return True
    if token[0] == "\\":
        return token[1] == letter
    negated = token[1] in "!^"
    inside = token[2:-1] if negated else token[1:-1]
    at, held = 0, False
    while at < len(inside):
        if inside[at + 1 : at + 2] == "-" and at + 2 < len(inside):
            held = held or inside[at] <= letter <= inside[at + 2]
            at += 3
        else:
            held = held or inside[at] == letter
            at += 1
    return held is not negated


def by_expression(pattern: str, text: str) -> Answer:
    """A regular expression of sudo, where it is one of the plain ones whose meaning is certain."""
    plain = (
        len(text) <= _REGEX_TEXT
        and _PLAIN_REGEX.fullmatch(pattern)
        and not _REPEATED_GROUP.search(pattern)
        # What is left could take polynomial time, with these bounds a fraction of a second.
        and len(_QUANTIFIER.findall(pattern)) <= _MOST_QUANTIFIERS
        and pattern.count("(") <= _MOST_GROUPS
        and pattern.count("|") <= _MOST_CHOICES
    )
    if not plain:
        return None
    try:
        return re.search(pattern[:-1] + r"\Z", text, re.DOTALL) is not None
    except re.error:
        return None
