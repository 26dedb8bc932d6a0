"""The code of real servers from npm, and node's own word on what a check of a path lets through."""

from __future__ import annotations

import itertools
import json
import shutil
import subprocess
import tarfile
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.live.support import missing, require_program
from tests.live.support_servers import CACHE, locked, npm_environment
from workbench.host.code.javascript import analyse
from workbench.host.code.languages import language_of
from workbench.model.code import Containment, Observations, Restriction

pytestmark = [pytest.mark.live, pytest.mark.xdist_group("processes")]

FILESYSTEM = "@modelcontextprotocol/server-filesystem@2026.8.31"
MEMORY = "@modelcontextprotocol/server-memory@2026.8.31"
EVERYTHING = "@modelcontextprotocol/server-everything@2026.8.31"
OLD_FILESYSTEM = "mcp-server-filesystem@0.6.2"
OTHER_FILESYSTEM = "@agent-infra/mcp-server-filesystem@1.2.29"
COMMANDS = "@agent-infra/mcp-server-commands@1.2.18"
SEVERAL_FILES = "mcp-server-commands@0.5.0"
BROWSER = "@executeautomation/playwright-mcp-server@1.0.12"
KUBERNETES = "mcp-server-kubernetes@4.1.7"
COMMAND_LINE = "mcp-cli@1.0.5"
_UNJUDGED = ("unknown", "sound")


def package(name: str) -> Path:
    """The files of a package as npm has them, without what it depends on; nothing of it is run."""
    npm = require_program("npm")
    folder = CACHE.parent / "code" / name.replace("/", "_")
    with locked("code"):
        if not (folder / "package.json").exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            environment = {**npm_environment(), "PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(folder)}
            done = subprocess.run(
                [npm, "pack", "--ignore-scripts", name], cwd=folder, env=environment, capture_output=True, timeout=180
            )
            if done.returncode:
                missing(f"npm could not fetch {name}")
            (packed,) = folder.glob("*.tgz")
            with tarfile.open(packed) as archive:
                archive.extractall(folder, filter="data")
            packed.unlink()
            unpacked = next(each for each in folder.iterdir() if (each / "package.json").exists())
            for each in unpacked.iterdir():
                shutil.move(each, folder / each.name)
    return folder


def observed(name: str) -> Observations:
    """What the reader says of every file of a package."""
    folder = package(name)
    found = []
    for path in sorted(folder.rglob("*")):
        if path.is_file() and language_of(path.name) is not None and not path.name.endswith(".py"):
            started = time.monotonic()
            analysis = analyse(str(path), path.read_bytes())
            assert time.monotonic() - started < 20
            # Arguments that go into other files are said to: that is no failure of the reader.
            assert {gap.facet for gap in analysis.gaps} <= {"tools"}, path
            found.append(analysis.observations)
    assert found
    return Observations(
        *(tuple(each for one in found for each in getattr(one, kind)) for kind in Observations.__dataclass_fields__)
    )


@pytest.mark.parametrize("name", [FILESYSTEM, MEMORY, EVERYTHING])
def test_of_the_servers_of_the_protocol_nothing_bad_is_said(name: str) -> None:
    found = observed(name)
    assert not found.commands and not found.handlers and not found.sends and not found.listeners
    assert not [use for use in found.paths if use.containment not in _UNJUDGED]


def test_the_check_of_the_filesystem_server_is_seen_and_not_judged_as_none() -> None:
    used = {(use.tool, use.containment) for use in observed(FILESYSTEM).paths}
    assert ("create_directory", "unknown") in used


@pytest.mark.parametrize("name", [OLD_FILESYSTEM, OTHER_FILESYSTEM])
def test_a_comparison_without_a_separator_is_found_where_it_was_published(name: str) -> None:
    folder = package(name)
    uses = observed(name).paths
    flawed = [use for use in uses if use.containment == "prefix without separator"]
    assert {"read_file", "write_file", "list_directory", "move_file"} <= {use.tool for use in flawed}
    for use in flawed:
        assert use.checked_at is not None
        line = Path(use.site.path).read_text().splitlines()[use.checked_at - 1]
        assert ".startsWith(dir)" in line, (folder, use)
    assert not [use for use in uses if use.containment not in ("prefix without separator", *_UNJUDGED)]


def test_commands_of_a_server_that_runs_them() -> None:
    found = observed(COMMANDS).commands
    assert {(use.tool, use.parameter, use.kind, use.whole) for use in found} == {
        ("run_command", "command", "shell", True)
    }


def test_a_command_in_another_file_of_the_package_is_found_there() -> None:
    (use,) = observed(SEVERAL_FILES).commands
    assert (use.tool, use.parameter, use.kind, use.whole) == ("run_command", "command", "shell", True)
    line = Path(use.site.path).read_text().splitlines()[use.site.line - 1]
    assert Path(use.site.path).name == "run-command.js" and "exec" in line


def test_a_tool_that_is_a_class_of_another_file_is_followed_through_a_wrapper() -> None:
    (use,) = (use for use in observed(BROWSER).paths if use.containment not in _UNJUDGED)
    assert (use.tool, use.parameter, use.containment) == ("playwright_screenshot", "downloadsDir", "none")
    assert "fs.mkdirSync(downloadsDir" in Path(use.site.path).read_text().splitlines()[use.site.line - 1]


def test_what_the_filesystem_server_does_in_its_other_files_is_seen_and_not_judged_as_none() -> None:
    used = {(Path(use.site.path).name, use.tool, use.containment) for use in observed(FILESYSTEM).paths}
    assert {("lib.js", "write_file", "unknown"), ("lib.js", "move_file", "unknown")} <= used


def test_of_a_server_that_starts_programs_without_a_shell_in_other_files_nothing_bad_is_said() -> None:
    found = observed(KUBERNETES)
    assert not found.commands
    assert not [use for use in found.paths if use.containment not in _UNJUDGED]


def test_commands_that_are_put_together() -> None:
    found = observed(COMMAND_LINE).commands
    assert {(use.parameter, use.kind, use.whole) for use in found} == {
        ("command", "shell", False),
        ("args", "shell", False),
    }


WAYS: tuple[tuple[str, Containment], ...] = (
    ("return p;", "none"),
    ("return path.resolve(p);", "not resolved"),
    ("return path.resolve(ROOT, p);", "not resolved"),
    ("return path.join(ROOT, p);", "not resolved"),
    ("if (!p.startsWith(ROOT + '/')) throw 1; return p;", "not resolved"),
    ("if (!p.startsWith(ROOT + '/')) throw 1; return path.resolve(p);", "checked before resolved"),
    (
        "const f = path.resolve(ROOT, p); if (!f.startsWith(ROOT + path.sep)) throw 1; return fs.realpathSync(f);",
        "checked before resolved",
    ),
    ("const f = path.resolve(ROOT, p); if (!f.startsWith(ROOT)) throw 1; return f;", "prefix without separator"),
    (
        "const f = fs.realpathSync(path.resolve(ROOT, p)); if (!f.startsWith(ROOT)) throw 1; return f;",
        "prefix without separator",
    ),
    ("const f = path.resolve(ROOT, p); if (!f.startsWith(ROOT + path.sep)) throw 1; return f;", "text only"),
    (
        "const f = path.resolve(ROOT, p); const r = path.relative(ROOT, f);"
        " if (r.startsWith('..') || path.isAbsolute(r)) throw 1; return f;",
        "text only",
    ),
    (
        "const f = fs.realpathSync(path.resolve(ROOT, p)); if (!f.startsWith(ROOT + path.sep)) throw 1; return f;",
        "sound",
    ),
    (
        "const f = fs.realpathSync(path.resolve(ROOT, p)); const r = path.relative(ROOT, f);"
        " if (r.startsWith('..') || path.isAbsolute(r)) throw 1; return f;",
        "sound",
    ),
)


@pytest.mark.parametrize(("body", "said"), WAYS, ids=range(len(WAYS)))
def test_node_agrees_with_what_is_said_of_a_way_to_contain_a_path(body: str, said: Containment, tmp_path: Path) -> None:
    root = staged(tmp_path)
    head = (
        f"const fs = require('fs'); const path = require('path'); const ROOT = path.resolve({json.dumps(str(root))});"
    )
    helper = f"{head}\nfunction safe(p) {{ {body} }}\n"
    tool = "server.tool('read', (args) => fs.readFileSync(safe(args.path), 'utf8'));"
    (use,) = analyse("/srv/index.cjs", (helper + tool).encode()).observations.paths
    assert use.containment == said
    assert "mine" in read_by_node(helper, ["mine.txt", str(root / "mine.txt")], root)
    escapes = ["../secret.txt", "../root-of-another/secret.txt", "link/secret.txt", "link.txt"]
    attempts = [*escapes, *(f"{root}/{each}" for each in escapes), str(tmp_path / "secret.txt")]
    escaped = "secret" in read_by_node(helper, attempts, root)
    assert escaped is (said != "sound")


MADE = (
    "p",
    "path.resolve(ROOT, p)",
    "path.join(ROOT, p)",
    "path.normalize(p)",
    "fs.realpathSync(path.resolve(ROOT, p))",
)
ASKED = (
    "v.startsWith(ROOT)",
    "v.startsWith(ROOT + path.sep)",
    "v.startsWith(PREFIX)",
    "!path.relative(ROOT, v).startsWith('..')",
    "path.relative(ROOT, v).split(path.sep)[0] !== '..'",
    "ROOTS.some((root) => v.startsWith(root))",
    "ROOTS.some((root) => v.startsWith(`${root}/`))",
    "(v === ROOT || v.startsWith(ROOT + path.sep))",
    "within(ROOT, v)",
)
GIVEN = ("v", "path.resolve(v)", "fs.realpathSync(v)", "path.join(ROOT, v)")
FORMS = (
    "const v = {made}; if (!{asked}) throw new Error('no'); return {given};",
    "const v = {made}; if ({asked}) {{ return {given}; }} throw new Error(`no ${{v}}`);",
    "let v = {made}; const inside = {asked}; if (!inside) {{ throw new Error('no'); }} v = {given}; return v;",
)
HELPERS = """
const PREFIX = ROOT + path.sep; const ROOTS = [ROOT];
function within(root, each) { const rel = path.relative(root, each); return !rel.startsWith('..'); }
"""


def test_node_agrees_with_what_is_said_of_every_combination(tmp_path: Path) -> None:
    root = staged(tmp_path)
    head = (
        f"const fs = require('fs'); const path = require('path'); const ROOT = path.resolve({json.dumps(str(root))});"
    )
    bodies = [
        form.format(made=made, asked=asked, given=given)
        for form, made, asked, given in itertools.product(FORMS, MADE, ASKED, GIVEN)
    ]
    said: list[Containment] = []
    for body in bodies:
        tool = "server.tool('read', (args) => fs.readFileSync(safe(args.path), 'utf8'));"
        code = f"{head}{HELPERS}function safe(p) {{ {body} }}\n{tool}"
        (use,) = analyse("/srv/index.cjs", code.encode()).observations.paths
        said.append(use.containment)
    escapes = ["../secret.txt", "../root-of-another/secret.txt", "link/secret.txt", "link.txt"]
    paths = ["mine.txt", str(root / "mine.txt"), *escapes, *(f"{root}/{each}" for each in escapes)]
    program = f"{head}{HELPERS}const all = [{', '.join(f'(p) => {{ {body} }}' for body in bodies)}];"
    dispatch = "function safe([which, p]) { return all[which](p); }"
    asked = [[which, path] for which in range(len(bodies)) for path in paths]
    answers = read_by_node(program + dispatch, asked, root)
    for which, (body, word) in enumerate(zip(bodies, said, strict=True)):
        read = answers[which * len(paths) : (which + 1) * len(paths)]
        if word == "sound":
            assert "secret" not in read, body
        elif "mine" in read:
            # One that refuses everything has no use, whatever is said of it.
            assert "secret" in read, (body, word)
    assert {"sound", "text only", "checked before resolved", "prefix without separator"} <= set(said)


def staged(folder: Path) -> Path:
    """A folder with a file of its own, links that lead out of it, and a neighbour whose name begins alike."""
    root = folder / "root"
    neighbour = folder / "root-of-another"
    for made in (root, neighbour):
        made.mkdir()
    (root / "mine.txt").write_text("mine")
    for secret in (folder / "secret.txt", neighbour / "secret.txt"):
        secret.write_text("secret")
    (root / "link").symlink_to(neighbour)
    (root / "link.txt").symlink_to(folder / "secret.txt")
    return root


def read_by_node(helper: str, paths: Sequence[object], working_directory: Path) -> list[str]:
    """What is read by each of these paths, "refused" for those that the code refuses."""
    node = require_program("node")
    program = (
        f"{helper} const read = (p) => {{ try {{ return fs.readFileSync(safe(p), 'utf8'); }}"
        f" catch {{ return 'refused'; }} }};\nconsole.log(JSON.stringify({json.dumps(list(paths))}.map(read)));"
    )
    done = subprocess.run(
        [node, "-"], input=program, cwd=working_directory, capture_output=True, text=True, timeout=60, check=True
    )
    answer: list[str] = json.loads(done.stdout)
    return answer


MODES: tuple[tuple[str, str, str, Restriction, bool], ...] = (
    ("", "P", "", "none", True),
    ("process.umask(0o177);", "P", "", "umask", False),
    ("const old = process.umask(0o177);", "P", "process.umask(old);", "umask", False),
    ("const old = process.umask(0o177); process.umask(old);", "P", "", "none", True),
    ("process.umask(0);", "P", "", "widened", True),
    ("process.umask(0o077);", "{ path: P, writableAll: true }", "", "widened", True),
    ("process.umask(0o077);", "{ path: P, readableAll: true }", "", "umask", False),
    ("", "{ path: P, readableAll: false, writableAll: false }", "", "none", True),
    ("process.umask(0o077);", "P", "fs.chmodSync(P, 0o777);", "widened", True),
    ("", "P", "fs.chmodSync(P, 0o600);", "chmod after", False),
)


@pytest.mark.parametrize(("before", "place", "after", "said", "open_to_others"), MODES, ids=range(len(MODES)))
def test_node_agrees_with_what_is_said_of_the_mode_of_a_socket(
    before: str, place: str, after: str, said: Restriction, open_to_others: bool, tmp_path: Path
) -> None:
    socket = tmp_path / "a.sock"
    code = (
        f"const net = require('net'); const fs = require('fs'); const P = {json.dumps(str(socket))};\n"
        f"{before}\nconst server = net.createServer((s) => s.end());\nserver.listen({place});\n{after}\n"
    )
    (listener,) = analyse("/srv/index.cjs", code.encode()).observations.listeners
    assert listener.restriction == said
    ending = "server.on('listening', () => { console.log(fs.statSync(P).mode & 0o777); server.close(); });"
    node = require_program("node")
    done = subprocess.run([node, "-e", code + ending], capture_output=True, text=True, timeout=60, check=True, umask=0)
    # Whoever may write to a socket may connect to it.
    assert bool(int(done.stdout) & 0o022) is open_to_others
