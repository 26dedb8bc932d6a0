"""Look through the code of servers: which files, within which limits, and what is said of the rest."""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests import builders
from workbench.host import code
from workbench.host.code import looking, reading
from workbench.host.code.languages import LANGUAGES, Analysis, language_by_first_line, language_of
from workbench.host.code.places import FILE_LIMIT, files_below, files_of
from workbench.host.code.python import analyse
from workbench.host.context import Context
from workbench.host.files import CannotLook
from workbench.model.code import CodeFacts
from workbench.model.facts import Unread
from workbench.model.servers import Server, ServerFacts
from workbench.model.sources import SourceFact

FLAW = """
from mcp.server.fastmcp import FastMCP
mcp = FastMCP("x")
@mcp.tool()
def tool(path: str):
    return open(path)
"""


@pytest.fixture(autouse=True)
def forgotten() -> None:
    reading._KNOWN.clear()


def put(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        path = folder / name.replace("__", "/")
        path = path.with_name(path.name.replace("_py", ".py").replace("_ts", ".ts").replace("_js", ".js"))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def gathered(*sources: SourceFact) -> CodeFacts:
    servers = tuple(
        Server(f"key {number}", f"server {number}", "not running", True, "stdio", sources=(source,))
        for number, source in enumerate(sources)
    )
    context = replace(Context.of_this_host(), found={"servers": ServerFacts(builders.COMPLETE, servers)})
    return code.gather(context)


def test_a_checkout_is_read_without_what_it_depends_on(tmp_path: Path) -> None:
    put(
        tmp_path,
        main_py=FLAW,
        node_modules__other__x_py=FLAW,
        tests__test_main_py=FLAW,
        test_main_py=FLAW,
        **{"venv__lib__y_py": FLAW, ".git__z_py": FLAW},
    )
    facts = gathered(SourceFact("checkout", str(tmp_path)))
    assert facts.state.status == "complete"
    (root,) = facts.roots
    assert (root.files, root.parsed, root.servers) == ((("python", 1),), 1, ("key 0",))
    assert [use.site.path for use in facts.observed.paths] == [str(tmp_path / "main.py")]


def test_two_servers_of_one_place_are_read_once(tmp_path: Path) -> None:
    source = SourceFact("checkout", str(put(tmp_path, main_py=FLAW)))
    facts = gathered(source, source)
    assert [root.servers for root in facts.roots] == [("key 0", "key 1")]
    assert len(facts.observed.paths) == 1


def test_the_same_file_of_two_places_is_told_once(tmp_path: Path) -> None:
    put(tmp_path, main_py=FLAW)
    facts = gathered(SourceFact("checkout", str(tmp_path)), SourceFact("program", str(tmp_path / "main.py")))
    assert len(facts.roots) == 2
    assert len(facts.observed.paths) == 1


def test_an_installed_package_is_read_by_its_record(tmp_path: Path) -> None:
    put(tmp_path, mine__server_py=FLAW, other__server_py=FLAW)
    metadata = tmp_path / "mine-1.0.dist-info"
    metadata.mkdir()
    (metadata / "RECORD").write_text(
        "mine/server.py,sha256=x,1\n../../bin/mine,,\n/etc/passwd.py,,\n../x.py,,\nmine/a.so,,\n"
    )
    facts = gathered(SourceFact("virtual environment", str(metadata), "pypi", "mine", "1.0"))
    (root,) = facts.roots
    assert (root.package, root.version, root.files) == ("mine", "1.0", (("python", 1),))
    assert [use.site.path for use in facts.observed.paths] == [str(tmp_path / "mine/server.py")]


def test_a_package_that_does_not_tell_its_files_is_a_gap(tmp_path: Path) -> None:
    metadata = tmp_path / "mine-1.0.dist-info"
    metadata.mkdir()
    facts = gathered(SourceFact("virtual environment", str(metadata), "pypi", "mine", "1.0"))
    assert facts.roots == ()
    assert facts.state.status == "partial" and "which files it has" in facts.state.unread[0].why


def test_a_package_that_is_a_link_to_its_project_is_read_there(tmp_path: Path) -> None:
    project = put(tmp_path / "project", main_py=FLAW)
    metadata = tmp_path / "mine-1.0.dist-info"
    metadata.mkdir()
    (metadata / "direct_url.json").write_text(json.dumps({"url": project.as_uri(), "dir_info": {"editable": True}}))
    assert files_of(SourceFact("virtual environment", str(metadata), "pypi")).paths == (str(project / "main.py"),)


def test_a_program_says_in_its_first_line_what_it_is(tmp_path: Path) -> None:
    program = tmp_path / "server"
    program.write_text(f"#!/usr/bin/env -S python3 -u\n{FLAW}")
    assert gathered(SourceFact("program", str(program))).observed.paths
    program.write_bytes(b"\x7fELF" + bytes(1000))
    assert gathered(SourceFact("program", str(program))) == CodeFacts(builders.COMPLETE)
    assert language_by_first_line(b"#!/usr/bin/node\n") is LANGUAGES[1]
    assert language_by_first_line(b"#!/bin/sh\nnode x") is None


@pytest.mark.parametrize(
    "source",
    [
        SourceFact("container", "docker.io/mcp/x"),
        SourceFact("program", "/nowhere/at/all.py"),
        SourceFact("checkout", "/nowhere", deleted=True),
        SourceFact("checkout", "", "npm"),
    ],
)
def test_what_does_not_lie_here_is_nothing(source: SourceFact) -> None:
    assert gathered(source) == CodeFacts(builders.COMPLETE)


def test_without_servers_there_is_nothing(tmp_path: Path) -> None:
    assert code.gather(Context.of_this_host()) == CodeFacts(builders.COMPLETE)


def test_links_are_not_followed_out_of_the_folder(tmp_path: Path) -> None:
    outside = put(tmp_path / "outside", secret_py=FLAW)
    inside = put(tmp_path / "inside", main_py=FLAW)
    (inside / "link.py").symlink_to(outside / "secret.py")
    (inside / "folder").symlink_to(outside)
    (inside / "round").symlink_to(inside)
    assert files_below(str(inside)).paths == (str(inside / "main.py"),)


def test_more_files_than_are_looked_through_is_a_gap(tmp_path: Path) -> None:
    for number in range(FILE_LIMIT + 1):
        (tmp_path / f"m{number}.py").write_text("")
    facts = gathered(SourceFact("checkout", str(tmp_path)))
    assert facts.roots[0].files == (("python", FILE_LIMIT),)
    assert "after the first" in facts.state.unread[0].what


def test_a_file_that_is_too_large_is_a_gap(tmp_path: Path) -> None:
    put(tmp_path, main_py=FLAW, huge_py="x = 1\n" * 200_000)
    facts = gathered(SourceFact("checkout", str(tmp_path)))
    assert [gap.facet for gap in facts.state.unread] == ["files"]
    assert len(facts.observed.paths) == 1


@pytest.mark.skipif(os.geteuid() == 0 if hasattr(os, "geteuid") else True, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_a_gap(tmp_path: Path) -> None:
    put(tmp_path, main_py=FLAW)
    (tmp_path / "main.py").chmod(0)
    assert gathered(SourceFact("checkout", str(tmp_path))).state.unread[0].why == "permission denied"


def test_a_pipe_in_the_place_of_a_file_stops_nothing(tmp_path: Path) -> None:
    if not hasattr(os, "mkfifo"):
        pytest.skip("no pipes with names here")
    put(tmp_path, main_py=FLAW)
    os.mkfifo(tmp_path / "pipe.py")
    os.mkfifo(tmp_path / "alone")
    assert len(gathered(SourceFact("checkout", str(tmp_path))).observed.paths) == 1
    assert "fifo" in gathered(SourceFact("program", str(tmp_path / "alone"))).state.unread[0].why


def test_without_time_the_rest_is_a_gap(tmp_path: Path) -> None:
    put(tmp_path, main_py=FLAW)
    facts = looking.read_all([(SourceFact("checkout", str(tmp_path)), ())], until=time.monotonic() - 1)
    assert "no time left" in facts.state.unread[0].why


def test_a_large_server_does_not_take_the_time_of_a_small_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(30):
        put(tmp_path / "large", **{f"part{number}_py": FLAW})
    put(tmp_path / "small", main_py=FLAW)
    asked: list[str] = []

    def noted(path: str) -> reading.ReadFile | None:
        asked.append(path)
        return reading.read_file(path)

    monkeypatch.setattr(looking, "read_file", noted)
    facts = looking.read_all((SourceFact("checkout", str(tmp_path / name)), ()) for name in ("large", "small"))
    assert asked[0] == f"{tmp_path}/small/main.py" and len(asked) == 31
    assert [root.path for root in facts.roots] == [f"{tmp_path}/large", f"{tmp_path}/small"]


@pytest.mark.parametrize(
    ("name", "language"),
    [("a.py", "python"), ("a.mjs", "javascript"), ("a.tsx", "typescript"), ("a.d.ts", None), ("a.pyc", None)],
)
def test_the_language_of_a_name(name: str, language: str | None) -> None:
    found = language_of(name)
    assert (found.language if found is not None else None) == language


def test_javascript_without_its_reader_is_one_gap_that_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path, a_ts="import { fork } from 'child_process'", b_js="require('net')", c_js="let x = 1")
    monkeypatch.setitem(sys.modules, "workbench.host.code.javascript", None)
    facts = gathered(SourceFact("checkout", str(tmp_path)))
    (gap,) = facts.state.unread
    assert (gap.facet, gap.what) == ("javascript", "2 JavaScript and TypeScript files of servers")
    assert "[source]" in gap.unlock
    assert facts.roots[0].files == (("javascript", 2), ("typescript", 1))


def test_a_bundle_is_said_to_be_one(tmp_path: Path) -> None:
    put(tmp_path, a_js="require('net');" + "x();" * 5000)
    assert "minified" in gathered(SourceFact("checkout", str(tmp_path))).state.unread[0].why


def test_what_a_compiler_made_is_left_out_beside_its_sources(tmp_path: Path) -> None:
    put(tmp_path, src__a_ts="", dist__a_js="", package_py="")
    assert len(files_below(str(tmp_path)).paths) == 3
    (tmp_path / "tsconfig.json").write_text("{}")
    assert [Path(each).name for each in files_below(str(tmp_path)).paths] == ["package.py", "a.ts"]


def test_a_file_is_read_again_only_when_it_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = put(tmp_path, main_py=FLAW) / "main.py"
    read: list[str] = []

    def counted(shown: str, content: bytes) -> Analysis:
        read.append(shown)
        return analyse(shown, content)

    monkeypatch.setattr("workbench.host.code.python.analyse", counted)
    source = SourceFact("checkout", str(tmp_path))
    assert gathered(source) == gathered(source)
    assert len(read) == 1
    path.write_text(FLAW + "# more\n")
    gathered(source)
    assert len(read) == 2


def test_a_reader_that_fails_is_a_gap_without_its_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(shown: str, content: bytes) -> Analysis:
        raise KeyError("ghp_secret")

    put(tmp_path, main_py=FLAW)
    monkeypatch.setattr("workbench.host.code.python.analyse", fails)
    (gap,) = gathered(SourceFact("checkout", str(tmp_path))).state.unread
    assert "KeyError" in gap.why and "ghp_" not in repr(gap)


def test_a_umask_of_another_file_may_come_first(tmp_path: Path) -> None:
    listens = "import asyncio\nasync def main():\n    await asyncio.start_unix_server(f, '/tmp/x')\n"
    put(tmp_path, server_py=listens)
    source = SourceFact("checkout", str(tmp_path))
    assert gathered(source).observed.listeners[0].restriction == "none"
    put(tmp_path, main_py="import os\nos.umask(0o077)\n")
    assert gathered(source).observed.listeners[0].restriction == "unknown"


HOSTILE: list[tuple[str, bytes]] = [
    ("nothing", b""),
    ("no Python", b"mcp ((((("),
    ("another version's Python", b"import mcp\nprint 'x'\n"),
    ("NUL", b"import mcp\n\0"),
    ("no text", b"import mcp\n\xff\xfe\x80"),
    ("a wrong encoding", b"# -*- coding: nothing -*-\nimport mcp\n"),
    ("parentheses", b"import mcp\nx = " + b"(" * 150 + b")" * 150),
    ("too many parentheses", b"import mcp\nx = " + b"(" * 20_000),
    ("a long sum", b"import mcp, subprocess\nx = " + b" + ".join([b"a"] * 20_000)),
    ("a long chain", b"import mcp, subprocess\nx = a" + b".b()" * 5_000),
    ("deep blocks", b"import mcp\n" + b"".join(b" " * n + b"if x:\n" for n in range(99)) + b" " * 99 + b"pass\n"),
    ("a name with escapes", b"import mcp\ndef \xc3\xa9\xcc\x81(): pass\n"),
]


@pytest.mark.parametrize("content", [each[1] for each in HOSTILE], ids=[each[0] for each in HOSTILE])
def test_whatever_is_in_a_file_it_is_read_or_a_gap(content: bytes) -> None:
    begun = time.monotonic()
    analysis = analyse("/x.py", content)
    assert all(isinstance(gap, Unread) and gap.facet == "python" for gap in analysis.gaps)
    assert time.monotonic() - begun < 10


def _calls(depth: int, width: int) -> str:
    head = "import subprocess\nfrom mcp.server.fastmcp import FastMCP\nmcp = FastMCP('x')\n"
    functions = "".join(f"def f{level}(x):\n" + f"    f{level + 1}(x)\n" * width for level in range(depth))
    return f"{head}{functions}def f{depth}(x):\n    open(x)\n@mcp.tool()\ndef tool(x: str):\n    f0(x)\n"


@pytest.mark.parametrize(
    "text",
    [
        _calls(5, 60),
        "".join(f"@mcp.tool()\ndef t{n}(x: str):\n    open(x)\n" for n in range(3000)),
        "@mcp.tool()\ndef t(x: str):\n    " + "x = f(f(f(f(f(f(f(f(f(f(x))))))))))\n    " * 3000 + "open(x)\n",
        "@mcp.tool()\ndef t(x: str):\n    return t(t(t(x)))\n" * 500,
        "import asyncio\nasync def f():\n" + "    await asyncio.start_unix_server(g, '/tmp/x')\n" * 1500,
        "import asyncio\n"
        + "".join(f"a{n} = a{n + 1} or a{n + 2}\n" for n in range(3000))
        + "asyncio.start_unix_server(f, a0)\n",
        "import asyncio\ndef f(p='/tmp/x'):\n    asyncio.start_unix_server(g, p)\n" + "f(a)\n" * 3000,
        "import mcp\ndef make(f):\n    pass\n" + "    x = y\n" * 5000 + "@make\ndef t(path: str): pass\n" * 3000,
        "import mcp\n@server.call_tool()\ndef t(name, arguments):\n"
        + "    x.run(arguments)\n" * 3000
        + "".join(f"class C{n}:\n    def run(self, a): pass\n" for n in range(2000)),
        "import mcp\nclass A(A, A, A, A):\n    def __init__(self, x: 'A'):\n"
        + "        self.x = self.x.x.x or x.x.x.x\n" * 20
        + "    @mcp.tool()\n    def t(self, path):\n"
        + "        self.x.x.x.x.x.run(path)\n" * 500,
        "import mcp\n@mcp.tool()\ndef t(path):\n"
        + "".join(f"    a{n}.append(a{n - 1} or path)\n" for n in range(3000)),
    ],
    ids=[
        *("calls", "tools", "chains", "recursion", "listeners", "names", "callers"),
        *("makers", "chosen", "declared", "lists"),
    ],
)
def test_a_file_that_is_made_to_take_long_does_not(text: str) -> None:
    begun = time.monotonic()
    analyse("/x.py", text.encode())
    assert time.monotonic() - begun < 8


def test_named_says_why_it_cannot_look() -> None:
    with pytest.raises(CannotLook):
        code.named("/nowhere/at/all")


def test_nothing_of_what_is_read_is_imported(tmp_path: Path) -> None:
    marker = tmp_path / "ran"
    put(tmp_path, main_py=f"open({str(marker)!r}, 'w')\n{FLAW}")
    facts: Any = gathered(SourceFact("checkout", str(tmp_path)))
    assert facts.observed.paths
    assert not marker.exists()


def test_a_program_is_read_with_what_it_takes_in_beside_it(tmp_path: Path) -> None:
    put(
        tmp_path,
        server_py="from tools import read\nfrom pkg.more import x\nimport os, json\n",
        tools_py=FLAW,
        pkg__more_py="from . import last\n",
        pkg__last_py="from ..tools import y\nfrom ...outside import z\n",
        other_py=FLAW,
    )
    (tmp_path.parent / "outside.py").write_text(FLAW)
    found = files_of(SourceFact("program", str(tmp_path / "server.py"))).paths
    assert {os.path.relpath(each, tmp_path) for each in found} == {
        "server.py",
        "tools.py",
        "pkg/more.py",
        "pkg/last.py",
    }
    assert len(gathered(SourceFact("program", str(tmp_path / "server.py"))).observed.paths) == 1


def test_a_script_is_read_with_what_it_takes_in_beside_it(tmp_path: Path) -> None:
    put(tmp_path, index_ts="import { a } from './a.js'\nimport x from 'x'\nconst b = require('./lib/b')\n", a_ts="")
    put(tmp_path, lib__b_js="import('../c')", c_js="", d_js="", **{"node_modules__x__index_js": ""})
    found = files_of(SourceFact("program", str(tmp_path / "index.ts"))).paths
    assert {os.path.relpath(each, tmp_path) for each in found} == {"index.ts", "a.ts", "lib/b.js", "c.js"}


def test_what_takes_itself_in_ends(tmp_path: Path) -> None:
    put(tmp_path, a_py="import b\nimport a\n", b_py="import a\n")
    assert len(files_of(SourceFact("program", str(tmp_path / "a.py"))).paths) == 2
    (tmp_path / "long.py").write_text("import " + "a." * 100_000 + "\n" + "from . import " * 20_000)
    begun = time.monotonic()
    files_of(SourceFact("program", str(tmp_path / "long.py")))
    assert time.monotonic() - begun < 3


def test_what_code_says_is_harmless_to_show_and_holds_no_secret() -> None:
    secret = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
    text = f"""
import asyncio, os
from mcp.server import Server
server = Server("x")

@server.call_tool()
async def call_tool(name: str, arguments: dict):
    open(arguments["\\x1b {secret}"])
    await asyncio.start_unix_server(f, "/tmp/\\x1b]0;x\\x07/{secret}.sock")
    await asyncio.start_unix_server(f, os.environ.get("\\u202e {secret}", "/tmp/x"))

@server.tool(name="\\x1b {secret}")
def tool(path: str):
    open(path)
"""
    observed = analyse("/x.py", text.encode()).observations
    assert len(observed.paths) == 2 and len(observed.listeners) == 2
    told = repr(observed)
    assert secret not in told
    assert not any(letter in told for letter in ("\x1b", "\x07", "\u202e"))


SERVER = """
from mcp.server.fastmcp import FastMCP
from pkg.tools import read, write
from . import shell
from .shell import Shell
from .config import SOCKET
mcp = FastMCP("x")
runner = Shell()

@mcp.tool()
def show(path: str) -> str:
    return read(path)

@mcp.tool()
def put(path: str, text: str) -> str:
    return write(path, text)

@mcp.tool()
def run(command: str) -> str:
    return shell.run(command)

@mcp.tool()
def again(command: str) -> str:
    return runner.run(command)

async def main():
    await asyncio.start_unix_server(serve, SOCKET)
"""
TOOLS = """
from .guards import contained
def read(path):
    return open(path).read()
def write(path, text):
    contained(path).write_text(text)
"""
GUARDS = """
from pathlib import Path
ROOT = Path("/srv").resolve()
def contained(asked):
    real = (ROOT / asked).resolve()
    if not real.is_relative_to(ROOT):
        raise ValueError
    return real
"""
SHELL = """
import subprocess
def run(command):
    subprocess.run(command, shell=True)
class Shell:
    def run(self, command):
        subprocess.run(command, shell=True)
"""


def test_a_tool_is_followed_into_the_other_files_of_its_package(tmp_path: Path) -> None:
    package = {"server_py": SERVER, "tools_py": TOOLS, "guards_py": GUARDS, "shell_py": SHELL}
    package |= {"config_py": "SOCKET = '/tmp/mcp.sock'\n"}
    put(tmp_path, **{f"pkg__{name}": text for name, text in package.items()})
    (tmp_path / "pkg" / "__init__.py").write_text("")
    facts = gathered(SourceFact("checkout", str(tmp_path)))
    assert facts.state.status == "complete"
    seen = {
        (use.tool, use.site.path.rpartition("/")[2], use.site.inside, use.containment) for use in facts.observed.paths
    }
    assert seen == {("show", "tools.py", "read", "none"), ("put", "tools.py", "write", "sound")}
    commands = {(use.tool, use.site.path.rpartition("/")[2], use.site.inside) for use in facts.observed.commands}
    assert commands == {("run", "shell.py", "run"), ("again", "shell.py", "Shell.run")}
    (listener,) = facts.observed.listeners
    assert (listener.kind, listener.address) == ("fixed", "/tmp/mcp.sock")
    # What was remembered is forgotten when the other file changes.
    (tmp_path / "pkg" / "tools.py").write_text(TOOLS.replace("open(path).read()", "contained(path).read_text()"))
    assert {use.containment for use in gathered(SourceFact("checkout", str(tmp_path))).observed.paths} == {"sound"}


def test_what_is_installed_beside_a_package_is_not_followed(tmp_path: Path) -> None:
    for name, text in (("pkg", ""), ("other", "def read(path):\n    return open(path)\n")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text(text)
    put(tmp_path, pkg__server_py=FLAW.replace("open(path)", "other.read(path)") + "import other\nfrom ... import far\n")
    put(tmp_path, alone_py=FLAW.replace("open(path)", "helper.read(path)") + "import helper, os, json\n")
    put(tmp_path, helper_py="def read(path):\n    return open(path)\n")
    assert analyse(str(tmp_path / "pkg/server.py"), (tmp_path / "pkg/server.py").read_bytes()).read == ()
    beside = analyse(str(tmp_path / "alone.py"), (tmp_path / "alone.py").read_bytes())
    assert beside.read == (str(tmp_path / "helper.py"),)
    assert [use.containment for use in beside.observations.paths] == ["none"]


def test_files_that_import_each_other_end(tmp_path: Path) -> None:
    put(tmp_path, a_py=FLAW.replace("open(path)", "b.f(path)") + "import b\n")
    put(tmp_path, b_py="import a\nfrom a import g\ndef f(x):\n    return g(x)\n")
    put(tmp_path, c_py="from b import nothing\n" + FLAW.replace("open(path)", "nothing(path)"))
    (tmp_path / "d.py").write_text("import mcp\nfrom e import *\n")
    for name in "abcd":
        begun = time.monotonic()
        analyse(str(tmp_path / f"{name}.py"), (tmp_path / f"{name}.py").read_bytes())
        assert time.monotonic() - begun < 2


def test_what_was_followed_only_in_part_is_a_gap(tmp_path: Path) -> None:
    head = "".join(f"import m{each}\n" for each in range(8))
    calls = "".join(f"    m{each}.t(x)\n" for each in range(8))
    for number in range(8):
        tool = f"@mcp.tool()\ndef t(x: str):\n{calls * 6}    open(x)\n"
        (tmp_path / f"m{number}.py").write_text(f"import mcp\n{head}{tool}")
    begun = time.monotonic()
    analysis = analyse(str(tmp_path / "m0.py"), (tmp_path / "m0.py").read_bytes())
    assert "in part" in analysis.gaps[0].why
    assert time.monotonic() - begun < 12


def test_a_server_that_takes_long_has_its_share_of_the_time_and_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path / "slow", one_py=FLAW)
    put(tmp_path / "long", **{f"part{number}_py": FLAW for number in range(100)})
    (tmp_path / "slow" / "two.py").write_text(FLAW + "#" * 400_000)
    ordinary = [f"ordinary{number}" for number in range(20)]
    for name in ordinary:
        put(tmp_path / name, a_py=FLAW, b_py=FLAW, c_py="\n" * 20_000 + FLAW)
    now = 0.0

    def takes(path: str) -> reading.ReadFile | None:
        nonlocal now
        now += 1.5 if "/slow/" in path else 0.1 if "/long/" in path else 0.02
        return reading.read_file(path)

    monkeypatch.setattr(looking, "read_file", takes)
    monkeypatch.setattr(looking, "time", SimpleNamespace(monotonic=lambda: now))
    facts = looking.read_all(
        ((SourceFact("checkout", str(tmp_path / name)), ()) for name in ("slow", "long", *ordinary)), until=4.0
    )
    files = {Path(root.path).name: dict(root.files)["python"] for root in facts.roots}
    assert {files[name] for name in ordinary} == {3}
    assert files["slow"] == 1 and files["long"] >= 10
    late = {gap.what for gap in facts.state.unread}
    assert f"1 file in {tmp_path}/slow" in late and len(late) == 2
