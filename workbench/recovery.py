"""``workbench recover``: show what bringing interrupted repairs back does, ask about it, and do that alone."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from workbench.commands import show_commands, sudo_may_ask, told, workbench_of
from workbench.exits import Exit, complain
from workbench.model.plan import Refusal
from workbench.report.lines import wrapped
from workbench.text import visible

if TYPE_CHECKING:
    from workbench.repair.recovering import Recovering


def recover(options: argparse.Namespace) -> int:
    """Recover every interrupted run: as it was shown, and on a terminal only where that was agreed to.

    Without a terminal nobody can be asked, and it goes on as ``undo`` does.
    """
    workbench = workbench_of(options)
    with sudo_may_ask():
        found = workbench.plan_recovery()
        if isinstance(found, Refusal):
            complain(f"{found.reason}" + (f" ({found.instead})" if found.instead else ""))
            return Exit.REFUSED
        for line in (line for each in found for line in lines(each)):
            print(visible(line), file=sys.stderr)
        if found and not workbench.read_only and not _agreed(options, found):
            complain("nothing was changed; the repair stays interrupted, and no other is made before it is recovered")
            return Exit.REFUSED
        runs = workbench.recover(found, show_commands)
    if not runs:
        print("no repair was interrupted", file=sys.stderr)
    return max((told(run) for run in runs), default=Exit.CLEAN)


def lines(found: Recovering) -> Iterator[str]:
    """What recovering one run does, as plain lines: its words, its diffs, and every command that runs as root."""
    run = found.run
    yield f"{run.identity}  {run.plan.title}"
    yield f"  interrupted; begun {run.started_at}. To bring everything back as it was before it:"
    for number, change in enumerate(found.changes, 1):
        yield from wrapped(change.words, f"  {number} ", "    ")
        yield from (f"    {line}" for line in change.diff.split("\n") if change.diff)
        if change.commands:
            yield f"    of these {len(change.commands)} commands, in their order, no other runs as root:"
        yield from (f"      {shlex.join(command)}" for command in change.commands)
    if not found.changes and not found.unseen:
        yield "  nothing has to be put back; the journal is closed"
    if found.unseen:
        yield from wrapped(f"it cannot be shown, so it is not done: {found.unseen}", "  ", "  ")
    if found.note:
        yield from wrapped(f"what stays as it is: {found.note}", "  ", "  ")


def _agreed(options: argparse.Namespace, found: tuple[Recovering, ...]) -> bool:
    asked = [each for each in found if not each.unseen]
    if options.yes or not asked or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return True
    sys.stderr.write(f"Recover {'it' if len(asked) == 1 else f'these {len(asked)}'}? [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")
