"""What the list of findings may cost: counted in calls, for a clock tells more of the machine than of the app."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.tui import fakes
from tests.tui.driving import WIDE, driven, until, until_shown
from workbench.finding_filter import Filter
from workbench.model.finding import Finding
from workbench.model.severity import Severity
from workbench.tui import finding_rows, lesson, looking
from workbench.tui.app import WorkbenchApp
from workbench.tui.widgets import detail, findings
from workbench.tui.widgets.detail import DetailPane
from workbench.tui.widgets.findings import FindingsList

MANY = 3000


def many() -> list[Finding]:
    severities = list(Severity)
    return [
        fakes.finding(f"any account can write file {number}", severities[number % 5], f"key {number}", f"file {number}")
        for number in range(MANY)
    ]


def workbench() -> fakes.FakeWorkbench:
    return fakes.workbench(fakes.plugins([fakes.check("area/check", *many())]))


@contextmanager
def counted(monkeypatch: pytest.MonkeyPatch, *places: tuple[Any, str]) -> Iterator[dict[str, int]]:
    """How often each function is called, under its name."""
    calls = dict.fromkeys((name for _, name in places), 0)

    def counting(name: str, work: Callable[..., Any]) -> Callable[..., Any]:
        def counts(*arguments: Any, **named: Any) -> Any:
            calls[name] += 1
            return work(*arguments, **named)

        return counts

    with monkeypatch.context() as patched:
        for place, name in places:
            patched.setattr(place, name, counting(name, getattr(place, name)))
        yield calls


async def moved(app: WorkbenchApp, pilot: Pilot[int], times: int) -> None:
    table = app.main.query_one(FindingsList)
    table.focus()
    for _ in range(times):
        table.action_move(1)
    await pilot.pause()
    await until_shown(pilot, f"{times + 1} of {MANY}")


async def test_of_twenty_quick_moves_the_last_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    async with driven(workbench(), WIDE) as (app, pilot):
        lesson.lesson.cache_clear()
        with counted(monkeypatch, (DetailPane, "show"), (lesson, "_lines")) as calls:
            await moved(app, pilot, 20)
        assert 1 <= calls["show"] <= 2
        # The lesson is the same for all findings of a check; its attack stands apart from the rest.
        assert calls["_lines"] <= 2


async def test_a_move_of_the_cursor_does_no_work_for_every_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    async with driven(workbench(), WIDE) as (app, pilot):
        table = app.main.query_one(FindingsList)
        table.focus()
        await pilot.press("j", "k")
        every = (
            (findings, "tall"),
            (findings, "arranged"),
            (findings, "finding_line"),
            (finding_rows, "unsaid"),
            (detail, "page"),
        )
        with counted(monkeypatch, *every) as calls:
            for place in range(8):
                await pilot.press("j")
                assert table.position == f"{place + 2} of {MANY}"
        assert calls["tall"] == calls["arranged"] == calls["unsaid"] == 0
        # Nothing has scrolled: what was drawn is kept.
        assert calls["finding_line"] == 0
        assert calls["page"] <= 2 * 8  # each finding once, and once more with the lines of its file


async def test_a_row_in_view_is_made_once_however_often_the_list_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    async with driven(workbench(), WIDE) as (app, pilot):
        table = app.main.query_one(FindingsList)
        await pilot.pause()
        with counted(monkeypatch, (findings, "finding_line")) as calls:
            for _ in range(5):
                table.refresh()
                await pilot.pause()
        assert calls["finding_line"] == 0


async def test_what_a_look_found_is_made_ready_to_be_listed_outside_of_the_thread_that_draws(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with driven(workbench(), WIDE) as (app, pilot):
        with counted(monkeypatch, (findings, "listed"), (looking, "listed")) as calls:
            before = app.main.report
            await pilot.press("r")
            await until(pilot, lambda: app.main.report is not before and not app.main.looking)
            assert app.main.query_one(FindingsList).total == MANY
        # Both are one function, counted where it is called: that of the check as it streams, and that of the report.
        assert calls["listed"] == 2


async def test_the_place_of_the_cursor_counts_findings_and_no_headings() -> None:
    async with driven(workbench(), WIDE) as (app, pilot):
        table = app.main.query_one(FindingsList)
        table.focus()
        await pilot.press("b", "b", "b", "g")
        assert table.highlighted is None and table.position == ""
        told: list[int | None] = []
        for row in range(1, table.count()):
            table._at = row
            if table.selected is not None:
                told.append(table.highlighted)
        assert told == list(range(MANY))
        table.filter(Filter())
