"""A running server may make every system call.

What it looks at
----------------
Whether a running MCP server has a system call filter (seccomp) that what started it does not have. The number of
filters is compared with that of its client, because inside a container every process has the container's. Looked at
as root, the filters themselves are read from the live process and asked: may it run programs, start processes, trace
others, mount, load modules, open sockets? All its filters count together, the strictest answer wins, and calls
through the 32-bit interface are asked too, which many filters forget. A filter that refuses none of the calls that
only an attacker makes is found as well. Servers that one configuration starts are one finding.

It is medium; low for a server that a sandbox keeps from your files, and for one whose inherited filters were read and
refuse some of these calls.

To read the filters the workbench stops the server for about a millisecond, as a debugger does, changes nothing and lets
it go on. It is done only as root.

Why it matters
--------------
The kernel has some 450 system calls; a server uses about 60. Nearly every kernel flaw of the last years was reached
through one of the others (io_uring, bpf, user namespaces, keyctl, perf). With a filter that flaw is out of reach, and a
filter that refuses new processes makes a command injection end in an error.

How an attacker uses it
-----------------------
Code that got into a server through a dependency calls unshare for a user namespace and then uses a fresh kernel flaw
that needs one, or traces your password manager with ptrace. With a filter both calls return "not permitted".

How to fix it by hand
---------------------
A container has a filter by default: docker run without ``seccomp=unconfined``. A unit:
``SystemCallFilter=@system-service`` with ``SystemCallErrorNumber=EPERM`` (without it node is killed) and
``SystemCallArchitectures=native``. For a server that a client starts, use the workbench's sandbox launcher with its
filter, or ``systemd-run --user --pipe --wait --collect -p SystemCallFilter=@system-service -p
SystemCallErrorNumber=EPERM COMMAND`` in the client's configuration. Restart it, then look with ``grep Seccomp
/proc/PID/status``: mode 2, and more filters than the client has.

References
----------
- seccomp(2), prctl(2), ptrace(2): PTRACE_SECCOMP_GET_FILTER
- systemd.exec(5): SystemCallFilter=, SystemCallArchitectures=
- Docker documentation: Seccomp security profiles
- CWE-693: Protection Mechanism Failure
"""

from __future__ import annotations

from collections.abc import Iterator

from workbench.api import (
    Cause,
    Evidence,
    Finding,
    Location,
    NotApplicable,
    NotAssessed,
    Passed,
    ServerProcess,
    Severity,
    Snapshot,
    Verdict,
    behind_a_tool,
    by_cause,
    check,
    listed,
    process_subject,
)

# What no MCP server needs and a filter worth the name refuses, at least in part.
_ATTACKERS = (
    *("ptrace", "process_vm_writev", "mount", "unshare", "setns", "bpf", "perf_event_open", "userfaultfd"),
    *("keyctl", "io_uring_setup", "init_module"),
)
_TOLD = ("execve", "fork", "clone", "ptrace", "mount", "unshare", "bpf", "io_uring_setup", "socket(AF_INET)")
_LETS_THROUGH = ("allowed", "logged and allowed")
_SHOWN = 5


@check(
    title="A running server may make every system call",
    severities=(Severity.MEDIUM, Severity.LOW),
    needs=("processes:status", "processes:hidden", "processes:seccomp"),
)
def no_syscall_filter(snapshot: Snapshot) -> Iterator[Verdict]:
    """Judge the filters of every server; one finding for each config or unit that starts some without."""
    if snapshot.host.platform != "linux":
        yield NotApplicable("only Linux has system call filters")
        return
    if not snapshot.processes.servers:
        yield NotApplicable("no MCP server is running")
        return
    without: dict[Severity, list[ServerProcess]] = {Severity.MEDIUM: [], Severity.LOW: []}
    hollow: list[ServerProcess] = []
    for server in snapshot.processes.servers:
        behind = behind_a_tool(server, "the system call filter")
        added = server.isolation.filters_added if server.isolation is not None else None
        if behind is not None:
            yield behind
        elif added is None:
            why = "this kernel does not tell its filters from those it inherited"
            yield NotAssessed(f"the system call filter of {server.label}", why)
        elif added == 0:
            without[_severity(server)].append(server)
        elif _lets_all_through(server):
            hollow.append(server)
        else:
            yield Passed(process_subject(server))
    for severity, servers in without.items():
        for cause in by_cause(servers, snapshot):
            yield _finding(cause, severity, _without(cause), str(severity))
    for cause in by_cause(hollow, snapshot):
        summary = f"{cause.names}: the system call filter refuses nothing that an attacker needs"
        yield _finding(cause, Severity.MEDIUM, summary, "hollow")


def _severity(server: ServerProcess) -> Severity:
    boxed = server.isolation is not None and bool(server.isolation.file_barriers)
    inherits_some = bool(_answers(server)) and not _lets_all_through(server)
    return Severity.LOW if boxed or inherits_some else Severity.MEDIUM


def _without(cause: Cause) -> str:
    if any(server.seccomp_filters or server.seccomp for server in cause.servers):
        return f"{cause.names}: no system call filter but the one that what started them has too"
    return f"{cause.names} can make every system call: nothing filters what they ask of the kernel"


def _answers(server: ServerProcess) -> dict[str, str]:
    return dict(server.isolation.syscalls) if server.isolation is not None else {}


def _lets_all_through(server: ServerProcess) -> bool:
    said = _answers(server)
    return bool(said) and all(_is_open(said, call) for call in _ATTACKERS if call in said)


def _is_open(said: dict[str, str], call: str) -> bool:
    return said[call] in _LETS_THROUGH or f"{call} (32-bit)" in said or f"{call} (x32)" in said


def _finding(cause: Cause, severity: Severity, summary: str, detail: str) -> Finding:
    return Finding(
        subject=cause.subject,
        severity=severity,
        summary=summary,
        evidence=tuple(_evidence(server) for server in cause.servers[:_SHOWN]),
        location=Location(cause.config) if cause.config else None,
        also=cause.also,
        detail=detail,
    )


def _evidence(server: ServerProcess) -> Evidence:
    said = _answers(server)
    filters = server.seccomp_filters
    count = "" if filters is None else f", {filters} filter{'' if filters == 1 else 's'}"
    inherited = server.parent_seccomp_filters
    of_client = f" (what started it has {inherited})" if inherited else ""
    told = [f"{call} {said[call]}" for call in _TOLD if call in said]
    around = [call for call in said if call.endswith((" (32-bit)", " (x32)"))]
    effect = f"; together they say: {', '.join(told)}" if told else ""
    if around:
        effect += f"; let through all the same: {listed(around)}"
    return Evidence(
        expected="a filter of its own that refuses what only an attacker calls",
        actual=f"{server.label}: seccomp mode {server.seccomp}{count}{of_client}{effect}",
        command=("grep", "Seccomp", f"/proc/{server.pid}/status"),
    )
