"""Write the lists of checks and fixes (``checks/README.md``, ``fixes/README.md``) from the plugins themselves."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from workbench.plugins import load  # noqa: E402 - the checkout comes first

AREAS = {
    "audit": "what the kernel's audit records of the servers, and what it recorded",
    "clients": "what the clients' configurations launch",
    "containers": "containers that run servers, running and stopped",
    "processes": "running servers",
    "secrets": "credentials in the open, and within reach",
    "session": "the session that starts the workbench",
    "sockets": "what servers listen on",
    "source": "the servers' own code",
    "sudoers": "who may run what as whom",
    "systemd": "units that run servers",
}


def checks() -> str:
    """The list of checks, by area."""
    return "\n".join(_checks()) + "\n"


def fixes() -> str:
    """The list of fixes."""
    return "\n".join(_fixes()) + "\n"


def _checks() -> Iterator[str]:
    every = sorted(load().checks.values(), key=lambda check: check.id)
    yield "# Every check"
    yield ""
    yield "One file is one check; its path is its id, its docstring its lesson. `workbench explain ID` prints the"
    yield "lesson, [CONTRIBUTING.md](../CONTRIBUTING.md) shows how to write one. This list is made by `make catalogue`."
    for area, those in groupby(every, key=lambda check: check.area):
        yield ""
        yield f"## {area}: {AREAS[area]}"
        yield ""
        yield "| check | severity | finds |"
        yield "|---|---|---|"
        for check in those:
            severities = ", ".join(severity.value for severity in check.severities)
            file = f"{check.id.replace('-', '_')}.py"
            yield f"| [`{check.id}`]({file}) | {severities} | {check.title} |"


def _fixes() -> Iterator[str]:
    yield "# Every fix"
    yield ""
    yield "A fix makes a plan; `workbench/repair/` carries it out, verifies it and can undo it. This list is made by"
    yield "`make catalogue`."
    yield ""
    yield "| fix | class | undo | does | repairs |"
    yield "|---|---|---|---|---|"
    for fix in sorted(load().fixes.values(), key=lambda fix: fix.id):
        repaired = ", ".join(f"`{identity}`" for identity in fix.repairs)
        file = f"{fix.id.replace('-', '_')}.py"
        yield f"| [`{fix.id}`]({file}) | {fix.safety.value} | {fix.reversal.value} | {fix.title} | {repaired} |"


if __name__ == "__main__":
    for name, text in (("checks", checks()), ("fixes", fixes())):
        (ROOT / name / "README.md").write_text(text)
        print(ROOT / name / "README.md")
