"""A guide: the steps of a repair that the person takes, what of them is to be copied, and whether it has helped."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Button

from workbench.model.finding import Finding
from workbench.model.plan import Plan, proof
from workbench.model.report import Report
from workbench.model.run import Change
from workbench.tui.base_app import BaseApp
from workbench.tui.keys import bound, hint
from workbench.tui.plain import entitle, hanging, plain, stacked, together
from workbench.tui.screens.base import SCROLLING, Scrolled, plugins_of
from workbench.tui.widgets.footer import Foot
from workbench.tui.widgets.pages import Page
from workbench.tui.widgets.room import TooSmall
from workbench.tui.wording import MUTED, counted, heading, letter, safety

if TYPE_CHECKING:
    from workbench.repair.prepare import Prepared

Next = Literal["done", "verify"]


@dataclass(frozen=True, slots=True)
class Verified:
    """What a fresh look said after the steps: the reports before and after it.

    ``why`` it cannot be called repaired, "" where it can.
    """

    before: Report
    after: Report
    why: str

    def finds(self, finding: Finding) -> bool:
        """Whether the fresh look still finds it."""
        return any(each.identity == finding.identity for each in self.after.findings())


class Guide(Scrolled, Screen[Next]):
    """Shows the steps; its result says whether to look again. Nothing is done by it, so the cursor is on Back."""

    app: BaseApp
    CSS_PATH = "preview.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        bound("guide.verify", "verify"),
        bound("guide.copy", "copy_steps"),
        Binding("escape", "leave", "Back"),
        bound("code", "code"),
        bound("close", "leave", words=""),
        *SCROLLING,
    ]

    def __init__(
        self,
        finding: Finding,
        prepared: Prepared,
        warnings: Sequence[str],
        verified: Verified | None,
        *,
        live: bool,
    ) -> None:
        super().__init__()
        self._finding, self._warnings = finding, tuple(warnings)
        self._plan, self._steps = prepared.plan, prepared.changes
        self._verified, self._live = verified, live

    def compose(self) -> ComposeResult:
        """The steps, and the ways to go on."""
        page = Page("", id="plan")
        entitle(page, "Guide", "steps for you: nothing is changed from here")
        if self._verified is not None:
            page.add_class("-bad" if self._verified.why else "-good")
        yield page
        with Horizontal(classes="buttons"):
            if self._copied:
                yield Button(plain(f"Copy ({hint('guide.copy')})"), id="copy", compact=True)
            if self._live:
                verify = plain(f"Verify ({hint('guide.verify')})")
                yield Button(verify, id="verify", variant="success", compact=True)
            yield Button(f"Back to {self.app.main.spoken}", id="done", variant="primary", compact=True)
        yield Foot()
        yield TooSmall()

    def on_mount(self) -> None:
        """Show it; Enter goes back."""
        self.query_one("#plan", Page).write(
            lambda width: stacked(guide(self._finding, self._plan, self._steps, width, self._warnings, self._verified))
        )
        self.query_one("#done", Button).focus()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only a live host can be looked at again, and only what is there be copied."""
        if (action == "verify" and not self._live) or (action == "copy_steps" and not self._copied):
            return False
        if action == "code" and not plugins_of(self._plan, self.app.workbench.plugins):
            return False
        return super().check_action(action, parameters)

    @on(Button.Pressed, "#done")
    def action_leave(self) -> None:
        """Go back to the page that led here."""
        self.dismiss("done")

    @on(Button.Pressed, "#verify")
    def action_verify(self) -> None:
        """Look at the host again, whether it is gone."""
        self.dismiss("verify")

    @on(Button.Pressed, "#copy")
    def action_copy_steps(self) -> None:
        """Copy what the steps say is to be written or run."""
        self.app.copy_to_clipboard(self._copied)
        self.app.tell("It was sent to the clipboard of your terminal. Not every terminal takes it.")

    def action_code(self) -> None:
        """Show the code of what gives these steps, and of the check that must pass after them."""
        from workbench.tui.screens.code import Code

        self.app.push_screen(Code(plugins_of(self._plan, self.app.workbench.plugins)))

    @property
    def _copied(self) -> str:
        return "\n".join(step.diff.rstrip("\n") + "\n" for step in self._steps if step.diff)


def guide(
    finding: Finding,
    plan: Plan,
    steps: Sequence[Change],
    width: int,
    warnings: Sequence[str] = (),
    verified: Verified | None = None,
) -> Iterator[Content]:
    """The text of a guide, wrapped to ``width`` cells. What a fresh look has said since stands first."""
    yield hanging(Content(""), plain(plan.title, "bold"), width)
    yield hanging(plain("because   ", MUTED), plain(finding.summary), width)
    yield hanging(plain("safety    ", MUTED), plain(safety(plan.safety)), width)
    for warning in warnings:
        yield hanging(plain("!         ", "$text-warning"), plain(warning, "$text-warning"), width)
    if verified is not None:
        yield Content("")
        yield from _told(finding, plan, verified, width)
    yield Content("")
    yield heading(f"What you do ({counted(len(steps), 'step')})")
    place = ""
    for number, step in enumerate(steps, 1):
        yield hanging(plain(f"{number:>2}  ", "bold"), plain(step.words), width)
        if step.path != place:
            place = step.path
            yield hanging(plain("    where ", MUTED), plain(place), width)
        for line in step.diff.splitlines():
            yield hanging(Content("      "), plain(line, "$text-accent"), width)
    yield Content("")
    yield heading("What may stop working")
    yield hanging(Content("  "), plain(plan.consequences or "Nothing is known that would."), width)
    yield Content("")
    yield heading("How it is proven")
    yield hanging(Content("  "), plain(proof(plan.check, plan.later, guide=True)), width)


def _told(finding: Finding, plan: Plan, verified: Verified, width: int) -> Iterator[Content]:
    before, after = verified.before.grade.letter, verified.after.grade.letter
    said, style = f"✓ a fresh look no longer finds it ({plan.check})", "$text-success"
    if verified.why:
        still = f"! a fresh look still finds it ({plan.check})"
        said, style = still if verified.finds(finding) else f"? {verified.why}", "$text-warning"
    yield hanging(plain("verified  ", MUTED), plain(said, style), width)
    yield hanging(plain("grade     ", MUTED), together(letter(before), "  →  ", letter(after)), width)
