"""The report as JSON and as text: the published schema, determinism, hostile text, ASCII output."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests import builders
from tests.unit.test_scan import check
from tests.unit.test_text import HOSTILE
from workbench.model.finding import Evidence, Finding, Location, NotAssessed, Passed, Subject
from workbench.model.report import BrokenPlugin, Report
from workbench.model.severity import Severity
from workbench.plugins import Plugins
from workbench.report import document
from workbench.report.text import as_text
from workbench.scan import scan

PUBLISHED = Path(document.__file__).parent / "schema" / "report-v1.json"


def report(name: str = "x") -> Report:
    subject = Subject("socket", f"/tmp/{name}", name)
    evidence = Evidence(f"no {name}", f"a {name}", ("stat", "-c", "%a", name))
    seen = Finding(subject, Severity.HIGH, f"saw {name}", (evidence,), Location(name, 3, 4, ("a", 0)), (subject,))
    checks = (
        check(seen, NotAssessed(name, "denied", "sudo"), identity="sockets/a"),
        check(Passed(subject), identity="clients/b"),
        check(identity="clients/c"),
    )
    plugins = Plugins({each.id: each for each in checks}, {}, (BrokenPlugin(name, name),))
    return scan(builders.snapshot(), plugins)


def test_the_published_schema_is_the_one_of_the_types() -> None:
    made = json.dumps(document.schema(), indent=2) + "\n"
    assert PUBLISHED.read_text() == made, "run: python scripts/schema.py"


def test_the_document_holds_what_its_schema_says() -> None:
    from pydantic import TypeAdapter

    text = document.as_json(report())
    made = TypeAdapter(document.ReportDocument).validate_json(text)
    assert made.schema_version == 1
    assert [finding.check for finding in made.findings] == ["sockets/a"]
    assert made.checks[2].findings == [made.findings[0].identity]
    assert made.findings[0].evidence[0].command == "stat -c %a x"
    assert {each.check: each.status.value for each in made.checks} == {
        "clients/b": "passed",
        "clients/c": "error",
        "sockets/a": "found",
    }


def test_the_same_snapshot_gives_the_same_bytes() -> None:
    assert document.as_json(report()) == document.as_json(report())


def test_text_says_everything_that_matters() -> None:
    text = as_text(report())
    for words in (
        "Grade C: a high finding stands: at most C",
        "HIGH saw x",
        "see it    stat -c %a x",
        "where     x:3",
        "Not assessed",
        "x: denied",
        "to unlock sudo",
        "the check said nothing",
        "Plugins that were not loaded",
    ):
        assert words in text


def test_text_stays_narrow_and_needs_no_colour() -> None:
    text = as_text(report("word " * 100))
    assert "\x1b" not in text
    wide = [line for line in text.splitlines() if len(line) > 100 and "see it" not in line and "where" not in line]
    assert not wide


@pytest.mark.parametrize("name", [*HOSTILE, "[@click=app.quit]x[/]", "foo[/bold]bar", '{"args": ["[/x]"]}', "漢字🙂"])
def test_g18_hostile_names_reach_no_output_raw(name: str) -> None:
    # Facts are made visible at capture; the outputs must hold even where a plugin forgot.
    text = as_text(report(name))
    assert all(character.isprintable() or character == "\n" for character in text)
    raw = document.as_json(report(name))
    assert raw.isascii()
    assert all(character.isprintable() or character == "\n" for character in raw)
    assert json.loads(raw)


def test_a_finding_without_place_or_command() -> None:
    bare = Finding(Subject("session", "s", "s"), Severity.MEDIUM, "bare", (Evidence("a", "b"),))
    made = scan(builders.snapshot(), Plugins({"session/x": check(replace(bare))}, {}))
    assert json.loads(document.as_json(made))["findings"][0]["location"] is None
    assert "see it" not in as_text(made)
