"""Programs and packages that run another server in turn, such as ``supergateway``, ``mcp-remote`` and ``tsx``."""

from __future__ import annotations

import re
from collections.abc import Sequence

from workbench.launch.interpreters import examine_mcp, examine_node
from workbench.launch.run import Examine, Run
from workbench.launch.shells import split_command
from workbench.launch.words import ASSIGNMENT, Word, arity, basename, names_set, read_options

# Those of the PyPI package and of the npm package of the same name, which also takes ``--apiKey`` as ``--api-key``.
# Not --verify-ssl: whether the next word is its value cannot be told from the command that may follow it.
_PROXY_VALUED = (
    "--transport --client-id --client-secret --token-url --username --password --cwd --log-level --named-server-config"
    " --port -p --host --sse-port --sse-host --allow-origin --expose-header --endpoint --sseEndpoint --streamEndpoint"
    " --server --apiKey --requestTimeout --connectionTimeout --corsAddAllowedHeader --eventStoreMaxEvents"
    " --gracefulShutdownTimeout --keepAliveTimeout --maxBodySize --sessionIdleTimeout --tunnelSubdomain --sslCa"
    " --sslCert --sslKey --upstreamProtocol"
)
_PROXY = arity(
    "--no-verify-ssl --digest --pass-environment --no-pass-environment --debug --no-debug --stateless --no-stateless"
    " --shell --eventStore --event-store --modern --tunnel",
    f"{_PROXY_VALUED} {re.sub('[A-Z]', lambda letter: f'-{letter.group().lower()}', _PROXY_VALUED)}",
    {"-H": 2, "--headers": 2, "-e": 2, "--env": 2, "--named-server": 2},
)
_REMOTE = arity(
    "--allow-http --debug --silent --enable-proxy --disable-resource-parameter --disable-cookies --device-code"
    " --client-credentials --use-id-token --keep-alive",
    "--header --header-file --transport --host --protocol --resource --static-oauth-client-metadata"
    " --static-oauth-client-info --client-metadata-url --token-endpoint --callback-path --authorize-param"
    " --auth-success-url --auth-timeout --ping-interval --connect-timeout --headers-timeout --body-timeout"
    " --ignore-tool",
)
_SMITHERY = arity("-y --yes --verbose --debug", "--config --key --profile --client -c")
_INSPECTOR = arity("--cli", "-e --config --server --transport --server-url --method --tool-name --tool-arg --header")


def _examine_proxy(words: Sequence[Word]) -> Run | None:
    """``mcp-proxy [options] command arguments``, or a URL."""
    options = read_options(words[1:], _PROXY)
    sets = tuple(
        option.values[0] for option in options.given if option.name in ("-e", "--env") and len(option.values) == 2
    )
    # Further servers are started by commands of their own, which are not followed.
    alone = options.understood and not options.has("--named-server", "--named-server-config")
    if not options.rest:
        return Run(environment=sets, understood=alone)
    if _is_address(options.rest[0]):
        return Run(remote=options.rest[0], understood=alone)
    return Run(
        inner=options.rest,
        wrapper=basename(words[0].text),
        environment=sets,
        directory=options.value("--cwd"),
        understood=alone,
    )


def _examine_gateway(words: Sequence[Word]) -> Run | None:
    """``supergateway --stdio "command"``, ``--sse URL``, ``--streamableHttp URL``."""
    # It takes its options in any order, and some of them take any number of words.
    command = _option(words, "--stdio")
    if command is None:
        remote = _option(words, "--streamableHttp", "--streamable-http", "--sse")
        return Run(remote=remote, understood=remote is not None)
    split = split_command(command.text)
    if split is None:
        return Run(understood=False)
    return Run(
        inner=split.as_words(command),
        wrapper=basename(words[0].text),
        environment=tuple(command.part(name) for name in split.names),
        directory=command.part(split.directory) if split.directory else None,
    )


def _option(words: Sequence[Word], *names: str) -> Word | None:
    for place, word in enumerate(words):
        name, equals, value = word.text.partition("=")
        if name in names:
            return word.attached(value) if equals else words[place + 1] if place + 1 < len(words) else None
    return None


def _examine_remote(words: Sequence[Word]) -> Run | None:
    """``mcp-remote URL [port] [options]``."""
    options = read_options(words[1:], _REMOTE)
    if not options.rest:
        return None
    return Run(remote=options.rest[0], understood=options.understood)


def _examine_smithery(words: Sequence[Word]) -> Run | None:
    """``smithery run SERVER``: a name in a registry of its own."""
    options = read_options(words[1:], _SMITHERY)
    if len(options.rest) < 2 or options.rest[0].text != "run":
        return None
    later = read_options(options.rest[1:], _SMITHERY)
    if not later.rest:
        return None
    server = later.rest[0]
    return Run((server,), remote=server.part(f"smithery:{server.text}"))


def _examine_inspector(words: Sequence[Word]) -> Run | None:
    """``mcp-inspector [options] command arguments``."""
    options = read_options(words[1:], _INSPECTOR)
    sets = names_set(options.all("-e"))
    if not options.rest:
        remote = options.value("--server-url")
        return Run(remote=remote, understood=options.understood) if remote is not None else None
    if _is_address(options.rest[0]):
        return Run(remote=options.rest[0], understood=options.understood)
    return Run(inner=options.rest, wrapper=basename(words[0].text), environment=sets, understood=options.understood)


def _examine_cross_env(words: Sequence[Word]) -> Run | None:
    """``cross-env A=b command``."""
    start = 1
    while start < len(words) and ASSIGNMENT.match(words[start].text):
        start += 1
    if start >= len(words):
        return None
    inner = tuple(words[start:])
    return Run(inner=inner, wrapper="cross-env", environment=names_set(words[1:start]))


def _examine_dashes(words: Sequence[Word]) -> Run | None:
    """``dotenv -e .env -- command``."""
    at = next((place for place, word in enumerate(words) if word.text == "--"), len(words))
    return Run(inner=tuple(words[at + 1 :]), wrapper=basename(words[0].text)) if at + 1 < len(words) else None


def _examine_mcpo(words: Sequence[Word]) -> Run | None:
    """``mcpo [options] -- command``, or a URL in its place."""
    at = next((place for place, word in enumerate(words) if word.text == "--"), len(words))
    after = words[at + 1 :]
    return Run(remote=after[0]) if after and _is_address(after[0]) else _examine_dashes(words)


def _is_address(word: Word) -> bool:
    return word.text.startswith(("http://", "https://"))


# By the name of the program, and of the package where that is another one.
BRIDGES: dict[str, Examine] = {
    "mcp-proxy": _examine_proxy,
    "supergateway": _examine_gateway,
    "mcpo": _examine_mcpo,
    "mcp-remote": _examine_remote,
    "@smithery/cli": _examine_smithery,
    "smithery": _examine_smithery,
    "mcp-inspector": _examine_inspector,
    "@modelcontextprotocol/inspector": _examine_inspector,
    "cross-env": _examine_cross_env,
    "dotenv": _examine_dashes,
    "dotenv-cli": _examine_dashes,
    "tsx": examine_node,
    "ts-node": examine_node,
    "mcp": examine_mcp,
    "fastmcp": examine_mcp,
}
