"""Lines of a unit are restored as they stand there, and every other byte stays."""

from __future__ import annotations

import pytest

from workbench.model.operations import RepairUnit, UnitLine
from workbench.repair.paths import Refused
from workbench.repair.unit_lines import repaired

PATH = "/etc/systemd/system/x.service"


def _repaired(text: str, *lines: UnitLine) -> str:
    return repaired(text.encode("utf-8", "surrogateescape"), RepairUnit(PATH, lines)).decode("utf-8", "surrogateescape")


@pytest.mark.parametrize(
    ("before", "line", "after"),
    [
        ("A=true # why\n", UnitLine(1, "A", "true"), "# why\nA=true\n"),
        ("  A = true   # why # not\n", UnitLine(1, "A", "true"), "  # why # not\n  A = true\n"),
        ("A=true #\r\nB=1\r\n", UnitLine(1, "A", "true"), "#\r\nA=true\r\nB=1\r\n"),
        ("A=true # why", UnitLine(1, "A", "true"), "# why\nA=true"),
        ("A=~@exec\n", UnitLine(1, "A", ""), "# systemd drops this line, so it is a comment: A=~@exec\n"),
        ("A=~@exec @b @c # why\n", UnitLine(1, "A", "~@b @c"), "# why\nA=~@b @c\n"),
        ("A=@b @exec\n", UnitLine(1, "A", "@b"), "A=@b\n"),
        ("Aa=yes\n", UnitLine(1, "Aa", "yes", "A"), "A=yes\n"),
        ("# goes on only to the eye \\\nA=1 # a\n", UnitLine(2, "A", "1"), "# goes on only to the eye \\\n# a\nA=1\n"),
        ("\udcff\nA=1 # \udcfe\n", UnitLine(2, "A", "1"), "\udcff\n# \udcfe\nA=1\n"),
    ],
)
def test_one_line(before: str, line: UnitLine, after: str) -> None:
    assert _repaired(before, line) == after


def test_several_lines_each_at_its_place() -> None:
    text = "[Service]\nA=1 # a\nB=2\nC=3 # c\n"
    assert _repaired(text, UnitLine(2, "A", "1"), UnitLine(4, "C", "3")) == "[Service]\n# a\nA=1\nB=2\n# c\nC=3\n"


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("A=2 # a\n", (UnitLine(1, "A", "1"),)),
        ("B=1 # a\n", (UnitLine(1, "A", "1"),)),
        ("A=1\n", (UnitLine(1, "A", "1"),)),
        ("A=1 # a\n", (UnitLine(2, "A", "1"), UnitLine(9, "A", "1"))),
        ("A=1 # a\n", (UnitLine(1, "A", "1"), UnitLine(1, "A", ""))),
        ("A=1 # a\n", ()),
        ("X=1 \\\nA=1 # a\n", (UnitLine(2, "A", "1"),)),
        ("A=1 # a \\\nB\n", (UnitLine(1, "A", "1"),)),
        ("X=1 \\\r\nA=1 # a\r\n", (UnitLine(2, "A", "1"),)),
        ("X=1 \\\n# between\n  ; and\nA=1 # a\n", (UnitLine(4, "A", "1"),)),
        ("A=1 # a \\\r\nB\r\n", (UnitLine(1, "A", "1"),)),
        ("A=@b @exec\n", (UnitLine(1, "A", "~@b"),)),
        ("A=@b @c\n", (UnitLine(1, "A", "@c @b"),)),
        ("A=@b @c\n", (UnitLine(1, "A", "@b @d"),)),
        ("Aa=yes\n", (UnitLine(1, "Aa", "yes", "A=x\nB"),)),
        ("A=1 # a\n", (UnitLine(1, "A", "1\nExecStart=/bin/sh"),)),
        ("# A=1\n", (UnitLine(1, "A", "1"),)),
    ],
)
def test_what_is_not_as_it_was_seen_is_refused(text: str, lines: tuple[UnitLine, ...]) -> None:
    with pytest.raises(Refused):
        _repaired(text, *lines)


def test_a_long_line_takes_no_time() -> None:
    words = " ".join(f"@g{number}" for number in range(20_000))
    assert _repaired(f"A={words} @exec\n", UnitLine(1, "A", words)) == f"A={words}\n"


def test_a_value_never_takes_the_next_line_into_it() -> None:
    """Behind the comment it ended there; alone it would go on, and the next setting would be a part of it."""
    with pytest.raises(Refused, match="take the next line"):
        _repaired("ReadWritePaths=/a\\ # why\nUser=dev\n", UnitLine(1, "ReadWritePaths", "/a\\"))
