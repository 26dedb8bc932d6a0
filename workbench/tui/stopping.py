"""Stop the app as a job of the shell that started it, the terminal as it was before, until the shell brings it back."""

from __future__ import annotations

import os
import signal

from textual.app import App, SuspendNotSupported

_QUIT = "Quit instead: how it is arranged is remembered."
_BACK = "The workbench is stopped. Bring it back with: fg"


def stop(app: App[int]) -> str:
    """Stop until a shell has the app go on; gives at once why it cannot be stopped, "" after it went on."""
    if not _has_a_shell():
        return f"No shell is there that could bring the app back. {_QUIT}"
    try:
        with app.suspend():
            print(f"\n{_BACK}", flush=True)
            # The whole job: what has started the app (uv, make) would hold the terminal else.
            os.killpg(os.getpgrp(), signal.SIGTSTP)
    except SuspendNotSupported:
        return f"This terminal cannot be given back for a while. {_QUIT}"
    return ""


def _has_a_shell() -> bool:
    # A shell that can bring jobs back gives each a process group of its own.
    return hasattr(os, "killpg") and os.getpgrp() != os.getsid(0)
