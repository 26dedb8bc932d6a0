"""What every screen owes the eye: a footer that fits, any theme, no colour, no cut words, help that lists the keys."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from textual.content import Content
from textual.pilot import Pilot
from textual.widgets import Footer

from tests import builders
from tests.tui import fakes, inventories
from tests.tui.driving import NARROW, WIDE, driven, flat, shown, until, until_shown
from workbench.model.finding import Finding
from workbench.model.plan import Plan, proof
from workbench.model.run import RunState
from workbench.tui.app import WorkbenchApp
from workbench.tui.plain import hanging, plain, stacked
from workbench.tui.screens import preview as preview_module
from workbench.tui.screens.help import Help
from workbench.tui.screens.result import Outcome, outcome_lines
from workbench.tui.widgets.diff import diff
from workbench.tui.widgets.split_diff import split_diff
from workbench.tui.wording import at_home, mode, moment

PATHS: tuple[tuple[str, ...], ...] = (
    (),
    ("enter",),
    ("2",),
    ("2", "enter"),
    ("3",),
    ("4",),
    ("5",),
    ("f",),
    ("f", "a"),
    ("h",),
    ("7", "enter"),
    ("7", "enter", "u"),
    ("8",),
    ("8", "slash"),
)


async def _walked(app: WorkbenchApp, pilot: Pilot[int], keys: tuple[str, ...]) -> None:
    for key in keys:
        await pilot.press(key)
        await pilot.pause(0.1)
        await until(pilot, lambda: not app.busy and not app.main.looking)


@pytest.mark.parametrize("keys", PATHS, ids=lambda keys: "-".join(keys) or "start")
async def test_the_footer_fits_eighty_columns_with_at_most_seven_keys(keys: tuple[str, ...]) -> None:
    workbench = fakes.workbench()
    workbench.script.runs.append(fakes.run())
    async with driven(workbench, NARROW) as (app, pilot):
        await _walked(app, pilot, keys)
        footer = app.screen.query_one(Footer)
        await until(pilot, lambda: len(footer.children) > 0)
        right = max(child.region.right for child in footer.children)
        assert 1 <= len(footer.children) <= 7
        assert right <= 80
        assert footer.virtual_size.width <= 80


@pytest.mark.parametrize(("page", "unlocks"), [("4", True), ("5", True), ("4", False), ("5", False)])
async def test_the_footer_has_the_keys_that_the_text_of_the_report_names(page: str, unlocks: bool) -> None:
    workbench = fakes.workbench()
    workbench.script.wanted = [("/usr/sbin/auditctl", "-l")] if unlocks else []
    async with driven(workbench, NARROW) as (app, pilot):
        await pilot.press(page)
        await until(pilot, lambda: "e Export" in _foot(app))
        assert ("s Sudo" in _foot(app)) == unlocks
        assert len(_foot(app)) <= 80 and "q Quit" in _foot(app)
        await pilot.press("e")
        await until_shown(pilot, "Export the report")
        await pilot.press("escape")
        if unlocks:
            await pilot.press("s")
            await until_shown(pilot, "through sudo")
            await pilot.press("escape")
        await pilot.press("3")
        await until(pilot, lambda: "e Export" not in _foot(app) and "s Sudo" not in _foot(app))


def _foot(app: WorkbenchApp) -> str:
    return shown(app).splitlines()[-1]


@pytest.mark.parametrize("size", [(60, 16), NARROW, (99, 30), WIDE], ids=str)
async def test_every_size_draws_every_screen(size: tuple[int, int]) -> None:
    workbench = fakes.workbench()
    workbench.script.runs.append(fakes.run())
    async with driven(workbench, size) as (app, pilot):
        for keys, words in (
            (("question_mark",), "Keys here"),
            (("escape", "h"), "newest first"),
            (("8",), "since the start"),
            (("1", "f"), "Preview"),
            (("a",), "Result"),
        ):
            await _walked(app, pilot, keys)
            await until_shown(pilot, words)
            assert len(shown(app).splitlines()) <= size[1]
            assert "This terminal is" not in flat(app)


async def test_the_light_theme_is_light_and_every_severity_is_a_word_and_a_symbol() -> None:
    async with driven(fakes.workbench(), WIDE, theme="textual-light") as (app, _):
        background = app.screen.background_colors[1]
        assert background.brightness > 0.7
        for words in ("✖ critical", "▲ high", "◆ medium"):
            assert words in shown(app)


async def test_without_colour_nothing_is_coloured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with driven(fakes.workbench(), WIDE) as (app, pilot):
        assert app.no_color
        await pilot.press("f")
        await until_shown(pilot, '- "command": "npx pkg",', '+ "command"')


@pytest.mark.parametrize("size", [(60, 16), NARROW, WIDE], ids=str)
async def test_a_page_is_wrapped_for_its_width_from_the_first_picture_on(
    size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    widths = []
    written = preview_module.preview

    def recorded(finding: Finding, plan: Plan, changes: Any, width: int, **more: Any) -> Iterator[Content]:
        widths.append(width)
        return written(finding, plan, changes, width, **more)

    monkeypatch.setattr(preview_module, "preview", recorded)
    async with driven(fakes.workbench(), size) as (_, pilot):
        await pilot.press("f")
        await until_shown(pilot, "Preview")
        assert widths and len(set(widths)) == 1


def _reversed(app: WorkbenchApp) -> str:
    strips = app.screen._compositor.render_strips()
    return " ".join(segment.text for strip in strips for segment in strip if segment.style and segment.style.reverse)


@pytest.mark.parametrize(
    ("theme", "colour"), [("textual-dark", False), ("ansi-light", False), ("ansi-light", True), ("ansi-dark", True)]
)
async def test_where_no_tint_is_seen_the_cursor_stands_out_all_the_same(
    theme: str, colour: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not colour:
        monkeypatch.setenv("NO_COLOR", "1")
    workbench = fakes.workbench()
    workbench.script.snapshot = inventories.usual()
    async with driven(workbench, NARROW, theme=theme) as (app, pilot):
        assert "✖ critical" in _reversed(app) and "▲ high" not in _reversed(app)
        await pilot.press("2")
        await until(pilot, lambda: "stray" in _reversed(app))
        assert "Needs attention" not in _reversed(app)
        await pilot.press("1", "f")
        await until_shown(pilot, "What will be done")
        if theme.startswith("ansi"):
            assert "Cancel" in _reversed(app) and "Apply" not in _reversed(app)


async def test_nothing_moves_where_animations_are_off() -> None:
    workbench = fakes.workbench(open_gates=False)
    async with driven(workbench, looked=False) as (app, pilot):
        await until_shown(pilot, "Looking at this host")
        first = shown(app)
        await pilot.pause(0.4)
        assert shown(app) == first
        assert not any("\u2800" <= character <= "\u28ff" for character in first)  # no spinner of braille
        workbench.script.gate.set()
        workbench.script.check_gate.set()


@pytest.mark.parametrize("opened_from", [(), ("h",), ("f",)], ids=lambda keys: "-".join(keys) or "main")
async def test_help_lists_the_keys_of_the_screen_it_was_opened_from(opened_from: tuple[str, ...]) -> None:
    async with driven(fakes.workbench(), (100, 70)) as (app, pilot):
        await _walked(app, pilot, opened_from)
        own = app.screen
        shown_in_footer = {
            active.binding.tooltip or active.binding.description
            for active in own.active_bindings.values()
            if active.binding.show and active.binding.description
        }
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(app.screen, Help))
        await until_shown(pilot, "Keys here", "How bad a finding is", *shown_in_footer)
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is own)


async def test_the_palette_offers_what_the_keys_offer() -> None:
    async with driven(fakes.workbench()) as (app, _):
        titles = {command.title for command in app.get_system_commands(app.screen)}
        assert {"Repair", "Rescan", "Undo", "History", "Theme", "Show: Not assessed"} <= titles


@pytest.mark.parametrize("key", ["q", "ctrl+q", "ctrl+c"])
async def test_every_quitting_key_quits_with_zero(key: str) -> None:
    async with driven(fakes.workbench()) as (app, pilot):
        await pilot.press(key)
        await until(pilot, lambda: app._exit)
    assert app.return_value == 0
    assert (app.return_code or 0) == 0


async def test_a_long_path_breaks_after_a_slash_and_words_stay_whole() -> None:
    text = "any account can read /home/dev/.config/Claude/claude_desktop_config.json, which holds 1 secret"
    lines = hanging(plain("where  "), plain(text), 40).plain.split("\n")
    assert max(map(len, lines)) <= 40
    assert all(line.startswith("       ") for line in lines[1:])
    assert "".join(line[7:] for line in lines).replace(" ", "") == text.replace(" ", "")
    assert any(line.endswith("/") for line in lines)
    assert lines[0] == "where  any account can read"


def test_a_diff_keeps_every_character_and_its_signs() -> None:
    text = "--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n-\told\r\n+\tnew\x1b[2J\n same \n\\ No newline at end of file\n"
    assert diff(text, 60).plain.split("\n") == [
        "--- a/x",
        "+++ b/x",
        "@@ -1,2 +1,2 @@",
        "-→   old\\x0d",
        "+→   new\\x1b[2J",
        " same ",
        "\\ No newline at end of file",
    ]


def test_a_change_far_inside_one_very_long_line_is_shown() -> None:
    rest = '"x": 1, ' * 2000
    shown = diff(f'@@ -1 +1 @@\n-{{{rest}"pkg@latest", {rest}}}\n+{{{rest}"pkg@1.2.3", {rest}}}\n', 70).plain
    assert "pkg@latest" in shown.replace("\n  ", "") and "pkg@1.2.3" in shown.replace("\n  ", "")
    assert "characters as they are" in shown.replace("\n  ", "")
    assert len(shown) < 1500


def test_what_differs_in_two_lines_is_marked_and_the_signs_stay() -> None:
    text = '--- a\n+++ b\n@@ -1,2 +1,3 @@\n same\n-  "x": "npx pkg",\n+  "x": "npx pkg@1",\n+  more\n'
    shown = diff(text, 60)
    marked = {shown.plain[span.start : span.end] for span in shown.spans if "on $" in str(span.style)}
    assert marked == {"@1"}
    assert shown.plain.split("\n")[4:] == ['-  "x": "npx pkg",', '+  "x": "npx pkg@1",', "+  more"]


def test_a_line_that_begins_like_the_head_of_a_diff_is_a_line() -> None:
    text = "--- a\n+++ b\n@@ -1,1 +1,1 @@\n--- gone\n+++ come\n"
    rows = split_diff(text, 43).plain.split("\n")
    assert rows[:3] == ["--- a", "+++ b", "@@ -1,1 +1,1 @@"]
    assert rows[3].split("│")[0].rstrip() == "--- gone" and rows[3].split("│")[1].strip() == "+++ come"


def test_two_columns_keep_every_line_and_every_character() -> None:
    long = "x" * 70
    text = f"--- a\n+++ b\n@@ -1,3 +1,2 @@\n same\n-one\n-{long}\n+two\n end\n"
    shown = split_diff(text, 83).plain
    left = "".join(line.split(" │ ")[0].strip() for line in shown.split("\n")[3:])
    assert left == f"same-one-{long}end".replace("same-", "same-")
    assert all(line.count("│") == 1 for line in shown.split("\n")[3:])
    assert "+two" in shown and max(map(len, shown.split("\n"))) <= 83
    assert "no diff line" in split_diff(" no diff line\n", 40).plain


def test_small_words() -> None:
    assert mode(0o4750) == "4750 rwsr-x---"
    assert moment("2026-01-02T03:04:05+00:00") == "2026-01-02 03:04 UTC"
    assert at_home("/home/dev/x and /home/developer/x and /srv/home/dev/x", "/home/dev") == (
        "~/x and /home/developer/x and /srv/home/dev/x"
    )


@pytest.mark.parametrize("state", RunState)
def test_each_run_state_has_words(state: RunState) -> None:
    workbench = fakes.workbench()
    report = workbench.judge(builders.snapshot())
    said = stacked(outcome_lines(Outcome(fakes.run(state=state), report, None), 78)).plain
    line = said.split("\n")[2]
    assert line.startswith(f"{state.value}  ")
    assert len(line) > len(state.value) + 10


def test_a_repair_that_takes_effect_later_is_not_called_failed() -> None:
    report = fakes.workbench().judge(builders.snapshot())
    run = fakes.run()
    said = {}
    for later in ("", "at your next login"):
        planned = replace(run, plan=replace(run.plan, finding=next(report.findings()).identity, later=later))
        said[later] = " ".join(stacked(outcome_lines(Outcome(planned, report, report), 78)).plain.split())
    assert "! a fresh look finds it" in said[""]
    assert "it takes effect at your next login; a fresh look finds it until then" in said["at your next login"]
    assert "!" not in said["at your next login"]
    assert "rolled back" in proof("a/b", "")
    assert "at your next login" in proof("a/b", "at your next login")
