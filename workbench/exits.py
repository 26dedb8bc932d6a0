"""The exit statuses of the command line, and the one place that keeps a broken pipe and Ctrl+C quiet."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from enum import IntEnum


class Exit(IntEnum):
    """What the exit status of ``workbench`` means."""

    CLEAN = 0
    FINDINGS = 1
    USAGE = 2
    COVERAGE = 3
    INTERNAL = 4
    REFUSED = 5
    EXPIRED = 6
    INTERRUPTED = 130
    BROKEN_PIPE = 141


MEANINGS = {
    Exit.CLEAN: "nothing at or above the threshold was found",
    Exit.FINDINGS: "findings at or above the threshold (see --fail-on)",
    Exit.USAGE: "the command line, or a file it names, cannot be used",
    Exit.COVERAGE: "less could be assessed than --min-coverage asks for, or than in the older of two compared reports",
    Exit.INTERNAL: "the workbench itself failed",
    Exit.REFUSED: "a repair or an undo was refused or did not succeed; the message says what was changed",
    Exit.EXPIRED: "a waiver of something that still stands has expired, and nothing worse was found",
    Exit.INTERRUPTED: "interrupted with Ctrl+C",
    Exit.BROKEN_PIPE: "whoever read the output went away",
}


class Unusable(Exception):  # noqa: N818 - it is an answer, not an error
    """What on the command line, or in a file it names, cannot be used, and what to do."""


def guarded(command: Callable[[], int]) -> int:
    """Run a command; turn what would be a traceback into one line and a documented status."""
    if sys.stdout is None:
        complain("standard output is closed: there is nowhere to put the answer")
        return Exit.USAGE
    try:
        status = command()
        sys.stdout.flush()
        return status
    except Unusable as why:
        complain(str(why))
        return Exit.USAGE
    except BrokenPipeError:
        # Whoever read our output has gone (head, less): say nothing, and keep the interpreter from flushing again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.BROKEN_PIPE
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except OSError as error:
        complain(f"the system refused: {error.strerror or type(error).__name__}")
        return Exit.INTERNAL
    except Exception as error:  # noqa: BLE001, RUF100 - the last wall; the message may hold host text, so it is not shown
        place = error.__traceback__
        while place is not None and place.tb_next is not None:
            place = place.tb_next
        where = f" in {place.tb_frame.f_globals.get('__name__', '?')}:{place.tb_lineno}" if place else ""
        complain(
            f"internal error: {type(error).__name__}{where}; please report it with the output of: workbench snapshot"
        )
        if os.environ.get("WORKBENCH_TRACEBACK"):
            raise
        return Exit.INTERNAL


def complain(message: str) -> None:
    """One line on standard error; nothing where that is closed, for the answer on standard output is not to hold it."""
    if sys.stderr is not None:
        print(f"workbench: {message}", file=sys.stderr)
