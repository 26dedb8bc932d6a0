"""Close the container that a client's configuration starts, by the options of its ``docker run``.

What it looks at
----------------
The configuration entry that starts a server with ``docker run`` or ``podman run``. Options are put behind ``run``, each
only where it is missing or switched off::

    -i --user 1000:1000 --read-only --tmpfs /tmp --cap-drop ALL --security-opt no-new-privileges
    --pids-limit 100 --memory 512m --network none

Every other word stays as it is written, byte for byte: mounts, variables and their secrets, the entrypoint, the image,
its arguments, options that have nothing to do with it. Only ``-t`` goes, for no client gives it a terminal. What opens
the container to the host is taken out, if that is your answer: ``--privileged``, the engine's socket, the host's
namespaces, capabilities beyond those that an engine gives by itself, seccomp, AppArmor or masked paths switched off. A
folder that is mounted is never touched: where it is too much, as ``/`` is, that is refused until a narrower one stands
there.

It asks for the account as a **number**, for a name is looked up inside of the image: your own, where folders of yours
are mounted; whether it uses the network; whether it starts other programs, for where it does not, a profile of system
calls is made (``containers/install-seccomp-profile``); how much memory and how many processes it may have; and which
folders inside it may write besides, which are kept in memory and are empty at each start. The image is pinned to its
digest where a container of it is here that tells which that is; nothing is looked up or fetched for it.

**Applying starts the container once**, with exactly the new options, under a name and a label of its own, and waits for
the first answer of MCP. No image is fetched for that, and no container stays. Only then is the configuration changed;
where it does not answer, everything is put back, and the plan says what it complained of.

Refused, with what to do: commands in which not every option is understood, engines behind ``sudo`` or a shell, images
named by a variable, containers in the background, and what something else than a client's configuration starts.

Why it matters
--------------
``docker run -i --rm IMAGE``, as most servers tell you to write it, gives root inside, fourteen capabilities, every file
of the image writable, all memory and the network. It is a wall, but all that can take it down is left inside of it.

How an attacker uses it
-----------------------
An injected prompt makes the server run what it fetched from the network, or fill the memory of the machine; with the
engine's socket among its mounts it starts a second container that mounts ``/``.

How to fix it by hand
---------------------
Write the options above behind ``run``, and start it once in a terminal: it must wait for input and complain of nothing.
Of what it complains is said what it needs: ``EROFS`` a ``--tmpfs`` or a mount at that path, ``EACCES`` another
``--user``, a name that is not found the network. ``docker images --digests`` says what to write behind the image.

References
----------
- docker-run(1), podman-run(1); Docker documentation: Docker security, seccomp security profiles
- CIS Docker Benchmark, section 5: Container Runtime
- CWE-250: Execution with Unnecessary Privileges; MITRE ATT&CK T1611: Escape to Host
"""

from dataclasses import dataclass, field
from typing import Literal

from workbench.api import (
    MEMORY_ASKED,
    NOBODY,
    PROCESSES_ASKED,
    USER_ASKED,
    WRITABLE_ASKED,
    ClientConfig,
    Closing,
    CreateFile,
    Finding,
    Operation,
    Plan,
    Refusal,
    Reversal,
    Safety,
    ServerEntry,
    Snapshot,
    closed,
    configured,
    docker_run,
    fix,
    folders_inside,
    found_again,
    home_of,
    known_digest,
    listed,
    of_containers,
    own_number,
    profile_place,
    profile_text,
    reworded,
    taken_out,
    tried,
    with_command,
)

_FLAGS, _UNPINNED = "clients/container-flags", "clients/unpinned-image"
_IMAGES = (_UNPINNED, "containers/unpinned-image")
_GIVEN = ("bridge", "default", "host", "none")
_SECONDS = 60


@dataclass(frozen=True, slots=True)
class HardenRun:
    """What the fix asks: as whom the container runs, and what it may do and have."""

    user: str = field(metadata=USER_ASKED)
    network: Literal["yes", "no"] = field(
        metadata={"label": "May it use the network", "help": "no is --network none: also nothing on localhost."}
    )
    programs: Literal["yes", "no"] = field(
        metadata={
            "label": "May it start other programs",
            "help": "no gives it a profile that allows no new process. Shells, git and package runners need yes.",
        }
    )
    writable: str = field(
        metadata={**WRITABLE_ASKED, "help": "In memory, and empty at each start. What is mounted stays as it is."}
    )
    memory: str = field(metadata=MEMORY_ASKED)
    processes: str = field(metadata=PROCESSES_ASKED)
    opened: Literal["take out", "keep"] = field(
        metadata={
            "label": "What opens it to the host",
            "help": "--privileged, the engine's socket, the host's namespaces and their like. With keep it is refused.",
        }
    )


def _suggest(finding: Finding, snapshot: Snapshot) -> HardenRun | Refusal:
    """Your own number where a folder is mounted; no network and no programs for what is known to need neither."""
    found = _found(finding, snapshot)
    if isinstance(found, Refusal):
        return found
    config, entry = found
    launch = entry.launch
    container = launch.container if launch is not None else None
    kinds = {each.kind for each in launch.abilities} if launch is not None else set()
    options = container.options if container is not None else ()
    published = any(option.name in ("--publish", "--publish-all") for option in options)
    connected = any(option.name == "--network" and option.value not in _GIVEN for option in options)
    mounts = container is not None and any(mount.host.startswith(("/", "~", "$", ".")) for mount in container.mounts)
    browser = "browser" in kinds
    alone = kinds == {"files"} and not published and not connected
    return HardenRun(
        user=own_number(_owner(config, snapshot), snapshot) if mounts else NOBODY,
        network="no" if alone else "yes",
        programs="no" if kinds == {"files"} else "yes",
        writable="/tmp",  # noqa: S108 - it is a folder inside of the container
        memory="2g" if browser else "512m",
        processes="500" if browser else "100",
        opened="take out",
    )


@fix(
    title="Close the container that the configuration starts",
    repairs=(
        _FLAGS,
        _UNPINNED,
        "containers/privileged",
        "containers/docker-socket",
        "containers/host-namespaces",
        "containers/added-capabilities",
        "containers/unconfined-seccomp",
        "containers/unmasked-paths",
        "containers/root-user",
        "containers/writable-root",
        "containers/no-capability-drop",
        "containers/no-new-privileges-off",
        "containers/no-limits",
        "containers/network-open",
        "containers/unpinned-image",
    ),
    safety=Safety.REVIEW,
    reversal=Reversal.FULL,
    answers=HardenRun,
    suggest=_suggest,
)
def plan(finding: Finding, snapshot: Snapshot, answers: HardenRun) -> Plan | Refusal:
    """The container is started once as it is to be, and only then the configuration is changed."""
    found = _found(finding, snapshot)
    if isinstance(found, Refusal):
        return found
    config, entry = found
    run = docker_run(entry)
    if isinstance(run, Refusal):
        return run
    home = home_of(config, snapshot)
    if isinstance(home, Refusal):
        return home
    image = known_digest(entry, run, snapshot)
    if finding.check in _IMAGES and not image:
        return Refusal(
            "no container of the image is here that tells its digest", "start it once, or look: docker images --digests"
        )
    if finding.check == "containers/network-open" and answers.network == "yes":
        return Refusal("with the network it would be found again", "answer network=no, or accept the finding")
    profile = profile_place(config, entry, home) if answers.programs == "no" and not _has_ours(entry) else ""
    own = _owner(config, snapshot)
    how = Closing(
        user=answers.user.strip(),
        network=answers.network == "yes",
        memory=answers.memory.strip(),
        processes=answers.processes.strip(),
        writable=folders_inside(answers.writable),
        take_out=answers.opened == "take out",
        profile=profile,
        image=image,
        # Of a rootless Podman the number inside is another outside, and no folder of yours would be its own.
        own_account=run.engine[0].endswith("podman") and own != 0 and answers.user.partition(":")[0] == str(own),
    )
    items = closed(entry, run, how)
    if isinstance(items, Refusal):
        return items
    changed = with_command(entry, items, home)
    if changed.command == entry.command:
        return Refusal(
            f"{entry.name} is configured to be closed already, and runs as it was configured before",
            f"quit {config.client_name} and start it again",
        )
    left = found_again(_FLAGS, config, entry, changed, snapshot)
    if left is None and finding.check == _UNPINNED:
        left = found_again(_UNPINNED, config, entry, changed, snapshot)
    if left is not None:
        return Refusal(f"afterwards there would still be found: {left.summary}", "take that out, or narrow it, first")
    edits = reworded(config, entry, items)
    if isinstance(edits, Refusal):
        return edits
    made = (CreateFile(profile, profile_text()),) if profile else ()
    operations: tuple[Operation, ...] = (*made, tried(config, entry, home, _SECONDS), *edits)
    removed = taken_out(run) if how.take_out else ()
    return Plan(
        fix="containers/harden-run",
        check=finding.check,
        finding=finding.identity,
        title=f"Close the container of {entry.name}",
        safety=Safety.REVIEW,
        reversal=Reversal.FULL,
        operations=operations,
        consequences=_consequences(config, entry, answers, removed, image),
        later="" if finding.check in (_FLAGS, _UNPINNED) else f"when {config.client_name} starts it again",
    )


def _found(finding: Finding, snapshot: Snapshot) -> tuple[ClientConfig, ServerEntry] | Refusal:
    """The one server of the finding, or why its container cannot be closed here."""
    if snapshot.host.platform != "linux":
        return Refusal("it is known of Linux alone how the engine takes these options", "close it by hand")
    found: tuple[tuple[ClientConfig, ServerEntry], ...] | Refusal = configured(finding, snapshot)
    if finding.subject.kind == "container":
        found = of_containers(finding, snapshot)
    if isinstance(found, Refusal):
        return found
    if not found:
        return Refusal("the server is no longer configured", "look again")
    if len(found) > 1:
        names = listed([entry.name for _, entry in found])
        return Refusal(f"it is about {names}, and each is closed by itself", f"repair {_FLAGS} of each")
    config, entry = found[0]
    run = docker_run(entry)
    if isinstance(run, Refusal):
        return run
    if entry.disabled:
        return Refusal(f"{entry.name} is switched off", "switch it on first")
    if config.scope == "managed" and config.owner is None:
        return Refusal(f"{config.path.asked} is its administrator's", "ask whoever keeps it")
    return config, entry


def _owner(config: ClientConfig, snapshot: Snapshot) -> int:
    return config.owner if config.owner is not None else snapshot.host.uid


def _profiles(entry: ServerEntry) -> list[str]:
    """The profiles of system calls that an entry names."""
    container = entry.launch.container if entry.launch is not None else None
    given = [option.value for option in container.options if option.name == "--security-opt"] if container else []
    return [value[8:] for value in given if value[:8] in ("seccomp=", "seccomp:") and value[8:] != "unconfined"]


def _has_ours(entry: ServerEntry) -> bool:
    return any("/workbench/seccomp/" in profile for profile in _profiles(entry))


def _consequences(
    config: ClientConfig, entry: ServerEntry, answers: HardenRun, removed: tuple[str, ...], image: str
) -> str:
    said = [
        f"applying starts the container of {entry.name} once, to see that it answers; nothing of that stays",
        f"from the next start of {config.client_name} on it runs as {answers.user}, writes nothing of its image"
        f"{f' but {answers.writable}, which is in memory' if answers.writable else ''}, and"
        f" {'uses the network as before' if answers.network == 'yes' else 'has no network'}",
    ]
    if removed:
        said.append(f"taken out: {', '.join(removed)}; a server that manages containers or the host cannot without")
    if answers.programs == "no":
        said.append("it can start no other program: tools that do so fail")
        others = [] if _has_ours(entry) else _profiles(entry)
        said += [f"its profile {others[-1]} is not used any more; the file stays"] if others else []
    if image:
        said.append("the image stays the one of now: updates no longer arrive by themselves")
    said.append("a first answer does not prove every tool: undo it where one misses something")
    if config.scope == "project":
        said.append("the configuration belongs to a project, and the account is a number of this machine")
    return ". ".join([said[0], *(each[0].upper() + each[1:] for each in said[1:])])
