"""Whatever lets others in at a configuration is closed, if it is ours alone to close."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests import builders
from tests.plugins.loading import get_fix, make_plan, run_check
from workbench.model.clients import ClientConfig, ClientFacts
from workbench.model.facts import Acl, AclEntry, FileFact, HostFacts, PathFact
from workbench.model.finding import Finding
from workbench.model.operations import SetMode
from workbench.model.plan import Plan, Refusal, Safety
from workbench.model.snapshot import Snapshot
from workbench.planning import plan as planned

WRITABLE, READABLE, FIX = (
    "clients/config-writable-by-others",
    "clients/config-readable-by-others",
    "files/restrict-mode",
)
NAME = "/home/dev/.config/Claude/claude_desktop_config.json"
FOLDER = "/home/dev/.config/Claude"
ROOT_HOST = HostFacts("linux", "6.1.0", 0, "root", "/root", "systemd")


def _host(path: PathFact, *more: ClientConfig, **changes: Any) -> Snapshot:
    sections = changes.pop("sections", {})
    config = builders.config([builders.server()], path=path, **changes)
    return builders.snapshot(clients=ClientFacts(builders.COMPLETE, (config, *more)), **sections)


def _findings(check: str, snapshot: Snapshot) -> list[Finding]:
    return builders.findings(run_check(check, snapshot))


def _plan(check: str, snapshot: Snapshot, which: int = 0) -> Plan:
    finding = _findings(check, snapshot)[which]
    assert finding.repairs and finding.repairs[0] == FIX
    made = planned(get_fix(FIX), finding, snapshot, {})
    assert isinstance(made, Plan), made
    return made


def _refusal(check: str, snapshot: Snapshot, which: int = 0) -> Refusal:
    made = make_plan(FIX, _findings(check, snapshot)[which], snapshot)
    assert isinstance(made, Refusal), made
    return made


def _after(snapshot: Snapshot, plan: Plan) -> Snapshot:
    """The host as the kernel would have it once the modes are set: the group bits are the mask of an ACL."""
    modes = {operation.path: operation for operation in plan.operations if isinstance(operation, SetMode)}

    def changed(file: FileFact) -> FileFact:
        operation = modes.get(file.path)
        if operation is None:
            return file
        assert (operation.expect_mode, operation.expect_device, operation.expect_inode) == (
            file.mode,
            file.device,
            file.inode,
        )
        mask = operation.mode >> 3 & 7
        acl = file.acl and Acl(
            file.acl.owning_group & mask,
            tuple(replace(entry, permissions=entry.permissions & mask) for entry in file.acl.entries),
        )
        return replace(file, mode=operation.mode, acl=acl)

    configs = tuple(
        replace(
            config,
            path=replace(
                config.path,
                file=changed(config.path.file),
                directories=tuple(changed(directory) for directory in config.path.directories),
            ),
        )
        for config in snapshot.clients.configs
    )
    return replace(snapshot, clients=replace(snapshot.clients, configs=configs))


@pytest.mark.parametrize("mode", [0o606, 0o622, 0o666, 0o777, 0o602])
def test_a_file_that_others_can_write(mode: int) -> None:
    snapshot = _host(builders.path(NAME, mode))
    plan = _plan(WRITABLE, snapshot)
    assert [(operation.path, operation.mode) for operation in _modes(plan)] == [(NAME, 0o600)]
    assert plan.safety is Safety.SAFE and NAME in plan.consequences
    assert not _findings(WRITABLE, _after(snapshot, plan))


@pytest.mark.parametrize(("mode", "wanted"), [(0o644, 0o600), (0o444, 0o400), (0o755, 0o600), (0o006, 0o600)])
def test_a_file_that_others_can_read(mode: int, wanted: int) -> None:
    snapshot = _host(builders.path(NAME, mode))
    plan = _plan(READABLE, snapshot)
    assert [operation.mode for operation in _modes(plan)] == [wanted]
    assert not _findings(READABLE, _after(snapshot, plan))


def test_a_group_and_an_access_control_list() -> None:
    team = builders.path(NAME, 0o660, gid=2000)
    listed = builders.path(NAME, 0o660, acl=Acl(0, (AclEntry("user", 1001, 6),)))
    for path in (team, listed):
        snapshot = _host(path)
        for check in (WRITABLE, READABLE):
            plan = _plan(check, snapshot)
            assert not _findings(check, _after(snapshot, plan))


@pytest.mark.parametrize("mode", [0o777, 0o757, 0o733, 0o2777])
def test_a_directory_of_your_own(mode: int) -> None:
    snapshot = _host(builders.path(NAME, 0o600, directories={FOLDER: (mode, 1000, 1000)}))
    plan = _plan(WRITABLE, snapshot)
    assert [(operation.path, operation.mode) for operation in _modes(plan)] == [(FOLDER, mode & ~0o022)]
    assert not _findings(WRITABLE, _after(snapshot, plan))


def test_a_directory_with_an_access_control_list() -> None:
    path = builders.path(NAME, 0o600)
    opened = replace(path.directories[-1], mode=0o770, acl=Acl(0, (AclEntry("user", 1001, 7),)))
    snapshot = _host(replace(path, directories=(*path.directories[:-1], opened)))
    plan = _plan(WRITABLE, snapshot)
    assert not _findings(WRITABLE, _after(snapshot, plan))


def test_every_door_on_the_path_is_closed_at_once() -> None:
    opened = {FOLDER: (0o777, 1000, 1000), "/home/dev/.config": (0o777, 1000, 1000), "/home/dev": (0o777, 1000, 1000)}
    snapshot = _host(builders.path(NAME, 0o600, directories=opened))
    plan = _plan(WRITABLE, snapshot)
    assert {operation.path for operation in _modes(plan)} == set(opened)
    assert not _findings(WRITABLE, _after(snapshot, plan))


def test_a_directory_that_only_your_account_may_enter_is_no_door() -> None:
    opened = {FOLDER: (0o777, 1000, 1000), "/home/dev": (0o700, 1000, 1000)}
    assert not _findings(WRITABLE, _host(builders.path(NAME, 0o600, directories=opened)))


@pytest.mark.parametrize(
    ("where", "directory", "owned"),
    [
        ("/tmp/claude/mcp.json", "/tmp", (0o777, 0, 0)),
        ("/srv/work/mcp.json", "/srv/work", (0o777, 1000, 1000)),
        ("/home/dev/mcp.json", "/home", (0o777, 0, 0)),
        ("/home/developer/mcp.json", "/home/developer", (0o777, 1000, 1000)),
    ],
)
def test_a_directory_that_others_may_rely_on_is_left_alone(
    where: str, directory: str, owned: tuple[int, int, int]
) -> None:
    snapshot = _host(builders.path(where, 0o600, directories={directory: owned}))
    (finding,) = [found for found in _findings(WRITABLE, snapshot) if found.subject.key == directory]
    made = make_plan(FIX, finding, snapshot)
    assert isinstance(made, Refusal)
    assert f"chmod go-w {directory}" in made.instead


def test_a_sticky_directory_is_left_alone() -> None:
    path = builders.path("/home/dev/shared/mcp.json", 0o600, uid=1001, directories={"/home/dev/shared": (0o1777, 0, 0)})
    snapshot = _host(path)
    (finding,) = [found for found in _findings(WRITABLE, snapshot) if found.subject.kind == "directory"]
    made = make_plan(FIX, finding, snapshot)
    assert isinstance(made, Refusal)
    assert "chmod" in made.instead or "directory of your own" in made.instead


def test_a_file_of_another_account_is_left_alone() -> None:
    snapshot = _host(builders.path("/home/dev/it's mine.json", 0o666, uid=1001))
    made = _refusal(WRITABLE, snapshot)
    assert "belongs to colleague" in made.reason
    assert "chmod 0600 '/home/dev/it'\"'\"'s mine.json'" in made.instead


def test_a_name_that_cannot_be_shown_is_left_alone() -> None:
    path = builders.path(NAME, 0o666)
    assert (
        "cannot be named safely"
        in _refusal(WRITABLE, _host(replace(path, file=replace(path.file, exact=False)))).reason
    )


def test_an_administrators_file_stays_readable() -> None:
    where = "/etc/claude-code/managed-mcp.json"
    snapshot = _host(builders.path(where, 0o666, uid=0, gid=0), scope="managed", sections={"host": ROOT_HOST})
    (operation,) = _modes(_plan("clients/managed-policy-writable", snapshot))
    assert operation.mode == 0o644


def test_as_root_your_own_file() -> None:
    snapshot = _host(builders.path("/root/.claude.json", 0o644, uid=0, gid=0), sections={"host": ROOT_HOST})
    (operation,) = _modes(_plan(READABLE, snapshot))
    assert operation.mode == 0o600


def test_a_finding_of_another_host_is_refused() -> None:
    finding = _findings(WRITABLE, _host(builders.path(NAME, 0o666)))[0]
    made = make_plan(FIX, finding, builders.snapshot())
    assert isinstance(made, Refusal) and made.instead == "scan again"
    door = _findings(WRITABLE, _host(builders.path(NAME, 0o600, directories={FOLDER: (0o777, 1000, 1000)})))[0]
    assert isinstance(make_plan(FIX, door, builders.snapshot()), Refusal)


def _modes(plan: Plan) -> list[SetMode]:
    assert all(isinstance(operation, SetMode) for operation in plan.operations)
    return [operation for operation in plan.operations if isinstance(operation, SetMode)]
