import net from 'net';
import fs from 'fs';

const SOCKET_PATH = '/tmp/mcp-server.sock';

// VULNERABLE: socket created with default umask permissions
// Resulting file mode is 0755 or worse — any local user can connect
const server = net.createServer((socket) => {
  socket.on('data', (data) => handleRequest(data));
});
server.listen(SOCKET_PATH);

// SAFE: set restrictive permissions immediately after socket creation
// Remove any existing stale socket first
try { fs.unlinkSync(SOCKET_PATH); } catch {}

const safeServer = net.createServer((socket) => {
  // Still need peer credential validation here (see below)
  socket.on('data', (data) => handleRequest(data));
});

safeServer.listen(SOCKET_PATH, () => {
  // chmod to 0600 immediately after listen() creates the file
  // Owner: read+write. Group: none. Others: none.
  fs.chmodSync(SOCKET_PATH, 0o600);
  console.log('MCP IPC socket listening at', SOCKET_PATH);
});

// Even better: set umask before creating the server so the file
// is created with restrictive permissions from the start
const oldUmask = process.umask(0o177);  // creates files with max 0600
const strictServer = net.createServer(handler);
strictServer.listen(SOCKET_PATH, () => {
  process.umask(oldUmask);  // restore umask after socket is created
});
