"""Make a running container anew with what it lacks, and go back to the old one where the new one does not work.

What it looks at
----------------
A running container of Docker that no client's configuration and no compose file is known to start: somebody ran
``docker run --detach`` once, by hand, by a script or in an administration tool. A container's settings cannot be
changed while it exists, so a new one is made of what the engine tells of the old one: of the very same image (its id,
not its tag), with the same command, variables, labels, volumes, mounts, ports, networks and restart policy. Only this
is added, where it is missing or switched off::

    --user 1000:1000 --read-only --tmpfs /tmp --cap-drop ALL --security-opt no-new-privileges
    --pids-limit 100 --memory 512m

What opens the container to the host is taken out, if that is your answer: ``--privileged``, the engine's socket, the
host's namespaces but for its network, capabilities beyond those that an engine gives by itself, seccomp, AppArmor or
masked paths switched off. A folder that is mounted is never touched. The values of its variables are read from the
engine at the moment of applying, given to the new one, and neither shown nor written down.

**Applying interrupts the server.** The new container is made beside the old one; the old one is stopped and renamed to
``NAME-kept-…``; the new one takes its name and is started. Then it is watched: until its own health check passes, or
for ten seconds whether it stays up; and where it answered MCP at a published port before, it must again. Where it does
not work the new one is removed, and the old one gets its name back and is started. The same happens when the workbench
is killed in between: ``workbench recover``.

**The old container stays, stopped**, with its restart policy switched off, so that undo can bring it back: then the new
one is stopped, the old one started, and the new one removed. It is not reported while it stays like that. To be rid
of it for good, and of the undo with it, remove it: ``docker rm NAME-kept-…`` (without ``-v``, for its volumes are those
of the new one).

Not the same are what the engine gives anew by itself: its id, its address, and a hardware address that was asked for
(``--mac-address``), which engines do not tell.

Refused, with what to do: containers of compose, swarm, Kubernetes or a gateway; ``--rm``; what holds its input or was
started in the foreground; what shares a namespace with another container; links, devices; what does not run; and what
has written into itself, but for ``/tmp`` and ``/run``, for a new one would not have that: the paths are listed.

Whoever may ask the engine is root of this machine: so is everybody in the group ``docker``, and so is this repair,
without sudo. It asks the engine for nothing but what is said above.

Why it matters
--------------
What was started by hand once runs for months, restarted with the machine, as root inside, with fourteen capabilities,
every file of the image writable, all memory, and what was given to it that day to make it work.

How an attacker uses it
-----------------------
An injected prompt makes the server run what it fetched from the network, which changes the server's own program; with
the engine's socket among its mounts it starts a second container that mounts ``/``.

How to fix it by hand
---------------------
``docker inspect NAME`` says how it was made. Stop it, ``docker rename NAME NAME-kept``, and ``docker run`` it again
with the options above; volumes without a name are named by ``docker inspect`` as well. Look whether it stays up:
``docker ps``, ``docker logs NAME``. Better still: write it into a compose file, where the next one finds it.

References
----------
- docker-run(1), docker-rename(1), docker-update(1); Docker documentation: Docker security
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
    ContainerFact,
    Finding,
    Plan,
    RecreateContainer,
    Refusal,
    Reversal,
    Safety,
    Snapshot,
    container_subject,
    fix,
    folders_inside,
    is_of_a_client,
    listed,
    own_number,
    wrong_limits,
)

_NETWORK, _IMAGE, _SPACES = "containers/network-open", "containers/unpinned-image", "containers/host-namespaces"
_OPENED = (
    "containers/privileged",
    "containers/docker-socket",
    _SPACES,
    "containers/added-capabilities",
    "containers/unconfined-seccomp",
    "containers/unmasked-paths",
)
_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Recreate:
    """What the fix asks: as whom the container runs, and what it may do and have."""

    user: str = field(metadata=USER_ASKED)
    network: Literal["yes", "no"] = field(
        metadata={"label": "May it use the network", "help": "no also closes it to what speaks to it over one."}
    )
    writable: str = field(metadata=WRITABLE_ASKED)
    memory: str = field(metadata=MEMORY_ASKED)
    processes: str = field(metadata=PROCESSES_ASKED)
    opened: Literal["take out", "keep"] = field(
        metadata={
            "label": "What opens it to the host",
            "help": "--privileged, the engine's socket, the host's namespaces but the network, and their like.",
        }
    )


def _suggest(finding: Finding, snapshot: Snapshot) -> Recreate | Refusal:
    """Your own number where a folder of the host is mounted; the network as it is, but where that was found."""
    containers = _found(finding, snapshot)
    if isinstance(containers, Refusal):
        return containers
    mounts = any(mount.kind == "bind" for container in containers for mount in container.mounts)
    return Recreate(
        user=own_number(snapshot.host.uid, snapshot) if mounts else NOBODY,
        network="no" if finding.check == _NETWORK else "yes",
        writable="/tmp",  # noqa: S108 - it is a folder inside of the container
        memory="512m",
        processes="100",
        opened="take out",
    )


@fix(
    title="Make the running container anew, closed",
    repairs=(
        *_OPENED,
        "containers/root-user",
        "containers/writable-root",
        "containers/no-capability-drop",
        "containers/no-new-privileges-off",
        "containers/no-limits",
        _NETWORK,
        _IMAGE,
    ),
    safety=Safety.REVIEW,
    reversal=Reversal.FULL,
    answers=Recreate,
    suggest=_suggest,
)
def plan(finding: Finding, snapshot: Snapshot, answers: Recreate) -> Plan | Refusal:
    """One new container for each that the finding is about; each old one is kept."""
    containers = _found(finding, snapshot)
    if isinstance(containers, Refusal):
        return containers
    user, memory, processes = answers.user.strip(), answers.memory.strip(), answers.processes.strip()
    writable = folders_inside(answers.writable)
    wrong = wrong_limits(user, memory, processes, writable)
    if wrong is not None:
        return wrong
    if finding.check == _NETWORK and answers.network == "yes":
        return Refusal("with the network it would be found again", "answer network=no, or accept the finding")
    if finding.check in _OPENED and answers.opened == "keep":
        return Refusal("kept as it is it would be found again", "answer opened=take out, or accept the finding")
    published = [each.name for each in containers if each.ports]
    if published and answers.network == "no":
        return Refusal(f"{listed(published)} publishes ports, which takes a network", "answer network=yes")
    operations = tuple(
        RecreateContainer(
            engine=each.engine,
            container=each.id,
            name=each.name,
            user=user,
            memory=memory,
            processes=int(processes),
            writable=writable,
            network=answers.network == "yes",
            take_out=answers.opened == "take out",
            pin=finding.check == _IMAGE,
            seconds=_SECONDS,
        )
        for each in containers
    )
    return Plan(
        fix="containers/recreate",
        check=finding.check,
        finding=finding.identity,
        title=f"Make {listed([each.name for each in containers])} anew, closed",
        safety=Safety.REVIEW,
        reversal=Reversal.FULL,
        operations=operations,
        consequences=_consequences(containers, answers, finding.check == _IMAGE),
    )


def _found(finding: Finding, snapshot: Snapshot) -> list[ContainerFact] | Refusal:
    """The containers of the finding, or why they are not made anew here."""
    if snapshot.host.platform != "linux":
        return Refusal("it is known of Linux alone how an engine makes a container again", "make it anew by hand")
    keys = {subject.key for subject in (finding.subject, *finding.also)}
    containers = [each for each in snapshot.containers.containers if container_subject(each).key in keys]
    if not containers:
        return Refusal("the container is not there any more", "look again")
    kinds = {engine.socket: engine.kind for engine in snapshot.containers.engines}
    units = {
        identity: server.units for server in snapshot.servers.servers if server.units for identity in server.containers
    }
    for each in containers:
        if each.compose_project or each.compose_service:
            return Refusal(f"compose made {each.name}", "close it there: containers/harden-compose")
        if is_of_a_client(each, snapshot):
            return Refusal(f"a client's configuration starts {each.name}", "close it there: containers/harden-run")
        if each.id in units:
            return Refusal(f"the unit {units[each.id][0]} starts {each.name}", "write the options into its ExecStart")
        if kinds.get(each.engine) != "docker":
            return Refusal("it is known of Docker alone how a container is made again", "make it anew by hand")
        if not each.running:
            return Refusal(
                f"{each.name} does not run, so it could not be seen whether a new one works",
                f"start it first; or, if nothing needs it, remove it: docker rm {each.name}",
            )
        if each.open_stdin or each.tty:
            return Refusal(
                f"a client or a terminal may hold the input of {each.name}, and would lose it",
                "change how it is started: workbench explain containers/recreate",
            )
        if finding.check == _SPACES and each.network_mode == "host":
            return Refusal(
                f"{each.name} is in the machine's own network, and which of its ports are needed is not known",
                "start it by hand with --publish 127.0.0.1:PORT:PORT instead of --network host",
            )
    return containers


def _consequences(containers: list[ContainerFact], answers: Recreate, pinned: bool) -> str:
    names = listed([each.name for each in containers])
    said = [
        f"applying stops {names} and starts a new one in its place: who is connected is cut off, and what it keeps in"
        " memory is lost",
        f"the new one runs as {answers.user} where the old one was root, and writes nothing of its image"
        f"{f' but {answers.writable}, which is in memory' if answers.writable else ''}. Volumes that belong to another"
        " account it cannot write any more",
        "the old one stays, stopped, until you remove it (docker rm, without -v); while it does, this can be undone",
        "sudo is not asked: whoever may ask the engine, as the group docker may, is root of this machine",
        "it is not changed in whatever made it: a script or a tool that makes it again makes it as it was",
        "that it stays up does not prove that it does all it did: use it, and undo this where something is missing",
    ]
    if answers.opened == "take out":
        said.append("a server that manages containers or the host cannot do that without what is taken out")
    hosts = [each.name for each in containers if each.network_mode == "host"]
    if hosts:
        said.append(f"{listed(hosts)} stays in the machine's own network, for its ports are not known")
    if answers.network == "no":
        said.append("it has no network, and nothing reaches it over one")
    if pinned:
        said.append("the image stays the one of now: updates no longer arrive by themselves")
    return ". ".join([said[0], *(each[0].upper() + each[1:] for each in said[1:])])
