"""clients/loader-override."""

from __future__ import annotations

from typing import Any

import pytest

from tests import builders
from tests.plugins.loading import run_check, status
from workbench.model.clients import ClientFacts, LoaderPlace, LoaderVariable
from workbench.model.facts import HostFacts, PathFact
from workbench.model.finding import Finding, NotApplicable, NotAssessed, Passed, Verdict
from workbench.model.report import Status
from workbench.model.severity import Severity

CHECK = "clients/loader-override"


def _said(*variables: LoaderVariable, files: tuple[PathFact, ...] = (), **more: Any) -> list[Verdict]:
    entry = builders.server(loaders=variables, disabled=more.pop("disabled", False))
    clients = ClientFacts(builders.COMPLETE, (builders.config([entry]),), files=files)
    return run_check(CHECK, builders.snapshot(clients=clients, **more))


def _searches(path: PathFact, named: str = "", name: str = "PYTHONPATH") -> list[Verdict]:
    place = LoaderPlace(named or path.asked, path.asked)
    return _said(LoaderVariable(name, "search", places=(place,)), files=(path,))


def _folder(name: str, mode: int, **more: Any) -> PathFact:
    return builders.path(name, mode, kind="directory", **more)


def _one(said: list[Verdict]) -> Finding:
    (finding,) = builders.findings(said)
    return finding


def test_vulnerable_code_is_loaded() -> None:
    variable = LoaderVariable("LD_PRELOAD", "code", places=(LoaderPlace("/opt/x.so", "/opt/x.so"),))
    finding = _one(_said(variable, files=(builders.path("/opt/x.so", 0o644, uid=0),)))
    assert finding.severity is Severity.HIGH
    assert "LD_PRELOAD loads /opt/x.so before" in finding.summary
    assert finding.evidence[0].command[:6] == ("grep", "-n", "-o", "-w", "-e", "LD_PRELOAD")


def test_vulnerable_options_that_load_code() -> None:
    finding = _one(_said(LoaderVariable("NODE_OPTIONS", "code", ("--require",))))
    assert finding.severity is Severity.HIGH and "(--require)" in finding.summary
    assert "debugger" in _one(_said(LoaderVariable("NODE_OPTIONS", "code", ("--inspect",)))).summary


@pytest.mark.parametrize(
    ("path", "word"),
    [
        (_folder("/srv/lib", 0o777, uid=0), "any account on this machine can write"),
        (_folder("/srv/lib", 0o775, uid=0, gid=2000), "colleague can write"),
        (_folder("/srv/lib", 0o755, uid=1001), "colleague"),
        (_folder("/srv/lib", 0o755, uid=7777), "uid 7777 can change"),
        (_folder("/srv/lib", 0o755, uid=0, directories={"/srv": (0o777, 0, 0)}), "can replace"),
        (_folder("/tmp/lib", 0o700), "temporary files"),
    ],
)
def test_vulnerable_a_folder_that_others_decide_on(path: PathFact, word: str) -> None:
    finding = _one(_searches(path))
    assert finding.severity is Severity.HIGH and word in finding.summary


def test_vulnerable_a_folder_that_others_could_make() -> None:
    finding = _one(_searches(_folder("/tmp", 0o1777, uid=0, gid=0), "/tmp/not/there"))
    assert "does not exist and which any account" in finding.summary


def test_vulnerable_a_relative_name() -> None:
    finding = _one(_said(LoaderVariable("PYTHONPATH", "search", relative=1)))
    assert finding.severity is Severity.MEDIUM and "depends on where" in finding.summary


def test_several_variables_of_one_server_are_one_finding() -> None:
    finding = _one(_said(LoaderVariable("PYTHONPATH", "search", relative=1), LoaderVariable("BASH_ENV", "code")))
    assert finding.severity is Severity.HIGH and len(finding.evidence) == 2


def test_hardened() -> None:
    assert builders.kinds(_said(LoaderVariable("NODE_OPTIONS", "nothing"))) == {Passed}
    assert builders.kinds(_searches(_folder("/home/dev/src", 0o755))) == {Passed}
    assert builders.kinds(_searches(_folder("/usr/bin", 0o755, uid=0, gid=0), name="PATH")) == {Passed}


def test_hardened_a_folder_that_is_not_there_and_that_nobody_else_can_make() -> None:
    missing = _searches(_folder("/opt", 0o755, uid=0, gid=0), "/opt/homebrew/bin", "PATH")
    assert builders.kinds(missing) == {Passed}


def test_not_applicable() -> None:
    assert builders.kinds(_said()) == {NotApplicable}
    assert builders.kinds(_said(LoaderVariable("LD_PRELOAD", "code"), disabled=True)) == {NotApplicable}


def test_not_assessed_what_a_reference_leads_to() -> None:
    assert builders.kinds(_said(LoaderVariable("NODE_OPTIONS", "unknown"))) == {NotAssessed}


def test_not_assessed_on_windows() -> None:
    assert builders.kinds(_said(host=HostFacts("win32", "10", -1, "dev", "C:/Users/dev"))) == {NotAssessed}


@pytest.mark.parametrize("facet", ["program", "content"])
def test_not_assessed_when_something_could_not_be_looked_at(facet: str) -> None:
    clients = ClientFacts(builders.unread(facet))
    assert status(CHECK, builders.snapshot(clients=clients)) is Status.NOT_ASSESSED
