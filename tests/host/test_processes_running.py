"""Which client applications run, by the program or the package they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import pytest

from workbench.host.processes.running import clients
from workbench.host.processes.table import Gone, Table


class Processes:
    """Processes of account 1000, but for those that ended meanwhile."""

    def __init__(self, ended: int = 0) -> None:
        self.ended = ended

    def uids(self, pid: int) -> tuple[int, int]:
        if pid == self.ended:
            raise Gone
        return 1000, 1000


def running(commands: Mapping[int, bytes], **more: Any) -> tuple[tuple[str, int], ...]:
    return clients(cast("Table", Processes(**more)), commands)


@pytest.mark.parametrize(
    ("command", "client"),
    [
        (b"/usr/bin/claude-desktop\0--no-sandbox\0", "claude-desktop"),
        (b"/opt/Cursor/cursor --type=renderer", "cursor"),
        (b"claude\0", "claude"),
        (b"/usr/share/code/code\0--ms-enable-electron-run-as-node\0", "code"),
        (b"node\0/usr/lib/node_modules/@anthropic-ai/claude-code/cli.js\0", "claude"),
        (b"LM-Studio\0", "lm-studio"),
        (b"C:\\Apps\\Cursor.exe\0", "cursor"),
    ],
)
def test_known_applications(command: bytes, client: str) -> None:
    assert running({7: command, 8: command}) == ((client, 1000),)


@pytest.mark.parametrize(
    "command",
    [
        b"",
        b"\0",
        b"vim\0/home/dev/.cursor/mcp.json\0",
        b"grep\0claude\0",
        b"/usr/bin/claude-desktop-helper\0",
        b"\xff\xfe\0cursor",
        b"vim\0/usr/lib/node_modules/@anthropic-ai/claude-code/README.md\0",
        b"npm\0i\0@anthropic-ai/claude-code\0",
        b"a" * 100_000,
    ],
)
def test_what_only_mentions_one_is_none(command: bytes) -> None:
    assert running({7: command}) == ()


def test_one_that_ended_meanwhile() -> None:
    assert running({7: b"cursor\0", 8: b"zed\0"}, ended=7) == (("zed", 1000),)
