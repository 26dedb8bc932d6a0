"""Another account can replace the program that a server runs.

What it looks at
----------------
The files that every enabled server runs on this machine: its program, found through ``PATH`` as the client finds it,
also behind ``sudo``, ``env``, ``sh -c`` and other wrappers, and the script that an interpreter is given. Of each it
asks who may write it, who may put another file in its place through a directory on its path, and whether it lies in a
folder that everybody may write, such as ``/tmp``. What lies inside of a container or a sandbox is not judged here, and
a program that does not exist is no finding: it cannot run either.

Why it matters
--------------
A client starts these files as you, without a question, at every start. Who can change one of them runs commands as
you, whatever the configuration says and however carefully its versions are pinned. In ``/tmp`` the sticky bit protects
a file only as long as it is there: temporary files are removed at a reboot or after some days, and then the name
belongs to whoever makes it first.

How an attacker uses it
-----------------------
An account without any rights of its own adds one line to a script in a shared folder, or waits until ``/tmp`` was
cleaned and puts its own program where your server used to be. Your client runs it the next time, with your keys.

How to fix it by hand
---------------------
Take the right from everyone but yourself, on the file and on the directory that is named, or move the program to a
folder of your own and write that path into the configuration::

    namei -l PROGRAM
    chmod go-w PROGRAM DIRECTORY
    sudo chown root PROGRAM     # where it belongs to somebody else and every account uses it
    mkdir -p -m 0700 ~/.local/lib/mcp && mv /tmp/server ~/.local/lib/mcp/

Look at what is in the file before you trust it again.

References
----------
* path_resolution(7), acl(5), inode(7); tmpfiles.d(5)
* CWE-732: Incorrect Permission Assignment for Critical Resource
* CWE-379: Creation of Temporary File in Directory with Insecure Permissions
* CWE-427: Uncontrolled Search Path Element
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from workbench.api import (
    WRITE,
    AccountFacts,
    ClientConfig,
    Evidence,
    FileFact,
    Finding,
    Launch,
    Location,
    NotApplicable,
    NotAssessed,
    Passed,
    PathFact,
    Severity,
    Snapshot,
    Subject,
    Verdict,
    check,
    others,
    replaceable_at,
    server_subject,
    started_servers,
    who_can,
)

_OVERFLOW = 65534
_SHARED = 0o1002  # everybody may add to it, nobody may take away what is another's


@dataclass
class _Judged:
    """One file, who can change it, what was seen, and the servers that run it."""

    path: PathFact
    who: dict[str, None] = field(default_factory=dict)
    seen: dict[Evidence, None] = field(default_factory=dict)
    servers: dict[Subject, None] = field(default_factory=dict)
    trusting: set[frozenset[int]] = field(default_factory=set)


@check(
    title="Another account can replace the program that a server runs",
    severities=(Severity.HIGH,),
    needs=("clients:content", "clients:program", "accounts"),
)
def run(snapshot: Snapshot) -> Iterator[Verdict]:
    """One verdict for each file that an enabled server runs."""
    if snapshot.host.platform == "win32" and any(started_servers(snapshot)):
        yield NotAssessed("who may replace the programs", "Windows access control lists are not read yet")
        return
    files = {fact.asked: fact for fact in snapshot.clients.files}
    judged: dict[str, _Judged] = {}
    for config, entry, launch in started_servers(snapshot):
        trusted = _trusted(snapshot, config, launch)
        for name in entry.runs:
            path = files.get(name)
            if path is not None:
                one = judged.setdefault(name, _Judged(path))
                one.servers[server_subject(config, entry)] = None
                _judge(one, snapshot.accounts, trusted)
    if not judged:
        yield NotApplicable("no enabled server runs a program that was found on this machine")
    for one in judged.values():
        subject = Subject("program", one.path.asked, one.path.asked)
        yield _finding(subject, one) if one.seen else Passed(subject)


def _trusted(snapshot: Snapshot, config: ClientConfig, launch: Launch) -> frozenset[int]:
    """The accounts that may write it: root, the one that looks, the one whose home it is, the one it runs as."""
    trusted = {0, snapshot.host.uid}
    for account in snapshot.accounts.accounts:
        if (account.home and account.home == snapshot.host.home) or account.name == launch.account:
            trusted.add(account.uid)
    if config.owner is not None:
        trusted.add(config.owner)
    return frozenset(trusted)


def _judge(one: _Judged, accounts: AccountFacts, trusted: frozenset[int]) -> None:
    if trusted in one.trusting:
        return
    one.trusting.add(trusted)
    path = one.path
    if path.directories and path.directories[0].uid == _OVERFLOW:
        trusted = trusted | {_OVERFLOW}  # in a user namespace the owner of "/" is the real root, seen as nobody
    writers = who_can(path, WRITE, accounts, trusted)
    if writers:
        one.who[str(writers)] = None
        one.seen[_evidence(path.file, "only you and root can write it", accounts)] = None
    elif path.file.uid not in trusted:
        one.who[_name(path.file.uid, accounts)] = None
        one.seen[_evidence(path.file, "it belongs to you or root", accounts)] = None
    for account in others(accounts, trusted):
        directory = replaceable_at(account, path)
        if directory is not None:
            one.who["any account on this machine" if account.uid < 0 else account.name] = None
            one.seen[_evidence(directory, "only you and root can replace what is in it", accounts)] = None
    searched = True
    for directory in path.directories:
        if directory.uid not in trusted:
            one.who[_name(directory.uid, accounts)] = None
            one.seen[_evidence(directory, "it belongs to you or root", accounts)] = None
        elif searched and directory.mode & _SHARED == _SHARED:
            one.who["whoever is the first to make it again once it was removed"] = None
            one.seen[_evidence(directory, "a program in a folder that only you or root can write", accounts)] = None
        searched = searched and bool(directory.mode & 0o001)


def _finding(subject: Subject, one: _Judged) -> Finding:
    names = list(one.who)
    if "any account on this machine" in names:
        names = ["any account on this machine"]
    servers = tuple(one.servers)
    of = servers[0].label if len(servers) == 1 else f"{len(servers)} servers"
    return Finding(
        subject=subject,
        severity=Severity.HIGH,
        summary=f"{', '.join(names[:5])} can replace {one.path.asked}, which {of} run{'s' * (len(servers) == 1)}",
        evidence=tuple(one.seen),
        location=Location(one.path.asked),
        also=servers,
    )


def _evidence(file: FileFact, expected: str, accounts: AccountFacts) -> Evidence:
    acl = ", with an ACL" if file.acl is not None else ""
    return Evidence(
        expected=expected,
        actual=f"{file.kind} {file.path}: mode {file.mode:04o}{acl}, owner {_name(file.uid, accounts)}",
        command=(
            ("getfacl", "--absolute-names", file.path)
            if file.acl is not None
            else ("stat", "-c", "%A %U:%G %n", file.path)
        ),
    )


def _name(uid: int, accounts: AccountFacts) -> str:
    return next((account.name for account in accounts.accounts if account.uid == uid), f"uid {uid}")
