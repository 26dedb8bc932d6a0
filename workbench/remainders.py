"""A finding about several things that has lost some of them: another subject names it now, and nothing of it is new."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol, TypeVar

from workbench.model.severity import Severity


class _Named(Protocol):
    @property
    def kind(self) -> str: ...
    @property
    def key(self) -> str: ...


class _Seen(Protocol):
    @property
    def expected(self) -> str: ...


class _Found(Protocol):
    """What a finding and the document of one have in common."""

    @property
    def identity(self) -> str: ...
    @property
    def check(self) -> str: ...
    @property
    def severity(self) -> Severity: ...
    @property
    def subject(self) -> _Named: ...
    @property
    def also(self) -> Sequence[_Named]: ...
    @property
    def evidence(self) -> Sequence[_Seen]: ...


_Any = TypeVar("_Any", bound=_Found)
_Members = frozenset[tuple[str, str]]


def remainders(before: Iterable[_Any], after: Iterable[_Any]) -> dict[str, _Any]:
    """By the identity of each later finding that is what is left of an earlier one: that earlier one.

    It is of the same check, no graver, expects nothing that the earlier one did not, and is about some of what that was
    about. Where the earlier one still stands, it must have let go of these.
    """
    earlier = {finding.identity: finding for finding in before}
    later = {finding.identity: finding for finding in after}
    groups: dict[tuple[str, str, str], list[_Any]] = {}
    for finding in earlier.values():
        for kind, key in members(finding) if finding.also else ():
            groups.setdefault((finding.check, kind, key), []).append(finding)
    found: dict[str, _Any] = {}
    for identity, finding in later.items():
        if identity in earlier:
            continue
        candidates = groups.get((finding.check, finding.subject.kind, finding.subject.key), ())
        was = next((each for each in candidates if _is_left_of(finding, each, later)), None)
        if was is not None:
            found[identity] = was
    return found


def members(finding: _Found) -> _Members:
    """All that a finding is about."""
    return frozenset((subject.kind, subject.key) for subject in (finding.subject, *finding.also))


def _is_left_of(finding: _Any, was: _Any, later: dict[str, _Any]) -> bool:
    still = later.get(was.identity)
    # The document of a finding has no detail.
    same = getattr(finding, "detail", "") == getattr(was, "detail", "")
    return (
        same
        and was.severity.at_least(finding.severity)
        and members(finding) < members(was)
        and {each.expected for each in finding.evidence} <= {each.expected for each in was.evidence}
        and (still is None or members(still).isdisjoint(members(finding)))
    )
