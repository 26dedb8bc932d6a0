"""The fix systemd/repair-directive: what is meant is restored, what is not known is left to a person."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests import builders
from tests.plugins.loading import get_fix, run_check
from tests.plugins.systemd_units import FILE, NAME, USER_FILE, host, place, unit
from workbench.model.facts import SectionState, Unread
from workbench.model.finding import Finding, Passed
from workbench.model.operations import (
    CreateFile,
    CreateRootFile,
    OwnDropIn,
    RepairOwnUnit,
    RepairUnit,
    Restart,
    UnitLine,
)
from workbench.model.plan import Plan, Refusal, Safety
from workbench.model.snapshot import Snapshot
from workbench.model.units import IgnoredLine, UnitFact, UnitRun
from workbench.planning import plan

FIX, CHECK = "systemd/repair-directive", "systemd/ignored-directive"
PACKAGED = f"/usr/lib/systemd/system/{NAME}"
BOOLEAN = "Failed to parse boolean value, ignoring: true # …"
RUNNING = UnitRun(NAME, "active", main_pid=7, started=1.0)


def _unit(service: str, *dropped: IgnoredLine, file: str = FILE, **more: Any) -> UnitFact:
    return unit(service, file=file, ignored=dropped, **more)


def _finding(snapshot: Snapshot) -> Finding:
    return builders.findings(run_check(CHECK, snapshot))[0]


def _planned(made: UnitFact, **answers: str) -> Plan | Refusal:
    snapshot = host(made)
    return plan(get_fix(FIX), _finding(snapshot), snapshot, answers)


def _line(text: str, reason: str = BOOLEAN, line: int = 2, path: str = FILE) -> IgnoredLine:
    return IgnoredLine(path, line, reason, text)


LINES = {
    "a comment behind it": ("PrivateTmp=true # …", BOOLEAN, UnitLine(2, "PrivateTmp", "true")),
    "a list with a comment": (
        "ReadWritePaths=/srv/a /srv/b # …",
        "ReadWritePaths= path is not absolute, ignoring: #",
        UnitLine(2, "ReadWritePaths", "/srv/a /srv/b"),
    ),
    "a group that does not exist": (
        "SystemCallFilter=~@exec",
        "Unknown system call group, ignoring: @exec",
        UnitLine(2, "SystemCallFilter", ""),
    ),
    "among others": (
        "SystemCallFilter=~@exec @clock @swap",
        "Unknown system call group, ignoring: @exec",
        UnitLine(2, "SystemCallFilter", "~@clock @swap"),
    ),
    "misspelt": (
        "NoNewPriviledges=yes",
        "Unknown key name 'NoNewPriviledges' in section 'Service', ignoring.",
        UnitLine(2, "NoNewPriviledges", "yes", "NoNewPrivileges"),
    ),
}


@pytest.mark.parametrize("name", LINES)
def test_what_is_meant_is_restored(name: str) -> None:
    text, reason, wanted = LINES[name]
    made = _planned(_unit("", _line(text, reason)))
    assert isinstance(made, Plan), made
    assert made.operations == (RepairUnit(FILE, (wanted,)),)
    assert made.safety is Safety.SAFE


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("PrivateTmp=ture", "Failed to parse boolean value, ignoring: ture"),
        ("Environment=…", "Invalid environment assignment, ignoring"),
        ("WarpDrive=yes", "Unknown key name 'WarpDrive' in section 'Service', ignoring."),
        ("PrivateTmp=yes", "Unknown key name 'PrivateTmp' in section 'Unit', ignoring."),
        ("[Servise]", "Unknown section 'Servise'. Ignoring."),
        ("Environment=TOKEN=<secret: token, 40 characters> # …", BOOLEAN),
    ],
)
def test_what_is_not_known_is_left_to_a_person(text: str, reason: str) -> None:
    made = _planned(_unit("", _line("PrivateTmp=true # …"), _line(text, reason, 3)))
    assert isinstance(made, Refusal) and "line 3" in made.reason and "verify" in made.instead


def test_a_package_is_overlaid_and_then_nothing_is_lost() -> None:
    lost = _line("ProtectHome=true # …", path=PACKAGED)
    of_package = _unit("ProtectHome=true # none\n", lost, file=PACKAGED)
    made = _planned(of_package)
    assert isinstance(made, Plan), made
    (operation,) = made.operations
    assert isinstance(operation, CreateRootFile)
    assert operation.path == f"/etc/systemd/system/{NAME}.d/90-workbench-restored.conf"
    assert operation.content.endswith("[Service]\nProtectHome=true\n")
    restored = replace(of_package.settings[0], value="true", path=operation.path, line=3)
    assert builders.kinds(run_check(CHECK, host(replace(of_package, settings=(*of_package.settings, restored))))) == {
        Passed
    }
    misspelt = _line("NoNewPriviledges=yes", LINES["misspelt"][1], path=PACKAGED)
    assert isinstance(_planned(_unit("", misspelt, file=PACKAGED)), Refusal)


def test_another_drop_in_that_is_dropped_too_restores_nothing() -> None:
    over = f"/etc/systemd/system/{NAME}.d/x.conf"
    lost, again = _line("ProtectHome=true # …", path=PACKAGED), _line("ProtectHome=true # …", path=over)
    made = _unit("ProtectHome=true # none\n", lost, again, file=PACKAGED)
    second = replace(made.settings[0], path=over, line=2)
    assert builders.findings(run_check(CHECK, host(replace(made, settings=(*made.settings, second)))))


def test_a_restart_is_an_answer() -> None:
    running = _unit("", _line("PrivateTmp=true # …"), runs=(RUNNING,))
    later, now = _planned(running), _planned(running, restart="yes")
    assert isinstance(later, Plan) and isinstance(now, Plan)
    assert [each.restarts for each in later.operations if isinstance(each, RepairUnit)] == [None]
    assert "restart=yes" in later.consequences and f"systemctl restart {NAME}" in later.consequences
    assert [each.restarts for each in now.operations if isinstance(each, RepairUnit)] == [Restart(NAME)]
    assert "is restarted" in now.consequences
    asleep = _planned(_unit("", _line("PrivateTmp=true # …")), restart="yes")
    assert isinstance(asleep, Plan) and "restart" not in asleep.consequences


def test_lines_that_would_end_it_are_refused() -> None:
    work = place("WorkingDirectory", "/home/dev/ws")
    service = "WorkingDirectory=/home/dev/ws\nProtectHome=true # none\n"
    lost = _line("ProtectHome=true # …", line=3)
    settings = unit(service).settings
    hidden = _unit("", replace(lost, line=settings[1].line), settings=settings, places=(work,))
    made = _planned(hidden)
    assert isinstance(made, Refusal) and "200/CHDIR" in made.reason
    elsewhere = replace(hidden, places=(place("WorkingDirectory", "/srv/ws"),))
    assert isinstance(_planned(elsewhere), Plan)


def _own(service: str = "", *, path: str = USER_FILE, **more: Any) -> UnitFact:
    return _unit(service, _line("PrivateTmp=true # …", path=path), file=USER_FILE, **more)


def test_a_unit_of_ones_own_manager_is_edited_without_root() -> None:
    line = UnitLine(2, "PrivateTmp", "true")
    made, now = _planned(_own(runs=(RUNNING,))), _planned(_own(runs=(RUNNING,)), restart="yes")
    assert isinstance(made, Plan) and isinstance(now, Plan)
    assert made.operations == (RepairOwnUnit(USER_FILE, (line,), NAME),) and not made.later
    assert f"systemctl --user restart {NAME}" in made.consequences and "sudo" not in made.consequences
    assert now.operations == (RepairOwnUnit(USER_FILE, (line,), NAME, Restart(NAME, manager="user")),)
    in_a_drop_in = f"{USER_FILE}.d/a.conf"
    made = _planned(_own(path=in_a_drop_in, runs=(RUNNING,)))
    assert isinstance(made, Plan) and made.operations == (RepairOwnUnit(in_a_drop_in, (line,), NAME),)


def test_where_ones_own_manager_rests_it_takes_effect_later() -> None:
    made = _planned(_own())
    assert isinstance(made, Plan) and "manager of your own units starts" in made.later
    template = _own(name="x@.service")
    assert isinstance(told := _planned(template), Plan) and not told.later, "nothing is known of a template at rest"
    gap = Unread("state", "x@.service", "the account's own manager does not run, or is not yours")
    snapshot = host(template, state=SectionState("partial", unread=(gap,)))
    told = plan(get_fix(FIX), _finding(snapshot), snapshot, {})
    assert isinstance(told, Plan) and told.later


@pytest.mark.parametrize("file", [f"/etc/systemd/user/{NAME}", f"/usr/lib/systemd/user/{NAME}"])
def test_a_unit_of_roots_in_ones_own_manager_is_overlaid(file: str) -> None:
    made = _planned(replace(_own(path=file), path=builders.path(file, 0o644)))
    assert isinstance(made, Plan), made
    (operation,) = made.operations
    assert isinstance(operation, CreateFile)
    assert operation.path == f"{USER_FILE}.d/90-workbench-restored.conf"
    assert operation.content.endswith("[Service]\nPrivateTmp=true\n")
    assert operation.drop_in == OwnDropIn(NAME)


def test_of_ones_own_manager_these_are_left_to_a_person() -> None:
    transient = f"/run/user/1000/systemd/transient/{NAME}"
    linked = builders.path(USER_FILE, 0o644, uid=1000)
    linked = replace(linked, file=replace(linked.file, path="/home/dev/project/x"), links=(linked.file,))
    for made in (
        _own(owner=1001),
        replace(_own(path=transient), path=builders.path(transient, 0o644)),
        replace(_own(), path=linked),
    ):
        told = _planned(made)
        assert isinstance(told, Refusal) and told.instead, made
    instances = _own(name="x@.service", runs=(replace(RUNNING, name="x@1.service"),))
    assert isinstance(_planned(instances, restart="yes"), Refusal)
    assert isinstance(_planned(instances), Plan)


def test_what_ends_a_unit_of_ones_own_manager_is_not_restored() -> None:
    lost = _line("ProtectKernelLogs=true # …", line=3, path=USER_FILE)
    service = "PrivateUsers=yes\nProtectKernelLogs=true # none\n"
    made = _planned(_unit(service, lost, file=USER_FILE))
    assert isinstance(made, Refusal) and "226/NAMESPACE" in made.reason
    alone = replace(_unit(service, lost, file=USER_FILE), settings=_unit(service, file=USER_FILE).settings[1:])
    assert isinstance(_planned(alone), Plan)
    newer = host(_unit(service, lost, file=USER_FILE), version=254)
    assert isinstance(plan(get_fix(FIX), _finding(newer), newer, {}), Plan)


def test_a_unit_that_is_gone() -> None:
    finding = _finding(host(_unit("", _line("PrivateTmp=true # …"))))
    assert isinstance(plan(get_fix(FIX), finding, host(), {}), Refusal)


def test_a_value_that_would_take_the_next_line_into_it_is_left_to_a_person() -> None:
    made = _unit("PrivateTmp=yes", _line("PrivateTmp=true\\ # …", path=PACKAGED), file=PACKAGED)
    refused = _planned(made)
    assert isinstance(refused, Refusal) and "not known" in refused.reason
