"""source/no-peer-check."""

from __future__ import annotations

from typing import Any

import pytest

from tests import builders
from tests.plugins.code_facts import SITE, said, unread_status
from workbench.model.code import UnixListener
from workbench.model.finding import NotApplicable, NotAssessed, Passed
from workbench.model.report import Status
from workbench.model.severity import Severity

CHECK = "source/no-peer-check"


def listener(**more: Any) -> UnixListener:
    given = {"call": "server.listen", "kind": "fixed", "address": "/tmp/mcp.sock", **more}
    return UnixListener(SITE, **given)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({}, "nothing looks at who connects to /tmp/mcp.sock"),
        ({"restriction": "chmod after"}, "nothing looks at who connects"),
        ({"kind": "abstract", "address": "mcp"}, "every account here can connect to @mcp"),
        ({"peers": "not compared", "peers_at": 30}, "compared with nothing"),
        ({"peers": "not compared", "peers_at": 30, "restriction": "umask"}, "compared with nothing"),
    ],
)
def test_vulnerable_where_nobody_looks(more: dict[str, Any], words: str) -> None:
    (finding,) = builders.findings(said(CHECK, listeners=(listener(**more),)))
    assert finding.severity is Severity.HIGH and words in finding.summary


@pytest.mark.parametrize(
    "more",
    [
        {"peers": "compared"},
        {"peers": "compared", "kind": "abstract", "address": "mcp"},
        {"restriction": "private folder", "kind": "private folder"},
        {"restriction": "umask"},
        {"address": "/run/user/1000/x.sock"},
    ],
)
def test_hardened_where_the_server_or_the_kernel_looks(more: dict[str, Any]) -> None:
    assert builders.kinds(said(CHECK, listeners=(listener(**more),))) == {Passed}


@pytest.mark.parametrize("more", [{"peers": "unknown"}, {"restriction": "unknown"}, {"kind": "unknown", "address": ""}])
def test_not_assessed_where_it_is_not_known(more: dict[str, Any]) -> None:
    assert builders.kinds(said(CHECK, listeners=(listener(**more),))) == {NotAssessed}


def test_not_applicable_without_code() -> None:
    assert builders.kinds(said(CHECK)) == {NotApplicable}


def test_not_assessed_where_the_code_could_not_be_read() -> None:
    assert unread_status(CHECK) is Status.NOT_ASSESSED
