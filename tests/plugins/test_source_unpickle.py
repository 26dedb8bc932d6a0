"""source/unpickle."""

from __future__ import annotations

from tests import builders
from tests.plugins.code_facts import SITE, said, unread_status
from workbench.model.code import Unpickling
from workbench.model.finding import NotApplicable
from workbench.model.report import Status
from workbench.model.severity import Severity

CHECK = "source/unpickle"


def test_vulnerable_where_it_came_over_a_socket() -> None:
    (finding,) = builders.findings(said(CHECK, unpicklings=(Unpickling(SITE, "pickle.loads", "c.recv"),)))
    assert finding.severity is Severity.HIGH
    assert "pickle.loads runs whatever code" in finding.summary


def test_hardened_where_nothing_is_unpickled() -> None:
    assert builders.kinds(said(CHECK, unpicklings=())) == {NotApplicable}


def test_not_applicable_without_code() -> None:
    assert builders.kinds(said(CHECK)) == {NotApplicable}


def test_not_assessed_where_the_code_could_not_be_read() -> None:
    assert unread_status(CHECK) is Status.NOT_ASSESSED
