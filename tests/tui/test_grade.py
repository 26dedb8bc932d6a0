"""The head of the main screen and the report card: what was assessed of each area, and what sudo would add."""

from __future__ import annotations

import pytest

from tests.tui import fakes
from tests.tui.driving import NARROW, WIDE, driven, flat, shown, until, until_shown
from workbench.model.finding import NotAssessed, Passed, Subject
from workbench.model.severity import Severity
from workbench.tui.coverage import sudo_unlocks
from workbench.tui.widgets.grade_box import areas
from workbench.tui.wording import coverage

GAP = NotAssessed("the environment of server-git", "permission denied", "run as root")
OTHER = NotAssessed("the engine", "it does not answer", "start it")
PASSED = Passed(Subject("x", "x", "x"))


def _workbench(*, wanted: bool = True, more: int = 0) -> fakes.FakeWorkbench:
    checks = [
        fakes.check("clients/a", fakes.finding(severity=Severity.HIGH)),
        fakes.check("clients/b", PASSED, worst=Severity.HIGH),
        fakes.check("secrets/c", GAP, worst=Severity.LOW),
        fakes.check("secrets/d", PASSED, GAP, worst=Severity.LOW),
        fakes.check("sockets/e", OTHER, worst=Severity.LOW),
        *(fakes.check(f"area{number}of-a-long-name/x", OTHER, PASSED) for number in range(more)),
    ]
    made = fakes.workbench(fakes.plugins(checks, [fakes.fix("clients/a")]))
    made.script.wanted = [("/usr/bin/base64", "-w0", "--", "/proc/1/environ")] if wanted else []
    return made


@pytest.mark.parametrize("size", [NARROW, WIDE], ids=str)
async def test_the_head_says_the_price_of_the_next_letter_the_shares_and_what_sudo_unlocks(
    size: tuple[int, int],
) -> None:
    async with driven(_workbench(), size) as (_, pilot):
        await until_shown(
            pilot,
            "Grade C a high finding stands: at most C",
            "2 of 5 checks assessed",
            "sudo (s) unlocks 2",
        )
        await until_shown(pilot, "clients C secrets – 0/2 sockets – 0/1", "next: 1 safe repair to A (R shows them)")


@pytest.mark.parametrize(("height", "brief"), [(24, True), (29, True), (30, False), (36, False)])
async def test_where_height_is_short_the_head_is_brief_on_every_page_but_the_findings(height: int, brief: bool) -> None:
    async with driven(_workbench(), (80, height)) as (app, pilot):
        head = app.main.query_one("#grade")
        await until_shown(pilot, "Grade C", "clients C", "next: 1 safe repair")
        whole = head.size.height
        for key in "2345678":
            await pilot.press(key)
            await until_shown(pilot, "Grade C", "a high finding stands", "2 of 5 checks assessed", "sudo (s) unlocks 2")
            assert ("next:" not in flat(app)) == brief
            assert (head.outer_size.height <= 4) == brief
        await pilot.press("1")
        await until_shown(pilot, "clients C", "next: 1 safe repair")
        assert head.size.height == whole


@pytest.mark.parametrize("key", ["", "2", "5"])
async def test_at_the_least_height_the_head_is_brief_on_every_page_and_none_of_it_is_broken(key: str) -> None:
    async with driven(_workbench(more=4), (60, 16)) as (app, pilot):
        await pilot.press(*key)
        await until_shown(pilot, "Grade C", "a high finding stands")
        assert app.main.query_one("#grade").outer_size.height <= 4
        assert all(line.startswith(("╭", "│  ", "╰")) for line in shown(app).splitlines()[:4])


async def test_the_brief_head_takes_one_line_where_that_holds_it() -> None:
    async with driven(_workbench(wanted=False), (120, 24)) as (app, pilot):
        await pilot.press("2")
        await until_shown(pilot, "C Grade C a high finding stands: at most C · 2 of 5 checks assessed")
        assert app.main.query_one("#grade").outer_size.height == 3


async def test_the_report_card_says_what_sudo_unlocks_where() -> None:
    async with driven(_workbench()) as (_, pilot):
        await pilot.press("4")
        await until_shown(pilot, "secrets", "0 of 2", "sudo (s) unlocks 2")


async def test_where_sudo_would_see_no_more_nothing_is_promised() -> None:
    async with driven(_workbench(wanted=False)) as (app, pilot):
        await until_shown(pilot, "2 of 5 checks assessed")
        assert "unlocks" not in flat(app)


async def test_where_the_shares_take_too_much_room_only_the_letters_stay() -> None:
    async with driven(_workbench(more=4)) as (app, _):
        report = app.main.report
        assert report is not None
        wide, narrow = areas(report, 200), areas(report, 67)
        assert "0/1" in "".join(line.plain for line in wide)
        assert "0/1" not in "".join(line.plain for line in narrow)
        assert max(line.cell_length for line in narrow) <= 67
        assert sudo_unlocks(report) == {"secrets": 2}


async def test_what_is_left_out_first_where_room_is_short_is_what_is_missed_least() -> None:
    high = fakes.finding(severity=Severity.HIGH)
    checks = [fakes.check("clients/a", PASSED), fakes.check("secrets/d", high, GAP)]
    async with driven(fakes.workbench(fakes.plugins(checks))) as (app, _):
        report = app.main.report
        assert report is not None
        assert report.grade.letter == "C"
        worst = "; at worst F"
        assert [coverage(report, 2, width) for width in (99, 65, 58, 45, 10)] == [
            f"2 of 2 checks assessed, 1 in part; sudo (s) unlocks 2{worst}",
            f"2 of 2 checks assessed, 1 in part; sudo (s) unlocks 2{worst}",
            f"2 of 2 assessed, 1 in part; sudo (s) unlocks 2{worst}",
            f"2 of 2 checks assessed{worst}",
            f"2 of 2 checks assessed{worst}",
        ]


async def test_a_letter_that_cannot_get_worse_is_not_said_twice() -> None:
    async with driven(fakes.workbench()) as (app, pilot):
        await until_shown(pilot, "Grade F", "4 of 5 checks assessed")
        assert "at worst" not in flat(app)


@pytest.mark.parametrize("first", [(40, 10), (60, 16), (64, 24), WIDE, (200, 50)], ids=str)
async def test_the_head_is_as_high_as_its_lines_after_another_size(first: tuple[int, int]) -> None:
    async with driven(_workbench(more=5), first) as (app, pilot):
        await pilot.resize_terminal(*NARROW)
        await until_shown(pilot, "Grade C", "clients C", "next: 1 safe repair")
        head = app.main.query_one("#grade")
        verdict = str(app.main.query_one("#verdict").render()).splitlines()
        await until(pilot, lambda: head.size.height == len(verdict))
