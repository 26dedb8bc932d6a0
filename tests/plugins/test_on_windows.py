"""A host without uids: what can be judged there is, and what cannot is "not assessed", never a pass."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests import builders
from tests.plugins.loading import get_check
from workbench.model.clients import ClientFacts
from workbench.model.facts import AccountFacts, HostFacts, SectionState
from workbench.model.launch import Launch, RootArgument
from workbench.model.report import Status
from workbench.model.snapshot import Snapshot
from workbench.scan import run_check


@pytest.fixture
def windows() -> Snapshot:
    root = RootArgument("C:\\", "C:\\", 3)
    server = builders.server(launch=Launch("npx", ("-y", "pkg@1.0.0", "C:\\"), roots=(root,)))
    made = builders.snapshot(clients=ClientFacts(builders.COMPLETE, (builders.config([server]),)))
    return replace(
        made,
        host=HostFacts("win32", "10.0.22631", -1, "dev", "C:\\Users\\dev"),
        accounts=AccountFacts(SectionState("not applicable", "Windows has no uids and groups")),
    )


def test_a_whole_drive_is_found(windows: Snapshot) -> None:
    result = run_check(get_check("clients/broad-root"), windows)
    assert result.status is Status.FOUND
    assert "a whole drive" in result.findings[0].summary


@pytest.mark.parametrize("check", ["clients/config-readable-by-others", "clients/config-writable-by-others"])
def test_access_lists_that_are_not_read_are_not_assessed(windows: Snapshot, check: str) -> None:
    assert run_check(get_check(check), windows).status is Status.NOT_ASSESSED


@pytest.mark.parametrize("check", ["session/umask", "processes/umask"])
def test_there_is_no_umask(windows: Snapshot, check: str) -> None:
    result = run_check(get_check(check), windows)
    assert (result.status, result.reason[:20]) == (Status.NOT_APPLICABLE, "Windows has no umask")
