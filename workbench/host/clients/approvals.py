"""Find what makes a client use tools without asking, as its definition says where that stands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from workbench.expressions import expression
from workbench.host.clients.definitions import Client
from workbench.host.clients.definitions.model import Consent
from workbench.host.clients.layouts import values_at
from workbench.model.clients import Approval, ApprovalScope
from workbench.model.finding import Pointer
from workbench.secrets import shown_name
from workbench.text import visible

_RULE_LIMIT = 2000
_NAME_LIMIT = 100
_LONGEST = 2000
_SHOWN = 200
_ALL: ApprovalScope = "everything"
_SERVER: ApprovalScope = "all tools of a server"
_TOOLS: ApprovalScope = "named tools"

# An allow rule of Claude Code that has no name of a server before its first wildcard is skipped by it.
_CLAUDE = expression(r"mcp__((?:(?!__)[^*()])+)(?:__([^()]*))?\Z")
_AGENT = expression(r"@([^/]+)(?:/(.+))?\Z")
_CURSOR = expression(r"([^:]+):(.+)\Z", re.DOTALL)


def approvals_of(document: Any, client: Client) -> tuple[Approval, ...]:
    """Every such setting of a parsed document. Its lines are not known yet."""
    return tuple(
        approval
        for consent in client.approvals
        for pointer, value, _ in values_at(document, (consent.way,))
        for approval in _read(document, consent, pointer, value)
    )


def _read(document: Any, consent: Consent, pointer: Pointer, value: Any) -> Iterator[Approval]:
    setting = visible(".".join(shown_name(str(key)) for key in pointer), _SHOWN)
    where: Pointer = tuple(shown_name(key) if isinstance(key, str) else key for key in pointer)
    if consent.rules == "value":
        # In Python True is 1.
        if any(value == known and type(value) is type(known) for known in consent.values):
            names = (shown_name(str(pointer[-2])),) if consent.scope in (_SERVER, _TOOLS) else ()
            shown = str(value).lower() if isinstance(value, bool) else value
            yield Approval(setting, shown, consent.scope, where, names, confined=_is_confined(document, consent))
        return
    if consent.rules == "permission":
        if value == "allow":
            yield Approval(setting, "allow", _ALL, where)
        elif isinstance(value, dict) and value.get("*") == "allow":
            yield Approval(f"{setting}.*", "allow", _ALL, (*where, "*"))
        return
    scopes: dict[ApprovalScope, dict[str, None]] = {}
    for rule in _texts(value):
        told = _scope(consent, rule)
        if told is not None and len(scopes.setdefault(told, {})) < _NAME_LIMIT:
            scopes[told][_shown(rule)] = None
    for scope, listed in scopes.items():
        yield Approval(setting, visible(", ".join(listed), _SHOWN), scope, where, tuple(listed))


def _shown(rule: str) -> str:
    if len(rule) > _LONGEST:
        return f"a rule of {len(rule)} characters"  # half of a secret would not be known for one
    # A secret that is glued to the name of a server is none to who looks at the whole word.
    return visible("__".join(shown_name(part) for part in rule.split("__")), _SHOWN)


def _is_confined(document: Any, consent: Consent) -> bool:
    if not consent.unless:
        return False
    *way, open_to_all = consent.unless
    return all(value != open_to_all for _, value, _ in values_at(document, (tuple(way),)))


def _texts(value: Any) -> Iterator[str]:
    """The rules of a list: texts, or tables that allow a tool by name."""
    for rule in value[:_RULE_LIMIT] if isinstance(value, list) else ():
        if isinstance(rule, str):
            yield rule
        elif isinstance(rule, dict):
            name = rule.get("tool", rule.get("toolName"))
            permission = rule.get("permission")
            action = permission.get("type") if isinstance(permission, dict) else rule.get("action")
            if isinstance(name, str) and action == "allow" and not rule.get("matches"):
                yield name


def _scope(consent: Consent, rule: str) -> ApprovalScope | None:
    """What one rule of a list lets a client do without asking. None: it is of no MCP tool, or without effect."""
    if consent.rules == "tools":
        return _SERVER if rule == "*" else _TOOLS
    if consent.rules == "names":
        return None if rule == "*" else _TOOLS
    if consent.rules == "claude":
        match = _CLAUDE.match(rule)
        return None if match is None else _SERVER if match.group(2) in (None, "*") else _TOOLS
    if consent.rules == "agent":
        match = _AGENT.match(rule)
        if match is None or match.group(1) == "builtin":
            return None
        return _SERVER if match.group(2) in (None, "*") else _TOOLS
    if consent.rules == "cursor":
        if consent.way[-1] == "allow":
            if not (rule.startswith("Mcp(") and rule.endswith(")")):
                return None
            rule = rule[4:-1]
        match = _CURSOR.match(rule)
        if match is None:
            return None
        return _ALL if match.groups() == ("*", "*") else _SERVER if match.group(2) == "*" else _TOOLS
    if consent.rules == "crush":
        return _ALL if rule == "bash" else _TOOLS if rule.startswith("mcp_") else None
    return _ALL if rule == "*" else _TOOLS if rule.startswith(("mcp__", "mcp:")) else None
