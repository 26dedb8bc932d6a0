"""What regular expressions must not hold, because not every Python that the workbench runs on reads it alike."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator
from re import _parser  # type: ignore[attr-defined]
from typing import Any

import pytest

import workbench
from workbench.documents import parse
from workbench.expressions import Expression, expression


def _patterns() -> Iterator[tuple[str, str, int]]:
    for found in pkgutil.walk_packages(workbench.__path__, "workbench."):
        if found.name.startswith("workbench.tui") or found.name.endswith("__main__"):
            continue
        for name, value in vars(importlib.import_module(found.name)).items():
            if isinstance(value, (re.Pattern, Expression)) and isinstance(value.pattern, str):
                yield f"{found.name}.{name}", value.pattern, value.flags


def _looks_ahead_while_it_repeats(tree: Any, repeating: bool = False) -> bool:
    """Whether a possessively repeated group looks ahead: before 3.11.5 it then goes on from where it looked."""
    if isinstance(tree, (list, tuple, _parser.SubPattern)):
        parts = list(tree)
        if parts and str(parts[0]) in ("ASSERT", "ASSERT_NOT") and repeating:
            return True
        inside = repeating or bool(parts and str(parts[0]) == "POSSESSIVE_REPEAT")
        return any(_looks_ahead_while_it_repeats(part, inside) for part in parts)
    return False


def test_the_guard_knows_what_it_looks_for() -> None:
    assert _looks_ahead_while_it_repeats(_parser.parse(r'(?:[^"/]++|/(?![/*]))*+'))
    assert not _looks_ahead_while_it_repeats(_parser.parse(r'(?:[^"/]++|/(?![/*]))*|[^a]++(?!b)'))


def test_no_possessive_group_looks_ahead() -> None:
    patterns = list(_patterns())
    assert len(patterns) > 200
    wrong = [name for name, text, flags in patterns if _looks_ahead_while_it_repeats(_parser.parse(text, flags))]
    assert wrong == []


@pytest.mark.parametrize("end", ["}", ",}", "/* * / **/}", ", // one\n}"])
def test_comments_and_last_commas_are_read_on_every_python(end: str) -> None:
    assert parse(f'{{ // x\n"a//b" /**/ : [1, 2 , ] {end}'.encode(), "jsonc").value == {"a//b": [1, 2]}
    assert parse(b'a = [ # it\'s\n\'p\', """q""" ] # e\n', "toml").value == {"a": ["p", "q"]}


def test_an_expression_is_compiled_when_it_is_first_used(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled: list[str] = []
    usual = re.compile

    def noted(text: str, flags: int = 0) -> re.Pattern[str]:
        compiled.append(text)
        return usual(text, flags)

    monkeypatch.setattr(re, "compile", noted)
    late = expression(r"(?P<first>A)b*", re.IGNORECASE)
    assert compiled == []
    match = late.match("aBB")
    assert match is not None and match["first"] == "a" and late.fullmatch("abc") is None
    assert late.sub("-", "abxab") == "-x-" and late.groupindex == {"first": 1}
    with pytest.raises(AttributeError):
        late.nothing  # type: ignore[attr-defined]  # noqa: B018
