"""What is called passwordless here must really run without a password, and what is called clean must not give more.

sudo itself decides, with accounts and a policy that exist only in a private copy of /etc.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.live.lab import CHECKOUT, PrivateEtc, private_etc
from tests.live.support import missing, require_program
from workbench.host.command import run
from workbench.host.sudoers.document import parse

pytestmark = pytest.mark.live
DATA = Path(__file__).parents[1] / "data" / "sudoers"
CALLER, TARGET, TEAM = "wbcaller", "wbserver", "wbteam"
BASE = 'Defaults env_reset\nDefaults secure_path="/usr/sbin:/usr/bin:/sbin:/bin"\nroot ALL=(ALL:ALL) ALL\n'
LOOK = """
import dataclasses, json, sys
sys.path.insert(0, sys.argv[1])
from workbench.host import accounts, sudoers
from workbench.host.context import Context
from workbench.model.finding import Finding
from tests import builders
from tests.plugins.loading import run_check
context = Context.of_this_host()
facts = sudoers.gather(context)
snapshot = builders.snapshot(sudoers=facts, accounts=accounts.gather(context))
said = run_check("sudoers/passwordless-too-broad", snapshot)
print(json.dumps({
    "state": dataclasses.asdict(facts.state),
    "rules": [dataclasses.asdict(rule) for rule in facts.rules],
    "files": [file.path for file in facts.files],
    "severities": [str(verdict.severity) for verdict in said if isinstance(verdict, Finding)],
}))
"""


@pytest.fixture(scope="module")
def etc() -> Iterator[PrivateEtc]:
    for program in ("sudo", "cvtsudoers", "visudo", "useradd", "groupadd"):
        require_program(program)
    with private_etc() as made:
        for command in (
            ("groupadd", TEAM),
            ("useradd", "--no-create-home", "--groups", TEAM, CALLER),
            ("useradd", "--no-create-home", "--system", "--shell", "/usr/sbin/nologin", TARGET),
        ):
            done = made.run(*command)
            assert done.returncode == 0, done.stderr
        yield made


def policy(etc: PrivateEtc, text: str) -> dict[str, Any]:
    """Make ``text`` the policy, and look at it with the collector and the check."""
    file = etc.folder / "sudoers"
    file.unlink(missing_ok=True)
    file.write_text(BASE + text)
    file.chmod(0o440)
    valid = etc.run("visudo", "-c", "-f", "/etc/sudoers")
    assert valid.returncode == 0, valid.stdout + valid.stderr
    looked = etc.run(sys.executable, "-c", LOOK, str(CHECKOUT))
    assert looked.returncode == 0, looked.stderr
    found: dict[str, Any] = json.loads(looked.stdout)
    return found


def really_runs(etc: PrivateEtc, *arguments: str) -> str | None:
    """What sudo lets the caller run without a password prints, or None where it refuses."""
    done = etc.run("sudo", "-k", "-n", *arguments, account=CALLER)
    return done.stdout.strip() if done.returncode == 0 else None


@dataclass(frozen=True)
class Case:
    """A policy, what is tried under it, and what the check must say ("" for nothing)."""

    policy: str
    tried: tuple[str, ...]
    runs: bool
    severity: str = ""


FIND = ("/usr/bin/find", "/", "-maxdepth", "0", "-exec", "/usr/bin/id", "-u", ";")
CASES = {
    "everything": Case(f"{CALLER} ALL=(ALL) NOPASSWD: ALL", ("/usr/bin/id", "-u"), True, "critical"),
    "with a password": Case(f"{CALLER} ALL=(ALL) ALL", ("/usr/bin/id", "-u"), False),
    "a program that runs others": Case(f"{CALLER} ALL=NOPASSWD: /usr/bin/find", FIND, True, "critical"),
    "exceptions": Case(
        f"{CALLER} ALL=NOPASSWD: ALL, !/usr/bin/id", ("/bin/sh", "-c", "/usr/bin/id -u"), True, "critical"
    ),
    "defaults of everyone": Case(
        f"Defaults !authenticate\n{CALLER} ALL=(ALL) ALL", ("/usr/bin/id", "-u"), True, "critical"
    ),
    "defaults of the caller": Case(
        f"Defaults:{CALLER} !authenticate\n{CALLER} ALL=(ALL) ALL", ("/usr/bin/id", "-u"), True, "critical"
    ),
    "defaults of the caller, rule of the group": Case(
        f"Defaults:{CALLER} !authenticate\n%{TEAM} ALL=(ALL) ALL", ("/usr/bin/id", "-u"), True, "critical"
    ),
    "defaults of the group, rule of the caller": Case(
        f"Defaults:%{TEAM} !authenticate\n{CALLER} ALL=(ALL) ALL", ("/usr/bin/id", "-u"), True, "critical"
    ),
    "defaults taken back for the caller": Case(
        f"Defaults !authenticate\nDefaults:{CALLER} authenticate\n{CALLER} ALL=(ALL) ALL", ("/usr/bin/id", "-u"), False
    ),
    "defaults of another account": Case(
        f"Defaults:{TARGET} !authenticate\n{CALLER} ALL=(ALL) ALL", ("/usr/bin/id", "-u"), False
    ),
    "defaults of a target": Case(
        f"Defaults>{TARGET} !authenticate\n{CALLER} ALL=(ALL) ALL", ("-u", TARGET, "/usr/bin/id", "-u"), True, "high"
    ),
    "defaults of a target, another target": Case(
        f"Defaults>{TARGET} !authenticate\n{CALLER} ALL=(root) ALL", ("/usr/bin/id", "-u"), False
    ),
    "defaults of a command": Case(
        f"Defaults!/usr/bin/find !authenticate\n{CALLER} ALL=(ALL) ALL", FIND, True, "critical"
    ),
    "defaults of another command": Case(
        f"Defaults!/usr/bin/find !authenticate\n{CALLER} ALL=(ALL) /usr/bin/id", ("/usr/bin/id", "-u"), False
    ),
    "defaults of another host": Case(
        f"Defaults@elsewhere !authenticate\n{CALLER} ALL=(ALL) ALL", ("/usr/bin/id", "-u"), False
    ),
    "an exempt group, against the tag": Case(
        f"Defaults exempt_group={TEAM}\n{CALLER} ALL=(ALL) PASSWD: ALL", ("/usr/bin/id", "-u"), True, "critical"
    ),
    "taken back by a later rule": Case(
        f"{CALLER} ALL=(ALL) NOPASSWD: ALL\n%{TEAM} ALL=(ALL) ALL", ("/usr/bin/id", "-u"), False
    ),
    "given by a later rule": Case(
        f"%{TEAM} ALL=(ALL) ALL\n{CALLER} ALL=(ALL) NOPASSWD: ALL", ("/usr/bin/id", "-u"), True, "critical"
    ),
    "refused by a later rule": Case(f"{CALLER} ALL=NOPASSWD: ALL\n{CALLER} ALL=!ALL", ("/usr/bin/id", "-u"), False),
    "another host": Case(f"{CALLER} elsewhere=(ALL) NOPASSWD: ALL", ("/usr/bin/id", "-u"), False),
    "past its date": Case(f"{CALLER} ALL=(ALL) NOTAFTER=20200101000000Z NOPASSWD: ALL", ("/usr/bin/id", "-u"), False),
    "an alias": Case(
        f"User_Alias WE = {CALLER}\nCmnd_Alias TOOLS = /usr/bin/find\nWE ALL=NOPASSWD: TOOLS", FIND, True, "critical"
    ),
    "another default target": Case(
        f"Defaults runas_default={TARGET}\n{CALLER} ALL=NOPASSWD: ALL", ("/usr/bin/id", "-u"), True, "high"
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_sudo_agrees(etc: PrivateEtc, name: str) -> None:
    case = CASES[name]
    found = policy(etc, case.policy + "\n")
    assert found["state"]["status"] == "complete"
    assert (really_runs(etc, *case.tried) is not None) is case.runs
    counting = [rule for rule in found["rules"] if rule["users"] != ["root"] and rule["here"]]
    assert any(rule["passwordless"] for rule in counting) is case.runs
    assert found["severities"] == ([case.severity] if case.severity else [])


def test_the_exact_rule_is_clean_and_gives_nothing_else(etc: PrivateEtc) -> None:
    found = policy(etc, f"{CALLER} ALL=({TARGET}) NOPASSWD: /usr/bin/stat --format %U /var\n")
    assert found["severities"] == []
    (rule,) = [rule for rule in found["rules"] if rule["passwordless"]]
    assert [command["text"] for command in rule["commands"]] == ["/usr/bin/stat --format %U /var"]
    assert rule["commands"][0]["target"]["file"]["path"] == "/usr/bin/stat"
    assert rule["line"] == BASE.count("\n") + 1
    exact = ("/usr/bin/stat", "--format", "%U", "/var")
    assert really_runs(etc, "-u", TARGET, *exact) == "root"
    for other in (
        exact,
        ("-u", "root", *exact),
        ("-u", TARGET, *exact, "/etc"),
        ("-u", TARGET, "/usr/bin/stat", "/etc/shadow"),
        ("-u", TARGET, "/bin/sh", "-c", "id"),
        ("-E", "-u", TARGET, *exact),
        ("-u", TARGET, "-s"),
    ):
        assert really_runs(etc, *other) is None, other


def test_a_program_that_gives_a_shell_really_gives_root(etc: PrivateEtc) -> None:
    found = policy(etc, f"{CALLER} ALL=NOPASSWD: /usr/bin/find, /usr/bin/env, /usr/bin/tee\n")
    assert found["severities"] == ["critical"]
    assert really_runs(etc, *FIND) == "0"
    assert really_runs(etc, "/usr/bin/env", "/usr/bin/id", "-u") == "0"


def test_an_interpreter_that_takes_its_code_from_here_runs_the_callers_code(etc: PrivateEtc) -> None:
    python = os.path.realpath("/usr/bin/python3")
    if not os.access(python, os.X_OK):
        missing("this machine has no /usr/bin/python3")
    found = policy(etc, f"{CALLER} ALL=NOPASSWD: {python} -m wb_module\n")
    assert found["severities"] == ["critical"]
    with tempfile.TemporaryDirectory(prefix="workbench-", dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        Path(folder, "wb_module.py").write_text("import os\nprint(os.getuid())\n")
        done = etc.run("sh", "-c", f"cd {folder} && sudo -n {python} -m wb_module", account=CALLER)
    assert done.stdout.strip() == "0", done.stderr


def test_a_file_that_sudo_refuses_does_not_count(etc: PrivateEtc) -> None:
    folder = etc.folder / "sudoers.d"
    extra = folder / "wb-extra"
    extra.write_text(f"{CALLER} ALL=(ALL) NOPASSWD: ALL\n")
    dotted = folder / "wb.backup"
    dotted.write_text(f"{CALLER} ALL=(ALL) NOPASSWD: /usr/bin/find\n")
    try:
        extra.chmod(0o440)
        dotted.chmod(0o440)
        found = policy(etc, "@includedir /etc/sudoers.d\n")
        assert really_runs(etc, "/usr/bin/id", "-u") == "0"
        assert found["severities"] == ["critical"]
        assert "/etc/sudoers.d/wb-extra" in found["files"]
        assert "/etc/sudoers.d/wb.backup" not in found["files"]
        (rule,) = [rule for rule in found["rules"] if rule["passwordless"]]
        assert (rule["file"], rule["line"]) == ("/etc/sudoers.d/wb-extra", 1)
        extra.chmod(0o442)
        found = policy(etc, "@includedir /etc/sudoers.d\n")
        assert really_runs(etc, "/usr/bin/id", "-u") is None
        assert found["severities"] == []
    finally:
        extra.unlink()
        dotted.unlink()


def test_an_account_that_may_not_read_the_policy_learns_nothing(etc: PrivateEtc) -> None:
    policy(etc, f"{CALLER} ALL=(ALL) NOPASSWD: ALL\n")
    ids = [etc.run("id", flag, CALLER).stdout.strip() for flag in ("-g", "-u")]
    # The checkout may lie where the account cannot look: everything is imported before it takes over.
    imports = "import sys; sys.path.insert(0, sys.argv[1])\nfrom workbench.host import sudoers\n"
    imports += "from workbench.host.context import Context\nimport os, dataclasses, json, psutil\n"
    drop = "os.setgroups([]); os.setgid(int(sys.argv[2])); os.setuid(int(sys.argv[3]))\n"
    look = "print(json.dumps(dataclasses.asdict(sudoers.gather(Context.of_this_host()))))\n"
    done = etc.run(sys.executable, "-c", imports + drop + look, str(CHECKOUT), *ids)
    assert done.returncode == 0, done.stderr
    facts = json.loads(done.stdout)
    assert facts["state"]["status"] == "failed"
    assert "permission denied" in facts["state"]["reason"]
    assert facts["state"]["unlock"].startswith("run the scan as root")
    assert facts["rules"] == []


def test_the_kept_document_is_what_this_cvtsudoers_prints() -> None:
    program = require_program("cvtsudoers")
    source = str(DATA / "every-shape.sudoers")
    printed = run((program, "-c", "/dev/null", "-e", "-f", "json", source), 10.0)
    assert printed.status == 0, printed.err
    assert parse(printed.out) == parse((DATA / "every-shape.json").read_text())
