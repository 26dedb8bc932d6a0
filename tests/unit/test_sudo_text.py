"""Where a rule's commands and tags stand in its text. What it means is sudo's to say: see the live tests."""

from __future__ import annotations

import time

import pytest

from workbench.sudo_text import NotUnderstood, aliases_of, belonging, retagged, taken_apart

FREE = ("authenticate=false",)


def _without_tag(text: str, *commands: str, explicit: bool = False, tags: tuple[str, ...] = FREE) -> str:
    written = taken_apart(text.split("\n"))
    within, first, last = belonging(written, commands, tags, {"TOOLS": ("/bin/a", "/bin/b")})
    return "\n".join(retagged(written, within, first, last, "NOPASSWD", explicit=explicit))


@pytest.mark.parametrize(
    ("text", "commands", "after"),
    [
        ("b ALL=(root) NOPASSWD: /bin/x mcp-*", ("/bin/x mcp-*",), "b ALL=(root) /bin/x mcp-*"),
        ("b ALL=(root)NOPASSWD:ALL", ("ALL",), "b ALL=(root)ALL"),
        ("b ALL=NOPASSWD: /bin/a, \\\n /bin/b", ("/bin/a", "/bin/b"), "b ALL=/bin/a, \\\n /bin/b"),
        ("b ALL=NOPASSWD: /bin/a, PASSWD: /bin/b", ("/bin/a",), "b ALL=/bin/a, PASSWD: /bin/b"),
        ("b ALL=NOPASSWD: /bin/a, NOEXEC: /bin/b", ("/bin/a",), "b ALL=/bin/a, NOEXEC: NOPASSWD: /bin/b"),
        ("b ALL=NOPASSWD: /bin/a, NOEXEC: /bin/b", ("/bin/b",), "b ALL=NOPASSWD: /bin/a, NOEXEC: PASSWD: /bin/b"),
        ("b ALL=/bin/x, NOPASSWD: /bin/a", ("/bin/a",), "b ALL=/bin/x, /bin/a"),
        ("b ALL=NOPASSWD: TOOLS, SETENV: /bin/c", ("/bin/a", "/bin/b"), "b ALL=TOOLS, SETENV: NOPASSWD: /bin/c"),
        ("b ALL=NOPASSWD: /bin/a : far=NOPASSWD: /bin/c", ("/bin/c",), "b ALL=NOPASSWD: /bin/a : far=/bin/c"),
        ("b ALL=NOPASSWD: /bin/a x\\,y # NOPASSWD: z", ("/bin/a x,y",), "b ALL=/bin/a x\\,y # NOPASSWD: z"),
        ('"a user" , %ops ALL = NOPASSWD: /bin/a ""', ('/bin/a ""',), '"a user" , %ops ALL = /bin/a ""'),
    ],
)
def test_the_tag_is_taken_from_these_and_no_others(text: str, commands: tuple[str, ...], after: str) -> None:
    assert _without_tag(text, *commands) == after


def test_where_a_setting_would_hold_the_opposite_is_said() -> None:
    assert _without_tag("b ALL=(ALL) ALL", "ALL", explicit=True, tags=()) == "b ALL=(ALL) PASSWD: ALL"
    assert _without_tag("b ALL=NOPASSWD: /bin/a", "/bin/a", explicit=True) == "b ALL=PASSWD: /bin/a"
    with pytest.raises(NotUnderstood):  # nothing takes PASSWD back for the second
        _without_tag("b ALL=/bin/a, NOEXEC: /bin/b", "/bin/a", explicit=True, tags=())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "b",
        "b ALL",
        "b ALL=",
        "b ALL=(",
        "b ALL=NOPASSWD:",
        "b ALL=NOPASSWD: /bin/a ^x,y$",
        "b ALL=NOPASSWD: ^/bin/.*$",
        "b c ALL=NOPASSWD: /bin/a",
        "b ALL=NOPASSWD: /bin/a x=y",
        "b ALL=NOPASSWD: /bin/a\nc ALL=ALL",
        "b ALL=NOPASSWD: /bin/a\r",
        "b ALL=NOPASSWD: /bin/b",
        "b ALL=NOPASSWD: OTHERS : far=NOPASSWD: OTHERS",
    ],
)
def test_what_is_not_plain_is_not_understood(text: str) -> None:
    with pytest.raises(NotUnderstood):
        _without_tag(text, "/bin/a")


def test_aliases() -> None:
    lines = ["Cmnd_Alias  A = /bin/a, \\", "  /bin/b x\\,y : B=!/bin/c"]
    assert aliases_of(lines) == {"A": ("/bin/a", "/bin/b x,y"), "B": ("!/bin/c",)}
    assert aliases_of(["b ALL=NOPASSWD: /bin/a"]) == {}


@pytest.mark.parametrize("part", ["a,", "a ", "\\", "(", "!", '"', "NOPASSWD:", "CWD=/x ", "=", "a=b,", "sha256:a "])
def test_hostile_text_takes_no_time(part: str) -> None:
    began = time.perf_counter()
    for begin in ("", "b ALL=", "b ALL=(root) NOPASSWD: /bin/a "):
        try:
            taken_apart([begin + part * 20_000])
        except NotUnderstood:
            continue
    assert time.perf_counter() - began < 5
