"""sudoers/ignored-or-broken-file."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests import builders
from tests.plugins.loading import get_check, run_check, status
from workbench.model.facts import FileFact, SectionState
from workbench.model.finding import NotApplicable, NotAssessed, Passed, Verdict
from workbench.model.report import Status
from workbench.model.severity import Severity
from workbench.model.sudoers import SudoersFacts
from workbench.scan import run_check as scan_check

CHECK = "sudoers/ignored-or-broken-file"


def file(name: str, mode: int = 0o440, *, uid: int = 0, gid: int = 0, kind: str = "file", size: int = 40) -> FileFact:
    return replace(builders.entry(f"/etc/{name}", mode, kind, uid=uid, gid=gid), size=size)


MAIN = file("sudoers")
FOLDER = file("sudoers.d", 0o750, kind="directory")


def facts(*listed: FileFact, main: FileFact = MAIN, folder: FileFact = FOLDER) -> SudoersFacts:
    read = tuple(one for one in listed if "." not in one.path.rpartition("/")[2])
    return SudoersFacts(builders.COMPLETE, files=(main, *read), folders=(folder,), listed=listed)


def said(sudoers: SudoersFacts) -> list[Verdict]:
    return run_check(CHECK, builders.snapshot(sudoers=sudoers))


@pytest.mark.parametrize(
    ("listed", "why"),
    [
        (file("sudoers.d/mcp.conf"), "holds a dot"),
        (file("sudoers.d/mcp.bak", 0o644), "holds a dot"),
        (file("sudoers.d/.mcp"), "holds a dot"),
        (file("sudoers.d/mcp~"), "ends in ~"),
        (file("sudoers.d/mcp", 0o442), "everyone may write it"),
        (file("sudoers.d/mcp", 0o460, gid=100), "the group 100 may write it"),
        (file("sudoers.d/mcp", uid=1000), "it belongs to uid 1000"),
    ],
)
def test_vulnerable(listed: FileFact, why: str) -> None:
    (finding,) = builders.findings(said(facts(listed)))
    assert finding.severity is Severity.MEDIUM
    assert why in finding.summary
    assert "in force" in finding.summary
    assert finding.subject.key == listed.path
    assert finding.evidence[0].command[-1] == listed.path


@pytest.mark.parametrize(
    "listed",
    [
        file("sudoers.d/mcp"),
        file("sudoers.d/README"),
        file("sudoers.d/mcp", 0o644),
        file("sudoers.d/mcp", 0o460),
        file("sudoers.d/mcp", 0o400, gid=100),
        file("sudoers.d/.placeholder", size=0),
        file("sudoers.d/mcp.dpkg-old"),
        file("sudoers.d/mcp.rpmsave"),
        file("sudoers.d/old.d", 0o755, kind="directory"),
    ],
)
def test_hardened(listed: FileFact) -> None:
    assert builders.kinds(said(facts(listed))) == {Passed}


def test_vulnerable_the_main_file_and_the_folder() -> None:
    for main in (replace(MAIN, mode=0o442), replace(MAIN, uid=1000)):
        (finding,) = builders.findings(said(facts(main=main)))
        assert "sudo may not work at all" in finding.summary
    for folder in (replace(FOLDER, mode=0o777), replace(FOLDER, mode=0o775, gid=100), replace(FOLDER, uid=1000)):
        (finding,) = builders.findings(said(facts(folder=folder)))
        assert "sudo reads nothing in it" in finding.summary


def test_vulnerable_a_mistake_is_found_though_the_rules_are_not_known() -> None:
    broken = replace(
        facts(file("sudoers.d/mcp")),
        state=builders.unread("rules"),
        errors=(("/etc/sudoers.d/mcp", 3, "syntax error"), ("/etc/sudoers.d/mcp", 5, "syntax error")),
    )
    result = scan_check(get_check(CHECK), builders.snapshot(sudoers=broken))
    assert result.status is Status.FOUND
    (finding,) = result.findings
    assert "line 3 (syntax error) and 1 more" in finding.summary
    assert finding.location is not None
    assert (finding.location.path, finding.location.line) == ("/etc/sudoers.d/mcp", 3)
    elsewhere = SudoersFacts(builders.unread("rules"), errors=(("", None, "it gave no reason"),))
    (finding,) = builders.findings(said(elsewhere))
    assert finding.subject.key == "/etc/sudoers"


def test_hardened_twin_of_each_in_one_policy() -> None:
    assert len([verdict for verdict in said(facts(file("sudoers.d/a"), file("sudoers.d/b")))]) == 4


def test_not_applicable() -> None:
    assert builders.kinds(said(SudoersFacts(builders.COMPLETE))) == {NotApplicable}
    absent = SudoersFacts(SectionState("not applicable", "sudo is not installed"))
    assert status(CHECK, builders.snapshot(sudoers=absent)) is Status.NOT_APPLICABLE


def test_not_assessed_a_folder_that_could_not_be_listed() -> None:
    unread = SudoersFacts(builders.unread("files"), files=(MAIN,))
    assert status(CHECK, builders.snapshot(sudoers=unread)) is Status.NOT_ASSESSED
    link = file("sudoers.d/mcp", 0o777, kind="link")
    assert NotAssessed in builders.kinds(said(facts(link)))
    assert not builders.findings(said(facts(link)))


def test_not_assessed_when_the_policy_could_not_be_read() -> None:
    closed = SudoersFacts(SectionState("failed", "permission denied", "run the scan as root"))
    assert status(CHECK, builders.snapshot(sudoers=closed)) is Status.NOT_ASSESSED
