"""The words by which findings are picked out: ``sev:>=high area:sockets -cursor "may write"``.

Every term must hold. A term is a word, a phrase in quotation marks or ``key:value``; ``-`` before it turns it round.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from typing import Literal

from workbench.model.finding import Finding
from workbench.model.plan import Safety
from workbench.model.record import record
from workbench.model.severity import Severity

Key = Literal["", "sev", "area", "server", "check", "fixable", "waived"]
KNOWN = ("sev:", "area:", "server:", "check:", "fixable:", "waived:")
"""What may stand before a value."""
LONGEST = 500
"""Characters of a filter that are read; nobody types more."""

_TERM = re.compile(r'(-?)(?:([A-Za-z]{1,20}):)?(?:"([^"]*)"?|([^\s"]\S*))?')
_ALIASES = {"severity": "sev"}
_SEVERITY = re.compile(r"(>=|<=|>|<|=)?(.*)")
_ANSWERS = {"fixable": ("yes", "no", "safe"), "waived": ("yes", "no")}


@record
class Judged:
    """A finding and what is known beside it: the servers it is about, what repairs it, whether it is accepted.

    ``safety`` is the class of the safest repair on offer, None where there is none.
    """

    finding: Finding
    servers: tuple[str, ...] = ()
    safety: Safety | None = None
    waived: bool = False

    @property
    def area(self) -> str:
        """The first part of the check's id."""
        return self.finding.check.partition("/")[0]


@record
class Term:
    """One condition. ``sign`` compares severities; ``value`` is folded for comparison, a whole word where known."""

    key: Key
    value: str
    negated: bool = False
    sign: str = ""


@record
class Filter:
    """The terms that must all hold. ``problem`` says what was not understood and what is known; that is left out."""

    terms: tuple[Term, ...] = ()
    problem: str = ""

    def holds(self, judged: Judged) -> bool:
        """Whether every term holds for a finding."""
        return all(_holds(term, judged) for term in self.terms)

    def pick(self, every: Collection[Judged]) -> list[Judged]:
        """The findings for which it holds, in their order."""
        return [judged for judged in every if self.holds(judged)] if self.terms else list(every)


def parse(text: str, areas: Collection[str] = ()) -> Filter:
    """Read a filter as it is typed. ``areas`` are those that exist, () where they are not known."""
    terms: list[Term] = []
    problems: list[str] = []
    for minus, key, value in _split(text[:LONGEST]):
        made = _term(key, value, bool(minus), areas)
        if isinstance(made, Term):
            terms.append(made)
        elif made:
            problems.append(made)
    return Filter(tuple(terms), problems[0] if problems else "")


def searched(finding: Finding) -> str:
    """The text of a finding in which words are looked for, folded for comparison: all that its row shows, and more."""
    parts = [finding.severity.value, finding.summary, finding.check, finding.subject.kind, finding.subject.label]
    parts += [finding.location.path] if finding.location is not None else []
    parts += [other.label for other in finding.also]
    parts += [evidence.actual for evidence in finding.evidence]
    return "\n".join(parts).casefold()


def _split(text: str) -> Iterator[tuple[str, str, str]]:
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        found = _TERM.match(text, at)
        if found is None or found.end() == at:  # a lone sign: nothing to look for yet
            at += 1
            continue
        at = found.end()
        minus, key, phrase, bare = found.groups()
        value = phrase if phrase is not None else bare or ""
        if key and phrase is None and value.startswith("//"):  # an address is no key
            key, value = "", f"{key}:{value}"
        yield minus, key or "", value


def _term(key: str, value: str, negated: bool, areas: Collection[str]) -> Term | str:
    name = _ALIASES.get(key.casefold(), key.casefold())
    folded = value.casefold()
    if name == "sev":
        return _severity(folded, negated)
    if name == "area":
        if areas and not any(area.startswith(folded) for area in areas):
            return f"no area “{value}”; there is {', '.join(sorted(areas))}"
        return Term("area", folded, negated) if folded else f"area: {', '.join(sorted(areas)) or 'name one'}"
    if name == "fixable":
        return _answer("fixable", folded, negated)
    if name == "waived":
        return _answer("waived", folded, negated)
    if name == "server":
        return Term("server", folded, negated) if folded else "server: a part of its name"
    if name == "check":
        return Term("check", folded, negated) if folded else "check: a part of its id"
    if name:
        return f"no “{key}:”; there is {' '.join(KNOWN)} and words, in quotes as they are"
    return Term("", folded, negated) if folded else ""


def _severity(text: str, negated: bool) -> Term | str:
    found = _SEVERITY.fullmatch(text)
    sign, word = (found[1] or "", found[2]) if found is not None else ("", "")
    named = [value.value for value in Severity if value.value.startswith(word)]
    if len(named) == 1:
        return Term("sev", named[0], negated, "" if sign == "=" else sign)
    every = ", ".join(value.value for value in Severity)
    return f"no severity “{word}”; there is {every}" if word else f"sev: {every}, or >=high for as bad and worse"


def _answer(name: Literal["fixable", "waived"], text: str, negated: bool) -> Term | str:
    answers = _ANSWERS[name]
    named = [answer for answer in answers if answer.startswith(text)] if text else ["yes"]
    if len(named) == 1:
        return Term(name, named[0], negated)
    return f"{name}: {', '.join(answers)}"


def _holds(term: Term, judged: Judged) -> bool:
    return _TESTS[term.key](term, judged) != term.negated


def _severity_holds(term: Term, judged: Judged) -> bool:
    rank, wanted = judged.finding.severity.rank, Severity(term.value).rank
    return {
        ">=": rank >= wanted,
        "<=": rank <= wanted,
        ">": rank > wanted,
        "<": rank < wanted,
    }.get(term.sign, rank == wanted)


def _fixable_holds(term: Term, judged: Judged) -> bool:
    if term.value == "safe":
        return judged.safety is Safety.SAFE
    return (judged.safety is not None) == (term.value == "yes")


def _text_holds(term: Term, judged: Judged) -> bool:
    # The others are asked last: they are seldom what is meant, and most words are found before.
    return (
        term.value in searched(judged.finding)
        or any(term.value in name.casefold() for name in judged.servers)
        or (judged.safety is not None and term.value == judged.safety.value)
    )


_TESTS: dict[Key, Callable[[Term, Judged], bool]] = {
    "": _text_holds,
    "sev": _severity_holds,
    "area": lambda term, judged: judged.area.startswith(term.value),
    "server": lambda term, judged: any(term.value in name.casefold() for name in judged.servers),
    "check": lambda term, judged: term.value in judged.finding.check.casefold(),
    "fixable": _fixable_holds,
    "waived": lambda term, judged: judged.waived == (term.value == "yes"),
}
