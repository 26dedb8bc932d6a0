"""The containers of the staged host: one that was made with thought, one given too much, one with all, one by hand."""

from __future__ import annotations

from scripts.staged_parts import CONTAINER, WORKSPACE, secret_variable
from tests import builders
from workbench.model.containers import (
    ContainerFact,
    ContainerFacts,
    ContainerMount,
    EngineFact,
    PublishedPort,
    SeccompProfile,
)

ENGINE = EngineFact(
    "/var/run/docker.sock", "the usual place", "docker", "29.0.2", seccomp="builtin", architecture="amd64"
)
_MASKED = ("/proc/kcore", "/proc/keys", "/sys/firmware")
_READ_ONLY = ("/proc/bus", "/proc/sys", "/proc/sysrq-trigger")
_PROFILE = SeccompProfile(
    "denied",
    (
        ("clone (thread)", "allowed"),
        ("clone (process)", "denied"),
        ("clone3", "allowed"),
        ("execve", "allowed"),
        ("mount", "denied"),
    ),
    named=212,
    refused=("clone",),
)


def containers() -> ContainerFacts:
    """What the engine tells."""
    database = ContainerFact(
        CONTAINER,
        "brave_hopper",
        "mcp/postgres:1.2",
        "sha256:" + "4be1" * 16,
        ("mcp/postgres@sha256:" + "77aa" * 16,),
        command=("node", "/app/index.js"),
        running=True,
        pid=5121,
        started=1773472000.0,
        engine=ENGINE.socket,
        recognised_by="its image is mcp/postgres",
        user="100:100",
        image_user="",
        cap_drop=("ALL",),
        readonly_root=True,
        no_new_privileges=True,
        masked_paths=_MASKED,
        readonly_paths=_READ_ONLY,
        network_mode="bridge",
        networks=("bridge",),
        internal=False,
        seccomp="profile",
        seccomp_profile=_PROFILE,
        pids_limit=100,
        memory=512 << 20,
    )
    workspace = ContainerFact(
        WORKSPACE,
        "workspace",
        "mcp/filesystem",
        "sha256:" + "c35d" * 16,
        ("mcp/filesystem@sha256:" + "18f0" * 16,),
        command=("node", "/app/dist/index.js", "/work"),
        running=True,
        pid=5233,
        started=1773472200.0,
        engine=ENGINE.socket,
        recognised_by="its image is mcp/filesystem",
        image_user="",
        cap_add=("SYS_PTRACE",),
        masked_paths=(),
        readonly_paths=_READ_ONLY,
        seccomp="unconfined",
        pid_mode="host",
        network_mode="bridge",
        networks=("bridge",),
        internal=False,
        mounts=(
            ContainerMount("bind", "/var/run/docker.sock", "/var/run/docker.sock", True),
            ContainerMount("bind", "/home/dev", "/work", True),
        ),
        environment=(secret_variable("AWS_SECRET_ACCESS_KEY", "an AWS key", 40),),
    )
    monitor = ContainerFact(
        "e602" * 16,
        "fleet-monitor",
        "registry.corp.example/fleet-mcp:2",
        "sha256:" + "90ce" * 16,
        ("registry.corp.example/fleet-mcp@sha256:" + "5ad2" * 16,),
        command=("/usr/bin/fleet-mcp", "--http", "0.0.0.0:8811"),
        engine=ENGINE.socket,
        recognised_by="its command names mcp",
        image_user="",
        privileged=True,
        network_mode="bridge",
        networks=("bridge",),
        internal=False,
        ports=(PublishedPort("0.0.0.0", 8811, 8811, "tcp"),),
        compose_project="fleet",
        compose_service="monitor",
        compose_file="/home/dev/fleet/compose.yaml",
    )
    weather = ContainerFact(
        "71ad" * 16,
        "weather",
        "ghcr.io/example/weather-mcp@sha256:" + "3e9b" * 16,
        "sha256:" + "a850" * 16,
        ("ghcr.io/example/weather-mcp@sha256:" + "3e9b" * 16,),
        command=("/usr/bin/weather-mcp", "--http", "0.0.0.0:8844"),
        running=True,
        pid=5390,
        started=1773472100.0,
        engine=ENGINE.socket,
        recognised_by="its command names mcp",
        user="1000:1000",
        image_user="",
        cap_drop=("ALL",),
        no_new_privileges=True,
        masked_paths=_MASKED,
        readonly_paths=_READ_ONLY,
        network_mode="bridge",
        networks=("bridge",),
        internal=False,
        ports=(PublishedPort("127.0.0.1", 8844, 8844, "tcp"),),
        restart="always",
        memory=512 << 20,
    )
    return ContainerFacts(builders.COMPLETE, (database, workspace, monitor, weather), (ENGINE,), seen=6)
