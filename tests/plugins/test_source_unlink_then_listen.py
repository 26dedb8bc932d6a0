"""source/unlink-then-listen."""

from __future__ import annotations

from typing import Any

import pytest

from tests import builders
from tests.plugins.code_facts import SITE, said, unread_status
from workbench.model.code import UnixListener
from workbench.model.finding import NotApplicable, NotAssessed, Passed
from workbench.model.report import Status
from workbench.model.severity import Severity

CHECK = "source/unlink-then-listen"


def listener(**more: Any) -> UnixListener:
    given = {"call": "server.listen", "kind": "fixed", "address": "/tmp/mcp.sock", **more}
    return UnixListener(SITE, **given)


def test_vulnerable_in_a_shared_folder() -> None:
    (finding,) = builders.findings(said(CHECK, listeners=(listener(unlinked_at=9),)))
    assert finding.severity is Severity.MEDIUM and "/tmp/mcp.sock" in finding.summary
    assert "line 9" in finding.evidence[0].actual


@pytest.mark.parametrize("more", [{"kind": "private folder"}, {"address": "/run/mcp/x.sock"}, {"kind": "random"}])
def test_hardened_where_nobody_else_makes_entries(more: dict[str, Any]) -> None:
    assert builders.kinds(said(CHECK, listeners=(listener(unlinked_at=9, **more),))) == {Passed}


def test_not_applicable_where_nothing_is_removed() -> None:
    assert builders.kinds(said(CHECK, listeners=(listener(),))) == {NotApplicable}


def test_not_assessed_where_nobody_knows_where() -> None:
    unknown = listener(unlinked_at=9, kind="unknown", address="")
    assert builders.kinds(said(CHECK, listeners=(unknown,))) == {NotAssessed}


def test_not_applicable_without_code() -> None:
    assert builders.kinds(said(CHECK)) == {NotApplicable}


def test_not_assessed_where_the_code_could_not_be_read() -> None:
    assert unread_status(CHECK) is Status.NOT_ASSESSED
