"""The server that is selected: everything about it, and below that the findings about it, with the way to them."""

from __future__ import annotations

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

from workbench.model.finding import Finding
from workbench.model.servers import Server
from workbench.tui.inventory import Inventory, Row
from workbench.tui.plain import entitle, plain
from workbench.tui.widgets.findings import VI_KEYS
from workbench.tui.widgets.options import Options
from workbench.tui.widgets.pages import Page
from workbench.tui.widgets.server_text import page
from workbench.tui.wording import at_home, counted, severity

MOST = 200


@dataclass
class FindingAsked(Message):
    """The person wants to read a finding about the server."""

    finding: Finding


class ServerText(Page):
    """The text; Enter goes on to the finding that is marked below it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "open", "Open the finding", show=False)]

    @dataclass
    class Opened(Message):
        """Enter was pressed in the text."""

    def action_open(self) -> None:
        """Go on to the finding."""
        self.post_message(self.Opened())


class AboutList(Options):
    """The findings about one server, a line each."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *VI_KEYS,
        Binding("enter", "select", "Open the finding", show=False),
    ]


class ServerPane(Vertical):
    """The text and the findings of one row of the list."""

    @dataclass
    class Marked(Message):
        """The cursor is on another finding."""

    def __init__(self, **more: str) -> None:
        super().__init__(**more)  # type: ignore[arg-type]
        self._key = ""
        self._home = ""
        self._findings: tuple[Finding, ...] = ()
        self._drawn_at = 0

    def compose(self) -> ComposeResult:
        """The text above, the findings below."""
        yield ServerText("There is no server to show.", id="server-text")
        yield AboutList(id="about", markup=False, compact=True)

    def on_mount(self) -> None:
        """Nothing is selected yet."""
        entitle(self.query_one(ServerText), "Server")
        self.query_one(AboutList).display = False

    @property
    def finding(self) -> Finding | None:
        """The finding that is marked."""
        marked = self.query_one(AboutList).highlighted
        return None if marked is None or not self._findings else self._findings[marked]

    def show(self, row: Row, known: Inventory, position: str) -> None:
        """Show one row; ``position`` says which of how many."""
        text = self.query_one(ServerText)
        about = self.query_one(AboutList)
        same, marked = row.key == self._key, self.finding
        self._key, self._home = row.key, known.snapshot.host.home
        every = known.findings_of(row)
        self._findings = every[:MOST]
        text.write(lambda width: page(row, known, width))
        entitle(text, "Server" if isinstance(row, Server) else "Config", position)
        about.display = bool(every)
        cut = f", the worst {MOST} shown" if len(every) > MOST else ""
        entitle(about, f"{counted(len(every), 'finding')} about it{cut}", "enter opens it")
        self._fill()
        if every:
            identities = [finding.identity for finding in self._findings]
            kept = same and marked is not None and marked.identity in identities
            about.highlighted = identities.index(marked.identity) if kept and marked is not None else 0
        if not same:
            text.scroll_home(animate=False)

    def show_nothing(self) -> None:
        """There is no row to show."""
        self._key, self._findings = "", ()
        text = self.query_one(ServerText)
        entitle(text, "Server")
        text.write(lambda width: plain("There is no server to show."))
        self.query_one(AboutList).display = False

    def focus_next(self) -> None:
        """Put the cursor on the findings, or into the text where there is none."""
        about = self.query_one(AboutList)
        (about if about.display else self.query_one(ServerText)).focus()

    def on_resize(self, event: events.Resize) -> None:
        """Cut the findings anew to the width."""
        if self.size.width != self._drawn_at:
            about = self.query_one(AboutList)
            kept = about.highlighted
            self._fill()
            about.highlighted = kept

    @on(ServerText.Opened)
    def open_marked(self) -> None:
        """Go to the marked finding."""
        if self.finding is not None:
            self.post_message(FindingAsked(self.finding))

    @on(OptionList.OptionSelected, "#about")
    def open_selected(self, event: OptionList.OptionSelected) -> None:
        """Go to the finding under the cursor or the mouse."""
        event.stop()
        self.open_marked()

    @on(OptionList.OptionHighlighted, "#about")
    def mark(self, event: OptionList.OptionHighlighted) -> None:
        """Say that another finding is marked; which, is asked of the pane."""
        event.stop()
        self.post_message(self.Marked())

    def _fill(self) -> None:
        self._drawn_at = self.size.width
        width = max((self.size.width or 80) - 5, 30)
        self.query_one(AboutList).set_options(Option(_line(finding, self._home, width)) for finding in self._findings)


def _line(finding: Finding, home: str, width: int) -> Content:
    line = severity(finding.severity) + plain(at_home(finding.summary, home))
    return line.truncate(width, ellipsis=True)
