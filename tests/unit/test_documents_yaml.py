"""YAML as people and programs leave it: plain data, or a refusal that says where and why."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from workbench.documents import EditRefused, Malformed, lines_of, locate, parse, replace_string, value_at, yaml_nodes


@pytest.fixture(params=["with the C library", "without it"])
def reader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Both of PyYAML's parsers: its C library is not everywhere."""
    if request.param == "without it":
        monkeypatch.delattr(yaml, "CSafeLoader", raising=False)
    yield request.param


def refused(text: str) -> Malformed:
    with pytest.raises(Malformed) as caught:
        parse(text.encode(), "yaml")
    assert caught.value.__context__ is None
    return caught.value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: x\nb: 'it''s'\nc: \"d\\n\"\n", {"a": "x", "b": "it's", "c": "d\n"}),
        ("[yes, No, on, OFF, true, y, 'yes']", [True, False, True, False, True, "y", "yes"]),
        ("[~, null, Null, '', '~']", [None, None, None, "", "~"]),
        ("[0, -12, +3, 1_000, 0x1F, 0b101, 017, 08, 1e5]", [0, -12, 3, 1000, 31, 5, 15, "08", "1e5"]),
        ("[1.5, .5, 1.0e+3, -.inf, .NaN.]", [1.5, 0.5, 1000.0, -math.inf, ".NaN."]),
        ("[2001-12-14, 2001-12-14 21:59:43.10 -5, 22:22, 190:20:30]", None),
        ("on: 1\n1: 2\nnull: 3\n2001-01-01: 4\n0x10: 5\n? \n", None),
        ("!!str 1", "1"),
        ("[!!int '3', !!float 1, !!bool yes, !!null '', ! 1, !!binary aGk=]", [3, 1, True, None, "1", "aGk="]),
        ("!!map {a: !!seq [b]}", {"a": ["b"]}),
        ("a: 1\na: {b: 2}\n", {"a": {"b": 2}}),
        ("a: 1\n---\nb: 2\n", {"a": 1}),
        ("# nothing", None),
        ("--- |\n  text\n   more\n", "text\n more\n"),
        ("{a: [b, {c: d}], 'e': , f}", {"a": ["b", {"c": "d"}], "e": None, "f": None}),
        ("a: &x [1]\nb: *x\n&k k: *k\n*k : 2\n", {"a": [1], "b": [1], "k": 2}),
        ("%YAML 1.2\n---\na: =\n", {"a": "="}),
        ('{"json": ["\\u00e4", 1]}', {"json": ["ä", 1]}),
        ("${{ secrets.X }}", "${{ secrets.X }}"),
    ],
)
def test_values(reader: str, text: str, value: Any) -> None:
    if text.startswith("[2001"):
        value = ["2001-12-14", "2001-12-14 21:59:43.10 -5", "22:22", "190:20:30"]
    if text.startswith("on:"):
        value = {"on": 1, "1": 2, "null": 3, "2001-01-01": 4, "0x10": 5, "": None}
    assert parse(text.encode(), "yaml").value == value


def test_numbers_of_any_length_are_numbers_or_text() -> None:
    digits = "7" * 10_000
    value = parse(f"[{digits}, -{digits}, 0x{digits}, 0{digits}, 1:{digits}]".encode(), "yaml").value
    assert value == [math.inf, -math.inf, f"0x{digits}", f"0{digits}", f"1:{digits}"]
    assert parse(f"[{digits}.0, 0b_, 0x_, 0_]".encode(), "yaml").value == [math.inf, "0b_", "0x_", "0_"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("b: &b {x: 1, y: 2}\nt: {<<: *b, y: 3}\n", {"x": 1, "y": 3}),
        ("b: &b {x: 1, y: 2}\nt: {y: 3, <<: *b}\n", {"x": 1, "y": 3}),
        ("t: {<<: [{x: 1}, {x: 2, y: 2}]}\n", {"x": 1, "y": 2}),
        ("t: {<<: {<<: {z: 1}, y: 2}, x: 3}\n", {"x": 3, "y": 2, "z": 1}),
        ("t: {'<<': {x: 1}}\n", {"<<": {"x": 1}}),
    ],
)
def test_merge_keys_as_pyyaml_does(text: str, value: dict[str, Any]) -> None:
    assert parse(text.encode(), "yaml").value["t"] == value
    if "'" not in text:
        assert yaml.safe_load(text)["t"] == value


@pytest.mark.parametrize(
    ("text", "message", "line", "column"),
    [
        ("", "the file is empty", 1, 1),
        ("a:\n  - b\n  c: d: e\n", "", 3, None),
        ("a:\n\t- b\n", "a tab, where YAML allows only spaces", 2, 1),
        ("ä: ü\nb: [1, 2\nc: 3\n", "", 3, 2),
        ("a: 'b", "found unexpected end of stream (the file seems to be cut off)", 1, 6),
        ("a: 1\nb: \x07", "a character that YAML does not allow", 2, 4),
        ("a: 1\nb: *x", "an alias of something that is not there", 2, 4),
        ("a: &x [1, *x]", "an alias inside of the value that it stands for", 1, 11),
        ("a: &x\n  b: {c: *x}", "an alias inside of the value that it stands for", 2, 10),
        ("a:\n  - !!python/object/apply:os.system [id]", "a tag that is not one of plain data", 2, 5),
        ("a: !!python/name:os.system", "a tag that is not one of plain data", 1, 4),
        ("!custom b", "a tag that is not one of plain data", 1, 1),
        ("a: !!int x", "a value that is not what its tag says", 1, 4),
        ("!!map [a]", "a tag that is not one of plain data", 1, 1),
        ("? [a, b]\n: c\n", "a key that is a list or a mapping", 1, 3),
        ("{a: &x [b], *x : c}", "a key that is a list or a mapping", 1, 13),
        ("a: {<<: 1}", "a merge key whose value is not a mapping", 1, 9),
        ("a: {<<: [{b: 1}, c]}", "a merge key whose value is not a mapping", 1, 9),
        ("[" * 401, "nested too deeply", 1, 401),
        ("- " * 50_000, "nested too deeply", 1, 801),
        ("a: 1\n b\n}", "", None, None),
        ("{a: 1} b", "", 1, 8),
        ("a: !hunter2!x b", "found undefined tag handle", 1, 4),
        ("%TAG !a! tag:x\n" * 200, "too many tag directives", None, None),
    ],
)
def test_malformed(reader: str, text: str, message: str, line: int | None, column: int | None) -> None:
    problem = refused(text)
    assert message in ("", problem.message)
    assert line in (None, problem.line)
    assert column in (None, problem.column)
    assert "hunter" not in problem.message


def test_aliases_that_laugh_are_refused_at_once() -> None:
    laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{step}: &a{step} [{', '.join([f'*a{step - 1}'] * 9)}]\n" for step in range(1, 30)
    )
    assert refused(laughs).message == "aliases that expand to more than any config holds"
    merged = "a0: &a0 {" + ", ".join(f"k{key}: 1" for key in range(2_000)) + "}\n"
    merged += "".join(f"a{step}: &a{step} {{<<: *a{step - 1}}}\n" for step in range(1, 2_000))
    assert refused(merged).message == "aliases that expand to more than any config holds"
    long_text = f"a: &a {'x' * 100_000}\nb: [{', '.join(['*a'] * 1_000)}]\n"
    assert refused(long_text).message == "aliases that expand to more than any config holds"
    shared = f"a: &a {{b: c}}\nd: [{', '.join(['*a'] * 1_000)}]\n"
    assert parse(shared.encode(), "yaml").value["d"][999] == {"b": "c"}


def test_aliases_cannot_nest_deeper_than_the_limit() -> None:
    chain = "- &a0 [x]\n" + "".join(f"- &a{step} [*a{step - 1}]\n" for step in range(1, 420))
    assert refused(chain).message in ("nested too deeply", "aliases that expand to more than any config holds")


def test_more_values_than_any_config_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    assert parse(b"- a\n" * 100_000, "yaml").value == ["a"] * 100_000
    monkeypatch.setattr(yaml_nodes, "VALUE_LIMIT", 10_000)
    assert refused("- a\n" * 10_000).message == "more values than any config holds"


def test_a_large_file_needs_the_c_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(yaml, "CSafeLoader", raising=False)
    assert refused("# x\n" * 300_000 + "a: 1").message == "it is too large to be read without PyYAML's C library"


_CONFIG = (
    "# goose\r\n"
    "extensions:   # all of them\r\n"
    "  fetch: &f\r\n"
    "    cmd: uvx  # plain\r\n"
    "    args: [-y, 'it''s', \"d\\x41\"]\r\n"
    "    long: one\r\n"
    "      two\r\n"
    "  other:\r\n"
    "    args:\r\n"
    "    - a@1\r\n"
    "    - &n named\r\n"
    "    - *n\r\n"
    "    - {k: v}\r\n"
    "    - !!str tagged\r\n"
    "    script: |\r\n"
    "      line\r\n"
    "\r\n"
    "  third: {<<: *f, own: x}\r\n"
    "  fourth: *f\r\n"
    "twice: old\r\n"
    "twice: 'new'\r\n"
)


@pytest.mark.parametrize(
    ("pointer", "text", "line"),
    [
        (("extensions",), None, 2),
        (("extensions", "fetch", "cmd"), "uvx", 4),
        (("extensions", "fetch", "args"), "[-y, 'it''s', \"d\\x41\"]", 5),
        (("extensions", "fetch", "args", 1), "'it''s'", 5),
        (("extensions", "fetch", "args", 2), '"d\\x41"', 5),
        (("extensions", "fetch", "long"), "one\r\n      two", 6),
        (("extensions", "other"), None, 8),
        (("extensions", "other", "args"), None, 9),
        (("extensions", "other", "args", 0), "a@1", 10),
        (("extensions", "other", "args", 2), "*n", 12),
        (("extensions", "other", "args", 3, "k"), "v", 13),
        (("extensions", "other", "script"), "|\r\n      line", 15),
        (("extensions", "third", "own"), "x", 18),
        (("extensions", "third", "cmd"), "uvx", 4),
        (("extensions", "fourth"), "*f", 19),
        (("extensions", "fourth", "cmd"), "uvx", 4),
        (("twice",), "'new'", 21),
    ],
)
def test_places(reader: str, pointer: tuple[str | int, ...], text: str | None, line: int) -> None:
    document = parse(_CONFIG.encode(), "yaml")
    span = locate(document, pointer)
    assert span.line == line
    if text is not None:
        assert document.text[span.start : span.end] == text
    assert lines_of(document, [pointer, ("extensions", 0), (0,), ("extensions", "fetch", "args", 9)]) == {pointer: line}


def test_a_block_begins_at_its_key_and_ends_with_its_last_value() -> None:
    document = parse(_CONFIG.encode(), "yaml")
    span = locate(document, ("extensions", "other"))
    block = document.text[span.start : span.end]
    assert block.startswith("other:\r\n    args:")
    assert block.endswith("      line")


@pytest.mark.parametrize(
    ("pointer", "expect", "value", "old", "new"),
    [
        (("fetch", "args", 1), "it's", "it's 'new'", "'it''s'", "'it''s ''new'''"),
        (("fetch", "args", 1), "it's", "a\tb", "'it''s'", '"a\\tb"'),
        (("fetch", "args", 2), "dA", 'say "hi"\\', '"d\\x41"', '"say \\"hi\\"\\\\"'),
        (("fetch", "args", 0), "-y", "--yes", "-y", '"--yes"'),
        (("other", "args", 0), "a@1", "a@1.2.3", "a@1", "a@1.2.3"),
        (("other", "args", 0), "a@1", "@s/a@1.2.3", "a@1", '"@s/a@1.2.3"'),
        (("other", "args", 0), "a@1", "https://x/y", "a@1", "https://x/y"),
        (("other", "args", 0), "a@1", "a: b # c", "a@1", '"a: b # c"'),
        (("other", "args", 0), "a@1", "yes", "a@1", '"yes"'),
        (("other", "args", 0), "a@1", "y", "a@1", '"y"'),
        (("other", "args", 0), "a@1", "12", "a@1", '"12"'),
        (("other", "args", 0), "a@1", "", "a@1", '""'),
        (("other", "args", 0), "a@1", "ü\x85\u2028\x7f\ufeff😀", "a@1", '"ü\\u0085\\u2028\\u007f\\ufeff😀"'),
        (("third", "own"), "x", "z", "own: x", "own: z"),
    ],
)
def test_edit_keeps_every_other_byte(
    reader: str, pointer: tuple[str | int, ...], expect: str, value: str, old: str, new: str
) -> None:
    raw = _CONFIG
    if pointer[0] == "fetch":  # so that nothing shares it
        raw = _CONFIG.replace("{<<: *f, own: x}", "x").replace("*f", "x")
    edited = replace_string(raw.encode(), "yaml", ("extensions", *pointer), expect, value)
    assert edited.decode() == raw.replace(old, new, 1)
    assert value_at(parse(edited, "yaml").value, ("extensions", *pointer)) == value


@pytest.mark.parametrize(
    ("pointer", "expect", "reason"),
    [
        (("other", "args", 1), "named", "it has an anchor, for others to refer to"),
        (("other", "args", 2), "named", "it is an alias of a value that stands elsewhere"),
        (("other", "args", 4), "tagged", "it has a tag of its own"),
        (("other", "script"), "line\n", "it is a block of lines"),
        (("third", "cmd"), "uvx", "it is merged in from elsewhere"),
        (("fourth", "cmd"), "uvx", "it is an alias of a value that stands elsewhere"),
        (("fetch", "cmd"), "uvx", "the edit would have changed more than extensions.fetch.cmd"),
        (("fetch",), "uvx", "extensions.fetch is not a string"),
        (("other", "args", 0), "a@2", "extensions.other.args.0 is not what it was when the file was looked at"),
    ],
)
def test_edit_of_what_is_shared_or_not_one_text_is_refused(
    pointer: tuple[str | int, ...], expect: str, reason: str
) -> None:
    with pytest.raises(EditRefused) as caught:
        replace_string(_CONFIG.encode(), "yaml", ("extensions", *pointer), expect, "new")
    assert reason in caught.value.reason


def test_edit_that_no_yaml_can_hold_is_refused() -> None:
    with pytest.raises(EditRefused):
        replace_string(b"a: b", "yaml", ("a",), "b", "\ud800")


_PIECES = [
    "[",
    "{",
    "- ",
    "? ",
    "&a ",
    "*a ",
    "'",
    '"\\',
    "a: ",
    "a:\n",
    "|\n ",
    "# \n",
    "--- ",
    "9",
    "1:2:",
    ", ",
    "[\n",
]


@pytest.mark.parametrize("piece", _PIECES)
def test_hostile_text_takes_no_long_time(piece: str) -> None:
    start = time.perf_counter()
    try:
        parse((piece * (200_000 // len(piece))).encode(), "yaml")
    except Malformed as problem:
        assert problem.line is None or problem.line >= 1
    assert time.perf_counter() - start < 20


def test_what_is_not_printable_is_what_the_library_says_it_is() -> None:
    everything = "".join(map(chr, range(sys.maxunicode + 1)))
    expected = set(yaml.reader.Reader.NON_PRINTABLE.findall(everything)) - {"\ufeff"}
    assert set(yaml_nodes._UNPRINTABLE.findall(everything)) == expected
