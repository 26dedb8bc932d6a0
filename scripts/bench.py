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
sys.path.insert(0, str(ROOT))
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


SOCKETS = """
import resource, socket, sys, time
resource.setrlimit(resource.RLIMIT_NOFILE, (int(sys.argv[1]) + 100,) * 2)
held = []
for number in range(int(sys.argv[1])):
    held.append(socket.socket(socket.AF_UNIX))
    held[-1].bind(f"\\0workbench-bench-{number}")
    held[-1].listen()
print("ready", flush=True)
time.sleep(600)
"""


def main() -> None:
    """Measure with little on the machine, and with 2,000 processes, 5,000 unix sockets and 40 configs."""
    print(f"Python {sys.version.split()[0]}, {os.cpu_count()} processors, median of {ROUNDS} rounds in turn\n")
    for processes, sockets, configs in ((100, 0, 0), (2000, 5000, 40)):
        with tempfile.TemporaryDirectory() as home:
            _configs(Path(home), configs)
            crowd, holder = _crowd(processes), _sockets(sockets)
            print(f"  {sockets} more unix sockets, {configs} configs")
            try:
                _report(_measure(home))
            finally:
                holder.kill()
                holder.wait()
                os.killpg(crowd.pid, signal.SIGKILL)
                crowd.wait()


def _configs(home: Path, count: int) -> None:
    """As many configs as asked for, in as many places that clients really read."""
    from tests.host.locations import HOME

    for number, (place, writer) in enumerate(HOME[:count]):
        path = home / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(writer(f"server-{number}"))


def _sockets(count: int) -> subprocess.Popen[bytes]:
    holder = subprocess.Popen([sys.executable, "-c", SOCKETS, str(count)], stdout=subprocess.PIPE)
    assert holder.stdout is not None
    holder.stdout.readline()
    return holder


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
