"""sockets/abstract."""

from __future__ import annotations

from typing import Any

from tests import builders
from tests.plugins.loading import run_check, status
from workbench.model.facts import AccountFacts
from workbench.model.finding import NotApplicable, NotAssessed, Passed, Verdict
from workbench.model.processes import ProcessFacts
from workbench.model.report import Status
from workbench.model.severity import Severity
from workbench.model.sockets import SocketFact, SocketFacts

CHECK = "sockets/abstract"
SERVER = builders.process()


def _socket(**more: Any) -> SocketFact:
    return SocketFact(**{"name": "mcp-files", "abstract": True, "inode": 7, "server": SERVER.key, "uid": 1000, **more})


def _said(*sockets: SocketFact, namespaces: tuple[str, ...] = (), **more: Any) -> list[Verdict]:
    processes = ProcessFacts(builders.COMPLETE, (builders.process(own_namespaces=namespaces),))
    return run_check(
        CHECK, builders.snapshot(sockets=SocketFacts(builders.COMPLETE, sockets), processes=processes, **more)
    )


def test_vulnerable_where_other_people_have_accounts() -> None:
    (finding,) = builders.findings(_said(_socket()))
    assert finding.severity is Severity.HIGH and "colleague among them" in finding.summary
    assert finding.evidence[0].command == ("grep", "-F", "@mcp-files", "/proc/net/unix")


def test_vulnerable_to_services_alone_is_medium() -> None:
    accounts = AccountFacts(builders.COMPLETE, (builders.ROOT, builders.DEVELOPER))
    (finding,) = builders.findings(_said(_socket(), accounts=accounts))
    assert finding.severity is Severity.MEDIUM


def test_vulnerable_whatever_else_the_server_has_of_its_own() -> None:
    assert builders.findings(_said(_socket(), namespaces=("mnt", "pid", "user")))


def test_vulnerable_when_nobody_knows_whose_it_is() -> None:
    assert builders.findings(_said(_socket(server="", uid=None)))


def test_hardened_by_a_network_of_its_own() -> None:
    assert builders.kinds(_said(_socket(), namespaces=("net",))) == {Passed}


def test_not_applicable_to_a_socket_with_a_file() -> None:
    file = builders.socket(builders.path("/run/user/1000/mcp.sock", 0o600, kind="socket"))
    assert builders.kinds(_said(file)) == {NotApplicable}


def test_not_assessed_in_a_namespace_that_is_not_known() -> None:
    assert builders.kinds(_said(_socket(server="", foreign_namespace=True))) == {NotAssessed}


def test_not_assessed_when_the_owners_could_not_be_read() -> None:
    facts = SocketFacts(builders.unread("owner"))
    assert status(CHECK, builders.snapshot(sockets=facts)) is Status.NOT_ASSESSED
