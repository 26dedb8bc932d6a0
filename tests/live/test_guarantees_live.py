"""What a look at the host guarantees, asked of the system: it writes nothing, and what it may not see is no finding."""

from __future__ import annotations

import json
import os
import pickle
import re
import subprocess
import sys
import traceback
from pathlib import Path
from typing import Any

import pytest

from tests.live.staged_host import OWNER, staged_host
from tests.live.support import missing, require_program, require_root
from tests.plugins.loading import plugins
from workbench.host.context import Context
from workbench.host.gather import gather
from workbench.scan import scan

ROOT = Path(__file__).parents[2]
NOBODY = 65534
# Every call that makes, changes, renames or removes a file, or opens one to be written.
CHANGING = "openat,open,creat,mkdir,mkdirat,mknod,mknodat,unlink,unlinkat,rmdir,rename,renameat,renameat2,link,linkat"
CHANGING += ",symlink,symlinkat,chmod,fchmodat,chown,lchown,fchownat,truncate,setxattr,lsetxattr,utimensat"
_PATHS = re.compile(r'"((?:[^"\\]|\\.)*)"')

pytestmark = [pytest.mark.live, pytest.mark.xdist_group("processes")]


def _environment(home: Path) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": str(home), "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}


def _changes(log: str) -> list[str]:
    """The calls that succeeded and could have changed something."""
    calls = [line for line in log.splitlines() if re.search(r"\) += \d", line)]
    opened = [line for line in calls if re.search(r"\b(?:open|openat)\(", line)]
    writing = [line for line in opened if re.search(r"O_WRONLY|O_RDWR|O_CREAT|O_TRUNC", line)]
    others = [line for line in calls if line not in opened]
    return [line for line in writing + others if not any(path.startswith("/dev/") for path in _PATHS.findall(line))]


def test_g1_a_scan_writes_nothing(tmp_path: Path) -> None:
    require_root()
    strace, log = require_program("strace"), tmp_path / "strace.log"
    with staged_host() as host:
        command = [strace, "-ff", "-qq", "-o", str(log), "-e", f"trace={CHANGING}", sys.executable, "-m", "workbench"]
        done = subprocess.run(
            [*command, "--headless", "--json"],
            env=_environment(host.home),
            cwd=host.home,
            capture_output=True,
            text=True,
            check=False,
        )
        if "ptrace" in done.stderr.lower():
            missing("strace may not trace here")
        report = json.loads(done.stdout)
    assert report["findings"], "nothing was looked at"
    text = "".join(each.read_text(errors="replace") for each in tmp_path.glob("strace.log.*"))
    assert "openat(" in text
    # systemd's own assessment is given a folder of its own to work in, which is gone afterwards.
    left = [line for line in _changes(text) if '"/tmp/workbench-' not in line]
    assert left == []


def _found(context: Context) -> dict[str, tuple[str, str]]:
    """Check and summary of every finding, by identity."""
    report = scan(gather(context), plugins())
    for result in report.results:
        for gap in result.not_assessed:
            assert gap.why, (result.check, gap)
    return {each.identity: (each.check, each.summary) for each in report.findings()}


def _found_by(uid: int, context: Context) -> dict[str, tuple[str, str]]:
    """The same, looked at by another account in a process of its own."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        try:
            os.setgroups([])
            os.setgid(uid)
            os.setuid(uid)
            answer: Any = _found(context)
        except BaseException:
            answer = traceback.format_exc()
        with os.fdopen(writing, "wb") as stream:
            stream.write(pickle.dumps(answer))
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as stream:
        result = pickle.loads(stream.read())
    os.waitpid(child, 0)
    assert isinstance(result, dict), result
    return result


def test_g16_what_may_not_be_looked_at_is_no_finding() -> None:
    require_root()
    with staged_host() as host:
        context = Context("linux", host.home, OWNER, {"HOME": str(host.home), "PATH": "/usr/bin:/bin"}, host.home)
        by_root = _found(context)  # it also loads what the account below could not
        by_nobody = _found_by(NOBODY, context)
        closed = [host.home / ".config", host.home / ".cursor"]
        for folder in closed:
            folder.chmod(0)
        nothing_to_see = _found_by(NOBODY, context)
    assert by_root
    assert by_nobody
    assert {identity: said for identity, said in by_nobody.items() if identity not in by_root} == {}
    assert {identity: said for identity, said in nothing_to_see.items() if identity not in by_nobody} == {}
    assert len(nothing_to_see) < len(by_nobody) < len(by_root)


def test_a_change_is_told_from_a_look() -> None:
    changes = [
        'openat(AT_FDCWD, "/x", O_WRONLY|O_CREAT|O_CLOEXEC, 0666) = 3',
        'openat(5, "x", O_RDWR) = 4',
        'unlinkat(5, "x", 0)      = 0',
        'chmod("/proc/self/fd/3", 0600) = 0',
    ]
    looks = [
        'openat(AT_FDCWD, "/x", O_RDONLY|O_CLOEXEC) = 3',
        'openat(AT_FDCWD, "/dev/null", O_RDWR) = 3',
        'mkdir("/x", 0777) = -1 EEXIST (File exists)',
    ]
    assert sorted(_changes("\n".join(changes + looks))) == sorted(changes)
