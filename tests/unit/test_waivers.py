"""Waivers: held to their day, their severity and what was seen; strict to read, careful to write, never hidden."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from tests import builders
from tests.unit.test_report import report as plain_report
from tests.unit.test_scan import check
from workbench.exits import Unusable
from workbench.model.finding import Evidence, Finding, Location, NotAssessed, Passed, Subject
from workbench.model.report import Report, Status
from workbench.model.severity import Severity
from workbench.model.waiver import EXPIRED, Waiver, WaiverFile, WaiverState
from workbench.plugins import Plugins
from workbench.report import document
from workbench.report.text import as_text
from workbench.scan import scan
from workbench.waivers.applying import seen_of
from workbench.waivers.file import parse, read, read_usual
from workbench.waivers.writing import entry_text, with_waiver, without_waiver

DAY = date(2026, 1, 2)  # on which the snapshots of the builders are taken
SOCKET = Subject("socket", "/tmp/mcp.sock", "/tmp/mcp.sock")


def seen(mode: str = "0660", severity: Severity = Severity.MEDIUM, **more: object) -> Finding:
    evidence = (Evidence("0600", f"process 4242 made it with mode {mode} at 2026-01-02 03:04:05"),)
    return replace(Finding(SOCKET, severity, f"mode {mode}", evidence), **more)  # type: ignore[arg-type]


def waiver(finding: Finding | None = None, **more: object) -> Waiver:
    signed = (finding or seen()).of_check("sockets/mode", ())
    made = Waiver(
        signed.check,
        signed.identity,
        "the demo needs it",
        "dev",
        DAY.isoformat(),
        (DAY + timedelta(days=30)).isoformat(),
        signed.severity,
        seen_of(signed),
        4,
    )
    return replace(made, **more)  # type: ignore[arg-type]


def judged(*said: object, waivers: tuple[Waiver, ...] = (), day: date = DAY) -> Report:
    checks = (
        check(*said, identity="sockets/mode"),  # type: ignore[arg-type]
        check(Passed(SOCKET), identity="clients/fine"),
    )
    host = replace(builders.snapshot(), taken_at=f"{day}T03:04:05+00:00")
    return scan(host, Plugins({each.id: each for each in checks}, {}), None, WaiverFile("/w.yaml", waivers))


def states(report: Report) -> list[WaiverState]:
    assert report.waivers is not None
    return [outcome.state for outcome in report.waivers.outcomes]


def test_a_waived_finding_stands_and_costs_nothing() -> None:
    report = judged(seen(), waivers=(waiver(),))
    (finding,) = report.findings()
    assert finding.waived
    assert not list(report.standing())
    assert states(report) == [WaiverState.IN_FORCE]
    assert (report.grade.letter, report.grade.score) == ("B", 100.0)
    assert report.grade.rule == "a waived finding stands: at most B"
    text = as_text(report)
    assert "Findings: none" in text
    assert "accepted by dev until 2026-02-01: the demo needs it" in text


@pytest.mark.parametrize(("days", "state"), [(0, "in force"), (30, "in force"), (31, "expired"), (-1, "not yet")])
def test_it_holds_from_its_first_day_to_its_last(days: int, state: str) -> None:
    report = judged(seen(), waivers=(waiver(),), day=DAY + timedelta(days=days))
    assert states(report) == [state]
    assert bool(list(report.standing())) is (state != "in force")


def test_g20_an_expired_waiver_is_a_finding_and_what_it_waived_is_back() -> None:
    report = judged(seen(), waivers=(waiver(expires="2026-01-05"),), day=DAY + timedelta(days=9))
    found = {finding.check: finding for finding in report.standing()}
    assert set(found) == {"sockets/mode", EXPIRED}
    assert found[EXPIRED].severity is Severity.LOW
    assert "accepted no more since 2026-01-05" in found[EXPIRED].summary
    assert found[EXPIRED].location == Location("/w.yaml", 4)
    assert found["sockets/mode"].lapsed == "it expired on 2026-01-05"
    assert report.results[-1].status is Status.FOUND
    assert "but it expired on 2026-01-05" in as_text(report)


def test_an_expired_waiver_of_what_is_gone_is_only_stale() -> None:
    report = judged(Passed(SOCKET), waivers=(waiver(expires="2026-01-05"),), day=DAY + timedelta(days=9))
    assert states(report) == [WaiverState.STALE]
    assert not list(report.findings())
    assert "take it out of the file" in as_text(report)


def test_what_could_not_be_looked_at_is_not_gone() -> None:
    gap = NotAssessed("the sockets", "permission denied", "sudo")
    assert states(judged(gap, waivers=(waiver(),))) == [WaiverState.NOT_SEEN]
    assert states(judged(Passed(SOCKET), gap, waivers=(waiver(),))) == [WaiverState.NOT_SEEN]
    assert states(judged(Passed(SOCKET), waivers=(waiver(check="no/such"),))) == [WaiverState.NOT_SEEN]


@pytest.mark.parametrize(
    ("now", "state"),
    [
        (seen("0666"), WaiverState.CHANGED),
        (seen("0660", Severity.HIGH), WaiverState.WORSE),
        (seen(also=(Subject("server", "other", "other"),)), WaiverState.CHANGED),
        (seen(evidence=(*seen().evidence, Evidence("0700", "its folder is 0777"))), WaiverState.CHANGED),
        (seen(), WaiverState.IN_FORCE),
        (seen(summary="the same in other words"), WaiverState.IN_FORCE),
        (
            seen(evidence=(Evidence("0600", "process 17 made it with mode 0660 at 2026-07-08 23:59:59"),)),
            WaiverState.IN_FORCE,
        ),
    ],
)
def test_g20_a_worse_state_than_the_waived_one_is_back(now: Finding, state: WaiverState) -> None:
    report = judged(now, waivers=(waiver(),))
    assert states(report) == [state]
    (finding,) = report.findings()
    assert finding.waived is (state is WaiverState.IN_FORCE)
    assert not finding.waived or report.grade.letter == "B"


def test_what_became_less_stays_waived() -> None:
    more = seen(evidence=(*seen().evidence, Evidence("0700", "its folder is 0777")), severity=Severity.HIGH)
    assert states(judged(seen(), waivers=(waiver(more),))) == [WaiverState.IN_FORCE]


def test_without_evidence_the_summary_is_what_was_seen() -> None:
    bare = replace(seen(), evidence=())
    assert states(judged(bare, waivers=(waiver(bare),))) == [WaiverState.IN_FORCE]
    assert states(judged(replace(bare, summary="mode 0666"), waivers=(waiver(bare),))) == [WaiverState.CHANGED]


def test_a_waiver_that_names_another_check_waives_nothing() -> None:
    report = judged(seen(), waivers=(waiver(check="clients/fine"),))
    assert states(report) == [WaiverState.STALE]
    assert list(report.standing())


def test_no_plugin_can_waive_its_own_finding() -> None:
    report = judged(replace(seen(), waiver=waiver()))
    assert [finding.waived for finding in report.findings()] == [False]


def test_a_snapshot_without_a_day_waives_nothing() -> None:
    host = replace(builders.snapshot(), taken_at="yesterday")
    plugins = Plugins({"sockets/mode": check(seen(), identity="sockets/mode")}, {})
    report = scan(host, plugins, None, WaiverFile("/w.yaml", (waiver(),)))
    assert [finding.waived for finding in report.findings()] == [False]


def test_without_a_waivers_file_nothing_changes() -> None:
    plugins = Plugins({"sockets/mode": check(seen(), identity="sockets/mode")}, {})
    assert scan(builders.snapshot(), plugins).waivers is None
    empty = scan(builders.snapshot(), plugins, None, WaiverFile("/w.yaml"))
    assert replace(empty, waivers=None) == scan(builders.snapshot(), plugins)


def test_waivers_neither_widen_nor_narrow_what_was_assessed() -> None:
    plugins = Plugins({"sockets/mode": check(seen(), NotAssessed("a", "b"), identity="sockets/mode")}, {})
    old = replace(waiver(expires="2026-01-02"), accepted="2026-01-02")
    host = replace(builders.snapshot(), taken_at="2026-05-02T00:00:00+00:00")
    with_one = scan(host, plugins, None, WaiverFile("/w.yaml", (old,)))
    assert with_one.results[-1].check == EXPIRED
    assert with_one.grade.coverage == scan(host, plugins).grade.coverage


def test_the_json_says_who_waived_what() -> None:
    from pydantic import TypeAdapter

    data = json.loads(document.as_json(judged(seen(), waivers=(waiver(),))))
    assert data["findings"][0]["waiver"] == {
        "reason": "the demo needs it",
        "owner": "dev",
        "accepted": "2026-01-02",
        "expires": "2026-02-01",
        "lapsed": "",
    }
    assert data["waivers"]["waivers"][0]["state"] == "in force"
    assert json.loads(document.as_json(plain_report()))["waivers"] is None
    TypeAdapter(document.ReportDocument).validate_python(data)


ENTRY = """\
  - finding: "0123456789abcdef"
    check: sockets/mode
    reason: needed for the demo
    owner: dev
    accepted: 2026-01-02
    expires: 2026-06-30
    severity: medium
    seen: [0123456789ab]
"""


def test_a_file_is_read_with_its_lines_and_without_surprises_of_yaml() -> None:
    other = ENTRY.replace("0123456789abcdef", "1234567890123456").replace("dev", "no").replace('"', "")
    text = f"# ours\nwaivers:\n  # why\n{ENTRY}{other}"
    first, second = parse(text.encode(), "w")
    assert (first.line, first.expires, first.seen) == (4, "2026-06-30", ("0123456789ab",))
    # Unquoted it would be a number, and the owner a false.
    assert (second.finding, second.owner) == ("1234567890123456", "no")
    assert (
        parse(b"", "w") == parse(b"# nothing\n", "w") == parse(b"waivers:\n", "w") == parse(b"waivers: []\n", "w") == ()
    )


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("    reason: needed for the demo\n", "", "w, line 2: reason: this is missing"),
        ("reason: needed for the demo", 'reason: "  "', "w, line 4: reason: it is empty"),
        ("reason: needed for the demo", "reason: [a]", "line 4: reason: Input should be a valid string"),
        ("    owner: dev\n", "    owner: dev\n    until: x\n", "w, line 6: until: this is not known here"),
        ("    owner: dev\n", "    owner: dev\n    owner: eve\n", "line 6: owner stands there twice"),
        ("2026-06-30", "2026-02-30", "line 7: expires: it is no day"),
        ("2026-06-30", "20260630", "line 7: expires: it is no day"),
        ("2026-06-30", "2026-07-02", "it holds for 181 days; a waiver holds for at most 180"),
        ("2026-06-30", "2026-01-01", "before it was accepted"),
        ("2026-06-30", "9999-12-31", "at most 180"),
        ("severity: medium", "severity: awful", "line 8: severity"),
        ("seen: [0123456789ab]", "seen: []", "line 9: seen"),
        ("seen: [0123456789ab]", "seen: [{}]", "line 9: seen"),
        ('"0123456789abcdef"', "0123", "line 2: finding"),
        ("check: sockets/mode", "check: ../../etc", "line 3: check"),
        ("waivers:", "waiver:", "line 1: waiver is not known here"),
        ("waivers:\n", "waivers:\n  - just words\n", "line 2: a waiver is a mapping"),
        ("waivers:\n", "{}\n---\nwaivers:\n", "cannot be read as one YAML document"),
        ("waivers:\n", "waivers: {}\nx:\n", "x is not known here"),
        ("waivers:\n", "\twaivers:\n", "line 1"),
        ("dev", "!!python/object:os.system x", "tag"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(old: str, new: str, words: str) -> None:
    text = f"waivers:\n{ENTRY}"
    assert old in text
    with pytest.raises(Unusable) as why:
        parse(text.replace(old, new).encode(), "w")
    assert words in str(why.value)


def test_the_same_finding_twice_is_refused_with_both_lines() -> None:
    with pytest.raises(Unusable, match=r"w, line 10: the finding 0123456789abcdef is waived on line 2 already"):
        parse(f"waivers:\n{ENTRY}{ENTRY}".encode(), "w")


@pytest.mark.parametrize(
    "raw",
    [
        b"[" * 5000,
        b"waivers: " + b"[" * 5000,
        b"a: &a [x]\nb: &b [*a,*a]\n",
        b"waivers:\n" + b"  - &a {x: *a}\n",
        b"\x00",
        b"waivers: 3",
        b"- 1",
        b"waivers:\n" + b"  - {}\n" * 3000,
    ],
)
def test_a_hostile_file_is_one_clear_refusal(raw: bytes) -> None:
    with pytest.raises(Unusable) as why:
        parse(raw, "w")
    assert str(why.value).startswith("w")


def test_hostile_words_are_made_visible_and_a_secret_is_taken_out() -> None:
    token = "ghp_" + "A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8"
    text = f"waivers:\n{ENTRY.replace('needed for the demo', json.dumps(f'{chr(0x202E)}see {token}'))}"
    (made,) = parse(text.encode(), "w")
    assert "\u202e" not in made.reason
    assert token not in made.reason


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root can give a file away")
def test_of_the_file_of_another_account_it_is_said_what_that_could_change(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    file = tmp_path / "waivers.yaml"
    file.write_text(f"waivers:\n{ENTRY}")
    file.chmod(0o644)
    os.chown(file, 12345, 12345)
    with pytest.raises(
        Unusable, match=r"could change what counts as accepted; copy the waivers to a place of your own"
    ):
        read(file)


def test_only_the_accounts_own_file_is_relied_on(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    file = tmp_path / "waivers.yaml"
    file.write_text(f"waivers:\n{ENTRY}")
    file.chmod(0o600)
    assert len(read(file).waivers) == 1
    file.chmod(0o622)
    with pytest.raises(Unusable, match=r"are not relied on.*chmod go-w"):
        read(file)
    usual = read_usual(file)
    assert usual is not None
    assert (usual.waivers, "not relied on" in usual.problem) == ((), True)
    file.chmod(0o600)
    (tmp_path / "link.yaml").symlink_to(file)
    with pytest.raises(Unusable, match="symbolic link"):
        read(tmp_path / "link.yaml")
    assert read_usual(tmp_path / "none.yaml") is None
    os.mkfifo(tmp_path / "fifo", 0o600)
    with pytest.raises(Unusable, match="fifo"):
        read(tmp_path / "fifo")


def test_a_problem_of_the_file_is_loud_in_the_report() -> None:
    plugins = Plugins({"sockets/mode": check(seen(), identity="sockets/mode")}, {})
    report = scan(builders.snapshot(), plugins, None, WaiverFile("/w.yaml", (), "/w.yaml, line 3: it is wrong"))
    assert "THE WAIVERS FILE WAS IGNORED\n  /w.yaml, line 3: it is wrong" in as_text(report)


@pytest.mark.parametrize(
    "before",
    [
        "",
        "# a note of ours\n",
        "waivers:\n",
        "waivers:   # ours\n\n# the end\n",
        f"# top\nwaivers:\n  # why the first\n{ENTRY}  # the last word",
        f"waivers:\n{ENTRY}\n# the end\n",
        "waivers:\n" + ENTRY.replace("\n  ", "\n").removeprefix("  "),
        "waivers:\n" + ENTRY.replace("needed for the demo", ">\n      in two\n      lines"),
        "waivers:\n" + ENTRY.replace("[0123456789ab]", "\n      - 0123456789ab\n      # more\n      - 0123456789ac"),
    ],
)
def test_writing_keeps_every_other_byte(before: str) -> None:
    added = waiver(reason='say "no" \\ # : 漢字 🙂')
    after = with_waiver(before.encode(), added, "w").decode()
    assert [each.reason for each in parse(after.encode(), "w")][-1] == added.reason
    assert before.rstrip("\n") in _without(after, added)
    renewed = replace(added, expires="2026-03-04", reason="again")
    again = with_waiver(after.encode(), renewed, "w").decode()
    assert again.count(added.finding) == 1
    assert _without(again, renewed) == _without(after, added)
    assert parse(again.encode(), "w")[-1].expires == "2026-03-04"


def _without(text: str, added: Waiver) -> str:
    indent = "  " if f"\n  - finding: {json.dumps(added.finding)}" in text else ""
    assert text.count(entry_text(added, indent)) == 1
    return text.replace(entry_text(added, indent), "")


def test_a_waiver_among_others_is_renewed_where_it_stands() -> None:
    one, two = (waiver(seen(detail=each)) for each in ("one", "two"))
    text = with_waiver(with_waiver(b"", one, "w"), two, "w").replace(b"  - finding", b"  # a note\n  - finding")
    after = with_waiver(text, replace(one, reason="another"), "w")
    assert [each.reason for each in parse(after, "w")] == ["another", two.reason]
    assert after.count(b"# a note") == 2
    assert after.index(one.finding.encode()) < after.index(two.finding.encode())


@pytest.mark.parametrize(
    "before", ["waivers: []\n", "{waivers: []}\n", "waivers: [{}]\n", "waivers:\r\n", "\ufeffwaivers:\n"]
)
def test_what_is_laid_out_otherwise_is_left_alone(before: str) -> None:
    with pytest.raises(Unusable):
        with_waiver(before.encode(), waiver(), "w")


@pytest.mark.parametrize("gone", range(3))
def test_a_waiver_is_taken_out_and_every_other_byte_stays(gone: int) -> None:
    three = [waiver(seen(detail=each)) for each in ("one", "two", "three")]
    text = b"# ours\n"
    for each in three:
        text = with_waiver(text, each, "w")
    text = text.replace(b"  - finding", b"  # a note\n  - finding") + b"# the end\n"
    after = without_waiver(text, three[gone].finding, "w")
    assert after.decode() == text.decode().replace(entry_text(three[gone], "  "), "")
    assert [each.finding for each in parse(after, "w")] == [each.finding for each in three if each is not three[gone]]


def test_after_the_last_one_is_out_the_file_takes_one_again() -> None:
    one = waiver()
    empty = without_waiver(with_waiver(b"", one, "w"), one.finding, "w")
    assert parse(empty, "w") == ()
    assert [each.finding for each in parse(with_waiver(empty, one, "w"), "w")] == [one.finding]


@pytest.mark.parametrize("before", ["", "waivers:\n", "waivers: []\n", "# none\n"])
def test_what_is_not_there_is_not_taken_out(before: str) -> None:
    with pytest.raises(Unusable):
        without_waiver(before.encode(), waiver().finding, "w")


def test_an_entry_that_is_laid_out_otherwise_is_not_taken_out() -> None:
    import yaml

    one = waiver()
    (entry,) = yaml.safe_load(with_waiver(b"", one, "w"))["waivers"]
    entry = {name: str(value) if name in ("accepted", "expires") else value for name, value in entry.items()}
    flow = f"waivers: [{json.dumps(entry)}]\n".encode()
    assert [each.finding for each in parse(flow, "w")] == [one.finding]
    with pytest.raises(Unusable, match="take it out by hand"):
        without_waiver(flow, one.finding, "w")
