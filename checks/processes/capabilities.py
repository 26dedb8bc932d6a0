"""A running server holds capabilities: pieces of root's power.

What it looks at
----------------
The capability sets of every running MCP server that is not root (CapEff, CapPrm and CapAmb in /proc/PID/status). What
is effective it can use now, what is permitted it can make effective whenever it likes, what is ambient it hands on to
the programs it starts. Some of them are root in all but name (CAP_SYS_ADMIN, CAP_SYS_PTRACE, CAP_DAC_OVERRIDE,
CAP_SETUID …): critical. Any other is high, with two exceptions that give nothing away: CAP_NET_BIND_SERVICE (a port
below 1024) and CAP_WAKE_ALARM (systemd gives it to every session).

The *bounding* set is not held: it is what a setuid program could still gain. It is full for every ordinary process, so
it is no finding by itself; processes/no-new-privileges-off judges that way. Capabilities inside a user namespace of its
own (rootless containers) have no power over the host and are in order. Servers that run as root are judged by
processes/runs-as-root.

Why it matters
--------------
An MCP server reads files, makes requests and runs tools, all of which an ordinary account can do. A capability adds
only what no server needs: reading every file whatever its mode, tracing every process, changing the network of the
machine.

How an attacker uses it
-----------------------
With CAP_DAC_READ_SEARCH an injected "read /etc/shadow" succeeds. With CAP_SETUID a single call makes the server root.
With CAP_SYS_PTRACE it writes code into a process of root.

How to fix it by hand
---------------------
Find where they come from. File capabilities: ``getcap -r /usr /opt`` and ``sudo setcap -r FILE``. A unit: remove
AmbientCapabilities= and set CapabilityBoundingSet= to nothing. A launcher: ``setpriv --inh-caps=-all
--ambient-caps=-all --bounding-set=-all COMMAND`` or ``bwrap --cap-drop ALL``. A container: ``--cap-drop ALL``.
Restart it; then ``grep Cap /proc/PID/status`` and ``capsh --decode=NUMBER`` should show nothing.

References
----------
- capabilities(7), user_namespaces(7), setpriv(1), capsh(1)
- systemd.exec(5): CapabilityBoundingSet=, AmbientCapabilities=
- CWE-250: Execution with Unnecessary Privileges
"""

from __future__ import annotations

from collections.abc import Iterator

from workbench.api import (
    Evidence,
    Finding,
    IsolationFact,
    NotApplicable,
    NotAssessed,
    Passed,
    ServerProcess,
    Severity,
    Snapshot,
    Verdict,
    behind_a_tool,
    check,
    listed,
    process_subject,
)

_AS_GOOD_AS_ROOT = {
    *("CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH", "CAP_FOWNER", "CAP_SETGID", "CAP_SETUID", "CAP_SETFCAP"),
    *("CAP_SETPCAP", "CAP_SYS_MODULE", "CAP_SYS_RAWIO", "CAP_SYS_PTRACE", "CAP_SYS_ADMIN", "CAP_SYS_CHROOT"),
    *("CAP_MKNOD", "CAP_MAC_OVERRIDE", "CAP_MAC_ADMIN", "CAP_BPF"),
}
_HARMLESS = {"CAP_NET_BIND_SERVICE", "CAP_WAKE_ALARM"}


@check(
    title="A running server holds capabilities",
    severities=(Severity.CRITICAL, Severity.HIGH),
    needs=("processes:hidden",),
)
def capabilities(snapshot: Snapshot) -> Iterator[Verdict]:
    """Judge the capabilities that every server has or can take."""
    if snapshot.host.platform != "linux":
        yield NotApplicable("only Linux has capabilities")
        return
    if not snapshot.processes.servers:
        yield NotApplicable("no MCP server is running")
        return
    judged = False
    for server in snapshot.processes.servers:
        if server.uid == 0:
            continue
        judged = True
        yield behind_a_tool(server, "the capabilities") or _judge(server)
    if not judged:
        yield NotApplicable("every server runs as root, which processes/runs-as-root judges")


def _judge(server: ServerProcess) -> Verdict:
    subject = process_subject(server)
    isolation = server.isolation
    what = f"the capabilities of {server.label}"
    if isolation is None:
        return NotAssessed(what, "the system does not tell them", "look as root")
    held = tuple(name for name in _all_of(isolation) if name not in _HARMLESS)
    if not held or "user" in server.own_namespaces:
        return Passed(subject)
    if isolation.network == "unknown":
        why = "it holds some; whether they are of a user namespace of its own, where they have no power, was not told"
        return NotAssessed(what, why, "look as root")
    rooted = [name for name in held if name in _AS_GOOD_AS_ROOT]
    severity = Severity.CRITICAL if rooted else Severity.HIGH
    power = "is as good as root" if rooted else "has rights that no MCP server needs"
    return Finding(
        subject=subject,
        severity=severity,
        summary=f"{server.label} {power}: it holds {listed(rooted or list(held))}",
        evidence=(
            Evidence(
                expected="no capability, neither effective, permitted nor ambient",
                actual=f"{_sets(isolation)}{_doubt(server)}",
                command=("grep", "Cap", f"/proc/{server.pid}/status"),
            ),
        ),
    )


def _all_of(isolation: IsolationFact) -> tuple[str, ...]:
    sets = (isolation.capabilities_effective, isolation.capabilities_permitted, isolation.capabilities_ambient)
    return tuple(dict.fromkeys(name for names in sets for name in names))


def _sets(isolation: IsolationFact) -> str:
    named = (
        ("effective", isolation.capabilities_effective),
        ("permitted", isolation.capabilities_permitted),
        ("ambient", isolation.capabilities_ambient),
    )
    return "; ".join(f"{name}: {', '.join(held)}" for name, held in named if held)


def _doubt(server: ServerProcess) -> str:
    return "" if server.confidence == "high" else f" (taken for an MCP server because {server.recognised_by})"
