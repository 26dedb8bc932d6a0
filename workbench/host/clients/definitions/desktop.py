"""Applications of the desktop that are neither an editor nor Claude Desktop."""

from __future__ import annotations

from workbench.host.clients.definitions.model import MCP_SERVERS, Client

DESKTOP: tuple[Client, ...] = (
    Client(
        "lm-studio",
        "LM Studio",
        "json",
        servers=MCP_SERVERS,
        user=("~/.lmstudio/mcp.json", "~/.cache/lm-studio/mcp.json"),
    ),
    Client(
        "docker-mcp",
        "Docker MCP Toolkit",
        "yaml",
        servers=(("registry",),),
        layout="docker",
        user=("~/.docker/mcp/registry.yaml",),
    ),
    Client(
        "docker-mcp",
        "Docker MCP Toolkit",
        "yaml",
        user=("~/.docker/mcp/config.yaml",),
        secrets=((),),
        settings=True,
    ),
)
