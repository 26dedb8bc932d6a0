"""The list of servers: what needs attention first, whether each runs as symbol and word, the selection kept by key."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.css.styles import RulesMap
from textual.message import Message
from textual.strip import Strip
from textual.style import Style
from textual.visual import RenderOptions, Visual
from textual.widgets import ContentSwitcher, Static
from textual.widgets.option_list import Option

from workbench.model.servers import Server, ServerFacts
from workbench.model.snapshot import Snapshot
from workbench.text import visible
from workbench.tui.inventory import Inventory, Row, Trouble, grouped, headline, marks, may_be_more
from workbench.tui.keys import hint
from workbench.tui.plain import hanging, plain, stacked, together
from workbench.tui.widgets.findings import VI_KEYS
from workbench.tui.widgets.options import Options
from workbench.tui.widgets.pages import Page
from workbench.tui.widgets.server_text import account, isolation, place
from workbench.tui.wording import ATTENTION, MUTED, PRESENCE_WIDTH, at_home, counted, found, heading, letter, presence

MOST = 5000
_LEAST_NAME = 14
_LONGEST = 300  # more than this of one field never fits a line
_NOT_YET = "The servers show here when this host has been looked at."


class Drawn(Visual):
    """Lines that are only made when they are drawn: a list of thousands opens at once."""

    def __init__(self, height: int, lines: Callable[[int], Content]) -> None:
        self._height, self._lines = height, lines

    def render_strips(self, width: int, height: int | None, style: Style, options: RenderOptions) -> list[Strip]:
        """The lines for a width in cells."""
        return self._lines(width).render_strips(width, height, style, options)

    def get_optimal_width(self, rules: RulesMap, container_width: int) -> int:
        """As wide as there is room."""
        return container_width

    def get_height(self, rules: RulesMap, width: int) -> int:
        """The same at every width."""
        return self._height


class ServersList(Options):
    """Every server on two lines: whether it runs, its name and what needs attention; then who starts it, and how."""

    BINDINGS: ClassVar[list[BindingType]] = [*VI_KEYS, Binding("enter", "select", "Open", show=True)]

    @dataclass
    class Pointed(Message):
        """The mouse chose a server."""

    def __init__(self, **more: str) -> None:
        super().__init__(markup=False, compact=True, **more)  # type: ignore[arg-type]
        self._rows: list[Row | None] = []

    @property
    def selected(self) -> Row | None:
        """What is under the cursor."""
        return None if self.highlighted is None else self._rows[self.highlighted]

    @property
    def rows(self) -> tuple[Row, ...]:
        """What is listed, in order, without the headings."""
        return tuple(row for row in self._rows if row is not None)

    @property
    def position(self) -> int:
        """Which of the rows is under the cursor, counted from 1."""
        return sum(row is not None for row in self._rows[: (self.highlighted or 0) + 1])

    def show(self, known: Inventory) -> None:
        """List these servers. The cursor stays on the server it was on; where that is gone, on its place."""
        before, at = self.selected, self.highlighted
        self._rows, options = [], []
        left = MOST
        for title, rows in grouped(known):
            cut = f", the first {left} of them shown" if len(rows) > left else ""
            words = f"{title} ({len(rows)}{cut})"
            self._rows.append(None)
            options.append(Option(heading(words), disabled=True))
            for row in rows[:left]:
                self._rows.append(row)
                options.append(Option(Drawn(2, _drawer(row, known))))
            left -= len(rows[:left])
        self.set_options(options)
        keys = {row.key: number for number, row in reversed(list(enumerate(self._rows))) if row is not None}
        if before is not None and before.key in keys:
            self.highlighted = keys[before.key]
        elif keys:
            self.highlighted = self._nearest(at or 0)

    def choose(self, key: str) -> bool:
        """Put the cursor on a server; false where it is not listed."""
        for number, row in enumerate(self._rows):
            if row is not None and row.key == key:
                self.highlighted = number
                return True
        return False

    def scroll_to_highlight(self, top: bool = False) -> None:
        """Show the first heading with the first server."""
        super().scroll_to_highlight(top)
        if self.highlighted == 1:
            self.scroll_home(animate=False, immediate=True)

    def on_click(self, event: events.Click) -> None:
        """Choose a server by mouse."""
        number = event.style.meta.get("option")
        if number is not None:
            event.prevent_default()
            if self._rows[number] is not None:
                self.highlighted = number
                self.post_message(self.Pointed())

    def _nearest(self, number: int) -> int:
        last = min(number, len(self._rows) - 1)
        after = (place for place in range(last, len(self._rows)) if self._rows[place] is not None)
        before = (place for place in range(last, -1, -1) if self._rows[place] is not None)
        return next(after, next(before, 0))


class ServersPage(Vertical):
    """How many servers there are, and the list; words where there is none."""

    def compose(self) -> ComposeResult:
        """The count, and below it the list or what is said instead."""
        yield Static(id="servers-count")
        with ContentSwitcher(initial="servers-said", id="servers-shown"):
            yield Page(_NOT_YET, id="servers-said")
            yield ServersList(id="servers-list")

    def on_mount(self) -> None:
        """There is nothing to count yet."""
        self.query_one("#servers-count").display = False

    def show(self, known: Inventory) -> None:
        """Show the servers of a look."""
        listed = self.query_one(ServersList)
        listed.show(known)
        facts = known.snapshot.servers
        count = self.query_one("#servers-count", Static)
        count.display = bool(listed.rows)
        count.update(together((headline(facts.servers), "bold"), (_gap(facts), ATTENTION)))
        self.query_one("#servers-shown", ContentSwitcher).current = "servers-list" if listed.rows else "servers-said"
        if not listed.rows:
            self.query_one("#servers-said", Page).write(lambda width: stacked(_nothing(known.snapshot, width)))

    def focus_inside(self) -> None:
        """Put the cursor into what is shown."""
        shown = self.query_one("#servers-shown", ContentSwitcher).visible_content
        if shown is not None:
            shown.focus()


def row_lines(row: Row, known: Inventory, width: int) -> Content:
    """One row as it stands in the list: two lines of at most ``width`` cells."""
    first, second = _server(row, known, width) if isinstance(row, Server) else _trouble(row, known)
    return stacked((first.truncate(width, ellipsis=True), second.truncate(width, ellipsis=True)))


def _drawer(row: Row, known: Inventory) -> Callable[[int], Content]:
    return lambda width: row_lines(row, known, width)


def _server(server: Server, known: Inventory, width: int) -> tuple[Content, Content]:
    value = known.letter_of(server) if known.results else ""
    sign = presence(server.presence)
    if known.results:
        sign += letter(value) if value else Content(" ")
        sign += Content(" ")
    name = plain(visible(server.name, _LONGEST), "bold")
    beside = together(*((f"  ! {mark}", ATTENTION) for mark in marks(server, known)))
    room = width - sign.cell_length - beside.cell_length
    findings = [finding for finding in known.findings_of(server) if not finding.waived]
    least = min(name.cell_length, _LEAST_NAME)
    fitting = (said for said in (found(findings), found(findings, short=True)) if room - said.cell_length - 2 >= least)
    judged = next(fitting, Content(""))
    room -= judged.cell_length + 2 if judged else 0
    head = sign + name.truncate(max(room, least), ellipsis=True) + beside
    gap = Content(" " * max(width - head.cell_length - judged.cell_length, 0))
    return head + gap + judged, _second(server, known, width)


def _second(server: Server, known: Inventory, width: int) -> Content:
    who = ", ".join(server.clients) or ("systemd" if server.units and server.configured else "no client")
    rest = plain("".join(f" · {part}" for part in _rest(server) if part), MUTED)
    # Whoever starts it may have a long name; what stands around it must not fall off the line for that.
    room = max(width - 2 - rest.cell_length, 8)
    started_by = plain(visible(at_home(who, known.snapshot.host.home), _LONGEST), MUTED)
    return Content("  ") + started_by.truncate(room, ellipsis=True) + rest


def _rest(server: Server) -> Iterator[str]:
    if server.presence == "remote":
        yield visible(server.url, _LONGEST)
        return
    if server.pids:
        more = f" +{len(server.pids) - 2}" if len(server.pids) > 2 else ""
        yield f"{'pid' if len(server.pids) == 1 else 'pids'} {', '.join(map(str, server.pids[:2]))}{more}"
    yield visible(", ".join(account(name) for name in server.accounts[:3]), _LONGEST)
    yield visible(isolation(server), _LONGEST)


def _trouble(trouble: Trouble, known: Inventory) -> tuple[Content, Content]:
    path = visible(at_home(trouble.path, known.snapshot.host.home), _LONGEST)
    first = together(("! problem".ljust(PRESENCE_WIDTH), ATTENTION), (path, "bold"))
    said = (visible(trouble.client, _LONGEST), place(trouble.line, trouble.column), visible(trouble.why, _LONGEST))
    return first, plain("  " + " · ".join(part for part in said if part), MUTED)


def _gap(facts: ServerFacts) -> str:
    return (
        f"  not everything could be looked at: press {hint('page.gaps')}"
        if facts.state.status in ("partial", "failed")
        else ""
    )


def _nothing(snapshot: Snapshot, width: int) -> Iterator[Content]:
    state = snapshot.servers.state
    if state.status in ("failed", "not applicable"):
        yield hanging(Content.styled("? ", ATTENTION), plain("The servers could not be put together.", "bold"), width)
        yield from plain(state.reason).wrap(width)
        if state.unlock:
            yield hanging(plain("to unlock  ", MUTED), plain(state.unlock), width)
        return
    unseen = may_be_more(snapshot)
    as_far = " in what could be looked at" if unseen else ""
    yield plain(f"No MCP server was found{as_far}.", "bold")
    yield Content("")
    words = (
        "An MCP server is a program that gives an AI client such as Claude Desktop, Cursor or Claude Code"
        " its tools. The client starts it, with all the rights of your account, unless something stands around it."
    )
    yield from plain(words).wrap(width)
    yield Content("")
    yield heading("What was looked at")
    for words in _looked_at(snapshot):
        yield hanging(Content("  "), plain(words), width)
    if unseen:
        yield hanging(
            Content.styled("? ", ATTENTION),
            plain(f"Not everything could be: press {hint('page.gaps')} to see what."),
            width,
        )
    yield Content("")
    yield heading("If you expected one")
    for words in (
        "Your client runs under another account: start the workbench with --home DIR, the home of that account.",
        f"You have just added it: start the client once, then press {hint('rescan')} to look again.",
    ):
        yield hanging(Content("- "), plain(words), width)
    if snapshot.clients.looked_at:
        yield Content("")
        yield heading("Where configs were looked for")
        for path in snapshot.clients.looked_at:
            yield hanging(Content("  "), plain(at_home(path, snapshot.host.home), MUTED), width)


def _looked_at(snapshot: Snapshot) -> Iterator[str]:
    counts = (
        (snapshot.clients, len(snapshot.clients.looked_at), "place of clients' configs", "places of clients' configs"),
        (snapshot.processes, snapshot.processes.seen, "running process", "running processes"),
        (snapshot.units, snapshot.units.seen, "unit file of systemd", "unit files of systemd"),
        (snapshot.containers, snapshot.containers.seen, "container", "containers"),
    )
    for section, count, word, words in counts:
        if section.state.status in ("complete", "partial"):
            yield counted(count, word, words)
        else:
            yield f"not the {words}: {section.state.reason or 'they could not be looked at'}"
