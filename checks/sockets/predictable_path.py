"""An MCP server's socket has a guessable name in a directory that everyone can write.

What it looks at
----------------
The path of every unix socket that a running MCP server listens on, from the root down, to the first directory in which
any account may make entries (/tmp, /var/tmp, /dev/shm, or one that someone opened). What lies just below it decides: if
its name can be guessed, another account can make it first. A sticky bit does not help, since it only keeps others from
removing what is there already.

In order are a directory with a random name that only the server's account can write (what mkdtemp makes), a socket
whose own name is random, and a directory that root prepared for another account (systemd's PrivateTmp=). A path that
leads through no such directory is in order whatever it is called: $XDG_RUNTIME_DIR, /run/mcp made by
RuntimeDirectory=, a home. A fixed directory such as /tmp/mcp is not, even with mode 0700: after the next reboot the
name is free again.

Why it matters
--------------
A name in /tmp belongs to whoever takes it first. The client knows only the name; it connects to what it finds there and
sends its requests, and often a token, to whoever listens.

How an attacker uses it
-----------------------
Before the server starts, another account binds /tmp/mcp-server.sock, or makes the directory /tmp/mcp with a mode that
lets the server put its socket in. The server's unlink fails, because the directory is sticky, and its listen fails with
EADDRINUSE, which many programs swallow. The client connects to the attacker's socket, who hands everything on and keeps
a copy. With the directory squatted the attacker can also swap the socket later.

How to fix it by hand
---------------------
Put the socket where nobody else can make entries:

- of a login session: $XDG_RUNTIME_DIR/mcp/NAME.sock (mode 0700, made by the system at login, emptied at logout).
- of a service: RuntimeDirectory=mcp and RuntimeDirectoryMode=0700 in the unit, then /run/mcp/NAME.sock.
- if it must be in /tmp: fs.mkdtempSync(path.join(os.tmpdir(), "mcp-")) or tempfile.mkdtemp(), and hand the path to the
  client (through its environment or standard input), never a path made of a fixed name and a process id.

Never go on after a failed listen.

References
----------
- unix(7), path_resolution(7), mkdtemp(3), inode(7) "sticky bit"
- systemd.exec(5): RuntimeDirectory=, PrivateTmp=
- XDG Base Directory Specification: XDG_RUNTIME_DIR
- CWE-377: Insecure Temporary File
- CWE-340: Generation of Predictable Numbers or Identifiers
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass

from workbench.api import (
    EXECUTE,
    Evidence,
    FileFact,
    Finding,
    NotApplicable,
    NotAssessed,
    Passed,
    PathFact,
    Severity,
    Snapshot,
    SocketFact,
    Subject,
    Verdict,
    check,
)

_OTHERS_WRITE = 0o002
_STICKY = 0o1000
_GROUP_OR_OTHERS_WRITE = 0o022
_SUFFIX = re.compile(r"\.(?:sock|socket|s|ipc|unix|tmp|d)\Z")
_MKDTEMP = re.compile(r"tmp[a-z0-9_]{8}\Z|tmp\.[A-Za-z0-9]{6,}\Z")
# What names are usually made of, and what separates it: it tells nothing of chance.
_USUAL = re.compile(r"mcp|servers?|sockets?|sock|srv|ipc|rpc|http|stdio|json|proxy|[-.:@]", re.I)
# The pairs of letters that words are made of. In a word most pairs are among them, in a drawn name hardly any.
_IN_WORDS = re.compile(
    r"a[bcdgiklmnprstuvyz]|b[aeilorsu]|c[aehklort]|d[aeiorsu]|e[abcdeflmnprstvwxy]|f[efio]|g[aehlnoru]|"
    r"h[aeiotu]|i[cdefglmnoprstvx]|k[ei]|l[adeilosty]|m[abeiops]|n[acdegikost]|o[bcdfgklmnoprstuvw]|p[aehilor]|"
    r"q[u]|r[acdeikmnostv]|s[acehiklnopstuwy]|t[aehiorstuwy]|u[eilmnprst]|v[aei]|w[aehios]|y[es]"
)
_UUID = re.compile(r"(?<![0-9a-f])[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\Z", re.I)
_SHORTEST = 6


@dataclass(frozen=True, slots=True)
class _Guessable:
    """An entry that another account can make first: its name in a directory open to everyone, and why it counts."""

    directory: FileFact
    entry: FileFact
    why: str


@check(
    title="A server's socket has a guessable name in a shared directory",
    severities=(Severity.HIGH,),
    needs=("sockets:mode", "sockets:owner", "processes:hidden"),
)
def predictable_path(snapshot: Snapshot) -> Iterator[Verdict]:
    """Judge the path of every socket that has one."""
    paths = [(socket, socket.path) for socket in snapshot.sockets.sockets if socket.path is not None]
    unexamined = [socket for socket in snapshot.sockets.sockets if socket.path is None and not socket.abstract]
    if not any(gap.facet == "mode" for gap in snapshot.sockets.state.unread):
        yield from (NotAssessed(f"the socket {socket.name}", "its path could not be examined") for socket in unexamined)
    if not paths and not unexamined:
        yield NotApplicable("no MCP server listens on a unix socket that has a path")
    for socket, path in paths:
        subject = Subject("socket", path.asked, path.asked)
        guessable = None if socket.foreign_namespace else _guessable(path, _owner(socket, path))
        if guessable is None:
            yield Passed(subject)
            continue
        yield Finding(
            subject=subject,
            severity=Severity.HIGH,
            summary=f"any account can take {guessable.entry.path} before the server does: {guessable.why}",
            evidence=(
                Evidence(
                    expected="no directory on the path in which everyone may make entries",
                    actual=f"{guessable.directory.path} has mode {guessable.directory.mode:04o}",
                    command=_look(guessable.directory),
                ),
                Evidence(
                    expected="below it, a random name that is the server's alone",
                    actual=f"{guessable.entry.path}: {guessable.why}",
                    command=_look(guessable.entry),
                ),
            ),
        )


def _owner(socket: SocketFact, path: PathFact) -> int:
    return socket.uid if socket.uid is not None else path.file.uid


def _guessable(path: PathFact, owner: int) -> _Guessable | None:
    below = [*path.directories[1:], path.file]
    links = {link.path: link for link in path.links}
    for directory, entry in zip(path.directories, below, strict=True):
        if directory.mode & _OTHERS_WRITE and directory.mode & EXECUTE:
            steps = [entry, *(link for name, link in links.items() if _parent(name) == directory.path)]
            for step in steps:
                why = _why_guessable(step, owner, directory)
                if why:
                    return _Guessable(directory, step, why)
        if entry.kind == "directory" and not entry.mode & EXECUTE:
            return None  # nobody else gets further than this
    return None


def _why_guessable(entry: FileFact, owner: int, directory: FileFact) -> str:
    name = entry.path.rpartition("/")[2]
    if entry.kind == "directory":
        if entry.uid not in (0, owner):
            return f"it belongs to another account (uid {entry.uid})"
        prepared = entry.uid == 0 and owner != 0 and not entry.mode & _GROUP_OR_OTHERS_WRITE
        if prepared and directory.mode & _STICKY:
            return ""  # root made it for that account before any could, and nobody else can move it away
    return "" if _is_random(name) else "its name can be guessed"


def _is_random(name: str) -> bool:
    """Whether a name was drawn at random, as far as its letters tell: a process id or a version is not random."""
    bare = _SUFFIX.sub("", name)
    if _MKDTEMP.match(bare) or _UUID.search(bare):
        return True
    pieces = _USUAL.sub("-", bare).split("-")
    ends = [pieces[-1][-length:] for length in (6, 8)]  # mkdtemp puts its letters right behind any prefix
    return any(_is_random_piece(piece) for piece in (*pieces, *ends))


def _is_random_piece(piece: str) -> bool:
    if len(piece) < _SHORTEST or not re.fullmatch(r"[A-Za-z0-9_]+", piece) or piece.strip("_").isdigit():
        return False
    pairs = list(itertools.pairwise(piece))
    readable = sum(_follows(one, other) for one, other in pairs)
    return readable * 5 < len(pairs) * 3


def _follows(one: str, other: str) -> bool:
    """Whether a second letter follows a first as in a word; digits follow digits as in a number."""
    if one.isdigit() and other.isdigit():
        return True
    if other.isupper():
        return False  # a capital within a piece starts no word here: the usual words were taken out before
    return bool(_IN_WORDS.fullmatch((one + other).lower()))


def _parent(path: str) -> str:
    return path.rpartition("/")[0] or "/"


def _look(file: FileFact) -> tuple[str, ...]:
    return ("stat", "-c", "%a %U:%G %n", file.path) if file.exact else ()
