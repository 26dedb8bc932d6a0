import { mkdtempSync, unlinkSync, rmdirSync } from 'fs';
import { join } from 'path';
import os from 'os';
import net from 'net';

// VULNERABLE: predictable path in /tmp — guessable, pre-creatable
const BAD_PATH = '/tmp/mcp-server.sock';

// SAFE option 1: process-private tmpdir created with mkdtemp
// mkdtemp creates a directory with a random suffix and mode 0700 (private)
const socketDir = mkdtempSync(join(os.tmpdir(), 'mcp-'));
const SOCKET_PATH = join(socketDir, 'server.sock');

// socketDir is something like /tmp/mcp-a3fK9q/ and is only accessible to this UID
// No other process can predict or pre-create the path

const server = net.createServer(handler);
server.listen(SOCKET_PATH, () => {
  fs.chmodSync(SOCKET_PATH, 0o600);
  console.log('Listening on private socket:', SOCKET_PATH);
});

// Clean up on exit
process.on('exit', () => {
  try { unlinkSync(SOCKET_PATH); } catch {}
  try { rmdirSync(socketDir); } catch {}
});

// SAFE option 2: abstract namespace socket (Linux only)
// \0 prefix = abstract namespace, no filesystem file, no permissions issue
const ABSTRACT_PATH = '\0mcp-server-' + process.pid;
const abstractServer = net.createServer(handler);
abstractServer.listen(ABSTRACT_PATH);
// No cleanup needed on exit — kernel removes it automatically when process exits

const badServer = net.createServer(handler);
badServer.listen(BAD_PATH);
