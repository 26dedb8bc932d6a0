"""What is said of one server, and which findings are about it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests import builders
from tests.tui import fakes, inventories
from workbench.model.finding import Subject
from workbench.model.launch import ImageSpec, Launch, Pin
from workbench.model.processes import ProcessFacts
from workbench.model.servers import Server
from workbench.model.snapshot import Snapshot
from workbench.model.sockets import PortFact, SocketFacts
from workbench.tui.inventory import Trouble, grouped, headline, inventory, marks, troubles
from workbench.tui.widgets.server_text import MOST_LINES, page
from workbench.tui.wording import since


def _said(snapshot: Snapshot, number: int = 0, width: int = 200) -> str:
    text = page(snapshot.servers.servers[number], inventory(snapshot, ()), width).plain
    return "\n".join(" ".join(line.split()) for line in text.split("\n"))


def _launched(**launch: Any) -> str:
    return _said(inventories.host(inventories.server(launch=Launch("npx", **launch))))


def test_everything_known_of_a_server_is_said() -> None:
    said = _said(inventories.everything())
    for line in (
        "● running files",
        "! outdated: it runs 1.0.0",
        "! left behind: The client that started it is gone, and it still runs.",
        "clients Desktop, Cursor",
        "config ~/.config/Claude/claude_desktop_config.json, line 3 (mcpServers › files)",
        "It is not certain that the client reads this file.",
        "transport stdio: only the client that starts it speaks to it",
        "address http://127.0.0.1:3001/",
        "isolation bwrap, then account mcp",
        "command npx pkg",
        "through sudo, then bwrap",
        "program node",
        "script ~/server.js",
        "package pkg 1.2.3 (npm, by npx); pinned exactly: the same at every start",
        "folders ~/ws (given as ~)",
        "account switched to mcp",
        "sandbox bwrap",
        "its client puts it into seatbelt",
        "variables TOKEN (a token as plain text), SET",
        "can use files: told by",
        "? An option in front of its program is not known here, so parts of this may be wrong.",
        "pid 4242, as dev, since 2026-01-02 03:04 UTC, started by 4240, 4241, and 1 more of its own",
        "unit mcp.service",
        "container hopper (cccccccccccc) of image",
        "socket /tmp/a.sock 0777 rwxrwxrwx",
        "port 0.0.0.0:3001, which lets in this host and every network it is in",
        "place npx cache: ~/.npm; no longer on the disk",
        "package pkg 1.2.3",
        "because package.json names it",
        "confidence high",
    ):
        assert line in said.split("\n"), line


def test_of_a_server_that_is_in_order_nothing_alarming_is_said() -> None:
    said = _said(inventories.host(inventories.server(isolation=("bwrap",), command=("bwrap", "node"))))
    assert "!" not in said and "?" not in said
    assert "isolation bwrap" in said


def test_without_anything_around_it_the_reach_is_said() -> None:
    assert "isolation nothing around it: it may do all that dev may" in _said(inventories.host(inventories.server()))


@pytest.mark.parametrize(
    ("pin", "words"),
    [
        ("exact", "pinned exactly"),
        ("range", "a range: whatever is newest in it at the start"),
        ("tag", "a tag: whatever it points to at the start"),
        ("none", "no version named: whatever is newest at the start"),
        ("source", "straight from its source"),
    ],
)
def test_how_firmly_a_package_is_pinned(pin: Pin, words: str) -> None:
    assert words in _launched(package=builders.package("pkg", "1", pin))


@pytest.mark.parametrize(
    ("image", "words"),
    [
        (ImageSpec("a:1", "docker.io/a", "1", "sha256:00"), "docker.io/a:1 sha256:00; pinned by its digest"),
        (ImageSpec("a", "docker.io/a"), "docker.io/a; no digest: whatever that name points to at the start"),
    ],
)
def test_how_firmly_an_image_is_pinned(image: ImageSpec, words: str) -> None:
    assert words in _launched(image=image)


@pytest.mark.parametrize(
    ("reach", "words"),
    [("host", "every account and program of this host"), ("namespace", "only what shares its own network namespace")],
)
def test_who_a_port_lets_in(reach: Any, words: str) -> None:
    process = builders.process(key="p")
    port = PortFact("127.0.0.1", 3001, 5, reach, "p")
    snapshot = inventories.host(
        inventories.server(processes=("p",), ports=(port.shown,)),
        processes=ProcessFacts(builders.COMPLETE, (process,)),
        sockets=SocketFacts(builders.COMPLETE, ports=(port,)),
    )
    assert f"port 127.0.0.1:3001, which lets in {words}" in _said(snapshot)


def test_very_many_of_one_kind_are_cut_and_counted() -> None:
    snapshot = inventories.host(inventories.server(ports=tuple(f"127.0.0.1:{port}" for port in range(2000, 5000))))
    said = _said(snapshot)
    assert said.count("127.0.0.1:") == MOST_LINES
    assert f"and {3000 - MOST_LINES} more" in said


def test_keys_that_lead_nowhere_are_no_accident() -> None:
    lost: dict[str, Any] = {
        "processes": ("gone",),
        "sockets": (7,),
        "containers": ("d" * 64,),
        "units": ("gone.service",),
    }
    said = _said(inventories.host(inventories.server(**lost)))
    assert "pid 4242" in said
    assert "container dddddddddddd" in said


def test_a_finding_is_about_a_server_through_each_of_its_parts() -> None:
    snapshot = inventories.everything()
    server = snapshot.servers.servers[0]
    assert server.entry is not None
    subjects = (
        Subject("server", server.key, "x"),
        Subject("config", server.entry.path, "x"),
        Subject("process", server.processes[0], "x"),
        Subject("socket", "/tmp/a.sock", "x"),
        Subject("unit", "system:mcp.service", "x"),
        Subject("container", "c" * 64, "x"),
    )
    others = (Subject("process", "1000:other", "x"), Subject("socket", server.processes[0], "x"))
    about = [replace(fakes.finding(), subject=subject) for subject in subjects]
    through_also = replace(fakes.finding(), subject=others[0], also=(subjects[1],))
    not_about = [replace(fakes.finding(), subject=subject) for subject in others]
    known = inventory(snapshot, [*about, *not_about, through_also])
    assert known.findings_of(server) == (*about, through_also)
    assert (
        known.findings_of(replace(server, key="k", entry=None, processes=(), sockets=(), units=(), containers=())) == ()
    )


@pytest.mark.parametrize(
    ("server", "expected"),
    [
        (inventories.server(), ()),
        (inventories.unnamed(), ("not configured",)),
        (inventories.unnamed(presence="not running"), ()),
        (inventories.server(outdated="x"), ("outdated",)),
    ],
    ids=["in order", "stray", "stopped", "outdated"],
)
def test_what_needs_attention(server: Server, expected: tuple[str, ...]) -> None:
    snapshot = inventories.host(server)
    known = inventory(snapshot, ())
    assert marks(server, known) == expected
    assert next(grouped(known))[0] == (
        "Needs attention" if expected else "Running" if server.presence == "running" else "Not running on this host"
    )


def test_the_headline_counts_what_a_person_asks_for() -> None:
    assert headline(()) == "0 servers"
    assert headline(inventories.usual().servers.servers) == "7 servers: 3 running, 1 not configured, 1 outdated"
    assert headline([inventories.server(presence="not running")]) == "1 server: none running"


def test_a_config_that_is_broken_and_unread_is_one_trouble() -> None:
    snapshot = inventories.usual()
    state = snapshot.clients.state
    again = replace(state.unread[0], what="/home/dev/.claude.json")
    other = replace(state.unread[0], what="/x", facet="mode")
    clients = replace(snapshot.clients, state=replace(state, unread=(*state.unread, again, other)))
    found = list(troubles(replace(snapshot, clients=clients)))
    assert [trouble.path for trouble in found] == ["/home/dev/.claude.json", "/srv/shared/mcp.json"]


@pytest.mark.parametrize(("servers", "words"), [(0, "may be missing from this list"), (2, "2 servers could be read")])
def test_a_broken_config_says_what_may_be_missing(servers: int, words: str) -> None:
    trouble = Trouble("/x", "a comma is missing", "Cursor", servers=servers)
    said = page(trouble, inventory(inventories.host(), ()), 100).plain
    assert words in said
    assert "It is not known what Cursor does with it." in said


@pytest.mark.parametrize("seconds", [float("nan"), float("inf"), -1e30, 1e30])
def test_a_time_that_no_clock_shows_is_left_out(seconds: float) -> None:
    assert since(seconds) == ""
