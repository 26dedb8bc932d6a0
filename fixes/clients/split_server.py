"""Split a server that has files, commands and network into one server for each, every one of them narrow.

What it looks at
----------------
What the configured server is known to offer, and the shape of its configuration. It writes nothing: which servers you
use instead is yours to choose. It gives the entries to write, one for each capability that the old server has, each
with a server that does this one thing; which repair to put around each afterwards; and the order in which to do it, so
that you are never without a server that works.

Why it matters
--------------
Reading, changing and sending away are three rights. In one process a single flaw gives them all. In three, each in a
sandbox or an account of its own, what is read cannot be sent, and what is sent was not read from your files.

How an attacker uses it
-----------------------
One sentence in a web page that the browser tool fetched makes the same server read ``.env`` and post it.

How to fix it by hand
---------------------
The steps are the repair. Many all-in-one servers can also switch groups of tools off: three entries of the same server,
each with other tools, are as good as three servers once each has a sandbox of its own.

References
----------
- CWE-653: Improper Isolation or Compartmentalization
- Model Context Protocol, Security Best Practices
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence

from workbench.api import (
    ClientConfig,
    Finding,
    Plan,
    Refusal,
    Reversal,
    Safety,
    ServerEntry,
    Snapshot,
    Step,
    configured,
    fix,
)

_CHECK = "clients/mixed-capabilities"
# A server for each capability alone, as published by those who make the protocol or the tool.
_FILES = ("npx", "-y", "@modelcontextprotocol/server-filesystem@VERSION")
_FETCH = ("uvx", "mcp-server-fetch==VERSION")
_BROWSER = ("npx", "-y", "@playwright/mcp@VERSION", "--isolated", "--allowed-origins", "https://docs.example.com")
_COMMANDS = ("uvx", "mcp-shell-server==VERSION")
_ORDER = ("files", "commands", "network", "browser")
_AROUND = {
    "files": "clients/sandbox-launcher with network=no and this folder alone, or clients/dedicated-account",
    "commands": "clients/dedicated-account, and audit/install-rules records what it starts; never your own account",
    "network": "clients/sandbox-launcher with network=yes and no folder",
    "browser": "clients/sandbox-launcher with network=yes, filter=no and no folder",
}
_MEANS = {
    "files": "reads and writes one folder",
    "commands": "runs the few commands that you name, and no other",
    "network": "fetches from the network, and has no file of yours",
    "browser": "uses a browser of its own, and has no file of yours",
}


@fix(
    title="Split the server: one for files, one for commands, one for the network",
    repairs=(_CHECK,),
    safety=Safety.GUIDE,
    reversal=Reversal.NONE,
)
def plan(finding: Finding, snapshot: Snapshot, _: None) -> Plan | Refusal:
    """The steps, with the entries to write."""
    found = configured(finding, snapshot)
    if not found:
        return Refusal("the configuration does not start this server any more", "look again")
    config, entry = found[0]
    launch = entry.launch
    kinds = {ability.kind for ability in launch.abilities} if launch is not None else set()
    wanted = [kind for kind in _ORDER if kind in kinds]
    return Plan(
        fix="clients/split-server",
        check=_CHECK,
        finding=finding.identity,
        title=f"Split {entry.name} into {len(wanted)} servers that do one thing each",
        safety=Safety.GUIDE,
        reversal=Reversal.NONE,
        operations=(),
        steps=tuple(_steps(config, entry, wanted, snapshot)),
        consequences=(
            "tools get other names, so that prompts and approvals that name the old ones have to be changed. Take only"
            " the servers whose tools you use: the best one is the one that is not there"
        ),
    )


def _steps(config: ClientConfig, entry: ServerEntry, wanted: Sequence[str], snapshot: Snapshot) -> Iterator[Step]:
    path, client = config.path.asked, config.client_name
    yield Step(
        path,
        f"Decide which of these {len(wanted)} capabilities of {entry.name} you use at all: {', '.join(wanted)}. Leave"
        " the others out",
    )
    for kind in wanted:
        name = f"{_plain(entry.name)}-{kind}"
        command, environment = _command(kind, entry, snapshot)
        yield Step(
            path,
            f"For {kind}: add this entry. It {_MEANS[kind]}. Put the exact version in the place of VERSION"
            f" ({_how_to_find(command)}), or take another server that does this alone",
            _written(config, entry, name, command, environment),
        )
    yield Step(path, f"Start {client} again, and see that the new servers answer. The old one still works")
    yield Step(
        path,
        f"Take the old entry {entry.name} out: of its findings, the repair clients/remove-server does it, or by hand",
    )
    around = "; ".join(f"{kind}: {_AROUND[kind]}" for kind in wanted)
    yield Step(path, f"Look again, and put a wall around each of the new ones with these repairs. {around}")


def _command(kind: str, entry: ServerEntry, snapshot: Snapshot) -> tuple[tuple[str, ...], dict[str, str]]:
    home = snapshot.host.home.rstrip("/")
    if kind == "files":
        return (*_FILES, f"{home}/mcp-workspace"), {}
    if kind == "commands":
        return _COMMANDS, {"ALLOW_COMMANDS": "ls,git"}
    if kind == "browser":
        return _BROWSER, {}
    return _FETCH, {}


def _how_to_find(command: tuple[str, ...]) -> str:
    named = next(word for word in command if "VERSION" in word)
    name = re.sub(r"(?:@|==)VERSION", "", named)
    return f"npm view {name} version" if command[0] == "npx" else f"pip index versions {name}"


def _written(
    config: ClientConfig, entry: ServerEntry, name: str, command: tuple[str, ...], environment: dict[str, str]
) -> str:
    """The entry in the form of the configuration."""
    table = [str(part) for part in entry.pointer[:-1]]
    if config.format == "toml":
        head = ".".join([*table, json.dumps(name)])
        lines = [f"[{head}]", f"command = {json.dumps(command[0])}", f"args = {json.dumps(list(command[1:]))}"]
        if environment:
            pairs = ", ".join(f"{key} = {json.dumps(value)}" for key, value in environment.items())
            lines.append(f"env = {{ {pairs} }}")
        return "\n".join(lines)
    made: dict[str, object] = {"command": command[0], "args": list(command[1:])}
    if environment:
        made["env"] = environment
    return f"{json.dumps(name)}: {json.dumps(made, indent=2)}"


def _plain(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-")[:40] or "server"
