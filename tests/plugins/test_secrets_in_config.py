"""secrets/in-config."""

from __future__ import annotations

from dataclasses import replace

from tests import builders
from tests.plugins.loading import get_check, run_check
from workbench.model.clients import ClientConfig, ClientFacts
from workbench.model.facts import EnvironmentEntry, SecretFact
from workbench.model.finding import NotApplicable, Passed, Verdict
from workbench.model.report import Status
from workbench.model.severity import Severity
from workbench.scan import run_check as scan_check

CHECK = "secrets/in-config"
TOKEN = SecretFact("github-classic", "env.GITHUB_TOKEN", 40, "abcdefabcdef")
ARGUMENT = SecretFact("supabase", "args[3]", 44, "0123456789ab")


def _said(*configs: ClientConfig) -> list[Verdict]:
    return run_check(CHECK, builders.snapshot(clients=ClientFacts(builders.COMPLETE, configs=configs)))


def test_vulnerable_in_the_environment() -> None:
    entry = builders.server(environment=(EnvironmentEntry("GITHUB_TOKEN", TOKEN),), line=7)
    (finding,) = builders.findings(_said(builders.config([entry])))
    assert finding.severity is Severity.HIGH
    assert finding.evidence[0].actual == "env.GITHUB_TOKEN: a secret of the kind github-classic, 40 characters"
    assert finding.location is not None
    assert finding.location.line == 7
    assert "ps" not in finding.summary.split()


def test_vulnerable_in_an_argument_says_that_others_see_it() -> None:
    (finding,) = builders.findings(_said(builders.config([builders.server(secrets=(ARGUMENT,))])))
    assert "in ps while it runs" in finding.summary


def test_one_finding_lists_every_place_of_a_server() -> None:
    entry = builders.server(environment=(EnvironmentEntry("GITHUB_TOKEN", TOKEN),), secrets=(ARGUMENT, TOKEN))
    (finding,) = builders.findings(_said(builders.config([entry])))
    assert "2 secrets" in finding.summary
    assert {evidence.actual.partition(":")[0] for evidence in finding.evidence} == {"args[3]", "env.GITHUB_TOKEN"}


def test_its_command_prints_nothing_but_the_name_of_the_server() -> None:
    (finding,) = builders.findings(_said(builders.config([builders.server(secrets=(ARGUMENT,))])))
    assert finding.evidence[0].command[:6] == ("grep", "-n", "-o", "-F", "-e", "files")


def test_vulnerable_outside_of_the_servers() -> None:
    secret = replace(TOKEN, place="inputs[0].default")
    (finding,) = builders.findings(_said(builders.config([builders.server()], secrets=(secret,))))
    assert finding.subject.kind == "config"
    assert "inputs[0].default" in finding.evidence[0].actual


def test_vulnerable_even_when_it_is_switched_off() -> None:
    (finding,) = builders.findings(_said(builders.config([builders.server(secrets=(ARGUMENT,), disabled=True)])))
    assert "in ps while it runs" not in finding.summary


def test_hardened() -> None:
    entry = builders.server(environment=(EnvironmentEntry("GITHUB_TOKEN"),))
    assert builders.kinds(_said(builders.config([entry]))) == {Passed}


def test_its_identity_stays_when_another_secret_is_added() -> None:
    (first,) = builders.findings(_said(builders.config([builders.server(secrets=(TOKEN,))])))
    (second,) = builders.findings(_said(builders.config([builders.server(secrets=(TOKEN, ARGUMENT), line=9)])))
    assert first.identity == second.identity


def test_not_applicable() -> None:
    assert builders.kinds(_said()) == {NotApplicable}
    assert builders.kinds(_said(builders.config())) == {NotApplicable}


def test_not_assessed_when_the_content_could_not_be_read() -> None:
    clients = ClientFacts(builders.unread("content"))
    assert scan_check(get_check(CHECK), builders.snapshot(clients=clients)).status is Status.NOT_ASSESSED
