"""A server goes on running although the client that started it is gone.

What it looks at
----------------
Every running MCP server that speaks over standard input and output with the client that started it, and whether that
client is still there. A server of a unit or of a container has no client of this kind and is in order.

Why it matters
--------------
Nobody talks to it any more, and it still has all its rights: open files, credentials in its environment, perhaps a
port. It is never updated, since only a restart would do that, and a crowd of them slows the machine down.

How an attacker uses it
-----------------------
A forgotten server keeps an old version with a known hole, and a token that was withdrawn from the configuration long
ago, for as long as the session lasts.

How to fix it by hand
---------------------
End it: ``kill PID``. Should it happen again, the client does not end its servers: start them with something that does,
such as ``bwrap --die-with-parent`` or ``setpriv --pdeathsig TERM COMMAND``.

References
----------
- prctl(2): PR_SET_PDEATHSIG; setpriv(1); bwrap(1)
- Model Context Protocol specification: lifecycle, shutdown
- CWE-404: Improper Resource Shutdown or Release
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from workbench.api import (
    Evidence,
    Finding,
    NotApplicable,
    Passed,
    Severity,
    Snapshot,
    Verdict,
    check,
    process_subject,
)


@check(
    title="A server outlived the client that started it",
    severities=(Severity.LOW,),
    needs=("processes:hidden",),
)
def orphaned(snapshot: Snapshot) -> Iterator[Verdict]:
    """Say of every server whether its client is gone."""
    if not snapshot.processes.servers:
        yield NotApplicable("no MCP server is running")
    for server in snapshot.processes.servers:
        if not server.orphaned:
            yield Passed(process_subject(server))
            continue
        since = datetime.fromtimestamp(server.started, UTC).strftime("%Y-%m-%d %H:%M UTC") if server.started else ""
        yield Finding(
            subject=process_subject(server),
            severity=Severity.LOW,
            summary=f"{server.label} runs on although the client that started it is gone: end it",
            evidence=(
                Evidence(
                    expected="the client that started it, or nothing",
                    actual=f"process {server.pid}{f', started {since}' if since else ''}, without its client",
                    command=("ps", "-o", "pid,ppid,lstart,comm", "-p", str(server.pid)),
                ),
            ),
        )
