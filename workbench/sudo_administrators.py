"""Who can repair the sudo policy, and who no longer could if it were another: nobody may be shut out by a repair."""

from __future__ import annotations

from workbench.model.facts import Account
from workbench.model.snapshot import Snapshot
from workbench.model.sudoers import SudoersFacts, SudoRule
from workbench.sudo_policy import Request, decide
from workbench.sudo_rules import rule_callers

_EDITOR = ("/usr/sbin/visudo",)
_NO_LOGIN = ("nologin", "false", "sync", "halt", "shutdown")
_OTHER_PASSWORD = ("rootpw", "targetpw", "runaspw")


def shut_out(rule: SudoRule, after: SudoersFacts, snapshot: Snapshot) -> str:
    """Why the policy may not become ``after``: who could not administer this host any more, "" for nobody.

    An account administers the host when sudo lets it run visudo as root and it can give the password that sudo then
    asks for. What is not known of a password counts as none.
    """
    before = snapshot.sudoers
    unknown = next((item for item in rule.users if item.startswith(("+", "%:"))), "")
    if unknown:
        return f"it is not known here whom {unknown} means"
    concerned = [each for each in rule_callers(rule, snapshot) if each.uid > 0 and _administers(each, before, snapshot)]
    if concerned and any(each.name in _OTHER_PASSWORD and each.operation == "on" for each in before.defaults):
        return "sudo asks for the password of another account here (rootpw, targetpw), and it is not known who has that"
    lost = [account for account in concerned if not _administers(account, after, snapshot)]
    if not lost:
        return ""
    known = dict(before.passwords)
    own = next((account for account in lost if account.uid == snapshot.host.uid), None)
    if own is not None:
        return f"{own.name} could not administer this host any more: {_said(known.get(own.name))}"
    if known.get("root") == "P" or any(_administers(each, after, snapshot) for each in _people(snapshot)):
        return ""
    names = ", ".join(account.name for account in lost)
    return f"nobody could administer this host any more: {names} could only without a password, and root has none"


def _administers(account: Account, facts: SudoersFacts, snapshot: Snapshot) -> bool:
    decision = decide(facts, snapshot.accounts, Request(account, "root", _EDITOR))
    if decision.permitted is not True:
        return False
    return decision.passwordless is True or dict(snapshot.sudoers.passwords).get(account.name) == "P"


def _people(snapshot: Snapshot) -> list[Account]:
    """The accounts but root that somebody can log in to."""
    return [
        account
        for account in snapshot.accounts.accounts
        if account.uid > 0 and account.shell and account.shell.rpartition("/")[2] not in _NO_LOGIN
    ]


def _said(state: str | None) -> str:
    if state is None:
        return "it is not known whether it has a password"
    return "its password is locked" if state == "L" else "it has no password"
