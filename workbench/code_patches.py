"""The corrected code for each kind of flaw in a server's code, as text to copy, by language."""

from __future__ import annotations

PYTHON = {
    "schema": '''from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError


class Request(BaseModel):
    """All that another process may ask for. What is not written here is refused."""

    model_config = ConfigDict(extra="forbid")
    method: Literal["search", "count"]
    words: str


def understood(line: bytes) -> Request | None:
    try:
        return Request.model_validate_json(line)
    except ValidationError:
        return None  # and close the connection, or end the child


ACTIONS = {"search": search, "count": count}  # never getattr() or globals() with a name that was sent
''',
    "contained": '''from pathlib import Path

ROOT = Path("/srv/workspace").resolve()


def contained(asked: str) -> Path:
    """The path that was asked for, with every link followed. Raises PermissionError outside of the folder."""
    real = (ROOT / asked).resolve()
    if not real.is_relative_to(ROOT):
        raise PermissionError("outside of the workspace")
    return real
''',
    "command": """import subprocess

# The program itself, a list of words, no shell; "--" ends its options, so that what follows is never one.
subprocess.run(["grep", "-r", "--", {parameter}, "."], check=False, capture_output=True)
""",
    "evaluated": """import ast

value = ast.literal_eval({parameter})  # numbers, texts, lists and the like, and nothing that is called
""",
    "program": """PROGRAMS = {"list": "/usr/bin/ls", "count": "/usr/bin/wc"}
subprocess.run([PROGRAMS[{parameter}]], check=False)  # a KeyError for every other name
""",
    "private": '''import os
import tempfile


def private_folder() -> str:
    """A folder of mode 0700 that nobody else can have made before."""
    return tempfile.mkdtemp(prefix="mcp-", dir=os.environ.get("XDG_RUNTIME_DIR"))


path = os.path.join(private_folder(), "server.sock")  # tell it to the client
before = os.umask(0o177)
try:
    server = await asyncio.start_unix_server(serve, path)
finally:
    os.umask(before)  # the socket is made inside of the call: restore it at once
''',
    "peer": '''import os
import socket
import struct


def is_own(connection: socket.socket) -> bool:
    """Whether the account at the other end is the server's own. Linux."""
    size = struct.calcsize("3i")
    pid, uid, gid = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size))
    return uid == os.getuid()


async def serve(reader, writer):
    if not is_own(writer.get_extra_info("socket")):
        writer.close()  # before anything is read
        return
''',
    "secret": """# The secret stays in the parent. The child asks for the deed:
request = connection.recv_bytes()
answer = call_service(Request.model_validate_json(request), token=token)
connection.send_bytes(answer)
""",
    "data": """import json

message = json.loads(line)          # data, and nothing that is called; then a schema
settings = yaml.safe_load(text)     # in the place of yaml.load
""",
}
SCRIPT = {
    "schema": """import { z } from "zod";

const Message = z.discriminatedUnion("type", [
  z.object({ type: z.literal("result"), id: z.string().uuid(), ms: z.number().int().nonnegative() }).strict(),
  z.object({ type: z.literal("error"), text: z.string().max(500) }).strict(),
]);
const actions = new Map([["result", store], ["error", report]]);   // never object[name]

child.on("message", (raw) => {
  const read = Message.safeParse(raw);
  if (!read.success) {
    child.kill();
    return;
  }
  actions.get(read.data.type)?.(read.data);
});
""",
    "contained": """import fs from "node:fs";
import path from "node:path";

const root = fs.realpathSync("/srv/workspace");

// path.resolve only tidies the text; realpath follows the links. A new file: give the folder that it will be in.
function contained(asked) {
  const real = fs.realpathSync(path.join(root, asked));
  const inside = path.relative(root, real);
  if (inside === ".." || inside.startsWith(".." + path.sep) || path.isAbsolute(inside)) {
    throw new Error("outside of the workspace");
  }
  return real;
}
""",
    "command": """import { execFile } from "node:child_process";

// The program itself, a list of words, no shell; "--" ends its options, so that what follows is never one.
execFile("grep", ["-r", "--", {parameter}, "."], (error, out) => done(error, out));
""",
    "evaluated": """const value = JSON.parse({parameter});   // data, and nothing that is called
""",
    "program": """const programs = new Map([["list", "/usr/bin/ls"], ["count", "/usr/bin/wc"]]);
const program = programs.get({parameter});
if (program === undefined) throw new Error("no such program");
execFile(program, [], done);
""",
    "private": """import fs from "node:fs";
import os from "node:os";
import path from "node:path";

// A folder of mode 0700 that nobody else can have made before; tell its path to the client.
const folder = fs.mkdtempSync(path.join(process.env.XDG_RUNTIME_DIR ?? os.tmpdir(), "mcp-"));
const socket = path.join(folder, "server.sock");
const before = process.umask(0o177);
server.listen(socket);
process.umask(before);   // the socket is made inside of listen(): restore it on the next line, not in a callback

for (const signal of ["SIGTERM", "SIGINT"]) {
  process.once(signal, () => {
    fs.rmSync(folder, { recursive: true, force: true });
    process.exit(0);
  });
}
""",
    "peer": """import fs from "node:fs";
import os from "node:os";
import path from "node:path";

// Node.js has no call for the account at the other end of a socket. A folder that is yours alone is the check: the
// kernel refuses everybody else before your code runs.
const folder = fs.mkdtempSync(path.join(process.env.XDG_RUNTIME_DIR ?? os.tmpdir(), "mcp-"));
server.listen(path.join(folder, "server.sock"));
""",
    "secret": """// The secret stays in the parent. The child asks for the deed:
child.on("message", async (raw) => {
  const request = Request.parse(raw);
  child.send({ id: request.id, answer: await callService(request, token) });
});
""",
    "data": """const message = JSON.parse(line);   // data, and nothing that is called; then a schema
""",
}
