"""The audit trail of servers' accounts: what happened lately, and what happens while one looks on.

``recent`` answers once; a ``Follower`` is polled. Neither takes longer than its deadline.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

from workbench.host.audit import Places, access_of, call_tables, gather
from workbench.host.audit.access import Access, AsOneself
from workbench.host.audit.records import Occurrence
from workbench.host.audit.searching import look, search
from workbench.host.context import Context
from workbench.host.files import CannotLook
from workbench.model.audit import AuditEvent, AuditFacts, ServerAccount
from workbench.model.facts import Unread
from workbench.model.record import record

SETTLE = 2.0
"""Seconds after which an event whose last record has not come is taken as it is."""

_AGAIN = 300.0


@record
class Trail:
    """What servers' accounts were denied and what they started since ``since`` (Unix seconds), newest first.

    ``events`` is None where no log could be read; ``problems`` say why, and what else is missing. ``reason`` says why
    there is no trail here at all, "" where there is one.
    """

    since: float
    accounts: tuple[ServerAccount, ...] = ()
    events: tuple[AuditEvent, ...] | None = None
    problems: tuple[Unread, ...] = ()
    reason: str = ""


def recent(context: Context, since: float, now: float | None = None) -> Trail:
    """The trail since that moment (Unix seconds). What the servers are is gathered first where the context lacks it."""
    moment = time.time() if now is None else now
    facts = facts_of(context)
    if facts.state.status in ("not applicable", "failed"):
        return Trail(since, reason=facts.state.reason)
    gaps = tuple(gap for gap in facts.state.unread if gap.facet != "events")
    if abs(facts.since - since) < 60.0:
        events, problems = facts.events, tuple(gap for gap in facts.state.unread if gap.facet == "events")
    else:
        found = look(access_of(context), facts.accounts, since, moment, tables=call_tables())
        events, problems = found.events, found.problems
    ordered = tuple(sorted(events, key=lambda event: -event.last)) if events is not None else None
    return Trail(since, facts.accounts, ordered, (*gaps, *problems), _silence(facts))


def facts_of(context: Context) -> AuditFacts:
    """The audit facts, with the sections they need gathered first where the context lacks these."""
    if {"clients", "processes"} <= set(context.found):
        return gather(context)
    from workbench.host.gather import gather as gather_all

    return gather_all(replace(context, assess=False), only=("accounts", "clients", "processes", "audit")).audit


def _silence(facts: AuditFacts) -> str:
    if not facts.accounts:
        return (
            "no server has an account of its own: what servers do cannot be told from what you do"
            " (see: workbench explain clients/no-isolation)"
        )
    return ""


class Follower:
    """Tells of new events. ``poll`` searches once, for at most ``deadline`` seconds, and returns."""

    def __init__(
        self,
        accounts: Sequence[ServerAccount],
        since: float,
        *,
        access: Access | None = None,
        places: Places | None = None,
        deadline: float = 2.0,
    ) -> None:
        self._accounts = tuple(accounts)
        self._since = since
        self._access = access or AsOneself(deadline / max(1, len(self._accounts)))
        self._log = (places or Places()).log
        self._tables = call_tables()
        self._told: dict[str, float] = {}

    def poll(self, now: float | None = None) -> tuple[Occurrence, ...]:
        """The events since the last poll, oldest first. Raises CannotLook."""
        moment = time.time() if now is None else now
        fresh: list[Occurrence] = []
        for account in self._accounts:
            found, gaps = search(self._access, account, self._since, moment, self._log, self._tables)
            if gaps:
                raise CannotLook(gaps[0].why, "look at a shorter time")
            fresh += [
                each
                for each in found
                # A start whose arguments are still being written would be told without them.
                if each.identity not in self._told and (each.whole or moment - each.moment > SETTLE)
            ]
        for each in fresh:
            self._told[each.identity] = each.moment
        # Looked at again for a while: the log is not in the order of the clock, and an event may not be whole yet.
        self._since = max(self._since, moment - _AGAIN)
        self._told = {identity: at for identity, at in self._told.items() if at >= self._since}
        return tuple(sorted(fresh, key=lambda each: each.moment))
