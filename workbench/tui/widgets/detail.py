"""Everything about one finding: what was seen, where, what an attacker does with it, its repairs, and the lesson."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from typing import ClassVar, NamedTuple

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from workbench.model.check import Check, Fix
from workbench.model.finding import Finding
from workbench.tui.keys import bound, hint
from workbench.tui.messages import RepairAsked
from workbench.tui.plain import entitle, hanging, plain, stacked, together
from workbench.tui.pressable import pressable
from workbench.tui.widgets.columns import beside
from workbench.tui.widgets.file_lines import Lines, file_lines
from workbench.tui.wording import MUTED, at_home, heading, reversal, safety, severity

BY_HAND = "How to fix it by hand"
"""The heading of the part of every lesson that says so."""
_LABEL = 10
_KEYS = (("copy", "copies this"), ("code", "shows the code"), ("waive", "accepts it"), ("lesson", "goes to the lesson"))
_KEY_WIDE = ("zoom", "widens this")
_KEY_PROBE = ("probe", "probe whether its server looks at who connects; what that does is shown first")


class DetailPane(VerticalScroll):
    """The finding that is selected, or a sentence where there is none."""

    BINDINGS: ClassVar[list[BindingType]] = [
        bound("move.down", "scroll_down", show=False),
        bound("move.up", "scroll_up", show=False),
        bound("move.first", "scroll_home", words="To the top", show=False),
        bound("move.last", "scroll_end", words="To the end", show=False),
        Binding("enter", "repair", "Repair", show=False),
        Binding("escape", "screen.back", "Back", tooltip="Back to where you came from"),
        bound("copy", "screen.copy"),
        bound("code", "screen.code"),
        # The footer has room for seven keys; these two are shown on the other pages.
        bound("rescan", "screen.rescan", show=False),
        bound("undo", "screen.undo", show=False),
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
        self._lesson_at = self._by_hand_at = 0
        self._goes_to_by_hand = False
        self._stays_at: float | None = None

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
            self._stays_at = None
            self.scroll_home(animate=False)

    def show_lesson(self, *, by_hand: bool = False) -> None:
        """Scroll to the lesson, or to its part ``by_hand``, and stay there while what stands above it comes in."""
        self._stays_at, self._goes_to_by_hand = self.scroll_y, by_hand
        self.call_after_refresh(self._to_lesson)

    def _to_lesson(self) -> None:
        # Whoever has scrolled meanwhile reads something else.
        if self._stays_at == self.scroll_y:
            self.scroll_to(
                y=self._by_hand_at if self._goes_to_by_hand else self._lesson_at, animate=False, immediate=True
            )
            self._stays_at = self.scroll_y

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
            written = Written(stacked(plain(self._empty, MUTED).wrap(width)), 0, 0)
        else:
            written = page(
                self._finding,
                self._check,
                self._fixes,
                self._home,
                width,
                probes=self._probes,
                lines=self._lines,
                keys=(*_KEYS, _KEY_WIDE) if self.screen.has_class("-wide") else _KEYS,
            )
        self.query_one("#page", Static).update(written.text)
        self._lesson_at, self._by_hand_at = written.lesson, written.by_hand
        if self._stays_at is not None:
            self.call_after_refresh(self._to_lesson)


class Written(NamedTuple):
    """The text about a finding; on which of its lines the lesson begins, and how to fix it by hand, both from 0."""

    text: Content
    lesson: int
    by_hand: int


def page(
    finding: Finding,
    check: Check | None,
    fixes: Sequence[Fix],
    home: str,
    width: int,
    *,
    probes: bool = False,
    lines: Lines = None,
    keys: Sequence[tuple[str, str]] = _KEYS,
) -> Written:
    """The whole text about a finding, wrapped to ``width`` cells; ``lines`` are those of its file, or why not.

    What a reader asks for first stands first: what it is, what proves it, where, what comes of it, and what helps.
    """
    # There is no finding in the first picture, which need not wait for what is needed for one.
    from workbench.tui.attack import attack, split
    from workbench.tui.lesson import lesson

    told, rest = split(check.lesson) if check is not None else ("", "")
    parts = [
        stacked((*_head(finding, home, width), *_can_be_done(keys, probes, width))),
        stacked(_seen(finding, width)),
        file_lines(lines, width),
        attack(told, width),
        stacked(_repairs(fixes, finding.refused, width)),
    ]
    above = Content("\n\n").join(part for part in parts if part)
    if check is None:
        return Written(above, 0, 0)
    title = hanging(heading("Lesson  "), plain(check.title, "bold"), width)
    text = Content("\n\n").join((above, title, lesson(rest, width)))
    first = above.plain.count("\n") + 2
    written = text.plain.split("\n")
    return Written(text, first, written.index(BY_HAND, first) if BY_HAND in written[first:] else first)


def _head(finding: Finding, home: str, width: int) -> Iterator[Content]:
    from workbench.tui.evidence import where

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


def _seen(finding: Finding, width: int) -> Iterator[Content]:
    yield heading("What was seen")
    columns = beside([(evidence.expected, evidence.actual) for evidence in finding.evidence], width)
    for place, evidence in enumerate(finding.evidence):
        if columns:
            yield from columns[place]
        else:
            yield _labelled("expected", evidence.expected, width)
            yield _labelled("actual", evidence.actual, width)
        if evidence.command:
            yield _labelled("see it", shlex.join(evidence.command), width, "$text-accent")


def _can_be_done(keys: Sequence[tuple[str, str]], probes: bool, width: int) -> Iterator[Content]:
    yield from _offered(keys, width)
    if probes:
        act, words = _KEY_PROBE
        yield pressable(hanging(plain(f"{hint(act)} ", "bold $text-accent"), plain(words, MUTED), width), act)


def _offered(keys: Sequence[tuple[str, str]], width: int) -> Iterator[Content]:
    """The keys of some acts and what each does; no pair is broken over two lines."""
    line = Content("")
    for act, words in keys:
        pair = pressable(together((f"{hint(act)} ", "bold $text-accent"), (words, MUTED)), act)
        if line and line.cell_length + 3 + pair.cell_length > width:
            yield line
            line = Content("")
        line = line + Content("   ") + pair if line else pair
    yield line


def _repairs(fixes: Sequence[Fix], refused: str, width: int) -> Iterator[Content]:
    yield heading("Repairs on offer")
    if not fixes:
        none = f"None can be made here: {refused}." if refused else "None yet."
        yield stacked(plain(f"{none} The lesson below says how to do it by hand.", MUTED).wrap(width))
    for fix in fixes:
        words = hanging(together((f"{hint('repair')} ", "bold $text-accent"), " "), plain(fix.title), width)
        yield pressable(words, "repair")
        yield hanging(Content("   "), plain(f"{safety(fix.safety)}; {reversal(fix.reversal)}", MUTED), width)


def _labelled(label: str, text: str, width: int, style: str = "") -> Content:
    return hanging(plain(label.ljust(_LABEL), MUTED), plain(text, style), width)
