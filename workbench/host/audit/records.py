"""The audit log's own records, as ``ausearch --raw`` prints them: one occurrence for each event that matters.

Never its readable form: there, a name can hold what looks like a field. In the raw form a name is quoted, and one with
a space, a quote or a control character is spelled in hexadecimal digits.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping

from workbench.host.audit.rule import Tables
from workbench.model.audit import EventKind, Outcome
from workbench.model.record import record
from workbench.secrets import redact, redact_arguments
from workbench.text import visible

_HEAD = re.compile(r"(?:node=\S+ )?type=(\S+) msg=audit\(([0-9]{1,12}\.[0-9]{1,9}):([0-9]{1,20})\): ?(.*)", re.DOTALL)
_ARGUMENT = re.compile(r"a([0-9]{1,6})(?:\[([0-9]{1,6})\])?")
_HEX = re.compile(r"(?:[0-9A-F]{2})+")
_NO_ACCESS, _NOT_PERMITTED = "-13", "-1"
_NO_ATIME = 0o1000000
_HERE = frozenset(("ffffff9c", "ffffffffffffff9c"))
_ARGUMENT_LIMIT = 64
_SHOWN_LIMIT = 300
_RECORD_LIMIT = 400
_OPENING = frozenset(("open", "openat", "openat2", "creat", "open_by_handle_at"))
_STARTING = frozenset(("execve", "execveat"))
_CALLS = {
    "c000003e": {"2": "open", "85": "creat", "257": "openat", "437": "openat2", "59": "execve", "322": "execveat"},
    "40000003": {"5": "open", "8": "creat", "295": "openat", "437": "openat2", "11": "execve", "358": "execveat"},
    "c00000b7": {"56": "openat", "437": "openat2", "221": "execve", "281": "execveat"},
    "c00000f3": {"56": "openat", "437": "openat2", "221": "execve", "281": "execveat"},
    "40000028": {"5": "open", "8": "creat", "322": "openat", "437": "openat2", "11": "execve", "387": "execveat"},
}
"""The numbers of these calls on x86_64, i386, aarch64, riscv64 and arm; elsewhere the enriched log tells the name."""
_SECCOMP: Mapping[str, Outcome] = {"0x7ffc0000": "logged"}


@record
class Occurrence:
    """One event. ``moment`` is Unix seconds, ``identity`` names the event in the log."""

    identity: str
    moment: float
    kind: EventKind
    outcome: Outcome
    uid: int
    what: str
    by: str = ""
    command: str = ""
    whole: bool = True


def occurrences(text: str, tables: Tables | None = None) -> Iterator[Occurrence]:
    """The denied opens, the program starts and the filtered system calls of a raw log, in its order."""
    for identity, moment, records in _events(text):
        made = _occurrence(identity, moment, records, tables or {})
        if made is not None:
            yield made


Records = list[tuple[str, str]]


def _events(text: str) -> Iterator[tuple[str, float, Records]]:
    """The records of each event together: ausearch prints them one after the other."""
    current, moment = "", 0.0
    records: Records = []
    for line in text.split("\n"):
        head = _HEAD.match(line)
        if head is None:
            continue
        kind, seconds, serial, rest = head.groups()
        identity = f"{seconds}:{serial}"
        if identity != current:
            if records:
                yield current, moment, records
            current, moment, records = identity, float(seconds), []
        if len(records) < _RECORD_LIMIT:
            records.append((kind, rest))
    if records:
        yield current, moment, records


def _occurrence(identity: str, moment: float, records: Records, tables: Tables) -> Occurrence | None:
    kinds = {kind for kind, _ in records}
    filtered = next((rest for kind, rest in records if kind == "SECCOMP"), None)
    if filtered is not None:
        return _filtered(identity, moment, pairs(filtered), tables)
    head = next((rest for kind, rest in records if kind == "SYSCALL"), None)
    if head is None:
        return None
    call = pairs(head)
    known = _CALLS.get(call.get("arch", ""))
    name = known.get(call.get("syscall", ""), "") if known is not None else _enriched(head, "SYSCALL")
    outcome = _outcome(call)
    if outcome is None or not call.get("uid", "").isdigit():
        return None
    kind: EventKind
    if name in _STARTING:
        kind = "program"
    elif name in _OPENING and outcome == "denied" and not _keeps_access_time(name, call):
        kind = "open"
    else:
        return None
    what = _path(records, name, call)
    return Occurrence(
        identity,
        moment,
        kind,
        outcome,
        int(call["uid"]),
        visible(redact(what), _SHOWN_LIMIT),
        visible(_text(call.get("exe", "")), _SHOWN_LIMIT),
        _command(records),
        "PROCTITLE" in kinds,
    )


def _outcome(call: Mapping[str, str]) -> Outcome | None:
    if call.get("success") == "yes":
        return "started"
    return "denied" if call.get("exit") in (_NO_ACCESS, _NOT_PERMITTED) else None


def _keeps_access_time(name: str, call: Mapping[str, str]) -> bool:
    """Whether it was refused for O_NOATIME alone, which is the owner's: programs then open without it."""
    flags = {"open": "a1", "openat": "a2"}.get(name)
    if call.get("exit") != _NOT_PERMITTED or flags is None:
        return False
    try:
        return bool(int(call.get(flags, "0"), 16) & _NO_ATIME)
    except ValueError:
        return False


def _path(records: Records, name: str, call: Mapping[str, str]) -> str:
    paths = [pairs(rest) for kind, rest in records if kind == "PATH"]
    folder = next((_text(pairs(rest).get("cwd", "")) for kind, rest in records if kind == "CWD"), "")
    if not paths:
        return "a path that was not recorded"
    if name in _STARTING:
        chosen = next((each for each in paths if each.get("item") == "0"), paths[0])
    else:
        chosen = next((each for each in reversed(paths) if each.get("nametype") != "PARENT"), paths[-1])
    path = _text(chosen.get("name", ""))
    if not path:
        return "a path that was not recorded"
    if not path.startswith("/"):
        # Relative to a folder that the program has open, which the log does not name.
        if name in ("openat", "openat2", "execveat") and call.get("a0", "") not in _HERE:
            return f"…/{path} (below a folder that it had open)"
        path = f"{folder}/{path}"
    if chosen.get("nametype") == "PARENT":
        return f"{_normal(path)} (a new file in it)"
    return _normal(path)


def _normal(path: str) -> str:
    return os.path.normpath(path) if path.startswith("/") else path


def _command(records: Records) -> str:
    """The redacted command line of a start, bounded; "" for what starts nothing."""
    arguments: dict[int, str] = {}
    pieces: dict[int, dict[int, str]] = {}
    for kind, rest in records:
        if kind != "EXECVE":
            continue
        for key, value in pairs(rest).items():
            place = _ARGUMENT.fullmatch(key)
            if place is None or int(place[1]) >= _ARGUMENT_LIMIT:
                continue
            if place[2]:
                pieces.setdefault(int(place[1]), {})[int(place[2])] = value
            else:
                arguments[int(place[1])] = _text(value)
    for number, found in pieces.items():
        arguments[number] = "".join(_text(found[place]) for place in sorted(found))
    if not arguments:
        return ""
    words = [arguments[number][:4096] for number in sorted(arguments)]
    redacted, _ = redact_arguments(words)
    return visible(redact(" ".join(redacted)), _SHOWN_LIMIT)


def _filtered(identity: str, moment: float, call: Mapping[str, str], tables: Tables) -> Occurrence | None:
    if not call.get("uid", "").isdigit():
        return None
    arch = {"c000003e": "b64", "c00000b7": "b64", "c00000f3": "b64", "40000003": "b32"}.get(call.get("arch", ""), "")
    number = call.get("syscall", "")
    name = tables.get(arch, {}).get(number) or _CALLS.get(call.get("arch", ""), {}).get(number) or f"number {number}"
    return Occurrence(
        identity,
        moment,
        "system call",
        _SECCOMP.get(call.get("code", ""), "killed"),
        int(call["uid"]),
        visible(name, _SHOWN_LIMIT),
        visible(_text(call.get("exe", "")), _SHOWN_LIMIT),
    )


def pairs(rest: str) -> dict[str, str]:
    """The fields of a record, values as written; what auditd adds for readers behind the separator is left out."""
    return _split(rest.partition("\x1d")[0])


def _split(text: str) -> dict[str, str]:
    # No value holds a space: a name that does is written in hexadecimal digits.
    found: dict[str, str] = {}
    for word in text.split(" "):
        name, equals, value = word.partition("=")
        if equals:
            found.setdefault(name, value)
    return found


def _enriched(rest: str, name: str) -> str:
    return _split(rest.partition("\x1d")[2]).get(name, "")


def _text(value: str) -> str:
    """A name as it was: quoted, or in hexadecimal digits where it holds what could mislead."""
    if value.startswith('"'):
        return value.strip('"')
    if value in ("(null)", "(none)", "?"):
        return ""
    if _HEX.fullmatch(value):
        return bytes.fromhex(value).decode("utf-8", "surrogateescape")
    return value
