"""What every flow does: a window while something is under way, and words where it failed or may not be."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import TypeVar

from workbench.model.run import Change
from workbench.tui.background import in_background
from workbench.tui.base_app import BaseApp
from workbench.tui.keys import hint
from workbench.tui.screens.applying import Applying
from workbench.tui.screens.dialogs import Notice

Value = TypeVar("Value")


@asynccontextmanager
async def window(
    app: BaseApp, title: str, done: Sequence[Change] = (), *, changes: bool = True
) -> AsyncIterator[Applying]:
    """A window for the time that something takes; ``done`` is what it will do, where that is known.

    While it ``changes`` the machine, the app does not quit.
    """
    shows = Applying(title, done)
    await app.unobstructed()
    await app.push_screen(shows)
    app.busy = changes
    try:
        yield shows
    finally:
        app.busy = False
        await app.pop_screen()


async def tried(app: BaseApp, failed: str, work: Callable[[], Value], *, changes: bool = False) -> Value | None:
    """What the work gives, done in the background; None where it failed, and then that was said."""
    try:
        return await in_background(work)
    except Exception as error:  # noqa: BLE001, RUF100 - whatever fails, the app says it and stays
        failure = error
    await tell_failure(app, failed, failure, changes=changes)
    return None


async def tell_failure(app: BaseApp, title: str, error: Exception, *, changes: bool = True) -> None:
    """Say what failed. Where it ``changes`` the machine, some of it may have been done, and the history says what."""
    words = f"{type(error).__name__}: {error}"
    if changes:
        instead = f"look at the history ({hint('history')}) for what was done so far."
        await app.push_screen_wait(Notice(title, words, instead))
    else:
        await app.push_screen_wait(Notice(title, f"{words}\n\nNothing was changed."))


async def is_read_only(app: BaseApp, so: str) -> bool:
    """Whether the workbench may change nothing; then that is said."""
    if app.workbench.read_only:
        words = f"The workbench was started with --read-only, so {so}."
        await app.push_screen_wait(Notice("Read-only", words, "start it without --read-only."))
    return app.workbench.read_only
