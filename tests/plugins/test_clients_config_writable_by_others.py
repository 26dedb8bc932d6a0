"""clients/config-writable-by-others."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests import builders
from tests.plugins.loading import get_check, run_check
from workbench.model.clients import ClientConfig, ClientFacts
from workbench.model.facts import Acl, AclEntry, HostFacts, PathFact
from workbench.model.finding import NotApplicable, NotAssessed, Passed, Verdict
from workbench.model.report import Status
from workbench.model.severity import Severity
from workbench.scan import run_check as scan_check

CHECK = "clients/config-writable-by-others"
CONFIG = "/home/dev/.config/Claude/claude_desktop_config.json"


def _said(*configs: ClientConfig, **more: Any) -> list[Verdict]:
    clients = ClientFacts(builders.COMPLETE, configs=configs)
    return run_check(CHECK, builders.snapshot(clients=clients, **more))


def _of(path: PathFact, **more: Any) -> list[Verdict]:
    return _said(builders.config(path=path), **more)


@pytest.mark.parametrize(("mode", "who"), [(0o666, "any account"), (0o602, "any account"), (0o622, "any account")])
def test_vulnerable_when_everybody_may_write(mode: int, who: str) -> None:
    (finding,) = builders.findings(_of(builders.path(CONFIG, mode)))
    assert finding.severity is Severity.CRITICAL
    assert who in finding.summary
    assert f"{mode:04o}" in finding.evidence[0].actual
    assert finding.subject.key == CONFIG
    assert finding.location is not None
    assert finding.location.path == CONFIG


def test_vulnerable_through_a_group_with_a_member() -> None:
    (finding,) = builders.findings(_of(builders.path(CONFIG, 0o660, gid=2000)))
    assert "colleague" in finding.summary


def test_hardened_group_of_the_owner_alone() -> None:
    assert builders.kinds(_of(builders.path(CONFIG, 0o660, gid=1000))) == {Passed}


def test_vulnerable_through_an_acl_that_the_mode_does_not_show() -> None:
    acl = Acl(0, (AclEntry("user", 1001, 6),))
    (finding,) = builders.findings(_of(builders.path(CONFIG, 0o660, acl=acl)))
    assert "colleague" in finding.summary
    assert finding.evidence[0].command[0] == "getfacl"


def test_hardened_acl_that_its_mask_disarms() -> None:
    acl = Acl(0, (AclEntry("user", 1001, 4),))
    assert builders.kinds(_of(builders.path(CONFIG, 0o640, acl=acl))) == {Passed}


def test_hardened() -> None:
    assert builders.kinds(_of(builders.path(CONFIG, 0o600))) == {Passed}
    assert builders.kinds(_of(builders.path(CONFIG, 0o644))) == {Passed}


def test_hardened_by_a_closed_directory_above() -> None:
    shut = {"/home/dev": (0o700, 1000, 1000)}
    assert builders.kinds(_of(builders.path(CONFIG, 0o666, directories=shut))) == {Passed}


def test_vulnerable_through_a_directory_on_the_path() -> None:
    open_ = builders.path(CONFIG, 0o600, directories={"/home/dev/.config": (0o777, 1000, 1000)})
    (finding,) = builders.findings(_of(open_))
    assert finding.subject.kind == "directory"
    assert finding.subject.key == "/home/dev/.config"
    assert [subject.key for subject in finding.also] == [CONFIG]
    assert not [verdict for verdict in _of(open_) if isinstance(verdict, Passed)]


def test_one_directory_is_one_finding_for_all_its_files() -> None:
    loose = {"/home/dev/.config": (0o777, 1000, 1000)}
    first = builders.config(path=builders.path(CONFIG, 0o600, directories=loose))
    second = replace(
        first,
        client_name="VS Code",
        path=builders.path("/home/dev/.config/Code/User/mcp.json", 0o600, directories=loose),
    )
    (finding,) = builders.findings(_said(first, second))
    assert len(finding.also) == 2
    assert "Claude Desktop, VS Code" in finding.summary


def test_a_sticky_directory_is_no_door() -> None:
    path = builders.path("/tmp/work/.mcp.json", 0o600, directories={"/tmp/work": (0o755, 1000, 1000)})
    assert builders.kinds(_of(path)) == {Passed}


def test_vulnerable_through_the_directory_of_a_link() -> None:
    path = builders.path(CONFIG, 0o600)
    shared = builders.entry("/srv/shared", 0o777, "directory", 0, 0)
    link = builders.entry("/srv/shared/claude.json", 0o777, "link", 1000)
    path = replace(path, directories=(path.directories[0], shared, *path.directories[1:]), links=(link,))
    (finding,) = builders.findings(_of(path))
    assert finding.subject.key == "/srv/shared"


def test_vulnerable_when_the_file_belongs_to_another_account() -> None:
    (finding,) = builders.findings(_of(builders.path(CONFIG, 0o444, uid=1001)))
    assert "belongs to colleague" in finding.summary


def test_vulnerable_when_a_directory_belongs_to_an_unknown_account() -> None:
    path = builders.path(CONFIG, 0o600, directories={"/home/dev/.config": (0o755, 7777, 7777)})
    (finding,) = builders.findings(_of(path))
    assert finding.subject.key == "/home/dev/.config"
    assert "uid 7777" in finding.summary


def test_hardened_file_of_root() -> None:
    assert builders.kinds(_of(builders.path(CONFIG, 0o644, uid=0))) == {Passed}


def test_not_applicable_to_a_managed_config() -> None:
    managed = builders.config(path=builders.path("/etc/claude-code/managed-mcp.json", 0o666, uid=0), scope="managed")
    assert builders.kinds(_said(managed)) == {NotApplicable}


def test_the_account_whose_home_it_is_may_write_when_root_looks() -> None:
    host = HostFacts("linux", "6.1", 0, "root", "/home/dev")
    assert builders.kinds(_of(builders.path(CONFIG, 0o600), host=host)) == {Passed}


def test_nobody_is_root_in_a_user_namespace() -> None:
    path = builders.path(CONFIG, 0o600, directories={"/": (0o755, 65534, 65534), "/home": (0o755, 65534, 65534)})
    assert builders.kinds(_of(path)) == {Passed}


def test_its_identity_survives_another_inode_and_mode() -> None:
    (first,) = builders.findings(_of(builders.path(CONFIG, 0o666)))
    (second,) = builders.findings(_of(builders.path(CONFIG, 0o622)))
    assert first.identity == second.identity


def test_not_applicable_without_a_config() -> None:
    assert builders.kinds(_said()) == {NotApplicable}


def test_not_assessed_on_windows() -> None:
    host = HostFacts("win32", "10", -1, "dev", "C:/Users/dev")
    assert builders.kinds(_of(builders.path(CONFIG, 0o666), host=host)) == {NotAssessed}


def test_not_assessed_when_rights_could_not_be_looked_at() -> None:
    clients = ClientFacts(builders.unread("mode", CONFIG))
    result = scan_check(get_check(CHECK), builders.snapshot(clients=clients))
    assert result.status is Status.NOT_ASSESSED
    assert result.not_assessed[0].what == CONFIG


def test_content_that_could_not_be_read_does_not_matter_to_it() -> None:
    clients = ClientFacts(
        builders.unread("content", CONFIG), configs=(builders.config(path=builders.path(CONFIG, 0o600)),)
    )
    assert scan_check(get_check(CHECK), builders.snapshot(clients=clients)).status is Status.PASSED
