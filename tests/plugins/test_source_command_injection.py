"""source/command-injection."""

from __future__ import annotations

import pytest

from tests import builders
from tests.plugins.code_facts import SITE, said, unread_status
from workbench.model.code import CommandKind, CommandUse
from workbench.model.finding import NotApplicable, NotAssessed, Passed
from workbench.model.report import Status
from workbench.model.severity import Severity

CHECK = "source/command-injection"


@pytest.mark.parametrize(
    ("kind", "whole", "words"),
    [
        ("shell", False, "runs a command with text in a shell"),
        ("shell", True, "runs all of text in a shell"),
        ("evaluated", True, "is evaluated as code"),
        ("program", True, "names the program"),
    ],
)
def test_vulnerable_where_it_decides_what_runs(kind: CommandKind, whole: bool, words: str) -> None:
    seen = CommandUse(SITE, "search", "text", "os.system", kind, whole)
    (finding,) = builders.findings(said(CHECK, commands=(seen,)))
    assert finding.severity is Severity.HIGH and words in finding.summary


def test_hardened_as_one_word_of_a_list() -> None:
    seen = CommandUse(SITE, "search", "text", "subprocess.run", "argument")
    assert builders.kinds(said(CHECK, commands=(seen,))) == {Passed}


@pytest.mark.parametrize("kind", ["shell", "evaluated", "program"])
def test_not_assessed_behind_a_check_that_is_not_understood(kind: CommandKind) -> None:
    seen = CommandUse(SITE, "search", "text", "os.system", kind, guarded=True)
    (verdict,) = said(CHECK, commands=(seen,))
    assert isinstance(verdict, NotAssessed) and "which commands text of the tool search can give" in verdict.what


def test_not_applicable_without_code() -> None:
    assert builders.kinds(said(CHECK)) == {NotApplicable}


def test_not_assessed_where_the_code_could_not_be_read() -> None:
    assert unread_status(CHECK) is Status.NOT_ASSESSED
