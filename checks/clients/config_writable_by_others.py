"""Another account can change what your MCP clients start.

What it looks at
----------------
Every client configuration file that was found, every directory on the path to it, and every symbolic link on the way.
It asks what the kernel would answer: the first class that matches (owner, named ACL entry, group, others), the mask
of the ACL, and the search bit of each directory. A file or directory that belongs to another ordinary account counts
as writable, because an owner can give itself any right. A directory with the sticky bit protects the entries of
others. Administrators'
(managed) configurations are judged by ``clients/managed-policy-writable``.

Why it matters
--------------
A client configuration is a list of programs that run as you at the next start of the client, without a question. The
right to write it is the right to run commands as you. The right to write a *directory* on its path is the same right:
who can rename or remove the file can put another in its place, whatever mode the file itself has.

How an attacker uses it
-----------------------
A second account on the machine (a colleague, a compromised service, a container that shares the directory) adds one
entry such as ``{"command": "sh", "args": ["-c", "…"]}`` or changes the path in an entry that you trust. You start your
client as usual, and the command runs with your files, your keys and your session.

How to fix it by hand
---------------------
Take the right from everyone but yourself, on the file and on its directory::

    chmod go-w FILE
    chmod go-w DIRECTORY
    getfacl FILE          # then, where it names other accounts: setfacl -b FILE
    sudo chown YOU FILE   # where it belongs to somebody else

Look at the content before you trust it again: ``git diff`` or a backup shows what was added.

References
----------
* path_resolution(7), acl(5), inode(7)
* CWE-732: Incorrect Permission Assignment for Critical Resource
* CWE-276: Incorrect Default Permissions
* Model Context Protocol, Security Best Practices: Local MCP Server Compromise
"""

from collections.abc import Iterator

from workbench.api import (
    WRITE,
    AccountFacts,
    Audience,
    ClientConfig,
    Evidence,
    FileFact,
    Finding,
    Location,
    NotApplicable,
    NotAssessed,
    Passed,
    Severity,
    Snapshot,
    Subject,
    Verdict,
    check,
    config_subject,
    others,
    replaceable_at,
    who_can,
)

_OVERFLOW = 65534


@check(
    title="Another account can change what your MCP clients start",
    severities=(Severity.CRITICAL,),
    needs=("clients:mode", "accounts"),
)
def run(snapshot: Snapshot) -> Iterator[Verdict]:
    """One verdict for each file, and one finding for each directory that lets another account replace files."""
    configs = [config for config in snapshot.clients.configs if config.scope != "managed"]
    if not configs:
        yield NotApplicable("no client configuration of an account or a project was found")
        return
    if snapshot.host.platform == "win32":
        yield NotAssessed("who may change the client configurations", "Windows access control lists are not read yet")
        return
    doors: dict[str, tuple[FileFact, list[ClientConfig], Audience]] = {}
    for config in configs:
        trusted = _trusted(snapshot, config)
        writers = who_can(config.path, WRITE, snapshot.accounts, trusted)
        owner = config.path.file.uid if config.path.file.uid not in trusted else None
        if writers or owner is not None:
            yield _of_file(config, writers, owner, snapshot)
        replaceable = _replaceable(config, snapshot.accounts, trusted)
        for directory, audience in replaceable:
            known = doors.get(directory.path, (directory, [], audience))
            doors[directory.path] = (directory, [*known[1], config], _wider(known[2], audience))
        if not writers and owner is None and not replaceable:
            yield Passed(config_subject(config))
    for directory, configs, audience in doors.values():
        yield _of_directory(directory, configs, audience, snapshot)


def _trusted(snapshot: Snapshot, config: ClientConfig) -> frozenset[int]:
    """The accounts that may write it: root, the one that looks, and the one whose home is inspected."""
    trusted = {0, snapshot.host.uid}
    trusted |= {known.uid for known in snapshot.accounts.accounts if known.home and known.home == snapshot.host.home}
    if config.owner is not None:
        trusted.add(config.owner)
    if config.path.directories[0].uid == _OVERFLOW:
        trusted.add(_OVERFLOW)  # in a user namespace the owner of "/" is the real root, seen as nobody
    return frozenset(trusted)


def _replaceable(
    config: ClientConfig, accounts: AccountFacts, trusted: frozenset[int]
) -> list[tuple[FileFact, Audience]]:
    """The directories on the path in which another account can put something else, and who that is."""
    places: dict[str, tuple[FileFact, list[str]]] = {}
    for account in others(accounts, trusted):
        directory = replaceable_at(account, config.path)
        if directory is not None:
            places.setdefault(directory.path, (directory, []))[1].append("" if account.uid < 0 else account.name)
    for directory in config.path.directories:
        if directory.uid not in trusted and directory.path not in places:
            places[directory.path] = (directory, [_name(directory.uid, accounts)])
    return [
        (directory, Audience("" in names, tuple(name for name in names if name)))
        for directory, names in places.values()
    ]


def _of_file(config: ClientConfig, writers: Audience, owner: int | None, snapshot: Snapshot) -> Finding:
    file = config.path.file
    name = _name(owner, snapshot.accounts) if owner is not None else ""
    if name and not writers.everyone and set(writers.accounts) <= {name}:
        summary = f"{config.path.asked} belongs to {name}, who can choose what {config.client_name} runs as you"
    else:
        summary = f"{writers} can write {config.path.asked}, so can choose what {config.client_name} runs as you"
    return Finding(
        subject=config_subject(config),
        severity=Severity.CRITICAL,
        summary=summary,
        evidence=(_evidence(file, config.path.asked, snapshot.accounts),),
        location=Location(config.path.asked),
    )


def _of_directory(directory: FileFact, configs: list[ClientConfig], audience: Audience, snapshot: Snapshot) -> Finding:
    names = ", ".join(dict.fromkeys(config.client_name for config in configs))
    return Finding(
        subject=Subject("directory", directory.path, directory.path),
        severity=Severity.CRITICAL,
        summary=f"{audience} can replace the configuration of {names} through the directory {directory.path}",
        evidence=(_evidence(directory, directory.path, snapshot.accounts),),
        location=Location(directory.path),
        also=tuple(config_subject(config) for config in configs),
    )


def _evidence(file: FileFact, path: str, accounts: AccountFacts) -> Evidence:
    acl = ", with an ACL" if file.acl is not None else ""
    return Evidence(
        expected="only you and root can write it",
        actual=f"{file.kind} {path}: mode {file.mode:04o}{acl}, owner {_name(file.uid, accounts)}",
        command=("getfacl", "--absolute-names", path) if file.acl is not None else ("stat", "-c", "%A %U:%G %n", path),
    )


def _wider(first: Audience, second: Audience) -> Audience:
    return Audience(first.everyone or second.everyone, tuple(dict.fromkeys((*first.accounts, *second.accounts))))


def _name(uid: int, accounts: AccountFacts) -> str:
    return next((account.name for account in accounts.accounts if account.uid == uid), f"uid {uid}")
