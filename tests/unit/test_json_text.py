"""JSON text as the standard encoder makes it, only sooner."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from workbench.model.record import record
from workbench.report.json_text import json_text

VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@record
class Inner:
    """A record in a record."""

    name: str
    lines: list[int]


@record
class Outer:
    """A record with one of everything."""

    inner: Inner | None
    many: tuple[Inner, ...]
    nothing: list[str]
    good: bool


@given(VALUES)
def test_it_is_what_the_standard_encoder_gives(value: Any) -> None:
    assert json_text(value) == json.dumps(value, indent=2)


def test_records_are_written_field_by_field() -> None:
    value = Outer(Inner("a\x1b\u202e\udc80", [1, -2]), (Inner("b", []),), [], True)
    assert json_text(value) == json.dumps(asdict(value), indent=2)
