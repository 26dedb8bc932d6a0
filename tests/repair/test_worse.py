"""A repair that helped and made something else worse is taken back; one that only helped stays."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests import builders
from tests.repair.support import mode, written
from workbench import scan
from workbench.engine import Workbench
from workbench.host.command import Output
from workbench.host.context import Context
from workbench.host.privileged import Privileged
from workbench.model.check import Check
from workbench.model.finding import Evidence, Finding, Location, Passed, Subject
from workbench.model.plan import Plan, Reversal, Safety
from workbench.model.report import CheckResult, Report, Status
from workbench.model.run import RunState
from workbench.model.severity import Severity
from workbench.model.snapshot import Snapshot
from workbench.plugins import Plugins
from workbench.repair.prepare import Prepared, prepare
from workbench.verifying import Before

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="repairs are made on Linux only")
READ = ("/usr/bin/base64", "-w0", "--", "/etc/shadow")


def _finding(path: Path, key: str) -> Finding:
    evidence = (Evidence("as it should be", "as it is"),)
    made = Finding(Subject("file", key, key), Severity.HIGH, "it is so", evidence, Location(str(path), 1))
    return made.of_check("area/other", ())


def _report(*findings: Finding) -> Report:
    results = (CheckResult("area/other", "Other", Severity.HIGH, Status.FOUND, findings),)
    return replace(scan.scan(builders.snapshot(), Plugins({}, {}, ())), results=results)


def _check() -> Check:
    def run(snapshot: Snapshot) -> tuple[Passed, ...]:
        return (Passed(Subject("file", "x", "x")),)

    return Check(title="It", severities=(Severity.HIGH,), needs=(), run=run)


def _applied(folder: Path, after: Report, monkeypatch: pytest.MonkeyPatch, **more: Any) -> tuple[RunState, int]:
    file = written(folder, mode=0o644)
    plan = Plan("area/fix", "area/check", "0" * 16, "Repair it", Safety.SAFE, Reversal.FULL, (mode(file),))
    ready = prepare(plan)
    assert isinstance(ready, Prepared), ready
    monkeypatch.setattr(Workbench, "judge", lambda *_: after)
    monkeypatch.setattr(Workbench, "look", more.pop("look", lambda *_, **__: builders.snapshot()))
    workbench = Workbench(
        Context("linux", folder, 1000, {}, folder), Plugins({"area/check": _check()}, {}, ()), folder / "state"
    )
    run = workbench.apply(ready, None, Before(_report(), **more))
    return run.state, file.stat().st_mode & 0o777


def test_g8_what_has_to_do_with_the_file_is_taken_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    worse = _report(_finding(tmp_path / "mcp.json", "new"))
    assert _applied(tmp_path, worse, monkeypatch) == (RunState.ROLLED_BACK, 0o644)


def test_g8_what_has_nothing_to_do_with_it_is_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = _report(_finding(tmp_path / "other.json", "new"))
    assert _applied(tmp_path, elsewhere, monkeypatch) == (RunState.APPLIED, 0o600)


def test_what_was_read_as_root_before_is_read_so_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []

    def look(_: Workbench, progress: Any = None, privileged: Privileged | None = None) -> Snapshot:
        assert privileged is not None
        seen.append(dict(privileged.answers))
        return builders.snapshot()

    answer = Output(0, "read", "")
    monkeypatch.setattr(Workbench, "read_as_root", lambda _, wanted: dict.fromkeys(wanted, answer))
    state, _ = _applied(tmp_path, _report(), monkeypatch, look=look, reads=(READ,))
    assert state is RunState.APPLIED and seen == [{READ: answer}]
