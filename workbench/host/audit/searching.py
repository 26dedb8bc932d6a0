"""Ask ``ausearch`` for what accounts did, and sum it up. Its arguments hold no moment: they are equal on every look."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import replace

from workbench.host.audit.access import Access
from workbench.host.audit.records import Occurrence, occurrences
from workbench.host.audit.rule import Tables
from workbench.host.command import Output
from workbench.host.files import CannotLook
from workbench.model.audit import AuditEvent, ServerAccount
from workbench.model.facts import Unread
from workbench.model.record import record
from workbench.text import visible

EVENT_LIMIT = 300
ACCOUNT_LIMIT = 16
_EXAMPLES = 3
_PATIENCE = 12.0
_DAY = 86400.0
_MINUTE = 60.0
_UNLOCK = "run it as root, or show them with: sudo ausearch --input-logs --start yesterday --uid {} --interpret"


def start_word(since: float, now: float) -> tuple[str, ...]:
    """The word for ausearch that lies before ``since`` in any time zone; none where it has to read all."""
    age = now - since
    for limit, word in ((9 * _MINUTE, "recent"), (_DAY, "yesterday"), (7 * _DAY, "week-ago")):
        if age <= limit:
            return "--start", word
    return ()


@record
class Found:
    """What was found of accounts since ``since`` (Unix seconds): ``events`` is None where no log could be read."""

    since: float
    events: tuple[AuditEvent, ...] | None
    problems: tuple[Unread, ...] = ()


def look(
    access: Access,
    accounts: Sequence[ServerAccount],
    since: float,
    now: float,
    log: str = "",
    tables: Tables | None = None,
) -> Found:
    """What the accounts did since that moment, summed up. What cannot be read is among the problems."""
    problems: list[Unread] = []
    occurred: list[Occurrence] = []
    if len(accounts) > ACCOUNT_LIMIT:
        left = len(accounts) - ACCOUNT_LIMIT
        problems.append(Unread("events", f"the events of {left} more accounts", "they are too many to search for all"))
    begun = time.monotonic()
    for account in accounts[:ACCOUNT_LIMIT]:
        what = f"what {account.name} was denied and what it started"
        if time.monotonic() - begun > _PATIENCE:
            problems.append(Unread("events", what, f"the search of the log took longer than {_PATIENCE:g} s"))
            continue
        try:
            found, gaps = search(access, account, since, now, log, tables)
        except CannotLook as why:
            problems.append(Unread("events", what, why.why, why.unlock))
            return Found(since, None, tuple(problems))
        occurred += found
        problems += gaps
    return Found(since, summary(occurred, accounts), tuple(problems))


def search(
    access: Access, account: ServerAccount, since: float, now: float, log: str = "", tables: Tables | None = None
) -> tuple[list[Occurrence], list[Unread]]:
    """What one account did since that moment (Unix seconds), and what could not be read of it. ``log`` is a file in
    the place of those that auditd is configured to write. Raises CannotLook.
    """
    logs = ("-if", log) if log else ("--input-logs",)
    base = (*logs, "--raw", *start_word(since, now), "--uid", str(account.uid))
    gaps: list[Unread] = []
    try:
        output = access.run("ausearch", *base)
    except CannotLook as why:
        if "printed more than" not in why.why:
            raise
        gaps.append(Unread("events", f"the programs that {account.name} started", why.why, "keep fewer events"))
        output = access.run("ausearch", *base, "--success", "no")
    if output is None:
        raise CannotLook("the audit log may be read through sudo, when you agree", "workbench --sudo")
    return [each for each in occurrences(_checked(output, account), tables) if each.moment >= since], gaps


def _checked(output: Output, account: ServerAccount) -> str:
    # Status 1 is "nothing found" as well as "cannot open"; only the second says something.
    if output.status == 0 or (output.status == 1 and _nothing(output.err)):
        return output.out
    message = next((line for line in output.err.splitlines() if line.strip()), "it gave no reason")
    unlock = _UNLOCK.format(account.uid)
    if "No such file" in output.err:
        raise CannotLook("there is no audit log: auditd has not written one", "start auditd", absent=True)
    if "ermission denied" in output.err or "must be root" in output.err:
        raise CannotLook("the audit log is readable by root and its own group alone", unlock)
    raise CannotLook(f"ausearch cannot read the audit log: {visible(message, 200)}", unlock)


def _nothing(message: str) -> bool:
    return not message.strip() or "<no matches>" in message


def summary(found: Iterable[Occurrence], accounts: Sequence[ServerAccount]) -> tuple[AuditEvent, ...]:
    """The occurrences counted by account, kind, outcome and what they are about; the most telling first, bounded."""
    names = {account.uid: account.name for account in accounts}
    counted: dict[tuple[int, str, str, str], AuditEvent] = {}
    for each in found:
        key = (each.uid, each.kind, each.outcome, each.what)
        known = counted.get(key)
        examples = (each.command,) if each.command else ()
        if known is None:
            counted[key] = AuditEvent(
                each.kind,
                each.outcome,
                each.uid,
                names.get(each.uid, f"uid {each.uid}"),
                each.what,
                1,
                each.moment,
                each.moment,
                each.by,
                examples,
            )
            continue
        counted[key] = replace(
            known,
            count=known.count + 1,
            first=min(known.first, each.moment),
            last=max(known.last, each.moment),
            examples=tuple(dict.fromkeys((*known.examples, *examples)))[:_EXAMPLES],
        )
    ranked = sorted(counted.values(), key=lambda event: (event.outcome == "started", -event.last, event.what))
    return tuple(ranked[:EVENT_LIMIT])
