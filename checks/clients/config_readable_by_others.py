"""Another account can read your client configuration.

What it looks at
----------------
Every client configuration file that was found: whether an account other than yours (and root) has the read bit on it,
through its group, the others class or an ACL, *and* can search every directory on the path. A file with mode 0644
below a home with mode 0700 cannot be read by anybody else, and passes. Where the file holds a secret the finding is
high, else low. An administrator's (managed) configuration without a secret is meant to be read, and passes.

Why it matters
--------------
Tokens stand in these files in plain text: in ``env``, in arguments, in headers and in URLs. Many clients create the
file with the session's umask, which on most systems lets everyone read it. Even without a secret the file tells which
servers run, with which directories and against which hosts.

How an attacker uses it
-----------------------
Any other account, and so any service that was broken into, reads the file once and has a GitHub or database token
that works from anywhere. Nothing on your machine shows that it was read.

How to fix it by hand
---------------------
::

    chmod 600 FILE
    getfacl FILE        # then, where it names other accounts: setfacl -b FILE

If it held a secret while others could read it, make a new one and revoke the old one. Moving secrets out of the file
is the better repair: see the lesson of ``secrets/in-config``.

References
----------
* path_resolution(7), acl(5), umask(2)
* CWE-732: Incorrect Permission Assignment for Critical Resource
* CWE-552: Files or Directories Accessible to External Parties
* CWE-256: Plaintext Storage of a Password
"""

from collections.abc import Iterator

from workbench.api import (
    READ,
    ClientConfig,
    Evidence,
    Finding,
    Location,
    NotApplicable,
    NotAssessed,
    Passed,
    Severity,
    Snapshot,
    Verdict,
    check,
    config_subject,
    who_can,
)


@check(
    title="Another account can read your client configuration",
    severities=(Severity.HIGH, Severity.LOW),
    needs=("clients:mode", "accounts"),
)
def run(snapshot: Snapshot) -> Iterator[Verdict]:
    """One verdict for each file."""
    if not snapshot.clients.configs:
        yield NotApplicable("no client configuration was found")
        return
    if snapshot.host.platform == "win32":
        yield NotAssessed("who may read the client configurations", "Windows access control lists are not read yet")
        return
    home = {known.uid for known in snapshot.accounts.accounts if known.home and known.home == snapshot.host.home}
    for config in snapshot.clients.configs:
        own = {0, snapshot.host.uid} | home | ({config.owner} if config.owner is not None else set())
        readers = who_can(config.path, READ, snapshot.accounts, frozenset(own))
        secrets = _secrets(config)
        if not readers or (config.scope == "managed" and not secrets):
            yield Passed(config_subject(config))
            continue
        file = config.path.file
        acl = ", with an ACL" if file.acl is not None else ""
        path = config.path.asked
        yield Finding(
            subject=config_subject(config),
            severity=Severity.HIGH if secrets else Severity.LOW,
            summary=f"{readers} can read {path}" + _holding(config, secrets),
            evidence=(
                Evidence(
                    expected="only you and root can read it",
                    actual=f"mode {file.mode:04o}{acl}, and every directory on its path can be searched",
                    command=("getfacl", "--absolute-names", path) if file.acl is not None else ("namei", "-l", path),
                ),
            ),
            location=Location(path),
        )


def _holding(config: ClientConfig, secrets: int) -> str:
    if secrets:
        return f", which holds {secrets} secret{'s' if secrets > 1 else ''}"
    if config.problem is not None and not config.servers:
        return " (whether it holds a secret is not known: it could not be parsed)"
    return ""


def _secrets(config: ClientConfig) -> int:
    """How many places of the file hold a secret."""
    places = {(None, secret.place) for secret in config.secrets}
    of_servers = {
        (entry.pointer, secret.place)
        for entry in config.servers
        for secret in (*entry.secrets, *(variable.secret for variable in entry.environment if variable.secret))
    }
    return len(places | of_servers)
