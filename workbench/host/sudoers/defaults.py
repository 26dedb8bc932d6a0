"""The Defaults of a sudo policy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from workbench.host.sudoers.names import EVERYONE, UnknownShape, entries
from workbench.model.record import record
from workbench.model.sudoers import DefaultScope, SudoDefault

_OPERATIONS = {"list_assign": "set", "list_add": "add", "list_remove": "remove"}


@record
class Settings:
    """Every setting of the Defaults entries, in the order of the policy.

    ``runas`` is the account a rule means that names none; members of ``exempt`` are never asked for a password.
    ``unknown`` holds what was bound or said in a way that is not understood.
    """

    entries: tuple[SudoDefault, ...] = ()
    runas: str = "root"
    exempt: str = ""
    unknown: tuple[str, ...] = ()


def read(document: Mapping[str, Any], runas_document: Mapping[str, Any]) -> Settings:
    """Sort out the Defaults of a policy.

    ``runas_document`` is the same policy with the Defaults of target accounts (``Defaults>``) only: in the whole one
    they look the same as those of callers (``Defaults:``).
    """
    found: list[SudoDefault] = []
    unknown: list[str] = []
    runas, exempt = "root", ""
    of_targets = list(runas_document.get("Defaults", ()))
    for block in document.get("Defaults", ()):
        binding = block.get("Binding", ())
        scope: DefaultScope = _scope(binding)
        if scope == "user" and of_targets and block == of_targets[0]:
            scope = "runas"
            del of_targets[0]
        try:
            made = list(_settings(scope, entries(binding) or (EVERYONE,), block.get("Options", ())))
        except UnknownShape as shape:
            unknown.append(f"a Defaults entry with {shape}")
            continue
        found += made
        for setting in made if scope == "everyone" else ():
            if setting.name == "runas_default" and setting.values:
                runas = setting.values[0]
            elif setting.name == "exempt_group":
                exempt = setting.values[0] if setting.values else ""
    return Settings(tuple(found), runas, exempt, tuple(unknown))


def _scope(binding: Sequence[Mapping[str, Any]]) -> DefaultScope:
    if not binding:
        return "everyone"
    keys = {key for entry in binding for key in entry}
    if keys & {"command", "cmndalias"}:
        return "command"
    if keys & {"hostname", "networkaddr", "hostalias"}:
        return "host"
    # A netgroup alone may be of hosts or of users; users is the reading that keeps more rules in view.
    return "user"


def _settings(scope: DefaultScope, bound: tuple[str, ...], options: Sequence[Any]) -> Iterator[SudoDefault]:
    for option in options:
        if not isinstance(option, Mapping):
            raise UnknownShape("an option that has no name")
        said = str(option.get("operation", ""))
        for name, value in option.items():
            if name == "operation":
                continue
            if isinstance(value, bool):
                yield SudoDefault(scope, bound, name, "on" if value else "off")
            elif isinstance(value, list) and said in _OPERATIONS:
                yield SudoDefault(scope, bound, name, _OPERATIONS[said], tuple(map(str, value)))  # type: ignore[arg-type]
            elif isinstance(value, str | int | float) and not said:
                yield SudoDefault(scope, bound, name, "set", (str(value),))
            else:
                raise UnknownShape(f"the option {name}")
