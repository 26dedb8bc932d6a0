"""The backups are listed with whether they hold a secret, and deleted only where nothing needs them any more."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.repair.support import SECRET, applied, edit, journal_text, mode, plan, prepared, records, tree, written
from workbench.model.operations import EditLine
from workbench.model.run import Run, RunState
from workbench.repair import arming
from workbench.repair.backups import backups, purge
from workbench.repair.history import history
from workbench.repair.prepare import Prepared, prepare
from workbench.repair.recovering import recover
from workbench.repair.transaction import apply
from workbench.repair.undo import undo

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="repairs are made on Linux only")
PLAIN = b'{"mcpServers": {"files": {"command": "npx", "args": ["-y", "pkg"]}}}'


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir(mode=0o700)
    return folder


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


def kept(state: Path) -> list[str]:
    return sorted(f"{place.parent.name}/{place.name}" for place in state.glob("runs/*/backup-*"))


def made_old(state: Path, run: Run, days: float) -> None:
    for place in (state / "runs" / run.identity).glob("backup-*"):
        then = place.stat().st_mtime - days * 86400
        os.utime(place, (then, then))


def test_each_is_listed_with_its_file_and_whether_it_holds_a_secret(home: Path, state: Path) -> None:
    assert backups(state) == ()
    one = applied(state, edit(written(home)))
    two = applied(state, edit(written(home, "plain.json", PLAIN)))
    profile = home / ".profile"
    profile.write_text(f"export GITHUB_TOKEN=ghp_{'a1B2' * 9}\numask 022\n")
    three = applied(state, EditLine(str(profile), "bash", 2, "umask 022", "umask 077"))
    applied(state, mode(written(home, "mode.json", mode=0o644)))
    found = backups(state)
    assert [(each.run, each.file, each.secret) for each in found] == [
        (three.identity, str(profile), True),
        (two.identity, str(home / "plain.json"), False),
        (one.identity, str(home / "mcp.json"), True),
    ]
    assert found[1].size == len(PLAIN) and 0 <= found[1].age < 600 and found[1].needed == ""
    assert SECRET not in repr(found)


def test_what_is_purged_is_gone_and_its_undo_says_so(home: Path, state: Path) -> None:
    file = written(home)
    one = applied(state, edit(file))
    two = applied(state, edit(written(home, "plain.json", PLAIN)))
    done = purge(state, [one.identity[:22]])
    assert (done.backups, done.runs, done.kept, done.refused) == (1, (one.identity,), (), "")
    assert kept(state) == [f"{two.identity}/backup-0"]
    assert records(state, one.identity)[-1] == "purged"
    before = tree(home)
    refused = undo(state, one.identity)
    assert refused.state is RunState.REFUSED and "was purged at" in refused.message and tree(home) == before
    assert undo(state, two.identity).state is RunState.UNDONE
    assert history(state)[-1].state is RunState.APPLIED
    assert SECRET not in journal_text(state)


def test_a_run_that_changed_only_a_mode_needs_no_backup_to_be_undone(home: Path, state: Path) -> None:
    run = applied(state, mode(written(home, mode=0o644)))
    assert purge(state, [run.identity]).backups == 0
    assert undo(state, run.identity).state is RunState.UNDONE


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"secrets": True}, {"old secret", "new secret"}),
        ({"older_than": 30}, {"old secret", "old plain"}),
        ({"secrets": True, "older_than": 30}, {"old secret"}),
        ({"older_than": 0}, {"old secret", "old plain", "new secret", "new plain"}),
        ({}, set()),
    ],
)
def test_which_are_chosen(asked: dict[str, Any], expected: set[str], home: Path, state: Path) -> None:
    runs = {}
    for name in ("old secret", "old plain", "new secret", "new plain"):
        content = PLAIN if "plain" in name else None
        run = applied(state, edit(written(home, f"{name}.json", content)))
        made_old(state, run, 40 if "old" in name else 0)
        runs[run.identity] = name
    assert {runs[run] for run in purge(state, **asked).runs} == expected


def test_what_was_interrupted_keeps_its_backups_whatever_is_asked(home: Path, state: Path) -> None:
    file = written(home)
    before = file.read_bytes()
    child = os.fork()
    if child == 0:
        try:
            apply(prepared(edit(file)), state, lambda: os._exit(9) or "")
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    (run,) = history(state)
    for asked in ({"runs": [run.identity]}, {"secrets": True}, {"older_than": 0.0}):
        done = purge(state, **asked)
        assert done.backups == 0 and "interrupted" in done.kept[0]
    assert "interrupted" in backups(state)[0].needed
    recover(state)
    assert file.read_bytes() == before
    assert purge(state, [run.identity]).backups == 1


def test_what_waits_to_be_confirmed_keeps_its_backups(home: Path, state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arming, "start_process", lambda writer: (writer.folder / "watched").touch() or "")
    made = prepare(replace(plan(edit(written(home))), confirm=3600))
    assert isinstance(made, Prepared)
    run = apply(made, state, lambda: "")
    done = purge(state, [run.identity])
    assert done.backups == 0 and "waits to be confirmed" in done.kept[0]


def test_what_could_not_be_rolled_back_keeps_them_unless_it_is_named(home: Path, state: Path) -> None:
    file = written(home)

    def spoil() -> str:
        file.write_bytes(b"{}")
        return "it did not help"

    run = apply(prepared(edit(file)), state, spoil)
    assert run.state is RunState.ROLLBACK_FAILED
    assert purge(state, secrets=True).backups == 0 and len(kept(state)) == 1
    assert purge(state, [run.identity]).backups == 1


def test_a_run_whose_journal_cannot_be_read_is_listed_and_kept(home: Path, state: Path) -> None:
    run = applied(state, edit(written(home)))
    (state / "runs" / run.identity / "journal.jsonl").write_text("{}\n{}\n")
    (found,) = backups(state)
    assert found.run == run.identity and found.file == "" and found.needed
    assert purge(state, secrets=True).kept and len(kept(state)) == 1


def test_read_only_and_the_lock_are_respected(home: Path, state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import fcntl

    from workbench.repair import backups as module

    run = applied(state, edit(written(home)))
    assert "--read-only" in purge(state, [run.identity], read_only=True).refused
    monkeypatch.setattr(module, "_PATIENCE", 0.1)
    with (state / "lock").open("r+b") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        assert "right now" in purge(state, [run.identity]).refused
    assert len(kept(state)) == 1
    with pytest.raises(LookupError):
        purge(state, ["2020-nothing"])
    assert purge(state, older_than=float("nan")).refused


def test_a_crash_between_the_note_and_the_deletion_is_made_good_by_the_next_purge(home: Path, state: Path) -> None:
    run = applied(state, edit(written(home)))
    journal = state / "runs" / run.identity / "journal.jsonl"
    torn = journal.read_text() + '{"record":"pur'
    journal.write_text(torn)
    assert purge(state, [run.identity]).backups == 1
    assert "was purged" in undo(state, run.identity).message
    (state / "runs" / run.identity / "backup-0").write_bytes(b"left")
    assert backups(state)[0].run == run.identity
    assert purge(state, [run.identity]).backups == 1 and kept(state) == []


def test_only_its_own_files_are_deleted(home: Path, state: Path) -> None:
    run = applied(state, edit(written(home)))
    folder = state / "runs" / run.identity
    precious = home / "precious"
    precious.write_text("mine")
    (folder / "backup-7").symlink_to(precious)
    (folder / "backup-x").write_text("what")
    json.loads(journal_text(state).splitlines()[0])
    purge(state, [run.identity])
    assert precious.read_text() == "mine" and (folder / "backup-x").exists()


def test_what_was_deleted_before_a_failure_is_told(home: Path, state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = applied(state, edit(written(home)))
    second = applied(state, edit(written(home, "plain.json", PLAIN)))
    unlink = Path.unlink

    def fails(place: Path, missing_ok: bool = False) -> None:
        if place.parent.name == second.identity:
            raise OSError(30, "Read-only file system")
        unlink(place, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "unlink", fails)
    done = purge(state, (), older_than=0.0)
    assert (done.backups, done.runs, done.refused) == (1, (first.identity,), "")
    assert "cannot be deleted" in done.kept[0] and second.identity in done.kept[0]
    assert len(kept(state)) == 1
