"""Measure in a real terminal how soon the app shows its first picture, beside a bare app of Textual, in turn.

``python scripts/bench_first_paint.py [ROUNDS]``. Nothing here passes or fails. On a busy machine the ratios count, and
the time of the processor: it is that of the whole process until its first picture is there.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from scripts.bench_terminal import Terminal, environment

SIZES = ((120, 36), (80, 24))
BARE = '''
from textual.app import App
from textual.containers import Horizontal, Vertical
from textual.widgets import Footer, OptionList, Static


class Bare(App):
    CSS = """
    #head { height: 5; border: round $foreground 30%; }
    .pane { width: 1fr; border: round $foreground 30%; border-title-style: bold; padding: 0 1; }
    .pane:focus-within { border: round $accent; }
    .name { height: 1; text-style: bold; }
    OptionList { height: 1fr; border: none; background: $background; }
    OptionList > .option-list--option-highlighted { background: $primary-muted; }
    Screen.-narrow .pane { padding: 0; }
    """
    BINDINGS = [("q", "quit", "Quit"), ("r", "refresh", "Refresh"), ("f", "open", "Open"), ("u", "undo", "Undo")]

    def compose(self):
        yield Static("A bare app of three panes", id="head")
        with Horizontal():
            for number in range(3):
                with Vertical(classes="pane"):
                    yield Static(f"Pane {number}", classes="name")
                    yield OptionList(*(f"pane {number} row {row}" for row in range(40)))
        yield Footer()


Bare().run()
'''


class Started(NamedTuple):
    """Seconds from the start of a program to its first picture: by the clock, and of the processor."""

    clock: float
    processor: float


def main() -> None:
    """Measure at both sizes."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 9
    print(f"Python {sys.version.split()[0]}, {os.cpu_count()} processors, {rounds} rounds in turn")
    with tempfile.TemporaryDirectory() as folder:
        bare = Path(folder) / "bare.py"
        bare.write_text(BARE)
        workbench = [sys.executable, "-m", "workbench"]
        first = ("Findings", "Looking at this host", "Quit")
        apps: dict[str, tuple[list[str], tuple[str, ...]]] = {
            "bare app of three panes": ([sys.executable, str(bare)], ("row 3", "Pane 2", "Quit")),
            "workbench": (workbench, first),
            "workbench --demo": ([*workbench, "--demo"], first),
        }
        for size in SIZES:
            measured: dict[str, list[Started]] = {name: [] for name in apps}
            for turn in range(rounds + 1):
                for name, (command, words) in apps.items():
                    started = first_picture(command, words, size, folder)
                    if turn:  # the first round only warms the caches
                        measured[name].append(started)
            print(f"\n{size[0]} × {size[1]}" + " " * 24 + "median     best   processor    best")
            _report(measured)
        print(f"\n{'workbench --headless':<30}{_headless(rounds, folder) * 1000:7.0f} ms, for comparison")


def first_picture(command: Sequence[str], words: Sequence[str], size: tuple[int, int], home: str) -> Started:
    """Start a program in a terminal of its own; what it took until all of these words were drawn there."""
    with Terminal(command, size, home) as terminal:
        terminal.await_words(*words)
        return Started(time.perf_counter() - terminal.begun, terminal.processor)


def _report(measured: dict[str, list[Started]]) -> None:
    medians = {}
    for name, rounds in measured.items():
        clocks, works = [each.clock for each in rounds], [each.processor for each in rounds]
        medians[name] = statistics.median(clocks), statistics.median(works)
        told = (medians[name][0], min(clocks), medians[name][1], min(works))
        print(f"  {name:<28}" + "  ".join(f"{seconds * 1000:6.0f} ms" for seconds in told))
    (_, (clock, work)), *others = medians.items()
    for name, (its_clock, its_work) in others:
        ratios = f"{its_clock / clock:.2f} by the clock, {its_work / work:.2f} of the processor"
        print(f"  {f'{name} : bare app':<28}{ratios}")


def _headless(rounds: int, home: str) -> float:
    taken = []
    for _ in range(rounds):
        begun = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "workbench", "--headless"],
            cwd=home,
            env=environment(home),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
        )
        taken.append(time.perf_counter() - begun)
    return statistics.median(taken)


if __name__ == "__main__":
    main()
