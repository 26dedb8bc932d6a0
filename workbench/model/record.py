"""Dataclasses that cost next to nothing to define.

``@record`` makes what ``@dataclass(frozen=True, slots=True)`` makes, field for field, and ``@draft`` what
``@dataclass(slots=True)`` makes: for what is filled in bit by bit inside one module. The standard decorator writes and
compiles six methods for every class, and there are more than a hundred classes: that was half of a scan's start-up
time. Here the constructor is written when the first instance is made, and the other methods are shared.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import MISSING, Field, FrozenInstanceError, dataclass, field
from typing import Any, NoReturn, TypeVar, dataclass_transform

_T = TypeVar("_T")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def record(cls: type[_T]) -> type[_T]:
    """Make a class a frozen dataclass with slots."""
    made, values = _made(cls)
    made.__hash__ = lambda self: hash(values(self))
    made.__setattr__ = made.__delattr__ = _refuse
    made.__reduce__ = lambda self: (made, tuple(getattr(self, name) for name in made.__dataclass_fields__))
    return made  # type: ignore[no-any-return]


@dataclass_transform(field_specifiers=(field,))
def draft(cls: type[_T]) -> type[_T]:
    """Make a class a dataclass with slots whose fields may be set, and which therefore has no hash."""
    made, _ = _made(cls)
    made.__hash__ = None
    return made  # type: ignore[no-any-return]


def _made(cls: type[Any]) -> tuple[Any, Callable[[Any], Any]]:
    # The standard decorator would write a text for a class that has none, and read the constructor's signature for it.
    cls.__doc__ = cls.__doc__ or cls.__name__
    made: Any = dataclass(init=False, repr=False, eq=False, slots=True)(cls)
    fields: dict[str, Field[Any]] = made.__dataclass_fields__
    values = operator.attrgetter(*fields)

    def construct(self: Any, *arguments: Any, **named: Any) -> None:
        made.__init__ = _constructor(made, fields)
        made.__init__(self, *arguments, **named)

    def equals(self: Any, other: Any) -> bool:
        return bool(values(self) == values(other)) if other.__class__ is made else NotImplemented

    made.__init__ = construct
    made.__eq__ = equals
    made.__repr__ = _shown
    return made, values


def _constructor(made: Any, fields: dict[str, Field[Any]]) -> Callable[..., None]:
    # Names of fields alone go into the text, and these are the source code's own.
    names: dict[str, Any] = {"_missing": MISSING}
    parameters, body = [], []
    for name, each in fields.items():
        if each.default_factory is not MISSING:
            names[f"_make_{name}"] = each.default_factory
            parameters.append(f"{name}=_missing")
            body.append(f"    if {name} is _missing: {name} = _make_{name}()")
        elif each.default is not MISSING:
            names[f"_default_{name}"] = each.default
            parameters.append(f"{name}=_default_{name}")
        else:
            parameters.append(name)
        # By the slot itself: it asks no ``__setattr__``, so it may set what is frozen, and it is the quickest way.
        names[f"_put_{name}"] = getattr(made, name).__set__
        body.append(f"    _put_{name}(self, {name})")
    exec(f"def __init__(self, {', '.join(parameters)}):\n" + "\n".join(body), names)  # noqa: S102
    constructor: Callable[..., None] = names["__init__"]
    return constructor


def _shown(self: Any) -> str:
    fields: dict[str, Field[Any]] = self.__dataclass_fields__
    shown = ", ".join(f"{name}={getattr(self, name)!r}" for name, each in fields.items() if each.repr)
    return f"{self.__class__.__qualname__}({shown})"


def _refuse(self: Any, name: str, value: Any = None) -> NoReturn:
    raise FrozenInstanceError(f"cannot change the field {name!r}")
