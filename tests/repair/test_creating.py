"""A file is made where none is, goes again with what was made for it, and no other file pays for either."""

from __future__ import annotations

import errno
import json
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.repair.support import DEFAULT_ACL, SECRET, acl, applied, journal_text, prepared, refusal, tree, written
from tests.repair.test_crash import _STRIDE, _failing, _killed, _lines
from workbench.model.operations import CreateFile, KeepSecret, RemoveValue, SetMode
from workbench.model.run import Run, RunState
from workbench.repair import creating, publish
from workbench.repair.history import history
from workbench.repair.prepare import Prepared
from workbench.repair.recovering import recover
from workbench.repair.staged import Intent, StagedFile, moves_secrets
from workbench.repair.transaction import apply
from workbench.repair.undo import undo

LINE = "umask 077\n"
ENTRY = ("mcpServers", "files", "env", "API_KEY")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "home").mkdir(mode=0o755)
    return tmp_path / "home"


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


def _again(state: Path, undone: Run) -> Run:
    return undo(state, undone.message.rpartition(" ")[2].rstrip(")"))


def _secret_moved(home: Path) -> tuple[KeepSecret, RemoveValue]:
    file = written(home)
    kept = KeepSecret(str(home / "a/b/kept.env"), "shell", "API_KEY", str(file), "jsonc", ENTRY)
    return kept, RemoveValue(str(file), "jsonc", ENTRY)


@pytest.mark.parametrize("place", [".profile", "a/b/c/file"])
@pytest.mark.parametrize("mode", [0o600, 0o700])
@pytest.mark.parametrize("umask", [0, 0o077, 0o777])
def test_g11_it_comes_goes_and_comes_again(home: Path, state: Path, place: str, mode: Any, umask: int) -> None:
    before = tree(home)
    file = home / place
    made = prepared(CreateFile(str(file), LINE, mode))
    (change,) = made.changes
    assert "+umask 077" in change.diff and f"mode {mode:04o}" in change.words
    assert tree(home) == before
    old = os.umask(umask)
    try:
        run = apply(made, state, lambda: "")
    finally:
        os.umask(old)
    assert run.state is RunState.APPLIED, run.message
    assert file.read_bytes() == LINE.encode() and stat.S_IMODE(file.stat().st_mode) == mode
    for folder in file.relative_to(home).parents[:-1]:
        assert stat.S_IMODE((home / folder).stat().st_mode) == 0o700
    after = tree(home)
    assert "is there already" in refusal(CreateFile(str(file), LINE, mode)).reason
    second = apply(made, state, lambda: "")
    assert second.state is RunState.REFUSED and "is there already" in second.message
    assert tree(home) == after
    undone = undo(state, run.identity)
    assert undone.state is RunState.UNDONE, undone.message
    assert tree(home) == before
    redone = _again(state, undone)
    assert redone.state is RunState.UNDONE, redone.message
    assert tree(home) == after
    assert _again(state, redone).state is RunState.UNDONE
    assert tree(home) == before


@pytest.mark.parametrize("kind", ["file", "folder", "link", "dangling link", "fifo"])
def test_nothing_that_is_there_is_replaced(home: Path, state: Path, kind: str) -> None:
    file = home / "file"
    made = prepared(CreateFile(str(file), LINE))
    (home / "other").write_text("keep")
    if kind == "file":
        file.write_text("mine")
    elif kind == "folder":
        file.mkdir()
    elif kind == "fifo":
        os.mkfifo(file)
    else:
        file.symlink_to("other" if kind == "link" else "nowhere")
    before = tree(home)
    assert refusal(CreateFile(str(file), LINE)).reason
    run = apply(made, state, lambda: "")
    assert run.state is RunState.REFUSED, run.message
    assert tree(home) == before


@pytest.mark.parametrize("what", ["the file", "a link", "a folder on the way"])
def test_what_comes_in_the_last_moment_stays(
    home: Path, state: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    file = home / "a/file"
    made = prepared(CreateFile(str(file), LINE))
    place_new, make_folder = publish.place_new, creating._make_folder

    def before_publishing(folder: int, one: str, other: str) -> None:
        if other == "file" and what != "a folder on the way":
            file.write_text("mine") if what == "the file" else file.symlink_to("/etc/hostname")
        place_new(folder, one, other)

    def before_folder(folder: str, operation: StagedFile) -> None:
        if what == "a folder on the way":
            (home / "a").symlink_to("/tmp")
        make_folder(folder, operation)

    monkeypatch.setattr(creating, "place_new", before_publishing)
    monkeypatch.setattr(creating, "_make_folder", before_folder)
    run = apply(made, state, lambda: "")
    assert run.state is RunState.REFUSED, run.message
    if what == "the file":
        assert file.read_text() == "mine" and [each.name for each in file.parent.iterdir()] == ["file"]
    elif what == "a link":
        assert file.is_symlink() and [each.name for each in file.parent.iterdir()] == ["file"]
    else:
        assert not Path("/tmp/file").exists()
    assert history(state)[0].state is RunState.REFUSED


def _full(*_: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("failing", ["write_all", "place_new", "read_handle", "sync_folder"])
def test_a_failure_leaves_nothing(home: Path, state: Path, monkeypatch: pytest.MonkeyPatch, failing: str) -> None:
    before = tree(home)
    made = prepared(*_secret_moved(home), CreateFile(str(home / "x/y"), LINE))
    before = tree(home)
    once = [0]

    def fail(*arguments: Any) -> Any:
        once[0] += 1
        if failing != "sync_folder" or once[0] == 2:
            _full()
        return original(*arguments)

    original: Callable[..., Any] = getattr(creating, failing)
    monkeypatch.setattr(creating, failing, fail)
    run = apply(made, state, lambda: "")
    monkeypatch.undo()
    assert run.state in (RunState.REFUSED, RunState.ROLLED_BACK), run.message
    assert "disk is full" in run.message
    assert tree(home) == before


def test_a_repair_that_does_not_help_takes_everything_back(home: Path, state: Path) -> None:
    made = prepared(*_secret_moved(home))
    before = tree(home)
    run = apply(made, state, lambda: "it did not help")
    assert run.state is RunState.ROLLED_BACK, run.message
    assert tree(home) == before


def test_a_file_that_was_changed_since_is_not_removed(home: Path, state: Path) -> None:
    file = home / "new/file"
    for change in (lambda: file.write_text(LINE + "mine\n"), lambda: file.chmod(0o640)):
        run = applied(state, CreateFile(str(file), LINE))
        change()
        before = tree(home)
        refused = undo(state, run.identity)
        assert refused.state is RunState.REFUSED and "changed since it was made" in refused.message
        assert tree(home) == before
        file.unlink()
        undone = undo(state, run.identity)
        assert undone.state is RunState.UNDONE and "is gone" in undone.message
        file.parent.rmdir()


def test_a_folder_that_is_in_use_stays(home: Path, state: Path) -> None:
    run = applied(state, CreateFile(str(home / "a/b/file"), LINE))
    (home / "a/mine").write_text("")
    assert undo(state, run.identity).state is RunState.UNDONE
    assert [str(each.relative_to(home)) for each in home.rglob("*")] == ["a", "a/mine"]


def test_where_others_could_lead_it_elsewhere_nothing_is_made(home: Path) -> None:
    (home / "open").mkdir()
    (home / "open").chmod(0o777)
    for place in ("open/file", "open/new/file"):
        refused = refusal(CreateFile(str(home / place), LINE))
        assert "other accounts can write" in refused.reason and "chmod go-w" in refused.instead
    (home / "file").write_text("")
    assert "not a directory" in refusal(CreateFile(str(home / "file/below"), LINE)).reason


def test_an_own_link_on_the_way_is_followed(home: Path, state: Path) -> None:
    (home / "real").mkdir()
    (home / "link").symlink_to("real")
    before = tree(home)
    run = applied(state, CreateFile(str(home / "link/new/file"), LINE))
    assert (home / "real/new/file").read_text() == LINE
    assert undo(state, run.identity).state is RunState.UNDONE
    assert tree(home) == before


@pytest.mark.parametrize(
    "content", [f"API_KEY={SECRET}\n", "ghp_" + "aB3dE5gH7jK9mN1pQ3sT5vX7zB9dF1hJ3lN5", "a\x1b[2Jb\n"]
)
def test_no_plan_holds_a_secret_or_what_cannot_be_shown(home: Path, content: str) -> None:
    refused = refusal(CreateFile(str(home / "file"), content))
    assert "which no plan may hold" in refused.reason and SECRET not in refused.reason


def test_two_operations_on_one_file_are_refused(home: Path) -> None:
    file = str(home / "file")
    status = home.stat()
    assert refusal(CreateFile(file, LINE), CreateFile(file, "b\n"))
    assert refusal(CreateFile(file, LINE), SetMode(file, 0o600, 0o644, status.st_dev, status.st_ino))
    kept, removed = _secret_moved(home)
    assert refusal(CreateFile(kept.path, LINE), kept, removed)
    assert "leaves it there" in refusal(kept).reason
    (home / "link").symlink_to(home)
    assert "same file" in refusal(CreateFile(file, LINE), CreateFile(str(home / "link/file"), LINE)).reason


def test_the_secret_is_safe_before_its_old_place_loses_it(home: Path, state: Path) -> None:
    kept, removed = _secret_moved(home)
    made = prepared(removed, kept)
    assert isinstance(made.operations[0], StagedFile)
    run = apply(made, state, lambda: "")
    assert run.state is RunState.APPLIED and moves_secrets(made.operations)
    assert (
        Path(kept.path).read_text() == f"API_KEY={SECRET}\n" or Path(kept.path).read_text() == f"API_KEY='{SECRET}'\n"
    )
    assert SECRET not in journal_text(state) + repr(made) + repr(run) + json.dumps([each.diff for each in made.changes])
    undone = undo(state, run.identity)
    assert undone.state is RunState.UNDONE and SECRET in (home / "mcp.json").read_text()
    assert not (home / "a").exists()
    assert _again(state, undone).state is RunState.UNDONE
    assert Path(kept.path).exists() and SECRET not in (home / "mcp.json").read_text()
    assert SECRET not in journal_text(state)


class _Bench:
    """A home in which a secret is moved and another file is made."""

    def __init__(self, folder: Path) -> None:
        self.home, self.state = folder / "home", folder / "state"
        self.home.mkdir(mode=0o700, parents=True)
        operations = _secret_moved(self.home)
        self.before = tree(self.home)
        self.made: Prepared = prepared(*operations, CreateFile(str(self.home / "x/file"), LINE))

    def holds_secret(self) -> bool:
        return any(SECRET.encode() in place.read_bytes() for place in self.home.rglob("*") if place.is_file())


@pytest.mark.parametrize("answer", ["", "it did not help"])
def test_killed_at_any_line_the_secret_is_never_lost(tmp_path: Path, answer: str) -> None:
    apply(_Bench(tmp_path / "warming").made, tmp_path / "warming/state", lambda: answer)
    rehearsal = _Bench(tmp_path / "rehearsal")
    lines = _lines(lambda: apply(rehearsal.made, rehearsal.state, lambda: answer))
    for at_line in range(1, lines + 1, _STRIDE):
        bench = _Bench(tmp_path / str(at_line))
        work = lambda bench=bench: apply(bench.made, bench.state, lambda: answer)  # noqa: E731
        assert _killed(work, at_line), at_line
        assert bench.holds_secret(), at_line
        assert all(run.state is RunState.RECOVERED for run in recover(bench.state)), (at_line, history(bench.state))
        told = history(bench.state)
        if told and told[0].state is RunState.APPLIED:
            assert (bench.home / "x/file").exists() and bench.holds_secret()
        else:
            assert tree(bench.home) == bench.before, at_line


def test_killed_at_any_line_of_an_undo_and_of_its_undo(tmp_path: Path) -> None:
    def undone(bench: _Bench, times: int) -> Callable[[], Run]:
        run = apply(bench.made, bench.state, lambda: "")
        for _ in range(times):
            run = undo(bench.state, history(bench.state)[0].identity)
        assert run.state in (RunState.APPLIED, RunState.UNDONE), run.message
        return lambda: undo(bench.state, history(bench.state)[0].identity)

    for times in (0, 1):
        undone(_Bench(tmp_path / f"warming-{times}"), times)()
        lines = _lines(undone(_Bench(tmp_path / f"rehearsal-{times}"), times))
        for at_line in range(1, lines + 1, _STRIDE):
            bench = _Bench(tmp_path / f"{times}-{at_line}")
            work = undone(bench, times)
            before = tree(bench.home)
            assert _killed(work, at_line), at_line
            assert bench.holds_secret(), at_line
            assert all(run.state is RunState.RECOVERED for run in recover(bench.state)), (
                at_line,
                history(bench.state),
            )
            if history(bench.state)[0].state is RunState.RECOVERED:
                assert tree(bench.home) == before, at_line
            else:
                assert bench.holds_secret()


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()])
def test_broken_off_at_any_line_everything_is_put_in_order(error: BaseException, tmp_path: Path) -> None:
    rehearsal = _Bench(tmp_path / "rehearsal")
    lines = _lines(lambda: apply(rehearsal.made, rehearsal.state, lambda: ""))
    for at_line in range(1 + _STRIDE // 2, lines + 1, _STRIDE):
        bench = _Bench(tmp_path / str(at_line))
        try:
            _failing(at_line, error, lambda bench=bench: apply(bench.made, bench.state, lambda: ""))  # type: ignore[misc]
        except BaseException as raised:
            if raised is not error:
                raise
        assert bench.holds_secret(), at_line
        assert all(run.state is RunState.RECOVERED for run in recover(bench.state)), at_line
        told = history(bench.state)
        if not told or told[0].state is not RunState.APPLIED:
            assert tree(bench.home) == bench.before, (at_line, told)


def test_a_half_made_file_is_cleared_away(home: Path) -> None:
    operation = creating.to_make(str(home / "file"), b"x", 0o600)
    intents: list[Any] = []
    creating.carry_out(0, operation, b"x", intents.append, lambda _: None)
    (home / intents[0].temporary).write_text("half")
    assert creating.clear_away(operation, intents[0]) == ""
    assert [each.name for each in home.iterdir()] == ["file"]


def test_where_the_system_cannot_rename_without_replacing(
    home: Path, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publish, "_renamed", lambda *_: False)
    run = applied(state, CreateFile(str(home / "a/file"), LINE))
    assert (home / "a/file").stat().st_nlink == 1
    (home / "b").write_text("mine")
    place = os.open(home, os.O_RDONLY)
    with pytest.raises(FileExistsError):
        publish.place_new(place, "a", "b")
    os.close(place)
    (home / "b").unlink()
    assert undo(state, run.identity).state is RunState.UNDONE
    assert not list(home.iterdir())


def test_one_file_under_both_names_is_one_file(home: Path) -> None:
    operation = creating.to_make(str(home / "file"), b"x", 0o600)
    intents: list[Any] = []
    creating.carry_out(0, operation, b"x", intents.append, lambda _: None)
    gone = creating.undoing(operation)
    assert gone is not None
    for intent, back in ((operation, False), (gone, False), (operation, True)):
        name = intents[0].temporary
        os.link(home / "file", home / name)
        assert creating.clear_away(intent, Intent(0, name, back)) == ""
        assert [each.name for each in home.iterdir()] == ["file"]


def test_what_is_made_is_for_its_account_alone_whatever_the_folder_gives_others(home: Path, state: Path) -> None:
    try:
        os.setxattr(home, DEFAULT_ACL, acl((0x02, 7, 12345)))
    except OSError:
        pytest.skip("this file system has no access control lists")
    run = applied(state, CreateFile(str(home / "a/file"), LINE))
    assert run.state is RunState.APPLIED, run.message
    for place, mode in ((home / "a", 0o700), (home / "a/file", 0o600)):
        assert not [name for name in os.listxattr(place) if "acl" in name]
        assert stat.S_IMODE(place.stat().st_mode) == mode


def test_a_folder_that_may_not_be_written_is_refused_at_once(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda *_, **__: False)
    refused = refusal(CreateFile(str(home / "a/file"), LINE))
    assert "permission denied" in refused.reason and refused.instead
    monkeypatch.setattr(os, "geteuid", lambda: os.stat(home).st_uid + 1)
    assert "another account" in refusal(CreateFile(str(home / "a/file"), LINE)).reason


def test_a_table_goes_with_its_secrets_only_where_all_of_it_is_kept(home: Path, state: Path) -> None:
    kept, _ = _secret_moved(home)
    whole = RemoveValue(kept.source, "jsonc", ENTRY[:-1])
    before = Path(kept.source).read_bytes()
    Path(kept.source).write_bytes(before.replace(b'{"API_KEY"', b'{"NEW_TOKEN": "k7Wq2ZxV9mLp4RtY", "API_KEY"'))
    refused = refusal(kept, whole)
    assert "holds more than when it was looked at" in refused.reason and "k7Wq" not in refused.reason
    Path(kept.source).write_bytes(before)
    assert applied(state, kept, whole).state is RunState.APPLIED
