"""source/credentials-over-ipc."""

from __future__ import annotations

from tests import builders
from tests.plugins.code_facts import SITE, said, unread_status
from workbench.model.code import SecretSend
from workbench.model.finding import NotApplicable
from workbench.model.report import Status
from workbench.model.severity import Severity

CHECK = "source/credentials-over-ipc"


def test_vulnerable_where_a_name_says_so() -> None:
    (finding,) = builders.findings(said(CHECK, sends=(SecretSend(SITE, "child.send", "apiKey"),)))
    assert finding.severity is Severity.MEDIUM
    assert finding.summary == "apiKey is sent to another process with child.send"


def test_vulnerable_where_the_secret_itself_is_sent() -> None:
    (finding,) = builders.findings(said(CHECK, sends=(SecretSend(SITE, "child.send", "github-token", literal=True),)))
    assert "stands in the code" in finding.summary
    assert finding.evidence[0].command == (), "the command would print it"


def test_hardened_where_no_secret_is_sent() -> None:
    assert builders.kinds(said(CHECK, sends=())) == {NotApplicable}


def test_not_applicable_without_code() -> None:
    assert builders.kinds(said(CHECK)) == {NotApplicable}


def test_not_assessed_where_the_code_could_not_be_read() -> None:
    assert unread_status(CHECK) is Status.NOT_ASSESSED
