"""``docker mcp gateway run``: not a container, but a program that starts the servers it is told in containers."""

from __future__ import annotations

from collections.abc import Sequence

from workbench.launch.containers import GLOBAL
from workbench.launch.run import Run
from workbench.launch.words import Word, arity, read_options

# https://docs.docker.com/reference/cli/docker/mcp/gateway/run/ and the options of older releases.
_GATEWAY = arity(
    "--block-network --block-secrets --debug-dns --dry-run --enable-all-servers --log-calls --long-lived --static"
    " --verbose --verify-signatures --watch --keep --central --use-configured-catalogs --allow-unauthenticated"
    " --use-embeddings",
    "--additional-catalog --additional-config --additional-registry --additional-tools-config --catalog --config --cpus"
    " --interceptor --mcp-registry --memory --oci-ref --port --registry --secrets --servers --tools --tools-config"
    " --transport --log --session --profile --working-set --host --policy",
)


def examine_gateway(words: Sequence[Word]) -> Run | None:
    """The servers that ``docker mcp gateway run --servers a,b`` names are known as the images ``mcp/a``, ``mcp/b``."""
    before = read_options(words[1:], GLOBAL)
    if [word.text for word in before.rest[:3]] != ["mcp", "gateway", "run"]:
        return None
    options = read_options(before.rest[3:], _GATEWAY)
    servers = [value.part(name.strip()) for value in options.all("--servers") for name in value.text.split(",")]
    names = tuple(server.part(f"mcp/{server.text}") for server in servers if server.text)
    return Run(names, understood=before.understood and options.understood)
