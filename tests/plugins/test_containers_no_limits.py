"""containers/no-limits."""

from __future__ import annotations

from typing import Any

import pytest

from tests.plugins import containers
from workbench.model.severity import Severity

CHECK = "containers/no-limits"


@pytest.mark.parametrize(
    ("limits", "severity", "words"),
    [
        ({"pids_limit": None, "memory": None}, Severity.MEDIUM, "its processes and its memory"),
        ({"pids_limit": None}, Severity.LOW, "its processes"),
        ({"memory": None}, Severity.LOW, "its memory"),
        ({"pids_limit": None, "ulimits": (("nproc", 64, 64),)}, Severity.LOW, "its processes"),
    ],
)
def test_vulnerable(limits: dict[str, Any], severity: Severity, words: str) -> None:
    finding = containers.only(CHECK, containers.container(**limits))
    assert finding.severity is severity
    assert finding.summary == f"files has no limit of {words}"


def test_hardened() -> None:
    assert containers.passes(CHECK, containers.container(cpus=None))


def test_not_applicable_without_such_containers() -> None:
    containers.is_silent_without_containers(CHECK)


def test_not_assessed_where_the_engine_does_not_tell() -> None:
    containers.says_what_it_could_not_look_at(CHECK)
