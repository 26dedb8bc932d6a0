"""The keys of the history, the same in its table and in the text about a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from textual.binding import BindingType
from textual.containers import Vertical
from textual.message import Message

from workbench.tui.keys import bound
from workbench.tui.widgets.room import has_room

Wish = Literal["undo", "redo", "confirm", "recover", "purge", "purge secrets", "backups", "undo batch"]
KEYS: tuple[BindingType, ...] = (
    bound("undo", "ask('undo')", does="Undo this repair; what would be restored is shown first"),
    bound("history.undo_batch", "ask('undo batch')"),
    bound("history.redo", "ask('redo')"),
    bound("keep", "ask('confirm')"),
    bound("history.recover", "ask('recover')"),
    bound("history.purge", "ask('purge')"),
    bound("history.purge_secrets", "ask('purge secrets')", show=False),
    bound("history.backups", "ask('backups')"),
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
        if action != "ask":
            return True
        return has_room(self.app.size) and self.screen.query_one(Allowing).allows(str(parameters[0]))


class Allowing(Asking):
    """The page that knows what can be done with what is selected in it; there is one on a screen."""

    def allows(self, wish: str) -> bool:
        """Whether that can be asked for now."""
        raise NotImplementedError
