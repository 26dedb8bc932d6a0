"""Measure what it costs to notice changes: ``python scripts/bench_watching.py``. It only looks."""

from __future__ import annotations

import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from workbench.host import marks
from workbench.host.context import Context
from workbench.host.gather import gather
from workbench.watching import EVERY, Watched

_ROUNDS = 200


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


if __name__ == "__main__":
    main()
