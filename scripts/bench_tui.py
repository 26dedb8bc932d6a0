"""Measure the pages of the app with thousands of rows: what each act takes, and how long the interface stands still.

Nothing here passes or fails. A stall is the longest time for which nothing else could be drawn or heard; how much of
such a time was work is told beside it, for the rest other programs had the processor. Work is slower too where others
share the processor's caches and its halves: ``times`` says how much slower a fixed piece of work was right after the
act than it has ever been in this run.
"""

from __future__ import annotations

import asyncio
import gc
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from textual import events
from textual.pilot import Pilot

from scripts.bench_terminal import held
from tests.tui import fakes, inventories
from workbench.finding_filter import Filter, parse
from workbench.model.finding import Finding, Subject
from workbench.model.severity import Severity
from workbench.tui.app import WorkbenchApp
from workbench.tui.widgets.findings import FindingsList
from workbench.tui.widgets.servers import ServersList

FINDINGS, SERVERS = 5000, 4000
KEYS = (
    ("scroll by line", ["j"] * 20),
    ("scroll by page", ["pagedown"] * 10),
    ("to the end and back", ["G", "g"]),
    ("type a filter", ["slash", *"file 4", "enter"]),
    ("clear it", ["escape"]),
    ("sort by each column", ["o"] * 5),
    ("group by each", ["b"] * 4),
    ("mark ten", ["space"] * 10),
    ("mark a fifth, and clear", ["b", "g", "space", "x", "b", "b", "b"]),
    ("each page", [*"2345678", "1"]),
    ("look again", ["r"]),
)
HELD, REPEAT = 200, 1 / 30
"""How often a key that is held down comes, and seconds from one to the next."""


class Lag:
    """Ticks in the loop of the app and keeps the longest time between two ticks, and the most work."""

    def __init__(self) -> None:
        self.worst = self.work = 0.0
        self._slower = yardstick()
        self._task = asyncio.get_running_loop().create_task(self._tick())

    async def _tick(self) -> None:
        while True:
            before, worked = time.perf_counter(), time.thread_time()
            await asyncio.sleep(0.001)
            self.worst = max(self.worst, time.perf_counter() - before - 0.001)
            self.work = max(self.work, time.thread_time() - worked)

    def end(self) -> str:
        """Stop ticking; the longest stall, and the most work, in milliseconds."""
        self._task.cancel()
        slower = (self._slower + yardstick()) / 2 / _QUICKEST[0]
        return f"{self.worst * 1000:>5.0f} ms, most work {self.work * 1000:>4.0f} ms ({slower:.1f} times)"


_QUICKEST = [1.0]


def yardstick() -> float:
    """Seconds of the processor that a fixed piece of work takes now."""
    began = time.thread_time()
    sum(len(f"{number} {number}") for number in range(20_000))
    taken = time.thread_time() - began
    _QUICKEST[0] = min(_QUICKEST[0], taken)
    return taken


def many(count: int) -> list[Finding]:
    """Findings of five checks, of every severity, each with a summary of about two lines."""
    severities = list(Severity)
    return [
        replace(
            fakes.finding(
                f"any account on this machine can write /home/dev/project-{number}/.mcp.json, so can choose what runs",
                severities[number % 5],
            ),
            subject=Subject("config", f"file {number}", f"/home/dev/project-{number}/.mcp.json"),
        )
        for number in range(count)
    ]


def timed(act: Callable[[], object], rounds: int = 7) -> float:
    """The median of a few rounds, in milliseconds."""
    taken = []
    for _ in range(rounds):
        begun = time.perf_counter()
        act()
        taken.append((time.perf_counter() - begun) * 1000)
    return statistics.median(taken)


async def main() -> None:
    """Both pages, at both sizes."""
    findings = many(FINDINGS)
    checks = [fakes.check(f"area{place}/check", *findings[place::5], worst=Severity.CRITICAL) for place in range(5)]
    for _ in range(50):
        yardstick()
    print(f"{_QUICKEST[0] * 1000:.1f} ms for a fixed piece of work")
    for size in ((80, 24), (120, 36)):
        workbench = fakes.workbench(fakes.plugins(checks, [fakes.fix("area1/check")]))
        servers = tuple(inventories.server(f"s{number:04}") for number in range(SERVERS))
        workbench.script.snapshot = inventories.host(*servers)
        app = WorkbenchApp(workbench, watch=False)
        app.animation_level = "none"
        async with app.run_test(size=size) as pilot:
            while app.main.report is None or app.main.looking:
                await pilot.pause(0.05)
            print(f"{size[0]} × {size[1]}")
            await _findings(app, pilot)
            _servers(app)
    print(f"{held():.0f} MB of memory, all that measures included")


async def _findings(app: WorkbenchApp, pilot: Pilot[int]) -> None:
    table = app.main.query_one(FindingsList)
    every = list(table._all)
    judged = [row.judged for row in every]
    print(f"  {table.total} findings: listed in {timed(lambda: table.show(judged)):.0f} ms", end="")
    for text in ("file 4", "sev:>=high -project-1", "area:area1 fixable:safe"):
        wanted = parse(text)

        def filtered(wanted: Filter = wanted) -> None:
            table.filter(parse("x"))
            table.filter(wanted)

        print(f", “{text}” in {timed(filtered) / 2:.0f} ms", end="")
    table.filter(parse(""))
    print()
    app.main.query_one(FindingsList).focus()
    await pilot.press("j", "k")
    await pilot.pause(0.5)
    for name, keys in KEYS:
        lag = Lag()
        for key in keys:
            await pilot.press(key)
        await _settled(app, pilot)
        print(f"    {name:<28} longest stall {lag.end()}")
    lag = Lag()
    await _held(app, "j")
    print(f"    {'hold a key down':<28} longest stall {lag.end()}")
    lag = Lag()
    app.main.action_rescan()
    await _held(app, "j")
    await _settled(app, pilot)
    print(f"    {'hold it while a look ends':<28} longest stall {lag.end()}")
    table.focus()
    lag = Lag()
    for theme in ("textual-light", "textual-dark"):
        app.theme = theme
        await pilot.pause(0.3)
    print(f"    {'turn to light and back':<28} longest stall {lag.end()}")
    lag = Lag()
    width, height = app.size
    for wider in (10, 20, 30, 0):
        await pilot.resize_terminal(width + wider, height)
    print(f"    {'resize':<28} longest stall {lag.end()}")


async def _held(app: WorkbenchApp, key: str) -> None:
    """As a terminal sends a key that is held down, whatever became of the last one."""
    for _ in range(HELD):
        app.post_message(events.Key(key, key))
        await asyncio.sleep(REPEAT)


async def _settled(app: WorkbenchApp, pilot: Pilot[int]) -> None:
    await pilot.pause(0.1)
    while app.main.looking:
        await pilot.pause(0.05)
    await pilot.pause(0.1)


def _servers(app: WorkbenchApp) -> None:
    seen = app.main.seen
    assert seen is not None
    listed = app.main.query_one(ServersList)
    print(f"  {SERVERS} servers: listed in {timed(lambda: listed.show(seen.inventory)):.0f} ms")


if __name__ == "__main__":
    gc.set_threshold(20_000)  # as the program itself does
    asyncio.run(main())
