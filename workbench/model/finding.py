"""What a check says of one subject: a finding, a pass, or why it could not say."""

from __future__ import annotations

from dataclasses import replace

from workbench.model.record import record
from workbench.model.severity import Severity
from workbench.model.waiver import Waiver

Pointer = tuple[str | int, ...]


@record
class Subject:
    """The one thing on the host that is judged.

    ``kind`` is a word such as ``config``, ``server``, ``process``, ``socket``, ``unit``, ``rule`` or ``session``;
    ``key`` identifies it on this host over rescans (never a process id, never a line number);
    ``label`` is what a person reads.
    """

    kind: str
    key: str
    label: str


@record
class Location:
    """Where in a file it stands. ``pointer`` walks the parsed document; line and column count from 1."""

    path: str
    line: int | None = None
    column: int | None = None
    pointer: Pointer = ()


@record
class Evidence:
    """What was seen. ``command`` is a read-only argument vector that shows it again (never with a secret in it)."""

    expected: str
    actual: str
    command: tuple[str, ...] = ()


@record
class Finding:
    """An insecure condition that was really seen.

    ``check`` and ``repairs`` (ids of the fixes on offer) are filled in by the scan, not by the check; so is ``waiver``,
    the one that somebody wrote for it, and ``lapsed``, why that one does not hold now ("" where it does). ``refused``
    is why none of the fixes for such findings can repair this one, "" where one is on offer or none is known.
    """

    subject: Subject
    severity: Severity
    summary: str
    evidence: tuple[Evidence, ...]
    location: Location | None = None
    also: tuple[Subject, ...] = ()
    detail: str = ""
    check: str = ""
    repairs: tuple[str, ...] = ()
    waiver: Waiver | None = None
    lapsed: str = ""
    refused: str = ""

    @property
    def waived(self) -> bool:
        """Whether it is accepted for now: it still stands, and is shown, but costs nothing."""
        return self.waiver is not None and not self.lapsed

    @property
    def identity(self) -> str:
        """Sixteen hexadecimal digits that stay the same over rescans of this host."""
        import hashlib

        text = "\0".join((self.check, self.subject.kind, self.subject.key, self.detail))
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]

    def of_check(self, check: str, repairs: tuple[str, ...]) -> Finding:
        """The same finding, signed with the check that made it and the fixes that repair it."""
        return replace(self, check=check, repairs=repairs, waiver=None, lapsed="", refused="")


@record
class Passed:
    """This subject was examined and is in order."""

    subject: Subject


@record
class NotAssessed:
    """This could not be looked at. ``unlock`` says what would make it possible ("" when nothing is known)."""

    what: str
    why: str
    unlock: str = ""


@record
class NotApplicable:
    """There is nothing here for the check to judge."""

    why: str


Verdict = Finding | Passed | NotAssessed | NotApplicable
