"""What tightening one sudo rule comes to: the edit of its text, and exactly what changes in who may do what.

A rule loses nothing but its way around the password, or around the clean environment: what it permits it permits still.
Exact commands may be kept out of that, each as a rule of its own. Pure functions of the facts.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from workbench.model.operations import EditRootFile
from workbench.model.plan import Refusal
from workbench.model.record import record
from workbench.model.sudoers import SudoDefault, SudoEntry, SudoersFacts, SudoRule, SudoStatement
from workbench.sudo_matching import NO_ARGUMENTS

if TYPE_CHECKING:
    from workbench.sudo_text import CommandList, Pair, Written

_TAGS = {
    "authenticate=false": "NOPASSWD:",
    "authenticate=true": "PASSWD:",
    "setenv=true": "SETENV:",
    "setenv=false": "NOSETENV:",
}
_OPTION_OF: dict[Pair, str] = {"NOPASSWD": "authenticate", "SETENV": "setenv"}
_OFF: dict[Pair, str] = {"NOPASSWD": "authenticate=false", "SETENV": "setenv=true"}
_ON: dict[Pair, str] = {"NOPASSWD": "authenticate=true", "SETENV": "setenv=false"}
_LEFT_OUT = ("authenticate=false", "authenticate=true", "setenv=true")  # without these a rule gives no more
_NAME = re.compile(r"[a-z_][a-z0-9_.-]*")
_WORD = re.compile(r"[A-Za-z0-9_/@%+.,:=~-]+")
_SPECIAL = re.compile(r"([,:=])")
_BY_HAND = "change it by hand, as the lesson of the check says, with: sudo visudo -f {}"


@record
class Kept:
    """One exact command that stays without a password: the account it runs as, the program and its arguments."""

    target: str
    command: tuple[str, ...]

    @property
    def text(self) -> str:
        """As sudo's own parser says it."""
        return " ".join(self.command) if len(self.command) > 1 else f"{self.command[0]} {NO_ARGUMENTS}"

    @property
    def refusal(self) -> str:
        """Why it cannot be written into a rule as it is ("" when it can)."""
        if not _NAME.fullmatch(self.target):
            return f"the account {self.target} cannot be written into a rule plainly"
        if not self.command or not self.command[0].startswith("/") or self.command[0].endswith("/"):
            return "a command must begin with the absolute path of one program"
        odd = next((word for word in self.command if not _WORD.fullmatch(word)), None)
        return "" if odd is None else f"the word {odd} holds a character that means something else in a rule"


@record
class Tightened:
    """The edit of the rule's text, the entry that it changes, and the policy as it is to be afterwards."""

    operation: EditRootFile
    entry: SudoEntry
    after: SudoersFacts


def tighten_password(rule: SudoRule, facts: SudoersFacts, kept: Sequence[Kept]) -> Tightened | Refusal:
    """Let sudo ask for the password before anything of the rule, except before the exact commands that are kept."""
    if any(each.name == "exempt_group" and each.values for each in facts.defaults):
        return _refused(rule, "the policy exempts a group from the password (exempt_group), whatever a rule says")
    return _tightened(rule, facts, "NOPASSWD", kept)


def tighten_environment(rule: SudoRule, facts: SudoersFacts) -> Tightened | Refusal:
    """Let nobody choose the variables of what the rule runs."""
    by_setting = any(each.name == "setenv" and each.operation == "on" for each in facts.defaults)
    if not rule.set_environment and not by_setting:
        return Refusal(
            "it is not a tag of this rule that lets the variables through, but a setting (Defaults) of the policy",
            "take the variable out of the Defaults by hand: sudo visudo",
        )
    return _tightened(rule, facts, "SETENV", ())


def policy_lines(facts: SudoersFacts) -> list[str]:
    """A whole policy in a form in which two can be compared: each setting, and each command of each entry, in order.

    Two equal lists are of policies that decide everything alike.
    """
    settings = [_setting(setting) for setting in facts.defaults]
    return [*settings, *(line for entry in facts.entries for line in _entry_lines(entry))]


def difference(before: SudoersFacts, after: SudoersFacts) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """The lines that a policy loses and gains; None where what stays is in another order too."""
    old, new = policy_lines(before), policy_lines(after)
    loses, gains = Counter(old) - Counter(new), Counter(new) - Counter(old)
    kept_before, kept_after = _without(old, loses), _without(new, gains)
    if kept_before != kept_after:
        return None
    return tuple(line for line in _only(old, loses)), tuple(line for line in _only(new, gains))


def _tightened(rule: SudoRule, facts: SudoersFacts, pair: Pair, kept: Sequence[Kept]) -> Tightened | Refusal:
    from workbench.sudo_text import NotUnderstood, retagged

    at = _entry_of(rule, facts)
    found = None if at is None else _statement_of(rule, facts, facts.entries[at])
    if at is None or found is None:
        return _refused(rule, "the text of this rule could not be told from the others of the policy")
    statement, written, (within, first, last) = found
    if not statement.exact:
        return _refused(rule, "its text holds what looks like a secret, or a character that cannot be shown")
    wrong = next((each.refusal for each in kept if each.refusal), "")
    if wrong:
        return Refusal(wrong, "name it as (ACCOUNT) /path/of/the/program and its arguments, or leave it out")
    entry = facts.entries[at]
    bound = [tag for tag in entry.tags if tag not in _LEFT_OUT]
    if kept and bound:
        # A rule of its own would have none of them: without NOEXEC or NOTAFTER it gives more than this one does.
        return Refusal(
            f"this rule has options ({', '.join(bound)}) that a rule for what stays would not have",
            "let nothing stay without a password, or write that rule by hand",
        )
    loose = {"NOPASSWD": ("authenticate", "off"), "SETENV": ("setenv", "on")}[pair]
    explicit = _OFF[pair] not in entry.tags or any((each.name, each.operation) == loose for each in facts.defaults)
    try:
        lines = retagged(written, within, first, last, pair, explicit=explicit)
    except NotUnderstood:
        return _refused(rule, "its text is not written in a way that can be changed safely")
    opposite = (_ON[pair],) if explicit or _is_explicit(lines, written, pair) else ()
    others = tuple(tag for tag in entry.tags if not tag.startswith(f"{_OPTION_OF[pair]}="))
    changed = replace(entry, tags=tuple(sorted((*others, *opposite))))
    new = [_kept_entry(entry, each) for each in kept]
    after = replace(facts, entries=(*facts.entries[:at], changed, *new, *facts.entries[at + 1 :]))
    told = difference(facts, after)
    if told is None or not told[0]:
        return _refused(rule, "nothing of it would change")
    rules = tuple(_kept_line(written, within.hosts, each) for each in kept)
    operation = EditRootFile(
        path=statement.file,
        format="sudoers",
        line=statement.line,
        expect=statement.lines,
        value=(*lines, *rules),
        loses=told[0],
        gains=told[1],
    )
    return Tightened(operation, entry, after)


def _is_explicit(lines: Sequence[str], written: Written, pair: Pair) -> bool:
    """Whether the edit had to say the opposite, because a tag before the commands would hold for them."""
    from workbench.sudo_text import OPPOSITE

    named = re.compile(rf"(?<![A-Z]){OPPOSITE[pair]}[ \t]*:")
    return len(named.findall("\n".join(lines))) > len(named.findall(written.text))


def _entry_of(rule: SudoRule, facts: SudoersFacts) -> int | None:
    from workbench.sudo_text import without_digests

    wanted = {command.text for command in rule.commands if not command.negated}
    found = [
        place
        for place, entry in enumerate(facts.entries)
        if (entry.users, entry.hosts, entry.runas_users, entry.runas_groups)
        == (rule.users, rule.hosts, rule.runas_users, rule.runas_groups)
        and wanted <= {without_digests(command) for command in entry.commands}
        and "authenticate=true" not in entry.tags
    ]
    return found[0] if len(found) == 1 else None


def _statement_of(
    rule: SudoRule, facts: SudoersFacts, entry: SudoEntry
) -> tuple[SudoStatement, Written, tuple[CommandList, int, int]] | None:
    """The text of a rule, and which part of it is the entry: at its line, or, with aliases, the only that fits."""
    from workbench.sudo_text import NotUnderstood, aliases_of, belonging, taken_apart

    aliases = {name: said for each in facts.statements for name, said in aliases_of(each.lines).items()}
    found = []
    for statement in facts.statements:
        if rule.file and (statement.file, statement.line) != (rule.file, rule.line):
            continue
        try:
            written = taken_apart(statement.lines)
            found.append((statement, written, belonging(written, entry.commands, entry.tags, aliases)))
        except NotUnderstood:
            continue
    return found[0] if len(found) == 1 else None


def _kept_entry(entry: SudoEntry, kept: Kept) -> SudoEntry:
    return SudoEntry(
        users=entry.users,
        hosts=entry.hosts,
        runas_users=(kept.target,),
        runas_groups=(),
        commands=(kept.text,),
        tags=("authenticate=false",),
        here=entry.here,
    )


def _kept_line(written: Written, hosts: str, kept: Kept) -> str:
    command = _SPECIAL.sub(r"\\\1", kept.text)
    return f"{written.users} {hosts}=({kept.target}) NOPASSWD: {command}"


def _entry_lines(entry: SudoEntry) -> Iterator[str]:
    runas = ",".join(entry.runas_users) + (f":{','.join(entry.runas_groups)}" if entry.runas_groups else "")
    tags = "".join(f"{_TAGS.get(tag, tag)} " for tag in entry.tags)
    for command in entry.commands:
        yield f"{', '.join(entry.users)} {', '.join(entry.hosts)}=({runas}) {tags}{command}"


def _setting(setting: SudoDefault) -> str:
    bound = f" {setting.scope} {', '.join(setting.bound)}" if setting.scope != "everyone" else ""
    return f"Defaults{bound}: {setting.name} {setting.operation} {', '.join(setting.values)}".rstrip()


def _without(lines: Sequence[str], some: Counter[str]) -> list[str]:
    left = some.copy()
    kept = []
    for line in lines:
        if left[line] > 0:
            left[line] -= 1
        else:
            kept.append(line)
    return kept


def _only(lines: Sequence[str], some: Counter[str]) -> list[str]:
    left = some.copy()
    found = []
    for line in lines:
        if left[line] > 0:
            left[line] -= 1
            found.append(line)
    return found


def _refused(rule: SudoRule, why: str) -> Refusal:
    return Refusal(why, _BY_HAND.format(rule.file or "FILE"))
