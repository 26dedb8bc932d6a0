"""Ask the running manager for the state of units: what runs, since when, and how it last ended."""

from __future__ import annotations

import calendar
import os
import time
from collections.abc import Sequence
from pathlib import Path

from workbench.host.command import find_program, run
from workbench.host.context import Context
from workbench.host.files import CannotLook
from workbench.host.units.folders import Manager, UnitFile
from workbench.model.facts import Unread
from workbench.model.units import UnitRun
from workbench.text import visible

_DEADLINE = 4.0
_CODES = {"1": "exited", "2": "killed", "3": "dumped"}
_PROPERTIES = (
    "Id,ActiveState,MainPID,ExecMainStartTimestamp,NeedDaemonReload,Result,ExecMainCode,ExecMainStatus,TasksMax"
    ",MemoryMax,MemoryHigh,CPUQuotaPerSecUSec,StandardError"
)


def live_environment(manager: Manager, context: Context) -> tuple[str, ...] | None:
    """The variables that a program needs to ask the running manager; None where there is none to ask."""
    if context.unit_folders is not None or not Path("/run/systemd/system").is_dir():
        return None
    if manager == "system":
        return ()
    runtime = Path(f"/run/user/{context.uid}")
    if context.uid != os.getuid() or not (runtime / "systemd/private").exists():
        return None
    return (f"XDG_RUNTIME_DIR={runtime}",)


def ask(
    manager: Manager, units: Sequence[UnitFile], context: Context
) -> tuple[dict[str, tuple[UnitRun, ...]], tuple[Unread, ...]]:
    """What the manager says, by the name of the unit, and what it does not tell; nothing where no manager runs."""
    if not units or not Path("/run/systemd/system").is_dir() or context.unit_folders is not None:
        return {}, ()
    variables = live_environment(manager, context)
    try:
        if variables is None:
            raise CannotLook("the account's own manager does not run, or is not yours", "look as that account")
        # TZ: systemctl writes times in words.
        settings = (find_program("env"), "TZ=UTC", *variables)
        of_user = ("--user",) if manager == "user" else ()
        names = [unit.name.replace("@.", "@*.") for unit in units]
        command = (find_program("systemctl"), *of_user, "show", "--no-pager", f"--property={_PROPERTIES}", *names)
        said = run((*settings, *command), _DEADLINE)
        if said.status != 0 and not said.out.strip():
            raise CannotLook("the manager did not answer", "systemctl status")
    except CannotLook as why:
        return {}, tuple(Unread("state", visible(unit.name), why.why, why.unlock) for unit in units)
    runs = [_run(block) for block in said.out.split("\n\n") if block.strip()]
    found: dict[str, tuple[UnitRun, ...]] = {}
    for unit in units:
        stem, at, _ = unit.name.partition("@.")
        own = [each for each in runs if each.name == unit.name or (at and each.name.startswith(f"{stem}@"))]
        found[unit.name] = tuple(own)
    return found, ()


def _run(block: str) -> UnitRun:
    said = dict(line.partition("=")[::2] for line in block.strip().split("\n"))
    return UnitRun(
        name=visible(said.get("Id", "")),
        state=visible(said.get("ActiveState", ""), 40),
        main_pid=_number(said.get("MainPID", "")),
        started=_seconds(said.get("ExecMainStartTimestamp", "")),
        needs_reload=said.get("NeedDaemonReload") == "yes",
        result=visible(said.get("Result", ""), 40),
        code=_CODES.get(said.get("ExecMainCode", ""), ""),
        status=_number(said.get("ExecMainStatus", "")),
        tasks_max=visible(said.get("TasksMax", ""), 40),
        memory_max=visible(said.get("MemoryMax", ""), 40),
        memory_high=visible(said.get("MemoryHigh", ""), 40),
        cpu_quota=visible(said.get("CPUQuotaPerSecUSec", ""), 40),
        standard_error=visible(said.get("StandardError", ""), 40),
    )


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 12 else 0


def _seconds(text: str) -> float:
    # "Thu 2026-11-26 06:10:01 UTC"
    try:
        return float(calendar.timegm(time.strptime(text.partition(" ")[2], "%Y-%m-%d %H:%M:%S UTC")))
    except ValueError:
        return 0.0
