"""A copy of a client configuration was left beside it.

What it looks at
----------------
The folder of every client configuration that was found, for names that are made from the configuration's own:
``.bak``, ``.old``, ``.orig``, ``.save``, ``.backup``, ``.tmp`` and ``~``, the swap files of editors, and copies with a
number or a date. Each is read as its client would read the original. One that holds a secret is a high finding, one
that only names servers a low one; an empty file, or one with other content, is none. A copy that could not be parsed is
searched for secrets as a text. The workbench keeps its own backups elsewhere, in a folder that only you can read.

Why it matters
--------------
A token that you took out of the configuration, or moved to a safer place, still stands in its copy. Nobody looks after
these files: they keep the mode they were made with, they find their way into archives, dotfile repositories and
synchronised folders, and tools that search for secrets often pass them over. Clients write some of them by themselves.

How an attacker uses it
-----------------------
A server with access to your home lists ``~/.claude.json*`` and reads the copy from last spring. The token in it was
never revoked, because it was only moved.

How to fix it by hand
---------------------
Compare the copy with the original, revoke what it holds if you cannot say who has read it, and remove it::

    ls -la DIRECTORY
    rm -- COPY

Where you need it, keep it in a folder of mode 0700 and set its mode to 0600. Tell the editor not to leave copies beside
the originals (``backupdir`` and ``directory`` in vim, ``backup-directory-alist`` in Emacs).

References
----------
* CWE-530: Exposure of Backup File to an Unauthorized Control Sphere
* CWE-538: Insertion of Sensitive Information into Externally-Accessible File or Directory
* CWE-312: Cleartext Storage of Sensitive Information
"""

from collections.abc import Iterator

from workbench.api import (
    READ,
    Backup,
    ClientConfig,
    Evidence,
    Finding,
    Location,
    NotApplicable,
    Passed,
    Severity,
    Snapshot,
    Subject,
    Verdict,
    check,
    config_subject,
    who_can,
)


@check(
    title="A copy of a client configuration was left beside it",
    severities=(Severity.HIGH, Severity.LOW),
    needs=("clients:mode", "clients:backup", "accounts"),
)
def run(snapshot: Snapshot) -> Iterator[Verdict]:
    """One finding for each copy, and a pass for each configuration without one."""
    if not snapshot.clients.configs:
        yield NotApplicable("no client configuration was found")
    unread = {unread.what for unread in snapshot.clients.state.unread if unread.facet == "backup"}
    seen: set[str] = set()
    for config in snapshot.clients.configs:
        for backup in config.backups:
            if backup.path.asked not in seen:
                seen.add(backup.path.asked)
                yield _finding(config, backup, snapshot)
        path = config.path.asked
        # What could not be listed or read is a gap, which the scan tells.
        if not config.backups and not any(path.startswith(what) or what.startswith(path) for what in unread):
            yield Passed(config_subject(config))


def _finding(config: ClientConfig, backup: Backup, snapshot: Snapshot) -> Finding:
    path, file = backup.path.asked, backup.path.file
    count = len(backup.secrets)
    holds = []
    if count:
        holds.append(f"{count} secret{'s' * (count > 1)}")
    if backup.servers:
        holds.append(f"{backup.servers} server{'s' * (backup.servers > 1)}")
    readers = ""
    if snapshot.host.platform != "win32":
        home = {known.uid for known in snapshot.accounts.accounts if known.home and known.home == snapshot.host.home}
        own = {0, snapshot.host.uid} | home | ({config.owner} if config.owner is not None else set())
        who = who_can(backup.path, READ, snapshot.accounts, frozenset(own))
        readers = f", and {who} can read it" if who else ""
    return Finding(
        subject=Subject("file", path, path),
        severity=Severity.HIGH if count else Severity.LOW,
        summary=f"a copy of {config.client_name}'s configuration holds {' and '.join(holds)}{readers}",
        evidence=(
            Evidence(
                expected="no copy of the configuration beside it",
                actual=f"mode {file.mode:04o}, {file.size} bytes: {_kinds(backup) or 'no secret'}",
                command=("stat", "-c", "%A %U %s bytes, changed %y %n", path),
            ),
        ),
        location=Location(path),
        also=(config_subject(config),),
    )


def _kinds(backup: Backup) -> str:
    kinds = dict.fromkeys(f"{secret.kind} in {secret.place}" for secret in backup.secrets)
    return ", ".join(list(kinds)[:5])
