"""What a hostile or a broken file does to the reader of JavaScript: nothing but a stated gap, and that soon."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from workbench.host.code import javascript
from workbench.host.code.javascript import analyse
from workbench.host.code.javascript_syntax import HIGHEST_SIZE

HEAD = (
    "import fs from 'fs'; import path from 'path'; import { exec, fork } from 'child_process';"
    " import net from 'net'; const server = make();\n"
)
SECONDS = 15.0


def hostile() -> dict[str, str]:
    many = 20_000
    nested_handlers = "fork('w').on('message', (m) => {" * 150 + "exec(m.x);" + "});" * 150
    chain = "".join(f"const v{n} = v{n - 1} + v{n - 1};" for n in range(1, 400))
    functions = "".join(f"function f{n}(p) {{ return f{n + 1}(p) + f{n + 1}(p); }}" for n in range(200))
    return {
        "calls in calls": "a(" * many + ")" * many,
        "brackets": "[" * many,
        "templates": "({[`${" * many,
        "arrows": "a=>" * many,
        "members": "a" + ".b" * many + "();",
        "a long sum": "exec(" + "+".join(["args.x"] * many) + ");",
        "blocks": "{" * many + "}" * many,
        "functions in functions": "function f(){" * 3000 + "}" * 3000,
        "else if": "if (a) {}" + " else if (a) {}" * 3000,
        "optional chains": "a" + "?.b" * many,
        "unclosed": "const a = `" + "${" * many,
        "regular expressions": "/" * many,
        "tags": "<a>" * many,
        "handlers in handlers": nested_handlers,
        "doubling names": f"server.tool('x', (v0) => {{ {chain} exec(v399); fs.readFile(v399); }});",
        "doubling addresses": f"const v0 = '/tmp/'; {chain} net.createServer(h).listen(v399);",
        "doubling functions": f"{functions} server.tool('x', (a) => {{ exec(f0(a.b)); fs.rm(f0(a.b)); }});",
        "many uses": "server.tool('x', (a) => {" + "fs.readFile(a.b);" * 3000 + "});",
        "many checks": "server.tool('x', (a) => {" + "if (a.b.startsWith(ROOT)) {} fs.readFile(a.b);" * 2000 + "});",
        "many values": "let p; " + "p = args.x;" * 3000 + "server.tool('x', (args) => fs.readFile(p));",
        "many tools": "server.tool('x', (a) => fs.readFile(safe(a.b)));" * 2000 + "function safe(p) { return p; }",
        "many in a table": "const t = {" + "".join(f"k{n}(p) {{ return t[p](p); }}," for n in range(300)) + "};"
        "server.tool('x', (a) => {" + "t[a.n](a);" * 3000 + "});",
        "many handlers": "const w = fork('w');"
        + "w.on('message', (m) => act(m));" * 3000
        + "function act(m) { go(m.x); }",
        "many sends": "const w = fork('w'); const a = b;" + "w.send({ a: { b: [a, {}, { c }] } });" * 3000,
        "many peers": "net.createServer(h).listen('/tmp/a');" + "const p = getPeerCred(s); p.uid;" * 3000,
        "objects in calls": "function f({ a }) { return a; } server.tool('x', (p) => exec("
        + "f({ a: " * 600
        + "p.b"
        + " })" * 600
        + "));",
        "many broken": "@@ ( ] ;" * 3000,
        "many listeners": "net.createServer(h).listen('/tmp/a.sock'); fs.unlinkSync('/tmp/a.sock');" * 1000,
        "a loop of names": "const a = b; const b = a; exec(a); net.createServer(h).listen(a); server.tool('x', a);",
        "a function that calls itself": "function f(p) { return f(p); } server.tool('x', (a) => fs.rm(f(a.b)));",
        "names of the prototype": "const __proto__ = 1; constructor.prototype.toString.call(this['constructor']);",
        "escapes": "net.createServer(h).listen('\\u{ffffffff}\\x\\u{}\\777\\0');",
        "numbers": "process.umask(0x); process.umask(09); process.umask(1e999); process.umask(0b2);",
    }


@pytest.mark.parametrize("name", list(hostile()))
def test_a_hostile_file_is_read_or_refused_in_time(name: str) -> None:
    started = time.monotonic()
    analysis = analyse("/srv/index.mjs", (HEAD + hostile()[name]).encode())
    assert time.monotonic() - started < SECONDS
    assert {gap.facet for gap in analysis.gaps} <= {"javascript", "tools"}
    assert all(gap.what == "/srv/index.mjs" and gap.why for gap in analysis.gaps)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00" * 1000,
        b"\xff\xfe\x00\xd8" * 500,
        b"\xef\xbb\xbfconst a = 1;",
        b"#!/usr/bin/env node\nconst a = 1;",
        "const имя = 'ж'; exec(имя);\u2028".encode(),
        b"<!DOCTYPE html><html><script>",
        bytes(range(256)) * 40,
    ],
)
@pytest.mark.parametrize("name", ["/srv/a.js", "/srv/a.ts", "/srv/a.tsx"])
def test_what_is_no_javascript_is_survived(content: bytes, name: str) -> None:
    analysis = analyse(name, content)
    assert not analysis.observations.handlers


def test_a_file_that_is_too_large_is_a_gap() -> None:
    analysis = analyse("/srv/bundle.js", b"a();" * (HIGHEST_SIZE // 4 + 1))
    assert [gap.why for gap in analysis.gaps] == ["it is larger than 2 MiB"]


def test_of_very_many_things_the_first_are_told_and_that_there_are_more() -> None:
    analysis = analyse("/srv/a.mjs", (HEAD + "server.tool('x', (a) => fs.rm(a.b));\n" * 500).encode())
    assert len(analysis.observations.paths) == 200
    assert [gap.why for gap in analysis.gaps] == ["there is more in it than is told: of each kind the first 200"]


def test_a_grammar_that_does_not_fit_the_parser_is_as_good_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    import tree_sitter

    def refused(_grammar: object) -> None:
        raise ValueError("Incompatible Language version 99")

    monkeypatch.setattr(tree_sitter, "Language", refused)
    analysis = analyse("/srv/a.mjs", b"f();")
    assert [gap.why for gap in analysis.gaps] == ["the parser for it could not be loaded"]


def test_a_minified_file_is_read_in_a_time_like_its_size() -> None:
    line = "function a(b,c){var d=b+c;return d?e.f(b,function(g){return g.h+d}):i(c,[1,2,3],{j:b,k:'l'})}"
    started = time.monotonic()
    analyse("/srv/bundle.js", (line * 5000).encode())
    assert time.monotonic() - started < SECONDS


def test_of_a_statement_that_is_not_understood_nothing_is_said_and_of_the_others_all() -> None:
    code = (
        HEAD + "server.tool('good', (args) => fs.readFile(args.path));\n"
        "server.tool('bad', (args) => { @@@ fs.readFile(args.path); ]] });\n"
    )
    analysis = analyse("/srv/index.mjs", code.encode())
    assert [gap.what for gap in analysis.gaps] == ["/srv/index.mjs"]
    assert "line 3" in analysis.gaps[0].why
    assert [each.tool for each in analysis.observations.paths] == ["good"]


def test_what_is_told_of_a_file_is_safe_to_show() -> None:
    code = HEAD + "server.tool('x\\u001b[31m\\u202e', (args) => fs.readFile(args['p\\u0007']));"
    analysis = analyse("/srv/\x1b[2J.mjs", code.encode())
    assert len(analysis.observations.paths) == 1
    assert "\x1b" not in repr(analysis.observations) and "\u202e" not in str(analysis.observations.paths[0].tool)
    assert analysis.observations.paths[0].site.path == "/srv/\\x1b[2J.mjs"


def test_without_the_parser_there_is_a_gap_that_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tree_sitter", None)
    monkeypatch.setattr(javascript, "_MODULES", ("tree_sitter_that_is_not_there",))
    missing = javascript.missing()
    assert missing is not None
    assert missing.unlock == "pip install 'mcp-hardening-workbench[source]'"
    analysis = analyse("/srv/index.mjs", HEAD.encode())
    assert [gap.unlock for gap in analysis.gaps] == [missing.unlock]


def test_with_the_parser_nothing_is_missing() -> None:
    assert javascript.missing() is None


def test_the_parser_is_loaded_for_the_first_file_and_not_before(tmp_path: Path) -> None:
    script = (
        "import sys; from workbench.host.code import javascript; javascript.missing();"
        "assert not [m for m in sys.modules if m.startswith('tree_sitter')];"
        "assert 'workbench.host.code.javascript_flow' not in sys.modules;"
        "javascript.analyse('/srv/a.mjs', b'f();'); assert 'tree_sitter' in sys.modules;"
        "assert 'tree_sitter_typescript' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], check=True, cwd=Path(__file__).parents[2], timeout=60)
