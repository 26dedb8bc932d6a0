"""Every safe repair as one list: reviewed once, applied one run each, stopped at the first failure, undone as one."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from tests import builders
from tests.repair.support import edit, mode, tree, values, written
from tests.repair.test_crash import _STRIDE, _killed, _lines
from workbench.batching import apply_batch, plan_safe, undo_batch
from workbench.engine import Workbench
from workbench.host.context import Context
from workbench.model.check import Check, Fix
from workbench.model.facts import SectionState
from workbench.model.finding import Finding, Passed, Subject, Verdict
from workbench.model.operations import Operation
from workbench.model.plan import Plan, Refusal, Reversal, Safety
from workbench.model.processes import ProcessFacts
from workbench.model.run import RunState
from workbench.model.severity import Severity
from workbench.model.snapshot import Snapshot
from workbench.plugins import Plugins
from workbench.repair.history import history
from workbench.repair.recovering import recover

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="repairs are made on Linux only")


@dataclass
class Bench:
    """A home with files, a fix for each finding, and checks that find what the test says."""

    home: Path
    state: Path
    operations: dict[str, tuple[Operation, ...]]
    made: dict[str, Any]
    found: set[str]

    def finding(self, name: str) -> Finding:
        subject = Subject("config", f"/x/{name}", name)
        return Finding(subject, Severity.HIGH, f"saw {name}", ()).of_check(f"a/{name}", (f"a/fix-{name}",))

    @property
    def findings(self) -> list[Finding]:
        return [self.finding(name) for name in self.operations]

    @property
    def workbench(self) -> Workbench:
        checks = {f"a/{name}": self._check(name) for name in self.operations}
        fixes = {f"a/fix-{name}": self._fix(name) for name in self.operations}

        class Fake(Workbench):
            def look(self, *_: Any, **__: Any) -> Snapshot:
                return builders.snapshot()

        return Fake(Context.of_this_host(), Plugins(checks, fixes, ()), self.state)

    def _check(self, name: str) -> Check:
        def run(_: Snapshot) -> list[Verdict]:
            finding = self.finding(name)
            return [finding if name in self.found else Passed(finding.subject)]

        return Check("A check", (Severity.HIGH,), (), run, id=f"a/{name}")

    def _fix(self, name: str) -> Fix:
        more = self.made.get(name, {})

        def plan(finding: Finding, *_: Any) -> Plan | Refusal:
            if "refuse" in more:
                return Refusal(more["refuse"])
            plain = Plan(
                f"a/fix-{name}",
                finding.check,
                finding.identity,
                f"Repair {name}",
                Safety.SAFE,
                Reversal.FULL,
                self.operations[name],
            )
            return replace(plain, **more.get("plan", {}))

        made = Fix("A fix", (f"a/{name}",), Safety.SAFE, Reversal.FULL, plan, id=f"a/fix-{name}")
        return replace(made, **more.get("fix", {}))

    def plan(self) -> Any:
        return plan_safe(self.workbench, builders.snapshot(), self.findings)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return made(tmp_path)


def made(folder: Path) -> Bench:
    home = folder / "home"
    home.mkdir(mode=0o700, parents=True)
    one, other = written(home, "one.json", mode=0o644), written(home, "other.json")
    operations: dict[str, tuple[Operation, ...]] = {
        "pin": (edit(one),),
        "open": (mode(one),),
        "env": values(one),
        "second": (edit(other),),
    }
    return Bench(home, folder / "state", operations, {}, set())


def test_it_is_planned_applied_and_undone_as_one_and_done_again(bench: Bench) -> None:
    before = tree(bench.home)
    batch = bench.plan()
    assert [step.plan.title for step in batch.steps] == [f"Repair {name}" for name in ("open", "pin", "env", "second")]
    assert batch.left_out == () and tree(bench.home) == before
    said: list[tuple[int, str]] = []
    runs = apply_batch(bench.workbench, batch, lambda number, words: said.append((number, words)))
    assert [run.state for run in runs] == [RunState.APPLIED] * 4
    assert {number for number, _ in said} == {0, 1, 2, 3}
    (name,) = {run.batch for run in runs}
    assert [run.batch for run in history(bench.state)] == [name] * 4
    after = tree(bench.home)
    content = (bench.home / "one.json").read_text("utf-8-sig")
    assert "pkg@1.2.3" in content and "API_KEY" not in content
    assert (bench.home / "one.json").stat().st_mode & 0o777 == 0o600

    undone = undo_batch(bench.state, name)
    assert [run.state for run in undone] == [RunState.UNDONE] * 4
    assert [run.identity for run in undone] == [run.identity for run in reversed(runs)]
    assert tree(bench.home) == before
    (again,) = {run.batch for run in history(bench.state)} - {name}
    assert again in undone[-1].message
    assert [run.state for run in undo_batch(bench.state, again)] == [RunState.UNDONE] * 4
    assert tree(bench.home) == after
    nothing = undo_batch(bench.state, again)
    assert nothing[0].state is RunState.REFUSED and "nothing to undo" in nothing[0].message


def test_what_is_shown_of_a_file_is_what_the_steps_before_leave(bench: Bench) -> None:
    batch = bench.plan()
    (shown,) = [step.changes[0].diff for step in batch.steps if step.plan.title == "Repair env"]
    assert "pkg@1.2.3" in shown or '"pkg"' not in shown
    first = bench.plan()
    assert first.digest == batch.digest
    (bench.home / "other.json").write_bytes((bench.home / "other.json").read_bytes() + b" ")
    assert bench.plan().digest != batch.digest


def test_one_that_another_resolves_is_said_and_not_done_twice(bench: Bench) -> None:
    one = bench.home / "one.json"
    bench.operations = {
        "wide": (mode(one, 0o640),),
        "narrow": (mode(one, 0o600),),
        "pin": (edit(one),),
        "same": (edit(one),),
    }
    batch = bench.plan()
    assert [step.plan.title for step in batch.steps] == ["Repair narrow", "Repair pin"]
    assert [[each.summary for each in step.resolves] for step in batch.steps] == [["saw wide"], ["saw same"]]
    assert all(run.state is RunState.APPLIED for run in apply_batch(bench.workbench, batch))


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"fix": {"safety": Safety.REVIEW}, "plan": {"safety": Safety.REVIEW}}, "is review"),
        ({"fix": {"reversal": Reversal.PARTIAL}}, "its undo partial"),
        ({"plan": {"safety": Safety.REVIEW}}, "here its repair is review"),
        ({"plan": {"reversal": Reversal.NONE}}, "its undo none"),
        ({"plan": {"confirm": 60}}, "has to be confirmed"),
        ({"refuse": "not on this machine"}, "not on this machine"),
        ({"fix": {"repairs": ("a/else",)}}, "does not repair"),
    ],
)
def test_what_is_left_out_and_why(more: dict[str, Any], why: str, bench: Bench) -> None:
    bench.made = {"pin": more}
    batch = bench.plan()
    (left,) = batch.left_out
    assert left.finding.summary == "saw pin" and why in left.why
    assert "Repair pin" not in [step.plan.title for step in batch.steps]


def test_a_plan_that_no_longer_fits_behind_another_is_left_out(bench: Bench) -> None:
    one = bench.home / "one.json"
    bench.operations = {"pin": (edit(one),), "other-pin": (edit(one, "pkg@9"),)}
    batch = bench.plan()
    assert len(batch.steps) == 1 and len(batch.left_out) == 1


def test_it_stops_at_the_first_that_does_not_help_and_says_what_stays(bench: Bench) -> None:
    batch = bench.plan()
    bench.found = {"pin"}
    before = (bench.home / "one.json").read_bytes()
    runs = apply_batch(bench.workbench, batch)
    assert [run.state for run in runs] == [RunState.APPLIED, RunState.ROLLED_BACK]
    assert f"workbench undo {runs[0].batch}" in runs[1].message and "2 more were not begun" in runs[1].message
    assert (bench.home / "one.json").read_bytes() == before
    assert (bench.home / "one.json").stat().st_mode & 0o777 == 0o600
    assert [run.state for run in undo_batch(bench.state, runs[0].batch)] == [RunState.UNDONE]


def test_a_step_is_only_applied_where_it_still_is_what_was_shown(bench: Bench) -> None:
    batch = bench.plan()
    file = bench.home / "other.json"
    file.write_bytes(file.read_bytes() + b"\n")
    runs = apply_batch(bench.workbench, batch)
    assert [run.state for run in runs] == [RunState.APPLIED] * 3 + [RunState.REFUSED]
    assert "not what was shown" in runs[-1].message and b"pkg@" not in file.read_bytes()


def test_an_undo_that_is_refused_ends_it_and_names_what_is_still_applied(bench: Bench) -> None:
    runs = apply_batch(bench.workbench, bench.plan())
    one = bench.home / "one.json"
    one.write_text('{"mcpServers": {"files": {"command": "mine"}}}')
    ended = undo_batch(bench.state, runs[0].batch)
    assert [run.state for run in ended] == [RunState.UNDONE, RunState.REFUSED]
    for still in runs[:3]:
        assert still.identity in ended[-1].message
    assert runs[3].identity not in ended[-1].message.partition("still applied")[2]


def test_read_only_does_nothing(bench: Bench) -> None:
    before = tree(bench.home)
    (run,) = apply_batch(replace(bench.workbench, read_only=True), bench.plan())
    assert run.state is RunState.REFUSED and "--read-only" in run.message and tree(bench.home) == before
    runs = apply_batch(bench.workbench, bench.plan())
    (refused,) = undo_batch(bench.state, runs[0].batch, read_only=True)
    assert refused.state is RunState.REFUSED and "--read-only" in refused.message


def test_no_more_than_one_look_a_fix(bench: Bench) -> None:
    looks = []
    workbench = bench.workbench

    class Counting(type(workbench)):  # type: ignore[misc]
        def look(self, *_: Any, **__: Any) -> Snapshot:
            looks.append(1)
            return builders.snapshot()

    counting = Counting(workbench.context, workbench.plugins, workbench.state)
    assert len(apply_batch(counting, bench.plan())) == 4 == len(looks)


@pytest.mark.parametrize("name", ["", "batch-", "nothing", "batch-2026"])
def test_a_batch_that_there_is_not(name: str, bench: Bench) -> None:
    apply_batch(bench.workbench, bench.plan())
    bench.operations = {"back": (mode(bench.home / "other.json", 0o400),)}
    apply_batch(bench.workbench, bench.plan())
    with pytest.raises(LookupError):
        undo_batch(bench.state, name)


@pytest.mark.parametrize(
    "name", ["../../etc", "batch-1", "x" * 5000, "batch-20260101T000000000000Z-0000000g", "\x1b[2J"]
)
def test_a_batch_that_was_written_into_the_journal_is_not_believed(name: str, bench: Bench) -> None:
    runs = apply_batch(bench.workbench, bench.plan())
    journal = bench.state / "runs" / runs[0].identity / "journal.jsonl"
    first, *rest = journal.read_text().splitlines(keepends=True)
    record = json.loads(first)
    record["run"]["batch"] = name
    journal.write_text(json.dumps(record) + "\n" + "".join(rest))
    told = history(bench.state)[-1]
    assert told.state is RunState.ROLLBACK_FAILED and "batch that there cannot be" in told.message
    assert len(undo_batch(bench.state, runs[0].batch)) == 3


def test_a_journal_from_before_there_were_batches_is_read(bench: Bench) -> None:
    runs = apply_batch(bench.workbench, bench.plan())
    journal = bench.state / "runs" / runs[-1].identity / "journal.jsonl"
    first, *rest = journal.read_text().splitlines(keepends=True)
    record = json.loads(first)
    del record["run"]["batch"], record["run"]["plan"]["confirm"]
    journal.write_text(json.dumps(record) + "\n" + "".join(rest))
    told = history(bench.state)[0]
    assert (told.state, told.batch, told.plan.confirm) == (RunState.APPLIED, "", 0)


def test_killed_at_any_line_every_step_is_whole_or_not_there(tmp_path: Path) -> None:
    def work(bench: Bench) -> Callable[[], Any]:
        batch = bench.plan()
        return lambda: apply_batch(bench.workbench, batch)[-1]

    work(made(tmp_path / "warming"))()
    lines = _lines(work(made(tmp_path / "rehearsal")))
    assert lines > 500
    for at_line in range(1, lines + 1, 4 * _STRIDE):
        bench = made(tmp_path / str(at_line))
        before = tree(bench.home)
        assert _killed(work(bench), at_line), at_line
        assert all(run.state is RunState.RECOVERED for run in recover(bench.state)), at_line
        standing = [run for run in history(bench.state) if run.state is RunState.APPLIED]
        if standing:
            undone = undo_batch(bench.state, standing[0].batch)
            assert [run.state for run in undone] == [RunState.UNDONE] * len(standing), at_line
        assert tree(bench.home) == before, at_line


def test_a_running_client_that_may_write_its_config_again_is_named(bench: Bench) -> None:
    one = bench.home / "one.json"
    path = builders.path(str(one), 0o600)
    config = replace(builders.config(), client="claude-desktop", client_name="Claude Desktop", path=path, owner=1000)
    clients = replace(builders.snapshot().clients, configs=(config,))
    running = ProcessFacts(SectionState("complete"), clients=(("claude-desktop", 1000),))
    for processes, expected in (
        (running, 2),
        (ProcessFacts(SectionState("complete"), clients=(("claude-desktop", 1001), ("cursor", 1000))), 0),
        (ProcessFacts(SectionState("complete"), clients=(("claude", 1000),)), 0),
    ):
        snapshot = builders.snapshot(clients=clients, processes=processes)
        batch = plan_safe(bench.workbench, snapshot, bench.findings)
        warned = [step.plan.title for step in batch.steps if step.warnings]
        assert len(warned) == expected, "a mode is not written again"
        if warned:
            assert set(warned) == {"Repair pin", "Repair env"}
            (said,) = batch.steps[1].warnings
            assert said.startswith("Claude Desktop is running") and "quit it, repair, start it again" in said
