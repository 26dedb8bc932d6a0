"""A running server is you: your account, and nothing around it that can be seen.

What it looks at
----------------
Every running MCP server on Linux: the account it runs as, and what really stands around the process now, whatever its
configuration says. Its mount table is compared with this one (is the host's ``/`` still its root, is your home there
and writable?), and the label of AppArmor or SELinux is read. It passes under an account of its own, with a file
system of its own (a container, bubblewrap), with your home hidden or the system read-only around it, or under a
profile that is enforced. A network of its own or a system call filter is told, but keeps nobody from your files.

``clients/no-isolation`` reads what a configuration starts; this reads what runs. It also tells where a configuration
puts something around a server that holds nothing back. What a program does to itself with Landlock cannot be seen from
outside. Such a program must first give up new privileges: one that did so by itself is not judged.

Why it matters
--------------
Whatever makes such a server act (a flaw, a poisoned dependency, one prompt that talks it into the wrong call) acts as
you: it reads your keys and your browser's sessions, changes your shell's start-up files and your other servers, and
traces your other programs. No file mode helps, because the files are its own.

How an attacker uses it
-----------------------
An issue says "write this to ~/.config/autostart/x.desktop". A file server whose path check has one hole does it, and at
your next login the attacker's program starts as you. Nothing on the system objects: you are allowed to do that.

How to fix it by hand
---------------------
Nearly every client starts its servers like this; its configuration is where to change that. Put a sandbox around the
command of each server there (bubblewrap shown; the workbench's sandbox launcher writes and tests it for you)::

    bwrap --unshare-all --die-with-parent --new-session --clearenv --setenv PATH /usr/bin --ro-bind /usr /usr
      --symlink usr/bin /bin --symlink usr/lib /lib --symlink usr/lib64 /lib64 --proc /proc --dev /dev --tmpfs /tmp
      --bind /home/you/workspace /workspace --chdir /workspace COMMAND

Or start it as an account of its own (``sudo -n -u mcp-server …``), or in a container. Restart the client, then look
again: ``findmnt --task PID`` should not show your home.

References
----------
- bwrap(1), mount_namespaces(7), landlock(7), apparmor(7)
- Model Context Protocol, Security Best Practices: local server compromise
- CWE-250: Execution with Unnecessary Privileges
- CWE-653: Improper Isolation or Compartmentalization
"""

from __future__ import annotations

from collections.abc import Iterator

from workbench.api import (
    Cause,
    Evidence,
    Finding,
    IsolationFact,
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
    developers,
    listed,
    process_subject,
)

_SHOWN = 5


@check(
    title="A running server is you, with nothing around it",
    severities=(Severity.HIGH,),
    needs=("processes:isolation", "processes:hidden", "accounts"),
)
def shares_your_account(snapshot: Snapshot) -> Iterator[Verdict]:
    """Judge the account of every server and what is around it; one finding for each config that starts some."""
    if not snapshot.processes.servers:
        yield NotApplicable("no MCP server is running")
        return
    yours = developers(snapshot)
    open_ones: list[ServerProcess] = []
    said = False
    for server in snapshot.processes.servers:
        behind = behind_a_tool(server, "the account")
        if behind is not None:
            verdict: Verdict | None = behind
        elif server.uid == 0:
            continue  # it is more than you: processes/runs-as-root
        else:
            verdict = _judge(server, yours)
        said = True
        if verdict is not None:
            yield verdict
        elif server.isolation is not None and server.isolation.root != "unknown":
            open_ones.append(server)
    for cause in by_cause(open_ones, snapshot):
        yield _finding(cause, snapshot)
    if not said:
        yield NotApplicable("every server runs as root, which processes/runs-as-root judges")


def _judge(server: ServerProcess, yours: frozenset[int]) -> Verdict | None:
    """What is said of one server; None for one that is open, or that the collector has already called unseen."""
    isolation = server.isolation
    what = f"what confines {server.label}"
    if server.uid >= 0 and server.uid not in yours:
        return Passed(process_subject(server))
    if isolation is None or server.uid < 0:
        return NotAssessed(what, "this system does not tell it from outside")
    if isolation.root == "unknown":
        return None
    if isolation.file_barriers:
        return Passed(process_subject(server))
    if server.no_new_privileges and isolation.inherited_no_new_privileges is False:
        why = (
            "it gave up new privileges, as a program does that locks itself in with Landlock, "
            "and Landlock cannot be seen from outside"
        )
        return NotAssessed(what, why, "see in its documentation, or in its launcher, whether it confines itself")
    return None


def _finding(cause: Cause, snapshot: Snapshot) -> Finding:
    first = cause.servers[0]
    who = first.account or f"user {first.uid}"
    return Finding(
        subject=cause.subject,
        severity=Severity.HIGH,
        summary=f"{cause.names} can do all that {who} can: a sandbox launcher around the command mends it",
        evidence=tuple(_evidence(server, snapshot) for server in cause.servers[:_SHOWN]),
        location=Location(cause.config) if cause.config else None,
        also=cause.also,
    )


def _evidence(server: ServerProcess, snapshot: Snapshot) -> Evidence:
    isolation = server.isolation or IsolationFact()
    homes = f", {listed(list(isolation.homes_writable))} writable" if isolation.homes_writable else ""
    beside = f"; only {listed(list(isolation.barriers))}" if isolation.barriers else ""
    return Evidence(
        expected="an account of its own, or a sandbox that hides your files",
        actual=f"{server.label}: user {server.account or server.uid}{homes}; nothing that can be seen from outside "
        f"keeps it from them{beside}{_promised(server, snapshot)}{_doubt(server)}",
        command=("grep", "-E", "^(Uid|Groups|NoNewPrivs|Seccomp)", f"/proc/{server.pid}/status"),
    )


def _promised(server: ServerProcess, snapshot: Snapshot) -> str:
    """What its configuration puts around it, where that is seen to hold nothing back."""
    for config in snapshot.clients.configs:
        for entry in config.servers:
            named = server.entry is not None and (server.entry.path, server.entry.pointer) == (
                config.path.asked,
                entry.pointer,
            )
            sandbox = entry.client_sandbox or (entry.launch.sandbox if entry.launch is not None else "")
            if named and sandbox:
                return f", although its configuration names a sandbox ({sandbox})"
    return ""


def _doubt(server: ServerProcess) -> str:
    return "" if server.confidence == "high" else f" (taken for an MCP server because {server.recognised_by})"
