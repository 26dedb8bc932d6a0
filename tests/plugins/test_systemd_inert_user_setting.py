from __future__ import annotations

from typing import Any

import pytest

from tests import builders
from tests.plugins.loading import run_check
from tests.plugins.systemd_units import USER_FILE, host, unit
from workbench.model.finding import NotApplicable, NotAssessed, Passed
from workbench.model.severity import Severity
from workbench.model.units import UnitFact

CHECK = "systemd/inert-user-setting"


def own(service: str, **more: Any) -> UnitFact:
    return unit(service, file=USER_FILE, **more)


@pytest.mark.parametrize(
    ("service", "names"),
    [
        ("ProtectHome=yes", "ProtectHome="),
        ("ProtectHome=tmpfs\nBindPaths=/home/dev/ws", "ProtectHome=, BindPaths="),
        ("ProtectSystem=strict\nPrivateTmp=true", "ProtectSystem=, PrivateTmp="),
        ("PrivateNetwork=1\nPrivateUsers=no", "PrivateNetwork="),
        ("InaccessiblePaths=/home/dev/.ssh", "InaccessiblePaths="),
        ("ProtectHome=yes\nBindPaths=/srv:/srv:rbind", "ProtectHome=, BindPaths="),
        ("ProtectHome=yes\nPrivateUsers=yes\nPrivateUsers=no", "ProtectHome="),
        ("ProtectHome=yes\nPrivateUsers=yes # a namespace", "ProtectHome="),
    ],
)
def test_vulnerable_what_has_no_effect_is_named(service: str, names: str) -> None:
    (found,) = builders.findings(run_check(CHECK, host(own(service))))
    assert found.severity is Severity.MEDIUM
    assert found.summary.endswith(f"so {names} has no effect")
    assert "systemd 252 goes on without it" in found.evidence[0].actual


@pytest.mark.parametrize(
    "service",
    [
        "ProtectHome=yes\nPrivateUsers=yes",
        "ProtectHome=no",
        "ProtectHome=maybe",
        "NoNewPrivileges=yes",
        "ProtectSystem=\n",
    ],
)
def test_hardened_with_a_user_namespace_or_nothing_to_lose(service: str) -> None:
    assert builders.kinds(run_check(CHECK, host(own(service)))) == {Passed}


@pytest.mark.parametrize("line", ["TemporaryFileSystem=/srv", "BindPaths=/srv:/mnt", "RootDirectory=/srv"])
def test_hardened_what_fails_aloud_is_another_finding(line: str) -> None:
    assert builders.kinds(run_check(CHECK, host(own(f"ProtectHome=yes\n{line}")))) == {Passed}
    assert builders.findings(run_check("systemd/cannot-start", host(own(line, command=("/usr/bin/mcp-web",)))))


def test_hardened_since_systemd_adds_the_namespace_itself() -> None:
    assert builders.kinds(run_check(CHECK, host(own("ProtectHome=yes"), version=254))) == {Passed}
    assert builders.findings(run_check(CHECK, host(own("ProtectHome=yes"), version=253)))


def test_not_applicable_to_system_units_and_roots_own() -> None:
    assert builders.kinds(run_check(CHECK, host(unit("ProtectHome=yes")))) == {NotApplicable}
    assert builders.kinds(run_check(CHECK, host(own("ProtectHome=yes", owner=0)))) == {NotApplicable}


def test_not_assessed_of_an_unknown_systemd_or_a_part_unread() -> None:
    assert builders.kinds(run_check(CHECK, host(own("ProtectHome=yes"), version=0))) == {NotAssessed}
    assert builders.kinds(run_check(CHECK, host(own("ProtectHome=yes", whole=False)))) == {NotAssessed}
