"""Tour the demo with every act on the machine watched: ``python -m tests.tui.demo_tour REPORT``. Not a test itself.

It prints what was read (besides the program's own files), written, run or changed, and then writes the report.
"""

from __future__ import annotations

import asyncio
import importlib
import os
import sys
from pathlib import Path
from typing import Any

from textual.widgets import Input

from tests.tui.driving import WIDE, driven, until, until_shown
from workbench.demo.playing import demo
from workbench.plugins import load
from workbench.tui.widgets.findings import FindingsList

ROOT = Path(__file__).resolve().parents[2]
OWN = tuple(
    {os.path.realpath(each) for each in (ROOT, sys.prefix, sys.base_prefix, os.path.dirname(os.__file__))}
    | {str(ROOT), sys.prefix, sys.base_prefix, os.path.dirname(os.__file__), "/usr/share/zoneinfo", "/dev/null"}
)
"""The program's own files, and Python's."""
NEVER = (
    *("subprocess.", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork", "pty.spawn", "os.startfile"),
    *("os.chmod", "os.chown", "os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.link", "os.symlink", "os.truncate"),
    *("os.utime", "os.setxattr", "os.removexattr", "shutil.", "socket.connect", "socket.bind", "sqlite3.", "os.kill"),
)
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def watch(seen: list[str]) -> None:
    """Add to ``seen`` what is done to the machine from now on."""
    busy = False

    def note(event: str, given: tuple[Any, ...]) -> None:
        nonlocal busy
        if busy or not (event in ("open", "os.listdir", "os.scandir") or event.startswith(NEVER)):
            return
        busy = True
        try:
            seen.extend(judged(event, given))
        finally:
            busy = False

    sys.addaudithook(note)


def judged(event: str, given: tuple[Any, ...]) -> list[str]:
    """What is to be said of an event, if anything."""
    if event.startswith(NEVER):
        return [f"{event} {given!r}"]
    where = os.fsdecode(given[0]) if isinstance(given[0], str | bytes | os.PathLike) else ""
    if event == "open":
        mode, flags = given[1], given[2] if isinstance(given[2], int) else 0
        if (isinstance(mode, str) and set(mode) & set("wax+")) or flags & WRITES:
            return [f"write {given!r}"]
    return [] if not where.startswith("/") or where.startswith(OWN) else [f"{event} {where}"]


async def tour(report: str) -> list[str]:
    """Everything that the demo offers. What it did to the machine before the report was asked for."""
    seen: list[str] = []
    engine = demo(load())
    engine.stage.pause = 0.0
    # A first look loads the checks for the fixes that ask them: what Python lists for that is no act of ours.
    engine.judge(engine.look())
    importlib.import_module("textual.highlight")
    watch(seen)
    async with driven(engine, WIDE) as (app, pilot):

        async def home() -> None:
            for _ in range(4):
                await pilot.press("escape")
            await until(pilot, lambda: app.screen is app.main and not app.main.looking)

        for keys, words in (
            (("f",), "What will be done"),
            (("a",), "a fresh look no longer finds it"),
            (("u",), "Undo this repair?"),
            (("y",), "findings"),
        ):
            await pilot.press(*keys)
            await until_shown(pilot, words)
        await home()
        table = app.main.query_one(FindingsList)
        for check in (
            "clients/unpinned-package",
            "secrets/in-config",
            "secrets/in-shell-startup",
            "clients/shell-server",
        ):
            finding = next(each for each in table.findings if each.check == check and each.repairs)
            fix = engine.fixes_for(finding)[0]
            assert app.main.snapshot is not None
            plan = engine.plan(fix, finding, app.main.snapshot)
            run = engine.apply(engine.prepare(plan))  # type: ignore[arg-type]
            assert run.state == "applied", run
            engine.plan_undo(run.identity)
            engine.undo(run.identity)
        for opened, agreed, words in (("R", "a", "repairs applied"), ("s", "y", "147 → 147")):
            await pilot.press(opened)
            await until(pilot, lambda: app.screen is not app.main)
            await pilot.press(agreed)
            if opened == "R":
                await until_shown(pilot, words)
            await home()
        await pilot.press("slash", *"sockets/accepts-any-peer", "enter")
        await until(pilot, lambda: table.selected is not None)
        await pilot.press("p")
        await until_shown(pilot, "In the demo nothing is connected to")
        await pilot.press("y")
        await until_shown(pilot, "How each was treated")
        await home()
        await pilot.press("W")
        await until_shown(pilot, "Accept this finding for a while")
        app.screen.query_one("#asked-reason", Input).value = "a tour"
        await pilot.press("enter")
        await until_shown(pilot, "Accepted until")
        for page in "234567812":
            await pilot.press(page, "j", "enter")
            await pilot.pause(0.1)
            await home()
        await pilot.press("7")
        await until_shown(pilot, "repairs:")
        await pilot.press("b", "x")
        await until_shown(pilot, "Purge the backups")
        await pilot.press("y")
        await until_shown(pilot, "purged")
        await pilot.press("1", "c")
        await until(pilot, lambda: app.screen is not app.main)
        await home()
        await pilot.press("w", "r", "y")
        await home()
        found = list(dict.fromkeys(seen))
        await pilot.press("e")
        await until_shown(pilot, "Export the report")
        field = app.screen.query_one("#asked-file", Input)
        field.value = report
        field.focus()
        await pilot.press("enter")
        await until_shown(pilot, "The report was written to")
    return found


def main() -> int:
    """Tour it, and say what was seen."""
    print("\n".join((*asyncio.run(tour(sys.argv[1])), "toured")))
    return 0


if __name__ == "__main__":
    sys.exit(main())
