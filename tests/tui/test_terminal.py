"""The app in a real terminal: what it writes there, and how it leaves it, whoever ends it."""

from __future__ import annotations

import contextlib
import os
import select
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no pseudo-terminal to open")
ROOT = Path(__file__).resolve().parents[2]
HOSTILE = "\x1b]52;c;aGFja2Vk\x1b\\ \x1b]0;owned\x07 \x9b31m \x1b[2J \u202e [@click=app.quit]x[/]"
PROGRAM = """
import sys
from tests.tui import fakes
from workbench.tui.app import run
hostile = bytes.fromhex(sys.argv[1]).decode()
checks = [fakes.check("clients/a", fakes.finding("END " + hostile, label=hostile))]
sys.exit(run(fakes.workbench(fakes.plugins(checks))))
"""


class Terminal:
    """A program in a pseudo-terminal of 80 × 24."""

    def __init__(self, process: subprocess.Popen[bytes], master: int, slave: int) -> None:
        self.process, self.master, self.slave = process, master, slave
        self.written = b""

    def read_until(self, wanted: bytes, seconds: float = 20.0) -> None:
        """Read on until this was written."""
        end = time.monotonic() + seconds
        while wanted not in self.written:
            assert time.monotonic() < end, self.written[-2000:]
            self._read(0.1)

    def attributes(self) -> list[object]:
        """How the terminal treats keys and lines."""
        import termios

        return termios.tcgetattr(self.slave)

    def end(self) -> int:
        """Wait for the end and return the exit status, everything written read."""
        end = time.monotonic() + 20
        while self.process.poll() is None:
            assert time.monotonic() < end, "it does not end"
            self._read(0.1)
        while self._read(0.2):
            pass
        return self.process.returncode

    def _read(self, seconds: float) -> bool:
        if not select.select([self.master], [], [], seconds)[0]:
            return False
        with contextlib.suppress(OSError):
            self.written += os.read(self.master, 65536)
            return True
        return False


@contextmanager
def in_a_terminal(command: Sequence[str], **environment: str) -> Iterator[Terminal]:
    """A program in a terminal that is its own, so that a shell has control over its jobs."""
    import fcntl
    import pty
    import struct
    import termios

    # The size is that of the terminal, whatever whoever runs the tests has told its programs.
    own = {"COLUMNS": "", "LINES": "", "TERM": "xterm-256color", "TEXTUAL_ANIMATIONS": "none"}
    wanted = {**os.environ, **own, **environment}
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    process = subprocess.Popen(
        command,
        stdin=slave,
        stdout=slave,
        stderr=slave,
        cwd=ROOT,
        env={name: value for name, value in wanted.items() if value},
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )
    try:
        yield Terminal(process, master, slave)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        os.close(master)
        os.close(slave)


@contextmanager
def terminal(**environment: str) -> Iterator[Terminal]:
    """The app in a terminal, which it must leave as it was."""
    with in_a_terminal([sys.executable, "-c", PROGRAM, HOSTILE.encode().hex()], **environment) as opened:
        before = opened.attributes()
        opened.read_until(b"END ")
        assert opened.attributes() != before  # it reads every key by itself
        yield opened
        assert opened.attributes() == before  # the echo is back
        assert opened.written.rindex(b"\x1b[?1049l") > opened.written.rindex(b"\x1b[?1049h")  # and the old screen
        assert b"\x1b[?25h" in opened.written  # and the cursor


@pytest.mark.parametrize("key", [b"q", b"\x03", b"\x11"], ids=["q", "ctrl+c", "ctrl+q"])
def test_a_key_that_quits_leaves_the_terminal_as_it_was(key: bytes) -> None:
    with terminal() as opened:
        os.write(opened.master, key)
        assert opened.end() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_leaves_the_terminal_as_it_was(number: signal.Signals) -> None:
    with terminal() as opened:
        opened.process.send_signal(number)
        status = opened.end()
        assert status == (0 if number is signal.SIGINT else 128 + number), opened.written[-2000:]


def test_a_terminal_that_is_gone_leaves_no_process_behind() -> None:
    import pty

    process, master = pty.fork()
    if not process:
        os.chdir(ROOT)
        os.execv(sys.executable, [sys.executable, "-c", PROGRAM, HOSTILE.encode().hex()])
    try:
        written, end = b"", time.monotonic() + 20
        while b"END " not in written:
            assert time.monotonic() < end, written[-2000:]
            if select.select([master], [], [], 0.1)[0]:
                written += os.read(master, 65536)
    finally:
        os.close(master)
    end, ended = time.monotonic() + 20, (0, 0)
    while not ended[0] and time.monotonic() < end:
        ended = os.waitpid(process, os.WNOHANG)
        time.sleep(0.05)
    if not ended[0]:
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
    assert ended[0], "it is still there"
    assert os.waitstatus_to_exitcode(ended[1]) == 128 + signal.SIGHUP


def test_no_escape_sequence_of_the_host_reaches_the_terminal() -> None:
    with terminal() as opened:
        opened.read_until(b"@click=app.quit")
        os.write(opened.master, b"q")
        assert opened.end() == 0
    for sequence in (b"\x1b]52", b"\x1b]0;", b"\x1b[2J", b"\xc2\x9b", "\u202e".encode()):
        assert sequence not in opened.written.partition(b"END ")[2]


@pytest.mark.parametrize("switch", ["", "1"], ids=["colour", "NO_COLOR"])
def test_without_colour_only_greys_are_written(switch: str) -> None:
    with terminal(COLORTERM="truecolor", NO_COLOR=switch) as opened:
        os.write(opened.master, b"q")
        assert opened.end() == 0
    colours = [part.split(b"m")[0].split(b";")[:3] for part in opened.written.split(b"8;2;")[1:]]
    assert len(colours) > 50
    assert all(len(set(colour)) == 1 for colour in colours) == bool(switch)


def test_opening_the_app_imports_nothing_that_a_look_may_not_need() -> None:
    said = subprocess.run(
        [sys.executable, "-c", "import sys, workbench.tui.app; print(*sys.modules)"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert {"docker", "requests", "pydantic", "yaml", "psutil", "textual.widgets._markdown"}.isdisjoint(said)


def test_the_mouse_and_a_new_size_reach_the_app_with_a_window_open() -> None:
    with terminal() as opened:
        assert b"\x1b[?1006h" in opened.written  # it asks for the mouse in the form that any size can be told in
        # The keys of the list come with the first findings, and “? Help” is at its place at the foot only then.
        opened.read_until(b"Mark")
        time.sleep(0.7)
        for last in (b"M", b"m"):
            os.write(opened.master, b"\x1b[<0;56;24" + last)
        opened.read_until(b"All commands")
        _resize(opened, 36, 120)
        time.sleep(0.5)
        _resize(opened, 10, 50)
        opened.read_until(b"larger")
        _resize(opened, 24, 80)
        time.sleep(0.3)
        os.write(opened.master, b"\x1b")
        time.sleep(0.3)
        os.write(opened.master, b"q")
        assert opened.end() == 0


def test_text_selected_with_the_mouse_ends_nothing() -> None:
    with terminal() as opened:
        for sequence in (b"\x1b[<0;20;3M", b"\x1b[<32;30;3M", b"\x1b[<32;40;4M", b"\x1b[<0;40;4m"):
            os.write(opened.master, sequence)
            time.sleep(0.1)
        for last in (b"M", b"m", b"M", b"m"):
            os.write(opened.master, b"\x1b[<0;20;3" + last)
        time.sleep(0.5)
        os.write(opened.master, b"q")
        assert opened.end() == 0


def _resize(opened: Terminal, rows: int, columns: int) -> None:
    import fcntl
    import struct
    import termios

    fcntl.ioctl(opened.slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    opened.process.send_signal(signal.SIGWINCH)


def test_a_key_stops_the_app_as_a_job_of_the_shell_which_brings_it_back(tmp_path: Path) -> None:
    shell = shutil.which("bash")
    if shell is None:
        pytest.skip("bash is not here, whose jobs are stopped and brought back")
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    line = shlex.join([sys.executable, str(program), HOSTILE.encode().hex()])
    with in_a_terminal([shell, "--norc", "--noprofile", "-i"], PS1="READY> ", PYTHONPATH=str(ROOT)) as opened:
        opened.read_until(b"READY> ")
        before = opened.attributes()
        os.write(opened.master, f"{line}; echo ENDED $?\n".encode())
        opened.read_until(b"END ")
        own = opened.attributes()
        assert own != before
        for _ in range(2):
            opened.written = b""
            os.write(opened.master, b"\x1a")
            opened.read_until(b"Bring it back with: fg")
            opened.read_until(b"Stopped")
            assert b"\x1b[?1049l" in opened.written
            opened.written = b""
            os.write(opened.master, b"echo A-LIVE-$((40 + 2))\n")
            opened.read_until(b"A-LIVE-42")
            os.write(opened.master, b"fg\n")
            opened.read_until(b"\x1b[?1049h")
            opened.read_until(b"END ")
            assert opened.attributes() == own
        opened.written = b""
        os.write(opened.master, b"q")
        opened.read_until(b"READY> ")
        os.write(opened.master, b"exit\n")
        opened.end()


def test_where_no_shell_could_bring_it_back_it_is_not_stopped() -> None:
    with terminal() as opened:
        os.write(opened.master, b"\x1a")
        opened.read_until(b"No shell is there")
        os.write(opened.master, b"q")
        assert opened.end() == 0
