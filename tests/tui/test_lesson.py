"""A lesson as it is shown: every form that lessons are written in, and nothing of a hostile one is markup."""

from __future__ import annotations

import time

import pytest

from tests.tui.test_hostile import HOSTILE
from workbench.plugins import load
from workbench.report.html_lesson import lesson_html
from workbench.report.lesson_blocks import blocks, pieces
from workbench.tui.attack import attack, split
from workbench.tui.lesson import lesson

TEXT = """The title.

What *you* may ``read -r``, `write`, or **keep once**::

    chmod go-w X

    ls *.py
After it.

What it looks at
----------------
* one
  and more
- two ``a  b``

1. first,
   then
2) second

Files such as rules.d/*.rules and *.conf, 2 * 3 * 4, a`b, **open, ``open, and my_*name*_x stay.
"""


def _lines(text: str, width: int = 200) -> list[str]:
    return [line.rstrip() for line in lesson(text, width).plain.split("\n")]


def _in(style: str, text: str) -> str:
    made = lesson(text, 200)
    return "|".join(made.plain[span.start : span.end] for span in made.spans if span.style == style)


def test_every_form_is_read_as_it_is_meant() -> None:
    assert _lines(TEXT) == [
        "What you may read -r, write, or keep once:",
        "",
        "  chmod go-w X",
        "",
        "  ls *.py",
        "After it.",
        "",
        "What it looks at",
        "• one and more",
        "• two a  b",
        "",
        "1. first, then",
        "2) second",
        "",
        "Files such as rules.d/*.rules and *.conf, 2 * 3 * 4, a`b, **open, ``open, and my_*name*_x stay.",
    ]


def test_code_has_a_colour_and_stress_is_bold() -> None:
    told = _in("$text-accent", TEXT).replace(" |", " ")
    assert told == "read -r|write|chmod go-w X|ls *.py|a  b"
    assert _in("bold", TEXT).replace(" |", " ") == "you|keep once"


def test_what_is_too_long_goes_on_below_its_own_beginning() -> None:
    text = "T\n\n    first second third fourth\n\n- one two three four five six\n"
    assert _lines(text, 16) == ["  first second", "  third fourth", "", "• one two three", "  four five six"]


def test_no_mark_is_left_of_any_lesson_of_ours() -> None:
    plugins = load()
    lessons = [each.lesson for each in plugins.checks.values()] + [each.lesson for each in plugins.fixes.values()]
    assert len(lessons) > 80
    for text in lessons:
        for block in blocks(text.splitlines()[1:]):
            told = "".join(piece for mark, piece in pieces(block.lines[0]) if block.kind != "code" and mark != "code")
            assert "``" not in told and "**" not in told and not told.endswith("::"), told


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_lesson_is_text(text: str) -> None:
    for written in (text, f"*{text}*", f"``{text}``", f"`{text}`::", f"    {text}", f"- {text}", f"1. *{text}"):
        whole = f"T\n\nWhat it looks at\n----------------\n{written}\n"
        made = lesson(whole, 60)
        assert all("@click" not in str(span.style) and "link" not in str(span.style) for span in made.spans)
        assert "<script" not in "".join(lesson_html(whole))
        assert attack(split(whole)[0], 60) is not None


@pytest.mark.parametrize("piece", ["*", "`", "``", "*a ", "`a ", "**a ", "- ", "    x\n", "a::\n\n", "-\n", "1. \n"])
def test_a_long_one_takes_no_longer_than_its_length(piece: str) -> None:
    begun = time.perf_counter()
    text = "T\n\n" + piece * (40_000 // len(piece))
    lesson(text, 60)
    "".join(lesson_html(text))
    assert time.perf_counter() - begun < 10
