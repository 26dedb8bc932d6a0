"""The source of a check, to read: what the workbench knows, it can show."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Footer

from workbench.host.files import CannotLook, read_bounded
from workbench.model.check import Check
from workbench.text import visible
from workbench.tui.background import in_background
from workbench.tui.plain import entitle, plain, stacked, wrapped
from workbench.tui.screens.base import Roomy
from workbench.tui.widgets.file_lines import coloured
from workbench.tui.widgets.pages import Page
from workbench.tui.widgets.room import TooSmall
from workbench.tui.wording import MUTED

_LIMIT = 512 * 1024
_MOST = 3000
_WIDEST = 400


class Code(Roomy, Screen[None]):
    """One file that scrolls. It can only be read."""

    CSS_PATH = "code.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Back"),
        Binding("q,c", "leave", show=False),
        Binding("question_mark", "app.help", "Help", key_display="?"),
    ]

    def __init__(self, check: Check) -> None:
        super().__init__()
        self._check = check

    def compose(self) -> ComposeResult:
        """The text and its keys."""
        page = Page("Reading the code.", id="code")
        entitle(page, self._check.id, f"{self._check.origin.value} · read-only")
        yield page
        yield Footer(show_command_palette=False)
        yield TooSmall()

    def on_mount(self) -> None:
        """Read the file."""
        self.query_one("#code", Page).focus()
        self.run_worker(self._load(), group="code")

    async def _load(self) -> None:
        page = self.query_one("#code", Page)
        try:
            lines = await in_background(lambda: _read(self._check.file))
        except CannotLook as why:
            words = f"The code of {self._check.id} cannot be shown: {why.why}."
            page.write(lambda width: stacked(plain(words, MUTED).wrap(width)))
            return
        page.write(lambda width: stacked(row for rows in numbered(lines, width) for row in rows))
        # The lesson stands at the head of the file, and was on the screen just now; what is imported tells nothing.
        width = page.scrollable_content_region.width - 1
        above = sum(len(rows) for rows in numbered(lines[: _begins(lines)], width, len(lines)))
        page.call_after_refresh(page.scroll_to, y=above, animate=False)

    def action_leave(self) -> None:
        """Go back."""
        self.dismiss()


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
