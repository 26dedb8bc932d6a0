"""A running MCP server holds credentials that its launch did not ask for.

What it looks at
----------------
The environment of the main process of every running MCP server (/proc/PID/environ: what it was started with), and the
variables that its entry in the client's configuration names. A credential that the entry names, in its "env" block, as
NAME=value in front of the command or as "docker run -e NAME", was asked for; whether it may stand there is another
check's question. Every other credential came along by inheritance. A server in a container, and one that a system
service starts, inherit nothing: what they hold was given to them. Where the launch takes variables from a file or from
a program that adds some (op run, doppler run, a script), their names are not known: that is "not assessed", unless
the session of the workbench holds the very same secret.

Why it matters
--------------
The server does not need these credentials, and an injected prompt that reaches it gets them: through a tool that shows
the environment, a command it may run, a bug, a dependency. They work from anywhere and outlast the session.

How an attacker uses it
-----------------------
A file server was started from a shell in which AWS_SECRET_ACCESS_KEY is exported. An injected prompt asks it to read
/proc/self/environ; a path check that only knows about home directories lets that through. The attacker now has the
cloud account, though no server of this machine was ever meant to use it.

How to fix it by hand
---------------------
Start the server with a cleared environment. In the client's configuration:

    "command": "env", "args": ["-i", "PATH=/usr/bin:/bin", "HOME=/home/me", "node", "/opt/server/index.js", "/srv/ws"]

or in a sandbox that clears it (bwrap --clearenv), or as an account of its own through sudo, which resets it. Better
still do not export credentials in the session at all. Restart the server, and renew credentials that it should not
have had. Servers of one client that hold the same credentials are one finding: they come from one place.

References
----------
- environ(7), proc_pid_environ(5), env(1)
- Model Context Protocol, Security Best Practices: local server compromise
- CWE-526: Cleartext Storage of Sensitive Information in an Environment Variable
- CWE-497: Exposure of Sensitive System Information to an Unauthorized Control Sphere
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import takewhile

from workbench.api import (
    Evidence,
    Finding,
    NotApplicable,
    NotAssessed,
    Passed,
    SecretFact,
    ServerEntry,
    ServerProcess,
    Severity,
    Snapshot,
    Verdict,
    check,
    process_subject,
)

_ASSIGNMENT = re.compile(r"(?P<name>[A-Za-z_][A-Za-z0-9_]*)=")
_PASSING = ("-e", "--env")
# Programs that start another one with credentials added, and the word that makes them do so.
_ADDING = {
    **dict.fromkeys(("op", "doppler", "infisical", "dotenvx", "teller", "akeyless", "phase"), "run"),
    **dict.fromkeys(("aws-vault", "chamber", "direnv", "vals", "aws-sso"), "exec"),
    "sops": "exec-env",
    "dotenv": "",
    "envchain": "",
}
_GIVING = re.compile(r"(?:^|[;&|\s])(?:export|source|\.|set\s+-a)\s")
_SHELLS = ("sh", "bash", "dash", "zsh", "ksh", "fish")


@check(
    title="A server holds credentials that its launch did not ask for",
    severities=(Severity.HIGH,),
    needs=("processes:environment", "processes:hidden", "clients:content"),
)
def in_process_environment(snapshot: Snapshot) -> Iterator[Verdict]:
    """Judge the environment of every server whose environment could be read."""
    if not snapshot.processes.servers:
        yield NotApplicable("no MCP server is running")
        return
    alike: dict[tuple[object, ...], list[Finding]] = {}
    for server in sorted(snapshot.processes.servers, key=lambda server: server.key):
        if server.environment is None:
            what = f"the environment of {server.label}"
            # The scan says it already, with the collector's own reason, where the collector left one.
            if not any(unread.what == what for unread in snapshot.processes.state.unread):
                yield NotAssessed(what, "it could not be read", "look as root")
            continue
        verdict = _judge(server, snapshot)
        if isinstance(verdict, Finding):
            alike.setdefault((server.uid, server.client, verdict.evidence[0].actual), []).append(verdict)
        else:
            yield verdict
    for first, *more in alike.values():
        summary = f"{first.summary}; {len(more)} more hold the same" if more else first.summary
        yield replace(first, summary=summary, also=tuple(finding.subject for finding in more))


def _judge(server: ServerProcess, snapshot: Snapshot) -> Verdict:
    subject = process_subject(server)
    entry = _entry(server, snapshot)
    asked = _asked_for(entry)
    held = [
        (variable.name, variable.secret)
        for variable in server.environment or ()
        if variable.secret is not None and variable.name not in asked
    ]
    if not held or server.container or _is_of_system_unit(server, snapshot):
        return Passed(subject)
    if entry is None and server.unit.endswith(".service") and not server.client and not server.unit.startswith("app-"):
        why = f"the service {server.unit} starts it; whether the service names its credentials is not known"
        return NotAssessed(f"the credentials in the environment of {server.label}", why)
    if entry is None and any(gap.facet == "content" for gap in snapshot.clients.state.unread):
        why = "a configuration could not be read, and it may name them"
        return NotAssessed(f"the credentials in the environment of {server.label}", why)
    taken = _taken_from(entry) if entry is not None else ""
    if taken and not _is_of_session(held, snapshot):
        why = f"its launch takes variables from {taken}, which may give them"
        return NotAssessed(f"the credentials in the environment of {server.label}", why)
    whose = f"its entry {entry.name} does not name" if entry is not None else "no configuration gives it"
    return Finding(
        subject=subject,
        severity=Severity.HIGH,
        summary=f"{server.label} holds {', '.join(name for name, _ in held)}, which {whose}",
        evidence=(
            Evidence(
                expected="only the credentials that its launch names",
                actual=", ".join(f"{name} ({secret.kind})" for name, secret in held),
                # Names only. Split at NUL, since a value may have several lines. None where a name is the secret.
                command=("sh", "-c", f"cut -z -s -d= -f1 /proc/{server.pid}/environ | tr '\\0' '\\n'")
                if snapshot.host.platform == "linux" and not any("<secret: " in name for name, _ in held)
                else (),
            ),
        ),
    )


def _entry(server: ServerProcess, snapshot: Snapshot) -> ServerEntry | None:
    if server.entry is None:
        return None
    for config in snapshot.clients.configs:
        for entry in config.servers:
            if config.path.asked == server.entry.path and entry.pointer == server.entry.pointer:
                return entry
    return None


def _asked_for(entry: ServerEntry | None) -> set[str]:
    if entry is None:
        return set()
    names = {variable.name for variable in entry.environment}
    # What its own command line sets or hands on by name, such as a shell's export.
    names.update(variable.name for variable in (entry.launch.environment if entry.launch is not None else ()))
    for before, item in zip(("", *entry.command), entry.command, strict=False):
        assigned = _ASSIGNMENT.match(item.removeprefix("--env=").removeprefix("-e"))
        if assigned:
            names.add(assigned["name"])
        elif before in _PASSING:
            names.add(item)
        elif item.startswith("--env="):
            names.add(item.removeprefix("--env="))
    return names


def _taken_from(entry: ServerEntry) -> str:
    """What else than its entry gives the server variables, in words, or "". Which ones is not known."""
    if entry.environment_files:
        return entry.environment_files[0]
    for item in entry.command:
        parts = item.split()
        for word, after in zip(parts, [*parts[1:], ""], strict=False):
            program = word.rpartition("/")[2]
            following = after or "".join(entry.command[1:2]) if item is entry.command[0] else after
            if program in _ADDING and _ADDING[program] in ("", following):
                return f"{program} {_ADDING[program]}".strip()
    program, *rest = entry.command or ("",)
    program = program.rpartition("/")[2]
    if program.endswith((".sh", ".bash")):
        return program
    options = list(takewhile(lambda item: item.startswith("-"), rest))
    script = rest[len(options)] if program in _SHELLS and len(options) < len(rest) else ""
    if any("c" in option for option in options):
        return "its shell command" if _GIVING.search(script) else ""
    return script.rpartition("/")[2]


def _is_of_session(held: Sequence[tuple[str, SecretFact]], snapshot: Snapshot) -> bool:
    """Whether the session holds the very same secrets, so that they were inherited from one like it."""
    there = {(entry.name, entry.secret.fingerprint) for entry in snapshot.session.environment if entry.secret}
    return all((name, secret.fingerprint) in there for name, secret in held)


def _is_of_system_unit(server: ServerProcess, snapshot: Snapshot) -> bool:
    return any(unit.name == server.unit and unit.manager == "system" for unit in snapshot.units.units)
