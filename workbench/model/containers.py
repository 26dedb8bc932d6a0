"""The containers that run MCP servers, as their engine describes them."""

from __future__ import annotations

from typing import Literal

from workbench.model.facts import EnvironmentEntry, SecretFact, SectionState
from workbench.model.record import record

SyscallVerdict = Literal["allowed", "denied", "no such call", "killed", "logged", "asked", "depends"]
"""What a filter answers. ``denied`` is an error code other than ENOSYS, which is ``no such call``: a C library that
hears it tries the older call. ``logged`` is allowed and written down; ``asked``: another process decides;
``depends``: on arguments or on a machine that are not known here."""


@record
class EngineFact:
    """One container engine that answered. ``socket`` is the path it answers at, ``found_by`` what named that path.

    ``kind`` is ``docker``, ``podman`` or the name it gives itself. ``rootless``: root of a container is not root of
    this host but the account that runs the engine; ``userns_remap``: it is an account of nobody's. ``seccomp`` is the
    profile that a container gets which asks for none: ``builtin``, ``unconfined``, a path, or "" where the engine
    filters nothing. ``no_new_privileges`` is what it gives a container that asks for nothing. ``mandatory`` are the
    mandatory access controls it applies (``apparmor``, ``selinux``). ``architecture`` is as Go names it (``amd64``).
    ``settings_told`` is false where it did not tell its settings: nothing follows from what is empty here then.
    """

    socket: str
    found_by: str
    kind: str = ""
    version: str = ""
    api: str = ""
    rootless: bool = False
    userns_remap: bool = False
    seccomp: str = ""
    no_new_privileges: bool = False
    mandatory: tuple[str, ...] = ()
    architecture: str = ""
    settings_told: bool = True


@record
class ContainerMount:
    """What is mounted into a container.

    ``kind`` is ``bind``, ``volume``, ``image``, ``cluster`` or ``npipe``; a tmpfs stands in ``ContainerFact.tmpfs``.
    ``source`` is the path on the engine's host, for a volume where the engine keeps it; ``name`` is the volume's.
    ``destination`` is absolute inside of the container. ``propagation`` is ``rprivate``, ``rshared``, … or "".
    """

    kind: str
    source: str
    destination: str
    writable: bool
    propagation: str = ""
    name: str = ""


@record
class PublishedPort:
    """A port of the container that the engine's host listens on.

    ``address`` is the host's (``127.0.0.1``), "" or ``0.0.0.0`` or ``::`` for all of them. ``port`` is 0 where the
    engine picks one at the start. ``inside`` is the container's own, ``protocol`` ``tcp``, ``udp`` or ``sctp``.
    """

    address: str
    port: int
    inside: int
    protocol: str


@record
class SeccompProfile:
    """A profile that was given to one container, worked out for the calls that matter.

    ``default`` is what an unnamed call gets; ``verdicts`` are pairs of a case and what it gets. A case is the name of
    a call, or of one use of it: ``clone (thread)``, ``clone (process)``, ``clone (namespace)``, ``socket (inet)``,
    ``socket (unix)``, ``socket (netlink)``. ``named`` counts the names in its rules; ``refused`` are
    those calls that one of them denies by name and without a condition, whatever the others make of that.
    ``problem`` says why it is no profile at all, "" otherwise; then there are no verdicts.
    """

    default: SyscallVerdict
    verdicts: tuple[tuple[str, SyscallVerdict], ...] = ()
    named: int = 0
    refused: tuple[str, ...] = ()
    problem: str = ""


@record
class ContainerFact:
    """One container that runs an MCP server, running or stopped, with all that it was told about its confinement.

    ``id`` has 64 hexadecimal digits. ``image`` is the name it was started with, ``image_id`` and ``digests``
    (``name@sha256:…``) say which one that was. ``command`` is the redacted argument vector of its main process,
    entrypoint included. ``pid`` is that process on this host, 0 where it does not run or is not told.
    ``created`` and ``started`` are Unix seconds, 0.0 when it never was. ``engine`` is the socket that told it.
    ``recognised_by`` says why this is taken for an MCP server.

    ``user`` is as configured (``1000:1000``, ``node``, "" for root), ``image_user`` what its image says, None where
    the image is gone. ``groups`` are added ones. ``cap_add`` and ``cap_drop`` are names without ``CAP_``, upper case,
    or ``ALL``. ``no_new_privileges`` is the value that holds, also where ``no-new-privileges:false`` is spelled out.

    ``seccomp`` is ``default`` (none was asked for: see the engine's), ``unconfined`` or ``profile``, which is then
    ``seccomp_profile``. ``apparmor`` is the profile, "" for the engine's default, ``unconfined`` for none. ``label``
    are SELinux options, ``disable`` among them. ``masked_paths`` and ``readonly_paths`` are None where the engine
    tells none, empty where they were switched off (``systempaths=unconfined``).

    The modes are as configured: ``host``, ``private``, ``container:…``, ``none`` …, "" for the engine's default.
    ``network_mode`` ``default`` is the engine's bridge. ``networks`` are names; ``internal`` is whether all of them
    lead nowhere but to other containers, None where the engine was not asked or does not tell.

    ``devices`` are (host path, inside path, ``rwm``), ``device_rules`` cgroup rules (``c 1:3 rwm``), ``tmpfs`` (path,
    options), ``ulimits`` (name, soft, hard), ``sysctls`` names. ``memory`` is bytes, ``cpus`` a number of processors,
    ``pids_limit`` a count: None for no limit.

    ``environment`` holds names; ``labels`` too. ``secrets`` are those that ``command`` holds (``args[3]``).
    ``compose_file`` may name several, separated by commas.
    """

    id: str
    name: str
    image: str
    image_id: str = ""
    digests: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    running: bool = False
    pid: int = 0
    started: float = 0.0
    engine: str = ""
    recognised_by: str = ""
    created: float = 0.0
    user: str = ""
    image_user: str | None = None
    groups: tuple[str, ...] = ()
    privileged: bool = False
    cap_add: tuple[str, ...] = ()
    cap_drop: tuple[str, ...] = ()
    readonly_root: bool = False
    no_new_privileges: bool = False
    seccomp: Literal["default", "unconfined", "profile"] = "default"
    seccomp_profile: SeccompProfile | None = None
    apparmor: str = ""
    label: tuple[str, ...] = ()
    masked_paths: tuple[str, ...] | None = None
    readonly_paths: tuple[str, ...] | None = None
    pid_mode: str = ""
    ipc_mode: str = ""
    network_mode: str = ""
    uts_mode: str = ""
    userns_mode: str = ""
    cgroupns_mode: str = ""
    networks: tuple[str, ...] = ()
    internal: bool | None = None
    ports: tuple[PublishedPort, ...] = ()
    mounts: tuple[ContainerMount, ...] = ()
    devices: tuple[tuple[str, str, str], ...] = ()
    device_rules: tuple[str, ...] = ()
    tmpfs: tuple[tuple[str, str], ...] = ()
    sysctls: tuple[str, ...] = ()
    pids_limit: int | None = None
    memory: int | None = None
    cpus: float | None = None
    ulimits: tuple[tuple[str, int, int], ...] = ()
    restart: str = ""
    open_stdin: bool = False
    tty: bool = False
    runtime: str = ""
    environment: tuple[EnvironmentEntry, ...] = ()
    secrets: tuple[SecretFact, ...] = ()
    labels: tuple[str, ...] = ()
    compose_project: str = ""
    compose_service: str = ""
    compose_file: str = ""


@record
class ContainerFacts:
    """The containers that run MCP servers. ``seen`` counts every container of every engine that answered.

    What could not be looked at has the facet ``engines`` (a whole engine), ``details`` (a container of it) or
    ``networks`` (where the networks of one lead).
    """

    state: SectionState
    containers: tuple[ContainerFact, ...] = ()
    engines: tuple[EngineFact, ...] = ()
    seen: int = 0
