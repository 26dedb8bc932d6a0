
import * as fs from "fs";
import * as path from "path";

const WORKSPACE_ROOT = fs.realpathSync(
  process.env.MCP_WORKSPACE ?? "/var/mcp/workspace"
);

function safePath(requestedPath: string): string {
  const resolved = path.resolve(WORKSPACE_ROOT, requestedPath);
  if (!resolved.startsWith(WORKSPACE_ROOT + path.sep) && resolved !== WORKSPACE_ROOT) {
    throw new Error(
      `Access denied: ${requestedPath} resolves outside workspace root`
    );
  }
  return resolved;
}

server.tool("read_file", { path: z.string() }, async ({ path: requested }) => {
  const text = await fs.promises.readFile(safePath(requested), "utf8");
  return { content: [{ type: "text", text }] };
});
