"""Places of which it is not certain that a client reads them: of interest only where they name servers."""

from __future__ import annotations

from workbench.host.clients.definitions.model import MCP_SERVERS, Client

_ANY_KEY = (*MCP_SERVERS, ("servers",), ("mcp", "servers"))


def _perhaps(identity: str, name: str, *user: str, project: tuple[str, ...] = ()) -> Client:
    return Client(identity, name, "jsonc", servers=_ANY_KEY, user=user, project=project, settings=True, confirmed=False)


UNCONFIRMED: tuple[Client, ...] = (
    _perhaps("visual-studio", "Visual Studio", "{profile}/.mcp.json", project=(".vs/mcp.json",)),
    _perhaps("copilot-xcode", "GitHub Copilot for Xcode", "{settings}/github-copilot/xcode/mcp.json"),
    _perhaps("boltai", "BoltAI", "~/.boltai/mcp.json"),
    _perhaps("sema4", "Sema4.ai Studio", "~/.sema4ai/sema4ai-studio/mcp_servers.json"),
    _perhaps("cortex", "Snowflake Cortex", "~/.snowflake/cortex/mcp.json"),
    _perhaps("tabnine", "Tabnine", "~/.tabnine/mcp_servers.json"),
    _perhaps("cody", "Cody", "~/.cody/mcp.json"),
    _perhaps("aider", "Aider", "~/.aider/mcp.json"),
    _perhaps("void", "Void", "~/.void/mcp.json"),
    _perhaps("aide", "Aide", "~/.aide/mcp.json"),
    _perhaps("pieces", "Pieces", "~/.pieces/mcp.json"),
    _perhaps("mcp-cli", "mcp-cli", "~/.mcp/config.json"),
    _perhaps("warp", "Warp", "~/.warp/mcp.json"),
    _perhaps("windsurf", "Windsurf", "~/.windsurf/mcp.json"),
    _perhaps("project", "a project's MCP file", project=("mcp.json", ".mcp.json", "mcp-config.json")),
)
