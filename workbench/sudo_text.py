"""A rule of a sudo policy as text: where its commands and tags stand, and the text with other tags.

Nothing is decided by what is read here. It only tells where an edit goes; what the edit comes to is proven by sudo's
own parser. What is not plainly understood is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from workbench.model.record import record

Pair = Literal["NOPASSWD", "SETENV"]
OPPOSITE: dict[str, str] = {"NOPASSWD": "PASSWD", "SETENV": "NOSETENV"}
_YES_OR_NO = ("PASSWD", "SETENV", "EXEC", "FOLLOW", "LOG_INPUT", "LOG_OUTPUT", "MAIL", "INTERCEPT")
_TAGS = frozenset(f"{no}{name}" for name in _YES_OR_NO for no in ("", "NO"))
_BLANK = re.compile(r"[ \t\n]*")
_LISTED = r"!*[ \t\n]*(?:\"[^\"\n]*\"|(?:[^\s,=:\"#\\]|\\.|#(?=\d))+)"
_LIST = re.compile(rf"{_LISTED}(?:[ \t\n]*,[ \t\n]*{_LISTED})*")
_RUNAS = re.compile(r"\([^()\n]*\)")
_OPTION = re.compile(
    r"(?:ROLE|TYPE|CWD|CHROOT|TIMEOUT|NOTBEFORE|NOTAFTER|APPARMOR_PROFILE|PRIVS|LIMITPRIVS)[ \t]*=[ \t]*[^\s,:]+"
)
_TAG = re.compile(r"([A-Z_]+)[ \t]*:")
_DIGEST = re.compile(r"sha(?:224|256|384|512)[ \t]*:[ \t]*[A-Za-z0-9+/=]+")
_COMMAND = re.compile(r"!*[ \t]*(?:[^\\,:=#\n]|\\.)+")
_ALIAS = re.compile(r"[A-Z][A-Z0-9_]*")
_ALIASES = re.compile(r"[ \t]*(?:Cmnd|Cmd)_Alias[ \t]+")
_NAMED = re.compile(r"[ \t\n]*([A-Z][A-Z0-9_]*)[ \t\n]*=")
_DEEPEST = 8
_MOST_OPTIONS = 100
_ESCAPED = re.compile(r"\\([,:=\\ \t#])")


class NotUnderstood(Exception):  # noqa: N818 - it is an answer, not an error
    """The text is written in a way that is not plainly understood."""


@record
class Tag:
    """A tag as it stands before a command: its name and where it begins and ends, the colon included."""

    name: str
    start: int
    end: int


@record
class Item:
    """A command as it stands in a list: where it begins, what it says, and its own tags.

    ``like`` is all else that holds for it, from what stands before it in the list too: equal for what belongs together.
    ``password`` and ``environment`` are the tags in force of those pairs, "" for none.
    """

    start: int
    text: str
    tags: tuple[Tag, ...]
    password: str
    environment: str
    like: tuple[str, ...]


@record
class CommandList:
    """The commands for one list of hosts."""

    hosts: str
    items: tuple[Item, ...]


@record
class Written:
    """A rule taken apart. ``text`` is all of its lines, joined by line feeds."""

    text: str
    users: str
    lists: tuple[CommandList, ...]


def taken_apart(lines: Sequence[str]) -> Written:
    """A rule, given by its lines. Raises NotUnderstood."""
    text = "\n".join(lines)
    # Of the same length, so that every place in it is one of the text: a continued line is a blank.
    flat = text.replace("\\\n", "  ")
    if "\n" in flat or "\r" in flat:
        raise NotUnderstood
    at = _skip(flat, 0)
    users = _LIST.match(flat, at)
    if users is None:
        raise NotUnderstood
    at = users.end()
    lists: list[CommandList] = []
    while True:
        hosts = _LIST.match(flat, _skip(flat, at))
        if hosts is None:
            raise NotUnderstood
        at = _skip(flat, hosts.end())
        if flat[at : at + 1] != "=":
            raise NotUnderstood
        items, at = _items(flat, at + 1)
        lists.append(CommandList(_flat(hosts[0]), items))
        if flat[at : at + 1] != ":":
            break
        at += 1
    if at < len(flat) and flat[at] != "#":
        raise NotUnderstood
    return Written(text, _flat(users[0]), tuple(lists))


def belonging(
    written: Written, commands: Sequence[str], tags: Sequence[str], aliases: Mapping[str, Sequence[str]]
) -> tuple[CommandList, int, int]:
    """The items that are the commands of one entry of the policy, with its tags: their list, the first, the last.

    ``aliases`` are the commands that an alias stands for; one that is not in it may stand for any.
    Raises NotUnderstood where there is none, or more than one that could be.
    """
    found = []
    for each in written.lists:
        start = 0
        for end in range(1, len(each.items) + 1):
            if end < len(each.items) and _alike(each.items[end]) == _alike(each.items[start]):
                continue
            if _has(each.items[start], tags) and _are(each.items[start:end], commands, aliases):
                found.append((each, start, end - 1))
            start = end
    if len(found) != 1:
        raise NotUnderstood
    return found[0]


def aliases_of(lines: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """The aliases that a statement of the policy defines, where it is one of aliases and plainly understood."""
    flat = "\n".join(lines).replace("\\\n", "  ")
    match = _ALIASES.match(flat)
    found: dict[str, tuple[str, ...]] = {}
    at = match.end() if match and "\n" not in flat else len(flat)
    while named := _NAMED.match(flat, at):
        try:
            items, at = _items(flat, named.end())
        except NotUnderstood:
            break
        found[named[1]] = tuple(item.text for item in items)
        at = at + 1 if flat[at : at + 1] == ":" else len(flat)
    return found


def without_digests(command: str) -> str:
    """A command of an entry without the digests before its path."""
    negation = "!" if command.startswith("!") else ""
    words = command.removeprefix("!").split(" ")
    while len(words) > 1 and words[0].startswith("sha") and ":" in words[0]:
        del words[0]
    return negation + " ".join(words)


def retagged(
    written: Written, within: CommandList, first: int, last: int, pair: Pair, *, explicit: bool
) -> tuple[str, ...]:
    """The lines with that tag taken from the items from ``first`` to ``last``, and from no other.

    Where a tag before them or a setting would still hold (``explicit``), they are given the opposite one.
    Raises NotUnderstood where that cannot be said in this list.
    """
    items = within.items
    names = (pair, OPPOSITE[pair])
    inherited = _in_force(items[first - 1], pair) if first else ""
    was = _in_force(items[first], pair)
    wanted = OPPOSITE[pair] if explicit or inherited == pair else ""
    changes: list[tuple[int, int, str]] = []
    placed = inherited == wanted
    for place in range(first, last + 1):
        for tag in items[place].tags:
            if tag.name not in names:
                continue
            if placed:
                changes.append((tag.start, _blanks_after(written.text, tag.end), ""))
            elif wanted:
                changes.append((tag.start, tag.start + len(tag.name), wanted))
                placed = True
            else:
                changes.append((tag.start, _blanks_after(written.text, tag.end), ""))
        if place == first and not placed:
            if wanted:
                changes.append((items[first].start, items[first].start, f"{wanted}: "))
            placed = True
    following = items[last + 1] if last + 1 < len(items) else None
    if following is not None and not any(tag.name in names for tag in following.tags):
        if was:
            changes.append((following.start, following.start, f"{was}: "))
        elif wanted:
            raise NotUnderstood  # there is no tag that says "as the settings say" again
    made = written.text
    for start, end, instead in sorted(changes, reverse=True):
        made = made[:start] + instead + made[end:]
    return tuple(made.split("\n"))


def _items(flat: str, at: int) -> tuple[tuple[Item, ...], int]:
    items: list[Item] = []
    runas = password = environment = ""
    options: tuple[str, ...] = ()
    others: frozenset[str] = frozenset()
    while True:
        at = _skip(flat, at)
        if match := _RUNAS.match(flat, at):
            runas, at = _flat(match[0]), _skip(flat, match.end())
        while match := _OPTION.match(flat, at):
            options, at = (*options, match[0]), _skip(flat, match.end())
            if len(options) > _MOST_OPTIONS:
                raise NotUnderstood
        tags: list[Tag] = []
        while (match := _TAG.match(flat, at)) and match[1] in _TAGS:
            tags.append(Tag(match[1], at, match.end()))
            at = _skip(flat, match.end())
        for tag in tags:
            if tag.name in ("NOPASSWD", "PASSWD"):
                password = tag.name
            elif tag.name in ("SETENV", "NOSETENV"):
                environment = tag.name
            else:
                others |= {tag.name}
        start = at
        while match := _DIGEST.match(flat, at):
            at = _skip(flat, match.end())
            at = _skip(flat, at + 1) if flat[at : at + 1] == "," else at
        command = _COMMAND.match(flat, at)
        if command is None or " ^" in command[0] or command[0].startswith("^"):
            raise NotUnderstood  # an expression has commas and colons that end nothing
        like = (runas, *options, *sorted(others))
        items.append(Item(start, _meant(command[0]), tuple(tags), password, environment, like))
        at = _skip(flat, command.end())
        if flat[at : at + 1] != ",":
            return tuple(items), at
        at += 1


def _alike(item: Item) -> tuple[str, ...]:
    return (item.password, item.environment, *item.like)


def _has(item: Item, tags: Sequence[str]) -> bool:
    """Whether an item can be one of an entry with these tags. ``ALL`` brings SETENV without saying so."""
    sets = "setenv=true" in tags
    return (item.password == "NOPASSWD") is ("authenticate=false" in tags) and (sets or item.environment != "SETENV")


def _are(items: Sequence[Item], commands: Sequence[str], aliases: Mapping[str, Sequence[str]]) -> bool:
    """Whether the items are exactly these commands."""
    reached = {0}
    for text in _expanded([item.text for item in items], aliases, _DEEPEST):
        if text == "":
            reached = set(range(min(reached) + 1, len(commands) + 1)) if reached else set()
        else:
            reached = {at + 1 for at in reached if at < len(commands) and without_digests(commands[at]) == text}
    return len(commands) in reached


def _expanded(texts: Sequence[str], aliases: Mapping[str, Sequence[str]], deepest: int) -> Iterator[str]:
    """The commands with their aliases expanded, "" for one or more that are not known."""
    for text in texts:
        name = text.lstrip("!")
        if not _ALIAS.fullmatch(name) or name == "ALL":
            yield text
        elif name != text or name not in aliases or deepest == 0:
            yield ""
        else:
            yield from _expanded(aliases[name], aliases, deepest - 1)


def _in_force(item: Item, pair: Pair) -> str:
    return item.password if pair == "NOPASSWD" else item.environment


def _meant(text: str) -> str:
    return " ".join(_ESCAPED.sub(r"\1", text).split())


def _flat(text: str) -> str:
    return " ".join(text.split())


def _skip(text: str, at: int) -> int:
    match = _BLANK.match(text, at)
    return match.end() if match else at


def _blanks_after(text: str, at: int) -> int:
    while text[at : at + 1] in (" ", "\t"):
        at += 1
    return at
