"""Other programs do not wait while a file is repaired: whatever they do meanwhile stands, and is told truly."""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.repair.support import config, edit, mode, prepared, tree, written
from workbench.model.run import Run, RunState
from workbench.repair.history import history
from workbench.repair.prepare import Prepared
from workbench.repair.transaction import apply
from workbench.repair.undo import undo

_BEFORE_IT_IS_PUBLISHED = ("wrote the plan", "backed up", "everything", "staged")


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir(mode=0o700)
    return folder


def _interfering(made: Prepared, state: Path, moment: str, act: Callable[[], object], answer: str = "") -> Run:
    """Apply it; another program acts once, at the step that begins with these words. Fails where it hangs."""
    acts = [act]
    ended: list[Run] = []

    def step(words: str) -> None:
        if words.startswith(moment) and acts:
            acts.pop()()

    worker = threading.Thread(target=lambda: ended.append(apply(made, state, lambda: answer, step)), daemon=True)
    worker.start()
    worker.join(20)
    assert ended, "it hangs"
    assert not acts, "nothing interfered"
    return ended[0]


def _replaced(file: Path) -> None:
    written(file.parent, "new", config().replace(b"tools", b"TOOLS")).replace(file)


def _fifo(file: Path) -> None:
    os.mkfifo(file.with_name("pipe"))
    file.with_name("pipe").replace(file)


@pytest.mark.parametrize("moment", _BEFORE_IT_IS_PUBLISHED)
@pytest.mark.parametrize(
    "act",
    [
        lambda file: file.write_bytes(b'{"mine": 1}'),
        lambda file: file.chmod(0o640),
        lambda file: os.utime(file),
        lambda file: file.unlink(),
        _replaced,
        _fifo,
    ],
    ids=["write", "chmod", "touch", "unlink", "replace", "fifo"],
)
def test_what_another_program_does_first_is_a_refusal(
    act: Callable[[Path], None], moment: str, home: Path, state: Path
) -> None:
    file = written(home)
    made = prepared(edit(file))
    theirs: list[object] = []

    def interfere() -> None:
        act(file)
        theirs.append({name: fact for name, fact in tree(home).items() if not name.endswith(".workbench")})

    run = _interfering(made, state, moment, interfere)

    assert run.state is RunState.REFUSED, run.message
    assert "nothing was changed" in run.message
    assert [tree(home)] == theirs
    assert history(state)[0].state is RunState.REFUSED


def test_only_what_was_done_is_put_back(home: Path, state: Path) -> None:
    first, second = written(home), written(home, "second.json")
    made = prepared(edit(first), edit(second))
    run = _interfering(made, state, f"published {first}", lambda: second.write_bytes(b'{"mine": 1}'))
    assert run.state is RunState.ROLLED_BACK, run.message
    assert first.read_bytes() == config() and second.read_bytes() == b'{"mine": 1}'


def _moved(file: Path) -> None:
    file.rename(file.with_name("away"))  # so that its number is not given to the new one
    written(file.parent, file.name, mode=0o644)


@pytest.mark.parametrize("act", [_moved, _fifo, lambda file: file.chmod(0o604), lambda file: file.unlink()])
def test_a_mode_is_only_set_on_the_file_that_was_shown(act: Callable[[Path], None], home: Path, state: Path) -> None:
    file = written(home, mode=0o644)
    made = prepared(mode(file))
    theirs: list[object] = []

    def interfere() -> None:
        act(file)
        theirs.append(tree(home))

    run = _interfering(made, state, "everything", interfere)
    assert run.state is RunState.REFUSED, run.message
    assert [tree(home)] == theirs


def test_a_file_that_its_client_replaced_as_it_was_needs_nothing_put_back(home: Path, state: Path) -> None:
    file = written(home, mode=0o644)
    made = prepared(mode(file))

    def client_rewrites() -> None:
        written(home, "new", mode=0o644).replace(file)

    run = _interfering(made, state, "checking", client_rewrites, "it did not help")
    assert run.state in (RunState.REFUSED, RunState.ROLLED_BACK), run.message
    assert stat.S_IMODE(file.stat().st_mode) == 0o644


def test_the_undo_is_as_careful(home: Path, state: Path) -> None:
    file = written(home)
    run = apply(prepared(edit(file)), state, lambda: "")
    acts = [lambda: file.write_bytes(b'{"mine": 1}')]

    def step(words: str) -> None:
        if words.startswith("staged") and acts:
            acts.pop()()

    assert undo(state, run.identity, on_step=step).state is RunState.REFUSED
    assert file.read_bytes() == b'{"mine": 1}'
    assert [each.state for each in history(state)] == [RunState.REFUSED, RunState.APPLIED]


def test_the_longest_name_there_can_be(home: Path, state: Path) -> None:
    for name in ("漢" * 85, "n" * 255):
        run = apply(prepared(edit(written(home, name))), state, lambda: "")
        assert run.state is RunState.APPLIED, run.message
