"""Whether an account of its own would be a wall around a server: it reaches its program, and only root changes it."""

from __future__ import annotations

from dataclasses import replace

from workbench.access import EXECUTE, READ, WRITE, can, who_can, who_can_replace
from workbench.model.clients import ServerEntry
from workbench.model.facts import Account, PathFact, SectionState
from workbench.model.snapshot import Snapshot
from workbench.model.sudoers import SudoCommand, SudoersFacts, SudoRule
from workbench.planning import would_find
from workbench.sudo_tightening import Kept

_CHECKS = ("sudoers/target-writable", "sudoers/passwordless-too-broad", "sudoers/inexact-arguments")
_ROOT = frozenset((0,))


def not_reached(name: str, entry: ServerEntry, snapshot: Snapshot) -> str:
    """What of the files that a server runs a new account of that name could not reach, "" for nothing."""
    account = _account(name, snapshot)
    program, *others = _runs(entry, snapshot)
    for fact, right in ((program, EXECUTE), *((each, READ) for each in others)):
        if fact is None:
            return f"what {entry.name} runs could not be looked at"
        if not can(account, fact, right):
            return f"{name} could not reach {fact.asked}: it, or a folder on its way, is closed to other accounts"
    return ""


def no_wall(kept: Kept, file: str, caller: Account, entry: ServerEntry, snapshot: Snapshot) -> str:
    """That somebody but root can change what the new rule starts, or what else a check would say of it; "" for nothing.

    ``file`` is where the rule is to stand, and ``caller`` who may start the command by it.
    """
    program, *others = [fact for fact in _runs(entry, snapshot) if fact is not None]
    for fact in (program, *others):
        changes = who_can(fact, WRITE, snapshot.accounts, _ROOT) or who_can_replace(fact, snapshot.accounts, _ROOT)
        if fact.file.uid != 0 or changes:
            whose = f"{changes}" if changes else f"its owner (uid {fact.file.uid})"
            return f"the rule would be no wall: {whose} can change {fact.asked}, which it starts"
    command = SudoCommand(kept.text, target=program, runs=tuple(fact for fact in others if fact != program))
    rule = SudoRule((caller.name,), ("ALL",), (kept.target,), (), (command,), passwordless=True, file=file, line=2)
    complete = SectionState("complete")
    known = (*snapshot.accounts.accounts, _account(kept.target, snapshot))
    alone = replace(
        snapshot,
        accounts=replace(snapshot.accounts, state=complete, accounts=known),
        sudoers=SudoersFacts(complete, rules=(rule,)),
    )
    found = [finding for check in _CHECKS for finding in would_find(check, alone)]
    return f"the rule would be no wall: {found[0].summary}" if found else ""


def _runs(entry: ServerEntry, snapshot: Snapshot) -> tuple[PathFact | None, ...]:
    known = {fact.asked: fact for fact in snapshot.clients.files}
    return tuple(known.get(path) for path in dict.fromkeys(entry.runs)) or (None,)


def _account(name: str, snapshot: Snapshot) -> Account:
    """The account that is to be, with a number that no other has."""
    taken = {account.uid for account in snapshot.accounts.accounts} | {gid for gid, _ in snapshot.accounts.groups}
    free = next(number for number in range(998, 0, -1) if number not in taken)
    return Account(free, name, free, (free,), "/nonexistent", "/usr/sbin/nologin")
