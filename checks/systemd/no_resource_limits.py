"""A systemd unit lets an MCP server use up the machine.

What it looks at
----------------
Every systemd service that starts an MCP server: whether its memory (`MemoryMax=` or `MemoryHigh=`), its tasks
(`TasksMax=`) and its processor time (`CPUQuota=`) are limited, by the unit, its drop-ins or its slice, and by what the
running manager says where there is one. The default that systemd gives every service (`TasksMax=` 15 % of what the
machine can hold) counts as none: it is thousands. `infinity` counts as none too, and so does `LimitNPROC=`, which
counts all processes of the account together.

Why it matters
--------------
A server does what it is asked, also a million times. A loop, an endless file or a search over the whole disk takes the
memory and the processor from everything else, and the machine's own answer, the out-of-memory killer, ends whatever is
largest, which need not be the server.

How an attacker uses it
-----------------------
A page tells the model to read a file of a hundred gigabytes, to search with an expression that never ends, or to start
one more search for each result. Nobody needs a hole for that. Your work is lost, and an audit that ran out of memory
saw nothing of what came after.

How to fix it by hand
---------------------
`systemctl edit UNIT`, and write what a server of its kind needs at most:

    [Service]
    MemoryMax=256M
    TasksMax=64
    CPUQuota=50%

A Node server has eleven threads and a hundred megabytes at rest; watch it with `systemctl status` for a day and leave
twice as much as it took. Not `LimitNPROC=`: it counts every process of the account, so the sixth server of that account
fails and not the greedy one. Then `systemctl daemon-reload` and restart.

References
----------
* systemd.resource-control(5): https://www.freedesktop.org/software/systemd/man/latest/systemd.resource-control.html
* CWE-770, Allocation of Resources Without Limits or Throttling: https://cwe.mitre.org/data/definitions/770.html
"""

from __future__ import annotations

from collections.abc import Iterator

from workbench.api import (
    Evidence,
    Finding,
    Location,
    Passed,
    Severity,
    Snapshot,
    UnitFact,
    UnitRun,
    Verdict,
    check,
    judge_units,
    read_in_part,
    unit_subject,
)

_NONE = ("", "infinity", "max", "100%")
# Setting, what it limits, other settings that limit the same.
_LIMITS = (
    ("MemoryMax", "memory", ("MemoryHigh", "MemoryLimit")),
    ("TasksMax", "tasks", ()),
    ("CPUQuota", "processor time", ()),
)


@check(
    title="A systemd unit lets an MCP server use up the machine",
    severities=(Severity.LOW,),
    needs=("units:content",),
)
def no_resource_limits(snapshot: Snapshot) -> Iterator[Verdict]:
    """Judge each unit by the limits that it or its slice sets."""
    return judge_units(snapshot, _judge)


def _judge(unit: UnitFact) -> Verdict:
    missing = [(key, what) for key, what, others in _LIMITS if not _is_limited(unit, (key, *others))]
    if not missing:
        return Passed(unit_subject(unit))
    return _finding(unit, missing) if unit.whole else read_in_part(unit)


def _is_limited(unit: UnitFact, keys: tuple[str, ...]) -> bool:
    for section in ("Service", "Slice"):
        if any(unit.value(key, section) not in _NONE for key in keys):
            return True
    # What the manager adds by itself to tasks is its default, which is no limit that anyone chose.
    return bool(unit.runs) and "TasksMax" not in keys and all(_is_limited_live(run, keys[0]) for run in unit.runs)


def _is_limited_live(run: UnitRun, key: str) -> bool:
    if key == "MemoryMax":
        return run.memory_max not in _NONE or run.memory_high not in _NONE
    return run.cpu_quota not in _NONE


def _finding(unit: UnitFact, missing: list[tuple[str, str]]) -> Finding:
    names = ", ".join(what for _, what in missing)
    keys = "|".join(("MemoryMax", "MemoryHigh", "TasksMax", "CPUQuota", "Slice"))
    command = ("grep", "-HnE", rf"^[[:space:]]*({keys})[[:space:]]*=", unit.path.asked, *unit.drop_ins)
    return Finding(
        subject=unit_subject(unit),
        severity=Severity.LOW,
        summary=f"{unit.name} sets no limit to {names}",
        evidence=tuple(
            Evidence(f"{key}= with what it needs at most", f"no {key}= in the unit, its drop-ins or its slice", command)
            for key, _ in missing
        ),
        location=Location(unit.path.asked),
    )
