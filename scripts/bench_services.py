"""Measure the look at the host's services: units, containers, and a whole scan as root beside lynis."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
ROUNDS = 5
UNIT = """[Unit]
Description=Server number {number}
[Service]
ExecStart=/usr/bin/env node /opt/mcp/server-{number}/mcp-server.js
User=mcp
ProtectSystem=strict
NoNewPrivileges=yes
"""
UNITS = """
import sys
from dataclasses import replace
from pathlib import Path
from workbench.host import units
from workbench.host.context import Context
context = replace(Context.of_this_host(), unit_folders=(Path(sys.argv[1]),))
facts = units.gather(context)
assert all(unit.exposure is not None for unit in facts.units), facts.state
print(len(facts.units))
"""
CONTAINERS = """
import sys
from dataclasses import replace
from pathlib import Path
from workbench.host import containers
from workbench.host.context import Context
facts = containers.gather(replace(Context.of_this_host(), engines=(Path(sys.argv[1]),)))
print(len(facts.containers))
"""


def main() -> None:
    """Units offline, containers of a private engine, and the whole scan."""
    with tempfile.TemporaryDirectory() as folder:
        for number in range(300):
            (Path(folder) / f"mcp-server-{number}.service").write_text(UNIT.format(number=number))
        seconds, said = _timed([sys.executable, "-c", UNITS, folder])
        print(f"{said.strip()} units scored offline in {seconds * 1000:.0f} ms from the process's start")
    _containers()
    _scan()


def _containers() -> None:
    if os.geteuid() != 0 or not shutil.which("dockerd"):
        print("containers: not measured, this needs root and a Docker engine's programs")
        return
    from tests.live.docker_engine import busybox_root, private_engine

    with private_engine() as engine, tempfile.TemporaryDirectory() as folder:
        engine.import_image("mcp/bench", busybox_root(Path(folder) / "root"), 'ENTRYPOINT ["/bin/sleep", "60"]')
        for _ in range(20):
            engine.create("mcp/bench")
        seconds, said = _timed([sys.executable, "-c", CONTAINERS, str(engine.folder / "docker.sock")])
        print(f"{said.strip()} containers inspected in {seconds * 1000:.0f} ms from the process's start")


def _scan() -> None:
    ours, _ = _timed([sys.executable, "-m", "workbench", "--headless", "--json", "--fail-on", "never"])
    print(f"a whole scan: {ours:.2f} s")
    lynis = shutil.which("lynis") or shutil.which("lynis", path="/usr/sbin:/sbin")
    if os.geteuid() != 0 or lynis is None:
        print("lynis audit system --quick: not measured, this needs root and lynis")
        return
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        quiet = ["--logfile", f"{folder}/log", "--report-file", f"{folder}/report"]
        subprocess.run([lynis, "audit", "system", "--quick", *quiet], capture_output=True, check=False)
    theirs = time.perf_counter() - began
    print(f"lynis audit system --quick: {theirs:.1f} s, {theirs / ours:.0f} times as long")


def _timed(command: list[str]) -> tuple[float, str]:
    environment = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "PYTHONPATH": str(ROOT)}
    times = []
    for turn in range(ROUNDS + 1):
        began = time.perf_counter()
        done = subprocess.run(command, env=environment, cwd="/", capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise SystemExit(f"{command[2][:60]!r} failed: {done.stderr[-500:]}")
        if turn:  # the first round only warms the caches
            times.append(time.perf_counter() - began)
    return statistics.median(times), done.stdout


if __name__ == "__main__":
    main()
