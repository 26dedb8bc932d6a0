"""From the document of cvtsudoers to rules: which Defaults hold for a rule, and which later rule takes it back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from workbench.host.sudoers.defaults import Settings
from workbench.host.sudoers.names import (
    OWN_ACCOUNT,
    Directory,
    UnknownShape,
    covers_all,
    entries,
    named_in_both,
    on_this_host,
    positive,
)
from workbench.model.record import record
from workbench.model.sudoers import SudoCommand, SudoDefault, SudoEntry, SudoRule


@record
class Host:
    """What decides whether a rule is meant for this machine, and for now."""

    name: str
    addresses: Sequence[str]
    accounts: Directory
    now: datetime


@record
class Policy:
    """The rules in the order of the policy, as sudo wrote them, and in words what was not understood.

    ``entries`` and ``defaults`` are what the rules were made of.
    """

    rules: tuple[SudoRule, ...] = ()
    unknown: tuple[str, ...] = ()
    entries: tuple[SudoEntry, ...] = ()
    defaults: tuple[SudoDefault, ...] = ()


@record
class _Grant:
    users: tuple[str, ...]
    hosts: tuple[str, ...]
    runas_users: tuple[str, ...]
    runas_groups: tuple[str, ...]
    commands: tuple[str, ...]
    authenticate: bool | None
    set_environment: bool | None
    here: bool | None
    tags: tuple[str, ...]
    digests: tuple[tuple[str, tuple[str, ...]], ...]


def read(document: Mapping[str, Any], settings: Settings, host: Host) -> Policy:
    """The rules of a policy, each with whether it really runs without a password on this machine."""
    grants: list[_Grant] = []
    unknown = list(settings.unknown)
    for spec in document.get("User_Specs", ()):
        for permission in spec.get("Cmnd_Specs", ()):
            try:
                grant = _grant(spec, permission, settings, host)
            except UnknownShape as shape:
                unknown.append(f"a rule with {shape}")
                continue
            if grant.users and grant.commands and grant.runas_users:
                grants.append(grant)
    rules: list[SudoRule] = []
    for place, grant in enumerate(grants):
        made = _rules(grant, grants[place + 1 :], settings, host)
        if grant.here is None and any(rule.passwordless for rule in made):
            unknown.append(f"the rule of {', '.join(grant.users)} for the hosts {', '.join(grant.hosts)}")
        rules += made
    defaults = tuple(replace(setting, here=_counts_here(setting, host)) for setting in settings.entries)
    return Policy(tuple(rules), tuple(unknown), tuple(map(_entry, grants)), defaults)


def _counts_here(setting: SudoDefault, host: Host) -> bool | None:
    return setting.scope != "host" or on_this_host(setting.bound, host.name, host.addresses)


def _entry(grant: _Grant) -> SudoEntry:
    commands = []
    for command, digests in grant.digests:
        negation, bare = ("!", command[1:]) if command.startswith("!") else ("", command)
        commands.append(negation + " ".join((*digests, bare)))
    return SudoEntry(
        grant.users,
        grant.hosts,
        grant.runas_users,
        grant.runas_groups,
        tuple(commands),
        grant.tags,
        grant.here,
    )


def _grant(spec: Mapping[str, Any], permission: Mapping[str, Any], settings: Settings, host: Host) -> _Grant:
    options: dict[str, Any] = {}
    commands = entries(permission.get("Commands", ()))
    for option in permission.get("Options", ()):
        if not isinstance(option, Mapping):
            raise UnknownShape("an option that has no name")
        options.update(option)
    groups = tuple(entry.replace("%", "", 1) for entry in entries(permission.get("runasgroups", ())))
    if "runasusers" in permission:
        runas = entries(permission["runasusers"])
    else:
        runas = (OWN_ACCOUNT,) if groups else (settings.runas,)
    hosts = entries(spec.get("Host_List", ()))
    authenticate = options.get("authenticate")
    here = on_this_host(hosts, host.name, host.addresses)
    return _Grant(
        users=entries(spec.get("User_List", ())),
        hosts=hosts,
        runas_users=runas,
        runas_groups=groups,
        commands=commands,
        authenticate=authenticate if isinstance(authenticate, bool) else None,
        set_environment=setenv if isinstance(setenv := options.get("setenv"), bool) else None,
        here=False if _over(options.get("notafter"), host.now) else here,
        tags=tuple(sorted(f"{name}={_said(value)}" for name, value in options.items())),
        digests=tuple(zip(commands, map(_digests, permission.get("Commands", ())), strict=True)),
    )


def _said(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _digests(item: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(f"{name}:{value}" for name, value in item.items() if name.startswith("sha"))


def _over(until: object, now: datetime) -> bool:
    if not isinstance(until, str):
        return False
    try:
        return datetime.strptime(until, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC) < now
    except ValueError:
        return False


def _rules(grant: _Grant, later: Sequence[_Grant], settings: Settings, host: Host) -> list[SudoRule]:
    free = [
        command
        for command in positive(grant.commands)
        if _passwordless(grant, command, settings, host) and not _taken_back(grant, command, later, settings, host)
    ]
    asked = [command for command in positive(grant.commands) if command not in free]
    made: list[SudoRule] = []
    if free:
        made.append(_rule(grant, free, passwordless=True))
    if asked:
        for part in _parts(replace(grant, commands=_only(grant, asked)), settings, host):
            kept = [
                command
                for command in positive(part.commands)
                if _passwordless(part, command, settings, host)
                and not _taken_back(part, command, later, settings, host)
            ]
            if kept:
                made.append(_rule(part, kept, passwordless=True))
    if asked:
        made.append(_rule(grant, asked, passwordless=False))
    return made


def _rule(grant: _Grant, commands: Sequence[str], *, passwordless: bool) -> SudoRule:
    digests = dict(grant.digests)
    return SudoRule(
        users=grant.users,
        hosts=grant.hosts,
        runas_users=grant.runas_users,
        runas_groups=grant.runas_groups,
        commands=tuple(
            SudoCommand(command.removeprefix("!"), command.startswith("!"), digests=digests.get(command, ()))
            for command in _only(grant, commands)
        ),
        passwordless=passwordless,
        set_environment=grant.set_environment,
        here=grant.here is True,
    )


def _only(grant: _Grant, commands: Sequence[str]) -> tuple[str, ...]:
    return tuple(command for command in grant.commands if command.startswith("!") or command in commands)


def _passwordless(grant: _Grant, command: str, settings: Settings, host: Host) -> bool:
    if settings.exempt and covers_all((f"%{settings.exempt}",), grant.users, host.accounts):
        return True
    if grant.authenticate is not None:
        return not grant.authenticate
    authenticate = True
    # sudo applies the Defaults of commands after all others, whatever their place.
    for late in (False, True):
        for setting in settings.entries:
            of_command = setting.scope == "command"
            if setting.name == "authenticate" and of_command is late and _holds(setting, grant, command, host):
                authenticate = setting.operation != "off"
    return not authenticate


def _holds(setting: SudoDefault, grant: _Grant, command: str, host: Host) -> bool:
    match setting.scope:
        case "everyone":
            return True
        case "host":
            return on_this_host(setting.bound, host.name, host.addresses) is True
        case "user":
            return covers_all(setting.bound, grant.users, host.accounts)
        case "runas":
            return covers_all(setting.bound, grant.runas_users, host.accounts)
        case "command":
            return _verdict(setting.bound, command) is True


def _parts(grant: _Grant, settings: Settings, host: Host) -> list[_Grant]:
    """The parts of a rule that a Defaults entry frees from the password though it does not free all of it."""
    parts: list[_Grant] = []
    freeing = [one for one in settings.entries if one.name == "authenticate" and one.operation == "off"]
    if settings.exempt:
        freeing.append(SudoDefault("user", (f"%{settings.exempt}",), "authenticate", "off"))
    for setting in freeing:
        if setting.scope == "user":
            both = named_in_both(setting.bound, grant.users, host.accounts)
            parts += [replace(grant, users=both)] if both else []
        elif setting.scope == "runas":
            both = named_in_both(setting.bound, grant.runas_users, host.accounts)
            parts += [replace(grant, runas_users=both)] if both else []
        elif setting.scope == "command":
            both = tuple(entry for entry in positive(setting.bound) if _verdict(grant.commands, entry) is True)
            parts += [replace(grant, commands=both)] if both else []
    return list(dict.fromkeys(parts))


def _taken_back(grant: _Grant, command: str, later: Sequence[_Grant], settings: Settings, host: Host) -> bool:
    """Whether a later rule surely decides for everyone and every target of this one: sudo takes the last match."""
    verdict = False
    for other in later:
        if (
            other.here is True
            and covers_all(other.users, grant.users, host.accounts)
            and covers_all(other.runas_users, grant.runas_users, host.accounts)
            and covers_all(other.runas_groups, grant.runas_groups, host.accounts)
        ):
            said = _verdict(other.commands, command)
            if said is False:
                verdict = True
            elif said is True:
                same_caller = replace(other, users=grant.users, runas_users=grant.runas_users)
                verdict = not _passwordless(same_caller, command, settings, host)
    return verdict


def _verdict(commands: Sequence[str], command: str) -> bool | None:
    """Whether a list surely permits (True) or surely refuses (False) a command; None where it says nothing sure."""
    program = command.partition(" ")[0]
    for other in reversed(commands):
        if other.removeprefix("!") in ("ALL", command, program):
            return not other.startswith("!")
    return None
