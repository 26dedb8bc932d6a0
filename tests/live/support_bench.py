"""The whole workbench inside of the container whose PID 1 is systemd: it looks, plans, repairs and undoes there."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

from tests.live.lab import CHECKOUT, Machine
from tests.live.support import missing

_NEEDS = ("pydantic", "pydantic_core", "annotated_types", "typing_extensions.py", "typing_inspection")
_SITE = "/opt/site"


def install_workbench(machine: Machine) -> None:
    """Put the plugins and what the workbench is built on beside the workbench that the container has."""
    for name in ("checks", "fixes"):
        shutil.copytree(CHECKOUT / name, machine.path(f"/opt/checkout/{name}"), dirs_exist_ok=True)
    site = machine.path(_SITE)
    site.mkdir(exist_ok=True)
    version = machine.run("python3", "-c", "import sys; print('%d.%d' % sys.version_info[:2])").stdout.strip()
    if version == f"{sys.version_info[0]}.{sys.version_info[1]}":
        have = Path(sysconfig.get_paths()["purelib"])
        for name in _NEEDS:
            if (have / name).is_dir():
                shutil.copytree(have / name, site / name, dirs_exist_ok=True)
            else:
                shutil.copy(have / name, site / name)
    else:
        _download(site, version)
    tried = machine.run("env", f"PYTHONPATH={_SITE}", "python3", "-c", "import pydantic")
    if tried.returncode != 0:
        missing(f"pydantic does not run in the container: {tried.stderr[-300:]}")


def _download(site: Path, version: str) -> None:
    # Made for the Python of the container, which is another one than this.
    with tempfile.TemporaryDirectory() as folder:
        wanted = ("--only-binary=:all:", f"--python-version={version}", "pydantic")
        done = subprocess.run(
            [sys.executable, "-m", "pip", "install", "--quiet", f"--target={folder}", *wanted],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            missing(f"pydantic for Python {version} cannot be had: {done.stderr[-300:]}")
        shutil.copytree(folder, site, dirs_exist_ok=True)


def bench(
    machine: Machine, *arguments: str, account: str = "", timeout: float = 120
) -> subprocess.CompletedProcess[str]:
    """Run the workbench in the container, as root or as an account of it."""
    return machine.run(*command(account), *arguments, timeout=timeout)


def command(account: str = "") -> tuple[str, ...]:
    """How the workbench is started there."""
    become = ("setpriv", f"--reuid={account}", f"--regid={account}", "--init-groups", "--") if account else ()
    home = f"/home/{account}" if account else "/root"
    variables = (f"HOME={home}", f"PYTHONPATH=/opt/checkout:{_SITE}", "PYTHONDONTWRITEBYTECODE=1", "PATH=/usr/bin:/bin")
    return (*become, "env", "-i", "-C", home, *variables, "python3", "-m", "workbench")


def found(machine: Machine, check: str, unit: str, account: str = "") -> dict[str, Any] | None:
    """The finding of a check about a unit, None where there is none."""
    done = bench(machine, "--headless", "--json", account=account)
    assert done.returncode in (0, 1), done.stderr
    findings = json.loads(done.stdout)["findings"]
    matching = [each for each in findings if each["check"] == check and each["subject"]["label"] == unit]
    return matching[0] if matching else None


def planned(machine: Machine, finding: dict[str, Any], fix: str, *answers: str, account: str = "") -> dict[str, Any]:
    """The plan of a fix for a finding, as its document; it lies as /root/plan.json or in the home of the account."""
    given = [part for each in answers for part in ("--answer", each)]
    done = bench(machine, "plan", finding["identity"], "--fix", fix, *given, "--json", account=account)
    assert done.returncode == 0, done.stderr
    place = machine.path(f"/home/{account}/plan.json" if account else "/root/plan.json")
    place.write_text(done.stdout)
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def applied(machine: Machine, account: str = "") -> dict[str, Any]:
    """Apply the plan that was made last: the run, as its document."""
    done = bench(machine, "apply", "plan.json", "--json", account=account)
    assert done.stdout, done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    return document
