"""XML as JetBrains writes it becomes plain data; what a document type could bring in is refused."""

from __future__ import annotations

import time

import pytest

from workbench.documents import EditRefused, Malformed, lines_of, locate, parse, replace_string, xml_tree

_CONFIG = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    "<application>\n"
    "  <!-- <component/> -->\n"
    '  <component name="Mcp>Ü">\n'
    '    <server\n      env=\'A="1"\'\n      command="n&amp;px"/>\n'
    '    <![CDATA[{"a": <1>}]]> tail\n'
    "  </component>\n"
    "  <empty></empty>\n"
    "</application>\n"
)


def refused(raw: bytes) -> Malformed:
    with pytest.raises(Malformed) as caught:
        parse(raw, "xml")
    assert caught.value.__context__ is None
    return caught.value


def test_shape() -> None:
    server = {"tag": "server", "attributes": {"env": 'A="1"', "command": "n&px"}, "children": [], "text": ""}
    component = {
        "tag": "component",
        "attributes": {"name": "Mcp>Ü"},
        "children": [server],
        "text": '\n    \n    {"a": <1>} tail\n  ',
    }
    empty = {"tag": "empty", "attributes": {}, "children": [], "text": ""}
    assert parse(_CONFIG.encode(), "xml").value == {
        "tag": "application",
        "attributes": {},
        "children": [component, empty],
        "text": "",
    }


@pytest.mark.parametrize(
    ("pointer", "start", "end", "line"),
    [
        ((), "<application>", "</application>", 2),
        (("tag",), "<application>", "</application>", 2),
        (("children", 0), "<component ", "</component>", 4),
        (("children", 0, "text"), "<component ", "</component>", 4),
        (("children", 0, "attributes", "name"), '"Mcp>Ü"', '"Mcp>Ü"', 4),
        (("children", 0, "children", 0), "<server", 'px"/>', 5),
        (("children", 0, "children", 0, "attributes", "env"), "'A=\"1\"'", "'A=\"1\"'", 6),
        (("children", 0, "children", 0, "attributes", "command"), '"n&amp;px"', '"n&amp;px"', 7),
        (("children", 1), "<empty>", "</empty>", 10),
    ],
)
def test_places(pointer: tuple[str | int, ...], start: str, end: str, line: int) -> None:
    document = parse(_CONFIG.encode(), "xml")
    span = locate(document, pointer)
    text = document.text[span.start : span.end]
    assert text.startswith(start)
    assert text.endswith(end)
    missing = [("children", 2), ("children", 0, "attributes", "x"), ("children", "0"), ("x",), ("children", 0, 0)]
    assert lines_of(document, [pointer, *missing]) == {pointer: span.line} == {pointer: line}


@pytest.mark.parametrize(
    ("raw", "message", "line", "column"),
    [
        (b"", "the file is empty", 1, 1),
        (b"<a>\n  <b>\n</a>", "mismatched tag", 3, 3),
        ("<ä>\n<ö></ä>".encode(), "mismatched tag", 2, 6),
        (b"<a>\n", "no element found", 2, 1),
        (b"<a>&b;</a>", "undefined entity", 1, 4),
        (b"<a/>\n<b/>", "junk after document element", 2, 1),
        (b"\n<!DOCTYPE a>\n<a/>", "a document type, whose entities no config needs", 2, 1),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "a document type, whose entities no config needs", 1, 1),
        (b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', "a document type, whose entities no config needs", 1, 1),
        (b"<a>\n\xff</a>", "the bytes here are not UTF-8 text", 2, 1),
        (b'<?xml version="1.0" encoding="us-ascii"?><a>\xe4</a>', "the bytes here are not us-ascii text", 1, 45),
        (b"<a>" * 250, "nested too deeply", 1, 598),
    ],
)
def test_malformed(raw: bytes, message: str, line: int, column: int) -> None:
    problem = refused(raw)
    assert (problem.message, problem.line, problem.column) == (message, line, column)


@pytest.mark.parametrize("name", ["utf-7", "zlib", "UTF-16", "punycode", "x"])
def test_other_declared_encodings_are_refused(name: str) -> None:
    assert "encoding" in refused(f'<?xml version="1.0" encoding="{name}"?><a/>'.encode()).message


@pytest.mark.parametrize(
    ("name", "codec"),
    [("UTF-8", "utf-8"), ("ISO-8859-1", "latin-1"), ("windows-1252", "cp1252"), ("UTF-16", "utf-16")],
)
def test_declared_encodings_are_honoured(name: str, codec: str) -> None:
    raw = f'<?xml version="1.0" encoding="{name}"?>\n<a b="ü"/>'.encode(codec)
    document = parse(raw, "xml")
    assert document.value["attributes"] == {"b": "ü"}
    assert lines_of(document, [("attributes", "b")]) == {("attributes", "b"): 2}


def test_depth_of_real_files_is_fine() -> None:
    assert parse(b"<a>" * 150 + b"</a>" * 150, "xml").value["tag"] == "a"


def test_more_elements_than_any_config_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(parse(b"<a>" + b"<b/>" * 50_000 + b"</a>", "xml").value["children"]) == 50_000
    monkeypatch.setattr(xml_tree, "VALUE_LIMIT", 10_000)
    assert refused(b"<a>" + b"<b/>" * 10_000).message == "more values than any config holds"


def test_xml_is_not_edited() -> None:
    with pytest.raises(EditRefused, match="XML files are not edited"):
        replace_string(_CONFIG.encode(), "xml", ("children", 0, "tag"), "component", "x")


@pytest.mark.parametrize("piece", ["<a>", "<a ", "<a/>", "&lt;", "<!--", "<![CDATA[x]]>", " a='x'", "x", "'>"])
def test_hostile_text_takes_no_long_time(piece: str) -> None:
    for beginning in ("<r>", "<r "):
        start = time.perf_counter()
        refused((beginning + piece * (200_000 // len(piece))).encode())
        assert time.perf_counter() - start < 20
