import net from 'net';
import os from 'os';

// SO_PEERCRED via binding to @grpc/grpc-js or native addons is the standard approach.
// For pure Node.js, use the 'unix-dgram' package or a native binding.
// Here we show the pattern with a native binding that exposes getsockopt:

import { getPeerCredentials } from './native/peercred.node'; // native addon

const ALLOWED_UID = process.getuid();  // only our own UID can connect

const server = net.createServer((socket) => {
  // Get the peer's credentials from the kernel immediately on connection
  const fd = socket._handle?.fd;
  if (fd == null) {
    socket.destroy();
    return;
  }

  const { uid, gid, pid } = getPeerCredentials(fd);

  // Enforce: only processes owned by the same UID as the MCP server
  if (uid !== ALLOWED_UID) {
    console.warn(`Rejected connection from uid=${uid} pid=${pid} (expected uid=${ALLOWED_UID})`);
    socket.destroy();
    return;
  }

  // Optionally: also validate that pid matches a known child process PID
  if (!knownChildPids.has(pid)) {
    console.warn(`Rejected connection from unknown pid=${pid}`);
    socket.destroy();
    return;
  }

  socket.on('data', (data) => handleRequest(data, { uid, pid }));
});

server.listen("/run/mcp/server.sock");
