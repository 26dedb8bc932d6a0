"""The source of a check and of its fixes, to read: what the workbench knows, it can show."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Tab, Tabs

from workbench.host.files import CannotLook, read_bounded
from workbench.model.check import Check, Fix
from workbench.text import visible
from workbench.tui.background import in_background
from workbench.tui.keys import bound
from workbench.tui.plain import entitle, plain, stacked, wrapped
from workbench.tui.screens.base import Roomy
from workbench.tui.widgets.file_lines import coloured
from workbench.tui.widgets.footer import Foot
from workbench.tui.widgets.pages import Page
from workbench.tui.widgets.room import TooSmall
from workbench.tui.wording import MUTED

_LIMIT = 512 * 1024
_MOST = 3000
_WIDEST = 400


class Code(Roomy, Screen[None]):
    """A file at a time that scrolls: of a check, of a fix. It can only be read."""

    CSS_PATH = "code.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Back"),
        Binding("tab", "turn(1)", "Next file", tooltip="The code of the next: of the check, of a repair"),
        Binding("shift+tab", "turn(-1)", "Previous file", show=False),
        bound("close", "leave", words=""),
        bound("code", "leave", words=""),
        bound("help", "app.help"),
    ]

    def __init__(self, plugins: Sequence[Check | Fix]) -> None:
        """Show the first of them; there is at least one."""
        super().__init__()
        self._plugins = tuple(plugins)

    def compose(self) -> ComposeResult:
        """The names where there is more than one, the text, and its keys."""
        if len(self._plugins) > 1:
            files = Tabs(*(Tab(_named(each), id=f"file-{n}") for n, each in enumerate(self._plugins)), id="files")
            files.can_focus = False
            yield files
        yield Page("Reading the code.", id="code")
        yield Foot()
        yield TooSmall()

    def on_mount(self) -> None:
        """Read the first file."""
        self.query_one("#code", Page).focus()
        if len(self._plugins) == 1:
            self._show(self._plugins[0])

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """There is a next file only where there are several."""
        if action == "turn" and len(self._plugins) < 2:
            return False
        return super().check_action(action, parameters)

    def action_turn(self, step: int) -> None:
        """Show the next file, or the one before."""
        files = self.query_one(Tabs)
        at = int((files.active or "file-0").removeprefix("file-"))
        files.active = f"file-{(at + step) % len(self._plugins)}"

    def on_tabs_tab_activated(self, event: Tabs.TabActivated) -> None:
        """Show the file of a tab."""
        self._show(self._plugins[int((event.tab.id or "").removeprefix("file-"))])

    @work(exclusive=True, group="code")
    async def _show(self, plugin: Check | Fix) -> None:
        page = self.query_one("#code", Page)
        entitle(page, _named(plugin).plain, f"{plugin.origin.value} · read-only")
        try:
            lines = await in_background(lambda: _read(plugin.file))
        except Exception as error:  # noqa: BLE001, RUF100 - whatever fails, the app says it and stays
            why = error.why if isinstance(error, CannotLook) else type(error).__name__
            words = f"The code of {plugin.id} cannot be shown: {why}."
            page.write(lambda width: stacked(plain(words, MUTED).wrap(width)))
            page.scroll_home(animate=False)
            return
        page.write(lambda width: stacked(row for rows in numbered(lines, width) for row in rows))
        # The lesson stands at the head of the file, and was on the screen just now; what is imported tells nothing.
        width = page.scrollable_content_region.width - 1
        above = sum(len(rows) for rows in numbered(lines[: _begins(lines)], width, len(lines)))
        page.call_after_refresh(page.scroll_to, y=above, animate=False)

    def action_leave(self) -> None:
        """Go back."""
        self.dismiss()


def _named(plugin: Check | Fix) -> Content:
    return plain(f"{'check' if isinstance(plugin, Check) else 'repair'} {plugin.id}")


def _read(file: str) -> list[Content]:
    if not file:
        raise CannotLook("it is not in a file")
    text = read_bounded(file, _LIMIT).decode("utf-8", "surrogateescape")
    shown = tuple(visible(line.expandtabs(4), _WIDEST) for line in text.replace("\r\n", "\n").split("\n")[:_MOST])
    return coloured(shown, "python")


def numbered(lines: Sequence[Content], width: int, count: int = 0) -> Iterator[list[Content]]:
    """The rows of each line, with its number before the first; ``count`` is of how many lines, all of these if 0."""
    room = len(str(count or len(lines)))
    for number, line in enumerate(lines, 1):
        margin = plain(f"{number:>{room}}  ", MUTED)
        pieces = wrapped(line, max(width - room - 2, 20))
        yield [(margin if place == 0 else Content(" " * (room + 2))) + piece for place, piece in enumerate(pieces)]


def _begins(lines: Sequence[Content]) -> int:
    """How many lines stand above the check itself; where none is seen, above what follows the lesson."""
    marked = (number for number, line in enumerate(lines) if line.plain.startswith("@check("))
    return next(marked, _behind_lesson(lines))


def _behind_lesson(lines: Sequence[Content]) -> int:
    """How many lines the docstring at the head takes; 0 where there is none."""
    first = lines[0].plain if lines else ""
    if not first.startswith('"""'):
        return 0
    if first.rstrip().endswith('"""') and len(first) > len('"""'):
        return 1
    return next((number for number, line in enumerate(lines) if number and line.plain.rstrip().endswith('"""')), -1) + 1
