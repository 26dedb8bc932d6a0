"""A finding is accepted from the app with a reason and a last day, and shows as waived at once."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.widgets import Input

from tests import builders
from tests.tui import fakes
from tests.tui.driving import NARROW, WIDE, driven, flat, shown, until, until_shown
from workbench.tui.widgets.findings import FindingsList
from workbench.waivers.file import read


@pytest.fixture(autouse=True)
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    return tmp_path / "workbench" / "waivers.yaml"


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_it_is_kept_and_shown_and_not_counted(size: tuple[int, int], own: Path) -> None:
    async with driven(fakes.workbench(), size) as (app, pilot):
        table = app.main.query_one(FindingsList)
        assert "Findings 4" in flat(app)
        await pilot.press("W")
        await until_shown(pilot, "Accept this finding for a while", "2026-04-02")
        app.screen.query_one("#asked-reason", Input).value = "only I \x1b[2Jlog in “here”"
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is app.main)
        await until_shown(pilot, "Findings 3", "waived until 2026-04-02", "Grade C")
        assert len(table.findings) == 4
        assert table.findings[-1].waived  # what nobody accepted comes first
        assert "\x1b" not in shown(app)
        (waiver,) = read(own).waivers
        assert (waiver.reason, waiver.owner, waiver.expires) == ("only I \\x1b[2Jlog in “here”", "dev", "2026-04-02")
        await pilot.press("slash", *"waived:no", "enter")
        await until(pilot, lambda: len(table.findings) == 3)
        assert "waived until" not in shown(app)
        await pilot.press("escape", "slash", *"waived:yes", "enter")
        await until(pilot, lambda: len(table.findings) == 1)
        await pilot.press("escape", "r")
        await until(pilot, lambda: not app.main.looking and app.workbench.script.looks == 2)  # type: ignore[attr-defined]
        assert any(finding.waived for finding in table.findings)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [("reason", "", "!"), ("until", "2036-01-01", "at most 180 days"), ("until", "[red]soon", "'[red]soon' is no day")],
)
async def test_what_is_wrong_is_said_in_the_form(field: str, value: str, words: str, own: Path) -> None:
    async with driven(fakes.workbench(), WIDE) as (app, pilot):
        await pilot.press("W")
        await until_shown(pilot, "Accept this finding")
        app.screen.query_one("#asked-reason", Input).value = "because"
        app.screen.query_one(f"#asked-{field}", Input).value = value
        await pilot.click("#go")
        await until_shown(pilot, words)
        assert app.screen.focused is app.screen.query_one(f"#asked-{field}")
        await pilot.press("escape", "escape")  # a reason that was typed is not dropped without a word
        await until(pilot, lambda: app.screen is app.main)
    assert not own.exists()


async def test_read_only_and_a_replay_accept_nothing(own: Path) -> None:
    async with driven(fakes.workbench(read_only=True)) as (_app, pilot):
        await pilot.press("W")
        await until_shown(pilot, "Read-only", "nothing can be accepted")
    async with driven(fakes.workbench(), replay=builders.snapshot()) as (_app, pilot):
        await pilot.press("W")
        await until_shown(pilot, "This is the replay of a snapshot", "nothing can be accepted")
    assert not own.exists()


async def test_a_file_that_is_not_relied_on_is_left_as_it_is(own: Path) -> None:
    own.parent.mkdir(parents=True)
    own.write_text("waivers: nonsense")
    own.chmod(0o600)
    async with driven(fakes.workbench()) as (app, pilot):
        await pilot.press("W")
        await until_shown(pilot, "Accept this finding")
        app.screen.query_one("#asked-reason", Input).value = "because"
        await pilot.press("enter")
        await until_shown(pilot, "It was not accepted", "must be a list")
    assert own.read_text() == "waivers: nonsense"
