"""The kernel, auditctl, auditd and ausearch themselves must agree with what is said of rules and events.

Auditing belongs to the whole machine: one run at a time, and what was set before is set again after it.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests import builders
from tests.host.test_audit_rules import CASES
from tests.live.lab import CHECKOUT, private_etc
from tests.live.support import missing, require_program, require_root
from tests.plugins.loading import run_check
from workbench.host.audit import Places, call_tables, gathered
from workbench.host.audit.access import AsOneself
from workbench.host.audit.records import Occurrence
from workbench.host.audit.rule import parse_listed
from workbench.host.audit.trail import Follower
from workbench.host.context import Context
from workbench.model.audit import AuditEvent, AuditFacts, ServerAccount
from workbench.model.finding import Finding, Passed
from workbench.recording import records

pytestmark = [pytest.mark.live, pytest.mark.xdist_group("audit")]
UID = 61234
ACCOUNT = ServerAccount(UID, f"uid {UID}", gid=UID, login=-1)
OPENS = ("-a", "always,exit", "-F", "arch=b64", "-S", "open,openat,openat2")
DENIED = (
    (*OPENS, "-F", "exit=-EACCES", "-F", f"uid={UID}", "-k", "mcp_denied"),
    (*OPENS, "-F", "exit=-EPERM", "-F", f"uid={UID}", "-k", "mcp_denied"),
)
STARTS = ("-a", "always,exit", "-F", "arch=b64", "-S", "execve,execveat", "-F", f"uid={UID}", "-k", "mcp_exec")
LOCK = Path("/run/workbench-audit.lock")


def auditctl(*arguments: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [require_program("auditctl"), *arguments],
        capture_output=True,
        timeout=20,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    # Not as text: that would take a carriage return for the end of a line.
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())


def status() -> dict[str, str]:
    return {line.split(" ")[0]: line.split(" ")[1] for line in auditctl("-s").stdout.splitlines()}


def listed() -> list[str]:
    return [line for line in auditctl("-l").stdout.split("\n") if line and line != "No rules"]


def load(text: str) -> int:
    """``auditctl -R`` of a file with that text."""
    with tempfile.NamedTemporaryFile("w", suffix=".rules") as file:
        file.write(text)
        file.flush()
        return auditctl("-R", file.name).returncode


@pytest.fixture(scope="module")
def machine() -> Iterator[None]:
    """The audit system for this module alone, without a rule; as it was before afterwards."""
    require_root()
    for program in ("auditctl", "auditd", "ausearch", "ausyscall", "setpriv"):
        require_program(program)
    with LOCK.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        before = status()
        if not before:
            missing("the kernel lets nobody here set audit rules (a container?)")
        if before["enabled"] == "2" or before["pid"] != "0":
            missing("the audit system of this machine is locked, or a daemon of its own runs")
        rules = listed()
        try:
            auditctl("-D")
            yield
        finally:
            auditctl("-D")
            if rules:
                load("".join(f"{rule}\n" for rule in rules))
            for option, name in (("-f", "failure"), ("-b", "backlog_limit"), ("-r", "rate_limit"), ("-e", "enabled")):
                auditctl(option, before[name])
            auditctl("--backlog_wait_time", before["backlog_wait_time"])
            assert listed() == rules
            assert {name: status()[name] for name in ("enabled", "pid")} == {
                name: before[name] for name in ("enabled", "pid")
            }


@pytest.fixture
def clean(machine: None) -> Iterator[None]:
    try:
        yield
    finally:
        auditctl("-D")


@dataclass(frozen=True)
class Daemon:
    """An auditd with a log of its own, and a place where the account meets what it may not read."""

    folder: Path

    @property
    def log(self) -> str:
        return str(self.folder / "log" / "audit.log")

    @property
    def place(self) -> Path:
        return self.folder / "place"

    def act(self, script: str, *, uid: int = UID) -> None:
        """Run a shell script as the account, in its workspace."""
        subprocess.run(
            ["/usr/bin/setpriv", "--reuid", str(uid), "--regid", str(uid), "--clear-groups", "/bin/sh", "-c", script],
            cwd=self.place / "workspace",
            env={"PATH": "/usr/bin:/bin", "HOME": str(self.place / "workspace")},
            capture_output=True,
            timeout=30,
            check=False,
            stdin=subprocess.DEVNULL,
        )

    def look(self) -> AuditFacts:
        return gathered(context(), AsOneself(), Places(str(self.folder / "etc"), self.log), time.time())

    def settled(self, wanted: int) -> AuditFacts:
        """The facts once that many events were written, or what is there after five seconds."""
        end = time.monotonic() + 5
        while True:
            facts = self.look()
            if time.monotonic() > end or sum(event.count for event in facts.events or ()) >= wanted:
                return facts
            time.sleep(0.2)


def context() -> Context:
    return Context("linux", Path("/root"), 0, {}, Path("/"))


@pytest.fixture
def daemon(clean: None) -> Iterator[Daemon]:
    folder = Path(tempfile.mkdtemp(prefix="workbench-audit-", dir="/tmp"))
    process: subprocess.Popen[bytes] | None = None
    try:
        made = Daemon(folder)
        folder.chmod(0o755)
        for name in ("etc/plugins.d", "etc/rules.d", "log", "place/workspace"):
            (folder / name).mkdir(parents=True)
        (folder / "log").chmod(0o700)
        os.chown(made.place / "workspace", UID, UID)
        (made.place / "workspace" / "notes").write_text("mine")
        os.chown(made.place / "workspace" / "notes", UID, UID)
        for name in ("key", "a key\x1b[31m"):
            (made.place / name).write_text("secret")
            (made.place / name).chmod(0o600)
        settings = Path("/etc/audit/auditd.conf").read_text()
        own = {"log_file": made.log, "log_group": "root", "plugin_dir": str(folder / "etc/plugins.d")}
        lines = [line for line in settings.splitlines() if line.partition(" =")[0] not in own]
        lines += [f"{name} = {value}" for name, value in own.items()]
        (folder / "etc/auditd.conf").write_text("\n".join(lines) + "\n")
        (folder / "etc/auditd.conf").chmod(0o640)
        process = subprocess.Popen(
            [require_program("auditd"), "-n", "-c", str(folder / "etc")],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        end = time.monotonic() + 10
        while status().get("pid") != str(process.pid):
            assert process.poll() is None and time.monotonic() < end, "auditd did not start"
            time.sleep(0.05)
        yield made
    finally:
        if process is not None:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(10)
            process.kill()
            process.wait()
        auditctl("-e", "0")
        shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the cases name the calls of x86_64")
@pytest.mark.parametrize(("text", "expected"), CASES)
def test_the_kernel_takes_exactly_what_is_said_to_be_taken(clean: None, text: str, expected: tuple[str, ...]) -> None:
    load(text)
    tables = call_tables()
    assert [parse_listed(line, tables) for line in listed()] == [parse_listed(line, tables) for line in expected]


def test_the_rule_that_guides_recommend_is_refused_and_stops_what_follows(clean: None) -> None:
    seed = (*OPENS, "-F", f"uid={UID}", "-F", "dir!=/var/mcp/workspace", "-k", "mcp_path_violation")
    refused = auditctl(*seed)
    assert refused.returncode == 255 and "Invalid argument" in refused.stderr
    text = f"-w /etc/group -p wa -k before\n{' '.join(seed)}\n-w /etc/hosts -p wa -k after\n"
    assert load(text) == 1
    assert listed() == ["-w /etc/group -p wa -k before"]
    auditctl("-D")
    assert load("-i\n" + text) == 0
    assert [line.rpartition(" ")[2] for line in listed()] == ["before", "after"]


def test_denied_only_rules_record_the_denied_paths_and_nothing_else(daemon: Daemon) -> None:
    for rule in DENIED:
        assert auditctl(*rule).returncode == 0
    daemon.act("read a < notes; cat ./notes; echo x > made; cat ../key; cat ../key; cat '../a key\x1b[31m'")
    facts = daemon.settled(3)
    assert facts.enabled == 1 and facts.running is True and facts.listed
    assert [account.uid for account in facts.accounts] == [UID]
    assert {(event.kind, event.outcome, event.what, event.count) for event in facts.events or ()} == {
        ("open", "denied", f"{daemon.place}/key", 2),
        ("open", "denied", rf"{daemon.place}/a key\x1b[31m", 1),
    }
    assert {event.by for event in facts.events or ()} == {os.path.realpath("/usr/bin/cat")}
    said = run_check("audit/denied-access", builders.snapshot(audit=facts))
    (finding,) = [verdict for verdict in said if isinstance(verdict, Finding)]
    assert "3 times" in finding.summary
    said = run_check("audit/not-watching-files", builders.snapshot(audit=facts))
    assert {type(verdict) for verdict in said} == {Passed}


def test_a_start_is_recorded_with_its_secret_taken_out(daemon: Daemon) -> None:
    assert auditctl(*STARTS).returncode == 0
    token = "ghp_" + "a1B2c3D4e5" * 3 + "f6G7h8"
    daemon.act(f"env X=1 nosuchprogram; /usr/bin/env --version; env GITHUB_TOKEN={token} true 'a b'; ../key")
    events = {event.what: event for event in daemon.settled(5).events or ()}
    assert events["/bin/sh"].outcome == "started"
    assert events[f"{daemon.place}/key"].outcome == "denied"
    assert "/usr/bin/env" in events and "/usr/bin/true" in events
    assert not any("nosuchprogram" in what for what in events)  # it was looked for and not found: no denial
    assert token not in repr(events) and any("true 'a b'" in each or "true a b" in each for each in _examples(events))


def _examples(events: dict[str, AuditEvent]) -> list[str]:
    return [example for event in events.values() for example in event.examples]


def test_new_events_are_told_once(daemon: Daemon) -> None:
    for rule in DENIED:
        assert auditctl(*rule).returncode == 0
    daemon.act("cat ../key")
    daemon.settled(1)
    follower = Follower([ACCOUNT], time.time() - 60, places=Places("", daemon.log))
    first = [each.what for each in _polled(follower)]
    assert first == [f"{daemon.place}/key"]
    assert follower.poll() == ()
    daemon.act("cat '../a key\x1b[31m'; cat ../key")
    found = [each.what for _ in range(2) for each in _polled(follower)]
    assert sorted(found) == [rf"{daemon.place}/a key\x1b[31m", f"{daemon.place}/key"]
    assert follower.poll() == ()


def _polled(follower: Follower) -> list[Occurrence]:
    end = time.monotonic() + 5
    while time.monotonic() < end:
        found = follower.poll()
        if found:
            return list(found)
        time.sleep(0.2)
    return []


def test_what_is_loaded_is_compared_with_what_is_on_disk(daemon: Daemon) -> None:
    on_disk = [" ".join(rule) for rule in DENIED] + ["-w /etc/hosts -p wa -k later"]
    (daemon.folder / "etc/rules.d/50-mcp.rules").write_text("\n".join(on_disk))
    for rule in (*DENIED, STARTS):
        assert auditctl(*rule).returncode == 0
    rules = daemon.look().rules
    assert [(rule.loaded, rule.line) for rule in rules] == [(True, 1), (True, 2), (True, None), (False, 3)]


RECORDED: dict[str, tuple[str, ...]] = {
    "denied only": (" ".join(DENIED[0]),),
    "another error": (" ".join(DENIED[1]),),
    "every open": (f"{' '.join(OPENS)} -F uid={UID} -k x",),
    "another account": (f"{' '.join(OPENS)} -F uid=61235 -k x",),
    "not that account": (f"{' '.join(OPENS)} -F uid!={UID} -k x",),
    "all that fails": (f"{' '.join(OPENS)} -F success=0 -F euid={UID} -k x",),
    "what succeeds": (f"{' '.join(OPENS)} -F success=1 -F uid={UID} -k x",),
    "an error at all": (f"{' '.join(OPENS)} -F exit<0 -F uid={UID} -k x",),
    "every error, as the kernel compares": (f"{' '.join(OPENS)} -F exit>=-4095 -F uid={UID} -k x",),
    "an error up to one": (f"{' '.join(OPENS)} -F exit<=-1 -F exit!=0 -F uid={UID} -k x",),
    "another call": (f"-a always,exit -F arch=b64 -S open,openat2 -F uid={UID} -k x",),
    "32 bits": (f"-a always,exit -F arch=b32 -S openat -F uid={UID} -k x",),
    "no architecture": (f"-a always,exit -S openat -F uid={UID} -k x",),
    "every call": (f"-a always,exit -F arch=b64 -F uid={UID} -F exit=-EACCES",),
    "people who logged in": (f"{' '.join(OPENS)} -F exit=-EACCES -F auid>=1000 -F auid!=unset -k x",),
    "whoever logged in or not": (f"{' '.join(OPENS)} -F exit=-EACCES -F auid>=1000 -k x",),
    "an account that is not its login": (f"{' '.join(OPENS)} -F exit=-EACCES -F uid={UID} -C auid!=uid -k x",),
    "taken back before": (f"-a never,exit -F arch=b64 -S openat -F uid={UID}", f"{' '.join(OPENS)} -F uid={UID} -k x"),
    "taken back after": (f"{' '.join(OPENS)} -F uid={UID} -k x", f"-a never,exit -F arch=b64 -S openat -F uid={UID}"),
    "one folder taken out": (
        f"-a never,exit -F arch=b64 -S openat -F uid={UID} -F dir=/usr/share",
        f"{' '.join(OPENS)} -F uid={UID} -k x",
    ),
    "one other folder alone": (f"{' '.join(OPENS)} -F uid={UID} -F dir=/usr/share -k x",),
    "no task at all": ("-a never,task", f"{' '.join(OPENS)} -F uid={UID} -k x"),
    "no such task": ("-a never,task -F uid=61235", f"{' '.join(OPENS)} -F uid={UID} -k x"),
    "excluded": (f"-a never,exclude -F uid={UID}", f"{' '.join(OPENS)} -F uid={UID} -k x"),
    "excluded by its kind": ("-a always,exclude -F msgtype=SYSCALL", f"{' '.join(OPENS)} -F uid={UID} -k x"),
    "another kind excluded": ("-a always,exclude -F msgtype=CWD", f"{' '.join(OPENS)} -F uid={UID} -k x"),
}


def test_what_is_said_to_be_recorded_is_recorded(daemon: Daemon) -> None:
    wrong = []
    for name, rules in RECORDED.items():
        auditctl("-D")
        for rule in rules:
            assert auditctl(*rule.split(" ")).returncode == 0, (name, rule)
        key = daemon.place / f"key {name}"
        key.write_text("secret")
        key.chmod(0o600)
        # The task list is asked when a process is made, before it takes the account: the shell makes one as it.
        daemon.act(f"(cat '{key}'; :); :")
        tables = call_tables()
        said = records([parse_listed(line, tables) for line in listed()], ACCOUNT, "openat", outcome=-13)
        really = _in_log(daemon, str(key), wait=1.5 if said == "yes" else 0.4)
        if (said == "yes") is not really or said == "perhaps":
            wrong.append((name, said, really))
    assert not wrong, wrong


def _in_log(daemon: Daemon, path: str, wait: float) -> bool:
    end = time.monotonic() + wait
    spelled = path.encode().hex().upper()
    while True:
        text = Path(daemon.log).read_text(errors="replace")
        named = [line for line in text.splitlines() if f"name={spelled}" in line]
        serials = {line.split("msg=")[1].split(":")[1].split(")")[0] for line in named}
        for line in text.splitlines():
            if (
                line.startswith("type=SYSCALL")
                and f" uid={UID} " in line
                and any(f":{serial})" in line for serial in serials)
            ):
                return True
        if time.monotonic() > end:
            return False
        time.sleep(0.1)


def test_an_account_that_may_not_ask_learns_nothing_and_says_why(machine: None) -> None:
    facts = _asked_by("os.setgroups([]); os.setgid(65534); os.setuid(65534)")
    assert facts["state"]["status"] == "partial" and not facts["listed"]
    gaps = {gap["facet"]: gap for gap in facts["state"]["unread"]}
    assert {"rules", "status", "files"} <= set(gaps)
    assert "root alone" in gaps["rules"]["why"] and "sudo auditctl -l" in gaps["rules"]["unlock"]
    assert facts["enabled"] is None and facts["running"] is None and facts["files"] is None


def test_root_of_a_container_is_told_that_auditing_is_the_hosts(machine: None) -> None:
    require_program("setpriv")
    facts = _asked_by("", "/usr/bin/setpriv", "--bounding-set", "-audit_control", "--inh-caps", "-audit_control")
    gaps = {gap["facet"]: gap for gap in facts["state"]["unread"]}
    assert "the kernel does not answer here" in gaps["rules"]["why"]
    assert not facts["listed"] and facts["running"] is None


def _asked_by(drop: str, *wrapper: str) -> dict[str, Any]:
    # The checkout may lie where the account cannot look: everything is imported before it takes over.
    code = "import sys; sys.path.insert(0, sys.argv[1])\n"
    code += "import dataclasses, json, os, pathlib, time, subprocess, pwd, grp\nfrom workbench.host import audit\n"
    code += "from workbench.host.context import Context\nimport workbench.secrets\n"
    code += drop + "\ncontext = Context('linux', pathlib.Path('/'), os.getuid(), {}, pathlib.Path('/'))\n"
    code += "print(json.dumps(dataclasses.asdict(audit.gather(context))))\n"
    done = subprocess.run(
        [*wrapper, sys.executable, "-c", code, str(CHECKOUT)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    facts: dict[str, Any] = json.loads(done.stdout)
    return facts


def test_the_command_tells_what_was_provoked_once_and_as_it_happens(clean: None, tmp_path: Path) -> None:
    log = Path(tempfile.mkdtemp(prefix="workbench-audit-", dir="/tmp"))
    auditd: subprocess.Popen[bytes] | None = None
    follow: subprocess.Popen[str] | None = None
    account = "wbmcp"
    try:
        with private_etc() as etc:
            assert (
                etc.run("useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", account).returncode
                == 0
            )
            uid = etc.run("id", "-u", account).stdout.strip()
            settings = etc.folder / "audit/auditd.conf"
            lines = [
                line for line in settings.read_text().splitlines() if not line.startswith(("log_file", "log_group"))
            ]
            settings.write_text("\n".join([*lines, f"log_file = {log}/elsewhere.log", "log_group = root"]) + "\n")
            enter = ("nsenter", "-t", str(etc.pid), "-m", "--")
            quiet: Any = {"stdin": subprocess.DEVNULL, "start_new_session": True}
            auditd = subprocess.Popen(
                [*enter, require_program("auditd"), "-n"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **quiet
            )
            end = time.monotonic() + 10
            while status().get("pid") == "0":
                assert auditd.poll() is None and time.monotonic() < end, "auditd did not start"
                time.sleep(0.05)
            for rule in DENIED:
                assert auditctl(*(word.replace(str(UID), uid) for word in rule)).returncode == 0
            program = [*enter, "env", f"HOME={tmp_path}", f"PYTHONPATH={CHECKOUT}", "PYTHONUNBUFFERED=1"]
            program += [sys.executable, "-m", "workbench", "audit-trail"]
            etc.run("cat", "/etc/shadow", account=account)
            end = time.monotonic() + 10
            while True:
                done = subprocess.run([*program, "--json"], capture_output=True, text=True, timeout=60, check=False)
                document = json.loads(done.stdout)
                if document["events"] or time.monotonic() > end:
                    break
            assert done.returncode == 0, done.stderr
            assert {"uid": int(uid), "name": account, "servers": []} in document["accounts"]
            (event,) = document["events"]
            assert (event["what"], event["outcome"], event["account"]) == ("/etc/shadow", "denied", account)
            follow = subprocess.Popen(
                [*program, "--follow", "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **quiet
            )
            assert follow.stdout is not None and follow.stderr is not None
            assert "waiting for new events" in follow.stderr.readline()
            etc.run("cat", "/etc/gshadow", account=account)
            told = json.loads(follow.stdout.readline())
            assert (told["what"], told["account"]) == ("/etc/gshadow", account)
            os.killpg(follow.pid, signal.SIGINT)
            assert follow.wait(10) == 130
    finally:
        for process in (follow, auditd):
            if process is not None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGTERM)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(10)
        auditctl("-e", "0")
        shutil.rmtree(log, ignore_errors=True)
