"""The app comes back as it was left; what it remembers is whole, its own account's, and never worth a failure."""

from __future__ import annotations

import json
import os
import stat
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests import builders
from tests.tui import fakes
from tests.tui.driving import NARROW, WIDE, driven, flat, until, until_shown
from workbench.model.snapshot import Snapshot
from workbench.tui import app as app_module
from workbench.tui.app import WorkbenchApp
from workbench.tui.finding_rows import Order
from workbench.tui.remembered import FILE, LIMIT, Remembered, as_json, parse, read, write
from workbench.tui.screens.preview import Preview
from workbench.tui.widgets.findings import FindingsList
from workbench.tui.widgets.pages import PAGES

OTHER = 4321
only_root = pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give a file away")


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state" / "workbench"


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app_module, "REMEMBERED_EVERY", 0.05)


def at(state: Path, *, read_only: bool = False) -> fakes.FakeWorkbench:
    made = fakes.workbench(read_only=read_only)
    object.__setattr__(made, "state", state)
    return made


def kept(state: Path) -> Remembered:
    return parse((state / FILE).read_bytes())


def said(app: WorkbenchApp) -> str:
    """What the messages say that go away by themselves."""
    return "\n".join(each.message for each in app._notifications)


async def left(app: WorkbenchApp, pilot: Pilot[int]) -> None:
    await pilot.press("q")
    await until(pilot, lambda: app._exit)


async def test_it_comes_back_as_it_was_left(state: Path) -> None:
    async with driven(at(state), (140, 40), remembers=True, watch=True) as (app, pilot):
        await until(pilot, lambda: app.main.host_watch.waits)
        await pilot.press("f")
        await until(pilot, lambda: isinstance(app.screen, Preview))
        await pilot.press("d", "escape")
        await until(pilot, lambda: app.screen is app.main)
        await pilot.press("o", "o", "o", "O", "b", "b", "w", "2")
        app.theme = "textual-light"
        await left(app, pilot)
    assert app.return_value == 0
    assert kept(state) == Remembered("servers", Order("server", True), "server", "textual-light", False, True)
    assert stat.S_IMODE((state / FILE).stat().st_mode) == 0o600
    async with driven(at(state), (140, 40), remembers=True, watch=True) as (app, pilot):
        await until_shown(pilot, "not watching")
        assert app.as_it_is() == kept(state)
        assert app.main.query_one("#tabs").active == "tab-servers"  # type: ignore[attr-defined]
        await pilot.press("1")
        table = app.main.query_one(FindingsList)
        assert (table.order, table.group) == (Order("server", True), "server")
        assert "several servers" in flat(app) or "no server" in flat(app)
        await pilot.press("f")
        await until(pilot, lambda: isinstance(app.screen, Preview))
        await until_shown(pilot, "npx pkg@1.2.3")
        assert app.side_by_side


@pytest.mark.parametrize("page", [page.name for page in PAGES])
@pytest.mark.parametrize("size", [NARROW, WIDE], ids=str)
async def test_it_opens_on_every_page_with_the_keys_of_that_page(state: Path, page: str, size: tuple[int, int]) -> None:
    write(state, Remembered(page=page))
    async with driven(at(state), size, remembers=True) as (app, pilot):
        shown = app.main.query_one(f"#{page}")
        assert app.as_it_is().page == page and shown.display
        await until(pilot, lambda: app.focused is not None and shown in app.focused.ancestors_with_self)
        await pilot.press("1")
        assert app.main.query_one(FindingsList).has_focus
        assert len(app.main.query_one(FindingsList).findings) == 4


async def test_it_opens_there_before_the_first_look_has_ended(state: Path) -> None:
    write(state, Remembered("servers", Order("area"), "severity"))
    made = at(state)
    made.script.gate.clear()
    async with driven(made, remembers=True, looked=False) as (app, pilot):
        await until(pilot, lambda: app.as_it_is().page == "servers")
        made.script.gate.set()
        await until(pilot, lambda: app.main.report is not None)
        await pilot.press("1")
        await until_shown(pilot, "medium", "critical")


async def test_a_filter_and_a_hidden_list_do_not_come_back(state: Path) -> None:
    async with driven(at(state), WIDE, remembers=True) as (app, pilot):
        await pilot.press("slash", *"sev:medium", "enter", "z", "ctrl+q")
        await until(pilot, lambda: app._exit)
    assert not (state / FILE).exists()
    async with driven(at(state), WIDE, remembers=True) as (app, _):
        assert not app.main.query_one(FindingsList).filtered and not app.main.has_class("-zoomed")
        assert "critical" in flat(app)


async def test_a_kill_loses_nothing_that_is_older_than_a_moment_and_an_idle_app_does_not_write(
    state: Path, quick: None
) -> None:
    async with driven(at(state), remembers=True) as (_, pilot):
        await pilot.pause(0.3)
        assert not state.exists()
        await pilot.press("4")
        await until(pilot, lambda: (state / FILE).exists())
        assert kept(state).page == "card"
        before = (state / FILE).stat()
        await pilot.pause(0.3)
        after = (state / FILE).stat()
        assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)
        await pilot.press("5")
        await until(pilot, lambda: kept(state).page == "gaps")


async def test_a_signal_that_ends_it_does_not_lose_it(state: Path) -> None:
    async with driven(at(state), remembers=True) as (app, pilot):
        await pilot.press("4")
        app._end_by(15)
        await until(pilot, lambda: app._exit)
    assert app.return_code == 143
    assert kept(state).page == "card"


@pytest.mark.parametrize(
    ("read_only", "replay", "remembers"),
    [(True, None, True), (False, builders.snapshot(), True), (False, None, False)],
    ids=["read-only", "replay", "not asked to"],
)
@pytest.mark.parametrize("there", [False, True])
async def test_who_may_change_nothing_writes_nothing(
    state: Path, quick: None, read_only: bool, replay: Snapshot | None, remembers: bool, there: bool
) -> None:
    if there:
        write(state, Remembered(page="card"))
    before = [(path, path.stat().st_mtime_ns) for path in state.parent.rglob("*")]
    made = at(state, read_only=read_only)
    async with driven(made, remembers=remembers, replay=replay) as (app, pilot):
        # What is only read is read; a snapshot of another machine, or the demo, is shown as at the first start.
        assert app.as_it_is().page == ("card" if there and read_only else "findings")
        await pilot.press("1", "o", "2")
        app.theme = "nord"
        await pilot.pause(0.3)
        await left(app, pilot)
    assert [(path, path.stat().st_mtime_ns) for path in state.parent.rglob("*")] == before
    assert app.unsaid == ""


def _malformed(file: Path) -> None:
    file.write_bytes(b'{"page": "servers"')


def _huge(file: Path) -> None:
    file.write_bytes(as_json(Remembered("servers")).rstrip()[:-1] + b" " * LIMIT + b"}")


def _hostile(file: Path) -> None:
    hostile = {"page": "[@click=app.quit]x[/]", "theme": "\x1b]0;t\x07", "sorted_by": "../../etc", "told": [{}] * 1000}
    file.write_text(json.dumps(hostile))


def _deep(file: Path) -> None:
    file.write_bytes(b"[" * 30_000)


def _fifo(file: Path) -> None:
    os.mkfifo(file)


def _folder(file: Path) -> None:
    file.mkdir()


def _link(file: Path) -> None:
    target = file.parent / "elsewhere"
    target.write_bytes(as_json(Remembered("servers")))
    file.symlink_to(target)


def _dangling(file: Path) -> None:
    file.symlink_to(file.parent / "nothing")


def _foreign(file: Path) -> None:
    file.write_bytes(as_json(Remembered("servers")))
    os.chown(file, OTHER, OTHER)


REPLACED = (_malformed, _huge, _hostile, _deep)
LEFT = (_fifo, _folder, _link, _dangling, pytest.param(_foreign, marks=only_root))


def what(file: Path) -> object:
    status = file.lstat()
    content = file.read_bytes() if stat.S_ISREG(status.st_mode) else b""
    return status.st_ino, status.st_mode, status.st_uid, content


@pytest.mark.parametrize("spoil", [*REPLACED, *LEFT])
async def test_a_file_that_is_of_no_use_is_as_good_as_none_and_stays_until_there_is_something_to_write(
    state: Path, spoil: Callable[[Path], None]
) -> None:
    write(state, Remembered())
    (state / FILE).unlink()
    spoil(state / FILE)
    before = what(state / FILE)
    async with driven(at(state), remembers=True) as (app, pilot):
        assert app.as_it_is() == Remembered()
        await left(app, pilot)
    assert app.unsaid == "" and what(state / FILE) == before


@pytest.mark.parametrize("spoil", REPLACED)
async def test_a_spoilt_file_of_ones_own_is_replaced(state: Path, spoil: Callable[[Path], None]) -> None:
    write(state, Remembered())
    spoil(state / FILE)
    async with driven(at(state), remembers=True) as (app, pilot):
        await pilot.press("2")
        await left(app, pilot)
    assert app.unsaid == "" and kept(state) == Remembered("servers")


@pytest.mark.parametrize("spoil", LEFT)
async def test_what_is_not_a_file_of_ones_own_is_left_and_that_is_said_once(
    state: Path, quick: None, spoil: Callable[[Path], None]
) -> None:
    write(state, Remembered())
    (state / FILE).unlink()
    spoil(state / FILE)
    before, others = what(state / FILE), sorted(state.iterdir())
    async with driven(at(state), WIDE, remembers=True) as (app, pilot):
        await pilot.press("2")
        await until(pilot, lambda: "left as it is" in said(app))
        await pilot.press("3")
        await pilot.pause(0.3)
        assert said(app).count("not remembered for the next start") == 1
        await left(app, pilot)
    assert app.unsaid == ""
    assert what(state / FILE) == before and sorted(state.iterdir()) == others


def _a_file(state: Path) -> None:
    state.parent.mkdir()
    state.write_text("mine")


def _open_to_all(state: Path) -> None:
    state.mkdir(parents=True)
    state.chmod(0o777)


def _a_loop(state: Path) -> None:
    state.parent.mkdir()
    state.symlink_to(state)


def _of_another(state: Path) -> None:
    # As for root in the home of whoever typed sudo.
    state.mkdir(parents=True)
    os.chown(state, OTHER, OTHER)


def _home_of_another(state: Path) -> None:
    state.parent.mkdir()
    os.chown(state.parent, OTHER, OTHER)


@pytest.mark.parametrize(
    "spoil",
    [
        _a_file,
        _open_to_all,
        _a_loop,
        pytest.param(_of_another, marks=only_root),
        pytest.param(_home_of_another, marks=only_root),
    ],
)
async def test_nothing_is_written_where_another_account_has_a_hand(
    state: Path, quick: None, spoil: Callable[[Path], None]
) -> None:
    spoil(state)
    before = [(path, path.lstat().st_uid, path.lstat().st_mtime_ns) for path in state.parent.rglob("*")]
    async with driven(at(state), WIDE, remembers=True) as (app, pilot):
        await pilot.press("2")
        await until(pilot, lambda: "not remembered for the next start" in said(app))
        await left(app, pilot)
    assert [(path, path.lstat().st_uid, path.lstat().st_mtime_ns) for path in state.parent.rglob("*")] == before
    assert not list(state.parent.rglob(FILE))


async def test_a_folder_that_went_away_is_made_again(state: Path, quick: None) -> None:
    write(state, Remembered(page="card"))
    async with driven(at(state), remembers=True) as (app, pilot):
        (state / FILE).unlink()
        (state / "runs").rmdir()
        state.rmdir()
        await pilot.press("5")
        await until(pilot, lambda: (state / FILE).exists())
        assert stat.S_IMODE(state.stat().st_mode) == 0o700
        await left(app, pilot)
    assert kept(state).page == "gaps"


@pytest.mark.parametrize("every", [0.05, 60.0], ids=["already at it", "begun at the end"])
async def test_a_disk_that_does_not_answer_holds_nothing_up(
    state: Path, monkeypatch: pytest.MonkeyPatch, every: float
) -> None:
    monkeypatch.setattr(app_module, "REMEMBERED_EVERY", every)
    hangs = threading.Event()
    monkeypatch.setattr("workbench.tui.remembered.write", lambda *_: hangs.wait(20))
    monkeypatch.setattr("workbench.tui.remembered._PATIENCE", 0.1)
    async with driven(at(state), remembers=True) as (app, pilot):
        await pilot.press("2")
        await pilot.pause(0.2)
        await left(app, pilot)
    hangs.set()
    assert app.return_value == 0 and "did not answer" in app.unsaid


async def test_a_change_that_begins_while_it_is_written_ends_before_the_app(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hangs = threading.Event()
    monkeypatch.setattr("workbench.tui.remembered.write", lambda *_: hangs.wait(20))
    async with driven(at(state), remembers=True) as (app, pilot):
        await pilot.press("2")
        app._end_by(15)
        await pilot.pause()
        app.busy = True
        hangs.set()
        await pilot.pause(0.3)
        assert not app._exit
        app.busy = False
        await until(pilot, lambda: app._exit)
    assert app.return_code == 143


def test_what_was_not_kept_at_the_end_is_said_where_it_is_still_seen(
    state: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(WorkbenchApp, "run", lambda self: setattr(self, "unsaid", "the disk is full"))
    assert app_module.run(at(state)) == 0
    said = capsys.readouterr()
    assert said.out == "" and "not remembered for the next start: the disk is full" in said.err


def test_the_app_itself_remembers_and_a_replay_does_not(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[bool] = []
    monkeypatch.setattr(WorkbenchApp, "run", lambda self: opened.append(self.memory.keeps))
    app_module.run(at(state))
    app_module.run(at(state), builders.snapshot())
    app_module.run(at(state, read_only=True))
    assert opened == [True, False, False]


async def test_the_theme_of_the_environment_wins_and_the_chosen_one_is_not_forgotten(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(state, Remembered(theme="nord"))
    monkeypatch.setenv("TEXTUAL_THEME", "textual-light")
    async with driven(at(state), remembers=True) as (app, pilot):
        assert app.theme == "textual-dark"  # Textual itself has read the variable when it was imported
        await pilot.press("2")
        await left(app, pilot)
    assert kept(state) == Remembered("servers", theme="nord")
    monkeypatch.delenv("TEXTUAL_THEME")
    async with driven(at(state), remembers=True) as (app, pilot):
        assert app.theme == "nord"
        app.theme = "textual-dark"  # the usual one can be chosen again
        await left(app, pilot)
    assert kept(state).theme == "textual-dark"


async def test_a_theme_that_there_is_not_is_not_set(state: Path) -> None:
    write(state, Remembered(theme="of-a-newer-textual"))
    async with driven(at(state), remembers=True) as (app, pilot):
        assert app.theme == "textual-dark"
        await left(app, pilot)
    assert kept(state).theme == "of-a-newer-textual"


def test_of_two_that_write_at_once_the_file_is_always_whole(state: Path) -> None:
    wanted = [Remembered(page=page.name, told=("x" * 90,) * 50) for page in PAGES]
    write(state, wanted[0])
    ended = threading.Event()
    problems: list[Exception] = []

    def writes(each: Remembered) -> None:
        try:
            while not ended.is_set():
                write(state, each)
        except Exception as error:
            problems.append(error)

    threads = [threading.Thread(target=writes, args=(each,)) for each in wanted[:3]]
    for thread in threads:
        thread.start()
    try:
        seen = {read(state) for _ in range(200)}
    finally:
        ended.set()
        for thread in threads:
            thread.join()
    assert not problems and seen <= set(wanted)
    assert sorted(path.name for path in state.iterdir()) == [FILE, "runs"]
