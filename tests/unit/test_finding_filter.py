"""The filter over findings: what each term picks out, and what is said of one that is not understood."""

from __future__ import annotations

import time

import pytest

from workbench.finding_filter import KNOWN, Filter, Judged, parse
from workbench.model.finding import Evidence, Finding, Location, Subject
from workbench.model.plan import Safety
from workbench.model.severity import Severity

AREAS = ("clients", "secrets", "session", "sockets", "sudoers")


def _judged(name: str, severity: Severity, check: str, **more: object) -> Judged:
    evidence = (Evidence("mode 0600", f"mode 0666 of {name}"),)
    subject = Subject("config", name, f"{name}.json")
    made = Finding(subject, severity, f"any account can write {name}", evidence, Location(f"/srv/{name}"), check=check)
    return Judged(made, **more)  # type: ignore[arg-type]


EVERY = [
    _judged("claude", Severity.CRITICAL, "clients/config-writable", servers=("Files",), safety=Safety.SAFE),
    _judged("cursor", Severity.HIGH, "clients/unpinned-package", servers=("git", "files-2"), safety=Safety.REVIEW),
    _judged("mcp-files", Severity.MEDIUM, "sockets/connectable-by-others", waived=True),
    _judged("bashrc", Severity.LOW, "secrets/in-shell-startup", safety=Safety.GUIDE),
    _judged("umask", Severity.INFO, "session/umask"),
]


def _names(text: str) -> list[str]:
    return [each.finding.subject.key for each in parse(text, AREAS).pick(EVERY)]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", ["claude", "cursor", "mcp-files", "bashrc", "umask"]),
        ("   ", ["claude", "cursor", "mcp-files", "bashrc", "umask"]),
        ("CURSOR", ["cursor"]),
        ("files", ["claude", "cursor", "mcp-files"]),  # in the name of a server, too
        ("any account cursor", ["cursor"]),
        ('"write cursor"', ["cursor"]),
        ('"cursor write"', []),
        ('"write cur', ["cursor"]),  # not closed yet
        ("High", ["cursor"]),  # what stands on its row
        ("critical", ["claude"]),
        ("-info -low", ["claude", "cursor", "mcp-files"]),
        ("review", ["cursor"]),
        ("0666", ["claude", "cursor", "mcp-files", "bashrc", "umask"]),
        ("/srv/umask", ["umask"]),
        ("sev:high", ["cursor"]),
        ("severity:High", ["cursor"]),
        ("sev:h", ["cursor"]),
        ("sev:=high", ["cursor"]),
        ("sev:>=high", ["claude", "cursor"]),
        ("sev:>high", ["claude"]),
        ("sev:<medium", ["bashrc", "umask"]),
        ("sev:<=m", ["mcp-files", "bashrc", "umask"]),
        ("-sev:>=low", ["umask"]),
        ("area:sockets", ["mcp-files"]),
        ("area:se", ["bashrc", "umask"]),
        ("-area:clients", ["mcp-files", "bashrc", "umask"]),
        ("server:FILES", ["claude", "cursor"]),
        ('server:"files-2"', ["cursor"]),
        ("check:unpinned", ["cursor"]),
        ("fixable:yes", ["claude", "cursor", "bashrc"]),
        ("fixable:", ["claude", "cursor", "bashrc"]),
        ("fixable:no", ["mcp-files", "umask"]),
        ("fixable:safe", ["claude"]),
        ("waived:", ["mcp-files"]),
        ("waived:no", ["claude", "cursor", "bashrc", "umask"]),
        ("-cursor -sev:info area:c", ["claude"]),
        ("-", ["claude", "cursor", "mcp-files", "bashrc", "umask"]),
        ('-"any account"', []),
        ("http://cursor", []),
    ],
)
def test_every_term_must_hold(text: str, names: list[str]) -> None:
    filtered = parse(text, AREAS)
    assert filtered.problem == ""
    assert _names(text) == names


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sev:", "critical, high, medium, low, info"),
        ("sev:bad", "no severity “bad”; there is critical"),
        ("sev:>=", ">=high"),
        ("area:", "clients, secrets, session, sockets, sudoers"),
        ("area:cloud", "no area “cloud”; there is clients"),
        ("colour:red", "no “colour:”; there is sev: area:"),
        ("fixable:maybe", "yes, no, safe"),
        ("waived:x", "yes, no"),
        ("server:", "a part of its name"),
        ("check:", "a part of its id"),
    ],
)
def test_what_is_not_understood_is_said_and_left_out(text: str, said: str) -> None:
    filtered = parse(f"{text} cursor", AREAS)
    assert said in filtered.problem
    assert [each.finding.subject.key for each in filtered.pick(EVERY)] == ["cursor"]


def test_a_word_with_a_colon_is_found_in_quotes() -> None:
    assert parse('"file:line"').problem == ""
    assert parse('"file:line"').terms[0].value == "file:line"


def test_every_known_key_is_understood() -> None:
    for key in KNOWN:
        assert "no “" not in parse(key, AREAS).problem


def test_without_known_areas_any_is_taken() -> None:
    assert [each.finding.subject.key for each in parse("area:sockets").pick(EVERY)] == ["mcp-files"]


@pytest.mark.parametrize(
    "text", ['"' * 100_000, "-" * 100_000, "a:" * 100_000, "\x1b]0;x\x07\udc80", "[@click=app.quit]x"]
)
def test_anything_can_be_typed(text: str) -> None:
    begun = time.process_time()
    assert isinstance(parse(text, AREAS), Filter)
    assert time.process_time() - begun < 1.0
