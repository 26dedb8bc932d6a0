"""A unit of the account's own manager after a drop-in of it was put back: it does what it did before."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbench.host.privileged import Vector
from workbench.model.operations import OwnDropIn, RepairOwnUnit, Restart
from workbench.repair import own_units, unit_health
from workbench.repair.creating import ABSENT, put_back
from workbench.repair.fingerprint import Fingerprint, read
from workbench.repair.paths import Refused, spot
from workbench.repair.soundness import sound
from workbench.repair.staged import StagedFile

PATH = "/home/dev/.config/systemd/user/x.service.d/95-workbench-hardening.conf"
DROP_IN = OwnDropIn("x.service", Restart("x.service", seconds=0, manager="user"))
OWN = f"{Path.home()}/.config/systemd/user"
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


def test_what_is_back_already_is_told_of_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tmp_path.chmod(0o700)
    file = tmp_path / "a.conf"
    file.write_bytes(b"[Service]\n")
    with spot(str(file)) as place:
        before = read(place)[0]
    told: list[object] = []
    monkeypatch.setattr(own_units, "restore", lambda operation, _: told.append(operation))
    going = StagedFile(str(file), str(file), before, "", 0o600, before.uid, before.gid, drop_in=DROP_IN)
    # It was killed between the file that came back and the manager that was to read it.
    assert put_back(0, going, lambda: b"", lambda _: None, lambda _: None) is False
    assert told == [going]


FORGED: dict[str, Restart] = {
    "another unit": Restart("other.service", manager="user"),
    "one of the system": Restart("x.service"),
    "watched for ever": Restart("x.service", seconds=1 << 40, manager="user"),
    "watched for less than nothing": Restart("x.service", seconds=-1, manager="user"),
    "a socket that is none": Restart("x.service", socket="/run/\0x", manager="user"),
    "a socket beside a path": Restart("x.service", socket="x.sock", manager="user"),
}


@pytest.mark.parametrize("case", FORGED)
def test_what_a_plan_or_a_journal_may_say_of_a_restart(case: str) -> None:
    told = OwnDropIn("x.service", FORGED[case])
    for each in (told, RepairOwnUnit(f"{OWN}/x.service", (), "x.service", FORGED[case])):
        assert not own_units.sound(each)
        with pytest.raises(Refused, match="another unit"):
            own_units.proven(f"{OWN}/x.service.d/a.conf", each, b"")
    assert not sound(StagedFile(PATH, PATH, ABSENT, "a", 0o600, 0, 0, drop_in=told))
    well = OwnDropIn("x.service", Restart("x.service", socket="/run/x", manager="user"))
    assert sound(StagedFile(PATH, PATH, ABSENT, "a", 0o600, 0, 0, drop_in=well))
    assert sound(StagedFile(PATH, PATH, ABSENT, "a", 0o600, 0, 0, drop_in=OwnDropIn("x.service")))


@pytest.mark.parametrize(("repairs", "refused"), [(True, True), (False, False)])
def test_where_the_manager_ended_meanwhile(repairs: bool, refused: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_units, "_manager_runs", lambda: False)
    monkeypatch.setattr(own_units, "_run_all", lambda *_: pytest.fail("there is nobody to be told"))
    before, after = (ABSENT, "a") if repairs else (THERE, "")
    operation = StagedFile(PATH, PATH, before, after, 0o600, 1000, 1000, drop_in=DROP_IN)
    if refused:
        with pytest.raises(Refused, match="does not run"):
            own_units.take_up(operation, "", lambda _: None)
    else:
        own_units.take_up(operation, "", lambda _: None)
    own_units.restore(operation, lambda _: None)
