"""``workbench waive``, ``waivers`` and ``report`` as a person meets them."""

from __future__ import annotations

import json
import stat
from datetime import timedelta
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from tests.unit.test_cli import workbench
from tests.unit.test_snapshot_file import full
from workbench.report import waivers_document
from workbench.report.snapshot_file import to_json

CHECK = "sockets/connectable-by-others"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    tmp_path.chmod(0o700)
    (tmp_path / "host.json").write_text(to_json(full()))
    return tmp_path


def identity(home: Path, *options: str) -> str:
    done = workbench("--headless", "--json", "--replay", "host.json", *options, home=home)
    return str(next(each["identity"] for each in json.loads(done.stdout)["findings"] if each["check"] == CHECK))


def waive(home: Path, *more: str, until: str = "2026-06-30", reason: str = "the demo needs it") -> int:
    arguments = ("waive", identity(home), "--reason", reason, "--until", until, "--replay", "host.json", *more)
    done = workbench(*arguments, home=home)
    assert "Traceback" not in done.stderr
    return done.returncode


def usual(home: Path) -> Path:
    return home / ".config" / "workbench" / "waivers.yaml"


def test_accept_see_and_judge(home: Path) -> None:
    assert waive(home) == 0
    assert stat.S_IMODE(usual(home).stat().st_mode) == 0o600
    assert stat.S_IMODE(usual(home).parent.stat().st_mode) == 0o700
    listed = workbench("waivers", "--replay", "host.json", home=home)
    assert listed.returncode == 0
    assert f"in force      until 2026-06-30  {CHECK}" in listed.stdout
    assert "accepted by dev: the demo needs it" in listed.stdout
    # A snapshot gives the same report on every machine: only a named file is applied to it.
    arguments = ("--headless", "--json", "--replay", "host.json")
    plain = json.loads(workbench(*arguments, home=home).stdout)
    assert plain["waivers"] is None
    held = json.loads(workbench(*arguments, "--waivers", str(usual(home)), home=home).stdout)
    assert [each["check"] for each in held["findings"] if each["waiver"]] == [CHECK]
    assert held["grade"]["score"] > plain["grade"]["score"]


def test_the_same_for_scripts_as_one_document_of_its_schema(home: Path) -> None:
    named = ("waivers", "--json", "--replay", "host.json")
    none = workbench(*named, home=home)
    assert none.returncode == 0
    told = json.loads(none.stdout)
    assert (told["there"], told["path"], told["waivers"]) == (False, str(usual(home)), [])
    assert waive(home) == 0
    done = workbench(*named, home=home)
    assert done.returncode == 0 and done.stdout.isascii()
    told = json.loads(done.stdout)
    (entry,) = told["waivers"]
    assert (told["there"], told["problem"], told["taken_at"]) == (True, "", full().taken_at)
    assert (entry["finding"], entry["check"], entry["state"]) == (identity(home), CHECK, "in force")
    assert (entry["reason"], entry["owner"], entry["expires"]) == ("the demo needs it", "dev", "2026-06-30")
    assert entry["now"]["summary"] and entry["now"]["severity"] == entry["severity"]
    later = json.loads((home / "host.json").read_text()) | {"taken_at": "2026-07-01T00:00:00+00:00"}
    (home / "later.json").write_text(json.dumps(later))
    over = workbench("waivers", "--json", "--replay", "later.json", home=home)
    assert over.returncode == 6
    assert [each["state"] for each in json.loads(over.stdout)["waivers"]] == ["expired"]
    schema = json.loads((Path(waivers_document.__file__).parent / "schema" / "waivers-v1.json").read_text())
    assert schema == waivers_document.schema(), "run: python scripts/schema.py"
    for output in (none, done, over):
        Draft202012Validator(schema).validate(json.loads(output.stdout))


def test_a_waivers_file_that_is_not_relied_on_is_no_empty_list(home: Path) -> None:
    usual(home).parent.mkdir(parents=True, mode=0o700)
    usual(home).write_text("waivers:\n  - reason: x\n")
    done = workbench("waivers", "--json", home=home)
    assert done.returncode == 2
    told = json.loads(done.stdout)
    assert told["there"] and told["waivers"] == [] and "line 2: check: this is missing" in told["problem"]
    named = workbench("waivers", "--json", "--waivers", str(usual(home)), home=home)
    assert (named.returncode, named.stdout) == (2, "") and "line 2" in named.stderr


def test_only_what_nobody_accepted_fails_a_build(home: Path) -> None:
    assert waive(home) == 0
    arguments = ("--headless", "--replay", "host.json", "--fail-on", "critical")
    assert workbench(*arguments, home=home).returncode == 1
    assert workbench(*arguments, "--waivers", str(usual(home)), home=home).returncode == 0


def test_renewing_replaces_the_entry_and_keeps_the_comments(home: Path) -> None:
    assert waive(home) == 0
    usual(home).write_text("# ours\n" + usual(home).read_text())
    assert waive(home, "--owner", "Ops <ops@example.org>", reason="still", until="2026-05-01") == 0
    text = usual(home).read_text()
    assert text.startswith("# ours\n")
    assert (text.count("- finding:"), text.count("expires: 2026-05-01")) == (1, 1)
    assert 'owner: "Ops <ops@example.org>"' in text


def test_what_was_accepted_is_taken_back(home: Path) -> None:
    assert waive(home) == 0
    usual(home).write_text("# ours\n" + usual(home).read_text())
    name = identity(home)
    assert "--remove" in workbench("waive", "--help", home=home).stdout
    for more, status, words in (
        (("--read-only",), 5, "--read-only"),
        (("--reason", "x"), 2, "--reason says nothing about that"),
        (("--until", "2026-06-30"), 2, "--until says nothing about that"),
        (("--replay", "host.json"), 2, "--replay says nothing about that"),
    ):
        done = workbench("waive", name, "--remove", *more, home=home)
        assert (done.returncode, words in done.stderr, done.stdout) == (status, True, ""), done.stderr
    for wrong in ("ffffffffffffffff", ""):
        done = workbench("waive", wrong, "--remove", home=home)
        assert (done.returncode, "see: workbench waivers" in done.stderr) == (2, True), done.stderr
    assert name in usual(home).read_text()
    done = workbench("waive", name[:8], "--remove", home=home)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"{name}  not accepted any more") and CHECK in done.stdout
    assert usual(home).read_text().startswith("# ours\n") and name not in usual(home).read_text()
    assert stat.S_IMODE(usual(home).stat().st_mode) == 0o600
    assert "nothing is waived" in workbench("waivers", "--replay", "host.json", home=home).stdout
    assert workbench("waive", name, "--remove", home=home).returncode == 2
    assert waive(home) == 0


def test_nothing_is_taken_back_of_what_is_not_there_or_not_relied_on(home: Path) -> None:
    done = workbench("waive", "0123456789abcdef", "--remove", home=home)
    assert (done.returncode, "nothing is waived: there is no" in done.stderr) == (2, True)
    assert not usual(home).exists()
    assert waive(home) == 0
    usual(home).chmod(0o666)
    before = usual(home).read_text()
    assert workbench("waive", identity(home), "--remove", home=home).returncode == 2
    assert usual(home).read_text() == before


def test_an_expired_waiver_has_its_own_exit_status(home: Path) -> None:
    assert waive(home, until="2026-01-02") == 0
    later = json.loads((home / "host.json").read_text())
    later["taken_at"] = "2026-01-03T00:00:00+00:00"
    (home / "later.json").write_text(json.dumps(later))
    arguments = ("--replay", "later.json", "--waivers", str(usual(home)))
    assert workbench("waivers", *arguments, home=home).returncode == 6
    assert workbench("--headless", *arguments, "--fail-on", "low", home=home).returncode == 1
    done = workbench("--headless", *arguments, home=home)
    assert "accepted no more since 2026-01-02" in done.stdout
    explained = workbench("explain", "waivers/expired", home=home)
    assert "How an attacker uses it" in explained.stdout


def test_the_exit_status_of_an_expired_waiver_alone() -> None:
    from tests.unit.test_waivers import DAY, judged, seen, waiver
    from workbench.commands import verdict
    from workbench.model.waiver import EXPIRED

    report = judged(seen(), waivers=(waiver(),), day=DAY + timedelta(days=60))
    assert EXPIRED in {finding.check for finding in report.standing()}
    assert [verdict(report, level, 0.0) for level in ("critical", "high", "medium", "low", "never")] == [6, 6, 1, 1, 0]


@pytest.mark.parametrize(
    ("more", "until", "reason", "words"),
    [
        ((), "2027-01-01", "x", "at most 180 days"),
        ((), "2026-01-01", "x", "at most 180 days"),
        ((), "soon", "x", "is no day"),
        ((), "2026-W10-1", "x", "is no day"),
        ((), "2026-06-30", "  ", "--reason: it is empty"),
        (("--owner", " "), "2026-06-30", "x", "--owner: it is empty"),
        (("--waivers", "/no/such/folder/w.yaml"), "2026-06-30", "x", "nothing was accepted"),
    ],
)
def test_what_cannot_be_accepted(home: Path, more: tuple[str, ...], until: str, reason: str, words: str) -> None:
    arguments = ("waive", identity(home), "--reason", reason, "--until", until, "--replay", "host.json", *more)
    done = workbench(*arguments, home=home)
    assert (done.returncode, words in done.stderr, done.stdout) == (2, True, ""), done.stderr
    assert not usual(home).exists()


def test_nothing_is_accepted_read_only_or_without_a_reason_or_of_nothing(home: Path) -> None:
    assert waive(home, "--read-only") == 5
    assert workbench("waive", "abc", "--until", "2026-06-30", home=home).returncode == 2
    arguments = ("--reason", "x", "--until", "2026-06-30", "--replay", "host.json")
    assert workbench("waive", "ffff", *arguments, home=home).returncode == 2
    assert workbench("waive", "", *arguments, home=home).returncode == 2
    assert not usual(home).exists()


def test_a_file_that_others_can_write_is_neither_believed_nor_changed(home: Path) -> None:
    assert waive(home) == 0
    usual(home).chmod(0o666)
    before = usual(home).read_text()
    done = workbench("--headless", "--fail-on", "never", home=home)
    assert done.returncode == 0
    assert "THE WAIVERS ARE IGNORED" in done.stderr
    assert "THE WAIVERS FILE WAS IGNORED" in done.stdout
    named = workbench("--headless", "--waivers", str(usual(home)), home=home)
    assert (named.returncode, named.stdout) == (2, "")
    assert waive(home) == 2
    assert usual(home).read_text() == before


def test_a_mistake_in_the_file_is_told_with_its_line(home: Path) -> None:
    usual(home).parent.mkdir(parents=True, mode=0o700)
    usual(home).parent.parent.chmod(0o700)
    usual(home).write_text("waivers:\n  - reason: x\n")
    usual(home).chmod(0o600)
    done = workbench("waivers", home=home)
    assert done.returncode == 2
    assert "waivers.yaml, line 2: check: this is missing" in done.stderr


def test_without_a_file_nothing_is_waived(home: Path) -> None:
    done = workbench("waivers", "--replay", "host.json", home=home)
    assert (done.returncode, "nothing is waived" in done.stdout) == (0, True)
    assert workbench("--headless", "--waivers", "none.yaml", "--replay", "host.json", home=home).returncode == 2


@pytest.mark.parametrize(
    ("name", "begin"), [("r.html", "<!doctype html>"), ("r.md", "# MCP"), ("r.sarif", "{"), ("r.json", "{")]
)
def test_a_report_goes_to_a_file(home: Path, name: str, begin: str) -> None:
    done = workbench("report", "--replay", "host.json", "--output", name, home=home)
    assert (done.returncode, done.stdout) == (1, "")
    assert (home / name).read_text().startswith(begin)
    assert stat.S_IMODE((home / name).stat().st_mode) == 0o600
    shown = workbench(
        "report", "--replay", "host.json", "--format", {"r.md": "markdown"}.get(name, name[2:]), home=home
    )
    assert shown.stdout == (home / name).read_text()


def test_a_report_fails_as_the_headless_one_does(home: Path) -> None:
    arguments = ("report", "--replay", "host.json", "--output", "-")
    assert workbench(*arguments, "--fail-on", "never", home=home).returncode == 0
    assert workbench("--fail-on", "never", *arguments, home=home).returncode == 0
    assert workbench(*arguments, "--fail-on", "never", "--min-coverage", "100", home=home).returncode == 3
    assert not (home / "-").exists()


def test_a_report_is_not_written_over_what_is_no_file(home: Path) -> None:
    (home / "folder").mkdir()
    done = workbench("report", "--replay", "host.json", "--output", "folder", home=home)
    assert (done.returncode, "not a regular file" in done.stderr) == (2, True)
    done = workbench("report", "--replay", "host.json", "--output", "/dev/full", home=home)
    assert done.returncode == 2


def test_sarif_since_a_baseline(home: Path) -> None:
    base = workbench("--headless", "--json", "--replay", "host.json", home=home).stdout
    (home / "old.json").write_text(base)
    done = workbench("report", "--format", "sarif", "--baseline", "old.json", "--replay", "host.json", home=home)
    states = {result["baselineState"] for result in json.loads(done.stdout)["runs"][0]["results"]}
    assert states == {"unchanged"}
    assert workbench("report", "--baseline", "old.json", "--replay", "host.json", home=home).returncode == 2
