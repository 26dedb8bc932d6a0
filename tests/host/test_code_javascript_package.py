"""Tools in JavaScript whose arguments go into other files of their package: where they are used, and checked, there."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from workbench.host.code import javascript_files
from workbench.host.code.javascript import analyse
from workbench.host.code.languages import Analysis
from workbench.host.code.reading import read_file

HEAD = """
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { CallToolRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import fs from 'fs/promises';
import path from 'path';
import { z } from 'zod';
const server = new McpServer({});
"""
SHAPE = "{ path: z.string() }"
LIBRARY = "import fs from 'fs/promises'; import path from 'path'; import { exec } from 'child_process';\n"
READ = "export async function readNote(p) {\n  return fs.readFile(p);\n}"
SOUND = """
const ROOT = path.resolve('/srv/notes');
export async function readNote(p) {
  const real = await fs.realpath(path.resolve(ROOT, p));
  if (!real.startsWith(ROOT + path.sep)) throw new Error('outside');
  return fs.readFile(real);
}
"""


def tool(body: str) -> str:
    return f"server.tool('read', {SHAPE}, async (args) => {{ {body} }});"


def written(folder: Path, files: dict[str, str]) -> Path:
    """A package with these files; the path of the first."""
    (folder / "package.json").write_text(json.dumps({"name": "notes"}))
    for name, code in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(code)
    return folder / next(iter(files))


def analysed(folder: Path, files: dict[str, str]) -> Analysis:
    first = written(folder, files)
    return analyse(str(first), first.read_bytes())


def found(analysis: Analysis) -> list[tuple[str, int, str]]:
    return [(Path(use.site.path).name, use.site.line, use.containment) for use in analysis.observations.paths]


IMPORTED = [
    ("import { readNote } from './lib.js';", "readNote(args.path)", READ),
    ("import { readNote as other } from './lib.js';", "other(args.path)", READ),
    ("import { readNote } from './lib';", "readNote(args.path)", READ),
    ("import * as lib from './lib.js';", "lib.readNote(args.path)", READ),
    ("import readNote from './lib.js';", "readNote(args.path)", READ.replace("export", "export default")),
    ("import readNote from './lib.js';", "readNote(args.path)", "export default (p) =>\n  fs.readFile(p);"),
    ("import lib from './lib.js';", "lib.readNote(args.path)", "export default { readNote: (p) =>\n fs.readFile(p) };"),
    (
        "import { lib } from './lib.js';",
        "lib.readNote(args.path)",
        "export const lib = { readNote(p) {\n fs.rm(p); } };",
    ),
    (
        "import { go } from './lib.js';",
        "go(args.path)",
        "const readNote = (p) =>\n fs.rm(p); export { readNote as go };",
    ),
    ("const { readNote } = await import('./lib.js');", "readNote(args.path)", READ),
    ("const lib = await import('./lib.js');", "lib.readNote(args.path)", READ),
    ("", "(await import('./lib.js')).readNote(args.path)", READ),
    (
        "import { Notes } from './lib.js';",
        "new Notes().read(args.path)",
        "export class Notes { read(p) {\n fs.rm(p); } }",
    ),
    (
        "import { Notes } from './lib.js'; const notes = new Notes();",
        "notes.read(args.path)",
        "class Notes { read = async (p) => {\n fs.rm(p); } } export { Notes };",
    ),
    (
        "import { Notes } from './lib.js';",
        "Notes.read(args.path)",
        "export class Notes { static read(p) {\n fs.rm(p); } }",
    ),
    (
        "import notes from './lib.js';",
        "notes.read(args.path)",
        "class N { read(p) {\n fs.rm(p); } } export default new N();",
    ),
    (
        "import { notes } from './lib.js';",
        "notes().read(args.path)",
        "class N { read(p) {\n fs.rm(p); } } export function notes() { return new N(); }",
    ),
    (
        "import { N } from './lib.js';",
        "N.getInstance().read(args.path)",
        "export class N { static getInstance() { return N.one ??= new N(); } read(p) {\n fs.rm(p); } }",
    ),
    (
        "import { N } from './lib.js';",
        "new N().read(args.path)",
        "class Base { open(p) {\n fs.rm(p); } } export class N extends Base { read(p) { return this.open(p); } }",
    ),
    (
        "import { read } from './lib.js';",
        "read(args.path)",
        "import { Files } from './lib.js'; export class Files { open(p) {\n fs.rm(p); } }"
        " const files = new Files(); export const read = (p) => files.open(p);",
    ),
]


@pytest.mark.parametrize(("imported", "use", "library"), IMPORTED)
def test_an_argument_is_followed_into_the_file_that_is_imported(
    imported: str, use: str, library: str, tmp_path: Path
) -> None:
    files = {"index.mjs": HEAD + imported + tool(f"return {use};"), "lib.js": LIBRARY + library}
    if "'./lib'" in imported:
        files["lib.mjs"] = files.pop("lib.js")
    analysis = analysed(tmp_path, files)
    name = "lib.mjs" if "lib.mjs" in files else "lib.js"
    assert found(analysis) == [(name, 3, "none")]
    assert (analysis.observations.paths[0].tool, analysis.observations.paths[0].parameter) == ("read", "path")
    assert not analysis.gaps
    assert str(tmp_path / name) in analysis.read


REQUIRED = [
    ("const { readNote } = require('./lib');", "readNote(args.path)", "exports.readNote = (p) =>\n fs.rm(p);"),
    ("const lib = require('./lib.js');", "lib.readNote(args.path)", "module.exports.readNote = (p) =>\n fs.rm(p);"),
    ("const readNote = require('./lib');", "readNote(args.path)", "module.exports = (p) =>\n fs.rm(p);"),
    ("const lib = require('./lib');", "lib.go(args.path)", "const go = (p) =>\n fs.rm(p); module.exports = { go };"),
    ("const lib = require('./lib');", "lib.go(args.path)", "module.exports = { go(p) {\n fs.rm(p); } };"),
    ("const N = require('./lib');", "new N().go(args.path)", "module.exports = class { go(p) {\n fs.rm(p); } };"),
    (
        "const notes = require('./lib');",
        "notes.go(args.path)",
        "class N { go(p) {\n fs.rm(p); } } module.exports = new N();",
    ),
    (
        "const lib_1 = require('./lib');",
        "(0, lib_1.readNote)(args.path)",
        "Object.defineProperty(exports, '__esModule', { value: true }); exports.readNote = readNote;"
        " async function readNote(p) {\n return fs.rm(p); }",
    ),
    (
        "const lib_1 = __importDefault(require('./lib'));",
        "(0, lib_1.default)(args.path)",
        "exports.default = void 0; const go = (p) =>\n fs.rm(p); exports.default = go;",
    ),
    (
        "const lib = __importStar(require('./lib'));",
        "lib.outer(args.path)",
        "exports.outer = exports.inner = void 0; const inner = (p) =>\n fs.rm(p); exports.inner = inner;"
        " const outer = (p) => (0, exports.inner)(p); exports.outer = outer;",
    ),
]


@pytest.mark.parametrize(("required", "use", "library"), REQUIRED)
def test_an_argument_is_followed_into_the_file_that_is_required(
    required: str, use: str, library: str, tmp_path: Path
) -> None:
    files = {
        "index.js": "const { z } = require('zod');" + required + tool(f"return {use};"),
        "lib.js": "const fs = require('fs/promises');\n" + library,
    }
    analysis = analysed(tmp_path, files)
    assert found(analysis) == [("lib.js", 3, "none")]
    assert not analysis.gaps


GIVEN_ON = [
    {"lib.js": "export { readNote } from './notes.js';"},
    {"lib.js": "export * from './notes.js';"},
    {"lib.js": "import { readNote } from './notes.js'; export { readNote };"},
    {"lib.js": "import { readNote as r } from './notes.js'; export const readNote = (p) => r(p);"},
    {"lib.js": "export * from './other.js'; export * from './notes.js';", "other.js": "export * from './lib.js';"},
    {"lib/index.js": "export * from '../notes.js';"},
    {"lib.js": "const n = require('./notes.js'); Object.defineProperty(exports, 'readNote', "
     "{ enumerable: true, get: function () { return n.readNote; } });"},
    {"lib.js": "__exportStar(require('./notes.js'), exports);"},
    {"lib.js": "module.exports = { ...require('./notes.js') };"},
    {"lib.js": "__export(src_exports, { readNote: () => readNote }); const { readNote } = require('./notes.js');"},
]  # fmt: skip


@pytest.mark.parametrize("files", GIVEN_ON)
def test_what_a_file_gives_on_is_found_where_it_stands(files: dict[str, str], tmp_path: Path) -> None:
    place = "./lib/index.js" if "lib/index.js" in files else "./lib.js"
    first = HEAD + f"import {{ readNote }} from '{place}';" + tool("return readNote(args.path);")
    analysis = analysed(tmp_path, {"index.mjs": first, **files, "notes.js": LIBRARY + READ})
    assert found(analysis) == [("notes.js", 3, "none")]
    assert not analysis.gaps


@pytest.mark.parametrize(
    ("place", "name"),
    [
        ("./lib.js", "lib.ts"),
        ("./lib.js", "lib.tsx"),
        ("./lib.mjs", "lib.mts"),
        ("./lib.cjs", "lib.cts"),
        ("./lib", "lib.ts"),
        ("./lib", "lib/index.ts"),
        ("./lib/", "lib/index.js"),
        (".", "index.js"),
    ],
)
def test_files_are_found_as_the_compiler_and_node_find_them(place: str, name: str, tmp_path: Path) -> None:
    first = HEAD + f"import {{ readNote }} from '{place}';" + tool("return readNote(args.path);")
    analysis = analysed(tmp_path, {"server.ts": first, name: LIBRARY + READ})
    assert found(analysis) == [(Path(name).name, 3, "none")]


@pytest.mark.parametrize(
    ("library", "use", "containment"),
    [
        (SOUND, "readNote(args.path)", "sound"),
        (
            SOUND.replace("fs.realpath(path.resolve(ROOT, p))", "path.resolve(ROOT, p)"),
            "readNote(args.path)",
            "text only",
        ),
        (SOUND.replace(" + path.sep", ""), "readNote(args.path)", "prefix without separator"),
        (
            "export async function checked(p) { const real = await fs.realpath(path.resolve('/srv/notes', p));"
            " if (!real.startsWith('/srv/notes/')) throw new Error(); return real; }",
            "fs.readFile(await checked(args.path))",
            "sound",
        ),
        (
            "export async function checked(p) { const full = path.resolve('/srv/notes', p);"
            " if (!full.startsWith('/srv/notes')) throw new Error(); return full; }",
            "fs.readFile(await checked(args.path))",
            "prefix without separator",
        ),
        (
            "export const checked = (p) => path.join('/srv/notes', p);",
            "fs.readFile(checked(args.path))",
            "not resolved",
        ),
        ("export const checked = (p) => SAFE.get(p);", "fs.readFile(checked(args.path))", "unknown"),
        (
            "export const ROOT = '/srv/notes';",
            "(async () => { const real = await fs.realpath(args.path);"
            " if (!real.startsWith(ROOT)) throw new Error(); return fs.readFile(real); })()",
            "prefix without separator",
        ),
        (
            "export const ROOT = '/srv/notes/';",
            "(async () => { const real = await fs.realpath(args.path);"
            " if (!real.startsWith(ROOT)) throw new Error(); return fs.readFile(real); })()",
            "sound",
        ),
    ],
)
def test_a_check_in_another_file_is_judged_as_one_in_the_same(
    library: str, use: str, containment: str, tmp_path: Path
) -> None:
    first = HEAD + "import { readNote, checked, ROOT } from './lib.js';" + tool(f"return {use};")
    analysis = analysed(tmp_path, {"index.mjs": first, "lib.js": LIBRARY + library})
    assert [use for _, _, use in found(analysis)] == [containment]


def test_a_command_in_another_file_is_found_and_its_list_of_words_is_not(tmp_path: Path) -> None:
    first = HEAD + "import { search, list } from './lib.js';" + tool("search(args.path); return list(args.path);")
    library = (
        "import { exec, execFile } from 'child_process'; import { promisify } from 'util';\n"
        "export const search = (p) => run(`grep x ${p}`);\n"
        "export const list = (p) => execFile('ls', ['--', p]);\n"
        "const run = promisify(exec);"
    )
    analysis = analysed(tmp_path, {"index.mjs": first, "lib.js": library})
    (use,) = analysis.observations.commands
    assert (Path(use.site.path).name, use.site.line, use.kind, use.whole) == ("lib.js", 2, "shell", False)


def test_a_program_s_function_is_known_by_the_name_that_another_file_gives_it(tmp_path: Path) -> None:
    first = HEAD + "import { run } from './lib.js';" + tool("return run(`ls ${args.path}`);")
    library = (
        "import { exec } from 'child_process'; import { promisify } from 'util'; export const run = promisify(exec);"
    )
    (use,) = analysed(tmp_path, {"index.mjs": first, "lib.js": library}).observations.commands
    assert (use.use, Path(use.site.path).name) == ("child_process.exec", "index.mjs")


def test_a_schema_in_another_file_says_what_an_argument_may_be(tmp_path: Path) -> None:
    first = (
        HEAD
        + "import { exec } from 'child_process'; import { Shape } from './lib.js';"
        + tool("").replace(SHAPE, "Shape").replace("{  }", "{ exec(`head -n ${args.count} ${args.path}`); }")
    )
    library = "import { z } from 'zod'; export const Shape = { count: z.number(), path: z.string() };"
    uses = analysed(tmp_path, {"index.mjs": first, "lib.js": library}).observations.commands
    assert [use.parameter for use in uses] == ["path"]


REGISTERED = [
    "export function registerNotes(server) { server.registerTool('read', { inputSchema: {} }, readNote); }",
    "export const tools = [{ name: 'read', inputSchema: {}, handler: readNote }];",
    "export const tools = { read: { name: 'read', inputSchema: {}, execute: async (args) => readNote(args) } };",
    "export class Read extends MCPTool { name = 'read'; schema = {}; async execute(args) { return readNote(args); } }",
]


@pytest.mark.parametrize("code", REGISTERED)
def test_tools_that_are_registered_in_a_file_of_their_own(code: str, tmp_path: Path) -> None:
    files = {
        "tools/notes.js": "import { readNote } from '../lib.js';\n" + code,
        "lib.js": LIBRARY + "export async function readNote({ path: p }) {\n return fs.readFile(p); }",
    }
    read = read_file(str(written(tmp_path, files)))
    assert read is not None and read.parsed
    assert found(read.analysis) == [("lib.js", 3, "none")] and not read.analysis.gaps
    assert read.analysis.observations.paths[0].tool == "read"


REQUEST = "server.setRequestHandler(CallToolRequestSchema, {});"
CHOSEN = [
    (
        "import { handlers } from './lib.js';"
        + REQUEST.format("async (r) => handlers[r.params.name](r.params.arguments)"),
        "export const handlers = { read: async (args) => {\n fs.rm(args.path); } };",
    ),
    (
        "import * as handlers from './lib.js';"
        + REQUEST.format("async (r) => { const h = handlers[r.params.name]; return h(r.params.arguments); }"),
        "export const read = async (args) => {\n fs.rm(args.path); };",
    ),
    (
        "import { call } from './lib.js';" + REQUEST.format("async (r) => call(r.params.name, r.params.arguments)"),
        "export async function call(name, args) { switch (name) { case 'read':\n return fs.rm(args.path); } }",
    ),
    (
        "import { wrapped } from './lib.js';" + REQUEST.format("wrapped(async (r) => read(r.params.arguments))")
        + "import { read } from './lib.js';",
        "export const wrapped = (handler) => async (r) => { try { return await handler(r); } catch { return 1; } };"
        "export const read = (args) => {\n fs.rm(args.path); };",
    ),
    (
        "import { wrapped, read } from './lib.js';" + REQUEST.format("wrapped('x', (r) => read(r.params.arguments))"),
        "export const wrapped = (name, handler) => { log(name); return async (...all) => handler(...all); };"
        "export const read = (args) => {\n fs.rm(args.path); };",
    ),
    (
        "import { Logged, read } from './lib.js'; const logged = new Logged();"
        + REQUEST.format("logged.wrap((r) => read(r.params.arguments))"),
        "export class Logged { wrap(handler) { return async (r) => handler(r); } }"
        "export const read = (args) => {\n fs.rm(args.path); };",
    ),
    (
        "import { retry, read } from './lib.js';" + REQUEST.format("async (r) => retry(read, r.params.arguments)"),
        "export const retry = (run, args) => run(args); export const read = (args) => {\n fs.rm(args.path); };",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("code", "library"), CHOSEN)
def test_a_function_that_is_chosen_or_wrapped_is_followed(code: str, library: str, tmp_path: Path) -> None:
    analysis = analysed(tmp_path, {"index.mjs": HEAD + code, "lib.js": LIBRARY + library})
    assert found(analysis) == [("lib.js", 3, "none")]
    assert analysis.observations.paths[0].parameter == "path"
    assert not analysis.gaps


def test_a_wrapper_that_checks_is_the_check_of_what_it_wraps(tmp_path: Path) -> None:
    wrapper = (
        "export const within = (handler) => async (args) => { const real = await fs.realpath(args.path);"
        " if (!real.startsWith('/srv/notes/')) throw new Error(); return handler(real); };"
    )
    first = HEAD + "import { within } from './lib.js';"
    first += f"server.tool('read', {SHAPE}, within(async (p) => fs.readFile(p)));"
    assert found(analysed(tmp_path, {"index.mjs": first, "lib.js": LIBRARY + wrapper}))[0][2] == "sound"
    open_wrapper = wrapper.replace(" if (!real.startsWith('/srv/notes/')) throw new Error();", "")
    assert found(analysed(tmp_path, {"index.mjs": first, "lib.js": LIBRARY + open_wrapper}))[0][2] == "none"


NOT_FOLLOWED = [
    # What makes the functions, or holds them, is told by nobody.
    ("import { registry } from './lib.js';", "registry.call('x', args)",
     "class R { call(n, args) { return this.tools.get(n).execute(args); } } export const registry = new R();"),
    ("import { make } from './lib.js';", "make(config)(args.path)", "export const make = pick(all);"),
    ("import { read } from './lib.js';", "read(args.path, service)",
     "export const read = (p, service) => service.readFile(p);"),
    ("import { read } from './lib.js';", "read(args.path, service)", "export const read = (p, open) => open(p);"),
    ("import { read } from './lib.js';", "read(args.path)", "export { read } from './gone.js';"),
    ("import { read } from './lib.js';", "read(args.path)", "export { read } from '../out.js';"),
    ("import { read } from './gone.js';", "read(args.path)", ""),
    ("import { read } from '#lib';", "read(args.path)", READ),
    ("import { Base } from './lib.js';", "new Heir().read(args.path); class Heir extends Base { openFile(p) {} }",
     "export class Base { read(p) { return this.openFile(p); } openFile(p) { return fs.readFile(p); } }"),
]  # fmt: skip


@pytest.mark.parametrize(("imported", "use", "library"), NOT_FOLLOWED)
def test_what_is_not_followed_is_said_and_not_found(imported: str, use: str, library: str, tmp_path: Path) -> None:
    files = {"index.mjs": HEAD + imported + tool(f"return {use};"), "lib.js": LIBRARY + library}
    (tmp_path.parent / "out.js").write_text(LIBRARY + READ)
    analysis = analysed(tmp_path, files)
    assert found(analysis) == []
    (gap,) = analysis.gaps
    assert gap.facet == "tools" and gap.what == str(tmp_path / "index.mjs") and "(first in line" in gap.why


@pytest.mark.parametrize(
    "library",
    [
        "export const use = (p) => axios.get(p);",
        "import Db from 'better-sqlite3'; const db = new Db('x'); export const use = (p) => db.run(p);",
        "export const use = (p) => { log.info(p); return p.length; };",
        "export const use = (p) => [p].map((each) => each.trim()).join();",
        "export const use = (p) => new Promise((resolve) => resolve(p));",
        "import { client } from 'somewhere'; export const use = (p) => client.callTool(p);",
    ],
)
def test_what_goes_to_other_packages_is_no_gap(library: str, tmp_path: Path) -> None:
    first = HEAD + "import { use } from './lib.js';" + tool("return use(args.path);")
    assert analysed(tmp_path, {"index.mjs": first, "lib.js": LIBRARY + library}).gaps == ()


def test_a_command_behind_what_is_not_understood_is_said(tmp_path: Path) -> None:
    first = HEAD + "import { go } from './lib.js';" + tool("return go(args.path);")
    library = "import quote from 'x'; export const go = (p) => exec(`ls ${quote(p)}`);"
    analysis = analysed(tmp_path, {"index.mjs": first, "lib.js": LIBRARY + library})
    assert not analysis.observations.commands
    (gap,) = analysis.gaps
    assert gap.facet == "tools" and "not understood (first in line 2 of " in gap.why and "lib.js" in gap.why


def test_a_package_s_folder_is_not_left(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "lib.js").write_text(LIBRARY + READ)
    package = tmp_path / "package"
    for name in ("node_modules/other", "sub"):
        (package / name).mkdir(parents=True)
        (package / name / "lib.js").write_text(LIBRARY + READ)
    os.symlink(outside / "lib.js", package / "link.js")
    os.symlink(outside, package / "linked")
    for place in (
        "../outside/lib.js",
        "./link.js",
        "./linked/lib.js",
        "./node_modules/other/lib.js",
        "./sub/../link.js",
    ):
        first = HEAD + f"import {{ readNote }} from '{place}';" + tool("return readNote(args.path);")
        analysis = analysed(package, {"index.mjs": first})
        assert found(analysis) == [] and analysis.read == (), place
        assert [gap.facet for gap in analysis.gaps] == ["tools"], place
    os.symlink("sub", package / "inside")
    first = HEAD + "import { readNote } from './inside/lib.js';" + tool("return readNote(args.path);")
    assert found(analysed(package, {"index.mjs": first})) == [("lib.js", 3, "none")]


def test_without_a_manifest_only_what_lies_below_is_read(tmp_path: Path) -> None:
    first = HEAD + "import { readNote } from 'PLACE';" + tool("return readNote(args.path);")
    (tmp_path / "app" / "lib").mkdir(parents=True)
    (tmp_path / "app" / "lib" / "a.js").write_text(LIBRARY + READ)
    (tmp_path / "b.js").write_text(LIBRARY + READ)
    index = tmp_path / "app" / "index.mjs"
    below = analyse(str(index), first.replace("PLACE", "./lib/a.js").encode())
    above = analyse(str(index), first.replace("PLACE", "../b.js").encode())
    assert found(below) == [("a.js", 3, "none")] and not below.gaps
    assert found(above) == [] and len(above.gaps) == 1


def test_a_folder_of_what_was_compiled_is_no_package_of_its_own(tmp_path: Path) -> None:
    first = HEAD + "import { readNote } from '../lib.js';" + tool("return readNote(args.path);")
    files = {"dist/esm/index.mjs": first, "dist/esm/package.json": '{"type": "module"}', "dist/lib.js": LIBRARY + READ}
    assert found(analysed(tmp_path, files)) == [("lib.js", 3, "none")]


def test_a_file_that_changes_is_read_again_by_those_that_take_it_in(tmp_path: Path) -> None:
    first = HEAD + "import { readNote } from './lib.js';" + tool("return readNote(args.path);")
    path = written(tmp_path, {"index.mjs": first, "lib.js": LIBRARY + READ})
    before = read_file(str(path))
    (tmp_path / "lib.js").write_text(LIBRARY + SOUND)
    after = read_file(str(path))
    assert before is not None and [each for _, _, each in found(before.analysis)] == ["none"]
    assert after is not None and [each for _, _, each in found(after.analysis)] == ["sound"]


BROKEN = ["\0\0\0", "export function readNote(p) { @@@ fs.readFile(p) ]] }", "x" * 600_000, "a();" * 20_000, "<html>"]


@pytest.mark.parametrize("content", BROKEN)
def test_a_file_that_cannot_be_read_leaves_a_gap_where_it_is_taken_in(content: str, tmp_path: Path) -> None:
    first = HEAD + "import { readNote } from './lib.js';" + tool("return readNote(args.path);")
    analysis = analysed(tmp_path, {"index.mjs": first, "lib.js": content})
    assert found(analysis) == []
    assert [gap.facet for gap in analysis.gaps] == ["tools"]


def test_a_pipe_in_the_place_of_a_file_stops_nothing(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "lib.js")
    first = HEAD + "import { readNote } from './lib.js';" + tool("return readNote(args.path);")
    assert [gap.facet for gap in analysed(tmp_path, {"index.mjs": first}).gaps] == ["tools"]


def circular(count: int) -> dict[str, str]:
    files = {f"m{n}.js": "".join(f"export * from './m{other}.js';" for other in range(count)) for n in range(count)}
    return {"index.mjs": HEAD + "import { readNote } from './m0.js';" + tool("return readNote(args.path);"), **files}


def calling(count: int) -> dict[str, str]:
    files = {
        f"m{n}.js": f"import {{ f{n + 1} }} from './m{n + 1}.js';"
        f"export function f{n}(p) {{ return f{n + 1}(p) + f{n + 1}(f{n + 1}(p)); }}"
        for n in range(count)
    }
    return {"index.mjs": HEAD + "import { f0 } from './m0.js';" + tool("return fs.rm(f0(args.path));"), **files}


HOSTILE = {
    "files in a circle": circular(60),
    "functions that double": calling(100),
    "itself": {
        "index.mjs": HEAD + "import { a } from './index.mjs'; export { a } from './index.mjs';" + tool("a(args);")
    },
    "names in a circle": {
        "index.mjs": HEAD + "import { a } from './a.js';" + tool("return a(args.path);"),
        "a.js": "export { a } from './b.js';",
        "b.js": "export { a } from './a.js';",
    },
    "classes in a circle": {
        "index.mjs": HEAD + "import { A } from './a.js';" + tool("return new A().go(args.path);"),
        "a.js": "import { B } from './b.js'; export class A extends B {}",
        "b.js": "import { A } from './a.js'; export class B extends A {}",
    },
    "factories in a circle": {
        "index.mjs": HEAD + "import { a } from './a.js';" + tool("return a().go(args.path);"),
        "a.js": "import { b } from './b.js'; export const a = () => b();",
        "b.js": "import { a } from './a.js'; export const b = () => a();",
    },
    "wrappers in a circle": {
        "index.mjs": HEAD + "import { a } from './a.js'; server.tool('x', {}, a(a(a(a(a((args) => fs.rm(args.p)))))));",
        "a.js": "export const a = (f) => a((x) => f(x));",
    },
    "constructors of constructors": {
        "index.mjs": HEAD
        + "import { C0 } from './a.js';"
        + "".join(f"const o{n} = new C0(" + ", ".join(f"o{n + 1}" for _ in range(12)) + ");" for n in range(30))
        + tool("o0.m.m.m.go(args.path); o0.go(args.path);" * 50),
        "a.js": "export class C0 { constructor(" + ", ".join(f"p{n}" for n in range(12)) + ") { this.m = p1; } }",
    },
    "functions that give back one of several": {
        "index.mjs": HEAD + "import { f0 } from './a.js';" + tool("f0().go(args.path);" * 200),
        "a.js": "".join(
            f"export function f{n}(x) {{ " + "".join(f"if (x) return f{n + 1}();" for _ in range(7)) + " }"
            for n in range(30)
        ),
    },
    "a long function that is asked for its answers": {
        "index.mjs": HEAD + "import { f } from './a.js';" + tool("f().go(args.path);" * 4000),
        "a.js": "export function f() { " + "g(1, 2, 3);" * 12_000 + " return h(); }",
    },
    "wrappers with very many arguments": {
        "index.mjs": HEAD
        + "import { w } from './a.js';"
        + "".join(f"const g{n} = w(" + ", ".join([f"g{n + 1}"] * 60) + ");" for n in range(8))
        + "server.tool('x', {}, g0);" * 50,
        "a.js": "export const w = (" + ", ".join(f"p{n}" for n in range(60)) + ") => (x) => p1(x);",
    },
    "names that are given again and again": {
        "index.mjs": HEAD + "const a = require('./a.js');" + tool("return a.x(args.path);"),
        "a.js": "exports.x = f;" * 30_000,
    },
    "files that are not there": {
        "index.mjs": HEAD + "import * as a from './a.js';" + tool("".join(f"a.x{n}(args.path);" for n in range(2000))),
        "a.js": "".join(f"export * from './gone{n}.js';" for n in range(90)),
    },
    "members that are set again and again": {
        "index.mjs": HEAD
        + "class A { go(args) { "
        + "this.x = f();" * 4000
        + "this.x.y(args.path);" * 4000
        + " } } const a = new A();"
        + tool("return a.go(args);"),
    },
    "very many heirs": {
        "index.mjs": HEAD
        + "class A { x(p) { return p; } go(args) { "
        + "this.x(args.path);" * 3000
        + " } } const a = new A();"
        + "".join(f"class B{n} extends A {{ x(p) {{}} }}" for n in range(2000))
        + tool("return a.go(args);"),
    },
    "very many names": {
        "index.mjs": HEAD + "import * as all from './a.js';" + tool("return all[args.name](args.path);"),
        "a.js": LIBRARY + "".join(f"export const f{n} = (p) => fs.rm(p);" for n in range(3000)),
    },
}


@pytest.mark.parametrize("name", list(HOSTILE))
def test_a_hostile_package_is_read_or_refused_in_time(name: str, tmp_path: Path) -> None:
    started = time.process_time()
    analysis = analysed(tmp_path, HOSTILE[name])
    assert time.process_time() - started < 10
    assert all(gap.why and gap.what == str(tmp_path / "index.mjs") for gap in analysis.gaps)


def test_of_very_many_files_the_first_are_read_and_that_there_are_more_is_said(tmp_path: Path) -> None:
    many = javascript_files.MOST_FILES + 50
    names = "".join(f"import {{ f{n} }} from './m{n}.js';" for n in range(many))
    calls = "".join(f"f{n}(args.path);" for n in range(many))
    files = {f"m{n}.js": LIBRARY + f"export const f{n} = (p) => fs.rm(p);" for n in range(many)}
    analysis = analysed(tmp_path, {"index.mjs": HEAD + names + tool(calls), **files})
    assert len(analysis.observations.paths) == len(analysis.read) == javascript_files.MOST_FILES
    assert {gap.facet for gap in analysis.gaps} == {"tools", "javascript"}
    assert any("more files than are read for one" in gap.why for gap in analysis.gaps)


def test_files_of_great_size_are_read_up_to_a_bound(tmp_path: Path) -> None:
    code = "\n".join(f"function filler{n}(a, b) {{ return a + b + {n}; }}" for n in range(8000))
    names = "".join(f"import {{ f{n} }} from './m{n}.js';" for n in range(12))
    calls = "".join(f"f{n}(args.path);" for n in range(12))
    files = {f"m{n}.js": LIBRARY + f"export const f{n} = (p) => fs.rm(p);\n{code}" for n in range(12)}
    started = time.process_time()
    analysis = analysed(tmp_path, {"index.mjs": HEAD + names + tool(calls), **files})
    assert time.process_time() - started < 15
    assert 0 < len(analysis.read) < 12
    assert any("more files than are read for one" in gap.why for gap in analysis.gaps)


def test_what_is_remembered_of_files_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(javascript_files, "_REMEMBERED_NODES", 500)
    for number in range(50):
        path = tmp_path / f"a{number}.js"
        javascript_files.parsed(str(path), b"const a = [1, 2, 3, 4, 5, 6, 7, 8, 9];" * 5)
    assert javascript_files._REMEMBERED.nodes <= 500
    assert javascript_files._REMEMBERED.nodes == sum(
        len(file.syntax.nodes) for _, file in javascript_files._REMEMBERED.files.values() if file is not None
    )


def test_what_too_much_work_leads_away_from_is_told_of_the_file_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workbench.host.code.javascript_flow._MOST_WORK", 3000)
    first = HEAD + "import { f0 } from './m0.js';" + tool("f0(args.other); return fs.readFile(args.path);")
    analysis = analysed(tmp_path, {**calling(60), "index.mjs": first})
    assert found(analysis) == [("index.mjs", 8, "none")]
    assert any("more work than is spent on one" in gap.why for gap in analysis.gaps)


AWAITER = "var __awaiter = (this && this.__awaiter) || function (a, b, P, g) { return new Promise(step); };\n"


@pytest.mark.parametrize(
    ("check", "containment"),
    [("", "none"), ("if (!real.startsWith('/srv/notes/')) throw new Error();", "sound")],
)
def test_what_older_compilers_make_of_an_async_function_is_followed(
    check: str, containment: str, tmp_path: Path
) -> None:
    files = {
        "index.js": "const { z } = require('zod'); const fs = require('fs/promises');\n"
        + AWAITER
        + "const lib_1 = require('./lib.js');"
        + f"server.tool('read', {SHAPE}, (args) => __awaiter(void 0, void 0, void 0, function* () {{"
        " const p = yield (0, lib_1.within)(args.path); return yield fs.readFile(p); }));",
        "lib.js": "const fs = require('fs/promises');\n"
        + AWAITER
        + "exports.within = within; function within(p) { return __awaiter(this, void 0, void 0, function* () {"
        f" const real = yield fs.realpath(p); {check} return real; }}); }}",
    }
    analysis = analysed(tmp_path, files)
    assert [use for _, _, use in found(analysis)] == [containment]
    assert not analysis.gaps


@pytest.mark.parametrize(
    ("library", "containment"),
    [
        # A closure uses what the function around it was given.
        ("const go = () => path.join('/srv', p); return go();", "not resolved"),
        ("const go = async () => fs.realpath(p); const real = await go();"
         " if (!real.startsWith('/srv/notes/')) throw new Error(); return real;", "sound"),
        ("return new Promise((resolve, reject) => { setTimeout(reject, 9); resolve(p); });", "unknown"),
        ("return new Promise((resolve) => fs.realpath(p).then((real) => resolve(real)));", "unknown"),
        ("return new Promise((resolve) => fs.realpath(p).then(resolve));", "unknown"),
        ("return new Promise((resolve) => other(p, resolve));", "unknown"),
    ],
)  # fmt: skip
def test_what_is_given_back_later_or_by_a_closure_is_followed(library: str, containment: str, tmp_path: Path) -> None:
    first = HEAD + "import { within } from './lib.js';" + tool("return fs.readFile(await within(args.path));")
    code = LIBRARY + f"export async function within(p) {{ {library} }}"
    assert [use for _, _, use in found(analysed(tmp_path, {"index.mjs": first, "lib.js": code}))] == [containment]


@pytest.mark.parametrize(
    "library",
    [
        "let one; export const notes = () => { if (!one) one = new Notes(); return one; };",
        "let one = null; export function notes() { return (one ??= new Notes()); }",
        "const a = new Notes(); export const notes = (x) => (x ? a : new Others());",
        "export function notes(x) { if (x) return new Others(); return new Notes(); }",
        "class All { constructor() { this.one = undefined; } get() { this.one = new Notes(); return this.one; } }"
        " const all = new All(); export const notes = () => all.get();",
    ],
)
def test_an_object_that_is_made_when_it_is_first_needed_or_is_one_of_several_is_known(
    library: str, tmp_path: Path
) -> None:
    first = HEAD + "import { notes } from './lib.js';" + tool("return notes().read(args.path);")
    classes = "class Notes { read(p) {\n fs.rm(p); } } class Others { read(p) { return p.length; } }"
    analysis = analysed(tmp_path, {"index.mjs": first, "lib.js": LIBRARY + classes + library})
    assert found(analysis) == [("lib.js", 3, "none")]
    assert not analysis.gaps


def test_one_place_is_judged_for_every_tool_that_leads_to_it(tmp_path: Path) -> None:
    first = (
        HEAD + "import { open } from './lib.js';\n"
        f"server.tool('safe', {SHAPE}, async (args) => {{ const real = await fs.realpath(args.path);"
        " if (!real.startsWith('/srv/notes/')) throw new Error(); return open(real); });\n"
        f"server.tool('unsafe', {SHAPE}, async (args) => open(args.path));\n"
    )
    uses = analysed(tmp_path, {"index.mjs": first, "lib.js": LIBRARY + "export const open = (p) => fs.readFile(p);"})
    assert {(use.tool, use.containment) for use in uses.observations.paths} == {("safe", "sound"), ("unsafe", "none")}


def test_a_method_that_a_class_made_from_it_overrides_is_the_override_s(tmp_path: Path) -> None:
    library = (
        "export class Base { async read(p) { return fs.readFile(await this.within(p)); }"
        " async within(p) { return p; } }"
    )
    override = (
        "class Notes extends Base { async within(p) { const real = await fs.realpath(p);"
        " if (!real.startsWith('/srv/notes/')) throw new Error(); return real; } }"
    )
    first = HEAD + "import { Base } from './lib.js';" + override + tool("return new Notes().read(args.path);")
    assert [use for _, _, use in found(analysed(tmp_path, {"index.mjs": first, "lib.js": LIBRARY + library}))] == [
        "unknown"
    ]
    plain = (
        HEAD
        + "import { Base } from './lib.js'; class Notes extends Base {}"
        + tool("return new Notes().read(args.path);")
    )
    assert [use for _, _, use in found(analysed(tmp_path, {"index.mjs": plain, "lib.js": LIBRARY + library}))] == [
        "none"
    ]


@pytest.mark.parametrize(
    ("words", "kinds"),
    [
        ("'docker', ['exec', box, 'sh', '-c', args.path]", ["shell"]),
        ("'ssh', [host, 'bash', '-lc', args.path]", ["shell"]),
        ("'docker', ['exec', box, 'cat', args.path]", []),
        ("'grep', ['-c', args.path]", []),
    ],
)
def test_a_shell_that_another_program_starts_is_a_shell(words: str, kinds: list[str], tmp_path: Path) -> None:
    first = HEAD + "import { spawn } from 'child_process';" + tool(f"return spawn({words});")
    assert [use.kind for use in analysed(tmp_path, {"index.mjs": first}).observations.commands] == kinds


def test_only_the_last_part_of_a_path_beside_the_whole_of_it_is_no_protection(tmp_path: Path) -> None:
    first = HEAD + tool("return fs.rm(path.join(path.dirname(args.path), path.basename(args.path)));")
    assert [use for _, _, use in found(analysed(tmp_path, {"index.mjs": first}))] == ["not resolved"]
    first = HEAD + tool("return fs.rm(path.join('/srv/notes', path.basename(args.path)));")
    assert found(analysed(tmp_path, {"index.mjs": first})) == []


NOTES = "export class Notes {\n open(p) { return fs.readFile(p); } }\n"
GIVEN = [
    ("import { Notes, read } from './lib.js'; const notes = new Notes();", "read(notes, args.path)",
     "export const read = (notes, p) => notes.open(p);"),
    ("import { Notes, Tools } from './lib.js'; const tools = new Tools(new Notes());", "tools.read(args.path)",
     "export class Tools { constructor(notes) { this.notes = notes; } read(p) { return this.notes.open(p); } }"),
    ("import { Notes, Base } from './lib.js'; class Tools extends Base {} const tools = new Tools(1, new Notes());",
     "tools.read(args.path)",
     "export class Base { constructor(n, notes) { this.notes = notes; } read(p) { return this.notes.open(p); } }"),
]  # fmt: skip


@pytest.mark.parametrize(("imported", "use", "library"), GIVEN)
def test_an_object_that_a_function_or_a_class_is_given_is_known(
    imported: str, use: str, library: str, tmp_path: Path
) -> None:
    files = {"index.mjs": HEAD + imported + tool(f"return {use};"), "lib.js": LIBRARY + NOTES + library}
    analysis = analysed(tmp_path, files)
    assert found(analysis) == [("lib.js", 3, "none")]
    assert not analysis.gaps


def test_a_parameter_of_a_constructor_that_typescript_makes_a_member_is_one(tmp_path: Path) -> None:
    first = HEAD + "import { Notes } from './notes.js'; import { Tools } from './tools.js';"
    first += "const tools = new Tools(new Notes());" + tool("return tools.read(args.path);")
    files = {
        "index.ts": first,
        "notes.ts": LIBRARY + NOTES,
        "tools.ts": "import type { Notes } from './notes.js'; export class Tools {"
        " constructor(private readonly notes: Notes, public title: string = 'x') {}"
        " async read(p: string): Promise<Buffer> { return this.notes.open(p); } }",
    }
    analysis = analysed(tmp_path, files)
    assert found(analysis) == [("notes.ts", 3, "none")]
    assert not analysis.gaps


@pytest.mark.parametrize(
    ("code", "gaps"),
    [
        # The tool's name is no argument of it, and asking a list is no use of what is asked for.
        ("import { OFF } from './lib.js';" + REQUEST.format("(r) => { if (OFF.run(r.params.name)) return; }"), 0),
        ("import { tools } from './lib.js';" + REQUEST.format("(r) => tools.includes(r.params.arguments.x)"), 0),
        ("import { tools } from './lib.js';" + REQUEST.format("(r) => tools.go(r.params.arguments.x)"), 1),
        (REQUEST.format("(r) => this.fileService.go(r.params.arguments.x)"), 1),
    ],
)
def test_only_an_argument_that_is_handed_on_is_a_gap(code: str, gaps: int, tmp_path: Path) -> None:
    library = "export const OFF = load(); export let tools; tools = load(); tools = [];"
    assert len(analysed(tmp_path, {"index.mjs": HEAD + code, "lib.js": library}).gaps) == gaps


BASE = "import fs from 'fs/promises';\nexport class Base {\n  run(p) {\n    return fs.readFile(p); } }"
CHAIN = "".join(
    f"class C{number} extends C{number + 1} {{ run(p) {{ return super.run(p); }} }}\n" for number in range(9)
)


@pytest.mark.parametrize(
    ("classes", "base", "expected"),
    [
        ("import { Base } from './base.js'; class C extends Base { go(p) { return super.run(p); } }", BASE, "found"),
        (
            "import { Base } from './base.js'; class M extends Base {}"
            " class C extends M { go(p) { return super.run(p); } }",
            BASE, "found",
        ),
        (
            "class Base { go(p) { return this.run(p); } run(p) { return 1; } }"
            " class C extends Base { go(p) { return super.go(p); } run(p) { return fs.readFile(p); } }",
            "", "not told",
        ),
        (f"{CHAIN} class C9 {{ run() {{}} }} class C extends C0 {{ go(p) {{ return super.run(p); }} }}", "", "passed"),
        ("import { Base } from './none.js'; class C extends Base { go(p) { return super.run(p); } }", "", "not told"),
        ("import { mixed } from 'x'; class C extends mixed(Own) { go(p) { return super.run(p); } }", "", "not told"),
        ("class C extends own(Map) { go(p) { return super.run(p); } }", "", "not told"),
        ("import { Server } from 'x'; class C extends Server { go(p) { return super.run(p); } }", "", "passed"),
        ("class C extends Map { go(p) { return super.run(p); } }", "", "passed"),
    ],
)  # fmt: skip
def test_a_method_of_the_class_it_is_made_from_is_followed(
    tmp_path: Path, classes: str, base: str, expected: str
) -> None:
    body = f"{HEAD}{classes}\nconst it = new C();\n{tool('return it.go(args.path);')}"
    analysis = analysed(tmp_path, {"server.js": body, "base.js": base})
    told = any("not followed" in gap.why for gap in analysis.gaps)
    assert ("found" if analysis.observations.paths else "not told" if told else "passed") == expected


HOLDING = "import fs from 'fs/promises';\nexport class Held {\n  constructor(p) { this.p = p; }"


@pytest.mark.parametrize(
    ("members", "made", "expected"),
    [
        ("run() { return fs.readFile(this.p); } }", "new Held(args.path).run()", "not told"),
        ("run() { return fs.readFile(`/x/${this.p}`); } }", "new Held(args.path).run()", "not told"),
        ("run() { return fs.readFile('/x'); } }", "new Held(args.path).run()", "passed"),
        ("toString() { return `no such file: ${this.p}`; } }", "(() => { throw new Held(args.path); })()", "passed"),
        ("run() { return fs.readFile(this.p); } }", "new Held('/srv/notes').run(args.path)", "passed"),
    ],
)
def test_an_object_that_holds_an_argument_and_uses_it_is_not_passed(
    tmp_path: Path, members: str, made: str, expected: str
) -> None:
    files = {
        "server.js": f"{HEAD}import {{ Held }} from './held.js';\n{tool(f'return {made};')}",
        "held.js": f"{HOLDING} {members}",
    }
    analysis = analysed(tmp_path, files)
    told = any("not followed" in gap.why for gap in analysis.gaps)
    assert ("found" if analysis.observations.paths else "not told" if told else "passed") == expected
