"""A server's code listens under a name that another account can take first.

What it looks at
----------------
In the code of servers: the path of every unix socket, through constants, defaults of settings and options, and joined
parts. It is found where a name that can be guessed lies in /tmp, /var/tmp or /dev/shm: fixed, or with a process id, an
account or a version in it. It is medium where the code does so only without ``XDG_RUNTIME_DIR``. A fixed folder in /tmp
is no better than a fixed file. Abstract names are found too: they have no folder, and whoever binds one first has it.
In order are a folder of ``mkdtemp``, ``$XDG_RUNTIME_DIR``, /run, the home, and a name with a random part. What comes
out of a configuration file is judged on the running server, by ``sockets/predictable-path``.

Why it matters
--------------
The client knows nothing but the name. If another account listens there, the client talks to it: requests, documents and
often a token go to whoever was first.

How an attacker uses it
-----------------------
It binds ``/tmp/mcp-server.sock`` before the server starts. The server cannot remove the file, for the folder is sticky;
its ``listen`` fails with EADDRINUSE (it never takes over the other's socket, as some guides say), and where that error
is swallowed the server seems to run. The client connects, and the attacker hands everything on and keeps a copy.

How to fix it by hand
---------------------
- of a login session: ``$XDG_RUNTIME_DIR/mcp-NAME.sock``, and an error where the variable is not set
- of a service: ``RuntimeDirectory=mcp`` in the unit, then /run/mcp/NAME.sock
- else ``fs.mkdtempSync(path.join(os.tmpdir(), "mcp-"))`` or ``tempfile.mkdtemp()``, and tell the client the path

An abstract name (one that begins with a NUL) is not the safer choice that it is taken for: it has no mode, every
account of the network namespace connects, and its name can be read in /proc/net/unix. Never go on after a failed
listen.

References
----------
- unix(7), mkdtemp(3); XDG Base Directory Specification
- CWE-377: Insecure Temporary File
- CWE-340: Generation of Predictable Numbers or Identifiers
"""

from __future__ import annotations

from collections.abc import Iterator

from workbench.api import (
    UNSEEN_SOCKET,
    Flawed,
    NotAssessed,
    Passed,
    Severity,
    Snapshot,
    UnixListener,
    Verdict,
    check,
    code_subject,
    guessable_name,
    judge_code,
    unjudged,
)

_EXPECTED = "a folder of its own: XDG_RUNTIME_DIR, /run/NAME, or what mkdtemp makes"


@check(
    title="A server's code listens under a name that others can take first",
    severities=(Severity.HIGH, Severity.MEDIUM),
    needs=("code:files", "code:python", "code:javascript"),
)
def predictable_socket_path(snapshot: Snapshot) -> Iterator[Verdict]:
    """Judge the address of every listener."""
    return judge_code(snapshot, snapshot.code.observed.listeners, _judge, "says where its unix socket is")


def _judge(listener: UnixListener) -> Flawed | Passed | NotAssessed:
    if listener.kind == "unknown":
        return unjudged(listener.site, "where the socket is", "its code does not say it", UNSEEN_SOCKET)
    if listener.kind == "abstract":
        summary = f"any account can take the abstract name @{listener.address} before the server does"
        return Flawed(Severity.HIGH, summary, _EXPECTED, f"{listener.call} on the abstract name @{listener.address}")
    name = guessable_name(listener)
    if not name:
        return Passed(code_subject(listener.site))
    only = f", where {listener.unless} does not say otherwise" if listener.unless else ""
    return Flawed(
        Severity.MEDIUM if listener.unless == "XDG_RUNTIME_DIR" else Severity.HIGH,
        f"any account can take {name} before the server does{only}",
        _EXPECTED,
        f"{listener.call} on {name}{only}",
    )
