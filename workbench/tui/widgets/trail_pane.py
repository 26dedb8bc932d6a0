"""One row of the audit trail: when, by what, of which server, how to see it oneself; and where to go on."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from workbench.model.audit import ServerAccount
from workbench.model.finding import Finding
from workbench.model.report import Report
from workbench.model.servers import Server
from workbench.model.snapshot import Snapshot
from workbench.tui.plain import entitle, hanging, plain, stacked, together
from workbench.tui.trail import TrailRow, times
from workbench.tui.widgets.findings import VI_KEYS
from workbench.tui.widgets.options import Options
from workbench.tui.widgets.pages import Page
from workbench.tui.widgets.reach_pane import ServerAsked, way_on
from workbench.tui.widgets.server_pane import FindingAsked
from workbench.tui.widgets.trail_table import OUTCOMES
from workbench.tui.wording import ATTENTION, MUTED, since

CHECK = "audit/denied-access"
_MOST_SERVERS = 50
_REASONS = {
    ("open", "denied"): "The kernel did not let it open this (EACCES or EPERM).",
    ("program", "denied"): "The kernel did not let it start this program (EACCES or EPERM).",
    ("program", "started"): "It started this program.",
    ("system call", "killed"): "Its system call filter (seccomp) stopped it at this call: killed by its filter.",
    ("system call", "logged"): "Its system call filter (seccomp) let this call pass and logged it.",
}


class TrailText(Page):
    """The text; Enter goes on to what is marked below it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "open", "Go on", show=False)]

    @dataclass
    class Opened(Message):
        """Enter was pressed in the text."""

    def action_open(self) -> None:
        """Go on."""
        self.post_message(self.Opened())


class TrailWays(Options):
    """The finding about it, and the servers of the account."""

    BINDINGS: ClassVar[list[BindingType]] = [*VI_KEYS, Binding("enter", "select", "Go there", show=False)]


class TrailPane(Vertical):
    """The text and the ways on of one row."""

    def __init__(self, home: str, **more: str) -> None:
        super().__init__(**more)  # type: ignore[arg-type]
        self._home = home
        self._key: object = None
        self._ways: list[Server | Finding] = []

    def compose(self) -> ComposeResult:
        """The text above, the ways on below."""
        yield TrailText("There is no event to show.", id="trail-text")
        yield TrailWays(id="trail-ways", markup=False, compact=True)

    def show(
        self, row: TrailRow, account: ServerAccount | None, snapshot: Snapshot, report: Report, position: str
    ) -> None:
        """Show one row; ``position`` says which of how many."""
        text, ways = self.query_one(TrailText), self.query_one(TrailWays)
        same, self._key = row.key == self._key, row.key
        text.write(lambda width: stacked(trail_lines(row, account, width)))
        entitle(text, "Event", position)
        if same:
            return
        text.scroll_home(animate=False)
        self._ways = [*_findings(row, report), *_servers(account, snapshot)]
        ways.display = bool(self._ways)
        entitle(ways, "Go on to", "enter goes there")
        self._fill()
        ways.highlighted = 0 if self._ways else None

    def forget(self) -> None:
        """The next row is of another look: what it leads to is looked up anew."""
        self._key = None

    def focus_next(self) -> None:
        """Put the cursor on the ways on, or into the text where there is none."""
        ways = self.query_one(TrailWays)
        (ways if ways.display else self.query_one(TrailText)).focus()

    def on_resize(self, event: events.Resize) -> None:
        """Cut the ways on anew to the width."""
        ways = self.query_one(TrailWays)
        kept = ways.highlighted
        self._fill()
        ways.highlighted = kept

    @on(TrailText.Opened)
    def open_marked(self) -> None:
        """Go to what is marked."""
        marked = self.query_one(TrailWays).highlighted
        if marked is None or not self._ways:
            return
        way = self._ways[marked]
        self.post_message(FindingAsked(way) if isinstance(way, Finding) else ServerAsked(way))

    @on(OptionList.OptionSelected, "#trail-ways")
    def open_selected(self, event: OptionList.OptionSelected) -> None:
        """Go to what is under the cursor or the mouse."""
        event.stop()
        self.open_marked()

    @on(OptionList.OptionHighlighted, "#trail-ways")
    def mark(self, event: OptionList.OptionHighlighted) -> None:
        """Keep to itself what is marked."""
        event.stop()

    def _fill(self) -> None:
        width = max((self.size.width or 80) - 5, 30)
        self.query_one(TrailWays).set_options(Option(way_on(way, self._home, width)) for way in self._ways)


def trail_lines(row: TrailRow, account: ServerAccount | None, width: int) -> Iterator[Content]:
    """The whole text, wrapped to ``width`` cells."""
    words, style = OUTCOMES[row.outcome]
    yield hanging(plain(f"{words}  ", style), plain(row.what, "bold"), width)
    reason = _REASONS.get((row.kind, row.outcome), "")
    if reason:
        yield from plain(reason).wrap(width)
    fresh = f", {row.fresh} new since you opened this" if row.fresh else ""
    yield hanging(_label("how often"), together(times(row.count), (fresh, ATTENTION)), width)
    first = f"first {_moment(row.first)}, last " if row.count > 1 else ""
    yield hanging(_label("when"), plain(first + _moment(row.last)), width)
    yield hanging(_label("account"), plain(f"{_account(row)}; {_who(account)}"), width)
    if row.by and row.kind != "program":
        yield hanging(_label("program"), plain(", ".join(row.by)), width)
    for number, example in enumerate(row.examples):
        yield hanging(_label("" if number else "as"), plain(example), width)
    if row.examples:
        yield hanging(_label(""), plain("secrets are taken out of command lines", MUTED), width)
    yield hanging(_label("show it"), plain(command(row), "$text-accent"), width)
    yield hanging(_label(""), plain("reads only, and prints no arguments", MUTED), width)


def command(row: TrailRow) -> str:
    """What shows the events of the row again. Not in readable form: that prints arguments, which may hold a secret."""
    failed = ("--success", "no") if row.outcome == "denied" else ()
    return shlex.join(
        ("sudo", "ausearch", "--input-logs", "--start", "yesterday", "--uid", str(row.uid), *failed, "--format", "csv")
    )


def _findings(row: TrailRow, report: Report) -> list[Finding]:
    found = [each for each in report.findings() if each.check == CHECK and each.subject.key == row.account]
    return [each for each in found if each.detail == row.kind][:1]


def _servers(account: ServerAccount | None, snapshot: Snapshot) -> list[Server]:
    if account is None:
        return []
    named = [server for server in snapshot.servers.servers if server.name in account.servers]
    own = [server for server in named if account.name in server.accounts]
    return (own or named)[:_MOST_SERVERS]


def _account(row: TrailRow) -> str:
    number = f"uid {row.uid}"
    return row.account if row.account == number else f"{row.account} ({number})"


def _who(account: ServerAccount | None) -> str:
    if account is None or not account.servers:
        return "no server of it is known, an audit rule names it"
    more = len(account.servers) - _MOST_SERVERS
    names = ", ".join(account.servers[:_MOST_SERVERS]) + (f" and {more} more" if more > 0 else "")
    return f"the server {names}" if len(account.servers) == 1 else f"the servers {names}"


def _label(words: str) -> Content:
    return plain(words.ljust(11), MUTED)


def _moment(seconds: float) -> str:
    from datetime import UTC, datetime

    if not since(seconds):
        return "at a time that no clock shows"
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
