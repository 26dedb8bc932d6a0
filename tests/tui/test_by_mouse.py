"""Every journey with the mouse alone: what can be done with a key can be done by clicking on what is on the screen."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import pytest
from textual import events
from textual.pilot import Pilot
from textual.widgets import Checkbox, Footer, Input

from tests import builders
from tests.tui import fakes, inventories
from tests.tui.driving import (
    NARROW,
    WIDE,
    click_on,
    driven,
    flat,
    place_of,
    shown,
    until,
    until_shown,
    wheel,
)
from tests.tui.test_batch import _workbench as of_batch
from tests.tui.test_history import _backup, _run
from workbench import activity
from workbench.model.finding import Subject
from workbench.model.plan import Refusal
from workbench.model.run import RunState
from workbench.model.snapshot import Snapshot
from workbench.model.sockets import SocketFacts
from workbench.repair.backups import KeptBackup
from workbench.tui.app import WorkbenchApp
from workbench.tui.screens.agree import Agree
from workbench.tui.screens.answers import AskAnswers
from workbench.tui.screens.batch import BatchReview
from workbench.tui.screens.code import Code
from workbench.tui.screens.dialogs import Choose, Confirm, Notice
from workbench.tui.screens.form import Form
from workbench.tui.screens.help import Help
from workbench.tui.screens.preview import Preview
from workbench.tui.screens.result import Result
from workbench.tui.widgets.activity_table import ActivityTable
from workbench.tui.widgets.detail import DetailPane
from workbench.tui.widgets.findings import FindingsList
from workbench.tui.widgets.history_table import HistoryTable
from workbench.tui.widgets.reach_table import ReachTable

BOTH = pytest.mark.parametrize("size", [NARROW, WIDE], ids=str)
CONFIG_CHECK = "clients/config-writable-by-others"


@pytest.fixture(autouse=True)
def slow_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    # These clicks come faster than a hand's: none is the second of a double click, unless a test wants it.
    monkeypatch.setattr(WorkbenchApp, "CLICK_CHAIN_TIME_THRESHOLD", 0.0)


def _keys(app: WorkbenchApp) -> list[str]:
    return [finding.subject.key for finding in app.main.query_one(FindingsList).findings]


def _with_reach() -> fakes.FakeWorkbench:
    made = fakes.workbench()
    made.script.snapshot = inventories.radius()
    return made


def _about_files() -> fakes.FakeWorkbench:
    entry = f"{inventories.CONFIG}#mcpServers/files"
    finding = replace(fakes.finding("the trouble with files"), subject=Subject("server", entry, "files"))
    made = fakes.workbench(fakes.plugins([fakes.check("clients/a", finding)], [fakes.fix("clients/a")]))
    made.script.snapshot = inventories.host(inventories.server(), inventories.server("git"))
    return made


async def test_from_the_worst_finding_to_its_lesson_its_code_and_back() -> None:
    async with driven(fakes.workbench(), NARROW) as (app, pilot):
        await click_on(pilot, "Any account on this machine")
        await until_shown(pilot, "What was seen", "1 of 4")
        await wheel(pilot, "What was seen", 20)
        await until_shown(pilot, "How to fix it by hand", "chmod 600")
        await click_on(pilot, "c Code")
        await until(pilot, lambda: isinstance(app.screen, Code))
        await click_on(pilot, "esc Back")
        await until_shown(pilot, "How to fix it by hand")
        await click_on(pilot, "esc Back")
        await until_shown(pilot, "✖ critical", "▲ high", "◆ medium")


@BOTH
async def test_the_words_in_the_detail_that_name_a_key_do_what_it_does(size: tuple[int, int]) -> None:
    workbench = fakes.workbench()
    async with driven(workbench, size) as (app, pilot):
        await click_on(pilot, "Any account on this machine")
        await click_on(pilot, "y copies this")
        await until_shown(pilot, "sent to the clipboard of your terminal")
        assert "critical: Any account" in app.clipboard
        await click_on(pilot, "c shows the code")
        await until(pilot, lambda: isinstance(app.screen, Code))
        await click_on(pilot, "esc Back")
        await until(pilot, lambda: app.screen is app.main)
        await click_on(pilot, "What was seen")  # words that name no key do nothing
        if size is NARROW:
            await wheel(pilot, "What was seen", 6)
        await click_on(pilot, "f  Take the rights")
        await until(pilot, lambda: isinstance(app.screen, Preview))
        assert workbench.script.runs == []


@BOTH
async def test_preview_cancel_apply_result_undo_and_back(size: tuple[int, int]) -> None:
    workbench = fakes.workbench()
    async with driven(workbench, size) as (app, pilot):
        await click_on(pilot, "f Repair")
        await until_shown(pilot, "nothing has been changed yet")
        if size is WIDE:
            await click_on(pilot, "d Side by side")
            await until(pilot, lambda: "│ +" in shown(app))
        await click_on(pilot, "Cancel", 1 if size is WIDE else 0)
        await until(pilot, lambda: app.screen is app.main)
        assert workbench.script.runs == []
        await click_on(pilot, "f Repair")
        await click_on(pilot, "Apply (a)")
        await until(pilot, lambda: isinstance(app.screen, Result))
        await until_shown(pilot, "The change is made", "grade F → C")
        await click_on(pilot, "Undo (u)")
        await until(pilot, lambda: isinstance(app.screen, Agree))
        await click_on(pilot, "Undo it (y)")
        await until_shown(pilot, "undone It was undone")
        await click_on(pilot, "Back to the findings")
        await until(pilot, lambda: app.screen is app.main)
        assert workbench.script.runs[0].state is RunState.UNDONE


async def test_the_wheel_scrolls_a_preview_and_takes_the_cursor_off_no_button() -> None:
    async with driven(fakes.workbench(), NARROW) as (app, pilot):
        await click_on(pilot, "f Repair")
        await until_shown(pilot, "Preview")
        await wheel(pilot, "What will be done", 15)
        await until_shown(pilot, "How it is proven")
        assert app.focused is not None and app.focused.id == "cancel"


@dataclass(frozen=True, slots=True)
class Wanted:
    directory: str
    backup: bool
    how: Literal["quick", "thorough"]


async def test_of_several_repairs_one_is_chosen_and_its_form_filled_in() -> None:
    asking = fakes.fix(
        CONFIG_CHECK, "files/move", title="Move it", answers=Wanted, suggest=lambda *_: Wanted("/ws", False, "quick")
    )
    workbench = fakes.workbench(fakes.plugins(fakes.usual().checks.values(), [fakes.fix(CONFIG_CHECK), asking]))
    async with driven(workbench, NARROW) as (app, pilot):
        await click_on(pilot, "f Repair")
        await until(pilot, lambda: isinstance(app.screen, Choose))
        await click_on(pilot, "Cancel")
        await until(pilot, lambda: app.screen is app.main)
        await click_on(pilot, "f Repair")
        await click_on(pilot, "Move it")
        await until(pilot, lambda: isinstance(app.screen, AskAnswers))
        await click_on(pilot, "/ws")
        assert isinstance(app.focused, Input)
        await click_on(pilot, "Backup")
        assert app.screen.query_one(Checkbox).value
        await click_on(pilot, "quick")
        await click_on(pilot, "thorough")
        await until(pilot, lambda: "quick" not in shown(app))
        await click_on(pilot, "Show the plan")
        await until(pilot, lambda: isinstance(app.screen, Preview))
        assert workbench.script.answers == [{"directory": "/ws", "backup": True, "how": "thorough"}]


@BOTH
async def test_sort_group_mark_review_apply_and_undo_all(size: tuple[int, int]) -> None:
    workbench = of_batch()
    async with driven(workbench, size) as (app, pilot):
        await click_on(pilot, "severity ▼")
        await until_shown(pilot, "severity ▲")
        assert _keys(app)[0] == "four"
        for name in ("one", "two"):
            _, row = place_of(app, f"the trouble with {name}")
            await pilot.click(offset=(0, row))
        await until_shown(pilot, "✓ 2 marked")
        await click_on(pilot, "x clears the marks")
        await until(pilot, lambda: "marked" not in flat(app))
        _, row = place_of(app, "the trouble with one")
        await pilot.click(offset=(0, row))
        await click_on(pilot, "R shows their repairs")
        await until(pilot, lambda: isinstance(app.screen, BatchReview))
        assert workbench.planned == ("one",)
        await click_on(pilot, "Apply 1 repair (a)")
        await until_shown(pilot, "1 of 1 repair applied")
        await click_on(pilot, "Undo all (u)")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        await click_on(pilot, "Undo all (y)")
        await until_shown(pilot, "1 of 1 repair undone")
        await click_on(pilot, "Back to the findings")
        await until(pilot, lambda: app.screen is app.main)


@pytest.mark.parametrize("page", ["Findings", "Servers", "History"])
async def test_the_head_leads_to_the_safe_repairs_from_every_page(page: str) -> None:
    workbench = of_batch()
    workbench.script.snapshot = builders.snapshot()
    async with driven(workbench, WIDE) as (app, pilot):
        await click_on(pilot, f" {page}")
        await click_on(pilot, "(R shows them)")
        await until(pilot, lambda: isinstance(app.screen, BatchReview))
        await until_shown(pilot, "Repair everything that is safe")


async def test_a_filter_is_asked_for_kept_and_cleared() -> None:
    async with driven(fakes.workbench(), NARROW) as (app, pilot):
        await click_on(pilot, "/ Filter")
        await until_shown(pilot, "4 of 4")
        app.main.query_one("#filter", Input).value = "medium"  # what is typed is typed
        await click_on(pilot, "⏎ Keep")
        await until(pilot, lambda: isinstance(app.focused, FindingsList))
        await click_on(pilot, "medium")  # the filter itself, to change it
        await until(pilot, lambda: isinstance(app.focused, Input))
        await click_on(pilot, "esc Clear")
        await until(pilot, lambda: len(_keys(app)) == 4)


@BOTH
async def test_from_a_server_to_its_finding_to_the_repair_and_back(size: tuple[int, int]) -> None:
    async with driven(_about_files(), size) as (app, pilot):
        await click_on(pilot, "Servers 2")
        await click_on(pilot, "● running       F files")
        await click_on(pilot, "the trouble with files")
        await until_shown(pilot, "What was seen")
        await click_on(pilot, "f Repair")
        await until(pilot, lambda: isinstance(app.screen, Preview))
        await click_on(pilot, "esc Cancel")
        await until(pilot, lambda: app.screen is app.main)
        await click_on(pilot, "esc Back")
        await until_shown(pilot, "1 finding about it")
        if size is NARROW:
            await click_on(pilot, "esc Back")
            await until_shown(pilot, "2 servers")


@BOTH
async def test_from_the_reach_of_a_server_to_the_server_and_back(size: tuple[int, int]) -> None:
    async with driven(_with_reach(), size) as (app, pilot):
        await click_on(pilot, "Reach")
        await click_on(pilot, "● all")
        await until_shown(pilot, "What it can open", "It can open 3 of 3 things")
        await click_on(pilot, "everything about all")
        await until_shown(pilot, "How it is started")
        await click_on(pilot, "esc Back")
        await until_shown(pilot, "What it can open")
        await click_on(pilot, "esc Back")
        await until(pilot, lambda: app.main.query_one(ReachTable).has_focus)


@BOTH
async def test_from_an_event_of_the_audit_trail_to_its_server_and_back(size: tuple[int, int]) -> None:
    workbench = fakes.workbench()
    workbench.script.snapshot = inventories.audited(inventories.event())
    async with driven(workbench, size) as (_, pilot):
        await click_on(pilot, "Trail" if size is NARROW else "Audit trail")
        await click_on(pilot, "id_ed25519")
        await until_shown(pilot, "show it", "Go on to")
        await click_on(pilot, "everything about mail")
        await until_shown(pilot, "How it is started")
        await click_on(pilot, "esc Back")
        await until_shown(pilot, "Go on to")


def _past(*backups: KeptBackup) -> fakes.FakeWorkbench:
    made = fakes.workbench()
    made.script.runs += [_run(2, title="Undo: Repair 1"), _run(1, RunState.UNDONE, undone_by="run-2"), _run(0)]
    made.script.backups += backups
    return made


@BOTH
async def test_the_history_undoes_and_redoes(size: tuple[int, int]) -> None:
    workbench = _past()
    async with driven(workbench, size) as (app, pilot):
        await click_on(pilot, "h History")
        for title, key, answer, undone in (
            ("Repair 0", "u Undo", "Undo it (y)", "run-0"),
            (" Repair 1", "U Redo", "Make it again (y)", "run-2"),
        ):
            await until(pilot, lambda: app.screen is app.main)
            if app.main.has_class("-reading"):
                await click_on(pilot, "esc Back")
            await click_on(pilot, title, 1 if title == " Repair 1" else 0)
            await click_on(pilot, key)
            await click_on(pilot, answer)
            await until(pilot, lambda: isinstance(app.screen, Result))
            await click_on(pilot, "Back to the history")
            assert workbench.script.undone[-1] == undone


async def test_the_history_keeps_recovers_and_purges() -> None:
    workbench = fakes.workbench()
    workbench.script.runs += [_run(2), _run(1, RunState.STARTED)]
    workbench.script.waiting["run-2"] = 242.0
    workbench.script.backups.append(_backup("run-2"))
    async with driven(workbench, WIDE) as (app, pilot):
        await until_shown(pilot, "A repair was interrupted")
        await click_on(pilot, "Later")
        await until(pilot, lambda: app.screen is app.main)
        await click_on(pilot, " History")
        await click_on(pilot, "◷ waits")
        await click_on(pilot, "c Keep it")
        await until_shown(pilot, "Kept: Repair 2")
        await click_on(pilot, "… interrupted")
        await click_on(pilot, "v Recover")
        await click_on(pilot, "Recover (y)")
        await until_shown(pilot, "Recovered")
        await click_on(pilot, "Close")
        await until(pilot, lambda: app.screen is app.main)
        await click_on(pilot, "b Backups")
        await click_on(pilot, "▲ a secret")
        await click_on(pilot, "x Purge")
        await click_on(pilot, "Purge them (y)")
        await until_shown(pilot, "1 backup purged")
        assert workbench.script.backups == []
        await click_on(pilot, "b Backups")
        await until(pilot, lambda: app.main.query_one(HistoryTable).has_focus)


async def test_the_activity_is_filtered_and_copied() -> None:
    activity.forget()
    for name in ("shadow", "passwd"):
        activity.note("read", f"/etc/{name}", activity.began(), 5)
    async with driven(fakes.workbench(), NARROW) as (app, pilot):
        await click_on(pilot, "Activity")
        await click_on(pilot, "/ Filter")
        app.main.query_one("#activity-filter", Input).value = "shadow"
        await until(pilot, lambda: "passwd" not in shown(app))
        await click_on(pilot, "/etc/shadow")
        await until(pilot, lambda: "/etc/shadow" in app.clipboard)
        await click_on(pilot, "esc All")
        await until_shown(pilot, "/etc/passwd")
        assert app.main.query_one(ActivityTable).has_focus
    activity.forget()


async def _commanded(pilot: Pilot[int], words: str) -> None:
    """Do what has no key at the foot: the help leads to every command there is."""
    await click_on(pilot, "? Help")
    await until(pilot, lambda: isinstance(pilot.app.screen, Help))
    await click_on(pilot, "All commands")
    await until_shown(pilot, "Search for commands")
    await until_shown(pilot, "Activity: All")
    for _ in range(60):
        if words in shown(pilot.app):
            break
        x, y = pilot.app.size.width // 2, pilot.app.size.height // 2
        pilot.app.screen._forward_event(events.MouseScrollDown(None, x, y, 0, 0, 0, False, False, False, x, y))
        await pilot.pause()
    await click_on(pilot, words)


async def test_what_has_no_key_at_the_foot_is_a_command_of_the_help() -> None:
    async with driven(fakes.workbench(), NARROW) as (_, pilot):
        await _commanded(pilot, "Group by area, server, severity")
        await until_shown(pilot, "▾ clients")
        await click_on(pilot, "▾ clients")
        await until_shown(pilot, "▸ clients")
        await _commanded(pilot, "Watch")
        await until_shown(pilot, "This host is watched")


async def test_a_finding_is_waived_with_a_reason_and_left_untouched_by_cancel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    async with driven(fakes.workbench(), WIDE) as (app, pilot):
        for answer in ("Cancel", "Accept it"):
            await _commanded(pilot, "Waive")
            await until(pilot, lambda: isinstance(app.screen, Form))
            app.screen.query_one("#asked-reason", Input).value = "only I log in"
            await click_on(pilot, answer)
            await until(pilot, lambda: app.screen is app.main)
            assert ("waived" in flat(app)) == (answer != "Cancel") or await _waits_for(pilot, "waived until")


async def _waits_for(pilot: Pilot[int], words: str) -> bool:
    await until_shown(pilot, words)
    return True


@pytest.mark.parametrize("format", ["html", "markdown", "sarif", "json"])
async def test_each_format_is_chosen_and_written(format: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: A002
    monkeypatch.chdir(tmp_path)
    async with driven(fakes.workbench(), NARROW, replay=builders.snapshot()) as (app, pilot):
        await _commanded(pilot, "Export")
        await until(pilot, lambda: isinstance(app.screen, Form))
        if format != "html":
            await click_on(pilot, "▼")
            await click_on(pilot, format)
        await click_on(pilot, "Write it")
        await until_shown(pilot, "The report was written to")
    assert len(list(tmp_path.iterdir())) == 1


async def test_sudo_is_asked_for_where_it_is_named_cancelled_and_agreed_to() -> None:
    workbench = fakes.workbench()
    workbench.script.wanted = [("/usr/bin/cat", "/etc/shadow")]
    async with driven(workbench, WIDE) as (app, pilot):
        await click_on(pilot, "Not assessed")
        await click_on(pilot, "Press s to look with sudo")
        await until(pilot, lambda: isinstance(app.screen, Agree))
        await click_on(pilot, "Cancel")
        await until(pilot, lambda: app.screen is app.main)
        assert workbench.script.read == []
        await click_on(pilot, "Press s to look with sudo")
        await click_on(pilot, "(y)")
        await until_shown(pilot, "This terminal cannot be given to sudo")  # it was asked; a test has no terminal
        await click_on(pilot, "Close")
        await until(pilot, lambda: app.screen is app.main)


async def test_a_socket_is_probed_from_the_words_about_it() -> None:
    workbench = fakes.workbench()
    socket = builders.socket(builders.path("/tmp/a.sock", 0o777, kind="socket"))
    server = inventories.server(sockets=(socket.inode,))
    workbench.script.snapshot = inventories.host(server, sockets=SocketFacts(builders.COMPLETE, (socket,)))
    async with driven(workbench, WIDE) as (app, pilot):
        await click_on(pilot, "Servers 1")
        await click_on(pilot, "probe whether it looks at")
        await until(pilot, lambda: isinstance(app.screen, Agree))
        await click_on(pilot, "Cancel")
        await until(pilot, lambda: app.screen is app.main)
        assert workbench.script.probed == []


async def test_rescan_keeps_the_row_that_was_clicked() -> None:
    workbench = fakes.workbench()
    async with driven(workbench, WIDE) as (app, pilot):
        await click_on(pilot, "The server “git”")
        await click_on(pilot, "Servers")
        await click_on(pilot, "r Rescan")
        await until(pilot, lambda: workbench.script.looks == 2 and not app.main.looking)
        await click_on(pilot, "Findings 4")
        await until_shown(pilot, "4 of 4")


async def test_the_theme_is_changed_and_the_app_is_left() -> None:
    async with driven(fakes.workbench(), WIDE) as (app, pilot):
        await _commanded(pilot, "Theme")
        await click_on(pilot, "textual-light")
        await until(pilot, lambda: app.theme == "textual-light")
        await click_on(pilot, "q Quit")
        await until(pilot, lambda: app._exit)


@BOTH
async def test_a_click_beside_a_window_closes_it_where_nothing_is_lost(size: tuple[int, int]) -> None:
    workbench = fakes.workbench()
    workbench.script.refuses = Refusal("the file changed", "look again")
    async with driven(workbench, size) as (app, pilot):
        for label, kind in (("? Help", Help), ("f Repair", Notice)):
            await click_on(pilot, label)
            await until(pilot, lambda: app.screen is not app.main)
            await pilot.pause()
            await pilot.click(offset=(size[0] // 2, size[1] // 2))
            await pilot.pause()
            assert isinstance(app.screen, kind)  # a click into it is none beside it
            await pilot.click(offset=(0, 0))
            await until(pilot, lambda: app.screen is app.main)


async def test_a_click_beside_a_question_or_a_form_answers_nothing() -> None:
    asking = fakes.fix(CONFIG_CHECK, answers=Wanted)
    workbench = fakes.workbench(fakes.plugins(fakes.usual().checks.values(), [asking]))
    workbench.script.runs.append(_run(1, RunState.STARTED))
    workbench.script.recovery_shown = False  # it takes root to be shown: that is asked first, in a small window
    async with driven(workbench, WIDE) as (app, pilot):
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        await pilot.click(offset=(0, 0))
        await pilot.click(offset=(3, 35))  # a key at the foot that is behind it
        await pilot.pause()
        assert isinstance(app.screen, Confirm)
        await click_on(pilot, "Later")
        await click_on(pilot, "f Repair")
        await until(pilot, lambda: isinstance(app.screen, AskAnswers))
        await pilot.click(offset=(0, 0))
        await pilot.click(offset=place_of(app, "q Quit"))
        await pilot.pause()
        assert isinstance(app.screen, AskAnswers) and not app._exit


async def test_nothing_behind_a_window_is_clicked_or_scrolled() -> None:
    workbench = fakes.workbench()
    async with driven(workbench, NARROW) as (app, pilot):
        table = app.main.query_one(FindingsList)
        await click_on(pilot, "? Help")
        await until(pilot, lambda: isinstance(app.screen, Help))
        page = app.screen.query_one("#keys")
        before = table.scroll_offset, table.position
        await wheel(pilot, "Keys here", 5)
        assert page.scroll_y > 0
        await pilot.click(offset=(0, 12))  # the edge of the list, where a click marks
        await until(pilot, lambda: app.screen is app.main)
        assert (table.scroll_offset, table.position) == before and table.marked == ()


@BOTH
async def test_a_double_click_begins_nothing_that_one_click_does_not(size: tuple[int, int]) -> None:
    workbench = fakes.workbench()
    async with driven(workbench, size) as (app, pilot):
        await click_on(pilot, "Any account on this machine", double=True)
        await until_shown(pilot, "What was seen")
        await pilot.pause()
        assert app.screen is app.main and workbench.script.answers == []


@pytest.mark.parametrize(("first", "screen"), [("⏎ Open", Preview), ("u Undo", Agree), ("f Repair", Preview)])
async def test_the_second_of_two_quick_clicks_agrees_to_nothing_that_was_not_seen(
    first: str, screen: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    workbench = fakes.workbench()
    workbench.script.runs.append(_run(1))
    async with driven(workbench, WIDE) as (app, pilot):
        if screen is Agree:
            await click_on(pilot, "h History")
            await until_shown(pilot, "✓ applied")
        monkeypatch.setattr(WorkbenchApp, "CLICK_CHAIN_TIME_THRESHOLD", 60.0)
        place = place_of(app, first)
        await pilot.click(offset=place)
        await until(pilot, lambda: isinstance(app.screen, screen))
        await pilot.click(offset=place)
        await pilot.pause()
        assert isinstance(app.screen, screen) and len(workbench.script.runs) == 1 and not workbench.script.undone
        # Elsewhere it counts at once.
        await click_on(pilot, "Cancel", 1)
        await until(pilot, lambda: app.screen is app.main)


async def test_only_the_first_button_of_the_mouse_does_anything() -> None:
    workbench = fakes.workbench()
    async with driven(workbench, WIDE) as (app, pilot):
        await click_on(pilot, "f Repair")
        await until(pilot, lambda: isinstance(app.screen, Preview))
        for button in (2, 3):
            for words in ("Apply (a)", "a Apply"):
                await pilot.click(offset=place_of(app, words), button=button)
        await pilot.pause()
        assert isinstance(app.screen, Preview) and workbench.script.runs == []


async def test_a_click_on_what_cannot_be_done_does_nothing() -> None:
    workbench = fakes.workbench()
    workbench.script.snapshot = inventories.usual()
    async with driven(workbench, NARROW) as (app, pilot):
        await click_on(pilot, "Servers 7")
        await until_shown(pilot, "7 servers")
        await click_on(pilot, "f Repair")  # no finding is in view: it is dimmed
        await click_on(pilot, "Running (1)")  # a heading
        await pilot.pause()
        assert app.screen is app.main and workbench.script.answers == [] and not app.main.has_class("-reading")


@BOTH
async def test_the_wheel_moves_what_it_is_over_and_no_cursor(size: tuple[int, int]) -> None:
    names = [f"{number:03}" for number in range(200)]
    many = [fakes.finding(f"the trouble with {name}", key=name, label=name) for name in names]
    workbench = fakes.workbench(fakes.plugins([fakes.check("clients/a", *many)]))
    async with driven(workbench, size) as (app, pilot):
        table, detail = app.main.query_one(FindingsList), app.main.query_one(DetailPane)
        await until_shown(pilot, "the trouble with 003")
        await wheel(pilot, "the trouble with 003", 4)
        assert table.scroll_y > 0 and table.position == "1 of 200"
        if size is WIDE:
            before = table.scroll_y
            await wheel(pilot, "What was seen", 4)
            assert detail.scroll_y > 0 and table.scroll_y == before
        text = next(line for line in shown(app).splitlines() if "the trouble with" in line).split("with ")[1][:3]
        await click_on(pilot, f"the trouble with {text}")
        assert table.position == f"{int(text) + 1} of 200"


SCREENS: tuple[tuple[tuple[str, ...], str], ...] = (
    ((), "findings"),
    (("Servers",), "servers"),
    ((" Reach",), "reach"),
    ((" History",), "history"),
    ((" Activity",), "activity"),
    (("f Repair",), "preview"),
)


@pytest.mark.parametrize(("clicks", "name"), SCREENS, ids=[name for _, name in SCREENS])
async def test_every_key_at_the_foot_does_on_a_click_what_it_does_when_pressed(
    clicks: tuple[str, ...], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pressed: list[str] = []
    monkeypatch.setattr(WorkbenchApp, "simulate_key", lambda self, key: pressed.append(key))
    workbench = _past(_backup())
    workbench.script.snapshot = inventories.radius()
    async with driven(workbench, NARROW) as (app, pilot):
        if name == "preview":
            await pilot.press("f")
            await until(pilot, lambda: isinstance(app.screen, Preview))
        for words in clicks if name != "preview" else ():
            await click_on(pilot, words)
        await pilot.pause()
        footer = app.screen.query_one(Footer)
        await until(pilot, lambda: len(footer.children) > 0)
        keys = [child for child in footer.children if not child.has_class("-disabled")]
        for child in keys:
            await pilot.click(offset=(child.region.x + 1, child.region.y))
        assert pressed == [getattr(child, "key", "") for child in keys] and len(set(pressed)) == len(pressed)


async def test_while_it_is_too_small_no_click_reaches_what_is_covered() -> None:
    workbench = fakes.workbench()
    async with driven(workbench, WIDE) as (app, pilot):
        await click_on(pilot, "f Repair")
        await until(pilot, lambda: isinstance(app.screen, Preview))
        await pilot.resize_terminal(50, 10)
        await until_shown(pilot, "This terminal is 50 × 10")
        for x in range(0, 50, 3):
            for y in (7, 8, 9):
                app.screen._forward_event(events.MouseDown(None, x, y, 0, 0, 1, False, False, False, x, y))
                app.screen._forward_event(events.MouseUp(None, x, y, 0, 0, 1, False, False, False, x, y))
                app.screen._forward_event(events.Click(None, x, y, 0, 0, 1, False, False, False, x, y))
        await pilot.pause()
        assert isinstance(app.screen, Preview) and workbench.script.runs == []
        await pilot.resize_terminal(*WIDE)
        await click_on(pilot, "Apply (a)")
        await until(pilot, lambda: isinstance(app.screen, Result))


async def test_a_newcomer_finds_the_ways_on() -> None:
    workbench = fakes.workbench(fakes.plugins([fakes.usual().checks["processes/runs-as-root"]]))
    snapshot: Snapshot = inventories.host()
    workbench.script.snapshot = snapshot
    async with driven(workbench, NARROW) as (app, pilot):
        for title in ("Servers 0", "Findings 0"):
            await click_on(pilot, title)
        await click_on(pilot, "? Help")
        await click_on(pilot, "Close")
        await until(pilot, lambda: app.screen is app.main)
