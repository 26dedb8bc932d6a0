"""One string is replaced, every other byte stays, and what cannot be proven is not done."""

from __future__ import annotations

import codecs
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.documents import EditRefused, Format, editing, parse, replace_string, value_at

_JSONC = (
    b'\xef\xbb\xbf{\r\n\t// "a@1"\r\n\t"mcpServers" : {"s": {"args": [ "-y" ,"a@1",], '
    b'"env": {"K\\u0041": "v\\u0061l"}}},\r\n\t"twice": "old", "twice": "\xc3\xbc",\r\n}\r\n'
)
_TOML = (
    b'# c\r\n[mcp_servers.x]\r\ncommand = "npx"\r\nargs = ["-y",\r\n  \'a@1\', # "a@1"\r\n]\r\n'
    b'[mcp_servers.x.env]\r\nTOKEN = """\r\nabc"""\r\nwhen = 1979-05-27\r\nnumber = 1e999\r\n'
)


def refusal(raw: bytes, form: Format, pointer: tuple[str | int, ...], expect: str, value: str) -> str:
    with pytest.raises(EditRefused) as caught:
        replace_string(raw, form, pointer, expect, value)
    return caught.value.reason


@pytest.mark.parametrize(
    ("pointer", "expect", "value", "old", "new"),
    [
        (("mcpServers", "s", "args", 1), "a@1", "a@1.2.3", b',"a@1",]', b',"a@1.2.3",]'),
        (("mcpServers", "s", "env", "KA"), "val", 'q"\\\n\u2028ü', b'"v\\u0061l"', '"q\\"\\\\\\n\u2028ü"'.encode()),
        (("twice",), "ü", "new", b'"twice": "\xc3\xbc"', b'"twice": "new"'),
        (("twice",), "ü", "\ud800", b'"twice": "\xc3\xbc"', b'"twice": "\\ud800"'),
        (("twice",), "ü", "ü", b"", b""),
    ],
)
def test_json_keeps_every_other_byte(
    pointer: tuple[str | int, ...], expect: str, value: str, old: bytes, new: bytes
) -> None:
    assert replace_string(_JSONC, "jsonc", pointer, expect, value) == _JSONC.replace(old, new, 1)


@pytest.mark.parametrize(
    ("pointer", "expect", "value", "old", "new"),
    [
        (("mcp_servers", "x", "command"), "npx", 'C:\\x "y"\t', b'"npx"', b'"C:\\\\x \\"y\\"\\t"'),
        (("mcp_servers", "x", "args", 1), "a@1", "a@1.2.3", b"'a@1'", b"'a@1.2.3'"),
        (("mcp_servers", "x", "args", 1), "a@1", "it's", b"'a@1'", b'"it\'s"'),
        (("mcp_servers", "x", "env", "TOKEN"), "abc", "\x7f\x01", b'"""\r\nabc"""', b'"\\u007f\\u0001"'),
    ],
)
def test_toml_keeps_every_other_byte(
    pointer: tuple[str | int, ...], expect: str, value: str, old: bytes, new: bytes
) -> None:
    edited = replace_string(_TOML, "toml", pointer, expect, value)
    assert edited == _TOML.replace(old, new, 1)
    assert value_at(parse(edited, "toml").value, pointer) == value


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_encoding_of_powershell_is_kept(encoding: str) -> None:
    mark = codecs.BOM_UTF16_LE if encoding == "utf-16-le" else codecs.BOM_UTF16_BE
    raw = mark + '{"a": "ä"}\r\n'.encode(encoding)
    assert replace_string(raw, "json", ("a",), "ä", "ö") == mark + '{"a": "ö"}\r\n'.encode(encoding)


@pytest.mark.parametrize(
    ("raw", "form", "pointer", "expect", "value", "reason"),
    [
        (b'{"a": "x"}', "json", ("a",), "y", "z", "a is not what it was when the file was looked at"),
        (b'{"a": 1}', "json", ("a",), "1", "z", "a is not a string"),
        (b'{"a": ["x"]}', "json", ("a",), "x", "z", "a is not a string"),
        (b'{"a": "x"}', "json", ("b", 0), "x", "z", "the file no longer holds b.0"),
        (b'{"a": "x"', "json", ("a",), "x", "z", "the file cannot be parsed: Expecting ',' delimiter"),
        (b'{"a": "x",}', "json", ("a",), "x", "z", "the file cannot be parsed: a trailing comma"),
        (b"a = 'x'", "toml", ("a",), "x", "\ud800", "the new value of a cannot be written in this file's encoding"),
        (b'["x"]', "json", (), "x", "z", "the document is not a string"),
        (b'{"a\\u001b": 1}', "json", ("a\x1b",), "x", "z", "a\\x1b is not a string"),
    ],
)
def test_refused(
    raw: bytes, form: Format, pointer: tuple[str | int, ...], expect: str, value: str, reason: str
) -> None:
    assert refusal(raw, form, pointer, expect, value).startswith(reason)


def test_refusal_quotes_no_value() -> None:
    reason = refusal(b'{"a": "hunter2-hunter2"}', "json", ("a",), "hunter3-hunter3", "hunter4-hunter4")
    assert "hunter" not in reason


def test_whole_document_may_be_the_string() -> None:
    assert replace_string(b' "x" \n', "json", (), "x", "y") == b' "y" \n'


def test_edit_that_would_change_more_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(editing, "literal", lambda value, old, form: '"y", "b": "evil"')
    assert refusal(b'{"a": "x"}', "json", ("a",), "x", "y") == "the edit would have changed more than a"
    monkeypatch.setattr(editing, "literal", lambda value, old, form: '"z"')
    assert refusal(b'{"a": "x"}', "json", ("a",), "x", "y") == "the edit would have changed more than a"
    monkeypatch.setattr(editing, "literal", lambda value, old, form: '"y')
    assert refusal(b'{"a": "x"}', "json", ("a",), "x", "y").startswith("the edited file could not be parsed again")


def test_numbers_and_true_are_not_taken_for_each_other() -> None:
    assert not editing._differs_only_at([1, "x"], [True, "y"], (1,), "y")
    assert not editing._differs_only_at([1, "x"], [1.0, "y"], (1,), "y")
    assert not editing._differs_only_at({"a": 1, "b": "x"}, {"b": "y", "a": 1}, ("b",), "y")
    assert editing._differs_only_at([float("nan"), "x"], [float("nan"), "y"], (1,), "y")


_STRINGS = st.text(st.characters(codec="utf-8"), max_size=20)


@settings(deadline=None)
@given(st.dictionaries(_STRINGS, _STRINGS, min_size=1, max_size=5), _STRINGS, st.data(), st.sampled_from([None, 2]))
def test_any_string_is_replaced_and_put_back(members: dict[str, str], value: str, data: Any, indent: Any) -> None:
    key = data.draw(st.sampled_from(sorted(members)))
    raw = json.dumps({"outer": [members]}, indent=indent, ensure_ascii=False).encode()
    pointer = ("outer", 0, key)
    edited = replace_string(raw, "json", pointer, members[key], value)
    assert json.loads(edited) == {"outer": [{**members, key: value}]}
    assert replace_string(edited, "json", pointer, value, members[key]) == raw


@settings(deadline=None)
@given(_STRINGS, _STRINGS, st.sampled_from(["\n", "\r\n"]))
def test_any_string_is_replaced_in_toml(key: str, value: str, end: str) -> None:
    quoted = json.dumps(key).replace("\x7f", "\\u007f")
    if "\\ud" in quoted:
        return  # JSON writes what is outside of the basic plane as surrogates, which TOML does not know
    raw = f"# before{end}[t]{end}{quoted} = 'old' # after{end}x = 1{end}".encode()
    if key == "x":
        return
    edited = replace_string(raw, "toml", ("t", key), "old", value)
    assert value_at(parse(edited, "toml").value, ("t", key)) == value
    before, _, after = raw.partition(b"'old'")
    assert edited.startswith(before)
    assert edited.endswith(after)
