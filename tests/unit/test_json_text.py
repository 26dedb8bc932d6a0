"""Records as JSON text: to the letter what the standard library makes of them."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from enum import Enum, StrEnum
from typing import Any, ClassVar

import pytest

from tests.unit.test_snapshot_file import full
from workbench.model.record import record
from workbench.report.json_text import json_text


class Colour(StrEnum):
    RED = "red"


@record
class One:
    only: Any


@dataclass(frozen=True)
class Pair:
    SHARED: ClassVar[int] = 3
    first: Any
    second: Any


@dataclass(frozen=True)
class Nothing:
    pass


@pytest.mark.parametrize(
    "value",
    [
        One(None),
        One(()),
        One([]),
        One({}),
        Nothing(),
        Pair((1, -2, 10**30), [True, False, None]),
        Pair((0.5, -0.0, 1e300, float("inf")), float("nan")),
        One(One((One(1), [One(2), {"x": One((3,))}]))),
        One({"a": {"b": [[], [1], ()]}, 3: 2, None: 3, True: 4, 2.5: 5}),
        Pair(Colour.RED, {Colour.RED: 1}),
        One('"\\\n\x00\x7f\u2028é😀\udcff</script>'),
        Pair("", {"": ""}),
    ],
)
@pytest.mark.parametrize("indent", [1, 2, 4])
def test_is_what_the_standard_encoder_writes(value: Any, indent: int) -> None:
    assert json_text(value, indent) == json.dumps(asdict(value), indent=indent)


def test_a_whole_snapshot() -> None:
    assert json_text(full(), 1) == json.dumps(asdict(full()), indent=1)


def test_what_is_no_json_is_refused() -> None:
    class Plain(Enum):
        X = object()

    with pytest.raises(TypeError):
        json_text(One(Plain.X), 2)
    with pytest.raises(TypeError):
        json_text(One({1, 2}), 2)
