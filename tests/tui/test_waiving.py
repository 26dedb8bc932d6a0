"""A finding is accepted from the app with a reason and a last day, and shows as waived at once."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from tests import builders
from tests.tui import fakes
from tests.tui.driving import NARROW, WIDE, driven, flat, shown, until, until_shown
from workbench.demo.playing import demo
from workbench.model.severity import Severity
from workbench.model.waiver import Waiver
from workbench.plugins import load
from workbench.tui.app import WorkbenchApp
from workbench.tui.waiving import waived_of
from workbench.tui.widgets.findings import FindingsList
from workbench.waivers.expired import finding_of
from workbench.waivers.file import read

BOTH = pytest.mark.parametrize("size", [NARROW, WIDE], ids=str)


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


async def _waived(own: Path, pilot: Pilot[int], app: WorkbenchApp) -> None:
    await pilot.press("W")
    await until_shown(pilot, "Accept this finding for a while")
    assert not app.screen.query("#other")
    app.screen.query_one("#asked-reason", Input).value = "only I log in here"
    await pilot.press("enter")
    await until(pilot, lambda: app.screen is app.main)
    await until_shown(pilot, "Findings 3", "waived until 2026-04-02")


@BOTH
async def test_what_was_accepted_is_taken_back_from_the_form(size: tuple[int, int], own: Path) -> None:
    async with driven(fakes.workbench(), size) as (app, pilot):
        await _waived(own, pilot, app)
        table = app.main.query_one(FindingsList)
        table.choose(next(finding for finding in table.findings if finding.waived))
        await pilot.press("W")
        await until_shown(
            pilot, "This finding was accepted for a while", "dev accepted it until 2026-04-02: only I log in"
        )
        await pilot.press("tab", "tab", "tab", "tab")
        assert app.screen.focused is app.screen.query_one("#other")
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is app.main)
        await until_shown(pilot, "Findings 4", "Taken back", "Grade F")
        assert not any(finding.waived for finding in table.findings)
    assert read(own).waivers == ()


async def test_a_renewal_keeps_the_finding_accepted(own: Path) -> None:
    async with driven(fakes.workbench(), WIDE) as (app, pilot):
        await _waived(own, pilot, app)
        table = app.main.query_one(FindingsList)
        table.choose(next(finding for finding in table.findings if finding.waived))
        await pilot.press("W")
        await until_shown(pilot, "Accept it anew")
        app.screen.query_one("#asked-reason", Input).value = "still"
        await pilot.press("enter")
        await until(pilot, lambda: [waiver.reason for waiver in read(own).waivers] == ["still"])


async def test_what_cannot_be_taken_back_is_said_and_stays(own: Path) -> None:
    async with driven(fakes.workbench(), WIDE) as (app, pilot):
        await _waived(own, pilot, app)
        table = app.main.query_one(FindingsList)
        table.choose(next(finding for finding in table.findings if finding.waived))
        own.chmod(0o666)
        await pilot.press("W")
        await until_shown(pilot, "Take it back")
        await pilot.click("#other")
        await until_shown(pilot, "It was not taken back", "not relied on")
    assert "only I log in here" in own.read_text()


def test_of_an_expired_waiver_it_is_the_finding_behind_it_that_is_taken_back() -> None:
    waiver = Waiver("a/b", "0123456789abcdef", "x", "dev", "2026-01-01", "2026-01-02", Severity.LOW, ("0" * 12,))
    expired = finding_of(waiver, None, "/w.yaml")
    assert waived_of(expired) == waiver.finding
    assert waived_of(fakes.finding()) == ""


async def test_in_a_demo_it_is_taken_back_in_memory_alone(own: Path) -> None:
    async with driven(demo(load()), WIDE) as (app, pilot):
        table = app.main.query_one(FindingsList)
        before = table.found
        finding = next(finding for finding in table.findings if not finding.waived)
        for words, said in (("because", "Accepted until"), ("", "Taken back, in this demo")):
            table.choose(finding)
            await pilot.press("W")
            await until_shown(pilot, "Accept it" if words else "Accept it anew")
            if words:
                app.screen.query_one("#asked-reason", Input).value = words
                await pilot.press("enter")
            else:
                await pilot.press("tab", "tab", "tab", "tab", "enter")
            await until(pilot, lambda: app.screen is app.main)
            await until_shown(pilot, said)
            assert any(each.waived and each.identity == finding.identity for each in table.findings) == bool(words)
        assert table.found == before
    assert not own.exists()


async def test_what_fails_unexpectedly_points_to_the_file_and_not_to_the_history(
    own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise RuntimeError("it went wrong")

    monkeypatch.setattr("workbench.waivers.accepting.keep", fails)
    async with driven(fakes.workbench()) as (app, pilot):
        await pilot.press("W")
        await until_shown(pilot, "Accept this finding for a while")
        app.screen.query_one("#asked-reason", Input).value = "only I log in"
        await pilot.press("enter")
        await until_shown(pilot, "It was not accepted", "RuntimeError: it went wrong", "what the file holds now")
        assert "history" not in flat(app).lower().replace("h history", "").replace("trail history activity", "")
