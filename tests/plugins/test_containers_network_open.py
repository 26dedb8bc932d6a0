"""containers/network-open."""

from __future__ import annotations

from typing import Any

import pytest

from tests import builders
from tests.plugins import containers
from tests.plugins.loading import status
from workbench.launch import understand
from workbench.model.clients import ClientFacts
from workbench.model.containers import ContainerFacts
from workbench.model.finding import NotApplicable, NotAssessed
from workbench.model.report import Status
from workbench.model.servers import Server, ServerFacts
from workbench.model.severity import Severity

CHECK = "containers/network-open"

OPEN = {"network_mode": "default", "networks": ("bridge",)}


def _started(*command: str) -> dict[str, Any]:
    entry = builders.server("files", command, launch=understand(command, "/home/dev"))
    return {"clients": ClientFacts(builders.COMPLETE, (builders.config([entry]),))}


def _joined(*command: str) -> dict[str, Any]:
    launch = understand(command, "/home/dev")
    server = Server("key", "files", "running", True, "stdio", containers=(containers.GOOD.id,), launch=launch)
    return {"servers": ServerFacts(builders.COMPLETE, (server,))}


@pytest.mark.parametrize("mode", ["default", "bridge", ""])
def test_vulnerable(mode: str) -> None:
    finding = containers.only(CHECK, containers.container(network_mode=mode))
    assert finding.severity is Severity.LOW and "if its server does not need it" in finding.summary


@pytest.mark.parametrize("how", [_started, _joined])
def test_vulnerable_and_more_where_the_server_is_known_to_need_none(how: Any) -> None:
    known = how("docker", "run", "-i", "mcp/filesystem", "/workspace")
    finding = containers.only(CHECK, containers.container(**OPEN), **known)
    assert finding.severity is Severity.MEDIUM
    assert "works with files, which needs none as far as is known" in finding.summary


def test_vulnerable_on_a_network_that_leads_out() -> None:
    assert containers.only(CHECK, containers.container(network_mode="mine", networks=("mine",), internal=False))


def test_hardened() -> None:
    assert containers.passes(CHECK, containers.container())
    assert containers.passes(CHECK, containers.container(network_mode="mine", networks=("mine",), internal=True))


def test_hardened_where_the_server_works_with_the_network() -> None:
    container = containers.container(**OPEN, image="mcp/fetch")
    assert containers.passes(CHECK, container, **_started("docker", "run", "-i", "mcp/fetch"))


def test_hardened_where_a_port_needs_it() -> None:
    from workbench.model.containers import PublishedPort

    assert containers.passes(CHECK, containers.container(**OPEN, ports=(PublishedPort("127.0.0.1", 80, 80, "tcp"),)))


def test_not_applicable_in_the_network_of_the_machine() -> None:
    container = containers.container(network_mode="host", networks=("host",))
    assert builders.kinds(containers.said(CHECK, container)) == {NotApplicable}


@pytest.mark.parametrize("mode", ["mine", "container:other"])
def test_not_assessed_where_it_is_not_told_where_it_leads(mode: str) -> None:
    assert builders.kinds(containers.said(CHECK, containers.container(network_mode=mode))) == {NotAssessed}


def test_not_assessed_where_the_networks_could_not_be_asked() -> None:
    facts = ContainerFacts(builders.unread("networks"), (containers.GOOD,), (containers.ENGINE,), 1)
    assert status(CHECK, builders.snapshot(containers=facts)) is Status.NOT_ASSESSED


def test_not_applicable_without_such_containers() -> None:
    containers.is_silent_without_containers(CHECK)


def test_not_assessed_where_the_engine_does_not_tell() -> None:
    containers.says_what_it_could_not_look_at(CHECK)
