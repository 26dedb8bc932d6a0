"""Undo brings back what was before, and never at the price of what somebody wrote since."""

from __future__ import annotations

import socket
import stat
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Self

import pytest

from tests.repair.support import applied, config, edit, mode, prepared, tree, written
from workbench.model.run import RunState
from workbench.repair.history import history
from workbench.repair.recovering import recover
from workbench.repair.transaction import apply
from workbench.repair.undo import undo


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir(mode=0o700)
    return folder


def test_no_such_run(home: Path, state: Path) -> None:
    for name in ("", "2026", "../../etc", "*"):
        with pytest.raises(LookupError):
            undo(state, name)
    run = applied(state, edit(written(home)))
    for name in ("", "1999", "*", run.identity + "x"):
        with pytest.raises(LookupError):
            undo(state, name)


def test_the_beginning_of_an_identity_is_enough_when_it_is_unique(home: Path, state: Path) -> None:
    applied(state, edit(written(home)))
    other = applied(state, mode(written(home, "b.json", mode=0o644)))
    with pytest.raises(LookupError, match="more than one run begins with"):
        undo(state, "20")
    assert undo(state, other.identity[:-3]).identity == other.identity
    assert stat.S_IMODE((home / "b.json").stat().st_mode) == 0o644


def test_g12_an_undo_is_a_run_and_can_be_undone(home: Path, state: Path) -> None:
    file, other = written(home), written(home, "other.json", mode=0o664)
    before = tree(home)
    run = applied(state, edit(file), mode(other))
    repaired = tree(home)

    for _ in range(2):
        undone = undo(state, run.identity)
        assert (undone.identity, undone.state) == (run.identity, RunState.UNDONE)
        assert tree(home) == before
        newest, *_, oldest = history(state)
        assert (newest.state, newest.plan.title) == (RunState.APPLIED, "Undo: Repair it")
        assert (oldest.identity, oldest.state) == (run.identity, RunState.UNDONE)
        assert newest.identity in undone.message and newest.identity in oldest.message

        redone = undo(state, newest.identity)
        assert redone.state is RunState.UNDONE
        assert tree(home) == repaired
        assert history(state)[0].plan.title == "Redo: Repair it"
        assert history(state)[-1].state is RunState.APPLIED, "the repair is in effect again"


def test_undoing_twice_is_refused(home: Path, state: Path) -> None:
    run = applied(state, edit(written(home)))
    undo(state, run.identity)
    before = tree(home)
    again = undo(state, run.identity)
    assert again.state is RunState.REFUSED and "is undone already" in again.message
    assert tree(home) == before


def test_a_run_that_changed_nothing_cannot_be_undone(home: Path, state: Path) -> None:
    run = apply(prepared(edit(written(home))), state, lambda: "no")
    assert run.state is RunState.ROLLED_BACK
    assert "there is nothing to undo" in undo(state, run.identity).message


def test_read_only(home: Path, state: Path) -> None:
    run = applied(state, edit(written(home)))
    before = tree(home)
    made = undo(state, run.identity, read_only=True)
    assert made.state is RunState.REFUSED and "--read-only" in made.message
    assert tree(home) == before and len(history(state)) == 1


def test_g12_what_a_client_wrote_since_is_kept_and_only_our_value_goes_back(home: Path, state: Path) -> None:
    file = written(home)
    run = applied(state, edit(file))
    # As clients do: a new file over the old one, with something else changed.
    copy = home / "new"
    copy.write_bytes(file.read_bytes().replace(b"/srv/data", b"/srv/chosen"))
    copy.chmod(0o600)
    copy.replace(file)

    undone = undo(state, run.identity)

    assert undone.state is RunState.UNDONE, undone.message
    assert file.read_bytes() == config().replace(b"/srv/data", b"/srv/chosen")
    change = history(state)[0].changes[0]
    assert "keep everything that was changed since" in change.words
    redo = undo(state, history(state)[0].identity)
    assert redo.state is RunState.UNDONE
    assert b"pkg@1.2.3" in file.read_bytes() and b"/srv/chosen" in file.read_bytes()


@pytest.mark.parametrize(
    "theirs", [b"{}", b"not JSON", b"", config().replace(b'"pkg"', b'"pkg@9.9.9"'), b"\xff\xfe\x00"]
)
def test_what_somebody_chose_since_is_left_alone(theirs: bytes, home: Path, state: Path) -> None:
    file = written(home)
    run = applied(state, edit(file))
    file.write_bytes(theirs)

    made = undo(state, run.identity)

    assert made.state is RunState.REFUSED
    assert "was changed by another program since" in made.message and "nothing was changed" in made.message
    assert file.read_bytes() == theirs
    assert history(state)[-1].state is RunState.APPLIED


def test_a_deleted_file_is_not_made_again(home: Path, state: Path) -> None:
    file = written(home)
    run = applied(state, edit(file))
    file.unlink()
    assert "was deleted since" in undo(state, run.identity).message
    assert not file.exists()


def test_a_file_that_is_as_before_already(home: Path, state: Path) -> None:
    file = written(home)
    run = applied(state, edit(file))
    file.write_bytes(config())
    stamp = file.stat().st_mtime_ns
    assert undo(state, run.identity).state is RunState.UNDONE
    assert file.stat().st_mtime_ns == stamp


def test_a_mode_that_was_changed_since_is_left_alone(home: Path, state: Path) -> None:
    file = written(home, mode=0o664)
    run = applied(state, mode(file))
    file.chmod(0o640)
    made = undo(state, run.identity)
    assert made.state is RunState.REFUSED
    assert "was changed to 0640 since" in made.message and "chmod 0664" in made.message
    assert stat.S_IMODE(file.stat().st_mode) == 0o640


def test_the_mode_goes_back_on_a_file_that_its_client_rewrote(home: Path, state: Path) -> None:
    file = written(home, mode=0o664)
    run = applied(state, mode(file))
    copy = written(home, "copy", b"{}")
    copy.replace(file)
    assert undo(state, run.identity).state is RunState.UNDONE
    assert stat.S_IMODE(file.stat().st_mode) == 0o664 and file.read_bytes() == b"{}"


@pytest.mark.parametrize("again", [False, True])
def test_a_socket_that_is_gone_leaves_nothing_to_undo(again: bool, home: Path, state: Path) -> None:
    where = home / "mcp.sock"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(where))
        where.chmod(0o777)
        run = applied(state, mode(where))
    if again:
        where.rename(home / "kept")  # so that the inode cannot be used again
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(str(where))
        where.chmod(0o600)
    else:
        where.unlink()

    undone = undo(state, run.identity)

    assert undone.state is RunState.UNDONE
    assert "there is nothing to undo any more" in undone.message
    assert where.exists() is again
    if again:
        assert stat.S_IMODE(where.lstat().st_mode) == 0o600


def test_a_new_socket_that_was_given_the_number_of_the_old_one_is_left_alone(home: Path, state: Path) -> None:
    where = home / "mcp.sock"
    for _ in range(20):
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(str(where))
            number = where.stat().st_ino
            where.chmod(0o777)
            run = applied(state, mode(where))
        where.unlink()
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(str(where))
            where.chmod(0o600)  # a server that has learned to close its socket itself
            undone = undo(state, run.identity)
            assert undone.state is RunState.UNDONE and "is a new socket" in undone.message
            assert stat.S_IMODE(where.stat().st_mode) == 0o600
            if where.stat().st_ino == number:
                return
        where.unlink()
    pytest.skip("this file system never gives a number twice")


def test_a_file_that_got_a_second_name_is_not_torn_from_it(home: Path, state: Path) -> None:
    file = written(home)
    run = applied(state, edit(file))
    (home / "second").hardlink_to(file)
    before = tree(home)
    made = undo(state, run.identity)
    assert made.state is RunState.REFUSED and "has 2 names" in made.message
    assert tree(home) == before


def test_a_mode_is_not_given_to_a_file_that_a_link_brought(home: Path, state: Path) -> None:
    file = written(home, mode=0o666)
    run = applied(state, mode(file))
    other = written(home, "other", mode=0o600)
    file.unlink()
    file.hardlink_to(other)
    made = undo(state, run.identity)
    assert made.state is RunState.REFUSED and "was replaced" in made.message
    assert stat.S_IMODE(other.stat().st_mode) == 0o600


@pytest.mark.parametrize("older_first", [False, True])
def test_two_repairs_of_one_file_are_undone_in_any_order(older_first: bool, home: Path, state: Path) -> None:
    file = written(home, mode=0o664)
    before = tree(home)
    data = ("mcpServers", "files", "args", 2)
    runs = [applied(state, edit(file)), applied(state, mode(file))]
    runs.append(applied(state, edit(file, "/srv/other", "/srv/data", pointer=data)))
    for run in runs if older_first else reversed(runs):
        assert undo(state, run.identity).state is RunState.UNDONE
    assert tree(home) == before
    assert [run.state for run in history(state)[-3:]] == [RunState.UNDONE] * 3


def test_an_undo_after_the_clock_was_set_back(home: Path, state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = written(home)
    run = applied(state, edit(file))

    class Earlier(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Self:
            return cls(2001, 1, 1, tzinfo=tz)

    monkeypatch.setattr("workbench.repair.journal.datetime", Earlier)
    assert undo(state, run.identity).state is RunState.UNDONE
    assert [each.state for each in history(state)] == [RunState.APPLIED, RunState.UNDONE]
    assert "is undone already" in undo(state, run.identity).message
    (state / "runs" / run.identity).rename(state / "runs" / "99999999T999999999999Z-ffffffff")
    assert applied(state, edit(file)).state is RunState.APPLIED


def test_a_damaged_backup_is_not_put_anywhere(home: Path, state: Path) -> None:
    file = written(home)
    run = applied(state, edit(file))
    before = tree(home)
    (state / "runs" / run.identity / "backup-0").write_bytes(b"damaged")
    made = undo(state, run.identity)
    assert made.state is RunState.REFUSED and "is damaged" in made.message
    assert tree(home) == before


def test_a_failed_rollback_can_be_undone_once_the_way_is_free(home: Path, state: Path) -> None:
    file, other = written(home), written(home, "other.json", mode=0o664)
    before = tree(home)

    def somebody_rewrites_one() -> str:
        file.write_bytes(b"{}")
        return "still there"

    run = apply(prepared(edit(file), mode(other)), state, somebody_rewrites_one)
    assert run.state is RunState.ROLLBACK_FAILED
    assert stat.S_IMODE(other.stat().st_mode) == 0o664, "what can be put back is"
    file.write_bytes(config().replace(b'"pkg"', b'"pkg@1.2.3"'))
    assert undo(state, run.identity).state is RunState.UNDONE
    assert tree(home) == before


def test_nothing_to_recover(home: Path, state: Path) -> None:
    assert recover(state) == ()
    assert not state.exists(), "looking makes nothing"
    applied(state, edit(written(home)))
    assert recover(state) == ()
