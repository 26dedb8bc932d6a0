"""An MCP server of a few lines, as a file of its own: it answers, and tells what it sees."""

from __future__ import annotations

from pathlib import Path

TEXT = """\
import json, os, sys
def say(identity, result):
    print(json.dumps({"jsonrpc": "2.0", "id": identity, "result": result}), flush=True)
for line in sys.stdin:
    asked = json.loads(line)
    method, identity = asked.get("method"), asked.get("id")
    if method == "initialize":
        say(identity, {"protocolVersion": "2025-06-18", "capabilities": {"tools": {}},
                       "serverInfo": {"name": "small", "version": "1.0"}})
    elif method == "tools/list":
        say(identity, {"tools": [{"name": "look"}, {"name": "write"}]})
    elif method == "tools/call":
        path = asked["params"]["arguments"]["path"]
        try:
            if asked["params"]["name"] == "write":
                open(path, "w").write("written")
            told = "a folder" if os.path.isdir(path) else open(path).read()
        except OSError as error:
            told = type(error).__name__
        say(identity, {"content": [{"type": "text", "text": told}],
                       "environment": dict(os.environ), "uid": os.getuid(), "folder": os.getcwd()})
"""


def put(folder: Path, name: str = "server.py") -> Path:
    """Write it into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / name
    file.write_text(TEXT)
    return file
