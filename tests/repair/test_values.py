"""What holds for the edit of one string holds for a value that is taken out or put in, of whatever kind and format."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.repair.support import SECRET, applied, config, journal_text, plan, prepared, refusal, tree, values, written
from workbench.documents import changing, parse, value_at
from workbench.documents.splicing import spliced
from workbench.model.finding import Pointer
from workbench.model.operations import Edit, EditValue, RemoveValue, RestoreValue, SetMode, SetValue
from workbench.model.run import RunState
from workbench.repair.edits import edited, taken_back, what_is_left
from workbench.repair.history import history
from workbench.repair.paths import Refused
from workbench.repair.recovering import recover
from workbench.repair.transaction import apply
from workbench.repair.undo import undo

SERVER: Pointer = ("mcpServers", "files")
YAML = f"# mine\nextensions:\n  files:\n    cmd: npx # run\n    envs:\n      API_KEY: {SECRET}\n  other:\n    cmd: x\n"
TOML = (
    f'# mine\r\n[mcp_servers.files]\r\ncommand = "npx"\r\n[mcp_servers.files.env]\r\nAPI_KEY = "{SECRET}"\r\n\r\n'
    '[mcp_servers.other]\r\ncommand = "x"\r\n'
)
RULES = """{
  "permissions": {
    "allow": [
      "Bash(ls)",
      "mcp__files", // all of it
      "mcp__other__read",
    ],
    "mode": "ask"
  }
}
"""


@dataclass(frozen=True)
class Case:
    """A file, what is to be done to it, what must be there afterwards, and an edit of a client's elsewhere in it."""

    content: bytes
    edits: Callable[[str], tuple[Edit, ...]]
    after: bytes
    theirs: tuple[bytes, bytes]
    mine: tuple[bytes, bytes] = (b"", b"")
    """What somebody makes of the very place afterwards, in the repaired file."""


LOOSE = b'{"a": 1, "b": {"args": ["x"], "type": true}}'
CASES = {
    "a server of JSONC": Case(
        config(),
        lambda path: (RemoveValue(path, "jsonc", SERVER, expect='{"command": "npx"}'),),
        config()[: config().index(b'        "files"')] + config()[config().index(b"    },\r\n}") :],
        (b"// tools I use", b"// my tools"),
        (b'"mcpServers": {', b'"mcpServers": {"files": {"command": "mine"},'),
    ),
    "two values of one server": Case(
        config(),
        lambda path: values(Path(path)),
        config().replace(b',\r\n                  "env": {"API_KEY": "%s"}}' % SECRET.encode(), b', "disabled": true}'),
        (b'"/srv/data"', b'"/srv/chosen"'),
        (b'"disabled": true', b'"disabled": false'),
    ),
    "a server of YAML": Case(
        YAML.encode(),
        lambda path: (RemoveValue(path, "yaml", ("extensions", "files")),),
        YAML[: YAML.index("  files")].encode() + b"  other:\n    cmd: x\n",
        (b"cmd: x", b"cmd: y"),
        (b"extensions:\n", b"extensions:\n  files: {cmd: z}\n"),
    ),
    "a server of TOML": Case(
        TOML.encode(),
        lambda path: (RemoveValue(path, "toml", ("mcp_servers", "files")),),
        b'# mine\r\n\r\n[mcp_servers.other]\r\ncommand = "x"\r\n',
        (b'command = "x"', b'command = "y"'),
        (b"# mine\r\n", b"# mine\r\n[mcp_servers.files]\r\n"),
    ),
    "items of a list": Case(
        RULES.encode(),
        lambda path: (RemoveValue(path, "jsonc", ("permissions", "allow"), ("mcp__files", "mcp__other__read")),),
        RULES.replace('      "mcp__files", // all of it\n      "mcp__other__read",\n', "").encode(),
        (b'"ask"', b'"plan"'),
        (b'"Bash(ls)",', b'"Bash(ls)", "mcp__mine",'),
    ),
    "an item by its place": Case(
        LOOSE.replace(b'"x"', b'"x", "y"'),
        lambda path: (RemoveValue(path, "json", ("b", "args", 0), expect='"x"'),),
        LOOSE.replace(b'"x"', b'"y"'),
        (b'"a": 1', b'"a": 2'),
        (b'["y"]', b'["z", "y"]'),
    ),
    "a new value": Case(
        LOOSE,
        lambda path: (SetValue(path, "json", ("b", "disabled"), "true"),),
        LOOSE.replace(b"true", b'true, "disabled": true'),
        (b'"a": 1', b'"a": 2, "c": 3'),
        (b'"disabled": true', b'"disabled": 1'),
    ),
    "another value": Case(
        LOOSE,
        lambda path: (SetValue(path, "json", ("b", "type"), '{"k": [1]}', expect="true"),),
        LOOSE.replace(b"true", b'{"k": [1]}'),
        (b'"x"', b'"other"'),
        (b'{"k": [1]}', b'{"k": [2]}'),
    ),
}


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir(mode=0o700)
    return folder


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> Case:
    return CASES[request.param]


@pytest.fixture
def file(case: Case, home: Path) -> Path:
    return written(home, content=case.content, mode=0o640)


def test_g7_exactly_the_bytes_that_were_shown_and_every_byte_back(
    case: Case, file: Path, home: Path, state: Path
) -> None:
    before = tree(home)
    made = prepared(*case.edits(str(file)))
    assert made.contents == (case.after,)
    assert tree(home) == before

    run = apply(made, state, lambda: "")

    assert run.state is RunState.APPLIED, run.message
    assert file.read_bytes() == case.after
    repaired = tree(home)
    for _ in range(2):
        assert undo(state, run.identity).state is RunState.UNDONE
        assert tree(home) == before
        redone = undo(state, history(state)[0].identity)
        assert redone.state is RunState.UNDONE, redone.message
        assert tree(home) == repaired


def test_a_second_apply_is_refused_and_changes_nothing(case: Case, file: Path, home: Path, state: Path) -> None:
    made = prepared(*case.edits(str(file)))
    apply(made, state, lambda: "")
    before = tree(home)
    assert "already is as the plan wants it" in apply(made, state, lambda: "").message
    assert refusal(*case.edits(str(file))).reason
    assert tree(home) == before and len(history(state)) == 1


def test_drift_is_refused(case: Case, file: Path, home: Path, state: Path) -> None:
    made = prepared(*case.edits(str(file)))
    file.write_bytes(case.content.replace(*case.theirs))
    before = tree(home)
    run = apply(made, state, lambda: "")
    assert run.state is RunState.REFUSED and "changed since it was shown" in run.message
    assert tree(home) == before


def test_links(case: Case, file: Path, home: Path, state: Path) -> None:
    (home / "mine.json").symlink_to("mcp.json")
    run = applied(state, *case.edits(str(home / "mine.json")))
    assert run.state is RunState.APPLIED and (home / "mine.json").is_symlink()
    assert file.read_bytes() == case.after
    undo(state, run.identity)
    door = home / "door"
    door.mkdir()
    door.chmod(0o777)
    (door / "mcp.json").symlink_to(file)
    assert "another account can replace it" in refusal(*case.edits(str(door / "mcp.json"))).reason
    os.link(file, home / "second")
    assert "2 names (hard links)" in refusal(*case.edits(str(file))).reason


@pytest.mark.parametrize("how", ["it did not help", "it fails", "disk full"])
def test_put_back_where_it_did_not_succeed(
    how: str, case: Case, file: Path, home: Path, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = tree(home)
    made = prepared(*case.edits(str(file)))

    def verify() -> str:
        if how == "it fails":
            raise RuntimeError(SECRET)
        return how

    if how == "disk full":

        def full(*_: object) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr("workbench.repair.publish.write_all", full)
    run = apply(made, state, verify)
    assert run.state in (RunState.ROLLED_BACK, RunState.REFUSED)
    assert SECRET not in run.message
    assert tree(home) == before


def test_g6_an_edit_that_spoils_the_document_is_not_published(
    case: Case, file: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = tree(home)
    for spoil in (lambda text: text[:-3], lambda text: text.replace("e", "E"), lambda _: "", lambda text: text + "}"):
        monkeypatch.setattr(changing, "spliced", lambda text, splices, spoil=spoil: spoil(spliced(text, splices)))
        assert refusal(*case.edits(str(file))).reason
    assert tree(home) == before


def test_what_a_client_wrote_since_is_kept(case: Case, file: Path, home: Path, state: Path) -> None:
    run = applied(state, *case.edits(str(file)))
    assert case.theirs[0] in case.after
    file.write_bytes(case.after.replace(*case.theirs))

    undone = undo(state, run.identity)

    form = case.edits("/x")[0].format
    assert undone.state is RunState.UNDONE, undone.message
    assert "keep everything that was changed since" in history(state)[0].changes[0].words
    there, wanted = parse(file.read_bytes(), form).value, parse(case.content.replace(*case.theirs), form).value
    assert there == wanted
    assert case.theirs[1] in file.read_bytes()
    file.write_bytes(file.read_bytes().replace(case.theirs[1], case.theirs[0]) + b"\n")
    redone = undo(state, history(state)[0].identity)
    assert redone.state is RunState.UNDONE, redone.message
    assert parse(file.read_bytes(), form).value == parse(case.after, form).value


def test_what_somebody_put_into_the_very_place_is_left_alone(case: Case, file: Path, state: Path) -> None:
    run = applied(state, *case.edits(str(file)))
    assert case.mine[0] in case.after
    theirs = case.after.replace(*case.mine)
    parse(theirs, case.edits("/x")[0].format)
    file.write_bytes(theirs)
    made = undo(state, run.identity)
    assert made.state is RunState.REFUSED, made.message
    assert "was changed by another program since" in made.message
    assert file.read_bytes() == theirs
    for other in (b"", b"{}", b"\xff", b"[1]", b"a: 1\n"):
        file.write_bytes(other)
        assert undo(state, run.identity).state is RunState.REFUSED
        assert file.read_bytes() == other


def test_what_a_client_wrote_in_the_middle_of_it_is_kept(case: Case, file: Path, state: Path) -> None:
    made = prepared(*case.edits(str(file)))

    def verify() -> str:
        file.write_bytes(case.after.replace(*case.theirs))
        return ""

    run = apply(made, state, verify)
    assert run.state is RunState.APPLIED, run.message
    undo(state, run.identity)
    file.write_bytes(case.content)

    def spoil() -> str:
        file.write_bytes(case.after.replace(*case.mine))
        return "it is still there"

    run = apply(prepared(*case.edits(str(file))), state, spoil)
    assert run.state is RunState.ROLLBACK_FAILED and "backups are in" in run.message
    assert file.read_bytes() == case.after.replace(*case.mine)


def test_recovered_after_a_crash_and_a_client_that_wrote(case: Case, file: Path, state: Path) -> None:
    made = prepared(*case.edits(str(file)))
    child = os.fork()
    if child == 0:
        try:
            apply(made, state, lambda: os._exit(9) or "")
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    assert file.read_bytes() == case.after
    file.write_bytes(case.after.replace(*case.theirs))
    (run,) = recover(state)
    form = case.edits("/x")[0].format
    assert run.state is RunState.RECOVERED, run.message
    assert parse(file.read_bytes(), form).value == parse(case.content.replace(*case.theirs), form).value


def test_nothing_secret_outside_of_the_backups(case: Case, file: Path, state: Path) -> None:
    made = prepared(*case.edits(str(file)))
    run = apply(made, state, lambda: "")
    file.write_bytes(case.after.replace(*case.theirs))
    undone = undo(state, run.identity)
    redone = undo(state, history(state)[0].identity)
    assert redone.state is RunState.UNDONE
    for text in (journal_text(state), repr(made), repr(run), repr(undone), repr(redone), repr(history(state))):
        assert SECRET not in text
    holding = {place.name for place in state.rglob("*") if place.is_file() and SECRET.encode() in place.read_bytes()}
    assert holding <= {"backup-0"}


def test_it_is_told_in_words_and_shown_line_by_line(home: Path) -> None:
    file = written(home)
    (change,) = prepared(*values(file)).changes
    assert change.words == "remove mcpServers.files.env; set mcpServers.files.disabled to true"
    lines = change.diff.splitlines()
    assert lines[2].startswith("@@ -1,8 +1,7 @@") and len(lines) == 12
    assert '-                  "env": {"API_KEY": "<secret: generic, 24 characters>"}},' in lines
    rules = written(home, "rules.json", RULES.encode())
    (change,) = prepared(*CASES["items of a list"].edits(str(rules))).changes
    assert change.words == "remove 'mcp__files', 'mcp__other__read' from permissions.allow"
    assert '-      "mcp__files", // all of it' in change.diff.splitlines()


def test_a_change_far_down_a_large_file_has_the_right_line_numbers(home: Path) -> None:
    members = {f"key-{number}": number for number in range(5000)}
    file = written(home, content=json.dumps(members, indent=1).encode())
    (change,) = prepared(RemoveValue(str(file), "json", ("key-4000",))).changes
    assert [line for line in change.diff.splitlines() if line[0] == "@"] == ["@@ -3999,7 +3999,6 @@"]


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (RemoveValue("P", "jsonc", (*SERVER, "cwd")), "no longer holds"),
        (RemoveValue("P", "jsonc", (*SERVER, "command"), expect='"uvx"'), "not what it was"),
        (RemoveValue("P", "jsonc", (*SERVER, "args"), items=("-y", "gone")), "no longer holds everything"),
        (RemoveValue("P", "jsonc", (*SERVER, "command"), items=("npx",)), "no longer holds everything"),
        (RemoveValue("P", "jsonc", ()), "whole document"),
        (SetValue("P", "jsonc", (*SERVER, "command"), '"uvx"'), "already"),
        (SetValue("P", "jsonc", (*SERVER, "command"), '"uvx"', expect='"x"'), "not what it was"),
        (SetValue("P", "jsonc", (*SERVER, "env", "cwd", "x"), '"/srv"'), "nothing that could hold"),
        (SetValue("P", "jsonc", (*SERVER, "args", 0), '"x"', expect='"-y"'), "only a member"),
        (SetValue("P", "jsonc", (*SERVER, "cwd"), "{not JSON"), "not JSON"),
        (SetValue("P", "jsonc", (*SERVER, "env2"), json.dumps({"API_KEY": SECRET})), "looks like a secret"),
        (RemoveValue("P", "jsonc", (*SERVER, "args"), items=("ghp_" + "a1B2c3D4e5F6g7H8i9J0" * 2,)), "like a secret"),
        (RestoreValue("P", "jsonc", SERVER, RemoveValue("P", "jsonc", SERVER)), "only an undo"),
        (SetValue("P", "json", (*SERVER, "cwd"), '"/srv"'), "which JSON does not allow"),
        (RemoveValue("P", "jsonc", (*SERVER, "args", 0)), "does not say which item"),
        (RemoveValue("P", "jsonc", (*SERVER, "args", 0), expect='"pkg"'), "not what it was"),
        (RemoveValue("P", "jsonc", SERVER, expect='{"command": "uvx"}'), "not what it was"),
        (RemoveValue("P", "jsonc", SERVER, expect='{"cwd": null}'), "not what it was"),
    ],
)
def test_refused_before_anything_is_done(edit: Edit, said: str, home: Path) -> None:
    file = written(home)
    before = tree(home)
    if isinstance(edit, RemoveValue):
        edit = RemoveValue(str(file), edit.format, edit.pointer, edit.items, edit.expect)
    elif isinstance(edit, SetValue):
        edit = SetValue(str(file), edit.format, edit.pointer, edit.value, edit.expect)
    else:
        edit = RestoreValue(str(file), edit.format, edit.pointer, RemoveValue(str(file), edit.format, edit.pointer))
    made = refusal(edit)
    assert said in made.reason
    assert SECRET not in made.reason + made.instead
    assert tree(home) == before


def test_the_name_of_a_server_makes_no_secret_of_its_command(home: Path) -> None:
    file = written(home, content=b'{"mcpServers": {"api-token-secret": {"command": "/usr/lib/node18/bin/node"}}}')
    edit = RemoveValue(
        str(file), "json", ("mcpServers", "api-token-secret"), expect='{"command": "/usr/lib/node18/bin/node"}'
    )
    assert prepared(edit).contents == (b'{"mcpServers": {}}',)


def test_edits_that_would_move_each_other_are_refused(home: Path) -> None:
    file = str(written(home))
    args = (*SERVER, "args")
    removed = RemoveValue(file, "jsonc", (*args, 0), expect='"-y"')
    for other in (
        EditValue(file, "jsonc", (*args, 1), "pkg", "pkg@1"),
        RemoveValue(file, "jsonc", (*args, 1)),
        RemoveValue(file, "jsonc", SERVER),
        RemoveValue(file, "jsonc", args, items=("pkg",)),
        removed,
    ):
        assert "change the same part" in refusal(removed, other).reason
        assert "change the same part" in refusal(other, removed).reason
    status = os.stat(file)
    mode = SetMode(file, 0o400, 0o600, status.st_dev, status.st_ino)
    assert "two operations" in refusal(removed, mode).reason
    assert prepared(removed, EditValue(file, "jsonc", (*SERVER, "command"), "npx", "bunx"))


def test_taking_back_needs_to_know_what_was_left() -> None:
    edits = (RemoveValue("/x", "json", ("a",)),)
    before = b'{"a": 1, "b": 2}'
    after = edited(before, edits)
    assert taken_back(after, edits, what_is_left(after, edits), lambda: before) == b'{"a": 1, "b": 2}'
    with pytest.raises(Refused):
        taken_back(after, edits, (), lambda: before)
    assert plan(*edits).digest != plan(RemoveValue("/x", "json", ("b",))).digest


_DATA = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text('ab"\\ é', max_size=4),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abc", max_size=2), inner, max_size=4),
    max_leaves=12,
)


@settings(deadline=None)
@given(st.dictionaries(st.text("abc", max_size=2), _DATA, min_size=1, max_size=4), st.data())
def test_any_value_comes_back_into_a_file_that_a_client_wrote_anew(document: dict[str, Any], data: Any) -> None:
    raw = json.dumps(document, indent=data.draw(st.sampled_from([None, 1, "\t"]))).encode()
    where: Pointer = ()
    held: Any = document
    while not where or (data.draw(st.booleans()) and isinstance(held, dict | list) and held):
        where = (*where, data.draw(st.sampled_from(list(held) if isinstance(held, dict) else range(len(held)))))
        held = value_at(document, where)
    edits = (RemoveValue("/x", "json", where, expect=json.dumps(held)),)
    after = edited(raw, edits)
    left = what_is_left(after, edits)
    # As clients do: everything written anew in their own style, with something more in it.
    theirs = json.dumps({**json.loads(after), "new": 1}, indent=data.draw(st.sampled_from([None, 4]))).encode()

    back = taken_back(theirs, edits, left, lambda: raw)

    assert json.loads(back) == {**document, "new": 1}
    again = edited(back, edits)
    assert json.loads(again) == json.loads(theirs)
    undone = (RestoreValue("/x", "json", where, edits[0]),)
    assert json.loads(taken_back(back, undone, what_is_left(raw, undone), lambda: theirs)) == json.loads(theirs)
