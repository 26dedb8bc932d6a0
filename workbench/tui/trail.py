"""The audit trail as rows: what each server account was denied and what it started, counted up as events come."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from workbench.model.audit import AuditEvent, AuditFacts, EventKind, Outcome, ServerAccount
from workbench.model.record import record
from workbench.tui.wording import counted

if TYPE_CHECKING:
    from workbench.host.audit.records import Occurrence

MOST = 5000
_EXAMPLES = 3
_ORDER: Mapping[Outcome, int] = {"denied": 0, "killed": 1, "logged": 2, "started": 3}

Key = tuple[int, str, str, str]
"""Account, kind, outcome, and what it is about."""


@record
class TrailRow:
    """Equal events of one account. ``fresh`` counts those that came since the page was opened.

    ``first`` and ``last`` are Unix seconds, ``by`` the programs that did it, ``examples`` redacted command lines.
    """

    kind: EventKind
    outcome: Outcome
    uid: int
    account: str
    what: str
    count: int
    first: float
    last: float
    by: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()
    fresh: int = 0

    @property
    def key(self) -> Key:
        """What makes the events of a row equal."""
        return (self.uid, self.kind, self.outcome, self.what)


def rows_of(events: Iterable[AuditEvent]) -> tuple[TrailRow, ...]:
    """The rows of a trail, what was denied first, then by the last time, newest first."""
    made = [
        TrailRow(
            kind=event.kind,
            outcome=event.outcome,
            uid=event.uid,
            account=event.account,
            what=event.what,
            count=event.count,
            first=event.first,
            last=event.last,
            by=(event.by,) if event.by else (),
            examples=event.examples,
        )
        for event in events
    ]
    return tuple(sorted(made, key=_most_telling)[:MOST])


def read_again(before: Sequence[TrailRow], now: Sequence[TrailRow]) -> tuple[TrailRow, ...]:
    """The rows that were read anew, with what was new before still marked, and what has come since."""
    known = {row.key: row for row in before}
    return tuple(replace(row, fresh=_fresh(known.get(row.key), row)) for row in now)


def seen(rows: Sequence[TrailRow]) -> tuple[TrailRow, ...]:
    """The rows with nothing marked as new."""
    return tuple(replace(row, fresh=0) if row.fresh else row for row in rows)


def added(
    rows: Sequence[TrailRow], occurred: Iterable[Occurrence], accounts: Iterable[ServerAccount]
) -> tuple[TrailRow, ...]:
    """The rows with new events counted. A row stays where it is; one that is new comes first among its like."""
    names = {account.uid: account.name for account in accounts}
    known = {row.key: row for row in rows}
    began = {key: row.last for key, row in known.items()}
    came: dict[Key, TrailRow] = {}
    for each in occurred:
        key = (each.uid, each.kind, each.outcome, each.what)
        # What was summed up already is found again where both searches looked.
        if key in began and each.moment <= began[key]:
            continue
        before = known.get(key) or came.get(key)
        row = _counted(before, each, names.get(each.uid, f"uid {each.uid}"))
        (known if key in known else came)[key] = row
    if not came:
        return tuple(known.values())
    new = sorted(came.values(), key=_most_telling)
    return tuple(sorted((*new, *known.values()), key=lambda row: _ORDER[row.outcome])[:MOST])


def headline(rows: Sequence[TrailRow], accounts: Sequence[ServerAccount]) -> str:
    """What happened, in one sentence."""
    names = {row.account for row in rows}
    who = next(iter(names)) if len(names) == 1 else f"{len(names) or len(accounts)} server accounts"
    sums: dict[str, int] = {}
    for row in rows:
        sums[row.outcome] = sums.get(row.outcome, 0) + row.count
    said = [f"{outcome} {times(sums[outcome])}" for outcome in ("denied", "killed", "logged") if outcome in sums]
    if said:
        said[0] = f"{'was' if len(names) == 1 else 'were'} {said[0]}"
    if "started" in sums:
        said.append(f"started {counted(sums['started'], 'program')}")
    return f"In 24 hours {who} {' and '.join(filter(None, (', '.join(said[:-1]), said[-1])))}"


def times(count: int) -> str:
    """``once``, ``2 times``."""
    return "once" if count == 1 else f"{count} times"


def idle(facts: AuditFacts) -> str:
    """Why nothing new is recorded, "" where something is, or where that is not known."""
    if facts.enabled == 0:
        return "auditing is switched off"
    return "auditd does not run" if facts.running is False else ""


def _counted(row: TrailRow | None, each: Occurrence, account: str) -> TrailRow:
    by = (each.by,) if each.by else ()
    examples = (each.command,) if each.command else ()
    if row is None:
        return TrailRow(
            each.kind, each.outcome, each.uid, account, each.what, 1, each.moment, each.moment, by, examples, 1
        )
    return replace(
        row,
        count=row.count + 1,
        first=min(row.first, each.moment),
        last=max(row.last, each.moment),
        by=tuple(dict.fromkeys((*row.by, *by)))[:_EXAMPLES],
        examples=tuple(dict.fromkeys((*row.examples, *examples)))[:_EXAMPLES],
        fresh=row.fresh + 1,
    )


def _fresh(before: TrailRow | None, now: TrailRow) -> int:
    if before is None:
        return now.count
    # Old events leave the window meanwhile: the count alone does not tell what has come.
    return before.fresh + (max(now.count - before.count, 1) if now.last > before.last else 0)


def _most_telling(row: TrailRow) -> tuple[int, float, str]:
    return (_ORDER[row.outcome], -row.last, row.what)
