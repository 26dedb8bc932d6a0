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
from workbench.model.finding import Evidence, Finding
from workbench.tui.evidence import where
from workbench.tui.lesson import lesson
from workbench.tui.messages import RepairAsked
from workbench.tui.plain import entitle, hanging, plain, stacked, together, wrapped
from workbench.tui.pressable import pressable
from workbench.tui.widgets.file_lines import Lines, file_lines
from workbench.tui.wording import MUTED, at_home, heading, reversal, safety, severity

_LABEL = 10
BESIDE = 80
"""Cells from which what was expected stands beside what was there."""


class DetailPane(VerticalScroll):
    """The finding that is selected, or a sentence where there is none."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "scroll_down", "Down", show=False),
        Binding("k", "scroll_up", "Up", show=False),
        Binding("g", "scroll_home", "To the top", show=False),
        Binding("G", "scroll_end", "To the end", show=False),
        Binding("enter", "repair", "Repair", show=False),
        Binding("escape", "screen.back", "Back", tooltip="Back to where you came from"),
        Binding("y", "screen.copy", "Copy", tooltip="Copy the evidence of this finding to the terminal's clipboard"),
        Binding("c", "screen.code", "Code", tooltip="Show the code of the check that found this"),
        # The footer has room for seven keys; these two are shown on the other pages.
        Binding("r", "screen.rescan", "Rescan", tooltip="Look at this host again", show=False),
        Binding("u", "screen.undo", "Undo", tooltip="Undo the last repair, after a question", show=False),
    ]

    def __init__(self, home: str, **more: str) -> None:
        super().__init__(**more)  # type: ignore[arg-type]
        self._home = home
        self._finding: Finding | None = None
        self._check: Check | None = None
        self._fixes: tuple[Fix, ...] = ()
        self._probes = False
        self._lines: Lines = None
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
        self._lines = self._lines if not another else None
        entitle(self, finding.check, place)
        self._write()
        if another:
            self.scroll_home(animate=False)

    def show_lines(self, finding: Finding, lines: Lines) -> None:
        """Show the lines of the file around the place, if it is still this finding that is shown."""
        if self._finding is not None and self._finding.identity == finding.identity and lines != self._lines:
            self._lines = lines
            self._write()

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
            written = page(
                self._finding, self._check, self._fixes, self._home, width, probes=self._probes, lines=self._lines
            )
        self.query_one("#page", Static).update(written)


def page(
    finding: Finding,
    check: Check | None,
    fixes: Sequence[Fix],
    home: str,
    width: int,
    *,
    probes: bool = False,
    lines: Lines = None,
) -> Content:
    """The whole text about a finding, wrapped to ``width`` cells; ``lines`` are those of its file, or why not."""
    head = stacked(_head(finding, home, width))
    seen = stacked(_seen(finding, width, probes))
    parts = [head, seen, file_lines(lines, width), stacked(_repairs(fixes, width))]
    if check is not None:
        title = hanging(heading("Lesson  "), plain(check.title, "bold"), width)
        parts += [title, lesson(check.lesson, width)]
    return Content("\n\n").join(part for part in parts if part)


def _head(finding: Finding, home: str, width: int) -> Iterator[Content]:
    yield hanging(severity(finding.severity), plain(at_home(finding.summary, home), "bold"), width)
    yield Content("")
    yield _labelled("subject", at_home(f"{finding.subject.kind} {finding.subject.label}", home), width)
    if finding.location is not None:
        yield _labelled("where", where(finding.location), width)
    waiver = finding.waiver
    if waiver is not None:
        stands = f"until {waiver.expires}" if finding.waived else f"no longer: {finding.lapsed}"
        yield _labelled("waived", f"{stands}, by {waiver.owner}: {waiver.reason}", width)
    for other in finding.also:
        yield _labelled("also", at_home(f"{other.kind} {other.label}", home), width)


def _seen(finding: Finding, width: int, probes: bool) -> Iterator[Content]:
    yield heading("What was seen")
    for evidence in finding.evidence:
        yield from _beside(evidence, width) if width >= BESIDE else _stacked(evidence, width)
        if evidence.command:
            yield _labelled("see it", shlex.join(evidence.command), width, "$text-accent")
    keys = [("y", "copies this", "copy"), ("c", "shows the code of the check", "code")]
    said = (pressable(together((f"{key} ", "bold $text-accent"), (words, MUTED)), does) for key, words, does in keys)
    yield Content("   ").join(said)
    if probes:
        words = "probe whether its server looks at who connects; what that does is shown first"
        yield pressable(hanging(together(("p ", "bold $text-accent")), plain(words, MUTED), width), "probe")


def _stacked(evidence: Evidence, width: int) -> Iterator[Content]:
    yield _labelled("expected", evidence.expected, width)
    yield _labelled("actual", evidence.actual, width)


def _beside(evidence: Evidence, width: int) -> Iterator[Content]:
    """What was expected and what was there in two columns, read from line to line."""
    half = (width - 3) // 2
    left = [plain("expected", MUTED), *wrapped(plain(evidence.expected), half)]
    right = [plain("actual", MUTED), *wrapped(plain(evidence.actual), half)]
    for number in range(max(len(left), len(right))):
        first = left[number] if number < len(left) else Content("")
        second = right[number] if number < len(right) else Content("")
        yield first + Content(" " * max(half - first.cell_length, 0)) + plain(" │ ", "$foreground 40%") + second


def _repairs(fixes: Sequence[Fix], width: int) -> Iterator[Content]:
    yield heading("Repairs on offer")
    if not fixes:
        yield stacked(plain("None yet. The lesson below says how to do it by hand.", MUTED).wrap(width))
    for fix in fixes:
        yield pressable(hanging(together(("f ", "bold $text-accent"), " "), plain(fix.title), width), "repair")
        yield hanging(Content("   "), plain(f"{safety(fix.safety)}; {reversal(fix.reversal)}", MUTED), width)


def _labelled(label: str, text: str, width: int, style: str = "") -> Content:
    return hanging(plain(label.ljust(_LABEL), MUTED), plain(text, style), width)
