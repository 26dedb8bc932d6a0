"""The accounts that servers have for themselves: what one of them is denied, no developer asked for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from workbench.activity import began, note
from workbench.host.context import Context
from workbench.model.audit import AuditRule, ServerAccount
from workbench.model.clients import ClientFacts
from workbench.model.launch import Launch
from workbench.model.processes import ProcessFacts, ServerProcess
from workbench.text import visible

_FIRST_PERSON, _LAST_PERSON = 1000, 60000
_NO_LOGIN = ("nologin", "false")
_UNSET = 2**32 - 1


def server_accounts(context: Context, rules: Sequence[AuditRule]) -> tuple[ServerAccount, ...]:
    """Every account of a server that is not the developer's, root's or another person's, by uid.

    Servers in containers are left out: what they open lies in their image. ``rules`` with a key ``mcp…`` name further
    accounts.
    """
    people = {home.uid for home in context.inspected} | {context.uid, 0}
    found: dict[int, ServerAccount] = {}
    for uid, server, launch, process in _started(context.found):
        if uid in people or (process is not None and not _no_person(uid)):
            continue
        found[uid] = _joined(found.get(uid) or _named(uid), server, launch, process, context)
    for uid in _of_rules(rules):
        if uid not in people and uid not in found:
            found[uid] = _named(uid)
    return tuple(found[uid] for uid in sorted(found))


def _started(found: Any) -> Iterable[tuple[int, str, Launch | None, ServerProcess | None]]:
    clients: ClientFacts | None = found.get("clients")
    for config in clients.configs if clients is not None else ():
        for entry in config.servers:
            if entry.launch is not None and entry.launch.account and not entry.disabled:
                uid = _uid(entry.launch.account)
                if uid is not None:
                    yield uid, entry.name, entry.launch, None
    processes: ProcessFacts | None = found.get("processes")
    for process in processes.servers if processes is not None else ():
        if not process.container:
            yield process.uid, process.entry.name if process.entry else process.label, process.launch, process


def _of_rules(rules: Sequence[AuditRule]) -> Iterable[int]:
    for rule in rules:
        if rule.action == "always" and any(key.lower().startswith("mcp") for key in rule.keys):
            for name, operator, value in rule.fields:
                if name in ("uid", "euid") and operator == "=" and value.isdigit():
                    yield int(value)


def _joined(
    account: ServerAccount, server: str, launch: Launch | None, process: ServerProcess | None, context: Context
) -> ServerAccount:
    words = [*process.command[:2], process.executable] if process is not None else []
    if launch is not None:
        words += [launch.program, *(wrapper.split(" ")[0] for wrapper in launch.wrappers)]
        if launch.package is not None:
            words += [launch.package.runner, "sh", "dash", "bash", "node", "python3"]  # npx starts it by way of a shell
    login = _login(context, process.pid) if process is not None else None
    programs = (word.rpartition("/")[2] for word in words)
    return replace(
        account,
        login=account.login if login is None else login,
        servers=tuple(dict.fromkeys((*account.servers, server))),
        programs=tuple(dict.fromkeys((*account.programs, *(name for name in programs if name)))),
        commands=account.commands
        or any(ability.kind == "commands" for ability in (launch.abilities if launch is not None else ())),
    )


def _login(context: Context, pid: int) -> int | None:
    begun, place = began(), context.proc / str(pid) / "loginuid"
    try:
        with open(place, "rb") as file:
            number = int(file.read(16))
        note("read", str(place), begun)
    except (OSError, ValueError):
        return None
    return -1 if number == _UNSET else number


def _no_person(uid: int) -> bool:
    if not _FIRST_PERSON <= uid < _LAST_PERSON:
        return True
    try:
        import pwd

        return pwd.getpwuid(uid).pw_shell.rpartition("/")[2] in _NO_LOGIN
    except (KeyError, ImportError, OverflowError):
        return True


def _uid(name: str) -> int | None:
    number = name.removeprefix("#")
    if number.isdigit() and (name.startswith("#") or len(number) < 11):
        return int(number)
    try:
        import pwd

        return pwd.getpwnam(name).pw_uid
    except (KeyError, ImportError, ValueError):
        return None


def _named(uid: int) -> ServerAccount:
    try:
        import pwd

        known = pwd.getpwuid(uid)
        return ServerAccount(uid, visible(known.pw_name), known.pw_gid)
    except (KeyError, ImportError, OverflowError):
        return ServerAccount(uid, f"uid {uid}")
