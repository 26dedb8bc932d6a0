"""The sudo rule by which one account may start one exact command as the account of a server, and its file.

Nothing else is ever put into a new file of the policy, whoever asks for it: comments, and one such rule.
"""

from __future__ import annotations

import re
from dataclasses import replace

from workbench.model.facts import Account, SectionState
from workbench.model.snapshot import Snapshot
from workbench.model.sudoers import SudoersFacts, SudoRule
from workbench.sudo_matching import NO_ARGUMENTS
from workbench.sudo_tightening import Kept

FOLDER = "/etc/sudoers.d"
"""Where files lie that sudo reads besides its policy."""

_SPECIAL = re.compile(r"([,:=])")
_WORD = r"(?:[A-Za-z0-9_/@%+.~-]|\\[,:=])+"
_RULE = re.compile(
    rf"([a-z_][a-z0-9_-]{{0,60}}) ALL=\((mcp[a-z0-9_-]{{0,28}})\) NOPASSWD: (/{_WORD}(?: {_WORD})*(?: {NO_ARGUMENTS})?)"
)
_LONGEST = 16_384


def rule_for(caller: str, kept: Kept) -> str:
    """The rule that lets ``caller`` start exactly this command without a password."""
    return f"{caller} ALL=({kept.target}) NOPASSWD: {_SPECIAL.sub(_escaped, kept.text)}"


def with_rule_alone(snapshot: Snapshot, account: Account, rule: SudoRule) -> Snapshot:
    """The host as if this rule were all of its sudo policy and the account were there: what checks say of it counts."""
    complete = SectionState("complete")
    accounts = replace(snapshot.accounts, state=complete, accounts=(*snapshot.accounts.accounts, account))
    return replace(snapshot, accounts=accounts, sudoers=SudoersFacts(complete, rules=(rule,)))


def is_account_rule(text: str) -> bool:
    """Whether the content of a file is comments and one rule of this form alone."""
    lines = text.split("\n")
    rules = [line for line in lines[:-1] if not line.startswith("# ")]
    plain = all(line.isprintable() and not line.endswith("\\") for line in lines)
    ends = lines[-1] == "" and len(text) <= _LONGEST
    return plain and ends and len(rules) == 1 and _RULE.fullmatch(rules[0]) is not None


def _escaped(found: re.Match[str]) -> str:
    return f"\\{found[1]}"
