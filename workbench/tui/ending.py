"""Ends the program for certain once a signal asked for that."""

from __future__ import annotations

import os
import threading
import time

PATIENCE = 3.0
"""Seconds that the app has to end by itself."""


def end_for_certain(status: int, patience: float = PATIENCE) -> None:
    """End this process with that status, unless it ends by itself before. What must end, such as a repair, does.

    Textual waits for ever where the terminal is gone: what it still writes there finds nobody who takes it.
    """
    threading.Thread(target=_end, args=(status, patience), daemon=True, name="workbench-end").start()


def _end(status: int, patience: float) -> None:
    until = time.monotonic() + patience
    while (left := until - time.monotonic()) > 0:
        time.sleep(min(left, 0.1))
        if any(not each.daemon and each is not threading.main_thread() for each in threading.enumerate()):
            until = time.monotonic() + patience
    os._exit(status)
