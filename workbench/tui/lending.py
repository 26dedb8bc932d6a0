"""Lend the terminal to sudo, so that the password stays between it and the person."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from textual.app import App


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
