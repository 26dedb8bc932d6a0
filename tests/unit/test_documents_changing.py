"""A value is taken out, put in or exchanged, every other byte stays, and what cannot be proven is not done."""

from __future__ import annotations

import codecs
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workbench.documents import EditRefused, Format, Malformed, changing, parse, value_at
from workbench.documents.changing import insert_value, remove_value, replace_value, restore_value
from workbench.documents.proof import same
from workbench.documents.splicing import spliced

Where = tuple[str | int, ...]

JSONC = b"""{
  // of a
  "a": 1, // one
  "b": {"x": [1, 2, 3], "y": null},
  /* of c */
  "c": {
    "d": "e"
  } // last
}
"""
TOML = b"""# top
x = 1

[servers.a]
command = "npx" # run
args = ["-y",
  "q", # of q
]
[servers.a.env]
K = "v"

# of b
[servers.b]
inline = { a = 1, b = "c" }
"""
YAML = b"""# top
servers:
  # of a
  a:
    command: npx  # run
    args:
      - -y
      - pkg # p
  b: {x: 1, "y": [a, b]}
list:
- name: one
  v: 1
- name: two
last: |
  text
  more
"""


@pytest.mark.parametrize(
    ("where", "old", "new"),
    [
        (("a",), b'  "a": 1, // one\n', b""),
        (("b",), b'  "b": {"x": [1, 2, 3], "y": null},\n', b""),
        (("c",), b'null},\n  /* of c */\n  "c": {\n    "d": "e"\n  } // last\n', b"null}\n  /* of c */\n"),
        (("b", "x", 0), b"[1, 2, 3]", b"[2, 3]"),
        (("b", "x", 2), b"[1, 2, 3]", b"[1, 2]"),
        (("b", "y"), b', "y": null', b""),
        (("c", "d"), b'    "d": "e"\n', b""),
    ],
)
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_removed_from_json(where: Where, old: bytes, new: bytes, end: bytes) -> None:
    raw = codecs.BOM_UTF8 + JSONC.replace(b"\n", end)
    wanted = codecs.BOM_UTF8 + JSONC.replace(old, new, 1).replace(b"\n", end)
    forms: tuple[Format, ...] = ("jsonc", "json5")
    for form in forms:
        assert remove_value(raw, form, where) == wanted


@pytest.mark.parametrize(
    ("raw", "form", "where", "wanted"),
    [
        (b'{"a": 1}', "json", ("a",), b"{}"),
        (b'{ "a": 1 }', "json", ("a",), b"{ }"),
        (b'{"a":1,"b":2}', "json", ("a",), b'{"b":2}'),
        (b'{"a":1,"b":2}', "json", ("b",), b'{"a":1}'),
        (b'{"a": 1,\n "b": 2}', "json", ("b",), b'{"a": 1}'),
        (b'{"a": 1, // c\n "b": 2}', "jsonc", ("b",), b'{"a": 1 // c\n }'),
        (b'{"a": 1, /* c */ "b": 2}', "jsonc", ("b",), b'{"a": 1 /* c */ }'),
        (b'{"a": 1 /* c */, "b": 2}', "jsonc", ("a",), b'{/* c */ "b": 2}'),
        (b'{\n"a": 1\n,"b": 2\n}', "json", ("a",), b'{\n"b": 2\n}'),
        (b"[1, 2,]", "jsonc", (1,), b"[1,]"),
        (b"{a: 'x', 'b': 2,}", "json5", ("a",), b"{'b': 2,}"),
        (b'{"a,}": "]", "b": [",", {}]}', "json", ("a,}",), b'{"b": [",", {}]}'),
        (b"a = 1\nb.c = 2\nb.d = 3\n", "toml", ("b", "c"), b"a = 1\nb.d = 3\n"),
        (b"a = [ 1, 2 ] # c\n", "toml", ("a", 1), b"a = [ 1 ] # c\n"),
        (b"a.b = 1\n", "toml", ("a", "b"), b"[a]\n"),
        (b"[a.b]\nc = 1\n", "toml", ("a", "b"), b"[a]\n"),
        (b"[x]\n\n[a]\nc = 1\n\n[b]\n", "toml", ("a",), b"[x]\n\n[b]\n"),
        (b"[x]\n\n[a]\nc = 1\n", "toml", ("a",), b"[x]\n"),
        (b"a:\n  b: 1\nc: 2\n", "yaml", ("a", "b"), b"a: {}\nc: 2\n"),
        (b"a:\n- 1\n", "yaml", ("a", 0), b"a: []\n"),
        (b"a: 1\nb: 2", "yaml", ("b",), b"a: 1"),
        (b"{a: 1, b: 2} # c\n", "yaml", ("a",), b"{b: 2} # c\n"),
    ],
)
def test_removed_with_what_belongs_to_it(raw: bytes, form: Format, where: Where, wanted: bytes) -> None:
    assert remove_value(raw, form, where) == wanted


@pytest.mark.parametrize(
    ("where", "old", "new"),
    [
        (("x",), b"x = 1\n", b""),
        (("servers", "a"), TOML[TOML.index(b"[servers.a]") : TOML.index(b"\n# of b")], b""),
        (("servers", "b"), b'# of b\n[servers.b]\ninline = { a = 1, b = "c" }\n', b"# of b\n"),
        (("servers", "a", "env"), b'[servers.a.env]\nK = "v"\n', b""),
        (("servers", "a", "args", 1), b'  "q", # of q\n', b""),
        (("servers", "b", "inline", "a"), b"a = 1, ", b""),
        (("servers", "b", "inline", "b"), b', b = "c"', b""),
    ],
)
def test_removed_from_toml(where: Where, old: bytes, new: bytes) -> None:
    assert remove_value(TOML, "toml", where) == TOML.replace(old, new, 1)


@pytest.mark.parametrize(
    ("where", "old", "new"),
    [
        (("servers", "a"), YAML[YAML.index(b"  a:\n") : YAML.index(b"  b: {")], b""),
        (("servers", "b"), b'  b: {x: 1, "y": [a, b]}\n', b""),
        (("servers", "b", "x"), b"x: 1, ", b""),
        (("servers", "a", "args", 0), b"      - -y\n", b""),
        (("list", 0), b"- name: one\n  v: 1\n", b""),
        (("list", 0, "name"), b"name: one\n  v", b"v"),
        (("list", 1, "name"), b"- name: two", b"- {}"),
        (("last",), b"last: |\n  text\n  more\n", b""),
    ],
)
def test_removed_from_yaml(where: Where, old: bytes, new: bytes) -> None:
    assert remove_value(YAML, "yaml", where) == YAML.replace(old, new, 1)


@pytest.mark.parametrize(
    ("raw", "form", "where", "value", "wanted"),
    [
        (b"{}", "json", ("a",), True, b'{"a": true}'),
        (b"{\n}\n", "json", ("a",), "x", b'{\n  "a": "x"\n}\n'),
        (b'{"a": 1}', "json", ("b",), [1, None], b'{"a": 1, "b": [1, null]}'),
        (b'{\n\t"a": 1\n}', "json", ("b",), {"c": {}}, b'{\n\t"a": 1,\n\t"b": {\n\t\t"c": {}\n\t}\n}'),
        (b'{\r\n "a": 1\r\n}', "json", ("b",), [0.5], b'{\r\n "a": 1,\r\n "b": [\r\n  0.5\r\n ]\r\n}'),
        (b'{\n "a": 1, // c\n}', "jsonc", ("b",), 2, b'{\n "a": 1, // c\n "b": 2,\n}'),
        (b"[]", "json", (0,), "x", b'["x"]'),
        (b"[1, 3]", "json", (1,), 2, b"[1, 2, 3]"),
        (b"a = 1", "toml", ("b",), "x", b'a = 1\nb = "x"'),
        (b"[t]\na = 1 # c\n", "toml", ("t", "b c"), [1], b'[t]\na = 1 # c\n"b c" = [1]\n'),
        (b"[t]\n", "toml", ("a",), 1, b"a = 1\n\n[t]\n"),
        (b"t = {}\n", "toml", ("t", "a"), {"b": 1}, b"t = {a = { b = 1 }}\n"),
        (
            b"[s.a]\nx = 1\n",
            "toml",
            ("s", "b"),
            {"y": 2, "e": {"K": "v"}},
            b'[s.a]\nx = 1\n\n[s.b]\ny = 2\n\n[s.b.e]\nK = "v"\n',
        ),
        (b"a: 1\n", "yaml", ("on",), "yes", b'a: 1\n"on": "yes"\n'),
        (b"a: {}\n", "yaml", ("a", "b"), [1, "x: y"], b'a: {b: [1, "x: y"]}\n'),
        (b"a:\n- 1 # c\nb: 2", "yaml", ("a", 1), None, b"a:\n- 1 # c\n- null\nb: 2"),
    ],
)
def test_inserted_as_its_neighbours_are(raw: bytes, form: Format, where: Where, value: Any, wanted: bytes) -> None:
    edited = insert_value(raw, form, where, value)
    assert edited == wanted
    assert value_at(parse(edited, form).value, where) == value
    assert parse(remove_value(edited, form, where), form).value == parse(raw, form).value


@pytest.mark.parametrize(
    ("raw", "form", "where", "value", "wanted"),
    [
        (b'{"a": true /* c */}', "jsonc", ("a",), False, b'{"a": false /* c */}'),
        (b'{"a": [1,\n 2]}', "json", ("a",), [], b'{"a": []}'),
        (b"a = true # c\n", "toml", ("a",), {"b": 1}, b"a = { b = 1 } # c\n"),
        (b"a: [1] # c\n", "yaml", ("a",), None, b"a: null # c\n"),
        (b"a: 'x'\n", "yaml", ("a",), "y", b"a: 'y'\n"),
    ],
)
def test_replaced_by_another_type(raw: bytes, form: Format, where: Where, value: Any, wanted: bytes) -> None:
    assert replace_value(raw, form, where, value) == wanted


@pytest.mark.parametrize(
    ("work", "raw", "form", "where", "said"),
    [
        ("remove", b'{"a": 1}', "json", ("b",), "no longer holds b"),
        ("remove", b'{"a": 1}', "json", (), "whole document"),
        ("remove", b'{"a": 1', "json", ("a",), "cannot be parsed"),
        ("remove", b'{"a": 1, "a": 2}', "json", ("a",), "more than a"),
        ("remove", b"a: 1\na: 2\n", "yaml", ("a",), ""),
        ("remove", b"a: &x {k: 1}\nb: *x\n", "yaml", ("b", "k"), "alias"),
        ("remove", b"a: &x {k: 1}\nb: *x\n", "yaml", ("a", "k"), "more than"),
        ("remove", b"a: &x {k: 1}\nb: *x\n", "yaml", ("a",), ""),
        ("remove", b"a: &x {k: 1}\nb:\n  <<: *x\n", "yaml", ("b", "k"), "merged in"),
        ("remove", b"? a\n: 1\nb: 2\n", "yaml", ("a",), ""),
        ("remove", b"[[s]]\na = 1\n", "toml", ("s", 0), ""),
        ("remove", b"a.b = 1\nc = 2\n", "toml", ("a", "b"), "more than"),
        ("remove", b"a = 1\n", "toml", ("a",), "the file is empty"),
        ("insert", b"", "toml", ("a",), "cannot be parsed"),
        ("remove", b"<a b='1'/>", "xml", ("b",), "XML"),
        ("insert", b'{"a": 1}', "json", ("a",), "already"),
        ("insert", b'{"a": 1}', "json", ("b", "c"), "could hold"),
        ("insert", b'{"a": 1}', "json", ("a", 0), "could hold"),
        ("insert", b"[1]", "json", (3,), "no such place"),
        ("insert", b"[1]", "json", (True,), "no place"),
        ("insert", b"a:\n", "yaml", ("a", "b"), "could hold"),
        ("insert", b"a: |+\n  x\n\n", "yaml", ("b",), ""),
        ("insert", b"[[s]]\na = 1\n", "toml", ("s", 1), "array of tables"),
        ("replace", b"[s]\na = 1\n", "toml", ("s",), "not written as one value"),
        ("replace", b"a.b = 1\n", "toml", ("a",), "not written as one value"),
        ("replace", b"a:\n  b: 1\n", "yaml", ("a",), "several lines"),
        ("replace", b"a: &x 1\nb: *x\n", "yaml", ("b",), "alias"),
        ("replace", b'{"a": 1}', "json", ("b",), "no longer holds"),
    ],
)
def test_refused(work: str, raw: bytes, form: Format, where: Where, said: str) -> None:
    with pytest.raises(EditRefused) as caught:
        if work == "remove":
            remove_value(raw, form, where)
        else:
            (insert_value if work == "insert" else replace_value)(raw, form, where, "hunter2-hunter2")
    assert said in caught.value.reason
    assert "hunter" not in caught.value.reason


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {1: 2}, object(), b"x", "\ud800"])
def test_a_value_that_cannot_be_written(value: Any) -> None:
    for raw, form in ((b"{}", "json"), (b"a = 1\n", "toml"), (b"a: 1\n", "yaml")):
        if value == "\ud800" and form == "json":
            continue
        with pytest.raises(EditRefused):
            insert_value(raw, form, ("b",), value)  # type: ignore[arg-type]
    with pytest.raises(EditRefused):
        insert_value(b"a = 1\n", "toml", ("b",), None)


def test_a_value_nested_beyond_all_measure_is_refused() -> None:
    value: Any = []
    for _ in range(100_000):
        value = [value]
    with pytest.raises(EditRefused):
        insert_value(b"{}", "json", ("a",), value)


def test_what_would_change_more_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changing, "spliced", lambda text, splices: spliced(text, splices).replace("1", "2"))
    with pytest.raises(EditRefused, match="more than b"):
        remove_value(b'{"a": 1, "b": 2}', "json", ("b",))
    monkeypatch.setattr(changing, "spliced", lambda text, splices: "{")
    with pytest.raises(EditRefused, match="could not be parsed again"):
        remove_value(b'{"a": 1, "b": 2}', "json", ("b",))


def test_restored_behind_what_it_stood_behind_as_it_was_spelled() -> None:
    source = b'{\n  "a": 1,\n  "b": {"k":   "\\u0041"},\n  "c": 3\n}\n'
    without = remove_value(source, "json", ("b",))
    assert restore_value(without, "json", ("b",), source) == source
    later = without.replace(b'"c": 3', b'"c": 4,\n  "d": 5')
    assert restore_value(later, "json", ("b",), source) == source.replace(b'"c": 3', b'"c": 4,\n  "d": 5')
    assert restore_value(b'{"c": 4}', "json", ("b",), source) == b'{"b": {"k":   "\\u0041"}, "c": 4}'
    assert restore_value(b"{}", "json", ("b",), source) == b'{"b": {"k":   "\\u0041"}}'


@pytest.mark.parametrize(
    ("raw", "form", "where"),
    [
        *((JSONC, "jsonc", where) for where in [("a",), ("b",), ("c",), ("b", "x", 1), ("b", "y")]),
        *((TOML, "toml", where) for where in [("x",), ("servers", "a"), ("servers", "b"), ("servers", "a", "args", 1)]),
        *((YAML, "yaml", where) for where in [("servers", "a"), ("servers", "b"), ("list", 0), ("list", 1), ("last",)]),
        (YAML, "yaml", ("servers", "a", "args", 1)),
        (YAML, "yaml", ("servers", "a", "command")),
    ],
)
def test_restored_in_every_format(raw: bytes, form: Format, where: Where) -> None:
    back = restore_value(remove_value(raw, form, where), form, where, raw)
    assert same(parse(back, form).value, parse(raw, form).value, form)
    lines = set(raw.splitlines())
    told = form == "jsonc" or where[-2:] == ("args", 1)  # a comment behind an item's comma is not brought back
    assert all(not line.strip() or line in lines or told for line in back.splitlines())


def test_restored_where_another_stands_now() -> None:
    source = b"a = true # c\nb = 1\n"
    assert restore_value(b"a = false # d\nb = 2\n", "toml", ("a",), source) == b"a = true # d\nb = 2\n"
    assert restore_value(b'{"a": 1, "b": 2}', "json", ("b",), b'{"a": 3}') == b'{"a": 1}'


_STRINGS = st.text(st.characters(codec="utf-8", exclude_characters="\x7f"), max_size=8)
_SCALARS = st.none() | st.booleans() | st.integers(-99, 10**9) | st.floats(allow_nan=False, allow_infinity=False)
_DATA = st.recursive(
    _SCALARS | _STRINGS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_STRINGS, inner, max_size=4),
    max_leaves=12,
)
_DOCUMENTS = st.dictionaries(_STRINGS, _DATA, min_size=1, max_size=4)


def _pointers(data: Any, way: Where = ()) -> list[Where]:
    parts = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [(*way, key) for key, _ in parts] + [found for key, part in parts for found in _pointers(part, (*way, key))]


def _is_within(part: bytes, whole: bytes) -> bool:
    """Whether the bytes of ``part`` are those of ``whole`` with some left out."""
    rest = iter(whole)
    return all(byte in rest for byte in part)


def _without(data: Any, where: Where) -> Any:
    copy = json.loads(json.dumps(data))
    holder = value_at(copy, where[:-1])
    del holder[where[-1]]
    return copy


@settings(deadline=None, max_examples=300)
@given(_DOCUMENTS, st.data(), st.sampled_from([None, 2, "\t"]), st.sampled_from(["", ",", " // c", ", /* c */ // d"]))
def test_any_json_value_is_removed_and_put_back(document: Any, data: Any, indent: Any, ending: str) -> None:
    text = json.dumps(document, indent=indent, ensure_ascii=False)
    form: Format = "json"
    if ending and indent is not None:
        form = "jsonc"
        lines = text.split("\n")
        text = "\n".join(
            line + ending if not line.endswith((",", "{", "[")) and following.strip(" \t,") in ("}", "]") else line
            for line, following in zip(lines, [*lines[1:], ""], strict=True)
        )
    raw = text.replace("\n", "\r\n").encode() if data.draw(st.booleans()) else text.encode()
    assert parse(raw, form).value == document
    where = data.draw(st.sampled_from(_pointers(document)))

    less = remove_value(raw, form, where)

    assert same(parse(less, form).value, _without(document, where), form)
    assert _is_within(less, raw)
    back = restore_value(less, form, where, raw)
    assert same(parse(back, form).value, document, form)
    holder = value_at(document, where[:-1])
    index = list(holder).index(where[-1]) if isinstance(holder, dict) else None
    again = insert_value(less, form, where, value_at(document, where), index=index)
    assert same(parse(again, form).value, document, form)
    assert _is_within(less, again)


@settings(deadline=None, max_examples=200)
@given(_DOCUMENTS, st.data(), st.booleans())
def test_any_yaml_value_is_removed_and_put_back_or_refused(document: Any, data: Any, is_flow: bool) -> None:
    import yaml

    raw = yaml.safe_dump(document, default_flow_style=is_flow or None, sort_keys=False, allow_unicode=True).encode()
    try:
        held = parse(raw, "yaml").value
    except Malformed:
        return  # the writer of the library makes what its parser does not read back
    where = data.draw(st.sampled_from(_pointers(held)))
    try:
        less = remove_value(raw, "yaml", where)
    except EditRefused:
        return
    assert same(parse(less, "yaml").value, _without(held, where), "yaml")
    assert _is_within(less.replace(b"{}", b"").replace(b"[]", b"").strip(), raw.replace(b"{}", b"").replace(b"[]", b""))
    try:
        back = restore_value(less, "yaml", where, raw)
    except EditRefused:
        return
    assert same(parse(back, "yaml").value, held, "yaml")


@settings(deadline=None, max_examples=200)
@given(
    st.dictionaries(st.text("abc-_ é\"'", min_size=1, max_size=4), _DATA, max_size=3),
    st.dictionaries(st.text("xyz.#", min_size=1, max_size=3), st.integers() | _STRINGS, min_size=1, max_size=3),
    st.data(),
)
def test_any_toml_table_is_put_in_and_removed(value: Any, others: Any, data: Any) -> None:
    raw = b"# top\n[others] # c\n"
    for key, part in others.items():
        raw = insert_value(raw, "toml", ("others", key), part)
    try:
        more = insert_value(raw, "toml", ("s", "new"), value)
    except EditRefused:
        more = insert_value(raw, "toml", ("s",), {})
        try:
            more = insert_value(more, "toml", ("s", "new"), value)
        except EditRefused:
            assert "null" in json.dumps(value)  # of which TOML has none
            return
    assert value_at(parse(more, "toml").value, ("s", "new")) == value
    assert _is_within(raw, more)
    where = data.draw(st.sampled_from(_pointers(parse(more, "toml").value)))
    try:
        less = remove_value(more, "toml", where)
    except EditRefused:
        return
    assert same(parse(less, "toml").value, _without(parse(more, "toml").value, where), "toml")
    back = restore_value(less, "toml", where, more)
    assert same(parse(back, "toml").value, parse(more, "toml").value, "toml")


_PARTS = st.sampled_from(["a", "b", "servers", "x", "args", 0, 1]) | _STRINGS | st.integers(-2, 3)


@settings(deadline=None, max_examples=400, suppress_health_check=[HealthCheck.too_slow])
@given(st.data(), st.sampled_from(["json", "jsonc", "json5", "toml", "yaml", "xml"]), st.lists(_PARTS, max_size=4))
def test_any_bytes_are_edited_or_refused(data: Any, form: Any, where: list[Any]) -> None:
    base = data.draw(st.sampled_from([JSONC, TOML, YAML, b""]))
    at = data.draw(st.integers(0, len(base)))
    inserted = data.draw(st.binary(max_size=8) | st.text("{}[],:=#'\"\\-|&*<? \n\rab1", max_size=8).map(str.encode))
    raw = base[:at] + inserted + base[at + data.draw(st.integers(0, 6)) :]
    for work in (
        lambda: remove_value(raw, form, where),
        lambda: insert_value(raw, form, where, {"k": ["v", 1]}),
        lambda: replace_value(raw, form, where, [True]),
        lambda: restore_value(raw, form, where, base),
        lambda: restore_value(base, form, where, raw),
    ):
        try:
            parse(work(), form)  # type: ignore[no-untyped-call]
        except EditRefused:
            pass
