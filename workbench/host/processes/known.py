"""Programs known by name: applications that speak MCP as a client, language servers, and the workbench itself."""

from __future__ import annotations

import re

from workbench.host.processes.programs import as_runner, names_mcp, program_name, script_of

# Applications that speak MCP as its client. Their packages need the same library as servers do.
_CLIENTS = {
    *("@anthropic-ai/claude-code", "@google/gemini-cli", "@openai/codex", "opencode-ai", "@continuedev/cli", "cline"),
    *("@sourcegraph/amp", "@qwen-code/qwen-code", "@github/copilot", "@kilocode/cli", "@augmentcode/auggie"),
    *("@charmland/crush", "@iflow-ai/iflow-cli", "promptfoo"),
}
_INSPECTOR = "@modelcontextprotocol/inspector"
OURSELVES = {"mcp-hardening-workbench", "workbench"}
"""The names of the workbench's own package and program."""

_LANGUAGE_SERVER = re.compile(r"language-?server|langserver|(?<![a-z])lsp(?![a-z])", re.I)


def is_client_package(name: str) -> bool:
    """Whether this package is an application that uses MCP servers, or the tool that inspects them."""
    return name in _CLIENTS or name == _INSPECTOR or name.startswith(f"{_INSPECTOR}-")


def is_language_server(name: str) -> bool:
    """Whether a package or script of this name serves an editor. It is driven over standard input as well."""
    return bool(_LANGUAGE_SERVER.search(name)) and not names_mcp(name)


def is_server_package(name: str) -> bool:
    """Whether a package's name says that it is an MCP server."""
    if is_client_package(name) or name in OURSELVES:
        return False
    return names_mcp(name) or name.startswith("@modelcontextprotocol/server-")


def is_ourselves(argv: tuple[str, ...]) -> bool:
    """Whether this is a workbench, or what starts one."""
    script = script_of(argv)
    if script.kind in ("script", "module") and re.split(r"[\\/]", script.text)[-1] in OURSELVES:
        return True
    runner = as_runner(argv)
    if runner is not None:
        return any(item.split("@")[0].split("=")[0] in OURSELVES for item in runner[1:])
    return program_name(argv[0]) in OURSELVES
