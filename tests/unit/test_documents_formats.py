"""What holds of every format: generated data comes back, its values are found, and one edit is one edit."""

from __future__ import annotations

import codecs
import json
import random
from typing import Any
from xml.sax.saxutils import quoteattr

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workbench.documents import EditRefused, Format, Malformed, lines_of, locate, parse, replace_string, value_at

_SETTINGS = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
_TEXT = st.text(st.characters(codec="utf-8"), max_size=20) | st.sampled_from(
    [
        "yes",
        "12",
        "1e5",
        "22:22",
        "2001-01-01",
        "<<",
        "~",
        "- a",
        "a: b",
        "#",
        "it's",
        '"',
        "\\",
        "//",
        "/*",
        "@s/p@1.2",
    ]
)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | _TEXT,
    lambda inside: st.lists(inside, max_size=4) | st.dictionaries(_TEXT, inside, max_size=4),
    max_leaves=15,
)
_YAML_STYLES = st.fixed_dictionaries(
    {
        "default_style": st.sampled_from([None, "'", '"', "|"]),
        "default_flow_style": st.sampled_from([None, True, False]),
        "allow_unicode": st.booleans(),
        "width": st.sampled_from([20, 1_000]),
        "line_break": st.sampled_from(["\n", "\r\n"]),
    }
)
_NAMES: tuple[Format, ...] = ("json", "jsonc", "json5", "toml", "yaml", "xml")


def as_json5(value: Any, chance: random.Random) -> str:
    """The value in one of the many ways to write it."""
    blank = chance.choice(["", " ", "\n", "// {'\u2028", "/* ] */", "\u00a0\r\n"])
    if isinstance(value, dict):
        parts = [f"{_name(key, chance)}{blank}:{as_json5(part, chance)}" for key, part in value.items()]
        last = chance.choice(["", ","]) if parts else ""
        return blank + "{" + ",".join(parts) + last + blank + "}"
    if isinstance(value, list):
        last = chance.choice(["", ","]) if value else ""
        return blank + "[" + ",".join(as_json5(part, chance) for part in value) + last + blank + "]"
    if isinstance(value, str):
        return blank + _quoted(value, chance)
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return blank + chance.choice([f"+{value}", hex(value), str(value)])
    return blank + json.dumps(value) + blank


def _quoted(text: str, chance: random.Random) -> str:
    quote = chance.choice("'\"")
    body = json.dumps(text, ensure_ascii=chance.choice([True, False]))[1:-1]
    if quote == "'":
        body = body.replace('\\"', '"').replace("'", "\\'")
    return quote + body + chance.choice(["", "\\\n", "\\\r\n"]) + quote


def _name(key: str, chance: random.Random) -> str:
    return key if key.isascii() and key.isidentifier() and chance.random() < 0.7 else _quoted(key, chance)


def _pointers(value: Any, at: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    inside: list[tuple[str | int, Any]] = []
    if isinstance(value, dict):
        inside = list(value.items())
    elif isinstance(value, list):
        inside = list(enumerate(value))
    return [at, *(deeper for part, child in inside for deeper in _pointers(child, (*at, part)))]


@_SETTINGS
@given(_VALUES, st.randoms(use_true_random=False))
def test_json5_comes_back_and_is_found(value: Any, chance: random.Random) -> None:
    document = parse(as_json5(value, chance).encode(), "json5")
    assert document.value == value
    pointers = _pointers(value)
    assert set(lines_of(document, pointers)) == set(pointers)
    for pointer in pointers:
        span = locate(document, pointer)
        assert parse(document.text[span.start : span.end].encode(), "json5").value == value_at(value, pointer)


@_SETTINGS
@given(_VALUES, _YAML_STYLES)
def test_yaml_comes_back_and_is_found(value: Any, styles: dict[str, Any]) -> None:
    raw = yaml.safe_dump(value, encoding="utf-8", sort_keys=False, **styles)
    document = parse(raw, "yaml")
    assert document.value == value
    pointers = _pointers(value)
    assert set(lines_of(document, pointers)) == set(pointers)
    for pointer in pointers:
        part = value_at(value, pointer)
        span = locate(document, pointer)
        text = document.text[span.start : span.end]
        if not isinstance(part, dict | list) and text and not text.startswith(("|", "!!")):
            assert parse(text.encode(), "yaml").value == part


@_SETTINGS
@given(st.dictionaries(_TEXT, _TEXT, min_size=1, max_size=4), _TEXT, _YAML_STYLES, st.data())
def test_yaml_edit_changes_one_value(members: dict[str, str], value: str, styles: dict[str, Any], data: Any) -> None:
    key = data.draw(st.sampled_from(sorted(members)))
    raw = b"# before\n" + yaml.safe_dump({"outer": [members]}, encoding="utf-8", sort_keys=False, **styles)
    pointer = ("outer", 0, key)
    before = parse(raw, "yaml")
    span = locate(before, pointer)
    try:
        edited = replace_string(raw, "yaml", pointer, members[key], value)
    except EditRefused as refusal:
        assert "it is a block of lines" in refusal.reason
        return
    after = parse(edited, "yaml")
    assert after.value == {"outer": [{**members, key: value}]}
    assert after.text.startswith(before.text[: span.start])
    assert after.text.endswith(before.text[span.end :])
    assert yaml.safe_load(edited)["outer"][0][key] == value


@_SETTINGS
@given(st.dictionaries(_TEXT, _TEXT, min_size=1, max_size=4), _TEXT, st.randoms(use_true_random=False), st.data())
def test_json5_edit_changes_one_value(members: dict[str, str], value: str, chance: random.Random, data: Any) -> None:
    key = data.draw(st.sampled_from(sorted(members)))
    raw = as_json5({"outer": [members]}, chance).encode()
    before = parse(raw, "json5")
    span = locate(before, ("outer", 0, key))
    edited = replace_string(raw, "json5", ("outer", 0, key), members[key], value)
    after = parse(edited, "json5")
    assert after.value == {"outer": [{**members, key: value}]}
    assert after.text.startswith(before.text[: span.start] + before.text[span.start])
    assert after.text.endswith(before.text[span.start] + before.text[span.end :])


@_SETTINGS
@given(st.lists(st.text("aü<>&\"' \t", max_size=8), max_size=5))
def test_xml_comes_back_and_is_found(values: list[str]) -> None:
    text = "<r>\n" + "\n".join(f"<o v={quoteattr(value)}/>" for value in values) + "</r>"
    document = parse(text.encode(), "xml")
    assert [child["attributes"]["v"] for child in document.value["children"]] == values
    wanted: list[tuple[str | int, ...]] = [("children", place, "attributes", "v") for place in range(len(values))]
    assert lines_of(document, wanted) == {pointer: place + 2 for place, pointer in enumerate(wanted)}
    for pointer, value in zip(wanted, values, strict=True):
        span = locate(document, pointer)
        assert document.text[span.start : span.end] == quoteattr(value)


@_SETTINGS
@given(
    st.binary(max_size=80)
    | st.text("{}[]()<>:,'\"\\/*#&!|%@`-?~ \n\r\t0x1e.+aInfinityNaN\u2028\ufeff\x85\x00", max_size=60).map(str.encode)
    | st.text("ab:- \n*&[]{}<,'\"!|>?", max_size=60).map(str.encode)
    | st.lists(st.sampled_from(["<a", " b='c'", ">", "</a>", "/>", "<?xml ?>", "<!DOCTYPE a", "&lt;", "ü"])).map(
        lambda parts: "".join(parts).encode()
    )
)
def test_any_bytes_are_parsed_or_refused_with_a_place_in_them(raw: bytes) -> None:
    for form in _NAMES:
        try:
            document = parse(raw, form)
        except Malformed as problem:
            assert problem.line is None or 1 <= problem.line <= raw.count(b"\n") + 1
            assert problem.__context__ is None
        else:
            pointers = _pointers(document.value)
            assert set(lines_of(document, pointers)) == set(pointers) or form == "toml"


_SAMPLES: dict[Format, tuple[str, Any]] = {
    "json5": ("{\r\n  ä: 'ö',\r\n}\r\n", {"ä": "ö"}),
    "yaml": ("# c\r\nä: 'ö'\r\n", {"ä": "ö"}),
    "xml": ("<ä>\r\nö</ä>", {"tag": "ä", "attributes": {}, "children": [], "text": "\nö"}),
}


@pytest.mark.parametrize("form", list(_SAMPLES))
@pytest.mark.parametrize(
    ("encoding", "mark"),
    [
        ("utf-8", b""),
        ("utf-8", codecs.BOM_UTF8),
        ("utf-16-le", codecs.BOM_UTF16_LE),
        ("utf-16-be", codecs.BOM_UTF16_BE),
        ("utf-16-le", b""),
    ],
)
def test_encodings(form: Format, encoding: str, mark: bytes) -> None:
    text, value = _SAMPLES[form]
    raw = mark + text.encode(encoding)
    document = parse(raw, form)
    assert (document.value, document.text) == (value, text)
    assert (document.encoding, document.byte_order_mark) == (encoding, bool(mark))
    if form != "xml":
        assert replace_string(raw, form, ("ä",), "ö", "ü") == mark + text.replace("ö", "ü").encode(encoding)


@pytest.mark.parametrize("form", list(_SAMPLES))
def test_bytes_that_are_no_text_are_refused_with_their_place(form: Format) -> None:
    with pytest.raises(Malformed) as caught:
        parse(b"a: 1\nb: \xff", form)
    assert (caught.value.message, caught.value.place) == ("the bytes here are not UTF-8 text", "line 2, column 4")


@pytest.mark.parametrize("form", list(_SAMPLES))
def test_nothing_of_the_document_is_in_the_problem(form: Format) -> None:
    for text in ("{a: 'hunter2', b: hunter2 hunter2 ]", "a: !hunter2!x hunter2", "<a>&hunter2;", "%hunter2\n---"):
        try:
            parse(text.encode(), form)
        except Malformed as problem:
            assert "hunter2" not in str(problem)
            assert problem.__context__ is None
            assert problem.__cause__ is None
