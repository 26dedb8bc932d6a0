"""source/predictable-socket-path."""

from __future__ import annotations

from typing import Any

import pytest

from tests import builders
from tests.plugins.code_facts import SITE, said, unread_status
from workbench.model.code import UnixListener
from workbench.model.finding import NotApplicable, NotAssessed, Passed
from workbench.model.report import Status
from workbench.model.severity import Severity

CHECK = "source/predictable-socket-path"


def listener(**more: Any) -> UnixListener:
    given = {"call": "server.listen", "kind": "fixed", "address": "/tmp/mcp.sock", **more}
    return UnixListener(SITE, **given)


@pytest.mark.parametrize(
    ("more", "shown"),
    [
        ({}, "/tmp/mcp.sock before"),
        ({"kind": "partly fixed", "address": "/tmp/mcp-"}, "/tmp/mcp-… before"),
        ({"address": "/dev/shm/x"}, "/dev/shm/x before"),
        ({"unless": "MCP_SOCKET"}, "where MCP_SOCKET does not say otherwise"),
        ({"address": "/tmp/mcp/x.sock", "restriction": "private folder"}, "/tmp/mcp/x.sock before"),
        ({"kind": "abstract", "address": "mcp"}, "the abstract name @mcp before"),
    ],
)
def test_vulnerable_where_its_name_can_be_taken(more: dict[str, Any], shown: str) -> None:
    (finding,) = builders.findings(said(CHECK, listeners=(listener(**more),)))
    assert finding.severity is Severity.HIGH and shown in finding.summary


def test_vulnerable_only_without_the_folder_of_a_login_is_medium() -> None:
    (finding,) = builders.findings(said(CHECK, listeners=(listener(unless="XDG_RUNTIME_DIR"),)))
    assert finding.severity is Severity.MEDIUM


@pytest.mark.parametrize(
    "more",
    [
        {"kind": "private folder", "address": ""},
        {"kind": "random", "address": "/tmp/mcp-"},
        {"address": "/run/mcp/x.sock"},
        {"address": "~/.mcp/x.sock"},
        {"address": "/tmpfiles/x.sock"},
        {"address": "mcp.sock"},
    ],
)
def test_hardened_where_nobody_else_can_make_it(more: dict[str, Any]) -> None:
    assert builders.kinds(said(CHECK, listeners=(listener(**more),))) == {Passed}


def test_not_assessed_where_a_configuration_says_it() -> None:
    assert builders.kinds(said(CHECK, listeners=(listener(kind="unknown", address=""),))) == {NotAssessed}


def test_not_applicable_without_code() -> None:
    assert builders.kinds(said(CHECK)) == {NotApplicable}


def test_not_assessed_where_the_code_could_not_be_read() -> None:
    assert unread_status(CHECK) is Status.NOT_ASSESSED
