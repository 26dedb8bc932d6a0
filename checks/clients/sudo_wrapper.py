"""A server is started through sudo in a way that does not do what it seems to.

What it looks at
----------------
Every enabled server whose command goes through ``sudo``. Three mistakes are told: no ``-n`` (when a password is asked
for, there is nobody to ask, and the question disturbs the protocol); variables in the entry's ``env``, which sudo drops
(unless ``-E``, ``--preserve-env`` or sudoers keeps them; ``LANG``, ``TZ`` and their like it keeps by itself); and
``sudo docker``, where whoever may start a container as root is root. ``sudo -n -u ACCOUNT PROGRAM`` without variables
is the right way and passes.

Why it matters
--------------
An account of its own is one of the best walls a server can have, and sudo is the way through it. Started wrongly it
stands still without a message, runs without the key that you gave it, or runs with more rights than you have.

How an attacker uses it
-----------------------
``sudo docker run -v /:/host`` needs no flaw: a rule that lets you start docker as root without a password lets every
program you run do the same. And a server that fails because its variables are gone is soon started without sudo again,
as you.

How to fix it by hand
---------------------
Name the account, forbid the question, and give variables where sudo does not take them away::

    "command": "sudo",
    "args": ["-n", "-u", "mcp-server", "/usr/local/bin/mcp-files", "/srv/workspace"]

Let the program read its key from a file of the account's (mode 0600), or allow that one variable in sudoers
(``Defaults!/usr/local/bin/mcp-files env_keep += "API_KEY"``) and start it with ``--preserve-env=API_KEY``. For
containers use rootless Docker or Podman, without sudo.

References
----------
* sudo(8): ``-n``, ``--preserve-env``; sudoers(5): ``env_reset``, ``env_keep``
* CWE-250: Execution with Unnecessary Privileges
* Docker documentation: Docker daemon attack surface
"""

import re
from collections.abc import Iterator

from workbench.api import (
    ClientConfig,
    Evidence,
    Finding,
    Launch,
    Location,
    NotApplicable,
    NotAssessed,
    Passed,
    ServerEntry,
    Severity,
    Snapshot,
    Verdict,
    check,
    entry_command,
    server_subject,
    started_servers,
)

_ENGINES = frozenset(("docker", "podman", "nerdctl"))
# PATH is replaced by what the administrator set, which takes nothing from the server; the others are sudo's defaults.
_ALWAYS = re.compile(
    r"PATH|LANG|LANGUAGE|LC_\w+|TZ|TERM|COLORS|COLORTERM|LINGUAS|DISPLAY|HOSTNAME|KRB5CCNAME|LS_COLORS|PS1|PS2"
    r"|XAUTHORITY|XAUTHORIZATION|XDG_CURRENT_DESKTOP"
)
_VALUED = frozenset("aCcDghpRrtTUu")


@check(
    title="A server is started through sudo in a way that does not do what it seems to",
    severities=(Severity.MEDIUM, Severity.LOW),
    needs=("clients:content",),
)
def run(snapshot: Snapshot) -> Iterator[Verdict]:
    """One verdict for each enabled server that sudo starts."""
    seen = False
    for config, entry, launch in started_servers(snapshot):
        if "sudo" not in launch.wrappers and not launch.program.endswith("sudo"):
            continue
        seen = True
        options = _options(entry)
        if options is None:
            yield NotAssessed(server_subject(config, entry).label, "how sudo is called could not be told")
        else:
            yield _judged(config, entry, launch, options)
    if not seen:
        yield NotApplicable("no enabled server is started through sudo")


def _options(entry: ServerEntry) -> list[str] | None:
    """The options of sudo, each by its name alone but ``--preserve-env``, which may name variables."""
    words = list(entry.command)
    if not any(re.search(r"(?:\A|/)sudo\Z", word) for word in words):
        words = " ".join(words).split()  # it stands inside of a longer string
    at = next((place for place, word in enumerate(words) if re.search(r"(?:\A|[/\"'])sudo\Z", word)), None)
    if at is None:
        return None
    found: list[str] = []
    words = words[at + 1 :]
    while words and words[0].startswith("-") and words[0] != "--":
        word = words.pop(0)
        if word.startswith("--"):
            name, equals, _ = word.partition("=")
            found.append(word if name == "--preserve-env" else name)
            if not equals and name in ("--user", "--group", "--prompt", "--chdir", "--host", "--role", "--type"):
                words = words[1:]
            continue
        for place, letter in enumerate(word[1:], 2):
            found.append(f"-{letter}")
            if letter in _VALUED:
                words = words[1:] if place == len(word) else words
                break
    return found


def _judged(config: ClientConfig, entry: ServerEntry, launch: Launch, options: list[str]) -> Verdict:
    evidence: list[Evidence] = []
    command = entry_command(config, entry)
    says: list[str] = []
    severity = Severity.LOW
    if _starts_engine(launch):
        severity = Severity.MEDIUM
        says.append("starts a container engine as root, which is root")
        evidence.append(Evidence("a container engine without root's rights", "sudo starts docker as root", command))
    names = [variable.name for variable in entry.environment if not _is_kept(variable.name, options)]
    if names:
        severity = Severity.MEDIUM
        says.append(f"loses {', '.join(names[:5])}: sudo drops what sudoers does not say to keep")
        evidence.append(
            Evidence("no variables in the entry, or sudo told to keep them", f"env: {', '.join(names)}", command)
        )
    if not {"-n", "--non-interactive", "-A", "--askpass"}.intersection(options):
        says.append("stands still where sudo asks for a password: -n is missing")
        evidence.append(Evidence("sudo -n", "sudo without -n", command))
    if not evidence:
        return Passed(server_subject(config, entry))
    return Finding(
        subject=server_subject(config, entry),
        severity=severity,
        summary=f"{entry.name} {'; it '.join(says)}",
        evidence=tuple(evidence),
        location=Location(config.path.asked, entry.line, pointer=entry.pointer),
    )


def _is_kept(name: str, options: list[str]) -> bool:
    """Whether a variable of the entry passes sudo: asked for, or one that sudo keeps by itself."""
    if {"-E", "--preserve-env"}.intersection(options) or _ALWAYS.fullmatch(name):
        return True
    return any(name in option.partition("=")[2].split(",") for option in options if option.startswith("--preserve-env"))


def _starts_engine(launch: Launch) -> bool:
    """Whether sudo, as root, is what starts a container."""
    at = launch.wrappers.index("sudo") if "sudo" in launch.wrappers else 0
    inner = {wrapper.split(" ")[0] for wrapper in launch.wrappers[at + 1 :]} | {launch.program}
    return launch.account.lstrip("#") in ("root", "0") and bool(inner & _ENGINES)
