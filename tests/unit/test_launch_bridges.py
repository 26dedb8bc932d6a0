"""Packages and programs that run another server in turn, and packages that are fetched besides."""

from __future__ import annotations

import pytest

from workbench.launch import understand

HOME = "/home/dev"


@pytest.mark.parametrize(
    ("command", "package", "inner"),
    [
        (["npx", "-y", "supergateway", "--stdio", "npx -y p@1.0.0 /srv"], "supergateway", [("p", "exact", None)]),
        (["npx", "-y", "supergateway@3", "--port", "1", "--stdio", "uvx p"], "supergateway", [("p", "none", None)]),
        (["uvx", "mcp-proxy", "--port", "1", "--", "uvx", "p==1"], "mcp-proxy", [("p", "exact", 6)]),
        (["uvx", "mcp-proxy", "-e", "A", "b", "npx", "p"], "mcp-proxy", [("p", "none", 6)]),
        (["npx", "-y", "@modelcontextprotocol/inspector", "npx", "p"], "@modelcontextprotocol/inspector",
         [("p", "none", 4)]),
        (["npx", "-y", "dotenv-cli", "-e", ".env", "--", "npx", "p@1.0.0"], "dotenv-cli", [("p", "exact", 7)]),
        (["npx", "cross-env", "A=b", "npx", "p"], "cross-env", [("p", "none", 4)]),
        (["npx", "supergateway", "--stdio", "npx supergateway --stdio 'npx p'"], "supergateway",
         [("supergateway", "none", None), ("p", "none", None)]),
        (["npx", "-p", "a@1.0.0", "-p", "b", "bin"], "b", [("a", "exact", 2)]),
        (["uvx", "--with", "a", "--with", "b>=1,<2,c==1", "p==1"], "p",
         [("a", "none", 2), ("b", "range", None), ("c", "exact", None)]),
        (["uvx", "--with", "a>=1,<2", "p"], "p", [("a", "range", 2)]),
        (["uv", "run", "--with", "a", "--with", "b", "x.py"], "a", [("b", "none", 5)]),
        (["uv", "run", "--with", "a", "npx", "p"], "a", [("p", "none", 5)]),
        (["fastmcp", "run", "x.py", "--with", "a"], "a", []),
        (["fastmcp", "run", "x.py", "--", "--with", "a"], None, []),
        (["npx", "supergateway", "--header", "A: b", "C: d", "--cors", "--stdio", "npx p"], "supergateway",
         [("p", "none", None)]),
        (["npx", "mcp-proxy", "--port", "1", "--tunnel", "--api-key", "k", "npx", "p"], "mcp-proxy",
         [("p", "none", 8)]),
        (["fastmcp", "run", "--with", "a", "x.py"], "a", []),
        (["npx", "supergateway", "--stdio", "/opt/server"], "supergateway", []),
        (["npx", "supergateway", "--stdio", "docker run -i img"], "supergateway", []),
        (["npx", "p", "--stdio", "npx q"], "p", []),
        (["uvx", "mcpo", "--port", "8000", "--api-key", "k", "--", "uvx", "p==1"], "mcpo", [("p", "exact", 8)]),
        (["uvx", "mcpo", "--port", "8000", "--config", "/srv/c.json"], "mcpo", []),
        (["mcpo", "--port", "8000", "--", "uvx", "p"], "p", []),
        (["python", "-m", "mcpo", "--", "uvx", "p"], "p", []),
        (["python3", "-m", "mcp_proxy", "--host", "0.0.0.0", "uvx", "p"], "p", []),
    ],
)  # fmt: skip
def test_packages_besides(command: list[str], package: str | None, inner: list[tuple[str, str, int | None]]) -> None:
    launch = understand(command, HOME)
    assert (launch.package.name if launch.package is not None else None) == package
    assert [(each.name, each.pin, each.argument) for each in launch.inner] == inner
    assert launch.understood


@pytest.mark.parametrize(
    ("script", "arguments", "abilities", "roots", "remote"),
    [
        ("supergateway/dist/index.js", ["--stdio", "npx -y @modelcontextprotocol/server-filesystem /srv"], {"files"},
         ["/srv"], ""),
        (".bin/supergateway", ["--stdio", "uvx mcp-shell-server", "--port", "1"], {"commands"}, [], ""),
        ("mcp-remote/dist/proxy.js", ["http://10.0.0.5:8080/sse", "--allow-http"], {"network"}, [],
         "http://10.0.0.5:8080/sse"),
        (".bin/mcp-remote", ["https://mcp.example.com/sse"], {"network"}, [], "https://mcp.example.com/sse"),
        ("@modelcontextprotocol/inspector/cli/build/cli.js", ["npx", "mcp-shell-server"], {"commands"}, [], ""),
        # A server's own script, and one that only has such a name.
        ("@modelcontextprotocol/server-filesystem/dist/index.js", ["/srv"], {"files"}, ["/srv"], ""),
        ("other/mcp-remote/proxy.js", ["https://mcp.example.com/sse"], set(), [], ""),
        ("mcp-remote", ["https://mcp.example.com/sse"], set(), [], ""),
    ],
)  # fmt: skip
@pytest.mark.parametrize("folder", ["/usr/lib/node_modules", "C:\\Users\\a\\node_modules"])
def test_a_bridge_that_is_installed_is_one_too(
    folder: str, script: str, arguments: list[str], abilities: set[str], roots: list[str], remote: str
) -> None:
    path = f"{folder}/{script}" if folder.startswith("/") else f"{folder}\\{script}".replace("/", "\\")
    launch = understand(["node", path, *arguments], HOME)
    assert {ability.kind for ability in launch.abilities} == abilities
    assert [root.path for root in launch.roots] == roots
    assert (launch.remote, launch.program, launch.script) == (remote, "node", path)
    assert launch.understood


def test_runner_of_a_bridge_stays_the_program_and_is_not_confined_by_what_is_inside() -> None:
    launch = understand(["npx", "supergateway", "--stdio", "sudo -u mcp docker run -v /srv:/x mcp/filesystem"], HOME)
    assert (launch.program, launch.wrappers, launch.sandbox, launch.account) == ("npx", (), "", "")
    assert launch.image is not None
    assert launch.image.text == "mcp/filesystem"
    assert [root.path for root in launch.roots] == ["/srv"]


@pytest.mark.parametrize(
    ("command", "wrapper", "program"),
    [
        (["mcp-proxy", "--transport", "sse", "npx", "p"], "mcp-proxy", "npx"),
        (["supergateway", "--stdio", "npx p"], "supergateway", "npx"),
        (["cross-env", "A=b", "npx", "p"], "cross-env", "npx"),
        (["mise", "exec", "node@22", "--", "npx", "p"], "mise exec", "npx"),
        (["mise", "x", "-c", "npx p"], "mise x", "npx"),
        (["mise", "-C", "/srv", "exec", "--command=npx p"], "mise exec", "npx"),
        (["poetry", "--directory", "/srv", "run", "npx", "p"], "poetry run", "npx"),
    ],
)
def test_one_that_is_installed_comes_off(command: list[str], wrapper: str, program: str) -> None:
    launch = understand(command, HOME)
    assert (launch.wrappers, launch.program, launch.understood) == ((wrapper,), program, True)
    assert launch.package is not None
    assert launch.package.name == "p"


@pytest.mark.parametrize(
    ("command", "remote", "place"),
    [
        (["npx", "-y", "mcp-remote", "https://x.example/sse", "8080"], "https://x.example/sse", 3),
        (["npx", "mcp-remote@0.1.0", "https://x.example", "--header", "A: b"], "https://x.example", 2),
        (["mcp-remote", "--allow-http", "http://x.example"], "http://x.example", 2),
        (["npx", "mcp-remote", "--header", "A: b", "http://x.example"], "http://x.example", 4),
        (["uvx", "mcp-proxy", "http://x.example/sse"], "http://x.example/sse", 2),
        (["npx", "supergateway", "--sse", "https://x.example"], "https://x.example", 3),
        (["npx", "supergateway", "--streamableHttp=https://x.example"], "https://x.example", 2),
        (["fastmcp", "run", "https://x.example"], "https://x.example", 2),
        (["npx", "-y", "@smithery/cli@1.0.0", "run", "@o/server", "--key", "k"], "smithery:@o/server", None),
        (["npx", "mcp-remote"], "", None),
        (["npx", "p", "https://x.example"], "", None),
    ],
)
def test_what_it_connects_to(command: list[str], remote: str, place: int | None) -> None:
    launch = understand(command, HOME)
    assert (launch.remote, launch.remote_argument) == (remote, place)


def test_secret_in_the_address_is_redacted() -> None:
    launch = understand(["npx", "mcp-remote", "https://me:Zq8rT5vW2yB9dL4k@x.example/sse"], HOME)
    assert "Zq8rT5vW2yB9dL4k" not in repr(launch)
    assert launch.remote.endswith("@x.example/sse")


def test_gateway_of_docker_is_no_container() -> None:
    launch = understand(["docker", "mcp", "gateway", "run", "--servers", "time", "--catalog", "x.yaml"], HOME)
    assert (launch.program, launch.arguments[:3], launch.wrappers) == ("docker", ("mcp", "gateway", "run"), ())
    assert (launch.image, launch.sandbox, launch.understood) == (None, "", True)
    assert not understand(["docker", "mcp", "gateway", "run", "--no-such-option"], HOME).understood
    inside = understand(["docker", "run", "img", "mcp", "gateway", "run", "--no-such-option"], HOME)
    assert (inside.sandbox, inside.understood) == ("docker", True)


@pytest.mark.parametrize(
    ("command", "understood"),
    [
        (["npx", "supergateway", "--stdio", "a | b"], False),
        (["npx", "supergateway", "--no-such-option", "x"], False),
        (["uvx", "mcp-proxy", "--named-server", "a", "npx p"], False),
        (["npx", "-p", "x", "--no-such-option", "-c", "p"], False),
        (["uvx", "mcp-proxy", "--no-such-option", "x", "npx", "p"], False),
        (["powershell", "-EncodedCommand", "bgBwAHgA"], False),
        (["powershell", "-e", "bgBwAHgA"], False),
        (["powershell", "-NoP", "-ex", "Bypass", "npx p"], True),
        (["pwsh", "-File", "npx", "p"], True),
        (["cmd.exe", "//c", "npx", "p"], True),
        (["python", "-m", "pipx", "run", "p"], True),
        (["python", "-m", "uv", "tool", "run", "p"], True),
    ],
)
def test_whether_it_is_understood(command: list[str], understood: bool) -> None:
    launch = understand(command, HOME)
    assert launch.understood == understood
    if understood:
        assert launch.package is not None
        assert launch.package.name == "p"


@pytest.mark.parametrize("command", [["uvx", "mcpo", "--type", "sse", "--"], ["python", "-m", "mcpo", "--"]])
def test_what_mcpo_connects_to_is_elsewhere(command: list[str]) -> None:
    launch = understand([*command, "http://mcp.example.com/sse"], HOME)
    assert launch.remote == "http://mcp.example.com/sse"
    assert {ability.kind for ability in launch.abilities} == {"network"}
