"""Another account can change what a running server runs.

What it looks at
----------------
The program file of every running MCP server, the script that its interpreter runs and the folder of its package, with
every directory and link on the way, as this host reaches them (also where the server itself knows them by another path,
in a sandbox). Modes, ACLs and owners are judged as the kernel judges them:

- another account may write the file or make entries in the package's folder, owns it (an owner can always give itself
  the right), or can put something else in place of it or of a directory above it: high.
- the script lies in a folder where everyone may make entries, such as /tmp: high too. Python looks for modules beside
  the script first, and node looks for node_modules in every folder above it.
- the program that runs is not there any more, or has been replaced since: low. What runs is an old version, or was
  removed by somebody.

Root and the server's own account do not count as "another account"; for a server with an account of its own, neither
do the developers whose clients start it. The files *inside* a package's folder are not looked through one by one.

Why it matters
--------------
A server is started again at every login. Whoever can write what it runs, runs as its account the next time, and no
sandbox that was made for the honest program was made against that.

How an attacker uses it
-----------------------
On a machine that several people or services use, a service that was broken into finds ``/opt/mcp/server/index.js`` with
mode 0666, adds one line, and waits for the next start of your client.

How to fix it by hand
---------------------
Take the rights away where they are given: ``chmod go-w PATH``, ``setfacl -b PATH`` for an ACL, ``sudo chown root:
PATH`` for what a stranger owns. Move what lies in /tmp into a folder of your own. Restart a server whose program was
replaced. Look again with ``namei -l PATH``, which shows every directory on the way.

References
----------
- path_resolution(7), acl(5), namei(1)
- CWE-732: Incorrect Permission Assignment for Critical Resource
- CWE-426: Untrusted Search Path; CWE-427: Uncontrolled Search Path Element
"""

from __future__ import annotations

from collections.abc import Iterator

from workbench.api import (
    WRITE,
    Account,
    AccountFacts,
    Evidence,
    FileFact,
    Finding,
    Location,
    NotApplicable,
    NotAssessed,
    Passed,
    PathFact,
    ServerProcess,
    Severity,
    Snapshot,
    Subject,
    Verdict,
    behind_a_tool,
    can,
    check,
    developers,
    listed,
    others,
    permits,
    process_subject,
    reaches,
    replaceable_at,
)

_DELETED = " (deleted)"
_OVERFLOW = 65534
_SHOWN = 5
_ANYONE = "any account on this machine"


@check(
    title="Another account can change what a running server runs",
    severities=(Severity.HIGH, Severity.LOW),
    needs=("processes:program", "processes:executable", "processes:hidden", "accounts"),
)
def program_replaceable(snapshot: Snapshot) -> Iterator[Verdict]:
    """Judge what every server runs; one finding for each file or directory that lets another account in."""
    if snapshot.host.platform == "win32":
        yield NotApplicable("Windows has access control lists instead of modes; they are not read yet")
        return
    if not snapshot.processes.servers:
        yield NotApplicable("no MCP server is running")
        return
    doors: dict[str, tuple[FileFact, str, set[str], list[ServerProcess]]] = {}
    gone: dict[str, list[ServerProcess]] = {}
    for server in snapshot.processes.servers:
        behind = behind_a_tool(server, "the program")
        if behind is not None:
            yield behind
            continue
        removed = _removed(server)
        opened = list(_opened(server, snapshot))
        for file, how, who in opened:
            known = doors.setdefault(file.path, (file, how, set(), []))
            known[2].add(who)
            if server not in known[3]:
                known[3].append(server)
        if removed:
            gone.setdefault(removed, []).append(server)
        elif not opened and (server.program or _is_elsewhere(server)):
            yield Passed(process_subject(server))
        elif not opened and not _is_said(server, snapshot):
            yield NotAssessed(f"who can replace the program of {server.label}", "the system does not tell what it runs")
    for path, running in gone.items():
        yield _outlived(path, running)
    for place, way, audience, running in doors.values():
        yield _finding(place, way, audience, running, snapshot.accounts)


def _opened(server: ServerProcess, snapshot: Snapshot) -> Iterator[tuple[FileFact, str, str]]:
    """Each place through which another account can change what the server runs: which, how, and who."""
    yours = developers(snapshot)
    # A server of one developer is none of another's business; that of a service is the business of who set it up.
    own = frozenset({0, server.uid}) | (frozenset() if server.uid in yours else yours)
    for path in server.program:
        # In a user namespace the owner of "/" is the real root, seen as nobody.
        trusted = own | {_OVERFLOW} if path.directories and path.directories[0].uid == _OVERFLOW else own
        for account in others(snapshot.accounts, trusted):
            who = _ANYONE if account.uid < 0 else account.name
            directory = replaceable_at(account, path)
            if directory is not None:
                yield directory, "replace entries in", who
            elif can(account, path, WRITE) or (account.uid == path.file.uid and reaches(account, path)):
                yield path.file, "make entries in" if path.file.kind == "directory" else "write", who
            elif _is_script(path, server) and _adds_beside(account, path):
                yield path.directories[-1], "put modules beside the script into", who


def _is_script(path: PathFact, server: ServerProcess) -> bool:
    return path.file.kind == "file" and path.asked != server.executable.removesuffix(_DELETED)


def _adds_beside(account: Account, path: PathFact) -> bool:
    return reaches(account, path) and permits(account, path.directories[-1], WRITE)


def _is_elsewhere(server: ServerProcess) -> bool:
    """Whether what it runs lies in a file system that nobody here can reach, as that of a container."""
    return bool(server.executable) and server.isolation is not None and server.isolation.root == "own"


def _is_said(server: ServerProcess, snapshot: Snapshot) -> bool:
    return any(
        gap.facet in ("program", "executable") and gap.what.endswith(f" of {server.label}")
        for gap in snapshot.processes.state.unread
    )


def _removed(server: ServerProcess) -> str:
    """What it runs that is not there any more, "" for nothing."""
    if server.executable.endswith(_DELETED):
        return server.executable.removesuffix(_DELETED)
    return server.source.path if server.source is not None and server.source.deleted else ""


def _outlived(path: str, servers: list[ServerProcess]) -> Finding:
    return Finding(
        subject=Subject("file", path, path),
        severity=Severity.LOW,
        summary=f"{path} was replaced or removed while it runs as {listed([each.label for each in servers])}: restart",
        evidence=tuple(
            Evidence(
                expected="the program that is on the disk now",
                actual=f"{server.label} runs {server.executable or path}",
                command=("readlink", f"/proc/{server.pid}/exe"),
            )
            for server in servers[:_SHOWN]
        ),
        also=tuple(map(process_subject, servers)),
        detail="removed",
    )


def _finding(file: FileFact, how: str, who: set[str], servers: list[ServerProcess], accounts: AccountFacts) -> Finding:
    audience = _ANYONE if _ANYONE in who else listed(sorted(who))
    names = {known.uid: known.name for known in accounts.accounts}
    acl = ", with an ACL" if file.acl is not None else ""
    command = ("getfacl", "--absolute-names", file.path) if acl else ("stat", "-c", "%A %U:%G %n", file.path)
    return Finding(
        subject=Subject("directory" if file.kind == "directory" else "file", file.path, file.path),
        severity=Severity.HIGH,
        summary=f"{audience} can {how} {file.path}, and with it the code of "
        f"{listed([server.label for server in servers])}",
        evidence=(
            Evidence(
                expected="only root, you and the server's account can change it",
                actual=f"{file.kind} mode {file.mode:04o}{acl}, owner {names.get(file.uid, f'uid {file.uid}')}",
                command=command if file.exact else (),
            ),
        ),
        location=Location(file.path),
        also=tuple(map(process_subject, servers)),
    )
