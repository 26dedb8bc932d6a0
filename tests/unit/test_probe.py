"""What a probe concludes, what it never touches, and what it remembers."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from tests.unit.test_cli import workbench
from workbench.exits import Unusable
from workbench.model.probe import PeerVerdict
from workbench.probe.asking import Answer
from workbench.probe.memory import remember, remembered
from workbench.probe.refusing import why_not
from workbench.probe.target import find
from workbench.probe.verdict import MEANING, compare

OPEN = Answer(after="reply")
SILENT = Answer(after="silence")
CLOSED = Answer(closed=True, after="closed")
LATE = Answer(after="closed")


@pytest.mark.parametrize(
    ("owner", "stranger", "verdict"),
    [
        (OPEN, CLOSED, "validating"),
        (SILENT, CLOSED, "validating"),
        (OPEN, OPEN, "open"),
        (SILENT, OPEN, "open"),
        (OPEN, LATE, "lazy"),
        (OPEN, SILENT, "lazy"),
        (CLOSED, CLOSED, "close-all"),
        (OPEN, Answer("EACCES"), "hidden by mode"),
        (CLOSED, Answer("EACCES"), "hidden by mode"),
        (Answer("ECONNREFUSED"), Answer("ECONNREFUSED"), "stale"),
        (SILENT, SILENT, "unclear"),
        (LATE, LATE, "unclear"),
        (CLOSED, OPEN, "unclear"),
        (Answer("EACCES"), OPEN, "unclear"),
        (OPEN, Answer("EPROTOTYPE"), "unclear"),
    ],
)
def test_the_difference_tells(owner: Answer, stranger: Answer, verdict: PeerVerdict) -> None:
    assert compare(owner, stranger) == verdict and MEANING[verdict]


@pytest.mark.parametrize(
    ("name", "program"),
    [
        ("/var/run/docker.sock", ""),
        ("/run/user/1000/docker.sock", ""),
        ("/home/dev/.docker/run/docker.sock", ""),
        ("/run/podman/podman.sock", ""),
        ("/run/containerd/containerd.sock", ""),
        ("/var/run/postgresql/.s.PGSQL.5432", ""),
        ("/tmp/.s.PGSQL.5432", ""),
        ("/var/run/mysqld/mysqld.sock", ""),
        ("/tmp/mysql.sock", ""),
        ("/run/redis/redis-server.sock", ""),
        ("/tmp/redis.sock", ""),
        ("/tmp/mongodb-27017.sock", ""),
        ("/run/dbus/system_bus_socket", ""),
        ("/run/user/1000/bus", ""),
        ("/run/user/1000/gnupg/S.gpg-agent", ""),
        ("/tmp/ssh-AbC/agent.123", ""),
        ("/run/systemd/private", ""),
        ("/tmp/.X11-unix/X0", ""),
        ("@/tmp/.X11-unix/X0", ""),
        ("/run/user/1000/wayland-0", ""),
        ("/tmp/innocent.sock", "dockerd"),
        ("/tmp/innocent.sock", "postgres"),
        ("/tmp/innocent.sock", "systemd"),
        ("/tmp/innocent.sock", "gpg-agent"),
    ],
)
def test_what_is_never_probed(name: str, program: str) -> None:
    assert why_not(name, program)


@pytest.mark.parametrize(
    ("name", "program"),
    [
        ("/tmp/mcp.sock", "node"),
        ("/run/user/1000/mcp/files.sock", ""),
        ("/tmp/chrome-devtools-mcp-1000.sock", "node"),
        ("/tmp/docker-notes/mcp.sock", "python3"),
        ("@mcp-server-1", "mcp-files"),
    ],
)
def test_what_may_be_probed(name: str, program: str) -> None:
    assert why_not(name, program) == ""


def test_a_verdict_is_kept_for_the_very_socket(tmp_path: Path) -> None:
    state = tmp_path / "state"
    assert remembered(state) == {}
    remember(state, 7, "open")
    remember(state, 8, "validating")
    remember(state, 7, "lazy")
    assert remembered(state) == {7: "lazy", 8: "validating"}
    assert (state / "probes.json").stat().st_mode & 0o777 == 0o600 and state.stat().st_mode & 0o777 == 0o700
    assert sorted(os.listdir(state)) == ["lock", "probes.json", "runs"]


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"boot": "x", "probes": {"7": "open"}}', b'{"boot": 1}', b"[" * 9999]
)
def test_what_was_kept_badly_or_before_this_boot_is_forgotten(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "probes.json").write_bytes(content)
    assert remembered(tmp_path) == {}


def test_only_a_known_verdict_is_believed(tmp_path: Path) -> None:
    remember(tmp_path, 7, "open")
    file = tmp_path / "probes.json"
    file.write_text(file.read_text().replace('"open"', '"fine, really"'))
    assert remembered(tmp_path) == {}


@pytest.mark.parametrize("kind", ["missing", "file", "folder", "nul"])
def test_what_is_no_socket_is_refused_with_its_reason(kind: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "folder").mkdir()
    with pytest.raises(Unusable) as caught:
        find("\0" if kind == "nul" else str(tmp_path / kind))
    assert "socket" in str(caught.value) or "cannot be looked at" in str(caught.value)


def test_without_a_terminal_it_must_be_agreed_to(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        name = str(tmp_path / "mcp.sock")
        server.bind(name)
        server.listen()
        server.settimeout(0.2)
        done = workbench("probe", name, home=tmp_path)
        assert done.returncode == 2 and "--yes" in done.stderr
        with pytest.raises(TimeoutError):
            server.accept()


def test_a_socket_of_an_engine_is_refused_even_when_agreed_to(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "docker.sock"))
        done = workbench("probe", "--yes", str(tmp_path / "docker.sock"), home=tmp_path)
        assert done.returncode == 2 and "is not probed" in done.stderr
