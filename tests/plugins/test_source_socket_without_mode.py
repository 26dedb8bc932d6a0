"""source/socket-without-mode."""

from __future__ import annotations

from typing import Any

import pytest

from tests import builders
from tests.plugins.code_facts import SITE, said, unread_status
from workbench.model.code import UnixListener
from workbench.model.finding import NotApplicable, NotAssessed, Passed
from workbench.model.report import Status
from workbench.model.severity import Severity

CHECK = "source/socket-without-mode"


def listener(**more: Any) -> UnixListener:
    given = {"call": "server.listen", "kind": "fixed", "address": "/tmp/mcp.sock", **more}
    return UnixListener(SITE, **given)


@pytest.mark.parametrize(
    ("restriction", "severity", "words"),
    [
        ("none", Severity.HIGH, "depends on the umask"),
        ("widened", Severity.HIGH, "lets every account connect"),
        ("chmod after", Severity.MEDIUM, "before its mode is narrowed"),
    ],
)
def test_vulnerable_where_nothing_narrows_it_in_time(restriction: str, severity: Severity, words: str) -> None:
    (finding,) = builders.findings(said(CHECK, listeners=(listener(restriction=restriction, restricted_at=14),)))
    assert finding.severity is severity and words in finding.summary


def test_vulnerable_wherever_it_is_when_the_code_opens_it_to_all() -> None:
    assert builders.findings(said(CHECK, listeners=(listener(kind="unknown", address="", restriction="widened"),)))


@pytest.mark.parametrize("restriction", ["umask", "private folder", "chmod before"])
def test_hardened_by_what_comes_before(restriction: str) -> None:
    assert builders.kinds(said(CHECK, listeners=(listener(restriction=restriction),))) == {Passed}


def test_hardened_in_the_folder_of_a_login() -> None:
    assert builders.kinds(said(CHECK, listeners=(listener(address="/run/user/1000/x"),))) == {Passed}


@pytest.mark.parametrize(
    ("more", "kind"),
    [
        ({"restriction": "unknown"}, NotAssessed),
        ({"kind": "unknown", "address": ""}, NotAssessed),
        ({"kind": "abstract", "address": "mcp"}, NotApplicable),
    ],
)
def test_not_assessed_where_it_is_not_known_and_not_applicable_without_a_mode(more: dict[str, Any], kind: type) -> None:
    assert builders.kinds(said(CHECK, listeners=(listener(**more),))) == {kind}


def test_not_applicable_without_code() -> None:
    assert builders.kinds(said(CHECK)) == {NotApplicable}


def test_not_assessed_where_the_code_could_not_be_read() -> None:
    assert unread_status(CHECK) is Status.NOT_ASSESSED
