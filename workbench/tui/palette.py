"""Every action of every page for the command palette, each with its key: read off the bindings, so none is left out."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from textual.app import SystemCommand
from textual.binding import Binding
from textual.widget import Widget

from workbench.tui.keys import ACTS, hint
from workbench.tui.screens.help import is_moving, shown_key
from workbench.tui.widgets.activity_page import ActivityPage
from workbench.tui.widgets.findings import FindingsList
from workbench.tui.widgets.history_page import HistoryPage
from workbench.tui.widgets.pages import PAGES

if TYPE_CHECKING:
    from workbench.tui.screens.main import MainScreen

_OF_A_PAGE: tuple[tuple[str, type[Widget]], ...] = (
    ("findings", FindingsList),
    ("history", HistoryPage),
    ("activity", ActivityPage),
)
_LEFT_OUT = ("back", "page(", "app.", "screen.", "open", "scroll_")


def commands(main: MainScreen) -> Iterator[SystemCommand]:
    """What the keys of the main screen and of its pages do."""
    for page in PAGES:
        act = f"page.{page.name}"
        said = f"{ACTS[act].does} ({hint(act)})"
        yield SystemCommand(f"Show: {page.title}", said, partial(main.action_page, page.name))
    for binding in _of(main):
        yield _command(main, binding, main)
    titles = {page.name: page.title for page in PAGES}
    for name, kind in _OF_A_PAGE:
        widget = main.query_one(kind)
        for binding in _of(widget):
            yield _command(main, binding, widget, name, titles[name])


def _of(node: MainScreen | Widget) -> Iterator[Binding]:
    own = (each for base in type(node).__mro__ for each in base.__dict__.get("BINDINGS", ()))
    for binding in own:
        wanted = isinstance(binding, Binding) and binding.description and not is_moving(binding)
        if wanted and not binding.action.startswith(_LEFT_OUT):
            yield binding


def _command(
    main: MainScreen, binding: Binding, node: MainScreen | Widget, page: str = "", title: str = ""
) -> SystemCommand:
    said = f"{title}: {binding.description}" if title else binding.description

    async def carry_out() -> None:
        if page:
            main.action_page(page)
        if not await main.app.run_action(binding.action, node):
            main.app.tell(f"{said}: that cannot be done with what is in view now.")

    key = hint(binding.id) if binding.id else shown_key(binding)
    return SystemCommand(said, f"{binding.tooltip or binding.description} ({key})", carry_out)
