"""An administrator's configuration can be changed without being administrator.

What it looks at
----------------
Every managed configuration and policy (``/etc/claude-code/managed-mcp.json``, ``/etc/codex/config.toml`` and their like
on macOS), every directory on the path to it, and every symbolic link on the way. Only root may write it, replace it, or
own it. It asks what the kernel would answer, access control lists and the sticky bit included.

Why it matters
--------------
A managed file is the one the clients obey before every other: it names the servers that are allowed, and those that are
started for everybody. It protects against the account it is written for only as long as that account, and whatever runs
as it, cannot write it.

How an attacker uses it
-----------------------
A prompt that reaches a server with the right to write files first widens the policy: its own server goes on the list,
or the line that forbids bypassing the questions goes away. From the next start on the client does as it is told. Where
other accounts can write the file too, each of them chooses what every user of this machine starts.

How to fix it by hand
---------------------
Give it, and the folder it lies in, to root alone::

    sudo chown root:root FILE DIRECTORY
    sudo chmod u=rwX,go=rX FILE DIRECTORY
    getfacl FILE          # then, where it names other accounts: sudo setfacl -b FILE

Look at what it says before you trust it again.

References
----------
* path_resolution(7), acl(5)
* CWE-732: Incorrect Permission Assignment for Critical Resource
* Claude Code documentation: Enterprise managed policy settings
"""

from collections.abc import Iterator

from workbench.api import (
    WRITE,
    Audience,
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
    who_can_replace,
)

_OVERFLOW = 65534


@check(
    title="An administrator's configuration can be changed without being administrator",
    severities=(Severity.CRITICAL, Severity.HIGH),
    needs=("clients:mode", "accounts"),
)
def run(snapshot: Snapshot) -> Iterator[Verdict]:
    """One verdict for each managed file."""
    managed = [config for config in snapshot.clients.configs if config.scope == "managed"]
    if not managed:
        yield NotApplicable("no managed configuration was found")
    for config in managed:
        if snapshot.host.platform == "win32":
            yield NotAssessed(config.path.asked, "Windows access control lists are not read yet")
        else:
            yield _judged(config, snapshot)


def _judged(config: ClientConfig, snapshot: Snapshot) -> Verdict:
    # In a user namespace the owner of "/" is the real root, seen as nobody.
    rootly = frozenset({0, _OVERFLOW} if config.path.directories[0].uid == _OVERFLOW else {0})
    writers = who_can(config.path, WRITE, snapshot.accounts, rootly)
    replacers = who_can_replace(config.path, snapshot.accounts, rootly)
    # An owner can give itself any right.
    owners = {step.uid for step in (config.path.file, *config.path.directories)} - rootly
    if not writers and not replacers and not owners:
        return Passed(config_subject(config))
    names = [account.name for account in snapshot.accounts.accounts if account.uid in owners]
    names += [f"uid {uid}" for uid in owners if all(account.uid != uid for account in snapshot.accounts.accounts)]
    everyone = writers.everyone or replacers.everyone
    audience = Audience(everyone, tuple(dict.fromkeys((*writers.accounts, *replacers.accounts, *names))))
    alone = not everyone and set(audience.accounts) == {snapshot.host.user}
    steps = (config.path.file, *reversed(config.path.directories))
    return Finding(
        subject=config_subject(config),
        severity=Severity.HIGH if alone else Severity.CRITICAL,
        summary=f"{audience} can change {config.path.asked}, which {config.client_name} obeys for every user",
        evidence=(
            Evidence(
                expected="only root can write, replace or own it",
                actual=f"mode {config.path.file.mode:04o}, owner uid {config.path.file.uid}",
                command=("namei", "-l", config.path.asked),
            ),
            *(
                Evidence("a folder of root's", f"{step.path}: mode {step.mode:04o}, owner uid {step.uid}")
                for step in steps[1:]
                if step.uid not in rootly or step.mode & 0o022
            ),
        ),
        location=Location(config.path.asked),
    )
