"""The keys of the history, the same in its table and in the text about a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message

Wish = Literal["undo", "redo", "confirm", "recover", "purge", "purge secrets", "backups", "undo batch"]
KEYS: tuple[BindingType, ...] = (
    Binding("u", "ask('undo')", "Undo", tooltip="Undo this repair; what would be restored is shown first"),
    Binding("A", "ask('undo batch')", "Undo batch", tooltip="Undo all that stands of this batch, after a question"),
    Binding("U", "ask('redo')", "Redo", tooltip="Make this repair again by undoing its undo; it is shown first"),
    Binding("c", "ask('confirm')", "Keep it", tooltip="Keep this repair, which is undone by itself otherwise"),
    Binding("v", "ask('recover')", "Recover", tooltip="Bring the files of an interrupted repair back"),
    Binding("x", "ask('purge')", "Purge", tooltip="Delete this backup, after a question"),
    Binding(
        "X",
        "ask('purge secrets')",
        "Purge all with secrets",
        tooltip="Delete every backup that holds a secret, after a question",
        show=False,
    ),
    Binding("b", "ask('backups')", "Backups", tooltip="Show the backups that are kept, or the repairs again"),
)


class Asking(Vertical):
    """Hands on what is asked for; whether it can be is known to the page alone."""

    BINDINGS = [*KEYS]  # noqa: RUF012

    @dataclass
    class Asked(Message):
        """The person wants this for what is selected."""

        wish: Wish

    def action_ask(self, wish: Wish) -> None:
        """Ask for it."""
        self.post_message(self.Asked(wish))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only what can be done with what is selected is there."""
        from workbench.tui.widgets.history_page import HistoryPage
        from workbench.tui.widgets.room import has_room

        if action != "ask":
            return True
        return has_room(self.app.size) and self.screen.query_one(HistoryPage).allows(str(parameters[0]))
