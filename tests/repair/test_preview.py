"""A diff shows the change, no secret and no character that acts."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from workbench.model.operations import EditValue
from workbench.repair.preview import diff
from workbench.secrets import recognise

GENERIC = "q9Xz72LmPw04RtYvBn51KdHs"
CANARIES = {
    "generic": GENERIC,
    "github": "ghp_" + "Zx81Qm40Lk92Nv73Bc65" + "Ty17Ui28Op39As40",
    "password": "correct-horse/battery",
    "escaped": 'Pw"04\\Rt/YvBn51KdHs9X"z72Lm',
    "unicode": "pässwörd-Ü72LmPw04RtYvBn51",
}


def _edits(value: str = "pkg@1.2.3", form: Any = "json") -> tuple[EditValue, ...]:
    return (EditValue("/home/dev/mcp.json", form, ("args", 0), "pkg", value),)


def _diff(before: str, after: str, form: Any = "json", value: str = "pkg@1.2.3") -> str:
    return diff("/home/dev/mcp.json", before.encode(), after.encode(), _edits(value, form))


@pytest.mark.parametrize("kind", CANARIES)
@pytest.mark.parametrize("spelling", ["plain", "ascii", "slashes", "every character escaped"])
@pytest.mark.parametrize("indent", [None, 2])
def test_no_secret_on_a_line_around_the_change(kind: str, spelling: str, indent: int | None) -> None:
    secret = CANARIES[kind]
    name = "DB_PASSWORD" if kind in ("password", "escaped", "unicode") else "API_KEY"
    assert recognise(name, secret)
    literal = json.dumps(secret, ensure_ascii=spelling != "plain")
    if spelling == "slashes":
        literal = literal.replace("/", "\\/")
    if spelling == "every character escaped":
        literal = '"' + "".join(f"\\u{ord(letter):04x}" for letter in secret) + '"'
    text = json.dumps({"args": ["pkg"], "env": {name: "CANARY", "MODE": "fast"}}, indent=indent)
    before = text.replace('"CANARY"', literal)
    assert json.loads(before)["env"][name] == secret

    shown = _diff(before, before.replace('"pkg"', '"pkg@1.2.3"'))

    assert "pkg@1.2.3" in shown
    assert secret not in shown and literal[1:-1] not in shown
    for piece in (secret[:12], secret[-12:], literal[1:25]):
        assert piece not in shown, shown


def test_no_secret_in_arguments_headers_urls_and_comments() -> None:
    hidden = {
        "flag": "hunter2hunter2hunter2x9",
        "item": "Hx72LmPw04RtYvBn51Kd",
        "header": "Bearer eyQ9Xz72LmPw04RtYvBn51KdHs",
        "url": "postgresql://me:Sup3rS3cretPw@db/x",
    }
    text = f"""{{
  "args": ["pkg", "--api-key", "{hidden["item"]}", "--password={hidden["flag"]}"],
  // the old one: {GENERIC}
  "headers": {{"Authorization": "{hidden["header"]}"}},
  "url": "{hidden["url"]}"
}}"""
    shown = _diff(text, text.replace('"pkg"', '"pkg@1.2.3"'), "jsonc")
    assert '-  "args": ["pkg", ' in shown and '+  "args": ["pkg@1.2.3", ' in shown
    for secret in (GENERIC, hidden["flag"], hidden["item"], hidden["header"].split()[1], "Sup3rS3cretPw"):
        assert secret not in shown, shown


def test_no_line_of_a_private_key_in_toml() -> None:
    body = "\n".join("MIIEpAIBAAKCAQEA" + letter * 20 + "7xQ" for letter in "abcd")
    text = (
        'args = ["pkg"]\n[env]\nPRIVATE_KEY = """-----BEGIN RSA PRIVATE KEY-----\n'
        + body
        + '\n-----END RSA PRIVATE KEY-----\n"""\n'
    )
    for source in (text, text.replace("\n", "\r\n")):
        shown = _diff(source, source.replace('"pkg"', '"pkg@1.2.3"'), "toml")
        assert '+args = ["pkg@1.2.3"]' in shown
        assert not any(line in shown for line in body.split("\n"))


def test_a_password_that_is_a_word_of_the_path() -> None:
    before = json.dumps({"args": ["pkg"], "env": {"DB_PASSWORD": "postgres"}}, indent=1)
    edits = (EditValue("/home/postgres/mcp.json", "json", ("args", 0), "pkg", "pkg@1.2.3"),)
    shown = diff(edits[0].path, before.encode(), before.replace('"pkg"', '"pkg@1.2.3"').encode(), edits)
    assert shown.startswith("--- /home/postgres/mcp.json") and "+" in shown
    assert "postgres" not in shown.split("mcp.json", 2)[2]


def test_what_the_plan_names_is_shown_even_where_it_looks_random() -> None:
    image = "ghcr.io/x/y@sha256:" + "3f5a9c1b7d2e8f60" * 4
    shown = _diff('{"args": ["pkg"]}', json.dumps({"args": [image]}), value=image)
    assert image in shown


def test_nothing_in_the_text_acts() -> None:
    text = '{"args": ["pkg"], "note": "\u202eevil \u200b", "tag": "\U000e0041"}'
    shown = _diff(text, text.replace('"pkg"', '"pkg@1.2.3"'))
    assert "\\u202eevil \\u200b" in shown
    assert all(line.isprintable() for line in shown.split("\n"))


def test_tabs_at_the_start_of_a_line_are_indentation() -> None:
    shown = _diff('{\n\t"args": ["pkg"]\n}', '{\n\t"args": ["pkg@1.2.3"]\n}')
    assert '-    "args": ["pkg"]' in shown


def test_of_one_long_line_the_part_around_the_change() -> None:
    servers = {f"server-{number}": {"args": ["one"]} for number in range(500)}
    before = json.dumps({"a": servers, "args": ["pkg"], "b": servers})
    shown = _diff(before, before.replace('"pkg"', '"pkg@1.2.3"'))
    lines = shown.splitlines()
    assert len(lines) == 5 and all(len(line) < 400 for line in lines)
    assert '"args": ["pkg"]' in lines[3] and '"args": ["pkg@1.2.3"]' in lines[4]


def test_two_places_far_apart_are_two_hunks() -> None:
    lines = ['{"args": ["pkg",', *[f'"{number}",' for number in range(40)], '"last"]}']
    before = "\n".join(lines)
    after = before.replace('"pkg"', '"new"').replace('"last"', '"end"')
    shown = _diff(before, after).splitlines()
    assert [line for line in shown if line.startswith("@@")] == ["@@ -1,4 +1,4 @@", "@@ -39,4 +39,4 @@"]


def test_a_large_config_is_shown_quickly() -> None:
    before = json.dumps({"args": ["pkg"], "projects": {f"/p/{number}": ["x"] * 8 for number in range(4000)}}, indent=1)
    begun = time.monotonic()
    _diff(before, before.replace('"pkg"', '"pkg@1.2.3"'))
    assert time.monotonic() - begun < 10
