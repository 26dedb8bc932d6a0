"""The page of everything that was read, run, connected to and written, by a look or by a repair, to see and to copy."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import ContentSwitcher, Input, Static

from workbench import activity
from workbench.activity import Act
from workbench.text import visible
from workbench.tui.background import in_background
from workbench.tui.base_app import BaseApp
from workbench.tui.keys import bound
from workbench.tui.plain import hanging, plain, stacked, wrapped
from workbench.tui.widgets.activity_table import ActivityTable, clock, took, whole
from workbench.tui.widgets.pages import Page
from workbench.tui.widgets.room import has_room
from workbench.tui.wording import ATTENTION, MUTED, counted

EVERY = 0.5
MOST_COPIED = 70_000
"""Characters. Terminals take no more at a time, and say nothing where it is too much."""
_NOTHING = "Nothing was read or run yet. What a look or a repair does shows here as it does it."
_ABOUT_DEMO = "made up, as all of the demo: nothing of this machine was read, run or changed"
_ABOUT = "since the start, without what was only looked up (names, modes)"
_ORDER: tuple[activity.Kind, ...] = ("read", "ran", "ran as root", "connected", "wrote")


class Words(Input):
    """Spells out what acts on a terminal: it may have been pasted."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", "Keep", tooltip="Keep these words and go to the lines"),
    ]

    def validate_value(self, value: str) -> str:
        """See the class."""
        return visible(value, 1000)


class ActivityPage(Vertical):
    """The sum of it, a filter, the table, and the whole of the line under the cursor."""

    app: BaseApp

    DEFAULT_CSS = """
    ActivityPage {
        #activity-row {
            height: 1;
        }

        #activity-sign {
            width: 2;
            padding-left: 1;
        }

        Words {
            width: 1fr;
        }

        #activity-count {
            width: auto;
            padding: 0 1;
        }
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        bound("filter", "filter", does="Show the lines with these words only"),
        bound("activity.copy", "copy"),
        bound("activity.copy_all", "copy_all", show=False),
        Binding("escape", "unfilter", "All", tooltip="Show every line again"),
    ]

    def __init__(self, **more: str) -> None:
        super().__init__(**more)  # type: ignore[arg-type]
        self._known = -1

    def compose(self) -> ComposeResult:
        """The parts, one below the other."""
        yield Static(id="activity-sum")
        with Horizontal(id="activity-row"):
            yield Static(plain("/", "bold $text-accent"), id="activity-sign")
            yield Words(placeholder="words that a line must hold", id="activity-filter", compact=True)
            yield Static(id="activity-count")
        with ContentSwitcher(initial="activity-said", id="activity-shown"):
            yield Page(_NOTHING, id="activity-said")
            yield ActivityTable(id="activity-table")
        yield Static(id="activity-line")

    def on_mount(self) -> None:
        """Look for what is new now and then; where nobody looks on, nothing is done."""
        self.query_one("#activity-row").display = False
        self.set_interval(EVERY, self.refresh_acts)

    def on_show(self) -> None:
        """Show what came meanwhile."""
        self.refresh_acts()

    def refresh_acts(self) -> None:
        """Show what came since, where the page is shown."""
        if self.display and self.screen.is_current and activity.changes() != self._known:
            self._known = activity.changes()
            self._sift()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Every line is shown again only where some are not; nothing is done that cannot be seen."""
        if action == "unfilter":
            return self._filters
        return has_room(self.app.size)

    @property
    def unshown(self) -> frozenset[str]:
        """See Foot: the sign of a filter stands before its line, so that at the foot the way back is worth more."""
        return frozenset({"filter"}) if self._filters else frozenset()

    def focus_inside(self) -> None:
        """Put the cursor into what is shown."""
        shown = self.query_one("#activity-shown", ContentSwitcher).visible_content
        if shown is not None:
            shown.focus()

    def action_filter(self) -> None:
        """Type words."""
        self.query_one("#activity-row").display = True
        self.query_one(Input).focus()
        self.refresh_bindings()

    def action_unfilter(self) -> None:
        """Show everything."""
        self.query_one(Input).value = ""
        self.query_one("#activity-row").display = False
        self.focus_inside()
        self.refresh_bindings()

    @on(Input.Changed)
    def filter_changed(self) -> None:
        """Show the lines with these words."""
        self._sift()

    @on(Input.Submitted)
    def filter_done(self) -> None:
        """Go on to the lines."""
        if not self.query_one(Input).value:
            self.action_unfilter()
        else:
            self.focus_inside()

    @on(ActivityTable.Moved)
    def show_line(self) -> None:
        """Show the whole of the line under the cursor."""
        act = self.query_one(ActivityTable).selected
        line = self.query_one("#activity-line", Static)
        line.display = act is not None
        if act is not None:
            line.update(_whole(act, max(self.size.width - 4, 30)))

    @on(ActivityTable.Opened)
    def action_copy(self) -> None:
        """Copy the line under the cursor."""
        act = self.query_one(ActivityTable).selected
        if act is not None:
            self.app.copy_to_clipboard(whole(act))
            self.app.tell("This line was sent to the terminal's clipboard.")

    def action_copy_all(self) -> None:
        """Copy every line that is listed, the newest where that is too much."""
        acts = self.query_one(ActivityTable).acts
        lines: list[str] = []
        room = MOST_COPIED
        for act in reversed(acts):
            line = whole(act)
            room -= len(line) + 1
            if room < 0:
                break
            lines.append(line)
        if not lines:
            self.app.tell("There is nothing to copy.")
            return
        self.app.copy_to_clipboard("\n".join(reversed(lines)))
        left = len(acts) - len(lines)
        cut = f" The other {left:,} are too much for it; filter them." if left else ""
        self.app.tell(f"{counted(len(lines), 'line')} sent to the terminal's clipboard.{cut}")

    @property
    def _filters(self) -> bool:
        return self.query_one("#activity-row").display

    @property
    def _about(self) -> str:
        return _ABOUT_DEMO if self.app.workbench.is_demo else _ABOUT

    @work(exclusive=True, group="activity")
    async def _sift(self) -> None:
        words = self.query_one(Input).value.lower().split()
        every, wanted = await in_background(lambda: sifted(words))
        table = self.query_one(ActivityTable)
        table.show(wanted)
        shown = self.query_one("#activity-shown", ContentSwitcher)
        held = self.screen.focused is not None and self.screen.focused is shown.visible_content
        shown.current = "activity-table" if wanted else "activity-said"
        if held:
            self.focus_inside()
        if not wanted:
            said = "No line holds these words. Escape shows every line." if every else _NOTHING
            self.query_one("#activity-said", Page).write(lambda width: stacked(plain(said, MUTED).wrap(width)))
        count = plain(f"{len(wanted):,} of {len(every):,}", "bold" if wanted else ATTENTION)
        self.query_one("#activity-count", Static).update(count)
        room = max(self.size.width - 2, 30)
        self.query_one("#activity-sum", Static).update(_sum(every, self._about, room, following=table.at_end))
        self.show_line()


def sifted(words: Sequence[str]) -> tuple[Sequence[Act], Sequence[Act]]:
    """Everything that was done, and of it what holds every one of these words (in lower case)."""
    every = activity.acts()
    if not words:
        return every, every
    return every, tuple(act for act in every if all(word in _told(act) for word in words))


def _told(act: Act) -> str:
    return f"{act.kind} {act.shown} {act.ended}".lower()


def _sum(every: Sequence[Act], about: str, width: int, *, following: bool) -> Content:
    counts = Counter(act.kind for act in every)
    said = ", ".join(f"{counts[kind]:,} {kind}" for kind in _ORDER if counts[kind])
    more = f" (the last {activity.MOST:,})" if len(every) >= activity.MOST else ""
    first = plain(f"{said[:1].upper()}{said[1:]}{more}" if said else "Nothing yet", "bold")
    second, gap, follows = plain(about, MUTED), plain(" · ", MUTED), plain("● follows", "bold $text-success")
    if every and following:
        fits = first.cell_length + gap.cell_length + follows.cell_length <= width
        first, second = (first + gap + follows, second) if fits else (first, follows + gap + second)
    return stacked((first, second))


def _whole(act: Act, width: int) -> Content:
    times = f" × {act.times:,}" if act.times > 1 else ""
    told = plain(visible(f"{act.shown}{times}", 1500))
    kind, ended = plain(f"{act.kind}  ", "bold"), plain(f"{act.ended}, {took(act)} ms, at {clock(act.at)} UTC", MUTED)
    # How it ended stays together: on the last line where it fits, else on one of its own.
    last = wrapped(told, max(width - kind.cell_length, 12))[-1]
    fits = kind.cell_length + last.cell_length + 2 + ended.cell_length <= width
    return hanging(kind, told + plain("  ") + ended if fits else stacked((told, ended)), width)
