"""A server was started before its configuration was changed.

What it looks at
----------------
Every running MCP server that an entry of a client's configuration started, and whether it runs as that entry says now:
the same command, the same sandbox around it, the same version. systemd/stale-process asks the same of units.

Why it matters
--------------
A change in a file changes nothing that runs. Whoever has put a sandbox around a server, or pinned a version without a
known hole, is only safe once the client has started it again, and most clients do so only when they are restarted
themselves.

How an attacker uses it
-----------------------
The flaw that you mended yesterday is still there for as long as the client stays open, which on a developer's machine
is weeks.

How to fix it by hand
---------------------
Restart the client, or only the server where the client can do that (most have "restart" or "reload" beside each
server). Then look again: the process should be younger than the file.

References
----------
- Model Context Protocol specification: lifecycle
- CWE-665: Improper Initialization
"""

from __future__ import annotations

from collections.abc import Iterator

from workbench.api import (
    Evidence,
    Finding,
    Location,
    NotApplicable,
    Passed,
    Severity,
    Snapshot,
    Verdict,
    check,
    process_subject,
)


@check(
    title="A server runs with an older configuration",
    severities=(Severity.INFO,),
    needs=("processes:hidden", "clients:content"),
)
def outdated(snapshot: Snapshot) -> Iterator[Verdict]:
    """Say of every server that a config starts whether it runs as the config says now."""
    judged = False
    for server in snapshot.processes.servers:
        if server.entry is None and not server.outdated:
            continue
        judged = True
        if not server.outdated:
            yield Passed(process_subject(server))
            continue
        path = server.entry.path if server.entry is not None else ""
        yield Finding(
            subject=process_subject(server),
            severity=Severity.INFO,
            summary=f"{server.label} runs as it was configured before: restart it to get what is configured now",
            evidence=(
                Evidence(
                    expected=f"what {path} says now" if path else "what is configured now",
                    actual=server.outdated,
                    command=("ps", "-o", "pid,lstart,comm", "-p", str(server.pid)),
                ),
            ),
            location=Location(path) if path else None,
        )
    if not judged:
        yield NotApplicable("no running MCP server was started from a client's configuration")
