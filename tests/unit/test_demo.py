"""The demo: a host that does not exist, which has something for every check to find."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from scripts import demo as script
from workbench.cli import run
from workbench.demo import HOME, WORDS, demonstrated, is_demo
from workbench.engine import Workbench
from workbench.exits import Exit
from workbench.model.finding import NotApplicable, NotAssessed, Passed
from workbench.model.report import Status
from workbench.model.severity import Severity
from workbench.plugins import load
from workbench.report.snapshot_file import from_json
from workbench.scan import scan
from workbench.secrets import redact

CANNOT_APPLY: dict[str, str] = {}
"""The checks that find nothing there, each with the reason why it cannot on one Linux laptop together with the others.

Today there is none: a check that is added finds something in ``scripts/staged_*.py``, or stands here with its reason.
"""


def test_the_file_is_what_the_script_writes_today() -> None:
    assert script.PATH.read_text() == script.text(), "run: python scripts/demo.py"


def test_every_check_finds_something() -> None:
    report = scan(demonstrated(), load())
    silent = {result.check for result in report.results if result.status is not Status.FOUND}
    assert silent == set(CANNOT_APPLY), (
        f"add to scripts/staged_*.py what these find, then run scripts/demo.py: {silent}"
    )
    assert {finding.severity for finding in report.findings()} == set(Severity)
    assert report.grade.letter == "F"


def test_every_other_kind_of_verdict_is_there_too() -> None:
    snapshot = demonstrated()
    said = [verdict for check in load().checks.values() for verdict in check.run(snapshot)]
    for kind, least in ((Passed, 100), (NotAssessed, 5), (NotApplicable, 3)):
        assert sum(isinstance(verdict, kind) for verdict in said) >= least, kind
    assert any(getattr(snapshot, section).state.unread for section in ("processes", "audit", "clients"))


def test_every_way_to_be_repaired_is_there() -> None:
    plugins = load()
    offered = {repair for finding in scan(demonstrated(), plugins).findings() for repair in finding.repairs}
    assert offered == set(plugins.fixes)


def test_it_holds_no_secret_and_nothing_that_is_not_made_up() -> None:
    texts = [text for text in _strings(json.loads(script.PATH.read_text())) if not re.fullmatch(r"[0-9a-f]{64}", text)]
    assert [text for text in texts if redact(text) != text] == []
    homes = {match for text in texts for match in re.findall(r"/home/[a-z]+", text)}
    assert homes == {"/home/dev", "/home/colleague"}


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _strings(inner)


def test_it_is_told_from_the_snapshot_of_a_host() -> None:
    snapshot = demonstrated()
    assert is_demo(snapshot)
    assert not is_demo(None)
    assert not is_demo(from_json(script.text().replace('"workbench": "demo"', '"workbench": "0.1.0"').encode(), "x"))


@pytest.fixture
def blind(monkeypatch: pytest.MonkeyPatch) -> None:
    def look(*given: object, **more: object) -> None:
        raise AssertionError("this host was looked at")

    monkeypatch.setattr(Workbench, "look", look)
    monkeypatch.setattr("workbench.inventory.inventory", look)


@pytest.mark.usefixtures("blind")
@pytest.mark.parametrize(
    "arguments", [["--demo", "--headless"], ["--demo", "servers"], ["servers", "--demo"]], ids=" ".join
)
def test_the_texts_say_what_they_are_of(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    status = run(arguments)
    out = capsys.readouterr().out
    assert out.startswith(f"{WORDS}\n\n")
    assert "server-memory" in out
    assert status == (Exit.FINDINGS if "--headless" in arguments else Exit.CLEAN)


@pytest.mark.usefixtures("blind")
@pytest.mark.parametrize(
    "arguments", [["--demo", "--headless", "--json"], ["--demo", "servers", "--json"]], ids=" ".join
)
def test_the_documents_hold_nothing_else(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    run(arguments)
    document = json.loads(capsys.readouterr().out)
    assert document["taken_at"] == demonstrated().taken_at


@pytest.mark.usefixtures("blind")
@pytest.mark.parametrize(
    "command",
    [
        ["snapshot"],
        ["probe", "/tmp/mcp-files.sock"],
        ["audit-trail"],
        ["plan", "0123456789abcdef"],
        ["apply", "plan.json"],
        ["undo", "x"],
        ["recover"],
        ["history"],
    ],
    ids=lambda command: str(command[0]),
)
def test_what_works_on_this_host_refuses_the_demo(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--demo", *command]) == Exit.USAGE
    said = capsys.readouterr()
    assert "--demo does not go with" in said.err
    assert not said.out


def test_it_is_either_the_demo_or_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--demo", "--replay", "host.json", "--headless"]) == Exit.USAGE
    assert run(["servers", "--demo", "--replay", "host.json"]) == Exit.USAGE
    assert "not allowed with" in capsys.readouterr().err


def test_its_home_folder_is_known_before_it_is_read() -> None:
    assert demonstrated().host.home == HOME
