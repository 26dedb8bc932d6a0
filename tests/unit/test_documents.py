"""Documents as people, editors and accidents leave them: parsed like the client does, or refused with the place."""

from __future__ import annotations

import codecs
import json
import math
import sys
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.documents import Format, Malformed, lines_of, locate, parse, value_at

_SECRET = "hunter2-hunter2"


def refused(raw: bytes, form: Format) -> Malformed:
    with pytest.raises(Malformed) as caught:
        parse(raw, form)
    return caught.value


def test_plain_json() -> None:
    document = parse(b'{"mcpServers": {"a": {"command": "npx"}}}', "json")
    assert document.value == {"mcpServers": {"a": {"command": "npx"}}}
    assert (document.encoding, document.byte_order_mark, document.format) == ("utf-8", False, "json")


@pytest.mark.parametrize(
    ("raw", "encoding", "mark"),
    [
        (codecs.BOM_UTF8 + '{"ä": 1}'.encode(), "utf-8", True),
        (codecs.BOM_UTF16_LE + '{"ä": 1}'.encode("utf-16-le"), "utf-16-le", True),
        (codecs.BOM_UTF16_BE + '{"ä": 1}'.encode("utf-16-be"), "utf-16-be", True),
        ('{"ä": 1}'.encode("utf-16-le"), "utf-16-le", False),
        ('{"ä": 1}'.encode("utf-16-be"), "utf-16-be", False),
    ],
)
def test_encodings(raw: bytes, encoding: str, mark: bool) -> None:
    document = parse(raw, "json")
    assert document.value == {"ä": 1}
    assert document.text == '{"ä": 1}'
    assert (document.encoding, document.byte_order_mark) == (encoding, mark)


@pytest.mark.parametrize("raw", [b"null", b"[]", b'"text"', b"42", b"true"])
def test_top_level_of_any_type_is_left_to_the_caller(raw: bytes) -> None:
    assert parse(raw, "json").value == json.loads(raw)
    assert parse(raw, "jsonc").value == json.loads(raw)


@pytest.mark.parametrize(
    ("raw", "form", "message", "line", "column"),
    [
        (b"", "json", "the file is empty", 1, 1),
        (b" \r\n\t", "jsonc", "the file holds nothing but blanks", 1, 1),
        (codecs.BOM_UTF8, "json", "the file holds nothing but blanks", 1, 1),
        (b"", "toml", "the file is empty", 1, 1),
        (b'{\n  "a": "\xff"\n}', "json", "the bytes here are not UTF-8 text", 2, 9),
        (codecs.BOM_UTF16_LE + b"{\x00}", "json", "the bytes here are not UTF-16 text", 1, 2),
        ("{}".encode("utf-32"), "json", "the file is UTF-32 text, which no client reads", 1, 1),
        (b'{"a": {"b": 1', "json", "Expecting ',' delimiter (the file seems to be cut off)", 1, 14),
        (b'{"a": "b', "json", "Unterminated string", 1, 7),
        (b'{"a": 1} x', "json", "Extra data", 1, 10),
        (b'{"a": NaN}', "json", "NaN is not a JSON value", 1, 7),
        (b'{"NaN": "NaN",\n "a": -Infinity}', "json", "-Infinity is not a JSON value", 2, 7),
        (b'{\n  // why\n  "a": 1\n}', "json", "a comment, which JSON does not allow", 2, 3),
        (b'{\n  "a": [1, 2,],\n  "b": 1 /* x */\n}', "json", "a trailing comma, which JSON does not allow", 2, 13),
        (b'{"a": 1 /* x', "jsonc", "a comment that begins here never ends", 1, 9),
        (b'{"a": 1,, }', "jsonc", "Expecting property name enclosed in double quotes", 1, 9),
        (b"[,]", "jsonc", "Expecting value", 1, 2),
        (b"{'a': 1}", "jsonc", "Expecting property name enclosed in double quotes", 1, 2),
        (b'"context_servers": [ "name": {', "json", "Extra data", 1, 18),
        (b"a = 1\nb = \n", "toml", "Invalid value", 2, 5),
        (b"a = 1\na = 2\n", "toml", "Cannot overwrite a value", 2, 6),
    ],
)
def test_malformed(raw: bytes, form: Format, message: str, line: int, column: int) -> None:
    problem = refused(raw, form)
    assert (problem.message, problem.line, problem.column) == (message, line, column)


@pytest.mark.parametrize("form", ["json", "jsonc", "toml"])
@pytest.mark.parametrize("depth", [3_000, 100_000])
def test_deep_nesting_is_refused_and_never_a_recursion_error(form: Format, depth: int) -> None:
    raw = b"[" * depth + b"]" * depth
    assert refused(b"a = " + raw if form == "toml" else raw, form).message == "nested too deeply"


@pytest.mark.parametrize("depth", [2, 50, 150])
def test_depth_of_real_files_is_fine(depth: int) -> None:
    value: Any = parse(b'{"a":' * depth + b"1" + b"}" * depth, "json").value
    assert value_at(value, ("a",) * depth) == 1


def test_deep_dotted_keys_are_refused() -> None:
    assert refused(b".".join([b"a"] * 2_000) + b" = 1", "toml").message == "nested too deeply"
    # The parser's time grows with the square of a key's parts: these 300 KB would take it minutes.
    for part in (b"a", b'"a"', b"'a' "):
        assert refused(b"[" + b".".join([part] * 60_000) + b"]", "toml").message == "nested too deeply"
    assert parse(b'hosts = ["10.0.0.1", "' + b"a." * 300 + b'"]', "toml").value["hosts"][0] == "10.0.0.1"


def test_numbers_of_any_length_are_numbers() -> None:
    assert parse(b"[" + b"9" * 10_000 + b"]", "json").value == [math.inf]
    assert parse(b"[12345678901234567890]", "json").value == [12345678901234567890]
    assert refused(b"a = " + b"9" * 10_000, "toml").message == "a number or date that cannot be read"


def test_last_of_duplicate_keys_wins() -> None:
    assert parse(b'{"a": {"x": 1}, "a": {"y": 2}}', "json").value == {"a": {"y": 2}}


def test_lone_surrogate_in_an_escape_is_kept() -> None:
    assert parse(b'["\\ud800"]', "json").value == ["\ud800"]


def test_comments_and_commas_inside_of_strings_are_text() -> None:
    raw = b'{"url": "https://x/*y*/", "b": "a,}", "c": "\\"//", /* , } " */ "d": [1, // ]\r\n 2 , ] , }'
    assert parse(raw, "jsonc").value == {"url": "https://x/*y*/", "b": "a,}", "c": '"//', "d": [1, 2]}


def test_problem_in_jsonc_is_reported_where_it_stands_in_the_file() -> None:
    problem = refused(b'{ // one\n  /* two\n three */ "a": x }', "jsonc")
    assert (problem.line, problem.column) == (3, 16)


@pytest.mark.parametrize("form", ["json", "jsonc", "toml"])
def test_nothing_of_the_document_is_kept_by_the_problem(form: Format) -> None:
    problem = refused(f'{{"password": "{_SECRET}", oops "{_SECRET}'.encode() + b"\xff", form)
    other = refused(f'password = "{_SECRET}" {{"password": "{_SECRET}", oops'.encode(), form)
    for error in (problem, other):
        assert _SECRET not in str(error)
        assert error.__context__ is None
        assert error.__cause__ is None


def test_repr_of_a_document_shows_nothing_of_it() -> None:
    assert _SECRET not in repr(parse(f'{{"a": "{_SECRET}"}}'.encode(), "json"))


def test_place_in_words() -> None:
    assert refused(b"{", "json").place == "line 1, column 2"
    assert Malformed("why").place == ""
    assert Malformed("why", 3).place == "line 3"


@pytest.mark.parametrize(
    ("pointer", "value", "line", "column"),
    [
        ((), None, 1, 1),
        (("a",), '{"b": [10, {"c": "x"}]}', 2, 8),
        (("a", "b", 1, "c"), '"x"', 2, 25),
        (("k\u00e9y",), "1", 3, 15),
        (("twice",), '{"y": 2}', 5, 12),
        (("twice", "y"), "2", 5, 18),
        (("", "x.y"), "null", 6, 16),
    ],
)
def test_locate_in_json(pointer: tuple[str | int, ...], value: str | None, line: int, column: int) -> None:
    text = (
        '{ // {"a": 0}\n'
        '  "a": {"b": [10, {"c": "x"}]},\n'
        '  "k\\u00e9y": 1,\n'
        '  "twice": {"x": {"y": 9}, "y": 8},\n'
        '  "twice": {"y": 2},\n'
        '  "": {"x.y" : null},\n'
        "}\n"
    )
    document = parse(text.encode(), "jsonc")
    span = locate(document, pointer)
    assert (span.line, span.column) == (line, column)
    if value is not None:
        assert text[span.start : span.end] == value


@pytest.mark.parametrize(
    "pointer",
    [("b",), ("a", 0), ("a", "b", 2), ("a", "b", "1"), ("twice", "x"), ("a", "b", 0, "z"), (0,), ("a", "b", -1)],
)
def test_locate_what_is_not_there(pointer: tuple[str | int, ...]) -> None:
    document = parse(b'{"a": {"b": [10, {"c": "x"}]}, "twice": {"x": 1}, "twice": {"y": 2}}', "json")
    with pytest.raises(LookupError):
        locate(document, pointer)
    with pytest.raises(LookupError):
        value_at(document.value, pointer)


_TOML = (
    "# [a]\r\n"
    "title = 'x' # [b]\r\n"
    '[mcp_servers."my server"]\r\n'
    'command = "npx"\r\n'
    'args = ["-y", # one\r\n  "a@1", [1, {z = 2}],\r\n]\r\n'
    'env = { A = "1", b."c d" = """x"y""" }\r\n'
    "[mcp_servers.other.env]\r\n"
    "TOKEN = '''\r\nx'''\r\n"
    "[[list]]\r\nname = 'one'\r\n[list.sub]\r\nk = 1979-05-27 07:32:00\r\n[[list]]\r\nname = 'two'\r\n"
)


@pytest.mark.parametrize(
    ("pointer", "text", "line"),
    [
        (("title",), "'x'", 2),
        (("mcp_servers", "my server"), '[mcp_servers."my server"]', 3),
        (("mcp_servers", "my server", "command"), '"npx"', 4),
        (("mcp_servers", "my server", "args", 1), '"a@1"', 6),
        (("mcp_servers", "my server", "args", 2, 1, "z"), "2", 6),
        (("mcp_servers", "my server", "env", "A"), '"1"', 8),
        (("mcp_servers", "my server", "env", "b", "c d"), '"""x"y"""', 8),
        (("mcp_servers", "other", "env"), "[mcp_servers.other.env]", 9),
        (("mcp_servers", "other", "env", "TOKEN"), "'''\r\nx'''", 10),
        (("list", 0, "name"), "'one'", 13),
        (("list", 0, "sub", "k"), "1979-05-27 07:32:00", 15),
        (("list", 1), "[[list]]", 16),
        (("list", 1, "name"), "'two'", 17),
    ],
)
def test_locate_in_toml(pointer: tuple[str | int, ...], text: str, line: int) -> None:
    document = parse(_TOML.encode(), "toml")
    span = locate(document, pointer)
    assert document.text[span.start : span.end] == text
    assert span.line == line


def test_lines_of_tables_that_no_header_makes() -> None:
    document = parse(_TOML.encode(), "toml")
    assert lines_of(document, [("mcp_servers",), ("mcp_servers", "other"), ("list",), ("nothing",)]) == {
        ("mcp_servers",): 3,
        ("mcp_servers", "other"): 9,
        ("list",): 12,
    }


_JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inside: st.lists(inside, max_size=4) | st.dictionaries(st.text(), inside, max_size=4),
    max_leaves=20,
)


def _pointers(value: Any, at: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    inside: list[tuple[str | int, Any]] = []
    if isinstance(value, dict):
        inside = list(value.items())
    elif isinstance(value, list):
        inside = list(enumerate(value))
    return [at, *(deeper for part, child in inside for deeper in _pointers(child, (*at, part)))]


@settings(deadline=None)
@given(_JSON_VALUES, st.sampled_from([None, 0, 1, "\t"]), st.booleans())
def test_every_value_is_found_where_it_stands(value: Any, indent: Any, ascii_only: bool) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    if any(0xD800 <= ord(character) <= 0xDFFF for character in text):
        return
    document = parse(text.encode(), "json")
    pointers = _pointers(document.value)
    lines = lines_of(document, pointers)
    assert set(lines) == set(pointers)
    for pointer in pointers:
        span = locate(document, pointer)
        assert json.loads(text[span.start : span.end]) == value_at(document.value, pointer)
        assert lines[pointer] == span.line == text.count("\n", 0, span.start) + 1


@settings(deadline=None)
@given(st.text(alphabet='{}[]",:/*\\ \n\rab1', max_size=60))
def test_any_text_is_parsed_or_refused_and_lines_stay(text: str) -> None:
    for form in ("json", "jsonc", "toml"):
        try:
            document = parse(text.encode(), form)
        except Malformed as problem:
            assert problem.line is None or 1 <= problem.line <= text.count("\n") + 1
        else:
            assert document.text == text


@settings(deadline=None)
@given(st.binary(max_size=80))
def test_any_bytes_are_parsed_or_refused(raw: bytes) -> None:
    for form in ("json", "jsonc", "toml"):
        try:
            parse(raw, form)
        except Malformed:
            pass


def test_large_file_is_parsed_and_located_in_one_pass() -> None:
    servers = {
        f"server-{place}": {
            "command": "npx",
            "args": ["-y", f"@scope/package-{place}@1.2.3", "/home/dev/workspace"],
            "env": {f"NAME_{name}": "v" * 40 for name in range(14)},
        }
        for place in range(4_000)
    }
    text = json.dumps({"mcpServers": servers}, indent=2).replace('"command"', '// what it starts\n      "command"')
    raw = text.encode()
    assert len(raw) > 4_000_000

    def seconds() -> float:
        start = time.perf_counter()
        document = parse(raw, "jsonc")
        lines = lines_of(document, [("mcpServers", name) for name in servers])
        assert lines["mcpServers", "server-3999"] > lines["mcpServers", "server-0"] == 3
        return time.perf_counter() - start

    # A guard against quadratic time, not a measurement: the machine may be busy.
    assert min(seconds() for _ in range(3)) < 10


@pytest.mark.parametrize("form", ["json", "jsonc"])
@pytest.mark.parametrize("piece", ['\\"', "/*", "//", ",]", '"\n', ", ", "*/", '"', "[1,", "{", " "])
def test_hostile_text_takes_no_long_time(piece: str, form: Format) -> None:
    for beginning in ('{"a": ', '"', "/*"):
        start = time.perf_counter()
        refused((beginning + piece * (400_000 // len(piece))).encode(), form)
        assert time.perf_counter() - start < 20


def test_parsing_needs_no_more_stack_than_there_is() -> None:
    # A collector may be deep in calls of its own: the answer is a refusal then, too.
    def deep(left: int) -> None:
        if left:
            deep(left - 1)
            return
        try:
            parse(b"[" * 300 + b"]" * 300, "json")
        except Malformed as problem:
            assert problem.message == "nested too deeply"

    deep(sys.getrecursionlimit() - 400)
