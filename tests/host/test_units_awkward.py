"""Units that systemd does not read to the end, or at all: what it did not say is never taken for a pass."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.host.test_units import SERVER, Systemd
from workbench.host import units
from workbench.host.context import Context
from workbench.host.units import analysis
from workbench.model.units import UnitFacts


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "system"
    folder.mkdir()
    return folder


def gather(folder: Path, monkeypatch: pytest.MonkeyPatch, systemd: Systemd | None = None) -> UnitFacts:
    monkeypatch.setattr(analysis, "run", (systemd or Systemd()).run)
    monkeypatch.setattr(analysis, "find_program", lambda name: f"/usr/bin/{name}")
    return units.gather(Context("linux", folder.parent, os.getuid(), {}, folder.parent, unit_folders=(folder,)))


@pytest.mark.parametrize("name", ["mcp-\x1b[31m.service", "mcp a.service", "mcp-é.service", "mcp+.service"])
def test_a_file_whose_name_is_no_units_does_not_blind_the_others(
    folder: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    # systemd-analyze stops at such a name and says nothing of the rest; the manager never loads it.
    (folder / name).write_text(SERVER)
    (folder / "mcp-a.service").write_text(SERVER)
    systemd = Systemd("", "Overall exposure level for mcp-a.service: 5.0 x")
    facts = gather(folder, monkeypatch, systemd)
    assert [unit.name for unit in facts.units] == ["mcp-a.service"]
    assert not any(name in argument for asked in systemd.asked for argument in asked)


@pytest.mark.parametrize(
    "said",
    [
        "Failed to prepare filename /x/mcp-a.service: Invalid argument\n",
        "Unit mcp-a.service not found.\n",
        "Unit mcp-a.service failed to load properly, please adjust/correct and reload: No buffer space\n",
    ],
)
def test_what_systemd_did_not_read_is_not_verified(folder: Path, monkeypatch: pytest.MonkeyPatch, said: str) -> None:
    (folder / "mcp-a.service").write_text(SERVER)
    facts = gather(folder, monkeypatch, Systemd(said))
    assert facts.units[0].ignored is None
    assert "ignored" in [unread.facet for unread in facts.state.unread]


def test_a_unit_refused_half_way_is_verified_in_part(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "mcp-a.service").write_text("[Service]\nPrivateTmp=maybe\nExecStart=x\nProtectHome=maybe\n")
    said = f"{folder}/mcp-a.service:2: Failed to parse boolean value, ignoring: maybe\n"
    said += "mcp-a.service: Unit configuration has fatal error, unit will not be started.\n"
    facts = gather(folder, monkeypatch, Systemd(said))
    assert [line.line for line in facts.units[0].ignored or ()] == [2]
    assert "ignored" in [unread.facet for unread in facts.state.unread]


def test_a_folder_of_drop_ins_that_may_not_be_listed_is_said(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "mcp-a.service").write_text(SERVER)
    (folder / "mcp-a.service.d").mkdir()
    (folder / "other.service.d").mkdir()
    (folder / "other.service").write_text("[Service]\nExecStart=/bin/true\n")
    listed = os.scandir

    def closed(path: Path) -> object:
        if str(path).endswith(".d"):
            raise PermissionError(13, "Permission denied")
        return listed(path)

    monkeypatch.setattr(os, "scandir", closed)
    facts = gather(folder, monkeypatch)
    assert [unread.what for unread in facts.state.unread] == [f"the unit files in {folder}/mcp-a.service.d"]
    assert [(unit.exposure, unit.ignored) for unit in facts.units] == [(None, None)]


def test_a_key_that_only_begins_like_a_setting_shows_no_secret(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "mcp-a.service").write_text("[Service]\nExecStart=/usr/bin/mcp-x\nUserPassword=hunter2\n")
    said = f"{folder}/mcp-a.service:3: Unknown key 'UserPassword' in section [Service], ignoring.\n"
    facts = gather(folder, monkeypatch, Systemd(said, "Overall exposure level for mcp-a.service: 5.0 x"))
    assert "hunter2" not in repr(facts)
    assert (facts.units[0].ignored or ())[0].text.startswith("UserPassword=")
