"""What an undo would restore is told before it does, is what it then restores, and changes nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.repair.support import applied, edit, mode, tree, written
from workbench.model.plan import Refusal
from workbench.repair.history import history
from workbench.repair.restoring import Restoring, restoring
from workbench.repair.undo import undo


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir(mode=0o700)
    return folder


def test_it_tells_every_step_and_writes_nothing(home: Path, state: Path) -> None:
    file, other = written(home), written(home, "other.json", mode=0o664)
    run = applied(state, edit(file), mode(other))
    before, journal = tree(home), tree(state)
    told = restoring(state, run.identity)
    assert isinstance(told, Restoring) and not told.note
    assert (tree(home), tree(state)) == (before, journal)
    back, value = told.changes
    assert (back.mode_before, back.mode_after) == (0o600, 0o664)
    assert "byte for byte" in value.words and "\n-" in value.diff and "\n+" in value.diff
    steps: list[str] = []
    undo(state, run.identity, on_step=steps.append)
    undoing = history(state)[0]
    assert undoing.changes == told.changes  # what was shown is what was done
    assert any(str(file) in step for step in steps)


def test_who_undid_a_run_is_known_and_undoing_that_is_a_redo(home: Path, state: Path) -> None:
    file = written(home)
    run = applied(state, edit(file))
    repaired = tree(home)
    assert not history(state)[0].undone_by
    undo(state, run.identity)
    undoing, undone = history(state)
    assert undone.undone_by == undoing.identity and not undoing.undone_by
    told = restoring(state, undone.undone_by)
    assert isinstance(told, Restoring) and len(told.changes) == 1
    undo(state, undone.undone_by)
    assert tree(home) == repaired
    assert not history(state)[-1].undone_by  # it stands again


def test_what_cannot_be_undone_says_why(home: Path, state: Path) -> None:
    missing = restoring(state, "1999")
    assert isinstance(missing, Refusal) and "no run" in missing.reason
    file = written(home)
    run = applied(state, edit(file))
    file.unlink()
    gone = restoring(state, run.identity)
    assert isinstance(gone, Refusal) and "deleted" in gone.reason


def test_what_need_not_be_undone_any_more_is_a_note(home: Path, state: Path) -> None:
    file = written(home, mode=0o664)
    run = applied(state, mode(file))
    file.unlink()
    told = restoring(state, run.identity)
    assert isinstance(told, Restoring) and told.changes == () and "is gone" in told.note
