"""Look, show what only root may read, ask once, read it through sudo, and look again with what it answered."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Iterable, Mapping

from workbench.elevation import prompt, run_all
from workbench.exits import Unusable, complain
from workbench.host.command import Output
from workbench.host.privileged import Privileged, Vector
from workbench.model.snapshot import Snapshot
from workbench.text import visible

ROUNDS = 3
"""What is read may lead to more that has to be read. Each round is shown and asked for."""


def look_with_sudo(
    look: Callable[[Privileged], Snapshot], *, agreed: bool = False, answers: dict[Vector, Output] | None = None
) -> Snapshot:
    """The Snapshot, with what could be read through sudo; what was read and said is added to ``answers``.

    Shows the exact commands on standard error and asks there, unless ``agreed``. Raises Unusable where nobody can be
    asked. A refusal leaves the Snapshot as it is: what was not read is not assessed.
    """
    answers = {} if answers is None else answers
    privileged = Privileged(answers)
    snapshot = look(privileged)
    for _ in range(ROUNDS):
        wanted = unanswered(privileged.wanted, answers)
        if not wanted or not _agreed(wanted, agreed=agreed):
            break
        refusal = prompt(interactive=sys.stdin.isatty())
        if refusal:
            complain(f"nothing was read as root: {refusal}")
            break
        answers.update(run_all(wanted))
        privileged = Privileged(answers)
        snapshot = look(privileged)
    return snapshot


def unanswered(wanted: Iterable[Vector], answers: Mapping[Vector, Output]) -> tuple[Vector, ...]:
    """The commands that were not run yet, each once."""
    return tuple(vector for vector in dict.fromkeys(wanted) if vector not in answers)


def shown(vector: Vector) -> str:
    """A command as it is run, quoted for a POSIX shell."""
    return visible(f"sudo -n -- {shlex.join(vector)}")


def _agreed(wanted: tuple[Vector, ...], *, agreed: bool) -> bool:
    if not agreed and not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise Unusable("--sudo asks before anything is read as root; without a terminal, agree beforehand with --yes")
    print(
        f"To look at what only root may read, {len(wanted)} commands will run. They read and change nothing:",
        file=sys.stderr,
    )
    for vector in wanted:
        print(f"  {shown(vector)}", file=sys.stderr)
    if agreed:
        return True
    sys.stderr.write("Run them? [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")
