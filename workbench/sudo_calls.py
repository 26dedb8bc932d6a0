"""How a configured server calls sudo: as whom, with what kept, and the command that sudo is to run."""

from __future__ import annotations

import re

from workbench.model.clients import ClientConfig
from workbench.model.facts import Account
from workbench.model.launch import Launch
from workbench.model.record import record
from workbench.model.snapshot import Snapshot

_SUDO = re.compile(r"(?:\A|/)sudo\Z")
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")
_ALONE = frozenset("ABbEHknNPS")
_VALUED = frozenset("ugpCT")
_LONG_ALONE = frozenset(
    (
        *("askpass", "background", "bell", "set-home", "reset-timestamp", "non-interactive", "no-update", "stdin"),
        "preserve-groups",
    )
)
_LONG_VALUED = frozenset(("user", "group", "prompt", "close-from", "command-timeout"))


@record
class SudoCall:
    """How sudo is called: the account and group it is given, what is kept, and the command."""

    user: str
    group: str
    keeps_all: bool
    keeps_some: bool
    command: tuple[str, ...]


def through_sudo(launch: Launch) -> bool:
    """Whether a server is started through sudo."""
    return "sudo" in launch.wrappers or bool(_SUDO.search(launch.program))


def sudo_target(call: SudoCall, snapshot: Snapshot) -> str:
    """The account that sudo is to run the command as, "" for the caller's own."""
    # sudo -u "" and a group alone keep the caller's own account.
    return call.user or ("" if call.group else _default_target(snapshot))


def sudo_caller(config: ClientConfig, snapshot: Snapshot) -> Account | None:
    """The account whose client reads a config and so calls sudo; None where that is not known."""
    owner = config.owner
    if owner is None:
        owner = config.path.file.uid if config.scope == "user" else snapshot.host.uid
    return next((account for account in snapshot.accounts.accounts if account.uid == owner), None)


def called_through_sudo(words: tuple[str, ...]) -> SudoCall | None:
    """How sudo is called; None where it is not one whole word of the command, or with an option that changes more."""
    at = next((place for place, word in enumerate(words) if _SUDO.search(word)), None)
    if at is None:
        return None
    user = group = ""
    keeps_all = keeps_some = False
    left = list(words[at + 1 :])
    while left and left[0].startswith("-"):
        word = left.pop(0)
        if word == "--":
            break
        options = _options(word, left)
        if options is None:
            return None
        for name, value in options:
            user = value if name in ("u", "user") else user
            group = value if name in ("g", "group") else group
            keeps_all = keeps_all or name == "E" or (name == "preserve-env" and not value)
            keeps_some = keeps_some or (name == "preserve-env" and bool(value))
    while left and _ASSIGNMENT.match(left[0]):
        keeps_some = True
        left.pop(0)
    return SudoCall(user, group, keeps_all, keeps_some, tuple(left)) if left and not left[0].startswith("-") else None


def _default_target(snapshot: Snapshot) -> str:
    named = [each for each in snapshot.sudoers.defaults if each.name == "runas_default" and each.scope == "everyone"]
    return named[-1].values[0] if named and named[-1].values else "root"


def _options(word: str, left: list[str]) -> list[tuple[str, str]] | None:
    """The options in one word, each with its value, taken from the words that are left where it needs one."""
    if word.startswith("--"):
        name, equals, value = word[2:].partition("=")
        if name == "preserve-env":
            return [(name, value)]
        if name in _LONG_ALONE:
            return [(name, "")]
        if name not in _LONG_VALUED or (not equals and not left):
            return None
        return [(name, value if equals else left.pop(0))]
    found: list[tuple[str, str]] = []
    for place, letter in enumerate(word[1:], 2):
        if letter in _VALUED:
            value = word[place:] or (left.pop(0) if left else "")
            return [*found, (letter, value)] if value else None
        if letter not in _ALONE:
            return None
        found.append((letter, ""))
    return found
