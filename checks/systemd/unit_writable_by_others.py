"""Another account can change what systemd starts for you.

What it looks at
----------------
For every systemd service that starts an MCP server: its unit file, its drop-ins, its socket, the files of variables
that it reads, the folders of its drop-ins, and the folders that units are loaded from, each with every directory on its
path. It asks what the kernel would answer: the first class that matches (owner, named ACL entry, group, others), the
mask of the ACL, the sticky bit. Of the system's units everyone but root is another account, you included; of your own
units everyone but you and root.

Why it matters
--------------
A unit is a command that runs at the next start, with an account that the unit itself chooses. Who can write the unit of
a system service, or put a drop-in beside it, is root. A folder is enough: a drop-in that was not there before takes
back every protection and names another program, and the unit file looks as it always did.

How an attacker uses it
-----------------------
A second account, or a server that may write there, adds `mcp.service.d/10.conf` with `ExecStart=` and its own command,
and waits for a restart. With a file of variables one line is enough: `LD_PRELOAD=/tmp/x.so` or
`NODE_OPTIONS=--require /tmp/x.js`.

How to fix it by hand
---------------------
System units: `sudo chown root: FILE` and `sudo chmod go-w FILE`, the same for the folder; then see whether an ACL names
somebody: `getfacl FILE`, and where it does `sudo setfacl -b FILE`. Your own: `chmod go-w ~/.config/systemd/user` and
all below. Look at what stands there before you trust it: `systemctl cat UNIT`.

References
----------
* systemd.unit(5), "Unit File Load Path": https://www.freedesktop.org/software/systemd/man/latest/systemd.unit.html
* path_resolution(7), acl(5), inode(7)
* CWE-732, Incorrect Permission Assignment for Critical Resource: https://cwe.mitre.org/data/definitions/732.html
"""

from __future__ import annotations

from collections.abc import Iterator

from workbench.api import (
    WRITE,
    AccountFacts,
    Audience,
    Evidence,
    FileFact,
    Finding,
    Location,
    NotApplicable,
    Passed,
    PathFact,
    Severity,
    Snapshot,
    Subject,
    UnitFact,
    Verdict,
    check,
    others,
    replaceable_at,
    unit_subject,
    who_can,
)

_OVERFLOW = 65534


@check(
    title="Another account can change what systemd starts for you",
    severities=(Severity.CRITICAL,),
    needs=("units:mode", "accounts", "units:content"),
)
def unit_writable_by_others(snapshot: Snapshot) -> Iterator[Verdict]:
    """One finding for each unit that can be written, and one for each directory that lets others replace units."""
    units = snapshot.units.units
    if not units:
        yield NotApplicable("no systemd unit here runs an MCP server")
    doors: dict[str, tuple[FileFact, list[UnitFact], Audience]] = {}
    for unit in units:
        trusted = _trusted(unit)
        written = [
            (path, audience)
            for path in unit.files
            if path.file.kind != "directory" and (audience := _writers(path, snapshot.accounts, trusted))
        ]
        if written:
            yield _of_file(unit, written, snapshot.accounts)
        found = [each for path in _paths(unit, snapshot) for each in _doors(path, snapshot.accounts, trusted)]
        for directory, audience in found:
            known = doors.get(directory.path, (directory, [], audience))
            doors[directory.path] = (directory, [*known[1], unit], _wider(known[2], audience))
        if not written and not found:
            yield Passed(unit_subject(unit))
    for directory, of_units, audience in doors.values():
        yield _of_directory(directory, of_units, audience, snapshot.accounts)


def _trusted(unit: UnitFact) -> frozenset[int]:
    trusted = {0, unit.owner}
    if unit.path.directories[0].uid == _OVERFLOW:
        trusted.add(_OVERFLOW)  # in a user namespace the owner of "/" is the real root, seen as nobody
    return frozenset(trusted)


def _paths(unit: UnitFact, snapshot: Snapshot) -> list[PathFact]:
    return [*unit.files, *(folder.path for folder in snapshot.units.folders if folder.manager == unit.manager)]


def _writers(path: PathFact, accounts: AccountFacts, trusted: frozenset[int]) -> Audience:
    """Who can write what the path names; its owner always can."""
    found = who_can(path, WRITE, accounts, trusted)
    if path.file.uid in trusted:
        return found
    return _wider(found, Audience(everyone=False, accounts=(_name(path.file.uid, accounts),)))


def _doors(path: PathFact, accounts: AccountFacts, trusted: frozenset[int]) -> Iterator[tuple[FileFact, Audience]]:
    """The directories in which others can put something else, and who that is."""
    places: dict[str, tuple[FileFact, Audience]] = {}
    for account in others(accounts, trusted):
        directory = replaceable_at(account, path)
        if directory is not None:
            one = Audience(account.uid < 0, () if account.uid < 0 else (account.name,))
            known = places.get(directory.path, (directory, one))
            places[directory.path] = (directory, _wider(known[1], one))
    for directory in path.directories:
        if directory.uid not in trusted:
            own = Audience(everyone=False, accounts=(_name(directory.uid, accounts),))
            known = places.get(directory.path, (directory, own))
            places[directory.path] = (directory, _wider(known[1], own))
    if path.file.kind == "directory" and (writers := _writers(path, accounts, trusted)):
        known = places.get(path.file.path, (path.file, writers))
        places[path.file.path] = (path.file, _wider(known[1], writers))
    yield from places.values()


def _of_file(unit: UnitFact, written: list[tuple[PathFact, Audience]], accounts: AccountFacts) -> Finding:
    path, audience = written[0]
    return Finding(
        subject=unit_subject(unit),
        severity=Severity.CRITICAL,
        summary=f"{audience} can write {path.asked}, so can choose what {unit.name} starts{_as(unit)}",
        evidence=tuple(_evidence(each.file, each.asked, unit, accounts) for each, _ in written),
        location=Location(path.asked),
    )


def _of_directory(directory: FileFact, units: list[UnitFact], audience: Audience, accounts: AccountFacts) -> Finding:
    names = list(dict.fromkeys(unit.name for unit in units))
    shown = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
    unique = {(unit.manager, unit.name): unit for unit in units}
    return Finding(
        subject=Subject("directory", directory.path, directory.path),
        severity=Severity.CRITICAL,
        summary=f"{audience} can put units or drop-ins into {directory.path}, so choose what starts as {shown}",
        evidence=(_evidence(directory, directory.path, units[0], accounts),),
        location=Location(directory.path),
        also=tuple(unit_subject(unit) for unit in unique.values()),
    )


def _as(unit: UnitFact) -> str:
    return " as root" if unit.manager == "system" else " as you"


def _evidence(file: FileFact, path: str, unit: UnitFact, accounts: AccountFacts) -> Evidence:
    acl = ", with an ACL" if file.acl is not None else ""
    return Evidence(
        expected="only root can write it" if unit.manager == "system" else "only you and root can write it",
        actual=f"{file.kind} {path}: mode {file.mode:04o}{acl}, owner {_name(file.uid, accounts)}",
        command=("getfacl", "--absolute-names", path) if file.acl is not None else ("stat", "-c", "%A %U:%G %n", path),
    )


def _wider(first: Audience, second: Audience) -> Audience:
    return Audience(first.everyone or second.everyone, tuple(dict.fromkeys((*first.accounts, *second.accounts))))


def _name(uid: int, accounts: AccountFacts) -> str:
    return next((account.name for account in accounts.accounts if account.uid == uid), f"uid {uid}")
