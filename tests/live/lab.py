"""Real things to look at: a systemd that is PID 1 of a container, and an /etc that only the test sees.

The container's root file system is built once by debootstrap, below ``$WORKBENCH_TEST_CACHE`` or ``.cache`` of the
checkout, and booted under an overlay, so that nothing a test does stays in it.
"""

from __future__ import annotations

import fcntl
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

CHECKOUT = Path(__file__).parents[2]
_PACKAGES = "systemd,systemd-sysv,dbus,dbus-user-session,libpam-systemd,procps,python3,sudo,util-linux"
_BUILD_SECONDS, _BOOT_SECONDS, _STOP_SECONDS = 600, 60, 15
_ONE_AT_A_TIME = Path(tempfile.gettempdir()) / "workbench-test-systemd.lock"
_HALT = signal.SIGRTMIN + 4  # what a systemd that is PID 1 takes for "power off"


@dataclass(frozen=True, slots=True)
class Machine:
    """A booted container: the process id of its PID 1 as this host sees it."""

    pid: int

    def path(self, inside: str) -> Path:
        """A path of the container, as this host reaches it."""
        return Path(f"/proc/{self.pid}/root") / inside.lstrip("/")

    def run(self, *arguments: str, timeout: float = 30) -> subprocess.CompletedProcess[str]:
        """Run a program in the container as its root."""
        enter = ("nsenter", "-t", str(self.pid), "-m", "-u", "-i", "-n", "-p", "--")
        return subprocess.run(
            [*enter, *arguments], capture_output=True, text=True, timeout=timeout, check=False, stdin=subprocess.DEVNULL
        )


@contextmanager
def systemd_container() -> Iterator[Machine]:
    """Boot a container whose PID 1 is systemd, with this checkout's ``workbench`` below ``/opt/checkout``.

    One at a time on this machine: they have no tree of control groups of their own, so that a unit or a session that
    ends in one of them would end that of the same name in the other. Tests of it are of the group ``systemd``.
    """
    require_root()
    for program in ("systemd-nspawn", "nsenter", "debootstrap"):
        require_program(program)
    root = _root()
    with _ONE_AT_A_TIME.open("w") as lock, tempfile.TemporaryFile("w+") as log:
        fcntl.flock(lock, fcntl.LOCK_EX)
        # Never by unshare: a failed pivot_root would boot systemd on the host's own root.
        nspawn = subprocess.Popen(
            [
                "systemd-nspawn",
                f"--directory={root}",
                "--volatile=overlay",
                f"--bind-ro={CHECKOUT / 'workbench'}:/opt/checkout/workbench",
                "--boot",
                "--register=no",
                "--keep-unit",
                f"--machine=workbench-test-{os.getpid()}",
                "--console=pipe",
            ],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            machine = _booted(nspawn)
            if machine is None:
                log.seek(0)
                missing(f"systemd did not boot in a container here: {log.read()[-800:]}")
            yield machine
        finally:
            _stop(nspawn)


@contextmanager
def private_etc() -> Iterator[PrivateEtc]:
    """A copy of /etc that stands in for it in a mount namespace of its own: this machine's /etc stays as it is."""
    require_root()
    for program in ("unshare", "nsenter", "setpriv"):
        require_program(program)
    with tempfile.TemporaryDirectory(prefix="workbench-etc-") as folder:
        copy = Path(folder) / "etc"
        shutil.copytree("/etc", copy, symlinks=True, copy_function=_copy_with_owner)
        for place in (Path("/etc"), *Path("/etc").rglob("*")):
            if place.is_dir() and not place.is_symlink():
                status = place.stat()
                os.chown(copy / place.relative_to("/etc"), status.st_uid, status.st_gid)
        script = f"mount --bind {copy} /etc && echo ready && exec sleep 3600"
        holder = subprocess.Popen(
            ["unshare", "--mount", "--propagation", "private", "sh", "-c", script],
            stdout=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )
        try:
            assert holder.stdout is not None
            if holder.stdout.readline().strip() != "ready":
                missing("a private mount of /etc cannot be made here")
            yield PrivateEtc(holder.pid, copy)
        finally:
            holder.kill()
            holder.wait()
            if holder.stdout is not None:
                holder.stdout.close()


@dataclass(frozen=True, slots=True)
class PrivateEtc:
    """The process that holds the namespace, and the folder that is /etc in it."""

    pid: int
    folder: Path

    def run(self, *arguments: str, account: str = "", timeout: float = 30) -> subprocess.CompletedProcess[str]:
        """Run a program that sees the copy as /etc, as root or as an account of the copy."""
        enter: Sequence[str] = ("nsenter", "-t", str(self.pid), "-m", "--")
        if account:
            enter = (*enter, "setpriv", f"--reuid={account}", f"--regid={account}", "--init-groups", "--")
        return subprocess.run(
            [*enter, *arguments], capture_output=True, text=True, timeout=timeout, check=False, stdin=subprocess.DEVNULL
        )


def _copy_with_owner(source: str, target: str) -> str:
    if not Path(source).is_file():
        return target  # a socket or a device is not needed
    shutil.copy2(source, target, follow_symlinks=False)
    status = os.lstat(source)
    os.chown(target, status.st_uid, status.st_gid, follow_symlinks=False)
    if not Path(target).is_symlink():
        os.chmod(target, status.st_mode & 0o7777)
    return target


def _root() -> Path:
    cache = Path(os.environ.get("WORKBENCH_TEST_CACHE") or CHECKOUT / ".cache")
    cache.mkdir(parents=True, exist_ok=True)
    root = cache / "systemd-root"
    with (cache / "systemd-root.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (root / "lib/systemd/systemd").exists():
            with tempfile.TemporaryDirectory(prefix="building-", dir=cache) as folder:
                building = Path(folder) / "root"
                built = subprocess.run(
                    ["debootstrap", "--variant=minbase", f"--include={_PACKAGES}", "bookworm", str(building)],
                    capture_output=True,
                    text=True,
                    timeout=_BUILD_SECONDS,
                    check=False,
                    stdin=subprocess.DEVNULL,
                )
                if built.returncode != 0:
                    missing(f"the container's root could not be built: {built.stdout[-800:]}{built.stderr[-400:]}")
                shutil.rmtree(root, ignore_errors=True)
                building.rename(root)
    return root


def _booted(nspawn: subprocess.Popen[bytes]) -> Machine | None:
    end = time.monotonic() + _BOOT_SECONDS
    while time.monotonic() < end and nspawn.poll() is None:
        children = Path(f"/proc/{nspawn.pid}/task/{nspawn.pid}/children").read_text().split()
        for child in children:
            machine = Machine(int(child))
            try:
                state = machine.run("systemctl", "is-system-running").stdout.strip()
            except subprocess.TimeoutExpired:
                continue
            if state in ("running", "degraded"):
                return machine
        time.sleep(0.1)
    return None


def _stop(nspawn: subprocess.Popen[bytes]) -> None:
    children: list[str] = []
    try:
        children = Path(f"/proc/{nspawn.pid}/task/{nspawn.pid}/children").read_text().split()
        for child in children:
            os.kill(int(child), _HALT)
    except OSError:
        pass  # it has ended already
    try:
        nspawn.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        # Killing nspawn alone would leave its container behind.
        for child in children:
            try:
                os.kill(int(child), signal.SIGKILL)
            except ProcessLookupError:
                pass
        nspawn.kill()
        nspawn.wait()
