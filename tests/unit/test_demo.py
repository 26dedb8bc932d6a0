"""The demo: a host that does not exist, which has something for every check to find."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from scripts import demo as script
from scripts import staged_host
from scripts.staged_audit import audit
from workbench import activity
from workbench.cli import run
from workbench.demo import HOME, WORDS, demonstrated, is_demo
from workbench.demo.facts import read_config
from workbench.demo.files import files
from workbench.demo.playing import LateStage, demo, played
from workbench.demo.stage import Stage
from workbench.engine import Workbench
from workbench.exits import Exit, Unusable
from workbench.host.startup.exports import read_script
from workbench.model.acts import Act
from workbench.model.finding import NotApplicable, NotAssessed, Passed
from workbench.model.operations import CreateFile, CreateRootFile, EditRootFile, RepairUnit, SetValue, TrialStart
from workbench.model.plan import Plan, Refusal, Reversal, Safety
from workbench.model.recreation import RecreateContainer
from workbench.model.report import Status
from workbench.model.run import RunState
from workbench.model.severity import Severity
from workbench.plugins import Plugins, load
from workbench.repair.prepare import Prepared
from workbench.repair.restoring import Restoring
from workbench.report.snapshot_file import from_json
from workbench.scan import scan
from workbench.secrets import capture, redact
from workbench.verifying import Before

ROOT = Path(__file__).parents[2]
CANNOT_APPLY: dict[str, str] = {}
"""The checks that find nothing there, each with the reason why it cannot on one Linux laptop together with the others.

Today there is none: a check that is added finds something in ``scripts/staged_*.py``, or stands here with its reason.
"""


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    yield
    activity.forget()


def test_the_file_is_what_the_script_writes_today() -> None:
    assert script.PATH.read_text() == script.text(), "run: python scripts/demo.py"


def test_every_check_finds_something() -> None:
    report = scan(demonstrated(), load())
    silent = {result.check for result in report.results if result.status is not Status.FOUND}
    assert silent == set(CANNOT_APPLY), (
        f"add to scripts/staged_*.py what these find, then run scripts/demo.py: {silent}"
    )
    assert {finding.severity for finding in report.findings()} == set(Severity)
    assert report.grade.letter == "F"


def test_every_other_kind_of_verdict_is_there_too() -> None:
    snapshot = demonstrated()
    said = [verdict for check in load().checks.values() for verdict in check.run(snapshot)]
    for kind, least in ((Passed, 100), (NotAssessed, 5), (NotApplicable, 3)):
        assert sum(isinstance(verdict, kind) for verdict in said) >= least, kind
    assert any(getattr(snapshot, section).state.unread for section in ("processes", "audit", "clients"))


def test_every_way_to_be_repaired_is_there() -> None:
    plugins = load()
    offered = {repair for finding in scan(demonstrated(), plugins).findings() for repair in finding.repairs}
    assert offered == set(plugins.fixes)


def test_it_holds_no_secret_and_nothing_that_is_not_made_up() -> None:
    texts = [text for text in _strings(json.loads(script.PATH.read_text())) if not re.fullmatch(r"[0-9a-f]{64}", text)]
    assert [text for text in texts if redact(text) != text] == []
    homes = {match for text in texts for match in re.findall(r"/home/[a-z]+", text)}
    assert homes == {"/home/dev", "/home/colleague"}


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _strings(inner)


def test_it_is_told_from_the_snapshot_of_a_host() -> None:
    snapshot = demonstrated()
    assert is_demo(snapshot)
    assert not is_demo(None)
    assert not is_demo(from_json(script.text().replace('"workbench": "demo"', '"workbench": "0.1.0"').encode(), "x"))


@pytest.fixture
def blind(monkeypatch: pytest.MonkeyPatch) -> None:
    def look(*given: object, **more: object) -> None:
        raise AssertionError("this host was looked at")

    monkeypatch.setattr(Workbench, "look", look)
    monkeypatch.setattr("workbench.inventory.inventory", look)


@pytest.mark.usefixtures("blind")
@pytest.mark.parametrize(
    "arguments", [["--demo", "--headless"], ["--demo", "servers"], ["servers", "--demo"]], ids=" ".join
)
def test_the_texts_say_what_they_are_of(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    status = run(arguments)
    out = capsys.readouterr().out
    assert out.startswith(f"{WORDS}\n\n")
    assert "server-memory" in out
    assert status == (Exit.FINDINGS if "--headless" in arguments else Exit.CLEAN)


@pytest.mark.usefixtures("blind")
@pytest.mark.parametrize(
    "arguments", [["--demo", "--headless", "--json"], ["--demo", "servers", "--json"]], ids=" ".join
)
def test_the_documents_hold_nothing_else(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    run(arguments)
    document = json.loads(capsys.readouterr().out)
    assert document["taken_at"] == demonstrated().taken_at


@pytest.mark.usefixtures("blind")
def test_the_report_and_the_app_say_the_same_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    shown = demo(load())
    for arguments, seen in ((), shown.look()), (("--sudo", "--yes"), shown.stage.seen(as_root=True)):
        run(["--demo", "--headless", "--json", *arguments])
        headless = json.loads(capsys.readouterr().out)
        run(["report", "--demo", "--format", "json", *arguments])
        written = json.loads(capsys.readouterr().out)
        report = shown.judge(seen)
        for document in (headless, written):
            assert document["grade"]["letter"] == report.grade.letter
            assert document["grade"]["coverage"] == pytest.approx(report.grade.coverage, abs=1e-3)
            assert {each["identity"] for each in document["findings"]} == {each.identity for each in report.findings()}


@pytest.mark.usefixtures("blind")
@pytest.mark.parametrize(
    "command",
    [
        ["snapshot"],
        ["probe", "/tmp/mcp-files.sock"],
        ["audit-trail"],
        ["plan", "0123456789abcdef"],
        ["apply", "plan.json"],
        ["undo", "x"],
        ["recover"],
        ["history"],
    ],
    ids=lambda command: str(command[0]),
)
def test_what_works_on_this_host_refuses_the_demo(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--demo", *command]) == Exit.USAGE
    said = capsys.readouterr()
    assert "--demo does not go with" in said.err
    assert not said.out


def test_it_is_either_the_demo_or_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--demo", "--replay", "host.json", "--headless"]) == Exit.USAGE
    assert run(["servers", "--demo", "--replay", "host.json"]) == Exit.USAGE
    assert "not allowed with" in capsys.readouterr().err


def test_its_home_folder_is_known_before_it_is_read() -> None:
    assert demonstrated().host.home == HOME


def test_the_facts_are_what_the_real_readers_read_in_the_files() -> None:
    snapshot, there = demonstrated(), files()
    for config in snapshot.clients.configs:
        assert read_config(config, there[config.path.asked], snapshot) == config
    for file in snapshot.session.startup:
        found = read_script(there[file.path].decode(), file.dialect)
        assert tuple(found.umasks) == file.umasks
        secrets = [each for each in found.exports if capture(each.name, each.value, "") is not None]
        assert [(each.name, each.line) for each in secrets] == [(each.name, each.line) for each in file.secrets]


def test_no_secret_is_shipped_and_those_made_up_are_of_the_kind_and_length_that_is_said() -> None:
    shipped = script.PATH.with_name("files.txt").read_text()
    assert redact(shipped) == shipped
    (variable,) = {
        each for config in demonstrated().clients.configs for server in config.servers for each in server.secrets
    }
    text = json.loads(files()["/home/dev/.config/Claude/claude_desktop_config.json"])
    value = text["mcpServers"]["github"]["env"]["GITHUB_PERSONAL_ACCESS_TOKEN"]
    found = capture("GITHUB_PERSONAL_ACCESS_TOKEN", value, variable.place)
    assert found is not None
    assert (found.kind, found.length) == (variable.kind, variable.length)


def test_the_staged_host_of_the_pictures_and_the_demo_are_the_same() -> None:
    pictured, shown = staged_host.workbench().look(), demo(load()).look()
    assert replace(pictured, workbench=shown.workbench) == shown
    assert shown.audit == audit()
    assert not staged_host.workbench().is_demo
    assert demo(load()).is_demo


@pytest.fixture(scope="module")
def plugins() -> Plugins:
    return load()


def everything_that_can_be_planned() -> list[Any]:
    workbench = played(Stage(demonstrated(), files()), load())
    snapshot = workbench.look()
    return [
        pytest.param(finding.identity, fix.id, id=f"{finding.check}-{fix.id}-{finding.identity[:6]}")
        for finding in workbench.judge(snapshot).findings()
        for fix in workbench.fixes_for(finding)
        if isinstance(workbench.plan(fix, finding, snapshot), Plan)
    ]


@pytest.mark.parametrize(("identity", "fix"), everything_that_can_be_planned())
def test_every_repair_is_proved_by_its_check_and_undone_and_made_again(
    identity: str, fix: str, plugins: Plugins
) -> None:
    workbench = played(Stage(demonstrated(), files()), plugins)
    before = workbench.look()
    report = workbench.judge(before)
    finding = next(each for each in report.findings() if each.identity == identity)
    plan = workbench.plan(plugins.fixes[fix], finding, before)
    assert isinstance(plan, Plan)
    prepared = workbench.prepare(plan)
    if any(isinstance(each, TrialStart) for each in plan.operations):
        assert isinstance(prepared, Refusal) and "nothing is ever started" in prepared.reason
        return
    if any(isinstance(each, CreateRootFile | RepairUnit | RecreateContainer | Act) for each in plan.operations):
        assert isinstance(prepared, Refusal) and "the demo ends here" in prepared.reason
        return
    if plan.steps:
        assert isinstance(prepared, Prepared) and len(prepared.changes) == len(plan.steps)
        assert workbench.apply(prepared).state is RunState.REFUSED and workbench.look() == before
        return
    if any(isinstance(each, CreateFile) and each.drop_in is not None for each in plan.operations):
        assert isinstance(prepared, Refusal) and "the demo ends here" in prepared.reason
        return
    assert isinstance(prepared, Prepared), prepared
    for change in prepared.changes:
        assert redact(change.diff) == change.diff
    run = workbench.apply(prepared, before=Before(report))
    after = workbench.judge(workbench.look())
    found = identity in {each.identity for each in after.findings()}
    assert run.state is RunState.APPLIED, run.message
    assert found == bool(plan.later)
    restoring = workbench.plan_undo(run.identity)
    assert isinstance(restoring, Restoring)
    assert workbench.undo(run.identity).state is RunState.UNDONE
    assert workbench.look() == before
    undoing = workbench.history()[0]
    assert workbench.undo(undoing.identity).state is RunState.UNDONE
    assert workbench.judge(workbench.look()) == after
    assert [each.state for each in workbench.history()[:3]] == [RunState.APPLIED, RunState.UNDONE, RunState.APPLIED]


def test_an_earlier_edit_of_a_file_is_undone_and_the_later_one_stays(plugins: Plugins) -> None:
    workbench = played(Stage(demonstrated(), files()), plugins)
    path = "/home/dev/.codeium/windsurf/mcp_config.json"
    runs = []
    for name in ("lint", "wiki"):
        pointer = ("mcpServers", name, "disabled")
        edit = SetValue(path, "json", pointer, "true", "false")
        plan = Plan("x/x", "clients/inline-code", "none", name, Safety.REVIEW, Reversal.FULL, (edit,))
        prepared = workbench.prepare(plan)
        assert isinstance(prepared, Prepared)
        runs.append(workbench.apply(prepared).identity)
    restoring = workbench.plan_undo(runs[0])
    assert isinstance(restoring, Restoring)
    assert "keep everything that was changed since" in restoring.changes[0].words
    assert workbench.undo(runs[0]).state is RunState.UNDONE
    servers = json.loads(workbench.stage.files[path])["mcpServers"]
    assert "disabled" not in servers["lint"]
    assert servers["wiki"]["disabled"] is True
    workbench.purge((runs[1],))
    assert isinstance(workbench.plan_undo(runs[1]), Refusal)
    assert workbench.undo(runs[1]).state is RunState.REFUSED


def test_where_the_demo_ends_it_says_so(plugins: Plugins) -> None:
    workbench = played(Stage(demonstrated(), files()), plugins)
    edit = EditRootFile("/etc/sudoers.d/mcp", "sudoers", 1, ("a",), ("b",))
    refused = workbench.prepare(Plan("x/x", "y/y", "none", "x", Safety.REVIEW, Reversal.FULL, (edit,)))
    assert isinstance(refused, Refusal)
    assert "the demo ends here" in refused.reason
    unknown = SetValue("/home/dev/other.json", "json", ("a",), "1")
    refused = workbench.prepare(Plan("x/x", "y/y", "none", "x", Safety.REVIEW, Reversal.FULL, (unknown,)))
    assert isinstance(refused, Refusal)
    with pytest.raises(LookupError):
        workbench.undo("20990101T000000000000Z-00000000")
    past = workbench.history()[-1]
    assert workbench.undo(past.identity).state is RunState.REFUSED


def test_read_only_plays_nothing(plugins: Plugins) -> None:
    workbench = played(Stage(demonstrated(), files()), plugins, read_only=True)
    snapshot = workbench.look()
    batch = workbench.plan_safe(snapshot, workbench.judge(snapshot))
    assert len(batch.steps) == 3
    assert [run.state for run in workbench.apply_batch(batch)] == [RunState.REFUSED]
    assert workbench.purge([workbench.backups()[0].run]).refused
    assert workbench.look() == snapshot


def test_the_app_can_be_opened_before_the_stage_is_set_up() -> None:
    """What the first picture of the demo does not show is neither imported nor read before it."""
    program = (
        "import sys; from workbench.demo.playing import demo; from workbench.plugins import LatePlugins;"
        "made = demo(LatePlugins()); assert made.is_demo and str(made.context.home) == '/home/dev';"
        "late = ('workbench.repair', 'workbench.report', 'workbench.host.clients', 'workbench.checks', 'pydantic');"
        "print([name for name in sys.modules if name.startswith(late)]); print(made.stage.began.host.home)"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["[]", "/home/dev"]


def test_the_stage_is_set_up_once_whoever_asks_first() -> None:
    made, gate = [], threading.Barrier(4)

    def make() -> Stage:
        made.append(1)
        return Stage(demonstrated(), files())

    late, found = LateStage(make), []

    def ask() -> None:
        gate.wait()
        found.append(late.stage)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made == [1]
    assert all(each is found[0] for each in found)


def test_a_stage_that_cannot_be_set_up_says_so_each_time() -> None:
    def fails() -> Stage:
        raise Unusable("snapshot.json is damaged")

    late = LateStage(fails)
    for _ in range(2):
        with pytest.raises(Unusable, match="damaged"):
            late.stage  # noqa: B018 - asking is what fails
