"""What was read, run, connected to and written is noted, bounded, and shown without a secret."""

from __future__ import annotations

import stat
import threading
from pathlib import Path

import pytest

from workbench import activity
from workbench.activity import acts, began, note, note_of_each, note_run, total
from workbench.host.command import find_program, run
from workbench.host.files import CannotLook, read_bounded
from workbench.repair.operations import carry_out
from workbench.repair.paths import spot
from workbench.repair.publish import publish, temporary_name
from workbench.repair.staged import StagedMode

TOKEN = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"


@pytest.fixture(autouse=True)
def nothing_yet() -> None:
    activity.forget()


def test_a_file_that_is_read_is_noted_with_its_size_and_one_that_is_not_with_why(tmp_path: Path) -> None:
    (tmp_path / "there").write_text("12345")
    read_bounded(tmp_path / "there")
    with pytest.raises(CannotLook):
        read_bounded(tmp_path / "gone")
    assert [(act.kind, act.shown, act.ended) for act in acts()] == [
        ("read", f"{tmp_path}/there", "5 bytes"),
        ("read", f"{tmp_path}/gone", "it does not exist"),
    ]


def test_a_program_that_is_run_is_noted_with_its_whole_vector_and_status() -> None:
    run((find_program("sh"), "-c", "exit 3"), 5.0)
    with pytest.raises(CannotLook):
        run(("/nonexistent/program", "x"), 5.0)
    first, second = acts()
    assert (first.kind, first.ended) == ("ran", "exit 3")
    assert first.shown.endswith("/sh -c 'exit 3'")
    assert "could not be started" in second.ended


@pytest.mark.parametrize(
    ("vector", "kind"),
    [
        (("/usr/bin/sudo", "-n", "--", "/usr/bin/cat", "/etc/shadow"), "ran as root"),
        (("/usr/bin/sudo", "-u", "#1000", "--", "/usr/bin/python3"), "ran"),
        (("/usr/bin/cat", "/etc/hosts"), "ran"),
    ],
)
def test_what_sudo_runs_as_root_is_told_apart(vector: tuple[str, ...], kind: str) -> None:
    note_run(vector, began(), 0)
    assert [act.kind for act in acts()] == [kind]


def test_what_a_repair_writes_is_noted(tmp_path: Path) -> None:
    file = tmp_path / "config.json"
    file.write_text("{}")
    with spot(str(file)) as place:
        from workbench.repair.fingerprint import read, status_of

        before, _ = read(place)
        publish(place, before, b"[]", temporary_name(place.name), lambda _: None, lambda _: None)
        now = status_of(place)
    carry_out(0, StagedMode(str(file), str(file), now, 0o600), b"", lambda _: None, lambda _: None)
    wrote = [act.shown for act in acts() if act.kind == "wrote"]
    assert wrote == [str(file), f"the mode 0600 of {file}"]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_no_secret_and_no_control_character_is_shown() -> None:
    note_run(("/usr/bin/tool", "--token", TOKEN, f"--header=Authorization: Bearer {TOKEN}", "\x1b[2J"), began(), 0)
    note("read", f"/home/dev/{TOKEN}/x\u202e\x1b", began(), "why \x1b[2J")
    for act in acts():
        assert TOKEN not in act.shown
        assert "\x1b" not in act.shown + act.ended and "\u202e" not in act.shown


def test_reading_every_process_is_one_line(tmp_path: Path) -> None:
    for pid in range(1, 400):
        note("read", f"/proc/{pid}/status", began(), 10)
    note_of_each("/proc/[pid]/environ", began(), 7)
    note_of_each("/proc/[pid]/environ", began(), 5)
    assert [(act.shown, act.times) for act in acts()] == [("/proc/[pid]/status", 399), ("/proc/[pid]/environ", 12)]


def test_only_the_last_is_kept_and_numbers_go_on() -> None:
    for number in range(activity.MOST + 10):
        note("read", f"/{number}", began(), 0)
    kept = acts()
    assert len(kept) == activity.MOST
    assert (kept[0].shown, kept[-1].shown) == ("/10", f"/{activity.MOST + 9}")
    assert total() == activity.MOST + 10
    assert [act.shown for act in acts(after=total() - 1)] == [kept[-1].shown]


def test_threads_lose_nothing() -> None:
    def work() -> None:
        for number in range(300):
            note("read", f"/{number}", began(), 0)
            note_of_each("/proc/[pid]/stat", began())

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert total() == 4 * 300 + 1
    assert next(act.times for act in acts() if act.shown == "/proc/[pid]/stat") == 4 * 300


def test_a_huge_vector_is_cut() -> None:
    note_run(("/usr/bin/cat", *(f"/{number}" for number in range(100_000))), began(), 0)
    assert len(acts()[0].what) == 200 and len(acts()[0].shown) <= 4096
