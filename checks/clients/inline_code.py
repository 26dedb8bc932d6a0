"""A configuration holds the code of a server, or fetches it from the web at each start.

What it looks at
----------------
The command of every enabled server: code handed to an interpreter (``node -e``, ``python -c``, ``deno eval``, ``perl
-e``, PowerShell's ``-EncodedCommand``), and shell text that pipes or substitutes what it has just downloaded into a
shell or an interpreter (``curl … | sh``, ``bash <(curl …)``, ``sh -c "$(wget -O- …)"``). Inline code that does nothing
but import a module and call it, as some installers write it, passes; so does ``sh -c`` with an ordinary command.

Why it matters
--------------
What is downloaded at each start is whatever the other end sends at that moment; nobody has read it, and no lock file or
digest holds it. Code inside of a configuration is code that no review, no scanner and no package manager looks at, in
a file that every program of yours can write.

How an attacker uses it
-----------------------
They take over the address, or answer for it in the network, and send other text to the one client that asks with your
address. Or they add one line to the code in your configuration: a change of a few bytes in a long string is not
noticed, and runs at the next start of the client.

How to fix it by hand
---------------------
Put the code into a file or a package, read it, and name it with its version::

    curl -fsSLo install.sh https://example.com/install.sh    # once, then read it
    "command": "npx", "args": ["-y", "@acme/server@1.2.3"]
    "command": "/usr/bin/python3", "args": ["/opt/mcp/server.py"]

References
----------
* CWE-494: Download of Code Without Integrity Check
* CWE-94: Improper Control of Generation of Code
* OWASP MCP Top 10: MCP04, Software Supply Chain Attacks and Dependency Tampering
"""

import re
from collections.abc import Iterator

from workbench.api import (
    ClientConfig,
    Evidence,
    Finding,
    Location,
    NotApplicable,
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

_FETCH = r"\b(?:curl|wget|iwr|irm|Invoke-WebRequest|Invoke-RestMethod)\b"
_RUNS = (
    r"(?:sudo\s+(?:-\S+\s+)*)?(?:\S*/)?(?:ba|z|da|k|a)?sh\b|(?:\S*/)?(?:python[\d.]*|node|perl|ruby|php|deno)\b|iex\b"
)
_FETCHED = (
    re.compile(rf"{_FETCH}[^|;&\n]{{0,400}}\|\s*(?:tee\s[^|]{{0,200}}\|\s*)?(?:{_RUNS})", re.IGNORECASE),
    re.compile(rf"(?:{_RUNS}|source|eval|\.)\s+(?:-\S+\s+)*[\"']?(?:<\(|\$\(|`)\s*{_FETCH}", re.IGNORECASE),
    re.compile(rf"\b(?:iex|Invoke-Expression)\b[^\n]{{0,200}}{_FETCH}", re.IGNORECASE),
)
_INTERPRETERS: tuple[tuple[re.Pattern[str], re.Pattern[str]], ...] = (
    (re.compile(r"(?:node|nodejs|bun)\Z"), re.compile(r"(?:-e|--eval|-p|--print|-pe)\Z")),
    (re.compile(r"(?:python|pypy)[\d.]*w?\Z|py\Z"), re.compile(r"-[A-Za-z]*c\Z")),
    (re.compile(r"(?:perl|ruby)\Z"), re.compile(r"-[A-Za-z]*[eE]\Z")),
    (re.compile(r"php\Z"), re.compile(r"-r\Z")),
    (re.compile(r"deno\Z"), re.compile(r"eval\Z")),
    (re.compile(r"(?:powershell|pwsh)\Z", re.IGNORECASE), re.compile(r"-e(?:nc|ncodedcommand)?\Z", re.IGNORECASE)),
)
_EXTENSION = re.compile(r"\.(?:exe|cmd)\Z", re.IGNORECASE)
_ONLY_CALLS = re.compile(
    r"\s*(?:import\s+sys\s*;\s*)?"
    r"(?:from\s+[\w.]+\s+import\s+\w+(?:\s+as\s+\w+)?|import\s+[\w.]+(?:\s+as\s+\w+)?)"
    r"\s*;\s*(?:sys\.exit\(\s*)?(?:asyncio\.run\(\s*)?[\w.]+\(\s*\)\s*\)?\s*\)?\s*;?\s*\Z"
    r"|\s*(?:await\s+)?(?:import|require)\(\s*['\"][\w@./-]+['\"]\s*\)\s*;?\s*\Z"
)


@check(
    title="A configuration holds the code of a server, or fetches it at each start",
    severities=(Severity.HIGH,),
    needs=("clients:content",),
)
def run(snapshot: Snapshot) -> Iterator[Verdict]:
    """One verdict for each enabled server that is started here."""
    seen = False
    for config, entry, _ in started_servers(snapshot):
        seen = True
        told = _told(entry.command)
        yield _finding(config, entry, *told) if told else Passed(server_subject(config, entry))
    if not seen:
        yield NotApplicable("no client starts an enabled server on this host")


def _told(command: tuple[str, ...]) -> tuple[str, int, str] | None:
    """What the command does, the place of the word that says so, and that word's part to look for."""
    for place, word in enumerate(command):
        for pattern in _FETCHED:
            found = pattern.search(word)
            if found:
                return "runs what it downloads, at each start", place, found.group()[:40]
    for place, word in enumerate(command[:-1]):
        name = _EXTENSION.sub("", re.split(r"[\\/]", word)[-1])
        for program, option in _INTERPRETERS:
            if program.match(name):
                code = _code(command, place, option)
                if code is not None and not _ONLY_CALLS.match(command[code]):
                    return f"is given its code by {name} {command[code - 1]}", code - 1, command[code - 1]
    return None


def _code(command: tuple[str, ...], place: int, option: re.Pattern[str]) -> int | None:
    """The place of the inline code of the interpreter at ``place``: its option comes before any script."""
    for at in range(place + 1, len(command) - 1):
        if option.match(command[at]):
            return at + 1
        if not command[at].startswith("-"):
            return None
    return None


def _finding(config: ClientConfig, entry: ServerEntry, does: str, place: int, word: str) -> Finding:
    known = place < len(entry.argument_pointers) and entry.argument_pointers[place]
    return Finding(
        subject=server_subject(config, entry),
        severity=Severity.HIGH,
        summary=f"{entry.name} {does}",
        evidence=(
            Evidence(
                expected="a program, a script or a package with a version",
                actual=f"argument {place}: {word}",
                command=entry_command(config, entry),
            ),
        ),
        location=Location(config.path.asked, entry.line, pointer=known or entry.pointer),
    )
