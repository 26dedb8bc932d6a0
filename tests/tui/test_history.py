"""The history: every run as it stands, what an undo restores, redo, keep, recover, backups, and what is lost."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.widgets import Button

from tests import builders
from tests.tui import fakes
from tests.tui.driving import NARROW, WIDE, driven, flat, shown, until, until_shown
from tests.tui.test_hostile import HOSTILE, assert_harmless
from workbench.model.plan import Refusal
from workbench.model.run import Change, Run, RunState
from workbench.repair.backups import KeptBackup
from workbench.repair.lasting import Lost
from workbench.tui.past import Past, purgeable
from workbench.tui.plain import stacked
from workbench.tui.screens.agree import Agree
from workbench.tui.screens.dialogs import Confirm, Notice
from workbench.tui.screens.result import Result
from workbench.tui.widgets.history_pane import run_lines
from workbench.tui.widgets.history_table import BackupsTable, HistoryTable, age, batch_sign, size, standing


def _run(number: int, state: RunState = RunState.APPLIED, **more: object) -> Run:
    title = more.pop("title", f"Repair {number}")
    return fakes.run(f"run-{number}", state, plan=fakes.titled(str(title)), **more)


def _backup(run: str = "run-1", secret: bool | None = True, **more: object) -> KeptBackup:
    made = KeptBackup(run, "Repair 1", "/home/dev/.x/config.toml", 2048, "2026-01-02T03:04:05+00:00", 7200.0, secret)
    return replace(made, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("state", RunState)
def test_every_state_has_a_sign_a_word_and_what_to_do(state: RunState) -> None:
    run = _run(1, state)
    past = Past((run,))
    said = stacked(run_lines(run, past, 78)).plain
    first = said.split("\n")[0]
    assert first.endswith("Repair 1")
    assert first.split()[0] in "✓◷!↶⊘↩✖…"
    assert past.standing(run) in first and len(said.split("\n")[1].strip()) > 20


def test_what_waits_or_is_lost_is_no_plain_applied() -> None:
    one, two, three = _run(1), _run(2), _run(3)
    past = Past((one, two, three), {"run-2": "gone", "run-3": "not known"}, frozenset({"run-2"}), {"run-1": 10**9})
    assert [past.standing(run) for run in past.runs] == ["waits", "not in place", "applied"]
    assert standing(past, one).plain.startswith("◷ waits ")
    assert "not known" in stacked(run_lines(three, past, 78)).plain
    assert [past.allows(run, "confirm") for run in past.runs] == [True, False, False]
    assert all(past.allows(run, "undo") for run in past.runs)


def test_what_can_be_asked_for_follows_from_how_it_stands() -> None:
    allowed = {
        state: [act for act in ("undo", "redo", "confirm", "recover") if Past().allows(_run(1, state), act)]
        for state in RunState
    }
    assert allowed[RunState.APPLIED] == ["undo"]
    assert allowed[RunState.STARTED] == ["recover"]
    assert allowed[RunState.UNDONE] == []  # who undid it is not known
    assert Past().allows(_run(1, RunState.UNDONE, undone_by="run-2"), "redo")
    assert allowed[RunState.ROLLBACK_FAILED] == ["undo"]
    assert allowed[RunState.REFUSED] == allowed[RunState.ROLLED_BACK] == allowed[RunState.RECOVERED] == []


def test_the_runs_of_a_batch_are_held_together() -> None:
    runs = [_run(5), _run(4, batch="b"), _run(3, batch="b"), _run(2, batch="b"), _run(1, batch="c")]
    assert [batch_sign(runs, number) for number in range(5)] == ["", "┌ ", "│ ", "└ ", "· "]
    said = stacked(run_lines(runs[1], Past(tuple(runs)), 78)).plain
    assert "of 3 repairs that were applied together" in said


def test_sizes_and_ages_are_words() -> None:
    assert [size(812), size(3482), size(5 * 1024 * 1024)] == ["812 B", "3.4 KiB", "5.0 MiB"]
    assert [age(5), age(300), age(7200), age(86400), age(12 * 86400)] == [
        "just now",
        "5 min",
        "2 h",
        "1 day",
        "12 days",
    ]


@pytest.mark.parametrize("key", ["7", "h"])
async def test_both_keys_show_the_runs_newest_first(key: str) -> None:
    workbench = fakes.workbench()
    workbench.script.runs += [_run(2), _run(1, RunState.ROLLED_BACK, message="it did not help")]
    async with driven(workbench, NARROW) as (app, pilot):
        await pilot.press(key)
        await until_shown(pilot, "2 repairs: 1 applied, 1 rolled back", "newest first", "✓ applied", "↩ rolled back")
        lines = shown(app).split("\n")
        assert next(line for line in lines if "Repair" in line).find("Repair 2") > 0
        await pilot.press("j", "enter")
        await until_shown(pilot, "it did not help", "take the rights of group and others away", "0666 rw-rw-rw-")
        await pilot.press("u")  # what was rolled back cannot be undone, and no other run is undone instead
        await pilot.pause()
        assert app.screen is app.main and workbench.script.undone == []
        await pilot.press("escape")
        await until_shown(pilot, "newest first")


async def test_an_undo_shows_first_what_it_restores_and_then_how_it_ended() -> None:
    workbench = fakes.workbench()
    workbench.script.runs += [_run(2), _run(1)]
    async with driven(workbench, NARROW) as (app, pilot):
        await pilot.press("7")
        await until_shown(pilot, "2 repairs")
        await pilot.press("j", "u")
        await until(pilot, lambda: isinstance(app.screen, Agree))
        await until_shown(
            pilot, "Undo this repair?", "What is restored (1 step)", "give the old rights back", "Repair 1"
        )
        focused = app.focused
        assert isinstance(focused, Button) and focused.id == "leave"
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is app.main)
        assert workbench.script.undone == []
        await pilot.press("u")
        await until(pilot, lambda: isinstance(app.screen, Agree))
        await pilot.press("y")
        await until(pilot, lambda: isinstance(app.screen, Result))
        await until_shown(pilot, "Back to the history")
        await pilot.press("escape")
        await until_shown(pilot, "↶ undone")
        assert workbench.script.undone == ["run-1"]
        assert app.main.query_one(HistoryTable).selected is workbench.script.runs[1]


async def test_an_undo_that_is_refused_says_why_before_anything_is_asked() -> None:
    workbench = fakes.workbench()
    workbench.script.runs.append(_run(1))
    workbench.script.undo_refused = Refusal("the file was deleted since", "put it back")
    async with driven(workbench) as (app, pilot):
        await pilot.press("7")
        await until_shown(pilot, "1 repair")
        await pilot.press("u")
        await until(pilot, lambda: isinstance(app.screen, Notice))
        await until_shown(pilot, "the file was deleted since", "put it back")
        assert workbench.script.undone == []


async def test_redo_undoes_the_undo() -> None:
    workbench = fakes.workbench()
    workbench.script.runs += [
        _run(2, title="Undo: Repair 1"),
        _run(1, RunState.UNDONE, undone_by="run-2"),
    ]
    async with driven(workbench) as (app, pilot):
        await pilot.press("7")
        await until_shown(pilot, "2 repairs")
        await pilot.press("j", "U")
        await until(pilot, lambda: isinstance(app.screen, Agree))
        await until_shown(pilot, "Make this repair again?")
        await pilot.press("y")
        await until(pilot, lambda: isinstance(app.screen, Result))
        assert workbench.script.undone == ["run-2"]


async def test_redo_says_where_the_undo_does_not_stand_any_more() -> None:
    workbench = fakes.workbench()
    workbench.script.runs.append(_run(1, RunState.UNDONE, undone_by="run-2"))
    async with driven(workbench) as (_, pilot):
        await pilot.press("7")
        await until_shown(pilot, "1 repair")
        await pilot.press("U")
        await until_shown(pilot, "It cannot be made again")


async def test_a_run_that_waits_counts_down_and_is_kept() -> None:
    workbench = fakes.workbench()
    workbench.script.runs.append(_run(1))
    workbench.script.waiting["run-1"] = 242.0
    async with driven(workbench, WIDE) as (app, pilot):
        await pilot.press("7")
        await until_shown(pilot, "◷ waits 4:", "undone by itself in 4:", "c Keep it")
        workbench.script.confirm_refused = "the time is over"
        await pilot.press("c")
        await until_shown(pilot, "It could not be kept", "the time is over")
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is app.main)
        workbench.script.confirm_refused = ""
        await pilot.press("c")
        await until_shown(pilot, "✓ applied", "Kept: Repair 1")
        assert workbench.script.confirmed == ["run-1", "run-1"]
        assert "Keep it" not in flat(app)


async def test_an_interrupted_run_is_recovered_from_the_history() -> None:
    workbench = fakes.workbench()
    workbench.script.runs.append(_run(1, RunState.STARTED))
    async with driven(workbench) as (app, pilot):
        await until_shown(pilot, "A repair was interrupted")
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is app.main)
        await pilot.press("7")
        await until_shown(pilot, "… interrupted")
        await pilot.press("v")
        await until(pilot, lambda: isinstance(app.screen, Agree))
        await pilot.press("y")
        await until_shown(pilot, "Recovered")
        await pilot.press("escape")
        await until_shown(pilot, "↩ recovered")


async def test_a_repair_that_a_client_took_back_is_told_once_and_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workbench.tui.app.LASTING_EVERY", 0.05)
    workbench = fakes.workbench()
    async with driven(workbench, WIDE) as (app, pilot):
        await pilot.pause(0.2)
        assert workbench.script.asked_lasting == 0  # no repair of this session: nothing is asked
        await pilot.press("f")
        await until_shown(pilot, "Preview")
        await pilot.press("a")
        await until(pilot, lambda: isinstance(app.screen, Result))
        workbench.script.lost = (
            Lost(workbench.script.runs[0], fakes.CONFIG, f"{fakes.CONFIG} was changed", "Claude Desktop"),
            Lost(_run(9), "/x", "of another session", ""),
        )
        await until(pilot, lambda: len(app._notifications) > 0)
        (told,) = app._notifications
        assert "no longer in place" in told.message and "probably by Claude Desktop" in told.message
        asked = workbench.script.asked_lasting
        await pilot.pause(0.3)
        assert len(app._notifications) == 1 and workbench.script.asked_lasting == asked  # told once, asked no more
        await pilot.press("escape", "7")
        await until_shown(pilot, "! not in place", "probably by Claude Desktop")


async def test_the_backups_are_listed_and_purged_only_after_a_question() -> None:
    workbench = fakes.workbench()
    workbench.script.runs.append(_run(1))
    workbench.script.backups += [_backup(), _backup(file="/home/dev/.y"), _backup("run-2", secret=False)]
    async with driven(workbench, NARROW) as (app, pilot):
        await pilot.press("7")
        await until_shown(pilot, "1 repair")
        await pilot.press("b")
        await until_shown(
            pilot, "3 backups, 6.0 KiB; 2 hold a secret in plain text", "▲ a secret", "· no secret", "2 h"
        )
        assert isinstance(app.focused, BackupsTable)
        await pilot.press("enter")
        await until_shown(pilot, "It holds a secret in plain text", "the repairs cannot be undone any more")
        await pilot.press("x")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        await until_shown(pilot, "Purge the backups of this repair?", "/home/dev/.y")
        focused = app.focused
        assert isinstance(focused, Button) and focused.id == "leave"
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is app.main)
        assert len(workbench.script.backups) == 3
        await pilot.press("x")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        await pilot.press("y")
        await until_shown(pilot, "2 backups purged, 4.0 KiB")
        assert [each.run for each in workbench.script.backups] == ["run-2"]
        await pilot.press("escape", "b")
        await until_shown(pilot, "newest first")


def test_only_what_holds_a_secret_or_may_and_is_not_needed_is_purged_at_once() -> None:
    kept = [
        _backup("run-1"),
        _backup("run-1", secret=False),
        _backup("run-2", secret=False),
        _backup("run-3", secret=None),
        _backup("run-4", needed="it waits to be confirmed"),
    ]
    assert {run: len(mine) for run, mine in purgeable(kept).items()} == {"run-1": 2, "run-3": 1}
    assert purgeable([_backup(secret=False)]) == {}


async def test_everything_that_holds_a_secret_is_purged_at_once_after_a_question_that_lists_it() -> None:
    workbench = fakes.workbench()
    workbench.script.runs.append(_run(1))
    workbench.script.backups += [
        _backup(),
        _backup(secret=False, file="/home/dev/.y"),
        _backup("run-2", secret=False),
        _backup("run-3", secret=None, title="Move [b]a secret[/b]"),
        _backup("run-4", title="Repair 4", needed="it waits to be confirmed"),
    ]
    async with driven(workbench, NARROW) as (app, pilot):
        await pilot.press("7")
        await until_shown(pilot, "1 repair")
        await pilot.press("X")  # only among the backups
        assert app.screen is app.main
        await pilot.press("b", "X")
        await until(pilot, lambda: isinstance(app.screen, Agree))
        await until_shown(
            pilot,
            "Purge every backup that holds a secret?",
            "3 backups of 2 repairs, 6.0 KiB",
            "run-1, 2 h ago, 2 backups",
            "Move [b]a secret[/b] run-3, 2 h ago, 1 backup",
            "1 holds a secret in plain text; 1 could not be looked into",
            "the repairs cannot be undone any more",
            "Kept: Repair 4: it waits to be confirmed",
        )
        assert "run-2" not in flat(app) and "Purge them all (y)" in flat(app)
        focused = app.focused
        assert isinstance(focused, Button) and focused.id == "leave"
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is app.main)
        assert len(workbench.script.backups) == 5
        await pilot.press("X")
        await until(pilot, lambda: isinstance(app.screen, Agree))
        await pilot.press("y")
        await until_shown(pilot, "3 backups purged, 6.0 KiB")
        assert [each.run for each in workbench.script.backups] == ["run-2", "run-4"]
        await until(pilot, lambda: app.screen is app.main)
        await pilot.press("X")  # what is left is needed, or holds none
        await pilot.pause()
        assert app.screen is app.main


async def test_a_purge_that_is_refused_says_why() -> None:
    workbench = fakes.workbench()
    workbench.script.runs.append(_run(1))
    workbench.script.backups.append(_backup())
    workbench.script.purge_refused = "another workbench is at it"
    async with driven(workbench) as (app, pilot):
        await pilot.press("7")
        await until_shown(pilot, "1 repair")
        await pilot.press("b", "x")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        await pilot.press("y")
        await until_shown(pilot, "Not everything was purged", "another workbench is at it")


async def test_read_only_undoes_keeps_and_purges_nothing_and_says_why() -> None:
    workbench = fakes.workbench(read_only=True)
    workbench.script.runs.append(_run(1))
    workbench.script.waiting["run-1"] = 200.0
    workbench.script.backups.append(_backup())
    async with driven(workbench) as (app, pilot):
        await pilot.press("7")
        await until_shown(pilot, "read-only: nothing is undone")
        for key in ("u", "c"):
            await pilot.press(key)
            await until_shown(pilot, "The workbench was started with --read-only")
            await pilot.press("escape")
            await until(pilot, lambda: app.screen is app.main)
        await pilot.press("b", "x")
        await until_shown(pilot, "so nothing can be purged")
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is app.main)
        await pilot.press("X")
        await until_shown(pilot, "so nothing can be purged")
        assert len(workbench.script.backups) == 1
        assert workbench.script.undone == workbench.script.confirmed == []


async def test_empty_loading_and_failed_are_said() -> None:
    workbench = fakes.workbench()
    workbench.script.history_fails = OSError("no space left on [/device]")
    async with driven(workbench) as (app, pilot):
        await until(pilot, lambda: isinstance(app.screen, Notice))  # the start looks for what was interrupted
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is app.main)
        await pilot.press("7")
        await until_shown(pilot, "The history could not be read", "no space left on [/device]", "Press 7 to try again")
        workbench.script.history_fails = None
        workbench.script.history_gate.clear()
        await pilot.press("7")
        workbench.script.history_gate.set()
        await until_shown(pilot, "No repair was made yet")
        assert "b Backups" not in flat(app)


async def test_what_lasts_may_fail_and_the_runs_are_shown_all_the_same() -> None:
    workbench = fakes.workbench()
    workbench.script.runs.append(_run(1))
    workbench.script.lost = OSError("broken")
    async with driven(workbench) as (_, pilot):
        await pilot.press("7")
        await until_shown(pilot, "1 repair: 1 applied", "not all could be looked at: OSError: broken")


async def test_a_replay_has_no_history() -> None:
    workbench = fakes.workbench()
    workbench.script.runs.append(_run(1))
    async with driven(workbench, replay=builders.snapshot()) as (app, pilot):
        await pilot.press("7")
        await until_shown(pilot, "This is the replay of a snapshot")
        await pilot.press("u", "b", "x", "c", "v", "U")
        await pilot.pause()
        assert app.screen is app.main and "Repair 1" not in flat(app)


async def test_the_mouse_chooses_a_run_and_opens_it() -> None:
    workbench = fakes.workbench()
    workbench.script.runs += [_run(number) for number in range(9, 0, -1)]
    async with driven(workbench, NARROW) as (app, pilot):
        await pilot.click("#tab-history")
        await until_shown(pilot, "9 repairs")
        await pilot.click("#history-table", offset=(20, 3))
        await until_shown(pilot, "Repair 7", "What it changed")
        assert app.main.has_class("-reading")


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
async def test_hostile_text_acts_nowhere(text: str) -> None:
    diff = f"--- a/{text}\n+++ b/{text}\n@@ -1 +1 @@\n-{text}\n+new {text}\n"
    changes = (Change(f"/{text}", f"C{text}", diff, 0o666, 0o600, (("/usr/bin/install", text),)),)
    workbench = fakes.workbench()
    run = replace(_run(1, title=f"T{text}", message=text, batch=text), changes=changes, started_at=text, ended_at=text)
    workbench.script.runs += [run, replace(run, identity=f"I{text}", state=RunState.UNDONE, undone_by=text)]
    workbench.script.lost = (Lost(run, text, text, text),)
    workbench.script.backups.append(_backup(file=text, title=text, needed=text))
    workbench.script.undo_note = text
    async with driven(workbench, WIDE) as (app, pilot):
        await pilot.press("7")
        await until_shown(pilot, "2 repairs")
        assert_harmless(app)
        await pilot.press("j", "enter", "pagedown")
        await pilot.pause()
        assert_harmless(app)
        await pilot.press("7", "k", "u")
        await until(pilot, lambda: isinstance(app.screen, Agree))
        assert_harmless(app)
        await pilot.press("escape", "b")
        await until_shown(pilot, "1 backup")
        assert_harmless(app)
        await pilot.press("x")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        assert_harmless(app)


async def test_what_stands_of_a_batch_is_undone_as_one_after_a_question() -> None:
    made = fakes.workbench()
    undone = (_run(2, state=RunState.UNDONE, batch="b"), _run(1, state=RunState.UNDONE, batch="b"))
    asked: list[str] = []

    class OfBatch(fakes.FakeWorkbench):
        def undo_batch(self, batch: str, on_progress: object = None) -> tuple[Run, ...]:
            asked.append(batch)
            self.script.runs = [self.script.runs[0], *undone]
            return undone

    of_batch = OfBatch(made.context, made.plugins, made.state)
    object.__setattr__(of_batch, "script", made.script)
    made.script.runs = [_run(3), _run(2, batch="b"), _run(1, batch="b")]
    async with driven(of_batch) as (app, pilot):
        await pilot.press("h")
        await until_shown(pilot, "3 repairs")
        assert "Undo batch" not in flat(app)
        await pilot.press("down")
        await until_shown(pilot, "A Undo batch")
        await pilot.press("A")
        await until_shown(pilot, "Undo 2 repairs?", "Undo all (y)")
        await pilot.press("escape")
        assert not asked
        await until(pilot, lambda: app.screen is app.main)
        await pilot.press("A")
        await until_shown(pilot, "Undo 2 repairs?")
        await pilot.press("y")
        await until(pilot, lambda: asked == ["b"])
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is app.main)
        await until_shown(pilot, "2 undone")
        assert "Undo batch" not in flat(app)
