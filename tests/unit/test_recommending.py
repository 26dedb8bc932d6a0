"""Where several fixes repair a finding and none is named: which is meant, and when the person is asked."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from workbench.demo.playing import PlayedWorkbench, demo
from workbench.model.check import Fix
from workbench.model.finding import Finding
from workbench.model.operations import CreateRootFile, Operation, SetMode
from workbench.model.plan import Plan, Refusal, Reversal, Safety
from workbench.plugins import load
from workbench.recommending import recommended

MINE = SetMode("/home/dev/x", 0o600, 0o666, 1, 2)
ROOTS = CreateRootFile("/etc/systemd/system/x.service.d/90-workbench-x.conf", "[Service]\n", "unit-drop-in")


@dataclass(frozen=True, slots=True)
class Asked:
    version: str


@pytest.fixture(scope="module")
def workbench() -> PlayedWorkbench:
    return demo(load())


def fix(
    name: str,
    *operations: Operation,
    safety: Safety = Safety.REVIEW,
    reversal: Reversal = Reversal.FULL,
    refuses: bool = False,
    asks: bool = False,
) -> Fix:
    def plan(finding: Finding, snapshot: object, answers: object) -> Plan | Refusal:
        if refuses:
            return Refusal("not here")
        return Plan(name, finding.check, finding.identity, name, safety, reversal, operations or (MINE,))

    made = next(iter(load().fixes.values()))
    more = {"answers": Asked, "suggest": lambda *_: Asked("1")} if asks else {"answers": None, "suggest": None}
    return replace(
        made, id=name, repairs=("clients/no-isolation",), safety=safety, reversal=reversal, plan=plan, **more
    )


CASES: dict[str, tuple[list[Fix], dict[str, str], list[str]]] = {
    "the safest": ([fix("x/b", safety=Safety.GUIDE), fix("x/a")], {}, ["x/a"]),
    "what is undone in full": ([fix("x/a", reversal=Reversal.PARTIAL), fix("x/b")], {}, ["x/b"]),
    "what takes no root": ([fix("x/a", ROOTS), fix("x/b")], {}, ["x/b"]),
    "what can be made here": ([fix("x/a", refuses=True), fix("x/b", ROOTS)], {}, ["x/b"]),
    "two that come out alike": ([fix("x/a"), fix("x/b")], {}, ["x/a", "x/b"]),
    "the one that asks what is answered": ([fix("x/a"), fix("x/b", asks=True)], {"version": "2"}, ["x/b"]),
    "none that asks it": ([fix("x/a"), fix("x/b")], {"version": "2"}, []),
    "none that takes the server away": ([fix("clients/remove-server"), fix("x/b", refuses=True)], {}, ["x/b"]),
    "the first where all refuse": ([fix("x/a", refuses=True), fix("x/b", refuses=True)], {}, ["x/a"]),
}


@pytest.mark.parametrize("case", sorted(CASES))
def test_it_is(case: str, workbench: PlayedWorkbench) -> None:
    offered, given, meant = CASES[case]
    snapshot = workbench.stage.seen(as_root=True)
    finding = next(each for each in workbench.judge(snapshot).findings() if each.check == "clients/no-isolation")
    assert [each.id for each in recommended(workbench, offered, finding, snapshot, given)] == meant


def test_a_server_without_a_wall_is_put_into_a_sandbox_before_it_is_given_an_account(
    workbench: PlayedWorkbench,
) -> None:
    snapshot = workbench.stage.seen(as_root=True)
    found = [each for each in workbench.judge(snapshot).findings() if each.check == "clients/no-isolation"]
    meant = {
        fix.id
        for each in found
        if len(workbench.fixes_for(each)) > 1
        for fix in recommended(workbench, workbench.fixes_for(each), each, snapshot, {})
    }
    assert "clients/sandbox-launcher" in meant
