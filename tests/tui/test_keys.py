"""The person's own keys: they act, the usual ones no longer do, and everything that names a key names theirs."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest
from textual.binding import Binding
from textual.content import Content
from textual.dom import DOMNode
from textual.pilot import Pilot
from textual.widgets import Footer, Static

import workbench.tui
from tests.tui import fakes
from tests.tui.driving import NARROW, WIDE, flat, until, until_shown
from workbench.engine import Workbench
from workbench.model.run import RunState
from workbench.tui import keys
from workbench.tui.app import WorkbenchApp
from workbench.tui.keys import ACTS, FIXED, Keys
from workbench.tui.keys_file import parse
from workbench.tui.palette import commands
from workbench.tui.screens import agree, batch, batch_result, code, dialogs, guide, preview, result
from workbench.tui.screens.dialogs import Confirm
from workbench.tui.screens.help import Help
from workbench.tui.screens.preview import Preview
from workbench.tui.widgets.activity_page import ActivityPage
from workbench.tui.widgets.detail import DetailPane
from workbench.tui.widgets.filter_line import FilterInput
from workbench.tui.widgets.findings import FindingsList
from workbench.tui.widgets.history_page import HistoryPage


@pytest.fixture(autouse=True)
def usual_again() -> Iterator[None]:
    yield
    keys.use(Keys())


@asynccontextmanager
async def driven(
    chosen: str, workbench: Workbench | None = None, size: tuple[int, int] = NARROW
) -> AsyncIterator[tuple[WorkbenchApp, Pilot[int]]]:
    """A running app with the keys of a file of this text; the first look is over."""
    app = WorkbenchApp(workbench or fakes.workbench(), watch=False, keys=parse(chosen.encode(), "keys.yaml"))
    app.animation_level = "none"
    async with app.run_test(size=size, notifications=True) as pilot:
        await until(pilot, lambda: app.main.report is not None and not app.main.looking)
        yield app, pilot


def _classes() -> list[type[DOMNode]]:
    for module in pkgutil.walk_packages(workbench.tui.__path__, "workbench.tui."):
        importlib.import_module(module.name)
    found: list[type[DOMNode]] = [DOMNode]
    for kind in found:
        found += kind.__subclasses__()
    return [kind for kind in dict.fromkeys(found) if kind.__module__.startswith("workbench.")]


def _own(kind: type[DOMNode]) -> list[Binding]:
    return [each for each in Binding.make_bindings(kind.__dict__.get("BINDINGS", ()))]


def test_every_binding_is_of_an_act_or_on_a_key_that_never_changes() -> None:
    used: set[str] = set()
    for kind in _classes():
        actions: dict[str, str] = {}
        for binding in _own(kind):
            if binding.id is None:
                assert binding.key in FIXED, f"{kind.__name__}: {binding.key} needs an act of workbench.tui.keys"
                continue
            assert binding.key == ACTS[binding.id].key
            assert binding.priority == ACTS[binding.id].before
            # Within one widget an act does one thing.
            assert actions.setdefault(binding.id, binding.action) == binding.action
            used.add(binding.id)
    assert used == set(ACTS)


def test_what_is_heard_before_everything_else_is_no_letter() -> None:
    for kind in _classes():
        for binding in _own(kind):
            assert not binding.priority or binding.key in FIXED or (binding.id and ACTS[binding.id].before)


@pytest.mark.parametrize(
    ("kind", "place"),
    [
        (preview.Preview, "in the preview"),
        (guide.Guide, "in a guide"),
        (batch.BatchReview, "in the list of repairs"),
        (result.Result, "at the result of a repair"),
        (batch_result.BatchResult, "at the result of several repairs"),
        (agree.Agree, "at a question"),
        (agree.Outcome, "at a question"),
        (dialogs.Confirm, "at a question"),
        (dialogs.Notice, "in a small window"),
        (dialogs.Choose, "in a small window"),
        (code.Code, "in the code"),
        (Help, "in the help"),
        (FindingsList, "on the findings page"),
        (DetailPane, "on the findings page"),
        (HistoryPage, "on the history page"),
        (ActivityPage, "on the activity page"),
    ],
)
def test_an_act_names_every_screen_and_widget_that_has_it(kind: type[DOMNode], place: str) -> None:
    for base in kind.__mro__:
        for binding in _own(base) if base.__module__.startswith("workbench.") else ():
            assert binding.id is None or place in ACTS[binding.id].places, binding


@pytest.mark.parametrize("size", [NARROW, WIDE], ids=str)
async def test_an_act_names_every_page_on_which_it_works(size: tuple[int, int]) -> None:
    pages = {
        "findings": "on the findings page",
        "servers": "on the servers page",
        "reach": "on the reach page",
        "card": "on the report card",
        "gaps": "on the page of what was not assessed",
        "trail": "on the audit trail page",
        "history": "on the history page",
        "activity": "on the activity page",
    }
    made = fakes.workbench()
    made.script.runs.append(fakes.run())
    async with driven("", made, size) as (app, pilot):
        for name, place in pages.items():
            await pilot.press(ACTS[f"page.{name}"].key)
            # On the findings, where the finding is in view already, this begins its repair.
            if name != "activity" and (name != "findings" or size == NARROW):
                await pilot.press("enter")
            await pilot.pause()
            for active in app.screen.active_bindings.values():
                act = active.binding.id
                assert act is None or place in ACTS[act].places, (name, active.binding)
            assert app.screen is app.main


def test_every_sentence_takes_its_key_from_the_keys_that_hold() -> None:
    """No sentence of the app is to spell a usual key: it would be wrong for whoever chose another."""
    spells = re.compile(r"\b[Pp]ress(?:ed)? \S(?:[\s.,:;]|$)|(?:^|\s)\(\w\)|^[b-zA-Z] (?:\w+s|$)")
    assert all(
        spells.search(words) for words in ("Press r to look", "press 5.", "sudo (s) unlocks", "y copies this", "y ")
    )
    spelled: list[str] = []
    for file in Path(workbench.tui.__file__).parent.rglob("*.py"):
        tree = ast.parse(file.read_text())
        docstrings = {
            id(node.body[0].value)
            for node in ast.walk(tree)
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
            and node.body
            and isinstance(node.body[0], ast.Expr)
        }
        for node in ast.walk(tree):
            if not isinstance(node, ast.Constant) or not isinstance(node.value, str) or id(node) in docstrings:
                continue
            if spells.search(node.value):
                spelled.append(f"{file.name}:{node.lineno}: {node.value}")
    assert not spelled


async def test_a_chosen_key_acts_and_the_usual_one_does_not_any_more() -> None:
    made = fakes.workbench()
    async with driven("rescan: [f5, ctrl+r]\nrepair: v\npage.servers: s\nsudo: f6\n", made) as (app, pilot):
        await pilot.press("r")
        await pilot.pause(0.2)
        assert made.script.looks == 1
        await pilot.press("f5")
        await until(pilot, lambda: made.script.looks == 2 and not app.main.looking)
        await pilot.press("ctrl+r")
        await until(pilot, lambda: made.script.looks == 3 and not app.main.looking)
        await pilot.press("2", "f")
        await pilot.pause(0.2)
        assert app.main._page == "findings"
        assert app.screen is app.main
        await pilot.press("s")
        assert app.main._page == "servers"
        await pilot.press("1", "v")
        await until(pilot, lambda: isinstance(app.screen, Preview))


async def test_two_acts_can_change_places() -> None:
    made = fakes.workbench()
    async with driven("rescan: u\nundo: r\n", made) as (app, pilot):
        await pilot.press("u")
        await until(pilot, lambda: made.script.looks == 2 and not app.main.looking)
        await pilot.press("r")
        await until_shown(pilot, "Nothing to undo")


async def test_the_agreeing_keys_can_be_chosen_too_and_the_buttons_say_so() -> None:
    made = fakes.workbench()
    async with driven("apply: ctrl+y\nagree: ctrl+o\nundo: z\nzoom: f9\nclose: x\nfindings.unmark: f8\n", made) as (
        app,
        pilot,
    ):
        await pilot.press("f")
        await until_shown(pilot, "Apply (ctrl+y)", "^y Apply")
        await pilot.press("a")
        await pilot.pause(0.2)
        assert isinstance(app.screen, Preview)
        assert not made.script.repaired
        await pilot.press("ctrl+y")
        await until_shown(pilot, "Undo (z)")
        assert made.script.repaired
        await pilot.press("z")
        await until_shown(pilot, "Undo it (ctrl+o)")
        await pilot.press("y")
        await pilot.pause(0.2)
        assert not made.script.undone
        await pilot.press("ctrl+o")
        await until(pilot, lambda: bool(made.script.undone))
        await until_shown(pilot, "Result")
        await pilot.press("x")
        await until(pilot, lambda: app.screen is app.main)


async def test_a_question_in_a_small_window_names_its_key() -> None:
    made = fakes.workbench()
    made.script.runs.append(fakes.run(state=RunState.STARTED))
    made.script.recovery_shown = False
    async with driven("agree: Y\n", made) as (app, pilot):
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        await until_shown(pilot, "Look (Y)")
        await pilot.press("y")
        await pilot.pause()
        assert isinstance(app.screen, Confirm)
        await pilot.press("escape")


async def test_the_footer_the_help_and_the_palette_show_the_chosen_keys() -> None:
    text = "help: f1\nfilter: ctrl+f\nfindings.mark: m\nfindings.group: f7\nmove.down: J\nrepair: F\n"
    async with driven(text, size=(100, 60)) as (app, pilot):
        footer = app.screen.query_one(Footer)
        await until(pilot, lambda: len(footer.children) > 0)
        for words in ("F Repair", "f1 Help", "^f Filter", "m Mark"):
            assert words in flat(app)
        told = {command.help for command in commands(app.main)}
        assert "Group by area, server, severity (f7)" in told
        assert "Filter the findings as you type (ctrl+f)" in told
        assert "Repair this finding; the exact change is shown first (F)" in told
        assert "Show the servers of this host (2)" in told
        command = next(each for each in commands(app.main) if each.title == "Findings: Group by area, server, severity")
        app.call_later(command.callback)
        await until(pilot, lambda: app.main.query_one(FindingsList)._group == "area")
        await pilot.press("question_mark")
        await pilot.pause()
        assert app.screen is app.main
        await pilot.press("f1")
        await until(pilot, lambda: isinstance(app.screen, Help))
        rows = [" ".join(row.split()) for row in str(app.screen.query_one("#keys .page", Static).visual).splitlines()]
        for row in ("F Repair this finding; the exact change is shown first", "f7 Group by area, server, severity"):
            assert row in rows
        assert any(row.startswith(("down J ", "J down ")) and row.endswith("Down") for row in rows)
        assert not any(row.startswith("f Repair") for row in rows)
        await pilot.press("f1")
        await until(pilot, lambda: app.screen is app.main)


async def test_the_usual_movements_stay_beside_a_chosen_one() -> None:
    async with driven("move.down: J\n") as (app, pilot):
        table = app.main.query_one(FindingsList)
        table.focus()
        await pilot.press("J", "down")
        assert table.highlighted == 2
        await pilot.press("j")
        assert table.highlighted == 2
        await pilot.press("home")
        assert table.highlighted == 0


async def test_sentences_name_the_chosen_keys() -> None:
    text = "rescan: f5\nsudo: f6\npage.gaps: f9\ncopy: Y\ncode: K\nhistory.backups: B\nkeep: f11\nundo: Z\nrepair: F\n"
    made = fakes.workbench()
    made.script.runs.append(fakes.run())
    async with driven(text, made, WIDE) as (app, pilot):
        await until_shown(pilot, "Y copies this", "K shows the code")
        assert "y copies" not in flat(app)
        await pilot.press("7")
        await until_shown(pilot, "It stands. Press Z to undo it")
        await pilot.press("1", "space")
        await until_shown(pilot, "R shows their repairs · x clears the marks")


async def test_what_is_typed_is_typed_whatever_its_key_does_elsewhere() -> None:
    made = fakes.workbench()
    async with driven("rescan: t\nrepair: e\nexport: f\npalette: f1\n", made) as (app, pilot):
        await pilot.press("slash")
        await until(pilot, lambda: isinstance(app.focused, FilterInput))
        await pilot.press(*"test/?", "space", *"frq")
        assert app.main.query_one(FilterInput).value == "test/? frq"
        assert app.screen is app.main
        assert made.script.looks == 1
        # The one key that is heard before what is typed.
        await pilot.press("f1")
        await until(pilot, lambda: app.screen is not app.main)


@pytest.mark.parametrize("opens", ["f", "a"])
async def test_no_key_is_let_both_open_the_preview_and_apply_it(opens: str) -> None:
    made = fakes.workbench()
    async with driven(f"apply: {opens}\nrepair: {opens}\n", made) as (app, pilot):
        await until_shown(pilot, "Not used of your keys.yaml")
        await pilot.press("f", "f", "f")
        await until(pilot, lambda: isinstance(app.screen, Preview))
        await pilot.pause(0.2)
        assert not made.script.repaired
        assert not made.script.runs


async def test_what_is_not_used_is_said_at_the_start_and_in_the_help() -> None:
    async with driven("rescn: f5\nrepair: enter\nsudo: f6\n", size=WIDE) as (app, pilot):
        await until_shown(pilot, "Not used of your keys.yaml", "there is no act rescn; did you mean rescan?")
        assert [notification.timeout for notification in app._notifications] == [30]
        app.clear_notifications()
        await pilot.press("question_mark")
        await until_shown(
            pilot, "Not used of your keys.yaml", "line 1: there is no act rescn; did you mean rescan?", "line 2: repair"
        )
        # What could be used is.
        assert app.main.app._keymap == {"sudo": "f6"}


async def test_an_app_without_a_file_has_the_usual_keys_whatever_an_app_before_it_had() -> None:
    async with driven("rescan: f5\n"):
        assert keys.hint("rescan") == "f5"
    async with driven("") as (app, _):
        assert keys.hint("rescan") == "r"
        assert not app._keymap
        assert "Not used" not in flat(app)


async def test_the_way_out_cannot_be_lost() -> None:
    text = "".join(f"{act.id}: f{number % 20 + 1}\n" for number, act in enumerate(ACTS.values()))
    for key in ("ctrl+q", "ctrl+c"):
        async with driven(text) as (app, pilot):
            await pilot.press(key)
            await until(pilot, lambda: app._exit)
            assert app.return_code == 0


def test_the_file_is_read_where_the_app_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from workbench.tui import app as module

    tmp_path.chmod(0o700)
    folder = tmp_path / "workbench"
    folder.mkdir(0o700)
    (folder / "keys.yaml").write_text("rescan: f5\n")
    (folder / "keys.yaml").chmod(0o600)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setattr(module.WorkbenchApp, "run", lambda self: None)
    module.run(fakes.workbench())
    assert keys.hint("rescan") == "f5"


@contextmanager
def with_time_to_read(app: WorkbenchApp, seconds: float) -> Iterator[None]:
    """As at a real terminal, where a key may come from somebody who has not seen yet what it would agree to."""
    app.reading = seconds
    yield
    app.reading = 0.0


async def test_a_key_that_comes_with_the_question_does_not_agree_to_it() -> None:
    async with driven("") as (app, pilot):
        with with_time_to_read(app, 3600.0):
            app.repair(next(iter(app.main.query_one(FindingsList).findings)))
            await until(pilot, lambda: isinstance(app.screen, Preview))
            await pilot.press("a", "a")
            await until_shown(pilot, "Preview")
            assert isinstance(app.screen, Preview)
            await pilot.press("escape")  # it is always left at once
            await until(pilot, lambda: app.screen is app.main)


async def test_a_key_agrees_when_there_was_time_to_read_and_never_while_it_is_held_down() -> None:
    async with driven("agree: f8") as (app, pilot):
        answered: list[bool | None] = []
        asked = Confirm("Sure?", Content("It is done then."), "Do it")
        app.push_screen(asked, answered.append)
        await until_shown(pilot, "Sure?")
        with with_time_to_read(app, 3600.0):
            for _ in range(3):
                asked._unread_since = time.monotonic() - 3000  # each repeat of the key counts anew
                await pilot.press("f8")
                assert time.monotonic() - asked._unread_since < 1000
            assert not answered
            asked._unread_since = time.monotonic() - 3700
            await pilot.press("f8")
            await until(pilot, lambda: answered == [True])


async def test_a_key_that_agrees_elsewhere_acts_at_once_where_it_does_not() -> None:
    async with driven("", size=WIDE) as (app, pilot):
        with with_time_to_read(app, 3600.0):
            await pilot.press("y")  # on the findings page it copies
            await until(pilot, lambda: any("clipboard" in each.message for each in app._notifications))


async def test_what_is_marked_is_repaired_from_every_page() -> None:
    async with driven("") as (app, pilot):
        await pilot.press("4", "R")
        await until(pilot, lambda: app.screen is not app.main)
    assert "on the report card" in ACTS["repair.marked"].places  # so no other act there can have its key


async def test_the_help_names_the_key_that_was_chosen_for_all_commands() -> None:
    async with driven("palette: ctrl+o") as (_, pilot):
        await pilot.press("question_mark")
        await until_shown(pilot, "All commands (ctrl+o)")
