"""Two reports set against each other: new, gone, changed, the same, and what nobody looked at any more."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests import builders
from tests.unit.test_scan import check
from tests.unit.test_waivers import DAY, waiver
from tests.unit.test_waivers import judged as judged_with_waivers
from tests.unit.test_waivers import seen as socket_mode
from workbench.cli import run
from workbench.model.finding import Finding, NotApplicable, NotAssessed, Passed, Subject, Verdict
from workbench.model.report import Report
from workbench.model.severity import Severity
from workbench.plugins import Plugins
from workbench.report import comparing, document
from workbench.report.comparing import CompareDocument, baseline_states, compared
from workbench.report.snapshot_file import to_json
from workbench.scan import scan

PUBLISHED = Path(document.__file__).parent / "schema" / "compare-v1.json"
PASSED = Passed(Subject("session", "s", "s"))


def seen(key: str, severity: Severity = Severity.HIGH, summary: str = "seen") -> Finding:
    return Finding(Subject("socket", key, key), severity, summary, ())


def gap(what: str = "a thing") -> NotAssessed:
    return NotAssessed(what, "permission denied", "run as root")


def judged(*said: Verdict, **others: Verdict) -> Report:
    checks = {"sockets/a": check(*said, identity="sockets/a")}
    checks |= {f"clients/{name}": check(one, identity=f"clients/{name}") for name, one in others.items()}
    return scan(builders.snapshot(), Plugins(checks, {}))


def between(old: Report, new: Report) -> CompareDocument:
    return compared(document.document(old), document.document(new))


def labels(findings: list[document.FindingDocument]) -> list[str]:
    return [finding.subject.label for finding in findings]


def test_new_gone_changed_and_same() -> None:
    made = between(
        judged(seen("a"), seen("b"), seen("c"), seen("d", summary="one")),
        judged(seen("b"), seen("c", Severity.MEDIUM), seen("d", summary="two"), seen("e")),
    )
    assert (labels(made.appeared), labels(made.gone)) == (["e"], ["a"])
    assert [(each.before.severity, each.after.severity, each.worse) for each in made.changed] == [
        ("high", "high", False),
        ("high", "medium", False),
    ]
    assert (made.same, made.unseen) == (1, [])


def test_what_is_left_of_a_finding_about_several_is_a_change_and_nothing_new() -> None:
    b, c = (Subject("socket", key, key) for key in "bc")
    three, two = replace(seen("a", summary="3"), also=(b, c)), replace(seen("b", summary="2"), also=(c,))
    made = between(judged(three), judged(two))
    assert (made.appeared, made.gone, made.same) == ([], [], 0)
    (change,) = made.changed
    assert (change.before.subject.label, change.after.subject.label, change.worse) == ("a", "b", False)
    assert change.identity == change.after.identity != change.before.identity
    assert (
        baseline_states(document.document(judged(three)), document.document(judged(two)))[change.identity] == "updated"
    )
    grown = between(judged(two), judged(three))
    assert (labels(grown.appeared), labels(grown.gone)) == (["a"], ["b"])
    blind = between(judged(three), judged(two, gap()))
    assert (labels(blind.appeared), labels(blind.unseen[0].findings)) == (["b"], ["a"])


def test_what_is_not_looked_at_any_more_is_not_gone() -> None:
    made = between(judged(seen("a")), judged(gap()))
    assert (made.gone, made.unseen[0].check, labels(made.unseen[0].findings)) == ([], "sockets/a", ["a"])
    assert (made.unseen[0].why, made.unseen[0].unlock) == ("a thing: permission denied", "run as root")


@pytest.mark.parametrize(
    ("old", "new", "unseen", "gone"),
    [
        ((seen("a"), gap()), (PASSED, gap()), False, True),  # the same gap as before hides nothing new
        ((seen("a"), gap()), (PASSED, gap("another")), True, False),
        ((seen("a"), gap("/proc/17/root")), (PASSED, gap("/proc/4242/root")), False, True),
        ((seen("a"),), (NotApplicable("no sockets"),), False, True),
        ((seen("a"),), (), True, False),  # the check failed
        ((PASSED,), (gap(),), True, False),
        ((gap(),), (gap("another"),), False, False),  # it never looked
        ((gap(),), (PASSED,), False, False),
    ],
)
def test_when_a_finding_is_gone(old: tuple[Verdict, ...], new: tuple[Verdict, ...], unseen: bool, gone: bool) -> None:
    made = between(judged(*old), judged(*new))
    assert (bool(made.unseen), bool(made.gone)) == (unseen, gone)


def test_a_check_that_is_there_no_more() -> None:
    made = between(judged(seen("a"), x=seen("x")), judged(seen("a")))
    assert [each.check for each in made.unseen] == ["clients/x"]
    assert labels(made.unseen[0].findings) == ["x"]
    back = between(judged(seen("a")), judged(seen("a"), x=seen("x")))
    assert labels(back.appeared) == ["x"]
    assert "these checks are new" in back.notes[0]


def test_waiving_is_a_change_and_the_end_of_it_a_worse_one() -> None:
    plain = judged_with_waivers(socket_mode())
    waived = judged_with_waivers(socket_mode(), waivers=(waiver(),))
    over = judged_with_waivers(socket_mode(), waivers=(waiver(),), day=DAY.replace(month=6))
    assert [each.worse for each in between(plain, waived).changed] == [False]
    assert [each.worse for each in between(waived, over).changed] == [True]
    assert [each.check for each in between(waived, over).appeared] == ["waivers/expired"]
    assert between(over, plain).unseen == []
    assert [each.check for each in between(over, plain).gone] == ["waivers/expired"]


def test_baseline_states_are_the_words_of_sarif() -> None:
    old, new = judged(seen("a"), seen("b"), x=PASSED), judged(seen("a"), seen("b", Severity.MEDIUM), seen("c"), x=gap())
    states = baseline_states(document.document(old), document.document(new))
    named = {finding.subject.label: states[finding.identity] for finding in new.findings()}
    assert named == {"a": "unchanged", "b": "updated", "c": "new"}
    assert (states["sockets/a"], states["clients/x"]) == ("unchanged", "updated")


def test_the_published_schema_is_the_one_of_the_types() -> None:
    made = json.dumps(comparing.schema(), indent=2) + "\n"
    assert PUBLISHED.read_text() == made, "run: python scripts/schema.py"


def put(path: Path, report: Report) -> str:
    path.write_text(document.as_json(report))
    return str(path)


@pytest.mark.parametrize(
    ("old", "new", "options", "status"),
    [
        ((seen("a"),), (seen("a"),), (), 0),
        ((seen("a"),), (PASSED,), (), 0),
        ((PASSED,), (seen("a", Severity.MEDIUM),), (), 1),
        ((PASSED,), (seen("a", Severity.MEDIUM),), ("--fail-on", "high"), 0),
        ((PASSED,), (seen("a"),), ("--fail-on", "never"), 0),
        ((seen("a", Severity.MEDIUM),), (seen("a"),), ("--fail-on", "high"), 1),
        ((seen("a"),), (gap(),), (), 3),
        ((seen("a"),), (gap(),), ("--fail-on", "never"), 0),
    ],
)
def test_exit_statuses(
    tmp_path: Path, old: tuple[Verdict, ...], new: tuple[Verdict, ...], options: tuple[str, ...], status: int
) -> None:
    files = put(tmp_path / "old.json", judged(*old)), put(tmp_path / "new.json", judged(*new))
    assert run(["compare", *files, *options]) == status


def test_the_text_and_the_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old = put(tmp_path / "old.json", judged(seen("a"), x=seen("x")))
    new = put(tmp_path / "new.json", replace(judged(seen("b", Severity.MEDIUM), x=gap()), user="other"))
    assert run(["compare", old, new]) == 1
    text = capsys.readouterr().out
    for words in (
        "Grade C -> B (better)",
        "Note: they are not of the same account: dev on linux, and other on linux",
        "New (1)\n  MEDIUM seen",
        "Gone (1)\n  HIGH seen",
        "Changed: none",
        "Could not look any more (1): nobody knows what is gone here\n  clients/x: a thing: permission denied",
        "    to unlock run as root",
        "    then      HIGH seen",
        "Same: 0",
    ):
        assert words in text, text
    assert run(["compare", old, new, "--json"]) == 1
    data = json.loads(capsys.readouterr().out)
    from pydantic import TypeAdapter

    TypeAdapter(CompareDocument).validate_python(data)
    assert data["unseen"][0]["findings"][0]["subject"]["label"] == "x"


def test_snapshots_are_judged_first(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    where = builders.path("/tmp/mcp.sock", 0o777, kind="socket")
    from workbench.model.sockets import SocketFacts

    bare = builders.snapshot()
    exposed = builders.snapshot(sockets=SocketFacts(builders.COMPLETE, (builders.socket(where),), "sock_diag", 5))
    (tmp_path / "old.json").write_text(to_json(bare))
    (tmp_path / "new.json").write_text(to_json(exposed))
    assert run(["compare", str(tmp_path / "old.json"), str(tmp_path / "new.json")]) == 1
    assert "sockets/connectable-by-others" in capsys.readouterr().out


def hostile(change: Any) -> str:
    data = json.loads(document.as_json(judged(seen("a"))))
    change(data)
    return json.dumps(data)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ("[]", "is no report"),
        ("{}", "is no report"),
        ('{"schema_version": 99, "grade": {}}', "it says version 99"),
        ('{"schema_version": 1}', "is no report"),
        ('{"schema_version": true, "grade": {}}', "is no report"),
        ('{"schema_version": 1, "grade": NaN}', "is not JSON"),
        (hostile(lambda data: data["findings"][0].pop("severity")), "damaged at findings.0.severity"),
        (hostile(lambda data: data["findings"][0].update(severity="\x1b[2J")), "damaged"),
        (hostile(lambda data: data.update(findings={})), "damaged at findings"),
    ],
)
def test_a_file_that_is_no_report_is_a_clear_message(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, words: str
) -> None:
    (tmp_path / "bad.json").write_text(text)
    good = put(tmp_path / "good.json", judged(seen("a")))
    for files in ((str(tmp_path / "bad.json"), good), (good, str(tmp_path / "bad.json"))):
        assert run(["compare", *files]) == 2
        told = capsys.readouterr()
        assert (told.out, words in told.err, "\x1b" in told.err) == ("", True, False), told.err


def test_hostile_texts_of_a_report_are_made_visible(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old = put(tmp_path / "old.json", judged(PASSED))
    (tmp_path / "new.json").write_text(
        hostile(lambda data: (data.update(user="\x1b]0;x\x07"), data["findings"][0].update(summary="\x1b[2J\nNew")))
    )
    assert run(["compare", old, str(tmp_path / "new.json")]) == 1
    assert all(character.isprintable() or character == "\n" for character in capsys.readouterr().out)
    assert run(["compare", old, str(tmp_path / "new.json"), "--json"]) == 1
    assert capsys.readouterr().out.isascii()


def test_thousands_of_findings_are_compared_at_once() -> None:
    import time

    many = document.document(judged(seen("a"), x=gap()))
    findings = [replace(many.findings[0], identity=f"{n:016x}", check=f"c/{n}") for n in range(20_000)]
    checks = [replace(many.checks[0], check=f"c/{n}") for n in range(20_000)]
    old = replace(many, findings=findings, checks=[replace(each, findings=["x"]) for each in checks])
    began = time.monotonic()
    made = compared(old, replace(many, findings=[], checks=[]))
    assert len(made.unseen) == 20_000
    assert time.monotonic() - began < 10


def test_an_older_report_without_waivers_is_read(tmp_path: Path) -> None:
    data = json.loads(document.as_json(judged(seen("a"))))
    del data["waivers"]
    for finding in data["findings"]:
        del finding["waiver"]
    (tmp_path / "old.json").write_text(json.dumps(data))
    assert run(["compare", str(tmp_path / "old.json"), put(tmp_path / "new.json", judged(seen("a")))]) == 0
