"""Close the containers of a compose project, by an override file beside its compose file.

What it looks at
----------------
A container that Docker Compose or podman-compose made: its labels say of which project and service it is, and which
files that was read from. Your compose file is not touched. A file is made beside it that says of the service only what
is missing::

    services:
      "files":
        user: "1000:1000"
        read_only: true
        tmpfs: ["/tmp"]
        cap_drop: ["ALL"]
        security_opt: ["no-new-privileges:true"]
        pids_limit: 100
        mem_limit: "512m"

Compose reads it by itself beside a file of a usual name (``compose.yaml``, ``docker-compose.yml``), the next time that
the service is brought up. The plan shows the command for it; until then the container runs as before, and is found as
before. Undo removes the file, and the same command brings the service back.

It asks for the account as a number, whether the service uses the network, how much memory and how many processes it may
have, which folders inside it may write besides, and for another name of the file.

Refused, with what to do: a project that is read from several files already, for it has its own way to be put together;
a file that is there already, under the name that is answered; what an override can only add to and never take away, as
the engine's socket among the volumes or ``seccomp:unconfined``, is not offered at all: take that out of the compose
file by hand.

Why it matters
--------------
What compose starts by itself is root inside, with fourteen capabilities, every file of the image writable, all memory
and the network. It is started again with the machine, for months.

How an attacker uses it
-----------------------
An injected prompt makes the server run what it fetched from the network, or fill the memory of the machine.

How to fix it by hand
---------------------
Write the lines above into ``compose.override.yaml``, look at what comes of both with ``docker compose config``, and run
``docker compose up -d SERVICE``. Then look whether it stays up: ``docker compose ps``, ``docker compose logs SERVICE``.
Of what it complains is said what it needs: ``EROFS`` a folder of ``tmpfs``, ``EACCES`` another ``user``.

References
----------
- Docker documentation: Merge Compose files; Compose file reference, services
- CIS Docker Benchmark, section 5: Container Runtime
- CWE-250: Execution with Unnecessary Privileges
"""

import json
import re
import shlex
from dataclasses import dataclass, field
from posixpath import basename, dirname
from typing import Literal

from workbench.api import (
    MEMORY_ASKED,
    NOBODY,
    PROCESSES_ASKED,
    USER_ASKED,
    WRITABLE_ASKED,
    ContainerFact,
    CreateFile,
    Finding,
    Plan,
    Refusal,
    Reversal,
    Safety,
    Snapshot,
    container_subject,
    fix,
    folders_inside,
    listed,
    own_number,
    runs_as_root,
    wrong_limits,
)

_NETWORK = "containers/network-open"
_USUAL = {
    "compose.yaml": "compose.override.yaml",
    "compose.yml": "compose.override.yml",
    "docker-compose.yaml": "docker-compose.override.yaml",
    "docker-compose.yml": "docker-compose.override.yml",
}
"""The names under which compose finds a file by itself, and that of the override which it then reads as well."""
_SERVICE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,100}")
_PATH = re.compile(r"(?:/[A-Za-z0-9_@%+=:,. -]+)+")
_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,100}\.ya?ml")


@dataclass(frozen=True, slots=True)
class HardenCompose:
    """What the fix asks: as whom the service runs, and what it may do and have."""

    user: str = field(metadata=USER_ASKED)
    network: Literal["yes", "no"] = field(
        metadata={"label": "May it use the network", "help": "no also closes it to what speaks to it over a port."}
    )
    writable: str = field(metadata=WRITABLE_ASKED)
    memory: str = field(metadata=MEMORY_ASKED)
    processes: str = field(metadata=PROCESSES_ASKED)
    file: str = field(
        metadata={
            "label": "The name of the override file",
            "help": "Beside the compose file. Compose reads the suggested one by itself.",
        }
    )


def _suggest(finding: Finding, snapshot: Snapshot) -> HardenCompose | Refusal:
    """Your own number where a folder of the host is mounted; the network as it is, but where that was found."""
    found = _found(finding, snapshot)
    if isinstance(found, Refusal):
        return found
    path, containers = found
    mounts = any(mount.kind == "bind" for container in containers for mount in container.mounts)
    return HardenCompose(
        user=own_number(snapshot.host.uid, snapshot) if mounts else NOBODY,
        network="no" if finding.check == _NETWORK else "yes",
        writable="/tmp",  # noqa: S108 - it is a folder inside of the container
        memory="512m",
        processes="100",
        file=_USUAL.get(basename(path), "compose.hardened.yaml"),
    )


@fix(
    title="Close the service by an override of its compose file",
    repairs=(
        "containers/privileged",
        "containers/root-user",
        "containers/writable-root",
        "containers/no-capability-drop",
        "containers/no-new-privileges-off",
        "containers/no-limits",
        _NETWORK,
    ),
    safety=Safety.REVIEW,
    reversal=Reversal.FULL,
    answers=HardenCompose,
    suggest=_suggest,
)
def plan(finding: Finding, snapshot: Snapshot, answers: HardenCompose) -> Plan | Refusal:
    """One new file; it takes effect when the service is brought up."""
    found = _found(finding, snapshot)
    if isinstance(found, Refusal):
        return found
    path, containers = found
    writable = folders_inside(answers.writable)
    wrong = wrong_limits(answers.user.strip(), answers.memory.strip(), answers.processes.strip(), writable)
    if wrong is not None:
        return wrong
    if not _FILE.fullmatch(answers.file):
        return Refusal("that is no name of a YAML file", "answer one such as compose.override.yaml")
    if finding.check == _NETWORK and answers.network == "yes":
        return Refusal("with the network it would be found again", "answer network=no, or accept the finding")
    services: dict[str, dict[str, object]] = {}
    for container in containers:
        said = _missing(container, answers, writable)
        if isinstance(said, Refusal):
            return said
        services[container.compose_service] = said
    override = f"{dirname(path)}/{answers.file}"
    names = sorted(services)
    project = containers[0].compose_project
    tool = "podman-compose" if "podman" in containers[0].engine else "docker compose"
    command = f"{tool} -p {project} -f {shlex.quote(path)} -f {shlex.quote(override)} up -d {' '.join(names)}"
    return Plan(
        fix="containers/harden-compose",
        check=finding.check,
        finding=finding.identity,
        title=f"Close {listed(names)} of the compose project {project}",
        safety=Safety.REVIEW,
        reversal=Reversal.FULL,
        operations=(CreateFile(override, _text(services)),),
        consequences=_consequences(path, override, answers, command, tool),
        later=f"when the service is brought up again: {command}",
    )


def _found(finding: Finding, snapshot: Snapshot) -> tuple[str, list[ContainerFact]] | Refusal:
    """The compose file and the containers of the finding, or why there is no override to be made."""
    keys = {subject.key for subject in (finding.subject, *finding.also)}
    containers = [each for each in snapshot.containers.containers if container_subject(each).key in keys]
    if not containers:
        return Refusal("the container is not there any more", "look again")
    others = [each.name for each in containers if not (each.compose_service and each.compose_project)]
    if others:
        return Refusal(
            f"compose did not make {listed(others)}",
            "change it where it is started: containers/harden-run",
        )
    projects = {(each.compose_project, each.compose_file, each.engine) for each in containers}
    if len(projects) > 1:
        return Refusal("it is about several compose projects", "give each its own override by hand")
    ((project, path, _),) = projects
    if "," in path:
        return Refusal(f"{project} is put together of several files: {path}", "write what is missing into one of them")
    if not _PATH.fullmatch(path) or {".", ".."} & set(path.split("/")):
        return Refusal(
            f"the label of {project} does not name its compose file by a plain absolute path",
            "bring it up once with -f and the whole path of the file, then look again",
        )
    if not all(_SERVICE.fullmatch(each.compose_service) for each in containers) or not _SERVICE.fullmatch(project):
        return Refusal("the project or a service of it has a name that is not plain", "write the override by hand")
    return path, containers


def _missing(
    container: ContainerFact, answers: HardenCompose, writable: tuple[str, ...]
) -> dict[str, object] | Refusal:
    """What the override says of a service: nothing that holds already."""
    said: dict[str, object] = {}
    if container.privileged:
        said["privileged"] = False
    name = container.user.partition(":")[0]
    if runs_as_root(container) or not name.isdigit():
        said["user"] = answers.user.strip()
    if not container.readonly_root:
        said["read_only"] = True
    held = {mount.destination.rstrip("/") for mount in container.mounts} | {path for path, _ in container.tmpfs}
    kept = [path for path in writable if path not in held]
    if kept:
        said["tmpfs"] = kept
    if "ALL" not in container.cap_drop:
        said["cap_drop"] = ["ALL"]
    if not container.no_new_privileges:
        said["security_opt"] = ["no-new-privileges:true"]
    if container.pids_limit is None:
        said["pids_limit"] = int(answers.processes)
    if container.memory is None:
        said["mem_limit"] = answers.memory.strip()
    if answers.network == "no" and container.network_mode != "none":
        if container.ports:
            return Refusal(f"{container.compose_service} publishes ports, which takes a network", "answer network=yes")
        # A service that names its networks cannot be given another mode: compose takes no file that says both.
        if set(container.networks) - {f"{container.compose_project}_default", "default", "bridge"}:
            return Refusal(
                f"{container.compose_service} names its networks in the compose file, which no override can take away",
                "write internal: true behind these networks there, or answer network=yes",
            )
        said["network_mode"] = "none"
    return said


def _text(services: dict[str, dict[str, object]]) -> str:
    """The override as YAML; each value is written as JSON has it, which YAML reads alike."""
    lines = [
        "# Made by the workbench, containers/harden-compose: what the compose file beside this leaves open.",
        "services:",
    ]
    for name in sorted(services):
        lines.append(f"  {json.dumps(name)}:")
        lines += [f"    {key}: {json.dumps(value)}" for key, value in services[name].items()]
    return "\n".join(lines) + "\n"


def _consequences(path: str, override: str, answers: HardenCompose, command: str, tool: str) -> str:
    look = command.partition(" up -d ")[0]
    said = [
        f"Nothing changes before you run: {command}",
        f"Look first what comes of both files: {look} config",
        f"From then on it runs as {answers.user}, and writes nothing of its image"
        f"{f' but {answers.writable}, which is in memory' if answers.writable else ''}. Volumes that belong to another"
        " account it cannot write any more",
        "Look afterwards whether it stays up; where not, undo this and run the same without the second file",
    ]
    if basename(override) != _USUAL.get(basename(path)):
        said.append(f"{tool} does not read a file of this name by itself: name both files each time")
    if answers.network == "no":
        said.append("It has no network, and nothing reaches it over one")
    return ". ".join(said)
