"""The journal is private, survives damage, and is believed only where nobody else could have written it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.repair.support import applied, edit, mode, prepared, tree, written
from workbench.model.run import RunState
from workbench.repair.history import history
from workbench.repair.transaction import apply
from workbench.repair.undo import recover, undo


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
