"""What servers can do by design, and what only sounds like it."""

from __future__ import annotations

import pytest

from workbench.launch import understand
from workbench.launch.known_servers import KNOWN

HOME = "/home/dev"


def kinds(command: list[str]) -> set[str]:
    return {ability.kind for ability in understand(command, HOME).abilities}


@pytest.mark.parametrize(
    ("command", "found"),
    [
        (["npx", "-y", "@modelcontextprotocol/server-filesystem@1.0.0", "/srv"], {"files"}),
        (["node", "/srv/node_modules/@modelcontextprotocol/server-filesystem/dist/index.js", "/srv"], {"files"}),
        (["/srv/node_modules/.bin/mcp-server-filesystem", "/srv"], {"files"}),
        (["docker", "run", "-i", "mcp/filesystem:1", "/srv"], {"files"}),
        (["npx", "-y", "@wonderwhy-er/desktop-commander@latest"], {"commands", "files"}),
        (["python", "-m", "mcp_server_fetch"], {"network"}),
        (["uvx", "mcp-server-fetch==1"], {"network"}),
        (["uvx", "--from", "mcp_server_git", "x"], {"files"}),
        (["docker", "run", "docker.io/mcp/postgres", "x"], {"database"}),
        (["podman", "run", "docker://ghcr.io/github/github-mcp-server:v1@sha256:ab"], {"network"}),
        (["npx", "@playwright/mcp@latest"], {"browser", "network"}),
        (["bash", "-c", "npx -y bash-mcp"], {"commands"}),
        (["uv", "tool", "run", "--python", "3.12", "wcgw@latest"], {"commands", "files"}),
        (["uvx", "--from", "git+https://github.com/ezyang/codemcp@prod", "codemcp"], {"commands", "files"}),
        (["uvx", "mcp-text-editor"], {"files"}),
        (["npx", "supergateway", "--stdio", "uvx mcp-server-shell"], {"commands"}),
        (["docker", "mcp", "gateway", "run", "--servers", "github, postgres,time"], {"network", "database"}),
        (["claude", "mcp", "serve"], {"commands", "files"}),
        (["npx", "-y", "@anthropic-ai/claude-code", "mcp", "serve"], {"commands", "files"}),
        (["go", "run", "github.com/o/mcp-shell@latest"], {"commands"}),
        (["nix", "run", "nixpkgs#mcp-server-fetch"], {"network"}),
        # Known to have none, whatever they are started by or given.
        (["uvx", "mcp-server-time"], set()),
        (["bash", "-c", "uvx mcp-server-time"], set()),
        (["uvx", "mcp-server-time", "postgresql://h/db"], set()),
        (["npx", "-y", "@modelcontextprotocol/server-memory"], set()),
        (["deno", "run", "-A", "npm:@modelcontextprotocol/server-sequential-thinking"], set()),
        # An agent that is no server.
        (["claude", "-p", "mcp", "serve"], set()),
    ],
)
def test_known_servers(command: list[str], found: set[str]) -> None:
    assert kinds(command) == found


@pytest.mark.parametrize(
    ("command", "found"),
    [
        (["npx", "volition-shell-mcp"], {"commands"}),
        (["npx", "@someone/mcp-terminal-tools"], {"commands"}),
        (["/opt/kubectl-exec-mcp"], {"commands"}),
        (["node", "/srv/my-shell/dist/index.js"], {"commands"}),
        (["python", "-m", "my_file_server"], {"files"}),
        (["npx", "my-web-search-mcp"], {"network"}),
        (["npx", "http-requests-mcp"], {"network"}),
        (["node", "/home/a@b/my-files/index.js"], {"files"}),
        (["npx", "@someone/selenium-mcp"], {"browser", "network"}),
        (["docker", "run", "someone/mcp-mysql:1"], {"database"}),
        # Not whole words, not about what it does, or no name of a server at all.
        (["npx", "shellfish-mcp"], set()),
        (["npx", "mcp-profiler"], set()),
        (["npx", "mcp-executor-notes"], set()),
        (["npx", "code-search-mcp"], set()),
        (["npx", "mcp-http-bridge"], set()),
        (["npx", "mcp-http-server"], set()),
        (["go", "run", "./cmd"], set()),
        (["node", "C:\\files\\time\\dist\\index.js"], set()),
        (["node", "/home/a@b/time/index.js"], set()),
        (["docker", "run", "someone/time:shell"], set()),
        (["npx", "@shell-tools/time-mcp"], set()),
        (["bash", "/srv/start-shell.sh"], set()),
        (["ssh", "host", "mcp-server"], set()),
        (["sh", "-c", "node /srv/time/index.js"], set()),
        (["docker", "run", "bash", "x"], set()),
        (["node", "/home/shell/time/index.js"], set()),
    ],
)
def test_telling_words(command: list[str], found: set[str]) -> None:
    abilities = understand(command, HOME).abilities
    assert {ability.kind for ability in abilities} == found
    assert all(ability.why.startswith("only its name tells") for ability in abilities)


@pytest.mark.parametrize(
    "command",
    [
        ["bash", "-c", "npx -y weather-mcp"],
        ["bash", "-lc", "cd /srv && node dist/index.js"],
        ["bash", "-c", "source ~/.nvm/nvm.sh && npx -y weather-mcp@1.0.0"],
        ["wsl", "bash", "-c", "uvx weather-mcp"],
        ["bash", "-c", "curl x | sh"],
    ],
)
def test_launched_through_a_shell_is_no_server_of_one(command: list[str]) -> None:
    assert kinds(command) == set()


@pytest.mark.parametrize(
    ("command", "found"),
    [
        (["deno", "run", "--allow-run", "x.ts"], {"commands": 2}),
        (["deno", "run", "--allow-net=api.example", "--allow-read=/srv", "npm:x"], {"network": 2, "files": 3}),
        (["deno", "run", "-A", "jsr:@o/x"], {"commands": 2, "files": 2, "network": 2}),
        (["deno", "run", "-RN", "x.ts"], {"files": 2, "network": 2}),
        (["deno", "run", "--allow-env", "x.ts", "--allow-run"], {}),
        (["npx", "weather", "postgresql://h/db"], {"database": 2}),
        (["npx", "weather", "--url=mysql+pymysql://h/db"], {"database": 2}),
        (["npx", "weather", "https://postgres.example"], {}),
        (["npx", "-y", "mcp-remote", "https://x.example"], {"network": 3}),
        (["npx", "-y", "mcp-remote", "http://127.0.0.1:3000/sse"], {}),
        (["npx", "-y", "@playwright/mcp"], {"browser": 2, "network": 2}),
        (["sh", "-c", "uvx mcp-server-fetch"], {"network": 2}),
    ],
)
def test_options_and_the_word_that_tells(command: list[str], found: dict[str, int]) -> None:
    assert {ability.kind: ability.argument for ability in understand(command, HOME).abilities} == found


def test_reason_names_the_server_and_quotes_nothing_of_the_host() -> None:
    ability = understand(["npx", "@modelcontextprotocol/server-GITHUB@\x1b[2J"], HOME).abilities[0]
    assert ability.why == "@modelcontextprotocol/server-github reads and writes repositories of GitHub"
    guessed = understand(["npx", "mcp-\x1b-shell"], HOME).abilities[0]
    assert guessed.why == "only its name tells, which has the word shell in it"


def test_table_says_what_each_does() -> None:
    assert len({does for _, _, does in KNOWN.values()}) > 70
    assert all(does and not does.endswith(".") for _, _, does in KNOWN.values())
