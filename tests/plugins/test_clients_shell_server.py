"""clients/shell-server."""

from __future__ import annotations

from dataclasses import replace

from tests import builders
from tests.plugins.loading import run_check, status
from workbench.launch import understand
from workbench.model.clients import ClientFacts, ServerEntry
from workbench.model.finding import NotApplicable, NotAssessed, Passed, Verdict
from workbench.model.launch import Ability, Launch
from workbench.model.report import Status
from workbench.model.severity import Severity

CHECK = "clients/shell-server"
RUNS = Ability("commands", "the package desktop-commander runs shell commands", 2)


def _server(*abilities: Ability, name: str = "box", **more: object) -> ServerEntry:
    launch = Launch("npx", ("-y", "box"), abilities=abilities, **more)  # type: ignore[arg-type]
    return builders.server(name, ("npx", "-y", "box"), launch=launch)


def _said(*servers: ServerEntry) -> list[Verdict]:
    return run_check(CHECK, builders.snapshot(clients=ClientFacts(builders.COMPLETE, (builders.config(servers),))))


def test_vulnerable() -> None:
    (finding,) = builders.findings(_said(_server(Ability("files", "x"), RUNS)))
    assert finding.severity is Severity.HIGH and finding.evidence[0].actual == RUNS.why
    assert finding.location is not None and finding.location.pointer == ("mcpServers", "box", "args", 1)


def test_hardened() -> None:
    assert builders.kinds(_said(_server(Ability("files", "x"), Ability("network", "y")))) == {Passed}
    assert builders.kinds(_said(_server())) == {Passed}


def test_hardened_being_started_through_a_shell_is_not_offering_one() -> None:
    command = ("bash", "-c", "cd /srv && exec npx -y @acme/notes@1.0.0")
    assert builders.kinds(_said(builders.server("notes", command, launch=understand(command, "/home/dev")))) == {Passed}


def test_not_applicable() -> None:
    assert builders.kinds(_said()) == {NotApplicable}
    assert builders.kinds(_said(replace(_server(RUNS), disabled=True))) == {NotApplicable}


def test_not_assessed_when_the_launcher_is_not_understood() -> None:
    assert builders.kinds(_said(_server(understood=False))) == {NotAssessed}


def test_not_assessed_when_the_content_could_not_be_read() -> None:
    clients = ClientFacts(builders.unread("content"))
    assert status(CHECK, builders.snapshot(clients=clients)) is Status.NOT_ASSESSED
