"""``workbench audit-trail``: what servers' accounts were denied and what they started, once or as it happens."""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from workbench import __version__
from workbench.exits import Exit, Unusable, complain
from workbench.host.audit.records import Occurrence
from workbench.host.audit.trail import Follower, Trail, recent
from workbench.host.context import Context
from workbench.host.files import CannotLook
from workbench.model.record import record
from workbench.options import context_of, put

SCHEMA_VERSION = 1
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
_LONGEST = 366 * 86400
_PAUSE = 1.0


@record
class AccountDocument:
    """An account that servers have for themselves, and the servers' names."""

    uid: int
    name: str
    servers: list[str]


@record
class EventDocument:
    """Equal events counted: ``kind`` is open, program or system call; ``outcome`` denied, started, killed or logged.

    ``first`` and ``last`` are ISO 8601 in UTC; ``commands`` are redacted command lines.
    """

    kind: str
    outcome: str
    uid: int
    account: str
    what: str
    by: str
    count: int
    first: str
    last: str
    commands: list[str]


@record
class GapDocument:
    """What could not be read, why, and what would make it possible."""

    what: str
    why: str
    unlock: str


@record
class TrailDocument:
    """The audit trail of one host. ``events`` is null where no log could be read; ``reason`` says why there is none."""

    schema_version: int
    workbench: str
    since: str
    reason: str
    accounts: list[AccountDocument]
    events: list[EventDocument] | None
    problems: list[GapDocument]


def audit_trail(options: argparse.Namespace) -> int:
    """Print the trail; with ``--follow`` go on with each new event until Ctrl+C."""
    age = duration(options.since)
    context = context_of(options)
    if context.platform != "linux":
        raise Unusable("audit-trail: only Linux has this audit system")
    now = time.time()
    trail = recent(context, now - age)
    if options.json and not options.follow:
        print(json.dumps(asdict(document(trail)), indent=2))
    elif not options.json:
        put(as_text(trail))
    for problem in trail.problems if not options.json or options.follow else ():
        complain(f"{problem.what}: {problem.why}" + (f" ({problem.unlock})" if problem.unlock else ""))
    if trail.reason:
        complain(trail.reason)
    if options.follow and trail.accounts and trail.events is not None:
        _follow(context, trail, now, as_json=options.json)
    return Exit.CLEAN if trail.events is not None else Exit.COVERAGE


def duration(text: str) -> float:
    """Seconds of ``90s``, ``30m``, ``24h``, ``7d`` or ``2w``. Raises Unusable."""
    match = re.fullmatch(r"([0-9]{1,6})([smhdw])", text)
    seconds = int(match[1]) * _UNITS[match[2]] if match else 0
    if not 0 < seconds <= _LONGEST:
        raise Unusable("--since takes a time such as 30m, 24h or 7d, of at most a year")
    return float(seconds)


def _follow(context: Context, trail: Trail, now: float, *, as_json: bool) -> None:
    # From where the summary began to be made: rather one event twice than one that neither tells.
    follower = Follower(trail.accounts, now)
    names = {account.uid: account.name for account in trail.accounts}
    complain("waiting for new events; Ctrl+C ends it")
    watch(follower, lambda each: _tell(each, names.get(each.uid, f"uid {each.uid}"), as_json=as_json))


def watch(
    follower: Follower, tell: Callable[[Occurrence], None], *, rounds: int | None = None, pause: float = _PAUSE
) -> None:
    """Tell of each new event, one poll a second, for ever or for a number of rounds. Raises Unusable."""
    while rounds is None or rounds > 0:
        try:
            fresh = follower.poll()
        except CannotLook as why:
            raise Unusable(f"the audit log can no longer be followed: {why.why}") from why
        for each in fresh:
            tell(each)
        sys.stdout.flush()
        rounds = rounds - 1 if rounds is not None else None
        if rounds != 0:
            time.sleep(pause)


def _tell(each: Occurrence, account: str, *, as_json: bool) -> None:
    if as_json:
        line = {"time": _moment(each.moment), "kind": each.kind, "outcome": each.outcome, "uid": each.uid}
        line |= {"account": account, "what": each.what, "by": each.by, "command": each.command}
        print(json.dumps(line))
    else:
        put(f"{_shown(each.moment)}  {each.outcome:<8} {account:<16} {each.command or each.what}\n")


def document(trail: Trail) -> TrailDocument:
    """The trail as the document that scripts read."""
    return TrailDocument(
        schema_version=SCHEMA_VERSION,
        workbench=__version__,
        since=_moment(trail.since),
        reason=trail.reason,
        accounts=[AccountDocument(each.uid, each.name, list(each.servers)) for each in trail.accounts],
        events=None
        if trail.events is None
        else [
            EventDocument(
                kind=event.kind,
                outcome=event.outcome,
                uid=event.uid,
                account=event.account,
                what=event.what,
                by=event.by,
                count=event.count,
                first=_moment(event.first),
                last=_moment(event.last),
                commands=list(event.examples),
            )
            for event in trail.events
        ],
        problems=[GapDocument(gap.what, gap.why, gap.unlock) for gap in trail.problems],
    )


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of the document, made from the types."""
    from pydantic import TypeAdapter

    made = TypeAdapter(TrailDocument).json_schema(mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "audit-trail-v1.json", **made}


def as_text(trail: Trail) -> str:
    """The trail for a person: what was denied first, then what was started, each with its count and last time."""
    if trail.events is None or not trail.accounts:
        return ""
    accounts = ", ".join(account.name for account in trail.accounts)
    if not trail.events:
        return f"Nothing was recorded of {accounts} since {_shown(trail.since)}.\n"
    lines = [f"Since {_shown(trail.since)}, {accounts}:"]
    for title, outcomes in (("Denied", ("denied", "killed", "logged")), ("Started", ("started",))):
        chosen = [event for event in trail.events if event.outcome in outcomes]
        if chosen:
            lines += ["", title]
        for event in chosen:
            what = event.examples[0] if event.outcome == "started" and event.examples else event.what
            by = f"  by {event.by}" if event.by and event.kind != "program" else ""
            lines.append(f"  {event.count:>5} ×  {_shown(event.last)}  {event.account:<16} {what}{by}")
    return "\n".join(lines) + "\n"


def _moment(seconds: float) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")


def _shown(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds))
