"""Programs and packages that run another server in turn, such as ``supergateway``, ``mcp-remote`` and ``tsx``."""

from __future__ import annotations

from collections.abc import Sequence

from workbench.launch.interpreters import examine_mcp, examine_node
from workbench.launch.run import Examine, Run
from workbench.launch.shells import split_command
from workbench.launch.words import ASSIGNMENT, Word, arity, basename, names_set, read_options

# Those of the PyPI package and of the npm package of the same name.
_PROXY = arity(
    "--verify-ssl --no-verify-ssl --pass-environment --no-pass-environment --debug --no-debug --stateless"
    " --no-stateless --shell --gracefulShutdown",
    "--transport --client-id --client-secret --token-url --cwd --log-level --named-server-config --port -p --host"
    " --sse-port --sse-host --allow-origin --expose-header --endpoint --sseEndpoint --streamEndpoint --server --apiKey"
    " --requestTimeout --connectionTimeout --tunnel --tunnelSubdomain --sslCa --sslCert --sslKey",
    {"-H": 2, "--headers": 2, "-e": 2, "--env": 2, "--named-server": 2},
)
_GATEWAY = arity(
    "--stateful --help --version",
    "--stdio --sse --streamableHttp --outputTransport --port --baseUrl --ssePath --messagePath --streamableHttpPath"
    " --logLevel --healthEndpoint --header --oauth2Bearer --sessionTimeout --protocolVersion",
)
_REMOTE = arity(
    "--allow-http --debug --enable-proxy --ignore-tool-annotations",
    "--header --transport --host --static-oauth-client-metadata --static-oauth-client-info --resource --ignore-tool"
    " --auth-timeout",
)
_SMITHERY = arity("-y --yes --verbose --debug", "--config --key --profile --client -c")
_INSPECTOR = arity("--cli", "-e --config --server --transport --server-url --method --tool-name --tool-arg --header")
_CROSS_ENV = arity()


def _examine_proxy(words: Sequence[Word]) -> Run | None:
    """``mcp-proxy [options] command arguments``, or a URL."""
    options = read_options(words[1:], _PROXY)
    sets = tuple(
        option.values[0] for option in options.given if option.name in ("-e", "--env") and len(option.values) == 2
    )
    if not options.rest:
        return Run(environment=sets, understood=options.understood and not options.has("--named-server"))
    if _is_address(options.rest[0]):
        return Run(remote=options.rest[0], understood=options.understood)
    return Run(
        inner=options.rest,
        wrapper=basename(words[0].text),
        environment=sets,
        directory=options.value("--cwd"),
        understood=options.understood,
    )


def _examine_gateway(words: Sequence[Word]) -> Run | None:
    """``supergateway --stdio "command"``, ``--sse URL``, ``--streamableHttp URL``."""
    plain = [word for word in words[1:] if word.text != "--cors" and not word.text.startswith("--cors=")]
    options = read_options(plain, _GATEWAY)
    command = options.value("--stdio")
    if command is None:
        remote = options.value("--streamableHttp", "--sse")
        return Run(remote=remote, understood=remote is not None or (options.understood and not options.rest))
    split = split_command(command.text)
    if split is None:
        return Run(understood=False)
    return Run(
        inner=split.as_words(command),
        wrapper=basename(words[0].text),
        environment=tuple(command.part(name) for name in split.names),
        directory=command.part(split.directory) if split.directory else None,
    )


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


def _is_address(word: Word) -> bool:
    return word.text.startswith(("http://", "https://"))


# By the name of the program, and of the package where that is another one.
BRIDGES: dict[str, Examine] = {
    "mcp-proxy": _examine_proxy,
    "supergateway": _examine_gateway,
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
