"""What the workbench sees from inside of a container whose PID 1 is systemd, and what its checks say of it."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from tests.live.lab import Machine
from tests.live.support import missing, require_program
from tests.plugins.loading import get_check
from workbench.model.finding import Finding
from workbench.model.report import CheckResult
from workbench.model.snapshot import Snapshot
from workbench.report.snapshot_file import from_json
from workbench.scan import run_check

_SEE = """
import dataclasses, os, sys
sys.path.insert(0, "/opt/checkout")
from pathlib import Path
from workbench.host.context import Context
from workbench.host.gather import gather
from workbench.report.snapshot_file import to_json
context = dataclasses.replace(Context.of_this_host(), home=Path(sys.argv[1]), units=tuple(sys.argv[2:]))
print(to_json(gather(context, only=("accounts", "clients", "processes", "units"))))
"""


def see(machine: Machine, *named: str, home: str = "/root", account: str = "") -> Snapshot:
    """The Snapshot that the workbench makes in the container, as root or as an account with a home."""
    become = ("setpriv", f"--reuid={account}", f"--regid={account}", "--init-groups", "--") if account else ()
    done = machine.run(*become, "env", f"HOME={home}", "python3", "-c", _SEE, home, *named, timeout=60)
    assert done.returncode == 0, done.stderr
    return from_json(done.stdout.encode(), "what the container says")


def judge(check: str, snapshot: Snapshot) -> CheckResult:
    """What a check says of it."""
    return run_check(get_check(check), snapshot)


def finding_of(result: CheckResult, unit: str) -> Finding | None:
    """The finding of one unit, None where there is none."""
    found = [finding for finding in result.findings if finding.subject.label == unit]
    assert len(found) <= 1
    return found[0] if found else None


def install(machine: Machine, name: str, text: str, folder: str = "/etc/systemd/system") -> Path:
    """Write a unit or a drop-in."""
    place = machine.path(folder)
    place.mkdir(parents=True, exist_ok=True)
    (place / name).write_text(text)
    return place / name


def install_program(machine: Machine, path: str, text: str) -> None:
    """Write a program."""
    place = machine.path(path)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text)
    place.chmod(0o755)


def install_node(machine: Machine) -> str:
    """The path of this machine's Node in the container; skips where it does not run there."""
    node = os.path.realpath(require_program("node"))
    machine.path("/usr/local/bin").mkdir(parents=True, exist_ok=True)
    shutil.copy(node, machine.path("/usr/local/bin/node"))
    if machine.run("/usr/local/bin/node", "--version").returncode != 0:
        missing("this machine's Node does not run in the container")
    return "/usr/local/bin/node"


def properties(machine: Machine, unit: str, *names: str) -> dict[str, str]:
    """What systemctl says of a unit."""
    said = machine.run("systemctl", "show", f"--property={','.join(names)}", unit).stdout
    return dict(line.partition("=")[::2] for line in said.split("\n") if line)


def until(holds: Callable[[], bool], seconds: float = 15) -> bool:
    """Wait for something to hold, and whether it came to."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if holds():
            return True
        time.sleep(0.1)
    return False
