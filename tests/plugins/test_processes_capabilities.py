"""processes/capabilities."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests import builders
from tests.plugins.confined import OPEN, host, in_bubblewrap, in_docker, running
from tests.plugins.loading import run_check
from workbench.model.facts import HostFacts
from workbench.model.finding import NotApplicable, NotAssessed, Passed
from workbench.model.launch import Launch
from workbench.model.processes import ServerProcess
from workbench.model.severity import Severity

CHECK = "processes/capabilities"


def holding(names: tuple[str, ...], which: str = "effective", **more: Any) -> ServerProcess:
    given: dict[str, Any] = {f"capabilities_{which}": names}
    return running(isolation=replace(OPEN, **given), **more)


@pytest.mark.parametrize(
    ("names", "severity"),
    [
        (("CAP_SYS_ADMIN",), Severity.CRITICAL),
        (("CAP_DAC_READ_SEARCH", "CAP_NET_RAW"), Severity.CRITICAL),
        (("CAP_SETUID", "CAP_SETGID"), Severity.CRITICAL),
        (("CAP_NET_RAW",), Severity.HIGH),
        (("CAP_NET_ADMIN", "CAP_NET_BIND_SERVICE"), Severity.HIGH),
        (("CAP_63",), Severity.HIGH),
    ],
)
@pytest.mark.parametrize("which", ["effective", "permitted", "ambient"])
def test_vulnerable(names: tuple[str, ...], severity: Severity, which: str) -> None:
    (finding,) = builders.findings(run_check(CHECK, host(holding(names, which))))
    assert finding.severity is severity
    assert f"{which}: {', '.join(names)}" in finding.evidence[0].actual


@pytest.mark.parametrize(
    "server",
    [
        running(),
        in_bubblewrap(),
        in_docker(),
        holding(("CAP_NET_BIND_SERVICE",)),
        holding(("CAP_WAKE_ALARM",), "ambient"),
        holding(("CAP_SYS_ADMIN",), "bounding"),
        holding(("CAP_SYS_ADMIN",), own_namespaces=("mnt", "user")),
    ],
)
def test_hardened_or_harmless(server: ServerProcess) -> None:
    assert builders.kinds(run_check(CHECK, host(server))) == {Passed}


def test_not_assessed_where_it_is_not_known_what_they_are_worth() -> None:
    hidden = running(isolation=replace(OPEN, network="unknown", capabilities_effective=("CAP_SYS_ADMIN",)))
    (verdict,) = run_check(CHECK, host(hidden))
    assert isinstance(verdict, NotAssessed) and verdict.unlock == "look as root"
    assert builders.kinds(run_check(CHECK, host(running(isolation=None)))) == {NotAssessed}
    tool = running(launch=Launch("docker", image=builders.image("mcp/git")))
    assert builders.kinds(run_check(CHECK, host(tool))) == {NotAssessed}


def test_not_applicable() -> None:
    assert builders.kinds(run_check(CHECK, builders.snapshot())) == {NotApplicable}
    root = running(uid=0, account="root", isolation=replace(OPEN, capabilities_effective=("CAP_SYS_ADMIN",)))
    assert builders.kinds(run_check(CHECK, host(root))) == {NotApplicable}
    mac = HostFacts("darwin", "23", 501, "dev", "/Users/dev")
    assert builders.kinds(run_check(CHECK, host(running(), host=mac))) == {NotApplicable}
