"""A startup file exports a secret to everything that your shell or your login starts.

What it looks at
----------------
The files that shells and logins read: .bashrc, .bash_profile, .bash_login, .profile, .zshenv, .zprofile, .zshrc,
.zlogin, fish's config.fish, conf.d and universal variables, .envrc (of your home and of the folder you are in),
environment.d, .pam_environment, /etc/environment, /etc/profile and profile.d, and the files that these source with a
path that is written out. Of each variable that is exported ("export", "declare -x", "set -gx", "set -a"), in whatever
branch, it looks whether the value is a secret. What only refers to one ("$(cat FILE)", "$(pass show …)", "${NAME}",
"op://…"), what is commented out, and what is assigned without being exported is silent. Nothing is run.

Why it matters
--------------
A variable exported here is in every program of every session: editors, build tools, the packages that npx fetched a
moment ago, each MCP client and each server that it starts. None of them asked. The file itself is copied into backups
and dotfiles repositories, and a file server whose root is your home can read it.

How an attacker uses it
-----------------------
An injected prompt asks the file server for ~/.bashrc, the first place to look; a malicious package prints its own
environment when it is installed. Published dotfiles repositories are searched for such lines all day.

How to fix it by hand
---------------------
1. Take the line out, and renew the secret if the file was ever in a repository, a backup or a shared folder.
2. Let the one program that needs it fetch it when it starts: in a function or a script,
   ``GITHUB_TOKEN=$(pass show github) gh "$@"``, ``op run -- COMMAND``, ``secret-tool lookup service github``,
   on macOS ``security find-generic-password -s github -w``.
3. For a project use direnv with a reference in .envrc, and keep .envrc and .env out of the repository.
4. "export X=$(cat file)" takes the secret out of this file and still hands it to everything: it is the half of it.

Log out and in again: what runs already keeps its environment.

References
----------
- bash(1): INVOCATION; zshall(1): STARTUP/SHUTDOWN FILES; fish(1); environment.d(5); pam_env(8); direnv(1)
- CWE-526: Cleartext Storage of Sensitive Information in an Environment Variable
- CWE-256: Plaintext Storage of a Password
"""

from __future__ import annotations

from collections.abc import Iterator

from workbench.api import (
    Evidence,
    Finding,
    Location,
    NotApplicable,
    Passed,
    Severity,
    Snapshot,
    StartupFile,
    Subject,
    Verdict,
    check,
)


@check(
    title="A startup file exports a secret to everything",
    severities=(Severity.MEDIUM,),
    needs=("session:startup",),
)
def in_shell_startup(snapshot: Snapshot) -> Iterator[Verdict]:
    """One verdict for each startup file: its lines are mended together."""
    if not snapshot.session.startup:
        yield NotApplicable("there is no startup file of a shell or a login")
    for file in snapshot.session.startup:
        subject = Subject("startup file", file.path, file.path)
        yield _finding(file, subject) if file.secrets else Passed(subject)


def _finding(file: StartupFile, subject: Subject) -> Finding:
    names = list(dict.fromkeys(secret.name for secret in file.secrets))
    whose = "every session of this machine" if file.owner is None else "every program of its sessions"
    return Finding(
        subject=subject,
        severity=Severity.MEDIUM,
        summary=f"{file.path} hands {_listed(names)} to {whose}",
        evidence=tuple(
            Evidence(
                expected="no secret, or a command that fetches it for one program",
                actual=f"line {found.line}: {found.name}, a secret of the kind {found.secret.kind},"
                f" {found.secret.length} characters" + (f" (read by {file.read_by})" if file.read_by else ""),
                # -o prints the name and nothing else of the line. None where the name itself holds a secret.
                command=("grep", "-n", "-o", "-w", "-F", "-e", found.name, "--", file.path)
                if "<secret: " not in found.name
                else (),
            )
            for found in file.secrets
        ),
        location=Location(file.path, file.secrets[0].line),
    )


def _listed(names: list[str]) -> str:
    return ", ".join(names) if len(names) <= 4 else f"{', '.join(names[:4])} and {len(names) - 4} more"
