"""The whole way with the real engine and the real plugins, on a home of its own: look, repair, undo."""

from __future__ import annotations

import json
import os
import shutil
import socket
import stat
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tui.driving import WIDE, driven, until, until_shown
from workbench.engine import Workbench
from workbench.host.context import Context
from workbench.model.plan import Refusal
from workbench.model.run import RunState
from workbench.plugins import load
from workbench.tui.screens.agree import Agree
from workbench.tui.screens.dialogs import Notice
from workbench.tui.screens.preview import Preview
from workbench.tui.screens.result import Result
from workbench.tui.widgets.findings import FindingsList

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="repairs are made on Linux only")
CHECK = "clients/config-writable-by-others"


@pytest.fixture
def home() -> Iterator[Path]:
    """A home that other accounts can enter, as most are; the folders of pytest are closed to them."""
    made = Path(tempfile.mkdtemp(prefix="workbench-home-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


@pytest.fixture
def config(home: Path) -> Path:
    file = home / ".config" / "Claude" / "claude_desktop_config.json"
    file.parent.mkdir(parents=True, mode=0o755)
    server = {"command": "npx", "args": ["-y", "@modelcontextprotocol/server-filesystem@2025.8.21", f"{home}/ws"]}
    file.write_text(json.dumps({"mcpServers": {"files": server}}, indent=2))
    file.chmod(0o666)
    return file


def _workbench(home: Path, *, read_only: bool = False) -> Workbench:
    (home / "proc").mkdir(exist_ok=True)
    context = Context(
        platform="linux",
        home=home,
        uid=os.getuid(),
        environment={"HOME": str(home)},
        working_directory=home,
        proc=home / "proc",
        sudoers=home / "no-sudoers",
        unit_folders=(),
        managed_root=home / "no-root",
    )
    return Workbench(context, load(), home / "state", read_only)


def _mode(file: Path) -> int:
    return stat.S_IMODE(file.stat().st_mode)


async def test_look_repair_and_undo_by_keyboard(home: Path, config: Path) -> None:
    before = config.read_bytes()
    workbench = _workbench(home)
    async with driven(workbench, WIDE) as (app, pilot):
        findings = app.main.query_one(FindingsList)
        assert findings.selected is not None and findings.selected.check == CHECK
        await pilot.press("f")
        await until(pilot, lambda: isinstance(app.screen, Preview))
        await until_shown(pilot, "0666 rw-rw-rw- → 0600 rw-------")
        assert _mode(config) == 0o666
        await pilot.press("a")
        await until(pilot, lambda: isinstance(app.screen, Result), 30)
        await until_shown(pilot, "applied", "a fresh look no longer finds it")
        assert _mode(config) == 0o600
        assert config.read_bytes() == before
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is app.main)
        assert CHECK not in {finding.check for finding in findings.findings}
        await pilot.press("u")
        await until(pilot, lambda: isinstance(app.screen, Agree))
        await pilot.press("y")
        await until(pilot, lambda: isinstance(app.screen, Result), 30)
        await until_shown(pilot, "undone", "a fresh look finds it again")
        assert _mode(config) == 0o666
        assert config.read_bytes() == before
        await pilot.press("enter", "u")
        await until(pilot, lambda: isinstance(app.screen, Notice))
        await until_shown(pilot, "Nothing to undo")
    assert RunState.UNDONE in {run.state for run in workbench.history()}


async def test_a_file_that_changed_since_the_look_is_refused(home: Path, config: Path) -> None:
    async with driven(_workbench(home), WIDE) as (app, pilot):
        config.chmod(0o646)
        await pilot.press("f")
        await until(pilot, lambda: isinstance(app.screen, Notice))
        await until_shown(pilot, "Refused: nothing was changed", "0646")
        assert _mode(config) == 0o646


async def test_a_file_that_changes_under_the_preview_is_refused(home: Path, config: Path) -> None:
    async with driven(_workbench(home), WIDE) as (app, pilot):
        await pilot.press("f")
        await until(pilot, lambda: isinstance(app.screen, Preview))
        config.chmod(0o646)
        await pilot.press("a")
        await until(pilot, lambda: isinstance(app.screen, Result), 30)
        await until_shown(pilot, "refused", "Nothing was changed")
        assert _mode(config) == 0o646


async def test_read_only_changes_nothing(home: Path, config: Path) -> None:
    async with driven(_workbench(home, read_only=True), WIDE) as (app, pilot):
        await pilot.press("f")
        await until(pilot, lambda: isinstance(app.screen, Preview))
        await pilot.press("a")
        await until(pilot, lambda: isinstance(app.screen, Result), 30)
        await until_shown(pilot, "refused", "--read-only")
        assert _mode(config) == 0o666
        assert not (home / "state").exists()


async def test_a_socket_of_an_engine_is_not_probed_and_read_only_is_no_reason(home: Path) -> None:
    name = str(home / "docker.sock")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(name)
        server.listen()
        server.settimeout(0.2)
        refused = _workbench(home, read_only=True).plan_probe(name)
        assert isinstance(refused, Refusal) and "container engine" in refused.reason
        with pytest.raises(TimeoutError):
            server.accept()
    for other in (str(home / "gone.sock"), str(home), "@no-such-name", ""):
        assert isinstance(_workbench(home).plan_probe(other), Refusal)


async def test_planning_a_probe_connects_to_nothing(home: Path) -> None:
    name = str(home / "mcp.sock")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(name)
        server.listen()
        server.settimeout(0.2)
        planned = _workbench(home, read_only=True).plan_probe(name)
        assert not isinstance(planned, Refusal) and planned.target.shown == name
        assert [uid for uid, _ in planned.commands] == [os.getuid(), planned.stranger[0]]
        assert planned.through_sudo == (os.getuid() != 0)
        with pytest.raises(TimeoutError):
            server.accept()
    assert not (home / "state").exists()


async def test_a_server_name_cannot_press_a_button(home: Path, config: Path) -> None:
    name = "[@click=app.quit]x[/]\u202e\u001b[2J"
    config.write_text(json.dumps({"mcpServers": {name: {"command": "npx", "args": ["-y", "pkg"]}}}))
    async with driven(_workbench(home), WIDE) as (app, pilot):
        await until_shown(pilot, "[@click=app.quit]x[/]\\u202e\\x1b[2J")
        for line in range(7, 30):
            await pilot.click(offset=(20, line))
            assert not app._exit
