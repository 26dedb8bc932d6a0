"""What is said of real servers' code, and what the kernel does with the sockets that are judged."""

from __future__ import annotations

import asyncio
import os
import re
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live import support
from tests.live.support_servers import CACHE, locked
from workbench.host.code import named
from workbench.model.code import Observations

pytestmark = pytest.mark.live


def installed(requirement: str, *left: int) -> Observations:
    """The code of a package from PyPI, which is installed and not run; ``left`` are the lines where following ends."""
    folder = CACHE / "source" / requirement
    with locked("source"):
        if not folder.exists():
            pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-compile", "--target", str(folder)]
            done = subprocess.run([*pip, requirement], capture_output=True, text=True, check=False)
            if done.returncode != 0:
                support.missing(f"pip could not install {requirement}: {done.stderr[-300:]}")
    facts = named(str(folder))
    lines = [re.fullmatch(r"read line (\d+) of .*", gap.unlock) for gap in facts.state.unread]
    assert [int(line[1]) for line in lines if line is not None] == list(left), facts.state.unread
    assert len(facts.state.unread) == len(left)
    assert sum(count for _, count in facts.roots[0].files) > 1
    return facts.observed


@pytest.mark.parametrize(
    ("requirement", "left"),
    [
        ("mcp-server-time==2026.10.19", ()),
        ("mcp-server-fetch==2026.10.24", ()),
        ("markitdown-mcp==0.0.1a4", (22,)),  # another package opens what the address names
        ("mcp==2.3.0", (340,)),  # tools that others bring, while it runs
    ],
)
def test_nothing_is_found_where_nothing_is_wrong(requirement: str, left: tuple[int, ...]) -> None:
    assert installed(requirement, *left) == Observations()


def test_the_flaw_of_an_older_git_server_is_found_and_its_repair_passes() -> None:
    """Before CVE-2025-68145 was repaired, a tool opened any repository, whatever --repository said."""
    before = installed("mcp-server-git==2025.7.1").paths
    assert {(use.parameter, use.use, use.containment) for use in before} == {("repo_path", "git.Repo", "none")}
    after = installed("mcp-server-git==2026.10.19").paths
    assert {(use.parameter, use.use, use.containment) for use in after} == {("repo_path", "git.Repo", "sound")}
    assert len({use.tool for use in after}) > 10


def test_a_server_whose_job_is_a_shell_is_one() -> None:
    (use,) = installed("mcp-server-shell==0.1.0").commands
    assert (use.kind, use.whole, use.parameter) == ("shell", True, "command")


@pytest.fixture
def folder() -> Iterator[Path]:
    # Not pytest's own: the path of a socket has at most 107 bytes.
    with tempfile.TemporaryDirectory(prefix="mcp-") as made:
        yield Path(made)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def bound(path: Path, umask: int) -> socket.socket:
    made = socket.socket(socket.AF_UNIX)
    before = os.umask(umask)
    try:
        made.bind(str(path))
    finally:
        os.umask(before)
    return made


@pytest.mark.parametrize(
    ("umask", "expected"), [(0, 0o777), (0o002, 0o775), (0o022, 0o755), (0o077, 0o700), (0o177, 0o600)]
)
def test_the_mode_of_a_socket_is_what_the_umask_leaves(folder: Path, umask: int, expected: int) -> None:
    with bound(folder / "s", umask):
        assert mode(folder / "s") == expected


def test_nobody_connects_between_bind_and_listen(folder: Path) -> None:
    """So a chmod in between comes in time: nothing can be connected before."""
    path = folder / "s"
    with bound(path, 0) as server, socket.socket(socket.AF_UNIX) as client:
        with pytest.raises(ConnectionRefusedError):
            client.connect(str(path))
        path.chmod(0o600)
        server.listen()
        client.connect(str(path))


def test_the_mode_of_the_socket_itself_becomes_the_files(folder: Path) -> None:
    before = os.umask(0)
    try:
        with socket.socket(socket.AF_UNIX) as server:
            os.fchmod(server.fileno(), 0o600)
            server.bind(str(folder / "s"))
            assert mode(folder / "s") == 0o600
    finally:
        os.umask(before)


def test_what_asyncio_listens_on_is_made_inside_of_the_call(folder: Path) -> None:
    """So the umask may be restored on the next line."""

    async def listen() -> int:
        before = os.umask(0o177)
        server = await asyncio.start_unix_server(lambda reader, writer: None, folder / "s")
        os.umask(before)
        found = mode(folder / "s")
        server.close()
        return found

    assert asyncio.run(listen()) == 0o600


def test_what_is_made_for_one_alone_is_his_alone() -> None:
    before = os.umask(0)
    try:
        made = Path(tempfile.mkdtemp())
        try:
            assert mode(made) == 0o700
        finally:
            made.rmdir()
    finally:
        os.umask(before)


def test_another_account_takes_a_name_first_and_listening_there_fails(folder: Path) -> None:
    """Nothing of the attacker's is taken over: binding fails, and the client gets whoever was first."""
    path = folder / "s"
    with bound(path, 0o022) as first, socket.socket(socket.AF_UNIX) as second:
        first.listen()
        with pytest.raises(OSError, match="in use"):
            second.bind(str(path))
