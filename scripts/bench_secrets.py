"""Measure how well secrets are recognised, beside detect-secrets. Nothing here passes or fails.

Tokens are made up from the prefix, alphabet and length of each kind, and stand under a neutral key in a document like
mcp.json. detect-secrets is installed into a folder of its own for the moment where PyPI
can be reached; it is no dependency. Run it with
``PYTHONPATH=. .venv/bin/python scripts/bench_secrets.py [seed]``.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.secret_samples import SHAPES, make
from workbench.secrets import recognise, redact

SAMPLES = 40
CORPUS = Path(__file__).parents[1] / "tests" / "data" / "secrets" / "benign.txt"
DETECT_SECRETS = "detect-secrets==1.5.0"
# Reads one JSON list of texts, answers for each with the names of the plug-ins that fired, as "file" scanning does.
DRIVER = """
import json, sys, tempfile, os
from detect_secrets import SecretsCollection
from detect_secrets.settings import default_settings
found = []
with default_settings():
    for text in json.load(sys.stdin):
        with tempfile.NamedTemporaryFile("w", suffix=".json", delete=False) as file:
            file.write(text)
        secrets = SecretsCollection()
        secrets.scan_file(file.name)
        os.unlink(file.name)
        found.append(sorted({secret.type for _, secret in secrets}))
json.dump(found, sys.stdout)
"""
UNNAMED = {"Base64 High Entropy String", "Hex High Entropy String", "Secret Keyword", "Basic Auth Credentials"}

# Forms beside the first one of their kind, and the one kind that has no token: what is recognised, and its shape.
MORE = {
    "db-url": ("db-url", "postgresql://app:<a16>@db.example.com:5432/app"),
    "notion (older)": ("notion", "secret_<a43>"),
    "sentry (organisation)": ("sentry", "sntrys_<a90>"),
    "grafana (cloud)": ("grafana", "glc_<a90>"),
    "gitlab (runner)": ("gitlab", "glrt-<w20>"),
    "huggingface (digits)": ("huggingface", "hf_<a34>"),
}
NOTES = """
The tokens follow the same published rules as what recognises them: 100 % says that no kind hides another and none is
taken for a placeholder, not that a vendor has not changed its form since.
An earlier comparison over 38 of these kinds: gitleaks knew 22 by name; detect-secrets 12, and 28 with its entropy.
"""


def main() -> None:
    """Print the table."""
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    shapes = {kind: (kind, shape) for kind, shape in SHAPES.items()} | MORE
    kinds = sorted(shapes)
    tokens = {kind: [make(shapes[kind][1], seed * 1000 + number) for number in range(SAMPLES)] for kind in kinds}
    benign = [
        line.partition("=") for line in CORPUS.read_text(encoding="utf-8").splitlines() if line and line[0] != "#"
    ]
    texts = [document("VALUE", token) for kind in kinds for token in tokens[kind]]
    harmless = [document(name, value) for name, _, value in benign]
    theirs = detect_secrets(texts + harmless)

    print(f"{len(kinds)} forms of {len(SHAPES) + 1} kinds, {SAMPLES} tokens each under the key VALUE")
    print(f"{len(benign)} benign values\n")
    print(f"{'kind':24} {'ours by name':>13} {'ours any':>9} {'detect-secrets by name':>23} {'any':>5}")
    totals = [0, 0, 0, 0]
    for place, kind in enumerate(kinds):
        said = [recognise("VALUE", token) for token in tokens[kind]]
        other = theirs[place * SAMPLES : (place + 1) * SAMPLES] if theirs else []
        row = (
            sum(one == shapes[kind][0] for one in said),
            sum(one is not None for one in said),
            sum(bool(set(one) - UNNAMED) for one in other),
            sum(bool(one) for one in other),
        )
        for column, count in enumerate(row):
            totals[column] += count >= 0.95 * SAMPLES
        shown = [f"{100 * count / SAMPLES:.0f} %" for count in row]
        print(f"{kind:24} {shown[0]:>13} {shown[1]:>9} {shown[2]:>23} {shown[3]:>5}")
    print(f"{'forms at 95 % or more':24} {totals[0]:>13} {totals[1]:>9} {totals[2]:>23} {totals[3]:>5}")
    alarms = sum(recognise(name, value) is not None for name, _, value in benign)
    print(f"{'false alarms':24} {alarms:>13} {'':>9} {sum(bool(one) for one in theirs[len(texts) :]):>23}")
    if not theirs:
        print("detect-secrets could not be installed: its columns are empty")
    print(NOTES)
    speed()


def document(name: str, value: str) -> str:
    """A client's configuration with one server and one variable."""
    server = {"command": "npx", "args": ["-y", "some-server@1.2.3"], "env": {name: value}}
    return json.dumps({"mcpServers": {"some": server}}, indent=2)


def detect_secrets(texts: list[str]) -> list[list[str]]:
    """What detect-secrets says of each text, or nothing when it cannot be had."""
    with tempfile.TemporaryDirectory() as folder:
        install = [sys.executable, "-m", "pip", "install", "--quiet", "--target", folder, DETECT_SECRETS]
        if subprocess.run(install, capture_output=True, check=False).returncode:
            return []
        done = subprocess.run(
            [sys.executable, "-c", DRIVER],
            input=json.dumps(texts),
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONPATH": folder, "PATH": "/usr/bin:/bin"},
        )
    answer: list[list[str]] = json.loads(done.stdout)
    return answer


def speed() -> None:
    """Print how long typical and large inputs take, the best of several rounds."""
    entry = {"command": "npx", "args": ["-y", "@scope/server@1.2.3", "/home/dev/ws"], "env": {"LOG_LEVEL": "debug"}}

    def config(count: int) -> str:
        return json.dumps({"mcpServers": {f"server-{place}": entry for place in range(count)}}, indent=2)

    text = config(2000)[: 400 * 1024]
    environ = [(f"NAME_{place}", f"/usr/share/{place}/lib:/opt/{place}") for place in range(110)]
    print(f"redact 0.4 MB of configuration           {best(lambda: redact(text)) * 1000:7.1f} ms")
    print(f"redact a configuration of 2,000 servers  {best(lambda: redact(config(2000))) * 1000:7.1f} ms")
    size = sum(len(name) + len(value) + 2 for name, value in environ)
    took = best(lambda: [recognise(name, value) for name, value in environ])
    print(f"one environment of {size / 1024:.1f} KB                {took * 1000:7.2f} ms")


def best(act: Callable[[], object]) -> float:
    """Seconds of the quickest of nine."""
    seconds = []
    for _ in range(9):
        start = time.perf_counter()
        act()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


if __name__ == "__main__":
    main()
