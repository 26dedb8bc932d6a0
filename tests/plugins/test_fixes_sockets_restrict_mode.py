"""A socket that others can connect to is closed, if it is the server's own and ours to change."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests import builders
from tests.plugins.loading import get_fix, make_plan, run_check
from workbench.model.facts import Acl, AclEntry, HostFacts
from workbench.model.finding import Finding
from workbench.model.operations import SetMode
from workbench.model.plan import Plan, Refusal, Safety
from workbench.model.snapshot import Snapshot
from workbench.model.sockets import SocketFact, SocketFacts
from workbench.planning import plan as planned

CHECK, FIX = "sockets/connectable-by-others", "sockets/restrict-mode"
NAME = "/home/dev/run/mcp.sock"


def _host(socket: SocketFact, **sections: Any) -> Snapshot:
    return builders.snapshot(sockets=SocketFacts(builders.COMPLETE, (socket,), "sock_diag", 1), **sections)


def _socket(mode: int = 0o777, name: str = NAME, **more: Any) -> SocketFact:
    changes = {key: more.pop(key) for key in ("bound_inode", "foreign_namespace") if key in more}
    return builders.socket(builders.path(name, mode, kind="socket", **more), **changes)


def _finding(snapshot: Snapshot) -> Finding:
    (finding,) = builders.findings(run_check(CHECK, snapshot))
    return finding


@pytest.mark.parametrize("mode", [0o777, 0o666, 0o722, 0o602, 0o775])
def test_it_is_closed_for_everyone_else(mode: int) -> None:
    snapshot = _host(_socket(mode, gid=2000))
    made = planned(get_fix(FIX), _finding(snapshot), snapshot, {})
    assert isinstance(made, Plan), made
    (operation,) = made.operations
    file = _socket(mode, gid=2000).path
    assert file is not None
    assert operation == SetMode(NAME, 0o600, mode, file.file.device, file.file.inode)
    assert made.safety is Safety.SAFE
    assert "until the server restarts" in made.consequences and "other accounts" in made.consequences
    after = _host(_socket(0o600, gid=2000))
    assert not builders.findings(run_check(CHECK, after))


def test_an_access_control_list_is_closed_too() -> None:
    snapshot = _host(_socket(0o660, acl=Acl(0, (AclEntry("user", 1001, 6),))))
    assert isinstance(make_plan(FIX, _finding(snapshot), snapshot), Plan)


def _refused(finding: Finding, socket: SocketFact, **sections: Any) -> Refusal:
    made = make_plan(FIX, finding, _host(socket, **sections))
    assert isinstance(made, Refusal), made
    assert made.instead
    return made


def test_what_no_mode_can_close_is_refused() -> None:
    finding = _finding(_host(_socket()))
    assert "abstract" in _refused(finding, replace(_socket(), abstract=True, path=None)).reason
    assert "another namespace" in _refused(finding, _socket(foreign_namespace=True)).reason
    assert "could not be examined" in _refused(finding, replace(_socket(), path=None)).reason
    assert "was replaced since" in _refused(finding, _socket(bound_inode=12345)).reason
    regular = builders.socket(builders.path(NAME, 0o666))
    assert "was replaced since" in _refused(finding, regular).reason
    assert "already has the mode 0600" in _refused(finding, _socket(0o600)).reason


def test_an_unknown_binding_is_no_replacement() -> None:
    snapshot = _host(_socket(bound_inode=0))
    assert isinstance(make_plan(FIX, _finding(snapshot), snapshot), Plan)


def test_the_socket_of_another_account_is_refused_except_for_root() -> None:
    foreign = _socket(uid=1001)
    snapshot = _host(foreign)
    made = make_plan(FIX, _finding(snapshot), snapshot)
    assert isinstance(made, Refusal) and "belongs to colleague" in made.reason
    assert f"chmod 0600 {NAME}" in made.instead
    as_root = _host(foreign, host=HostFacts("linux", "6.1.0", 0, "root", "/root", "systemd"))
    assert isinstance(make_plan(FIX, _finding(as_root), as_root), Plan)


def test_a_name_that_cannot_be_shown_is_refused() -> None:
    socket = _socket()
    assert socket.path is not None
    finding = _finding(_host(socket))
    hidden = replace(socket, path=replace(socket.path, file=replace(socket.path.file, exact=False)))
    assert "cannot be named safely" in _refused(finding, hidden).reason


def test_a_socket_that_is_gone_is_refused() -> None:
    finding = _finding(_host(_socket()))
    made = make_plan(FIX, finding, builders.snapshot())
    assert isinstance(made, Refusal) and made.instead == "scan again"
