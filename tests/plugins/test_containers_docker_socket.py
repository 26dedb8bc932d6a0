"""containers/docker-socket."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.plugins import containers
from workbench.model.severity import Severity

CHECK = "containers/docker-socket"


@pytest.mark.parametrize("writable", [True, False])
@pytest.mark.parametrize(
    "source", ["/var/run/docker.sock", "/run/docker.sock", "/run/podman/podman.sock", "/run/podman"]
)
def test_vulnerable(source: str, writable: bool) -> None:
    container = containers.container(user="", mounts=(containers.mount(source, writable=writable),))
    finding = containers.only(CHECK, container)
    assert finding.severity is Severity.CRITICAL
    assert ("read-only" in finding.evidence[0].actual) != writable


def test_vulnerable_where_an_engine_of_this_machine_answers() -> None:
    engine = replace(containers.ENGINE, socket="/home/dev/.colima/default/docker.sock")
    by_folder = containers.container(user="", mounts=(containers.mount("/home/dev/.colima/default"),))
    assert containers.only(CHECK, by_folder, engine=engine)
    renamed = replace(containers.ENGINE, socket="/opt/engine/api")
    assert containers.only(CHECK, containers.container(mounts=(containers.mount("/opt/engine/api"),)), engine=renamed)


def test_vulnerable_but_less_where_the_socket_may_keep_it_out() -> None:
    mounted = (containers.mount("/run/docker.sock"),)
    assert containers.only(CHECK, containers.container(mounts=mounted)).severity is Severity.HIGH
    of_group = containers.container(mounts=mounted, groups=("999",))
    assert containers.only(CHECK, of_group).severity is Severity.CRITICAL
    as_root = containers.container(mounts=mounted, user="")
    assert containers.only(CHECK, as_root, engine=containers.REMAPPED).severity is Severity.HIGH


def test_vulnerable_but_less_where_the_engine_is_rootless() -> None:
    engine = replace(containers.ROOTLESS, socket="/run/user/1000/docker.sock")
    mounted = (containers.mount("/run/user/1000/docker.sock"),)
    finding = containers.only(CHECK, containers.container(user="", mounts=mounted, engine=engine.socket), engine=engine)
    assert finding.severity is Severity.HIGH and "the account of its engine" in finding.summary
    assert finding.evidence[0].command[:3] == ("docker", "--host", "unix:///run/user/1000/docker.sock")


def test_hardened() -> None:
    assert containers.passes(CHECK, containers.container())
    workspace = (containers.mount("/home/dev/docker"), containers.mount("docker.sock-data", kind="volume"))
    assert containers.passes(CHECK, containers.container(mounts=workspace))


@pytest.mark.parametrize("source", ["/", "/run", "/var/run"])
def test_hardened_of_what_broad_mount_says(source: str) -> None:
    container = containers.container(mounts=(containers.mount(source),))
    assert containers.passes(CHECK, container)
    assert containers.only("containers/broad-mount", container)


def test_not_applicable_without_such_containers() -> None:
    containers.is_silent_without_containers(CHECK)


def test_not_assessed_where_the_engine_does_not_tell() -> None:
    containers.says_what_it_could_not_look_at(CHECK)
