"""One line of an audit rules file or of ``auditctl -l``, parsed as auditctl does."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import field, replace

from workbench.host.audit import fields
from workbench.host.audit.fields import Field, Refused
from workbench.model.audit import AuditRule
from workbench.model.record import draft
from workbench.text import visible

Tables = Mapping[str, Mapping[str, str]]
"""System call names by number, for ``b64`` and ``b32``; an architecture without a table is not judged."""

_LISTS = frozenset(("exit", "task", "user", "exclude", "filesystem", "io_uring"))
_ADDS = ("-a", "-A", "-d", "-w", "-W")
_TAKES_VALUE = frozenset((*_ADDS, "-S", "-F", "-C", "-p", "-k"))
_NUMBERED = {"-b": None, "-r": None, "-f": ("0", "1", "2"), "-e": ("0", "1", "2"), "--backlog_wait_time": None}
_ALONE = frozenset(("-i", "-c", "-s", "-l", "-t", "-v", "-h", "--", "-D", "--loginuid-immutable", "--reset-lost"))
_COMPARED = tuple(fields.UIDS) + tuple(fields.GIDS) + ("auid",)
_BEFORE_KEY = frozenset(("path", "dir", "exe", "perm", "fstype", "msgtype"))


@draft
class _Reading:
    added: str = ""
    watch: str = ""
    filter: str = ""
    action: str = ""
    arch: str = ""
    syscalls: list[str] = field(default_factory=list)
    fields: list[Field] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)


def parse(line: str, tables: Tables) -> AuditRule | None:
    """The rule of a line of a rules file, or None where the line sets something else. Raises Refused."""
    # Tabs are no separators to auditctl: they stay in the word, and the word is refused.
    words = [word for word in line.split(" ") if word]
    if words[0] not in _TAKES_VALUE and words[0][:2] not in _ADDS:
        _control(words)
        return None
    reading = _Reading()
    at = 0
    while at < len(words):
        option, value = words[at][:2], words[at][2:]
        if words[at] in _NUMBERED or words[at] in _ALONE:
            return None  # auditctl takes such a mixture, and what it makes of it is not followed
        if option not in _TAKES_VALUE:
            raise Refused(f"{words[at]} is no option of a rule" + _hint(words[at]))
        if not value:
            at += 1
            if at == len(words):
                raise Refused(f"{option} lacks its value")
            value = words[at]
        at += 1
        _take(reading, option, value, tables)
    return _finished(line.strip(" "), reading)


def parse_listed(line: str, tables: Tables) -> AuditRule:
    """The rule of a line of ``auditctl -l``, whose values may hold spaces; what is not understood keeps its text."""
    text = visible(line.strip(" "))
    try:
        reading = _Reading()
        rest, *keys = line.strip(" ").split(" -F key=")
        if rest.startswith("-p "):
            rest = f"-a always,exit {rest}"  # so it prints a rule with permissions and no path
        if rest.startswith("-w ") or " -p " in rest:
            rest, mark, watch_key = rest.partition(" -k ")
            keys = [watch_key] if mark else keys
        for option, value in _options(rest):
            # It was taken: what is refused today (a folder that is gone) says nothing against it.
            try:
                _take(reading, option, value, tables)
            except Refused:
                reading.fields.append(_as_written(option, value))
        reading.keys = keys
        return replace(_finished(text, reading, taken=True), loaded=True)
    except (Refused, ValueError):
        return AuditRule(text=text, loaded=True)


def _options(text: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    option = ""
    value: list[str] = []
    for word in text.split(" "):
        if word in _TAKES_VALUE:
            if option:
                found.append((option, " ".join(value)))
            option, value = word, []
        else:
            value.append(word)
    return [*found, (option, " ".join(value))] if option else found


def _as_written(option: str, value: str) -> Field:
    parts = fields.OPERATORS.split(value, maxsplit=1)
    if option == "-F" and len(parts) == 3:
        return parts[0], parts[1], parts[2]
    return option, "=", value


def _take(reading: _Reading, option: str, value: str, tables: Tables) -> None:
    if option in _ADDS:
        if reading.added:
            raise Refused("it adds two rules at once")
        reading.added = option
        if option in ("-w", "-W"):
            if not value.startswith("/"):
                raise Refused(f"a watch takes an absolute path, not {value}")
            reading.watch, reading.filter, reading.action = value.rstrip("/") or "/", "exit", "always"
        else:
            _list_and_action(reading, value)
        return
    if not reading.added:
        raise Refused(f"{option} stands before -a or -w")
    _TAKERS[option](reading, value, tables)


def _list_and_action(reading: _Reading, value: str) -> None:
    words = value.split(",")
    actions = [word for word in words if word in ("always", "never")]
    lists = [word for word in words if word in _LISTS]
    if len(words) != 2 or len(actions) != 1 or len(lists) != 1:
        raise Refused(f"{value} is not LIST,ACTION such as always,exit")
    reading.filter, reading.action = lists[0], actions[0]


def _syscalls(reading: _Reading, value: str, tables: Tables) -> None:
    if reading.filter in ("task", "exclude", "user", "filesystem"):
        raise Refused(f"the list {reading.filter} takes no system calls")
    table = tables.get(reading.arch or "b64")
    for name in value.split(","):
        if name == "all" or not name:
            reading.syscalls += [name] if name else []
            continue
        shown = table.get(name, name) if table is not None else name
        if table is not None and name not in table and name not in table.values():
            raise Refused(f"there is no system call {name}" + (f" on {reading.arch}" if reading.arch else ""))
        reading.syscalls.append(shown)


def _field(reading: _Reading, value: str, tables: Tables) -> None:
    name, operator, resolved = fields.read(value, reading.filter)
    if name == "key":
        _key(reading, resolved, tables)
        return
    if name == "arch":
        if reading.syscalls:
            raise Refused("arch stands after -S")
        reading.arch = resolved
        return
    if name in ("path", "dir") and (reading.watch or any(each[0] in ("path", "dir") for each in reading.fields)):
        raise Refused("a rule takes one path or one dir")
    reading.fields.append((name, operator, resolved))


def _comparison(reading: _Reading, value: str, tables: Tables) -> None:
    parts = fields.OPERATORS.split(value, maxsplit=1)
    if len(parts) != 3 or parts[1] not in ("=", "!="):
        raise Refused(f"-C {value} compares two fields with = or !=")
    for name in (parts[0], parts[2]):
        if name not in _COMPARED:
            raise Refused(f"-C: there is no field {name}")
    first, second = sorted((parts[0], parts[2]))
    if (first in fields.GIDS) != (second in fields.GIDS):
        raise Refused("-C compares accounts with accounts, or groups with groups")
    if first == second:
        raise Refused("-C compares two different fields")
    reading.fields.append((f"{first} {second}", parts[1], ""))


def _permissions(reading: _Reading, value: str, tables: Tables) -> None:
    reading.fields.append(fields.read(f"perm={value}", reading.filter))


def _key(reading: _Reading, value: str, tables: Tables) -> None:
    known = reading.syscalls or reading.watch or any(each[0] in _BEFORE_KEY for each in reading.fields)
    if not known:
        raise Refused("-k comes after -S or a path")
    reading.keys.append(fields.key(value))


_TAKERS = {"-S": _syscalls, "-F": _field, "-C": _comparison, "-p": _permissions, "-k": _key}


def _finished(text: str, reading: _Reading, *, taken: bool = False) -> AuditRule:
    found = list(reading.fields)
    if reading.watch:
        parent = os.path.dirname(reading.watch) or "/"
        if reading.added == "-w" and not taken and fields.no_folder(parent):
            raise Refused(f"the folder of {reading.watch} does not exist")
        kind = "dir" if os.path.isdir(reading.watch) else "path"
        if not any(name == "perm" for name, _, _ in found):
            found.insert(0, ("perm", "=", "rwxa"))
        found.insert(0, (kind, "=", reading.watch))
    return AuditRule(
        text=visible(text),
        filter=reading.filter,
        action=reading.action if reading.added not in ("-d", "-W") else "removed",
        arch=reading.arch,
        syscalls=() if reading.watch or "all" in reading.syscalls else tuple(dict.fromkeys(reading.syscalls)),
        fields=tuple((visible(name), operator, visible(value)) for name, operator, value in found),
        keys=tuple(map(visible, reading.keys)),
    )


def _control(words: list[str]) -> None:
    option, value = words[0], words[1] if len(words) > 1 else ""
    if option in _NUMBERED:
        allowed = _NUMBERED[option]
        if not value[:1].isdigit() or (allowed is not None and value not in allowed):
            raise Refused(f"{option} takes {'0, 1 or 2' if allowed else 'a number'}, not {value or 'nothing'}")
    elif option not in _ALONE and option not in ("-m", "-q", "--reset_backlog_wait_time_actual"):
        raise Refused(f"{option} is no option of auditctl" + _hint(option))


def _hint(word: str) -> str:
    if word.startswith("#"):
        return " (a comment has a line of its own)"
    if "\r" in word:
        return " (the line ends as on Windows: auditctl takes that for a part of it)"
    if "\t" in word:
        return " (it holds a tab: auditctl separates by spaces alone)"
    return ""


def same(one: AuditRule) -> object:
    """What is equal for two rules that record the same under the same keys, however they were written."""
    parts = [_part(name, operator, value) for name, operator, value in one.fields]
    return one.filter, one.action, one.arch, frozenset(one.syscalls), frozenset(parts), one.keys


def _part(name: str, operator: str, value: str) -> Field:
    if name in ("path", "dir"):
        return "place", operator, value
    if name == "exe":
        return name, "=", value  # auditctl prints = for != too
    # Printed as a name where a number was given, or the other way round.
    return name, operator, "" if name in ("msgtype", "fstype", "saddr_fam", "sessionid") else value


def exactly_same(one: AuditRule) -> object:
    """What is equal for two rules of which the kernel refuses the second, "Rule exists": it compares in order."""
    return one.filter, one.action, one.arch, frozenset(one.syscalls), one.fields, one.keys
