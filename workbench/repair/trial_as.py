"""Start a server once as the account that it is to have, through sudo as its client will, and talk to it.

The rule that permits it is in force by then. What sudo remembers of a password is not used: only the rule counts.
"""

from __future__ import annotations

import os
import pwd
import re
from collections.abc import Callable, Sequence

from workbench.host.privileged import Vector
from workbench.model.acts import TrialAsAccount
from workbench.repair import root_commands as commands
from workbench.repair.exchange import Outcome, Start, exchange
from workbench.repair.paths import Refused, words
from workbench.secrets import redact, redact_arguments
from workbench.text import visible

_LONGEST_SECONDS = 300
_SEARCH = "/usr/local/bin:/usr/bin:/bin"
_ACCOUNT = re.compile(r"mcp[a-z0-9_-]{0,28}")
_PLAIN = re.compile(r"[!-~]{1,4000}")
_SAID, _LINES = 400, 4
# What sudo and servers say when they cannot start, and what to try then. The first that fits is told.
_ADVICE = (
    (
        r"sudo: a password is required|sudo: interactive authentication is required",
        "another rule of the policy comes after the new one and asks for the password: look with sudo -l",
    ),
    (
        r"ENOENT|EACCES|[Pp]ermission denied|[Nn]o such file|Cannot find module|No module named",
        "the account misses a file: it has no home, and reaches only what every account may read",
    ),
)


def parts(wanted: TrialAsAccount) -> tuple[str, ...]:
    """Nothing is left of it. Raises Refused where it is no start as another account."""
    if not sound(wanted, ()):
        raise Refused("the plan starts a server in another way than as another account through sudo, which no plan may")
    if list(redact_arguments(list(wanted.command))[0]) != list(wanted.command):
        raise Refused("the command to try holds what looks like a secret, which no plan may hold")
    _caller(wanted)
    return ()


def sound(wanted: TrialAsAccount, nothing: Sequence[str]) -> bool:
    """Whether this is such a start."""
    command = wanted.command
    return (
        not nothing
        and len(command) >= 5
        and command[1:3] == ("-n", "-u")
        and command[0] == "sudo"
        and _ACCOUNT.fullmatch(command[3]) is not None
        and command[4].startswith("/")
        and all(map(_PLAIN.fullmatch, command))
        and 0 < wanted.seconds <= _LONGEST_SECONDS
    )


def there(wanted: TrialAsAccount, nothing: Sequence[str]) -> tuple[str, ...]:
    """Nothing is left of it."""
    return ()


def said(wanted: TrialAsAccount, nothing: Sequence[str], *, comes: bool) -> str:
    """What a person is told of it."""
    return (
        f"start the server once as the account {wanted.command[3]}, as its client will, and wait at most"
        f" {wanted.seconds} seconds for its first answer (initialize); then it is ended. This runs what is configured:"
        f" {' '.join(_tried(wanted))}. Only when it answered is the configuration changed"
    )


def shown(wanted: TrialAsAccount, nothing: Sequence[str]) -> tuple[str, ...]:
    """Its words say it all."""
    return ()


def before(wanted: TrialAsAccount, nothing: Sequence[str], *, comes: bool) -> tuple[Vector, ...]:
    """It is not run as root."""
    return ()


def start(wanted: TrialAsAccount, tell: Callable[[str], None]) -> None:
    """Start the server and talk to it. Raises Refused where it does not answer as a server does."""
    account = _caller(wanted)
    tell(f"starting the server as {wanted.command[3]}, for at most {wanted.seconds} seconds")
    environment = {"PATH": _SEARCH, "LC_ALL": "C.UTF-8"}
    try:
        outcome = exchange(Start(_tried(wanted), environment, "/", account), wanted.seconds)
    except (OSError, ValueError) as error:
        why = words(error) if isinstance(error, OSError) else "a word of its command cannot be given to a program"
        raise Refused(f"the server could not be started as {wanted.command[3]}: {why}") from error
    if outcome.failure:
        raise Refused(_failed(wanted, outcome))
    name = _harmless(f"{outcome.name} {outcome.version}".strip()) or "a server without a name"
    tell(f"it answered, as {name}; it was ended again")


def _tried(wanted: TrialAsAccount) -> tuple[str, ...]:
    return (commands.program("sudo"), "-k", *wanted.command[1:])


def _caller(wanted: TrialAsAccount) -> tuple[int, int, tuple[int, ...]] | None:
    """Whom root becomes to call sudo as the client will; None where that is one's own account already."""
    try:
        known = pwd.getpwnam(wanted.caller)
    except KeyError as error:
        raise Refused(f"there is no account {visible(wanted.caller, 60)}", "scan again") from error
    if known.pw_uid == 0:
        raise Refused("root may start anything as anybody, so nothing would be proven", "run the client as yourself")
    if os.geteuid() == known.pw_uid:
        return None
    if os.geteuid() != 0:
        raise Refused(f"only {known.pw_name} can try what its client will do", f"run the workbench as {known.pw_name}")
    return known.pw_uid, known.pw_gid, tuple(os.getgrouplist(known.pw_name, known.pw_gid))


def _failed(wanted: TrialAsAccount, outcome: Outcome) -> str:
    lines = [line.strip() for line in outcome.complaint.splitlines() if line.strip()]
    told = _harmless(" / ".join(lines[-_LINES:]))
    advice = next((advice for pattern, advice in _ADVICE if re.search(pattern, outcome.complaint)), "")
    return (
        f"the server does not start as {wanted.command[3]}, {outcome.failure}"
        f"{f'; it said: {told}' if told else ''}. To try: {advice or 'start it by hand in the same way, and look'}"
    )


def _harmless(text: str) -> str:
    return visible(redact(text), _SAID)
