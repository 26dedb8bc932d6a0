"""Decide whether a container runs an MCP server, and say why.

What surely says so comes first: a label made for it, the image, the command. What merely hints (the name somebody gave
the container, a variable) does not make a server of the database or the proxy that stands beside one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from workbench.host.containers.describing import environment
from workbench.host.containers.values import pairs, raw, text
from workbench.host.processes.known import is_server_package
from workbench.host.processes.programs import names_mcp_server, program_name, script_of
from workbench.launch import understand
from workbench.launch.images import normal_image, parse_image
from workbench.model.containers import ContainerFact
from workbench.secrets import shown_name
from workbench.secrets.names import words

_MARKS = {
    "io.modelcontextprotocol.server.name": "its image is published as the MCP server",
    "io.docker.server.metadata": "its image describes itself as an MCP server",
    "toolhive-name": "ToolHive started it as the MCP server",
    "docker-mcp-name": "the Docker MCP gateway started it as the MCP server",
}
# Programs that serve or wrap servers and whose names do not say so.
_KNOWN = words("fastmcp mcpo supergateway metamcp mcphub")
_EDITORS = ("devcontainer.", "vsch.", "dev.containers.")
_HELPERS = ("docker-mcp-proxy", "toolhive-auxiliary")
_EDITOR_IMAGE = re.compile(r"vsc-.+-[0-9a-f]{16,64}(?:-.*)?\Z")
_PACKAGE = re.compile(r"/(?:node_modules|site-packages|dist-packages)/((?:@[^/]+/)?[^/]+)")
_REGISTRY = re.compile(r"localhost|.*[.:].*")
# What stands beside a server and is named after it: alone its own image says what it is.
_BESIDE = words(
    "postgres postgresql pgvector timescaledb mysql mariadb mongo mongodb redis valkey memcached nginx httpd traefik"
    " caddy haproxy envoy rabbitmq kafka zookeeper nats elasticsearch opensearch kibana grafana prometheus loki minio"
    " qdrant weaviate chroma chromadb milvus neo4j clickhouse cassandra influxdb adminer pgadmin4 ollama registry vault"
    " consul etcd cloudflared squid buildkit"
)
_ENTRY = frozenset(("app", "server", "main", "mcp", "service", "web", "api"))
_VARIABLE = re.compile(
    r"(?:FAST)?MCP_(?:SERVER_)?(?:TRANSPORT(?:_[A-Z]{1,20})?|MODE)\Z|FASTMCP_[A-Z_]{1,40}\Z|MCP_SERVER_NAME\Z"
)
_PORT = re.compile(r"(?:FAST)?MCP_(?:SERVER_|HTTP_|SSE_)?PORT\Z")
_ENTRY_SCRIPT = re.compile(r"(?:docker-)?entry-?point(?:\.sh)?\Z")
_SUBCOMMANDS = frozenset(("serve", "server", "start", "run", "stdio", "gateway"))


def is_named(fact: ContainerFact, names: Sequence[str]) -> bool:
    """Whether one of these is its name, or the beginning of its id."""
    return any(name == fact.name or (len(name) >= 4 and fact.id.startswith(name)) for name in names)


def recognise(fact: ContainerFact, inspected: Any, started_by: Mapping[str, str], home: str) -> str:
    """Why a container is taken for an MCP server, in words; "" when nothing says so.

    ``started_by`` gives the entry of a client's config by the image, in its normal form, that it starts.
    """
    labels = dict(pairs(inspected, "Config", "Labels"))
    if any(name.startswith(_EDITORS) for name in labels) or _EDITOR_IMAGE.match(_last(fact.image)):
        return ""  # a place to work in; what runs in it is found as a process
    if any(name.startswith(_HELPERS) for name in labels) or fact.name.startswith("docker-mcp-proxy-"):
        return ""  # what a gateway puts beside its servers: proxies, a resolver, an inspector
    sure = _by_label(labels) or _by_image(fact) or _by_command(fact.command, home)
    if sure:
        return sure
    entry = started_by.get(normal_image(fact.image))
    if entry:
        return f"the entry {entry} starts this image"
    if _last(parse_image(fact.image).name) in _BESIDE:
        return ""
    return _by_title(labels) or _by_name(fact) or _by_variable(inspected)


def _by_label(labels: Mapping[str, Any]) -> str:
    for name, why in _MARKS.items():
        if raw(labels, name):
            # The metadata is a whole document; the others are names.
            return why if name.endswith("metadata") else f"{why} {text(labels, name)[:200]}"
    if raw(labels, "docker-mcp") == "true":
        return "the Docker MCP gateway started it"
    return "it is labelled as ToolHive's MCP server" if raw(labels, "toolhive") == "true" else ""


def _by_image(fact: ContainerFact) -> str:
    name = parse_image(fact.image).name
    parts = [part for part in name.split("/") if part]
    if len(parts) > 1 and _REGISTRY.fullmatch(parts[0]):
        parts = parts[1:]
    if parts[:1] == ["mcp"] and len(parts) == 2:
        return f"its image {name} is of the namespace mcp"
    last = _without_project(parts[-1], fact) if parts else ""
    return f"its image is named {name}" if names_mcp_server(last) or last in _KNOWN else ""


def _by_command(command: Sequence[str], home: str) -> str:
    if not command:
        return ""
    if _ENTRY_SCRIPT.match(_last(command[0])):
        command = command[1:]  # it only prepares what follows
    launch = understand(command, home)
    if launch.package is not None and is_server_package(launch.package.name):
        return f"it starts the package {launch.package.name}"
    bridge = next((wrapper for wrapper in launch.wrappers if wrapper in _KNOWN), "")
    if bridge:
        return f"it runs {bridge}"
    argv = (launch.program, *launch.arguments)
    script = script_of(argv)
    for path in (launch.program, script.text):
        installed = _PACKAGE.search(path)
        if installed and is_server_package(installed[1]):
            return f"it runs the package {installed[1]}"
    named = _last(script.text) if script.kind == "script" else script.text if script.kind == "module" else ""
    for name in (program_name(launch.program), named.removesuffix(".py").removesuffix(".js")):
        if name and (names_mcp_server(name) or name in _KNOWN):
            return f"it runs {name}"
    given = script.arguments if script.kind == "script" else launch.arguments
    if given[:1] == ("mcp-server",) or (given[:1] == ("mcp",) and given[1:2] and given[1] in _SUBCOMMANDS):
        return f"it runs {program_name(launch.program)} {given[0]}"
    return ""


def _by_title(labels: Mapping[str, Any]) -> str:
    title = text(labels, "org.opencontainers.image.title")[:200]
    return f"its image is titled {title}" if names_mcp_server(re.sub(r"\s+", "-", title.strip())) else ""


def _by_name(fact: ContainerFact) -> str:
    service, project = fact.compose_service, fact.compose_project
    if service:
        if names_mcp_server(service) or service == "mcp":
            return f"its service of the compose project {project} is named {service}"
        # The project's name is in front of all that belongs to it; only its own entry is the server.
        if names_mcp_server(project) and service in _ENTRY:
            return f"it is the service {service} of the compose project {project}"
        return ""
    return f"it is named {fact.name}" if names_mcp_server(fact.name) else ""


def _by_variable(inspected: Any) -> str:
    exposed = {inside.partition("/")[0] for inside, _ in pairs(inspected, "Config", "ExposedPorts")}
    for name, value in environment(inspected).items():
        # A client of a server has such variables too; that it offers the very port makes it the server.
        if _VARIABLE.match(name) or (_PORT.match(name) and value in exposed):
            return f"its variable {shown_name(name)} sets up an MCP server"
    return ""


def _without_project(image: str, fact: ContainerFact) -> str:
    """An image's name without that of the compose project that built it."""
    project, service = fact.compose_project, fact.compose_service
    if project and service and image in (f"{project}-{service}", f"{project}_{service}"):
        return service
    return image


def _last(path: str) -> str:
    return re.split(r"[\\/]", path)[-1]
