"""The audit rules that the workbench writes: their texts, and by which of them they can be told from all others.

Every one has a key that begins with ``mcp_``. Only such rules are ever loaded or deleted, and each has a form that says
nothing to ``auditctl`` but one rule.
"""

from __future__ import annotations

import errno
import re
from collections.abc import Sequence

from workbench.model.audit import AuditRule

FOLDER = "/etc/audit/rules.d"
"""Where rules lie that are loaded at every start."""
DENIED, STARTED, CHANGED = "mcp_denied", "mcp_exec", "mcp_config"

_OF_ACCOUNT = re.compile(
    r"-a always,exit -F arch=(b64|b32) -S ([a-z0-9_]{1,40}(?:,[a-z0-9_]{1,40}){0,9})"
    r"(?: -F exit=-(EACCES|EPERM))? -F uid=([0-9]{1,10}) -k (mcp_[a-z]{1,20})"
)
_WATCH = re.compile(r"-w (/[A-Za-z0-9_./@%+~-]{1,4000}) -p wa -k (mcp_[a-z]{1,20})")
_ERRORS = {"EACCES": -errno.EACCES, "EPERM": -errno.EPERM}
_FILE = re.compile(rf"{FOLDER}/[A-Za-z0-9][A-Za-z0-9_-]{{0,80}}\.rules")


def denied_opens(uid: int, calls: Sequence[str], arches: Sequence[str]) -> tuple[str, ...]:
    """Rules that record what an account is denied to open, by these system calls, and nothing that it may open."""
    return tuple(
        f"-a always,exit -F arch={arch} -S {','.join(calls)} -F exit=-{error} -F uid={uid} -k {DENIED}"
        for arch in arches
        for error in ("EACCES", "EPERM")
    )


def started_programs(uid: int, arches: Sequence[str]) -> tuple[str, ...]:
    """Rules that record every program an account starts, with its arguments."""
    return tuple(f"-a always,exit -F arch={arch} -S execve,execveat -F uid={uid} -k {STARTED}" for arch in arches)


def watch(path: str) -> str:
    """The rule that records who writes a file, or gives it other rights."""
    return f"-w {path} -p wa -k {CHANGED}"


def as_loaded(text: str, file: str, line: int) -> AuditRule | None:
    """The rule as the snapshot has it once it is loaded and stands in a file; None for one of another form."""
    watched = _WATCH.fullmatch(text)
    if watched is not None and not {"", ".", ".."} & set(watched[1].split("/")[1:]):
        fields: tuple[tuple[str, str, str], ...] = (("path", "=", watched[1]), ("perm", "=", "wa"))
        arch, calls, key = "", (), watched[2]
    else:
        found = _OF_ACCOUNT.fullmatch(text)
        if found is None:
            return None
        error = (("exit", "=", str(_ERRORS[found[3]])),) if found[3] else ()
        fields = (*error, ("uid", "=", found[4]))
        arch, calls, key = found[1], tuple(found[2].split(",")), found[5]
    return AuditRule(text, "exit", "always", arch, calls, fields, (key,), loaded=True, file=file, line=line)


def is_own(text: str) -> bool:
    """Whether a rule is of a form that is made here."""
    return as_loaded(text, "", 0) is not None


def is_rules_file(path: str) -> bool:
    """Whether a path is that of a rules file that is read at every start, under a plain name."""
    return _FILE.fullmatch(path) is not None


def adding(text: str) -> tuple[str, ...]:
    """The arguments of ``auditctl`` that add a rule at the end of the others."""
    return tuple(text.split(" "))


def deleting(text: str) -> tuple[str, ...]:
    """The arguments of ``auditctl`` that delete exactly this rule."""
    first, *rest = adding(text)
    return ({"-a": "-d", "-w": "-W"}[first], *rest)
