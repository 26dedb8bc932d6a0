"""The page of what was read, run and written: it follows, filters and copies, and nothing in it acts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from textual.widgets import Input

from tests.tui import fakes
from tests.tui.driving import NARROW, WIDE, driven, flat, shown, until, until_shown
from tests.tui.test_hostile import HOSTILE, assert_harmless
from workbench import activity
from workbench.activity import began, note, note_of_each, note_run
from workbench.tui.app import WorkbenchApp
from workbench.tui.widgets.activity_page import MOST_COPIED, sifted
from workbench.tui.widgets.activity_table import ActivityTable, row_line, whole


@pytest.fixture(autouse=True)
def nothing_yet() -> Iterator[None]:
    activity.forget()
    yield
    activity.forget()


def _some() -> None:
    note("read", "/home/dev/.cursor/mcp.json", began(), 812)
    note("read", "/etc/sudoers", began(), "permission denied")
    note_run(("/usr/bin/systemctl", "show", "a b"), began(), 0)
    note_run(("/usr/bin/sudo", "-n", "--", "/usr/bin/cat", "/etc/shadow"), began(), 1)
    note("connected", "/run/docker.sock", began())
    note("wrote", "/home/dev/.cursor/mcp.json", began(), 813)
    note_of_each("/proc/[pid]/status", began(), 12)


def test_a_line_says_when_what_and_what_came_of_it() -> None:
    _some()
    lines = [" ".join(row_line(act, 110).plain.split()) for act in activity.acts()]
    assert lines[0].split(" ", 1)[1].startswith("· read /home/dev/.cursor/mcp.json 812 bytes")
    assert "· read /etc/sudoers permission denied" in lines[1]
    assert "▸ ran /usr/bin/systemctl show 'a b' exit 0" in lines[2]
    assert "▲ ran as root /usr/bin/sudo -n -- /usr/bin/cat /etc/shadow exit 1" in lines[3]
    assert "↔ connected /run/docker.sock done" in lines[4]
    assert "✎ wrote /home/dev/.cursor/mcp.json 813 bytes" in lines[5]
    assert "· read /proc/[pid]/status × 12" in lines[6]
    assert all(row_line(act, 78).cell_length <= 78 for act in activity.acts())


def test_every_word_of_a_filter_must_be_there() -> None:
    _some()
    assert [act.shown for act in sifted(["root", "shadow"])[1]] == ["/usr/bin/sudo -n -- /usr/bin/cat /etc/shadow"]
    assert [act.shown for act in sifted(["denied"])[1]] == ["/etc/sudoers"]
    assert len(sifted([])[1]) == 7 and sifted(["nowhere"])[1] == ()


async def test_it_lists_and_follows_at_its_end_and_stays_elsewhere() -> None:
    _some()
    async with driven(fakes.workbench(), NARROW) as (app, pilot):
        await pilot.press("8")
        await until_shown(pilot, "3 read, 1 ran, 1 ran as root, 1 connected, 1 wrote", "● follows", "× 12")
        table = app.main.query_one(ActivityTable)
        note("read", "/tmp/one-more", began(), 5)
        await until(pilot, lambda: table.selected is not None and table.selected.shown == "/tmp/one-more")
        await pilot.press("g")
        await until_shown(pilot, "read /home/dev/.cursor/mcp.json 812 bytes")
        note("read", "/tmp/and-another", began(), 5)
        await until(pilot, lambda: len(table.acts) == 9)
        assert table.selected is not None and table.selected.shown == "/home/dev/.cursor/mcp.json"
        assert "● follows" not in flat(app)


async def test_it_is_empty_until_something_is_done() -> None:
    async with driven(fakes.workbench(), NARROW) as (app, pilot):
        activity.forget()
        await pilot.press("8")
        await until_shown(pilot, "Nothing was read or run yet")
        note("read", "/tmp/first", began(), 5)
        await until_shown(pilot, "/tmp/first")
        assert isinstance(app.focused, ActivityTable)


async def test_words_filter_it_and_escape_shows_all_again() -> None:
    _some()
    async with driven(fakes.workbench(), NARROW) as (app, pilot):
        await pilot.press("8")
        await until_shown(pilot, "3 read")
        await pilot.press("slash", *"cq")  # letters in the field are no commands
        box = app.main.query_one("#activity-filter", Input)
        assert box.value == "cq" and not app._exit
        await until_shown(pilot, "No line holds these words")
        await pilot.press("backspace", "backspace", *"shadow", "enter")
        await until_shown(pilot, "/ shadow", "1 of 7", "/etc/shadow")
        assert isinstance(app.focused, ActivityTable)
        await pilot.press("escape")
        await until_shown(pilot, "/proc/[pid]/status")
        assert not box.region


async def test_a_line_and_all_lines_are_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    copied: list[str] = []
    monkeypatch.setattr(WorkbenchApp, "copy_to_clipboard", lambda self, text: copied.append(text))
    _some()
    async with driven(fakes.workbench(), NARROW) as (_, pilot):
        await pilot.press("8")
        await until_shown(pilot, "3 read")
        await pilot.press("g", "c")
        await until_shown(pilot, "sent to the terminal's clipboard")
        assert copied == [whole(activity.acts()[0])]
        await pilot.press("C")
        await until(pilot, lambda: len(copied) == 2)
        assert copied[1].split("\n") == [whole(act) for act in activity.acts()]
        for number in range(3000):
            note("read", f"/some/long/path/of/a/file/{number}", began(), 5)
        await pilot.press("G")
        await until_shown(pilot, "/2999")
        await pilot.press("C")
        await until_shown(pilot, "are too much for it")
        assert len(copied[2]) <= MOST_COPIED and copied[2].endswith(whole(activity.acts()[-1]))


async def test_the_mouse_copies_the_line_it_points_at(monkeypatch: pytest.MonkeyPatch) -> None:
    copied: list[str] = []
    monkeypatch.setattr(WorkbenchApp, "copy_to_clipboard", lambda self, text: copied.append(text))
    _some()
    async with driven(fakes.workbench(), NARROW) as (_, pilot):
        await pilot.click("#tab-activity")
        await until_shown(pilot, "3 read")
        await pilot.click("#activity-table", offset=(20, 2))
        await until(pilot, lambda: len(copied) == 1)
        assert "/etc/sudoers" in copied[0]


async def test_thousands_of_lines_are_drawn_as_a_screenful() -> None:
    for number in range(6000):
        note("read", f"/{number}", began(), 5)
    async with driven(fakes.workbench(), NARROW) as (app, pilot):
        await pilot.press("8")
        await until_shown(pilot, "5,000 read (the last 5,000)", "/5999")
        assert len(shown(app).split("\n")) <= 24


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
async def test_hostile_text_acts_nowhere(text: str) -> None:
    for kind in ("read", "connected", "wrote"):
        note(kind, f"/{text}", began(), f"W{text}")
    note_run((f"/{text}", text, f"--token={text}"), began(), text)
    async with driven(fakes.workbench(), WIDE) as (app, pilot):
        await pilot.press("8")
        await until_shown(pilot, "1 ran, 1 connected")
        for _ in range(8):
            assert_harmless(app)
            await pilot.press("k")
        await pilot.click("#activity-table", offset=(20, 2))
        await pilot.pause()
        assert_harmless(app)
