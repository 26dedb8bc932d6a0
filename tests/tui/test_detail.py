"""The page about one finding: the order of its parts, its evidence in columns, the attack in steps, the way in."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from textual.content import Content
from textual.widgets import Tabs

from tests.tui import fakes, inventories
from tests.tui.driving import NARROW, WIDE, driven, flat, shown, until, until_shown
from workbench.demo import demonstrated
from workbench.engine import Workbench
from workbench.excerpt import Excerpt
from workbench.host.context import Context
from workbench.model.check import Origin
from workbench.model.finding import Subject
from workbench.plugins import load
from workbench.tui.attack import numbered, split
from workbench.tui.screens.code import Code
from workbench.tui.screens.help import Help
from workbench.tui.screens.preview import Preview
from workbench.tui.widgets.columns import LEAST, beside
from workbench.tui.widgets.detail import DetailPane, page
from workbench.tui.widgets.file_lines import language
from workbench.tui.widgets.findings import FindingsList

BOTH = pytest.mark.parametrize("size", [NARROW, WIDE], ids=str)
LONG = "/home/dev/projects/first/.config/Claude/claude_desktop_config.json"


def _text(lines: list[list[Content]] | None) -> list[str]:
    return [line.plain.rstrip() for pair in lines or () for line in pair]


def test_what_was_expected_stands_beside_what_was_there_with_both_labels() -> None:
    assert _text(beside([("mode 0600", "mode 0666")], 55)) == [
        "expected  │ actual",
        "mode 0600 │ mode 0666",
    ]


def test_the_labels_stand_once_and_each_further_pair_below_an_empty_row() -> None:
    assert _text(beside([("mode 0600", "mode 0666"), ("owner dev", "owner root")], 55)) == [
        "expected  │ actual",
        "mode 0600 │ mode 0666",
        "          │",
        "owner dev │ owner root",
    ]


def test_the_longer_side_gets_the_wider_column() -> None:
    said = _text(beside([("only you and root can write it", f"file {LONG}: mode 0666, owner dev")], 75))
    assert said[0].index("│") < 30
    assert len(said) <= 4


@pytest.mark.parametrize(
    ("pairs", "width"),
    [
        ([("mode 0600", "mode 0666")], LEAST - 1),
        ([("a-name-of-thirty-one-characters", "a-name-of-thirty-one-characterz")], 55),
        ([("a", "b")] * 1000, 100),
        ([("x" * 1_000_000, "y")], 100),
        ([], 100),
    ],
    ids=["no room", "a long name on both sides", "very many", "very long", "nothing"],
)
def test_where_columns_would_be_harder_to_read_they_are_stacked(pairs: list[tuple[str, str]], width: int) -> None:
    assert beside(pairs, width) is None


@pytest.mark.parametrize("width", range(LEAST, 140, 7))
def test_no_line_of_the_columns_is_wider_than_there_is_room(width: int) -> None:
    pairs = [("only you and root can write it", f"file {LONG}: mode 0666"), ("漢字" * 12, "x" * 70)]
    for pair in beside(pairs, width) or ():
        assert all(line.cell_length <= width for line in pair)


def test_the_parts_come_in_the_order_in_which_they_are_asked_for_and_each_once() -> None:
    check = fakes.check("clients/a")
    excerpt = Excerpt("/x.json", 3, ("{",), 3, "json", changed=False)
    written = page(fakes.finding(), check, [fakes.fix("clients/a")], "/home/dev", 75, lines=excerpt)
    said = written.text.plain
    parts = (
        "critical",
        "What was seen",
        "In the file, line 3",
        "How an attacker uses it",
        "Repairs on offer",
        "Lesson  Another account can write the file",
        "What it looks at",
        "Why it matters",
        "How to fix it by hand",
        "References",
    )
    places = [said.index(part) for part in parts]
    assert places == sorted(places)
    assert all(said.count(part) == 1 for part in parts)
    assert said.split("\n")[written.lesson].startswith("Lesson  ")


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (
            "They send a mail. The model reads it; your client\nruns it. Nothing asks.",
            "1. They send a mail.\n2. The model reads it; your client runs it. Nothing asks.",
        ),
        ("One sentence is no list, e.g. this.", "One sentence is no list, e.g. this."),
        ("One ends with ``a. B``. Two says “no. No!” here.", "1. One ends with ``a. B``.\n2. Two says “no. No!” here."),
        ("One. ``curl x`` is two.", "1. One.\n2. ``curl x`` is two."),
        ("1. First. Then more.\n2. Second.", "1. First. Then more.\n2. Second."),
        ("Typed:\n\n    a. B\n\nand read. Then.", "Typed:\n\n    a. B\n\nand read. Then."),
    ],
)
def test_prose_becomes_steps_and_what_is_laid_out_already_stays(told: str, expected: str) -> None:
    assert numbered(told).replace("\n\n", "\n") == expected.replace("\n\n", "\n")


def test_every_lesson_has_an_attack_and_loses_nothing_else_with_it() -> None:
    checks = load().checks.values()
    assert len(checks) > 50
    for check in checks:
        told, rest = split(check.lesson)
        assert told, check.id
        assert "How to fix it by hand\n----" in rest and "Why it matters\n----" in rest, check.id
        assert sorted(f"{told}\n{rest}".split()) == sorted(_without_heading(check.lesson).split()), check.id


def _without_heading(lesson: str) -> str:
    lines = lesson.split("\n")
    at = lines.index("How an attacker uses it")
    return "\n".join([*lines[:at], *lines[at + 2 :]])


def test_a_lesson_without_that_part_or_of_nothing_is_left_as_it_is() -> None:
    assert split("") == ("", "")
    assert split("Title.\n\nWhy\n---\nx") == ("", "Title.\n\nWhy\n---\nx")


@BOTH
async def test_one_key_opens_the_lesson_from_the_list_and_escape_leads_back(size: tuple[int, int]) -> None:
    async with driven(fakes.workbench(), size) as (app, pilot):
        pane = app.main.query_one(DetailPane)
        await pilot.press("l")
        await until(pilot, lambda: app.focused is pane and pane.scroll_y > 0)
        await until_shown(pilot, "How to fix it by hand")
        await pilot.press("escape")
        await until(pilot, lambda: app.focused is app.main.query_one(FindingsList))


@BOTH
async def test_the_lesson_stays_in_view_when_the_lines_of_the_file_come_in(size: tuple[int, int]) -> None:
    lesson = fakes.LESSON + "\n".join(f"- reference {number}" for number in range(60))
    workbench = fakes.workbench(fakes.plugins([fakes.check("clients/a", fakes.finding(), lesson=lesson)]))
    async with driven(workbench, size) as (app, pilot):
        pane = app.main.query_one(DetailPane)
        await pilot.press("l")

        await until(pilot, lambda: "Lesson  Another account" in shown(app))
        finding = app.main.query_one(FindingsList).selected
        assert finding is not None
        lines = Excerpt("/x.json", 1, tuple("abcdefghi"), 3, "text", changed=False)
        before = pane.scroll_y
        pane.show_lines(finding, lines)
        await until(pilot, lambda: pane.scroll_y > before)
        top = shown(app).splitlines()[pane.region.y + 1]
        assert "Lesson  Another account" in top
        # Whoever has scrolled on is not brought back.
        await pilot.press("j", "j")
        await until(pilot, lambda: "Lesson  Another account" not in shown(app))
        pane.show_lines(finding, "gone")
        await pilot.pause()
        await pilot.pause()
        assert pane._stays_at != pane.scroll_y


async def test_a_finding_about_a_server_leads_to_its_lesson_as_well() -> None:
    own = inventories.server()
    about = replace(fakes.finding(), subject=Subject("server", own.key, own.name))
    workbench = fakes.workbench(fakes.plugins([fakes.check("clients/a", about)]))
    workbench.script.snapshot = inventories.host(own)
    async with driven(workbench, WIDE) as (app, pilot):
        await pilot.press("2", "tab", "tab", "l")
        pane = app.main.query_one(DetailPane)
        await until(pilot, lambda: app.focused is pane and app.main._page == "findings")
        await until(pilot, lambda: pane.scroll_y > 0)
        await pilot.press("escape")
        await until(pilot, lambda: app.main._page == "servers")


@BOTH
async def test_the_keys_for_a_finding_are_told_beside_it_and_in_the_help(size: tuple[int, int]) -> None:
    async with driven(fakes.workbench(), size) as (app, pilot):
        await pilot.press("enter") if size is NARROW else None
        await until_shown(pilot, "y copies this", "c shows the code", "W accepts it", "l goes to the lesson")
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(app.screen, Help))
        await until_shown(pilot, "Open the lesson of this finding")


async def test_the_code_of_the_repairs_is_one_key_or_click_from_that_of_the_check(tmp_path: Path) -> None:
    files = {name: tmp_path / f"{name}.py" for name in ("check", "fix")}
    for name, file in files.items():
        file.write_text(f'"""Of the {name}."""\n\nwords = "the code of the {name}"\n')
    check = replace(fakes.check("clients/a", fakes.finding()), file=str(files["check"]))
    fix = replace(fakes.fix("clients/a"), file=str(files["fix"]), origin=Origin.USER)
    async with driven(fakes.workbench(fakes.plugins([check], [fix]))) as (app, pilot):
        await pilot.press("c")
        await until_shown(pilot, "the code of the check", "tab Next file", "built-in · read-only")
        await pilot.press("tab")
        await until_shown(pilot, "the code of the fix", "user · read-only")
        await pilot.press("shift+tab")
        await until_shown(pilot, "the code of the check")
        await pilot.click(app.screen.query_one("#file-1"))
        await until_shown(pilot, "the code of the fix")
        files["check"].unlink()
        await pilot.press("tab")
        await until_shown(pilot, "The code of clients/a cannot be shown:")
        await pilot.press("tab")
        await until_shown(pilot, "the code of the fix")
        await pilot.press("c")
        await until(pilot, lambda: app.screen is app.main)


@pytest.mark.parametrize("kind", ["folder", "pipe", "large", "bytes"])
async def test_a_file_that_is_no_code_any_more_is_said_in_words(kind: str, tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    if kind == "folder":
        file.mkdir()
    elif kind == "pipe":
        os.mkfifo(file)
    else:
        file.write_bytes(b"x" * 1_000_000 if kind == "large" else b"\x00\xff\x1b[2J\r\n" * 40)
    check = replace(fakes.check("clients/a", fakes.finding()), file=str(file), origin=Origin.USER)
    async with driven(fakes.workbench(fakes.plugins([check]))) as (app, pilot):
        await pilot.press("c")
        await until(pilot, lambda: isinstance(app.screen, Code))
        await until(pilot, lambda: "Reading the code" not in flat(app))
        assert ("cannot be shown:" in flat(app)) is (kind != "bytes")
        assert not app.screen.query(Tabs)
        assert "Next file" not in flat(app)


async def test_the_preview_shows_the_code_that_would_run_and_comes_back_unapplied(tmp_path: Path) -> None:
    file = tmp_path / "fix.py"
    file.write_text('"""Fix."""\n\nwords = "the code of the fix"\n')
    fix = replace(fakes.fix("clients/a"), file=str(file))
    workbench = fakes.workbench(fakes.plugins([fakes.check("clients/a", fakes.finding())], [fix]))
    async with driven(workbench) as (app, pilot):
        await pilot.press("f")
        await until(pilot, lambda: isinstance(app.screen, Preview))
        await pilot.press("c")
        await until_shown(pilot, "the code of the fix", "repair files/restrict-mode")
        await pilot.press("tab")
        await until_shown(pilot, "The code of clients/a cannot be shown")
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, Preview))
        assert app.focused is not None and app.focused.id == "cancel"
        assert workbench.script.runs == []


@pytest.mark.parametrize(
    ("path", "known", "expected"),
    [
        ("/home/dev/.config/x.json", "json", "json"),
        ("/home/dev/.codex/config.toml", "toml", "toml"),
        ("/home/dev/.config/goose/config.yaml", "yaml", "yaml"),
        ("/etc/systemd/system/mcp.service", "ini", "ini"),
        ("/home/dev/.bashrc", "bash", "bash"),
        ("/etc/sudoers.d/mcp", "text", "bash"),
        ("/etc/profile.d/mcp.sh", "text", "bash"),
        ("/etc/audit/rules.d/mcp.rules", "text", "bash"),
        ("/opt/mcp/server.py", "text", "python"),
        ("/opt/mcp/notes", "text", "text"),
    ],
)
def test_the_lines_of_a_file_are_coloured_by_what_it_is(path: str, known: str, expected: str) -> None:
    assert language(Excerpt(path, 1, ("x",), 1, known, changed=False)) == expected


async def test_in_the_demo_the_missing_lines_are_said_of_a_demo(tmp_path: Path) -> None:
    workbench = Workbench(Context("linux", Path("/nowhere"), 1000, {}, Path("/nowhere")), load(), tmp_path)
    async with driven(workbench, (120, 60), replay=demonstrated()) as (app, pilot):
        findings = app.main.query_one(FindingsList)
        at = next(n for n, each in enumerate(findings.findings) if each.location is not None and each.location.line)
        await pilot.press(*["j"] * at)
        said = "This is a demo: a host that does not exist, so the lines of its files cannot be shown."
        await until(pilot, lambda: app.main.query_one(DetailPane)._lines == said)
        assert "replay" not in flat(app)
