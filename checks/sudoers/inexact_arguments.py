r"""A sudo rule for an MCP server permits more arguments than the server needs.

What it looks at
----------------
Every rule that runs without a password and is about an MCP server: "mcp" is a word of its program, its arguments or its
target account, or it names the program or script that a client's config starts, or the account it starts it as. In such
a rule it tells

* no arguments at all: sudo then permits *any*, `""` is what forbids them;
* a wildcard: `*` also matches blanks and slashes, so that `--root /srv/*` permits `--root /srv/x --root /` too;
* a regular expression with `.*` or `.+`, which does the same;
* a directory, or a wildcard in the program's path: any program there, with any arguments.

One exact line passes: `dev ALL=(mcp-server) NOPASSWD: /usr/local/bin/mcp-filesystem-server --root /var/mcp/workspace`.
Even then sudo does not compare where one argument ends and the next begins: it joins them with blanks and compares the
text. A program that takes `--root /var/mcp/workspace` as *one* argument is permitted by the same rule; most programs
refuse it. A rule for `ALL` is told by sudoers/passwordless-too-broad.

Why it matters
--------------
The account of the server is the wall, the arguments are its doors: they say which folder it serves and which options it
has. Who may choose them starts the server with another root, another config file or another module to load.

How an attacker uses it
-----------------------
An injected prompt that reaches any shell of yours runs `sudo -n -u mcp-server mcp-filesystem-server --root /`, and
reads everything that the account can, the data of other projects and of other developers included. With `node *` it is
`sudo -n -u mcp-server node -e '…'`.

How to fix it by hand
---------------------
1. Look at the exact command in the client's config: everything after sudo's own options.
2. `sudo visudo -f FILE`, and write the rule with the absolute path and exactly these arguments; write `""` after a
   program that takes none. In arguments put a backslash before `,`, `:`, `=` and `\`.
3. For several roots write several commands, one each, not a wildcard.
4. Check it: `sudo -n -l -U USER -u ACCOUNT PROGRAM ARGUMENTS` prints the command when it is permitted, and nothing for
   every other one.

References
----------
* sudoers(5), "Wildcards" and "Wildcards in command arguments": https://www.sudo.ws/docs/man/sudoers.man/
* CWE-88, Improper Neutralization of Argument Delimiters in a Command: https://cwe.mitre.org/data/definitions/88.html
* CWE-183, Permissive List of Allowed Inputs: https://cwe.mitre.org/data/definitions/183.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from workbench.api import (
    Evidence,
    Finding,
    NotApplicable,
    NotAssessed,
    Passed,
    Severity,
    Snapshot,
    SudoCommand,
    SudoRule,
    Verdict,
    check,
    foreign_targets,
    permitted_commands,
    rule_listing,
    rule_location,
    rule_subject,
    spoken_callers,
    spoken_targets,
    started_servers,
)

_WORD = re.compile(r"(?:\A|[^a-z0-9])mcp(?:\Z|[^a-z])", re.IGNORECASE)
_WILD = re.compile(r"(?:\A|[^\\])(?:\\\\)*[*?\[]")
_ANY = re.compile(r"(?:\A|[^\\])(?:\\\\)*(?:\.|\[\^[^\]]{0,200}\])(?:[*+]|\{)")
# Nothing but letters that mean themselves, and choices between them inside of brackets.
_CHOICES = re.compile(r"\^(?:[A-Za-z0-9_/@%:,=~ -]|\\[^A-Za-z0-9]|\((?:[A-Za-z0-9_/@%:,=~| -]|\\[^A-Za-z0-9])*\))*\$")
_SHOWN = 6
_ANYONES = frozenset(("root", "ALL"))


@dataclass(frozen=True, slots=True)
class _Known:
    """The programs and scripts that configured servers run, and the accounts they are switched to."""

    files: frozenset[str]
    accounts: frozenset[str]


@check(
    title="A sudo rule for an MCP server permits more arguments than the server needs",
    severities=(Severity.HIGH,),
    needs=("sudoers:rules", "clients:content"),
)
def inexact_arguments(snapshot: Snapshot) -> Iterator[Verdict]:
    """Judge every rule without a password that is about an MCP server."""
    known = _known(snapshot)
    seen = False
    for rule in snapshot.sudoers.rules:
        targets = foreign_targets(rule, snapshot)
        if not rule.here or not rule.passwordless or not targets:
            continue
        commands = [command for command in permitted_commands(rule) if _is_servers(command, rule, known)]
        if commands:
            seen = True
            yield from _judged(rule, commands, targets, snapshot)
    if not seen:
        yield NotApplicable("no sudo rule without a password is about an MCP server")


def _known(snapshot: Snapshot) -> _Known:
    files: set[str] = set()
    accounts: set[str] = set()
    for _, entry, launch in started_servers(snapshot):
        if "sudo" in launch.wrappers:
            accounts.add(launch.account)
            files.update(name for name in (launch.program, launch.script) if name)
        # A program that many things use (node) is no server's own; what it is given is.
        files.update(word for word in (launch.script, *entry.command[:1]) if word.startswith("/") and "mcp" in word)
    return _Known(frozenset(files), frozenset(accounts) - _ANYONES - {""})


def _is_servers(command: SudoCommand, rule: SudoRule, known: _Known) -> bool:
    program, _, arguments = command.text.partition(" ")
    if command.text == "ALL" or not program.startswith(("/", "^")):
        return False
    accounts = {user for user in (*rule.runas_users, *rule.runas_groups) if not user.startswith("!")}
    if _WORD.search(command.text) or any(_WORD.search(account) for account in accounts):
        return True
    words = {program, program.rpartition("/")[2], *arguments.split(" ")}
    return bool(words & known.files) or bool(accounts & known.accounts)


def _judged(
    rule: SudoRule, commands: list[SudoCommand], targets: tuple[str, ...], snapshot: Snapshot
) -> Iterator[Verdict]:
    loose: list[str] = []
    unclear = False
    for command in commands:
        why = _why(command)
        if why is None:
            unclear = True
            yield NotAssessed(
                f"what the regular expression in {command.text} permits {spoken_callers(rule)}",
                "only plain lists of choices are understood",
                "write the permitted arguments out, or judge it by hand",
            )
        elif why:
            loose.append(f"{command.text}: {why}")
    if not loose:
        if not unclear:
            yield Passed(rule_subject(rule))
        return
    more = f"; and {len(loose) - _SHOWN} more" if len(loose) > _SHOWN else ""
    whom, target = spoken_callers(rule), spoken_targets(targets)
    yield Finding(
        subject=rule_subject(rule),
        severity=Severity.HIGH,
        summary=f"{whom} may choose arguments of what runs as {target} for an MCP server: {loose[0]}",
        evidence=(
            Evidence(
                expected='one program by its absolute path with exactly its arguments, or "" for none',
                actual=f"as {target}, without a password: {'; '.join(loose[:_SHOWN])}{more}",
                command=rule_listing(rule, snapshot),
            ),
        ),
        location=rule_location(rule),
    )


def _why(command: SudoCommand) -> str | None:
    """What makes a command inexact, "" when nothing does, None where that cannot be told."""
    program, blank, arguments = command.text.partition(" ")
    if program.startswith("^"):
        if _ANY.search(program):
            return "an expression that matches any program"
        if not blank:
            return "it permits any arguments"
        if not _CHOICES.fullmatch(program):
            return None
    elif program.endswith("/"):
        return "any program in that directory, with any arguments"
    elif _WILD.search(program):
        return "a wildcard in the path of the program"
    elif not blank:
        return 'it permits any arguments, "" would forbid them'
    if arguments.startswith("^") and arguments.endswith("$"):
        if _ANY.search(arguments):
            return "an expression that matches any text"
        return "" if _CHOICES.fullmatch(arguments) else None
    return "a wildcard, which matches blanks and slashes too" if _WILD.search(arguments) else ""
