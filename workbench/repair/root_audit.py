"""Rules that the kernel records by: added one by one, and deleted again exactly as they were added."""

from __future__ import annotations

from collections.abc import Sequence

from workbench.audit_rules import adding, as_loaded, deleting, is_own
from workbench.host.privileged import Vector
from workbench.model.plan import LoadAuditRules
from workbench.repair import root_commands as commands
from workbench.repair.paths import Refused
from workbench.text import visible

REFUSED = "the kernel does not take the rule"
LOCKED = "the audit system is locked until the next start of the machine (auditctl -s says enabled 2)"


def parts(wanted: LoadAuditRules) -> tuple[str, ...]:
    """The rules that are to be loaded and are not. Raises Refused."""
    if not sound(wanted, wanted.rules) or len(set(wanted.rules)) != len(wanted.rules):
        raise Refused("the plan loads an audit rule of a form that no plan may")
    loaded = there(wanted, wanted.rules)
    return tuple(rule for rule in wanted.rules if rule not in loaded)


def there(wanted: LoadAuditRules, rules: Sequence[str]) -> tuple[str, ...]:
    """Those of the rules that the kernel has now. Raises Refused."""
    from workbench.host.audit import call_tables
    from workbench.host.audit.rule import parse_listed, same

    answer = commands.run(listing())
    if answer.status != 0:
        raise Refused("the kernel does not tell its audit rules here: in a container, auditing is the host's alone")
    tables = call_tables()
    known = {same(parse_listed(line, tables)) for line in answer.out.split("\n") if line.startswith("-")}
    found = ((rule, as_loaded(rule, "", 0)) for rule in rules)
    return tuple(rule for rule, meant in found if meant is not None and same(meant) in known)


def before(wanted: LoadAuditRules, rules: Sequence[str], *, comes: bool) -> tuple[Vector, ...]:
    """What is asked before, and again after."""
    return (listing(),)


def making(wanted: LoadAuditRules, rule: str) -> Vector:
    """The command that adds a rule behind all others."""
    return (commands.program("auditctl"), *adding(rule))


def taking(wanted: LoadAuditRules, rule: str) -> Vector:
    """The command that deletes a rule."""
    return (commands.program("auditctl"), *deleting(rule))


def failed(wanted: LoadAuditRules, rule: str) -> str:
    """What it means that such a command failed."""
    return f"{REFUSED} {visible(rule)}, or {LOCKED}"


def said(wanted: LoadAuditRules, rules: Sequence[str], *, comes: bool) -> str:
    """What a person is told of it."""
    count = f"{len(rules)} audit rule{'' if len(rules) == 1 else 's'}"
    if not rules:
        return "the audit rules of the plan are loaded already; they stay as they are"
    if comes:
        return f"load {count} into the kernel, behind those that are loaded, which stay as they are"
    return f"delete exactly the {count} from the kernel that the repair loaded"


def shown(wanted: LoadAuditRules, rules: Sequence[str]) -> tuple[str, ...]:
    """The lines of it that come or go."""
    return tuple(rules)


def sound(wanted: LoadAuditRules, rules: Sequence[str]) -> bool:
    """Whether these are rules that may be loaded and deleted."""
    return all(map(is_own, rules)) and set(rules) <= set(wanted.rules)


def listing() -> Vector:
    """The rules of the kernel."""
    return (commands.program("auditctl"), "-l")
