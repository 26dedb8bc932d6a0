"""Lessons as their parts: what stands before the first heading, and each heading with what stands below it."""

from __future__ import annotations

from workbench.model.check import Check
from workbench.plugins import Plugins, lesson_headings
from workbench.waivers.expired import CHECK


def known_checks(plugins: Plugins) -> dict[str, Check]:
    """Every check that a report can name, by id."""
    return {**plugins.checks, CHECK.id: CHECK}


def parts_of(lesson: str) -> list[tuple[str, str]]:
    """Heading ("" for the beginning) and text of each part, in order."""
    headings = set(lesson_headings(lesson))
    parts: list[tuple[str, list[str]]] = [("", [])]
    lines = lesson.splitlines()
    for number, line in enumerate(lines):
        below = lines[number + 1].strip() if number + 1 < len(lines) else ""
        if line.strip() in headings and below and set(below) == {"-"}:
            parts.append((line.strip(), []))
        elif not (parts[-1][0] and not parts[-1][1] and set(line.strip()) == {"-"}):
            parts[-1][1].append(line)
    return [(heading, "\n".join(text).strip()) for heading, text in parts]
