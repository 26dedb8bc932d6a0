"""New files of root's, and those of systemd: accepted before they are there, taken up, and gone again exactly.

As root, for a reader of the test's own in a folder of its own; with a real systemd it is tested in
test_systemd_fixes_live.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from tests.live.support import require_root
from tests.repair.support import plan
from workbench.elevation import is_roots_own
from workbench.host.command import Output
from workbench.host.privileged import Vector
from workbench.model.operations import CreateRootFile, RootFile
from workbench.model.plan import Refusal
from workbench.model.run import Run, RunState
from workbench.repair import root_commands, root_consumers, root_files
from workbench.repair.consumer import Consumer, Tell
from workbench.repair.history import history
from workbench.repair.journal import Broken, entries
from workbench.repair.lasting import lasting
from workbench.repair.paths import Refused
from workbench.repair.prepare import Prepared, prepare
from workbench.repair.recovering import recover
from workbench.repair.staged import StagedRootFile
from workbench.repair.transaction import apply
from workbench.repair.undo import undo

pytestmark = pytest.mark.live
CONTENT = "[Service]\nUMask=0077\n"


@dataclass
class Reader:
    """A folder of root's whose files somebody reads, and what is asked of that reader."""

    folder: Path
    state: Path
    told: list[str] = field(default_factory=list)
    accepts: bool = True
    down: Callable[[], bool] = lambda: False

    @property
    def file(self) -> Path:
        return self.folder / "x.service.d" / "50-mine.conf"

    @property
    def wanted(self) -> CreateRootFile:
        return CreateRootFile(str(self.file), CONTENT, "unit-drop-in")

    def consumer(self) -> Consumer:
        return Consumer(
            name="the reader",
            places=re.compile(rf"{re.escape(str(self.folder))}/[a-z.]+/[a-z0-9-]+\.conf"),
            activates=lambda _: self._tells("up"),
            deactivates=lambda _: self._tells("down"),
            makes_folder=True,
            accepts=lambda staged: ((root_commands.program("grep"), "-q", "Service", staged),),
            proves=self._proves,
            comes_up=self._comes_up,
        )

    def _tells(self, what: str) -> tuple[Vector, ...]:
        return ((root_commands.program("touch"), str(self.folder / f"told-{what}")),)

    def _proves(self, _: RootFile, __: bytes) -> str:
        if not self.accepts:
            raise Refused("the reader does not take it; nothing was changed")
        return "the reader takes it"

    def _comes_up(self, _: RootFile, __: str, ___: Tell) -> None:
        if self.file.exists() and self.down():
            raise Refused("the reader does not come up with it")

    def applied(self, still_found: str = "") -> Run:
        return apply(made(self.wanted), self.state, lambda: still_found)

    def left(self) -> list[str]:
        return sorted(str(each.relative_to(self.folder)) for each in self.folder.rglob("*") if "told" not in each.name)

    def forget(self) -> None:
        for each in self.folder.glob("told-*"):
            each.unlink()

    def asked(self) -> list[str]:
        return sorted(each.name.removeprefix("told-") for each in self.folder.glob("told-*"))


@pytest.fixture
def reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Reader]:
    require_root()
    folder = Path(tempfile.mkdtemp(prefix="workbench-reader-"))
    made = Reader(folder, tmp_path / "state")
    monkeypatch.setattr(root_consumers, "consumer_of", lambda _: made.consumer())
    monkeypatch.setattr(root_commands, "BACKUPS", str(tmp_path / "backups"))
    try:
        yield made
    finally:
        shutil.rmtree(folder)


def made(wanted: RootFile) -> Prepared:
    ready = prepare(plan(wanted))
    assert isinstance(ready, Prepared), ready
    return ready


def test_it_is_made_taken_up_and_undone(reader: Reader) -> None:
    shown = made(reader.wanted).changes[0]
    assert f"+{CONTENT.splitlines()[1]}" in shown.diff and "the reader takes it" in shown.words
    assert all(is_roots_own(vector[0]) for vector in shown.commands)
    assert reader.left() == []
    run = reader.applied()
    assert run.state is RunState.APPLIED, run.message
    status = reader.file.stat()
    assert reader.file.read_text() == CONTENT
    assert (status.st_mode & 0o7777, status.st_uid, status.st_nlink) == (0o644, 0, 1)
    assert reader.file.parent.stat().st_mode & 0o7777 == 0o755
    assert reader.left() == ["x.service.d", "x.service.d/50-mine.conf"] and reader.asked() == ["up"]
    assert isinstance(prepare(plan(reader.wanted)), Refusal)
    reader.forget()
    undone = undo(reader.state, run.identity)
    assert undone.state is RunState.UNDONE, undone.message
    assert reader.left() == [] and reader.asked() == ["down"]
    assert not any(isinstance(each, Broken) for each in entries(reader.state))
    redone = undo(reader.state, history(reader.state)[0].identity)
    assert redone.state is RunState.UNDONE, redone.message
    assert reader.file.read_text() == CONTENT


def test_what_runs_is_what_was_shown(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[Vector] = []
    run = root_commands.run

    def noting(vector: Vector, content: bytes = b"") -> Output:
        ran.append(vector)
        return run(vector, content)

    prepared = made(reader.wanted)
    monkeypatch.setattr(root_commands, "run", noting)
    assert apply(prepared, reader.state, lambda: "").state is RunState.APPLIED
    assert ran == list(prepared.changes[0].commands)


@pytest.mark.parametrize("why", ["still found", "the parser", "its own look", "down"])
def test_g9_it_is_rolled_back(reader: Reader, why: str, monkeypatch: pytest.MonkeyPatch) -> None:
    prepared = made(reader.wanted)
    if why == "the parser":
        reader.accepts = False
    elif why == "its own look":
        monkeypatch.setattr(
            root_commands, "fill", lambda target: (root_commands.program("dd"), "count=0", f"of={target}")
        )
    elif why == "down":
        reader.down = lambda: True
    run = apply(prepared, reader.state, lambda: "it is still found" if why == "still found" else "")
    assert run.state is (RunState.ROLLED_BACK if why in ("still found", "down") else RunState.REFUSED), run.message
    assert reader.left() == []
    assert ("down" in reader.asked()) is (run.state is RunState.ROLLED_BACK)


def test_never_in_the_place_of_another(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    prepared = made(reader.wanted)
    publish = root_files._publish_new

    def meanwhile(operation: StagedRootFile) -> None:
        reader.file.write_text("theirs")
        publish(operation)

    monkeypatch.setattr(root_files, "_publish_new", meanwhile)
    run = apply(prepared, reader.state, lambda: "")
    assert run.state is RunState.REFUSED, run.message
    assert reader.file.read_text() == "theirs"
    assert reader.left() == ["x.service.d", "x.service.d/50-mine.conf"]


@pytest.mark.parametrize("what", ["content", "mode", "a link"])
def test_g12_an_undo_takes_nothing_of_somebody_elses(reader: Reader, what: str) -> None:
    run = reader.applied()
    if what == "content":
        reader.file.write_text(CONTENT + "# mine\n")
    elif what == "mode":
        reader.file.chmod(0o600)
    else:
        os.link(reader.file, reader.folder / "other")
    undone = undo(reader.state, run.identity)
    assert undone.state is RunState.REFUSED and "changed since" in undone.message
    assert reader.file.exists()


def test_what_is_made_again_comes_from_a_copy_of_roots(reader: Reader) -> None:
    """The journal is the account's, and what it says is not enough for root to write it."""
    undone = undo(reader.state, reader.applied().identity)
    assert undone.state is RunState.UNDONE
    for each in Path(root_commands.BACKUPS).iterdir():
        each.write_text("[Service]\nExecStart=/bin/evil\n")
    again = undo(reader.state, history(reader.state)[0].identity)
    assert again.state is RunState.REFUSED and "not what was taken away" in again.message
    assert reader.left() == []


@pytest.mark.parametrize("place", ["elsewhere", "a link", "open", "deep"])
def test_only_in_a_place_of_its_reader(reader: Reader, place: str) -> None:
    wanted, folder = reader.wanted, reader.file.parent
    if place == "elsewhere":
        wanted = replace(wanted, path="/etc/cron.d/mine")
    elif place == "a link":
        folder.symlink_to("/etc")
    elif place == "open":
        folder.mkdir()
        folder.chmod(0o777)
    else:
        reader.folder.rmdir()
    refused = prepare(plan(wanted))
    if place == "deep":
        reader.folder.mkdir()
    assert isinstance(refused, Refusal), refused


def test_a_secret_is_never_shown_nor_written(reader: Reader) -> None:
    secret = "ghp_" + "Zk3vQ9xLw7Rt2Yb8Nc4Md6Pf1Hs5Jg0Kq3V1"
    refused = prepare(plan(replace(reader.wanted, content=f"[Service]\nEnvironment=TOKEN={secret}\n")))
    assert isinstance(refused, Refusal) and secret not in repr(refused)


class Killed(BaseException):
    """As if the process had ended there: nothing is put back."""


@pytest.mark.parametrize("undoing", [False, True])
def test_g10_it_is_recovered_wherever_it_was_killed(
    reader: Reader, undoing: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    from workbench.repair import transaction

    run = root_commands.run
    monkeypatch.setattr(transaction, "roll_back", lambda *_, **__: (_ for _ in ()).throw(Killed()))
    number, ended = 0, False
    while not ended:
        identity = ""
        if undoing:
            with monkeypatch.context() as whole:
                whole.setattr(root_commands, "run", run)
                identity = reader.applied().identity
        left = number

        def counting(vector: Vector, content: bytes = b"") -> Output:
            nonlocal left
            if left == 0:
                raise Killed
            left -= 1
            return run(vector, content)

        with monkeypatch.context() as dying:
            dying.setattr(root_commands, "run", counting)
            try:
                ended = (undo(reader.state, identity) if undoing else reader.applied()).state in (
                    RunState.APPLIED,
                    RunState.UNDONE,
                )
            except Killed:
                pass
        recovered = recover(reader.state)
        if recovered and not ended:
            assert [each.state for each in recovered] == [RunState.RECOVERED], (number, recovered[0].message)
            assert reader.file.exists() is undoing, number
            assert reader.file.read_text() == CONTENT if undoing else reader.left() == []
        if undoing and reader.file.exists():
            assert undo(reader.state, identity).state is RunState.UNDONE
        elif not undoing and reader.file.exists():
            assert undo(reader.state, history(reader.state)[0].identity).state is RunState.UNDONE
        assert reader.left() == []
        number += 1
    assert number > 5


def test_whether_it_lasts_is_seen_without_root(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    reader.applied()
    monkeypatch.setattr(root_commands, "run", lambda *_: pytest.fail("nothing is run as root for that"))
    assert lasting(reader.state) == ()
    reader.file.write_text("[Service]\n")
    (lost,) = lasting(reader.state)
    assert lost.seen and "changed by another program" in lost.why
    reader.file.unlink()
    (lost,) = lasting(reader.state)
    assert lost.seen and "is gone" in lost.why


@pytest.mark.parametrize("failed", [True, False])
@pytest.mark.parametrize("what", ["a repair that was begun", "an undo"])
def test_what_does_not_run_is_started_only_where_a_repair_ended_it(
    reader: Reader, what: str, failed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A journal says that something was begun: that alone must not have root start what nobody asked for."""
    seen: list[str] = []
    consumer = replace(
        reader.consumer(),
        rolls_back=lambda _: reader._tells("back"),
        has_failed=lambda _: failed,
        known=lambda _, __: "rests",
        comes_up=lambda _, was, __: seen.append(was),
    )
    monkeypatch.setattr(root_consumers, "consumer_of", lambda _: consumer)
    (operation,) = made(reader.wanted).operations
    assert isinstance(operation, StagedRootFile)
    if what == "an undo":
        run = reader.applied()
        ready = root_files.taken_back(operation, [])
        assert ready is not None and run.state is RunState.APPLIED
        operation = ready[0]
        root_files.carry_out(0, operation, b"", lambda _: None, lambda _: None)
    reader.forget()
    seen.clear()
    changed = root_files.put_back(0, operation, lambda _: None, lambda _: None)
    assert changed is (what == "an undo") and reader.file.exists() is changed
    assert ("back" in reader.asked()) is failed
    assert seen == ["rests" if what == "an undo" and not failed else ""]
