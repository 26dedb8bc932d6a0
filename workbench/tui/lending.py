"""Lend the terminal to sudo, so that the password stays between it and the person."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from textual.app import App, SuspendNotSupported

from workbench.tui.base_app import BaseApp

PROMPT = "The workbench waits. sudo may ask for your password now; the workbench never sees it."
Value = TypeVar("Value")


@contextmanager
def terminal_lent(app: App[int], words: str) -> Iterator[None]:
    """The terminal as it was before the app, with ``words`` on it. Raises SuspendNotSupported where it cannot be.

    The interface stands still meanwhile.
    """
    with app.suspend():
        print(f"\n{words}", flush=True)
        # Ctrl+C at the prompt of sudo is for sudo: it must not end the app that waits behind it.
        on_main = threading.current_thread() is threading.main_thread()
        before = signal.signal(signal.SIGINT, lambda *_: None) if on_main else None
        try:
            yield
        finally:
            if before is not None:
                signal.signal(signal.SIGINT, before)


def as_root_if_asked(app: BaseApp, work: Callable[[], Value]) -> Value:
    """Do some work in the background; where it needs root, sudo may ask for its password on the terminal."""
    from workbench.repair.root_commands import asking

    def ask() -> str:
        try:
            with terminal_lent(app, PROMPT):
                return app.workbench.ask_root(interactive=True)
        except SuspendNotSupported:
            return "this terminal cannot be given to sudo for its question"

    with asking(lambda: app.call_from_thread(ask)):
        return work()
