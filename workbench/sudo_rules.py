"""What every check of sudo rules asks of a rule: its name, its callers, whom it lets them become, what it permits."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial

from workbench.model.facts import Account
from workbench.model.finding import Location, NotApplicable, Subject, Verdict
from workbench.model.snapshot import Snapshot
from workbench.model.sudoers import SudoCommand, SudoRule
from workbench.sudo_matching import is_caller, listed

ROOT_GROUPS = frozenset(("ALL", "root", "#0", "docker", "lxd", "incus", "disk", "sudo", "wheel", "kmem", "libvirt"))
_STRONG_GROUPS = frozenset(("shadow",))
_PLAIN_NAME = re.compile(r"[a-z_][a-z0-9_-]*")
_LONGEST_LABEL = 100


def rule_subject(rule: SudoRule) -> Subject:
    """A sudo rule, by what it says."""
    commands = ", ".join(("!" if command.negated else "") + command.text for command in rule.commands)
    runas = ",".join(rule.runas_users) + (f":{','.join(rule.runas_groups)}" if rule.runas_groups else "")
    text = f"{', '.join(rule.users)} {','.join(rule.hosts)}=({runas}) {commands}"
    label = text if len(text) <= _LONGEST_LABEL else f"{text[: _LONGEST_LABEL - 1]}…"
    return Subject("rule", text, label)


def rule_location(rule: SudoRule) -> Location | None:
    """Where the rule stands, when known."""
    return Location(rule.file, rule.line) if rule.file else None


def rule_listing(rule: SudoRule, snapshot: Snapshot) -> tuple[str, ...]:
    """What shows the rule again: without arguments where a secret stands in the policy, since sudo lists all rules."""
    named = rule.users[0] if len(rule.users) == 1 and _PLAIN_NAME.fullmatch(rule.users[0]) else ""
    if any("<secret: " in command.text for each in snapshot.sudoers.rules for command in each.commands):
        programs = "sudo -l -U \"$1\" | sed -n 's/\\(NOPASSWD: [^ ]*\\).*/\\1/p'"
        return ("sh", "-c", programs, "sh", named) if named else ()
    return ("sudo", "-l", "-U", named) if named else ("sudo", "cvtsudoers", "-e", "-f", "json", "/etc/sudoers")


def spoken_callers(rule: SudoRule) -> str:
    """The callers of a rule as words: ``dev, any account``."""
    return ", ".join("any account" if user == "ALL" else user for user in rule.users if not user.startswith("!"))


def spoken_targets(targets: tuple[str, ...]) -> str:
    """The targets of ``foreign_targets`` as words."""
    words = {"ALL": "any account", "group ALL": "any group"}
    return ", ".join(words.get(target, target) for target in targets)


def foreign_targets(rule: SudoRule, snapshot: Snapshot) -> tuple[str, ...]:
    """The accounts the rule lets someone else become; a rule for oneself, or for root alone, gives nothing away."""
    ids = {account.name: f"#{account.uid}" for account in snapshot.accounts.accounts}
    callers = [user for user in rule.users if not user.startswith("!") and user not in ("root", "#0")]
    if not callers:
        return ()
    runas = [user for user in rule.runas_users if user and not user.startswith("!")]
    foreign = [user for user in runas if any(ids.get(user, user) != ids.get(caller, caller) for caller in callers)]
    groups = [group for group in rule.runas_groups if group in ROOT_GROUPS | _STRONG_GROUPS]
    return (*foreign, *(f"group {group}" for group in groups))


def permitted_commands(rule: SudoRule) -> list[SudoCommand]:
    """The commands that no later entry of the same rule refuses again. An exception from ALL leaves ALL."""
    kept: list[SudoCommand] = []
    for command in rule.commands:
        if not command.negated:
            kept.append(command)
        elif command.text == "ALL":
            kept.clear()
        else:
            kept = [each for each in kept if command.text not in (each.text, each.text.partition(" ")[0])]
    return list(dict.fromkeys(kept))


def judge_permitted_programs(
    snapshot: Snapshot,
    judge: Callable[[SudoRule, list[SudoCommand], tuple[str, ...], Snapshot], Iterator[Verdict]],
) -> Iterator[Verdict]:
    """What ``judge`` says of every rule here that permits named programs, without a password, as another account.

    It is given the rule, those programs, the accounts it leads to and the snapshot.
    """
    seen = False
    for rule in snapshot.sudoers.rules:
        targets = foreign_targets(rule, snapshot)
        if not rule.here or not rule.passwordless or not targets:
            continue
        commands = [command for command in permitted_commands(rule) if command.text.startswith(("/", "^"))]
        if commands:
            seen = True
            yield from judge(rule, commands, targets, snapshot)
    if not seen:
        yield NotApplicable("no sudo rule permits a program without a password")


def rule_callers(rule: SudoRule, snapshot: Snapshot) -> tuple[Account, ...]:
    """The accounts but root that may use the rule: those of this host that it means, and whom it names besides.

    What it names and no account of this host is (a group without members, an account yet to come) stands for itself.
    """
    accounts = snapshot.accounts
    named = [item for item in rule.users if not item.startswith("!") and item not in ("root", "#0")]
    found: dict[str, Account] = {}
    for item in named:
        meant = [account for account in accounts.accounts if is_caller(item, account, accounts)]
        for account in meant or [Account(-1, item, -1, ())]:
            if account.uid != 0 and listed(rule.users, partial(is_caller, account=account, accounts=accounts)):
                found.setdefault(account.name, account)
    return tuple(found.values())
