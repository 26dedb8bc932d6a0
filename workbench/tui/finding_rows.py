"""The findings as a person asks for them: in which order, under which headings, each row ready to be drawn."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Literal

from workbench.finding_filter import Judged
from workbench.model.check import Fix
from workbench.model.finding import Finding
from workbench.model.record import record
from workbench.model.severity import Severity
from workbench.text import visible
from workbench.tui.wording import at_home

Column = Literal["severity", "finding", "area", "server", "fix"]
Group = Literal["", "area", "server", "severity"]

COLUMNS: tuple[Column, ...] = ("severity", "finding", "area", "server", "fix")
"""In the order in which a key goes through them."""
GROUPS: tuple[Group, ...] = ("", "area", "server", "severity")
"""What a key goes through: "" for no headings."""
LONGEST = 600
"""Characters that are shown of a summary; more never fits two lines."""
NO_SERVER, SEVERAL = "no server", "several servers"


@record
class Order:
    """The column by which the rows are sorted. Worst, or first in the alphabet, is on top unless ``turned``."""

    column: Column = "severity"
    turned: bool = False

    def next_column(self) -> Order:
        """Sorted by the next column."""
        return Order(COLUMNS[(COLUMNS.index(self.column) + 1) % len(COLUMNS)])

    def by(self, column: Column) -> Order:
        """Sorted by a column; where it is that one already, the other way round."""
        return Order(column, not self.turned) if column == self.column else Order(column)

    def turn(self) -> Order:
        """The other way round."""
        return replace(self, turned=not self.turned)

    @property
    def sign(self) -> str:
        """An arrow to where what comes later in the alphabet, or is less bad, stands."""
        return "▲" if self.turned else "▼"


@record
class Listed:
    """A finding as it is listed: what is said of it, and below that what the summary does not say of the subject."""

    judged: Judged
    identity: str
    said: str
    below: str

    @property
    def finding(self) -> Finding:
        """The finding itself."""
        return self.judged.finding

    @property
    def server(self) -> str:
        """The server it is about, or how many."""
        names = self.judged.servers
        return names[0] if len(names) == 1 else f"{len(names)} servers" if names else "–"

    @property
    def fix(self) -> str:
        """The class of the safest repair on offer."""
        return self.judged.safety.value if self.judged.safety is not None else "–"


@record
class Heading:
    """The head of a group: its name, how many findings of each severity it holds, and whether they are hidden."""

    name: str
    found: Counter[Severity]
    folded: bool

    @property
    def identity(self) -> str:
        """What it is known by over rescans: no finding's identity begins so."""
        return f"group {self.name}"


Row = Listed | Heading


def judge(
    findings: Sequence[Finding],
    fixes: Callable[[Finding], Sequence[Fix]],
    servers: Mapping[int, Sequence[str]],
) -> tuple[Judged, ...]:
    """Each finding with its servers, by its place, and with the class of the first of its fixes: the safest."""
    offered: dict[tuple[str, ...], Sequence[Fix]] = {}

    def of(finding: Finding) -> Sequence[Fix]:
        if finding.repairs not in offered:
            offered[finding.repairs] = fixes(finding)
        return offered[finding.repairs]

    return tuple(
        Judged(finding, tuple(servers.get(place, ())), of(finding)[0].safety if of(finding) else None, finding.waived)
        for place, finding in enumerate(findings)
    )


def listed(every: Iterable[Judged], home: str) -> tuple[Listed, ...]:
    """Each as it is listed, with ``~`` for the home folder."""
    return tuple(
        Listed(each, each.finding.identity, _shown(each.finding.summary, home), _shown(_below(each.finding), home))
        for each in every
    )


def arranged(every: Sequence[Listed], order: Order, group: Group, folded: Collection[str]) -> list[Row]:
    """The rows in order, under their headings; of a folded group the heading alone. Equal ones keep their order."""
    rows = sorted(every, key=_KEYS[order.column], reverse=order.turned)
    if not group:
        return list(rows)
    groups: dict[str, list[Listed]] = {}
    for row in rows:
        groups.setdefault(group_of(row, group), []).append(row)
    names = list(groups)
    if group == "severity":
        names.sort(key=lambda name: Severity(name).rank, reverse=True)
    arranged: list[Row] = []
    for name in names:
        found = Counter(row.finding.severity for row in groups[name] if not row.finding.waived)
        arranged.append(Heading(name, found, name in folded))
        arranged += [] if name in folded else groups[name]
    return arranged


def group_of(row: Listed, group: Group) -> str:
    """The heading under which a finding stands."""
    if group == "server":
        names = row.judged.servers
        return names[0] if len(names) == 1 else SEVERAL if names else NO_SERVER
    return row.finding.severity.value if group == "severity" else row.judged.area


def waived_until(finding: Finding) -> str:
    """Until when a finding is accepted, in words; "" where it is not."""
    waiver = finding.waiver
    return f"waived until {waiver.expires}" if waiver is not None and finding.waived else ""


def _below(finding: Finding) -> str:
    return waived_until(finding) or unsaid(finding)


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


def _shown(text: str, home: str) -> str:
    return at_home(visible(text, LONGEST), home)


_SAFETIES = {"safe": 0, "review": 1, "guide": 2, "–": 3}
_KEYS: dict[Column, Callable[[Listed], tuple[object, ...]]] = {
    "severity": lambda row: (row.finding.waived, -row.finding.severity.rank),
    "finding": lambda row: (row.said.casefold(),),
    "area": lambda row: (row.finding.check,),
    "server": lambda row: (row.server == "–", row.server.casefold()),
    "fix": lambda row: (_SAFETIES[row.fix],),
}
