r"""Start the server in a sandbox that shows it its own folders and nothing else of yours.

What it looks at
----------------
The configuration entry that starts the server. It writes a launcher, a short shell script that only you can read, and
puts its path before the command; nothing else of the entry changes. The launcher becomes ``bwrap`` (bubblewrap), which
needs no root, and that becomes the server::

    "command": "/home/you/.config/workbench/launchers/files-1a2b3c4d.sh",
    "args": ["npx", "-y", "@acme/server@1.2.3", "/home/you/work"]

Inside there are the programs of the system, read-only; the folders that you answer; a home of its own; an empty
``/tmp``; no process but its own, no new privileges, no capability, umask 077. Of the environment it is given what its
``env`` names, the language and the time zone, with the network also the proxy and where certificates lie: no token of
your session, no agent of SSH, no desktop bus, no socket of Docker. No value is in the script or in ``ps``.

It asks for the folders and whether they may be written; whether it may use the network; whether system calls that no
server needs are refused (``ptrace``, ``mount``, ``bpf``, ``io_uring``, new namespaces and their like, on x86-64 and on
64-bit Arm); where its program lies; and which folder is its home. A package runner such as ``npx`` or ``uvx`` needs the
network, and a home that is kept, or it fetches the package at every start; your own cache is not shown to be written,
for other servers run what lies in it. Its home starts empty, so the first start fetches the package anew.

**Applying starts the server once**, through the launcher and as its client will, and waits for its first answer of MCP.
Only then is the configuration changed. Where it does not answer, everything is put back, and the plan says what it
complained of.

Refused, with what to do by hand: servers of a container, behind ``sudo``, in a sandbox already, or in the way of
Windows; commands that are not understood, or in which the client puts something in; systems other than Linux; findings
that are about several servers, each of which is repaired by itself; folders that are far more than a workspace, or hold
something worth stealing, or are links to such; to be written, also those in which programs lie that you start yourself.

Why it matters
--------------
A server runs with all of your rights, whatever its tools promise. In the sandbox a flaw in it, a poisoned package or a
prompt that talks it into the wrong call reaches the folders you gave it, and with the network what you reach there.
That is less than everything, and not nothing: what the server writes into a project you may run yourself, a service on
``localhost`` answers it where it has the network, and the desktop's abstract sockets are in reach then as well.

How an attacker uses it
-----------------------
Text in a web page or an issue makes the model call a tool with a path that leaves the workspace. Without the sandbox
the server reads ``~/.ssh/id_ed25519`` and sends it away. In it there is no such file.

How to fix it by hand
---------------------
Write the script, ``chmod 700`` it, and put its path before the command. As its last line ``exec env -u NAME … bwrap
--unshare-all --die-with-parent --new-session --cap-drop ALL --ro-bind /usr /usr --ro-bind-try /lib /lib --ro-bind-try
/lib64 /lib64 --proc /proc --dev /dev --tmpfs /tmp --tmpfs $HOME --bind ~/work ~/work -- "$@"``. Take variables away
before ``bwrap`` and not by its ``--clearenv``: its own environment can be read inside, as ``/proc/1/environ``. Without
bubblewrap: ``systemd-run --user --pipe --wait --quiet --collect -p PrivateUsers=yes -p ProtectHome=tmpfs -p
BindPaths=%h/work -p NoNewPrivileges=yes -p UMask=0077`` before the command. On Ubuntu 24.04 and later, ``sysctl
kernel.apparmor_restrict_unprivileged_userns`` tells whether an AppArmor profile for bwrap is needed.

References
----------
- bwrap(1), user_namespaces(7), systemd.exec(5), environ(7)
- CWE-250: Execution with Unnecessary Privileges; CWE-653: Improper Isolation or Compartmentalization
- Model Context Protocol, Security Best Practices: Local MCP Server Compromise
"""

import re
from dataclasses import dataclass, field
from typing import Literal

from workbench.api import (
    LAUNCHERS,
    ClientConfig,
    CreateFile,
    Finding,
    Operation,
    Plan,
    Refusal,
    Reversal,
    Safety,
    Sandbox,
    ServerEntry,
    Snapshot,
    TrialStart,
    configured,
    fix,
    home_of,
    listed,
    outermost,
    own_name,
    program_places,
    sandbox_for,
    script_of,
    started_through,
    too_much,
)

_CHECK = "clients/no-isolation"
_FILTER_CHECK = "processes/no-syscall-filter"
_BY_HAND = "write the launcher by hand: workbench explain clients/sandbox-launcher"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_REFERENCE = re.compile(r"\$\{|\{(?:env|file|input):")
# They act on the launcher and on bwrap, outside of the sandbox.
_ACTS_BEFORE = re.compile(r"LD_\w+|BASH_ENV|ENV|SHELLOPTS|BASHOPTS|PS4|IFS|GCONV_PATH|LOCPATH|BASH_FUNC.*")
_RUNNERS = ("npx", "pnpx", "pnpm", "bunx", "bun", "yarn", "uvx", "uv", "pipx", "deno")
_ENGINES = ("docker", "podman", "nerdctl", "finch", "docker-compose", "podman-compose")
_SESSIONS = ("sudo", "su", "runuser", "doas", "pkexec", "run0", "gosu", "su-exec", "setpriv")
_WINDOWS = ("cmd", "powershell", "pwsh", "wsl")
_START, _FETCH = 30, 180


@dataclass(frozen=True, slots=True)
class SandboxLauncher:
    """What the fix asks: what the server may see, write and reach."""

    folders: str = field(
        metadata={
            "label": "Folders it may use, separated by colons",
            "help": "Also those that its variables name. Nothing else of yours is there. Empty: none.",
        }
    )
    access: Literal["read and write", "read only"] = field(metadata={"label": "What it may do there"})
    network: Literal["yes", "no"] = field(
        metadata={
            "label": "May it use the network",
            "help": "npx and uvx need it to fetch the package; no also closes localhost and abstract sockets to it.",
        }
    )
    filter: Literal["yes", "no"] = field(
        metadata={
            "label": "Refuse system calls that no server needs",
            "help": "Such as ptrace, mount, bpf and new namespaces. A browser with a sandbox of its own needs no.",
        }
    )
    programs: str = field(
        metadata={
            "label": "Where its program lies, read only, separated by colons",
            "help": "The programs of the system are there anyway.",
        }
    )
    own_home: str = field(
        metadata={
            "label": "The folder that is its home",
            "help": "Kept between starts, for what npx and uvx fetch. Empty: a new, empty home at each start.",
        }
    )


def _suggest(finding: Finding, snapshot: Snapshot) -> SandboxLauncher | Refusal:
    """The folders it is given, and for a package runner the network and a home that is kept."""
    found = _found(finding, snapshot)
    if isinstance(found, Refusal):
        return found
    config, entry, home = found
    launch = entry.launch
    roots = [root.text if root.text.startswith("/") else root.path for root in launch.roots] if launch else []
    kinds = {each.kind for each in launch.abilities} if launch else set()
    fetches = _fetches(entry)
    return SandboxLauncher(
        folders=":".join(outermost([each for each in roots if not too_much(each, home)])),
        access="read and write",
        network="no" if kinds == {"files"} and not fetches else "yes",
        filter="no" if "browser" in kinds else "yes",
        programs=":".join(program_places(entry, snapshot, home)),
        own_home=f"{home}/.local/share/workbench/homes/{own_name(config, entry)}" if fetches else "",
    )


@fix(
    title="Start the server in a sandbox of its own",
    repairs=(
        _CHECK,
        "processes/shares-your-account",
        "processes/sees-whole-filesystem",
        "processes/no-new-privileges-off",
        _FILTER_CHECK,
        "secrets/reachable-files",
    ),
    safety=Safety.REVIEW,
    reversal=Reversal.FULL,
    answers=SandboxLauncher,
    suggest=_suggest,
)
def plan(finding: Finding, snapshot: Snapshot, answers: SandboxLauncher) -> Plan | Refusal:
    """The launcher is made, the server is started through it once, and only then the configuration names it."""
    found = _found(finding, snapshot)
    if isinstance(found, Refusal):
        return found
    config, entry, home = found
    sandbox = sandbox_for(
        entry,
        home,
        folders=answers.folders,
        writable=answers.access == "read and write",
        network=answers.network == "yes",
        filtered=answers.filter == "yes",
        programs=answers.programs,
        own_home=answers.own_home,
    )
    if isinstance(sandbox, Refusal):
        return sandbox
    if finding.check == _FILTER_CHECK and not sandbox.filtered:
        return Refusal("without the filter it would find the same again", "answer filter=yes")
    launcher = f"{home}/{LAUNCHERS}/{own_name(config, entry)}.sh"
    edits = started_through(config, entry, (launcher,))
    if isinstance(edits, Refusal):
        return edits
    trial = TrialStart(
        path=launcher,
        source=config.path.asked,
        format=config.format,
        pointer=entry.pointer,
        command=entry.argument_pointers,
        names=tuple(each.name for each in entry.environment),
        directory=sandbox.directory or home,
        kept=sandbox.kept,
        seconds=_FETCH if _fetches(entry) else _START,
    )
    operations: tuple[Operation, ...] = (CreateFile(launcher, script_of(sandbox), 0o700), trial, *edits)
    return Plan(
        fix="clients/sandbox-launcher",
        check=finding.check,
        finding=finding.identity,
        title=f"Start {entry.name} in a sandbox of its own",
        safety=Safety.REVIEW,
        reversal=Reversal.PARTIAL if sandbox.kept else Reversal.FULL,
        operations=operations,
        consequences=_consequences(config, entry, sandbox),
        keeps=f"{sandbox.kept}, the home that the server was given: remove it by hand" if sandbox.kept else "",
        later="" if finding.check == _CHECK else f"when {config.client_name} starts it again",
    )


def _found(finding: Finding, snapshot: Snapshot) -> tuple[ClientConfig, ServerEntry, str] | Refusal:
    """The one server of the finding and the home whose client starts it, or why it cannot be started in a sandbox."""
    if snapshot.host.platform != "linux":
        return Refusal("bubblewrap is a program of Linux", "use the sandbox of the client, or a container")
    found = _entries(finding, snapshot)
    if not found:
        return Refusal("no client's configuration is known to start the server", "look again while it runs")
    if len(found) > 1:
        names = listed([entry.name for _, entry in found])
        return Refusal(f"it is about {names}, and each needs a sandbox of its own", f"repair {_CHECK} of each")
    config, entry = found[0]
    why = _out_of_reach(config, entry)
    if why is not None:
        return why
    home = home_of(config, snapshot)
    return home if isinstance(home, Refusal) else (config, entry, home)


def _entries(finding: Finding, snapshot: Snapshot) -> list[tuple[ClientConfig, ServerEntry]]:
    """The entries that the finding is about, by themselves or by the processes that they started."""
    keys = {subject.key for subject in (finding.subject, *finding.also) if subject.kind == "process"}
    running = [server for server in snapshot.processes.servers if server.key in keys]
    if any(server.entry is None for server in running):
        return []
    places = {(server.entry.path, server.entry.pointer) for server in running if server.entry is not None}
    of_processes = [
        (config, entry)
        for config in snapshot.clients.configs
        for entry in config.servers
        if (config.path.asked, entry.pointer) in places
    ]
    return of_processes or list(configured(finding, snapshot))


def _out_of_reach(config: ClientConfig, entry: ServerEntry) -> Refusal | None:
    launch, name = entry.launch, entry.name
    if config.scope == "managed":
        return Refusal(f"{config.path.asked} is for every account, and a launcher of yours is not", _BY_HAND)
    if launch is None or entry.transport != "stdio" or entry.disabled:
        return Refusal(f"{name} is not started by {config.client_name}", "close what it connects to instead")
    wrappers = {wrapper.split(" ")[0] for wrapper in launch.wrappers}
    if launch.image is not None or launch.container is not None or wrappers & set(_ENGINES):
        return Refusal(f"{name} runs in a container", "close that: workbench explain clients/container-flags")
    if launch.sandbox or entry.client_sandbox:
        return Refusal(f"{name} is in a sandbox already: {launch.sandbox or entry.client_sandbox}", "narrow that one")
    if launch.account or wrappers & set(_SESSIONS):
        return Refusal(
            f"{name} changes its account, which nothing in a sandbox can", "keep that account, or take it out"
        )
    if wrappers & set(_WINDOWS):
        return Refusal(f"{name} is started in the way of Windows", "use a container")
    if not launch.understood:
        return Refusal(f"how {name} is started is not understood, nor what it needs", _BY_HAND)
    if any(_REFERENCE.search(word) for word in entry.command):
        return Refusal(
            f"{config.client_name} puts something into the command of {name} that is not known here", _BY_HAND
        )
    if any(word.startswith("~") for word in entry.command):
        return Refusal(f"the command of {name} says ~, which inside is another home", "write the path out first")
    if entry.environment_files:
        return Refusal(f"the variables of {name} come from a file, and are not known here by name", _BY_HAND)
    names = [each.name for each in entry.environment]
    if not all(_NAME.fullmatch(each) for each in names) or len(set(names)) < len(names):
        return Refusal(f"a variable of {name} has a name that no shell could hand on", _BY_HAND)
    acting = next((each for each in names if _ACTS_BEFORE.fullmatch(each)), "")
    if acting:
        return Refusal(
            f"{acting} of {name} would act on the launcher itself, outside of the sandbox", "take it out first"
        )
    return None


def _fetches(entry: ServerEntry) -> bool:
    """Whether a package runner starts it, which may have to fetch it first."""
    launch = entry.launch
    runner = launch.package.runner if launch is not None and launch.package is not None else ""
    return runner.split(" ")[0] in _RUNNERS


def _consequences(config: ClientConfig, entry: ServerEntry, sandbox: Sandbox) -> str:
    seen = [*sandbox.writes, *sandbox.reads]
    said = [
        f"applying starts {entry.name} once, to see that it answers",
        f"from the next start of {config.client_name} on it sees {listed(seen) if seen else 'none'} of your files"
        f"{', and no other' if seen else ''}{'' if sandbox.writes else ', writes none'}, and"
        f" {'uses the network as before' if sandbox.network else 'has no network'}",
        f"its home is {sandbox.kept}, and nothing of yours is in it"
        if sandbox.kept
        else "its home is empty at each start: what it keeps there is lost when it ends",
        "variables of your session are not handed on: what it needs must stand in its env",
        "a first answer does not prove every tool: undo it where one misses a file or the network",
    ]
    launch = entry.launch
    kinds = {each.kind for each in launch.abilities} if launch is not None else set()
    if kinds & {"commands", "browser"}:
        said.append("what it runs is in the sandbox as well, without your desktop and your other programs")
    if sandbox.filtered:
        said.append("programs that debug others, or make sandboxes of their own, as browsers do, fail in it")
    if any(config.path.asked.startswith(f"{folder}/") for folder in sandbox.writes):
        said.append(
            "it may write the folder of this configuration, and so what is started next: a narrower one is safer"
        )
    if config.scope == "project":
        said.append(
            "the configuration belongs to a project: whoever else uses it needs a launcher of that path as well"
        )
    return ". ".join([said[0], *(each[0].upper() + each[1:] for each in said[1:])])
