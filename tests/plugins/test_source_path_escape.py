"""source/path-escape."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests import builders
from tests.plugins.code_facts import SITE, host, said, unread_status
from tests.plugins.loading import run_check
from workbench.model.code import Containment, PathUse
from workbench.model.finding import NotApplicable, NotAssessed, Passed
from workbench.model.report import Status
from workbench.model.severity import Severity

CHECK = "source/path-escape"


def use(containment: Containment, **more: Any) -> PathUse:
    return PathUse(SITE, more.get("tool", "read"), "path", "open", containment, 10)


@pytest.mark.parametrize(
    ("containment", "words"),
    [
        ("none", "nothing keeps it in a folder"),
        ("prefix without separator", "siblings"),
        ("checked before resolved", "before links are followed"),
        ("not resolved", "making it absolute is no check"),
        ("text only", "only its text is checked"),
    ],
)
def test_vulnerable_where_it_can_lead_out(containment: Containment, words: str) -> None:
    (finding,) = builders.findings(said(CHECK, paths=(use(containment),)))
    assert finding.severity is Severity.HIGH
    assert finding.summary.startswith("the tool read opens any path it is given in path") and words in finding.summary


def test_vulnerable_where_one_function_serves_every_tool() -> None:
    (finding,) = builders.findings(said(CHECK, paths=(use("none", tool=""),)))
    assert finding.summary.startswith("a tool opens")


def test_vulnerable_for_many_tools_is_told_of_a_few() -> None:
    (finding,) = builders.findings(said(CHECK, paths=tuple(use("none", tool=f"t{each}") for each in range(50))))
    assert len(finding.evidence) == 8


@pytest.mark.parametrize(
    ("root", "path", "belongs"),
    [
        ("/srv/server", "/srv/server/a/b.py", True),
        ("/srv/server", "/srv/server-old/b.py", False),
        ("/v/site-packages/x-1.0.dist-info", "/v/site-packages/x/b.py", True),
        (r"C:\\server", r"C:\\server\\b.py", True),
        ("/srv/server/main.py", "/srv/server/main.py", True),
        ("/srv/server/main.py", "/srv/server/beside.py", True),
        ("/srv/server/main.py", "/srv/other/main.py", False),
    ],
)
def test_the_servers_that_run_it_are_told(root: str, path: str, belongs: bool) -> None:
    snapshot = host(paths=(replace(use("none"), site=replace(SITE, path=path)),))
    code = replace(snapshot.code, roots=(replace(snapshot.code.roots[0], path=root),))
    (finding,) = builders.findings(run_check(CHECK, replace(snapshot, code=code)))
    assert bool(finding.also) == belongs


def test_hardened_by_a_check_of_what_it_leads_to() -> None:
    assert builders.kinds(said(CHECK, paths=(use("sound"),))) == {Passed}


@pytest.mark.parametrize("beside", [(), ("sound",)])
def test_not_assessed_where_a_check_was_not_understood(beside: tuple[Containment, ...]) -> None:
    (gap,) = said(CHECK, paths=(*(use(each) for each in beside), use("unknown")))
    assert isinstance(gap, NotAssessed)
    assert "path of the tool read" in gap.what and "server/main.py: main()" in gap.what
    assert gap.unlock == f"read line 12 of {SITE.path}"


def test_vulnerable_beside_what_was_not_understood() -> None:
    assert builders.findings(said(CHECK, paths=(use("unknown"), use("none"))))


def test_not_applicable_without_code() -> None:
    assert builders.kinds(said(CHECK)) == {NotApplicable}


def test_not_assessed_where_the_code_could_not_be_read() -> None:
    assert unread_status(CHECK) is Status.NOT_ASSESSED
