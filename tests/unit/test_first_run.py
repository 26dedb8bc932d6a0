"""What somebody is told on whose machine there is no server yet."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests import builders
from tests.unit.test_snapshot_file import full
from workbench.demo import demonstrated
from workbench.first_run import FirstRun, first_run
from workbench.model.clients import ClientFacts
from workbench.model.facts import SectionState
from workbench.model.processes import ProcessFacts
from workbench.model.servers import ServerFacts
from workbench.model.session import SessionFacts
from workbench.model.snapshot import Snapshot
from workbench.plugins import load
from workbench.report.first_run_text import as_text
from workbench.scan import scan

FAILED = SectionState("failed", "it was not gathered within 10 s")


def told(snapshot: Snapshot) -> FirstRun | None:
    return first_run(snapshot, scan(snapshot, load()))


def nothing(**sections: object) -> Snapshot:
    given = {
        "clients": ClientFacts(builders.COMPLETE, looked_at=("/home/dev/.claude.json", "/home/dev/.cursor/mcp.json")),
        "processes": ProcessFacts(builders.COMPLETE, seen=1),
        "session": SessionFacts(builders.COMPLETE, 0o022),
    }
    return builders.snapshot(**{**given, **sections})


def test_an_empty_home_is_told_what_was_looked_at_and_how_to_go_on() -> None:
    made = told(nothing())
    assert made is not None
    said = " ".join(made.said)
    assert "No MCP client and no MCP server was found here: 2 places" in said
    assert "and 1 running process." in said
    assert "session/umask (1 finding)" in said
    assert "Not everything" not in said
    text = as_text(made)
    for way in ("workbench --demo", "workbench --home DIR", "workbench list checks", "README.md"):
        assert f"\n  {way} " in text
    assert max(map(len, text.splitlines())) <= 100


def test_a_client_without_a_server_is_named() -> None:
    made = told(nothing(clients=ClientFacts(builders.COMPLETE, (builders.config(),), ("/x",))))
    assert made is not None
    assert made.said[0].startswith("No MCP server was found here: 1 place where")
    assert "Of Claude Desktop there is a config, and it names no server." in made.said


def test_what_could_not_be_looked_at_is_never_nothing() -> None:
    gap = told(nothing(clients=ClientFacts(builders.unread("content"), looked_at=("/x",))))
    assert gap is not None and any("Not everything could be looked at" in sentence for sentence in gap.said)
    assert told(nothing(clients=ClientFacts(FAILED))) is None
    assert told(nothing(processes=ProcessFacts(FAILED))) is None
    assert told(nothing(servers=ServerFacts(FAILED))) is None


def test_nobody_with_a_server_is_a_newcomer() -> None:
    assert told(demonstrated()) is None


def test_who_has_a_finding_about_a_client_has_something_to_read() -> None:
    open_config = builders.config(mode=0o666)
    assert told(nothing(clients=ClientFacts(builders.COMPLETE, (open_config,), ("/x",)))) is None


def test_the_text_report_ends_with_it_and_the_document_does_not(tmp_path: Path) -> None:
    def headless(*more: str) -> str:
        command = [sys.executable, "-m", "workbench", "--headless", "--fail-on", "never", *more]
        environment = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "PYTHONPATH": str(Path(__file__).parents[2])}
        return subprocess.run(command, capture_output=True, text=True, env=environment, check=True).stdout

    assert full().servers.servers == ()
    from workbench.report.snapshot_file import to_json

    (tmp_path / "host.json").write_text(to_json(nothing()))
    assert headless("--replay", str(tmp_path / "host.json")).rstrip().splitlines()[-1].lstrip().startswith("README.md")
    assert "--demo" not in headless("--replay", str(tmp_path / "host.json"), "--json")
