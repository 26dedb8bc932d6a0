"""Let sudo ask for your password before what a rule gives away, and keep the one exact command that a server needs.

The rule keeps everything that it permits and loses its way around the password: the tag ``NOPASSWD:`` is taken from
exactly the commands of the finding (where a setting such as ``Defaults !authenticate`` frees them, the rule is given
``PASSWD:``). Commands that share the tag and are not in the finding keep it. A program cannot type your password, so
what an injected prompt could run on its own needs you from then on.

An exact command that a configured server starts through sudo is suggested to stay without a password. It becomes a rule
of its own, with the account, the absolute path and exactly these arguments, and only where it was permitted without a
password before and no check finds it too broad itself. Write others as ``(ACCOUNT) /path/of/the/program arguments``,
``;`` between two of them; leave it empty and sudo asks before everything of the rule.

Where the finding is that the caller may set any variable (``SETENV:``), that tag is taken away and nothing else.

It is proven, not hoped: sudo's own parser reads the whole policy with the new file in place before it is published and
again afterwards, and it must have lost and gained exactly the lines that the plan names. Nobody is shut out: it is
refused where you, or everybody, could no longer repair the policy because no password is set. A terminal that is logged
in as root is still a good thing to have open until you have seen that sudo works.

To do it by hand: ``sudo visudo -f FILE``, take ``NOPASSWD:`` out of the rule, and check with ``sudo -k; sudo -n -l``.
See sudoers(5), visudo(8) and CWE-250.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass, replace

from workbench.api import (
    Account,
    Finding,
    Kept,
    Plan,
    Refusal,
    Reversal,
    Safety,
    Snapshot,
    SudoCommand,
    SudoEntry,
    SudoRequest,
    SudoRule,
    Tightened,
    called_through_sudo,
    fix,
    rule_callers,
    rule_subject,
    shut_out,
    spoken_callers,
    started_servers,
    sudo_caller,
    sudo_decides,
    sudo_target,
    through_sudo,
    tighten_environment,
    tighten_password,
    would_find,
)

_BROAD, _INEXACT, _KEEPS = (
    "sudoers/passwordless-too-broad",
    "sudoers/inexact-arguments",
    "sudoers/keeps-environment",
)
_CONFIRM = 120
_GONE = Refusal("the rule of this finding is not in the policy any more, or it stands there twice", "look again")
_FORM = "write it as (ACCOUNT) /path/of/the/program and its arguments, with ; between two commands"
_OPEN = "Keep a terminal open that is root until you have seen that sudo works"


@dataclass(frozen=True, slots=True)
class TightenRule:
    """What the fix asks: the exact commands that may stay without a password, "" for none."""

    without_password: str = dataclasses.field(
        default="",
        metadata={
            "label": "May stay without a password",
            "help": "(ACCOUNT) /path/of/the/program arguments; another after a semicolon. Empty: sudo always asks.",
        },
    )


@dataclass(frozen=True, slots=True)
class _Served:
    """A configured server that the rule lets start: its name, and the command as whom."""

    name: str
    kept: Kept


def _suggest(finding: Finding, snapshot: Snapshot) -> TightenRule | Refusal:
    """The exact commands of the configured servers that need this rule."""
    rule = _rule(finding, snapshot)
    if rule is None:
        return _GONE
    if finding.check == _KEEPS:
        return TightenRule()
    tightened = tighten_password(rule, snapshot.sudoers, ())
    if isinstance(tightened, Refusal):
        return tightened
    fitting = [
        served.kept
        for served in _served(rule, tightened.entry, snapshot)
        if not served.kept.refusal and not _too_broad(served.kept, rule, snapshot)
    ]
    if isinstance(tighten_password(rule, snapshot.sudoers, fitting), Refusal):
        return TightenRule()
    return TightenRule("; ".join(f"({kept.target}) {' '.join(kept.command)}" for kept in dict.fromkeys(fitting)))


@fix(
    title="Let sudo ask for the password, except before what a server needs",
    repairs=(_BROAD, _INEXACT, _KEEPS),
    safety=Safety.REVIEW,
    reversal=Reversal.FULL,
    answers=TightenRule,
    suggest=_suggest,
)
def plan(finding: Finding, snapshot: Snapshot, answers: TightenRule) -> Plan | Refusal:
    """One edit of the rule's text."""
    rule = _rule(finding, snapshot)
    if rule is None:
        return _GONE
    if finding.check == _KEEPS:
        tightened = tighten_environment(rule, snapshot.sudoers)
        if isinstance(tightened, Refusal):
            return tightened
        title = f"Let {spoken_callers(rule)} choose no variables of what the rule runs"
        return _plan(finding, title, tightened, f"a variable given on sudo's command line is refused. {_OPEN}")
    kept = _kept(answers.without_password)
    if isinstance(kept, Refusal):
        return kept
    tightened = tighten_password(rule, snapshot.sudoers, kept)
    if isinstance(tightened, Refusal):
        return tightened
    refusal = _may_not_stay(kept, rule, tightened.entry, snapshot)
    if refusal is not None:
        return refusal
    out = shut_out(rule, tightened.after, snapshot)
    if out:
        instead = "set a password first (sudo passwd ACCOUNT) and look again"
        return Refusal(f"the plan would shut somebody out: {out}", instead)
    title = f"Let sudo ask {spoken_callers(rule)} for the password"
    return _plan(finding, title, tightened, _consequences(rule, tightened, kept, snapshot))


def _plan(finding: Finding, title: str, tightened: Tightened, consequences: str) -> Plan:
    return Plan(
        fix="sudoers/tighten-rule",
        check=finding.check,
        finding=finding.identity,
        title=title,
        safety=Safety.REVIEW,
        reversal=Reversal.FULL,
        operations=(tightened.operation,),
        consequences=consequences,
        confirm=_CONFIRM,
    )


def _rule(finding: Finding, snapshot: Snapshot) -> SudoRule | None:
    rules = [rule for rule in snapshot.sudoers.rules if rule.here and rule.passwordless]
    found = [rule for rule in rules if rule_subject(rule) == finding.subject]
    return found[0] if len(found) == 1 else None


def _served(rule: SudoRule, entry: SudoEntry, snapshot: Snapshot) -> Iterator[_Served]:
    """The servers whose command this rule permits."""
    for config, server, launch in started_servers(snapshot):
        call = called_through_sudo(server.command) if through_sudo(launch) else None
        caller = sudo_caller(config, snapshot) if call is not None else None
        if call is None or caller is None or call.group:
            continue
        kept = Kept(sudo_target(call, snapshot), call.command)
        if caller in rule_callers(rule, snapshot) and _matches(kept, caller, entry, snapshot):
            yield _Served(server.name, kept)


def _kept(answer: str) -> tuple[Kept, ...] | Refusal:
    found: list[Kept] = []
    for part in filter(None, (each.strip() for each in answer.split(";"))):
        account, closed, command = part.removeprefix("(").partition(")")
        words = tuple(word for word in command.split() if word != '""')
        if not part.startswith("(") or not closed or not words:
            return Refusal("the command that may stay is not named with its account", _FORM)
        found.append(Kept(account.strip(), words))
    return tuple(dict.fromkeys(found))


def _may_not_stay(kept: tuple[Kept, ...], rule: SudoRule, entry: SudoEntry, snapshot: Snapshot) -> Refusal | None:
    callers = rule_callers(rule, snapshot)
    for each in kept:
        if not callers or not all(_matches(each, caller, entry, snapshot) for caller in callers):
            words = f"the rule does not permit {each.text} as {each.target} without a password now, so it is not kept"
            return Refusal(words, "name exactly what the server runs, or leave it out")
        why = _too_broad(each, rule, snapshot)
        if why:
            words = f"{each.text} is too broad itself: {why}"
            return Refusal(words, "leave it out, or give the server an exact command")
    return None


def _matches(kept: Kept, caller: Account, entry: SudoEntry, snapshot: Snapshot) -> bool:
    """Whether the caller may run this without a password now, and by this very entry."""
    request = SudoRequest(caller, kept.target, kept.command)
    alone = replace(snapshot.sudoers, entries=(entry,))
    decisions = [sudo_decides(facts, snapshot.accounts, request) for facts in (alone, snapshot.sudoers)]
    return all(decision.permitted is True and decision.passwordless is True for decision in decisions)


def _too_broad(kept: Kept, rule: SudoRule, snapshot: Snapshot) -> str:
    """What a check would say of the rule that is kept, "" for nothing."""
    command = SudoCommand(kept.text)
    alone = replace(rule, runas_users=(kept.target,), runas_groups=(), commands=(command,), set_environment=None)
    only = replace(snapshot, sudoers=replace(snapshot.sudoers, rules=(alone,)))
    found = [finding for check in (_BROAD, _INEXACT) for finding in would_find(check, only)]
    return found[0].summary if found else ""


def _consequences(rule: SudoRule, tightened: Tightened, kept: tuple[Kept, ...], snapshot: Snapshot) -> str:
    asked = f"sudo asks {spoken_callers(rule)} for the password before anything of this rule"
    but = f", except before {' and '.join(each.text for each in kept)}" if kept else ""
    said = [f"{asked}{but}; no program can answer that"]
    stopped = [served.name for served in _served(rule, tightened.entry, snapshot) if served.kept not in kept]
    if stopped:
        said.append(f"these servers cannot start any more: {', '.join(dict.fromkeys(stopped))}")
    if any(caller.uid == snapshot.host.uid for caller in rule_callers(rule, snapshot)):
        said.append("sudo asks you once while this is applied: where you cannot answer, the old rule comes back")
    return ". ".join([*said, _OPEN])
