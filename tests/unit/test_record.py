"""A record is a frozen dataclass in everything but the cost of its definition."""

from __future__ import annotations

import copy
import pickle
from dataclasses import FrozenInstanceError, asdict, dataclass, field, fields, is_dataclass, replace

import pytest
from pydantic import TypeAdapter, ValidationError

from workbench.model.record import draft, record


@record
class Point:
    """A place."""

    x: int
    y: int = 2
    names: tuple[str, ...] = ()


@record
class Single:
    """One field."""

    value: str


@record
class Filled:
    """With what is made anew for each."""

    x: int
    names: list[str] = field(default_factory=list)
    table: dict[str, int] = field(default_factory=dict)


@draft
class Growing:
    """What is filled in bit by bit."""

    x: int = 0
    names: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Usual:
    """The same by the standard decorator."""

    x: int
    y: int = 2
    names: tuple[str, ...] = ()


def test_it_is_a_dataclass() -> None:
    point = Point(1, names=("a",))
    assert is_dataclass(point) and [field.name for field in fields(point)] == ["x", "y", "names"]
    assert asdict(point) == asdict(Usual(1, names=("a",))) == {"x": 1, "y": 2, "names": ("a",)}
    assert replace(point, y=3) == Point(1, 3, ("a",))
    assert repr(point).partition("(")[2] == repr(Usual(1, names=("a",))).partition("(")[2]


def test_it_is_a_value() -> None:
    assert Point(1) == Point(1) and Point(1) != Point(2) and Point(1) != object()
    assert len({Point(1), Point(1), Point(2)}) == 2
    assert Single("a") == Single("a") and len({Single("a"), Single("a")}) == 1


def test_it_is_frozen_and_has_slots() -> None:
    point = Point(1)
    with pytest.raises(FrozenInstanceError):
        point.x = 2  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        del point.x
    with pytest.raises(FrozenInstanceError):
        point.other = 2  # type: ignore[attr-defined]
    assert not hasattr(point, "__dict__")


@pytest.mark.parametrize("arguments", [(), (1, 2, (), 4)])
def test_wrong_arguments_are_refused_from_the_first_instance_on(arguments: tuple[object, ...]) -> None:
    @record
    class Fresh:
        x: int
        y: int = 2
        names: tuple[str, ...] = ()

    for _ in range(2):
        with pytest.raises(TypeError):
            Fresh(*arguments)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        Fresh(1, z=1)  # type: ignore[call-arg]


def test_what_a_factory_makes_is_each_ones_own() -> None:
    one, other = Filled(1), Filled(1, table={"a": 1})
    one.names.append("a")
    assert (one.names, other.names, one.table, other.table) == (["a"], [], {}, {"a": 1})
    assert Filled(2, ["b"]) == Filled(2, names=["b"]) != Filled(2)


def test_a_draft_may_be_changed_and_has_no_hash() -> None:
    one, other = Growing(), Growing()
    one.x = 1
    one.names.append("a")
    assert (one.x, one.names, other.x, other.names) == (1, ["a"], 0, [])
    assert one == Growing(1, ["a"]) != other and repr(one) == "Growing(x=1, names=['a'])"
    assert not hasattr(one, "__dict__")
    with pytest.raises(TypeError):
        hash(one)
    with pytest.raises(AttributeError):
        one.other = 2  # type: ignore[attr-defined]


def test_it_can_be_copied() -> None:
    point = Point(1, names=("a",))
    assert copy.deepcopy(point) == copy.copy(point) == pickle.loads(pickle.dumps(point)) == point


def test_pydantic_validates_it() -> None:
    adapter = TypeAdapter(Point)
    assert adapter.validate_python({"x": 1, "names": ["a"]}) == Point(1, names=("a",))
    with pytest.raises(ValidationError):
        adapter.validate_python({"x": "no number"})
    assert adapter.json_schema()["description"] == "A place."
