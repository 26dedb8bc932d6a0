"""Text from the host in every place that shows some: seen as it is, acting on nothing, reaching no terminal."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, replace

import pytest
from textual.pilot import Pilot

from tests.tui import fakes, inventories
from tests.tui.driving import NARROW, WIDE, driven, flat, until
from workbench.host.files import CannotLook
from workbench.model.assets import AssetFact
from workbench.model.audit import AuditFacts, ServerAccount
from workbench.model.facts import SectionState, SectionStatus, Unread
from workbench.model.finding import Evidence, Finding, Location, NotAssessed, Subject
from workbench.model.plan import Plan, Refusal
from workbench.model.report import BrokenPlugin
from workbench.model.run import Change, Run, RunState
from workbench.model.severity import Severity
from workbench.text import visible
from workbench.tui.app import WorkbenchApp
from workbench.tui.screens.dialogs import Notice
from workbench.tui.widgets.reach_pane import ReachPane
from workbench.tui.widgets.reach_table import ReachTable
from workbench.tui.widgets.servers import ServersList
from workbench.tui.widgets.trail_table import TrailTable

MARKUP = (
    "[@click=app.quit]x[/]",
    "foo[/bold]bar",
    "[type=x, v={'a[0]'}]",
    "MCP [b + x",
    '{"args": ["[/x]"]}',
    "$error",
)
CONTROL = (
    "\x1b]52;c;aGFja2Vk\x1b\\",
    "\x1b]0;t\x07",
    "\x9b31m",
    "\x1b[2J",
    "safe\u202egnp.exe",
    "a\u200bb",
    "\U000e0041",
    "name\udc80",
    "two\nlines\r\tand a tab",
)
# Each kind at once in every field; what breaks a parser breaks it in company too.
HOSTILE = {
    "click": MARKUP[0],
    "markup": " ".join(MARKUP),
    "control": " ".join(CONTROL),
    "long": "x" * 1_000_000,
    "wide": "日本語👩‍💻🇩🇪e\u0301",
    "empty": "",
}
hostile = pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)


def _hostile_finding(text: str) -> Finding:
    return Finding(
        Subject("config", text, text),
        Severity.CRITICAL,
        f"S{text}",
        (Evidence(text, f"A{text}", ("stat", text)),),
        Location(f"/{text}", 1, 1, (text, 0)),
        (Subject(text, text, text),),
    )


def _hostile_workbench(text: str) -> fakes.FakeWorkbench:
    lesson = f"T{text}\n\nWhat it looks at\n----------------\n{text} ``{text}``\n\n    {text}\n- {text}\n"
    checks = [
        fakes.check("clients/a", _hostile_finding(text), lesson=lesson),
        fakes.check("clients/b", NotAssessed(text, f"W{text}", text)),
    ]
    fixes = [fakes.fix("clients/a", title=f"F{text}"), fakes.fix("clients/a", "files/two", title=text)]
    workbench = fakes.workbench(fakes.plugins(checks, fixes, (BrokenPlugin(f"/{text}", text),)))
    host = replace(workbench.script.snapshot.host, user=text, platform=text)
    unread = SectionState("partial", unread=(Unread("content", f"U{text}", text, text),))
    workbench.script.snapshot = replace(
        workbench.script.snapshot,
        host=host,
        clients=replace(workbench.script.snapshot.clients, state=unread),
        taken_at=text,
    )
    return workbench


def _plan(text: str) -> Plan:
    return replace(fakes.titled(f"P{text}"), consequences=text, keeps=text, check=text, fix=text)


def _changes(text: str) -> tuple[Change, ...]:
    diff = f"--- a/{text}\n+++ b/{text}\n@@ -1 +1 @@\n-{text}\n+new {text}\n"
    return (Change(f"/{text}", f"C{text}", diff, 0o666, 0o600),)


def assert_harmless(app: WorkbenchApp) -> None:
    """Nothing on the screen is a control character, misleads a reader, or does something when it is clicked."""
    for strip in app.screen._compositor.render_strips():
        for segment in strip:
            for character in segment.text:
                assert unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}, ascii(segment.text)
            assert segment.style is None or "@click" not in segment.style.meta, segment.text
    assert "\x1b" not in app.export_screenshot()
    assert not app._exit


async def _settled(app: WorkbenchApp, pilot: Pilot[int], kind: str) -> None:
    await until(pilot, lambda: type(app.screen).__name__ == kind)
    await pilot.pause()


@hostile
async def test_on_the_main_screen(text: str) -> None:
    async with driven(_hostile_workbench(text), WIDE) as (app, pilot):
        for key in ("1", "2", "3", "4", "5", "6", "7", "8"):
            await pilot.press(key)
            await pilot.pause()
            assert_harmless(app)
        await pilot.press("1")
        for place in ((20, 8), (75, 8), (75, 11), (20, 2)):
            await pilot.click(offset=place)
            assert_harmless(app)
        if text in (HOSTILE["click"], HOSTILE["wide"]):
            assert f"S{visible(text)}" in flat(app)


@hostile
@pytest.mark.parametrize("size", [NARROW, WIDE], ids=str)
async def test_on_the_page_of_the_servers(text: str, size: tuple[int, int]) -> None:
    workbench = _hostile_workbench(text)
    workbench.script.snapshot = inventories.everything(text)
    async with driven(workbench, size) as (app, pilot):
        await pilot.press("2")
        listed = app.main.query_one(ServersList)
        assert len(listed.rows) == 5
        for _ in listed.rows:
            assert_harmless(app)
            await pilot.press("enter")
            await pilot.pause()
            for _ in range(3):
                assert_harmless(app)
                await pilot.press("pagedown")
            await pilot.click(offset=(75, 8))
            assert_harmless(app)
            await pilot.press("2", "j")


@hostile
@pytest.mark.parametrize("size", [NARROW, WIDE], ids=str)
async def test_on_the_page_of_what_is_within_reach(text: str, size: tuple[int, int]) -> None:
    workbench = _hostile_workbench(text)
    workbench.script.snapshot = inventories.everything(text)
    async with driven(workbench, size) as (app, pilot):
        await pilot.press("3")
        table = app.main.query_one(ReachTable)
        for _ in range(2):
            assert table.selected is not None
            assert_harmless(app)
            await pilot.press("enter")
            await pilot.pause()
            assert app.main.query_one(ReachPane).display
            for _ in range(3):
                assert_harmless(app)
                await pilot.press("pagedown")
            await pilot.click(offset=(30, 5))
            assert_harmless(app)
            await pilot.press("escape", "j")


@hostile
async def test_where_nothing_is_within_reach(text: str) -> None:
    workbench = _hostile_workbench(text)
    snapshot = inventories.everything(text)
    cases: tuple[tuple[SectionStatus, tuple[AssetFact, ...]], ...] = (
        ("failed", ()),
        ("complete", ()),
        ("complete", snapshot.assets.assets),
    )
    for state, things in cases:
        assets = replace(snapshot.assets, state=SectionState(state, text, text), assets=things, reaches=())
        servers = replace(snapshot.servers, servers=())
        workbench.script.snapshot = replace(snapshot, assets=assets, servers=servers)
        async with driven(workbench, WIDE) as (app, pilot):
            await pilot.press("3", "pagedown")
            assert_harmless(app)


@hostile
@pytest.mark.parametrize("size", [NARROW, WIDE], ids=str)
async def test_on_the_audit_trail(text: str, size: tuple[int, int]) -> None:
    workbench = _hostile_workbench(text)
    account = ServerAccount(990, text, servers=(f"mail{text}", text), programs=(text,))
    more = {"account": text, "by": f"/{text}", "examples": (text, f"x{text}")}
    events = [
        inventories.event(f"/{text}", **more),
        inventories.event(text, kind="system call", outcome="killed", **more),
        inventories.event(text, kind="program", outcome="started", **{**more, "last": float("inf")}),
    ]
    workbench.script.snapshot = inventories.audited(*events, accounts=(account,))
    workbench.script.occurred = [
        (inventories.occurrence(f"/{text}", by=text, command=text),),
        # Again and again, for one alone would be gone before a slow machine looks.
        *[CannotLook(f"W{text}", text)] * 1000,
    ]
    async with driven(workbench, size) as (app, pilot):
        app.main.watcher._pause = 0.02
        await pilot.press("6")
        await until(pilot, lambda: bool(app.main.watcher.problem))
        for _ in events:
            assert app.main.query_one(TrailTable).selected is not None
            assert_harmless(app)
            await pilot.press("enter")
            await pilot.pause()
            for _ in range(2):
                assert_harmless(app)
                await pilot.press("pagedown")
            await pilot.click(offset=(30, 5))
            assert_harmless(app)
            await pilot.press("escape", "j")


@hostile
async def test_where_there_is_no_audit_trail(text: str) -> None:
    workbench = _hostile_workbench(text)
    text = visible(text, 20_000)
    gaps = tuple(Unread(facet, f"U{text}", text, text) for facet in ("events", "accounts", "status", "rules"))
    partial = SectionState("partial", unread=gaps)
    account = ServerAccount(990, text, servers=(text,))
    for facts in (
        AuditFacts(SectionState("failed", f"R{text}", text)),
        AuditFacts(partial),
        AuditFacts(partial, accounts=(account,)),
        AuditFacts(partial, accounts=(account,), events=(), listed=True, enabled=0, running=False),
    ):
        workbench.script.snapshot = inventories.host(audit=facts)
        async with driven(workbench, WIDE) as (app, pilot):
            await pilot.press("6", "pagedown")
            assert_harmless(app)


@hostile
async def test_in_what_sudo_would_read(text: str) -> None:
    workbench = _hostile_workbench(text)
    workbench.script.wanted = [("/usr/bin/base64", "-w0", "--", f"/{text}")]
    workbench.script.sudo_says = f"R{text}"
    async with driven(workbench, WIDE) as (app, pilot):
        await pilot.press("5")
        assert_harmless(app)
        await pilot.press("s")
        await _settled(app, pilot, "Agree")
        assert_harmless(app)
        for _ in range(3):
            await pilot.press("pagedown")
            assert_harmless(app)
        await pilot.press("y")
        await _settled(app, pilot, "Notice")
        assert_harmless(app)


@hostile
async def test_in_a_probe(text: str) -> None:
    workbench = _hostile_workbench(text)
    workbench.script.snapshot = inventories.everything(text)
    async with driven(workbench, WIDE) as (app, pilot):
        app.probe([f"/tmp/{text}"])
        await _settled(app, pilot, "Agree")
        assert_harmless(app)
        await pilot.press("y")
        await _settled(app, pilot, "Outcome")
        assert_harmless(app)
        await pilot.press("escape")
        await _settled(app, pilot, "MainScreen")
        workbench.script.probe_refused = Refusal(text, text)
        app.probe([f"/tmp/{text}", text])
        await _settled(app, pilot, "Choose")
        assert_harmless(app)
        await pilot.press("enter")
        await _settled(app, pilot, "Notice")
        assert_harmless(app)


@hostile
async def test_where_no_server_was_found(text: str) -> None:
    workbench = _hostile_workbench(text)
    snapshot = inventories.everything(text)
    for state in ("complete", "failed"):
        empty = replace(snapshot.servers, servers=(), state=SectionState(state, text, text))
        clients = replace(snapshot.clients, configs=(), state=SectionState("failed", text, text))
        workbench.script.snapshot = replace(snapshot, servers=empty, clients=clients)
        async with driven(workbench, WIDE) as (app, pilot):
            await pilot.press("2", "pagedown")
            assert_harmless(app)


@hostile
async def test_in_every_window_of_a_repair(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    workbench = _hostile_workbench(text)
    run = Run(text, RunState.APPLIED, _plan(text), _changes(text), text, text, f"M{text}")
    monkeypatch.setattr(fakes, "CHANGES", _changes(text))
    monkeypatch.setattr(fakes.FakeWorkbench, "plan", lambda *_: _plan(text))
    monkeypatch.setattr(fakes.FakeWorkbench, "apply", lambda *_: run)
    workbench.script.runs.append(run)
    async with driven(workbench, WIDE) as (app, pilot):
        await pilot.press("f")
        await _settled(app, pilot, "Choose")
        assert_harmless(app)
        await pilot.press("enter")
        await _settled(app, pilot, "Preview")
        assert_harmless(app)
        await pilot.press("a")
        await _settled(app, pilot, "Result")
        assert_harmless(app)
        await pilot.press("u")
        await _settled(app, pilot, "Agree")
        assert_harmless(app)


@hostile
async def test_in_a_notice_a_toast_and_the_answers(text: str) -> None:
    @dataclass(frozen=True, slots=True)
    class Asked:
        directory: str

    workbench = _hostile_workbench(text)
    workbench.script.refuses = Refusal(text, text)
    one = fakes.fix("clients/a", title=text, answers=Asked, suggest=lambda finding, snapshot: Asked(text[:5000]))
    object.__setattr__(workbench, "plugins", replace(workbench.plugins, fixes={one.id: one}))
    async with driven(workbench, WIDE) as (app, pilot):
        app.tell(text)
        await pilot.pause()
        assert_harmless(app)
        await pilot.press("f")
        await _settled(app, pilot, "AskAnswers")
        await pilot.press("enter")
        await _settled(app, pilot, "Notice")
        assert_harmless(app)
        await pilot.press("escape")
        await _settled(app, pilot, "AskAnswers")  # what was refused is asked for again
        assert_harmless(app)
        await pilot.press("escape")
        await _settled(app, pilot, "MainScreen")
        app.push_screen(Notice(text, text, text))
        await _settled(app, pilot, "Notice")
        assert_harmless(app)


async def test_what_is_spelled_out_is_what_visible_spells() -> None:
    text = "safe\u202egnp.exe\x1b[2J"
    async with driven(_hostile_workbench(text), WIDE) as (app, _):
        assert f"S{visible(text)}" in flat(app)


async def test_findings_of_one_identity_are_all_listed() -> None:
    twice = fakes.finding()
    workbench = fakes.workbench(fakes.plugins([fakes.check("clients/a", twice, twice)]))
    async with driven(workbench) as (app, _):
        assert "Findings 2" in flat(app)
