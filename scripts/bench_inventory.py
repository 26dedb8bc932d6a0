"""Measure the inventory: how many of all known places it finds, from the start of the process, and how it grows."""

from __future__ import annotations

import json
import os
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
from workbench.inventory import inventory
from workbench.report.servers import as_json
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
        seconds, printed = _timed([sys.executable, "-c", PROGRAM, str(home), str(managed)], project)
        names = {server["name"] for server in json.loads(printed)["servers"]}
        found = len(names & written.keys())
        print(f"found {found} of {len(written)} places of Linux in {seconds * 1000:.0f} ms from the process's start")
        for name in sorted(written.keys() - names):
            print(f"  missed: {written[name]}")
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        servers = {f"server-{number}": _large(number) for number in range(4000)}
        (home / ".claude.json").write_text(json.dumps({"projects": {folder: {"mcpServers": servers}}}, indent=2))
        size = (home / ".claude.json").stat().st_size / 1e6
        seconds, printed = _timed([sys.executable, "-m", "workbench", "servers", "--json", "--home", folder], home)
        found = sum(server["configured"] for server in json.loads(printed)["servers"])
        print(f"one config of {size:.1f} MB: {found} of 4000 servers in {seconds * 1000:.0f} ms")


def _large(number: int) -> dict[str, object]:
    return {
        "command": "npx",
        "args": ["-y", f"@acme/server-{number}@1.2.{number}", f"/home/dev/project-{number}/" + "workspace/" * 60],
        "env": {"LOG_LEVEL": "info", "REGION": "eu-central-1"},
    }


def _timed(command: list[str], folder: Path) -> tuple[float, str]:
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "PYTHONPATH": str(ROOT)}
    times = []
    for turn in range(ROUNDS + 1):
        began = time.perf_counter()
        done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, check=True)
        if turn:  # the first round only warms the caches
            times.append(time.perf_counter() - began)
    return statistics.median(times), done.stdout


if __name__ == "__main__":
    main()
