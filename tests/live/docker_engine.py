"""A Docker engine of its own for tests: its data, its network and its socket are nobody else's, and all of it goes.

Nothing can be pulled here, so images are made of this machine's own programs.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.live.support import missing, require_program, require_root
from tests.live.support_clients import CACHE, npm_environment, run

FILES = "@modelcontextprotocol/server-filesystem"

_START_SECONDS, _STOP_SECONDS = 20, 20
_APPLETS = ("sh", "sleep", "cat", "mkdir", "true")


@dataclass(frozen=True, slots=True)
class PrivateEngine:
    """The folder of a running engine; its socket is ``docker.sock`` in it."""

    folder: Path

    @property
    def socket(self) -> Path:
        """Where it answers."""
        return self.folder / "docker.sock"

    @property
    def environment(self) -> dict[str, str]:
        """What a ``docker`` needs to ask this engine and to know of no other."""
        config = str(self.folder / "config")
        return {
            "PATH": os.environ["PATH"],
            "HOME": config,
            "DOCKER_CONFIG": config,
            "DOCKER_HOST": f"unix://{self.socket}",
        }

    def docker(
        self, *arguments: str, data: bytes | None = None, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Run the command-line tool once."""
        done = subprocess.run(
            ["docker", *arguments], env=self.environment, input=data, capture_output=True, timeout=120, check=False
        )
        text = subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())
        assert not check or text.returncode == 0, text.stderr
        return text

    def create(self, *arguments: str) -> str:
        """Create a container without starting it; gives its id."""
        return self.docker("create", *arguments).stdout.strip()

    def import_image(self, name: str, root: Path, *changes: str, packages: Path | None = None) -> None:
        """Make an image of a folder. ``changes`` are lines of a Dockerfile (``ENTRYPOINT ["/bin/sh"]``).

        ``packages`` is a folder with a ``node_modules`` that is put below ``/app``: as it is, for it has many files.
        """
        tar = ["tar", "-c", "-C", str(root), "."]
        if packages is not None:
            tar += ["--transform", "s,^node_modules,app/node_modules,", "-C", str(packages), "node_modules"]
        packed = subprocess.run(tar, capture_output=True, check=True).stdout
        given = [word for change in changes for word in ("--change", change)]
        self.docker("import", *given, "-", name, data=packed)


@contextmanager
def private_engine() -> Iterator[PrivateEngine]:
    """Start an engine in a network namespace of its own, and end it with all that it runs."""
    require_root()
    for program in ("dockerd", "docker", "containerd", "unshare", "ip", "iptables"):
        require_program(program)
    # Short: the name of a socket has at most 107 characters.
    folder = Path(tempfile.mkdtemp(prefix="docker-", dir="/tmp"))
    folder.chmod(0o711)
    (folder / "config").mkdir()
    engine = PrivateEngine(folder)
    with (folder / "log").open("w") as log:
        daemon = subprocess.Popen(
            _command(folder), stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
    try:
        if not _answers(engine, daemon):
            missing(f"a Docker engine does not start here: {(folder / 'log').read_text()[-800:]}")
        yield engine
    finally:
        _stop(engine, daemon)


def busybox_root(folder: Path) -> Path:
    """A root file system with a static shell and a few programs."""
    program = Path(require_program("busybox"))
    told = subprocess.run(["ldd", str(program)], capture_output=True, text=True, check=False)
    if told.returncode == 0:
        missing("busybox is not linked statically: install busybox-static")
    (folder / "bin").mkdir(parents=True)
    shutil.copy(program, folder / "bin" / "busybox")
    for name in _APPLETS:
        (folder / "bin" / name).symlink_to("busybox")
    return folder


def node_root(folder: Path) -> Path:
    """A root file system with this machine's Node and its libraries, and an empty ``/workspace``."""
    node = require_program("node")
    told = subprocess.run(["ldd", node], capture_output=True, text=True, check=True).stdout
    needed = [word for line in told.splitlines() for word in line.split() if word.startswith("/")]
    for file in (node, *needed):
        place = folder / file.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, place)
    (folder / "workspace").mkdir()
    (folder / "tmp").mkdir()
    return folder


def import_files_server(engine: PrivateEngine) -> str:
    """Make an image with a real server from npm, which runs as the user 65532; gives its name."""
    npm = require_program("npm")
    folder = CACHE / "container-node"
    folder.mkdir(parents=True, exist_ok=True)
    with (CACHE / "container-node.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "node_modules" / FILES / "dist" / "index.js").exists():
            command = [npm, "install", "--prefix", str(folder), "--no-fund", "--no-audit", FILES]
            done = run(command, {**npm_environment(folder), "npm_config_prefer_offline": "true"})
            if done.returncode != 0:
                missing(f"npm could not install {FILES}: {done.stderr[-300:]}")
    root = node_root(engine.folder / "node")
    start = [shutil.which("node"), f"/app/node_modules/{FILES}/dist/index.js"]
    engine.import_image("files", root, f"ENTRYPOINT {json.dumps(start)}", "USER 65532", packages=folder)
    return "files"


def _command(folder: Path) -> Sequence[str]:
    script = (
        'ip link set lo up; exec dockerd --data-root "$0/data" --exec-root "$0/exec" --pidfile "$0/pid"'
        ' --host "unix://$0/docker.sock" --config-file "$0/daemon.json" --group "$(id -g)"'
    )
    (folder / "daemon.json").write_text("{}")
    return ["unshare", "--net", "sh", "-c", script, str(folder)]


def _answers(engine: PrivateEngine, daemon: subprocess.Popen[bytes]) -> bool:
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end and daemon.poll() is None:
        if engine.docker("version", check=False).returncode == 0:
            return True
        time.sleep(0.1)
    return False


def _stop(engine: PrivateEngine, daemon: subprocess.Popen[bytes]) -> None:
    if daemon.poll() is None:
        left = engine.docker("ps", "--all", "--quiet", check=False).stdout.split()
        if left:
            engine.docker("rm", "--force", *left, check=False)
        daemon.terminate()
        try:
            daemon.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            pass
    try:
        os.killpg(daemon.pid, signal.SIGKILL)  # its containerd, if it outlived it
    except ProcessLookupError:
        pass
    daemon.wait()
    inside = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    for place in sorted((each for each in inside if each.startswith(f"{engine.folder}/")), reverse=True):
        subprocess.run(["umount", "--lazy", place], check=False, capture_output=True)
    shutil.rmtree(engine.folder, ignore_errors=True)
