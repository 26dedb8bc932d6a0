"""Start a program in a terminal of its own, and see what it draws there and what it takes of the processor."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
_SEQUENCE = re.compile(
    rb"\x1b\[[0-?]*[ -/]*[@-~]|\x1b[PX^_].*?\x1b\\|\x1b\].*?(?:\x07|\x1b\\)|\x1b[ -/]*[0-~]", re.DOTALL
)


class Terminal:
    """A program in a terminal of ``size`` columns and lines; ``begun`` is when it was started. Use it in a ``with``."""

    def __init__(self, command: Sequence[str], size: tuple[int, int], home: str) -> None:
        self._ours, its = pty.openpty()
        fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
        self._command, self._drawn = command, b""
        self.begun = time.perf_counter()
        self.process = subprocess.Popen(
            command, stdin=its, stdout=its, stderr=its, cwd=home, env=environment(home), start_new_session=True
        )
        os.close(its)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *error: object) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        os.close(self._ours)

    def await_words(self, *words: str, seconds: float = 60.0) -> None:
        """Wait until all of these were drawn. Ends the measurement where they never are."""
        wanted = [word.encode() for word in words]
        end = time.perf_counter() + seconds
        while time.perf_counter() < end and self._read(1.0):
            text = _SEQUENCE.sub(b"", self._drawn)
            if all(word in text for word in wanted):
                return
        shown = _SEQUENCE.sub(b"", self._drawn).decode(errors="replace")
        raise SystemExit(f"{self._command} never showed {words}:\n{shown}")

    def pass_time(self, seconds: float) -> None:
        """Let it draw for a while."""
        end = time.perf_counter() + seconds
        while time.perf_counter() < end and self._read(max(end - time.perf_counter(), 0)):
            pass

    def _read(self, seconds: float) -> bool:
        try:
            if select.select([self._ours], [], [], seconds)[0]:
                self._drawn += os.read(self._ours, 65536)
        except OSError:
            return False  # it ended and took its terminal away
        return True

    @property
    def processor(self) -> float:
        """Seconds that all its threads have had of the processor."""
        # The clock of another process: MAKE_PROCESS_CPUCLOCK in Linux.
        return time.clock_gettime((~self.process.pid << 3) | 2)

    @property
    def memory(self) -> float:
        """Megabytes that it holds."""
        return held(self.process.pid)


def held(process: int | str = "self") -> float:
    """Megabytes of memory that a process holds."""
    status = Path(f"/proc/{process}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def environment(home: str) -> dict[str, str]:
    """Nothing of this machine's own settings, and a terminal of every colour."""
    return {
        "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": home,
        "PYTHONPATH": str(ROOT),
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
        "LANG": "C.UTF-8",
    }
