"""Left-over sockets and foreign peers, on real sockets with real connections of another account."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests import builders
from tests.host.client_homes import context_of
from tests.live.support import missing, require_program, require_root
from workbench.host.context import Context
from workbench.host.sockets import gather
from workbench.host.sockets.diag import connected_accounts
from workbench.model.processes import ProcessFacts
from workbench.model.sockets import SocketFacts

pytestmark = pytest.mark.live

STRANGER = 60013
CONNECT = "import socket,sys,time; s=socket.socket(1); s.connect(sys.argv[1]); print('in', flush=True); time.sleep(60)"

LISTEN = (
    "import socket,sys,time; s=socket.socket(1); s.bind(sys.argv[1]); s.listen(); print('up', flush=True);"
    " time.sleep(60)"
)
PYTHON = "/usr/bin/python3"  # one that a stranger may run, too


@pytest.fixture
def place() -> Iterator[Path]:
    require_root()
    with tempfile.TemporaryDirectory(prefix="mcp-workbench-", dir="/tmp") as folder:
        os.chmod(folder, 0o755)
        yield Path(folder)


def context(place: Path) -> Context:
    found = {"processes": ProcessFacts(builders.COMPLETE)}
    return replace(context_of(place, found=found), proc=Path("/proc"))


def look(place: Path) -> SocketFacts:
    facts = gather(context(place))
    assert facts.source == "sock_diag"
    return facts


def test_a_foreign_peer_is_seen_and_an_own_one_is_not_foreign(place: Path) -> None:
    if not Path(PYTHON).exists():
        missing(f"{PYTHON} is not installed")
    name = str(place / "mcp.sock")
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as mine:
        server.bind(name)
        os.chmod(name, 0o666)
        server.listen()
        mine.connect(name)
        accepted, _ = server.accept()
        (fact,) = [each for each in look(place).sockets if each.name == name]
        assert fact.peers == (0,)
        stranger = subprocess.Popen(
            [
                "setpriv",
                f"--reuid={STRANGER}",
                f"--regid={STRANGER}",
                "--clear-groups",
                "--",
                PYTHON,
                "-c",
                CONNECT,
                name,
            ],
            stdout=subprocess.PIPE,
        )
        try:
            assert stranger.stdout is not None and stranger.stdout.readline() == b"in\n"
            other, _ = server.accept()
            (fact,) = [each for each in look(place).sockets if each.name == name]
            assert fact.peers == (0, STRANGER)
            other.close()
        finally:
            stranger.kill()
            stranger.wait()
            accepted.close()


def test_nothing_is_told_of_names_that_are_not_there() -> None:
    assert b"/no/such/socket" not in connected_accounts()


def test_what_nobody_listens_on_is_stale(place: Path) -> None:
    left, living = str(place / "mcp-left.sock"), str(place / "mcp-living.sock")
    with socket.socket(socket.AF_UNIX) as gone:
        gone.bind(left)
        gone.listen()
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(living)
            server.listen()
            assert not {left, living} & {each.asked for each in look(place).stale}
            gone.close()
            stale = {each.asked for each in look(place).stale}
            assert left in stale and living not in stale


def test_a_listener_in_another_network_is_no_corpse(place: Path) -> None:
    unshare = require_program("unshare")
    name = str(place / "mcp-elsewhere.sock")
    server = subprocess.Popen([unshare, "--net", sys.executable, "-c", LISTEN, name], stdout=subprocess.PIPE)
    try:
        assert server.stdout is not None and server.stdout.readline() == b"up\n"
        assert name not in {each.asked for each in look(place).stale}
    finally:
        server.kill()
        server.wait()
    assert name in {each.asked for each in look(place).stale}
