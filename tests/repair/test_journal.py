"""The journal is private, survives damage, and is believed only where nobody else could have written it."""

from __future__ import annotations

import errno
import json
import os
import time
from pathlib import Path

import pytest

from tests.repair.support import applied, edit, mode, prepared, tree, written
from workbench.model.run import RunState
from workbench.repair.history import history
from workbench.repair.publish import write_all
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


def test_an_empty_history_makes_nothing(state: Path) -> None:
    assert history(state) == ()
    assert not state.exists()


def test_history_tells_every_run_newest_first(home: Path, state: Path) -> None:
    runs = [applied(state, mode(written(home, name, mode=0o644))) for name in ("a", "b", "c")]
    assert history(state) == tuple(reversed(runs))


def _journal(state: Path, run: str) -> Path:
    return state / "runs" / run / "journal.jsonl"


@pytest.mark.parametrize("cut", [1, 5, 30])
def test_a_torn_last_line_is_what_a_crash_leaves(cut: int, home: Path, state: Path) -> None:
    run = applied(state, edit(written(home)))
    journal = _journal(state, run.identity)
    journal.write_bytes(journal.read_bytes()[:-cut])
    (told,) = history(state)
    # The record before it says that it was verified: that is the moment from which it stands.
    assert told.state is RunState.APPLIED
    assert undo(state, run.identity).state is RunState.UNDONE


def test_a_run_that_died_while_it_said_what_it_would_do_did_nothing(home: Path, state: Path) -> None:
    run = applied(state, edit(written(home)))
    journal = _journal(state, run.identity)
    for left in (b"", journal.read_bytes()[:200]):
        journal.write_bytes(left)
        assert history(state) == ()
        assert recover(state) == ()


def _spoil_middle(text: str) -> str:
    first, second, *rest = text.splitlines(keepends=True)
    return "".join([first, second[:-5] + "\n", *rest])


def _spoil_types(text: str) -> str:
    return text.replace('"pointer"', '"pointers"')


def _spoil_plan(text: str) -> str:
    return text.replace("Repair it", "Another")


def _spoil_version(text: str) -> str:
    return text.replace('"version":1', '"version":99')


@pytest.mark.parametrize(
    "spoil",
    [
        _spoil_middle,
        _spoil_types,
        _spoil_plan,
        _spoil_version,
        lambda text: "[]\n" + text,
        lambda text: "[" * 100_000 + "\n" + text,
        lambda text: text.replace('"record":"planned"', '"record":"plan"'),
        lambda text: text.replace('"state":"applied"', '"state":"fine"'),
    ],
)
def test_a_damaged_journal_is_told_and_stops_nothing(spoil: object, home: Path, state: Path) -> None:
    run = applied(state, edit(written(home)))
    journal = _journal(state, run.identity)
    assert callable(spoil)
    journal.write_text(spoil(journal.read_text()))
    good = applied(state, mode(written(home, "other", mode=0o644)))

    newest, damaged = history(state)

    assert newest == good
    assert damaged.identity == run.identity
    assert damaged.state is RunState.ROLLBACK_FAILED
    assert "its journal" in damaged.message and str(journal.parent) in damaged.message
    made = undo(state, run.identity)
    assert made.state is RunState.REFUSED and "cannot be undone" in made.message
    assert recover(state) == ()


def _another_place(text: str) -> str:
    return text.replace('"real":"/', '"real":"')


def _no_place(text: str) -> str:
    return text.replace('"real":"/', '"real":"/\\u0000/')


@pytest.mark.parametrize(
    "spoil",
    [
        _another_place,
        _no_place,
        lambda text: text.replace('"operation":0,"temporary"', '"operation":7,"temporary"'),
        lambda text: text.replace('"operation":0,"temporary"', '"operation":-1,"temporary"'),
        lambda text: text.replace('"temporary":".mcp.json', '"temporary":"../.mcp.json'),
        lambda text: text.replace('"mode":384', '"mode":99999999999999999999'),
    ],
)
def test_a_recovery_does_nothing_that_cannot_have_been_begun(spoil: object, home: Path, state: Path) -> None:
    file = written(home)
    run = applied(state, edit(file))
    journal = _journal(state, run.identity)
    unfinished = [line for line in journal.read_text().splitlines() if '"ended"' not in line and "verified" not in line]
    assert callable(spoil)
    spoiled = spoil("\n".join(unfinished) + "\n")
    assert spoiled != "\n".join(unfinished) + "\n"
    journal.write_text(spoiled)
    before = tree(home)
    assert history(state)[0].state is RunState.ROLLBACK_FAILED
    assert recover(state) == ()
    assert undo(state, run.identity).state is RunState.REFUSED
    assert tree(home) == before


def test_a_journal_that_others_could_write_is_not_believed(home: Path, state: Path) -> None:
    run = applied(state, edit(written(home)))
    journal = _journal(state, run.identity)
    before = tree(home)
    journal.chmod(0o666)
    assert "not this account's alone" in history(state)[0].message
    assert undo(state, run.identity).state is RunState.REFUSED
    journal.rename(journal.with_name("moved"))
    journal.symlink_to("moved")
    assert "not this account's alone" in history(state)[0].message
    assert tree(home) == before


@pytest.mark.parametrize("where", ["", "runs"])
@pytest.mark.parametrize("opened", [0o777, 0o1777])
def test_a_state_folder_that_others_can_write_is_refused(where: str, opened: int, home: Path, state: Path) -> None:
    file = written(home)
    run = applied(state, edit(file))
    other = written(home, "other", mode=0o644)
    before = tree(home)
    (state / where).chmod(opened)
    for made in (
        apply(prepared(mode(other)), state, lambda: ""),
        undo(state, run.identity),
        *history(state),
        *recover(state),
    ):
        assert made.state in (RunState.REFUSED, RunState.ROLLBACK_FAILED)
        assert "other accounts can write" in made.message
    assert tree(home) == before


def test_a_folder_above_that_others_can_write_is_refused_unless_it_is_sticky(home: Path, tmp_path: Path) -> None:
    above = tmp_path / "above"
    above.mkdir()
    above.chmod(0o777)
    made = prepared(edit(written(home)))
    run = apply(made, above / "state", lambda: "")
    assert run.state is RunState.REFUSED and "chmod go-w" in run.message
    above.chmod(0o1777)
    assert apply(made, above / "state", lambda: "").state is RunState.APPLIED


@pytest.mark.parametrize("where", ["open", "link"])
def test_nothing_is_made_where_another_account_can_lead_it(where: str, home: Path, tmp_path: Path) -> None:
    victim, theirs = tmp_path / "victim", tmp_path / "theirs"
    victim.mkdir()
    theirs.mkdir()
    (theirs / "link").symlink_to(victim)
    theirs.chmod(0o777)
    state = theirs / ("link" if where == "link" else "new") / "state" / "workbench"
    run = apply(prepared(edit(written(home))), state, lambda: "")
    assert run.state is RunState.REFUSED and f"the state folder {state} cannot be used" in run.message
    assert "chmod go-w" in run.message
    assert list(victim.iterdir()) == [] and [place.name for place in theirs.iterdir()] == ["link"]
    assert history(state) == ()
    # The same where it is there already: the link could lead elsewhere the next moment.
    (victim / "state").mkdir(mode=0o700)
    apply(prepared(mode(written(home, "other", mode=0o644))), victim / "state" / "workbench", lambda: "")
    if where == "link":
        assert "chmod go-w" in history(state)[0].message
        assert history(victim / "state" / "workbench")[0].state is RunState.APPLIED


def test_a_command_to_copy_is_quoted(home: Path, tmp_path: Path) -> None:
    above = tmp_path / "a; touch pwned"
    above.mkdir()
    above.chmod(0o777)
    run = apply(prepared(edit(written(home))), above / "state", lambda: "")
    assert f"chmod go-w '{above}'" in run.message


def test_a_journal_that_cannot_be_listed_is_told(home: Path, state: Path) -> None:
    run = applied(state, edit(written(home)))
    (state / "runs").rename(state / "moved")
    (state / "runs").write_text("")
    for told in (history(state)[0], undo(state, run.identity), recover(state)[0]):
        assert told.state is not RunState.APPLIED and "the state folder" in told.message


def test_a_record_that_could_only_be_half_written_leaves_no_trace(
    home: Path, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that is full for a moment: the records after it must be readable."""
    file = written(home)
    made = prepared(edit(file), mode(written(home, "other", mode=0o644)))
    for failing in range(2, 9):

        def halting(handle: int, content: bytes, left: list[int] = [failing]) -> None:  # noqa: B006
            left[0] -= 1
            if left[0] == 0:
                os.write(handle, content[: len(content) // 2])
                raise OSError(errno.ENOSPC, "No space left on device")
            write_all(handle, content)

        monkeypatch.setattr("workbench.repair.journal.write_all", halting)
        before = tree(home)
        run = apply(made, state, lambda: "")
        assert run.state is not RunState.ROLLBACK_FAILED, run.message
        monkeypatch.undo()
        recover(state)
        assert RunState.ROLLBACK_FAILED not in {each.state for each in history(state)}, failing
        for journal in state.glob("runs/*/journal.jsonl"):
            for line in journal.read_text().splitlines():
                json.loads(line)
        if run.state is RunState.APPLIED:
            assert undo(state, history(state)[0].identity).state is RunState.UNDONE
            made = prepared(edit(file), mode(home / "other"))
        assert tree(home) == before


def test_a_lock_on_a_full_disk(home: Path, state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "pwrite", full)
    run = apply(prepared(edit(written(home))), state, lambda: "")
    assert run.state is RunState.REFUSED and "the disk is full" in run.message


def test_a_long_history_is_told_at_once(home: Path, state: Path) -> None:
    run = applied(state, edit(written(home)))
    first = (state / "runs" / run.identity / "journal.jsonl").read_text()
    for number in range(1000):
        name = f"20200101T{number:012d}Z-{number:08x}"
        folder = state / "runs" / name
        folder.mkdir(mode=0o700)
        # Each undoes the one before it: what stands at the end follows from all of them.
        told = first.replace(run.identity, name)
        if number:
            told = told.replace('"undoes":""', f'"undoes":"20200101T{number - 1:012d}Z-{number - 1:08x}"')
        (folder / "journal.jsonl").write_text(told)
        (folder / "journal.jsonl").chmod(0o600)
    begun = time.monotonic()
    runs = history(state)
    assert time.monotonic() - begun < 3
    assert len(runs) == 1001
    assert [each.state for each in runs[1:5]] == [RunState.APPLIED, RunState.UNDONE, RunState.APPLIED, RunState.UNDONE]


def test_a_journal_holds_no_bytes_of_the_file(home: Path, state: Path) -> None:
    run = applied(state, edit(written(home)))
    first = json.loads(_journal(state, run.identity).read_text().splitlines()[0])
    (operation,) = first["run"]["operations"]
    assert len(operation["after"]) == len(operation["before"]["sha256"]) == 64
    assert "contents" not in first["run"]


def test_a_state_folder_that_cannot_be_made(home: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    run = apply(prepared(edit(written(home))), tmp_path / "file" / "state", lambda: "")
    assert run.state is RunState.REFUSED and "the state folder" in run.message


def test_a_lock_that_is_a_link_is_refused(home: Path, state: Path) -> None:
    applied(state, mode(written(home, "a", mode=0o644)))
    precious = written(home, "precious", b"keep")
    (state / "lock").unlink()
    os.symlink(precious, state / "lock")
    run = apply(prepared(edit(written(home))), state, lambda: "")
    assert run.state is RunState.REFUSED
    assert precious.read_bytes() == b"keep"
