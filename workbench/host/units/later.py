"""Work that goes on beside other work, in a thread that never keeps the program from ending."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

_T = TypeVar("_T")


class Later(Generic[_T]):
    """The outcome of some work, waited for when it is asked for."""

    def __init__(self, work: Callable[[], _T]) -> None:
        self._work = work
        self._made: list[_T] = []
        self._failed: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._made.append(self._work())
        except BaseException as error:  # noqa: BLE001, RUF100 - it is raised again where the outcome is asked for
            self._failed = error

    def outcome(self) -> _T:
        """What came of it; raises what the work raised."""
        self._thread.join()
        if self._failed is not None:
            raise self._failed
        return self._made[0]
