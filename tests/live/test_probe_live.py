"""The probe against real servers that look at their peers, that do not, and that only seem to."""

from __future__ import annotations

import json
import os
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.live.support import require_root
from tests.unit.test_cli import workbench
from workbench.probe.memory import remembered

pytestmark = pytest.mark.live

SERVER = """
import json, os, socket, struct, sys, threading
behaviour, name, mode = sys.argv[1:4]
listener = socket.socket(socket.AF_UNIX)
os.umask(0)
listener.bind(name.replace("@", "\\0", 1) if name.startswith("@") else name)
if not name.startswith("@"):
    os.chmod(name, int(mode, 8))
listener.listen()
print("ready", flush=True)
def serve(connection):
    uid = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[1]
    foreign = uid not in (os.getuid(), 0)
    if behaviour == "close-all" or (behaviour == "validating" and foreign):
        connection.close()
        return
    data = connection.recv(4096)
    if behaviour == "lazy" and foreign:
        connection.close()
        return
    if data and behaviour != "mute":
        connection.sendall(b'{"jsonrpc":"2.0","id":"workbench-probe","result":{}}\\n')
    connection.recv(4096)
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
"""


@contextmanager
def serving(behaviour: str, name: str, mode: str = "666") -> Iterator[None]:
    server = subprocess.Popen(
        [sys.executable, "-c", SERVER, behaviour, name, mode], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL
    )
    try:
        assert server.stdout is not None and server.stdout.readline() == b"ready\n"
        yield
    finally:
        server.kill()
        server.wait()


@pytest.fixture
def place() -> Iterator[Path]:
    require_root()
    with tempfile.TemporaryDirectory(prefix="workbench-probe-") as folder:
        os.chmod(folder, 0o755)  # a stranger must be able to get there
        yield Path(folder)


@pytest.mark.parametrize(
    ("behaviour", "mode", "verdict", "status"),
    [
        ("validating", "666", "validating", 0),
        ("open", "666", "open", 1),
        ("lazy", "666", "lazy", 1),
        ("close-all", "666", "close-all", 0),
        ("mute", "666", "unclear", 0),
        ("open", "600", "hidden by mode", 0),
        ("validating", "600", "hidden by mode", 0),
    ],
)
def test_the_verdict_is_what_the_server_does(behaviour: str, mode: str, verdict: str, status: int, place: Path) -> None:
    name = str(place / "mcp.sock")
    with serving(behaviour, name, mode):
        done = workbench("probe", "--yes", "--json", name, home=place)
        assert json.loads(done.stdout)["verdict"] == verdict
        assert done.returncode == status
        kept = remembered(place / ".local/state/workbench")
        assert list(kept.values()) == [verdict]


def test_an_abstract_name_is_probed_by_its_exact_bytes(place: Path) -> None:
    name = f"mcp-probe-{os.getpid()}"
    with serving("open", f"@{name}"):
        assert json.loads(workbench("probe", "--yes", "--json", f"@{name}", home=place).stdout)["verdict"] == "open"
    with _padded(name):
        assert json.loads(workbench("probe", "--yes", "--json", f"@{name}", home=place).stdout)["verdict"] == "unclear"


@contextmanager
def _padded(name: str) -> Iterator[None]:
    """A listener as Node binds an abstract name: filled up with NUL. It lets everyone in and never says a word."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"\0{name}".encode().ljust(108, b"\0"))
        listener.listen(8)
        yield


def test_nobody_listens(place: Path) -> None:
    name = str(place / "mcp.sock")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(name)
    done = workbench("probe", "--yes", "--json", name, home=place)
    assert json.loads(done.stdout)["verdict"] == "stale"


def test_a_server_that_never_accepts_does_not_hang_the_probe(place: Path) -> None:
    name = str(place / "mcp.sock")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(name)
        os.chmod(name, 0o666)
        server.listen(8)
        began = time.monotonic()
        done = workbench("probe", "--yes", "--json", name, home=place)
        assert json.loads(done.stdout)["verdict"] == "unclear"
        assert time.monotonic() - began < 10


def test_the_peer_that_the_server_sees_is_a_stranger(place: Path) -> None:
    """The second connection really comes from another account: the kernel says so."""
    name = str(place / "mcp.sock")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(name)
        os.chmod(name, 0o666)
        server.listen(8)
        workbench("probe", "--yes", name, home=place)
        uids = []
        for _ in range(2):
            connection, _ = server.accept()
            with connection:
                raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
                uids.append(struct.unpack("3i", raw)[1])
        assert uids[0] == os.getuid() and uids[1] not in (0, os.getuid())
