"""Hostile text in the windows that ask: what is accepted, what is exported, what was interrupted, what was typed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from textual.widgets import Input

from tests.tui import fakes
from tests.tui.driving import NARROW, WIDE, driven, until
from tests.tui.test_history import _run
from tests.tui.test_hostile import _hostile_finding, assert_harmless, hostile
from workbench.model.run import RunState
from workbench.tui.host_watch import TITLE
from workbench.tui.screens.agree import Agree
from workbench.tui.screens.form import Form
from workbench.tui.widgets.filter_line import FilterInput


@hostile
async def test_in_the_forms_that_accept_and_export(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    workbench = fakes.workbench(fakes.plugins([fakes.check("clients/a", _hostile_finding(text))]))
    host = replace(workbench.script.snapshot.host, user=text, platform=text, home=text)
    workbench.script.snapshot = replace(workbench.script.snapshot, host=host)
    async with driven(workbench, NARROW) as (app, pilot):
        for key, names in (("W", ("reason", "until", "owner")), ("e", ("file",))):
            await pilot.press(key)
            await until(pilot, lambda: isinstance(app.screen, Form))
            assert_harmless(app)
            for name in names:
                app.screen.query_one(f"#asked-{name}", Input).value = f"{text[:2000]}/{text[:100]}"
                await pilot.pause()
                assert_harmless(app)
            await pilot.click("#go")
            await pilot.pause()
            assert_harmless(app)
            for _ in range(3):
                if app.screen is not app.main:
                    await pilot.press("escape")
                    await pilot.pause(0.05)
            await until(pilot, lambda: app.screen is app.main)


@hostile
async def test_in_the_question_at_the_start_in_what_is_announced_and_in_what_is_typed(text: str) -> None:
    workbench = fakes.workbench()
    workbench.script.runs += [_run(number, RunState.STARTED, title=f"T{text}", started_at=text) for number in range(30)]
    async with driven(workbench, WIDE) as (app, pilot):
        await until(pilot, lambda: isinstance(app.screen, Agree))
        assert_harmless(app)
        await pilot.press("end")
        assert_harmless(app)
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is app.main)
        app.tell(f"{TITLE} {text}", "warning")
        await pilot.press("slash")
        app.main.query_one(FilterInput).value = text[:500]
        await pilot.pause()
        assert_harmless(app)
        await pilot.press("escape", "8", "slash")
        app.main.query_one("#activity-filter", Input).value = text[:2000]
        await pilot.pause(0.1)
        assert_harmless(app)
