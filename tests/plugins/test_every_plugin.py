"""What every plugin must have: a lesson worth reading, and tests of its four cases."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from tests import builders
from tests.plugins.loading import get_check, plugins
from workbench.model.report import Status
from workbench.plugins import HEADINGS, lesson_headings
from workbench.scan import run_check

ROOT = Path(__file__).parents[2]
CHECKS = sorted(plugins().checks)
CASES = ("vulnerable", "hardened", "not_applicable", "not_assessed")


@pytest.mark.parametrize("identity", CHECKS)
def test_its_lesson_has_every_part(identity: str) -> None:
    lesson = get_check(identity).lesson
    assert lesson_headings(lesson) == HEADINGS
    parts = re.split(r"\n[^\n]+\n-{3,}\n", lesson)
    assert all(len(part.split()) >= 8 for part in parts[1:-1]), "a part of the lesson is empty"
    assert parts[-1].strip()
    assert len(parts[0].splitlines()[0]) <= 120


@pytest.mark.parametrize("identity", CHECKS)
def test_each_of_its_cases_is_tested(identity: str) -> None:
    file = ROOT / "tests" / "plugins" / f"test_{identity.replace('/', '_').replace('-', '_')}.py"
    assert file.is_file(), f"{identity} has no test file {file.name}"
    tests = re.findall(r"def (test_\w+)", file.read_text())
    for case in CASES:
        assert any(name.startswith(f"test_{case}") for name in tests), f"{file.name} lacks a test_{case}…"


@pytest.mark.parametrize("identity", CHECKS)
def test_it_says_something_on_an_empty_host(identity: str) -> None:
    result = run_check(get_check(identity), builders.snapshot())
    assert result.status in (Status.NOT_APPLICABLE, Status.PASSED, Status.NOT_ASSESSED), result.reason


@pytest.mark.parametrize("identity", sorted(plugins().fixes))
def test_what_it_says_of_an_answer_is_what_the_form_reads(identity: str) -> None:
    answers = plugins().fixes[identity].answers
    for field in fields(answers) if answers is not None else ():
        assert set(field.metadata) <= {"label", "help"}, f"the form shows nothing else of {field.name}"
        assert all(isinstance(text, str) and text for text in field.metadata.values()), field.name


@pytest.mark.parametrize("identity", sorted(plugins().fixes))
def test_a_fix_says_what_it_does(identity: str) -> None:
    assert len(plugins().fixes[identity].lesson.split()) >= 15
