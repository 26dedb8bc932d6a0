"""What an attacker does with a finding, step by step: the part of a lesson that tells it, a sentence a step."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import zip_longest

from textual.content import Content

from workbench.tui.lesson import lesson
from workbench.tui.plain import stacked
from workbench.tui.wording import heading

HEADING = "How an attacker uses it"
_UNDERLINED = re.compile(r"^(\S[^\n]*)\n-{3,}[ ]*$", re.MULTILINE)
_ITEM = re.compile(r"^(?:[-*•]|\d+[.)])\s", re.MULTILINE)
_LITERAL = re.compile(r"^ {4}", re.MULTILINE)
_END = re.compile(r"""[.!?]["”')]*[ \n]+(?=["“(]*[A-Z`])""")
_REMARK = re.compile(r"(?:No|Nothing|Nobody|Both|Neither|This|Without|None)\b")
"""How a sentence begins that says how easy it was, and is no step."""


def split(text: str) -> tuple[str, str]:
    """The part of a lesson that tells of the attack, "" where there is none, and the lesson without it."""
    found = list(_UNDERLINED.finditer(text))
    for each, after in zip_longest(found, found[1:]):
        if each[1].strip() == HEADING:
            end = after.start() if after is not None else len(text)
            return text[each.end() : end].strip("\n"), text[: each.start()] + text[end:]
    return "", text


def attack(told: str, width: int) -> Content:
    """That part, wrapped to ``width`` cells; empty where there is none.

    Where it is prose, each of its sentences is a step with a number. Where its author has made a list, or shows what
    is typed, it stays as it is.
    """
    if not told.strip():
        return Content("")
    return stacked((heading(HEADING), lesson(f"\n{numbered(told)}", width)))


def numbered(told: str) -> str:
    """The same text as a list with numbers, if it is prose of more than one step."""
    if _ITEM.search(told) or _LITERAL.search(told):
        return told
    steps = list(_steps(" ".join(told.split())))
    if len(steps) < 2:
        return told
    return "\n".join(f"{number}. {step}" for number, step in enumerate(steps, 1))


def _steps(prose: str) -> Iterator[str]:
    step = ""
    for sentence in _sentences(prose):
        if step and not _REMARK.match(sentence):
            yield step
            step = ""
        step = f"{step} {sentence}".strip()
    if step:
        yield step


def _sentences(prose: str) -> Iterator[str]:
    """The sentences. What stands in backticks is one word, whatever is in it."""
    start, quoted = 0, [found.span() for found in re.finditer(r"``.+?``|`[^`]+`", prose)]
    for end in _END.finditer(prose):
        while quoted and quoted[0][1] <= end.start():
            quoted.pop(0)
        if quoted and quoted[0][0] <= end.start():
            continue
        yield prose[start : end.end()].strip()
        start = end.end()
    if prose[start:].strip():
        yield prose[start:].strip()
