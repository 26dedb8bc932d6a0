"""SARIF: every report is held to the schema that OASIS published, and to what its consumers make of it."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft4Validator

from scripts.staged_facts import snapshot as staged
from tests import builders
from tests.unit.test_report import report as plain_report
from tests.unit.test_scan import check
from tests.unit.test_text import HOSTILE
from tests.unit.test_waivers import DAY, judged, seen, waiver
from workbench.model.facts import SectionState
from workbench.model.finding import Finding, Location, NotAssessed, Passed, Subject
from workbench.model.report import Report, Status
from workbench.model.severity import Severity
from workbench.model.sudoers import SudoersFacts
from workbench.model.waiver import WaiverFile
from workbench.plugins import Plugins, load
from workbench.report.sarif import FINGERPRINT, SCHEMA, as_sarif
from workbench.scan import scan

PUBLISHED = Path(__file__).parents[1] / "data" / "sarif" / "sarif-schema-2.1.0.json"
NOTHING = Plugins({}, {})


@cache
def validator() -> Draft4Validator:
    schema = json.loads(PUBLISHED.read_text(encoding="utf-8"))
    assert schema["id"] == SCHEMA
    return Draft4Validator(schema)


def valid(report: Report, plugins: Plugins = NOTHING, states: dict[str, str] | None = None) -> dict[str, Any]:
    text = as_sarif(report, plugins, states)
    assert text.isascii()
    log = json.loads(text)
    problems = [f"{'/'.join(map(str, each.absolute_path))}: {each.message}" for each in validator().iter_errors(log)]
    assert not problems
    run: dict[str, Any] = log["runs"][0]
    rules = run["tool"]["driver"]["rules"]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert (result["kind"] == "fail") != (result["level"] == "none")
        # The specification's own rules, which the schema cannot say.
        assert result["kind"] in ("fail", "pass", "open", "notApplicable")
    return run


def test_the_schema_would_catch_a_mistake() -> None:
    log = json.loads(as_sarif(plain_report(), NOTHING))
    log["runs"][0]["results"][0]["kind"] = "failed"
    assert list(validator().iter_errors(log))


def test_a_whole_host_is_valid_and_every_rule_teaches() -> None:
    plugins = load()
    report = scan(staged(), plugins)
    run = valid(report, plugins)
    found = [result for result in run["results"] if result["kind"] == "fail"]
    assert [each["partialFingerprints"][FINGERPRINT] for each in found] == [each.identity for each in report.findings()]
    assert {rule["id"] for rule in run["tool"]["driver"]["rules"]} == set(plugins.checks)
    for rule in run["tool"]["driver"]["rules"]:
        assert "How to fix it by hand" in rule["help"]["markdown"]
        assert 0.0 < float(rule["properties"]["security-severity"]) <= 10.0
        assert rule["fullDescription"]["text"]
    levels = {each["properties"]["severity"]: each["level"] for each in found}
    assert levels == {"critical": "error", "high": "error", "medium": "warning", "low": "note", "info": "note"}
    repairs = [repair for each in found for repair in each["properties"]["repairs"]]
    assert {"fix", "title", "safety", "undo"} == set(repairs[0])
    placed = [each["locations"][0].get("physicalLocation", {}).get("region") for each in found]
    assert any(region and region["startLine"] > 0 for region in placed)
    ordinary = valid(
        scan(builders.snapshot(sudoers=SudoersFacts(SectionState("failed", "it is closed"))), plugins), plugins
    )
    kinds = {result["kind"] for each in (run, ordinary) for result in each["results"]}
    assert kinds == {"fail", "pass", "open", "notApplicable"}
    notes = run["invocations"][0]["toolExecutionNotifications"]
    assert any("To unlock" in note["message"]["text"] for note in notes)
    assert run["invocations"][0]["endTimeUtc"] == "2026-03-14T09:26:53Z"


def test_gaps_errors_and_broken_plugins_are_notifications() -> None:
    run = valid(plain_report())
    invocation = run["invocations"][0]
    assert invocation["executionSuccessful"] is False
    told = [(note["level"], note["message"]["text"]) for note in invocation["toolExecutionNotifications"]]
    assert ("error", "clients/c: the check said nothing: neither found, passed nor not applicable") in told
    assert ("warning", "Not assessed: x: denied. To unlock: sudo.") in told
    assert "was not loaded" in invocation["toolConfigurationNotifications"][0]["message"]["text"]
    statuses = {each.check: each.status for each in plain_report().results}
    assert statuses["clients/c"] is Status.ERROR
    assert "clients/c" not in {result["ruleId"] for result in run["results"]}


def test_what_is_waived_is_suppressed_and_what_lapsed_is_not() -> None:
    run = valid(judged(seen(), waivers=(waiver(),)))
    (result,) = [each for each in run["results"] if each["kind"] == "fail"]
    (suppression,) = result["suppressions"]
    assert (suppression["kind"], suppression["status"]) == ("external", "accepted")
    assert "the demo needs it" in suppression["justification"]
    assert suppression["properties"]["expires"] == "2026-02-01"
    run = valid(judged(seen("0666"), waivers=(waiver(),)))
    (result,) = [each for each in run["results"] if each["kind"] == "fail"]
    assert result["suppressions"][0]["status"] == "rejected"
    run = valid(judged(seen(), waivers=(waiver(expires="2026-01-02"),), day=DAY.replace(month=4)))
    assert {each["ruleId"] for each in run["results"] if each["kind"] == "fail"} == {"sockets/mode", "waivers/expired"}
    rule = next(each for each in run["tool"]["driver"]["rules"] if each["id"] == "waivers/expired")
    assert rule["shortDescription"]["text"] == "Waiver has expired"


def test_an_ignored_waivers_file_is_told() -> None:
    report = scan(builders.snapshot(), NOTHING, None, WaiverFile("/w", (), "/w, line 1: wrong"))
    (note,) = valid(report)["invocations"][0]["toolConfigurationNotifications"]
    assert note["message"]["text"] == "The waivers file was ignored: /w, line 1: wrong"


def test_baseline_states() -> None:
    report = plain_report()
    states = {next(report.findings()).identity: "updated", "clients/b": "unchanged"}
    run = valid(report, states=states)
    assert {each["ruleId"]: each["baselineState"] for each in run["results"]} == {
        "sockets/a": "updated",
        "clients/b": "unchanged",
    }


@pytest.mark.parametrize(
    "name", [*HOSTILE, "](http://evil) [x](1)", "{0}", "a b%2f?#", "C:\\Users\\me", "\\\\host\\x", ""]
)
def test_hostile_names_stay_data(name: str) -> None:
    run = valid(plain_report(name))
    (result,) = [each for each in run["results"] if each["kind"] == "fail"]
    text = result["message"]["text"]
    assert "](" not in text.replace("\\](", "")
    assert all(character.isprintable() or character == "\n" for character in text)


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        ("/home/dev/a b#c.json", "file:///home/dev/a%20b%23c.json"),
        ("/tmp/漢", "file:///tmp/%E6%BC%A2"),
        ("C:\\Users\\me\\x.json", "file:///C:/Users/me/x.json"),
        ("javascript:alert(1)", "javascript%3Aalert%281%29"),
    ],
)
def test_a_path_becomes_a_uri_and_nothing_else(path: str, uri: str) -> None:
    placed = replace(seen(), location=Location(path, 0, 0))
    result = valid(judged(placed))["results"][0]
    assert result["locations"][0]["physicalLocation"] == {"artifactLocation": {"uri": uri}}


def test_a_report_of_nothing_is_valid() -> None:
    assert valid(scan(builders.snapshot(), NOTHING))["results"] == []
    assert "endTimeUtc" not in valid(scan(replace(builders.snapshot(), taken_at="?"), NOTHING))["invocations"][0]


def test_the_same_report_gives_the_same_bytes() -> None:
    assert as_sarif(plain_report(), NOTHING) == as_sarif(plain_report(), NOTHING)


def test_subjects_that_share_a_cause_are_related() -> None:
    also = (Subject("server", "a", "a"), Subject("server", "b", "b"), Subject("server", "a", "a"))
    one = Finding(Subject("config", "c", "c"), Severity.HIGH, "seen", (), also=also)
    plugins = Plugins({"clients/x": check(one, Passed(one.subject), NotAssessed("a", "b"), identity="clients/x")}, {})
    result = valid(scan(builders.snapshot(), plugins))["results"][0]
    assert [each["id"] for each in result["relatedLocations"]] == [1, 2]
