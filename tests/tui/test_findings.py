"""The page of the findings by keyboard and by mouse: filter, order, groups, marks, and what is kept over all of it."""

from __future__ import annotations

import gc
from dataclasses import replace

import pytest
from textual.content import Content
from textual.pilot import Pilot
from textual.widgets import Footer

from tests import builders
from tests.tui import fakes, inventories
from tests.tui.driving import NARROW, TINY, WIDE, driven, flat, shown, until, until_shown
from workbench.model.finding import Finding, Passed, Subject
from workbench.model.plan import Reversal, Safety
from workbench.model.severity import Severity
from workbench.tui.app import WorkbenchApp
from workbench.tui.finding_rows import Listed
from workbench.tui.screens.code import Code
from workbench.tui.screens.help import Help
from workbench.tui.widgets import findings as findings_module
from workbench.tui.widgets.detail import DetailPane
from workbench.tui.widgets.filter_line import FilterInput
from workbench.tui.widgets.finding_lines import Columns, finding_line
from workbench.tui.widgets.findings import FindingsList

BOTH = pytest.mark.parametrize("size", [NARROW, WIDE], ids=str)


def _table(app: WorkbenchApp) -> FindingsList:
    return app.main.query_one(FindingsList)


def _chosen(app: WorkbenchApp) -> str:
    finding = _table(app).selected
    return finding.subject.key if finding is not None else ""


def _keys(app: WorkbenchApp) -> list[str]:
    return [finding.subject.key for finding in _table(app).findings]


def _line(app: WorkbenchApp, text: str) -> int:
    return next(number for number, line in enumerate(shown(app).splitlines()) if text in line)


def _of(name: str, severity: Severity, **more: object) -> Finding:
    return fakes.finding(f"the trouble with {name}", severity, name, name, **more)


def _four() -> fakes.FakeWorkbench:
    """Four findings of three areas, one about a server; one can be repaired safely, one after a review."""
    entry = f"{inventories.CONFIG}#mcpServers/files"
    about = replace(_of("delta", Severity.LOW), subject=Subject("server", entry, "delta"))
    checks = [
        fakes.check("clients/a", _of("alpha", Severity.HIGH), about),
        fakes.check("sockets/b", _of("beta", Severity.CRITICAL)),
        fakes.check("secrets/c", _of("gamma", Severity.HIGH)),
        fakes.check("session/d", Passed(Subject("session", "x", "x"))),
    ]
    review = fakes.fix("sockets/b", "b/review", safety=Safety.REVIEW, reversal=Reversal.PARTIAL)
    made = fakes.workbench(fakes.plugins(checks, [fakes.fix("clients/a"), review]))
    made.script.snapshot = inventories.host(inventories.server())
    return made


async def _typed(pilot: Pilot[int], text: str) -> None:
    names = {
        " ": "space",
        ":": "colon",
        ">": "greater_than_sign",
        "=": "equals_sign",
        "-": "minus",
        '"': "quotation_mark",
    }
    await pilot.press(*(names.get(letter, letter) for letter in text))


@BOTH
async def test_a_filter_is_heard_with_every_letter_and_enter_keeps_it(size: tuple[int, int]) -> None:
    async with driven(_four(), size) as (app, pilot):
        await pilot.press("slash")
        assert app.focused is not None and app.focused.id == "filter"
        await until_shown(pilot, "sev:>=high", "4 of 4")
        await _typed(pilot, "sev:>=h")
        await until_shown(pilot, "3 of 4")
        assert len(_table(app).findings) == 3
        await _typed(pilot, " alpha")
        await until_shown(pilot, "1 of 4")
        await pilot.press("enter")
        assert app.focused is _table(app)
        await until_shown(pilot, "sev:>=h alpha", "1 of 4")
        assert _chosen(app) == "alpha"
        await pilot.press("escape")
        await until(pilot, lambda: len(_table(app).findings) == 4)
        assert not app.main.query_one("#filter-line").display
        assert _chosen(app) == "alpha"


async def test_no_key_of_the_screen_is_heard_while_a_filter_is_typed() -> None:
    workbench = _four()
    async with driven(workbench) as (app, pilot):
        keys = "qfruhspRyczxobjk12345?"
        await pilot.press("slash")
        for key in keys:
            await pilot.press("question_mark" if key == "?" else key)
        await pilot.press("space", "G")
        assert app.main.query_one(FilterInput).value == f"{keys} G"
        assert app.screen is app.main
        assert not app._exit
        assert app.main._page == "findings"
        assert workbench.script.looks == 1
        assert _table(app).marked == ()


async def test_escape_in_the_filter_clears_it_and_goes_to_the_list() -> None:
    async with driven(_four()) as (app, pilot):
        await pilot.press("slash")
        await _typed(pilot, "beta")
        await until_shown(pilot, "1 of 4")
        await pilot.press("escape")
        await until(pilot, lambda: app.focused is _table(app))
        assert len(_table(app).findings) == 4
        assert "1 of 4" not in flat(app)
        assert app.main.query_one(FilterInput).value == ""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("colour:red", "! no “colour:”; there is sev: area: server: check: fixable: waived:"),
        ("sev:worst", "! no severity “worst”; there is critical, high, medium, low, info"),
        ("area:z", "! no area “z”; there is clients, secrets, session, sockets"),
    ],
)
async def test_what_a_filter_does_not_know_it_says_and_what_it_does(text: str, said: str) -> None:
    async with driven(_four()) as (_, pilot):
        await pilot.press("slash")
        await _typed(pilot, text)
        await until_shown(pilot, said, "4 of 4")


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("area:sockets", ["beta"]),
        ("server:files", ["delta"]),
        ("check:clients/a", ["alpha", "delta"]),
        ("fixable:safe", ["alpha", "delta"]),
        ("fixable:no", ["gamma"]),
        ("-fixable:safe", ["beta", "gamma"]),
        ('"with gamma"', ["gamma"]),
        ("nowhere", []),
    ],
)
async def test_what_each_term_picks_out(text: str, keys: list[str]) -> None:
    async with driven(_four()) as (app, pilot):
        await pilot.press("slash")
        await _typed(pilot, text)
        await until_shown(pilot, f"{len(keys)} of 4")
        found = [key.rpartition("/")[2] if "#" in key else key for key in _keys(app)]
        assert [{"files": "delta"}.get(key, key) for key in found] == keys
        if not keys:
            await until_shown(pilot, "No finding matches this filter. Escape clears it.")
            await pilot.press("enter", "f", "space", "y", "c", "R")
            await until(pilot, lambda: True)


@BOTH
async def test_the_order_goes_through_the_columns_and_turns_and_says_so(size: tuple[int, int]) -> None:
    async with driven(_four(), size) as (app, pilot):
        assert [key[:5] for key in _keys(app)] == ["beta", "alpha", "gamma", "/home"]
        await until_shown(pilot, "severity ▼")
        await pilot.press("O")
        await until_shown(pilot, "severity ▲")
        assert [key[:5] for key in _keys(app)] == ["/home", "alpha", "gamma", "beta"]
        for said, first in (
            ("finding ▼", "alpha"),
            ("area ▼", "alpha"),
            ("server ▼", "/home"),
            ("fix ▼", "alpha"),
            ("severity ▼", "beta"),
        ):
            await pilot.press("o")
            await until_shown(pilot, said)
            assert _keys(app)[0].startswith(first), said


async def test_a_click_on_a_head_sorts_and_a_second_turns() -> None:
    async with driven(_four()) as (app, pilot):
        row = _line(app, "severity ▼")
        x = shown(app).splitlines()[row].index("finding")
        await pilot.click(offset=(x, row))
        await until_shown(pilot, "finding ▼")
        await pilot.click(offset=(x, row))
        await until_shown(pilot, "finding ▲")
        assert _keys(app)[0] == "gamma"
        await pilot.click(offset=(shown(app).splitlines()[row].index("area"), row))
        await until_shown(pilot, "area ▼")


@BOTH
async def test_groups_have_heads_with_counts_and_fold(size: tuple[int, int]) -> None:
    async with driven(_four(), size) as (app, pilot):
        await pilot.press("b")
        await until_shown(pilot, "▾ sockets 1 finding", "▾ clients 2 findings", "▲ 1 ▽ 1")
        assert _chosen(app) == "beta"
        await pilot.press("j", "enter")
        await until_shown(pilot, "▸ clients 2 findings, folded")
        assert [key for key in _keys(app) if key == "alpha"] == []
        if size is WIDE:
            await until_shown(pilot, "clients: 2 findings. Enter unfolds this group")
        await pilot.press("right")
        await until_shown(pilot, "▾ clients 2 findings ")
        await pilot.press("j", "left")  # from inside the group
        await until_shown(pilot, "▸ clients 2 findings, folded")
        await pilot.press("b")
        await until_shown(pilot, "▾ no server 3 findings", "▾ files 1 finding")
        await pilot.press("b")
        await until_shown(pilot, "▾ critical 1 finding", "▾ high 2 findings", "▾ low 1 finding")
        await pilot.press("b")
        await until(pilot, lambda: "▾" not in shown(app))


async def test_a_click_on_the_head_of_a_group_folds_it() -> None:
    async with driven(_four()) as (app, pilot):
        await pilot.press("b")
        await pilot.click(offset=(10, _line(app, "▾ clients")))
        await until_shown(pilot, "▸ clients 2 findings, folded")
        assert not app.main.has_class("-reading")


@BOTH
async def test_the_cursor_keeps_its_finding_over_everything(size: tuple[int, int]) -> None:
    workbench = _four()
    async with driven(workbench, size) as (app, pilot):
        await pilot.press("j", "j")
        assert _chosen(app) == "gamma"
        for key in ("o", "o", "O", "b", "b", "b", "b", "o"):
            await pilot.press(key)
            assert _chosen(app) == "gamma", key
        await pilot.press("slash")
        await _typed(pilot, "sev:high")
        await pilot.press("enter")
        assert _chosen(app) == "gamma"
        workbench.script.hidden.add(_table(app).findings[0].identity)
        await pilot.press("r")
        await until(pilot, lambda: workbench.script.looks == 2 and not app.main.looking)
        await until_shown(pilot, "1 of 3")
        assert _chosen(app) == "gamma"
        await pilot.press("escape")
        assert _chosen(app) == "gamma"


@BOTH
async def test_a_filter_that_hides_the_finding_puts_the_cursor_on_the_first_that_matches(size: tuple[int, int]) -> None:
    async with driven(_four(), size) as (app, pilot):
        await pilot.press("G")
        last = _chosen(app)
        assert last == _keys(app)[-1]
        await pilot.press("slash")
        await _typed(pilot, "sev:high")
        await until(pilot, lambda: len(_table(app).findings) == 2)
        assert _chosen(app) == _keys(app)[0] != last
        await _typed(pilot, " gamma")
        await until(pilot, lambda: _keys(app) == ["gamma"])
        assert _chosen(app) == "gamma"
        await pilot.press("escape")
        await until(pilot, lambda: len(_table(app).findings) == 4)
        assert _chosen(app) == last  # which was chosen before


@pytest.mark.parametrize("height", [24, 25, 26])
async def test_the_cursor_scrolls_whole_rows_to_the_top(height: int) -> None:
    told = [
        fakes.finding(f"{number:02} " + "is far too long for one line of it " * (1 + number % 2), key=str(number))
        for number in range(40)
    ]
    async with driven(fakes.workbench(fakes.plugins([fakes.check("clients/a", *told)])), (80, height)) as (app, pilot):
        table = _table(app)
        for _ in told:
            await pilot.press("j")
            assert round(table.scroll_y) in (table._tops or ())
            shows = [line for line in shown(app).splitlines() if f"{table.selected.summary[:6]}" in line]  # type: ignore[union-attr]
            assert len(shows) == 1
        for key in ("g", "G", "pageup", "o", "O"):
            await pilot.press(key)
            assert round(table.scroll_y) in (table._tops or ()), key


async def test_marks_are_signs_survive_a_rescan_and_are_cleared() -> None:
    workbench = _four()
    async with driven(workbench) as (app, pilot):
        await pilot.press("space", "space")
        await until_shown(pilot, "✓ 2 marked: R shows their repairs · x clears the marks")
        assert [finding.subject.key for finding in _table(app).marked] == ["beta", "alpha"]
        assert [line[0] for line in shown(app).splitlines() if "the trouble with" in line] == ["✓", "✓", " ", " "]
        assert _chosen(app) == "gamma"  # it goes on to the next
        await pilot.press("k", "space")
        await until_shown(pilot, "✓ 1 marked")
        await pilot.press("slash")
        await _typed(pilot, "gamma")
        await pilot.press("enter")
        await until_shown(pilot, "✓ 1 marked")  # what is out of view stays marked
        await pilot.press("escape", "r")
        await until(pilot, lambda: workbench.script.looks == 2 and not app.main.looking)
        assert [finding.subject.key for finding in _table(app).marked] == ["beta"]
        workbench.script.hidden.add(_table(app).marked[0].identity)
        await pilot.press("r")
        await until(pilot, lambda: not _table(app).marked)
        await pilot.press("space")
        await until_shown(pilot, "✓ 1 marked")
        await pilot.press("x")
        await until(pilot, lambda: "marked" not in flat(app))
        assert _table(app).marked == ()


async def test_space_on_the_head_of_a_group_marks_all_of_it_folded_too() -> None:
    async with driven(_four()) as (app, pilot):
        await pilot.press("b", "j", "left", "space")
        assert {finding.check for finding in _table(app).marked} == {"clients/a"}
        await until_shown(pilot, "✓ 2 marked")
        await pilot.press("k", "space")
        assert _table(app).marked == ()


async def test_a_click_at_the_edge_marks_and_elsewhere_opens() -> None:
    async with driven(_four()) as (app, pilot):
        row = _line(app, "the trouble with alpha")
        await pilot.click(offset=(0, row))
        await until_shown(pilot, "✓ 1 marked")
        assert not app.main.has_class("-reading")
        await pilot.click(offset=(30, _line(app, "the trouble with gamma")))
        await until_shown(pilot, "What was seen", "3 of 4")
        assert _chosen(app) == "gamma"


@BOTH
async def test_the_evidence_is_copied_from_the_list_and_from_the_detail(size: tuple[int, int]) -> None:
    async with driven(fakes.workbench(), size) as (app, pilot):
        await pilot.press("y")
        await until_shown(pilot, "sent to the clipboard of your terminal")
        first = app.clipboard
        for words in ("critical: Any account on this machine", "expected  mode 0600", "actual    mode 0666", "stat -c"):
            assert words in first
        app._clipboard = ""
        await pilot.press("enter") if size is NARROW else app.main.query_one(DetailPane).focus()
        await pilot.press("y")
        await until(pilot, lambda: app.clipboard == first)


async def test_what_looks_like_a_secret_is_not_copied_and_no_control_character() -> None:
    token = "ghp_" + "aB3dE5gH7jK9mN1pQ3sT5vX7zA9cD1eF3gH5"
    hostile = fakes.finding(f"it says {token} \x1b]52;c;x\x07")
    workbench = fakes.workbench(fakes.plugins([fakes.check("clients/a", hostile)]))
    async with driven(workbench) as (app, pilot):
        await pilot.press("y")
        assert token not in app.clipboard and "\x1b" not in app.clipboard
        assert "it says <secret" in app.clipboard


async def test_the_code_of_the_check_is_shown_and_only_read() -> None:
    usual = fakes.usual()
    named = replace(usual.checks["clients/config-writable-by-others"], file=__file__)
    workbench = fakes.workbench(replace(usual, checks={**usual.checks, named.id: named}))
    async with driven(workbench) as (app, pilot):
        await pilot.press("c")
        await until(pilot, lambda: isinstance(app.screen, Code))
        await until_shown(pilot, "from __future__ import annotations", "built-in · read-only")
        await pilot.press("g")
        await until_shown(pilot, '1 """The page of the findings by keyboard and by mouse')
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is app.main)
        await pilot.press("j", "c")
        await until_shown(pilot, "cannot be shown: it is not in a file")


async def test_a_finding_gets_the_whole_width_and_its_evidence_stays_in_two_columns() -> None:
    async with driven(fakes.workbench(), WIDE) as (app, pilot):
        await until_shown(pilot, "z widens this")
        lines = shown(app).splitlines()
        (head,) = (number for number, line in enumerate(lines) if "expected" in line and "actual" in line)
        assert "mode 0600" in lines[head + 1] and "mode 0666" in lines[head + 1]
        await pilot.press("z")
        await until(pilot, lambda: not app.main.query_one("#pages").display)
        await until_shown(pilot, "expected actual", "mode 0600 mode 0666")
        await pilot.press("escape")
        await until(pilot, lambda: bool(app.main.query_one("#pages").display))
        assert app.focused is _table(app)
        await pilot.press("z", "z")
        assert app.main.query_one("#pages").display
        await pilot.press("z", "2")
        await until(pilot, lambda: bool(app.main.query_one("#pages").display))


async def test_the_evidence_stands_in_two_columns_at_eighty_and_at_sixty_as_well() -> None:
    async with driven(fakes.workbench(), NARROW) as (app, pilot):
        await pilot.press("z")  # there is no half to give
        await pilot.press("enter")
        await until_shown(pilot, "expected actual", "mode 0600 mode 0666")
        assert "z widens this" not in flat(app)
        await pilot.resize_terminal(60, 24)  # 55 cells are left for it
        await until_shown(pilot, "expected actual", "mode 0600 mode 0666")


@BOTH
async def test_help_tells_the_keys_of_the_list_first(size: tuple[int, int]) -> None:
    async with driven(_four(), size) as (app, pilot):
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(app.screen, Help))
        await until_shown(pilot, "Where the cursor is", "Filter the findings as you type", "Sort by the next column")


@pytest.mark.parametrize(
    "keys", [("slash",), ("slash", "a", "enter"), ("space",), ("enter",), ("c",), ("b", "k")], ids=str
)
async def test_the_footer_fits(keys: tuple[str, ...]) -> None:
    async with driven(_four(), NARROW) as (app, pilot):
        await pilot.press(*keys)
        await pilot.pause(0.1)
        footer = app.screen.query_one(Footer)
        await until(pilot, lambda: len(footer.children) > 0)
        assert len(footer.children) <= 7
        assert max(child.region.right for child in footer.children) <= 80


async def test_in_too_small_a_terminal_nothing_of_it_acts() -> None:
    async with driven(_four(), NARROW) as (app, pilot):
        await pilot.resize_terminal(*TINY)
        await until_shown(pilot, "This terminal is")
        await pilot.press("enter", "y", "c", "R", "z")
        await pilot.pause()
        assert app.screen is app.main
        assert app.clipboard == ""
        await pilot.resize_terminal(*NARROW)
        await until_shown(pilot, "the trouble with beta")


async def test_without_colour_and_in_a_light_theme_the_words_and_signs_are_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with driven(_four(), NARROW, theme="textual-light") as (app, pilot):
        await pilot.press("b", "space")
        await until_shown(pilot, "✖ critical", "▲ high", "▽ low", "safe", "review", "▾ sockets", "✓ 1 marked")
        assert app.screen.background_colors[1].brightness > 0.7


async def test_of_thousands_only_what_is_in_view_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    made: set[str] = set()

    def counted(row: Listed, marked: bool, fitted: Columns) -> Content:
        made.add(row.identity)
        return finding_line(row, marked, fitted)

    monkeypatch.setattr(findings_module, "finding_line", counted)
    many = [_of(f"n{number:04}", Severity.HIGH) for number in range(3000)]
    async with driven(fakes.workbench(fakes.plugins([fakes.check("clients/a", *many)]))) as (_, pilot):
        assert 0 < len(made) <= 2 * NARROW[1]
        await pilot.press("G")
        await until_shown(pilot, "n2999")
        await pilot.press("slash")
        await _typed(pilot, "n0")
        await until_shown(pilot, "1000 of 3000")
        assert len(made) <= 6 * NARROW[1]


async def test_the_cursor_can_pass_a_thousand_findings_and_nothing_piles_up() -> None:
    many = [_of(f"n{number:04}", Severity.HIGH) for number in range(200)]
    async with driven(fakes.workbench(fakes.plugins([fakes.check("clients/a", *many)])), WIDE) as (app, pilot):
        await pilot.press(*["j"] * 10)
        gc.collect()
        before = len(gc.get_objects())
        await pilot.press(*["j"] * 30)
        gc.collect()
        assert len(gc.get_objects()) - before < 3000  # a footer for each would be 27,000
        assert _chosen(app) == "n0040"


async def test_a_replay_shows_no_lines_of_a_file() -> None:
    async with driven(fakes.workbench(), WIDE, replay=builders.snapshot()) as (_, pilot):
        await until_shown(pilot, "In the file This is the replay of a snapshot. There is no live host here")
