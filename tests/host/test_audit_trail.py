"""The trail: asked once, followed, and printed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from tests.host.audit_log import START, Fake, event, started
from tests.unit.test_cli import workbench
from workbench import audit_trail
from workbench.exits import Exit, Unusable
from workbench.host.audit import trail
from workbench.host.audit.records import Occurrence, occurrences
from workbench.host.audit.searching import summary
from workbench.host.audit.trail import Follower, Trail
from workbench.host.context import Context
from workbench.host.files import CannotLook
from workbench.model.audit import AuditFacts, ServerAccount
from workbench.model.facts import SectionState, Unread

MCP = ServerAccount(990, "mcp", servers=("files",))
LOG = event(1) + event(2, moment=START + 60) + started(3, "/usr/bin/curl", "curl", "x.example", moment=START + 5)
EVENTS = summary(occurrences(LOG), [MCP])
WHOLE = Trail(START - 100, (MCP,), EVENTS, (Unread("rules", "the rules", "why \x1b", "do that"),))


def follower(*logs: Any) -> Follower:
    answers = iter(logs)

    class Access(Fake):
        def run(self, program: str, *arguments: str) -> Any:
            self.answers["ausearch"] = next(answers)
            return super().run(program, *arguments)

    return Follower([MCP], START - 10, access=Access({}, {}))


def whats(found: tuple[Occurrence, ...]) -> list[str]:
    return [each.identity.rpartition(":")[2] for each in found]


def test_each_event_is_told_once_and_in_order() -> None:
    late = event(4, moment=START + 61)
    found = follower(event(2, moment=START + 60) + event(1), LOG, LOG + late, "")
    assert whats(found.poll(START + 62)) == ["1", "2"]
    assert whats(found.poll(START + 63)) == ["3"]
    assert whats(found.poll(START + 64)) == ["4"]
    assert found.poll(START + 65) == ()


def test_an_event_that_is_being_written_is_waited_for_but_not_for_ever() -> None:
    half, whole = event(1, whole=False), event(1)
    found = follower(half, whole, whole)
    assert found.poll(START + 0.5) == ()
    assert whats(found.poll(START + 1.5)) == ["1"]
    assert found.poll(START + 2.5) == ()
    assert whats(follower(half).poll(START + 3)) == ["1"]


def test_what_is_remembered_is_bounded() -> None:
    many = "".join(event(serial, moment=START + serial) for serial in range(1000))
    found = follower(many, many, "")
    assert len(found.poll(START + 1000)) == 1000
    assert found.poll(START + 1000) == ()
    found.poll(START + 5000)
    assert not found._told


def test_a_follower_that_may_not_read_says_so() -> None:
    with pytest.raises(CannotLook, match="did not answer"):
        follower(CannotLook("ausearch did not answer within 2 s")).poll(START)


def test_watching_tells_and_ends_with_a_message() -> None:
    told: list[Occurrence] = []
    found = follower(event(1), "", CannotLook("gone"))
    audit_trail.watch(found, told.append, rounds=2, pause=0)
    assert [each.what for each in told] == ["/home/dev/.ssh/id_rsa"]
    with pytest.raises(Unusable, match="can no longer be followed: gone"):
        audit_trail.watch(found, told.append, pause=0)


def facts(**more: Any) -> AuditFacts:
    made: dict[str, Any] = {"accounts": (MCP,), "events": EVENTS, "since": START - 86400, "listed": True, **more}
    return AuditFacts(made.pop("state", SectionState("complete")), **made)


def recent(monkeypatch: pytest.MonkeyPatch, found: AuditFacts, since: float = START - 86400) -> Trail:
    monkeypatch.setattr(trail, "gather", lambda context: found)
    monkeypatch.setattr(trail, "access_of", lambda context: Fake({"ausearch": event(9)}, {}))
    sections = {"clients": None, "processes": None}
    return trail.recent(Context("linux", Path("/"), 1000, {}, Path("/"), found=sections), since, START)


def test_the_last_day_is_not_searched_again(monkeypatch: pytest.MonkeyPatch) -> None:
    found = recent(monkeypatch, facts())
    assert found.reason == "" and [each.last for each in found.events or ()] == [START + 60, START + 5]


def test_another_time_is_searched_for(monkeypatch: pytest.MonkeyPatch) -> None:
    found = recent(monkeypatch, facts(), START - 60)
    assert [each.count for each in found.events or ()] == [1]


def test_where_there_is_no_trail_it_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    absent = recent(monkeypatch, AuditFacts(SectionState("not applicable", "auditd is not installed")))
    assert absent.events is None and absent.reason == "auditd is not installed"
    alone = recent(monkeypatch, facts(accounts=(), events=()))
    assert "no server has an account of its own" in alone.reason


def test_the_document_is_of_its_types() -> None:
    document = json.loads(json.dumps(TypeAdapter(audit_trail.TrailDocument).dump_python(audit_trail.document(WHOLE))))
    TypeAdapter(audit_trail.TrailDocument).validate_python(document)
    assert document["schema_version"] == 1
    assert document["accounts"] == [{"uid": 990, "name": "mcp", "servers": ["files"]}]
    denied, program = document["events"]
    assert (denied["what"], denied["count"], denied["last"]) == (
        "/home/dev/.ssh/id_rsa",
        2,
        "2026-01-02T03:05:05.000+00:00",
    )
    assert program["commands"] == ["curl x.example"]
    assert set(audit_trail.schema()["properties"]) == set(document)


def test_the_text() -> None:
    text = audit_trail.as_text(WHOLE)
    assert text.index("Denied") < text.index("/home/dev/.ssh/id_rsa") < text.index("Started") < text.index("curl x.ex")
    assert "    2 ×" in text
    quiet = audit_trail.as_text(Trail(START, (MCP,), ()))
    assert quiet.startswith("Nothing was recorded of mcp since ")
    assert audit_trail.as_text(Trail(START, (MCP,), None)) == ""


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("30m", 1800), ("24h", 86400), ("7d", 604800), ("2w", 1209600)]
)
def test_times(text: str, seconds: float) -> None:
    assert audit_trail.duration(text) == seconds


@pytest.mark.parametrize("text", ["", "24", "h", "-1h", "0h", "1y", "9999999d", "999999w", "24 h", "\u0661h"])
def test_no_times(text: str) -> None:
    with pytest.raises(Unusable, match="--since takes a time"):
        audit_trail.duration(text)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no audit system")
def test_the_command_is_quiet_on_standard_output_where_there_is_nothing(tmp_path: Path) -> None:
    done: subprocess.CompletedProcess[str] = workbench("audit-trail", home=tmp_path)
    assert done.returncode in (Exit.CLEAN, Exit.COVERAGE, Exit.USAGE)
    assert done.stdout == "" or "recorded" in done.stdout or "Since" in done.stdout
    assert done.returncode == Exit.CLEAN or done.stderr.startswith("workbench: ")
    wrong = workbench("audit-trail", "--since", "soon", home=tmp_path)
    assert wrong.returncode == Exit.USAGE and "--since takes a time" in wrong.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has this audit system")
def test_the_command_prints_one_document(tmp_path: Path) -> None:
    done = workbench("audit-trail", "--json", "--since", "1h", home=tmp_path)
    TypeAdapter(audit_trail.TrailDocument).validate_python(json.loads(done.stdout))
