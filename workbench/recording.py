"""Whether audit rules record what an account does, as the kernel decides it: the first rule that fits counts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from workbench.model.audit import AuditRule, ServerAccount

Answer = Literal["yes", "no", "perhaps"]

_ACCOUNT = ("uid", "euid", "suid", "fsuid")
_GROUP = ("gid", "egid", "sgid", "fsgid")
_EVENT_TYPES = ("SYSCALL", "1300")
_Values = dict[str, int | None]


def records(
    rules: Iterable[AuditRule], account: ServerAccount, call: str, *, outcome: int = 0, arch: str = "b64"
) -> Answer:
    """Whether the loaded rules record this system call of that account, whatever the path.

    ``outcome`` is what the call returns: 0, or an error as a negative number. ``perhaps`` where it depends on the
    login uid of the process, which is not known.
    """
    values = _values(account.uid, account.gid, account.login, outcome)
    known = [rule for rule in rules if rule.loaded]
    if silenced(known, account):
        return "no"
    depends = False
    for rule in known:
        if rule.filter != "exit" or rule.arch not in ("", arch) or (rule.syscalls and call not in rule.syscalls):
            continue
        told = [_holds(field, values) for field in rule.fields]
        if False in told:
            continue
        if None not in told:
            # One that only perhaps comes before it either records, or leaves it to this one.
            return "yes" if rule.action == "always" else "perhaps" if depends else "no"
        open_questions = {name for (name, _, _), holds in zip(rule.fields, told, strict=True) if holds is None}
        depends = depends or open_questions <= {"auid"}
    return "perhaps" if depends else "no"


def records_watch(rules: Iterable[AuditRule], path: str, uid: int) -> bool:
    """Whether the loaded rules record that this account writes, or replaces, the file at that absolute path."""
    values = _values(uid, None, uid, None)
    known = [rule for rule in rules if rule.loaded]
    if any(rule.filter == "task" and rule.action == "never" and not rule.fields for rule in known):
        return False
    for rule in known:
        if rule.filter != "exit" or rule.action != "always":
            continue
        places = [(name, value) for name, _, value in rule.fields if name in ("path", "dir")]
        permissions = [value for name, _, value in rule.fields if name == "perm"]
        others = [field for field in rule.fields if field[0] not in ("path", "dir", "perm")]
        if (
            any(path == place or (name == "dir" and path.startswith(f"{place.rstrip('/')}/")) for name, place in places)
            and (not permissions or "w" in permissions[0])
            and all(_holds(field, values) is not False for field in others)
            and (permissions or not rule.syscalls)
        ):
            return True
    return False


def silenced(rules: Iterable[AuditRule], account: ServerAccount) -> AuditRule | None:
    """The loaded rule that keeps every event of the account out of the log, if there is one."""
    values = _values(account.uid, account.gid, account.login, None)
    for rule in rules:
        if not rule.loaded:
            continue
        fields: Sequence[tuple[str, str, str]] = rule.fields
        if rule.filter == "exclude":
            # The kernel drops these whatever the action says.
            fields = [field for field in fields if not (field[0] == "msgtype" and field[2] in _EVENT_TYPES)]
        elif rule.filter != "task" or rule.action != "never":
            continue
        if all(_holds(field, values) for field in fields):
            return rule
    return None


def _values(uid: int, gid: int | None, login: int | None, outcome: int | None) -> _Values:
    success = None if outcome is None else int(outcome >= 0)
    return {
        **dict.fromkeys(_ACCOUNT, uid),
        **dict.fromkeys(_GROUP, gid),
        "auid": login,
        "exit": outcome,
        "success": success,
    }


def _holds(field: tuple[str, str, str], values: _Values) -> bool | None:
    """Whether a field fits, None where it depends on what is not known here (a path, a program, …)."""
    name, operator, text = field
    first, _, second = name.partition(" ")
    if second:
        left, right = values.get(first), values.get(second)
    else:
        left, right = values.get(name), _number(text)
    if left is None or right is None:
        return None
    # The kernel compares without a sign: no exit value is below 0.
    left, right = left % 2**32, right % 2**32
    return {
        "=": left == right,
        "!=": left != right,
        "<": left < right,
        ">": left > right,
        "<=": left <= right,
        ">=": left >= right,
    }.get(operator)


def _number(text: str) -> int | None:
    try:
        return int(text, 0)
    except ValueError:
        return None
