"""What each server can open, as a matrix and thing by thing, by keyboard and by mouse."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import pytest
from textual.pilot import Pilot

from tests import builders
from tests.tui import fakes, inventories
from tests.tui.driving import NARROW, TINY, WIDE, driven, flat, shown, until, until_shown
from workbench.model.assets import AssetFacts, Reach
from workbench.model.facts import SectionState
from workbench.model.finding import Finding, Subject
from workbench.model.servers import Server
from workbench.model.snapshot import Snapshot
from workbench.tui.app import WorkbenchApp
from workbench.tui.reach import KINDS, headline, matrix
from workbench.tui.widgets.findings import FindingsList
from workbench.tui.widgets.reach_pane import ReachPane, WayOn
from workbench.tui.widgets.reach_table import ReachTable, columns, row_line
from workbench.tui.widgets.servers import ServersList

BOTH = pytest.mark.parametrize("size", [NARROW, WIDE], ids=str)
ORDER = ["all", "some", "idle", "hidden", "none", "boxed"]


def _workbench(snapshot: Snapshot, *findings: Finding) -> fakes.FakeWorkbench:
    check = fakes.usual().checks["processes/runs-as-root"]
    checks = [fakes.check("secrets/reachable-files", *findings)] if findings else [check]
    made = fakes.workbench(fakes.plugins(checks))
    made.script.snapshot = snapshot
    return made


def _unlisted(snapshot: Snapshot) -> Snapshot:
    return replace(snapshot, servers=replace(snapshot.servers, state=builders.unread("content")))


def _about(name: str) -> Finding:
    key = f"{inventories.CONFIG}#mcpServers/{name}"
    return replace(fakes.finding(f"{name} can open 2 private keys"), subject=Subject("server", key, name))


def _table(app: WorkbenchApp) -> ReachTable:
    return app.main.query_one(ReachTable)


def _selected(app: WorkbenchApp) -> str:
    row = _table(app).selected
    return row.server.name if row is not None else ""


def _line(app: WorkbenchApp, text: str) -> int:
    return next(number for number, line in enumerate(shown(app).splitlines()) if text in line)


async def _opened(app: WorkbenchApp, pilot: Pilot[int], name: str) -> None:
    await pilot.press("3")
    for _ in ORDER:
        if _selected(app) == name:
            break
        await pilot.press("j")
    await pilot.press("enter")
    await until(pilot, lambda: app.main.query_one(ReachPane).display)


def test_the_widest_reach_is_first_and_remote_servers_are_only_counted() -> None:
    known = matrix(inventories.radius())
    assert [row.server.name for row in known.rows] == ORDER
    assert known.kinds == ("private key", "database")
    assert (known.most, known.totals, known.remote) == ((2, 1), (2, 3), 1)
    assert known.rows[0].cells == ((2, 0), (1, 0)) and known.rows[3].cells == ((0, 2), (0, 0))
    assert known.rows[5].cells == ()
    assert headline(known) == "2 of 6 servers can open a private key, 1 of them once started"


def test_servers_that_share_one_reach_are_counted_one_by_one() -> None:
    servers = tuple(inventories.server(name) for name in "abc")
    keys = tuple(server.key for server in servers)
    thing = inventories.asset()
    reaches = (Reach(keys[:2], thing.name, "yes", "x", "predicted"), Reach(keys[2:], thing.name, "no", "x", "computed"))
    known = matrix(inventories.reached(*servers, assets=(thing,), reaches=reaches))
    assert [(row.server.name, row.opened, row.predicted) for row in known.rows] == [
        ("a", 1, True),
        ("b", 1, True),
        ("c", 0, False),
    ]
    assert headline(known) == "2 of 3 servers could open a private key once started"
    assert [len(known.reaches_of(row.server)) for row in known.rows] == [1, 1, 1]


def test_a_reach_of_a_thing_that_is_not_listed_counts_for_nothing() -> None:
    server = inventories.server()
    reach = Reach((server.key,), "/gone", "yes", "x", "computed")
    known = matrix(inventories.reached(server, assets=(inventories.asset(),), reaches=(reach,)))
    assert known.rows[0].cells == ()


@pytest.mark.parametrize("width", [56, 60, 76, 78, 118, 200])
def test_every_column_of_every_kind_fits(width: int) -> None:
    server = inventories.server("n" * 400)
    things = [inventories.asset(kind, f"/x/{kind}{number}") for kind in KINDS for number in range(12)]
    reaches = [Reach((server.key,), thing.name, "yes", "x", "computed") for thing in things]
    known = matrix(inventories.reached(server, assets=things, reaches=reaches))
    fitted = columns(known, width)
    assert len(fitted.widths) == len(KINDS)
    assert 2 + fitted.name + sum(fitted.widths) <= width
    assert row_line(known.rows[0], fitted).cell_length <= width
    assert fitted.spelled == (width >= 118)


@BOTH
async def test_each_cell_is_a_sign_and_a_number_and_the_head_says_of_what(size: tuple[int, int]) -> None:
    async with driven(_workbench(inventories.radius()), size) as (app, pilot):
        await pilot.press("3")
        await until_shown(
            pilot,
            "2 of 6 servers can open a private key",
            "3 things worth stealing · 1 partly unknown · 1 not worked out · 1 elsewhere",
            "private data-",
            "servers that can 2 3",
            "● all ●2 ●1",
            "○ idle ○2 ○1",
            "● some · ●1",
            "● hidden ?2 ·",
            "● none · ·",
            "○ boxed – –",
            "● can open ○ could, once started ? unknown · cannot – not worked out",
        )
        assert "far" not in flat(app)
        assert app.focused is _table(app)


async def test_at_the_least_height_there_is_room_for_rows_and_the_signs_come_back_with_more() -> None:
    async with driven(_workbench(inventories.radius()), (60, 16)) as (app, pilot):
        await pilot.press("3")
        await until_shown(pilot, "● all", "○ idle", "● some", "● hidden")
        assert "could, once started" not in flat(app)
        await pilot.resize_terminal(*NARROW)
        await until_shown(pilot, "● can open ○ could, once started")


async def test_at_eighty_columns_all_kinds_have_short_heads_that_are_explained() -> None:
    server = inventories.server()
    things = [inventories.asset(kind, f"/x/{kind}") for kind in KINDS]
    reaches = [Reach((server.key,), thing.name, "yes", "x", "computed") for thing in things]
    async with driven(_workbench(inventories.reached(server, assets=things, reaches=reaches)), NARROW) as (app, pilot):
        await pilot.press("3")
        await until_shown(pilot, *(head for head, _ in KINDS.values()), "pkg package git code host", "db database")
        assert flat(app).count("●1") == len(KINDS)
        assert max(map(len, shown(app).splitlines())) <= 80


@BOTH
async def test_enter_opens_every_thing_with_verdict_why_and_basis_and_escape_leads_back(size: tuple[int, int]) -> None:
    async with driven(_workbench(inventories.radius(), _about("all")), size) as (app, pilot):
        await _opened(app, pilot, "all")
        await until_shown(
            pilot,
            "It can open 3 of 3 things worth stealing.",
            "Private key (2 of 2)",
            "● can open ~/.ssh/id_ed25519 the account dev may open it (computed)",
            "1 of 6",
        )
        await pilot.press("G")
        await until_shown(pilot, "How that is known", "computed from its account, groups and mounts", "Landlock")
        await pilot.press("escape")
        await until(pilot, lambda: not app.main.query_one(ReachPane).display)
        assert app.focused is _table(app)
        assert _selected(app) == "all"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("idle", ("It could, once it is started, open 3 of 3", "○ could", "(predicted)")),
        ("some", ("It can open 1 of 3 things", "· cannot", "it does not see that place", "Database (1 of 1)")),
        ("hidden", ("Of 2 it could not be looked up: look with sudo (s)", "? unknown", "it may not be seen")),
        ("none", ("It can open 0 of 3 things",)),
        ("boxed", ("was not worked out", "docker would stand around it", "press r")),
    ],
)
async def test_each_verdict_has_words(name: str, words: tuple[str, ...]) -> None:
    async with driven(_workbench(inventories.radius()), (80, 50)) as (app, pilot):
        await _opened(app, pilot, name)
        await until_shown(pilot, *words)


@BOTH
async def test_the_finding_and_the_server_are_one_step_away_and_escape_leads_back(size: tuple[int, int]) -> None:
    async with driven(_workbench(inventories.radius(), _about("some"), _about("all")), size) as (app, pilot):
        await _opened(app, pilot, "all")
        await until_shown(pilot, "all can open 2 private keys", "everything about all")
        await pilot.press("enter")
        await until_shown(pilot, "What was seen", "secrets/reachable-files")
        chosen = app.main.query_one(FindingsList).selected
        assert chosen is not None and chosen.subject.label == "all"
        await pilot.press("escape")
        await until(pilot, lambda: app.main.query_one(ReachPane).display)
        assert isinstance(app.focused, WayOn)
        await pilot.press("j", "enter")
        await until_shown(pilot, "How it is started")
        server = app.main.query_one(ServersList).selected
        assert isinstance(server, Server) and server.name == "all"
        await pilot.press("escape")
        await until(pilot, lambda: app.main.query_one(ReachPane).display)
        await pilot.press("escape")
        await until(pilot, lambda: app.focused is _table(app))
        await pilot.press("1")
        await until(pilot, lambda: not app.main.query_one(ReachPane).display)


@BOTH
async def test_a_click_opens_a_server_and_a_click_on_the_head_nothing(size: tuple[int, int]) -> None:
    async with driven(_workbench(inventories.radius()), size) as (app, pilot):
        await pilot.click("#tab-reach")
        await until_shown(pilot, "servers that can")
        await pilot.click(offset=(20, _line(app, "servers that can")))
        await pilot.pause()
        assert not app.main.query_one(ReachPane).display
        await pilot.click(offset=(20, _line(app, "some")))
        await until_shown(pilot, "It can open 1 of 3", "2 of 6")
        await pilot.click(WayOn, offset=(20, 1))
        await until_shown(pilot, "How it is started")


@pytest.mark.parametrize(("keys", "name"), [("jj", "idle"), ("jjk", "some"), ("G", "boxed"), ("Ggk", "all")])
async def test_the_keys_of_vi_move_the_cursor(keys: str, name: str) -> None:
    async with driven(_workbench(inventories.radius())) as (app, pilot):
        await pilot.press("3", *keys)
        assert _selected(app) == name


async def test_what_runs_comes_before_what_could_once_started_and_the_head_says_so() -> None:
    now, later = inventories.server("zeta"), inventories.server("alpha")
    one, two = inventories.asset(), inventories.asset(name="/home/dev/.ssh/other")
    reaches = (
        Reach((now.key,), one.name, "yes", "x", "computed"),
        *(Reach((later.key,), each.name, "yes", "x", "predicted") for each in (one, two)),
    )
    seen = inventories.reached(now, later, assets=(one, two), reaches=reaches)
    assert [row.server.name for row in matrix(seen).rows] == ["zeta", "alpha"]
    async with driven(_workbench(seen)) as (_, pilot):
        await pilot.press("3")
        await until_shown(pilot, "server (running first)")
    alone = inventories.reached(now, assets=(one,), reaches=reaches[:1])
    async with driven(_workbench(alone)) as (app, pilot):
        await pilot.press("3")
        await until_shown(pilot, "zeta")
        assert "running first" not in flat(app)


async def test_the_head_stays_when_the_rows_scroll() -> None:
    many = [inventories.server(f"s{number:03}") for number in range(100)]
    thing = inventories.asset()
    reach = Reach(tuple(server.key for server in many), thing.name, "yes", "x", "predicted")
    async with driven(_workbench(inventories.reached(*many, assets=(thing,), reaches=(reach,)))) as (app, pilot):
        await pilot.press("3", "G")
        await until_shown(pilot, "s099", "servers that can 100", "private")
        assert "s000" not in flat(app)
        await pilot.press("pageup")
        assert "s099" in flat(app) and _selected(app) != "s099"
        await pilot.press("g")
        await until_shown(pilot, "s000", "servers that can 100")


async def test_the_cursor_stays_on_its_server_over_a_rescan() -> None:
    workbench = _workbench(inventories.radius())
    async with driven(workbench) as (app, pilot):
        await pilot.press("3", "j")
        seen = workbench.script.snapshot
        servers = replace(seen.servers, servers=seen.servers.servers[3:])
        workbench.script.snapshot = replace(seen, servers=servers)
        await pilot.press("r")
        await until_shown(pilot, "of 3 servers")
        assert _selected(app) == "some"


@pytest.mark.parametrize(
    ("snapshot", "words"),
    [
        (inventories.reached(inventories.server()), ("Nothing worth stealing was found.", "What was looked for")),
        (
            inventories.reached(inventories.server(), assets_state=builders.unread("content")),
            (
                "Nothing worth stealing was found in what could be looked at.",
                "Not everything could be looked at: press 5",
            ),
        ),
        (
            inventories.reached(assets=(inventories.asset(),)),
            ("No server that is started on this host was found, so nothing here is within", "1 private key"),
        ),
        (
            _unlisted(inventories.reached(assets=(inventories.asset(),))),
            ("No server that is started on this host was found, but not everything could", "there may be one"),
        ),
        (
            inventories.reached(assets_state=SectionState("failed", "it is worked out on Linux only", "use Linux")),
            ("could not be worked out", "because it is worked out on Linux only", "to unlock use Linux"),
        ),
    ],
    ids=["nothing", "nothing seen", "nobody", "nobody seen", "failed"],
)
async def test_where_there_is_no_matrix_words_say_why(snapshot: Snapshot, words: tuple[str, ...]) -> None:
    async with driven(_workbench(snapshot)) as (app, pilot):
        await pilot.press("3")
        await until_shown(pilot, *words)
        assert "servers that can" not in flat(app)
        await pilot.press("enter")
        assert not app.main.query_one(ReachPane).display


@pytest.mark.parametrize(
    ("verdict", "words"),
    [
        ("no", "None of 1 server can open any"),
        ("unknown", "What 1 of 1 server can open could not be looked up"),
        ("", "What 1 of 1 server can open was not worked out"),
    ],
)
def test_that_nobody_can_open_anything_is_said_only_where_it_is_known(verdict: Any, words: str) -> None:
    server, thing = inventories.server(), inventories.asset()
    reaches = (Reach((server.key,), thing.name, verdict, "x", "computed"),) if verdict else ()
    assert words in headline(matrix(inventories.reached(server, assets=(thing,), reaches=reaches)))


async def test_before_the_look_is_over_the_page_says_so() -> None:
    workbench = fakes.workbench(open_gates=False)
    workbench.script.snapshot = inventories.radius()
    async with driven(workbench, looked=False) as (_, pilot):
        await pilot.press("3")
        await until_shown(pilot, "shows here when this host has been looked at")
        workbench.script.gate.set()
        workbench.script.check_gate.set()
        await until_shown(pilot, "2 of 6 servers can open a private key")


async def test_a_replay_and_a_light_theme_without_colour_say_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with driven(fakes.workbench(), WIDE, replay=inventories.radius(), theme="textual-light") as (app, pilot):
        await pilot.press("3")
        await until_shown(pilot, "● all ●2 ●1", "○ idle ○2 ○1", "replay")
        assert app.screen.background_colors[1].brightness > 0.7


async def test_in_too_small_a_terminal_enter_goes_nowhere() -> None:
    async with driven(_workbench(inventories.radius()), NARROW) as (app, pilot):
        await pilot.press("3")
        await pilot.resize_terminal(*TINY)
        await until_shown(pilot, "This terminal is")
        await pilot.press("enter")
        await pilot.pause()
        assert not app.main.has_class("-reading")


@BOTH
async def test_thousands_of_servers_and_a_hundred_things_do_not_stall(size: tuple[int, int]) -> None:
    servers = tuple(inventories.server(f"s{number:04}") for number in range(4000))
    things = tuple(inventories.asset(name=f"/home/dev/.ssh/id_{number}") for number in range(100))
    reaches = tuple(Reach((server.key,), thing.name, "yes", "x", "computed") for server in servers for thing in things)
    snapshot = inventories.host(*servers, assets=AssetFacts(builders.COMPLETE, things, reaches))
    known = matrix(snapshot)
    async with driven(_workbench(inventories.radius()), size) as (app, pilot):
        await pilot.press("3")
        table = _table(app)
        begun = time.perf_counter()
        table.show(known)
        for number in range(table.size.height):
            table.render_line(number)
        assert time.perf_counter() - begun < 0.1
        await pilot.press("G")
        await until_shown(pilot, "s3999 ●100")
        seen = app.main.seen
        assert seen is not None and table.selected is not None
        begun = time.perf_counter()
        app.main.query_one(ReachPane).show(table.selected, known, seen.inventory, "")
        assert time.perf_counter() - begun < 0.3  # a hundred things, each wrapped to the width
