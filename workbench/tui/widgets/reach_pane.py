"""Everything one server can open: each thing with its verdict, the reason and how that is known; and where to go on."""

from __future__ import annotations

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

from workbench.model.assets import AssetFact, Reach
from workbench.model.finding import Finding
from workbench.model.servers import Server
from workbench.tui.inventory import Inventory
from workbench.tui.keys import hint
from workbench.tui.plain import entitle, hanging, plain, stacked
from workbench.tui.reach import BASES, Matrix, Row
from workbench.tui.widgets.findings import VI_KEYS
from workbench.tui.widgets.options import Options
from workbench.tui.widgets.pages import Page
from workbench.tui.widgets.server_pane import FindingAsked
from workbench.tui.wording import ATTENTION, MUTED, at_home, counted, heading, presence, severity

CHECK = "secrets/reachable-files"
MOST_THINGS = 400
_VERDICTS = {
    "yes": ("● can open", "bold $text-error"),
    "unknown": ("? unknown", "$text-warning"),
    "no": ("· cannot", MUTED),
}
_COULD = ("○ could", ATTENTION)
_VERDICT_WIDTH = 12


@dataclass
class ServerAsked(Message):
    """The person wants to read everything about the server."""

    server: Server


class ReachText(Page):
    """The text; Enter goes on to what is marked below it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "open", "Go on", show=False)]

    @dataclass
    class Opened(Message):
        """Enter was pressed in the text."""

    def action_open(self) -> None:
        """Go on."""
        self.post_message(self.Opened())


class WayOn(Options):
    """The finding about it, and the server."""

    BINDINGS: ClassVar[list[BindingType]] = [*VI_KEYS, Binding("enter", "select", "Go there", show=False)]


class ReachPane(Vertical):
    """The text and the ways on of one row of the matrix."""

    def __init__(self, **more: str) -> None:
        super().__init__(**more)  # type: ignore[arg-type]
        self._key = ""
        self._ways: list[Server | Finding] = []
        self._home = ""

    def compose(self) -> ComposeResult:
        """The text above, the ways on below."""
        yield ReachText("There is no server to show.", id="reach-text")
        yield WayOn(id="ways", markup=False, compact=True)

    def show(self, row: Row, known: Matrix, inventory: Inventory, position: str) -> None:
        """Show one row; ``position`` says which of how many."""
        text, ways = self.query_one(ReachText), self.query_one(WayOn)
        same, self._key, self._home = row.server.key == self._key, row.server.key, inventory.snapshot.host.home
        home = self._home
        text.write(lambda width: reach_page(row, known, home, width))
        entitle(text, "What it can open", position)
        about = [finding for finding in inventory.findings_of(row.server) if finding.check == CHECK]
        marked = ways.highlighted or 0
        self._ways = [*about[:1], row.server]
        entitle(ways, "Go on to", "enter goes there")
        self._fill()
        ways.highlighted = min(marked, len(self._ways) - 1) if same else 0
        if not same:
            text.scroll_home(animate=False)

    def on_resize(self, event: events.Resize) -> None:
        """Cut the ways on anew to the width."""
        ways = self.query_one(WayOn)
        kept = ways.highlighted
        self._fill()
        ways.highlighted = kept

    def focus_next(self) -> None:
        """Put the cursor on the ways on."""
        self.query_one(WayOn).focus()

    @on(ReachText.Opened)
    def open_marked(self) -> None:
        """Go to what is marked."""
        marked = self.query_one(WayOn).highlighted
        if marked is None or not self._ways:
            return
        way = self._ways[marked]
        self.post_message(FindingAsked(way) if isinstance(way, Finding) else ServerAsked(way))

    @on(OptionList.OptionSelected, "#ways")
    def open_selected(self, event: OptionList.OptionSelected) -> None:
        """Go to what is under the cursor or the mouse."""
        event.stop()
        self.open_marked()

    @on(OptionList.OptionHighlighted, "#ways")
    def mark(self, event: OptionList.OptionHighlighted) -> None:
        """Keep to itself what is marked."""
        event.stop()

    def _fill(self) -> None:
        width = max((self.size.width or 80) - 5, 30)
        self.query_one(WayOn).set_options(Option(way_on(way, self._home, width)) for way in self._ways)


def way_on(way: Server | Finding, home: str, width: int) -> Content:
    """One way on, as a line of ``width`` cells."""
    if isinstance(way, Finding):
        line = severity(way.severity) + plain(at_home(way.summary, home))
    else:
        line = presence(way.presence) + plain(f"everything about {way.name}")
    return line.truncate(width, ellipsis=True)


def reach_page(row: Row, known: Matrix, home: str, width: int) -> Content:
    """The whole text, wrapped to ``width`` cells."""
    return stacked(_lines(row, known, home, width))


def _lines(row: Row, known: Matrix, home: str, width: int) -> Iterator[Content]:
    yield hanging(presence(row.server.presence), plain(row.server.name, "bold"), width)
    things = sum(known.most)
    if not row.cells:
        yield from _not_worked_out(row.server, width)
        return
    could = "could, once it is started, open" if row.predicted else "can open"
    words = f"It {could} {row.opened} of {counted(things, 'thing')} worth stealing."
    yield from plain(words).wrap(width)
    if row.unknown:
        said = f"Of {row.unknown} it could not be looked up: look with sudo ({hint('sudo')}), or as root."
        yield hanging(Content.styled("? ", ATTENTION), plain(said), width)
    left = MOST_THINGS
    every = known.reaches_of(row.server)
    for kind, pairs in every:
        opened = sum(reach.verdict == "yes" for _, reach in pairs)
        yield Content("")
        yield heading(f"{kind.capitalize()} ({opened} of {len(pairs)})")
        for asset, reach in pairs[:left]:
            yield from _thing(asset, reach, home, width)
        left -= len(pairs[:left])
        if not left:
            yield plain(f"and more: the first {MOST_THINGS} things are shown", MUTED)
            break
    yield Content("")
    yield heading("How that is known")
    bases = {reach.basis for _, pairs in every for _, reach in pairs}
    for basis, words in BASES.items():
        if basis in bases:
            yield hanging(plain(basis.ljust(_VERDICT_WIDTH), MUTED), plain(words), width)
    yield Content("")
    words = (
        "What a program denies itself from inside (Landlock) cannot be seen from outside: “can open” says that nothing"
        " visible stands in the way."
    )
    yield from plain(words, MUTED).wrap(width)


def _thing(asset: AssetFact, reach: Reach, home: str, width: int) -> Iterator[Content]:
    could = reach.verdict == "yes" and reach.basis == "predicted"
    words, style = _COULD if could else _VERDICTS[reach.verdict]
    yield hanging(plain(words.ljust(_VERDICT_WIDTH), style), plain(at_home(asset.name, home), "bold"), width)
    yield hanging(Content(" " * _VERDICT_WIDTH), plain(f"{reach.why} ({reach.basis})", MUTED), width)


def _not_worked_out(server: Server, width: int) -> Iterator[Content]:
    yield from plain("What it could open was not worked out.", "bold").wrap(width)
    around = ", then ".join(server.isolation)
    if around:
        words = f"{around} would stand around it, and what that lets through is known only while it runs."
    elif server.presence == "switched off":
        words = "Its client is told not to start it."
    else:
        words = "How it would be started, or as which account, is not known well enough."
    yield from plain(words).wrap(width)
    yield from plain(f"Start it and press {hint('rescan')}: then it is looked at as it really runs.", MUTED).wrap(width)
