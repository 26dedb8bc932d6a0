"""Probing a socket: said first, always asked for, refused where it must be, and judged by the look that follows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Button, Footer

from tests import builders
from tests.tui import fakes, inventories
from tests.tui.driving import NARROW, WIDE, driven, flat, until, until_shown
from workbench.model.finding import Finding, Subject
from workbench.model.plan import Refusal
from workbench.model.probe import PeerVerdict
from workbench.model.snapshot import Snapshot
from workbench.model.sockets import SocketFact, SocketFacts
from workbench.tui.app import WorkbenchApp
from workbench.tui.screens.agree import Agree, Outcome
from workbench.tui.screens.dialogs import Choose, Notice
from workbench.tui.sockets import socket_of, sockets_of

BOTH = pytest.mark.parametrize("size", [NARROW, WIDE], ids=str)
PATH = "/tmp/a.sock"


def _socket(name: str = PATH, **more: Any) -> SocketFact:
    return builders.socket(builders.path(name, 0o777, kind="socket"), **more)


def _host(*sockets: SocketFact, **more: Any) -> Snapshot:
    server = inventories.server(sockets=tuple(socket.inode for socket in sockets), **more)
    return inventories.host(server, sockets=SocketFacts(builders.COMPLETE, sockets))


def _workbench(snapshot: Snapshot, *, read_only: bool = False) -> fakes.FakeWorkbench:
    made = fakes.workbench(read_only=read_only)
    made.script.snapshot = snapshot
    return made


async def _asked(app: WorkbenchApp, pilot: Pilot[int]) -> None:
    await pilot.press("2", "enter", "p")
    await until(pilot, lambda: isinstance(app.screen, Agree))


@BOTH
async def test_what_will_be_done_is_said_first_and_nothing_happens_without_agreement(size: tuple[int, int]) -> None:
    workbench = _workbench(_host(_socket()))
    async with driven(workbench, size, theme="textual-light") as (app, pilot):
        await pilot.press("2", "enter")
        await until_shown(pilot, "probe whether it looks at who connects")
        await pilot.press("p")
        await until(pilot, lambda: isinstance(app.screen, Agree))
        await until_shown(
            pilot,
            "Two real connections will be made to /tmp/a.sock, which node listens on",
            "one as a stranger (uid 65534)",
            "The server may log them",
            "as uid 65534: /usr/bin/python3",
        )
        assert isinstance(app.focused, Button) and app.focused.id == "leave"
        footer = app.screen.query_one(Footer)
        await until(pilot, lambda: len(footer.children) > 0)
        assert len(footer.children) <= 7 and max(child.region.right for child in footer.children) <= size[0]
        for key in ("p", "enter"):
            await pilot.press(key)
        await until(pilot, lambda: app.screen is app.main)
        assert workbench.script.probed == []


@pytest.mark.parametrize("by", ["key", "mouse"])
async def test_the_verdict_its_meaning_and_both_treatments_are_shown_then_it_is_judged(by: str) -> None:
    workbench = _workbench(_host(_socket()))
    async with driven(workbench) as (app, pilot):
        await _asked(app, pilot)
        await (pilot.press("y") if by == "key" else pilot.click("#agree"))
        await until(pilot, lambda: isinstance(app.screen, Outcome))
        await until_shown(
            pilot,
            "✖ open",
            "answers a stranger as it answers its owner",
            "its owner was let in; after its first word: reply",
            "a stranger was let in",
            "sockets/accepts-any-peer judges it",
        )
        assert workbench.script.probed == [PATH] and workbench.script.looks == 1
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is app.main and workbench.script.looks == 2)


@pytest.mark.parametrize(
    ("verdict", "sign"), [("validating", "✓ validating"), ("lazy", "✖ lazy"), ("hidden by mode", "? hidden by mode")]
)
async def test_each_verdict_has_a_sign_and_words(verdict: PeerVerdict, sign: str) -> None:
    workbench = _workbench(_host(_socket()))
    workbench.script.verdict = verdict
    async with driven(workbench) as (app, pilot):
        await _asked(app, pilot)
        await pilot.press("y")
        await until_shown(pilot, sign)


async def test_a_socket_that_is_never_probed_is_refused_with_its_reason() -> None:
    workbench = _workbench(_host(_socket("/run/docker.sock")))
    workbench.script.probe_refused = Refusal("/run/docker.sock is not probed: by its name it is a container engine's")
    async with driven(workbench) as (app, pilot):
        await pilot.press("2", "enter", "p")
        await until(pilot, lambda: isinstance(app.screen, Notice))
        await until_shown(pilot, "Not probed", "by its name it is a container engine's.")
        assert workbench.script.probed == []


async def test_from_a_finding_about_a_socket() -> None:
    found = replace(fakes.finding("Any account can connect to the socket"), subject=Subject("socket", PATH, PATH))
    workbench = fakes.workbench(fakes.plugins([fakes.check("sockets/connectable-by-others", found)]))
    workbench.script.snapshot = _host(_socket())
    async with driven(workbench, NARROW) as (app, pilot):
        await pilot.press("enter")
        await until_shown(pilot, "Any account can connect to the socket", "p probe whether its server looks at")
        await pilot.press("p")
        await until(pilot, lambda: isinstance(app.screen, Agree))
        await until_shown(pilot, PATH)


async def test_what_has_no_socket_offers_no_probe() -> None:
    async with driven(_workbench(_host()), WIDE) as (app, pilot):
        await pilot.press("p")
        await pilot.press("2", "enter", "p")
        await pilot.pause()
        assert app.screen is app.main and "probe" not in flat(app)


async def test_of_several_sockets_one_is_chosen() -> None:
    workbench = _workbench(_host(_socket(), _socket("/tmp/b.sock", inode=78)))
    async with driven(workbench) as (app, pilot):
        await pilot.press("2", "enter", "p")
        await until(pilot, lambda: isinstance(app.screen, Choose))
        await pilot.press("j", "enter")
        await until(pilot, lambda: isinstance(app.screen, Agree))
        await pilot.press("y")
        await until(pilot, lambda: workbench.script.probed == ["/tmp/b.sock"])


async def test_through_sudo_the_terminal_is_given_away_for_all_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[object] = []
    workbench = _workbench(_host(_socket()))
    workbench.script.through_sudo = True

    @contextmanager
    def suspend(app: WorkbenchApp) -> Iterator[None]:
        told.append(list(workbench.script.probed))
        yield
        told.append(list(workbench.script.probed))

    monkeypatch.setattr(WorkbenchApp, "suspend", suspend)
    async with driven(workbench) as (app, pilot):
        await _asked(app, pilot)
        await until_shown(pilot, "sudo may ask for your password")
        await pilot.press("y")
        await until(pilot, lambda: isinstance(app.screen, Outcome))
        assert told == [[], [PATH]]


async def test_where_the_terminal_cannot_be_given_away_the_command_is_shown() -> None:
    workbench = _workbench(_host(_socket()))
    workbench.script.through_sudo = True
    async with driven(workbench) as (app, pilot):
        await _asked(app, pilot)
        await pilot.press("y")
        await until_shown(pilot, "Not probed", "workbench probe /tmp/a.sock")
        assert workbench.script.probed == []


async def test_what_fails_on_the_way_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise OSError("gone")

    workbench = _workbench(_host(_socket()))
    monkeypatch.setattr(fakes.FakeWorkbench, "probe", broken)
    async with driven(workbench) as (app, pilot):
        await _asked(app, pilot)
        await pilot.press("y")
        await until_shown(pilot, "The probe failed", "OSError: gone")


async def test_a_replay_has_nothing_to_probe_and_read_only_allows_it() -> None:
    snapshot = _host(_socket())
    async with driven(fakes.workbench(), replay=snapshot) as (_, pilot):
        await pilot.press("2", "enter", "p")
        await until_shown(pilot, "replay of a snapshot")
    async with driven(_workbench(snapshot, read_only=True)) as (app, pilot):
        await _asked(app, pilot)
        await until_shown(pilot, "--read-only allows this")


def test_only_what_can_be_connected_to_under_its_own_name_is_offered() -> None:
    exact = builders.path(PATH, 0o777, kind="socket")
    inexact = replace(exact, file=replace(exact.file, exact=False))
    sockets = (
        builders.socket(exact, inode=1),
        builders.socket(inexact, inode=2),
        builders.socket(exact, inode=3, foreign_namespace=True),
        SocketFact("hidden", False, 4),
        SocketFact("mcp", True, 5),
    )
    assert sockets_of(inventories.server(sockets=(1, 2, 3, 4, 5)), sockets) == (PATH, "@mcp")
    assert sockets_of(inventories.server(sockets=(2, 3, 4)), sockets) == ()
    snapshot = inventories.host(sockets=SocketFacts(builders.COMPLETE, sockets))
    about = replace(fakes.finding(), subject=Subject("socket", "@mcp", "@mcp"), check="sockets/abstract")
    assert socket_of(about, snapshot) == ("@mcp",)
    others: tuple[Finding, ...] = (
        replace(about, check="processes/x"),
        replace(about, subject=Subject("port", "@mcp", "@mcp")),
        replace(about, subject=Subject("socket", "/tmp/stale.sock", "x")),
    )
    assert [socket_of(each, snapshot) for each in others] == [(), (), ()]
