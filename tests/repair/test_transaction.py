"""Apply does what was shown and nothing else, or nothing at all."""

from __future__ import annotations

import errno
import os
import socket
import stat
import threading
from pathlib import Path

import pytest

from tests.repair.support import (
    ACL,
    DEFAULT_ACL,
    SECRET,
    acl,
    applied,
    config,
    edit,
    journal_text,
    mode,
    plan,
    prepared,
    records,
    tree,
    written,
)
from workbench.model.run import RunState
from workbench.repair import publish as publishing
from workbench.repair.folder import locked
from workbench.repair.history import history
from workbench.repair.transaction import NOT_RECORDED, apply, refused
from workbench.repair.undo import undo


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state" / "workbench"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir(mode=0o700)
    return folder


def test_an_edit_changes_one_value_and_keeps_every_other_byte(home: Path, state: Path) -> None:
    file = written(home)
    written(home, "neighbour.json")
    before = tree(home)

    run = applied(state, edit(file))

    assert run.state is RunState.APPLIED, run.message
    assert file.read_bytes() == config().replace(b'"pkg"', b'"pkg@1.2.3"')
    after = tree(home)
    assert {name for name in before if before[name] != after[name]} == {"mcp.json"}
    assert before.keys() == after.keys(), "nothing may be left beside the file"
    assert [before["mcp.json"][place] for place in (0, 1, 2, 3, 5)] == [
        after["mcp.json"][place] for place in (0, 1, 2, 3, 5)
    ]
    assert undo(state, run.identity).state is RunState.UNDONE
    assert tree(home) == before


def test_g4_mode_group_attributes_and_acl_are_kept(home: Path, state: Path) -> None:
    file = written(home, mode=0o640)
    groups = [group for group in os.getgroups() if group != os.getegid()]
    if os.geteuid() == 0 or groups:
        os.chown(file, -1, 4321 if os.geteuid() == 0 else groups[0])
    os.setxattr(file, "user.note", b"mine\0\xff")
    os.setxattr(file, ACL, acl((0x02, 4, 4242)))
    before = tree(home)
    assert ACL in before["mcp.json"][5]

    run = applied(state, edit(file))

    assert run.state is RunState.APPLIED, run.message
    after = tree(home)
    assert [after["mcp.json"][place] for place in (0, 1, 2, 5)] == [before["mcp.json"][place] for place in (0, 1, 2, 5)]
    undo(state, run.identity)
    assert tree(home) == before


def test_the_default_acl_of_the_directory_gives_the_file_no_new_rights(home: Path, state: Path) -> None:
    file = written(home)
    os.setxattr(home, DEFAULT_ACL, acl((0x02, 6, 4242)))
    before = tree(home)

    assert applied(state, edit(file)).state is RunState.APPLIED

    assert os.listxattr(file) == []
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert tree(home)["mcp.json"][0] == before["mcp.json"][0]


def test_a_new_copy_is_private_while_it_is_written(home: Path, state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = written(home, mode=0o644)
    seen: list[int] = []
    real = publishing.write_all

    def looking(handle: int, content: bytes) -> None:
        seen.append(stat.S_IMODE(os.fstat(handle).st_mode))
        real(handle, content)

    monkeypatch.setattr(publishing, "write_all", looking)
    old = os.umask(0)
    try:
        assert applied(state, edit(file)).state is RunState.APPLIED
    finally:
        os.umask(old)
    assert seen == [0o600]
    assert stat.S_IMODE(file.stat().st_mode) == 0o644


@pytest.mark.parametrize("wanted", [0o600, 0o400])
def test_a_mode_is_set_and_nothing_else(home: Path, state: Path, wanted: int) -> None:
    file = written(home, mode=0o664)
    os.setxattr(file, ACL, acl((0x02, 6, 4242)))
    os.utime(file, ns=(1, 2))
    before, inode = tree(home), file.stat().st_ino

    run = applied(state, mode(file, wanted))

    assert run.state is RunState.APPLIED
    status = file.stat()
    assert (stat.S_IMODE(status.st_mode), status.st_ino, status.st_mtime_ns) == (wanted, inode, 2)
    assert undo(state, run.identity).state is RunState.UNDONE
    assert tree(home) == before, "the access control list is as it was, too"


def test_the_mode_of_a_listening_socket(home: Path, state: Path) -> None:
    where = home / "mcp.sock"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(where))
        where.chmod(0o777)
        server.listen()
        run = applied(state, mode(where))
        assert run.state is RunState.APPLIED, run.message
        assert stat.S_IMODE(where.lstat().st_mode) == 0o600
        assert stat.S_ISSOCK(where.lstat().st_mode)
        assert undo(state, run.identity).state is RunState.UNDONE
        assert stat.S_IMODE(where.lstat().st_mode) == 0o777


def test_several_operations_are_one_run(home: Path, state: Path) -> None:
    one, other = written(home, "one.json", mode=0o644), written(home, "other.json", mode=0o644)
    home.chmod(0o777)
    before = tree(home)

    run = applied(state, mode(one), edit(other), mode(home, 0o755))

    assert run.state is RunState.APPLIED, run.message
    assert len(run.changes) == 3
    assert stat.S_IMODE(home.stat().st_mode) == 0o755
    undo(state, run.identity)
    assert tree(home) == before


def test_two_edits_of_one_file_are_written_once(home: Path, state: Path) -> None:
    file = written(home)
    second = edit(file, "/srv/less", "/srv/data", pointer=("mcpServers", "files", "args", 2))
    made = prepared(edit(file), second)
    assert len(made.operations) == 1

    assert apply(made, state, lambda: "").state is RunState.APPLIED

    assert b'"pkg@1.2.3", "/srv/less"' in file.read_bytes()


def test_your_own_link_stays_a_link(home: Path, state: Path) -> None:
    dotfiles = home / "dotfiles"
    dotfiles.mkdir()
    real = written(dotfiles)
    (home / "config").symlink_to("dotfiles")
    link = home / "mcp.json"
    link.symlink_to("config/../dotfiles/mcp.json")
    before = tree(home)

    run = applied(state, edit(link))

    assert run.state is RunState.APPLIED, run.message
    assert link.is_symlink() and (home / "config").is_symlink()
    assert b"pkg@1.2.3" in real.read_bytes()
    undo(state, run.identity)
    assert tree(home) == before


def test_g13_a_second_apply_changes_nothing(home: Path, state: Path) -> None:
    file, other = written(home), written(home, "other.json", mode=0o644)
    for made in (prepared(edit(file)), prepared(mode(other))):
        assert apply(made, state, lambda: "").state is RunState.APPLIED
        before, runs = tree(home), len(history(state))
        stamp = file.stat().st_mtime_ns
        again = apply(made, state, lambda: "")
        assert again.state is RunState.REFUSED
        assert "already is as the plan wants it; nothing was changed" in again.message
        assert (tree(home), len(history(state)), file.stat().st_mtime_ns) == (before, runs, stamp)


def _append(file: Path) -> None:
    file.write_bytes(file.read_bytes() + b"\n")


def _replace(file: Path) -> None:
    copy = file.with_suffix(".new")
    copy.write_bytes(file.read_bytes())
    copy.chmod(file.stat().st_mode)
    copy.replace(file)


def _link(file: Path) -> None:
    file.rename(file.with_suffix(".moved"))
    file.symlink_to(file.with_suffix(".moved"))


def _become_directory(file: Path) -> None:
    file.unlink()
    file.mkdir()


def _become_fifo(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


@pytest.mark.parametrize(
    "change",
    [
        _append,
        _replace,
        _link,
        lambda file: file.write_bytes(file.read_bytes()),
        lambda file: file.chmod(0o640),
        lambda file: file.unlink(),
        lambda file: os.link(file, file.with_suffix(".second")),
        _become_directory,
        _become_fifo,
    ],
)
def test_what_changed_since_the_preview_is_left_alone(change: object, home: Path, state: Path) -> None:
    file = written(home)
    made = prepared(edit(file))
    os.utime(file, ns=(5, 5))
    made = prepared(edit(file))
    assert callable(change)
    change(file)
    before = tree(home)

    run = apply(made, state, lambda: "")

    assert run.state is RunState.REFUSED
    assert run.identity == NOT_RECORDED
    assert run.message.endswith("nothing was changed")
    assert tree(home) == before
    assert history(state) == ()


def test_a_mode_that_changed_since_the_preview_is_left_alone(home: Path, state: Path) -> None:
    file = written(home, mode=0o664)
    made = prepared(mode(file))
    file.chmod(0o644)
    run = apply(made, state, lambda: "")
    assert run.state is RunState.REFUSED and "its mode is 0644, not 0664" in run.message
    assert stat.S_IMODE(file.stat().st_mode) == 0o644


def test_a_repair_that_did_not_help_is_rolled_back(home: Path, state: Path) -> None:
    file, other = written(home), written(home, "other.json", mode=0o666)
    before = tree(home)

    run = apply(prepared(edit(file), mode(other)), state, lambda: "the finding is still there")

    assert run.state is RunState.ROLLED_BACK
    assert run.message == "the finding is still there; everything was put back as it was"
    assert tree(home) == before
    assert history(state)[0] == run


def test_a_verification_that_fails_is_no_success(home: Path, state: Path) -> None:
    file = written(home)
    before = tree(home)

    def broken() -> str:
        raise RuntimeError(SECRET)

    run = apply(prepared(edit(file)), state, broken)

    assert run.state is RunState.ROLLED_BACK and "RuntimeError" in run.message
    assert SECRET not in run.message
    assert tree(home) == before


def test_breaking_off_rolls_back(home: Path, state: Path) -> None:
    file = written(home)
    before = tree(home)

    def interrupted() -> str:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        apply(prepared(edit(file)), state, interrupted)
    assert tree(home) == before
    assert history(state)[0].state is RunState.ROLLED_BACK


def test_an_interface_that_fails_rolls_back(home: Path, state: Path) -> None:
    file = written(home)
    before = tree(home)

    def step(words: str) -> None:
        if words.startswith(("published", "staged")):
            raise ValueError("the screen is gone")

    run = apply(prepared(edit(file)), state, lambda: "", step)
    assert run.state is RunState.REFUSED
    assert tree(home) == before


def test_what_a_client_writes_during_the_verification_survives_the_rollback(home: Path, state: Path) -> None:
    file = written(home)

    def client_writes_then_the_check_says_no() -> str:
        file.write_bytes(file.read_bytes().replace(b"/srv/data", b"/srv/chosen"))
        return "still there"

    run = apply(prepared(edit(file)), state, client_writes_then_the_check_says_no)

    assert run.state is RunState.ROLLED_BACK, run.message
    assert file.read_bytes() == config().replace(b"/srv/data", b"/srv/chosen")


def test_a_rollback_that_cannot_be_done_is_loud_and_says_where_the_backup_is(home: Path, state: Path) -> None:
    file = written(home)

    def somebody_rewrites_it() -> str:
        file.write_bytes(b"{}")
        return "still there"

    run = apply(prepared(edit(file)), state, somebody_rewrites_it)

    assert run.state is RunState.ROLLBACK_FAILED
    folder = state / "runs" / run.identity
    assert "NOT everything could be put back" in run.message and str(folder) in run.message
    assert (folder / "backup-0").read_bytes() == config()
    assert file.read_bytes() == b"{}", "what somebody else wrote is not overwritten"
    assert history(state)[0].state is RunState.ROLLBACK_FAILED


def test_a_write_at_the_very_moment_of_publishing_is_not_lost(
    home: Path, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = written(home)
    made = prepared(edit(file))
    real = publishing._exchange

    def late_writer(folder: int, one: str, other: str) -> bool:
        if late:
            file.write_bytes(late.pop())
        return real(folder, one, other)

    late = [b'{"written": "late"}']
    monkeypatch.setattr(publishing, "_exchange", late_writer)

    run = apply(made, state, lambda: "")

    assert run.state in (RunState.REFUSED, RunState.ROLLBACK_FAILED), run
    assert not late and file.read_bytes() == b'{"written": "late"}'
    assert [place.name for place in home.iterdir()] == ["mcp.json"]


def test_without_exchange_the_file_is_still_replaced_in_one_step(
    home: Path, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = written(home)
    before = tree(home)
    monkeypatch.setattr(publishing, "_exchange", lambda *_: False)
    run = applied(state, edit(file))
    assert run.state is RunState.APPLIED
    assert undo(state, run.identity).state is RunState.UNDONE
    assert tree(home) == before


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "the disk is full"),
        (errno.EROFS, "the file system is read-only"),
        (errno.EBUSY, "it is a mount point of its own"),
        (errno.EPERM, "the system does not permit it"),
        (errno.ETXTBSY, "it is a program that is running right now"),
    ],
)
def test_a_refusal_of_the_system_is_told_with_the_truth_of_the_disk(
    number: int, words: str, home: Path, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = written(home)
    before = tree(home)

    def refusing(*_: object) -> bool:
        raise OSError(number, os.strerror(number))

    made = prepared(edit(file))
    monkeypatch.setattr(publishing, "_exchange", refusing)
    run = apply(made, state, lambda: "")
    assert run.state is RunState.REFUSED
    assert words in run.message and "nothing was changed" in run.message
    assert tree(home) == before


def test_a_full_disk_under_the_journal_stops_before_anything_is_changed(
    home: Path, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = written(home)
    before = tree(home)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    made = prepared(edit(file))
    monkeypatch.setattr("workbench.repair.journal.write_all", full)
    run = apply(made, state, lambda: "")
    assert run.state is RunState.REFUSED and "the disk is full" in run.message
    assert tree(home) == before


def test_g10_only_one_workbench_at_a_time(home: Path, state: Path) -> None:
    file = written(home)
    made = prepared(edit(file))
    before = tree(home)
    with locked(state):
        run = apply(made, state, lambda: "")
    assert run.state is RunState.REFUSED
    assert f"process id {os.getpid()}" in run.message
    assert tree(home) == before
    assert apply(made, state, lambda: "").state is RunState.APPLIED


def test_of_two_at_once_one_wins(home: Path, state: Path) -> None:
    file = written(home)
    made = prepared(edit(file))
    barrier = threading.Barrier(2)
    states: list[RunState] = []

    def go() -> None:
        barrier.wait()
        states.append(apply(made, state, lambda: "").state)

    threads = [threading.Thread(target=go) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(states) == [RunState.APPLIED, RunState.REFUSED]
    assert b"pkg@1.2.3" in file.read_bytes()


def test_nothing_secret_outside_of_the_backup(home: Path, state: Path) -> None:
    file = written(home)
    made = prepared(edit(file))
    run = apply(made, state, lambda: "still there")
    run2 = applied(state, edit(file))
    undone = undo(state, run2.identity)
    for text in (journal_text(state), repr(made), repr(run), repr(run2), repr(undone), repr(history(state))):
        assert SECRET not in text
    holding = {place.name for place in state.rglob("*") if place.is_file() and SECRET.encode() in place.read_bytes()}
    assert holding == {"backup-0"}


def test_everything_recorded_is_private_and_in_order(home: Path, state: Path) -> None:
    old = os.umask(0)
    try:
        run = applied(state, edit(written(home)))
    finally:
        os.umask(old)
    for place in [state.parent, state, *state.rglob("*")]:
        assert stat.S_IMODE(place.stat().st_mode) == (0o700 if place.is_dir() else 0o600), place
    assert records(state, run.identity) == ["planned", "started", "intent", "done", "verified", "ended"]


def test_g3_the_backup_is_on_disk_before_the_file_is_touched(home: Path, state: Path) -> None:
    file = written(home)
    seen: dict[str, bool] = {}

    def step(words: str) -> None:
        backups = list(state.glob("runs/*/backup-0"))
        seen[words.split(" ")[0]] = bool(backups) and backups[0].read_bytes() == config()

    apply(prepared(edit(file)), state, lambda: "", step)
    assert seen["staged"] and seen["backed"] and seen["published"]


def test_a_refused_run_says_so() -> None:
    made = refused(plan(), (), "because")
    assert (made.state, made.message) == (RunState.REFUSED, "because; nothing was changed")
