"""What a fix asks before it makes its plan: a form made from the fields of its answers, filled in as it suggests."""

from __future__ import annotations

import typing
from collections.abc import Iterator, Mapping
from dataclasses import Field, fields
from enum import Enum
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Button, Checkbox, Input, Select, Static

from workbench.model.check import Fix
from workbench.model.finding import Finding
from workbench.text import visible
from workbench.tui.plain import entitle, plain
from workbench.tui.screens.base import Roomy
from workbench.tui.screens.dialogs import about
from workbench.tui.widgets.room import TooSmall

Answers = Mapping[str, Any]


class AnswerInput(Input):
    """Spells out what acts on a terminal: it may have been pasted."""

    def validate_value(self, value: str) -> str:
        """See the class."""
        return visible(value)


class AskAnswers(Roomy, ModalScreen[Answers | None]):
    """Asks; its result is the answers by field name, or None when the person leaves."""

    CSS_PATH = "answers.tcss"
    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "Cancel", show=False)]

    def __init__(self, fix: Fix, suggested: object, finding: Finding | None = None) -> None:
        super().__init__()
        if fix.answers is None:
            raise ValueError(f"{fix.id} asks nothing")
        self._title = fix.title
        self._finding = finding
        self._fields: tuple[Field[Any], ...] = fields(fix.answers)
        self._types = typing.get_type_hints(fix.answers)
        self._suggested = suggested
        self._blank: tuple[Input, ...] = ()
        self._warned = False

    def compose(self) -> ComposeResult:
        """A line a question."""
        with Vertical(classes="window") as window:
            entitle(window, self._title, "escape cancels")
            with VerticalScroll(classes="text", can_focus=False):
                if self._finding is not None:
                    yield Static(about(self._finding))
                for field in self._fields:
                    yield from self._asked(field)
            with Horizontal(classes="buttons"):
                yield Button("Cancel", id="cancel", compact=True)
                yield Button("Show the plan", id="go", variant="primary", compact=True)
        yield TooSmall()

    def on_mount(self) -> None:
        """Start in the first field."""
        self._blank = tuple(box for box in self.query(Input) if not box.value)
        for widget in self.query("Input, Checkbox, Select"):
            widget.focus(scroll_visible=False)  # or its question, which stands above it, would be out of sight
            break

    def _asked(self, field: Field[Any]) -> Iterator[Widget]:
        label = str(field.metadata.get("label") or field.name.replace("_", " ").capitalize())
        value = getattr(self._suggested, field.name, None)
        kind, name = self._types[field.name], f"answer-{field.name}"
        if kind is bool:
            yield Checkbox(plain(label), bool(value), id=name, compact=True, classes="label")
        else:
            yield Static(plain(label), classes="label")
            choices = _choices(kind)
            if choices:
                options = [(plain(str(getattr(choice, "value", choice))), choice) for choice in choices]
                chosen = value if value in choices else choices[0]
                yield Select(options, value=chosen, allow_blank=False, compact=True, id=name)
            else:
                typed = "" if value is None else str(value)
                yield AnswerInput(typed, id=name, type="integer" if kind is int else "text", compact=True)
        helps = field.metadata.get("help")
        if helps:
            yield Static(plain(str(helps)), classes="about")

    @on(Button.Pressed, "#go")
    @on(Input.Submitted)
    def action_go(self) -> None:
        """Take the answers, when they can be taken."""
        answers: dict[str, Any] = {}
        for field in self._fields:
            widget = self.query_one(f"#answer-{field.name}", Widget)
            if isinstance(widget, Input):
                try:
                    answers[field.name] = self._typed(field, widget.value)
                except ValueError:
                    widget.focus()
                    self.notify("A whole number is wanted here.", severity="warning", markup=False)
                    return
            elif isinstance(widget, (Checkbox, Select)):
                answers[field.name] = widget.value
        self.dismiss(answers)

    def action_leave(self) -> None:
        """Answer nothing; where words were typed that were not there at first, only when that is said twice."""
        if self._warned or not any(box.value for box in self._blank):
            self.leave()
        else:
            self._warned = True
            self.notify("Escape once more drops what you typed.", severity="warning", markup=False)

    @on(Button.Pressed, "#cancel")
    def leave(self) -> None:
        """Answer nothing."""
        self.dismiss(None)

    def _typed(self, field: Field[Any], text: str) -> object:
        return int(text) if self._types[field.name] is int else text


def _choices(kind: Any) -> tuple[Any, ...]:
    if typing.get_origin(kind) is typing.Literal:
        return typing.get_args(kind)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return tuple(kind)
    return ()
