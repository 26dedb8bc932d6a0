"""Containers made by hand for the tests of their checks: one with nothing to be said of it, then changed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests import builders
from tests.plugins.loading import run_check, status
from workbench.model.containers import ContainerFact, ContainerFacts, ContainerMount, EngineFact
from workbench.model.facts import SectionState
from workbench.model.finding import Finding, NotApplicable, Passed, Verdict
from workbench.model.report import Status
from workbench.model.snapshot import Snapshot

ENGINE = EngineFact("/run/docker.sock", "its usual place", "docker", seccomp="builtin", architecture="amd64")
ROOTLESS = replace(ENGINE, rootless=True)
REMAPPED = replace(ENGINE, userns_remap=True)
MASKED = ("/proc/kcore", "/proc/keys", "/sys/firmware")
READ_ONLY = ("/proc/bus", "/proc/sys", "/proc/sysrq-trigger")
GOOD = ContainerFact(
    id="ab" * 32,
    name="files",
    image="mcp/filesystem",
    image_id="sha256:" + "cd" * 32,
    running=True,
    engine=ENGINE.socket,
    user="1000:1000",
    image_user="",
    cap_drop=("ALL",),
    readonly_root=True,
    no_new_privileges=True,
    masked_paths=MASKED,
    readonly_paths=READ_ONLY,
    network_mode="none",
    networks=("none",),
    pids_limit=64,
    memory=64 << 20,
)


def container(**changes: Any) -> ContainerFact:
    """A running container that is hardened in every way, but for the changes."""
    return replace(GOOD, **changes)


def other(name: str, **changes: Any) -> ContainerFact:
    """Another one like it."""
    return container(name=name, id=name.encode().hex().ljust(64, "0")[:64], **changes)


def mount(source: str, *, writable: bool = True, kind: str = "bind", destination: str = "/x") -> ContainerMount:
    """A folder or socket of the machine in it."""
    return ContainerMount(kind, source, destination, writable)


def host(*containers: ContainerFact, engine: EngineFact = ENGINE, **sections: Any) -> Snapshot:
    """A host whose one engine has these containers."""
    facts = ContainerFacts(builders.COMPLETE, containers, (engine,), len(containers))
    return builders.snapshot(containers=facts, **sections)


def said(check: str, *containers: ContainerFact, engine: EngineFact = ENGINE, **sections: Any) -> list[Verdict]:
    """What a check says of containers."""
    return run_check(check, host(*containers, engine=engine, **sections))


def only(check: str, *containers: ContainerFact, engine: EngineFact = ENGINE, **sections: Any) -> Finding:
    """Its one finding."""
    (finding,) = builders.findings(said(check, *containers, engine=engine, **sections))
    return finding


def passes(check: str, *containers: ContainerFact, engine: EngineFact = ENGINE, **sections: Any) -> bool:
    """Whether it passes each of them."""
    return builders.kinds(said(check, *containers, engine=engine, **sections)) == {Passed}


def is_silent_without_containers(check: str) -> None:
    """Neither a host without an engine nor one without such containers has anything to judge."""
    assert builders.kinds(said(check)) == {NotApplicable}
    nothing = ContainerFacts(SectionState("not applicable", "no container engine is here"))
    assert status(check, builders.snapshot(containers=nothing)) is Status.NOT_APPLICABLE


def says_what_it_could_not_look_at(check: str) -> None:
    """An engine that forbids or hangs, and a container that it does not tell of, are gaps and no pass."""
    for state in (SectionState("failed", "permission denied", "look as root"), builders.unread("engines")):
        assert status(check, builders.snapshot(containers=ContainerFacts(state))) is Status.NOT_ASSESSED
    partial = ContainerFacts(builders.unread("details"), (GOOD,), (ENGINE,), 2)
    assert status(check, builders.snapshot(containers=partial)) is Status.NOT_ASSESSED
