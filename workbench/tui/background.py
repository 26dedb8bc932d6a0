"""Run what blocks in a thread of its own, and wait for it without blocking the interface."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import threading
from collections.abc import Callable
from typing import Any, TypeVar

Result = TypeVar("Result")


async def in_background(work: Callable[[], Result], *, must_end: bool = False) -> Result:
    """What ``work`` returns or raises.

    The thread is a daemon, so that a look at the host that hangs does not keep the app from quitting, unless it
    ``must_end``: the program then waits for it, as it must for a repair under way.
    """
    loop = asyncio.get_running_loop()
    outcome: asyncio.Future[Result] = loop.create_future()
    context = contextvars.copy_context()

    def settle(settler: Callable[[Any], None], value: Any) -> None:
        if not outcome.done():
            settler(value)

    def deliver(settler: Callable[[Any], None], value: Any) -> None:
        # The loop is closed when the app has quit meanwhile; then nobody waits for the answer.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(settle, settler, value)

    def carry_out() -> None:
        try:
            result = context.run(work)
        except Exception as error:  # noqa: BLE001, RUF100 - it is raised again where it is waited for
            deliver(outcome.set_exception, error)
        else:
            deliver(outcome.set_result, result)

    threading.Thread(target=carry_out, daemon=not must_end, name="workbench").start()
    return await outcome
