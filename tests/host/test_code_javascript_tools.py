"""MCP tools in JavaScript: where their arguments become paths and commands, and what is checked on the way."""

from __future__ import annotations

import pytest

from workbench.host.code.javascript import analyse
from workbench.model.code import CommandUse, Observations, PathUse

IMPORTS = """
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { CallToolRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import fs from 'fs/promises';
import { readFileSync, existsSync, createReadStream } from 'node:fs';
import path from 'path';
import os from 'os';
import { z } from 'zod';
import { exec, execSync, execFile, spawn } from 'child_process';
import { promisify } from 'util';
import { validatePath, ElsewhereSchema, Elsewhere } from './lib.js';
const ROOT = path.resolve('/srv/workspace');
const run = promisify(exec);
"""


def observed(code: str, name: str = "/srv/index.mjs") -> Observations:
    analysis = analyse(name, (IMPORTS + code).encode())
    assert all(gap.facet == "tools" for gap in analysis.gaps)
    return analysis.observations


def tool(body: str, shape: str = "{ path: z.string() }", parameters: str = "args") -> str:
    return f"server.tool('read', {shape}, async ({parameters}) => {{ {body} }});"


def path_use(code: str) -> PathUse:
    found = observed(code).paths
    assert len(found) == 1, found
    return found[0]


def commands(code: str) -> tuple[CommandUse, ...]:
    return observed(code).commands


REAL = "const real = await fs.realpath(path.resolve(ROOT, args.path));"
READ = "return fs.readFile(real, 'utf8');"


@pytest.mark.parametrize(
    ("body", "containment"),
    [
        # Nothing at all.
        ("return fs.readFile(args.path, 'utf8');", "none"),
        ("const p = args.path; return readFileSync(p);", "none"),
        ("if (!args.path) throw new Error('no path'); return fs.readFile(args.path);", "none"),
        ("if (typeof args.path !== 'string') return; return fs.readFile(args.path);", "none"),
        ("console.error(`reading ${args.path}`); return fs.readFile(args.path);", "none"),
        (
            "logger.info({ path: args.path }); this.log(args.path); logCall(args.path); return fs.readFile(args.path);",
            "none",
        ),
        ("if (!existsSync(args.path)) return; return fs.readFile(args.path);", "none"),
        ("return createReadStream(args.path ?? '/etc/motd');", "none"),
        ("return fs.readFile(args.path.trim());", "none"),
        ("return fs.readFile(args.path.replace(/\\\\/g, '/'));", "none"),
        ("return fs.readFile(args.path.replace(/^~/, os.homedir()));", "none"),
        ("return fs.readFile(args.path.replace('file://', ''));", "none"),
        ("if (!args.path.endsWith('.md')) throw new Error(); return fs.readFile(args.path);", "none"),
        ("if (args.path.startsWith('~')) { args2 = 1; } return fs.readFile(args.path);", "none"),
        # Made absolute, and taken for contained.
        ("return fs.readFile(path.resolve(args.path));", "not resolved"),
        ("return fs.readFile(path.resolve(ROOT, args.path));", "not resolved"),
        ("const full = path.join(ROOT, args.path); return fs.readFile(full);", "not resolved"),
        ("const full = path.normalize(args.path); return fs.readFile(full);", "not resolved"),
        # A neighbour's name begins alike.
        (
            "const full = path.resolve(ROOT, args.path); if (!full.startsWith(ROOT)) throw new Error();"
            " return fs.readFile(full);",
            "prefix without separator",
        ),
        (f"{REAL} if (!real.startsWith(ROOT)) throw new Error(); {READ}", "prefix without separator"),
        (f"{REAL} if (real.indexOf(ROOT) !== 0) throw new Error(); {READ}", "prefix without separator"),
        (
            f"{REAL} const roots = [ROOT, path.resolve('/srv/other')];"
            f" if (!roots.some((root) => real.startsWith(root))) throw new Error(); {READ}",
            "prefix without separator",
        ),
        # Checked first, changed after.
        (
            "if (!args.path.startsWith('/srv/workspace/')) throw new Error();"
            " return fs.readFile(path.resolve(args.path));",
            "checked before resolved",
        ),
        (
            "const full = path.resolve(ROOT, args.path); if (!full.startsWith(ROOT + path.sep)) throw new Error();"
            " const real = await fs.realpath(full); return fs.readFile(real);",
            "checked before resolved",
        ),
        # The text is in the folder, a link in the folder is not.
        (
            "const full = path.resolve(ROOT, args.path); if (!full.startsWith(ROOT + path.sep)) throw new Error();"
            " return fs.readFile(full);",
            "text only",
        ),
        (
            "const full = path.resolve(ROOT, args.path); const rel = path.relative(ROOT, full);"
            " if (rel.startsWith('..') || path.isAbsolute(rel)) throw new Error(); return fs.readFile(full);",
            "text only",
        ),
        # A check that .. passes.
        ("if (!args.path.startsWith(`${ROOT}/`)) throw new Error(); return fs.readFile(args.path);", "not resolved"),
        # Sound.
        (f"{REAL} if (!real.startsWith(ROOT + path.sep)) throw new Error(); {READ}", "sound"),
        (f"{REAL} if (real !== ROOT && !real.startsWith(`${{ROOT}}/`)) throw new Error(); {READ}", "sound"),
        (f"{REAL} const rel = path.relative(ROOT, real); if (rel.startsWith('..')) throw new Error(); {READ}", "sound"),
        (
            f"{REAL} const root = ROOT.endsWith(path.sep) ? ROOT : ROOT + path.sep;"
            f" if (!real.startsWith(root)) throw new Error(); {READ}",
            "sound",
        ),
        (
            f"{REAL} const roots = ['/a', '/b'].map((each) => each + path.sep);"
            f" if (!roots.some((root) => real.startsWith(root))) throw new Error(); {READ}",
            "sound",
        ),
        (
            "let p = path.resolve(ROOT, args.path); p = await fs.realpath(p);"
            " if (!p.startsWith(ROOT + path.sep)) throw new Error(); return fs.readFile(p);",
            "sound",
        ),
        (
            f"{REAL} const rel = path.relative(ROOT, real);"
            f" if (rel === '..' || rel.startsWith(`..${{path.sep}}`)) throw new Error(); {READ}",
            "sound",
        ),
        (
            f"{REAL} const rel = path.relative(ROOT, real); if (rel.startsWith('..' + path.sep)) throw 1; {READ}",
            "sound",
        ),
        (
            f"{REAL} if (path.relative(ROOT, real).split(path.sep).includes('..')) throw new Error(); {READ}",
            "sound",
        ),
        # That it is the folder itself is no check, nor how it is shown.
        (
            "const full = path.resolve(ROOT, args.path); const rel = path.relative(ROOT, full);"
            " const shown = rel === '' ? '.' : rel; console.error(shown); return fs.readFile(full);",
            "not resolved",
        ),
        # Not understood: no finding.
        (
            "const n = path.normalize(args.path); if (n.startsWith('..')) throw"
            " 1; return fs.readFile(path.join(ROOT, n));",
            "unknown",
        ),
        (
            "const full = path.resolve(args.path); if (full.startsWith('/etc')) throw 1; return fs.readFile(full);",
            "unknown",
        ),
        (
            "const full = path.resolve(args.path); if (full.startsWith(ROOT)) { throw 1; } return fs.readFile(full);",
            "unknown",
        ),
        ("if (!args.path.startsWith('report-')) throw 1; return fs.readFile(path.join(ROOT, args.path));", "unknown"),
        ("login(args.path); return fs.readFile(args.path);", "unknown"),
        ("auditPath(args.path); return fs.readFile(args.path);", "unknown"),
        ("if (!Object.hasOwn(TABLE, args.path)) throw 1; return fs.readFile(args.path);", "unknown"),
        ("const p = await validatePath(args.path); return fs.readFile(p);", "unknown"),
        ("await validatePath(args.path); return fs.readFile(args.path);", "unknown"),
        ("if (!isAllowed(args.path)) throw new Error(); return fs.readFile(args.path);", "unknown"),
        ("args.path = await validatePath(args.path); return fs.readFile(args.path);", "unknown"),
        ("let p = args.path; p = await validatePath(p); return fs.readFile(p);", "unknown"),
        ("let p = args.path; if (guarded) { p = await validatePath(p); } return fs.readFile(p);", "unknown"),
        ("if (args.path.includes('..')) throw new Error(); return fs.readFile(path.join(ROOT, args.path));", "unknown"),
        ("if (!/^[a-z]+$/.test(args.path)) throw new Error(); return fs.readFile(args.path);", "unknown"),
        ("if (!ALLOWED.has(args.path)) throw new Error(); return fs.readFile(args.path);", "unknown"),
        ("return fs.readFile(args.path.replace(/\\.\\./g, ''));", "unknown"),
        ("return fs.readFile(path.join(ROOT, args.path.replace(/\\//g, '_')));", "unknown"),
        ("return fs.readFile(path.join(ROOT, args.path.replaceAll('/', '_')));", "unknown"),
        ("return fs.readFile(path.join(ROOT, path.normalize(args.path).replace(/^(\\.\\.(\\/|$))+/, '')));", "unknown"),
        ("const file = new URL(args.path); return fs.readFile(file);", "unknown"),
        (
            "const full = path.resolve(args.path); if"
            " (!full.startsWith(config.root)) throw 1; return fs.readFile(full);",
            "unknown",
        ),
        ("for (const each of [args.path]) check(each); return fs.readFile(args.path);", "unknown"),
    ],
)
def test_what_keeps_a_path_in_its_folder(body: str, containment: str) -> None:
    found = path_use(tool(body))
    assert (found.containment, found.tool, found.parameter) == (containment, "read", "path")


@pytest.mark.parametrize(
    ("field", "containment"),
    [
        ("z.string()", "none"),
        ("z.string().min(1).describe('where')", "none"),
        ("z.string().optional()", "none"),
        ("z.any()", "none"),
        ("z.string().refine(isInside)", "unknown"),
        ("z.string().startsWith('/srv/workspace/')", "unknown"),
        ("z.string().regex(/^[a-z]+$/)", "unknown"),
        ("z.string().transform(toSafe)", "unknown"),
        ("Elsewhere", "unknown"),
        ("safeString()", "unknown"),
    ],
)
def test_a_schema_that_may_keep_a_path_in_its_folder(field: str, containment: str) -> None:
    assert path_use(tool("return fs.readFile(args.path);", f"{{ path: {field} }}")).containment == containment


@pytest.mark.parametrize("field", ["z.number()", "z.enum(['a', 'b'])", "z.literal('a').optional()", "z.boolean()"])
def test_a_schema_that_lets_no_path_through(field: str) -> None:
    assert not observed(tool("return fs.readFile(path.join(ROOT, args.path));", f"{{ path: {field} }}")).paths


@pytest.mark.parametrize(
    "body",
    [
        "return fs.readFile(path.join(ROOT, path.basename(args.path)));",
        "return fs.readFile('/srv/workspace/fixed.txt');",
        "return fs.stat(args.path);",
        "return fetch(args.path);",
        "const other = 'x'; return fs.readFile(other);",
        "return db.readFile(args.path);",
        "args = await validate(args); const n = args.path.length; return fs.readFile(String(n));",
    ],
)
def test_what_opens_no_path_of_the_argument_is_not_told(body: str) -> None:
    assert not observed(tool(body)).paths


@pytest.mark.parametrize(
    ("helper", "containment"),
    [
        ("function safe(p) { return path.resolve(ROOT, p); }", "not resolved"),
        (
            "function safe(p) { const full = path.resolve(ROOT, p);"
            " if (!full.startsWith(ROOT + path.sep) && full !== ROOT) throw new Error(`no: ${p}`); return full; }",
            "text only",
        ),
        (
            "const inside = (root, p) => p.startsWith(root);"
            "const safe = (p) => { const r = path.resolve(ROOT, p); if (!inside(ROOT, r)) throw 1; return r; };",
            "prefix without separator",
        ),
        (
            "const inside = (root, p) => p === root || p.startsWith(root + path.sep);"
            "async function safe(p) { const r = await fs.realpath(path.resolve(ROOT, p));"
            " if (!inside(ROOT, r)) throw 1; return r; }",
            "sound",
        ),
        (
            "function assertInside(p) { const rel = path.relative(ROOT, p); if (rel.startsWith('..')) throw 1; }"
            "async function safe(p) { const r = await fs.realpath(p); assertInside(r); return r; }",
            "sound",
        ),
        ("async function safe(p) { return validatePath(p); }", "unknown"),
        ("function safe(p) { for (const deny of DENIED) if (deny.test(p)) throw 1; return p; }", "unknown"),
    ],
)
def test_helpers_of_the_same_file_are_followed(helper: str, containment: str) -> None:
    assert path_use(f"{helper} {tool('return fs.readFile(await safe(args.path));')}").containment == containment


REQUEST = "server.setRequestHandler(CallToolRequestSchema, async (request) => {{ {} }});"


@pytest.mark.parametrize(
    ("code", "tool_name", "parameter"),
    [
        ("server.tool('read', 'Reads.', { path: z.string() }, async ({ path: p }) => fs.readFile(p));", "read", "path"),
        (
            "server.registerTool('read', { inputSchema: { file: z.string() } }, ({ file }) => fs.readFile(file));",
            "read",
            "file",
        ),
        (
            "server.registerTool('read', { inputSchema: z.object({ file:"
            " z.string() }) }, ({ file }) => fs.readFile(file));",
            "read",
            "file",
        ),
        (
            "const NAME = 'read'; const go = async (args) => fs.readFile(args.file); server.tool(NAME, go);",
            "read",
            "file",
        ),
        (
            "server.addTool({ name: 'read', parameters: z.object({ file: z.string() }),"
            " execute: async (args) => fs.readFile(args.file) });",
            "read",
            "file",
        ),
        (
            "const tools = [{ name: 'read', inputSchema: { type: 'object' },"
            " handler: async (args) => fs.readFile(args.file) }];",
            "read",
            "file",
        ),
        (REQUEST.format("return fs.readFile(request.params.arguments.path);"), "", "path"),
        (
            REQUEST.format(
                "const { name, arguments: args } = request.params; switch (name) { case"
                " 'read': { return fs.readFile(args.path); } }"
            ),
            "read",
            "path",
        ),
        (
            REQUEST.format(
                "if (request.params.name === 'read') { const { path: p } ="
                " request.params.arguments ?? {}; return fs.readFile(p); }"
            ),
            "read",
            "path",
        ),
        (
            REQUEST.format("switch (request.params.name) { case 'read': return read(request.params.arguments); }")
            + "async function read(args) { return"
            " fs.readFile(args.path); }",
            "read",
            "path",
        ),
        (
            REQUEST.format(
                "switch (request.params.name) { case 'read': return read({ file: request.params.arguments.path }); }"
            )
            + "async function read({ file }) { return"
            " fs.readFile(file); }",
            "read",
            "path",
        ),
        (
            REQUEST.format(
                "const args = ElsewhereSchema.parse(request.params.arguments); return fs.readFile(args.path);"
            ),
            "",
            "path",
        ),
        (
            REQUEST.format(
                "const r = Elsewhere.safeParse(request.params.arguments); if"
                " (!r.success) throw 1; return fs.readFile(r.data.path);"
            ),
            "",
            "path",
        ),
        (
            REQUEST.format(
                "return Promise.all(request.params.arguments.paths.map(async (each) => fs.readFile(each)));"
            ),
            "",
            "paths",
        ),
        (REQUEST.format("for (const each of request.params.arguments.paths) await fs.rm(each);"), "", "paths"),
        (
            "class S { setup() { this.server.setRequestHandler(CallToolRequestSchema, async (r) =>"
            " this.read(r.params.arguments)); } read(args) { return fs.readFile(args.path); } }",
            "",
            "path",
        ),
        (
            "var types_1 = require('@modelcontextprotocol/sdk/types.js');"
            " s.setRequestHandler(types_1.CallToolRequestSchema, async (r) =>"
            " fs.readFile(r.params.arguments.path));",
            "",
            "path",
        ),
        ("s.setRequestHandler('tools/call', async (r) => fs.readFile(r.params.arguments.path));", "", "path"),
        (
            REQUEST.format("return handlers[request.params.name](request.params.arguments);")
            + "const handlers = { read: async (args) => fs.readFile(args.path), other: (args) => 1 };",
            "read",
            "path",
        ),
        (
            REQUEST.format("const go = handlers[request.params.name]; return go(request.params.arguments);")
            + "const handlers = { async read({ path: p }) { return fs.readFile(p); } };",
            "read",
            "path",
        ),
        (
            REQUEST.format("return handlers[request.params.name](request.params.arguments);")
            + "async function read(args) { return fs.readFile(args.path); } const handlers = { read };",
            "read",
            "path",
        ),
        (
            "class Read extends MCPTool { name = 'read'; schema = { path: { type: z.string() } };"
            " async execute(input) { return fs.readFile(input.path); } }",
            "read",
            "path",
        ),
    ],
)
def test_tools_in_every_form(code: str, tool_name: str, parameter: str) -> None:
    found = path_use(code)
    assert (found.tool, found.parameter, found.use, found.containment) == (
        tool_name,
        parameter,
        "fs.readFile",
        "none",
    ) or (found.use == "fs.rm" and found.containment == "none")


@pytest.mark.parametrize(
    "code",
    [
        REQUEST.format("return fs.readFile(TABLE[request.params.name]);"),
        REQUEST.format("return fs.readFile(request.params._meta.file);"),
        "server.setRequestHandler(ListToolsRequestSchema, async (request) => fs.readFile(request.params.cursor));",
        "app.get('/file', (req) => fs.readFile(req.query.path));",
        "async function read(args) { return fs.readFile(args.path); }",
        "server.tool('x', (args) => import('./x.js'));",
    ],
)
def test_what_is_no_argument_of_a_tool_is_not_followed(code: str) -> None:
    assert not observed(code).paths


@pytest.mark.parametrize(
    ("body", "use", "kind", "whole"),
    [
        ("exec(args.command);", "child_process.exec", "shell", True),
        ("exec(`git log ${args.command}`);", "child_process.exec", "shell", False),
        ("execSync('ls ' + args.command, { cwd: '/' });", "child_process.execSync", "shell", False),
        ("await run(`ls ${args.command.trim()}`);", "child_process.exec", "shell", False),
        ("const c = ['ls', args.command].join(' '); exec(c);", "child_process.exec", "shell", False),
        ("spawn(args.command, { shell: true });", "child_process.spawn", "shell", True),
        ("spawn('git', ['log', args.command], { shell: true });", "child_process.spawn", "shell", True),
        ("spawn('sh', ['-c', args.command]);", "child_process.spawn", "shell", True),
        ("spawn('/bin/bash', ['-lc', `cd / && ${args.command}`]);", "child_process.spawn", "shell", False),
        ("execFile('powershell.exe', ['-Command', args.command]);", "child_process.execFile", "shell", True),
        ("spawn(args.command, args.rest);", "child_process.spawn", "program", True),
        (
            "const [program, ...rest] = args.command.split(' '); spawn(program, rest);",
            "child_process.spawn",
            "program",
            True,
        ),
        ("return eval(args.command);", "eval", "evaluated", True),
        ("return new Function('x', args.command)(1);", "Function", "evaluated", True),
        ("import vm from 'vm'; vm.runInNewContext(args.command);", "vm.runInNewContext", "evaluated", True),
    ],
)
def test_an_argument_that_a_shell_runs(body: str, use: str, kind: str, whole: bool) -> None:
    code = body.split("; ", 1)[1] if body.startswith("import") else body
    head = "import vm from 'vm';" if body.startswith("import") else ""
    found = commands(head + tool(code, "{ command: z.string(), rest: z.array(z.string()) }"))
    assert [(each.use, each.kind, each.parameter) for each in found] == [(use, kind, "command")]
    assert found[0].whole is whole or "sh" in code


@pytest.mark.parametrize(
    ("shape", "body"),
    [
        ("{ command: z.string() }", "execFile('git', ['log', args.command]);"),
        ("{ command: z.string() }", "spawn('git', ['log', '--', args.command], { shell: false });"),
        ("{ command: z.string() }", "spawn('sh', ['-c', 'echo \"$1\"', 'sh', args.command]);"),
        ("{ command: z.string() }", "exec('git status', { cwd: args.command });"),
        ("{ command: z.string() }", "exec(quote(args.command));"),
        ("{ command: z.string() }", "if (!/^[a-z]+$/.test(args.command)) throw 1; exec(`git ${args.command}`);"),
        ("{ command: z.string() }", "if (!ALLOWED.includes(args.command)) throw 1; exec(args.command);"),
        ("{ command: z.string() }", "if (args.command === 'start') exec(`svc ${args.command}`);"),
        ("{ command: z.string() }", "const c = COMMANDS[args.command]; exec(c);"),
        ("{ command: z.string() }", "exec(`kill ${Number(args.command)}`);"),
        ("{ command: z.number() }", "exec(`kill ${args.command}`);"),
        ("{ command: z.number().int().min(1) }", "exec(`kill ${args.command}`);"),
        ("{ command: z.enum(['a', 'b']) }", "exec(`svc ${args.command}`);"),
        ("{ command: z.boolean().optional() }", "exec(`svc ${args.command}`);"),
        ("{ command: z.string().regex(/^[a-z]+$/) }", "exec(`svc ${args.command}`);"),
        ("{ command: z.string().uuid() }", "exec(`svc ${args.command}`);"),
        ("{ command: z.string().refine(isSafe) }", "exec(`svc ${args.command}`);"),
        ("imported", "exec(`kill ${args.pid}`);"),
        ("{ command: z.string() }", "conn.exec(args.command);"),
        ("{ command: z.string() }", "/re/.exec(args.command);"),
    ],
)
def test_a_command_that_an_argument_cannot_change(shape: str, body: str) -> None:
    assert not [each for each in commands(tool(body, shape)) if each.kind != "program"]


def test_typed_sources_and_compiled_ones_give_the_same() -> None:
    typed = observed(
        "interface A { path: string }\nserver.tool('read', { path: z.string() },"
        " async (args: A): Promise<R> => { const p = args.path as string; return fs.readFile(p!, 'utf8'); });",
        "/srv/index.ts",
    )
    framework = observed(
        "class Read extends MCPTool<Input> { name = 'read';"
        " async execute(input: Input) { return fs.readFile(input.path); } }",
        "/srv/read.ts",
    )
    assert [each.tool for each in framework.paths] == ["read"]
    compiled = analyse(
        "/srv/index.js",
        b'"use strict"; const promises_1 = __importDefault(require("fs/promises"));\n'
        b"server.tool('read', { path: zod_1.z.string() }, async (args) => {\n"
        b"const p = args.path; return promises_1.default.readFile(p, 'utf8'); });",
    ).observations
    for found in (typed.paths, compiled.paths):
        assert [(each.use, each.containment) for each in found] == [("fs.readFile", "none")]


def test_uses_that_are_not_understood_are_told_once_for_each_argument() -> None:
    found = observed(
        tool(
            "const p = await validatePath(args.path); await fs.readFile(p); await fs.writeFile(p, ''); await fs.rm(p);"
        )
    ).paths
    assert [each.containment for each in found] == ["unknown"]


@pytest.mark.parametrize(
    "code",
    [
        tool("return readNote(args.path);"),
        tool("const { path: p } = args; return notes.read(`${p}.md`);"),
        tool("return new Notes().read(args.path);"),
        tool("const notes = new Notes(); return notes.read(args.path);"),
        "const notes = new Notes(); " + tool("return notes.read(args.path);"),
        "server.tool('read', { path: z.string() }, readNote);",
        "server.registerTool('read', { inputSchema: {} }, notes.read);",
        "const tools = [{ name: 'read', inputSchema: {}, handler: readNote }];",
        "server.setRequestHandler(CallToolRequestSchema, readNote);",
        REQUEST.format("switch (request.params.name) { case 'read': return readNote(request.params.arguments); }"),
        "server.setRequestHandler(CallToolRequestSchema, wrapped(async (request) => fs.readFile(request.params.x)));",
        "const go = wrapped((args) => fs.readFile(args.path)); server.tool('read', { path: z.string() }, go);",
        REQUEST.format("const { name, arguments: args } = request.params; return call(name, args);"),
    ],
)
@pytest.mark.parametrize(
    "imported",
    [
        "import readNote, { Notes, call } from './notes.js'; import * as notes from '../lib/notes.js';",
        "const { readNote, Notes, call } = require('./notes'); const notes = require('../lib/notes.js');",
        "import { readNote, Notes, call } from '@/notes'; import notes from '#notes';",
    ],
)
def test_arguments_that_go_into_other_files_are_told(imported: str, code: str) -> None:
    if "const notes = new" in code:
        imported = (
            imported.replace("as notes", "as others").replace("notes =", "others =").replace("t notes", "t others")
        )
    (gap,) = analyse("/srv/index.mjs", (IMPORTS + imported + code).encode()).gaps
    assert gap.facet == "tools" and gap.what == "/srv/index.mjs" and "other files" in gap.why


@pytest.mark.parametrize(
    "code",
    [
        tool("return fs.readFile(args.path);"),
        tool("return readNote();"),
        tool("return readNote(config.path);"),
        tool("logger.info(args.path); log.debug('asked for', args); return 1;"),
        tool("const { path: p } = Schema.parse(args); return p.length;"),
        "const other = (p) => readNote(p); other('/etc');",
    ],
)
def test_what_stays_in_the_file_is_no_gap(code: str) -> None:
    imported = "import { readNote, Schema, logger, log } from './notes.js';"
    assert not analyse("/srv/index.mjs", (IMPORTS + imported + code).encode()).gaps
