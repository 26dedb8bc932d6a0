"""Mend the lines of an audit rules file that are refused, so that the rules after them are loaded again.

What it looks at
----------------
Each refused line of the file, and why it is refused. It writes nothing: the file is the company's or yours, and what
is loaded now may be more than what is on disk, which loading anew would delete. It gives, for each line, what to write
in its place, and the commands that load and show the rules.

* ``-F dir!=PLACE`` and ``-F path!=PLACE``, which guides to MCP servers recommend and no kernel takes: the rule becomes
  two that record what was *denied* (``EACCES``, ``EPERM``). That is what such a rule is meant for, what lies outside
  of the workspace is denied, and it is a few lines a day instead of hundreds for each command.
* A placeholder such as ``<mcp-server-uid>``: the number of the server's account, where this host has one.
* Anything else: the line becomes a comment, for the kernel has never recorded anything by it.

Why it matters
--------------
``auditctl -R`` stops at the first line that it cannot load, and every rule after it, of whatever file, is missing.

How an attacker uses it
-----------------------
Nobody has to do anything: the record that would tell of him was never made.

How to fix it by hand
---------------------
The steps are the repair. Before the last one, compare ``sudo auditctl -l`` with the files: what stands in no file is
gone after ``sudo augenrules --load``; audit/install-rules writes it down first.

References
----------
- augenrules(8), auditctl(8), audit.rules(7)
- CWE-778: Insufficient Logging
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from workbench.api import AuditRule, Finding, Plan, Refusal, Reversal, Safety, Snapshot, Step, fix

_CHECK = "audit/broken-rules-file"
_OUTSIDE = re.compile(r"-F (?:dir|path)!=[!-~]+")
_PLACEHOLDER = re.compile(r"(-F (?:e|s|fs)?uid=)(?:<[^<>]*>|\$\([^()]*\)|\$\{?[A-Za-z_]+\}?)")
_OF_ACCOUNT = re.compile(r"-F (?:e|s|fs)?uid=[0-9]+ ?")


@fix(
    title="Mend the refused lines, so that the rules after them are loaded",
    repairs=(_CHECK,),
    safety=Safety.GUIDE,
    reversal=Reversal.NONE,
)
def plan(finding: Finding, snapshot: Snapshot, _: None) -> Plan | Refusal:
    """A step for each refused line, and how to load the rules."""
    file = finding.subject.key
    broken = [rule for rule in snapshot.audit.rules if rule.file == file and rule.problem]
    if not broken:
        return Refusal("no line of this file is refused any more", "look again")
    return Plan(
        fix="audit/mend-rules",
        check=_CHECK,
        finding=finding.identity,
        title=f"Mend {len(broken)} refused {'line' if len(broken) == 1 else 'lines'} of {file}",
        safety=Safety.GUIDE,
        reversal=Reversal.NONE,
        operations=(),
        steps=tuple(_steps(file, broken, snapshot)),
        consequences="rules that are loaded and stand in no file are deleted when the rules are loaded anew",
    )


def _steps(file: str, broken: list[AuditRule], snapshot: Snapshot) -> Iterator[Step]:
    yield Step(file, "Open the file as root: sudoedit and its path", f"sudoedit {file}")
    for rule in sorted(broken, key=lambda rule: rule.line or 0):
        yield Step(
            file,
            f"Line {rule.line} is refused: {rule.problem}. Write in its place:",
            "\n".join(_mended(rule, snapshot)),
        )
    passing = [rule for rule in snapshot.audit.rules if rule.loaded and not rule.file and rule.filter]
    if passing:
        count = f"{len(passing)} rule{'' if len(passing) == 1 else 's'}"
        yield Step(
            file,
            f"{count} that the kernel has loaded stand in no file, and the next step deletes them: write them down"
            " first, with audit/install-rules for audit/not-persistent, or by hand:",
            "\n".join(rule.text for rule in passing[:20]),
        )
    loads = "sudo augenrules --load\nsudo auditctl -l"
    yield Step(file, "Load all that is on disk, and see that the last rule of the last file is there", loads)


def _mended(rule: AuditRule, snapshot: Snapshot) -> list[str]:
    """The lines that say what the refused one was to say; a comment where that is not known."""
    text, accounts = rule.text, snapshot.audit.accounts
    if len(accounts) == 1:
        text = _PLACEHOLDER.sub(rf"\g<1>{accounts[0].uid}", text)
    if not text.startswith("-a ") or _PLACEHOLDER.search(text):
        return [f"# {rule.text}"]
    if not _OUTSIDE.search(text):
        return [text] if text != rule.text else [f"# {rule.text}"]
    if not _OF_ACCOUNT.search(text):
        return [f"# {rule.text}"]
    return [_OUTSIDE.sub(f"-F exit=-{error}", text) for error in ("EACCES", "EPERM")]
