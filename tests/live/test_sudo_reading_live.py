"""An account that may use sudo sees what only root may read, after it was shown and agreed to, and not before."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.live.lab import CHECKOUT, PrivateEtc, private_etc
from tests.live.support import missing, require_program

pytestmark = pytest.mark.live
CALLER = "wbreader"
POLICY = (
    'Defaults env_reset\nDefaults secure_path="/usr/sbin:/usr/bin:/sbin:/bin"\n'
    f"root ALL=(ALL:ALL) ALL\n{CALLER} ALL=(root) NOPASSWD: ALL\n"
)
PYTHON = "/usr/bin/python3"
TOKEN = "ghp_" + "aB3dE5gH7jK9mN1pQ3sT5vX7zB9dF1hJ3lN5"


@pytest.fixture(scope="module")
def etc() -> Iterator[PrivateEtc]:
    for program in ("sudo", "cvtsudoers", "visudo", "useradd", "base64", "find", "tar"):
        require_program(program)
    if not Path(PYTHON).exists():
        missing(f"{PYTHON} is not installed")
    with private_etc() as made:
        assert made.run("useradd", "--no-create-home", CALLER).returncode == 0
        (made.folder / "sudoers").write_text(POLICY)
        (made.folder / "sudoers").chmod(0o440)
        for file in (made.folder / "sudoers.d").glob("*"):
            file.unlink()
        yield made


@pytest.fixture(scope="module")
def checkout() -> Iterator[Path]:
    """The code where another account may read it."""
    with tempfile.TemporaryDirectory(prefix="workbench-code-") as folder:
        place = Path(folder)
        place.chmod(0o755)
        for name in ("workbench", "checks", "fixes"):
            shutil.copytree(CHECKOUT / name, place / name, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copytree(Path(psutil.__file__).parent, place / "psutil")
        (place / "home").mkdir()
        yield place


@pytest.fixture
def roots_server(tmp_path: Path) -> Iterator[int]:
    """A server of root's, with a token in its environment."""
    script = tmp_path / "mcp-server-reading.py"
    script.write_text("import time\nprint('ready', flush=True)\ntime.sleep(120)\n")
    server = subprocess.Popen(
        [PYTHON, str(script)], env={"GITHUB_TOKEN": TOKEN}, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL
    )
    try:
        assert server.stdout is not None and server.stdout.readline() == b"ready\n"
        yield server.pid
    finally:
        server.kill()
        server.wait()


def snapshot(etc: PrivateEtc, checkout: Path, *options: str) -> tuple[dict[str, Any], str]:
    home = checkout / "home"
    shutil.rmtree(home)
    home.mkdir()
    uid = int(etc.run("id", "-u", CALLER).stdout)
    os.chown(home, uid, uid)
    done = etc.run(
        *("env", "-i", f"HOME={home}", "PATH=/usr/bin:/bin", f"PYTHONPATH={checkout}", "PYTHONDONTWRITEBYTECODE=1"),
        *(PYTHON, "-m", "workbench", "snapshot", *options),
        account=CALLER,
        timeout=90,
    )
    assert done.returncode == 0, done.stderr
    assert TOKEN not in done.stdout + done.stderr
    return json.loads(done.stdout), done.stderr


def server_of(found: dict[str, Any], pid: int) -> dict[str, Any]:
    (server,) = [each for each in found["processes"]["servers"] if each["pid"] == pid]
    return dict(server)


def test_what_is_not_assessed_becomes_assessed(etc: PrivateEtc, checkout: Path, roots_server: int) -> None:
    before, said = snapshot(etc, checkout)
    assert said == "" and before["sudoers"]["state"]["status"] == "failed"
    assert server_of(before, roots_server)["environment"] is None
    after, said = snapshot(etc, checkout, "--sudo", "--yes")
    assert after["sudoers"]["state"]["status"] == "complete", after["sudoers"]["state"]
    (rule,) = [rule for rule in after["sudoers"]["rules"] if rule["users"] == [CALLER]]
    assert rule["passwordless"] and rule["file"] == "/etc/sudoers" and rule["line"] == 4
    environment = {entry["name"]: entry["secret"] for entry in server_of(after, roots_server)["environment"]}
    assert environment["GITHUB_TOKEN"]["kind"]
    assert server_of(after, roots_server)["executable"].startswith("/usr/bin/python3")
    shown = [line.strip() for line in said.splitlines() if line.startswith("  sudo")]
    assert all(line.startswith("sudo -n -- /") for line in shown)
    assert any("cvtsudoers" in line for line in shown)
    assert any(f"/proc/{roots_server}/environ" in line for line in shown)


def test_an_account_that_sudo_refuses_is_told_and_nothing_is_guessed(etc: PrivateEtc, checkout: Path) -> None:
    policy = etc.folder / "sudoers"
    policy.chmod(0o640)
    policy.write_text(POLICY.replace("NOPASSWD: ALL", "/usr/bin/true"))
    policy.chmod(0o440)
    try:
        found, said = snapshot(etc, checkout, "--sudo", "--yes")
        assert "nothing was read as root: sudo did not agree" in said
        assert found["sudoers"]["state"]["status"] == "failed"
    finally:
        policy.chmod(0o640)
        policy.write_text(POLICY)
        policy.chmod(0o440)
