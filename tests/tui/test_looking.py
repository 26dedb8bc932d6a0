"""The first look and every later one: what is shown while it runs, when it ends, and when it fails."""

from __future__ import annotations

import pytest

from tests.tui import fakes
from tests.tui.driving import NARROW, TINY, WIDE, driven, flat, shown, until, until_shown
from workbench.model.finding import NotAssessed, Passed, Subject
from workbench.model.report import BrokenPlugin
from workbench.model.snapshot import SECTIONS
from workbench.tui import app as app_module
from workbench.tui.widgets.detail import DetailPane
from workbench.tui.widgets.findings import FindingsList
from workbench.tui.widgets.progress import in_words


async def test_every_collector_is_shown_while_it_looks() -> None:
    workbench = fakes.workbench(open_gates=False)
    async with driven(workbench, looked=False) as (app, pilot):
        await until_shown(pilot, "what sudo permits looking", "0 of 5 checks")
        assert "Looking at this host" in flat(app)
        workbench.script.gate.set()
        workbench.script.check_gate.set()
        await until_shown(pilot, "Grade F")


async def test_findings_stream_in_while_later_checks_are_still_held_back() -> None:
    workbench = fakes.workbench(open_gates=False)
    workbench.script.gate.set()
    async with driven(workbench, looked=False) as (app, pilot):
        await until_shown(pilot, "Any account on this machine can write", "checking: 1 of 5")
        assert app.main.report is None
        assert "Grade F" not in flat(app)
        await pilot.press("4")  # the interface answers meanwhile
        await until_shown(pilot, "comes when every check has spoken")
        workbench.script.check_gate.set()
        await until(pilot, lambda: app.main.report is not None)


async def test_the_worst_finding_is_first_and_selected() -> None:
    async with driven(fakes.workbench()) as (app, _):
        findings = app.main.query_one(FindingsList)
        ranks = [finding.severity.rank for finding in findings.findings]
        assert ranks == sorted(ranks, reverse=True)
        assert findings.highlighted == 0
        assert app.focused is findings


async def test_the_head_says_the_letter_the_rule_the_coverage_and_the_worst_case() -> None:
    async with driven(fakes.workbench(), WIDE) as (app, _):
        said = flat(app)
        for words in ("Grade F", "a critical finding stands", "4 of 5 checks assessed", "clients F"):
            assert words in said.replace("\u00a0", " ")


async def test_the_selection_is_kept_over_a_rescan() -> None:
    workbench = fakes.workbench()
    async with driven(workbench) as (app, pilot):
        findings = app.main.query_one(FindingsList)
        await pilot.press("j", "j")
        chosen = findings.selected
        assert chosen is not None and chosen.subject.key == "files"
        workbench.script.hidden.add(findings.findings[0].identity)  # the list gets shorter above it
        await pilot.press("r")
        await until(pilot, lambda: len(findings.findings) == 3 and not app.main.looking)
        assert findings.selected == chosen
        assert findings.highlighted == 1


async def test_where_the_selected_finding_is_gone_the_cursor_keeps_its_place() -> None:
    workbench = fakes.workbench()
    async with driven(workbench) as (app, pilot):
        findings = app.main.query_one(FindingsList)
        await pilot.press("G")
        assert findings.selected is not None
        workbench.script.hidden.add(findings.selected.identity)
        await pilot.press("r")
        await until(pilot, lambda: len(findings.findings) == 3)
        assert findings.highlighted == 2


async def test_a_host_without_a_finding_says_so() -> None:
    workbench = fakes.workbench(fakes.plugins([fakes.check("clients/a", Passed(Subject("config", "x", "x")))]))
    async with driven(workbench) as (app, _):
        assert "Nothing is wrong here" in flat(app)
        assert "Everything that applies was assessed" in flat(app)


async def test_a_failed_look_says_why_on_every_page_and_can_be_tried_again() -> None:
    workbench = fakes.workbench()
    workbench.script.fails = OSError("the kernel said [@click=app.quit]no[/]\x1b[2J")
    async with driven(workbench, looked=False) as (app, pilot):
        await until_shown(pilot, "This host could not be looked at", "[@click=app.quit]no[/]\\x1b[2J", "Press r")
        assert flat(app).count("could not be looked at") == flat(app).count("Press r") == 1
        for key in "23456":
            await pilot.press(key)
            await until_shown(pilot, "this is not known", "[@click=app.quit]no[/]\\x1b[2J", "Press r to try again")
            assert not any(
                words in flat(app) for words in ("shows here", "show here", "comes when", "There is no audit")
            )
        workbench.script.fails = None
        workbench.script.gate.clear()
        await pilot.press("r")
        await until_shown(pilot, "Looking at this host", "shows here when this host has been looked at")
        assert "not known" not in flat(app)
        workbench.script.gate.set()
        await until_shown(pilot, "Grade F")
        assert app.main.report is not None


async def test_where_nothing_could_be_assessed_nothing_is_called_fine() -> None:
    gap = NotAssessed("the configs", "permission denied", "run as root")
    async with driven(fakes.workbench(fakes.plugins([fakes.check("clients/a", gap)]))) as (app, pilot):
        await until_shown(pilot, "Nothing could be assessed", "1 thing could not be assessed", "press 5")
        assert "Nothing is wrong" not in flat(app)


async def test_when_a_later_look_fails_the_last_report_stays() -> None:
    workbench = fakes.workbench()
    async with driven(workbench) as (app, pilot):
        workbench.script.fails = OSError("gone")
        await pilot.press("r")
        await until_shown(pilot, "The new look failed", "Grade F")
        assert len(app.main.query_one(FindingsList).findings) == 4


async def test_what_was_not_assessed_is_a_page_with_the_way_to_unlock_it() -> None:
    broken = (BrokenPlugin("/home/dev/.config/workbench/checks/x/y.py", "it has no docstring"),)
    plugins = fakes.usual()
    workbench = fakes.workbench(fakes.plugins(plugins.checks.values(), plugins.fixes.values(), broken))
    async with driven(workbench) as (app, pilot):
        assert "Gaps 2" in shown(app)  # the title is shorter where room is short
        await pilot.press("5")
        await until_shown(pilot, "permission denied", "run: sudo workbench snapshot", "secrets/in-process-environment")
        assert "it has no docstring" in flat(app)


async def test_the_report_card_gives_every_area_its_letter() -> None:
    async with driven(fakes.workbench()) as (_, pilot):
        await pilot.press("4")
        await until_shown(pilot, "F clients 1 · 2 · · 2 of 2", "A processes · · · · · 1 of 1", "no rule caps it")


async def test_narrow_enter_opens_the_detail_and_escape_returns() -> None:
    async with driven(fakes.workbench(), NARROW) as (app, pilot):
        detail = app.main.query_one(DetailPane)
        assert not detail.display
        await pilot.press("enter")
        await until_shown(pilot, "What was seen", "stat -c '%a %n'", "1 of 4")
        assert app.focused is not None and app.focused.id == "detail"
        await pilot.press("escape")
        await until(pilot, lambda: not detail.display)
        assert app.focused is not None and app.focused.id == "list"


async def test_wide_list_and_detail_stand_side_by_side() -> None:
    async with driven(fakes.workbench(), WIDE) as (app, pilot):
        assert app.main.query_one(DetailPane).display
        await pilot.press("down")
        await until_shown(pilot, "2 of 4", "sockets/connectable-by-others")


async def test_tab_moves_between_the_panes() -> None:
    async with driven(fakes.workbench(), WIDE) as (app, pilot):
        await pilot.press("tab")
        assert app.focused is app.main.query_one(DetailPane)


async def test_the_detail_shows_evidence_subjects_repairs_and_the_lesson() -> None:
    async with driven(fakes.workbench(), (120, 70)) as (app, _):
        said = flat(app)
        for words in (
            "expected actual",
            "mode 0600 mode 0666",
            "line 3, column 5",
            "also config ~/.cursor/mcp.json",
            "Take the rights of others away",
            "safe:",
            "undo brings back everything",
            "How to fix it by hand",
            "chmod 600 ~/.config/Claude",
            "CWE-732",
        ):
            assert words in said, words
        assert "-----" not in said  # the underlines became a style


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_a_click_on_a_finding_shows_it_and_begins_nothing(size: tuple[int, int]) -> None:
    workbench = fakes.workbench()
    async with driven(workbench, size) as (app, pilot):
        findings = app.main.query_one(FindingsList)
        row = next(y for y, line in enumerate(shown(app).splitlines()) if "▲ high" in line)
        await pilot.click(FindingsList, offset=(20, row - findings.region.y))
        await until_shown(pilot, "2 of 4")
        assert app.main.query_one(DetailPane).display
        assert app.screen is app.main
        assert workbench.script.answers == []


async def test_too_small_a_terminal_says_both_sizes_and_lets_nothing_happen() -> None:
    workbench = fakes.workbench()
    async with driven(workbench, TINY) as (app, pilot):
        await until_shown(pilot, "This terminal is 50 × 10", "needs 60 × 16")
        await pilot.press("f", "enter", "r")
        await pilot.pause()
        assert app.screen is app.main
        assert workbench.script.looks == 1
        await pilot.resize_terminal(*NARROW)
        await until_shown(pilot, "Grade F", "Findings 4")
        assert "This terminal is" not in flat(app)


async def test_the_app_quits_while_a_look_hangs() -> None:
    workbench = fakes.workbench(open_gates=False)
    async with driven(workbench, looked=False) as (app, pilot):
        await until_shown(pilot, "Looking at this host")
        await pilot.press("q")
        await until(pilot, lambda: app._exit)
    assert app.return_value == 0
    workbench.script.gate.set()
    workbench.script.check_gate.set()


async def test_a_plugin_that_was_not_loaded_is_told_of_once() -> None:
    broken = tuple(BrokenPlugin(f"checks/x/{name}.py", "it has no docstring") for name in ("one", "two"))
    workbench = fakes.workbench(fakes.plugins(fakes.usual().checks.values(), (), broken))
    async with driven(workbench) as (app, pilot):
        await until_shown(pilot, "2 plugins were not loaded", "checks/x/one.py: it has no docstring", "Press 5 for all")
        app.clear_notifications()
        await pilot.press("r")
        await until(pilot, lambda: workbench.script.looks == 2 and not app.main.looking)
        assert "were not loaded" not in flat(app)


async def test_a_key_that_is_held_down_shows_its_notice_once(monkeypatch: pytest.MonkeyPatch) -> None:
    async with driven(fakes.workbench(), WIDE) as (app, pilot):
        for held in (app_module.HELD, 0.0):
            monkeypatch.setattr(app_module, "HELD", held)
            await pilot.press(*"yyyy")
            await until_shown(pilot, "sent to the clipboard")
            assert flat(app).count("sent to the clipboard") == 1
        app.tell("something else")
        await until_shown(pilot, "sent to the clipboard", "something else")


def test_what_is_looked_at_stays_on_one_line() -> None:
    many = in_words(dict.fromkeys(SECTIONS, "started"), 0, 9)
    assert many == f"looking at accounts, clients, processes and {len(SECTIONS) - 3} more"
    assert in_words({"clients": "started"}, 0, 9) == "looking at clients"
    assert in_words({}, 0, 9) == "looking at this host"
    assert in_words({"clients": "started"}, 2, 9) == "checking: 2 of 9"
