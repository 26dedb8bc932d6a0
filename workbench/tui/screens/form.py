"""A small form: a line a question, what is wrong said where it was typed, and nothing done before it is right."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import ClassVar, NamedTuple

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Button, Input, Select, Static

from workbench.text import visible
from workbench.tui.plain import entitle, plain
from workbench.tui.screens.base import Roomy
from workbench.tui.widgets.room import TooSmall
from workbench.tui.wording import ATTENTION

LONGEST = 1000
"""Characters of one answer."""


class Asked(NamedTuple):
    """One question: its name, its label, what stands there at first, what may be chosen (nothing: it is typed)."""

    name: str
    label: str
    value: str
    choices: tuple[str, ...] = ()
    about: str = ""


Given = Mapping[str, str]
OTHER: Given = {}
"""The answer where something else is asked for instead."""
Wrong = tuple[str, str]
"""The name of the question, "" for none, and what is wrong with its answer."""


class FormInput(Input):
    """Spells out what acts on a terminal: it may have been pasted."""

    def validate_value(self, value: str) -> str:
        """See the class."""
        return visible(value, 2 * LONGEST)


class Form(Roomy, ModalScreen[Given | None]):
    """Asks; its result is the answers by name, or None when the person leaves."""

    CSS_PATH = "form.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "Cancel", show=False)]

    def __init__(
        self,
        title: str,
        about: Content,
        asked: Sequence[Asked],
        go: str,
        wrong: Callable[[Given], Wrong | None],
        follow: Callable[[str, Given], Given] | None = None,
        other: str = "",
    ) -> None:
        """``wrong`` says what is wrong with the answers; ``follow`` those that follow from the one just chosen.

        ``other`` are the words of a button that asks for something else instead: then the answer is ``OTHER``.
        """
        super().__init__()
        self._other = other
        self._title, self._about, self._asked, self._go = title, about, tuple(asked), go
        self._wrong, self._follow = wrong, follow
        self._warned = False

    def compose(self) -> ComposeResult:
        """A line a question."""
        with Vertical(classes="window") as window:
            entitle(window, self._title, "escape cancels")
            with VerticalScroll(classes="text", can_focus=False):
                yield Static(self._about)
                for each in self._asked:
                    yield from _widgets(each)
            with Horizontal(classes="buttons"):
                yield Button("Cancel", id="cancel", compact=True)
                if self._other:
                    yield Button(plain(self._other), id="other", compact=True)
                yield Button(plain(self._go), id="go", variant="primary", compact=True)
        yield TooSmall()

    def on_mount(self) -> None:
        """Start in the first field."""
        for said in self.query(".wrong"):
            said.display = False
        self.query_one(f"#asked-{self._asked[0].name}").focus()

    @property
    def given(self) -> Given:
        """The answers as they stand."""
        return {each.name: self._value(each) for each in self._asked}

    @on(Select.Changed)
    def follow_choice(self, event: Select.Changed) -> None:
        """Change what follows from another choice."""
        if self._follow is None:
            return
        name = (event.select.id or "").removeprefix("asked-")
        for other, value in self._follow(name, self.given).items():
            self.query_one(f"#asked-{other}", Input).value = value

    @on(Button.Pressed, "#go")
    @on(Input.Submitted)
    def action_go(self) -> None:
        """Take the answers, when they can be taken."""
        found = self._wrong(self.given)
        if found is None:
            self.dismiss(self.given)
            return
        name, words = found
        self._say(words, name)
        if name:
            self.query_one(f"#asked-{name}").focus()

    def action_leave(self) -> None:
        """Answer nothing; where words were typed that were not there at first, only when that is said twice."""
        typed = any(each.value == "" != self._value(each) for each in self._asked)
        if self._warned or not typed:
            self.leave()
        else:
            self._warned = True
            self._say("Escape once more drops what you typed.")

    @on(Button.Pressed, "#cancel")
    def leave(self) -> None:
        """Answer nothing."""
        self.dismiss(None)

    @on(Button.Pressed, "#other")
    def choose_other(self) -> None:
        """Ask for something else."""
        self.dismiss(OTHER)

    def _say(self, words: str, name: str = "") -> None:
        """Say what is wrong, at the question of that name or else at the last."""
        for each in self.query(".wrong"):
            each.display = False
        said = self.query_one(f"#wrong-{name or self._asked[-1].name}", Static)
        said.update(plain(f"! {words}", ATTENTION))
        said.display = True
        said.scroll_visible(animate=False)

    def _value(self, each: Asked) -> str:
        widget = self.query_one(f"#asked-{each.name}", Widget)
        return str(widget.value) if isinstance(widget, Input | Select) else ""


def _widgets(each: Asked) -> Iterator[Widget]:
    yield Static(plain(each.label), classes="label")
    if each.choices:
        options = [(plain(choice), choice) for choice in each.choices]
        yield Select(options, value=each.value, allow_blank=False, compact=True, id=f"asked-{each.name}")
    else:
        yield FormInput(each.value, id=f"asked-{each.name}", max_length=LONGEST, compact=True)
    if each.about:
        yield Static(plain(each.about), classes="about")
    yield Static(classes="wrong", id=f"wrong-{each.name}")
