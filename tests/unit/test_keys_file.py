"""A file of keys: what it chooses, and in one sentence an entry why it is not used."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from workbench.cli import run
from workbench.tui.keys import ACTS, FIXED, Keys, hint, shown, unused, use
from workbench.tui.keys_file import FILE_LIMIT, _clash, _Entry, _named, parse, read
from workbench.tui.own_keys import chosen_by


@pytest.mark.parametrize(
    ("text", "chosen"),
    [
        ("", {}),
        ("# nothing yet\n", {}),
        ("rescan: f5\n", {"rescan": ("f5",)}),
        ("rescan: [r, f5]\n", {"rescan": ("r", "f5")}),
        ("rescan: Ctrl+R\nhelp: F1\n", {"rescan": ("ctrl+r",), "help": ("f1",)}),
        ('help: "?"\nfilter: /\n', {"help": ("question_mark",), "filter": ("slash",)}),
        ("filter: [slash, /]\n", {"filter": ("slash",)}),
        ('filter: ","\n', {"filter": ("comma",)}),
        ("page.findings: 9\n", {"page.findings": ("9",)}),
        # What YAML takes for a truth or for nothing is a key here.
        ("rescan: ~\n", {"rescan": ("tilde",)}),
        ("rescan: ä\n", {"rescan": ("ä",)}),
        # A key is free where its usual act has another one.
        ("rescan: u\nundo: r\n", {"rescan": ("u",), "undo": ("r",)}),
        ("repair: r\nrescan: f5\n", {"repair": ("r",), "rescan": ("f5",)}),
        # One key for what is never in the same place.
        ("findings.sort: m\nactivity.copy: m\n", {"findings.sort": ("m",), "activity.copy": ("m",)}),
        ("palette: f2\n", {"palette": ("f2",)}),
        ("\ufeffrescan: f5\r\n", {"rescan": ("f5",)}),
    ],
)
def test_what_a_file_chooses(text: str, chosen: dict[str, tuple[str, ...]]) -> None:
    assert parse(text.encode(), "keys.yaml") == Keys("keys.yaml", chosen, ())


WRONG = [
    ("rescn: f5", "line 1: there is no act rescn; did you mean rescan?"),
    ("fly: f5", "line 1: there is no act fly; see: workbench list keys"),
    (
        "? [a]\n: f5",
        "line 1, column 3: nothing in the file is used: a key that is a list or a mapping;"
        " put a sign such as ? or [ between quotes",
    ),
    ("f5: rescan", "line 1: f5 is a key: write the act first and its key behind it, as in rescan: f5"),
    ("ctrl+q: quit", "line 1: ctrl+q can be given to no act: it always quits"),
    ("esc: quit", "line 1: escape can be given to no act: it always leads back"),
    (
        "quit: ctrl+c",
        "line 1: quit: ctrl+c always copies what is selected, and else quits, so it stays on q. Choose another key.",
    ),
    (
        "rescan: enter",
        "line 1: rescan: enter always opens or presses what the cursor is on, so it stays on r. Choose another key.",
    ),
    ("rescan: ctrl+i", "line 1: rescan: ctrl+i arrives from a terminal as tab, so it stays on r. Choose another key."),
    ("rescan: ctl+r", "line 1: rescan: ctl+r is no key, so it stays on r. Did you mean ctrl+r?"),
    (
        "rescan: the big one",
        "line 1: rescan: the big one is no key, so it stays on r."
        " Write a sign, or a name such as f5, ctrl+r or question_mark.",
    ),
    ("rescan: shift+x", "line 1: rescan: shift+x is no key of a terminal, so it stays on r. Write X."),
    ("rescan:", "line 1: rescan: names no key, so it stays on r. Write one key, or a list such as [r, f5]."),
    ("rescan: []", "line 1: rescan: names no key, so it stays on r. Write one key, or a list such as [r, f5]."),
    ("rescan: ['']", "line 1: rescan: names no key, so it stays on r. Write one key, or a list such as [r, f5]."),
    ("rescan: {a: b}", "line 1: rescan: names no key, so it stays on r. Write one key, or a list such as [r, f5]."),
    ("rescan: [f5, f25]", "line 1: rescan: f25 is no key, so it stays on r. Did you mean f5?"),
    (
        "rescan: [1,2,3,4,5,6,7,8,9]",
        "line 1: rescan: names more than 8 keys, so it stays on r. Choose some of them.",
    ),
    (
        "\nrescan: f",
        "line 2: rescan: f is the key of repair as well, on the findings page, so it stays on r."
        " Choose another key, or give repair another one.",
    ),
    (
        "zoom: space",
        "line 1: zoom: space is the key of findings.mark as well, on the findings page, so it stays on z."
        " Choose another key, or give findings.mark another one.",
    ),
    (
        "findings.sort: 1",
        "line 1: findings.sort: 1 is the key of page.findings as well, on the findings page, so it stays on o."
        " Choose another key, or give page.findings another one.",
    ),
    (
        "apply: f",
        "line 1: apply: f would both lead to a question (repair) and agree to it (apply), and a key that is pressed"
        " twice must change nothing, so it stays on a. Choose another key.",
    ),
    (
        "sudo: y\ncopy: f9",
        "line 1: sudo: y would both lead to a question (sudo) and agree to it (agree), and a key that is pressed"
        " twice must change nothing, so it stays on s. Choose another key.",
    ),
    (
        "palette: x",
        "line 1: palette: x is needed where a line is typed, so it stays on ctrl+p."
        " Choose a function key, or one with ctrl that edits no line.",
    ),
    (
        "palette: /",
        "line 1: palette: / is needed where a line is typed, so it stays on ctrl+p."
        " Choose a function key, or one with ctrl that edits no line.",
    ),
    (
        "palette: ctrl+u",
        "line 1: palette: ctrl+u is needed where a line is typed, so it stays on ctrl+p."
        " Choose a function key, or one with ctrl that edits no line.",
    ),
    (
        "- rescan",
        "line 1: nothing in the file is used: it must hold one act and its key on each line, as in rescan: f5",
    ),
    ("rescan", "line 1: nothing in the file is used: it must hold one act and its key on each line, as in rescan: f5"),
    (
        "help: ?",
        "line 1, column 7: nothing in the file is used: mapping keys are not allowed in this context;"
        " put a sign such as ? or [ between quotes",
    ),
]


@pytest.mark.parametrize(("text", "said"), WRONG)
def test_what_is_not_used_is_said_with_its_line_and_what_to_do(text: str, said: str) -> None:
    whole = "nothing in the file" in said
    keys = parse((text if whole else f"{text}\nwatch: f8\n").encode(), "keys.yaml")
    assert keys.complaints == (said,)
    # Whatever can be used is used all the same.
    assert keys.of("watch") == (("w",) if whole else ("f8",))
    named = said.split(": ")[1]
    if named in ACTS:
        assert keys.of(named) == (ACTS[named].key,)


def test_an_act_that_stands_there_twice_keeps_its_first_key() -> None:
    keys = parse(b"rescan: f5\nrescan: f6\n", "keys.yaml")
    assert keys.of("rescan") == ("f5",)
    assert keys.complaints == ("line 2: rescan stands on line 1 already, so this line is not used. Keep one of them.",)


def test_of_two_acts_on_one_key_the_first_line_wins() -> None:
    keys = parse(b"sudo: f5\nwatch: f5\n", "keys.yaml")
    assert dict(keys.chosen) == {"sudo": ("f5",)}
    assert "line 2: watch: f5 is the key of sudo as well" in keys.complaints[0]


def test_what_counted_on_an_entry_that_is_not_used_is_not_used_either() -> None:
    # The key of undo is not free: its own entry is refused, so it stays where it is.
    keys = parse(b"rescan: u\nundo: enter\n", "keys.yaml")
    assert not keys.chosen
    assert [complaint.split(":")[0] for complaint in keys.complaints] == ["line 1", "line 2"]


ASKING = [act.id for act in ACTS.values() if act.asks]
AGREEING = [act.id for act in ACTS.values() if act.agrees]


@pytest.mark.parametrize("agrees", AGREEING)
@pytest.mark.parametrize("asks", ASKING)
def test_no_key_both_leads_to_a_question_and_agrees_to_it(asks: str, agrees: str) -> None:
    if asks == agrees:
        return
    for text in (f"{agrees}: {ACTS[asks].key}", f"{asks}: {ACTS[agrees].key}", f"{asks}: f9\n{agrees}: f9"):
        keys = parse(text.encode(), "keys.yaml")
        assert not set(keys.of(asks)) & set(keys.of(agrees))
        assert keys.complaints


def test_what_repairs_and_undoes_asks_and_what_applies_agrees() -> None:
    assert {"repair", "repair.marked", "undo", "sudo", "probe", "history.redo", "history.purge"} <= set(ASKING)
    assert {"apply", "agree", "keep"} == set(AGREEING)


def test_the_usual_keys_are_in_nobodys_way() -> None:
    for act in ACTS.values():
        assert _clash(_Entry(act, (act.key,), 1), {}) == ""
        assert _named(act.key) == act.key
        assert act.key not in FIXED
        assert act.places


@pytest.mark.parametrize(
    "raw",
    [
        b"\xff\xfe\x00\x01\x02",
        b"rescan: \x00",
        b"rescan: \xff",
        b"[" * 100_000,
        b"a: " * 50_000,
        b"a: &a [1]\nb: &b [*a,*a,*a]\nc: &c [*b,*b,*b]\nrescan: *c\n",
        b"".join(b"act%d: f5\n" % number for number in range(5000)),
        b"rescan: [" + b"f5, " * 100_000 + b"]",
        b"x" * (FILE_LIMIT - 1),
        b"rescan: " + b"y" * 500_000,
        "r\u202eescan: f5".encode(),
        b"rescan: !!python/object/apply:os.system ['true']",
        b"--- \nrescan: f5\n--- \nrescan: f6\n",
    ],
)
def test_a_hostile_file_is_refused_in_words_and_soon(raw: bytes) -> None:
    begun = time.process_time()
    keys = parse(raw, "keys.yaml")
    assert time.process_time() - begun < 5
    assert not keys.chosen
    assert keys.complaints
    assert all(said.isprintable() and len(said) < 400 for said in keys.complaints)


def test_a_file_that_another_account_could_write_is_not_used(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    file = tmp_path / "keys.yaml"
    file.write_text("rescan: f5\n")
    file.chmod(0o600)
    assert read(file).of("rescan") == ("f5",)
    file.chmod(0o622)
    keys = read(file)
    assert not keys.chosen
    assert keys.complaints[0].startswith("nothing in it is used: ")
    assert "can be written by other accounts (mode 0622); run: chmod go-w" in keys.complaints[0]


def test_a_link_a_fifo_a_folder_and_what_is_too_large_are_not_used(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    real = tmp_path / "real.yaml"
    real.write_text("rescan: f5\n")
    real.chmod(0o600)
    link, fifo, folder, large = (tmp_path / name for name in ("link.yaml", "fifo.yaml", "folder.yaml", "large.yaml"))
    link.symlink_to(real)
    os.mkfifo(fifo, 0o600)
    folder.mkdir(0o700)
    large.write_bytes(b"#" * (FILE_LIMIT + 1))
    large.chmod(0o600)
    for path, why in (
        (link, "is a symbolic link"),
        (fifo, "not a regular file"),
        (folder, "not a regular file"),
        (large, "is larger than 1 MiB"),
    ):
        keys = read(path)
        assert not keys.chosen
        assert keys.complaints[0].startswith("nothing in it is used: ")
        assert why in keys.complaints[0]


@pytest.mark.skipif(os.name != "posix" or os.getuid() != 0, reason="only root can give a file away")
def test_a_file_of_another_account_is_not_used(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    file = tmp_path / "keys.yaml"
    file.write_text("rescan: f5\n")
    file.chmod(0o644)
    os.chown(file, 12345, 12345)
    (complaint,) = read(file).complaints
    assert "belongs to another account (uid 12345), which could change what your keys do" in complaint
    assert complaint.endswith("; copy the keys to a place of your own")


def test_where_there_is_no_file_the_usual_keys_hold_and_nothing_is_read(tmp_path: Path) -> None:
    assert chosen_by(tmp_path / "keys.yaml") == Keys()


def test_a_key_is_written_as_on_a_keyboard() -> None:
    named = {
        "question_mark": "?",
        "slash": "/",
        "minus": "-",
        "ctrl+r": "ctrl+r",
        "f5": "f5",
        "G": "G",
        "space": "space",
    }
    assert {key: shown(key) for key in named} == named
    assert shown("left_square_bracket") == "["
    assert shown("ctrl+right_square_bracket") == "ctrl+]"
    assert (shown("pageup"), shown("escape"), shown("up"), shown("shift+left")) == (
        "page up",
        "esc",
        "up",
        "shift+left",
    )
    assert all(len(shown(_named(sign) or "")) == 1 for sign in "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")


def test_a_notice_tells_of_some_and_says_where_the_rest_is() -> None:
    assert unused(Keys()) == ("", "")
    try:
        use(parse(b"help: f1", "keys.yaml"))
        assert hint("help") == "f1"
        title, words = unused(Keys("keys.yaml", {}, tuple(f"line {number}: wrong" for number in range(1, 8))))
    finally:
        use(Keys())
    assert title == "Not used of your keys.yaml"
    assert words.splitlines()[-1] == "and 4 more: press f1 to see them"
    assert len(words.splitlines()) == 4


def test_list_keys_prints_what_holds_and_complains_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tmp_path.chmod(0o700)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert run(["list", "keys"]) == 0
    out, err = capsys.readouterr()
    assert not err
    for act in ACTS.values():
        assert f"{act.id} " in out
        assert act.does in out
    assert "usually" not in out
    folder = tmp_path / "workbench"
    folder.mkdir(0o700)
    (folder / "keys.yaml").write_text("rescan: [f5, r]\nrescn: x\n")
    (folder / "keys.yaml").chmod(0o600)
    assert run(["list", "keys"]) == 2
    out, err = capsys.readouterr()
    assert "rescan               f5 r       Look at this host again (usually r)\n" in out
    assert err == f"workbench: {folder}/keys.yaml: line 2: there is no act rescn; did you mean rescan?\n"
