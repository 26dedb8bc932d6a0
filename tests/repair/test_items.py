"""A list of texts is edited item by item: what stays keeps its bytes, also a secret, and undo knows its place again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.repair.support import SECRET, applied, journal_text, prepared, refusal, tree, written
from workbench.documents import parse
from workbench.documents.proof import value_or_nothing
from workbench.model.operations import EditItems, EditValue
from workbench.model.run import RunState
from workbench.repair import items
from workbench.repair.edits import edited, taken_back, what_is_left
from workbench.repair.undo import undo

ARGS = ("mcpServers", "files", "args")
BEFORE = ["run", "--privileged", "-e", f"API_KEY={SECRET}", "--user", "root", "img"]
EXPECT = json.dumps(["run", "--privileged", "-e", None, "--user", "root", "img"])
ITEMS = (0, "-i", "--cap-drop", "ALL", 2, 3, 4, "1000", 6)
AFTER = ["run", "-i", "--cap-drop", "ALL", "-e", f"API_KEY={SECRET}", "--user", "1000", "img"]
FORMS: dict[str, tuple[str, str]] = {
    "json": ("json", json.dumps({"mcpServers": {"files": {"args": BEFORE}}, "more": [1]})),
    "json of many lines": ("json", json.dumps({"mcpServers": {"files": {"args": BEFORE}}}, indent=4)),
    "jsonc": (
        "jsonc",
        '{"mcpServers": {"files": {"args": [ // mine\n  "run", "--privileged",\n  "-e", "API_KEY=KEY!", // a key\n'
        '  "--user", "root", /* who */ "img",\n]}}}',
    ),
    "toml": (
        "toml",
        '[mcpServers.files]\nargs = ["run", "--privileged", "-e", "API_KEY=KEY!",\n  "--user", "root", "img"] # mine\n',
    ),
    "yaml": (
        "yaml",
        "mcpServers:\n  files:\n    args:\n      - run\n      - --privileged\n      - -e\n"
        "      - API_KEY=KEY! # a key\n"
        "      - --user\n      - root\n      - img\n",
    ),
    "yaml in brackets": (
        "yaml",
        "mcpServers:\n  files: {args: [run, --privileged, -e, API_KEY=KEY!, --user, root, img]} # mine\n",
    ),
}
FORMS = {name: (form, text.replace("KEY!", SECRET)) for name, (form, text) in FORMS.items()}


def edit(path: Path | str = "/x", form: Any = "json", **more: Any) -> EditItems:
    values = {"expect": EXPECT, "items": ITEMS, **more}
    return EditItems(str(path), form, ARGS, **values)


def read(raw: bytes, form: Any) -> list[str]:
    found = value_or_nothing(parse(raw, form).value, ARGS)
    assert isinstance(found, list)
    return [str(item) for item in found]


@pytest.mark.parametrize("name", FORMS)
def test_it_is_applied_and_undone_byte_for_byte(name: str, tmp_path: Path) -> None:
    form, text = FORMS[name]
    home, state = tmp_path / "home", tmp_path / "state"
    home.mkdir()
    file = written(home, content=text.encode())
    before = tree(home)
    wanted = edit(file, form)
    made = prepared(wanted)
    (change,) = made.changes
    assert "replace '--privileged' by '-i'" in change.words and "replace 'root' by '1000'" in change.words
    assert SECRET not in repr(change) + repr(made)
    run = applied(state, wanted)
    assert run.state is RunState.APPLIED, run.message
    assert read(file.read_bytes(), form) == AFTER
    assert SECRET not in journal_text(state)
    for mine in ("// mine", "// a key", "/* who */", "# mine", "# a key"):
        assert (mine in text) == (mine in file.read_text())
    assert "already" in refusal(wanted).reason or "not what it was" in refusal(wanted).reason
    assert undo(state, run.identity).state is RunState.UNDONE
    assert tree(home) == before


@pytest.mark.parametrize("name", FORMS)
def test_what_was_written_since_stays(name: str) -> None:
    form, text = FORMS[name]
    wanted = edit(form=form)
    after = edited(text.encode(), (wanted,))
    left = what_is_left(after, (wanted,))
    # Another program gives it another image, which the edit has nothing to do with.
    theirs = after.replace(b"img", b"other")
    back = taken_back(theirs, (wanted,), left, lambda: text.encode())
    assert read(back, form) == [*BEFORE[:-1], "other"]
    changed = after.replace(b"--cap-drop", b"--cap-add")
    with pytest.raises(Exception, match="changed since"):
        taken_back(changed, (wanted,), left, lambda: text.encode())


@pytest.mark.parametrize(
    "more",
    [
        {"expect": json.dumps([*BEFORE[:3], None, "--user", "other", "img"])},
        {"expect": json.dumps([*BEFORE[:3], None, "--user", "root"])},
        {"expect": json.dumps(["run", None, "-e", None, "--user", "root", "img"])},
        {"expect": json.dumps({"run": 1})},
        {"expect": "no json"},
        {"items": (2, 0)},
        {"items": (0, 0)},
        {"items": (0, 9)},
        {"items": (-1, "x")},
    ],
    ids=str,
)
def test_what_does_not_fit_is_refused(more: dict[str, Any], tmp_path: Path) -> None:
    file = written(tmp_path, content=FORMS["json"][1].encode())
    assert refusal(edit(file, **more)).reason


def test_no_plan_puts_a_secret_in(tmp_path: Path) -> None:
    file = written(tmp_path, content=FORMS["json"][1].encode())
    for put in (("--api-key", SECRET), (f"API_KEY={SECRET}",), ("ghp_" + "aB3dE5gH7jK9mN1pQ3sT5vX7zB9dF1hJ3lN5",)):
        assert "looks like a secret" in refusal(edit(file, items=(*ITEMS, *put))).reason


def test_another_edit_of_the_same_list_is_refused(tmp_path: Path) -> None:
    file = written(tmp_path, content=FORMS["json"][1].encode())
    other = EditValue(str(file), "json", (*ARGS, 6), "img", "img2")
    assert "the same part" in refusal(edit(file), other).reason


@given(st.lists(st.sampled_from("abc"), max_size=6), st.data())
def test_any_list_becomes_any_other_and_comes_back(before: list[str], data: st.DataObject) -> None:
    kept = sorted(data.draw(st.sets(st.sampled_from(range(len(before))))) if before else set())
    new: list[int | str] = []
    for place in kept:
        new += data.draw(st.lists(st.sampled_from("xyz"), max_size=2))
        new.append(place)
    new += data.draw(st.lists(st.sampled_from("xyz"), max_size=2))
    raw = json.dumps({"mcpServers": {"files": {"args": before}}}).encode()
    wanted = edit(expect=json.dumps(before), items=tuple(new))
    after = edited(raw, (wanted,))
    assert read(after, "json") == items.wanted(before, new)
    left = what_is_left(after, (wanted,))
    assert read(taken_back(after, (wanted,), left, lambda: raw), "json") == before
