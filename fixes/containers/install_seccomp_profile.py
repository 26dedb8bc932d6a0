"""Make a system call profile that starts the server and lets it start nothing else, and give it to its container.

What it looks at
----------------
A container whose own profile (``--security-opt seccomp=FILE``) does not do what it is for, and the entry of the
configuration that started it. A profile is made as a file of your own, below ``~/.config/workbench/seccomp``, and the
option of the entry names it instead of the old one, which stays where it is. ``no-new-privileges`` is put beside it
where it is missing: without, the engine loads the profile too early, and no container starts.

The profile denies by default and allows what servers of Node and Python call: files, memory, threads, sockets, time.
``execve`` is allowed, because the engine itself starts the server by it; ``clone`` for threads alone; ``clone3`` is
answered with ENOSYS, so that libraries fall back to ``clone``. So the server makes no process: no shell, no ``git``, no
``curl``. It may still become another program, and is then no server any more. A server that starts others by design, or
an image that is started through ``npx``, does not start with it, and the plan says so.

**Applying starts the container once**, with exactly the new options, under a name and a label of its own, and waits for
the first answer of MCP. No image is fetched for that, and no container stays. Only then is the configuration changed.

Refused, with what to do: containers that no client's configuration started, and those that are open to the host
otherwise: close these first, with ``containers/harden-run``, which makes this profile as well.

Why it matters
--------------
A filter that only seems to hold is worse than none. The profile that is widely copied for MCP servers denies what the
engine needs itself, so that no container starts; what people do next is ``seccomp=unconfined``.

How an attacker uses it
-----------------------
An injected prompt finds a flaw in a tool and starts a shell. With this profile there is none to be started.

How to fix it by hand
---------------------
``workbench explain containers/seccomp-profile`` has the rules that matter. With ``"defaultAction": "SCMP_ACT_LOG"`` the
kernel's log names what a server calls besides.

References
----------
- seccomp(2), clone(2), clone3(2); Docker documentation: Seccomp security profiles for Docker
- CWE-693: Protection Mechanism Failure
"""

from workbench.api import (
    ClientConfig,
    CreateFile,
    Finding,
    Plan,
    Refusal,
    Reversal,
    Safety,
    ServerEntry,
    Snapshot,
    docker_run,
    fix,
    home_of,
    listed,
    of_containers,
    profile_place,
    profile_text,
    reworded,
    tried,
    with_profile,
)

_CHECK = "containers/seccomp-profile"
_SECONDS = 60


@fix(
    title="Give the container a system call profile that works",
    repairs=(_CHECK,),
    safety=Safety.REVIEW,
    reversal=Reversal.FULL,
)
def plan(finding: Finding, snapshot: Snapshot, answers: None) -> Plan | Refusal:
    """The profile is made, the container is started with it once, and only then the configuration names it."""
    found = of_containers(finding, snapshot)
    if isinstance(found, Refusal):
        return found
    if len(found) > 1:
        names = listed([entry.name for _, entry in found])
        return Refusal(f"it is about {names}, which share a profile", "give each its own: containers/harden-run")
    config, entry = found[0]
    run = docker_run(entry)
    if isinstance(run, Refusal):
        return run
    home = home_of(config, snapshot)
    if isinstance(home, Refusal):
        return home
    profile = profile_place(config, entry, home)
    items = with_profile(entry, run, profile)
    if isinstance(items, Refusal):
        return items
    edits = reworded(config, entry, items)
    if isinstance(edits, Refusal):
        return edits
    return Plan(
        fix="containers/install-seccomp-profile",
        check=finding.check,
        finding=finding.identity,
        title=f"Give the container of {entry.name} a system call profile that works",
        safety=Safety.REVIEW,
        reversal=Reversal.FULL,
        operations=(CreateFile(profile, profile_text()), tried(config, entry, home, _SECONDS), *edits),
        consequences=_consequences(config, entry),
        later=f"when {config.client_name} starts it again",
    )


def _consequences(config: ClientConfig, entry: ServerEntry) -> str:
    said = [
        f"Applying starts the container of {entry.name} once, to see that it answers; nothing of that stays",
        "From its next start on it can start no other program: tools that do so fail. A first answer does not prove"
        " every tool: undo it where one fails with EPERM",
        "The old profile stays where it is",
    ]
    if config.scope == "project":
        said.append("The configuration belongs to a project: whoever else uses it needs a profile of that path as well")
    return ". ".join(said)
