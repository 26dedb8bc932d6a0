"""Lines that systemd drops in files behind a link: known by the path by which everything else of the unit is."""

from __future__ import annotations

from pathlib import Path

from workbench.host.command import Output
from workbench.host.units.analysis import Analysis, Message, _take_verified
from workbench.host.units.folders import UnitFile


def test_a_line_in_a_linked_folder_is_one_of_the_file_that_is_known(tmp_path: Path) -> None:
    kept, folder = tmp_path / "kept", tmp_path / "user"
    (kept / "x.service.d").mkdir(parents=True)
    folder.symlink_to(kept)
    for name in ("x.service", "x.service.d/a.conf"):
        (kept / name).write_text("[Service]\nNoNewPrivileges=yes # none\n")
    unit = UnitFile("x.service", "user", folder / "x.service", (folder / "x.service.d" / "a.conf",))
    why = "Failed to parse boolean value, ignoring: yes # none"
    told = f"{folder}/x.service:2: {why}\n{kept}/x.service.d/a.conf:2: {why}\n{kept}/other.conf:2: {why}\n"
    found = Analysis()
    _take_verified(Output(0, "", told), [unit], found)
    assert found.ignored["x.service"] == (
        Message(f"{folder}/x.service", 2, why),
        Message(f"{folder}/x.service.d/a.conf", 2, why),
    )
