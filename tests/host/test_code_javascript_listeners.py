"""Listeners on unix sockets in JavaScript: where they listen, what narrows their mode, whom they let in."""

from __future__ import annotations

import pytest

from workbench.host.code.javascript import analyse
from workbench.model.code import UnixListener

IMPORTS = """
import net from 'node:net';
import fs, { mkdtempSync, unlinkSync } from 'fs';
import * as path from 'path';
import os, { tmpdir } from 'os';
import { randomUUID } from 'crypto';
"""
HANDLER = "(socket) => { socket.on('data', (data) => answer(data)); }"


def listeners(code: str, name: str = "/srv/server.mjs") -> tuple[UnixListener, ...]:
    analysis = analyse(name, code.encode())
    assert not analysis.gaps
    return analysis.observations.listeners


def listener(code: str) -> UnixListener:
    found = listeners(IMPORTS + code)
    assert len(found) == 1, found
    return found[0]


@pytest.mark.parametrize(
    ("address", "kind", "text", "unless"),
    [
        ("'/tmp/mcp-server.sock'", "fixed", "/tmp/mcp-server.sock", ""),
        ("`/tmp/mcp.sock`", "fixed", "/tmp/mcp.sock", ""),
        ("{ path: '/run/mcp.sock', backlog: 4 }", "fixed", "/run/mcp.sock", ""),
        ("path.join(os.tmpdir(), 'mcp.sock')", "fixed", "/tmp/mcp.sock", ""),
        ("path.join(tmpdir(), 'mcp', `server.sock`)", "fixed", "/tmp/mcp/server.sock", ""),
        ("os.tmpdir() + '/mcp.sock'", "fixed", "/tmp/mcp.sock", ""),
        ("path.join(os.homedir(), '.mcp', 'mcp.sock')", "fixed", "~/.mcp/mcp.sock", ""),
        ("`/tmp/mcp-${process.pid}.sock`", "partly fixed", "/tmp/mcp-", ""),
        ("'/tmp/mcp-' + os.userInfo().username + '.sock'", "partly fixed", "/tmp/mcp-", ""),
        ("`/tmp/mcp-${serviceName}.sock`", "partly fixed", "/tmp/mcp-", ""),
        ("process.env.MCP_SOCKET || '/tmp/mcp.sock'", "fixed", "/tmp/mcp.sock", "MCP_SOCKET"),
        ("process.env['MCP_SOCKET'] ?? '/tmp/mcp.sock'", "fixed", "/tmp/mcp.sock", "MCP_SOCKET"),
        (
            "path.join(process.env.XDG_RUNTIME_DIR || '/tmp', 'mcp.sock')",
            "fixed",
            "/tmp/mcp.sock",
            "XDG_RUNTIME_DIR",
        ),
        (
            "process.env.XDG_RUNTIME_DIR ? `${process.env.XDG_RUNTIME_DIR}/mcp.sock` : '/tmp/mcp.sock'",
            "fixed",
            "/tmp/mcp.sock",
            "XDG_RUNTIME_DIR",
        ),
        ("process.platform === 'win32' ? '\\\\\\\\.\\\\pipe\\\\mcp' : '/tmp/mcp.sock'", "fixed", "/tmp/mcp.sock", ""),
        ("path.join(process.env.XDG_RUNTIME_DIR, 'mcp.sock')", "private folder", "", ""),
        ("path.join(mkdtempSync(path.join(os.tmpdir(), 'mcp-')), 'server.sock')", "private folder", "", ""),
        ("path.join(await fs.promises.mkdtemp('/tmp/mcp-'), 'server.sock')", "private folder", "", ""),
        ("`/tmp/mcp-${randomUUID()}.sock`", "random", "", ""),
        ("'\\0mcp-server'", "abstract", "mcp-server", ""),
        ("'\\x00mcp-server-' + process.pid", "abstract", "mcp-server-", ""),
        ("'\\u0000mcp'", "abstract", "mcp", ""),
        ("process.env.MCP_SOCKET_PATH && { path: process.env.MCP_SOCKET_PATH }", None, "", ""),
        ("{ path: process.env.MCP_SOCKET_PATH }", "unknown", "", ""),
        ("config.socketPath", "unknown", "", ""),
        # Ports, hosts and pipes of Windows are no unix sockets.
        ("3000", None, "", ""),
        ("process.env.PORT || 3000", None, "", ""),
        ("port, '127.0.0.1'", None, "", ""),
        ("{ port: 3000, host: 'localhost' }", None, "", ""),
        ("'\\\\\\\\.\\\\pipe\\\\mcp'", None, "", ""),
        ("{ fd: 3 }", None, "", ""),
    ],
)
def test_an_address_is_told_as_far_as_the_code_tells_it(address: str, kind: str | None, text: str, unless: str) -> None:
    found = listeners(f"{IMPORTS}\nconst server = net.createServer({HANDLER});\nserver.listen({address});\n")
    assert [(each.kind, each.address, each.unless) for each in found] == ([(kind, text, unless)] if kind else [])


@pytest.mark.parametrize(
    "code",
    [
        "const P = '/tmp/a.sock'; net.createServer(h).listen(P, () => {});",
        "const P = '/tmp/a.sock'; const s = net.createServer(h); s.on('error', report); s.listen({ path: P });",
        "const s = new net.Server(h); const at = '/tmp/a.sock'; s.listen(at);",
        "let s = null; s = net.createServer(h); s.listen('/tmp/a.sock');",
        "class A { constructor() { this.at = '/tmp/a.sock'; } go() { this.s ="
        " net.createServer(h); this.s.listen(this.at); } }",
        "class A { s = null; at = '/tmp/a.sock'; go() { this.s = net.createServer(h); this.s.listen(this.at); } }",
        "import http from 'http'; http.createServer(app).listen('/tmp/a.sock');",
        "import express from 'express'; const app = express(); app.listen('/tmp/a.sock');",
        "function place() { return path.join(os.tmpdir(), 'a.sock'); } net.createServer(h).listen(place());",
        "function start(at = '/tmp/a.sock') { net.createServer(h).listen(at); }",
    ],
)
def test_a_listener_is_found_by_whatever_name_it_has(code: str) -> None:
    assert listener(code).address == "/tmp/a.sock"


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("a.cjs", "const net = require('net'); net.createServer(h).listen('/tmp/a.sock');"),
        ("a.cjs", "const { createServer: make } = require('node:net'); make(h).listen('/tmp/a.sock');"),
        (
            "dist/index.js",
            "const net_1 = __importDefault(require('net')); net_1.default.createServer(h).listen('/tmp/a.sock');",
        ),
        ("dist/index.js", "const net = __importStar(require('net')); net.createServer(h).listen('/tmp/a.sock');"),
        (
            "b.js",
            "var import_net = __toESM(require('node:net')); (0, import_net.createServer)(h).listen('/tmp/a.sock');",
        ),
        (
            "b.js",
            "var net_ = __webpack_require__('node:net'); (0, net_['default'].createServer)(h).listen('/tmp/a.sock');",
        ),
        (
            "b.js",
            "var net_ = __webpack_require__('net'); var net_default = __webpack_require__.n(net_);"
            " net_default().createServer(h).listen('/tmp/a.sock');",
        ),
        ("b.mjs", "const { createServer } = await import('node:net'); createServer(h).listen('/tmp/a.sock');"),
        (
            "c.ts",
            "import net = require('net'); const s: net.Server ="
            " net.createServer(h); s!.listen('/tmp/a.sock' as string);",
        ),
        (
            "c.ts",
            "import * as net from 'net'; class A { private s?: net.Server; go(): void { this.s ="
            " net.createServer(h); this.s?.listen('/tmp/a.sock'); } }",
        ),
        (
            "c.mts",
            "import { createServer, type Socket } from 'net'; createServer((s:"
            " Socket) => {}).listen(<string>'/tmp/a.sock');",
        ),
        (
            "c.tsx",
            "import { createServer } from 'net'; const a = <div/>;"
            " createServer(h).listen('/tmp/a.sock' satisfies string);",
        ),
    ],
)
def test_modules_of_every_kind_and_what_compilers_make_of_them(name: str, code: str) -> None:
    assert [each.address for each in listeners(code, name)] == ["/tmp/a.sock"]


@pytest.mark.parametrize(
    "code",
    [
        "import { createServer } from './server.js'; const server = createServer(); server.listen(3000);",
        "const server = createServer(); server.connect(transport);",
        "history.listen('/home');",
        "import { createServer } from './factory.js'; createServer().listen(socketPath);",
    ],
)
def test_what_only_looks_like_a_listener_is_none(code: str) -> None:
    assert not listeners(code)


@pytest.mark.parametrize(
    ("before", "options", "after", "restriction", "line"),
    [
        ("", "", "", "none", None),
        ("process.umask(0o177);", "", "", "umask", 7),
        ("process.umask(0o077);", "", "", "umask", 7),
        ("const old = process.umask(0o177);", "", "process.umask(old);", "umask", 7),
        # Given back before it listens, it narrows nothing.
        ("const old = process.umask(0o177); process.umask(old);", "", "", "none", None),
        ("process.umask(0);", "", "", "widened", 7),
        ("process.umask(configured);", "", "", "unknown", 7),
        ("", "", "fs.chmodSync(P, 0o600);", "chmod after", 12),
        ("", "", "fs.chmod(P, 384, () => {});", "chmod after", 12),
        ("", "", "await fs.promises.chmod(P, 0o600);", "chmod after", 12),
        ("", "", "fs.chmodSync(P, 0o777);", "widened", 12),
        ("", "", "fs.chmodSync(P, 0o666);", "widened", 12),
        ("", "", "fs.chmodSync(LOG, 0o777);", "none", None),
        ("", ", writableAll: true", "", "widened", 10),
        ("", ", readableAll: false, writableAll: false", "", "none", None),
        ("fs.mkdirSync('/tmp/mcp', { mode: 0o700 });", "", "", "private folder", None),
        ("fs.mkdirSync(path.dirname(P), { recursive: true, mode: 0o700 });", "", "", "private folder", None),
        ("fs.mkdirSync('/tmp/mcp', { mode: 0o755 });", "", "", "none", None),
        ("fs.mkdirSync('/tmp/mcp');", "", "", "none", None),
        ("function narrow() { process.umask(0o077); } narrow();", "", "", "unknown", None),
    ],
)
def test_what_narrows_the_mode(before: str, options: str, after: str, restriction: str, line: int | None) -> None:
    found = listener(
        f"{before}\nconst P = '/tmp/mcp/a.sock';\nconst server = net.createServer({HANDLER});\n"
        f"server.listen({{ path: P{options} }});\n\n{after}\n"
    )
    assert (found.restriction, found.restricted_at) == (restriction, line)
    # A folder with a mode of its own keeps others out; that its name can be guessed stays so.
    assert (found.kind, found.address) == ("fixed", "/tmp/mcp/a.sock")


def test_a_chmod_in_the_callback_of_listen_leaves_a_window() -> None:
    found = listener("const P = '/tmp/a.sock';\nnet.createServer(h).listen(P, () => {\n  fs.chmodSync(P, 0o600);\n});")
    assert (found.restriction, found.restricted_at) == ("chmod after", 9)


def test_a_umask_that_is_restored_in_the_callback_was_set_when_the_socket_was_made() -> None:
    found = listener(
        "const old = process.umask(0o177);\nnet.createServer(h).listen('/tmp/a.sock', () => { process.umask(old); });"
    )
    assert found.restriction == "umask"


@pytest.mark.parametrize(
    ("code", "line"),
    [
        ("fs.unlinkSync(P);\nserver.listen(P);", 9),
        ("try { unlinkSync(P); } catch {}\nserver.listen(P);", 9),
        ("if (fs.existsSync(P)) {\n  fs.rmSync(P, { force: true });\n}\nserver.listen(P);", 10),
        ("fs.unlink(P, () => server.listen(P));", 9),
        ("await fs.promises.unlink(P).catch(() => {});\nserver.listen({ path: P });", 9),
        ("server.listen(P);\nprocess.on('exit', () => fs.unlinkSync(P));", None),
        ("process.on('exit', () => fs.unlinkSync(P));\nserver.listen(P);", None),
        ("fs.unlinkSync('/tmp/other.sock');\nserver.listen(P);", None),
        ("server.listen(P);", None),
    ],
)
def test_a_file_that_is_removed_just_before(code: str, line: int | None) -> None:
    found = listener(f"const P = '/tmp/a.sock';\nconst server = net.createServer(h);\n{code}")
    assert found.unlinked_at == line


@pytest.mark.parametrize(
    ("handler", "peers"),
    [
        (HANDLER, "not read"),
        ("(s) => { clients.add(s); s.pipe(s); s.on('close', () => clients.delete(s)); }", "not read"),
        (
            "(s) => { const { uid } = getPeerCredentials(s._handle.fd); if (uid !== process.getuid()) s.destroy(); }",
            "compared",
        ),
        (
            "(s) => { const who = native.getsockopt(s._handle.fd, 1, 17); if (!ALLOWED.has(who.uid)) return s.end(); }",
            "compared",
        ),
        ("(s) => { if (peercred(s).uid !== 1000) { s.destroy(); } }", "compared"),
        (
            "(s) => { const { uid, pid } = getPeerCredentials(s._handle.fd);"
            " console.log(`from ${uid} ${pid}`); s.pipe(s); }",
            "not compared",
        ),
        ("(s) => { getPeerCredentials(s._handle.fd); s.pipe(s); }", "not compared"),
        # What becomes of the connection stands elsewhere: it may be asked there.
        ("(s) => { authorize(s); }", "unknown"),
        ("handler", "unknown"),
        ("({ _handle }) => { look(_handle.fd); }", "unknown"),
    ],
)
def test_whether_the_peer_is_asked_for(handler: str, peers: str) -> None:
    found = listener(f"const server = net.createServer({handler});\nserver.listen('/tmp/a.sock');")
    assert found.peers == peers


def test_a_site_names_the_functions_around_it() -> None:
    found = listener("class Bridge {\n  start() {\n    net.createServer(h).listen('/tmp/a.sock');\n  }\n}")
    assert (found.site.path, found.site.line, found.site.column) == ("/srv/server.mjs", 9, 5)
    assert found.site.inside == "Bridge.start"
