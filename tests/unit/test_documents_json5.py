"""JSON5 as its reference parser reads it, or a refusal that says where and why."""

from __future__ import annotations

import math
import time

import pytest

from workbench.documents import EditRefused, Malformed, lines_of, locate, parse, replace_string, value_at

_CONFIG = (
    "// OpenClaw\r\n"
    "{\r\n"
    "  mcp: { /* { */ servers: {\r\n"
    "    'web-fetch': {command: 'uvx', \"args\": ['mcp-fetch', 'it\\'s // text',],},\r\n"
    "    $other_1: { command: \"npx\", hex: 0xFF, // 'x'\r\n"
    "      twice: 'old', twice: 'n\\u0065w' },\r\n"
    "  }, },\r\n"
    "}\r\n"
)


def refused(text: str) -> Malformed:
    with pytest.raises(Malformed) as caught:
        parse(text.encode(), "json5")
    assert caught.value.__context__ is None
    return caught.value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{a: 1, 'b': 2, \"c\": 3,}", {"a": 1, "b": 2, "c": 3}),
        ("{ünïcode: 1, $_\\u0061‌b2: 2, true: 3, null: 4}", {"ünïcode": 1, "$_a‌b2": 2, "true": 3, "null": 4}),
        ("[.5, 5., +1, -2, 1e3, +.5e-1, 0x1F, -0XA, 0]", [0.5, 5.0, 1, -2, 1000.0, 0.05, 31, -10, 0]),
        ("[Infinity, +Infinity, -Infinity]", [math.inf, math.inf, -math.inf]),
        ("['a\\\nb', 'a\\\r\nb', 'a\\\u2028b']", ["ab", "ab", "ab"]),
        (r"""['\'\"\\\b\f\n\r\t\v\0\x41\u0042\a\/\$']""", ["'\"\\\b\f\n\r\t\v\0AB" + "a/$"]),
        ("['\\ud83d\\ude00', '\\ud83d']", ["😀", "\ud83d"]),
        ("['\u2028 a\tb']", ["\u2028 a\tb"]),
        ("\ufeff\u00a0\v// x\u2028[1]/* * / **/", [1]),
        ("[[], {}, [1,], [{a: []}]]", [[], {}, [1], [{"a": []}]]),
        ("'text'", "text"),
        ("null // end", None),
        ("{a: 1, a: {b: 2}}", {"a": {"b": 2}}),
        ('{"plain": ["json", 1e400]}', {"plain": ["json", math.inf]}),
        (f"[{'9' * 5_000}, -0x{'f' * 5_000}, 0x{'0' * 5_000}1,]", [math.inf, -math.inf, 1]),
    ],
)
def test_values(text: str, value: object) -> None:
    assert parse(text.encode(), "json5").value == value


def test_not_a_number() -> None:
    assert all(math.isnan(number) for number in parse(b"[NaN, +NaN, -NaN]", "json5").value)


@pytest.mark.parametrize(
    ("text", "message", "line", "column"),
    [
        ("{a: 1", "a ',' or a closing bracket is expected here (the file seems to be cut off)", 1, 6),
        ("{\n  a 1}", "a ':' is expected here", 2, 5),
        ("[,]", "a value or ']' is expected here", 1, 2),
        ("[1,,2]", "a value or ']' is expected here", 1, 4),
        ("{,}", "a name or '}' is expected here", 1, 2),
        ("{a: }", "a value is expected here", 1, 5),
        ("[1 2]", "a ',' or a closing bracket is expected here", 1, 4),
        ("[1}", "a ',' or a closing bracket is expected here", 1, 3),
        ("{a: 1]", "a ',' or a closing bracket is expected here", 1, 6),
        ("{} x", "something follows the end of the document", 1, 4),
        ("// only", "a value is expected here (the file seems to be cut off)", 1, 8),
        ("{a: 'b\n'}", "a string that begins here does not end on its line", 1, 5),
        ("[1, /* x", "a comment that begins here never ends", 1, 5),
        ("['ab\\1']", "an escape that JSON5 does not know", 1, 5),
        ("['\\x4g']", "an escape that JSON5 does not know", 1, 3),
        ("{'\\u00': 1}", "an escape that JSON5 does not know", 1, 3),
        ("['\\01']", "an escape that JSON5 does not know", 1, 3),
        ("{my-name: 1}", "a name that must stand in quotes", 1, 2),
        ("{1: 1}", "a name that must stand in quotes", 1, 2),
        ("[01]", "this is neither a number nor a word that JSON5 knows", 1, 2),
        ("[0x]", "this is neither a number nor a word that JSON5 knows", 1, 2),
        ("[\n - 1]", "this is neither a number nor a word that JSON5 knows", 2, 2),
        ("[.]", "this is neither a number nor a word that JSON5 knows", 1, 2),
        ("[undefined]", "this is neither a number nor a word that JSON5 knows", 1, 2),
        ("[" * 401, "nested too deeply", 1, 401),
        ("{a:" * 50_000, "nested too deeply", 1, 1201),
    ],
)
def test_malformed(text: str, message: str, line: int, column: int) -> None:
    problem = refused(text)
    assert (problem.message, problem.line, problem.column) == (message, line, column)


def test_depth_of_real_files_is_fine() -> None:
    assert parse(b"[" * 400 + b"+1" + b"]" * 400, "json5").value


@pytest.mark.parametrize(
    ("pointer", "value", "line"),
    [
        (("mcp", "servers", "web-fetch", "command"), "'uvx'", 4),
        (("mcp", "servers", "web-fetch", "args", 1), "'it\\'s // text'", 4),
        (("mcp", "servers", "$other_1", "hex"), "0xFF", 5),
        (("mcp", "servers", "$other_1", "twice"), "'n\\u0065w'", 6),
    ],
)
def test_places(pointer: tuple[str | int, ...], value: str, line: int) -> None:
    document = parse(_CONFIG.encode(), "json5")
    span = locate(document, pointer)
    assert (document.text[span.start : span.end], span.line) == (value, line)
    assert lines_of(document, [pointer, ("mcp", "nothing")]) == {pointer: line}


@pytest.mark.parametrize(
    ("pointer", "expect", "value", "old", "new"),
    [
        (("web-fetch", "command"), "uvx", 'say "it\'s"', "'uvx'", "'say \"it\\'s\"'"),
        (("web-fetch", "args", 0), "mcp-fetch", "a\\\n\u2028ü", "'mcp-fetch'", "'a\\\\\\n\\u2028ü'"),
        (("$other_1", "command"), "npx", 'say "it\'s"', '"npx"', '"say \\"it\'s\\""'),
        (("$other_1", "twice"), "new", "newer", "'n\\u0065w'", "'newer'"),
    ],
)
def test_edit_keeps_every_other_byte_and_the_quotes(
    pointer: tuple[str | int, ...], expect: str, value: str, old: str, new: str
) -> None:
    edited = replace_string(_CONFIG.encode(), "json5", ("mcp", "servers", *pointer), expect, value)
    assert edited.decode() == _CONFIG.replace(old, new, 1)
    assert value_at(parse(edited, "json5").value, ("mcp", "servers", *pointer)) == value


def test_edit_of_what_is_no_string_is_refused() -> None:
    with pytest.raises(EditRefused, match=r"a\.b is not a string"):
        replace_string(b"{a: {b: 0x1}}", "json5", ("a", "b"), "1", "2")


@pytest.mark.parametrize(
    "piece", ['\\"', "/*", "//\n", ",", "'", '"\n', "0x", "9", "\\u0061", "[", "{'a':", " ", "\u2028"]
)
def test_hostile_text_takes_no_long_time(piece: str) -> None:
    for beginning in ("[", "'", '{"a": ', "/*"):
        start = time.perf_counter()
        refused(beginning + piece * (400_000 // len(piece)))
        assert time.perf_counter() - start < 20
