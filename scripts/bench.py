"""Measure whole processes side by side in one run and print their ratios. Nothing here passes or fails."""

from __future__ import annotations

import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
ROUNDS = 7
BARE_PASS = """
import os
for name in os.listdir('/proc'):
    if name.isdigit():
        for file in ('cmdline', 'status'):
            try:
                handle = os.open(f'/proc/{name}/{file}', os.O_RDONLY)
            except OSError:
                continue
            try:
                os.read(handle, 65536)
            except OSError:
                pass
            os.close(handle)
"""
COMMANDS = {
    "python -c pass": ["-c", "pass"],
    "workbench --version": ["-m", "workbench", "--version"],
    "bare pass over /proc": ["-c", BARE_PASS],
    "bare import of pydantic": ["-c", "import pydantic; pydantic.BaseModel"],
    "workbench --headless --json": ["-m", "workbench", "--headless", "--json"],
}


def main() -> None:
    """Measure with few and with many processes on the machine."""
    print(f"Python {sys.version.split()[0]}, {os.cpu_count()} processors, median of {ROUNDS} rounds in turn\n")
    with tempfile.TemporaryDirectory() as home:
        for wanted in (100, 2000):
            crowd = _crowd(wanted)
            try:
                _report(_measure(home))
            finally:
                os.killpg(crowd.pid, signal.SIGKILL)
                crowd.wait()


def _crowd(wanted: int) -> subprocess.Popen[bytes]:
    there = sum(name.isdigit() for name in os.listdir("/proc"))
    missing = max(0, wanted - there)
    script = f"for i in $(seq {missing}); do sleep 600 >/dev/null & done; echo ready; wait"
    started = subprocess.Popen(["bash", "-c", script], start_new_session=True, stdout=subprocess.PIPE)
    assert started.stdout is not None
    started.stdout.readline()  # not counted in /proc: what else runs on the machine comes and goes
    print(f"{sum(name.isdigit() for name in os.listdir('/proc'))} processes")
    return started


def _measure(home: str) -> dict[str, float]:
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": home, "PYTHONPATH": str(ROOT)}
    times: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for turn in range(ROUNDS + 1):
        for name, arguments in COMMANDS.items():
            began = time.perf_counter()
            subprocess.run(
                [sys.executable, *arguments], env=environment, cwd=home, stdout=subprocess.DEVNULL, check=False
            )
            if turn:  # the first round only warms the caches
                times[name].append(time.perf_counter() - began)
    return {name: statistics.median(each) for name, each in times.items()}


def _report(medians: dict[str, float]) -> None:
    for name, seconds in medians.items():
        print(f"  {name:<30} {seconds * 1000:7.1f} ms")
    scan, bare, pydantic = (
        medians[name] for name in ("workbench --headless --json", "bare pass over /proc", "bare import of pydantic")
    )
    print(
        f"  --version : python -c pass               {medians['workbench --version'] / medians['python -c pass']:.2f}"
    )
    print(f"  scan : bare pass over /proc              {scan / bare:.2f}")
    print(f"  scan : bare import of pydantic           {scan / pydantic:.2f}")
    print(f"  scan : both together                     {scan / (bare + pydantic):.2f}\n")


if __name__ == "__main__":
    main()
