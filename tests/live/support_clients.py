"""Real packages for live tests, fetched once from their registries and kept in the checkout's cache."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.live.support import missing, require_program

CACHE = Path(os.environ.get("WORKBENCH_TEST_CACHE") or Path(__file__).parents[2] / ".cache") / "live"


def run(command: list[str], environment: dict[str, str], deadline: float = 300.0) -> subprocess.CompletedProcess[str]:
    """Run a program with no input, its environment (proxies, mirrors) that of the session but for what is given."""
    return subprocess.run(
        command,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=deadline,
        check=False,
    )


def npm_environment(home: Path) -> dict[str, str]:
    """What npx needs to keep to a home of its own and the shared cache."""
    cache = CACHE / "npm"
    cache.mkdir(parents=True, exist_ok=True)
    return {"HOME": str(home), "npm_config_cache": str(cache), "npm_config_update_notifier": "false"}


def uv_environment(home: Path) -> dict[str, str]:
    """What uvx needs to keep to a home of its own and the shared cache."""
    cache = CACHE / "uv"
    cache.mkdir(parents=True, exist_ok=True)
    return {"HOME": str(home), "UV_CACHE_DIR": str(cache), "UV_PYTHON": sys.executable}


def start_with_npx(package: str, home: Path, *arguments: str) -> None:
    """Let npx fetch and start a stdio server once; it ends at the end of its input."""
    npx = require_program("npx")
    done = run([npx, "-y", package, *arguments], npm_environment(home))
    if done.returncode != 0:
        missing(f"npx could not start {package}: {done.stderr[-500:]}")


def uvx(home: Path) -> str:
    """The path of a real uvx: the one beside this Python, or one installed from PyPI."""
    beside = Path(sys.executable).with_name("uvx")
    if beside.is_file():
        return str(beside)
    folder = CACHE / "uv-program"
    program = folder / "bin" / "uvx"
    if not program.is_file():
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(folder), "uv"]
        done = run(pip, {"HOME": str(home)})
        if done.returncode != 0:
            missing(f"uv could not be installed: {done.stderr[-500:]}")
    return str(program)


def start_with_uvx(package: str, home: Path, *arguments: str) -> None:
    """Let uvx fetch and start a program once."""
    done = run([uvx(home), package, *arguments], uv_environment(home))
    if done.returncode != 0:
        missing(f"uvx could not start {package}: {done.stderr[-500:]}")
