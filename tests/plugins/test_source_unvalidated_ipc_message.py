"""source/unvalidated-ipc-message."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests import builders
from tests.plugins.code_facts import SITE, said, unread_status
from workbench.model.code import MessageHandler
from workbench.model.finding import NotApplicable, Passed
from workbench.model.report import Status
from workbench.model.severity import Severity

CHECK = "source/unvalidated-ipc-message"


def handler(**more: Any) -> MessageHandler:
    return MessageHandler(SITE, "child.on('message')", "child", **more)


def test_vulnerable_where_a_message_reaches_a_command() -> None:
    (finding,) = builders.findings(said(CHECK, handlers=(handler(acts=("exec", "store")),)))
    assert finding.severity is Severity.CRITICAL
    assert finding.summary == "what its child process says reaches exec, store unchecked"
    assert finding.location is not None and (finding.location.path, finding.location.line) == (SITE.path, 12)
    assert finding.evidence[0].command == ("sed", "-n", "12p", "--", SITE.path)
    assert [subject.label for subject in finding.also] == ["notes"]


def test_vulnerable_where_a_field_chooses_what_is_called() -> None:
    (finding,) = builders.findings(said(CHECK, handlers=(handler(dispatch="handlers[message.type]"),)))
    assert "handlers[message.type]" in finding.summary


def test_vulnerable_at_two_places_of_one_function_is_one_finding() -> None:
    two = (handler(acts=("exec",)), replace(handler(acts=("eval",)), site=replace(SITE, line=30)))
    (finding,) = builders.findings(said(CHECK, handlers=two))
    assert len(finding.evidence) == 2


def test_its_subject_outlives_an_edit_above_it() -> None:
    before = builders.findings(said(CHECK, handlers=(handler(acts=("exec",)),)))
    moved = replace(handler(acts=("exec",)), site=replace(SITE, line=99, column=1))
    after = builders.findings(said(CHECK, handlers=(moved,)))
    assert before[0].identity == after[0].identity


def test_hardened_by_a_schema() -> None:
    assert builders.kinds(said(CHECK, handlers=(handler(validator="zod", acts=("store",)),))) == {Passed}


def test_hardened_where_nothing_is_done_with_it() -> None:
    assert builders.kinds(said(CHECK, handlers=(handler(),))) == {Passed}


def test_a_path_that_is_not_shown_as_it_is_gets_no_command() -> None:
    odd = replace(handler(acts=("exec",)), site=replace(SITE, path="/srv/\\x1b.py"))
    (finding,) = builders.findings(said(CHECK, handlers=(odd,)))
    assert finding.evidence[0].command == ()


def test_not_applicable_without_code() -> None:
    assert builders.kinds(said(CHECK)) == {NotApplicable}


def test_not_assessed_where_the_code_could_not_be_read() -> None:
    assert unread_status(CHECK) is Status.NOT_ASSESSED
