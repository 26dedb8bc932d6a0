from __future__ import annotations

from dataclasses import replace

import pytest

from tests import builders
from tests.plugins.loading import run_check
from workbench.model.facts import Account, AccountFacts, HostFacts
from workbench.model.finding import NotApplicable, NotAssessed, Passed
from workbench.model.session import SessionFacts
from workbench.model.severity import Severity
from workbench.model.snapshot import Snapshot

CHECK = "session/umask"


def host(mask: int | None, *more: Account) -> Snapshot:
    accounts = AccountFacts(builders.COMPLETE, (*builders.ACCOUNTS.accounts, *more))
    return builders.snapshot(accounts=accounts, session=SessionFacts(builders.COMPLETE, mask))


@pytest.mark.parametrize(
    ("mask", "words"),
    [(0o022, "every account read"), (0o002, "every account read"), (0o000, "every account change")],
)
def test_vulnerable_an_open_umask_is_found(mask: int, words: str) -> None:
    (finding,) = builders.findings(run_check(CHECK, host(mask)))
    assert finding.severity is Severity.MEDIUM
    assert words in finding.summary
    assert finding.evidence[0].command == ("sh", "-c", "umask")


@pytest.mark.parametrize("mask", [0o077, 0o027, 0o037, 0o007, 0o177])
def test_hardened_a_closed_one_passes(mask: int) -> None:
    assert builders.kinds(run_check(CHECK, host(mask))) == {Passed}


@pytest.mark.parametrize(("mask", "found"), [(0o007, True), (0o027, False), (0o077, False)])
def test_a_group_with_another_member_counts_for_writing(mask: int, found: bool) -> None:
    mate = Account(1002, "mate", 1002, (1000, 1002))
    assert bool(builders.findings(run_check(CHECK, host(mask, mate)))) is found


def test_not_assessed_an_unknown_umask() -> None:
    assert builders.kinds(run_check(CHECK, host(None))) == {NotAssessed}


def test_not_applicable_on_windows() -> None:
    windows = replace(host(None), host=HostFacts("win32", "10", -1, "dev", "C:\\"))
    assert builders.kinds(run_check(CHECK, windows)) == {NotApplicable}
