"""The servers of a host on a page of their own, by keyboard and by mouse."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from textual.content import Content
from textual.pilot import Pilot
from textual.widgets import Tab, Tabs

from tests import builders
from tests.tui import fakes, inventories
from tests.tui.driving import NARROW, TINY, WIDE, driven, flat, shown, until, until_shown
from workbench.model.clients import ClientFacts
from workbench.model.facts import SectionState, Unread
from workbench.model.finding import Finding, Subject
from workbench.model.processes import ProcessFacts
from workbench.model.report import CheckResult, Status
from workbench.model.servers import Server
from workbench.model.severity import Severity
from workbench.model.snapshot import Snapshot
from workbench.tui import inventory
from workbench.tui.app import WorkbenchApp
from workbench.tui.screens.preview import Preview
from workbench.tui.widgets import server_text
from workbench.tui.widgets import servers as servers_module
from workbench.tui.widgets.detail import DetailPane
from workbench.tui.widgets.findings import FindingsList
from workbench.tui.widgets.server_pane import AboutList, ServerPane
from workbench.tui.widgets.servers import ServersList

BOTH = pytest.mark.parametrize("size", [NARROW, WIDE], ids=str)


def _finding(summary: str, kind: str, key: str, severity: Severity = Severity.HIGH) -> Finding:
    return replace(fakes.finding(summary, severity), subject=Subject(kind, key, key))


def _workbench(snapshot: Snapshot, *findings: Finding) -> fakes.FakeWorkbench:
    check = fakes.check("clients/a", *findings) if findings else fakes.usual().checks["processes/runs-as-root"]
    made = fakes.workbench(fakes.plugins([check], [fakes.fix("clients/a")]))
    made.script.snapshot = snapshot
    return made


def _about_files() -> tuple[Finding, ...]:
    return (
        _finding("the first thing about files", "server", f"{inventories.CONFIG}#mcpServers/files", Severity.CRITICAL),
        _finding("a thing about nobody", "server", "elsewhere", Severity.HIGH),
        _finding("the second thing about files", "config", inventories.CONFIG, Severity.MEDIUM),
    )


async def _chosen(app: WorkbenchApp, pilot: Pilot[int], name: str) -> None:
    listed = app.main.query_one(ServersList)
    for _ in listed.rows:
        if getattr(listed.selected, "name", "") == name:
            return
        await pilot.press("j")
    assert getattr(listed.selected, "name", "") == name


def _line(app: WorkbenchApp, text: str) -> int:
    return next(number for number, line in enumerate(shown(app).splitlines()) if text in line)


@BOTH
async def test_what_needs_attention_is_first_then_what_runs_then_the_rest(size: tuple[int, int]) -> None:
    async with driven(_workbench(inventories.usual()), size) as (app, pilot):
        await pilot.press("2")
        await until_shown(pilot, "7 servers: 3 running, 1 not configured, 1 outdated", "Needs attention (2)")
        listed = app.main.query_one(ServersList)
        names = [row.name if isinstance(row, Server) else row.path for row in listed.rows]
        assert names == [
            "stray", "aged", "caged", "hidden", "far", "idle", "off", "/home/dev/.claude.json", "/srv/shared/mcp.json",
        ]  # fmt: skip
        assert app.focused is listed
        assert listed.selected is listed.rows[0]


async def test_each_presence_is_a_symbol_and_a_word_and_each_mark_a_word() -> None:
    async with driven(_workbench(inventories.usual()), (120, 50)) as (app, pilot):
        await pilot.press("2")
        await until_shown(pilot, "● running stray ! not configured")
        for words in (
            "● running aged ! outdated",
            "● running caged",
            "↗ remote far",
            "? unknown hidden",
            "○ not running idle",
            "⊘ switched off off",
            "! problem ~/.claude.json",
        ):
            assert words in flat(app), words


async def test_the_second_line_says_who_starts_it_its_pids_account_and_what_stands_around_it() -> None:
    async with driven(_workbench(inventories.usual()), (80, 50)) as (app, pilot):
        await pilot.press("2")
        await until_shown(pilot, "Claude Desktop · pid 10 · dev · nothing around it")
        for words in (
            "no client · pid 99 · dev · nothing around it",
            "Claude Desktop · pids 11, 12 +1 · dev · bwrap",
            "Claude Desktop · https://mcp.example/x",
            "Claude Code · line 12, column 5 · a comma is missing",
        ):
            assert words in flat(app), words


async def test_a_very_long_name_leaves_the_marks_in_view() -> None:
    snapshot = inventories.host(inventories.unnamed("n" * 5000, clients=("c" * 5000,)))
    async with driven(_workbench(snapshot)) as (app, pilot):
        await pilot.press("2")
        await until_shown(pilot, "! not configured", "nothing around it")
        assert shown(app).count("nnnn…") == 1


async def test_narrow_enter_opens_the_server_and_escape_returns_to_the_list() -> None:
    async with driven(_workbench(inventories.usual()), NARROW) as (app, pilot):
        await pilot.press("2")
        await _chosen(app, pilot, "caged")
        assert not app.main.query_one(ServerPane).display
        await pilot.press("enter")
        await until_shown(pilot, "How it is started", "3 of 9", "isolation bwrap")
        assert not app.main.query_one(DetailPane).display
        assert app.focused is not None and app.focused.id == "server-text"
        await pilot.press("escape")
        await until(pilot, lambda: not app.main.query_one(ServerPane).display)
        listed = app.main.query_one(ServersList)
        assert app.focused is listed
        assert getattr(listed.selected, "name", "") == "caged"


async def test_wide_the_list_and_the_server_stand_side_by_side() -> None:
    async with driven(_workbench(inventories.usual(), *_about_files()), WIDE) as (app, pilot):
        await pilot.press("2")
        await until_shown(pilot, "1 of 9", "It runs, and no client's config")
        assert not app.main.query_one(DetailPane).display
        await pilot.press("j")
        await until_shown(pilot, "2 of 9", "it runs 1.0.0, its config names 2.0.0")
        await pilot.press("1")
        await until(pilot, lambda: app.main.query_one(DetailPane).display)
        assert not app.main.query_one(ServerPane).display


@pytest.mark.parametrize(("key", "first"), [("j", "aged"), ("down", "aged"), ("G", ""), ("end", "")])
async def test_the_keys_of_vi_and_the_arrows_skip_the_headings(key: str, first: str) -> None:
    async with driven(_workbench(inventories.usual())) as (app, pilot):
        await pilot.press("2", key)
        listed = app.main.query_one(ServersList)
        assert getattr(listed.selected, "name", "") == first
        await pilot.press("g")
        assert listed.selected is listed.rows[0]
        await until_shown(pilot, "Needs attention (2)")  # the heading above the first is in view again


@BOTH
async def test_a_click_shows_a_server_and_a_click_on_a_heading_nothing(size: tuple[int, int]) -> None:
    async with driven(_workbench(inventories.usual()), size) as (app, pilot):
        await pilot.click("#tab-servers")
        await until_shown(pilot, "Needs attention (2)")
        await pilot.click(offset=(20, _line(app, "Running (1)")))
        await pilot.pause()
        assert getattr(app.main.query_one(ServersList).selected, "name", "") == "stray"
        await pilot.click(offset=(20, _line(app, "● running         caged")))
        await until_shown(pilot, "3 of 9", "isolation bwrap")
        assert app.main.query_one(ServerPane).display


async def test_a_click_on_each_tab_shows_its_page() -> None:
    async with driven(_workbench(inventories.usual(), *_about_files()), NARROW) as (_, pilot):
        for name, words in (
            ("servers", "7 servers"),
            ("reach", "Nothing worth stealing"),
            ("card", "area"),
            ("gaps", "to unlock"),
            ("findings", "the first thing"),
        ):
            await pilot.click(f"#tab-{name}")
            await until_shown(pilot, words)


@BOTH
async def test_a_finding_about_a_server_is_reached_from_it_and_escape_leads_back(size: tuple[int, int]) -> None:
    async with driven(_workbench(inventories.host(inventories.server()), *_about_files()), size) as (app, pilot):
        await pilot.press("2", "enter")
        await until_shown(pilot, "2 findings about it", "✖ critical the first thing", "◆ medium the second")
        assert "a thing about nobody" not in flat(app)
        if size is NARROW:
            await pilot.press("tab")
        assert isinstance(app.focused, AboutList)
        await pilot.press("j", "enter")
        await until_shown(pilot, "What was seen", "3 of 3")
        chosen = app.main.query_one(FindingsList).selected
        assert chosen is not None and chosen.summary == "the second thing about files"
        await pilot.press("escape")
        await until_shown(pilot, "2 findings about it")
        pane = app.main.query_one(ServerPane)
        assert pane.display
        assert pane.finding is not None and pane.finding.summary == "the second thing about files"
        await pilot.press("1")
        assert not app.main.query_one(ServerPane).display


async def test_wide_escape_leads_from_the_findings_of_a_server_to_the_list() -> None:
    async with driven(_workbench(inventories.host(inventories.server()), *_about_files()), WIDE) as (app, pilot):
        await pilot.press("2", "enter")
        assert isinstance(app.focused, AboutList)
        await pilot.press("escape")
        assert app.focused is not None and app.focused.id == "servers-list"
        await pilot.press("escape")
        assert app.focused is not None and app.focused.id == "servers-list"


async def test_of_two_keys_in_a_row_the_last_one_counts() -> None:
    async with driven(_workbench(inventories.usual())) as (app, pilot):
        await pilot.press("2")
        tabs, late = app.main.query_one(Tabs), app.main.query_one("#tab-card", Tab)
        app.main.post_message(Tabs.TabActivated(tabs, late))  # what key 3 made known before 2 was pressed
        await pilot.pause()
        assert "7 servers" in flat(app)
        assert app.focused is app.main.query_one(ServersList)


async def test_in_too_small_a_terminal_enter_goes_nowhere() -> None:
    async with driven(_workbench(inventories.host(inventories.server()), *_about_files()), NARROW) as (app, pilot):
        await pilot.press("2", "enter")
        await pilot.resize_terminal(*TINY)
        await until_shown(pilot, "This terminal is")
        await pilot.press("enter")
        await pilot.pause()
        assert app.main.has_class("-servers")
        await pilot.resize_terminal(*NARROW)
        await until_shown(pilot, "2 findings about it")
        await pilot.press("enter")
        await until_shown(pilot, "What was seen")


@BOTH
async def test_a_click_on_a_finding_of_a_server_goes_to_it(size: tuple[int, int]) -> None:
    async with driven(_workbench(inventories.host(inventories.server()), *_about_files()), size) as (app, pilot):
        await pilot.press("2", "enter")
        await until_shown(pilot, "the second thing")
        await pilot.click(AboutList, offset=(20, 2))
        await until_shown(pilot, "What was seen", "3 of 3")
        assert app.screen is app.main  # no repair was begun


async def test_only_a_finding_in_view_is_repaired() -> None:
    workbench = _workbench(inventories.host(inventories.server()), *_about_files())
    async with driven(workbench, NARROW) as (app, pilot):
        await pilot.press("2", "f")
        await pilot.pause()
        assert app.screen is app.main
        await pilot.press("enter", "f")
        await until(pilot, lambda: isinstance(app.screen, Preview))
        await until_shown(pilot, "the first thing about files")


async def test_the_cursor_stays_on_its_server_over_a_rescan() -> None:
    workbench = _workbench(inventories.host(*(inventories.server(name) for name in "bcd")))
    async with driven(workbench) as (app, pilot):
        await pilot.press("2", "j")
        listed = app.main.query_one(ServersList)
        workbench.script.snapshot = inventories.host(*(inventories.server(name) for name in "abcd"))
        await pilot.press("r")
        await until(pilot, lambda: len(listed.rows) == 4)
        assert getattr(listed.selected, "name", "") == "c"
        workbench.script.snapshot = inventories.host(*(inventories.server(name) for name in "ab"))
        await pilot.press("r")
        await until(pilot, lambda: len(listed.rows) == 2)
        assert getattr(listed.selected, "name", "") == "b"
        workbench.script.snapshot = inventories.host()
        await pilot.press("r")
        await until_shown(pilot, "No MCP server was found")


async def test_a_host_without_a_server_says_what_was_looked_at_and_what_to_try() -> None:
    clients = ClientFacts(builders.COMPLETE, (), ("/home/dev/.cursor/mcp.json",))
    processes = ProcessFacts(SectionState("failed", "it took too long"))
    async with driven(_workbench(inventories.host(clients=clients, processes=processes)), (80, 50)) as (_, pilot):
        await pilot.press("2")
        await until_shown(
            pilot,
            "Servers 0",
            "No MCP server was found in what could be looked at.",
            "1 place of clients' configs",
            "not the running processes: it took too long",
            "--home DIR",
            "~/.cursor/mcp.json",
        )


async def test_an_inventory_that_failed_is_no_empty_host() -> None:
    snapshot = inventories.host(state=SectionState("failed", "a collector broke", "report it"))
    async with driven(_workbench(snapshot)) as (app, pilot):
        await pilot.press("2")
        await until_shown(pilot, "could not be put together", "a collector broke", "to unlock report it")
        assert "No MCP server was found" not in flat(app)


@pytest.mark.parametrize("partial", [True, False])
async def test_what_could_not_be_looked_at_is_said_beside_the_count(partial: bool) -> None:
    gap = (Unread("content", "containers", "no right", "join the group"),)
    state = SectionState("partial", unread=gap) if partial else builders.COMPLETE
    async with driven(_workbench(inventories.host(inventories.server(), state=state))) as (app, pilot):
        await pilot.press("2")
        await until_shown(pilot, "1 server: 1 running")
        assert ("not everything could be looked at: press 5" in flat(app)) == partial


async def test_a_broken_config_says_where_why_and_what_its_client_does() -> None:
    async with driven(_workbench(inventories.usual())) as (_, pilot):
        await pilot.press("2", "G", "k", "enter")
        await until_shown(
            pilot, "a comma is missing", "line 12, column 5", "How the client itself", "takes it for corrupted"
        )
        await pilot.press("escape", "G", "enter")
        await until_shown(pilot, "permission denied", "to unlock run as root", "/srv/shared/mcp.json")


async def test_before_the_look_is_over_the_page_says_so() -> None:
    workbench = fakes.workbench(open_gates=False)
    async with driven(workbench, looked=False) as (_, pilot):
        await pilot.press("2")
        await until_shown(pilot, "The servers show here when this host has been looked at")
        workbench.script.gate.set()
        workbench.script.check_gate.set()
        await until_shown(pilot, "No MCP server was found")


async def test_the_replay_of_a_snapshot_shows_its_servers() -> None:
    async with driven(fakes.workbench(), replay=inventories.usual()) as (_, pilot):
        await pilot.press("2")
        await until_shown(pilot, "7 servers: 3 running", "replay")


async def test_in_a_light_theme_and_without_colour_the_words_carry_the_meaning(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with driven(_workbench(inventories.usual()), WIDE, theme="textual-light") as (app, pilot):
        await pilot.press("2")
        await until_shown(pilot, "● running stray ! not configured", "Not known whether running (1)")
        assert app.screen.background_colors[1].brightness > 0.7


@BOTH
async def test_thousands_of_servers_neither_stall_nor_are_cut_in_silence(
    size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(servers_module, "MOST", 3000)
    many = tuple(inventories.server(f"s{number:04}") for number in range(4000))
    async with driven(_workbench(inventories.host(*many)), size) as (app, pilot):
        listed = app.main.query_one(ServersList)
        known = app.main.seen.inventory if app.main.seen is not None else None
        assert known is not None
        made: list[str] = []
        row_lines = servers_module.row_lines

        def counted(row: inventory.Row, *rest: Any) -> Content:
            made.append(row.key)
            return row_lines(row, *rest)

        monkeypatch.setattr(servers_module, "row_lines", counted)
        listed.show(known)
        listed._update_lines()
        assert made == []  # a row is made when it is drawn; how long the rest takes is told by scripts/bench_tui.py
        await pilot.press("2")
        await until_shown(pilot, "Servers 4000", "Running (4000, the first 3000 of them shown)")
        assert len(listed.rows) == 3000
        await pilot.press("G")
        await until_shown(pilot, "s2999")
        assert 0 < len(set(made)) <= 2 * size[1]


async def test_the_tabs_fit_eighty_columns_when_all_counts_are_large() -> None:
    async with driven(_workbench(inventories.usual())) as (app, pilot):
        for name, words in (
            ("findings", "Findings 5000 of 12000"),
            ("servers", "Servers 4000"),
            ("gaps", "Not assessed 999"),
        ):
            app.main.query_one(f"#tab-{name}", Tab).label = words
        await until_shown(pilot, "Findings 5000+ Servers 4000 Reach Card Gaps 999 Trail History Activity")


def test_each_server_has_a_letter_of_its_own_and_none_where_nothing_could_look() -> None:
    own = inventories.server()
    mine = replace(_finding("said", "server", own.key), check="clients/x")
    bad = CheckResult("clients/x", "A check", Severity.HIGH, Status.FOUND, (mine,), passed=1)
    known = inventory.inventory(inventories.host(own), [mine], [bad])
    assert known.letter_of(own) == "C"
    assert "grade      C  a high finding stands: at most C" in server_text.page(own, known, 80).plain
    unseen = CheckResult("clients/x", "A check", Severity.HIGH, Status.ERROR)
    known = inventory.inventory(inventories.host(own), [], [unseen])
    assert known.letter_of(own) == ""
    assert "grade      ungraded  nothing about it could be assessed" in server_text.page(own, known, 80).plain
    # Before a check has spoken there is nothing to say of a grade.
    assert "grade " not in server_text.page(own, inventory.inventory(inventories.host(own), []), 80).plain


@BOTH
async def test_the_foot_says_what_can_be_done_with_the_finding_that_is_marked(size: tuple[int, int]) -> None:
    first, _, second = _about_files()
    checks = [fakes.check("clients/a", first), fakes.check("clients/b", second)]
    workbench = fakes.workbench(fakes.plugins(checks, [fakes.fix("clients/a")]))
    workbench.script.snapshot = inventories.host(inventories.server())
    async with driven(workbench, size) as (app, pilot):
        await pilot.press("2", "enter")
        await until_shown(pilot, "2 findings about it", "f Repair")
        app.main.query_one(AboutList).focus()
        await pilot.press("j")
        await until_shown(pilot, "f By hand")
        await pilot.press("k")
        await until_shown(pilot, "f Repair")
