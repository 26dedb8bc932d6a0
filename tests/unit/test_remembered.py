"""What the app remembers, as bytes: each part is read by itself, and nothing in it can keep the app from opening."""

from __future__ import annotations

import dataclasses
import json

import pytest

from workbench.tui.finding_rows import Order
from workbench.tui.remembered import Remembered, as_json, parse

FULL = Remembered("servers", Order("server", True), "area", "nord", False, True, ("run-1", "run-2"))


def told(**parts: object) -> bytes:
    return json.dumps({**json.loads(as_json(FULL)), **parts}).encode()


def test_it_is_read_as_it_was_written() -> None:
    assert parse(as_json(FULL)) == FULL
    assert parse(as_json(Remembered())) == Remembered()


def test_it_holds_how_the_app_is_arranged_and_nothing_else() -> None:
    assert set(json.loads(as_json(FULL))) == {
        "page",
        "sorted_by",
        "turned",
        "grouped_by",
        "theme",
        "watches",
        "side_by_side",
        "told",
    }


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0" * 100,
        b"\xff\xfe{}",
        b"{",
        b"null",
        b"[]",
        b'"page"',
        b"1" * 5000,
        b'{"a":' * 20000,
        b"[" * 60000,
        b"{}",
        b'{"page": NaN, "watches": Infinity}',
        b'{"page": "\\udc80", "theme": "\\udc80"}',
    ],
    ids=lambda content: repr(content[:12]),
)
def test_what_is_of_no_use_is_as_good_as_nothing(content: bytes) -> None:
    assert parse(content) == Remembered()


@pytest.mark.parametrize(
    ("part", "said", "field"),
    [
        ("page", "nowhere", {"page": "findings"}),
        ("page", 3, {"page": "findings"}),
        ("page", ["servers"], {"page": "findings"}),
        ("page", {"servers": 1}, {"page": "findings"}),
        ("page", "servers\x1b[2J", {"page": "findings"}),
        ("sorted_by", "colour", {"order": Order("severity", True)}),
        ("sorted_by", None, {"order": Order("severity", True)}),
        ("turned", 1, {"order": Order("server", False)}),
        ("turned", "yes", {"order": Order("server", False)}),
        ("grouped_by", "host", {"group": ""}),
        ("grouped_by", False, {"group": ""}),
        ("theme", "", {"theme": ""}),
        ("theme", 7, {"theme": ""}),
        ("theme", "n" * 101, {"theme": ""}),
        ("theme", "nord\u202e", {"theme": ""}),
        ("watches", 0, {"watches": True}),
        ("watches", "false", {"watches": True}),
        ("side_by_side", [], {"side_by_side": False}),
        ("told", "run-1", {"told": ()}),
        ("told", {"run-1": 1}, {"told": ()}),
        ("told", [1, None, "run-1", "x" * 101, "a\x1bb", ["run-2"]], {"told": ("run-1",)}),
        ("told", [f"run-{number}" for number in range(500)], {"told": tuple(f"run-{n}" for n in range(400, 500))}),
        ("later", {"version": 9}, {}),
    ],
)
def test_a_part_that_is_wrong_takes_no_other_with_it(part: str, said: object, field: dict[str, object]) -> None:
    assert parse(told(**{part: said})) == dataclasses.replace(FULL, **field)  # type: ignore[arg-type]
