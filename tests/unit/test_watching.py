"""Changes are noticed by cheap marks, told in words, and a flood of them neither starves nor drives the looks."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

import pytest

from tests import builders
from workbench import watching
from workbench.cli import run
from workbench.demo import demonstrated
from workbench.exits import Exit
from workbench.host.marks import booted
from workbench.model.clients import ClientFacts
from workbench.model.code import CodeFacts, CodeRoot, Observations, PathUse, Site
from workbench.model.facts import HostFacts
from workbench.model.finding import Evidence, Finding, NotAssessed, Subject
from workbench.model.processes import ProcessFacts
from workbench.model.report import CheckResult, Grade, Report, Status
from workbench.model.severity import Severity
from workbench.model.snapshot import Snapshot
from workbench.model.sockets import SocketFacts
from workbench.plugins import load
from workbench.report import watch_document
from workbench.scan import scan
from workbench.watching import Change, Difference, Watched, told, wait_for_change, watch

NAMED = "0000000000000000: 00000002 00000000 00010000 0001 01 {inode} {name}\n"


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    made = tmp_path / "proc"
    (made / "net").mkdir(parents=True)
    listen(made)
    return made


def listen(proc: Path, *names: str) -> None:
    lines = [NAMED.format(inode=number, name=name) for number, name in enumerate(names, 100)]
    (proc / "net/unix").write_text("Num RefCount Protocol Flags Type St Inode Path\n" + "".join(lines))


def start(proc: Path, pid: int, *command: str, ticks: int = 100) -> None:
    (proc / str(pid)).mkdir()
    (proc / str(pid) / "stat").write_text(f"{pid} (a b) c) S 1 {'0 ' * 17}{ticks} 0 0")
    (proc / str(pid) / "cmdline").write_bytes(b"\0".join(map(os.fsencode, command)) + b"\0")


def end(proc: Path, pid: int) -> None:
    for file in (proc / str(pid)).iterdir():
        file.unlink()
    (proc / str(pid)).rmdir()


def seen(home: Path, places: Sequence[str] = (), **sections: Any) -> Snapshot:
    """A snapshot that was begun just now, after everything that is there already."""
    made = builders.snapshot(
        **{
            "host": HostFacts("linux", "6.1.0", os.getuid(), "dev", str(home), "systemd"),
            "clients": ClientFacts(builders.COMPLETE, looked_at=tuple(str(home / place) for place in places)),
            **sections,
        }
    )
    return replace(made, taken_at=(datetime.now(UTC) + timedelta(seconds=1)).isoformat())


def words(changes: Sequence[Change], home: Path) -> list[str]:
    return [change.words.replace(f"{home}/", "") for change in changes]


def test_a_file_that_appears_changes_gets_another_mode_and_goes_is_told_once_each(tmp_path: Path, proc: Path) -> None:
    config = tmp_path / "mcp.json"
    watched = Watched.of(seen(tmp_path, ["mcp.json", "absent.json"]), str(proc))
    assert watched.changed() == ()
    steps: tuple[tuple[Callable[[], object], str], ...] = (
        (lambda: config.write_text("{}"), "mcp.json appeared"),
        (lambda: config.write_text('{"mcpServers": {}}'), "mcp.json changed"),
        (lambda: config.chmod(0o666), "mcp.json has another mode: 0644 before, 0666 now"),
        (lambda: config.unlink(), "mcp.json is gone"),
    )
    os.umask(0o022)
    for step, said in steps:
        step()
        assert words(watched.changed(), tmp_path) == [said]
        assert watched.changed() == ()


def test_startup_files_are_watched_before_they_exist(tmp_path: Path, proc: Path) -> None:
    watched = Watched.of(seen(tmp_path), str(proc))
    (tmp_path / ".bashrc").write_text("export A=b\n")
    assert words(watched.changed(), tmp_path) == [".bashrc appeared"]


def test_code_with_a_remark_on_it_is_watched(tmp_path: Path, proc: Path) -> None:
    file = tmp_path / "server.py"
    file.write_text("open(path)\n")
    seen_there = Observations(paths=(PathUse(Site(str(file), 1, 1), "tool", "path", "open", "none"),))
    code = CodeFacts(builders.COMPLETE, (CodeRoot(str(tmp_path / "program.py")),), seen_there)
    watched = Watched.of(seen(tmp_path, code=code), str(proc))
    file.write_text("open(contained(path))\n")
    (tmp_path / "program.py").write_text("")
    assert set(words(watched.changed(), tmp_path)) == {"server.py changed", "program.py appeared"}


def test_a_link_that_leads_elsewhere_and_a_change_behind_it_are_told(tmp_path: Path, proc: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).write_text(name)
    link = tmp_path / "mcp.json"
    link.symlink_to("one")
    watched = Watched.of(seen(tmp_path, ["mcp.json"]), str(proc))
    (tmp_path / "one").write_text("other")
    assert words(watched.changed(), tmp_path) == ["mcp.json changed"]
    link.unlink()
    link.symlink_to("two")
    assert words(watched.changed(), tmp_path) == ["mcp.json changed"]


def test_of_what_lies_beside_a_config_only_copies_of_it_are_told(tmp_path: Path, proc: Path) -> None:
    (tmp_path / "mcp.json").write_text("{}")
    where = builders.path(str(tmp_path / "mcp.json"), 0o600)
    clients = ClientFacts(builders.COMPLETE, (builders.config(path=where),))
    watched = Watched.of(seen(tmp_path, clients=clients), str(proc))
    for name in ("notes.txt", ".mcp.json.lock", "mcp.json.bak"):
        (tmp_path / name).write_text("")
    assert words(watched.changed(), tmp_path) == ["mcp.json.bak appeared"]
    (tmp_path / "mcp.json.bak").unlink()
    assert words(watched.changed(), tmp_path) == ["mcp.json.bak is gone"]


def test_what_changed_while_the_snapshot_was_made_is_not_lost(tmp_path: Path, proc: Path) -> None:
    (tmp_path / "mcp.json").write_text("{}")
    began = replace(seen(tmp_path, ["mcp.json"]), taken_at=(datetime.now(UTC) - timedelta(seconds=5)).isoformat())
    watched = Watched.of(began, str(proc))
    assert words(watched.changed(), tmp_path) == ["mcp.json changed"]
    assert watched.changed() == ()


def test_a_file_from_the_future_is_not_told_for_ever(tmp_path: Path) -> None:
    ahead = int((time.time() + 3600) * 1e9)
    mark = (1, 2, ahead, ahead, 3, 4, 5, 6)
    assert watching._since(time.time() - 10, mark) == mark


def test_a_server_that_ends_and_one_that_starts_are_told_and_other_programs_are_not(tmp_path: Path, proc: Path) -> None:
    start(proc, 41, "node", "/opt/files-mcp.js")
    began = booted() + 100 / os.sysconf("SC_CLK_TCK")
    files = builders.process(label="files", pid=41, chain=(41,), started=began)
    watched = Watched.of(seen(tmp_path, processes=ProcessFacts(builders.COMPLETE, (files,))), str(proc))
    assert watched.changed() == ()
    for pid, command in ((50, ("vim", "x")), (51, ("/usr/bin/node", "server.js")), (52, ("/opt/notes-mcp",)), (53, ())):
        start(proc, pid, *command)
    start(proc, 54, "node", "quick.js", ticks=int(time.clock_gettime(time.CLOCK_BOOTTIME) * os.sysconf("SC_CLK_TCK")))
    end(proc, 41)
    assert words(watched.changed(), tmp_path) == [
        "the process 41 (files) ended",
        "the process 51 (node) started",
        "the process 52 (notes-mcp) started",
    ]
    assert watched.changed() == ()
    end(proc, 51)
    assert words(watched.changed(), tmp_path) == ["the process 51 (node) ended"]


def test_a_process_id_that_is_another_processs_by_now_is_an_end(tmp_path: Path, proc: Path) -> None:
    start(proc, 41, "node", "files-mcp.js")
    files = builders.process(label="files", pid=41, chain=(41,), started=time.time() - 1)
    watched = Watched.of(seen(tmp_path, processes=ProcessFacts(builders.COMPLETE, (files,))), str(proc))
    assert "the process 41 (files) ended" in words(watched.changed(), tmp_path)
    assert words(watched.changed(), tmp_path) == []


def test_a_socket_that_appears_goes_or_opens_is_told(tmp_path: Path, proc: Path) -> None:
    file = tmp_path / "mcp.sock"
    file.write_text("")
    file.chmod(0o600)
    listen(proc, "@abstract", str(file))
    known = builders.socket(builders.path(str(file), 0o600, kind="socket"))
    watched = Watched.of(seen(tmp_path, sockets=SocketFacts(builders.COMPLETE, (known,))), str(proc))
    file.chmod(0o666)
    listen(proc, "@mcp-new", str(file))
    assert words(watched.changed(), tmp_path) == [
        "mcp.sock has another mode: 0600 before, 0666 now",
        "the socket @abstract is gone",
        "the socket @mcp-new appeared",
    ]


def test_names_are_made_visible(tmp_path: Path, proc: Path) -> None:
    watched = Watched.of(seen(tmp_path), str(proc))
    listen(proc, "/tmp/mcp\x1b]0;owned\x07.sock")
    (change,) = watched.changed()
    assert "\x1b" not in change.words and "owned" in change.words


def test_a_flood_is_cut(tmp_path: Path, proc: Path) -> None:
    watched = Watched.of(seen(tmp_path), str(proc))
    listen(proc, *(f"/tmp/mcp-{number}.sock" for number in range(5000)))
    assert len(watched.changed()) == 200
    assert watched.changed() == ()


def test_another_system_is_watched_by_its_files_alone(tmp_path: Path) -> None:
    host = HostFacts("darwin", "24", os.getuid(), "dev", str(tmp_path))
    watched = Watched.of(seen(tmp_path, ["mcp.json"], host=host))
    (tmp_path / "mcp.json").write_text("{}")
    assert words(watched.changed(), tmp_path) == ["mcp.json appeared"]


def test_asking_runs_nothing_and_reads_no_file_of_the_home(
    tmp_path: Path, proc: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mcp.json").write_text("{}")
    watched = Watched.of(seen(tmp_path, ["mcp.json"]), str(proc))
    (tmp_path / "mcp.json").write_text('{"a": 1}')
    opened: list[str] = []
    real = open

    def noting(file: Any, *rest: Any, **more: Any) -> Any:
        opened.append(str(file))
        return real(file, *rest, **more)

    monkeypatch.setattr("builtins.open", noting)
    monkeypatch.setattr("subprocess.Popen", lambda *given, **more: pytest.fail("it started a program"))
    assert watched.changed()
    assert [name for name in opened if not name.startswith(str(proc))] == []


class Fake:
    """Changes as a test has them: what each poll says, in order; after that the last for ever."""

    def __init__(self, *polls: tuple[str, ...]) -> None:
        self.polls = list(polls)
        self.asked = 0

    def changed(self) -> tuple[Change, ...]:
        self.asked += 1
        poll = self.polls.pop(0) if len(self.polls) > 1 else self.polls[0]
        return tuple(Change("file", name, f"{name} changed") for name in poll)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "EVERY", 0.08)
    monkeypatch.setattr(watching, "_SETTLE", 0.01)
    monkeypatch.setattr(watching, "_LONGEST_PAUSE", 0.5)


@pytest.mark.usefixtures("quick")
def test_changes_close_together_are_one(tmp_path: Path) -> None:
    fake = Fake((), ("a",), ("b",), ("a",), ())
    found = wait_for_change(cast(Watched, fake), threading.Event(), 0.01)
    assert [change.name for change in found] == ["a", "b"]


@pytest.mark.usefixtures("quick")
def test_what_never_rests_is_told_all_the_same() -> None:
    assert wait_for_change(cast(Watched, Fake(("a",))), threading.Event(), 0.01)


@pytest.mark.usefixtures("quick")
def test_waiting_ends_when_it_is_stopped() -> None:
    stop = threading.Event()
    threading.Timer(0.05, stop.set).start()
    assert wait_for_change(cast(Watched, Fake(())), stop, 0.01) == ()


def report_of(*results: CheckResult, letter: str = "C") -> Report:
    grade = Grade(letter, "", 50.0, 1.0, letter)
    return Report(1, "0", "2026-01-02T03:04:05+00:00", "linux", "dev", grade, "", (), results, {})


def result_of(*findings: Finding, status: Status = Status.FOUND, gaps: tuple[NotAssessed, ...] = ()) -> CheckResult:
    signed = tuple(finding.of_check("a/b", ()) for finding in findings)
    return CheckResult("a/b", "t", Severity.HIGH, status, signed, not_assessed=gaps)


def finding_of(name: str, severity: Severity = Severity.HIGH) -> Finding:
    return Finding(Subject("file", name, name), severity, f"{name} is open", (Evidence("x", "y"),))


A, B, D = map(finding_of, "abd")
ABC = replace(A, also=(B.subject, finding_of("c").subject))
BC = replace(B, also=(finding_of("c").subject,))
GAP = NotAssessed("b", "permission denied")


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (result_of(A), result_of(A), []),
        (result_of(A), result_of(A, B), ["new: high b is open"]),
        (result_of(A, B), result_of(A), ["gone: high b is open"]),
        (result_of(A), result_of(status=Status.PASSED), ["gone: high a is open"]),
        (
            result_of(finding_of("a", Severity.LOW)),
            result_of(A),
            ["worse: high a is open (it was low)"],
        ),
        (
            result_of(A),
            result_of(finding_of("a", Severity.LOW)),
            ["better: low a is open (it was high)"],
        ),
        (result_of(A, B), result_of(A, gaps=(GAP,)), ["not assessed any more: high b is open"]),
        (result_of(A, B, gaps=(GAP,)), result_of(A, gaps=(GAP,)), ["gone: high b is open"]),
        (result_of(A), result_of(status=Status.ERROR), ["not assessed any more: high a is open"]),
        (result_of(A), result_of(replace(A, summary="a is open to all")), []),
        (result_of(ABC), result_of(BC), ["better: high b is open (it was about 1 more)"]),
        (
            result_of(ABC),
            result_of(replace(BC, severity=Severity.LOW)),
            ["better: low b is open (it was high)"],
        ),
        (result_of(ABC), result_of(A, BC), ["better: high b is open (it was about 1 more)"]),
        (result_of(ABC), result_of(ABC, B), ["new: high b is open"]),
        (result_of(ABC), result_of(D), ["new: high d is open", "gone: high a is open"]),
        (
            result_of(ABC),
            result_of(BC, gaps=(GAP,)),
            ["new: high b is open", "not assessed any more: high a is open"],
        ),
    ],
)
def test_reports_are_compared_finding_by_finding(before: CheckResult, after: CheckResult, said: list[str]) -> None:
    difference = told(report_of(before), report_of(after))
    assert list(difference.words) == said
    assert bool(difference) == bool(said)


def test_a_check_that_is_gone_or_not_applicable_takes_its_findings_along() -> None:
    nothing = replace(result_of(status=Status.NOT_APPLICABLE), reason="no client configuration was found")
    assert told(report_of(result_of(A)), report_of(nothing)).gone
    assert told(report_of(result_of(A)), report_of()).gone


def test_another_grade_is_told() -> None:
    difference = told(report_of(result_of(A)), report_of(result_of(A), letter="F"))
    assert difference.words == ("grade: F (it was C)",)


@pytest.mark.usefixtures("quick")
def test_looking_again_tells_what_differs_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    stop = threading.Event()
    reports = [report_of(result_of(A)), report_of(result_of(A, B)), report_of(result_of(A, B))]
    heard: list[tuple[str, ...]] = []
    monkeypatch.setattr(Watched, "of", lambda snapshot: Fake(("x",), ()))
    host = builders.snapshot()

    def look() -> tuple[Snapshot, Report]:
        made = reports.pop(0)
        if not reports:
            stop.set()
        return host, made

    watch(look, (host, report_of(result_of(A))), lambda _, found, __: heard.append(found.words), stop, 0.01)
    assert heard == [("new: high b is open",)]


@pytest.mark.usefixtures("quick")
def test_what_keeps_changing_for_nothing_is_looked_at_less_and_less_but_never_not_at_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stop, times = threading.Event(), [time.monotonic()]
    monkeypatch.setattr(Watched, "of", lambda snapshot: Fake(("busy.json",)))
    host, report = builders.snapshot(), report_of(result_of(A))

    def look() -> tuple[Snapshot, Report]:
        times.append(time.monotonic())
        if len(times) == 6:
            stop.set()
        return host, report

    watch(look, (host, report), lambda *_: pytest.fail("nothing differs"), stop, 0.01)
    pauses = [after - before for before, after in pairwise(times)]
    assert all(pause >= 0.08 for pause in pauses)
    assert pauses[-1] > 2 * pauses[0]
    assert pauses[-1] < 5


def test_a_line_is_one_document_as_its_schema_says() -> None:
    published = json.loads((Path(watch_document.__file__).parent / "schema/watch-v1.json").read_text())
    assert published == watch_document.schema(), "run: python scripts/schema.py"
    report = scan(demonstrated(), load())
    lines = [
        watch_document.report_line(report),
        watch_document.changed_line(
            (Change("file", "/x", "/x changed"),),
            Difference(tuple(report.findings()), worse=((A, A),), grade=("A", "F")),
            report,
        ),
    ]
    assert all("\n" not in line for line in lines)
    first, changed = map(json.loads, lines)
    assert first["event"] == "report" and first["report"]["schema_version"] == 1
    assert changed["event"] == "changed" and changed["worse"][0]["was"] == "high" and changed["grade"] == "F"
    assert set(changed) == set(published["$defs"]["ChangedLine"]["required"])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--watch"], "goes with --headless"),
        (["--headless", "--demo", "--watch"], "--demo"),
        (["--headless", "--replay", "x", "--watch"], "--replay"),
        (["--headless", "--sudo", "--watch"], "run it as root"),
        (["--headless", "--watch", "0.1"], "0.5 to 3600"),
        (["--headless", "--watch", "nan"], "0.5 to 3600"),
    ],
)
def test_what_does_not_go_together_is_said(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(arguments) == Exit.USAGE
    assert said in capsys.readouterr().err
