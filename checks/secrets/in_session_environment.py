"""The session holds credentials that everything started from it inherits.

What it looks at
----------------
The variables of the session that started the workbench, which are those of your shell. Only names leave the look, with
the kind of credential that the value has the form of. Placeholders, references ("op://…", "${…}") and empty values do
not count.

Why it matters
--------------
A process hands its whole environment on to what it starts. A client started from this session gives every credential
in it to each MCP server, to the packages that npx fetched for it a moment ago, and to every command that those run,
whether they need it or not. Any process of your account can also read it from /proc/PID/environ.

How an attacker uses it
-----------------------
One server of ten is malicious, or is talked into it: a tool that "shows the environment for debugging", a dependency
that posts process.env to a web address when it is installed. One call, and the cloud key that had nothing to do with
that server is gone.

How to fix it by hand
---------------------
Take the export out of ~/.bashrc, ~/.zshrc, ~/.profile or .envrc. Give the credential only to the program that needs it:
from a keychain or password manager at the moment of the start ("op run -- COMMAND", "GITHUB_TOKEN=$(pass show github)
COMMAND"), or from a file of mode 0600 that only that server's launcher reads. Then close the session, and renew the
credential if servers that you do not trust ran with it.

References
----------
- environ(7), proc_pid_environ(5)
- Model Context Protocol, Security Best Practices
- CWE-526: Cleartext Storage of Sensitive Information in an Environment Variable
"""

from __future__ import annotations

from collections.abc import Iterator

from workbench.api import Evidence, Finding, Passed, Severity, Snapshot, Subject, Verdict, check


@check(
    title="The session's environment holds credentials",
    severities=(Severity.MEDIUM,),
    needs=("session:environment",),
)
def in_session_environment(snapshot: Snapshot) -> Iterator[Verdict]:
    """Judge the variables that everything started from this session inherits."""
    subject = Subject("session", "environment", "the environment of this session")
    held = [(entry.name, entry.secret) for entry in snapshot.session.environment if entry.secret is not None]
    if not held:
        yield Passed(subject)
        return
    named = ", ".join(f"{name} ({secret.kind})" for name, secret in held)
    yield Finding(
        subject=subject,
        severity=Severity.MEDIUM,
        summary=f"whatever this session starts inherits {', '.join(name for name, _ in held)}",
        evidence=(
            Evidence(
                expected="no credential in the environment of a session",
                actual=named,
                # Names only, and safe with values of several lines, of which "env | cut" would print the rest.
                command=()
                if any("<secret: " in name for name, _ in held)
                else ("awk", "BEGIN { for (name in ENVIRON) print name }"),
            ),
        ),
    )
