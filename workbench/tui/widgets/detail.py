"""Everything about one finding: what was seen, where, how to see it again, how to repair it, and the lesson."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from workbench.model.check import Check, Fix
from workbench.model.finding import Evidence, Finding, Location
from workbench.tui.lesson import lesson
from workbench.tui.messages import RepairAsked
from workbench.tui.plain import entitle, hanging, plain, stacked, together
from workbench.tui.wording import MUTED, at_home, heading, reversal, safety, severity

_LABEL = 10


class DetailPane(VerticalScroll):
    """The finding that is selected, or a sentence where there is none."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "scroll_down", "Down", show=False),
        Binding("k", "scroll_up", "Up", show=False),
        Binding("g", "scroll_home", "To the top", show=False),
        Binding("G", "scroll_end", "To the end", show=False),
        Binding("enter", "repair", "Repair", show=False),
    ]

    def __init__(self, home: str, **more: str) -> None:
        super().__init__(**more)  # type: ignore[arg-type]
        self._home = home
        self._finding: Finding | None = None
        self._check: Check | None = None
        self._fixes: tuple[Fix, ...] = ()
        self._probes = False
        self._empty = ""
        self._wrapped_to = 0

    def compose(self) -> ComposeResult:
        """One text, wrapped to the width of the pane."""
        yield Static(id="page")

    def show(
        self, finding: Finding, check: Check | None, fixes: Sequence[Fix], place: str, *, probes: bool = False
    ) -> None:
        """Show one finding; ``place`` says which of how many, ``probes`` whether its socket can be probed."""
        another = self._finding is None or self._finding.identity != finding.identity
        self._finding, self._check, self._fixes, self._probes = finding, check, tuple(fixes), probes
        entitle(self, finding.check, place)
        self._write()
        if another:
            self.scroll_home(animate=False)

    def show_nothing(self, words: str) -> None:
        """Show a sentence instead of a finding."""
        self._finding, self._empty = None, words
        entitle(self, "Detail")
        self._write()

    def on_resize(self, event: events.Resize) -> None:
        """Wrap the text anew when the width changed."""
        if self._width != self._wrapped_to:
            self._write()

    def action_repair(self) -> None:
        """Ask for the repair of the finding shown."""
        self.post_message(RepairAsked())

    @property
    def _width(self) -> int:
        return self.scrollable_content_region.width

    def _write(self) -> None:
        self._wrapped_to = self._width
        width = max((self._width or 78) - 1, 30)
        if self._finding is None:
            written = stacked(plain(self._empty, MUTED).wrap(width))
        else:
            written = page(self._finding, self._check, self._fixes, self._home, width, probes=self._probes)
        self.query_one("#page", Static).update(written)


def page(
    finding: Finding, check: Check | None, fixes: Sequence[Fix], home: str, width: int, *, probes: bool = False
) -> Content:
    """The whole text about a finding, wrapped to ``width`` cells."""
    return stacked(_page(finding, check, fixes, home, width, probes))


def _page(
    finding: Finding, check: Check | None, fixes: Sequence[Fix], home: str, width: int, probes: bool
) -> Iterator[Content]:
    yield hanging(severity(finding.severity), plain(at_home(finding.summary, home), "bold"), width)
    yield Content("")
    yield _labelled("subject", at_home(f"{finding.subject.kind} {finding.subject.label}", home), width)
    if finding.location is not None:
        yield _labelled("where", _where(finding.location), width)
    for other in finding.also:
        yield _labelled("also", at_home(f"{other.kind} {other.label}", home), width)
    yield Content("")
    yield heading("What was seen")
    for evidence in finding.evidence:
        yield from _evidence(evidence, width)
    if probes:
        words = "probe whether its server looks at who connects; what that does is shown first"
        yield hanging(together(("p ", "bold $text-accent"), " "), plain(words), width)
    yield Content("")
    yield heading("Repairs on offer")
    yield from _repairs(fixes, width)
    if check is not None:
        yield Content("")
        yield hanging(heading("Lesson  "), plain(check.title, "bold"), width)
        yield Content("")
        yield lesson(check.lesson, width)


def _evidence(evidence: Evidence, width: int) -> Iterator[Content]:
    yield _labelled("expected", evidence.expected, width)
    yield _labelled("actual", evidence.actual, width)
    if evidence.command:
        yield _labelled("see it", shlex.join(evidence.command), width, "$text-accent")


def _repairs(fixes: Sequence[Fix], width: int) -> Iterator[Content]:
    if not fixes:
        yield stacked(plain("None yet. The lesson below says how to do it by hand.", MUTED).wrap(width))
    for fix in fixes:
        yield hanging(together(("f ", "bold $text-accent"), " "), plain(fix.title), width)
        yield hanging(Content("   "), plain(f"{safety(fix.safety)}; {reversal(fix.reversal)}", MUTED), width)


def _labelled(label: str, text: str, width: int, style: str = "") -> Content:
    return hanging(plain(label.ljust(_LABEL), MUTED), plain(text, style), width)


def _where(location: Location) -> str:
    line = f", line {location.line}" if location.line else ""
    column = f", column {location.column}" if location.line and location.column else ""
    inside = " › ".join(str(step) for step in location.pointer)
    return f"{location.path}{line}{column}" + (f" ({inside})" if inside else "")
