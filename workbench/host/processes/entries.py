"""Which entry of a client's config a running process was started from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from workbench.host.processes.programs import as_runner, is_interpreter, program_name
from workbench.model.clients import ClientFacts, EntryReference, ServerEntry
from workbench.model.launch import PackageSpec
from workbench.secrets import redact_arguments

# How much of an entry's command stands in a process: all of it, what its wrappers start, or merely the end of it.
_WHOLE, _INNER, _END = 3, 2, 1
# What a client puts something else in place of before it starts a server: ${X}, $X, %X%, {env:X}, {file:X}.
_FILLED_IN = re.compile(r"\$\{[^}]*\}|\$\w+|%\w+%|\{(?:env|file|input):[^}]*\}")


@dataclass(frozen=True, slots=True)
class Configured:
    """One stdio server of one config. ``owner`` is the uid it configures; None when it is for every account.

    ``client`` is the config's client, ``modified`` when the file was last changed, in Unix seconds.
    """

    reference: EntryReference
    entry: ServerEntry
    owner: int | None
    client: str = ""
    modified: float = 0.0

    @property
    def needles(self) -> tuple[str, ...]:
        """Texts of which one must stand in the command line of a process that this entry started."""
        entry = self.entry
        programs = [entry.command[0]]
        if entry.launch is not None:
            programs.append(entry.launch.program)
            if entry.launch.package is not None:
                name = entry.launch.package.name
                return (name.rpartition("/")[2] or name,)
        return tuple(name for name in map(program_name, programs) if name)


Near = tuple[Configured, str, int]
"""An entry that starts the program of a process otherwise than it was: how, and in how many arguments."""


def configured(clients: ClientFacts | None) -> tuple[Configured, ...]:
    """Every stdio server that some client configures, the enabled ones first."""
    if clients is None:
        return ()
    found = [
        Configured(
            EntryReference(config.path.asked, entry.pointer, entry.name),
            entry,
            config.owner,
            config.client,
            config.path.file.modified,
        )
        for config in clients.configs
        for entry in config.servers
        if entry.command
    ]
    return tuple(sorted(found, key=lambda each: each.entry.disabled))


def shown(argv: Sequence[str]) -> tuple[str, ...]:
    """An argument vector as the Snapshot holds it: without its secrets, and visible."""
    return redact_arguments(argv)[0]


@cache
def _shown_once(argv: tuple[str, ...]) -> tuple[str, ...]:
    # Of an entry, as the Snapshot holds it already: every process is compared with every one.
    return shown(argv)


@dataclass(frozen=True, slots=True)
class Started:
    """What is known of a process that an entry may have started. ``tail`` are the arguments after its script.

    ``uid`` is None for a process that comes before the change to another account, such as sudo itself.
    """

    argv: tuple[str, ...]
    uid: int | None
    package: str = ""
    tail: tuple[str, ...] = ()


def match(started: Started, entries: Iterable[Configured]) -> Configured | None:
    """The entry that this process was started from, the best where several fit."""
    command = shown(started.argv)
    runner = as_runner(started.argv)
    as_typed = shown(runner) if runner else ()
    tail = shown(started.tail)
    best: Configured | None = None
    best_fit = (0, 0)
    for each in entries:
        exactness = _exactness(each.entry, command, as_typed, started.package, tail)
        fit = (_account_fit(each, started.uid, exactness), exactness)
        if exactness and fit[0] and fit > best_fit:
            best, best_fit = each, fit
    return best


def _account_fit(each: Configured, uid: int | None, exactness: int) -> int:
    """How well the account of a process fits an entry: 3 surely, 2 it may, 1 hardly, 0 it does not."""
    account = each.entry.launch.account if each.entry.launch is not None else ""
    if uid is None or uid < 0:
        return 3
    if account:
        wanted = uid_of(account)
        return 2 if wanted is None else 3 if wanted == uid else 0
    if each.owner is None or each.owner == uid:
        return 3
    # Something changed the account. A command that stands in the config as it runs, with nothing around it, cannot.
    return 1 if exactness == _WHOLE else 2


def is_configured_account(each: Configured, uid: int | None) -> bool:
    """Whether a process may run as the account that an entry switches to; True where that cannot be told."""
    account = each.entry.launch.account if each.entry.launch is not None else ""
    wanted = uid_of(account) if account else None
    return wanted is None or uid is None or uid < 0 or uid == wanted


def uid_of(account: str) -> int | None:
    """The uid of an account that a launch names (``mcp``, ``990``, ``#990``); None where it is not known here."""
    number = account.removeprefix("#")
    if number.isdecimal():
        return int(number)
    try:
        import pwd

        return pwd.getpwnam(account).pw_uid
    except (ImportError, KeyError, ValueError):
        return None


def _exactness(
    entry: ServerEntry, command: tuple[str, ...], as_typed: tuple[str, ...], package: str, tail: tuple[str, ...]
) -> int:
    launch = entry.launch
    # A script is run as "interpreter script arguments", with at most one option of its first line between.
    tries = [got for got in (command, command[1:], command[2:], as_typed) if got]
    if any(_same(entry.command, got) for got in tries):
        return _WHOLE
    if launch is not None and launch.program:
        # sudo, env and their like put what they start in their own place, or start it as their child. Most are told
        # apart by the program and the number of arguments: to look for secrets in all of them takes its time.
        count, program = 1 + len(launch.arguments), _shown_once((launch.program,))[0]
        alike = [got for got in tries if len(got) == count and _same_program(program, got[0])]
        if alike and any(_same(_shown_once((launch.program, *launch.arguments)), got) for got in alike):
            return _WHOLE if not launch.wrappers else _INNER
    if (
        launch is not None
        and launch.package is not None
        and _is_of_package(entry, launch.package, as_typed, package, tail)
    ):
        return _INNER
    end = entry.command[-len(command) :]
    return _END if 1 < len(command) < len(entry.command) and _same(end, command) else 0


def _is_of_package(
    entry: ServerEntry, spec: PackageSpec, as_typed: tuple[str, ...], package: str, tail: tuple[str, ...]
) -> bool:
    if spec.argument is None or spec.argument >= len(entry.command):
        text = " ".join(entry.command)
        return bool(package) and names_equal(package, spec.name) and all(item in text for item in tail)
    after = entry.command[spec.argument + 1 :]
    if package and names_equal(package, spec.name) and _all_same(after, tail):
        return True
    # npm shows itself as "npm exec PACKAGE ARGUMENTS", its own options left out.
    return any(
        _names_spec(item, spec.name, spec.text) and _all_same(after, as_typed[place + 1 :])
        for place, item in enumerate(as_typed)
    )


def _same(want: Sequence[str], got: Sequence[str]) -> bool:
    if len(want) != len(got) or _is_bare(want):
        return False
    return _same_program(want[0], got[0]) and _all_same(want[1:], got[1:])


def _same_program(want: str, got: str) -> bool:
    if same_argument(want, got):
        return True
    return not ("/" in want and "/" in got) and program_name(want) == program_name(got)


def _is_bare(command: Sequence[str]) -> bool:
    return len(command) == 1 and is_interpreter(program_name(command[0]))


def _all_same(want: Sequence[str], got: Sequence[str]) -> bool:
    return len(want) == len(got) and all(same_argument(one, other) for one, other in zip(want, got, strict=True))


def same_argument(want: str, got: str) -> bool:
    """Whether an argument of an entry can have become this one, what its client fills in being anything."""
    if want == got:
        return True
    if not _FILLED_IN.search(want):
        return False
    pattern = ".*".join(re.escape(piece) for piece in _FILLED_IN.split(want))
    return bool(re.fullmatch(pattern, got, re.S))


def _names_spec(item: str, name: str, text: str) -> bool:
    return item in (name, text) or item.startswith((f"{name}@", f"{name}=="))


def names_equal(one: str, other: str) -> bool:
    """Whether two names are of one package, as PyPI compares them."""
    return re.sub(r"[-_.]+", "-", one).lower() == re.sub(r"[-_.]+", "-", other).lower()
