"""``--headless --watch`` on the real system: a real config, a real server, a real socket."""

from __future__ import annotations

import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from workbench.host.context import Context
from workbench.host.gather import gather
from workbench.watching import Watched

ROOT = Path(__file__).parents[2]
PYTHON = "/usr/bin/python3"
SERVER = """\
import os, socket, time
os.umask(0o077)
with socket.socket(socket.AF_UNIX) as listening:
    listening.bind(os.path.join(os.path.dirname(__file__), "files-mcp.sock"))
    listening.listen(1)
    time.sleep(600)
"""
pytestmark = [
    pytest.mark.live,
    pytest.mark.xdist_group("watching"),
    pytest.mark.skipif(sys.platform != "linux", reason="processes and sockets are watched on Linux"),
]


@pytest.fixture
def home() -> Iterator[Path]:
    # In /tmp itself: a folder of pytest's lets no other account in, so no socket in it is open to one.
    folder = Path(tempfile.mkdtemp(prefix="watched-", dir="/tmp"))
    folder.chmod(0o755)
    (folder / "files-mcp.py").write_text(SERVER)
    (folder / ".cursor").mkdir()
    yield folder
    shutil.rmtree(folder)


class Watching:
    """The program, and what it prints."""

    def __init__(self, home: Path) -> None:
        environment = {"PATH": os.environ["PATH"], "HOME": str(home), "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-m", "workbench", "--headless", "--watch", "0.5", "--json"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment, cwd=home)
        self.lines: queue.Queue[dict[str, Any]] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.put(json.loads(line))

    def until(self, true: Callable[[dict[str, Any]], bool], seconds: float = 90) -> dict[str, Any]:
        """The next line of which that is true."""
        end, passed = time.monotonic() + seconds, []
        while time.monotonic() < end:
            try:
                line = self.lines.get(timeout=1)
            except queue.Empty:
                continue
            if true(line):
                return line
            passed.append(line.get("words"))
        raise AssertionError(f"it was never told; told was: {passed}")


@pytest.fixture
def watching(home: Path) -> Iterator[Watching]:
    made = Watching(home)
    try:
        yield made
    finally:
        made.process.kill()
        made.process.wait()


def has(what: str, check: str) -> Callable[[dict[str, Any]], bool]:
    return lambda line: any(finding["check"] == check for finding in line.get(what, ()))


def test_a_config_a_server_and_its_socket_are_noticed(home: Path, watching: Watching) -> None:
    first = watching.until(lambda line: True)
    assert first["event"] == "report"
    config = home / ".cursor/mcp.json"
    config.write_text(json.dumps({"mcpServers": {"files": {"command": PYTHON, "args": [str(home / "files-mcp.py")]}}}))
    config.chmod(0o666)
    told = watching.until(has("new", "clients/config-writable-by-others"))
    assert any(change["kind"] == "file" and change["name"] == str(config) for change in told["changes"])
    config.chmod(0o600)
    told = watching.until(has("gone", "clients/config-writable-by-others"))
    assert any("another mode: 0666 before, 0600 now" in change["words"] for change in told["changes"])

    server = subprocess.Popen([PYTHON, str(home / "files-mcp.py")], cwd=home)
    try:
        told = watching.until(lambda line: any(new["check"].startswith("processes/") for new in line.get("new", ())))
        assert any(change["words"] == f"the process {server.pid} (python3) started" for change in told["changes"])
        (home / "files-mcp.sock").chmod(0o777)
        watching.until(has("new", "sockets/connectable-by-others"))
    finally:
        server.kill()
        server.wait()
    told = watching.until(has("gone", "sockets/connectable-by-others"))
    assert any("ended" in change["words"] for change in told["changes"])

    watching.process.send_signal(signal.SIGINT)
    assert watching.process.wait(20) == 130


def test_a_look_itself_is_no_change(home: Path) -> None:
    context = Context("linux", home, os.getuid(), {}, home)
    watched = Watched.of(gather(context))
    watched.changed()  # what was made within the second in which the look began
    gather(context)
    time.sleep(1.2)
    assert [change for change in watched.changed() if change.name.startswith(str(home))] == []
