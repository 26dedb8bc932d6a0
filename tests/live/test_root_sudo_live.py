"""An ordinary account repairs the sudo policy through sudo: by real commands, with a password and without one.

Accounts, policy and backups exist only in a private copy of /etc and of /var/lib.
"""

from __future__ import annotations

import json
import os
import pty
import select
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pydantic
import pytest

from tests.live.lab import CHECKOUT, PrivateEtc, private_etc
from tests.live.support import missing, require_program

pytestmark = [pytest.mark.live, pytest.mark.xdist_group("root sudo")]
CALLER, OTHER, PASSWORD = "wbadmin", "wbguest", "correct-horse-4711"
PYTHON = "/usr/bin/python3"
TOKEN = "ghp_" + "aB3dE5gH7jK9mN1pQ3sT5vX7zB9dF1hJ3lN5"
POLICY = (
    'Defaults env_reset, use_pty\nDefaults secure_path="/usr/sbin:/usr/bin:/sbin:/bin"\nroot ALL=(ALL:ALL) ALL\n'
    "@includedir /etc/sudoers.d\n"
)
OWN = f"{CALLER} ALL=(ALL) NOPASSWD: ALL\n"
GUEST = f"{OTHER} ALL=(root) NOPASSWD: /usr/bin/find\n"
SECRET = f"{OTHER} ALL=(root) /usr/bin/curl --header token {TOKEN} https\\://example.org\n"
CHECK = "sudoers/passwordless-too-broad"
# Dies the moment the new policy is in its place, as a kill -9 would have it.
DIES = """
import os, signal, sys
from workbench.repair import root_commands, rooted
once = root_commands._once
def run(vector, content):
    answer = once(vector, content)
    if vector[0].endswith("/mv"):
        os.kill(os.getpid(), signal.SIGKILL)
    return answer
root_commands._once = run
from workbench.cli import run as start
sys.exit(start(sys.argv[1:]))
"""


@dataclass(frozen=True)
class Desk:
    """The account at its machine, with the code where it may read it."""

    etc: PrivateEtc
    place: Path
    backups: Path

    @property
    def rule(self) -> Path:
        """The file of the policy that is repaired."""
        return self.etc.folder / "sudoers.d" / "wb"

    @property
    def home(self) -> Path:
        """The account's home."""
        return self.place / "home"

    def policy(self, text: str) -> None:
        """Make this the content of the one file beside the policy."""
        for file in self.rule.parent.iterdir():
            file.unlink()
        self.rule.write_text(text)
        self.rule.chmod(0o440)
        shutil.rmtree(self.home, ignore_errors=True)
        self.home.mkdir()
        uid = int(self.etc.run("id", "-u", CALLER).stdout)
        os.chown(self.home, uid, uid)
        self.etc.run("sh", "-c", "rm -rf /run/sudo/ts/wbadmin /var/lib/workbench-backups /run/workbench-*")

    def command(self, *arguments: str) -> tuple[str, ...]:
        """The workbench as the account starts it."""
        path = f"PYTHONPATH={self.place}:{self.place / 'site'}"
        start = ("env", "-i", f"HOME={self.home}", "PATH=/usr/bin:/bin", path, "PYTHONDONTWRITEBYTECODE=1", PYTHON)
        return (*start, *(arguments if arguments[0] == "-c" else ("-m", "workbench", *arguments)))

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """What it prints, without a terminal."""
        done = self.etc.run(*self.command(*arguments), account=CALLER, timeout=120)
        assert TOKEN not in done.stdout + done.stderr
        assert PASSWORD not in done.stdout + done.stderr
        return done

    def finding(self, user: str) -> str:
        """The identity of what is found of a rule of that account."""
        report = json.loads(self.run("--headless", "--json", "--sudo", "--yes").stdout)
        (found,) = [
            each["identity"]
            for each in report["findings"]
            if each["check"] == CHECK and each["subject"]["key"].startswith(f"{user} ")
        ]
        return str(found)

    def planned(self, user: str) -> Path:
        """A plan file for what is found of a rule of that account."""
        done = self.run("plan", self.finding(user), "--sudo", "--yes", "--json")
        assert done.returncode == 0, done.stderr
        file = self.home / "plan.json"
        file.write_text(done.stdout)
        return file

    def at_terminal(self, *arguments: str, answer: str) -> tuple[int, str]:
        """The status and the output on a terminal where somebody types ``answer`` to every prompt of sudo."""
        enter = ["nsenter", "-t", str(self.etc.pid), "-m", "--"]
        enter += ["setpriv", f"--reuid={CALLER}", f"--regid={CALLER}", "--init-groups", "--"]
        child, terminal = pty.fork()
        if child == 0:
            try:
                os.execvp(enter[0], [*enter, *self.command(*arguments)])
            finally:
                os._exit(127)
        said, answered, kept = b"", 0, False
        end = time.monotonic() + 120
        while time.monotonic() < end:
            if not select.select([terminal], [], [], 0.5)[0]:
                continue
            try:
                part = os.read(terminal, 65536)
            except OSError:
                break
            if not part:
                break
            said += part
            if said.count(b"password for") > answered:
                answered += 1
                os.write(terminal, f"{answer}\n".encode())
            if b"Keep it?" in said and not kept:
                kept = True
                os.write(terminal, b"y\n")
        else:
            os.kill(child, signal.SIGKILL)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        os.close(terminal)
        text = said.decode("utf-8", "replace")
        assert TOKEN not in text and PASSWORD not in text
        return status, text

    def left(self) -> list[str]:
        """What stands beside the policy, and which commands still wait: sudo itself takes a moment to end."""
        end, waiting = time.monotonic() + 10, self._waiting()
        while waiting and time.monotonic() < end:
            time.sleep(0.1)
            waiting = self._waiting()
        return [*sorted(file.name for file in self.rule.parent.iterdir()), *map(str, waiting)]

    def _waiting(self) -> list[object]:
        known = psutil.process_iter(["cmdline", "ppid", "status"])
        return [each.info for each in known if self._waits(each.info["cmdline"] or [])]

    @staticmethod
    def _waits(words: list[str]) -> bool:
        return "/usr/bin/xargs" in words and any("/etc/sudoers.d/.wb." in word for word in words)


@pytest.fixture(scope="module")
def desk() -> Iterator[Desk]:
    for program in ("sudo", "cvtsudoers", "visudo", "useradd", "chpasswd", "nsenter", "setpriv", "xargs", "sync"):
        require_program(program)
    if not Path(PYTHON).exists():
        missing(f"{PYTHON} is not installed")
    with private_etc() as etc, tempfile.TemporaryDirectory(prefix="workbench-code-") as folder:
        place = Path(folder)
        place.chmod(0o755)
        for name in ("workbench", "checks", "fixes"):
            shutil.copytree(CHECKOUT / name, place / name, ignore=shutil.ignore_patterns("__pycache__"))
        packages = Path(pydantic.__file__).parents[1]
        site = place / "site"
        site.mkdir()
        for name in ("psutil", "pydantic", "pydantic_core", "annotated_types", "typing_inspection", "yaml"):
            if (packages / name).is_dir():
                shutil.copytree(packages / name, site / name, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(packages / "typing_extensions.py", site)
        for place_of_root in ("/var/lib", "/run"):
            assert etc.run("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", place_of_root).returncode == 0
        for name in (CALLER, OTHER):
            assert etc.run("useradd", "--no-create-home", "--shell", "/bin/bash", name).returncode == 0
        (etc.folder / "sudoers").unlink()
        (etc.folder / "sudoers").write_text(POLICY)
        (etc.folder / "sudoers").chmod(0o440)
        made = Desk(etc, place, Path("/var/lib/workbench-backups"))
        probe = etc.run(*made.command("-c", "import pydantic, psutil"), account=CALLER)
        if probe.returncode != 0:
            missing(f"{PYTHON} cannot use the packages of this Python: {probe.stderr[-300:]}")
        try:
            yield made
        finally:
            etc.run("sh", "-c", "rm -f /run/workbench-*")  # the timers end


def password(desk: Desk, *, known: bool) -> None:
    """Give the account a password, or lock it."""
    script = f"echo {CALLER}:{PASSWORD} | chpasswd" if known else f"usermod --lock {CALLER}"
    assert desk.etc.run("sh", "-c", script).returncode == 0


def may_without_password(desk: Desk) -> bool:
    return desk.etc.run("sudo", "-k", "-n", "true", account=CALLER).returncode == 0


def test_a_rule_is_repaired_undone_and_repaired_again_through_sudo(desk: Desk) -> None:
    desk.policy(OWN + GUEST + SECRET)
    shown = desk.run("plan", desk.finding(OTHER), "--sudo", "--yes")
    assert shown.returncode == 0, shown.stderr
    assert "/usr/bin/sudo -n -- /usr/bin/xargs /usr/bin/mv" in shown.stdout
    assert f"-{GUEST.strip()}" in shown.stdout
    plan = desk.planned(OTHER)
    commands = json.loads(plan.read_text())["changes"][0]["commands"]
    assert all(command[:3] == ["/usr/bin/sudo", "-n", "--"] and command[3].startswith("/usr/") for command in commands)
    was = desk.rule.stat()

    done = desk.run("apply", str(plan), "--sudo", "--yes")

    assert done.returncode == 0, done.stdout + done.stderr
    repaired = OWN + GUEST.replace("NOPASSWD: ", "") + SECRET
    assert desk.rule.read_text() == repaired
    now = desk.rule.stat()
    assert (now.st_mode, now.st_uid, now.st_gid) == (was.st_mode, was.st_uid, was.st_gid)
    assert desk.left() == ["wb"]
    folder = desk.etc.run("stat", "--format", "%a %U", str(desk.backups)).stdout
    assert folder == "700 root\n"
    assert desk.etc.run("ls", str(desk.backups), account=CALLER).returncode != 0
    assert desk.run("apply", str(plan), "--sudo", "--yes").returncode != 0, "it is repaired already"
    run = desk.run("history").stdout.split()[0]
    undone = desk.run("undo", run)
    assert undone.returncode == 0 and "commands run as root" in undone.stderr, undone.stdout
    assert desk.rule.read_text() == OWN + GUEST + SECRET
    assert desk.run("undo", desk.run("history").stdout.split()[0]).returncode == 0
    assert desk.rule.read_text() == repaired
    assert desk.left() == ["wb"]
    for file in (desk.home / ".local" / "state").rglob("*"):
        assert not file.is_file() or TOKEN not in file.read_text(errors="replace"), file


def test_g14_nobody_is_shut_out(desk: Desk) -> None:
    desk.policy(OWN)
    password(desk, known=False)
    done = desk.run("plan", desk.finding(CALLER), "--sudo", "--yes")
    assert done.returncode != 0 and "its password is locked" in done.stderr


def test_without_anybody_to_ask_the_old_rule_comes_back(desk: Desk) -> None:
    desk.policy(OWN)
    password(desk, known=True)
    plan = desk.planned(CALLER)
    done = desk.run("apply", str(plan), "--sudo", "--yes")
    assert done.returncode != 0 and "rolled back" in done.stdout, done.stdout + done.stderr
    assert desk.rule.read_text() == OWN and may_without_password(desk)
    assert desk.left() == ["wb"]


def test_who_gives_the_password_keeps_the_repair(desk: Desk) -> None:
    desk.policy(OWN)
    password(desk, known=True)
    plan = desk.planned(CALLER)
    status, said = desk.at_terminal("apply", str(plan), "--sudo", "--yes", answer=PASSWORD)
    assert status == 0 and "applied and verified" in said, said[-2000:]
    assert desk.rule.read_text() == OWN.replace("NOPASSWD: ", "") and not may_without_password(desk)
    assert desk.left() == ["wb"]
    run = desk.run("history").stdout.split()[0]
    without = desk.run("undo", run)
    assert without.returncode != 0 and "sudo" in without.stdout
    assert desk.rule.read_text() == OWN.replace("NOPASSWD: ", "")
    status, said = desk.at_terminal("undo", run, answer=PASSWORD)
    assert status == 0 and desk.rule.read_text() == OWN, said[-2000:]


def test_an_account_with_a_password_gives_it_once(desk: Desk) -> None:
    desk.policy(GUEST)
    password(desk, known=True)
    own = desk.rule.with_name("own")
    own.write_text(OWN)
    own.chmod(0o440)
    plan = desk.planned(OTHER)
    own.chmod(0o640)
    own.write_text(OWN.replace("NOPASSWD: ", ""))
    own.chmod(0o440)
    assert not may_without_password(desk)
    status, said = desk.at_terminal("apply", str(plan), "--sudo", "--yes", answer=PASSWORD)
    assert status == 0 and "applied and verified" in said, said[-2000:]
    assert said.count("password for") == 1
    assert desk.rule.read_text() == GUEST.replace("NOPASSWD: ", "")
    assert desk.left() == ["own", "wb"]


def test_who_does_not_know_the_password_gets_the_old_rule_back(desk: Desk) -> None:
    desk.policy(OWN)
    password(desk, known=True)
    plan = desk.planned(CALLER)
    status, said = desk.at_terminal("apply", str(plan), "--sudo", "--yes", answer="wrong")
    assert status != 0 and "rolled back" in said, said[-2000:]
    assert desk.rule.read_text() == OWN and may_without_password(desk)
    assert desk.left() == ["wb"]


def test_killed_with_the_new_policy_in_place_the_old_one_comes_back(desk: Desk) -> None:
    desk.policy(OWN)
    password(desk, known=True)
    plan = desk.planned(CALLER)
    died = desk.run("-c", DIES, "apply", str(plan), "--sudo", "--yes")
    assert "applied" not in died.stdout
    end = time.monotonic() + 10
    while desk.rule.read_text() != OWN and time.monotonic() < end:
        time.sleep(0.05)
    assert desk.rule.read_text() == OWN and may_without_password(desk)
    desk.rule.chmod(0o640)
    desk.rule.write_text("")  # sudo lets the account do nothing now
    kept = desk.run("recover")
    assert kept.returncode != 0 and "run it in a terminal" in kept.stdout, kept.stdout + kept.stderr
    assert "started" in desk.run("history").stdout, "it waits for somebody who may"
    desk.rule.write_text(OWN)
    desk.rule.chmod(0o440)
    recovered = desk.run("recover")
    assert recovered.returncode == 0 and "recovered" in recovered.stdout, recovered.stdout + recovered.stderr
    assert desk.rule.read_text() == OWN
    end = time.monotonic() + 20
    while desk.left() != ["wb"] and time.monotonic() < end:
        time.sleep(0.05)  # what waited for the workbench has still to end, on a busy machine
    assert desk.left() == ["wb"]


# Dies right after it has applied the plan, before anybody could confirm it.
DIES_AFTERWARDS = """
import os, signal, sys
from workbench.engine import Workbench
apply = Workbench.apply
def dying(*arguments):
    run = apply(*arguments)
    print(run.state.value, run.message, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
Workbench.apply = dying
from workbench.cli import run as start
sys.exit(start(sys.argv[1:]))
"""


def until_rule_is(desk: Desk, text: str) -> bool:
    end = time.monotonic() + 30
    while desk.rule.read_text() != text and time.monotonic() < end:
        time.sleep(0.1)
    return desk.rule.read_text() == text


def test_killed_and_locked_out_and_not_confirmed_roots_timer_brings_it_back(desk: Desk) -> None:
    desk.policy(OWN + GUEST)
    plan = desk.planned(OTHER)
    commands = json.loads(plan.read_text())["changes"][0]
    assert (
        any("flock -n 9" in word for word in commands["commands"][-2]) and "/usr/bin/rm -- /run/" in commands["words"]
    )
    arguments = ("apply", str(plan), "--sudo", "--yes", "--confirm-within", "6")
    died = desk.run("-c", DIES_AFTERWARDS, *arguments)
    assert died.stdout.startswith("applied "), died.stdout + died.stderr
    other = desk.rule.parent / "zz"
    other.write_text(f"{CALLER} ALL=(ALL) !ALL\n")  # sudo lets the account do nothing now
    other.chmod(0o440)
    assert not may_without_password(desk)
    assert until_rule_is(desk, OWN + GUEST), "root's timer needs neither the workbench nor sudo"
    other.unlink()
    time.sleep(1)
    run = json.loads(desk.run("history", "--json").stdout)["runs"][0]
    assert run["state"] == "undone" and "root's timer" in run["message"], run
    assert desk.left() == ["wb"]


def test_what_is_confirmed_through_sudo_stays(desk: Desk) -> None:
    desk.policy(OWN + GUEST)
    plan = desk.planned(OTHER)
    done = desk.run("apply", str(plan), "--sudo", "--yes", "--confirm-within", "8")
    assert done.returncode == 0, done.stdout + done.stderr
    run = desk.run("history").stdout.split()[0]
    kept = desk.run("confirm", run)
    assert kept.returncode == 0 and "confirmed" in kept.stdout, kept.stdout + kept.stderr
    time.sleep(10)
    assert desk.rule.read_text() == OWN + GUEST.replace("NOPASSWD: ", "")
    assert desk.etc.run("sh", "-c", "ls /run/workbench-*").returncode != 0
