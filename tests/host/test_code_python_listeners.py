"""Where code listens on a unix socket, and whom that lets in."""

from __future__ import annotations

from textwrap import indent

import pytest

from tests.host.code import read
from workbench.model.code import AddressKind, PeerCheck, Restriction, UnixListener

HEAD = """
import argparse, asyncio, getpass, logging, os, socket, socketserver, stat, struct, tempfile, uuid
import uvicorn
from pathlib import Path
PATH = "/tmp/mcp.sock"
"""


def listeners(body: str) -> tuple[UnixListener, ...]:
    return read(f"{HEAD}async def main(path='/tmp/default.sock'):\n{indent(body.strip(), '    ')}\n").listeners


def listener(body: str) -> UnixListener:
    (found,) = listeners(body)
    return found


@pytest.mark.parametrize(
    ("address", "kind", "text", "unless"),
    [
        ("'/tmp/mcp.sock'", "fixed", "/tmp/mcp.sock", ""),
        ("PATH", "fixed", "/tmp/mcp.sock", ""),
        ("str(Path(PATH))", "fixed", "/tmp/mcp.sock", ""),
        ("path", "fixed", "/tmp/default.sock", "the argument path"),
        ("os.path.join(tempfile.gettempdir(), 'mcp.sock')", "fixed", "/tmp/mcp.sock", ""),
        ("Path('/tmp') / 'mcp' / 'x.sock'", "fixed", "/tmp/mcp/x.sock", ""),
        ("os.environ.get('MCP_SOCKET', '/tmp/mcp.sock')", "fixed", "/tmp/mcp.sock", "MCP_SOCKET"),
        ("os.getenv('MCP_SOCKET') or '/tmp/mcp.sock'", "fixed", "/tmp/mcp.sock", "MCP_SOCKET"),
        ("os.environ.get('XDG_RUNTIME_DIR', '/tmp') + '/mcp.sock'", "fixed", "/tmp/mcp.sock", "XDG_RUNTIME_DIR"),
        ("f'/tmp/mcp-{os.getpid()}.sock'", "partly fixed", "/tmp/mcp-", ""),
        ("'/tmp/mcp-%d.sock' % os.getpid()", "partly fixed", "/tmp/mcp-", ""),
        ("'/tmp/mcp-{}.sock'.format(getpass.getuser())", "partly fixed", "/tmp/mcp-", ""),
        ("f'/tmp/mcp-{uuid.uuid4()}.sock'", "random", "/tmp/mcp-", ""),
        ("os.path.join(tempfile.mkdtemp(), 'mcp.sock')", "private folder", "", ""),
        ("f'{tempfile.mkdtemp(prefix=\"mcp-\")}/mcp.sock'", "private folder", "", ""),
        ("os.path.join(os.environ['XDG_RUNTIME_DIR'], 'mcp.sock')", "private folder", "", ""),
        ("os.path.expanduser('~/.mcp/mcp.sock')", "fixed", "~/.mcp/mcp.sock", ""),
        ("'\\0mcp-server'", "abstract", "mcp-server", ""),
        ("b'\\0mcp-server'", "abstract", "mcp-server", ""),
        ("settings.socket", "unknown", "", ""),
        ("read_config()['socket']", "unknown", "", ""),
        ("os.environ['MCP_SOCKET']", "unknown", "", ""),
    ],
)
def test_where_a_socket_is(address: str, kind: AddressKind, text: str, unless: str) -> None:
    found = listener(f"await asyncio.start_unix_server(serve, path={address})")
    assert (found.kind, found.address, found.unless) == (kind, text, unless)


def test_the_default_of_an_option_is_where_it_is() -> None:
    found = listener(
        "parser = argparse.ArgumentParser()\nparser.add_argument('--socket-path', default='/tmp/o.sock')\n"
        "args = parser.parse_args()\nawait asyncio.start_unix_server(serve, args.socket_path)"
    )
    assert (found.kind, found.address, found.unless) == ("fixed", "/tmp/o.sock", "--socket-path")


def test_a_folder_that_goes_away_again_is_private() -> None:
    found = listener(
        "with tempfile.TemporaryDirectory() as folder:\n    await asyncio.start_unix_server(serve, f'{folder}/s')"
    )
    assert (found.kind, found.restriction) == ("private folder", "private folder")


UNIX = "s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)\n"


@pytest.mark.parametrize(
    ("restriction", "body"),
    [
        ("none", "await asyncio.start_unix_server(serve, PATH)"),
        ("none", UNIX + "s.bind(PATH)\ns.listen()"),
        ("none", "os.umask(0o077)\n" * 0 + "await asyncio.start_unix_server(serve, PATH)\nos.chmod(OTHER, 0o600)"),
        ("umask", "os.umask(0o077)\nawait asyncio.start_unix_server(serve, PATH)"),
        ("umask", "before = os.umask(0o177)\nawait asyncio.start_unix_server(serve, PATH)\nos.umask(before)"),
        ("umask", "os.umask(0o022)\nawait asyncio.start_unix_server(serve, PATH)"),
        ("widened", "os.umask(0)\nawait asyncio.start_unix_server(serve, PATH)"),
        ("widened", "await asyncio.start_unix_server(serve, PATH)\nos.chmod(PATH, 0o666)"),
        ("widened", "uvicorn.run(app, uds=PATH)"),
        ("widened", UNIX + "where = self.uds\nmode = 0o666\ns.bind(where)\nos.chmod(self.uds, mode)"),
        ("chmod after", "await asyncio.start_unix_server(serve, PATH)\nos.chmod(PATH, 0o600)"),
        ("chmod after", "await asyncio.start_unix_server(serve, PATH)\nPath(PATH).chmod(stat.S_IRUSR | stat.S_IWUSR)"),
        ("chmod after", UNIX + "s.bind(PATH)\ns.listen()\nos.chmod(PATH, 0o600)"),
        ("chmod before", UNIX + "s.bind(PATH)\nos.chmod(PATH, 0o600)\ns.listen()"),
        ("chmod before", UNIX + "os.fchmod(s.fileno(), 0o600)\ns.bind(PATH)\ns.listen()"),
        ("private folder", "os.makedirs('/tmp/mcp', mode=0o700)\nawait asyncio.start_unix_server(serve, '/tmp/mcp/s')"),
        ("none", "os.makedirs('/tmp/mcp')\nawait asyncio.start_unix_server(serve, '/tmp/mcp/s')"),
        ("private folder", "await asyncio.start_unix_server(serve, tempfile.mkdtemp() + '/s')"),
    ],
)
def test_what_narrows_its_mode(restriction: Restriction, body: str) -> None:
    assert listener(body).restriction == restriction


def test_what_another_function_narrows_may_come_before() -> None:
    code = (
        HEAD
        + "async def main():\n    await asyncio.start_unix_server(serve, PATH)\ndef start():\n    os.umask(0o077)\n"
    )
    assert read(code).listeners[0].restriction == "unknown"


def test_what_another_listener_does_for_itself_is_not_for_this_one() -> None:
    code = (
        HEAD + "async def bad():\n    await asyncio.start_unix_server(serve, PATH)\n"
        "async def good():\n    os.umask(0o077)\n    await asyncio.start_unix_server(serve, OTHER)\n"
    )
    assert [each.restriction for each in read(code).listeners] == ["none", "umask"]


@pytest.mark.parametrize(
    ("removed", "body"),
    [
        (True, "os.unlink(PATH)\nawait asyncio.start_unix_server(serve, PATH)"),
        (True, "try:\n    os.remove(PATH)\nexcept OSError:\n    pass\n" + UNIX + "s.bind(PATH)"),
        (True, "if os.path.exists('/tmp/mcp.sock'):\n    os.unlink('/tmp/mcp.sock')\n" + UNIX + "s.bind(PATH)"),
        (True, "Path(PATH).unlink(missing_ok=True)\n" + UNIX + "s.bind(PATH)"),
        (False, "os.unlink(OTHER)\n" + UNIX + "s.bind(PATH)"),
        (False, UNIX + "s.bind(PATH)\ns.listen()\nos.unlink(PATH)"),
    ],
)
def test_whether_its_file_is_removed_before(removed: bool, body: str) -> None:
    assert (listener(body).unlinked_at is not None) == removed


PEER = "creds = c.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)\npid, uid, gid = struct.unpack('3i', creds)\n"


@pytest.mark.parametrize(
    ("peers", "then"),
    [
        ("not read", "c.recv(10)"),
        ("compared", PEER + "if uid != os.getuid():\n    c.close()"),
        ("compared", PEER.replace("socket.SO_PEERCRED", "17") + "if uid not in ALLOWED:\n    c.close()"),
        ("not compared", PEER + "logging.info('%s', uid)"),
        ("not compared", PEER),
        ("unknown", PEER + "authorise(uid)"),
        ("unknown", PEER + "return uid"),
        ("not read", "c.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4)"),
    ],
)
def test_whether_who_connects_is_looked_at(peers: PeerCheck, then: str) -> None:
    found = listener(UNIX + "s.bind(PATH)\ns.listen()\nc, _ = s.accept()\n" + then)
    assert found.peers == peers


@pytest.mark.parametrize(
    "body",
    [
        "server = socketserver.UnixStreamServer(PATH, Handler)",
        "server = socketserver.ThreadingUnixStreamServer(PATH, Handler)",
        "await loop.create_unix_server(Protocol, PATH)",
        "listener = multiprocessing.connection.Listener(PATH, 'AF_UNIX')",
    ],
)
def test_every_way_to_listen_is_known(body: str) -> None:
    assert listener("import multiprocessing.connection\n" + body).address == "/tmp/mcp.sock"


@pytest.mark.parametrize(
    "body",
    [
        "s = socket.socket(socket.AF_INET)\ns.bind(('127.0.0.1', 80))",
        "s = socket.socket(socket.AF_UNIX)\nif tcp:\n    s = socket.socket(family)\n    s.bind((host, port))",
        "await asyncio.start_server(serve, '127.0.0.1', 80)",
        "s = socket.fromfd(3, socket.AF_UNIX, socket.SOCK_STREAM)\ns.listen()",
        "await asyncio.start_unix_server(serve, sock=given)",
        UNIX + "s.connect(PATH)",
        "event.bind(PATH)",
        "await asyncio.open_unix_connection(PATH)",
        "'''See start_unix_server(serve, \"/tmp/ts.sock\").'''",
    ],
)
def test_what_listens_on_no_path_is_none(body: str) -> None:
    assert listeners(body) == ()
