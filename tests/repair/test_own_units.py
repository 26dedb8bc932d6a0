"""A unit of the account's own manager after a drop-in of it was put back: it does what it did before."""

from __future__ import annotations

import pytest

from workbench.host.privileged import Vector
from workbench.model.plan import OwnDropIn, Restart
from workbench.repair import own_units, unit_health
from workbench.repair.creating import ABSENT
from workbench.repair.fingerprint import Fingerprint
from workbench.repair.staged import StagedFile

PATH = "/home/dev/.config/systemd/user/x.service.d/95-workbench-hardening.conf"
DROP_IN = OwnDropIn("x.service", Restart("x.service", seconds=0, manager="user"))
THERE = Fingerprint("file", 1, 2, 0o600, 1000, 1000, 1, 3, 4, "a")


@pytest.mark.parametrize(
    ("comes", "state", "starts"),
    [(False, "inactive", False), (False, "failed", True), (False, "active", True), (True, "failed", True)],
)
def test_one_that_rested_is_not_started(comes: bool, state: str, starts: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[str] = []

    def runs(vectors: list[Vector], _: object) -> None:
        ran.extend(vector[-1 if vector[-1] == "daemon-reload" else -3] for vector in vectors)

    def told(_: Restart) -> dict[str, str]:
        return {"ActiveState": "active" if "restart" in ran else state, "MainPID": "7"}

    monkeypatch.setattr(own_units, "_control", lambda *words: words)
    monkeypatch.setattr(own_units, "_run_all", runs)
    monkeypatch.setattr(own_units, "_manager_runs", lambda: True)
    monkeypatch.setattr(unit_health, "_state", told)
    before, after = (ABSENT, "a") if comes else (THERE, "")
    own_units.restore(StagedFile(PATH, PATH, before, after, 0o600, 1000, 1000, drop_in=DROP_IN), lambda _: None)
    assert ran == (["daemon-reload", "reset-failed", "restart"] if starts else ["daemon-reload"])
