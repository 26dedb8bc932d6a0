"""A plan of each fix there is, made for files that are staged in a home."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests import builders
from tests.host.client_homes import TOKEN, write
from tests.plugins import startup_files
from tests.plugins.loading import get_fix, make_plan
from tests.plugins.repairing import findings, seen
from tests.repair.support import SECRET, mode, plan, written
from workbench.model.clients import EntryReference
from workbench.model.operations import CreateFile
from workbench.model.plan import Plan
from workbench.model.processes import ProcessFacts
from workbench.planning import plan as planned_by


def _of_config(fix: str, check: str, place: str, text: Any, **answers: str) -> Callable[[Path], Plan]:
    def make(home: Path) -> Plan:
        write(home / place, text(home) if callable(text) else text)
        snapshot = seen(home)
        found = next(each for each in findings(check, snapshot) if fix in each.repairs)
        made = planned_by(get_fix(fix), found, snapshot, answers)
        assert isinstance(made, Plan), made
        return made

    return make


def _of_startup(fix: str, check: str, name: str, text: str, shell: str) -> Callable[[Path], Plan]:
    def make(home: Path) -> Plan:
        write(home / name, text).chmod(0o644)
        made = startup_files.planned(fix, check, startup_files.looked_at(home, shell))
        assert isinstance(made, Plan), made
        return made

    return make


def _private_umask(home: Path) -> Plan:
    # The secret stands between the two edits.
    text = f'{{"mcpServers": {{"a": {{"command": "npx", "env": {{"API_KEY": "{SECRET}"}}, "args": ["-y", "x"]}}}}}}'
    write(home / ".cursor/mcp.json", text)
    snapshot = seen(home)
    place, entry = snapshot.clients.configs[0], snapshot.clients.configs[0].servers[0]
    server = builders.process(entry=EntryReference(place.path.asked, entry.pointer, "a"))
    running = builders.snapshot(clients=snapshot.clients, processes=ProcessFacts(builders.COMPLETE, (server,)))
    made = make_plan("sockets/private-umask", findings("processes/umask", running)[0], running)
    assert isinstance(made, Plan), made
    return made


def _no_startup_file(home: Path) -> Plan:
    made = startup_files.planned("session/private-umask", "session/umask", startup_files.looked_at(home, "/bin/zsh"))
    assert isinstance(made, Plan), made
    assert any(isinstance(operation, CreateFile) for operation in made.operations)
    return made


def new_file(home: Path, place: str = "a b/it's/new", content: str = "one\n-two %s \\ 'x'\n\nlast") -> Plan:
    return plan(CreateFile(str(home / place), content, 0o600))


def _mode_of_a_file(home: Path) -> Plan:
    return plan(mode(written(home, mode=0o666)))


def _mode_of_a_folder(home: Path) -> Plan:
    (home / "sub").mkdir()
    (home / "sub").chmod(0o2775)
    return plan(mode(home / "sub", 0o700))


def mode_of_a_socket(home: Path) -> Plan:
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(home / "mcp.sock"))
    (home / "mcp.sock").chmod(0o777)
    return plan(mode(home / "mcp.sock"))


_SECRET_ENV = {"API_KEY": SECRET}
_BROAD = "@modelcontextprotocol/server-filesystem@2025.8.21"
FIXES: dict[str, Callable[[Path], Plan]] = {
    "clients/narrow-root": _of_config(
        "clients/narrow-root",
        "clients/broad-root",
        ".cursor/mcp.json",
        lambda home: {"mcpServers": {"a": {"command": "npx", "args": ["-y", _BROAD, str(home)], "env": _SECRET_ENV}}},
    ),
    "clients/pin-version": _of_config(
        "clients/pin-version",
        "clients/unpinned-package",
        ".codex/config.toml",
        f'[mcp_servers.a]\ncommand = "npx"\nargs = ["-y", "pkg"] # mine\nenv = {{ API_KEY = "{SECRET}" }}\n',
        version="1.2.3",
    ),
    "clients/remove-server": _of_config(
        "clients/remove-server",
        "clients/shell-server",
        ".claude.json",
        {"mcpServers": {"a": {"command": "npx", "args": ["-y", "mcp-server-commands"], "env": _SECRET_ENV}}, "n": 1},
    ),
    "clients/remove-server, a switch": _of_config(
        "clients/remove-server",
        "clients/plain-http",
        ".config/goose/config.yaml",
        "extensions:\n  far:\n    type: sse\n    uri: http://mcp.example.com/mcp\n    enabled: true # on\n",
    ),
    "clients/remove-auto-approve": _of_config(
        "clients/remove-auto-approve",
        "clients/auto-approve",
        ".roo/mcp.json",
        {"mcpServers": {"a": {"command": "x", "alwaysAllow": ["*"], "env": _SECRET_ENV}}},
    ),
    "files/restrict-mode": _mode_of_a_file,
    "files/restrict-mode, a folder": _mode_of_a_folder,
    "sockets/restrict-mode": mode_of_a_socket,
    "sockets/private-umask": _private_umask,
    "session/private-umask": _of_startup(
        "session/private-umask", "session/umask", ".profile", f"a=1\numask 022 # as ever\nX_TOKEN={TOKEN}\n", "/bin/sh"
    ),
    "session/private-umask, a new line": _of_startup(
        "session/private-umask", "session/umask", ".bashrc", "\ufeff# caf\u00e9\na='b'\n", "/bin/bash"
    ),
    "session/private-umask, no file yet": _no_startup_file,
    "session/private-umask, folders that are missing": new_file,
    "session/private-umask, one missing folder": lambda home: new_file(home, "sub/new", ""),
    "secrets/shell-startup": _of_startup(
        "secrets/shell-startup",
        "secrets/in-shell-startup",
        ".bashrc",
        f"umask 077\nexport A_TOKEN={TOKEN}\nb=2\nexport API_KEY={SECRET}\n",
        "/bin/bash",
    ),
}
