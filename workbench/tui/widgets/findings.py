"""The list of findings: worst first, the severity as symbol, word and colour, the selection kept by identity."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from workbench.model.finding import Finding
from workbench.tui.plain import hanging, plain, stacked
from workbench.tui.wording import MUTED, SEVERITY_WIDTH, at_home, severity

VI_KEYS: tuple[BindingType, ...] = (
    Binding("j", "cursor_down", "Down", show=False),
    Binding("k", "cursor_up", "Up", show=False),
    Binding("g", "first", "First", show=False),
    Binding("G", "last", "Last", show=False),
)
MOST = 5000


class FindingsList(OptionList):
    """Every finding on two or more lines: severity and summary, then the subject."""

    BINDINGS: ClassVar[list[BindingType]] = [*VI_KEYS, Binding("enter", "select", "Open", show=True)]

    @dataclass
    class Pointed(Message):
        """The mouse chose a finding."""

    def __init__(self, home: str, **more: str) -> None:
        super().__init__(markup=False, compact=True, **more)  # type: ignore[arg-type]
        self._home = home
        self._findings: tuple[Finding, ...] = ()
        self._wrapped_to = 0

    @property
    def selected(self) -> Finding | None:
        """The finding under the cursor."""
        return None if self.highlighted is None else self._findings[self.highlighted]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What is listed, in order."""
        return self._findings

    def show(self, findings: Iterable[Finding], *, stay_first: bool = False) -> None:
        """List these findings. The cursor stays on the finding it was on; where that is gone, on its place.

        With ``stay_first`` a cursor on the first finding stays on the first, whatever it is: while findings stream in,
        nobody has chosen one yet.
        """
        before, place = self.selected, self.highlighted
        if stay_first and not place:
            before, place = None, 0
        self._findings = tuple(findings)[:MOST]
        self._fill()
        if not self._findings:
            return
        identities = [finding.identity for finding in self._findings]
        if before is not None and before.identity in identities:
            self.highlighted = identities.index(before.identity)
        else:
            self.highlighted = min(place or 0, len(identities) - 1)

    def choose(self, finding: Finding) -> bool:
        """Put the cursor on a finding; false where it is not listed."""
        identities = [listed.identity for listed in self._findings]
        if finding.identity not in identities:
            return False
        self.highlighted = identities.index(finding.identity)
        return True

    def on_click(self, event: events.Click) -> None:
        """Choose a finding by mouse: it is shown, and nothing is begun (a second click must not start a repair)."""
        place = event.style.meta.get("option")
        if place is not None:
            event.prevent_default()
            self.highlighted = place
            self.post_message(self.Pointed())

    def on_resize(self, event: events.Resize) -> None:
        """Wrap every line anew when the width changed."""
        if self.scrollable_content_region.width != self._wrapped_to:
            kept = self.highlighted
            self._fill()
            self.highlighted = kept

    def _fill(self) -> None:
        self._wrapped_to = self.scrollable_content_region.width
        width = max((self._wrapped_to or 80) - 2, 30)  # a space at each side
        prompts = (entry(finding, self._home, width) for finding in self._findings)
        self.set_options(Option(prompt, id=name) for prompt, name in zip(prompts, _names(self._findings), strict=True))


def entry(finding: Finding, home: str, width: int) -> Content:
    """One finding as it stands in the list, wrapped to ``width`` cells."""
    lines = [hanging(severity(finding.severity), plain(at_home(finding.summary, home)), width)]
    rest = at_home(unsaid(finding), home)
    if rest:
        lines.append(hanging(Content(" " * SEVERITY_WIDTH), plain(rest, MUTED), width))
    return stacked(lines)


def unsaid(finding: Finding) -> str:
    """What the summary does not say of the subject, and how many more subjects there are ("" when it says all)."""
    subject = finding.subject
    name, _, owner = subject.label.partition(" (")
    owner = owner.removesuffix(")")
    said = subject.label if subject.kind in subject.label.split() else f"{subject.kind} {subject.label}"
    if name in finding.summary:
        said = f"{subject.kind} of {owner}" if owner and owner not in finding.summary else ""
    if finding.also:
        more = f"and {len(finding.also)} more"
        said = f"{said} {more}" if said else f"{subject.kind} {more}"
    return said


def _names(findings: Sequence[Finding]) -> Iterable[str]:
    # A check that says one thing twice must not take the list down: names are unique all the same.
    seen: Counter[str] = Counter()
    for finding in findings:
        seen[finding.identity] += 1
        yield f"{finding.identity}-{seen[finding.identity]}"
