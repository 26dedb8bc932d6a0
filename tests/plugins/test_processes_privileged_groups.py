"""processes/privileged-groups."""

from __future__ import annotations

from typing import Any

import pytest

from tests import builders
from tests.plugins.confined import host, in_bubblewrap, in_docker, running
from tests.plugins.loading import run_check, status
from workbench.model.facts import Account, AccountFacts, HostFacts
from workbench.model.finding import NotApplicable, NotAssessed, Passed
from workbench.model.launch import Launch
from workbench.model.processes import ServerProcess
from workbench.model.report import Status
from workbench.model.severity import Severity
from workbench.model.snapshot import Snapshot

CHECK = "processes/privileged-groups"
GROUPS = {0: "root", 4: "adm", 6: "disk", 27: "sudo", 42: "shadow", 44: "video", 110: "lxd", 998: "docker", 1000: "dev"}


def on(*servers: ServerProcess, of_account: tuple[int, ...] = (1000, 4, 27, 998), **more: Any) -> Snapshot:
    dev = Account(1000, "dev", 1000, of_account, "/home/dev")
    accounts = AccountFacts(builders.COMPLETE, (builders.ROOT, dev), tuple(GROUPS.items()))
    return host(*servers, **{"accounts": accounts, **more})


def test_vulnerable_groups_of_the_account_are_one_finding_for_all_its_servers() -> None:
    groups = (4, 27, 998, 1000)
    (finding,) = builders.findings(run_check(CHECK, on(running("files", groups=groups), running("git", groups=groups))))
    assert finding.severity is Severity.HIGH
    assert (finding.subject.kind, finding.subject.key) == ("account", "dev")
    assert [subject.label for subject in finding.also] == ["files", "git"]
    assert "can become root through a container and sudo, by the groups docker and sudo" in finding.summary
    assert "adm" not in repr(finding)


@pytest.mark.parametrize("group", [6, 27, 42, 110, 998])
def test_vulnerable_each_of_the_groups(group: int) -> None:
    (finding,) = builders.findings(run_check(CHECK, on(running(groups=(1000, group)), of_account=(1000,))))
    assert GROUPS[group] in finding.summary
    assert finding.subject.kind == "config"


def test_vulnerable_as_the_main_group() -> None:
    assert builders.findings(run_check(CHECK, on(running(gid=998, groups=(1000,)))))


def test_vulnerable_without_new_privileges_the_engines_socket_is_still_there() -> None:
    (finding,) = builders.findings(run_check(CHECK, on(running(groups=(27, 998), no_new_privileges=True))))
    assert "by the group docker" in finding.summary


@pytest.mark.parametrize(
    "server",
    [
        running(groups=(4, 44, 1000)),
        running(groups=(27, 1000), no_new_privileges=True),
        in_bubblewrap(groups=(27, 998, 1000)),
        in_docker(groups=(998,)),
        running(uid=0, account="root", groups=(0, 6)),
        running(groups=(12345,)),
    ],
)
def test_hardened(server: ServerProcess) -> None:
    assert builders.kinds(run_check(CHECK, on(server))) == {Passed}


def test_not_assessed_where_groups_are_not_told() -> None:
    assert builders.kinds(run_check(CHECK, on(running(gid=-1, groups=())))) == {NotAssessed}
    unread = AccountFacts(builders.unread("groups"), (builders.DEVELOPER,))
    assert status(CHECK, on(running(), accounts=unread)) is Status.NOT_ASSESSED


def test_not_assessed_behind_a_containers_tool() -> None:
    tool = running(groups=(998,), launch=Launch("docker", image=builders.image("mcp/git")))
    assert builders.kinds(run_check(CHECK, on(tool))) == {NotAssessed}


def test_not_applicable() -> None:
    assert builders.kinds(run_check(CHECK, builders.snapshot())) == {NotApplicable}
    mac = HostFacts("darwin", "23", 501, "dev", "/Users/dev")
    assert builders.kinds(run_check(CHECK, on(running(), host=mac))) == {NotApplicable}
