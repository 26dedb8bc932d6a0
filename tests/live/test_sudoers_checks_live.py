"""What the checks of sudo rules say, sudo itself must confirm: by what it runs, refuses and lets through.

Accounts and policy exist only in a private copy of /etc.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.live.lab import CHECKOUT, PrivateEtc, private_etc
from tests.live.support import missing, require_program

pytestmark = pytest.mark.live
CALLER, TARGET, TEAM = "wbcaller", "wb-mcp", "wbteam"
BASE = 'Defaults env_reset\nDefaults secure_path="/usr/sbin:/usr/bin:/sbin:/bin"\nroot ALL=(ALL:ALL) ALL\n'
EXACT = "/usr/bin/stat --format %U /var"
COMMAND = tuple(EXACT.split(" "))
LOOK = """
import dataclasses, json, os, pwd, sys
sys.path.insert(0, sys.argv[1])
import grp, tarfile, psutil  # before the caller takes over, who may not reach them
from workbench.host import accounts, sudoers
from workbench.host.command import run
from workbench.host.privileged import Privileged
from workbench.host.context import Context
from workbench.launch import understand
from workbench.model.clients import ClientFacts
from workbench.scan import run_check
from tests import builders
from tests.plugins.loading import get_check
context = Context.of_this_host()
if sys.argv[4] == "root":
    facts = sudoers.gather(context)
else:
    # As the caller, who may agree to reading through sudo.
    answers = Privileged()
    context = dataclasses.replace(context, privileged=answers)
    for agreed in range(2 if sys.argv[4] == "agrees" else 1):
        if agreed:
            answers.answers = {vector: run(vector, 10.0) for vector in answers.wanted}
            answers.wanted = {}
        caller = pwd.getpwnam(sys.argv[2])
        os.setgroups([])
        os.setegid(caller.pw_gid)
        os.seteuid(caller.pw_uid)
        facts = sudoers.gather(context)
        os.seteuid(0)
        os.setegid(0)
    assert not agreed or not answers.wanted, answers.wanted
starts = enumerate(json.loads(sys.argv[3]))
config = builders.config(
    [builders.server(str(at), start, launch=understand(start, "/")) for at, start in starts],
    owner=pwd.getpwnam(sys.argv[2]).pw_uid,
)
snapshot = builders.snapshot(
    sudoers=facts, accounts=accounts.gather(context), clients=ClientFacts(builders.COMPLETE, (config,))
)
said = {}
for name in ("inexact-arguments", "target-writable", "keeps-environment", "rule-missing", "ignored-or-broken-file"):
    result = run_check(get_check("sudoers/" + name), snapshot)
    said[name] = {
        "status": str(result.status.value),
        "found": [[finding.subject.label, str(finding.severity), finding.summary] for finding in result.findings],
        "unknown": [gap.what for gap in result.not_assessed],
    }
print(json.dumps(said))
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


@pytest.fixture
def folder(etc: PrivateEtc) -> Iterator[Path]:
    """A folder of root's that every account reaches."""
    with tempfile.TemporaryDirectory(prefix="workbench-", dir="/var/lib") as made:
        Path(made).chmod(0o755)
        yield Path(made)


def look(etc: PrivateEtc, *starts: tuple[str, ...], who: str = "root") -> dict[str, Any]:
    """What the checks say to root, to a caller who "agrees" to reading through sudo, or to one who "refuses"."""
    looked = etc.run(sys.executable, "-c", LOOK, str(CHECKOUT), CALLER, json.dumps(starts), who)
    assert looked.returncode == 0, looked.stderr
    said: dict[str, Any] = json.loads(looked.stdout)
    return said


def write(etc: PrivateEtc, text: str) -> None:
    file = etc.folder / "sudoers"
    file.unlink(missing_ok=True)
    file.write_text(BASE + text + "\n")
    file.chmod(0o440)


def policy(etc: PrivateEtc, text: str, *starts: tuple[str, ...]) -> dict[str, Any]:
    write(etc, text)
    valid = etc.run("visudo", "-c", "-f", "/etc/sudoers")
    assert valid.returncode == 0, valid.stdout + valid.stderr
    return look(etc, *starts)


def runs(etc: PrivateEtc, *arguments: str, environment: tuple[str, ...] = ()) -> str | None:
    """What sudo lets the caller run without a password prints, or None where it refuses."""
    done = etc.run("env", *environment, "sudo", "-k", "-n", *arguments, account=CALLER)
    return done.stdout.strip() if done.returncode == 0 else None


def permits(etc: PrivateEtc, *command: str) -> bool:
    """What ``sudo -n -l -U`` says of a command line: whether it is permitted, whatever the program makes of it."""
    answer = etc.run("sudo", "-n", "-l", "-U", CALLER, "-u", TARGET, *command)
    asked = etc.run("sudo", "-k", "-n", "-l", "-u", TARGET, *command, account=CALLER)
    assert (answer.returncode == 0) is (asked.returncode == 0)
    return answer.returncode == 0


@pytest.mark.parametrize(
    ("permitted", "more", "loose"),
    [
        (EXACT, False, False),
        ("/usr/bin/stat", True, True),
        ("/usr/bin/stat --format %U *", True, True),
        ("/usr/bin/stat ^--format %U .*$", True, True),
        ("/usr/bin/stat ^--format %U /(var|srv)$", False, False),
        ("/usr/bin/", True, True),
        ("/usr/bin/sta[t]", True, True),
        (EXACT.replace("/var", r"/var\*"), False, False),
    ],
)
def test_inexact_arguments(etc: PrivateEtc, permitted: str, more: bool, loose: bool) -> None:
    said = policy(etc, f"{CALLER} ALL=({TARGET}) NOPASSWD: {permitted}")["inexact-arguments"]
    assert bool(said["found"]) is loose
    assert said["status"] == ("found" if loose else "passed")
    assert permits(etc, *COMMAND, "/etc/passwd") is more
    assert (runs(etc, "-u", TARGET, *COMMAND, "/etc/passwd") is not None) is more


def test_no_arguments_is_an_empty_string_in_quotes(etc: PrivateEtc) -> None:
    said = policy(etc, f'{CALLER} ALL=({TARGET}) NOPASSWD: /usr/bin/id ""')
    assert said["inexact-arguments"]["status"] == "passed"
    assert runs(etc, "-u", TARGET, "/usr/bin/id") is not None
    assert runs(etc, "-u", TARGET, "/usr/bin/id", "-u") is None


def test_where_one_argument_ends_is_not_compared(etc: PrivateEtc) -> None:
    policy(etc, f"{CALLER} ALL=({TARGET}) NOPASSWD: {EXACT}")
    assert permits(etc, "/usr/bin/stat", "--format %U", "/var")
    assert permits(etc, "/usr/bin/stat", "--format %U /var")
    # That it is permitted does not mean that the program takes it.
    assert runs(etc, "-u", TARGET, "/usr/bin/stat", "--format %U", "/var") is None


def as_caller(etc: PrivateEtc, script: str) -> bool:
    return etc.run("sh", "-c", script, account=CALLER).returncode == 0


def test_a_writable_program_runs_what_the_caller_wrote(etc: PrivateEtc, folder: Path) -> None:
    program = folder / "server"
    program.write_text("#!/bin/sh\necho honest\n")
    rule = f"{CALLER} ALL=({TARGET}) NOPASSWD: {program}"
    overwrite = f"printf '#!/bin/sh\\nid -un\\n' > {program}"
    for mode, group, found in ((0o755, "root", False), (0o775, TEAM, True)):
        program.chmod(mode)
        os.chown(program, 0, int(etc.run("getent", "group", group).stdout.split(":")[2]))
        said = policy(etc, rule)["target-writable"]
        assert bool(said["found"]) is found, said
        assert as_caller(etc, overwrite) is found
        assert runs(etc, "-u", TARGET, str(program)) == (TARGET if found else "honest")
    assert said["found"][0][1] == "critical"


def test_a_folder_above_and_a_script_argument(etc: PrivateEtc, folder: Path) -> None:
    script = folder / "package" / "server.sh"
    script.parent.mkdir()
    script.write_text("echo honest\n")
    rule = f"{CALLER} ALL=({TARGET}) NOPASSWD: /bin/sh {script}"
    uid = int(etc.run("id", "-u", CALLER).stdout)
    replace = f"cd {folder} && chmod u+w package && mv package/server.sh package/old && echo id -un > package/server.sh"
    assert policy(etc, rule)["target-writable"]["status"] == "passed"
    assert not as_caller(etc, replace)
    assert runs(etc, "-u", TARGET, "/bin/sh", str(script)) == "honest"
    # The owner of a folder without the right to write can give it to himself.
    os.chown(script.parent, uid, 0)
    script.parent.chmod(0o555)
    assert policy(etc, rule)["target-writable"]["status"] == "found"
    assert as_caller(etc, replace)
    assert runs(etc, "-u", TARGET, "/bin/sh", str(script)) == TARGET


def test_a_program_that_does_not_exist_can_be_made(etc: PrivateEtc, folder: Path) -> None:
    program = folder / "tools" / "absent"
    program.parent.mkdir(mode=0o755)
    rule = f"{CALLER} ALL=({TARGET}) NOPASSWD: {program}"
    assert policy(etc, rule)["target-writable"]["status"] == "passed"
    program.parent.chmod(0o777)
    assert policy(etc, rule)["target-writable"]["status"] == "found"
    assert as_caller(etc, f"printf '#!/bin/sh\\nid -un\\n' > {program}; chmod 755 {program}")
    assert runs(etc, "-u", TARGET, str(program)) == TARGET


@pytest.mark.parametrize(
    ("settings", "tag", "arrives"),
    [
        ("", "", False),
        ("", "SETENV: ", True),
        ("Defaults setenv", "", True),
        ("Defaults setenv", "NOSETENV: ", False),
        (f"Defaults:{CALLER} setenv", "", True),
        (f"Defaults:{TARGET} setenv", "", False),
        (f"Defaults>{TARGET} setenv", "", True),
        (f"Defaults:%{TEAM} setenv", "", True),
        ("Defaults!/usr/bin/printenv setenv", "", True),
        ("Defaults!/usr/bin/id setenv", "", False),
        ("Defaults@elsewhere setenv", "", False),
        ("Defaults env_keep += LD_PRELOAD", "", True),
        ('Defaults env_keep += "LD_*"', "", True),
        ("Defaults env_keep += LD_PRELOAD\nDefaults env_keep -= LD_PRELOAD", "", False),
        (f"Defaults>{TARGET} env_keep += LD_PRELOAD", "", True),
        ("Defaults !env_reset, !env_delete", "", True),
    ],
)
def test_what_loads_code_really_arrives(etc: PrivateEtc, settings: str, tag: str, arrives: bool) -> None:
    said = policy(etc, f"{settings}\n{CALLER} ALL=({TARGET}) NOPASSWD: {tag}/usr/bin/printenv LD_PRELOAD")
    assert [found[1] for found in said["keeps-environment"]["found"]] == (["high"] if arrives else [])
    # As sudo's own argument: the loader takes LD_* away from every setuid program.
    given = runs(etc, "-u", TARGET, "LD_PRELOAD=/x", "/usr/bin/printenv", "LD_PRELOAD")
    assert given == ("/x" if arrives else None)
    assert runs(etc, "-u", TARGET, "/usr/bin/printenv", "LD_PRELOAD", environment=("LD_PRELOAD=/x",)) is None


@pytest.mark.parametrize(
    ("settings", "severity"),
    [
        ("", None),
        ("Defaults env_keep += PYTHONPATH", "high"),
        ("Defaults env_keep += NODE_OPTIONS", None),
        ("Defaults env_keep += LANG", None),
    ],
)
def test_a_kept_variable_runs_the_callers_code(
    etc: PrivateEtc, folder: Path, settings: str, severity: str | None
) -> None:
    if not os.access("/usr/bin/python3", os.X_OK):
        missing("this machine has no /usr/bin/python3")
    server = folder / "server"
    server.write_text("#!/usr/bin/python3\nimport json\nprint('served')\n")
    server.chmod(0o755)
    (folder / "modules").mkdir()
    (folder / "modules" / "json.py").write_text("import os, pwd\nprint(pwd.getpwuid(os.getuid()).pw_name)\n")
    said = policy(etc, f"{settings}\n{CALLER} ALL=({TARGET}) NOPASSWD: {server}")["keeps-environment"]
    assert [found[1] for found in said["found"]] == ([severity] if severity else [])
    printed = runs(etc, "-u", TARGET, str(server), environment=(f"PYTHONPATH={folder}/modules",))
    assert printed == (f"{TARGET}\nserved" if severity else "served")


def test_without_env_reset_what_sudo_does_not_know_passes(etc: PrivateEtc) -> None:
    rule = f"{CALLER} ALL=({TARGET}) NOPASSWD: /usr/bin/printenv"
    environment = ("NODE_OPTIONS=--x", "PYTHONPATH=/p", "BASH_ENV=/b")
    assert policy(etc, rule)["keeps-environment"]["status"] == "passed"
    printed = runs(etc, "-u", TARGET, "/usr/bin/printenv", environment=environment) or ""
    assert not set(environment) & set(printed.split("\n"))
    said = policy(etc, f"Defaults:{CALLER} !env_reset\n{rule}")["keeps-environment"]
    assert [found[1] for found in said["found"]] == ["medium"]
    printed = runs(etc, "-u", TARGET, "/usr/bin/printenv", environment=environment) or ""
    assert set(environment) & set(printed.split("\n")) == {"NODE_OPTIONS=--x"}


def test_a_kept_path_without_a_secure_one(etc: PrivateEtc, folder: Path) -> None:
    server = folder / "server"
    server.write_text("#!/usr/bin/env wb-interpreter\n")
    interpreter = folder / "bin" / "wb-interpreter"
    interpreter.parent.mkdir()
    interpreter.write_text("#!/bin/sh\nid -un\n")
    for file in (server, interpreter):
        file.chmod(0o755)
    rule = f"Defaults env_keep += PATH\n{CALLER} ALL=({TARGET}) NOPASSWD: {server}"
    environment = (f"PATH={interpreter.parent}:/usr/bin:/bin",)
    assert policy(etc, rule)["keeps-environment"]["status"] == "passed"
    assert runs(etc, "-u", TARGET, str(server), environment=environment) is None
    found = policy(etc, f"Defaults !secure_path\n{rule}")["keeps-environment"]["found"]
    assert [each[1] for each in found] == ["high"]
    assert runs(etc, "-u", TARGET, str(server), environment=environment) == TARGET


@pytest.mark.parametrize(
    "text",
    [
        "",
        f"{CALLER} ALL=({TARGET}) NOPASSWD: {EXACT}",
        f"{CALLER} ALL=({TARGET}) {EXACT}",
        f"{CALLER} ALL=NOPASSWD: {EXACT}",
        f"{CALLER} ALL=({TARGET}) NOPASSWD: {EXACT} x",
        f'{CALLER} ALL=({TARGET}) NOPASSWD: /usr/bin/stat ""',
        f"{CALLER} ALL=({TARGET}) NOPASSWD: /bin/stat --format %U /v*",
        f"{CALLER} ALL=({TARGET}) NOPASSWD: /usr/bin/stat ^--format %U /(var|etc)$",
        f"{CALLER} ALL=({TARGET}) NOPASSWD: ^/usr/bin/(stat|id)$ ^--format %U /[a-z]+$",
        f"{CALLER} ALL=({TARGET}) NOPASSWD: /usr/bin/\n",
        f"{CALLER} ALL=({TARGET}) NOPASSWD: /usr/*/stat",
        f"{CALLER} ALL=(ALL) NOPASSWD: ALL, !/usr/bin/stat",
        f"{CALLER} ALL=(ALL) NOPASSWD: ALL, !/usr/bin/id",
        f"{CALLER} ALL=(ALL, !{TARGET}) NOPASSWD: ALL",
        f"%{TEAM} ALL=({TARGET}) NOPASSWD: {EXACT}",
        f"ALL, !{CALLER} ALL=({TARGET}) NOPASSWD: {EXACT}",
        f"{CALLER} elsewhere=({TARGET}) NOPASSWD: {EXACT}",
        f"{CALLER} ALL=(%{TARGET}) NOPASSWD: {EXACT}",
        f"{CALLER} ALL=({TARGET}) NOPASSWD: {EXACT}\n%{TEAM} ALL=(ALL) ALL",
        f"%{TEAM} ALL=(ALL) ALL\n{CALLER} ALL=({TARGET}) NOPASSWD: {EXACT}",
        f"{CALLER} ALL=({TARGET}) NOPASSWD: {EXACT}\n{CALLER} ALL=({TARGET}) !/usr/bin/stat",
        f"Defaults:{CALLER} !authenticate\n{CALLER} ALL=({TARGET}) {EXACT}",
        f"Defaults>{TARGET} !authenticate\n{CALLER} ALL=(ALL) ALL",
        f"Defaults!/usr/bin/stat !authenticate\n{CALLER} ALL=(ALL) ALL",
        f"Defaults!/usr/bin/id !authenticate\n{CALLER} ALL=(ALL) ALL",
        f"Defaults exempt_group={TEAM}\n{CALLER} ALL=(ALL) PASSWD: ALL",
        f"Defaults runas_default={TARGET}\n{CALLER} ALL=NOPASSWD: {EXACT}",
        f"User_Alias WE = {CALLER}\nCmnd_Alias IT = {EXACT}, /usr/bin/id\nRunas_Alias AS = {TARGET}\n"
        "WE ALL=(AS) NOPASSWD: IT",
        f"{CALLER} ALL=({TARGET}:{TEAM}) NOPASSWD: {EXACT}",
        f"{CALLER} ALL=(:{TEAM}) NOPASSWD: {EXACT}",
        f"{CALLER} ALL=({TARGET}) NOPASSWD: SETENV: {EXACT}",
    ],
)
def test_a_missing_rule_is_what_sudo_refuses(etc: PrivateEtc, text: str) -> None:
    """Many ways to call the same program: each verdict must be sudo's."""
    starts = (
        ("sudo", "-n", "-u", TARGET, *COMMAND),
        ("sudo", "-n", "-u", TARGET, "/usr/bin/stat", "--format", "%U", "/var", "/etc"),
        ("sudo", "-n", "-u", TARGET, "/bin/stat", *COMMAND[1:]),
        ("sudo", "-n", "-u", TARGET, "stat", *COMMAND[1:]),
        ("sudo", "-n", *COMMAND),
        ("sudo", "-n", "-E", "-u", TARGET, *COMMAND),
        ("sudo", "-n", "-g", TEAM, *COMMAND),
        ("sudo", "-n", "-u", TARGET, "-g", TEAM, *COMMAND),
        ("sudo", "-n", "-u", TARGET, "-g", TARGET, *COMMAND),
        ("sudo", "-n", "-u", CALLER, *COMMAND),
    )
    said = policy(etc, text, *starts)["rule-missing"]
    refused = {found[0].split(" ")[0] for found in said["found"]}
    unknown = {gap.split("permits ")[1].split(" ")[0] for gap in said["unknown"]}
    for at, start in enumerate(starts):
        if str(at) in unknown:
            continue
        assert (str(at) in refused) is (runs(etc, *start[1:]) is None), (start, said)
    # Open may stay: other groups, where the facts do not tell whether an entry names a target, and another name of a
    # program that the policy gives as a pattern.
    patterns = {"2", "3"} if any(part in text for part in (" ^", "/*/", "/usr/bin/\n", "sta[t]")) else set()
    assert unknown <= {"6", "7"} | patterns, said


@pytest.mark.parametrize(
    ("name", "mode", "owner", "group", "text", "counts", "word"),
    [
        ("good", 0o440, 0, 0, "", True, ""),
        ("open", 0o644, 0, 0, "", True, ""),
        ("roots-group", 0o460, 0, 0, "", True, ""),
        ("with.dot", 0o440, 0, 0, "", False, "holds a dot"),
        ("saved~", 0o440, 0, 0, "", False, "ends in ~"),
        ("everyone", 0o442, 0, 0, "", False, "everyone may write it"),
        ("group", 0o460, 0, 100, "", False, "the group 100 may write it"),
        ("other-group", 0o440, 0, 100, "", True, ""),
        ("owner", 0o440, 1, 0, "", False, "it belongs to uid 1"),
        ("mistake", 0o440, 0, 0, f"{CALLER} ALL=((\n", True, "line 1"),
        ("setting", 0o440, 0, 0, "Defaults frobnicate\n", True, "line 1"),
    ],
)
def test_files_that_sudo_leaves_out(
    etc: PrivateEtc, name: str, mode: int, owner: int, group: int, text: str, counts: bool, word: str
) -> None:
    file = etc.folder / "sudoers.d" / name
    file.write_text(f"{text}{CALLER} ALL=({TARGET}) NOPASSWD: /usr/bin/id -un\n")
    try:
        os.chown(file, owner, group)
        file.chmod(mode)
        write(etc, "@includedir /etc/sudoers.d")
        looked = look(etc, ("sudo", "-n", "-u", TARGET, "/usr/bin/id", "-un"))
        said = looked["ignored-or-broken-file"]
        assert [found[0] for found in said["found"]] == ([f"/etc/sudoers.d/{name}"] if word else [])
        # With a mistake in it the policy is not converted, and nothing is guessed.
        expected = "not assessed" if name == "mistake" else "passed" if counts else "found"
        assert looked["rule-missing"]["status"] == expected
        assert word in "".join(found[2] for found in said["found"])
        # A line that is not understood is left out alone.
        assert (runs(etc, "-u", TARGET, "/usr/bin/id", "-un") == TARGET) is counts
    finally:
        file.unlink()


@pytest.mark.parametrize(("mode", "owner", "group"), [(0o777, 0, 0), (0o775, 0, 100), (0o755, 1, 0)])
def test_a_folder_that_sudo_refuses(etc: PrivateEtc, mode: int, owner: int, group: int) -> None:
    folder = etc.folder / "sudoers.d"
    inside = folder / "inside"
    inside.write_text(f"{CALLER} ALL=({TARGET}) NOPASSWD: /usr/bin/stat\n")
    inside.chmod(0o440)
    try:
        said = policy(etc, "@includedir /etc/sudoers.d")
        assert said["ignored-or-broken-file"]["status"] == "passed"
        assert said["inexact-arguments"]["status"] == "found"
        assert runs(etc, "-u", TARGET, "/usr/bin/stat", "/") is not None
        os.chown(folder, owner, group)
        folder.chmod(mode)
        said = look(etc)
        assert [found[0] for found in said["ignored-or-broken-file"]["found"]] == ["/etc/sudoers.d"]
        # What sudo does not read permits nothing.
        assert said["inexact-arguments"]["status"] == "not applicable"
        assert runs(etc, "-u", TARGET, "/usr/bin/stat", "/") is None
    finally:
        os.chown(folder, 0, 0)
        folder.chmod(0o750)
        inside.unlink()


def test_a_main_file_that_sudo_refuses_stops_it(etc: PrivateEtc) -> None:
    write(etc, f"{CALLER} ALL=({TARGET}) NOPASSWD: {EXACT}")
    assert runs(etc, "-u", TARGET, *COMMAND) == "root"
    (etc.folder / "sudoers").chmod(0o442)
    assert [found[0] for found in look(etc)["ignored-or-broken-file"]["found"]] == ["/etc/sudoers"]
    assert runs(etc, "-u", TARGET, *COMMAND) is None


def test_what_root_alone_can_read_is_not_assessed_until_the_person_agrees(etc: PrivateEtc, folder: Path) -> None:
    program = folder / "mcp-server"
    program.write_text("#!/bin/sh\necho honest\n")
    program.chmod(0o777)
    dotted = etc.folder / "sudoers.d" / "mcp.conf"
    dotted.write_text(f"{CALLER} ALL=({TARGET}) NOPASSWD: ALL\n")
    start = ("sudo", "-n", "-u", TARGET, *COMMAND)
    try:
        dotted.chmod(0o440)
        write(etc, f"{CALLER} ALL=({TARGET}) NOPASSWD: SETENV: {program}\n@includedir /etc/sudoers.d")
        closed = look(etc, start, who="refuses")
        assert {each["status"] for each in closed.values()} == {"not assessed"}
        assert not any(each["found"] for each in closed.values())
        agreed = look(etc, start, who="agrees")
        assert {each["status"] for each in agreed.values()} == {"found"}, agreed
        assert agreed == look(etc, start)
    finally:
        dotted.unlink()
