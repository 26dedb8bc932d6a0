"""Hostile text becomes visible and harmless."""

import pytest

from workbench.text import is_visible, visible

HOSTILE = {
    "\x1b]52;c;aGFja2Vk\x1b\\": r"\x1b]52;c;aGFja2Vk\x1b\\"[:-1],
    "\x1b]0;t\x07": r"\x1b]0;t\x07",
    "\x9b31m": r"\x9b31m",
    "\x1b[2J": r"\x1b[2J",
    "safe\u202egnp.exe": r"safe\u202egnp.exe",
    "a\u200bb": r"a\u200bb",
    "\U000e0041": r"\U000e0041",
    "\udc80": r"\x80",
    "a\nb\rc\td": r"a\x0ab\x0dc\x09d",
    "blank\u3164name": r"blank\u3164name",
    "line\u2028break": r"line\u2028break",
    "\u00adsoft": r"\xadsoft",
}


@pytest.mark.parametrize(("raw", "shown"), HOSTILE.items())
def test_what_could_act_is_spelled_out(raw: str, shown: str) -> None:
    assert visible(raw) == shown
    assert visible(raw).isprintable()
    assert not is_visible(raw)


@pytest.mark.parametrize("text", ["plain", "Größe", "漢字", "🙂", "[@click=app.quit]x[/]", "C:\\Users\\dev", "e\u0301"])
def test_what_is_harmless_stays(text: str) -> None:
    assert visible(text) == text
    assert is_visible(text)


def test_it_is_stable() -> None:
    for raw in HOSTILE:
        assert visible(visible(raw)) == visible(raw)


def test_a_megabyte_in_one_line_is_cut_and_says_so() -> None:
    shown = visible("x" * 1_000_000)
    assert len(shown) < 5000
    assert "+995936 characters" in shown
    assert visible(shown) == shown
    assert visible(visible("\x1b" * 5000)) == visible("\x1b" * 5000)
