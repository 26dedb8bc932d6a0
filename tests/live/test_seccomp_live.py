"""Filters of live processes: what is read says what the kernel does, and the process goes on as before."""

from __future__ import annotations

import os
import platform
import signal
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.live import support
from workbench.host.isolation import filters
from workbench.host.isolation.syscalls import answers, is_known

pytestmark = pytest.mark.live

WAITER = Path(__file__).parent / "servers" / "filtered.py"
NATIVE = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
SETUID = {"x86_64": 105, "aarch64": 146}
PERSONALITY = {"x86_64": 135, "aarch64": 92}
ALLOW, ERRNO = 0x7FFF0000, 0x00050000
Rows = list[tuple[int, int, int, int]]


@pytest.fixture(autouse=True)
def able() -> None:
    """Reading filters needs root, no filter around the test itself, and a kernel that shows them."""
    support.require_root()
    if not is_known(platform.machine()):
        support.missing(f"the calls of {platform.machine()} are not known")
    if "\nSeccomp:\t0" not in Path("/proc/self/status").read_text():
        support.missing("this test runs under a system call filter, so the kernel shows it none")
    with waiting(program([(6, 0, 0, ALLOW)])) as server:
        try:
            filters.read_filters(server.pid)
        except filters.CannotRead as why:
            support.missing(f"filters cannot be read here: {why}")


def program(rows: Rows) -> str:
    return b"".join(struct.pack("=HBBI", *row) for row in rows).hex()


def refuses(number: int, error: int) -> str:
    """Only this architecture's calls; one of them returns an error."""
    native = NATIVE[platform.machine()]
    rows: Rows = [(0x20, 0, 0, 4), (0x15, 1, 0, native), (6, 0, 0, 0x80000000), (0x20, 0, 0, 0)]
    return program([*rows, (0x15, 0, 1, number), (6, 0, 0, ERRNO | error), (6, 0, 0, ALLOW)])


@contextmanager
def waiting(*programs: str) -> Iterator[subprocess.Popen[str]]:
    server = subprocess.Popen(
        [sys.executable, str(WAITER), *programs], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert server.stdout is not None
        assert server.stdout.readline() == "ready\n"
        yield server
    finally:
        server.kill()
        server.communicate()


def say(server: subprocess.Popen[str], text: str) -> str:
    assert server.stdin is not None and server.stdout is not None
    server.stdin.write(text + "\n")
    server.stdin.flush()
    return server.stdout.readline().strip()


def said(pid: int) -> dict[str, str]:
    return dict(answers(filters.read_filters(pid), platform.machine(), i386=filters.has_i386()))


def state(pid: int) -> tuple[str, str]:
    text = Path(f"/proc/{pid}/status").read_text()
    fields = dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)
    return fields["State"][0], fields["TracerPid"]


def test_what_is_read_is_what_the_kernel_does() -> None:
    machine = platform.machine()
    with waiting(
        refuses(PERSONALITY[machine], 1), refuses(PERSONALITY[machine], 13), refuses(SETUID[machine], 38)
    ) as one:
        told = said(one.pid)
        assert told["personality"] == "EACCES" == say(one, "personality")
        assert told["setuid"] == "ENOSYS" == say(one, "setuid")
        assert told["execve"] == "allowed"
        assert not [call for call in told if call.endswith("(32-bit)")]
    with waiting() as other:
        assert filters.read_filters(other.pid) == ()
        assert say(other, "setuid") == "0"


def test_the_process_is_let_go_and_works_on() -> None:
    with waiting(refuses(SETUID[platform.machine()], 1)) as server:
        for _ in range(50):
            assert len(filters.read_filters(server.pid)) == 1
        assert state(server.pid)[1] == "0"
        assert say(server, "still there") == "STILL THERE"


def test_it_stands_still_for_a_moment_only() -> None:
    with waiting(refuses(SETUID[platform.machine()], 1)) as server:
        filters.read_filters(server.pid)
        took = []
        for _ in range(20):
            began = time.perf_counter()
            filters.read_filters(server.pid)
            took.append(time.perf_counter() - began)
        assert sorted(took)[10] < 0.02


def test_a_stopped_process_stays_stopped() -> None:
    with waiting(refuses(SETUID[platform.machine()], 1)) as server:
        os.kill(server.pid, signal.SIGSTOP)
        wait_for(lambda: state(server.pid)[0] == "T")
        assert len(filters.read_filters(server.pid)) == 1
        time.sleep(0.05)
        assert state(server.pid) == ("T", "0")
        os.kill(server.pid, signal.SIGCONT)
        assert say(server, "on") == "ON"


def test_no_signal_is_lost() -> None:
    with waiting(refuses(SETUID[platform.machine()], 1)) as server:
        assert say(server, "count") == "0"
        sent: list[int] = []
        stop = threading.Event()

        def send() -> None:
            while not stop.is_set():
                # One at a time: two of a kind that wait together are one, with or without us.
                os.kill(server.pid, signal.SIGUSR1)
                sent.append(server.pid)
                wait_for(lambda: say(server, "count") == str(len(sent)))

        thread = threading.Thread(target=send)
        thread.start()
        for _ in range(200):
            filters.read_filters(server.pid)
        stop.set()
        thread.join()
        assert sent
        assert say(server, "count") == str(len(sent))


def test_a_traced_process_is_left_alone_and_that_is_said() -> None:
    strace = support.require_program("strace")
    with waiting(refuses(SETUID[platform.machine()], 1)) as server:
        tracer = subprocess.Popen([strace, "-qq", "-o", "/dev/null", "-p", str(server.pid)], stderr=subprocess.DEVNULL)
        try:
            wait_for(lambda: state(server.pid)[1] == str(tracer.pid))
            with pytest.raises(filters.CannotRead, match="may not be stopped"):
                filters.read_filters(server.pid)
            assert state(server.pid)[1] == str(tracer.pid)
        finally:
            tracer.terminate()
            tracer.wait()
        assert say(server, "on") == "ON"


def test_one_that_does_not_stop_in_time_is_let_go() -> None:
    with waiting(refuses(SETUID[platform.machine()], 1)) as server:
        # No time at all: whether it stopped by then is a matter of luck, that it goes on is not.
        refused = 0
        for _ in range(50):
            try:
                filters.read_filters(server.pid, patience=-1.0)
            except filters.CannotRead as why:
                # A scan beside this test may be looking at it at this very moment.
                assert "did not stop" in str(why) or "another program traces it" in str(why)
                refused += 1
        assert refused
        wait_for(lambda: state(server.pid)[1] == "0")
        assert say(server, "on") == "ON"


def test_what_has_ended_is_said() -> None:
    gone = subprocess.Popen(["true"])
    gone.wait()
    with pytest.raises(filters.CannotRead, match="ended"):
        filters.read_filters(gone.pid)
    zombie = subprocess.Popen(["true"])
    wait_for(lambda: state(zombie.pid)[0] == "Z")
    with pytest.raises(filters.CannotRead):
        filters.read_filters(zombie.pid)
    assert zombie.wait() == 0


@pytest.mark.parametrize("pid", [-1, 0, 1, os.getpid()], ids=["every", "none", "first", "own"])
def test_some_are_never_touched(pid: int) -> None:
    with pytest.raises(filters.CannotRead):
        filters.read_filters(pid)


def test_without_root_it_is_refused_and_said() -> None:
    with waiting(refuses(SETUID[platform.machine()], 1)) as server:
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                os.setgid(65534)
                os.setuid(65534)
                filters.read_filters(server.pid)
                os.write(write, b"read")
            except filters.CannotRead as why:
                os.write(write, str(why).encode())
            finally:
                os._exit(0)
        os.close(write)
        with os.fdopen(read, "rb") as answer:
            assert b"may not be stopped" in answer.read()
        os.waitpid(child, 0)


def wait_for(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < end, "it did not come about within 10 s"
        time.sleep(0.001)
