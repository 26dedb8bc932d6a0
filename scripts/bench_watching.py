"""Measure what it costs to notice changes, and to be open meanwhile: ``python scripts/bench_watching.py``.

It only looks.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from scripts.bench_terminal import Terminal
from workbench.host import marks
from workbench.host.context import Context
from workbench.host.gather import gather
from workbench.watching import EVERY, Watched

_ROUNDS = 200
_SETTLE, _OPEN, _STRETCHES = 5.0, 10.0, 5


def main() -> None:
    """Print how long it takes to remember the marks, and to ask what changed."""
    snapshot = gather(Context.of_this_host())
    began = time.perf_counter()
    watched = Watched.of(snapshot)
    print(f"remember  {(time.perf_counter() - began) * 1000:.2f} ms")
    print(
        f"of        {len(watched.files)} paths, {len(watched.beside)} folders of configs,"
        f" {len(watched.sockets)} listening sockets, {len(marks.process_ids())} processes"
    )
    times, spent = [], time.process_time()
    for _ in range(_ROUNDS):
        began = time.perf_counter()
        watched.changed()
        times.append((time.perf_counter() - began) * 1000)
    spent = (time.process_time() - spent) / _ROUNDS
    print(f"changed() {statistics.median(times):.2f} ms median, {statistics.quantiles(times, n=20)[-1]:.2f} ms at 95 %")
    print(f"processor {spent / EVERY:.2%} at one call every {EVERY:g} s")
    with tempfile.TemporaryDirectory() as home:
        for name, arguments in (("workbench --demo", ["--demo"]), ("workbench, watching", [])):
            _open([sys.executable, "-m", "workbench", *arguments], name, home)


def _open(command: list[str], name: str, home: str) -> None:
    with Terminal(command, (120, 36), home) as terminal:
        terminal.await_words("Not assessed ")
        terminal.pass_time(_SETTLE)
        spent = []
        for _ in range(_STRETCHES):
            before = terminal.processor
            terminal.pass_time(_OPEN / _STRETCHES)
            spent.append((terminal.processor - before) / _OPEN)
        print(
            f"open      {sum(spent):.2%} of a processor over {_OPEN:g} s, {min(spent) * _STRETCHES:.2%} while nothing"
            f" changed, {terminal.memory:.0f} MB: {name}"
        )


if __name__ == "__main__":
    main()
