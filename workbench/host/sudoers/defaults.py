"""The Defaults of a sudo policy that decide whether a password is asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from workbench.host.sudoers.names import EVERYONE, UnknownShape, entries

Scope = Literal["everyone", "host", "user", "runas", "command"]


@dataclass(frozen=True, slots=True)
class Setting:
    """One Defaults entry: whom it is bound to, and what it says of a password (None: nothing)."""

    scope: Scope
    bound: tuple[str, ...] = (EVERYONE,)
    authenticate: bool | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """Every Defaults entry that matters here, in the order of the policy.

    ``runas`` is the account a rule means that names none; members of ``exempt`` are never asked for a password.
    ``unknown`` holds what was bound in a way that is not understood.
    """

    entries: tuple[Setting, ...] = ()
    runas: str = "root"
    exempt: str = ""
    unknown: tuple[str, ...] = ()


def read(document: Mapping[str, Any], runas_document: Mapping[str, Any]) -> Settings:
    """Sort out the Defaults of a policy.

    ``runas_document`` is the same policy with the Defaults of target accounts (``Defaults>``) only: in the whole one
    they look the same as those of callers (``Defaults:``).
    """
    found: list[Setting] = []
    unknown: list[str] = []
    runas, exempt = "root", ""
    of_targets = list(runas_document.get("Defaults", ()))
    for block in document.get("Defaults", ()):
        binding = block.get("Binding", ())
        scope: Scope = _scope(binding)
        if scope == "user" and of_targets and block == of_targets[0]:
            scope = "runas"
            del of_targets[0]
        options = _options(block.get("Options", ()))
        if scope == "everyone":
            runas = str(options.get("runas_default", runas))
            exempt = str(options.get("exempt_group") or "") if "exempt_group" in options else exempt
        said = options.get("authenticate")
        if not isinstance(said, bool):
            continue
        try:
            found.append(Setting(scope, entries(binding) or (EVERYONE,), said))
        except UnknownShape as shape:
            unknown.append(str(shape))
    return Settings(tuple(found), runas, exempt, tuple(unknown))


def _scope(binding: Sequence[Mapping[str, Any]]) -> Scope:
    if not binding:
        return "everyone"
    keys = {key for entry in binding for key in entry}
    if keys & {"command", "cmndalias"}:
        return "command"
    if keys & {"hostname", "networkaddr", "hostalias"}:
        return "host"
    # A netgroup alone may be of hosts or of users; users is the reading that keeps more rules in view.
    return "user"


def _options(listed: Sequence[Any]) -> dict[str, Any]:
    return {name: value for option in listed if isinstance(option, Mapping) for name, value in option.items()}
