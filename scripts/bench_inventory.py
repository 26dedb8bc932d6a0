"""Measure the inventory: how many of all known places it finds, from the start of the process, and how it grows."""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
ROUNDS = 7
# What `workbench servers --json --home HOME` does, with the administrator's files below a folder of the fixture's.
PROGRAM = """
import sys
from dataclasses import replace
from pathlib import Path
from workbench.host.context import Context
from workbench.host.homes import with_home
from workbench.inventory import inventory, undisturbed
from workbench.report.servers import as_json
with undisturbed():
    context = with_home(Context.of_this_host(), Path(sys.argv[1]))
    print(as_json(inventory(replace(context, managed_root=Path(sys.argv[2])))))
"""


def main() -> None:
    """Find every place; read one file of 4 MB with 4,000 servers."""
    from tests.host.locations import write_everywhere

    with tempfile.TemporaryDirectory() as folder:
        home, managed = Path(folder, "home"), Path(folder, "managed")
        project = home / "code/project"
        project.mkdir(parents=True)
        written = write_everywhere(home, project, managed)
        took, printed = _timed([sys.executable, "-c", PROGRAM, str(home), str(managed)], project)
        names = {server["name"] for server in json.loads(printed)["servers"]}
        found = len(names & written.keys())
        print(f"found {found} of {len(written)} places of Linux in {took} from the process's start")
        for name in sorted(written.keys() - names):
            print(f"  missed: {written[name]}")
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        servers = {f"server-{number}": _large(number) for number in range(4000)}
        (home / ".claude.json").write_text(json.dumps({"projects": {folder: {"mcpServers": servers}}}, indent=2))
        size = (home / ".claude.json").stat().st_size / 1e6
        took, printed = _timed([sys.executable, "-m", "workbench", "servers", "--json", "--home", folder], home)
        found = sum(server["config"] is not None for server in json.loads(printed)["servers"])
        print(f"one config of {size:.1f} MB: {found} of 4000 servers in {took}")


def _large(number: int) -> dict[str, object]:
    return {
        "command": "npx",
        "args": ["-y", f"@acme/server-{number}@1.2.{number}", f"/home/dev/project-{number}/" + "workspace/" * 60],
        "env": {"LOG_LEVEL": "info", "REGION": "eu-central-1"},
    }


def _timed(command: list[str], folder: Path) -> tuple[str, str]:
    """How long it took, in words, and what it printed. The time on the clock depends on what else the machine does."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "PYTHONPATH": str(ROOT)}
    clock, processor = [], []
    for turn in range(ROUNDS + 1):
        began, used = time.perf_counter(), _processor_seconds()
        done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, check=True)
        if turn:  # the first round only warms the caches
            clock.append(time.perf_counter() - began)
            processor.append(_processor_seconds() - used)
    took = f"{statistics.median(clock) * 1000:.0f} ms ({statistics.median(processor) * 1000:.0f} ms of processor time)"
    return took, done.stdout


def _processor_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
