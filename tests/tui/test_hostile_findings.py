"""Hostile text in the table of findings, its filter, the lines of a file, the code of a check and a list of repairs."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.tui import fakes, inventories
from tests.tui.driving import NARROW, WIDE, driven, flat, until, until_shown
from tests.tui.test_batch import Batch, BatchRun, BatchWorkbench, Left, Step
from tests.tui.test_hostile import HOSTILE, assert_harmless, hostile
from workbench.model.finding import Evidence, Finding, Location, Subject
from workbench.model.run import Change, RunState
from workbench.model.severity import Severity
from workbench.tui.screens.batch import BatchReview
from workbench.tui.screens.batch_result import BatchResult
from workbench.tui.screens.code import Code
from workbench.tui.widgets.filter_line import FilterInput
from workbench.tui.widgets.findings import FindingsList

BOTH = pytest.mark.parametrize("size", [NARROW, WIDE], ids=str)


def _finding(text: str, where: Location | None = None) -> Finding:
    subject = Subject("server", f"{inventories.CONFIG}#mcpServers/{text}", text)
    seen = (Evidence(text, f"A{text}", ("stat", text)),)
    return Finding(subject, Severity.HIGH, f"S{text}", seen, where, (Subject(text, text, text),), detail=text)


def _workbench(*findings: Finding) -> fakes.FakeWorkbench:
    made = fakes.workbench(fakes.plugins([fakes.check("clients/a", *findings)], [fakes.fix("clients/a")]))
    return made


@hostile
@BOTH
async def test_in_every_order_and_group_and_in_the_filter(text: str, size: tuple[int, int]) -> None:
    workbench = _workbench(_finding(text), replace(_finding(f"{text}2"), severity=Severity.LOW))
    workbench.script.snapshot = inventories.host(inventories.server(text), inventories.server(f"{text}2"))
    async with driven(workbench, size) as (app, pilot):
        for key in ("o", "o", "o", "o", "O", "space", "b", "b", "k", "left", "right", "b", "b"):
            await pilot.press(key)
            await pilot.pause()
            assert_harmless(app)
        await pilot.press("slash")
        for typed in (text[:500], f"sev:{text[:100]}", f"area:{text[:100]}", f"{text[:15]}:x", f'-"{text[:400]}'):
            app.main.query_one(FilterInput).value = typed
            await pilot.pause()
            assert_harmless(app)
        await pilot.press("escape", "y")
        assert all(unicodedata.category(each) not in {"Cc", "Cf", "Cs"} for each in app.clipboard.replace("\n", ""))
        for place in ((30, 10), (0, 10), (20, 8), (70, 11)):
            await pilot.click(offset=place)
            assert_harmless(app)


@hostile
@BOTH
async def test_in_the_lines_of_a_file_and_in_the_code_of_a_check(
    text: str, size: tuple[int, int], tmp_path: Path
) -> None:
    path = tmp_path / "file.json"
    path.write_text(f'before\n"""\n{text}\n{text}"x": 1\nthe end\n', "utf-8", "surrogatepass")
    workbench = _workbench(_finding(text, Location(str(path), 3)))
    check = replace(workbench.plugins.checks["clients/a"], file=str(path))
    object.__setattr__(workbench, "plugins", replace(workbench.plugins, checks={"clients/a": check}))
    async with driven(workbench, size) as (app, pilot):
        await pilot.press("enter" if size is NARROW else "z")
        for _ in range(40):
            assert_harmless(app)
            if "› 3" in flat(app):
                break
            await pilot.press("j")
        assert "In the file, line 3" in flat(app) or len(text) > 1000
        await pilot.press("c")
        await until(pilot, lambda: isinstance(app.screen, Code))
        await until(pilot, lambda: "Reading the code" not in flat(app))
        assert_harmless(app)
        await pilot.press("g")
        assert_harmless(app)


@hostile
async def test_in_a_list_of_repairs_and_in_its_result(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    usual = _workbench(_finding(text))
    workbench = BatchWorkbench(usual.context, usual.plugins, usual.state)
    object.__setattr__(workbench, "script", usual.script)
    finding = _finding(text)
    diff = f"--- a/{text}\n+++ b/{text}\n@@ -1 +1 @@\n-{text}\n+new {text}\n"
    changes = (Change(f"/{text}", f"C{text}", diff, 0o666, 0o600),)
    plan = replace(fakes.titled(f"P{text}"), consequences=text)
    step = Step(finding, plan, changes, (finding,), (text,))
    ended = BatchRun("r", RunState.ROLLED_BACK, plan, changes, text, text, f"M{text}", batch="b")

    def planned(*_: object) -> Any:
        return Batch((step,), (Left(finding, text),))

    def applied(self: object, batch: object, on_progress: Any, before: object) -> Any:
        on_progress(0, text)
        return (replace(ended, state=RunState.APPLIED), ended)

    monkeypatch.setattr(BatchWorkbench, "plan_safe", planned)
    monkeypatch.setattr(BatchWorkbench, "apply_batch", applied)
    async with driven(workbench, WIDE) as (app, pilot):
        await pilot.press("R")
        await until(pilot, lambda: isinstance(app.screen, BatchReview))
        for _ in range(3):
            assert_harmless(app)
            await pilot.press("pagedown")
        await pilot.press("a")
        await until(pilot, lambda: isinstance(app.screen, BatchResult))
        assert_harmless(app)
        await pilot.press("u")
        await pilot.pause()
        assert_harmless(app)


async def test_what_a_file_says_is_shown_as_it_is_with_its_place_marked(tmp_path: Path) -> None:
    path = tmp_path / "rules.conf"
    path.write_text(f"first\n{HOSTILE['click']}\nthird\n")
    async with driven(_workbench(_finding("x", Location(str(path), 2))), (120, 60)) as (app, pilot):
        await until_shown(pilot, "In the file, line 2", "1 first", f"› 2 {HOSTILE['click']}", "3 third")
        assert "changed since the scan" in flat(app)  # the fake's snapshot is older
        path.unlink()
        await pilot.press("r")
        await until_shown(pilot, "Its lines cannot be shown: it does not exist")
        assert app.main.query_one(FindingsList).selected is not None
