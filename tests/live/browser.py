"""A headless Chromium that is told by DevTools what to do: through two pipes, so that no port is opened."""

from __future__ import annotations

import fcntl
import json
import os
import select
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_PATIENCE = 60.0


class Browser:
    """One page of a running browser. ``events`` are what it told of itself, in order."""

    def __init__(self, put: int, take: int) -> None:
        self.put, self.take = put, take
        self.events: list[dict[str, Any]] = []
        self.session = ""
        self.rest = b""
        self.number = 0

    def tell(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send one command and wait for its answer."""
        self.number += 1
        message: dict[str, Any] = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.put, json.dumps(message).encode() + b"\0")
        while True:
            said = self.next()
            if said.get("id") == self.number:
                assert "error" not in said, said
                result: dict[str, Any] = said["result"]
                return result
            self.events.append(said)

    def wait_for(self, event: str) -> None:
        """Wait until the page has told of an event."""
        while not any(said.get("method") == event for said in self.events):
            self.events.append(self.next())

    def next(self) -> dict[str, Any]:
        """The next message."""
        ends = time.monotonic() + _PATIENCE
        while b"\0" not in self.rest:
            ready, _, _ = select.select([self.take], [], [], max(0.0, ends - time.monotonic()))
            assert ready, "the browser says nothing"
            part = os.read(self.take, 1 << 20)
            assert part, "the browser went away"
            self.rest += part
        message, _, self.rest = self.rest.partition(b"\0")
        made: dict[str, Any] = json.loads(message)
        return made

    def open(self, file: Path, width: int, scheme: str) -> None:
        """Show a page of that width, in the light or the dark."""
        self.session = ""
        target = self.tell("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.tell("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self.events.clear()
        for domain in ("Page", "Network", "Log", "Runtime"):
            self.tell(f"{domain}.enable")
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.tell("Emulation.setEmulatedMedia", features=features)
        self.tell(
            "Emulation.setDeviceMetricsOverride", width=width, height=800, deviceScaleFactor=1, mobile=width < 600
        )
        self.tell("Page.navigate", url=file.as_uri())
        self.wait_for("Page.loadEventFired")

    def value(self, expression: str) -> Any:
        """What an expression gives in the page."""
        made = self.tell("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in made, made
        return made["result"].get("value")

    def told(self, method: str) -> list[dict[str, Any]]:
        """What the page told of one kind of event."""
        return [said["params"] for said in self.events if said.get("method") == method]


@contextmanager
def browser(program: str, profile: Path) -> Iterator[Browser]:
    """A browser with a profile of its own, ended at the end."""
    # Above the numbers that the browser wants: it reads commands from 3 and writes answers to 4.
    ends = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for pipe in (os.pipe(), os.pipe()) for end in pipe]
    for_browser, put, take, from_browser = ends

    def lend() -> None:
        os.dup2(for_browser, 3)
        os.dup2(from_browser, 4)

    process = subprocess.Popen(
        [
            program,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--remote-debugging-pipe",
            f"--user-data-dir={profile}",
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        close_fds=False,
        preexec_fn=lend,
    )
    os.close(for_browser)
    os.close(from_browser)
    try:
        made = Browser(put, take)
        yield made
        made.session = ""
        made.tell("Browser.close")
        process.wait(timeout=20)
    finally:
        process.kill()
        process.wait()
        os.close(put)
        os.close(take)
