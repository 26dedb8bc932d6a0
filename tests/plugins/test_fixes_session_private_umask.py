"""The umask is set in the file that the account's own shell reads, and every other byte stays."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from tests.plugins.repairing import findings
from tests.plugins.startup_files import looked_at, planned, refusal, repaired
from workbench.model.operations import EditLine
from workbench.model.plan import Plan, Refusal, Reversal, Safety
from workbench.model.run import RunState
from workbench.repair.prepare import Prepared, prepare
from workbench.repair.transaction import apply
from workbench.repair.undo import undo

CHECK, FIX = "session/umask", "session/private-umask"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


def write(home: Path, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        place = home / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
        place.chmod(0o644)


# Each shell with the files of the home, and those that change.
CASES: list[tuple[str, dict[str, bytes], dict[str, bytes]]] = [
    ("bash", {".profile": b"a=1\n"}, {".profile": b"a=1\numask 077\n"}),
    ("bash", {".profile": b"a=1"}, {".profile": b"a=1\numask 077"}),
    ("bash", {".profile": b""}, {".profile": b"umask 077\n"}),
    ("bash", {".profile": b"\xef\xbb\xbf# caf\xe9\n\n"}, {".profile": b"\xef\xbb\xbf# caf\xe9\n\numask 077\n"}),
    ("bash", {".profile": b"a=1\r\n# b\r\n"}, {".profile": b"a=1\r\n# b\r\numask 077\n"}),
    ("bash", {".profile": b"#umask 022\n"}, {".profile": b"#umask 022\numask 077\n"}),
    ("bash", {".profile": b"x\n  umask 022 # as ever\ny"}, {".profile": b"x\n  umask 077 # as ever\ny"}),
    ("bash", {".profile": b"umask 0002;\n"}, {".profile": b"umask 077;\n"}),
    ("bash", {".profile": b"umask\numask -S\n"}, {".profile": b"umask\numask -S\numask 077\n"}),
    ("bash", {".profile": b"if true; then\n\tumask 022\nfi\n"}, {".profile": b"if true; then\n\tumask 077\nfi\n"}),
    ("bash", {".bash_profile": b"a\n", ".profile": b"umask 022\n"}, {".bash_profile": b"a\numask 077\n"}),
    ("bash", {".bashrc": b"umask 022\n", ".profile": b"umask 077\n"}, {".bashrc": b"umask 077\n"}),
    ("bash", {".bashrc": b"a=1\n"}, {".bashrc": b"a=1\numask 077\n"}),
    ("bash", {".profile": b". ~/.more\n", ".more": b"umask 022\n"}, {".more": b"umask 077\n"}),
    ("bash", {".profile": b"cat <<E\numask 022\nE\n"}, {".profile": b"cat <<E\numask 022\nE\numask 077\n"}),
    ("zsh", {".zshrc": b"a=1\n", ".zprofile": b"b=1\n"}, {".zprofile": b"b=1\numask 077\n"}),
    ("zsh", {".zshenv": b"a=1\n", ".profile": b"umask 022\n"}, {".zshenv": b"a=1\numask 077\n"}),
    ("zsh", {".zshrc": b"umask 022\n", ".zshenv": b""}, {".zshrc": b"umask 077\n"}),
    (
        "fish",
        {".config/fish/config.fish": b"if status is-login\n  set -g a b\nend\n", ".profile": b"umask 022\n"},
        {".config/fish/config.fish": b"if status is-login\n  set -g a b\nend\numask 077\n"},
    ),
    ("dash", {".profile": b"a=1\n", ".bashrc": b"umask 022\n"}, {".profile": b"a=1\numask 077\n"}),
]


@pytest.mark.parametrize(("shell", "files", "changed"), CASES)
def test_one_line_sets_it(
    home: Path, tmp_path: Path, shell: str, files: dict[str, bytes], changed: dict[str, bytes]
) -> None:
    write(home, files)
    _, prepared = repaired(home, tmp_path / "state", FIX, CHECK, f"/usr/bin/{shell}")
    assert {name: (home / name).read_bytes() for name in files} == {**files, **changed}
    assert [Path(operation.real) for operation in prepared.operations] == [home / name for name in changed]
    assert (prepared.plan.safety, prepared.plan.reversal) == (Safety.REVIEW, Reversal.FULL)
    assert "umask 077" in prepared.changes[0].diff


def test_it_says_that_it_takes_effect_later(home: Path, tmp_path: Path) -> None:
    write(home, {".profile": b"a=1\n"})
    run, prepared = repaired(home, tmp_path / "state", FIX, CHECK)
    assert "takes effect at your next login, and the check finds it until then" in run.message
    assert "verified" not in run.message
    assert "log out and in" in prepared.plan.consequences
    again = refusal(FIX, CHECK, looked_at(home))
    assert "sets umask 077 already" in again.reason and "log out and in" in again.instead


def test_hardened_offers_nothing(home: Path) -> None:
    write(home, {".profile": b"umask 077\n"})
    assert not findings(CHECK, looked_at(home, umask=0o077))


@pytest.mark.parametrize(
    ("shell", "files", "why"),
    [
        ("/usr/bin/nu", {".profile": b""}, "none whose startup files"),
        ("", {".profile": b""}, "none whose startup files"),
        ("/bin/bash", {".profile": b"umask u=rwx,g=rx,o=rx\n"}, "is not a number"),
        ("/bin/bash", {".profile": b"umask $MASK\n"}, "is not a number"),
        ("/bin/bash", {".profile": b"[ -n a ] && umask 022\n"}, "and nothing else"),
        ("/bin/bash", {".profile": b"umask 022; a=1\n"}, "and nothing else"),
        ("/bin/bash", {".profile": b"umask  022\n"}, "and nothing else"),
        ("/bin/bash", {".profile": b"umask 022\r\n"}, "and nothing else"),
        ("/bin/bash", {".profile": b"umask \\\n022\n"}, "and nothing else"),
        ("/bin/bash", {".profile": b"echo a \\"}, "not closed"),
        ("/bin/bash", {".profile": b"cat <<E\ntext\n"}, "not closed"),
        ("/bin/bash", {".profile": b"a='\n"}, "does not accept"),
        ("/bin/bash", {".profile": b"true &&\n"}, "not closed"),
        ("/bin/bash", {".profile": b"if true; then\n"}, "does not accept"),
        ("/bin/bash", {".bashrc": b"exec fish\n"}, "nothing behind it counts"),
        ("/usr/bin/fish", {".config/fish/config.fish": b"if true\n"}, "does not accept"),
        ("/usr/bin/zsh", {".zshenv": b"if true; then\n"}, "does not accept"),
    ],
)
def test_what_is_not_sure_to_work_is_refused(home: Path, shell: str, files: dict[str, bytes], why: str) -> None:
    write(home, files)
    assert why in refusal(FIX, CHECK, looked_at(home, shell)).reason


@pytest.mark.parametrize(
    ("shell", "files", "made"),
    [
        ("/bin/bash", {}, ".profile"),
        ("/usr/bin/zsh", {".profile": b""}, ".zshenv"),
        ("/usr/bin/fish", {}, ".config/fish/config.fish"),
        ("/bin/dash", {".bashrc": b""}, ".profile"),
    ],
)
def test_a_startup_file_that_is_missing_is_made(
    home: Path, tmp_path: Path, shell: str, files: dict[str, bytes], made: str
) -> None:
    write(home, files)
    run, prepared = repaired(home, tmp_path / "state", FIX, CHECK, shell=shell)
    assert (home / made).read_bytes() == b"umask 077\n"
    assert stat.S_IMODE((home / made).stat().st_mode) == 0o600
    (change,) = prepared.changes
    assert "+umask 077" in change.diff and "takes effect at your next login" in run.message


def test_nothing_in_the_file_runs(home: Path, tmp_path: Path) -> None:
    write(home, {".profile": f"touch {tmp_path}/ran; a=$(touch {tmp_path}/ran)\n".encode()})
    repaired(home, tmp_path / "state", FIX, CHECK)
    assert not (tmp_path / "ran").exists()


def _prepared(home: Path) -> Prepared:
    made = planned(FIX, CHECK, looked_at(home))
    assert isinstance(made, Plan)
    prepared = prepare(made)
    assert isinstance(prepared, Prepared), prepared
    return prepared


def test_a_file_that_changed_meanwhile_is_refused(home: Path, tmp_path: Path) -> None:
    write(home, {".profile": b"umask 022\n"})
    prepared = _prepared(home)
    write(home, {".profile": b"a=1\numask 022\n"})
    run = apply(prepared, tmp_path / "state", lambda: "")
    assert run.state is RunState.REFUSED
    assert (home / ".profile").read_bytes() == b"a=1\numask 022\n"
    assert "and nothing else" in _refused(prepared).reason


def _refused(prepared: Prepared) -> Refusal:
    made = prepare(prepared.plan)
    assert isinstance(made, Refusal)
    return made


@pytest.mark.parametrize(
    ("before", "later", "undone"),
    [
        (b"a\numask 022\nb\n", b"new\na\numask 077\nb\n", b"new\na\numask 022\nb\n"),
        (b"a\numask 022\nb\n", b"a\numask 077\nb\nnew\n", b"a\numask 022\nb\nnew\n"),
        (b"a\numask 022\nb\n", b"a\numask 027\nb\n", None),
        (b"a\nb\n", b"a\nb\numask 077\nnew\n", b"a\nb\nnew\n"),
        (b"a\nb\n", b"new\na\nb\numask 077\n", b"new\na\nb\n"),
        (b"a\nb", b"new\na\nb\numask 077", b"new\na\nb"),
        (b"a\nb\n", b"a\nb\n", b"a\nb\n"),
        (b"a\nb\n", b"a\nc\n", None),
    ],
)
def test_undo_takes_back_the_line_and_keeps_what_was_written_since(
    home: Path, tmp_path: Path, before: bytes, later: bytes, undone: bytes | None
) -> None:
    write(home, {".profile": before})
    run = apply(_prepared(home), tmp_path / "state", lambda: "")
    write(home, {".profile": later})
    done = undo(tmp_path / "state", run.identity)
    assert done.state is (RunState.UNDONE if undone is not None else RunState.REFUSED), done.message
    assert (home / ".profile").read_bytes() == (later if undone is None else undone)


def test_the_plan_is_one_line(home: Path) -> None:
    write(home, {".profile": b"a\numask 022\n"})
    made = planned(FIX, CHECK, looked_at(home))
    assert isinstance(made, Plan)
    assert made.operations == (EditLine(str(home / ".profile"), "sh", 2, "umask 022", "umask 077"),)
