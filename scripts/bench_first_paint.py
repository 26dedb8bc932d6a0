"""Measure in a real terminal how soon the app shows its first picture, beside a bare app of Textual, in turn.

``python scripts/bench_first_paint.py [ROUNDS]``. Nothing here passes or fails. On a busy machine the ratios count, and
the time of the processor: it is that of the whole process until its first picture is there.
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
SIZES = ((120, 36), (80, 24))
LONGEST = 60.0
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
_SEQUENCE = re.compile(
    rb"\x1b\[[0-?]*[ -/]*[@-~]|\x1b[PX^_].*?\x1b\\|\x1b\].*?(?:\x07|\x1b\\)|\x1b[ -/]*[0-~]", re.DOTALL
)


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
        apps: dict[str, tuple[list[str], tuple[bytes, ...]]] = {
            "bare app of three panes": ([sys.executable, str(bare)], (b"row 3", b"Pane 2", b"Quit")),
            "workbench": (workbench, (b"Findings", b"Looking at this host", b"Quit")),
            "workbench --demo": ([*workbench, "--demo"], (b"Findings", b"Looking at this host", b"Quit")),
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


def first_picture(command: Sequence[str], words: Sequence[bytes], size: tuple[int, int], home: str) -> Started:
    """Start a program in a terminal of its own; what it took until all of these words were drawn there."""
    ours, its = pty.openpty()
    columns, lines = size
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
    begun = time.perf_counter()
    process = subprocess.Popen(
        command, stdin=its, stdout=its, stderr=its, cwd=home, env=_environment(home), start_new_session=True
    )
    os.close(its)
    drawn = b""
    try:
        while time.perf_counter() - begun < LONGEST:
            if not select.select([ours], [], [], 1.0)[0]:
                continue
            drawn += os.read(ours, 65536)
            if all(word in drawn for word in words) or _shows(drawn, words):
                return Started(time.perf_counter() - begun, _processor_time(process.pid))
    except OSError:
        pass  # it ended and took its terminal away
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        os.close(ours)
    raise SystemExit(f"{command} never showed {words}:\n{_SEQUENCE.sub(b'', drawn).decode(errors='replace')}")


def _shows(drawn: bytes, words: Sequence[bytes]) -> bool:
    text = _SEQUENCE.sub(b"", drawn)
    return all(word in text for word in words)


def _processor_time(process: int) -> float:
    # The clock of a process that counts what all its threads had of the processor: MAKE_PROCESS_CPUCLOCK in Linux.
    return time.clock_gettime((~process << 3) | 2)


def _environment(home: str) -> dict[str, str]:
    return {
        "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": home,
        "PYTHONPATH": str(ROOT),
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
        "LANG": "C.UTF-8",
    }


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
            env=_environment(home),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
        )
        taken.append(time.perf_counter() - begun)
    return statistics.median(taken)


if __name__ == "__main__":
    main()
