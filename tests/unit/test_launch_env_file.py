"""A launcher that reads a file of variables and becomes the server hides nothing of what it starts."""

from __future__ import annotations

import pytest

from workbench.launch import understand

HOME, FILE = "/home/dev", "/home/dev/.config/workbench/secrets/files-0a1b2c3d.env"
SCRIPT = '. "$0" && export API_KEY DB_PASSWORD && exec "$@"'
COMMANDS = [
    ("npx", "-y", "@modelcontextprotocol/server-filesystem@2025.8.21", "/srv/data"),
    ("uvx", "--from", "mcp-server-git==2025.1.14", "mcp-server-git"),
    ("node", "/srv/index.js"),
    ("docker", "run", "-i", "--rm", "-e", "API_KEY", "ghcr.io/acme/server:1.0.0", "stdio"),
    ("sudo", "-u", "mcp", "node", "/srv/index.js"),
    ("/bin/sh", "-c", 'umask 077; exec "$@"', "sh", "npx", "-y", "some-server@1.2.3"),
    ("/bin/sh", "-c", SCRIPT, FILE, "npx", "-y", "some-server@1.2.3"),
]


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("shell", ["/bin/sh", "bash"])
def test_the_launch_behind_it_is_the_same_and_stays_editable(shell: str, command: tuple[str, ...]) -> None:
    plain = understand(command, HOME)
    through = understand((shell, "-c", SCRIPT, FILE, *command), HOME)
    assert (through.program, through.arguments) == (plain.program, plain.arguments)
    assert (through.understood, through.account, through.script) == (plain.understood, plain.account, plain.script)
    assert [each.kind for each in through.abilities] == [each.kind for each in plain.abilities]
    assert through.wrappers[1:] == plain.wrappers
    assert [each.name for each in through.environment][:2] == ["API_KEY", "DB_PASSWORD"]
    for one, other in ((plain.package, through.package), (plain.image, through.image)):
        assert (one is None) == (other is None)
        if one is not None and other is not None:
            assert one.name == other.name and one.text == other.text
            # Four words further on, and still one value that can be edited.
            assert one.argument is not None and other.argument == one.argument + 4
    assert [root.argument for root in through.roots] == [root.argument + 4 for root in plain.roots]
